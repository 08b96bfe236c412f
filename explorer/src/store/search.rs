//! One box for everything.

use super::{query, values, Connection};
use crate::{
	access::Scope,
	kind::{handle, Kind, RecordId},
	Error,
};
use serde::Serialize;

/// The most places that one search names.
const MOST: u32 = 50;

/// Something that was found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Found {
	/// What it is.
	pub what: String,
	/// Which.
	pub which: String,
	/// The address of its page.
	pub link: String,
}

impl Found {
	fn new(what: &str, which: impl Into<String>, link: impl Into<String>) -> Self {
		Self { what: what.into(), which: which.into(), link: link.into() }
	}
}

/// Finds whatever a text may mean: number or hash of a block, hash or position of a transaction, an account,
/// number or name of an organisation, a handle, a commitment.
pub fn search(connection: &Connection, scope: &Scope, text: &str) -> Result<Vec<Found>, Error> {
	let text = text.trim();
	if text.is_empty() {
		return Ok(Vec::new());
	}
	if let Some(bytes) = handle(text) {
		return of_handle(connection, scope, bytes);
	}
	let mut found = Vec::new();
	if let Ok(number) = text.parse::<u64>() {
		if query::block(connection, number)?.is_some() {
			found.push(Found::new("Block", text, format!("/blocks/{number}")));
		}
	}
	for kind in Kind::ALL {
		if let Some(id) = RecordId::parse(kind, text) {
			if let Some(record) = query::record(connection, scope, kind, &id)? {
				found.push(Found::new(kind.singular(), id.as_str(), record.link()));
			}
		}
	}
	if let Some((block, position)) = text.split_once('-') {
		if let (Ok(block), Ok(position)) = (block.parse(), position.parse()) {
			match query::transaction(connection, scope, block, position) {
				Ok((extrinsic, _)) => {
					let which = format!("{} {}", extrinsic.id(), extrinsic.name());
					found.push(Found::new("Transaction", which, format!("/transactions/{text}")));
				},
				Err(Error::NotFound(_)) => {},
				Err(error) => return Err(error),
			}
		}
	}
	let wanted = text.to_lowercase();
	for (number, name) in query::names(connection)? {
		if name.to_lowercase().contains(&wanted) {
			found.push(Found::new("Organisation", name, format!("/organisations/{number}")));
		}
	}
	found.truncate(MOST as usize);
	Ok(found)
}

fn of_handle(connection: &Connection, scope: &Scope, bytes: [u8; 32]) -> Result<Vec<Found>, Error> {
	let text = format!("0x{}", hex::encode(bytes));
	let mut found = Vec::new();
	if let Some(block) = query::block_of_hash(connection, bytes)? {
		let number = block.number;
		found.push(Found::new("Block", number.to_string(), format!("/blocks/{number}")));
	}
	for kind in Kind::ALL {
		if let Some(id) = RecordId::parse(kind, &text) {
			if let Some(record) = query::record(connection, scope, kind, &id)? {
				found.push(Found::new(kind.singular(), id.as_str(), record.link()));
			}
		}
	}
	for (what, sql) in [
		("Transaction", "SELECT block, position FROM extrinsic WHERE hash = ? LIMIT ?"),
		(
			"Signed by this account",
			"SELECT block, position FROM extrinsic WHERE signer = ? ORDER BY block DESC LIMIT ?",
		),
		(
			"Named in",
			"SELECT block, nullif(extrinsic, -1) FROM mention WHERE value = ? ORDER BY block LIMIT ?",
		),
	] {
		let places = connection.all(sql, &values![bytes, MOST], |row| {
			Ok((row.get::<u64>(0)?, row.get::<Option<u32>>(1)?))
		})?;
		for (block, position) in places {
			found.extend(place(connection, scope, what, bytes, block, position)?);
		}
	}
	// The same transaction may name what it also signs.
	let mut seen = std::collections::BTreeSet::new();
	found.retain(|found| seen.insert((found.what.clone(), found.link.clone())));
	Ok(found)
}

/// A transaction, or a block that does something by itself, in which a value stands; nothing if that is out of scope.
fn place(
	connection: &Connection,
	scope: &Scope,
	what: &str,
	value: [u8; 32],
	block: u64,
	position: Option<u32>,
) -> Result<Option<Found>, Error> {
	let Some(position) = position else {
		let (_, _, events) = query::whole_block(connection, scope, &block.to_string())?;
		let mut handles = Vec::new();
		for event in events.iter().filter(|event| event.extrinsic.is_none()) {
			crate::facts::handles(&event.fields, &mut handles);
		}
		let is_there = handles.contains(&value);
		let found = Found::new(what, format!("block {block}"), format!("/blocks/{block}"));
		return Ok(is_there.then_some(found));
	};
	match query::transaction(connection, scope, block, position) {
		Ok((row, _)) => {
			let which = format!("{} {}", row.id(), row.name());
			Ok(Some(Found::new(what, which, format!("/transactions/{}", row.id()))))
		},
		Err(Error::NotFound(_)) => Ok(None),
		Err(error) => Err(error),
	}
}
