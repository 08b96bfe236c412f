//! Every exchange, subscription and consent on the ledger, from the state of one block, so that no older state is needed.

use crate::{client::rpc_error, Client, Error};
use codec::Decode;
use curex_primitives::{Consent, ConsentId, Exchange, ExchangeId, SubscriptionId};
use curex_verify::bundle;
use subxt::utils::H256;

/// Records that are asked for at once.
const PAGE: usize = 500;

impl Client {
	/// The handles of every exchange in the state of a block, in pages.
	///
	/// # Errors
	/// [`Error::Connection`], [`Error::StateDiscarded`].
	pub(crate) async fn every_exchange(&self, at: H256) -> Result<Vec<ExchangeId>, Error> {
		let keys = self.keys_of("Exchange", "Exchanges", at).await?;
		Ok(keys.iter().filter_map(|key| handle(key)).map(ExchangeId).collect())
	}

	/// The handles of every subscription in the state of a block, in pages.
	///
	/// # Errors
	/// As [`Self::every_exchange`].
	pub(crate) async fn every_subscription(&self, at: H256) -> Result<Vec<SubscriptionId>, Error> {
		let keys = self.keys_of("Exchange", "Subscriptions", at).await?;
		Ok(keys.iter().filter_map(|key| handle(key)).map(SubscriptionId).collect())
	}

	/// Every record of an exchange as it is stored in the state of a block, deadlines and withdrawals not applied.
	///
	/// # Errors
	/// As [`Self::every_exchange`], and [`Error::Protocol`].
	pub(crate) async fn stored_exchanges(
		&self,
		at: H256,
	) -> Result<Vec<(ExchangeId, Exchange)>, Error> {
		let stored = self.stored("Exchange", "Exchanges", at).await?;
		Ok(stored.into_iter().map(|(id, exchange)| (ExchangeId(id), exchange)).collect())
	}

	/// Every consent in the state of a block.
	///
	/// # Errors
	/// As [`Self::stored_exchanges`].
	pub(crate) async fn stored_consents(
		&self,
		at: H256,
	) -> Result<Vec<(ConsentId, Consent)>, Error> {
		let stored = self.stored("Consent", "Consents", at).await?;
		Ok(stored.into_iter().map(|(id, consent)| (ConsentId(id), consent)).collect())
	}

	/// The keys of a map in the state of a block.
	async fn keys_of(&self, pallet: &str, map: &str, at: H256) -> Result<Vec<Vec<u8>>, Error> {
		self.keys(&bundle::storage_key(pallet, map), at.0).await
	}

	/// The records of a map whose keys end in handles, with these.
	async fn stored<T: Decode>(
		&self,
		pallet: &str,
		map: &str,
		at: H256,
	) -> Result<Vec<([u8; 32], T)>, Error> {
		let mut stored = Vec::new();
		for page in self.keys_of(pallet, map, at).await?.chunks(PAGE) {
			let sets = self
				.methods()
				.state_query_storage_at(page.iter().map(Vec::as_slice), Some(at))
				.await
				.map_err(rpc_error)?;
			for (key, value) in sets.into_iter().flat_map(|set| set.changes) {
				let (Some(id), Some(value)) = (handle(&key.0), value) else { continue };
				let record = T::decode(&mut &value.0[..])
					.map_err(|_| Error::Protocol(format!("{pallet}.{map} has another form")))?;
				stored.push((id, record));
			}
		}
		Ok(stored)
	}
}

/// The handle with which a key ends, whatever hash is before it.
fn handle(key: &[u8]) -> Option<[u8; 32]> {
	key.last_chunk().copied()
}
