//! Values under a Merkle root: reading them from a proof, and making the proof of an extrinsic.

use crate::{hash::LedgerHash, Error};
use alloc::vec::Vec;
use codec::{Compact, Encode};
use sp_core::H256;
use sp_trie::{
	accessed_nodes_tracker::AccessedNodesTracker, LayoutV0, LayoutV1, MemoryDB, Recorder,
	StorageProof, Trie, TrieConfiguration, TrieDBBuilder,
};

// A trie of layout 0 reads as one of layout 1: they differ in how nodes are written.
type Layout = LayoutV1<LedgerHash>;

/// Reads `keys` from the trie with this root, given the nodes on their paths: in the order of the keys, nothing
/// for a key that is proven to be absent.
///
/// # Errors
/// In words: a node is missing, given twice, or not needed.
pub fn read<K: AsRef<[u8]>>(
	root: H256,
	nodes: &[impl AsRef<[u8]>],
	keys: &[K],
) -> Result<Vec<Option<Vec<u8>>>, &'static str> {
	let proof = StorageProof::new_with_duplicate_nodes_check(
		nodes.iter().map(|node| node.as_ref().to_vec()),
	)
	.map_err(|_| "a node is given twice")?;
	let database: MemoryDB<LedgerHash> = proof.into_memory_db();
	let mut tracker = AccessedNodesTracker::new(nodes.len());
	let mut values = Vec::with_capacity(keys.len());
	{
		let trie =
			TrieDBBuilder::<Layout>::new(&database, &root).with_recorder(&mut tracker).build();
		for key in keys {
			values.push(trie.get(key.as_ref()).map_err(|_| "a node on the path is missing")?);
		}
	}
	tracker.ensure_no_unused_nodes().map_err(|_| "a node is given that no path needs")?;
	Ok(values)
}

/// The nodes of a proof that reading `keys` needs, and no other; nodes often come with more.
///
/// # Errors
/// [`Error::State`] when a node is missing.
pub fn narrow<K: AsRef<[u8]>>(
	root: H256,
	nodes: impl IntoIterator<Item = Vec<u8>>,
	keys: &[K],
) -> Result<Vec<Vec<u8>>, Error> {
	let database: MemoryDB<LedgerHash> = StorageProof::new(nodes).into_memory_db();
	record::<Layout, _>(root, &database, keys).ok_or(Error::State("a node on the path is missing"))
}

/// The key of an extrinsic in the trie of its block.
pub(crate) fn extrinsic_key(index: u32) -> Vec<u8> {
	Compact(index).encode()
}

/// Proves the extrinsic at `index` among all of a block, given with their length prefixes, under the block's
/// extrinsics root.
///
/// # Errors
/// [`Error::Extrinsic`] when there is none at that index, or the root is not that of these extrinsics.
pub fn prove_extrinsic(
	extrinsics: &[Vec<u8>],
	index: u32,
	root: H256,
) -> Result<Vec<Vec<u8>>, Error> {
	if index as usize >= extrinsics.len() {
		return Err(Error::Extrinsic("the block has no extrinsic at that index"));
	}
	if LayoutV1::<LedgerHash>::ordered_trie_root(extrinsics) == root {
		prove_extrinsic_in::<LayoutV1<LedgerHash>>(extrinsics, index)
	} else if LayoutV0::<LedgerHash>::ordered_trie_root(extrinsics) == root {
		prove_extrinsic_in::<LayoutV0<LedgerHash>>(extrinsics, index)
	} else {
		Err(Error::Extrinsic("the extrinsics are not those of the root"))
	}
}

fn prove_extrinsic_in<L>(extrinsics: &[Vec<u8>], index: u32) -> Result<Vec<Vec<u8>>, Error>
where
	L: TrieConfiguration<Hash = LedgerHash>,
{
	let mut database: MemoryDB<LedgerHash> = StorageProof::empty().into_memory_db();
	let mut root = H256::default();
	{
		let mut trie = sp_trie::TrieDBMutBuilder::<L>::new(&mut database, &mut root).build();
		for (position, extrinsic) in (0u32..).zip(extrinsics) {
			sp_trie::TrieMut::insert(&mut trie, &extrinsic_key(position), extrinsic)
				.map_err(|_| Error::Extrinsic("the trie cannot be built"))?;
		}
	}
	record::<L, _>(root, &database, &[extrinsic_key(index)])
		.ok_or(Error::Extrinsic("the trie cannot be read"))
}

/// Reads the keys and returns the nodes that were read, without repetition.
fn record<L, K>(root: H256, database: &MemoryDB<LedgerHash>, keys: &[K]) -> Option<Vec<Vec<u8>>>
where
	L: TrieConfiguration<Hash = LedgerHash>,
	K: AsRef<[u8]>,
{
	let mut recorder = Recorder::<L>::new();
	{
		let trie = TrieDBBuilder::<L>::new(database, &root).with_recorder(&mut recorder).build();
		for key in keys {
			trie.get(key.as_ref()).ok()?;
		}
	}
	let nodes = StorageProof::new(recorder.drain().into_iter().map(|record| record.data));
	Some(nodes.into_iter_nodes().collect())
}

#[cfg(test)]
mod tests {
	use super::*;

	fn block() -> Vec<Vec<u8>> {
		(0u8..20).map(|index| alloc::vec![index; 10 + 10 * usize::from(index)]).collect()
	}

	#[test]
	fn every_extrinsic_of_a_block_is_proven_in_both_layouts() {
		let block = block();
		let roots = [
			LayoutV0::<LedgerHash>::ordered_trie_root(&block),
			LayoutV1::<LedgerHash>::ordered_trie_root(&block),
		];
		assert_ne!(roots[0], roots[1]);
		for root in roots {
			for (index, extrinsic) in (0u32..).zip(&block) {
				let nodes = prove_extrinsic(&block, index, root).unwrap();
				let read = read(root, &nodes, &[extrinsic_key(index)]).unwrap();
				assert_eq!(read, [Some(extrinsic.clone())]);
			}
		}
	}

	#[test]
	fn a_proof_of_an_extrinsic_that_is_not_there_is_not_made() {
		let block = block();
		let root = LayoutV1::<LedgerHash>::ordered_trie_root(&block);
		assert!(prove_extrinsic(&block, 20, root).is_err());
		assert!(prove_extrinsic(&block[1..], 0, root).is_err());
		assert!(prove_extrinsic(&[], 0, root).is_err());
	}

	#[test]
	fn a_missing_a_repeated_and_a_needless_node_are_refused() {
		let block = block();
		let root = LayoutV1::<LedgerHash>::ordered_trie_root(&block);
		let nodes = prove_extrinsic(&block, 7, root).unwrap();
		let key = [extrinsic_key(7)];
		assert!(read(root, &nodes[1..], &key).is_err());
		let mut repeated = nodes.clone();
		repeated.push(nodes[0].clone());
		assert!(read(root, &repeated, &key).is_err());
		let mut needless = nodes.clone();
		needless.push(b"needless".to_vec());
		assert!(read(root, &needless, &key).is_err());
		assert_eq!(narrow(root, needless, &key).unwrap(), nodes);
	}
}
