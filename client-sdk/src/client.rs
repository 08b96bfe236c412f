//! The connection to a node, typed reads of the ledger, and submission.

use crate::{
	accounts::{self, Account},
	keys::Signer,
	ledger::{self, events, CurexConfig, Delegate, Organisation},
	proofs::Prover,
	submission::Submission,
	transfer::{Progress, Watcher},
	Error, Outbox, Pool,
};
use codec::{Decode, Encode};
use curex_primitives::{
	exchange::Review, Consent, ConsentId, Exchange, ExchangeId, OrganisationId, ReportKind,
};
use curex_verify::TrustRoot;
use std::{
	path::{Path, PathBuf},
	sync::{
		atomic::{AtomicUsize, Ordering},
		Arc,
	},
	time::Duration,
};
use subxt::{
	client::OnlineClientAtBlock,
	config::transaction_extensions::{CheckMortalityParams, CheckNonceParams},
	config::{RpcConfigFor, TransactionExtensions},
	tx::Payload,
	utils::{AccountId32, MultiSignature, H256},
	OnlineClient,
};
use subxt_rpcs::{
	client::{RpcClient, RpcParams},
	methods::legacy::LegacyRpcMethods,
	rpc_params,
};

/// A transaction is valid for so many blocks from the last finalised one. After that it can no longer happen, and
/// signing anew is safe.
pub const MORTALITY: u64 = 64;

/// Which state of the ledger to look at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum View {
	/// The last finalised block: nothing of it changes any more.
	#[default]
	Finalised,
	/// The best block: newer, and may be abandoned. For urgent care.
	Best,
	/// A certain block.
	At(H256),
}

/// How to connect.
#[derive(Clone, Debug)]
pub struct Options {
	/// Refuse a node of another chain than the one with this genesis hash.
	pub genesis: Option<[u8; 32]>,
	/// Accept a node whose runtime has another version than this library's; every call is still checked for its
	/// form before it is signed.
	pub other_runtime: bool,
	/// Verify the keys of partners against this trust root before anything is sealed to them. Without one they are
	/// taken from the node's word: for a node of one's own only.
	pub trust_root: Option<TrustRoot>,
	/// How long to wait for a block to include or finalise a transaction.
	pub patience: Duration,
	/// Folder for the outbox of each account, through which everything is submitted; see [`crate::outbox`]. Without one, a
	/// submission does not outlast the program.
	pub outbox: Option<PathBuf>,
	/// Further accounts of the same organisation, among which submissions are spread; see [`crate::accounts`].
	pub more_signers: Vec<Signer>,
}

impl Options {
	/// The chain that is asked for, if one is.
	pub(crate) fn chain(&self) -> Option<[u8; 32]> {
		self.genesis.or(self.trust_root.as_ref().map(|root| root.genesis.0))
	}
}

impl Default for Options {
	fn default() -> Self {
		Self {
			genesis: None,
			other_runtime: false,
			trust_root: None,
			patience: Duration::from_secs(120),
			outbox: None,
			more_signers: Vec::new(),
		}
	}
}

/// A client of one node, or of a pool of them. Cheap to clone.
#[derive(Clone)]
pub struct Client {
	inner: Arc<Inner>,
	/// The account that this handle stands for.
	account: usize,
	/// Is told how far transfers are.
	watcher: Option<Watcher>,
	/// Folder for what opens commitments.
	openings: Option<Arc<Path>>,
}

struct Inner {
	online: OnlineClient<CurexConfig>,
	rpc: RpcClient,
	methods: LegacyRpcMethods<RpcConfigFor<CurexConfig>>,
	/// None for a client that only reads.
	accounts: Vec<Account>,
	/// The account whose turn it is among equals.
	turn: AtomicUsize,
	genesis: [u8; 32],
	trust_root: Option<TrustRoot>,
	patience: Duration,
}

impl std::fmt::Debug for Client {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		write!(formatter, "Client(chain 0x{})", hex::encode(self.genesis()))
	}
}

impl Client {
	/// Connects to a node: `wss://…`, or `ws://…` on this machine. Of several, separated by commas, the first is used that
	/// answers and is not behind the others, and left when it fails or falls behind ([`Pool`]). Without a signer the client
	/// only reads.
	///
	/// # Errors
	/// [`Error::Connection`], or [`Error::WrongRuntime`] and [`Error::DevelopmentKey`] as they say.
	pub async fn connect(endpoint: &str, signer: impl Into<Option<Signer>>) -> Result<Self, Error> {
		Self::connect_with(endpoint, signer, Options::default()).await
	}

