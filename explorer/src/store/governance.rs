//! How the network is governed and how it goes: runtimes, decisions of the council, seats and keys of validators, blocks.

use super::{query, Connection, EventRow};
use crate::Error;
use serde::Serialize;
use std::collections::BTreeMap;

/// So many of the last blocks are looked at.
pub const LAST_BLOCKS: u32 = 1_000;

/// So many events are told, the newest.
pub const MOST_EVENTS: u32 = 200;

/// The events of governance, by their names. Exchanges close, too. The index `event_governance` in `schema.sql` has the same
/// words, so that it serves.
const NAMES: &str = "name IN ('Proposed', 'Voted', 'Closed', 'Executed', 'Disapproved', 'UpgradeAuthorized', \
	'CodeUpdated', 'NewAuthorities', 'Offence', 'OrganisationAdmitted', 'OrganisationSuspended', \
	'OrganisationReinstated', 'OrganisationExpelled', 'QuotaSet', 'ValidatorChangeQueued', \
	'ValidatorChangeDropped', 'ValidatorAdded', 'ValidatorMoved', 'ValidatorRemoved', 'ValidatorDisabled', \
	'ReplacementNeeded', 'LawChanged', 'OldestPolicyRaised', 'GroupChanged') \
	AND (name <> 'Closed' OR pallet = 'Council')";

/// How the network is governed and how it goes.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Governance {
	/// The versions of the runtime, newest first.
	pub runtimes: Vec<Runtime>,
	/// How the last blocks came.
	pub blocks: Blocks,
	/// What was decided and changed, newest first.
	pub events: Vec<EventRow>,
}

/// A version of the runtime.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Runtime {
	/// Its number.
	pub spec_version: u32,
	/// The first indexed block that it made.
	pub first_block: u64,
}

/// How the last blocks came.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Blocks {
	/// How many are looked at.
	pub count: u64,
	/// Half of them came at most so long after the one before, in milliseconds.
	pub median_interval: Option<u64>,
	/// The longest time without a block, in milliseconds, and the block that ended it.
	pub longest_pause: Option<(u64, u64)>,
	/// How many each organisation made.
	pub authors: BTreeMap<u32, u64>,
}

/// Reads it.
///
/// # Errors
/// [`Error::Database`], [`Error::Server`] and [`Error::Damaged`].
pub fn governance(connection: &Connection) -> Result<Governance, Error> {
	let runtimes = connection.all(
		"SELECT spec_version, first_block FROM runtime ORDER BY spec_version DESC",
		&[],
		|row| Ok(Runtime { spec_version: row.get(0)?, first_block: row.get(1)? }),
	)?;
	let sql = format!(
		"SELECT {} FROM event WHERE {NAMES} ORDER BY block DESC, position DESC LIMIT {MOST_EVENTS}",
		EventRow::COLUMNS
	);
	let events = connection.all(&sql, &[], EventRow::read)?;
	Ok(Governance { runtimes, blocks: blocks(connection)?, events })
}

fn blocks(connection: &Connection) -> Result<Blocks, Error> {
	let rows = query::blocks(connection, None, LAST_BLOCKS)?;
	let mut blocks = Blocks { count: rows.len() as u64, ..Blocks::default() };
	for author in rows.iter().filter_map(|row| row.author) {
		*blocks.authors.entry(author).or_default() += 1;
	}
	let mut intervals: Vec<(u64, u64)> = rows
		.windows(2)
		.filter_map(|pair| Some((pair[0].time?.saturating_sub(pair[1].time?), pair[0].number)))
		.collect();
	intervals.sort_unstable();
	blocks.median_interval = intervals.get(intervals.len() / 2).map(|(interval, _)| *interval);
	blocks.longest_pause = intervals.last().copied();
	Ok(blocks)
}
