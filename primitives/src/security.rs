//! What the off-chain workers report to the ledger: levels, buckets and commitments, never details.

use crate::{
	consent::record, vocabulary, Attestation, Commitment, Confidence, Level, MerkleRoot, Moment,
	OrganisationId, SizeBucket,
};

record! {
	/// An inventory of assets and their vulnerabilities at one moment.
	pub struct Snapshot {
		/// Merkle root over the assets of the sealed report.
		pub root: MerkleRoot,
		/// Root of the snapshot before; the empty root for the first.
		pub previous: MerkleRoot,
		/// How many assets.
		pub assets: SizeBucket,
		/// How many vulnerabilities matched.
		pub vulnerabilities: SizeBucket,
		/// Version of the advisory feed that was used.
		pub feed_version: u32,
		/// Commitment to the sealed report.
		pub evidence: Commitment,
		/// When it was taken.
		pub taken_at: Moment,
	}
}

record! {
	/// An alert. What was seen stays sealed.
	pub struct AlertDigest {
		/// How bad.
		pub severity: Level,
		/// How sure.
		pub confidence: Confidence,
		/// Commitment to the sealed alert.
		pub evidence: Commitment,
		/// When it was raised.
		pub raised_at: Moment,
	}
}

record! {
	/// A risk assessment of an organisation.
	pub struct Assessment {
		/// Cybersecurity level.
		pub cyber: Level,
		/// Privacy level.
		pub privacy: Level,
		/// Patient-safety level; never averaged into another.
		pub patient_safety: Level,
		/// How sure.
		pub confidence: Confidence,
		/// Who stands behind it.
		pub attestation: Attestation,
		/// Commitment to the inputs.
		pub inputs: Commitment,
		/// Version of the parameters.
		pub parameters: u32,
		/// Commitment to the sealed report with its explanation.
		pub evidence: Commitment,
		/// When it was made.
		pub assessed_at: Moment,
		/// When it ceases to count.
		pub expires_at: Moment,
	}
}

vocabulary! {
	/// A group of staff, as in the CUREX hygiene study.
	pub enum StaffGroup {
		/// Administration.
		Administrative = 0,
		/// Physicians, nurses, therapists.
		Clinical = 1,
		/// Information technology.
		InformationTechnology = 2,
		/// Management and security.
		Executive = 3,
	}
}

record! {
	/// The awareness of a group of staff, as the risk that comes from its gaps.
	pub struct GroupResult {
		/// Number of the campaign, counted by the organisation.
		pub campaign: u32,
		/// The group.
		pub group: StaffGroup,
		/// Risk from the group's gaps.
		pub level: Level,
		/// How sure; low where the group is too small to say.
		pub confidence: Confidence,
		/// How many answered; five at least.
		pub answers: SizeBucket,
		/// Commitment to the sealed result.
		pub evidence: Commitment,
	}
}

record! {
	/// A plan of safeguards with the proof of its optimality.
	pub struct Plan {
		/// Commitment to the inputs.
		pub inputs: Commitment,
		/// Version of the safeguard catalogue.
		pub catalogue_version: u32,
		/// Order of magnitude of the budget in euros.
		pub budget: SizeBucket,
		/// Remaining risk under the plan, in parts per million of the risk without it.
		pub objective_ppm: u32,
		/// Proven lower bound of the remaining risk, in the same unit.
		pub bound_ppm: u32,
		/// Merkle root over the chosen safeguards.
		pub selection: MerkleRoot,
		/// Commitment to the sealed plan.
		pub evidence: Commitment,
	}
}

vocabulary! {
	/// What the security officer decided on a plan.
	pub enum PlanVerdict {
		/// Carry it out.
		Accepted = 0,
		/// Carry part of it out.
		Amended = 1,
		/// Do not.
		Rejected = 2,
	}
}

record! {
	/// A decision on a plan.
	pub struct PlanDecision {
		/// Outbox number under which the organisation recorded the plan.
		pub plan: u64,
		/// The decision.
		pub verdict: PlanVerdict,
		/// Commitment to the sealed reasons.
		pub reasons: Commitment,
	}
}

vocabulary! {
	/// The kind of a report.
	#[derive(PartialOrd, Ord)]
	pub enum ReportKind {
		/// [`Snapshot`].
		Inventory = 0,
		/// [`AlertDigest`].
		Alert = 1,
		/// [`Assessment`].
		Assessment = 2,
		/// [`GroupResult`].
		GroupResult = 3,
		/// [`Plan`].
		Plan = 4,
	}
}

