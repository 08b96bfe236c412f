//! What the calls weigh.
//!
//! Counted by hand from reads and writes, on the safe side; replaced by the file that the benchmarks generate.

use frame::weights_prelude::*;

/// What the calls weigh.
pub trait WeightInfo {
	/// Anchors an access log.
	fn anchor() -> Weight;
	/// Opens an inquiry.
	fn open_inquiry() -> Weight;
	/// Discloses.
	fn disclose() -> Weight;
	/// Registers a breach.
	fn open_breach() -> Weight;
	/// Notifies an authority.
	fn notify_breach() -> Weight;
	/// Refuses to disclose.
	fn refuse_inquiry() -> Weight;
	/// Withdraws an inquiry.
	fn withdraw_inquiry() -> Weight;
	/// Proves that a count is wrong.
	fn prove_miscount() -> Weight;
	/// Says how often an organisation anchors.
	fn set_anchor_period() -> Weight;
	/// Looks whether an hour has deadlines.
	fn agenda_hour() -> Weight;
	/// Tells of an overdue duty.
	fn mark_overdue() -> Weight;
	/// Looks whether a round of anchors is due.
	fn watch_round() -> Weight;
	/// Looks whether an organisation anchored.
	fn watch_organisation() -> Weight;
}

fn counted(reads: u64, writes: u64) -> Weight {
	let computation = Weight::from_parts(40_000_000, 4_096 * (reads + writes));
	computation.saturating_add(RocksDbWeight::get().reads_writes(reads, writes))
}

impl WeightInfo for () {
	fn anchor() -> Weight {
		// delegate 2, last anchor, watch, clock; anchor, last anchor, watch, alarm
		counted(5, 4)
	}

	fn open_inquiry() -> Weight {
		counted(9, 6)
	}

	fn disclose() -> Weight {
		counted(6, 4)
	}

	fn open_breach() -> Weight {
		// four clocks of two accesses each
		counted(14, 12)
	}

	fn notify_breach() -> Weight {
		counted(10, 7)
	}

	fn refuse_inquiry() -> Weight {
		counted(6, 4)
	}

	fn withdraw_inquiry() -> Weight {
		counted(5, 3)
	}

	fn prove_miscount() -> Weight {
		counted(4, 1)
	}

	fn set_anchor_period() -> Weight {
		counted(7, 1)
	}

	fn agenda_hour() -> Weight {
		counted(3, 1)
	}

	fn mark_overdue() -> Weight {
		counted(2, 1)
	}

	fn watch_round() -> Weight {
		counted(2, 1)
	}

	fn watch_organisation() -> Weight {
		counted(4, 1)
	}
}
