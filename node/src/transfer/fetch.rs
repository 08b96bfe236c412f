//! Asks other nodes for a part, checks every byte against the ledger, and keeps it in the store.

use super::{access, blocking, protocol, Error, Key, Ledger, Status, Store};
use codec::{DecodeAll, Encode};
use curex_primitives::{
	transfer::{Authorisation, Carriage, Manifest, Request, Response, Run, MAX_CHUNKS},
	Commitment, OrganisationId, PeerRole,
};
use futures::{stream::FuturesUnordered, StreamExt};
use jsonrpsee::core::async_trait;
use sc_network::{service::traits::NetworkService, IfDisconnected, PeerId, ProtocolName};
use sc_network_sync::SyncingService;
use sp_core::traits::SpawnNamed;
use sp_runtime::traits::Block as BlockT;
use std::{
	collections::{HashMap, HashSet},
	ops::Range,
	sync::{Arc, Mutex, MutexGuard, PoisonError},
	time::{Duration, Instant},
};
use tokio::sync::{watch, Semaphore};

const LOG_TARGET: &str = "curex::transfer";

/// Requests for chunks that are under way at the same time, of all parts together: 8 MiB. The other node serves as many
/// to one peer, and a few more ([`protocol`]).
const IN_FLIGHT: usize = 8;
/// Parts that are fetched at the same time.
const MAX_RUNNING: usize = 8;
/// Peers that are asked for a part before it counts as unserved.
const MAX_PEERS: usize = 32;
/// How often a request is repeated when the network, not the peer, fails it.
const TRIES: u32 = 3;
/// Pause before the first repetition; doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// How long a failure is told before the part is fetched again.
const FAILURE_REST: Duration = Duration::from_secs(2);
/// Failures that are remembered.
const MAX_FAILURES: usize = 256;

/// Other nodes.
#[async_trait]
pub trait Peers: Send + Sync + 'static {
	/// This node.
	fn local(&self) -> PeerId;

	/// Nodes with a connection.
	async fn connected(&self) -> Vec<PeerId>;

	/// Sends an encoded [`Request`], connecting if need be, and gives the encoded [`Response`].
	///
	/// # Errors
	/// What the network says.
	async fn ask(&self, peer: PeerId, request: Vec<u8>) -> Result<Vec<u8>, String>;
}

/// The nodes of the network.
pub struct NetworkPeers<Block: BlockT> {
	network: Arc<dyn NetworkService>,
	sync: Arc<SyncingService<Block>>,
	protocol: ProtocolName,
}

impl<Block: BlockT> NetworkPeers<Block> {
	/// The nodes of the network with this first block.
	pub fn new(
		network: Arc<dyn NetworkService>,
		sync: Arc<SyncingService<Block>>,
		genesis: &[u8],
	) -> Self {
		Self { network, sync, protocol: protocol::protocol_name(genesis) }
	}
}

#[async_trait]
impl<Block: BlockT> Peers for NetworkPeers<Block> {
	fn local(&self) -> PeerId {
		self.network.local_peer_id()
	}

	async fn connected(&self) -> Vec<PeerId> {
		let peers = self.sync.peers_info().await.unwrap_or_default();
		peers.into_iter().map(|(peer, _)| peer).collect()
	}

	async fn ask(&self, peer: PeerId, request: Vec<u8>) -> Result<Vec<u8>, String> {
		self.network
			.request(peer, self.protocol.clone(), request, None, IfDisconnected::TryConnect)
			.await
			.map(|(response, _)| response)
			.map_err(|reason| reason.to_string())
	}
}

/// How far a fetch is.
#[derive(Debug)]
pub struct FetchStatus {
	/// What the store has; nothing before the manifest has arrived.
	pub stored: Option<Status>,
	/// Whether it is being fetched now.
	pub running: bool,
	/// Why the last attempt failed, if it did.
	pub failure: Option<Arc<Error>>,
}

/// Fetches parts in the background.
#[derive(Clone)]
pub struct Fetcher {
	source: Source,
	spawner: Arc<dyn SpawnNamed>,
	attempts: Arc<Mutex<HashMap<Key, Attempt>>>,
}

enum Attempt {
	/// The channel closes when the attempt has ended.
	Running(watch::Receiver<()>),
	Failed {
		reason: Arc<Error>,
		at: Instant,
	},
}

