//! An exchange of health data between two organisations: its record, the table of its states, what follows from it.

mod duty;
mod signing;
mod table;
#[cfg(test)]
mod tests;

pub use duty::{
	DeferralReason, Dispute, DisputeGrounds, DueDuty, Obligation, PackageAssessments,
	Rectification, Review, ReviewVerdict, Settlement, MAX_RECTIFICATIONS,
};
pub use signing::{
	batch_message, check_emergency_moment, check_expiry, emergency_message, request_message,
	Countersignature, EmergencySignature, SignedMoment, EMERGENCY_RECORDING_PERIOD,
};
pub use table::{ExchangeState, Side, Step, Suspender};

use crate::{
	consent::record, vocabulary, BlockNumber, Border, Categories, Commitment, Consent, ConsentId,
	ExchangeId, LegalBasis, Moment, OrganisationId, PermitId, Purpose, SubscriptionId,
};

/// On what an exchange rests.
#[derive(
	Clone,
	Copy,
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
pub enum Gate {
	/// A consent of the patient.
	#[codec(index = 0)]
	Consent(ConsentId),
	/// A lawful basis that needs no consent.
	#[codec(index = 1)]
	Statutory(LegalBasis),
	/// A permit for secondary use, and what was extracted under it before.
	#[codec(index = 2)]
	Permit {
		/// The permit.
		permit: PermitId,
		/// The number of the extraction under the permit.
		extraction: u32,
	},
	/// Urgent care, reviewed afterwards.
	#[codec(index = 3)]
	BreakGlass(Ground),
}

vocabulary! {
	/// Why the glass was broken.
	pub enum Ground {
		/// Threat to life or health.
		LifeThreat = 0,
		/// The patient is unconscious or unknown.
		Unconscious = 1,
		/// A public emergency.
		PublicEmergency = 2,
		/// Another ground, explained in the sealed evidence.
		Other = 3,
	}
}

vocabulary! {
	/// Who began.
	pub enum Direction {
		/// The recipient asked.
		Pull = 0,
		/// The holder offered: a discharge letter, a referral, a result.
		Push = 1,
	}
}

vocabulary! {
	/// How the recipient found what it opened.
	pub enum AcknowledgementCode {
		/// Usable.
		Accepted = 0,
		/// Belongs to another patient.
		WrongPatient = 1,
		/// Cannot be read.
		Unreadable = 2,
		/// Lacks parts.
		Incomplete = 3,
		/// Was there already.
		Duplicate = 4,
	}
}

vocabulary! {
	/// Why a person released a hold.
	pub enum ReleaseReason {
		/// Waiting would harm the patient.
		ClinicalNeed = 0,
		/// The risk was looked at and is acceptable.
		RiskAccepted = 1,
		/// Another channel or measure compensates.
		Compensated = 2,
	}
}

record! {
	/// What the recipient (pull) or the holder (push) submits to begin an exchange.
	pub struct ExchangeProposal {
		/// The other side: the holder of a pull, the recipient of a push.
		pub partner: OrganisationId,
		/// On what it rests.
		pub gate: Gate,
		/// Why.
		pub purpose: Purpose,
		/// Which categories; at least one.
		pub categories: Categories,
		/// Commitment to the encrypted envelope that tells the partner whom it is about.
		pub envelope: Commitment,
		/// Commitment to the recipient's key for this exchange. A push carries the recipient's on acceptance and zero here.
		pub recipient_key: Commitment,
		/// The border that the data cross, if they cross one.
		pub border: Option<Border>,
	}
}

vocabulary! {
	/// What is wrong with a proposal.
	pub enum ProposalDefect {
		/// Names the organisation that makes it as its partner.
		PartnerIsSelf = 0,
		/// Names no category.
		NoCategory = 1,
		/// A commitment is missing (all zero), or two are equal.
		MissingCommitment = 2,
		/// A push brings a key for the recipient, who alone can.
		KeyNotRecipients = 3,
		/// Break-glass outside its own call, or another gate within it.
		WrongGate = 4,
		/// Break-glass for another purpose than emergency treatment.
		NotAnEmergency = 5,
	}
}

