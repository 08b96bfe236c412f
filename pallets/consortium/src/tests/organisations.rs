//! What other pallets learn of an organisation.

use super::*;
use curex_primitives::{OrganisationFacts, Organisations};

#[test]
fn facts_follow_the_organisation() {
	network(|| {
		let facts = OrganisationFacts {
			kind: OrganisationKind::Authority,
			country: country(),
			status: OrganisationStatus::Active,
			competences: Competence::DataProtection.into(),
		};
		assert_eq!(Consortium::facts(AUTHORITY), Some(facts));
		assert_ok!(Consortium::suspend(council(), AUTHORITY));
		assert_eq!(Consortium::facts(AUTHORITY).unwrap().status, OrganisationStatus::Suspended);
		assert_eq!(Consortium::facts(OrganisationId(99)), None);
	});
}

#[test]
fn hospitals_and_data_protection_authorities_review_in_ascending_order() {
	network(|| {
		assert_ok!(Consortium::admit(
			council(),
			OrganisationKind::Authority,
			country(),
			Competence::NetworkSecurity.into(),
			[9; 32],
			b"CSIRT".to_vec().try_into().unwrap(),
			900
		));
		assert_ok!(Consortium::suspend(council(), OrganisationId(3)));
		assert_ok!(Consortium::suspend(council(), OrganisationId(1)));
		assert_ok!(Consortium::reinstate(council(), OrganisationId(1)));
		assert_eq!(Consortium::reviewers(), [0, 1, 2, 4, 6].map(OrganisationId).to_vec());
	});
}
