//! Requests that are signed off the ledger, from the recipient's desk to the holder's answer.

use crate::{
	gateway::{HOLDER, RECIPIENT},
	node::{caused, error, Node, Reply},
};
use codec::Encode;
use curex_client::{
	directory::MemberDirectory,
	envelope::{CareRelationship, Professional},
	exchange::Countersigned,
	fhir::{Directory, Identifier, PatientIdentification},
	gateway::{Decision, Service, Setup, Store},
	Client, EncryptionKey, Error, Gateway, Options, Pending, Signer, Spec, View,
};
use curex_primitives::{Categories, Duties, Exchange, ExchangeId, Gate, LegalBasis, Purpose};
use curex_verify::{bundle, TrustRoot};
use serde_json::json;
use std::{path::Path, sync::Arc};

/// A node at which Bob is of the recipient and everybody else of the holder.
fn node(key: &EncryptionKey) -> Node {
	let node = Node::new();
	let bob = Signer::development("//Bob").unwrap().account();
	node.function("ConsortiumApi_delegate", move |asked| {
		let of = if asked == bob { RECIPIENT } else { HOLDER };
		Some((of, Duties::all())).encode()
	});
	node.every_member_is_a_hospital(key);
	node.method("state_getKeysPaged", |_| Reply::Value(json!([])));
	node.function("ExchangeApi_exchange", |_| None::<Exchange>.encode());
	node.method("curex_depositBegin", |_| Reply::Error(12009, "no room"));
	node
}

fn spec(number: &str) -> Spec {
	Spec {
		partner: HOLDER,
		gate: Gate::Statutory(LegalBasis::CARE),
		purpose: Purpose::Treatment,
		categories: Categories::all(),
		border: None,
		patient: PatientIdentification {
			identifiers: vec![Identifier { system: "urn:oid:1.2.3".into(), value: number.into() }],
			family: "Papadopoulou".into(),
			given: vec!["Eleni".into()],
			birth_date: "1956-05-27".into(),
		},
		professional: Professional {
			identifier: "17".into(),
			name: "Dr. Georgiou".into(),
			role: "physician".into(),
		},
		care_relationship: CareRelationship::Treating,
	}
}

async fn recipient(node: &Node) -> Client {
	node.client(Some(Signer::development("//Bob").unwrap())).await
}

/// Requests about these patients, signed by the recipient.
async fn signed(node: &Node, numbers: &[&str]) -> (Vec<Pending>, Countersigned) {
	let client = recipient(node).await;
	let mut pending = Vec::new();
	for number in numbers {
		pending.push(client.prepare_request(&spec(number), None).await.unwrap());
	}
	let signed = client.countersign(&pending, 100).await.unwrap();
	(pending, signed)
}

/// The holder's gateway, which knows the patient 4711.
async fn holder(node: &Node, key: EncryptionKey, folder: &Path) -> Gateway {
	holder_over(node.client(Some(Signer::development("//Alice").unwrap())).await, key, folder).await
}

async fn holder_over(client: Client, key: EncryptionKey, folder: &Path) -> Gateway {
	let records = folder.join("records");
	std::fs::create_dir(&records).unwrap();
	let record = json!({"resourceType": "Bundle", "type": "collection", "entry": [
		{"resource": {
			"resourceType": "Patient",
			"id": "p1",
			"identifier": [{"system": "urn:oid:1.2.3", "value": "4711"}],
			"name": [{"family": "Papadopoulou", "given": ["Eleni"]}],
			"birthDate": "1956-05-27",
		}},
	]});
	std::fs::write(records.join("p1.json"), record.to_string()).unwrap();
	let store = Store::open(&folder.join("gateway.sqlite"), client.genesis()).unwrap();
	let source = Some(Arc::new(Directory::new(&records)) as Arc<_>);
	Gateway::open(client, Setup { key, source, inbox: None, store }).await.unwrap()
}

fn own(key: &EncryptionKey) -> EncryptionKey {
	EncryptionKey::from_bytes(*key.to_bytes())
}

#[tokio::test]
async fn requests_that_are_all_served_go_on_the_ledger_in_one_transaction() {
	let (key, folder) = (EncryptionKey::generate(), tempfile::tempdir().unwrap());
	let node = node(&key);
	let (pending, signed) = signed(&node, &["4711", "4711"]).await;
	let ids: Vec<ExchangeId> = pending.iter().map(Pending::id).collect();
	assert_eq!(signed.exchanges(), ids);
	// As it is handed over.
	let signed = Countersigned::from_json(&serde_json::to_vec(&signed).unwrap()).unwrap();
	let gateway = holder(&node, own(&key), folder.path()).await;
	node.next_transaction_causes(&[caused("Exchange", "BatchDone", &(2u32, 0u32).encode())]);
	let outcomes = gateway.serve_countersigned(&signed).await.unwrap();
	assert_eq!(outcomes, ids.iter().map(|id| (*id, Service::Served)).collect::<Vec<_>>());
	let submitted = node.submitted();
	assert_eq!(submitted.len(), 1);
	assert!(submitted[0].starts_with("Exchange (serve_countersigned_batch "), "{}", submitted[0]);
	for id in ids {
		// The payload is kept until it lies at the node, which this one has no place for.
		let case = gateway.store().case(id).unwrap().unwrap();
		assert!(case.payload.is_some() && !case.deposited);
	}
}

