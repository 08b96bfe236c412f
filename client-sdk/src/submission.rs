//! A submitted transaction, from the pool to finality.

use crate::{
	client::{backend_error, rpc_error, Client},
	ledger::events::{self, Event},
	Error, Outbox,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use subxt::utils::H256;
use subxt_rpcs::{client::RpcSubscription, methods::legacy::TransactionStatus};

/// Where a transaction was recorded, and what it caused.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Recorded {
	/// Hash of the block.
	pub block_hash: H256,
	/// Number of the block.
	pub block_number: u64,
	/// Position of the extrinsic in the block.
	pub extrinsic_index: u32,
	/// Whether the record was there before: an earlier submission of the same had succeeded.
	pub already_recorded: bool,
	/// What the transaction caused, without the runtime's own bookkeeping.
	pub events: Vec<Event>,
}

/// A call that was submitted: in the pool, or in the client's outbox.
pub struct Submission(Way);

/// How a submission is followed.
enum Way {
	/// By what the node tells of a transaction in its pool.
	Watched(Watched),
	/// By what the outbox finds on the ledger.
	Kept { outbox: Outbox, key: String },
}

impl std::fmt::Debug for Submission {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		match &self.0 {
			Way::Watched(watched) => {
				write!(formatter, "Submission(0x{})", hex::encode(watched.hash))
			},
			Way::Kept { key, .. } => write!(formatter, "Submission({key})"),
		}
	}
}

impl Submission {
	/// Hands a signed transaction to the pool. With `own_handle`, "exists already" is success: the record has a handle of
	/// our own choice, so that it can only be ours.
	pub(crate) async fn send(
		client: Client,
		bytes: Vec<u8>,
		own_handle: bool,
	) -> Result<Self, Error> {
		let hash = sp_crypto_hashing::blake2_256(&bytes);
		let statuses =
			client.methods().author_submit_and_watch_extrinsic(&bytes).await.map_err(rpc_error)?;
		let (block, finalised) = (None, false);
		Ok(Self(Way::Watched(Watched { client, hash, statuses, block, finalised, own_handle })))
	}

	/// Follows what an outbox has accepted under a key.
	pub(crate) fn kept(outbox: Outbox, key: String) -> Self {
		Self(Way::Kept { outbox, key })
	}

	/// The key under which the client's outbox keeps it, with which it is waited for again ([`Outbox::resume`]), also by
	/// another process; nothing if the client has no outbox.
	pub fn key(&self) -> Option<&str> {
		match &self.0 {
			Way::Watched(_) => None,
			Way::Kept { key, .. } => Some(key),
		}
	}

	/// Waits until a block includes the transaction, and tells what came of it there. The block may still be
	/// abandoned.
	///
	/// # Errors
	/// [`Error::Rejected`] when the ledger rejected it, [`Error::NotAdmitted`] when the pool dropped it,
	/// [`Error::Timeout`] after the client's patience, [`Error::Connection`]. What an outbox keeps is neither dropped nor
	/// lost: it goes on after a timeout.
	pub async fn in_block(&mut self) -> Result<Recorded, Error> {
		match &mut self.0 {
			Way::Watched(watched) => watched.in_block().await,
			Way::Kept { outbox, key } => outbox.in_block(key).await,
		}
	}

	/// Waits until the block that includes the transaction is final, and tells what came of it.
	///
	/// # Errors
	/// As [`Self::in_block`], and [`Error::NotFinal`] when the block was abandoned and the transaction with it, which an
	/// outbox sends again.
	pub async fn finalized(&mut self) -> Result<Recorded, Error> {
		match &mut self.0 {
			Way::Watched(watched) => watched.finalized().await,
			Way::Kept { outbox, key } => outbox.finalized(key).await,
		}
	}
}

/// A transaction that the pool admitted.
struct Watched {
	client: Client,
	hash: [u8; 32],
	statuses: RpcSubscription<TransactionStatus<H256>>,
	/// The block that holds it, as far as is known.
	block: Option<H256>,
	finalised: bool,
	own_handle: bool,
}

