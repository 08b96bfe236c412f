//! Questions to the index. Every value of a question is bound, never written into its text.

use super::{
	past::{self, Point},
	values, BlockRow, Connection, EventRow, ExtrinsicRow, RecordRow, Value,
};
use crate::{
	access::Scope,
	facts::{bytes_as_text, kebab},
	kind::{handle, Kind, RecordId},
	Error,
};
use curex_client::time;
use curex_primitives::Category;
use std::collections::{BTreeMap, BTreeSet};

/// The most rows of one page or answer.
pub const MAX_LIMIT: u32 = 200;

/// Rows of a page if nothing else is asked for.
pub const DEFAULT_LIMIT: u32 = 50;

/// The most characters of one parameter.
const MAX_PARAMETER: usize = 128;

/// Which records of a kind. [`Filter::parse`] and [`Filter::to_query`] are each other's inverse.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
	/// Only those that concern this organisation.
	pub organisation: Option<u32>,
	/// Of those, only with this other side.
	pub partner: Option<u32>,
	/// Only those that rest on this consent.
	pub consent: Option<[u8; 32]>,
	/// Only in this state.
	pub state: Option<String>,
	/// Only for this purpose.
	pub purpose: Option<String>,
	/// First seen in this block or later.
	pub from: Option<u64>,
	/// First seen in this block or earlier.
	pub to: Option<u64>,
	/// First seen in a block of this moment (milliseconds, whole seconds) or later.
	pub since: Option<u64>,
	/// First seen in a block of this moment or earlier.
	pub until: Option<u64>,
	/// Only those about this category of data.
	pub category: Option<Category>,
	/// Only those that an event of this name changed, in lower case with hyphens.
	pub action: Option<String>,
	/// Only those that belong to this case: the handle of an exchange, or the commitment to an authority's case file.
	pub case: Option<[u8; 32]>,
	/// As they stood then.
	pub at: Option<Point>,
	/// Only those before this serial: the cursor.
	pub after: Option<i64>,
	/// At most so many.
	pub limit: u32,
}

impl Filter {
	/// Reads a filter from parameters. Empty ones count as absent.
	///
	/// # Errors
	/// [`Error::Input`] that names the parameter and what it should be.
	pub fn parse(parameters: &[(String, String)]) -> Result<Self, Error> {
		let mut filter = Self { limit: DEFAULT_LIMIT, ..Self::default() };
		let mut seen: Vec<&str> = Vec::new();
		for (name, value) in parameters {
			check_parameter(name, value)?;
			if seen.contains(&name.as_str()) {
				return Err(Error::input(format!("the parameter {name} is given twice")));
			}
			seen.push(name);
			let value = value.trim();
			if value.is_empty() {
				continue;
			}
			match name.as_str() {
				"organisation" => filter.organisation = Some(number(name, value)?),
				"partner" => filter.partner = Some(number(name, value)?),
				"consent" => filter.consent = Some(handle_of(name, value)?),
				"case" => filter.case = Some(handle_of(name, value)?),
				"category" => filter.category = Some(category(value)?),
				"action" => filter.action = Some(word(name, value)?),
				"at" => filter.at = Some(Point::parse(name, value)?),
				"state" => filter.state = Some(word(name, value)?),
				"purpose" => filter.purpose = Some(word(name, value)?),
				"from" => filter.from = Some(number(name, value)?),
				"to" => filter.to = Some(number(name, value)?),
				"since" => filter.since = Some(moment(name, value)?),
				"until" => filter.until = Some(moment(name, value)?),
				"after" => filter.after = Some(number(name, value)?),
				"limit" => {
					filter.limit = number(name, value)?;
					if !(1..=MAX_LIMIT).contains(&filter.limit) {
						return Err(Error::input(format!("limit: expected 1 to {MAX_LIMIT}")));
					}
				},
				_ => return Err(Error::input(format!("there is no parameter {name}"))),
			}
		}
		if filter.partner.is_some() && filter.organisation.is_none() {
			return Err(Error::input("partner: give the organisation as well"));
		}
		if filter.from.zip(filter.to).is_some_and(|(from, to)| from > to) {
			return Err(Error::input("from: lies after to"));
		}
		if filter.since.zip(filter.until).is_some_and(|(since, until)| since > until) {
			return Err(Error::input("since: lies after until"));
		}
		Ok(filter)
	}

