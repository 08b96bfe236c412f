//! Weights, counted by hand from reads and writes until the runtime's generated file replaces them: 50 µs of
//! computation and 4 KiB of proof per read, more than any call takes.

use frame::weights_prelude::*;

/// What the calls weigh.
pub trait WeightInfo {
	/// Reads: delegate, organisation, clock, last report, numbers, assessment before, gating levels.
	/// Writes: last report, numbers, assessment, pruned assessment, gating levels.
	fn record() -> Weight;
	/// Reads: delegate, organisation.
	/// Writes: tolerance.
	fn set_tolerance() -> Weight;
	/// Reads: delegate, organisation, facts, clock, numbers, assessment.
	/// Writes: assessment, gating levels.
	fn attest() -> Weight;
}

impl WeightInfo for () {
	fn record() -> Weight {
		counted(7, 5)
	}

	fn set_tolerance() -> Weight {
		counted(2, 1)
	}

	fn attest() -> Weight {
		counted(6, 2)
	}
}

fn counted(reads: u64, writes: u64) -> Weight {
	Weight::from_parts(50_000_000, reads.saturating_mul(4_096))
		.saturating_add(RocksDbWeight::get().reads_writes(reads, writes))
}
