//! A consent: who may receive which data of one patient, why, how and until when.

use crate::{
	vocabulary, AccessMode, AccessModes, BlockNumber, Categories, Commitment, ConsentId, Country,
	LegalBasis, MerkleRoot, Moment, OrganisationId, OrganisationKind, Purpose, Purposes,
	WithdrawLock,
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
	/// Every organisation of a kind in one country.
	#[codec(index = 2)]
	KindIn(OrganisationKind, Country),
	/// The members of a group, as they were when the consent was filed: who joins later is not covered.
	#[codec(index = 3)]
	Group(GroupId),
}

/// The number of a group of organisations, such as a stroke network, whose members the council keeps.
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
pub struct GroupId(pub u32);

/// An organisation that would receive, as a grantee looks at it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Candidate {
	/// Which.
	pub organisation: OrganisationId,
	/// What it is.
	pub kind: OrganisationKind,
	/// Where it is established.
	pub country: Country,
	/// The block since which it belongs to the group that the consent names; nothing if it does not, or if the
	/// consent names none.
	pub member_since: Option<BlockNumber>,
}

impl Grantee {
	/// Whether the grantee of a consent filed in block `filed_at` covers this organisation.
	pub fn covers(self, candidate: &Candidate, filed_at: BlockNumber) -> bool {
		match self {
			Self::Organisation(named) => named == candidate.organisation,
			Self::Kind(kind) => kind == candidate.kind,
			Self::KindIn(kind, country) => kind == candidate.kind && country == candidate.country,
			Self::Group(_) => candidate.member_since.is_some_and(|since| since <= filed_at),
		}
	}

	/// The group that the grantee names, if it names one.
	pub const fn group(self) -> Option<GroupId> {
		match self {
			Self::Group(group) => Some(group),
			Self::Organisation(_) | Self::Kind(_) | Self::KindIn(..) => None,
		}
	}

	/// Whether the grantee lies within `wider`, the grantee of a consent filed in block `filed_at`. `named` is the
	/// organisation that this grantee names, if it names one.
	pub fn lies_within(
		self,
		wider: Self,
		named: Option<&Candidate>,
		filed_at: BlockNumber,
	) -> bool {
		match (self, wider) {
			(one, other) if one == other => true,
			(Self::KindIn(kind, _), Self::Kind(wider)) => kind == wider,
			(Self::Organisation(organisation), wider) => named.is_some_and(|candidate| {
				candidate.organisation == organisation && wider.covers(candidate, filed_at)
			}),
			_ => false,
		}
	}
}

/// A period of thirteen weeks, counted from the Unix epoch. A date of birth would identify a person; the quarter in
/// which somebody comes of age is shared by thousands.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Debug,
	codec::Encode,
	codec::Decode,
	codec::DecodeWithMemTracking,
	codec::MaxEncodedLen,
	scale_info::TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct Quarter(pub u16);

impl Quarter {
	/// Milliseconds of a quarter: 91 days.
	pub const LENGTH: Moment = 91 * 24 * 3_600 * 1_000;

	/// The quarter in which a moment lies; the last one for what lies beyond.
	pub fn of(moment: Moment) -> Self {
		Self(u16::try_from(moment / Self::LENGTH).unwrap_or(u16::MAX))
	}

	/// Its first moment.
	pub const fn start(self) -> Moment {
		self.0 as Moment * Self::LENGTH
	}
}

/// Who gave the consent. A code only: the proof stays with the holder.
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
pub enum Representation {
	/// The patient.
	#[codec(index = 0)]
	Own,
	/// A guardian or proxy whom the patient or a court appointed.
	#[codec(index = 1)]
	Guardian,
	/// A holder of parental responsibility, for a minor. Ceases to count when the quarter begins in which the minor
	/// comes of age, unless confirmed from then on.
	#[codec(index = 2)]
	Minor {
		/// The quarter in which the minor comes of age.
		of_age: Quarter,
	},
	/// A legal representative of a person who cannot consent.
	#[codec(index = 3)]
	Incapacity,
}

