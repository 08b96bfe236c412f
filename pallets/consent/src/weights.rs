//! What the calls weigh. Written by `scripts/weights.sh`; do not edit.
//!
//! Measured on AMD EPYC, 10 steps, 10 repetitions, 2026-11-28.

use core::marker::PhantomData;
use frame::{deps::frame_support::weights::RuntimeDbWeight, weights_prelude::*};

/// What the calls weigh.
pub trait WeightInfo {
	/// `file`.
	fn file() -> Weight;
	/// `supersede`.
	fn supersede() -> Weight;
	/// `withdraw`.
	fn withdraw() -> Weight;
	/// `withdraw_by_code`.
	fn withdraw_by_code() -> Weight;
	/// `authorize_withdraw_by_code`.
	fn authorize_withdraw_by_code() -> Weight;
	/// `narrow`.
	fn narrow() -> Weight;
	/// `suspend`.
	fn suspend() -> Weight;
	/// `resume`.
	fn resume() -> Weight;
	/// `confirm`.
	fn confirm() -> Weight;
	/// `withdraw_by_court`.
	fn withdraw_by_court() -> Weight;
	/// `set_law`.
	fn set_law() -> Weight;
	/// `raise_oldest_policy`.
	fn raise_oldest_policy() -> Weight;
	/// `set_group_member`.
	fn set_group_member() -> Weight;
	/// `record_tickets`.
	fn record_tickets() -> Weight;
	/// `redeem`.
	fn redeem() -> Weight;
	/// `withdraw_ticket_by_code`.
	fn withdraw_ticket_by_code() -> Weight;
	/// `authorize_withdraw_ticket_by_code`.
	fn authorize_withdraw_ticket_by_code() -> Weight;
	/// `withdraw_tickets`.
	fn withdraw_tickets() -> Weight;
	/// `withdraw_tickets_by_code`.
	fn withdraw_tickets_by_code() -> Weight;
	/// `authorize_withdraw_tickets_by_code`.
	fn authorize_withdraw_tickets_by_code() -> Weight;
	/// `prune_day`.
	fn prune_day() -> Weight;
	/// `prune`.
	fn prune() -> Weight;
	/// `prune_tickets`.
	fn prune_tickets() -> Weight;
}

/// The weights that were measured, on a database that reads and writes at this cost.
pub struct Measured<Database>(PhantomData<Database>);

impl<Database: Get<RuntimeDbWeight>> WeightInfo for Measured<Database> {
	fn file() -> Weight {
		Weight::from_parts(40_490_000, 6_182).saturating_add(Database::get().reads_writes(11, 7))
	}

	fn supersede() -> Weight {
		Weight::from_parts(56_404_000, 6_580).saturating_add(Database::get().reads_writes(12, 8))
	}

	fn withdraw() -> Weight {
		Weight::from_parts(29_564_000, 3_785).saturating_add(Database::get().reads_writes(4, 2))
	}

	fn withdraw_by_code() -> Weight {
		Weight::from_parts(20_891_000, 3_785).saturating_add(Database::get().reads_writes(2, 2))
	}

	fn authorize_withdraw_by_code() -> Weight {
		Weight::from_parts(7_751_000, 3_785).saturating_add(Database::get().reads_writes(1, 0))
	}

	fn narrow() -> Weight {
		Weight::from_parts(43_816_000, 6_182).saturating_add(Database::get().reads_writes(8, 5))
	}

	fn suspend() -> Weight {
		Weight::from_parts(23_725_000, 3_785).saturating_add(Database::get().reads_writes(3, 1))
	}

	fn resume() -> Weight {
		Weight::from_parts(23_385_000, 3_785).saturating_add(Database::get().reads_writes(3, 1))
	}

	fn confirm() -> Weight {
		Weight::from_parts(29_955_000, 3_785).saturating_add(Database::get().reads_writes(5, 2))
	}

	fn withdraw_by_court() -> Weight {
		Weight::from_parts(39_399_000, 3_785).saturating_add(Database::get().reads_writes(5, 4))
	}

	fn set_law() -> Weight {
		Weight::from_parts(9_674_000, 3_482).saturating_add(Database::get().reads_writes(2, 2))
	}

	fn raise_oldest_policy() -> Weight {
		Weight::from_parts(6_931_000, 1_487).saturating_add(Database::get().reads_writes(1, 1))
	}

