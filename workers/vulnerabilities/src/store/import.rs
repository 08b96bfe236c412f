//! Brings files into the store.

use std::{
	collections::BTreeMap,
	fs::{self, File},
	path::{Path, PathBuf},
	time::UNIX_EPOCH,
};

use rusqlite::{params, Connection, OptionalExtension};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Store;
use crate::{
	cvss::Cvss,
	error::Error,
	feed::{self, Advisory, AffectedPackage, Failure},
	import::{self, Entry, Record},
	matching::{package_key, statement_keys},
	Epss, Kev,
};

/// Records that are committed together.
const BATCH: u64 = 2_000;

/// Where an import stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Progress {
	/// The file, relative to the folder that is imported.
	pub file: String,
	/// Bytes of it that were read.
	pub bytes: u64,
	/// Bytes it has.
	pub size: u64,
	/// Records that were read, those of an earlier attempt included.
	pub records: u64,
	/// Records that were new or different.
	pub changed: u64,
}

/// What came of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Imported {
	/// Files that were read.
	pub files: u64,
	/// Files that did not change since they were read.
	pub unchanged_files: u64,
	/// Records that were read.
	pub records: u64,
	/// Records that were new or different.
	pub changed: u64,
	/// What could not be read.
	pub failures: Vec<Failure>,
}

impl Store {
	/// Imports a file, or every `.json`, `.jsonl` and `.csv` file below a folder.
	///
	/// A file whose size and time of change are known is not read again. A file that breaks off leaves its
	/// records up to there in the store; the next import goes on behind them. `progress` is called after
	/// every commit; if it returns `false` the import stops there and can be resumed.
	///
	/// # Errors
	/// [`Error::Folder`] if the path cannot be listed, [`Error::Store`]. What is wrong with single files is
	/// reported in [`Imported::failures`].
	pub fn import(
		&mut self,
		path: &Path,
		progress: &mut dyn FnMut(&Progress) -> bool,
	) -> Result<Imported, Error> {
		let mut imported = Imported::default();
		for (name, path) in feed::files(path)? {
			match self.import_file(&name, &path, &mut imported, progress) {
				Ok(true) => {},
				Ok(false) => return Ok(imported),
				Err(error @ (Error::Store(_) | Error::StoreVersion { .. })) => return Err(error),
				Err(error) => {
					self.db.execute(
						"UPDATE file SET failure = ?2 WHERE name = ?1",
						params![name, error.to_string()],
					)?;
					imported.failures.push(Failure { file: name, reason: error.to_string() });
				},
			}
		}
		Ok(imported)
	}

	/// Whether the import may go on.
	fn import_file(
		&mut self,
		name: &str,
		path: &PathBuf,
		imported: &mut Imported,
		progress: &mut dyn FnMut(&Progress) -> bool,
	) -> Result<bool, Error> {
		let unreadable = |source| Error::Unreadable { file: name.into(), source };
		let meta = fs::metadata(path).map_err(unreadable)?;
		let size = meta.len();
		let modified = meta
			.modified()
			.ok()
			.and_then(|time| time.duration_since(UNIX_EPOCH).ok())
			.and_then(|since| i64::try_from(since.as_nanos()).ok())
			.unwrap_or(0);
		let known: Option<(i64, i64, i64, bool)> = self
			.db
			.query_row(
				"SELECT size, modified, records, complete FROM file WHERE name = ?1",
				[name],
				|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
			)
			.optional()?;
		let same = known.filter(|(s, m, ..)| u64::try_from(*s) == Ok(size) && *m == modified);
		let done = match same {
			Some((_, _, _, true)) => {
				imported.unchanged_files += 1;
				return Ok(true);
			},
			Some((_, _, records, false)) => u64::try_from(records).unwrap_or(0),
			None => 0,
		};
		imported.files += 1;
		let file = File::open(path).map_err(unreadable)?;
		let mut state = Progress { file: name.into(), bytes: 0, size, records: 0, changed: 0 };
		let mut stopped = false;
		let mut failures = Vec::new();
		let db = &self.db;
		let checkpoint = |records: u64, complete: bool| -> Result<(), Error> {
			db.prepare_cached("INSERT OR REPLACE INTO file VALUES (?1, ?2, ?3, ?4, ?5, NULL)")?
				.execute(params![name, size as i64, modified, records as i64, complete])?;
			db.execute_batch("COMMIT")?;
			Ok(())
		};
		db.execute_batch("BEGIN IMMEDIATE")?;
		if done == 0 {
			db.execute("DELETE FROM vex WHERE file = ?1", [name])?;
		}
		let outcome = import::read(name, file, size, &mut |record: Record, bytes| {
			state.records += 1;
			state.bytes = bytes.min(size);
			if state.records <= done {
				return Ok(());
			}
			failures.extend(record.failure.map(|reason| Failure { file: name.to_owned(), reason }));
			state.changed += u64::from(take(db, name, record.entries)?);
			if state.records.is_multiple_of(BATCH) {
				checkpoint(state.records, false)?;
				if !progress(&state) {
					stopped = true;
					return Err(Error::Stopped);
				}
				db.execute_batch("BEGIN IMMEDIATE")?;
			}
			Ok(())
		});
		imported.records += state.records.saturating_sub(done);
		imported.changed += state.changed;
		imported.failures.append(&mut failures);
		if stopped {
			return Ok(false);
		}
		match outcome {
			Ok(_) => {
				checkpoint(state.records, true)?;
				state.bytes = size;
				Ok(progress(&state))
			},
			Err(error @ Error::Store(_)) => {
				db.execute_batch("ROLLBACK")?;
				Err(error)
			},
			Err(error) => {
				// What was read so far is valid by itself.
				checkpoint(state.records, false)?;
				Err(error)
			},
		}
	}
}

