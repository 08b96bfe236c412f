//! Many exchanges in one transaction, many documents under one root, and the count of what two organisations
//! exchanged.

use crate::{
	consent::record,
	merkle::{self, Proof},
	vocabulary, AcknowledgementCode, Commitment, ExchangeId, ExchangeProposal, MerkleRoot,
	OrganisationId, SizeBucket,
};
use alloc::{collections::BTreeSet, vec::Vec};

/// Most exchanges in one transaction.
pub const MAX_BATCH: u32 = 256;

/// Most documents under one root.
pub const MAX_DOCUMENTS: u64 = 1_000_000;

record! {
	/// A request within a batch.
	pub struct BatchRequest {
		/// 32 random bytes, as for a single request.
		pub key: [u8; 32],
		/// What is asked for.
		pub proposal: ExchangeProposal,
	}
}

record! {
	/// A request that the recipient signed, and the holder's answer to it, within a batch.
	pub struct BatchService {
		/// What was asked for.
		pub request: BatchRequest,
		/// Commitment to the ciphertext.
		pub payload: Commitment,
	}
}

record! {
	/// The holder's answer to a request within a batch: approval and dispatch at once.
	pub struct BatchAnswer {
		/// The exchange.
		pub exchange: ExchangeId,
		/// Commitment to the ciphertext.
		pub payload: Commitment,
	}
}

record! {
	/// The recipient's completion of an exchange within a batch: receipt and acknowledgement at once.
	pub struct BatchCompletion {
		/// The exchange.
		pub exchange: ExchangeId,
		/// Commitment to the receipt.
		pub receipt: Commitment,
		/// How it was.
		pub code: AcknowledgementCode,
		/// Commitment to the evidence, if there is any.
		pub evidence: Option<Commitment>,
	}
}

record! {
	/// Many documents dispatched under one gate that was asked once.
	pub struct DocumentRoot {
		/// Merkle root over the documents; see [`document_leaf`].
		pub root: MerkleRoot,
		/// How many.
		pub count: SizeBucket,
	}
}

vocabulary! {
	/// What is wrong with documents under a root.
	pub enum DocumentDefect {
		/// There are none, or the root says so, or is all zero.
		Nothing = 0,
		/// More than [`MAX_DOCUMENTS`].
		TooMany = 1,
		/// One occurs twice.
		Duplicate = 2,
		/// A commitment is all zero.
		MissingCommitment = 3,
	}
}

/// What stands for one document in the tree of an exchange: `"curex/document.." ‖ exchange ‖ commitment`. The same
/// document in another exchange is another leaf.
pub fn document_leaf(exchange: &ExchangeId, document: &Commitment) -> [u8; 80] {
	let mut leaf = [0; 80];
	leaf[..16].copy_from_slice(b"curex/document..");
	leaf[16..48].copy_from_slice(&exchange.0);
	leaf[48..].copy_from_slice(&document.0);
	leaf
}

/// The tree over the documents of an exchange, in their order.
///
/// # Errors
/// The first [`DocumentDefect`] found.
pub fn document_tree(
	exchange: &ExchangeId,
	documents: &[Commitment],
) -> Result<merkle::Tree, DocumentDefect> {
	if documents.is_empty() {
		return Err(DocumentDefect::Nothing);
	}
	if documents.len() as u64 > MAX_DOCUMENTS {
		return Err(DocumentDefect::TooMany);
	}
	if documents.iter().any(Commitment::is_zero) {
		return Err(DocumentDefect::MissingCommitment);
	}
	if documents.iter().collect::<BTreeSet<_>>().len() != documents.len() {
		return Err(DocumentDefect::Duplicate);
	}
	let leaves = documents.iter().map(|document| merkle::leaf(&document_leaf(exchange, document)));
	Ok(merkle::Tree::new(leaves.collect()))
}

impl DocumentRoot {
	/// What the ledger keeps of a tree of documents.
	pub fn of(tree: &merkle::Tree) -> Self {
		Self { root: tree.root(), count: SizeBucket::of(tree.leaves().len() as u64) }
	}

