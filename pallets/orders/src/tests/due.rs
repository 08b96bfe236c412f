use super::*;
use crate::schedule::{self, RETRY_AFTER};

/// Due at block `now`, when the task was ordered at `ordered` and reports were recorded at these blocks.
fn due(task: Task, ordered: Option<u32>, recorded: &[(ReportKind, u32)], now: u32) -> Option<Due> {
	let recorded =
		|kind| recorded.iter().find(|(other, _)| *other == kind).map(|(_, block)| *block);
	schedule::due(&POLICY, task, ordered, recorded, now)
}

const RESULTS: [(Task, ReportKind); 4] = [
	(Task::Discover, ReportKind::Inventory),
	(Task::Watch, ReportKind::Alert),
	(Task::Survey, ReportKind::GroupResult),
	(Task::Assess, ReportKind::Assessment),
];

#[test]
fn what_was_never_done_is_due_at_once() {
	for &task in Task::ALL {
		assert_eq!(due(task, None, &[], 1), Some(Due::First), "{task:?}");
	}
}

#[test]
fn a_task_that_is_switched_off_is_never_due() {
	let off = Policy { discover_every: 0, watch_every: 0, survey_every: 0, assess_every: 0 };
	for &task in Task::ALL {
		assert_eq!(schedule::due(&off, task, None, |_| None, 1), None);
		assert_eq!(schedule::due(&off, task, Some(1), |_| Some(1), u32::MAX), None);
	}
}

#[test]
fn a_task_is_due_again_when_its_interval_has_passed_since_its_report() {
	for (task, kind) in RESULTS {
		let interval = POLICY.interval(task).unwrap();
		let recorded = [(kind, 100)];
		assert_eq!(due(task, Some(90), &recorded, 100 + interval - 1), None, "{task:?}");
		assert_eq!(due(task, Some(90), &recorded, 100 + interval), Some(Due::Interval), "{task:?}");
		assert_eq!(due(task, None, &recorded, 100 + interval), Some(Due::Interval), "{task:?}");
	}
}

#[test]
fn an_open_order_is_not_given_again() {
	for now in [50, 51, 49 + RETRY_AFTER] {
		assert_eq!(due(Task::Discover, Some(50), &[], now), None);
		assert_eq!(due(Task::Discover, Some(50), &[(ReportKind::Inventory, 50)], now), None);
	}
	assert_eq!(due(Task::Discover, Some(50), &[], 50 + RETRY_AFTER), Some(Due::First));
}

#[test]
fn a_report_closes_the_order_it_follows() {
	let policy = Policy { discover_every: 5, ..POLICY };
	let due =
		|recorded, now| schedule::due(&policy, Task::Discover, Some(50), |_| Some(recorded), now);
	assert_eq!(due(50, 60), None, "what was recorded before the order does not close it");
	assert_eq!(due(51, 55), None, "closed, and the interval has not passed");
	assert_eq!(due(51, 56), Some(Due::Interval));
}

#[test]
fn a_task_that_may_leave_no_trace_counts_from_its_last_order() {
	assert_eq!(due(Task::Watch, Some(50), &[], 249), None);
	assert_eq!(due(Task::Watch, Some(50), &[], 250), Some(Due::Interval));
	assert_eq!(due(Task::Watch, Some(50), &[(ReportKind::Alert, 60)], 259), None);
	assert_eq!(due(Task::Survey, Some(50), &[], 50 + RETRY_AFTER), None);
	assert_eq!(due(Task::Survey, Some(50), &[], 2_050), Some(Due::Interval));
}

#[test]
fn news_make_an_assessment_due() {
	for kind in [ReportKind::Inventory, ReportKind::Alert, ReportKind::GroupResult] {
		let recorded = |news| [(ReportKind::Assessment, 100), (kind, news)];
		assert_eq!(due(Task::Assess, None, &recorded(99), 110), None, "{kind:?}");
		assert_eq!(due(Task::Assess, None, &recorded(100), 110), None, "{kind:?}");
		assert_eq!(due(Task::Assess, None, &recorded(101), 110), Some(Due::Changed), "{kind:?}");
		assert_eq!(due(Task::Assess, Some(105), &recorded(101), 110), None, "{kind:?}, ordered");
	}
	let plan = [(ReportKind::Assessment, 100), (ReportKind::Plan, 101)];
	assert_eq!(due(Task::Assess, None, &plan, 110), None, "a plan follows from the assessment");
}

#[test]
fn news_make_nothing_else_due() {
	let news = [
		(ReportKind::Inventory, 100),
		(ReportKind::Alert, 101),
		(ReportKind::GroupResult, 101),
		(ReportKind::Assessment, 101),
	];
	assert_eq!(due(Task::Discover, None, &news, 110), None);
}

#[test]
fn an_order_ahead_of_the_present_block_is_open_or_of_another_chain() {
	assert_eq!(due(Task::Discover, Some(52), &[], 50), None, "a fork took the block away");
	assert_eq!(due(Task::Discover, Some(1_000), &[], 50), Some(Due::First));
	assert_eq!(due(Task::Watch, Some(1_000), &[], 50), Some(Due::First));
	assert_eq!(due(Task::Discover, Some(u32::MAX), &[(ReportKind::Inventory, u32::MAX)], 0), None);
}
