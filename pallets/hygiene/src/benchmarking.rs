//! Benchmarks of the calls, each in its worst case.

use super::*;
use curex_primitives::{
	BenchmarkDelegates, Commitment, Confidence, Level, OrganisationKind, SizeBucket,
};
use frame_benchmarking::v2::*;

#[benchmarks]
mod benchmarks {
	use super::*;

	// The macros look for `frame::deps::frame_benchmarking`, which the umbrella has only under its own feature.
	mod frame {
		pub mod deps {
			pub use ::frame::deps::frame_system;
			pub use ::frame_benchmarking;
		}
	}

	fn result(campaign: u32) -> GroupResult {
		GroupResult {
			campaign,
			group: StaffGroup::Clinical,
			level: Level::High,
			confidence: Confidence::High,
			answers: SizeBucket::More,
			evidence: Commitment([1; 32]),
		}
	}

	#[benchmark]
	fn record() -> Result<(), BenchmarkError> {
		let (origin, organisation) =
			T::BenchmarkHelper::origin(Duty::SecurityReport, OrganisationKind::Hospital);
		Pallet::<T>::record(origin.clone(), 1, result(1))?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, 2, result(2));

		assert_eq!(Campaigns::<T>::get(organisation), 2);
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::state(), crate::mock::Test);
}
