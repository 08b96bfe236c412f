//! Weights, counted by hand from reads and writes until the runtime's generated file replaces them: 50 µs of
//! computation and 4 KiB of proof per read, more than any call takes.

use frame::weights_prelude::*;

/// What the calls weigh.
pub trait WeightInfo {
	/// Reads: delegate, organisation, clock, last report, numbers, pruned alert, open count.
	/// Writes: last report, numbers, alert, pruned alert, open count.
	fn record() -> Weight;
	/// Reads: delegate, organisation, alert, open count.
	/// Writes: alert, open count.
	fn close() -> Weight;
	/// Reads: delegate, organisation, clock, indicators.
	/// Writes: indicators.
	fn share_indicator() -> Weight;
}

impl WeightInfo for () {
	fn record() -> Weight {
		counted(7, 5)
	}

	fn close() -> Weight {
		counted(4, 2)
	}

	fn share_indicator() -> Weight {
		counted(4, 1)
	}
}

fn counted(reads: u64, writes: u64) -> Weight {
	Weight::from_parts(50_000_000, reads.saturating_mul(4_096))
		.saturating_add(RocksDbWeight::get().reads_writes(reads, writes))
}
