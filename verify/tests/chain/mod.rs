//! A small chain with real keys: three authority sets, a record, and votes for it.
#![allow(dead_code, reason = "every test binary uses its own part")]

use codec::{Compact, Encode};
use curex_verify::{
	bundle, trie, Bundle, Bytes, Entry, ExtrinsicEntry, HandOver, Header, TrustRoot,
};
use finality_grandpa::{Commit, Message, Precommit, SignedPrecommit};
use sp_consensus_grandpa::{
	localized_payload, AuthorityId, AuthorityList, AuthoritySignature, ConsensusLog,
	GrandpaJustification, ScheduledChange, GRANDPA_ENGINE_ID,
};
use sp_core::{ed25519, Blake2Hasher, Pair, H256};
use sp_runtime::{
	generic::{Digest, DigestItem},
	traits::Header as _,
};
use sp_trie::{LayoutV1, MemoryDB, TrieConfiguration, TrieDBMutBuilder, TrieMut};
use std::collections::BTreeMap;

pub const SPEC_VERSION: u32 = 100;
pub const ROUND: u64 = 7;

/// The keys of an authority set.
pub fn keys(set: u8) -> Vec<ed25519::Pair> {
	(0..4).map(|member| ed25519::Pair::from_seed(&[set * 4 + member + 1; 32])).collect()
}

fn list(set: u8) -> AuthorityList {
	keys(set).iter().map(|pair| (AuthorityId::from(pair.public()), 1)).collect()
}

/// State as key and value, with its root and the nodes of all its paths.
struct State {
	values: BTreeMap<Vec<u8>, Vec<u8>>,
	database: MemoryDB<Blake2Hasher>,
	root: H256,
}

impl State {
	fn new(values: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) -> Self {
		let values: BTreeMap<_, _> = values.into_iter().collect();
		let mut database = MemoryDB::default();
		let mut root = H256::default();
		{
			let mut trie =
				TrieDBMutBuilder::<LayoutV1<Blake2Hasher>>::new(&mut database, &mut root).build();
			for (key, value) in &values {
				trie.insert(key, value).unwrap();
			}
		}
		Self { values, database, root }
	}

	fn prove(&self, keys: &[Vec<u8>]) -> Vec<Vec<u8>> {
		let every = self.database.clone().drain().into_values().map(|(node, _)| node);
		trie::narrow(self.root, every, keys).unwrap()
	}
}

pub struct Chain {
	headers: Vec<Header>,
	changes: Vec<u32>,
	genesis_state: State,
	state: State,
	pub extrinsics: Vec<Vec<u8>>,
	/// Number of the block with the record.
	pub record: u32,
}

impl Chain {
	pub fn with_two_changes() -> Self {
		Self::with_changes(false, false)
	}

	/// A chain of ten blocks: set 0 ends with block 2, set 1 with block 4; the record is in block 6.
	pub fn with_changes(delayed: bool, forced: bool) -> Self {
		let state = [
			(b"record".to_vec(), b"a commitment of 32 bytes or more, long".to_vec()),
			(bundle::events_key().to_vec(), b"events".to_vec()),
			(b"unrelated".to_vec(), vec![3; 40]),
		];
		let extrinsics = vec![
			vec![1; 11],
			b"an extrinsic of more than 32 bytes, as most are".to_vec(),
			vec![2; 90],
		];
		Self::made_of(state, extrinsics, delayed, forced)
	}

	/// The same chain with these values in its state, beside the version of the runtime, and these extrinsics in
	/// its blocks.
	pub fn holding(
		state: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>,
		extrinsics: Vec<Vec<u8>>,
	) -> Self {
		Self::made_of(state, extrinsics, false, false)
	}

	fn made_of(
		state: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>,
		extrinsics: Vec<Vec<u8>>,
		delayed: bool,
		forced: bool,
	) -> Self {
		let genesis_state = State::new([
			(bundle::authorities_key().to_vec(), list(0).encode()),
			(b"another".to_vec(), vec![7; 100]),
		]);
		let version =
			(bundle::runtime_version_key().to_vec(), (Compact(SPEC_VERSION), "curex").encode());
		let state = State::new(state.into_iter().chain([version]));
		let mut chain = Self {
			headers: Vec::new(),
			changes: vec![2, 4],
			genesis_state,
			state,
			extrinsics,
			record: 6,
		};
		for number in 0..10u32 {
			let mut digest = Digest::default();
			if let Some(position) = chain.changes.iter().position(|&block| block == number) {
				let change = ScheduledChange {
					next_authorities: list(position as u8 + 1),
					delay: u32::from(delayed),
				};
				let log = if forced {
					ConsensusLog::ForcedChange(0, change)
				} else {
					ConsensusLog::ScheduledChange(change)
				};
				digest.push(DigestItem::Consensus(GRANDPA_ENGINE_ID, log.encode()));
			}
			let parent = chain.headers.last().map(Header::hash).unwrap_or_default();
			let (state_root, extrinsics_root) = match number {
				0 => (chain.genesis_state.root, H256::default()),
				_ => (
					chain.state.root,
					LayoutV1::<Blake2Hasher>::ordered_trie_root(&chain.extrinsics),
				),
			};
			chain.headers.push(Header::new(number, extrinsics_root, state_root, parent, digest));
		}
		chain
	}

