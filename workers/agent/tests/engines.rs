//! The real engines on a service of this process and on the laboratory's files.

mod fake;

use std::{
	io::Write,
	net::TcpListener,
	path::{Path, PathBuf},
};

use curex_agent::{
	agent::now,
	feedback::{leave, Word},
	notices::Retention,
	staff::{open_name, Staff},
	store::{Outcome, Recorded, StateName},
	tasks::{
		discover::{prove_asset, vex, why},
		planning, watch,
	},
	Access, Config, Engines, Error, Store, Workshop,
};
use curex_client::EncryptionKey;
use curex_primitives::{merkle, Confidence, Level, Report, ReportKind, SizeBucket, Task};
use fake::ORGANISATION;

fn repository() -> PathBuf {
	Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// An SSH server as Debian 12 ships it, as far as its greeting goes.
fn ssh_server() -> u16 {
	let listener = TcpListener::bind("127.0.0.1:0").unwrap();
	let port = listener.local_addr().unwrap().port();
	std::thread::spawn(move || {
		for mut stream in listener.incoming().flatten() {
			let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u1\r\n");
		}
	});
	port
}

struct Hospital {
	config: Config,
	store: Store,
	workshop: Workshop,
	runtime: tokio::runtime::Runtime,
	_folder: tempfile::TempDir,
}

impl Hospital {
	/// The laboratory's configuration, with the ports of this process.
	fn new() -> Self {
		Self::with("")
	}

	/// The same with more tables behind it.
	fn with(tables: &str) -> Self {
		let folder = tempfile::tempdir().unwrap();
		let home = folder.path().display().to_string();
		let lab = repository().join("lab");
		let port = ssh_server().to_string();
		let text = std::fs::read_to_string(lab.join("agent.toml"))
			.unwrap()
			.replace("{organisation}", "1")
			.replace("{home}", &home)
			.replace("{worker}", &fake::worker_hex())
			.replace("{lab}", &lab.display().to_string())
			.replace("{feed}", &repository().join("feeds").display().to_string())
			.replace("[17022, 17080, 17042, 17104, 17112]", &format!("[{port}]"))
			.replace("udp_ports = [17161]", "udp_ports = []")
			.replace("host_packages", "# host_packages")
			.replace("127.0.0.1:17022", &format!("127.0.0.1:{port}"));
		let text = format!("{text}\n{tables}");
		let config = Config::parse(&text, &folder.path().join("agent.toml")).unwrap();
		let store =
			Store::open(&config.data, &config.key_file(), ORGANISATION, Access::Work).unwrap();
		let runtime = tokio::runtime::Builder::new_multi_thread()
			.worker_threads(1)
			.enable_all()
			.build()
			.unwrap();
		let workshop = Workshop::new(config.clone(), runtime.handle().clone());
		Self { config, store, workshop, runtime, _folder: folder }
	}

	fn execute(&mut self, task: Task) -> (Outcome, Vec<Recorded>) {
		let moment = now();
		let outcome = self.workshop.execute(task, &self.store, moment).unwrap();
		let recorded = self.store.record(None, &outcome, moment).unwrap();
		(outcome, recorded)
	}

	fn document(&self, kind: ReportKind) -> serde_json::Value {
		self.store.newest_document(kind).unwrap().unwrap().2
	}
}

#[test]
fn the_security_loop_runs_from_discovery_to_a_plan() {
	let mut hospital = Hospital::new();

	let (_, early) = hospital.execute(Task::Assess);
	let Report::Assessment(early) = &early[0].report else { panic!("{early:?}") };
	assert_eq!(early.confidence, Confidence::Low);
	let missing = hospital.document(ReportKind::Assessment)["missing"].clone();
	assert_eq!(missing.as_array().unwrap().len(), 3, "inventory, logs, survey: {missing}");

	let (_, first) = hospital.execute(Task::Discover);
	let Report::Inventory(first) = &first[0].report else { panic!("{first:?}") };
	assert_eq!(first.previous, merkle::empty_root());
	assert_eq!(first.assets, SizeBucket::Units);
	assert_ne!(first.vulnerabilities, SizeBucket::None);
	assert_ne!(first.feed_version, 0);
	let (_, second) = hospital.execute(Task::Discover);
	let Report::Inventory(second) = &second[0].report else { panic!("{second:?}") };
	assert_eq!(second.previous, first.root);

	let (_, alerts) = hospital.execute(Task::Watch);
	assert_eq!(alerts.len(), 2, "a scan and a curious employee");
	assert!(hospital.execute(Task::Watch).1.is_empty(), "nothing new");

	let (_, groups) = hospital.execute(Task::Survey);
	assert_eq!(groups.len(), 3, "executives gave too few answers");
	assert!(hospital.execute(Task::Survey).1.is_empty(), "the same campaign");
	hospital.store.refuse(ReportKind::GroupResult, 2, "test").unwrap();
	assert_eq!(hospital.execute(Task::Survey).1.len(), 1, "the refused result alone");

	let (outcome, reports) = hospital.execute(Task::Assess);
	let [Report::Assessment(assessment), Report::Plan(plan)] =
		[&reports[0].report, &reports[1].report]
	else {
		panic!("{reports:?}")
	};
	let document = hospital.document(ReportKind::Assessment);
	assert_eq!(document["missing"], serde_json::json!([]));
	assert!(assessment.cyber >= assessment.patient_safety);
	assert!(assessment.cyber > Level::VeryLow);
	assert!(document["assessment"]["explanation"].as_array().is_some_and(|lines| lines.len() == 3));
	let vulnerabilities = document["inputs"]["vulnerabilities"].as_array().unwrap();
	assert!(vulnerabilities.iter().all(|one| one["asset"] == "administration-gateway"));
	assert!(!vulnerabilities.is_empty());
	assert_eq!(document["inputs"]["alerts"].as_array().unwrap().len(), 2);

	assert!(plan.bound_ppm <= plan.objective_ppm && plan.objective_ppm < 1_000_000);
	let sealed = hospital.document(ReportKind::Plan);
	assert_eq!(planning::selection_root(&sealed).unwrap(), plan.selection);
	let shown = planning::show(&hospital.store).unwrap();
	assert!(shown.starts_with("Plan 2") && shown.contains("proven"), "{shown}");
	assert!(outcome.notes.iter().any(|note| note.starts_with("Patient safety")));

	for (kind, number) in [(ReportKind::Assessment, 2), (ReportKind::Plan, 2)] {
		let (report, opened) = hospital.store.open_evidence(kind, number).unwrap();
		hospital.store.check_inputs(&report, number, &opened).unwrap();
	}
}

#[test]
fn an_asset_is_proven_against_the_root_on_the_ledger() {
	let mut hospital = Hospital::new();
	let (_, recorded) = hospital.execute(Task::Discover);
	let Report::Inventory(inventory) = &recorded[0].report else { panic!("{recorded:?}") };
	let proof = prove_asset(&hospital.store, "ip:127.0.0.1", None).unwrap();
	assert_eq!(proof["root"], serde_json::json!(inventory.root));
	let bytes = |text: &serde_json::Value| hex::decode(&text.as_str().unwrap()[2..]).unwrap();
	let checked = merkle::Proof {
		index: proof["proof"]["index"].as_u64().unwrap(),
		count: proof["proof"]["count"].as_u64().unwrap(),
		siblings: Vec::new(),
	};
	assert!(merkle::verify(&inventory.root, &bytes(&proof["leaf"]), &checked));
	let missing = prove_asset(&hospital.store, "ip:192.0.2.1", None);
	assert!(matches!(missing, Err(Error::NotFound { .. })));
}

#[test]
fn what_a_host_says_of_itself_outweighs_its_banner_and_every_match_says_why() {
	let lists = tempfile::tempdir().unwrap();
	let list = lists.path().join("host.txt");
	let fixed = "1:9.2p1-2+deb12u3";
	let text = format!(
		"ID=debian\nVERSION_ID=\"12\"\nKERNEL_RELEASE=6.1.0-18-amd64\n\
		 openssh-server\t{fixed}\topenssh\t{fixed}\nsudo\t1.9.13p3-1\tsudo\t1.9.13p3-1\n"
	);
	std::fs::write(&list, text).unwrap();
	let status = |hospital: &Hospital| {
		let found = why(&hospital.store, "cve-2024-6387", Some("ip:127.0.0.1")).unwrap();
		assert_eq!(found["matches"].as_array().unwrap().len(), 1, "{found}");
		assert!(!found["matches"][0]["reason"].as_array().unwrap().is_empty());
		found["matches"][0]["status"].clone()
	};
	let mut by_banner = Hospital::new();
	by_banner.execute(Task::Discover);
	assert_eq!(status(&by_banner), "affected");
	let nobody = why(&by_banner.store, "CVE-2024-6387", Some("ip:192.0.2.1")).unwrap();
	assert_eq!(nobody["matches"], serde_json::json!([]));

	let table = |file: &Path| {
		format!(
			"[[hosts]]\naddress = \"127.0.0.1\"\nfiles = [{:?}, \"nowhere.txt\"]\n",
			file.display().to_string()
		)
	};
	let mut by_list = Hospital::with(&table(&list));
	let (outcome, _) = by_list.execute(Task::Discover);
	assert!(outcome.notes.iter().any(|note| note.contains("nowhere.txt")), "{:?}", outcome.notes);
	assert!(status(&by_list)["fixed_by_package"]["by"].as_str().unwrap().contains("openssh"));
	let document = by_list.document(ReportKind::Inventory);
	let services = document["snapshot"]["assets"][0]["services"].to_string();
	assert!(services.contains("sudo") && services.contains("debian_linux"), "{services}");
	let context = document["context"].as_array().unwrap();
	assert!(context.iter().any(|one| one["asset"] == "administration-gateway"), "{context:?}");
	let document = vex(&by_list.store, 1, "Hospital A").unwrap();
	let fixed = document["statements"]
		.as_array()
		.unwrap()
		.iter()
		.find(|one| one["vulnerability"]["name"] == "CVE-2024-6387");
	assert_eq!(fixed.unwrap()["status"], "fixed");
}

#[test]
fn every_probe_is_written_down() {
	let mut hospital = Hospital::new();
	hospital.execute(Task::Discover);
	let log = std::fs::read_to_string(hospital.config.data.join("probes.ndjson")).unwrap();
	assert!(!log.is_empty());
	for line in log.lines() {
		let probe: serde_json::Value = serde_json::from_str(line).unwrap();
		assert_eq!(probe["address"], "127.0.0.1");
	}
}

#[test]
fn a_watch_reads_on_where_it_was_and_announces_what_was_found_but_not_recorded() {
	let mut hospital = Hospital::new();
	let folder = hospital.config.data.join("logs");
	std::fs::create_dir_all(&folder).unwrap();
	let log = folder.join("conn.log");
	let text = std::fs::read_to_string(repository().join("lab/events/conn.log")).unwrap();
	let lines: Vec<&str> = text.split_inclusive('\n').collect();
	let (early, late) = lines.split_at(100);
	std::fs::write(&log, early.concat()).unwrap();
	let mut config = hospital.config.clone();
	config.events.truncate(1);
	config.events[0].path = log.clone();
	let restart = |hospital: &mut Hospital| {
		hospital.workshop = Workshop::new(config.clone(), hospital.runtime.handle().clone());
	};
	restart(&mut hospital);
	let (outcome, _) = hospital.execute(Task::Watch);
	assert!(outcome.notes[0].starts_with("100 new events of 100"), "{:?}", outcome.notes);

	// Rotated while nobody looked; then the program ends before it has recorded what it found.
	std::fs::rename(&log, folder.join("conn.log.1")).unwrap();
	std::fs::write(&log, late.concat()).unwrap();
	restart(&mut hospital);
	let lost = hospital.workshop.execute(Task::Watch, &hospital.store, now()).unwrap();
	assert_eq!(lost.drafts.len(), 1, "{:?}", lost.notes);
	restart(&mut hospital);
	let (outcome, recorded) = hospital.execute(Task::Watch);
	assert_eq!(recorded.len(), 1);
	assert!(outcome.notes[0].starts_with("0 new events"), "{:?}", outcome.notes);
	assert!(hospital.execute(Task::Watch).1.is_empty(), "it was announced");
	let state = hospital.store.state(StateName::Watch).unwrap().unwrap();
	assert_eq!(state["events"], lines.len());
}

#[test]
fn what_a_watch_keeps_names_nobody_in_the_clear() {
	let mut hospital = Hospital::new();
	hospital.execute(Task::Watch);
	let states = std::fs::read_dir(hospital.config.data.join("watch")).unwrap();
	let mut count = 0;
	for entry in states {
		let bytes = std::fs::read(entry.unwrap().path()).unwrap();
		assert!(!bytes.windows(6).any(|window| window == b"staff-"));
		count += 1;
	}
	assert!(count > 0);
}

/// A hospital whose two openers hold these keys, after its first watch, with the document of its alert about staff.
fn watched_staff(keys: &[EncryptionKey; 2]) -> (Hospital, u64, serde_json::Value) {
	let [one, other] = keys.each_ref().map(|key| hex::encode(key.public()));
	let mut hospital =
		Hospital::with(&format!("[staff]\nopeners = [\"0x{one}\", \"0x{other}\"]\n"));
	let (_, recorded) = hospital.execute(Task::Watch);
	let documents = hospital.store.documents_since(ReportKind::Alert, 0).unwrap();
	let found = recorded.iter().zip(documents).find_map(|(recorded, (_, document))| {
		(document["alert"]["kind"] == "record-access").then_some((recorded.number, document))
	});
	let (number, document) = found.unwrap();
	(hospital, number, document)
}

#[test]
fn a_name_is_opened_by_two_people_together_and_every_look_up_is_written_down() {
	let keys @ [first, second] = &[(); 2].map(|()| EncryptionKey::generate());
	let (mut hospital, _, document) = watched_staff(keys);
	assert!(!document.to_string().contains("staff-0999"), "{document}");
	let code = document["alert"]["entity"].as_str().unwrap();
	assert_eq!(code.len(), "staff-0123456789abcdef".len(), "{code}");
	let folder = watch::folder(&hospital.config);
	let open = |hospital: &Hospital, keys: [&EncryptionKey; 2], code: &str| {
		let data = &hospital.config.data;
		open_name(data, &folder, &hospital.store, keys, code, "case 7", 5)
	};
	let third = EncryptionKey::generate();
	for keys in [[first, first], [second, second], [first, &third]] {
		assert!(matches!(open(&hospital, keys, code), Err(Error::Opener(_))));
	}
	let look_ups = hospital.config.data.join("staff-look-ups.ndjson");
	assert!(!look_ups.exists());
	assert_eq!(*open(&hospital, [second, first], code).unwrap(), "staff-0999");
	let line: serde_json::Value =
		serde_json::from_str(&std::fs::read_to_string(&look_ups).unwrap()).unwrap();
	assert_eq!(
		(&line["code"], &line["reason"], &line["at"]),
		(&code.into(), &"case 7".into(), &5.into())
	);
	assert_eq!(line["openers"].as_array().unwrap().len(), 2);
	let unknown = open(&hospital, [first, second], "staff-0000000000000000");
	assert!(matches!(unknown, Err(Error::NotFound { .. })));
	hospital.execute(Task::Assess);
	let inputs = hospital.document(ReportKind::Assessment)["inputs"]["alerts"].clone();
	assert!(!inputs.to_string().contains(code), "an assessment is kept for longer: {inputs}");
	// A folder that cannot be written to: no look-up without a line about it.
	std::fs::remove_file(&look_ups).unwrap();
	std::fs::create_dir(&look_ups).unwrap();
	assert!(matches!(open(&hospital, [first, second], code), Err(Error::Io { .. })));
}

#[test]
fn alerts_about_staff_are_deleted_when_their_time_is_over_and_the_name_with_them() {
	const DAY: u64 = 86_400_000;
	let keys @ [first, second] = &[(); 2].map(|()| EncryptionKey::generate());
	let (mut hospital, number, document) = watched_staff(keys);
	let alert = |key: &str| document["alert"][key].as_str().unwrap().to_owned();
	let (retention, begin) = (Staff::default().retention(), now());
	assert_eq!(hospital.store.forget_notices(&retention, begin + 89 * DAY).unwrap(), 0);
	let words = hospital.config.data.join("feedback");
	leave(&hospital.config.data, &Word::Dismiss(alert("id"))).unwrap();
	// The program ends before what was said is recorded: it is said again.
	hospital.workshop.execute(Task::Watch, &hospital.store, begin).unwrap();
	assert_eq!(words.read_dir().unwrap().count(), 1);
	hospital.execute(Task::Watch);
	assert_eq!(words.read_dir().unwrap().count(), 0);
	assert_eq!(hospital.store.forget_notices(&retention, begin + 29 * DAY).unwrap(), 0);
	let name = |hospital: &Hospital| {
		let Config { data, .. } = &hospital.config;
		let folder = watch::folder(&hospital.config);
		open_name(data, &folder, &hospital.store, [first, second], &alert("entity"), "why", 5)
	};
	assert!(name(&hospital).is_ok());
	assert_eq!(hospital.store.forget_notices(&retention, begin + 31 * DAY).unwrap(), 1);
	let opened = hospital.store.open_evidence(ReportKind::Alert, number);
	assert!(matches!(opened, Err(Error::Deleted { .. })));
	let left = hospital.store.documents_since(ReportKind::Alert, 0).unwrap();
	assert_eq!(left.len(), 1, "the one about a device stays");
	hospital.execute(Task::Assess);
	hospital.execute(Task::Watch);
	assert!(matches!(name(&hospital), Err(Error::NotFound { .. })));
	assert!(hospital.execute(Task::Watch).1.is_empty(), "nothing is announced again");
}

#[test]
fn a_confirmed_alert_is_kept_for_longer_and_alerts_of_an_earlier_layout_are_known() {
	const DAY: u64 = 86_400_000;
	let keys = [(); 2].map(|()| EncryptionKey::generate());
	let (mut hospital, number, document) = watched_staff(&keys);
	let alert = document["alert"]["id"].as_str().unwrap().to_owned();
	leave(&hospital.config.data, &Word::Confirm(alert)).unwrap();
	hospital.execute(Task::Watch);
	let retention = Retention { dismissed: 0, undecided: 0, confirmed: 365 * DAY };
	assert_eq!(hospital.store.forget_notices(&retention, now() + 364 * DAY).unwrap(), 0);
	assert_eq!(hospital.store.forget_notices(&retention, now() + 366 * DAY).unwrap(), 1);

	let (hospital, again, _) = watched_staff(&keys);
	assert_eq!(again, number);
	let Hospital { config, store, _folder, .. } = hospital;
	drop(store);
	let database = rusqlite::Connection::open(config.data.join("agent.sqlite")).unwrap();
	database.execute_batch("DROP TABLE staff_notices; PRAGMA user_version = 1").unwrap();
	drop(database);
	let open = |access| Store::open(&config.data, &config.key_file(), ORGANISATION, access);
	assert!(matches!(open(Access::Look), Err(Error::EarlierLayout { .. })));
	let mut store = open(Access::Work).unwrap();
	let retention = Retention { dismissed: 0, undecided: 90 * DAY, confirmed: 0 };
	assert_eq!(store.forget_notices(&retention, now() + 91 * DAY).unwrap(), 1);
}

#[test]
fn without_any_readable_log_a_watch_says_so() {
	let mut hospital = Hospital::new();
	let mut config = hospital.config.clone();
	config.events.truncate(1);
	config.events[0].path = "/nonexistent".into();
	hospital.workshop = Workshop::new(config, hospital.runtime.handle().clone());
	let error = hospital.workshop.execute(Task::Watch, &hospital.store, now()).unwrap_err();
	assert!(error.to_string().contains("hospital network"), "{error}");
}

#[test]
fn shared_indicators_that_were_not_fetched_yet_do_not_keep_logs_from_being_watched() {
	let folder = tempfile::tempdir().unwrap();
	let file = |name: &str| folder.path().join(name).display().to_string();
	std::fs::create_dir(file("lists")).unwrap();
	std::fs::write(file("members.key"), [7; 32]).unwrap();
	std::fs::write(file("lists/own.txt"), "203.0.113.9\n10.0.0.1\n").unwrap();
	let mut hospital = Hospital::with(&format!(
		"[indicators]\nfolder = \"{}\"\nkey_file = \"{}\"\nshared = \"{}\"\n",
		file("lists"),
		file("members.key"),
		file("shared")
	));
	let notes = hospital.execute(Task::Watch).0.notes;
	let says = |notes: &[String], what: &str| notes.iter().any(|note| note.contains(what));
	assert!(says(&notes, "Shared indicators are missing"), "{notes:?}");
	assert!(says(&notes, "1 indicators; 1 not taken: a private address."), "{notes:?}");
	std::fs::write(file("shared"), "").unwrap();
	let notes = hospital.execute(Task::Watch).0.notes;
	assert!(!says(&notes, "missing"), "{notes:?}");
}
