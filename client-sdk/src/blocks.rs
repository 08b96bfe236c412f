//! Whole blocks as a node has them, for readers that keep a copy of the ledger.
//!
//! Nothing here is proven: [`crate::proofs`] does that.

use crate::{
	client::{rpc_error, Client, View},
	Error,
};
use curex_verify::bundle;
use futures::{future::try_join_all, try_join};
use subxt::{config::substrate::DigestItem, utils::H256};
use subxt_rpcs::rpc_params;

/// The engine that authors blocks: BABE.
const BABE: [u8; 4] = *b"BABE";

/// The most keys that a node lists in one answer.
const PAGE: u32 = 1_000;

/// A block, not decoded yet.
#[derive(Clone, Debug)]
pub struct RawBlock {
	/// Its number.
	pub number: u64,
	/// Its hash.
	pub hash: [u8; 32],
	/// Hash of the block before it.
	pub parent: [u8; 32],
	/// Position of its author among the validators of the session; nothing for the first block.
	pub author: Option<u32>,
	/// Version of the runtime whose metadata its extrinsics and events decode with.
	pub spec_version: u32,
	/// The extrinsics, each with its length prefix.
	pub extrinsics: Vec<Vec<u8>>,
	/// The bytes under `System.Events` in its state.
	pub events: Vec<u8>,
}

impl Client {
	/// The last finalised block: number and hash.
	///
	/// # Errors
	/// [`Error::Connection`].
	pub async fn finalised_head(&self) -> Result<(u64, [u8; 32]), Error> {
		let hash = self.block_of(View::Finalised).await?;
		let header = self.methods().chain_get_header(Some(hash)).await.map_err(rpc_error)?;
		let number = header.ok_or_else(|| missing(hash))?.number;
		Ok((number, hash.0))
	}

	/// A block of the node's chain. Its state must still be there.
	///
	/// # Errors
	/// [`Error::NotFound`] when the node has no such block; [`Error::Connection`], [`Error::Protocol`].
	pub async fn raw_block(&self, number: u64) -> Result<RawBlock, Error> {
		let hash = self.block_hash(number).await?;
		let events_key = bundle::events_key();
		let parent_version = async {
			// A block is executed by the runtime that its parent's state holds.
			let before = match number.checked_sub(1) {
				Some(before) => self.block_hash(before).await?,
				None => hash,
			};
			self.methods().state_get_runtime_version(Some(before)).await.map_err(rpc_error)
		};
		let (details, events, version) = try_join!(
			async { self.methods().chain_get_block(Some(hash)).await.map_err(rpc_error) },
			self.storage(&events_key, View::At(hash)),
			parent_version,
		)?;
		let block = details.ok_or_else(|| missing(hash))?.block;
		let author = block.header.digest.logs.iter().find_map(|item| match item {
			// A pre-digest of BABE: its kind in one byte, then the position of the author.
			DigestItem::PreRuntime(engine, bytes) if *engine == BABE => {
				Some(u32::from_le_bytes(bytes.get(1..5)?.try_into().ok()?))
			},
			_ => None,
		});
		Ok(RawBlock {
			number,
			hash: hash.0,
			parent: block.header.parent_hash.0,
			author,
			spec_version: version.spec_version,
			extrinsics: block.extrinsics.into_iter().map(|bytes| bytes.0).collect(),
			events: events.unwrap_or_default(),
		})
	}

	/// The metadata of the runtime in the state of a block (SCALE, with prefix).
	///
	/// # Errors
	/// [`Error::Connection`] or [`Error::Protocol`].
	pub async fn metadata(&self, block: [u8; 32]) -> Result<Vec<u8>, Error> {
		let bytes: String = self.ask("state_getMetadata", rpc_params![H256(block)]).await?;
		hex::decode(bytes.strip_prefix("0x").unwrap_or(&bytes))
			.map_err(|_| Error::Protocol("the metadata are not hexadecimal".into()))
	}

	/// The values under these keys in the state of a block, in their order.
	///
	/// # Errors
	/// [`Error::Connection`] or [`Error::Protocol`].
	pub async fn values(
		&self,
		keys: &[Vec<u8>],
		block: [u8; 32],
	) -> Result<Vec<Option<Vec<u8>>>, Error> {
		try_join_all(keys.iter().map(|key| self.storage(key, View::At(H256(block))))).await
	}

	/// The next keys that begin so in the state of a block, in order, after one of them or from the first on: a page of at
	/// most a thousand; none at the end.
	///
	/// # Errors
	/// [`Error::Connection`] or [`Error::Protocol`].
	pub async fn keys_after(
		&self,
		prefix: &[u8],
		after: Option<&[u8]>,
		block: [u8; 32],
	) -> Result<Vec<Vec<u8>>, Error> {
		let page = self.methods().state_get_keys_paged(prefix, PAGE, after, Some(H256(block)));
		page.await.map_err(rpc_error)
	}

	/// Every key that begins so in the state of a block.
	///
	/// # Errors
	/// [`Error::Connection`] or [`Error::Protocol`].
	pub async fn keys(&self, prefix: &[u8], block: [u8; 32]) -> Result<Vec<Vec<u8>>, Error> {
		let mut keys: Vec<Vec<u8>> = Vec::new();
		loop {
			let page = self.keys_after(prefix, keys.last().map(Vec::as_slice), block).await?;
			let last = page.len() < PAGE as usize;
			keys.extend(page);
			if last {
				return Ok(keys);
			}
		}
	}
}

fn missing(hash: H256) -> Error {
	Error::NotFound(format!("block 0x{} at this node", hex::encode(hash.0)))
}