impl Representation {
	/// From when on the consent counts only if confirmed; nothing for ever.
	pub const fn ends(self) -> Option<Moment> {
		match self {
			Self::Minor { of_age } => Some(of_age.start()),
			Self::Own | Self::Guardian | Self::Incapacity => None,
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
		/// For which purposes; at least one, care and secondary use never together.
		pub purposes: Purposes,
		/// Which categories; at least one.
		pub categories: Categories,
		/// How the data may be used; at least one.
		pub access_modes: AccessModes,
		/// Valid from this moment on.
		pub valid_from: Moment,
		/// Valid before this moment. There is no renewal but by a new consent.
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
		/// Who gave it.
		pub representation: Representation,
	}
}

vocabulary! {
	/// What is wrong with terms that are to be filed.
	pub enum TermsDefect {
		/// Ends before or when it begins, or has ended already.
		EmptyPeriod = 0,
		/// Lasts longer than [`MAX_VALIDITY`], or asks for erasure later than that after its end.
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
		/// The basis is not the patient's explicit agreement.
		NotConsent = 7,
		/// Bundles primary and secondary use (GDPR art. 7(2)).
		Bundled = 8,
		/// A minor's representative consents, but the minor is of age.
		OfAge = 9,
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
			|| self.erase_at > self.valid_until.saturating_add(MAX_VALIDITY)
		{
			return Err(TermsDefect::TooLong);
		}
		if self.purposes.is_empty() || self.categories.is_empty() || self.access_modes.is_empty() {
			return Err(TermsDefect::Nothing);
		}
		let secondary = self.purposes.iter().filter(|purpose| purpose.is_secondary_use()).count();
		if secondary > 0 && secondary < self.purposes.iter().count() {
			return Err(TermsDefect::Bundled);
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
		if self.basis != LegalBasis::EXPLICIT_CONSENT {
			return Err(TermsDefect::NotConsent);
		}
		if self.representation.ends().is_some_and(|end| end <= now) {
			return Err(TermsDefect::OfAge);
		}
		Ok(())
	}

	/// Whether these terms allow nothing that `wider`, the terms of a consent filed in block `filed_at`, does not
	/// allow, and something less. The lock stays, so that the code on the patient's receipt goes on to withdraw.
	/// `named` is the organisation that these terms name as grantee, if they name one.
	pub fn narrow(&self, wider: &Self, named: Option<&Candidate>, filed_at: BlockNumber) -> bool {
		let allows = |terms: &Self| {
			(
				terms.grantee,
				terms.purposes,
				terms.categories,
				terms.access_modes,
				[terms.valid_from, terms.valid_until, terms.erase_at],
				[terms.max_uses, terms.min_interval_s],
			)
		};
		self.grantee.lies_within(wider.grantee, named, filed_at)
			&& self.basis == wider.basis
			&& wider.purposes.contains_all(self.purposes)
			&& wider.categories.contains_all(self.categories)
			&& wider.access_modes.contains_all(self.access_modes)
			&& self.valid_from >= wider.valid_from
			&& self.valid_until <= wider.valid_until
			&& self.erase_at <= wider.erase_at
			&& self.max_uses <= wider.max_uses
			&& self.min_interval_s >= wider.min_interval_s
			&& self.withdraw_lock == wider.withdraw_lock
			&& self.representation == wider.representation
			&& self.policy_version >= wider.policy_version
			&& allows(self) != allows(wider)
	}
}

/// How a consent stands, apart from the passing of time. A patient's objection or restriction has no value here: it
/// lives in the holder's own store.
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
	/// Serves nothing since this block, until the holder resumes it.
	#[codec(index = 3)]
	Suspended {
		/// The block.
		at: BlockNumber,
	},
}

impl ConsentStatus {
	/// The block in which the consent was withdrawn or superseded, if it was.
	pub const fn ended_at(self) -> Option<BlockNumber> {
		match self {
			Self::Active | Self::Suspended { .. } => None,
			Self::Withdrawn { at } | Self::Superseded { at, .. } => Some(at),
		}
	}

