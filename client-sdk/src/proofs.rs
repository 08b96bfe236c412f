//! Making proof bundles from what a node says, so that nothing of it has to be believed.
//!
//! A [`Prover`] collects headers, justifications and Merkle proofs over RPC, assembles a bundle and verifies it before
//! handing it out. Blocks whose state is gone need a node that keeps it (an archive node).

use crate::{
	client::{rpc_error, Client, View},
	ledger::Organisation,
	Error,
};
use codec::{Decode, Encode};
use curex_primitives::OrganisationId;
use curex_verify::{
	bundle, trie, Bundle, Bytes, Entry, ExtrinsicEntry, HandOver, TrustRoot, Verified,
};
use sp_core::H256 as Hash;
use subxt::{config::substrate::SubstrateHeader, utils::H256};
use subxt_rpcs::{client::RpcSubscription, rpc_params};

type Header = SubstrateHeader<H256>;

/// Nodes keep a justification at least every so many blocks (32); looked for over twice the distance.
const JUSTIFICATION_SEARCH: u64 = 64;

/// The engine whose justifications count: GRANDPA.
const GRANDPA: [u8; 4] = *b"FRNK";

/// What `grandpa_proveFinality` returns, SCALE-encoded.
#[derive(Decode)]
struct FinalityProof {
	block: [u8; 32],
	justification: Vec<u8>,
	_unknown_headers: Vec<Header>,
}

/// A change of the authority set, as far as it is known.
struct Change {
	/// The last block of the outgoing set.
	block: u64,
	hand_over: HandOver,
}

/// Collects proofs from one node. Keeps what it learnt of authority sets.
pub struct Prover {
	client: Client,
	root: TrustRoot,
	changes: Vec<Change>,
	/// Every change below this block is known.
	known_below: u64,
	/// The newest justification seen, with the number of its block.
	newest: Option<(u64, Vec<u8>)>,
	/// The chain of headers that was found last: it serves the blocks after its first as well.
	segment: Option<Segment>,
}

/// Headers from a block to a justified one.
struct Segment {
	first: u64,
	headers: Vec<Bytes>,
	justification: Bytes,
}

impl Prover {
	/// A prover that trusts the client's trust root; without one nothing but the hash of the first block, whose state the
	/// node must still have.
	///
	/// # Errors
	/// [`Error::NotProven`] when what the node says of the first block does not fit its hash;
	/// [`Error::StateDiscarded`] when the node no longer has its state.
	pub async fn new(client: Client) -> Result<Self, Error> {
		if let Some(root) = client.trust_root().cloned() {
			return Ok(Self::with_root(client, root));
		}
		let genesis = client.genesis();
		let header = header(&client, genesis.into()).await?;
		let key = bundle::authorities_key();
		let proof = read_proof(&client, &[key.to_vec()], genesis.into()).await?;
		let root = TrustRoot::from_genesis(genesis, &header.encode(), &proof)?;
		Ok(Self::with_root(client, root))
	}

	/// A prover with a trust root from elsewhere, for example from the chain specification.
	pub fn with_root(client: Client, root: TrustRoot) -> Self {
		Self { client, root, changes: Vec::new(), known_below: 1, newest: None, segment: None }
	}

	/// What this prover trusts.
	pub fn trust_root(&self) -> &TrustRoot {
		&self.root
	}

	/// Proves values of a finalised block's state and, if asked for, one of its extrinsics with the block's events.
	/// The bundle has been verified.
	///
	/// # Errors
	/// [`Error::NotProven`] when the node's word does not hold; [`Error::NotFound`] when a value or block is not
	/// there; [`Error::Connection`].
	pub async fn prove(
		&mut self,
		block: u64,
		keys: &[Vec<u8>],
		extrinsic: Option<u32>,
	) -> Result<(Bundle, Verified), Error> {
		self.learn_changes(block).await?;
		let hash = hash_of(&self.client, block).await?;
		let header = header(&self.client, hash).await?;
		let mut keys = keys.to_vec();
		keys.push(bundle::runtime_version_key().to_vec());
		if extrinsic.is_some() {
			keys.push(bundle::events_key().to_vec());
		}
		keys.sort();
		keys.dedup();
		let (headers, justification) = self.segment_from(block, &header).await?;
		let state_proof = read_proof(&self.client, &keys, hash).await?;
		let state_proof = trie::narrow(root_of(header.state_root), state_proof, &keys)?;
		let mut state = Vec::with_capacity(keys.len());
		for key in &keys {
			let value = self.client.storage(key, View::At(hash)).await?.ok_or_else(|| {
				Error::NotFound(format!("value under 0x{} in block {block}", hex::encode(key)))
			})?;
			state.push(Entry { key: key.clone().into(), value: value.into() });
		}
		let extrinsic = match extrinsic {
			Some(index) => Some(self.prove_extrinsic(hash, &header, index).await?),
			None => None,
		};
		let spec_version = self
			.client
			.methods()
			.state_get_runtime_version(Some(hash))
			.await
			.map_err(rpc_error)?
			.spec_version;
		let bundle = Bundle {
			genesis: self.client.genesis().to_vec().into(),
			spec_version,
			authority_set_chain: self
				.changes
				.iter()
				.take_while(|change| change.block < block)
				.map(|change| change.hand_over.clone())
				.collect(),
			headers,
			justification,
			state,
			state_proof: state_proof.into_iter().map(Bytes).collect(),
			extrinsic,
			..Bundle::default()
		};
		let verified = curex_verify::verify(&bundle, &self.root)?;
		if verified.block_hash.0 != hash.0 {
			return Err(Error::Protocol("the node has two blocks of one number".into()));
		}
		Ok((bundle, verified))
	}

