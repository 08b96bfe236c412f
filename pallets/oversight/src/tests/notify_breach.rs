use crate::{mock::*, Breaches, Error, Event};
use curex_primitives::BreachNotice;
use frame::testing_prelude::*;

fn opened() {
	assert_ok!(Oversight::open_breach(officer(HOSPITAL), commitment(1), START));
}

#[test]
fn a_notice_in_the_72nd_hour_is_in_time_and_a_later_one_is_marked() {
	for (at, late) in [(START + 72 * HOUR, false), (START + 72 * HOUR + 1, true)] {
		run(|| {
			opened();
			Now::set(at);
			assert_ok!(Oversight::notify_breach(officer(HOSPITAL), 0, commitment(2)));
			let notice = Some(BreachNotice { notice: commitment(2), at });
			assert_eq!(Breaches::<Test>::get(0).unwrap().notice, notice);
			let event = Event::BreachNotified { breach: 0, organisation: HOSPITAL, late };
			System::assert_last_event(event.into());
		});
	}
}

#[test]
fn only_the_organisation_itself_notifies_and_only_once() {
	run(|| {
		opened();
		let notify =
			|by, breach, number| Oversight::notify_breach(officer(by), breach, commitment(number));
		refuse(|| notify(HOSPITAL, 1, 2), Error::NotFound);
		refuse(|| notify(OTHER, 0, 2), Error::NotAuthorized);
		refuse(|| notify(HOSPITAL, 0, 0), Error::MissingCommitment);
		refuse(|| notify(HOSPITAL, 0, 1), Error::CommitmentReused);
		assert_ok!(notify(HOSPITAL, 0, 2));
		refuse(|| notify(HOSPITAL, 0, 3), Error::AlreadyNotified);
	});
}
