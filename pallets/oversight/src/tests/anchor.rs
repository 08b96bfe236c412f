use crate::{mock::*, Alarms, Anchors, Error, Event, LastAnchors};
use curex_primitives::{
	merkle, AnchorAlarm, AnchorAlarms, Duty, LogAnchor, MerkleRoot, OrganisationId, SizeBucket,
};
use frame::testing_prelude::*;

fn anchor(organisation: OrganisationId, sequence: u64, from: u64, to: u64) -> DispatchResult {
	let (root, count) = (MerkleRoot([1; 32]), SizeBucket::Tens);
	Oversight::anchor(officer(organisation), sequence, root, count, START - from, START - to)
}

#[test]
fn anchors_follow_each_other() {
	run(|| {
		assert_ok!(anchor(HOSPITAL, 1, 3 * HOUR, 2 * HOUR));
		assert_ok!(anchor(HOSPITAL, 2, 2 * HOUR, HOUR));
		System::assert_last_event(
			Event::LogAnchored { organisation: HOSPITAL, sequence: 2 }.into(),
		);
		assert_eq!(LastAnchors::<Test>::get(HOSPITAL), Some((2, START - HOUR)));
		assert_eq!(
			Anchors::<Test>::get(HOSPITAL, 2),
			Some(LogAnchor {
				root: MerkleRoot([1; 32]),
				count: SizeBucket::Tens,
				from: START - 2 * HOUR,
				to: START - HOUR,
			})
		);
		assert_ok!(anchor(OTHER, 1, HOUR, 0));
	});
}

#[test]
fn a_gap_or_a_repetition_is_refused() {
	run(|| {
		refuse(|| anchor(HOSPITAL, 0, 2 * HOUR, HOUR), Error::AlreadyExists);
		refuse(|| anchor(HOSPITAL, 2, 2 * HOUR, HOUR), Error::SequenceGap);
		assert_ok!(anchor(HOSPITAL, 1, 2 * HOUR, HOUR));
		refuse(|| anchor(HOSPITAL, 1, 2 * HOUR, HOUR), Error::AlreadyExists);
		refuse(|| anchor(HOSPITAL, 3, HOUR, 0), Error::SequenceGap);
		refuse(|| anchor(HOSPITAL, 2, 3 * HOUR, HOUR), Error::NothingNew);
	});
}

#[test]
fn a_sequence_at_its_end_is_an_error() {
	new_test_ext().execute_with(|| {
		LastAnchors::<Test>::insert(HOSPITAL, (u64::MAX, START));
		refuse(|| anchor(HOSPITAL, u64::MAX, HOUR, 0), Error::AlreadyExists);
	});
}

#[test]
fn a_defective_period_or_count_is_refused() {
	run(|| {
		refuse(|| anchor(HOSPITAL, 1, HOUR, HOUR), Error::EmptyPeriod);
		let root = MerkleRoot([1; 32]);
		let with = |root, count, to| {
			Oversight::anchor(officer(HOSPITAL), 1, root, count, START - HOUR, to)
		};
		refuse(|| with(root, SizeBucket::Units, START + 1), Error::InFuture);
		refuse(|| with(root, SizeBucket::None, START), Error::WrongCount);
		refuse(|| with(merkle::empty_root(), SizeBucket::Units, START), Error::WrongCount);
		refuse(|| with(MerkleRoot([0; 32]), SizeBucket::Units, START), Error::WrongCount);
		assert_ok!(with(merkle::empty_root(), SizeBucket::None, START));
	});
}

#[test]
fn only_a_delegate_with_the_duty_anchors() {
	run(|| {
		let (root, count) = (MerkleRoot([1; 32]), SizeBucket::Tens);
		for origin in [
			RuntimeOrigin::root(),
			RuntimeOrigin::none(),
			delegate(HOSPITAL, Duty::SecurityReport),
			officer(OrganisationId(99)),
		] {
			assert_noop!(Oversight::anchor(origin, 1, root, count, 1, 2), BadOrigin);
		}
	});
}

fn alarmed(sequence: u64, alarms: impl Into<AnchorAlarms>) -> Event<Test> {
	Event::AnchorAlarmed { organisation: HOSPITAL, sequence, alarms: alarms.into() }
}

