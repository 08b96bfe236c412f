use super::*;

#[test]
fn a_closed_alert_keeps_the_commitment_to_what_came_of_it() {
	run(|| {
		assert_ok!(record(1, 1));
		assert_ok!(record(1, 2));
		assert_ok!(close(1, 1));
		System::assert_last_event(
			Event::AlertClosed {
				organisation: OrganisationId(1),
				number: 1,
				evidence: Commitment([8; 32]),
			}
			.into(),
		);
		assert_eq!(
			Alerts::<Test>::get(OrganisationId(1), 1),
			Some(Alert { digest: ALERT, closed: Some(Commitment([8; 32])) })
		);
		assert_eq!(open(1), 1);
	});
}

#[test]
fn an_alert_is_closed_once_and_by_its_own_organisation() {
	run(|| {
		assert_ok!(record(1, 1));
		assert_noop!(close(2, 1), Error::<Test>::NotFound);
		assert_noop!(close(1, 2), Error::<Test>::NotFound);
		assert_ok!(close(1, 1));
		assert_noop!(close(1, 1), Error::<Test>::AlreadyClosed);
	});
}

#[test]
fn closing_says_what_came_of_it() {
	run(|| {
		assert_ok!(record(1, 1));
		assert_noop!(
			Threats::close(delegate(1, Duty::SecurityDecision), 1, Commitment([0; 32])),
			Error::<Test>::Defective(Defect(ReportDefect::MissingCommitment))
		);
	});
}

#[test]
fn the_worker_that_reports_does_not_close() {
	run(|| {
		assert_ok!(record(1, 1));
		assert_noop!(
			Threats::close(delegate(1, Duty::SecurityReport), 1, Commitment([8; 32])),
			BadOrigin
		);
	});
}
