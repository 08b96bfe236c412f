//! How nodes and clients read erasure orders.

use alloc::vec::Vec;
use curex_primitives::{DutyDue, ErasureAttestation, ErasureBatch, ErasureId, OrganisationId};

sp_api::decl_runtime_apis! {
	/// Reads erasure orders and attestations.
	pub trait ErasureApi {
		/// The batches that an organisation has to answer and has not, at most `limit`.
		fn batches_open(organisation: OrganisationId, limit: u32) -> Vec<DutyDue>;
		/// The orders of a batch in the order of their handles, once it is released.
		fn orders(day: u32) -> Vec<ErasureId>;
		/// The batch of a day.
		fn batch(day: u32) -> Option<ErasureBatch>;
		/// What an organisation attests of a batch.
		fn attestation(day: u32, organisation: OrganisationId) -> Option<ErasureAttestation>;
	}
}
