//! The indexer: follows the finalised blocks of one node, and of the next one when that fails.

use crate::{
	block::{Block, Record},
	facts::handles,
	kind::{Kind, RecordId},
	store::Store,
	Error,
};
use codec::Decode;
use curex_client::{
	blocks::RawBlock,
	ledger::{Decoder, Event},
	Client, Options,
};
use curex_verify::bundle::storage_key;
use futures::{StreamExt, TryStreamExt};
use serde::Serialize;
use serde_json::Value as Json;
use std::{
	collections::{BTreeMap, BTreeSet, HashMap},
	sync::{Arc, Mutex, RwLock},
	time::{Duration, Instant},
};
use tracing::{info, warn};

/// How often a node is asked for its last finalised block.
const POLL: Duration = Duration::from_millis(500);

/// How long to wait before the next node is tried; twice as long after each failure in a row, up to [`LONGEST_PAUSE`].
const PAUSE: Duration = Duration::from_secs(1);

/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Blocks that are fetched ahead of the one that is written.
const AHEAD: usize = 8;

/// After so many blocks the index is compared with the ledger's state again.
const RECONCILE_EVERY: u64 = 300;

/// A node that finalises nothing for so long is left for another one, if there is one.
const STALL: Duration = Duration::from_secs(60);

/// How the indexer stands.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Status {
	/// The node that is followed; nothing while none answers.
	pub node: Option<String>,
	/// The last block in the index.
	pub indexed: Option<u64>,
	/// The last block that the node says is final.
	pub finalised: Option<u64>,
	/// Blocks indexed a second while catching up.
	pub blocks_per_second: Option<u64>,
	/// Why the last node was left.
	pub last_failure: Option<String>,
	/// The last comparison of index and ledger.
	pub reconciled: Option<Reconciliation>,
}

/// A comparison of the records in the index with those in the ledger's state.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Reconciliation {
	/// The block whose state was compared.
	pub block: u64,
	/// Records of all kinds in the index, and in the state.
	pub indexed: u64,
	/// Records in the state.
	pub in_state: u64,
	/// Records of the state that the index lacks. Empty, unless something is wrong.
	pub missing: Vec<String>,
	/// Records that the state no longer holds, found by this comparison.
	pub removed: u64,
}

/// How the indexer stands, shared with the pages.
pub type SharedStatus = Arc<RwLock<Status>>;

/// Follows nodes for ever.
pub struct Indexer {
	nodes: Vec<String>,
	genesis: Option<[u8; 32]>,
	store: Arc<Mutex<Store>>,
	status: SharedStatus,
	/// Held while metadata are fetched, so that they are fetched once.
	decoders: tokio::sync::Mutex<HashMap<u32, Decoder>>,
}

impl Indexer {
	/// An indexer that follows these nodes, the first one first. With `genesis` nodes of other chains are refused.
	pub fn new(
		nodes: Vec<String>,
		genesis: Option<[u8; 32]>,
		store: Store,
		status: SharedStatus,
	) -> Self {
		let store = Arc::new(Mutex::new(store));
		Self { nodes, genesis, store, status, decoders: tokio::sync::Mutex::default() }
	}

	/// Follows nodes until the program ends.
	pub async fn run(self) {
		let mut turn = 0;
		let mut pause = PAUSE;
		loop {
			let node = &self.nodes[turn % self.nodes.len()];
			let begun = Instant::now();
			let Err(error) = self.follow(node).await;
			warn!("{node}: {error}");
			self.tell(|status| {
				status.node = None;
				status.last_failure = Some(format!("{node}: {error}"));
			});
			turn += 1;
			if begun.elapsed() > LONGEST_PAUSE {
				pause = PAUSE;
			}
			tokio::time::sleep(pause).await;
			pause = (pause * 2).min(LONGEST_PAUSE);
		}
	}

	/// Follows a node until it fails.
	async fn follow(&self, node: &str) -> Result<std::convert::Infallible, Error> {
		let options = Options {
			genesis: self.genesis,
			// Every block is decoded with the metadata of its own runtime.
			other_runtime: true,
			..Options::default()
		};
		let client = Client::connect_with(node, None, options).await?;
		self.with_store(Store::look_up)?;
		self.with_store(|store| store.bind(client.genesis()))?;
		if let Some((number, hash)) = self.with_store(|store| Ok(store.head()))? {
			let same = client.block_hash(number).await?.0 == hash;
			if !same {
				return Err(Error::Fork { number });
			}
		}
		info!("following {node}");
		self.tell(|status| status.node = Some(node.into()));
		let mut progress = Instant::now();
		let mut last_final = 0;
		let mut reconcile_at = 0;
		loop {
			let (finalised, _) = client.finalised_head().await?;
			self.tell(|status| status.finalised = Some(finalised));
			if finalised > last_final {
				last_final = finalised;
				progress = Instant::now();
			} else if progress.elapsed() > STALL && self.nodes.len() > 1 {
				let seconds = STALL.as_secs();
				return Err(Error::Stalled(format!("nothing became final for {seconds} s")));
			}
			let next = self.next()?;
			if next <= finalised {
				self.catch_up(&client, next, finalised).await?;
			}
			if self.next()? > reconcile_at {
				let reconciliation = self.reconcile(&client).await?;
				reconcile_at = reconciliation.block + RECONCILE_EVERY;
				self.tell(|status| status.reconciled = Some(reconciliation));
			}
			tokio::time::sleep(POLL).await;
		}
	}

