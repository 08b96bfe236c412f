//! The `curex_*` methods: health of the node, and the way of ciphertexts to and from clients. See `docs/rpc.md`.

use crate::transfer::{
	access, blocking, fetch::FetchStatus, Error, Fetcher, Key, Ledger, Status, Store,
};
use base64::{engine::general_purpose::STANDARD as BASE64, Engine};
use curex_primitives::{
	merkle::Proof,
	transfer::{Carriage, Manifest},
	MerkleRoot,
};
use jsonrpsee::{
	core::{async_trait, RpcResult},
	proc_macros::rpc,
	types::ErrorObjectOwned,
};
use sc_network::service::traits::NetworkService;
use sc_network_sync::SyncingService;
use serde::{Deserialize, Serialize};
use sp_api::CallApiAt;
use sp_blockchain::HeaderBackend;
use sp_consensus::SyncOracle;
use sp_core::Bytes;
use sp_runtime::{
	traits::{Block as BlockT, NumberFor},
	SaturatedConversion,
};
use std::{sync::Arc, time::Duration};

/// How long a call of `curex_fetch` may wait at most.
const MAX_WAIT: Duration = Duration::from_secs(10);

/// Methods of the node of a member.
#[rpc(server)]
pub trait CurexApi {
	/// How the node is.
	#[method(name = "curex_health")]
	async fn health(&self) -> RpcResult<Health>;

	/// Begins or continues to leave a part at this node.
	#[method(name = "curex_depositBegin")]
	async fn deposit_begin(
		&self,
		authorisation: Bytes,
		manifest: ManifestText,
	) -> RpcResult<Progress>;

	/// Leaves one chunk.
	#[method(name = "curex_depositChunk")]
	async fn deposit_chunk(
		&self,
		authorisation: Bytes,
		index: u64,
		bytes: String,
		encoding: Option<Encoding>,
	) -> RpcResult<Progress>;

	/// How far a deposit is.
	#[method(name = "curex_depositStatus")]
	async fn deposit_status(&self, authorisation: Bytes) -> RpcResult<Progress>;

	/// Begins or continues to fetch a part from the network, and says how far it is: at once, or when the attempt has
	/// ended or so many milliseconds have passed.
	#[method(name = "curex_fetch")]
	async fn fetch(&self, authorisation: Bytes, wait: Option<u64>) -> RpcResult<Progress>;

	/// The manifest of a part that is complete on this node.
	#[method(name = "curex_manifest")]
	async fn manifest(&self, authorisation: Bytes) -> RpcResult<ManifestText>;

	/// A chunk of a part that is complete on this node.
	#[method(name = "curex_chunk")]
	async fn chunk(
		&self,
		authorisation: Bytes,
		index: u64,
		encoding: Option<Encoding>,
	) -> RpcResult<Chunk>;
}

/// How the bytes of a chunk are written.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
	/// `0x` and two digits for each byte.
	#[default]
	Hex,
	/// RFC 4648, section 4: a third less to carry.
	Base64,
}

impl Encoding {
	fn write(self, bytes: &[u8]) -> String {
		match self {
			Self::Hex => format!("0x{}", hex::encode(bytes)),
			Self::Base64 => BASE64.encode(bytes),
		}
	}

	fn read(self, text: &str) -> Result<Vec<u8>, Error> {
		match self {
			Self::Hex => text.strip_prefix("0x").and_then(|digits| hex::decode(digits).ok()),
			Self::Base64 => BASE64.decode(text).ok(),
		}
		.ok_or(Error::Malformed("the chunk"))
	}
}

/// How the node is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
	/// Name of the chain.
	pub chain: String,
	/// Hash of the first block.
	pub genesis: String,
	/// Version of the runtime at the best block.
	pub spec_version: u32,
	/// Number of the best block.
	pub best: u32,
	/// Number of the newest finalised block.
	pub finalised: u32,
	/// Peers with which blocks are exchanged.
	pub peers: usize,
	/// Identity of this node in the network.
	pub peer_id: String,
	/// Whether the node is catching up.
	pub syncing: bool,
}

/// A manifest as JSON.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestText {
	/// Salt of the commitment, 32 bytes.
	pub salt: Bytes,
	/// Bytes of the whole part.
	pub length: u64,
	/// Merkle root over the chunks.
	pub root: MerkleRoot,
}

/// How far a part is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Progress {
	/// Whether all of it is on this node.
	pub complete: bool,
	/// Chunks that are.
	pub received: u64,
	/// Chunks of the whole; nothing before the manifest is known.
	pub chunks: Option<u64>,
	/// Missing chunks as ranges [from, to), at most 256 of them.
	pub missing: Vec<(u64, u64)>,
	/// Whether the part is being fetched from the network.
	pub running: bool,
	/// Why the last attempt to fetch it failed.
	pub failure: Option<Failure>,
}

