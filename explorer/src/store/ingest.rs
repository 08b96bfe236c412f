//! Taking up blocks, each whole or not at all.
//!
//! What blocks bring is worked out in memory first and then written with one statement for each table, so that an index on a
//! server is not asked for every row. Blocks taken up together leave what they leave one by one.

use super::{patch::Patch, values, Connection, Of, Store, Table, Value};
use crate::{
	block::{Block, Record},
	facts::{handles, kebab, Facts},
	kind::{handle, Kind, RecordId},
	Error,
};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A day, in milliseconds.
pub(super) const DAY: u64 = 86_400_000;

/// The fields of an exchange that say how far it came; `daily` counts by how many of them are filled.
pub(super) const STEPS: [&str; 3] = ["payload", "receipt", "acknowledgement"];

const BLOCK: Table = Table {
	name: "block",
	columns: &[
		("number", Of::Number),
		("hash", Of::Bytes),
		("parent", Of::Bytes),
		("time", Of::Number),
		("author", Of::Number),
		("spec_version", Of::Number),
		("extrinsics", Of::Number),
		("events", Of::Number),
	],
	conflict: "",
};

const EXTRINSIC: Table = Table {
	name: "extrinsic",
	columns: &[
		("block", Of::Number),
		("position", Of::Number),
		("hash", Of::Bytes),
		("signer", Of::Bytes),
		("pallet", Of::Text),
		("call", Of::Text),
		("arguments", Of::Text),
		("failure", Of::Text),
	],
	conflict: "",
};

const EVENT: Table = Table {
	name: "event",
	columns: &[
		("block", Of::Number),
		("position", Of::Number),
		("extrinsic", Of::Number),
		("pallet", Of::Text),
		("name", Of::Text),
		("fields", Of::Text),
	],
	conflict: "",
};

const RECORD: Table = Table {
	name: "record",
	columns: &[
		("serial", Of::Number),
		("kind", Of::Number),
		("id", Of::Text),
		("begun", Of::Number),
		("changed", Of::Number),
		("removed", Of::Number),
		("state", Of::Text),
		("purpose", Of::Text),
		("consent", Of::Bytes),
		("value", Of::Text),
	],
	conflict: "ON CONFLICT (serial) DO UPDATE SET changed = excluded.changed, removed = excluded.removed, \
		state = excluded.state, purpose = excluded.purpose, consent = excluded.consent, value = excluded.value",
};

pub(super) const RECORD_KEY: Table =
	Table { name: "record", columns: &[("kind", Of::Number), ("id", Of::Text)], conflict: "" };

const VERSION: Table = Table {
	name: "version",
	columns: &[
		("serial", Of::Number),
		("since", Of::Number),
		("until", Of::Number),
		("patch", Of::Text),
	],
	conflict: "",
};

const PARTY: Table = Table {
	name: "party",
	columns: &[
		("organisation", Of::Number),
		("kind", Of::Number),
		("serial", Of::Number),
		("other", Of::Number),
		("state", Of::Text),
		("purpose", Of::Text),
	],
	conflict: "ON CONFLICT (organisation, kind, serial) \
		DO UPDATE SET other = excluded.other, state = excluded.state, purpose = excluded.purpose",
};

const TOUCH: Table = Table {
	name: "touch",
	columns: &[
		("serial", Of::Number),
		("block", Of::Number),
		("position", Of::Number),
		("action", Of::Text),
	],
	conflict: "ON CONFLICT DO NOTHING",
};

const MENTION: Table = Table {
	name: "mention",
	columns: &[("value", Of::Bytes), ("block", Of::Number), ("extrinsic", Of::Number)],
	conflict: "",
};

const TALLY: Table = Table {
	name: "tally",
	columns: &[("kind", Of::Number), ("state", Of::Text), ("count", Of::Number)],
	conflict: "ON CONFLICT (kind, state) DO UPDATE SET count = tally.count + excluded.count",
};

const FLOW: Table = Table {
	name: "flow",
	columns: &[
		("kind", Of::Number),
		("organisation", Of::Number),
		("other", Of::Number),
		("state", Of::Text),
		("count", Of::Number),
	],
	conflict: "ON CONFLICT (kind, organisation, other, state) DO UPDATE SET count = flow.count + excluded.count",
};

