use crate::{mock::*, Call, Consents, Error, Event};
use curex_primitives::{ConsentId, ConsentStatus, Duty};
use frame::testing_prelude::*;

fn authorize(id: ConsentId, code: [u8; 32]) -> TransactionValidity {
	let call = Call::<Test>::withdraw_by_code { id, code };
	let answer = call.authorize(TransactionSource::External);
	answer.expect("the call authorises itself").map(|(validity, _)| validity)
}

/// Sends the code the way the network does: a general transaction, without account or nonce.
fn submit(id: ConsentId, code: [u8; 32]) -> Result<DispatchResult, TransactionValidityError> {
	let call = RuntimeCall::from(Call::withdraw_by_code { id, code });
	let info = call.get_dispatch_info();
	frame_system::AuthorizeCall::<Test>::new()
		.dispatch_transaction(RuntimeOrigin::none(), call, &info, 0, 0)
		.map(|result| result.map(|_| ()).map_err(|failure| failure.error))
}

#[test]
fn whoever_shows_the_code_withdraws() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		System::set_block_number(6);
		assert_eq!(submit(id(1), CODE), Ok(Ok(())));
		assert_eq!(
			Consents::<Test>::get(id(1)).unwrap().status,
			ConsentStatus::Withdrawn { at: 6 }
		);
		System::assert_last_event(Event::Withdrawn { consent: id(1), holder: HOLDER }.into());
	});
}

#[test]
fn the_pool_takes_it_first_once_and_spreads_it() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		assert_ok!(Consent::file(holder(), id(2), terms(2)));
		let first = authorize(id(1), CODE).unwrap();
		assert_eq!(first.priority, WithdrawalPriority::get());
		assert!(first.propagate && first.requires.is_empty() && first.longevity > 1_000);
		assert_eq!(first.provides.len(), 1);
		assert_eq!(first.provides, authorize(id(1), CODE).unwrap().provides);
		assert_ne!(first.provides, authorize(id(2), [8; 32]).unwrap().provides);
		for source in [TransactionSource::Local, TransactionSource::InBlock] {
			let call = Call::<Test>::withdraw_by_code { id: id(1), code: CODE };
			assert!(call.authorize(source).unwrap().is_ok());
		}
	});
}

#[test]
fn a_wrong_code_or_an_unknown_consent_never_enters_a_block() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		assert_ok!(Consent::file(holder(), id(2), terms(2)));
		for (id, code, error) in [
			(id(1), [0; 32], InvalidTransaction::BadProof),
			(id(1), terms(1).withdraw_lock.0, InvalidTransaction::BadProof),
			(id(2), CODE, InvalidTransaction::BadProof),
			(id(9), CODE, InvalidTransaction::Stale),
		] {
			assert_eq!(authorize(id, code), Err(error.into()));
			assert_eq!(submit(id, code), Err(error.into()));
		}
	});
}

#[test]
fn the_code_is_stale_once_the_consent_has_ended() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		assert_ok!(Consent::file(holder(), id(2), terms(2)));
		assert_ok!(Consent::withdraw(holder(), id(1)));
		assert_ok!(Consent::supersede(holder(), id(2), id(3), terms(3)));
		assert_eq!(submit(id(1), CODE), Err(InvalidTransaction::Stale.into()));
		assert_eq!(submit(id(2), [8; 32]), Err(InvalidTransaction::Stale.into()));
		assert_eq!(submit(id(3), [9; 32]), Ok(Ok(())));
	});
}

#[test]
fn suspension_of_the_holder_and_expiry_do_not_stand_in_the_way() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		suspend(HOLDER);
		Now::set(terms(1).valid_until + 1);
		assert_noop!(Consent::withdraw(holder(), id(1)), BadOrigin);
		assert_eq!(submit(id(1), CODE), Ok(Ok(())));
	});
}

#[test]
fn nobody_dispatches_the_call_with_an_account() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		for origin in [
			holder(),
			delegate(GRANTEE, Duty::Consent),
			RuntimeOrigin::none(),
			RuntimeOrigin::root(),
		] {
			assert_noop!(Consent::withdraw_by_code(origin, id(1), CODE), BadOrigin);
		}
	});
}

#[test]
fn the_dispatch_checks_the_code_itself() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		let authorized = || RuntimeOrigin::from(frame_system::RawOrigin::Authorized);
		assert_noop!(
			Consent::withdraw_by_code(authorized(), id(1), [0; 32]),
			Error::<Test>::WrongCode
		);
		assert_noop!(Consent::withdraw_by_code(authorized(), id(9), CODE), Error::<Test>::NotFound);
		assert_ok!(Consent::withdraw_by_code(authorized(), id(1), CODE));
		assert_ok!(Consent::withdraw_by_code(authorized(), id(1), CODE));
	});
}
