//! The chain as one node tells of it: which block holds which transaction, and when it became best and final.

use crate::{
	ledger::{bytes_of, Ledger},
	Error,
};
use codec::Decode;
use serde::Deserialize;
use std::{collections::HashMap, time::Instant};
use subxt::utils::H256;
use subxt_rpcs::rpc_params;
use tokio::sync::mpsc;

/// Hash of a transaction.
pub type Hash = [u8; 32];

/// A block.
#[derive(Clone, Debug)]
pub struct Block {
	/// Its hash.
	pub hash: H256,
	/// Its number.
	pub number: u64,
	/// The block before it.
	pub parent: H256,
	/// Its slot.
	pub slot: u64,
	/// Bytes of its extrinsics.
	pub bytes: u64,
	/// Hashes of its extrinsics.
	pub extrinsics: Vec<Hash>,
	/// When the node told that it, or a block on top of it, is the best.
	pub seen: Instant,
	/// When the node told that it is final, and the number of the best block then.
	pub finalised: Option<(Instant, u64)>,
}

/// What the node tells.
#[derive(Debug)]
pub enum News {
	/// There is a new best block.
	Best(H256),
	/// This block and those before it are final.
	Finalised(H256),
}

/// All that is known of the chain.
pub struct Chain {
	ledger: Ledger,
	blocks: HashMap<H256, Block>,
	/// The blocks that are final, by number; begins with the first that was seen.
	canonical: Vec<H256>,
	/// The number of the first block that was seen.
	first: Option<u64>,
	/// The number of the best block.
	pub best: u64,
}

#[derive(Deserialize)]
struct Answer {
	block: Body,
}

#[derive(Deserialize)]
struct Body {
	header: Header,
	extrinsics: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Header {
	parent_hash: H256,
	number: String,
	digest: Digest,
}

#[derive(Deserialize)]
struct Digest {
	logs: Vec<String>,
}

/// Listens to the node; the news end when the connection does.
pub async fn listen(ledger: &Ledger) -> Result<mpsc::UnboundedReceiver<(News, Instant)>, Error> {
	let (sender, receiver) = mpsc::unbounded_channel();
	let topics: [(_, _, fn(H256) -> News); 2] = [
		("chain_subscribeNewHeads", "chain_unsubscribeNewHeads", News::Best),
		("chain_subscribeFinalizedHeads", "chain_unsubscribeFinalizedHeads", News::Finalised),
	];
	for (method, end, news) in topics {
		let mut heads = ledger.subscribe::<serde_json::Value>(method, end).await?;
		let (ledger, sender) = (ledger.clone(), sender.clone());
		tokio::spawn(async move {
			while let Some(Ok(head)) = heads.next().await {
				let at = Instant::now();
				let number = head["number"].as_str().unwrap_or_default().to_owned();
				let hash = match news(H256::zero()) {
					// A header does not carry its own hash, and the number of a final block has one only.
					News::Finalised(_) => {
						ledger.ask("chain_getBlockHash", rpc_params![number]).await
					},
					News::Best(_) => ledger.ask("chain_getBlockHash", rpc_params![]).await,
				};
				let Ok(hash) = hash else { break };
				if sender.send((news(hash), at)).is_err() {
					break;
				}
			}
		});
	}
	Ok(receiver)
}

impl Chain {
	/// Nothing known yet.
	pub fn new(ledger: Ledger) -> Self {
		Self { ledger, blocks: HashMap::new(), canonical: Vec::new(), first: None, best: 0 }
	}

	/// Takes in what the node told. Returns the blocks that are part of the best chain for the first time, the oldest
	/// first; nothing for news of finality.
	pub async fn learn(&mut self, news: News, at: Instant) -> Result<Vec<Block>, Error> {
		match news {
			News::Best(hash) => {
				let fresh = self.fetch(hash, at).await?;
				self.best = self.blocks.get(&hash).map_or(self.best, |block| block.number);
				Ok(fresh)
			},
			News::Finalised(hash) => {
				let fresh = self.fetch(hash, at).await?;
				self.finalise(hash, at);
				Ok(fresh)
			},
		}
	}

