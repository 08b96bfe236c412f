//! The ciphertexts of an exchange travel between nodes in chunks, each provable against the ledger.
//!
//! A part is cut into chunks of [`CHUNK_SIZE`] bytes (the last may be shorter, never empty unless the part is). Its
//! commitment on the ledger is [`crate::commitment::commit`] over `root ‖ length`, `root` being the Merkle root of
//! the chunks and `length` the number of bytes as `u64` in little endian; domain by part, context the exchange's id.

use crate::{
	commitment::{self, Domain},
	merkle, vocabulary, Commitment, Direction, Exchange, ExchangeId, ExchangeState, MerkleRoot,
	Moment, OrganisationId, Subscription, SubscriptionId,
};
use alloc::vec::Vec;
use codec::{Compact, Decode, Encode};

/// Bytes in a chunk: 256 KiB.
pub const CHUNK_SIZE: usize = 256 * 1024;

/// Most chunks in one answer between nodes: 1 MiB.
pub const MAX_CHUNKS: u64 = 4;

/// Most bytes of a part: 4 GiB.
pub const MAX_LENGTH: u64 = 4 * 1024 * 1024 * 1024;

vocabulary! {
	/// Which ciphertext of an exchange.
	pub enum Part {
		/// Tells the partner whom it is about.
		Envelope = 0,
		/// The data themselves.
		Payload = 1,
		/// What opens the payload, where the holder keeps it back until the receipt, which is the commitment to it.
		Key = 2,
	}
}

impl Part {
	/// The domain of the part's commitment.
	pub const fn domain(self) -> Domain {
		match self {
			Self::Envelope => Domain::Request,
			Self::Payload => Domain::Payload,
			Self::Key => Domain::Receipt,
		}
	}

	/// Who deposits the part: the envelope comes from whoever began, payload and key from the holder.
	pub const fn sender(self, exchange: &Exchange) -> OrganisationId {
		match (self, exchange.direction) {
			(Self::Envelope, Direction::Pull) => exchange.recipient,
			(Self::Envelope, Direction::Push) | (Self::Payload | Self::Key, _) => exchange.holder,
		}
	}

	/// For whom the part is: nobody else is given it.
	pub const fn receiver(self, exchange: &Exchange) -> OrganisationId {
		match (self, exchange.direction) {
			(Self::Envelope, Direction::Pull) => exchange.holder,
			(Self::Envelope, Direction::Push) | (Self::Payload | Self::Key, _) => {
				exchange.recipient
			},
		}
	}

	/// Whether the part may travel while the exchange stands in this state.
	pub const fn travels_in(self, state: ExchangeState) -> bool {
		use ExchangeState::{Approved, Delivered, Dispatched, Held, Offered, Requested};
		match self {
			Self::Envelope => matches!(state, Requested | Held | Offered | Approved | Dispatched),
			Self::Payload => matches!(state, Dispatched | Delivered),
			Self::Key => matches!(state, Delivered),
		}
	}

	/// The commitment of the part on the ledger; nothing before the payload is dispatched, and no key before the receipt.
	pub const fn commitment(self, exchange: &Exchange) -> Option<Commitment> {
		match self {
			Self::Envelope => Some(exchange.envelope),
			Self::Payload => exchange.payload,
			Self::Key => exchange.receipt,
		}
	}
}

/// A part that may travel now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Carriage {
	/// Who leaves it.
	pub sender: OrganisationId,
	/// For whom it is: nobody else is given it.
	pub receiver: OrganisationId,
	/// Its commitment on the ledger.
	pub commitment: Commitment,
}

impl Carriage {
	/// This part of an exchange, if it may travel.
	pub fn of_exchange(part: Part, exchange: &Exchange) -> Option<Self> {
		if !part.travels_in(exchange.state) {
			return None;
		}
		let commitment = part.commitment(exchange)?;
		Some(Self { sender: part.sender(exchange), receiver: part.receiver(exchange), commitment })
	}

	/// This part of a subscription, if it may travel: its envelope does until it is over, to the holder. Its deliveries
	/// are exchanges.
	pub fn of_subscription(part: Part, subscription: &Subscription) -> Option<Self> {
		(part == Part::Envelope && !subscription.state.is_final()).then_some(Self {
			sender: subscription.recipient,
			receiver: subscription.terms.holder,
			commitment: subscription.terms.envelope,
		})
	}
}