/// Stores a record; whether it was new or different.
fn take(db: &Connection, file: &str, entries: Vec<Entry>) -> Result<bool, Error> {
	let mut changed = false;
	let mut statements: BTreeMap<(String, String), (Vec<Advisory>, Vec<AffectedPackage>)> =
		BTreeMap::new();
	for entry in entries {
		match entry {
			Entry::Advisory(advisory) => {
				let key = (advisory.source.clone(), advisory.cve.clone());
				statements.entry(key).or_default().0.push(*advisory);
			},
			Entry::Package(package) => {
				let key = (package.source.clone(), package.cve.clone());
				statements.entry(key).or_default().1.push(package);
			},
			Entry::Kev(cve, kev) => changed |= take_kev(db, &cve, &kev)?,
			Entry::Epss(cve, epss) => changed |= take_epss(db, &cve, epss)?,
			Entry::Vex(statement) => {
				let body = serde_json::to_vec(&statement).map_err(Error::encoding)?;
				db.prepare_cached("INSERT INTO vex (file, cve, body) VALUES (?1, ?2, ?3)")?
					.execute(params![file, statement.cve, body])?;
				pend(db, &statement.cve)?;
				changed = true;
			},
		}
	}
	for ((source, cve), (advisories, packages)) in statements {
		changed |= take_statement(db, &source, &cve, advisories, &packages)?;
	}
	Ok(changed)
}

fn pend(db: &Connection, cve: &str) -> Result<(), Error> {
	db.prepare_cached("INSERT OR IGNORE INTO pending_cve VALUES (?1)")?.execute([cve])?;
	Ok(())
}

fn take_kev(db: &Connection, cve: &str, kev: &Kev) -> Result<bool, Error> {
	let body = serde_json::to_vec(kev).map_err(Error::encoding)?;
	let before: Option<Vec<u8>> = db
		.prepare_cached("SELECT body FROM kev WHERE cve = ?1")?
		.query_row([cve], |row| row.get(0))
		.optional()?;
	if before.as_ref() == Some(&body) {
		return Ok(false);
	}
	db.prepare_cached("INSERT OR REPLACE INTO kev VALUES (?1, ?2)")?.execute(params![cve, body])?;
	pend(db, cve)?;
	Ok(true)
}

fn take_epss(db: &Connection, cve: &str, epss: Epss) -> Result<bool, Error> {
	let before: Option<f64> = db
		.prepare_cached("SELECT probability FROM epss WHERE cve = ?1")?
		.query_row([cve], |row| row.get(0))
		.optional()?;
	if before.is_some_and(|before| before.total_cmp(&epss.probability).is_eq()) {
		return Ok(false);
	}
	db.prepare_cached("INSERT OR REPLACE INTO epss VALUES (?1, ?2, ?3)")?.execute(params![
		cve,
		epss.probability,
		epss.percentile
	])?;
	pend(db, cve)?;
	Ok(true)
}

