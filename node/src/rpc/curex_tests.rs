use super::*;
use crate::transfer::{
	testing::{self, FakeLedger, TokioSpawner, EXCHANGE, HOLDER, RECIPIENT},
	Peers,
};
use codec::Encode;
use curex_primitives::{
	merkle,
	transfer::{Access, Part, CHUNK_SIZE},
	Direction, Duty, ExchangeState,
};
use jsonrpsee::{core::server::MethodsError, rpc_params, RpcModule};
use sc_network::PeerId;
use serde_json::{json, Value};
use sp_core::sr25519;

const PAYLOAD: Key = Key { exchange: EXCHANGE, part: Part::Payload };

struct FakeHealth;

#[async_trait]
impl HealthSource for FakeHealth {
	async fn health(&self) -> Result<Health, Error> {
		Ok(Health {
			chain: "test".into(),
			genesis: "0x06".into(),
			spec_version: 1,
			best: 9,
			finalised: 7,
			peers: 2,
			peer_id: "12D3".into(),
			syncing: false,
		})
	}
}

struct NoPeers;

#[async_trait]
impl Peers for NoPeers {
	fn local(&self) -> PeerId {
		PeerId::random()
	}

	async fn connected(&self) -> Vec<PeerId> {
		Vec::new()
	}

	async fn ask(&self, _: PeerId, _: Vec<u8>) -> Result<Vec<u8>, String> {
		Err("there is no network".into())
	}
}

struct Scene {
	ledger: Arc<FakeLedger>,
	module: RpcModule<Curex>,
	bytes: Vec<u8>,
	manifest: Manifest,
	holder: sr25519::Pair,
	recipient: sr25519::Pair,
	_folder: tempfile::TempDir,
}

fn scene() -> Scene {
	let folder = tempfile::tempdir().unwrap();
	let store = Arc::new(Store::open(folder.path().join("transfer"), Default::default()).unwrap());
	let bytes = testing::bytes(2 * CHUNK_SIZE + 5);
	let manifest = Manifest::of([1; 32], &bytes);
	let ledger = Arc::new(FakeLedger::dispatched(&manifest));
	let holder = ledger.add_delegate(1, HOLDER, Duty::Exchange);
	let recipient = ledger.add_delegate(2, RECIPIENT, Duty::Exchange);
	let fetcher =
		Fetcher::new(ledger.clone(), store.clone(), Arc::new(NoPeers), Arc::new(TokioSpawner));
	let curex = Curex::new(Arc::new(FakeHealth), ledger.clone(), store, Arc::new(fetcher));
	Scene { ledger, module: curex.into_rpc(), bytes, manifest, holder, recipient, _folder: folder }
}

impl Scene {
	fn may(&self, pair: &sr25519::Pair, access: Access) -> Value {
		self.may_with(pair, PAYLOAD, access)
	}

	fn may_with(&self, pair: &sr25519::Pair, key: Key, access: Access) -> Value {
		json!(Bytes(self.ledger.authorise(pair, key, access).encode()))
	}

	fn manifest(&self) -> Value {
		json!(ManifestText::from(self.manifest.clone()))
	}

	fn chunk(&self, index: usize) -> Value {
		json!(Bytes(self.bytes.chunks(CHUNK_SIZE).nth(index).unwrap().to_vec()))
	}

	async fn call(&self, method: &str, parameters: &[&Value]) -> Result<Value, i32> {
		let mut list = rpc_params![];
		for parameter in parameters {
			list.insert(parameter).unwrap();
		}
		match self.module.call::<_, Value>(method, list).await {
			Ok(value) => Ok(value),
			Err(MethodsError::JsonRpc(error)) => Err(error.code()),
			Err(other) => panic!("{other}"),
		}
	}

	async fn deposit_all(&self) {
		let may = self.may(&self.holder, Access::Deposit);
		self.call("curex_depositBegin", &[&may, &self.manifest()]).await.unwrap();
		for index in 0..3 {
			self.call("curex_depositChunk", &[&may, &json!(index), &self.chunk(index)])
				.await
				.unwrap();
		}
	}
}

#[tokio::test]
async fn the_health_is_told_in_camel_case() {
	let health = scene().call("curex_health", &[]).await.unwrap();
	assert_eq!(health["specVersion"], 1);
	assert_eq!(health["peerId"], "12D3");
	assert_eq!((&health["best"], &health["finalised"]), (&json!(9), &json!(7)));
}

