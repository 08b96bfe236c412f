//! A withdrawal means the same in whatever order a block holds it.

use crate::{mock::*, Error};
use curex_primitives::{
	commitment, AcknowledgementCode, ConsentId, ConsentTerms, Duty, ExchangeState,
};
use frame::testing_prelude::*;

#[test]
fn approval_and_withdrawal_in_one_block_serve_nothing_in_either_order() {
	for withdrawal_first in [true, false] {
		run(|| {
			let id = requested(1);
			skip(1);
			if withdrawal_first {
				withdraw();
				refuse(|| Exchange::approve(side(HOLDER), id), Error::GateClosed);
			} else {
				assert_ok!(Exchange::approve(side(HOLDER), id));
				withdraw();
				assert_eq!(state_of(id), ExchangeState::Terminated);
				refuse(|| Exchange::dispatch(side(HOLDER), id, fresh()), Error::Terminated);
			}
			serves_nothing(id);
			skip(1);
			serves_nothing(id);
			forward(DeliveryWindow::get() + 2);
			let outcome = crate::Exchanges::<Test>::get(id).unwrap().state;
			assert!(outcome.is_final() && outcome != ExchangeState::Acknowledged);
		});
	}
}

#[test]
fn approval_dispatch_and_withdrawal_in_one_block_serve_nothing_in_any_order() {
	for position in 0..3 {
		run(|| {
			let id = requested(1);
			for step in 0..3 {
				if step == position {
					withdraw();
				} else if step == usize::from(position == 0) {
					let _ = Exchange::approve(side(HOLDER), id);
				} else {
					let _ = Exchange::dispatch(side(HOLDER), id, fresh());
				}
			}
			serves_nothing(id);
		});
	}
}

#[test]
fn a_withdrawal_after_the_dispatch_stops_the_receipt() {
	run(|| {
		let id = dispatched(1);
		skip(1);
		withdraw();
		assert_eq!(state_of(id), ExchangeState::Terminated);
		refuse(|| Exchange::receive(side(RECIPIENT), id, fresh()), Error::Terminated);
	});
}

#[test]
fn the_patients_code_stops_the_receipt_as_well() {
	run(|| {
		let id = dispatched(1);
		let authorized = RuntimeOrigin::from(frame_system::RawOrigin::Authorized);
		assert_ok!(Consent::withdraw_by_code(authorized, CONSENT, CODE));
		refuse(|| Exchange::receive(side(RECIPIENT), id, fresh()), Error::Terminated);
	});
}

#[test]
fn a_withdrawal_after_the_delivery_leaves_it() {
	run(|| {
		let id = delivered(1);
		withdraw();
		assert_eq!(state_of(id), ExchangeState::Delivered);
		let code = AcknowledgementCode::Accepted;
		assert_ok!(Exchange::acknowledge(side(RECIPIENT), id, code, None));
		assert_eq!(state_of(id), ExchangeState::Acknowledged);
	});
}

#[test]
fn a_withdrawal_of_an_expired_consent_still_stops_what_is_under_way() {
	run(|| {
		let id = dispatched(1);
		Now::set(terms().valid_until + 1);
		assert_eq!(state_of(id), ExchangeState::Dispatched);
		withdraw();
		refuse(|| Exchange::receive(side(RECIPIENT), id, fresh()), Error::Terminated);
	});
}

#[test]
fn a_supersession_ends_what_was_agreed_under_the_old_terms() {
	run(|| {
		let (agreed, sent) = (approved(1), dispatched(2));
		let new = ConsentTerms { withdraw_lock: commitment::withdraw_lock(&[8; 32]), ..terms() };
		let holder = delegate(HOLDER, Duty::Consent);
		assert_ok!(Consent::supersede(holder, CONSENT, ConsentId([0xC1; 32]), new));
		refuse(|| Exchange::dispatch(side(HOLDER), agreed, fresh()), Error::Terminated);
		refuse(|| Exchange::receive(side(RECIPIENT), sent, fresh()), Error::Terminated);
	});
}

#[test]
fn a_withdrawal_touches_no_exchange_that_rests_on_another_gate() {
	run(|| {
		let id = emergency(1);
		withdraw();
		assert_eq!(state_of(id), ExchangeState::Approved);
		assert_ok!(Exchange::dispatch(side(HOLDER), id, fresh()));
	});
}

#[test]
fn a_withdrawal_in_the_last_block_of_a_window_still_terminates() {
	run(|| {
		let id = dispatched(1);
		skip(DeliveryWindow::get());
		withdraw();
		assert_eq!(state_of(id), ExchangeState::Terminated);
		skip(1);
		assert_eq!(state_of(id), ExchangeState::Terminated);
	});
}
