//! A submitted transaction, from the pool to finality.

use crate::{
	client::{rpc_error, Client},
	ledger::events::{self, Event},
	Error,
};
use serde::Serialize;
use std::time::Duration;
use subxt::utils::H256;
use subxt_rpcs::{client::RpcSubscription, methods::legacy::TransactionStatus};

/// Where a transaction was recorded, and what it caused.
#[derive(Clone, PartialEq, Debug, Serialize)]
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

/// A transaction that the pool admitted.
pub struct Submission {
	client: Client,
	hash: [u8; 32],
	statuses: RpcSubscription<TransactionStatus<H256>>,
	/// The block that holds it, as far as is known.
	block: Option<H256>,
	finalised: bool,
	idempotent: bool,
}

impl std::fmt::Debug for Submission {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		write!(formatter, "Submission(0x{})", hex::encode(self.hash))
	}
}

impl Submission {
	/// Hands a signed transaction to the pool.
	pub(crate) async fn send(client: Client, bytes: Vec<u8>) -> Result<Self, Error> {
		let hash = sp_crypto_hashing::blake2_256(&bytes);
		let statuses =
			client.methods().author_submit_and_watch_extrinsic(&bytes).await.map_err(rpc_error)?;
		Ok(Self { client, hash, statuses, block: None, finalised: false, idempotent: false })
	}

	/// Takes "exists already" for success: the record has a handle of our own choice, so that it can only be ours.
	#[must_use]
	pub(crate) fn idempotent(mut self) -> Self {
		self.idempotent = true;
		self
	}

	/// Hash of the transaction.
	pub fn hash(&self) -> [u8; 32] {
		self.hash
	}

	/// Waits until a block includes the transaction, and tells what came of it there. The block may still be
	/// abandoned.
	///
	/// # Errors
	/// [`Error::Rejected`] when the ledger rejected it, [`Error::NotAdmitted`] when the pool dropped it,
	/// [`Error::Timeout`] after the client's patience, [`Error::Connection`].
	pub async fn in_block(&mut self) -> Result<Recorded, Error> {
		if self.block.is_none() {
			self.wait(false).await?;
		}
		self.outcome().await
	}

	/// Waits until the block that includes the transaction is final, and tells what came of it.
	///
	/// # Errors
	/// As [`Self::in_block`], and [`Error::NotFinal`] when the block was abandoned and the transaction with it.
	pub async fn finalized(&mut self) -> Result<Recorded, Error> {
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
		self.client.nonces().resynchronise();
		if self.block.is_some() {
			return Error::NotFinal;
		}
		Error::NotAdmitted {
			message: why.into(),
			retry: true,
			remedy: "look whether it is recorded (`curex status`); if not, submit again",
		}
	}

	/// What came of it in the block that holds it.
	async fn outcome(&mut self) -> Result<Recorded, Error> {
		let block = self.block.ok_or(Error::NotFinal)?;
		self.client.outcome(self.hash, block, self.idempotent).await
	}
}

impl Client {
	/// What came of the transaction with this hash in the block that holds it. With `idempotent`, "exists already" is
	/// success.
	pub(crate) async fn outcome(
		&self,
		hash: [u8; 32],
		block_hash: H256,
		idempotent: bool,
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
		let events =
			at.events().fetch().await.map_err(|error| Error::Connection(error.to_string()))?;
		let already_recorded = match events::rejection(&events, index, at.metadata())? {
			None => false,
			Some(rejection) if idempotent && rejection.is_already_recorded() => true,
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
