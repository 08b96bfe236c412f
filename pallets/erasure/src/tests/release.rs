use crate::{mock::*, Batches, Collecting, Event};
use curex_primitives::{erasure::ATTESTATION_PERIOD, ErasureBatch, SLOTS};
use frame::testing_prelude::*;

#[test]
fn the_orders_of_a_day_are_released_together_with_the_next() {
	run(|| {
		assert_ok!(file(HOSPITAL, 1));
		assert_ok!(file(OTHER, 2));
		begin(START + DAY - 1);
		assert!(Erasure::orders_of(TODAY).is_empty(), "not before the day is over");
		begin(START + DAY);
		let due = START + DAY + ATTESTATION_PERIOD;
		let orders = 2 * SLOTS as u32;
		System::assert_last_event(Event::BatchReleased { day: TODAY, orders, due }.into());
		let batch = ErasureBatch { orders, members: 6, due, released_at: 3 };
		assert_eq!(Batches::<Test>::get(TODAY), Some(batch));
		let released = Erasure::orders_of(TODAY);
		assert_eq!(released.len(), orders as usize);
		assert!(released.windows(2).all(|pair| pair[0] < pair[1]), "by handle, not by filer");
	});
}

#[test]
fn a_day_without_orders_has_no_batch() {
	run(|| {
		released();
		begin(START + 2 * DAY);
		begin(START + 3 * DAY);
		assert_eq!(Batches::<Test>::iter_keys().collect::<Vec<_>>(), [TODAY]);
	});
}

#[test]
fn orders_after_a_pause_of_the_chain_belong_to_their_own_day() {
	run(|| {
		assert_ok!(file(HOSPITAL, 1));
		// The first block of another day still sees the clock of the block before.
		Now::set(START + 5 * DAY);
		assert_ok!(file(OTHER, 2));
		assert_eq!(Batches::<Test>::get(TODAY).unwrap().orders, SLOTS as u32);
		assert_eq!(Collecting::<Test>::get(), Some((TODAY + 5, SLOTS as u32)));
	});
}

#[test]
fn a_later_member_is_not_bound_by_an_earlier_batch() {
	run(|| {
		released();
		let newcomer = curex_primitives::OrganisationId(6);
		admit(newcomer, curex_primitives::OrganisationKind::Hospital);
		assert!(Erasure::duties_of(newcomer, 9).is_empty());
		refuse(|| attest(newcomer, TODAY, 1), crate::Error::NothingToAttest);
		assert_eq!(Erasure::duties_of(HOSPITAL, 9).len(), 1);
		assert!(Erasure::duties_of(AUTHORITY, 9).is_empty());
	});
}
