//! Submissions that survive a crash and are recorded exactly once.
//!
//! A call is accepted under an idempotency key of the caller's choice and is then in a database, before anything is sent.
//! A transaction is in it, too, before the node sees it. From then on the finalised chain alone decides: the transaction is
//! in a finalised block, or it can no longer be in one, because its account's number was used by another or its mortality
//! has passed. Only in the second case is the call signed anew. What the pool says (taken, stale, dropped) and whether an
//! answer came at all changes only how soon it is offered again.
//!
//! A client with a folder for its outbox ([`crate::Options`]) submits everything through it: [`Client::submit`] accepts the
//! call under a key that its content gives, so that the same call again, while the first is not settled, is the first.
//!
//! One outbox serves one account; other programs may use the account beside it. Several programs may use one outbox: they
//! take turns.

mod engine;
mod store;

pub use store::{Entry, Standing};

use crate::{
	client::{form_error, rpc_error, MORTALITY},
	error::Rejection,
	Client, Error, Recorded, Submission, View,
};
use engine::{Chain, Signed, StoredCall};
use std::{
	fs::File,
	future::Future,
	path::{Path, PathBuf},
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc,
	},
	time::Duration,
};
use store::Store;
use subxt::{
	tx::Payload,
	utils::{AccountId32, H256},
};
use subxt_rpcs::{methods::legacy::Bytes, Error as RpcError};

/// How long to wait between two looks at the ledger.
const PAUSE: Duration = Duration::from_millis(500);
/// How long a step may take. What it did stays done, so that the next goes on from there.
const LONGEST_STEP: Duration = Duration::from_secs(20);
/// How long to wait before asking again whether another program has ended its step.
const TURN: Duration = Duration::from_millis(20);
/// The pool has this transaction already (`sc-rpc-api`, author errors).
const ALREADY_IMPORTED: i32 = 1013;

/// The outbox of a client's account. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Outbox {
	client: Client,
	kept: Arc<Kept>,
}

/// What an outbox keeps on disk, and whose turn it is.
#[derive(Debug)]
pub(crate) struct Kept {
	store: Store,
	/// Held by the program whose turn it is.
	lock: File,
	/// How many steps this program began.
	begun: AtomicU64,
	/// The last of them that ended well; held during a step.
	ended: tokio::sync::Mutex<u64>,
}

/// Gives the turn to another program when dropped.
struct Turn<'a>(&'a File);

impl Drop for Turn<'_> {
	fn drop(&mut self) {
		if let Err(error) = self.0.unlock() {
			tracing::warn!(%error, "the outbox stays locked until this program ends");
		}
	}
}

impl Kept {
	/// Opens or creates the outbox of an account, with a file beside it that programs lock in turn.
	pub(crate) fn open(path: &Path, genesis: [u8; 32], account: [u8; 32]) -> Result<Self, Error> {
		let store = Store::open(path, genesis, account)?;
		let beside = path.with_extension("lock");
		let lock = File::options()
			.create(true)
			.truncate(false)
			.write(true)
			.open(&beside)
			.map_err(|error| Error::file(&beside, error))?;
		let (begun, ended) = (AtomicU64::new(0), tokio::sync::Mutex::new(0));
		Ok(Self { store, lock, begun, ended })
	}

	/// Where the outbox of an account lies in a folder.
	pub(crate) fn path(folder: &Path, genesis: [u8; 32], account: [u8; 32]) -> PathBuf {
		let [chain, account] = [&genesis[..8], &account[..]].map(hex::encode);
		folder.join(format!("outbox-{chain}-{account}.sqlite"))
	}

	/// Waits for this program's turn.
	async fn turn(&self) -> Result<Turn<'_>, Error> {
		loop {
			match self.lock.try_lock() {
				Ok(()) => return Ok(Turn(&self.lock)),
				Err(std::fs::TryLockError::WouldBlock) => tokio::time::sleep(TURN).await,
				Err(std::fs::TryLockError::Error(error)) => {
					return Err(Error::Store(error.to_string()));
				},
			}
		}
	}
}

impl Outbox {
	/// Opens or creates the outbox of the client's account.
	///
	/// # Errors
	/// [`Error::Store`], also when the file belongs to another account or chain; [`Error::Key`] without an account.
	pub fn open(client: Client, path: &Path) -> Result<Self, Error> {
		let kept = Kept::open(path, client.genesis(), client.signer()?.account())?;
		Ok(Self { client, kept: Arc::new(kept) })
	}

	pub(crate) fn of(client: Client, kept: Arc<Kept>) -> Self {
		Self { client, kept }
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
		let call = self.stored(call).await?;
		self.kept.store.accept(key, &call, own_handle)
	}

