//! The connections to the nodes, and signing ahead of time.

use crate::Error;
use curex_client::{
	ledger::{CurexConfig, CurexExtensions},
	Signer,
};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use subxt::{
	client::OnlineClientAtBlock,
	config::{
		transaction_extensions::{CheckMortalityParams, CheckNonceParams},
		TransactionExtensions,
	},
	tx::Payload,
	utils::{AccountId32, MultiSignature, H256},
	OnlineClient,
};
use subxt_rpcs::{
	client::{RpcClient, RpcParams, RpcSubscription},
	rpc_params,
};

/// For how many blocks what is signed ahead stays valid.
const MORTALITY: u64 = 2_048;

/// How many entries of the state are read at once.
const PAGE: u32 = 1_000;

/// Connections to all nodes.
#[derive(Clone)]
pub struct Ledger {
	nodes: Vec<RpcClient>,
	online: OnlineClient<CurexConfig>,
	/// Hash of the first block.
	pub genesis: [u8; 32],
}

/// What the entries of a pallet take in the state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct StateSize {
	/// How many entries.
	pub entries: u64,
	/// Bytes of their keys and values.
	pub bytes: u64,
}

impl Ledger {
	/// Connects to all nodes.
	pub async fn connect(endpoints: &[String]) -> Result<Self, Error> {
		let mut nodes = Vec::new();
		for endpoint in endpoints {
			let node = RpcClient::from_url(endpoint).await.map_err(|error| Error::Node {
				endpoint: endpoint.clone(),
				reason: error.to_string(),
			})?;
			nodes.push(node);
		}
		let first = nodes.first().ok_or_else(|| Error::Protocol("no node".into()))?;
		let backend = subxt::backend::LegacyBackend::builder().build(first.clone());
		let online =
			OnlineClient::from_backend_with_config(CurexConfig::default(), Arc::new(backend))
				.await
				.map_err(|error| Error::Protocol(error.to_string()))?;
		let genesis = ask::<H256>(first, "chain_getBlockHash", rpc_params![0]).await?.0;
		Ok(Self { nodes, online, genesis })
	}

	/// How many nodes.
	pub fn len(&self) -> usize {
		self.nodes.len()
	}

	/// Calls a method of the first node.
	pub async fn ask<R: DeserializeOwned>(
		&self,
		method: &str,
		params: RpcParams,
	) -> Result<R, Error> {
		ask(&self.nodes[0], method, params).await
	}

	/// Subscribes to something at the first node.
	pub async fn subscribe<R: DeserializeOwned>(
		&self,
		method: &str,
		end: &str,
	) -> Result<RpcSubscription<R>, Error> {
		self.nodes[0]
			.subscribe(method, rpc_params![], end)
			.await
			.map_err(|error| Error::Call { method: method.into(), reason: error.to_string() })
	}

	/// Hands a transaction to the pool of a node.
	pub async fn submit(&self, node: usize, bytes: &[u8]) -> Result<(), Error> {
		let text = format!("0x{}", hex::encode(bytes));
		let node = &self.nodes[node % self.nodes.len()];
		ask::<H256>(node, "author_submitExtrinsic", rpc_params![text]).await.map(|_| ())
	}

	/// The number of the next transaction of an account, those in the pool included.
	pub async fn next_number(&self, account: [u8; 32]) -> Result<u64, Error> {
		let address = AccountId32(account).to_string();
		self.ask("system_accountNextIndex", rpc_params![address]).await
	}

	/// The ledger at a block.
	pub async fn at(&self, block: H256) -> Result<OnlineClientAtBlock<CurexConfig>, Error> {
		self.online.at_block(block).await.map_err(|error| Error::Protocol(error.to_string()))
	}

	/// Signs transactions that stay valid for a long time from the last finalised block.
	pub async fn pen(&self) -> Result<Pen, Error> {
		let head = self.ask("chain_getFinalizedHead", rpc_params![]).await?;
		Ok(Pen { at: self.at(head).await? })
	}

