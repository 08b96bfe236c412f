use super::*;
use curex_primitives::{
	orders::RejectionReason, AlertDigest, BlockNumber, Commitment, Confidence, Due, GroupResult,
	Level, Moment, OrganisationId, Report, ReportDefect, SizeBucket, StaffGroup, WorkOrder,
};
use message::Reason;
use sp_core::offchain::{
	storage::{InMemOffchainStorage, OffchainDb},
	DbExternalities, StorageKind,
};
use std::{
	os::unix::fs::PermissionsExt,
	sync::{atomic::AtomicU64, atomic::Ordering, Mutex},
	time::Duration,
};
use tokio::{
	io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
	net::UnixStream,
};

const NOW: Moment = 1_000_000;

#[derive(Default)]
struct FakeRecord {
	alerts: AtomicU64,
}

impl Record for FakeRecord {
	fn heads(&self) -> (BlockNumber, BlockNumber) {
		(9, 7)
	}

	fn now(&self) -> Moment {
		NOW
	}

	fn organisation(&self) -> Result<Option<OrganisationId>, Error> {
		Ok(Some(OrganisationId(3)))
	}

	fn last_numbers(&self) -> Result<LastNumbers, Error> {
		let alerts = self.alerts.load(Ordering::SeqCst);
		let last = |kind| if kind == ReportKind::Alert { alerts } else { 0 };
		Ok(ReportKind::ALL.iter().map(|kind| (*kind, last(*kind))).collect())
	}
}

/// Off-chain storage that several hold, and that can fail like the real one.
#[derive(Clone, Default)]
struct SharedStorage(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
	inner: InMemOffchainStorage,
	/// So many changes come first.
	overtaken: usize,
	/// Writes are lost.
	full: bool,
}

impl OffchainStorage for SharedStorage {
	fn set(&mut self, prefix: &[u8], key: &[u8], value: &[u8]) {
		self.0.lock().unwrap().inner.set(prefix, key, value);
	}

	fn remove(&mut self, prefix: &[u8], key: &[u8]) {
		self.0.lock().unwrap().inner.remove(prefix, key);
	}

	fn get(&self, prefix: &[u8], key: &[u8]) -> Option<Vec<u8>> {
		self.0.lock().unwrap().inner.get(prefix, key)
	}

	fn compare_and_set(
		&mut self,
		prefix: &[u8],
		key: &[u8],
		old: Option<&[u8]>,
		new: &[u8],
	) -> bool {
		let mut state = self.0.lock().unwrap();
		if state.overtaken > 0 {
			state.overtaken -= 1;
			return false;
		}
		if state.full {
			return state.inner.get(prefix, key).as_deref() == old;
		}
		state.inner.compare_and_set(prefix, key, old, new)
	}
}

struct Scene {
	storage: SharedStorage,
	record: Arc<FakeRecord>,
	mailbox: Mailbox<SharedStorage>,
}

fn scene() -> Scene {
	let (storage, record) = (SharedStorage::default(), Arc::new(FakeRecord::default()));
	let mailbox = Mailbox::new(storage.clone(), record.clone());
	Scene { storage, record, mailbox }
}

impl Scene {
	fn submit(&self, submissions: Vec<Submission>) -> (usize, usize, Vec<message::Refused>) {
		match self.mailbox.answer(Question::Submit { submissions }).unwrap() {
			Answer::Submitted { accepted, waiting, refused } => (accepted, waiting, refused),
			other => panic!("{other:?}"),
		}
	}

	fn waiting(&self) -> Vec<(ReportKind, u64)> {
		let waiting: Vec<Submission> = self.mailbox.read(keys::SUBMISSIONS).unwrap_or_default();
		waiting.iter().map(|submission| (submission.report.kind(), submission.number)).collect()
	}
}

fn alert(number: u64) -> Submission {
	let report = Report::Alert(AlertDigest {
		severity: Level::High,
		confidence: Confidence::High,
		evidence: Commitment([number as u8 | 1; 32]),
		raised_at: NOW,
	});
	Submission { number, report }
}

