//! The call, the outbox, the schedule and the two halves of the off-chain worker.

mod deliver;
mod due;
mod lead;
mod set_policy;
mod take;

use crate::{mock::*, worker, Event, LastReport, LastReports, Policies};
use curex_primitives::{
	merkle::empty_root, orders::mailbox, AlertDigest, Assessment, Attestation, Commitment,
	Confidence, Due, Duty, Level, MerkleRoot, OrganisationId, Outbox, Policy, Rejection,
	RejectionReason, Report, ReportDefect, ReportKind, SizeBucket, Snapshot, Submission, Task,
};
use frame::{deps::sp_runtime::offchain::storage::StorageValueRef, testing_prelude::*};

const POLICY: Policy =
	Policy { discover_every: 1_000, watch_every: 200, survey_every: 2_000, assess_every: 500 };
