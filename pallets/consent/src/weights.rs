//! What the calls weigh.
//!
//! Counted by hand from reads and writes, on the safe side; replaced by the file that the benchmarks generate.

use frame::weights_prelude::*;

/// What the calls weigh.
pub trait WeightInfo {
	/// Files a consent.
	fn file() -> Weight;
	/// Replaces a consent.
	fn supersede() -> Weight;
	/// Withdraws a consent.
	fn withdraw() -> Weight;
	/// Withdraws a consent by its code.
	fn withdraw_by_code() -> Weight;
	/// Checks the code of a withdrawal.
	fn authorize_withdraw_by_code() -> Weight;
	/// Looks whether a day has consents to prune.
	fn prune_day() -> Weight;
	/// Prunes a consent.
	fn prune() -> Weight;
}

fn counted(reads: u64, writes: u64) -> Weight {
	let computation = Weight::from_parts(50_000_000, 4_096 * (reads + writes));
	computation.saturating_add(RocksDbWeight::get().reads_writes(reads, writes))
}

impl WeightInfo for () {
	fn file() -> Weight {
		// delegate 2, id, grantee, 2 commitments, lock, count, cursor, clock; the same written but the first four
		counted(11, 8)
	}

	fn supersede() -> Weight {
		counted(12, 11)
	}

	fn withdraw() -> Weight {
		counted(4, 4)
	}

	fn withdraw_by_code() -> Weight {
		counted(2, 4)
	}

	fn authorize_withdraw_by_code() -> Weight {
		counted(1, 0)
	}

	fn prune_day() -> Weight {
		counted(3, 1)
	}

	fn prune() -> Weight {
		counted(4, 7)
	}
}
