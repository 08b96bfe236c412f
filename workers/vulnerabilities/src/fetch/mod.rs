//! Fetches feeds from their publishers into a folder, from which they are imported as any other files are.
//!
//! Nothing is fetched unless sources are named; a hospital without a way out copies the files by hand. What did not
//! change is not fetched again, what was broken off goes on where it stopped, and only public addresses over TLS are
//! spoken to, apart from those that are allowed by name (a mirror in the house).

mod archive;
mod csaf;
mod guard;
mod nvd;
mod signature;
mod transfer;

use std::{
	fs,
	net::IpAddr,
	path::{Path, PathBuf},
	thread,
	time::{Duration, SystemTime, UNIX_EPOCH},
};

use rusqlite::{params, Connection, OptionalExtension};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use self::{archive::Limits, transfer::Transfer};
use crate::{error::Error, feed::Failure};

/// Largest catalogue or score list, bytes.
const LIST_BYTES: u64 = 512 << 20;
/// Largest archive, and the most that may come out of it, bytes.
const ARCHIVE_BYTES: u64 = 4 << 30;
const UNPACKED_BYTES: u64 = 16 << 30;
/// Largest single document, bytes.
const DOCUMENT_BYTES: u64 = 16 << 20;
/// Name of the file that remembers what was fetched, within the folder.
const MEMORY: &str = "mirror.db";

/// Where a feed comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
	/// Folder of its files: lower-case letters, digits and hyphens.
	pub name: String,
	/// What is there.
	pub kind: SourceKind,
	/// Where; the publisher's own address unless given. CSAF (the provider's `provider-metadata.json`) and OSV (an
	/// ecosystem's `all.zip`) have none.
	#[serde(default)]
	pub url: Option<String>,
	/// The CVE list's log of changes; its publisher's unless given.
	#[serde(default)]
	pub changes: Option<String>,
	/// File with a key for NVD's API, which then answers more often.
	#[serde(default)]
	pub key_file: Option<PathBuf>,
	/// CSAF: files with the OpenPGP keys by which the publisher is believed, armoured or not.
	#[serde(default)]
	pub openpgp_keys: Vec<PathBuf>,
	/// CSAF: fingerprints (hexadecimal) of such keys, which are fetched as the provider's metadata says.
	#[serde(default)]
	pub openpgp_fingerprints: Vec<String>,
	/// CSAF: whether a document without a signature is taken. Without keys, signatures are not looked at.
	#[serde(default)]
	pub unsigned: Unsigned,
	/// Rest between two requests, milliseconds; what the publisher asks for unless given.
	#[serde(default)]
	pub pause_ms: Option<u64>,
}

/// What becomes of documents without a signature where keys are named.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unsigned {
	/// They are refused.
	#[default]
	Refuse,
	/// They are taken; a signature that is there has to be good.
	Accept,
}

/// Kinds of sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceKind {
	/// A CSAF provider (OASIS CSAF 2.0, section 7): ROLIE feeds, or a directory with `changes.csv`.
	Csaf,
	/// NVD's CVE API 2.0.
	Nvd,
	/// The CVE list as one archive, then its log of changes.
	CveList,
	/// OSV's archive of an ecosystem.
	Osv,
	/// CISA's catalogue of known exploited vulnerabilities.
	Kev,
	/// FIRST's exploit prediction scores.
	Epss,
}

impl Source {
	/// Checks name and address.
	///
	/// # Errors
	/// [`Error::Source`] says what is wrong.
	pub fn check(&self) -> Result<(), Error> {
		let wrong = |reason: &str| Error::Source { name: self.name.clone(), reason: reason.into() };
		let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
		if self.name.is_empty() || self.name.len() > 64 || !self.name.bytes().all(plain) {
			return Err(wrong("its name has other characters than a to z, 0 to 9 and -"));
		}
		let hexadecimal = |text: &String| {
			matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit())
		};
		if !self.openpgp_fingerprints.iter().all(hexadecimal) {
			return Err(wrong("a fingerprint has 40 or 64 hexadecimal digits, without blanks"));
		}
		if self.is_signed() && self.kind != SourceKind::Csaf {
			return Err(wrong("only CSAF documents are signed; leave the OpenPGP keys out"));
		}
		self.address().map(|_| ())
	}

	fn address(&self) -> Result<Url, Error> {
		let usual = match self.kind {
			SourceKind::Nvd => Some("https://services.nvd.nist.gov/rest/json/cves/2.0"),
			SourceKind::CveList => {
				Some("https://github.com/CVEProject/cvelistV5/archive/refs/heads/main.zip")
			},
			SourceKind::Kev => Some(
				"https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",
			),
			SourceKind::Epss => Some("https://epss.empiricalsecurity.com/epss_scores-current.csv.gz"),
			SourceKind::Csaf | SourceKind::Osv => None,
		};
		let text = self.url.as_deref().or(usual).ok_or_else(|| Error::Source {
			name: self.name.clone(),
			reason: "it needs an address; set `url`".into(),
		})?;
		parsed(text)
	}

	/// Whether signatures are looked at.
	fn is_signed(&self) -> bool {
		!self.openpgp_keys.is_empty() || !self.openpgp_fingerprints.is_empty()
	}

	fn changes(&self) -> Result<Url, Error> {
		parsed(self.changes.as_deref().unwrap_or(
			"https://raw.githubusercontent.com/CVEProject/cvelistV5/main/cves/deltaLog.json",
		))
	}

	fn pause(&self, usual_ms: u64) {
		thread::sleep(Duration::from_millis(self.pause_ms.unwrap_or(usual_ms)));
	}
}