fn group(number: u64) -> Submission {
	let report = Report::GroupResult(GroupResult {
		campaign: 1,
		group: StaffGroup::Clinical,
		level: Level::Low,
		confidence: Confidence::Low,
		answers: SizeBucket::More,
		evidence: Commitment([1; 32]),
	});
	Submission { number, report }
}

fn order() -> SignedWorkOrder {
	SignedWorkOrder {
		order: WorkOrder {
			number: 4,
			organisation: OrganisationId(3),
			task: Task::Watch,
			due: Due::Interval,
			issued_at: 8,
			parent: [1; 32],
		},
		signer: [2; 32],
		signature: [3; 64],
	}
}

#[test]
fn the_newest_orders_are_told_as_they_were_signed() {
	let scene = scene();
	let mut storage = scene.storage.clone();
	storage.set(STORAGE_PREFIX, &keys::order_key(Task::Watch), &order().encode());
	storage.set(STORAGE_PREFIX, &keys::order_key(Task::Survey), b"rubbish");
	let answer = serde_json::to_value(scene.mailbox.answer(Question::Orders).unwrap()).unwrap();
	assert_eq!(answer["best"], 9);
	assert_eq!(answer["finalised"], 7);
	assert_eq!(answer["organisation"], 3);
	assert_eq!(answer["orders"].as_array().unwrap().len(), 1);
	let told = &answer["orders"][0];
	assert_eq!(serde_json::from_value::<WorkOrder>(told["order"].clone()).unwrap(), order().order);
	assert_eq!(told["signer"], format!("0x{}", "02".repeat(32)));
	assert_eq!(told["signature"], format!("0x{}", "03".repeat(64)));
}

#[test]
fn submissions_lie_where_the_off_chain_worker_looks() {
	let scene = scene();
	assert_eq!(scene.submit(vec![alert(1), group(1), alert(2)]), (3, 3, vec![]));
	let mut worker = OffchainDb::new(scene.storage.clone());
	let seen = worker.local_storage_get(StorageKind::PERSISTENT, keys::SUBMISSIONS);
	let seen = Vec::<Submission>::decode_all(&mut &seen.unwrap()[..]).unwrap();
	assert_eq!(seen, [alert(1), group(1), alert(2)]);
}

#[test]
fn a_duplicate_is_accepted_and_not_stored_twice() {
	let scene = scene();
	scene.submit(vec![alert(1)]);
	assert_eq!(scene.submit(vec![alert(1), group(1), alert(1)]), (3, 2, vec![]));
}

#[test]
fn numbers_of_a_kind_rise_whatever_the_order_of_arrival() {
	let scene = scene();
	scene.submit(vec![alert(3), group(2)]);
	scene.submit(vec![alert(1), group(5), alert(2)]);
	let alerts: Vec<u64> =
		scene.waiting().iter().filter(|entry| entry.0 == ReportKind::Alert).map(|e| e.1).collect();
	assert_eq!(alerts, [1, 2, 3]);
}

#[test]
fn a_full_mailbox_says_so_and_keeps_what_it_has() {
	let scene = scene();
	let capacity = keys::CAPACITY as u64;
	let (accepted, waiting, refused) = scene.submit((1..=capacity + 2).map(alert).collect());
	assert_eq!((accepted, waiting), (keys::CAPACITY, keys::CAPACITY));
	let full = |number| message::Refused::full(ReportKind::Alert, number);
	assert_eq!(refused, [full(capacity + 1), full(capacity + 2)]);
	assert_eq!(scene.submit(vec![alert(1)]).0, 1, "what is there counts as accepted");
}

#[test]
fn what_cannot_be_true_or_is_recorded_is_refused_and_the_rest_taken() {
	let scene = scene();
	scene.record.alerts.store(2, Ordering::SeqCst);
	let mut future = alert(4);
	if let Report::Alert(digest) = &mut future.report {
		digest.raised_at = NOW + 60_001;
	}
	let (accepted, waiting, refused) = scene.submit(vec![alert(2), alert(3), future]);
	assert_eq!((accepted, waiting), (1, 1));
	assert_eq!(refused[0].reason, Reason::Recorded);
	assert_eq!(refused[1].reason, Reason::Defective(ReportDefect::FromTheFuture));
	let told = serde_json::to_value(&refused).unwrap();
	assert_eq!(
		told,
		serde_json::json!([
			{ "kind": "alert", "number": 2, "reason": "recorded" },
			{ "kind": "alert", "number": 4, "reason": "from-the-future" },
		])
	);
}

