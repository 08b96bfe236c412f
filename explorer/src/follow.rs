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
use sha2::{Digest, Sha256};
use std::{
	collections::{BTreeMap, HashMap},
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

/// Every so many comparisons contents are compared, too; the first one is among them.
const CONTENTS_EVERY: u64 = 48;

/// So many missing records are named.
const MOST_MISSING: usize = 100;

/// So many records are looked up in the state at once.
const GONE_PAGE: u32 = 500;

/// So many blocks are written at once, if they are there already.
const TOGETHER: usize = 8;

/// The index is looked through for what has to leave so often.
const LET_GO_EVERY: Duration = Duration::from_secs(60);

/// How long records stay after the ledger pruned them if nothing is said: thirty days, in milliseconds.
pub const KEEP_PRUNED: u64 = 30 * 86_400_000;

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
	/// Records of all kinds that the index takes for present.
	pub indexed: u64,
	/// Records in the state.
	pub in_state: u64,
	/// How many records of the state the index lacks: none, unless something is wrong.
	pub lacking: u64,
	/// The first of them.
	pub missing: Vec<String>,
	/// Records that the state no longer holds, found by this comparison.
	pub removed: u64,
	/// Records that the state holds otherwise than the index did, taken up anew; looked for when contents are compared.
	pub corrected: u64,
	/// The same for each kind.
	pub kinds: Vec<Compared>,
}

/// A comparison of the records of one kind.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Compared {
	/// The kind's name in addresses.
	pub kind: &'static str,
	/// Records that the index takes for present.
	pub indexed: u64,
	/// Records in the state.
	pub in_state: u64,
	/// Records that the state held otherwise.
	pub corrected: u64,
	/// SHA-256 over a line for each record of the state, in the order of the ledger's keys: its id and its content in the
	/// index, before anything was corrected. Nothing unless contents were compared.
	pub digest_of_index: Option<String>,
	/// The same with the content in the state.
	pub digest_of_state: Option<String>,
}

/// The state of a block, with the decoder of its contents if they are to be compared.
struct StateOf<'a> {
	client: &'a Client,
	number: u64,
	hash: [u8; 32],
	decoder: Option<Decoder>,
}

/// How the indexer stands, shared with the pages.
pub type SharedStatus = Arc<RwLock<Status>>;