fn parsed(text: &str) -> Result<Url, Error> {
	Url::parse(text)
		.map_err(|error| Error::Fetch { url: text.into(), reason: format!("no address: {error}") })
}

/// Where the fetching of a source stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FetchProgress {
	/// Name of the source.
	pub source: String,
	/// What is being fetched.
	pub url: String,
	/// Bytes that were received of it.
	pub bytes: u64,
	/// Bytes it has, if it said so.
	pub size: Option<u64>,
	/// Files of the source that were fetched before it.
	pub files: u64,
}

/// What came of fetching a source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Fetched {
	/// Files that were new or different.
	pub files: u64,
	/// Files that did not change.
	pub unchanged: u64,
	/// Bytes that were received.
	pub bytes: u64,
	/// Single documents that could not be fetched. They are tried again next time.
	pub failures: Vec<Failure>,
}

/// Asked after every part that was received; `false` stops, and the next time goes on there.
pub type OnProgress<'a> = &'a mut dyn FnMut(&FetchProgress) -> bool;

/// A folder of feeds that is kept like its publishers'.
pub struct Mirror {
	folder: PathBuf,
	db: Connection,
	transfer: Transfer,
}

/// What is remembered of a file.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Known {
	etag: Option<String>,
	modified: Option<String>,
	/// The publisher's own mark of its state (CSAF, CVE list).
	revision: Option<String>,
	/// Whether only a part of it was received.
	partial: bool,
}

impl Mirror {
	/// Opens the folder, which is made if it is missing. `allowed` are addresses of mirrors in the house: they may be
	/// private, and spoken to without TLS.
	///
	/// # Errors
	/// [`Error::Mirror`] if the folder cannot be written, [`Error::Store`].
	pub fn open(folder: &Path, allowed: &[IpAddr]) -> Result<Self, Error> {
		fs::create_dir_all(folder)
			.map_err(|source| Error::Mirror { path: folder.into(), source })?;
		let db = Connection::open(folder.join(MEMORY))?;
		db.execute_batch(
			"PRAGMA journal_mode = WAL;
			CREATE TABLE IF NOT EXISTS file
				(url TEXT PRIMARY KEY, etag TEXT, modified TEXT, revision TEXT, partial INTEGER) WITHOUT ROWID;
			CREATE TABLE IF NOT EXISTS place (source TEXT PRIMARY KEY, body TEXT) WITHOUT ROWID;",
		)?;
		Ok(Self { folder: folder.into(), db, transfer: Transfer::new(allowed) })
	}

	/// Fetches what is new at a source. What was fetched before an error stays and is not fetched again.
	///
	/// # Errors
	/// [`Error::Fetch`] if the source cannot be reached or answers something else, [`Error::Refused`] for addresses
	/// that are not spoken to, [`Error::FetchTooLarge`], [`Error::Stopped`] if `progress` says so, [`Error::Mirror`]
	/// and [`Error::Store`] for the folder.
	pub fn fetch(&mut self, source: &Source, progress: OnProgress<'_>) -> Result<Fetched, Error> {
		source.check()?;
		let folder = self.folder.join(&source.name);
		fs::create_dir_all(&folder).map_err(|error| wrong_file(&folder, error))?;
		let mut run = Run { mirror: self, source, folder, fetched: Fetched::default(), progress };
		match source.kind {
			SourceKind::Csaf => csaf::fetch(&mut run)?,
			SourceKind::Nvd => nvd::fetch(&mut run)?,
			SourceKind::CveList => run.cve_list()?,
			SourceKind::Osv => run.archive(|_| true)?,
			SourceKind::Kev => run.catalogue()?,
			SourceKind::Epss => run.scores()?,
		}
		Ok(run.fetched)
	}

