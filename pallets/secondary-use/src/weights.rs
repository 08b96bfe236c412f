//! What the calls weigh.
//!
//! Counted by hand from reads and writes, on the safe side; replaced by the file that the benchmarks generate.

use frame::weights_prelude::*;

/// What the calls weigh.
pub trait WeightInfo {
	/// Issues a permit.
	fn issue() -> Weight;
	/// Names a holder.
	fn name_holder() -> Weight;
	/// Revokes a permit.
	fn revoke() -> Weight;
	/// Commits to a cohort.
	fn commit_cohort() -> Weight;
	/// Extracts.
	fn extract() -> Weight;
	/// Exports.
	fn export() -> Weight;
	/// Reports a re-identification.
	fn report_reidentification() -> Weight;
	/// Answers a report.
	fn answer_reidentification() -> Weight;
	/// Publishes results.
	fn publish_results() -> Weight;
}

fn counted(reads: u64, writes: u64) -> Weight {
	let computation = Weight::from_parts(50_000_000, 4_096 * (reads + writes));
	computation.saturating_add(RocksDbWeight::get().reads_writes(reads, writes))
}

impl WeightInfo for () {
	fn issue() -> Weight {
		// delegate 2, body, id, user, clock, three commitments; the last four, permit, standing
		counted(9, 5)
	}

	fn name_holder() -> Weight {
		counted(11, 3)
	}

	fn revoke() -> Weight {
		// and a deadline moves
		counted(11, 7)
	}

	fn commit_cohort() -> Weight {
		counted(8, 3)
	}

	fn extract() -> Weight {
		// and a deadline begins
		counted(11, 7)
	}

	fn export() -> Weight {
		counted(10, 4)
	}

	fn report_reidentification() -> Weight {
		counted(12, 7)
	}

	fn answer_reidentification() -> Weight {
		// and the permit ends
		counted(14, 10)
	}

	fn publish_results() -> Weight {
		counted(7, 4)
	}
}
