//! What an equivocation costs.

use super::*;
use crate::Validators;
use frame::{arithmetic::Perbill, prelude::Weight};
use pallet_session::SessionManager;
use sp_staking::offence::{OffenceDetails, OnOffenceHandler};

fn equivocate(account: AccountId) {
	let offender = OffenceDetails { offender: (account, ()), reporters: vec![] };
	let _: Weight =
		<Consortium as OnOffenceHandler<AccountId, (AccountId, ()), Weight>>::on_offence(
			&[offender],
			&[Perbill::from_percent(100)],
			1,
		);
}

#[test]
fn an_equivocating_validator_is_disabled_at_once_and_removed_later() {
	network(|| {
		let (organisation, account) = (OrganisationId(1), admin(1));
		equivocate(account);
		assert_eq!(last_event(), Event::ValidatorDisabled { organisation, account, session: 1 });
		assert_eq!(FakeSessions::disabled(), vec![account]);
		assert_eq!(Consortium::new_session(2), Some(vec![admin(0), admin(2), admin(3), admin(4)]));
	});
}

#[test]
fn an_equivocation_touches_nothing_but_the_seat() {
	network(|| {
		let before = Consortium::organisation(OrganisationId(1));
		let council = FakeCollective::members();
		equivocate(admin(1));
		assert_eq!(Consortium::organisation(OrganisationId(1)), before);
		assert_eq!(FakeCollective::members(), council);
		assert_ok!(super::admission::validate(
			signed(clerk(1)),
			&super::admission::remark("ordinary")
		));
	});
}

#[test]
fn a_seat_that_is_needed_stays_disabled_until_it_is_replaced() {
	network(|| {
		assert_ok!(Consortium::remove_validator(council(), OrganisationId(0)));
		Consortium::new_session(2).unwrap();
		equivocate(admin(1));
		let organisation = OrganisationId(1);
		assert_eq!(last_event(), Event::ReplacementNeeded { organisation });
		assert_eq!(Consortium::new_session(3), None);
		assert_eq!(last_event(), Event::ReplacementNeeded { organisation });

		assert_ok!(Consortium::add_validator(council(), OrganisationId(0), admin(0)));
		assert_eq!(Consortium::new_session(4).unwrap().len(), 5);
		let planned = Consortium::new_session(5).unwrap();
		assert_eq!(planned, vec![admin(2), admin(3), admin(4), admin(0)]);
	});
}

#[test]
fn a_disabled_validator_is_disabled_again_in_every_session() {
	network(|| {
		assert_ok!(Consortium::remove_validator(council(), OrganisationId(0)));
		Consortium::new_session(2).unwrap();
		equivocate(admin(1));
		for session in 3..5 {
			FakeSessions::forget_disabled();
			Consortium::start_session(session);
			assert_eq!(FakeSessions::disabled(), vec![admin(1)]);
		}
	});
}

#[test]
fn the_council_clears_a_disabled_seat_by_granting_it_anew() {
	network(|| {
		assert_ok!(Consortium::remove_validator(council(), OrganisationId(0)));
		Consortium::new_session(2).unwrap();
		equivocate(admin(1));
		assert_ok!(Consortium::add_validator(council(), OrganisationId(1), admin(1)));
		assert_eq!(Consortium::new_session(3).unwrap().len(), 4);
		assert!(Validators::<Test>::get().iter().all(|seat| !seat.disabled));
		assert_eq!(Consortium::new_session(4), None);
	});
}

#[test]
fn a_second_report_or_one_of_a_stranger_changes_nothing() {
	network(|| {
		equivocate(admin(1));
		let events = events().len();
		equivocate(admin(1));
		equivocate(STRANGER);
		assert_eq!(super::events().len(), events);
		assert_eq!(FakeSessions::disabled(), vec![admin(1)]);
	});
}