	pub fn genesis_hash(&self) -> H256 {
		self.hash(0)
	}

	pub fn hash(&self, block: u32) -> H256 {
		self.headers[block as usize].hash()
	}

	/// All headers, from the first block on.
	pub fn headers(&self) -> &[Header] {
		&self.headers
	}

	/// What stands under a key in the state of every block but the first.
	pub fn value(&self, key: &[u8]) -> Option<&[u8]> {
		self.state.values.get(key).map(Vec::as_slice)
	}

	/// The first header, and the nodes that prove its authorities.
	pub fn genesis(&self) -> (Vec<u8>, Vec<Vec<u8>>) {
		let nodes = self.genesis_state.prove(&[bundle::authorities_key().to_vec()]);
		(self.headers[0].encode(), nodes)
	}

	pub fn trust_root(&self) -> TrustRoot {
		TrustRoot::new(self.genesis_hash().0, keys(0).iter().map(|pair| pair.public().0))
	}

	/// Votes of the first `targets.len()` members of a set, each for the block of that number.
	fn justify(&self, set: u8, block: u32, targets: &[u32], ancestry: &[u32]) -> Vec<u8> {
		let precommits = keys(set)
			.iter()
			.zip(targets)
			.map(|(pair, &target)| {
				let precommit = Precommit::new(self.headers[target as usize].hash(), target);
				let message = Message::Precommit(precommit.clone());
				let payload = localized_payload(ROUND, set.into(), &message);
				SignedPrecommit {
					precommit,
					signature: AuthoritySignature::from(pair.sign(&payload)),
					id: AuthorityId::from(pair.public()),
				}
			})
			.collect();
		let target_hash = self.headers[block as usize].hash();
		GrandpaJustification::<Header> {
			round: ROUND,
			commit: Commit { target_hash, target_number: block, precommits },
			votes_ancestries: ancestry
				.iter()
				.map(|&number| self.headers[number as usize].clone())
				.collect(),
		}
		.encode()
	}

	/// A justification of the bundle's last header by so many of the set's four authorities.
	pub fn justification_by(&self, count: usize) -> Vec<u8> {
		self.justify(2, self.record + 2, &vec![self.record + 2; count], &[])
	}

	/// A justification in which the third vote is for the next block.
	pub fn justification_with_descendant(&self, with_ancestry: bool) -> Vec<u8> {
		let block = self.record + 2;
		let ancestry: &[u32] = if with_ancestry { &[block + 1] } else { &[] };
		self.justify(2, block, &[block, block, block + 1], ancestry)
	}

	pub fn bundle(&self) -> Bundle {
		self.bundle_of(&[
			b"record".to_vec(),
			bundle::runtime_version_key().to_vec(),
			bundle::events_key().to_vec(),
		])
	}

	pub fn bundle_of(&self, keys: &[Vec<u8>]) -> Bundle {
		let bytes = |parts: Vec<Vec<u8>>| parts.into_iter().map(Bytes).collect::<Vec<_>>();
		let root = *self.headers[self.record as usize].extrinsics_root();
		let block = self.record + 2;
		Bundle {
			genesis: self.genesis_hash().0.to_vec().into(),
			spec_version: SPEC_VERSION,
			authority_set_chain: (0u8..)
				.zip(&self.changes)
				.map(|(set, &change)| HandOver {
					header: self.headers[change as usize].encode().into(),
					justification: self.justify(set, change, &[change; 4], &[]).into(),
				})
				.collect(),
			headers: (self.record..=block)
				.map(|number| self.headers[number as usize].encode().into())
				.collect(),
			// One authority voted for the next block: the bundle holds an ancestry to alter.
			justification: self
				.justify(2, block, &[block, block, block, block + 1], &[block + 1])
				.into(),
			state: keys
				.iter()
				.map(|key| Entry {
					key: key.clone().into(),
					value: self.state.values[key].clone().into(),
				})
				.collect(),
			state_proof: bytes(self.state.prove(keys)),
			extrinsic: Some(ExtrinsicEntry {
				index: 1,
				bytes: self.extrinsics[1].clone().into(),
				proof: bytes(trie::prove_extrinsic(&self.extrinsics, 1, root).unwrap()),
			}),
			..Bundle::default()
		}
	}
}