fn take_statement(
	db: &Connection,
	source: &str,
	cve: &str,
	advisories: Vec<Advisory>,
	packages: &[AffectedPackage],
) -> Result<bool, Error> {
	let mut hash = Sha256::new();
	let mut rows = Vec::new();
	for mut advisory in advisories {
		let summary = std::mem::take(&mut advisory.summary);
		let body = serde_json::to_vec(&advisory).map_err(Error::encoding)?;
		hash.update(&body);
		hash.update(&summary);
		rows.push((advisory, summary, body));
	}
	for package in packages {
		hash.update(serde_json::to_vec(package).map_err(Error::encoding)?);
	}
	let hash: [u8; 32] = hash.finalize().into();
	let before: Option<Vec<u8>> = db
		.prepare_cached("SELECT hash FROM statement WHERE source = ?1 AND cve = ?2")?
		.query_row([source, cve], |row| row.get(0))
		.optional()?;
	if before.as_deref() == Some(&hash[..]) {
		return Ok(false);
	}
	if before.is_some() {
		remove(db, source, cve)?;
	}
	db.prepare_cached("INSERT OR REPLACE INTO statement VALUES (?1, ?2, ?3)")?
		.execute(params![source, cve, hash])?;
	for (advisory, summary, body) in rows {
		let mut insert = db.prepare_cached(
			"INSERT INTO advisory (source, cve, summary, body) VALUES (?1, ?2, ?3, ?4)",
		)?;
		let id = insert.insert(params![source, cve, summary, body])?;
		let mut add = db.prepare_cached("INSERT OR IGNORE INTO product VALUES (?1, ?2)")?;
		for affected in &advisory.affected {
			for (key, _) in statement_keys(affected) {
				add.execute(params![key, id])?;
			}
		}
		if let Some(cvss) = &advisory.cvss {
			raise_severity(db, cve, cvss)?;
		}
	}
	for package in packages {
		let key = joined_package_key(&package.ecosystem, &package.name);
		let body = serde_json::to_vec(package).map_err(Error::encoding)?;
		db.prepare_cached("INSERT INTO package (source, cve, key, body) VALUES (?1, ?2, ?3, ?4)")?
			.execute(params![source, cve, key, body])?;
	}
	pend(db, cve)?;
	Ok(true)
}

/// Package keys share a column with product keys; the sign at the front keeps them apart.
pub(super) fn joined_package_key(ecosystem: &str, name: &str) -> String {
	let (ecosystem, name) = package_key(ecosystem, name);
	format!("@{ecosystem}/{name}")
}

fn remove(db: &Connection, source: &str, cve: &str) -> Result<(), Error> {
	db.prepare_cached(
		"DELETE FROM product WHERE advisory IN
			(SELECT id FROM advisory WHERE cve = ?2 AND source = ?1)",
	)?
	.execute([source, cve])?;
	for table in ["advisory", "package"] {
		db.prepare_cached(&format!("DELETE FROM {table} WHERE cve = ?2 AND source = ?1"))?
			.execute([source, cve])?;
	}
	// The severity may have been this source's.
	db.prepare_cached("DELETE FROM severity WHERE cve = ?1")?.execute([cve])?;
	let mut rest = db.prepare_cached("SELECT body FROM advisory WHERE cve = ?1")?;
	let bodies: Vec<Vec<u8>> =
		rest.query_map([cve], |row| row.get(0))?.collect::<Result<_, _>>()?;
	for body in bodies {
		let advisory: Advisory = serde_json::from_slice(&body).map_err(Error::encoding)?;
		if let Some(cvss) = &advisory.cvss {
			raise_severity(db, cve, cvss)?;
		}
	}
	Ok(())
}

fn raise_severity(db: &Connection, cve: &str, cvss: &Cvss) -> Result<(), Error> {
	let (generation, score) = cvss.rank();
	let body = serde_json::to_vec(cvss).map_err(Error::encoding)?;
	db.prepare_cached(
		"INSERT INTO severity VALUES (?1, ?2, ?3, ?4) ON CONFLICT (cve) DO UPDATE
			SET generation = excluded.generation, score = excluded.score, body = excluded.body
			WHERE (excluded.generation, excluded.score) > (severity.generation, severity.score)",
	)?
	.execute(params![cve, generation, score, body])?;
	Ok(())
}
