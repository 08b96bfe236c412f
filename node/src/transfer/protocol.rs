//! Answers other nodes on `/<genesis>/curex/transfer/2`.

use super::{access, blocking, Error, Key, Ledger, Store};
use codec::{DecodeAll, Encode};
use curex_primitives::transfer::{Request, Response, TransferRefusal, CHUNK_SIZE, MAX_CHUNKS};
use futures::{channel::oneshot, StreamExt};
use sc_network::{
	config::{IncomingRequest, OutgoingResponse},
	NetworkBackend, PeerId, ProtocolName,
};
use sp_runtime::traits::Block as BlockT;
use std::{
	collections::HashMap,
	sync::{Arc, Mutex, PoisonError},
	time::{Duration, Instant},
};

const LOG_TARGET: &str = "curex::transfer";

/// Bytes of the longest request.
pub const MAX_REQUEST: u64 = 4 * 1024;
/// Bytes of the longest response: chunks and their proofs.
pub const MAX_RESPONSE: u64 = MAX_CHUNKS * CHUNK_SIZE as u64 + 64 * 1024;
/// A request without a response after this time has failed.
pub const TIMEOUT: Duration = Duration::from_secs(20);
/// Requests that wait for an answer; the network refuses more.
const QUEUE: usize = 64;
/// Requests that are being answered: until the network has sent the answer, it is in memory (24 MiB of chunks).
const CONCURRENT: usize = 24;
/// Those of one peer: more than a node asks for, so that only one that does not take what it asks for comes to it.
const CONCURRENT_OF_PEER: usize = 12;

/// The name of the protocol on this ledger.
pub fn protocol_name(genesis: &[u8]) -> ProtocolName {
	format!("/{}/curex/transfer/2", hex::encode(genesis)).into()
}

/// What the network must know of the protocol, and where the requests of other nodes arrive.
pub fn request_response_config<Block, N>(
	genesis: &[u8],
) -> (N::RequestResponseProtocolConfig, async_channel::Receiver<IncomingRequest>)
where
	Block: BlockT,
	N: NetworkBackend<Block, Block::Hash>,
{
	let (sender, receiver) = async_channel::bounded(QUEUE);
	let config = N::request_response_config(
		protocol_name(genesis),
		Vec::new(),
		MAX_REQUEST,
		MAX_RESPONSE,
		TIMEOUT,
		Some(sender),
	);
	(config, receiver)
}

/// Answers the requests of other nodes.
pub struct TransferHandler {
	requests: async_channel::Receiver<IncomingRequest>,
	desk: Arc<Desk>,
}

/// What every answer needs.
struct Desk {
	ledger: Arc<dyn Ledger>,
	store: Arc<Store>,
	pace: Mutex<Pace>,
}

impl TransferHandler {
	/// A handler of the requests that arrive at `requests`.
	pub fn new(
		ledger: Arc<dyn Ledger>,
		store: Arc<Store>,
		requests: async_channel::Receiver<IncomingRequest>,
	) -> Self {
		Self { requests, desk: Arc::new(Desk { ledger, store, pace: Mutex::default() }) }
	}

	/// Answers until the network stops.
	pub async fn run(self) {
		let desk = &self.desk;
		self.requests
			.for_each_concurrent(
				CONCURRENT,
				|IncomingRequest { peer, payload, pending_response }| {
					let desk = desk.clone();
					async move {
						let place = Place::of(&desk, peer);
						let result = if place.is_some() {
							let desk = desk.clone();
							blocking(move || Ok(desk.answer(&peer, &payload))).await.map_err(drop)
						} else {
							Err(())
						};
						let (sent, is_sent) = oneshot::channel();
						// Whoever asked may be gone, before the answer or while it is sent.
						let _ = pending_response.send(OutgoingResponse {
							result,
							reputation_changes: Vec::new(),
							sent_feedback: Some(sent),
						});
						let _ = is_sent.await;
					}
				},
			)
			.await;
	}
}

impl Desk {
	fn pace(&self) -> std::sync::MutexGuard<'_, Pace> {
		self.pace.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// The encoded [`Response`].
	fn answer(&self, peer: &PeerId, payload: &[u8]) -> Vec<u8> {
		self.serve(peer, payload).unwrap_or_else(|error| {
			self.pace().charge_for_a_refusal(peer);
			let refusal = match error.refusal() {
				Some(refusal) => {
					log::debug!(target: LOG_TARGET, "Refused {peer}: {error}");
					refusal
				},
				None => {
					log::warn!(target: LOG_TARGET, "Could not serve {peer}: {error}");
					TransferRefusal::NotHere
				},
			};
			Response::Refused(refusal).encode()
		})
	}

