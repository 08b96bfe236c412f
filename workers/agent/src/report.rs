//! What every kind of report has in common: names, commitments, encoding.

use codec::Decode;
use curex_primitives::{Commitment, Report, ReportKind, Task};

use crate::Error;

/// The report with its commitments filled in.
pub(crate) fn with_commitments(
	mut report: Report,
	evidence: Commitment,
	inputs: Option<Commitment>,
) -> Report {
	match &mut report {
		Report::Inventory(snapshot) => snapshot.evidence = evidence,
		Report::Alert(alert) => alert.evidence = evidence,
		Report::GroupResult(result) => result.evidence = evidence,
		Report::Assessment(assessment) => {
			assessment.evidence = evidence;
			assessment.inputs = inputs.unwrap_or(assessment.inputs);
		},
		Report::Plan(plan) => {
			plan.evidence = evidence;
			plan.inputs = inputs.unwrap_or(plan.inputs);
		},
	}
	report
}

/// The commitment to a report's sealed evidence.
pub fn evidence_of(report: &Report) -> Commitment {
	match report {
		Report::Inventory(snapshot) => snapshot.evidence,
		Report::Alert(alert) => alert.evidence,
		Report::GroupResult(result) => result.evidence,
		Report::Assessment(assessment) => assessment.evidence,
		Report::Plan(plan) => plan.evidence,
	}
}

/// The commitment to a report's inputs, if it has one.
pub fn inputs_of(report: &Report) -> Option<Commitment> {
	match report {
		Report::Inventory(_) | Report::Alert(_) | Report::GroupResult(_) => None,
		Report::Assessment(assessment) => Some(assessment.inputs),
		Report::Plan(plan) => Some(plan.inputs),
	}
}

/// The name of a kind, as JSON has it.
pub fn kind_name(kind: ReportKind) -> &'static str {
	match kind {
		ReportKind::Inventory => "inventory",
		ReportKind::Alert => "alert",
		ReportKind::Assessment => "assessment",
		ReportKind::GroupResult => "group-result",
		ReportKind::Plan => "plan",
	}
}

/// The name of a task, as JSON has it.
pub fn task_name(task: Task) -> &'static str {
	match task {
		Task::Discover => "discover",
		Task::Watch => "watch",
		Task::Survey => "survey",
		Task::Assess => "assess",
	}
}

/// Reads a report from its SCALE encoding.
pub(crate) fn decode_report(bytes: &[u8]) -> Result<Report, Error> {
	Report::decode(&mut &*bytes).map_err(|error| Error::Damaged(format!("a report: {error}")))
}
