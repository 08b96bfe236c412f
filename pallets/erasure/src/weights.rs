//! What the calls weigh. Written by `scripts/weights.sh`; do not edit.
//!
//! Measured on AMD EPYC, 10 steps, 10 repetitions, 2026-11-28.

use core::marker::PhantomData;
use frame::{deps::frame_support::weights::RuntimeDbWeight, weights_prelude::*};

/// What the calls weigh.
pub trait WeightInfo {
	/// `file`.
	fn file() -> Weight;
	/// `attest`.
	fn attest() -> Weight;
	/// `hold`.
	fn hold() -> Weight;
	/// `lift`.
	fn lift() -> Weight;
	/// `release`.
	fn release() -> Weight;
	/// `overdue_day`.
	fn overdue_day() -> Weight;
	/// `flag`.
	fn flag() -> Weight;
	/// `prune_day`.
	fn prune_day() -> Weight;
	/// `prune_order`.
	fn prune_order() -> Weight;
	/// `prune_attestation`.
	fn prune_attestation() -> Weight;
	/// `prune_batch`.
	fn prune_batch() -> Weight;
}

/// The weights that were measured, on a database that reads and writes at this cost.
pub struct Measured<Database>(PhantomData<Database>);

impl<Database: Get<RuntimeDbWeight>> WeightInfo for Measured<Database> {
	fn file() -> Weight {
		Weight::from_parts(132_307_000, 41_422).saturating_add(Database::get().reads_writes(25, 37))
	}

	fn attest() -> Weight {
		Weight::from_parts(43_525_000, 6_182).saturating_add(Database::get().reads_writes(8, 7))
	}

	fn hold() -> Weight {
		Weight::from_parts(47_141_000, 11_374).saturating_add(Database::get().reads_writes(11, 6))
	}

	fn lift() -> Weight {
		Weight::from_parts(28_943_000, 6_052).saturating_add(Database::get().reads_writes(5, 3))
	}

	fn release() -> Weight {
		Weight::from_parts(21_973_000, 6_182).saturating_add(Database::get().reads_writes(5, 4))
	}

	fn overdue_day() -> Weight {
		Weight::from_parts(8_953_000, 3_497).saturating_add(Database::get().reads_writes(3, 1))
	}

	fn flag() -> Weight {
		Weight::from_parts(14_922_000, 3_586).saturating_add(Database::get().reads_writes(2, 1))
	}

	fn prune_day() -> Weight {
		Weight::from_parts(13_410_000, 3_521).saturating_add(Database::get().reads_writes(4, 2))
	}

	fn prune_order() -> Weight {
		Weight::from_parts(9_204_000, 6_060).saturating_add(Database::get().reads_writes(2, 2))
	}

	fn prune_attestation() -> Weight {
		Weight::from_parts(9_574_000, 6_136).saturating_add(Database::get().reads_writes(2, 3))
	}

	fn prune_batch() -> Weight {
		Weight::from_parts(7_060_000, 3_477).saturating_add(Database::get().reads_writes(1, 2))
	}
}

/// For tests.
impl WeightInfo for () {
	fn file() -> Weight {
		Measured::<RocksDbWeight>::file()
	}

	fn attest() -> Weight {
		Measured::<RocksDbWeight>::attest()
	}

	fn hold() -> Weight {
		Measured::<RocksDbWeight>::hold()
	}

	fn lift() -> Weight {
		Measured::<RocksDbWeight>::lift()
	}

	fn release() -> Weight {
		Measured::<RocksDbWeight>::release()
	}

	fn overdue_day() -> Weight {
		Measured::<RocksDbWeight>::overdue_day()
	}

	fn flag() -> Weight {
		Measured::<RocksDbWeight>::flag()
	}

	fn prune_day() -> Weight {
		Measured::<RocksDbWeight>::prune_day()
	}

	fn prune_order() -> Weight {
		Measured::<RocksDbWeight>::prune_order()
	}

	fn prune_attestation() -> Weight {
		Measured::<RocksDbWeight>::prune_attestation()
	}

	fn prune_batch() -> Weight {
		Measured::<RocksDbWeight>::prune_batch()
	}
}