	/// Connects with options.
	///
	/// # Errors
	/// As [`Self::connect`], [`Error::WrongChain`], and [`Error::Store`] when an outbox cannot be opened; [`Error::Input`] when
	/// an account is given twice, or the accounts act for different organisations.
	pub async fn connect_with(
		endpoint: &str,
		signer: impl Into<Option<Signer>>,
		options: Options,
	) -> Result<Self, Error> {
		let signer = signer.into();
		let endpoints: Vec<&str> =
			endpoint.split(',').map(str::trim).filter(|endpoint| !endpoint.is_empty()).collect();
		let pool = Pool::connect(&endpoints, options.chain()).await?;
		Self::over(RpcClient::new(pool), signer, options).await
	}

	/// Connects over an RPC client at hand.
	///
	/// # Errors
	/// As [`Self::connect_with`].
	pub async fn over(
		rpc: RpcClient,
		signer: Option<Signer>,
		options: Options,
	) -> Result<Self, Error> {
		let methods = LegacyRpcMethods::<RpcConfigFor<CurexConfig>>::new(rpc.clone());
		let genesis = methods.genesis_hash().await.map_err(rpc_error)?.0;
		if let Some(expected) = options.chain().filter(|expected| *expected != genesis) {
			let [expected, found] = [expected, genesis].map(hex::encode);
			return Err(Error::WrongChain { expected, found });
		}
		let found = methods.state_get_runtime_version(None).await.map_err(rpc_error)?.spec_version;
		let expected = ledger::built_for()
			.ok_or_else(|| Error::Protocol("the built-in metadata name no version".into()))?;
		if found != expected && !options.other_runtime {
			return Err(Error::WrongRuntime { expected, found });
		}
		let kind = methods.system_chain_type().await.map_err(rpc_error)?;
		let other_runtime = options.other_runtime;
		let client = Self::without_looking(rpc, genesis, &kind, signer, options).await?;
		if client.signer().is_ok() {
			client.check_calls(found, other_runtime).await?;
		}
		Ok(client)
	}

	/// A client of a chain of which hash and kind are known; the node is not looked at.
	pub(crate) async fn without_looking(
		rpc: RpcClient,
		genesis: [u8; 32],
		kind: &str,
		signer: Option<Signer>,
		options: Options,
	) -> Result<Self, Error> {
		let Options { trust_root, patience, outbox, more_signers, .. } = options;
		let signers: Vec<Signer> = signer.into_iter().chain(more_signers).collect();
		if signers.iter().any(Signer::is_development) && !matches!(kind, "Development" | "Local") {
			return Err(Error::DevelopmentKey);
		}
		let methods = LegacyRpcMethods::new(rpc.clone());
		let backend = subxt::backend::LegacyBackend::builder().build(rpc.clone());
		let online =
			OnlineClient::from_backend_with_config(CurexConfig::default(), Arc::new(backend))
				.await
				.map_err(backend_error)?;
		let accounts = accounts::open(signers, outbox.as_deref(), genesis)?;
		let turn = AtomicUsize::new(0);
		let inner = Inner { online, rpc, methods, accounts, turn, genesis, trust_root, patience };
		let client = Self { inner: Arc::new(inner), account: 0, watcher: None, openings: None };
		client.check_accounts().await?;
		Ok(client)
	}

	/// Compares every call that this library knows with the node's runtime: a version is only a number.
	async fn check_calls(&self, version: u32, other_runtime: bool) -> Result<(), Error> {
		let at = self.at(self.block_of(View::Finalised).await?).await?;
		let changed = ledger::changed_calls(&at.metadata());
		if changed.is_empty() {
			return Ok(());
		}
		let told = changed.join(", ");
		if other_runtime {
			tracing::warn!(version, calls = %told, "the node's runtime has other forms of calls");
			return Ok(());
		}
		Err(Error::Protocol(format!(
			"its runtime has the version {version} that this library was built for, and other forms of {told}"
		)))
	}

