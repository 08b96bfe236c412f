use crate::{mock::*, Consents, Counts, Error, Event};
use curex_primitives::{
	ConsentId, ConsentStatus, Duty, Grantee, LegalBasis, OrganisationId, OrganisationKind,
	WithdrawLock,
};
use frame::testing_prelude::*;

#[test]
fn a_filed_consent_is_active_and_unused() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		let consent = Consents::<Test>::get(id(1)).unwrap();
		assert_eq!(consent.holder, HOLDER);
		assert_eq!(consent.status, ConsentStatus::Active);
		assert_eq!((consent.used, consent.last_used, consent.filed_at), (0, 0, 1));
		assert_eq!(consent.terms, terms(1));
		assert_eq!(Counts::<Test>::get(HOLDER), 1);
		System::assert_last_event(Event::Filed { consent: id(1), holder: HOLDER }.into());
	});
}

#[test]
fn only_a_delegate_with_the_duty_of_an_active_organisation_files() {
	run(|| {
		for origin in [
			RuntimeOrigin::none(),
			RuntimeOrigin::root(),
			delegate(HOLDER, Duty::Exchange),
			delegate(OrganisationId(99), Duty::Consent),
		] {
			assert_noop!(Consent::file(origin, id(1), terms(1)), BadOrigin);
		}
		suspend(HOLDER);
		assert_noop!(Consent::file(holder(), id(1), terms(1)), BadOrigin);
	});
}

#[test]
fn an_id_is_filed_once_whoever_tries_again() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		assert_noop!(Consent::file(holder(), id(1), terms(1)), Error::<Test>::AlreadyExists);
		let other = delegate(OTHER, Duty::Consent);
		assert_noop!(Consent::file(other, id(1), terms(2)), Error::<Test>::AlreadyExists);
		assert_eq!(Consents::<Test>::get(id(1)).unwrap().holder, HOLDER);
	});
}

#[test]
fn no_commitment_and_no_lock_serves_two_consents() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		let (first, second) = (terms(1), terms(2));
		for reused in [
			curex_primitives::ConsentTerms { terms: first.terms, ..second.clone() },
			curex_primitives::ConsentTerms { terms: first.evidence, ..second.clone() },
			curex_primitives::ConsentTerms { evidence: first.evidence, ..second.clone() },
			curex_primitives::ConsentTerms { evidence: first.terms, ..second.clone() },
			curex_primitives::ConsentTerms { withdraw_lock: first.withdraw_lock, ..second },
		] {
			assert_noop!(Consent::file(holder(), id(2), reused), Error::<Test>::CommitmentReused);
		}
	});
}

#[test]
fn defective_terms_are_refused_with_their_defect() {
	run(|| {
		let refused = |change: fn(&mut curex_primitives::ConsentTerms), error: Error<Test>| {
			let mut terms = terms(1);
			change(&mut terms);
			assert_noop!(Consent::file(holder(), id(1), terms), error);
		};
		refused(|terms| terms.valid_until = terms.valid_from, Error::EmptyPeriod);
		refused(|terms| terms.valid_until = START, Error::EmptyPeriod);
		refused(|terms| terms.valid_until = u64::MAX, Error::TooLong);
		refused(|terms| terms.purposes = Default::default(), Error::NothingCovered);
		refused(|terms| terms.categories = Default::default(), Error::NothingCovered);
		refused(|terms| terms.max_uses = 0, Error::NoUses);
		refused(|terms| terms.grantee = Grantee::Organisation(HOLDER), Error::GranteeIsHolder);
		refused(|terms| terms.erase_at = START, Error::ErasedBeforeEnd);
		refused(|terms| terms.evidence = terms.terms, Error::MissingCommitment);
		refused(|terms| terms.withdraw_lock = WithdrawLock([0; 32]), Error::MissingCommitment);
		refused(|terms| terms.basis = LegalBasis::CARE, Error::NotConsent);
		refused(
			|terms| terms.grantee = Grantee::Organisation(OrganisationId(99)),
			Error::GranteeNotFound,
		);
		assert_noop!(
			Consent::file(holder(), ConsentId([0; 32]), terms(1)),
			Error::<Test>::MissingCommitment
		);
	});
}

#[test]
fn a_consent_may_be_given_to_a_kind_of_organisation() {
	run(|| {
		let grantee = Grantee::Kind(OrganisationKind::CareCentre);
		let terms = curex_primitives::ConsentTerms { grantee, ..terms(1) };
		assert_ok!(Consent::file(holder(), id(1), terms));
	});
}