	fn set_group_member() -> Weight {
		Weight::from_parts(16_264_000, 3_586).saturating_add(Database::get().reads_writes(2, 1))
	}

	fn record_tickets() -> Weight {
		Weight::from_parts(28_042_000, 3_586).saturating_add(Database::get().reads_writes(6, 4))
	}

	fn redeem() -> Weight {
		Weight::from_parts(73_560_000, 6_100).saturating_add(Database::get().reads_writes(11, 6))
	}

	fn withdraw_ticket_by_code() -> Weight {
		Weight::from_parts(39_238_000, 3_785).saturating_add(Database::get().reads_writes(3, 1))
	}

	fn authorize_withdraw_ticket_by_code() -> Weight {
		Weight::from_parts(26_600_000, 3_785).saturating_add(Database::get().reads_writes(3, 0))
	}

	fn withdraw_tickets() -> Weight {
		Weight::from_parts(25_208_000, 3_586).saturating_add(Database::get().reads_writes(3, 1))
	}

	fn withdraw_tickets_by_code() -> Weight {
		Weight::from_parts(14_561_000, 3_566).saturating_add(Database::get().reads_writes(1, 1))
	}

	fn authorize_withdraw_tickets_by_code() -> Weight {
		Weight::from_parts(7_892_000, 3_566).saturating_add(Database::get().reads_writes(1, 0))
	}

	fn prune_day() -> Weight {
		Weight::from_parts(13_560_000, 3_525).saturating_add(Database::get().reads_writes(4, 1))
	}

	fn prune() -> Weight {
		Weight::from_parts(26_370_000, 3_785).saturating_add(Database::get().reads_writes(4, 8))
	}

	fn prune_tickets() -> Weight {
		Weight::from_parts(15_974_000, 3_566).saturating_add(Database::get().reads_writes(2, 3))
	}
}

/// For tests.
impl WeightInfo for () {
	fn file() -> Weight {
		Measured::<RocksDbWeight>::file()
	}

	fn supersede() -> Weight {
		Measured::<RocksDbWeight>::supersede()
	}

	fn withdraw() -> Weight {
		Measured::<RocksDbWeight>::withdraw()
	}

	fn withdraw_by_code() -> Weight {
		Measured::<RocksDbWeight>::withdraw_by_code()
	}

	fn authorize_withdraw_by_code() -> Weight {
		Measured::<RocksDbWeight>::authorize_withdraw_by_code()
	}

	fn narrow() -> Weight {
		Measured::<RocksDbWeight>::narrow()
	}

	fn suspend() -> Weight {
		Measured::<RocksDbWeight>::suspend()
	}

	fn resume() -> Weight {
		Measured::<RocksDbWeight>::resume()
	}

	fn confirm() -> Weight {
		Measured::<RocksDbWeight>::confirm()
	}

	fn withdraw_by_court() -> Weight {
		Measured::<RocksDbWeight>::withdraw_by_court()
	}

	fn set_law() -> Weight {
		Measured::<RocksDbWeight>::set_law()
	}

	fn raise_oldest_policy() -> Weight {
		Measured::<RocksDbWeight>::raise_oldest_policy()
	}

	fn set_group_member() -> Weight {
		Measured::<RocksDbWeight>::set_group_member()
	}

	fn record_tickets() -> Weight {
		Measured::<RocksDbWeight>::record_tickets()
	}

	fn redeem() -> Weight {
		Measured::<RocksDbWeight>::redeem()
	}

	fn withdraw_ticket_by_code() -> Weight {
		Measured::<RocksDbWeight>::withdraw_ticket_by_code()
	}

	fn authorize_withdraw_ticket_by_code() -> Weight {
		Measured::<RocksDbWeight>::authorize_withdraw_ticket_by_code()
	}

	fn withdraw_tickets() -> Weight {
		Measured::<RocksDbWeight>::withdraw_tickets()
	}

	fn withdraw_tickets_by_code() -> Weight {
		Measured::<RocksDbWeight>::withdraw_tickets_by_code()
	}

	fn authorize_withdraw_tickets_by_code() -> Weight {
		Measured::<RocksDbWeight>::authorize_withdraw_tickets_by_code()
	}

	fn prune_day() -> Weight {
		Measured::<RocksDbWeight>::prune_day()
	}

	fn prune() -> Weight {
		Measured::<RocksDbWeight>::prune()
	}

	fn prune_tickets() -> Weight {
		Measured::<RocksDbWeight>::prune_tickets()
	}
}