#[tokio::test]
async fn the_ledger_learns_nothing_of_a_request_that_is_withheld() {
	let (key, folder) = (EncryptionKey::generate(), tempfile::tempdir().unwrap());
	let node = node(&key);
	let (pending, signed) = signed(&node, &["4711", "nobody"]).await;
	let gateway = holder(&node, own(&key), folder.path()).await;
	let outcomes = gateway.serve_countersigned(&signed).await.unwrap();
	let withheld = Service::Withheld("unknown-or-ambiguous-patient".into());
	assert_eq!(outcomes, [(pending[0].id(), Service::Served), (pending[1].id(), withheld)]);
	let submitted = node.submitted();
	assert_eq!(submitted.len(), 1);
	assert!(submitted[0].starts_with("Exchange (serve_countersigned {"), "{}", submitted[0]);
	let case = gateway.store().case(pending[1].id()).unwrap().unwrap();
	assert_eq!(case.decision, Decision::Refuse);
	assert_eq!(case.payload, None);
}

#[tokio::test]
async fn what_the_ledger_rejects_waits_for_nobody_and_may_be_asked_for_again() {
	let (key, folder) = (EncryptionKey::generate(), tempfile::tempdir().unwrap());
	let node = node(&key);
	let (pending, signed) = signed(&node, &["4711"]).await;
	let gateway = holder(&node, own(&key), folder.path()).await;
	let failed = (0u32, error("Exchange", "ReleaseNeeded"));
	let failed = [failed.0.encode(), failed.1].concat();
	node.next_transaction_causes(&[
		caused("Exchange", "ItemFailed", &failed),
		caused("Exchange", "BatchDone", &(0u32, 1u32).encode()),
	]);
	let outcomes = gateway.serve_countersigned(&signed).await.unwrap();
	let (id, Service::Rejected(rejection)) = &outcomes[0] else { panic!("{outcomes:?}") };
	assert_eq!((*id, rejection.name.as_str()), (pending[0].id(), "ReleaseNeeded"));
	assert_eq!(gateway.store().case(*id).unwrap().unwrap().decision, Decision::Open);
	assert!(gateway.store().worklist().unwrap().is_empty(), "nobody can release what is not there");
}

#[tokio::test]
async fn requests_that_were_altered_signed_by_another_or_expired_are_not_served() {
	let (key, folder) = (EncryptionKey::generate(), tempfile::tempdir().unwrap());
	let node = node(&key);
	let (_, signed) = signed(&node, &["4711"]).await;
	let gateway = holder(&node, own(&key), folder.path()).await;
	let mut json = serde_json::to_value(&signed).unwrap();
	json["expires-at"] = 1_000_000.into();
	let altered = Countersigned::from_json(json.to_string().as_bytes()).unwrap();
	let refused = gateway.serve_countersigned(&altered).await;
	assert!(matches!(refused, Err(Error::Sealed(_))), "{refused:?}");
	(0..100).for_each(|_| node.block(&[]));
	let expired = gateway.serve_countersigned(&signed).await;
	assert!(matches!(expired, Err(Error::Input(_))), "{expired:?}");
	node.everybody_is_delegate_of(HOLDER);
	let foreign = gateway.serve_countersigned(&signed).await;
	assert!(matches!(foreign, Err(Error::Sealed(_))), "{foreign:?}");
	assert!(node.submitted().is_empty());
	assert!(gateway.store().due(u64::MAX >> 1).unwrap().is_empty(), "nothing was looked into");
}

#[tokio::test]
async fn what_cannot_be_countersigned_is_refused_before_anything_is_signed() {
	let key = EncryptionKey::generate();
	let node = node(&key);
	let client = recipient(&node).await;
	let input = |result: Result<Countersigned, Error>| matches!(result, Err(Error::Input(_)));
	assert!(input(client.countersign(&[], 10).await));
	let pending = [client.prepare_request(&spec("4711"), None).await.unwrap()];
	assert!(input(client.countersign(&pending, 0).await));
	assert!(input(client.countersign(&pending, u32::MAX).await));
	let offer = [client.prepare_offer(&spec("4711"), b"{}", None).await.unwrap()];
	assert!(input(client.countersign(&offer, 10).await));
	let elsewhere = Spec { partner: curex_primitives::OrganisationId(7), ..spec("4711") };
	let [first] = pending;
	let two = [first, client.prepare_request(&elsewhere, None).await.unwrap()];
	assert!(input(client.countersign(&two, 10).await), "two holders");
	let reader = node.client(None).await;
	assert!(matches!(reader.countersign(&two[..1], 10).await, Err(Error::Key(_))));
}

