use super::*;
use crate::Validators;
use pallet_session::SessionManager;

#[test]
fn a_seat_is_removed_when_the_next_session_is_planned() {
	network(|| {
		let organisation = OrganisationId(3);
		assert_ok!(Consortium::remove_validator(council(), organisation));
		assert_eq!(Validators::<Test>::get().len(), 5);
		assert_eq!(Consortium::new_session(2), Some(vec![admin(0), admin(1), admin(2), admin(4)]));
		assert_eq!(last_event(), Event::ValidatorRemoved { organisation, account: admin(3) });
		assert!(Consortium::organisation(organisation).unwrap().is_active());
	});
}

#[test]
fn the_set_never_shrinks_below_four() {
	network(|| {
		assert_ok!(Consortium::remove_validator(council(), OrganisationId(0)));
		Consortium::new_session(2).unwrap();
		assert_noop!(
			Consortium::remove_validator(council(), OrganisationId(1)),
			Error::<Test>::TooFewValidators
		);
	});
}

#[test]
fn only_the_council_removes_and_only_a_seat_that_is_there() {
	network(|| {
		assert_noop!(Consortium::remove_validator(council(), CARE_CENTRE), Error::<Test>::NotFound);
		assert_noop!(Consortium::remove_validator(signed(admin(0)), OrganisationId(0)), BadOrigin);
	});
}
