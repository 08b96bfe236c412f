//! Questions that supervisors ask first, and whose answers have to be worked out.

use super::{query, retention::left_up_to, values, Connection, RecordRow, Value};
use crate::{access::Scope, kind::Kind, Error};
use serde::Serialize;
use std::collections::BTreeMap;

/// The most records of one answer.
const MOST: u32 = 200;

/// A day, in milliseconds.
const DAY: u64 = 86_400_000;

/// Rates and baselines rest on so many days.
pub const WINDOW_DAYS: u64 = 28;

/// So many days are compared with their baseline.
pub const COMPARED_DAYS: u64 = 7;

/// A day is unusual with more than so many times the median of its baseline, …
pub const UNUSUAL_TIMES: u64 = 3;

/// … and at least so many exchanges.
pub const UNUSUAL_FROM: u64 = 10;

/// The sequence of an organisation is looked at over so many of its last exchanges.
pub const SEQUENCE_LENGTH: u32 = 1_000;

/// All answers, for what somebody may see.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Answers {
	/// The moment for which they are given: that of the last block, in milliseconds.
	pub moment: u64,
	/// Exchanges that began after their consent was withdrawn, and were served.
	pub used_after_withdrawal: Vec<RecordRow>,
	/// Exchanges that were received, and never acknowledged in time.
	pub never_acknowledged: Vec<RecordRow>,
	/// Anchors of access logs that left a gap, overlap or came late.
	pub marked_anchors: Vec<RecordRow>,
	/// How often each organisation broke the glass.
	pub break_glass: Vec<BreakGlass>,
	/// Organisations without a valid assessment.
	pub without_assessment: Vec<Unassessed>,
	/// Organisations whose exchanges are not numbered without a gap.
	pub sequence_gaps: Vec<Gap>,
	/// Days with an unusual number of exchanges.
	pub unusual_days: Vec<UnusualDay>,
}

/// How often an organisation received data by breaking the glass.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct BreakGlass {
	/// The organisation.
	pub organisation: u32,
	/// Exchanges in which it received, in the last [`WINDOW_DAYS`] days.
	pub received: u64,
	/// How many of them by breaking the glass.
	pub by_break_glass: u64,
}

/// An organisation that no assessment covers now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Unassessed {
	/// The organisation.
	pub organisation: u32,
	/// When its last assessment ceased to count (milliseconds); nothing if it never had one.
	pub expired: Option<u64>,
}

/// Numbers missing in an organisation's sequence of exchanges.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Gap {
	/// The organisation.
	pub organisation: u32,
	/// The first missing number.
	pub from: u64,
	/// The last one in a row.
	pub to: u64,
}

/// A day on which an organisation took part in unusually many exchanges.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct UnusualDay {
	/// The organisation.
	pub organisation: u32,
	/// When the day began (milliseconds): days are counted back from the last block.
	pub day: u64,
	/// Exchanges that began on it.
	pub exchanges: u64,
	/// The median of the [`WINDOW_DAYS`] days before it.
	pub baseline: u64,
}

/// Works the answers out.
///
/// # Errors
/// [`Error::Database`] and [`Error::Damaged`].
pub fn answers(connection: &Connection, scope: &Scope) -> Result<Answers, Error> {
	let moment = query::head(connection)?.and_then(|head| head.time).unwrap_or_default();
	// Who sees exchanges for some purposes alone is told no counts of all of them.
	let counts = scope.has(Kind::Exchange) && scope.purposes().is_none();
	let members = members(connection, scope)?;
	let none = Vec::new();
	let counted: &[u32] = if counts { &members } else { &none };
	Ok(Answers {
		moment,
		used_after_withdrawal: used_after_withdrawal(connection, scope)?,
		never_acknowledged: never_acknowledged(connection, scope)?,
		marked_anchors: marked_anchors(connection, scope)?,
		break_glass: break_glass(connection, counted, moment)?,
		without_assessment: without_assessment(connection, scope, &members, moment)?,
		sequence_gaps: sequence_gaps(connection, counted)?,
		unusual_days: unusual_days(connection, counted, moment)?,
	})
}

