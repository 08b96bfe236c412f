//! The envelope of a standing subscription on its way from the recipient's client to the holder's gateway.

use crate::{
	gateway::{HOLDER, RECIPIENT},
	node::{caused, encoded_call, Node, Reply},
};
use base64::{engine::general_purpose::STANDARD as BASE64, Engine};
use codec::{Decode, Encode};
use curex_client::{
	exchange::{PendingSubscription, SubscriptionSpec},
	gateway::{store::Case, Decision, Setup, Store},
	time, Client, EncryptionKey, Error, Gateway, Signer,
};
use curex_primitives::{
	merkle,
	transfer::{record_of, CHUNK_SIZE},
	Duties, Exchange, Subscription, SubscriptionState, SubscriptionTerms,
};
use serde_json::{json, Value};
use std::sync::{Arc, Mutex};

/// A node that has the ledger of both sides, and carries one part.
struct Scene {
	node: Node,
	recipient: Client,
	ledger: Arc<Mutex<Option<Subscription>>>,
	folder: tempfile::TempDir,
}

/// What lies at the node: a manifest and, once it was left, the bytes.
type Carried = Arc<Mutex<(Value, Option<Vec<u8>>)>>;

async fn scene(holder: &EncryptionKey) -> Scene {
	let node = Node::new();
	let bob = Signer::development("//Bob").unwrap();
	let account = bob.account();
	node.function("ConsortiumApi_delegate", move |asked| {
		let of = if asked == account { RECIPIENT } else { HOLDER };
		Some((of, Duties::all())).encode()
	});
	node.every_member_is_a_hospital(holder);
	node.method("state_getKeysPaged", |_| Reply::Value(json!([])));
	node.function("ExchangeApi_exchange", |_| None::<Exchange>.encode());
	let ledger = Arc::new(Mutex::new(None::<Subscription>));
	let asked = ledger.clone();
	node.function("ExchangeApi_subscription", move |_| asked.lock().unwrap().encode());
	carry(&node);
	let recipient = node.client(Some(bob)).await;
	Scene { node, recipient, ledger, folder: tempfile::tempdir().unwrap() }
}

/// Has the node carry a part of one chunk.
fn carry(node: &Node) {
	let carried = Carried::default();
	let status = |complete: bool| {
		let missing = if complete { json!([]) } else { json!([[0, 1]]) };
		Reply::Value(json!({ "complete": complete, "missing": missing, "failure": null }))
	};
	let left = carried.clone();
	node.method("curex_depositBegin", move |params| {
		let mut left = left.lock().unwrap();
		left.0 = params[1].clone();
		status(left.1.is_some())
	});
	let left = carried.clone();
	node.method("curex_depositChunk", move |params| {
		left.lock().unwrap().1 = Some(BASE64.decode(params[2].as_str().unwrap()).unwrap());
		status(true)
	});
	let taken = carried.clone();
	node.method("curex_fetch", move |_| match taken.lock().unwrap().1 {
		Some(_) => status(true),
		None => Reply::Error(12014, "none of 3 nodes served the part"),
	});
	let taken = carried.clone();
	node.method("curex_manifest", move |_| Reply::Value(taken.lock().unwrap().0.clone()));
	node.method("curex_chunk", move |_| {
		let taken = carried.lock().unwrap();
		let bytes = taken.1.as_ref().unwrap();
		let proof = merkle::prove(bytes.chunks(CHUNK_SIZE), 0).unwrap();
		Reply::Value(json!({
			"bytes": BASE64.encode(bytes),
			"proof": { "index": proof.index, "count": proof.count, "siblings": [] },
		}))
	});
}

impl Scene {
	/// The recipient opens a subscription; its envelope is not left yet.
	async fn open(&self) -> PendingSubscription {
		let mut spec: Value =
			serde_json::from_str(include_str!("../../examples/subscription.json")).unwrap();
		spec["delivery"]["partner"] = json!(HOLDER);
		spec["until"] = json!(time::text(time::now() + 30 * 24 * 3_600_000));
		let spec = SubscriptionSpec::from_json(spec.to_string().as_bytes()).unwrap();
		let pending = self.recipient.prepare_subscription(&spec, None).await.unwrap();
		let opened = (pending.id(), RECIPIENT, HOLDER).encode();
		self.node.next_transaction_causes(&[caused("Exchange", "SubscriptionOpened", &opened)]);
		self.recipient.subscribe(&pending).await.unwrap().finalized().await.unwrap();

		let transactions = self.node.transactions();
		// Pallet, call, and the recipient's key for the handle; then the terms.
		let mut terms = &encoded_call(transactions.last().unwrap())[2 + 32..];
		*self.ledger.lock().unwrap() = Some(Subscription {
			recipient: RECIPIENT,
			terms: SubscriptionTerms::decode(&mut terms).unwrap(),
			state: SubscriptionState::Opened,
			deadline: 1_000,
			deliveries: 0,
			last_delivery: 0,
			ended_at: None,
		});
		pending
	}

	fn stands(&self, state: SubscriptionState) {
		self.ledger.lock().unwrap().as_mut().unwrap().state = state;
	}

