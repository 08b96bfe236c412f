//! The outbox against a node that drops, delays, repeats and reorders, forgets its pool, abandons blocks, changes its
//! runtime, and dies with the program; with another program using the same account.

use super::{
	engine::{step, Chain, Signed, StoredCall},
	store::Store,
	Standing,
};
use crate::{error::Rejection, Error, Recorded};
use futures::executor::block_on;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rusqlite::Connection;
use std::{
	collections::{BTreeMap, BTreeSet},
	path::Path,
	sync::{Arc, Mutex},
};

/// Blocks that may be abandoned.
const UNFINAL: usize = 3;
/// A short mortality, so that expiry happens often.
const MORTALITY: u64 = 8;

/// A transaction as the fake writes it: call, number, the block it was born in, the version of the runtime.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Written {
	call: Vec<u8>,
	number: u64,
	born: u64,
	runtime: u8,
}

impl Written {
	fn bytes(&self) -> Vec<u8> {
		let Self { call, number, born, runtime } = self;
		serde_json::to_vec(&(call, number, born, runtime)).unwrap()
	}

	fn read(bytes: &[u8]) -> Self {
		let (call, number, born, runtime) = serde_json::from_slice(bytes).unwrap();
		Self { call, number, born, runtime }
	}

	fn hash(&self) -> [u8; 32] {
		sp_crypto_hashing::blake2_256(&self.bytes())
	}
}

/// A block: what it holds, and whether each was carried out.
type Block = Vec<(Written, bool)>;

struct World {
	random: ChaCha8Rng,
	/// How likely a fault is, in percent.
	faults: u32,
	blocks: Vec<Block>,
	/// So many of the blocks stay.
	finalised: usize,
	pool: BTreeSet<Written>,
	/// Offered and not arrived yet.
	on_the_way: Vec<Written>,
	runtime: u8,
	/// Calls whose record has a handle of its own.
	own_handles: BTreeSet<Vec<u8>>,
	/// Calls that the pool refuses for good.
	refused: BTreeSet<Vec<u8>>,
	/// Calls that have another form in the runtime.
	reformed: BTreeSet<Vec<u8>>,
}

#[derive(Clone)]
struct Fake(Arc<Mutex<World>>);

impl World {
	fn chance(&mut self, percent: u32) -> bool {
		self.random.random_range(0..100) < percent
	}

	/// How many numbers the account has used in the first `blocks` blocks.
	fn used(&self, blocks: usize) -> u64 {
		self.blocks[..blocks].iter().flatten().count() as u64
	}

	fn carried_out(&self, blocks: usize, call: &[u8]) -> usize {
		let all = self.blocks[..blocks].iter().flatten();
		all.filter(|(written, done)| *done && written.call == call).count()
	}

	/// The next block may hold it.
	fn is_valid(&self, written: &Written) -> bool {
		let block = self.blocks.len() as u64 + 1;
		written.runtime == self.runtime && block < written.born + MORTALITY && block > written.born
	}

	fn arrive(&mut self, written: Written) -> Result<(), Error> {
		let refusal = |retry, message: &str| Error::NotAdmitted {
			message: message.into(),
			retry,
			remedy: "none".into(),
		};
		if self.refused.contains(&written.call) {
			return Err(refusal(false, "no duty"));
		}
		if written.number < self.used(self.blocks.len()) {
			return Err(refusal(true, "outdated"));
		}
		if !self.is_valid(&written) {
			return Err(refusal(true, "ancient"));
		}
		if self.pool.contains(&written) {
			return Err(refusal(false, "already imported"));
		}
		if self.pool.iter().any(|other| other.number == written.number) {
			return Err(refusal(true, "priority is too low"));
		}
		self.pool.insert(written);
		Ok(())
	}

