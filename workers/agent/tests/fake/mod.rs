//! A node without a network: a mailbox, a ledger that takes rising numbers, finality on request, and faults.
#![allow(dead_code, reason = "every test binary uses its own part")]

use std::{
	collections::BTreeMap,
	io::{self, BufRead, BufReader, Write},
	os::unix::net::{UnixListener, UnixStream},
	path::Path,
	sync::{Arc, Mutex, MutexGuard},
};

use codec::Encode;
use curex_agent::{
	mailbox::{Mailbox, Orders, Receipt, Refusal, Settled},
	outbox::Confirmed,
	report::kind_name,
	store::{Draft, Outcome},
	Engines, Error, Store,
};
use curex_primitives::{
	orders::{Rejection, RejectionReason},
	AlertDigest, Assessment, Attestation, Commitment, Confidence, Due, GroupResult, Level, Moment,
	OrganisationId, Plan, Report, ReportKind, SignedWorkOrder, SizeBucket, Snapshot, StaffGroup,
	Submission, Task, WorkOrder,
};
use schnorrkel::{ExpansionMode, Keypair, MiniSecretKey};
use serde_json::{json, Value};

pub const ORGANISATION: OrganisationId = OrganisationId(1);

pub fn worker() -> Keypair {
	MiniSecretKey::from_bytes(&[42; 32]).unwrap().expand_to_keypair(ExpansionMode::Ed25519)
}

pub fn worker_hex() -> String {
	format!("0x{}", hex::encode(worker().public.to_bytes()))
}

/// When a call to the node fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
	/// The next call does nothing and fails.
	Before,
	/// The next submission is taken, but the answer is lost.
	AfterSubmit,
}

#[derive(Default)]
pub struct State {
	pub orders: BTreeMap<Task, SignedWorkOrder>,
	pub issued: Vec<SignedWorkOrder>,
	mailbox: Vec<Submission>,
	/// Recorded in best blocks, in order.
	pub recorded: Vec<Submission>,
	/// How many of them are final.
	final_count: usize,
	pub finalised: u32,
	/// How often the orders were asked for.
	pub asked: usize,
	pub capacity: usize,
	pub fault: Option<Fault>,
	/// What the node says of a report of a kind instead of taking it.
	pub refuses: Option<(ReportKind, &'static str)>,
	/// Waits in the mailbox and is not put into a block.
	pub rejected: Vec<Rejection>,
}

impl State {
	fn last(&self, kind: ReportKind, among: usize) -> u64 {
		let recorded = self.recorded[..among].iter();
		recorded.filter(|one| one.report.kind() == kind).map(|one| one.number).max().unwrap_or(0)
	}

	fn take(&mut self, submission: &Submission) -> Result<(), &'static str> {
		let kind = submission.report.kind();
		if let Some((_, reason)) = self.refuses.filter(|(refused, _)| *refused == kind) {
			return Err(reason);
		}
		if submission.number <= self.last(kind, self.final_count) {
			return Err("recorded");
		}
		let known = |one: &Submission| one.number == submission.number && one.report.kind() == kind;
		if self.mailbox.iter().any(known) {
			return Ok(());
		}
		if self.mailbox.len() >= self.capacity {
			return Err("full");
		}
		self.mailbox.push(submission.clone());
		Ok(())
	}
}

/// The node; clones are the same node.
#[derive(Clone)]
pub struct Node(Arc<Mutex<State>>);

impl Node {
	pub fn new() -> Self {
		Self(Arc::new(Mutex::new(State { capacity: 64, ..State::default() })))
	}

