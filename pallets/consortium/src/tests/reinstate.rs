use super::*;

#[test]
fn a_reinstated_hospital_votes_and_reviews_again() {
	network(|| {
		let organisation = OrganisationId(0);
		let before = FakeCollective::members();
		assert_ok!(Consortium::suspend(council(), organisation));
		assert_ok!(Consortium::reinstate(council(), organisation));
		assert_eq!(last_event(), Event::OrganisationReinstated { organisation });
		assert_eq!(FakeCollective::members(), before);
	});
}

#[test]
fn a_voice_changed_during_suspension_is_the_one_that_returns() {
	network(|| {
		assert_ok!(Consortium::suspend(council(), OrganisationId(0)));
		assert_ok!(Consortium::set_delegate(signed(admin(0)), admin(0), administration()));
		assert_ok!(Consortium::set_delegate(
			signed(admin(0)),
			clerk(0),
			clerk_duties().with(Duty::Council)
		));
		assert!(!FakeCollective::members().contains(&clerk(0)));
		assert_ok!(Consortium::reinstate(council(), OrganisationId(0)));
		assert!(FakeCollective::members().contains(&clerk(0)));
		assert!(!FakeCollective::members().contains(&admin(0)));
	});
}

#[test]
fn only_a_suspended_organisation_is_reinstated() {
	network(|| {
		assert_noop!(Consortium::reinstate(council(), OrganisationId(99)), Error::<Test>::NotFound);
		assert_noop!(Consortium::reinstate(council(), CARE_CENTRE), Error::<Test>::NotSuspended);
		assert_ok!(Consortium::expel(council(), CARE_CENTRE));
		assert_noop!(Consortium::reinstate(council(), CARE_CENTRE), Error::<Test>::NotSuspended);
		assert_noop!(Consortium::reinstate(signed(admin(0)), AUTHORITY), BadOrigin);
	});
}
