//! What a gateway must not forget: an SQLite database, and beside it a folder of sealed payloads.
//!
//! Written before the ledger is told, so that after a crash the same ciphertext is dispatched and not another. There is no
//! plaintext in it: envelopes, and whom exchanges were about, are sealed to the own organisation, payloads to their
//! recipients. A payload has a name of its own each time it is sealed; which one counts, the database says.

use super::schedule::Due;
use crate::{exchange::HeldKey, files, receipt::random, time, Error};
use curex_primitives::{transfer::Manifest, ConsentId, ExchangeId, MerkleRoot, Moment};
use rusqlite::{params, Connection, OptionalExtension, Row};
use serde::Serialize;
use std::{
	fs,
	path::{Path, PathBuf},
	sync::{Mutex, MutexGuard, PoisonError},
	time::{Duration, SystemTime},
};

/// What was decided about an exchange.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
	/// Nothing yet.
	Open,
	/// To be served, or accepted.
	Serve,
	/// Not to be served. Nobody else learns it, nor why.
	Refuse,
	/// A person has to look at it.
	Person,
}

impl Decision {
	const ALL: [Self; 4] = [Self::Open, Self::Serve, Self::Refuse, Self::Person];

	const fn text(self) -> &'static str {
		match self {
			Self::Open => "open",
			Self::Serve => "serve",
			Self::Refuse => "refuse",
			Self::Person => "person",
		}
	}
}

/// What a gateway knows of an exchange.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Case {
	/// The exchange, or the record of a subscription ([`curex_primitives::transfer::record_of`]).
	pub id: ExchangeId,
	/// What was decided.
	pub decision: Decision,
	/// Why, in a word, for a person at this organisation.
	pub reason: String,
	/// The envelope, sealed to this organisation; of a subscription, as JSON with the salt of its commitment.
	pub envelope: Option<Vec<u8>>,
	/// The payload, sealed to the recipient.
	pub payload: Option<Payload>,
	/// Whether the payload was left at the node.
	pub deposited: bool,
	/// Whether the key that was held back was left at the node.
	pub released: bool,
	/// Whether it is a broken glass.
	pub urgent: bool,
	/// Not to be looked at before this moment.
	pub due: Moment,
}

impl Case {
	/// Whether a key is held back until the receipt, and was not given out.
	pub fn withholds_key(&self) -> bool {
		!self.released && self.payload.as_ref().is_some_and(|payload| payload.held.is_some())
	}
}

/// A sealed payload.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Payload {
	/// What its commitment is made of.
	pub manifest: Manifest,
	/// The file with the ciphertext.
	pub file: PathBuf,
	/// Its key, if that is held back until the receipt.
	pub held: Option<HeldKey>,
}

/// An entry of the list of cases that wait for a person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Waiting {
	/// The exchange, or the subscription if that is why.
	pub exchange: ExchangeId,
	/// Why: `risk` asks for a release, `subscription` for somebody who accepts it, anything else is mostly a matter of the
	/// FHIR source.
	pub reason: String,
	/// Since when (RFC 3339).
	pub since: Option<String>,
}

/// A consent that was withdrawn, of which no person at this organisation has taken note.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Withdrawal {
	/// The consent.
	pub consent: ConsentId,
	/// When the gateway saw it (RFC 3339).
	pub noted: Option<String>,
}

/// An exchange to which an assessment is attached that advises something, of which no person has taken note.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Advice {
	/// The exchange.
	pub exchange: ExchangeId,
	/// When it was attached (RFC 3339).
	pub noted: Option<String>,
	/// Whether the gateway's own assessment failed, and that is all there is to tell.
	pub failed: bool,
}

/// What an assessment that is attached has to say to a person.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Word {
	/// Nothing.
	Nothing = 0,
	/// Advice.
	Advice = 1,
	/// That it failed.
	Failure = 2,
}

/// The store.
#[derive(Debug)]
pub struct Store {
	connection: Mutex<Connection>,
	payloads: PathBuf,
}