	/// Accepts a call under the key that its content gives, and sends it.
	pub(crate) async fn submit<P: Payload>(
		&self,
		call: &P,
		own_handle: bool,
	) -> Result<Submission, Error> {
		let call = self.stored(call).await?;
		let entry = self.kept.store.accept_unnamed(&call, own_handle)?;
		self.attempt().await?;
		match self.known(&entry.key)?.standing {
			Standing::Refused { rejection } => Err(refused(rejection)),
			_ => Ok(Submission::kept(self.clone(), entry.key)),
		}
	}

	/// What was accepted under a key, to be waited for as after [`Client::submit`].
	///
	/// # Errors
	/// [`Error::NotFound`] when nothing was; [`Error::Store`].
	pub fn resume(&self, key: &str) -> Result<Submission, Error> {
		self.known(key)?;
		Ok(Submission::kept(self.clone(), key.into()))
	}

	/// The call as it is kept.
	async fn stored<P: Payload>(&self, call: &P) -> Result<StoredCall, Error> {
		let at = self.client.at(self.client.block_of(View::Finalised).await?).await?;
		let encoded =
			at.tx().call_data(call).map_err(|error| form_error(error, at.spec_version()))?;
		// The numbers of pallet and call are looked up again whenever it is signed.
		let arguments = encoded.get(2..).unwrap_or_default().to_vec();
		Ok(StoredCall {
			pallet: call.pallet_name().into(),
			call: call.call_name().into(),
			form: call.validation_details().map(|details| details.hash),
			arguments,
		})
	}

	/// Where a call stands that was accepted under the key that its content gives, if it was, and how many entries are not
	/// settled.
	pub(crate) async fn load<P: Payload>(
		&self,
		call: &P,
	) -> Result<(Option<Standing>, usize), Error> {
		let call = self.stored(call).await?;
		let key = store::unnamed_key(&call)?;
		let entry = self.kept.store.entry(&key)?;
		Ok((entry.map(|entry| entry.standing), self.kept.store.count_open()?))
	}

	/// What was accepted, in order.
	///
	/// # Errors
	/// [`Error::Store`].
	pub fn entries(&self) -> Result<Vec<Entry>, Error> {
		self.kept.store.entries()
	}

	/// What stands under a key, if anything does.
	///
	/// # Errors
	/// [`Error::Store`].
	pub fn entry(&self, key: &str) -> Result<Option<Entry>, Error> {
		self.kept.store.entry(key)
	}

	fn known(&self, key: &str) -> Result<Entry, Error> {
		self.entry(key)?.ok_or_else(|| Error::NotFound(format!("entry {key} of the outbox")))
	}

	/// Forgets what was settled; a key that is forgotten may be used for another call.
	///
	/// # Errors
	/// [`Error::Store`].
	pub fn forget_settled(&self) -> Result<usize, Error> {
		self.kept.store.forget_settled()
	}

	/// Takes every entry one step further. Callers share a step that began after they asked for one.
	///
	/// # Errors
	/// The first failure; nothing is lost by it, and the step may be taken again.
	pub async fn step(&self) -> Result<(), Error> {
		let asked = self.kept.begun.load(Ordering::SeqCst);
		let step = async {
			let mut ended = self.kept.ended.lock().await;
			if *ended > asked {
				return Ok(());
			}
			let number = self.kept.begun.fetch_add(1, Ordering::SeqCst) + 1;
			let _turn = self.kept.turn().await?;
			engine::step(&self.kept.store, &self.client).await?;
			*ended = number;
			Ok(())
		};
		let seconds = LONGEST_STEP.as_secs();
		tokio::time::timeout(LONGEST_STEP, step)
			.await
			.map_err(|_| Error::Timeout { what: "a step of the outbox", seconds })?
	}

	/// Takes a step. Fails with what waiting does not mend.
	pub(crate) async fn attempt(&self) -> Result<(), Error> {
		match self.step().await {
			Err(error) if !error.is_retryable() || matches!(error, Error::Store(_)) => Err(error),
			Err(error) => {
				tracing::debug!(%error, "the outbox tries again");
				Ok(())
			},
			Ok(()) => Ok(()),
		}
	}

	/// Steps until the entry under this key is settled.
	///
	/// # Errors
	/// [`Error::NotFound`] when nothing stands under the key, [`Error::Timeout`] after the client's patience,
	/// [`Error::Store`]. Failures to reach the node are waited out.
	pub async fn settle(&self, key: &str) -> Result<Entry, Error> {
		let settle = async {
			loop {
				self.attempt().await?;
				let entry = self.known(key)?;
				if entry.standing.is_settled() {
					return Ok(entry);
				}
				tokio::time::sleep(PAUSE).await;
			}
		};
		self.patiently("finality", settle).await
	}