	/// Names of the pallets of the node's runtime.
	///
	/// # Errors
	/// [`Error::Connection`].
	pub async fn pallets(&self) -> Result<Vec<String>, Error> {
		let metadata = self.at(self.block_of(View::Finalised).await?).await?.metadata();
		Ok(metadata.pallets().map(|pallet| pallet.name().to_owned()).collect())
	}

	/// Hash of the block with this number, as the node has it.
	///
	/// # Errors
	/// [`Error::Connection`], [`Error::NotFound`] when it has none.
	pub async fn block_hash(&self, number: u64) -> Result<H256, Error> {
		self.ask::<Option<H256>>("chain_getBlockHash", rpc_params![number])
			.await?
			.ok_or_else(|| Error::NotFound(format!("block {number}")))
	}

	/// Number of the block that a view means.
	///
	/// # Errors
	/// [`Error::Connection`].
	pub async fn height(&self, view: View) -> Result<u64, Error> {
		Ok(self.at(self.block_of(view).await?).await?.block_number())
	}

	/// Hash of the ledger's first block.
	pub fn genesis(&self) -> [u8; 32] {
		self.inner.genesis
	}

	/// The account that signs; the first of several.
	///
	/// # Errors
	/// [`Error::Key`] when the client has none.
	pub fn signer(&self) -> Result<&Signer, Error> {
		self.inner.accounts.get(self.account).map(|account| &account.signer).ok_or_else(no_account)
	}

	/// What partners' keys are verified against, if anything.
	pub fn trust_root(&self) -> Option<&TrustRoot> {
		self.inner.trust_root.as_ref()
	}

	/// How long this client waits for a block.
	pub fn patience(&self) -> Duration {
		self.inner.patience
	}

	pub(crate) fn methods(&self) -> &LegacyRpcMethods<RpcConfigFor<CurexConfig>> {
		&self.inner.methods
	}

	pub(crate) fn rpc(&self) -> &RpcClient {
		&self.inner.rpc
	}

	pub(crate) fn online(&self) -> &OnlineClient<CurexConfig> {
		&self.inner.online
	}

	/// The outbox through which this client submits, if it has one; of several accounts, that of the first.
	pub fn outbox(&self) -> Option<Outbox> {
		let kept = self.own_account()?.outbox.clone()?;
		Some(Outbox::of(self.clone(), kept))
	}

	/// The accounts of this client.
	pub(crate) fn accounts(&self) -> &[Account] {
		&self.inner.accounts
	}

	/// The account that this handle stands for.
	pub(crate) fn own_account(&self) -> Option<&Account> {
		self.inner.accounts.get(self.account)
	}

	/// The same client, signing with another of its accounts.
	pub(crate) fn signing_with(&self, account: usize) -> Self {
		Self { account, ..self.clone() }
	}

	/// The same client, which tells how far its transfers of payloads are. The watcher is called often, from any thread, and
	/// has to return soon.
	#[must_use]
	pub fn watched(self, watcher: impl Fn(Progress) + Send + Sync + 'static) -> Self {
		Self { watcher: Some(Arc::new(watcher)), ..self }
	}

	/// The same client, which writes what opens each commitment of its own into a folder before the ledger hears of it: a full
	/// disk or a crash then loses nothing. A file is called after the commitment (`HEX.json`), and goes if the call is refused
	/// for good. The folder has to exist.
	#[must_use]
	pub fn keeping_openings(self, folder: &Path) -> Self {
		Self { openings: Some(folder.into()), ..self }
	}

	pub(crate) fn openings(&self) -> Option<&Path> {
		self.openings.as_deref()
	}

	pub(crate) fn watcher(&self) -> Option<&Watcher> {
		self.watcher.as_ref()
	}

	/// Whose turn it is among accounts that are equally good.
	pub(crate) fn next_turn(&self) -> usize {
		self.inner.turn.fetch_add(1, Ordering::Relaxed)
	}

	/// Calls a method of the node.
	pub(crate) async fn ask<R: serde::de::DeserializeOwned>(
		&self,
		method: &str,
		params: RpcParams,
	) -> Result<R, Error> {
		self.inner.rpc.request(method, params).await.map_err(rpc_error)
	}

	/// Kind of the node's chain: `Live`, `Local` or `Development`.
	pub(crate) async fn chain_type(&self) -> Result<String, Error> {
		self.methods().system_chain_type().await.map_err(rpc_error)
	}

