//! What nodes, clients and explorers ask of the consortium.

use crate::{Organisation, Timing};
use alloc::vec::Vec;
use curex_primitives::{Duties, OrganisationId, PeerRole};

sp_api::decl_runtime_apis! {
	/// The members of the consortium and their peers.
	pub trait ConsortiumApi<AccountId> where AccountId: codec::Codec {
		/// The organisation with this number.
		fn organisation(id: OrganisationId) -> Option<Organisation>;

		/// For whom an account acts, and in what.
		fn delegate(account: AccountId) -> Option<(OrganisationId, Duties)>;

		/// Whose a network peer is, and what it does there.
		fn peer(peer: [u8; 38]) -> Option<(OrganisationId, PeerRole)>;

		/// Every registered network peer.
		fn peers() -> Vec<([u8; 38], OrganisationId, PeerRole)>;

		/// Slot and epoch length.
		fn timing() -> Timing;
	}
}
