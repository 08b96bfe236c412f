//! A ledger with one exchange, and what else tests need.

use super::{
	access::{Ledger, View},
	Error, Key, Store,
};
use curex_primitives::{
	transfer::{record_of, Access, Authorisation, Manifest, Part, CHUNK_SIZE},
	Category, Commitment, Direction, Duties, Duty, Exchange, ExchangeId, ExchangeState, Gate,
	LegalBasis, Moment, OrganisationId, PeerRole, Purpose, Subscription, SubscriptionId,
	SubscriptionState, SubscriptionTerms,
};
use sc_network::PeerId;
use sp_core::{sr25519, traits::SpawnNamed, Pair};
use std::{
	collections::HashMap,
	sync::{Mutex, MutexGuard},
};

/// Whose records they are.
pub const HOLDER: OrganisationId = OrganisationId(1);
/// Who asked for them.
pub const RECIPIENT: OrganisationId = OrganisationId(2);
/// The exchange.
pub const EXCHANGE: ExchangeId = ExchangeId([5; 32]);
const GENESIS: [u8; 32] = [6; 32];
const NOW: Moment = 1_700_000_000_000;

/// Changes to an authorisation, each of which breaks its signature.
pub const SPOILED: [fn(&mut Authorisation); 3] = [
	|authorisation| authorisation.expires += 1,
	|authorisation| authorisation.account[0] ^= 1,
	|authorisation| authorisation.signature[0] ^= 1,
];

/// A ledger with one exchange.
pub struct FakeLedger {
	state: Mutex<State>,
}

struct State {
	best: Option<Exchange>,
	finalised: Option<Exchange>,
	subscription: Option<Subscription>,
	delegates: HashMap<[u8; 32], (OrganisationId, Duties)>,
	peers: HashMap<Vec<u8>, (OrganisationId, PeerRole)>,
}

impl FakeLedger {
	/// A pull between [`HOLDER`] and [`RECIPIENT`] that was dispatched. Both parts have this manifest.
	pub fn dispatched(manifest: &Manifest) -> Self {
		let exchange = Exchange {
			direction: Direction::Pull,
			holder: HOLDER,
			recipient: RECIPIENT,
			gate: Gate::Statutory(LegalBasis::CARE),
			purpose: Purpose::Treatment,
			categories: Category::PatientSummary.into(),
			state: ExchangeState::Dispatched,
			envelope: manifest.commitment(Part::Envelope, &EXCHANGE),
			recipient_key: Commitment([2; 32]),
			payload: Some(manifest.commitment(Part::Payload, &EXCHANGE)),
			receipt: None,
			acknowledgement: None,
			released: None,
			deadline: 100,
			begun_at: 1,
			begun: NOW,
			holder_sequence: 1,
			recipient_sequence: 1,
			border: None,
			law_version: 1,
			subscription: None,
			suspended_by: None,
			recorded_late: false,
			ended_at: None,
		};
		let state = State {
			finalised: Some(exchange.clone()),
			best: Some(exchange),
			subscription: None,
			delegates: HashMap::new(),
			peers: HashMap::new(),
		};
		Self { state: Mutex::new(state) }
	}

