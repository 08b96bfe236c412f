//! What it costs a node to read and to write an entry of the state.
//!
//! A database like a validator's (ParityDB, recent states only) is filled with entries of the sizes that exchanges have. Then
//! blocks are imported that overwrite entries and add others, and entries are read, all in an order without order and without
//! the cache of the trie. A read counts the way through the trie; a write counts the new root, the transaction of the
//! database, and the removal of what an earlier block left behind.
//!
//! ParityDB goes on writing in the background: the clock says what a block has to wait for as long as that keeps up, the
//! processor time of all threads what it costs in all.

use clap::Parser;
use curex_runtime::{
	opaque::{Block, Header},
	Runtime,
};
use frame_support::{traits::Get, weights::constants::WEIGHT_REF_TIME_PER_NANOS};
use rand::{rngs::SmallRng, Rng, SeedableRng};
use rustix::time::{clock_gettime, ClockId};
use sc_client_api::{
	backend::{Backend as _, BlockImportOperation, NewBlockState, TrieCacheContext},
	StateBackend,
};
use sc_client_db::{Backend, BlocksPruning, DatabaseSettings, DatabaseSource, PruningMode};
use sp_core::storage::StateVersion;
use sp_runtime::traits::{BlakeTwo256, Hash as _, Header as _};
use std::{
	path::{Path, PathBuf},
	time::{Duration, Instant},
};

/// Measures what an entry of the state costs, beside what the runtime counts for it.
#[derive(Parser)]
pub struct Storage {
	/// Entries in the state before anything is measured.
	#[arg(long, default_value_t = 1_000_000)]
	entries: u64,
	/// Entries that one block writes, and that are read of one state.
	#[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(1..))]
	batch: u64,
	/// Blocks.
	#[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
	rounds: u64,
	/// Bytes of the cache of the trie; 0 for none. A node's is 1 GiB unless its command line says otherwise.
	#[arg(long, default_value_t = 0)]
	trie_cache: usize,
	/// Where the database is made, and removed afterwards; by default in the temporary folder.
	#[arg(long)]
	folder: Option<PathBuf>,
}

/// Blocks whose state is kept: fewer than are imported, so that states are removed all the time.
const KEPT: u32 = 16;
/// What is put into the database at once while it is filled.
const FILL: u64 = 50_000;
/// Sizes of values in bytes, as those of the entries of an exchange: its record, four commitments, and what counts.
const SIZES: [usize; 6] = [300, 33, 33, 33, 33, 8];

type Failure = Box<dyn std::error::Error>;

impl Storage {
	/// # Errors
	/// When the database cannot be made, or fails.
	pub fn run(&self) -> Result<(), Failure> {
		if self.entries < self.batch {
			return Err("fewer entries than a block writes".into());
		}
		let folder = match &self.folder {
			Some(folder) => tempfile::tempdir_in(folder)?,
			None => tempfile::tempdir()?,
		};
		let mut chain = Chain::new(folder.path(), self.trie_cache)?;
		eprintln!("filling the state with {} entries", self.entries);
		while chain.entries < self.entries {
			chain.grow(FILL.min(self.entries - chain.entries))?;
		}
		eprintln!("{} blocks that write {} entries each", self.rounds, self.batch);
		let write = Cost::of(self.rounds * self.batch, || {
			(0..self.rounds).try_for_each(|_| chain.write(self.batch))
		})?;
		eprintln!("reading as many");
		let read = Cost::of(self.rounds * self.batch, || {
			(0..self.rounds).try_for_each(|_| chain.read(self.batch))
		})?;
		let counted = <Runtime as frame_system::Config>::DbWeight::get();
		for (what, cost, counted) in [("read", read, counted.read), ("write", write, counted.write)]
		{
			let counted = Duration::from_nanos(counted / WEIGHT_REF_TIME_PER_NANOS);
			let Cost { clock, processor } = cost;
			println!("a {what}: {clock:.1?} by the clock, {processor:.1?} of processor time; the runtime counts {counted:?}");
		}
		Ok(())
	}
}

/// A chain of blocks without transactions.
struct Chain {
	backend: Backend<Block>,
	best: Option<Header>,
	entries: u64,
	random: SmallRng,
}

