//! Holds, and what leaves when the retention is over.

use crate::{
	Attestations, Batches, Commitments, Config, Days, Error, Event, Holds, NextPruning, Orders,
	Overdue, Pallet, Pruning, WeightInfo,
};
use curex_primitives::{
	erasure::day_of, Commitment, Competence, ErasureId, OrganisationId, Organisations,
};
use frame::{deps::frame_support::weights::WeightMeter, prelude::*};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_hold(
		authority: OrganisationId,
		day: u32,
		case: Commitment,
	) -> Result<(), Error<T>> {
		let competent = T::Organisations::facts(authority)
			.is_some_and(|facts| facts.competences.contains(Competence::DataProtection));
		ensure!(competent, Error::<T>::NotAuthorized);
		Self::release();
		// What is being pruned is not whole any more.
		let whole = Batches::<T>::contains_key(day) && !Pruning::<T>::contains_key(day);
		ensure!(whole, Error::<T>::NotFound);
		ensure!(!Holds::<T>::contains_key(day, authority), Error::<T>::AlreadyExists);
		Self::ensure_fresh(case)?;

		Commitments::<T>::insert(case, ());
		Holds::<T>::insert(day, authority, case);
		Ok(())
	}

	pub(crate) fn do_lift(authority: OrganisationId, day: u32) -> Result<(), Error<T>> {
		let case = Holds::<T>::take(day, authority).ok_or(Error::<T>::NotFound)?;
		Commitments::<T>::remove(case);
		let passed = NextPruning::<T>::get().is_some_and(|next| day < next);
		if passed && !Self::is_held(day) {
			Pruning::<T>::insert(day, ());
		}
		Ok(())
	}

	pub(crate) fn is_held(day: u32) -> bool {
		Holds::<T>::iter_key_prefix(day).next().is_some()
	}

	/// The first day on which nothing needs to stay of this day's batch.
	pub(crate) fn retained_until(day: u32) -> u32 {
		day.saturating_add(1).saturating_add(T::Retention::get())
	}

	/// Removes batches whose retention is over and that nobody holds, as far as the weight allows, and goes on in the
	/// next block.
	pub(crate) fn prune(meter: &mut WeightMeter) {
		if meter.try_consume(T::WeightInfo::prune_day()).is_err() {
			return;
		}
		Self::end_retention(meter);
		while meter.can_consume(T::WeightInfo::prune_batch()) {
			let Some(day) = Pruning::<T>::iter_keys().next() else { break };
			meter.consume(T::WeightInfo::prune_batch());
			if !Self::prune_batch(day, meter) {
				break;
			}
		}
	}

	/// Marks the batches whose retention is over. One that is held is passed over: whoever lifts the hold marks it.
	fn end_retention(meter: &mut WeightMeter) {
		let Some(first) = NextPruning::<T>::get() else { return };
		let today = day_of(Self::now());
		let mut day = first;
		while Self::retained_until(day) < today {
			if Batches::<T>::contains_key(day) && !Self::is_held(day) {
				Pruning::<T>::insert(day, ());
			}
			day.saturating_inc();
			if meter.try_consume(T::WeightInfo::prune_day()).is_err() {
				break;
			}
		}
		if day != first {
			NextPruning::<T>::put(day);
		}
	}

	/// Whether nothing is left of the batch.
	fn prune_batch(day: u32, meter: &mut WeightMeter) -> bool {
		let mut orders = Orders::<T>::drain_prefix(day);
		loop {
			if !meter.can_consume(T::WeightInfo::prune_order()) {
				return false;
			}
			let Some((order, ())) = orders.next() else { break };
			meter.consume(T::WeightInfo::prune_order());
			Self::forget_order(order);
		}
		let mut attestations = Attestations::<T>::drain_prefix(day);
		loop {
			if !meter.can_consume(T::WeightInfo::prune_attestation()) {
				return false;
			}
			let Some((organisation, attestation)) = attestations.next() else { break };
			meter.consume(T::WeightInfo::prune_attestation());
			Commitments::<T>::remove(attestation.evidence);
			Overdue::<T>::remove(day, organisation);
		}
		let mut overdue = Overdue::<T>::drain_prefix(day);
		loop {
			if !meter.can_consume(T::WeightInfo::prune_attestation()) {
				return false;
			}
			if overdue.next().is_none() {
				break;
			}
			meter.consume(T::WeightInfo::prune_attestation());
		}
		Self::forget_batch(day);
		true
	}

	pub(crate) fn forget_order(order: ErasureId) {
		Days::<T>::remove(order);
	}

	pub(crate) fn forget_batch(day: u32) {
		Batches::<T>::remove(day);
		Pruning::<T>::remove(day);
		Self::deposit_event(Event::Pruned { day });
	}
}
