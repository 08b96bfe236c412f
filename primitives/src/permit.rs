//! Permits for secondary use, as the gate sees them.

use crate::{
	consent::record, vocabulary, vocabulary_set, BlockNumber, Categories, Commitment, Moment,
	OrganisationId, PermitId, Purpose,
};

vocabulary! {
	/// In which form the data leave the holder (EHDS art. 66).
	pub enum DataFormat {
		/// Nobody can be identified any more.
		Anonymised = 0,
		/// Identifiable with a key that only the health data access body, or a trusted third party, has.
		Pseudonymised = 1,
	}
}

vocabulary! {
	/// A condition of the Data Use Ontology.
	pub enum DataUseCondition {
		/// DUO:0000006, health, medical or biomedical research.
		HealthResearch = 0,
		/// DUO:0000021, ethics approval required.
		EthicsApproval = 1,
		/// DUO:0000026, this user only.
		UserSpecific = 2,
		/// DUO:0000046, no commercial use.
		NonCommercial = 3,
		/// DUO:0000025, limited in time.
		TimeLimit = 4,
		/// DUO:0000012, research of a specific kind only.
		ResearchSpecific = 5,
		/// DUO:0000019, results are published.
		Publication = 6,
		/// DUO:0000020, in collaboration with the holder.
		Collaboration = 7,
	}
}

vocabulary_set! {
	/// The conditions of a permit.
	pub struct DataUseConditions(u16) of DataUseCondition;
}

record! {
	/// A permit of a health data access body (EHDS art. 68).
	pub struct Permit {
		/// The body.
		pub issuer: OrganisationId,
		/// Who may use the data.
		pub user: OrganisationId,
		/// For what.
		pub purpose: Purpose,
		/// Which categories.
		pub categories: Categories,
		/// Commitment to the secure processing environment.
		pub environment: Commitment,
		/// In which form.
		pub format: DataFormat,
		/// Commitment to the reason why anonymised data do not suffice.
		pub justification: Commitment,
		/// Valid from this moment on.
		pub valid_from: Moment,
		/// Valid before this moment.
		pub valid_until: Moment,
		/// Under which conditions.
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
	/// Whether it is not revoked and `now` lies within its period.
	pub fn is_live(&self, now: Moment) -> bool {
		self.revoked_at.is_none() && self.valid_from <= now && now < self.valid_until
	}

	/// Whether it covers a use by `user` for this purpose and these categories.
	pub fn covers(&self, user: OrganisationId, purpose: Purpose, categories: Categories) -> bool {
		self.user == user && self.purpose == purpose && self.categories.contains_all(categories)
	}
}

/// Looks permits up; given to the gate.
pub trait Permits {
	/// The permit, if the ledger has it.
	fn get(id: PermitId) -> Option<Permit>;

	/// Whether the permit names this holder's data.
	fn names_holder(id: PermitId, holder: OrganisationId) -> bool;
}

/// No permits.
impl Permits for () {
	fn get(_: PermitId) -> Option<Permit> {
		None
	}

	fn names_holder(_: PermitId, _: OrganisationId) -> bool {
		false
	}
}
