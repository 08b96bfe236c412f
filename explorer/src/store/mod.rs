//! The index: one SQLite file, written by one follower and read by many pages.
//!
//! Everything that a block brings is written in one transaction, so that a crash at any moment leaves whole blocks.

mod ingest;
pub mod query;
pub mod questions;
mod rows;
mod search;

pub use rows::{BlockRow, EventRow, ExtrinsicRow, RecordRow};
pub use search::{search, Found};

use crate::{kind::Kind, Error};
use rusqlite::{params, Connection, OpenFlags, OptionalExtension};
use std::{
	collections::BTreeSet,
	path::{Path, PathBuf},
	sync::Mutex,
	time::Duration,
};

/// Version of the schema. Another version is indexed anew.
const SCHEMA: u32 = 2;

/// How long a connection waits for another that writes.
const PATIENCE: Duration = Duration::from_secs(10);

/// The side that writes.
pub struct Store {
	connection: Connection,
	head: Option<(u64, [u8; 32])>,
}

impl Store {
	/// Opens or creates the index in a file.
	///
	/// # Errors
	/// [`Error::OtherDatabase`] for one of another version, [`Error::Damaged`] when blocks are missing in it.
	pub fn open(path: &Path) -> Result<Self, Error> {
		Self::prepare(Connection::open(path)?)
	}

	fn prepare(mut connection: Connection) -> Result<Self, Error> {
		connection.busy_timeout(PATIENCE)?;
		// A block that a power cut takes back is read from a node again.
		connection.execute_batch(
			"PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536;",
		)?;
		connection.set_prepared_statement_cache_capacity(64);
		let version: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
		match version {
			0 => {
				let transaction = connection.transaction()?;
				transaction.execute_batch(include_str!("schema.sql"))?;
				transaction.pragma_update(None, "user_version", SCHEMA)?;
				transaction.commit()?;
			},
			SCHEMA => {},
			other => {
				return Err(Error::OtherDatabase(format!(
					"the database has version {other}, this program writes {SCHEMA}; delete it and let \
					 the explorer index anew"
				)));
			},
		}
		let mut store = Self { connection, head: None };
		store.head = store.check_gaps()?;
		Ok(store)
	}

	/// The last block, after checking that none before it is missing.
	fn check_gaps(&self) -> Result<Option<(u64, [u8; 32])>, Error> {
		let (count, first, last): (u64, Option<u64>, Option<u64>) = self.connection.query_row(
			"SELECT count(*), min(number), max(number) FROM block",
			[],
			|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
		)?;
		let Some(last) = last else { return Ok(None) };
		if first != Some(0) || count != last + 1 {
			return Err(Error::Damaged(format!("it has {count} blocks up to number {last}")));
		}
		let hash = self.connection.query_row(
			"SELECT hash FROM block WHERE number = ?",
			[last],
			|row| row.get(0),
		)?;
		Ok(Some((last, hash)))
	}

	/// The last indexed block: number and hash.
	pub fn head(&self) -> Option<(u64, [u8; 32])> {
		self.head
	}

	/// Binds the index to a chain, or checks that it is bound to it.
	///
	/// # Errors
	/// [`Error::OtherDatabase`] when it is the index of another chain.
	pub fn bind(&self, genesis: [u8; 32]) -> Result<(), Error> {
		self.connection.execute(
			"INSERT INTO meta (name, value) VALUES ('genesis', ?) ON CONFLICT DO NOTHING",
			[genesis],
		)?;
		match genesis_of(&self.connection)? {
			Some(bound) if bound == genesis => Ok(()),
			bound => Err(Error::OtherDatabase(format!(
				"the database is of chain 0x{}, the node of chain 0x{}; name another database",
				hex::encode(bound.unwrap_or_default()),
				hex::encode(genesis)
			))),
		}
	}

	/// Keeps the metadata of a runtime.
	pub fn keep_metadata(&self, spec: u32, block: u64, metadata: &[u8]) -> Result<(), Error> {
		self.connection.execute(
			"INSERT INTO runtime (spec_version, first_block, metadata) VALUES (?, ?, ?)
			 ON CONFLICT DO NOTHING",
			params![spec, block, metadata],
		)?;
		Ok(())
	}

	/// Keeps the metadata of a runtime, if they are there.
	pub fn metadata(&self, spec: u32) -> Result<Option<Vec<u8>>, Error> {
		metadata(&self.connection, spec)
	}

	/// Ids of the records of a kind that the index takes for present.
	pub fn present(&self, kind: Kind) -> Result<BTreeSet<String>, Error> {
		let mut statement = self
			.connection
			.prepare_cached("SELECT id FROM record WHERE kind = ? AND removed IS NULL")?;
		let ids = statement.query_map([kind as u8], |row| row.get(0))?;
		Ok(ids.collect::<Result<_, _>>()?)
	}
}

fn genesis_of(connection: &Connection) -> Result<Option<[u8; 32]>, Error> {
	Ok(connection
		.query_row("SELECT value FROM meta WHERE name = 'genesis'", [], |row| row.get(0))
		.optional()?)
}

fn metadata(connection: &Connection, spec: u32) -> Result<Option<Vec<u8>>, Error> {
	Ok(connection
		.query_row("SELECT metadata FROM runtime WHERE spec_version = ?", [spec], |row| row.get(0))
		.optional()?)
}

/// The side that reads: connections that cannot write, handed out one to a question.
pub struct Reader {
	path: PathBuf,
	idle: Mutex<Vec<Connection>>,
}

impl Reader {
	/// A reader of the index in a file, which must exist.
	pub fn new(path: &Path) -> Self {
		Self { path: path.into(), idle: Mutex::default() }
	}

	/// Answers a question.
	///
	/// # Errors
	/// What the question's answer says; [`Error::Database`] when the file cannot be opened.
	pub fn ask<T>(
		&self,
		question: impl FnOnce(&Connection) -> Result<T, Error>,
	) -> Result<T, Error> {
		let idle = self.idle.lock().map_or(None, |mut idle| idle.pop());
		let connection = match idle {
			Some(connection) => connection,
			None => self.connect()?,
		};
		let answer = question(&connection);
		if let Ok(mut idle) = self.idle.lock() {
			idle.push(connection);
		}
		answer
	}

	fn connect(&self) -> Result<Connection, Error> {
		let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
		let connection = Connection::open_with_flags(&self.path, flags)?;
		connection.busy_timeout(PATIENCE)?;
		connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -16384;")?;
		connection.set_prepared_statement_cache_capacity(64);
		Ok(connection)
	}

	/// Hash of the first block, once the index is bound to a chain.
	pub fn genesis(&self) -> Result<Option<[u8; 32]>, Error> {
		self.ask(genesis_of)
	}

	/// Metadata of a runtime.
	pub fn metadata(&self, spec: u32) -> Result<Option<Vec<u8>>, Error> {
		self.ask(|connection| metadata(connection, spec))
	}
}
