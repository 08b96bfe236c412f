//! Metadata of HL7 v2 messages (HL7 v2.5.1, chapter 2), as interface engines and MLLP taps log them.
//!
//! Of a message its header is read (MSH: who sends what to whom, when) and whether it acknowledges or
//! refuses (MSA-1), of results (ORU, chapter 7) the numbers: OBX segments of type NM with what was measured, unit, time and
//! device. Other segments are counted. Nothing of a patient or of staff is read, so that there is nothing to
//! pseudonymise.
//!
//! A message is one line with carriage returns between its segments, or one line for each segment. Of the
//! latter only the header counts.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};

use crate::event::{Event, LogLine, Measurement};

/// Characters of the MLLP frame around a message (HL7 v2 implementation guide, appendix C).
const FRAME: [char; 2] = ['\u{b}', '\u{1c}'];

/// Results that were not measured or not well (OBX-11, table 0085): deleted, not there yet, not asked for, not to be had, wrong.
const NOT_MEASURED: [&str; 6] = ["D", "I", "N", "O", "X", "W"];

/// Characters kept of what names a quantity, a unit or a device.
const NAME: usize = 128;

/// Reads one line: a message, nothing (another segment of the message before), or the reason why not.
pub(super) fn parse(line: &str) -> Result<Option<Event>, String> {
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
	let at = moment(first(7))?;
	let host = system(first(3), first(4));
	let (mut patients, mut refused, mut results) = (0, false, Vec::new());
	// When what follows was observed, if the request says.
	let mut observed = None;
	for segment in segments {
		let mut fields = segment.split(separator);
		match fields.next() {
			Some("PID") => patients += 1,
			// Application or commit accept; everything else is an error or a refusal.
			Some("MSA") => refused = !matches!(fields.next(), Some("AA" | "CA")),
			Some("OBR") => observed = fields.nth(6).and_then(instant),
			Some("OBX") if code == "ORU" => {
				let fields: Vec<&str> = segment.split(separator).take(19).collect();
				let at = fields.get(14).and_then(|text| instant(text)).or(observed).unwrap_or(at);
				results.extend(result(&fields, component).map(|(quantity, value, device)| {
					let device = Some(device.unwrap_or_else(|| host.clone()));
					Measurement { at, device, quantity, value }
				}));
			},
			_ => {},
		}
	}
	let outcome = if refused { "refused" } else { "sent" };
	let message = LogLine {
		at,
		host,
		program: "hl7".into(),
		process: None,
		kind: Some(kind),
		message: format!("{outcome} to {} with {patients} patients", system(first(5), first(6))),
	};
	Ok(Some(match results.is_empty() {
		true => Event::Log(message),
		false => Event::Results(message, results),
	}))
}

/// What a number of an OBX segment says was measured, with its unit, and by which device (OBX-18), if it says. Nothing if it is
/// no number, or was not measured.
fn result(fields: &[&str], component: char) -> Option<(String, f64, Option<String>)> {
	let field = |number: usize| fields.get(number).copied().unwrap_or_default().trim();
	let name = |number: usize| {
		let mut parts = field(number).split(component).map(str::trim);
		let part = parts.find(|part| !part.is_empty() && *part != "\"\"")?;
		Some(part.chars().take(NAME).collect::<String>())
	};
	if field(2) != "NM" || NOT_MEASURED.contains(&field(11)) {
		return None;
	}
	let value = field(5).parse::<f64>().ok().filter(|value| value.is_finite())?;
	let quantity = name(3)?;
	let quantity = match name(6) {
		Some(unit) => format!("{quantity} [{unit}]"),
		None => quantity,
	};
	Some((quantity, value, name(18)))
}

/// A moment of a result; nothing if it is empty, a date alone, or none at all.
fn instant(text: &str) -> Option<u64> {
	moment(text).ok().filter(|_| text.bytes().take_while(u8::is_ascii_digit).count() > 8)
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
	let wrong = || "a time is not in the form of HL7".to_string();
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
	u64::try_from(at).map_err(|_| "a time lies before 1970".into())
}

