//! A part travels between two networks in this process, over every backend.

use curex_node::transfer::{
	protocol::protocol_name, request_response_config, Error, Fetcher, Key, Ledger, Peers, Store,
	TransferHandler, View,
};
use curex_primitives::{
	transfer::{Manifest, Part, CHUNK_SIZE},
	Category, Commitment, Direction, Duties, Exchange, ExchangeId, ExchangeState, Gate, LegalBasis,
	Moment, OrganisationId, PeerRole, Purpose, Subscription, SubscriptionId,
};
use jsonrpsee::core::async_trait;
use sc_network::{
	config::{
		FullNetworkConfiguration, MultiaddrWithPeerId, NetworkConfiguration, NonReservedPeerMode,
		NotificationHandshake, Params, ProtocolId, Role, SetConfig, TransportConfig,
	},
	multiaddr::Protocol,
	service::traits::{NetworkService, PeerStore},
	IfDisconnected, Litep2pNetworkBackend, Multiaddr, NetworkBackend, NetworkWorker, PeerId,
};
use sp_core::{traits::SpawnNamed, H256};
use sp_runtime::{generic, traits::BlakeTwo256, OpaqueExtrinsic};
use std::{
	net::TcpListener,
	sync::Arc,
	time::{Duration, Instant},
};

type Block = generic::Block<generic::Header<u32, BlakeTwo256>, OpaqueExtrinsic>;

const GENESIS: H256 = H256([6; 32]);
const HOLDER: OrganisationId = OrganisationId(1);
const RECIPIENT: OrganisationId = OrganisationId(2);
const KEY: Key = Key { exchange: ExchangeId([5; 32]), part: Part::Payload };

/// One dispatched exchange, and the two nodes.
struct FixedLedger {
	exchange: Exchange,
	peers: [(PeerId, OrganisationId); 2],
}

impl Ledger for FixedLedger {
	fn genesis(&self) -> [u8; 32] {
		GENESIS.0
	}

	fn now(&self) -> Moment {
		0
	}

	fn exchange(&self, id: &ExchangeId, _: View) -> Result<Option<Exchange>, Error> {
		Ok((*id == KEY.exchange).then(|| self.exchange.clone()))
	}

	fn subscription(&self, _: &SubscriptionId, _: View) -> Result<Option<Subscription>, Error> {
		Ok(None)
	}

	fn delegate(&self, _: &[u8; 32], _: View) -> Result<Option<(OrganisationId, Duties)>, Error> {
		Ok(None)
	}

	fn peer(&self, peer: &[u8], _: View) -> Result<Option<(OrganisationId, PeerRole)>, Error> {
		let known = self.peers.iter().find(|(known, _)| known.to_bytes() == peer);
		Ok(known.map(|(_, organisation)| (*organisation, PeerRole::Gateway)))
	}

	fn peers(&self) -> Result<Vec<(Vec<u8>, OrganisationId, PeerRole)>, Error> {
		let entry = |(peer, organisation): &(PeerId, OrganisationId)| {
			(peer.to_bytes(), *organisation, PeerRole::Gateway)
		};
		Ok(self.peers.iter().map(entry).collect())
	}
}

struct Network(Arc<dyn NetworkService>);

#[async_trait]
impl Peers for Network {
	fn local(&self) -> PeerId {
		self.0.local_peer_id()
	}

	async fn connected(&self) -> Vec<PeerId> {
		Vec::new()
	}

	async fn ask(&self, peer: PeerId, request: Vec<u8>) -> Result<Vec<u8>, String> {
		let protocol = protocol_name(GENESIS.as_bytes());
		let answer =
			self.0.request(peer, protocol, request, None, IfDisconnected::TryConnect).await;
		answer.map(|(answer, _)| answer).map_err(|reason| reason.to_string())
	}
}

#[derive(Clone)]
struct Spawner;

