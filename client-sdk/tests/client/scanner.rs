//! Identifiers are seeded into every input and looked for wherever this library speaks or writes: logs of every level,
//! `Debug`, errors, outcomes, names and content of files that are not meant for the patient.

use crate::{
	gateway::{asked_for, exchange, id, requested, HOLDER, RECIPIENT},
	node::{Node, Reply},
};
use base64::{engine::general_purpose::STANDARD as BASE64, Engine};
use codec::Encode;
use curex_client::{
	envelope::{CareRelationship, Envelope, Professional, RecipientKey},
	exchange::Opening,
	fhir::{check::check, Defect, Identifier, PatientIdentification},
	gateway::{Decision, Setup, Store},
	proofs::Prover,
	receipt::ConsentSpec,
	report::{Report, Sources},
	subject::Subject,
	EncryptionKey, Error, Gateway, Signer, Spec,
};
use curex_primitives::{
	commitment::Domain,
	merkle,
	transfer::{Manifest, Part, CHUNK_SIZE},
	Duties, Exchange, Gate, LegalBasis, Purpose,
};
use serde_json::{json, Value};
use std::{
	io::Write,
	path::{Path, PathBuf},
	sync::{Arc, Mutex, OnceLock},
};

/// What must not be seen: of a patient, of a professional, of what they say.
const SEEDS: [&str; 7] =
	["Wexelblatt", "Zbigniew", "AHV-7560", "1931-07-09", "Qvist", "STAFF-88", "Umbriel"];
const SALT: [u8; 32] = [9; 32];

/// Everything that this process logs.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
	fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
		self.0.lock().unwrap().write(bytes)
	}

	fn flush(&mut self) -> std::io::Result<()> {
		Ok(())
	}
}

/// The log of this process, of every level.
fn log() -> Log {
	static LOG: OnceLock<Log> = OnceLock::new();
	let log = LOG.get_or_init(|| {
		let log = Log::default();
		let writer = log.clone();
		tracing_subscriber::fmt()
			.with_env_filter("curex_client=trace,info")
			.with_ansi(false)
			.with_writer(move || writer.clone())
			.init();
		log
	});
	log.clone()
}

/// Checks that nothing seeded is in it.
fn assert_clean(place: &str, content: &[u8]) {
	let text = String::from_utf8_lossy(content);
	for seed in SEEDS {
		assert!(!text.contains(seed), "{place} shows {seed}:\n{text}");
		// Also not as the numbers of its bytes, as `Debug` of bytes shows them.
		let bytes = format!("{:?}", seed.as_bytes());
		assert!(
			!text.contains(bytes.trim_matches(['[', ']'])),
			"{place} shows the bytes of {seed}"
		);
	}
}

fn patient() -> PatientIdentification {
	PatientIdentification {
		identifiers: vec![Identifier { system: "urn:oid:1.2.3".into(), value: "AHV-7560".into() }],
		family: "Wexelblatt".into(),
		given: vec!["Zbigniew".into()],
		birth_date: "1931-07-09".into(),
	}
}

fn professional() -> Professional {
	Professional {
		identifier: "STAFF-88".into(),
		name: "Dr. Qvist".into(),
		role: "physician".into(),
	}
}

fn envelope() -> Envelope {
	Envelope {
		patient: Some(patient()),
		professional: professional(),
		care_relationship: CareRelationship::Treating,
		purpose: Purpose::Treatment,
		recipient_key: Some(RecipientKey { key: [3; 32], salt: [4; 32] }),
	}
}

/// The record of the patient at the holder.
pub fn record() -> Value {
	json!({"resourceType": "Bundle", "type": "collection", "entry": [
		{"resource": {
			"resourceType": "Patient",
			"id": "p1",
			"identifier": [{"system": "urn:oid:1.2.3", "value": "AHV-7560"}],
			"name": [{"family": "Wexelblatt", "given": ["Zbigniew"]}],
			"birthDate": "1931-07-09",
		}},
		{"resource": {
			"resourceType": "Condition",
			"id": "c1",
			"subject": {"reference": "Patient/p1"},
			"note": [{"text": "Umbriel's disease"}],
		}},
	]})
}

/// A gateway of the holder, asked by Bob of the recipient for the patient whose record lies in `records`.
async fn gateway(records: &Path, state: &Path) -> (Node, Gateway, EncryptionKey) {
	gateway_asked(records, state, Gate::Statutory(LegalBasis::CARE)).await
}

