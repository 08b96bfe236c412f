use super::*;
use crate::Sessions;
use pallet_session::SessionManager;

#[test]
fn a_dismissed_delegate_acts_for_nobody() {
	network(|| {
		let (organisation, account) = (OrganisationId(0), clerk(0));
		assert_ok!(Consortium::dismiss_delegate(signed(admin(0)), account));
		assert_eq!(last_event(), Event::DelegateDismissed { organisation, account });
		assert_eq!(Consortium::delegate(&account), None);
		assert!(!System::account_exists(&account));
	});
}

#[test]
fn session_keys_go_with_their_account() {
	network(|| {
		assert_ok!(Consortium::set_delegate(signed(admin(0)), 900, administration()));
		FakeSessions::give_keys(&900);
		assert_ok!(Consortium::dismiss_delegate(signed(admin(0)), 900));
		assert!(!FakeSessions::has_keys(&900));
		assert!(!System::account_exists(&900));
	});
}

#[test]
fn an_account_that_something_else_holds_on_to_is_not_dismissed() {
	network(|| {
		assert_ok!(System::inc_consumers(&clerk(0)));
		assert_noop!(
			Consortium::dismiss_delegate(signed(admin(0)), clerk(0)),
			DispatchError::ConsumerRemaining
		);
	});
}

#[test]
fn nobody_dismisses_a_delegate_of_another_organisation() {
	network(|| {
		assert_noop!(
			Consortium::dismiss_delegate(signed(admin(0)), clerk(1)),
			Error::<Test>::NotFound
		);
		assert_noop!(
			Consortium::dismiss_delegate(signed(clerk(0)), admin(0)),
			Error::<Test>::NotAuthorized
		);
		assert_noop!(
			Consortium::dismiss_delegate(signed(STRANGER), clerk(0)),
			Error::<Test>::NotAuthorized
		);
	});
}

#[test]
fn the_last_administrator_is_not_dismissed() {
	network(|| {
		let administrator = admin(AUTHORITY.0);
		assert_noop!(
			Consortium::dismiss_delegate(signed(administrator), administrator),
			Error::<Test>::LastAdministrator
		);
		assert_ok!(Consortium::set_delegate(signed(administrator), 900, administration()));
		assert_ok!(Consortium::dismiss_delegate(signed(administrator), administrator));
	});
}

#[test]
fn the_holder_of_the_seat_is_not_dismissed_before_the_seat_is_given_up() {
	network(|| {
		assert_ok!(Consortium::set_delegate(signed(admin(0)), 900, administration()));
		assert_noop!(Consortium::dismiss_delegate(signed(900), admin(0)), Error::<Test>::HoldsSeat);
		assert_ok!(Consortium::remove_validator(council(), OrganisationId(0)));
		Consortium::new_session(2).unwrap();
		assert_ok!(Consortium::dismiss_delegate(signed(900), admin(0)));
		assert!(!FakeCollective::members().contains(&admin(0)));
	});
}
