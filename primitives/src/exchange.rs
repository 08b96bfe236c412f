//! An exchange of health data between two organisations: its record, and the table of its states.

use crate::{
	consent::record, vocabulary, BlockNumber, Categories, Commitment, Consent, ConsentId,
	ExchangeId, LegalBasis, Moment, OrganisationId, PermitId, Purpose,
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
	/// A permit for secondary use.
	#[codec(index = 2)]
	Permit(PermitId),
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
	/// Where an exchange stands.
	pub enum ExchangeState {
		/// Asked for; the holder may approve until the answer window closes.
		Requested = 0,
		/// As requested, but a person at the holder must release it first, because of a risk level.
		Held = 1,
		/// Offered; the recipient may accept until the answer window closes.
		Offered = 2,
		/// Both sides agree; the holder may dispatch.
		Approved = 3,
		/// The ciphertext is ready for the recipient.
		Dispatched = 4,
		/// The recipient has the ciphertext.
		Delivered = 5,
		/// The recipient opened it and said how it was; the exchange is closed.
		Acknowledged = 6,
		/// The answer window closed without an approval. The only outcome of every refusal.
		NotServed = 7,
		/// The consent was withdrawn, or an organisation suspended, before delivery.
		Terminated = 8,
		/// Agreed, but not dispatched, received or acknowledged in time.
		Expired = 9,
	}
}

vocabulary! {
	/// One of the two organisations of an exchange.
	pub enum Side {
		/// Whose records they are.
		Holder = 0,
		/// Who receives.
		Recipient = 1,
	}
}

vocabulary! {
	/// What happens to an exchange.
	pub enum Step {
		/// A person at the holder accepts the recipient's risk for this exchange.
		Release = 0,
		/// The holder approves a request.
		Approve = 1,
		/// The recipient accepts an offer.
		Accept = 2,
		/// The holder dispatches.
		Dispatch = 3,
		/// The recipient receives.
		Receive = 4,
		/// The recipient acknowledges.
		Acknowledge = 5,
		/// A deadline passes.
		Lapse = 6,
		/// The gate closes.
		Terminate = 7,
	}
}

