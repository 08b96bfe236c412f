//! Receipt before key: both sides, unattended, through a restart, and when one side does not do its part.

use crate::{
	carriage::{files, message, scene, spec, Scene},
	gateway::{HOLDER, RECIPIENT},
};
use curex_client::{
	gateway::{Decision, Due, Gateway},
	Error, Pending,
};
use curex_primitives::{
	transfer::{Part, CHUNK_SIZE},
	AcknowledgementCode, Categories, Category, Commitment, ExchangeId, ExchangeState, Gate, Ground,
	LegalBasis, Purpose,
};
use serde_json::json;
use std::time::Duration;

const CARE: Gate = Gate::Statutory(LegalBasis::CARE);
const PATIENCE: Duration = Duration::from_secs(60);
const LENGTH: usize = CHUNK_SIZE + 7;

/// A scene in which the holder answered a request, and keeps the key back. Its payload lies at the node.
async fn answered() -> (Scene, Pending) {
	let scene = scene().await;
	let recipient = scene.recipient().await;
	let pending = recipient.request(&spec(HOLDER, CARE)).await.unwrap();
	let gateway = scene.gateway(scene.holder().await, "holder").await.with_receipt_before_key();
	gateway.answer_with_document(pending.id(), &message(LENGTH)).await.unwrap();
	while !scene.has(Part::Payload) {
		gateway.advance(pending.id()).await.unwrap();
	}
	gateway.advance(pending.id()).await.unwrap();
	assert!(!scene.has(Part::Key), "nobody signed for it");
	(scene, pending)
}

/// Has a gateway do its part until the key is out.
async fn gives_out(scene: &Scene, gateway: &Gateway, id: ExchangeId) {
	while !scene.has(Part::Key) {
		assert!(matches!(scene.state(), ExchangeState::Dispatched | ExchangeState::Delivered));
		gateway.advance(id).await.unwrap();
		assert!(!scene.has(Part::Key) || scene.state() == ExchangeState::Delivered);
		tokio::time::sleep(Duration::from_secs(1)).await;
	}
}

