//! How nodes and clients read what oversight keeps.

use alloc::vec::Vec;
use curex_primitives::{
	AnchorAlarms, BreachCase, BreachNotice, DutyDue, ExchangeId, Inquiry, LogAnchor, NoticeKind,
	OrganisationId,
};

sp_api::decl_runtime_apis! {
	/// Reads anchors, inquiries, breaches and duties.
	pub trait OversightApi {
		/// The duties of an organisation that have a deadline and are not done, at most `limit`, the erasure orders it
		/// has to answer among them.
		fn duties_due(organisation: OrganisationId, limit: u32) -> Vec<DutyDue>;
		/// The inquiry with this number.
		fn inquiry(number: u32) -> Option<Inquiry>;
		/// The breach with this number, and its notices.
		fn breach(number: u32) -> Option<(BreachCase, Vec<(NoticeKind, BreachNotice)>)>;
		/// The anchor with this number of an organisation, and what is wrong with it.
		fn log_anchor(organisation: OrganisationId, sequence: u64) -> Option<(LogAnchor, AnchorAlarms)>;
		/// Exchanges that a breach may affect. Looks at `scan` exchanges after `after`; tells those that are affected,
		/// and where to go on, if there are more.
		fn affected_exchanges(
			breach: u32,
			after: Option<ExchangeId>,
			scan: u32,
		) -> (Vec<ExchangeId>, Option<ExchangeId>);
	}
}