	/// Whether it was withdrawn or superseded.
	pub const fn has_ended(self) -> bool {
		self.ended_at().is_some()
	}
}

record! {
	/// What a person who came of age said of a consent that a representative gave.
	pub struct Confirmation {
		/// Commitment to the evidence.
		pub evidence: Commitment,
		/// The block in which it was recorded.
		pub at: BlockNumber,
	}
}

record! {
	/// A consent on the ledger.
	pub struct Consent {
		/// The organisation whose records it opens.
		pub holder: OrganisationId,
		/// What was filed, or the newest narrowing of it.
		pub terms: ConsentTerms,
		/// How it stands.
		pub status: ConsentStatus,
		/// Exchanges served so far.
		pub used: u32,
		/// When the last exchange was served; zero for never.
		pub last_used: Moment,
		/// The block in which it was filed.
		pub filed_at: BlockNumber,
		/// How often it was narrowed.
		pub narrowed: u8,
		/// The confirmation of a minor who came of age.
		pub confirmed: Option<Confirmation>,
		/// The root of the tickets from which it was redeemed, if it is a ticket.
		pub tickets: Option<MerkleRoot>,
	}
}

vocabulary! {
	/// How a consent stands at a moment, time and members taken into account.
	pub enum Standing {
		/// May serve requests.
		Active = 0,
		/// Its period has not begun.
		NotYetValid = 1,
		/// Its period is over.
		Expired = 2,
		/// It has served as often as it may.
		UsedUp = 3,
		/// The minor came of age and has not confirmed it.
		Unconfirmed = 4,
		/// The holder suspended it.
		Suspended = 5,
		/// The holder, or the organisation it names, may not act at present.
		Dormant = 6,
		/// Replaced by another consent.
		Superseded = 7,
		/// Withdrawn for good.
		Withdrawn = 8,
	}
}

/// What is asked of a consent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Use<'a> {
	/// Whose records.
	pub holder: OrganisationId,
	/// Who would receive.
	pub recipient: &'a Candidate,
	/// Why.
	pub purpose: Purpose,
	/// Which categories.
	pub categories: Categories,
	/// How the recipient would use them.
	pub mode: AccessMode,
}

impl Consent {
	/// A consent that was just filed.
	pub const fn filed(holder: OrganisationId, terms: ConsentTerms, at: BlockNumber) -> Self {
		Self {
			holder,
			terms,
			status: ConsentStatus::Active,
			used: 0,
			last_used: 0,
			filed_at: at,
			narrowed: 0,
			confirmed: None,
			tickets: None,
		}
	}

	/// Whether it is active, `now` lies within its period (from `valid_from`, before `valid_until`), and whoever gave
	/// it may still speak for the patient.
	pub fn is_live(&self, now: Moment) -> bool {
		self.status == ConsentStatus::Active
			&& self.terms.valid_from <= now
			&& now < self.terms.valid_until
			&& !self.is_unconfirmed(now)
	}

	/// Whether the minor came of age and has not confirmed it.
	pub fn is_unconfirmed(&self, now: Moment) -> bool {
		self.confirmed.is_none() && self.terms.representation.ends().is_some_and(|end| end <= now)
	}

	/// Whether it covers such a use, apart from time and use count.
	pub fn covers(&self, asked: &Use) -> bool {
		self.holder == asked.holder
			&& asked.recipient.organisation != self.holder
			&& self.terms.grantee.covers(asked.recipient, self.filed_at)
			&& self.terms.purposes.contains(asked.purpose)
			&& self.terms.categories.contains_all(asked.categories)
			&& self.terms.access_modes.contains(asked.mode)
	}

	/// Whether one more use is left, and enough time has passed since the last.
	pub fn has_use_left(&self, now: Moment) -> bool {
		let interval = u64::from(self.terms.min_interval_s) * 1_000;
		self.used < self.terms.max_uses
			&& (self.used == 0 || now >= self.last_used.saturating_add(interval))
	}

	/// How it stands at `now`. `parties_active` says whether the holder, and the grantee if it is one organisation,
	/// may act.
	pub fn standing(&self, now: Moment, parties_active: bool) -> Standing {
		match self.status {
			ConsentStatus::Withdrawn { .. } => Standing::Withdrawn,
			ConsentStatus::Superseded { .. } => Standing::Superseded,
			_ if now >= self.terms.valid_until => Standing::Expired,
			_ if self.used >= self.terms.max_uses => Standing::UsedUp,
			_ if self.is_unconfirmed(now) => Standing::Unconfirmed,
			ConsentStatus::Suspended { .. } => Standing::Suspended,
			ConsentStatus::Active if !parties_active => Standing::Dormant,
			ConsentStatus::Active if now < self.terms.valid_from => Standing::NotYetValid,
			ConsentStatus::Active => Standing::Active,
		}
	}
}

/// Looks consents up and counts their uses; given to the exchange.
pub trait Consents {
	/// The consent, if the ledger has it. A ticket whose root was withdrawn shows as withdrawn then.
	fn get(id: ConsentId) -> Option<Consent>;

	/// Counts one more exchange served at `now`, after the gate allowed it.
	fn count_use(id: ConsentId, now: Moment);

	/// The block since which the organisation belongs to the group, if it does.
	fn member_since(group: GroupId, organisation: OrganisationId) -> Option<BlockNumber>;
}

#[cfg(test)]
pub(crate) mod tests;
