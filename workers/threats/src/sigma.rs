//! Sigma rules (<https://github.com/SigmaHQ/sigma-specification>, version 2): what others know of attacks,
//! applied to events of Windows, syslog, Zeek and Suricata. Matching is done by the crate `sigma-rust`.
//!
//! A rule is applied where its log source says: a Windows service is a channel, a Windows category is the
//! events of Sysmon, PowerShell or the security log that carry it, a Linux service is a program. Rules for
//! other log sources, correlations, and rules that are deprecated or informational are not applied.

use std::{
	fs, io,
	path::{Path, PathBuf},
};

use serde_json::{json, Map, Value};

use crate::{
	behaviour::log,
	event::{Event, Notice},
	ingest::{windows::Parts, Format},
};

/// Reasons that are kept of rules that cannot be read; the rest is counted.
const SAMPLES: usize = 10;

/// Folders within folders that are looked into.
const DEPTH: usize = 16;

const SYSMON: &str = "Microsoft-Windows-Sysmon/Operational";
const POWERSHELL: &str = "Microsoft-Windows-PowerShell/Operational";

/// Channel of a Windows service (Sigma, appendix "Taxonomy").
const SERVICES: [(&str, &str); 11] = [
	("security", "Security"),
	("system", "System"),
	("application", "Application"),
	("sysmon", SYSMON),
	("powershell", POWERSHELL),
	("powershell-classic", "Windows PowerShell"),
	("taskscheduler", "Microsoft-Windows-TaskScheduler/Operational"),
	("windefend", "Microsoft-Windows-Windows Defender/Operational"),
	("wmi", "Microsoft-Windows-WMI-Activity/Operational"),
	("bits-client", "Microsoft-Windows-Bits-Client/Operational"),
	("firewall-as", "Microsoft-Windows-Windows Firewall With Advanced Security/Firewall"),
];

/// Channel and numbers of the events that carry a Windows category. `process_creation` is also event 4688 of
/// the security log.
const CATEGORIES: [(&str, &str, &[u64]); 19] = [
	("process_creation", SYSMON, &[1]),
	("file_change", SYSMON, &[2]),
	("network_connection", SYSMON, &[3]),
	("process_termination", SYSMON, &[5]),
	("driver_load", SYSMON, &[6]),
	("image_load", SYSMON, &[7]),
	("create_remote_thread", SYSMON, &[8]),
	("raw_access_thread", SYSMON, &[9]),
	("process_access", SYSMON, &[10]),
	("file_event", SYSMON, &[11]),
	("registry_event", SYSMON, &[12, 13, 14]),
	("registry_add", SYSMON, &[12]),
	("registry_set", SYSMON, &[13]),
	("create_stream_hash", SYSMON, &[15]),
	("pipe_created", SYSMON, &[17, 18]),
	("wmi_event", SYSMON, &[19, 20, 21]),
	("dns_query", SYSMON, &[22]),
	("ps_module", POWERSHELL, &[4103]),
	("ps_script", POWERSHELL, &[4104]),
];

/// Logs of Zeek, as Sigma calls these services.
const ZEEK_LOGS: [&str; 5] = ["conn", "dns", "http", "ssl", "files"];

/// Rules ready to be applied.
#[derive(Default)]
pub struct Rules {
	rules: Vec<Rule>,
	/// Rules for log sources that are not read, or that are not to raise alerts.
	pub passed_over: usize,
	/// Files that hold no rule that is understood.
	pub refused: usize,
	/// The first ten of them, and why.
	pub reasons: Vec<String>,
}

struct Rule {
	matcher: sigma_rust::Rule,
	id: String,
	severity: u8,
	technique: Option<String>,
	applies: Applies,
}

/// To which events a rule is applied.
#[derive(Clone, Debug, PartialEq)]
enum Applies {
	/// To those of Windows, in a channel and with a number if those are given.
	Windows { channel: Option<&'static str>, numbers: &'static [u64] },
	/// To messages of syslog, of a program if one is given.
	Syslog { program: Option<String> },
	/// To events of Suricata, whose fields Sigma names as it does.
	Suricata,
	/// To lines of a log of Zeek, in JSON, likewise.
	Zeek { log: &'static str },
}

impl Rules {
	/// Reads every `.yml` and `.yaml` file in a folder and those below it. A file that cannot be read or is not
	/// understood is counted and named, never fatal.
	///
	/// # Errors
	/// What the system says of the folder or one below it.
	pub fn load(folder: &Path) -> io::Result<Self> {
		let mut files = Vec::new();
		find(folder, DEPTH, &mut files)?;
		files.sort();
		let mut rules = Self::default();
		for file in files {
			let text = fs::read(&file).map_err(|error| error.to_string());
			let added = text.and_then(|text| rules.add(&String::from_utf8_lossy(&text)));
			if let Err(reason) = added {
				rules.refused += 1;
				if rules.reasons.len() < SAMPLES {
					rules.reasons.push(format!("{}: {reason}", file.display()));
				}
			}
		}
		Ok(rules)
	}

