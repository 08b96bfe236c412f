//! Benchmarks of the calls, each in its worst case.

use super::*;
use curex_primitives::{BenchmarkDelegates, OrganisationKind};
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

	#[benchmark]
	fn set_policy() -> Result<(), BenchmarkError> {
		let (origin, organisation) =
			T::BenchmarkHelper::origin(Duty::Administration, OrganisationKind::Hospital);
		let policy = Policy { discover_every: 1, watch_every: 2, survey_every: 3, assess_every: 4 };

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, policy.clone());

		assert_eq!(Pallet::<T>::policy(organisation), Some(policy));
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::state(), crate::mock::Test);
}