/// Active hospitals and care centres in scope.
fn members(connection: &Connection, scope: &Scope) -> Result<Vec<u32>, Error> {
	let sql = "SELECT CAST(id AS BIGINT) FROM record WHERE kind = ? AND removed IS NULL \
		AND value ->> '$.kind' <> 'Authority' AND value ->> '$.status' = 'Active' ORDER BY 1";
	let all: Vec<u32> =
		connection.all(sql, &values![Kind::Organisation as u8], |row| row.get(0))?;
	let seen = |number: &u32| scope.organisations().is_none_or(|seen| seen.contains(number));
	Ok(all.into_iter().filter(seen).collect())
}

fn records(
	connection: &Connection,
	scope: &Scope,
	kind: Kind,
	mut sql: String,
) -> Result<Vec<RecordRow>, Error> {
	let mut values: Vec<Value> = Vec::new();
	scope.condition(kind, &mut sql, &mut values);
	sql.push_str(&format!(" ORDER BY r.serial DESC LIMIT {MOST}"));
	connection.all(&sql, &values, RecordRow::read)
}

fn used_after_withdrawal(connection: &Connection, scope: &Scope) -> Result<Vec<RecordRow>, Error> {
	let sql = format!(
		"SELECT {} FROM record c JOIN touch t ON t.serial = c.serial \
		 JOIN event w ON w.block = t.block AND w.position = t.position \
		 JOIN record r ON r.consent = unhex(substr(c.id, 3)) \
		 WHERE c.kind = {} AND c.state = 'withdrawn' AND w.pallet = 'Consent' AND w.name = 'Withdrawn' \
		 AND r.kind = {} AND r.begun > t.block AND r.state <> 'not-served'",
		RecordRow::COLUMNS,
		Kind::Consent as u8,
		Kind::Exchange as u8,
	);
	records(connection, scope, Kind::Exchange, sql)
}

fn never_acknowledged(connection: &Connection, scope: &Scope) -> Result<Vec<RecordRow>, Error> {
	let sql = format!(
		"SELECT {} FROM record r WHERE r.kind = {} AND r.state = 'expired' AND r.value ->> '$.receipt' IS NOT NULL",
		RecordRow::COLUMNS,
		Kind::Exchange as u8,
	);
	records(connection, scope, Kind::Exchange, sql)
}

fn marked_anchors(connection: &Connection, scope: &Scope) -> Result<Vec<RecordRow>, Error> {
	let sql = format!(
		"SELECT {} FROM record r WHERE r.kind = {} AND EXISTS (SELECT 1 FROM touch t \
		 JOIN event a ON a.block = t.block AND a.position = t.position \
		 WHERE t.serial = r.serial AND a.pallet = 'Oversight' AND a.name = 'AnchorAlarmed')",
		RecordRow::COLUMNS,
		Kind::Anchor as u8,
	);
	records(connection, scope, Kind::Anchor, sql)
}

fn break_glass(
	connection: &Connection,
	members: &[u32],
	moment: u64,
) -> Result<Vec<BreakGlass>, Error> {
	let from = first_since(connection, moment.saturating_sub(WINDOW_DAYS * DAY))?;
	let sql = "SELECT count(*), count(v.serial) FROM party p JOIN record r ON r.serial = p.serial \
		LEFT JOIN record v ON v.kind = 4 AND v.id = r.id \
		WHERE p.organisation = ?1 AND p.kind = 3 AND p.serial >= ?2 AND CAST(r.value ->> '$.recipient' AS BIGINT) = ?1";
	let mut found = Vec::new();
	for organisation in members {
		let counted = connection
			.one(sql, &values![*organisation, from], |row| Ok((row.get(0)?, row.get(1)?)))?;
		let (received, by_break_glass) = counted.unwrap_or_default();
		if by_break_glass > 0 {
			found.push(BreakGlass { organisation: *organisation, received, by_break_glass });
		}
	}
	Ok(found)
}