	fn known(&self, url: &Url) -> Result<Known, Error> {
		let known = self
			.db
			.query_row(
				"SELECT etag, modified, revision, partial FROM file WHERE url = ?1",
				[url.as_str()],
				|row| {
					Ok(Known {
						etag: row.get(0)?,
						modified: row.get(1)?,
						revision: row.get(2)?,
						partial: row.get(3)?,
					})
				},
			)
			.optional()?;
		Ok(known.unwrap_or_default())
	}

	fn remember(&self, url: &Url, known: &Known) -> Result<(), Error> {
		self.db.execute(
			"INSERT OR REPLACE INTO file VALUES (?1, ?2, ?3, ?4, ?5)",
			params![url.as_str(), known.etag, known.modified, known.revision, known.partial],
		)?;
		Ok(())
	}

	/// Where a source was left, in its own words.
	fn place(&self, source: &str) -> Result<Option<Value>, Error> {
		let body: Option<String> = self
			.db
			.query_row("SELECT body FROM place WHERE source = ?1", [source], |row| row.get(0))
			.optional()?;
		Ok(body.and_then(|body| serde_json::from_str(&body).ok()))
	}

	fn set_place(&self, source: &str, place: &Value) -> Result<(), Error> {
		self.db.execute(
			"INSERT OR REPLACE INTO place VALUES (?1, ?2)",
			params![source, place.to_string()],
		)?;
		Ok(())
	}
}

fn wrong_file(path: &Path, source: std::io::Error) -> Error {
	Error::Mirror { path: path.into(), source }
}