	/// Number of the block that the index needs next.
	fn next(&self) -> Result<u64, Error> {
		self.with_store(|store| Ok(store.head().map_or(0, |(number, _)| number + 1)))
	}

	/// Indexes a range of blocks, fetching some ahead.
	async fn catch_up(&self, client: &Client, from: u64, to: u64) -> Result<(), Error> {
		let begun = Instant::now();
		let mut told = begun;
		let mut blocks =
			futures::stream::iter((from..=to).map(|number| self.fetch(client, number)))
				.buffered(AHEAD);
		while let Some(block) = blocks.try_next().await? {
			let number = block.number;
			self.ingest(block).await?;
			let seconds = begun.elapsed().as_secs();
			let rate = (number - from + 1).checked_div(seconds);
			self.tell(|status| {
				status.indexed = Some(number);
				status.blocks_per_second = rate;
			});
			if told.elapsed() > Duration::from_secs(5) {
				told = Instant::now();
				info!("block {number} of {to}, {} blocks a second", rate.unwrap_or_default());
			}
		}
		Ok(())
	}

	async fn ingest(&self, block: Block) -> Result<(), Error> {
		let store = self.store.clone();
		let written =
			tokio::task::spawn_blocking(move || locked(&store, |store| store.ingest(&block)));
		written.await.map_err(|error| Error::Damaged(error.to_string()))?
	}

	/// A block with everything that the index keeps of it.
	async fn fetch(&self, client: &Client, number: u64) -> Result<Block, Error> {
		let raw = client.raw_block(number).await?;
		let decoder = self.decoder(client, &raw).await?;
		let extrinsics = decoder.extrinsics(raw.extrinsics).await?;
		let events = decoder.events(raw.events.clone())?;
		let mut failures = BTreeMap::new();
		for event in events.iter().filter(|event| event.is("System", "ExtrinsicFailed")) {
			if let Some(index) = event.extrinsic {
				let rejection = decoder.rejection(raw.events.clone(), index)?;
				failures.extend(rejection.map(|rejection| (index, rejection.to_string())));
			}
		}
		let time = extrinsics
			.iter()
			.find(|extrinsic| extrinsic.pallet == "Timestamp")
			.and_then(|extrinsic| extrinsic.arguments.get("now")?.as_u64());
		let records = if number == 0 {
			first_records(client, raw.hash, &decoder).await?
		} else {
			changed_records(client, raw.hash, &decoder, &events).await?
		};
		let author = match raw.author {
			Some(position) => author(client, raw.hash, position, &decoder).await?,
			None => None,
		};
		Ok(Block {
			number,
			hash: raw.hash,
			parent: raw.parent,
			time,
			author,
			spec_version: raw.spec_version,
			extrinsics,
			failures,
			events,
			records,
		})
	}

	/// The decoder of a block's runtime: from memory, from the index, from the node.
	async fn decoder(&self, client: &Client, raw: &RawBlock) -> Result<Decoder, Error> {
		let spec = raw.spec_version;
		let mut decoders = self.decoders.lock().await;
		if let Some(decoder) = decoders.get(&spec) {
			return Ok(decoder.clone());
		}
		let metadata = match self.with_store(|store| store.metadata(spec))? {
			Some(metadata) => metadata,
			None => {
				// The runtime that executed a block lies in the state of the block before it.
				let holder = if raw.number == 0 { raw.hash } else { raw.parent };
				let metadata = client.metadata(holder).await?;
				self.with_store(|store| store.keep_metadata(spec, raw.number, &metadata))?;
				info!("runtime {spec} from block {} on", raw.number);
				metadata
			},
		};
		let decoder = Decoder::new(spec, &metadata)?;
		decoders.insert(spec, decoder.clone());
		Ok(decoder)
	}

	/// Compares the records in the index with those in the state of its last block.
	async fn reconcile(&self, client: &Client) -> Result<Reconciliation, Error> {
		let Some((number, hash)) = self.with_store(|store| Ok(store.head()))? else {
			return Ok(Reconciliation::default());
		};
		let mut reconciliation = Reconciliation { block: number, ..Reconciliation::default() };
		for kind in Kind::ALL {
			let keys = client.keys(&kind.prefix(), hash).await?;
			let in_state: BTreeSet<String> = keys
				.iter()
				.filter_map(|key| RecordId::of_key(kind, key))
				.map(|id| id.to_string())
				.collect();
			let indexed = self.with_store(|store| store.present(kind))?;
			let missing = in_state.difference(&indexed);
			reconciliation.missing.extend(missing.map(|id| format!("{}/{id}", kind.slug())));
			// Old reports make room for new ones without an event.
			for id in indexed.difference(&in_state) {
				self.with_store(|store| store.remove(kind, id, number))?;
				reconciliation.removed += 1;
			}
			reconciliation.indexed += self.with_store(|store| store.present(kind))?.len() as u64;
			reconciliation.in_state += in_state.len() as u64;
		}
		if reconciliation.missing.is_empty() {
			info!("index and ledger agree at block {number}: {} records", reconciliation.indexed);
		} else {
			warn!("at block {number} the index lacks {}", reconciliation.missing.join(", "));
		}
		Ok(reconciliation)
	}

