//! How records stood after a block of the past: worked out from how they stand and what changed since.

use super::{
	patch::Patch,
	query::{self, Filter, Page, MAX_LIMIT},
	rows, values, BlockRow, Connection, Of, RecordRow, Table,
};
use crate::{access::Scope, facts::Facts, kind::Kind, Error};
use curex_client::time;
use std::collections::{BTreeMap, HashMap};

/// A page looks through at most so many records; what comes after them, the next page looks through.
pub const LOOKED_THROUGH: usize = 2_000;

const VERSION_KEY: Table =
	Table { name: "version", columns: &[("serial", Of::Number)], conflict: "" };

/// A point in the ledger's time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Point {
	/// After this block.
	Block(u64),
	/// At this moment, in milliseconds: after the last block that was made by then.
	Moment(u64),
}

impl Point {
	/// Reads the number of a block, or a moment with its zone.
	///
	/// # Errors
	/// [`Error::Input`].
	pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
		if text.bytes().all(|byte| byte.is_ascii_digit()) {
			query::number(name, text).map(Self::Block)
		} else {
			query::moment(name, text).map(Self::Moment)
		}
	}

	/// As it is read.
	pub fn text(self) -> Option<String> {
		match self {
			Self::Block(number) => Some(number.to_string()),
			Self::Moment(moment) => time::text(moment),
		}
	}

	/// The block after which things are to be told.
	///
	/// # Errors
	/// [`Error::Input`] for a block that is not indexed; [`Error::NotFound`] when none was made by then.
	pub fn block(self, connection: &Connection) -> Result<BlockRow, Error> {
		let number = match self {
			Self::Block(number) => Some(number),
			Self::Moment(moment) => {
				let none = || Error::NotFound("no block was made by then".into());
				let head = query::head(connection)?.ok_or_else(none)?;
				// The first block after the second that was named.
				let after = query::block_at(connection, moment.saturating_add(1_000))?;
				after.unwrap_or(head.number + 1).checked_sub(1)
			},
		};
		let block = match number {
			// The first block says no time; it was not made at every earlier moment.
			Some(0) if matches!(self, Self::Moment(_)) => None,
			Some(number) => query::block(connection, number)?,
			None => None,
		};
		block.ok_or_else(|| match self {
			Self::Block(number) => Error::input(format!("at: block {number} is not indexed")),
			Self::Moment(_) => Error::NotFound("no block was made by then".into()),
		})
	}
}

/// Those of these records that were there after a block, as they stood then.
pub(super) fn as_of(
	connection: &Connection,
	records: Vec<RecordRow>,
	block: u64,
) -> Result<Vec<RecordRow>, Error> {
	let changed = records.iter().filter(|row| row.changed > block && row.begun <= block);
	let keys = changed.map(|row| values![row.serial].into()).collect();
	let mut versions: HashMap<i64, BTreeMap<u64, (u64, Patch)>> = HashMap::new();
	let columns = "r.serial, r.since, r.until, r.patch";
	let found = connection.matching(columns, &VERSION_KEY, keys, |row| {
		let patch = Patch::read(&row.get::<String>(3)?)?;
		Ok((row.get::<i64>(0)?, row.get::<u64>(1)?, row.get::<u64>(2)?, patch))
	})?;
	for (serial, since, until, patch) in found {
		versions.entry(serial).or_default().insert(since, (until, patch));
	}
	let stood = records.into_iter().filter_map(|mut row| {
		if row.changed > block {
			// Back from how it stands, one change after the other.
			let mut stood = false;
			for (since, (until, patch)) in versions.remove(&row.serial)?.into_iter().rev() {
				patch.apply(&mut row.value);
				if since <= block {
					(row.changed, stood) = (since, block < until);
					break;
				}
			}
			let facts = Facts::of(row.kind, row.id.organisation(), &row.value);
			(row.state, row.purpose, row.consent) = (facts.state, facts.purpose, facts.consent);
			row.removed = None;
			return stood.then_some(row);
		}
		let was_there = row.removed.is_none_or(|removed| removed > block);
		row.removed = None;
		was_there.then_some(row)
	});
	Ok(stood.collect())
}

/// The records that pass a filter, of which some part has to be worked out: how they stood, which categories they are about.
pub(super) fn looked_through(
	connection: &Connection,
	scope: &Scope,
	kind: Kind,
	filter: &Filter,
) -> Result<Page<RecordRow>, Error> {
	let block = filter.at.map(|at| at.block(connection)).transpose()?.map(|block| block.number);
	let mut asked = Filter { limit: MAX_LIMIT, ..filter.clone() };
	if let Some(block) = block {
		asked.state = None;
		asked.to = Some(filter.to.map_or(block, |to| to.min(block)));
	}
	let is_asked_for = |row: &RecordRow| {
		let is_in_state = filter.state.is_none() || row.state == filter.state;
		let facts = || Facts::of(row.kind, row.id.organisation(), &row.value);
		is_in_state
			&& filter.category.is_none_or(|category| {
				facts().categories.is_some_and(|bits| bits & (1 << category as u8) != 0)
			})
	};
	let mut items: Vec<RecordRow> = Vec::new();
	let mut looked_through = 0;
	loop {
		let page = query::present(connection, scope, kind, &asked, block)?;
		looked_through += page.items.len();
		let rows = match block {
			Some(block) => as_of(connection, page.items, block)?,
			None => page.items,
		};
		for row in rows.into_iter().filter(is_asked_for) {
			if items.len() == filter.limit as usize {
				let next = items.last().map(|row| row.serial);
				return Ok(Page { items, next });
			}
			items.push(row);
		}
		if page.next.is_none() || looked_through >= LOOKED_THROUGH {
			return Ok(Page { items, next: page.next });
		}
		asked.after = page.next;
	}
}

/// A record in scope as it stood after a block.
///
/// # Errors
/// [`Error::Database`], [`Error::Server`], [`Error::Damaged`].
pub fn record(
	connection: &Connection,
	scope: &Scope,
	kind: Kind,
	id: &crate::RecordId,
	block: u64,
) -> Result<Option<RecordRow>, Error> {
	let row = query::record(connection, scope, kind, id)?;
	Ok(as_of(connection, row.into_iter().collect(), block)?.pop())
}

/// The handles that belong to a case: the record of that handle with those that it names; for an authority's case file what
/// its inquiries are about.
pub(super) fn case(connection: &Connection, handle: [u8; 32]) -> Result<Vec<[u8; 32]>, Error> {
	let text = format!("0x{}", hex::encode(handle));
	let sql = "SELECT value FROM record WHERE kind = ? AND value ->> '$.case' = ? ORDER BY serial DESC LIMIT 200";
	let inquiries = connection
		.all(sql, &values![Kind::Inquiry as u8, text], |row| rows::json(&row.get::<String>(0)?))?;
	let mut about = vec![handle];
	for inquiry in &inquiries {
		if let Some(value) = inquiry.get("about") {
			crate::facts::handles(value, &mut about);
		}
	}
	let mut found = about.clone();
	for handle in about {
		let Some(id) = crate::RecordId::parse(Kind::Exchange, &hex::encode(handle)) else {
			continue;
		};
		if let Some(row) = query::record(connection, &Scope::everything(), Kind::Exchange, &id)? {
			crate::facts::handles(&row.value, &mut found);
		}
	}
	found.sort_unstable();
	found.dedup();
	Ok(found)
}
