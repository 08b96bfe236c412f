//! CISA's catalogue of known exploited vulnerabilities (JSON schema of the catalogue).

use serde::Deserialize;
use serde_json::Value;

use super::typed;
use crate::{
	error::Error,
	feed::{Feed, Kev},
};

#[derive(Deserialize)]
struct Catalogue {
	vulnerabilities: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
	#[serde(rename = "cveID")]
	cve: String,
	date_added: String,
	#[serde(default)]
	known_ransomware_campaign_use: String,
}

pub(super) fn add(feed: &mut Feed, file: &str, json: Value) -> Result<(), Error> {
	let catalogue: Catalogue = typed(file, "KEV", json)?;
	feed.kev.extend(catalogue.vulnerabilities.into_iter().map(|entry| {
		let ransomware = entry.known_ransomware_campaign_use == "Known";
		(entry.cve, Kev { added: entry.date_added, ransomware })
	}));
	Ok(())
}
