//! A replay that is killed again and again.

use std::{
	fs,
	io::{BufRead, BufReader},
	path::Path,
	process::{Child, Command, Stdio},
};

use serde_json::Value;

fn replay(input: &Path, state: &Path) -> Child {
	Command::new(env!("CARGO_BIN_EXE_curex-evaluate"))
		.args(["threats", "replay", "--format", "zeek", "--keep-every", "1"])
		.arg("--input")
		.arg(input)
		.arg("--state")
		.arg(state)
		.stdout(Stdio::piped())
		.stderr(Stdio::piped())
		.spawn()
		.expect("the program was built with this test")
}

/// Its alerts, and its last line without what depends on the machine and on the number of runs.
fn outcome(child: Child) -> (Vec<Value>, Value) {
	let output = child.wait_with_output().expect("the program ends");
	assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
	let text = String::from_utf8(output.stdout).expect("JSON is UTF-8");
	let mut lines: Vec<Value> =
		text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
	let last = lines.pop().expect("a last line");
	let kept = ["events", "alerts", "malformed", "coverage"];
	(lines, kept.iter().map(|key| (key.to_string(), last[*key].clone())).collect())
}

/// Kills the program a hundred times: at once, or behind one of the next states that it keeps, while it goes
/// on working. Where exactly it dies differs from run to run; what comes out must not.
#[test]
fn no_event_is_lost_and_none_counted_twice_however_often_it_is_killed() {
	let folder = tempfile::tempdir().expect("a folder for the test");
	let input = folder.path().join("logs");
	fs::create_dir(&input).expect("the folder can be written");
	let log = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../lab/events/conn.log");
	let text = fs::read_to_string(log).expect("the log is part of the repository");
	let middle = text[..text.len() / 2].rfind('\n').expect("many lines") + 1;
	fs::write(input.join("conn.1.log"), &text[..middle]).expect("the folder can be written");
	fs::write(input.join("conn.2.log"), format!("broken\n{}", &text[middle..]))
		.expect("the folder can be written");

	let (alerts, last) = outcome(replay(&input, &folder.path().join("calm")));
	assert_eq!(last["events"], text.lines().filter(|line| line.starts_with('{')).count());
	assert!(!alerts.is_empty());

	let state = folder.path().join("killed");
	let mut random = 0x9e37_79b9_7f4a_7c15_u64;
	let mut kills = 0;
	for _ in 0..100 {
		random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
		let mut child = replay(&input, &state);
		let errors = child.stderr.take().expect("it is piped");
		let seen = BufReader::new(errors).lines().take((random >> 62) as usize).count();
		child.kill().expect("it can be killed");
		kills += usize::from(!child.wait().expect("it ends").success());
		// Once everything was read nothing is left to be interrupted.
		if seen == 0 && random >> 62 != 0 {
			break;
		}
	}
	assert!(kills > 20, "{kills}");
	assert_eq!(outcome(replay(&input, &state)), (alerts, last));
}
