//! The outbox: every report that was recorded, until the ledger has it for good.
//!
//! ```text
//! queued ──► handed ──► confirmed
//!    └─────────┴──────► refused
//! ```
//!
//! - *queued*: recorded here, never given to the node.
//! - *handed*: given to the node, or about to be. Marked before it is sent, sent again until confirmed; the ledger takes a
//!   number once, so sending twice records once.
//! - *confirmed*: the ledger's finalised state has taken its number.
//! - *refused*: will never be recorded, and why. Its evidence stays.
//!
//! Numbers continue from the greater of what this database and what the ledger has seen, so a restored backup does
//! not reuse one.

use curex_primitives::{Report, ReportKind, StaffGroup, Submission};
use rusqlite::params;
use serde_json::{json, Value};

use crate::{
	report::{decode_report, evidence_of, inputs_of, kind_name},
	store::{known, large, small},
	Error, Store,
};

/// The last outbox numbers that the ledger's finalised state has taken, by kind. A kind that is not named counts as 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Confirmed(pub Vec<(ReportKind, u64)>);

/// An alert whose announcement was refused counts as new again; the next watch announces it under a new number.
const FORGET_REFUSED_ALERTS: &str = "
	DELETE FROM alerts WHERE fingerprint IN (
		SELECT alert FROM entries WHERE state = 'refused' AND alert IS NOT NULL
	) AND fingerprint NOT IN (
		SELECT alert FROM entries WHERE state <> 'refused' AND alert IS NOT NULL
	)";

impl Store {
	/// Takes note of what the ledger has for good. Returns how many reports that confirmed.
	///
	/// A report that was never handed over but whose number is taken is refused: somebody else used the number, for
	/// instance this agent before its database was restored.
	///
	/// # Errors
	/// [`Error::Database`].
	pub fn confirm(&mut self, confirmed: &Confirmed) -> Result<usize, Error> {
		let transaction = self.write()?;
		let mut count = 0;
		for &(kind, number) in &confirmed.0 {
			let row = params![kind as u8, small(number)?];
			transaction.execute(
				"INSERT INTO counters (kind, last, confirmed) VALUES (?1, ?2, ?2)
				 ON CONFLICT (kind) DO UPDATE SET
					last = max(last, excluded.last), confirmed = excluded.confirmed",
				row,
			)?;
			count += transaction.execute(
				"UPDATE entries SET state = 'confirmed'
				 WHERE kind = ?1 AND number <= ?2 AND state = 'handed'",
				row,
			)?;
			transaction.execute(
				"UPDATE entries SET state = 'refused', reason = 'the ledger had this number before it was sent'
				 WHERE kind = ?1 AND number <= ?2 AND state = 'queued'",
				row,
			)?;
			transaction.execute(FORGET_REFUSED_ALERTS, [])?;
		}
		transaction.commit()?;
		Ok(count)
	}

	/// Up to `limit` reports that the ledger does not have for good, oldest first.
	///
	/// # Errors
	/// [`Error::Database`], [`Error::Damaged`].
	pub fn pending(&self, limit: usize) -> Result<Vec<Submission>, Error> {
		let mut statement = self.connection.prepare_cached(
			"SELECT number, report FROM entries WHERE state IN ('queued', 'handed')
			 ORDER BY sequence LIMIT ?1",
		)?;
		let mut rows = statement.query([small(limit as u64)?])?;
		let mut pending = Vec::new();
		while let Some(row) = rows.next()? {
			let report: Vec<u8> = row.get(1)?;
			pending
				.push(Submission { number: large(row.get(0)?)?, report: decode_report(&report)? });
		}
		Ok(pending)
	}

	/// Whether a report waits that was never given to the node.
	///
	/// # Errors
	/// [`Error::Database`].
	pub fn has_queued(&self) -> Result<bool, Error> {
		let query = "SELECT EXISTS (SELECT 1 FROM entries WHERE state = 'queued')";
		Ok(self.connection.query_row(query, [], |row| row.get(0))?)
	}

	/// Marks reports as given to the node. To be called before they are sent.
	///
	/// # Errors
	/// [`Error::Database`].
	pub fn hand_over(&mut self, submissions: &[Submission]) -> Result<(), Error> {
		let transaction = self.write()?;
		for Submission { number, report } in submissions {
			transaction.execute(
				"UPDATE entries SET state = 'handed' WHERE kind = ?1 AND number = ?2 AND state = 'queued'",
				params![report.kind() as u8, small(*number)?],
			)?;
		}
		transaction.commit()?;
		Ok(())
	}

