use crate::{mock::*, Consents, Error, Event, Narrowing, Narrowings, MAX_NARROWINGS};
use curex_primitives::{
	Commitment, ConsentStatus, ConsentTerms, Duty, Grantee, GroupId, OrganisationKind,
};
use frame::testing_prelude::*;

#[test]
fn a_narrowed_consent_keeps_its_id_and_lock_and_records_what_held_before() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		System::set_block_number(7);
		assert_ok!(Consent::narrow(holder(), id(1), narrower(1)));
		let consent = Consents::<Test>::get(id(1)).unwrap();
		assert_eq!(consent.terms, narrower(1));
		assert_eq!((consent.narrowed, consent.filed_at), (1, 1));
		let before = Narrowing { terms: terms(1), until: 7 };
		assert_eq!(Narrowings::<Test>::get(id(1), 0), Some(before));
		let event = Event::Narrowed { consent: id(1), holder: HOLDER, times: 1 };
		System::assert_last_event(event.into());
	});
}

#[test]
fn the_code_of_the_first_receipt_withdraws_a_narrowed_consent() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		assert_ok!(Consent::narrow(holder(), id(1), narrower(1)));
		let authorized = RuntimeOrigin::from(frame_system::RawOrigin::Authorized);
		assert_ok!(Consent::withdraw_by_code(authorized, id(1), CODE));
		let status = Consents::<Test>::get(id(1)).unwrap().status;
		assert_eq!(status, ConsentStatus::Withdrawn { at: 1 });
	});
}

#[test]
fn a_kind_is_narrowed_to_a_country_and_to_one_organisation_but_never_widened() {
	run(|| {
		let kind = OrganisationKind::Hospital;
		let greece = curex_primitives::Country::new(*b"GR").unwrap();
		let wide = ConsentTerms { grantee: Grantee::Kind(kind), ..terms(1) };
		assert_ok!(Consent::file(holder(), id(1), wide.clone()));
		let country = ConsentTerms {
			grantee: Grantee::KindIn(kind, greece),
			terms: Commitment([60; 32]),
			evidence: Commitment([61; 32]),
			..wide.clone()
		};
		assert_ok!(Consent::narrow(holder(), id(1), country.clone()));
		let one = ConsentTerms {
			grantee: Grantee::Organisation(OTHER),
			terms: Commitment([62; 32]),
			evidence: Commitment([63; 32]),
			..wide.clone()
		};
		assert_ok!(Consent::narrow(holder(), id(1), one));
		let again =
			ConsentTerms { terms: Commitment([64; 32]), evidence: Commitment([65; 32]), ..country };
		assert_noop!(Consent::narrow(holder(), id(1), again), Error::<Test>::NotNarrower);
	});
}

#[test]
fn a_group_is_narrowed_to_one_that_belonged_to_it_when_the_patient_agreed() {
	run(|| {
		let root = RuntimeOrigin::root;
		assert_ok!(Consent::set_group_member(root(), GroupId(1), GRANTEE, true));
		let wide = ConsentTerms { grantee: Grantee::Group(GroupId(1)), ..terms(1) };
		assert_ok!(Consent::file(holder(), id(1), wide));
		System::set_block_number(2);
		assert_ok!(Consent::set_group_member(root(), GroupId(1), OTHER, true));
		let late = ConsentTerms { grantee: Grantee::Organisation(OTHER), ..narrower(1) };
		assert_noop!(Consent::narrow(holder(), id(1), late), Error::<Test>::NotNarrower);
		assert_ok!(Consent::narrow(holder(), id(1), narrower(1)));
	});
}

#[test]
fn what_allows_as_much_or_more_is_no_narrowing() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		let same = ConsentTerms { max_uses: 3, ..narrower(1) };
		assert_noop!(Consent::narrow(holder(), id(1), same), Error::<Test>::NotNarrower);
		let longer = ConsentTerms { valid_until: START + 11 * DAY, ..narrower(1) };
		assert_noop!(Consent::narrow(holder(), id(1), longer), Error::<Test>::NotNarrower);
		let other_code = ConsentTerms { withdraw_lock: terms(2).withdraw_lock, ..narrower(1) };
		assert_noop!(Consent::narrow(holder(), id(1), other_code), Error::<Test>::NotNarrower);
		let reused = ConsentTerms { evidence: terms(1).evidence, ..narrower(1) };
		assert_noop!(Consent::narrow(holder(), id(1), reused), Error::<Test>::CommitmentReused);
	});
}

#[test]
fn no_fewer_uses_are_allowed_than_were_made() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		Consents::<Test>::mutate_extant(id(1), |consent| consent.used = 3);
		assert_noop!(Consent::narrow(holder(), id(1), narrower(1)), Error::<Test>::NoUses);
	});
}

#[test]
fn only_the_holder_narrows_what_has_not_ended() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		let narrow = |origin| Consent::narrow(origin, id(1), narrower(1));
		assert_noop!(narrow(delegate(OTHER, Duty::Consent)), Error::<Test>::NotAuthorized);
		assert_noop!(narrow(delegate(HOLDER, Duty::Exchange)), BadOrigin);
		assert_noop!(Consent::narrow(holder(), id(9), narrower(1)), Error::<Test>::NotFound);
		assert_ok!(Consent::suspend(holder(), id(1)));
		assert_ok!(narrow(holder()));
		let status = Consents::<Test>::get(id(1)).unwrap().status;
		assert_eq!(status, ConsentStatus::Suspended { at: 1 }, "a suspension stays");
		assert_ok!(Consent::withdraw(holder(), id(1)));
		assert_noop!(narrow(holder()), Error::<Test>::NotActive);
	});
}

#[test]
fn narrowings_are_bounded() {
	run(|| {
		let wide = ConsentTerms { max_uses: 100, ..terms(1) };
		assert_ok!(Consent::file(holder(), id(1), wide.clone()));
		let step = |number: u8| ConsentTerms {
			max_uses: 100 - u32::from(number),
			terms: Commitment([20 + number; 32]),
			evidence: Commitment([120 + number; 32]),
			..wide.clone()
		};
		for number in 1..=MAX_NARROWINGS {
			assert_ok!(Consent::narrow(holder(), id(1), step(number)));
		}
		let one_more = step(MAX_NARROWINGS + 1);
		assert_noop!(Consent::narrow(holder(), id(1), one_more), Error::<Test>::NarrowedTooOften);
	});
}

#[test]
fn a_narrowed_period_moves_the_day_of_pruning() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		let shorter = ConsentTerms { valid_until: START + DAY, ..narrower(1) };
		assert_ok!(Consent::narrow(holder(), id(1), shorter));
		Now::set(START + DAY + Retention::get() + 2 * DAY);
		Consent::on_idle(1, Weight::MAX);
		assert!(!Consents::<Test>::contains_key(id(1)));
	});
}
