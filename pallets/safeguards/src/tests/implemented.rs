use super::*;

fn implemented(organisation: u32, plan: u64) -> DispatchResult {
	Safeguards::implemented(
		delegate(organisation, Duty::SecurityDecision),
		plan,
		Commitment([4; 32]),
	)
}

#[test]
fn an_accepted_plan_is_carried_out_once() {
	run(|| {
		for (number, verdict) in [(1, PlanVerdict::Accepted), (2, PlanVerdict::Amended)] {
			assert_ok!(record(number, PLAN));
			assert_ok!(decide(1, number, verdict));
			assert_ok!(implemented(1, number));
			System::assert_last_event(
				Event::PlanImplemented {
					organisation: HOSPITAL,
					number,
					evidence: Commitment([4; 32]),
				}
				.into(),
			);
			assert_noop!(implemented(1, number), Error::<Test>::AlreadyImplemented);
		}
	});
}

#[test]
fn a_plan_nobody_accepted_is_not_carried_out() {
	run(|| {
		assert_ok!(record(1, PLAN));
		assert_noop!(implemented(1, 1), Error::<Test>::NotAccepted);
		assert_ok!(decide(1, 1, PlanVerdict::Rejected));
		assert_noop!(implemented(1, 1), Error::<Test>::NotAccepted);
	});
}

#[test]
fn only_its_own_organisation_carries_a_plan_out() {
	run(|| {
		assert_ok!(record(1, PLAN));
		assert_ok!(decide(1, 1, PlanVerdict::Accepted));
		assert_noop!(implemented(2, 1), Error::<Test>::NotFound);
	});
}

#[test]
fn it_takes_evidence_and_the_security_officer() {
	run(|| {
		assert_ok!(record(1, PLAN));
		assert_ok!(decide(1, 1, PlanVerdict::Accepted));
		assert_noop!(
			Safeguards::implemented(delegate(1, Duty::SecurityDecision), 1, Commitment([0; 32])),
			Error::<Test>::Defective(Defect(ReportDefect::MissingCommitment))
		);
		assert_noop!(
			Safeguards::implemented(delegate(1, Duty::SecurityReport), 1, Commitment([4; 32])),
			BadOrigin
		);
	});
}
