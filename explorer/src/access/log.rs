//! The log of queries: who asked what and when, each entry chained to the one before it by its hash, so that nothing
//! can be taken out or changed once the last hash is known elsewhere (anchored on the ledger, or noted down).
//!
//! It is a file of its own: the index can be made anew, this cannot. `hash = SHA-256(JSON [number, moment, account,
//! organisation, question, hash before])`; before the first entry stand 32 zero bytes.

use crate::Error;
use curex_primitives::{merkle, oversight::LogAnchor, MerkleRoot, SizeBucket};
use rusqlite::{params, Connection, OptionalExtension};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::{path::Path, sync::Mutex};

const SCHEMA: &str = "
	CREATE TABLE IF NOT EXISTS query (
		number INTEGER PRIMARY KEY, moment INTEGER NOT NULL, account TEXT NOT NULL,
		organisation INTEGER NOT NULL, question TEXT NOT NULL, hash BLOB NOT NULL
	);
	CREATE INDEX IF NOT EXISTS query_organisation ON query (organisation, number);
	CREATE TRIGGER IF NOT EXISTS query_stays BEFORE DELETE ON query
		BEGIN SELECT RAISE(ABORT, 'the log of queries only grows'); END;
	CREATE TRIGGER IF NOT EXISTS query_stands BEFORE UPDATE ON query
		BEGIN SELECT RAISE(ABORT, 'the log of queries only grows'); END;
	CREATE TABLE IF NOT EXISTS anchor (
		sequence INTEGER PRIMARY KEY, root BLOB NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL,
		first INTEGER NOT NULL, past INTEGER NOT NULL, settled INTEGER NOT NULL, block INTEGER
	);
";

/// An entry.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Entry {
	/// Its number, from 0.
	pub number: u64,
	/// When, in milliseconds since 1970 (UTC).
	pub moment: u64,
	/// Who, in hexadecimal.
	pub account: String,
	/// For which organisation.
	pub organisation: u32,
	/// What: path and query of the request.
	pub question: String,
	/// Hash of this entry and, through the one before it, of all before it.
	pub hash: String,
}

/// The end of the log: what an anchor says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Head {
	/// How many entries there are.
	pub entries: u64,
	/// Hash of the last one.
	pub hash: String,
}

/// An anchor of the log on the ledger.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Anchor {
	/// Its number among those of the explorer's organisation.
	pub sequence: u64,
	/// Merkle root over the hashes of its entries, in order (`curex_primitives::merkle`), as the ledger holds it.
	pub root: String,
	/// Anchored from this moment on, in milliseconds …
	pub since: u64,
	/// … to before this one.
	pub until: u64,
	/// Its first entry.
	pub first: u64,
	/// The entry after its last one.
	pub end: u64,
	/// Whether the ledger holds it.
	pub settled: bool,
	/// The block in which it was recorded, if this explorer saw that.
	pub block: Option<u64>,
}

impl Anchor {
	/// As the ledger holds it.
	///
	/// # Errors
	/// [`Error::Damaged`].
	pub fn on_ledger(&self) -> Result<LogAnchor, Error> {
		let root =
			crate::kind::handle(&self.root).ok_or_else(|| Error::Damaged("an anchor".into()))?;
		let count = SizeBucket::of(self.end - self.first);
		Ok(LogAnchor { root: MerkleRoot(root), count, from: self.since, to: self.until })
	}
}

const ANCHOR_COLUMNS: &str = "sequence, root, since, until, first, past, settled, block";

fn read_anchor(row: &rusqlite::Row<'_>) -> rusqlite::Result<Anchor> {
	Ok(Anchor {
		sequence: row.get(0)?,
		root: format!("0x{}", hex::encode(row.get::<_, [u8; 32]>(1)?)),
		since: row.get(2)?,
		until: row.get(3)?,
		first: row.get(4)?,
		end: row.get(5)?,
		settled: row.get(6)?,
		block: row.get(7)?,
	})
}

/// The log.
pub struct QueryLog {
	connection: Mutex<Connection>,
}

