//! What an outbox must not forget: an SQLite database.

use super::engine::{Signed, StoredCall};
use crate::{error::Rejection, Error, Recorded};
use rusqlite::{params, Connection, OptionalExtension, Row};
use serde::Serialize;
use std::{
	path::Path,
	sync::{Mutex, MutexGuard, PoisonError},
};

/// Where an entry stands.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
	/// Not signed yet, or to be signed anew.
	Waiting,
	/// Signed; the finalised chain has not decided yet.
	Sent,
	/// The pool would not have it. It is rejected once no block can hold it any more, unless it is accepted again before.
	#[serde(rename_all = "kebab-case")]
	Refused {
		/// Why.
		rejection: Rejection,
	},
	/// Recorded, in this finalised block.
	Recorded(Recorded),
	/// Rejected: by the ledger in this block, or by the pool until no block could hold it any more.
	#[serde(rename_all = "kebab-case")]
	Rejected {
		/// The block.
		block: u64,
		/// Why.
		rejection: Rejection,
	},
}

impl Standing {
	/// Whether nothing more happens.
	pub const fn is_settled(&self) -> bool {
		matches!(self, Self::Recorded(_) | Self::Rejected { .. })
	}
}

/// An entry of the outbox.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Entry {
	/// The idempotency key.
	pub key: String,
	/// The pallet.
	pub pallet: String,
	/// The call.
	pub call: String,
	/// Where it stands.
	pub standing: Standing,
}

/// An entry that is not settled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Open {
	pub number: i64,
	pub call: StoredCall,
	pub own_handle: bool,
	pub transaction: Option<Transaction>,
}

/// The transaction under which an entry may be recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Transaction {
	pub bytes: Vec<u8>,
	pub hash: [u8; 32],
	/// The first block that can no longer hold it.
	pub expires: u64,
	pub account_number: u64,
	/// The last finalised block that was searched for it.
	pub looked: u64,
	/// Why the pool would not have it.
	pub refusal: Option<Rejection>,
}

#[derive(Debug)]
pub(super) struct Store(Mutex<Connection>);

const SCHEMA: &str = "
	CREATE TABLE IF NOT EXISTS entries (
		number INTEGER PRIMARY KEY AUTOINCREMENT,
		key TEXT NOT NULL UNIQUE,
		call TEXT NOT NULL,
		own_handle INTEGER NOT NULL,
		settled INTEGER NOT NULL DEFAULT 0,
		transaction_bytes BLOB,
		account_number INTEGER,
		expires INTEGER,
		looked INTEGER,
		refusal TEXT,
		block INTEGER,
		recorded TEXT,
		rejection TEXT,
		named INTEGER NOT NULL
	) STRICT;
	CREATE INDEX IF NOT EXISTS open_entries ON entries (settled, number);
	CREATE TABLE IF NOT EXISTS owner (
		only INTEGER PRIMARY KEY CHECK (only = 1),
		genesis BLOB NOT NULL,
		account BLOB NOT NULL
	) STRICT;
";
/// Most bytes of a key.
const MAX_KEY: usize = 128;
/// So many entries without a name of their own are kept after they were settled.
const KEPT: i64 = 1_000;

impl Store {
	pub(super) fn open(path: &Path, genesis: [u8; 32], account: [u8; 32]) -> Result<Self, Error> {
		if !path.exists() {
			// SQLite would create it readable for everybody.
			drop(crate::files::create_private(path)?);
		}
		let connection = Connection::open(path)?;
		connection.pragma_update(None, "journal_mode", "WAL")?;
		connection.pragma_update(None, "synchronous", "FULL")?;
		connection.busy_timeout(std::time::Duration::from_secs(5))?;
		Self::over(connection, genesis, account)
	}

	pub(super) fn over(
		connection: Connection,
		genesis: [u8; 32],
		account: [u8; 32],
	) -> Result<Self, Error> {
		connection.execute_batch(SCHEMA)?;
		connection.execute(
			"INSERT OR IGNORE INTO owner (only, genesis, account) VALUES (1, ?1, ?2)",
			params![genesis, account],
		)?;
		let owner: (Vec<u8>, Vec<u8>) =
			connection.query_row("SELECT genesis, account FROM owner", [], |row| {
				Ok((row.get(0)?, row.get(1)?))
			})?;
		if owner != (genesis.to_vec(), account.to_vec()) {
			return Err(Error::Store("it belongs to another account or chain".into()));
		}
		Ok(Self(Mutex::new(connection)))
	}