#[tokio::test(start_paused = true)]
async fn the_key_goes_out_when_the_receipt_is_on_the_ledger_also_after_a_restart() {
	let (scene, pending) = answered().await;
	let recipient = scene.recipient().await;
	// Started again, and not told anything of keys.
	let gateway = scene.gateway(scene.holder().await, "holder").await;
	let out = scene.folder.path().join("out");
	let (received, ()) = tokio::join!(
		recipient.receive_file(&pending, &out, PATIENCE),
		gives_out(&scene, &gateway, pending.id()),
	);
	let delivery = received.unwrap();
	assert_eq!(std::fs::read(&out).unwrap(), message(LENGTH));
	assert_eq!(
		delivery.receipt.as_ref().map(|receipt| receipt.commitment),
		scene.exchange().receipt
	);
	assert!(gateway.store().case(pending.id()).unwrap().unwrap().released);
	recipient.acknowledge(pending.id(), delivery.acknowledgement()).await.unwrap();
	gateway.advance(pending.id()).await.unwrap();
	assert_eq!(gateway.store().case(pending.id()).unwrap().unwrap().payload, None);

	// In memory as from file to file.
	scene.stands(|exchange| exchange.state = ExchangeState::Delivered);
	let again = recipient.receive(&pending, PATIENCE).await.unwrap();
	assert_eq!(*again.document.unwrap().bytes().unwrap(), *message(LENGTH));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_does_not_come_is_told_and_can_be_asked_for_again() {
	let (scene, pending) = answered().await;
	let recipient = scene.recipient().await;
	let out = scene.folder.path().join("out");
	let waited = recipient.receive_file(&pending, &out, PATIENCE).await.unwrap_err();
	assert!(waited.is_retryable() && waited.to_string().contains("key"), "{waited}");
	assert_eq!(scene.state(), ExchangeState::Delivered, "it was signed for");
	assert!(!out.exists());
	let (receipt, taken) = (scene.exchange().receipt, scene.node.calls("curex_chunk"));

	let gateway = scene.gateway(scene.holder().await, "holder").await;
	gives_out(&scene, &gateway, pending.id()).await;
	recipient.receive_file(&pending, &out, PATIENCE).await.unwrap();
	assert_eq!(scene.node.calls("curex_chunk"), taken + 1, "only the key was taken");
	assert_eq!(scene.exchange().receipt, receipt, "it is not signed for twice");
	assert_eq!(std::fs::read(&out).unwrap(), message(LENGTH));
}

#[tokio::test(start_paused = true)]
async fn an_exchange_that_ends_before_the_key_came_is_told_to_have_nothing() {
	let (scene, pending) = answered().await;
	let recipient = scene.recipient().await;
	let out = scene.folder.path().join("out");
	assert!(recipient.receive_file(&pending, &out, PATIENCE).await.is_err());
	let ends = async {
		tokio::time::sleep(Duration::from_secs(5)).await;
		scene.stands(|exchange| exchange.state = ExchangeState::Expired);
	};
	let (ended, ()) = tokio::join!(recipient.receive_file(&pending, &out, PATIENCE), ends);
	assert!(matches!(ended, Err(Error::NothingAvailable { .. })), "{ended:?}");
	let gateway = scene.gateway(scene.holder().await, "holder").await;
	gateway.advance(pending.id()).await.unwrap();
	assert!(!scene.has(Part::Key), "it stays where it is");
	assert_eq!(gateway.store().case(pending.id()).unwrap().unwrap().payload, None);
}

#[tokio::test(start_paused = true)]
async fn a_receipt_that_does_not_ask_for_the_key_gets_none() {
	let (scene, pending) = answered().await;
	scene.stands(|exchange| {
		exchange.receipt = Some(Commitment([5; 32]));
		exchange.state = ExchangeState::Delivered;
	});
	let gateway = scene.gateway(scene.holder().await, "holder").await;
	gateway.advance(pending.id()).await.unwrap();
	let case = gateway.store().case(pending.id()).unwrap().unwrap();
	assert_eq!((case.decision, case.reason.as_str()), (Decision::Person, "receipt-without-key"));
	assert!(!scene.has(Part::Key) && case.withholds_key());
	let out = scene.folder.path().join("out");
	let refused = scene.recipient().await.receive_file(&pending, &out, PATIENCE).await;
	assert!(matches!(refused, Err(Error::Sealed(_))), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn a_batch_takes_no_payload_whose_key_is_held_back() {
	let (scene, pending) = answered().await;
	let out = scene.folder.path().join("out");
	let refused = scene.recipient().await.open_dispatched(&pending, &out).await.unwrap_err();
	assert!(matches!(&refused, Error::Input(text) if text.contains("curex receive")), "{refused}");
	assert!(!files(scene.folder.path()).iter().any(|path| path.to_string_lossy().contains("out")));
	assert_eq!(scene.state(), ExchangeState::Dispatched);
}

#[tokio::test(start_paused = true)]
async fn an_offer_is_received_unattended_and_nothing_is_lost_while_the_key_is_out_of_reach() {
	let scene = scene().await;
	let holder = scene.gateway(scene.holder().await, "holder").await.with_receipt_before_key();
	let recipient = scene.gateway(scene.recipient().await, "recipient").await;
	let id = holder.offer(&spec(RECIPIENT, CARE), &message(LENGTH)).await.unwrap();
	recipient.store().see([Due { exchange: id, urgent: false }], None).unwrap();
	while scene.state() == ExchangeState::Offered {
		recipient.advance(id).await.unwrap();
	}
	while !scene.has(Part::Payload) {
		holder.advance(id).await.unwrap();
	}
	assert!(recipient.advance(id).await.unwrap_err().is_retryable());
	assert_eq!(scene.state(), ExchangeState::Delivered);
	let taken = scene.node.calls("curex_chunk");
	gives_out(&scene, &holder, id).await;
	recipient.advance(id).await.unwrap();
	assert_eq!(scene.node.calls("curex_chunk"), taken + 1, "only the key was taken");
	assert_eq!(scene.exchange().acknowledgement, Some(AcknowledgementCode::Accepted));
	let inbox = files(&scene.folder.path().join("recipient/inbox"));
	let [file] = inbox.as_slice() else { panic!("{inbox:?}") };
	assert_eq!(std::fs::read(file).unwrap(), message(LENGTH));
}

#[tokio::test(start_paused = true)]
async fn no_key_of_a_broken_glass_is_held_back() {
	let scene = scene().await;
	let holder = scene.gateway(scene.holder().await, "holder").await.with_receipt_before_key();
	let record = json!({"resourceType": "Bundle", "type": "collection", "entry": [
		{"resource": {
			"resourceType": "Patient", "id": "p1", "birthDate": "1956-05-27",
			"identifier": [{"system": "urn:oid:1.2.3", "value": "MRN-9"}],
			"name": [{"family": "Papadopoulou", "given": ["Eleni"]}],
		}},
		{"resource": {
			"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"},
		}},
	]});
	std::fs::write(scene.folder.path().join("holder/1.json"), record.to_string()).unwrap();
	let mut asked = spec(HOLDER, Gate::BreakGlass(Ground::LifeThreat));
	(asked.purpose, asked.categories) =
		(Purpose::EmergencyTreatment, Categories::from(Category::PatientSummary));
	let recipient = scene.recipient().await;
	let pending = recipient.prepare_request(&asked, Some("unconscious")).await.unwrap();
	recipient.begin(&pending).await.unwrap().in_block().await.unwrap();
	recipient.deposit_envelope(&pending).await.unwrap();
	holder.store().see([Due { exchange: pending.id(), urgent: true }], None).unwrap();
	let told = holder.answer_with_document(pending.id(), &message(300)).await.unwrap_err();
	assert!(matches!(&told, Error::Input(text) if text.contains("broken glass")), "{told}");
	while !scene.has(Part::Payload) {
		holder.advance(pending.id()).await.unwrap();
	}
	assert!(!holder.store().case(pending.id()).unwrap().unwrap().withholds_key());
	let delivery = recipient.receive(&pending, PATIENCE).await.unwrap();
	assert!(delivery.document.is_ok() && !scene.has(Part::Key));
}