impl QueryLog {
	/// Opens or creates the log, and checks its whole chain.
	///
	/// # Errors
	/// [`Error::Tampered`] when an entry was changed, taken out or put in.
	pub fn open(path: &Path) -> Result<Self, Error> {
		let connection = Connection::open(path)?;
		connection.busy_timeout(std::time::Duration::from_secs(10))?;
		connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")?;
		connection.execute_batch(SCHEMA)?;
		check(&connection)?;
		Ok(Self { connection: Mutex::new(connection) })
	}

	/// Checks the chain of a log that another program may be writing, and its anchors, and tells its end.
	///
	/// # Errors
	/// [`Error::Tampered`]; [`Error::Database`] when there is no such file.
	pub fn check(path: &Path) -> Result<Head, Error> {
		let connection =
			Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
		check(&connection)
	}

	/// Writes down a question before it is answered.
	///
	/// # Errors
	/// [`Error::Database`] when it cannot be written; then there must be no answer.
	pub fn write(
		&self,
		moment: u64,
		account: &[u8; 32],
		organisation: u32,
		question: &str,
	) -> Result<(), Error> {
		let mut connection = self.locked()?;
		let transaction = connection.transaction()?;
		let last: Option<(u64, [u8; 32])> = transaction
			.prepare_cached("SELECT number, hash FROM query ORDER BY number DESC LIMIT 1")?
			.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
			.optional()?;
		let (number, before) = last.map_or((0, [0; 32]), |(number, hash)| (number + 1, hash));
		let account = format!("0x{}", hex::encode(account));
		let hash = hash_of(number, moment, &account, organisation, question, &before);
		transaction
			.prepare_cached("INSERT INTO query VALUES (?, ?, ?, ?, ?, ?)")?
			.execute(params![number, moment, account, organisation, question, hash])?;
		transaction.commit()?;
		Ok(())
	}

	/// The end of the log.
	///
	/// # Errors
	/// [`Error::Database`].
	pub fn head(&self) -> Result<Head, Error> {
		let last: Option<(u64, [u8; 32])> = self
			.locked()?
			.query_row("SELECT number, hash FROM query ORDER BY number DESC LIMIT 1", [], |row| {
				Ok((row.get(0)?, row.get(1)?))
			})
			.optional()?;
		Ok(head(last.map_or(0, |(number, _)| number + 1), last.map_or([0; 32], |(_, hash)| hash)))
	}

	/// What an organisation's delegates asked, newest first; only entries before `before`.
	///
	/// # Errors
	/// [`Error::Database`].
	pub fn entries(
		&self,
		organisation: u32,
		before: Option<u64>,
		limit: u32,
	) -> Result<Vec<Entry>, Error> {
		let connection = self.locked()?;
		let mut statement = connection.prepare_cached(
			"SELECT number, moment, account, organisation, question, hash FROM query \
			 WHERE organisation = ? AND number < ? ORDER BY number DESC LIMIT ?",
		)?;
		let before = before.and_then(|before| i64::try_from(before).ok()).unwrap_or(i64::MAX);
		let rows = statement.query_map(params![organisation, before, limit], |row| {
			Ok(Entry {
				number: row.get(0)?,
				moment: row.get(1)?,
				account: row.get(2)?,
				organisation: row.get(3)?,
				question: row.get(4)?,
				hash: format!("0x{}", hex::encode(row.get::<_, [u8; 32]>(5)?)),
			})
		})?;
		Ok(rows.collect::<Result<_, _>>()?)
	}

	/// The anchors, newest first.
	///
	/// # Errors
	/// [`Error::Database`].
	pub fn anchors(&self, limit: u32) -> Result<Vec<Anchor>, Error> {
		let connection = self.locked()?;
		let sql = format!("SELECT {ANCHOR_COLUMNS} FROM anchor ORDER BY sequence DESC LIMIT ?");
		let mut statement = connection.prepare_cached(&sql)?;
		let anchors = statement.query_map([limit], read_anchor)?.collect::<Result<_, _>>()?;
		Ok(anchors)
	}