const SCHEMA: &str = "
	CREATE TABLE IF NOT EXISTS cases (
		id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 32),
		decision TEXT NOT NULL DEFAULT 'open',
		reason TEXT NOT NULL DEFAULT '',
		envelope BLOB,
		salt BLOB,
		payload BLOB,
		file TEXT,
		length INTEGER,
		root BLOB,
		key_salt BLOB,
		key BLOB,
		released INTEGER NOT NULL DEFAULT 0,
		deposited INTEGER NOT NULL DEFAULT 0,
		attempts INTEGER NOT NULL DEFAULT 0,
		due INTEGER NOT NULL DEFAULT 0,
		done INTEGER NOT NULL DEFAULT 0,
		changed INTEGER NOT NULL,
		urgent INTEGER NOT NULL DEFAULT 0
	) STRICT;
	CREATE INDEX IF NOT EXISTS open_cases ON cases (done, due);
	CREATE TABLE IF NOT EXISTS progress (
		only INTEGER PRIMARY KEY CHECK (only = 1),
		genesis BLOB NOT NULL,
		block INTEGER
	) STRICT;
	CREATE TABLE IF NOT EXISTS subjects (
		exchange BLOB PRIMARY KEY NOT NULL CHECK (length(exchange) = 32),
		sealed BLOB NOT NULL
	) STRICT;
	CREATE TABLE IF NOT EXISTS withdrawals (
		consent BLOB PRIMARY KEY NOT NULL CHECK (length(consent) = 32),
		noted INTEGER NOT NULL,
		seen INTEGER NOT NULL DEFAULT 0
	) STRICT;
	CREATE TABLE IF NOT EXISTS reports (
		report BLOB PRIMARY KEY NOT NULL CHECK (length(report) = 32),
		sealed BLOB NOT NULL
	) STRICT;
	CREATE TABLE IF NOT EXISTS assessments (
		exchange BLOB NOT NULL CHECK (length(exchange) = 32),
		digest BLOB NOT NULL CHECK (length(digest) = 32),
		sealed BLOB NOT NULL,
		noted INTEGER NOT NULL,
		advises INTEGER NOT NULL,
		PRIMARY KEY (exchange, digest)
	) STRICT;
	CREATE TABLE IF NOT EXISTS attestations (
		exchange BLOB PRIMARY KEY NOT NULL CHECK (length(exchange) = 32),
		digest BLOB NOT NULL CHECK (length(digest) = 32),
		noted INTEGER NOT NULL
	) STRICT;
";

/// The folder of the payloads, beside the database.
const PAYLOADS: &str = "payloads";
/// A sealed payload that no case counts is of an attempt that was given up, once it is so old.
const LEFT_BEHIND: Duration = Duration::from_secs(24 * 3_600);
/// A failed attempt is repeated after this many milliseconds, doubling up to [`MAX_PAUSE`].
const PAUSE: Moment = 2_000;
const MAX_PAUSE: Moment = 120_000;

impl Store {
	/// Opens or creates the store of one chain, with the folder `payloads` beside it. What attempts that were given up left there
	/// is removed.
	///
	/// # Errors
	/// [`Error::Store`], also when the file belongs to another chain; [`Error::File`].
	pub fn open(path: &Path, genesis: [u8; 32]) -> Result<Self, Error> {
		if !path.exists() {
			// SQLite would create it readable for everybody.
			drop(files::create_private(path)?);
		}
		let connection = Connection::open(path)?;
		connection.pragma_update(None, "journal_mode", "WAL")?;
		connection.pragma_update(None, "synchronous", "FULL")?;
		connection.busy_timeout(std::time::Duration::from_secs(5))?;
		connection.execute_batch(SCHEMA)?;
		connection.execute(
			"INSERT OR IGNORE INTO progress (only, genesis) VALUES (1, ?1)",
			params![genesis],
		)?;
		let of: Vec<u8> =
			connection.query_row("SELECT genesis FROM progress", [], |row| row.get(0))?;
		if of != genesis {
			return Err(Error::Store("it belongs to another chain".into()));
		}
		let payloads = path.with_file_name(PAYLOADS);
		fs::create_dir_all(&payloads).map_err(|error| Error::file(&payloads, error))?;
		let store = Self { connection: Mutex::new(connection), payloads };
		store.bring_up_to_date()?;
		store.tidy(SystemTime::now())?;
		Ok(store)
	}

	fn lock(&self) -> MutexGuard<'_, Connection> {
		self.connection.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// A name for a file with a sealed payload of an exchange, which nobody else uses.
	pub(super) fn new_payload(&self, id: ExchangeId) -> PathBuf {
		let attempt: [u8; 32] = random();
		let (id, attempt) = (hex::encode(id.0), hex::encode(&attempt[..8]));
		self.payloads.join(format!("{id}-{attempt}.sealed"))
	}

	/// Removes the payloads that no case counts and that are old enough for nobody to be at work on them.
	fn tidy(&self, now: SystemTime) -> Result<(), Error> {
		let unreadable = |error| Error::file(&self.payloads, error);
		for entry in fs::read_dir(&self.payloads).map_err(unreadable)? {
			let entry = entry.map_err(unreadable)?;
			let begun = entry.metadata().and_then(|metadata| metadata.modified());
			let age = now.duration_since(begun.map_err(unreadable)?).unwrap_or_default();
			let name = entry.file_name();
			let counts = self
				.lock()
				.query_row("SELECT 1 FROM cases WHERE file = ?1", [name.to_str()], |_| Ok(()))
				.optional()?;
			if counts.is_none() && age >= LEFT_BEHIND {
				files::remove(&entry.path())?;
			}
		}
		Ok(())
	}

