//! Benchmarks of the calls, each in its worst case.

use super::*;
use curex_primitives::{BenchmarkDelegates, Commitment, MerkleRoot, OrganisationKind, SizeBucket};
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

	fn snapshot<T: Config>(number: u64, previous: MerkleRoot) -> Snapshot {
		let mut root = [1; 32];
		root[..8].copy_from_slice(&number.to_le_bytes());
		Snapshot {
			root: MerkleRoot(root),
			previous,
			assets: SizeBucket::More,
			vulnerabilities: SizeBucket::More,
			feed_version: 1,
			evidence: Commitment([1; 32]),
			taken_at: T::Clock::now().as_millis().saturated_into(),
		}
	}

	#[benchmark]
	fn record() -> Result<(), BenchmarkError> {
		let (origin, organisation) =
			T::BenchmarkHelper::origin(Duty::SecurityReport, OrganisationKind::Hospital);
		let mut previous = empty_root();
		let full = u64::from(T::History::get());
		for number in 1..=full {
			let snapshot = snapshot::<T>(number, previous);
			previous = snapshot.root;
			Pallet::<T>::record(origin.clone(), number, snapshot)?;
		}
		let newest = snapshot::<T>(full + 1, previous);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, full + 1, newest.clone());

		assert_eq!(Pallet::<T>::newest(organisation), Some(newest));
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::state(), crate::mock::Test);
}
