//! Every exchange and subscription on the ledger, from the state of one block, so that no older state is needed.

use crate::{client::rpc_error, Client, Error};
use codec::Decode;
use curex_primitives::{Exchange, ExchangeId, SubscriptionId};
use curex_verify::bundle;
use std::str::FromStr;
use subxt::utils::H256;
use subxt_rpcs::rpc_params;

/// Keys per page.
const PAGE: u32 = 500;

impl Client {
	/// The handles of every exchange in the state of a block, in pages.
	///
	/// # Errors
	/// [`Error::Connection`], [`Error::StateDiscarded`].
	pub(crate) async fn every_exchange(&self, at: H256) -> Result<Vec<ExchangeId>, Error> {
		self.every("Exchanges", at).await
	}

	/// The handles of every subscription in the state of a block, in pages.
	///
	/// # Errors
	/// As [`Self::every_exchange`].
	pub(crate) async fn every_subscription(&self, at: H256) -> Result<Vec<SubscriptionId>, Error> {
		self.every("Subscriptions", at).await
	}

	/// The handles that are the keys of a map of the pallet.
	async fn every<Id: FromStr>(&self, map: &str, at: H256) -> Result<Vec<Id>, Error> {
		let prefix = format!("0x{}", hex::encode(bundle::storage_key("Exchange", map)));
		let mut handles = Vec::new();
		let mut start: Option<String> = None;
		loop {
			let params = rpc_params![&prefix, PAGE, &start, at];
			let keys: Vec<String> = self.ask("state_getKeysPaged", params).await?;
			let Some(last) = keys.last() else { return Ok(handles) };
			start = Some(last.clone());
			let of_page = keys.iter().filter_map(|key| key.strip_prefix(&prefix)?.parse().ok());
			handles.extend(of_page.collect::<Vec<Id>>());
		}
	}

	/// Every record of an exchange as it is stored in the state of a block, deadlines and withdrawals not applied.
	///
	/// # Errors
	/// As [`Self::every_exchange`], and [`Error::Protocol`].
	pub(crate) async fn stored_exchanges(
		&self,
		at: H256,
	) -> Result<Vec<(ExchangeId, Exchange)>, Error> {
		let prefix = bundle::storage_key("Exchange", "Exchanges");
		let mut stored = Vec::new();
		for page in self.every_exchange(at).await?.chunks(PAGE as usize) {
			let keys: Vec<Vec<u8>> =
				page.iter().map(|exchange| [&prefix[..], &exchange.0].concat()).collect();
			let sets = self
				.methods()
				.state_query_storage_at(keys.iter().map(Vec::as_slice), Some(at))
				.await
				.map_err(rpc_error)?;
			for (key, value) in sets.into_iter().flat_map(|set| set.changes) {
				let id = key.0.get(prefix.len()..).and_then(|id| id.try_into().ok());
				let (Some(id), Some(value)) = (id, value) else { continue };
				let record = Exchange::decode(&mut &value.0[..])
					.map_err(|_| Error::Protocol("an exchange has another form".into()))?;
				stored.push((ExchangeId(id), record));
			}
		}
		Ok(stored)
	}
}
