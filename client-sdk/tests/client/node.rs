//! A node that is a table: blocks with their events, and what the methods of its RPC answer.

use codec::{Compact, Decode, Encode};
use curex_client::{ledger, Client, EncryptionKey, Options, Signer};
use curex_primitives::{
	Competences, Country, Duties, OrganisationId, OrganisationKind, OrganisationStatus,
};
use serde_json::{json, value::RawValue, Value};
use std::{
	collections::HashMap,
	sync::{Arc, LazyLock, Mutex},
};
use subxt_rpcs::{
	client::{RawRpcFuture, RawRpcSubscription, RpcClientT},
	RpcClient, UserError,
};

/// How a method answers: with a value, not at all, by losing the connection, or with an error of this code.
pub enum Reply {
	Value(Value),
	Never,
	Lost,
	Error(i32, &'static str),
}

type Method = Arc<dyn Fn(&[Value]) -> Reply + Send + Sync>;
type Function = Arc<dyn Fn(&[u8]) -> Vec<u8> + Send + Sync>;

#[derive(Default)]
struct State {
	methods: HashMap<String, Method>,
	functions: HashMap<String, Function>,
	/// Values of the state, by their keys.
	values: HashMap<String, Option<Vec<u8>>>,
	/// The blocks; a block's number is its place.
	blocks: Vec<Block>,
	finalised: usize,
	calls: Vec<String>,
	/// Transactions that were submitted, as text.
	submitted: Vec<String>,
	/// What the next transaction causes.
	effects: Vec<Vec<u8>>,
}

struct Block {
	extrinsics: Vec<Vec<u8>>,
	/// SCALE.
	events: Vec<u8>,
}

/// The node. Cheap to clone; clones are the same node.
#[derive(Clone, Default)]
pub struct Node(Arc<Mutex<State>>);

impl Node {
	/// A node whose chain is its first block.
	pub fn new() -> Self {
		let node = Self::default();
		node.block(&[]);
		node
	}

	/// A client of this node, for the account of `signer`.
	pub async fn client(&self, signer: Option<Signer>) -> Client {
		Client::over(RpcClient::new(self.clone()), signer, Options::default()).await.unwrap()
	}

	/// Appends empty blocks until the finalised height is this.
	pub fn grow_to(&self, height: usize) {
		while self.0.lock().unwrap().finalised < height {
			self.block(&[]);
		}
	}

	/// Has a method of the RPC answer like this.
	pub fn method(&self, name: &str, answer: impl Fn(&[Value]) -> Reply + Send + Sync + 'static) {
		self.0.lock().unwrap().methods.insert(name.into(), Arc::new(answer));
	}

	/// Has a function of the runtime answer with this value, whatever it is asked.
	pub fn answer(&self, function: &str, value: impl Encode) {
		let bytes = value.encode();
		self.function(function, move |_| bytes.clone());
	}

	/// Has a function of the runtime answer like this.
	pub fn function(&self, name: &str, answer: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static) {
		self.0.lock().unwrap().functions.insert(name.into(), Arc::new(answer));
	}

	/// Has the state hold this value, or none, under a key.
	pub fn holds(&self, key: &[u8], value: Option<Vec<u8>>) {
		self.0.lock().unwrap().values.insert(text(key), value);
	}

	/// Appends a block with these events, and finalises it.
	pub fn block(&self, events: &[Vec<u8>]) {
		self.0.lock().unwrap().append(vec![], events);
	}

	/// What the next transaction causes, beside its success ([`caused`]).
	pub fn next_transaction_causes(&self, events: &[Vec<u8>]) {
		self.0.lock().unwrap().effects = events.to_vec();
	}

	/// The calls that were submitted, each as text.
	pub fn submitted(&self) -> Vec<String> {
		self.0.lock().unwrap().submitted.clone()
	}

	/// The transactions in blocks, as they were submitted.
	pub fn transactions(&self) -> Vec<Vec<u8>> {
		let state = self.0.lock().unwrap();
		state.blocks.iter().flat_map(|block| block.extrinsics.iter().cloned()).collect()
	}

	/// Has every account be a delegate of this organisation.
	pub fn everybody_is_delegate_of(&self, organisation: OrganisationId) {
		self.answer("ConsortiumApi_delegate", Some((organisation, Duties::all())));
	}

	/// Has every member be a hospital with this key.
	pub fn every_member_is_a_hospital(&self, key: &EncryptionKey) {
		let facts = (
			OrganisationKind::Hospital,
			Country::new(*b"GR").unwrap(),
			Competences::EMPTY,
			OrganisationStatus::Active,
			key.public(),
			b"General Hospital".to_vec(),
			1u16,
			0u32,
		);
		self.answer("ConsortiumApi_organisation", Some(facts));
	}

	/// What it was asked, in order: methods, and functions of the runtime.
	pub fn asked(&self) -> Vec<String> {
		self.0.lock().unwrap().calls.clone()
	}

	/// How often a method or a function of the runtime was called.
	pub fn calls(&self, method: &str) -> usize {
		self.0.lock().unwrap().calls.iter().filter(|call| *call == method).count()
	}

