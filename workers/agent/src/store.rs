//! The agent's database: the durable outbox, the sealed evidence, what was done already.
//!
//! One SQLite file, write-ahead log, synchronised fully. What belongs together is written in one transaction:
//! numbers, evidence, reports and the order they answer either all exist after a crash or none does. Nothing
//! confidential is in the clear: documents and states are sealed, alerts are remembered by a keyed fingerprint.

use std::{
	fs::{DirBuilder, File, OpenOptions, TryLockError},
	os::unix::fs::{DirBuilderExt, OpenOptionsExt},
	path::Path,
};

use curex_primitives::{
	commitment::Domain, Level, Moment, OrganisationId, Report, ReportKind, WorkOrder,
};
use rusqlite::{
	params, Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior,
};
use serde_json::{json, Value};
use zeroize::Zeroizing;

use crate::{
	canonical,
	evidence::{commit, report_context, EvidenceKey, Opened, WatchSeal},
	notices::{self, Said},
	report::{decode_report, evidence_of, inputs_of, kind_name, task_name},
	scribe::Scribe,
	Error,
};

/// Name of the database within the data folder.
const DATABASE: &str = "agent.sqlite";
/// Name of the file whose lock says that an agent works in the folder.
const LOCK: &str = "agent.lock";
/// Layout of the database.
pub(crate) const LAYOUT: i64 = 2;

const SCHEMA: &str = "
	CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
	CREATE TABLE counters (
		kind INTEGER PRIMARY KEY, last INTEGER NOT NULL, confirmed INTEGER NOT NULL
	) STRICT;
	CREATE TABLE entries (
		sequence INTEGER PRIMARY KEY AUTOINCREMENT,
		kind INTEGER NOT NULL, number INTEGER NOT NULL,
		report BLOB NOT NULL, sealed BLOB NOT NULL, alert BLOB,
		state TEXT NOT NULL CHECK (state IN ('queued', 'handed', 'confirmed', 'refused')),
		reason TEXT, recorded_at INTEGER NOT NULL,
		UNIQUE (kind, number)
	) STRICT;
	CREATE INDEX entries_by_state ON entries (state, sequence);
	CREATE TABLE orders (
		id BLOB PRIMARY KEY, number INTEGER NOT NULL, task TEXT NOT NULL, issued_at INTEGER NOT NULL,
		done INTEGER NOT NULL, attempts INTEGER NOT NULL, detail TEXT NOT NULL, at INTEGER NOT NULL
	) STRICT;
	CREATE TABLE states (name TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT;
	CREATE TABLE alerts (fingerprint BLOB PRIMARY KEY, severity INTEGER NOT NULL) STRICT;
";

/// What an order is remembered by: the hash of its content and signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRecord {
	/// Identifies it.
	pub id: [u8; 32],
	/// The order.
	pub order: WorkOrder,
}

/// A report before it has a number, with what stands behind it.
#[derive(Clone, Debug)]
pub struct Draft {
	/// The public record; its commitments are filled in when it is recorded.
	pub report: Report,
	/// The evidence, a JSON object.
	pub document: Value,
	/// The inputs of the computation, where the report commits to them apart.
	pub inputs: Option<Value>,
	/// The alert that it announces, if it is an alert.
	pub alert: Option<AlertMark>,
}

/// By what an announced alert is recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertMark {
	/// Keyed fingerprint of its id.
	pub fingerprint: [u8; 32],
	/// The severity that is announced.
	pub severity: Level,
	/// Keyed fingerprint of the code, if it is about staff.
	pub code: Option<[u8; 32]>,
}

/// What is remembered apart from reports, sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateName {
	/// How much the last watch could judge.
	Watch,
	/// The last survey: its campaign, fingerprint and group results.
	Survey,
}

impl StateName {
	pub(crate) fn text(self) -> &'static str {
		match self {
			Self::Watch => "watch",
			Self::Survey => "survey",
		}
	}

	pub(crate) fn associated(self) -> Vec<u8> {
		[b"curex/agent/state/", self.text().as_bytes()].concat()
	}
}