impl Chain {
	fn new(folder: &Path, cache: usize) -> Result<Self, Failure> {
		let settings = DatabaseSettings {
			trie_cache_maximum_size: Some(cache).filter(|bytes| *bytes > 0),
			state_pruning: Some(PruningMode::blocks_pruning(KEPT)),
			source: DatabaseSource::ParityDb { path: folder.to_owned() },
			blocks_pruning: BlocksPruning::KeepFinalized,
			pruning_filters: Vec::new(),
			metrics_registry: None,
		};
		let backend = Backend::new(settings, u64::from(KEPT))?;
		Ok(Self { backend, best: None, entries: 0, random: SmallRng::seed_from_u64(1) })
	}

	fn grow(&mut self, by: u64) -> Result<(), Failure> {
		let new = self.entries..self.entries + by;
		self.entries = new.end;
		let entries = new.map(|number| (key(number), self.value(number))).collect();
		self.import(entries)
	}

	/// One block; half of what it writes is new.
	fn write(&mut self, batch: u64) -> Result<(), Failure> {
		let new = self.entries..self.entries + batch / 2;
		let old = (0..batch - batch / 2).map(|_| self.random.gen_range(0..self.entries));
		let numbers: Vec<u64> = old.chain(new.clone()).collect();
		self.entries = new.end;
		let entries = numbers.into_iter().map(|number| (key(number), self.value(number))).collect();
		self.import(entries)
	}

	fn read(&mut self, batch: u64) -> Result<(), Failure> {
		let best = self.best.as_ref().expect("the state was filled").hash();
		let state = self.backend.state_at(best, TrieCacheContext::Untrusted)?;
		for _ in 0..batch {
			let number = self.random.gen_range(0..self.entries);
			state.storage(&key(number))?.ok_or("an entry is gone")?;
		}
		Ok(())
	}

	fn value(&mut self, number: u64) -> Vec<u8> {
		let mut value = vec![0; SIZES[(number % SIZES.len() as u64) as usize]];
		self.random.fill(&mut value[..]);
		value
	}

	fn import(&mut self, entries: Vec<(Vec<u8>, Vec<u8>)>) -> Result<(), Failure> {
		let parent = self.best.as_ref().map(|header| header.hash()).unwrap_or_default();
		let mut operation = self.backend.begin_operation()?;
		self.backend.begin_state_operation(&mut operation, parent)?;
		let written = entries.iter().map(|(key, value)| (&key[..], Some(&value[..])));
		let state = operation.state()?.ok_or("the database keeps no state")?;
		let (root, update) = state.storage_root(written, StateVersion::V1);
		operation.update_db_storage(update)?;
		let entries = entries.into_iter().map(|(key, value)| (key, Some(value))).collect();
		operation.update_storage(entries, Vec::new())?;
		let number = self.best.as_ref().map_or(0, |header| header.number() + 1);
		let header = Header::new(number, Default::default(), root, parent, Default::default());
		let state = if number == 0 { NewBlockState::Final } else { NewBlockState::Best };
		operation.set_block_data(header.clone(), Some(Vec::new()), None, None, state, true)?;
		if number > 1 {
			operation.mark_finalized(parent, None)?;
		}
		self.backend.commit_operation(operation)?;
		self.best = Some(header);
		Ok(())
	}
}

/// Keys are laid out as those of a map whose keys are hashed: the map's prefix, the hash, what was hashed.
fn key(number: u64) -> Vec<u8> {
	let hash = |bytes: &[u8]| BlakeTwo256::hash(bytes).0[..16].to_vec();
	let mut id = [0; 32];
	id[..8].copy_from_slice(&number.to_le_bytes());
	let map = (number % SIZES.len() as u64).to_le_bytes();
	[hash(b"a pallet"), hash(&map), hash(&id), id.to_vec()].concat()
}

/// What one entry costs.
struct Cost {
	clock: Duration,
	processor: Duration,
}

impl Cost {
	fn of(entries: u64, work: impl FnOnce() -> Result<(), Failure>) -> Result<Self, Failure> {
		let entries = u32::try_from(entries)?;
		let (started, processor) = (Instant::now(), processor_time());
		work()?;
		let processor = (processor_time() - processor) / entries;
		Ok(Self { clock: started.elapsed() / entries, processor })
	}
}

fn processor_time() -> Duration {
	let time = clock_gettime(ClockId::ProcessCPUTime);
	Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
