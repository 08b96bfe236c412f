//! A sparse Merkle tree over the persons who opted out of secondary use (EHDS art. 71).
//!
//! The tree has a place for each of the 2^256 keys, so that for every key exactly one of two statements can be
//! proven: it is in the tree, or it is not. A key is a pseudonym of one permit, made with a secret of the holder;
//! neither keys nor proofs reach the ledger, which holds the root alone. An auditor is shown a proof of absence for
//! each person of a cohort, a person who opted out a proof of presence.
//!
//! A subtree without keys is 32 zero bytes; one with a single key is `blake2b-256(0x10 ‖ key)`; any other is
//! `blake2b-256(0x11 ‖ left ‖ right)`, split by the key's bits from the most significant one on.

use crate::MerkleRoot;
use alloc::vec::Vec;
use codec::{Decode, Encode};

type Hash = [u8; 32];
/// The pseudonym of a person within one permit.
pub type Key = [u8; 32];

const NOBODY: Hash = [0; 32];

/// The root over `keys`, in any order; repeated keys count once.
pub fn root(keys: &[Key]) -> MerkleRoot {
	seal(subtree(&sorted(keys), 0))
}

/// What stands where a key would be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Place {
	/// Nobody.
	#[codec(index = 0)]
	Empty,
	/// This key, alone in its subtree.
	#[codec(index = 1)]
	Key(Key),
}

/// Leads from the place of a key to the root.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Path {
	/// What stands there.
	pub place: Place,
	/// Siblings from the root downwards.
	pub siblings: Vec<Hash>,
}

/// The path of `key` in the tree over `keys`: shows that it is there, or that it is not.
pub fn path(keys: &[Key], key: &Key) -> Path {
	let sorted = sorted(keys);
	let (mut keys, mut depth, mut siblings) = (&sorted[..], 0, Vec::new());
	while keys.len() > 1 {
		let (left, right) = split(keys, depth);
		let (own, other) = if bit(key, depth) { (right, left) } else { (left, right) };
		siblings.push(subtree(other, depth + 1));
		keys = own;
		depth += 1;
	}
	Path { place: keys.first().map_or(Place::Empty, |key| Place::Key(*key)), siblings }
}

/// Whether the path shows that `key` is in the tree.
pub fn contains(root: &MerkleRoot, key: &Key, path: &Path) -> bool {
	path.place == Place::Key(*key) && leads_to(root, key, path)
}

/// Whether the path shows that `key` is not in the tree.
pub fn lacks(root: &MerkleRoot, key: &Key, path: &Path) -> bool {
	let elsewhere = match path.place {
		Place::Empty => true,
		// Another key stands for the whole subtree only if it lies in it.
		Place::Key(other) => {
			other != *key
				&& (0..path.siblings.len()).all(|depth| bit(&other, depth) == bit(key, depth))
		},
	};
	elsewhere && leads_to(root, key, path)
}

fn leads_to(root: &MerkleRoot, key: &Key, path: &Path) -> bool {
	if path.siblings.len() > 256 {
		return false;
	}
	let mut hash = match path.place {
		Place::Empty => NOBODY,
		Place::Key(key) => alone(&key),
	};
	for (depth, sibling) in path.siblings.iter().enumerate().rev() {
		hash = if bit(key, depth) { join(sibling, &hash) } else { join(&hash, sibling) };
	}
	seal(hash) == *root
}

fn sorted(keys: &[Key]) -> Vec<Key> {
	let mut keys = keys.to_vec();
	keys.sort_unstable();
	keys.dedup();
	keys
}

fn subtree(keys: &[Key], depth: usize) -> Hash {
	match keys {
		[] => NOBODY,
		[key] => alone(key),
		_ => {
			let (left, right) = split(keys, depth);
			join(&subtree(left, depth + 1), &subtree(right, depth + 1))
		},
	}
}

/// The sorted keys without and with the bit at `depth`.
fn split(keys: &[Key], depth: usize) -> (&[Key], &[Key]) {
	keys.split_at(keys.partition_point(|key| !bit(key, depth)))
}

fn bit(key: &Key, depth: usize) -> bool {
	key.get(depth / 8).is_some_and(|byte| byte & (0x80 >> (depth % 8)) != 0)
}

fn alone(key: &Key) -> Hash {
	let mut input = [0x10; 33];
	input[1..].copy_from_slice(key);
	sp_crypto_hashing::blake2_256(&input)
}

fn join(left: &Hash, right: &Hash) -> Hash {
	let mut input = [0x11; 65];
	input[1..33].copy_from_slice(left);
	input[33..].copy_from_slice(right);
	sp_crypto_hashing::blake2_256(&input)
}

/// The root of a tree without keys is not all zero, which would mean "missing".
fn seal(top: Hash) -> MerkleRoot {
	let mut input = [0x12; 33];
	input[1..].copy_from_slice(&top);
	MerkleRoot(sp_crypto_hashing::blake2_256(&input))
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn the_tree_without_keys_lacks_everybody() {
		let path = path(&[], &[7; 32]);
		assert!(lacks(&root(&[]), &[7; 32], &path));
		assert!(!contains(&root(&[]), &[7; 32], &path));
		assert!(!root(&[]).is_zero());
	}

	#[test]
	fn a_key_in_a_foreign_subtree_shows_nothing() {
		let keys = [[0x00; 32], [0x80; 32]];
		let root = root(&keys);
		// The path of one key does not prove the absence of a key on the other side.
		let path = path(&keys, &[0x00; 32]);
		assert!(!lacks(&root, &[0xff; 32], &path));
		assert!(lacks(&root, &[0x01; 32], &path));
	}

	#[test]
	fn a_misplaced_key_is_neither_present_nor_absent_at_once() {
		// A dishonest tree holds the key 0xff… on the left, where it does not belong.
		let (hidden, other) = ([0xff; 32], [0x80; 32]);
		let forged = seal(join(&alone(&hidden), &alone(&other)));
		let absent = Path { place: Place::Key(other), siblings: vec![alone(&hidden)] };
		assert!(lacks(&forged, &hidden, &absent), "whoever opted out sees the fraud:");
		let present = Path { place: Place::Key(hidden), siblings: vec![alone(&other)] };
		assert!(!contains(&forged, &hidden, &present), "no proof of presence can be given");
		assert!(!lacks(&forged, &[0x01; 32], &present), "nor does it stand for whose place it has");
	}

	proptest! {
		// Deep trees take many hashes.
		#![proptest_config(ProptestConfig::with_cases(16))]
		#[test]
		fn of_every_key_exactly_one_statement_is_proven(
			keys in proptest::collection::vec(any::<[u8; 32]>(), 0..12),
			close in proptest::collection::vec(any::<u8>(), 0..8),
			asked in any::<[u8; 32]>(),
			byte in any::<u8>(),
		) {
			// Keys that share long prefixes make the tree deep.
			let deep = close.iter().map(|last| { let mut key = [9; 32]; key[31] = *last; key });
			let keys: Vec<Key> = keys.into_iter().chain(deep).collect();
			let root = root(&keys);
			let mut near = [9; 32];
			near[31] = byte;
			for key in keys.iter().copied().chain([asked, near]) {
				let path = path(&keys, &key);
				prop_assert_eq!(contains(&root, &key, &path), keys.contains(&key));
				prop_assert_eq!(lacks(&root, &key, &path), !keys.contains(&key));
				let mut longer = path.clone();
				longer.siblings.push([0; 32]);
				prop_assert!(!contains(&root, &key, &longer) && !lacks(&root, &key, &longer));
			}
		}
	}
}