	fn request(&self, method: &str, params: &[Value]) -> Reply {
		let mut state = self.0.lock().unwrap();
		let function = params.first().filter(|_| method == "state_call").and_then(Value::as_str);
		state.calls.push(function.unwrap_or(method).into());
		if let Some(answer) = state.methods.get(method).cloned() {
			drop(state);
			return answer(params);
		}
		let number = |hash: &Value| number_of(hash.as_str().unwrap_or_default());
		Reply::Value(match method {
			"chain_getBlockHash" => {
				let asked = params.first().and_then(Value::as_u64);
				let asked = asked.map_or(state.blocks.len() - 1, |number| number as usize);
				if asked < state.blocks.len() {
					json!(hash_of(asked))
				} else {
					Value::Null
				}
			},
			"chain_getFinalizedHead" => json!(hash_of(state.finalised)),
			"chain_getHeader" => header(number(&params[0])),
			"state_getRuntimeVersion" => {
				json!({ "specVersion": spec_version(), "transactionVersion": 1 })
			},
			"system_chainType" => json!("Development"),
			"state_getStorage" if state.values.contains_key(params[0].as_str().unwrap()) => {
				let value = &state.values[params[0].as_str().unwrap()];
				value.as_deref().map_or(Value::Null, |bytes| json!(text(bytes)))
			},
			"state_getStorage" => {
				let events = hex::encode(curex_verify::bundle::events_key());
				let asks_for_events = params[0].as_str() == Some(&format!("0x{events}"));
				assert!(asks_for_events, "the table has events only, not {}", params[0]);
				json!(text(&state.blocks[number(&params[1])].events))
			},
			"system_accountNextIndex" => json!(state.submitted.len()),
			"chain_getBlock" => {
				let number = number(&params[0]);
				let extrinsics = state.blocks[number].extrinsics.iter();
				let extrinsics: Vec<String> = extrinsics.map(|bytes| text(bytes)).collect();
				let block = json!({ "header": header(number), "extrinsics": extrinsics });
				json!({ "block": block, "justifications": null })
			},
			"state_call" => {
				let bytes = hex::decode(&params[1].as_str().unwrap_or_default()[2..]).unwrap();
				let name = params[0].as_str().unwrap();
				match name {
					_ if state.functions.contains_key(name) => {
						let answer = state.functions[name].clone();
						drop(state);
						json!(text(&answer(&bytes)))
					},
					"Core_version" => json!(text(&version())),
					"Metadata_metadata_versions" => json!(text(&vec![15u32].encode())),
					"Metadata_metadata_at_version" => json!(metadata_as_text()),
					function => panic!("{function} is not set"),
				}
			},
			other => panic!("{other} is not set"),
		})
	}
}

impl State {
	fn append(&mut self, extrinsics: Vec<Vec<u8>>, events: &[Vec<u8>]) {
		let mut bytes = Compact(u32::try_from(events.len()).unwrap()).encode();
		events.iter().for_each(|event| bytes.extend(event));
		self.blocks.push(Block { extrinsics, events: bytes });
		self.finalised = self.blocks.len() - 1;
	}

	/// Takes a transaction into a block of its own.
	fn submit(&mut self, extrinsic: Vec<u8>) -> Vec<Value> {
		self.submitted.push(call_of(&extrinsic));
		let mut events = std::mem::take(&mut self.effects);
		// Success: no weight, class normal, no fee.
		events.push(caused("System", "ExtrinsicSuccess", &[0, 0, 0, 0]));
		self.append(vec![extrinsic], &events);
		let hash = hash_of(self.finalised);
		vec![json!({ "inBlock": hash }), json!({ "finalized": hash })]
	}
}

impl RpcClientT for Node {
	fn request_raw<'a>(
		&'a self,
		method: &'a str,
		params: Option<Box<RawValue>>,
	) -> RawRpcFuture<'a, Box<RawValue>> {
		let params: Vec<Value> =
			params.map(|params| serde_json::from_str(params.get()).unwrap()).unwrap_or_default();
		Box::pin(async move {
			match self.request(method, &params) {
				Reply::Value(value) => Ok(serde_json::value::to_raw_value(&value).unwrap()),
				Reply::Never => std::future::pending().await,
				Reply::Lost => Err(subxt_rpcs::Error::Client("the connection was lost".into())),
				Reply::Error(code, message) => {
					Err(UserError { code, message: message.into(), data: None }.into())
				},
			}
		})
	}

	fn subscribe_raw<'a>(
		&'a self,
		method: &'a str,
		params: Option<Box<RawValue>>,
		_: &'a str,
	) -> RawRpcFuture<'a, RawRpcSubscription> {
		assert_eq!(method, "author_submitAndWatchExtrinsic");
		let [extrinsic]: [String; 1] = serde_json::from_str(params.unwrap().get()).unwrap();
		let refuses = self.0.lock().unwrap().methods.get(method).cloned();
		if let Some(Reply::Error(code, message)) = refuses.map(|it| it(&[json!(extrinsic)])) {
			let error = UserError { code, message: message.into(), data: None };
			return Box::pin(async { Err(error.into()) });
		}
		let statuses = self.0.lock().unwrap().submit(hex::decode(&extrinsic[2..]).unwrap());
		let statuses = statuses
			.into_iter()
			.map(|status| Ok(serde_json::value::to_raw_value(&status).unwrap()));
		let stream = Box::pin(futures::stream::iter(statuses));
		Box::pin(async { Ok(RawRpcSubscription { stream, id: None }) })
	}
}

