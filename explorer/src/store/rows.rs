//! Rows of the index as pages and programs read them.

use super::{retention::is_gone, Row};
use crate::{
	kind::{Kind, RecordId},
	Error,
};
use curex_client::time;
use serde::{Serialize, Serializer};
use serde_json::Value as Json;

/// A block.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct BlockRow {
	/// Its number.
	pub number: u64,
	/// Its hash.
	#[serde(serialize_with = "hexadecimal")]
	pub hash: [u8; 32],
	/// Hash of the block before it.
	#[serde(serialize_with = "hexadecimal")]
	pub parent: [u8; 32],
	/// When it was made (RFC 3339, UTC).
	#[serde(serialize_with = "moment")]
	pub time: Option<u64>,
	/// Number of the organisation that made it.
	pub author: Option<u32>,
	/// Version of the runtime.
	pub spec_version: u32,
	/// How many transactions.
	pub extrinsics: u32,
	/// How many events.
	pub events: u32,
}

/// A transaction.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ExtrinsicRow {
	/// Number of its block.
	pub block: u64,
	/// Position in the block, from 0.
	pub position: u32,
	/// Its hash.
	#[serde(serialize_with = "hexadecimal")]
	pub hash: [u8; 32],
	/// The account that signed it.
	#[serde(serialize_with = "optional_hexadecimal")]
	pub signer: Option<[u8; 32]>,
	/// Pallet of the call.
	pub pallet: String,
	/// Name of the call.
	pub call: String,
	/// Arguments.
	pub arguments: Json,
	/// Why it failed; nothing if it succeeded.
	pub failure: Option<String>,
}

/// An event.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct EventRow {
	/// Number of its block.
	pub block: u64,
	/// Position among the block's events, from 0.
	pub position: u32,
	/// Position of the transaction that caused it; nothing for what the block itself does.
	pub extrinsic: Option<u32>,
	/// The pallet.
	pub pallet: String,
	/// Its name.
	pub name: String,
	/// Its fields.
	pub fields: Json,
}

/// A record as it stands.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct RecordRow {
	/// Grows with the block in which the record was first seen: the cursor of lists.
	pub serial: i64,
	/// What it is.
	#[serde(serialize_with = "slug")]
	pub kind: Kind,
	/// Which.
	#[serde(serialize_with = "id")]
	pub id: RecordId,
	/// The block in which it was first seen.
	pub begun: u64,
	/// The block that changed it last.
	pub changed: u64,
	/// The block in which it was found gone from the ledger's state, if it is.
	pub removed: Option<u64>,
	/// Where it stands.
	pub state: Option<String>,
	/// The purpose.
	pub purpose: Option<String>,
	/// The consent on which it rests.
	#[serde(serialize_with = "optional_hexadecimal")]
	pub consent: Option<[u8; 32]>,
	/// Its content, as the ledger holds it.
	pub value: Json,
}

impl BlockRow {
	pub(super) const COLUMNS: &str =
		"number, hash, parent, time, author, spec_version, extrinsics, events";

	pub(super) fn read(row: &Row) -> Result<Self, Error> {
		Ok(Self {
			number: row.get(0)?,
			hash: row.get(1)?,
			parent: row.get(2)?,
			time: row.get(3)?,
			author: row.get(4)?,
			spec_version: row.get(5)?,
			extrinsics: row.get(6)?,
			events: row.get(7)?,
		})
	}
}

impl ExtrinsicRow {
	pub(super) const COLUMNS: &str =
		"block, position, hash, signer, pallet, call, arguments, failure";

	pub(super) fn read(row: &Row) -> Result<Self, Error> {
		Ok(Self {
			block: row.get(0)?,
			position: row.get(1)?,
			hash: row.get(2)?,
			signer: row.get(3)?,
			pallet: row.get(4)?,
			call: row.get(5)?,
			arguments: json(&row.get::<String>(6)?)?,
			failure: row.get(7)?,
		})
	}

	/// Whether its content left the index with the records it was about.
	pub fn is_gone(&self) -> bool {
		is_gone(&self.arguments)
	}

	/// `Pallet.call`.
	pub fn name(&self) -> String {
		format!("{}.{}", self.pallet, self.call)
	}

	/// Its name in addresses.
	pub fn id(&self) -> String {
		format!("{}-{}", self.block, self.position)
	}
}

impl EventRow {
	pub(super) const COLUMNS: &str = "block, position, extrinsic, pallet, name, fields";

	pub(super) fn read(row: &Row) -> Result<Self, Error> {
		Ok(Self {
			block: row.get(0)?,
			position: row.get(1)?,
			extrinsic: row.get(2)?,
			pallet: row.get(3)?,
			name: row.get(4)?,
			fields: json(&row.get::<String>(5)?)?,
		})
	}
}

impl EventRow {
	/// Whether its content left the index with the record it was about.
	pub fn is_gone(&self) -> bool {
		is_gone(&self.fields)
	}
}

impl RecordRow {
	pub(super) const COLUMNS: &str =
		"r.serial, r.kind, r.id, r.begun, r.changed, r.removed, r.state, r.purpose, r.consent, r.value";

	pub(super) fn read(row: &Row) -> Result<Self, Error> {
		let damaged = |what: String| Error::Damaged(format!("a record's {what} cannot be read"));
		let number: u8 = row.get(1)?;
		let kind = Kind::from_number(number).ok_or_else(|| damaged(format!("kind {number}")))?;
		let id: String = row.get(2)?;
		Ok(Self {
			serial: row.get(0)?,
			kind,
			id: RecordId::parse(kind, &id).ok_or_else(|| damaged(format!("id {id}")))?,
			begun: row.get(3)?,
			changed: row.get(4)?,
			removed: row.get(5)?,
			state: row.get(6)?,
			purpose: row.get(7)?,
			consent: row.get(8)?,
			value: json(&row.get::<String>(9)?)?,
		})
	}

	/// The address of its page.
	pub fn link(&self) -> String {
		format!("/{}/{}", self.kind.slug(), self.id)
	}
}

pub(super) fn json(text: &str) -> Result<Json, Error> {
	serde_json::from_str(text).map_err(|error| Error::Damaged(format!("a content: {error}")))
}

fn hexadecimal<S: Serializer>(bytes: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
	serializer.serialize_str(&format!("0x{}", hex::encode(bytes)))
}

fn optional_hexadecimal<S: Serializer>(
	bytes: &Option<[u8; 32]>,
	serializer: S,
) -> Result<S::Ok, S::Error> {
	bytes.map(|bytes| format!("0x{}", hex::encode(bytes))).serialize(serializer)
}

fn moment<S: Serializer>(moment: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
	moment.and_then(time::text).serialize(serializer)
}

fn slug<S: Serializer>(kind: &Kind, serializer: S) -> Result<S::Ok, S::Error> {
	serializer.serialize_str(kind.slug())
}

fn id<S: Serializer>(id: &RecordId, serializer: S) -> Result<S::Ok, S::Error> {
	serializer.serialize_str(id.as_str())
}
