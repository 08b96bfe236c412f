//! What the calls weigh. Written by `scripts/weights.sh`; do not edit.
//!
//! Measured on AMD EPYC, 10 steps, 10 repetitions, 2026-11-28.

use core::marker::PhantomData;
use frame::{deps::frame_support::weights::RuntimeDbWeight, weights_prelude::*};

/// What the calls weigh.
pub trait WeightInfo {
	/// `anchor`.
	fn anchor() -> Weight;
	/// `open_inquiry`.
	fn open_inquiry() -> Weight;
	/// `disclose`.
	fn disclose() -> Weight;
	/// `refuse_inquiry`.
	fn refuse_inquiry() -> Weight;
	/// `withdraw_inquiry`.
	fn withdraw_inquiry() -> Weight;
	/// `open_breach`.
	fn open_breach() -> Weight;
	/// `notify_breach`.
	fn notify_breach() -> Weight;
	/// `prove_miscount`.
	fn prove_miscount() -> Weight;
	/// `set_anchor_period`.
	fn set_anchor_period() -> Weight;
	/// `agenda_hour`.
	fn agenda_hour() -> Weight;
	/// `mark_overdue`.
	fn mark_overdue() -> Weight;
	/// `watch_round`.
	fn watch_round() -> Weight;
	/// `watch_organisation`.
	fn watch_organisation() -> Weight;
}

/// The weights that were measured, on a database that reads and writes at this cost.
pub struct Measured<Database>(PhantomData<Database>);

impl<Database: Get<RuntimeDbWeight>> WeightInfo for Measured<Database> {
	fn anchor() -> Weight {
		Weight::from_parts(32_539_000, 3_586).saturating_add(Database::get().reads_writes(5, 4))
	}

	fn open_inquiry() -> Weight {
		Weight::from_parts(36_214_000, 6_182).saturating_add(Database::get().reads_writes(8, 6))
	}

	fn disclose() -> Weight {
		Weight::from_parts(34_492_000, 3_605).saturating_add(Database::get().reads_writes(6, 4))
	}

	fn refuse_inquiry() -> Weight {
		Weight::from_parts(34_462_000, 3_605).saturating_add(Database::get().reads_writes(6, 4))
	}

	fn withdraw_inquiry() -> Weight {
		Weight::from_parts(30_015_000, 3_605).saturating_add(Database::get().reads_writes(5, 3))
	}

	fn open_breach() -> Weight {
		Weight::from_parts(57_155_000, 11_182).saturating_add(Database::get().reads_writes(14, 12))
	}

	fn notify_breach() -> Weight {
		Weight::from_parts(51_046_000, 6_086).saturating_add(Database::get().reads_writes(10, 7))
	}

	fn prove_miscount() -> Weight {
		Weight::from_parts(23_755_000, 3_586).saturating_add(Database::get().reads_writes(4, 1))
	}

	fn set_anchor_period() -> Weight {
		Weight::from_parts(26_880_000, 6_182).saturating_add(Database::get().reads_writes(6, 1))
	}

	fn agenda_hour() -> Weight {
		Weight::from_parts(10_025_000, 3_530).saturating_add(Database::get().reads_writes(3, 1))
	}

	fn mark_overdue() -> Weight {
		Weight::from_parts(11_297_000, 3_538).saturating_add(Database::get().reads_writes(1, 1))
	}

	fn watch_round() -> Weight {
		Weight::from_parts(5_018_000, 1_493).saturating_add(Database::get().reads_writes(2, 1))
	}

	fn watch_organisation() -> Weight {
		Weight::from_parts(18_217_000, 3_586).saturating_add(Database::get().reads_writes(3, 1))
	}
}

/// For tests.
impl WeightInfo for () {
	fn anchor() -> Weight {
		Measured::<RocksDbWeight>::anchor()
	}

	fn open_inquiry() -> Weight {
		Measured::<RocksDbWeight>::open_inquiry()
	}

	fn disclose() -> Weight {
		Measured::<RocksDbWeight>::disclose()
	}

	fn refuse_inquiry() -> Weight {
		Measured::<RocksDbWeight>::refuse_inquiry()
	}

	fn withdraw_inquiry() -> Weight {
		Measured::<RocksDbWeight>::withdraw_inquiry()
	}

	fn open_breach() -> Weight {
		Measured::<RocksDbWeight>::open_breach()
	}

	fn notify_breach() -> Weight {
		Measured::<RocksDbWeight>::notify_breach()
	}

	fn prove_miscount() -> Weight {
		Measured::<RocksDbWeight>::prove_miscount()
	}

	fn set_anchor_period() -> Weight {
		Measured::<RocksDbWeight>::set_anchor_period()
	}

	fn agenda_hour() -> Weight {
		Measured::<RocksDbWeight>::agenda_hour()
	}

	fn mark_overdue() -> Weight {
		Measured::<RocksDbWeight>::mark_overdue()
	}

	fn watch_round() -> Weight {
		Measured::<RocksDbWeight>::watch_round()
	}

	fn watch_organisation() -> Weight {
		Measured::<RocksDbWeight>::watch_organisation()
	}
}