	/// The anchor that was written down and is not settled.
	pub(super) fn pending(&self) -> Result<Option<Anchor>, Error> {
		let sql = format!("SELECT {ANCHOR_COLUMNS} FROM anchor WHERE settled = 0");
		Ok(self.locked()?.query_row(&sql, [], read_anchor).optional()?)
	}

	/// When the first entry was written.
	pub(super) fn first_moment(&self) -> Result<Option<u64>, Error> {
		let sql = "SELECT moment FROM query ORDER BY number LIMIT 1";
		Ok(self.locked()?.query_row(sql, [], |row| row.get(0)).optional()?)
	}

	/// Writes down an anchor of the entries that no anchor has yet; the ledger's time goes from one moment to the other.
	pub(super) fn prepare(&self, sequence: u64, since: u64, until: u64) -> Result<Anchor, Error> {
		let mut connection = self.locked()?;
		let transaction = connection.transaction()?;
		let first: u64 =
			transaction
				.query_row("SELECT coalesce(max(past), 0) FROM anchor", [], |row| row.get(0))?;
		let leaves = leaves(&transaction, first, None)?;
		let root = merkle::root(&leaves);
		let past = first + leaves.len() as u64;
		transaction.execute(
			"INSERT INTO anchor VALUES (?, ?, ?, ?, ?, ?, 0, NULL)",
			params![sequence, root.0, since, until, first, past],
		)?;
		transaction.commit()?;
		drop(connection);
		self.pending()?.ok_or_else(|| Error::Damaged("an anchor".into()))
	}

	/// Notes that the ledger holds an anchor.
	pub(super) fn settle(&self, sequence: u64, block: Option<u64>) -> Result<Anchor, Error> {
		let connection = self.locked()?;
		let sql = "UPDATE anchor SET settled = 1, block = ? WHERE sequence = ?";
		connection.execute(sql, params![block, sequence])?;
		let sql = format!("SELECT {ANCHOR_COLUMNS} FROM anchor WHERE sequence = ?");
		Ok(connection.query_row(&sql, [sequence], read_anchor)?)
	}

	/// Takes back an anchor that the ledger will never hold.
	pub(super) fn give_up(&self, sequence: u64) -> Result<(), Error> {
		self.locked()?
			.execute("DELETE FROM anchor WHERE sequence = ? AND settled = 0", [sequence])?;
		Ok(())
	}

	fn locked(&self) -> Result<std::sync::MutexGuard<'_, Connection>, Error> {
		self.connection.lock().map_err(|_| Error::Damaged("the log of queries".into()))
	}
}

/// Hashes of the entries from one on, up to before another or to the end.
fn leaves(connection: &Connection, first: u64, past: Option<u64>) -> Result<Vec<[u8; 32]>, Error> {
	let sql = "SELECT hash FROM query WHERE number >= ? AND number < ? ORDER BY number";
	let past = past.and_then(|past| i64::try_from(past).ok()).unwrap_or(i64::MAX);
	let mut statement = connection.prepare_cached(sql)?;
	let leaves = statement.query_map(params![first, past], |row| row.get(0))?;
	Ok(leaves.collect::<Result<_, _>>()?)
}

/// Checks that the anchors are over what the log holds, each entry in one.
fn check_anchors(connection: &Connection) -> Result<(), Error> {
	let sql = "SELECT count(*) FROM sqlite_master WHERE name = 'anchor'";
	// A log of the time before anchors.
	if connection.query_row(sql, [], |row| row.get::<_, u64>(0))? == 0 {
		return Ok(());
	}
	let sql = format!("SELECT {ANCHOR_COLUMNS} FROM anchor ORDER BY sequence");
	let mut statement = connection.prepare(&sql)?;
	let mut end = 0;
	for anchor in statement.query_map([], read_anchor)? {
		let anchor = anchor?;
		let leaves = leaves(connection, anchor.first, Some(anchor.end))?;
		let root = merkle::root(&leaves);
		let is_whole = anchor.first == end && anchor.first + leaves.len() as u64 == anchor.end;
		if !is_whole || format!("0x{}", hex::encode(root.0)) != anchor.root {
			return Err(Error::Tampered(anchor.first));
		}
		end = anchor.end;
	}
	Ok(())
}