	/// What the node says of itself: chain, version, heights, peers.
	///
	/// # Errors
	/// [`Error::Connection`] or [`Error::Protocol`].
	pub async fn health(&self) -> Result<serde_json::Value, Error> {
		self.ask("curex_health", rpc_params![]).await
	}

	/// The hash of the block that a view means.
	///
	/// # Errors
	/// [`Error::Connection`].
	pub async fn block_of(&self, view: View) -> Result<H256, Error> {
		match view {
			View::At(hash) => Ok(hash),
			View::Finalised => self.methods().chain_get_finalized_head().await.map_err(rpc_error),
			View::Best => self
				.methods()
				.chain_get_block_hash(None)
				.await
				.map_err(rpc_error)?
				.ok_or_else(|| Error::Protocol("the node has no best block".into())),
		}
	}

	/// Calls a function of the runtime, with SCALE in and out.
	pub(crate) async fn call(
		&self,
		function: &str,
		parameters: &[u8],
		view: View,
	) -> Result<Vec<u8>, Error> {
		let at = self.block_of(view).await?;
		self.methods().state_call(function, Some(parameters), Some(at)).await.map_err(rpc_error)
	}

	/// Calls a function of the runtime.
	pub(crate) async fn read<R: Decode>(
		&self,
		function: &str,
		parameters: impl Encode,
		view: View,
	) -> Result<R, Error> {
		let bytes = self.call(function, &parameters.encode(), view).await?;
		R::decode(&mut &bytes[..])
			.map_err(|_| Error::Protocol(format!("{function} answered in another form")))
	}

	/// An exchange in the state in which it stands, if the ledger has it.
	///
	/// # Errors
	/// [`Error::Connection`] or [`Error::Protocol`].
	pub async fn exchange(&self, id: ExchangeId, view: View) -> Result<Option<Exchange>, Error> {
		self.read("ExchangeApi_exchange", id, view).await
	}

	/// A consent, if the ledger has it.
	///
	/// # Errors
	/// As [`Self::exchange`].
	pub async fn consent(&self, id: ConsentId, view: View) -> Result<Option<Consent>, Error> {
		self.read("ExchangeApi_consent", id, view).await
	}

	/// The review of a break-glass, if there is one.
	///
	/// # Errors
	/// As [`Self::exchange`].
	pub async fn review_of(&self, id: ExchangeId, view: View) -> Result<Option<Review>, Error> {
		self.read("ExchangeApi_review", id, view).await
	}

	/// A member, if there is one with this number.
	///
	/// # Errors
	/// As [`Self::exchange`].
	pub async fn organisation(
		&self,
		id: OrganisationId,
		view: View,
	) -> Result<Option<Organisation>, Error> {
		self.read("ConsortiumApi_organisation", id, view).await
	}

	/// For whom an account acts, if for anybody.
	///
	/// # Errors
	/// As [`Self::exchange`].
	pub async fn delegate(&self, account: [u8; 32], view: View) -> Result<Option<Delegate>, Error> {
		self.read("ConsortiumApi_delegate", account, view).await
	}

	/// The last number under which an organisation recorded a report of this kind; 0 for none.
	///
	/// # Errors
	/// As [`Self::exchange`].
	pub async fn last_number(
		&self,
		organisation: OrganisationId,
		kind: ReportKind,
		view: View,
	) -> Result<u64, Error> {
		self.read("OrdersApi_last_number", (organisation, kind), view).await
	}

	/// For whom the client's account acts.
	///
	/// # Errors
	/// [`Error::NotFound`] when it acts for nobody; otherwise as [`Self::exchange`].
	pub async fn own_delegate(&self) -> Result<Delegate, Error> {
		let account = self.signer()?.account();
		self.delegate(account, View::Best).await?.ok_or_else(|| {
			Error::NotFound(format!("delegate with the account 0x{}", hex::encode(account)))
		})
	}

	/// A member, which must exist.
	///
	/// # Errors
	/// [`Error::NotFound`] when it does not; otherwise as [`Self::exchange`].
	pub async fn member(&self, id: OrganisationId, view: View) -> Result<Organisation, Error> {
		self.organisation(id, view)
			.await?
			.ok_or_else(|| Error::NotFound(format!("organisation {id}")))
	}

