use super::*;

#[test]
fn an_organisation_says_what_it_accepts() {
	run(|| {
		assert_eq!(Risk::tolerance(HOSPITAL), Tolerance::DEFAULT);
		let tolerance = Tolerance { worst_cyber: Level::VeryLow, ..Tolerance::DEFAULT };
		assert_ok!(Risk::set_tolerance(delegate(1, Duty::Administration), tolerance.clone()));
		System::assert_last_event(
			Event::ToleranceSet { organisation: HOSPITAL, tolerance: tolerance.clone() }.into(),
		);
		assert_eq!(Risk::tolerance(HOSPITAL), tolerance);
		assert_eq!(Risk::tolerance(OrganisationId(2)), Tolerance::DEFAULT);
	});
}

#[test]
fn another_duty_does_not_set_it() {
	run(|| {
		assert_noop!(
			Risk::set_tolerance(delegate(1, Duty::SecurityReport), Tolerance::DEFAULT),
			BadOrigin
		);
	});
}
