//! What leaves the index: records that the ledger pruned, once they were kept for a while more, with all that the index knows
//! of them. What the ledger holds back for an authority is not pruned there, so that it stays here; what an open inquiry is
//! about stays, too.

use super::{past, query, values, Connection, EventRow, ExtrinsicRow, RecordRow, Store, Value};
use crate::{
	facts::{handles, Facts},
	kind::{handle, Kind},
	Error,
};
use curex_client::ledger::Event;
use std::collections::BTreeSet;

/// Records that leave in one transaction.
const TOGETHER: u32 = 200;

/// The content of events and transactions whose records left.
const GONE: &str = r#"{"left_the_index":"what it was about was pruned from the ledger"}"#;

/// A place in the ledger: a block, and a transaction in it or -1 for the block itself.
type Place = (u64, i64);

impl Store {
	/// Lets go of the records that the ledger pruned at least `keep` milliseconds before the last block; tells how many left.
	///
	/// # Errors
	/// [`Error::Database`], [`Error::Server`], [`Error::Damaged`].
	pub fn let_go(&mut self, keep: u64) -> Result<u64, Error> {
		let moment = query::head(&self.connection)?.and_then(|head| head.time).unwrap_or_default();
		let Some(since) = moment.checked_sub(keep) else { return Ok(0) };
		let Some(first_kept) = query::block_at(&self.connection, since)? else { return Ok(0) };
		let (mut left, mut last) = (0, (0_u64, 0_i64));
		loop {
			let sql = format!(
				"SELECT {} FROM record r WHERE r.removed IS NOT NULL AND r.removed < ? \
				 AND (r.removed, r.serial) > (?, ?) ORDER BY r.removed, r.serial LIMIT {TOGETHER}",
				RecordRow::COLUMNS
			);
			let bound = values![first_kept, last.0, last.1];
			let due = self.connection.all(&sql, &bound, RecordRow::read)?;
			let Some(end) = due.last() else { return Ok(left) };
			last = (end.removed.unwrap_or_default(), end.serial);
			left += self.connection.atomically(|connection| {
				let asked = asked_about(connection)?;
				let mut left = 0;
				for record in due.iter().filter(|record| !asked.has(record)) {
					forget(connection, record)?;
					left += 1;
				}
				Ok(left)
			})?;
		}
	}
}

/// What open inquiries are about.
#[derive(Default)]
struct AskedAbout {
	/// The handles and commitments themselves.
	named: BTreeSet<[u8; 32]>,
	/// With what belongs to those exchanges: their consents and permits.
	with_case: BTreeSet<[u8; 32]>,
}

impl AskedAbout {
	fn has(&self, record: &RecordRow) -> bool {
		let mut named = Vec::new();
		// An inquiry may be about one of its commitments.
		handles(&record.value, &mut named);
		named.iter().any(|handle| self.named.contains(handle))
			|| handle(record.id.as_str()).is_some_and(|id| self.with_case.contains(&id))
	}
}

fn asked_about(connection: &Connection) -> Result<AskedAbout, Error> {
	let sql = "SELECT value FROM record WHERE kind = ? AND state = 'open' AND removed IS NULL";
	let inquiries = connection
		.all(sql, &values![Kind::Inquiry as u8], |row| super::rows::json(&row.get::<String>(0)?))?;
	let mut asked = AskedAbout::default();
	for inquiry in inquiries {
		let mut about = Vec::new();
		handles(inquiry.get("about").unwrap_or(&serde_json::Value::Null), &mut about);
		for handle in about {
			asked.with_case.extend(past::case(connection, handle)?);
			asked.named.insert(handle);
		}
	}
	Ok(asked)
}

/// Deletes a record and whatever is known of it alone.
fn forget(connection: &Connection, record: &RecordRow) -> Result<(), Error> {
	let serial = record.serial;
	let sql = "SELECT e.block, e.position, e.extrinsic, e.pallet, e.name, e.fields \
		FROM touch t JOIN event e ON e.block = t.block AND e.position = t.position WHERE t.serial = ?";
	let events = connection.all(sql, &values![serial], EventRow::read)?;
	let mut places: BTreeSet<Place> = events.iter().map(place_of).collect();
	if let Some(handle) = handle(record.id.as_str()) {
		// Transactions that failed changed nothing, but name it.
		let sql = "SELECT block, extrinsic FROM mention WHERE value = ?";
		places.extend(connection.all(sql, &values![handle], |row| Ok((row.get(0)?, row.get(1)?)))?);
	}
	for table in ["touch", "version", "record"] {
		connection.execute(&format!("DELETE FROM {table} WHERE serial = ?"), &values![serial])?;
	}
	let facts = Facts::of(record.kind, record.id.organisation(), &record.value);
	for (organisation, _) in facts.parties {
		let sql = "DELETE FROM party WHERE organisation = ? AND kind = ? AND serial = ?";
		connection.execute(sql, &values![organisation, record.kind as u8, serial])?;
	}
	for place in places {
		forget_place(connection, place)?;
	}
	if record.kind == Kind::Exchange {
		keep_sequences(connection, record)?;
	}
	Ok(())
}

