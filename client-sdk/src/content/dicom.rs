//! The heading of a DICOM file (PS3.10): preamble, file meta group, and of the data set what names patient and study.
//!
//! A library that builds the whole data set is not used: it would recurse as deep as whoever made the file wants.

use super::{Fault, Named, MAX_VALUE};
use crate::fhir::Defect;
use serde::Serialize;
use std::io::{self, BufRead, Read};

/// What a DICOM file says of itself.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Dicom {
	/// Kind of object (0002,0002), a UID of PS3.4.
	pub sop_class: String,
	/// How it is encoded (0002,0010), a UID of PS3.5.
	pub transfer_syntax: String,
	/// The study (0020,000D), if it is said. It identifies the study, and is for the recipient's eyes.
	pub study: Option<String>,
}

impl std::fmt::Debug for Dicom {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		write!(formatter, "Dicom({} as {})", self.sop_class, self.transfer_syntax)
	}
}

impl Dicom {
	pub(super) fn media_type(&self) -> String {
		format!("application/dicom; transfer-syntax={}", self.transfer_syntax)
	}
}

const PREAMBLE: usize = 128;
const MAGIC: &[u8] = b"DICM";
/// Bytes by which a file is known.
pub(super) const BEGINNING: usize = PREAMBLE + MAGIC.len();
/// Most bytes of a meta group: 1 MiB.
const MAX_META: u32 = 1024 * 1024;
/// A length that is not told; the end is marked.
const UNDEFINED: u32 = u32::MAX;
/// Deepest nesting of sequences that is followed.
const MAX_DEPTH: usize = 64;
const IMPLICIT: &str = "1.2.840.10008.1.2";
const DEFLATED: &str = "1.2.840.10008.1.2.1.99";
const BIG_ENDIAN: &str = "1.2.840.10008.1.2.2";

type Tag = (u16, u16);
const META_LENGTH: Tag = (0x0002, 0x0000);
const SOP_CLASS: Tag = (0x0002, 0x0002);
const TRANSFER_SYNTAX: Tag = (0x0002, 0x0010);
const PATIENT_ID: Tag = (0x0010, 0x0020);
const BIRTH_DATE: Tag = (0x0010, 0x0030);
const OTHER_IDS: Tag = (0x0010, 0x1000);
const STUDY: Tag = (0x0020, 0x000d);
const ITEM: Tag = (0xfffe, 0xe000);
const ITEM_END: Tag = (0xfffe, 0xe00d);
const SEQUENCE_END: Tag = (0xfffe, 0xe0dd);

/// Whether it has the mark of a DICOM file behind the preamble, and does not begin as JSON.
pub(super) fn is_one(bytes: &[u8]) -> bool {
	bytes.get(PREAMBLE..).is_some_and(|rest| rest.starts_with(MAGIC)) && bytes[0] != b'{'
}

/// Reads the heading of a file, and what it says of the patient. What it passes over is not taken into memory.
pub(super) fn read(source: &mut impl BufRead) -> Result<(Dicom, Named), Fault> {
	let mut reader = Reader { source, explicit: true };
	reader.skip(BEGINNING as u64)?;
	let (sop_class, transfer_syntax) = meta(&mut reader)?;
	reader.explicit = match transfer_syntax.as_str() {
		IMPLICIT => false,
		DEFLATED | BIG_ENDIAN => {
			let reason =
				"deflated and big-endian files are not read: convert it to another transfer syntax";
			return Err(Defect::Dicom(reason).into());
		},
		_ => true,
	};
	let (named, study) = patient_and_study(&mut reader)?;
	let study = study.map(|study| uid(&study)).transpose()?;
	Ok((Dicom { sop_class, transfer_syntax, study }, named))
}

const CUT_SHORT: Defect = Defect::Dicom("it ends within its heading");