#[tokio::test]
async fn what_the_holder_leaves_the_recipient_takes() {
	let scene = scene();
	let leave = scene.may(&scene.holder, Access::Deposit);
	let begun = scene.call("curex_depositBegin", &[&leave, &scene.manifest()]).await.unwrap();
	assert_eq!(
		begun,
		json!({
			"complete": false, "received": 0, "chunks": 3, "missing": [[0, 3]],
			"running": false, "failure": null
		})
	);
	for index in [2, 0] {
		let progress =
			scene.call("curex_depositChunk", &[&leave, &json!(index), &scene.chunk(index)]).await;
		assert_eq!(progress.unwrap()["complete"], false);
	}
	let status = scene.call("curex_depositStatus", &[&leave]).await.unwrap();
	assert_eq!(status["missing"], json!([[1, 2]]));
	let take = scene.may(&scene.recipient, Access::Fetch);
	assert_eq!(scene.call("curex_chunk", &[&take, &json!(0)]).await, Err(12005));
	let last = scene.call("curex_depositChunk", &[&leave, &json!(1), &scene.chunk(1)]).await;
	assert_eq!(last.unwrap()["complete"], true);

	for bearer in [&take, &leave] {
		assert_eq!(scene.call("curex_manifest", &[bearer]).await.unwrap(), scene.manifest());
		let chunk = scene.call("curex_chunk", &[bearer, &json!(2)]).await.unwrap();
		assert_eq!(chunk["bytes"], scene.chunk(2));
		let siblings: Vec<Bytes> =
			serde_json::from_value(chunk["proof"]["siblings"].clone()).unwrap();
		let proof = merkle::Proof {
			index: chunk["proof"]["index"].as_u64().unwrap(),
			count: chunk["proof"]["count"].as_u64().unwrap(),
			siblings: siblings.iter().map(|hash| hash.0.clone().try_into().unwrap()).collect(),
		};
		assert!(scene.manifest.admits(&scene.bytes[2 * CHUNK_SIZE..], &proof));
	}
	let fetched = scene.call("curex_fetch", &[&take]).await.unwrap();
	assert_eq!((&fetched["complete"], &fetched["running"]), (&json!(true), &json!(false)));
}

#[tokio::test]
async fn a_chunk_goes_as_base64_where_that_is_asked_for() {
	let scene = scene();
	let leave = scene.may(&scene.holder, Access::Deposit);
	let base64 = json!("base64");
	scene.call("curex_depositBegin", &[&leave, &scene.manifest()]).await.unwrap();
	for (index, bytes) in scene.bytes.chunks(CHUNK_SIZE).enumerate() {
		let chunk = [&leave, &json!(index), &json!(BASE64.encode(bytes)), &base64];
		scene.call("curex_depositChunk", &chunk).await.unwrap();
	}
	let take = scene.may(&scene.recipient, Access::Fetch);
	let chunk = scene.call("curex_chunk", &[&take, &json!(2), &base64]).await.unwrap();
	assert_eq!(chunk["bytes"], BASE64.encode(&scene.bytes[2 * CHUNK_SIZE..]));
	let hexadecimal = scene.call("curex_chunk", &[&take, &json!(2), &json!("hex")]).await.unwrap();
	assert_eq!(hexadecimal["bytes"], scene.chunk(2));
	assert_eq!(hexadecimal["proof"], chunk["proof"]);

	assert_eq!(scene.call("curex_chunk", &[&take, &json!(2), &json!("rot13")]).await, Err(-32602));
	for (text, encoding) in
		[(json!("AA*A"), &base64), (json!("AAAA"), &json!("hex")), (json!("0x0"), &Value::Null)]
	{
		let chunk = [&leave, &json!(2), &text, encoding];
		assert_eq!(scene.call("curex_depositChunk", &chunk).await, Err(12001), "{text}");
	}
}

#[tokio::test]
async fn a_call_that_waits_answers_when_the_fetch_has_ended() {
	let scene = scene();
	let take = scene.may(&scene.recipient, Access::Fetch);
	let ended = scene.call("curex_fetch", &[&take, &json!(u64::MAX)]).await.unwrap();
	assert_eq!(ended["running"], false);
	assert_eq!(ended["failure"]["code"], 12014);
}

#[tokio::test]
async fn a_fetch_tells_why_it_fails() {
	let scene = scene();
	let take = scene.may(&scene.recipient, Access::Fetch);
	let first = scene.call("curex_fetch", &[&take]).await.unwrap();
	assert_eq!((&first["running"], &first["chunks"]), (&json!(true), &Value::Null));
	for _ in 0..500 {
		let progress = scene.call("curex_fetch", &[&take]).await.unwrap();
		if !progress["failure"].is_null() {
			assert_eq!(progress["failure"]["code"], 12014);
			return;
		}
		tokio::time::sleep(std::time::Duration::from_millis(10)).await;
	}
	panic!("no failure was told");
}