	/// A member to which something is to be sealed: proven if the client has a trust root, else as the finalised
	/// ledger shows it at this node.
	///
	/// # Errors
	/// [`Error::NotProven`] when the node's word does not hold; otherwise as [`Self::member`].
	pub async fn partner(&self, id: OrganisationId) -> Result<Organisation, Error> {
		match self.trust_root() {
			Some(root) => Prover::with_root(self.clone(), root.clone()).member(id).await,
			None => self.member(id, View::Finalised).await,
		}
	}

	/// A value of the ledger's state, as bytes.
	pub(crate) async fn storage(&self, key: &[u8], view: View) -> Result<Option<Vec<u8>>, Error> {
		let at = self.block_of(view).await?;
		self.methods().state_get_storage(key, Some(at)).await.map_err(rpc_error)
	}

	pub(crate) async fn at(&self, hash: H256) -> Result<OnlineClientAtBlock<CurexConfig>, Error> {
		self.online().at_block(hash).await.map_err(backend_error)
	}

	/// The events of a block.
	///
	/// # Errors
	/// [`Error::Connection`] or [`Error::Protocol`].
	pub async fn events(&self, block: H256) -> Result<Vec<events::Event>, Error> {
		let at = self.at(block).await?;
		let events = at.events().fetch().await.map_err(backend_error)?;
		events::read(&events, &at.metadata())
	}

	/// Signs a call with the client's account and submits it. What comes after, the [`Submission`] tells.
	///
	/// With an outbox ([`Options::outbox`]), the call is in it before the node sees it and is recorded exactly once; the same
	/// call again, while the first is not settled, is the first.
	///
	/// # Errors
	/// [`Error::NotAdmitted`] with what to do, [`Error::WrongRuntime`] when the call has another form on the node's
	/// runtime, [`Error::Key`] without an account, [`Error::Store`], [`Error::Connection`].
	pub async fn submit<P: Payload>(&self, call: &P) -> Result<Submission, Error> {
		self.submit_as(call, false).await
	}

	/// As [`Self::submit`]; "exists already" is success, for the record has a handle of the caller's own choice.
	pub(crate) async fn submit_own<P: Payload>(&self, call: &P) -> Result<Submission, Error> {
		self.submit_as(call, true).await
	}

	/// Submits with the account of this handle alone.
	pub(crate) async fn submit_alone<P: Payload>(
		&self,
		call: &P,
		own_handle: bool,
	) -> Result<Submission, Error> {
		if let Some(outbox) = self.outbox() {
			return outbox.submit(call, own_handle).await;
		}
		let account = AccountId32(self.signer()?.account());
		let Some(Account { nonces, .. }) = self.own_account() else { return Err(no_account()) };
		let at = self.at(self.block_of(View::Finalised).await?).await?;
		let pool = self.methods().system_account_next_index(&account).await.map_err(rpc_error)?;
		let reservation = nonces.reserve(pool);
		let transaction = self.signed_at(&at, call, reservation.number())?;
		match Submission::send(self.clone(), transaction, own_handle).await {
			Ok(submission) => {
				reservation.commit();
				Ok(submission)
			},
			Err(error) => {
				reservation.roll_back();
				if error.is_retryable() {
					nonces.resynchronise();
				}
				Err(error)
			},
		}
	}

	/// Signs a call under a number of the account, mortal from a block on.
	pub(crate) fn signed_at<P: Payload>(
		&self,
		at: &OnlineClientAtBlock<CurexConfig>,
		call: &P,
		number: u64,
	) -> Result<Vec<u8>, Error> {
		let signer = self.signer()?;
		let (block, hash) = (at.block_number(), at.block_hash());
		let mortality = CheckMortalityParams::mortal_from_unchecked(MORTALITY, block, hash);
		let form = |error| form_error(error, at.spec_version());
		let mut signable = at
			.tx()
			.create_v4_signable_offline(call, parameters(number, mortality))
			.map_err(form)?;
		let payload = signable.signer_payload().map_err(form)?;
		let (account, signature) = signer.sign_transaction(&payload)?;
		let transaction =
			signable.sign_with_account_and_signature(&account, &signature).map_err(form)?;
		Ok(transaction.encoded().to_vec())
	}

