//! What the calls weigh. Written by `scripts/weights.sh`; do not edit.
//!
//! Measured on AMD EPYC, 10 steps, 10 repetitions, 2026-11-28.

use core::marker::PhantomData;
use frame::{deps::frame_support::weights::RuntimeDbWeight, weights_prelude::*};

/// What the calls weigh.
pub trait WeightInfo {
	/// `admit`.
	fn admit() -> Weight;
	/// `suspend`.
	fn suspend() -> Weight;
	/// `reinstate`.
	fn reinstate() -> Weight;
	/// `expel`, `d` from 1 to 16, `p` from 0 to 16.
	fn expel(d: u32, p: u32) -> Weight;
	/// `add_validator`.
	fn add_validator() -> Weight;
	/// `remove_validator`.
	fn remove_validator() -> Weight;
	/// `set_quota`.
	fn set_quota() -> Weight;
	/// `authorize_upgrade`.
	fn authorize_upgrade() -> Weight;
	/// `set_delegate`.
	fn set_delegate() -> Weight;
	/// `dismiss_delegate`.
	fn dismiss_delegate() -> Weight;
	/// `rotate_encryption_key`.
	fn rotate_encryption_key() -> Weight;
	/// `register_peer`.
	fn register_peer() -> Weight;
	/// `remove_peer`.
	fn remove_peer() -> Weight;
	/// `accept_agreement`.
	fn accept_agreement() -> Weight;
	/// `rotate_account`.
	fn rotate_account() -> Weight;
	/// `admission`.
	fn admission() -> Weight;
	/// `check_bounded_nonce`.
	fn check_bounded_nonce() -> Weight;
}

/// The weights that were measured, on a database that reads and writes at this cost.
pub struct Measured<Database>(PhantomData<Database>);

impl<Database: Get<RuntimeDbWeight>> WeightInfo for Measured<Database> {
	fn admit() -> Weight {
		Weight::from_parts(40_430_000, 3_990).saturating_add(Database::get().reads_writes(9, 10))
	}

	fn suspend() -> Weight {
		Weight::from_parts(22_543_000, 3_586).saturating_add(Database::get().reads_writes(5, 5))
	}

	fn reinstate() -> Weight {
		Weight::from_parts(22_613_000, 3_586).saturating_add(Database::get().reads_writes(5, 5))
	}

	fn expel(d: u32, p: u32) -> Weight {
		Weight::from_parts(61_062_209, 5_256)
			.saturating_add(Weight::from_parts(11_236_494, 0).saturating_mul(d.into()))
			.saturating_add(Weight::from_parts(1_504_053, 0).saturating_mul(p.into()))
			.saturating_add(Database::get().reads_writes(10, 13))
			.saturating_add(Database::get().reads(2_u64.saturating_mul(d.into())))
			.saturating_add(Database::get().writes(3_u64.saturating_mul(d.into())))
			.saturating_add(Database::get().writes(1_u64.saturating_mul(p.into())))
			.saturating_add(Weight::from_parts(0, 2_573).saturating_mul(d.into()))
			.saturating_add(Weight::from_parts(0, 40).saturating_mul(p.into()))
	}

	fn add_validator() -> Weight {
		Weight::from_parts(25_158_000, 4_988).saturating_add(Database::get().reads_writes(5, 1))
	}

	fn remove_validator() -> Weight {
		Weight::from_parts(10_406_000, 3_855).saturating_add(Database::get().reads_writes(2, 1))
	}

	fn set_quota() -> Weight {
		Weight::from_parts(14_451_000, 3_586).saturating_add(Database::get().reads_writes(2, 1))
	}

	fn authorize_upgrade() -> Weight {
		Weight::from_parts(5_328_000, 0).saturating_add(Database::get().reads_writes(0, 1))
	}

	fn set_delegate() -> Weight {
		Weight::from_parts(50_265_000, 8_577).saturating_add(Database::get().reads_writes(9, 5))
	}

	fn dismiss_delegate() -> Weight {
		Weight::from_parts(78_397_000, 8_577).saturating_add(Database::get().reads_writes(12, 11))
	}

	fn rotate_encryption_key() -> Weight {
		Weight::from_parts(15_714_000, 3_586).saturating_add(Database::get().reads_writes(2, 1))
	}

	fn register_peer() -> Weight {
		Weight::from_parts(23_615_000, 4_086).saturating_add(Database::get().reads_writes(4, 2))
	}

	fn remove_peer() -> Weight {
		Weight::from_parts(21_252_000, 4_086).saturating_add(Database::get().reads_writes(3, 2))
	}

	fn accept_agreement() -> Weight {
		Weight::from_parts(15_643_000, 3_586).saturating_add(Database::get().reads_writes(2, 1))
	}

	fn rotate_account() -> Weight {
		Weight::from_parts(74_431_000, 6_068).saturating_add(Database::get().reads_writes(13, 13))
	}

	fn admission() -> Weight {
		Weight::from_parts(16_935_000, 3_586).saturating_add(Database::get().reads_writes(3, 1))
	}

	fn check_bounded_nonce() -> Weight {
		Weight::from_parts(8_993_000, 3_529).saturating_add(Database::get().reads_writes(1, 1))
	}
}

/// For tests.
impl WeightInfo for () {
	fn admit() -> Weight {
		Measured::<RocksDbWeight>::admit()
	}

	fn suspend() -> Weight {
		Measured::<RocksDbWeight>::suspend()
	}

	fn reinstate() -> Weight {
		Measured::<RocksDbWeight>::reinstate()
	}

	fn expel(d: u32, p: u32) -> Weight {
		Measured::<RocksDbWeight>::expel(d, p)
	}

	fn add_validator() -> Weight {
		Measured::<RocksDbWeight>::add_validator()
	}

	fn remove_validator() -> Weight {
		Measured::<RocksDbWeight>::remove_validator()
	}

	fn set_quota() -> Weight {
		Measured::<RocksDbWeight>::set_quota()
	}

	fn authorize_upgrade() -> Weight {
		Measured::<RocksDbWeight>::authorize_upgrade()
	}

	fn set_delegate() -> Weight {
		Measured::<RocksDbWeight>::set_delegate()
	}

	fn dismiss_delegate() -> Weight {
		Measured::<RocksDbWeight>::dismiss_delegate()
	}

	fn rotate_encryption_key() -> Weight {
		Measured::<RocksDbWeight>::rotate_encryption_key()
	}

	fn register_peer() -> Weight {
		Measured::<RocksDbWeight>::register_peer()
	}

	fn remove_peer() -> Weight {
		Measured::<RocksDbWeight>::remove_peer()
	}

	fn accept_agreement() -> Weight {
		Measured::<RocksDbWeight>::accept_agreement()
	}

	fn rotate_account() -> Weight {
		Measured::<RocksDbWeight>::rotate_account()
	}

	fn admission() -> Weight {
		Measured::<RocksDbWeight>::admission()
	}

	fn check_bounded_nonce() -> Weight {
		Measured::<RocksDbWeight>::check_bounded_nonce()
	}
}