	/// The filter as the query of an address, without cursor.
	pub fn to_query(&self) -> String {
		let text = |value: Option<String>| value;
		let parts = [
			("organisation", text(self.organisation.map(|number| number.to_string()))),
			("partner", self.partner.map(|number| number.to_string())),
			("consent", self.consent.map(|bytes| format!("0x{}", hex::encode(bytes)))),
			("state", self.state.clone()),
			("purpose", self.purpose.clone()),
			("category", self.category.map(category_word)),
			("action", self.action.clone()),
			("case", self.case.map(|bytes| format!("0x{}", hex::encode(bytes)))),
			("from", self.from.map(|number| number.to_string())),
			("to", self.to.map(|number| number.to_string())),
			("since", self.since.and_then(time::text)),
			("until", self.until.and_then(time::text)),
			("at", self.at.and_then(Point::text)),
			("limit", (self.limit != DEFAULT_LIMIT).then(|| self.limit.to_string())),
		];
		// Words are letters, digits and hyphens, moments end in Z: nothing needs escaping.
		let parts =
			parts.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?)));
		parts.collect::<Vec<_>>().join("&")
	}
}

/// Refuses a parameter that is longer than anything that can be meant.
pub fn check_parameter(name: &str, value: &str) -> Result<(), Error> {
	if name.len() > 32 || value.len() > MAX_PARAMETER {
		return Err(Error::input(format!("a parameter has at most {MAX_PARAMETER} characters")));
	}
	Ok(())
}

/// Reads a number, not negative.
pub fn number<N: std::str::FromStr>(name: &str, text: &str) -> Result<N, Error> {
	let wrong = || Error::input(format!("{name}: expected a number"));
	if !text.bytes().all(|byte| byte.is_ascii_digit()) {
		return Err(wrong());
	}
	text.parse().map_err(|_| wrong())
}

fn handle_of(name: &str, text: &str) -> Result<[u8; 32], Error> {
	let wrong = || Error::input(format!("{name}: expected a handle of 64 hexadecimal digits"));
	handle(text).ok_or_else(wrong)
}

/// A category of data as a filter writes it.
pub fn category_word(category: Category) -> String {
	kebab(&format!("{category:?}"))
}

fn category(text: &str) -> Result<Category, Error> {
	let mut known = Category::ALL.iter().copied();
	known.find(|category| category_word(*category) == text.to_ascii_lowercase()).ok_or_else(|| {
		let words: Vec<String> = Category::ALL.iter().copied().map(category_word).collect();
		Error::input(format!("category: expected one of {}", words.join(", ")))
	})
}

/// Reads a moment with its zone, to the second.
pub(super) fn moment(name: &str, text: &str) -> Result<u64, Error> {
	let moment = time::read(text).ok_or_else(|| {
		Error::input(format!(
			"{name}: expected a moment with its zone, such as 2026-11-01T08:00:00Z"
		))
	})?;
	Ok(moment / 1_000 * 1_000)
}

fn word(name: &str, text: &str) -> Result<String, Error> {
	if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
		Ok(text.to_ascii_lowercase())
	} else {
		Err(Error::input(format!("{name}: expected a word such as not-served")))
	}
}

/// A page of a list and the cursor of the next one.
#[derive(Clone, PartialEq, Debug, serde::Serialize)]
pub struct Page<T> {
	/// The rows, newest first.
	pub items: Vec<T>,
	/// What `after` has to be for the rows that follow; nothing at the end.
	pub next: Option<i64>,
}

/// The records of a kind that pass a filter and are in scope, newest first. A page may have fewer than there are: `next` goes
/// on where this one stopped looking.
///
/// # Errors
/// [`Error::Input`] and [`Error::NotFound`] for a point in time of which the index knows nothing; [`Error::Database`],
/// [`Error::Server`], [`Error::Damaged`].
pub fn records(
	connection: &Connection,
	scope: &Scope,
	kind: Kind,
	filter: &Filter,
) -> Result<Page<RecordRow>, Error> {
	if filter.at.is_some() || filter.category.is_some() {
		past::looked_through(connection, scope, kind, filter)
	} else {
		present(connection, scope, kind, filter, None)
	}
}

