use super::*;
use crate::transfer::testing::{self, FakeLedger, TokioSpawner, EXCHANGE, HOLDER, RECIPIENT};
use curex_primitives::transfer::{Part, TransferRefusal, CHUNK_SIZE};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

const KEY: Key = Key { exchange: EXCHANGE, part: Part::Payload };
const CHUNKS: u64 = 25;

type Answer = Box<dyn Fn(Request, &Store) -> Result<Response, String> + Send + Sync>;

/// Nodes that answer from one and the same store, each in its own manner.
struct FakePeers {
	local: PeerId,
	nodes: Vec<(PeerId, Answer)>,
	held: Store,
	asked: Mutex<Vec<(PeerId, Option<Run>)>>,
	running: AtomicUsize,
	most_running: AtomicUsize,
}

#[async_trait]
impl Peers for FakePeers {
	fn local(&self) -> PeerId {
		self.local
	}

	async fn connected(&self) -> Vec<PeerId> {
		self.nodes.iter().map(|(peer, _)| *peer).collect()
	}

	async fn ask(&self, peer: PeerId, request: Vec<u8>) -> Result<Vec<u8>, String> {
		let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
		self.most_running.fetch_max(running, Ordering::SeqCst);
		tokio::task::yield_now().await;
		self.running.fetch_sub(1, Ordering::SeqCst);
		let request = Request::decode_all(&mut &request[..]).unwrap();
		self.asked.lock().unwrap().push((peer, request.chunks));
		let answer = self.nodes.iter().find(|(node, _)| *node == peer);
		let (_, answer) = answer.ok_or("no such node")?;
		answer(request, &self.held).map(|response| response.encode())
	}
}

fn honest(request: Request, held: &Store) -> Result<Response, String> {
	let Some(run) = request.chunks else {
		return Ok(Response::Manifest(held.manifest(KEY).unwrap()));
	};
	let mut proofs = Vec::new();
	let bytes = held
		.chunks(KEY, run, |of_all, _| {
			proofs = of_all;
			Vec::new()
		})
		.unwrap();
	Ok(Response::Chunks { proofs, bytes })
}

/// Answers with other bytes after the first chunks.
fn altering(request: Request, held: &Store) -> Result<Response, String> {
	let altered = request.chunks.is_some_and(|run| run.first > 2);
	let mut response = honest(request, held)?;
	if let (true, Response::Chunks { bytes, .. }) = (altered, &mut response) {
		bytes[0] ^= 1;
	}
	Ok(response)
}

/// Answers with chunks that are right, elsewhere.
fn shifting(mut request: Request, held: &Store) -> Result<Response, String> {
	if let Some(run) = &mut request.chunks {
		*run = Run { first: (run.first + 1) % CHUNKS, count: 1 };
	}
	honest(request, held)
}

/// Answers with fewer chunks than were asked for.
fn withholding(mut request: Request, held: &Store) -> Result<Response, String> {
	if let Some(run) = &mut request.chunks {
		run.count = run.count.saturating_sub(1).max(1);
	}
	honest(request, held)
}

/// Answers with a chunk and more.
fn overflowing(request: Request, held: &Store) -> Result<Response, String> {
	let mut response = honest(request, held)?;
	if let Response::Chunks { bytes, .. } = &mut response {
		bytes.push(0);
	}
	Ok(response)
}

/// Has something else under the same name.
fn forging(request: Request, _: &Store) -> Result<Response, String> {
	let bytes = testing::bytes(10);
	Ok(match request.chunks {
		None => Response::Manifest(Manifest::of([9; 32], &bytes)),
		Some(_) => {
			let proofs = vec![curex_primitives::merkle::prove([&bytes], 0).unwrap()];
			Response::Chunks { proofs, bytes }
		},
	})
}

fn refusing(_: Request, _: &Store) -> Result<Response, String> {
	Ok(Response::Refused(TransferRefusal::NotHere))
}

fn indices(run: Run) -> Range<u64> {
	run.first..run.first + run.count
}