/// Seconds since 1970 (UTC).
fn now() -> i64 {
	let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
	i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// One visit of a source.
struct Run<'a, 'p> {
	mirror: &'a Mirror,
	source: &'a Source,
	folder: PathBuf,
	fetched: Fetched,
	progress: OnProgress<'p>,
}

impl Run<'_, '_> {
	/// The catalogue is used once it is JSON: what a login page answers does not replace it.
	fn catalogue(&mut self) -> Result<(), Error> {
		let url = self.source.address()?;
		let Some(known) = self.download(&url, "download", LIST_BYTES)? else { return Ok(()) };
		let (from, to) = (self.folder.join("download"), self.folder.join("kev.json"));
		let file = fs::File::open(&from).map_err(|error| wrong_file(&from, error))?;
		serde_json::from_reader::<_, serde::de::IgnoredAny>(std::io::BufReader::new(file))
			.map_err(|error| Error::Fetch {
				url: url.to_string(),
				reason: format!("no JSON: {error}"),
			})?;
		fs::rename(&from, &to).map_err(|error| wrong_file(&to, error))?;
		self.mirror.remember(&url, &known)
	}

	/// An archive becomes one file with a document a line.
	fn archive(&mut self, wanted: fn(&str) -> bool) -> Result<(), Error> {
		let url = self.source.address()?;
		let Some(known) = self.download(&url, "download", ARCHIVE_BYTES)? else { return Ok(()) };
		let (from, to) = (self.folder.join("download"), self.folder.join("all.jsonl"));
		let limits = Limits { document: DOCUMENT_BYTES, total: UNPACKED_BYTES };
		let failures = archive::unzip(&from, &to, &limits, wanted).map_err(|reason| {
			Error::Fetch { url: url.to_string(), reason: format!("no usable archive: {reason}") }
		})?;
		self.fetched.failures.extend(failures);
		fs::remove_file(&from).map_err(|error| wrong_file(&from, error))?;
		self.mirror.remember(&url, &known)
	}

	fn scores(&mut self) -> Result<(), Error> {
		let url = self.source.address()?;
		let Some(known) = self.download(&url, "download", LIST_BYTES)? else { return Ok(()) };
		let (from, to) = (self.folder.join("download"), self.folder.join("epss.csv"));
		archive::gunzip(&from, &to, LIST_BYTES).map_err(|reason| Error::Fetch {
			url: url.to_string(),
			reason: format!("no usable list: {reason}"),
		})?;
		fs::remove_file(&from).map_err(|error| wrong_file(&from, error))?;
		self.mirror.remember(&url, &known)
	}

	/// The whole list the first time, then the records that its log of changes names.
	fn cve_list(&mut self) -> Result<(), Error> {
		let Some(place) = self.mirror.place(&self.source.name)? else {
			let begin = chrono::DateTime::from_timestamp(now(), 0).unwrap_or_default();
			self.archive(crate::import::is_cve)?;
			return self.mirror.set_place(&self.source.name, &Value::from(begin.to_rfc3339()));
		};
		let since = place.as_str().unwrap_or_default().to_owned();
		let log: Vec<Delta> = self.json(&self.source.changes()?, LIST_BYTES)?;
		// The log has the newest first; times are of one form, but not of one precision.
		let time = |text: &str| chrono::DateTime::parse_from_rfc3339(text).ok();
		let mut new: Vec<&Delta> =
			log.iter().filter(|delta| time(&delta.fetch_time) > time(&since)).collect();
		new.sort_by_key(|delta| time(&delta.fetch_time));
		for delta in new {
			for change in delta.new.iter().chain(&delta.updated) {
				if !crate::import::is_cve(&change.cve_id) {
					continue;
				}
				let url = parsed(&change.github_link)?;
				let name = format!("changes/{}.json", change.cve_id);
				self.document(&url, &name, &delta.fetch_time, |_| Ok(()))?;
			}
			if self.fetched.failures.is_empty() {
				self.mirror.set_place(&self.source.name, &Value::from(delta.fetch_time.clone()))?;
			}
		}
		Ok(())
	}

	/// Fetches a document of which the publisher says that it is at this revision. A failure is noted, and the next
	/// document may be fetched.
	fn document(
		&mut self,
		url: &Url,
		name: &str,
		revision: &str,
		check: impl FnOnce(&[u8]) -> Result<(), String>,
	) -> Result<(), Error> {
		if self.mirror.known(url)?.revision.as_deref() == Some(revision) {
			self.fetched.unchanged += 1;
			return Ok(());
		}
		let outcome = self.bytes(url, DOCUMENT_BYTES).and_then(|bytes| {
			let wrong = |reason| Error::Fetch { url: url.to_string(), reason };
			check(&bytes).map_err(wrong)?;
			serde_json::from_slice::<serde::de::IgnoredAny>(&bytes)
				.map_err(|error| wrong(format!("not JSON: {error}")))?;
			transfer::write(&self.folder.join(name), &bytes)?;
			let known = Known { revision: Some(revision.into()), ..Known::default() };
			self.mirror.remember(url, &known)?;
			Ok(bytes.len())
		});
		match outcome {
			Ok(bytes) => {
				self.fetched.files += 1;
				self.step(url, bytes as u64, Some(bytes as u64))
			},
			Err(
				error @ (Error::Fetch { .. } | Error::FetchTooLarge { .. } | Error::Refused { .. }),
			) => {
				let reason = error.to_string();
				self.fetched
					.failures
					.push(Failure { file: format!("{}/{name}", self.source.name), reason });
				Ok(())
			},
			Err(error) => Err(error),
		}
	}

	/// A document that is read and not kept.
	fn json<T: serde::de::DeserializeOwned>(&mut self, url: &Url, limit: u64) -> Result<T, Error> {
		let bytes = self.bytes(url, limit)?;
		serde_json::from_slice(&bytes).map_err(|error| Error::Fetch {
			url: url.to_string(),
			reason: format!("not what is expected there: {error}"),
		})
	}

	fn bytes(&mut self, url: &Url, limit: u64) -> Result<Vec<u8>, Error> {
		let bytes = self.mirror.transfer.bytes(url, &[], limit)?;
		self.fetched.bytes += bytes.len() as u64;
		Ok(bytes)
	}

	/// Fetches into a file of the source's folder; what to remember once it is used, or nothing if it did not change.
	fn download(&mut self, url: &Url, name: &str, limit: u64) -> Result<Option<Known>, Error> {
		let known = self.mirror.known(url)?;
		let to = self.folder.join(name);
		let mirror = self.mirror;
		let (source, files) = (self.source.name.clone(), self.fetched.files);
		let progress = &mut *self.progress;
		let mut step = |bytes, size| {
			let url = url.to_string();
			progress(&FetchProgress { source: source.clone(), url, bytes, size, files })
		};
		let mut keep = |known: &Known| mirror.remember(url, known);
		match mirror.transfer.file(url, &known, &to, limit, &mut keep, &mut step)? {
			None => {
				self.fetched.unchanged += 1;
				Ok(None)
			},
			Some((known, bytes)) => {
				self.fetched.files += 1;
				self.fetched.bytes += bytes;
				Ok(Some(known))
			},
		}
	}

	fn step(&mut self, url: &Url, bytes: u64, size: Option<u64>) -> Result<(), Error> {
		let progress = FetchProgress {
			source: self.source.name.clone(),
			url: url.to_string(),
			bytes,
			size,
			files: self.fetched.files,
		};
		if (self.progress)(&progress) {
			Ok(())
		} else {
			Err(Error::Stopped)
		}
	}
}

/// An entry of the CVE list's log of changes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delta {
	fetch_time: String,
	#[serde(default)]
	new: Vec<Change>,
	#[serde(default)]
	updated: Vec<Change>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Change {
	cve_id: String,
	github_link: String,
}

#[cfg(test)]
mod tests;
