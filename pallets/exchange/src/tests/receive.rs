use crate::{mock::*, Error, Event, Exchanges};
use curex_primitives::{Commitment, ExchangeState, OrganisationStatus};
use frame::testing_prelude::*;

#[test]
fn a_receipt_delivers() {
	run(|| {
		let id = dispatched(1);
		let receipt = fresh();
		assert_ok!(Exchange::receive(side(RECIPIENT), id, receipt));
		let exchange = Exchanges::<Test>::get(id).unwrap();
		assert_eq!(exchange.state, ExchangeState::Delivered);
		assert_eq!(exchange.receipt, Some(receipt));
		System::assert_last_event(Event::Delivered { exchange: id }.into());
	});
}

#[test]
fn only_the_recipient_receives_and_only_what_was_dispatched() {
	run(|| {
		let id = dispatched(1);
		for organisation in [HOLDER, HOSPITAL, OUTSIDER] {
			refuse(|| Exchange::receive(side(organisation), id, fresh()), Error::NotAuthorized);
		}
		let agreed = approved(2);
		refuse(|| Exchange::receive(side(RECIPIENT), agreed, fresh()), Error::WrongState);
		assert_ok!(Exchange::receive(side(RECIPIENT), id, fresh()));
		refuse(|| Exchange::receive(side(RECIPIENT), id, fresh()), Error::WrongState);
	});
}

#[test]
fn a_receipt_is_needed_and_serves_once() {
	run(|| {
		let id = dispatched(1);
		let receive = |receipt| Exchange::receive(side(RECIPIENT), id, receipt);
		refuse(|| receive(Commitment([0; 32])), Error::MissingCommitment);
		let payload = Exchanges::<Test>::get(id).unwrap().payload.unwrap();
		refuse(|| receive(payload), Error::CommitmentReused);
	});
}

#[test]
fn expiry_of_the_consent_does_not_stop_what_is_under_way() {
	run(|| {
		let id = dispatched(1);
		Now::set(terms().valid_until);
		assert_ok!(Exchange::receive(side(RECIPIENT), id, fresh()));
	});
}

#[test]
fn nothing_is_received_from_a_suspended_holder_while_it_is_suspended() {
	run(|| {
		let id = dispatched(1);
		set_status(HOLDER, OrganisationStatus::Suspended);
		assert_eq!(state_of(id), ExchangeState::Terminated);
		refuse(|| Exchange::receive(side(RECIPIENT), id, fresh()), Error::Terminated);
		set_status(HOLDER, OrganisationStatus::Active);
		assert_ok!(Exchange::receive(side(RECIPIENT), id, fresh()));
	});
}
