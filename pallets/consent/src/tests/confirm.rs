use crate::{mock::*, Consents, Error, Event};
use curex_primitives::{
	gate::Answer, Commitment, Confirmation, ConsentTerms, Duty, Quarter, Representation, Standing,
};
use frame::testing_prelude::*;

const EVIDENCE: Commitment = Commitment([88; 32]);

/// Files a consent for a minor who comes of age within its period, and goes to that moment.
fn of_age() {
	let of_age = Quarter(Quarter::of(START).0 + 1);
	let terms = ConsentTerms {
		representation: Representation::Minor { of_age },
		valid_until: of_age.start() + DAY,
		erase_at: of_age.start() + DAY,
		..terms(1)
	};
	assert_ok!(Consent::file(holder(), id(1), terms));
	Now::set(of_age.start());
}

#[test]
fn a_confirmation_lets_the_consent_count_again() {
	run(|| {
		of_age();
		assert_eq!(Consent::consent_standing(id(1)), Some(Standing::Unconfirmed));
		assert_eq!(Consent::may_be_served(asked(id(1))), Answer::NotServed);
		assert_ok!(Consent::confirm(holder(), id(1), EVIDENCE));
		System::assert_last_event(Event::Confirmed { consent: id(1), holder: HOLDER }.into());
		let confirmed = Consents::<Test>::get(id(1)).unwrap().confirmed;
		assert_eq!(confirmed, Some(Confirmation { evidence: EVIDENCE, at: 1 }));
		assert_eq!(Consent::consent_standing(id(1)), Some(Standing::Active));
		assert_eq!(Consent::may_be_served(asked(id(1))), Answer::Served);
		assert_noop!(
			Consent::confirm(holder(), id(1), Commitment([89; 32])),
			Error::<Test>::NothingToConfirm
		);
	});
}

#[test]
fn nobody_confirms_before_the_minor_is_of_age_or_after_the_end() {
	run(|| {
		of_age();
		let moment = Now::get();
		Now::set(moment - 1);
		let confirm = || Consent::confirm(holder(), id(1), EVIDENCE);
		assert_noop!(confirm(), Error::<Test>::NothingToConfirm);
		Now::set(moment + DAY);
		assert_noop!(confirm(), Error::<Test>::NothingToConfirm);
		Now::set(moment);
		assert_ok!(Consent::withdraw(holder(), id(1)));
		assert_noop!(confirm(), Error::<Test>::NotActive);
	});
}

#[test]
fn only_the_holder_confirms_and_with_fresh_evidence() {
	run(|| {
		of_age();
		let by = |origin| Consent::confirm(origin, id(1), EVIDENCE);
		assert_noop!(by(delegate(OTHER, Duty::Consent)), Error::<Test>::NotAuthorized);
		assert_noop!(by(recipient()), BadOrigin);
		assert_noop!(Consent::confirm(holder(), id(9), EVIDENCE), Error::<Test>::NotFound);
		let with = |evidence| Consent::confirm(holder(), id(1), evidence);
		assert_noop!(with(Commitment([0; 32])), Error::<Test>::MissingCommitment);
		assert_noop!(with(terms(1).evidence), Error::<Test>::CommitmentReused);
	});
}

#[test]
fn what_the_patient_agreed_to_needs_no_confirmation() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		assert_noop!(Consent::confirm(holder(), id(1), EVIDENCE), Error::<Test>::NothingToConfirm);
	});
}

#[test]
fn who_confirmed_may_narrow_and_who_did_not_may_not() {
	run(|| {
		of_age();
		let before = Consents::<Test>::get(id(1)).unwrap().terms;
		let narrower = ConsentTerms {
			max_uses: 2,
			terms: Commitment([50; 32]),
			evidence: Commitment([51; 32]),
			..before
		};
		let narrow = || Consent::narrow(holder(), id(1), narrower.clone());
		assert_noop!(narrow(), Error::<Test>::OfAge);
		assert_ok!(Consent::confirm(holder(), id(1), EVIDENCE));
		assert_ok!(narrow());
	});
}
