use crate::{mock::*, Error, Event, Holders};
use curex_primitives::OrganisationId;
use frame::testing_prelude::*;

fn name(by: OrganisationId, holder: OrganisationId, number: u8) -> DispatchResult {
	SecondaryUse::name_holder(officer(by), id(), holder, commitment(number))
}

#[test]
fn the_body_names_holders() {
	run(|| {
		issued();
		System::assert_last_event(Event::HolderNamed { permit: id(), holder: HOLDER }.into());
		assert!(Holders::<Test>::contains_key(id(), HOLDER));
		assert!(!Holders::<Test>::contains_key(id(), OTHER));
	});
}

#[test]
fn no_other_body_names_holders_while_the_issuer_may() {
	run(|| {
		refuse(|| name(BODY, OTHER, 210), Error::NotFound);
		issued();
		for by in [SUPERVISOR, SECOND_BODY, BODY_ABROAD, USER, HOLDER] {
			refuse(|| name(by, OTHER, 210), Error::NotAuthorized);
		}
		suspend(BODY);
		refuse(|| name(BODY_ABROAD, OTHER, 210), Error::NotAuthorized);
		assert_ok!(name(SECOND_BODY, OTHER, 210));
	});
}

#[test]
fn a_holder_is_named_once_and_within_bounds() {
	run(|| {
		issued();
		refuse(|| name(BODY, HOLDER, 210), Error::AlreadyExists);
		refuse(|| name(BODY, SUPERVISOR, 210), Error::OrganisationNotFound);
		refuse(|| name(BODY, OrganisationId(99), 210), Error::OrganisationNotFound);
		refuse(|| name(BODY, OTHER, 0), Error::MissingCommitment);
		refuse(|| name(BODY, OTHER, 200), Error::CommitmentReused);
		assert_ok!(name(BODY, OTHER, 210));
		refuse(|| name(BODY, THIRD, 211), Error::MaxHoldersExceeded);
	});
}

#[test]
fn an_ended_permit_names_nobody() {
	run(|| {
		issued();
		Now::set(END);
		refuse(|| name(BODY, OTHER, 210), Error::NotLive);
	});
	run(|| {
		issued();
		assert_ok!(SecondaryUse::revoke(officer(BODY), id(), commitment(220)));
		refuse(|| name(BODY, OTHER, 210), Error::NotLive);
	});
}
