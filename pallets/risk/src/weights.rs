//! What the calls weigh. Written by `scripts/weights.sh`; do not edit.
//!
//! Measured on AMD EPYC, 10 steps, 10 repetitions, 2026-11-28.

use core::marker::PhantomData;
use frame::{deps::frame_support::weights::RuntimeDbWeight, weights_prelude::*};

/// What the calls weigh.
pub trait WeightInfo {
	/// `record`.
	fn record() -> Weight;
	/// `set_tolerance`.
	fn set_tolerance() -> Weight;
	/// `attest`.
	fn attest() -> Weight;
}

/// The weights that were measured, on a database that reads and writes at this cost.
pub struct Measured<Database>(PhantomData<Database>);

impl<Database: Get<RuntimeDbWeight>> WeightInfo for Measured<Database> {
	fn record() -> Weight {
		Weight::from_parts(46_800_000, 3_734).saturating_add(Database::get().reads_writes(7, 5))
	}

	fn set_tolerance() -> Weight {
		Weight::from_parts(16_344_000, 3_586).saturating_add(Database::get().reads_writes(2, 1))
	}

	fn attest() -> Weight {
		Weight::from_parts(30_715_000, 3_734).saturating_add(Database::get().reads_writes(5, 2))
	}
}

/// For tests.
impl WeightInfo for () {
	fn record() -> Weight {
		Measured::<RocksDbWeight>::record()
	}

	fn set_tolerance() -> Weight {
		Measured::<RocksDbWeight>::set_tolerance()
	}

	fn attest() -> Weight {
		Measured::<RocksDbWeight>::attest()
	}
}
