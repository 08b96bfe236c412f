//! Benchmarks of the calls and of the transaction extensions, each at its most expensive.

use crate::{
	sessions::Sessions, Admission, Call, CheckBoundedNonce, Config, Delegates, Organisations,
	Pallet, PeerId, Peers, PendingChange, Quotas, Seat, SeatChange, Staff, Validators,
};
use alloc::vec;
use codec::Encode;
use curex_primitives::{
	Competences, Country, Duties, Duty, OrganisationId, OrganisationKind, OrganisationStatus,
	PeerRole,
};
use frame::{
	deps::frame_support::dispatch::DispatchInfo,
	prelude::*,
	traits::{One, OriginTrait},
};
use frame_benchmarking::{account, v2::*};
use frame_system::RawOrigin;

/// The benchmark macros reach their crate as `frame::deps::frame_benchmarking`, which is there with
/// the feature `runtime-benchmarks` only; the smoke test runs without.
mod frame {
	pub use ::frame::*;
	pub mod deps {
		pub use ::frame::deps::*;
		pub use ::frame_benchmarking;
	}
}

/// What the benchmarks need of the runtime.
pub trait BenchmarkHelper<RuntimeOrigin> {
	/// An origin that passes for the council.
	fn council() -> RuntimeOrigin;
}

/// For a runtime whose root may do what the council may.
impl<RuntimeOrigin: OriginTrait> BenchmarkHelper<RuntimeOrigin> for () {
	fn council() -> RuntimeOrigin {
		RuntimeOrigin::root()
	}
}

type RuntimeCallOf<T> = <T as frame_system::Config>::RuntimeCall;

fn key(seed: u32) -> [u8; 32] {
	frame::hashing::blake2_256(&seed.encode())
}

fn peer(seed: u32) -> PeerId {
	PeerId::from_ed25519(key(seed))
}

fn council<T: Config>() -> T::RuntimeOrigin {
	T::BenchmarkHelper::council()
}

/// A hospital with its administrator, who is in the council. The first is there so that the
/// council is never empty.
fn hospital<T: Config>(seed: u32) -> (OrganisationId, T::AccountId) {
	let administrator: T::AccountId = account("administrator", seed, 0);
	let id = Pallet::<T>::insert_organisation(
		OrganisationKind::Hospital,
		Country::new(*b"GR").unwrap(),
		Competences::EMPTY,
		key(seed),
		vec![b'a'; 64].try_into().unwrap(),
	)
	.unwrap();
	Pallet::<T>::do_set_delegate(
		id,
		&administrator,
		Duties::from(Duty::Administration).with(Duty::Council),
	)
	.unwrap();
	(id, administrator)
}

/// Two hospitals; answers the second.
fn second_hospital<T: Config>() -> (OrganisationId, T::AccountId) {
	hospital::<T>(0);
	hospital::<T>(1)
}

/// Seats of hospitals with session keys, one more than the fewest.
fn fill_seats<T: Config>() -> Seat<T::AccountId> {
	for seed in 10..=10 + T::MinValidators::get() {
		let (organisation, account) = hospital::<T>(seed);
		T::Sessions::give_keys(&account);
		let seat = Seat { organisation, account, disabled: false };
		Validators::<T>::try_append(seat).unwrap();
	}
	Validators::<T>::get().last().cloned().unwrap()
}

fn fill_staff<T: Config>(id: OrganisationId, up_to: u32) {
	let duties = Duties::from(Duty::Administration);
	for index in Staff::<T>::get(id).len() as u32..up_to {
		let delegate: T::AccountId = account("delegate", index, id.0);
		Pallet::<T>::do_set_delegate(id, &delegate, duties).unwrap();
	}
}

#[benchmarks(where
	RuntimeCallOf<T>: From<Call<T>> + Dispatchable<Info = DispatchInfo>,
	T: Send + Sync,
	T::RuntimeOrigin: AsTransactionAuthorizedOrigin,
)]
mod benchmarks {
	use super::{frame, *};

	#[benchmark]
	fn admit() {
		hospital::<T>(0);
		let administrator: T::AccountId = account("administrator", 1, 0);

		#[extrinsic_call]
		_(
			council::<T>() as T::RuntimeOrigin,
			OrganisationKind::Hospital,
			Country::new(*b"GR").unwrap(),
			Competences::EMPTY,
			[1; 32],
			vec![b'a'; 64].try_into().unwrap(),
			administrator.clone(),
		);

		assert!(Delegates::<T>::contains_key(administrator));
	}

	#[benchmark]
	fn suspend() {
		let (id, _) = second_hospital::<T>();

		#[extrinsic_call]
		_(council::<T>() as T::RuntimeOrigin, id);

		assert_eq!(Organisations::<T>::get(id).unwrap().status, OrganisationStatus::Suspended);
	}

	#[benchmark]
	fn reinstate() {
		let (id, _) = second_hospital::<T>();
		Pallet::<T>::do_suspend(id).unwrap();

		#[extrinsic_call]
		_(council::<T>() as T::RuntimeOrigin, id);

		assert!(Organisations::<T>::get(id).unwrap().is_active());
	}

	#[benchmark]
	fn expel(d: Linear<1, { T::MaxDelegates::get() }>, p: Linear<0, { T::MaxPeers::get() }>) {
		let Seat { organisation, .. } = fill_seats::<T>();
		fill_staff::<T>(organisation, d);
		for seed in 0..p {
			Pallet::<T>::do_register_peer(organisation, peer(seed), PeerRole::Gateway).unwrap();
		}

		#[extrinsic_call]
		_(council::<T>() as T::RuntimeOrigin, organisation);

		assert!(Staff::<T>::get(organisation).is_empty());
		assert_eq!(PendingChange::<T>::get(), Some(SeatChange::Remove { organisation }));
	}