	/// Adds a rule.
	///
	/// # Errors
	/// Why it is not understood.
	pub fn add(&mut self, yaml: &str) -> Result<(), String> {
		let matcher = sigma_rust::rule_from_yaml(yaml).map_err(|error| error.to_string())?;
		// The crate does not export the types of these two.
		let level = matcher.level.as_ref().map(|level| format!("{level:?}"));
		let status = matcher.status.as_ref().map(|status| format!("{status:?}"));
		let severity = match level.as_deref() {
			Some("Critical" | "High") => 1,
			Some("Medium") => 2,
			Some("Informational") => return self.pass_over(),
			_ => 3,
		};
		if matches!(status.as_deref(), Some("Deprecated" | "Unsupported")) {
			return self.pass_over();
		}
		let source = &matcher.logsource;
		let applies = applies(
			source.product.as_deref(),
			source.service.as_deref(),
			source.category.as_deref(),
		);
		let Some(applies) = applies else { return self.pass_over() };
		let technique = matcher.tags.iter().flatten().find_map(|tag| technique(tag));
		let id = matcher.id.clone().unwrap_or_else(|| matcher.title.clone());
		self.rules.push(Rule { matcher, id, severity, technique, applies });
		Ok(())
	}

	fn pass_over(&mut self) -> Result<(), String> {
		self.passed_over += 1;
		Ok(())
	}

	/// How many are applied.
	pub fn len(&self) -> usize {
		self.rules.len()
	}

	/// Whether none is applied.
	pub fn is_empty(&self) -> bool {
		self.rules.is_empty()
	}

	/// What the rules say of a line, given the event that it is.
	pub fn notices(&self, format: Format, line: &str, event: &Event) -> Vec<Notice> {
		if self.rules.is_empty() {
			return Vec::new();
		}
		let Some(subject) = Subject::of(format, line, event) else { return Vec::new() };
		let Ok(fields) = sigma_rust::Event::try_from(subject.fields.clone()) else {
			return Vec::new();
		};
		let fired = self
			.rules
			.iter()
			.filter(|rule| subject.is_covered(&rule.applies) && rule.matcher.is_match(&fields));
		fired
			.map(|rule| Notice {
				at: event.at(),
				source: subject.source.clone(),
				destination: subject.destination.clone(),
				rule: rule.id.clone(),
				title: rule.matcher.title.clone(),
				severity: rule.severity,
				technique: rule.technique.clone(),
			})
			.collect()
	}
}

/// What rules are applied to.
struct Subject {
	format: Format,
	source: String,
	destination: Option<String>,
	/// Of an event of Windows.
	channel: String,
	number: u64,
	/// Of a message of syslog; the log of a line of Zeek.
	program: String,
	fields: Value,
}

impl Subject {
	fn of(format: Format, line: &str, event: &Event) -> Option<Self> {
		let mut subject = Self {
			format,
			source: String::new(),
			destination: None,
			channel: String::new(),
			number: 0,
			program: String::new(),
			fields: Value::Null,
		};
		match event {
			Event::Flow(flow) => {
				subject.program = "conn".into();
				subject.source = flow.source.to_string();
				subject.destination = Some(flow.destination.to_string());
				subject.fields = serde_json::from_str(line).ok()?;
			},
			Event::Contact(contact) => {
				subject.program.clone_from(&contact.log);
				subject.source.clone_from(&contact.source);
				subject.destination.clone_from(&contact.destination);
				subject.fields = serde_json::from_str(line).ok()?;
			},
			Event::Log(message) if format == Format::Windows => {
				let value: Value = serde_json::from_str(line).ok()?;
				let parts = Parts::of(&value)?;
				subject.source.clone_from(&message.host);
				subject.channel = parts.channel.unwrap_or_default().into();
				subject.number = parts.number.unwrap_or_default();
				subject.fields = Value::Object(windows_fields(&parts));
			},
			Event::Log(message) if format == Format::Syslog => {
				subject.source = log::entity(message);
				subject.program.clone_from(&message.program);
				subject.fields = json!({ "message": message.message, "program": message.program });
			},
			_ => return None,
		}
		Some(subject)
	}

