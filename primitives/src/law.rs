//! Purposes, categories and lawful bases, in the words of GDPR, EHDS and HL7.

use crate::{vocabulary, vocabulary_set, Country, OrganisationKind};

vocabulary! {
	/// Why data are exchanged (HL7 v3 PurposeOfUse; EHDS art. 53(1) for secondary use). Prohibited purposes
	/// (EHDS art. 54: decisions to a person's detriment, insurance, jobs, advertising, harmful products) have no
	/// value.
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
		/// Policy-making and regulatory activities (EHDS art. 53(1)(b)).
		PolicyMaking = 7,
		/// Statistics (EHDS art. 53(1)(c)).
		Statistics = 8,
		/// Education and teaching (EHDS art. 53(1)(d)).
		Education = 9,
		/// Improving the delivery of care (EHDS art. 53(1)(f)).
		CareImprovement = 10,
	}
}

impl Purpose {
	/// Whether the purpose serves the care of this patient now. A risk level never refuses such an exchange.
	pub const fn is_care(self) -> bool {
		matches!(self, Self::Treatment | Self::EmergencyTreatment)
	}

	/// The letter of EHDS art. 53(1) that allows the purpose as a secondary use; nothing for primary use.
	pub const fn article53(self) -> Option<char> {
		Some(match self {
			Self::PublicHealth => 'a',
			Self::PolicyMaking => 'b',
			Self::Statistics => 'c',
			Self::Education => 'd',
			Self::Research => 'e',
			Self::CareImprovement => 'f',
			Self::Treatment
			| Self::EmergencyTreatment
			| Self::PatientRequest
			| Self::Payment
			| Self::Operations => return None,
		})
	}

	/// Whether the purpose is a secondary use.
	pub const fn is_secondary_use(self) -> bool {
		self.article53().is_some()
	}

	/// Whether only public bodies may pursue it (EHDS art. 53(2)).
	pub const fn is_for_public_bodies(self) -> bool {
		matches!(self, Self::PublicHealth | Self::PolicyMaking | Self::Statistics)
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

	/// Whether the basis means something: consent to the processing and explicit consent to that of health data go
	/// together.
	pub const fn is_whole(self) -> bool {
		matches!(self.article6, Article6::Consent)
			== matches!(self.article9, Article9::ExplicitConsent)
	}

	/// Whether the basis is care under art. 9(2)(h) or urgent care under (c), which ask for no consent.
	pub const fn is_care(self) -> bool {
		self.is_whole() && matches!(self.article9, Article9::HealthCare | Article9::VitalInterests)
	}

	/// Whether the basis carries this purpose for a recipient of this kind where no member of the consortium has
	/// another law on the ledger: the built-in cells of the matrix. What is not listed is not allowed.
	pub const fn carries(self, purpose: Purpose, recipient: OrganisationKind) -> bool {
		use Article9::{ExplicitConsent, HealthCare, PublicHealth, Research, VitalInterests};
		let treats = matches!(recipient, OrganisationKind::Hospital | OrganisationKind::CareCentre);
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
			(Article6::PublicTask, Research) => {
				matches!(purpose, Purpose::Research | Purpose::Statistics)
			},
			_ => false,
		}
	}

	/// The bit of the pair in [`Bases`].
	const fn bit(self) -> u32 {
		1 << (self.article6 as u32 * Article9::ALL.len() as u32 + self.article9 as u32)
	}
}

/// A set of lawful bases: a cell of the matrix. Bit `5 · article6 + article9` stands for a pair; unknown bits do not
/// decode.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Default,
	codec::Encode,
	codec::DecodeWithMemTracking,
	codec::MaxEncodedLen,
	scale_info::TypeInfo,
)]
pub struct Bases(u32);

impl Bases {
	/// No basis: nothing is lawful.
	pub const EMPTY: Self = Self(0);