	/// The last finalised block whose exchanges are all in the store.
	///
	/// # Errors
	/// [`Error::Store`].
	pub fn progress(&self) -> Result<Option<u64>, Error> {
		Ok(self.lock().query_row("SELECT block FROM progress", [], |row| row.get(0))?)
	}

	/// Notes exchanges that were seen and, in the same transaction, how far the ledger was read.
	///
	/// # Errors
	/// [`Error::Store`].
	pub fn see(
		&self,
		exchanges: impl IntoIterator<Item = Due>,
		block: Option<u64>,
	) -> Result<(), Error> {
		let mut connection = self.lock();
		let transaction = connection.transaction()?;
		for Due { exchange, urgent } in exchanges {
			transaction.execute(
				"INSERT INTO cases (id, changed, urgent) VALUES (?1, ?2, ?3) ON CONFLICT (id) \
				 DO UPDATE SET urgent = MAX(urgent, excluded.urgent)",
				params![exchange.0, time::now(), urgent],
			)?;
		}
		if let Some(block) = block {
			transaction.execute("UPDATE progress SET block = ?1", params![block])?;
		}
		Ok(transaction.commit()?)
	}

	/// Cases that are not done and due by now, urgent ones first, then those that wait longest. One that would be due later than
	/// any failure puts it off was put off by a clock that has been set back since: it is due.
	///
	/// # Errors
	/// [`Error::Store`].
	pub fn due(&self, now: Moment) -> Result<Vec<Due>, Error> {
		let connection = self.lock();
		let mut statement = connection.prepare(
			"SELECT id, urgent FROM cases WHERE done = 0 AND (due <= ?1 OR due > ?1 + ?2) \
			 ORDER BY urgent DESC, changed, id",
		)?;
		let cases = statement
			.query_map(params![now, MAX_PAUSE], |row| {
				Ok(Due { exchange: ExchangeId(row.get(0)?), urgent: row.get(1)? })
			})?
			.collect::<Result<_, _>>()?;
		Ok(cases)
	}

	/// One case.
	///
	/// # Errors
	/// [`Error::Store`].
	pub fn case(&self, id: ExchangeId) -> Result<Option<Case>, Error> {
		let connection = self.lock();
		let read = |row: &Row<'_>| read_case(row, &self.payloads);
		Ok(connection
			.query_row("SELECT * FROM cases WHERE id = ?1", params![id.0], read)
			.optional()?)
	}

	/// Records a decision.
	///
	/// # Errors
	/// [`Error::Store`].
	pub fn decide(&self, id: ExchangeId, decision: Decision, reason: &str) -> Result<(), Error> {
		self.change(
			"UPDATE cases SET decision = ?2, reason = ?3, attempts = 0, due = 0, changed = ?4 WHERE id = ?1",
			params![id.0, decision.text(), reason, time::now()],
		)
	}

	/// Keeps the sealed envelope.
	///
	/// # Errors
	/// [`Error::Store`].
	pub fn keep_envelope(&self, id: ExchangeId, envelope: &[u8]) -> Result<(), Error> {
		self.change("UPDATE cases SET envelope = ?2 WHERE id = ?1", params![id.0, envelope])
	}

	/// Keeps the sealed payload, and gives the one that is kept: the first stays, for what was dispatched cannot be another. The
	/// file of one that does not count is removed.
	///
	/// # Errors
	/// [`Error::Store`], [`Error::File`].
	pub fn keep_payload(&self, id: ExchangeId, payload: Payload) -> Result<Payload, Error> {
		let name = name_of(&payload.file)?;
		let Manifest { salt, length, root } = &payload.manifest;
		let (key_salt, key) = payload.held.as_ref().map(|held| (held.salt, &held.sealed)).unzip();
		let kept = self.lock().execute(
			"UPDATE cases SET salt = ?2, length = ?3, root = ?4, file = ?5, key_salt = ?6, key = ?7 \
			 WHERE id = ?1 AND file IS NULL",
			params![id.0, salt, length, root.0, name, key_salt, key],
		)?;
		if kept == 1 {
			return Ok(payload);
		}
		files::remove(&payload.file)?;
		let known = self.case(id)?.and_then(|case| case.payload);
		known.ok_or_else(|| Error::Store("a case is gone".into()))
	}

	/// Notes that the payload lies at the node.
	///
	/// # Errors
	/// [`Error::Store`].
	pub fn deposited(&self, id: ExchangeId) -> Result<(), Error> {
		self.change("UPDATE cases SET deposited = 1 WHERE id = ?1", params![id.0])
	}