	fn serve(&self, peer: &PeerId, mut payload: &[u8]) -> Result<Vec<u8>, Error> {
		let request =
			Request::decode_all(&mut payload).map_err(|_| Error::Malformed("the request"))?;
		let key = Key { exchange: request.exchange, part: request.part };
		access::may_fetch(&*self.ledger, &key, &peer.to_bytes(), request.authorisation.as_ref())?;
		match request.chunks {
			None => Ok(Response::Manifest(self.store.manifest(key)?).encode()),
			Some(run) => self
				.store
				.chunks(key, run, |proofs, length| Response::head_of_chunks(&proofs, length)),
		}
	}
}

/// A peer's place among those that are answered.
struct Place<'a> {
	desk: &'a Desk,
	peer: PeerId,
}

impl<'a> Place<'a> {
	/// Nothing if the peer asks too much.
	fn of(desk: &'a Desk, peer: PeerId) -> Option<Self> {
		desk.pace().admits(peer, Instant::now()).then(|| Self { desk, peer })
	}
}

impl Drop for Place<'_> {
	fn drop(&mut self) {
		self.desk.pace().answered(&self.peer);
	}
}

/// How much each peer may ask: a bucket of tokens per peer, refilled as time passes. An answer takes one token, a
/// refusal many, so that a member moves hundreds of megabytes a second and a stranger asks the runtime rarely. And so
/// many answers at once that a peer which does not read them holds little memory.
#[derive(Default)]
struct Pace {
	buckets: HashMap<PeerId, Bucket>,
}

struct Bucket {
	tokens: f64,
	filled: Instant,
	/// Answers that are being made or sent.
	answers: usize,
}

impl Pace {
	const CAPACITY: f64 = 1024.0;
	const PER_SECOND: f64 = 1024.0;
	const REFUSAL: f64 = 64.0;
	/// Peers remembered; a full bucket is forgotten first.
	const PEERS: usize = 1024;

	fn admits(&mut self, peer: PeerId, now: Instant) -> bool {
		if self.buckets.len() >= Self::PEERS && !self.buckets.contains_key(&peer) {
			self.buckets
				.retain(|_, bucket| bucket.refill(now) < Self::CAPACITY || bucket.answers > 0);
			if self.buckets.len() >= Self::PEERS {
				return false;
			}
		}
		let full = Bucket { tokens: Self::CAPACITY, filled: now, answers: 0 };
		let bucket = self.buckets.entry(peer).or_insert(full);
		let admitted = bucket.refill(now) >= 1.0 && bucket.answers < CONCURRENT_OF_PEER;
		if admitted {
			bucket.tokens -= 1.0;
			bucket.answers += 1;
		}
		admitted
	}

	fn answered(&mut self, peer: &PeerId) {
		if let Some(bucket) = self.buckets.get_mut(peer) {
			bucket.answers = bucket.answers.saturating_sub(1);
		}
	}

	fn charge_for_a_refusal(&mut self, peer: &PeerId) {
		if let Some(bucket) = self.buckets.get_mut(peer) {
			bucket.tokens -= Self::REFUSAL;
		}
	}
}

