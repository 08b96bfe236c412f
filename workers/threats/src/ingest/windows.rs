//! Windows events as JSON, one a line: as Winlogbeat ships them
//! (<https://www.elastic.co/guide/en/beats/winlogbeat/current/exported-fields-winlog.html>), or as tools
//! convert EVTX files (`{"Event": {"System": …}}`).
//!
//! Of an event its number, channel, computer, outcome and address are read. Names of accounts are not.

use std::net::IpAddr;

use serde_json::Value;

use super::{instant, not_json};
use crate::event::LogLine;

/// Names of the fields under which events say from where somebody came.
const ADDRESSES: [&str; 4] = ["IpAddress", "SourceAddress", "SourceIp", "ClientAddress"];

/// Bit of the keywords of an event that says that an audited action failed (winmeta.xml,
/// `AuditFailure`).
const AUDIT_FAILURE: u64 = 0x0010_0000_0000_0000;

/// Reads one event, or says why not.
pub(super) fn parse(line: &str) -> Result<Option<LogLine>, String> {
	let value: Value = serde_json::from_str(line).map_err(|error| not_json(&error))?;
	let event = Parts::of(&value).ok_or("neither winlog nor Event.System is there")?;
	let number = event.number.ok_or("the number of the event is missing")?;
	let address = ADDRESSES
		.iter()
		.filter_map(|name| event.data?.get(name)?.as_str())
		.find_map(|text| text.trim_start_matches("::ffff:").parse::<IpAddr>().ok());
	let outcome = match (event.failed, event.level) {
		(true, _) => "audit failure",
		(false, Some(1)) => "critical error",
		(false, Some(2)) => "error",
		_ => "event",
	};
	Ok(Some(LogLine {
		at: instant(event.time.ok_or("the time is missing")?)?,
		host: event.computer.unwrap_or_default().into(),
		program: event.channel.or(event.provider).unwrap_or("Windows").into(),
		process: None,
		kind: Some(number.to_string()),
		message: address.map_or(outcome.into(), |address| format!("{outcome} from {address}")),
	}))
}

/// What both forms say.
pub(crate) struct Parts<'a> {
	time: Option<&'a str>,
	pub(crate) number: Option<u64>,
	pub(crate) channel: Option<&'a str>,
	pub(crate) provider: Option<&'a str>,
	pub(crate) computer: Option<&'a str>,
	failed: bool,
	level: Option<u64>,
	pub(crate) data: Option<&'a Value>,
}

impl<'a> Parts<'a> {
	/// Nothing if it is neither form.
	pub(crate) fn of(value: &'a Value) -> Option<Self> {
		if let Some(winlog) = value.get("winlog") {
			let keywords = winlog.get("keywords").and_then(Value::as_array);
			let level = value.pointer("/log/level").and_then(Value::as_str);
			return Some(Self {
				time: text(value.get("@timestamp")),
				number: number(winlog.get("event_id")),
				channel: text(winlog.get("channel")),
				provider: text(winlog.get("provider_name")),
				computer: text(winlog.get("computer_name")),
				failed: keywords
					.is_some_and(|words| words.iter().any(|word| word == "Audit Failure")),
				level: match level {
					Some("critical") => Some(1),
					Some("error") => Some(2),
					_ => None,
				},
				data: winlog.get("event_data"),
			});
		}
		let system = value.pointer("/Event/System")?;
		// Attributes stand below the element or, in other tools, beside it.
		let attribute = |element: &str, name: &str| {
			let below = system.get(element).and_then(|element| element.get("#attributes"));
			text(below.or_else(|| system.get(format!("{element}_attributes")))?.get(name))
		};
		let keywords = text(system.get("Keywords"))
			.and_then(|keywords| u64::from_str_radix(keywords.trim_start_matches("0x"), 16).ok());
		Some(Self {
			time: attribute("TimeCreated", "SystemTime"),
			number: number(system.get("EventID")),
			channel: text(system.get("Channel")),
			provider: attribute("Provider", "Name"),
			computer: text(system.get("Computer")),
			failed: keywords.is_some_and(|keywords| keywords & AUDIT_FAILURE != 0),
			level: number(system.get("Level")),
			data: value.pointer("/Event/EventData"),
		})
	}
}

fn text(value: Option<&Value>) -> Option<&str> {
	value?.as_str()
}

/// A number, written as one, as text, or as the text of an element with attributes.
fn number(value: Option<&Value>) -> Option<u64> {
	let value = value?;
	let value = value.get("#text").unwrap_or(value);
	value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
	use super::*;

	const BEAT: &str = r#"{"@timestamp":"2026-03-02T08:00:01.5Z","log":{"level":"information"},
		"winlog":{"channel":"Security","event_id":"4625","computer_name":"ws-7.hospital",
		"provider_name":"Microsoft-Windows-Security-Auditing","keywords":["Audit Failure"],
		"event_data":{"IpAddress":"::ffff:10.0.0.9","TargetUserName":"mary"}},
		"message":"An account failed to log on. Account Name: mary"}"#;

	const EVTX: &str = r##"{"Event":{"#attributes":{"xmlns":"x"},"System":{"Provider":{"#attributes":
		{"Name":"Microsoft-Windows-Security-Auditing"}},"EventID":4625,"Level":0,
		"Keywords":"0x8010000000000000","TimeCreated":{"#attributes":
		{"SystemTime":"2026-03-02T08:00:01.500000Z"}},"Channel":"Security","Computer":"ws-7.hospital"},
		"EventData":{"IpAddress":"10.0.0.9","TargetUserName":"mary"}}}"##;

	#[test]
	fn both_forms_of_an_event_read_the_same_and_name_nobody() {
		let line = parse(BEAT).unwrap().unwrap();
		assert_eq!(line.at, 1_772_438_401_500);
		assert_eq!((line.host.as_str(), line.program.as_str()), ("ws-7.hospital", "Security"));
		assert_eq!(line.kind.as_deref(), Some("4625"));
		assert_eq!(line.message, "audit failure from 10.0.0.9");
		assert_eq!(parse(EVTX), Ok(Some(line)));
	}

	#[test]
	fn attributes_may_stand_beside_and_success_is_no_failure() {
		let beside = EVTX
			.replace(r##""TimeCreated":{"#attributes":"##, r#""TimeCreated_attributes":"#)
			.replace(r#"00000Z"}},"Ch"#, r#"00000Z"},"Ch"#)
			.replace("0x8010", "0x8020")
			.replace("4625", r##"{"#text":4624,"#attributes":{"Qualifiers":1}}"##);
		let line = parse(&beside).unwrap().unwrap();
		assert_eq!(
			(line.kind.as_deref(), line.message.as_str()),
			(Some("4624"), "event from 10.0.0.9")
		);
	}

	#[test]
	fn what_is_missing_is_named() {
		assert!(parse(r#"{"message":"x"}"#).unwrap_err().contains("winlog"));
		assert!(parse(&BEAT.replace("@timestamp", "when")).unwrap_err().contains("time"));
		assert!(parse(&BEAT.replace("event_id", "id")).unwrap_err().contains("number"));
	}
}