impl ExchangeProposal {
	/// Checks the form of an ordinary proposal that `initiator` makes in this direction. Whether it may be served
	/// is the gate's question.
	///
	/// # Errors
	/// The first [`ProposalDefect`] found.
	pub fn check(
		&self,
		initiator: OrganisationId,
		direction: Direction,
	) -> Result<(), ProposalDefect> {
		if matches!(self.gate, Gate::BreakGlass(_)) {
			return Err(ProposalDefect::WrongGate);
		}
		self.check_form(initiator, direction)
	}

	/// Checks the form of a break-glass that `initiator` invokes.
	///
	/// # Errors
	/// The first [`ProposalDefect`] found.
	pub fn check_break_glass(&self, initiator: OrganisationId) -> Result<(), ProposalDefect> {
		if !matches!(self.gate, Gate::BreakGlass(_)) {
			return Err(ProposalDefect::WrongGate);
		}
		if self.purpose != Purpose::EmergencyTreatment {
			return Err(ProposalDefect::NotAnEmergency);
		}
		self.check_form(initiator, Direction::Pull)
	}

	fn check_form(
		&self,
		initiator: OrganisationId,
		direction: Direction,
	) -> Result<(), ProposalDefect> {
		if self.partner == initiator {
			return Err(ProposalDefect::PartnerIsSelf);
		}
		if self.categories.is_empty() {
			return Err(ProposalDefect::NoCategory);
		}
		if direction == Direction::Push && !self.recipient_key.is_zero() {
			return Err(ProposalDefect::KeyNotRecipients);
		}
		if self.envelope.is_zero()
			|| direction == Direction::Pull && self.recipient_key.is_zero()
			|| self.envelope == self.recipient_key
		{
			return Err(ProposalDefect::MissingCommitment);
		}
		Ok(())
	}
}

record! {
	/// An exchange on the ledger.
	pub struct Exchange {
		/// Who began.
		pub direction: Direction,
		/// Whose records they are.
		pub holder: OrganisationId,
		/// Who receives.
		pub recipient: OrganisationId,
		/// On what it rests.
		pub gate: Gate,
		/// Why.
		pub purpose: Purpose,
		/// Which categories.
		pub categories: Categories,
		/// Where it stands, deadlines and withdrawals not yet applied; see [`Exchange::state_at`].
		pub state: ExchangeState,
		/// Commitment to the encrypted envelope.
		pub envelope: Commitment,
		/// Commitment to the recipient's key. Zero until an offer is accepted, and for good in a delivery under a
		/// subscription, which names the key.
		pub recipient_key: Commitment,
		/// Commitment to the ciphertext, once dispatched.
		pub payload: Option<Commitment>,
		/// Commitment to the receipt, once delivered.
		pub receipt: Option<Commitment>,
		/// How the recipient found it, once acknowledged.
		pub acknowledgement: Option<AcknowledgementCode>,
		/// Why a person accepted the recipient's risk, if one had to.
		pub released: Option<ReleaseReason>,
		/// The block in which the running window closes.
		pub deadline: BlockNumber,
		/// The block in which it began.
		pub begun_at: BlockNumber,
		/// The moment in which it began.
		pub begun: Moment,
		/// Number in the holder's gapless sequence of exchanges.
		pub holder_sequence: u64,
		/// Number in the recipient's gapless sequence of exchanges.
		pub recipient_sequence: u64,
		/// The border that the data cross, if they cross one.
		pub border: Option<Border>,
		/// The version of the law by which the gate was asked when it began.
		pub law_version: u32,
		/// The subscription under which it is delivered, if it is.
		pub subscription: Option<SubscriptionId>,
		/// Who suspended it, while it is suspended.
		pub suspended_by: Option<Suspender>,
		/// Whether it was recorded after the fact, because the ledger could not be reached.
		pub recorded_late: bool,
		/// The block in which the ledger wrote down that it is over, once it did.
		pub ended_at: Option<BlockNumber>,
	}
}