fn check(connection: &Connection) -> Result<Head, Error> {
	let mut statement = connection.prepare(
		"SELECT number, moment, account, organisation, question, hash FROM query ORDER BY number",
	)?;
	let mut rows = statement.query([])?;
	let (mut entries, mut before) = (0, [0; 32]);
	while let Some(row) = rows.next()? {
		let number: u64 = row.get(0)?;
		let (account, question): (String, String) = (row.get(2)?, row.get(4)?);
		let hash: [u8; 32] = row.get(5)?;
		let follows = number == entries
			&& hash == hash_of(number, row.get(1)?, &account, row.get(3)?, &question, &before);
		if !follows {
			return Err(Error::Tampered(entries));
		}
		(entries, before) = (entries + 1, hash);
	}
	check_anchors(connection)?;
	Ok(head(entries, before))
}

fn head(entries: u64, hash: [u8; 32]) -> Head {
	Head { entries, hash: format!("0x{}", hex::encode(hash)) }
}

fn hash_of(
	number: u64,
	moment: u64,
	account: &str,
	organisation: u32,
	question: &str,
	before: &[u8; 32],
) -> [u8; 32] {
	let entry = json!([number, moment, account, organisation, question, hex::encode(before)]);
	Sha256::digest(entry.to_string()).into()
}

#[cfg(test)]
mod tests {
	use super::*;

	fn filled(folder: &tempfile::TempDir) -> std::path::PathBuf {
		let path = folder.path().join("queries.sqlite");
		let log = QueryLog::open(&path).unwrap();
		for number in 0..5 {
			log.write(1_000 + number, &[7; 32], (number % 2) as u32, &format!("/q?{number}"))
				.unwrap();
		}
		assert_eq!(log.head().unwrap(), QueryLog::check(&path).unwrap());
		path
	}

	#[test]
	fn a_log_goes_on_where_it_ended_and_shows_an_organisation_its_own() {
		let folder = tempfile::tempdir().unwrap();
		let path = filled(&folder);
		let log = QueryLog::open(&path).unwrap();
		log.write(2_000, &[7; 32], 1, "/last").unwrap();
		assert_eq!(QueryLog::check(&path).unwrap().entries, 6);
		let asked: Vec<String> =
			log.entries(1, None, 2).unwrap().into_iter().map(|entry| entry.question).collect();
		assert_eq!(asked, ["/last", "/q?3"]);
		assert_eq!(log.entries(1, Some(3), 9).unwrap().len(), 1);
	}

	#[test]
	fn whatever_is_changed_in_a_log_is_found() {
		for change in [
			"UPDATE query SET question = '/other' WHERE number = 2",
			"UPDATE query SET moment = moment + 1 WHERE number = 0",
			"UPDATE query SET account = '0x00' WHERE number = 4",
			"UPDATE query SET organisation = 9 WHERE number = 3",
			"UPDATE query SET hash = zeroblob(32) WHERE number = 4",
			"DELETE FROM query WHERE number = 2",
			"DELETE FROM query WHERE number = 0",
			"INSERT INTO query VALUES (5, 1, '0x', 1, '/', zeroblob(32))",
		] {
			let folder = tempfile::tempdir().unwrap();
			let path = filled(&folder);
			let connection = Connection::open(&path).unwrap();
			let refused = connection.execute(change, []).is_err();
			assert!(refused || change.starts_with("INSERT"), "{change}");
			connection
				.execute_batch("DROP TRIGGER query_stays; DROP TRIGGER query_stands;")
				.unwrap();
			let _ = connection.execute(change, []);
			drop(connection);
			assert!(matches!(QueryLog::check(&path), Err(Error::Tampered(_))), "{change}");
			assert!(QueryLog::open(&path).is_err(), "{change}");
		}
	}
}
