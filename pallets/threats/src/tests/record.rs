use super::*;

#[test]
fn an_alert_is_open_until_somebody_closes_it() {
	run(|| {
		assert_ok!(record(1, 1));
		assert_ok!(record(1, 2));
		System::assert_last_event(
			Event::AlertRecorded { organisation: OrganisationId(1), number: 2, alert: ALERT }
				.into(),
		);
		assert_eq!(Threats::newest(OrganisationId(1)), Some(Alert { digest: ALERT, closed: None }));
		assert_eq!((open(1), open(2)), (2, 0));
	});
}

#[test]
fn an_alert_that_leaves_the_state_no_longer_counts_as_open() {
	run(|| {
		for number in 1..=5 {
			assert_ok!(record(1, number));
		}
		assert_eq!(open(1), 3);
		assert_eq!(Alerts::<Test>::get(OrganisationId(1), 2), None);
	});
}

#[test]
fn a_closed_alert_that_leaves_the_state_makes_room_for_an_open_one() {
	run(|| {
		assert_ok!(record(1, 1));
		assert_ok!(close(1, 1));
		for number in 2..=4 {
			assert_ok!(record(1, number));
		}
		assert_eq!(open(1), 3);
	});
}

#[test]
fn a_number_is_taken_once() {
	run(|| {
		assert_ok!(record(1, 2));
		for number in [1, 2] {
			assert_noop!(record(1, number), Error::<Test>::AlreadyRecorded);
		}
		assert_ok!(record(2, 1));
	});
}

#[test]
fn a_defective_alert_is_refused_with_its_defect() {
	run(|| {
		let origin = || delegate(1, Duty::SecurityReport);
		assert_noop!(
			Threats::record(origin(), 1, AlertDigest { evidence: Commitment([0; 32]), ..ALERT }),
			Error::<Test>::Defective(Defect(ReportDefect::MissingCommitment))
		);
		assert_noop!(
			Threats::record(origin(), 1, AlertDigest { raised_at: u64::MAX, ..ALERT }),
			Error::<Test>::Defective(Defect(ReportDefect::FromTheFuture))
		);
	});
}

#[test]
fn another_duty_does_not_record() {
	run(|| {
		assert_noop!(Threats::record(delegate(1, Duty::SecurityDecision), 1, ALERT), BadOrigin);
	});
}