	/// Notes that the key that was held back lies at the node.
	///
	/// # Errors
	/// [`Error::Store`].
	pub fn released(&self, id: ExchangeId) -> Result<(), Error> {
		self.change("UPDATE cases SET released = 1 WHERE id = ?1", params![id.0])
	}

	/// Notes a failed attempt; the next is later each time.
	///
	/// # Errors
	/// [`Error::Store`].
	pub fn failed(&self, id: ExchangeId) -> Result<(), Error> {
		self.change(
			"UPDATE cases SET attempts = attempts + 1, due = ?2 + MIN(?3 << MIN(attempts, 10), ?4) \
			 WHERE id = ?1",
			params![id.0, time::now(), PAUSE, MAX_PAUSE],
		)
	}

	/// Closes a case and forgets its ciphertexts.
	///
	/// # Errors
	/// [`Error::Store`], [`Error::File`].
	pub fn done(&self, id: ExchangeId) -> Result<(), Error> {
		let payload = self.case(id)?.and_then(|case| case.payload);
		self.change(
			"UPDATE cases SET done = 1, envelope = NULL, file = NULL, length = NULL, root = NULL, salt = NULL, key_salt = NULL, \
			 key = NULL, changed = ?2 WHERE id = ?1",
			params![id.0, time::now()],
		)?;
		payload.map_or(Ok(()), |payload| files::remove(&payload.file))
	}

	/// Keeps whom an exchange was about, sealed to the organisation ([`crate::subject::Subject`]), beyond its end. The first
	/// entry stays.
	///
	/// # Errors
	/// [`Error::Store`].
	pub fn note_subject(&self, id: ExchangeId, sealed: &[u8]) -> Result<(), Error> {
		self.change(
			"INSERT OR IGNORE INTO subjects (exchange, sealed) VALUES (?1, ?2)",
			params![id.0, sealed],
		)
	}

	/// Whom exchanges were about, sealed.
	///
	/// # Errors
	/// [`Error::Store`].
	pub fn subjects(&self) -> Result<Vec<(ExchangeId, Vec<u8>)>, Error> {
		let entries = self.sealed("SELECT exchange, sealed FROM subjects ORDER BY exchange")?;
		Ok(entries.into_iter().map(|(exchange, sealed)| (ExchangeId(exchange), sealed)).collect())
	}

	/// Keeps, sealed to the organisation, that a report was made ([`crate::report::Made`]).
	///
	/// # Errors
	/// [`Error::Store`].
	pub fn note_report(&self, report: [u8; 32], sealed: &[u8]) -> Result<(), Error> {
		self.change("INSERT INTO reports (report, sealed) VALUES (?1, ?2)", params![report, sealed])
	}

	/// The reports that were made, sealed, by their handles.
	///
	/// # Errors
	/// [`Error::Store`].
	pub fn reports(&self) -> Result<Vec<([u8; 32], Vec<u8>)>, Error> {
		self.sealed("SELECT report, sealed FROM reports ORDER BY report")
	}

	fn sealed(&self, sql: &str) -> Result<Vec<([u8; 32], Vec<u8>)>, Error> {
		let connection = self.lock();
		let mut statement = connection.prepare(sql)?;
		let entries = statement
			.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
			.collect::<Result<_, _>>()?;
		Ok(entries)
	}

	/// The cases that wait for a person, oldest first.
	///
	/// # Errors
	/// [`Error::Store`].
	pub fn worklist(&self) -> Result<Vec<Waiting>, Error> {
		let connection = self.lock();
		let mut statement = connection.prepare(
			"SELECT id, reason, changed FROM cases WHERE done = 0 AND decision = 'person' ORDER BY changed",
		)?;
		let entries = statement
			.query_map([], |row| {
				Ok(Waiting {
					exchange: ExchangeId(row.get(0)?),
					reason: row.get(1)?,
					since: time::text(row.get(2)?),
				})
			})?
			.collect::<Result<_, _>>()?;
		Ok(entries)
	}

	/// Notes that a consent was withdrawn, for a person to be told.
	///
	/// # Errors
	/// [`Error::Store`].
	pub fn note_withdrawal(&self, consent: ConsentId) -> Result<(), Error> {
		self.change(
			"INSERT OR IGNORE INTO withdrawals (consent, noted) VALUES (?1, ?2)",
			params![consent.0, time::now()],
		)
	}

	/// The withdrawn consents of which no person has taken note, oldest first.
	///
	/// # Errors
	/// [`Error::Store`].
	pub fn withdrawals(&self) -> Result<Vec<Withdrawal>, Error> {
		let connection = self.lock();
		let mut statement = connection.prepare(
			"SELECT consent, noted FROM withdrawals WHERE seen = 0 ORDER BY noted, consent",
		)?;
		let entries = statement
			.query_map([], |row| {
				let consent = ConsentId(row.get(0)?);
				Ok(Withdrawal { consent, noted: time::text(row.get(1)?) })
			})?
			.collect::<Result<_, _>>()?;
		Ok(entries)
	}

