use crate::{mock::*, Alarms, Error, Event};
use curex_primitives::{merkle, AnchorAlarm, Duty, SizeBucket};
use frame::testing_prelude::*;

fn tree() -> merkle::Tree {
	merkle::Tree::new((0u32..150).map(|entry| merkle::leaf(&entry.to_le_bytes())).collect())
}

fn anchored(count: SizeBucket) {
	let root = tree().root();
	assert_ok!(Oversight::anchor(officer(HOSPITAL), 1, root, count, START - HOUR, START));
}

/// Abuse case 90: a count that does not match.
#[test]
fn a_count_that_the_root_contradicts_raises_an_alarm() {
	run(|| {
		anchored(SizeBucket::Units);
		let top = tree().top();
		assert_ok!(Oversight::prove_miscount(officer(OTHER), HOSPITAL, 1, 150, top));
		let alarms = AnchorAlarm::CountMismatch.into();
		assert_eq!(Alarms::<Test>::get(HOSPITAL, 1), Some(alarms));
		let event = Event::AnchorAlarmed { organisation: HOSPITAL, sequence: 1, alarms };
		System::assert_last_event(event.into());
	});
}

#[test]
fn a_right_count_cannot_be_slandered() {
	run(|| {
		anchored(SizeBucket::Hundreds);
		let top = tree().top();
		let prove = |sequence, count, top| {
			Oversight::prove_miscount(officer(OTHER), HOSPITAL, sequence, count, top)
		};
		refuse(|| prove(1, 150, top), Error::CountNotDisproved);
		refuse(|| prove(1, 5, top), Error::CountNotDisproved);
		refuse(|| prove(1, 5, [9; 32]), Error::CountNotDisproved);
		refuse(|| prove(2, 150, top), Error::NotFound);
		let clerk = delegate(OTHER, Duty::Exchange);
		assert_noop!(Oversight::prove_miscount(clerk, HOSPITAL, 1, 150, top), BadOrigin);
	});
}