#[test]
fn only_what_is_final_is_cleared() {
	let scene = scene();
	scene.submit(vec![alert(1), group(1), alert(2), alert(3)]);
	scene.record.alerts.store(2, Ordering::SeqCst);
	let answer = serde_json::to_value(scene.mailbox.answer(Question::Confirmed).unwrap()).unwrap();
	assert_eq!(
		answer["confirmed"],
		serde_json::json!({
			"inventory": 0, "alert": 2, "assessment": 0, "group-result": 0, "plan": 0
		})
	);
	assert_eq!(answer["rejected"], serde_json::json!([]));
	assert_eq!(scene.waiting(), [(ReportKind::GroupResult, 1), (ReportKind::Alert, 3)]);
}

#[test]
fn a_rejection_is_told_and_the_agent_can_give_up() {
	let scene = scene();
	scene.submit(vec![alert(1), alert(2)]);
	let rejection = Rejection {
		kind: ReportKind::Alert,
		number: 1,
		reason: RejectionReason::Defective(ReportDefect::Expired),
	};
	scene.storage.clone().set(STORAGE_PREFIX, keys::REJECTED, &vec![rejection].encode());
	let answer = serde_json::to_value(scene.mailbox.answer(Question::Confirmed).unwrap()).unwrap();
	assert_eq!(answer["rejected"][0]["number"], 1);
	let given_up = vec![Outbox { kind: ReportKind::Alert, number: 1 }];
	let answer = scene.mailbox.answer(Question::Discard { submissions: given_up }).unwrap();
	assert!(matches!(answer, Answer::Discarded { waiting: 1 }));
	assert_eq!(scene.waiting(), [(ReportKind::Alert, 2)]);
}

#[test]
fn a_change_that_is_overtaken_is_tried_again() {
	let scene = scene();
	scene.storage.0.lock().unwrap().overtaken = 3;
	assert_eq!(scene.submit(vec![alert(1)]).0, 1);
	assert_eq!(scene.waiting().len(), 1);
	scene.storage.0.lock().unwrap().overtaken = usize::MAX;
	let refused = scene.mailbox.answer(Question::Submit { submissions: vec![alert(2)] });
	assert!(matches!(refused, Err(Error::Storage)));
}

#[test]
fn a_write_that_the_storage_swallows_is_noticed() {
	let scene = scene();
	scene.storage.0.lock().unwrap().full = true;
	let refused = scene.mailbox.answer(Question::Submit { submissions: vec![alert(1)] });
	assert!(matches!(refused, Err(Error::Storage)));
}

#[test]
fn several_at_once_lose_nothing() {
	let scene = scene();
	std::thread::scope(|scope| {
		for thread in 0..4 {
			let mailbox = scene.mailbox.clone();
			scope.spawn(move || {
				for number in 1..=10 {
					let submissions = vec![alert(thread * 10 + number)];
					mailbox.answer(Question::Submit { submissions }).unwrap();
				}
			});
		}
	});
	assert_eq!(scene.waiting(), (1..=40).map(|n| (ReportKind::Alert, n)).collect::<Vec<_>>());
}

#[test]
fn an_unreadable_list_is_begun_anew() {
	let scene = scene();
	scene.storage.clone().set(STORAGE_PREFIX, keys::SUBMISSIONS, b"\xff\xff");
	assert_eq!(scene.submit(vec![alert(1)]), (1, 1, vec![]));
}

struct Socket {
	folder: tempfile::TempDir,
	server: tokio::task::JoinHandle<()>,
}

impl Socket {
	fn open() -> Self {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("mailbox.sock");
		let server = tokio::spawn(Server::bind(&path, scene().mailbox).unwrap().run());
		Self { folder, server }
	}

	async fn connect(&self) -> BufReader<UnixStream> {
		BufReader::new(UnixStream::connect(self.folder.path().join("mailbox.sock")).await.unwrap())
	}
}

