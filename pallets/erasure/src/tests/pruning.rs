use crate::{
	mock::*, Attestations, Batches, Commitments, Days, Error, Event, Orders, Overdue, Pruning,
	WeightInfo,
};
use curex_primitives::SLOTS;
use frame::testing_prelude::*;

/// The first moment at which nothing needs to stay of today's batch.
const OVER: u64 = START + (1 + 60 + 1) * DAY;

fn full() {
	released();
	assert_ok!(attest(HOSPITAL, TODAY, 1));
	assert_ok!(attest(OTHER, TODAY, 2));
	idle(START + 40 * DAY);
}

/// Abuse case 63, on the ledger: once the retention is over, not one byte of an order, an answer or a commitment is in
/// the state, so that nothing is left that an opening could open.
#[test]
fn after_its_retention_no_byte_of_a_batch_is_left_in_the_state() {
	fn state() -> Vec<u8> {
		let (mut key, mut bytes) = (Vec::new(), Vec::new());
		while let Some(next) = frame::deps::sp_io::storage::next_key(&key) {
			bytes.extend_from_slice(&next);
			bytes.extend(frame::deps::sp_io::storage::get(&next).unwrap_or_default());
			key = next;
		}
		bytes
	}
	run(|| {
		full();
		let answers = Attestations::<Test>::get(TODAY, HOSPITAL).unwrap().answers;
		let mut traces: Vec<[u8; 32]> = handles(1).iter().map(|handle| handle.0).collect();
		traces.extend([commitment(1).0, commitment(2).0, answers.0]);
		System::reset_events();
		let held = state();
		let found =
			|bytes: &[u8], trace: &[u8; 32]| bytes.windows(32).any(|window| window == trace);
		assert!(traces.iter().all(|trace| found(&held, trace)), "the search works");
		idle(OVER);
		System::assert_last_event(Event::Pruned { day: TODAY }.into());
		System::reset_events();
		let left = state();
		assert!(!traces.iter().any(|trace| found(&left, trace)));
		assert_eq!(Overdue::<Test>::iter().count(), 0);
	});
}

/// Abuse case 86: minimum retention.
#[test]
fn nothing_leaves_before_its_retention_is_over() {
	run(|| {
		full();
		idle(OVER - 1);
		assert_eq!(Orders::<Test>::iter().count(), SLOTS);
		idle(OVER);
		assert_eq!(Orders::<Test>::iter().count(), 0);
	});
}

/// Abuse case 86: a legal hold.
#[test]
fn what_is_held_stays_until_the_last_hold_is_lifted() {
	run(|| {
		full();
		assert_ok!(Erasure::hold(officer(AUTHORITY), TODAY, commitment(3)));
		assert_ok!(Erasure::hold(officer(ABROAD), TODAY, commitment(4)));
		idle(OVER + 100 * DAY);
		assert!(Batches::<Test>::contains_key(TODAY));
		assert_ok!(Erasure::lift(officer(AUTHORITY), TODAY));
		idle(OVER + 101 * DAY);
		assert_eq!(Days::<Test>::iter().count(), SLOTS);
		assert_ok!(Erasure::lift(officer(ABROAD), TODAY));
		idle(OVER + 102 * DAY);
		assert!(!Batches::<Test>::contains_key(TODAY));
		assert_eq!(Commitments::<Test>::iter().count(), 0);
	});
}

#[test]
fn pruning_goes_on_in_the_next_block_when_weight_is_short() {
	run(|| {
		full();
		Now::set(OVER);
		let limit = <() as WeightInfo>::overdue_day()
			+ <() as WeightInfo>::prune_day()
			+ <() as WeightInfo>::prune_day()
			+ <() as WeightInfo>::prune_batch()
			+ <() as WeightInfo>::prune_order() * 3;
		let mut blocks = 0;
		while Batches::<Test>::contains_key(TODAY) {
			let before = Orders::<Test>::iter().count();
			let used = Erasure::on_idle(System::block_number(), limit);
			assert!(used.all_lte(limit));
			assert!(before - Orders::<Test>::iter().count() <= 8);
			Erasure::do_try_state().expect("the invariants hold while a batch is being pruned");
			blocks += 1;
			assert!(blocks < 50, "it comes to an end");
		}
		assert!(blocks > 1);
		assert_eq!(Pruning::<Test>::iter().count(), 0);
	});
}

#[test]
fn what_is_being_pruned_cannot_be_held_any_more() {
	run(|| {
		full();
		Now::set(OVER);
		let limit = <() as WeightInfo>::overdue_day()
			+ <() as WeightInfo>::prune_day()
			+ <() as WeightInfo>::prune_day();
		let marked = (0..50).any(|_| {
			Erasure::on_idle(System::block_number(), limit);
			Pruning::<Test>::contains_key(TODAY)
		});
		assert!(marked);
		let hold = || Erasure::hold(officer(AUTHORITY), TODAY, commitment(3));
		refuse(hold, Error::NotFound);
	});
}
