//! One box for everything.

use super::query::{self, all};
use crate::{
	kind::{handle, Kind, RecordId},
	Error,
};
use rusqlite::{params, Connection};
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
pub fn search(connection: &Connection, text: &str) -> Result<Vec<Found>, Error> {
	let text = text.trim();
	if text.is_empty() {
		return Ok(Vec::new());
	}
	if let Some(bytes) = handle(text) {
		return of_handle(connection, bytes);
	}
	let mut found = Vec::new();
	if let Ok(number) = text.parse::<u64>() {
		if query::block(connection, number)?.is_some() {
			found.push(Found::new("Block", text, format!("/blocks/{number}")));
		}
	}
	for kind in Kind::ALL {
		if let Some(id) = RecordId::parse(kind, text) {
			if let Some(record) = query::record(connection, kind, &id)? {
				found.push(Found::new(kind.singular(), id.as_str(), record.link()));
			}
		}
	}
	if let Some((block, position)) = text.split_once('-') {
		if let (Ok(block), Ok(position)) = (block.parse(), position.parse()) {
			if let Some(extrinsic) = query::extrinsic(connection, block, position)? {
				let which = format!("{} {}", extrinsic.id(), extrinsic.name());
				found.push(Found::new("Transaction", which, format!("/transactions/{text}")));
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

fn of_handle(connection: &Connection, bytes: [u8; 32]) -> Result<Vec<Found>, Error> {
	let text = format!("0x{}", hex::encode(bytes));
	let mut found = Vec::new();
	if let Some(block) = query::block_of_hash(connection, bytes)? {
		let number = block.number;
		found.push(Found::new("Block", number.to_string(), format!("/blocks/{number}")));
	}
	for kind in Kind::ALL {
		if let Some(id) = RecordId::parse(kind, &text) {
			if let Some(record) = query::record(connection, kind, &id)? {
				found.push(Found::new(kind.singular(), id.as_str(), record.link()));
			}
		}
	}
	let transaction = |what: &'static str| {
		move |row: &rusqlite::Row<'_>| {
			let (block, position): (u64, i64) = (row.get(0)?, row.get(1)?);
			let call: Option<String> = row.get(2)?;
			Ok(match call {
				Some(call) => {
					let id = format!("{block}-{position}");
					Found::new(what, format!("{id} {call}"), format!("/transactions/{id}"))
				},
				None => Found::new(what, format!("block {block}"), format!("/blocks/{block}")),
			})
		}
	};
	found.extend(all(
		connection,
		"SELECT block, position, pallet || '.' || call FROM extrinsic WHERE hash = ? LIMIT ?",
		params![bytes, MOST],
		transaction("Transaction"),
	)?);
	found.extend(all(
		connection,
		"SELECT block, position, pallet || '.' || call FROM extrinsic WHERE signer = ? \
		 ORDER BY block DESC LIMIT ?",
		params![bytes, MOST],
		transaction("Signed by this account"),
	)?);
	found.extend(all(
		connection,
		"SELECT m.block, m.extrinsic, e.pallet || '.' || e.call FROM mention m \
		 LEFT JOIN extrinsic e ON e.block = m.block AND e.position = m.extrinsic \
		 WHERE m.value = ? ORDER BY m.block LIMIT ?",
		params![bytes, MOST],
		transaction("Named in"),
	)?);
	// The same transaction may name what it also signs.
	let mut seen = std::collections::BTreeSet::new();
	found.retain(|found| seen.insert((found.what.clone(), found.link.clone())));
	Ok(found)
}