impl Step {
	/// The side that makes the step; nothing for what the ledger itself does.
	pub const fn side(self) -> Option<Side> {
		match self {
			Self::Release | Self::Approve | Self::Dispatch => Some(Side::Holder),
			Self::Accept | Self::Receive | Self::Acknowledge => Some(Side::Recipient),
			Self::Lapse | Self::Terminate => None,
		}
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

vocabulary! {
	/// What a review of a break-glass found.
	pub enum ReviewVerdict {
		/// The ground held.
		Justified = 0,
		/// The ground did not hold.
		Unjustified = 1,
		/// It could not be settled.
		Inconclusive = 2,
	}
}

impl ExchangeState {
	/// The state after a step, or nothing if the step is not allowed here.
	pub const fn after(self, step: Step) -> Option<Self> {
		use ExchangeState::{
			Acknowledged, Approved, Delivered, Dispatched, Expired, Held, NotServed, Offered,
			Requested, Terminated,
		};
		Some(match (self, step) {
			(Held, Step::Release) => Requested,
			// A risk that worsens later asks for a release as well, and an offer has no hold of its own.
			(Requested | Offered | Approved, Step::Release) => self,
			(Requested, Step::Approve) => Approved,
			(Offered, Step::Accept) => Approved,
			(Approved, Step::Dispatch) => Dispatched,
			(Dispatched, Step::Receive) => Delivered,
			(Delivered, Step::Acknowledge) => Acknowledged,
			(Requested | Held | Offered, Step::Lapse) => NotServed,
			(Approved | Dispatched | Delivered, Step::Lapse) => Expired,
			// A refusal must not show: what was only asked for lapses with its window, whatever closed the gate.
			(Approved | Dispatched, Step::Terminate) => Terminated,
			_ => return None,
		})
	}

	/// Whether nothing more can happen.
	pub const fn is_final(self) -> bool {
		matches!(self, Self::Acknowledged | Self::NotServed | Self::Terminated | Self::Expired)
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
		/// Commitment to the recipient's key.
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
		/// Number in the gapless sequence of the organisation that began it.
		pub sequence: u64,
	}
}

record! {
	/// The review that follows a break-glass.
	pub struct Review {
		/// The organisation that reviews; nothing while the ledger could choose none.
		pub reviewer: Option<OrganisationId>,
		/// Commitment to the evidence of the ground.
		pub evidence: Commitment,
		/// The last block in which the review is in time.
		pub due: BlockNumber,
		/// What it found, once reviewed.
		pub verdict: Option<ReviewVerdict>,
		/// Commitment to the reasons, once reviewed.
		pub reasons: Option<Commitment>,
	}
}

impl Exchange {
	/// The organisation on this side.
	pub const fn organisation(&self, side: Side) -> OrganisationId {
		match side {
			Side::Holder => self.holder,
			Side::Recipient => self.recipient,
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
			Gate::Statutory(_) | Gate::Permit(_) => both_active || lapsed,
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

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{consent::tests::consent, Category, ConsentStatus};

	fn proposal() -> ExchangeProposal {
		ExchangeProposal {
			partner: OrganisationId(1),
			gate: Gate::Statutory(LegalBasis::CARE),
			purpose: Purpose::Treatment,
			categories: Category::PatientSummary.into(),
			envelope: Commitment([1; 32]),
			recipient_key: Commitment([2; 32]),
		}
	}

	fn exchange(state: ExchangeState) -> Exchange {
		Exchange {
			direction: Direction::Pull,
			holder: OrganisationId(1),
			recipient: OrganisationId(2),
			gate: Gate::Statutory(LegalBasis::CARE),
			purpose: Purpose::Treatment,
			categories: Category::PatientSummary.into(),
			state,
			envelope: Commitment([1; 32]),
			recipient_key: Commitment([2; 32]),
			payload: None,
			receipt: None,
			acknowledgement: None,
			released: None,
			deadline: 10,
			begun_at: 1,
			begun: 1,
			sequence: 1,
		}
	}

	#[test]
	fn nothing_leaves_a_final_state_and_every_other_state_ends() {
		for &state in ExchangeState::ALL {
			let exits = Step::ALL.iter().filter(|&&step| state.after(step).is_some()).count();
			assert_eq!(exits == 0, state.is_final(), "{state:?}");
			assert_eq!(state.after(Step::Lapse).is_some(), !state.is_final(), "{state:?}");
		}
	}

	#[test]
	fn the_only_way_to_a_ciphertext_leads_through_an_approval() {
		for &state in ExchangeState::ALL {
			for &step in Step::ALL {
				match state.after(step) {
					Some(ExchangeState::Dispatched) => assert_eq!(state, ExchangeState::Approved),
					Some(ExchangeState::Delivered) => assert_eq!(state, ExchangeState::Dispatched),
					Some(ExchangeState::Approved) => assert!(matches!(
						(state, step),
						(ExchangeState::Requested, Step::Approve)
							| (ExchangeState::Offered, Step::Accept)
							| (ExchangeState::Approved, Step::Release)
					)),
					_ => (),
				}
			}
		}
	}

	#[test]
	fn a_closed_gate_ends_what_was_agreed_but_does_not_show_on_a_request() {
		assert_eq!(exchange(ExchangeState::Approved).state_at(5, false), ExchangeState::Terminated);
		assert_eq!(
			exchange(ExchangeState::Dispatched).state_at(5, false),
			ExchangeState::Terminated
		);
		assert_eq!(exchange(ExchangeState::Requested).state_at(5, false), ExchangeState::Requested);
		assert_eq!(
			exchange(ExchangeState::Requested).state_at(11, false),
			ExchangeState::NotServed
		);
		assert_eq!(exchange(ExchangeState::Delivered).state_at(5, false), ExchangeState::Delivered);
	}

	#[test]
	fn a_deadline_passes_after_its_block() {
		assert_eq!(exchange(ExchangeState::Requested).state_at(10, true), ExchangeState::Requested);
		assert_eq!(exchange(ExchangeState::Requested).state_at(11, true), ExchangeState::NotServed);
		assert_eq!(exchange(ExchangeState::Dispatched).state_at(11, true), ExchangeState::Expired);
		assert_eq!(
			exchange(ExchangeState::Acknowledged).state_at(11, false),
			ExchangeState::Acknowledged
		);
	}

	#[test]
	fn a_release_never_moves_an_exchange_but_out_of_its_hold() {
		for &state in ExchangeState::ALL {
			let after = state.after(Step::Release);
			match state {
				ExchangeState::Held => assert_eq!(after, Some(ExchangeState::Requested)),
				_ => assert!(after.is_none_or(|after| after == state), "{state:?}"),
			}
		}
	}

	#[test]
	fn a_withdrawal_closes_the_gate_only_within_the_window() {
		let exchange = Exchange {
			gate: Gate::Consent(ConsentId([9; 32])),
			..exchange(ExchangeState::Dispatched)
		};
		let open =
			|status, now| exchange.gate_open(now, Some(&Consent { status, ..consent() }), true);
		assert!(open(ConsentStatus::Active, 5));
		for at in [9, 10] {
			let by = ConsentId([8; 32]);
			assert!(!open(ConsentStatus::Withdrawn { at }, 12));
			assert!(!open(ConsentStatus::Superseded { by, at }, 12));
		}
		assert!(open(ConsentStatus::Withdrawn { at: 11 }, 12), "it had lapsed before");
		assert!(!exchange.gate_open(10, None, true), "without its consent it is not served");
		assert_eq!(
			exchange.state_at(12, exchange.gate_open(12, None, true)),
			ExchangeState::Expired,
			"a pruned consent changes no outcome"
		);
	}

	#[test]
	fn a_suspension_closes_every_gate_but_break_glass() {
		let statutory = exchange(ExchangeState::Approved);
		assert!(!statutory.gate_open(10, None, false));
		assert!(statutory.gate_open(10, None, true));
		assert!(statutory.gate_open(11, None, false), "lapsed stays lapsed");
		let urgent = Exchange { gate: Gate::BreakGlass(Ground::LifeThreat), ..statutory };
		assert!(urgent.gate_open(10, None, false));
	}

	#[test]
	fn every_defect_of_a_proposal_is_named() {
		use ProposalDefect::*;
		let defect = |direction, change: fn(&mut ExchangeProposal)| {
			let mut proposal = proposal();
			change(&mut proposal);
			proposal.check(OrganisationId(2), direction).err()
		};
		let pull = |change| defect(Direction::Pull, change);
		assert_eq!(pull(|_| ()), None);
		assert_eq!(pull(|proposal| proposal.partner = OrganisationId(2)), Some(PartnerIsSelf));
		assert_eq!(pull(|proposal| proposal.categories = Categories::EMPTY), Some(NoCategory));
		assert_eq!(
			pull(|proposal| proposal.envelope = Commitment([0; 32])),
			Some(MissingCommitment)
		);
		assert_eq!(
			pull(|proposal| proposal.recipient_key = Commitment([0; 32])),
			Some(MissingCommitment)
		);
		assert_eq!(
			pull(|proposal| proposal.recipient_key = proposal.envelope),
			Some(MissingCommitment)
		);
		assert_eq!(
			pull(|proposal| proposal.gate = Gate::BreakGlass(Ground::Other)),
			Some(WrongGate)
		);
		assert_eq!(defect(Direction::Push, |_| ()), Some(KeyNotRecipients));
		assert_eq!(
			defect(Direction::Push, |proposal| proposal.recipient_key = Commitment([0; 32])),
			None
		);
	}

	#[test]
	fn break_glass_has_a_form_of_its_own() {
		let by = OrganisationId(2);
		let urgent = ExchangeProposal {
			gate: Gate::BreakGlass(Ground::Unconscious),
			purpose: Purpose::EmergencyTreatment,
			..proposal()
		};
		assert_eq!(urgent.check_break_glass(by), Ok(()));
		assert_eq!(urgent.check_break_glass(OrganisationId(1)), Err(ProposalDefect::PartnerIsSelf));
		assert_eq!(proposal().check_break_glass(by), Err(ProposalDefect::WrongGate));
		let research = ExchangeProposal { purpose: Purpose::Research, ..urgent };
		assert_eq!(research.check_break_glass(by), Err(ProposalDefect::NotAnEmergency));
	}

	#[test]
	fn the_same_key_of_two_organisations_gives_two_exchanges() {
		assert_eq!(
			exchange_id(OrganisationId(1), &[9; 32]),
			exchange_id(OrganisationId(1), &[9; 32])
		);
		assert_ne!(
			exchange_id(OrganisationId(1), &[9; 32]),
			exchange_id(OrganisationId(2), &[9; 32])
		);
	}
}
