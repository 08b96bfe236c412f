//! Alerts about staff in the database: what was said of each, and their deletion when their time is over.
//!
//! What is deleted is the evidence: the sealed document with code, reasons and lines. The public record, which says a severity
//! and a commitment, stays, here and on the ledger.

use std::{collections::HashSet, fs, path::PathBuf};

use curex_primitives::{Moment, ReportKind};
use curex_threats::Alert;
use rusqlite::{params, Transaction};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::{
	store::{small, Store},
	Error,
};

/// Milliseconds after which an alert about staff is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
	/// One that was dismissed.
	pub dismissed: Moment,
	/// One of which nobody has said anything.
	pub undecided: Moment,
	/// One that was confirmed.
	pub confirmed: Moment,
}

/// What a person said of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
	/// It was what it said.
	Confirmed,
	/// It was nothing.
	Dismissed,
}

/// A word that the watch has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
	/// Its file, removed once it is recorded.
	pub path: PathBuf,
	/// The alert, by its keyed fingerprint, and what was said of it; nothing if it was no word about an alert.
	pub about: Option<([u8; 32], Decision)>,
}

pub(crate) const SCHEMA: &str = "
	CREATE TABLE staff_notices (
		number INTEGER PRIMARY KEY, alert BLOB NOT NULL, code BLOB NOT NULL,
		decision TEXT NOT NULL DEFAULT 'undecided', recorded_at INTEGER NOT NULL
	) STRICT;
";

impl Decision {
	fn text(self) -> &'static str {
		match self {
			Self::Confirmed => "confirmed",
			Self::Dismissed => "dismissed",
		}
	}
}

/// Notes what was said, within the transaction that records what came of it.
pub(crate) fn note(transaction: &Transaction, said: &[Said]) -> Result<(), Error> {
	for (alert, decision) in said.iter().filter_map(|one| one.about) {
		transaction.execute(
			"UPDATE staff_notices SET decision = ?2 WHERE alert = ?1",
			params![alert, decision.text()],
		)?;
	}
	Ok(())
}

/// Removes the files of words that are recorded. One that cannot be removed is taken again, which changes nothing.
pub(crate) fn remove(said: &[Said]) {
	for Said { path, .. } in said {
		if let Err(error) = fs::remove_file(path) {
			tracing::warn!(path = %path.display(), %error, "a word to the watch stays");
		}
	}
}

impl Store {
	/// Deletes the evidence of alerts about staff whose time is over, for good; returns of how many.
	///
	/// # Errors
	/// [`Error::Database`].
	pub fn forget_notices(&mut self, retention: &Retention, now: Moment) -> Result<usize, Error> {
		let before = |kept: Moment| small(now.saturating_sub(kept));
		let limits = [retention.dismissed, retention.confirmed, retention.undecided].map(before);
		let [dismissed, confirmed, undecided] = limits;
		let transaction = self.write()?;
		let over: Vec<i64> = transaction
			.prepare(
				"SELECT number FROM staff_notices WHERE recorded_at <
				 CASE decision WHEN 'dismissed' THEN ?1 WHEN 'confirmed' THEN ?2 ELSE ?3 END",
			)?
			.query_map(params![dismissed?, confirmed?, undecided?], |row| row.get(0))?
			.collect::<Result<_, _>>()?;
		for number in &over {
			transaction.execute(
				"UPDATE entries SET sealed = x'' WHERE kind = ?1 AND number = ?2",
				params![ReportKind::Alert as u8, number],
			)?;
			transaction.execute("DELETE FROM staff_notices WHERE number = ?1", [number])?;
		}
		transaction.commit()?;
		let count = over.len();
		if count > 0 {
			// What was overwritten is still in the log.
			self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
		}
		Ok(count)
	}

	/// The codes of which alerts are kept, by their keyed fingerprints.
	pub(crate) fn noticed_codes(&self) -> Result<HashSet<[u8; 32]>, Error> {
		let mut statement = self.connection.prepare("SELECT DISTINCT code FROM staff_notices")?;
		let codes = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
		Ok(codes)
	}

	/// The keyed fingerprint of a code.
	pub(crate) fn staff_mark(&self, code: &str) -> [u8; 32] {
		self.key.fingerprint(&format!("code/{code}"))
	}

	/// The key of the codes.
	pub(crate) fn staff_key(&self) -> Zeroizing<[u8; 32]> {
		Zeroizing::new(self.key.fingerprint("curex/agent/staff"))
	}

	/// Makes the table in a database of an earlier layout, with the alerts about staff that it holds.
	pub(crate) fn add_notices(&mut self) -> Result<(), Error> {
		let mut found = Vec::new();
		for (number, recorded_at) in self.numbers_since(ReportKind::Alert, 0)? {
			let (_, opened) = self.open_evidence(ReportKind::Alert, number)?;
			let mut document: Value = serde_json::from_slice(&opened.document)?;
			let Ok(alert) = serde_json::from_value::<Alert>(document["alert"].take()) else {
				continue;
			};
			if alert.kind.is_about_staff() {
				let code = self.staff_mark(&alert.entity);
				found.push((number, self.key.fingerprint(&alert.id), code, recorded_at));
			}
		}
		let transaction = self.write()?;
		transaction.execute_batch(SCHEMA)?;
		for (number, alert, code, recorded_at) in found {
			transaction.execute(
				"INSERT INTO staff_notices (number, alert, code, recorded_at) VALUES (?1, ?2, ?3, ?4)",
				params![small(number)?, alert, code, small(recorded_at)?],
			)?;
		}
		transaction.pragma_update(None, "user_version", crate::store::LAYOUT)?;
		Ok(transaction.commit()?)
	}
}
