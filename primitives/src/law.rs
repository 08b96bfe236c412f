//! Purposes, categories and lawful bases, in the words of GDPR, EHDS and HL7.

use crate::{consent::record, vocabulary, vocabulary_set, Country, OrganisationKind};

vocabulary! {
	/// Why data are exchanged (HL7 v3 PurposeOfUse; EHDS art. 53 for secondary use). Prohibited purposes
	/// (EHDS art. 54) have no value.
	pub enum Purpose {
		/// Care of the patient (TREAT).
		Treatment = 0,
		/// Urgent care of the patient (ETREAT).
		EmergencyTreatment = 1,
		/// At the patient's own request (PATRQT).
		PatientRequest = 2,
		/// Payment for care (HPAYMT).
		Payment = 3,
		/// Running the organisation (HOPERAT).
		Operations = 4,
		/// Public or occupational health (PUBHLTH; EHDS art. 53(1)(a)).
		PublicHealth = 5,
		/// Scientific research (HRESCH; EHDS art. 53(1)(e)).
		Research = 6,
	}
}

impl Purpose {
	/// Whether the purpose serves the care of this patient now. A risk level never refuses such an exchange.
	pub const fn is_care(self) -> bool {
		matches!(self, Self::Treatment | Self::EmergencyTreatment)
	}
}

vocabulary_set! {
	/// The purposes that a consent allows.
	pub struct Purposes(u16) of Purpose;
}

vocabulary! {
	/// Priority categories of electronic health data (EHDS art. 14(1)), and the rest.
	pub enum Category {
		/// Patient summary.
		PatientSummary = 0,
		/// Electronic prescription.
		Prescription = 1,
		/// Electronic dispensation.
		Dispensation = 2,
		/// Medical imaging study and its report.
		Imaging = 3,
		/// Medical test result, laboratory included.
		TestResult = 4,
		/// Discharge report.
		DischargeReport = 5,
		/// Anything else. Finer categories would reveal a speciality.
		Other = 6,
	}
}

vocabulary_set! {
	/// The categories that a consent or an exchange covers.
	pub struct Categories(u8) of Category;
}

vocabulary! {
	/// How the grantee may use the data.
	pub enum AccessMode {
		/// Look at it.
		View = 0,
		/// Keep it.
		Store = 1,
		/// Receive it continuously.
		Stream = 2,
		/// Ask for parts of it.
		Query = 3,
	}
}

vocabulary_set! {
	/// The ways in which the grantee may use the data.
	pub struct AccessModes(u8) of AccessMode;
}

vocabulary! {
	/// Lawfulness of processing (GDPR art. 6(1)).
	pub enum Article6 {
		/// (a) consent.
		Consent = 0,
		/// (b) contract.
		Contract = 1,
		/// (c) legal obligation.
		LegalObligation = 2,
		/// (d) vital interests.
		VitalInterests = 3,
		/// (e) public task.
		PublicTask = 4,
		/// (f) legitimate interests.
		LegitimateInterests = 5,
	}
}

vocabulary! {
	/// Exceptions for special categories of data (GDPR art. 9(2)).
	pub enum Article9 {
		/// (a) explicit consent.
		ExplicitConsent = 0,
		/// (c) vital interests of a person unable to consent.
		VitalInterests = 1,
		/// (h) provision of health or social care.
		HealthCare = 2,
		/// (i) public health.
		PublicHealth = 3,
		/// (j) research with safeguards.
		Research = 4,
	}
}

/// The lawful basis of a processing of health data: always a pair.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	codec::Encode,
	codec::Decode,
	codec::DecodeWithMemTracking,
	codec::MaxEncodedLen,
	scale_info::TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct LegalBasis {
	/// Lawfulness.
	pub article6: Article6,
	/// Exception from the prohibition to process health data.
	pub article9: Article9,
}

impl LegalBasis {
	/// The patient agreed explicitly: art. 6(1)(a) with art. 9(2)(a).
	pub const EXPLICIT_CONSENT: Self =
		Self { article6: Article6::Consent, article9: Article9::ExplicitConsent };
	/// Care under a public task: art. 6(1)(e) with art. 9(2)(h).
	pub const CARE: Self = Self { article6: Article6::PublicTask, article9: Article9::HealthCare };
	/// The patient's life is at stake: art. 6(1)(d) with art. 9(2)(c).
	pub const VITAL_INTERESTS: Self =
		Self { article6: Article6::VitalInterests, article9: Article9::VitalInterests };

	/// Whether the basis is the patient's agreement, which a consent on the ledger must then show.
	pub const fn is_consent(self) -> bool {
		matches!(self.article6, Article6::Consent)
	}