/// A report of the off-chain worker.
#[derive(
	Clone,
	PartialEq,
	Eq,
	Debug,
	codec::Encode,
	codec::Decode,
	codec::DecodeWithMemTracking,
	codec::MaxEncodedLen,
	scale_info::TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "std", serde(rename_all = "kebab-case"))]
pub enum Report {
	/// See [`Snapshot`].
	#[codec(index = 0)]
	Inventory(Snapshot),
	/// See [`AlertDigest`].
	#[codec(index = 1)]
	Alert(AlertDigest),
	/// See [`Assessment`].
	#[codec(index = 2)]
	Assessment(Assessment),
	/// See [`GroupResult`].
	#[codec(index = 3)]
	GroupResult(GroupResult),
	/// See [`Plan`].
	#[codec(index = 4)]
	Plan(Plan),
}

impl Report {
	/// The kind of the report.
	pub const fn kind(&self) -> ReportKind {
		match self {
			Self::Inventory(_) => ReportKind::Inventory,
			Self::Alert(_) => ReportKind::Alert,
			Self::Assessment(_) => ReportKind::Assessment,
			Self::GroupResult(_) => ReportKind::GroupResult,
			Self::Plan(_) => ReportKind::Plan,
		}
	}

	/// Commitments that must be present and, within one report, different.
	fn commitments(&self) -> [Option<Commitment>; 2] {
		match self {
			Self::Inventory(snapshot) => [Some(snapshot.evidence), None],
			Self::Alert(alert) => [Some(alert.evidence), None],
			Self::Assessment(assessment) => [Some(assessment.evidence), Some(assessment.inputs)],
			Self::GroupResult(result) => [Some(result.evidence), None],
			Self::Plan(plan) => [Some(plan.evidence), Some(plan.inputs)],
		}
	}

	/// Checks what can be checked without the content: the worker before it signs, the pallet before it records.
	///
	/// # Errors
	/// The first [`ReportDefect`] found.
	pub fn check(&self, now: Moment) -> Result<(), ReportDefect> {
		let [first, second] = self.commitments();
		if first.into_iter().chain(second).any(|commitment| commitment.is_zero())
			|| (second.is_some() && first == second)
		{
			return Err(ReportDefect::MissingCommitment);
		}
		let dated = match self {
			Self::Inventory(snapshot) => snapshot.taken_at,
			Self::Alert(alert) => alert.raised_at,
			Self::Assessment(assessment) => assessment.assessed_at,
			Self::GroupResult(_) | Self::Plan(_) => now,
		};
		if dated > now.saturating_add(MAX_CLOCK_LEAD) {
			return Err(ReportDefect::FromTheFuture);
		}
		match self {
			Self::Assessment(assessment) if assessment.expires_at <= now => {
				Err(ReportDefect::Expired)
			},
			Self::Assessment(assessment)
				if assessment.expires_at.saturating_sub(assessment.assessed_at) > MAX_VALIDITY =>
			{
				Err(ReportDefect::ValidTooLong)
			},
			Self::GroupResult(result) if result.answers == SizeBucket::None => {
				Err(ReportDefect::TooFewAnswers)
			},
			Self::Plan(plan) if plan.bound_ppm > plan.objective_ppm => {
				Err(ReportDefect::BoundAboveObjective)
			},
			_ => Ok(()),
		}
	}
}

/// A report may be dated at most this far ahead of the block: 60 seconds, in milliseconds.
pub const MAX_CLOCK_LEAD: Moment = 60_000;

/// An assessment counts for at most one year: 366 days in milliseconds.
pub const MAX_VALIDITY: Moment = 366 * 24 * 3_600 * 1_000;

vocabulary! {
	/// What is wrong with a report.
	pub enum ReportDefect {
		/// A commitment is missing (all zero), or two are equal.
		MissingCommitment = 0,
		/// Dated more than [`MAX_CLOCK_LEAD`] ahead.
		FromTheFuture = 1,
		/// Has ceased to count already.
		Expired = 2,
		/// Would count for longer than [`MAX_VALIDITY`].
		ValidTooLong = 3,
		/// Nobody answered.
		TooFewAnswers = 4,
		/// The proven bound lies above what the plan achieves: the two cannot both be true.
		BoundAboveObjective = 5,
	}
}