async fn ask(stream: &mut BufReader<UnixStream>, line: &[u8]) -> serde_json::Value {
	// The node may close while it is still being written to.
	let _ = stream.write_all(line).await;
	let mut answer = String::new();
	stream.read_line(&mut answer).await.unwrap();
	serde_json::from_str(&answer).unwrap()
}

#[tokio::test]
async fn a_connection_answers_line_by_line_and_survives_rubbish() {
	let socket = Socket::open();
	let mut stream = socket.connect().await;
	let rubbish: &[&[u8]] = &[
		b"\n",
		b"{\n",
		b"\xff\xfe\n",
		b"{\"op\":\"steal\"}\n",
		b"{\"op\":\"submit\"}\n",
		b"{\"op\":\"submit\",\"submissions\":[{\"number\":1,\"report\":{\"alert\":{}}}]}\n",
		b"[[[[[[[[[[\n",
	];
	for line in rubbish {
		let answer = ask(&mut stream, line).await;
		assert_eq!(answer["error"]["code"], "bad-request", "{line:?}");
	}
	let submit = serde_json::json!({ "op": "submit", "submissions": [alert(1)] });
	let answer = ask(&mut stream, format!("{submit}\n").as_bytes()).await;
	assert_eq!(answer, serde_json::json!({ "accepted": 1, "waiting": 1, "refused": [] }));
	let two = b"{\"op\":\"orders\"}\n{\"op\":\"confirmed\"}\n";
	assert_eq!(ask(&mut stream, two).await["organisation"], 3);
	assert_eq!(ask(&mut stream, b"").await["confirmed"]["alert"], 0);
	let discard = b"{\"op\":\"discard\",\"submissions\":[{\"kind\":\"alert\",\"number\":1}]}\n";
	assert_eq!(ask(&mut stream, discard).await["waiting"], 0);
}

#[tokio::test]
async fn a_line_of_the_greatest_length_is_read_and_a_longer_one_ends_the_connection() {
	let socket = Socket::open();
	let mut stream = socket.connect().await;
	let mut line = vec![b' '; server::MAX_LINE];
	line[..15].copy_from_slice(b"{\"op\":\"orders\"}");
	line.push(b'\n');
	assert_eq!(ask(&mut stream, &line).await["best"], 9);

	let answer = ask(&mut stream, &vec![b' '; server::MAX_LINE + 1]).await;
	assert_eq!(answer["error"]["code"], "line-too-long");
	assert_eq!(stream.read(&mut [0; 1]).await.unwrap_or(0), 0);
	assert_eq!(ask(&mut socket.connect().await, b"{\"op\":\"orders\"}\n").await["best"], 9);
}

#[tokio::test]
async fn connections_are_bounded_and_freed() {
	let socket = Socket::open();
	let mut open = Vec::new();
	for _ in 0..server::MAX_CONNECTIONS {
		let mut stream = socket.connect().await;
		ask(&mut stream, b"{\"op\":\"orders\"}\n").await;
		open.push(stream);
	}
	assert_eq!(ask(&mut socket.connect().await, b"").await["error"]["code"], "busy");
	open.pop();
	tokio::time::sleep(Duration::from_millis(100)).await;
	assert_eq!(ask(&mut socket.connect().await, b"{\"op\":\"orders\"}\n").await["best"], 9);
}

#[tokio::test]
async fn the_socket_is_for_its_owner_only_and_replaces_a_leftover() {
	let socket = Socket::open();
	let path = socket.folder.path().join("mailbox.sock");
	let mode = std::fs::metadata(&path).unwrap().permissions().mode();
	assert_eq!(mode & 0o777, 0o600);
	let second = Server::bind(&path, scene().mailbox).unwrap();
	let second = tokio::spawn(second.run());
	assert_eq!(ask(&mut socket.connect().await, b"{\"op\":\"orders\"}\n").await["best"], 9);
	second.abort();
	socket.server.abort();
}

#[tokio::test]
async fn nothing_but_a_socket_is_replaced() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("precious");
	std::fs::write(&path, b"precious").unwrap();
	assert!(matches!(Server::bind(&path, scene().mailbox), Err(Error::Socket { .. })));
	assert_eq!(std::fs::read(&path).unwrap(), b"precious");
}