	fn mine(&mut self) {
		if self.chance(self.faults) {
			// Blocks that are not final are abandoned; what they held may find its way back.
			let keep =
				self.blocks.len() - self.random.random_range(0..=self.blocks.len().min(UNFINAL));
			for (written, _) in
				self.blocks.split_off(keep.max(self.finalised)).into_iter().flatten()
			{
				if self.chance(50) {
					self.on_the_way.push(written);
				}
			}
		}
		if self.chance(self.faults / 4) {
			self.pool.clear();
		}
		if self.chance(self.faults / 8) {
			self.runtime += 1;
		}
		for written in std::mem::take(&mut self.on_the_way) {
			if self.chance(30) {
				self.on_the_way.push(written);
			} else {
				let _ = self.arrive(written);
			}
		}
		if self.chance(self.faults / 4) {
			// Another program uses the account.
			let (number, born) = (self.used(self.blocks.len()), self.blocks.len() as u64);
			let call = [b"another".to_vec(), self.blocks.len().to_le_bytes().to_vec()].concat();
			let written = Written { call, number, born, runtime: self.runtime };
			self.pool.retain(|other| other.number != number);
			self.pool.insert(written);
		}
		// A pool drops what no block can take any more.
		let pool = std::mem::take(&mut self.pool);
		self.pool = pool.into_iter().filter(|written| self.is_valid(written)).collect();
		let mut block = Block::new();
		loop {
			let next = self.used(self.blocks.len()) + block.len() as u64;
			let found = self.pool.iter().find(|written| written.number == next).cloned();
			let Some(written) = found else { break };
			self.pool.remove(&written);
			let in_block = block.iter().any(|(other, done)| *done && other.call == written.call);
			let exists = in_block || self.carried_out(self.blocks.len(), &written.call) > 0;
			let done = !(exists && self.own_handles.contains(&written.call));
			block.push((written, done));
		}
		self.blocks.push(block);
		self.finalised = self.finalised.max(self.blocks.len().saturating_sub(UNFINAL));
		let stale = self.used(self.blocks.len());
		self.pool.retain(|written| written.number >= stale);
	}
}

impl Fake {
	fn new(seed: u64) -> Self {
		Self(Arc::new(Mutex::new(World {
			random: ChaCha8Rng::seed_from_u64(seed),
			faults: 40,
			blocks: vec![Block::new()],
			finalised: 1,
			pool: BTreeSet::new(),
			on_the_way: Vec::new(),
			runtime: 0,
			own_handles: BTreeSet::new(),
			refused: BTreeSet::new(),
			reformed: BTreeSet::new(),
		})))
	}

	fn world(&self) -> std::sync::MutexGuard<'_, World> {
		self.0.lock().unwrap()
	}

	/// Answers a question, or fails before or after it was answered.
	fn answer<T>(&self, answer: impl FnOnce(&mut World) -> Result<T, Error>) -> Result<T, Error> {
		let mut world = self.world();
		let faults = world.faults / 8;
		let lost = || Error::Connection("lost".into());
		if world.chance(faults) {
			return Err(lost());
		}
		let answer = answer(&mut world);
		if world.chance(faults) {
			return Err(lost());
		}
		answer
	}
}

impl Chain for Fake {
	async fn finalised(&self) -> Result<u64, Error> {
		self.answer(|world| Ok(world.finalised as u64))
	}

	async fn used_numbers(&self, block: u64) -> Result<u64, Error> {
		self.answer(|world| Ok(world.used(block as usize)))
	}

	async fn next_number(&self) -> Result<u64, Error> {
		self.answer(|world| {
			let mut next = world.used(world.blocks.len());
			while world.pool.iter().any(|written| written.number == next) {
				next += 1;
			}
			Ok(next)
		})
	}

	async fn transactions(&self, block: u64) -> Result<Vec<[u8; 32]>, Error> {
		self.answer(|world| {
			let block = &world.blocks[block as usize - 1];
			Ok(block.iter().map(|(written, _)| written.hash()).collect())
		})
	}

	async fn sign(&self, call: &StoredCall, number: u64) -> Result<Signed, Error> {
		self.answer(|world| {
			if world.reformed.contains(&call.arguments) {
				return Err(Error::WrongRuntime { expected: 0, found: 1 });
			}
			let born = world.finalised as u64;
			let runtime = world.runtime;
			let written = Written { call: call.arguments.clone(), number, born, runtime };
			Ok(Signed { bytes: written.bytes(), born, expires: born + MORTALITY })
		})
	}

	async fn offer(&self, bytes: &[u8]) -> Result<(), Error> {
		self.answer(|world| {
			let written = Written::read(bytes);
			match world.random.random_range(0..100) {
				// It arrives later, perhaps after others, and perhaps twice.
				fate if fate < world.faults => {
					world.on_the_way.push(written.clone());
					if fate % 2 == 0 {
						world.on_the_way.push(written);
					}
					Ok(())
				},
				_ => world.arrive(written),
			}
		})
	}

