use super::*;
use crate::{
	CouncilAccounts, Delegates, Peers, PeersOf, PendingChange, Quotas, Retired, Sessions, Staff,
	Validators,
};
use pallet_session::SessionManager;

#[test]
fn an_expelled_hospital_leaves_nothing_behind() {
	network(|| {
		let organisation = OrganisationId(0);
		assert_ok!(Consortium::set_quota(council(), organisation, 7));
		assert_ok!(Consortium::expel(council(), organisation));
		assert_eq!(last_event(), Event::OrganisationExpelled { organisation });

		assert_eq!(
			Consortium::organisation(organisation).unwrap().status,
			OrganisationStatus::Exited
		);
		assert!(Staff::<Test>::get(organisation).is_empty());
		assert!(PeersOf::<Test>::get(organisation).is_empty());
		assert!(!Peers::<Test>::contains_key(peer(1)));
		assert!(!Quotas::<Test>::contains_key(organisation));
		assert!(!CouncilAccounts::<Test>::contains_key(organisation));
		assert!(!FakeCollective::members().contains(&admin(0)));
		for account in [admin(0), clerk(0)] {
			assert!(!Delegates::<Test>::contains_key(account));
			assert!(Retired::<Test>::contains_key(account));
			assert!(!FakeSessions::has_keys(&account));
			assert_eq!(System::providers(&account), 0);
			assert!(!System::account_exists(&account));
		}

		check_invariants();
		assert_eq!(Consortium::new_session(2), Some(vec![admin(1), admin(2), admin(3), admin(4)]));
		assert_eq!(Validators::<Test>::get().len(), 4);
	});
}

#[test]
fn a_hospital_whose_seat_is_needed_cannot_be_expelled() {
	network(|| {
		assert_ok!(Consortium::expel(council(), OrganisationId(0)));
		Consortium::new_session(2).unwrap();
		assert_noop!(
			Consortium::expel(council(), OrganisationId(1)),
			Error::<Test>::TooFewValidators
		);
		assert_ok!(Consortium::expel(council(), CARE_CENTRE));
	});
}

#[test]
fn a_hospital_with_a_seat_waits_for_a_queued_change_of_another() {
	network(|| {
		assert_ok!(Consortium::remove_validator(council(), OrganisationId(1)));
		assert_noop!(Consortium::expel(council(), OrganisationId(0)), Error::<Test>::ChangePending);
		assert_ok!(Consortium::expel(council(), OrganisationId(1)));
		assert_eq!(
			PendingChange::<Test>::get(),
			Some(SeatChange::Remove { organisation: OrganisationId(1) })
		);
	});
}

#[test]
fn a_suspended_organisation_is_expelled_too_but_nobody_twice() {
	network(|| {
		assert_ok!(Consortium::suspend(council(), AUTHORITY));
		assert_ok!(Consortium::expel(council(), AUTHORITY));
		assert_noop!(Consortium::expel(council(), AUTHORITY), Error::<Test>::Exited);
		assert_noop!(Consortium::suspend(council(), AUTHORITY), Error::<Test>::NotActive);
		assert_noop!(Consortium::set_quota(council(), AUTHORITY, 1), Error::<Test>::Exited);
		assert_noop!(Consortium::expel(council(), OrganisationId(99)), Error::<Test>::NotFound);
		assert_noop!(Consortium::expel(signed(admin(0)), CARE_CENTRE), BadOrigin);
	});
}

#[test]
fn a_queued_seat_goes_with_its_organisation() {
	network(|| {
		let organisation = OrganisationId(0);
		assert_ok!(Consortium::remove_validator(council(), organisation));
		Consortium::new_session(2).unwrap();
		assert_ok!(Consortium::add_validator(council(), organisation, admin(0)));
		assert_ok!(Consortium::expel(council(), organisation));
		assert_eq!(PendingChange::<Test>::get(), None);
		assert_eq!(Consortium::new_session(3), None);
	});
}
