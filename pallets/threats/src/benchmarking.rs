//! Benchmarks of the calls, each in its worst case.

use super::*;
use curex_primitives::{BenchmarkDelegates, Confidence, Level, OrganisationKind};
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

	fn alert<T: Config>() -> AlertDigest {
		AlertDigest {
			severity: Level::High,
			confidence: Confidence::High,
			evidence: Commitment([1; 32]),
			raised_at: Pallet::<T>::now(),
		}
	}

	#[benchmark]
	fn record() -> Result<(), BenchmarkError> {
		let (origin, organisation) =
			T::BenchmarkHelper::origin(Duty::SecurityReport, OrganisationKind::Hospital);
		let full = u64::from(T::History::get());
		for number in 1..=full {
			Pallet::<T>::record(origin.clone(), number, alert::<T>())?;
		}
		// A closed alert that leaves makes the count of open ones change.
		Alerts::<T>::mutate(organisation, 1, |alert| {
			if let Some(alert) = alert {
				alert.closed = Some(Commitment([1; 32]));
			}
		});
		OpenAlerts::<T>::mutate(organisation, |open| open.saturating_dec());

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, full + 1, alert::<T>());

		assert_eq!(OpenAlerts::<T>::get(organisation), T::History::get());
		Ok(())
	}

	#[benchmark]
	fn close() -> Result<(), BenchmarkError> {
		let (origin, organisation) =
			T::BenchmarkHelper::origin(Duty::SecurityDecision, OrganisationKind::Hospital);
		Pallet::<T>::keep(organisation, 1, alert::<T>());

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, 1, Commitment([2; 32]));

		assert_eq!(OpenAlerts::<T>::get(organisation), 0);
		Ok(())
	}

	#[benchmark]
	fn share_indicator() -> Result<(), BenchmarkError> {
		let (origin, organisation) =
			T::BenchmarkHelper::origin(Duty::SecurityReport, OrganisationKind::Hospital);
		let expires_at = Pallet::<T>::now() + 1_000;
		for index in 1..T::MaxIndicators::get() {
			let mut digest = [0; 32];
			digest[..4].copy_from_slice(&index.to_le_bytes());
			Pallet::<T>::share_indicator(origin.clone(), digest, TrafficLight::Amber, expires_at)?;
		}

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, [0xff; 32], TrafficLight::Amber, expires_at);

		assert_eq!(Indicators::<T>::get(organisation).len() as u32, T::MaxIndicators::get());
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::state(), crate::mock::Test);
}
