//! Replays of the lab's own events and of public captures.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use curex_primitives::Level;
use curex_threats::{watch, Config, Format, Kind, Report, Source};

fn open(path: &Path, format: Format) -> Source<BufReader<File>> {
	let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
	Source::new(path.display().to_string(), format, BufReader::new(file))
}

fn lab(name: &str) -> PathBuf {
	Path::new(env!("CARGO_MANIFEST_DIR")).join("../../lab/events").join(name)
}

/// The shared flows, if they are at hand.
fn shared(name: &str) -> Option<PathBuf> {
	let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
	let data = std::env::var_os("CUREX_DATA").map_or_else(default, PathBuf::from);
	let path = data.join("anomaly/flows").join(name);
	if path.exists() {
		return Some(path);
	}
	eprintln!("skipped: {} is absent; set CUREX_DATA", path.display());
	None
}

fn replay(paths: &[(&Path, Format)]) -> Report {
	let sources: Vec<_> = paths.iter().map(|(path, format)| open(path, *format)).collect();
	watch(&Config::default(), sources).unwrap()
}

#[test]
fn the_labs_scanner_and_snooper_are_each_named_in_one_alert() {
	let (flows, accesses) = (lab("conn.log"), lab("access.ndjson"));
	let report = replay(&[(&flows, Format::Zeek), (&accesses, Format::FhirAudit)]);
	assert_eq!((report.events, report.malformed.count), (880, 0));
	let found: Vec<_> =
		report.alerts.iter().map(|alert| (alert.kind, alert.entity.as_str())).collect();
	assert_eq!(found, [(Kind::Flow, "10.20.1.66"), (Kind::RecordAccess, "staff-0999")]);
	let [scan, snooping] = report.alerts.as_slice() else { panic!("two alerts") };
	assert_eq!(scan.technique.as_deref(), Some("T1046"));
	assert_eq!(snooping.technique.as_deref(), Some("T1213"));
	assert!(scan.severity >= Level::High && snooping.severity >= Level::High);
	assert!(scan.flagged > 50, "{scan:?}");
	for alert in &report.alerts {
		let shares: f64 = alert.drivers.iter().map(|driver| driver.share).sum();
		assert!(shares > 0.5 && shares <= 1.0 + 1e-9, "{alert:?}");
		assert!(alert.drivers[0].actual > alert.drivers[0].typical, "{alert:?}");
	}
}

#[test]
fn the_order_of_the_sources_does_not_matter() {
	let text = std::fs::read_to_string(lab("conn.log")).unwrap();
	let lines: Vec<&str> = text.lines().collect();
	let (early, late) = lines.split_at(lines.len() / 2);
	let (early, late) = (early.join("\n"), late.join("\n"));
	let replay = |parts: [&str; 2]| {
		let sources = parts.map(|part| Source::new("part", Format::Zeek, part.as_bytes()));
		watch(&Config::default(), sources).unwrap()
	};
	let forward = replay([&early, &late]);
	assert_eq!(forward.alerts.len(), 1);
	assert_eq!(forward, replay([&late, &early]));
}

#[test]
fn no_alert_repeats_a_patient_reference() {
	let accesses = lab("access.ndjson");
	let report = replay(&[(&accesses, Format::FhirAudit)]);
	assert!(!report.alerts.is_empty());
	let text = serde_json::to_string(&report).unwrap();
	assert!(!text.contains("Patient/"), "{text}");
}

#[test]
fn a_log_too_short_to_learn_from_is_reported_as_unjudged() {
	let Some(scan) = shared("port-scans/horizontal/conn.log") else { return };
	let report = replay(&[(&scan, Format::Zeek)]);
	assert!(report.alerts.is_empty());
	assert_eq!(report.flows.unjudged, report.events);
	assert_eq!(report.flows.judged, 0);
}

#[test]
fn a_horizontal_scan_after_mixed_traffic_names_the_scanner() {
	let (Some(mixed), Some(scan)) =
		(shared("mixed/conn.log"), shared("port-scans/horizontal/conn.log"))
	else {
		return;
	};
	let report = replay(&[(&mixed, Format::Zeek), (&scan, Format::Zeek)]);
	assert_eq!(report.malformed.count, 0);
	assert!(report.alerts.iter().any(|alert| alert.entity == "10.0.2.112"), "{report:#?}");
}

#[test]
fn a_vertical_scan_after_mixed_traffic_names_the_scanner() {
	let (Some(mixed), Some(scan)) =
		(shared("mixed/conn.log"), shared("port-scans/vertical/conn.log"))
	else {
		return;
	};
	let report = replay(&[(&mixed, Format::Zeek), (&scan, Format::Zeek)]);
	let alert = report.alerts.iter().find(|alert| alert.entity == "192.168.1.9");
	let alert = alert.unwrap_or_else(|| panic!("{report:#?}"));
	assert!(alert.severity >= Level::High);
	assert_eq!(alert.technique.as_deref(), Some("T1046"), "{alert:#?}");
}

#[test]
fn mixed_normal_traffic_stays_within_the_false_alarm_budget() {
	let Some(mixed) = shared("mixed/conn.log") else { return };
	let report = replay(&[(&mixed, Format::Zeek)]);
	let expected = Config::default().false_alarm_rate * report.flows.judged as f64;
	// Flags of one bursty host are not independent: allow three times the expected number.
	assert!(report.flows.judged > 100, "{report:#?}");
	assert!((report.flows.flagged as f64) <= 3.0 * expected.max(1.0), "{report:#?}");
	assert!(report.alerts.is_empty(), "{report:#?}");
}

#[test]
fn an_attack_that_grows_step_by_step_is_not_learned_step_by_step() {
	let mut text = std::fs::read_to_string(lab("conn.log")).unwrap();
	let scan: Vec<&str> = text.lines().filter(|line| line.contains("10.20.1.66")).collect();
	// The same scan again, ten times slower.
	let start = 1_772_450_000.0;
	let slow: String = scan
		.iter()
		.enumerate()
		.map(|(step, line)| {
			let mut row: serde_json::Value = serde_json::from_str(line).unwrap();
			row["ts"] = (start + 0.8 * step as f64).into();
			row["id.orig_h"] = "10.20.1.77".into();
			format!("{row}\n")
		})
		.collect();
	text.push_str(&slow);
	let sources = [Source::new("scans", Format::Zeek, text.as_bytes())];
	let report = watch(&Config::default(), sources).unwrap();
	let named: Vec<&str> = report.alerts.iter().map(|alert| alert.entity.as_str()).collect();
	assert_eq!(named, ["10.20.1.66", "10.20.1.77"], "{report:#?}");
}
