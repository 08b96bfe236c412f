//! The outbox at a node that checks signatures, mortality and runtime of what it is offered, and that drops, delays, repeats,
//! reorders, forgets its pool, abandons blocks, changes its runtime, and shares the account with another program.

use crate::node::{metadata, metadata_as_text, spec_version, text, version};
use codec::{Compact, Decode, Encode};
use curex_client::{ledger::curex, outbox::Standing, Client, Options, Outbox, Signer};
use curex_primitives::ExchangeId;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{json, value::RawValue, Value};
use sp_core::{crypto::Pair, sr25519};
use std::{
	collections::{BTreeMap, HashMap},
	sync::{Arc, Mutex},
};
use subxt_rpcs::{
	client::{RawRpcFuture, RawRpcSubscription, RpcClientT},
	RpcClient, UserError,
};

/// Blocks that may be abandoned.
const UNFINAL: usize = 3;
const GENESIS: [u8; 32] = [1; 32];

#[derive(Clone)]
struct Block {
	hash: [u8; 32],
	number: u64,
	runtime: u32,
	extrinsics: Vec<Vec<u8>>,
}

/// What an extrinsic says (version 4, signed, mortal).
struct Read {
	call: Vec<u8>,
	number: u64,
	era: u16,
	extra: Vec<u8>,
	account: [u8; 32],
	signature: [u8; 64],
}

struct World {
	random: ChaCha8Rng,
	/// How likely a fault is, in percent.
	faults: u32,
	chain: Vec<Block>,
	/// Abandoned blocks can still be asked for.
	known: HashMap<[u8; 32], Block>,
	finalised: usize,
	pool: BTreeMap<u64, Vec<u8>>,
	on_the_way: Vec<Vec<u8>>,
	runtime: u32,
	/// Numbers that another program used, by block.
	elsewhere: HashMap<[u8; 32], u64>,
}

#[derive(Clone)]
struct Node(Arc<Mutex<World>>);

fn read(extrinsic: &[u8]) -> Read {
	let mut rest = extrinsic;
	let length = Compact::<u32>::decode(&mut rest).unwrap().0;
	assert_eq!(length as usize, rest.len());
	assert_eq!(rest[0], 0x84, "signed, version 4");
	let account = rest[2..34].try_into().unwrap();
	let signature = rest[35..99].try_into().unwrap();
	rest = &rest[99..];
	let extra = rest;
	let era = u16::from_le_bytes([rest[0], rest[1]]);
	rest = &rest[2..];
	let number = Compact::<u64>::decode(&mut rest).unwrap().0;
	// Mode of the metadata hash.
	rest = &rest[1..];
	let extra = extra[..extra.len() - rest.len()].to_vec();
	Read { call: rest.to_vec(), number, era, extra, account, signature }
}

impl World {
	fn chance(&mut self, percent: u32) -> bool {
		self.random.random_range(0..100) < percent
	}

	fn head(&self) -> &Block {
		self.chain.last().unwrap()
	}

	/// How many numbers the account has used in the first `blocks` blocks.
	fn used(&self, blocks: usize) -> u64 {
		let used = |block: &Block| {
			block.extrinsics.len() as u64 + self.elsewhere.get(&block.hash).copied().unwrap_or(0)
		};
		self.chain[..blocks].iter().map(used).sum()
	}

	/// Whether the next block may hold it: number aside, as `CheckMortality`, `CheckSpecVersion` and the signature ask.
	fn is_valid(&self, extrinsic: &Read) -> bool {
		let next = self.head().number + 1;
		let period = 2u64 << (extrinsic.era % 16);
		let phase = u64::from(extrinsic.era >> 4) * (period >> 12).max(1);
		let current = next - 1;
		let born = (current.max(phase) - phase) / period * period + phase;
		let Some(birth) = self.chain.get(born as usize) else { return false };
		let additional = (self.runtime, 1u32, GENESIS, birth.hash, None::<[u8; 32]>).encode();
		let payload = [&extrinsic.call[..], &extrinsic.extra, &additional].concat();
		let payload = match payload.len() > 256 {
			true => sp_crypto_hashing::blake2_256(&payload).to_vec(),
			false => payload,
		};
		let signature = sr25519::Signature::from_raw(extrinsic.signature);
		let account = sr25519::Public::from_raw(extrinsic.account);
		sr25519::Pair::verify(&signature, payload, &account)
	}

