//! When is a task due? One pure function of the policy, the ledger and the last order.

use curex_primitives::{BlockNumber, Due, Policy, ReportKind, Task};

/// An order to which no report has followed is given again after so many blocks: ten minutes at four seconds.
pub const RETRY_AFTER: BlockNumber = 150;

/// Whether the task is due at block `now`, and why.
///
/// `ordered` is the block at which it was ordered last, and `recorded` tells the block that recorded the newest report
/// of a kind. While the last order is open, nothing is due: until its report is recorded, or [`RETRY_AFTER`] blocks
/// have passed.
///
/// Watching that sees nothing and a survey that too few answered leave no trace on the ledger; for these two the last
/// order counts as done.
pub fn due(
	policy: &Policy,
	task: Task,
	ordered: Option<BlockNumber>,
	recorded: impl Fn(ReportKind) -> Option<BlockNumber>,
	now: BlockNumber,
) -> Option<Due> {
	let interval = policy.interval(task)?;
	let reported = recorded(report_of(task));
	// An order may have been given at a block that a fork took away; one far ahead is of another chain.
	let ordered = ordered.filter(|&ordered| ordered < now.saturating_add(RETRY_AFTER));
	if ordered.is_some_and(|ordered| is_open(ordered, reported, now)) {
		return None;
	}
	let done = match task {
		Task::Watch | Task::Survey => reported.max(ordered),
		Task::Discover | Task::Assess => reported,
	};
	let Some(done) = done else { return Some(Due::First) };
	if now.saturating_sub(done) >= interval {
		return Some(Due::Interval);
	}
	let newer = |kind| recorded(kind).is_some_and(|recorded| recorded > done);
	(task == Task::Assess
		&& [ReportKind::Inventory, ReportKind::Alert, ReportKind::GroupResult]
			.into_iter()
			.any(newer))
	.then_some(Due::Changed)
}

/// The kind of report that shows a task was done.
const fn report_of(task: Task) -> ReportKind {
	match task {
		Task::Discover => ReportKind::Inventory,
		Task::Watch => ReportKind::Alert,
		Task::Survey => ReportKind::GroupResult,
		Task::Assess => ReportKind::Assessment,
	}
}

/// Whether an answer to the order may still come.
fn is_open(ordered: BlockNumber, reported: Option<BlockNumber>, now: BlockNumber) -> bool {
	now.saturating_sub(ordered) < RETRY_AFTER && reported.is_none_or(|reported| reported <= ordered)
}
