//! What the node asks.

use curex_primitives::{OrganisationId, Policy, ReportKind};

sp_api::decl_runtime_apis! {
	/// How far an organisation's outbox has reached the ledger, and what its off-chain worker is to do.
	pub trait OrdersApi {
		/// The greatest outbox number that was taken from the organisation for this kind of report; 0 if none was.
		fn last_number(organisation: OrganisationId, kind: ReportKind) -> u64;

		/// The organisation's policy, if it set one.
		fn policy(organisation: OrganisationId) -> Option<Policy>;
	}
}