const DAILY: Table = Table {
	name: "daily",
	columns: &[
		("day", Of::Number),
		("organisation", Of::Number),
		("other", Of::Number),
		("purpose", Of::Text),
		("stage", Of::Number),
		("count", Of::Number),
	],
	conflict: "ON CONFLICT (day, organisation, other, purpose, stage) \
		DO UPDATE SET count = daily.count + excluded.count",
};

impl Store {
	/// Takes up the next block.
	///
	/// # Errors
	/// As [`Self::ingest_all`].
	pub fn ingest(&mut self, block: &Block) -> Result<(), Error> {
		self.ingest_all(std::slice::from_ref(block))
	}

	/// Takes up the next blocks, all or none.
	///
	/// # Errors
	/// [`Error::Gap`] and [`Error::Fork`] for a block that does not follow the one before it; then nothing is changed.
	pub fn ingest_all(&mut self, blocks: &[Block]) -> Result<(), Error> {
		let mut head = self.head;
		for block in blocks {
			check_follows(head, block)?;
			head = Some((block.number, block.hash));
		}
		let records = || blocks.iter().flat_map(|block| &block.records);
		self.write(records(), |batch| {
			for block in blocks {
				let serials: Vec<Option<i64>> = block
					.records
					.iter()
					.map(|record| batch.take_up(block.number, record))
					.collect();
				let known = block.records.iter().zip(serials);
				let serials = known
					.filter_map(|(record, serial)| Some(((record.kind, &record.id), serial?)))
					.collect();
				batch.take_up_block(block, &serials);
			}
		})?;
		self.head = head;
		Ok(())
	}

	/// Takes up how records stand after a block that is in the index: what no event told of.
	///
	/// # Errors
	/// [`Error::Database`] or [`Error::Server`].
	pub fn correct(&mut self, at: u64, records: &[Record]) -> Result<(), Error> {
		self.write(records, |batch| {
			for record in records {
				batch.take_up(at, record);
			}
		})
	}

	/// Works out what changes and writes it, all or nothing.
	fn write<'a>(
		&mut self,
		records: impl IntoIterator<Item = &'a Record>,
		work: impl FnOnce(&mut Batch),
	) -> Result<(), Error> {
		let serial = self.serial;
		let records = records.into_iter();
		self.serial = self.connection.atomically(|connection| {
			let mut batch =
				Batch { serial, known: known(connection, records)?, ..Batch::default() };
			work(&mut batch);
			batch.write(connection, serial)
		})?;
		Ok(())
	}
}

fn check_follows(head: Option<(u64, [u8; 32])>, block: &Block) -> Result<(), Error> {
	match head {
		None if block.number == 0 => Ok(()),
		None => Err(Error::Gap { last: 0, found: block.number }),
		Some((last, _)) if block.number != last + 1 => {
			Err(Error::Gap { last, found: block.number })
		},
		Some((_, hash)) if block.parent != hash => Err(Error::Fork { number: block.number }),
		Some(_) => Ok(()),
	}
}

/// A record as it stands.
struct Known {
	serial: i64,
	begun: u64,
	changed: u64,
	removed: Option<u64>,
	value: Json,
	facts: Facts,
	is_changed: bool,
}

/// What the index holds of these records.
fn known<'a>(
	connection: &Connection,
	records: impl Iterator<Item = &'a Record>,
) -> Result<HashMap<(Kind, RecordId), Known>, Error> {
	let keys: BTreeSet<(Kind, &RecordId)> =
		records.map(|record| (record.kind, &record.id)).collect();
	let keys = keys.into_iter().map(|(kind, id)| values![kind as u8, id.as_str()].into());
	let columns = "r.kind, r.id, r.serial, r.begun, r.changed, r.removed, r.value";
	let found = connection.matching(columns, &RECORD_KEY, keys.collect(), |row| {
		let damaged = || Error::Damaged("a record's id cannot be read".into());
		let kind = Kind::from_number(row.get(0)?).ok_or_else(damaged)?;
		let id = RecordId::parse(kind, &row.get::<String>(1)?).ok_or_else(damaged)?;
		let value = super::rows::json(&row.get::<String>(6)?)?;
		let known = Known {
			serial: row.get(2)?,
			begun: row.get(3)?,
			changed: row.get(4)?,
			removed: row.get(5)?,
			facts: Facts::of(kind, id.organisation(), &value),
			value,
			is_changed: false,
		};
		Ok(((kind, id), known))
	})?;
	Ok(found.into_iter().collect())
}