	async fn outcome(
		&self,
		block: u64,
		hash: [u8; 32],
		own_handle: bool,
	) -> Result<Recorded, Error> {
		self.answer(|world| {
			let mut held = world.blocks[block as usize - 1].iter();
			let (_, done) = held.find(|(written, _)| written.hash() == hash).unwrap();
			if !done && !own_handle {
				let name = "AlreadyExists".into();
				return Err(Error::Rejected(Rejection {
					pallet: "Fake".into(),
					name,
					docs: String::new(),
				}));
			}
			Ok(Recorded {
				block_hash: Default::default(),
				block_number: block,
				extrinsic_index: 0,
				already_recorded: !done,
				events: vec![],
			})
		})
	}
}

fn call(number: u8) -> StoredCall {
	StoredCall { pallet: "Fake".into(), call: "record".into(), form: None, arguments: vec![number] }
}

fn store() -> Store {
	Store::over(Connection::open_in_memory().unwrap(), [1; 32], [2; 32]).unwrap()
}

/// One life of a program and its node, out of a seed: faults for a while, then none, until everything is settled.
fn live(seed: u64) {
	let fake = Fake::new(seed);
	let store = store();
	let mut random = ChaCha8Rng::seed_from_u64(seed ^ 0xABCD);
	let count = random.random_range(1..=6);
	let mut accepted = BTreeMap::new();
	for round in 0..400 {
		if accepted.len() < count && random.random_range(0..3) == 0 {
			let number = accepted.len() as u8;
			let own_handle = random.random_range(0..2) == 0;
			if own_handle {
				fake.world().own_handles.insert(vec![number]);
			}
			let key = format!("key-{number}");
			store.accept(&key, &call(number), own_handle).unwrap();
			// The caller did not hear of it and tries again.
			store.accept(&key, &call(number), own_handle).unwrap();
			accepted.insert(key, number);
		}
		if round == 60 {
			fake.world().faults = 0;
		}
		// A failure ends the step where it is, as a crash would; the next goes on from the store.
		let _ = block_on(step(&store, &fake));
		if random.random_range(0..2) == 0 || round > 60 {
			fake.world().mine();
		}
		let settled = |key: &String| store.entry(key).unwrap().unwrap().standing.is_settled();
		if accepted.len() == count && accepted.keys().all(settled) {
			break;
		}
	}
	for (key, number) in accepted {
		let standing = store.entry(&key).unwrap().unwrap().standing;
		assert!(matches!(standing, Standing::Recorded { .. }), "seed {seed}: {key} {standing:?}");
		let mut world = fake.world();
		// What is still on its way must not be recorded a second time either.
		world.faults = 0;
		for _ in 0..2 * MORTALITY {
			world.mine();
		}
		let finalised = world.finalised;
		let times = world.carried_out(finalised, &[number]);
		assert_eq!(times, 1, "seed {seed}: {key} was recorded {times} times");
	}
}

#[test]
fn every_accepted_submission_is_recorded_exactly_once_whatever_the_node_does() {
	(0..1_000).for_each(live);
}

#[test]
fn a_call_that_the_pool_refuses_is_told_and_holds_up_no_other() {
	let fake = Fake::new(1);
	fake.world().faults = 0;
	fake.world().refused.insert(vec![1]);
	let store = store();
	for number in 1..=3 {
		store.accept(&number.to_string(), &call(number), false).unwrap();
	}
	for _ in 0..12 {
		block_on(step(&store, &fake)).unwrap();
		fake.world().mine();
	}
	let standing = |key: &str| store.entry(key).unwrap().unwrap().standing;
	let refused = standing("1");
	assert!(
		matches!(&refused, Standing::Rejected { rejection, .. } if rejection.name == "no duty"),
		"{refused:?}"
	);
	assert!(matches!(standing("2"), Standing::Recorded { .. }));
	assert!(matches!(standing("3"), Standing::Recorded { .. }));
}

#[test]
fn what_the_pool_refused_is_told_at_once_and_offered_again_when_it_is_wanted_again() {
	let fake = Fake::new(3);
	fake.world().faults = 0;
	fake.world().refused.insert(vec![1]);
	let store = store();
	let key = store.accept_unnamed(&call(1), false).unwrap().key;
	block_on(step(&store, &fake)).unwrap();
	let told = store.entry(&key).unwrap().unwrap().standing;
	assert!(matches!(&told, Standing::Refused { rejection } if rejection.name == "no duty"));
	// The duty was given meanwhile.
	fake.world().refused.clear();
	block_on(step(&store, &fake)).unwrap();
	assert!(fake.world().pool.is_empty(), "nobody wanted it again");
	store.accept_unnamed(&call(1), false).unwrap();
	for _ in 0..8 {
		block_on(step(&store, &fake)).unwrap();
		fake.world().mine();
	}
	let told = store.entry(&key).unwrap().unwrap().standing;
	assert!(matches!(told, Standing::Recorded(_)), "{told:?}");
}

