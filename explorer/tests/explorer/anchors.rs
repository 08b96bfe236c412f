//! Anchors of the log of queries: each entry in one, whatever fails.

use crate::support::Explorer;
use curex_client::Rejection;
use curex_explorer::{
	access::{
		anchor::{step, Anchoring, Ledger},
		log::Anchor,
		QueryLog,
	},
	Error,
};
use curex_primitives::oversight::LogAnchor;
use std::{
	path::{Path, PathBuf},
	sync::Mutex,
};

const DAY: u64 = 86_400_000;
const BEGINNING: u64 = 1_764_547_200_000;

/// What goes wrong with a submission.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fault {
	Nothing,
	/// It does not arrive.
	Lost,
	/// It is recorded, and the answer is lost.
	Unanswered,
	/// Another program of the organisation was first.
	Overtaken,
	/// The ledger rejects it.
	Rejected,
}

/// A ledger with the anchors of one organisation.
struct Fake {
	now: Mutex<u64>,
	anchors: Mutex<Vec<LogAnchor>>,
	fault: Mutex<Fault>,
}

impl Fake {
	fn new() -> Self {
		let (now, anchors) = (Mutex::new(BEGINNING), Mutex::default());
		Self { now, anchors, fault: Mutex::new(Fault::Nothing) }
	}

	fn passes(&self, time: u64) {
		*self.now.lock().unwrap() += time;
	}

	fn anchors(&self) -> Vec<LogAnchor> {
		self.anchors.lock().unwrap().clone()
	}
}

fn failed() -> Error {
	Error::Stalled("the node went away".into())
}

impl Ledger for Fake {
	async fn now(&self) -> Result<u64, Error> {
		Ok(*self.now.lock().unwrap())
	}

	async fn last(&self) -> Result<Option<(u64, LogAnchor)>, Error> {
		let anchors = self.anchors();
		Ok(anchors.last().map(|last| (anchors.len() as u64, last.clone())))
	}

	async fn anchor(&self, sequence: u64) -> Result<Option<LogAnchor>, Error> {
		Ok(self.anchors().get(sequence as usize - 1).cloned())
	}

	async fn submit(&self, sequence: u64, anchor: &LogAnchor) -> Result<u64, Error> {
		let fault = std::mem::replace(&mut *self.fault.lock().unwrap(), Fault::Nothing);
		if fault == Fault::Lost {
			return Err(failed());
		}
		if fault == Fault::Rejected {
			let rejection = Rejection {
				pallet: "Oversight".into(),
				name: "NotAuthorized".into(),
				docs: String::new(),
			};
			return Err(curex_client::Error::Rejected(rejection).into());
		}
		let mut anchors = self.anchors.lock().unwrap();
		if fault == Fault::Overtaken {
			let mut other = anchor.clone();
			other.root.0 = [7; 32];
			anchors.push(other);
		}
		// As the ledger judges it; what exists already is success, for the number is our own.
		if sequence == anchors.len() as u64 + 1 {
			let before = anchors.last().map(|last| last.to);
			anchor.check(before, *self.now.lock().unwrap(), DAY).unwrap();
			anchors.push(anchor.clone());
		}
		if fault == Fault::Unanswered {
			return Err(failed());
		}
		Ok(sequence * 10)
	}
}

struct Scene {
	ledger: Fake,
	folder: tempfile::TempDir,
	asked: u64,
}

impl Scene {
	fn new() -> Self {
		Self { ledger: Fake::new(), folder: tempfile::tempdir().unwrap(), asked: 0 }
	}

	fn path(&self) -> PathBuf {
		self.folder.path().join("queries.sqlite")
	}

	/// As the program does that was started again.
	fn log(&self) -> QueryLog {
		QueryLog::open(&self.path()).unwrap()
	}

	fn ask(&mut self, times: u64) {
		let log = self.log();
		for _ in 0..times {
			let moment = BEGINNING + self.asked;
			log.write(moment, &[1; 32], 11, &format!("/exchanges?after={}", self.asked)).unwrap();
			self.asked += 1;
		}
	}

	async fn step(&self) -> Result<Option<Anchor>, Error> {
		step(&self.ledger, &self.log(), DAY).await
	}
}

#[tokio::test]
async fn the_log_is_anchored_once_a_period_and_every_entry_once() {
	let mut scene = Scene::new();
	scene.ledger.passes(3 * DAY);
	assert_eq!(scene.step().await.unwrap(), None, "nothing was asked yet");
	scene.ask(12);
	let first = scene.step().await.unwrap().unwrap();
	assert_eq!((first.sequence, first.first, first.end), (1, 0, 12));
	assert_eq!((first.settled, first.block), (true, Some(10)));
	scene.ask(1);
	assert_eq!(scene.step().await.unwrap(), None, "a period has not passed");
	scene.ledger.passes(DAY);
	let second = scene.step().await.unwrap().unwrap();
	assert_eq!((second.sequence, second.first, second.end), (2, 12, 13));
	// A day on which nobody asked is anchored as such.
	scene.ledger.passes(DAY);
	let third = scene.step().await.unwrap().unwrap();
	assert_eq!((third.first, third.end), (13, 13));
	let anchors = scene.ledger.anchors();
	assert!(anchors.windows(2).all(|two| two[0].to == two[1].from));
	let told = scene.log().anchors(9).unwrap();
	for (anchor, recorded) in told.iter().rev().zip(&anchors) {
		assert_eq!(&anchor.on_ledger().unwrap(), recorded);
	}
	QueryLog::check(&scene.path()).unwrap();
}