	/// Checks what can be seen without the documents.
	///
	/// # Errors
	/// [`DocumentDefect::Nothing`].
	pub fn check(&self) -> Result<(), DocumentDefect> {
		if self.root.is_zero()
			|| self.root == merkle::empty_root()
			|| self.count == SizeBucket::None
		{
			return Err(DocumentDefect::Nothing);
		}
		Ok(())
	}

	/// Whether the proof shows that the document was among those of the exchange.
	pub fn contains(&self, exchange: &ExchangeId, document: &Commitment, proof: &Proof) -> bool {
		proof.count <= MAX_DOCUMENTS
			&& SizeBucket::of(proof.count) == self.count
			&& merkle::verify(&self.root, &document_leaf(exchange, document), proof)
	}
}

record! {
	/// What one organisation counted of its exchanges with another in a period.
	pub struct Tally {
		/// How many.
		pub count: u64,
		/// Merkle root over them; see [`tally`].
		pub root: MerkleRoot,
	}
}

/// The length of a period of reconciliation in milliseconds: a day.
pub const RECONCILIATION_PERIOD: crate::Moment = 24 * 3_600 * 1_000;

/// For how many periods tallies are kept.
pub const KEPT_PERIODS: u32 = 64;

impl Tally {
	/// Whether count and root do not contradict each other where that can be seen.
	pub fn is_sound(&self) -> bool {
		!self.root.is_zero() && (self.count == 0) == (self.root == merkle::empty_root())
	}
}

/// The tally over the exchanges of one period between two organisations. Both sides get the same: the leaves are
/// `"curex/tally....." ‖ exchange ‖ payload` in ascending order, each once, with all zero for no payload.
pub fn tally(exchanges: impl IntoIterator<Item = (ExchangeId, Option<Commitment>)>) -> Tally {
	let leaves: BTreeSet<[u8; 80]> = exchanges
		.into_iter()
		.map(|(exchange, payload)| {
			let mut leaf = [0; 80];
			leaf[..16].copy_from_slice(b"curex/tally.....");
			leaf[16..48].copy_from_slice(&exchange.0);
			leaf[48..].copy_from_slice(&payload.unwrap_or(Commitment([0; 32])).0);
			leaf
		})
		.collect();
	let count = leaves.len() as u64;
	Tally { count, root: merkle::root(leaves.into_iter().collect::<Vec<_>>()) }
}

/// The two organisations of a tally, the lower number first.
pub fn pair(one: OrganisationId, other: OrganisationId) -> (OrganisationId, OrganisationId) {
	(one.min(other), one.max(other))
}

#[cfg(test)]
mod tests {
	use super::*;

	const EXCHANGE: ExchangeId = ExchangeId([9; 32]);

	fn documents(count: u32) -> Vec<Commitment> {
		(1..=count)
			.map(|number| {
				let mut bytes = [0xD0; 32];
				bytes[..4].copy_from_slice(&number.to_le_bytes());
				Commitment(bytes)
			})
			.collect()
	}

	#[test]
	fn every_document_of_every_count_is_proven_and_no_other() {
		for count in [1, 2, 3, 5, 8, 9, 10, 33] {
			let documents = documents(count);
			let tree = document_tree(&EXCHANGE, &documents).unwrap();
			let root = DocumentRoot::of(&tree);
			assert_eq!(root.check(), Ok(()));
			for (index, document) in (0..).zip(&documents) {
				let proof = tree.prove(index).unwrap();
				assert!(root.contains(&EXCHANGE, document, &proof));
				assert!(!root.contains(&ExchangeId([8; 32]), document, &proof));
				assert!(!root.contains(&EXCHANGE, &Commitment([1; 32]), &proof));
			}
		}
	}

