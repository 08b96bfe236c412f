//! Benchmarks of the calls, each in its worst case.

use super::*;
use curex_primitives::{BenchmarkDelegates, Commitment, Confidence, Level};
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

	fn assessment<T: Config>() -> Assessment {
		let now = Pallet::<T>::now();
		Assessment {
			cyber: Level::High,
			privacy: Level::High,
			patient_safety: Level::High,
			confidence: Confidence::High,
			attestation: Attestation::SelfAssessed,
			inputs: Commitment([1; 32]),
			parameters: 1,
			evidence: Commitment([2; 32]),
			assessed_at: now,
			expires_at: now + 1_000,
		}
	}

	#[benchmark]
	fn record() -> Result<(), BenchmarkError> {
		let (origin, organisation) =
			T::BenchmarkHelper::origin(Duty::SecurityReport, OrganisationKind::Hospital);
		let full = u64::from(T::History::get());
		for number in 1..=full {
			Pallet::<T>::record(origin.clone(), number, assessment::<T>())?;
		}

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, full + 1, assessment::<T>());

		assert!(Assessments::<T>::contains_key(organisation, full + 1));
		Ok(())
	}

	#[benchmark]
	fn set_tolerance() -> Result<(), BenchmarkError> {
		let (origin, organisation) =
			T::BenchmarkHelper::origin(Duty::Administration, OrganisationKind::Hospital);
		let tolerance = Tolerance { max_age: 1, ..Tolerance::DEFAULT };

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, tolerance.clone());

		assert_eq!(Pallet::<T>::tolerance(organisation), tolerance);
		Ok(())
	}

	#[benchmark]
	fn attest() -> Result<(), BenchmarkError> {
		let (origin, _) =
			T::BenchmarkHelper::origin(Duty::SecurityReport, OrganisationKind::Hospital);
		let assessed = OrganisationId(u32::MAX);
		for number in 1..=u64::from(T::History::get()) {
			Pallet::<T>::keep(assessed, number, &assessment::<T>());
		}

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, assessed, T::History::get().into(), Attestation::Recomputed);

		assert_eq!(
			Pallet::<T>::newest(assessed).map(|assessment| assessment.attestation),
			Some(Attestation::Recomputed)
		);
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::state(), crate::mock::Test);
}