/// Follows nodes for ever.
pub struct Indexer {
	nodes: Vec<String>,
	genesis: Option<[u8; 32]>,
	store: Arc<Mutex<Store>>,
	status: SharedStatus,
	/// How long records stay after the ledger pruned them, in milliseconds.
	keep_pruned: u64,
	/// When the index was last looked through for what has to leave.
	looked_through: Mutex<Option<Instant>>,
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
		Self {
			nodes,
			genesis,
			store,
			status,
			keep_pruned: KEEP_PRUNED,
			looked_through: Mutex::default(),
			decoders: tokio::sync::Mutex::default(),
		}
	}

	/// The same that keeps what the ledger pruned for so many milliseconds more.
	#[must_use]
	pub fn keeping_pruned(self, keep_pruned: u64) -> Self {
		Self { keep_pruned, ..self }
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
		let mut comparisons = 0;
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
			self.let_go().await?;
			if self.next()? > reconcile_at {
				let contents = comparisons % CONTENTS_EVERY == 0;
				comparisons += 1;
				let reconciliation = self.reconcile(&client, contents).await?;
				reconcile_at = reconciliation.block + RECONCILE_EVERY;
				self.tell(|status| status.reconciled = Some(reconciliation));
			}
			tokio::time::sleep(POLL).await;
		}
	}

	/// Lets go of what the ledger pruned long enough ago, once in a while.
	async fn let_go(&self) -> Result<(), Error> {
		if let Ok(mut last) = self.looked_through.lock() {
			if last.is_some_and(|last| last.elapsed() < LET_GO_EVERY) {
				return Ok(());
			}
			*last = Some(Instant::now());
		}
		let (store, keep) = (self.store.clone(), self.keep_pruned);
		let work = move || locked(&store, |store| store.let_go(keep));
		let left = tokio::task::spawn_blocking(work).await;
		let left = left.map_err(|error| Error::Damaged(error.to_string()))??;
		if left > 0 {
			info!("{left} records that the ledger pruned left the index");
		}
		Ok(())
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
				.buffered(AHEAD)
				.try_ready_chunks(TOGETHER);
		while let Some(ready) = blocks.try_next().await.map_err(|failed| failed.1)? {
			let Some(number) = ready.last().map(|block| block.number) else { continue };
			self.ingest(ready).await?;
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

	async fn ingest(&self, blocks: Vec<Block>) -> Result<(), Error> {
		let store = self.store.clone();
		let written =
			tokio::task::spawn_blocking(move || locked(&store, |store| store.ingest_all(&blocks)));
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

	/// Compares the records in the index with those in the state of its last block, a page at a time; with `contents` not
	/// only which there are, but every field.
	async fn reconcile(&self, client: &Client, contents: bool) -> Result<Reconciliation, Error> {
		let Some((number, hash)) = self.with_store(|store| Ok(store.head()))? else {
			return Ok(Reconciliation::default());
		};
		let decoder = match contents {
			true => Some(self.decoder(client, &client.raw_block(number).await?).await?),
			false => None,
		};
		let state = StateOf { client, number, hash, decoder };
		let mut reconciliation = Reconciliation { block: number, ..Reconciliation::default() };
		for kind in Kind::ALL {
			self.compare(&state, kind, &mut reconciliation).await?;
		}
		if reconciliation.lacking == 0 {
			info!("index and ledger agree at block {number}: {} records", reconciliation.indexed);
		} else {
			let (lacking, examples) = (reconciliation.lacking, reconciliation.missing.join(", "));
			warn!("at block {number} the index lacks {lacking} records, such as {examples}");
		}
		Ok(reconciliation)
	}

	/// Compares the records of one kind.
	async fn compare(
		&self,
		state: &StateOf<'_>,
		kind: Kind,
		told: &mut Reconciliation,
	) -> Result<(), Error> {
		let mut compared = Compared { kind: kind.slug(), ..Compared::default() };
		let (mut of_index, mut of_state) = (Sha256::new(), Sha256::new());
		let mut missing = 0;
		let mut last: Option<Vec<u8>> = None;
		loop {
			let keys = state.client.keys_after(&kind.prefix(), last.as_deref(), state.hash).await?;
			let Some(end) = keys.last() else { break };
			last = Some(end.clone());
			let ids: Vec<RecordId> =
				keys.iter().filter_map(|key| RecordId::of_key(kind, key)).collect();
			compared.in_state += ids.len() as u64;
			let held = self.with_store(|store| store.held(kind, &ids))?;
			for id in ids.iter().filter(|id| !held.contains_key(id)) {
				missing += 1;
				if told.missing.len() < MOST_MISSING {
					told.missing.push(format!("{}/{id}", kind.slug()));
				}
			}
			let Some(decoder) = &state.decoder else { continue };
			let wanted = ids.into_iter().map(|id| (kind, id)).collect();
			let records = read_records(state.client, state.hash, decoder, wanted).await?;
			let differs = |record: &Record| {
				held.get(&record.id).is_some_and(|value| Some(value) != record.value.as_ref())
			};
			for record in &records {
				let line = |value: &Json| format!("{} {value}\n", record.id);
				of_state.update(record.value.as_ref().map(line).unwrap_or_default());
				of_index.update(held.get(&record.id).map(line).unwrap_or_default());
			}
			let differing: Vec<Record> = records.into_iter().filter(differs).collect();
			compared.corrected += differing.len() as u64;
			self.with_store(|store| store.correct(state.number, &differing))?;
		}
		compared.indexed = self.with_store(|store| store.count(kind))?;
		// Old reports make room for new ones without an event.
		let removed = match compared.indexed > compared.in_state - missing {
			true => self.remove_gone(state, kind).await?,
			false => 0,
		};
		compared.indexed -= removed;
		if state.decoder.is_some() {
			let digest = |digest: Sha256| format!("0x{}", hex::encode(digest.finalize()));
			compared.digest_of_index = Some(digest(of_index));
			compared.digest_of_state = Some(digest(of_state));
		}
		told.indexed += compared.indexed;
		told.in_state += compared.in_state;
		told.lacking += missing;
		told.removed += removed;
		told.corrected += compared.corrected;
		told.kinds.push(compared);
		Ok(())
	}

	/// Marks the records of a kind that the state no longer holds; tells how many.
	async fn remove_gone(&self, state: &StateOf<'_>, kind: Kind) -> Result<u64, Error> {
		let (mut removed, mut last) = (0, 0);
		loop {
			let page = self.with_store(|store| store.present_after(kind, last, GONE_PAGE))?;
			let Some((serial, _)) = page.last() else { return Ok(removed) };
			last = *serial;
			let keys: Vec<Vec<u8>> = page.iter().map(|(_, id)| id.key(kind)).collect();
			let values = state.client.values(&keys, state.hash).await?;
			let gone = page.into_iter().zip(values).filter(|(_, value)| value.is_none());
			let gone: Vec<Record> =
				gone.map(|((_, id), _)| Record { kind, id, value: None }).collect();
			removed += gone.len() as u64;
			self.with_store(|store| store.correct(state.number, &gone))?;
		}
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
