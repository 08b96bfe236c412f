//! Taking up a block, whole or not at all.

use super::Store;
use crate::{
	block::{Block, Record},
	facts::{handles, Facts},
	kind::{handle, Kind, RecordId},
	Error,
};
use rusqlite::{params, Connection, OptionalExtension};
use std::collections::{BTreeSet, HashMap};

impl Store {
	/// Takes up the next block.
	///
	/// # Errors
	/// [`Error::Gap`] and [`Error::Fork`] for a block that does not follow the last one; then nothing is changed.
	pub fn ingest(&mut self, block: &Block) -> Result<(), Error> {
		self.check_follows(block)?;
		let transaction = self.connection.transaction()?;
		write_extrinsics(&transaction, block)?;
		let mut serials = HashMap::new();
		for record in &block.records {
			if let Some(serial) = write_record(&transaction, block.number, record)? {
				serials.insert((record.kind, &record.id), serial);
			}
		}
		write_events(&transaction, block, &serials)?;
		write_mentions(&transaction, block)?;
		transaction.prepare_cached("INSERT INTO block VALUES (?, ?, ?, ?, ?, ?, ?, ?)")?.execute(
			params![
				block.number,
				block.hash,
				block.parent,
				block.time,
				block.author,
				block.spec_version,
				block.extrinsics.len(),
				block.events.len()
			],
		)?;
		transaction.commit()?;
		self.head = Some((block.number, block.hash));
		Ok(())
	}

	fn check_follows(&self, block: &Block) -> Result<(), Error> {
		match self.head {
			None if block.number == 0 => Ok(()),
			None => Err(Error::Gap { last: 0, found: block.number }),
			Some((last, _)) if block.number != last + 1 => {
				Err(Error::Gap { last, found: block.number })
			},
			Some((_, hash)) if block.parent != hash => Err(Error::Fork { number: block.number }),
			Some(_) => Ok(()),
		}
	}

	/// Notes that the ledger's state no longer holds a record, as found when comparing with block `at`.
	///
	/// # Errors
	/// [`Error::Database`].
	pub fn remove(&mut self, kind: Kind, id: &str, at: u64) -> Result<(), Error> {
		let Some(id) = RecordId::parse(kind, id) else { return Ok(()) };
		let transaction = self.connection.transaction()?;
		write_record(&transaction, at, &Record { kind, id, value: None })?;
		transaction.commit()?;
		Ok(())
	}
}

fn write_extrinsics(connection: &Connection, block: &Block) -> Result<(), Error> {
	let mut insert =
		connection.prepare_cached("INSERT INTO extrinsic VALUES (?, ?, ?, ?, ?, ?, ?, ?)")?;
	for extrinsic in &block.extrinsics {
		insert.execute(params![
			block.number,
			extrinsic.index,
			extrinsic.hash,
			extrinsic.signer.as_deref().and_then(handle),
			extrinsic.pallet,
			extrinsic.call,
			extrinsic.arguments.to_string(),
			block.failures.get(&extrinsic.index),
		])?;
	}
	Ok(())
}

fn write_events(
	connection: &Connection,
	block: &Block,
	serials: &HashMap<(Kind, &RecordId), i64>,
) -> Result<(), Error> {
	let mut insert = connection.prepare_cached("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)")?;
	let mut touch =
		connection.prepare_cached("INSERT INTO touch VALUES (?, ?, ?) ON CONFLICT DO NOTHING")?;
	for (position, event) in (0u32..).zip(&block.events) {
		insert.execute(params![
			block.number,
			position,
			event.extrinsic,
			event.pallet,
			event.name,
			event.fields.to_string(),
		])?;
		for (kind, id) in Kind::touched(event) {
			if let Some(serial) = serials.get(&(kind, &id)) {
				touch.execute(params![serial, block.number, position])?;
			}
		}
	}
	Ok(())
}

fn write_mentions(connection: &Connection, block: &Block) -> Result<(), Error> {
	let mut values = Vec::new();
	let mut mentions: BTreeSet<([u8; 32], i64)> = BTreeSet::new();
	for extrinsic in &block.extrinsics {
		handles(&extrinsic.arguments, &mut values);
		mentions.extend(values.drain(..).map(|value| (value, extrinsic.index.into())));
	}
	for event in &block.events {
		handles(&event.fields, &mut values);
		let place = event.extrinsic.map_or(-1, i64::from);
		mentions.extend(values.drain(..).map(|value| (value, place)));
	}
	let records: BTreeSet<[u8; 32]> =
		block.records.iter().filter_map(|record| handle(record.id.as_str())).collect();
	let mut insert = connection.prepare_cached("INSERT INTO mention VALUES (?, ?, ?)")?;
	// Handles of records have a timeline of their own.
	for (value, place) in mentions.iter().filter(|(value, _)| !records.contains(value)) {
		insert.execute(params![value, block.number, place])?;
	}
	Ok(())
}