/// Why a fetch failed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Failure {
	/// As in an error of JSON-RPC.
	pub code: i32,
	/// For people.
	pub message: String,
}

/// A chunk as JSON.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Chunk {
	/// The bytes, in the encoding that was asked for.
	pub bytes: String,
	/// The proof of their place.
	pub proof: ProofText,
}

/// A proof as JSON.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ProofText {
	/// Position of the chunk.
	pub index: u64,
	/// Number of chunks.
	pub count: u64,
	/// Siblings from the chunk upwards, 32 bytes each.
	pub siblings: Vec<Bytes>,
}

/// Knows how the node is.
#[async_trait]
pub trait HealthSource: Send + Sync + 'static {
	/// How it is.
	///
	/// # Errors
	/// [`Error::Ledger`]
	async fn health(&self) -> Result<Health, Error>;
}

/// The health of a running node.
pub struct NodeHealth<Block: BlockT, C> {
	client: Arc<C>,
	network: Arc<dyn NetworkService>,
	sync: Arc<SyncingService<Block>>,
	chain: String,
}

impl<Block: BlockT, C> NodeHealth<Block, C> {
	/// Of the node with these parts, on the chain with this name.
	pub fn new(
		client: Arc<C>,
		network: Arc<dyn NetworkService>,
		sync: Arc<SyncingService<Block>>,
		chain: String,
	) -> Self {
		Self { client, network, sync, chain }
	}
}

#[async_trait]
impl<Block, C> HealthSource for NodeHealth<Block, C>
where
	Block: BlockT,
	C: HeaderBackend<Block> + CallApiAt<Block> + Send + Sync + 'static,
{
	async fn health(&self) -> Result<Health, Error> {
		let client = self.client.clone();
		let (info, version) = blocking(move || {
			let info = client.info();
			let version = client
				.runtime_version_at(info.best_hash, sp_core::traits::CallContext::Offchain)
				.map_err(|reason| Error::Ledger(reason.to_string()))?;
			Ok((info, version))
		})
		.await?;
		let number = |number: NumberFor<Block>| number.saturated_into();
		Ok(Health {
			chain: self.chain.clone(),
			genesis: format!("0x{}", hex::encode(info.genesis_hash)),
			spec_version: version.spec_version,
			best: number(info.best_number),
			finalised: number(info.finalized_number),
			peers: self.sync.num_connected_peers(),
			peer_id: self.network.local_peer_id().to_base58(),
			syncing: self.sync.is_major_syncing(),
		})
	}
}

/// Answers the `curex_*` methods.
pub struct Curex {
	health: Arc<dyn HealthSource>,
	ledger: Arc<dyn Ledger>,
	store: Arc<Store>,
	fetcher: Arc<Fetcher>,
}

impl Curex {
	/// The methods over these parts of the node.
	pub fn new(
		health: Arc<dyn HealthSource>,
		ledger: Arc<dyn Ledger>,
		store: Arc<Store>,
		fetcher: Arc<Fetcher>,
	) -> Self {
		Self { health, ledger, store, fetcher }
	}

	/// Does something with the store for a client that may leave the part here.
	async fn deposit(
		&self,
		authorisation: Bytes,
		work: impl FnOnce(&Store, Deposit) -> Result<Status, Error> + Send + 'static,
	) -> RpcResult<Progress> {
		let (ledger, store) = (self.ledger.clone(), self.store.clone());
		let status = blocking(move || {
			let authorisation = access::decode(&authorisation)?;
			let carriage = access::may_deposit(&*ledger, &authorisation)?;
			work(&store, Deposit { key: access::key(&authorisation), carriage })
		})
		.await
		.map_err(told)?;
		Ok(status.into())
	}

	/// Reads the store for a client that may take the part.
	async fn read<T: Send + 'static>(
		&self,
		authorisation: Bytes,
		work: impl FnOnce(&Store, Key) -> Result<T, Error> + Send + 'static,
	) -> RpcResult<T> {
		let (ledger, store) = (self.ledger.clone(), self.store.clone());
		blocking(move || {
			let authorisation = access::decode(&authorisation)?;
			let Carriage { commitment, .. } = access::may_read(&*ledger, &authorisation)?;
			let key = access::key(&authorisation);
			store.status_of(key, commitment)?.ok_or(Error::NotHere)?;
			work(&store, key)
		})
		.await
		.map_err(told)
	}
}

/// What may be left here.
struct Deposit {
	key: Key,
	carriage: Carriage,
}

impl Deposit {
	/// How far it is.
	fn status(&self, store: &Store) -> Result<Status, Error> {
		store.status_of(self.key, self.carriage.commitment)?.ok_or(Error::NotHere)
	}
}

#[async_trait]
impl CurexApiServer for Curex {
	async fn health(&self) -> RpcResult<Health> {
		self.health.health().await.map_err(told)
	}

