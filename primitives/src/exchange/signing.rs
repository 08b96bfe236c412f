//! What the other side signs off the ledger, to be recorded in one transaction or afterwards.

use super::ExchangeProposal;
use crate::{BatchRequest, BlockNumber, Commitment, Moment, OrganisationId};
use codec::{Compact, Encode};

/// The domain of a countersigned request.
const REQUEST: &[u8; 16] = b"curex/countersig";
/// The domain of a batch of requests that is countersigned as a whole.
const BATCH: &[u8; 16] = b"curex/countersbt";
/// The domain of a signed emergency request.
const EMERGENCY: &[u8; 16] = b"curex/emergency.";

/// A break-glass that the ledger could not take at once is recorded within 24 hours, in milliseconds.
pub const EMERGENCY_RECORDING_PERIOD: Moment = 24 * 3_600 * 1_000;

/// Declares a record that carries an sr25519 signature; `serde` knows no arrays of 64 bytes.
macro_rules! signed {
	($(#[$meta:meta])* pub struct $name:ident { $($(#[$field_meta:meta])* pub $field:ident: $type:ty),+ $(,)? }) => {
		$(#[$meta])*
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
		pub struct $name { $($(#[$field_meta])* pub $field: $type),+ }
	};
}

signed! {
	/// The recipient's signature over a request; see [`request_message`].
	pub struct Countersignature {
		/// The sr25519 public key of a delegate of the recipient with the duty to exchange.
		pub signer: [u8; 32],
		/// The signature.
		pub signature: [u8; 64],
		/// The last block that may record the request.
		pub expires_at: BlockNumber,
	}
}

signed! {
	/// The requester's signature over an emergency request; see [`emergency_message`].
	pub struct EmergencySignature {
		/// The sr25519 public key of a delegate of the requester with the duty for emergencies.
		pub signer: [u8; 32],
		/// The signature.
		pub signature: [u8; 64],
		/// When the glass was broken.
		pub moment: Moment,
	}
}

/// What the recipient of a pull signs so that the holder may record request, approval and dispatch in one
/// transaction: `"curex/countersig" ‖ blake2b-256(SCALE(domain, genesis, recipient, key, proposal, expires_at))`.
/// The outer domain keeps it apart from every transaction, whose first byte is the index of a pallet.
pub fn request_message(
	genesis: &[u8; 32],
	recipient: OrganisationId,
	key: &[u8; 32],
	proposal: &ExchangeProposal,
	expires_at: BlockNumber,
) -> [u8; 48] {
	seal(REQUEST, &(REQUEST, genesis, recipient, key, proposal, expires_at).encode())
}

/// What the recipient of pulls signs so that the holder may record all these requests, their approval and dispatch in
/// one transaction: `"curex/countersbt" ‖ blake2b-256(SCALE(domain, genesis, recipient, requests, expires_at))`, with
/// the requests as a vector, in the order of the transaction.
pub fn batch_message<'a>(
	genesis: &[u8; 32],
	recipient: OrganisationId,
	requests: impl ExactSizeIterator<Item = &'a BatchRequest>,
	expires_at: BlockNumber,
) -> [u8; 48] {
	let mut content = (BATCH, genesis, recipient, Compact(requests.len() as u64)).encode();
	for request in requests {
		request.encode_to(&mut content);
	}
	expires_at.encode_to(&mut content);
	seal(BATCH, &content)
}

/// What the requester signs when it breaks the glass and the ledger cannot be reached:
/// `"curex/emergency." ‖ blake2b-256(SCALE(domain, genesis, recipient, key, proposal, evidence, moment))`.
pub fn emergency_message(
	genesis: &[u8; 32],
	recipient: OrganisationId,
	key: &[u8; 32],
	proposal: &ExchangeProposal,
	evidence: Commitment,
	moment: Moment,
) -> [u8; 48] {
	seal(EMERGENCY, &(EMERGENCY, genesis, recipient, key, proposal, evidence, moment).encode())
}

fn seal(domain: &[u8; 16], content: &[u8]) -> [u8; 48] {
	let mut message = [0; 48];
	message[..16].copy_from_slice(domain);
	message[16..].copy_from_slice(&sp_crypto_hashing::blake2_256(content));
	message
}

/// Whether a countersignature may still be recorded in block `now`. It lives for `longest` blocks at most, so that
/// none outlives the record that makes its repetition known.
pub const fn check_expiry(expires_at: BlockNumber, now: BlockNumber, longest: BlockNumber) -> bool {
	now <= expires_at && expires_at - now <= longest
}

/// How the moment of a signed emergency request stands to the present.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SignedMoment {
	/// Within the last 24 hours.
	Recent,
	/// Longer ago: too late to record.
	TooLate,
	/// Not yet: nobody signs ahead.
	Ahead,
}

/// How `moment` stands to `now`.
pub const fn check_emergency_moment(moment: Moment, now: Moment) -> SignedMoment {
	if moment > now {
		SignedMoment::Ahead
	} else if now - moment > EMERGENCY_RECORDING_PERIOD {
		SignedMoment::TooLate
	} else {
		SignedMoment::Recent
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{exchange::tests::proposal, Categories};

	#[test]
	fn whatever_is_signed_changes_the_message() {
		let (genesis, key, recipient) = ([1; 32], [2; 32], OrganisationId(2));
		let message = request_message(&genesis, recipient, &key, &proposal(), 9);
		let wider = ExchangeProposal { categories: Categories::all(), ..proposal() };
		let other = ExchangeProposal { partner: OrganisationId(7), ..proposal() };
		for changed in [
			request_message(&[9; 32], recipient, &key, &proposal(), 9),
			request_message(&genesis, OrganisationId(3), &key, &proposal(), 9),
			request_message(&genesis, recipient, &[9; 32], &proposal(), 9),
			request_message(&genesis, recipient, &key, &wider, 9),
			request_message(&genesis, recipient, &key, &other, 9),
			request_message(&genesis, recipient, &key, &proposal(), 10),
			emergency_message(&genesis, recipient, &key, &proposal(), Commitment([3; 32]), 9),
		] {
			assert_ne!(message, changed);
		}
	}

	#[test]
	fn a_batch_is_signed_as_the_vector_of_its_requests() {
		let (genesis, recipient) = ([1; 32], OrganisationId(2));
		let request = |number| BatchRequest { key: [number; 32], proposal: proposal() };
		let requests = [request(1), request(2)];
		let message = batch_message(&genesis, recipient, requests.iter(), 9);
		let content = (BATCH, genesis, recipient, requests.to_vec(), 9u32).encode();
		assert_eq!(message, seal(BATCH, &content));
		let swapped = [request(2), request(1)];
		for changed in [
			batch_message(&[9; 32], recipient, requests.iter(), 9),
			batch_message(&genesis, OrganisationId(3), requests.iter(), 9),
			batch_message(&genesis, recipient, requests.iter(), 10),
			batch_message(&genesis, recipient, swapped.iter(), 9),
			batch_message(&genesis, recipient, requests[..1].iter(), 9),
			request_message(&genesis, recipient, &[1; 32], &proposal(), 9),
		] {
			assert_ne!(message, changed);
		}
	}

	#[test]
	fn an_expiry_is_neither_past_nor_far() {
		assert!(check_expiry(10, 10, 5));
		assert!(!check_expiry(10, 11, 5));
		assert!(check_expiry(15, 10, 5));
		assert!(!check_expiry(16, 10, 5));
		assert!(!check_expiry(u32::MAX, 0, 5));
	}

	#[test]
	fn an_emergency_is_recorded_within_24_hours_and_not_ahead() {
		let day = EMERGENCY_RECORDING_PERIOD;
		assert_eq!(check_emergency_moment(1_000, 1_000), SignedMoment::Recent);
		assert_eq!(check_emergency_moment(1_000, 1_000 + day), SignedMoment::Recent);
		assert_eq!(check_emergency_moment(1_000, 1_001 + day), SignedMoment::TooLate);
		assert_eq!(check_emergency_moment(1_001, 1_000), SignedMoment::Ahead);
	}
}
