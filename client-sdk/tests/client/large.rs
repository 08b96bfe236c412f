//! Content in files: streamed at both sides, told in hundredths, resumed after an interruption.

use crate::{
	carriage::{files, message, scene, spec, Scene},
	gateway::{HOLDER, RECIPIENT},
	node::Reply,
};
use curex_client::{
	fhir::Defect,
	seal::Purpose,
	transfer::{open_file, Progress, Stage},
	Error, Pending,
};
use curex_primitives::{
	transfer::{Part, CHUNK_SIZE},
	AcknowledgementCode, ExchangeId, ExchangeState, Gate, LegalBasis,
};
use std::{
	path::PathBuf,
	sync::{Arc, Mutex},
	time::Duration,
};

const CARE: Gate = Gate::Statutory(LegalBasis::CARE);
const PATIENCE: Duration = Duration::from_secs(60);

/// A scene in which the recipient asks for a file of five chunks, which the holder has.
async fn asked() -> (Scene, Pending, PathBuf) {
	let scene = scene().await;
	let source = scene.folder.path().join("message");
	std::fs::write(&source, message(4 * CHUNK_SIZE + 7)).unwrap();
	let recipient = scene.recipient().await;
	let pending = recipient.request(&spec(HOLDER, CARE)).await.unwrap();
	(scene, pending, source)
}

/// The holder answers with the file, as far as the payload at the node.
async fn answered(scene: &Scene, id: ExchangeId, source: &std::path::Path) {
	let gateway = scene.gateway(scene.holder().await, "holder").await;
	gateway.answer_with_document(id, source).await.unwrap();
	while !scene.has(Part::Payload) {
		gateway.advance(id).await.unwrap();
	}
}

#[tokio::test]
async fn a_file_goes_from_file_to_file_and_what_is_done_is_told() {
	let (scene, pending, source) = asked().await;
	let told = Arc::new(Mutex::new(Vec::<Progress>::new()));
	let watcher = || {
		let told = told.clone();
		move |progress| told.lock().unwrap().push(progress)
	};
	let holder = scene.holder().await.watched(watcher());
	let gateway = scene.gateway(holder, "holder").await;
	gateway.answer_with_document(pending.id(), source.as_path()).await.unwrap();
	let kept = gateway.store().case(pending.id()).unwrap().unwrap().payload.unwrap();
	assert!(kept.file.metadata().unwrap().len() > 4 * CHUNK_SIZE as u64);
	while !scene.has(Part::Payload) {
		gateway.advance(pending.id()).await.unwrap();
	}

	let recipient = scene.recipient().await.watched(watcher());
	let out = scene.folder.path().join("out");
	let delivery = recipient.receive_file(&pending, &out, PATIENCE).await.unwrap();
	assert_eq!(delivery.acknowledgement(), AcknowledgementCode::Accepted);
	assert_eq!(std::fs::read(&out).unwrap(), std::fs::read(&source).unwrap());
	assert_eq!(delivery.document.unwrap().bytes().unwrap().len(), 4 * CHUNK_SIZE + 7);
	let beside: Vec<PathBuf> = files(scene.folder.path())
		.into_iter()
		.filter(|path| path.to_string_lossy().contains("out."))
		.collect();
	assert!(beside.is_empty(), "nothing is left beside it: {beside:?}");
	let receipt = delivery.receipt.map(|receipt| receipt.commitment);
	assert_eq!(scene.exchange().receipt, receipt);

	let told = told.lock().unwrap().clone();
	for stage in [Stage::Sealing, Stage::Sending, Stage::Taking, Stage::Opening] {
		let steps: Vec<u64> =
			told.iter().filter(|progress| progress.stage == stage).map(Progress::percent).collect();
		assert!(steps.len() > 4 && steps.is_sorted(), "{stage:?}: {steps:?}");
		assert_eq!(steps.last(), Some(&100), "{stage:?}");
	}
	assert!(told.iter().all(|progress| progress.exchange == pending.id()));

	recipient.acknowledge(pending.id(), AcknowledgementCode::Accepted).await.unwrap();
	gateway.advance(pending.id()).await.unwrap();
	assert!(!kept.file.exists(), "the ciphertext goes with the exchange");
}

#[tokio::test(start_paused = true)]
async fn what_was_taken_before_an_interruption_is_not_taken_again() {
	let (scene, pending, source) = asked().await;
	answered(&scene, pending.id(), &source).await;
	let recipient = scene.recipient().await;
	let out = scene.folder.path().join("out");
	// The ciphertext is there when the receipt does not reach the ledger.
	let taken = scene.node.calls("curex_chunk");
	scene.node.method("system_accountNextIndex", |_| Reply::Lost);
	assert!(recipient.receive_file(&pending, &out, PATIENCE).await.is_err());
	let after = scene.node.calls("curex_chunk");
	assert!(after > taken && !out.exists());

	scene.node.method("system_accountNextIndex", |_| Reply::Value(3.into()));
	recipient.receive_file(&pending, &out, PATIENCE).await.unwrap();
	assert_eq!(scene.node.calls("curex_chunk"), after);
	assert_eq!(std::fs::read(&out).unwrap(), std::fs::read(&source).unwrap());
	let again = recipient.receive_file(&pending, &out, PATIENCE).await;
	assert!(matches!(again, Err(Error::File { .. })), "never over another file: {again:?}");
}