	fn lock(&self) -> MutexGuard<'_, Connection> {
		self.0.lock().unwrap_or_else(PoisonError::into_inner)
	}

	pub(super) fn accept(
		&self,
		key: &str,
		call: &StoredCall,
		own_handle: bool,
	) -> Result<Entry, Error> {
		if key.is_empty() || key.len() > MAX_KEY {
			return Err(Error::input(format!("an idempotency key has 1 to {MAX_KEY} bytes")));
		}
		let text = json(call)?;
		self.lock()
			.prepare_cached(
				"INSERT OR IGNORE INTO entries (key, call, own_handle, named) VALUES (?1, ?2, ?3, 1)",
			)?
			.execute(params![key, text, own_handle])?;
		let kept: String = self.lock().query_row(
			"SELECT call FROM entries WHERE key = ?1",
			params![key],
			|row| row.get(0),
		)?;
		if kept != text {
			return Err(Error::input("the key stands for another call"));
		}
		self.offer_again(key)
	}

	/// Accepts a call under a key that its content gives: the same call again, while the first is not settled, is the first;
	/// after that it is another.
	pub(super) fn accept_unnamed(
		&self,
		call: &StoredCall,
		own_handle: bool,
	) -> Result<Entry, Error> {
		let (key, text) = (unnamed_key(call)?, json(call)?);
		let mut connection = self.lock();
		let transaction = connection.transaction()?;
		transaction.execute(
			"DELETE FROM entries WHERE settled = 1 AND named = 0 AND (key = ?1 OR number <= \
			 (SELECT MAX(number) FROM entries) - ?2)",
			params![key, KEPT],
		)?;
		transaction.execute(
			"INSERT OR IGNORE INTO entries (key, call, own_handle, named) VALUES (?1, ?2, ?3, 0)",
			params![key, text, own_handle],
		)?;
		transaction.commit()?;
		drop(connection);
		self.offer_again(&key)
	}

	/// The pool may have changed its mind about an entry that somebody wants again.
	fn offer_again(&self, key: &str) -> Result<Entry, Error> {
		self.change(
			"UPDATE entries SET refusal = NULL WHERE key = ?1 AND settled = 0",
			params![key],
		)?;
		self.entry(key)?.ok_or_else(|| Error::Store("an entry is gone".into()))
	}

	pub(super) fn entry(&self, key: &str) -> Result<Option<Entry>, Error> {
		let connection = self.lock();
		let mut statement = connection.prepare_cached("SELECT * FROM entries WHERE key = ?1")?;
		let entry = statement.query_row(params![key], |row| Ok(read_entry(row))).optional()?;
		entry.transpose()
	}

	pub(super) fn entries(&self) -> Result<Vec<Entry>, Error> {
		let connection = self.lock();
		let mut statement = connection.prepare_cached("SELECT * FROM entries ORDER BY number")?;
		let entries = statement.query_map([], |row| Ok(read_entry(row)))?;
		entries.map(|entry| entry.map_err(Error::from).and_then(|entry| entry)).collect()
	}

	/// What stands under a key, if it is not settled.
	pub(super) fn open_entry(&self, key: &str) -> Result<Option<Open>, Error> {
		let connection = self.lock();
		let mut statement =
			connection.prepare_cached("SELECT * FROM entries WHERE key = ?1 AND settled = 0")?;
		statement.query_row(params![key], |row| Ok(read_open(row))).optional()?.transpose()
	}

	pub(super) fn open_entries(&self) -> Result<Vec<Open>, Error> {
		let connection = self.lock();
		let mut statement =
			connection.prepare_cached("SELECT * FROM entries WHERE settled = 0 ORDER BY number")?;
		let entries = statement.query_map([], |row| Ok(read_open(row)))?;
		entries.map(|entry| entry.map_err(Error::from).and_then(|entry| entry)).collect()
	}

	/// How many entries are not settled.
	pub(super) fn count_open(&self) -> Result<usize, Error> {
		let count = "SELECT COUNT(*) FROM entries WHERE settled = 0";
		Ok(self.lock().prepare_cached(count)?.query_row([], |row| row.get(0))?)
	}

	pub(super) fn signed(
		&self,
		number: i64,
		account_number: u64,
		signed: &Signed,
	) -> Result<(), Error> {
		self.change(
			"UPDATE entries SET transaction_bytes = ?2, account_number = ?3, looked = ?4, expires = ?5, refusal = NULL \
			 WHERE number = ?1",
			params![number, signed.bytes, account_number, signed.born, signed.expires],
		)
	}

	pub(super) fn sign_anew(&self, number: i64) -> Result<(), Error> {
		self.change(
			"UPDATE entries SET transaction_bytes = NULL, account_number = NULL, refusal = NULL WHERE number = ?1",
			params![number],
		)
	}

	pub(super) fn refused(&self, number: i64, refusal: &Rejection) -> Result<(), Error> {
		self.change(
			"UPDATE entries SET refusal = ?2 WHERE number = ?1",
			params![number, json(refusal)?],
		)
	}

	/// Every transaction that is not settled was looked for in this block and before.
	pub(super) fn looked(&self, block: u64) -> Result<(), Error> {
		self.change(
			"UPDATE entries SET looked = MAX(looked, ?1) WHERE settled = 0 AND transaction_bytes IS NOT NULL",
			params![block],
		)
	}

	pub(super) fn recorded(&self, number: i64, recorded: &Recorded) -> Result<(), Error> {
		self.change(
			"UPDATE entries SET settled = 1, recorded = ?2, transaction_bytes = NULL WHERE number = ?1",
			params![number, json(recorded)?],
		)
	}

	pub(super) fn rejected(
		&self,
		number: i64,
		block: u64,
		rejection: &Rejection,
	) -> Result<(), Error> {
		self.change(
			"UPDATE entries SET settled = 1, block = ?2, rejection = ?3, transaction_bytes = NULL WHERE number = ?1",
			params![number, block, json(rejection)?],
		)
	}

	pub(super) fn forget_settled(&self) -> Result<usize, Error> {
		Ok(self.lock().execute("DELETE FROM entries WHERE settled = 1", [])?)
	}

	fn change(&self, sql: &str, params: impl rusqlite::Params) -> Result<(), Error> {
		self.lock().prepare_cached(sql)?.execute(params)?;
		Ok(())
	}
}