/// Abuse case 90: a gap.
#[test]
fn a_gap_between_anchors_raises_an_alarm() {
	run(|| {
		assert_ok!(anchor(HOSPITAL, 1, 3 * HOUR, 2 * HOUR));
		assert_ok!(anchor(HOSPITAL, 2, HOUR, 0));
		System::assert_last_event(alarmed(2, AnchorAlarm::Gap).into());
		assert_eq!(Alarms::<Test>::get(HOSPITAL, 2), Some(AnchorAlarm::Gap.into()));
		assert_eq!(Alarms::<Test>::get(HOSPITAL, 1), None);
	});
}

/// Abuse case 90: an overlap.
#[test]
fn an_overlap_of_anchors_raises_an_alarm_and_no_anchor_replaces_another() {
	run(|| {
		assert_ok!(anchor(HOSPITAL, 1, 4 * HOUR, 2 * HOUR));
		assert_ok!(anchor(HOSPITAL, 2, 3 * HOUR, HOUR));
		System::assert_last_event(alarmed(2, AnchorAlarm::Overlap).into());
		refuse(|| anchor(HOSPITAL, 3, 3 * HOUR, 2 * HOUR), Error::NothingNew);
		// A period that is new, under a number that is not.
		refuse(|| anchor(HOSPITAL, 1, HOUR, 0), Error::AlreadyExists);
		assert_eq!(Anchors::<Test>::get(HOSPITAL, 1).unwrap().from, START - 4 * HOUR);
	});
}

/// Abuse case 90: a delay.
#[test]
fn a_late_anchor_raises_an_alarm() {
	run(|| {
		assert_ok!(anchor(HOSPITAL, 1, DAY, 0));
		Now::set(START + 2 * DAY);
		assert_ok!(anchor(OTHER, 1, DAY, 0));
		let (root, count) = (MerkleRoot([1; 32]), SizeBucket::Tens);
		let next = |organisation, sequence, from, to| {
			Oversight::anchor(officer(organisation), sequence, root, count, from, to)
		};
		assert_ok!(next(HOSPITAL, 2, START, START + DAY));
		assert!(!Alarms::<Test>::contains_key(HOSPITAL, 2), "just in time");
		Now::set(START + 3 * DAY + 1);
		assert_ok!(next(HOSPITAL, 3, START + DAY, START + 2 * DAY));
		System::assert_last_event(alarmed(3, AnchorAlarm::Late).into());
	});
}

/// Abuse case 90: silence.
#[test]
fn an_organisation_that_does_not_anchor_raises_one_alarm() {
	run(|| {
		assert_ok!(anchor(HOSPITAL, 1, DAY, 0));
		let missing = Event::AnchorMissing { organisation: HOSPITAL, since: START };
		let never = Event::AnchorMissing { organisation: CENTRE, since: START };
		idle(START);
		idle(START + 2 * DAY);
		assert_eq!(times(missing.clone()) + times(never.clone()), 0);
		idle(START + 2 * DAY + HOUR);
		idle(START + 2 * DAY + 2 * HOUR);
		assert_eq!(times(missing.clone()), 1);
		assert_eq!(times(never), 1, "whoever has never anchored is late as well");
		let silent = |event: &frame_system::EventRecord<RuntimeEvent, _>| {
			matches!(
				event.event,
				RuntimeEvent::Oversight(Event::AnchorMissing { organisation: AUTHORITY, .. })
			)
		};
		assert!(!System::events().iter().any(silent), "authorities hold no records");
		// A new anchor ends the alarm, a new silence raises a new one.
		let (root, count) = (MerkleRoot([1; 32]), SizeBucket::Tens);
		let now = Now::get();
		assert_ok!(Oversight::anchor(officer(HOSPITAL), 2, root, count, START, now));
		idle(now + 2 * DAY + HOUR);
		let again = Event::AnchorMissing { organisation: HOSPITAL, since: now };
		assert_eq!((times(missing), times(again)), (1, 1));
	});
}

#[test]
fn missing_anchors_are_found_over_several_blocks_when_weight_is_short() {
	use crate::WeightInfo;
	run(|| {
		idle(START);
		Now::set(START + 3 * DAY);
		let one = <() as WeightInfo>::agenda_hour()
			+ <() as WeightInfo>::watch_round()
			+ <() as WeightInfo>::watch_organisation();
		let alarms = || {
			let missing = |record: &frame_system::EventRecord<RuntimeEvent, _>| {
				matches!(record.event, RuntimeEvent::Oversight(Event::AnchorMissing { .. }))
			};
			System::events().iter().filter(|record| missing(record)).count()
		};
		for found in 1..=3 {
			let used = Oversight::on_idle(System::block_number(), one);
			assert!(used.all_lte(one));
			assert_eq!(alarms(), found);
		}
	});
}
