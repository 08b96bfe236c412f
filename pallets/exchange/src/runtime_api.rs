//! How nodes and clients read exchanges.

use curex_primitives::{Consent, ConsentId, Exchange, ExchangeId, Review};

sp_api::decl_runtime_apis! {
	/// Reads exchanges, deadlines and withdrawals applied.
	pub trait ExchangeApi {
		/// The exchange with the state in which it stands in this block.
		fn exchange(id: ExchangeId) -> Option<Exchange>;
		/// The consent, if the ledger has it.
		fn consent(id: ConsentId) -> Option<Consent>;
		/// The review of a break-glass.
		fn review(id: ExchangeId) -> Option<Review>;
	}
}