/// Writes a record as it stands after a block; returns its serial, or nothing for one that never was.
fn write_record(
	connection: &Connection,
	block: u64,
	record: &Record,
) -> Result<Option<i64>, Error> {
	let kind = record.kind as u8;
	let known: Option<(i64, Option<String>, bool)> = connection
		.prepare_cached(
			"SELECT serial, state, removed IS NOT NULL FROM record WHERE kind = ? AND id = ?",
		)?
		.query_row(params![kind, record.id.as_str()], |row| {
			Ok((row.get(0)?, row.get(1)?, row.get(2)?))
		})
		.optional()?;
	let Some(value) = &record.value else {
		let Some((serial, state, removed)) = known else { return Ok(None) };
		if !removed {
			connection
				.prepare_cached("UPDATE record SET removed = ? WHERE serial = ?")?
				.execute(params![block, serial])?;
			count(connection, kind, state.as_deref(), -1)?;
			let between = sides(parties_of(connection, kind, serial)?);
			flow(connection, kind, &between, state.as_deref(), -1)?;
		}
		return Ok(Some(serial));
	};
	let facts = Facts::of(record.kind, record.id.organisation(), value);
	let text = value.to_string();
	let serial = if let Some((serial, state, removed)) = known {
		connection
			.prepare_cached(
				"UPDATE record SET changed = ?, removed = NULL, state = ?, purpose = ?, consent = ?, value = ?
				 WHERE serial = ?",
			)?
			.execute(params![block, facts.state, facts.purpose, facts.consent, text, serial])?;
		let before = if kind == Kind::Exchange as u8 {
			facts.parties.clone()
		} else {
			parties_of(connection, kind, serial)?
		};
		if !removed {
			count(connection, kind, state.as_deref(), -1)?;
			flow(connection, kind, &sides(before.clone()), state.as_deref(), -1)?;
		}
		leave_parties(connection, kind, serial, &before, &facts)?;
		serial
	} else {
		connection
			.prepare_cached(
				"INSERT INTO record (kind, id, begun, changed, state, purpose, consent, value)
				 VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7)",
			)?
			.execute(params![
				kind,
				record.id.as_str(),
				block,
				facts.state,
				facts.purpose,
				facts.consent,
				text
			])?;
		connection.last_insert_rowid()
	};
	count(connection, kind, facts.state.as_deref(), 1)?;
	flow(connection, kind, &sides(facts.parties.clone()), facts.state.as_deref(), 1)?;
	let mut party = connection.prepare_cached(
		"INSERT INTO party (organisation, kind, serial, other, state, purpose) VALUES (?, ?, ?, ?, ?, ?)
		 ON CONFLICT DO UPDATE SET other = excluded.other, state = excluded.state, purpose = excluded.purpose",
	)?;
	for (organisation, other) in &facts.parties {
		party.execute(params![organisation, kind, serial, other, facts.state, facts.purpose])?;
	}
	Ok(Some(serial))
}

/// Whom a record concerns, each with the other side, as the index holds it.
fn parties_of(
	connection: &Connection,
	kind: u8,
	serial: i64,
) -> Result<Vec<(u32, Option<u32>)>, Error> {
	// Exchanges are not in the index by record: the two sides stand in the record itself.
	if kind == Kind::Exchange as u8 {
		let value: String = connection
			.prepare_cached("SELECT value FROM record WHERE serial = ?")?
			.query_row([serial], |row| row.get(0))?;
		let value = serde_json::from_str(&value)
			.map_err(|error| Error::Damaged(format!("a content: {error}")))?;
		return Ok(Facts::of(Kind::Exchange, None, &value).parties);
	}
	let parties = connection
		.prepare_cached(
			"SELECT organisation, other FROM party WHERE kind = ? AND kind <> 3 AND serial = ?",
		)?
		.query_map(params![kind, serial], |row| Ok((row.get(0)?, row.get(1)?)))?
		.collect::<Result<_, _>>()?;
	Ok(parties)
}

/// Forgets whom a record no longer concerns. An exchange concerns the same two for ever.
fn leave_parties(
	connection: &Connection,
	kind: u8,
	serial: i64,
	before: &[(u32, Option<u32>)],
	facts: &Facts,
) -> Result<(), Error> {
	let concerns =
		|organisation: &u32| facts.parties.iter().any(|(party, _)| party == organisation);
	for (organisation, _) in before.iter().filter(|(organisation, _)| !concerns(organisation)) {
		connection
			.prepare_cached("DELETE FROM party WHERE organisation = ? AND kind = ? AND serial = ?")?
			.execute(params![organisation, kind, serial])?;
	}
	Ok(())
}

/// Between whom a record is, once each: the smaller number first, -1 where there is no other side.
fn sides(parties: Vec<(u32, Option<u32>)>) -> BTreeSet<(i64, i64)> {
	let sides = parties.into_iter().map(|(one, other)| match other {
		Some(other) => (i64::from(one.min(other)), i64::from(one.max(other))),
		None => (i64::from(one), -1),
	});
	sides.collect()
}

fn flow(
	connection: &Connection,
	kind: u8,
	between: &BTreeSet<(i64, i64)>,
	state: Option<&str>,
	by: i64,
) -> Result<(), Error> {
	let mut statement = connection.prepare_cached(
		"INSERT INTO flow (kind, organisation, other, state, count) VALUES (?, ?, ?, ?, ?)
		 ON CONFLICT DO UPDATE SET count = count + excluded.count",
	)?;
	for (one, other) in between {
		statement.execute(params![kind, one, other, state.unwrap_or_default(), by])?;
	}
	Ok(())
}

fn count(connection: &Connection, kind: u8, state: Option<&str>, by: i64) -> Result<(), Error> {
	connection
		.prepare_cached(
			"INSERT INTO tally (kind, state, count) VALUES (?, ?, ?)
			 ON CONFLICT DO UPDATE SET count = count + excluded.count",
		)?
		.execute(params![kind, state.unwrap_or_default(), by])?;
	Ok(())
}
