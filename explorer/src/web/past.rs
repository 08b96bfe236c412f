//! Records as they stood at a point in the past, and what is known of it.

use super::{
	content,
	words::{plain, say},
	Surroundings,
};
use crate::{
	access::Scope,
	store::{
		past::{self, Point},
		query, BlockRow, Connection, EventRow, RecordRow,
	},
	Error, Kind, RecordId,
};
use maud::{html, Markup};

/// Where what is told of the past comes from, and what is not known of it.
pub(super) const KNOWN_FROM: &str = "Worked out from every change that the ledger told of, block by block, as this index took it \
	up. What the ledger pruned and the index no longer keeps is not shown. A proof shows it for that block, as long as a node \
	keeps the block's state.";

/// A record with its timeline, as it stands or stood.
pub(super) struct Stood {
	pub row: RecordRow,
	pub timeline: Vec<EventRow>,
	/// Whether there are more events than these.
	pub more: bool,
	/// The block after which it stood so, if one was asked for.
	pub block: Option<BlockRow>,
}

/// The point that a page is asked for; nothing for how things stand.
pub(super) fn read(parameters: &[(String, String)]) -> Result<Option<Point>, Error> {
	match parameters {
		[] => Ok(None),
		[(name, value)] if name == "at" => {
			query::check_parameter(name, value)?;
			let value = value.trim();
			(!value.is_empty()).then(|| Point::parse("at", value)).transpose()
		},
		_ => Err(Error::input(
			"a record is asked for with at alone: the number of a block, or a moment",
		)),
	}
}

/// A record in scope as it stands, or stood.
pub(super) fn stood(
	connection: &Connection,
	scope: &Scope,
	kind: Kind,
	id: &str,
	at: Option<Point>,
) -> Result<Stood, Error> {
	let unknown = || Error::NotFound(format!("there is no such {}", kind.singular()));
	let id = RecordId::parse(kind, id).ok_or_else(unknown)?;
	let now = query::record(connection, scope, kind, &id)?.ok_or_else(unknown)?;
	let (mut timeline, more) = query::timeline(connection, &now)?;
	let Some(at) = at else { return Ok(Stood { row: now, timeline, more, block: None }) };
	let block = at.block(connection)?;
	let number = block.number;
	let row = past::record(connection, scope, kind, &id, number)?.ok_or_else(|| {
		Error::NotFound(format!("the ledger's state did not hold it after block {number}"))
	})?;
	timeline.retain(|event| event.block <= number);
	Ok(Stood { row, timeline, more, block: Some(block) })
}

/// Says that what is shown is of the past.
pub(super) fn note(block: &BlockRow, now: &str, around: &Surroundings) -> Markup {
	let head = around.head.map(|(number, _, _)| number);
	html! {
		p.note {
			strong { (say!("As it stood after block {block}.", block = content::block(block.number))) } " "
			@if block.time.is_some() {
				(say!("It was made {moment}.", moment = content::moment_of(block.time))) " "
			}
			@if let Some(head) = head { (say!("The last indexed block is {block}.", block = head)) " " }
			(plain(KNOWN_FROM)) " " a href=(now) { (say!("As it stands now")) }
		}
	}
}
