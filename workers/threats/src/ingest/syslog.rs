//! Syslog, RFC 3164 and RFC 5424, as files hold it (with or without the priority).

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use syslog_loose::{parse_message_with_year_tz, ProcId, Variant};

use crate::event::LogLine;

/// Year of messages that carry none, as those of RFC 3164: the newest in which the day is not after tomorrow, so that a file
/// of December read in January keeps its order, and a house whose clocks are ahead of UTC is not a year behind at night.
pub(super) fn year(moment: (u32, u32, u32, u32, u32)) -> i32 {
	year_at(DateTime::<Utc>::from(std::time::SystemTime::now()).date_naive(), moment)
}

fn year_at(today: NaiveDate, (month, day, ..): (u32, u32, u32, u32, u32)) -> i32 {
	let tomorrow = today + Days::new(1);
	// The 29th of February comes at least once in eight years.
	let years = (0..=8).map(|ago| tomorrow.year() - ago);
	let is_past = |year: &i32| {
		NaiveDate::from_ymd_opt(*year, month, day).is_some_and(|date| date <= tomorrow)
	};
	years.into_iter().find(is_past).unwrap_or(today.year())
}

/// Reads one line, or says why not.
pub(super) fn parse(line: &str) -> Result<Option<LogLine>, String> {
	let message = parse_message_with_year_tz(line, year, Some(Utc), Variant::Either);
	let at = message.timestamp.ok_or("there is no time in the form of RFC 3164 or RFC 5424")?;
	let at = u64::try_from(at.timestamp_millis()).map_err(|_| "a time lies before 1970")?;
	let program = message.appname.unwrap_or_default().to_string();
	// RFC 5424, section 6.4: a message in UTF-8 begins with the mark of it.
	let message_text = message.msg.trim_matches('\u{feff}').trim();
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
	fn a_day_without_a_year_is_the_newest_that_may_have_come_anywhere_on_earth() {
		let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap();
		for (today, (month, of_month), year) in [
			(day(2026, 3, 2), (3, 2), 2026),
			// Past midnight already in a house east of Greenwich.
			(day(2026, 3, 2), (3, 3), 2026),
			(day(2026, 12, 31), (1, 1), 2027),
			(day(2026, 3, 2), (3, 4), 2025),
			(day(2027, 1, 1), (12, 31), 2026),
			(day(2027, 3, 1), (2, 29), 2024),
		] {
			assert_eq!(
				year_at(today, (month, of_month, 0, 0, 0)),
				year,
				"{today} {month} {of_month}"
			);
		}
	}

	#[test]
	fn a_line_without_time_is_malformed() {
		assert!(parse("nothing of the kind").is_err());
	}
}
