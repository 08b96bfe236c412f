//! The heading of an HL7 v2 message (HL7 v2.5.1, chapter 2): its MSH segment, and what PID says of the patient.

use super::{Fault, Named, MAX_VALUE};
use crate::fhir::Defect;
use curex_primitives::Category;
use serde::Serialize;
use std::io::BufRead;

/// What an HL7 v2 message says of itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Hl7v2 {
	/// Version of the standard (MSH-12), such as `2.5.1`.
	pub version: String,
	/// Type, trigger and structure (MSH-9), such as `ORU^R01^ORU_R01`, with `^` between them whatever the message has.
	pub message_type: String,
	/// Character set (MSH-18) by its name on the internet; nothing if HL7 has no plain counterpart of it.
	pub charset: Option<&'static str>,
}

/// Names of table 0211 that have a counterpart on the internet.
const CHARSETS: [(&str, &str); 14] = [
	("", "us-ascii"),
	("ASCII", "us-ascii"),
	("8859/1", "iso-8859-1"),
	("8859/2", "iso-8859-2"),
	("8859/3", "iso-8859-3"),
	("8859/4", "iso-8859-4"),
	("8859/5", "iso-8859-5"),
	("8859/6", "iso-8859-6"),
	("8859/7", "iso-8859-7"),
	("8859/8", "iso-8859-8"),
	("8859/9", "iso-8859-9"),
	("8859/15", "iso-8859-15"),
	("UNICODE UTF-8", "utf-8"),
	("UNICODE UTF-16", "utf-16"),
];

impl Hl7v2 {
	pub(super) fn media_type(&self) -> String {
		let charset = self.charset.map(|name| format!("; charset={name}")).unwrap_or_default();
		format!("x-application/hl7-v2+er7{charset}")
	}

	/// Type of the message, and its structure if it is said.
	pub fn parts(&self) -> (&str, Option<&str>) {
		let mut parts = self.message_type.split('^');
		(parts.next().unwrap_or_default(), parts.nth(1).filter(|structure| !structure.is_empty()))
	}

	pub(super) fn category(&self) -> Option<Category> {
		match self.parts().0 {
			"ORU" | "OUL" => Some(Category::TestResult),
			"OMP" | "RDE" => Some(Category::Prescription),
			"RDS" | "RGV" => Some(Category::Dispensation),
			"OMI" => Some(Category::Imaging),
			_ => None,
		}
	}
}

/// Whether it begins as a message or as what usually surrounds one.
pub(super) fn is_one(bytes: &[u8]) -> bool {
	[&b"MSH"[..], b"\x0bMSH", b"FHS", b"BHS"].iter().any(|begin| bytes.starts_with(begin))
}

/// The first segment of a message, and those that tell of the patient. The others may be of any length: they are not taken
/// into memory.
fn segments(source: &mut impl BufRead) -> Result<Vec<Vec<u8>>, Fault> {
	let most = MAX_VALUE as usize;
	let (mut wanted, mut segment) = (Vec::new(), Vec::new());
	loop {
		let bytes = source.fill_buf().map_err(|error| Fault::of(error, CUT_SHORT))?;
		let is_over = bytes.is_empty();
		let end = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
		let part = &bytes[..end.unwrap_or(bytes.len())];
		if wanted.is_empty() || segment.len() < 3 || segment.starts_with(b"PID") {
			// One byte more tells that it is too long.
			let room = (most + 1).saturating_sub(segment.len());
			segment.extend_from_slice(&part[..part.len().min(room)]);
		}
		let read = part.len() + usize::from(end.is_some());
		source.consume(read);
		if end.is_some() || is_over {
			let segment = std::mem::take(&mut segment);
			if wanted.is_empty() || segment.starts_with(b"PID") {
				if segment.len() > most {
					let reason = "a segment of its heading is longer than 64 KiB";
					return Err(Defect::Hl7v2(reason).into());
				}
				wanted.push(segment);
			}
		}
		if is_over {
			return Ok(wanted);
		}
	}
}

/// Reads the heading of a message, and what it says of the patient.
pub(super) fn read(source: &mut impl BufRead) -> Result<(Hl7v2, Named), Fault> {
	let segments = segments(source)?;
	heading(&segments).map_err(Fault::from)
}

