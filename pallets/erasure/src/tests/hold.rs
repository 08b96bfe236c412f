use crate::{mock::*, Error, Event, Holds};
use frame::testing_prelude::*;

fn hold(by: curex_primitives::OrganisationId, day: u32, number: u8) -> DispatchResult {
	Erasure::hold(officer(by), day, commitment(number))
}

#[test]
fn an_authority_for_data_protection_holds_and_lifts() {
	run(|| {
		released();
		assert_ok!(hold(AUTHORITY, TODAY, 1));
		System::assert_last_event(Event::Held { day: TODAY, authority: AUTHORITY }.into());
		refuse(|| hold(AUTHORITY, TODAY, 2), Error::AlreadyExists);
		assert_ok!(hold(ABROAD, TODAY, 2));
		assert_ok!(Erasure::lift(officer(AUTHORITY), TODAY));
		System::assert_last_event(Event::HoldLifted { day: TODAY, authority: AUTHORITY }.into());
		refuse(|| Erasure::lift(officer(AUTHORITY), TODAY), Error::NotFound);
		assert!(Holds::<Test>::contains_key(TODAY, ABROAD), "each its own");
	});
}

#[test]
fn nobody_else_holds() {
	run(|| {
		released();
		for by in [HOSPITAL, ACCESS_BODY] {
			refuse(|| hold(by, TODAY, 1), Error::NotAuthorized);
		}
		refuse(|| hold(AUTHORITY, TODAY + 1, 1), Error::NotFound);
		refuse(|| hold(AUTHORITY, TODAY, 0), Error::MissingCommitment);
		refuse(|| Erasure::lift(officer(HOSPITAL), TODAY), Error::NotFound);
	});
}