/// Notes up to which number of their sequences both sides' exchanges left, so that what is missing before is no gap.
fn keep_sequences(connection: &Connection, exchange: &RecordRow) -> Result<(), Error> {
	for side in ["holder", "recipient"] {
		let number = |name: &str| exchange.value.get(name).and_then(serde_json::Value::as_u64);
		let sequence = number(&format!("{side}_sequence"));
		let (Some(organisation), Some(sequence)) = (number(side), sequence) else { continue };
		let sql =
			"INSERT INTO given (what, last) VALUES (?, ?) ON CONFLICT (what) DO UPDATE SET last = \
			CASE WHEN excluded.last > given.last THEN excluded.last ELSE given.last END";
		connection.execute(sql, &values![left_up_to(organisation), sequence])?;
	}
	Ok(())
}

/// Under which name `given` says up to which number of an organisation's sequence exchanges left.
pub(super) fn left_up_to(organisation: u64) -> String {
	format!("left-{organisation}")
}

fn place_of(event: &EventRow) -> Place {
	(event.block, event.extrinsic.map_or(-1, i64::from))
}

/// Empties a transaction whose records are no longer in the index, and its events; of what a block does by itself the events
/// alone.
fn forget_place(connection: &Connection, (block, extrinsic): Place) -> Result<(), Error> {
	let sql = format!(
		"SELECT {} FROM event WHERE block = ? AND coalesce(extrinsic, -1) = ?",
		EventRow::COLUMNS
	);
	let events = connection.all(&sql, &values![block, extrinsic], EventRow::read)?;
	let (mut kept, mut gone): (Vec<[u8; 32]>, Vec<[u8; 32]>) = Default::default();
	let mut is_needed = false;
	for event in &events {
		let touched = Kind::touched(&Event {
			extrinsic: event.extrinsic,
			pallet: event.pallet.clone(),
			name: event.name.clone(),
			fields: event.fields.clone(),
		});
		let is_about_records = !touched.is_empty();
		let is_known = is_known(connection, touched)?;
		is_needed |= is_known;
		if is_about_records && !is_known {
			handles(&event.fields, &mut gone);
			let sql = "UPDATE event SET fields = ? WHERE block = ? AND position = ?";
			connection.execute(sql, &values![GONE, block, event.position])?;
		} else {
			handles(&event.fields, &mut kept);
		}
	}
	let sql =
		format!("SELECT {} FROM extrinsic WHERE block = ? AND position = ?", ExtrinsicRow::COLUMNS);
	let bound = values![block, extrinsic];
	if let Some(transaction) = connection.one(&sql, &bound, ExtrinsicRow::read)? {
		handles(&transaction.arguments, if is_needed { &mut kept } else { &mut gone });
		if !is_needed {
			let sql = "UPDATE extrinsic SET arguments = ? WHERE block = ? AND position = ?";
			connection.execute(sql, &values![GONE, block, extrinsic])?;
		}
	}
	for value in gone.into_iter().filter(|value| !kept.contains(value)) {
		let sql = "DELETE FROM mention WHERE value = ? AND block = ? AND extrinsic = ?";
		connection.execute(sql, &values![value, block, extrinsic])?;
	}
	Ok(())
}

/// Whether one of these records is in the index.
fn is_known(connection: &Connection, records: Vec<(Kind, crate::RecordId)>) -> Result<bool, Error> {
	for (kind, id) in records {
		let sql = "SELECT serial FROM record WHERE kind = ? AND id = ?";
		let bound: [Value; 2] = values![kind as u8, id.as_str()];
		if connection.one(sql, &bound, |row| row.get::<i64>(0))?.is_some() {
			return Ok(true);
		}
	}
	Ok(false)
}

/// Whether a content left the index with what it was about.
pub(super) fn is_gone(content: &serde_json::Value) -> bool {
	content.get("left_the_index").is_some()
}
