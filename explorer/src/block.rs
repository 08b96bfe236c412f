//! What the index takes up: plain, decoded blocks. A follower makes them from a node, a generator from nothing.

use crate::kind::{Kind, RecordId};
use curex_client::ledger::{Event, Extrinsic};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// A finalised block with the records that it changed.
#[derive(Clone, Debug)]
pub struct Block {
	/// Its number.
	pub number: u64,
	/// Its hash.
	pub hash: [u8; 32],
	/// Hash of the block before it.
	pub parent: [u8; 32],
	/// When it was made, in milliseconds since 1970 (UTC); nothing for the first block.
	pub time: Option<u64>,
	/// The organisation that made it, if it is known.
	pub author: Option<u32>,
	/// Version of the runtime that executed it.
	pub spec_version: u32,
	/// Its transactions, in order.
	pub extrinsics: Vec<Extrinsic>,
	/// Why transactions failed, by position.
	pub failures: BTreeMap<u32, String>,
	/// Its events, in order.
	pub events: Vec<Event>,
	/// The records it changed, as they stand after it.
	pub records: Vec<Record>,
}

/// A record as it stands after a block.
#[derive(Clone, PartialEq, Debug)]
pub struct Record {
	/// What it is.
	pub kind: Kind,
	/// Which.
	pub id: RecordId,
	/// Its content; nothing once the ledger's state no longer holds it.
	pub value: Option<Json>,
}