struct Scene {
	ledger: Arc<FakeLedger>,
	source: Source,
	peers: Arc<FakePeers>,
	bytes: Vec<u8>,
	_folder: tempfile::TempDir,
}

/// The recipient's node, among nodes of the holder that answer in these manners, asked in this order.
fn scene(manners: Vec<Answer>) -> Scene {
	let folder = tempfile::tempdir().unwrap();
	let open = |name| Store::open(folder.path().join(name), Default::default()).unwrap();
	let (held, store) = (open("held"), Arc::new(open("fetched")));
	let bytes = testing::bytes((CHUNKS as usize - 1) * CHUNK_SIZE + 3);
	let manifest = Manifest::of([3; 32], &bytes);
	testing::deposit(&held, KEY, &manifest, &bytes);
	let ledger = Arc::new(FakeLedger::dispatched(&manifest));
	let local = ledger.add_peer(RECIPIENT);
	let mut peers: Vec<PeerId> = manners.iter().map(|_| ledger.add_peer(HOLDER)).collect();
	peers.sort();
	let peers = Arc::new(FakePeers {
		local,
		nodes: peers.into_iter().zip(manners).collect(),
		held,
		asked: Mutex::default(),
		running: AtomicUsize::new(0),
		most_running: AtomicUsize::new(0),
	});
	let source = Source::new(ledger.clone(), store, peers.clone());
	Scene { ledger, source, peers, bytes, _folder: folder }
}

impl Scene {
	async fn fetch(&self) -> Result<(), Error> {
		self.source.fetch(KEY, None).await
	}

	fn assert_fetched(&self) {
		for (index, chunk) in (0u64..).zip(self.bytes.chunks(CHUNK_SIZE)) {
			assert_eq!(self.source.store.chunk(KEY, index).unwrap().0, chunk);
		}
	}

	fn asked(&self, node: usize) -> Vec<u64> {
		let (peer, _) = &self.peers.nodes[node];
		let asked = self.peers.asked.lock().unwrap();
		let mut chunks: Vec<u64> = asked
			.iter()
			.filter(|(to, _)| to == peer)
			.filter_map(|(_, run)| *run)
			.flat_map(indices)
			.collect();
		chunks.sort();
		chunks
	}
}

#[tokio::test]
async fn a_part_arrives_whole_with_several_chunks_in_flight() {
	let scene = scene(vec![Box::new(honest)]);
	scene.fetch().await.unwrap();
	scene.assert_fetched();
	assert_eq!(scene.asked(0), (0..CHUNKS).collect::<Vec<_>>());
	let most = scene.peers.most_running.load(Ordering::SeqCst);
	assert!((2..=IN_FLIGHT).contains(&most), "{most} in flight");
}

#[tokio::test]
async fn a_lying_node_is_left_for_the_next_and_its_true_chunks_are_kept() {
	let scene = scene(vec![Box::new(altering), Box::new(honest)]);
	scene.fetch().await.unwrap();
	scene.assert_fetched();
	assert!(!scene.asked(1).contains(&0), "chunk 0 was fetched twice");
	assert!(scene.asked(1).contains(&MAX_CHUNKS));
}

#[tokio::test]
async fn nodes_that_shift_withhold_overflow_forge_or_refuse_are_passed_over() {
	let scene = scene(vec![
		Box::new(shifting),
		Box::new(withholding),
		Box::new(overflowing),
		Box::new(forging),
		Box::new(refusing),
		Box::new(honest),
	]);
	scene.fetch().await.unwrap();
	scene.assert_fetched();
	// Nothing is asked of a node beyond what was under way when it lied.
	let first = Window::FIRST as usize;
	for (node, most) in [(0, first), (1, first), (2, first), (3, 0), (4, 0)] {
		assert!(scene.asked(node).len() <= most, "node {node}: {:?}", scene.asked(node));
	}
}