	/// Submits a call that carries its own authority (such as a withdrawal by its code) as a general transaction:
	/// without account, signature or nonce. It needs no outbox: submitted again, it says the same.
	///
	/// # Errors
	/// As [`Self::submit`], without those of an account.
	pub async fn submit_authorised<P: Payload>(&self, call: &P) -> Result<Submission, Error> {
		let at = self.at(self.block_of(View::Finalised).await?).await?;
		let nobody = (AccountId32([0; 32]), MultiSignature::Sr25519([0; 64]));
		let transaction = at
			.tx()
			.create_v5_signable_offline(call, parameters(0, CheckMortalityParams::immortal()))
			// No extension of this chain takes a signature: a general transaction carries none.
			.and_then(|mut general| general.sign_with_account_and_signature(&nobody.0, &nobody.1))
			.map_err(|error| form_error(error, at.spec_version()))?;
		Submission::send(self.clone(), transaction.encoded().to_vec(), false).await
	}
}

/// The error of a client that only reads.
pub(crate) fn no_account() -> Error {
	Error::Key("this needs an account: give a key file".into())
}

pub(crate) type Parameters =
	<ledger::CurexExtensions as TransactionExtensions<CurexConfig>>::Params;

pub(crate) fn parameters(nonce: u64, mortality: CheckMortalityParams<CurexConfig>) -> Parameters {
	((), (), (), mortality, CheckNonceParams::with_nonce(nonce), ())
}

pub(crate) fn form_error(error: subxt::error::ExtrinsicError, found: u32) -> Error {
	match error {
		subxt::error::ExtrinsicError::IncompatibleCodegen => {
			Error::WrongRuntime { expected: ledger::built_for().unwrap_or_default(), found }
		},
		other => Error::Protocol(other.to_string()),
	}
}

/// What a node says of a state that it discarded (`sc-client-api`, `UnknownBlock`).
const DISCARDED: &str = "State already discarded";

/// An error of subxt on its way to the node.
pub(crate) fn backend_error(error: impl std::fmt::Display) -> Error {
	let text = error.to_string();
	match text.contains(DISCARDED) {
		true => Error::StateDiscarded,
		false => Error::Connection(text),
	}
}

/// What happened, without the names of the layers through which it was told.
fn without_layers(mut text: &str) -> &str {
	while let Some(inner) =
		["RPC error: ", "client error: "].iter().find_map(|layer| text.strip_prefix(layer))
	{
		text = inner;
	}
	text
}

/// An error of the RPC connection, of a method, or of the transaction pool.
pub(crate) fn rpc_error(error: subxt_rpcs::Error) -> Error {
	let user = match error {
		subxt_rpcs::Error::User(user) => user,
		subxt_rpcs::Error::Deserialization(error) => return Error::Protocol(error.to_string()),
		subxt_rpcs::Error::Decode(error) => return Error::Protocol(error.to_string()),
		subxt_rpcs::Error::InsecureUrl(_) => {
			return Error::input("a node elsewhere is reached by wss:// only");
		},
		other => return Error::Connection(without_layers(&other.to_string()).into()),
	};
	let detail = user
		.data
		.as_ref()
		.and_then(|data| serde_json::from_str::<String>(data.get()).ok())
		.unwrap_or_default();
	let message =
		if detail.is_empty() { user.message } else { format!("{}: {detail}", user.message) };
	match user.code {
		12001..=12999 => Error::Transfer { code: user.code, message },
		1000..=1099 => not_admitted(user.code, message, &detail),
		_ if message.contains(DISCARDED) => Error::StateDiscarded,
		code => Error::Protocol(format!("{message} ({code})")),
	}
}

