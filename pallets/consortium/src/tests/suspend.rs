use super::*;
use crate::Validators;
use pallet_session::SessionManager;

#[test]
fn a_suspended_hospital_leaves_the_council_and_the_reviewers() {
	network(|| {
		let organisation = OrganisationId(0);
		assert_ok!(Consortium::suspend(council(), organisation));
		assert_eq!(last_event(), Event::OrganisationSuspended { organisation });
		assert!(!FakeCollective::members().contains(&admin(0)));
		assert!(
			!<Consortium as curex_primitives::Organisations>::reviewers().contains(&organisation)
		);
	});
}

#[test]
fn a_suspended_hospital_loses_its_seat_when_the_next_session_is_planned() {
	network(|| {
		assert_ok!(Consortium::suspend(council(), OrganisationId(2)));
		assert_eq!(Validators::<Test>::get().len(), 5);
		let planned = Consortium::new_session(2).unwrap();
		assert_eq!(planned, vec![admin(0), admin(1), admin(3), admin(4)]);
	});
}

#[test]
fn a_suspended_hospital_may_still_repair_itself() {
	network(|| {
		assert_ok!(Consortium::suspend(council(), OrganisationId(0)));
		assert_ok!(Consortium::rotate_encryption_key(signed(admin(0)), [77; 32]));
		assert_ok!(Consortium::dismiss_delegate(signed(admin(0)), clerk(0)));
	});
}

#[test]
fn only_an_active_organisation_is_suspended() {
	network(|| {
		assert_noop!(Consortium::suspend(council(), OrganisationId(99)), Error::<Test>::NotFound);
		assert_ok!(Consortium::suspend(council(), CARE_CENTRE));
		assert_noop!(Consortium::suspend(council(), CARE_CENTRE), Error::<Test>::NotActive);
		assert_noop!(Consortium::suspend(signed(admin(0)), AUTHORITY), BadOrigin);
	});
}

#[test]
fn the_last_voice_of_the_council_cannot_be_suspended() {
	network(|| {
		for number in 0..HOSPITALS - 1 {
			assert_ok!(Consortium::suspend(council(), OrganisationId(number)));
		}
		assert_noop!(
			Consortium::suspend(council(), OrganisationId(HOSPITALS - 1)),
			Error::<Test>::LastCouncilMember
		);
	});
}