/// All that came of a task.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
	/// Reports, in the order in which they are to be recorded.
	pub drafts: Vec<Draft>,
	/// States to remember.
	pub states: Vec<(StateName, Value)>,
	/// What the operator should know, without names of assets, people or vulnerabilities: it is logged.
	pub notes: Vec<String>,
	/// What people said that was taken.
	pub said: Vec<Said>,
}

/// A report that was recorded.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Recorded {
	/// Its number, rising per kind.
	pub number: u64,
	/// The public record.
	pub report: Report,
}

/// What a database is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
	/// To work: makes what is missing, excludes other agents.
	Work,
	/// To look: changes nothing, beside a working agent.
	Look,
}

/// The database with the key to its evidence.
pub struct Store {
	pub(crate) connection: Connection,
	pub(crate) key: EvidenceKey,
	pub(crate) organisation: OrganisationId,
	/// Held while the store lives.
	_lock: Option<File>,
}

impl Store {
	/// Opens the database in `folder`.
	///
	/// # Errors
	/// [`Error::InUse`], [`Error::OtherOrganisation`], [`Error::LaterLayout`], [`Error::DoesNotOpen`] if the key is not the
	/// one of this database, [`Error::NotFound`] if there is nothing to look at, and what files and SQLite refuse.
	pub fn open(
		folder: &Path,
		key_file: &Path,
		organisation: OrganisationId,
		access: Access,
	) -> Result<Self, Error> {
		let path = folder.join(DATABASE);
		let exists = path.try_exists().map_err(Error::io("looking for", &path))?;
		if !exists && access == Access::Look {
			return Err(Error::NotFound { what: format!("the database {}", path.display()) });
		}
		let lock = match access {
			Access::Look => None,
			Access::Work => Some(lock(folder)?),
		};
		if exists && !key_file.try_exists().map_err(Error::io("looking for", key_file))? {
			return Err(Error::File {
				path: key_file.into(),
				problem: "the evidence key of an existing database is missing; restore it from its backup"
					.into(),
			});
		}
		let key = EvidenceKey::load_or_create(key_file)?;
		let connection = connect(&path, access)?;
		let mut store = Self { connection, key, organisation, _lock: lock };
		if access == Access::Work {
			store.prepare()?;
		}
		store.check_owner()?;
		Ok(store)
	}

	fn prepare(&mut self) -> Result<(), Error> {
		let fingerprint = self.key.fingerprint("key");
		let organisation = self.organisation.0.to_le_bytes();
		let transaction = self.write()?;
		let layout: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
		if layout == 0 {
			transaction.execute_batch(SCHEMA)?;
			transaction.execute_batch(notices::SCHEMA)?;
			let insert = "INSERT INTO meta (name, value) VALUES (?1, ?2)";
			transaction.execute(insert, params!["organisation", organisation])?;
			transaction.execute(insert, params!["key", fingerprint])?;
			transaction.pragma_update(None, "user_version", LAYOUT)?;
		}
		transaction.commit()?;
		match layout {
			1 => self.add_notices(),
			_ => Ok(()),
		}
	}

	fn check_owner(&self) -> Result<(), Error> {
		let found: i64 = self.connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
		if found < LAYOUT {
			return Err(Error::EarlierLayout { found, known: LAYOUT });
		}
		if found > LAYOUT {
			return Err(Error::LaterLayout { found, known: LAYOUT });
		}
		let organisation: [u8; 4] = self.meta("organisation")?;
		let found = u32::from_le_bytes(organisation);
		if found != self.organisation.0 {
			return Err(Error::OtherOrganisation { expected: self.organisation, found });
		}
		if self.meta::<32>("key")? != self.key.fingerprint("key") {
			return Err(Error::DoesNotOpen { what: "this database".into() });
		}
		Ok(())
	}

	fn meta<const N: usize>(&self, name: &str) -> Result<[u8; N], Error> {
		let query = "SELECT value FROM meta WHERE name = ?1";
		Ok(self.connection.query_row(query, [name], |row| row.get(0))?)
	}