/// The record to which the commitment of a subscription's envelope is bound, and under which it travels. Handles of
/// subscriptions and of exchanges are hashes of different domains, so that none is both.
pub const fn record_of(id: SubscriptionId) -> ExchangeId {
	ExchangeId(id.0)
}

/// What is needed to check the chunks of a part, and the part against the ledger.
#[derive(Clone, PartialEq, Eq, Debug, codec::Encode, codec::Decode)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct Manifest {
	/// Salt of the commitment.
	pub salt: [u8; 32],
	/// Bytes of the whole part.
	pub length: u64,
	/// Merkle root over the chunks.
	pub root: MerkleRoot,
}

impl Manifest {
	/// The manifest of a part that is in memory.
	pub fn of(salt: [u8; 32], bytes: &[u8]) -> Self {
		Self { salt, length: bytes.len() as u64, root: merkle::root(bytes.chunks(CHUNK_SIZE)) }
	}

	/// Number of chunks.
	pub const fn chunks(&self) -> u64 {
		self.length.div_ceil(CHUNK_SIZE as u64)
	}

	/// The commitment that must stand on the ledger.
	pub fn commitment(&self, part: Part, exchange: &ExchangeId) -> Commitment {
		let mut data = [0; 40];
		data[..32].copy_from_slice(&self.root.0);
		data[32..].copy_from_slice(&self.length.to_le_bytes());
		commitment::commit(part.domain(), &exchange.0, &self.salt, &data)
	}

	/// Whether `bytes` are the chunk at the proof's index of this part.
	pub fn admits(&self, bytes: &[u8], proof: &merkle::Proof) -> bool {
		self.leaf_of(bytes, proof).is_some()
	}

	/// The hash of the chunk ([`merkle::leaf`]), if `bytes` are the one at the proof's index of this part.
	pub fn leaf_of(&self, bytes: &[u8], proof: &merkle::Proof) -> Option<[u8; 32]> {
		if proof.count != self.chunks() || self.chunk_length(proof.index) != Some(bytes.len()) {
			return None;
		}
		let leaf = merkle::leaf(bytes);
		merkle::verify_leaf(&self.root, leaf, proof).then_some(leaf)
	}

	/// The hashes of chunks that follow one another, if `bytes` are the ones at the proofs' indices of this part.
	pub fn leaves_of(&self, bytes: &[u8], proofs: &[merkle::Proof]) -> Option<Vec<[u8; 32]>> {
		let first = proofs.first()?.index;
		let mut rest = bytes;
		let mut chunks = Vec::with_capacity(proofs.len());
		for (offset, proof) in (0..).zip(proofs) {
			if proof.index != first.checked_add(offset)? || proof.count != self.chunks() {
				return None;
			}
			let (chunk, after) = rest.split_at_checked(self.chunk_length(proof.index)?)?;
			chunks.push(chunk);
			rest = after;
		}
		if !rest.is_empty() {
			return None;
		}
		let leaves = merkle::leaves(chunks);
		let places = leaves.iter().zip(proofs);
		let mut proven = places.map(|(leaf, proof)| merkle::verify_leaf(&self.root, *leaf, proof));
		proven.all(|proven| proven).then_some(leaves)
	}

	/// Bytes of the chunk at `index`; nothing if there is none.
	pub fn chunk_length(&self, index: u64) -> Option<usize> {
		let rest = self.length.checked_sub(index.checked_mul(CHUNK_SIZE as u64)?)?;
		(rest > 0).then(|| rest.min(CHUNK_SIZE as u64) as usize)
	}
}

vocabulary! {
	/// What the bearer of an [`Authorisation`] may do.
	pub enum Access {
		/// Take the part from a node.
		Fetch = 0,
		/// Leave the part at a node, for the partner to fetch.
		Deposit = 1,
	}
}

/// A signed request of a delegate: lets an organisation without a node of its own use a member's.
#[derive(Clone, PartialEq, Eq, Debug, codec::Encode, codec::Decode)]
pub struct Authorisation {
	/// Hash of the ledger's first block.
	pub genesis: [u8; 32],
	/// Which exchange.
	pub exchange: ExchangeId,
	/// Which part.
	pub part: Part,
	/// To do what.
	pub access: Access,
	/// Not valid at or after this moment; at most [`MAX_AUTHORISATION_LIFE`] ahead.
	pub expires: Moment,
	/// Account of the delegate: an sr25519 or ed25519 public key.
	pub account: [u8; 32],
	/// Its signature over [`Authorisation::message`].
	pub signature: [u8; 64],
}

