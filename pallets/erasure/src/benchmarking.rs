//! Measures the calls. Under `cargo test` every benchmark runs once as a test.

use crate::{
	Attestations, Batches, Call, Collecting, Commitments, Config, Days, Holds, NextOverdue,
	NextPruning, Orders, Overdue, Pallet, Pruning,
};
use curex_primitives::{
	erasure::{due, DAY},
	BenchmarkClock, BenchmarkDelegates, Commitment, Duty, ErasureId, ErasureMethod, OrganisationId,
	OrganisationKind, SLOTS,
};
use frame_benchmarking::v2::*;

#[benchmarks]
mod benchmarks {
	use super::*;
	use crate::WeightInfo;
	use ::frame::deps::frame_support::weights::WeightMeter;

	// The macros look here for what the umbrella shows only under its own feature `runtime-benchmarks`.
	mod frame {
		pub mod deps {
			pub use ::frame::deps::frame_system;
			pub use frame_benchmarking;
		}
	}

	const TODAY: u32 = 20_000;

	fn at<T: Config>(day: u32) {
		T::BenchmarkHelper::set(u64::from(day) * DAY);
	}

	fn organisation<T: Config>(kind: OrganisationKind) -> (T::RuntimeOrigin, OrganisationId) {
		T::BenchmarkHelper::origin(Duty::Oversight, kind)
	}

	fn handles(number: u8) -> [ErasureId; SLOTS] {
		core::array::from_fn(|slot| {
			let mut bytes = [number; 32];
			bytes[0] = slot as u8 + 1;
			ErasureId(bytes)
		})
	}

	/// Orders of a day that is over and whose batch is not released yet.
	fn filed<T: Config>() -> (T::RuntimeOrigin, OrganisationId) {
		at::<T>(TODAY);
		let (origin, organisation) = organisation::<T>(OrganisationKind::Hospital);
		Pallet::<T>::file(origin.clone(), handles(1)).expect("the handles are fresh; qed");
		at::<T>(TODAY + 1);
		(origin, organisation)
	}

	fn released<T: Config>() -> (T::RuntimeOrigin, OrganisationId) {
		let filed = filed::<T>();
		Pallet::<T>::release();
		filed
	}

	fn attested<T: Config>() -> OrganisationId {
		let (origin, organisation) = released::<T>();
		let method = ErasureMethod::CryptographicErase;
		Pallet::<T>::attest(origin, TODAY, [9; 32], method, Commitment([1; 32]))
			.expect("the batch is open; qed");
		organisation
	}

	#[benchmark]
	fn file() {
		// A batch of the day before is released on the way.
		filed::<T>();
		let (origin, _) = organisation::<T>(OrganisationKind::Hospital);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, handles(2));

		assert!(Batches::<T>::contains_key(TODAY));
		assert!(Collecting::<T>::get().is_some_and(|(day, _)| day == TODAY + 1));
	}

	#[benchmark]
	fn attest() {
		let (origin, organisation) = filed::<T>();
		let method = ErasureMethod::CryptographicErase;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, TODAY, [9; 32], method, Commitment([1; 32]));

		assert!(Attestations::<T>::contains_key(TODAY, organisation));
	}

	#[benchmark]
	fn hold() {
		filed::<T>();
		let (origin, authority) = organisation::<T>(OrganisationKind::Authority);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, TODAY, Commitment([2; 32]));

		assert!(Holds::<T>::contains_key(TODAY, authority));
	}

	#[benchmark]
	fn lift() {
		released::<T>();
		let (origin, _) = organisation::<T>(OrganisationKind::Authority);
		Pallet::<T>::hold(origin.clone(), TODAY, Commitment([2; 32])).expect("released; qed");
		// The retention ended while it was held.
		NextPruning::<T>::put(TODAY + 1);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, TODAY);

		assert!(Pruning::<T>::contains_key(TODAY));
	}

	#[benchmark]
	fn release() {
		filed::<T>();

		#[block]
		{
			Pallet::<T>::release();
		}

		assert!(Batches::<T>::contains_key(TODAY));
	}

	#[benchmark]
	fn overdue_day() {
		released::<T>();
		// Every organisation of the day has been looked at.
		let members = Batches::<T>::get(TODAY).map_or(0, |batch| batch.members);
		NextOverdue::<T>::put((TODAY, OrganisationId(members)));
		T::BenchmarkHelper::set(due(TODAY) + 1);

		#[block]
		{
			Pallet::<T>::flag_overdue(&mut WeightMeter::new());
		}

		assert_eq!(NextOverdue::<T>::get(), Some((TODAY + 1, OrganisationId(0))));
	}

	#[benchmark]
	fn flag() {
		let (_, organisation) = released::<T>();
		NextOverdue::<T>::put((TODAY + 1, OrganisationId(0)));

		#[block]
		{
			Pallet::<T>::flag(TODAY, organisation);
		}

		assert!(Overdue::<T>::contains_key(TODAY, organisation));
	}

	#[benchmark]
	fn prune_day() {
		released::<T>();
		at::<T>(Pallet::<T>::retained_until(TODAY) + 1);
		// The round and one day, and nothing of the batch.
		let limit = T::WeightInfo::prune_day().saturating_mul(2);

		#[block]
		{
			Pallet::<T>::prune(&mut WeightMeter::with_limit(limit));
		}

		assert!(Pruning::<T>::contains_key(TODAY));
		assert_eq!(NextPruning::<T>::get(), Some(TODAY + 1));
	}

	#[benchmark]
	fn prune_order() {
		released::<T>();
		Pruning::<T>::insert(TODAY, ());
		NextPruning::<T>::put(TODAY + 1);

		#[block]
		{
			let order = Orders::<T>::drain_prefix(TODAY).next();
			let (order, ()) = order.expect("the batch has orders; qed");
			Pallet::<T>::forget_order(order);
		}

		assert_eq!(Days::<T>::iter().count(), SLOTS - 1);
	}

	#[benchmark]
	fn prune_attestation() {
		let organisation = attested::<T>();

		#[block]
		{
			let attestation = Attestations::<T>::drain_prefix(TODAY).next();
			let (_, attestation) = attestation.expect("it was attested; qed");
			Commitments::<T>::remove(attestation.evidence);
			Overdue::<T>::remove(TODAY, organisation);
		}

		assert!(!Attestations::<T>::contains_key(TODAY, organisation));
	}

	#[benchmark]
	fn prune_batch() {
		released::<T>();
		for order in handles(1) {
			Orders::<T>::remove(TODAY, order);
			Days::<T>::remove(order);
		}
		Pruning::<T>::insert(TODAY, ());

		#[block]
		{
			let day = Pruning::<T>::iter_keys().next();
			Pallet::<T>::forget_batch(day.expect("the batch is marked; qed"));
		}

		assert!(!Batches::<T>::contains_key(TODAY));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