#[tokio::test]
async fn what_is_of_another_patient_or_does_not_open_leaves_no_file() {
	let (scene, pending, source) = asked().await;
	answered(&scene, pending.id(), &source).await;
	let recipient = scene.recipient().await;
	let mut other = spec(HOLDER, CARE);
	other.patient.identifiers[0].value = "MRN-10".into();
	let stranger = recipient.prepare_request(&other, None).await.unwrap();
	let out = scene.folder.path().join("out");

	scene.spoil(Part::Payload);
	let spoiled = recipient.receive_file(&pending, &out, PATIENCE).await;
	assert!(matches!(spoiled, Err(Error::Sealed(_))), "{spoiled:?}");
	assert_eq!(scene.state(), ExchangeState::Dispatched, "no receipt of what did not come");
	scene.spoil(Part::Payload);

	// The same exchange, with what the recipient keeps of a request for somebody else.
	let mut kept = serde_json::to_value(&pending).unwrap();
	kept["subject"] = serde_json::to_value(&stranger).unwrap()["subject"].clone();
	let mixed: Pending = serde_json::from_value(kept).unwrap();
	let delivery = recipient.receive_file(&mixed, &out, PATIENCE).await.unwrap();
	assert_eq!(delivery.document.unwrap_err(), Defect::WrongPatient);
	assert!(!files(scene.folder.path()).iter().any(|path| path.starts_with(&out)));
	assert!(!out.exists());
}

#[tokio::test]
async fn an_offered_file_reaches_the_inbox_and_a_lying_node_has_nothing_acknowledged() {
	let scene = scene().await;
	let source = scene.folder.path().join("message");
	std::fs::write(&source, message(2 * CHUNK_SIZE)).unwrap();
	let holder = scene.gateway(scene.holder().await, "holder").await;
	let recipient = scene.gateway(scene.recipient().await, "recipient").await;
	let id = holder.offer(&spec(RECIPIENT, CARE), source.as_path()).await.unwrap();
	recipient
		.store()
		.see([curex_client::gateway::Due { exchange: id, urgent: false }], None)
		.unwrap();
	while scene.state() == ExchangeState::Offered {
		recipient.advance(id).await.unwrap();
	}
	while !scene.has(Part::Payload) {
		holder.advance(id).await.unwrap();
	}
	scene.spoil(Part::Payload);
	assert!(recipient.advance(id).await.is_err());
	assert_eq!(scene.state(), ExchangeState::Dispatched);
	scene.spoil(Part::Payload);
	recipient.advance(id).await.unwrap();
	assert_eq!(scene.exchange().acknowledgement, Some(AcknowledgementCode::Accepted));
	let inbox = files(&scene.folder.path().join("recipient/inbox"));
	let [file] = inbox.as_slice() else { panic!("{inbox:?}") };
	assert_eq!(file.extension().unwrap(), "hl7");
	assert_eq!(std::fs::read(file).unwrap(), std::fs::read(&source).unwrap());
}

/// Most memory that this process has held, in KiB.
fn peak() -> u64 {
	let status = std::fs::read_to_string("/proc/self/status").unwrap();
	let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
	line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Writes 4 GiB, which CI has no time for. Run it alone: other tests of this process count as well.
#[tokio::test]
#[ignore = "writes 4 GiB: `cargo test -p curex-client --test client -- --ignored two_gibibytes`"]
async fn two_gibibytes_are_offered_and_opened_within_64_mebibytes_of_memory() {
	let scene = scene().await;
	let source = scene.folder.path().join("message");
	std::fs::write(&source, message(CHUNK_SIZE)).unwrap();
	// Sparse: what follows is not on the disk.
	std::fs::File::options().write(true).open(&source).unwrap().set_len(2 << 30).unwrap();
	let holder = scene.gateway(scene.holder().await, "holder").await;
	let before = peak();
	let id = holder.offer(&spec(RECIPIENT, CARE), source.as_path()).await.unwrap();
	let payload = holder.store().case(id).unwrap().unwrap().payload.unwrap();
	assert!(payload.manifest.length > 2 << 30);
	let opened = scene.folder.path().join("opened");
	let genesis = scene.node.client(None).await.genesis();
	let purpose = Purpose::Part(genesis, id, Part::Payload);
	let length = open_file(&scene.key, purpose, &payload.file, &opened).unwrap();
	let grown = (peak() - before) / 1024;
	println!("{length} bytes, {grown} MiB more memory");
	assert_eq!(length, 2 << 30);
	assert!(grown < 64, "{grown} MiB");
}
