//! Single-use tickets: consents for one exchange each that share no handle.
//!
//! Exchanges under one consent carry its handle, so that whoever reads the ledger sees that they belong to one
//! patient. Where that is too much, the patient gives a ticket for each exchange instead: terms that may be used
//! once, with commitments, lock and code of their own. The holder records the Merkle root over 1,024 tickets of many
//! patients, filled up with random leaves. Redeeming a ticket shows one leaf and its proof and makes it a consent of
//! its own, whose handle is the leaf: the gate is [`crate::Gate::Consent`], and every rule for consents, withdrawal
//! first, holds for tickets without a second version. What is left to see is that a ticket is one of 1,024.
//!
//! - The code of a ticket withdraws it, redeemed or not.
//! - The code of the root withdraws every ticket of the root that has not been received, redeemed or not.

use crate::{
	consent::{record, ConsentTerms},
	merkle, BlockNumber, ConsentId, MerkleRoot, Moment, OrganisationId, WithdrawLock,
};

/// Levels of the tree between its root and the tickets.
pub const DEPTH: usize = 10;

/// Tickets of a root.
pub const TICKETS: u64 = 1 << DEPTH;

/// No root lasts longer than 92 days, in milliseconds.
pub const MAX_VALIDITY: Moment = 92 * 24 * 3_600 * 1_000;

/// What opens the leaf of a ticket, so that it is nothing else.
const DOMAIN: &[u8; 16] = b"curex/ticket....";

/// Shows that a ticket stands in a tree of exactly [`TICKETS`] leaves.
#[derive(
	Clone,
	PartialEq,
	Eq,
	Debug,
	codec::Encode,
	codec::Decode,
	codec::DecodeWithMemTracking,
	codec::MaxEncodedLen,
	scale_info::TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct TicketProof {
	/// Position of the ticket, from 0.
	pub index: u16,
	/// Siblings from the leaf upwards.
	pub siblings: [[u8; 32]; DEPTH],
}

impl TicketProof {
	/// Proves the leaf at `index` of a tree; nothing if there is none, or the tree has another size.
	pub fn of(tree: &merkle::Tree, index: u16) -> Option<Self> {
		let siblings = tree.prove(index.into())?.siblings.try_into().ok()?;
		Some(Self { index, siblings })
	}

	/// Whether the proof leads from the ticket to the root.
	pub fn leads(&self, terms: &ConsentTerms, root: &MerkleRoot) -> bool {
		let proof = merkle::Proof {
			index: self.index.into(),
			count: TICKETS,
			siblings: self.siblings.to_vec(),
		};
		merkle::verify(root, &handle(terms).0, &proof)
	}
}

/// The handle of a ticket, and of the consent that redeeming it makes:
/// `blake2b-256("curex/ticket...." ‖ version ‖ terms)`. The terms' commitments are salted, so it tells nothing
/// before the ticket is shown.
pub fn handle(terms: &ConsentTerms) -> ConsentId {
	let mut input = alloc::vec::Vec::with_capacity(17 + 192);
	input.extend_from_slice(DOMAIN);
	input.push(crate::commitment::VERSION);
	codec::Encode::encode_to(terms, &mut input);
	ConsentId(sp_crypto_hashing::blake2_256(&input))
}

/// The tree over tickets and, up to [`TICKETS`], what `fill` draws; nothing if there are more tickets than that.
/// `fill` draws 32 random bytes; whoever knows them tells a filling from a ticket.
pub fn tree(tickets: &[ConsentTerms], mut fill: impl FnMut() -> [u8; 32]) -> Option<merkle::Tree> {
	let missing = usize::try_from(TICKETS).ok()?.checked_sub(tickets.len())?;
	let shown = tickets.iter().map(|terms| merkle::leaf(&handle(terms).0));
	let filled = core::iter::repeat_with(|| merkle::leaf(&fill())).take(missing);
	Some(merkle::Tree::new(shown.chain(filled).collect()))
}

record! {
	/// Tickets that a holder recorded.
	pub struct TicketRoot {
		/// Whose records they open.
		pub holder: OrganisationId,
		/// No ticket is redeemed from this moment on, nor valid.
		pub valid_until: Moment,
		/// Whose code withdraws all of them.
		pub withdraw_lock: WithdrawLock,
		/// The block in which all of them were withdrawn.
		pub withdrawn_at: Option<BlockNumber>,
		/// The block in which they were recorded.
		pub recorded_at: BlockNumber,
	}
}

impl TicketRoot {
	/// Whether tickets may be redeemed at `now`.
	pub fn is_live(&self, now: Moment) -> bool {
		self.withdrawn_at.is_none() && now < self.valid_until
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{consent::tests::terms, Commitment};
	use alloc::vec::Vec;

	fn ticket(number: u8) -> ConsentTerms {
		ConsentTerms { max_uses: 1, evidence: Commitment([number; 32]), ..terms() }
	}

	fn fill() -> impl FnMut() -> [u8; 32] {
		let mut drawn = 0u64;
		move || {
			drawn += 1;
			let mut bytes = [0xF1; 32];
			bytes[..8].copy_from_slice(&drawn.to_le_bytes());
			bytes
		}
	}

	#[test]
	fn a_ticket_is_proven_in_its_place_and_no_other_terms_are() {
		let tickets: Vec<_> = (10..15).map(ticket).collect();
		let tree = tree(&tickets, fill()).unwrap();
		for (index, ticket) in tickets.iter().enumerate() {
			let proof = TicketProof::of(&tree, index as u16).unwrap();
			assert!(proof.leads(ticket, &tree.root()));
			let longer = ConsentTerms { max_uses: 2, ..ticket.clone() };
			assert!(!proof.leads(&longer, &tree.root()));
			let elsewhere = TicketProof { index: proof.index ^ 1, ..proof.clone() };
			assert!(!elsewhere.leads(ticket, &tree.root()));
			let beyond = TicketProof { index: proof.index + 1_024, ..proof };
			assert!(!beyond.leads(ticket, &tree.root()));
		}
	}

	#[test]
	fn a_tree_of_another_size_proves_nothing() {
		let small = merkle::Tree::new(alloc::vec![merkle::leaf(&handle(&ticket(1)).0)]);
		assert_eq!(TicketProof::of(&small, 0), None);
		let too_many: Vec<_> = core::iter::repeat_n(ticket(1), 1_025).collect();
		assert_eq!(tree(&too_many, fill()), None);
	}

	#[test]
	fn a_released_handle_never_changes() {
		assert_eq!(handle(&ticket(1)).to_string(), include_str!("../vectors/ticket.txt").trim());
		assert_ne!(handle(&ticket(1)), handle(&ticket(2)));
	}
}
