//! Accounts that act for an organisation: appointment, duties, dismissal, rotation.

use crate::{
	types::duties_of, Config, Delegate, Delegates, Error, Event, Pallet, Retired, Sessions, Staff,
	Validators,
};
use curex_primitives::{Duties, Duty, OrganisationId};
use frame::prelude::*;

impl<T: Config> Pallet<T> {
	/// For whom the account acts, and in what.
	pub fn delegate(account: &T::AccountId) -> Option<Delegate> {
		Delegates::<T>::get(account)
	}

	/// Whether there is such an organisation and it may act.
	pub(crate) fn is_active(id: OrganisationId) -> bool {
		Self::organisation(id).is_some_and(|organisation| organisation.is_active())
	}

	/// The organisation that the signer administers, be it active or suspended.
	pub(crate) fn ensure_administrator(
		origin: OriginFor<T>,
	) -> Result<OrganisationId, DispatchError> {
		let who = ensure_signed(origin)?;
		let delegate = Self::delegate(&who)
			.filter(|delegate| delegate.duties.contains(Duty::Administration))
			.ok_or(Error::<T>::NotAuthorized)?;
		Ok(delegate.organisation)
	}

	pub(crate) fn do_set_delegate(
		id: OrganisationId,
		account: &T::AccountId,
		duties: Duties,
	) -> DispatchResult {
		let organisation = Self::organisation(id).ok_or(Error::<T>::NotFound)?;
		ensure!(!duties.is_empty(), Error::<T>::NoDuties);
		ensure!(duties_of(organisation.kind).contains_all(duties), Error::<T>::NotAllowedForKind);

		let old_duties = match Self::delegate(account) {
			Some(delegate) => {
				ensure!(delegate.organisation == id, Error::<T>::AlreadyExists);
				delegate.duties
			},
			None => {
				Self::appoint(id, account)?;
				Duties::EMPTY
			},
		};
		if old_duties.contains(Duty::Administration) && !duties.contains(Duty::Administration) {
			Self::ensure_dispensable(id, account)?;
		}
		Delegates::<T>::insert(account, Delegate { organisation: id, duties });
		match (old_duties.contains(Duty::Council), duties.contains(Duty::Council)) {
			(false, true) => Self::enter_council(id, account)?,
			(true, false) => Self::leave_council(id)?,
			(true, true) | (false, false) => {},
		}
		Self::deposit_event(Event::DelegateSet {
			organisation: id,
			account: account.clone(),
			duties,
		});
		Ok(())
	}

	pub(crate) fn do_dismiss_delegate(
		id: OrganisationId,
		account: &T::AccountId,
	) -> DispatchResult {
		let delegate = Self::delegate(account)
			.filter(|delegate| delegate.organisation == id)
			.ok_or(Error::<T>::NotFound)?;
		if delegate.duties.contains(Duty::Administration) {
			Self::ensure_dispensable(id, account)?;
		}
		if delegate.duties.contains(Duty::Council) {
			Self::leave_council(id)?;
		}
		Delegates::<T>::remove(account);
		Staff::<T>::mutate(id, |staff| staff.retain(|member| member != account));
		Self::retire(account)?;
		Self::deposit_event(Event::DelegateDismissed {
			organisation: id,
			account: account.clone(),
		});
		Ok(())
	}

	pub(crate) fn do_rotate_account(
		delegate: Delegate,
		old: T::AccountId,
		new: T::AccountId,
	) -> DispatchResult {
		let Delegate { organisation: id, duties } = delegate;
		ensure!(!Delegates::<T>::contains_key(&new), Error::<T>::AlreadyExists);
		ensure!(!Self::holds_seat(&old), Error::<T>::HoldsSeat);

		Delegates::<T>::remove(&old);
		Staff::<T>::mutate(id, |staff| staff.retain(|member| *member != old));
		Self::retire(&old)?;
		Self::appoint(id, &new)?;
		Delegates::<T>::insert(&new, Delegate { organisation: id, duties });
		if duties.contains(Duty::Council) {
			Self::hand_over_council(id, &new)?;
		}
		Self::deposit_event(Event::AccountRotated { organisation: id, old, new });
		Ok(())
	}

	/// Takes a fresh account on. It must get its duties from the caller.
	pub(crate) fn appoint(id: OrganisationId, account: &T::AccountId) -> DispatchResult {
		ensure!(!Retired::<T>::contains_key(account), Error::<T>::AccountRetired);
		Staff::<T>::try_mutate(id, |staff| staff.try_push(account.clone()))
			.map_err(|_| Error::<T>::MaxDelegatesExceeded)?;
		// `CheckNonce` refuses accounts that nobody provides for.
		frame_system::Pallet::<T>::inc_providers(account);
		Ok(())
	}

	/// Lets an account go for good.
	pub(crate) fn retire(account: &T::AccountId) -> DispatchResult {
		// The keys hold a consumer reference, without which the provider may go.
		T::Sessions::purge_keys(account)?;
		frame_system::Pallet::<T>::dec_providers(account)?;
		Retired::<T>::insert(account, ());
		Ok(())
	}

	/// Whether the account holds its organisation's seat among the validators.
	pub(crate) fn holds_seat(account: &T::AccountId) -> bool {
		Validators::<T>::get().iter().any(|seat| seat.account == *account)
	}

	/// Checks that the organisation can do without this administrator.
	fn ensure_dispensable(id: OrganisationId, account: &T::AccountId) -> DispatchResult {
		ensure!(!Self::holds_seat(account), Error::<T>::HoldsSeat);
		let has_another = Staff::<T>::get(id).iter().any(|member| {
			member != account
				&& Self::delegate(member)
					.is_some_and(|delegate| delegate.duties.contains(Duty::Administration))
		});
		ensure!(has_another, Error::<T>::LastAdministrator);
		Ok(())
	}
}
