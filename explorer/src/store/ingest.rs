//! Taking up a block, whole or not at all.

use super::{values, Connection, Store};
use crate::{
	block::{Block, Record},
	facts::{handles, Facts},
	kind::{handle, Kind, RecordId},
	Error,
};
use std::collections::{BTreeSet, HashMap};

impl Store {
	/// Takes up the next block.
	///
	/// # Errors
	/// [`Error::Gap`] and [`Error::Fork`] for a block that does not follow the last one; then nothing is changed.
	pub fn ingest(&mut self, block: &Block) -> Result<(), Error> {
		self.check_follows(block)?;
		self.connection.atomically(|connection| {
			write_extrinsics(connection, block)?;
			let mut serials = HashMap::new();
			for record in &block.records {
				if let Some(serial) = write_record(connection, block.number, record)? {
					serials.insert((record.kind, &record.id), serial);
				}
			}
			write_events(connection, block, &serials)?;
			write_mentions(connection, block)?;
			connection.execute(
				"INSERT INTO block VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
				&values![
					block.number,
					block.hash,
					block.parent,
					block.time,
					block.author,
					block.spec_version,
					block.extrinsics.len(),
					block.events.len()
				],
			)
		})?;
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
		self.connection.atomically(|connection| {
			write_record(connection, at, &Record { kind, id, value: None }).map(drop)
		})
	}
}

fn write_extrinsics(connection: &Connection, block: &Block) -> Result<(), Error> {
	let insert = "INSERT INTO extrinsic VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
	for extrinsic in &block.extrinsics {
		let values = values![
			block.number,
			extrinsic.index,
			extrinsic.hash,
			extrinsic.signer.as_deref().and_then(handle),
			extrinsic.pallet.as_str(),
			extrinsic.call.as_str(),
			extrinsic.arguments.to_string(),
			block.failures.get(&extrinsic.index).map(String::as_str),
		];
		connection.execute(insert, &values)?;
	}
	Ok(())
}

fn write_events(
	connection: &Connection,
	block: &Block,
	serials: &HashMap<(Kind, &RecordId), i64>,
) -> Result<(), Error> {
	let insert = "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)";
	let touch = "INSERT INTO touch VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
	for (position, event) in (0u32..).zip(&block.events) {
		let values = values![
			block.number,
			position,
			event.extrinsic,
			event.pallet.as_str(),
			event.name.as_str(),
			event.fields.to_string(),
		];
		connection.execute(insert, &values)?;
		for (kind, id) in Kind::touched(event) {
			if let Some(serial) = serials.get(&(kind, &id)) {
				connection.execute(touch, &values![*serial, block.number, position])?;
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
	let insert = "INSERT INTO mention VALUES (?, ?, ?)";
	// Handles of records have a timeline of their own.
	for (value, place) in mentions.iter().filter(|(value, _)| !records.contains(value)) {
		connection.execute(insert, &values![*value, block.number, *place])?;
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
	let sql = "SELECT serial, state, removed IS NOT NULL FROM record WHERE kind = ? AND id = ?";
	let known: Option<(i64, Option<String>, bool)> =
		connection.one(sql, &values![kind, record.id.as_str()], |row| {
			Ok((row.get(0)?, row.get(1)?, row.get(2)?))
		})?;
	let Some(value) = &record.value else {
		let Some((serial, state, removed)) = known else { return Ok(None) };
		if !removed {
			let sql = "UPDATE record SET removed = ? WHERE serial = ?";
			connection.execute(sql, &values![block, serial])?;
			count(connection, kind, state.as_deref(), -1)?;
			let between = sides(parties_of(connection, kind, serial)?);
			flow(connection, kind, &between, state.as_deref(), -1)?;
		}
		return Ok(Some(serial));
	};
	let facts = Facts::of(record.kind, record.id.organisation(), value);
	let text = value.to_string();
	let serial = if let Some((serial, state, removed)) = known {
		connection.execute(
			"UPDATE record SET changed = ?, removed = NULL, state = ?, purpose = ?, consent = ?, value = ?
			 WHERE serial = ?",
			&values![
				block,
				facts.state.as_deref(),
				facts.purpose.as_deref(),
				facts.consent,
				text,
				serial
			],
		)?;
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
		// The number after the last one: in one order on every database, whatever was taken back.
		let serial = connection
			.one("SELECT coalesce(max(serial), 0) + 1 FROM record", &[], |row| row.get(0))?
			.unwrap_or(1);
		connection.execute(
			"INSERT INTO record (serial, kind, id, begun, changed, state, purpose, consent, value)
			 VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8)",
			&values![
				serial,
				kind,
				record.id.as_str(),
				block,
				facts.state.as_deref(),
				facts.purpose.as_deref(),
				facts.consent,
				text
			],
		)?;
		serial
	};
	count(connection, kind, facts.state.as_deref(), 1)?;
	flow(connection, kind, &sides(facts.parties.clone()), facts.state.as_deref(), 1)?;
	let party = "INSERT INTO party (organisation, kind, serial, other, state, purpose) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (organisation, kind, serial)
		DO UPDATE SET other = excluded.other, state = excluded.state, purpose = excluded.purpose";
	for (organisation, other) in &facts.parties {
		let (state, purpose) = (facts.state.as_deref(), facts.purpose.as_deref());
		let values = values![*organisation, kind, serial, *other, state, purpose];
		connection.execute(party, &values)?;
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
		let sql = "SELECT value FROM record WHERE serial = ?";
		let value: Option<String> = connection.one(sql, &values![serial], |row| row.get(0))?;
		let value = serde_json::from_str(&value.unwrap_or_default())
			.map_err(|error| Error::Damaged(format!("a content: {error}")))?;
		return Ok(Facts::of(Kind::Exchange, None, &value).parties);
	}
	let sql = "SELECT organisation, other FROM party WHERE kind = ? AND kind <> 3 AND serial = ?";
	connection.all(sql, &values![kind, serial], |row| Ok((row.get(0)?, row.get(1)?)))
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
		let sql = "DELETE FROM party WHERE organisation = ? AND kind = ? AND serial = ?";
		connection.execute(sql, &values![*organisation, kind, serial])?;
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
	let sql = "INSERT INTO flow (kind, organisation, other, state, count) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (kind, organisation, other, state) DO UPDATE SET count = flow.count + excluded.count";
	for (one, other) in between {
		connection.execute(sql, &values![kind, *one, *other, state.unwrap_or_default(), by])?;
	}
	Ok(())
}

fn count(connection: &Connection, kind: u8, state: Option<&str>, by: i64) -> Result<(), Error> {
	let sql = "INSERT INTO tally (kind, state, count) VALUES (?, ?, ?)
		ON CONFLICT (kind, state) DO UPDATE SET count = tally.count + excluded.count";
	connection.execute(sql, &values![kind, state.unwrap_or_default(), by]).map(drop)
}