impl Bucket {
	fn refill(&mut self, now: Instant) -> f64 {
		let passed = now.saturating_duration_since(self.filled).as_secs_f64();
		self.tokens = (self.tokens + passed * Pace::PER_SECOND).min(Pace::CAPACITY);
		self.filled = now;
		self.tokens
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::transfer::testing::{self, FakeLedger, HOLDER, RECIPIENT};
	use curex_primitives::{
		transfer::{Access, Manifest, Part, Run},
		Direction, Duty, ExchangeState, Gate, Ground, SubscriptionState,
	};
	use sp_core::Pair;

	struct Scene {
		ledger: Arc<FakeLedger>,
		desk: Desk,
		key: Key,
		bytes: Vec<u8>,
		_folder: tempfile::TempDir,
	}

	/// A holder's node with a payload of two chunks that was dispatched.
	fn scene(part: Part) -> Scene {
		let folder = tempfile::tempdir().unwrap();
		let store =
			Arc::new(Store::open(folder.path().join("transfer"), Default::default()).unwrap());
		let bytes = testing::bytes(CHUNK_SIZE + 7);
		let manifest = Manifest::of([3; 32], &bytes);
		let key = Key { exchange: testing::EXCHANGE, part };
		let ledger = Arc::new(FakeLedger::dispatched(&manifest));
		testing::deposit(&store, key, &manifest, &bytes);
		let desk = Desk { ledger: ledger.clone(), store, pace: Mutex::default() };
		Scene { ledger, desk, key, bytes, _folder: folder }
	}

	impl Scene {
		fn ask(&self, peer: PeerId, change: impl FnOnce(&mut Request)) -> Response {
			let mut request = Request {
				exchange: self.key.exchange,
				part: self.key.part,
				chunks: Some(Run { first: 1, count: 1 }),
				authorisation: None,
			};
			change(&mut request);
			let answer = self.desk.answer(&peer, &request.encode());
			Response::decode_all(&mut &answer[..]).unwrap()
		}

		fn refusal(&self, peer: PeerId) -> TransferRefusal {
			refusal(self.ask(peer, |_| ()))
		}
	}

	fn refusal(response: Response) -> TransferRefusal {
		match response {
			Response::Refused(refusal) => refusal,
			served => panic!("served {served:?}"),
		}
	}

	#[test]
	fn the_receiving_organisations_peer_gets_manifest_and_chunks() {
		let scene = scene(Part::Payload);
		let peer = scene.ledger.add_peer(RECIPIENT);
		let Response::Manifest(manifest) = scene.ask(peer, |request| request.chunks = None) else {
			panic!("no manifest")
		};
		for first in 0..2 {
			let run = Run { first, count: 2 - first };
			let Response::Chunks { bytes, proofs } =
				scene.ask(peer, |request| request.chunks = Some(run))
			else {
				panic!("no chunks")
			};
			assert!(manifest.leaves_of(&bytes, &proofs).is_some());
			assert_eq!(bytes, scene.bytes[first as usize * CHUNK_SIZE..]);
		}
	}

	#[test]
	fn a_stranger_and_the_senders_own_peer_get_nothing() {
		let scene = scene(Part::Payload);
		assert_eq!(scene.refusal(PeerId::random()), TransferRefusal::NotAuthorised);
		let own = scene.ledger.add_peer(HOLDER);
		assert_eq!(scene.refusal(own), TransferRefusal::NotAuthorised);
	}

	#[test]
	fn an_authorisation_of_the_receiver_opens_for_any_peer() {
		let scene = scene(Part::Payload);
		let delegate = scene.ledger.add_delegate(1, RECIPIENT, Duty::Exchange);
		let authorisation = scene.ledger.authorise(&delegate, scene.key, Access::Fetch);
		let response = scene
			.ask(PeerId::random(), |request| request.authorisation = Some(authorisation.clone()));
		assert!(matches!(response, Response::Chunks { .. }));

		for change in testing::SPOILED {
			let mut spoiled = authorisation.clone();
			change(&mut spoiled);
			let response =
				scene.ask(PeerId::random(), |request| request.authorisation = Some(spoiled));
			assert_eq!(refusal(response), TransferRefusal::NotAuthorised);
		}
	}

	#[test]
	fn a_delegate_may_sign_with_ed25519() {
		let scene = scene(Part::Payload);
		let delegate = sp_core::ed25519::Pair::from_seed(&[7; 32]);
		scene.ledger.add_account(delegate.public().0, RECIPIENT, Duty::Exchange);
		let sr25519 = testing::pair(1);
		let mut authorisation = scene.ledger.authorise(&sr25519, scene.key, Access::Fetch);
		authorisation.account = delegate.public().0;
		let unsigned = authorisation.clone();
		authorisation.signature = delegate.sign(&authorisation.message()).0;
		let response =
			scene.ask(PeerId::random(), |request| request.authorisation = Some(authorisation));
		assert!(matches!(response, Response::Chunks { .. }));
		let response =
			scene.ask(PeerId::random(), |request| request.authorisation = Some(unsigned));
		assert_eq!(refusal(response), TransferRefusal::NotAuthorised);
	}

	#[test]
	fn an_authorisation_of_the_wrong_delegate_or_for_another_purpose_opens_nothing() {
		let scene = scene(Part::Payload);
		let ledger = &scene.ledger;
		let recipient = ledger.add_delegate(1, RECIPIENT, Duty::Exchange);
		let holder = ledger.add_delegate(2, HOLDER, Duty::Exchange);
		let other_duty = ledger.add_delegate(3, RECIPIENT, Duty::Consent);
		let envelope = Key { part: Part::Envelope, ..scene.key };
		let signed_long = |life| {
			let now = ledger.now();
			testing::sign(&recipient, ledger.genesis(), scene.key, Access::Fetch, now + life)
		};
		for authorisation in [
			ledger.authorise(&holder, scene.key, Access::Fetch),
			ledger.authorise(&other_duty, scene.key, Access::Fetch),
			ledger.authorise(&testing::pair(9), scene.key, Access::Fetch),
			ledger.authorise(&recipient, scene.key, Access::Deposit),
			ledger.authorise(&recipient, envelope, Access::Fetch),
			signed_long(0),
			signed_long(3_600_001),
			testing::sign(&recipient, [7; 32], scene.key, Access::Fetch, ledger.now() + 1_000),
		] {
			let response =
				scene.ask(PeerId::random(), |request| request.authorisation = Some(authorisation));
			assert_eq!(refusal(response), TransferRefusal::NotAuthorised);
		}
	}

	#[test]
	fn a_payload_travels_only_while_dispatched_or_delivered() {
		let scene = scene(Part::Payload);
		let peer = scene.ledger.add_peer(RECIPIENT);
		for &state in ExchangeState::ALL {
			scene.ledger.change(|exchange| exchange.state = state);
			let served = matches!(scene.ask(peer, |_| ()), Response::Chunks { .. });
			let allowed = matches!(state, ExchangeState::Dispatched | ExchangeState::Delivered);
			assert_eq!(served, allowed, "{state:?}");
			if !allowed {
				assert_eq!(scene.refusal(peer), TransferRefusal::NotNow, "{state:?}");
			}
		}
	}

	#[test]
	fn a_key_that_is_held_back_travels_only_while_delivered() {
		let scene = scene(Part::Key);
		let peer = scene.ledger.add_peer(RECIPIENT);
		assert_eq!(scene.refusal(peer), TransferRefusal::NotNow, "there is no receipt");
		let receipt =
			Manifest::of([3; 32], &scene.bytes).commitment(Part::Key, &scene.key.exchange);
		for &state in ExchangeState::ALL {
			scene.ledger.change(|exchange| {
				(exchange.state, exchange.receipt) = (state, Some(receipt));
			});
			let served = matches!(scene.ask(peer, |_| ()), Response::Chunks { .. });
			assert_eq!(served, state == ExchangeState::Delivered, "{state:?}");
		}
		scene.ledger.change(|exchange| exchange.state = ExchangeState::Delivered);
		let own = scene.ledger.add_peer(HOLDER);
		assert_eq!(scene.refusal(own), TransferRefusal::NotAuthorised);
	}

	#[test]
	fn an_envelope_goes_to_the_partner_of_whoever_began() {
		for (direction, receiver, sender) in
			[(Direction::Pull, HOLDER, RECIPIENT), (Direction::Push, RECIPIENT, HOLDER)]
		{
			let scene = scene(Part::Envelope);
			scene.ledger.change(|exchange| {
				exchange.direction = direction;
				exchange.state = ExchangeState::Requested;
			});
			let to = scene.ledger.add_peer(receiver);
			let from = scene.ledger.add_peer(sender);
			assert!(matches!(scene.ask(to, |_| ()), Response::Chunks { .. }));
			assert_eq!(scene.refusal(from), TransferRefusal::NotAuthorised);
		}
	}

	#[test]
	fn the_envelope_of_a_subscription_goes_to_its_holder_until_it_is_over() {
		let scene = scene(Part::Envelope);
		scene.ledger.become_subscription();
		let holder = scene.ledger.add_peer(HOLDER);
		let recipient = scene.ledger.add_peer(RECIPIENT);
		for &state in SubscriptionState::ALL {
			scene.ledger.change_subscription(|subscription| subscription.state = state);
			let served = matches!(scene.ask(holder, |_| ()), Response::Chunks { .. });
			assert_eq!(served, !state.is_final(), "{state:?}");
			let otherwise =
				if served { TransferRefusal::NotAuthorised } else { TransferRefusal::NotNow };
			assert_eq!(scene.refusal(recipient), otherwise, "{state:?}");
		}
		scene.ledger.change_subscription(|subscription| {
			subscription.state = SubscriptionState::Active;
		});
		let payload = scene.ask(holder, |request| request.part = Part::Payload);
		assert_eq!(
			refusal(payload),
			TransferRefusal::NotNow,
			"a subscription has an envelope alone"
		);
	}

	#[test]
	fn only_a_break_glass_is_served_before_it_is_final() {
		let scene = scene(Part::Payload);
		let peer = scene.ledger.add_peer(RECIPIENT);
		scene.ledger.forget_finalised();
		assert_eq!(scene.refusal(peer), TransferRefusal::NotNow);
		scene.ledger.change_best(|exchange| exchange.gate = Gate::BreakGlass(Ground::LifeThreat));
		assert!(matches!(scene.ask(peer, |_| ()), Response::Chunks { .. }));
	}

	#[test]
	fn what_is_not_here_or_makes_no_sense_is_named() {
		let scene = scene(Part::Payload);
		let peer = scene.ledger.add_peer(RECIPIENT);
		for (first, count) in [(u64::MAX, 1), (0, 3), (0, 0)] {
			let no_such_chunk =
				scene.ask(peer, |request| request.chunks = Some(Run { first, count }));
			assert_eq!(refusal(no_such_chunk), TransferRefusal::Malformed);
		}
		let rubbish = scene.desk.answer(&peer, &[0xff; 40]);
		assert_eq!(rubbish, Response::Refused(TransferRefusal::Malformed).encode());
		scene.desk.store.remove(scene.key).unwrap();
		assert_eq!(scene.refusal(peer), TransferRefusal::NotHere);
	}

	#[test]
	fn refusals_slow_a_peer_down_and_answers_do_not() {
		let (mut pace, peer, start) = (Pace::default(), PeerId::random(), Instant::now());
		let mut refused = 0;
		while pace.admits(peer, start) {
			pace.charge_for_a_refusal(&peer);
			pace.answered(&peer);
			refused += 1;
		}
		assert!(refused <= 16);
		assert!(!pace.admits(peer, start + Duration::from_millis(1)));
		assert!(pace.admits(peer, start + Duration::from_secs(1)));

		let member = PeerId::random();
		assert!((0..1000).all(|_| {
			let admitted = pace.admits(member, start);
			pace.answered(&member);
			admitted
		}));
	}

	#[test]
	fn a_peer_has_so_many_answers_at_once_and_others_have_theirs() {
		let (mut pace, start) = (Pace::default(), Instant::now());
		let [slow, other] = [PeerId::random(), PeerId::random()];
		assert!((0..CONCURRENT_OF_PEER).all(|_| pace.admits(slow, start)));
		assert!(!pace.admits(slow, start + Duration::from_secs(60)));
		assert!(pace.admits(other, start));
		pace.answered(&slow);
		assert!(pace.admits(slow, start));
	}

	#[tokio::test]
	async fn a_peer_that_takes_no_answers_is_refused_until_it_does() {
		let Scene { ledger, desk, key, _folder, .. } = scene(Part::Payload);
		let peer = ledger.add_peer(RECIPIENT);
		let (asking, requests) = async_channel::unbounded();
		let handler = TransferHandler::new(desk.ledger, desk.store, requests);
		tokio::spawn(handler.run());
		let ask = || {
			let payload = Request {
				exchange: key.exchange,
				part: key.part,
				chunks: Some(Run { first: 0, count: 1 }),
				authorisation: None,
			};
			let (pending_response, response) = oneshot::channel();
			let request = IncomingRequest { peer, payload: payload.encode(), pending_response };
			asking.try_send(request).unwrap();
			response
		};
		let waiting: Vec<_> = (0..CONCURRENT_OF_PEER).map(|_| ask()).collect();
		let mut unsent = Vec::new();
		for response in waiting {
			let response = response.await.unwrap();
			assert!(response.result.is_ok());
			unsent.push(response.sent_feedback.unwrap());
		}
		let refused = ask().await.unwrap();
		assert!(refused.result.is_err(), "more is in memory for a peer that reads nothing");

		// One is sent, another's connection is lost: both make room.
		unsent.pop().unwrap().send(()).unwrap();
		drop(unsent.pop());
		let mut served = 0;
		while served < 2 {
			let response = ask().await.unwrap();
			if response.result.is_ok() {
				served += 1;
				unsent.extend(response.sent_feedback);
			}
			tokio::task::yield_now().await;
		}
		assert!(ask().await.unwrap().result.is_err());
	}

	#[test]
	fn the_memory_for_peers_is_bounded() {
		let (mut pace, start) = (Pace::default(), Instant::now());
		let answering = PeerId::random();
		assert!(pace.admits(answering, start));
		for _ in 1..Pace::PEERS {
			let peer = PeerId::random();
			assert!(pace.admits(peer, start));
			pace.answered(&peer);
		}
		assert!(!pace.admits(PeerId::random(), start));
		assert!(pace.admits(PeerId::random(), start + Duration::from_secs(2)));
		assert_eq!(pace.buckets.len(), 2);
		assert!(pace.buckets.contains_key(&answering));
	}
}
