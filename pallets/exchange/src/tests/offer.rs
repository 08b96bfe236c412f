use crate::{mock::*, Error, Event, Exchanges};
use curex_primitives::{
	exchange::exchange_id, Direction, Duty, ExchangeProposal, ExchangeState, Gate, LegalBasis,
};
use frame::testing_prelude::*;

#[test]
fn an_offer_waits_for_the_recipient() {
	run(|| {
		let id = offered(1);
		let exchange = Exchanges::<Test>::get(id).unwrap();
		assert_eq!(exchange.direction, Direction::Push);
		assert_eq!((exchange.holder, exchange.recipient), (HOLDER, RECIPIENT));
		assert_eq!(exchange.state, ExchangeState::Offered);
		assert_eq!(exchange.deadline, 1 + AnswerWindow::get());
		assert!(exchange.recipient_key.is_zero());
		let event = Event::Offered { exchange: id, holder: HOLDER, recipient: RECIPIENT };
		System::assert_last_event(event.into());
	});
}

#[test]
fn an_offer_that_the_gate_refuses_fails() {
	run(|| {
		withdraw();
		refuse(|| Exchange::offer(side(HOLDER), key(1), push()), Error::GateClosed);
		let care = ExchangeProposal { gate: Gate::Statutory(LegalBasis::CARE), ..push() };
		assert_ok!(Exchange::offer(side(HOLDER), key(1), care));
	});
}

#[test]
fn an_offer_to_a_risky_recipient_waits_for_a_release_before_the_dispatch() {
	run(|| {
		set_fit(RECIPIENT, false);
		let id = offered(1);
		assert_ok!(Exchange::accept(side(RECIPIENT), id, fresh()));
		refuse(|| Exchange::dispatch(side(HOLDER), id, fresh()), Error::ReleaseNeeded);
		assert_ok!(release(id));
		assert_ok!(Exchange::dispatch(side(HOLDER), id, fresh()));
	});
}

#[test]
fn a_malformed_offer_is_refused_with_its_defect() {
	run(|| {
		let proposal = ExchangeProposal { recipient_key: fresh(), ..push() };
		refuse(|| Exchange::offer(side(HOLDER), key(1), proposal), Error::KeyNotRecipients);
		let proposal = ExchangeProposal { partner: HOLDER, ..push() };
		refuse(|| Exchange::offer(side(HOLDER), key(1), proposal), Error::PartnerIsSelf);
		let id = offered(1);
		refuse(|| Exchange::offer(side(HOLDER), key(1), push()), Error::AlreadyExists);
		let envelope = Exchanges::<Test>::get(id).unwrap().envelope;
		let proposal = ExchangeProposal { envelope, ..push() };
		refuse(|| Exchange::offer(side(HOLDER), key(2), proposal), Error::CommitmentReused);
		assert_noop!(Exchange::offer(delegate(HOLDER, Duty::Consent), key(3), push()), BadOrigin);
		assert!(!Exchanges::<Test>::contains_key(exchange_id(HOLDER, &key(3))));
	});
}
