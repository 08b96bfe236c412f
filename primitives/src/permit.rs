//! Secondary use of health data: permits of a health data access body, and what is extracted under them.
//!
//! Purposes are those of EHDS art. 53; what art. 54 prohibits has no value and cannot be written down.

use crate::{
	consent::record, vocabulary, vocabulary_set, BlockNumber, Categories, Commitment, MerkleRoot,
	Moment, OrganisationId, OrganisationKind, PermitId, Purpose, SizeBucket,
};

vocabulary! {
	/// What health data may be reused for (EHDS art. 53(1)).
	pub enum SecondaryPurpose {
		/// (a) public and occupational health; public bodies only.
		PublicHealth = 0,
		/// (b) policy-making and regulatory activities; public bodies only.
		PolicyMaking = 1,
		/// (c) statistics; public bodies only.
		Statistics = 2,
		/// (d) education and teaching.
		Education = 3,
		/// (e) scientific research.
		Research = 4,
		/// (f) improving the delivery of care.
		CareImprovement = 5,
	}
}

impl SecondaryPurpose {
	/// Whether it is reserved to public sector bodies (EHDS art. 53(2)).
	pub const fn is_reserved(self) -> bool {
		matches!(self, Self::PublicHealth | Self::PolicyMaking | Self::Statistics)
	}
}

impl From<SecondaryPurpose> for Purpose {
	fn from(purpose: SecondaryPurpose) -> Self {
		match purpose {
			SecondaryPurpose::PublicHealth => Self::PublicHealth,
			SecondaryPurpose::PolicyMaking => Self::PolicyMaking,
			SecondaryPurpose::Statistics => Self::Statistics,
			SecondaryPurpose::Education => Self::Education,
			SecondaryPurpose::Research => Self::Research,
			SecondaryPurpose::CareImprovement => Self::CareImprovement,
		}
	}
}

vocabulary! {
	/// In which form data are made available (EHDS art. 66).
	pub enum DataFormat {
		/// Nobody can be identified: the rule.
		Anonymised = 0,
		/// Under pseudonyms of this permit alone; only if the purpose cannot be reached otherwise.
		Pseudonymised = 1,
	}
}

vocabulary! {
	/// Conditions on a use, after the Data Use Ontology (GA4GH DUO). The disease, region or person that a condition
	/// is about stands in the permit's document.
	pub enum DataUseCondition {
		/// Health, medical or biomedical research only (DUO:0000006).
		HealthResearch = 0,
		/// Research on one disease only (DUO:0000007).
		DiseaseSpecific = 1,
		/// Genetic studies only (DUO:0000016).
		GeneticStudies = 2,
		/// One type of research only (DUO:0000012).
		ResearchSpecific = 3,
		/// No development of methods (DUO:0000015).
		NoMethods = 4,
		/// No commercial use (DUO:0000046).
		NonCommercial = 5,
		/// Not-for-profit organisations only (DUO:0000045).
		NotForProfit = 6,
		/// Results are published (DUO:0000019).
		Publication = 7,
		/// Nothing is published before a date (DUO:0000024).
		PublicationMoratorium = 8,
		/// In collaboration with the holder (DUO:0000020).
		Collaboration = 9,
		/// With the approval of an ethics committee (DUO:0000021).
		EthicsApproval = 10,
		/// Within a region only (DUO:0000022).
		Geographic = 11,
		/// For one institution only (DUO:0000028).
		Institution = 12,
		/// For one project only (DUO:0000027).
		Project = 13,
		/// For named users only (DUO:0000026).
		Users = 14,
		/// Derived data go back to the holder (DUO:0000029).
		ReturnOfData = 15,
	}
}

vocabulary_set! {
	/// The conditions of a permit.
	pub struct DataUseConditions(u32) of DataUseCondition;
}

impl DataUseConditions {
	/// Whether a condition allows nothing but research.
	pub fn ask_for_research(self) -> bool {
		use DataUseCondition::{DiseaseSpecific, GeneticStudies, HealthResearch, ResearchSpecific};
		[HealthResearch, DiseaseSpecific, GeneticStudies, ResearchSpecific]
			.into_iter()
			.any(|condition| self.contains(condition))
	}
}