#[tokio::test]
async fn whatever_fails_an_anchor_is_recorded_once() {
	for fault in [Fault::Lost, Fault::Unanswered] {
		let mut scene = Scene::new();
		scene.ask(5);
		scene.ledger.passes(DAY);
		*scene.ledger.fault.lock().unwrap() = fault;
		assert!(scene.step().await.is_err());
		// What is asked meanwhile belongs to the next one.
		scene.ask(4);
		scene.ledger.passes(DAY / 2);
		let settled = scene.step().await.unwrap().unwrap();
		assert_eq!((settled.sequence, settled.first, settled.end), (1, 0, 5), "{fault:?}");
		assert_eq!(scene.ledger.anchors().len(), 1, "{fault:?}");
		scene.ledger.passes(DAY);
		let next = scene.step().await.unwrap().unwrap();
		assert_eq!((next.sequence, next.first, next.end), (2, 5, 9), "{fault:?}");
	}
}

#[tokio::test]
async fn what_another_program_anchored_is_not_ours() {
	let mut scene = Scene::new();
	scene.ask(5);
	scene.ledger.passes(DAY);
	*scene.ledger.fault.lock().unwrap() = Fault::Overtaken;
	assert_eq!(scene.step().await.unwrap(), None);
	assert_eq!(scene.step().await.unwrap(), None, "that one's period has not passed");
	scene.ledger.passes(DAY);
	let settled = scene.step().await.unwrap().unwrap();
	assert_eq!((settled.sequence, settled.first, settled.end), (2, 0, 5));
	assert_eq!(scene.ledger.anchors()[0].to, scene.ledger.anchors()[1].from);
}

#[tokio::test]
async fn what_the_ledger_rejected_is_made_anew() {
	let mut scene = Scene::new();
	scene.ask(5);
	scene.ledger.passes(DAY);
	*scene.ledger.fault.lock().unwrap() = Fault::Rejected;
	assert!(scene.step().await.is_err());
	scene.ask(1);
	scene.ledger.passes(1);
	let settled = scene.step().await.unwrap().unwrap();
	assert_eq!((settled.sequence, settled.first, settled.end), (1, 0, 6));
	assert_eq!(settled.until, BEGINNING + DAY + 1);
}

#[tokio::test]
async fn an_anchor_that_was_changed_in_the_file_is_found() {
	for change in [
		"UPDATE anchor SET past = 4",
		"UPDATE anchor SET first = 1",
		"UPDATE anchor SET root = zeroblob(32)",
	] {
		let mut scene = Scene::new();
		scene.ask(5);
		scene.ledger.passes(DAY);
		scene.step().await.unwrap().unwrap();
		rusqlite::Connection::open(scene.path()).unwrap().execute(change, []).unwrap();
		assert!(matches!(QueryLog::check(&scene.path()), Err(Error::Tampered(_))), "{change}");
	}
}

#[test]
fn a_log_of_the_time_before_anchors_is_read() {
	let scene = Scene::new();
	scene.log().write(BEGINNING, &[1; 32], 11, "/").unwrap();
	let connection = rusqlite::Connection::open(scene.path()).unwrap();
	connection.execute_batch("DROP TABLE anchor").unwrap();
	assert_eq!(QueryLog::check(&scene.path()).unwrap().entries, 1);
	fn head(path: &Path) -> Vec<Anchor> {
		QueryLog::open(path).unwrap().anchors(1).unwrap()
	}
	assert_eq!(head(&scene.path()), []);
}

#[tokio::test]
async fn the_page_says_how_the_log_is_anchored() {
	let without = Explorer::start_closed().await;
	let session = without.sign_in("Alice").await.unwrap();
	let page = without.get_as(&session.token, "/query-log").await;
	assert!(page.body.contains("started without a key for it"), "{}", page.body);
	let anchoring =
		Anchoring { period: DAY, organisation: Some(11), failure: Some("no node".into()) };
	let with = Explorer::start_anchored(anchoring).await;
	let session = with.sign_in("Alice").await.unwrap();
	let ledger = Fake::new();
	*ledger.now.lock().unwrap() = curex_client::time::now() + 2 * DAY;
	step(&ledger, &QueryLog::open(&with.log()).unwrap(), DAY).await.unwrap().unwrap();
	let page = with.get_as(&session.token, "/query-log").await;
	assert!(page.body.contains("href=\"/anchors/11-1\""), "{}", page.body);
	assert!(page.body.contains("The last attempt failed: <span lang=\"en\">no node</span>"));
	let head = with.get_as(&session.token, "/api/v1/query-log/head").await;
	let head: serde_json::Value = serde_json::from_str(&head.body).unwrap();
	assert_eq!(head["last_anchor"]["sequence"], 1);
	assert_eq!(head["anchoring"]["organisation"], 11);
}
