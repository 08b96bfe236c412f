//! The validator set: who gets a seat, when it changes, what an equivocation costs.
//!
//! The session pallet plans one session ahead: what [`Pallet::plan_session`] answers while session
//! n begins is in force from session n + 1. It answers only when the set changes, as every answer
//! is a new GRANDPA set with one more link in every warp proof.

use crate::{
	Config, Delegates, Error, Event, Organisation, Pallet, PendingChange, Seat, SeatChange,
	Sessions, Validators,
};
use alloc::vec::Vec;
use core::marker::PhantomData;
use curex_primitives::{Duty, OrganisationId, OrganisationKind};
use frame::{arithmetic::Perbill, prelude::*};
use sp_staking::{
	offence::{OffenceDetails, OnOffenceHandler},
	SessionIndex,
};

type SeatsOf<T> =
	BoundedVec<Seat<<T as frame_system::Config>::AccountId>, <T as Config>::MaxValidators>;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_add_validator(id: OrganisationId, account: T::AccountId) -> DispatchResult {
		let organisation = Self::organisation(id).ok_or(Error::<T>::NotFound)?;
		ensure!(organisation.kind == OrganisationKind::Hospital, Error::<T>::NotAllowedForKind);
		ensure!(organisation.is_active(), Error::<T>::NotActive);
		ensure!(Self::administers(id, &account), Error::<T>::NotAuthorized);
		ensure!(T::Sessions::has_keys(&account), Error::<T>::NoSessionKeys);
		let seats = Validators::<T>::get();
		let change = match seats.iter().find(|seat| seat.organisation == id) {
			Some(seat) => {
				ensure!(seat.account != account || seat.disabled, Error::<T>::AlreadyExists);
				SeatChange::Move { organisation: id, account }
			},
			None => {
				ensure!(!seats.is_full(), Error::<T>::MaxValidatorsExceeded);
				SeatChange::Add { organisation: id, account }
			},
		};
		Self::queue(change)
	}

	pub(crate) fn do_remove_validator(id: OrganisationId) -> DispatchResult {
		let seats = Validators::<T>::get();
		ensure!(seats.iter().any(|seat| seat.organisation == id), Error::<T>::NotFound);
		ensure!(Self::may_shrink(&seats), Error::<T>::TooFewValidators);
		Self::queue(SeatChange::Remove { organisation: id })
	}

	/// Gives the organisation's seat up, or the prospect of one.
	pub(crate) fn give_up_seat(id: OrganisationId) -> DispatchResult {
		if PendingChange::<T>::get().is_some_and(|change| change.organisation() == id) {
			PendingChange::<T>::kill();
		}
		if Validators::<T>::get().iter().any(|seat| seat.organisation == id) {
			Self::do_remove_validator(id)?;
		}
		Ok(())
	}

	fn queue(change: SeatChange<T::AccountId>) -> DispatchResult {
		ensure!(!PendingChange::<T>::exists(), Error::<T>::ChangePending);
		PendingChange::<T>::put(&change);
		Self::deposit_event(Event::ValidatorChangeQueued { change });
		Ok(())
	}

	/// Plans the next session: the accounts of all validators if the set changes, nothing if not.
	/// At most one change: the queued one, else the removal of a seat that lost its ground.
	pub(crate) fn plan_session() -> Option<Vec<T::AccountId>> {
		let mut seats = Validators::<T>::get();
		let is_changed = PendingChange::<T>::take()
			.is_some_and(|change| Self::apply(change, &mut seats))
			|| Self::remove_a_groundless_seat(&mut seats);
		if !is_changed {
			return None;
		}
		Validators::<T>::put(&seats);
		Some(Self::accounts_with_keys(&seats))
	}

	/// The accounts of the validators whose keys the session pallet knows.
	pub(crate) fn accounts_with_keys(seats: &[Seat<T::AccountId>]) -> Vec<T::AccountId> {
		seats.iter().map(|seat| seat.account.clone()).filter(T::Sessions::has_keys).collect()
	}

	/// Whether the change took place. What it needs may have gone since it was queued.
	fn apply(change: SeatChange<T::AccountId>, seats: &mut SeatsOf<T>) -> bool {
		let organisation = change.organisation();
		let place = seats.iter().position(|seat| seat.organisation == organisation);
		let event = match (change, place) {
			(SeatChange::Add { account, .. }, None) if Self::may_hold(organisation, &account) => {
				let seat = Seat { organisation, account: account.clone(), disabled: false };
				seats.try_push(seat).ok().map(|()| Event::ValidatorAdded { organisation, account })
			},
			(SeatChange::Move { account, .. }, Some(place))
				if Self::may_hold(organisation, &account) =>
			{
				seats.get_mut(place).map(|seat| {
					seat.account = account.clone();
					seat.disabled = false;
					Event::ValidatorMoved { organisation, account }
				})
			},
			(SeatChange::Remove { .. }, Some(place)) if Self::may_shrink(seats) => {
				let Seat { account, .. } = seats.remove(place);
				Some(Event::ValidatorRemoved { organisation, account })
			},
			_ => None,
		};
		let took_place = event.is_some();
		Self::deposit_event(event.unwrap_or(Event::ValidatorChangeDropped { organisation }));
		took_place
	}

	/// Removes the first seat that is disabled or whose holder may not validate, if enough remain.
	fn remove_a_groundless_seat(seats: &mut SeatsOf<T>) -> bool {
		let groundless = |seat: &Seat<T::AccountId>| {
			seat.disabled || !Self::may_hold(seat.organisation, &seat.account)
		};
		let Some(place) = seats.iter().position(groundless) else { return false };
		let organisation = seats[place].organisation;
		if !Self::may_shrink(seats) {
			Self::deposit_event(Event::ReplacementNeeded { organisation });
			return false;
		}
		let Seat { account, .. } = seats.remove(place);
		Self::deposit_event(Event::ValidatorRemoved { organisation, account });
		true
	}

	fn may_shrink(seats: &SeatsOf<T>) -> bool {
		seats.len() > T::MinValidators::get() as usize
	}

	/// Whether the account may validate for the organisation now.
	pub(crate) fn may_hold(id: OrganisationId, account: &T::AccountId) -> bool {
		Self::organisation(id).is_some_and(|organisation| may_validate(&organisation))
			&& Self::administers(id, account)
			&& T::Sessions::has_keys(account)
	}

	/// Whether the account is an administrator of the organisation.
	pub(crate) fn administers(id: OrganisationId, account: &T::AccountId) -> bool {
		Self::delegate(account).is_some_and(|delegate| {
			delegate.organisation == id && delegate.duties.contains(Duty::Administration)
		})
	}

	/// The session pallet forgets who is disabled whenever the set changes: disable them again.
	fn carry_disabled_over() {
		Validators::<T>::get()
			.iter()
			.filter(|seat| seat.disabled)
			.for_each(|seat| T::Sessions::disable(&seat.account));
	}

	fn note_offence(account: &T::AccountId, session: SessionIndex) {
		let mut seats = Validators::<T>::get();
		let may_shrink = Self::may_shrink(&seats);
		let Some(seat) = seats.iter_mut().find(|seat| seat.account == *account && !seat.disabled)
		else {
			return;
		};
		seat.disabled = true;
		let organisation = seat.organisation;
		Validators::<T>::put(seats);
		T::Sessions::disable(account);
		Self::deposit_event(Event::ValidatorDisabled {
			organisation,
			account: account.clone(),
			session,
		});
		if !may_shrink {
			Self::deposit_event(Event::ReplacementNeeded { organisation });
		}
	}
}