	async fn gateway(&self, key: EncryptionKey) -> Gateway {
		let client = self.node.client(Some(Signer::development("//Alice").unwrap())).await;
		let path = self.folder.path().join("gateway.sqlite");
		let store = Store::open(&path, client.genesis()).unwrap();
		let source = Arc::new(curex_client::fhir::Directory::new(self.folder.path()));
		let setup = Setup { key, source: Some(source), inbox: None, store };
		Gateway::open(client, setup).await.unwrap()
	}
}

fn case(gateway: &Gateway, pending: &PendingSubscription) -> Case {
	gateway.store().case(record_of(pending.id())).unwrap().unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_envelope_of_a_subscription_reaches_the_holder_and_goes_when_it_is_over() {
	let key = EncryptionKey::generate();
	let scene = scene(&key).await;
	let gateway = scene.gateway(key).await;
	gateway.tick().await.unwrap();
	let pending = scene.open().await;
	gateway.tick().await.unwrap();
	let waiting = case(&gateway, &pending);
	assert_eq!((waiting.decision, waiting.envelope), (Decision::Open, None));
	assert!(waiting.due > 0, "what no node has yet is asked for again later");

	scene.recipient.deposit_subscription(&pending).await.unwrap();
	gateway.store().decide(record_of(pending.id()), Decision::Open, "").unwrap();
	gateway.tick().await.unwrap();
	let worklist = gateway.store().worklist().unwrap();
	assert_eq!(worklist[0].exchange, record_of(pending.id()));
	assert_eq!(worklist[0].reason, "subscription", "a person accepts it");

	let envelope = gateway.subscription_envelope(pending.id()).await.unwrap();
	assert_eq!(&envelope, pending.envelope());
	assert_eq!(scene.node.calls("curex_chunk"), 1, "it was kept");
	gateway.accept_subscription(&envelope).await.unwrap();
	assert!(scene.node.submitted().last().unwrap().contains("accept_subscription"));
	scene.stands(SubscriptionState::Active);
	assert!(gateway.store().worklist().unwrap().is_empty());
	gateway.tick().await.unwrap();
	assert_eq!(&gateway.subscription_envelope(pending.id()).await.unwrap(), pending.envelope());

	scene.stands(SubscriptionState::Ended);
	gateway.tick().await.unwrap();
	assert_eq!(case(&gateway, &pending).envelope, None);
	assert!(gateway.store().due(time::now()).unwrap().is_empty());
	let late = gateway.subscription_envelope(pending.id()).await;
	assert!(matches!(late, Err(Error::Input(_))), "{late:?}");
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_begins_finds_the_subscriptions_that_are_on_the_ledger() {
	let key = EncryptionKey::generate();
	let scene = scene(&key).await;
	let pending = scene.open().await;
	scene.recipient.deposit_subscription(&pending).await.unwrap();
	scene.stands(SubscriptionState::Active);
	let prefix = curex_verify::bundle::storage_key("Exchange", "Subscriptions");
	let prefix = format!("0x{}", hex::encode(prefix));
	let entry = format!("{prefix}{}", hex::encode(pending.id()));
	scene.node.method("state_getKeysPaged", move |params| {
		let is_first = params[0] == prefix.as_str() && params[2].is_null();
		Reply::Value(if is_first { json!([entry]) } else { json!([]) })
	});
	let gateway = scene.gateway(key).await;
	gateway.tick().await.unwrap();
	let case = case(&gateway, &pending);
	assert_eq!(case.decision, Decision::Serve, "it was accepted before");
	assert!(case.envelope.is_some());
}

#[tokio::test(start_paused = true)]
async fn the_envelope_of_a_subscription_that_does_not_open_is_refused_without_a_word() {
	let [earlier, key] = [EncryptionKey::generate(), EncryptionKey::generate()];
	let scene = scene(&earlier).await;
	scene.node.every_member_is_a_hospital(&key);
	let gateway = scene.gateway(key).await;
	gateway.tick().await.unwrap();
	scene.node.every_member_is_a_hospital(&earlier);
	let pending = scene.open().await;
	scene.recipient.deposit_subscription(&pending).await.unwrap();
	let submitted = scene.node.submitted().len();
	gateway.tick().await.unwrap();
	let case = case(&gateway, &pending);
	assert_eq!((case.decision, case.reason.as_str()), (Decision::Refuse, "unreadable-envelope"));
	assert_eq!(scene.node.submitted().len(), submitted);
	assert!(gateway.store().worklist().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_node_that_gives_another_envelope_than_the_ledgers_is_not_believed() {
	let key = EncryptionKey::generate();
	let scene = scene(&key).await;
	let gateway = scene.gateway(key).await;
	gateway.tick().await.unwrap();
	let (pending, other) = (scene.open().await, scene.open().await);
	// The ledger has the second.
	scene.recipient.deposit_subscription(&pending).await.unwrap();
	gateway.tick().await.unwrap();
	assert_eq!(case(&gateway, &other).envelope, None);
	assert_eq!(case(&gateway, &other).decision, Decision::Open);
}
