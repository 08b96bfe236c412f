//! Reads files of any size record by record, with bounded memory.

use std::{
	cell::Cell,
	fmt,
	io::{self, BufRead, BufReader, Read},
	rc::Rc,
};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::{document, element, epss, Record};
use crate::{error::Error, feed::Format};

/// Files up to this size are read as a whole, bytes: a CSAF advisory cannot be read in parts.
const WHOLE: u64 = 16 << 20;
/// Largest record, bytes.
const RECORD_BYTES: usize = 16 << 20;

/// Counts what is read since the last record and stops at a limit.
struct Meter<R> {
	reader: R,
	since_record: Rc<Cell<usize>>,
	total: Rc<Cell<u64>>,
}

impl<R: Read> Read for Meter<R> {
	fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
		let count = self.reader.read(buffer)?;
		let sum = self.since_record.get().saturating_add(count);
		if sum > RECORD_BYTES {
			return Err(io::Error::other(format!("a record has more than {RECORD_BYTES} bytes")));
		}
		self.since_record.set(sum);
		self.total.set(self.total.get() + count as u64);
		Ok(count)
	}
}

/// Reads a file of `size` bytes and hands its records over with how many bytes were read so far.
///
/// # Errors
/// What the sink gives; [`Error::Malformed`] where the file ends or breaks (records before that were handed
/// over); [`Error::UnknownFormat`].
pub(crate) fn read(
	file: &str,
	reader: impl Read,
	size: u64,
	sink: &mut dyn FnMut(Record, u64) -> Result<(), Error>,
) -> Result<Format, Error> {
	let malformed = |reason: String| Error::Malformed { file: file.into(), format: "JSON", reason };
	let unreadable = |source| Error::Unreadable { file: file.into(), source };
	let mut reader = BufReader::with_capacity(256 << 10, reader);
	if reader.fill_buf().map_err(unreadable)?.starts_with(b"\xef\xbb\xbf") {
		reader.consume(3);
	}
	let first = reader
		.fill_buf()
		.map_err(unreadable)?
		.iter()
		.copied()
		.find(|byte| !byte.is_ascii_whitespace());
	if !matches!(first, Some(b'{' | b'[')) {
		let mut count = 0;
		epss::read(file, reader, &mut |record| {
			count += 1;
			sink(record, count)
		})?;
		return Ok(Format::Epss);
	}
	if size <= WHOLE && first == Some(b'{') {
		let mut bytes = Vec::new();
		reader.take(WHOLE + 1).read_to_end(&mut bytes).map_err(unreadable)?;
		if let Ok(json) = serde_json::from_slice::<Value>(&bytes) {
			return document(file, json, &mut |record| sink(record, size));
		}
		// Perhaps one document a line, or a file that was cut off: as far as it goes.
		return long(file, &bytes[..], sink, malformed);
	}
	long(file, reader, sink, malformed)
}

fn long(
	file: &str,
	reader: impl Read,
	sink: &mut dyn FnMut(Record, u64) -> Result<(), Error>,
	malformed: impl Fn(String) -> Error,
) -> Result<Format, Error> {
	let since_record = Rc::new(Cell::new(0));
	let total = Rc::new(Cell::new(0));
	let meter = Meter { reader, since_record: since_record.clone(), total: total.clone() };
	let mut state = State { sink, since_record, total, format: None, error: None };
	// Small reads, so that the meter sees where a record ends.
	let buffered = BufReader::with_capacity(64 << 10, meter);
	let mut documents = serde_json::Deserializer::from_reader(buffered);
	loop {
		match (Document { state: &mut state }).deserialize(&mut documents) {
			Ok(()) => {},
			Err(error) => {
				if let Some(error) = state.error.take() {
					return Err(error);
				}
				if error.is_eof() && error.column() == 0 && state.format.is_some() {
					break;
				}
				return Err(malformed(error.to_string()));
			},
		}
		if documents.end().is_ok() {
			break;
		}
	}
	state.format.ok_or_else(|| Error::UnknownFormat { file: file.into() })
}

struct State<'s> {
	sink: &'s mut dyn FnMut(Record, u64) -> Result<(), Error>,
	since_record: Rc<Cell<usize>>,
	total: Rc<Cell<u64>>,
	format: Option<Format>,
	error: Option<Error>,
}

impl State<'_> {
	fn take<E: serde::de::Error>(&mut self, json: Value) -> Result<(), E> {
		self.since_record.set(0);
		let (format, record) = element(json).map_err(E::custom)?;
		self.format = Some(format);
		(self.sink)(record, self.total.get()).map_err(|error| {
			let message = E::custom(&error);
			self.error = Some(error);
			message
		})
	}
}

