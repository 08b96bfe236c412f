//! Merkle trees over reports of any length, with a proof of a single element.
//!
//! Leaves are `blake2b-256(0x00 ‖ data)`, nodes `blake2b-256(0x01 ‖ left ‖ right)` (as in RFC 6962), and the
//! root is `blake2b-256(0x02 ‖ count ‖ top)`, `count` being the number of leaves as `u64` in little endian. A node
//! without a sibling is carried up unchanged. Leaf, node and root can therefore not be mistaken for one another,
//! and a tree cannot pass for one of another size.

use crate::MerkleRoot;
use alloc::vec::Vec;
use blake2b_simd::{
	many::{update_many, MAX_DEGREE},
	Params, State,
};
use codec::{Decode, Encode};

type Hash = [u8; 32];

/// The root of a tree without leaves.
pub fn empty_root() -> MerkleRoot {
	seal(0, [0; 32])
}

/// The root of the tree over `leaves`, in their order.
pub fn root<D: AsRef<[u8]>>(leaves: impl IntoIterator<Item = D>) -> MerkleRoot {
	Tree::new(self::leaves(leaves)).root()
}

/// A tree whose leaves are known by their hashes only: proves without the data.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tree {
	/// From the leaves upwards; at least one level, the last of at most one hash.
	levels: Vec<Vec<Hash>>,
}

impl Tree {
	/// The tree over the leaves with these hashes; see [`leaf`].
	pub fn new(leaves: Vec<Hash>) -> Self {
		let mut levels = Vec::new();
		let mut level = leaves;
		while level.len() > 1 {
			let above = level.chunks(2).map(join).collect();
			levels.push(core::mem::replace(&mut level, above));
		}
		levels.push(level);
		Self { levels }
	}

	/// The hashes of the leaves.
	pub fn leaves(&self) -> &[Hash] {
		self.levels.first().map_or(&[], Vec::as_slice)
	}

	/// The root.
	pub fn root(&self) -> MerkleRoot {
		seal(self.leaves().len() as u64, self.top())
	}

	/// The hash at the top; all zero without leaves. See [`root_of`].
	pub fn top(&self) -> [u8; 32] {
		self.levels.last().and_then(|level| level.first()).copied().unwrap_or([0; 32])
	}

	/// Proves the leaf at `index`; nothing if there is none.
	pub fn prove(&self, index: u64) -> Option<Proof> {
		let count = self.leaves().len() as u64;
		let mut position = usize::try_from(index).ok().filter(|_| index < count)?;
		let mut siblings = Vec::new();
		for level in &self.levels {
			siblings.extend(level.get(position ^ 1));
			position /= 2;
		}
		Some(Proof { index, count, siblings })
	}
}

/// Shows that one leaf stands at `index` among `count` leaves.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct Proof {
	/// Position of the leaf, from 0.
	pub index: u64,
	/// Number of leaves of the tree.
	pub count: u64,
	/// Siblings from the leaf upwards; a level without a sibling has none.
	pub siblings: Vec<Hash>,
}

/// Proves the leaf at `index`; nothing if there is none.
pub fn prove<D: AsRef<[u8]>>(leaves: impl IntoIterator<Item = D>, index: usize) -> Option<Proof> {
	Tree::new(self::leaves(leaves)).prove(index as u64)
}

/// Whether the proof leads from `data` to `root`. Takes no more siblings than the tree is high.
pub fn verify(root: &MerkleRoot, data: &[u8], proof: &Proof) -> bool {
	verify_leaf(root, leaf(data), proof)
}

/// As [`verify`], of data whose [`leaf`] is at hand.
pub fn verify_leaf(root: &MerkleRoot, leaf: [u8; 32], proof: &Proof) -> bool {
	if proof.index >= proof.count {
		return false;
	}
	let mut siblings = proof.siblings.iter();
	let (mut hash, mut position, mut width) = (leaf, proof.index, proof.count);
	while width > 1 {
		let sibling_position = position ^ 1;
		if sibling_position < width {
			let Some(sibling) = siblings.next() else { return false };
			hash = if position % 2 == 0 { node(&hash, sibling) } else { node(sibling, &hash) };
		}
		position /= 2;
		width = width.div_ceil(2);
	}
	siblings.next().is_none() && seal(proof.count, hash) == *root
}

/// The root of a tree with exactly `count` leaves and this topmost hash: shows how many leaves there are without
/// showing any.
pub fn root_of(count: u64, top: [u8; 32]) -> MerkleRoot {
	seal(count, top)
}

