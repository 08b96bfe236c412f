//! What the runtime tells the off-chain worker.

use alloc::vec::Vec;
use curex_primitives::{Duty, OrganisationId, Submission};

/// Says for whom an account may act.
pub trait DelegateLookup<AccountId> {
	/// The organisation whose delegate the account is, if the organisation is active and the delegate holds the duty.
	fn organisation_with(account: &AccountId, duty: Duty) -> Option<OrganisationId>;
}

/// Says which call records a report.
pub trait SubmissionCalls<Call> {
	/// The call that records the report under its outbox number.
	fn call(submission: Submission) -> Call;

	/// One call that makes all of these in order, and stops at the first that fails.
	fn batch(calls: Vec<Call>) -> Call;
}
