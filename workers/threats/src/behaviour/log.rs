//! Messages of logs by whom they are about: how many, of how many kinds, how rare, how many failures.

use std::net::IpAddr;

use curex_primitives::Moment;

use super::{share, Behaviour, Observation, Recent, Tally, Windows};
use crate::{
	alert::{written, Kind},
	config::StreamConfig,
	detector::{Feature, Scale},
	event::LogLine,
	template::{template, Templates},
};

/// Parts of words that speak of failure.
const FAILURES: [&str; 8] =
	["fail", "invalid", "error", "denied", "refused", "illegal", "break-in", "reject"];

#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct LogBehaviour {
	windows: Windows<String, Window>,
	length: Moment,
	templates: Templates,
}

impl LogBehaviour {
	pub(crate) fn new(config: &StreamConfig) -> Self {
		Self {
			windows: Windows::new(config.entities),
			length: config.window_seconds.saturating_mul(1_000),
			templates: Templates::default(),
		}
	}
}

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Window {
	messages: Recent<Entry>,
	templates: Tally<String>,
	failures: usize,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Entry {
	template: String,
	failure: bool,
}

impl Window {
	fn push(&mut self, at: Moment, entry: Entry, length: Moment) {
		self.templates.add(entry.template.clone());
		self.failures += usize::from(entry.failure);
		let mut left = Vec::new();
		self.messages.push(at, entry, length, |entry| left.push(entry));
		for entry in left {
			self.templates.remove(&entry.template);
			self.failures -= usize::from(entry.failure);
		}
	}
}

/// Whom a message is about: the first address in it, else the program on its host.
pub(crate) fn entity(line: &LogLine) -> String {
	let separators = |character: char| {
		character.is_whitespace() || matches!(character, '[' | ']' | '(' | ')' | ',' | '=')
	};
	let address = line
		.message
		.split(separators)
		.filter(|word| word.len() >= 7 && word.contains(['.', ':']))
		.find_map(|word| word.trim_end_matches(['.', ':']).parse::<IpAddr>().ok());
	address.map_or_else(|| format!("{}/{}", line.host, line.program), |address| address.to_string())
}

fn template_of(line: &LogLine) -> String {
	match &line.kind {
		Some(kind) => template(&format!("{} {kind}", line.program), &line.message),
		None => template(&line.program, &line.message),
	}
}

fn is_failure(message: &str) -> bool {
	let lower = message.to_ascii_lowercase();
	FAILURES.iter().any(|failure| lower.contains(failure))
}

impl Behaviour for LogBehaviour {
	type Event = LogLine;
	const KIND: Kind = Kind::Log;
	const FEATURES: &'static [Feature] = &[
		Feature { name: "messages", scale: Scale::Count },
		Feature { name: "kinds_of_messages", scale: Scale::Count },
		Feature { name: "rarity_of_message", scale: Scale::Count },
		Feature { name: "failures", scale: Scale::Count },
		Feature { name: "failure_share", scale: Scale::Share },
	];

	fn observe(&mut self, line: &LogLine) -> Observation {
		let template = template_of(line);
		let rarity = self.templates.observe(&template);
		let entity = entity(line);
		let window = self.windows.of(&entity, line.at);
		let failure = is_failure(&line.message);
		window.push(line.at, Entry { template, failure }, self.length);
		let messages = window.messages.len();
		Observation {
			entity,
			at: line.at,
			point: vec![
				messages as f64,
				window.templates.distinct() as f64,
				rarity,
				window.failures as f64,
				share(window.failures, messages),
			],
			reach: window.failures as u64,
			group: None,
		}
	}

	fn describe(&self, entity: &str, point: &[f64]) -> String {
		format!(
			"{entity} caused {} log messages of {} kinds within {} s, {} of them about failures; the \
			 latest is of a kind with a rarity of {:.1} nats.",
			point[0],
			point[1],
			self.length / 1_000,
			point[3],
			point[2],
		)
	}

	fn technique(leading: &str) -> Option<&'static str> {
		match leading {
			// Brute Force
			"failures" | "failure_share" | "messages" => Some("T1110"),
			_ => None,
		}
	}

	fn safeguard(leading: &str) -> &'static str {
		match leading {
			"failures" | "failure_share" | "messages" => {
				"block the address, and allow sign-in from outside with a second factor only"
			},
			_ => "have the administrator of the host explain the messages",
		}
	}

	fn evidence(line: &LogLine) -> String {
		// Names of people stand in messages: the template leaves them out.
		format!("{} {} {}", written(line.at), line.host, template_of(line))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn line(at: Moment, message: &str) -> LogLine {
		LogLine {
			at,
			host: "gate".into(),
			program: "sshd".into(),
			process: None,
			kind: None,
			message: message.into(),
		}
	}

	#[test]
	fn messages_of_another_kind_are_another_template() {
		let of_kind = |kind: &str| LogLine { kind: Some(kind.into()), ..line(0, "event") };
		assert_ne!(template_of(&of_kind("4624")), template_of(&of_kind("4625")));
	}

	#[test]
	fn failures_are_counted_against_the_address_they_come_from() {
		let mut behaviour = LogBehaviour::new(&StreamConfig::default());
		behaviour.observe(&line(0, "Failed password for root from 10.0.0.1 port 1 ssh2"));
		let second =
			behaviour.observe(&line(1, "Failed password for bob from 10.0.0.1 port 2 ssh2"));
		assert_eq!(second.entity, "10.0.0.1");
		assert_eq!([second.point[0], second.point[1], second.point[3]], [2.0, 1.0, 2.0]);
		assert_eq!(behaviour.observe(&line(2, "Server listening")).entity, "gate/sshd");
	}

	#[test]
	fn evidence_names_nobody() {
		let text = LogBehaviour::evidence(&line(0, "Invalid user mary from 10.0.0.1"));
		assert!(!text.contains("mary"), "{text}");
	}
}
