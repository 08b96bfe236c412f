use crate::{mock::*, Consents, Error, Event};
use curex_primitives::{gate::Answer, ConsentStatus, Duty, Standing};
use frame::testing_prelude::*;

fn answer() -> Answer {
	Consent::may_be_served(asked(id(1)))
}

#[test]
fn a_suspension_stops_serving_and_a_resumption_lifts_it() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		assert_eq!(answer(), Answer::Served);
		System::set_block_number(3);
		assert_ok!(Consent::suspend(holder(), id(1)));
		System::assert_last_event(Event::Suspended { consent: id(1), holder: HOLDER }.into());
		let status = Consents::<Test>::get(id(1)).unwrap().status;
		assert_eq!(status, ConsentStatus::Suspended { at: 3 });
		assert_eq!(status.ended_at(), None, "no withdrawal");
		assert_eq!(answer(), Answer::NotServed);
		assert_noop!(Consent::suspend(holder(), id(1)), Error::<Test>::NotActive);
		assert_ok!(Consent::resume(holder(), id(1)));
		System::assert_last_event(Event::Resumed { consent: id(1), holder: HOLDER }.into());
		assert_eq!(answer(), Answer::Served);
		assert_noop!(Consent::resume(holder(), id(1)), Error::<Test>::NotSuspended);
	});
}

#[test]
fn only_the_holder_suspends_and_resumes() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		let other = || delegate(OTHER, Duty::Consent);
		assert_noop!(Consent::suspend(other(), id(1)), Error::<Test>::NotAuthorized);
		assert_noop!(Consent::suspend(recipient(), id(1)), BadOrigin);
		assert_noop!(Consent::suspend(holder(), id(9)), Error::<Test>::NotFound);
		assert_ok!(Consent::suspend(holder(), id(1)));
		assert_noop!(Consent::resume(other(), id(1)), Error::<Test>::NotAuthorized);
		assert_noop!(Consent::resume(recipient(), id(1)), BadOrigin);
		assert_noop!(Consent::resume(holder(), id(9)), Error::<Test>::NotFound);
	});
}

#[test]
fn a_suspended_consent_is_withdrawn_for_good_all_the_same() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		assert_ok!(Consent::suspend(holder(), id(1)));
		let authorized = RuntimeOrigin::from(frame_system::RawOrigin::Authorized);
		assert_ok!(Consent::withdraw_by_code(authorized, id(1), CODE));
		assert_noop!(Consent::resume(holder(), id(1)), Error::<Test>::NotSuspended);
		assert_noop!(Consent::suspend(holder(), id(1)), Error::<Test>::NotActive);
		assert_eq!(Consent::consent_standing(id(1)), Some(Standing::Withdrawn));
	});
}

#[test]
fn a_suspended_consent_is_not_superseded() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		assert_ok!(Consent::suspend(holder(), id(1)));
		assert_noop!(
			Consent::supersede(holder(), id(1), id(2), terms(2)),
			Error::<Test>::NotActive
		);
	});
}

#[test]
fn the_consents_of_a_suspended_organisation_lie_dormant_and_wake_with_it() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		let before = Consents::<Test>::get(id(1));
		for organisation in [HOLDER, GRANTEE] {
			suspend(organisation);
			assert_eq!(Consent::consent_standing(id(1)), Some(Standing::Dormant));
			assert_eq!(answer(), Answer::NotServed);
			let kind = curex_primitives::OrganisationKind::Hospital;
			admit(organisation, kind);
			assert_eq!(Consent::consent_standing(id(1)), Some(Standing::Active));
			assert_eq!(answer(), Answer::Served);
		}
		assert_eq!(Consents::<Test>::get(id(1)), before, "nothing was written");
	});
}
