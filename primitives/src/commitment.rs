//! Hiding commitments: what the ledger remembers of content that never leaves its owner.
//!
//! `C = blake2b-256(DOMAIN ‖ version ‖ context ‖ salt ‖ data)` with a fixed-length domain, a version byte, a
//! 32-byte context (the id of the record that the content belongs to) and a 32-byte random salt. The prefix has
//! a fixed length, so two different inputs never concatenate to the same bytes. The commitment hides the data
//! computationally while the salt is secret and unopened, and binds whoever made it.

use crate::{Commitment, WithdrawLock};

/// The version byte of the construction, for a later change of the hash function.
pub const VERSION: u8 = 1;

/// What a commitment is about. Two domains never share a commitment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Domain {
	/// Terms of a consent.
	ConsentTerms,
	/// Evidence that a consent was given.
	ConsentEvidence,
	/// Encrypted envelope of a request.
	Request,
	/// The recipient's key for one exchange.
	RecipientKey,
	/// Ciphertext that is exchanged.
	Payload,
	/// Receipt of a ciphertext.
	Receipt,
	/// Acknowledgement after opening.
	Acknowledgement,
	/// Evidence behind a break-glass.
	BreakGlass,
	/// Evidence behind a review.
	Review,
	/// Sealed report of the off-chain worker.
	Evidence,
	/// Inputs or parameters of a computation.
	Inputs,
	/// Notice of a breach, inquiry or disclosure.
	Oversight,
	/// Permit for secondary use, its data sets, environment and results.
	Permit,
	/// Answer to an erasure order.
	Erasure,
	/// Order of a court.
	CourtOrder,
	/// Assessment of a data package.
	Assessment,
}

impl Domain {
	/// The 16 bytes that open the hashed input.
	pub const fn tag(self) -> &'static [u8; 16] {
		match self {
			Self::ConsentTerms => b"curex/cons-terms",
			Self::ConsentEvidence => b"curex/cons-evid.",
			Self::Request => b"curex/request...",
			Self::RecipientKey => b"curex/recip-key.",
			Self::Payload => b"curex/payload...",
			Self::Receipt => b"curex/receipt...",
			Self::Acknowledgement => b"curex/acknowledg",
			Self::BreakGlass => b"curex/break-glas",
			Self::Review => b"curex/review....",
			Self::Evidence => b"curex/evidence..",
			Self::Inputs => b"curex/inputs....",
			Self::Oversight => b"curex/oversight.",
			Self::Permit => b"curex/permit....",
			Self::Erasure => b"curex/erasure...",
			Self::CourtOrder => b"curex/courtorder",
			Self::Assessment => b"curex/assessment",
		}
	}
}

/// Commits to `data` within the record `context`.
pub fn commit(domain: Domain, context: &[u8; 32], salt: &[u8; 32], data: &[u8]) -> Commitment {
	let mut input = alloc::vec::Vec::with_capacity(16 + 1 + 32 + 32 + data.len());
	input.extend_from_slice(domain.tag());
	input.push(VERSION);
	input.extend_from_slice(context);
	input.extend_from_slice(salt);
	input.extend_from_slice(data);
	Commitment(sp_crypto_hashing::blake2_256(&input))
}

/// Whether `salt` and `data` open the commitment.
pub fn opens(
	commitment: &Commitment,
	domain: Domain,
	context: &[u8; 32],
	salt: &[u8; 32],
	data: &[u8],
) -> bool {
	commit(domain, context, salt, data) == *commitment
}

/// The lock of a withdrawal code: `blake2b-256("curex/withdraw.." ‖ version ‖ code)`. Whoever shows the code
/// withdraws the consent that carries the lock.
pub fn withdraw_lock(code: &[u8; 32]) -> WithdrawLock {
	let mut input = [0; 16 + 1 + 32];
	input[..16].copy_from_slice(b"curex/withdraw..");
	input[16] = VERSION;
	input[17..].copy_from_slice(code);
	WithdrawLock(sp_crypto_hashing::blake2_256(&input))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_construction_matches_its_vectors() {
		let vector = commit(Domain::Payload, &[1; 32], &[2; 32], b"data");
		let by_hand = sp_crypto_hashing::blake2_256(
			&[&b"curex/payload...\x01"[..], &[1; 32], &[2; 32], b"data"].concat(),
		);
		assert_eq!(vector.0, by_hand);
		assert_eq!(
			vector.to_string(),
			include_str!("../vectors/commitment.txt").trim(),
			"a released construction never changes"
		);
		assert_eq!(
			withdraw_lock(&[7; 32]).to_string(),
			include_str!("../vectors/withdraw-lock.txt").trim()
		);
	}

	#[test]
	fn equal_content_under_another_salt_context_or_domain_is_another_commitment() {
		let first = commit(Domain::Payload, &[1; 32], &[2; 32], b"data");
		assert_ne!(first, commit(Domain::Payload, &[1; 32], &[3; 32], b"data"));
		assert_ne!(first, commit(Domain::Payload, &[3; 32], &[2; 32], b"data"));
		assert_ne!(first, commit(Domain::Receipt, &[1; 32], &[2; 32], b"data"));
		assert!(opens(&first, Domain::Payload, &[1; 32], &[2; 32], b"data"));
		assert!(!opens(&first, Domain::Payload, &[1; 32], &[2; 32], b"Data"));
	}
}