impl Exchange {
	/// What an organisation proposes, without a number and a time: as the ledger would ask whether the gate is open.
	pub fn proposed(
		initiator: OrganisationId,
		direction: Direction,
		proposal: &ExchangeProposal,
	) -> Self {
		let (holder, recipient) = match direction {
			Direction::Pull => (proposal.partner, initiator),
			Direction::Push => (initiator, proposal.partner),
		};
		Self {
			direction,
			holder,
			recipient,
			gate: proposal.gate,
			purpose: proposal.purpose,
			categories: proposal.categories,
			state: ExchangeState::Requested,
			envelope: proposal.envelope,
			recipient_key: proposal.recipient_key,
			payload: None,
			receipt: None,
			acknowledgement: None,
			released: None,
			deadline: 0,
			begun_at: 0,
			begun: 0,
			holder_sequence: 0,
			recipient_sequence: 0,
			border: proposal.border,
			law_version: 0,
			subscription: None,
			suspended_by: None,
			recorded_late: false,
			ended_at: None,
		}
	}

	/// The organisation on this side.
	pub const fn organisation(&self, side: Side) -> OrganisationId {
		match side {
			Side::Holder => self.holder,
			Side::Recipient => self.recipient,
		}
	}

	/// Its number in the sequence of the organisation on this side.
	pub const fn sequence(&self, side: Side) -> u64 {
		match side {
			Side::Holder => self.holder_sequence,
			Side::Recipient => self.recipient_sequence,
		}
	}

	/// The side on which an organisation is, if it is on one.
	pub fn side_of(&self, organisation: OrganisationId) -> Option<Side> {
		[Side::Holder, Side::Recipient]
			.into_iter()
			.find(|side| self.organisation(*side) == organisation)
	}

	/// Whether a side has what is exchanged, where the exchange stands now: the holder once it offered or approved, the
	/// recipient once it received.
	pub const fn has_package(&self, side: Side, state: ExchangeState) -> bool {
		use ExchangeState::{AgreementSuspended, Approved, Offered};
		match side {
			Side::Holder => {
				self.payload.is_some() || matches!(state, Offered | Approved | AgreementSuspended)
			},
			Side::Recipient => self.receipt.is_some(),
		}
	}

	/// The organisation that began.
	pub const fn initiator(&self) -> OrganisationId {
		match self.direction {
			Direction::Pull => self.recipient,
			Direction::Push => self.holder,
		}
	}

	/// Whether the gate is still open in block `now`, as [`Exchange::state_at`] asks. A withdrawal or supersession
	/// of the consent closes it if it came within the running window; expiry and use-up do not. A suspension closes
	/// it while it lasts, within the window. Nothing closes a break-glass: urgent care waits for nobody.
	pub fn gate_open(
		&self,
		now: BlockNumber,
		consent: Option<&Consent>,
		both_active: bool,
	) -> bool {
		// What ends after the window finds the exchange lapsed.
		let lapsed = now > self.deadline;
		match self.gate {
			Gate::BreakGlass(_) => true,
			Gate::Consent(_) => {
				let consented = match consent {
					Some(consent) => {
						consent.status.ended_at().is_none_or(|block| block > self.deadline)
					},
					None => lapsed,
				};
				consented && (both_active || lapsed)
			},
			Gate::Statutory(_) | Gate::Permit { .. } => both_active || lapsed,
		}
	}

	/// Where the exchange stands in block `now`, given whether its gate is still open. The meaning of a
	/// withdrawal does not depend on the order within a block: whatever was approved or dispatched and not yet
	/// received counts as terminated.
	pub fn state_at(&self, now: BlockNumber, gate_open: bool) -> ExchangeState {
		let terminated = if gate_open { None } else { self.state.after(Step::Terminate) };
		let lapsed = if now > self.deadline { self.state.after(Step::Lapse) } else { None };
		terminated.or(lapsed).unwrap_or(self.state)
	}
}

/// The handle of the exchange that `initiator` begins under its own 32-byte key. The same submission twice has
/// the same handle, another organisation's cannot collide with it.
pub fn exchange_id(initiator: OrganisationId, key: &[u8; 32]) -> ExchangeId {
	let mut input = [0; 16 + 4 + 32];
	input[..16].copy_from_slice(b"curex/exchange..");
	input[16..20].copy_from_slice(&initiator.0.to_le_bytes());
	input[20..].copy_from_slice(key);
	ExchangeId(sp_crypto_hashing::blake2_256(&input))
}
