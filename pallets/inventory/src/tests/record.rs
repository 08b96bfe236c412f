use super::*;

fn record(organisation: u32, number: u64, snapshot: Snapshot) -> DispatchResult {
	Inventory::record(delegate(organisation, Duty::SecurityReport), number, snapshot)
}

#[test]
fn snapshots_of_an_organisation_form_a_chain() {
	run(|| {
		assert_ok!(record(1, 1, snapshot(1, None)));
		assert_ok!(record(1, 2, snapshot(2, Some(1))));
		System::assert_last_event(
			Event::SnapshotRecorded {
				organisation: OrganisationId(1),
				number: 2,
				snapshot: snapshot(2, Some(1)),
			}
			.into(),
		);
		assert_eq!(Inventory::newest(OrganisationId(1)), Some(snapshot(2, Some(1))));
	});
}

#[test]
fn a_snapshot_that_does_not_follow_the_newest_is_refused() {
	run(|| {
		assert_noop!(record(1, 1, snapshot(1, Some(9))), Error::<Test>::WrongPrevious);
		assert_ok!(record(1, 1, snapshot(1, None)));
		assert_ok!(record(1, 2, snapshot(2, Some(1))));
		for previous in [None, Some(1), Some(3)] {
			assert_noop!(record(1, 3, snapshot(3, previous)), Error::<Test>::WrongPrevious);
		}
	});
}

#[test]
fn organisations_have_chains_of_their_own() {
	run(|| {
		assert_ok!(record(1, 1, snapshot(1, None)));
		assert_ok!(record(2, 1, snapshot(2, None)));
		assert_eq!(Inventory::newest(OrganisationId(1)), Some(snapshot(1, None)));
		assert_eq!(Inventory::newest(OrganisationId(3)), None);
	});
}

#[test]
fn the_oldest_snapshot_leaves_when_the_history_is_full() {
	run(|| {
		assert_ok!(record(1, 1, snapshot(1, None)));
		for number in 2..=5u8 {
			assert_ok!(record(1, number.into(), snapshot(number, Some(number - 1))));
		}
		assert_eq!(Numbers::<Test>::get(OrganisationId(1)).into_inner(), [3, 4, 5]);
		assert_eq!(Snapshots::<Test>::iter().count(), 3);
		assert_eq!(Snapshots::<Test>::get(OrganisationId(1), 2), None);
	});
}

#[test]
fn a_number_is_taken_once() {
	run(|| {
		assert_ok!(record(1, 5, snapshot(1, None)));
		for number in [4, 5] {
			assert_noop!(record(1, number, snapshot(2, Some(1))), Error::<Test>::AlreadyRecorded);
		}
	});
}

#[test]
fn a_defective_snapshot_is_refused_with_its_defect() {
	run(|| {
		assert_noop!(
			record(1, 1, Snapshot { evidence: Commitment([0; 32]), ..snapshot(1, None) }),
			Error::<Test>::Defective(Defect(ReportDefect::MissingCommitment))
		);
		assert_noop!(
			record(1, 1, Snapshot { taken_at: 1_060_001, ..snapshot(1, None) }),
			Error::<Test>::Defective(Defect(ReportDefect::FromTheFuture))
		);
	});
}

#[test]
fn another_duty_does_not_record() {
	run(|| {
		for origin in [delegate(1, Duty::SecurityDecision), RuntimeOrigin::none()] {
			assert_noop!(Inventory::record(origin, 1, snapshot(1, None)), BadOrigin);
		}
	});
}