/// The file meta group, always explicit and little-endian (PS3.10, 7.1): kind and encoding.
fn meta(reader: &mut Reader<'_, impl BufRead>) -> Result<(String, String), Fault> {
	let unclear = || Fault::from(Defect::Dicom("its meta group does not begin with its length"));
	let first = reader.element()?;
	if first.tag != META_LENGTH {
		return Err(unclear());
	}
	let length = reader.value(first.length)?.try_into().map_err(|_| unclear())?;
	let length = u32::from_le_bytes(length);
	if length > MAX_META {
		return Err(Defect::Dicom("its meta group is longer than 1 MiB").into());
	}
	let group = reader.bytes(length)?;
	let mut group = Reader { source: &mut &group[..], explicit: true };
	let (mut class, mut syntax) = (None, None);
	while !group.is_at_end()? {
		let element = group.element()?;
		let value = group.value(element.length)?;
		match element.tag {
			SOP_CLASS => class = Some(uid(&value)?),
			TRANSFER_SYNTAX => syntax = Some(uid(&value)?),
			(0x0002, _) => (),
			_ => {
				let reason = "its meta group holds elements of another group";
				return Err(Defect::Dicom(reason).into());
			},
		}
	}
	let class = class.ok_or(Defect::Dicom("its meta group lacks the SOP class (0002,0002)"))?;
	let syntax =
		syntax.ok_or(Defect::Dicom("its meta group lacks the transfer syntax (0002,0010)"))?;
	Ok((class, syntax))
}

/// What the data set, up to the study, says of the patient, and the study.
fn patient_and_study(
	reader: &mut Reader<'_, impl BufRead>,
) -> Result<(Named, Option<Vec<u8>>), Fault> {
	// How each sequence or item around is encoded to whose marked end it goes on.
	let mut around: Vec<bool> = Vec::new();
	let mut named = Named::default();
	while !reader.is_at_end()? {
		let element = reader.element()?;
		if around.is_empty() && element.tag > STUDY {
			break;
		}
		match element.tag {
			ITEM_END | SEQUENCE_END => {
				reader.explicit =
					around.pop().ok_or(Defect::Dicom("the end of a sequence is out of place"))?;
			},
			_ if element.length == UNDEFINED => {
				if around.len() == MAX_DEPTH {
					return Err(Defect::TooDeep.into());
				}
				around.push(reader.explicit);
				// What is not known is written without kinds (PS3.5, 6.2.2).
				reader.explicit &= element.kind != *b"UN";
			},
			STUDY if around.is_empty() => return Ok((named, Some(reader.value(element.length)?))),
			tag @ (PATIENT_ID | OTHER_IDS | BIRTH_DATE) if around.is_empty() => {
				let value = reader.value(element.length)?;
				let text = String::from_utf8_lossy(&value);
				let parts = text.split('\\').map(plain).filter(|part| !part.is_empty());
				let told = if tag == BIRTH_DATE { &mut named.born } else { &mut named.numbers };
				told.extend(parts.map(str::to_owned));
			},
			_ => reader.skip(element.length.into())?,
		}
	}
	Ok((named, None))
}

/// A value without its padding.
fn plain(text: &str) -> &str {
	text.trim_matches(|character| matches!(character, ' ' | '\0'))
}

/// A unique identifier (PS3.5, 9.1).
fn uid(value: &[u8]) -> Result<String, Defect> {
	let text = std::str::from_utf8(value).map(plain).unwrap_or_default();
	let is_uid = (1..=64).contains(&text.len())
		&& text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
	is_uid
		.then(|| text.to_owned())
		.ok_or(Defect::Dicom("an element that is a UID has something else in it"))
}

struct Element {
	tag: Tag,
	/// The value representation; zeros where it is not told.
	kind: [u8; 2],
	length: u32,
}

/// Reads one element after the other, little-endian.
struct Reader<'a, R> {
	source: &'a mut R,
	explicit: bool,
}