	pub fn state(&self) -> MutexGuard<'_, State> {
		self.0.lock().unwrap()
	}

	/// Signs an order as the node's off-chain worker does. It replaces the last one of the task.
	pub fn order(&self, task: Task) {
		let mut state = self.state();
		let order = WorkOrder {
			number: state.issued.len() as u64 + 1,
			organisation: ORGANISATION,
			task,
			due: Due::Interval,
			issued_at: state.finalised + 1,
			parent: [7; 32],
		};
		let keypair = worker();
		let signed = SignedWorkOrder {
			signature: keypair.sign_simple(b"substrate", &order.encode()).to_bytes(),
			signer: keypair.public.to_bytes(),
			order,
		};
		state.issued.push(signed.clone());
		state.orders.insert(task, signed);
	}

	/// Puts up to `count` of the waiting reports into a block.
	pub fn produce(&self, count: usize) {
		let mut state = self.state();
		let State { mailbox, rejected, .. } = &*state;
		let stuck = |one: &Submission| {
			let kind = one.report.kind();
			rejected.iter().any(|other| (other.kind, other.number) == (kind, one.number))
		};
		let waiting: Vec<Submission> =
			mailbox.iter().filter(|one| !stuck(one)).take(count).cloned().collect();
		for submission in waiting {
			let all = state.recorded.len();
			if submission.number > state.last(submission.report.kind(), all) {
				state.recorded.push(submission);
			}
		}
	}

	/// Makes everything final that is in a block.
	pub fn finalise(&self) {
		let mut state = self.state();
		state.finalised += 1;
		state.final_count = state.recorded.len();
	}

	/// The ledger will not take a report that waits.
	pub fn reject(&self, kind: ReportKind, number: u64, reason: RejectionReason) {
		self.state().rejected.push(Rejection { kind, number, reason });
	}

	/// The off-chain storage is gone.
	pub fn lose_mailbox(&self) {
		self.state().mailbox.clear();
	}

	pub fn recorded_numbers(&self, kind: ReportKind) -> Vec<u64> {
		let state = self.state();
		let recorded = state.recorded.iter().filter(|one| one.report.kind() == kind);
		recorded.map(|one| one.number).collect()
	}

	/// Serves the protocol on a socket.
	pub fn serve(&self, socket: &Path) {
		let _ = std::fs::remove_file(socket);
		let listener = UnixListener::bind(socket).unwrap();
		let node = self.clone();
		std::thread::spawn(move || {
			for stream in listener.incoming().flatten() {
				let node = node.clone();
				std::thread::spawn(move || node.converse(stream));
			}
		});
	}

	fn converse(mut self, stream: UnixStream) -> io::Result<()> {
		let mut out = stream.try_clone()?;
		for line in BufReader::new(stream).lines() {
			let question: Value = serde_json::from_str(&line?)?;
			let answer = match self.answer(&question) {
				Ok(answer) => answer,
				Err(_) => return Ok(()), // the connection breaks
			};
			writeln!(out, "{answer}")?;
		}
		Ok(())
	}

	fn answer(&mut self, question: &Value) -> Result<Value, Error> {
		Ok(match question["op"].as_str() {
			Some("orders") => {
				let Orders { orders, best, finalised, organisation } = self.orders()?;
				let orders: Vec<Value> = orders.iter().map(wire).collect();
				json!({"orders": orders, "best": best, "finalised": finalised, "organisation": organisation})
			},
			Some("submit") => {
				let submissions: Vec<Submission> =
					serde_json::from_value(question["submissions"].clone())?;
				let receipt = self.submit(&submissions)?;
				let refused: Vec<Value> = receipt
					.refused
					.iter()
					.map(
						|one| json!({"kind": one.kind, "number": one.number, "reason": one.reason}),
					)
					.collect();
				json!({"accepted": receipt.accepted, "waiting": receipt.waiting, "refused": refused})
			},
			Some("confirmed") => {
				let Settled { confirmed: Confirmed(numbers), rejected } = self.confirmed()?;
				let numbers: serde_json::Map<String, Value> = numbers
					.into_iter()
					.map(|(kind, number)| (kind_name(kind).to_owned(), json!(number)))
					.collect();
				json!({ "confirmed": numbers, "rejected": rejected })
			},
			Some("discard") => {
				let named = question["submissions"].as_array().cloned().unwrap_or_default();
				let named: Vec<(ReportKind, u64)> = named
					.into_iter()
					.map(|one| {
						let kind = serde_json::from_value(one["kind"].clone()).unwrap();
						(kind, one["number"].as_u64().unwrap())
					})
					.collect();
				self.discard(&named)?;
				json!({ "waiting": self.state().mailbox.len() })
			},
			_ => json!({"error": {"code": "bad-request", "message": "unknown op"}}),
		})
	}

	fn broken(&self) -> Result<(), Error> {
		let mut state = self.state();
		match state.fault {
			Some(Fault::Before) => {
				state.fault = None;
				Err(lost())
			},
			_ => Ok(()),
		}
	}
}

pub fn wire(signed: &SignedWorkOrder) -> Value {
	json!({
		"order": signed.order,
		"signer": format!("0x{}", hex::encode(signed.signer)),
		"signature": format!("0x{}", hex::encode(signed.signature)),
	})
}

fn lost() -> Error {
	Error::Mailbox { path: "test".into(), source: io::ErrorKind::BrokenPipe.into() }
}

impl Mailbox for Node {
	fn orders(&mut self) -> Result<Orders, Error> {
		self.broken()?;
		let mut state = self.state();
		state.asked += 1;
		Ok(Orders {
			orders: state.orders.values().cloned().collect(),
			best: state.finalised + 1,
			finalised: state.finalised,
			organisation: Some(ORGANISATION),
		})
	}

