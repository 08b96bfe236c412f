use crate::{mock::*, Agenda, Error, Event, Exchanges, Sequences};
use curex_primitives::{
	exchange::exchange_id, Categories, Commitment, ConsentId, Direction, Duty, ExchangeProposal,
	ExchangeState, Gate, Ground, LegalBasis, OrganisationId, OrganisationStatus, Purpose,
};
use frame::testing_prelude::*;

#[test]
fn a_request_is_recorded_and_waits_for_its_answer() {
	run(|| {
		let proposal = pull();
		assert_ok!(Exchange::request(side(RECIPIENT), key(1), proposal.clone()));
		let id = exchange_id(RECIPIENT, &key(1));
		let exchange = Exchanges::<Test>::get(id).unwrap();
		assert_eq!(exchange.direction, Direction::Pull);
		assert_eq!((exchange.holder, exchange.recipient), (HOLDER, RECIPIENT));
		assert_eq!(exchange.state, ExchangeState::Requested);
		assert_eq!((exchange.begun_at, exchange.begun), (1, START));
		assert_eq!(exchange.deadline, 1 + AnswerWindow::get());
		assert_eq!(exchange.envelope, proposal.envelope);
		assert_eq!(Agenda::<Test>::get(exchange.deadline).into_inner(), [id]);
		let event = Event::Requested { exchange: id, recipient: RECIPIENT, holder: HOLDER };
		System::assert_last_event(event.into());
	});
}

#[test]
fn the_sequence_of_an_organisation_has_no_gap() {
	run(|| {
		for number in 1..=3 {
			let id = requested(number);
			let exchange = Exchanges::<Test>::get(id).unwrap();
			let numbers = (exchange.holder_sequence, exchange.recipient_sequence);
			assert_eq!(numbers, (u64::from(number), u64::from(number)));
			// What fails takes no number.
			assert!(Exchange::request(side(RECIPIENT), key(number), pull()).is_err());
		}
		let elsewhere = ExchangeProposal { partner: HOSPITAL, ..pull() };
		assert_ok!(Exchange::request(side(RECIPIENT), key(8), elsewhere));
		let exchange = Exchanges::<Test>::get(exchange_id(RECIPIENT, &key(8))).unwrap();
		assert_eq!((exchange.holder_sequence, exchange.recipient_sequence), (1, 4));
		let offer = Exchanges::<Test>::get(offered(9)).unwrap();
		assert_eq!((offer.holder_sequence, offer.recipient_sequence), (4, 5));
		assert_eq!(Exchange::sequence_of(RECIPIENT), (1, 5));
	});
}

#[test]
fn a_sequence_at_its_end_is_an_error() {
	new_test_ext().execute_with(|| {
		for organisation in [RECIPIENT, HOLDER] {
			Sequences::<Test>::insert(organisation, u64::MAX);
			refuse(|| Exchange::request(side(RECIPIENT), key(1), pull()), Error::SequenceExhausted);
			Sequences::<Test>::insert(organisation, 0);
		}
	});
}

#[test]
fn every_well_formed_request_is_recorded_whatever_the_gate_says() {
	run(|| {
		withdraw();
		let gates = [
			Gate::Consent(CONSENT),
			Gate::Consent(ConsentId([1; 32])),
			Gate::Statutory(LegalBasis::EXPLICIT_CONSENT),
			Gate::Statutory(LegalBasis::CARE),
			UNDER_PERMIT,
		];
		for (number, gate) in (1..).zip(gates) {
			let proposal = ExchangeProposal { gate, ..pull() };
			assert_ok!(Exchange::request(side(RECIPIENT), key(number), proposal));
			let id = exchange_id(RECIPIENT, &key(number));
			assert_eq!(state_of(id), ExchangeState::Requested);
		}
		set_status(HOLDER, OrganisationStatus::Suspended);
		assert_eq!(state_of(requested(9)), ExchangeState::Requested);
	});
}

#[test]
fn the_recipients_risk_holds_care_even_if_the_gate_would_refuse() {
	run(|| {
		set_fit(RECIPIENT, false);
		assert_eq!(state_of(requested(1)), ExchangeState::Held);
		withdraw();
		assert_eq!(state_of(requested(2)), ExchangeState::Held);
		let billing = ExchangeProposal { purpose: Purpose::Payment, ..pull() };
		assert_ok!(Exchange::request(side(RECIPIENT), key(3), billing));
		assert_eq!(state_of(exchange_id(RECIPIENT, &key(3))), ExchangeState::Requested);
	});
}

#[test]
fn the_same_key_is_recorded_once() {
	run(|| {
		let id = requested(1);
		let before = Exchanges::<Test>::get(id);
		refuse(|| Exchange::request(side(RECIPIENT), key(1), pull()), Error::AlreadyExists);
		assert_eq!(Exchanges::<Test>::get(id), before);
		// Another organisation's key is another exchange.
		assert_ok!(Exchange::request(side(OUTSIDER), key(1), pull()));
	});
}

#[test]
fn a_malformed_request_is_refused_with_its_defect() {
	run(|| {
		let refused = |change: fn(&mut ExchangeProposal), error| {
			let mut proposal = pull();
			change(&mut proposal);
			refuse(|| Exchange::request(side(RECIPIENT), key(1), proposal), error);
		};
		refused(|proposal| proposal.partner = RECIPIENT, Error::PartnerIsSelf);
		refused(|proposal| proposal.partner = OrganisationId(99), Error::PartnerNotFound);
		refused(|proposal| proposal.categories = Categories::EMPTY, Error::NoCategory);
		refused(|proposal| proposal.envelope = Commitment([0; 32]), Error::MissingCommitment);
		refused(|proposal| proposal.recipient_key = Commitment([0; 32]), Error::MissingCommitment);
		refused(|proposal| proposal.recipient_key = proposal.envelope, Error::MissingCommitment);
		refused(|proposal| proposal.gate = Gate::BreakGlass(Ground::Other), Error::WrongGate);
	});
}

#[test]
fn no_commitment_of_a_request_serves_twice() {
	run(|| {
		let first = pull();
		assert_ok!(Exchange::request(side(RECIPIENT), key(1), first.clone()));
		for proposal in [
			ExchangeProposal { envelope: first.envelope, ..pull() },
			ExchangeProposal { envelope: first.recipient_key, ..pull() },
			ExchangeProposal { recipient_key: first.envelope, ..pull() },
			ExchangeProposal { recipient_key: first.recipient_key, ..pull() },
		] {
			refuse(
				|| Exchange::request(side(RECIPIENT), key(2), proposal),
				Error::CommitmentReused,
			);
		}
	});
}

#[test]
fn only_a_delegate_with_the_duty_requests() {
	run(|| {
		for origin in [
			RuntimeOrigin::none(),
			RuntimeOrigin::root(),
			delegate(RECIPIENT, Duty::Emergency),
			delegate(OrganisationId(99), Duty::Exchange),
		] {
			assert_noop!(Exchange::request(origin, key(1), pull()), BadOrigin);
		}
		set_status(RECIPIENT, OrganisationStatus::Suspended);
		assert_noop!(Exchange::request(side(RECIPIENT), key(1), pull()), BadOrigin);
	});
}