#[tokio::test]
async fn what_came_of_a_window_before_its_node_was_lost_is_not_asked_for_again() {
	let (answered, lost) = (AtomicUsize::new(0), Arc::new(AtomicBool::new(true)));
	let is_lost = lost.clone();
	let scene = scene(vec![Box::new(move |request, held| {
		let is_late = request.chunks.is_some() && answered.fetch_add(1, Ordering::SeqCst) >= 2;
		if is_late && is_lost.load(Ordering::SeqCst) {
			return Err("connection closed".into());
		}
		honest(request, held)
	})]);
	assert!(matches!(scene.fetch().await, Err(Error::Unserved { .. })));
	let status = scene.source.store.status(KEY).unwrap();
	assert_eq!(status.received, 2 * MAX_CHUNKS);

	lost.store(false, Ordering::SeqCst);
	scene.peers.asked.lock().unwrap().clear();
	scene.fetch().await.unwrap();
	scene.assert_fetched();
	assert_eq!(scene.asked(0), status.missing.into_iter().flatten().collect::<Vec<_>>());
}

#[test]
fn more_is_asked_for_while_answers_come_soon_and_less_when_they_are_late() {
	let mut window = Window(Window::FIRST);
	for _ in 0..2 * IN_FLIGHT {
		window.answered(Duration::from_millis(10));
	}
	assert_eq!(window.0, Window::MOST);
	assert_eq!(window.room(Window::MOST - MAX_CHUNKS), MAX_CHUNKS);
	assert_eq!(window.room(Window::MOST - 1), 0, "no request for less than a whole megabyte");
	window.answered(Window::SOON);
	assert_eq!(window.0, Window::MOST / 2);
	for _ in 0..Window::MOST {
		window.answered(protocol::TIMEOUT);
	}
	assert_eq!((window.room(0), window.room(1)), (1, 0), "something is always asked for");
}

#[test]
fn missing_chunks_are_asked_for_in_runs_that_end_with_a_gap() {
	let mut missing = vec![9..11, 2..7];
	let mut runs = Vec::new();
	while let Some(run) = next_run(&mut missing, MAX_CHUNKS) {
		runs.push(indices(run));
	}
	assert_eq!(runs, [2..6, 6..7, 9..11]);
	assert!(next_run(&mut vec![0..1, 2..3], 0).is_none());
}

#[tokio::test]
async fn what_the_network_fails_is_asked_again() {
	let failures = AtomicUsize::new(0);
	let scene = scene(vec![Box::new(move |request, held| {
		if failures.fetch_add(1, Ordering::SeqCst).is_multiple_of(3) {
			return Err("connection closed".into());
		}
		honest(request, held)
	})]);
	scene.fetch().await.unwrap();
	scene.assert_fetched();
}

#[tokio::test]
async fn a_part_that_nobody_serves_is_an_error_that_says_why() {
	let lonely = scene(Vec::new()).fetch().await;
	assert!(matches!(lonely, Err(Error::Unserved { asked: 0, .. })));
	let scene = scene(vec![Box::new(refusing), Box::new(|_, _| Err("timeout".into()))]);
	match scene.fetch().await {
		Err(Error::Unserved { asked: 2, last }) => assert!(last.contains("timeout"), "{last}"),
		other => panic!("{other:?}"),
	}
}

#[tokio::test]
async fn a_fetch_goes_on_where_it_was_interrupted() {
	let scene = scene(vec![Box::new(honest)]);
	let (manifest, store) = (scene.peers.held.manifest(KEY).unwrap(), &scene.source.store);
	store.begin(KEY, RECIPIENT, &manifest).unwrap();
	store.put(KEY, 4, &scene.bytes[4 * CHUNK_SIZE..5 * CHUNK_SIZE]).unwrap();
	scene.fetch().await.unwrap();
	scene.assert_fetched();
	assert!(!scene.asked(0).contains(&4));
}

