//! Nothing lost, nothing twice: the agent's turns against a fake node, with crashes and faults.

mod fake;

use std::path::Path;

use curex_agent::{mailbox::Mailbox, Access, Agent, Config, Error, Store};
use curex_primitives::{
	orders::RejectionReason, Level, ReportDefect, ReportKind, SignedWorkOrder, Task,
};
use fake::{yields, FakeEngines, Fault, Node, ORGANISATION};
use proptest::prelude::*;

type TestAgent = Agent<Node, FakeEngines>;

/// Milliseconds between turns: longer than the longest pause between attempts at an order.
const STEP: u64 = 700_000;

fn config(folder: &Path) -> Config {
	let text = format!(
		"organisation = 1\ndata = \"data\"\naccept_orders_from = [\"{}\"]\n",
		fake::worker_hex()
	);
	Config::parse(&text, &folder.join("agent.toml")).unwrap()
}

fn store(folder: &Path, access: Access) -> Result<Store, Error> {
	let config = config(folder);
	Store::open(&config.data, &config.key_file(), ORGANISATION, access)
}

fn agent(folder: &Path, node: &Node, engines: &FakeEngines) -> TestAgent {
	let store = store(folder, Access::Work).unwrap();
	Agent::new(&config(folder), store, node.clone(), engines.clone())
}

struct Bench {
	folder: tempfile::TempDir,
	node: Node,
	engines: FakeEngines,
	agent: Option<TestAgent>,
	now: u64,
}

impl Bench {
	fn new() -> Self {
		let folder = tempfile::tempdir().unwrap();
		let (node, engines) = (Node::new(), FakeEngines::default());
		let agent = Some(agent(folder.path(), &node, &engines));
		Self { folder, node, engines, agent, now: STEP }
	}

	fn turn(&mut self) -> Result<curex_agent::Turn, Error> {
		self.now += STEP;
		self.agent.as_mut().unwrap().turn(self.now)
	}

	/// The process dies and starts again.
	fn crash(&mut self) {
		self.agent = None;
		self.agent = Some(agent(self.folder.path(), &self.node, &self.engines));
	}

	fn store(&self) -> &Store {
		self.agent.as_ref().unwrap().store()
	}

	/// Lets everything come to rest.
	fn settle(&mut self) {
		self.node.state().fault = None;
		*self.engines.fail.lock().unwrap() = false;
		for _ in 0..200 {
			self.turn().unwrap();
			self.node.produce(usize::MAX);
			self.node.finalise();
			if self.store().pending(1).unwrap().is_empty() {
				return;
			}
		}
		panic!("reports never became final");
	}

	fn done(&self, order: &SignedWorkOrder) -> bool {
		let gate = curex_agent::orders::OrderGate::new(
			ORGANISATION,
			config(self.folder.path()).accept_orders_from,
		);
		self.store().is_done(&gate.admit(order).unwrap().id).unwrap()
	}
}

#[test]
fn an_order_is_carried_out_once_and_its_report_becomes_final() {
	let mut bench = Bench::new();
	bench.node.order(Task::Discover);
	let turn = bench.turn().unwrap();
	assert_eq!((turn.executed, turn.delivered), (1, 1));
	let again = bench.turn().unwrap();
	assert_eq!((again.executed, again.delivered), (0, 0), "done, and no news from the chain");
	bench.node.produce(1);
	bench.node.finalise();
	assert_eq!(bench.turn().unwrap().confirmed, 1);
	assert_eq!(bench.node.recorded_numbers(ReportKind::Inventory), [1]);
	assert!(bench.store().pending(1).unwrap().is_empty());
}

#[test]
fn a_crash_after_recording_does_not_carry_the_order_out_again() {
	let mut bench = Bench::new();
	bench.node.order(Task::Watch);
	// The answer to the submission is lost, then the process dies.
	bench.turn().unwrap();
	bench.node.order(Task::Watch);
	bench.node.state().fault = Some(Fault::AfterSubmit);
	bench.turn().unwrap_err();
	bench.crash();
	bench.settle();
	assert_eq!(bench.node.recorded_numbers(ReportKind::Alert), [1, 2, 3, 4]);
}

#[test]
fn a_failing_order_is_noted_and_tried_again_later() {
	let mut bench = Bench::new();
	bench.node.order(Task::Survey);
	*bench.engines.fail.lock().unwrap() = true;
	assert_eq!(bench.turn().unwrap().failed, 1);
	bench.now += 1;
	let soon = bench.agent.as_mut().unwrap().turn(bench.now).unwrap();
	assert_eq!((soon.executed, soon.failed), (0, 0), "not at once");
	let status = bench.store().last_orders().unwrap();
	assert_eq!(status["survey"]["done"], false);
	assert!(status["survey"]["detail"].as_str().unwrap().contains("luck"));
	assert_eq!(bench.turn().unwrap().executed, 1);
}

