use crate::mock::*;
use curex_primitives::{
	gate::{Answer, Asked},
	permit::{DataFormat, DataUseConditions},
	AccessMode, Bases, Categories, Commitment, Competence, ConsentTerms, Country, Gate, Ground,
	LegalBasis, OrganisationId, OrganisationKind, Permit, PermitId, Purpose, Standing,
};
use frame::testing_prelude::*;

#[test]
fn the_closed_question_is_answered_by_every_gate() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		let answer = |change: fn(&mut Asked)| {
			let mut asked = asked(id(1));
			change(&mut asked);
			Consent::may_be_served(asked)
		};
		assert_eq!(answer(|_| ()), Answer::Served);
		assert_eq!(answer(|asked| asked.mode = AccessMode::Stream), Answer::NotServed);
		assert_eq!(answer(|asked| asked.categories = Categories::all()), Answer::NotServed);
		assert_eq!(answer(|asked| asked.gate = Gate::Consent(id(9))), Answer::NotServed);
		assert_eq!(answer(|asked| asked.gate = Gate::Statutory(LegalBasis::CARE)), Answer::Served);
		assert_eq!(
			answer(|asked| {
				asked.gate = Gate::BreakGlass(Ground::LifeThreat);
				asked.purpose = Purpose::EmergencyTreatment;
			}),
			Answer::Served
		);
		let research = |asked: &mut Asked| {
			asked.gate = Gate::Permit { permit: PermitId([1; 32]), extraction: 0 };
			asked.purpose = Purpose::Research;
		};
		assert_eq!(answer(research), Answer::NotServed);
		Permitted::set(Some(Permit {
			issuer: AUTHORITY,
			user: GRANTEE,
			purpose: Purpose::Research,
			categories: Categories::all(),
			environment: Commitment([1; 32]),
			format: DataFormat::Anonymised,
			justification: Commitment([2; 32]),
			valid_from: START,
			valid_until: START + DAY,
			conditions: DataUseConditions::EMPTY,
			document: Commitment([3; 32]),
			revoked_at: None,
			issued_at: 1,
		}));
		assert_eq!(answer(research), Answer::NotServed, "no health data access body");
		Members::mutate(|members| {
			members.get_mut(&AUTHORITY.0).unwrap().competences =
				Competence::HealthDataAccess.into();
		});
		assert_eq!(answer(research), Answer::Served);
		let not_extracted = |asked: &mut Asked| {
			asked.gate = Gate::Permit { permit: PermitId([1; 32]), extraction: 1 };
			asked.purpose = Purpose::Research;
		};
		assert_eq!(answer(not_extracted), Answer::NotServed);
	});
}

#[test]
fn a_risk_asks_for_a_release_and_nothing_else_shows() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		Unfit::set(true);
		assert_eq!(Consent::may_be_served(asked(id(1))), Answer::ServedOnRelease);
		let payment = Asked {
			gate: Gate::Statutory(LegalBasis::CARE),
			purpose: Purpose::Payment,
			..asked(id(1))
		};
		assert_eq!(Consent::may_be_served(payment), Answer::NotServed);
	});
}

#[test]
fn a_consent_says_how_it_stands() {
	run(|| {
		assert_eq!(Consent::consent_standing(id(9)), None);
		let later = ConsentTerms { valid_from: START + DAY, ..terms(1) };
		assert_ok!(Consent::file(holder(), id(1), later));
		let standing = || Consent::consent_standing(id(1)).unwrap();
		assert_eq!(standing(), Standing::NotYetValid);
		Now::set(START + DAY);
		assert_eq!(standing(), Standing::Active);
		crate::Consents::<Test>::mutate_extant(id(1), |consent| consent.used = 3);
		assert_eq!(standing(), Standing::UsedUp);
		Now::set(START + 10 * DAY);
		assert_eq!(standing(), Standing::Expired);
		assert_ok!(Consent::withdraw(holder(), id(1)));
		assert_eq!(standing(), Standing::Withdrawn);
		Now::set(START);
		assert_ok!(Consent::file(holder(), id(2), terms(2)));
		assert_ok!(Consent::supersede(holder(), id(2), id(3), terms(3)));
		assert_eq!(Consent::consent_standing(id(2)), Some(Standing::Superseded));
	});
}

#[test]
fn the_law_is_read_without_a_cell() {
	run(|| {
		let kind = OrganisationKind::CareCentre;
		let greece = Country::new(*b"GR").unwrap();
		assert_eq!(
			Consent::lawful_bases(greece, Purpose::Payment, kind),
			Bases::built_in(Purpose::Payment, kind)
		);
		assert_eq!(Consent::law_version(), 0);
	});
}

#[test]
fn an_unknown_organisation_is_served_nothing() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		let stranger = Asked { recipient: OrganisationId(99), ..asked(id(1)) };
		assert_eq!(Consent::may_be_served(stranger), Answer::NotServed);
		let stranger = Asked { holder: OrganisationId(99), ..asked(id(1)) };
		assert_eq!(Consent::may_be_served(stranger), Answer::NotServed);
	});
}