	fn arrive(&mut self, bytes: Vec<u8>) -> Result<(), (i32, &'static str)> {
		let extrinsic = read(&bytes);
		if extrinsic.number < self.used(self.chain.len()) {
			return Err((1010, "Transaction is outdated"));
		}
		if !self.is_valid(&extrinsic) {
			return Err((1010, "Transaction has a bad signature"));
		}
		match self.pool.get(&extrinsic.number) {
			Some(known) if *known == bytes => Err((1013, "Transaction Already Imported")),
			Some(_) => Err((1014, "Priority is too low")),
			None => {
				self.pool.insert(extrinsic.number, bytes);
				Ok(())
			},
		}
	}

	fn mine(&mut self) {
		if self.chance(self.faults) {
			let unfinal = (self.chain.len() - self.finalised).min(UNFINAL);
			let keep = self.chain.len() - self.random.random_range(0..=unfinal);
			for block in self.chain.split_off(keep) {
				for extrinsic in block.extrinsics {
					if self.chance(50) {
						self.on_the_way.push(extrinsic);
					}
				}
			}
		}
		if self.chance(self.faults / 4) {
			self.pool.clear();
		}
		if self.chance(self.faults / 16) {
			self.runtime += 1;
		}
		for extrinsic in std::mem::take(&mut self.on_the_way) {
			if self.chance(30) {
				self.on_the_way.push(extrinsic);
			} else {
				let _ = self.arrive(extrinsic);
			}
		}
		// A pool drops what no block can take any more.
		let pool = std::mem::take(&mut self.pool);
		self.pool = pool.into_iter().filter(|(_, bytes)| self.is_valid(&read(bytes))).collect();
		let elsewhere = u64::from(self.chance(self.faults / 4));
		let mut next = self.used(self.chain.len()) + elsewhere;
		let mut extrinsics = Vec::new();
		while let Some(found) = self.pool.get(&next).cloned() {
			self.pool.remove(&next);
			extrinsics.push(found);
			next += 1;
		}
		self.pool = self.pool.split_off(&next);
		let mut hash = [0; 32];
		self.random.fill(&mut hash);
		let number = self.head().number + 1;
		let block = Block { hash, number, runtime: self.runtime, extrinsics };
		self.elsewhere.insert(hash, elsewhere);
		self.known.insert(hash, block.clone());
		self.chain.push(block);
		self.finalised = self.finalised.max(self.chain.len().saturating_sub(UNFINAL));
	}

	fn block(&self, hash: &Value) -> &Block {
		let bytes = hex::decode(&hash.as_str().unwrap()[2..]).unwrap();
		&self.known[&<[u8; 32]>::try_from(bytes).unwrap()]
	}

	fn header(&self, block: &Block) -> Value {
		json!({
			"parentHash": text(&[0; 32]),
			"number": format!("0x{:x}", block.number),
			"stateRoot": text(&block.hash),
			"extrinsicsRoot": text(&[0; 32]),
			"digest": { "logs": [] },
		})
	}

	/// The runtime's version, in which the spec version is counted up.
	fn version(&self, block: &Block) -> Vec<u8> {
		// Spec name, implementation name, authoring version.
		type Before = (String, String, u32);
		let bytes = version();
		let mut rest = &bytes[..];
		let before = Before::decode(&mut rest).unwrap();
		[&before.encode()[..], &block.runtime.to_le_bytes(), &rest[4..]].concat()
	}