/// As [`gateway`], through this gate.
pub async fn gateway_asked(
	records: &Path,
	state: &Path,
	gate: Gate,
) -> (Node, Gateway, EncryptionKey) {
	let (node, key) = (Node::new(), EncryptionKey::generate());
	let bob = Signer::development("//Bob").unwrap();
	let speaker = bob.account();
	node.function("ConsortiumApi_delegate", move |asked| {
		let of = if asked == speaker { RECIPIENT } else { HOLDER };
		Some((of, Duties::all())).encode()
	});
	node.every_member_is_a_hospital(&key);
	node.method("state_getKeysPaged", |_| Reply::Value(json!([])));
	let client = node.client(Some(Signer::development("//Alice").unwrap())).await;
	let sealed = envelope().seal(&bob, &key.public(), client.genesis(), id(1)).unwrap();
	let manifest = Manifest::of(SALT, &sealed);
	let asked = Exchange {
		envelope: manifest.commitment(Part::Envelope, &id(1)),
		recipient_key: envelope().recipient_key.unwrap().commitment(&id(1)),
		..exchange(id(1), gate)
	};
	node.function("ExchangeApi_exchange", move |_| Some(asked.clone()).encode());
	node.method("curex_fetch", |params| {
		assert_eq!(asked_for(params), id(1));
		Reply::Value(json!({"complete": true, "missing": [], "failure": null}))
	});
	let (root, length) = (manifest.root, sealed.len());
	node.method("curex_manifest", move |_| {
		let salt = format!("0x{}", hex::encode(SALT));
		Reply::Value(json!({ "salt": salt, "length": length, "root": root }))
	});
	node.method("curex_chunk", move |_| {
		let proof = merkle::prove(sealed.chunks(CHUNK_SIZE), 0).unwrap();
		Reply::Value(json!({
			"bytes": BASE64.encode(&sealed),
			"proof": { "index": proof.index, "count": proof.count, "siblings": [] },
		}))
	});
	let store = Store::open(&state.join("gateway.sqlite"), client.genesis()).unwrap();
	let source = Arc::new(curex_client::fhir::Directory::new(records));
	let own = EncryptionKey::from_bytes(*key.to_bytes());
	let setup = Setup { key, source: Some(source), inbox: None, store };
	(node, Gateway::open(client, setup).await.unwrap(), own)
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
	let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
	entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[tokio::test(start_paused = true)]
async fn a_gateway_tells_and_keeps_nothing_that_identifies_anybody() {
	let log = log();
	let [records, state] = [(); 2].map(|()| tempfile::tempdir().unwrap());
	std::fs::write(records.path().join("Wexelblatt.json"), record().to_string()).unwrap();
	std::fs::write(records.path().join("Zbigniew.json"), "{\"Wexelblatt\": AHV-7560").unwrap();
	let (node, gateway, key) = gateway(records.path(), state.path()).await;
	gateway.tick().await.unwrap();
	node.block(&[requested(id(1))]);
	gateway.tick().await.unwrap();
	let case = gateway.store().case(id(1)).unwrap().unwrap();
	assert_eq!(case.decision, Decision::Serve, "the patient was found: {}", case.reason);
	// Its source fails, and its record is damaged.
	gateway.store().decide(id(1), Decision::Open, "").unwrap();
	std::fs::write(records.path().join("Wexelblatt.json"), "[\"AHV-7560\"]").unwrap();
	gateway.tick().await.unwrap();
	std::fs::remove_dir_all(records.path()).unwrap();
	gateway.store().decide(id(1), Decision::Open, "").unwrap();
	gateway.tick().await.unwrap();

	let written = log.0.lock().unwrap().clone();
	let text = String::from_utf8_lossy(&written);
	assert!(text.contains("is passed over") && text.contains("will be tried again"), "{text}");
	assert_clean("the log", &written);
	assert_clean("the worklist", format!("{:?}", gateway.store().worklist().unwrap()).as_bytes());
	for path in files(state.path()) {
		assert_clean("a file's name", path.display().to_string().as_bytes());
		assert_clean("a file", &std::fs::read(&path).unwrap());
	}
	let (_, sealed) = gateway.store().subjects().unwrap().remove(0);
	let genesis = node.client(None).await.genesis();
	let subject = Subject::open(&sealed, &key, genesis, id(1)).unwrap();
	assert_eq!(subject.patient, patient(), "and yet it is kept for the patient");
}

#[tokio::test]
async fn an_opaque_answer_is_checked_sealed_and_names_nobody() {
	let [records, state] = [(); 2].map(|()| tempfile::tempdir().unwrap());
	let (node, gateway, _) = gateway(records.path(), state.path()).await;
	gateway.tick().await.unwrap();
	node.block(&[requested(id(1))]);
	gateway.tick().await.unwrap();
	let decision = || gateway.store().case(id(1)).unwrap().unwrap().decision;
	assert_eq!(decision(), Decision::Refuse, "no record of the patient is there");
	let message = |number: &str| {
		let heading = r"MSH|^~\&|LAB|GENERAL|GP|CENTRE|20261128||ORU^R01^ORU_R01|42|P|2.5.1";
		format!("{heading}\rPID|1||{number}^^^A^SS||Wexelblatt^Zbigniew||19310709\r")
	};
	let answer = |document: String| {
		let gateway = gateway.clone();
		async move { gateway.answer_with_document(id(1), document.as_bytes()).await }
	};
	let refused = answer(message("4711")).await.unwrap_err();
	assert_clean("the refusal", format!("{refused} {refused:?}").as_bytes());
	assert!(matches!(refused, Error::Fhir(Defect::WrongPatient)), "{refused}");
	let refused = answer(message("AHV-7560").replace("2.5.1", "9")).await.unwrap_err();
	assert!(matches!(refused, Error::Fhir(Defect::Hl7v2(_))), "{refused}");
	assert_eq!(decision(), Decision::Refuse, "what is refused changes nothing");
	answer(message("AHV-7560")).await.unwrap();
	assert_eq!(decision(), Decision::Serve);
	gateway.tick().await.unwrap();
	let submitted = node.submitted();
	assert!(submitted.last().unwrap().starts_with("Exchange (approve "), "{submitted:?}");
	assert_clean("the ledger", submitted.join(" ").as_bytes());
	for path in files(state.path()) {
		assert_clean("a file", &std::fs::read(&path).unwrap());
	}
}

#[test]
fn debug_shows_nothing_of_what_was_given() {
	let spec = json!({
		"partner": 1,
		"gate": {"statutory": {"article6": "public-task", "article9": "health-care"}},
		"purpose": "treatment",
		"categories": ["patient-summary"],
		"patient": patient(),
		"professional": professional(),
		"care-relationship": "treating",
	});
	let spec = Spec::from_json(spec.to_string().as_bytes()).unwrap();
	let consent: ConsentSpec = serde_json::from_value(json!({
		"grantee": {"organisation": 4},
		"purposes": ["treatment"],
		"categories": ["patient-summary"],
		"access-modes": ["view"],
		"valid-until": "2100-01-01T00:00:00Z",
		"max-uses": 3,
		"notice": {"language": "en", "text": "I, Zbigniew Wexelblatt, AHV-7560, agree"},
		"collection-method": "signed before Dr. Qvist",
		"policy-version": 1,
	}))
	.unwrap();
	let bob = Signer::development("//Bob").unwrap();
	let key = EncryptionKey::generate();
	let sealed = envelope().seal(&bob, &key.public(), [1; 32], id(1)).unwrap();
	let opened = Envelope::open(&sealed, &key, [1; 32], id(1)).unwrap();
	let bundle = record().to_string().into_bytes();
	let record = curex_client::fhir::Record::read(&bundle).unwrap();
	let author = curex_client::fhir::Author { organisation: HOLDER, name: "General".into() };
	let document = curex_client::fhir::build_summary(
		&record,
		&author,
		curex_client::fhir::Sensitivity::Everything,
		1_700_000_000_000,
	)
	.unwrap();
	let document = curex_client::fhir::check_document(&document, &patient()).unwrap();
	let prepared = consent.prepare([1; 32], HOLDER, 1_700_000_000_000);
	let opening = Opening::new(Domain::Evidence, &[1; 32], "Zbigniew Wexelblatt was unconscious");
	for shown in [
		format!("{spec:?}"),
		format!("{consent:?}"),
		format!("{prepared:?}"),
		format!("{opened:?}"),
		format!("{:?}", Subject::of(&envelope())),
		format!("{record:?}"),
		format!("{document:?}"),
		format!("{opening:?}"),
		format!("{:?}", check(&bundle)),
		format!("{key:?}"),
	] {
		assert_clean("Debug", shown.as_bytes());
	}
}

#[tokio::test]
async fn a_report_is_written_down_without_its_patient_being_readable() {
	let [records, state] = [(); 2].map(|()| tempfile::tempdir().unwrap());
	let (node, gateway, key) = gateway(records.path(), state.path()).await;
	let client = node.client(Some(Signer::development("//Alice").unwrap())).await;
	let root = curex_verify::TrustRoot::new(client.genesis(), [[7; 32]]);
	let mut prover = Prover::with_root(client.clone(), root);
	let store = gateway.store();
	let sources = Sources { client: &client, organisation: HOLDER, key: &key, store };
	let first = Report::make(&sources, &patient(), "STAFF-88", &mut prover).await.unwrap();
	assert!(first.items.is_empty() && first.earlier.is_empty());
	let second = Report::make(&sources, &patient(), "STAFF-88", &mut prover).await.unwrap();
	assert_eq!(
		second.earlier,
		std::slice::from_ref(&first.made),
		"the first is told in the second"
	);
	assert_clean("Debug", format!("{first:?}").as_bytes());
	for path in files(state.path()) {
		assert_clean("a file", &std::fs::read(&path).unwrap());
	}
	let other = PatientIdentification { birth_date: "1931-07-10".into(), ..patient() };
	let other = Report::make(&sources, &other, "STAFF-88", &mut prover).await.unwrap();
	assert!(other.earlier.is_empty(), "another patient learns nothing of it");

	// An exchange whose record is not proven is not reported.
	let subject = Subject::of(&envelope()).unwrap();
	let sealed = subject.seal(&key.public(), client.genesis(), id(1)).unwrap();
	store.note_subject(id(1), &sealed).unwrap();
	node.method("grandpa_proveFinality", |_| Reply::Value(Value::Null));
	node.method("chain_getBlock", |_| Reply::Error(-32_000, "the body is gone"));
	let before = store.reports().unwrap().len();
	assert!(Report::make(&sources, &patient(), "STAFF-88", &mut prover).await.is_err());
	assert_eq!(store.reports().unwrap().len(), before);
}

/// Puts an identifier into every place of a resource in turn that is not a code, and another resource beside it.
fn seeded(value: &Value, variants: &mut Vec<Value>, rebuild: &dyn Fn(Value) -> Value) {
	const CODED: [&str; 13] = [
		"resourceType",
		"status",
		"code",
		"system",
		"type",
		"action",
		"outcome",
		"use",
		"url",
		"uri",
		"start",
		"end",
		"meaning",
	];
	match value {
		Value::Object(object) => {
			for (key, inner) in object {
				if inner.is_string() && CODED.contains(&key.as_str()) {
					continue;
				}
				let put = |changed: Value| {
					let mut object = object.clone();
					object.insert(key.clone(), changed);
					rebuild(object.into())
				};
				seeded(inner, variants, &put);
			}
		},
		Value::Array(list) => {
			for (index, inner) in list.iter().enumerate() {
				let put = |changed: Value| {
					let mut list = list.clone();
					list[index] = changed;
					rebuild(list.into())
				};
				seeded(inner, variants, &put);
			}
		},
		_ => {
			let seeds = ["Zbigniew Wexelblatt", "AHV-7560", "1931-07-09T", "Umbriel\u{0}"];
			variants.extend(seeds.map(|seed| rebuild(json!(seed))));
			variants.push(rebuild(json!({"text": "Wexelblatt"})));
			variants.push(rebuild(json!(["AHV-7560"])));
		},
	}
}

#[test]
fn an_outcome_quotes_no_identifier_wherever_it_stands() {
	let consent = json!({
		"resourceType": "Consent",
		"status": "active",
		"scope": {"coding": [{"code": "patient-privacy"}], "text": "x"},
		"category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0", "display": "x"}]}],
		"patient": {"reference": "Patient/p1", "display": "x"},
		"dateTime": "2026-01-01",
		"performer": [{"reference": "Patient/p1", "display": "x"}],
		"organization": [{"identifier": {"system": "urn:curex:organisation", "value": "3"}}],
		"sourceAttachment": {"title": "x"},
		"policy": [{"uri": "https://example.org/policy", "authority": "https://example.org"}],
		"verification": [{"verified": true, "verifiedWith": {"reference": "Patient/p1"}}],
		"provision": {
			"type": "permit",
			"period": {"start": "2026-01-01", "end": "2026-12-31"},
			"actor": [{"role": {"coding": [{"code": "IRCP"}]}, "reference": {"display": "x"}}],
			"purpose": [{"system": "x", "code": "TREAT", "display": "x"}],
			"data": [{"meaning": "instance", "reference": {"reference": "Condition/1"}}],
		},
	});
	let event = json!({
		"resourceType": "AuditEvent",
		"type": {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "110106"},
		"recorded": "2026-01-01T00:00:00Z",
		"outcome": "0",
		"outcomeDesc": "x",
		"agent": [{"who": {"display": "x"}, "altId": "x", "name": "x", "requestor": true,
			"network": {"address": "x", "type": "2"}}],
		"source": {"site": "x", "observer": {"display": "x"}},
		"entity": [{"what": {"reference": "Patient/p1"}, "name": "x", "description": "x",
			"detail": [{"type": "x", "valueString": "x"}]}],
	});
	for resource in [consent, event, record()] {
		let mut variants = Vec::new();
		seeded(&resource, &mut variants, &|changed| changed);
		assert!(variants.len() > 40);
		for variant in variants {
			let outcome = match check(variant.to_string().as_bytes()) {
				Ok(mapped) => mapped.outcome,
				Err(outcome) => outcome,
			};
			assert_clean("an outcome", outcome.to_json().to_string().as_bytes());
		}
	}
}
