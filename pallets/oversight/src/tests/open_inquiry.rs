use crate::{mock::*, Error, Event, Inquiries};
use curex_primitives::{Commitment, Duty, Inquiry, OrganisationId, RecordHandle};
use frame::testing_prelude::*;

const ABOUT: RecordHandle = RecordHandle([9; 32]);

#[test]
fn an_authority_asks() {
	run(|| {
		assert_ok!(Oversight::open_inquiry(officer(AUTHORITY), HOSPITAL, ABOUT, commitment(1)));
		let expected = Inquiry {
			authority: AUTHORITY,
			organisation: HOSPITAL,
			about: ABOUT,
			case: commitment(1),
			opened_at: 1,
			disclosure: None,
		};
		assert_eq!(Inquiries::<Test>::get(0), Some(expected));
		let event =
			Event::InquiryOpened { inquiry: 0, authority: AUTHORITY, organisation: HOSPITAL };
		System::assert_last_event(event.into());
		assert_ok!(Oversight::open_inquiry(officer(AUTHORITY), OTHER, ABOUT, commitment(2)));
		assert!(Inquiries::<Test>::contains_key(1));
	});
}

#[test]
fn only_an_authority_asks() {
	run(|| {
		refuse(
			|| Oversight::open_inquiry(officer(OTHER), HOSPITAL, ABOUT, commitment(1)),
			Error::NotAuthorized,
		);
		let clerk = delegate(AUTHORITY, Duty::Review);
		assert_noop!(Oversight::open_inquiry(clerk, HOSPITAL, ABOUT, commitment(1)), BadOrigin);
	});
}

#[test]
fn a_member_is_asked_even_while_it_is_suspended() {
	run(|| {
		suspend(HOSPITAL);
		assert_ok!(Oversight::open_inquiry(officer(AUTHORITY), HOSPITAL, ABOUT, commitment(1)));
	});
}

#[test]
fn a_malformed_inquiry_is_refused() {
	run(|| {
		let ask = |organisation, about, case: Commitment| {
			Oversight::open_inquiry(officer(AUTHORITY), organisation, about, case)
		};
		refuse(|| ask(AUTHORITY, ABOUT, commitment(1)), Error::OrganisationIsSelf);
		refuse(|| ask(OrganisationId(99), ABOUT, commitment(1)), Error::OrganisationNotFound);
		refuse(|| ask(HOSPITAL, RecordHandle([0; 32]), commitment(1)), Error::MissingCommitment);
		refuse(|| ask(HOSPITAL, ABOUT, commitment(0)), Error::MissingCommitment);
		assert_ok!(ask(HOSPITAL, ABOUT, commitment(1)));
		refuse(|| ask(HOSPITAL, ABOUT, commitment(1)), Error::CommitmentReused);
	});
}