	/// Every pair, the meaningless ones included.
	pub fn all() -> Self {
		Self::pairs().collect()
	}

	/// What the law says of a cell that the ledger does not override.
	pub fn built_in(purpose: Purpose, recipient: OrganisationKind) -> Self {
		Self::pairs().filter(|basis| basis.carries(purpose, recipient)).collect()
	}

	/// The set with these bits, or nothing if one of them has no meaning.
	pub fn from_bits(bits: u32) -> Option<Self> {
		(bits & !Self::all().0 == 0).then_some(Self(bits))
	}

	/// The bit mask.
	pub const fn bits(self) -> u32 {
		self.0
	}

	/// Whether the basis is in the set.
	pub const fn contains(self, basis: LegalBasis) -> bool {
		self.0 & basis.bit() != 0
	}

	/// Whether the set has no basis.
	pub const fn is_empty(self) -> bool {
		self.0 == 0
	}

	/// The set with the basis added.
	#[must_use]
	pub const fn with(self, basis: LegalBasis) -> Self {
		Self(self.0 | basis.bit())
	}

	/// The bases, in the order of their bits.
	pub fn iter(self) -> impl Iterator<Item = LegalBasis> {
		Self::pairs().filter(move |basis| self.contains(*basis))
	}

	/// Checks what the council would write into a cell.
	///
	/// # Errors
	/// The first [`LawDefect`] found.
	pub fn check(self, purpose: Purpose, recipient: OrganisationKind) -> Result<(), LawDefect> {
		if self.iter().any(|basis| !basis.is_whole()) {
			return Err(LawDefect::HalfConsent);
		}
		let treats = matches!(recipient, OrganisationKind::Hospital | OrganisationKind::CareCentre);
		if treats && purpose.is_care() && !self.iter().any(LegalBasis::is_care) {
			return Err(LawDefect::CareForcedOnConsent);
		}
		Ok(())
	}

	fn pairs() -> impl Iterator<Item = LegalBasis> {
		Article6::ALL.iter().flat_map(|&article6| {
			Article9::ALL.iter().map(move |&article9| LegalBasis { article6, article9 })
		})
	}
}

impl FromIterator<LegalBasis> for Bases {
	fn from_iter<I: IntoIterator<Item = LegalBasis>>(bases: I) -> Self {
		bases.into_iter().fold(Self::EMPTY, Self::with)
	}
}

impl From<LegalBasis> for Bases {
	fn from(basis: LegalBasis) -> Self {
		Self::EMPTY.with(basis)
	}
}

impl codec::Decode for Bases {
	fn decode<I: codec::Input>(input: &mut I) -> Result<Self, codec::Error> {
		Self::from_bits(u32::decode(input)?).ok_or_else(|| "Bases has a bit without meaning".into())
	}
}

impl core::fmt::Debug for Bases {
	fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
		formatter.debug_set().entries(self.iter()).finish()
	}
}

#[cfg(feature = "std")]
impl serde::Serialize for Bases {
	fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		serializer.collect_seq(self.iter())
	}
}

#[cfg(feature = "std")]
impl<'de> serde::Deserialize<'de> for Bases {
	fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		let bases = <std::vec::Vec<LegalBasis> as serde::Deserialize>::deserialize(deserializer)?;
		Ok(bases.into_iter().collect())
	}
}

vocabulary! {
	/// What is wrong with a cell of the matrix.
	pub enum LawDefect {
		/// Consent without explicit consent to the processing of health data, or the reverse.
		HalfConsent = 0,
		/// Care would need the patient's consent: no basis under art. 9(2)(h) or (c) is left.
		CareForcedOnConsent = 1,
	}
}

/// The matrix basis × purpose × role × country.
pub trait Law {
	/// The bases on which an organisation of this kind may receive data for this purpose, by the law of the country
	/// of treatment (EHDS art. 11(4)).
	fn bases(country: Country, purpose: Purpose, kind: OrganisationKind) -> Bases;

