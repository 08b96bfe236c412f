use crate::{mock::*, Error, Event, Reports};
use curex_primitives::{DutyDue, DutyKind, OrganisationId};
use frame::testing_prelude::*;

fn report(by: OrganisationId, number: u8) -> DispatchResult {
	SecondaryUse::report_reidentification(officer(by), id(), commitment(number))
}

/// Abuse case 83.
#[test]
fn a_report_of_reidentification_opens_a_duty_of_the_body() {
	run(|| {
		extracted();
		assert_ok!(report(HOLDER, 60));
		let due = START + 72 * HOUR;
		let event =
			Event::ReidentificationReported { report: 0, permit: id(), reporter: HOLDER, due };
		System::assert_last_event(event.into());
		assert_eq!(Reports::<Test>::get(0).unwrap().due, due);
		let duty = DutyKind::AnswerReidentification(0);
		let open = DutyDue { duty, due, overdue: false };
		assert_eq!(Oversight::duties_of(BODY, 9), [open]);
		let overdue =
			pallet_oversight::Event::<Test>::DutyOverdue { organisation: BODY, duty, due };
		idle(due);
		assert_eq!(times(overdue.clone()), 0);
		idle(due + HOUR);
		idle(due + 2 * HOUR);
		assert_eq!(times(overdue), 1);
	});
}

#[test]
fn whoever_takes_part_or_supervises_may_report() {
	for (number, by) in
		[USER, HOLDER, BODY, SECOND_BODY, BODY_ABROAD, SUPERVISOR].into_iter().enumerate()
	{
		run(|| {
			extracted();
			assert_ok!(report(by, 60 + number as u8));
		});
	}
	run(|| {
		extracted();
		refuse(|| report(OTHER, 60), Error::NotAuthorized);
		refuse(|| report(HOLDER, 0), Error::MissingCommitment);
		refuse(|| report(HOLDER, 50), Error::CommitmentReused);
	});
	run(|| refuse(|| report(HOLDER, 60), Error::NotFound));
}
