use crate::{mock::*, Error, Event};
use curex_primitives::{permit::PUBLICATION_PERIOD, DutyKind, OrganisationId};
use frame::testing_prelude::*;

fn publish(by: OrganisationId, number: u8) -> DispatchResult {
	SecondaryUse::publish_results(officer(by), id(), commitment(number))
}

/// Abuse case 84.
#[test]
fn results_that_are_not_public_after_18_months_are_overdue() {
	run(|| {
		extracted();
		let duty = DutyKind::PublishResults(id());
		let due = END + PUBLICATION_PERIOD;
		let overdue = || {
			times(pallet_oversight::Event::<Test>::DutyOverdue { organisation: USER, duty, due })
		};
		idle(due);
		assert_eq!(overdue(), 0);
		idle(due + HOUR);
		idle(due + 2 * HOUR);
		assert_eq!(overdue(), 1);
		assert_ok!(publish(USER, 80));
		System::assert_last_event(Event::ResultsPublished { permit: id(), late: true }.into());
		assert_eq!(results_due(), None);
	});
}

#[test]
fn results_in_time_end_the_duty() {
	run(|| {
		extracted();
		assert_ok!(publish(USER, 80));
		System::assert_last_event(Event::ResultsPublished { permit: id(), late: false }.into());
		let due = END + PUBLICATION_PERIOD;
		idle(due + DAY);
		let duty = DutyKind::PublishResults(id());
		let overdue =
			pallet_oversight::Event::<Test>::DutyOverdue { organisation: USER, duty, due };
		assert_eq!(times(overdue), 0);
		refuse(|| publish(USER, 81), Error::AlreadyExists);
		// A revocation afterwards opens no second duty.
		assert_ok!(SecondaryUse::revoke(officer(BODY), id(), commitment(220)));
		assert_eq!(results_due(), None);
	});
}

#[test]
fn nobody_else_publishes_and_nobody_publishes_results_of_nothing() {
	run(|| {
		refuse(|| publish(USER, 80), Error::NotFound);
		issued();
		refuse(|| publish(USER, 80), Error::NothingExtracted);
	});
	run(|| {
		extracted();
		for by in [HOLDER, BODY, SUPERVISOR] {
			refuse(|| publish(by, 80), Error::NotAuthorized);
		}
		refuse(|| publish(USER, 0), Error::MissingCommitment);
	});
}