	/// Whether the basis may carry this purpose for a requester of this kind. First version of the matrix
	/// basis × purpose × role; what is not listed is not allowed.
	pub const fn carries(self, purpose: Purpose, requester: OrganisationKind) -> bool {
		use Article9::{ExplicitConsent, HealthCare, PublicHealth, Research, VitalInterests};
		let treats = matches!(requester, OrganisationKind::Hospital | OrganisationKind::CareCentre);
		match (self.article6, self.article9) {
			(Article6::Consent, ExplicitConsent) => true,
			(Article6::LegalObligation | Article6::PublicTask | Article6::Contract, HealthCare) => {
				treats
					&& matches!(
						purpose,
						Purpose::Treatment
							| Purpose::EmergencyTreatment
							| Purpose::Payment | Purpose::Operations
					)
			},
			(Article6::VitalInterests, VitalInterests) => {
				treats && matches!(purpose, Purpose::EmergencyTreatment)
			},
			(Article6::LegalObligation | Article6::PublicTask, PublicHealth) => {
				matches!(purpose, Purpose::PublicHealth)
			},
			(Article6::PublicTask, Research) => matches!(purpose, Purpose::Research),
			_ => false,
		}
	}
}

/// A set of lawful bases.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Default,
	Debug,
	codec::Encode,
	codec::Decode,
	codec::DecodeWithMemTracking,
	codec::MaxEncodedLen,
	scale_info::TypeInfo,
)]
pub struct Bases(u32);

impl Bases {
	/// The set of what carries this purpose for a recipient of this kind, as the law is built in.
	pub fn built_in(purpose: Purpose, kind: OrganisationKind) -> Self {
		let mut bits = 0;
		for &article6 in Article6::ALL {
			for &article9 in Article9::ALL {
				let basis = LegalBasis { article6, article9 };
				if basis.carries(purpose, kind) {
					bits |= Self::bit(basis);
				}
			}
		}
		Self(bits)
	}

	/// Whether the set has this basis.
	pub const fn contains(self, basis: LegalBasis) -> bool {
		self.0 & Self::bit(basis) != 0
	}

	const fn bit(basis: LegalBasis) -> u32 {
		1 << (basis.article6 as u32 * Article9::ALL.len() as u32 + basis.article9 as u32)
	}
}

/// Says which bases carry what; a versioned matrix.
pub trait Law {
	/// The bases that carry this purpose in this country for a recipient of this kind.
	fn bases(country: Country, purpose: Purpose, kind: OrganisationKind) -> Bases;

	/// The version of the matrix.
	fn version() -> u32;
}

/// The law as it is built in.
impl Law for () {
	fn bases(_: Country, purpose: Purpose, kind: OrganisationKind) -> Bases {
		Bases::built_in(purpose, kind)
	}

	fn version() -> u32 {
		1
	}
}

vocabulary! {
	/// What carries a transfer to another country (GDPR ch. V).
	pub enum TransferTool {
		/// Both countries are in the European Economic Area.
		Eea = 0,
		/// Adequacy decision (art. 45).
		Adequacy = 1,
		/// Standard contractual clauses (art. 46(2)(c)).
		ContractualClauses = 2,
		/// Binding corporate rules (art. 47).
		CorporateRules = 3,
		/// Derogation (art. 49).
		Derogation = 4,
	}
}

record! {
	/// The border that an exchange crosses.
	pub struct Border {
		/// The country from which the data come: where the patient is affiliated.
		pub affiliation: Country,
		/// The country to which they go: where the patient is treated.
		pub treatment: Country,
		/// What carries the transfer.
		pub tool: TransferTool,
	}
}

impl Border {
	/// Whether this is the border between the two countries, and the tool fits.
	pub fn fits(&self, holder: Country, recipient: Country) -> bool {
		let within = is_eea(holder) && is_eea(recipient);
		self.affiliation == holder
			&& self.treatment == recipient
			&& within == (self.tool == TransferTool::Eea)
	}
}

/// Whether the country belongs to the European Economic Area.
pub fn is_eea(country: Country) -> bool {
	const EEA: [&str; 30] = [
		"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE",
		"IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
	];
	EEA.contains(&country.as_str())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn care_rests_on_article_9_2_h_without_a_consent() {
		assert!(LegalBasis::CARE.carries(Purpose::Treatment, OrganisationKind::CareCentre));
		assert!(!LegalBasis::CARE.carries(Purpose::Treatment, OrganisationKind::Authority));
		assert!(!LegalBasis::CARE.carries(Purpose::Research, OrganisationKind::Hospital));
	}

	#[test]
	fn vital_interests_carry_nothing_but_emergencies() {
		for &purpose in Purpose::ALL {
			assert_eq!(
				LegalBasis::VITAL_INTERESTS.carries(purpose, OrganisationKind::Hospital),
				purpose == Purpose::EmergencyTreatment
			);
		}
	}

	#[test]
	fn consent_without_explicit_consent_to_health_data_carries_nothing() {
		let half = LegalBasis { article6: Article6::Consent, article9: Article9::HealthCare };
		assert!(Purpose::ALL
			.iter()
			.all(|&purpose| !half.carries(purpose, OrganisationKind::Hospital)));
	}
}
