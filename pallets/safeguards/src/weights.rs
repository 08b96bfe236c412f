//! Weights, counted by hand from reads and writes until the runtime's generated file replaces them: 50 µs of
//! computation and 4 KiB of proof per read, more than any call takes.

use frame::weights_prelude::*;

/// What the calls weigh.
pub trait WeightInfo {
	/// Reads: delegate, organisation, clock, last report, numbers.
	/// Writes: last report, numbers, plan, pruned plan.
	fn record() -> Weight;
	/// Reads: delegate, organisation, plan.
	/// Writes: plan.
	fn decide() -> Weight;
	/// Reads: delegate, organisation, plan.
	/// Writes: plan.
	fn implemented() -> Weight;
}

impl WeightInfo for () {
	fn record() -> Weight {
		counted(5, 4)
	}

	fn decide() -> Weight {
		counted(3, 1)
	}

	fn implemented() -> Weight {
		counted(3, 1)
	}
}

fn counted(reads: u64, writes: u64) -> Weight {
	Weight::from_parts(50_000_000, reads.saturating_mul(4_096))
		.saturating_add(RocksDbWeight::get().reads_writes(reads, writes))
}
