//! NVD's CVE API 2.0: every page once, then what changed since.

use chrono::{DateTime, SecondsFormat};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fs;

use super::{now, transfer, Run, DOCUMENT_BYTES};
use crate::error::Error;

/// Records of a page: the most that the API gives.
const PAGE: u64 = 2_000;
/// Largest page, bytes.
const PAGE_BYTES: u64 = 8 * DOCUMENT_BYTES;
/// Longest span of changes that the API gives at once, seconds: 120 days.
const LONGEST: i64 = 120 * 86_400;
/// Rest between two requests, milliseconds: five in 30 seconds without a key, 50 with one.
const PAUSE_MS: u64 = 6_000;
const PAUSE_WITH_KEY_MS: u64 = 600;

/// Where a reading stands; times in seconds since 1970 (UTC).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Place {
	/// First change that is asked for; absent while everything is.
	from: Option<i64>,
	/// What changed after this is asked for next time.
	to: i64,
	/// Index of the next record.
	next: u64,
	/// Whether all records until `to` were fetched.
	done: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
	total_results: u64,
	start_index: u64,
	vulnerabilities: Vec<serde::de::IgnoredAny>,
}

pub(super) fn fetch(run: &mut Run<'_, '_>) -> Result<(), Error> {
	let address = run.source.address()?;
	let key = match &run.source.key_file {
		Some(path) => {
			Some(fs::read_to_string(path).map_err(|error| super::wrong_file(path, error))?)
		},
		None => None,
	};
	let fields: Vec<(&str, &str)> = key.iter().map(|key| ("apiKey", key.trim())).collect();
	let pause = if key.is_some() { PAUSE_WITH_KEY_MS } else { PAUSE_MS };
	let end = now();
	let place = run.mirror.place(&run.source.name)?;
	let mut place: Place = place
		.and_then(|place| serde_json::from_value(place).ok())
		.unwrap_or(Place { from: None, to: end, next: 0, done: false });
	loop {
		if place.done {
			if place.to >= end {
				return Ok(());
			}
			let to = end.min(place.to + LONGEST);
			place = Place { from: Some(place.to), to, next: 0, done: false };
		}
		let mut url = address.clone();
		{
			let mut query = url.query_pairs_mut();
			query.append_pair("startIndex", &place.next.to_string());
			query.append_pair("resultsPerPage", &PAGE.to_string());
			if let Some(from) = place.from {
				query.append_pair("lastModStartDate", &text(from));
				query.append_pair("lastModEndDate", &text(place.to));
			}
		}
		let bytes = run.mirror.transfer.bytes(&url, &fields, PAGE_BYTES)?;
		run.fetched.bytes += bytes.len() as u64;
		let wrong = |reason: String| Error::Fetch { url: url.to_string(), reason };
		let page: Page =
			serde_json::from_slice(&bytes).map_err(|error| wrong(format!("no page: {error}")))?;
		let count = page.vulnerabilities.len() as u64;
		let missing = count == 0 && place.next < page.total_results;
		if page.start_index != place.next || missing {
			return Err(wrong("it is not the page that was asked for".into()));
		}
		if count > 0 {
			// Names in the order of time, for later records replace earlier ones.
			let span = place.from.map_or(0, |_| place.to);
			let name = format!("{span:012}-{:07}.json", place.next);
			transfer::write(&run.folder.join(name), &bytes)?;
			run.fetched.files += 1;
		}
		place.next += count;
		place.done = place.next >= page.total_results;
		run.mirror.set_place(&run.source.name, &json!(place))?;
		run.step(&url, bytes.len() as u64, Some(bytes.len() as u64))?;
		if !(place.done && place.to >= end) {
			run.source.pause(pause);
		}
	}
}

/// A time as the API takes it (ISO 8601).
fn text(seconds: i64) -> String {
	let time = DateTime::from_timestamp(seconds, 0).unwrap_or_default();
	time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