record! {
	/// A permit as the ledger keeps it.
	pub struct Permit {
		/// The health data access body.
		pub issuer: OrganisationId,
		/// Who may use the data.
		pub user: OrganisationId,
		/// For what.
		pub purpose: Purpose,
		/// Which categories.
		pub categories: Categories,
		/// Commitment to the secure processing environment (EHDS art. 73).
		pub environment: Commitment,
		/// In which form.
		pub format: DataFormat,
		/// Commitment to why pseudonyms are needed; all zero if the data are anonymised.
		pub justification: Commitment,
		/// Valid from this moment on.
		pub valid_from: Moment,
		/// Valid before this moment.
		pub valid_until: Moment,
		/// On which conditions.
		pub conditions: DataUseConditions,
		/// Commitment to the permit's document.
		pub document: Commitment,
		/// The block in which it was revoked.
		pub revoked_at: Option<BlockNumber>,
		/// The block in which it was issued.
		pub issued_at: BlockNumber,
	}
}

impl Permit {
	/// Whether it is valid at `now`.
	pub fn is_live(&self, now: Moment) -> bool {
		self.revoked_at.is_none() && self.valid_from <= now && now < self.valid_until
	}

	/// Whether it lets this organisation use these categories for this purpose.
	pub fn covers(&self, user: OrganisationId, purpose: Purpose, categories: Categories) -> bool {
		self.user == user
			&& self.purpose == purpose
			&& !categories.is_empty()
			&& self.categories.contains_all(categories)
	}
}

/// Looks permits up; given to the gate.
pub trait Permits {
	/// The permit, if the ledger has it.
	fn get(id: PermitId) -> Option<Permit>;

	/// The extraction of this number under the permit, if there was one.
	fn extraction(id: PermitId, number: u32) -> Option<Extraction>;
}

impl Permits for () {
	fn get(_: PermitId) -> Option<Permit> {
		None
	}

	fn extraction(_: PermitId, _: u32) -> Option<Extraction> {
		None
	}
}

record! {
	/// What a health data access body issues.
	pub struct PermitTerms {
		/// Who may use the data.
		pub user: OrganisationId,
		/// For what.
		pub purpose: SecondaryPurpose,
		/// Which categories; at least one.
		pub categories: Categories,
		/// Commitment to the secure processing environment.
		pub environment: Commitment,
		/// In which form.
		pub format: DataFormat,
		/// Commitment to why pseudonyms are needed; all zero if the data are anonymised.
		pub justification: Commitment,
		/// Valid from this moment on.
		pub valid_from: Moment,
		/// Valid before this moment.
		pub valid_until: Moment,
		/// On which conditions.
		pub conditions: DataUseConditions,
		/// Commitment to the permit's document.
		pub document: Commitment,
	}
}

vocabulary! {
	/// What is wrong with a permit that is to be issued.
	pub enum PermitDefect {
		/// The body permits itself.
		UserIsIssuer = 0,
		/// The purpose is reserved to public sector bodies.
		ReservedPurpose = 1,
		/// Names no category.
		NoCategory = 2,
		/// Ends before or when it begins, or has ended already.
		EmptyPeriod = 3,
		/// Lasts longer than [`MAX_PERMIT_VALIDITY`].
		TooLong = 4,
		/// Pseudonyms without a justification.
		MissingJustification = 5,
		/// A justification of pseudonyms that are not used.
		NeedlessJustification = 6,
		/// A commitment is missing (all zero), or two are equal.
		MissingCommitment = 7,
		/// A condition allows research only, the purpose is another.
		ConditionExcludesPurpose = 8,
	}
}

const DAY: Moment = 24 * 3_600 * 1_000;

/// No permit lasts longer than ten years (EHDS art. 68(12)): 3,653 days in milliseconds.
pub const MAX_PERMIT_VALIDITY: Moment = 3_653 * DAY;

/// Results are public within 18 months after the processing (EHDS art. 61(4)): 548 days in milliseconds.
pub const PUBLICATION_PERIOD: Moment = 548 * DAY;

/// The body answers a report of re-identification within this time: 72 hours in milliseconds.
pub const REIDENTIFICATION_PERIOD: Moment = 3 * DAY;

/// Fewer than `k` persons are never shown as a cohort: the least bucket, which begins at `k = 10`.
pub const LEAST_COHORT: SizeBucket = SizeBucket::Tens;

