use crate::{mock::*, Error, Event, Inquiries};
use curex_primitives::{Competence, DutyDue, DutyKind, InquiryOutcome, RecordHandle};
use frame::testing_prelude::*;

pub(super) fn asked() {
	let (field, about) = (Competence::DataProtection, RecordHandle([9; 32]));
	let officer = officer(AUTHORITY);
	assert_ok!(Oversight::open_inquiry(officer, HOSPITAL, field, about, commitment(1), DAY));
}

#[test]
fn the_organisation_that_is_asked_discloses() {
	run(|| {
		asked();
		assert_ok!(Oversight::disclose(officer(HOSPITAL), 0, commitment(2)));
		let inquiry = Inquiries::<Test>::get(0).unwrap();
		assert_eq!(inquiry.outcome, InquiryOutcome::Disclosed(commitment(2)));
		assert_eq!(inquiry.closed, Some(START));
		let event = Event::Disclosed { inquiry: 0, organisation: HOSPITAL, late: false };
		System::assert_last_event(event.into());
	});
}

#[test]
fn an_answer_that_is_overdue_raises_one_alarm_and_is_still_taken() {
	run(|| {
		asked();
		let duty = DutyKind::AnswerInquiry(0);
		let due = START + DAY;
		let overdue = Event::DutyOverdue { organisation: HOSPITAL, duty, due };
		idle(due);
		assert_eq!(times(overdue.clone()), 0);
		idle(due + HOUR);
		idle(due + 2 * HOUR);
		assert_eq!(times(overdue), 1);
		assert!(Oversight::duties_of(HOSPITAL, 9).contains(&DutyDue { duty, due, overdue: true }));
		assert_ok!(Oversight::disclose(officer(HOSPITAL), 0, commitment(2)));
		let event = Event::Disclosed { inquiry: 0, organisation: HOSPITAL, late: true };
		System::assert_last_event(event.into());
		assert!(Oversight::duties_of(HOSPITAL, 9).iter().all(|open| open.duty != duty));
	});
}

#[test]
fn an_answer_in_time_raises_no_alarm() {
	run(|| {
		asked();
		assert_ok!(Oversight::disclose(officer(HOSPITAL), 0, commitment(2)));
		let duty = DutyKind::AnswerInquiry(0);
		idle(START + 10 * DAY);
		let due = START + DAY;
		assert_eq!(times(Event::DutyOverdue { organisation: HOSPITAL, duty, due }), 0);
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
		refuse(|| disclose(HOSPITAL, 0, 3), Error::AlreadyClosed);
	});
}
