use crate::{mock::*, Call, Consents, Error, Event};
use curex_primitives::{ConsentStatus, Duty};
use frame::testing_prelude::*;

#[test]
fn a_withdrawal_names_its_block() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		System::set_block_number(5);
		assert_ok!(Consent::withdraw(holder(), id(1)));
		assert_eq!(
			Consents::<Test>::get(id(1)).unwrap().status,
			ConsentStatus::Withdrawn { at: 5 }
		);
		System::assert_last_event(Event::Withdrawn { consent: id(1), holder: HOLDER }.into());
	});
}

#[test]
fn a_second_withdrawal_succeeds_and_changes_nothing() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		assert_ok!(Consent::withdraw(holder(), id(1)));
		System::set_block_number(5);
		System::reset_events();
		let before = Consents::<Test>::get(id(1));
		assert_ok!(Consent::withdraw(holder(), id(1)));
		assert_eq!(Consents::<Test>::get(id(1)), before);
		assert!(System::events().is_empty());
	});
}

#[test]
fn withdrawing_a_superseded_consent_leaves_its_end_as_it_is() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		assert_ok!(Consent::supersede(holder(), id(1), id(2), terms(2)));
		System::set_block_number(5);
		assert_ok!(Consent::withdraw(holder(), id(1)));
		let status = Consents::<Test>::get(id(1)).unwrap().status;
		assert_eq!(status, ConsentStatus::Superseded { by: id(2), at: 1 });
		assert_eq!(Consents::<Test>::get(id(2)).unwrap().status, ConsentStatus::Active);
	});
}

#[test]
fn an_expired_consent_can_still_be_withdrawn() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		Now::set(terms(1).valid_until + 1);
		assert_ok!(Consent::withdraw(holder(), id(1)));
		let status = Consents::<Test>::get(id(1)).unwrap().status;
		assert_eq!(status, ConsentStatus::Withdrawn { at: 1 });
	});
}

#[test]
fn only_the_holder_withdraws_by_account() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		assert_noop!(Consent::withdraw(holder(), id(9)), Error::<Test>::NotFound);
		for stranger in [GRANTEE, OTHER] {
			assert_noop!(
				Consent::withdraw(delegate(stranger, Duty::Consent), id(1)),
				Error::<Test>::NotAuthorized
			);
		}
		assert_noop!(Consent::withdraw(delegate(HOLDER, Duty::Exchange), id(1)), BadOrigin);
		assert_noop!(Consent::withdraw(RuntimeOrigin::root(), id(1)), BadOrigin);
	});
}

#[test]
fn withdrawals_have_a_place_in_full_blocks() {
	for call in [
		Call::<Test>::withdraw { id: id(1) },
		Call::<Test>::withdraw_by_code { id: id(1), code: CODE },
	] {
		assert_eq!(call.get_dispatch_info().class, DispatchClass::Operational);
	}
}
