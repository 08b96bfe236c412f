//! Readers of the standard formats. Each turns records into entries of the feed, or refuses them.

mod configuration;
mod csaf;
mod cve5;
mod epss;
mod kev;
mod nvd;
mod osv;
mod stream;
mod vex;

use serde_json::Value;

pub(crate) use self::{csaf::product_versions, stream::read};
use crate::{
	error::Error,
	feed::{Advisory, AffectedPackage, Epss, Failure, Feed, Format, Kev, VexStatement},
};

/// One thing that a record says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Entry {
	Advisory(Box<Advisory>),
	Package(AffectedPackage),
	Kev(String, Kev),
	Epss(String, Epss),
	Vex(VexStatement),
}

/// What one record of a file gave.
#[derive(Debug, Default)]
pub(crate) struct Record {
	pub(crate) entries: Vec<Entry>,
	/// Why the record, or a part of it, was left out.
	pub(crate) failure: Option<String>,
}

impl Record {
	fn of(read: Result<Vec<Entry>, String>) -> Self {
		match read {
			Ok(entries) => Self { entries, failure: None },
			Err(reason) => Self { entries: Vec::new(), failure: Some(reason) },
		}
	}
}

/// Adds a file of any known format to the feed.
pub(crate) fn add(
	feed: &mut Feed,
	file: &str,
	bytes: &[u8],
) -> Result<(Format, Vec<Failure>), Error> {
	// Some publishers begin their files with a byte order mark.
	let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
	let mut records = Vec::new();
	let format = if is_json(bytes) {
		let json: Value = serde_json::from_slice(bytes).map_err(|error| Error::Malformed {
			file: file.into(),
			format: "JSON",
			reason: error.to_string(),
		})?;
		document(file, json, &mut |record| {
			records.push(record);
			Ok(())
		})?
	} else {
		epss::read(file, bytes, &mut |record| {
			records.push(record);
			Ok(())
		})?;
		Format::Epss
	};
	let mut failures = Vec::new();
	for record in records {
		failures.extend(record.failure.map(|reason| Failure { file: file.to_owned(), reason }));
		record.entries.into_iter().for_each(|entry| feed.take(entry));
	}
	Ok((format, failures))
}

#[cfg(test)]
pub(crate) fn add_json(feed: &mut Feed, file: &str, json: Value) -> Result<Vec<Failure>, Error> {
	add(feed, file, json.to_string().as_bytes()).map(|(_, failures)| failures)
}

fn is_json(bytes: &[u8]) -> bool {
	bytes.trim_ascii_start().starts_with(b"{")
}

impl Feed {
	pub(crate) fn take(&mut self, entry: Entry) {
		match entry {
			Entry::Advisory(advisory) => self.advisories.push(*advisory),
			Entry::Package(package) => self.packages.push(package),
			Entry::Kev(cve, kev) => drop(self.kev.insert(cve, kev)),
			Entry::Epss(cve, epss) => drop(self.epss.insert(cve, epss)),
			Entry::Vex(statement) => self.vex.push(statement),
		}
	}
}

/// Reads a document that is in memory as a whole.
fn document(
	file: &str,
	mut json: Value,
	sink: &mut dyn FnMut(Record) -> Result<(), Error>,
) -> Result<Format, Error> {
	let malformed = |format: &'static str, reason: String| Error::Malformed {
		file: file.into(),
		format,
		reason,
	};
	let has = |key: &str| json.get(key).is_some();
	if json.pointer("/document/csaf_version").is_some() {
		let (entries, failures) = csaf::read(json).map_err(|e| malformed("CSAF", e))?;
		sink(Record { entries, failure: None })?;
		for reason in failures {
			sink(Record { entries: Vec::new(), failure: Some(reason) })?;
		}
		return Ok(Format::Csaf);
	}
	if has("cveMetadata") {
		let entries = cve5::record(json).map_err(|e| malformed("CVE 5", e))?;
		sink(Record { entries, failure: None })?;
		return Ok(Format::Cve5);
	}
	let is_openvex = json
		.get("@context")
		.and_then(Value::as_str)
		.is_some_and(|context| context.contains("openvex"));
	if is_openvex || json.get("bomFormat").and_then(Value::as_str) == Some("CycloneDX") {
		let read = if is_openvex { vex::openvex(json) } else { vex::cyclonedx(json) };
		sink(Record { entries: read.map_err(|e| malformed("VEX", e))?, failure: None })?;
		return Ok(Format::Vex);
	}
	if has("id") && has("affected") {
		let entries = osv::record(json).map_err(|e| malformed("OSV", e))?;
		sink(Record { entries, failure: None })?;
		return Ok(Format::Osv);
	}
	let (name, format) = if has("catalogVersion") {
		("KEV", Format::Kev)
	} else if has("format") || has("totalResults") {
		("NVD CVE API 2.0", Format::Nvd)
	} else {
		return Err(Error::UnknownFormat { file: file.into() });
	};
	let Some(Value::Array(elements)) = json.get_mut("vulnerabilities").map(Value::take) else {
		return Err(malformed(name, "`vulnerabilities` is not a list".into()));
	};
	for (at, element) in elements.into_iter().enumerate() {
		let mut record = match format {
			Format::Kev => Record::of(kev::record(element)),
			_ => Record::of(nvd::record(element)),
		};
		record.failure =
			record.failure.map(|why| format!("record {at} is not valid {name}: {why}"));
		sink(record)?;
	}
	Ok(format)
}

