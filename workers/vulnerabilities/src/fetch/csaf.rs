//! CSAF providers (OASIS CSAF 2.0, section 7): the provider's metadata names ROLIE feeds (RFC 8322, in JSON) or
//! directories with `changes.csv`; what changed of their documents is fetched.

use std::fs;

use serde::Deserialize;
use sha2::{Digest, Sha256, Sha512};
use url::Url;

use super::{
	parsed,
	signature::{Keys, KEY_BYTES, SIGNATURE_BYTES},
	Run, Unsigned, DOCUMENT_BYTES, LIST_BYTES,
};
use crate::error::Error;

/// Most documents of one provider.
const DOCUMENTS: usize = 500_000;
/// Largest file of a hash, bytes.
const HASH_BYTES: u64 = 4_096;

#[derive(Deserialize)]
struct Provider {
	#[serde(default)]
	distributions: Vec<Distribution>,
	#[serde(default)]
	public_openpgp_keys: Vec<OfferedKey>,
}

#[derive(Deserialize)]
struct OfferedKey {
	fingerprint: Option<String>,
	url: String,
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
	let keys = keys(run, &provider)?;
	for distribution in provider.distributions {
		// Where both are offered, they have the same documents; feeds carry their hashes.
		match (distribution.rolie, distribution.directory_url) {
			(Some(rolie), _) if !rolie.feeds.is_empty() => {
				for feed in rolie.feeds {
					from_feed(run, &parsed(&feed.url)?, &keys)?;
				}
			},
			(_, Some(directory)) => from_directory(run, &directory, &keys)?,
			_ => {},
		}
	}
	Ok(())
}

fn from_feed(run: &mut Run<'_, '_>, feed: &Url, keys: &Keys) -> Result<(), Error> {
	let document: FeedDocument = run.json(feed, LIST_BYTES)?;
	for entry in bounded(feed, document.feed.entry)? {
		let link = |rel: &str| entry.link.iter().find(|l| l.rel == rel).map(|l| l.href.as_str());
		let Some(src) = entry.content.as_ref().map(|c| c.src.as_str()).or(link("self")) else {
			continue;
		};
		let Ok(url) = feed.join(src) else { continue };
		let [hash, signature] =
			["hash", "signature"].map(|rel| link(rel).and_then(|href| feed.join(href).ok()));
		let checks = Checks { hash: hash.as_ref(), signature: signature.as_ref(), keys };
		one(run, &url, &entry.updated, &checks)?;
	}
	Ok(())
}

/// `changes.csv` has path and time of every document, the newest first (requirement 13).
fn from_directory(run: &mut Run<'_, '_>, directory: &str, keys: &Keys) -> Result<(), Error> {
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
			Ok(url) if url.as_str().starts_with(base.as_str()) => {
				one(run, &url, updated, &Checks { hash: None, signature: None, keys })?
			},
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

/// What a document is compared with.
struct Checks<'a> {
	/// Where the file of its hash is.
	hash: Option<&'a Url>,
	/// Where its signature is; beside it unless given.
	signature: Option<&'a Url>,
	keys: &'a Keys,
}

/// Fetches a document. One whose hash or signature is wrong does not replace the one before.
fn one(run: &mut Run<'_, '_>, url: &Url, updated: &str, checks: &Checks<'_>) -> Result<(), Error> {
	if !url.path().ends_with(".json") {
		return Ok(());
	}
	let (mirror, source, folder) = (run.mirror, run.source, run.folder.clone());
	// The file's name is made from its address, so that it stays within the folder.
	let name = format!("{}.json", &hex::encode(Sha256::digest(url.as_str()))[..32]);
	// Once keys are named, what was fetched without them is fetched again.
	let revision =
		if checks.keys.is_empty() { updated.to_owned() } else { format!("{updated}, signed") };
	run.document(url, &name, &revision, |bytes| {
		if let Some(hash) = checks.hash {
			let told = mirror.transfer.bytes(hash, &[], HASH_BYTES).map_err(|error| error.to_string())?;
			has_hash(bytes, &told)?;
		}
		if checks.keys.is_empty() {
			return Ok(());
		}
		let beside = beside(url, ".asc");
		let at = checks.signature.or(beside.as_ref()).ok_or("its address has no place for a signature")?;
		let signature = mirror.transfer.offered(at, SIGNATURE_BYTES).map_err(|error| error.to_string())?;
		match (signature, source.unsigned) {
			(Some(signature), _) => checks.keys.verify(&folder, bytes, &signature),
			(None, Unsigned::Accept) => Ok(()),
			(None, Unsigned::Refuse) => Err(format!(
				"it has no signature at {at}; set `unsigned` to `accept` for this source if its publisher signs some \
				 documents only"
			)),
		}
	})
}

/// The address of a file that lies beside another one.
fn beside(url: &Url, ending: &str) -> Option<Url> {
	let name = url.path_segments()?.next_back()?;
	url.join(&format!("{name}{ending}")).ok()
}

/// Compares a document with the file of its hash, SHA-256 or SHA-512 in hexadecimal, then a name or nothing.
fn has_hash(bytes: &[u8], told: &[u8]) -> Result<(), String> {
	let text = String::from_utf8_lossy(told).to_ascii_lowercase();
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
}

/// The keys that the hospital named: from its files, and by their fingerprints from where the provider offers them.
fn keys(run: &mut Run<'_, '_>, provider: &Provider) -> Result<Keys, Error> {
	let source = run.source;
	let unusable = |what: &str, reason: String| Error::Source {
		name: source.name.clone(),
		reason: format!("the OpenPGP key {what} cannot be used: {reason}"),
	};
	let mut keys = Keys::default();
	for path in &source.openpgp_keys {
		let file = fs::read(path).map_err(|error| error.to_string());
		let added = file.and_then(|file| keys.add(&file));
		added.map_err(|reason| unusable(&path.display().to_string(), reason))?;
	}
	for wanted in &source.openpgp_fingerprints {
		let offer = provider.public_openpgp_keys.iter().find(|offer| {
			offer.fingerprint.as_deref().is_some_and(|told| told.eq_ignore_ascii_case(wanted))
		});
		let Some(offer) = offer else {
			return Err(unusable(wanted, "the provider's metadata does not offer it".into()));
		};
		let file = run.bytes(&parsed(&offer.url)?, KEY_BYTES)?;
		keys.add_pinned(&file, wanted).map_err(|reason| unusable(wanted, reason))?;
	}
	Ok(keys)
}
