use super::*;

#[test]
fn the_newest_assessment_tells_how_fit_an_organisation_is() {
	run(|| {
		assert_eq!(Risk::fitness(HOSPITAL), None);
		assert_ok!(record(1, ASSESSMENT));
		assert_ok!(record(2, Assessment { cyber: Level::VeryHigh, ..ASSESSMENT }));
		System::assert_last_event(
			Event::AssessmentRecorded {
				organisation: HOSPITAL,
				number: 2,
				assessment: Assessment { cyber: Level::VeryHigh, ..ASSESSMENT },
			}
			.into(),
		);
		assert_eq!(
			Risk::fitness(HOSPITAL),
			Some(Fitness {
				cyber: Level::VeryHigh,
				privacy: Level::Moderate,
				attestation: Attestation::SelfAssessed,
				assessed_at: 1_000_000,
				expires_at: 2_000_000,
			})
		);
	});
}

#[test]
fn the_gate_refuses_an_expired_assessment() {
	run(|| {
		assert_ok!(record(1, ASSESSMENT));
		let fitness = Risk::fitness(HOSPITAL);
		assert!(Tolerance::DEFAULT.accepts(fitness.as_ref(), 1_999_999));
		assert!(!Tolerance::DEFAULT.accepts(fitness.as_ref(), 2_000_000));
	});
}

#[test]
fn an_organisation_cannot_claim_that_others_stand_behind_its_assessment() {
	run(|| {
		for attestation in [Attestation::Recomputed, Attestation::Audited] {
			assert_noop!(
				record(1, Assessment { attestation, ..ASSESSMENT }),
				Error::<Test>::WrongAttestation
			);
		}
	});
}

#[test]
fn the_oldest_assessment_leaves_when_the_history_is_full() {
	run(|| {
		for number in 1..=5 {
			assert_ok!(record(number, ASSESSMENT));
		}
		assert_eq!(Numbers::<Test>::get(HOSPITAL).into_inner(), [3, 4, 5]);
		assert_eq!(Assessments::<Test>::iter().count(), 3);
	});
}

#[test]
fn a_number_is_taken_once() {
	run(|| {
		assert_ok!(record(2, ASSESSMENT));
		for number in [1, 2] {
			assert_noop!(record(number, ASSESSMENT), Error::<Test>::AlreadyRecorded);
		}
	});
}

#[test]
fn a_defective_assessment_is_refused_with_its_defect() {
	run(|| {
		for (assessment, defect) in [
			(
				Assessment { inputs: Commitment([2; 32]), ..ASSESSMENT },
				ReportDefect::MissingCommitment,
			),
			(Assessment { assessed_at: 1_060_001, ..ASSESSMENT }, ReportDefect::FromTheFuture),
			(Assessment { expires_at: 1_000_000, ..ASSESSMENT }, ReportDefect::Expired),
			(Assessment { expires_at: u64::MAX, ..ASSESSMENT }, ReportDefect::ValidTooLong),
		] {
			assert_noop!(record(1, assessment), Error::<Test>::Defective(Defect(defect)));
		}
	});
}

#[test]
fn another_duty_does_not_record() {
	run(|| {
		assert_noop!(Risk::record(delegate(1, Duty::Administration), 1, ASSESSMENT), BadOrigin);
	});
}