	pub(crate) fn write(&mut self) -> Result<Transaction<'_>, Error> {
		Ok(self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?)
	}

	/// Records what came of a task, all or nothing: numbers, sealed evidence, reports, states and the order it answers.
	///
	/// # Errors
	/// [`Error::Report`] if a report is not fit for the ledger; [`Error::Database`]. Nothing was recorded then.
	pub fn record(
		&mut self,
		order: Option<&OrderRecord>,
		outcome: &Outcome,
		now: Moment,
	) -> Result<Vec<Recorded>, Error> {
		let organisation = self.organisation;
		let transaction =
			self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
		let scribe = Scribe { transaction: &transaction, key: &self.key, organisation, now };
		let recorded = outcome
			.drafts
			.iter()
			.map(|draft| scribe.record(draft))
			.collect::<Result<Vec<_>, _>>()?;
		for (name, state) in &outcome.states {
			scribe.remember(*name, state)?;
		}
		notices::note(&transaction, &outcome.said)?;
		if let Some(order) = order {
			scribe.finish(order, &outcome.notes.join(" "))?;
		}
		transaction.commit()?;
		notices::remove(&outcome.said);
		Ok(recorded)
	}

	/// What was remembered last; nothing if nothing was.
	///
	/// # Errors
	/// [`Error::DoesNotOpen`], [`Error::Database`].
	pub fn state(&self, name: StateName) -> Result<Option<Value>, Error> {
		let query = "SELECT sealed FROM states WHERE name = ?1";
		let sealed: Option<Vec<u8>> =
			self.connection.query_row(query, [name.text()], |row| row.get(0)).optional()?;
		let Some(sealed) = sealed else { return Ok(None) };
		let what = format!("the state `{}`", name.text());
		let opened = self.key.open(&name.associated(), &sealed, &what)?;
		Ok(Some(serde_json::from_slice(&opened.document)?))
	}

	/// The severity with which an alert was announced; nothing if it was not.
	///
	/// # Errors
	/// [`Error::Database`].
	pub fn announced(&self, alert: &str) -> Result<Option<Level>, Error> {
		let fingerprint = self.alert_fingerprint(alert);
		let query = "SELECT severity FROM alerts WHERE fingerprint = ?1";
		let severity: Option<u8> =
			self.connection.query_row(query, [fingerprint], |row| row.get(0)).optional()?;
		severity.map(|index| known(Level::ALL, index, "severity")).transpose()
	}

	/// By what an alert of this id is remembered.
	pub(crate) fn alert_fingerprint(&self, alert: &str) -> [u8; 32] {
		self.key.fingerprint(alert)
	}

	/// By what an alert with this id will be recognised; `staff` is the code of whom it is about, if it is about staff.
	pub fn alert_mark(&self, alert: &str, severity: Level, staff: Option<&str>) -> AlertMark {
		let code = staff.map(|code| self.staff_mark(code));
		AlertMark { fingerprint: self.alert_fingerprint(alert), severity, code }
	}

	/// Seals what a watch keeps beside this database.
	pub(crate) fn watch_seal(&self) -> WatchSeal {
		WatchSeal { key: self.key.clone(), organisation: self.organisation }
	}

	/// Whether an order was carried out.
	///
	/// # Errors
	/// [`Error::Database`].
	pub fn is_done(&self, id: &[u8; 32]) -> Result<bool, Error> {
		let query = "SELECT done FROM orders WHERE id = ?1";
		let done: Option<bool> =
			self.connection.query_row(query, [id], |row| row.get(0)).optional()?;
		Ok(done.unwrap_or(false))
	}

	/// Notes that an order could not be carried out, and why. Returns how often that happened.
	///
	/// # Errors
	/// [`Error::Database`].
	pub fn note_failure(
		&mut self,
		record: &OrderRecord,
		why: &str,
		now: Moment,
	) -> Result<u32, Error> {
		let attempts =
			"INSERT INTO orders (id, number, task, issued_at, done, attempts, detail, at)
			VALUES (?1, ?2, ?3, ?4, 0, 1, ?5, ?6)
			ON CONFLICT (id) DO UPDATE SET
				attempts = attempts + 1, detail = excluded.detail, at = excluded.at
			RETURNING attempts";
		let OrderRecord { id, order } = record;
		let row = params![
			id,
			small(order.number)?,
			task_name(order.task),
			order.issued_at,
			why,
			small(now)?
		];
		Ok(self.connection.query_row(attempts, row, |row| row.get(0))?)
	}

	/// The last attempt at every task, by task.
	///
	/// # Errors
	/// [`Error::Database`].
	pub fn last_orders(&self) -> Result<Value, Error> {
		let mut statement = self.connection.prepare(
			"SELECT task, number, issued_at, done, attempts, detail, max(at) FROM orders GROUP BY task",
		)?;
		let mut tasks = serde_json::Map::new();
		let mut rows = statement.query([])?;
		while let Some(row) = rows.next()? {
			let value = json!({
				"order": row.get::<_, i64>(1)?,
				"issued_at": row.get::<_, i64>(2)?,
				"done": row.get::<_, bool>(3)?,
				"attempts": row.get::<_, i64>(4)?,
				"detail": row.get::<_, String>(5)?,
				"at": row.get::<_, i64>(6)?,
			});
			tasks.insert(row.get(0)?, value);
		}
		Ok(Value::Object(tasks))
	}

	/// Opens the evidence of a report and checks it against the report's commitment.
	///
	/// # Errors
	/// [`Error::NotFound`], [`Error::Deleted`], [`Error::DoesNotOpen`], [`Error::OtherCommitment`], [`Error::Database`].
	pub fn open_evidence(&self, kind: ReportKind, number: u64) -> Result<(Report, Opened), Error> {
		let what = format!("{} {number}", kind_name(kind));
		let query = "SELECT report, sealed FROM entries WHERE kind = ?1 AND number = ?2";
		let (report, sealed): (Vec<u8>, Vec<u8>) = self
			.connection
			.query_row(query, params![kind as u8, small(number)?], |row| {
				Ok((row.get(0)?, row.get(1)?))
			})
			.optional()?
			.ok_or_else(|| Error::NotFound { what: what.clone() })?;
		if sealed.is_empty() {
			return Err(Error::Deleted { what });
		}
		let report = decode_report(&report)?;
		let context = report_context(self.organisation, kind, number);
		let opened = self.key.open(&context, &sealed, &what)?;
		let made = commit(Domain::Evidence, &context, &opened.salt, &opened.document);
		let stated = evidence_of(&report);
		if made != stated || report.kind() != kind {
			return Err(Error::OtherCommitment { what, commitment: stated.to_string() });
		}
		Ok((report, opened))
	}

	/// Checks a report's commitment to its inputs against its opened evidence, which holds inputs and salt.
	///
	/// # Errors
	/// [`Error::OtherCommitment`].
	pub fn check_inputs(&self, report: &Report, number: u64, opened: &Opened) -> Result<(), Error> {
		let kind = report.kind();
		let stated = inputs_of(report).map(|stated| stated.to_string()).unwrap_or_default();
		let other = || Error::OtherCommitment {
			what: format!("the inputs of {} {number}", kind_name(kind)),
			commitment: stated.clone(),
		};
		let document: Value = serde_json::from_slice(&opened.document)?;
		let mut salt = Zeroizing::new([0; 32]);
		let digits = document["inputs_salt"].as_str().and_then(|salt| salt.strip_prefix("0x"));
		hex::decode_to_slice(digits.ok_or_else(other)?, &mut *salt).map_err(|_| other())?;
		let bytes = Zeroizing::new(canonical::to_bytes(&document["inputs"])?);
		let context = report_context(self.organisation, kind, number);
		if inputs_of(report) != Some(commit(Domain::Inputs, &context, &salt, &bytes)) {
			return Err(other());
		}
		Ok(())
	}

	/// Whose database it is.
	pub fn organisation(&self) -> OrganisationId {
		self.organisation
	}

	/// The number of the newest report of a kind; nothing if there is none.
	///
	/// # Errors
	/// [`Error::Database`].
	pub fn newest(&self, kind: ReportKind) -> Result<Option<u64>, Error> {
		let query = "SELECT max(number) FROM entries WHERE kind = ?1";
		let number: Option<i64> =
			self.connection.query_row(query, [kind as u8], |row| row.get(0))?;
		number.map(large).transpose()
	}

	/// The newest report of a kind that the ledger has or may still take, with its document; nothing if there is none.
	///
	/// # Errors
	/// As [`Self::open_evidence`].
	pub fn newest_document(&self, kind: ReportKind) -> Result<Option<(u64, Report, Value)>, Error> {
		let query = "SELECT max(number) FROM entries WHERE kind = ?1 AND state <> 'refused'";
		let number: Option<i64> =
			self.connection.query_row(query, [kind as u8], |row| row.get(0))?;
		let Some(number) = number.map(large).transpose()? else { return Ok(None) };
		let (report, opened) = self.open_evidence(kind, number)?;
		Ok(Some((number, report, serde_json::from_slice(&opened.document)?)))
	}

	/// The reports of a kind that were recorded at `since` or later and not deleted, oldest first, with their documents.
	///
	/// # Errors
	/// As [`Self::open_evidence`].
	pub fn documents_since(
		&self,
		kind: ReportKind,
		since: Moment,
	) -> Result<Vec<(Report, Value)>, Error> {
		let found = self.numbers_since(kind, since)?.into_iter().map(|(number, _)| {
			let (report, opened) = self.open_evidence(kind, number)?;
			Ok((report, serde_json::from_slice(&opened.document)?))
		});
		found.collect()
	}

	/// Numbers and moments of the reports of a kind that were recorded at `since` or later and not deleted, oldest first.
	pub(crate) fn numbers_since(
		&self,
		kind: ReportKind,
		since: Moment,
	) -> Result<Vec<(u64, Moment)>, Error> {
		let mut statement = self.connection.prepare_cached(
			"SELECT number, recorded_at FROM entries
			 WHERE kind = ?1 AND recorded_at >= ?2 AND sealed <> x'' ORDER BY number",
		)?;
		let numbers = statement
			.query_map(params![kind as u8, small(since)?], |row| Ok((row.get(0)?, row.get(1)?)))?
			.collect::<Result<Vec<(i64, i64)>, _>>()?;
		numbers.into_iter().map(|(number, at)| Ok((large(number)?, large(at)?))).collect()
	}
}