/// So many records that an action changed are looked through for one page.
const BY_ACTION: u32 = 5_000;

/// The records as they stand; by an action those alone that it changed up to block `by`.
pub(super) fn present(
	connection: &Connection,
	scope: &Scope,
	kind: Kind,
	filter: &Filter,
	by: Option<u64>,
) -> Result<Page<RecordRow>, Error> {
	// Who sees one organisation alone asks about that one, which an index answers.
	let mut own = filter.clone();
	if let (None, Some(organisations)) = (filter.organisation, scope.organisations()) {
		let mut organisations = organisations.iter();
		let only = organisations.next().filter(|_| organisations.next().is_none());
		let is_by_party = !matches!(kind, Kind::Organisation | Kind::Erasure | Kind::Review);
		own.organisation = only.copied().filter(|_| is_by_party);
	}
	let filter = &own;
	let Some((low, high)) = serials(connection, kind, filter)? else {
		return Ok(Page { items: Vec::new(), next: None });
	};
	let mut values: Vec<Value> = Vec::new();
	let mut sql = format!("SELECT {} FROM ", RecordRow::COLUMNS);
	// What an action changed are few or many; a consent has few exchanges, an organisation many: who has few leads.
	let mut window = None;
	let table = if let Some(action) = &filter.action {
		let by = by.and_then(|by| i64::try_from(by).ok()).unwrap_or(i64::MAX);
		let changed = format!(
			"(SELECT DISTINCT serial FROM touch WHERE action = ? AND block <= ? AND serial >= ? AND serial < ? \
			 ORDER BY serial DESC LIMIT {BY_ACTION})"
		);
		let bound = values![action.as_str(), by, low, high];
		values.extend(bound.clone());
		sql.push_str(&format!(
			"{changed} t CROSS JOIN record r ON r.serial = t.serial WHERE r.kind = ?"
		));
		window = Some((format!("SELECT count(*), min(serial) FROM {changed} t"), bound));
		values.push((kind as u8).into());
		"r"
	} else if let (Some(organisation), None) = (filter.organisation, filter.consent) {
		let index = if filter.partner.is_some() { " INDEXED BY party_other" } else { "" };
		sql.push_str(&format!(
			"party p{index} CROSS JOIN record r ON r.serial = p.serial WHERE p.kind = ? AND p.organisation = ?"
		));
		values.extend(values![kind as u8, organisation]);
		if let Some(partner) = filter.partner {
			values.push(partner.into());
			sql.push_str(" AND p.other = ?");
		}
		"p"
	} else {
		let index = if filter.consent.is_some() { " INDEXED BY record_consent" } else { "" };
		sql.push_str(&format!("record r{index} WHERE r.kind = ?"));
		values.push((kind as u8).into());
		"r"
	};
	if let (Some(organisation), "r") = (filter.organisation, table) {
		sql.push_str(" AND EXISTS (SELECT 1 FROM party p WHERE p.serial = r.serial AND p.kind = r.kind AND p.organisation = ?");
		values.push(organisation.into());
		if let Some(partner) = filter.partner {
			sql.push_str(" AND p.other = ?");
			values.push(partner.into());
		}
		sql.push(')');
	}
	let mut narrow = |condition: String, value: Value| {
		sql.push_str(&condition);
		values.push(value);
	};
	if let Some(consent) = filter.consent {
		narrow(" AND r.consent = ?".into(), consent.into());
	}
	if let Some(state) = &filter.state {
		narrow(format!(" AND {table}.state = ?"), state.clone().into());
	}
	if let Some(purpose) = &filter.purpose {
		narrow(format!(" AND {table}.purpose = ?"), purpose.clone().into());
	}
	narrow(format!(" AND {table}.serial >= ?"), low.into());
	narrow(format!(" AND {table}.serial < ?"), high.into());
	if let Some(case) = filter.case {
		let handles = past::case(connection, case)?.into_iter();
		let texts: Vec<Value> =
			handles.map(|handle| format!("0x{}", hex::encode(handle)).into()).collect();
		let places = vec!["?"; texts.len()].join(", ");
		if kind == Kind::Inquiry {
			sql.push_str(&format!(
				" AND (r.value ->> '$.about' IN ({places}) OR r.value ->> '$.case' IN ({places}))"
			));
			values.extend(texts.clone());
		} else {
			sql.push_str(&format!(" AND r.id IN ({places})"));
		}
		values.extend(texts);
	}
	scope.condition(kind, &mut sql, &mut values);
	sql.push_str(&format!(" ORDER BY {table}.serial DESC LIMIT ?"));
	values.push((filter.limit + 1).into());
	let mut items = connection.all(&sql, &values, RecordRow::read)?;
	let more = items.len() > filter.limit as usize;
	items.truncate(filter.limit as usize);
	let mut next = if more { items.last().map(|row| row.serial) } else { None };
	if let (None, Some((sql, bound))) = (next, window) {
		let looked_through: Option<(u32, Option<i64>)> =
			connection.one(&sql, &bound, |row| Ok((row.get(0)?, row.get(1)?)))?;
		next = looked_through.filter(|(count, _)| *count == BY_ACTION).and_then(|(_, last)| last);
	}
	Ok(Page { items, next })
}