impl Watched {
	async fn in_block(&mut self) -> Result<Recorded, Error> {
		if self.block.is_none() {
			self.wait(false).await?;
		}
		self.outcome().await
	}

	async fn finalized(&mut self) -> Result<Recorded, Error> {
		if !self.finalised {
			self.wait(true).await?;
		}
		self.outcome().await
	}

	async fn wait(&mut self, for_finality: bool) -> Result<(), Error> {
		let patience = self.client.patience();
		let what = if for_finality { "finality" } else { "a block" };
		tokio::time::timeout(patience, self.follow(for_finality))
			.await
			.map_err(|_| timeout(what, patience))?
	}

	async fn follow(&mut self, for_finality: bool) -> Result<(), Error> {
		while let Some(status) = self.statuses.next().await {
			match status.map_err(rpc_error)? {
				TransactionStatus::InBlock(hash) => self.block = Some(hash),
				TransactionStatus::Retracted(hash) if self.block == Some(hash) => self.block = None,
				TransactionStatus::Finalized(hash) => {
					self.block = Some(hash);
					self.finalised = true;
				},
				TransactionStatus::FinalityTimeout(_) => {
					return Err(timeout("finality", self.client.patience()));
				},
				TransactionStatus::Usurped(_) => return Err(self.dropped("another took its place")),
				TransactionStatus::Dropped => return Err(self.dropped("the pool dropped it")),
				TransactionStatus::Invalid => return Err(self.dropped("it is no longer valid")),
				TransactionStatus::Future
				| TransactionStatus::Ready
				| TransactionStatus::Broadcast(_)
				| TransactionStatus::Retracted(_) => (),
			}
			if self.finalised || !for_finality && self.block.is_some() {
				return Ok(());
			}
		}
		Err(Error::Connection("the node stopped telling about the transaction".into()))
	}

	/// The pool will not bring it into a block.
	fn dropped(&self, why: &str) -> Error {
		if let Some(account) = self.client.own_account() {
			account.nonces.resynchronise();
		}
		if self.block.is_some() {
			return Error::NotFinal;
		}
		Error::NotAdmitted {
			message: why.into(),
			retry: true,
			remedy: "look whether it is recorded (`curex status`); if not, submit again".into(),
		}
	}

	/// What came of it in the block that holds it.
	async fn outcome(&mut self) -> Result<Recorded, Error> {
		let block = self.block.ok_or(Error::NotFinal)?;
		self.client.outcome(self.hash, block, self.own_handle).await
	}
}

impl Client {
	/// What came of the transaction with this hash in the block that holds it. With `own_handle`, "exists already" is
	/// success.
	pub(crate) async fn outcome(
		&self,
		hash: [u8; 32],
		block_hash: H256,
		own_handle: bool,
	) -> Result<Recorded, Error> {
		let block = self
			.methods()
			.chain_get_block(Some(block_hash))
			.await
			.map_err(rpc_error)?
			.ok_or_else(|| Error::Protocol("the node does not have the block it named".into()))?
			.block;
		let index = block
			.extrinsics
			.iter()
			.position(|extrinsic| sp_crypto_hashing::blake2_256(&extrinsic.0) == hash)
			.and_then(|position| u32::try_from(position).ok())
			.ok_or_else(|| Error::Protocol("the block does not hold the transaction".into()))?;
		let at = self.at(block_hash).await?;
		let events = at.events().fetch().await.map_err(backend_error)?;
		let already_recorded = match events::rejection(&events, index, at.metadata())? {
			None => false,
			Some(rejection) if own_handle && rejection.is_already_recorded() => true,
			Some(rejection) => return Err(Error::Rejected(rejection)),
		};
		let events = events::read(&events, &at.metadata())?
			.into_iter()
			.filter(|event| event.extrinsic == Some(index) && event.pallet != "System")
			.collect();
		Ok(Recorded {
			block_hash,
			block_number: block.header.number,
			extrinsic_index: index,
			already_recorded,
			events,
		})
	}
}

fn timeout(what: &'static str, patience: Duration) -> Error {
	Error::Timeout { what, seconds: patience.as_secs() }
}