/// Reads one element of a long list, whose format is told by its keys.
fn element(json: Value) -> Result<(Format, Record), String> {
	let has = |key: &str| json.get(key).is_some();
	if has("cveID") {
		Ok((Format::Kev, Record::of(kev::record(json))))
	} else if has("cveMetadata") {
		Ok((Format::Cve5, Record::of(cve5::record(json))))
	} else if has("cve") {
		Ok((Format::Nvd, Record::of(nvd::record(json))))
	} else if has("id") && has("affected") {
		Ok((Format::Osv, Record::of(osv::record(json))))
	} else {
		Err("its records are in no known format".into())
	}
}

/// Whether a text is a CVE id: `CVE-`, a year, and four digits or more.
pub(crate) fn is_cve(id: &str) -> bool {
	let mut parts = id.split('-');
	let digits = |part: Option<&str>, least| {
		part.is_some_and(|p| p.len() >= least && p.bytes().all(|b| b.is_ascii_digit()))
	};
	parts.next() == Some("CVE")
		&& digits(parts.next(), 4)
		&& digits(parts.next(), 4)
		&& parts.next().is_none()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_malformed_file_is_refused_with_its_name_and_the_reason() {
		for (bytes, expected) in [
			(&b"{\"id\": "[..], "not valid JSON"),
			(b"{}", "no known format"),
			(b"[1, 2]", "no known format"),
			(b"\x00\xff", "no known format"),
			(b"", "no known format"),
			(br#"{"catalogVersion": "1", "vulnerabilities": 7}"#, "not valid KEV"),
			(br#"{"format": "NVD_CVE", "vulnerabilities": 7}"#, "not valid NVD"),
			(br#"{"id": "X", "affected": 7}"#, "not valid OSV"),
			(br#"{"cveMetadata": 7}"#, "not valid CVE 5"),
			(br#"{"@context": "https://openvex.dev/ns", "statements": 7}"#, "not valid VEX"),
			(br#"{"document": {"csaf_version": "2.0"}}"#, "not valid CSAF"),
			(br#"{"document": {"csaf_version": "3.0"}}"#, "not valid CSAF"),
			(b"cve,epss,percentile\nCVE-2024-1234,much,0.5\n", "not valid EPSS"),
			(b"cve,epss,percentile\nCVE-2024-1234,1.5,0.5\n", "not valid EPSS"),
		] {
			let mut feed = Feed::default();
			let error = add(&mut feed, "folder/some.file", bytes).expect_err("it is malformed");
			let message = error.to_string();
			assert!(message.contains("folder/some.file"), "{message}");
			assert!(message.contains(expected), "{message} should say {expected}");
			assert_eq!(feed, Feed::default(), "nothing of a refused file stays");
		}
	}

	#[test]
	fn cve_ids_are_told_from_other_ids() {
		assert!(is_cve("CVE-2024-6387") && is_cve("CVE-2026-123633"));
		assert!(!is_cve("DSA-5724-1") && !is_cve("CVE-2024-63x7") && !is_cve("CVE-2024-6387-1"));
	}

	proptest::proptest! {
		#[test]
		fn no_file_makes_it_panic(bytes in proptest::collection::vec(0u8.., 0..200)) {
			let _ = add(&mut Feed::default(), "f", &bytes);
		}
	}
}