/// What is to be written.
#[derive(Default)]
struct Batch {
	/// The last serial that was given.
	serial: i64,
	known: HashMap<(Kind, RecordId), Known>,
	blocks: Vec<Vec<Value>>,
	extrinsics: Vec<Vec<Value>>,
	events: Vec<Vec<Value>>,
	touches: Vec<Vec<Value>>,
	mentions: Vec<Vec<Value>>,
	versions: Vec<Vec<Value>>,
	/// Whom records concern no longer: organisation, kind, serial.
	left: BTreeSet<(u32, u8, i64)>,
	tally: BTreeMap<(u8, String), i64>,
	flow: BTreeMap<(u8, (i64, i64), String), i64>,
	daily: BTreeMap<Daily, i64>,
}

/// A line of `daily` without its count: day, between whom, purpose, stage.
type Daily = (u64, (i64, i64), String, u64);

impl Batch {
	/// Takes up a record as it stands after a block; returns its serial, or nothing for one that never was.
	fn take_up(&mut self, block: u64, record: &Record) -> Option<i64> {
		let key = (record.kind, record.id.clone());
		let Some(value) = &record.value else {
			let known = self.known.get_mut(&key)?;
			let serial = known.serial;
			if known.removed.is_none() {
				known.removed = Some(block);
				known.is_changed = true;
				let facts = known.facts.clone();
				self.count(record.kind, &facts, -1);
			}
			return Some(serial);
		};
		let facts = Facts::of(record.kind, record.id.organisation(), value);
		let Some(known) = self.known.get_mut(&key) else {
			self.serial += 1;
			let known = Known {
				serial: self.serial,
				begun: block,
				changed: block,
				removed: None,
				value: value.clone(),
				facts: facts.clone(),
				is_changed: true,
			};
			self.known.insert(key, known);
			self.count(record.kind, &facts, 1);
			self.count_daily(record.kind, value, &facts, 1);
			return Some(self.serial);
		};
		let serial = known.serial;
		let was_there = known.removed.is_none();
		let (since, until) = (known.changed, known.removed.unwrap_or(block));
		let before = std::mem::replace(&mut known.value, value.clone());
		let facts_before = std::mem::replace(&mut known.facts, facts.clone());
		(known.changed, known.removed, known.is_changed) = (block, None, true);
		if since < until {
			let patch = Patch::between(value, &before).text();
			self.versions.push(values![serial, since, until, patch].into());
		}
		if was_there {
			self.count(record.kind, &facts_before, -1);
		}
		self.count_daily(record.kind, &before, &facts_before, -1);
		let party =
			|(organisation, _): &(u32, Option<u32>)| (*organisation, record.kind as u8, serial);
		self.left.extend(facts_before.parties.iter().map(party));
		for party in facts.parties.iter().map(party) {
			self.left.remove(&party);
		}
		self.count(record.kind, &facts, 1);
		self.count_daily(record.kind, value, &facts, 1);
		Some(serial)
	}

	/// Takes up a block with its transactions and events, given the serials of its records.
	fn take_up_block(&mut self, block: &Block, serials: &HashMap<(Kind, &RecordId), i64>) {
		let row = values![
			block.number,
			block.hash,
			block.parent,
			block.time,
			block.author,
			block.spec_version,
			block.extrinsics.len(),
			block.events.len()
		];
		self.blocks.push(row.into());
		for extrinsic in &block.extrinsics {
			let row = values![
				block.number,
				extrinsic.index,
				extrinsic.hash,
				extrinsic.signer.as_deref().and_then(handle),
				extrinsic.pallet.as_str(),
				extrinsic.call.as_str(),
				extrinsic.arguments.to_string(),
				block.failures.get(&extrinsic.index).map(String::as_str),
			];
			self.extrinsics.push(row.into());
		}
		for (position, event) in (0u32..).zip(&block.events) {
			let row = values![
				block.number,
				position,
				event.extrinsic,
				event.pallet.as_str(),
				event.name.as_str(),
				event.fields.to_string(),
			];
			self.events.push(row.into());
			let touched = Kind::touched(event);
			let touched = touched.iter().filter_map(|(kind, id)| serials.get(&(*kind, id)));
			// An event may name a record twice.
			for serial in touched.collect::<BTreeSet<_>>() {
				let row = values![*serial, block.number, position, kebab(&event.name)];
				self.touches.push(row.into());
			}
		}
		self.mention(block);
	}