fn may_validate(organisation: &Organisation) -> bool {
	organisation.is_active() && organisation.kind == OrganisationKind::Hospital
}

impl<T: Config> pallet_session::SessionManager<T::AccountId> for Pallet<T> {
	fn new_session(_: SessionIndex) -> Option<Vec<T::AccountId>> {
		Self::plan_session()
	}

	fn new_session_genesis(_: SessionIndex) -> Option<Vec<T::AccountId>> {
		let accounts = Self::accounts_with_keys(&Validators::<T>::get());
		(!accounts.is_empty()).then_some(accounts)
	}

	fn start_session(_: SessionIndex) {
		Self::carry_disabled_over();
	}

	fn end_session(_: SessionIndex) {}
}

impl<T: Config> pallet_session::historical::SessionManager<T::AccountId, ()> for Pallet<T> {
	fn new_session(index: SessionIndex) -> Option<Vec<(T::AccountId, ())>> {
		let accounts = <Self as pallet_session::SessionManager<_>>::new_session(index)?;
		Some(accounts.into_iter().map(|account| (account, ())).collect())
	}

	fn new_session_genesis(index: SessionIndex) -> Option<Vec<(T::AccountId, ())>> {
		let accounts = <Self as pallet_session::SessionManager<_>>::new_session_genesis(index)?;
		Some(accounts.into_iter().map(|account| (account, ())).collect())
	}

	fn start_session(index: SessionIndex) {
		<Self as pallet_session::SessionManager<_>>::start_session(index);
	}

	fn end_session(index: SessionIndex) {
		<Self as pallet_session::SessionManager<_>>::end_session(index);
	}
}

/// An equivocation disables the seat at once, whatever its fraction; nothing else of the
/// organisation changes.
impl<T: Config> OnOffenceHandler<T::AccountId, (T::AccountId, ()), Weight> for Pallet<T> {
	fn on_offence(
		offenders: &[OffenceDetails<T::AccountId, (T::AccountId, ())>],
		_: &[Perbill],
		session: SessionIndex,
	) -> Weight {
		for OffenceDetails { offender: (account, ()), .. } in offenders {
			Self::note_offence(account, session);
		}
		let offences = u64::try_from(offenders.len()).unwrap_or(u64::MAX);
		T::DbWeight::get().reads_writes(2, 2).saturating_mul(offences)
	}
}

/// An account validates under its own name, if it administers an active hospital: a stranger
/// cannot register session keys.
pub struct ValidatorIdOf<T>(PhantomData<T>);

impl<T: Config> Convert<T::AccountId, Option<T::AccountId>> for ValidatorIdOf<T> {
	fn convert(account: T::AccountId) -> Option<T::AccountId> {
		let delegate = Delegates::<T>::get(&account)?;
		let organisation = Pallet::<T>::organisation(delegate.organisation)?;
		(delegate.duties.contains(Duty::Administration) && may_validate(&organisation))
			.then_some(account)
	}
}

/// Nothing is known of a validator beyond its account: there is no stake.
pub struct UnitIdentification;

impl<AccountId> Convert<AccountId, Option<()>> for UnitIdentification {
	fn convert(_: AccountId) -> Option<()> {
		Some(())
	}
}