/// From which serial on, and before which, the records are that a filter's blocks, moments and cursor let through; nothing if
/// there can be none. Serials grow with the block of the first sight.
fn serials(
	connection: &Connection,
	kind: Kind,
	filter: &Filter,
) -> Result<Option<(i64, i64)>, Error> {
	let (mut low, mut high) = (0, filter.after.unwrap_or(i64::MAX));
	let since = filter.since.map(|since| block_at(connection, since)).transpose()?;
	// The first block after the second that was named.
	let until = filter.until.map(|until| block_at(connection, until.saturating_add(1_000)));
	let to = filter.to.map(|to| to.checked_add(1));
	for first in [since, filter.from.map(Some)].into_iter().flatten() {
		match first.map(|block| edge(connection, kind, block)).transpose()?.flatten() {
			Some(serial) => low = low.max(serial),
			None => return Ok(None),
		}
	}
	for end in [until.transpose()?, to].into_iter().flatten().flatten() {
		if let Some(serial) = edge(connection, kind, end)? {
			high = high.min(serial);
		}
	}
	Ok(Some((low, high)))
}

/// The first block that was made at this moment (in milliseconds) or later, if there is one. Blocks follow each other in
/// time.
pub fn block_at(connection: &Connection, moment: u64) -> Result<Option<u64>, Error> {
	let Some(head) = head(connection)? else { return Ok(None) };
	let (mut low, mut high) = (0, head.number + 1);
	while low < high {
		let middle = low + (high - low) / 2;
		let time = block(connection, middle)?.and_then(|block| block.time).unwrap_or_default();
		if time >= moment {
			high = middle;
		} else {
			low = middle + 1;
		}
	}
	Ok((low <= head.number).then_some(low))
}

/// Serial of the first record of a kind that was first seen in this block or later.
pub(super) fn edge(connection: &Connection, kind: Kind, block: u64) -> Result<Option<i64>, Error> {
	let Ok(block) = i64::try_from(block) else { return Ok(None) };
	let sql =
		"SELECT serial FROM record WHERE kind = ? AND begun >= ? ORDER BY begun, serial LIMIT 1";
	connection.one(sql, &values![kind as u8, block], |row| row.get(0))
}

/// A record, if it is in scope.
pub fn record(
	connection: &Connection,
	scope: &Scope,
	kind: Kind,
	id: &RecordId,
) -> Result<Option<RecordRow>, Error> {
	let sql = format!("SELECT {} FROM record r WHERE kind = ? AND id = ?", RecordRow::COLUMNS);
	match connection.one(&sql, &values![kind as u8, id.as_str()], RecordRow::read)? {
		Some(row) if scope.admits(connection, &row)? => Ok(Some(row)),
		_ => Ok(None),
	}
}