	/// A person took note of a withdrawal.
	///
	/// # Errors
	/// [`Error::Store`].
	pub fn withdrawal_seen(&self, consent: ConsentId) -> Result<(), Error> {
		self.change("UPDATE withdrawals SET seen = 1 WHERE consent = ?1", params![consent.0])
	}

	/// Keeps the result of a package's assessment, sealed to the organisation ([`super::assessment`]). The first entry of a result
	/// stays.
	///
	/// # Errors
	/// [`Error::Store`].
	pub(super) fn attach(
		&self,
		id: ExchangeId,
		digest: [u8; 32],
		sealed: &[u8],
		word: Word,
	) -> Result<(), Error> {
		self.change(
			"INSERT OR IGNORE INTO assessments (exchange, digest, sealed, noted, advises) \
			 VALUES (?1, ?2, ?3, ?4, ?5)",
			params![id.0, digest, sealed, time::now(), word as u8],
		)
	}

	/// Notes that a result is to be attested once the ledger takes it. The first of an exchange stays.
	///
	/// # Errors
	/// [`Error::Store`].
	pub(super) fn await_attestation(&self, id: ExchangeId, digest: [u8; 32]) -> Result<(), Error> {
		self.change(
			"INSERT OR IGNORE INTO attestations (exchange, digest, noted) VALUES (?1, ?2, ?3)",
			params![id.0, digest, time::now()],
		)
	}

	/// The results that are to be attested, by their hashes, and since when.
	///
	/// # Errors
	/// [`Error::Store`].
	pub(super) fn unattested(&self) -> Result<Vec<(ExchangeId, [u8; 32], Moment)>, Error> {
		let connection = self.lock();
		let mut statement = connection
			.prepare("SELECT exchange, digest, noted FROM attestations ORDER BY noted, exchange")?;
		let entries = statement
			.query_map([], |row| Ok((ExchangeId(row.get(0)?), row.get(1)?, row.get(2)?)))?
			.collect::<Result<_, _>>()?;
		Ok(entries)
	}

	/// There is nothing more to attest about an exchange.
	///
	/// # Errors
	/// [`Error::Store`].
	pub(super) fn attestation_settled(&self, id: ExchangeId) -> Result<(), Error> {
		self.change("DELETE FROM attestations WHERE exchange = ?1", params![id.0])
	}

	/// The results that are attached to an exchange, sealed, by their hashes.
	///
	/// # Errors
	/// [`Error::Store`].
	pub fn attached(&self, id: ExchangeId) -> Result<Vec<([u8; 32], Vec<u8>)>, Error> {
		let connection = self.lock();
		let mut statement = connection.prepare(
			"SELECT digest, sealed FROM assessments WHERE exchange = ?1 ORDER BY noted, digest",
		)?;
		let entries = statement
			.query_map(params![id.0], |row| Ok((row.get(0)?, row.get(1)?)))?
			.collect::<Result<_, _>>()?;
		Ok(entries)
	}

	/// The exchanges with advice of which no person has taken note, oldest first.
	///
	/// # Errors
	/// [`Error::Store`].
	pub fn advice(&self) -> Result<Vec<Advice>, Error> {
		let connection = self.lock();
		let mut statement = connection.prepare(
			"SELECT exchange, min(noted), min(advises) FROM assessments WHERE advises > 0 \
			 GROUP BY exchange ORDER BY 2, 1",
		)?;
		let entries = statement
			.query_map([], |row| {
				let exchange = ExchangeId(row.get(0)?);
				let failed = row.get::<_, u8>(2)? == Word::Failure as u8;
				Ok(Advice { exchange, noted: time::text(row.get(1)?), failed })
			})?
			.collect::<Result<_, _>>()?;
		Ok(entries)
	}

	/// A person took note of the advice about an exchange.
	///
	/// # Errors
	/// [`Error::Store`].
	pub fn advice_seen(&self, id: ExchangeId) -> Result<(), Error> {
		self.change("UPDATE assessments SET advises = 0 WHERE exchange = ?1", params![id.0])
	}

	fn change(&self, sql: &str, params: impl rusqlite::Params) -> Result<(), Error> {
		self.lock().execute(sql, params)?;
		Ok(())
	}
}

/// What stores of earlier versions lack.
const ADDED: [(&str, &str); 7] = [
	("urgent", "INTEGER NOT NULL DEFAULT 0"),
	("file", "TEXT"),
	("length", "INTEGER"),
	("root", "BLOB"),
	("key_salt", "BLOB"),
	("key", "BLOB"),
	("released", "INTEGER NOT NULL DEFAULT 0"),
];

