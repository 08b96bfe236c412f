use crate::{mock::*, Error, Event, Permits, Standings};
use curex_primitives::{Finding, OrganisationId};
use frame::testing_prelude::*;

fn answer(by: OrganisationId, finding: Finding, number: u8) -> DispatchResult {
	SecondaryUse::answer_reidentification(officer(by), 0, finding, commitment(number))
}

fn reported() {
	extracted();
	assert_ok!(SecondaryUse::report_reidentification(officer(HOLDER), id(), commitment(60)));
}

#[test]
fn a_confirmed_report_revokes_the_permit() {
	run(|| {
		reported();
		assert_ok!(answer(BODY, Finding::Confirmed, 61));
		System::assert_last_event(Event::Revoked { permit: id(), reasons: commitment(61) }.into());
		assert!(Permits::<Test>::get(id()).unwrap().revoked_at.is_some());
		assert_eq!(Standings::<Test>::get(id()).unwrap().open_reports, 0);
		assert!(Oversight::duties_of(BODY, 9).is_empty());
	});
}

#[test]
fn a_report_that_is_not_confirmed_leaves_the_permit_as_it_is() {
	run(|| {
		reported();
		Now::set(START + 73 * HOUR);
		let finding = Finding::NotConfirmed;
		assert_ok!(answer(BODY, finding, 61));
		let event =
			Event::ReidentificationAnswered { report: 0, permit: id(), finding, late: true };
		System::assert_last_event(event.into());
		assert!(Permits::<Test>::get(id()).unwrap().is_live(Now::get()));
		refuse(|| answer(BODY, Finding::Confirmed, 62), Error::AlreadyAnswered);
	});
}

#[test]
fn nobody_but_the_body_answers() {
	run(|| {
		refuse(|| answer(BODY, Finding::Confirmed, 61), Error::NotFound);
		reported();
		for by in [USER, HOLDER, SUPERVISOR, SECOND_BODY] {
			refuse(|| answer(by, Finding::NotConfirmed, 61), Error::NotAuthorized);
		}
		refuse(|| answer(BODY, Finding::Confirmed, 60), Error::CommitmentReused);
	});
}

#[test]
fn a_second_report_on_a_revoked_permit_is_answered_all_the_same() {
	run(|| {
		reported();
		assert_ok!(answer(BODY, Finding::Confirmed, 61));
		assert_ok!(SecondaryUse::report_reidentification(officer(USER), id(), commitment(62)));
		let answered = SecondaryUse::answer_reidentification(
			officer(BODY),
			1,
			Finding::Confirmed,
			commitment(63),
		);
		assert_ok!(answered);
	});
}
