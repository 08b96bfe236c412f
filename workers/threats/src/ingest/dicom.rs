//! Associations in the log of a DICOM archive, in the form of Google's glog, which Orthanc writes
//! (`I0302 09:00:00.123456 CommandDispatcher.cpp:333] (dicom) Association Received from AET …`).
//!
//! AE titles and addresses of devices are read. Lines about anything but associations and the requests in
//! them, among them dumped queries with data of patients, are passed over.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

use super::syslog::year;
use crate::event::LogLine;

/// Reads one line: what became of an association, nothing, or the reason why not.
pub(super) fn parse(line: &str) -> Result<Option<LogLine>, String> {
	let Some((prefix, message)) = line.split_once("] ").filter(|_| has_level(line)) else {
		return match line.contains("Association") {
			true => Err("an association without level, time and place of the program".into()),
			false => Ok(None),
		};
	};
	let message = message.trim_start_matches("(dicom) ").trim();
	let Some(kind) = kind(message) else { return Ok(None) };
	let mut words = prefix[1..].split_ascii_whitespace();
	let at = moment(words.next().unwrap_or_default(), words.next().unwrap_or_default())
		.ok_or("the line begins with no time")?;
	Ok(Some(LogLine {
		at,
		host: "archive".into(),
		program: "dicom".into(),
		process: None,
		kind: Some(kind.into()),
		message: message.into(),
	}))
}

fn has_level(line: &str) -> bool {
	line.starts_with(['I', 'W', 'E', 'F'])
}

/// What a message is about, if about an association.
fn kind(message: &str) -> Option<&'static str> {
	const KINDS: [(&str, &str); 8] = [
		("Association Received", "received"),
		("Association Acknowledged", "acknowledged"),
		("Association Release", "released"),
		("Rejected", "rejected"),
		("DICOM authorization rejected", "not-authorised"),
		("DIMSE failure", "failed"),
		("Association Aborted", "aborted"),
		("Incoming", "requested"),
	];
	let found = KINDS.iter().find(|(begin, _)| message.starts_with(begin));
	found.map(|(_, kind)| *kind)
}

/// Milliseconds since 1970 of `MMDD` and `HH:MM:SS.ffffff`, taken as UTC.
fn moment(date: &str, time: &str) -> Option<u64> {
	let (month, day) = date.split_at_checked(2)?;
	let (month, day) = (month.parse().ok()?, day.parse().ok()?);
	let date = NaiveDate::from_ymd_opt(year((month, day, 0, 0, 0)), month, day)?;
	let time = NaiveTime::parse_from_str(time, "%H:%M:%S%.f").ok()?;
	NaiveDateTime::new(date, time).and_utc().timestamp_millis().try_into().ok()
}

#[cfg(test)]
mod tests {
	use super::*;

	// As Orthanc 1.10.1 wrote them.
	const RECEIVED: &str = "I0302 09:00:00.250001 CommandDispatcher.cpp:333] (dicom) Association Received from AET MODA on IP 10.0.0.9";
	const REJECTED: &str = r#"W0302 09:00:00.250001 main.cpp:404] DICOM authorization rejected  for AET STRANGER on IP 10.0.0.9: This AET is not listed in configuration option "DicomModalities""#;

	#[test]
	fn what_became_of_an_association_is_read() {
		let line = parse(RECEIVED).unwrap().unwrap();
		assert_eq!(line.kind.as_deref(), Some("received"));
		assert_eq!(line.message, "Association Received from AET MODA on IP 10.0.0.9");
		assert_eq!(line.at % 86_400_000, 9 * 3_600_000 + 250);
		let line = parse(REJECTED).unwrap().unwrap();
		assert_eq!(line.kind.as_deref(), Some("not-authorised"));
	}

	#[test]
	fn other_lines_are_passed_over_and_an_association_without_time_is_malformed() {
		assert_eq!(
			parse("I0302 09:00:00.2 LuaScripting.cpp:854] Stopping the Lua engine"),
			Ok(None)
		);
		assert_eq!(parse("(0010,0010) PN [DOE^JANE]"), Ok(None));
		assert!(parse("I: Association Received").is_err());
		assert!(parse(&RECEIVED.replace("0302", "1399")).is_err());
	}
}
