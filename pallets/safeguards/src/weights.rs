//! What the calls weigh. Written by `scripts/weights.sh`; do not edit.
//!
//! Measured on AMD EPYC, 10 steps, 10 repetitions, 2026-11-28.

use core::marker::PhantomData;
use frame::{deps::frame_support::weights::RuntimeDbWeight, weights_prelude::*};

/// What the calls weigh.
pub trait WeightInfo {
	/// `record`.
	fn record() -> Weight;
	/// `decide`.
	fn decide() -> Weight;
	/// `implemented`.
	fn implemented() -> Weight;
}

/// The weights that were measured, on a database that reads and writes at this cost.
pub struct Measured<Database>(PhantomData<Database>);

impl<Database: Get<RuntimeDbWeight>> WeightInfo for Measured<Database> {
	fn record() -> Weight {
		Weight::from_parts(33_740_000, 3_734).saturating_add(Database::get().reads_writes(5, 4))
	}

	fn decide() -> Weight {
		Weight::from_parts(19_449_000, 3_669).saturating_add(Database::get().reads_writes(3, 1))
	}

	fn implemented() -> Weight {
		Weight::from_parts(19_610_000, 3_669).saturating_add(Database::get().reads_writes(3, 1))
	}
}

/// For tests.
impl WeightInfo for () {
	fn record() -> Weight {
		Measured::<RocksDbWeight>::record()
	}

	fn decide() -> Weight {
		Measured::<RocksDbWeight>::decide()
	}

	fn implemented() -> Weight {
		Measured::<RocksDbWeight>::implemented()
	}
}
