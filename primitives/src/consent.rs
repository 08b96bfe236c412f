//! A consent: who may receive which data of one patient, why, how and until when.

use crate::{
	vocabulary, AccessModes, BlockNumber, Categories, Commitment, ConsentId, LegalBasis, Moment,
	OrganisationId, OrganisationKind, Purpose, Purposes, WithdrawLock,
};

/// Derives of every record of the vocabulary.
macro_rules! record {
	($(#[$meta:meta])* pub struct $name:ident { $($(#[$field_meta:meta])* pub $field:ident: $type:ty),+ $(,)? }) => {
		$(#[$meta])*
		#[derive(
			Clone,
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
		pub struct $name { $($(#[$field_meta])* pub $field: $type),+ }
	};
}
pub(crate) use record;

/// To whom a consent is given.
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
#[cfg_attr(feature = "std", serde(rename_all = "kebab-case"))]
pub enum Grantee {
	/// One organisation.
	#[codec(index = 0)]
	Organisation(OrganisationId),
	/// Every organisation of a kind.
	#[codec(index = 1)]
	Kind(OrganisationKind),
}

impl Grantee {
	/// Whether the grantee covers this organisation.
	pub fn covers(self, organisation: OrganisationId, kind: OrganisationKind) -> bool {
		match self {
			Self::Organisation(named) => named == organisation,
			Self::Kind(named) => named == kind,
		}
	}
}

record! {
	/// What the holder files. One consent is one relation of one patient, holder, grantee and set of purposes.
	pub struct ConsentTerms {
		/// Who may receive.
		pub grantee: Grantee,
		/// On which lawful basis.
		pub basis: LegalBasis,
		/// For which purposes; at least one.
		pub purposes: Purposes,
		/// Which categories; at least one.
		pub categories: Categories,
		/// How the data may be used; at least one.
		pub access_modes: AccessModes,
		/// Valid from this moment on.
		pub valid_from: Moment,
		/// Valid before this moment.
		pub valid_until: Moment,
		/// When the grantee erases data it holds for other purposes than its own treatment record.
		pub erase_at: Moment,
		/// How many exchanges it may serve; at least one.
		pub max_uses: u32,
		/// Least time between two exchanges, in seconds.
		pub min_interval_s: u32,
		/// Commitment to the full terms the patient signed.
		pub terms: Commitment,
		/// Commitment to the evidence of the signature.
		pub evidence: Commitment,
		/// Lock of the patient's withdrawal code.
		pub withdraw_lock: WithdrawLock,
		/// Version of the consent policy the patient was informed by.
		pub policy_version: u16,
	}
}

vocabulary! {
	/// What is wrong with terms that are to be filed.
	pub enum TermsDefect {
		/// Ends before or when it begins, or has ended already.
		EmptyPeriod = 0,
		/// Lasts longer than [`MAX_VALIDITY`].
		TooLong = 1,
		/// Names no purpose, category or access mode.
		Nothing = 2,
		/// May never be used.
		NoUses = 3,
		/// Names the holder itself as grantee.
		GranteeIsHolder = 4,
		/// Erasure is due before the consent ends.
		ErasedBeforeEnd = 5,
		/// A commitment or the withdrawal lock is missing (all zero), or two are equal.
		MissingCommitment = 6,
		/// The basis is not the patient's agreement.
		NotConsent = 7,
	}
}

/// No consent lasts longer than ten years: 3,653 days in milliseconds.
pub const MAX_VALIDITY: Moment = 3_653 * 24 * 3_600 * 1_000;

impl ConsentTerms {
	/// Checks the terms that `holder` files at `now`.
	///
	/// # Errors
	/// The first [`TermsDefect`] found.
	pub fn check(&self, holder: OrganisationId, now: Moment) -> Result<(), TermsDefect> {
		if self.valid_from >= self.valid_until || self.valid_until <= now {
			return Err(TermsDefect::EmptyPeriod);
		}
		if self.valid_until - self.valid_from > MAX_VALIDITY
			|| self.valid_from > now.saturating_add(MAX_VALIDITY)
		{
			return Err(TermsDefect::TooLong);
		}
		if self.purposes.is_empty() || self.categories.is_empty() || self.access_modes.is_empty() {
			return Err(TermsDefect::Nothing);
		}
		if self.max_uses == 0 {
			return Err(TermsDefect::NoUses);
		}
		if self.grantee == Grantee::Organisation(holder) {
			return Err(TermsDefect::GranteeIsHolder);
		}
		if self.erase_at < self.valid_until {
			return Err(TermsDefect::ErasedBeforeEnd);
		}
		if self.terms.is_zero()
			|| self.evidence.is_zero()
			|| self.withdraw_lock.is_zero()
			|| self.terms == self.evidence
		{
			return Err(TermsDefect::MissingCommitment);
		}
		if !self.basis.is_consent() {
			return Err(TermsDefect::NotConsent);
		}
		Ok(())
	}
}

/// How a consent stands, apart from the passing of time.
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
#[cfg_attr(feature = "std", serde(rename_all = "kebab-case"))]
pub enum ConsentStatus {
	/// May serve requests.
	#[codec(index = 0)]
	Active,
	/// Withdrawn in this block, for good.
	#[codec(index = 1)]
	Withdrawn {
		/// The block.
		at: BlockNumber,
	},
	/// Replaced by another consent in this block.
	#[codec(index = 2)]
	Superseded {
		/// The newer consent.
		by: ConsentId,
		/// The block.
		at: BlockNumber,
	},
}

impl ConsentStatus {
	/// The block in which the consent was withdrawn or superseded, if it was.
	pub const fn ended_at(self) -> Option<BlockNumber> {
		match self {
			Self::Active => None,
			Self::Withdrawn { at } | Self::Superseded { at, .. } => Some(at),
		}
	}
}

record! {
	/// A consent on the ledger.
	pub struct Consent {
		/// The organisation whose records it opens.
		pub holder: OrganisationId,
		/// What was filed.
		pub terms: ConsentTerms,
		/// How it stands.
		pub status: ConsentStatus,
		/// Exchanges served so far.
		pub used: u32,
		/// When the last exchange was served; zero for never.
		pub last_used: Moment,
		/// The block in which it was filed.
		pub filed_at: BlockNumber,
	}
}

impl Consent {
	/// Whether it is active and `now` lies within its period: from `valid_from`, before `valid_until`.
	pub fn is_live(&self, now: Moment) -> bool {
		self.status == ConsentStatus::Active
			&& self.terms.valid_from <= now
			&& now < self.terms.valid_until
	}

	/// Whether it covers a use by `requester` for this purpose and these categories, apart from time and use count.
	pub fn covers(
		&self,
		holder: OrganisationId,
		requester: OrganisationId,
		kind: OrganisationKind,
		purpose: Purpose,
		categories: Categories,
	) -> bool {
		self.holder == holder
			&& self.terms.grantee.covers(requester, kind)
			&& self.terms.purposes.contains(purpose)
			&& self.terms.categories.contains_all(categories)
			&& self.terms.basis.carries(purpose, kind)
	}

	/// Whether one more use is left, and enough time has passed since the last.
	pub fn has_use_left(&self, now: Moment) -> bool {
		let interval = u64::from(self.terms.min_interval_s) * 1_000;
		self.used < self.terms.max_uses
			&& (self.used == 0 || now >= self.last_used.saturating_add(interval))
	}
}

/// Looks consents up and counts their uses; given to the exchange.
pub trait Consents {
	/// The consent, if the ledger has it.
	fn get(id: ConsentId) -> Option<Consent>;

	/// Counts one more exchange served at `now`, after the gate allowed it.
	fn count_use(id: ConsentId, now: Moment);
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use crate::{AccessMode, Category};

	pub(crate) fn terms() -> ConsentTerms {
		ConsentTerms {
			grantee: Grantee::Organisation(OrganisationId(2)),
			basis: LegalBasis::EXPLICIT_CONSENT,
			purposes: Purpose::Treatment.into(),
			categories: Category::PatientSummary.into(),
			access_modes: AccessMode::View.into(),
			valid_from: 1_000,
			valid_until: 2_000,
			erase_at: 2_000,
			max_uses: 2,
			min_interval_s: 0,
			terms: Commitment([1; 32]),
			evidence: Commitment([2; 32]),
			withdraw_lock: WithdrawLock([3; 32]),
			policy_version: 1,
		}
	}

	pub(crate) fn consent() -> Consent {
		Consent {
			holder: OrganisationId(1),
			terms: terms(),
			status: ConsentStatus::Active,
			used: 0,
			last_used: 0,
			filed_at: 1,
		}
	}

	#[test]
	fn a_consent_lives_from_its_first_moment_until_before_its_last() {
		let consent = consent();
		assert!(!consent.is_live(999));
		assert!(consent.is_live(1_000));
		assert!(consent.is_live(1_999));
		assert!(!consent.is_live(2_000));
	}

	#[test]
	fn every_defect_of_terms_is_named() {
		let holder = OrganisationId(1);
		let check = |change: fn(&mut ConsentTerms)| {
			let mut terms = terms();
			change(&mut terms);
			terms.check(holder, 1_000)
		};
		assert_eq!(check(|_| ()), Ok(()));
		assert_eq!(check(|terms| terms.valid_until = 1_000), Err(TermsDefect::EmptyPeriod));
		assert_eq!(check(|terms| terms.valid_from = 0), Ok(()));
		assert_eq!(check(|terms| terms.valid_until = u64::MAX), Err(TermsDefect::TooLong));
		assert_eq!(check(|terms| terms.purposes = Purposes::EMPTY), Err(TermsDefect::Nothing));
		assert_eq!(check(|terms| terms.categories = Categories::EMPTY), Err(TermsDefect::Nothing));
		assert_eq!(
			check(|terms| terms.access_modes = AccessModes::EMPTY),
			Err(TermsDefect::Nothing)
		);
		assert_eq!(check(|terms| terms.max_uses = 0), Err(TermsDefect::NoUses));
		assert_eq!(
			check(|terms| terms.grantee = Grantee::Organisation(OrganisationId(1))),
			Err(TermsDefect::GranteeIsHolder)
		);
		assert_eq!(check(|terms| terms.erase_at = 1_999), Err(TermsDefect::ErasedBeforeEnd));
		assert_eq!(
			check(|terms| terms.evidence = Commitment([0; 32])),
			Err(TermsDefect::MissingCommitment)
		);
		assert_eq!(
			check(|terms| terms.evidence = terms.terms),
			Err(TermsDefect::MissingCommitment)
		);
		assert_eq!(check(|terms| terms.basis = LegalBasis::CARE), Err(TermsDefect::NotConsent));
	}

	#[test]
	fn uses_run_out_and_respect_the_interval() {
		let mut consent = consent();
		consent.terms.min_interval_s = 1;
		assert!(consent.has_use_left(1_000));
		consent.used = 1;
		consent.last_used = 1_000;
		assert!(!consent.has_use_left(1_999));
		assert!(consent.has_use_left(2_000));
		consent.used = 2;
		assert!(!consent.has_use_left(5_000));
	}
}
