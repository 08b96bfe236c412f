use crate::{mock::*, Breaches, Error, Event};
use curex_primitives::{BreachCase, Duty};
use frame::testing_prelude::*;

#[test]
fn a_breach_is_due_72_hours_after_its_detection() {
	run(|| {
		let detected_at = START - 5 * HOUR;
		assert_ok!(Oversight::open_breach(officer(HOSPITAL), commitment(1), detected_at));
		let expected = BreachCase {
			organisation: HOSPITAL,
			case: commitment(1),
			detected_at,
			opened_at: 1,
			notice: None,
		};
		assert_eq!(Breaches::<Test>::get(0), Some(expected));
		let due = detected_at + 72 * HOUR;
		let event = Event::BreachOpened { breach: 0, organisation: HOSPITAL, due };
		System::assert_last_event(event.into());
	});
}

#[test]
fn a_malformed_breach_is_refused() {
	run(|| {
		let open = |number, detected_at| {
			Oversight::open_breach(officer(HOSPITAL), commitment(number), detected_at)
		};
		refuse(|| open(1, START + 1), Error::InFuture);
		refuse(|| open(0, START), Error::MissingCommitment);
		assert_ok!(open(1, START));
		refuse(|| open(1, START), Error::CommitmentReused);
		assert_noop!(
			Oversight::open_breach(delegate(HOSPITAL, Duty::Review), commitment(2), START),
			BadOrigin
		);
	});
}