#[test]
fn a_foreign_order_is_never_carried_out() {
	let mut bench = Bench::new();
	bench.node.order(Task::Discover);
	bench.node.state().orders.get_mut(&Task::Discover).unwrap().order.number += 1;
	assert_eq!(bench.turn().unwrap().executed, 0);
	assert!(bench.store().pending(1).unwrap().is_empty());
}

#[test]
fn numbers_continue_after_those_of_the_ledger_when_the_database_is_lost() {
	let mut bench = Bench::new();
	bench.node.order(Task::Watch);
	bench.settle();
	bench.agent = None;
	std::fs::remove_dir_all(bench.folder.path().join("data")).unwrap();
	bench.crash();
	bench.node.order(Task::Watch);
	bench.settle();
	// The second order has replaced the first.
	assert_eq!(bench.node.recorded_numbers(ReportKind::Alert), [1, 2, 3, 4]);
}

#[test]
fn numbers_continue_after_those_of_the_ledger_when_an_old_backup_is_restored() {
	let mut bench = Bench::new();
	let (data, backup) = (bench.folder.path().join("data"), bench.folder.path().join("backup"));
	bench.node.order(Task::Watch);
	bench.settle();
	bench.agent = None;
	std::fs::create_dir(&backup).unwrap();
	for file in std::fs::read_dir(&data).unwrap() {
		let file = file.unwrap();
		std::fs::copy(file.path(), backup.join(file.file_name())).unwrap();
	}
	bench.crash();
	bench.node.order(Task::Watch);
	bench.settle();
	bench.agent = None;
	std::fs::remove_dir_all(&data).unwrap();
	std::fs::rename(&backup, &data).unwrap();
	bench.crash();
	bench.node.order(Task::Watch);
	bench.settle();
	assert_eq!(bench.node.recorded_numbers(ReportKind::Alert), [1, 2, 3, 4, 5, 6]);
	assert_eq!(bench.store().outbox_status().unwrap()["alert"]["last"], 6);
}

#[test]
fn a_queued_report_whose_number_the_ledger_has_is_refused_and_not_sent() {
	let mut bench = Bench::new();
	bench.node.order(Task::Discover);
	bench.settle();
	// A new database records offline, without knowing the ledger.
	bench.agent = None;
	std::fs::remove_dir_all(bench.folder.path().join("data")).unwrap();
	let mut fresh = store(bench.folder.path(), Access::Work).unwrap();
	let outcome = curex_agent::store::Outcome {
		drafts: vec![fake::draft(ReportKind::Inventory, bench.now)],
		..Default::default()
	};
	fresh.record(None, &outcome, bench.now).unwrap();
	let settled = bench.node.clone().confirmed().unwrap();
	fresh.confirm(&settled.confirmed).unwrap();
	assert!(fresh.pending(1).unwrap().is_empty());
	assert_eq!(fresh.entries().unwrap()[0]["state"], "refused");
	let next = fresh.record(None, &outcome, bench.now).unwrap();
	assert_eq!(next[0].number, 2);
}

#[test]
fn a_report_with_a_final_refusal_is_set_aside_and_the_rest_goes_on() {
	let mut bench = Bench::new();
	bench.node.state().refuses = Some((ReportKind::Assessment, "expired"));
	bench.node.order(Task::Assess);
	bench.settle();
	bench.node.state().refuses = None;
	bench.node.order(Task::Assess);
	bench.settle();
	assert_eq!(bench.node.recorded_numbers(ReportKind::Assessment), [2]);
	assert_eq!(bench.node.recorded_numbers(ReportKind::Plan), [1, 2]);
	let status = bench.store().outbox_status().unwrap();
	assert_eq!(status["assessment"]["refused"], 1);
}

#[test]
fn a_report_that_the_ledger_rejects_is_set_aside_and_leaves_the_mailbox() {
	let mut bench = Bench::new();
	bench.node.order(Task::Discover);
	bench.turn().unwrap();
	let refused = RejectionReason::Refused { pallet: 12, error: [3, 0, 0, 0] };
	bench.node.reject(ReportKind::Inventory, 1, refused);
	bench.node.finalise();
	bench.turn().unwrap();
	assert!(bench.node.state().rejected.is_empty());
	let entry = bench.store().entries().unwrap().remove(0);
	assert_eq!(entry["state"], "refused");
	assert!(entry["reason"].as_str().unwrap().contains("12"), "{entry}");
	bench.node.order(Task::Discover);
	bench.settle();
	assert_eq!(bench.node.recorded_numbers(ReportKind::Inventory), [2]);
}

#[test]
fn a_report_ahead_of_the_nodes_clock_is_sent_again() {
	let mut bench = Bench::new();
	bench.node.order(Task::Discover);
	bench.turn().unwrap();
	let early = RejectionReason::Defective(ReportDefect::FromTheFuture);
	bench.node.reject(ReportKind::Inventory, 1, early);
	bench.node.finalise();
	bench.settle();
	assert_eq!(bench.node.recorded_numbers(ReportKind::Inventory), [1]);
}