/// Refuses a report of an organisation whose outbox number was taken before.
pub trait Outbox {
	/// Takes the number, if it is greater than every number of that kind taken from the organisation before.
	/// Numbers start at 1.
	fn take(organisation: OrganisationId, kind: ReportKind, number: u64) -> bool;

	/// Checks the report and takes its number: what every pallet does before it records one.
	///
	/// # Errors
	/// [`NotRecorded`]; the number is then still free.
	fn admit(
		organisation: OrganisationId,
		number: u64,
		report: &Report,
		now: Moment,
	) -> Result<(), NotRecorded> {
		report.check(now).map_err(NotRecorded::Defective)?;
		if Self::take(organisation, report.kind(), number) {
			Ok(())
		} else {
			Err(NotRecorded::AlreadyRecorded)
		}
	}
}

/// Why a report is not recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotRecorded {
	/// The report cannot be true.
	Defective(ReportDefect),
	/// Its outbox number, or a greater one of its kind, was taken before.
	AlreadyRecorded,
}

vocabulary! {
	/// How far a shared indicator may travel (Traffic Light Protocol 2.0, FIRST). Red is missing on purpose: what
	/// the ledger holds, every member reads.
	#[derive(PartialOrd, Ord)]
	pub enum TrafficLight {
		/// No limit.
		Clear = 0,
		/// Within the community.
		Green = 1,
		/// Within the reader's organisation and its clients.
		Amber = 2,
		/// Within the reader's organisation only.
		AmberStrict = 3,
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn assessment() -> Assessment {
		Assessment {
			cyber: Level::Low,
			privacy: Level::Low,
			patient_safety: Level::Low,
			confidence: Confidence::High,
			attestation: Attestation::SelfAssessed,
			inputs: Commitment([1; 32]),
			parameters: 1,
			evidence: Commitment([2; 32]),
			assessed_at: 1_000,
			expires_at: 2_000,
		}
	}

	#[test]
	fn every_defect_of_a_report_is_named() {
		let check = |change: fn(&mut Assessment)| {
			let mut assessment = assessment();
			change(&mut assessment);
			Report::Assessment(assessment).check(1_000)
		};
		assert_eq!(check(|_| ()), Ok(()));
		assert_eq!(
			check(|report| report.evidence = Commitment([0; 32])),
			Err(ReportDefect::MissingCommitment)
		);
		assert_eq!(
			check(|report| report.evidence = report.inputs),
			Err(ReportDefect::MissingCommitment)
		);
		assert_eq!(check(|report| report.assessed_at = 61_001), Err(ReportDefect::FromTheFuture));
		assert_eq!(check(|report| report.expires_at = 1_000), Err(ReportDefect::Expired));
		assert_eq!(check(|report| report.expires_at = u64::MAX), Err(ReportDefect::ValidTooLong));
	}

	#[test]
	fn a_defective_report_leaves_its_number_free() {
		struct Refusing;
		impl Outbox for Refusing {
			fn take(_: OrganisationId, _: ReportKind, number: u64) -> bool {
				assert_ne!(number, 1, "taken although defective");
				number > 2
			}
		}
		let admit = |number, assessment: Assessment| {
			Refusing::admit(OrganisationId(1), number, &Report::Assessment(assessment), 1_000)
		};
		assert_eq!(
			admit(1, Assessment { expires_at: 1_000, ..assessment() }),
			Err(NotRecorded::Defective(ReportDefect::Expired))
		);
		assert_eq!(admit(2, assessment()), Err(NotRecorded::AlreadyRecorded));
		assert_eq!(admit(3, assessment()), Ok(()));
	}

	#[test]
	fn a_plan_cannot_be_better_than_its_own_bound() {
		let plan = Plan {
			inputs: Commitment([1; 32]),
			catalogue_version: 1,
			budget: SizeBucket::More,
			objective_ppm: 10,
			bound_ppm: 11,
			selection: crate::merkle::empty_root(),
			evidence: Commitment([2; 32]),
		};
		assert_eq!(Report::Plan(plan.clone()).check(0), Err(ReportDefect::BoundAboveObjective));
		assert_eq!(Report::Plan(Plan { bound_ppm: 10, ..plan }).check(0), Ok(()));
	}
}
