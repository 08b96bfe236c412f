//! A replay that is killed again and again.

use std::{
	fs,
	io::{BufRead, BufReader},
	path::Path,
	process::{Child, Command, Stdio},
};

use serde_json::Value;

fn replay(input: &Path, state: &Path) -> Child {
	replay_of("zeek", 1, input, state)
}

fn replay_of(format: &str, keep_every: u32, input: &Path, state: &Path) -> Child {
	Command::new(env!("CARGO_BIN_EXE_curex-evaluate"))
		.args(["threats", "replay", "--format", format])
		.arg("--keep-every")
		.arg(keep_every.to_string())
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

/// Accesses of eight nurses on some days, and on the last of them, in the evening, to the records of sixty strangers by one.
fn accesses(days: std::ops::Range<u32>) -> String {
	let line = |day: u32, minute: u32, user: u32, patient: u32, relationship: &str| {
		format!(
			concat!(
				r#"{{"resourceType":"AuditEvent","action":"R","recorded":"2026-{:02}-{:02}T{:02}:{:02}:00Z","#,
				r#""agent":[{{"who":{{"reference":"Practitioner/{}"}},"requestor":true,"#,
				r#""role":[{{"coding":[{{"code":"nurse"}}]}}]}}],"#,
				r#""entity":[{{"what":{{"reference":"Patient/{}"}},"role":{{"code":"1"}},"#,
				r#""detail":[{{"type":"care-relationship","valueString":"{}"}}]}}]}}"#,
				"\n"
			),
			1 + day / 28,
			1 + day % 28,
			8 + minute / 60,
			minute % 60,
			user,
			patient,
			relationship
		)
	};
	let last = days.end - 1;
	let ordinary = days.flat_map(|day| {
		(0..80).map(move |step| {
			let chance = (day * 7_919 + step * 104_729) % 1_009;
			let relationship = if chance < 20 { "absent" } else { "present" };
			line(day, 6 * step + chance % 5, step % 8, chance % 40, relationship)
		})
	});
	let strangers = (0..60).map(|step| line(last, 500 + step, 3, 900 + step, "absent"));
	ordinary.chain(strangers).collect()
}

/// Kills the watch while a working day of misuse comes to its end and is judged, at states that differ from kill to kill; more often
/// with `CUREX_KILLS`. Alerts, counts, and what is said of a second misuse days later must be those of a watch that
/// nobody killed: their explanations show what it has learned.
#[test]
fn a_watch_killed_around_the_judgement_of_a_working_day_tells_it_once_and_learns_as_if_it_was_not()
{
	let folder = tempfile::tempdir().expect("a folder for the test");
	let log = folder.path().join("access.ndjson");
	let (calm, killed) = (folder.path().join("calm"), folder.path().join("killed"));
	let read = |state: &Path, keep_every| outcome(replay_of("fhir-audit", keep_every, &log, state));
	let begin = accesses(0..40);
	let evening = begin.lines().rev().take(10).map(|line| line.len() + 1).sum::<usize>();
	fs::write(&log, &begin[..begin.len() - evening]).expect("the folder can be written");
	for state in [&calm, &killed] {
		read(state, 100_000);
	}

	// The evening, and the next days, with whose first accesses the days before are judged.
	let text = begin + &accesses(40..43);
	fs::write(&log, &text).expect("the folder can be written");
	let told = |alerts: &[Value], member: &str| {
		let is_of = |alert: &&Value| {
			let id = alert["id"].as_str().expect("an id");
			id.starts_with("working-day-") && alert["entity"] == member
		};
		alerts.iter().filter(is_of).count()
	};
	let (alerts, last) = read(&calm, 1);
	assert_eq!(told(&alerts, "Practitioner/3"), 1, "{alerts:?}");
	assert!(last["coverage"]["working_days"]["judged"].as_u64() > Some(50), "{last}");

	let kills = std::env::var("CUREX_KILLS").map_or(20, |text| text.parse().expect("a number"));
	let mut random = 0x9e37_79b9_7f4a_7c15_u64;
	let mut done = 0;
	for _ in 0..kills {
		random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
		let wanted = (random >> 61) as usize;
		let mut child = replay_of("fhir-audit", 1, &log, &killed);
		let errors = child.stderr.take().expect("it is piped");
		let seen = BufReader::new(errors).lines().take(wanted).count();
		child.kill().expect("it can be killed");
		done += usize::from(!child.wait().expect("it ends").success());
		if seen < wanted {
			break;
		}
	}
	assert!(done > 10, "{done}");
	assert_eq!(read(&killed, 1), (alerts, last));

	fs::write(&log, text + &accesses(43..56) + &accesses(56..58))
		.expect("the folder can be written");
	let (alerts, last) = read(&calm, 1_000);
	assert_eq!(read(&killed, 1_000), (alerts.clone(), last));
	assert!(told(&alerts, "Practitioner/3") > 1, "{alerts:?}");
}
