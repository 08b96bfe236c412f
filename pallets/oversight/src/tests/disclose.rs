use crate::{mock::*, Error, Event, Inquiries};
use curex_primitives::RecordHandle;
use frame::testing_prelude::*;

fn asked() {
	let about = RecordHandle([9; 32]);
	assert_ok!(Oversight::open_inquiry(officer(AUTHORITY), HOSPITAL, about, commitment(1)));
}

#[test]
fn the_organisation_that_is_asked_discloses() {
	run(|| {
		asked();
		assert_ok!(Oversight::disclose(officer(HOSPITAL), 0, commitment(2)));
		assert_eq!(Inquiries::<Test>::get(0).unwrap().disclosure, Some(commitment(2)));
		System::assert_last_event(Event::Disclosed { inquiry: 0, organisation: HOSPITAL }.into());
	});
}

#[test]
fn nobody_else_does_and_nothing_is_disclosed_twice() {
	run(|| {
		asked();
		let disclose =
			|by, inquiry, number| Oversight::disclose(officer(by), inquiry, commitment(number));
		refuse(|| disclose(HOSPITAL, 1, 2), Error::NotFound);
		refuse(|| disclose(OTHER, 0, 2), Error::NotAuthorized);
		refuse(|| disclose(AUTHORITY, 0, 2), Error::NotAuthorized);
		refuse(|| disclose(HOSPITAL, 0, 0), Error::MissingCommitment);
		refuse(|| disclose(HOSPITAL, 0, 1), Error::CommitmentReused);
		assert_ok!(disclose(HOSPITAL, 0, 2));
		refuse(|| disclose(HOSPITAL, 0, 3), Error::AlreadyDisclosed);
	});
}
