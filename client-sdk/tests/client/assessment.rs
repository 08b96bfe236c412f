//! Assessments of packages beside their exchanges: in the own store, and attested on the ledger.

use crate::{
	calls::{assert_last, client},
	gateway::{exchange, id, requested, HOLDER, RECIPIENT},
	node::Node,
	scanner::gateway_asked,
};
use codec::Encode;
use curex_client::{
	exchange::Opening,
	gateway::{
		assessment::{attach, attached as shown, attest, compare, handed_over, Comparison},
		Assessor, Decision, Package, Store,
	},
	Client, EncryptionKey, Error, Gateway, View,
};
use curex_primitives::{
	Commitment, Exchange, ExchangeState, Gate, LegalBasis, OrganisationId, PackageAssessments,
};
use serde_json::{json, Value};
use sp_crypto_hashing::sha2_256;
use std::sync::{mpsc, Arc, Mutex};

const OTHER: Commitment = Commitment([0x55; 32]);

fn result(k: u32) -> Vec<u8> {
	json!({
		"sha256": "ab".repeat(32),
		"ours": { "k": k, "exceeded": [] },
		"both": null,
		"unusual": [],
	})
	.to_string()
	.into_bytes()
}

fn attested(node: &Node, holder: Option<Commitment>, recipient: Option<Commitment>) {
	let prefix = curex_verify::bundle::storage_key("Exchange", "PackageAssessments");
	let key = [&prefix[..], &id(1).0].concat();
	let attested = PackageAssessments { holder, recipient };
	let none = attested == PackageAssessments::default();
	node.holds(&key, (!none).then(|| attested.encode()));
}

/// A client of an organisation, of the holder if it is the first, and of the exchange in this state.
async fn at(own: OrganisationId, state: ExchangeState) -> (Node, Client) {
	let (node, client) = client().await;
	node.everybody_is_delegate_of(own);
	let gate = Gate::Statutory(LegalBasis::CARE);
	let sent = !matches!(state, ExchangeState::Requested | ExchangeState::Approved);
	let received = state.is_received();
	let found = Exchange {
		state,
		payload: sent.then_some(Commitment([7; 32])),
		receipt: received.then_some(Commitment([8; 32])),
		..exchange(id(1), gate)
	};
	node.answer("ExchangeApi_exchange", Some(found));
	attested(&node, None, None);
	(node, client)
}

#[tokio::test]
async fn what_is_attached_is_attested_once_and_opens_what_the_ledger_holds() {
	let (node, client) = at(HOLDER, ExchangeState::Approved).await;
	let folder = tempfile::tempdir().unwrap();
	let key = EncryptionKey::generate();
	let store = Store::open(&folder.path().join("gateway.sqlite"), client.genesis()).unwrap();
	let genesis = client.genesis();
	attach(&client, &store, &key, id(1), &result(4), None).await.unwrap();
	let done = attest(&client, &key, id(1), &result(4)).await.unwrap();
	assert!(done.recorded.is_some());
	let commitment = done.opening.commitment;
	assert_last(&node, "Exchange", "attest_package", &["1, 1"]);
	assert!(!node.submitted().concat().contains("exceeded"), "the ledger learns nothing of it");

	attested(&node, Some(commitment), None);
	let again = attest(&client, &key, id(1), &result(4)).await.unwrap();
	assert!(again.recorded.is_none() && again.opening.commitment == commitment);
	let another = attest(&client, &key, id(1), &result(5)).await.unwrap_err();
	assert!(matches!(another, Error::Input(_)), "{another}");
	assert_eq!(node.submitted().len(), 1);

	let found = client.package_assessments(id(1), View::Best).await.unwrap();
	assert_eq!((found.holder, found.recipient), (Some(commitment), None));
	let handed = handed_over(&store, &key, genesis, id(1), &found).unwrap();
	let read: Opening = serde_json::from_slice(&serde_json::to_vec(&handed).unwrap()).unwrap();
	assert_eq!(compare(id(1), &found, &read), Comparison::MatchesHolder);
	assert_eq!(compare(id(2), &found, &read), Comparison::MatchesNeither);
	let others = PackageAssessments { holder: Some(OTHER), recipient: None };
	let nothing = handed_over(&store, &key, genesis, id(1), &others);
	assert!(matches!(nothing, Err(Error::Input(_))));
}