	fn is_covered(&self, applies: &Applies) -> bool {
		match applies {
			Applies::Suricata => self.format == Format::Eve,
			Applies::Zeek { log } => self.format == Format::Zeek && self.program == *log,
			Applies::Syslog { program } => {
				self.format == Format::Syslog
					&& program.as_ref().is_none_or(|program| *program == self.program)
			},
			Applies::Windows { channel, numbers } => {
				let of_security_log = *numbers == [1] && self.channel == "Security";
				self.format == Format::Windows
					&& (channel.is_none_or(|channel| channel == self.channel)
						&& (numbers.is_empty() || numbers.contains(&self.number))
						|| of_security_log && self.number == 4688)
			},
		}
	}
}

/// The fields of a Windows event under the names that Sigma uses.
fn windows_fields(parts: &Parts) -> Map<String, Value> {
	let mut fields = match parts.data {
		Some(Value::Object(data)) => data.clone(),
		_ => Map::new(),
	};
	// The security log calls these otherwise than Sysmon.
	for (own, common) in [("NewProcessName", "Image"), ("ParentProcessName", "ParentImage")] {
		if let (Some(value), false) = (fields.get(own).cloned(), fields.contains_key(common)) {
			fields.insert(common.into(), value);
		}
	}
	let names = ["Channel", "Provider_Name", "Computer"];
	for (name, value) in names.into_iter().zip([parts.channel, parts.provider, parts.computer]) {
		fields.insert(name.into(), value.map_or(Value::Null, Into::into));
	}
	fields.insert("EventID".into(), parts.number.map_or(Value::Null, Into::into));
	fields
}

/// To what a log source leads; nothing if to nothing that is read.
fn applies(
	product: Option<&str>,
	service: Option<&str>,
	category: Option<&str>,
) -> Option<Applies> {
	match (product?, service, category) {
		("windows", None, None) => Some(Applies::Windows { channel: None, numbers: &[] }),
		("windows", Some(service), None) => {
			let (_, channel) = SERVICES.iter().find(|(name, _)| *name == service)?;
			Some(Applies::Windows { channel: Some(channel), numbers: &[] })
		},
		("windows", _, Some(category)) => {
			let (_, channel, numbers) = CATEGORIES.iter().find(|(name, ..)| *name == category)?;
			Some(Applies::Windows { channel: Some(channel), numbers })
		},
		("linux", None | Some("auth" | "syslog"), None) => Some(Applies::Syslog { program: None }),
		("linux", Some("auditd"), _) => None,
		("linux", Some(service), None) => Some(Applies::Syslog { program: Some(service.into()) }),
		("zeek", Some(service), _) => {
			let log = ZEEK_LOGS.into_iter().find(|log| *log == service)?;
			Some(Applies::Zeek { log })
		},
		("suricata", ..) => Some(Applies::Suricata),
		_ => None,
	}
}

/// The ATT&CK technique of a tag such as `attack.t1059.001`.
fn technique(tag: &str) -> Option<String> {
	let number = tag.to_ascii_lowercase().strip_prefix("attack.t")?.to_string();
	let is_number = !number.is_empty() && number.split('.').all(|part| part.parse::<u16>().is_ok());
	is_number.then(|| format!("T{number}"))
}

fn find(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> io::Result<()> {
	for entry in folder.read_dir()? {
		let entry = entry?;
		let (path, kind) = (entry.path(), entry.file_type()?);
		if kind.is_dir() && depth > 0 {
			find(&path, depth - 1, files)?;
		}
		let is_yaml = path.extension().is_some_and(|ending| ending == "yml" || ending == "yaml");
		if kind.is_file() && is_yaml {
			files.push(path);
		}
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::ingest::{read_line, Parser};

	fn rule(source: &str, level: &str, detection: &str) -> String {
		format!(
			"title: A test\nid: 7\nstatus: test\nlevel: {level}\ntags: [attack.execution, attack.t1059.001]\n\
			 logsource: {source}\ndetection: {detection}\n"
		)
	}

	fn fired(rules: &Rules, format: Format, line: &str) -> Vec<Notice> {
		let mut bytes = Vec::new();
		let read = read_line(&mut line.as_bytes(), &mut bytes).unwrap();
		let event = Parser::new(format).line(&bytes, &read).unwrap().unwrap();
		rules.notices(format, line, &event)
	}

	const PROCESS: &str = r#"{"@timestamp":"2026-03-02T08:00:00Z","winlog":{"channel":
		"Microsoft-Windows-Sysmon/Operational","event_id":1,"computer_name":"ws-7",
		"event_data":{"Image":"C:\\Windows\\powershell.exe","CommandLine":"powershell -enc AAAA"}}}"#;

	const ENCODED: &str = r"{selection: {Image|endswith: '\powershell.exe', CommandLine|contains: ' -enc '}, condition: selection}";

	#[test]
	fn a_rule_fires_with_its_technique_on_the_events_of_its_category_alone() {
		let mut rules = Rules::default();
		rules
			.add(&rule("{product: windows, category: process_creation}", "high", ENCODED))
			.unwrap();
		let line = PROCESS.replace('\n', "");
		let notices = fired(&rules, Format::Windows, &line);
		let [notice] = notices.as_slice() else { panic!("{notices:?}") };
		assert_eq!((notice.source.as_str(), notice.rule.as_str()), ("ws-7", "7"));
		assert_eq!((notice.severity, notice.technique.as_deref()), (1, Some("T1059.001")));
		assert_eq!(notice.at, 1_772_438_400_000);
		for other in [("\"event_id\":1", "\"event_id\":3"), ("-enc", "-file"), ("Sysmon", "Other")]
		{
			assert!(
				fired(&rules, Format::Windows, &line.replace(other.0, other.1)).is_empty(),
				"{other:?}"
			);
		}
		// The security log carries the same under another name.
		let security = line
			.replace("Microsoft-Windows-Sysmon/Operational", "Security")
			.replace("\"event_id\":1", "\"event_id\":4688")
			.replace("\"Image\"", "\"NewProcessName\"");
		assert_eq!(fired(&rules, Format::Windows, &security).len(), 1);
	}

	#[test]
	fn rules_for_syslog_look_for_words_in_messages_of_their_program() {
		let mut rules = Rules::default();
		let words = "{words: ['*Corrupted MAC on input*'], condition: words}";
		rules.add(&rule("{product: linux, service: sshd}", "medium", words)).unwrap();
		let line = "Dec 10 06:55:46 gate sshd[7]: Corrupted MAC on input from 10.0.0.9";
		let notices = fired(&rules, Format::Syslog, line);
		assert_eq!(notices.len(), 1);
		assert_eq!((notices[0].source.as_str(), notices[0].severity), ("10.0.0.9", 2));
		assert!(fired(&rules, Format::Syslog, &line.replace("sshd", "other")).is_empty());
	}

	#[test]
	fn rules_for_logs_of_zeek_look_at_lines_of_their_log() {
		let mut rules = Rules::default();
		let onion = "{selection: {query|endswith: '.onion'}, condition: selection}";
		rules.add(&rule("{product: zeek, service: dns}", "high", onion)).unwrap();
		rules.add(&rule("{product: zeek, service: kerberos}", "high", onion)).unwrap();
		assert_eq!((rules.len(), rules.passed_over), (1, 1));
		let line = r#"{"ts":1,"uid":"C","id.orig_h":"10.0.0.7","id.resp_h":"10.0.0.1","proto":"udp","trans_id":1,"query":"a.onion"}"#;
		let notices = fired(&rules, Format::Zeek, line);
		assert_eq!((notices.len(), notices[0].source.as_str()), (1, "10.0.0.7"));
		assert!(fired(&rules, Format::Zeek, &line.replace(".onion", ".example")).is_empty());
		// A connection has no question, whatever else stands there.
		let connection = line.replace(r#""trans_id":1,"query""#, r#""conn_state":"SF","quer""#);
		assert!(fired(&rules, Format::Zeek, &connection).is_empty());
	}

	#[test]
	fn rules_that_cannot_be_applied_are_counted_and_those_not_understood_named() {
		let folder = tempfile::tempdir().unwrap();
		let below = folder.path().join("cloud");
		fs::create_dir(&below).unwrap();
		let write = |name: &str, text: &str| fs::write(below.join(name), text).unwrap();
		write("a.yml", &rule("{product: windows, service: security}", "low", ENCODED));
		write("b.yml", &rule("{product: aws}", "high", ENCODED));
		write("c.yml", &rule("{product: windows}", "informational", ENCODED));
		write("d.yaml", "title: [");
		write("e.txt", "no rule");
		// A file that is not there when it is read.
		std::os::unix::fs::symlink("nowhere", below.join("f.yml")).unwrap();
		let rules = Rules::load(folder.path()).unwrap();
		assert_eq!((rules.len(), rules.passed_over, rules.refused), (1, 2, 1));
		assert!(rules.reasons[0].contains("d.yaml"), "{:?}", rules.reasons);
		assert!(Rules::load(&folder.path().join("none")).is_err());
	}

	#[test]
	fn only_numbers_of_techniques_are_taken_from_tags() {
		assert_eq!(technique("attack.t1110").as_deref(), Some("T1110"));
		assert_eq!(technique("attack.T1059.001").as_deref(), Some("T1059.001"));
		for other in ["attack.execution", "attack.t", "attack.ta0001", "car.2013-05-002"] {
			assert_eq!(technique(other), None, "{other}");
		}
	}
}