	fn state(&self) -> MutexGuard<'_, State> {
		self.state.lock().unwrap()
	}

	/// Changes the exchange at best and finalised block.
	pub fn change(&self, change: impl FnOnce(&mut Exchange)) {
		self.change_best(change);
		let mut state = self.state();
		state.finalised = state.best.clone();
	}

	/// Changes the exchange at the best block only.
	pub fn change_best(&self, change: impl FnOnce(&mut Exchange)) {
		change(self.state().best.as_mut().unwrap());
	}

	/// Has a subscription of [`RECIPIENT`] to [`HOLDER`] with the same envelope instead of the exchange.
	pub fn become_subscription(&self) {
		let mut state = self.state();
		let exchange = state.best.take().unwrap();
		state.finalised = None;
		state.subscription = Some(Subscription {
			recipient: RECIPIENT,
			terms: SubscriptionTerms {
				holder: HOLDER,
				gate: exchange.gate,
				purpose: exchange.purpose,
				categories: exchange.categories,
				border: None,
				until: NOW + 1,
				min_interval_s: 0,
				envelope: exchange.envelope,
				recipient_key: exchange.recipient_key,
			},
			state: SubscriptionState::Opened,
			deadline: 100,
			deliveries: 0,
			last_delivery: 0,
			ended_at: None,
		});
	}

	/// Changes the subscription.
	pub fn change_subscription(&self, change: impl FnOnce(&mut Subscription)) {
		change(self.state().subscription.as_mut().unwrap());
	}

	/// Makes the exchange unknown to the finalised block.
	pub fn forget_finalised(&self) {
		self.state().finalised = None;
	}

	/// Registers a peer.
	pub fn add_peer(&self, organisation: OrganisationId) -> PeerId {
		let peer = PeerId::random();
		self.state().peers.insert(peer.to_bytes(), (organisation, PeerRole::Gateway));
		peer
	}

	/// Appoints the delegate with the key number `seed`.
	pub fn add_delegate(
		&self,
		seed: u8,
		organisation: OrganisationId,
		duty: Duty,
	) -> sr25519::Pair {
		let pair = pair(seed);
		self.add_account(pair.public().0, organisation, duty);
		pair
	}

	/// Appoints the delegate with this account.
	pub fn add_account(&self, account: [u8; 32], organisation: OrganisationId, duty: Duty) {
		self.state().delegates.insert(account, (organisation, duty.into()));
	}

	/// An authorisation of ten minutes.
	pub fn authorise(&self, pair: &sr25519::Pair, key: Key, access: Access) -> Authorisation {
		sign(pair, self.genesis(), key, access, self.now() + 600_000)
	}
}

impl Ledger for FakeLedger {
	fn genesis(&self) -> [u8; 32] {
		GENESIS
	}

	fn now(&self) -> Moment {
		NOW
	}

	fn exchange(&self, id: &ExchangeId, view: View) -> Result<Option<Exchange>, Error> {
		let state = self.state();
		let exchange = match view {
			View::Best => state.best.clone(),
			View::Finalised => state.finalised.clone(),
		};
		Ok(exchange.filter(|_| *id == EXCHANGE))
	}

	fn subscription(&self, id: &SubscriptionId, _: View) -> Result<Option<Subscription>, Error> {
		let subscription = self.state().subscription.clone();
		Ok(subscription.filter(|_| record_of(*id) == EXCHANGE))
	}

	fn delegate(
		&self,
		account: &[u8; 32],
		_: View,
	) -> Result<Option<(OrganisationId, Duties)>, Error> {
		Ok(self.state().delegates.get(account).copied())
	}

	fn peer(&self, peer: &[u8], _: View) -> Result<Option<(OrganisationId, PeerRole)>, Error> {
		Ok(self.state().peers.get(peer).copied())
	}

	fn peers(&self) -> Result<Vec<(Vec<u8>, OrganisationId, PeerRole)>, Error> {
		let state = self.state();
		Ok(state.peers.iter().map(|(peer, (id, role))| (peer.clone(), *id, *role)).collect())
	}
}

/// The key number `seed`.
pub fn pair(seed: u8) -> sr25519::Pair {
	sr25519::Pair::from_seed(&[seed; 32])
}

/// A signed authorisation.
pub fn sign(
	pair: &sr25519::Pair,
	genesis: [u8; 32],
	key: Key,
	access: Access,
	expires: Moment,
) -> Authorisation {
	let mut authorisation = Authorisation {
		genesis,
		exchange: key.exchange,
		part: key.part,
		access,
		expires,
		account: pair.public().0,
		signature: [0; 64],
	};
	authorisation.signature = pair.sign(&authorisation.message()).0;
	authorisation
}

/// Bytes of which no two chunks are equal.
pub fn bytes(length: usize) -> Vec<u8> {
	(0..length).map(|index| (index / 251 + index) as u8).collect()
}

/// Leaves a whole part.
pub fn deposit(store: &Store, key: Key, manifest: &Manifest, bytes: &[u8]) {
	store.begin(key, HOLDER, manifest).unwrap();
	for (index, chunk) in (0u64..).zip(bytes.chunks(CHUNK_SIZE)) {
		store.put(key, index, chunk).unwrap();
	}
}

/// Spawns on the test's own runtime.
#[derive(Clone)]
pub struct TokioSpawner;

impl SpawnNamed for TokioSpawner {
	fn spawn_blocking(
		&self,
		name: &'static str,
		group: Option<&'static str>,
		future: futures::future::BoxFuture<'static, ()>,
	) {
		self.spawn(name, group, future);
	}

	fn spawn(
		&self,
		_: &'static str,
		_: Option<&'static str>,
		future: futures::future::BoxFuture<'static, ()>,
	) {
		tokio::spawn(future);
	}
}