#[tokio::test]
async fn nothing_is_attested_before_there_is_a_package_or_between_others() {
	let key = EncryptionKey::generate();
	for (own, state) in [
		(HOLDER, ExchangeState::Requested),
		(RECIPIENT, ExchangeState::Approved),
		(RECIPIENT, ExchangeState::Dispatched),
		(OrganisationId(9), ExchangeState::Acknowledged),
	] {
		let (node, client) = at(own, state).await;
		let refused = attest(&client, &key, id(1), &result(4)).await.unwrap_err();
		assert!(matches!(refused, Error::Input(_)), "{own} {state:?}: {refused}");
		assert_eq!(node.submitted().len(), 0);
	}
	let (node, client) = at(RECIPIENT, ExchangeState::Acknowledged).await;
	assert!(attest(&client, &key, id(1), b"{}").await.is_err(), "no result");
	attested(&node, Some(OTHER), None);
	assert!(attest(&client, &key, id(1), &result(4)).await.unwrap().recorded.is_some());
}

/// An assessor that is told what to say, once it may.
struct Told {
	may: Mutex<mpsc::Receiver<Say>>,
	asked: Mutex<Vec<(OrganisationId, bool)>>,
}

enum Say {
	Exceeded,
	Nothing,
	Failed,
	Panic,
}

impl Assessor for Told {
	fn assess(&self, package: &Package<'_>) -> Result<Option<Value>, String> {
		self.asked.lock().unwrap().push((package.partner, package.identified));
		match self.may.lock().unwrap().recv().unwrap() {
			Say::Exceeded => Ok(Some(json!({
				"sha256": hex::encode(sha2_256(package.content)),
				"ours": { "exceeded": ["smallest group 1, at least 5 asked for"] },
				"both": null,
				"unusual": [],
			}))),
			Say::Nothing => Ok(None),
			Say::Failed => Err("the policy fits nothing in it".into()),
			Say::Panic => panic!("as told"),
		}
	}
}

fn assessor() -> (mpsc::Sender<Say>, Arc<Told>) {
	let (say, may) = mpsc::channel();
	(say, Arc::new(Told { may: Mutex::new(may), asked: Mutex::default() }))
}

const MESSAGE: &str = "MSH|^~\\&|LAB|GENERAL|GP|CENTRE|20261128||ORU^R01^ORU_R01|42|P|2.5.1\r\
	PID|1||AHV-7560^^^A^SS||Wexelblatt^Zbigniew||19310709\r";

/// A gateway of the holder that was asked for something, with an assessor.
async fn asked(folder: &tempfile::TempDir, assessor: Arc<Told>) -> (Node, Gateway, EncryptionKey) {
	let gate = Gate::Statutory(LegalBasis::CARE);
	let (node, gateway, key) = gateway_asked(folder.path(), folder.path(), gate).await;
	attested(&node, None, None);
	gateway.tick().await.unwrap();
	node.block(&[requested(id(1))]);
	gateway.tick().await.unwrap();
	(node, gateway.with_assessor(assessor), key)
}

/// Has the ledger show an exchange in which something was sent, and received or not.
fn stands(node: &Node, state: ExchangeState) {
	let found = Exchange {
		state,
		payload: Some(Commitment([7; 32])),
		receipt: state.is_received().then_some(Commitment([8; 32])),
		..exchange(id(1), Gate::Statutory(LegalBasis::CARE))
	};
	node.answer("ExchangeApi_exchange", Some(found));
}