pub(crate) fn known<T: Copy>(all: &[T], index: u8, what: &str) -> Result<T, Error> {
	all.get(usize::from(index))
		.copied()
		.ok_or_else(|| Error::Damaged(format!("{what} {index} has no meaning")))
}

/// SQLite's integers are signed.
pub(crate) fn small(number: u64) -> Result<i64, Error> {
	i64::try_from(number).map_err(|_| Error::Damaged(format!("the number {number} is too large")))
}

pub(crate) fn large(number: i64) -> Result<u64, Error> {
	u64::try_from(number).map_err(|_| Error::Damaged(format!("the number {number} is negative")))
}

fn lock(folder: &Path) -> Result<File, Error> {
	DirBuilder::new()
		.recursive(true)
		.mode(0o700)
		.create(folder)
		.map_err(Error::io("creating", folder))?;
	let path = folder.join(LOCK);
	let file = OpenOptions::new()
		.write(true)
		.create(true)
		.truncate(false)
		.mode(0o600)
		.open(&path)
		.map_err(Error::io("opening", &path))?;
	match file.try_lock() {
		Ok(()) => Ok(file),
		Err(TryLockError::WouldBlock) => Err(Error::InUse { path: folder.into() }),
		Err(TryLockError::Error(error)) => Err(Error::io("locking", &path)(error)),
	}
}

fn connect(path: &Path, access: Access) -> Result<Connection, Error> {
	let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
	if access == Access::Work {
		private_file(path)?;
		flags |= OpenFlags::SQLITE_OPEN_CREATE;
	}
	let connection = Connection::open_with_flags(path, flags)?;
	connection.busy_timeout(std::time::Duration::from_secs(5))?;
	connection.pragma_update(None, "journal_mode", "WAL")?;
	connection.pragma_update(None, "synchronous", "FULL")?;
	connection.pragma_update(None, "foreign_keys", "ON")?;
	// What is deleted is overwritten.
	connection.pragma_update(None, "secure_delete", "ON")?;
	if access == Access::Look {
		connection.pragma_update(None, "query_only", "ON")?;
	}
	Ok(connection)
}

/// Makes the file readable by its owner only, before SQLite makes it (and its log) readable by others.
fn private_file(path: &Path) -> Result<(), Error> {
	OpenOptions::new()
		.append(true)
		.create(true)
		.mode(0o600)
		.open(path)
		.map(drop)
		.map_err(Error::io("creating", path))
}
