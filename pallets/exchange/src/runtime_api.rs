//! How nodes and clients read exchanges.

use alloc::vec::Vec;
use curex_primitives::{
	BlockNumber, Border, Categories, Consent, ConsentId, Exchange, ExchangeId, Gate, Obligation,
	OrganisationId, Purpose, Review, Subscription, SubscriptionId,
};

sp_api::decl_runtime_apis! {
	/// Reads exchanges, deadlines and withdrawals applied.
	#[api_version(2)]
	pub trait ExchangeApi {
		/// The exchange with the state in which it stands in this block.
		fn exchange(id: ExchangeId) -> Option<Exchange>;
		/// The consent, if the ledger has it.
		fn consent(id: ConsentId) -> Option<Consent>;
		/// The review of a break-glass.
		fn review(id: ExchangeId) -> Option<Review>;
		/// The subscription with the state in which it stands in this block.
		fn subscription(id: SubscriptionId) -> Option<Subscription>;
		/// Whether the ledger would let this be served now. Says nothing of what the holder alone knows.
		fn may_be_served(
			holder: OrganisationId,
			recipient: OrganisationId,
			gate: Gate,
			purpose: Purpose,
			categories: Categories,
			border: Option<Border>,
		) -> bool;
		/// The exchanges of a consent after `after`, a page at a time.
		fn exchanges_of_consent(consent: ConsentId, after: Option<ExchangeId>) -> Vec<ExchangeId>;
		/// What an organisation owes after `after`, a page at a time.
		fn duties_due(
			organisation: OrganisationId,
			after: Option<(ExchangeId, Obligation)>,
		) -> Vec<(ExchangeId, Obligation, BlockNumber)>;
		/// The first number of an organisation that may still be kept, and the last that was given.
		fn sequence_of(organisation: OrganisationId) -> (u64, u64);
	}
}
