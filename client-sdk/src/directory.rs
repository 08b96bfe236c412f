//! The members of the consortium in a file: what urgent care needs when no node answers, not even the own.
//!
//! A [`MemberDirectory`] holds the members with the keys to which documents are sealed for them, and the accounts that act for
//! them, as one finalised block has them. A client over it ([`MemberDirectory::client`]) signs, checks, answers and opens broken
//! glasses ([`Client::sign_emergency`], [`crate::Gateway::answer_emergency`]). Everything else needs a node, and says so.
//!
//! What changed after that block it does not know: a key that was replaced since opens nothing, an account that was
//! dismissed since still counts. The ledger knows when the request is recorded.

use crate::{
	client::{Client, Options, View},
	ledger::{Delegate, Organisation},
	proofs::Prover,
	Error, Signer,
};
use codec::{Decode, Encode};
use curex_primitives::{Moment, OrganisationId};
use curex_verify::bundle;
use futures::{stream, StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use serde_json::{json, value::RawValue, Value};
use std::{collections::BTreeMap, path::Path, sync::Arc};
use subxt_rpcs::{
	client::{RawRpcFuture, RawRpcSubscription, RpcClient, RpcClientT},
	Error as RpcError,
};

/// A directory is a file of at most so many bytes: some hundred thousand accounts.
const LONGEST: u64 = 32 << 20;
/// So many questions are on their way to the node at once.
const AT_ONCE: usize = 16;

const MEMBER: &str = "ConsortiumApi_organisation";
const DELEGATE: &str = "ConsortiumApi_delegate";

/// The members of the consortium and their accounts, as one finalised block has them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct MemberDirectory {
	/// Hash of the ledger's first block.
	#[serde(with = "crate::hexadecimal")]
	ledger: [u8; 32],
	/// Kind of the chain, on which it hangs whether development keys are keys.
	chain_type: String,
	/// The block.
	#[serde(with = "crate::hexadecimal")]
	block: [u8; 32],
	/// Its number.
	pub height: u64,
	/// When it was taken, by the clock of this machine, in milliseconds since 1970.
	pub taken: Moment,
	/// Whether the members were proven from a trust root when they were taken.
	pub proven: bool,
	/// What the runtime answers about each member, by its number; SCALE in hexadecimal.
	members: BTreeMap<u32, String>,
	/// What it answers about each account, by its public key in hexadecimal.
	delegates: BTreeMap<String, String>,
}

impl MemberDirectory {
	/// Takes the directory from the client's node, in its last finalised block; proven, if the client has a trust root.
	///
	/// # Errors
	/// [`Error::Connection`], [`Error::Protocol`]; [`Error::NotProven`] when the node's word does not hold.
	pub async fn of(client: &Client) -> Result<Self, Error> {
		let block = client.block_of(View::Finalised).await?;
		let height = client.at(block).await?.block_number();
		// Keys end with what they are the keys of.
		let ids = client.keys(&bundle::storage_key("Consortium", "Organisations"), block.0).await?;
		let ids = ids.iter().filter_map(|key| Some(u32::from_le_bytes(*key.last_chunk()?)));
		let accounts =
			client.keys(&bundle::storage_key("Consortium", "Delegates"), block.0).await?;
		let accounts = accounts.iter().filter_map(|key| key.last_chunk::<32>().copied());
		let members: BTreeMap<u32, String> = stream::iter(ids)
			.map(|id| async move {
				let answer = client.call(MEMBER, &id.encode(), View::At(block)).await?;
				Ok::<_, Error>((id, hex::encode(answer)))
			})
			.buffer_unordered(AT_ONCE)
			.try_collect()
			.await?;
		let delegates = stream::iter(accounts)
			.map(|account| async move {
				let answer = client.call(DELEGATE, &account, View::At(block)).await?;
				Ok::<_, Error>((hex::encode(account), hex::encode(answer)))
			})
			.buffer_unordered(AT_ONCE)
			.try_collect()
			.await?;
		if let Some(root) = client.trust_root() {
			let mut prover = Prover::with_root(client.clone(), root.clone());
			let ids: Vec<OrganisationId> = members.keys().copied().map(OrganisationId).collect();
			for (id, proven) in ids.iter().zip(prover.members(&ids).await?) {
				if member(&members[&id.0])? != Some(proven) {
					return Err(Error::Protocol(format!(
						"organisation {id} changed meanwhile, or is not as the node says; take the directory again"
					)));
				}
			}
		}
		Ok(Self {
			ledger: client.genesis(),
			chain_type: client.chain_type().await?,
			block: block.0,
			height,
			taken: crate::time::now(),
			proven: client.trust_root().is_some(),
			members,
			delegates,
		})
	}

