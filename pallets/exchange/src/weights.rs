//! What the calls weigh.
//!
//! Counted by hand from reads and writes, on the safe side; replaced by the file that the benchmarks generate.

use frame::weights_prelude::*;

/// What the calls weigh. Whatever a call finds, it weighs the same.
pub trait WeightInfo {
	/// Asks for data.
	fn request() -> Weight;
	/// Offers data.
	fn offer() -> Weight;
	/// Accepts a risk.
	fn release() -> Weight;
	/// Approves a request.
	fn approve() -> Weight;
	/// Accepts an offer.
	fn accept() -> Weight;
	/// Dispatches.
	fn dispatch() -> Weight;
	/// Receives.
	fn receive() -> Weight;
	/// Acknowledges.
	fn acknowledge() -> Weight;
	/// Breaks the glass.
	fn break_glass() -> Weight;
	/// Reviews a break-glass.
	fn review() -> Weight;
	/// Looks whether something lapsed with a block.
	fn closing_block() -> Weight;
	/// Closes an exchange.
	fn close() -> Weight;
	/// Marks a review as overdue.
	fn mark_overdue() -> Weight;
}

/// The members among whom a reviewer is chosen, on the safe side.
const MEMBERS: u64 = 256;

fn counted(reads: u64, writes: u64) -> Weight {
	let computation = Weight::from_parts(60_000_000, 4_096 * (reads + writes));
	computation.saturating_add(RocksDbWeight::get().reads_writes(reads, writes))
}

impl WeightInfo for () {
	fn request() -> Weight {
		// delegate 2, exchange, partner, 2 commitments, gate 6 (consent, tolerance, fitness, facts 2, clock), sequence
		counted(14, 5)
	}

	fn offer() -> Weight {
		counted(14, 4)
	}

	fn release() -> Weight {
		// delegate 2, exchange, state 3 (consent, facts 2), gate 6, deadline
		counted(13, 3)
	}

	fn approve() -> Weight {
		counted(14, 4)
	}

	fn accept() -> Weight {
		counted(15, 5)
	}

	fn dispatch() -> Weight {
		counted(14, 4)
	}

	fn receive() -> Weight {
		counted(8, 4)
	}

	fn acknowledge() -> Weight {
		counted(8, 4)
	}

	fn break_glass() -> Weight {
		counted(17 + MEMBERS, 9)
	}

	fn review() -> Weight {
		counted(6 + MEMBERS, 3)
	}

	fn closing_block() -> Weight {
		counted(3, 1)
	}

	fn close() -> Weight {
		counted(5, 3)
	}

	fn mark_overdue() -> Weight {
		counted(2, 2)
	}
}
