//! Metadata of HL7 v2 messages (HL7 v2.5.1, chapter 2), as interface engines and MLLP taps log them.
//!
//! Of a message its header is read (MSH: who sends what to whom, when) and whether it acknowledges or
//! refuses (MSA-1); other segments are counted. Nothing of a patient or of staff is read, so that there is
//! nothing to pseudonymise.
//!
//! A message is one line with carriage returns between its segments, or one line for each segment. Of the
//! latter only the header counts.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};

use crate::event::LogLine;

/// Characters of the MLLP frame around a message (HL7 v2 implementation guide, appendix C).
const FRAME: [char; 2] = ['\u{b}', '\u{1c}'];

/// Reads one line: a message, nothing (another segment of the message before), or the reason why not.
pub(super) fn parse(line: &str) -> Result<Option<LogLine>, String> {
	let mut segments = line.split('\r').map(|segment| segment.trim_matches(FRAME));
	let header = segments.next().unwrap_or_default();
	if !header.starts_with("MSH") {
		return match is_segment(header) {
			true => Ok(None),
			false => Err("neither a message (MSH) nor one of its segments".into()),
		};
	}
	let separator = header.chars().nth(3).ok_or("MSH ends before its field separator")?;
	let component = header.chars().nth(4).unwrap_or('^');
	// MSH-1 is the separator itself, so that the field of number n has the place n - 1.
	let fields: Vec<&str> = header.split(separator).collect();
	let field = |number: usize| fields.get(number - 1).copied().unwrap_or_default();
	let first = |number| field(number).split(component).next().unwrap_or_default();
	let mut kind = field(9).split(component);
	let code = kind.next().filter(|code| !code.is_empty()).ok_or("MSH-9 names no message type")?;
	let kind = match kind.next().filter(|trigger| !trigger.is_empty()) {
		Some(trigger) => format!("{code}^{trigger}"),
		None => code.into(),
	};
	let (mut patients, mut refused) = (0, false);
	for segment in segments {
		let mut fields = segment.split(separator);
		match fields.next() {
			Some("PID") => patients += 1,
			// Application or commit accept; everything else is an error or a refusal.
			Some("MSA") => refused = !matches!(fields.next(), Some("AA" | "CA")),
			_ => {},
		}
	}
	let outcome = if refused { "refused" } else { "sent" };
	Ok(Some(LogLine {
		at: moment(first(7))?,
		host: system(first(3), first(4)),
		program: "hl7".into(),
		process: None,
		kind: Some(kind),
		message: format!("{outcome} to {} with {patients} patients", system(first(5), first(6))),
	}))
}

/// Whether a line begins as a segment does: three capitals or digits and a separator that is neither.
fn is_segment(line: &str) -> bool {
	let mut characters = line.chars();
	let named = characters
		.by_ref()
		.take(3)
		.filter(|one| one.is_ascii_uppercase() || one.is_ascii_digit())
		.count()
		== 3;
	named && characters.next().is_none_or(|separator| separator.is_ascii_punctuation())
}

/// An application at its facility; spaces would make one word two.
fn system(application: &str, facility: &str) -> String {
	let text = match facility.is_empty() {
		true => application.to_string(),
		false => format!("{application}@{facility}"),
	};
	text.replace(char::is_whitespace, "_")
}

/// Milliseconds since 1970 of `YYYYMMDD[HH[MM[SS[.S…]]]][+/-ZZZZ]`; UTC if no zone is given.
fn moment(text: &str) -> Result<u64, String> {
	let wrong = || "MSH-7 is no time in the form of HL7".to_string();
	let digits = text.find(['+', '-']).unwrap_or(text.len());
	let (local, zone) = text.split_at(digits);
	let (whole, fraction) = local.split_once('.').unwrap_or((local, ""));
	let part = |from: usize, to: usize| match whole.get(from..to) {
		Some(digits) => digits.parse::<u32>().map_err(|_| wrong()),
		None => Ok(0),
	};
	if !matches!(whole.len(), 8 | 10 | 12 | 14) || !whole.is_ascii() {
		return Err(wrong());
	}
	let year = i32::try_from(part(0, 4)?).map_err(|_| wrong())?;
	let date = NaiveDate::from_ymd_opt(year, part(4, 6)?, part(6, 8)?);
	let milliseconds: u32 = match fraction.is_empty() {
		true => 0,
		false => format!("{fraction:0<3}")
			.get(..3)
			.and_then(|text| text.parse().ok())
			.ok_or_else(wrong)?,
	};
	let time =
		NaiveTime::from_hms_milli_opt(part(8, 10)?, part(10, 12)?, part(12, 14)?, milliseconds);
	let local = NaiveDateTime::new(date.ok_or_else(wrong)?, time.ok_or_else(wrong)?);
	let at = match zone {
		"" => local.and_utc().timestamp_millis(),
		zone => DateTime::parse_from_str(
			&format!("{}{zone}", local.format("%Y%m%d%H%M%S%.3f")),
			"%Y%m%d%H%M%S%.3f%z",
		)
		.map_err(|_| wrong())?
		.timestamp_millis(),
	};
	u64::try_from(at).map_err(|_| "MSH-7 lies before 1970".into())
}

#[cfg(test)]
mod tests {
	use super::*;

	const MESSAGE: &str = "\u{b}MSH|^~\\&|ADMISSION|WARD 3|ARCHIVE|PACS|20260302090000.1+0100||ADT^A01^ADT_A01|4711|P|2.5\r\
		EVN|A01|20260302090000|||MUELLER\rPID|1||12345||Doe^Jane||19700101|F\rPV1|1\u{1c}\r";

	#[test]
	fn a_message_says_who_sends_what_to_whom_and_names_nobody() {
		let line = parse(MESSAGE).unwrap().unwrap();
		assert_eq!(line.at, 1_772_438_400_100);
		assert_eq!(
			(line.host.as_str(), line.kind.as_deref()),
			("ADMISSION@WARD_3", Some("ADT^A01"))
		);
		assert_eq!(line.message, "sent to ARCHIVE@PACS with 1 patients");
		let text = format!("{line:?}");
		assert!(
			["Doe", "12345", "MUELLER", "1970010"].iter().all(|part| !text.contains(part)),
			"{text}"
		);
	}

	#[test]
	fn a_refusal_is_told_from_an_acknowledgement() {
		let answer = |code: &str| {
			let text = format!("MSH|^~\\&|A|B|C|D|20260302||ACK|1|P|2.5\rMSA|{code}|4711");
			parse(&text).unwrap().unwrap().message
		};
		assert!(answer("AE").starts_with("refused") && answer("AA").starts_with("sent"));
	}

	#[test]
	fn segments_on_lines_of_their_own_are_passed_over_and_other_lines_are_malformed() {
		assert_eq!(parse("PID|1||12345||Doe^Jane"), Ok(None));
		assert!(parse("Doe, Jane").is_err());
		assert!(parse("MSH").is_err());
	}

	#[test]
	fn a_time_is_read_to_the_precision_it_has() {
		assert_eq!(moment("20260302"), Ok(1_772_409_600_000));
		assert_eq!(moment("202603020800"), Ok(1_772_438_400_000));
		for wrong in ["", "2026", "20261302", "2026030209000", "20260302+0x00", "20260302090000.x"]
		{
			assert!(moment(wrong).is_err(), "{wrong}");
		}
	}
}
