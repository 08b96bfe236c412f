//! What holds between any two calls.

use crate::{Commitments, Config, Consents, Counts, Locks, NextPruning, Pallet, Retained};
use curex_primitives::ConsentStatus;
use frame::prelude::*;

impl<T: Config> Pallet<T> {
	/// ### Invariants of the consents
	///
	/// 1. The two commitments and the lock of every consent lead back to it, and there are no others.
	/// 2. The count of a holder is the number of its consents.
	/// 3. No consent has been used more often than it allows, nor ended in the future.
	/// 4. Every consent has one day on which its retention ends, not pruned yet; an active one the day that its
	///    validity and the retention give. There are no other such days.
	pub fn do_try_state() -> Result<(), DispatchError> {
		Self::check_commitments()?;
		Self::check_counts()?;
		Self::check_uses()?;
		Self::check_retention()
	}

	fn check_commitments() -> Result<(), DispatchError> {
		let mut consents = 0;
		for (id, consent) in Consents::<T>::iter() {
			consents += 1;
			let leads_back = Commitments::<T>::get(consent.terms.terms) == Some(id)
				&& Commitments::<T>::get(consent.terms.evidence) == Some(id)
				&& Locks::<T>::get(consent.terms.withdraw_lock) == Some(id);
			ensure!(leads_back, "1: a commitment or lock does not lead to its consent");
		}
		ensure!(Commitments::<T>::iter_keys().count() == 2 * consents, "1: a commitment too many");
		ensure!(Locks::<T>::iter_keys().count() == consents, "1: a lock too many");
		Ok(())
	}

	fn check_counts() -> Result<(), DispatchError> {
		let mut total = 0;
		for (holder, count) in Counts::<T>::iter() {
			let held = Consents::<T>::iter_values().filter(|consent| consent.holder == holder);
			ensure!(held.count() == count as usize, "2: a holder's count is wrong");
			total += count as usize;
		}
		ensure!(Consents::<T>::iter_keys().count() == total, "2: a holder has no count");
		Ok(())
	}

	fn check_uses() -> Result<(), DispatchError> {
		let now = frame_system::Pallet::<T>::block_number().saturated_into();
		for consent in Consents::<T>::iter_values() {
			ensure!(consent.used <= consent.terms.max_uses, "3: used too often");
			ensure!(consent.status.ended_at().is_none_or(|at| at <= now), "3: ended in the future");
		}
		Ok(())
	}

	fn check_retention() -> Result<(), DispatchError> {
		let mut days = 0;
		for (day, id, ()) in Retained::<T>::iter() {
			days += 1;
			ensure!(NextPruning::<T>::get().is_some_and(|next| next <= day), "4: a day was missed");
			let consent = Consents::<T>::get(id).ok_or("4: a day without its consent")?;
			let expected = Self::retained_until(consent.terms.valid_until);
			ensure!(consent.status != ConsentStatus::Active || day == expected, "4: a wrong day");
		}
		ensure!(Consents::<T>::iter_keys().count() == days, "4: a consent without one day");
		Ok(())
	}
}
