//! What the finalised ledger has recorded of this node's organisation.

use super::{Error, LastNumbers};
use curex_primitives::{BlockNumber, Moment, OrganisationId, ReportKind};
use curex_runtime::AccountId;
use pallet_consortium::api::ConsortiumApi;
use pallet_orders::runtime_api::OrdersApi;
use sc_network::PeerId;
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_runtime::{
	traits::{Block as BlockT, NumberFor},
	SaturatedConversion,
};
use std::{
	marker::PhantomData,
	sync::Arc,
	time::{SystemTime, UNIX_EPOCH},
};

/// What the mailbox asks the chain. Calls may block.
pub trait Record: Send + Sync + 'static {
	/// Numbers of the best and the newest finalised block.
	fn heads(&self) -> (BlockNumber, BlockNumber);

	/// The time of this machine.
	fn now(&self) -> Moment;

	/// To which organisation this node is registered at the finalised block.
	///
	/// # Errors
	/// [`Error::Ledger`]
	fn organisation(&self) -> Result<Option<OrganisationId>, Error>;

	/// The last outbox number of each kind of report at the finalised block, 0 for none.
	///
	/// # Errors
	/// [`Error::Ledger`]
	fn last_numbers(&self) -> Result<LastNumbers, Error>;
}

/// The record seen through the runtime of a client.
pub struct ClientRecord<Block, C> {
	client: Arc<C>,
	peer: PeerId,
	block: PhantomData<fn() -> Block>,
}

impl<Block, C> ClientRecord<Block, C> {
	/// The record of the organisation to which the node `peer` is registered.
	pub fn new(client: Arc<C>, peer: PeerId) -> Self {
		Self { client, peer, block: PhantomData }
	}
}

impl<Block, C> Record for ClientRecord<Block, C>
where
	Block: BlockT,
	C: HeaderBackend<Block> + ProvideRuntimeApi<Block> + Send + Sync + 'static,
	C::Api: ConsortiumApi<Block, AccountId> + OrdersApi<Block>,
{
	fn heads(&self) -> (BlockNumber, BlockNumber) {
		let info = self.client.info();
		let number = |number: NumberFor<Block>| number.saturated_into();
		(number(info.best_number), number(info.finalized_number))
	}

	fn now(&self) -> Moment {
		let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
		Moment::try_from(since.as_millis()).unwrap_or(Moment::MAX)
	}

	fn organisation(&self) -> Result<Option<OrganisationId>, Error> {
		let Ok(peer) = <[u8; 38]>::try_from(self.peer.to_bytes()) else { return Ok(None) };
		let at = self.client.info().finalized_hash;
		let registered = self.client.runtime_api().peer(at, peer).map_err(failure)?;
		Ok(registered.map(|(organisation, _)| organisation))
	}

	fn last_numbers(&self) -> Result<LastNumbers, Error> {
		let organisation = self.organisation()?;
		let at = self.client.info().finalized_hash;
		let last = |kind| match organisation {
			Some(organisation) => {
				self.client.runtime_api().last_number(at, organisation, kind).map_err(failure)
			},
			None => Ok(0),
		};
		ReportKind::ALL.iter().map(|kind| Ok((*kind, last(*kind)?))).collect()
	}
}

fn failure(reason: sp_api::ApiError) -> Error {
	Error::Ledger(reason.to_string())
}