impl<R: BufRead> Reader<'_, R> {
	fn is_at_end(&mut self) -> Result<bool, Fault> {
		self.source.fill_buf().map(<[u8]>::is_empty).map_err(fault)
	}

	fn take<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
		let mut taken = [0; N];
		self.source.read_exact(&mut taken).map_err(fault)?;
		Ok(taken)
	}

	fn element(&mut self) -> Result<Element, Fault> {
		let tag = (u16::from_le_bytes(self.take()?), u16::from_le_bytes(self.take()?));
		let marks = matches!(tag, ITEM | ITEM_END | SEQUENCE_END);
		if !self.explicit || marks {
			return Ok(Element { tag, kind: [0; 2], length: u32::from_le_bytes(self.take()?) });
		}
		let kind: [u8; 2] = self.take()?;
		let length = match &kind {
			b"OB" | b"OD" | b"OF" | b"OL" | b"OV" | b"OW" | b"SQ" | b"SV" | b"UC" | b"UN"
			| b"UR" | b"UT" | b"UV" => {
				let _: [u8; 2] = self.take()?;
				u32::from_le_bytes(self.take()?)
			},
			_ => u16::from_le_bytes(self.take()?).into(),
		};
		Ok(Element { tag, kind, length })
	}

	/// A value that is read.
	fn value(&mut self, length: u32) -> Result<Vec<u8>, Fault> {
		if length > MAX_VALUE {
			return Err(Defect::Dicom("a value of its heading is longer than 64 KiB").into());
		}
		self.bytes(length)
	}

	fn bytes(&mut self, length: u32) -> Result<Vec<u8>, Fault> {
		let mut bytes = vec![0; length as usize];
		self.source.read_exact(&mut bytes).map_err(fault)?;
		Ok(bytes)
	}

	/// Passes over bytes, of which none is missing.
	fn skip(&mut self, length: u64) -> Result<(), Fault> {
		let skipped = io::copy(&mut self.source.by_ref().take(length), &mut io::sink());
		match skipped.map_err(fault)? {
			whole if whole == length => Ok(()),
			_ => Err(CUT_SHORT.into()),
		}
	}
}

fn fault(error: io::Error) -> Fault {
	Fault::of(error, CUT_SHORT)
}

#[cfg(test)]
pub(super) mod tests {
	use super::*;

	pub(in super::super) const STUDY: &str = "1.2.826.0.1.3680043.2.1125.77";
	const CLASS: &str = "1.2.840.10008.5.1.4.1.1.2";

	fn element(tag: Tag, kind: &[u8; 2], value: &[u8]) -> Vec<u8> {
		let mut value = value.to_vec();
		if value.len() % 2 == 1 {
			value.push(if kind == b"UI" { 0 } else { b' ' });
		}
		let mut bytes = [tag.0.to_le_bytes(), tag.1.to_le_bytes()].concat();
		bytes.extend(kind);
		match kind {
			b"SQ" | b"OB" | b"UN" | b"UT" => {
				bytes.extend([0, 0]);
				bytes.extend(u32::try_from(value.len()).unwrap().to_le_bytes());
			},
			_ => bytes.extend(u16::try_from(value.len()).unwrap().to_le_bytes()),
		}
		bytes.extend(value);
		bytes
	}

	/// The same, as implicit files have it.
	fn implicit(tag: Tag, value: &[u8]) -> Vec<u8> {
		let mut bytes = [tag.0.to_le_bytes(), tag.1.to_le_bytes()].concat();
		bytes.extend(u32::try_from(value.len()).unwrap().to_le_bytes());
		bytes.extend(value);
		bytes
	}

	fn file_of(syntax: &str, data_set: &[u8]) -> Vec<u8> {
		let group = [
			element((0x0002, 0x0001), b"OB", &[0, 1]),
			element(SOP_CLASS, b"UI", CLASS.as_bytes()),
			element(TRANSFER_SYNTAX, b"UI", syntax.as_bytes()),
		]
		.concat();
		let length = u32::try_from(group.len()).unwrap().to_le_bytes();
		[&[0; PREAMBLE][..], MAGIC, &element(META_LENGTH, b"UL", &length), &group, data_set]
			.concat()
	}

	/// A sequence to its marked end, with an item to its marked end that names somebody else.
	fn sequence() -> Vec<u8> {
		let mark = |tag: Tag, length: u32| {
			[&tag.0.to_le_bytes()[..], &tag.1.to_le_bytes(), &length.to_le_bytes()].concat()
		};
		[
			&[0x08, 0, 0x40, 0x11][..],
			b"SQ\0\0",
			&UNDEFINED.to_le_bytes(),
			&mark(ITEM, UNDEFINED),
			&element(PATIENT_ID, b"LO", b"somebody"),
			&mark(ITEM_END, 0),
			&mark(ITEM, 4),
			&[0; 4],
			&mark(SEQUENCE_END, 0),
		]
		.concat()
	}