	fn answer(&mut self, method: &str, params: &[Value]) -> Result<Value, (i32, &'static str)> {
		Ok(match method {
			"chain_getBlockHash" => match params.first().and_then(Value::as_u64) {
				Some(number) => match self.chain.get(number as usize) {
					Some(block) => json!(text(&block.hash)),
					None => Value::Null,
				},
				None => json!(text(&self.head().hash)),
			},
			"chain_getFinalizedHead" => json!(text(&self.chain[self.finalised - 1].hash)),
			"chain_getHeader" => self.header(self.block(&params[0])),
			"chain_getBlock" => {
				let block = self.block(&params[0]);
				let extrinsics: Vec<String> =
					block.extrinsics.iter().map(|bytes| text(bytes)).collect();
				let block = json!({ "header": self.header(block), "extrinsics": extrinsics });
				json!({ "block": block, "justifications": null })
			},
			"state_getRuntimeVersion" => {
				let runtime = params.first().filter(|at| at.is_string());
				let runtime = runtime.map_or(self.runtime, |at| self.block(at).runtime);
				json!({ "specVersion": runtime, "transactionVersion": 1 })
			},
			"system_chainType" => json!("Development"),
			"system_accountNextIndex" => {
				let mut next = self.used(self.chain.len());
				while self.pool.contains_key(&next) {
					next += 1;
				}
				json!(next)
			},
			"state_getStorage" => {
				let count = self.block(&params[1]).extrinsics.len();
				let mut events = Compact(count as u32).encode();
				let index = metadata().pallet_by_name("System").unwrap().event_index();
				for number in 0..count as u32 {
					// Phase, `System.ExtrinsicSuccess`, its fields, no topics.
					events.extend((0u8, number, index, 0u8, [0u8; 4], 0u8).encode());
				}
				json!(text(&events))
			},
			"state_call" => {
				let block = self.block(&params[2]).clone();
				match params[0].as_str().unwrap() {
					"Core_version" => json!(text(&self.version(&block))),
					"Metadata_metadata_versions" => json!(text(&vec![15u32].encode())),
					"Metadata_metadata_at_version" => json!(metadata_as_text()),
					// Asked for when an answer about versions was lost.
					"Metadata_metadata" => return Err((-32_000, "unavailable")),
					"AccountNonceApi_account_nonce" => {
						json!(text(&(self.used(block.number as usize + 1) as u32).encode()))
					},
					other => panic!("{other} is not set"),
				}
			},
			"author_submitExtrinsic" => {
				let bytes = hex::decode(&params[0].as_str().unwrap()[2..]).unwrap();
				let fate = self.random.random_range(0..100);
				if fate < self.faults {
					// It arrives later, perhaps after others, and perhaps twice.
					self.on_the_way.push(bytes.clone());
					if fate % 2 == 0 {
						self.on_the_way.push(bytes.clone());
					}
				} else {
					self.arrive(bytes.clone())?;
				}
				json!(text(&sp_crypto_hashing::blake2_256(&bytes)))
			},
			other => panic!("{other} is not set"),
		})
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
			let mut world = self.0.lock().unwrap();
			let faults = world.faults / 16;
			let lost = || Err(subxt_rpcs::Error::Client("the connection is lost".into()));
			if world.chance(faults) {
				return lost();
			}
			let answer = world.answer(method, &params);
			if world.chance(faults) {
				return lost();
			}
			match answer {
				Ok(value) => Ok(serde_json::value::to_raw_value(&value).unwrap()),
				Err((code, reason)) => {
					let data = serde_json::value::to_raw_value(reason).unwrap();
					let message = "Invalid Transaction".into();
					Err(UserError { code, message, data: Some(data) }.into())
				},
			}
		})
	}

	fn subscribe_raw<'a>(
		&'a self,
		method: &'a str,
		_: Option<Box<RawValue>>,
		_: &'a str,
	) -> RawRpcFuture<'a, RawRpcSubscription> {
		panic!("{method}: an outbox asks for everything itself")
	}
}

impl Node {
	fn new(seed: u64) -> Self {
		let runtime = spec_version();
		let first = Block { hash: GENESIS, number: 0, runtime, extrinsics: vec![] };
		Self(Arc::new(Mutex::new(World {
			random: ChaCha8Rng::seed_from_u64(seed),
			faults: 0,
			chain: vec![first.clone()],
			known: HashMap::from([(GENESIS, first)]),
			finalised: 1,
			pool: BTreeMap::new(),
			on_the_way: Vec::new(),
			runtime,
			elsewhere: HashMap::new(),
		})))
	}

	fn world(&self) -> std::sync::MutexGuard<'_, World> {
		self.0.lock().unwrap()
	}

	async fn client(&self, folder: Option<&std::path::Path>) -> Client {
		let options = Options { outbox: folder.map(Into::into), ..Options::default() };
		let signer = Signer::development("//Alice").unwrap();
		Client::over(RpcClient::new(self.clone()), Some(signer), options).await.unwrap()
	}

	/// How often a call stands in finalised blocks.
	fn times(&self, call: &[u8]) -> usize {
		let world = self.world();
		let finalised = world.chain[..world.finalised].iter();
		finalised.flat_map(|block| &block.extrinsics).filter(|it| read(it).call == call).count()
	}
}

fn approve(number: u8) -> impl subxt::tx::Payload {
	curex::tx().exchange().approve(ExchangeId([number; 32]).into())
}

/// The bytes of that call: pallet and call by their numbers, then the exchange.
fn approve_bytes(number: u8) -> Vec<u8> {
	let metadata = metadata();
	let pallet = metadata.pallet_by_name("Exchange").unwrap();
	let call = pallet.call_variant_by_name("approve").unwrap().index;
	[&[pallet.call_index(), call][..], &[number; 32]].concat()
}

