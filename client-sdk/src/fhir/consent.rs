//! A consent of the ledger as a FHIR R4 Consent, as [`super::check`] reads it.

use super::{
	check::codes::{
		ACT_REASON, CATEGORIES, CONSENT, CONSENT_ACTION, CONSENT_SCOPE, LOINC, MEMBER,
		PARTICIPATION, PURPOSES,
	},
	Identifier,
};
use crate::{time, Error};
use curex_primitives::{
	AccessMode, Categories, Category, Consent, ConsentId, ConsentStatus, Grantee, Purpose,
};
use serde_json::{json, Value};

/// The consent as a resource. `patient` is whom the holder knows it to be about: the ledger does not.
///
/// # Errors
/// [`Error::Input`] when FHIR has no word for a part of it: a grantee that is no single organisation, a purpose, category or
/// access mode without a code. A consent that is told in part would be another.
pub fn resource(id: ConsentId, consent: &Consent, patient: &Identifier) -> Result<Value, Error> {
	let terms = &consent.terms;
	let unsaid = |what: &str| Error::input(format!("FHIR R4 has no word for {what}"));
	let Grantee::Organisation(grantee) = terms.grantee else {
		return Err(unsaid("a consent to others than one organisation"));
	};
	let member =
		|number: u32| json!({ "identifier": { "system": MEMBER, "value": number.to_string() } });
	let moment = |moment| time::text(moment).ok_or_else(|| unsaid("such a date"));
	let purposes = Purpose::ALL
		.iter()
		.filter(|purpose| terms.purposes.contains(**purpose))
		.map(|&purpose| {
			let code = code_of_purpose(purpose).ok_or_else(|| unsaid("one of the purposes"))?;
			Ok(json!({ "system": ACT_REASON, "code": code }))
		})
		.collect::<Result<Vec<_>, Error>>()?;
	let actions = AccessMode::ALL
		.iter()
		.filter(|mode| terms.access_modes.contains(**mode))
		.map(|mode| {
			let code = match mode {
				AccessMode::View => "access",
				AccessMode::Store => "collect",
				AccessMode::Stream | AccessMode::Query => {
					return Err(unsaid("one of the access modes"));
				},
			};
			Ok(json!({ "coding": [{ "system": CONSENT_ACTION, "code": code }] }))
		})
		.collect::<Result<Vec<_>, Error>>()?;
	let mut provision = json!({
		"type": "permit",
		"period": { "start": moment(terms.valid_from)?, "end": moment(terms.valid_until)? },
		"actor": [{
			"role": { "coding": [{ "system": PARTICIPATION, "code": "IRCP" }] },
			"reference": member(grantee.0),
		}],
		"action": actions,
		"purpose": purposes,
	});
	if terms.categories != Categories::all() {
		let codes = Category::ALL
			.iter()
			.filter(|category| terms.categories.contains(**category))
			.map(|&category| {
				let code =
					code_of_category(category).ok_or_else(|| unsaid("one of the categories"))?;
				Ok(json!({ "coding": [{ "system": LOINC, "code": code }] }))
			})
			.collect::<Result<Vec<_>, Error>>()?;
		provision["code"] = codes.into();
	}
	let status = match consent.status {
		ConsentStatus::Active => "active",
		ConsentStatus::Withdrawn { .. }
		| ConsentStatus::Superseded { .. }
		| ConsentStatus::Suspended { .. } => "inactive",
	};
	Ok(json!({
		"resourceType": "Consent",
		"identifier": [{ "system": CONSENT, "value": id.to_string() }],
		"status": status,
		"scope": { "coding": [{ "system": CONSENT_SCOPE, "code": "patient-privacy" }] },
		"category": [{ "coding": [{ "system": LOINC, "code": "59284-0" }] }],
		"patient": { "identifier": { "system": patient.system, "value": patient.value } },
		"organization": [member(consent.holder.0)],
		"policy": [{ "uri": format!("urn:curex:consent-policy:{}", terms.policy_version) }],
		"provision": provision,
	}))
}

fn code_of_purpose(purpose: Purpose) -> Option<&'static str> {
	PURPOSES.iter().find(|(_, known)| *known == purpose).map(|(code, _)| *code)
}

fn code_of_category(category: Category) -> Option<&'static str> {
	CATEGORIES.iter().find(|(_, known)| *known == category).map(|(code, _)| *code)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{fhir::check::check, receipt};
	use curex_primitives::OrganisationId;

	fn consent() -> (ConsentId, Consent) {
		let prepared = receipt::tests::prepare();
		let consent = Consent {
			holder: OrganisationId(3),
			terms: prepared.terms,
			status: ConsentStatus::Active,
			used: 0,
			last_used: 0,
			filed_at: 1,
			narrowed: 0,
			confirmed: None,
			tickets: None,
		};
		(prepared.id, consent)
	}

	fn patient() -> Identifier {
		Identifier { system: "urn:oid:1.2.3".into(), value: "4711".into() }
	}

	#[test]
	fn a_consent_told_in_fhir_is_read_back_as_the_same() {
		let (id, mut consent) = consent();
		for (categories, purposes) in [
			(Category::PatientSummary.into(), Purpose::Treatment.into()),
			(Categories::all(), [Purpose::Research, Purpose::Payment].into_iter().collect()),
		] {
			(consent.terms.categories, consent.terms.purposes) = (categories, purposes);
			let told = resource(id, &consent, &patient()).unwrap();
			let read = check(told.to_string().as_bytes());
			let read = read.unwrap_or_else(|outcome| panic!("{}", outcome.to_json())).mapping;
			let statement = &read["statement"];
			assert_eq!(read["standing"], "active");
			assert_eq!(statement["position"], "permit");
			assert_eq!(statement["categories"], json!(categories));
			assert_eq!(statement["purposes"], json!(purposes));
			assert_eq!(statement["access-modes"], json!(consent.terms.access_modes));
			assert_eq!(statement["until"], json!(time::text(consent.terms.valid_until)));
			assert!(told.to_string().contains(&id.to_string()));
		}
		consent.status = ConsentStatus::Withdrawn { at: 9 };
		assert_eq!(resource(id, &consent, &patient()).unwrap()["status"], "inactive");
	}

	#[test]
	fn a_consent_that_fhir_has_no_words_for_is_not_told_in_part() {
		let (id, consent) = consent();
		let refused = |change: fn(&mut Consent)| {
			let mut consent = consent.clone();
			change(&mut consent);
			matches!(resource(id, &consent, &patient()), Err(Error::Input(_)))
		};
		assert!(!refused(|_| ()));
		let hospitals = |consent: &mut Consent| {
			consent.terms.grantee = Grantee::Kind(curex_primitives::OrganisationKind::Hospital);
		};
		assert!(refused(hospitals));
		assert!(refused(|consent| consent.terms.purposes = Purpose::Statistics.into()));
		assert!(refused(|consent| consent.terms.categories = Category::Other.into()));
		assert!(refused(|consent| consent.terms.access_modes = AccessMode::Query.into()));
	}
}
