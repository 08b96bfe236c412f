//! The program itself: killed again and again, told to stop, used from the command line.

mod fake;

use std::{
	io::{BufRead, BufReader, Write},
	net::{TcpListener, TcpStream},
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

/// Temperatures of one device, then an impossible one, as FHIR Observations.
fn observations() -> String {
	let line = |step: u32, value: f64| {
		format!(
			"{{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{{\"coding\":[{{\"code\":\"8310-5\"}}]}},\
			 \"device\":{{\"reference\":\"Device/monitor\"}},\"effectiveDateTime\":\"2026-03-02T{:02}:{:02}:00Z\",\
			 \"valueQuantity\":{{\"value\":{value},\"code\":\"Cel\"}}}}\n",
			step / 60,
			step % 60
		)
	};
	let ordinary = (0..600).map(|step| line(step, 36.5 + f64::from(step * 7 % 13) / 10.0));
	ordinary.chain([line(600, 366.0)]).collect()
}

#[test]
fn measured_values_are_watched_once_however_often_the_program_is_killed() {
	let scene = Scene::new();
	let folder = scene.folder.path();
	std::fs::write(folder.join("observations.ndjson"), observations()).unwrap();
	let file = folder.join("agent.toml");
	let mut text = std::fs::read_to_string(&file).unwrap();
	text.push_str(
		"[[events]]\nname = \"monitor\"\nformat = \"fhir-observation\"\npath = \"observations.ndjson\"\n",
	);
	std::fs::write(&file, text).unwrap();
	scene.node.order(Task::Watch);
	for milliseconds in [0, 10, 25, 50, 90, 150, 250] {
		let mut child = scene.start();
		std::thread::sleep(Duration::from_millis(milliseconds));
		child.kill().unwrap();
		child.wait().unwrap();
	}
	let mut child = scene.start();
	scene.until_final(3);
	child.kill().unwrap();
	child.wait().unwrap();
	assert_eq!(scene.node.recorded_numbers(ReportKind::Alert), [1, 2, 3]);
	let once = json(&scene.ask(&["once", "--task", "watch"]));
	let note = once["notes"][0].as_str().unwrap();
	assert!(note.starts_with("0 new events of 1481,"), "{note}");
	let alerts = (1..=3).map(|number: u32| {
		let open = ["evidence", "open", "--kind", "alert", "--number", &number.to_string()];
		json(&scene.ask(&open))["document"]["alert"].clone()
	});
	let measured: Vec<Value> = alerts.filter(|alert| alert["kind"] == "measurement").collect();
	let [alert] = &measured[..] else { panic!("{measured:?}") };
	assert_eq!(alert["entity"], "Device/monitor 8310-5 [Cel]");
	assert_eq!(alert["drivers"][0]["actual"], 366.0);
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

#[test]
fn messages_that_came_before_the_program_was_killed_are_watched_once() {
	let scene = Scene::new();
	let folder = scene.folder.path();
	let file = folder.join("agent.toml");
	let mut text = std::fs::read_to_string(&file).unwrap();
	text.push_str("[[listen]]\nname = \"ward\"\naddress = \"127.0.0.1:0\"\ntransport = \"tcp\"\n");
	std::fs::write(&file, text).unwrap();
	let spool = folder.join("data/spool/ward");
	let lines = || -> Vec<String> {
		let folders = [spool.clone(), spool.join("read")];
		let files = folders.iter().filter_map(|folder| folder.read_dir().ok()).flatten().flatten();
		let segments = files.map(|entry| entry.path());
		let segments = segments.filter(|path| path.extension().is_some_and(|end| end == "log"));
		let texts = segments.filter_map(|path| std::fs::read_to_string(path).ok());
		texts.flat_map(|text| text.lines().skip(1).map(String::from).collect::<Vec<_>>()).collect()
	};
	for round in 0..6 {
		scene.node.order(Task::Watch);
		let socket = folder.join("mailbox.sock").display().to_string();
		let mut command = scene.command(&["--socket", &socket]);
		let mut child = command
			.env("RUST_LOG", "info")
			.stdin(Stdio::piped())
			.stderr(Stdio::piped())
			.spawn()
			.unwrap();
		let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
		let address = said.find_map(|line| {
			let line = line.unwrap();
			line.contains("listening for syslog")
				.then(|| line.rsplit("address=").next().unwrap().trim().to_owned())
		});
		// What it says later has somewhere to go.
		let rest = std::thread::spawn(move || said.for_each(drop));
		let mut sender = TcpStream::connect(address.unwrap()).unwrap();
		let last = 500 * (round + 1);
		for number in last - 500..last {
			let message =
				format!("<34>1 2026-03-01T08:00:{:02}Z pacs sshd {number} - - m", number % 60);
			let _ = write!(sender, "{} {message}", message.len());
			if number == last - 300 {
				let begin = Instant::now();
				while !lines().iter().any(|line| line.contains(&format!("sshd {number} "))) {
					assert!(begin.elapsed() < Duration::from_secs(60), "it never came");
					std::thread::sleep(Duration::from_millis(5));
				}
			}
		}
		child.kill().unwrap();
		child.wait().unwrap();
		rest.join().unwrap();
	}
	let once = json(&scene.ask(&["once", "--task", "watch"]));
	let note = once["notes"][0].as_str().unwrap();
	let number = |before: &str, text: &str| -> Option<usize> {
		text.split_once(before)?.1.split([',', ' ']).next()?.parse().ok()
	};
	let malformed = once["notes"].as_array().unwrap().iter().find_map(|note| {
		note.as_str().unwrap().strip_suffix(" malformed lines.")?.parse::<usize>().ok()
	});
	let received = lines();
	let lab = 880;
	assert_eq!(
		number("new events of ", note).unwrap() + malformed.unwrap_or(0),
		lab + received.len()
	);
	// Beside lines at which it was killed, none twice.
	let mut whole: Vec<&String> = received.iter().filter(|line| line.ends_with(" - - m")).collect();
	assert!(received.len() - whole.len() <= 6 && whole.len() >= 6 * 201, "{}", whole.len());
	whole.sort();
	assert!(whole.windows(2).all(|pair| pair[0] != pair[1]));
}

#[test]
fn what_people_say_of_alerts_and_models_is_taken_by_the_next_watch() {
	let scene = Scene::new();
	let watch = || {
		let once = scene.ask(&["once", "--task", "watch"]);
		assert!(once.status.success(), "{}", String::from_utf8_lossy(&once.stderr));
		json(&once)
	};
	assert_eq!(watch()["reports"].as_array().unwrap().len(), 2);
	let states = json(&scene.ask(&["model", "list"]));
	let first = &states[0];
	assert_eq!(first["hash"].as_str().unwrap().len(), 64);
	let number = first["number"].to_string();
	for said in [
		["alert", "dismiss", "--number", "1"],
		["alert", "confirm", "--number", "2"],
		["alert", "dismiss", "--number", "1"],
		["model", "revert", "--number", &number],
		["model", "revert", "--number", "99"],
	] {
		assert!(scene.ask(&said).status.success(), "{said:?}");
	}
	let notes = watch()["notes"].clone();
	let notes: Vec<&str> = notes.as_array().unwrap().iter().filter_map(Value::as_str).collect();
	assert_eq!(notes[1], "An alert was dismissed.");
	assert_eq!(notes[2], "An alert was confirmed.");
	assert!(notes[3].contains("none of the watch's"), "{notes:?}");
	assert!(notes[4].starts_with("What was learned is that of state"), "{notes:?}");
	assert!(notes[5].contains("number 99 is not there"), "{notes:?}");
	assert_eq!(watch()["notes"].as_array().unwrap().len(), 1, "each is taken once");
	assert_eq!(scene.ask(&["alert", "confirm", "--number", "9"]).status.code(), Some(3));
}

#[test]
fn what_another_member_shares_as_a_digest_is_detected_here() {
	let scene = Scene::new();
	let folder = scene.folder.path();
	let file = folder.join("agent.toml");
	let mut text = std::fs::read_to_string(&file).unwrap();
	text.push_str(
		"[[events]]\nname = \"gate\"\nformat = \"zeek\"\npath = \"gate.log\"\n\
		 [indicators]\nkey_file = \"members.key\"\nshared = \"shared\"\n",
	);
	std::fs::write(&file, text).unwrap();
	std::fs::write(folder.join("members.key"), [7; 32]).unwrap();
	std::fs::write(folder.join("shared"), "").unwrap();
	let flow = |second: u64, to: &str| {
		format!(
			"{{\"ts\":{second}.5,\"id.orig_h\":\"10.0.0.7\",\"id.resp_h\":\"{to}\",\"id.resp_p\":443,\
			 \"proto\":\"tcp\",\"orig_bytes\":9}}\n"
		)
	};
	let log = folder.join("gate.log");
	std::fs::write(&log, flow(1_772_500_000, "203.0.113.9")).unwrap();
	let watch = || json(&scene.ask(&["once", "--task", "watch"]));
	assert_eq!(watch()["reports"].as_array().unwrap().len(), 2, "nobody shared it yet");

	let shared = scene.ask(&["indicator", "203.0.113.9"]);
	let digest = String::from_utf8(shared.stdout).unwrap();
	std::fs::write(folder.join("shared"), format!("{} 1900000000000\n", digest.trim())).unwrap();
	let more = std::fs::OpenOptions::new().append(true).open(&log);
	more.unwrap().write_all(flow(1_772_500_001, "203.0.113.9").as_bytes()).unwrap();
	assert_eq!(watch()["reports"].as_array().unwrap().len(), 1);
	let evidence = json(&scene.ask(&["evidence", "open", "--kind", "alert", "--number", "3"]));
	let document = &evidence["document"];
	assert_eq!(document["alert"]["entity"], "10.0.0.7");
	assert!(document["alert"]["what"].as_str().unwrap().contains("a member of the consortium"));
	assert_eq!(document["incident"]["alerts"].as_array().unwrap().len(), 1);
	let private = scene.ask(&["indicator", "10.0.0.7"]);
	assert!(String::from_utf8(private.stderr).unwrap().contains("private"));
}

#[test]
fn logs_that_grow_are_watched_without_an_order_if_so_configured() {
	let scene = Scene::new();
	let folder = scene.folder.path();
	let log = folder.join("conn.log");
	std::fs::write(&log, "").unwrap();
	let text = format!(
		"organisation = 1\ndata = \"data\"\naccept_orders_from = [\"{}\"]\nwatch_at_once = true\n\
		 [[events]]\nname = \"flows\"\nformat = \"zeek\"\npath = \"conn.log\"\n",
		fake::worker_hex()
	);
	std::fs::write(folder.join("agent.toml"), text).unwrap();
	let lines = std::fs::read_to_string(lab().join("events/conn.log")).unwrap();
	let mut growing = std::fs::OpenOptions::new().append(true).open(&log).unwrap();
	for part in lines.as_bytes().chunks(lines.len() / 3 + 1) {
		let asked = scene.node.state().asked;
		let mut child = scene.start();
		scene.until_at_work(asked);
		growing.write_all(part).unwrap();
		scene.until_final(usize::from(growing.metadata().unwrap().len() == lines.len() as u64));
		child.kill().unwrap();
		child.wait().unwrap();
	}
	// Nothing was committed without an order: all is read once more, and no alert is raised under another name.
	let once = json(&scene.ask(&["once", "--task", "watch"]));
	assert!(once["notes"][0].as_str().unwrap().starts_with("520 new events"), "{once}");
	let list = String::from_utf8(scene.ask(&["evidence", "list"]).stdout).unwrap();
	let numbers = list.lines().map(|line| {
		let entry: Value = serde_json::from_str(line).unwrap();
		entry["number"].as_u64().unwrap().to_string()
	});
	let mut ids: Vec<Value> = numbers
		.map(|number| {
			let open = ["evidence", "open", "--kind", "alert", "--number", &number];
			json(&scene.ask(&open))["document"]["alert"]["id"].clone()
		})
		.collect();
	ids.dedup();
	assert_eq!(ids.len(), 1, "{ids:?}");
	assert!(ids[0].as_str().unwrap().starts_with("flow-10.20.1.66-"), "{ids:?}");
}

/// Serves one document to everybody.
fn publisher(body: String) -> String {
	let listener = TcpListener::bind("127.0.0.1:0").unwrap();
	let url = format!("http://{}/kev.json", listener.local_addr().unwrap());
	std::thread::spawn(move || {
		for mut stream in listener.incoming().flatten() {
			let mut lines = BufReader::new(&stream).lines();
			while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
			let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
			let _ = stream.write_all(format!("{head}{body}").as_bytes());
		}
	});
	url
}

#[test]
fn a_published_exploitation_leads_to_the_assets_that_were_observed() {
	let scene = Scene::new();
	let folder = scene.folder.path();
	let seen = r#"{"host":"10.20.0.7","host_p":22,"software_type":"SSH::SERVER","name":"OpenSSH","version.major":9,"version.minor":2,"version.addl":"p1","unparsed_version":"OpenSSH_9.2p1"}
		{"host":"198.51.100.1","host_p":22,"software_type":"SSH::SERVER","name":"OpenSSH","version.major":9,"version.minor":2}"#;
	std::fs::write(folder.join("software.log"), seen.replace("\n\t\t", "\n")).unwrap();
	std::fs::write(
		folder.join("mds2.csv"),
		"DOC-1,Manufacturer,Acme\nMLDP-1,Anti-malware?,No,see manual\n",
	)
	.unwrap();
	std::fs::create_dir(folder.join("feeds")).unwrap();
	std::fs::copy(lab().join("../feeds/nvd/laboratory.json"), folder.join("feeds/laboratory.json"))
		.unwrap();
	let url = publisher(
		r#"{"catalogVersion": "1", "vulnerabilities": [{"cveID": "CVE-2024-6387", "dateAdded": "2026-01-01"}]}"#
			.into(),
	);
	let file = folder.join("agent.toml");
	let mut text = std::fs::read_to_string(&file).unwrap();
	text.push_str(&format!(
		"[observe]\nnetworks = [\"10.20.0.0/16\"]\nzeek = [\"software.log\", \"missing.log\"]\n\
		 [[disclosures]]\nasset = \"archive\"\npath = \"mds2.csv\"\n\
		 [feeds]\nfolder = \"feeds\"\nmirrors = [\"127.0.0.1\"]\n\
		 sources = [{{ name = \"kev\", kind = \"kev\", url = \"{url}\" }}]\n"
	));
	std::fs::write(&file, &text).unwrap();

	let once = scene.ask(&["once", "--task", "discover"]);
	assert!(once.status.success(), "{}", String::from_utf8_lossy(&once.stderr));
	let notes = json(&once)["notes"].to_string();
	assert!(notes.contains("1 assets") && notes.contains("missing.log"), "{notes}");
	let evidence = json(&scene.ask(&["evidence", "open", "--kind", "inventory", "--number", "1"]));
	let document = &evidence["document"];
	assert_eq!(document["disclosures"][0]["disclosure"]["manufacturer"], "Acme");
	assert_eq!(document["matches"][0]["kev"], false);

	let feeds = scene.ask(&["feeds"]);
	assert!(feeds.status.success(), "{}", String::from_utf8_lossy(&feeds.stderr));
	let found = json(&feeds);
	assert_eq!(found["compared"]["cves"], serde_json::json!(["CVE-2024-6387"]));
	let [concerned] = &found["matches"].as_array().unwrap()[..] else { panic!("{found}") };
	assert_eq!((&concerned["asset"], &concerned["kev"]), (&"ip:10.20.0.7".into(), &true.into()));
	let again = json(&scene.ask(&["feeds"]));
	assert_eq!(again["matches"], serde_json::json!([]), "nothing changed");

	std::fs::write(&file, text.replace("mirrors = [\"127.0.0.1\"]", "mirrors = []")).unwrap();
	let refused = scene.ask(&["feeds"]);
	assert_eq!(refused.status.code(), Some(1));
	let problem = String::from_utf8(refused.stderr).unwrap();
	assert!(problem.contains("`kev`") && problem.contains("mirror"), "{problem}");
}