/// The key that the content of a call gives.
pub(super) fn unnamed_key(call: &StoredCall) -> Result<String, Error> {
	Ok(hex::encode(sp_crypto_hashing::blake2_256(json(call)?.as_bytes())))
}

fn json(value: &impl Serialize) -> Result<String, Error> {
	serde_json::to_string(value).map_err(|error| Error::Store(error.to_string()))
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Error> {
	serde_json::from_str(text).map_err(|error| Error::Store(error.to_string()))
}

fn read_entry(row: &Row) -> Result<Entry, Error> {
	let call: StoredCall = read(&row.get::<_, String>("call")?)?;
	let settled: bool = row.get("settled")?;
	let sent: Option<u64> = row.get("account_number")?;
	let recorded: Option<String> = row.get("recorded")?;
	let rejection: Option<String> = row.get("rejection")?;
	let refusal: Option<String> = row.get("refusal")?;
	let standing = match (settled, recorded, rejection, refusal) {
		(true, Some(recorded), ..) => Standing::Recorded(read(&recorded)?),
		(true, None, Some(rejection), _) => {
			Standing::Rejected { block: row.get("block")?, rejection: read(&rejection)? }
		},
		(true, None, None, _) => {
			return Err(Error::Store("an entry is settled and nobody knows how".into()));
		},
		(false, .., Some(refusal)) => Standing::Refused { rejection: read(&refusal)? },
		(false, ..) if sent.is_some() => Standing::Sent,
		(false, ..) => Standing::Waiting,
	};
	Ok(Entry { key: row.get("key")?, pallet: call.pallet, call: call.call, standing })
}

fn read_open(row: &Row) -> Result<Open, Error> {
	let bytes: Option<Vec<u8>> = row.get("transaction_bytes")?;
	let transaction = match bytes {
		Some(bytes) => {
			let refusal: Option<String> = row.get("refusal")?;
			Some(Transaction {
				hash: sp_crypto_hashing::blake2_256(&bytes),
				bytes,
				expires: row.get("expires")?,
				account_number: row.get("account_number")?,
				looked: row.get("looked")?,
				refusal: refusal.as_deref().map(read).transpose()?,
			})
		},
		None => None,
	};
	Ok(Open {
		number: row.get("number")?,
		call: read(&row.get::<_, String>("call")?)?,
		own_handle: row.get("own_handle")?,
		transaction,
	})
}