	/// Waits until an entry is recorded in a finalised block.
	pub(crate) async fn finalized(&self, key: &str) -> Result<Recorded, Error> {
		let wait = async {
			loop {
				self.attempt().await?;
				if let Some(outcome) = outcome_of(self.known(key)?.standing) {
					return outcome;
				}
				tokio::time::sleep(PAUSE).await;
			}
		};
		self.patiently("finality", wait).await
	}

	/// Waits until a block takes the transaction of an entry; the block may still be abandoned.
	pub(crate) async fn in_block(&self, key: &str) -> Result<Recorded, Error> {
		let wait = async {
			let mut seen = None;
			loop {
				match self.client.block_of(View::Best).await {
					Ok(best) if seen != Some(best) => {
						self.attempt().await?;
						let entry = self.known(key)?;
						if let Some(outcome) = outcome_of(entry.standing) {
							return outcome;
						}
						match self.look_ahead(key, best).await {
							Ok(Some(recorded)) => return Ok(recorded),
							// A rejection counts once it is final: another block may take the call.
							Ok(None) | Err(Error::Rejected(_)) => seen = Some(best),
							Err(error) if error.is_retryable() => (),
							Err(error) => return Err(error),
						}
					},
					Ok(_) => (),
					Err(error) if error.is_retryable() => (),
					Err(error) => return Err(error),
				}
				tokio::time::sleep(PAUSE / 2).await;
			}
		};
		self.patiently("a block", wait).await
	}

	/// Looks for the transaction of an entry in the blocks up to `best` that were not searched for good.
	async fn look_ahead(&self, key: &str, best: H256) -> Result<Option<Recorded>, Error> {
		let Some(open) = self.kept.store.open_entry(key)? else { return Ok(None) };
		let Some(transaction) = open.transaction else { return Ok(None) };
		let best = self.client.height(View::At(best)).await?;
		for block in transaction.looked + 1..=best {
			let hash = match self.client.block_hash(block).await {
				Ok(hash) => hash,
				// Abandoned meanwhile.
				Err(Error::NotFound(_)) => return Ok(None),
				Err(error) => return Err(error),
			};
			if self.client.transactions_of(hash).await?.contains(&transaction.hash) {
				let found = self.client.outcome(transaction.hash, hash, open.own_handle);
				return found.await.map(Some);
			}
		}
		Ok(None)
	}

	async fn patiently<T>(
		&self,
		what: &'static str,
		wait: impl Future<Output = Result<T, Error>>,
	) -> Result<T, Error> {
		let patience = self.client.patience();
		tokio::time::timeout(patience, wait)
			.await
			.map_err(|_| Error::Timeout { what, seconds: patience.as_secs() })?
	}
}

/// What came of an entry, once nothing more is to be waited for.
fn outcome_of(standing: Standing) -> Option<Result<Recorded, Error>> {
	match standing {
		Standing::Waiting | Standing::Sent => None,
		Standing::Refused { rejection } => Some(Err(refused(rejection))),
		Standing::Recorded(recorded) => Some(Ok(recorded)),
		Standing::Rejected { rejection, .. } => Some(Err(Error::Rejected(rejection))),
	}
}

/// The error of a call that the pool would not have.
fn refused(rejection: Rejection) -> Error {
	let Rejection { name: message, docs, .. } = rejection;
	Error::NotAdmitted { message, retry: false, remedy: docs.into() }
}

impl Client {
	/// Hashes of the transactions of a block.
	async fn transactions_of(&self, block: H256) -> Result<Vec<[u8; 32]>, Error> {
		let details = self.methods().chain_get_block(Some(block)).await.map_err(rpc_error)?;
		let details =
			details.ok_or_else(|| Error::NotFound("body of a block at this node".into()))?;
		let hash = |extrinsic: &Bytes| sp_crypto_hashing::blake2_256(&extrinsic.0);
		Ok(details.block.extrinsics.iter().map(hash).collect())
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
		self.transactions_of(self.block_hash(block).await?).await
	}

	async fn sign(&self, call: &StoredCall, number: u64) -> Result<Signed, Error> {
		let at = self.at(self.block_of(View::Finalised).await?).await?;
		let bytes = self.signed_at(&at, call, number)?;
		let born = at.block_number();
		Ok(Signed { bytes, born, expires: born + MORTALITY })
	}

	async fn offer(&self, bytes: &[u8]) -> Result<(), Error> {
		match self.methods().author_submit_extrinsic(bytes).await {
			Ok(_) => Ok(()),
			Err(RpcError::User(error)) if error.code == ALREADY_IMPORTED => Ok(()),
			Err(error) => Err(rpc_error(error)),
		}
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
