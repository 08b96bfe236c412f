use crate::{mock::*, Error, Event, Exchanges};
use curex_primitives::{Duty, ExchangeState, ReleaseReason};
use frame::testing_prelude::*;

#[test]
fn a_released_hold_can_be_approved_and_dispatched_though_the_risk_remains() {
	run(|| {
		set_fit(RECIPIENT, false);
		let id = requested(1);
		refuse(|| Exchange::approve(side(HOLDER), id), Error::ReleaseNeeded);
		assert_ok!(release(id));
		let reason = ReleaseReason::ClinicalNeed;
		System::assert_last_event(Event::Released { exchange: id, reason }.into());
		let exchange = Exchanges::<Test>::get(id).unwrap();
		assert_eq!(exchange.state, ExchangeState::Requested);
		assert_eq!(exchange.released, Some(reason));
		assert_eq!(exchange.deadline, 1 + AnswerWindow::get(), "the window stays");
		assert_ok!(Exchange::approve(side(HOLDER), id));
		assert_ok!(Exchange::dispatch(side(HOLDER), id, fresh()));
	});
}

#[test]
fn a_risk_that_comes_later_is_released_as_well() {
	run(|| {
		let (asked, agreed) = (requested(1), approved(2));
		set_fit(RECIPIENT, false);
		refuse(|| Exchange::approve(side(HOLDER), asked), Error::ReleaseNeeded);
		refuse(|| Exchange::dispatch(side(HOLDER), agreed, fresh()), Error::ReleaseNeeded);
		assert_ok!(release(asked));
		assert_ok!(release(agreed));
		assert_ok!(Exchange::approve(side(HOLDER), asked));
		assert_ok!(Exchange::dispatch(side(HOLDER), agreed, fresh()));
	});
}

#[test]
fn only_what_is_held_can_be_released_and_only_once() {
	run(|| {
		let id = requested(1);
		refuse(|| release(id), Error::NothingToRelease);
		set_fit(RECIPIENT, false);
		assert_ok!(release(id));
		refuse(|| release(id), Error::NothingToRelease);
		let late = in_state(ExchangeState::Held, 2);
		assert_ok!(release(late));
		forward(AnswerWindow::get() + 1);
		refuse(|| release(late), Error::WindowClosed);
	});
}

#[test]
fn only_a_reviewing_delegate_of_the_holder_releases() {
	run(|| {
		let id = in_state(ExchangeState::Held, 1);
		let by = |origin| Exchange::release(origin, id, ReleaseReason::RiskAccepted);
		assert_noop!(by(side(HOLDER)), BadOrigin);
		refuse(|| by(delegate(RECIPIENT, Duty::Review)), Error::NotAuthorized);
		refuse(|| by(delegate(OUTSIDER, Duty::Review)), Error::NotAuthorized);
	});
}

#[test]
fn a_release_opens_no_gate_that_the_basis_closes() {
	run(|| {
		let id = in_state(ExchangeState::Held, 1);
		assert_ok!(release(id));
		withdraw();
		refuse(|| Exchange::approve(side(HOLDER), id), Error::GateClosed);
	});
}
