use crate::{mock::*, Consents, Error, Event};
use curex_primitives::{ConsentStatus, Duty};
use frame::testing_prelude::*;

#[test]
fn a_superseded_consent_names_its_successor_and_block() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		System::set_block_number(4);
		assert_ok!(Consent::supersede(holder(), id(1), id(2), terms(2)));
		let status = |number| Consents::<Test>::get(id(number)).unwrap().status;
		assert_eq!(status(1), ConsentStatus::Superseded { by: id(2), at: 4 });
		assert_eq!(status(2), ConsentStatus::Active);
		let event = Event::Superseded { consent: id(1), by: id(2), holder: HOLDER };
		System::assert_last_event(event.into());
	});
}

#[test]
fn nothing_is_superseded_twice_by_itself_or_by_another_holder() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		let supersede = |origin, old, new| Consent::supersede(origin, id(old), id(new), terms(2));
		assert_noop!(supersede(holder(), 9, 2), Error::<Test>::NotFound);
		assert_noop!(supersede(delegate(OTHER, Duty::Consent), 1, 2), Error::<Test>::NotAuthorized);
		assert_noop!(supersede(holder(), 1, 1), Error::<Test>::AlreadyExists);
		assert_noop!(supersede(delegate(HOLDER, Duty::Exchange), 1, 2), BadOrigin);
		assert_ok!(supersede(holder(), 1, 2));
		assert_noop!(
			Consent::supersede(holder(), id(1), id(3), terms(3)),
			Error::<Test>::NotActive
		);
		assert_noop!(
			Consent::supersede(holder(), id(2), id(1), terms(3)),
			Error::<Test>::AlreadyExists
		);
	});
}

#[test]
fn a_withdrawn_consent_cannot_be_revived_by_a_successor() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		assert_ok!(Consent::withdraw(holder(), id(1)));
		assert_noop!(
			Consent::supersede(holder(), id(1), id(2), terms(2)),
			Error::<Test>::NotActive
		);
	});
}