/// An authorisation lives for at most one hour, in milliseconds.
pub const MAX_AUTHORISATION_LIFE: Moment = 3_600_000;

impl Authorisation {
	/// What is signed: `"curex/transfer-1" ‖ genesis ‖ exchange ‖ part ‖ access ‖ expires ‖ account`.
	pub fn message(&self) -> Vec<u8> {
		let mut message = b"curex/transfer-1".to_vec();
		message.extend_from_slice(&self.genesis);
		message.extend_from_slice(&self.exchange.0);
		message.push(self.part as u8);
		message.push(self.access as u8);
		message.extend_from_slice(&self.expires.to_le_bytes());
		message.extend_from_slice(&self.account);
		message
	}
}

/// Chunks that follow one another.
#[derive(Clone, Copy, PartialEq, Eq, Debug, codec::Encode, codec::Decode)]
pub struct Run {
	/// Index of the first.
	pub first: u64,
	/// How many; of more than [`MAX_CHUNKS`], and of those that there are not, none is given.
	pub count: u64,
}

/// What one node asks of another on `/<genesis>/curex/transfer/2`.
#[derive(Clone, PartialEq, Eq, Debug, codec::Encode, codec::Decode)]
pub struct Request {
	/// Which exchange.
	pub exchange: ExchangeId,
	/// Which part.
	pub part: Part,
	/// Which chunks; none asks for the manifest.
	pub chunks: Option<Run>,
	/// On whose behalf, if not the asking peer's own organisation.
	pub authorisation: Option<Authorisation>,
}

/// The answer.
#[derive(Clone, PartialEq, Eq, Debug, codec::Encode, codec::Decode)]
pub enum Response {
	/// The manifest.
	#[codec(index = 0)]
	Manifest(Manifest),
	/// Chunks that follow one another, with the proofs of their places.
	#[codec(index = 1)]
	Chunks {
		/// A proof of each.
		proofs: Vec<merkle::Proof>,
		/// The bytes of all.
		bytes: Vec<u8>,
	},
	/// Nothing is served.
	#[codec(index = 2)]
	Refused(TransferRefusal),
}

impl Response {
	/// The encoding of [`Self::Chunks`] up to its `length` bytes of chunks, which have to follow: so that they need not be
	/// copied. There is room for them.
	pub fn head_of_chunks(proofs: &[merkle::Proof], length: usize) -> Vec<u8> {
		let mut head = (1u8, proofs, Compact(length as u64)).encode();
		head.reserve_exact(length);
		head
	}

	/// The proofs and the bytes of an encoded [`Self::Chunks`], which are not copied; nothing if it is none.
	pub fn read_chunks(encoded: &[u8]) -> Option<(Vec<merkle::Proof>, &[u8])> {
		let (1, mut rest) = encoded.split_first().map(|(kind, rest)| (*kind, rest))? else {
			return None;
		};
		let proofs = Vec::decode(&mut rest).ok()?;
		let Compact(length) = Compact::<u64>::decode(&mut rest).ok()?;
		(rest.len() as u64 == length).then_some((proofs, rest))
	}
}

