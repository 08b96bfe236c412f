//! Readers of the standard formats. Each turns one file into entries of the feed, or refuses the file.

mod csaf;
mod epss;
mod kev;
mod nvd;
mod osv;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
	error::Error,
	feed::{Failure, Feed, Format},
};

/// Adds a file of any known format to the feed.
pub(crate) fn add(
	feed: &mut Feed,
	file: &str,
	bytes: &[u8],
) -> Result<(Format, Vec<Failure>), Error> {
	// Some publishers begin their files with a byte order mark.
	let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
	if !bytes.trim_ascii_start().starts_with(b"{") {
		return epss::add(feed, file, bytes).map(|()| (Format::Epss, Vec::new()));
	}
	let json: Value = serde_json::from_slice(bytes).map_err(|error| Error::Malformed {
		file: file.into(),
		format: "JSON",
		reason: error.to_string(),
	})?;
	let has = |key: &str| json.get(key).is_some();
	if json.pointer("/document/csaf_version").is_some() {
		csaf::add(feed, file, json).map(|partial| (Format::Csaf, partial))
	} else if has("catalogVersion") && has("vulnerabilities") {
		kev::add(feed, file, json).map(|()| (Format::Kev, Vec::new()))
	} else if has("vulnerabilities") && (has("format") || has("totalResults")) {
		nvd::add(feed, file, json).map(|partial| (Format::Nvd, partial))
	} else if has("id") && has("affected") {
		osv::add(feed, file, json).map(|()| (Format::Osv, Vec::new()))
	} else {
		Err(Error::UnknownFormat { file: file.into() })
	}
}

fn typed<T: DeserializeOwned>(file: &str, format: &'static str, json: Value) -> Result<T, Error> {
	serde_json::from_value(json).map_err(|error| Error::Malformed {
		file: file.into(),
		format,
		reason: error.to_string(),
	})
}

/// Whether a text is a CVE id: `CVE-`, a year, and four digits or more.
fn is_cve(id: &str) -> bool {
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
