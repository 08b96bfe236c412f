//! [`EnsureDelegate`]: the origin check of the other pallets' calls.

use crate::{Config, Pallet};
use core::marker::PhantomData;
use curex_primitives::{Duty, OrganisationId};
use frame::{deps::frame_support::traits::OriginTrait, traits::EnsureOriginWithArg};

/// Signed by a delegate of an active organisation that holds the duty; yields the organisation.
pub struct EnsureDelegate<T>(PhantomData<T>);

impl<T: Config> EnsureOriginWithArg<T::RuntimeOrigin, Duty> for EnsureDelegate<T> {
	type Success = OrganisationId;

	fn try_origin(
		origin: T::RuntimeOrigin,
		duty: &Duty,
	) -> Result<OrganisationId, T::RuntimeOrigin> {
		origin
			.as_signer()
			.and_then(Pallet::<T>::delegate)
			.filter(|delegate| delegate.duties.contains(*duty))
			.map(|delegate| delegate.organisation)
			.filter(|organisation| Pallet::<T>::is_active(*organisation))
			.ok_or(origin)
	}

	/// A delegate with every duty, of a hospital made for it.
	#[cfg(feature = "runtime-benchmarks")]
	fn try_successful_origin(_: &Duty) -> Result<T::RuntimeOrigin, ()> {
		use crate::{Delegate, Delegates, NextOrganisation};
		use curex_primitives::{Duties, OrganisationKind, Organisations};
		use frame::prelude::frame_system;

		let account: T::AccountId = frame_benchmarking::account("delegate", 0, 0);
		if !Delegates::<T>::contains_key(&account) {
			let organisation = OrganisationId(NextOrganisation::<T>::get());
			Pallet::<T>::prepare(organisation, OrganisationKind::Hospital);
			Pallet::<T>::appoint(organisation, &account).map_err(|_| ())?;
			Delegates::<T>::insert(&account, Delegate { organisation, duties: Duties::all() });
			let _ = Pallet::<T>::enter_council(organisation, &account);
		}
		Ok(frame_system::RawOrigin::Signed(account).into())
	}
}
