//! What the consortium needs of the session pallet, and the session pallet providing it.

use core::marker::PhantomData;
use frame::prelude::{frame_system, DispatchResult};
use sp_staking::offence::OffenceSeverity;

/// Session keys of accounts, and their part in the running session.
pub trait Sessions<AccountId> {
	/// Whether the account has registered session keys.
	fn has_keys(account: &AccountId) -> bool;

	/// Forgets the account's session keys, if it has any.
	fn purge_keys(account: &AccountId) -> DispatchResult;

	/// Keeps the account from authoring for the rest of the running session, if it validates.
	fn disable(account: &AccountId);

	/// Registers some session keys for the account.
	#[cfg(any(feature = "runtime-benchmarks", test))]
	fn give_keys(account: &AccountId);
}

/// [`Sessions`] over `pallet-session`, where a validator is known by its account.
pub struct SessionPallet<T>(PhantomData<T>);

impl<T> Sessions<T::AccountId> for SessionPallet<T>
where
	T: pallet_session::Config<ValidatorId = <T as frame_system::Config>::AccountId>,
{
	fn has_keys(account: &T::AccountId) -> bool {
		pallet_session::NextKeys::<T>::contains_key(account)
	}

	fn purge_keys(account: &T::AccountId) -> DispatchResult {
		if !Self::has_keys(account) {
			return Ok(());
		}
		let signed = frame_system::RawOrigin::Signed(account.clone());
		pallet_session::Pallet::<T>::purge_keys(signed.into())
	}

	fn disable(account: &T::AccountId) {
		pallet_session::Pallet::<T>::report_offence(
			account.clone(),
			OffenceSeverity::max_severity(),
		);
	}

	#[cfg(any(feature = "runtime-benchmarks", test))]
	fn give_keys(account: &T::AccountId) {
		use codec::Decode;
		use frame::prelude::TrailingZeroInput;

		// Derived from the account, as no two accounts may have the same keys.
		let seed = frame::hashing::blake2_256(&codec::Encode::encode(account));
		let keys = T::Keys::decode(&mut TrailingZeroInput::new(&seed.repeat(8)));
		if let Ok(keys) = keys {
			pallet_session::NextKeys::<T>::insert(account, keys);
			let _ = frame_system::Pallet::<T>::inc_consumers(account);
		}
	}
}
