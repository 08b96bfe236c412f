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
	/// Marks a duty as overdue; at most a review, which goes on to a second reviewer.
	fn mark_overdue() -> Weight;
	/// Looks at a subscription.
	fn look_at() -> Weight;
	/// Prunes an exchange.
	fn prune() -> Weight;
	/// Suspends.
	fn suspend() -> Weight;
	/// Resumes.
	fn resume() -> Weight;
	/// Suspends by order of an authority.
	fn suspend_by_policy() -> Weight;
	/// Resumes by order of an authority.
	fn resume_by_policy() -> Weight;
	/// Disputes.
	fn dispute() -> Weight;
	/// Answers a dispute.
	fn answer_dispute() -> Weight;
	/// Ends a dispute.
	fn settle_dispute() -> Weight;
	/// Decides a dispute.
	fn decide_dispute() -> Weight;
	/// Attests a duty.
	fn attest_duty() -> Weight;
	/// Defers a notice.
	fn defer_notice() -> Weight;
	/// Asks for data in `n` exchanges.
	fn request_batch(n: u32) -> Weight;
	/// Approves and dispatches `n` exchanges.
	fn answer_batch(n: u32) -> Weight;
	/// Confirms and acknowledges `n` exchanges.
	fn complete_batch(n: u32) -> Weight;
	/// Dispatches many documents.
	fn dispatch_documents() -> Weight;
	/// Records a request that the recipient signed, with approval and dispatch.
	fn serve_countersigned() -> Weight;
	/// Confirms and acknowledges.
	fn complete() -> Weight;
	/// Records a break-glass afterwards.
	fn record_emergency() -> Weight;
	/// Opens a subscription.
	fn subscribe() -> Weight;
	/// Accepts a subscription.
	fn accept_subscription() -> Weight;
	/// Ends a subscription.
	fn end_subscription() -> Weight;
	/// Dispatches under a subscription.
	fn deliver() -> Weight;
	/// Tells of a rectification.
	fn rectify() -> Weight;
	/// Acknowledges a rectification.
	fn acknowledge_rectification() -> Weight;
	/// Anchors a tally.
	fn reconcile() -> Weight;
	/// Sets a legal hold.
	fn set_hold() -> Weight;
	/// Lifts a legal hold.
	fn lift_hold() -> Weight;
}

/// The members among whom a reviewer is chosen, on the safe side.
const MEMBERS: u64 = 256;

/// One check of an sr25519 signature, on the safe side.
const SIGNATURE: Weight = Weight::from_parts(120_000_000, 0);

/// What `n` items of a batch weigh beside what the batch itself does.
fn each(n: u32, item: Weight) -> Weight {
	counted(2, 1).saturating_add(item.saturating_mul(u64::from(n)))
}

fn counted(reads: u64, writes: u64) -> Weight {
	let computation = Weight::from_parts(60_000_000, 4_096 * (reads + writes));
	computation.saturating_add(RocksDbWeight::get().reads_writes(reads, writes))
}

impl WeightInfo for () {
	fn request() -> Weight {
		// delegate 2, exchange, partner, 2 commitments, gate 8 (consent or permit 2, law, tolerance, fitness, facts 2,
		// clock), sequences 2
		counted(16, 8)
	}

	fn offer() -> Weight {
		counted(16, 7)
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
		// a reversal: evidence 2, duty 3, dispute and its duty 5
		counted(18, 14)
	}

	fn break_glass() -> Weight {
		counted(22 + MEMBERS, 20)
	}

	fn review() -> Weight {
		counted(12 + MEMBERS, 14)
	}

	fn closing_block() -> Weight {
		counted(3, 1)
	}

	fn close() -> Weight {
		counted(5, 3)
	}

	fn mark_overdue() -> Weight {
		counted(8 + MEMBERS, 7)
	}

	fn look_at() -> Weight {
		counted(8, 6)
	}

	fn prune() -> Weight {
		// commitments 5 and evidence 32, six duties with 3 lists each, numbers 20
		counted(85, 90)
	}

	fn suspend() -> Weight {
		counted(8, 4)
	}

	fn resume() -> Weight {
		counted(8, 4)
	}

	fn suspend_by_policy() -> Weight {
		counted(9, 4)
	}

	fn resume_by_policy() -> Weight {
		counted(9, 4)
	}

	fn dispute() -> Weight {
		counted(11, 10)
	}

	fn answer_dispute() -> Weight {
		counted(12, 7)
	}

	fn settle_dispute() -> Weight {
		counted(12, 8)
	}

	fn decide_dispute() -> Weight {
		counted(13, 8)
	}

	fn attest_duty() -> Weight {
		counted(8, 6)
	}

	fn defer_notice() -> Weight {
		counted(4, 5)
	}

	fn request_batch(n: u32) -> Weight {
		each(n, Self::request())
	}

	fn answer_batch(n: u32) -> Weight {
		each(n, Self::approve().saturating_add(Self::dispatch()))
	}

	fn complete_batch(n: u32) -> Weight {
		each(n, Self::complete())
	}

	fn dispatch_documents() -> Weight {
		Self::dispatch().saturating_add(counted(2, 2))
	}

	fn serve_countersigned() -> Weight {
		counted(22, 10).saturating_add(SIGNATURE)
	}

	fn complete() -> Weight {
		Self::receive().saturating_add(Self::acknowledge())
	}

	fn record_emergency() -> Weight {
		Self::break_glass().saturating_add(counted(4, 1)).saturating_add(SIGNATURE)
	}

	fn subscribe() -> Weight {
		counted(7, 5)
	}

	fn accept_subscription() -> Weight {
		counted(16, 3)
	}

	fn end_subscription() -> Weight {
		counted(9, 3)
	}

	fn deliver() -> Weight {
		counted(24, 11)
	}

	fn rectify() -> Weight {
		counted(10, 8)
	}

	fn acknowledge_rectification() -> Weight {
		counted(10, 6)
	}

	fn reconcile() -> Weight {
		counted(6, 2)
	}

	fn set_hold() -> Weight {
		counted(5, 2)
	}

	fn lift_hold() -> Weight {
		counted(6, 3)
	}
}
