use super::*;
use crate::{Delegate, Retired, Sessions};
use pallet_session::SessionManager;

#[test]
fn a_delegate_hands_its_duties_to_a_new_account() {
	network(|| {
		let organisation = OrganisationId(0);
		let (old, new) = (clerk(0), 900);
		assert_ok!(Consortium::rotate_account(signed(old), new));
		assert_eq!(last_event(), Event::AccountRotated { organisation, old, new });
		assert_eq!(
			Consortium::delegate(&new),
			Some(Delegate { organisation, duties: clerk_duties() })
		);
		assert_eq!(Consortium::delegate(&old), None);
		assert!(Retired::<Test>::contains_key(old));
		assert!(!System::account_exists(&old));
		assert_eq!(System::providers(&new), 1);
	});
}

#[test]
fn the_last_administrator_and_the_voice_in_the_council_may_rotate() {
	network(|| {
		assert_ok!(Consortium::remove_validator(council(), OrganisationId(0)));
		Consortium::new_session(2).unwrap();
		assert_ok!(Consortium::rotate_account(signed(admin(0)), 900));
		assert!(FakeCollective::members().contains(&900));
		assert!(!FakeCollective::members().contains(&admin(0)));
		assert!(!FakeSessions::has_keys(&admin(0)));
		assert_ok!(Consortium::set_delegate(signed(900), 901, clerk_duties()));
	});
}

#[test]
fn the_holder_of_the_seat_does_not_rotate() {
	network(|| {
		assert_noop!(Consortium::rotate_account(signed(admin(0)), 900), Error::<Test>::HoldsSeat);
	});
}

#[test]
fn nobody_rotates_into_a_delegate_or_a_retired_account() {
	network(|| {
		for new in [clerk(0), admin(0), clerk(1)] {
			assert_noop!(
				Consortium::rotate_account(signed(clerk(0)), new),
				Error::<Test>::AlreadyExists
			);
		}
		assert_ok!(Consortium::dismiss_delegate(signed(admin(1)), clerk(1)));
		assert_noop!(
			Consortium::rotate_account(signed(clerk(0)), clerk(1)),
			Error::<Test>::AccountRetired
		);
		assert_noop!(
			Consortium::rotate_account(signed(STRANGER), 900),
			Error::<Test>::NotAuthorized
		);
	});
}
