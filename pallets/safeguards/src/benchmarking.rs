//! Benchmarks of the calls, each in its worst case.

use super::*;
use curex_primitives::{merkle::empty_root, BenchmarkDelegates, OrganisationKind, SizeBucket};
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

	fn plan() -> Plan {
		Plan {
			inputs: Commitment([1; 32]),
			catalogue_version: 1,
			budget: SizeBucket::More,
			objective_ppm: 2,
			bound_ppm: 1,
			selection: empty_root(),
			evidence: Commitment([2; 32]),
		}
	}

	#[benchmark]
	fn record() -> Result<(), BenchmarkError> {
		let (origin, organisation) =
			T::BenchmarkHelper::origin(Duty::SecurityReport, OrganisationKind::Hospital);
		let full = u64::from(T::History::get());
		for number in 1..=full {
			Pallet::<T>::record(origin.clone(), number, plan())?;
		}

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, full + 1, plan());

		assert!(Plans::<T>::contains_key(organisation, full + 1));
		Ok(())
	}

	#[benchmark]
	fn decide() -> Result<(), BenchmarkError> {
		let (origin, organisation) =
			T::BenchmarkHelper::origin(Duty::SecurityDecision, OrganisationKind::Hospital);
		Pallet::<T>::keep(organisation, 1, plan());

		#[extrinsic_call]
		_(
			origin as T::RuntimeOrigin,
			PlanDecision { plan: 1, verdict: PlanVerdict::Amended, reasons: Commitment([3; 32]) },
		);

		assert!(Plans::<T>::get(organisation, 1).is_some_and(|kept| kept.is_accepted()));
		Ok(())
	}

	#[benchmark]
	fn implemented() -> Result<(), BenchmarkError> {
		let (origin, organisation) =
			T::BenchmarkHelper::origin(Duty::SecurityDecision, OrganisationKind::Hospital);
		Pallet::<T>::keep(organisation, 1, plan());
		let decision =
			PlanDecision { plan: 1, verdict: PlanVerdict::Amended, reasons: Commitment([3; 32]) };
		Pallet::<T>::decide(origin.clone(), decision)?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, 1, Commitment([4; 32]));

		assert!(Plans::<T>::get(organisation, 1).is_some_and(|kept| kept.implemented.is_some()));
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::state(), crate::mock::Test);
}