impl Store {
	/// Adds what stores of earlier versions lack, and takes the payloads out that they had in the database.
	fn bring_up_to_date(&self) -> Result<(), Error> {
		for (column, kind) in ADDED {
			let connection = self.lock();
			let sql = "SELECT 1 FROM pragma_table_info('cases') WHERE name = ?1";
			if connection.query_row(sql, [column], |_| Ok(())).optional()?.is_none() {
				connection
					.execute_batch(&format!("ALTER TABLE cases ADD COLUMN {column} {kind}"))?;
			}
		}
		let within: Vec<[u8; 32]> = {
			let connection = self.lock();
			let mut statement =
				connection.prepare("SELECT id FROM cases WHERE payload IS NOT NULL")?;
			let found = statement.query_map([], |row| row.get(0))?;
			found.collect::<Result<_, _>>()?
		};
		for id in within.into_iter().map(ExchangeId) {
			let (salt, sealed): (_, Vec<u8>) = self.lock().query_row(
				"SELECT salt, payload FROM cases WHERE id = ?1",
				params![id.0],
				|row| Ok((row.get(0)?, row.get(1)?)),
			)?;
			let file = self.new_payload(id);
			files::write_private(&file, &sealed)?;
			let manifest = Manifest::of(salt, &sealed);
			self.keep_payload(id, Payload { manifest, file, held: None })?;
			self.change("UPDATE cases SET payload = NULL WHERE id = ?1", params![id.0])?;
		}
		Ok(())
	}
}

/// The name of a file of the folder of payloads.
fn name_of(file: &Path) -> Result<&str, Error> {
	let name = file.file_name().and_then(|name| name.to_str());
	name.ok_or_else(|| Error::file(file, "has no name that can be kept"))
}

fn read_case(row: &Row, payloads: &Path) -> rusqlite::Result<Case> {
	let text: String = row.get("decision")?;
	let file: Option<String> = row.get("file")?;
	let key_salt: Option<[u8; 32]> = row.get("key_salt")?;
	let key: Option<Vec<u8>> = row.get("key")?;
	let payload = match file {
		None => None,
		Some(name) => Some(Payload {
			manifest: Manifest {
				salt: row.get("salt")?,
				length: row.get("length")?,
				root: MerkleRoot(row.get("root")?),
			},
			file: payloads.join(name),
			held: key_salt.zip(key).map(|(salt, sealed)| HeldKey { salt, sealed }),
		}),
	};
	Ok(Case {
		id: ExchangeId(row.get("id")?),
		// What cannot be read is not served.
		decision: Decision::ALL
			.into_iter()
			.find(|decision| decision.text() == text)
			.unwrap_or(Decision::Person),
		reason: row.get("reason")?,
		envelope: row.get("envelope")?,
		payload,
		deposited: row.get("deposited")?,
		released: row.get("released")?,
		urgent: row.get("urgent")?,
		due: row.get("due")?,
	})
}

#[cfg(test)]
mod tests {
	use super::*;

	const ID: ExchangeId = ExchangeId([7; 32]);

	fn store(folder: &tempfile::TempDir) -> Store {
		Store::open(&folder.path().join("gateway.sqlite"), [1; 32]).unwrap()
	}

	fn due(exchange: ExchangeId) -> Due {
		Due { exchange, urgent: false }
	}

	/// A payload that was sealed and is not kept yet.
	fn payload(store: &Store, byte: u8) -> Payload {
		let (sealed, file) = ([byte; 5], store.new_payload(ID));
		fs::write(&file, sealed).unwrap();
		let held = HeldKey { salt: [byte; 32], sealed: vec![byte; 3] };
		Payload { manifest: Manifest::of([byte; 32], &sealed), file, held: Some(held) }
	}

	fn files(folder: &tempfile::TempDir) -> usize {
		fs::read_dir(folder.path().join(PAYLOADS)).unwrap().count()
	}

	#[test]
	fn what_was_seen_and_decided_survives_a_restart() {
		let folder = tempfile::tempdir().unwrap();
		let first = store(&folder);
		assert_eq!(first.progress().unwrap(), None);
		first.see([due(ID), due(ExchangeId([8; 32]))], Some(12)).unwrap();
		first.decide(ID, Decision::Serve, "").unwrap();
		first.keep_envelope(ID, b"envelope").unwrap();
		let payload = first.keep_payload(ID, payload(&first, 1)).unwrap();
		drop(first);
		let again = store(&folder);
		assert_eq!(again.progress().unwrap(), Some(12));
		let case = again.case(ID).unwrap().unwrap();
		assert_eq!(case.decision, Decision::Serve);
		assert_eq!(case.envelope.as_deref(), Some(&b"envelope"[..]));
		assert_eq!(case.payload, Some(payload));
		assert_eq!(again.due(0).unwrap().len(), 2);
	}