/// Explains a refusal of the transaction pool (`sc-rpc-api`, author errors 1000 to 1099).
fn not_admitted(code: i32, message: String, detail: &str) -> Error {
	let refusal = |retry, remedy| (retry, remedy);
	let (retry, remedy) = match code {
		1012 | 1014 => refusal(true, "wait for the transaction before it, then submit again"),
		1013 => refusal(false, "nothing: the pool has this transaction"),
		1016 | 1019 => refusal(true, "the node's pool is full; try again later or at another node"),
		_ if detail.contains("outdated")
			|| detail.contains("future")
			|| detail.contains("ancient") =>
		{
			refusal(true, "submit again: another transaction of this account came first")
		},
		_ if detail.contains("exhaust") => refusal(
			true,
			"the organisation's quota is used up for now; try again in the next window",
		),
		// What was signed for one runtime is nobody's signature for the next.
		_ if detail.contains("bad signature") => {
			refusal(true, "submit again: the runtime changed while it was signed")
		},
		// There is no fee; an account of nobody is refused so.
		_ if detail.contains("signing address") || detail.contains("pay some fees") => {
			refusal(false, "use an account that an active organisation appointed as its delegate")
		},
		_ => match detail.rsplit_once("Custom error: ").and_then(|(_, code)| code.parse().ok()) {
			Some(1u8) => refusal(false, "the organisation is suspended; ask the council"),
			Some(2) => {
				refusal(false, "use an account with the duty for this call (`curex status`)")
			},
			Some(6) => {
				refusal(true, "wait until pending transactions of this account are in a block")
			},
			_ => refusal(false, "check account, duty and record; then submit again"),
		},
	};
	Error::NotAdmitted { message, retry, remedy: remedy.into() }
}

#[cfg(test)]
mod tests {
	use super::*;

	fn pool_error(code: i32, detail: &str) -> Error {
		let data = serde_json::value::to_raw_value(detail).unwrap();
		rpc_error(subxt_rpcs::Error::User(subxt_rpcs::UserError {
			code,
			message: "Invalid Transaction".into(),
			data: Some(data),
		}))
	}

	#[test]
	fn a_stale_number_may_be_tried_again_and_a_missing_duty_may_not() {
		let stale = pool_error(1010, "Transaction is outdated");
		assert!(stale.is_retryable());
		let upgraded = pool_error(1010, "Transaction has a bad signature");
		assert!(upgraded.is_retryable(), "the runtime was upgraded meanwhile");
		let duty = pool_error(1010, "Custom error: 2");
		assert!(!duty.is_retryable());
		assert!(duty.remedy().contains("duty"));
		assert_eq!(duty.code(), "not-admitted");
		for nobodys in
			["Invalid signing address", "Inability to pay some fees (e.g. account balance too low)"]
		{
			assert!(pool_error(1010, nobodys).remedy().contains("delegate"), "{nobodys}");
		}
	}

	#[test]
	fn an_error_of_the_transfer_keeps_its_code() {
		let error = pool_error(12004, "not now");
		assert!(matches!(error, Error::Transfer { code: 12004, .. }));
	}

	#[test]
	fn a_state_that_the_node_discarded_is_told_from_a_node_that_is_lost() {
		let discarded = "Client error: UnknownBlock: State already discarded for 0x00";
		let told = rpc_error(subxt_rpcs::Error::User(subxt_rpcs::UserError {
			code: 4003,
			message: discarded.into(),
			data: None,
		}));
		assert!(matches!(told, Error::StateDiscarded) && !told.is_retryable());
		assert!(matches!(backend_error(discarded), Error::StateDiscarded));
		assert!(matches!(backend_error("closed"), Error::Connection(_)));
		assert!(told.remedy().contains("archive"));
	}

	#[tokio::test]
	async fn every_node_of_a_list_is_tried_until_one_answers() {
		// Nobody listens there.
		let closed = || {
			let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
			format!("ws://{}", listener.local_addr().unwrap())
		};
		let error =
			Client::connect(&format!("{}, {}", closed(), closed()), None).await.unwrap_err();
		assert!(matches!(&error, Error::Connection(reasons) if reasons.contains("; ")), "{error}");
		let told = error.to_string();
		assert!(told.contains("ws://127.0.0.1:") && !told.contains("client error"), "{told}");
		let unsafe_first = format!("ws://192.0.2.1:9944,{}", closed());
		let error = Client::connect(&unsafe_first, None).await.unwrap_err();
		assert!(matches!(error, Error::Input(_)), "a mistake is told: {error}");
		for wrong in [" , ", "node.example", "http://127.0.0.1:9944", "ws:/127.0.0.1:9944"] {
			let told = Client::connect(wrong, None).await;
			assert!(matches!(told, Err(Error::Input(_))), "{wrong}: {told:?}");
		}
	}

	#[tokio::test]
	async fn a_node_elsewhere_is_reached_encrypted_only() {
		let error = Client::connect("ws://192.0.2.1:9944", None).await.unwrap_err();
		assert!(matches!(error, Error::Input(_)), "{error}");
	}
}
