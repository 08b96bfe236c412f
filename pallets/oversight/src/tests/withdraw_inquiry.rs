use super::disclose::asked;
use crate::{mock::*, Duties, Error, Event, Inquiries};
use curex_primitives::InquiryOutcome;
use frame::testing_prelude::*;

#[test]
fn the_authority_withdraws_and_the_duty_is_gone() {
	run(|| {
		asked();
		assert_ok!(Oversight::withdraw_inquiry(officer(AUTHORITY), 0));
		assert_eq!(Inquiries::<Test>::get(0).unwrap().outcome, InquiryOutcome::Withdrawn);
		let event = Event::InquiryWithdrawn { inquiry: 0, authority: AUTHORITY };
		System::assert_last_event(event.into());
		assert_eq!(Duties::<Test>::iter().count(), 0);
		refuse(|| Oversight::disclose(officer(HOSPITAL), 0, commitment(2)), Error::AlreadyClosed);
	});
}

#[test]
fn nobody_else_withdraws() {
	run(|| {
		asked();
		let withdraw = |by, inquiry| Oversight::withdraw_inquiry(officer(by), inquiry);
		refuse(|| withdraw(HOSPITAL, 0), Error::NotAuthorized);
		refuse(|| withdraw(ABROAD, 0), Error::NotAuthorized);
		refuse(|| withdraw(AUTHORITY, 1), Error::NotFound);
	});
}