/// One life of a program, out of a seed: faults for a while, then none, until everything is settled.
async fn live(seed: u64) {
	let node = Node::new(seed);
	let client = node.client(None).await;
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("outbox.sqlite");
	let mut outbox = Outbox::open(client.clone(), &path).unwrap();
	let mut random = ChaCha8Rng::seed_from_u64(seed ^ 0xABCD);
	let count = random.random_range(1..=5);
	let mut accepted = 0;
	node.world().faults = 40;
	for round in 0..400 {
		if accepted < count && random.random_range(0..3) == 0 {
			let key = format!("key-{accepted}");
			if outbox.accept(&key, &approve(accepted), false).await.is_ok() {
				// The caller did not hear of it and tries again.
				let _ = outbox.accept(&key, &approve(accepted), false).await;
				accepted += 1;
			}
		}
		if round == 40 {
			node.world().faults = 0;
		}
		// A failure ends the step where it is, as a crash would.
		let _ = outbox.step().await;
		if random.random_range(0..8) == 0 {
			outbox = Outbox::open(client.clone(), &path).unwrap();
		}
		if random.random_range(0..2) == 0 || round > 40 {
			node.world().mine();
		}
		let entries = outbox.entries().unwrap();
		if accepted == count && entries.iter().all(|entry| entry.standing.is_settled()) {
			break;
		}
	}
	for entry in outbox.entries().unwrap() {
		let standing = entry.standing;
		assert!(
			matches!(standing, Standing::Recorded(_)),
			"seed {seed}: {} {standing:?}",
			entry.key
		);
	}
	// What is still on its way must not be recorded a second time either.
	for _ in 0..70 {
		node.world().mine();
	}
	for number in 0..accepted {
		let times = node.times(&approve_bytes(number));
		assert_eq!(times, 1, "seed {seed}: call {number} was recorded {times} times");
	}
}

#[tokio::test]
async fn every_accepted_call_stands_once_in_the_finalised_chain_whatever_the_node_does() {
	// CUREX_SEEDS=1000 for the whole of it, with a TMPDIR that need not reach a disk.
	let seeds = std::env::var("CUREX_SEEDS").map_or(50, |seeds| seeds.parse().unwrap());
	for seed in 0..seeds {
		live(seed).await;
	}
}

#[tokio::test(start_paused = true)]
async fn a_client_with_an_outbox_submits_through_it_and_a_restart_finds_what_it_left() {
	let node = Node::new(1);
	let folder = tempfile::tempdir().unwrap();
	let client = node.client(Some(folder.path())).await;
	let call = approve(7);
	let mut submission = client.submit(&call).await.unwrap();
	let key = submission.key().unwrap().to_owned();
	let (in_block, ()) = tokio::join!(submission.in_block(), async {
		tokio::time::sleep(std::time::Duration::from_secs(3)).await;
		node.world().mine();
	});
	assert_eq!(in_block.unwrap().block_number, 1);
	// The program ends here, and is started again with the same command.
	drop((submission, client));
	let client = node.client(Some(folder.path())).await;
	let mut again = client.submit(&call).await.unwrap();
	assert_eq!(again.key(), Some(key.as_str()));
	for _ in 0..UNFINAL {
		node.world().mine();
	}
	assert_eq!(again.finalized().await.unwrap().block_number, 1);
	assert_eq!(node.times(&approve_bytes(7)), 1);
	let resumed = client.outbox().unwrap().resume(&key).unwrap().finalized().await.unwrap();
	assert_eq!(resumed.block_number, 1, "a settled handle still tells");
	// Once it is settled, the same call is another.
	let mut anew = client.submit(&call).await.unwrap();
	(0..=UNFINAL).for_each(|_| node.world().mine());
	anew.finalized().await.unwrap();
	assert_eq!(node.times(&approve_bytes(7)), 2);
}

#[tokio::test]
async fn two_programs_with_one_outbox_take_turns() {
	let node = Node::new(2);
	let folder = tempfile::tempdir().unwrap();
	let [first, second] =
		[node.client(Some(folder.path())).await, node.client(Some(folder.path())).await];
	let outboxes = [first.outbox().unwrap(), second.outbox().unwrap()];
	for number in 0..6 {
		let of = &outboxes[usize::from(number % 2)];
		of.accept(&format!("key-{number}"), &approve(number), false).await.unwrap();
	}
	for _ in 0..8 {
		let (one, other) = tokio::join!(outboxes[0].step(), outboxes[1].step());
		one.unwrap();
		other.unwrap();
		node.world().mine();
	}
	for number in 0..6 {
		assert_eq!(node.times(&approve_bytes(number)), 1, "{number}");
	}
}