vocabulary! {
	/// Why a node serves nothing.
	pub enum TransferRefusal {
		/// Neither the asking peer nor the authorisation belongs to the receiving organisation.
		NotAuthorised = 0,
		/// The finalised ledger has no such exchange, or it does not stand where this part may travel.
		NotNow = 1,
		/// This node does not have the part.
		NotHere = 2,
		/// The request makes no sense.
		Malformed = 3,
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_manifest_admits_its_chunks_at_their_places_only() {
		let bytes: Vec<u8> = (0..CHUNK_SIZE * 2 + 5).map(|index| (index / 251) as u8).collect();
		let manifest = Manifest::of([1; 32], &bytes);
		assert_eq!(manifest.chunks(), 3);
		let chunks: Vec<&[u8]> = bytes.chunks(CHUNK_SIZE).collect();
		for (index, chunk) in chunks.iter().enumerate() {
			let proof = merkle::prove(&chunks, index).unwrap();
			assert!(manifest.admits(chunk, &proof));
			assert!(!manifest.admits(&chunk[1..], &proof));
			assert!(!manifest.admits(chunks[(index + 1) % 3], &proof));
		}
	}

	#[test]
	fn chunks_that_follow_one_another_are_admitted_together() {
		let bytes: Vec<u8> = (0..CHUNK_SIZE * 3 + 5).map(|index| (index / 251) as u8).collect();
		let manifest = Manifest::of([1; 32], &bytes);
		let chunks: Vec<&[u8]> = bytes.chunks(CHUNK_SIZE).collect();
		let proof = |index| merkle::prove(&chunks, index).unwrap();
		let (from, proofs) = (&bytes[CHUNK_SIZE..], [proof(1), proof(2), proof(3)]);
		let expected: Vec<_> = chunks[1..].iter().map(|chunk| merkle::leaf(chunk)).collect();
		assert_eq!(manifest.leaves_of(from, &proofs), Some(expected));

		let refused = |bytes: &[u8], proofs: &[merkle::Proof]| {
			assert_eq!(manifest.leaves_of(bytes, proofs), None);
		};
		refused(&bytes, &proofs);
		refused(&from[1..], &proofs);
		refused(&[from, &[0]].concat(), &proofs);
		refused(from, &proofs[..2]);
		refused(from, &[proof(1), proof(1), proof(3)]);
		refused(from, &[proof(2), proof(1), proof(3)]);
		refused(from, &[]);
		refused(&[], &[]);
		let end = merkle::Proof { index: u64::MAX, ..proof(3) };
		refused(from, &[end.clone(), end.clone(), end]);
		let mut altered = from.to_vec();
		altered[2 * CHUNK_SIZE] ^= 1;
		refused(&altered, &proofs);
	}

	#[test]
	fn chunks_are_written_and_read_without_copies_as_their_encoding_says() {
		let proof = |index| merkle::Proof { index, count: 9, siblings: vec![[index as u8; 32]; 4] };
		for length in [0, 5, CHUNK_SIZE, 4 * CHUNK_SIZE] {
			let (proofs, bytes) = (vec![proof(3), proof(4)], vec![7; length]);
			let mut written = Response::head_of_chunks(&proofs, length);
			assert!(written.capacity() - written.len() >= length);
			written.extend_from_slice(&bytes);
			assert_eq!(Response::read_chunks(&written), Some((proofs.clone(), &bytes[..])));
			assert_eq!(Response::Chunks { proofs, bytes }.encode(), written);
			written.push(0);
			assert_eq!(Response::read_chunks(&written), None, "more than was said");
			assert_eq!(Response::read_chunks(&written[..written.len() - 2]), None);
		}
		let other = Response::Refused(TransferRefusal::NotNow).encode();
		assert_eq!(Response::read_chunks(&other), None);
		assert_eq!(Response::read_chunks(&[]), None);
	}

	#[test]
	fn a_key_that_is_held_back_travels_to_the_recipient_once_the_receipt_names_it() {
		let proposal = crate::ExchangeProposal {
			partner: OrganisationId(1),
			gate: crate::Gate::Statutory(crate::LegalBasis::CARE),
			purpose: crate::Purpose::Treatment,
			categories: crate::Category::TestResult.into(),
			envelope: Commitment([1; 32]),
			recipient_key: Commitment([2; 32]),
			border: None,
		};
		let mut exchange = Exchange::proposed(OrganisationId(2), Direction::Pull, &proposal);
		exchange.payload = Some(Commitment([3; 32]));
		let receipt = Commitment([4; 32]);
		for &state in ExchangeState::ALL {
			(exchange.state, exchange.receipt) = (state, Some(receipt));
			let expected = Carriage {
				sender: OrganisationId(1),
				receiver: OrganisationId(2),
				commitment: receipt,
			};
			let travels = (state == ExchangeState::Delivered).then_some(expected);
			assert_eq!(Carriage::of_exchange(Part::Key, &exchange), travels, "{state:?}");
		}
		(exchange.state, exchange.receipt) = (ExchangeState::Delivered, None);
		assert_eq!(Carriage::of_exchange(Part::Key, &exchange), None);
	}

	#[test]
	fn the_envelope_of_a_subscription_goes_from_the_recipient_to_the_holder_until_it_is_over() {
		use crate::{SubscriptionState, SubscriptionTerms};
		let mut subscription = Subscription {
			recipient: OrganisationId(2),
			terms: SubscriptionTerms {
				holder: OrganisationId(1),
				gate: crate::Gate::Statutory(crate::LegalBasis::CARE),
				purpose: crate::Purpose::Treatment,
				categories: crate::Category::TestResult.into(),
				border: None,
				until: 1,
				min_interval_s: 0,
				envelope: Commitment([1; 32]),
				recipient_key: Commitment([2; 32]),
			},
			state: SubscriptionState::Opened,
			deadline: 1,
			deliveries: 0,
			last_delivery: 0,
			ended_at: None,
		};
		let expected = Carriage {
			sender: OrganisationId(2),
			receiver: OrganisationId(1),
			commitment: Commitment([1; 32]),
		};
		for &state in SubscriptionState::ALL {
			subscription.state = state;
			let envelope = Carriage::of_subscription(Part::Envelope, &subscription);
			assert_eq!(envelope, (!state.is_final()).then_some(expected), "{state:?}");
			assert_eq!(Carriage::of_subscription(Part::Payload, &subscription), None);
		}
	}

	#[test]
	fn every_chunk_has_a_length_and_nothing_else_has() {
		let lengths = |length: u64| -> Vec<Option<usize>> {
			let manifest = Manifest { salt: [0; 32], length, root: merkle::empty_root() };
			(0..3).map(|index| manifest.chunk_length(index)).collect()
		};
		let full = Some(CHUNK_SIZE);
		assert_eq!(lengths(0), [None, None, None]);
		assert_eq!(lengths(CHUNK_SIZE as u64), [full, None, None]);
		assert_eq!(lengths(CHUNK_SIZE as u64 + 1), [full, Some(1), None]);
		let manifest = Manifest { salt: [0; 32], length: 1, root: merkle::empty_root() };
		assert_eq!(manifest.chunk_length(u64::MAX), None);
	}

	#[test]
	fn a_part_goes_from_whoever_made_it_to_the_other_side() {
		let (holder, recipient) = (OrganisationId(1), OrganisationId(2));
		for (part, direction, sender) in [
			(Part::Envelope, Direction::Pull, recipient),
			(Part::Envelope, Direction::Push, holder),
			(Part::Payload, Direction::Pull, holder),
			(Part::Payload, Direction::Push, holder),
		] {
			let exchange = exchange(direction, holder, recipient);
			assert_eq!(part.sender(&exchange), sender);
			assert_ne!(part.receiver(&exchange), sender);
		}
	}

	#[test]
	fn nothing_travels_in_a_final_state_and_no_payload_before_the_dispatch() {
		for &state in ExchangeState::ALL {
			for &part in Part::ALL {
				assert!(!(part.travels_in(state) && state.is_final()), "{part:?} {state:?}");
			}
			let dispatched = matches!(state, ExchangeState::Dispatched | ExchangeState::Delivered);
			assert_eq!(Part::Payload.travels_in(state), dispatched, "{state:?}");
		}
	}

	fn exchange(
		direction: Direction,
		holder: OrganisationId,
		recipient: OrganisationId,
	) -> Exchange {
		Exchange {
			direction,
			holder,
			recipient,
			gate: crate::Gate::Statutory(crate::LegalBasis::CARE),
			purpose: crate::Purpose::Treatment,
			categories: crate::Category::PatientSummary.into(),
			state: ExchangeState::Requested,
			envelope: Commitment([1; 32]),
			recipient_key: Commitment([2; 32]),
			payload: None,
			receipt: None,
			acknowledgement: None,
			released: None,
			deadline: 1,
			begun_at: 1,
			begun: 1,
			holder_sequence: 1,
			recipient_sequence: 1,
			border: None,
			law_version: 1,
			subscription: None,
			suspended_by: None,
			recorded_late: false,
			ended_at: None,
		}
	}

	#[test]
	fn a_proof_with_an_absurd_index_is_refused() {
		let manifest = Manifest::of([1; 32], b"x");
		let proof = merkle::Proof { index: u64::MAX, count: 1, siblings: Vec::new() };
		assert!(!manifest.admits(b"x", &proof));
	}

	#[test]
	fn the_commitment_binds_part_exchange_length_and_content() {
		let of = |salt, bytes: &[u8], part, exchange| {
			Manifest::of([salt; 32], bytes).commitment(part, &ExchangeId([exchange; 32]))
		};
		let first = of(1, b"abc", Part::Payload, 1);
		assert_eq!(first, of(1, b"abc", Part::Payload, 1));
		for other in [
			of(2, b"abc", Part::Payload, 1),
			of(1, b"abd", Part::Payload, 1),
			of(1, b"abc", Part::Envelope, 1),
			of(1, b"abc", Part::Payload, 2),
			of(1, b"abc\0", Part::Payload, 1),
		] {
			assert_ne!(first, other);
		}
	}
}