/// A document: an object with a list `vulnerabilities`, an object that is a record itself, or a list.
struct Document<'a, 's> {
	state: &'a mut State<'s>,
}

impl<'de> DeserializeSeed<'de> for Document<'_, '_> {
	type Value = ();

	fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
		deserializer.deserialize_any(self)
	}
}

impl<'de> Visitor<'de> for Document<'_, '_> {
	type Value = ();

	fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
		out.write_str("an object or a list of records")
	}

	fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
		let mut own = serde_json::Map::new();
		let mut listed = false;
		while let Some(key) = map.next_key::<String>()? {
			if key == "vulnerabilities" && !own.contains_key("document") {
				map.next_value_seed(List { state: self.state })?;
				listed = true;
			} else if listed {
				map.next_value::<IgnoredAny>()?;
			} else {
				own.insert(key, map.next_value()?);
			}
		}
		if listed {
			return Ok(());
		}
		self.state.take(Value::Object(own))
	}

	fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
		List { state: self.state }.visit_seq(seq)
	}
}

struct List<'a, 's> {
	state: &'a mut State<'s>,
}

impl<'de> DeserializeSeed<'de> for List<'_, '_> {
	type Value = ();

	fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
		deserializer.deserialize_seq(self)
	}
}

impl<'de> Visitor<'de> for List<'_, '_> {
	type Value = ();

	fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
		out.write_str("a list of records")
	}

	fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
		while let Some(json) = seq.next_element::<Value>()? {
			self.state.take(json)?;
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn count(bytes: &[u8], size: u64) -> (Result<Format, String>, usize) {
		let mut records = 0;
		let format = read("f", bytes, size, &mut |_, _| {
			records += 1;
			Ok(())
		});
		(format.map_err(|error| error.to_string()), records)
	}

	fn nvd(records: usize) -> String {
		let one: Vec<String> =
			(0..records).map(|n| format!(r#"{{"cve": {{"id": "CVE-2024-{:05}"}}}}"#, n)).collect();
		format!(r#"{{"format": "NVD_CVE", "vulnerabilities": [{}], "tail": 1}}"#, one.join(","))
	}

	#[test]
	fn a_long_list_is_read_record_by_record() {
		let text = nvd(500);
		assert_eq!(count(text.as_bytes(), u64::MAX), (Ok(Format::Nvd), 500));
		assert_eq!(count(text.as_bytes(), 0), (Ok(Format::Nvd), 500), "and as a whole");
	}

	#[test]
	fn records_before_the_end_of_a_file_that_was_cut_off_are_handed_over() {
		let text = nvd(500);
		let cut = &text.as_bytes()[..text.len() / 2];
		for size in [0, u64::MAX] {
			let (format, records) = count(cut, size);
			assert!(format.is_err_and(|reason| reason.contains("EOF")));
			assert!((200..300).contains(&records), "{records}");
		}
	}

	#[test]
	fn one_document_a_line_is_read() {
		let line = r#"{"cveMetadata": {"cveId": "CVE-2024-1234", "state": "REJECTED"}}"#;
		let text = format!("{line}\n{line}\n{line}\n");
		assert_eq!(count(text.as_bytes(), u64::MAX), (Ok(Format::Cve5), 3));
		assert_eq!(count(format!("[{line},{line}]").as_bytes(), 0), (Ok(Format::Cve5), 2));
	}

	#[test]
	fn an_endless_record_is_refused_with_bounded_memory() {
		let head = &br#"{"format": "x", "vulnerabilities": [{"cve": {"id": ""#[..];
		let endless = head.chain(io::repeat(b'A'));
		let error = read("f", endless, u64::MAX, &mut |_, _| Ok(())).expect_err("too large");
		assert!(error.to_string().contains("more than"), "{error}");
		let deep = io::repeat(b'[');
		assert!(read("f", deep, u64::MAX, &mut |_, _| Ok(())).is_err());
	}

	#[test]
	fn the_sinks_error_comes_back() {
		let error = read("f", nvd(3).as_bytes(), u64::MAX, &mut |_, _| {
			Err(Error::UnknownFormat { file: "sink".into() })
		});
		assert!(matches!(error, Err(Error::UnknownFormat { file }) if file == "sink"));
	}

	proptest::proptest! {
		#[test]
		fn no_file_makes_it_panic(
			head in proptest::sample::select(vec!["", "{", "[", "{\"vulnerabilities\":[", "cve,epss,percentile\n"]),
			bytes in proptest::collection::vec(0u8.., 0..200),
			size in proptest::sample::select(vec![0u64, u64::MAX]),
		) {
			let _ = count(&[head.as_bytes(), &bytes].concat(), size);
		}
	}
}