	async fn deposit_begin(
		&self,
		authorisation: Bytes,
		manifest: ManifestText,
	) -> RpcResult<Progress> {
		self.deposit(authorisation, move |store, deposit| {
			let manifest = Manifest::try_from(manifest)?;
			let key = deposit.key;
			if manifest.commitment(key.part, &key.exchange) != deposit.carriage.commitment {
				return Err(Error::ManifestMismatch);
			}
			store.begin(key, deposit.carriage.sender, &manifest)
		})
		.await
	}

	async fn deposit_chunk(
		&self,
		authorisation: Bytes,
		index: u64,
		bytes: String,
		encoding: Option<Encoding>,
	) -> RpcResult<Progress> {
		self.deposit(authorisation, move |store, deposit| {
			deposit.status(store)?;
			store.put(deposit.key, index, &encoding.unwrap_or_default().read(&bytes)?)
		})
		.await
	}

	async fn deposit_status(&self, authorisation: Bytes) -> RpcResult<Progress> {
		self.deposit(authorisation, |store, deposit| deposit.status(store)).await
	}

	async fn fetch(&self, authorisation: Bytes, wait: Option<u64>) -> RpcResult<Progress> {
		let ledger = self.ledger.clone();
		let (authorisation, commitment) = blocking(move || {
			let authorisation = access::decode(&authorisation)?;
			let Carriage { commitment, .. } = access::may_fetch_here(&*ledger, &authorisation)?;
			Ok((authorisation, commitment))
		})
		.await
		.map_err(told)?;
		let key = access::key(&authorisation);
		let wait = Duration::from_millis(wait.unwrap_or_default()).min(MAX_WAIT);
		let status = self.fetcher.follow(key, commitment, Some(authorisation), wait).await;
		status.map(Progress::from).map_err(told)
	}

	async fn manifest(&self, authorisation: Bytes) -> RpcResult<ManifestText> {
		let manifest = self.read(authorisation, |store, key| store.manifest(key)).await?;
		Ok(manifest.into())
	}

	async fn chunk(
		&self,
		authorisation: Bytes,
		index: u64,
		encoding: Option<Encoding>,
	) -> RpcResult<Chunk> {
		self.read(authorisation, move |store, key| {
			let (bytes, Proof { index, count, siblings }) = store.chunk(key, index)?;
			let siblings = siblings.iter().map(|hash| Bytes(hash.to_vec())).collect();
			let bytes = encoding.unwrap_or_default().write(&bytes);
			Ok(Chunk { bytes, proof: ProofText { index, count, siblings } })
		})
		.await
	}
}

impl From<Manifest> for ManifestText {
	fn from(Manifest { salt, length, root }: Manifest) -> Self {
		Self { salt: Bytes(salt.to_vec()), length, root }
	}
}

impl TryFrom<ManifestText> for Manifest {
	type Error = Error;

	fn try_from(ManifestText { salt, length, root }: ManifestText) -> Result<Self, Error> {
		let salt =
			<[u8; 32]>::try_from(salt.0).map_err(|_| Error::Malformed("the manifest's salt"))?;
		Ok(Self { salt, length, root })
	}
}

impl From<Status> for Progress {
	fn from(Status { complete, received, chunks, missing }: Status) -> Self {
		Self {
			complete,
			received,
			chunks: Some(chunks),
			missing: missing.into_iter().map(|range| (range.start, range.end)).collect(),
			running: false,
			failure: None,
		}
	}
}

impl From<FetchStatus> for Progress {
	fn from(FetchStatus { stored, running, failure }: FetchStatus) -> Self {
		let stored = stored.map(Self::from).unwrap_or(Self {
			complete: false,
			received: 0,
			chunks: None,
			missing: Vec::new(),
			running,
			failure: None,
		});
		let failure =
			failure.map(|reason| Failure { code: code(&reason), message: reason.to_string() });
		Self { running, failure, ..stored }
	}
}

/// The code of an error in JSON-RPC; the table is in `docs/rpc.md`.
fn code(error: &Error) -> i32 {
	match error {
		Error::Malformed(_) => 12001,
		Error::Expired => 12002,
		Error::NotAuthorised(_) => 12003,
		Error::NotNow => 12004,
		Error::NotHere => 12005,
		Error::ManifestMismatch => 12006,
		Error::WrongChunk { .. } => 12007,
		Error::TooLarge { .. } => 12008,
		Error::Full => 12009,
		Error::RootMismatch => 12010,
		Error::Busy => 12011,
		Error::Storage(_) => 12012,
		Error::Ledger(_) => 12013,
		Error::Unserved { .. } => 12014,
	}
}

fn told(error: Error) -> ErrorObjectOwned {
	ErrorObjectOwned::owned(code(&error), error.to_string(), None::<()>)
}

#[cfg(test)]
#[path = "curex_tests.rs"]
mod tests;
