//! How things go over time and between whom: what the charts draw.

use super::{
	ingest::{DAY, STEPS},
	query::{self, moment},
	rows, values, Connection, Of, Table,
};
use crate::{access::Scope, facts::kebab, kind::Kind, Error};
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// A week, in milliseconds.
const WEEK: u64 = 7 * DAY;

/// The charts go over so many weeks if nothing is said.
pub const WEEKS: u64 = 26;

/// A period has at most so many weeks.
pub const MOST_WEEKS: u64 = 104;

/// So many pairs of organisations are named.
pub const MOST_PAIRS: usize = 20;

/// The steps of an exchange: the first leaves no commitment in its record, the others those of [`STEPS`].
const STAGES: [&str; 1 + STEPS.len()] = ["asked", "sent", "received", "acknowledged"];

/// The period over which things are counted; whole days (UTC) and weeks that end with its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Period {
	/// From this moment on, in milliseconds; [`WEEKS`] before the end if not said.
	pub since: Option<u64>,
	/// Up to this moment; that of the last block if not said.
	pub until: Option<u64>,
}

impl Period {
	/// Reads a period from parameters.
	///
	/// # Errors
	/// [`Error::Input`].
	pub fn parse(parameters: &[(String, String)]) -> Result<Self, Error> {
		let mut period = Self::default();
		for (name, value) in parameters {
			query::check_parameter(name, value)?;
			let value = value.trim();
			let place = match name.as_str() {
				"since" => &mut period.since,
				"until" => &mut period.until,
				_ => return Err(Error::input(format!("there is no parameter {name}"))),
			};
			if !value.is_empty() {
				*place = Some(moment(name, value)?);
			}
		}
		Ok(period)
	}

	/// Beginning, end and how many weeks that is.
	fn within(self, last: u64) -> Result<(u64, u64, u64), Error> {
		let until = self.until.unwrap_or(last);
		let since = self.since.unwrap_or_else(|| until.saturating_sub(WEEKS * WEEK));
		if since > until {
			return Err(Error::input("since: lies after until"));
		}
		let weeks = (until - since).div_ceil(WEEK).max(1);
		if weeks > MOST_WEEKS {
			return Err(Error::input(format!("since: a period has at most {MOST_WEEKS} weeks")));
		}
		Ok((since, until, weeks))
	}
}

/// What the charts draw, for what somebody may see.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Trends {
	/// The moment up to which they go: that of the last block, in milliseconds.
	pub moment: u64,
	/// The beginning of the period.
	pub since: u64,
	/// Its end.
	pub until: u64,
	/// How far the exchanges that began in the period came, in the order of their life.
	pub stages: Vec<Stage>,
	/// Between whom most of them are.
	pub pairs: Vec<Pair>,
	/// Levels of risk week by week, oldest first.
	pub weeks: Vec<Week>,
}