impl SpawnNamed for Spawner {
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

struct Node {
	network: Arc<dyn NetworkService>,
	requests: async_channel::Receiver<sc_network::config::IncomingRequest>,
	address: Multiaddr,
}

fn start<N: NetworkBackend<Block, H256>>() -> Node {
	let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
	let address: Multiaddr = format!("/ip4/127.0.0.1/tcp/{port}").parse().unwrap();
	let mut configuration = NetworkConfiguration::new_local();
	configuration.listen_addresses = vec![address.clone()];
	configuration.transport =
		TransportConfig::Normal { enable_mdns: false, allow_private_ip: true };
	let mut network_config = FullNetworkConfiguration::<Block, H256, N>::new(&configuration, None);
	let (config, requests) = request_response_config::<Block, N>(GENESIS.as_bytes());
	network_config.add_request_response_protocol(config);
	let metrics = N::register_notification_metrics(None);
	let (block_announce_config, announcements) = N::notification_config(
		"/block-announces".into(),
		Vec::new(),
		1024,
		Some(NotificationHandshake::from_bytes(vec![1])),
		SetConfig {
			in_peers: 0,
			out_peers: 0,
			reserved_nodes: Vec::<MultiaddrWithPeerId>::new(),
			non_reserved_mode: NonReservedPeerMode::Deny,
		},
		metrics.clone(),
		network_config.peer_store_handle(),
	);
	let peer_store = network_config.take_peer_store();
	tokio::spawn(peer_store.run());
	let worker = N::new(Params {
		role: Role::Full,
		executor: Box::new(|future| drop(tokio::spawn(future))),
		network_config,
		protocol_id: ProtocolId::from("curex"),
		genesis_hash: GENESIS,
		fork_id: None,
		metrics_registry: None,
		block_announce_config,
		ipfs_config: None,
		notification_metrics: metrics,
	})
	.unwrap();
	let network = worker.network_service();
	tokio::spawn(async move {
		// Held, for the network ends with it.
		let _announcements = announcements;
		worker.run().await;
	});
	Node { network, requests, address }
}

/// Bytes that differ from chunk to chunk.
fn bytes(length: usize) -> Vec<u8> {
	(0..length).map(|index| (index / 251 + index) as u8).collect()
}

async fn a_part_travels<N: NetworkBackend<Block, H256>>(chunks: usize) {
	let folder = tempfile::tempdir().unwrap();
	let open = |name| Arc::new(Store::open(folder.path().join(name), Default::default()).unwrap());
	let (held, received) = (open("held"), open("received"));
	let bytes = bytes(chunks * CHUNK_SIZE - 1);
	let manifest = Manifest::of([3; 32], &bytes);
	held.begin(KEY, HOLDER, &manifest).unwrap();
	for (index, chunk) in (0..).zip(bytes.chunks(CHUNK_SIZE)) {
		held.put(KEY, index, chunk).unwrap();
	}

	let (holder, recipient) = (start::<N>(), start::<N>());
	let peer = holder.network.local_peer_id();
	let commitment = manifest.commitment(KEY.part, &KEY.exchange);
	let ledger: Arc<dyn Ledger> = Arc::new(FixedLedger {
		exchange: dispatched(commitment),
		peers: [(peer, HOLDER), (recipient.network.local_peer_id(), RECIPIENT)],
	});
	tokio::spawn(TransferHandler::new(ledger.clone(), held, holder.requests).run());
	recipient
		.network
		.add_known_address(peer, holder.address.clone().with(Protocol::P2p(peer.into())));

	let peers = Arc::new(Network(recipient.network.clone()));
	let fetcher = Fetcher::new(ledger, received.clone(), peers, Arc::new(Spawner));
	let start = Instant::now();
	loop {
		let status = fetcher.advance(KEY, commitment, None).await.unwrap();
		if status.stored.is_some_and(|stored| stored.complete) {
			break;
		}
		let failure = status.failure.map(|reason| reason.to_string());
		assert!(start.elapsed() < Duration::from_secs(120), "{failure:?}");
		tokio::time::sleep(Duration::from_millis(20)).await;
	}
	println!("{} chunks in {:?}", chunks, start.elapsed());
	for (index, chunk) in (0..).zip(bytes.chunks(CHUNK_SIZE)) {
		assert_eq!(received.chunk(KEY, index).unwrap().0, chunk);
	}
}

fn dispatched(commitment: Commitment) -> Exchange {
	Exchange {
		direction: Direction::Pull,
		holder: HOLDER,
		recipient: RECIPIENT,
		gate: Gate::Statutory(LegalBasis::CARE),
		purpose: Purpose::Treatment,
		categories: Category::PatientSummary.into(),
		state: ExchangeState::Dispatched,
		envelope: Commitment([1; 32]),
		recipient_key: Commitment([2; 32]),
		payload: Some(commitment),
		receipt: None,
		acknowledgement: None,
		released: None,
		deadline: 100,
		begun_at: 1,
		begun: 1,
		holder_sequence: 1,
		recipient_sequence: 1,
		border: None,
		law_version: 1,
		subscription: None,
		suspended_by: None,
		recorded_late: false,
		ended_at: None,
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_travels_over_litep2p() {
	a_part_travels::<Litep2pNetworkBackend>(256).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_travels_over_libp2p() {
	a_part_travels::<NetworkWorker<Block, H256>>(256).await;
}