	/// A value of the state.
	pub async fn storage(&self, key: &[u8], block: H256) -> Result<Option<Vec<u8>>, Error> {
		let key = format!("0x{}", hex::encode(key));
		let value: Option<String> = self.ask("state_getStorage", rpc_params![key, block]).await?;
		value.map(|value| bytes_of(&value)).transpose()
	}

	/// What the entries of a pallet take in the state of a block.
	pub async fn state_size(&self, pallet: &str, block: H256) -> Result<StateSize, Error> {
		/// What `state_queryStorageAt` answers.
		#[derive(serde::Deserialize)]
		struct Changes {
			changes: Vec<(String, Option<String>)>,
		}
		// The prefix of a pallet is the first half of that of any of its entries.
		let prefix = &curex_verify::bundle::storage_key(pallet, "")[..16];
		let prefix = format!("0x{}", hex::encode(prefix));
		let digits = |text: &str| (text.len().saturating_sub(2) / 2) as u64;
		let mut size = StateSize::default();
		let mut last: Option<String> = None;
		loop {
			let keys: Vec<String> =
				self.ask("state_getKeysPaged", rpc_params![&prefix, PAGE, &last, block]).await?;
			let Some(end) = keys.last() else { return Ok(size) };
			last = Some(end.clone());
			let values: Vec<Changes> =
				self.ask("state_queryStorageAt", rpc_params![&keys, block]).await?;
			for (key, value) in values.iter().flat_map(|changes| &changes.changes) {
				size.entries += 1;
				size.bytes += digits(key) + value.as_deref().map_or(0, digits);
			}
		}
	}
}

/// Signs ahead of time.
pub struct Pen {
	at: OnlineClientAtBlock<CurexConfig>,
}

type Parameters = <CurexExtensions as TransactionExtensions<CurexConfig>>::Params;

impl Pen {
	/// The block from which what is signed is valid.
	pub fn block(&self) -> u64 {
		self.at.block_number()
	}

	/// A signed transaction with this number.
	pub fn sign<P: Payload>(
		&self,
		name: &'static str,
		call: &P,
		signer: &Signer,
		number: u64,
	) -> Result<Vec<u8>, Error> {
		let mortality = CheckMortalityParams::mortal_from_unchecked(
			MORTALITY,
			self.at.block_number(),
			self.at.block_hash(),
		);
		let form = |error: subxt::error::ExtrinsicError| Error::Form {
			call: name,
			reason: error.to_string(),
		};
		let mut signable = self
			.at
			.tx()
			.create_v4_signable_offline(call, parameters(number, mortality))
			.map_err(form)?;
		let (account, signature) =
			signer.sign_transaction(&signable.signer_payload().map_err(form)?)?;
		let transaction =
			signable.sign_with_account_and_signature(&account, &signature).map_err(form)?;
		Ok(transaction.into_encoded())
	}

	/// A general transaction of a call that carries its own authority.
	pub fn authorised<P: Payload>(&self, name: &'static str, call: &P) -> Result<Vec<u8>, Error> {
		let nobody = (AccountId32([0; 32]), MultiSignature::Sr25519([0; 64]));
		let transaction = self
			.at
			.tx()
			.create_v5_signable_offline(call, parameters(0, CheckMortalityParams::immortal()))
			.and_then(|mut general| general.sign_with_account_and_signature(&nobody.0, &nobody.1))
			.map_err(|error| Error::Form { call: name, reason: error.to_string() })?;
		Ok(transaction.into_encoded())
	}
}

fn parameters(number: u64, mortality: CheckMortalityParams<CurexConfig>) -> Parameters {
	((), (), (), mortality, CheckNonceParams::with_nonce(number), ())
}

async fn ask<R: DeserializeOwned>(
	node: &RpcClient,
	method: &str,
	params: RpcParams,
) -> Result<R, Error> {
	node.request(method, params)
		.await
		.map_err(|error| Error::Call { method: method.into(), reason: error.to_string() })
}

/// The bytes that `0x…` text stands for.
pub fn bytes_of(text: &str) -> Result<Vec<u8>, Error> {
	text.strip_prefix("0x")
		.and_then(|digits| hex::decode(digits).ok())
		.ok_or_else(|| Error::Protocol("bytes are not hexadecimal".into()))
}