impl PermitTerms {
	/// Checks the form of a permit that `issuer` gives to an organisation of this kind at `now`.
	///
	/// # Errors
	/// The first [`PermitDefect`] found.
	pub fn check(
		&self,
		issuer: OrganisationId,
		user_kind: OrganisationKind,
		now: Moment,
	) -> Result<(), PermitDefect> {
		if self.user == issuer {
			return Err(PermitDefect::UserIsIssuer);
		}
		// Of the kinds of members, authorities alone are public sector bodies for certain.
		if self.purpose.is_reserved() && user_kind != OrganisationKind::Authority {
			return Err(PermitDefect::ReservedPurpose);
		}
		if self.categories.is_empty() {
			return Err(PermitDefect::NoCategory);
		}
		if self.valid_from >= self.valid_until || self.valid_until <= now {
			return Err(PermitDefect::EmptyPeriod);
		}
		if self.valid_until - self.valid_from > MAX_PERMIT_VALIDITY
			|| self.valid_until > now.saturating_add(2 * MAX_PERMIT_VALIDITY)
		{
			return Err(PermitDefect::TooLong);
		}
		match (self.format, self.justification.is_zero()) {
			(DataFormat::Pseudonymised, true) => return Err(PermitDefect::MissingJustification),
			(DataFormat::Anonymised, false) => return Err(PermitDefect::NeedlessJustification),
			_ => {},
		}
		if self.environment.is_zero()
			|| self.document.is_zero()
			|| self.environment == self.document
			|| self.justification == self.document
			|| self.justification == self.environment
		{
			return Err(PermitDefect::MissingCommitment);
		}
		if self.conditions.ask_for_research() && self.purpose != SecondaryPurpose::Research {
			return Err(PermitDefect::ConditionExcludesPurpose);
		}
		Ok(())
	}

	/// The permit that `issuer` gives in block `issued_at`.
	pub fn issue(self, issuer: OrganisationId, issued_at: BlockNumber) -> Permit {
		Permit {
			issuer,
			user: self.user,
			purpose: self.purpose.into(),
			categories: self.categories,
			environment: self.environment,
			format: self.format,
			justification: self.justification,
			valid_from: self.valid_from,
			valid_until: self.valid_until,
			conditions: self.conditions,
			document: self.document,
			revoked_at: None,
			issued_at,
		}
	}
}

/// The handle of the permit that `issuer` gives under its own 32-byte key: the same submission twice has the same
/// handle, another body's cannot collide with it.
pub fn permit_id(issuer: OrganisationId, key: &[u8; 32]) -> PermitId {
	let mut input = [0; 16 + 4 + 32];
	input[..16].copy_from_slice(b"curex/permit-id.");
	input[16..20].copy_from_slice(&issuer.0.to_le_bytes());
	input[20..].copy_from_slice(key);
	PermitId(sp_crypto_hashing::blake2_256(&input))
}

record! {
	/// What a permit says of an organisation whose data may be used.
	pub struct NamedHolder {
		/// Commitment to the data set.
		pub dataset: Commitment,
	}
}

record! {
	/// Who would be extracted and who opted out, committed before anything is extracted.
	pub struct Cohort {
		/// Merkle root over the persons of the cohort.
		pub cohort: MerkleRoot,
		/// How many they are; at least [`LEAST_COHORT`].
		pub size: SizeBucket,
		/// Root of the tree of those who opted out; see [`crate::opt_out`].
		pub opt_out: MerkleRoot,
		/// How many were left out for that; [`SizeBucket::None`] stands for fewer than `k` as well.
		pub excluded: SizeBucket,
		/// When it was committed.
		pub committed: Moment,
		/// The block in which it was committed.
		pub committed_at: BlockNumber,
	}
}

vocabulary! {
	/// Why a cohort is not taken, or does not serve an extraction.
	pub enum CohortDefect {
		/// Fewer than `k` persons, or fewer than `k` said to be left out.
		TooFew = 0,
		/// A root is missing (all zero), or the two are equal.
		MissingRoot = 1,
		/// Committed in the block of the extraction or later.
		NotBefore = 2,
		/// Committed too long ago: who opted out since is not in it.
		TooOld = 3,
	}
}

impl Cohort {
	/// Checks a cohort that is to be committed.
	///
	/// # Errors
	/// The first [`CohortDefect`] found.
	pub fn check(&self) -> Result<(), CohortDefect> {
		if self.cohort.is_zero() || self.opt_out.is_zero() || self.cohort == self.opt_out {
			return Err(CohortDefect::MissingRoot);
		}
		let few_excluded = self.excluded != SizeBucket::None && self.excluded < LEAST_COHORT;
		if self.size < LEAST_COHORT || few_excluded {
			return Err(CohortDefect::TooFew);
		}
		Ok(())
	}

	/// Whether it serves an extraction in block `block` at `now`: committed in an earlier block, so that the order
	/// of the blocks proves it, and not longer than `max_age` ago.
	///
	/// # Errors
	/// The first [`CohortDefect`] found.
	pub fn serves(
		&self,
		block: BlockNumber,
		now: Moment,
		max_age: Moment,
	) -> Result<(), CohortDefect> {
		if self.committed_at >= block {
			return Err(CohortDefect::NotBefore);
		}
		if now.saturating_sub(self.committed) > max_age {
			return Err(CohortDefect::TooOld);
		}
		Ok(())
	}
}