#[tokio::test]
async fn a_broken_glass_is_answered_while_the_ledger_takes_nothing_and_recorded_later() {
	use curex_client::exchange::{EmergencyAnswer, EmergencyRequest};
	let (key, folder) = (EncryptionKey::generate(), tempfile::tempdir().unwrap());
	let node = node(&key);
	let client = recipient(&node).await;
	let gate = Gate::BreakGlass(curex_primitives::Ground::Unconscious);
	let urgent = Spec { gate, purpose: Purpose::EmergencyTreatment, ..spec("4711") };
	let pending = client.prepare_request(&urgent, Some("no relatives")).await.unwrap();
	let request = client.sign_emergency(&pending).await.unwrap();
	let request = EmergencyRequest::from_json(&serde_json::to_vec(&request).unwrap()).unwrap();
	let gateway = holder(&node, own(&key), folder.path()).await;
	let answer = gateway.answer_emergency(&request).await.unwrap();
	let again = gateway.answer_emergency(&request).await.unwrap();
	assert_eq!(answer, again, "what was sealed once is what will be dispatched");
	let answer = EmergencyAnswer::from_json(&serde_json::to_vec(&answer).unwrap()).unwrap();
	let document = client.open_emergency(&pending, &answer).unwrap().unwrap();
	assert!(!document.resources().is_empty());
	assert!(node.submitted().is_empty(), "nothing went to the ledger");
	let other = client.prepare_request(&urgent, Some("no relatives")).await.unwrap();
	assert!(matches!(client.open_emergency(&other, &answer), Err(Error::Input(_))));

	client.record_emergency(&request).await.unwrap().finalized().await.unwrap();
	let submitted = node.submitted();
	assert!(submitted[0].starts_with("Exchange (record_emergency "), "{}", submitted[0]);

	let unknown = Spec { patient: spec("nobody").patient, ..urgent };
	let unknown = client.prepare_request(&unknown, Some("no relatives")).await.unwrap();
	let unknown = client.sign_emergency(&unknown).await.unwrap();
	let refused = gateway.answer_emergency(&unknown).await;
	assert!(matches!(refused, Err(Error::Input(_))), "{refused:?}");
	let ordinary = client.prepare_request(&spec("4711"), None).await.unwrap();
	assert!(matches!(client.sign_emergency(&ordinary).await, Err(Error::Input(_))));
	node.everybody_is_delegate_of(HOLDER);
	let foreign = gateway.answer_emergency(&request).await;
	assert!(matches!(foreign, Err(Error::Sealed(_))), "{foreign:?}");
}

#[tokio::test]
async fn a_broken_glass_is_asked_for_answered_and_opened_without_any_node() {
	let (key, folder) = (EncryptionKey::generate(), tempfile::tempdir().unwrap());
	let node = node(&key);
	let [alice, bob] = ["//Alice", "//Bob"].map(|account| Signer::development(account).unwrap());
	let keys_of = |map: &str, ends: &[Vec<u8>]| {
		let prefix = bundle::storage_key("Consortium", map);
		let key =
			|end: &Vec<u8>| format!("0x{}", hex::encode([&prefix[..], &[7; 8], &end[..]].concat()));
		(format!("0x{}", hex::encode(prefix)), json!(ends.iter().map(key).collect::<Vec<_>>()))
	};
	let maps = [
		keys_of("Organisations", &[HOLDER, RECIPIENT].map(|id| id.encode())),
		keys_of("Delegates", &[&alice, &bob].map(|signer| signer.account().to_vec())),
	];
	node.method("state_getKeysPaged", move |asked| {
		let of_map = maps.iter().find(|(prefix, _)| asked[0] == prefix.as_str());
		Reply::Value(of_map.unwrap().1.clone())
	});
	let taken = MemberDirectory::of(&node.client(None).await).await.unwrap();
	let file = folder.path().join("members.json");
	taken.write(&file).unwrap();
	taken.write(&file).unwrap();
	assert_eq!(MemberDirectory::read(&file).unwrap(), taken);
	assert_eq!(taken.members(), 2);
	let asked = node.asked().len();

	let client = taken.clone().client(bob, Options::default()).await.unwrap();
	let gate = Gate::BreakGlass(curex_primitives::Ground::Unconscious);
	let urgent = Spec { gate, purpose: Purpose::EmergencyTreatment, ..spec("4711") };
	let pending = client.prepare_request(&urgent, Some("no relatives")).await.unwrap();
	let request = client.sign_emergency(&pending).await.unwrap();
	let holder = taken.clone().client(alice, Options::default()).await.unwrap();
	let gateway = holder_over(holder, own(&key), folder.path()).await;
	let answer = gateway.answer_emergency(&request).await.unwrap();
	let document = client.open_emergency(&pending, &answer).unwrap().unwrap();
	assert!(!document.resources().is_empty());
	assert_eq!(node.asked().len(), asked, "no node was asked");

	// Everything else needs a node, and says so.
	for refused in [
		client.record_emergency(&request).await.map(drop),
		client.exchange(pending.id(), View::Best).await.map(drop),
		client.health().await.map(drop),
	] {
		let error = refused.unwrap_err();
		assert!(
			matches!(&error, Error::Connection(reason) if reason.contains("a node")),
			"{error}"
		);
		assert!(error.is_retryable());
	}
	// Whom the directory does not know acts for nobody.
	let stranger = Signer::development("//Charlie").unwrap();
	let stranger = taken.clone().client(stranger, Options::default()).await.unwrap();
	assert!(matches!(stranger.own_delegate().await, Err(Error::NotFound(_))));
	let other = Options { genesis: Some([1; 32]), ..Options::default() };
	assert!(matches!(taken.client(None, other).await, Err(Error::WrongChain { .. })));
}