#[tokio::test]
async fn nothing_is_asked_for_what_must_not_travel() {
	let scene = scene(vec![Box::new(honest)]);
	scene.ledger.change(|exchange| exchange.payload = None);
	assert!(matches!(scene.fetch().await, Err(Error::NotNow)));
	scene.ledger.forget_finalised();
	assert!(matches!(scene.fetch().await, Err(Error::NotNow)));
	assert!(scene.peers.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn the_background_fetch_reports_progress_and_failure() {
	let scene = scene(vec![Box::new(honest)]);
	let commitment = scene.peers.held.manifest(KEY).unwrap().commitment(KEY.part, &KEY.exchange);
	let spawner = Arc::new(TokioSpawner);
	let Source { ledger, store, peers, .. } = scene.source.clone();
	let fetcher = Fetcher::new(ledger, store, peers, spawner);

	let first = fetcher.advance(KEY, commitment, None).await.unwrap();
	assert!(first.running && first.stored.is_none());
	let status = loop {
		let status = fetcher.advance(KEY, commitment, None).await.unwrap();
		if !status.running {
			break status;
		}
		tokio::time::sleep(Duration::from_millis(5)).await;
	};
	assert!(status.failure.is_none());
	assert!(status.stored.unwrap().complete);
	while !fetcher.attempts().is_empty() {
		tokio::time::sleep(Duration::from_millis(5)).await;
	}

	scene.source.store.remove(KEY).unwrap();
	scene.ledger.forget_finalised();
	fetcher.advance(KEY, commitment, None).await.unwrap();
	let failure = loop {
		let status = fetcher.advance(KEY, commitment, None).await.unwrap();
		if let Some(failure) = status.failure {
			break failure;
		}
		tokio::time::sleep(Duration::from_millis(5)).await;
	};
	assert!(matches!(*failure, Error::NotNow));
}

#[tokio::test]
async fn only_so_many_parts_are_fetched_at_once() {
	let scene = scene(vec![Box::new(honest)]);
	let Source { ledger, store, peers, .. } = scene.source.clone();
	let fetcher = Fetcher::new(ledger, store, peers, Arc::new(ForgetfulSpawner));
	let key = |number| Key { exchange: curex_primitives::ExchangeId([100 + number; 32]), ..KEY };
	let (_end, ended) = watch::channel(());
	let running = |number| (key(number), Attempt::Running(ended.clone()));
	fetcher.attempts().extend((0..MAX_RUNNING as u8).map(running));
	let busy = fetcher.advance(KEY, Commitment([1; 32]), None).await;
	assert!(matches!(busy, Err(Error::Busy)));
	fetcher.attempts().remove(&key(0));
	fetcher.advance(KEY, Commitment([1; 32]), None).await.unwrap();
	let running = fetcher.attempts().contains_key(&KEY);
	assert!(!running, "a task that was dropped counts as running");
}

#[test]
fn the_senders_nodes_are_asked_first_then_connected_gateways_then_others() {
	let [connected, distant, gateway, validator, stranger, local] =
		std::array::from_fn(|_| PeerId::random());
	let entry = |peer: PeerId, organisation, role| (peer.to_bytes(), organisation, role);
	let registered = [
		entry(distant, HOLDER, PeerRole::Validator),
		entry(connected, HOLDER, PeerRole::Archive),
		entry(gateway, OrganisationId(7), PeerRole::Gateway),
		entry(validator, OrganisationId(7), PeerRole::Validator),
		entry(PeerId::random(), OrganisationId(8), PeerRole::Gateway),
		entry(local, RECIPIENT, PeerRole::Gateway),
		(vec![1, 2, 3], HOLDER, PeerRole::Gateway),
	];
	let connections = [stranger, validator, local, connected, gateway];
	let ordered = candidates(HOLDER, &registered, &connections, local);
	assert_eq!(ordered[..3], [connected, distant, gateway]);
	assert_eq!(ordered.len(), 5);
}

/// Drops every task.
#[derive(Clone)]
struct ForgetfulSpawner;

type Task = futures::future::BoxFuture<'static, ()>;

impl SpawnNamed for ForgetfulSpawner {
	fn spawn_blocking(&self, _: &'static str, _: Option<&'static str>, _: Task) {}

	fn spawn(&self, _: &'static str, _: Option<&'static str>, _: Task) {}
}
