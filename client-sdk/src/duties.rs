//! What an organisation owes, from both registers of the ledger, nearest deadline first.

use crate::{
	client::{Client, View},
	Error,
};
use curex_primitives::{BlockNumber, DutyDue, ExchangeId, Obligation, OrganisationId};
use serde::Serialize;

/// So many duties with a deadline in time are asked for at once.
const MOST: u32 = 1_000;

/// Something owed on account of an exchange.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ExchangeDuty {
	/// The exchange.
	pub exchange: ExchangeId,
	/// What is owed.
	pub obligation: Obligation,
	/// The last block in which it is in time.
	pub due_block: BlockNumber,
	/// Whether that block has passed.
	pub overdue: bool,
}

/// What an organisation owes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct DutiesDue {
	/// On account of exchanges; the deadlines are blocks.
	pub exchanges: Vec<ExchangeDuty>,
	/// To oversight: anchors, inquiries, breaches, erasure, secondary use; the deadlines are moments.
	pub oversight: Vec<DutyDue>,
}

impl Client {
	/// What an organisation owes at the last finalised block.
	///
	/// # Errors
	/// [`Error::Connection`] or [`Error::Protocol`].
	pub async fn duties_due(&self, organisation: OrganisationId) -> Result<DutiesDue, Error> {
		let head = self.block_of(View::Finalised).await?;
		let view = View::At(head);
		let now = self.at(head).await?.block_number();
		let mut exchanges: Vec<ExchangeDuty> = Vec::new();
		let mut after: Option<(ExchangeId, Obligation)> = None;
		loop {
			type Page = Vec<(ExchangeId, Obligation, BlockNumber)>;
			let page: Page =
				self.read("ExchangeApi_duties_due", (organisation, after), view).await?;
			let Some(&(exchange, obligation, _)) = page.last() else { break };
			if after.replace((exchange, obligation)) == Some((exchange, obligation)) {
				return Err(Error::Protocol("the node's pages of duties do not end".into()));
			}
			exchanges.extend(page.into_iter().map(|(exchange, obligation, due_block)| {
				let overdue = now > u64::from(due_block);
				ExchangeDuty { exchange, obligation, due_block, overdue }
			}));
		}
		exchanges.sort_by_key(|duty| duty.due_block);
		let mut oversight: Vec<DutyDue> =
			self.read("OversightApi_duties_due", (organisation, MOST), view).await?;
		oversight.sort_by_key(|duty| duty.due);
		Ok(DutiesDue { exchanges, oversight })
	}
}