/// An event of the block itself, as SCALE. `fields` is the SCALE of its fields, one after the other.
pub fn event(pallet: &str, name: &str, fields: &[u8]) -> Vec<u8> {
	event_in(&[1], pallet, name, fields)
}

/// An event of the block's first extrinsic, as [`event`].
pub fn caused(pallet: &str, name: &str, fields: &[u8]) -> Vec<u8> {
	event_in(&[0, 0, 0, 0, 0], pallet, name, fields)
}

/// An error of a pallet as an event carries it: `DispatchError::Module`.
pub fn error(pallet: &str, name: &str) -> Vec<u8> {
	let metadata = metadata();
	let pallet = metadata.pallet_by_name(pallet).unwrap();
	let variants = pallet.error_variants().unwrap();
	let variant = variants.iter().find(|variant| variant.name == name).unwrap();
	vec![3, pallet.error_index(), variant.index, 0, 0, 0]
}

fn event_in(phase: &[u8], pallet: &str, name: &str, fields: &[u8]) -> Vec<u8> {
	let metadata = metadata();
	let pallet = metadata.pallet_by_name(pallet).unwrap();
	let variants = pallet.event_variants().unwrap();
	let variant = variants.iter().find(|variant| variant.name == name).unwrap();
	let mut bytes = phase.to_vec();
	bytes.extend([pallet.event_index(), variant.index]);
	bytes.extend(fields);
	bytes.push(0);
	bytes
}

/// The account that signed an extrinsic (version 4, mortal), and the number that it has there.
pub fn signed_by(extrinsic: &[u8]) -> ([u8; 32], u64) {
	let mut rest = extrinsic;
	Compact::<u32>::decode(&mut rest).unwrap();
	let account = rest[2..34].try_into().unwrap();
	rest = &rest[1 + (1 + 32) + (1 + 64) + 2..];
	(account, Compact::<u64>::decode(&mut rest).unwrap().0)
}

/// The encoded call of a signed extrinsic (version 4, mortal).
pub fn encoded_call(extrinsic: &[u8]) -> &[u8] {
	let mut rest = extrinsic;
	let length = Compact::<u32>::decode(&mut rest).unwrap().0;
	assert_eq!(length as usize, rest.len());
	// Version; address and signature with their kinds; era. Then number and metadata mode.
	rest = &rest[1 + (1 + 32) + (1 + 64) + 2..];
	Compact::<u64>::decode(&mut rest).unwrap();
	&rest[1..]
}

/// The call of a signed extrinsic (version 4, mortal), as text.
pub fn call_of(extrinsic: &[u8]) -> String {
	let mut rest = encoded_call(extrinsic);
	let metadata = metadata();
	let calls = metadata.outer_enums().call_enum_ty();
	let call = subxt::ext::scale_value::scale::decode_as_type(&mut rest, calls, metadata.types());
	assert!(rest.is_empty(), "bytes follow the call");
	call.unwrap().to_string()
}

/// The metadata of the runtime, read once: that takes milliseconds.
pub fn metadata() -> &'static subxt::Metadata {
	static METADATA: LazyLock<subxt::Metadata> =
		LazyLock::new(|| Decode::decode(&mut &ledger::METADATA[..]).unwrap());
	&METADATA
}

/// The metadata as `Metadata_metadata_at_version` answers.
pub fn metadata_as_text() -> &'static str {
	static TEXT: LazyLock<String> =
		LazyLock::new(|| text(&Some(ledger::METADATA.to_vec()).encode()));
	&TEXT
}

pub fn version() -> Vec<u8> {
	let version = metadata().pallet_by_name("System").unwrap().constant_by_name("Version").unwrap();
	version.value().to_vec()
}

pub fn spec_version() -> u32 {
	type Beginning = (String, String, u32, u32);
	let (.., version) = Beginning::decode(&mut &version()[..]).unwrap();
	version
}

pub fn text(bytes: &[u8]) -> String {
	format!("0x{}", hex::encode(bytes))
}

fn hash_of(number: usize) -> String {
	format!("0x{:064x}", number + 1)
}

fn number_of(hash: &str) -> usize {
	usize::from_str_radix(hash.trim_start_matches("0x").trim_start_matches('0'), 16).unwrap() - 1
}

fn header(number: usize) -> Value {
	json!({
		"parentHash": hash_of(number.saturating_sub(1)),
		"number": format!("0x{number:x}"),
		"stateRoot": hash_of(0),
		"extrinsicsRoot": hash_of(0),
		"digest": { "logs": [] },
	})
}