	#[benchmark]
	fn add_validator() {
		fill_seats::<T>();
		let (id, administrator) = hospital::<T>(1);
		T::Sessions::give_keys(&administrator);

		#[extrinsic_call]
		_(council::<T>() as T::RuntimeOrigin, id, administrator);

		assert!(PendingChange::<T>::exists());
	}

	#[benchmark]
	fn remove_validator() {
		let Seat { organisation, .. } = fill_seats::<T>();

		#[extrinsic_call]
		_(council::<T>() as T::RuntimeOrigin, organisation);

		assert!(PendingChange::<T>::exists());
	}

	#[benchmark]
	fn set_quota() {
		let (id, _) = hospital::<T>(0);

		#[extrinsic_call]
		_(council::<T>() as T::RuntimeOrigin, id, 1);

		assert_eq!(Quotas::<T>::get(id).limit, Some(1));
	}

	#[benchmark]
	fn authorize_upgrade() {
		let hash = T::Hash::default();

		#[extrinsic_call]
		_(council::<T>() as T::RuntimeOrigin, hash);

		assert!(frame_system::Pallet::<T>::authorized_upgrade().is_some());
	}

	/// Taking administration and the council away from the delegate appointed last.
	#[benchmark]
	fn set_delegate() {
		fill_seats::<T>();
		let (id, administrator) = hospital::<T>(1);
		fill_staff::<T>(id, T::MaxDelegates::get());
		let duties = Duties::from(Duty::Exchange);
		let other = Staff::<T>::get(id).last().cloned().unwrap();

		#[extrinsic_call]
		_(RawOrigin::Signed(other), administrator.clone(), duties);

		assert_eq!(Delegates::<T>::get(administrator).unwrap().duties, duties);
	}

	#[benchmark]
	fn dismiss_delegate() {
		fill_seats::<T>();
		let (id, administrator) = hospital::<T>(1);
		T::Sessions::give_keys(&administrator);
		fill_staff::<T>(id, T::MaxDelegates::get());
		let other = Staff::<T>::get(id).last().cloned().unwrap();

		#[extrinsic_call]
		_(RawOrigin::Signed(other), administrator.clone());

		assert!(!Delegates::<T>::contains_key(administrator));
	}

	#[benchmark]
	fn rotate_encryption_key() {
		let (id, administrator) = hospital::<T>(0);

		#[extrinsic_call]
		_(RawOrigin::Signed(administrator), [9; 32]);

		assert_eq!(Organisations::<T>::get(id).unwrap().encryption_key, [9; 32]);
	}

	#[benchmark]
	fn register_peer() {
		let (id, administrator) = hospital::<T>(0);
		for seed in 1..T::MaxPeers::get() {
			Pallet::<T>::do_register_peer(id, peer(seed), PeerRole::Gateway).unwrap();
		}

		#[extrinsic_call]
		_(RawOrigin::Signed(administrator), peer(0), PeerRole::Validator);

		assert!(Peers::<T>::contains_key(peer(0)));
	}

	#[benchmark]
	fn remove_peer() {
		let (id, administrator) = hospital::<T>(0);
		for seed in 0..T::MaxPeers::get() {
			Pallet::<T>::do_register_peer(id, peer(seed), PeerRole::Gateway).unwrap();
		}

		#[extrinsic_call]
		_(RawOrigin::Signed(administrator), peer(0));

		assert!(!Peers::<T>::contains_key(peer(0)));
	}

	#[benchmark]
	fn accept_agreement() {
		let (id, administrator) = hospital::<T>(0);

		#[extrinsic_call]
		_(RawOrigin::Signed(administrator), 1);

		assert_eq!(Organisations::<T>::get(id).unwrap().agreement, 1);
	}

	#[benchmark]
	fn rotate_account() {
		fill_seats::<T>();
		let (_, old) = hospital::<T>(1);
		T::Sessions::give_keys(&old);
		let new: T::AccountId = account("new", 0, 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(old), new.clone());

		assert!(Delegates::<T>::contains_key(new));
	}

	#[benchmark]
	fn admission() {
		let (id, administrator) = hospital::<T>(0);
		let call: RuntimeCallOf<T> = Call::<T>::accept_agreement { version: 1 }.into();
		let origin: T::RuntimeOrigin = RawOrigin::Signed(administrator).into();
		let info = call.get_dispatch_info();

		#[block]
		{
			Admission::<T>::new().validate_and_prepare(origin, &call, &info, 0, 0).unwrap();
		}

		assert_eq!(Quotas::<T>::get(id).used, 1);
	}

	#[benchmark]
	fn check_bounded_nonce() {
		let (_, administrator) = hospital::<T>(0);
		let call: RuntimeCallOf<T> = Call::<T>::accept_agreement { version: 1 }.into();
		let origin: T::RuntimeOrigin = RawOrigin::Signed(administrator.clone()).into();
		let info = call.get_dispatch_info();
		let nonce = frame_system::Pallet::<T>::account_nonce(&administrator);

		#[block]
		{
			CheckBoundedNonce::<T>::from(nonce)
				.validate_and_prepare(origin, &call, &info, 0, 0)
				.unwrap();
		}

		assert_eq!(frame_system::Pallet::<T>::account_nonce(&administrator), nonce + One::one());
	}

	#[cfg(test)]
	impl_benchmark_test_suite!(Pallet, crate::mock::empty(), crate::mock::Test);
}