	/// A member as a justified block shows it, proven from the trust root: the newest block for which the node has a
	/// justification, or the next one.
	///
	/// # Errors
	/// As [`Self::prove`].
	pub async fn member(&mut self, id: OrganisationId) -> Result<Organisation, Error> {
		self.members(&[id]).await?.pop().ok_or_else(|| not_a_member(id))
	}

	/// Members as one justified block shows them, as [`Self::member`], in the order in which they are named.
	///
	/// # Errors
	/// As [`Self::prove`]; [`Error::NotFound`] when one of them is no member.
	pub async fn members(&mut self, ids: &[OrganisationId]) -> Result<Vec<Organisation>, Error> {
		let head =
			self.client.at(self.client.block_of(View::Finalised).await?).await?.block_number();
		let prefix = bundle::storage_key("Consortium", "Organisations");
		let key_of = |id: &OrganisationId| {
			let id = id.0.to_le_bytes();
			[&prefix[..], &sp_crypto_hashing::twox_64(&id), &id].concat()
		};
		let keys: Vec<Vec<u8>> = ids.iter().map(key_of).collect();
		let (_, verified) = self.prove(head, &keys, None).await?;
		ids.iter()
			.zip(&keys)
			.map(|(id, key)| {
				verified
					.value(key)
					.and_then(|mut value| Organisation::decode(&mut value).ok())
					.ok_or_else(|| not_a_member(*id))
			})
			.collect()
	}

	async fn prove_extrinsic(
		&self,
		hash: H256,
		header: &Header,
		index: u32,
	) -> Result<ExtrinsicEntry, Error> {
		let block = self
			.client
			.methods()
			.chain_get_block(Some(hash))
			.await
			.map_err(rpc_error)?
			.ok_or_else(|| Error::NotFound("body of that block at this node".into()))?;
		let extrinsics: Vec<Vec<u8>> =
			block.block.extrinsics.into_iter().map(|bytes| bytes.0).collect();
		let proof = trie::prove_extrinsic(&extrinsics, index, root_of(header.extrinsics_root))?;
		Ok(ExtrinsicEntry {
			index,
			bytes: extrinsics[index as usize].clone().into(),
			proof: proof.into_iter().map(Bytes).collect(),
		})
	}

	/// Learns every change of the authority set whose last block lies before `block`.
	async fn learn_changes(&mut self, block: u64) -> Result<(), Error> {
		while self.known_below < block {
			// A node whose authorities never changed has no answer. Were a change kept from us, the justification
			// would not verify against the authorities we know.
			let proof = match prove_finality(&self.client, self.known_below).await {
				Ok(proof) => proof,
				Err(error @ Error::Connection(_)) => return Err(error),
				Err(_) => return Ok(()),
			};
			let header = header(&self.client, proof.block.into()).await?;
			let announced = curex_verify::finality::read_header(&header.encode())?;
			let announced = curex_verify::finality::announced_change(&announced)
				.map_err(|reason| Error::Protocol(reason.into()))?;
			if announced.is_none() {
				// The justification is of the set in office, which has not ended.
				return Ok(());
			}
			self.known_below = header.number + 1;
			self.changes.push(Change {
				block: header.number,
				hand_over: HandOver {
					header: header.encode().into(),
					justification: proof.justification.into(),
				},
			});
		}
		Ok(())
	}

	/// As [`Self::finality_of`], from what was found last if that will do.
	async fn segment_from(
		&mut self,
		block: u64,
		first: &Header,
	) -> Result<(Vec<Bytes>, Bytes), Error> {
		let known = self.segment.as_ref().and_then(|segment| {
			let skipped = usize::try_from(block.checked_sub(segment.first)?).ok()?;
			let headers = segment.headers.get(skipped..)?;
			// The node may have changed its mind about a block that is not final.
			(headers.first()?.0 == first.encode())
				.then(|| (headers.to_vec(), segment.justification.clone()))
		});
		if let Some(known) = known {
			return Ok(known);
		}
		let (headers, justification) = self.finality_of(block, first).await?;
		self.segment = Some(Segment {
			first: block,
			headers: headers.clone(),
			justification: justification.clone(),
		});
		Ok((headers, justification))
	}

