//! What the calls weigh. Written by `scripts/weights.sh`; do not edit.
//!
//! Measured on AMD EPYC, 10 steps, 10 repetitions, 2026-11-28.

use core::marker::PhantomData;
use frame::{deps::frame_support::weights::RuntimeDbWeight, weights_prelude::*};

/// What the calls weigh.
pub trait WeightInfo {
	/// `issue`.
	fn issue() -> Weight;
	/// `name_holder`.
	fn name_holder() -> Weight;
	/// `revoke`.
	fn revoke() -> Weight;
	/// `commit_cohort`.
	fn commit_cohort() -> Weight;
	/// `extract`.
	fn extract() -> Weight;
	/// `export`.
	fn export() -> Weight;
	/// `report_reidentification`.
	fn report_reidentification() -> Weight;
	/// `answer_reidentification`.
	fn answer_reidentification() -> Weight;
	/// `publish_results`.
	fn publish_results() -> Weight;
}

/// The weights that were measured, on a database that reads and writes at this cost.
pub struct Measured<Database>(PhantomData<Database>);

impl<Database: Get<RuntimeDbWeight>> WeightInfo for Measured<Database> {
	fn issue() -> Weight {
		Weight::from_parts(38_798_000, 8_655).saturating_add(Database::get().reads_writes(8, 5))
	}

	fn name_holder() -> Weight {
		Weight::from_parts(39_279_000, 6_182).saturating_add(Database::get().reads_writes(8, 3))
	}

	fn revoke() -> Weight {
		Weight::from_parts(47_661_000, 3_633).saturating_add(Database::get().reads_writes(8, 5))
	}

	fn commit_cohort() -> Weight {
		Weight::from_parts(32_839_000, 3_633).saturating_add(Database::get().reads_writes(6, 1))
	}

	fn extract() -> Weight {
		Weight::from_parts(58_247_000, 3_633).saturating_add(Database::get().reads_writes(10, 7))
	}

	fn export() -> Weight {
		Weight::from_parts(61_482_000, 6_100).saturating_add(Database::get().reads_writes(7, 4))
	}

	fn report_reidentification() -> Weight {
		Weight::from_parts(45_729_000, 3_633).saturating_add(Database::get().reads_writes(9, 6))
	}

	fn answer_reidentification() -> Weight {
		Weight::from_parts(63_485_000, 6_086).saturating_add(Database::get().reads_writes(10, 8))
	}

	fn publish_results() -> Weight {
		Weight::from_parts(40_540_000, 3_633).saturating_add(Database::get().reads_writes(7, 4))
	}
}

/// For tests.
impl WeightInfo for () {
	fn issue() -> Weight {
		Measured::<RocksDbWeight>::issue()
	}

	fn name_holder() -> Weight {
		Measured::<RocksDbWeight>::name_holder()
	}

	fn revoke() -> Weight {
		Measured::<RocksDbWeight>::revoke()
	}

	fn commit_cohort() -> Weight {
		Measured::<RocksDbWeight>::commit_cohort()
	}

	fn extract() -> Weight {
		Measured::<RocksDbWeight>::extract()
	}

	fn export() -> Weight {
		Measured::<RocksDbWeight>::export()
	}

	fn report_reidentification() -> Weight {
		Measured::<RocksDbWeight>::report_reidentification()
	}

	fn answer_reidentification() -> Weight {
		Measured::<RocksDbWeight>::answer_reidentification()
	}

	fn publish_results() -> Weight {
		Measured::<RocksDbWeight>::publish_results()
	}
}
