//! Network peers of the organisations, which nodes ask for to decide whom to talk to.

use crate::{Config, Error, Event, Pallet, Peer, PeerId, Peers, PeersOf};
use alloc::vec::Vec;
use curex_primitives::{OrganisationId, OrganisationKind, PeerRole};
use frame::prelude::*;

impl<T: Config> Pallet<T> {
	/// Whose peer this is; nothing for an unknown or malformed identity.
	pub fn peer(peer: [u8; 38]) -> Option<(OrganisationId, PeerRole)> {
		let peer = Peers::<T>::get(PeerId::new(peer)?)?;
		Some((peer.organisation, peer.role))
	}

	/// Every registered peer. For runtime APIs only: reads them all.
	pub fn peers() -> Vec<([u8; 38], OrganisationId, PeerRole)> {
		Peers::<T>::iter().map(|(id, peer)| (id.to_bytes(), peer.organisation, peer.role)).collect()
	}

	pub(crate) fn do_register_peer(
		id: OrganisationId,
		peer: PeerId,
		role: PeerRole,
	) -> DispatchResult {
		let organisation = Self::organisation(id).ok_or(Error::<T>::NotFound)?;
		ensure!(
			role != PeerRole::Validator || organisation.kind == OrganisationKind::Hospital,
			Error::<T>::NotAllowedForKind
		);
		ensure!(!Peers::<T>::contains_key(peer), Error::<T>::AlreadyExists);
		PeersOf::<T>::try_mutate(id, |peers| peers.try_push(peer))
			.map_err(|_| Error::<T>::MaxPeersExceeded)?;
		Peers::<T>::insert(peer, Peer { organisation: id, role });
		Self::deposit_event(Event::PeerRegistered { organisation: id, peer, role });
		Ok(())
	}

	pub(crate) fn do_remove_peer(id: OrganisationId, peer: PeerId) -> DispatchResult {
		Peers::<T>::get(peer)
			.filter(|known| known.organisation == id)
			.ok_or(Error::<T>::NotFound)?;
		Peers::<T>::remove(peer);
		PeersOf::<T>::mutate(id, |peers| peers.retain(|known| *known != peer));
		Self::deposit_event(Event::PeerRemoved { organisation: id, peer });
		Ok(())
	}
}
