//! Syslog, RFC 3164 and RFC 5424, as files hold it (with or without the priority).

use chrono::{DateTime, Datelike, Utc};
use syslog_loose::{parse_message_with_year_tz, ProcId, Variant};

use crate::event::LogLine;

/// Year of messages that carry none, as those of RFC 3164: of the newest year in which the day is past, so
/// that a file of December read in January keeps its order.
pub(super) fn year((month, day, ..): (u32, u32, u32, u32, u32)) -> i32 {
	let now = DateTime::<Utc>::from(std::time::SystemTime::now());
	if (month, day) > (now.month(), now.day()) {
		now.year() - 1
	} else {
		now.year()
	}
}

/// Reads one line, or says why not.
pub(super) fn parse(line: &str) -> Result<Option<LogLine>, String> {
	let message = parse_message_with_year_tz(line, year, Some(Utc), Variant::Either);
	let at = message.timestamp.ok_or("there is no time in the form of RFC 3164 or RFC 5424")?;
	let at = u64::try_from(at.timestamp_millis()).map_err(|_| "a time lies before 1970")?;
	let program = message.appname.unwrap_or_default().to_string();
	let message_text = message.msg.trim();
	if message_text.is_empty() {
		return Err("there is no message".into());
	}
	let process = match message.procid {
		Some(ProcId::PID(number)) => Some(number.to_string()),
		Some(ProcId::Name(name)) => Some(name.to_string()),
		None => None,
	};
	Ok(Some(LogLine {
		at,
		host: message.hostname.unwrap_or_default().to_string(),
		program,
		process,
		kind: None,
		message: message_text.to_string(),
	}))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn both_standards_give_host_program_and_message() {
		let old = "Dec 10 06:55:46 LabSZ sshd[24200]: Invalid user webmaster from 173.234.31.186";
		let line = parse(old).unwrap().unwrap();
		assert_eq!((line.host.as_str(), line.program.as_str()), ("LabSZ", "sshd"));
		assert_eq!(line.message, "Invalid user webmaster from 173.234.31.186");
		let new = "<34>1 2026-10-11T22:14:15.003Z pacs su 17 ID47 - 'su root' failed";
		let line = parse(new).unwrap().unwrap();
		assert_eq!((line.host.as_str(), line.program.as_str()), ("pacs", "su"));
		assert_eq!(line.at, 1_791_756_855_003);
	}

	#[test]
	fn a_line_without_time_is_malformed() {
		assert!(parse("nothing of the kind").is_err());
	}
}
