use super::*;

#[test]
fn a_recorded_plan_waits_for_a_decision() {
	run(|| {
		assert_ok!(record(1, PLAN));
		System::assert_last_event(
			Event::PlanRecorded { organisation: HOSPITAL, number: 1, plan: PLAN }.into(),
		);
		assert_eq!(
			Safeguards::newest(HOSPITAL),
			Some(PlanRecord { plan: PLAN, decision: None, implemented: None })
		);
		assert_eq!(Safeguards::newest(OrganisationId(2)), None);
	});
}

#[test]
fn the_oldest_plan_leaves_when_the_history_is_full() {
	run(|| {
		for number in 1..=5 {
			assert_ok!(record(number, PLAN));
		}
		assert_eq!(Numbers::<Test>::get(HOSPITAL).into_inner(), [3, 4, 5]);
		assert_noop!(decide(1, 2, PlanVerdict::Accepted), Error::<Test>::NotFound);
	});
}

#[test]
fn a_number_is_taken_once() {
	run(|| {
		assert_ok!(record(2, PLAN));
		for number in [1, 2] {
			assert_noop!(record(number, PLAN), Error::<Test>::AlreadyRecorded);
		}
	});
}

#[test]
fn a_defective_plan_is_refused_with_its_defect() {
	run(|| {
		assert_noop!(
			record(1, Plan { bound_ppm: 300_001, ..PLAN }),
			Error::<Test>::Defective(Defect(ReportDefect::BoundAboveObjective))
		);
		assert_noop!(
			record(1, Plan { inputs: Commitment([0; 32]), ..PLAN }),
			Error::<Test>::Defective(Defect(ReportDefect::MissingCommitment))
		);
	});
}

#[test]
fn another_duty_does_not_record() {
	run(|| {
		assert_noop!(Safeguards::record(delegate(1, Duty::SecurityDecision), 1, PLAN), BadOrigin);
	});
}
