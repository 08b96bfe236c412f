//! The program itself: killed again and again, told to stop, used from the command line.

mod fake;

use std::{
	path::{Path, PathBuf},
	process::{Child, Command, Output, Stdio},
	time::{Duration, Instant},
};

use curex_primitives::{ReportKind, Task};
use fake::Node;
use serde_json::Value;

fn lab() -> PathBuf {
	Path::new(env!("CARGO_MANIFEST_DIR")).join("../../lab").canonicalize().unwrap()
}

struct Scene {
	folder: tempfile::TempDir,
	node: Node,
}

impl Scene {
	fn new() -> Self {
		let folder = tempfile::tempdir().unwrap();
		let lab = lab().display().to_string();
		let text = format!(
			"organisation = 1\ndata = \"data\"\naccept_orders_from = [\"{}\"]\n\
			 [[events]]\nname = \"flows\"\nformat = \"zeek\"\npath = \"{lab}/events/conn.log\"\n\
			 [[events]]\nname = \"record\"\nformat = \"fhir-audit\"\npath = \"{lab}/events/access.ndjson\"\n\
			 [survey]\nanswers = \"{lab}/survey.json\"\n\
			 [budget]\ncents = 1000000\n\
			 [[clinical.assets]]\nid = \"archive\"\ncriticality = \"high\"\n",
			fake::worker_hex()
		);
		std::fs::write(folder.path().join("agent.toml"), text).unwrap();
		let node = Node::new();
		node.serve(&folder.path().join("mailbox.sock"));
		Self { folder, node }
	}

	fn command(&self, arguments: &[&str]) -> Command {
		let mut command = Command::new(env!("CARGO_BIN_EXE_curex-agent"));
		command
			.arg("--config")
			.arg(self.folder.path().join("agent.toml"))
			.args(arguments)
			.env("RUST_LOG", "warn");
		command
	}

	fn start(&self) -> Child {
		let socket = self.folder.path().join("mailbox.sock").display().to_string();
		self.command(&["--socket", &socket]).stdin(Stdio::piped()).spawn().unwrap()
	}

	fn ask(&self, arguments: &[&str]) -> Output {
		self.command(arguments).output().unwrap()
	}

	/// Waits until a program that was just started is at work, which is after it began to listen for signals.
	fn until_at_work(&self, asked_before: usize) {
		let begin = Instant::now();
		while self.node.state().asked == asked_before {
			assert!(begin.elapsed() < Duration::from_secs(60), "the program never asked");
			std::thread::sleep(Duration::from_millis(5));
		}
	}

	/// Makes blocks until the ledger has as many final reports.
	fn until_final(&self, count: usize) {
		let begin = Instant::now();
		while self.node.state().recorded.len() < count {
			assert!(begin.elapsed() < Duration::from_secs(60), "the reports never came");
			self.node.produce(usize::MAX);
			self.node.finalise();
			std::thread::sleep(Duration::from_millis(50));
		}
	}
}

fn json(output: &Output) -> Value {
	serde_json::from_slice(&output.stdout).unwrap()
}

fn terminate(child: &Child) {
	let told = Command::new("kill").arg("-TERM").arg(child.id().to_string()).status().unwrap();
	assert!(told.success());
}

#[test]
fn a_program_that_is_killed_at_any_moment_records_everything_once() {
	let scene = Scene::new();
	scene.node.order(Task::Watch);
	scene.node.order(Task::Survey);
	for milliseconds in [0, 5, 10, 20, 30, 45, 60, 80, 120, 200, 400] {
		let mut child = scene.start();
		std::thread::sleep(Duration::from_millis(milliseconds));
		child.kill().unwrap();
		child.wait().unwrap();
		scene.node.produce(1);
		scene.node.finalise();
	}
	let asked = scene.node.state().asked;
	let mut child = scene.start();
	scene.until_at_work(asked);
	scene.until_final(5);
	terminate(&child);
	assert!(child.wait().unwrap().success());
	assert_eq!(scene.node.recorded_numbers(ReportKind::Alert), [1, 2]);
	assert_eq!(scene.node.recorded_numbers(ReportKind::GroupResult), [1, 2, 3]);
}

#[test]
fn the_program_ends_with_its_node() {
	let scene = Scene::new();
	let mut child = scene.start();
	scene.until_at_work(0);
	assert!(child.try_wait().unwrap().is_none(), "it works while the node is there");
	drop(child.stdin.take());
	let begin = Instant::now();
	assert!(child.wait().unwrap().success());
	assert!(begin.elapsed() < Duration::from_secs(6));
}

#[test]
fn the_command_line_executes_opens_and_verifies() {
	let scene = Scene::new();
	let once = scene.ask(&["once", "--task", "assess"]);
	assert!(once.status.success(), "{}", String::from_utf8_lossy(&once.stderr));
	let reports = json(&once)["reports"].clone();
	let assessment = &reports[0]["report"]["assessment"];

	let status = json(&scene.ask(&["status"]));
	assert_eq!(status["outbox"]["assessment"]["queued"], 1);

	let file = scene.folder.path().join("document.json").display().to_string();
	let open = ["evidence", "open", "--kind", "assessment", "--number", "1", "--out", &file];
	let opened = json(&scene.ask(&open));
	assert_eq!(opened["commitment"], assessment["evidence"]);
	let bytes = |text: &Value| -> [u8; 32] {
		hex::decode(&text.as_str().unwrap()[2..]).unwrap().try_into().unwrap()
	};
	let commitment = curex_primitives::commitment::commit(
		curex_primitives::commitment::Domain::Evidence,
		&bytes(&opened["context"]),
		&bytes(&opened["salt"]),
		&std::fs::read(&file).unwrap(),
	);
	assert_eq!(commitment.to_string(), assessment["evidence"].as_str().unwrap());

	for name in ["evidence", "inputs"] {
		let text = assessment[name].as_str().unwrap();
		let verified = json(&scene.ask(&["evidence", "verify", "--commitment", text]));
		assert_eq!((&verified["opens"], &verified["to"]), (&Value::Bool(true), &name.into()));
	}
	let unknown = format!("0x{}", "ab".repeat(32));
	assert_eq!(scene.ask(&["evidence", "verify", "--commitment", &unknown]).status.code(), Some(3));

	let list = scene.ask(&["evidence", "list"]);
	assert_eq!(String::from_utf8(list.stdout).unwrap().lines().count(), 2);
	let plan = scene.ask(&["plan", "show"]);
	assert!(String::from_utf8(plan.stdout).unwrap().starts_with("Plan 1"));
}

#[test]
fn exit_codes_tell_failure_usage_and_missing_evidence_apart() {
	let scene = Scene::new();
	assert_eq!(
		scene.ask(&["once", "--task", "discover"]).status.code(),
		Some(1),
		"discovery is off"
	);
	assert_eq!(scene.ask(&["run"]).status.code(), Some(2), "no mailbox is named");
	assert_eq!(scene.ask(&["plan", "show"]).status.code(), Some(3), "no plan yet");
	std::fs::write(scene.folder.path().join("agent.toml"), "organisation = 1\nsurprise = 2\n")
		.unwrap();
	let broken = scene.ask(&["status"]);
	assert_eq!(broken.status.code(), Some(2));
	assert!(String::from_utf8(broken.stderr).unwrap().contains("surprise"));
}
