//! The council of hospitals follows the delegates that hold `Duty::Council`.

use crate::{Config, Council, CouncilAccounts, Error, Pallet};
use curex_primitives::OrganisationId;
use frame::prelude::*;

impl<T: Config> Pallet<T> {
	/// Makes the account the organisation's voice, in the council too if it is active.
	pub(crate) fn enter_council(id: OrganisationId, account: &T::AccountId) -> DispatchResult {
		ensure!(!CouncilAccounts::<T>::contains_key(id), Error::<T>::CouncilSeatTaken);
		CouncilAccounts::<T>::insert(id, account);
		if Self::is_active(id) {
			Self::change_council(Some(account), None)?;
		}
		Ok(())
	}

	/// Leaves the organisation without a voice.
	pub(crate) fn leave_council(id: OrganisationId) -> DispatchResult {
		match CouncilAccounts::<T>::take(id) {
			Some(account) if Self::is_active(id) => Self::change_council(None, Some(&account)),
			Some(_) | None => Ok(()),
		}
	}

	/// Gives the organisation's voice to another account.
	pub(crate) fn hand_over_council(id: OrganisationId, account: &T::AccountId) -> DispatchResult {
		let old = CouncilAccounts::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		CouncilAccounts::<T>::insert(id, account);
		if Self::is_active(id) {
			Self::change_council(Some(account), Some(&old))?;
		}
		Ok(())
	}

	/// Changes the list and tells the collective. The council is never left empty.
	pub(crate) fn change_council(
		incoming: Option<&T::AccountId>,
		outgoing: Option<&T::AccountId>,
	) -> DispatchResult {
		let mut members = Council::<T>::get();
		if let Some(place) = outgoing.and_then(|account| members.binary_search(account).ok()) {
			members.remove(place);
		}
		if let Some(account) = incoming {
			if let Err(place) = members.binary_search(account) {
				members
					.try_insert(place, account.clone())
					.map_err(|_| Error::<T>::MaxCouncilMembersExceeded)?;
			}
		}
		ensure!(!members.is_empty(), Error::<T>::LastCouncilMember);
		T::CouncilMembers::change_members_sorted(
			incoming.cloned().as_slice(),
			outgoing.cloned().as_slice(),
			&members,
		);
		Council::<T>::put(members);
		Ok(())
	}
}