	#[test]
	fn a_batch_with_a_duplicate_leaf_has_no_tree() {
		let mut twice = documents(4);
		twice[3] = twice[1];
		assert_eq!(document_tree(&EXCHANGE, &twice), Err(DocumentDefect::Duplicate));
		let mut missing = documents(4);
		missing[0] = Commitment([0; 32]);
		assert_eq!(document_tree(&EXCHANGE, &missing), Err(DocumentDefect::MissingCommitment));
		assert_eq!(document_tree(&EXCHANGE, &[]), Err(DocumentDefect::Nothing));
	}

	#[test]
	fn an_odd_last_leaf_cannot_be_doubled_unseen() {
		let documents = documents(3);
		let tree = document_tree(&EXCHANGE, &documents).unwrap();
		let doubled = merkle::Tree::new(
			[0, 1, 2, 2]
				.iter()
				.map(|&index: &usize| merkle::leaf(&document_leaf(&EXCHANGE, &documents[index])))
				.collect(),
		);
		assert_ne!(tree.root(), doubled.root());
		let proof = doubled.prove(3).unwrap();
		assert!(!DocumentRoot::of(&tree).contains(&EXCHANGE, &documents[2], &proof));
	}

	#[test]
	fn an_inner_node_does_not_pass_for_a_document() {
		let documents = documents(4);
		let tree = document_tree(&EXCHANGE, &documents).unwrap();
		let leaves = tree.leaves();
		// The second pre-image: the bytes of an inner node offered as if they were a leaf of a smaller tree.
		let node = [&leaves[0][..], &leaves[1][..]].concat();
		let mut proof = tree.prove(0).unwrap();
		proof.siblings.remove(0);
		for count in [2, 3, 4] {
			proof.count = count;
			assert!(!merkle::verify(&tree.root(), &node, &proof));
			assert!(!merkle::verify(&tree.root(), &[&[1][..], &node].concat(), &proof));
		}
	}

	#[test]
	fn one_document_too_many_is_refused_without_a_tree() {
		let root = DocumentRoot { root: MerkleRoot([5; 32]), count: SizeBucket::More };
		let proof = Proof { index: 0, count: MAX_DOCUMENTS + 1, siblings: Vec::new() };
		assert!(!root.contains(&EXCHANGE, &Commitment([1; 32]), &proof));
		let many = alloc::vec![Commitment([1; 32]); MAX_DOCUMENTS as usize + 1];
		assert_eq!(document_tree(&EXCHANGE, &many), Err(DocumentDefect::TooMany));
	}

	#[test]
	fn a_root_over_another_number_of_documents_than_it_says_proves_nothing() {
		let documents = documents(12);
		let tree = document_tree(&EXCHANGE, &documents).unwrap();
		let understated = DocumentRoot { count: SizeBucket::Units, ..DocumentRoot::of(&tree) };
		assert!(!understated.contains(&EXCHANGE, &documents[0], &tree.prove(0).unwrap()));
		for wrong in [
			DocumentRoot { root: MerkleRoot([0; 32]), count: SizeBucket::Units },
			DocumentRoot { root: merkle::empty_root(), count: SizeBucket::Units },
			DocumentRoot { root: MerkleRoot([1; 32]), count: SizeBucket::None },
		] {
			assert_eq!(wrong.check(), Err(DocumentDefect::Nothing));
		}
	}

	#[test]
	fn both_sides_get_the_same_tally_in_whatever_order_they_count() {
		let exchanges: Vec<_> = (1..=5u8)
			.map(|number| (ExchangeId([number; 32]), Some(Commitment([number; 32]))))
			.collect();
		let mut backwards = exchanges.clone();
		backwards.reverse();
		let ours = tally(exchanges.clone());
		assert_eq!(ours, tally(backwards));
		assert!(ours.is_sound());
		assert_ne!(ours, tally(exchanges[..4].to_vec()), "one is missing");
		let mut other = exchanges;
		other[0].1 = None;
		assert_ne!(ours, tally(other), "one was not sent");
		assert!(tally([]).is_sound());
		assert!(!Tally { count: 1, ..tally([]) }.is_sound());
	}
}