impl Fetcher {
	/// A fetcher that leaves what it gets in `store`.
	pub fn new(
		ledger: Arc<dyn Ledger>,
		store: Arc<Store>,
		peers: Arc<dyn Peers>,
		spawner: Arc<dyn SpawnNamed>,
	) -> Self {
		let source = Source::new(ledger, store, peers);
		Self { source, spawner, attempts: Arc::default() }
	}

	/// As [`Self::advance`], but answers only when the attempt has ended, or when this time has passed.
	///
	/// # Errors
	/// As [`Self::advance`].
	pub async fn follow(
		&self,
		key: Key,
		commitment: Commitment,
		authorisation: Option<Authorisation>,
		patience: Duration,
	) -> Result<FetchStatus, Error> {
		let status = self.advance(key, commitment, authorisation.clone()).await?;
		let mut ended = match self.attempts().get(&key) {
			Some(Attempt::Running(ended)) if status.running && !patience.is_zero() => ended.clone(),
			_ => return Ok(status),
		};
		// Nothing is ever sent: this is the end of the attempt, or the end of patience.
		let _ = tokio::time::timeout(patience, ended.changed()).await;
		self.advance(key, commitment, authorisation).await
	}

	/// Begins or continues to fetch the part with this commitment, unless it is complete or being fetched, and says how
	/// far it is. Call it again to follow the progress. A failure is told for two seconds, then the part is tried again.
	///
	/// # Errors
	/// [`Error::Busy`], [`Error::Storage`]
	pub async fn advance(
		&self,
		key: Key,
		commitment: Commitment,
		authorisation: Option<Authorisation>,
	) -> Result<FetchStatus, Error> {
		let store = self.source.store.clone();
		let stored = blocking(move || store.status_of(key, commitment)).await?;
		let mut status = FetchStatus { stored, running: false, failure: None };
		if status.stored.as_ref().is_some_and(|stored| stored.complete) {
			return Ok(status);
		}
		let attempt = {
			let mut attempts = self.attempts();
			match attempts.get(&key) {
				Some(Attempt::Running(_)) => {
					status.running = true;
					return Ok(status);
				},
				Some(Attempt::Failed { reason, at }) => {
					status.failure = Some(reason.clone());
					if at.elapsed() < FAILURE_REST {
						return Ok(status);
					}
				},
				None => {},
			}
			let running =
				attempts.values().filter(|entry| matches!(entry, Attempt::Running(_))).count();
			if running >= MAX_RUNNING {
				return Err(Error::Busy);
			}
			let (end, ended) = watch::channel(());
			attempts.insert(key, Attempt::Running(ended));
			Running { key, of: self.attempts.clone(), _end: end }
		};
		status.running = true;
		let source = self.source.clone();
		let fetch = async move {
			let result = source.fetch(key, authorisation).await;
			attempt.end(result.err());
		};
		self.spawner.spawn("transfer-fetch", Some("networking"), Box::pin(fetch));
		Ok(status)
	}

	fn attempts(&self) -> MutexGuard<'_, HashMap<Key, Attempt>> {
		self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

/// Takes the attempt off the list, also if its task is dropped.
struct Running {
	key: Key,
	of: Arc<Mutex<HashMap<Key, Attempt>>>,
	/// Closes when the attempt is off the list.
	_end: watch::Sender<()>,
}

impl Running {
	fn end(self, failure: Option<Error>) {
		let mut attempts = self.of.lock().unwrap_or_else(PoisonError::into_inner);
		if let Some(reason) = failure {
			log::info!(target: LOG_TARGET, "Could not fetch {:?}: {reason}", self.key);
			let failed = attempts.values().filter(|entry| matches!(entry, Attempt::Failed { .. }));
			if failed.count() >= MAX_FAILURES {
				attempts.retain(|_, entry| matches!(entry, Attempt::Running(_)));
			}
			let failed = Attempt::Failed { reason: Arc::new(reason), at: Instant::now() };
			attempts.insert(self.key, failed);
		}
	}
}

impl Drop for Running {
	fn drop(&mut self) {
		let mut attempts = self.of.lock().unwrap_or_else(PoisonError::into_inner);
		if matches!(attempts.get(&self.key), Some(Attempt::Running(_))) {
			attempts.remove(&self.key);
		}
	}
}

/// What a fetch needs.
#[derive(Clone)]
struct Source {
	ledger: Arc<dyn Ledger>,
	store: Arc<Store>,
	peers: Arc<dyn Peers>,
	/// For chunks on their way here.
	room: Arc<Semaphore>,
}

/// How many chunks of a part are asked for at the same time: more while answers come soon, fewer when they are late, so that
/// a slow line is not asked for more than it carries before a request counts as failed ([`protocol::TIMEOUT`]).
struct Window(u64);

impl Window {
	const FIRST: u64 = MAX_CHUNKS;
	const MOST: u64 = MAX_CHUNKS * IN_FLIGHT as u64;
	const SOON: Duration = Duration::from_secs(2);

