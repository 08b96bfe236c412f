use crate::{mock::*, Collecting, Days, Error, Event, Filed};
use curex_primitives::{Duty, ErasureId, SLOTS};
use frame::testing_prelude::*;

#[test]
fn an_organisation_files_its_orders_of_a_day_at_once() {
	run(|| {
		assert_ok!(file(HOSPITAL, 1));
		System::assert_last_event(Event::OrdersFiled { day: TODAY }.into());
		assert_eq!(Collecting::<Test>::get(), Some((TODAY, SLOTS as u32)));
		assert_ok!(file(OTHER, 2));
		assert_eq!(Collecting::<Test>::get(), Some((TODAY, 2 * SLOTS as u32)));
		refuse(|| file(HOSPITAL, 3), Error::AlreadyFiled);
		begin(START + DAY);
		assert_ok!(file(HOSPITAL, 3));
		assert_eq!(Filed::<Test>::get(HOSPITAL), Some(TODAY + 1));
	});
}

#[test]
fn orders_are_taken_in_the_first_two_hours_of_a_day_only() {
	run(|| {
		for hours in [2, 3, 12, 23] {
			Now::set(START + hours * HOUR);
			refuse(|| file(HOSPITAL, 1), Error::NotFilingTime);
		}
		Now::set(START + 2 * HOUR - 1);
		assert_ok!(file(HOSPITAL, 1));
	});
}

#[test]
fn no_handle_serves_twice_or_is_empty() {
	run(|| {
		let with = |slot: usize, handle: ErasureId| {
			let mut orders = handles(2);
			orders[slot] = handle;
			Erasure::file(officer(OTHER), orders)
		};
		assert_ok!(file(HOSPITAL, 1));
		refuse(|| with(3, ErasureId([0; 32])), Error::MissingHandle);
		refuse(|| with(3, handles(2)[4]), Error::HandleReused);
		refuse(|| with(3, handles(1)[4]), Error::HandleReused);
		begin(START + DAY);
		refuse(|| with(3, handles(1)[4]), Error::HandleReused);
		assert_eq!(Days::<Test>::iter().count(), SLOTS);
	});
}

#[test]
fn only_who_treats_patients_files() {
	run(|| {
		refuse(|| file(AUTHORITY, 1), Error::NotAuthorized);
		assert_noop!(Erasure::file(delegate(HOSPITAL, Duty::Consent), handles(1)), BadOrigin);
		assert_ok!(file(CENTRE, 1));
	});
}
