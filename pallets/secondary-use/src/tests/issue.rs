use crate::{mock::*, Error, Event, Permits};
use curex_primitives::{
	Commitment, DataFormat, Duty, OrganisationKind, PermitTerms, Permits as _, Purpose,
	SecondaryPurpose,
};
use frame::testing_prelude::*;

#[test]
fn a_health_data_access_body_issues_a_permit() {
	run(|| {
		assert_ok!(SecondaryUse::issue(officer(BODY), KEY, terms(1)));
		let event = Event::Issued { permit: id(), issuer: BODY, user: USER };
		System::assert_last_event(event.into());
		let permit = SecondaryUse::get(id()).unwrap();
		assert_eq!(permit, terms(1).issue(BODY, 1));
		assert!(
			permit.is_live(START) && permit.covers(USER, Purpose::Research, terms(1).categories)
		);
		refuse(|| SecondaryUse::issue(officer(BODY), KEY, terms(1)), Error::AlreadyExists);
	});
}

/// Abuse case 11.
#[test]
fn nobody_but_a_health_data_access_body_issues_a_permit() {
	run(|| {
		for issuer in [SUPERVISOR, HOLDER, USER] {
			refuse(|| SecondaryUse::issue(officer(issuer), KEY, terms(1)), Error::NotAuthorized);
		}
		for origin in [
			RuntimeOrigin::root(),
			RuntimeOrigin::none(),
			delegate(BODY, Duty::Exchange),
			delegate(BODY, Duty::Administration),
		] {
			assert_noop!(SecondaryUse::issue(origin, KEY, terms(1)), BadOrigin);
		}
		suspend(BODY);
		assert_noop!(SecondaryUse::issue(officer(BODY), KEY, terms(1)), BadOrigin);
	});
}

#[test]
fn a_reserved_purpose_is_for_an_authority() {
	run(|| {
		let terms = PermitTerms { purpose: SecondaryPurpose::PolicyMaking, ..terms(1) };
		let issue = |terms| SecondaryUse::issue(officer(BODY), KEY, terms);
		refuse(|| issue(terms.clone()), Error::ReservedPurpose);
		assert_eq!(Members::get()[&SUPERVISOR.0].kind, OrganisationKind::Authority);
		assert_ok!(issue(PermitTerms { user: SUPERVISOR, ..terms }));
		assert_eq!(Permits::<Test>::get(id()).unwrap().purpose, Purpose::PolicyMaking);
	});
}

#[test]
fn pseudonyms_need_a_justification() {
	run(|| {
		let issue = |terms| SecondaryUse::issue(officer(BODY), KEY, terms);
		let bare = PermitTerms { justification: Commitment([0; 32]), ..terms(1) };
		refuse(|| issue(bare.clone()), Error::MissingJustification);
		let needless = PermitTerms { format: DataFormat::Anonymised, ..terms(1) };
		refuse(|| issue(needless), Error::NeedlessJustification);
		assert_ok!(issue(PermitTerms { format: DataFormat::Anonymised, ..bare }));
	});
}

#[test]
fn a_malformed_permit_is_refused() {
	run(|| {
		let issue = |change: fn(&mut PermitTerms)| {
			let mut terms = terms(1);
			change(&mut terms);
			SecondaryUse::issue(officer(BODY), KEY, terms)
		};
		refuse(|| issue(|terms| terms.user = BODY), Error::UserIsIssuer);
		refuse(
			|| issue(|terms| terms.user = curex_primitives::OrganisationId(99)),
			Error::OrganisationNotFound,
		);
		refuse(|| issue(|terms| terms.valid_until = START), Error::EmptyPeriod);
		refuse(|| issue(|terms| terms.valid_until = START + 3_654 * DAY), Error::TooLong);
		refuse(|| issue(|terms| terms.categories = Default::default()), Error::NoCategory);
		refuse(|| issue(|terms| terms.document = terms.environment), Error::MissingCommitment);
		suspend(USER);
		refuse(|| issue(|_| ()), Error::OrganisationNotFound);
	});
}

#[test]
fn no_commitment_serves_two_permits() {
	run(|| {
		assert_ok!(SecondaryUse::issue(officer(BODY), KEY, terms(1)));
		for number in [1, 2, 3] {
			let again = PermitTerms { document: commitment(number), ..terms(10) };
			refuse(|| SecondaryUse::issue(officer(BODY), [8; 32], again), Error::CommitmentReused);
		}
		assert_ok!(SecondaryUse::issue(officer(BODY), [8; 32], terms(10)));
	});
}
