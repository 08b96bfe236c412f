//! What nodes and clients ask of the consents.

use curex_primitives::{
	gate::{Answer, Asked},
	Bases, ConsentId, Country, MerkleRoot, OrganisationKind, Purpose, Standing, TicketRoot,
};

sp_api::decl_runtime_apis! {
	/// Consents, and the closed question whether something may be served.
	pub trait ConsentApi {
		/// Whether this exchange may be served at present. No reason shows.
		fn may_be_served(asked: Asked) -> Answer;
		/// How a consent stands at present, if the ledger has it.
		fn consent_standing(id: ConsentId) -> Option<Standing>;
		/// A root of tickets.
		fn tickets(root: MerkleRoot) -> Option<TicketRoot>;
		/// The bases on which an organisation of this kind may receive data for this purpose in this country.
		fn lawful_bases(country: Country, purpose: Purpose, kind: OrganisationKind) -> Bases;
		/// How often the law was changed.
		fn law_version() -> u32;
	}
}