	/// Reads a directory from JSON.
	///
	/// # Errors
	/// [`Error::Input`] with what is wrong.
	pub fn from_json(json: &[u8]) -> Result<Self, Error> {
		let directory: Self = serde_json::from_slice(json)
			.map_err(|error| Error::json("the directory of members", &error))?;
		for answer in directory.members.values() {
			member(answer)?;
		}
		for (account, answer) in &directory.delegates {
			if crate::hexadecimal::read::<32>(account).is_none() {
				return Err(Error::input("the directory of members: an account is none"));
			}
			decoded::<Delegate>(answer)?;
		}
		Ok(directory)
	}

	/// Reads a directory from a file.
	///
	/// # Errors
	/// [`Error::File`], and as [`Self::from_json`].
	pub fn read(path: &Path) -> Result<Self, Error> {
		Self::from_json(&crate::files::read(path, LONGEST)?)
	}

	/// Writes the directory to a file, whole or not at all, in the place of an older one.
	///
	/// # Errors
	/// [`Error::File`].
	pub fn write(&self, path: &Path) -> Result<(), Error> {
		let json =
			serde_json::to_vec(self).map_err(|error| Error::json("the directory", &error))?;
		let beside = path.with_extension("new");
		// What an interrupted attempt left.
		let _ = std::fs::remove_file(&beside);
		crate::files::write_private(&beside, &json)?;
		std::fs::rename(&beside, path).map_err(|error| Error::file(path, error))
	}

	/// How many members it has.
	pub fn members(&self) -> usize {
		self.members.len()
	}

	/// A client that knows these members and reaches no node.
	///
	/// # Errors
	/// [`Error::WrongChain`] when `options` ask for another chain; [`Error::Input`] when they have a trust root and the
	/// directory was taken without one; [`Error::DevelopmentKey`].
	pub async fn client(
		self,
		signer: impl Into<Option<Signer>>,
		options: Options,
	) -> Result<Client, Error> {
		if let Some(expected) = options.chain().filter(|expected| *expected != self.ledger) {
			let [expected, found] = [expected, self.ledger].map(hex::encode);
			return Err(Error::WrongChain { expected, found });
		}
		if options.trust_root.is_some() && !self.proven {
			return Err(Error::input(
				"the directory of members was taken from a node's word: take it with the trust root",
			));
		}
		// Nothing is submitted, and nothing proven again.
		let options = Options { trust_root: None, outbox: None, ..options };
		let (genesis, chain_type) = (self.ledger, self.chain_type.clone());
		let rpc = RpcClient::new(Answers(Arc::new(self)));
		Client::without_looking(rpc, genesis, &chain_type, signer.into(), options).await
	}

	fn answer(&self, method: &str, params: &[Value]) -> Option<Value> {
		let text = |bytes: &[u8]| json!(format!("0x{}", hex::encode(bytes)));
		match method {
			"chain_getBlockHash" if params.first().and_then(Value::as_u64) == Some(0) => {
				Some(text(&self.ledger))
			},
			"chain_getBlockHash" if params.first().is_none_or(Value::is_null) => {
				Some(text(&self.block))
			},
			"chain_getFinalizedHead" => Some(text(&self.block)),
			"state_call" => {
				let asked = params.get(1)?.as_str()?.strip_prefix("0x")?;
				let found = match params.first()?.as_str()? {
					MEMBER => {
						let id =
							hex::decode(asked).ok()?.try_into().ok().map(u32::from_le_bytes)?;
						self.members.get(&id)
					},
					DELEGATE => self.delegates.get(asked),
					_ => return None,
				};
				// The ledger had no such member or account.
				Some(found.map_or_else(|| text(&[0]), |answer| json!(format!("0x{answer}"))))
			},
			_ => None,
		}
	}
}

fn decoded<T: Decode>(answer: &str) -> Result<Option<T>, Error> {
	hex::decode(answer)
		.ok()
		.and_then(|bytes| Option::<T>::decode(&mut &bytes[..]).ok())
		.ok_or_else(|| Error::input("the directory of members: an answer is none"))
}

fn member(answer: &str) -> Result<Option<Organisation>, Error> {
	decoded(answer)
}

/// Answers in the place of a node.
struct Answers(Arc<MemberDirectory>);

impl RpcClientT for Answers {
	fn request_raw<'a>(
		&'a self,
		method: &'a str,
		params: Option<Box<RawValue>>,
	) -> RawRpcFuture<'a, Box<RawValue>> {
		let answer = || {
			let params = params.map(|params| serde_json::from_str(params.get())).transpose()?;
			let answer = self.0.answer(method, &params.unwrap_or_else(Vec::new));
			answer.as_ref().map(serde_json::value::to_raw_value).transpose()
		};
		let answer = answer().map_err(RpcError::Deserialization);
		let answer = answer.and_then(|answer| answer.ok_or_else(no_node));
		Box::pin(async move { answer })
	}

	fn subscribe_raw<'a>(
		&'a self,
		_: &'a str,
		_: Option<Box<RawValue>>,
		_: &'a str,
	) -> RawRpcFuture<'a, RawRpcSubscription> {
		Box::pin(async { Err(no_node()) })
	}
}

fn no_node() -> RpcError {
	RpcError::Client("there is a directory of members alone, and this needs a node".into())
}
