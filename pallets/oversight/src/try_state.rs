//! What holds between any two calls.

use crate::{
	Anchors, Breaches, Commitments, Config, Inquiries, LastAnchors, NextBreach, NextInquiry, Pallet,
};
use frame::prelude::*;

impl<T: Config> Pallet<T> {
	/// ### Invariants of oversight
	///
	/// 1. The anchors of an organisation are numbered from 1 to its last without a gap; each begins where the one
	///    before ended; the last ends where the ledger says.
	/// 2. Inquiries and breaches are numbered from zero to below the next number.
	/// 3. The commitments of inquiries and breaches are all remembered, each once, and no others.
	/// 4. No authority asks itself.
	pub fn do_try_state() -> Result<(), DispatchError> {
		Self::check_anchors()?;
		Self::check_numbers()?;
		Self::check_commitments()
	}

	fn check_anchors() -> Result<(), DispatchError> {
		let mut total = 0;
		for (organisation, (last, end)) in LastAnchors::<T>::iter() {
			let mut previous = None;
			for sequence in 1..=last {
				let anchor = Anchors::<T>::get(organisation, sequence).ok_or("1: a gap")?;
				ensure!(previous.is_none_or(|to| to == anchor.from), "1: not contiguous");
				previous = Some(anchor.to);
				total += 1;
			}
			ensure!(previous == Some(end), "1: another end");
		}
		ensure!(Anchors::<T>::iter_keys().count() == total, "1: an anchor too many");
		Ok(())
	}

	fn check_numbers() -> Result<(), DispatchError> {
		let inquiries = (0..NextInquiry::<T>::get()).all(Inquiries::<T>::contains_key)
			&& Inquiries::<T>::iter_keys().count() == NextInquiry::<T>::get() as usize;
		ensure!(inquiries, "2: the numbers of the inquiries");
		let breaches = (0..NextBreach::<T>::get()).all(Breaches::<T>::contains_key)
			&& Breaches::<T>::iter_keys().count() == NextBreach::<T>::get() as usize;
		ensure!(breaches, "2: the numbers of the breaches");
		Ok(())
	}

	fn check_commitments() -> Result<(), DispatchError> {
		let mut carried = 0;
		let mut check = |commitment| {
			carried += 1;
			ensure!(Commitments::<T>::contains_key(commitment), "3: not remembered");
			Ok::<(), DispatchError>(())
		};
		for inquiry in Inquiries::<T>::iter_values() {
			ensure!(inquiry.authority != inquiry.organisation, "4: an authority asks itself");
			check(inquiry.case)?;
			inquiry.disclosure.map_or(Ok(()), &mut check)?;
		}
		for breach in Breaches::<T>::iter_values() {
			check(breach.case)?;
			breach.notice.map_or(Ok(()), |notice| check(notice.notice))?;
		}
		ensure!(Commitments::<T>::iter_keys().count() == carried, "3: a commitment too many");
		Ok(())
	}
}
