use crate::{mock::*, Error, Event, Exchanges};
use curex_primitives::{Commitment, Duty, ExchangeState, OrganisationStatus};
use frame::testing_prelude::*;

#[test]
fn a_dispatch_binds_the_payload() {
	run(|| {
		let id = approved(1);
		skip(2);
		let payload = fresh();
		assert_ok!(Exchange::dispatch(side(HOLDER), id, payload));
		let exchange = Exchanges::<Test>::get(id).unwrap();
		assert_eq!(exchange.state, ExchangeState::Dispatched);
		assert_eq!(exchange.payload, Some(payload));
		assert_eq!(exchange.deadline, 3 + DeliveryWindow::get());
		System::assert_last_event(Event::Dispatched { exchange: id }.into());
	});
}

#[test]
fn only_the_holder_dispatches_and_only_once() {
	run(|| {
		let id = approved(1);
		refuse(|| Exchange::dispatch(side(RECIPIENT), id, fresh()), Error::NotAuthorized);
		assert_noop!(Exchange::dispatch(delegate(HOLDER, Duty::Review), id, fresh()), BadOrigin);
		assert_ok!(Exchange::dispatch(side(HOLDER), id, fresh()));
		refuse(|| Exchange::dispatch(side(HOLDER), id, fresh()), Error::WrongState);
		let asked = requested(2);
		refuse(|| Exchange::dispatch(side(HOLDER), asked, fresh()), Error::WrongState);
	});
}

#[test]
fn the_gate_is_asked_once_more() {
	run(|| {
		let id = approved(1);
		Now::set(terms().valid_until);
		refuse(|| Exchange::dispatch(side(HOLDER), id, fresh()), Error::GateClosed);
		assert_eq!(state_of(id), ExchangeState::Approved, "expiry is no withdrawal");
		Now::set(START);
		set_status(RECIPIENT, OrganisationStatus::Suspended);
		refuse(|| Exchange::dispatch(side(HOLDER), id, fresh()), Error::Terminated);
		set_status(RECIPIENT, OrganisationStatus::Active);
		assert_ok!(Exchange::dispatch(side(HOLDER), id, fresh()));
	});
}

#[test]
fn use_up_after_the_approval_does_not_stop_it() {
	run(|| {
		let (first, _) = (approved(1), approved(2));
		assert_eq!(Exchange::consent(CONSENT).unwrap().used, 2);
		assert_ok!(Exchange::dispatch(side(HOLDER), first, fresh()));
	});
}

#[test]
fn a_payload_is_needed_and_serves_once() {
	run(|| {
		let (first, second) = (approved(1), approved(2));
		let payload = fresh();
		refuse(
			|| Exchange::dispatch(side(HOLDER), first, Commitment([0; 32])),
			Error::MissingCommitment,
		);
		assert_ok!(Exchange::dispatch(side(HOLDER), first, payload));
		refuse(|| Exchange::dispatch(side(HOLDER), second, payload), Error::CommitmentReused);
	});
}