	/// How often the matrix was changed; zero for the built-in one.
	fn version() -> u32;
}

/// The built-in matrix, the same in every country.
impl Law for () {
	fn bases(_: Country, purpose: Purpose, kind: OrganisationKind) -> Bases {
		Bases::built_in(purpose, kind)
	}

	fn version() -> u32 {
		0
	}
}

vocabulary! {
	/// What allows data to leave for another country (GDPR chapter V).
	pub enum TransferTool {
		/// Nothing is needed: the country belongs to the European Economic Area.
		Eea = 0,
		/// An adequacy decision (art. 45).
		Adequacy = 1,
		/// Standard contractual clauses (art. 46(2)(c)).
		ContractualClauses = 2,
		/// Binding corporate rules (art. 47).
		CorporateRules = 3,
		/// A derogation for a specific situation (art. 49).
		Derogation = 4,
	}
}

/// The border that an exchange crosses.
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
pub struct Border {
	/// The country that supplies the data: the holder's.
	pub affiliation: Country,
	/// The country of treatment, whose law decides on access (EHDS art. 11(4)): the recipient's.
	pub treatment: Country,
	/// What allows the transfer.
	pub tool: TransferTool,
}

vocabulary! {
	/// What is wrong with the border that an exchange states.
	pub enum BorderDefect {
		/// The two organisations are in different countries, and no border is stated.
		Missing = 0,
		/// A border is stated between organisations of one country.
		NotCrossed = 1,
		/// It names other countries than those of the two organisations.
		Mismatch = 2,
		/// A third country without a tool, or a tool where none is needed.
		WrongTool = 3,
	}
}

impl Border {
	/// Checks the border that an exchange from `holder`'s country to `recipient`'s states.
	///
	/// # Errors
	/// The first [`BorderDefect`] found.
	pub fn check(
		stated: Option<Self>,
		holder: Country,
		recipient: Country,
	) -> Result<(), BorderDefect> {
		match stated {
			None if holder == recipient => Ok(()),
			None => Err(BorderDefect::Missing),
			Some(_) if holder == recipient => Err(BorderDefect::NotCrossed),
			Some(border) if (border.affiliation, border.treatment) != (holder, recipient) => {
				Err(BorderDefect::Mismatch)
			},
			Some(border) if recipient.is_in_eea() != (border.tool == TransferTool::Eea) => {
				Err(BorderDefect::WrongTool)
			},
			Some(_) => Ok(()),
		}
	}
}

/// The European Economic Area: the Union's 27 members, Iceland, Liechtenstein and Norway.
const EEA: [&[u8; 2]; 30] = [
	b"AT", b"BE", b"BG", b"CY", b"CZ", b"DE", b"DK", b"EE", b"ES", b"FI", b"FR", b"GR", b"HR",
	b"HU", b"IE", b"IS", b"IT", b"LI", b"LT", b"LU", b"LV", b"MT", b"NL", b"NO", b"PL", b"PT",
	b"RO", b"SE", b"SI", b"SK",
];

