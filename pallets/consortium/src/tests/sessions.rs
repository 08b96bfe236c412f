//! What each session is planned with.

use super::*;
use crate::{Sessions, UnitIdentification, ValidatorIdOf, Validators};
use frame::deps::sp_runtime::traits::Convert;
use pallet_session::SessionManager;

#[test]
fn a_session_without_change_is_not_answered() {
	network(|| {
		for session in 2..6 {
			assert_eq!(Consortium::new_session(session), None);
		}
		assert_eq!(events(), []);
	});
}

#[test]
fn a_validator_that_lost_its_keys_is_removed() {
	network(|| {
		FakeSessions::lose_keys(admin(2));
		assert_eq!(Consortium::new_session(2), Some(vec![admin(0), admin(1), admin(3), admin(4)]));
		assert_eq!(Consortium::new_session(3), None);
	});
}

#[test]
fn one_seat_a_session_and_never_below_four() {
	network(|| {
		for number in [1, 2, 3] {
			assert_ok!(Consortium::suspend(council(), OrganisationId(number)));
		}
		assert_eq!(Consortium::new_session(2).unwrap().len(), 4);
		assert_eq!(Consortium::new_session(3), None);
		assert_eq!(last_event(), Event::ReplacementNeeded { organisation: OrganisationId(2) });
		assert_eq!(Validators::<Test>::get().len(), 4);
	});
}

#[test]
fn a_queued_change_goes_before_a_groundless_seat() {
	network(|| {
		assert_ok!(Consortium::remove_validator(council(), OrganisationId(4)));
		assert_ok!(Consortium::suspend(council(), OrganisationId(0)));
		assert_eq!(Consortium::new_session(2), Some(vec![admin(0), admin(1), admin(2), admin(3)]));
	});
}

#[test]
fn no_organisation_without_keys_is_ever_in_an_answer() {
	network(|| {
		FakeSessions::lose_keys(admin(1));
		FakeSessions::lose_keys(admin(3));
		let planned = Consortium::new_session(2).unwrap();
		assert!(planned.iter().all(FakeSessions::has_keys));
	});
}

#[test]
fn the_historical_answer_is_the_same_with_unit_identifications() {
	network(|| {
		assert_ok!(Consortium::remove_validator(council(), OrganisationId(4)));
		type Historical = dyn Fn(u32) -> Option<Vec<(AccountId, ())>>;
		let plan: &Historical =
			&<Consortium as pallet_session::historical::SessionManager<AccountId, ()>>::new_session;
		let planned = plan(2).unwrap();
		assert_eq!(planned, [0, 1, 2, 3].map(|number| (admin(number), ())).to_vec());
		assert_eq!(plan(3), None);
		assert_eq!(UnitIdentification::convert(STRANGER), Some(()));
	});
}

#[test]
fn only_an_administrator_of_an_active_hospital_may_set_keys() {
	network(|| {
		let id_of = ValidatorIdOf::<Test>::convert;
		assert_eq!(id_of(admin(0)), Some(admin(0)));
		for account in [STRANGER, clerk(0), admin(CARE_CENTRE.0), admin(AUTHORITY.0)] {
			assert_eq!(id_of(account), None);
		}
		assert_ok!(Consortium::suspend(council(), OrganisationId(0)));
		assert_eq!(id_of(admin(0)), None);
	});
}
