//! What the ledger keeps of an organisation, its accounts, its peers and its seat.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use curex_primitives::{
	BlockNumber, Competences, Country, Duties, Duty, OrganisationFacts, OrganisationId,
	OrganisationKind, OrganisationStatus, PeerRole,
};
use frame::{
	prelude::{BoundedVec, TypeInfo},
	traits::ConstU32,
};

/// The most bytes of an organisation's legal name, UTF-8.
pub const MAX_NAME: u32 = 64;

/// The legal name of an organisation, UTF-8.
pub type Name = BoundedVec<u8, ConstU32<MAX_NAME>>;

/// A member of the consortium.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Organisation {
	/// What it is.
	pub kind: OrganisationKind,
	/// Where it is established.
	pub country: Country,
	/// What it supervises; empty unless it is an authority.
	pub competences: Competences,
	/// Whether it may act.
	pub status: OrganisationStatus,
	/// The X25519 key to which envelopes for this organisation are encrypted (HPKE, RFC 9180).
	pub encryption_key: [u8; 32],
	/// Its legal name, as the council admitted it.
	pub name: Name,
	/// The version of the consortium agreement it accepted last; 0 for none.
	pub agreement: u16,
	/// The block of its admission.
	pub admitted_at: BlockNumber,
}

impl Organisation {
	/// Whether the organisation may act now.
	pub fn is_active(&self) -> bool {
		self.status == OrganisationStatus::Active
	}

	/// What other rooms may know.
	pub fn facts(&self) -> OrganisationFacts {
		OrganisationFacts {
			kind: self.kind,
			country: self.country,
			status: self.status,
			competences: self.competences,
		}
	}

	/// Whether the organisation may review others' emergency access.
	pub fn may_review(&self) -> bool {
		self.is_active()
			&& match self.kind {
				OrganisationKind::Hospital => true,
				OrganisationKind::CareCentre => false,
				OrganisationKind::Authority => {
					self.competences.contains(curex_primitives::Competence::DataProtection)
				},
			}
	}
}

/// The duties that an organisation of this kind may entrust: the council belongs to hospitals.
pub fn duties_of(kind: OrganisationKind) -> Duties {
	Duty::ALL
		.iter()
		.copied()
		.filter(|duty| *duty != Duty::Council || kind == OrganisationKind::Hospital)
		.collect()
}

/// The duties of the first delegate of an organisation of this kind.
pub fn first_duties(kind: OrganisationKind) -> Duties {
	match kind {
		OrganisationKind::Hospital => Duties::from(Duty::Administration).with(Duty::Council),
		OrganisationKind::CareCentre | OrganisationKind::Authority => Duty::Administration.into(),
	}
}

/// An account that acts for an organisation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Delegate {
	/// For whom it acts.
	pub organisation: OrganisationId,
	/// In what; never empty.
	pub duties: Duties,
}

/// A node of an organisation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Peer {
	/// Whose node it is.
	pub organisation: OrganisationId,
	/// What it does.
	pub role: PeerRole,
}

/// The identity of a libp2p node with an Ed25519 key: 38 bytes, the identity multihash of the
/// key's protobuf encoding (libp2p specification, `peer-ids`). Anything else does not decode.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct PeerId([u8; 38]);

impl PeerId {
	/// Multihash identity (0x00), 36 bytes; protobuf field 1: key type Ed25519; field 2: 32 bytes.
	const PREFIX: [u8; 6] = [0x00, 0x24, 0x08, 0x01, 0x12, 0x20];

	/// The peer with these bytes, or nothing if they are not an Ed25519 peer identity.
	pub fn new(bytes: [u8; 38]) -> Option<Self> {
		bytes.starts_with(&Self::PREFIX).then_some(Self(bytes))
	}

	/// The peer with this Ed25519 public key.
	pub fn from_ed25519(key: [u8; 32]) -> Self {
		let mut bytes = [0; 38];
		bytes[..6].copy_from_slice(&Self::PREFIX);
		bytes[6..].copy_from_slice(&key);
		Self(bytes)
	}

	/// The 38 bytes.
	pub const fn to_bytes(self) -> [u8; 38] {
		self.0
	}
}

impl AsRef<[u8]> for PeerId {
	fn as_ref(&self) -> &[u8] {
		&self.0
	}
}

impl Decode for PeerId {
	fn decode<I: codec::Input>(input: &mut I) -> Result<Self, codec::Error> {
		Self::new(<[u8; 38]>::decode(input)?).ok_or_else(|| "not an Ed25519 peer identity".into())
	}
}

/// The place of an organisation among the validators.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Seat<AccountId> {
	/// Who holds it.
	pub organisation: OrganisationId,
	/// The delegate under whose account the session keys are registered.
	pub account: AccountId,
	/// Whether it equivocated: it must not author until it is removed or moved.
	pub disabled: bool,
}

/// A change of the validator set, applied when the next session is planned.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum SeatChange<AccountId> {
	/// The organisation gets a seat.
	#[codec(index = 0)]
	Add {
		/// Who gets it.
		organisation: OrganisationId,
		/// The delegate that will hold it.
		account: AccountId,
	},
	/// The organisation's seat goes to this delegate, and is no longer disabled.
	#[codec(index = 1)]
	Move {
		/// Whose seat it is.
		organisation: OrganisationId,
		/// The delegate that will hold it.
		account: AccountId,
	},
	/// The organisation gives its seat up.
	#[codec(index = 2)]
	Remove {
		/// Whose seat it is.
		organisation: OrganisationId,
	},
}

impl<AccountId> SeatChange<AccountId> {
	/// Whose seat changes.
	pub fn organisation(&self) -> OrganisationId {
		match self {
			Self::Add { organisation, .. }
			| Self::Move { organisation, .. }
			| Self::Remove { organisation } => *organisation,
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_peer_identity_without_the_ed25519_prefix_does_not_decode() {
		let peer = PeerId::from_ed25519([7; 32]);
		assert_eq!(PeerId::decode(&mut &peer.encode()[..]), Ok(peer));
		assert_eq!(peer.encode(), peer.to_bytes());
		assert!(PeerId::decode(&mut &[0u8; 38][..]).is_err());
		assert!(PeerId::decode(&mut &peer.encode()[..37]).is_err());
	}

	#[test]
	fn only_hospitals_may_entrust_the_council() {
		for kind in OrganisationKind::ALL {
			let duties = duties_of(*kind);
			assert_eq!(duties.contains(Duty::Council), *kind == OrganisationKind::Hospital);
			assert!(duties.contains_all(first_duties(*kind)));
		}
	}
}
