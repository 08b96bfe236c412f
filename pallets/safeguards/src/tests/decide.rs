use super::*;

#[test]
fn a_decision_stands_with_its_plan() {
	run(|| {
		assert_ok!(record(1, PLAN));
		assert_ok!(record(2, PLAN));
		assert_ok!(decide(1, 1, PlanVerdict::Amended));
		System::assert_last_event(
			Event::PlanDecided {
				organisation: HOSPITAL,
				decision: PlanDecision {
					plan: 1,
					verdict: PlanVerdict::Amended,
					reasons: Commitment([3; 32]),
				},
			}
			.into(),
		);
		assert_eq!(
			Plans::<Test>::get(HOSPITAL, 1).and_then(|record| record.decision),
			Some(Decision { verdict: PlanVerdict::Amended, reasons: Commitment([3; 32]) })
		);
		assert_eq!(Plans::<Test>::get(HOSPITAL, 2).and_then(|record| record.decision), None);
	});
}

#[test]
fn a_plan_is_decided_on_once() {
	run(|| {
		assert_ok!(record(1, PLAN));
		assert_ok!(decide(1, 1, PlanVerdict::Rejected));
		assert_noop!(decide(1, 1, PlanVerdict::Accepted), Error::<Test>::AlreadyDecided);
	});
}

#[test]
fn only_its_own_organisation_decides_on_a_plan() {
	run(|| {
		assert_ok!(record(1, PLAN));
		assert_noop!(decide(2, 1, PlanVerdict::Accepted), Error::<Test>::NotFound);
		assert_noop!(decide(1, 2, PlanVerdict::Accepted), Error::<Test>::NotFound);
	});
}

#[test]
fn the_worker_that_proposes_does_not_decide() {
	run(|| {
		assert_ok!(record(1, PLAN));
		assert_noop!(
			Safeguards::decide(
				delegate(1, Duty::SecurityReport),
				PlanDecision {
					plan: 1,
					verdict: PlanVerdict::Accepted,
					reasons: Commitment([3; 32])
				}
			),
			BadOrigin
		);
	});
}

#[test]
fn a_decision_has_reasons() {
	run(|| {
		assert_ok!(record(1, PLAN));
		assert_noop!(
			Safeguards::decide(
				delegate(1, Duty::SecurityDecision),
				PlanDecision {
					plan: 1,
					verdict: PlanVerdict::Accepted,
					reasons: Commitment([0; 32])
				}
			),
			Error::<Test>::Defective(Defect(ReportDefect::MissingCommitment))
		);
	});
}
