use super::*;

fn recomputed(by: u32, number: u64) -> DispatchResult {
	let origin = delegate(by, Duty::SecurityReport);
	Risk::attest(origin, HOSPITAL, number, Attestation::Recomputed)
}

fn audited(by: u32, number: u64) -> DispatchResult {
	Risk::attest(delegate(by, Duty::Oversight), HOSPITAL, number, Attestation::Audited)
}

fn attestation() -> Option<Attestation> {
	Risk::fitness(HOSPITAL).map(|fitness| fitness.attestation)
}

#[test]
fn an_attestation_only_gets_stronger() {
	run(|| {
		assert_ok!(record(1, ASSESSMENT));
		assert_ok!(recomputed(2, 1));
		assert_eq!(attestation(), Some(Attestation::Recomputed));
		assert_noop!(recomputed(3, 1), Error::<Test>::AlreadyAttested);
		assert_ok!(audited(20, 1));
		System::assert_last_event(
			Event::AssessmentAttested {
				organisation: HOSPITAL,
				number: 1,
				attester: OrganisationId(20),
				attestation: Attestation::Audited,
			}
			.into(),
		);
		assert_noop!(recomputed(2, 1), Error::<Test>::AlreadyAttested);
		assert_eq!(attestation(), Some(Attestation::Audited));
	});
}

#[test]
fn an_attestation_ends_with_the_assessment() {
	run(|| {
		assert_ok!(record(1, ASSESSMENT));
		assert_ok!(audited(20, 1));
		assert_ok!(record(2, ASSESSMENT));
		assert_eq!(attestation(), Some(Attestation::SelfAssessed));
		assert_noop!(audited(20, 1), Error::<Test>::NotFound);
	});
}

#[test]
fn nobody_attests_itself_or_without_being_competent() {
	run(|| {
		assert_ok!(record(1, ASSESSMENT));
		assert_noop!(recomputed(1, 1), Error::<Test>::NotAuthorized);
		assert_noop!(recomputed(10, 1), Error::<Test>::NotAuthorized);
		assert_noop!(recomputed(20, 1), Error::<Test>::NotAuthorized);
		assert_noop!(audited(2, 1), Error::<Test>::NotAuthorized);
		assert_noop!(audited(21, 1), Error::<Test>::NotAuthorized);
		assert_noop!(audited(99, 1), Error::<Test>::NotAuthorized);
	});
}

#[test]
fn a_self_assessment_is_not_attested() {
	run(|| {
		assert_ok!(record(1, ASSESSMENT));
		assert_noop!(
			Risk::attest(delegate(2, Duty::SecurityReport), HOSPITAL, 1, Attestation::SelfAssessed),
			Error::<Test>::WrongAttestation
		);
	});
}

#[test]
fn an_unknown_or_expired_assessment_is_not_attested() {
	run(|| {
		assert_noop!(recomputed(2, 1), Error::<Test>::NotFound);
		assert_ok!(record(1, ASSESSMENT));
		assert_noop!(recomputed(2, 2), Error::<Test>::NotFound);
		Now::set(2_000_000);
		assert_noop!(recomputed(2, 1), Error::<Test>::Expired);
	});
}

#[test]
fn each_attestation_has_its_duty() {
	run(|| {
		assert_ok!(record(1, ASSESSMENT));
		for (duty, attestation) in [
			(Duty::Oversight, Attestation::Recomputed),
			(Duty::SecurityReport, Attestation::Audited),
		] {
			assert_noop!(Risk::attest(delegate(20, duty), HOSPITAL, 1, attestation), BadOrigin);
		}
	});
}