	fn submit(&mut self, submissions: &[Submission]) -> Result<Receipt, Error> {
		self.broken()?;
		let mut state = self.state();
		let mut receipt = Receipt::default();
		for submission in submissions {
			match state.take(submission) {
				Ok(()) => receipt.accepted += 1,
				Err(reason) => receipt.refused.push(Refusal {
					kind: submission.report.kind(),
					number: submission.number,
					reason: reason.into(),
				}),
			}
		}
		receipt.waiting = state.mailbox.len();
		if state.fault == Some(Fault::AfterSubmit) {
			state.fault = None;
			return Err(lost());
		}
		Ok(receipt)
	}

	fn confirmed(&mut self) -> Result<Settled, Error> {
		self.broken()?;
		let mut state = self.state();
		let count = state.final_count;
		let numbers: Vec<(ReportKind, u64)> =
			ReportKind::ALL.iter().map(|&kind| (kind, state.last(kind, count))).collect();
		let last: BTreeMap<ReportKind, u64> = numbers.iter().copied().collect();
		state.mailbox.retain(|one| one.number > last[&one.report.kind()]);
		Ok(Settled { confirmed: Confirmed(numbers), rejected: state.rejected.clone() })
	}

	fn discard(&mut self, reports: &[(ReportKind, u64)]) -> Result<(), Error> {
		self.broken()?;
		let mut state = self.state();
		state.mailbox.retain(|one| !reports.contains(&(one.report.kind(), one.number)));
		state.rejected.retain(|one| !reports.contains(&(one.kind, one.number)));
		Ok(())
	}
}

/// Engines that need no network. They fail on demand.
#[derive(Clone, Default)]
pub struct FakeEngines {
	pub fail: Arc<Mutex<bool>>,
}

/// How many reports of which kind the fake engines make of a task.
pub fn yields(task: Task) -> &'static [(ReportKind, usize)] {
	match task {
		Task::Discover => &[(ReportKind::Inventory, 1)],
		Task::Watch => &[(ReportKind::Alert, 2)],
		Task::Survey => &[(ReportKind::GroupResult, 3)],
		Task::Assess => &[(ReportKind::Assessment, 1), (ReportKind::Plan, 1)],
	}
}

impl Engines for FakeEngines {
	fn execute(&self, task: Task, _store: &Store, now: Moment) -> Result<Outcome, Error> {
		if std::mem::take(&mut *self.fail.lock().unwrap()) {
			return Err(Error::MissingInput { task: "test", what: "luck".into(), remedy: "retry" });
		}
		let kinds =
			yields(task).iter().flat_map(|(kind, count)| std::iter::repeat_n(*kind, *count));
		Ok(Outcome { drafts: kinds.map(|kind| draft(kind, now)).collect(), ..Outcome::default() })
	}
}

pub fn draft(kind: ReportKind, now: Moment) -> Draft {
	let none = Commitment([0; 32]);
	let root = curex_primitives::merkle::empty_root();
	let report = match kind {
		ReportKind::Inventory => Report::Inventory(Snapshot {
			root,
			previous: root,
			assets: SizeBucket::Units,
			vulnerabilities: SizeBucket::None,
			feed_version: 1,
			evidence: none,
			taken_at: now,
		}),
		ReportKind::Alert => Report::Alert(AlertDigest {
			severity: Level::High,
			confidence: Confidence::Low,
			evidence: none,
			raised_at: now,
		}),
		ReportKind::Assessment => Report::Assessment(Assessment {
			cyber: Level::Low,
			privacy: Level::Low,
			patient_safety: Level::Low,
			confidence: Confidence::Low,
			attestation: Attestation::SelfAssessed,
			inputs: none,
			parameters: 1,
			evidence: none,
			assessed_at: now,
			expires_at: now + 1_000,
		}),
		ReportKind::GroupResult => Report::GroupResult(GroupResult {
			campaign: 1,
			group: StaffGroup::Clinical,
			level: Level::Moderate,
			confidence: Confidence::High,
			answers: SizeBucket::Tens,
			evidence: none,
		}),
		ReportKind::Plan => Report::Plan(Plan {
			inputs: none,
			catalogue_version: 1,
			budget: SizeBucket::More,
			objective_ppm: 2,
			bound_ppm: 1,
			selection: root,
			evidence: none,
		}),
	};
	let has_inputs = matches!(kind, ReportKind::Assessment | ReportKind::Plan);
	Draft {
		report,
		document: json!({"what": "a test", "at": now}),
		inputs: has_inputs.then(|| json!({"given": [0.1, 0.2]})),
		alert: None,
	}
}