/// A step of an exchange's life.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Stage {
	/// Its name.
	pub name: &'static str,
	/// How many exchanges came so far.
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
/// [`Error::Input`] for a period that cannot be meant; [`Error::Database`], [`Error::Server`] and [`Error::Damaged`].
pub fn trends(
	connection: &Connection,
	scope: &Scope,
	risks: &[&'static str],
	period: Period,
) -> Result<Trends, Error> {
	let moment = query::head(connection)?.and_then(|head| head.time).unwrap_or_default();
	let (since, until, weeks) = period.within(moment)?;
	let counted = counted(connection, scope, since, until)?;
	Ok(Trends {
		moment,
		since,
		until,
		stages: stages(&counted),
		pairs: pairs(&counted),
		weeks: levels(connection, scope, risks, until, weeks)?,
	})
}

/// Exchanges by whom they are between and how many steps they took.
type Counted = BTreeMap<(u32, u32), [u64; STAGES.len()]>;

/// Counts the exchanges in scope that began in a period, from what is counted for each day.
fn counted(
	connection: &Connection,
	scope: &Scope,
	since: u64,
	until: u64,
) -> Result<Counted, Error> {
	let mut counted = Counted::new();
	if !scope.has(Kind::Exchange) {
		return Ok(counted);
	}
	let sql = "SELECT organisation, other, purpose, stage, CAST(sum(count) AS BIGINT) FROM daily \
		WHERE day >= ? AND day <= ? GROUP BY organisation, other, purpose, stage HAVING sum(count) > 0";
	let rows = connection.all(sql, &values![since / DAY, until / DAY], |row| {
		let (one, other): (u32, i64) = (row.get(0)?, row.get(1)?);
		// Without another side, both are the same.
		let other = u32::try_from(other).unwrap_or(one);
		Ok((one, other, row.get::<String>(2)?, row.get::<usize>(3)?, row.get::<u64>(4)?))
	})?;
	for (one, other, purpose, stage, count) in rows {
		let concerns = |seen: &BTreeSet<u32>| seen.contains(&one) || seen.contains(&other);
		let is_seen = scope.organisations().is_none_or(concerns)
			&& scope.purposes().is_none_or(|purposes| purposes.contains(&purpose));
		if let (true, Some(sum)) =
			(is_seen, counted.entry((one, other)).or_default().get_mut(stage))
		{
			*sum += count;
		}
	}
	Ok(counted)
}

fn stages(counted: &Counted) -> Vec<Stage> {
	let came = |stage: usize| counted.values().flat_map(|counts| &counts[stage..]).sum();
	let stages = STAGES.iter().enumerate();
	stages.map(|(stage, name)| Stage { name, exchanges: came(stage) }).collect()
}

fn pairs(counted: &Counted) -> Vec<Pair> {
	let pairs = counted.iter().filter(|((one, other), _)| one != other);
	let pairs =
		pairs.map(|(&(one, other), counts)| Pair { one, other, exchanges: counts.iter().sum() });
	let mut pairs: Vec<Pair> = pairs.filter(|pair| pair.exchanges > 0).collect();
	pairs.sort_by_key(|pair| std::cmp::Reverse(pair.exchanges));
	pairs.truncate(MOST_PAIRS);
	pairs
}

const RECORD_KEY: Table =
	Table { name: "record", columns: &[("serial", Of::Number)], conflict: "" };

/// How organisations in scope stood at the end of each week, by their newest assessment then.
fn levels(
	connection: &Connection,
	scope: &Scope,
	risks: &[&'static str],
	until: u64,
	weeks: u64,
) -> Result<Vec<Week>, Error> {
	let ends: Vec<u64> = (0..weeks).rev().map(|back| until.saturating_sub(back * WEEK)).collect();
	let mut newest: Vec<Vec<i64>> = Vec::new();
	let sql = "SELECT o.number, (SELECT max(serial) FROM party WHERE organisation = o.number AND kind = ?1 \
		AND serial < ?2) FROM (SELECT CAST(id AS BIGINT) AS number FROM record WHERE kind = 0) o";
	for end in ends.iter().filter(|_| scope.has(Kind::Assessment)) {
		let after = query::block_at(connection, end.saturating_add(1))?;
		let edge = match after {
			Some(block) => query::edge(connection, Kind::Assessment, block)?,
			None => None,
		};
		let bound = values![Kind::Assessment as u8, edge.unwrap_or(i64::MAX)];
		let rows = connection
			.all(sql, &bound, |row| Ok((row.get::<u32>(0)?, row.get::<Option<i64>>(1)?)))?;
		let is_seen = |number: &u32| scope.organisations().is_none_or(|seen| seen.contains(number));
		let serials = rows.into_iter().filter(|(number, _)| is_seen(number));
		newest.push(serials.filter_map(|(_, serial)| serial).collect());
	}
	let wanted: BTreeSet<i64> = newest.iter().flatten().copied().collect();
	let keys = wanted.into_iter().map(|serial| values![serial].into()).collect();
	let found = connection.matching("r.serial, r.value", &RECORD_KEY, keys, |row| {
		Ok((row.get::<i64>(0)?, rows::json(&row.get::<String>(1)?)?))
	})?;
	let assessments: BTreeMap<i64, Json> = found.into_iter().collect();
	newest.resize_with(ends.len(), Vec::new);
	let week = |(end, serials): (u64, Vec<i64>)| {
		let mut levels: BTreeMap<&'static str, BTreeMap<String, u64>> = BTreeMap::new();
		for &risk in risks {
			for value in serials.iter().filter_map(|serial| assessments.get(serial)) {
				if let Some(level) = value.get(risk).and_then(Json::as_str) {
					*levels.entry(risk).or_default().entry(kebab(level)).or_default() += 1;
				}
			}
		}
		Week { end, levels }
	};
	Ok(ends.into_iter().zip(newest).map(week).collect())
}
