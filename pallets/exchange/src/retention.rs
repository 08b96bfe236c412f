//! Pruning and legal holds.

use crate::{
	Commitments, Config, Disputes, Documents, Error, Event, Evidence, Exchanges, Holds, NextAgenda,
	OfConsent, PackageAssessments, Pallet, PrunedAhead, PrunedUpTo, Rectifications, Reviews,
};
use curex_primitives::{Commitment, ExchangeId, Gate, Obligation, OrganisationId, RecordHandle};
use frame::prelude::*;

/// Numbers pruned earlier that one pruning joins to [`PrunedUpTo`]. More than it adds, so that it catches up.
const CATCH_UP: u32 = 8;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_set_hold(authority: OrganisationId, id: ExchangeId) -> Result<(), Error<T>> {
		ensure!(Exchanges::<T>::contains_key(id), Error::<T>::NotFound);
		ensure!(!Holds::<T>::contains_key(id, authority), Error::<T>::AlreadyDone);
		Holds::<T>::insert(id, authority, ());
		Self::deposit_event(Event::HoldSet { exchange: id, authority });
		Ok(())
	}

	pub(crate) fn do_lift_hold(authority: OrganisationId, id: ExchangeId) -> Result<(), Error<T>> {
		ensure!(Holds::<T>::take(id, authority).is_some(), Error::<T>::NotFound);
		let ended_at = Exchanges::<T>::get(id).and_then(|exchange| exchange.ended_at);
		if let Some(ended_at) = ended_at {
			// Its turn may have passed while it was held.
			let next = NextAgenda::<T>::get();
			if next >= Self::pruned_after(ended_at) {
				Self::list(next, id);
			}
		}
		Self::deposit_event(Event::HoldLifted { exchange: id, authority });
		Ok(())
	}

	/// Removes an exchange that is over, with everything that belongs to it, unless an authority holds it.
	pub(crate) fn prune(id: ExchangeId) {
		let Some(exchange) = Exchanges::<T>::get(id) else { return };
		let over = exchange.ended_at.is_some_and(|at| Self::block() > Self::pruned_after(at));
		let held = Holds::<T>::iter_key_prefix(id).next().is_some();
		if !over || held {
			return;
		}
		let root = Documents::<T>::take(id).map(|documents| Commitment(documents.root.0));
		let carried = [Some(exchange.envelope), Some(exchange.recipient_key), exchange.payload]
			.into_iter()
			.chain([exchange.receipt, root])
			.flatten();
		// An emergency may share its commitments with other records.
		let shares = matches!(exchange.gate, Gate::BreakGlass(_));
		for commitment in carried.chain(Evidence::<T>::take(id)) {
			if !shares || Commitments::<T>::get(commitment) == Some(RecordHandle(id.0)) {
				Commitments::<T>::remove(commitment);
			}
		}
		for &obligation in Obligation::ALL {
			Self::forget_duty(id, obligation);
		}
		Reviews::<T>::remove(id);
		Disputes::<T>::remove(id);
		Rectifications::<T>::remove(id);
		PackageAssessments::<T>::remove(id);
		if let Gate::Consent(consent) = exchange.gate {
			OfConsent::<T>::remove(consent, id);
		}
		Self::forget_number(exchange.holder, exchange.holder_sequence);
		Self::forget_number(exchange.recipient, exchange.recipient_sequence);
		Exchanges::<T>::remove(id);
		Self::deposit_event(Event::Pruned { exchange: id });
	}

	/// Keeps the sequence gapless over pruning: a number is pruned if it is at most [`PrunedUpTo`], or in
	/// [`PrunedAhead`].
	fn forget_number(organisation: OrganisationId, number: u64) {
		let mut up_to = PrunedUpTo::<T>::get(organisation);
		if number == up_to.saturating_add(1) {
			up_to = number;
		} else {
			PrunedAhead::<T>::insert(organisation, number, ());
		}
		for _ in 0..CATCH_UP {
			let next = up_to.saturating_add(1);
			if PrunedAhead::<T>::take(organisation, next).is_none() {
				break;
			}
			up_to = next;
		}
		PrunedUpTo::<T>::insert(organisation, up_to);
	}
}
