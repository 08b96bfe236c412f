//! Measures the calls. Under `cargo test` every benchmark runs once as a test.

use crate::{
	Anchors, BenchmarkClock, Breaches, Call, Config, Inquiries, LastAnchors, NextBreach,
	NextInquiry, Pallet,
};
use curex_primitives::{
	BenchmarkDelegates, BreachCase, Commitment, Duty, Inquiry, LogAnchor, MerkleRoot,
	OrganisationId, OrganisationKind, RecordHandle, SizeBucket,
};
use frame_benchmarking::v2::*;

#[benchmarks]
mod benchmarks {
	use super::*;

	// The macros look here for what the umbrella shows only under its own feature `runtime-benchmarks`.
	mod frame {
		pub mod deps {
			pub use ::frame::deps::frame_system;
			pub use frame_benchmarking;
		}
	}

	fn organisation<T: Config>(kind: OrganisationKind) -> (T::RuntimeOrigin, OrganisationId) {
		T::BenchmarkHelper::origin(Duty::Oversight, kind)
	}

	#[benchmark]
	fn anchor() {
		let (origin, organisation) = organisation::<T>(OrganisationKind::Hospital);
		T::BenchmarkHelper::set(2);
		let (root, count) = (MerkleRoot([1; 32]), SizeBucket::More);
		let last = LogAnchor { root, count, from: 0, to: 1 };
		Anchors::<T>::insert(organisation, 1, last);
		LastAnchors::<T>::insert(organisation, (1, 1));

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, 2, root, count, 1, 2);

		assert!(Anchors::<T>::contains_key(organisation, 2));
	}

	#[benchmark]
	fn open_inquiry() {
		let (origin, _) = organisation::<T>(OrganisationKind::Authority);
		let (_, asked) = organisation::<T>(OrganisationKind::Hospital);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, asked, RecordHandle([1; 32]), Commitment([2; 32]));

		assert!(Inquiries::<T>::contains_key(0));
	}

	#[benchmark]
	fn disclose() {
		let (_, authority) = organisation::<T>(OrganisationKind::Authority);
		let (origin, organisation) = organisation::<T>(OrganisationKind::Hospital);
		let case = Commitment([2; 32]);
		crate::Commitments::<T>::insert(case, ());
		NextInquiry::<T>::put(1);
		let about = RecordHandle([1; 32]);
		let inquiry =
			Inquiry { authority, organisation, about, case, opened_at: 0, disclosure: None };
		Inquiries::<T>::insert(0, inquiry);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, 0, Commitment([3; 32]));

		assert!(Inquiries::<T>::get(0).is_some_and(|inquiry| inquiry.disclosure.is_some()));
	}

	#[benchmark]
	fn open_breach() {
		let (origin, _) = organisation::<T>(OrganisationKind::Hospital);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, Commitment([2; 32]), 0);

		assert!(Breaches::<T>::contains_key(0));
	}

	#[benchmark]
	fn notify_breach() {
		let (origin, organisation) = organisation::<T>(OrganisationKind::Hospital);
		let case = Commitment([2; 32]);
		crate::Commitments::<T>::insert(case, ());
		NextBreach::<T>::put(1);
		let breach = BreachCase { organisation, case, detected_at: 0, opened_at: 0, notice: None };
		Breaches::<T>::insert(0, breach);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, 0, Commitment([3; 32]));

		assert!(Breaches::<T>::get(0).is_some_and(|breach| breach.notice.is_some()));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
