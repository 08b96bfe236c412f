use crate::{mock::*, Error, Event, Exchanges};
use curex_primitives::{Commitment, ExchangeState};
use frame::testing_prelude::*;

#[test]
fn an_accepted_offer_is_agreed_for_the_recipients_key() {
	run(|| {
		let id = offered(1);
		let recipient_key = fresh();
		assert_ok!(Exchange::accept(side(RECIPIENT), id, recipient_key));
		let exchange = Exchanges::<Test>::get(id).unwrap();
		assert_eq!(exchange.state, ExchangeState::Approved);
		assert_eq!(exchange.recipient_key, recipient_key);
		assert_eq!(exchange.deadline, 1 + DeliveryWindow::get());
		assert_eq!(Exchange::consent(CONSENT).unwrap().used, 1);
		System::assert_last_event(Event::Accepted { exchange: id }.into());
	});
}

#[test]
fn only_the_recipient_accepts_and_only_an_offer() {
	run(|| {
		let id = offered(1);
		refuse(|| Exchange::accept(side(HOLDER), id, fresh()), Error::NotAuthorized);
		refuse(|| Exchange::accept(side(OUTSIDER), id, fresh()), Error::NotAuthorized);
		let asked = requested(2);
		refuse(|| Exchange::accept(side(RECIPIENT), asked, fresh()), Error::WrongState);
	});
}

#[test]
fn a_key_is_needed_and_serves_once() {
	run(|| {
		let id = offered(1);
		let accept = |recipient_key| Exchange::accept(side(RECIPIENT), id, recipient_key);
		refuse(|| accept(Commitment([0; 32])), Error::MissingCommitment);
		let envelope = Exchanges::<Test>::get(id).unwrap().envelope;
		refuse(|| accept(envelope), Error::CommitmentReused);
	});
}

#[test]
fn an_offer_whose_consent_is_withdrawn_cannot_be_accepted() {
	run(|| {
		let id = offered(1);
		withdraw();
		refuse(|| Exchange::accept(side(RECIPIENT), id, fresh()), Error::GateClosed);
		forward(AnswerWindow::get() + 1);
		assert_eq!(state_of(id), ExchangeState::NotServed);
	});
}