	fn answered(&mut self, after: Duration) {
		self.0 = if after < Self::SOON {
			(self.0 + MAX_CHUNKS).min(Self::MOST)
		} else {
			(self.0 / 2).max(1)
		};
	}

	/// How many chunks the next request may ask for, while so many are asked for.
	fn room(&self, asked: u64) -> u64 {
		let most = self.0.min(MAX_CHUNKS);
		if asked + most <= self.0 {
			most
		} else {
			0
		}
	}
}

/// Takes up to so many chunks that follow one another off the missing ones.
fn next_run(missing: &mut Vec<Range<u64>>, most: u64) -> Option<Run> {
	let range = missing.last_mut().filter(|_| most > 0)?;
	let run = Run { first: range.start, count: most.min(range.end - range.start) };
	range.start += run.count;
	if range.is_empty() {
		missing.pop();
	}
	Some(run)
}

/// What the ledger says of the part.
#[derive(Clone, Copy)]
struct Expected {
	key: Key,
	carriage: Carriage,
}

impl Source {
	fn new(ledger: Arc<dyn Ledger>, store: Arc<Store>, peers: Arc<dyn Peers>) -> Self {
		Self { ledger, store, peers, room: Arc::new(Semaphore::new(IN_FLIGHT)) }
	}

	/// Fetches the whole part, from one peer after the other.
	async fn fetch(&self, key: Key, authorisation: Option<Authorisation>) -> Result<(), Error> {
		let (ledger, store) = (self.ledger.clone(), self.store.clone());
		let (expected, registered, stored) = blocking(move || {
			let (carriage, _) = access::served(&*ledger, &key)?;
			let stored = store.status_of(key, carriage.commitment)?;
			Ok((Expected { key, carriage }, ledger.peers()?, stored))
		})
		.await?;
		if stored.is_some_and(|status| status.complete) {
			return Ok(());
		}
		let connected = self.peers.connected().await;
		let sender = expected.carriage.sender;
		let candidates = candidates(sender, &registered, &connected, self.peers.local());
		let mut unserved =
			Error::Unserved { asked: candidates.len(), last: "there is no other node".into() };
		for peer in &candidates {
			match self.fetch_from(*peer, &expected, authorisation.as_ref()).await {
				Ok(()) => return Ok(()),
				Err(error @ (Error::Storage(_) | Error::Full | Error::TooLarge { .. })) => {
					return Err(error)
				},
				Err(error) => {
					log::debug!(target: LOG_TARGET, "{peer} did not serve {key:?}: {error}");
					let last = format!("{peer}: {error}");
					unserved = Error::Unserved { asked: candidates.len(), last };
				},
			}
		}
		Err(unserved)
	}

	async fn fetch_from(
		&self,
		peer: PeerId,
		expected: &Expected,
		authorisation: Option<&Authorisation>,
	) -> Result<(), Error> {
		let Expected { key, carriage: Carriage { receiver, .. } } = *expected;
		let request = |chunks| Request {
			exchange: key.exchange,
			part: key.part,
			chunks,
			authorisation: authorisation.cloned(),
		};
		let manifest = match read(&self.ask(peer, request(None)).await?)? {
			Response::Manifest(manifest) => manifest,
			other => return Err(unexpected(other)),
		};
		if !expected.is_committed_to(&manifest) {
			return Err(Error::ManifestMismatch);
		}
		let store = self.store.clone();
		let mut status = blocking(move || store.begin(key, receiver, &manifest)).await?;
		let mut window = Window(Window::FIRST);
		while !status.complete {
			let mut missing = status.missing;
			missing.reverse();
			let (mut asked, mut chunks) = (FuturesUnordered::new(), 0);
			let mut outcome = Ok(());
			loop {
				// After a failure nothing more is asked of this node, but what it already sent is kept.
				while outcome.is_ok() {
					let Some(run) = next_run(&mut missing, window.room(chunks)) else { break };
					chunks += run.count;
					let fetching = self.fetch_chunks(peer, key, run, request(Some(run)));
					asked.push(async move { (run.count, fetching.await) });
				}
				let Some((count, answered)) = asked.next().await else { break };
				chunks -= count;
				match answered {
					Ok(after) => window.answered(after),
					Err(error) => outcome = outcome.and(Err(error)),
				}
			}
			drop(asked);
			outcome?;
			let store = self.store.clone();
			status = blocking(move || store.status(key)).await?;
		}
		Ok(())
	}

