//! CISA's catalogue of known exploited vulnerabilities (JSON schema of the catalogue).

use serde::Deserialize;
use serde_json::Value;

use super::Entry;
use crate::feed::Kev;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Catalogued {
	#[serde(rename = "cveID")]
	cve: String,
	date_added: String,
	#[serde(default)]
	known_ransomware_campaign_use: String,
}

/// Reads one entry.
pub(super) fn record(json: Value) -> Result<Vec<Entry>, String> {
	let entry: Catalogued = serde_json::from_value(json).map_err(|error| error.to_string())?;
	let ransomware = entry.known_ransomware_campaign_use == "Known";
	Ok(vec![Entry::Kev(entry.cve, Kev { added: entry.date_added, ransomware })])
}