	fn with_store<T>(
		&self,
		question: impl FnOnce(&mut Store) -> Result<T, Error>,
	) -> Result<T, Error> {
		locked(&self.store, question)
	}

	fn tell(&self, change: impl FnOnce(&mut Status)) {
		if let Ok(mut status) = self.status.write() {
			change(&mut status);
		}
	}
}

fn locked<T>(
	store: &Mutex<Store>,
	question: impl FnOnce(&mut Store) -> Result<T, Error>,
) -> Result<T, Error> {
	let mut store =
		store.lock().map_err(|_| Error::Damaged("an earlier write was interrupted".into()))?;
	question(&mut store)
}

/// Every record of the first block's state: no event tells of them.
async fn first_records(
	client: &Client,
	block: [u8; 32],
	decoder: &Decoder,
) -> Result<Vec<Record>, Error> {
	let mut ids = Vec::new();
	for kind in Kind::ALL {
		let keys = client.keys(&kind.prefix(), block).await?;
		let mut of_kind: Vec<RecordId> =
			keys.iter().filter_map(|key| RecordId::of_key(kind, key)).collect();
		of_kind.sort_by_key(|id| (id.organisation(), id.clone()));
		ids.extend(of_kind.into_iter().map(|id| (kind, id)));
	}
	read_records(client, block, decoder, ids).await
}

/// The records that a block's events changed.
async fn changed_records(
	client: &Client,
	block: [u8; 32],
	decoder: &Decoder,
	events: &[Event],
) -> Result<Vec<Record>, Error> {
	let mut ids = Vec::new();
	for touched in events.iter().flat_map(Kind::touched) {
		if !ids.contains(&touched) {
			ids.push(touched);
		}
	}
	let mut records = read_records(client, block, decoder, ids).await?;
	// An exchange uses up its consent without an event of the consent's.
	let mut consents = Vec::new();
	for record in records.iter().filter(|record| record.kind == Kind::Exchange) {
		let mut named = Vec::new();
		if let Some(gate) = record.value.as_ref().and_then(|value| value.pointer("/gate/Consent")) {
			handles(gate, &mut named);
		}
		for consent in named {
			let id = RecordId::parse(Kind::Consent, &hex::encode(consent));
			let known = records
				.iter()
				.any(|record| record.kind == Kind::Consent && Some(&record.id) == id.as_ref());
			consents.extend(id.filter(|_| !known).map(|id| (Kind::Consent, id)));
		}
	}
	consents.sort();
	consents.dedup();
	records.extend(read_records(client, block, decoder, consents).await?);
	Ok(records)
}

async fn read_records(
	client: &Client,
	block: [u8; 32],
	decoder: &Decoder,
	ids: Vec<(Kind, RecordId)>,
) -> Result<Vec<Record>, Error> {
	let keys: Vec<Vec<u8>> = ids.iter().map(|(kind, id)| id.key(*kind)).collect();
	let values = client.values(&keys, block).await?;
	let records = ids.into_iter().zip(values).map(|((kind, id), value)| {
		let value =
			value.map(|bytes| decoder.value(kind.pallet(), kind.entry(), &bytes)).transpose()?;
		Ok(Record { kind, id, value })
	});
	records.collect()
}

/// The organisation whose validator has this position in the session of a block.
async fn author(
	client: &Client,
	block: [u8; 32],
	position: u32,
	decoder: &Decoder,
) -> Result<Option<u32>, Error> {
	let keys = [("Session", "Validators"), ("Consortium", "Validators")]
		.map(|(pallet, entry)| storage_key(pallet, entry).to_vec());
	let values = client.values(&keys, block).await?;
	let [Some(session), Some(seats)] = values.as_slice() else { return Ok(None) };
	let session = Vec::<[u8; 32]>::decode(&mut &session[..]).unwrap_or_default();
	let Some(account) = session.get(position as usize) else { return Ok(None) };
	let account = Json::from(format!("0x{}", hex::encode(account)));
	let seats = decoder.value("Consortium", "Validators", seats)?;
	let seats = match &seats {
		Json::Array(seats) => seats.as_slice(),
		// A list of one reads as what it holds.
		one => std::slice::from_ref(one),
	};
	let seat = seats.iter().find(|seat| seat.get("account") == Some(&account));
	Ok(seat
		.and_then(|seat| seat.get("organisation")?.as_u64())
		.and_then(|number| u32::try_from(number).ok()))
}
