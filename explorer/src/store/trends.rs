//! How things go over time and between whom: what the charts draw.

use super::{
	query::{self, Filter},
	Connection, RecordRow,
};
use crate::{access::Scope, facts::kebab, kind::Kind, Error};
use serde::Serialize;
use std::collections::BTreeMap;

/// A week, in milliseconds.
const WEEK: u64 = 7 * 86_400_000;

/// Levels of risk are followed over so many weeks.
pub const WEEKS: u64 = 26;

/// The life-cycle is counted over so many of the last exchanges.
pub const LAST_EXCHANGES: usize = 1_000;

/// So many assessments are looked at, the newest.
const MOST_ASSESSMENTS: usize = 4_000;

/// So many pairs of organisations are named.
pub const MOST_PAIRS: usize = 20;

/// The steps of an exchange that leave a commitment in its record, and the field that holds it; the first leaves none.
const STAGES: [(&str, Option<&str>); 4] = [
	("asked", None),
	("sent", Some("payload")),
	("received", Some("receipt")),
	("acknowledged", Some("acknowledgement")),
];

/// What the charts draw, for what somebody may see.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Trends {
	/// The moment up to which they go: that of the last block, in milliseconds.
	pub moment: u64,
	/// How far the last exchanges came, in the order of their life.
	pub stages: Vec<Stage>,
	/// Between whom most exchanges are; nothing for those who are told no counts.
	pub pairs: Vec<Pair>,
	/// Levels of risk week by week, oldest first.
	pub weeks: Vec<Week>,
}

/// A step of an exchange's life.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Stage {
	/// Its name.
	pub name: &'static str,
	/// How many of the last exchanges came so far.
	pub exchanges: u64,
}

/// Two organisations that exchange.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Pair {
	/// The one with the smaller number.
	pub one: u32,
	/// The other.
	pub other: u32,
	/// Exchanges between them, in either direction.
	pub exchanges: u64,
}

/// How organisations stood at the end of a week.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Week {
	/// Its end, in milliseconds.
	pub end: u64,
	/// How many organisations stood at a level by their newest assessment then, by kind of risk.
	pub levels: BTreeMap<&'static str, BTreeMap<String, u64>>,
}

/// Works out what the charts draw. `risks` are the fields of an assessment to follow.
///
/// # Errors
/// [`Error::Database`], [`Error::Server`] and [`Error::Damaged`].
pub fn trends(
	connection: &Connection,
	scope: &Scope,
	risks: &[&'static str],
) -> Result<Trends, Error> {
	let moment = query::head(connection)?.and_then(|head| head.time).unwrap_or_default();
	Ok(Trends {
		moment,
		stages: stages(connection, scope)?,
		pairs: pairs(connection, scope)?,
		weeks: weeks(connection, scope, risks, moment)?,
	})
}

/// The newest records of a kind in scope, at most so many.
fn last(
	connection: &Connection,
	scope: &Scope,
	kind: Kind,
	most: usize,
) -> Result<Vec<RecordRow>, Error> {
	let mut filter = Filter { limit: query::MAX_LIMIT, ..Filter::default() };
	let mut rows = Vec::new();
	loop {
		let page = query::records(connection, scope, kind, &filter)?;
		rows.extend(page.items);
		filter.after = page.next;
		if page.next.is_none() || rows.len() >= most {
			rows.truncate(most);
			return Ok(rows);
		}
	}
}

fn stages(connection: &Connection, scope: &Scope) -> Result<Vec<Stage>, Error> {
	let exchanges = last(connection, scope, Kind::Exchange, LAST_EXCHANGES)?;
	let came = |field: Option<&str>| {
		let came =
			exchanges.iter().filter(|row| field.is_none_or(|name| !row.value[name].is_null()));
		came.count() as u64
	};
	Ok(STAGES.iter().map(|&(name, field)| Stage { name, exchanges: came(field) }).collect())
}

fn pairs(connection: &Connection, scope: &Scope) -> Result<Vec<Pair>, Error> {
	// Purposes are not counted: who sees some purposes alone is told no counts of exchanges.
	if !scope.has(Kind::Exchange) || scope.purposes().is_some() {
		return Ok(Vec::new());
	}
	let seen = |one: &u32| scope.organisations().is_none_or(|seen| seen.contains(one));
	let mut counts: BTreeMap<(u32, u32), u64> = BTreeMap::new();
	for (kind, one, other, _, count) in query::flows(connection)? {
		if let (true, Some(other)) = (kind == Kind::Exchange as u8, other) {
			if seen(&one) || seen(&other) {
				*counts.entry((one, other)).or_default() += count;
			}
		}
	}
	let pairs = counts.into_iter().map(|((one, other), exchanges)| Pair { one, other, exchanges });
	let mut pairs: Vec<Pair> = pairs.collect();
	pairs.sort_by_key(|pair| std::cmp::Reverse(pair.exchanges));
	pairs.truncate(MOST_PAIRS);
	Ok(pairs)
}

fn weeks(
	connection: &Connection,
	scope: &Scope,
	risks: &[&'static str],
	moment: u64,
) -> Result<Vec<Week>, Error> {
	// Oldest first, so that a later one of the same organisation takes the place of an earlier one.
	let mut assessments = Vec::new();
	for row in last(connection, scope, Kind::Assessment, MOST_ASSESSMENTS)?.into_iter().rev() {
		let made = query::block(connection, row.begun)?.and_then(|block| block.time);
		assessments.push((made.unwrap_or_default(), row));
	}
	let mut weeks = Vec::new();
	for back in (0..WEEKS).rev() {
		let end = moment.saturating_sub(back * WEEK);
		let mut newest: BTreeMap<u32, &RecordRow> = BTreeMap::new();
		for (_, row) in assessments.iter().filter(|(made, _)| *made <= end) {
			newest.extend(row.id.organisation().map(|organisation| (organisation, row)));
		}
		let mut levels: BTreeMap<&'static str, BTreeMap<String, u64>> = BTreeMap::new();
		for &risk in risks {
			for row in newest.values() {
				if let Some(level) = row.value.get(risk).and_then(serde_json::Value::as_str) {
					*levels.entry(risk).or_default().entry(kebab(level)).or_default() += 1;
				}
			}
		}
		weeks.push(Week { end, levels });
	}
	Ok(weeks)
}
