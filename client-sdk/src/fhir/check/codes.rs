//! Systems and codes that the ledger has words for.

use curex_primitives::{Category, Purpose};

pub(crate) const ACT_REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
pub(crate) const PARTICIPATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
pub(crate) const CONSENT_ACTION: &str = "http://terminology.hl7.org/CodeSystem/consentaction";
pub(crate) const CONSENT_SCOPE: &str = "http://terminology.hl7.org/CodeSystem/consentscope";
pub(crate) const LOINC: &str = "http://loinc.org";
pub(crate) const LIFECYCLE: &str = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle";
/// System of an identifier that is a member's number.
pub(crate) const MEMBER: &str = "urn:curex:organisation";
/// System of an identifier that is the handle of an exchange.
pub(crate) const EXCHANGE: &str = "urn:curex:exchange";
/// System of an identifier that is the handle of a consent.
pub(crate) const CONSENT: &str = "urn:curex:consent";

/// Codes of v3-ActReason; the first of a purpose is the one it is told by.
pub(crate) const PURPOSES: [(&str, Purpose); 8] = [
	("TREAT", Purpose::Treatment),
	("ETREAT", Purpose::EmergencyTreatment),
	("BTG", Purpose::EmergencyTreatment),
	("PATRQT", Purpose::PatientRequest),
	("HPAYMT", Purpose::Payment),
	("HOPERAT", Purpose::Operations),
	("PUBHLTH", Purpose::PublicHealth),
	("HRESCH", Purpose::Research),
];

/// LOINC codes of types of documents (EHDS annex I; the European exchange formats); the first of a category is the one it is
/// told by.
pub(crate) const CATEGORIES: [(&str, Category); 12] = [
	("60591-5", Category::PatientSummary),
	("57833-6", Category::Prescription),
	("57828-6", Category::Prescription),
	("60593-1", Category::Dispensation),
	("18748-4", Category::Imaging),
	("68604-8", Category::Imaging),
	("85430-7", Category::Imaging),
	("11502-2", Category::TestResult),
	("26436-6", Category::TestResult),
	("18842-5", Category::DischargeReport),
	("34105-7", Category::DischargeReport),
	("28655-9", Category::DischargeReport),
];

pub(super) fn purpose_of(system: &str, code: &str) -> Option<Purpose> {
	let known = PURPOSES.iter().find(|(known, _)| system == ACT_REASON && *known == code);
	known.map(|(_, purpose)| *purpose)
}

/// The category of a type of document.
pub(super) fn category_of(loinc: &str) -> Option<Category> {
	CATEGORIES.iter().find(|(known, _)| *known == loinc).map(|(_, category)| *category)
}