/// The hash of a leaf.
pub fn leaf(data: &[u8]) -> Hash {
	let mut state = begun_leaf();
	state.update(data);
	ended(&state)
}

/// The hashes of leaves in their order ([`leaf`]). Where the processor can, several are made side by side, which takes
/// less than half of the time if they are long.
pub fn leaves<D: AsRef<[u8]>>(data: impl IntoIterator<Item = D>) -> Vec<Hash> {
	let mut data = data.into_iter();
	let mut hashes = Vec::with_capacity(data.size_hint().0);
	loop {
		let together: Vec<D> = data.by_ref().take(MAX_DEGREE).collect();
		if together.is_empty() {
			return hashes;
		}
		let mut states: Vec<State> = together.iter().map(|_| begun_leaf()).collect();
		update_many(states.iter_mut().zip(&together));
		hashes.extend(states.iter().map(ended));
	}
}

fn begun_leaf() -> State {
	let mut state = Params::new().hash_length(32).to_state();
	state.update(&[0]);
	state
}

fn ended(state: &State) -> Hash {
	let hash = state.finalize();
	core::array::from_fn(|index| hash.as_bytes()[index])
}

fn node(left: &Hash, right: &Hash) -> Hash {
	let mut input = [1; 65];
	input[1..33].copy_from_slice(left);
	input[33..].copy_from_slice(right);
	sp_crypto_hashing::blake2_256(&input)
}

fn join(pair: &[Hash]) -> Hash {
	match pair {
		[left, right] => node(left, right),
		[alone] => *alone,
		_ => [0; 32],
	}
}

fn seal(count: u64, top: Hash) -> MerkleRoot {
	let mut input = [2; 41];
	input[1..9].copy_from_slice(&count.to_le_bytes());
	input[9..].copy_from_slice(&top);
	MerkleRoot(sp_crypto_hashing::blake2_256(&input))
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn leaves(count: usize) -> Vec<Vec<u8>> {
		(0..count).map(|index| index.to_le_bytes().to_vec()).collect()
	}

	#[test]
	fn a_duplicated_last_leaf_is_another_tree() {
		assert_ne!(root(leaves(3)), root([leaves(3), vec![leaves(3)[2].clone()]].concat()));
	}

	#[test]
	fn an_inner_node_is_not_a_leaf() {
		let pair = leaves(2);
		let inner = [&[1u8][..], &leaf(&pair[0]), &leaf(&pair[1])].concat();
		assert_ne!(root(pair), root([&inner[1..]]));
	}

	#[test]
	fn leaves_are_hashed_alike_alone_and_side_by_side() {
		// RFC 7693, as the library of the runtime has it, over 0x00 and the data.
		let plain = |data: &[u8]| sp_crypto_hashing::blake2_256(&[&[0], data].concat());
		let lengths = [0, 1, 126, 127, 128, 129, 255, 256, 1_000, 300_000, 7];
		let data: Vec<Vec<u8>> = lengths
			.iter()
			.map(|&length| (0..length).map(|index| (index % 251) as u8).collect())
			.collect();
		let expected: Vec<Hash> = data.iter().map(|data| plain(data)).collect();
		assert_eq!(data.iter().map(|data| leaf(data)).collect::<Vec<_>>(), expected);
		for count in 0..=data.len() {
			assert_eq!(super::leaves(&data[..count]), expected[..count]);
		}
	}

	#[test]
	fn the_empty_tree_has_a_root_of_its_own_and_proves_nothing() {
		assert_eq!(root(leaves(0)), empty_root());
		assert_ne!(root(leaves(1)), empty_root());
		assert_eq!(prove(leaves(0), 0), None);
		assert_eq!(prove(leaves(3), 3), None);
	}

	proptest! {
		#[test]
		fn every_leaf_is_proven_and_no_other(count in 1usize..70, index in 0usize..70, bit in 0usize..8) {
			let index = index % count;
			let leaves = leaves(count);
			let root = root(&leaves);
			let proof = prove(&leaves, index).unwrap();
			prop_assert!(verify(&root, &leaves[index], &proof));

			let mut other = leaves[index].clone();
			other[0] ^= 1 << bit;
			prop_assert!(!verify(&root, &other, &proof));
			let moved = Proof { index: (index as u64 + 1) % count as u64, ..proof.clone() };
			prop_assert!(count == 1 || !verify(&root, &leaves[index], &moved));
			let resized = Proof { count: count as u64 + 1, ..proof.clone() };
			prop_assert!(!verify(&root, &leaves[index], &resized));
			let mut longer = proof;
			longer.siblings.push([0; 32]);
			prop_assert!(!verify(&root, &leaves[index], &longer));
		}
	}
}
