//! What leaves the state when its retention is over.

use crate::{
	Commitments, Config, Consents, Counts, CourtOrders, Event, Locks, Narrowings, NextPruning,
	Pallet, Retained, RetainedTickets, Tickets, VoidTickets, WeightInfo,
};
use curex_primitives::{ConsentId, MerkleRoot, Moment};
use frame::{deps::frame_support::weights::WeightMeter, prelude::*};

/// Milliseconds of a day.
const DAY: Moment = 24 * 3_600 * 1_000;

impl<T: Config> Pallet<T> {
	/// Removes what is over, as far as `remaining` allows, and continues in the next block.
	pub(crate) fn prune(remaining: Weight) -> Weight {
		let mut meter = WeightMeter::with_limit(remaining);
		if meter.try_consume(T::WeightInfo::prune_day()).is_err() {
			return meter.consumed();
		}
		let Some(first) = NextPruning::<T>::get() else { return meter.consumed() };
		let today = Self::day(Self::now());
		let mut day = first;
		while day < today && Self::prune_day(day, &mut meter) {
			day.saturating_inc();
			if meter.try_consume(T::WeightInfo::prune_day()).is_err() {
				break;
			}
		}
		if day != first {
			NextPruning::<T>::put(day);
		}
		meter.consumed()
	}

	/// Whether nothing of the day is left.
	fn prune_day(day: u32, meter: &mut WeightMeter) -> bool {
		loop {
			let most = T::WeightInfo::prune().max(T::WeightInfo::prune_tickets());
			if !meter.can_consume(most) {
				return false;
			}
			if let Some(id) = Retained::<T>::iter_key_prefix(day).next() {
				meter.consume(T::WeightInfo::prune());
				Self::forget(day, id);
			} else if let Some(root) = RetainedTickets::<T>::iter_key_prefix(day).next() {
				meter.consume(T::WeightInfo::prune_tickets());
				Self::forget_tickets(day, root);
			} else {
				return true;
			}
		}
	}

	/// Forgets the consent, or as a step towards that the oldest terms of its last narrowing.
	pub(crate) fn forget(day: u32, id: ConsentId) {
		if let Some((number, before)) = Narrowings::<T>::iter_prefix(id).next() {
			Narrowings::<T>::remove(id, number);
			Commitments::<T>::remove(before.terms.terms);
			Commitments::<T>::remove(before.terms.evidence);
			Consents::<T>::mutate_extant(id, |consent| consent.narrowed.saturating_dec());
			return;
		}
		Retained::<T>::remove(day, id);
		let Some(consent) = Consents::<T>::take(id) else { return };
		Commitments::<T>::remove(consent.terms.terms);
		Commitments::<T>::remove(consent.terms.evidence);
		if let Some(confirmation) = consent.confirmed {
			Commitments::<T>::remove(confirmation.evidence);
		}
		if let Some(order) = CourtOrders::<T>::take(id) {
			Commitments::<T>::remove(order.case);
		}
		Locks::<T>::remove(consent.terms.withdraw_lock);
		Counts::<T>::mutate_exists(consent.holder, |count| {
			*count = count.map(|count| count.saturating_sub(1)).filter(|count| *count > 0);
		});
		Self::deposit_event(Event::Pruned { consent: id, holder: consent.holder });
	}

	/// Forgets the root, or as a step towards that one of its withdrawn tickets.
	pub(crate) fn forget_tickets(day: u32, root: MerkleRoot) {
		if let Some(ticket) = VoidTickets::<T>::iter_key_prefix(root).next() {
			VoidTickets::<T>::remove(root, ticket);
			return;
		}
		RetainedTickets::<T>::remove(day, root);
		let Some(tickets) = Tickets::<T>::take(root) else { return };
		Locks::<T>::remove(tickets.withdraw_lock);
		Self::deposit_event(Event::TicketsPruned { root, holder: tickets.holder });
	}

	/// The last day of the retention of what died at `moment`.
	pub(crate) fn retained_until(moment: Moment) -> u32 {
		Self::day(moment.saturating_add(T::Retention::get()))
	}

	pub(crate) fn day(moment: Moment) -> u32 {
		(moment / DAY).saturated_into()
	}
}