#[tokio::test]
async fn every_refusal_has_its_code() {
	let scene = scene();
	scene.deposit_all().await;
	let leave = scene.may(&scene.holder, Access::Deposit);
	let take = scene.may(&scene.recipient, Access::Fetch);
	let index = json!(0);

	assert_eq!(scene.call("curex_manifest", &[&json!("0x00")]).await, Err(12001));
	let late = testing::sign(&scene.recipient, scene.ledger.genesis(), PAYLOAD, Access::Fetch, 1);
	assert_eq!(scene.call("curex_manifest", &[&json!(Bytes(late.encode()))]).await, Err(12002));
	for may in [
		scene.may(&scene.recipient, Access::Deposit),
		scene.may(&scene.holder, Access::Fetch),
		scene.may(&testing::pair(9), Access::Deposit),
	] {
		let begun = scene.call("curex_depositBegin", &[&may, &scene.manifest()]).await;
		assert_eq!(begun, Err(12003));
	}
	let wrong = scene.may(&scene.holder, Access::Fetch);
	for method in ["curex_manifest", "curex_fetch"] {
		assert_eq!(scene.call(method, &[&wrong]).await, Err(12003));
	}
	assert_eq!(scene.call("curex_fetch", &[&leave]).await, Err(12003));

	let mut other = scene.manifest();
	other["length"] = json!(7);
	assert_eq!(scene.call("curex_depositBegin", &[&leave, &other]).await, Err(12006));
	other["salt"] = json!("0x00");
	assert_eq!(scene.call("curex_depositBegin", &[&leave, &other]).await, Err(12001));
	let misplaced = [&leave, &index, &scene.chunk(1)];
	assert_eq!(scene.call("curex_depositChunk", &misplaced).await, Err(12007));
	assert_eq!(scene.call("curex_chunk", &[&take, &json!(3)]).await, Err(12007));

	let whole = scene.manifest();
	scene.ledger.change(|exchange| exchange.state = ExchangeState::Terminated);
	for (method, parameters) in [
		("curex_depositBegin", vec![&leave, &whole]),
		("curex_depositStatus", vec![&leave]),
		("curex_fetch", vec![&take]),
		("curex_manifest", vec![&take]),
		("curex_chunk", vec![&take, &index]),
	] {
		let refused = scene.call(method, &parameters).await;
		assert_eq!(refused, Err(12004), "{method}");
	}
}

#[tokio::test]
async fn a_whole_that_does_not_match_is_told_and_begun_anew() {
	let scene = scene();
	let leave = scene.may(&scene.holder, Access::Deposit);
	scene.call("curex_depositBegin", &[&leave, &scene.manifest()]).await.unwrap();
	for (index, bytes) in [(0, 1), (1, 0)] {
		let chunk = scene.chunk(bytes);
		scene.call("curex_depositChunk", &[&leave, &json!(index), &chunk]).await.unwrap();
	}
	let last = [&leave, &json!(2), &scene.chunk(2)];
	assert_eq!(scene.call("curex_depositChunk", &last).await, Err(12010));
	assert_eq!(scene.call("curex_depositStatus", &[&leave]).await, Err(12005));
	scene.deposit_all().await;
}

#[tokio::test]
async fn the_envelope_can_be_left_before_it_is_final_and_taken_after() {
	let scene = scene();
	scene.ledger.change(|exchange| {
		exchange.direction = Direction::Pull;
		exchange.state = ExchangeState::Requested;
	});
	scene.ledger.forget_finalised();
	let key = Key { part: Part::Envelope, ..PAYLOAD };
	let leave = scene.may_with(&scene.recipient, key, Access::Deposit);
	let take = scene.may_with(&scene.holder, key, Access::Fetch);
	scene.call("curex_depositBegin", &[&leave, &scene.manifest()]).await.unwrap();
	assert_eq!(scene.call("curex_fetch", &[&take]).await, Err(12004));
	for index in 0..3 {
		let chunk = scene.chunk(index);
		scene.call("curex_depositChunk", &[&leave, &json!(index), &chunk]).await.unwrap();
	}
	scene.ledger.change(|_| ());
	scene.call("curex_manifest", &[&take]).await.unwrap();
}

#[tokio::test]
async fn a_payload_of_another_fork_is_not_taken_for_this_one() {
	let scene = scene();
	scene.deposit_all().await;
	let other = Manifest::of([2; 32], b"other");
	scene.ledger.change(|exchange| {
		exchange.payload = Some(other.commitment(Part::Payload, &EXCHANGE));
	});
	let take = scene.may(&scene.recipient, Access::Fetch);
	assert_eq!(scene.call("curex_manifest", &[&take]).await, Err(12005));
	let leave = scene.may(&scene.holder, Access::Deposit);
	assert_eq!(scene.call("curex_depositStatus", &[&leave]).await, Err(12005));
	let chunk = [&leave, &json!(0), &scene.chunk(0)];
	assert_eq!(scene.call("curex_depositChunk", &chunk).await, Err(12005));
	let begin = [&leave, &json!(ManifestText::from(other))];
	scene.call("curex_depositBegin", &begin).await.unwrap();
}

#[tokio::test]
async fn a_chunk_fits_into_the_limits_of_the_server() {
	let scene = scene();
	scene.deposit_all().await;
	let take = scene.may(&scene.recipient, Access::Fetch);
	let chunk = scene.call("curex_chunk", &[&take, &json!(0)]).await.unwrap();
	assert!(chunk.to_string().len() < 1 << 20);
}
