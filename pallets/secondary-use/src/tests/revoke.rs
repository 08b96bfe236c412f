use crate::{mock::*, Error, Event, Permits};
use curex_primitives::{permit::PUBLICATION_PERIOD, SizeBucket};
use frame::testing_prelude::*;

#[test]
fn a_revoked_permit_serves_nothing() {
	run(|| {
		issued();
		assert_ok!(commit(HOLDER, SizeBucket::Hundreds));
		next_block();
		assert_ok!(SecondaryUse::revoke(officer(BODY), id(), commitment(220)));
		let event = Event::Revoked { permit: id(), reasons: commitment(220) };
		System::assert_last_event(event.into());
		assert_eq!(Permits::<Test>::get(id()).unwrap().revoked_at, Some(2));
		refuse(|| extract(HOLDER, 50), Error::NotLive);
		refuse(|| commit(HOLDER, SizeBucket::Hundreds), Error::NotLive);
		let again = || SecondaryUse::revoke(officer(BODY), id(), commitment(221));
		refuse(again, Error::NotLive);
	});
}

#[test]
fn results_are_due_18_months_after_the_revocation() {
	run(|| {
		extracted();
		assert_eq!(results_due(), Some(END + PUBLICATION_PERIOD));
		Now::set(START + DAY);
		assert_ok!(SecondaryUse::revoke(officer(BODY), id(), commitment(220)));
		assert_eq!(results_due(), Some(START + DAY + PUBLICATION_PERIOD));
	});
}

#[test]
fn nothing_is_due_under_a_permit_that_was_never_used() {
	run(|| {
		issued();
		assert_ok!(SecondaryUse::revoke(officer(BODY), id(), commitment(220)));
		assert_eq!(results_due(), None);
	});
}

#[test]
fn nobody_else_revokes() {
	run(|| {
		issued();
		for by in [SUPERVISOR, SECOND_BODY, BODY_ABROAD, USER, HOLDER] {
			let revoke = || SecondaryUse::revoke(officer(by), id(), commitment(220));
			refuse(revoke, Error::NotAuthorized);
		}
		let empty = || SecondaryUse::revoke(officer(BODY), id(), commitment(0));
		refuse(empty, Error::MissingCommitment);
	});
}