fn without_assessment(
	connection: &Connection,
	scope: &Scope,
	members: &[u32],
	moment: u64,
) -> Result<Vec<Unassessed>, Error> {
	if !scope.has(Kind::Assessment) {
		return Ok(Vec::new());
	}
	let newest: BTreeMap<u32, RecordRow> = query::newest(connection, Kind::Assessment)?;
	let mut found = Vec::new();
	for organisation in members {
		let ends = newest.get(organisation).and_then(|row| row.value["expires_at"].as_u64());
		if ends.is_none_or(|ends| ends <= moment) {
			found.push(Unassessed { organisation: *organisation, expired: ends });
		}
	}
	Ok(found)
}

fn sequence_gaps(connection: &Connection, members: &[u32]) -> Result<Vec<Gap>, Error> {
	let sql = "SELECT CAST(CASE WHEN CAST(r.value ->> '$.holder' AS BIGINT) = p.organisation \
		THEN r.value ->> '$.holder_sequence' ELSE r.value ->> '$.recipient_sequence' END AS BIGINT) \
		FROM party p JOIN record r ON r.serial = p.serial \
		WHERE p.organisation = ? AND p.kind = 3 ORDER BY p.serial DESC LIMIT ?";
	let mut gaps = Vec::new();
	for organisation in members {
		let mut numbers: Vec<u64> =
			connection.all(sql, &values![*organisation, SEQUENCE_LENGTH], |row| {
				Ok(row.get::<Option<u64>>(0)?.unwrap_or_default())
			})?;
		// What the ledger pruned and the index let go of is not missing.
		let left = connection.one(
			"SELECT last FROM given WHERE what = ?",
			&values![left_up_to((*organisation).into())],
			|row| row.get::<u64>(0),
		)?;
		numbers.retain(|number| left.is_none_or(|left| *number > left));
		numbers.sort_unstable();
		for pair in numbers.windows(2) {
			if pair[1] > pair[0] + 1 {
				gaps.push(Gap { organisation: *organisation, from: pair[0] + 1, to: pair[1] - 1 });
			}
		}
	}
	Ok(gaps)
}

fn unusual_days(
	connection: &Connection,
	members: &[u32],
	moment: u64,
) -> Result<Vec<UnusualDay>, Error> {
	// Newest first: the day that ends with the last block, the day before it, …
	let days = COMPARED_DAYS + WINDOW_DAYS;
	let edges = (0..=days)
		.map(|back| first_since(connection, moment.saturating_sub(back * DAY)))
		.collect::<Result<Vec<i64>, Error>>()?;
	let sql = "SELECT count(*) FROM party WHERE organisation = ? AND kind = 3 AND serial >= ? AND serial < ?";
	let mut found = Vec::new();
	for organisation in members {
		let mut counts: Vec<u64> = Vec::new();
		for (back, pair) in edges.windows(2).enumerate() {
			// What began in the last block itself belongs to the newest day.
			let end = if back == 0 { i64::MAX } else { pair[0] };
			let counted =
				connection.one(sql, &values![*organisation, pair[1], end], |row| row.get(0))?;
			counts.push(counted.unwrap_or_default());
		}
		for (back, exchanges) in (0..COMPARED_DAYS).zip(counts.iter().copied()) {
			let baseline = median(&counts[back as usize + 1..][..WINDOW_DAYS as usize]);
			if exchanges >= UNUSUAL_FROM && exchanges > UNUSUAL_TIMES * baseline {
				let day = moment.saturating_sub((back + 1) * DAY);
				let organisation = *organisation;
				found.push(UnusualDay { organisation, day, exchanges, baseline });
			}
		}
	}
	Ok(found)
}

fn median(counts: &[u64]) -> u64 {
	let mut sorted = counts.to_vec();
	sorted.sort_unstable();
	sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// Serial of the first exchange that began at this moment or later; beyond all if there is none.
fn first_since(connection: &Connection, moment: u64) -> Result<i64, Error> {
	let Some(block) = query::block_at(connection, moment)? else { return Ok(i64::MAX) };
	Ok(query::edge(connection, Kind::Exchange, block)?.unwrap_or(i64::MAX))
}
