//! Members of the consortium and what their accounts may do.

use crate::{vocabulary, vocabulary_set};

/// The number of an organisation, given by the ledger at admission and never used again.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Hash,
	Debug,
	codec::Encode,
	codec::Decode,
	codec::DecodeWithMemTracking,
	codec::MaxEncodedLen,
	scale_info::TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct OrganisationId(pub u32);

impl core::fmt::Display for OrganisationId {
	fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
		self.0.fmt(formatter)
	}
}

vocabulary! {
	/// What an organisation is in the consortium.
	pub enum OrganisationKind {
		/// Runs a node, may validate, holds records.
		Hospital = 0,
		/// Takes part through the client SDK, without a validator.
		CareCentre = 1,
		/// Supervises within its [`Competence`].
		Authority = 2,
	}
}

vocabulary! {
	/// Whether an organisation may act.
	pub enum OrganisationStatus {
		/// May act within its duties.
		Active = 0,
		/// May not act; its consents lie dormant. Reversible.
		Suspended = 1,
		/// Has left for good.
		Exited = 2,
	}
}

vocabulary! {
	/// A field of supervision of an authority.
	pub enum Competence {
		/// Data protection (GDPR art. 51).
		DataProtection = 0,
		/// Network and information security (NIS2 art. 8).
		NetworkSecurity = 1,
		/// Health data access body (EHDS art. 55).
		HealthDataAccess = 2,
		/// Market surveillance of medical devices and EHR systems.
		MarketSurveillance = 3,
	}
}

vocabulary_set! {
	/// The fields of supervision of an authority; empty for any other organisation.
	pub struct Competences(u8) of Competence;
}

vocabulary! {
	/// What an organisation may entrust to one of its accounts.
	pub enum Duty {
		/// Appoints and dismisses the organisation's delegates, rotates its keys, registers its peers.
		Administration = 0,
		/// Votes in the council of hospitals.
		Council = 1,
		/// Signs the reports of the off-chain worker: inventory, alerts, assessments, group results, plans.
		SecurityReport = 2,
		/// Decides on safeguards: the security officer in person.
		SecurityDecision = 3,
		/// Files and withdraws consents.
		Consent = 4,
		/// Requests, approves, dispatches, receives and acknowledges exchanges.
		Exchange = 5,
		/// Invokes break-glass.
		Emergency = 6,
		/// Reviews break-glass and releases risk holds.
		Review = 7,
		/// Opens and answers inquiries, anchors access logs, keeps the breach register.
		Oversight = 8,
		/// Withdraws a consent by order of a court; of authorities competent for data protection.
		Court = 9,
	}
}

vocabulary_set! {
	/// The duties of a delegate.
	pub struct Duties(u16) of Duty;
}

vocabulary! {
	/// What a registered network peer does for its organisation.
	pub enum PeerRole {
		/// Authors and finalises; never exposes its RPC.
		Validator = 0,
		/// Carries ciphertexts and serves the organisation's clients.
		Gateway = 1,
		/// Keeps all blocks and states.
		Archive = 2,
	}
}

/// An ISO 3166-1 alpha-2 country code: two upper-case ASCII letters. Anything else does not decode.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	codec::Encode,
	codec::DecodeWithMemTracking,
	codec::MaxEncodedLen,
	scale_info::TypeInfo,
)]
pub struct Country([u8; 2]);

impl Country {
	/// The country with this code, or nothing if it is not two upper-case ASCII letters.
	pub const fn new(code: [u8; 2]) -> Option<Self> {
		if code[0].is_ascii_uppercase() && code[1].is_ascii_uppercase() {
			Some(Self(code))
		} else {
			None
		}
	}

	/// The two letters.
	pub fn as_str(&self) -> &str {
		core::str::from_utf8(&self.0).unwrap_or("??")
	}
}

impl codec::Decode for Country {
	fn decode<I: codec::Input>(input: &mut I) -> Result<Self, codec::Error> {
		Self::new(<[u8; 2]>::decode(input)?)
			.ok_or_else(|| "a country is two upper-case letters (ISO 3166-1 alpha-2)".into())
	}
}

impl core::fmt::Debug for Country {
	fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
		formatter.write_str(self.as_str())
	}
}

#[cfg(feature = "std")]
impl serde::Serialize for Country {
	fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		serializer.serialize_str(self.as_str())
	}
}

#[cfg(feature = "std")]
impl<'de> serde::Deserialize<'de> for Country {
	fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		let text = <std::string::String as serde::Deserialize>::deserialize(deserializer)?;
		<[u8; 2]>::try_from(text.as_bytes()).ok().and_then(Self::new).ok_or_else(|| {
			serde::de::Error::custom("a country is two upper-case letters (ISO 3166-1 alpha-2)")
		})
	}
}

/// What other rooms may know of an organisation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OrganisationFacts {
	/// What it is.
	pub kind: OrganisationKind,
	/// Where it is established.
	pub country: Country,
	/// Whether it may act.
	pub status: OrganisationStatus,
	/// What it supervises, if it is an authority.
	pub competences: Competences,
}

impl OrganisationFacts {
	/// Whether the organisation may act now.
	pub fn is_active(&self) -> bool {
		self.status == OrganisationStatus::Active
	}

	/// Whether the organisation is an authority with this competence.
	pub fn is_competent(&self, competence: Competence) -> bool {
		self.kind == OrganisationKind::Authority && self.competences.contains(competence)
	}

	/// Whether the organisation is a health data access body, which issues permits for secondary use.
	pub fn permits_secondary_use(&self) -> bool {
		self.is_competent(Competence::HealthDataAccess)
	}

	/// Whether the organisation treats patients.
	pub fn treats(&self) -> bool {
		matches!(self.kind, OrganisationKind::Hospital | OrganisationKind::CareCentre)
	}
}

/// Looks organisations up; given to the pallets that must know whom they deal with.
pub trait Organisations {
	/// The organisation's facts, if there is such an organisation.
	fn facts(organisation: OrganisationId) -> Option<OrganisationFacts>;

	/// Active organisations that may review others' emergency access, in ascending order of their numbers:
	/// hospitals, and authorities competent for data protection.
	fn reviewers() -> alloc::vec::Vec<OrganisationId>;

	/// Makes `organisation` known and active for a benchmark or test.
	#[cfg(feature = "runtime-benchmarks")]
	fn prepare(organisation: OrganisationId, kind: OrganisationKind);
}

/// Looks up for whom a key signs, where the signer is not who sends the transaction.
pub trait DelegateKeys {
	/// The organisation and the duties of the delegate whose account is this sr25519 public key, if the organisation
	/// is active.
	fn delegate(public: &[u8; 32]) -> Option<(OrganisationId, Duties)>;
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::{Decode, Encode};

	#[test]
	fn a_set_with_an_unknown_bit_does_not_decode() {
		assert_eq!(Duties::decode(&mut &Duties::all().encode()[..]).unwrap(), Duties::all());
		assert!(Duties::decode(&mut &(Duties::all().bits() | 1 << 10).encode()[..]).is_err());
		assert!(Competences::decode(&mut &[0b1_0000u8][..]).is_err());
	}

	#[test]
	fn a_country_is_two_upper_case_letters() {
		assert_eq!(Country::new(*b"GR").unwrap().as_str(), "GR");
		for wrong in [*b"gr", *b"G1", [0, 0], [0xff, 0xff]] {
			assert_eq!(Country::new(wrong), None);
			assert!(Country::decode(&mut &wrong[..]).is_err());
		}
	}
}
