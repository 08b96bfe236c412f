//! Exploit prediction scores in CSV: FIRST's daily file (`cve,epss,percentile`, after a comment line), or any
//! table with columns of these names (`EPSS Percentile` is understood too).

use std::io::Read;

use super::{is_cve, Entry, Record};
use crate::{error::Error, feed::Epss};

/// Longest line that is taken for one of the table, bytes.
const LINE_BYTES: usize = 64 << 10;

/// Reads the table line by line. The first line that is malformed ends it.
pub(super) fn read(
	file: &str,
	reader: impl Read,
	sink: &mut dyn FnMut(Record) -> Result<(), Error>,
) -> Result<(), Error> {
	let malformed = |reason: String| Error::Malformed { file: file.into(), format: "EPSS", reason };
	let mut table =
		csv::ReaderBuilder::new().comment(Some(b'#')).flexible(true).from_reader(reader);
	let unknown = || Error::UnknownFormat { file: file.into() };
	let header = table.headers().map_err(|_| unknown())?.clone();
	let column = |names: &[&str]| {
		header
			.iter()
			.position(|title| names.contains(&title.trim().to_ascii_lowercase().as_str()))
			.ok_or_else(unknown)
	};
	let cve = column(&["cve"])?;
	let probability = column(&["epss"])?;
	let percentile = column(&["percentile", "epss percentile"])?;
	let mut record = csv::StringRecord::new();
	while table.read_record(&mut record).map_err(|error| malformed(error.to_string()))? {
		let line = record.position().map_or(0, csv::Position::line);
		if record.as_slice().len() > LINE_BYTES {
			return Err(malformed(format!("line {line} is longer than {LINE_BYTES} bytes")));
		}
		let share = |column: usize| {
			let text = record.get(column).unwrap_or_default().trim();
			match text.parse::<f64>() {
				Ok(value) if (0.0..=1.0).contains(&value) => Ok(value),
				_ => Err(malformed(format!("line {line}: {text:?} is not between 0 and 1"))),
			}
		};
		let id = record.get(cve).unwrap_or_default().trim();
		// A table of other facts may know a CVE without a score.
		if record.get(probability).is_none_or(|text| text.trim().is_empty()) || !is_cve(id) {
			sink(Record::default())?;
			continue;
		}
		let score = Epss { probability: share(probability)?, percentile: share(percentile)? };
		sink(Record { entries: vec![Entry::Epss(id.to_owned(), score)], failure: None })?;
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use crate::feed::Feed;

	#[test]
	fn the_daily_file_and_a_wider_table_are_read() {
		let mut feed = Feed::default();
		let daily = b"#model_version:v2025,score_date:2026-08-22\ncve,epss,percentile\nCVE-2024-6387,0.5,0.9\n";
		feed.add("a", daily).expect("the daily file");
		let wide = b"CVE,CVSS3,EPSS,EPSS Percentile,Description\nCVE-2023-44487,7.5,0.99,1,\"a, b\"\nCVE-2020-1,,,,\n";
		feed.add("b", wide).expect("a wider table");
		assert_eq!(feed.epss.len(), 2);
		assert_eq!(feed.epss["CVE-2023-44487"].probability, 0.99);
	}
}
