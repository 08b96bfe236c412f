//! The rules of exchanges.

use super::*;
use crate::{consent::tests::consent, Category, ConsentStatus};

pub(super) fn proposal() -> ExchangeProposal {
	ExchangeProposal {
		partner: OrganisationId(1),
		gate: Gate::Statutory(LegalBasis::CARE),
		purpose: Purpose::Treatment,
		categories: Category::PatientSummary.into(),
		envelope: Commitment([1; 32]),
		recipient_key: Commitment([2; 32]),
		border: None,
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
		holder_sequence: 1,
		recipient_sequence: 1,
		border: None,
		law_version: 1,
		subscription: None,
		suspended_by: None,
		recorded_late: false,
		ended_at: None,
	}
}

#[test]
fn the_only_way_to_a_ciphertext_leads_through_an_approval() {
	for &state in ExchangeState::ALL {
		for &step in Step::ALL {
			match state.after(step) {
				Some(ExchangeState::Dispatched) => assert!(matches!(
					state,
					ExchangeState::Approved | ExchangeState::DeliverySuspended
				)),
				Some(ExchangeState::Delivered) => assert_eq!(state, ExchangeState::Dispatched),
				Some(ExchangeState::Approved) => assert!(matches!(
					(state, step),
					(ExchangeState::Requested, Step::Approve)
						| (ExchangeState::Offered, Step::Accept)
						| (ExchangeState::Approved, Step::Release)
						| (ExchangeState::AgreementSuspended, Step::Resume)
				)),
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
	let exchange =
		Exchange { gate: Gate::Consent(ConsentId([9; 32])), ..exchange(ExchangeState::Dispatched) };
	let open = |status, now| exchange.gate_open(now, Some(&Consent { status, ..consent() }), true);
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
	assert_eq!(pull(|proposal| proposal.envelope = Commitment([0; 32])), Some(MissingCommitment));
	assert_eq!(
		pull(|proposal| proposal.recipient_key = Commitment([0; 32])),
		Some(MissingCommitment)
	);
	assert_eq!(
		pull(|proposal| proposal.recipient_key = proposal.envelope),
		Some(MissingCommitment)
	);
	assert_eq!(pull(|proposal| proposal.gate = Gate::BreakGlass(Ground::Other)), Some(WrongGate));
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
	assert_eq!(exchange_id(OrganisationId(1), &[9; 32]), exchange_id(OrganisationId(1), &[9; 32]));
	assert_ne!(exchange_id(OrganisationId(1), &[9; 32]), exchange_id(OrganisationId(2), &[9; 32]));
}