	/// Fetches chunks, and says how long their node took to answer.
	async fn fetch_chunks(
		&self,
		peer: PeerId,
		key: Key,
		run: Run,
		request: Request,
	) -> Result<Duration, Error> {
		let _room = self.room.acquire().await.expect("the semaphore is never closed; qed");
		let begun = Instant::now();
		let response = self.ask(peer, request).await?;
		let after = begun.elapsed();
		let store = self.store.clone();
		blocking(move || {
			let Some((proofs, bytes)) = Response::read_chunks(&response) else {
				return Err(unexpected(read(&response)?));
			};
			let first = proofs.first().map(|proof| proof.index);
			if first != Some(run.first) || proofs.len() as u64 != run.count {
				return Err(Error::WrongChunk { index: run.first });
			}
			store.put_proven(key, bytes, &proofs)
		})
		.await?;
		Ok(after)
	}

	/// Asks, and repeats what the network failed. Gives the encoded response.
	async fn ask(&self, peer: PeerId, request: Request) -> Result<Vec<u8>, Error> {
		let request = request.encode();
		let mut failures = 0;
		loop {
			match self.peers.ask(peer, request.clone()).await {
				Ok(response) => return Ok(response),
				Err(last) if failures + 1 == TRIES => {
					return Err(Error::Unserved { asked: 1, last })
				},
				Err(_) => tokio::time::sleep(FIRST_PAUSE * 2u32.pow(failures)).await,
			}
			failures += 1;
		}
	}
}

fn read(mut response: &[u8]) -> Result<Response, Error> {
	Response::decode_all(&mut response)
		.map_err(|_| Error::Unserved { asked: 1, last: "an answer that cannot be read".into() })
}

impl Expected {
	fn is_committed_to(&self, manifest: &Manifest) -> bool {
		manifest.commitment(self.key.part, &self.key.exchange) == self.carriage.commitment
	}
}

fn unexpected(response: Response) -> Error {
	let last = match response {
		Response::Refused(refusal) => format!("refused, {refusal:?}"),
		Response::Manifest(_) | Response::Chunks { .. } => "an answer to another question".into(),
	};
	Error::Unserved { asked: 1, last }
}

/// Whom to ask, in order: connected nodes of the sender, its other nodes, then every connected node, gateways first, for
/// the sender may have left the part with any member.
fn candidates(
	sender: OrganisationId,
	registered: &[(Vec<u8>, OrganisationId, PeerRole)],
	connected: &[PeerId],
	local: PeerId,
) -> Vec<PeerId> {
	let connected_set: HashSet<&PeerId> = connected.iter().collect();
	let known: HashMap<PeerId, (OrganisationId, PeerRole)> = registered
		.iter()
		.filter_map(|(bytes, organisation, role)| {
			Some((PeerId::from_bytes(bytes).ok()?, (*organisation, *role)))
		})
		.collect();
	let of_sender = known.iter().filter(|(_, (owner, _))| *owner == sender).map(|(peer, _)| peer);
	let all: HashSet<&PeerId> = of_sender.chain(connected).filter(|peer| **peer != local).collect();
	let mut ordered: Vec<&PeerId> = all.into_iter().collect();
	ordered.sort_by_key(|peer| {
		let owner = known.get(*peer);
		let is_senders = owner.is_some_and(|(organisation, _)| *organisation == sender);
		let is_gateway = owner.is_some_and(|(_, role)| *role == PeerRole::Gateway);
		(!is_senders, !connected_set.contains(*peer), !is_gateway, **peer)
	});
	ordered.into_iter().copied().take(MAX_PEERS).collect()
}

#[cfg(test)]
#[path = "fetch_tests.rs"]
mod tests;
