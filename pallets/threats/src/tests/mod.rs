//! One file per call.

mod close;
mod record;
mod share_indicator;

use crate::{mock::*, Alert, Alerts, Defect, Error, Event, Indicator, Indicators, OpenAlerts};
use curex_primitives::{
	security::MAX_VALIDITY, AlertDigest, Commitment, Confidence, Duty, Level, OrganisationId,
	ReportDefect, TrafficLight,
};
use frame::testing_prelude::*;

const ALERT: AlertDigest = AlertDigest {
	severity: Level::High,
	confidence: Confidence::Medium,
	evidence: Commitment([7; 32]),
	raised_at: 1_000_000,
};

fn record(organisation: u32, number: u64) -> DispatchResult {
	Threats::record(delegate(organisation, Duty::SecurityReport), number, ALERT)
}

fn close(organisation: u32, number: u64) -> DispatchResult {
	Threats::close(delegate(organisation, Duty::SecurityDecision), number, Commitment([8; 32]))
}

fn open(organisation: u32) -> u32 {
	OpenAlerts::<Test>::get(OrganisationId(organisation))
}