	pub(in super::super) fn file() -> Vec<u8> {
		let data_set = [
			sequence(),
			element((0x0010, 0x0010), b"PN", b"Papadopoulou^Eleni"),
			element(PATIENT_ID, b"LO", b"MRN-9"),
			element(BIRTH_DATE, b"DA", b"19560527"),
			element(super::STUDY, b"UI", STUDY.as_bytes()),
			element((0x7fe0, 0x0010), b"OB", &[7; 64]),
		]
		.concat();
		file_of("1.2.840.10008.1.2.1", &data_set)
	}

	pub(in super::super) fn file_without_patient() -> Vec<u8> {
		file_of("1.2.840.10008.1.2.1", &element(super::STUDY, b"UI", STUDY.as_bytes()))
	}

	/// The heading of what is in memory.
	fn heading(mut bytes: &[u8]) -> Result<(Dicom, Named), Defect> {
		read(&mut bytes).map_err(|fault| match fault {
			Fault::Defect(defect) => defect,
			Fault::Unreadable(error) => panic!("{error}"),
		})
	}

	fn defect(bytes: &[u8]) -> &'static str {
		match heading(bytes) {
			Err(Defect::Dicom(reason)) => reason,
			other => panic!("{:?}", other.map(|(heading, _)| heading)),
		}
	}

	#[test]
	fn the_heading_of_a_file_is_read_past_sequences_of_unknown_length() {
		let (heading, named) = heading(&file()).unwrap();
		assert_eq!(heading.sop_class, CLASS);
		assert_eq!(heading.transfer_syntax, "1.2.840.10008.1.2.1");
		assert_eq!(heading.study.as_deref(), Some(STUDY));
		assert_eq!(named.numbers, ["MRN-9"], "who is named within a sequence is not the patient");
		assert_eq!(named.born, ["19560527"]);
	}

	#[test]
	fn a_file_without_kinds_of_values_is_read_as_well() {
		let data_set = [
			implicit(PATIENT_ID, b"MRN-9 "),
			implicit(OTHER_IDS, b"12\\13 "),
			implicit(super::STUDY, b"1.2\0"),
		];
		let (heading, named) = heading(&file_of(IMPLICIT, &data_set.concat())).unwrap();
		assert_eq!(heading.study.as_deref(), Some("1.2"));
		assert_eq!(named.numbers, ["MRN-9", "12", "13"]);
	}

	#[test]
	fn a_file_without_a_proper_heading_is_refused_with_what_is_wrong() {
		let whole = file();
		let meta = PREAMBLE + MAGIC.len();
		let mut no_length = whole.clone();
		no_length[meta + 2] = 9;
		assert!(defect(&no_length).contains("length"));
		let mut no_class = whole.clone();
		// The second element of the group, behind twelve bytes of length and fourteen of version.
		no_class[meta + 12 + 14 + 2] = 3;
		assert!(defect(&no_class).contains("SOP class"));
		let mut no_uid = whole.clone();
		no_uid[meta + 12 + 14 + 8] = b'x';
		assert!(defect(&no_uid).contains("UID"));
		assert!(defect(&file_of(DEFLATED, &[])).contains("transfer syntax"));
		assert!(defect(&file_of(BIG_ENDIAN, &[])).contains("transfer syntax"));
		let deep: Vec<u8> = (0..=MAX_DEPTH)
			.flat_map(|_| [&[0x08, 0, 0x40, 0x11][..], b"SQ\0\0", &[0xff; 4]].concat())
			.collect();
		assert_eq!(heading(&file_of("1.2.840.10008.1.2.1", &deep)).err(), Some(Defect::TooDeep));
		let mut long_group = whole.clone();
		long_group[meta + 8..meta + 12].copy_from_slice(&u32::MAX.to_le_bytes());
		assert!(defect(&long_group).contains("1 MiB"));
		let mut long_value = element((0x0010, 0x0020), b"UT", &[0; 8]);
		let length = (MAX_VALUE + 1).to_le_bytes();
		long_value[8..12].copy_from_slice(&length);
		assert!(defect(&file_of("1.2.840.10008.1.2.1", &long_value)).contains("64 KiB"));
	}

	#[test]
	fn a_file_that_was_cut_short_is_refused_or_names_nobody_else() {
		let whole = file();
		for length in PREAMBLE + MAGIC.len()..whole.len() {
			if let Ok((_, named)) = heading(&whole[..length]) {
				assert!(named.numbers.is_empty() || named.numbers == ["MRN-9"]);
			}
		}
		assert!(!is_one(&whole[..PREAMBLE]));
	}
}
