//! What the state holds.

use super::*;

/// A plan and what became of it.
#[derive(
	Clone,
	PartialEq,
	Eq,
	Debug,
	codec::Encode,
	codec::Decode,
	codec::DecodeWithMemTracking,
	codec::MaxEncodedLen,
	TypeInfo,
)]
pub struct PlanRecord {
	/// The plan as recorded.
	pub plan: Plan,
	/// What was decided, once it was.
	pub decision: Option<Decision>,
	/// Commitment to the evidence that the plan was carried out, once it was.
	pub implemented: Option<Commitment>,
}

impl PlanRecord {
	/// Whether somebody decided to carry the plan out, or part of it.
	pub fn is_accepted(&self) -> bool {
		self.decision.as_ref().is_some_and(|decision| decision.verdict != PlanVerdict::Rejected)
	}
}

/// A decision on the plan it stands with.
#[derive(
	Clone,
	PartialEq,
	Eq,
	Debug,
	codec::Encode,
	codec::Decode,
	codec::DecodeWithMemTracking,
	codec::MaxEncodedLen,
	TypeInfo,
)]
pub struct Decision {
	/// What was decided.
	pub verdict: PlanVerdict,
	/// Commitment to the sealed reasons.
	pub reasons: Commitment,
}
