//! The index: one SQLite file or one PostgreSQL database, written by one follower and read by many pages.
//!
//! Everything that a block brings is written in one transaction, so that a crash at any moment leaves whole blocks.

mod database;
pub mod governance;
mod ingest;
pub mod past;
mod patch;
pub mod query;
pub mod questions;
mod retention;
mod rows;
mod search;
pub mod trends;

pub(crate) use database::values;
pub use database::{Connection, FromValue, Place, Row, Use, Value};
use database::{Of, Table};
pub use rows::{BlockRow, EventRow, ExtrinsicRow, RecordRow};
pub use search::{search, Found};

use crate::{
	kind::{Kind, RecordId},
	Error,
};
use serde_json::Value as Json;
use std::{collections::HashMap, sync::Mutex};

/// Version of the schema. Another version is indexed anew.
const SCHEMA: u32 = 4;

/// The side that writes.
pub struct Store {
	connection: Connection,
	head: Option<(u64, [u8; 32])>,
	/// The last serial that was given.
	serial: i64,
}

impl Store {
	/// Opens or creates the index at a place.
	///
	/// # Errors
	/// [`Error::OtherDatabase`] for one of another version, [`Error::Damaged`] when blocks are missing in it.
	pub fn open(place: &Place) -> Result<Self, Error> {
		let connection = Connection::open(place, Use::Write)?;
		connection.prepare(include_str!("schema.sql"), SCHEMA)?;
		let mut store = Self { connection, head: None, serial: 0 };
		store.look_up()?;
		Ok(store)
	}

	/// The last block, after checking that none before it is missing.
	fn check_gaps(&self) -> Result<Option<(u64, [u8; 32])>, Error> {
		let sql = "SELECT count(*), min(number), max(number) FROM block";
		let counted: Option<(u64, Option<u64>, Option<u64>)> =
			self.connection.one(sql, &[], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
		let Some((count, first, Some(last))) = counted else { return Ok(None) };
		if first != Some(0) || count != last + 1 {
			return Err(Error::Damaged(format!("it has {count} blocks up to number {last}")));
		}
		let sql = "SELECT hash FROM block WHERE number = ?";
		let hash = self.connection.one(sql, &values![last], |row| row.get(0))?;
		Ok(hash.map(|hash| (last, hash)))
	}

	/// Looks up what the last block is: after a failure it may be one more than this program knows of.
	///
	/// # Errors
	/// As [`Self::open`].
	pub fn look_up(&mut self) -> Result<(), Error> {
		self.head = self.check_gaps()?;
		let sql = "SELECT last FROM given WHERE what = 'serial'";
		self.serial = self.connection.one(sql, &[], |row| row.get(0))?.unwrap_or_default();
		Ok(())
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
			&values![genesis],
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
			&values![spec, block, metadata],
		)?;
		Ok(())
	}

	/// Keeps the metadata of a runtime, if they are there.
	pub fn metadata(&self, spec: u32) -> Result<Option<Vec<u8>>, Error> {
		metadata(&self.connection, spec)
	}

	/// How many records of a kind the index takes for present.
	///
	/// # Errors
	/// [`Error::Database`] or [`Error::Server`].
	pub fn count(&self, kind: Kind) -> Result<u64, Error> {
		let sql = "SELECT CAST(coalesce(sum(count), 0) AS BIGINT) FROM tally WHERE kind = ?";
		let count = self.connection.one(sql, &values![kind as u8], |row| row.get(0))?;
		Ok(count.unwrap_or_default())
	}

	/// Which of these records the index takes for present, with their contents.
	///
	/// # Errors
	/// [`Error::Database`] or [`Error::Server`].
	pub fn held(&self, kind: Kind, ids: &[RecordId]) -> Result<HashMap<RecordId, Json>, Error> {
		let keys = ids.iter().map(|id| values![kind as u8, id.as_str()].into()).collect();
		let columns = "r.id, r.value, r.removed IS NULL";
		let found = self.connection.matching(columns, &ingest::RECORD_KEY, keys, |row| {
			let id = RecordId::parse(kind, &row.get::<String>(0)?);
			let id = id.ok_or_else(|| Error::Damaged("a record's id cannot be read".into()))?;
			let value = rows::json(&row.get::<String>(1)?)?;
			Ok(row.get::<bool>(2)?.then_some((id, value)))
		})?;
		Ok(found.into_iter().flatten().collect())
	}

	/// The next records of a kind that the index takes for present, after a serial, with theirs.
	///
	/// # Errors
	/// [`Error::Database`] or [`Error::Server`].
	pub fn present_after(
		&self,
		kind: Kind,
		serial: i64,
		limit: u32,
	) -> Result<Vec<(i64, RecordId)>, Error> {
		let sql =
			"SELECT serial, id FROM record WHERE kind = ? AND serial > ? AND removed IS NULL \
			ORDER BY serial LIMIT ?";
		self.connection.all(sql, &values![kind as u8, serial, limit], |row| {
			let id = RecordId::parse(kind, &row.get::<String>(1)?);
			Ok((row.get(0)?, id.ok_or_else(|| Error::Damaged("a record's id".into()))?))
		})
	}
}

fn genesis_of(connection: &Connection) -> Result<Option<[u8; 32]>, Error> {
	connection.one("SELECT value FROM meta WHERE name = 'genesis'", &[], |row| row.get(0))
}

fn metadata(connection: &Connection, spec: u32) -> Result<Option<Vec<u8>>, Error> {
	let sql = "SELECT metadata FROM runtime WHERE spec_version = ?";
	connection.one(sql, &values![spec], |row| row.get(0))
}

/// The side that reads: connections that cannot write, handed out one to a question.
pub struct Reader {
	place: Place,
	idle: Mutex<Vec<Connection>>,
}

impl Reader {
	/// A reader of the index at a place, which must exist.
	pub fn new(place: Place) -> Self {
		Self { place, idle: Mutex::default() }
	}

	/// Answers a question.
	///
	/// # Errors
	/// What the question's answer says; [`Error::Database`] or [`Error::Server`] when the index cannot be opened.
	pub fn ask<T>(
		&self,
		question: impl FnOnce(&Connection) -> Result<T, Error>,
	) -> Result<T, Error> {
		let idle = self.idle.lock().map_or(None, |mut idle| idle.pop());
		let connection = match idle {
			Some(connection) => connection,
			None => Connection::open(&self.place, Use::Read)?,
		};
		let answer = question(&connection);
		// A connection that failed may be broken; the next question makes another.
		if !matches!(answer, Err(Error::Database(_) | Error::Server(_))) {
			if let Ok(mut idle) = self.idle.lock() {
				idle.push(connection);
			}
		}
		answer
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
