//! What holds between any two calls.

use crate::{
	Attestations, Batches, Collecting, Commitments, Config, Days, Filed, Holds, NextOverdue,
	NextPruning, Orders, Overdue, Pallet, Pruning,
};
use curex_primitives::SLOTS;
use frame::prelude::*;

impl<T: Config> Pallet<T> {
	/// ### Invariants of erasure
	///
	/// 1. Every order leads to its day and its day to it; the orders of a batch, and of the day that is collected, are
	///    as many as is said, unless the batch is being pruned; there are no others.
	/// 2. Orders come in full slots.
	/// 3. Attestations and flags belong to a batch and to organisations that were members; nobody is flagged that
	///    attested, nor before the batch was looked at.
	/// 4. The commitments of attestations and holds are all remembered, each once, and no others.
	/// 5. Holds are of batches that are not being pruned.
	/// 6. Every batch whose retention has been looked at is held or being pruned.
	/// 7. Nobody filed on a later day than the one that is collected, or the last batch.
	pub fn do_try_state() -> Result<(), DispatchError> {
		Self::check_orders()?;
		Self::check_attestations()?;
		Self::check_commitments()?;
		Self::check_retention()
	}

	fn check_orders() -> Result<(), DispatchError> {
		let mut total = 0;
		for (day, order, ()) in Orders::<T>::iter() {
			ensure!(Days::<T>::get(order) == Some(day), "1: an order without its day");
			total += 1;
		}
		ensure!(Days::<T>::iter_keys().count() == total, "1: a day without its order");
		let collected = Collecting::<T>::get();
		let batches = Batches::<T>::iter()
			.filter(|(day, _)| !Pruning::<T>::contains_key(day))
			.map(|(day, batch)| (day, batch.orders));
		let mut said = 0;
		for (day, orders) in batches.chain(collected) {
			let kept = Orders::<T>::iter_key_prefix(day).count();
			ensure!(kept == orders as usize, "1: the number of orders");
			ensure!(kept.is_multiple_of(SLOTS) && kept > 0, "2: slots that are not full");
			said += kept;
		}
		let pruned: usize =
			Pruning::<T>::iter_keys().map(|day| Orders::<T>::iter_key_prefix(day).count()).sum();
		ensure!(said + pruned == total, "1: an order of no batch");
		let latest = Batches::<T>::iter_keys().chain(collected.map(|(day, _)| day)).max();
		let filed = Filed::<T>::iter_values().max();
		let pruned_all = latest.is_none() && NextPruning::<T>::get().is_some();
		ensure!(pruned_all || filed <= latest || NextPruning::<T>::get() > filed, "7: filed later");
		Ok(())
	}

	fn check_attestations() -> Result<(), DispatchError> {
		for (day, organisation, attestation) in Attestations::<T>::iter() {
			let batch = Batches::<T>::get(day).ok_or("3: an attestation of no batch")?;
			ensure!(organisation.0 < batch.members, "3: an attestation of no member");
			ensure!(attestation.late == (attestation.at > batch.due), "3: late or not");
		}
		let next = NextOverdue::<T>::get().map_or(0, |(day, _)| day);
		for (day, organisation, ()) in Overdue::<T>::iter() {
			let batch = Batches::<T>::get(day).ok_or("3: a flag of no batch")?;
			let attested = Attestations::<T>::contains_key(day, organisation);
			ensure!(organisation.0 < batch.members && !attested, "3: a flag too many");
			ensure!(day <= next, "3: flagged too early");
		}
		Ok(())
	}

	fn check_commitments() -> Result<(), DispatchError> {
		let mut carried = 0;
		let evidence = Attestations::<T>::iter_values().map(|attestation| attestation.evidence);
		for commitment in evidence.chain(Holds::<T>::iter_values()) {
			carried += 1;
			ensure!(Commitments::<T>::contains_key(commitment), "4: not remembered");
		}
		ensure!(Commitments::<T>::iter_keys().count() == carried, "4: a commitment too many");
		Ok(())
	}

	fn check_retention() -> Result<(), DispatchError> {
		for (day, _, _) in Holds::<T>::iter() {
			ensure!(Batches::<T>::contains_key(day), "5: a hold of no batch");
			ensure!(!Pruning::<T>::contains_key(day), "5: held and pruned");
		}
		let next = NextPruning::<T>::get().unwrap_or(0);
		for day in Batches::<T>::iter_keys().filter(|day| *day < next) {
			let kept = Self::is_held(day) || Pruning::<T>::contains_key(day);
			ensure!(kept, "6: a batch was missed");
		}
		for day in Pruning::<T>::iter_keys() {
			ensure!(Batches::<T>::contains_key(day) && day < next, "6: pruned too early");
		}
		Ok(())
	}
}
