//! CSAF providers (OASIS CSAF 2.0, section 7): the provider's metadata names ROLIE feeds (RFC 8322, in JSON) or
//! directories with `changes.csv`; what changed of their documents is fetched.

use serde::Deserialize;
use sha2::{Digest, Sha256, Sha512};
use url::Url;

use super::{parsed, Run, DOCUMENT_BYTES, LIST_BYTES};
use crate::error::Error;

/// Most documents of one provider.
const DOCUMENTS: usize = 500_000;

#[derive(Deserialize)]
struct Provider {
	#[serde(default)]
	distributions: Vec<Distribution>,
}

#[derive(Deserialize)]
struct Distribution {
	directory_url: Option<String>,
	rolie: Option<Rolie>,
}

#[derive(Deserialize)]
struct Rolie {
	#[serde(default)]
	feeds: Vec<RolieFeed>,
}

#[derive(Deserialize)]
struct RolieFeed {
	url: String,
}

#[derive(Deserialize)]
struct FeedDocument {
	feed: Entries,
}

#[derive(Deserialize)]
struct Entries {
	#[serde(default)]
	entry: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
	updated: String,
	content: Option<Content>,
	#[serde(default)]
	link: Vec<Link>,
}

#[derive(Deserialize)]
struct Content {
	src: String,
}

#[derive(Deserialize)]
struct Link {
	rel: String,
	href: String,
}

pub(super) fn fetch(run: &mut Run<'_, '_>) -> Result<(), Error> {
	let address = run.source.address()?;
	let provider: Provider = run.json(&address, DOCUMENT_BYTES)?;
	if provider.distributions.is_empty() {
		return Err(Error::Fetch {
			url: address.to_string(),
			reason: "it names no distribution; give the provider's `provider-metadata.json`".into(),
		});
	}
	for distribution in provider.distributions {
		// Where both are offered, they have the same documents; feeds carry their hashes.
		match (distribution.rolie, distribution.directory_url) {
			(Some(rolie), _) if !rolie.feeds.is_empty() => {
				for feed in rolie.feeds {
					from_feed(run, &parsed(&feed.url)?)?;
				}
			},
			(_, Some(directory)) => from_directory(run, &directory)?,
			_ => {},
		}
	}
	Ok(())
}

fn from_feed(run: &mut Run<'_, '_>, feed: &Url) -> Result<(), Error> {
	let document: FeedDocument = run.json(feed, LIST_BYTES)?;
	for entry in bounded(feed, document.feed.entry)? {
		let link = |rel: &str| entry.link.iter().find(|l| l.rel == rel).map(|l| l.href.as_str());
		let Some(src) = entry.content.as_ref().map(|c| c.src.as_str()).or(link("self")) else {
			continue;
		};
		let Ok(url) = feed.join(src) else { continue };
		let hash = link("hash").and_then(|href| feed.join(href).ok());
		one(run, &url, &entry.updated, hash.as_ref())?;
	}
	Ok(())
}

/// `changes.csv` has path and time of every document, the newest first (requirement 13).
fn from_directory(run: &mut Run<'_, '_>, directory: &str) -> Result<(), Error> {
	let base = parsed(&format!("{}/", directory.trim_end_matches('/')))?;
	let list = base
		.join("changes.csv")
		.map_err(|error| Error::Fetch { url: base.to_string(), reason: error.to_string() })?;
	let bytes = run.bytes(&list, LIST_BYTES)?;
	let mut reader =
		csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(&bytes[..]);
	let rows: Result<Vec<_>, csv::Error> = reader.records().take(DOCUMENTS + 1).collect();
	let rows = rows.map_err(|error| Error::Fetch {
		url: list.to_string(),
		reason: format!("not CSV: {error}"),
	})?;
	for row in bounded(&list, rows)? {
		let (Some(path), Some(updated)) = (row.get(0), row.get(1)) else { continue };
		// Documents of this directory only, whatever the list says.
		match base.join(path) {
			Ok(url) if url.as_str().starts_with(base.as_str()) => one(run, &url, updated, None)?,
			_ => {},
		}
	}
	Ok(())
}

fn bounded<T>(url: &Url, list: Vec<T>) -> Result<Vec<T>, Error> {
	if list.len() > DOCUMENTS {
		let reason = format!("it lists more than {DOCUMENTS} documents");
		return Err(Error::Fetch { url: url.to_string(), reason });
	}
	Ok(list)
}

fn one(run: &mut Run<'_, '_>, url: &Url, updated: &str, hash: Option<&Url>) -> Result<(), Error> {
	if !url.path().ends_with(".json") {
		return Ok(());
	}
	let mirror = run.mirror;
	// The file's name is made from its address, so that it stays within the folder.
	let name = format!("{}.json", &hex::encode(Sha256::digest(url.as_str()))[..32]);
	run.document(url, &name, updated, |bytes| match hash {
		None => Ok(()),
		Some(hash) => {
			let text =
				mirror.transfer.bytes(hash, &[], 4_096).map_err(|error| error.to_string())?;
			let text = String::from_utf8_lossy(&text).to_ascii_lowercase();
			let told = text.split_whitespace().next().unwrap_or_default();
			let found = match told.len() {
				64 => hex::encode(Sha256::digest(bytes)),
				128 => hex::encode(Sha512::digest(bytes)),
				_ => return Err("the file of its hash holds neither SHA-256 nor SHA-512".into()),
			};
			if found == told {
				Ok(())
			} else {
				Err(format!("its hash is {found}, and {told} was told"))
			}
		},
	})
}