#[test]
fn a_directory_of_members_that_is_damaged_is_refused_before_anything_is_sealed() {
	let good = json!({
		"ledger": "0x".to_owned() + &"01".repeat(32), "chain-type": "Live",
		"block": "0x".to_owned() + &"02".repeat(32), "height": 7, "taken": 1, "proven": false,
		"members": { "1": "00" }, "delegates": { "03".repeat(32): "00" },
	});
	let read = |value: &serde_json::Value| MemberDirectory::from_json(value.to_string().as_bytes());
	let directory = read(&good).unwrap();
	assert_eq!((directory.height, directory.members()), (7, 1));
	for (pointer, bad) in [
		("/ledger", json!("0x01")),
		("/members/1", json!("01")),
		("/members/1", json!("zz")),
		("/delegates", json!({ "03": "00" })),
		("/delegates", json!({ "03".repeat(32): "0102" })),
		("/height", json!(-1)),
		("/members", json!({ "x": "00" })),
	] {
		let mut damaged = good.clone();
		*damaged.pointer_mut(pointer).unwrap() = bad.clone();
		let refused = read(&damaged);
		assert!(matches!(refused, Err(Error::Input(_))), "{pointer} {bad}: {refused:?}");
	}
	assert!(MemberDirectory::from_json(b"").is_err());
}

#[tokio::test]
async fn a_directory_that_rests_on_a_nodes_word_does_not_stand_in_for_proofs() {
	let json = json!({
		"ledger": "0x".to_owned() + &"01".repeat(32), "chain-type": "Live",
		"block": "0x".to_owned() + &"02".repeat(32), "height": 7, "taken": 1, "proven": false,
		"members": {}, "delegates": {},
	});
	let directory = MemberDirectory::from_json(json.to_string().as_bytes()).unwrap();
	let root = TrustRoot::new([1; 32], []);
	let options = Options { trust_root: Some(root), ..Options::default() };
	let refused = directory.clone().client(None, options).await;
	assert!(matches!(refused, Err(Error::Input(_))), "{refused:?}");
	let bob = Signer::development("//Bob").unwrap();
	let refused = directory.client(bob, Options::default()).await;
	assert!(matches!(refused, Err(Error::DevelopmentKey)), "{refused:?}");
}

#[tokio::test]
async fn the_same_idempotency_key_is_the_same_exchange() {
	use curex_client::exchange::IdempotencyKey;
	let key = EncryptionKey::generate();
	let node = node(&key);
	let client = recipient(&node).await;
	let name = IdempotencyKey::new("visit-4711", &key).unwrap();
	let asked = spec("4711");
	let prepare = || client.prepare_request_under(&asked, None, Some(&name));
	let [first, again] = [prepare().await.unwrap(), prepare().await.unwrap()];
	assert_eq!(first.id(), again.id());
	assert_eq!(first.id(), client.exchange_under(&name).await.unwrap());
	assert!(first.asks_for(&asked, None));
	assert!(!first.asks_for(&spec("4712"), None), "another patient");
	assert!(!first.asks_for(&spec("4711"), Some("unconscious")));
	let fresh = client.prepare_request(&spec("4711"), None).await.unwrap();
	assert_ne!(fresh.id(), first.id());
}
