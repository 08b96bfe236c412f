//! One file per call.

mod attest;
mod hysteresis;
mod record;
mod set_tolerance;

use crate::{mock::*, Assessments, Defect, Error, Event, Numbers};
use curex_primitives::{
	Assessment, Attestation, Commitment, Confidence, Duty, Fitness, Level, OrganisationId,
	ReportDefect, Tolerance,
};
use frame::testing_prelude::*;

const HOSPITAL: OrganisationId = OrganisationId(1);

const ASSESSMENT: Assessment = Assessment {
	cyber: Level::Low,
	privacy: Level::Moderate,
	patient_safety: Level::High,
	confidence: Confidence::High,
	attestation: Attestation::SelfAssessed,
	inputs: Commitment([1; 32]),
	parameters: 1,
	evidence: Commitment([2; 32]),
	assessed_at: 1_000_000,
	expires_at: 2_000_000,
};

fn record(number: u64, assessment: Assessment) -> DispatchResult {
	Risk::record(delegate(1, Duty::SecurityReport), number, assessment)
}
