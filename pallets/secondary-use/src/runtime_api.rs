//! How nodes and clients read permits.

use alloc::vec::Vec;
use curex_primitives::{
	Extraction, NamedHolder, OrganisationId, Permit, PermitId, PermitStanding, Reidentification,
};

sp_api::decl_runtime_apis! {
	/// Reads permits and what happens under them.
	pub trait SecondaryUseApi {
		/// The permit with this handle, and what has happened under it.
		fn permit(id: PermitId) -> Option<(Permit, PermitStanding)>;
		/// The permits after `after`, at most `limit`, in an order of the ledger's own.
		fn permits(after: Option<PermitId>, limit: u32) -> Vec<(PermitId, Permit)>;
		/// The holders that a permit names, with their data sets.
		fn holders(id: PermitId) -> Vec<(OrganisationId, NamedHolder)>;
		/// The extraction with this number under a permit.
		fn extraction(id: PermitId, number: u32) -> Option<Extraction>;
		/// The report of re-identification with this number.
		fn report(number: u32) -> Option<Reidentification>;
	}
}