fn heading(segments: &[Vec<u8>]) -> Result<(Hl7v2, Named), Defect> {
	let (first, others) = segments.split_first().ok_or(CUT_SHORT)?;
	if first.starts_with(b"\x0b") {
		return Err(Defect::Hl7v2("give it without the frame of MLLP around it"));
	}
	if !first.starts_with(b"MSH") {
		return Err(Defect::Hl7v2("give a single message, not a batch"));
	}
	let &[separator, component, repetition, escape, subcomponent] =
		first.get(3..8).and_then(|marks| marks.first_chunk()).ok_or(CUT_SHORT)?;
	let marks = [separator, component, repetition, escape, subcomponent];
	let is_mark = |mark: &u8| mark.is_ascii_punctuation();
	let differ = (1..marks.len()).all(|index| !marks[..index].contains(&marks[index]));
	if !marks.iter().all(is_mark) || !differ {
		return Err(Defect::Hl7v2("MSH-1 and MSH-2 do not name five different separators"));
	}
	let heading: Vec<&[u8]> = first.split(|byte| *byte == separator).collect();
	// The first separator is itself a field: MSH-n is at n - 1.
	let field = |number: usize| text(heading.get(number - 1).copied().unwrap_or_default());
	let of = |field: &str, mark: u8| -> Vec<String> {
		field.split(char::from(mark)).map(str::to_owned).collect()
	};
	let message_type = of(&field(9), component);
	let is_code = |code: &String| {
		(1..=8).contains(&code.len())
			&& code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
	};
	if message_type.len() > 3 || message_type.first().is_none_or(|code| code.len() != 3) {
		return Err(Defect::Hl7v2("MSH-9 does not name the type of the message"));
	}
	if !message_type.iter().all(|code| code.is_empty() || is_code(code)) {
		return Err(Defect::Hl7v2("MSH-9 does not name the type of the message"));
	}
	let version = of(&field(12), component).swap_remove(0);
	let numbers = version.strip_prefix("2.").unwrap_or_default();
	let is_version = (1..=5).contains(&numbers.len())
		&& numbers.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
	if !is_version {
		return Err(Defect::Hl7v2("MSH-12 does not name a version of HL7 v2"));
	}
	let charset = of(&field(18), repetition).swap_remove(0);
	let charset = CHARSETS.iter().find(|(known, _)| *known == charset).map(|(_, name)| *name);
	let mut named = Named::default();
	for segment in others {
		let fields: Vec<&[u8]> = segment.split(|byte| *byte == separator).collect();
		let field = |number: usize| text(fields.get(number).copied().unwrap_or_default());
		// PID-3, and PID-2 of old versions.
		for list in [field(3), field(2)] {
			for number in of(&list, repetition) {
				let number = of(&number, component).swap_remove(0);
				named.numbers.extend((!number.is_empty()).then_some(number));
			}
		}
		let born: String = field(7).chars().take(8).collect();
		named.born.extend((!born.is_empty()).then_some(born));
	}
	Ok((Hl7v2 { version, message_type: message_type.join("^"), charset }, named))
}

const CUT_SHORT: Defect = Defect::Hl7v2("it ends within its heading");

/// A field as text. What is compared and told is ASCII in every character set of HL7 but UTF-16.
fn text(field: &[u8]) -> String {
	String::from_utf8_lossy(field).trim().to_owned()
}

#[cfg(test)]
pub(super) mod tests {
	use super::*;

	pub(in super::super) fn message() -> String {
		[
			r"MSH|^~\&|LAB|GENERAL|GP|CENTRE|20261128101500||ORU^R01^ORU_R01|42|P|2.5.1||||||UNICODE UTF-8",
			r"PID|1||MRN-9^^^GENERAL^MR~12^^^OTHER||Papadopoulou^Eleni||19560527|F",
			r"OBX|1|NM|718-7^Hemoglobin^LN||13.1|g/dL",
		]
		.join("\r")
	}

	/// The heading of what is in memory.
	fn heading(mut bytes: &[u8]) -> Result<(Hl7v2, Named), Defect> {
		read(&mut bytes).map_err(|fault| match fault {
			Fault::Defect(defect) => defect,
			Fault::Unreadable(error) => panic!("{error}"),
		})
	}

	fn defect(message: &str) -> &'static str {
		assert!(is_one(message.as_bytes()), "{message}");
		match heading(message.as_bytes()) {
			Err(Defect::Hl7v2(reason)) => reason,
			other => panic!("{:?}", other.map(|(heading, _)| heading)),
		}
	}

	#[test]
	fn the_heading_of_a_message_is_read_with_its_own_separators() {
		let (told, named) = heading(message().as_bytes()).unwrap();
		assert_eq!((told.version.as_str(), told.charset), ("2.5.1", Some("utf-8")));
		assert_eq!(told.parts(), ("ORU", Some("ORU_R01")));
		assert_eq!(named.numbers, ["MRN-9", "12"]);
		assert_eq!(named.born, ["19560527"]);
		let exotic = "MSH#*~\\&#a#b#c#d#20260101##ADT*A08#1#P#2.3\nPID###7*x\n";
		let (told, named) = heading(exotic.as_bytes()).unwrap();
		assert_eq!((told.message_type.as_str(), told.version.as_str()), ("ADT^A08", "2.3"));
		assert_eq!(told.parts(), ("ADT", None));
		assert_eq!(told.charset, Some("us-ascii"));
		assert_eq!(named.numbers, ["7"]);
	}

	#[test]
	fn what_is_no_single_message_is_refused_with_what_is_wrong() {
		assert!(defect(&format!("\x0b{}\x1c\r", message())).contains("MLLP"));
		assert!(defect("FHS|^~\\&|LAB\r").contains("batch"));
		assert!(defect("MSH|^~").contains("ends"));
		assert!(defect(&message().replace("^~", "^^")).contains("MSH-2"));
		assert!(defect(&message().replace("ORU^R01^ORU_R01", "")).contains("MSH-9"));
		assert!(defect(&message().replace("ORU^R01^ORU_R01", "ORU^R01^a b")).contains("MSH-9"));
		assert!(defect(&message().replace("2.5.1", "3.0")).contains("MSH-12"));
		assert!(defect(&message().replace("2.5.1", "")).contains("MSH-12"));
	}

	#[test]
	fn no_beginning_of_a_message_makes_the_reader_fail() {
		let message = message();
		for length in 0..message.len() {
			let _ = heading(&message.as_bytes()[..length]);
		}
		let _ = heading(b"MSH|^~\\&|\xff\xfe|\r\n\r\nPID\rPID|||\xc3");
	}

	#[test]
	fn a_segment_of_any_length_is_passed_over_unless_it_names_the_patient() {
		let long = "x".repeat(3 * MAX_VALUE as usize);
		let between = message().replace("\rPID|", &format!("\rOBX|1|ED|{long}\rPID|"));
		let (_, named) = heading(between.as_bytes()).unwrap();
		assert_eq!(named.numbers, ["MRN-9", "12"]);
		let named = message().replace("MRN-9", &long);
		assert!(defect(&named).contains("64 KiB"));
		assert!(defect(&message().replace("LAB", &long)).contains("64 KiB"));
	}
}
