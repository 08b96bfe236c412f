//! What holds between any two calls.

use crate::{
	Commitments, Config, Consents, Counts, CourtOrders, GroupMembers, LawCells, LawVersion, Locks,
	Narrowings, NextPruning, Pallet, Retained, RetainedTickets, Tickets, VoidTickets,
	MAX_NARROWINGS,
};
use curex_primitives::{Commitment, ConsentId, Organisations};
use frame::prelude::*;

impl<T: Config> Pallet<T> {
	/// ### Invariants of the consents
	///
	/// 1. Every commitment and lock of a consent, its narrowings, confirmation, court order and of a root of tickets
	///    leads back to it, and there are no others.
	/// 2. The count of a holder is the number of its consents.
	/// 3. No consent has been used more often than it allows, narrowed more often than recorded, nor ended or been
	///    suspended in the future.
	/// 4. Every consent has one day on which its retention ends, not pruned yet; one that has not ended the day that
	///    its validity and the retention give. There are no other such days.
	/// 5. Every root of tickets has one day on which its retention ends, and there are no others. A ticket allows one
	///    use, and was not withdrawn before it was redeemed.
	/// 6. No cell of the law has a defect; where there are cells the law was changed.
	/// 7. Members of groups are members of the consortium, since no later than now.
	/// 8. A consent that superseded another is not superseded by it, directly or through others.
	pub fn do_try_state() -> Result<(), DispatchError> {
		Self::check_commitments()?;
		Self::check_counts()?;
		Self::check_uses()?;
		Self::check_retention()?;
		Self::check_tickets()?;
		Self::check_law()?;
		Self::check_groups()?;
		Self::check_successors()
	}

	fn check_commitments() -> Result<(), DispatchError> {
		let leads = |commitment: Commitment, id: ConsentId| {
			ensure!(
				Commitments::<T>::get(commitment) == Some(id),
				"1: a commitment does not lead to its consent"
			);
			Ok::<_, DispatchError>(())
		};
		let (mut locks, mut commitments) = (0, 0);
		for (id, consent) in Consents::<T>::iter() {
			leads(consent.terms.terms, id)?;
			leads(consent.terms.evidence, id)?;
			let lock = Locks::<T>::get(consent.terms.withdraw_lock);
			ensure!(lock == Some(id), "1: a lock does not lead to its consent");
			(locks, commitments) = (locks + 1, commitments + 2);
			if let Some(confirmation) = consent.confirmed {
				leads(confirmation.evidence, id)?;
				commitments += 1;
			}
		}
		for (id, _, before) in Narrowings::<T>::iter() {
			leads(before.terms.terms, id)?;
			leads(before.terms.evidence, id)?;
			commitments += 2;
		}
		for (id, order) in CourtOrders::<T>::iter() {
			leads(order.case, id)?;
			commitments += 1;
		}
		for (root, tickets) in Tickets::<T>::iter() {
			let lock = Locks::<T>::get(tickets.withdraw_lock);
			ensure!(lock == Some(ConsentId(root.0)), "1: a lock does not lead to its tickets");
			locks += 1;
		}
		ensure!(Commitments::<T>::iter_keys().count() == commitments, "1: a commitment too many");
		ensure!(Locks::<T>::iter_keys().count() == locks, "1: a lock too many");
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
		let now = Self::block();
		for (id, consent) in Consents::<T>::iter() {
			ensure!(consent.used <= consent.terms.max_uses, "3: used too often");
			ensure!(consent.status.ended_at().is_none_or(|at| at <= now), "3: ended in the future");
			let narrowed = Narrowings::<T>::iter_key_prefix(id).count();
			ensure!(
				narrowed == usize::from(consent.narrowed) && consent.narrowed <= MAX_NARROWINGS,
				"3: a narrowing is not recorded"
			);
		}
		for (id, order) in CourtOrders::<T>::iter() {
			let ended = Consents::<T>::get(id).is_some_and(|consent| consent.status.has_ended());
			ensure!(ended && !order.case.is_zero(), "3: a court order without a withdrawal");
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
			ensure!(consent.status.has_ended() || day == expected, "4: a wrong day");
		}
		ensure!(Consents::<T>::iter_keys().count() == days, "4: a consent without one day");
		Ok(())
	}

	fn check_tickets() -> Result<(), DispatchError> {
		for (root, tickets) in Tickets::<T>::iter() {
			let day = Self::retained_until(tickets.valid_until);
			ensure!(RetainedTickets::<T>::contains_key(day, root), "5: tickets without a day");
		}
		let days = RetainedTickets::<T>::iter_keys().count();
		ensure!(Tickets::<T>::iter_keys().count() == days, "5: a day without its tickets");
		for (root, id, _) in VoidTickets::<T>::iter() {
			ensure!(Tickets::<T>::contains_key(root), "5: a withdrawn ticket without its root");
			ensure!(!Consents::<T>::contains_key(id), "5: a withdrawn ticket was redeemed");
		}
		for consent in Consents::<T>::iter_values().filter(|consent| consent.tickets.is_some()) {
			ensure!(consent.terms.max_uses == 1, "5: a ticket for more than one use");
		}
		Ok(())
	}

	fn check_law() -> Result<(), DispatchError> {
		for ((_, purpose, kind), bases) in LawCells::<T>::iter() {
			ensure!(bases.check(purpose, kind).is_ok(), "6: a defective cell");
			ensure!(LawVersion::<T>::get() > 0, "6: a cell that nobody set");
		}
		Ok(())
	}

	fn check_groups() -> Result<(), DispatchError> {
		for (_, organisation, since) in GroupMembers::<T>::iter() {
			ensure!(T::Organisations::facts(organisation).is_some(), "7: a stranger in a group");
			ensure!(since <= Self::block(), "7: a member from the future");
		}
		Ok(())
	}

	fn check_successors() -> Result<(), DispatchError> {
		use curex_primitives::ConsentStatus::Superseded;
		let consents = Consents::<T>::iter_keys().count();
		for (id, mut consent) in Consents::<T>::iter() {
			let mut steps = 0;
			while let Superseded { by, .. } = consent.status {
				steps += 1;
				ensure!(by != id && steps <= consents, "8: a loop of successors");
				let Some(next) = Consents::<T>::get(by) else { break };
				ensure!(next.holder == consent.holder, "8: another holder's successor");
				consent = next;
			}
		}
		Ok(())
	}
}