record! {
	/// An extraction from a holder's data under a permit.
	pub struct Extraction {
		/// The permit.
		pub permit: PermitId,
		/// Whose data.
		pub holder: OrganisationId,
		/// From whom.
		pub cohort: Cohort,
		/// Commitment to what went to the environment.
		pub payload: Commitment,
		/// The block of the extraction.
		pub extracted_at: BlockNumber,
	}
}

vocabulary! {
	/// What the body found after a report of re-identification.
	pub enum Finding {
		/// A person was identified; the permit is revoked.
		Confirmed = 0,
		/// Nobody was.
		NotConfirmed = 1,
	}
}

record! {
	/// A report that somebody was, or might have been, identified in data used under a permit (EHDS art. 61(3)).
	pub struct Reidentification {
		/// The permit.
		pub permit: PermitId,
		/// Who reports.
		pub reporter: OrganisationId,
		/// Commitment to the evidence.
		pub evidence: Commitment,
		/// Until when the body is to answer.
		pub due: Moment,
		/// What it found, once it did.
		pub finding: Option<Finding>,
		/// Commitment to its reasons, once it found.
		pub reasons: Option<Commitment>,
	}
}

record! {
	/// What has happened under a permit.
	pub struct PermitStanding {
		/// How many holders it names.
		pub holders: u32,
		/// How many extractions there were.
		pub extractions: u32,
		/// How many exports from the environment there were.
		pub exports: u32,
		/// Reports of re-identification without an answer. While there are any, nothing is extracted or exported.
		pub open_reports: u32,
		/// Until when the results are to be public; nothing while nothing was extracted.
		pub results_due: Option<Moment>,
		/// Commitment to the results, once they were published.
		pub results: Option<Commitment>,
	}
}

impl PermitStanding {
	/// A permit under which nothing has happened.
	pub const NEW: Self = Self {
		holders: 0,
		extractions: 0,
		exports: 0,
		open_reports: 0,
		results_due: None,
		results: None,
	};
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::Category;
	use codec::{Decode, Encode};
	use proptest::prelude::*;

	const YEAR: Moment = 365 * DAY;

	fn terms() -> PermitTerms {
		PermitTerms {
			user: OrganisationId(2),
			purpose: SecondaryPurpose::Research,
			categories: Category::Imaging.into(),
			environment: Commitment([1; 32]),
			format: DataFormat::Pseudonymised,
			justification: Commitment([2; 32]),
			valid_from: 1_000,
			valid_until: 1_000 + YEAR,
			conditions: DataUseCondition::HealthResearch.into(),
			document: Commitment([3; 32]),
		}
	}

	#[test]
	fn every_defect_of_a_permit_is_named() {
		use PermitDefect::*;
		let check = |change: fn(&mut PermitTerms)| {
			let mut terms = terms();
			change(&mut terms);
			terms.check(OrganisationId(1), OrganisationKind::Hospital, 1_000).err()
		};
		assert_eq!(check(|_| ()), None);
		assert_eq!(check(|terms| terms.user = OrganisationId(1)), Some(UserIsIssuer));
		assert_eq!(
			check(|terms| terms.purpose = SecondaryPurpose::Statistics),
			Some(ReservedPurpose)
		);
		assert_eq!(check(|terms| terms.categories = Categories::EMPTY), Some(NoCategory));
		assert_eq!(check(|terms| terms.valid_until = terms.valid_from), Some(EmptyPeriod));
		assert_eq!(
			check(|terms| (terms.valid_from, terms.valid_until) = (1, 1_000)),
			Some(EmptyPeriod)
		);
		assert_eq!(
			check(|terms| terms.valid_until = terms.valid_from + MAX_PERMIT_VALIDITY + 1),
			Some(TooLong)
		);
		assert_eq!(
			check(|terms| (terms.valid_from, terms.valid_until) = (u64::MAX - 1, u64::MAX)),
			Some(TooLong)
		);
		assert_eq!(
			check(|terms| terms.justification = Commitment([0; 32])),
			Some(MissingJustification)
		);
		assert_eq!(
			check(|terms| terms.format = DataFormat::Anonymised),
			Some(NeedlessJustification)
		);
		assert_eq!(check(|terms| terms.document = Commitment([0; 32])), Some(MissingCommitment));
		assert_eq!(check(|terms| terms.environment = terms.document), Some(MissingCommitment));
		assert_eq!(
			check(|terms| terms.purpose = SecondaryPurpose::Education),
			Some(ConditionExcludesPurpose)
		);
	}

