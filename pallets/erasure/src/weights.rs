//! What the calls weigh.
//!
//! Counted by hand from reads and writes, on the safe side; replaced by the file that the benchmarks generate.

use frame::weights_prelude::*;

/// What the calls weigh.
pub trait WeightInfo {
	/// Files the orders of a day.
	fn file() -> Weight;
	/// Attests a batch.
	fn attest() -> Weight;
	/// Holds a batch.
	fn hold() -> Weight;
	/// Lifts a hold.
	fn lift() -> Weight;
	/// Releases the orders of a day.
	fn release() -> Weight;
	/// Looks whether a day's answers are due.
	fn overdue_day() -> Weight;
	/// Flags an organisation.
	fn flag() -> Weight;
	/// Looks whether a day's retention is over.
	fn prune_day() -> Weight;
	/// Removes an order.
	fn prune_order() -> Weight;
	/// Removes an attestation.
	fn prune_attestation() -> Weight;
	/// Removes a batch that is empty.
	fn prune_batch() -> Weight;
}

fn counted(reads: u64, writes: u64) -> Weight {
	let computation = Weight::from_parts(40_000_000, 4_096 * (reads + writes));
	computation.saturating_add(RocksDbWeight::get().reads_writes(reads, writes))
}

impl WeightInfo for () {
	fn file() -> Weight {
		// delegate 2, organisation, clock, filed, collecting, 16 handles; two for each handle, filed, collecting;
		// and a release
		counted(22, 34).saturating_add(Self::release())
	}

	fn attest() -> Weight {
		counted(9, 3).saturating_add(Self::release())
	}

	fn hold() -> Weight {
		counted(8, 2).saturating_add(Self::release())
	}

	fn lift() -> Weight {
		counted(6, 3)
	}

	fn release() -> Weight {
		// collecting, clock, next flag, and a search among at most 2^16 organisations
		counted(35, 4)
	}

	fn overdue_day() -> Weight {
		counted(3, 1)
	}

	fn flag() -> Weight {
		counted(2, 1)
	}

	fn prune_day() -> Weight {
		counted(4, 2)
	}

	fn prune_order() -> Weight {
		counted(2, 2)
	}

	fn prune_attestation() -> Weight {
		counted(2, 3)
	}

	fn prune_batch() -> Weight {
		counted(4, 2)
	}
}
