//! The ciphertexts of an exchange travel between nodes in chunks, each provable against the ledger.
//!
//! A part is cut into chunks of [`CHUNK_SIZE`] bytes (the last may be shorter, never empty unless the part is). Its
//! commitment on the ledger is [`crate::commitment::commit`] over `root ‖ length`, `root` being the Merkle root of
//! the chunks and `length` the number of bytes as `u64` in little endian; domain by part, context the exchange's id.

use crate::{
	commitment::{self, Domain},
	merkle, vocabulary, Commitment, Direction, Exchange, ExchangeId, ExchangeState, MerkleRoot,
	Moment, OrganisationId,
};
use alloc::vec::Vec;

/// Bytes in a chunk: 256 KiB.
pub const CHUNK_SIZE: usize = 256 * 1024;

/// Most bytes of a part: 4 GiB.
pub const MAX_LENGTH: u64 = 4 * 1024 * 1024 * 1024;

vocabulary! {
	/// Which ciphertext of an exchange.
	pub enum Part {
		/// Tells the partner whom it is about.
		Envelope = 0,
		/// The data themselves.
		Payload = 1,
	}
}

impl Part {
	/// The domain of the part's commitment.
	pub const fn domain(self) -> Domain {
		match self {
			Self::Envelope => Domain::Request,
			Self::Payload => Domain::Payload,
		}
	}

	/// Who deposits the part: the envelope comes from whoever began, the payload from the holder.
	pub const fn sender(self, exchange: &Exchange) -> OrganisationId {
		match (self, exchange.direction) {
			(Self::Envelope, Direction::Pull) => exchange.recipient,
			(Self::Envelope, Direction::Push) | (Self::Payload, _) => exchange.holder,
		}
	}

	/// For whom the part is: nobody else is given it.
	pub const fn receiver(self, exchange: &Exchange) -> OrganisationId {
		match (self, exchange.direction) {
			(Self::Envelope, Direction::Pull) => exchange.holder,
			(Self::Envelope, Direction::Push) | (Self::Payload, _) => exchange.recipient,
		}
	}

	/// Whether the part may travel while the exchange stands in this state.
	pub const fn travels_in(self, state: ExchangeState) -> bool {
		use ExchangeState::{Approved, Delivered, Dispatched, Held, Offered, Requested};
		match self {
			Self::Envelope => matches!(state, Requested | Held | Offered | Approved | Dispatched),
			Self::Payload => matches!(state, Dispatched | Delivered),
		}
	}

	/// The commitment of the part on the ledger; nothing before the payload is dispatched.
	pub const fn commitment(self, exchange: &Exchange) -> Option<Commitment> {
		match self {
			Self::Envelope => Some(exchange.envelope),
			Self::Payload => exchange.payload,
		}
	}
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

/// What one node asks of another on `/<genesis>/curex/transfer/1`.
#[derive(Clone, PartialEq, Eq, Debug, codec::Encode, codec::Decode)]
pub struct Request {
	/// Which exchange.
	pub exchange: ExchangeId,
	/// Which part.
	pub part: Part,
	/// Which chunk; none asks for the manifest.
	pub chunk: Option<u64>,
	/// On whose behalf, if not the asking peer's own organisation.
	pub authorisation: Option<Authorisation>,
}

/// The answer.
#[derive(Clone, PartialEq, Eq, Debug, codec::Encode, codec::Decode)]
pub enum Response {
	/// The manifest.
	#[codec(index = 0)]
	Manifest(Manifest),
	/// A chunk with the proof of its place.
	#[codec(index = 1)]
	Chunk {
		/// The bytes.
		bytes: Vec<u8>,
		/// The proof.
		proof: merkle::Proof,
	},
	/// Nothing is served.
	#[codec(index = 2)]
	Refused(TransferRefusal),
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