	/// The headers from a block to the nearest later or same one with a justification, and that justification.
	async fn finality_of(
		&mut self,
		block: u64,
		first: &Header,
	) -> Result<(Vec<Bytes>, Bytes), Error> {
		let mut headers = vec![Bytes(first.encode())];
		let mut number = block;
		loop {
			let hash = hash_of(&self.client, number).await?;
			let details = self
				.client
				.methods()
				.chain_get_block(Some(hash))
				.await
				.map_err(rpc_error)?
				.ok_or_else(|| Error::NotFound(format!("block {number} at this node")))?;
			if number > block {
				headers.push(details.block.header.encode().into());
			}
			let justification =
				details.justifications.into_iter().flatten().find(|(engine, _)| *engine == GRANDPA);
			if let Some((_, justification)) = justification {
				return Ok((headers, justification.into()));
			}
			number += 1;
			let searched = number > block + JUSTIFICATION_SEARCH;
			if searched || hash_of(&self.client, number).await.is_err() {
				return self.latest_finality_of(block, first).await;
			}
		}
	}

	/// The same by the newest justification, where the node has stored none near the block.
	async fn latest_finality_of(
		&mut self,
		block: u64,
		first: &Header,
	) -> Result<(Vec<Bytes>, Bytes), Error> {
		if self.newest.as_ref().is_none_or(|(last, _)| *last < block) {
			self.newest = Some(next_justification(&self.client, block).await?);
		}
		let (last, justification) = self.newest.clone().unwrap_or_default();
		let mut headers = vec![Bytes(first.encode())];
		for number in block + 1..=last {
			let hash = hash_of(&self.client, number).await?;
			headers.push(header(&self.client, hash).await?.encode().into());
		}
		Ok((headers, justification.into()))
	}
}

/// Waits for a justification of this block or a later one, which comes with the next round of finality.
async fn next_justification(client: &Client, block: u64) -> Result<(u64, Vec<u8>), Error> {
	/// Bytes before the number of the target: round and target hash.
	const NUMBER_AT: usize = 8 + 32;
	let wait = async {
		let mut justifications: RpcSubscription<String> = client
			.rpc()
			.subscribe(
				"grandpa_subscribeJustifications",
				rpc_params![],
				"grandpa_unsubscribeJustifications",
			)
			.await
			.map_err(rpc_error)?;
		while let Some(text) = justifications.next().await {
			let text = text.map_err(rpc_error)?;
			let unreadable = || Error::Protocol("the node's justification is not readable".into());
			let bytes =
				hex::decode(text.strip_prefix("0x").unwrap_or(&text)).map_err(|_| unreadable())?;
			let number = bytes
				.get(NUMBER_AT..NUMBER_AT + 4)
				.and_then(|number| number.try_into().ok())
				.map(u32::from_le_bytes)
				.ok_or_else(unreadable)?;
			if u64::from(number) >= block {
				return Ok((number.into(), bytes));
			}
		}
		Err(Error::Connection("the node ended its justifications".into()))
	};
	tokio::time::timeout(client.patience(), wait).await.map_err(|_| Error::Timeout {
		what: "a justification",
		seconds: client.patience().as_secs(),
	})?
}

fn root_of(root: H256) -> Hash {
	Hash(root.0)
}

async fn hash_of(client: &Client, number: u64) -> Result<H256, Error> {
	client
		.methods()
		.chain_get_block_hash(Some(number.into()))
		.await
		.map_err(rpc_error)?
		.ok_or_else(|| Error::NotFound(format!("block {number} at this node")))
}

async fn header(client: &Client, hash: H256) -> Result<Header, Error> {
	client
		.methods()
		.chain_get_header(Some(hash))
		.await
		.map_err(rpc_error)?
		.ok_or_else(|| Error::NotFound(format!("block 0x{} at this node", hex::encode(hash.0))))
}

async fn read_proof(client: &Client, keys: &[Vec<u8>], hash: H256) -> Result<Vec<Vec<u8>>, Error> {
	let keys = keys.iter().map(Vec::as_slice);
	let proof = client.methods().state_get_read_proof(keys, Some(hash)).await.map_err(rpc_error)?;
	Ok(proof.proof.into_iter().map(|node| node.0).collect())
}

async fn prove_finality(client: &Client, block: u64) -> Result<FinalityProof, Error> {
	let proof: Option<String> = client.ask("grandpa_proveFinality", rpc_params![block]).await?;
	let proof =
		proof.ok_or_else(|| Error::NotFound(format!("justification after block {block}")))?;
	hex::decode(proof.strip_prefix("0x").unwrap_or(&proof))
		.ok()
		.and_then(|bytes| FinalityProof::decode(&mut &bytes[..]).ok())
		.ok_or_else(|| Error::Protocol("the node's proof of finality is not readable".into()))
}

fn not_a_member(id: OrganisationId) -> Error {
	Error::NotFound(format!("organisation {id}"))
}
