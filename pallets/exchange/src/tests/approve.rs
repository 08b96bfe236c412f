use crate::{mock::*, Error, Event, Exchanges};
use curex_primitives::{
	exchange::exchange_id, ConsentId, ConsentTerms, Duty, ExchangeProposal, ExchangeState, Gate,
	Grantee, OrganisationStatus, Purpose,
};
use frame::testing_prelude::*;

#[test]
fn an_approval_agrees_and_counts_a_use() {
	run(|| {
		let id = requested(1);
		skip(3);
		assert_ok!(Exchange::approve(side(HOLDER), id));
		let exchange = Exchanges::<Test>::get(id).unwrap();
		assert_eq!(exchange.state, ExchangeState::Approved);
		assert_eq!(exchange.deadline, 4 + DeliveryWindow::get());
		let consent = Exchange::consent(CONSENT).unwrap();
		assert_eq!((consent.used, consent.last_used), (1, Now::get()));
		System::assert_last_event(Event::Approved { exchange: id }.into());
	});
}

#[test]
fn only_the_holder_approves() {
	run(|| {
		let id = requested(1);
		for organisation in [RECIPIENT, HOSPITAL, OUTSIDER] {
			refuse(|| Exchange::approve(side(organisation), id), Error::NotAuthorized);
		}
		assert_noop!(Exchange::approve(delegate(HOLDER, Duty::Review), id), BadOrigin);
		refuse(
			|| Exchange::approve(side(HOLDER), exchange_id(RECIPIENT, &key(9))),
			Error::NotFound,
		);
	});
}

#[test]
fn a_closed_gate_fails_the_approval_and_leaves_the_request_as_it_is() {
	run(|| {
		let id = requested(1);
		let before = Exchanges::<Test>::get(id);
		withdraw();
		refuse(|| Exchange::approve(side(HOLDER), id), Error::GateClosed);
		assert_eq!(Exchanges::<Test>::get(id), before);
		assert_eq!(state_of(id), ExchangeState::Requested);
		forward(AnswerWindow::get() + 2);
		assert_eq!(Exchanges::<Test>::get(id).unwrap().state, ExchangeState::NotServed);
	});
}

#[test]
fn every_kind_of_consent_that_does_not_cover_closes_the_gate() {
	run(|| {
		let other = ConsentId([1; 32]);
		let foreign = ConsentTerms {
			grantee: Grantee::Organisation(OUTSIDER),
			withdraw_lock: curex_primitives::WithdrawLock([9; 32]),
			..terms()
		};
		file(other, foreign);
		let proposals = [
			ExchangeProposal { gate: Gate::Consent(other), ..pull() },
			ExchangeProposal { gate: Gate::Consent(ConsentId([2; 32])), ..pull() },
			ExchangeProposal { purpose: Purpose::Research, ..pull() },
			ExchangeProposal { categories: curex_primitives::Categories::all(), ..pull() },
		];
		for (number, proposal) in (1..).zip(proposals) {
			assert_ok!(Exchange::request(side(RECIPIENT), key(number), proposal));
			let id = exchange_id(RECIPIENT, &key(number));
			refuse(|| Exchange::approve(side(HOLDER), id), Error::GateClosed);
		}
	});
}

#[test]
fn uses_run_out_with_the_approvals() {
	run(|| {
		approved(1);
		let id = approved(2);
		let third = requested(3);
		refuse(|| Exchange::approve(side(HOLDER), third), Error::GateClosed);
		assert_ok!(Exchange::dispatch(side(HOLDER), id, fresh()));
	});
}

#[test]
fn an_expired_consent_closes_the_gate() {
	run(|| {
		let id = requested(1);
		Now::set(terms().valid_until);
		refuse(|| Exchange::approve(side(HOLDER), id), Error::GateClosed);
		Now::set(terms().valid_until - 1);
		assert_ok!(Exchange::approve(side(HOLDER), id));
	});
}

#[test]
fn a_suspended_recipient_closes_the_gate() {
	run(|| {
		let id = requested(1);
		set_status(RECIPIENT, OrganisationStatus::Suspended);
		refuse(|| Exchange::approve(side(HOLDER), id), Error::GateClosed);
		set_status(RECIPIENT, OrganisationStatus::Active);
		assert_ok!(Exchange::approve(side(HOLDER), id));
	});
}