impl Country {
	/// Whether the country belongs to the European Economic Area.
	pub fn is_in_eea(self) -> bool {
		EEA.iter().any(|code| code.as_slice() == self.as_str().as_bytes())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::{Decode, Encode};

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

	#[test]
	fn the_six_secondary_uses_are_those_of_article_53_and_nothing_else_has_a_value() {
		let mut letters: Vec<_> = Purpose::ALL.iter().filter_map(|use_| use_.article53()).collect();
		letters.sort_unstable();
		assert_eq!(letters, ['a', 'b', 'c', 'd', 'e', 'f']);
		assert_eq!(Purpose::ALL.len(), 11, "five primary and six secondary uses");
		for index in 11..=u8::MAX {
			assert!(Purpose::decode(&mut &[index][..]).is_err());
		}
		assert!(Purposes::decode(&mut &(1u16 << 11).encode()[..]).is_err());
	}

	#[test]
	fn the_built_in_cells_say_what_each_basis_carries() {
		for &purpose in Purpose::ALL {
			for &kind in OrganisationKind::ALL {
				let cell = Bases::built_in(purpose, kind);
				for basis in Bases::all().iter() {
					assert_eq!(cell.contains(basis), basis.carries(purpose, kind), "{basis:?}");
				}
				assert_eq!(cell.check(purpose, kind), Ok(()), "{purpose:?} {kind:?}");
				assert_eq!(<() as Law>::bases(country(b"GR"), purpose, kind), cell);
			}
		}
	}

	#[test]
	fn no_cell_forces_care_on_consent_or_holds_half_a_consent() {
		let consent = Bases::from(LegalBasis::EXPLICIT_CONSENT);
		let check = |bases: Bases, purpose| bases.check(purpose, OrganisationKind::Hospital);
		assert_eq!(check(consent, Purpose::Treatment), Err(LawDefect::CareForcedOnConsent));
		assert_eq!(check(Bases::EMPTY, Purpose::Treatment), Err(LawDefect::CareForcedOnConsent));
		assert_eq!(check(consent.with(LegalBasis::CARE), Purpose::Treatment), Ok(()));
		assert_eq!(check(Bases::EMPTY, Purpose::Research), Ok(()));
		assert_eq!(consent.check(Purpose::Treatment, OrganisationKind::Authority), Ok(()));
		for half in [
			LegalBasis { article6: Article6::Consent, article9: Article9::HealthCare },
			LegalBasis { article6: Article6::PublicTask, article9: Article9::ExplicitConsent },
		] {
			let cell = consent.with(LegalBasis::CARE).with(half);
			assert_eq!(check(cell, Purpose::Treatment), Err(LawDefect::HalfConsent));
		}
	}

	#[test]
	fn bases_survive_scale_and_json_and_unknown_bits_do_not_decode() {
		let cell = Bases::built_in(Purpose::Treatment, OrganisationKind::Hospital);
		assert_eq!(Bases::decode(&mut &cell.encode()[..]).unwrap(), cell);
		assert_eq!(cell.encode().len(), 4);
		let json = serde_json::to_string(&cell).unwrap();
		assert_eq!(serde_json::from_str::<Bases>(&json).unwrap(), cell);
		assert_eq!(Bases::all().iter().count(), 30);
		assert!(Bases::decode(&mut &(1u32 << 30).encode()[..]).is_err());
	}

	fn country(code: &[u8; 2]) -> Country {
		Country::new(*code).unwrap()
	}

	#[test]
	fn a_border_is_stated_exactly_where_one_is_crossed() {
		use BorderDefect::*;
		let [greece, france, swiss] = [country(b"GR"), country(b"FR"), country(b"CH")];
		let border = |treatment, tool| Some(Border { affiliation: greece, treatment, tool });
		let check = |stated, recipient| Border::check(stated, greece, recipient);
		assert_eq!(check(None, greece), Ok(()));
		assert_eq!(check(None, france), Err(Missing));
		assert_eq!(check(border(greece, TransferTool::Eea), greece), Err(NotCrossed));
		assert_eq!(check(border(france, TransferTool::Eea), france), Ok(()));
		assert_eq!(check(border(swiss, TransferTool::Eea), france), Err(Mismatch));
		assert_eq!(check(border(swiss, TransferTool::Eea), swiss), Err(WrongTool));
		for &tool in TransferTool::ALL.iter().filter(|&&tool| tool != TransferTool::Eea) {
			assert_eq!(check(border(swiss, tool), swiss), Ok(()));
			assert_eq!(check(border(france, tool), france), Err(WrongTool));
		}
		let reversed = Border { affiliation: france, treatment: greece, tool: TransferTool::Eea };
		assert_eq!(check(Some(reversed), france), Err(Mismatch));
	}
}
