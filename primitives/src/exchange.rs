//! An exchange of health data between two organisations: its record, and the table of its states.

use crate::{
	consent::record, vocabulary, BlockNumber, Categories, Commitment, ConsentId, ExchangeId,
	LegalBasis, Moment, OrganisationId, PermitId, Purpose,
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
	/// What happens to an exchange.
	pub enum Step {
		/// A person at the holder releases a hold.
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

impl Exchange {
	/// Where the exchange stands in block `now`, given whether its gate is still open. The meaning of a
	/// withdrawal does not depend on the order within a block: whatever was approved or dispatched and not yet
	/// received counts as terminated.
	pub fn state_at(&self, now: BlockNumber, gate_open: bool) -> ExchangeState {
		let terminated =
			if gate_open { None } else { self.state.after(Step::Terminate) };
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
	use crate::Category;

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
					Some(ExchangeState::Approved) => {
						assert!(matches!(state, ExchangeState::Requested | ExchangeState::Offered))
					},
					_ => (),
				}
			}
		}
	}

	#[test]
	fn a_closed_gate_ends_what_was_agreed_but_does_not_show_on_a_request() {
		assert_eq!(exchange(ExchangeState::Approved).state_at(5, false), ExchangeState::Terminated);
		assert_eq!(exchange(ExchangeState::Dispatched).state_at(5, false), ExchangeState::Terminated);
		assert_eq!(exchange(ExchangeState::Requested).state_at(5, false), ExchangeState::Requested);
		assert_eq!(exchange(ExchangeState::Requested).state_at(11, false), ExchangeState::NotServed);
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
	fn the_same_key_of_two_organisations_gives_two_exchanges() {
		assert_eq!(exchange_id(OrganisationId(1), &[9; 32]), exchange_id(OrganisationId(1), &[9; 32]));
		assert_ne!(exchange_id(OrganisationId(1), &[9; 32]), exchange_id(OrganisationId(2), &[9; 32]));
	}
}
