use crate::{mock::*, Anchors, Error, Event, LastAnchors};
use curex_primitives::{merkle, Duty, LogAnchor, MerkleRoot, OrganisationId, SizeBucket};
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
		refuse(|| anchor(HOSPITAL, 2, HOUR - 1, 0), Error::NotContiguous);
		refuse(|| anchor(HOSPITAL, 2, HOUR + 1, 0), Error::NotContiguous);
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