	#[test]
	fn a_payload_that_was_kept_is_never_replaced() {
		let folder = tempfile::tempdir().unwrap();
		let store = store(&folder);
		store.see([due(ID)], None).unwrap();
		let first = store.keep_payload(ID, payload(&store, 1)).unwrap();
		assert_eq!(store.keep_payload(ID, payload(&store, 2)).unwrap(), first);
		assert_eq!(store.case(ID).unwrap().unwrap().payload, Some(first.clone()));
		assert_eq!((fs::read(&first.file).unwrap(), files(&folder)), (vec![1; 5], 1));
		store.done(ID).unwrap();
		assert_eq!((store.case(ID).unwrap().unwrap().payload, files(&folder)), (None, 0));
	}

	#[test]
	fn what_an_attempt_left_behind_goes_when_nobody_can_be_at_work_on_it() {
		let folder = tempfile::tempdir().unwrap();
		let store = store(&folder);
		store.see([due(ID)], None).unwrap();
		store.keep_payload(ID, payload(&store, 1)).unwrap();
		let left = payload(&store, 2).file;
		store.tidy(SystemTime::now()).unwrap();
		assert!(left.exists());
		store.tidy(SystemTime::now() + LEFT_BEHIND).unwrap();
		assert_eq!((left.exists(), files(&folder)), (false, 1));
	}

	#[test]
	fn seeing_an_exchange_again_changes_nothing() {
		let folder = tempfile::tempdir().unwrap();
		let store = store(&folder);
		store.see([due(ID)], Some(1)).unwrap();
		store.decide(ID, Decision::Refuse, "unknown").unwrap();
		store.see([due(ID)], Some(2)).unwrap();
		assert_eq!(store.case(ID).unwrap().unwrap().decision, Decision::Refuse);
	}

	#[test]
	fn a_failed_attempt_waits_longer_each_time() {
		let folder = tempfile::tempdir().unwrap();
		let store = store(&folder);
		store.see([due(ID)], None).unwrap();
		let mut pauses = Vec::new();
		for _ in 0..10 {
			store.failed(ID).unwrap();
			pauses.push(store.case(ID).unwrap().unwrap().due.saturating_sub(time::now()));
		}
		assert!(pauses[0] <= PAUSE && pauses[9] > MAX_PAUSE / 2 && pauses[9] <= MAX_PAUSE);
		assert!(store.due(time::now()).unwrap().is_empty());
		store.decide(ID, Decision::Open, "").unwrap();
		assert_eq!(store.due(time::now()).unwrap().len(), 1, "a decision makes it due");
	}

	#[test]
	fn a_clock_that_was_set_back_keeps_no_case_waiting() {
		let folder = tempfile::tempdir().unwrap();
		let store = store(&folder);
		store.see([due(ID)], None).unwrap();
		store.failed(ID).unwrap();
		let put_off = store.case(ID).unwrap().unwrap().due;
		assert!(store.due(put_off - 1).unwrap().is_empty(), "the clock goes right");
		assert_eq!(store.due(put_off).unwrap(), [due(ID)]);
		const HOUR: Moment = 3_600_000;
		assert_eq!(store.due(put_off - HOUR).unwrap(), [due(ID)], "it was an hour ahead");
		assert_eq!(store.due(put_off + HOUR).unwrap(), [due(ID)], "it is an hour ahead now");
	}

	#[test]
	fn what_waits_for_a_person_is_listed_until_it_is_done() {
		let folder = tempfile::tempdir().unwrap();
		let store = store(&folder);
		store.see([due(ID)], None).unwrap();
		assert!(store.worklist().unwrap().is_empty());
		store.decide(ID, Decision::Person, "risk").unwrap();
		let list = store.worklist().unwrap();
		assert_eq!((list[0].exchange, list[0].reason.as_str()), (ID, "risk"));
		store.done(ID).unwrap();
		assert!(store.worklist().unwrap().is_empty());
		assert!(store.due(Moment::MAX >> 1).unwrap().is_empty());
		assert_eq!(store.case(ID).unwrap().unwrap().envelope, None);
	}

	#[test]
	fn whom_an_exchange_was_about_outlasts_its_end() {
		let folder = tempfile::tempdir().unwrap();
		let store = store(&folder);
		store.see([due(ID)], None).unwrap();
		store.note_subject(ID, b"sealed").unwrap();
		store.note_subject(ID, b"another").unwrap();
		store.done(ID).unwrap();
		assert_eq!(store.subjects().unwrap(), [(ID, b"sealed".to_vec())]);
		store.note_report([2; 32], b"made").unwrap();
		assert_eq!(store.reports().unwrap(), [([2; 32], b"made".to_vec())]);
		assert!(store.note_report([2; 32], b"made").is_err(), "no report takes another's place");
	}