	fn mention(&mut self, block: &Block) {
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
		// Handles of records have a timeline of their own.
		mentions.retain(|(value, _)| !records.contains(value));
		let rows = mentions.into_iter();
		self.mentions.extend(rows.map(|(value, place)| values![value, block.number, place].into()));
	}

	/// Counts a record of the ledger's state by how it stands and between whom it is.
	fn count(&mut self, kind: Kind, facts: &Facts, by: i64) {
		let state = facts.state.clone().unwrap_or_default();
		*self.tally.entry((kind as u8, state.clone())).or_default() += by;
		for sides in sides(&facts.parties) {
			*self.flow.entry((kind as u8, sides, state.clone())).or_default() += by;
		}
	}

	/// Counts an exchange on the day on which it began.
	fn count_daily(&mut self, kind: Kind, value: &Json, facts: &Facts, by: i64) {
		let begun = value.get("begun").and_then(Json::as_u64);
		let (Kind::Exchange, Some(begun)) = (kind, begun) else { return };
		let is_filled = |name: &&&str| value.get(name).is_some_and(|field| !field.is_null());
		let stage = STEPS.iter().filter(is_filled).count() as u64;
		let purpose = facts.purpose.clone().unwrap_or_default();
		for sides in sides(&facts.parties) {
			*self.daily.entry((begun / DAY, sides, purpose.clone(), stage)).or_default() += by;
		}
	}

	/// Writes everything; returns the last serial that was given. `before` was the last one before.
	fn write(self, connection: &Connection, before: i64) -> Result<i64, Error> {
		for (organisation, kind, serial) in self.left {
			let sql = "DELETE FROM party WHERE organisation = ? AND kind = ? AND serial = ?";
			connection.execute(sql, &values![organisation, kind, serial])?;
		}
		let mut changed: Vec<_> = self.known.iter().filter(|(_, known)| known.is_changed).collect();
		changed.sort_by_key(|(_, known)| known.serial);
		let record = |((kind, id), known): &(&(Kind, RecordId), &Known)| {
			let facts = &known.facts;
			let row = values![
				known.serial,
				*kind as u8,
				id.as_str(),
				known.begun,
				known.changed,
				known.removed,
				facts.state.as_deref(),
				facts.purpose.as_deref(),
				facts.consent,
				known.value.to_string(),
			];
			row.into()
		};
		connection.insert(&RECORD, changed.iter().map(record).collect())?;
		let parties = changed.iter().flat_map(|((kind, _), known)| {
			let facts = &known.facts;
			// An organisation that is on both sides is written once.
			let parties: BTreeMap<u32, Option<u32>> = facts.parties.iter().copied().collect();
			parties.into_iter().map(move |(organisation, other)| {
				let (state, purpose) = (facts.state.as_deref(), facts.purpose.as_deref());
				values![organisation, *kind as u8, known.serial, other, state, purpose].into()
			})
		});
		connection.insert(&PARTY, parties.collect())?;
		connection.insert(&VERSION, self.versions)?;
		connection.insert(&EXTRINSIC, self.extrinsics)?;
		connection.insert(&EVENT, self.events)?;
		connection.insert(&TOUCH, self.touches)?;
		connection.insert(&MENTION, self.mentions)?;
		let tally = self.tally.into_iter();
		let tally = tally.map(|((kind, state), by)| values![kind, state, by].into());
		connection.insert(&TALLY, tally.collect())?;
		let flow = self.flow.into_iter();
		let flow = flow
			.map(|((kind, (one, other), state), by)| values![kind, one, other, state, by].into());
		connection.insert(&FLOW, flow.collect())?;
		let daily = self.daily.into_iter().map(|((day, (one, other), purpose, stage), by)| {
			values![day, one, other, purpose, stage, by].into()
		});
		connection.insert(&DAILY, daily.collect())?;
		if self.serial > before {
			connection.execute(
				"INSERT INTO given (what, last) VALUES ('serial', ?) \
				 ON CONFLICT (what) DO UPDATE SET last = excluded.last",
				&values![self.serial],
			)?;
		}
		connection.insert(&BLOCK, self.blocks)?;
		Ok(self.serial)
	}
}

/// Between whom a record is, once each: the smaller number first, -1 where there is no other side.
fn sides(parties: &[(u32, Option<u32>)]) -> BTreeSet<(i64, i64)> {
	let sides = parties.iter().map(|&(one, other)| match other {
		Some(other) => (i64::from(one.min(other)), i64::from(one.max(other))),
		None => (i64::from(one), -1),
	});
	sides.collect()
}
