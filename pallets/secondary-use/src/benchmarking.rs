//! Measures the calls. Under `cargo test` every benchmark runs once as a test.

use crate::{Call, Cohorts, Config, Exports, Extractions, Holders, Pallet, Permits, Reports};
use curex_primitives::{
	permit::permit_id, BenchmarkDelegates, Categories, Commitment, DataFormat, DataUseConditions,
	Duty, Finding, MerkleRoot, OrganisationId, OrganisationKind, PermitId, PermitTerms,
	SecondaryPurpose, SizeBucket,
};
use frame_benchmarking::v2::*;

#[benchmarks]
mod benchmarks {
	use super::*;
	use ::frame::{prelude::*, traits::UnixTime};

	// The macros look here for what the umbrella shows only under its own feature `runtime-benchmarks`.
	mod frame {
		pub mod deps {
			pub use ::frame::deps::frame_system;
			pub use frame_benchmarking;
		}
	}

	const KEY: [u8; 32] = [7; 32];
	const DATASET: Commitment = Commitment([4; 32]);

	fn terms<T: Config>(user: OrganisationId) -> PermitTerms {
		let now = T::Clock::now().as_millis().saturated_into::<u64>();
		PermitTerms {
			user,
			purpose: SecondaryPurpose::Research,
			categories: Categories::all(),
			environment: Commitment([1; 32]),
			format: DataFormat::Pseudonymised,
			justification: Commitment([2; 32]),
			valid_from: now,
			valid_until: now + 1_000,
			conditions: DataUseConditions::all(),
			document: Commitment([3; 32]),
		}
	}

	/// Those who take part in a permit that was issued: the delegates of body, user and holder.
	struct Issued<T: Config> {
		body: T::RuntimeOrigin,
		user: T::RuntimeOrigin,
		holder: T::RuntimeOrigin,
		holder_id: OrganisationId,
		id: PermitId,
	}

	fn issued<T: Config>() -> Issued<T> {
		let (body, body_id) =
			T::BenchmarkHelper::origin(Duty::Oversight, OrganisationKind::Authority);
		let (user, user_id) =
			T::BenchmarkHelper::origin(Duty::Oversight, OrganisationKind::Hospital);
		let (holder, holder_id) =
			T::BenchmarkHelper::origin(Duty::Exchange, OrganisationKind::Hospital);
		Pallet::<T>::issue(body.clone(), KEY, terms::<T>(user_id)).expect("no defect; qed");
		Issued { body, user, holder, holder_id, id: permit_id(body_id, &KEY) }
	}

	fn named<T: Config>() -> Issued<T> {
		let issued = issued::<T>();
		Pallet::<T>::name_holder(issued.body.clone(), issued.id, issued.holder_id, DATASET)
			.expect("no defect; qed");
		issued
	}

	fn committed<T: Config>() -> Issued<T> {
		let named = named::<T>();
		let (cohort, opt_out) = (MerkleRoot([5; 32]), MerkleRoot([6; 32]));
		let (size, excluded) = (SizeBucket::More, SizeBucket::None);
		let holder = named.holder.clone();
		Pallet::<T>::commit_cohort(holder, named.id, DATASET, cohort, size, opt_out, excluded)
			.expect("no defect; qed");
		let block = frame_system::Pallet::<T>::block_number();
		frame_system::Pallet::<T>::set_block_number(block + 1u32.into());
		named
	}

	fn extracted<T: Config>() -> Issued<T> {
		let committed = committed::<T>();
		let payload = Commitment([8; 32]);
		Pallet::<T>::extract(committed.holder.clone(), committed.id, DATASET, payload)
			.expect("no defect; qed");
		committed
	}

	#[benchmark]
	fn issue() {
		let (body, body_id) =
			T::BenchmarkHelper::origin(Duty::Oversight, OrganisationKind::Authority);
		let (_, user) = T::BenchmarkHelper::origin(Duty::Oversight, OrganisationKind::Hospital);

		#[extrinsic_call]
		_(body as T::RuntimeOrigin, KEY, terms::<T>(user));

		assert!(Permits::<T>::contains_key(permit_id(body_id, &KEY)));
	}

	#[benchmark]
	fn name_holder() {
		let Issued { body, holder_id, id, .. } = issued::<T>();

		#[extrinsic_call]
		_(body as T::RuntimeOrigin, id, holder_id, DATASET);

		assert!(Holders::<T>::contains_key(id, holder_id));
	}

	#[benchmark]
	fn revoke() {
		let Issued { body, id, .. } = extracted::<T>();

		#[extrinsic_call]
		_(body as T::RuntimeOrigin, id, Commitment([9; 32]));

		assert!(Permits::<T>::get(id).is_some_and(|permit| permit.revoked_at.is_some()));
	}

	#[benchmark]
	fn commit_cohort() {
		let Issued { holder, holder_id, id, .. } = named::<T>();
		let (cohort, opt_out) = (MerkleRoot([5; 32]), MerkleRoot([6; 32]));
		let (size, excluded) = (SizeBucket::More, SizeBucket::None);

		#[extrinsic_call]
		_(holder as T::RuntimeOrigin, id, DATASET, cohort, size, opt_out, excluded);

		assert!(Cohorts::<T>::contains_key(id, holder_id));
	}

	#[benchmark]
	fn extract() {
		let Issued { holder, id, .. } = committed::<T>();

		#[extrinsic_call]
		_(holder as T::RuntimeOrigin, id, DATASET, Commitment([8; 32]));

		assert!(Extractions::<T>::contains_key(id, 0));
	}

	#[benchmark]
	fn export() {
		let Issued { body, id, .. } = extracted::<T>();

		#[extrinsic_call]
		_(body as T::RuntimeOrigin, id, Commitment([9; 32]), Commitment([10; 32]));

		assert!(Exports::<T>::contains_key(id, 0));
	}

	#[benchmark]
	fn report_reidentification() {
		let Issued { user, id, .. } = extracted::<T>();

		#[extrinsic_call]
		_(user as T::RuntimeOrigin, id, Commitment([9; 32]));

		assert!(Reports::<T>::contains_key(0));
	}

	#[benchmark]
	fn answer_reidentification() {
		let Issued { body, user, id, .. } = extracted::<T>();
		Pallet::<T>::report_reidentification(user, id, Commitment([9; 32]))
			.expect("the user may report; qed");

		#[extrinsic_call]
		_(body as T::RuntimeOrigin, 0, Finding::Confirmed, Commitment([10; 32]));

		assert!(Permits::<T>::get(id).is_some_and(|permit| permit.revoked_at.is_some()));
	}

	#[benchmark]
	fn publish_results() {
		let Issued { user, id, .. } = extracted::<T>();

		#[extrinsic_call]
		_(user as T::RuntimeOrigin, id, Commitment([9; 32]));

		assert!(Pallet::<T>::permit(id).is_some_and(|(_, standing)| standing.results.is_some()));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