	#[test]
	fn a_withdrawal_is_told_until_a_person_took_note() {
		let folder = tempfile::tempdir().unwrap();
		let store = store(&folder);
		let [first, second] = [ConsentId([1; 32]), ConsentId([2; 32])];
		store.note_withdrawal(first).unwrap();
		store.note_withdrawal(second).unwrap();
		store.withdrawal_seen(first).unwrap();
		store.note_withdrawal(first).unwrap();
		let told: Vec<ConsentId> =
			store.withdrawals().unwrap().iter().map(|told| told.consent).collect();
		assert_eq!(told, [second], "what was taken note of is not told again");
	}

	#[test]
	fn advice_is_told_until_a_person_took_note_and_changes_no_case() {
		let folder = tempfile::tempdir().unwrap();
		let store = store(&folder);
		store.see([due(ID)], None).unwrap();
		let before = store.case(ID).unwrap();
		let other = ExchangeId([8; 32]);
		store.attach(ID, [1; 32], b"sealed", Word::Advice).unwrap();
		store.attach(ID, [2; 32], b"sealed", Word::Nothing).unwrap();
		store.attach(other, [1; 32], b"sealed", Word::Nothing).unwrap();
		let told = |store: &Store| -> Vec<ExchangeId> {
			store.advice().unwrap().into_iter().map(|advice| advice.exchange).collect()
		};
		assert_eq!(told(&store), [ID]);
		assert_eq!(store.case(ID).unwrap(), before, "it waits for nobody");
		assert!(store.worklist().unwrap().is_empty());
		store.advice_seen(ID).unwrap();
		store.attach(ID, [1; 32], b"sealed", Word::Advice).unwrap();
		assert!(told(&store).is_empty(), "what was taken note of is not told again");
		assert_eq!(store.attached(ID).unwrap().len(), 2);
		store.attach(other, [3; 32], b"sealed", Word::Failure).unwrap();
		let advice = store.advice().unwrap();
		assert_eq!((advice[0].exchange, advice[0].failed), (other, true));
		store.attach(other, [4; 32], b"sealed", Word::Advice).unwrap();
		assert!(!store.advice().unwrap()[0].failed, "advice is more than a failure");
	}

	#[test]
	fn a_store_of_another_chain_is_refused() {
		let folder = tempfile::tempdir().unwrap();
		drop(store(&folder));
		let other = Store::open(&folder.path().join("gateway.sqlite"), [2; 32]);
		assert!(matches!(other, Err(Error::Store(_))));
	}

	#[test]
	fn urgent_cases_are_due_first_and_stay_urgent() {
		let folder = tempfile::tempdir().unwrap();
		let store = store(&folder);
		let [first, second] = [ExchangeId([1; 32]), ExchangeId([2; 32])];
		store.see([due(first), due(second)], None).unwrap();
		store.see([Due { exchange: second, urgent: true }], None).unwrap();
		store.see([due(second)], Some(1)).unwrap();
		let order: Vec<ExchangeId> =
			store.due(time::now()).unwrap().iter().map(|due| due.exchange).collect();
		assert_eq!(order, [second, first]);
		assert!(store.case(second).unwrap().unwrap().urgent);
	}

	#[test]
	fn a_store_of_an_earlier_version_is_brought_up_to_date() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("gateway.sqlite");
		let earlier = SCHEMA
			.replace(",\n\t\turgent INTEGER NOT NULL DEFAULT 0", "")
			.replace("\t\tfile TEXT,\n\t\tlength INTEGER,\n\t\troot BLOB,\n", "")
			.replace(
				"\t\tkey_salt BLOB,\n\t\tkey BLOB,\n\t\treleased INTEGER NOT NULL DEFAULT 0,\n",
				"",
			);
		assert!(
			["urgent", "root", "key_salt", "released"]
				.iter()
				.all(|column| !earlier.contains(column)),
			"{earlier}"
		);
		let connection = Connection::open(&path).unwrap();
		connection.execute_batch(&earlier).unwrap();
		connection
			.execute(
				"INSERT INTO cases (id, changed, salt, payload) VALUES (?1, 0, ?2, ?3)",
				params![ID.0, [7u8; 32], [9u8; 5]],
			)
			.unwrap();
		drop(connection);
		let payload = store(&folder).case(ID).unwrap().unwrap().payload.unwrap();
		assert_eq!(payload.manifest, Manifest::of([7; 32], &[9; 5]));
		assert_eq!(fs::read(&payload.file).unwrap(), [9; 5]);
		assert_eq!(store(&folder).case(ID).unwrap().unwrap().payload, Some(payload), "as before");
		assert_eq!(store(&folder).due(time::now()).unwrap(), [due(ID)]);
	}
}