#[test]
fn an_alert_whose_announcement_was_refused_counts_as_new() {
	let folder = tempfile::tempdir().unwrap();
	let mut store = store(folder.path(), Access::Work).unwrap();
	let mut draft = fake::draft(ReportKind::Alert, STEP);
	draft.alert = Some(store.alert_mark("flow-a-1", Level::High, None));
	let outcome = curex_agent::store::Outcome { drafts: vec![draft], ..Default::default() };
	store.record(None, &outcome, STEP).unwrap();
	assert_eq!(store.announced("flow-a-1").unwrap(), Some(Level::High));
	store.refuse(ReportKind::Alert, 1, "test").unwrap();
	assert_eq!(store.announced("flow-a-1").unwrap(), None);
}

#[test]
fn a_full_mailbox_delays_and_loses_nothing() {
	let mut bench = Bench::new();
	bench.node.state().capacity = 2;
	for _ in 0..5 {
		bench.node.order(Task::Survey);
		bench.turn().unwrap();
	}
	bench.settle();
	let numbers: Vec<u64> = (1..=15).collect();
	assert_eq!(bench.node.recorded_numbers(ReportKind::GroupResult), numbers);
}

#[test]
fn a_node_of_another_organisation_gets_nothing() {
	let folder = tempfile::tempdir().unwrap();
	let text = format!(
		"organisation = 2\ndata = \"data\"\naccept_orders_from = [\"{}\"]\n",
		fake::worker_hex()
	);
	let config = Config::parse(&text, &folder.path().join("agent.toml")).unwrap();
	let store =
		Store::open(&config.data, &config.key_file(), config.organisation, Access::Work).unwrap();
	let node = Node::new();
	node.order(Task::Discover);
	let mut agent = Agent::new(&config, store, node, FakeEngines::default());
	assert!(matches!(agent.turn(STEP), Err(Error::OtherNode { .. })));
}

#[test]
fn two_agents_do_not_share_a_data_folder() {
	let bench = Bench::new();
	assert!(matches!(store(bench.folder.path(), Access::Work), Err(Error::InUse { .. })));
	assert!(store(bench.folder.path(), Access::Look).is_ok(), "looking is allowed");
}

#[derive(Clone, Debug)]
enum Step {
	Order(Task),
	Turn,
	Fault(Fault),
	EngineFault,
	Crash,
	Produce(usize),
	Finalise,
	LoseMailbox,
}

fn step() -> impl Strategy<Value = Step> {
	prop_oneof![
		3 => prop::sample::select(Task::ALL).prop_map(Step::Order),
		6 => Just(Step::Turn),
		1 => Just(Step::Fault(Fault::Before)),
		2 => Just(Step::Fault(Fault::AfterSubmit)),
		1 => Just(Step::EngineFault),
		2 => Just(Step::Crash),
		2 => (1usize..4).prop_map(Step::Produce),
		2 => Just(Step::Finalise),
		1 => Just(Step::LoseMailbox),
	]
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

	#[test]
	fn every_report_reaches_the_ledger_exactly_once(steps in prop::collection::vec(step(), 1..40)) {
		let mut bench = Bench::new();
		bench.node.state().capacity = 6;
		for step in steps {
			match step {
				Step::Order(task) => bench.node.order(task),
				Step::Turn => drop(bench.turn()),
				Step::Fault(fault) => bench.node.state().fault = Some(fault),
				Step::EngineFault => *bench.engines.fail.lock().unwrap() = true,
				Step::Crash => bench.crash(),
				Step::Produce(count) => bench.node.produce(count),
				Step::Finalise => bench.node.finalise(),
				Step::LoseMailbox => bench.node.lose_mailbox(),
			}
		}
		bench.settle();

		let issued = bench.node.state().issued.clone();
		let newest = bench.node.state().orders.clone();
		for order in newest.values() {
			prop_assert!(bench.done(order), "the newest order of a task is always carried out");
		}
		for &kind in ReportKind::ALL {
			let per_order = |order: &SignedWorkOrder| -> usize {
				let of_kind = yields(order.order.task).iter().filter(|(one, _)| *one == kind);
				of_kind.map(|(_, count)| count).sum()
			};
			let expected: usize =
				issued.iter().filter(|order| bench.done(order)).map(per_order).sum();
			let numbers: Vec<u64> = (1..=expected as u64).collect();
			prop_assert_eq!(bench.node.recorded_numbers(kind), numbers, "{:?}", kind);
		}
		// What the ledger has is what the evidence opens to.
		let recorded = bench.node.state().recorded.clone();
		for submission in &recorded {
			let kind = submission.report.kind();
			let (report, _) = bench.store().open_evidence(kind, submission.number).unwrap();
			prop_assert_eq!(&report, &submission.report);
		}
	}
}
