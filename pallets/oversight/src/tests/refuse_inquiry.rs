use super::disclose::asked;
use crate::{mock::*, Error, Event, Inquiries};
use curex_primitives::{InquiryOutcome, InquiryRefusal};
use frame::testing_prelude::*;

#[test]
fn the_organisation_that_is_asked_refuses_with_a_code() {
	run(|| {
		asked();
		let ground = InquiryRefusal::Privileged;
		assert_ok!(Oversight::refuse_inquiry(officer(HOSPITAL), 0, ground, commitment(2)));
		let outcome = Inquiries::<Test>::get(0).unwrap().outcome;
		assert_eq!(outcome, InquiryOutcome::Refused(ground, commitment(2)));
		let event =
			Event::InquiryRefused { inquiry: 0, organisation: HOSPITAL, ground, late: false };
		System::assert_last_event(event.into());
		refuse(|| Oversight::disclose(officer(HOSPITAL), 0, commitment(3)), Error::AlreadyClosed);
		refuse(|| Oversight::withdraw_inquiry(officer(AUTHORITY), 0), Error::AlreadyClosed);
	});
}

#[test]
fn nobody_refuses_for_another_or_without_reasons() {
	run(|| {
		asked();
		let refuse_it = |by, inquiry, number| {
			let ground = InquiryRefusal::NoSuchRecord;
			Oversight::refuse_inquiry(officer(by), inquiry, ground, commitment(number))
		};
		refuse(|| refuse_it(OTHER, 0, 2), Error::NotAuthorized);
		refuse(|| refuse_it(HOSPITAL, 1, 2), Error::NotFound);
		refuse(|| refuse_it(HOSPITAL, 0, 0), Error::MissingCommitment);
		refuse(|| refuse_it(HOSPITAL, 0, 1), Error::CommitmentReused);
	});
}
