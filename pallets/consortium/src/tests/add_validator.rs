use super::*;
use crate::{PendingChange, Sessions, Validators};
use pallet_session::SessionManager;

/// A sixth hospital, with keys but without seat.
fn candidate() -> (OrganisationId, AccountId) {
	assert_ok!(Consortium::admit(
		council(),
		OrganisationKind::Hospital,
		country(),
		Competences::EMPTY,
		[9; 32],
		b"Sixth".to_vec().try_into().unwrap(),
		900
	));
	FakeSessions::give_keys(&900);
	(OrganisationId(7), 900)
}

#[test]
fn a_hospital_with_keys_validates_from_the_next_planned_session() {
	network(|| {
		let (organisation, account) = candidate();
		assert_ok!(Consortium::add_validator(council(), organisation, account));
		assert_eq!(
			last_event(),
			Event::ValidatorChangeQueued { change: SeatChange::Add { organisation, account } }
		);
		assert_eq!(Consortium::new_session(2).unwrap().last(), Some(&account));
		assert_eq!(last_event(), Event::ValidatorAdded { organisation, account });
		assert_eq!(Consortium::new_session(3), None);
	});
}

#[test]
fn there_is_one_change_a_session() {
	network(|| {
		let (organisation, account) = candidate();
		assert_ok!(Consortium::add_validator(council(), organisation, account));
		assert_noop!(
			Consortium::remove_validator(council(), OrganisationId(0)),
			Error::<Test>::ChangePending
		);
		assert_noop!(
			Consortium::add_validator(council(), organisation, account),
			Error::<Test>::ChangePending
		);
		Consortium::new_session(2).unwrap();
		assert_ok!(Consortium::remove_validator(council(), OrganisationId(0)));
	});
}

#[test]
fn a_hospital_without_keys_gets_no_seat() {
	network(|| {
		let (organisation, account) = candidate();
		FakeSessions::lose_keys(account);
		assert_noop!(
			Consortium::add_validator(council(), organisation, account),
			Error::<Test>::NoSessionKeys
		);
	});
}

#[test]
fn a_change_whose_ground_is_gone_is_dropped() {
	network(|| {
		let (organisation, account) = candidate();
		assert_ok!(Consortium::add_validator(council(), organisation, account));
		FakeSessions::lose_keys(account);
		assert_eq!(Consortium::new_session(2), None);
		assert_eq!(last_event(), Event::ValidatorChangeDropped { organisation });
		assert_eq!(PendingChange::<Test>::get(), None);

		FakeSessions::give_keys(&account);
		assert_ok!(Consortium::add_validator(council(), organisation, account));
		assert_ok!(Consortium::suspend(council(), organisation));
		assert_eq!(Consortium::new_session(3), None);
		assert_eq!(Validators::<Test>::get().len(), 5);
	});
}

#[test]
fn only_an_administrator_of_the_active_hospital_itself_gets_the_seat() {
	network(|| {
		let (organisation, account) = candidate();
		FakeSessions::give_keys(&clerk(0));
		for stranger in [STRANGER, clerk(0), admin(1)] {
			assert_noop!(
				Consortium::add_validator(council(), organisation, stranger),
				Error::<Test>::NotAuthorized
			);
		}
		assert_noop!(
			Consortium::add_validator(council(), CARE_CENTRE, admin(CARE_CENTRE.0)),
			Error::<Test>::NotAllowedForKind
		);
		assert_noop!(
			Consortium::add_validator(council(), OrganisationId(99), account),
			Error::<Test>::NotFound
		);
		assert_noop!(Consortium::add_validator(signed(admin(0)), organisation, account), BadOrigin);
		assert_ok!(Consortium::suspend(council(), organisation));
		assert_noop!(
			Consortium::add_validator(council(), organisation, account),
			Error::<Test>::NotActive
		);
	});
}

#[test]
fn a_seat_moves_to_another_administrator() {
	network(|| {
		let organisation = OrganisationId(0);
		assert_noop!(
			Consortium::add_validator(council(), organisation, admin(0)),
			Error::<Test>::AlreadyExists
		);
		assert_ok!(Consortium::set_delegate(signed(admin(0)), 900, administration()));
		FakeSessions::give_keys(&900);
		assert_ok!(Consortium::add_validator(council(), organisation, 900));
		let planned = Consortium::new_session(2).unwrap();
		assert!(planned.contains(&900) && !planned.contains(&admin(0)));
		assert_eq!(planned.len(), 5);
		assert_eq!(last_event(), Event::ValidatorMoved { organisation, account: 900 });
		assert_ok!(Consortium::dismiss_delegate(signed(900), admin(0)));
	});
}

#[test]
fn the_set_does_not_outgrow_its_bound() {
	network(|| {
		let mut session = 2;
		for number in 7..10 {
			let account = admin(number);
			assert_ok!(Consortium::admit(
				council(),
				OrganisationKind::Hospital,
				country(),
				Competences::EMPTY,
				[9; 32],
				b"Another".to_vec().try_into().unwrap(),
				account
			));
			FakeSessions::give_keys(&account);
			let result = Consortium::add_validator(council(), OrganisationId(number), account);
			if number < 9 {
				assert_ok!(result);
				Consortium::new_session(session).unwrap();
				session += 1;
			} else {
				assert_eq!(result, Err(Error::<Test>::MaxValidatorsExceeded.into()));
			}
		}
	});
}