/// Numbers of the organisations that are established in a country, as their records name it.
pub fn organisations_of(
	connection: &Connection,
	country: &serde_json::Value,
) -> Result<Vec<u32>, Error> {
	let sql = "SELECT id, CAST(value -> '$.country' AS TEXT) FROM record WHERE kind = ?";
	let rows = connection.all(sql, &values![Kind::Organisation as u8], |row| {
		Ok((row.get::<String>(0)?, row.get::<Option<String>>(1)?))
	})?;
	let wanted = bytes_as_text(country);
	let is_there = |text: &Option<String>| {
		let value = text.as_deref().and_then(|text| serde_json::from_str(text).ok());
		value.as_ref().and_then(bytes_as_text) == wanted
	};
	let there = rows.iter().filter(|(_, country)| wanted.is_some() && is_there(country));
	Ok(there.filter_map(|(id, _)| id.parse().ok()).collect())
}

/// The newest record of a kind for each organisation, of all of them: for aggregates alone.
pub fn newest(connection: &Connection, kind: Kind) -> Result<BTreeMap<u32, RecordRow>, Error> {
	let sql = format!(
		"SELECT {}, o.number FROM (SELECT CAST(id AS BIGINT) AS number FROM record WHERE kind = ?) o \
		 JOIN record r ON r.serial = (SELECT max(serial) FROM party WHERE organisation = o.number AND kind = ?)",
		RecordRow::COLUMNS
	);
	let values = values![Kind::Organisation as u8, kind as u8];
	let rows = connection.all(&sql, &values, |row| Ok((row.get(10)?, RecordRow::read(row)?)))?;
	Ok(rows.into_iter().collect())
}

/// The events that changed a record, oldest first, and whether there are more than these.
pub fn timeline(
	connection: &Connection,
	record: &RecordRow,
) -> Result<(Vec<EventRow>, bool), Error> {
	const MOST: usize = 500;
	let sql = format!(
		"SELECT {} FROM touch t JOIN event e USING (block, position) WHERE t.serial = ? \
		 ORDER BY block, position LIMIT {}",
		EventRow::COLUMNS,
		MOST + 1
	);
	let mut events = connection.all(&sql, &values![record.serial], EventRow::read)?;
	let more = events.len() > MOST;
	events.truncate(MOST);
	Ok((events, more))
}

/// Blocks, newest first; only those before `after`.
pub fn blocks(
	connection: &Connection,
	after: Option<u64>,
	limit: u32,
) -> Result<Vec<BlockRow>, Error> {
	let sql = format!(
		"SELECT {} FROM block WHERE number < ? ORDER BY number DESC LIMIT ?",
		BlockRow::COLUMNS
	);
	let after = after.and_then(|after| i64::try_from(after).ok()).unwrap_or(i64::MAX);
	connection.all(&sql, &values![after, limit], BlockRow::read)
}

/// A block by its number.
pub fn block(connection: &Connection, number: u64) -> Result<Option<BlockRow>, Error> {
	let Ok(number) = i64::try_from(number) else { return Ok(None) };
	let sql = format!("SELECT {} FROM block WHERE number = ?", BlockRow::COLUMNS);
	connection.one(&sql, &values![number], BlockRow::read)
}

/// A block by its hash.
pub fn block_of_hash(connection: &Connection, hash: [u8; 32]) -> Result<Option<BlockRow>, Error> {
	let sql = format!("SELECT {} FROM block WHERE hash = ?", BlockRow::COLUMNS);
	connection.one(&sql, &values![hash], BlockRow::read)
}

/// The last block.
pub fn head(connection: &Connection) -> Result<Option<BlockRow>, Error> {
	Ok(blocks(connection, None, 1)?.pop())
}

/// The transactions of a block, in order.
fn extrinsics(connection: &Connection, block: u64) -> Result<Vec<ExtrinsicRow>, Error> {
	let sql = format!(
		"SELECT {} FROM extrinsic WHERE block = ? ORDER BY position",
		ExtrinsicRow::COLUMNS
	);
	connection.all(&sql, &values![block], ExtrinsicRow::read)
}