	/// Notes that a report will never be recorded, and why.
	///
	/// # Errors
	/// [`Error::Database`].
	pub fn refuse(&mut self, kind: ReportKind, number: u64, reason: &str) -> Result<(), Error> {
		let transaction = self.write()?;
		transaction.execute(
			"UPDATE entries SET state = 'refused', reason = ?3
			 WHERE kind = ?1 AND number = ?2 AND state IN ('queued', 'handed')",
			params![kind as u8, small(number)?, reason],
		)?;
		transaction.execute(FORGET_REFUSED_ALERTS, [])?;
		transaction.commit()?;
		Ok(())
	}

	/// The staff groups whose newest result in a campaign was refused.
	///
	/// # Errors
	/// [`Error::Database`], [`Error::Damaged`].
	pub fn refused_groups(&self, campaign: u32) -> Result<Vec<StaffGroup>, Error> {
		let mut statement = self.connection.prepare(
			"SELECT report, state = 'refused' FROM entries WHERE kind = ?1 ORDER BY number",
		)?;
		let mut rows = statement.query([ReportKind::GroupResult as u8])?;
		let mut groups = Vec::new();
		while let Some(row) = rows.next()? {
			let report: Vec<u8> = row.get(0)?;
			let Report::GroupResult(result) = decode_report(&report)? else { continue };
			groups.retain(|group| *group != result.group || result.campaign != campaign);
			if result.campaign == campaign && row.get(1)? {
				groups.push(result.group);
			}
		}
		Ok(groups)
	}

	/// Every report with its state, oldest first, as JSON.
	///
	/// # Errors
	/// [`Error::Database`], [`Error::Damaged`].
	pub fn entries(&self) -> Result<Vec<Value>, Error> {
		let mut statement = self.connection.prepare(
			"SELECT number, report, state, reason, recorded_at, length(sealed) FROM entries ORDER BY sequence",
		)?;
		let mut rows = statement.query([])?;
		let mut entries = Vec::new();
		while let Some(row) = rows.next()? {
			let report: Vec<u8> = row.get(1)?;
			let report = decode_report(&report)?;
			entries.push(json!({
				"kind": report.kind(),
				"number": row.get::<_, i64>(0)?,
				"state": row.get::<_, String>(2)?,
				"reason": row.get::<_, Option<String>>(3)?,
				"recorded_at": row.get::<_, i64>(4)?,
				"sealed_bytes": row.get::<_, i64>(5)?,
				"report": report_content(&report)?,
			}));
		}
		Ok(entries)
	}

	/// How many reports are in which state, and the numbers, by kind, as JSON.
	///
	/// # Errors
	/// [`Error::Database`], [`Error::Damaged`].
	pub fn outbox_status(&self) -> Result<Value, Error> {
		let mut status = serde_json::Map::new();
		let mut counters =
			self.connection.prepare("SELECT kind, last, confirmed FROM counters ORDER BY kind")?;
		let mut rows = counters.query([])?;
		while let Some(row) = rows.next()? {
			let kind = known(ReportKind::ALL, row.get(0)?, "kind")?;
			let value = json!({
				"last": row.get::<_, i64>(1)?, "confirmed_on_ledger": row.get::<_, i64>(2)?,
				"queued": 0, "handed": 0, "confirmed": 0, "refused": 0,
			});
			status.insert(kind_name(kind).into(), value);
		}
		let mut states = self
			.connection
			.prepare("SELECT kind, state, count(*) FROM entries GROUP BY kind, state")?;
		let mut rows = states.query([])?;
		while let Some(row) = rows.next()? {
			let kind = known(ReportKind::ALL, row.get(0)?, "kind")?;
			let state: String = row.get(1)?;
			if let Some(counts) = status.get_mut(kind_name(kind)) {
				counts[state] = json!(row.get::<_, i64>(2)?);
			}
		}
		Ok(Value::Object(status))
	}

	/// The report that carries a commitment, to its evidence or to its inputs; nothing if none does.
	///
	/// # Errors
	/// [`Error::Database`], [`Error::Damaged`].
	pub fn find_commitment(
		&self,
		commitment: curex_primitives::Commitment,
	) -> Result<Option<(u64, Report)>, Error> {
		let mut statement =
			self.connection.prepare("SELECT number, report FROM entries ORDER BY sequence DESC")?;
		let mut rows = statement.query([])?;
		while let Some(row) = rows.next()? {
			let bytes: Vec<u8> = row.get(1)?;
			let report = decode_report(&bytes)?;
			if evidence_of(&report) == commitment || inputs_of(&report) == Some(commitment) {
				return Ok(Some((large(row.get(0)?)?, report)));
			}
		}
		Ok(None)
	}
}

/// The content of a report without the name of its kind around it.
fn report_content(report: &Report) -> Result<Value, Error> {
	Ok(match serde_json::to_value(report)? {
		Value::Object(members) => {
			members.into_iter().next().map_or(Value::Null, |(_, value)| value)
		},
		other => other,
	})
}