#[test]
fn a_call_that_has_another_form_after_an_upgrade_is_rejected_and_holds_up_no_other() {
	let fake = Fake::new(4);
	fake.world().faults = 0;
	fake.world().reformed.insert(vec![1]);
	let store = store();
	for number in 1..=2 {
		store.accept(&number.to_string(), &call(number), false).unwrap();
	}
	for _ in 0..8 {
		block_on(step(&store, &fake)).unwrap();
		fake.world().mine();
	}
	let standing = |key: &str| store.entry(key).unwrap().unwrap().standing;
	assert!(matches!(standing("1"), Standing::Rejected { .. }), "{:?}", standing("1"));
	assert!(matches!(standing("2"), Standing::Recorded(_)), "{:?}", standing("2"));
}

#[test]
fn a_call_without_a_name_is_the_same_until_it_is_settled_and_another_after_that() {
	let fake = Fake::new(5);
	fake.world().faults = 0;
	let store = store();
	for _ in 0..3 {
		store.accept_unnamed(&call(1), false).unwrap();
	}
	store.accept_unnamed(&call(2), false).unwrap();
	let settle = || {
		for _ in 0..8 {
			block_on(step(&store, &fake)).unwrap();
			fake.world().mine();
		}
		let world = fake.world();
		[1, 2].map(|number| world.carried_out(world.finalised, &[number]))
	};
	assert_eq!(settle(), [1, 1]);
	store.accept_unnamed(&call(1), false).unwrap();
	assert_eq!(settle(), [2, 1]);
}

#[test]
fn a_key_stands_for_one_call() {
	let store = store();
	let first = store.accept("discharge-4711", &call(1), true).unwrap();
	assert_eq!(store.accept("discharge-4711", &call(1), true).unwrap(), first);
	assert!(matches!(store.accept("discharge-4711", &call(2), true), Err(Error::Input(_))));
	assert!(matches!(store.accept("", &call(2), true), Err(Error::Input(_))));
	assert!(matches!(store.accept(&"k".repeat(129), &call(2), true), Err(Error::Input(_))));
	assert_eq!(store.entries().unwrap().len(), 1);
}

#[test]
fn what_was_accepted_survives_a_restart_and_belongs_to_one_account() {
	let folder = tempfile::tempdir().unwrap();
	let path: &Path = &folder.path().join("outbox.sqlite");
	let open = |account| Store::open(path, [1; 32], account);
	open([2; 32]).unwrap().accept("key", &call(1), true).unwrap();
	let again = open([2; 32]).unwrap();
	assert_eq!(again.open_entries().unwrap().len(), 1);
	assert!(matches!(open([3; 32]), Err(Error::Store(_))));
}

#[test]
fn what_is_settled_can_be_forgotten_and_what_is_not_cannot() {
	let fake = Fake::new(2);
	fake.world().faults = 0;
	let store = store();
	store.accept("done", &call(1), true).unwrap();
	for _ in 0..8 {
		block_on(step(&store, &fake)).unwrap();
		fake.world().mine();
	}
	store.accept("open", &call(2), true).unwrap();
	assert_eq!(store.forget_settled().unwrap(), 1);
	let left: Vec<String> = store.entries().unwrap().into_iter().map(|entry| entry.key).collect();
	assert_eq!(left, ["open"]);
}

#[test]
fn a_full_disk_refuses_what_is_new_and_loses_nothing_that_was_accepted() {
	let connection = Connection::open_in_memory().unwrap();
	connection.pragma_update(None, "max_page_count", 16).unwrap();
	let store = Store::over(connection, [1; 32], [2; 32]).unwrap();
	let large = |number: u8| StoredCall { arguments: vec![number; 4_000], ..call(number) };
	let mut accepted = Vec::new();
	let refused = (0..100).find_map(|number: u8| {
		match store.accept(&number.to_string(), &large(number), false) {
			Ok(entry) => {
				accepted.push(entry.key);
				None
			},
			Err(error) => Some(error),
		}
	});
	assert!(matches!(refused, Some(Error::Store(_))), "{refused:?}");
	assert!(!accepted.is_empty());
	let kept: Vec<String> = store.entries().unwrap().into_iter().map(|entry| entry.key).collect();
	assert_eq!(kept, accepted);
}
