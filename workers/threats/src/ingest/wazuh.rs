//! Wazuh alerts, JSON lines (`alerts.json`,
//! <https://documentation.wazuh.com/current/user-manual/manager/alert-management.html>).
//!
//! A rule of level 7 or more is a known threat; below it Wazuh speaks of ordinary errors and sign-ins, which
//! are watched as log messages. Of the log line that Wazuh quotes nothing is read.

use std::{borrow::Cow, net::IpAddr};

use super::{instant, not_json};
use crate::event::{Event, LogLine, Notice};

/// Least level of a known threat: "bad word matching" and worse
/// (<https://documentation.wazuh.com/current/user-manual/ruleset/rules/rules-classification.html>).
const THREAT: u8 = 7;

/// Reads one alert, or says why not.
pub(super) fn parse(line: &str) -> Result<Option<Event>, String> {
	let alert: Alert = serde_json::from_str(line).map_err(|error| not_json(&error))?;
	let at = instant(&alert.timestamp)?;
	let source: Option<IpAddr> = alert.data.source.and_then(|text| text.parse().ok());
	let host = alert.agent.name.into_owned();
	let rule = alert.rule;
	if rule.level >= THREAT {
		return Ok(Some(Event::Notice(Notice {
			at,
			source: source.map_or_else(|| host.clone(), |source| source.to_string()),
			destination: source.map(|_| host),
			rule: rule.id.into_owned(),
			title: rule.description.into_owned(),
			severity: match rule.level {
				12.. => 1,
				10.. => 2,
				_ => 3,
			},
			technique: rule.mitre.id.into_iter().next().map(Cow::into_owned),
		})));
	}
	let failed = rule.groups.iter().any(|group| group.contains("fail"));
	let outcome = if failed { "failure" } else { "event" };
	Ok(Some(Event::Log(LogLine {
		at,
		host,
		program: "wazuh".into(),
		process: None,
		kind: Some(rule.id.into_owned()),
		message: source.map_or(outcome.into(), |source| format!("{outcome} from {source}")),
	})))
}

#[derive(serde::Deserialize)]
struct Alert<'a> {
	#[serde(borrow)]
	timestamp: Cow<'a, str>,
	#[serde(borrow)]
	rule: Rule<'a>,
	#[serde(borrow)]
	agent: Agent<'a>,
	#[serde(borrow, default)]
	data: Data<'a>,
}

#[derive(serde::Deserialize)]
struct Rule<'a> {
	level: u8,
	#[serde(borrow)]
	id: Cow<'a, str>,
	#[serde(borrow)]
	description: Cow<'a, str>,
	#[serde(borrow, default)]
	groups: Vec<Cow<'a, str>>,
	#[serde(borrow, default)]
	mitre: Mitre<'a>,
}

#[derive(Default, serde::Deserialize)]
struct Mitre<'a> {
	#[serde(borrow, default)]
	id: Vec<Cow<'a, str>>,
}

#[derive(serde::Deserialize)]
struct Agent<'a> {
	#[serde(borrow)]
	name: Cow<'a, str>,
}

#[derive(Default, serde::Deserialize)]
struct Data<'a> {
	#[serde(borrow, rename = "srcip")]
	source: Option<Cow<'a, str>>,
}

#[cfg(test)]
mod tests {
	use super::*;

	const ALERT: &str = r#"{"timestamp":"2026-03-02T09:00:00.123+0100","rule":{"level":10,
		"description":"sshd: brute force","id":"5712","mitre":{"id":["T1110"],"tactic":["x"]},
		"groups":["syslog","authentication_failures"]},"agent":{"id":"004","name":"pacs"},
		"manager":{"name":"m"},"data":{"srcip":"10.0.0.9","srcuser":"mary"},"full_log":"mary"}"#;

	#[test]
	fn a_threat_names_its_source_rule_and_technique() {
		let Ok(Some(Event::Notice(notice))) = parse(ALERT) else { panic!("a notice") };
		assert_eq!(notice.at, 1_772_438_400_123);
		assert_eq!(
			(notice.source.as_str(), notice.destination.as_deref()),
			("10.0.0.9", Some("pacs"))
		);
		assert_eq!((notice.rule.as_str(), notice.technique.as_deref()), ("5712", Some("T1110")));
		assert_eq!(notice.severity, 2);
		let local = ALERT.replace(r#""srcip":"10.0.0.9","#, "").replace(":10,", ":12,");
		let Ok(Some(Event::Notice(notice))) = parse(&local) else { panic!("a notice") };
		assert_eq!((notice.source.as_str(), notice.destination), ("pacs", None));
		assert_eq!(notice.severity, 1);
	}

	#[test]
	fn a_low_level_is_a_log_message_that_names_nobody() {
		let Ok(Some(Event::Log(line))) = parse(&ALERT.replace(":10,", ":5,")) else {
			panic!("a line")
		};
		assert_eq!((line.kind.as_deref(), line.host.as_str()), (Some("5712"), "pacs"));
		assert_eq!(line.message, "failure from 10.0.0.9");
	}

	#[test]
	fn an_alert_without_its_rule_is_malformed() {
		assert!(parse(&ALERT.replace("rule", "other")).unwrap_err().contains("rule"));
	}
}
