//! Permits for secondary use.

use crate::{
	consent::record, vocabulary, BlockNumber, Categories, Commitment, Moment, OrganisationId,
	PermitId, Purpose,
};

vocabulary! {
	/// In which form data are extracted.
	pub enum DataFormat {
		/// Anonymised.
		Anonymised = 0,
		/// Pseudonymised.
		Pseudonymised = 1,
	}
}

vocabulary! {
	/// A condition of use.
	pub enum DataUseCondition {
		/// For research in health only.
		HealthResearch = 0,
	}
}

crate::vocabulary_set! {
	/// The conditions of use.
	pub struct DataUseConditions(u32) of DataUseCondition;
}

record! {
	/// A permit of a health data access body.
	pub struct Permit {
		/// Who issued it.
		pub issuer: OrganisationId,
		/// Who may use the data.
		pub user: OrganisationId,
		/// Why.
		pub purpose: Purpose,
		/// Which categories.
		pub categories: Categories,
		/// Commitment to the secure processing environment.
		pub environment: Commitment,
		/// In which form.
		pub format: DataFormat,
		/// Commitment to why pseudonymised data are needed.
		pub justification: Commitment,
		/// Valid from this moment on.
		pub valid_from: Moment,
		/// Valid before this moment.
		pub valid_until: Moment,
		/// Conditions of use.
		pub conditions: DataUseConditions,
		/// Commitment to the permit.
		pub document: Commitment,
		/// The block in which it was revoked, if it was.
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

	/// Whether it covers the use.
	pub fn covers(&self, user: OrganisationId, purpose: Purpose, categories: Categories) -> bool {
		self.user == user && self.purpose == purpose && self.categories.contains_all(categories)
	}
}

/// Looks permits up.
pub trait Permits {
	/// The permit, if the ledger has it.
	fn get(id: PermitId) -> Option<Permit>;

	/// Whether the permit names this holder.
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
