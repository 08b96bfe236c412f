use crate::{mock::*, Duties, Error, Event, Reviews};
use curex_primitives::{
	Commitment, Duty, ExchangeId, Obligation, OrganisationStatus, ReviewVerdict,
};
use frame::testing_prelude::*;

fn reviewer(id: ExchangeId) -> RuntimeOrigin {
	delegate(Reviews::<Test>::get(id).unwrap().reviewer.unwrap(), Duty::Review)
}

fn review(origin: RuntimeOrigin, id: ExchangeId) -> DispatchResult {
	Exchange::review(origin, id, ReviewVerdict::Justified, fresh())
}

#[test]
fn a_review_is_recorded_with_its_reasons() {
	run(|| {
		let id = emergency(1);
		skip(ReviewWindow::get());
		let reasons = fresh();
		assert_ok!(Exchange::review(reviewer(id), id, ReviewVerdict::Unjustified, reasons));
		let review = Reviews::<Test>::get(id).unwrap();
		assert_eq!(review.verdict, Some(ReviewVerdict::Unjustified));
		assert_eq!(review.reasons, Some(reasons));
		let event = Event::Reviewed {
			exchange: id,
			reviewer: review.reviewer.unwrap(),
			verdict: ReviewVerdict::Unjustified,
			late: false,
		};
		System::assert_last_event(event.into());
		assert!(!Duties::<Test>::contains_key(id, Obligation::Review));
	});
}

#[test]
fn nobody_but_the_chosen_reviews() {
	run(|| {
		let id = emergency(1);
		let chosen = Reviews::<Test>::get(id).unwrap().reviewer.unwrap();
		for organisation in [HOLDER, RECIPIENT, HOSPITAL, AUTHORITY, OUTSIDER] {
			if organisation != chosen {
				refuse(|| review(delegate(organisation, Duty::Review), id), Error::NotAuthorized);
			}
		}
		assert_noop!(review(side(chosen), id), BadOrigin);
		let ordinary = approved(2);
		refuse(|| review(delegate(chosen, Duty::Review), ordinary), Error::NotFound);
	});
}

#[test]
fn a_verdict_is_final() {
	run(|| {
		let id = emergency(1);
		assert_ok!(review(reviewer(id), id));
		refuse(|| review(reviewer(id), id), Error::AlreadyReviewed);
	});
}

#[test]
fn reasons_are_whole_and_fresh() {
	run(|| {
		let id = emergency(1);
		let with = |reasons| Exchange::review(reviewer(id), id, ReviewVerdict::Justified, reasons);
		refuse(|| with(Commitment([0; 32])), Error::MissingCommitment);
		let evidence = Reviews::<Test>::get(id).unwrap().evidence;
		refuse(|| with(evidence), Error::CommitmentReused);
	});
}

#[test]
fn an_overdue_review_is_announced_once_and_taken_late() {
	run(|| {
		let id = emergency(1);
		let chosen = Reviews::<Test>::get(id).unwrap().reviewer;
		let overdue = RuntimeEvent::from(Event::ReviewOverdue { exchange: id, reviewer: chosen });
		let announced = || System::events().iter().filter(|record| record.event == overdue).count();
		forward(ReviewWindow::get() + 1);
		assert_eq!(announced(), 0);
		forward(5);
		assert_eq!(announced(), 1);
		assert_ok!(review(reviewer(id), id));
		assert!(matches!(
			System::events().last().unwrap().event,
			RuntimeEvent::Exchange(Event::Reviewed { late: true, .. })
		));
	});
}

#[test]
fn a_review_in_time_is_never_announced_as_overdue() {
	run(|| {
		let id = emergency(1);
		assert_ok!(review(reviewer(id), id));
		forward(ReviewWindow::get() + 5);
		assert!(!System::events().iter().any(|record| matches!(
			record.event,
			RuntimeEvent::Exchange(Event::ReviewOverdue { .. })
		)));
	});
}

#[test]
fn if_nobody_was_chosen_another_member_that_may_review_does() {
	run(|| {
		for organisation in [HOSPITAL, AUTHORITY] {
			set_status(organisation, OrganisationStatus::Suspended);
		}
		let id = emergency(1);
		set_status(HOSPITAL, OrganisationStatus::Active);
		for organisation in [HOLDER, RECIPIENT, OUTSIDER] {
			refuse(|| review(delegate(organisation, Duty::Review), id), Error::NotAuthorized);
		}
		assert_ok!(review(delegate(HOSPITAL, Duty::Review), id));
		assert_eq!(Reviews::<Test>::get(id).unwrap().reviewer, Some(HOSPITAL));
	});
}