	#[test]
	fn purposes_a_to_c_are_for_public_bodies_only() {
		for &purpose in SecondaryPurpose::ALL {
			for &kind in OrganisationKind::ALL {
				let terms =
					PermitTerms { purpose, conditions: DataUseConditions::EMPTY, ..terms() };
				let refused = terms.check(OrganisationId(1), kind, 1_000).is_err();
				let reserved = (purpose as u8) < 3;
				assert_eq!(refused, reserved && kind != OrganisationKind::Authority);
			}
		}
	}

	/// Abuse case 81.
	#[test]
	fn a_prohibited_purpose_cannot_be_written_down() {
		// EHDS art. 53(1) has six letters, and nothing else decodes.
		let decoded: Vec<_> = (0..=u8::MAX)
			.filter_map(|byte| SecondaryPurpose::decode(&mut &[byte][..]).ok())
			.collect();
		assert_eq!(decoded, SecondaryPurpose::ALL);
		assert_eq!(decoded.len(), 6);
		for purpose in decoded {
			let whole = Purpose::from(purpose);
			assert!(!whole.is_care(), "{whole:?} is no secondary use");
			assert_eq!(Purpose::ALL.iter().filter(|&&other| other == whole).count(), 1);
		}
		let bytes = terms().encode();
		for purpose in 6..=u8::MAX {
			let mut forged = bytes.clone();
			forged[4] = purpose;
			assert!(PermitTerms::decode(&mut &forged[..]).is_err(), "purpose {purpose}");
		}
	}

	#[test]
	fn a_permit_covers_its_own_user_purpose_and_categories_only() {
		let permit = terms().issue(OrganisationId(1), 5);
		let covers =
			|user, purpose, categories| permit.covers(OrganisationId(user), purpose, categories);
		let imaging = Category::Imaging.into();
		assert!(covers(2, Purpose::Research, imaging));
		assert!(!covers(1, Purpose::Research, imaging));
		assert!(!covers(2, Purpose::Education, imaging));
		assert!(!covers(2, Purpose::Research, Categories::EMPTY));
		assert!(!covers(2, Purpose::Research, imaging.with(Category::Other)));
		assert!(!permit.is_live(999) && permit.is_live(1_000) && !permit.is_live(1_000 + YEAR));
		assert!(!Permit { revoked_at: Some(6), ..permit }.is_live(1_000));
	}

	#[test]
	fn the_handle_of_a_permit_is_its_issuers() {
		assert_ne!(permit_id(OrganisationId(1), &[7; 32]), permit_id(OrganisationId(2), &[7; 32]));
		assert_ne!(permit_id(OrganisationId(1), &[7; 32]), permit_id(OrganisationId(1), &[8; 32]));
	}

	fn cohort() -> Cohort {
		Cohort {
			cohort: MerkleRoot([1; 32]),
			size: SizeBucket::Hundreds,
			opt_out: MerkleRoot([2; 32]),
			excluded: SizeBucket::None,
			committed: 1_000,
			committed_at: 10,
		}
	}

	#[test]
	fn a_small_cell_is_not_taken_on_either_side() {
		for &size in SizeBucket::ALL {
			let taken = Cohort { size, ..cohort() }.check().is_ok();
			assert_eq!(taken, size >= SizeBucket::Tens, "{size:?}");
		}
		let excluded = |excluded| Cohort { excluded, ..cohort() }.check();
		assert_eq!(excluded(SizeBucket::Units), Err(CohortDefect::TooFew));
		assert_eq!(excluded(SizeBucket::Tens), Ok(()));
		assert_eq!(
			Cohort { opt_out: MerkleRoot([1; 32]), ..cohort() }.check(),
			Err(CohortDefect::MissingRoot)
		);
		assert_eq!(
			Cohort { cohort: MerkleRoot([0; 32]), ..cohort() }.check(),
			Err(CohortDefect::MissingRoot)
		);
	}

	proptest! {
		#[test]
		fn a_cohort_serves_only_later_blocks_within_its_age(block in 0u32..30, age in 0u64..100) {
			let served = cohort().serves(block, 1_000 + age, 50);
			let expected = if block <= 10 {
				Err(CohortDefect::NotBefore)
			} else if age > 50 {
				Err(CohortDefect::TooOld)
			} else {
				Ok(())
			};
			prop_assert_eq!(served, expected);
		}
	}
}
