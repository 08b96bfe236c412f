//! What a transfer asks the chain, answered by the runtime.

use super::{
	access::{Ledger, View},
	Error,
};
use curex_primitives::{
	Duties, Exchange, ExchangeId, Moment, OrganisationId, OrganisationStatus, PeerRole,
};
use curex_runtime::AccountId;
use pallet_consortium::api::ConsortiumApi;
use pallet_exchange::runtime_api::ExchangeApi;
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_runtime::traits::Block as BlockT;
use std::{
	marker::PhantomData,
	sync::Arc,
	time::{SystemTime, UNIX_EPOCH},
};

/// A ledger seen through the runtime of a client.
pub struct ClientLedger<Block, C> {
	client: Arc<C>,
	block: PhantomData<fn() -> Block>,
}

impl<Block: BlockT, C: HeaderBackend<Block>> ClientLedger<Block, C> {
	/// The ledger of this client.
	pub fn new(client: Arc<C>) -> Self {
		Self { client, block: PhantomData }
	}

	fn at(&self, view: View) -> Block::Hash {
		let info = self.client.info();
		match view {
			View::Finalised => info.finalized_hash,
			View::Best => info.best_hash,
		}
	}
}

impl<Block, C> ClientLedger<Block, C>
where
	Block: BlockT,
	C: HeaderBackend<Block> + ProvideRuntimeApi<Block>,
	C::Api: ConsortiumApi<Block, AccountId>,
{
	fn is_active(&self, id: OrganisationId, at: Block::Hash) -> Result<bool, Error> {
		let organisation = self.client.runtime_api().organisation(at, id).map_err(failure)?;
		Ok(organisation.is_some_and(|facts| facts.status == OrganisationStatus::Active))
	}
}

impl<Block, C> Ledger for ClientLedger<Block, C>
where
	Block: BlockT,
	Block::Hash: AsRef<[u8]>,
	C: HeaderBackend<Block> + ProvideRuntimeApi<Block> + Send + Sync + 'static,
	C::Api: ConsortiumApi<Block, AccountId> + ExchangeApi<Block>,
{
	fn genesis(&self) -> [u8; 32] {
		let hash = self.client.info().genesis_hash;
		std::array::from_fn(|index| hash.as_ref().get(index).copied().unwrap_or(0))
	}

	fn now(&self) -> Moment {
		let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
		Moment::try_from(since.as_millis()).unwrap_or(Moment::MAX)
	}

	fn exchange(&self, id: &ExchangeId, view: View) -> Result<Option<Exchange>, Error> {
		self.client.runtime_api().exchange(self.at(view), *id).map_err(failure)
	}

	fn delegate(
		&self,
		account: &[u8; 32],
		view: View,
	) -> Result<Option<(OrganisationId, Duties)>, Error> {
		let at = self.at(view);
		let account = AccountId::from(*account);
		match self.client.runtime_api().delegate(at, account).map_err(failure)? {
			Some((organisation, duties)) if self.is_active(organisation, at)? => {
				Ok(Some((organisation, duties)))
			},
			_ => Ok(None),
		}
	}

	fn peer(&self, peer: &[u8], view: View) -> Result<Option<(OrganisationId, PeerRole)>, Error> {
		let Ok(peer) = <[u8; 38]>::try_from(peer) else { return Ok(None) };
		let at = self.at(view);
		match self.client.runtime_api().peer(at, peer).map_err(failure)? {
			Some((organisation, role)) if self.is_active(organisation, at)? => {
				Ok(Some((organisation, role)))
			},
			_ => Ok(None),
		}
	}

	fn peers(&self) -> Result<Vec<(Vec<u8>, OrganisationId, PeerRole)>, Error> {
		let peers = self.client.runtime_api().peers(self.at(View::Best)).map_err(failure)?;
		Ok(peers
			.into_iter()
			.map(|(peer, organisation, role)| (peer.to_vec(), organisation, role))
			.collect())
	}
}

fn failure(reason: sp_api::ApiError) -> Error {
	Error::Ledger(reason.to_string())
}
