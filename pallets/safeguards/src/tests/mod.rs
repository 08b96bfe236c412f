//! One file per call.

mod decide;
mod implemented;
mod record;

use crate::{mock::*, Decision, Defect, Error, Event, Numbers, PlanRecord, Plans};
use curex_primitives::{
	Commitment, Duty, MerkleRoot, OrganisationId, Plan, PlanDecision, PlanVerdict, ReportDefect,
	SizeBucket,
};
use frame::testing_prelude::*;

const HOSPITAL: OrganisationId = OrganisationId(1);

const PLAN: Plan = Plan {
	inputs: Commitment([1; 32]),
	catalogue_version: 1,
	budget: SizeBucket::Thousands,
	objective_ppm: 300_000,
	bound_ppm: 290_000,
	selection: MerkleRoot([5; 32]),
	evidence: Commitment([2; 32]),
};

fn record(number: u64, plan: Plan) -> DispatchResult {
	Safeguards::record(delegate(1, Duty::SecurityReport), number, plan)
}

fn decide(organisation: u32, plan: u64, verdict: PlanVerdict) -> DispatchResult {
	Safeguards::decide(
		delegate(organisation, Duty::SecurityDecision),
		PlanDecision { plan, verdict, reasons: Commitment([3; 32]) },
	)
}