#[tokio::test]
async fn a_gateway_assesses_what_it_sends_while_it_is_sent_and_attests_it_once() {
	let folder = tempfile::tempdir().unwrap();
	let (say, assessor) = assessor();
	let (node, gateway, key) = asked(&folder, assessor.clone()).await;
	let results = || shown(gateway.store(), &key, gateway.client().genesis(), id(1)).unwrap();
	// The assessor says nothing yet: what is sent does not wait for it.
	gateway.answer_with_document(id(1), MESSAGE.as_bytes()).await.unwrap();
	let case = gateway.store().case(id(1)).unwrap().unwrap();
	assert!(case.decision == Decision::Serve && case.payload.is_some());
	assert!(results().is_empty());
	say.send(Say::Exceeded).unwrap();
	gateway.finish_assessments().await;
	assert_eq!(*assessor.asked.lock().unwrap(), [(RECIPIENT, true)]);
	assert_eq!(results()[0]["sha256"], hex::encode(sha2_256(MESSAGE.as_bytes())));
	let advice = gateway.store().advice().unwrap();
	assert_eq!((advice[0].exchange, advice[0].failed), (id(1), false));
	assert!(gateway.store().worklist().unwrap().is_empty(), "nothing waits for a person");
	let attests = |node: &Node| {
		let attests = |call: &&String| call.contains("attest_package");
		node.submitted().iter().filter(attests).count()
	};
	assert_eq!(attests(&node), 0, "the ledger takes none of what was not approved");

	stands(&node, ExchangeState::Dispatched);
	gateway.finish_assessments().await;
	gateway.finish_assessments().await;
	assert_eq!(attests(&node), 1);
}

#[tokio::test]
async fn an_assessment_that_fails_is_an_entry_and_nothing_else() {
	for (said, reason) in [(Say::Failed, "fits nothing"), (Say::Panic, "panicked")] {
		let folder = tempfile::tempdir().unwrap();
		let (say, assessor) = assessor();
		let (node, gateway, key) = asked(&folder, assessor).await;
		say.send(said).unwrap();
		gateway.answer_with_document(id(1), MESSAGE.as_bytes()).await.unwrap();
		stands(&node, ExchangeState::Dispatched);
		gateway.finish_assessments().await;
		let case = gateway.store().case(id(1)).unwrap().unwrap();
		assert_eq!(case.decision, Decision::Serve);
		let advice = gateway.store().advice().unwrap();
		assert!(advice.len() == 1 && advice[0].failed);
		let results = shown(gateway.store(), &key, gateway.client().genesis(), id(1)).unwrap();
		assert!(results[0]["failed"].as_str().unwrap().contains(reason), "{results:?}");
		assert!(!node.submitted().concat().contains("attest_package"));
	}
}

#[tokio::test]
async fn what_was_received_is_assessed_against_its_holder() {
	let folder = tempfile::tempdir().unwrap();
	let (say, assessor) = assessor();
	let (node, gateway, _) = asked(&folder, assessor.clone()).await;
	node.everybody_is_delegate_of(RECIPIENT);
	let setup = |gateway: &Gateway| gateway.client().clone();
	let client = setup(&gateway);
	let key = EncryptionKey::generate();
	node.every_member_is_a_hospital(&key);
	let store = Store::open(&folder.path().join("other.sqlite"), client.genesis()).unwrap();
	let setup = curex_client::gateway::Setup { key, source: None, inbox: None, store };
	let gateway = Gateway::open(client, setup).await.unwrap();
	stands(&node, ExchangeState::Acknowledged);
	let document = folder.path().join("document");
	std::fs::write(&document, MESSAGE).unwrap();
	gateway.assess_received(id(1), &document).await.unwrap();
	assert!(assessor.asked.lock().unwrap().is_empty(), "it has no assessor");
	let gateway = gateway.with_assessor(assessor.clone());
	say.send(Say::Nothing).unwrap();
	gateway.assess_received(id(1), &document).await.unwrap();
	assert!(gateway.store().attached(id(1)).unwrap().is_empty());
	say.send(Say::Exceeded).unwrap();
	gateway.assess_received(id(1), &document).await.unwrap();
	assert_eq!(*assessor.asked.lock().unwrap(), [(HOLDER, true), (HOLDER, true)]);
	assert_last(&node, "Exchange", "attest_package", &["1, 1"]);
}