/// The events of a block, in order.
fn events(connection: &Connection, block: u64) -> Result<Vec<EventRow>, Error> {
	let sql = format!("SELECT {} FROM event WHERE block = ? ORDER BY position", EventRow::COLUMNS);
	connection.all(&sql, &values![block], EventRow::read)
}

/// A transaction in scope with its events, in order.
///
/// # Errors
/// [`Error::NotFound`] when there is none in scope.
pub fn transaction(
	connection: &Connection,
	scope: &Scope,
	block: u64,
	position: u32,
) -> Result<(ExtrinsicRow, Vec<EventRow>), Error> {
	let none = || Error::NotFound("there is no such transaction".into());
	let number = i64::try_from(block).map_err(|_| none())?;
	let sql =
		format!("SELECT {} FROM extrinsic WHERE block = ? AND position = ?", ExtrinsicRow::COLUMNS);
	let row = connection.one(&sql, &values![number, position], ExtrinsicRow::read)?;
	let sql = format!(
		"SELECT {} FROM event WHERE block = ? AND extrinsic = ? ORDER BY position",
		EventRow::COLUMNS
	);
	let events = connection.all(&sql, &values![number, position], EventRow::read)?;
	let (mut rows, events) = scope.choose(connection, row.into_iter().collect(), events)?;
	Ok((rows.pop().ok_or_else(none)?, events))
}

/// How many records of a kind stand in a state, and between how many organisations.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
	/// How many records.
	pub count: u64,
	/// How many organisations they concern.
	pub organisations: u64,
}

/// Counts by kind and state.
pub type Tallies = BTreeMap<Kind, BTreeMap<String, u64>>;

/// How many records in scope stand in each state.
pub fn tallies(connection: &Connection, scope: &Scope) -> Result<Tallies, Error> {
	let mut tallies = Tallies::new();
	let mut add = |kind: u8, state: String, count: u64| {
		if let Some(kind) = Kind::from_number(kind).filter(|kind| scope.has(*kind)) {
			*tallies.entry(kind).or_default().entry(state).or_default() += count;
		}
	};
	let Some(organisations) = scope.organisations() else {
		let sql = "SELECT kind, state, count FROM tally WHERE count > 0";
		for (kind, state, count) in
			connection.all(sql, &[], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
		{
			add(kind, state, count);
		}
		return Ok(tallies);
	};
	for (kind, one, other, state, count) in flows(connection)? {
		// Purposes are not counted: who sees some purposes alone is told no counts of exchanges.
		let told = kind != Kind::Exchange as u8 || scope.purposes().is_none();
		let concerns = organisations.contains(&one)
			|| other.is_some_and(|other| organisations.contains(&other));
		if told && concerns {
			add(kind, state, count);
		}
	}
	Ok(tallies)
}

/// The counts of the whole sector, with how many organisations stand behind each: what may be published is decided by
/// that number.
pub fn sector(connection: &Connection) -> Result<BTreeMap<(Kind, String), Tally>, Error> {
	let mut behind: BTreeMap<(Kind, String), (u64, BTreeSet<u32>)> = BTreeMap::new();
	for (kind, one, other, state, count) in flows(connection)? {
		if let Some(kind) = Kind::from_number(kind) {
			let (sum, organisations) = behind.entry((kind, state)).or_default();
			*sum += count;
			organisations.insert(one);
			organisations.extend(other);
		}
	}
	let tallies = behind.into_iter().map(|(what, (count, organisations))| {
		(what, Tally { count, organisations: organisations.len() as u64 })
	});
	Ok(tallies.collect())
}

/// Kind, organisation with the smaller number, the other side, state, how many.
type Flow = (u8, u32, Option<u32>, String, u64);

fn flows(connection: &Connection) -> Result<Vec<Flow>, Error> {
	let sql =
		"SELECT kind, organisation, nullif(other, -1), state, count FROM flow WHERE count > 0";
	connection
		.all(sql, &[], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))
}

