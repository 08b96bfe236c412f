//! What a data package tells of the people in it: for a sender before it goes, for a recipient once it came.
//!
//! Advice only: nothing is altered, held or delayed.

use std::{fs, path::Path};

use curex_threats::package::{assess, compare, unusual_rows, PackagePolicy};
use serde_json::Value;

use crate::Error;

/// Unusual rows that are named.
const ROWS: usize = 20;

/// Assesses a CSV file with a header, of commas, semicolons or tabs, under the own policy and, if it is at hand, under that
/// of the other side: under each, and under the stricter of both in every respect. Names the file by its SHA-256, so that
/// sender and recipient can attach what they found to the exchange and see that they speak of the same.
///
/// # Errors
/// [`Error::Io`] if a file cannot be read, [`Error::File`] if it is no CSV, no policy, or does not fit the policy.
pub fn examine(package: &Path, ours: &Path, theirs: Option<&Path>) -> Result<Value, Error> {
	let unusable = |path: &Path, problem: String| Error::File { path: path.into(), problem };
	let policy = |path: &Path| -> Result<PackagePolicy, Error> {
		let text = fs::read_to_string(path).map_err(Error::io("reading", path))?;
		toml::from_str(&text).map_err(|error| unusable(path, error.message().to_owned()))
	};
	let bytes = fs::read(package).map_err(Error::io("reading", package))?;
	let mut reader =
		csv::ReaderBuilder::new().delimiter(delimiter(&bytes)).from_reader(bytes.as_slice());
	let cells = |record: &csv::StringRecord| record.iter().map(String::from).collect::<Vec<_>>();
	let no_csv = |error: csv::Error| unusable(package, format!("{error}; give CSV with a header"));
	let header = cells(reader.headers().map_err(no_csv)?);
	let records = reader.records().map(|record| record.map(|record| cells(&record)));
	let rows = records.collect::<Result<Vec<_>, _>>().map_err(no_csv)?;
	let assessed = |policy: &PackagePolicy| {
		let found = assess(&header, &rows, policy);
		found.map_err(|error| unusable(package, error.to_string()))
	};
	let (ours, theirs) = (policy(ours)?, theirs.map(policy).transpose()?);
	compare(&bytes, &ours, theirs.as_ref(), &unusual_rows(&header, &rows, ROWS), assessed)
}

/// What stands between the columns: of comma, semicolon and tab the one that the header has most of.
fn delimiter(bytes: &[u8]) -> u8 {
	let header = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
	let count = |one: u8| header.iter().filter(|byte| **byte == one).count();
	// Of as many of each the last, which is the usual one.
	b"\t;,".iter().copied().max_by_key(|one| count(*one)).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::json;
	use sha2::{Digest, Sha256};

	#[test]
	fn what_both_sides_ask_for_is_compared_and_the_file_is_named_by_its_hash() {
		let folder = tempfile::tempdir().unwrap();
		let path = |name: &str| folder.path().join(name);
		let policy = |k: usize| {
			format!(
				"quasi_identifiers = [\"year\"]\nsensitive = []\nleast_k = {k}\nleast_l = 1\n\
				 greatest_unique_share = 0.0\n"
			)
		};
		fs::write(path("ours.toml"), policy(2)).unwrap();
		fs::write(path("theirs.toml"), policy(5)).unwrap();
		fs::write(path("rows.csv"), "year,value\n1950,1\n1950,2\n1960,1\n1960,2\n").unwrap();
		let found =
			examine(&path("rows.csv"), &path("ours.toml"), Some(&path("theirs.toml"))).unwrap();
		assert_eq!(found["ours"]["exceeded"], json!([]));
		for side in ["theirs", "both"] {
			assert_eq!(found[side]["exceeded"].as_array().unwrap().len(), 1, "{found}");
		}
		assert_eq!(found["differences"][0]["what"], "least_k");
		assert_eq!(found["differences"].as_array().unwrap().len(), 1);
		let hash = hex::encode(Sha256::digest(fs::read(path("rows.csv")).unwrap()));
		assert_eq!(found["sha256"], hash);

		for other in [";", "\t"] {
			let rows = "year,value\n1950,1\n1950,2\n1960,1\n1960,2\n".replace(',', other);
			fs::write(path("others.csv"), rows).unwrap();
			let same = examine(&path("others.csv"), &path("ours.toml"), None).unwrap();
			assert_eq!(same["ours"], found["ours"], "{other:?}");
		}

		fs::write(path("rows.csv"), "year,value\n1950\n").unwrap();
		let ragged = examine(&path("rows.csv"), &path("ours.toml"), None).unwrap_err().to_string();
		assert!(ragged.contains("CSV"), "{ragged}");
		fs::write(path("rows.csv"), "age\n3\n").unwrap();
		let missing = examine(&path("rows.csv"), &path("ours.toml"), None).unwrap_err().to_string();
		assert!(missing.contains("no column year"), "{missing}");
	}
}
