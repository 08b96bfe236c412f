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
	/// Narrows a consent.
	fn narrow() -> Weight;
	/// Suspends a consent.
	fn suspend() -> Weight;
	/// Resumes a consent.
	fn resume() -> Weight;
	/// Confirms a consent.
	fn confirm() -> Weight;
	/// Withdraws a consent by order of a court.
	fn withdraw_by_court() -> Weight;
	/// Changes a cell of the law.
	fn set_law() -> Weight;
	/// Raises the oldest consent policy.
	fn raise_oldest_policy() -> Weight;
	/// Changes a group.
	fn set_group_member() -> Weight;
	/// Records tickets.
	fn record_tickets() -> Weight;
	/// Redeems a ticket.
	fn redeem() -> Weight;
	/// Withdraws a ticket that was not redeemed.
	fn withdraw_ticket_by_code() -> Weight;
	/// Checks the code of a ticket.
	fn authorize_withdraw_ticket_by_code() -> Weight;
	/// Withdraws the tickets of a root.
	fn withdraw_tickets() -> Weight;
	/// Withdraws the tickets of a root by their code.
	fn withdraw_tickets_by_code() -> Weight;
	/// Checks the code of a root.
	fn authorize_withdraw_tickets_by_code() -> Weight;
	/// Looks whether a day has consents to prune.
	fn prune_day() -> Weight;
	/// Prunes a consent, or one of its narrowings.
	fn prune() -> Weight;
	/// Prunes a root of tickets, or a withdrawn ticket.
	fn prune_tickets() -> Weight;
}

fn counted(reads: u64, writes: u64) -> Weight {
	let computation = Weight::from_parts(50_000_000, 4_096 * (reads + writes));
	computation.saturating_add(RocksDbWeight::get().reads_writes(reads, writes))
}

impl WeightInfo for () {
	fn file() -> Weight {
		// delegate 2, policy, id, grantee, 2 commitments, lock, count, cursor, clock; the last six and the day written
		counted(12, 8)
	}

	fn supersede() -> Weight {
		counted(14, 11)
	}

	fn withdraw() -> Weight {
		counted(5, 4)
	}

	fn withdraw_by_code() -> Weight {
		counted(3, 4)
	}

	fn authorize_withdraw_by_code() -> Weight {
		counted(2, 0)
	}

	fn narrow() -> Weight {
		counted(9, 8)
	}

	fn suspend() -> Weight {
		counted(4, 2)
	}

	fn resume() -> Weight {
		counted(4, 2)
	}

	fn confirm() -> Weight {
		counted(5, 3)
	}

	fn withdraw_by_court() -> Weight {
		counted(6, 6)
	}

	fn set_law() -> Weight {
		counted(2, 3)
	}

	fn raise_oldest_policy() -> Weight {
		counted(1, 2)
	}

	fn set_group_member() -> Weight {
		counted(2, 2)
	}

	fn record_tickets() -> Weight {
		counted(6, 5)
	}

	fn redeem() -> Weight {
		counted(16, 9)
	}

	fn withdraw_ticket_by_code() -> Weight {
		counted(3, 2)
	}

	fn authorize_withdraw_ticket_by_code() -> Weight {
		counted(3, 0)
	}

	fn withdraw_tickets() -> Weight {
		counted(4, 2)
	}

	fn withdraw_tickets_by_code() -> Weight {
		counted(1, 2)
	}

	fn authorize_withdraw_tickets_by_code() -> Weight {
		counted(1, 0)
	}

	fn prune_day() -> Weight {
		counted(4, 1)
	}

	fn prune() -> Weight {
		counted(6, 9)
	}

	fn prune_tickets() -> Weight {
		counted(5, 4)
	}
}
