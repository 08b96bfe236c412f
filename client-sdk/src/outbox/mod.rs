//! Submissions that survive a crash and are recorded exactly once.
//!
//! A call is accepted under an idempotency key of the caller's choice and is then in a database, before anything is sent.
//! A transaction is in it, too, before the node sees it. From then on the finalised chain alone decides: the transaction is
//! in a finalised block, or it can no longer be in one, because its account's number was used by another or its mortality
//! has passed. Only in the second case is the call signed anew. What the pool says (taken, stale, dropped) and whether an
//! answer came at all changes only how soon it is offered again.
//!
//! One outbox serves one account; other programs may use the account beside it.

mod engine;
mod store;

pub use store::{Entry, Standing};

use crate::{
	client::{form_error, rpc_error, MORTALITY},
	Client, Error, Recorded, View,
};
use engine::{Chain, Signed, StoredCall};
use std::{path::Path, time::Duration};
use store::Store;
use subxt::{
	tx::Payload,
	utils::{AccountId32, H256},
};
use subxt_rpcs::methods::legacy::Bytes;

/// How long to wait between two looks at the ledger.
const PAUSE: Duration = Duration::from_secs(2);

/// The outbox of a client's account.
#[derive(Debug)]
pub struct Outbox {
	client: Client,
	store: Store,
}

impl Outbox {
	/// Opens or creates the outbox of the client's account.
	///
	/// # Errors
	/// [`Error::Store`], also when the file belongs to another account or chain; [`Error::Key`] without an account.
	pub fn open(client: Client, path: &Path) -> Result<Self, Error> {
		let store = Store::open(path, client.genesis(), client.signer()?.account())?;
		Ok(Self { client, store })
	}

	/// Accepts a call under a key. Once this returns, the call is recorded exactly once, however often it is accepted under
	/// the same key, and whatever happens to this program. With `own_handle`, the record has a handle of the caller's
	/// choice, so that "exists already" means success.
	///
	/// # Errors
	/// [`Error::Input`] when the key stands for another call, or is empty or longer than 128 bytes; [`Error::Store`];
	/// [`Error::WrongRuntime`] when the call has another form on the node's runtime; [`Error::Connection`].
	pub async fn accept<P: Payload>(
		&self,
		key: &str,
		call: &P,
		own_handle: bool,
	) -> Result<Entry, Error> {
		let at = self.client.at(self.client.block_of(View::Finalised).await?).await?;
		let encoded =
			at.tx().call_data(call).map_err(|error| form_error(error, at.spec_version()))?;
		// The numbers of pallet and call are looked up again whenever it is signed.
		let arguments = encoded.get(2..).unwrap_or_default().to_vec();
		let call = StoredCall {
			pallet: call.pallet_name().into(),
			call: call.call_name().into(),
			form: call.validation_details().map(|details| details.hash),
			arguments,
		};
		self.store.accept(key, &call, own_handle)
	}

	/// What was accepted, in order.
	///
	/// # Errors
	/// [`Error::Store`].
	pub fn entries(&self) -> Result<Vec<Entry>, Error> {
		self.store.entries()
	}

	/// What stands under a key, if anything does.
	///
	/// # Errors
	/// [`Error::Store`].
	pub fn entry(&self, key: &str) -> Result<Option<Entry>, Error> {
		self.store.entry(key)
	}

	/// Forgets what was settled; a key that is forgotten may be used for another call.
	///
	/// # Errors
	/// [`Error::Store`].
	pub fn forget_settled(&self) -> Result<usize, Error> {
		self.store.forget_settled()
	}

	/// Takes every entry one step further.
	///
	/// # Errors
	/// The first failure; nothing is lost by it, and the step may be taken again.
	pub async fn step(&self) -> Result<(), Error> {
		engine::step(&self.store, &self.client).await
	}

	/// Steps until the entry under this key is settled.
	///
	/// # Errors
	/// [`Error::NotFound`] when nothing stands under the key, [`Error::Timeout`] after the client's patience,
	/// [`Error::Store`]. Failures to reach the node are waited out.
	pub async fn settle(&self, key: &str) -> Result<Entry, Error> {
		let patience = self.client.patience();
		let settle = async {
			loop {
				match self.step().await {
					Err(error) if !error.is_retryable() || matches!(error, Error::Store(_)) => {
						return Err(error);
					},
					Err(error) => tracing::debug!(%error, "the outbox tries again"),
					Ok(()) => (),
				}
				let entry = self.entry(key)?;
				let entry = entry.ok_or_else(|| Error::NotFound(format!("entry {key}")))?;
				if entry.standing.is_settled() {
					return Ok(entry);
				}
				tokio::time::sleep(PAUSE).await;
			}
		};
		tokio::time::timeout(patience, settle)
			.await
			.map_err(|_| Error::Timeout { what: "finality", seconds: patience.as_secs() })?
	}
}

impl Chain for Client {
	async fn finalised(&self) -> Result<u64, Error> {
		self.height(View::Finalised).await
	}

	async fn used_numbers(&self, block: u64) -> Result<u64, Error> {
		let account = self.signer()?.account();
		let at = View::At(self.block_hash(block).await?);
		let number: u32 = self.read("AccountNonceApi_account_nonce", account, at).await?;
		Ok(number.into())
	}

	async fn next_number(&self) -> Result<u64, Error> {
		let account = AccountId32(self.signer()?.account());
		self.methods().system_account_next_index(&account).await.map_err(rpc_error)
	}

	async fn transactions(&self, block: u64) -> Result<Vec<[u8; 32]>, Error> {
		let hash = self.block_hash(block).await?;
		let details = self.methods().chain_get_block(Some(hash)).await.map_err(rpc_error)?;
		let details = details.ok_or_else(|| Error::NotFound(format!("block {block}")))?;
		let hash = |extrinsic: &Bytes| sp_crypto_hashing::blake2_256(&extrinsic.0);
		Ok(details.block.extrinsics.iter().map(hash).collect())
	}

	async fn sign(&self, call: &StoredCall, number: u64) -> Result<Signed, Error> {
		let at = self.at(self.block_of(View::Finalised).await?).await?;
		let bytes = self.signed_at(&at, call, number)?;
		let born = at.block_number();
		Ok(Signed { bytes, born, expires: born + MORTALITY })
	}

	async fn offer(&self, bytes: &[u8]) -> Result<(), Error> {
		self.methods().author_submit_extrinsic(bytes).await.map(drop).map_err(rpc_error)
	}

	async fn outcome(
		&self,
		block: u64,
		hash: [u8; 32],
		own_handle: bool,
	) -> Result<Recorded, Error> {
		let block_hash: H256 = self.block_hash(block).await?;
		Client::outcome(self, hash, block_hash, own_handle).await
	}
}

#[cfg(test)]
mod tests;