/// Names of the organisations.
pub fn names(connection: &Connection) -> Result<BTreeMap<u32, String>, Error> {
	let sql = "SELECT id, CAST(value ->> '$.name' AS TEXT) FROM record WHERE kind = ?";
	let rows = connection.all(sql, &values![Kind::Organisation as u8], |row| {
		Ok((row.get::<String>(0)?, row.get::<Option<String>>(1)?))
	})?;
	let named = rows.into_iter().filter_map(|(id, name)| {
		let name = name.unwrap_or_default();
		// Short names are lists of numbers, long ones hexadecimal text.
		let value = serde_json::from_str(&name).unwrap_or_else(|_| name.into());
		Some((id.parse().ok()?, bytes_as_text(&value).unwrap_or_default()))
	});
	Ok(named.collect())
}

/// The organisation for which an account acts.
pub fn organisation_of(connection: &Connection, account: [u8; 32]) -> Result<Option<u32>, Error> {
	let id = format!("0x{}", hex::encode(account));
	let sql =
		"SELECT CAST(value ->> '$.organisation' AS BIGINT) FROM record WHERE kind = ? AND id = ?";
	connection.one(sql, &values![Kind::Account as u8, id], |row| row.get(0))
}

/// A block by number or hash as a person writes it, with those of its transactions and events that are in scope.
///
/// # Errors
/// [`Error::Input`] when the text is neither; [`Error::NotFound`] when no such block is final.
pub fn whole_block(
	connection: &Connection,
	scope: &Scope,
	which: &str,
) -> Result<(BlockRow, Vec<ExtrinsicRow>, Vec<EventRow>), Error> {
	check_parameter("block", which)?;
	let row = match handle(which) {
		Some(hash) => block_of_hash(connection, hash)?,
		None => block(connection, number("block", which)?)?,
	};
	let row = row.ok_or_else(|| Error::NotFound("there is no such final block".into()))?;
	let (extrinsics, events) = scope.choose(
		connection,
		extrinsics(connection, row.number)?,
		events(connection, row.number)?,
	)?;
	Ok((row, extrinsics, events))
}

#[cfg(test)]
mod tests {
	use super::*;

	fn parse(text: &str) -> Result<Filter, Error> {
		let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
			let (name, value) = pair.split_once('=').unwrap();
			(name.to_string(), value.to_string())
		});
		Filter::parse(&pairs.collect::<Vec<_>>())
	}

	#[test]
	fn a_filter_survives_its_address() {
		let consent = "0x".to_owned() + &"0c".repeat(32);
		let text = format!(
			"organisation=1&partner=4&consent={consent}&state=not-served&purpose=treatment&category=test-result\
			 &action=not-served&case={consent}&from=3&to=9&since=2026-11-01T08:00:00Z&until=2026-11-02T08:00:00Z\
			 &at=2026-11-03T08:00:00Z&limit=7"
		);
		let filter = parse(&text).unwrap();
		assert_eq!(filter.to_query(), text);
		assert_eq!(parse(&filter.to_query()).unwrap(), filter);
		assert_eq!(parse("state=&limit=").unwrap().to_query(), "");
	}

	#[test]
	fn what_cannot_be_meant_is_refused_with_the_name_of_the_parameter() {
		for (text, said) in [
			("organisation=one", "organisation: expected a number"),
			("organisation=-1", "organisation"),
			("organisation=4294967296", "organisation"),
			("partner=1", "partner: give the organisation"),
			("consent=0x00", "consent: expected"),
			("state=a'b", "state: expected a word"),
			("category=dreams", "category: expected one of patient-summary, prescription"),
			("action=a;b", "action: expected a word"),
			("case=12", "case: expected a handle"),
			("at=yesterday", "at: expected a moment with its zone"),
			("at=99999999999999999999", "at: expected a number"),
			("after=99999999999999999999", "after"),
			("limit=0", "limit"),
			("limit=201", "limit"),
			("from=5&to=4", "from"),
			("since=2026-11-01", "since: expected a moment with its zone"),
			("until=2026-11-01T08:00:00", "until: expected a moment"),
			("since=2026-11-02T00:00:00Z&until=2026-11-01T00:00:00Z", "since: lies after until"),
			("colour=red", "no parameter colour"),
			("from=1&from=2", "given twice"),
		] {
			let error = parse(text).unwrap_err().to_string();
			assert!(error.contains(said), "{text}: {error}");
		}
		assert!(parse(&format!("state={}", "a".repeat(129))).is_err());
	}
}