#[cfg(test)]
mod tests {
	use super::*;

	const MESSAGE: &str = "\u{b}MSH|^~\\&|ADMISSION|WARD 3|ARCHIVE|PACS|20260302090000.1+0100||ADT^A01^ADT_A01|4711|P|2.5\r\
		EVN|A01|20260302090000|||MUELLER\rPID|1||12345||Doe^Jane||19700101|F\rPV1|1\u{1c}\r";

	fn line_of(text: &str) -> LogLine {
		let Ok(Some(Event::Log(line))) = parse(text) else { panic!("{text}") };
		line
	}

	#[test]
	fn a_message_says_who_sends_what_to_whom_and_names_nobody() {
		let line = line_of(MESSAGE);
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
			line_of(&text).message
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

	const RESULT: &str = "MSH|^~\\&|MONITOR|ICU|EHR|HOUSE|20260302090500+0100||ORU^R01^ORU_R01|4711|P|2.6\r\
		PID|1||12345||Doe^Jane||19700101|F\rOBR|1|||MDC|||20260302090100+0100\r\
		OBX|1|NM|8867-4^Heart rate^LN||72|/min^per minute^UCUM|60-100|N|||F|||20260302090000+0100||MUELLER||infusion-7^GE\r\
		OBX|2|NM|^Temperature||36.8|Cel|||||F\r\
		OBX|3|ST|note||Jane is well||||||F\rOBX|4|NM|8867-4||71|/min|||||W\rOBX|5|NM|8867-4||>200|/min|||||F\r";

	#[test]
	fn numbers_of_results_are_read_with_unit_time_and_device_and_without_their_patient() {
		let Some(Event::Results(line, results)) = parse(RESULT).unwrap() else {
			panic!("{RESULT}")
		};
		assert_eq!((line.host.as_str(), line.kind.as_deref()), ("MONITOR@ICU", Some("ORU^R01")));
		let measured = |at, device: &str, quantity: &str, value| Measurement {
			at,
			device: Some(device.into()),
			quantity: quantity.into(),
			value,
		};
		assert_eq!(
			results,
			[
				measured(1_772_438_400_000, "infusion-7", "8867-4 [/min]", 72.0),
				measured(1_772_438_460_000, "MONITOR@ICU", "Temperature [Cel]", 36.8),
			]
		);
		let text = format!("{line:?} {results:?}");
		assert!(
			["Doe", "Jane", "12345", "MUELLER"].iter().all(|part| !text.contains(part)),
			"{text}"
		);
	}

	#[test]
	fn a_result_without_a_time_of_its_own_is_of_its_message_and_rubbish_is_passed_over() {
		let at = |text: &str| match parse(text) {
			Ok(Some(Event::Results(_, results))) => results.iter().map(|one| one.at).collect(),
			_ => Vec::new(),
		};
		let without =
			RESULT.replace("20260302090100+0100", "20260302").replace("20260302090000", "x");
		assert_eq!(at(&without), [1_772_438_700_000, 1_772_438_700_000]);
		assert!(at(&RESULT.replace("ORU^R01", "ORM^O01")).is_empty());
		for length in 0..RESULT.len() {
			if let Some(part) = RESULT.get(..length) {
				let _ = parse(part);
			}
		}
		let numbers =
			"OBX|1|NM|a||1e999|\rOBX|1|NM|||1|\rOBX|1|NM|a||NaN\rOBX\rOBX|||||\r".repeat(10_000);
		assert!(at(&format!("{RESULT}{numbers}")).len() == 2);
		let long = RESULT.replace("infusion-7", &"x".repeat(100_000));
		let Ok(Some(Event::Results(_, results))) = parse(&long) else { panic!("it is a result") };
		assert_eq!(results[0].device.as_ref().map(String::len), Some(NAME));
	}
}