	/// Fetches a block and those before it that are not known, but nothing older than the first that was seen.
	async fn fetch(&mut self, hash: H256, at: Instant) -> Result<Vec<Block>, Error> {
		let (mut next, mut fresh) = (hash, Vec::new());
		while !self.blocks.contains_key(&next) {
			let block = read(&self.ledger, next, at).await?;
			next = block.parent;
			let first = *self.first.get_or_insert(block.number);
			let is_first = block.number <= first;
			fresh.push(block);
			if is_first {
				break;
			}
		}
		for block in &fresh {
			self.blocks.insert(block.hash, block.clone());
		}
		fresh.reverse();
		Ok(fresh)
	}

	fn finalise(&mut self, hash: H256, at: Instant) {
		let (mut next, mut chain) = (hash, Vec::new());
		while let Some(block) = self.blocks.get_mut(&next) {
			if block.finalised.is_some() {
				break;
			}
			block.finalised = Some((at, self.best));
			chain.push(next);
			next = block.parent;
		}
		self.canonical.extend(chain.into_iter().rev());
	}

	/// The final blocks, the oldest first.
	pub fn canonical(&self) -> impl Iterator<Item = &Block> {
		self.canonical.iter().filter_map(|hash| self.blocks.get(hash))
	}

	/// The last final block, if one was seen.
	pub fn finalised(&self) -> Option<&Block> {
		self.canonical.last().and_then(|hash| self.blocks.get(hash))
	}
}

async fn read(ledger: &Ledger, hash: H256, seen: Instant) -> Result<Block, Error> {
	let answer: Option<Answer> = ledger.ask("chain_getBlock", rpc_params![hash]).await?;
	let Body { header, extrinsics } = answer
		.ok_or_else(|| Error::Protocol("the node does not have the block it named".into()))?
		.block;
	let number = header
		.number
		.strip_prefix("0x")
		.and_then(|digits| u64::from_str_radix(digits, 16).ok())
		.ok_or_else(|| Error::Protocol("a header has no number".into()))?;
	let slot = header
		.digest
		.logs
		.iter()
		.find_map(|log| slot_of(&bytes_of(log).ok()?))
		.or((number == 0).then_some(0))
		.ok_or_else(|| Error::Protocol("a header names no slot".into()))?;
	let (mut bytes, mut hashes) = (0, Vec::new());
	for extrinsic in &extrinsics {
		let extrinsic = bytes_of(extrinsic)?;
		bytes += extrinsic.len() as u64;
		hashes.push(sp_crypto_hashing::blake2_256(&extrinsic));
	}
	Ok(Block {
		hash,
		number,
		parent: header.parent_hash,
		slot,
		bytes,
		extrinsics: hashes,
		seen,
		finalised: None,
	})
}

/// The slot in a digest item of BABE: all its forms begin with the kind, the author's index (`u32`) and the slot.
fn slot_of(item: &[u8]) -> Option<u64> {
	/// Index of pre-runtime digests (`sp_runtime::generic::DigestItem`).
	const PRE_RUNTIME: u8 = 6;
	let rest = item.strip_prefix(&[PRE_RUNTIME])?.strip_prefix(b"BABE")?;
	let content = Vec::<u8>::decode(&mut &rest[..]).ok()?;
	let (_, _, slot) = <(u8, u32, u64)>::decode(&mut &content[..]).ok()?;
	Some(slot)
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::Encode;

	#[test]
	fn the_slot_of_every_kind_of_author_is_read() {
		for kind in 1..=3u8 {
			let mut content = (kind, 2u32, 77u64).encode();
			content.extend([9; 96]);
			let item = [&[6][..], b"BABE", &content.encode()].concat();
			assert_eq!(slot_of(&item), Some(77));
		}
		let seal = [&[5][..], b"BABE", &vec![1u8; 64].encode()].concat();
		assert_eq!(slot_of(&seal), None);
		assert_eq!(slot_of(b""), None);
	}
}
