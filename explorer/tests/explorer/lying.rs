//! An explorer whose database was tampered with: proofs tell, row by row, whichever database it is.

use crate::{
	chain::{Chain, SPEC_VERSION},
	support::place,
};
use codec::Encode;
use curex_client::ledger::{Decoder, METADATA};
use curex_explorer::{
	access::Scope,
	prove::{claim_of_extrinsic, claim_of_record, At, Claim, Report},
	store::{past::Point, Connection, Use, Value},
	Block, Error, Kind, Reader, Record, RecordId, Store,
};
use curex_primitives::{
	exchange::Direction, Category, Commitment, ConsentId, Exchange, ExchangeState, Gate,
	OrganisationId, Purpose,
};
use curex_verify::bundle::{events_key, storage_key};
use serde_json::{json, Value as Json};
use std::collections::BTreeMap;
use subxt::metadata::Metadata;
use tempfile::TempDir;

const ID: [u8; 32] = [0xe5; 32];
const CONSENT: [u8; 32] = [0xc0; 32];
const MOMENT: u64 = 1_795_856_480_000;
const BLOCK: u64 = 6;
const POSITION: u32 = 1;

fn exchange() -> Exchange {
	Exchange {
		direction: Direction::Pull,
		holder: OrganisationId(0),
		recipient: OrganisationId(4),
		gate: Gate::Consent(ConsentId(CONSENT)),
		purpose: Purpose::Treatment,
		categories: Category::PatientSummary.into(),
		state: ExchangeState::Acknowledged,
		envelope: Commitment([1; 32]),
		recipient_key: Commitment([2; 32]),
		payload: Some(Commitment([3; 32])),
		receipt: Some(Commitment([4; 32])),
		acknowledgement: None,
		released: None,
		deadline: 100,
		begun_at: 3,
		begun: MOMENT,
		holder_sequence: 1,
		recipient_sequence: 1,
		border: None,
		law_version: 0,
		subscription: None,
		suspended_by: None,
		recorded_late: false,
		ended_at: None,
	}
}

/// A signed transaction: its organisation accepts version 7 of the agreement.
fn extrinsic(metadata: &Metadata) -> Vec<u8> {
	let pallet = metadata.pallet_by_name("Consortium").unwrap();
	let call = pallet.call_variant_by_name("accept_agreement").unwrap().index;
	// Version 4, signed by an account with an sr25519 signature; immortal, number 0, no metadata hash.
	let mut bytes = vec![0x84, 0];
	bytes.extend([9; 32]);
	bytes.push(1);
	bytes.extend([0; 64]);
	bytes.extend([0, 0, 0]);
	bytes.extend([pallet.call_index(), call]);
	bytes.extend(7_u16.encode());
	bytes.encode()
}

/// What it caused: the acceptance, and the system's word that it succeeded.
fn events(metadata: &Metadata) -> Vec<u8> {
	let event = |pallet: &str, name: &str, fields: Vec<u8>| {
		let pallet = metadata.pallet_by_name(pallet).unwrap();
		let variants = pallet.event_variants().unwrap();
		let index = variants.iter().find(|variant| variant.name == name).unwrap().index;
		// Phase: applying the transaction; no topics.
		let phase = [vec![0], POSITION.encode()].concat();
		[phase, vec![pallet.event_index(), index], fields, vec![0]].concat()
	};
	let accepted = event("Consortium", "AgreementAccepted", (OrganisationId(4), 7_u16).encode());
	// Weight in two compact numbers, class, whether fees are paid.
	let success = event("System", "ExtrinsicSuccess", vec![0, 0, 0, 0]);
	[vec![8], accepted, success].concat()
}

struct Scene {
	chain: Chain,
	decoder: Decoder,
	blocks: Vec<Block>,
	key: Vec<u8>,
}

/// An index of the chain.
struct Index(TempDir);

impl Index {
	fn reader(&self) -> Reader {
		Reader::new(place(&self.0))
	}

	fn connection(&self) -> Connection {
		Connection::open(&place(&self.0), Use::Write).unwrap()
	}
}

impl Scene {
	/// A chain whose block 6 holds an exchange and a transaction.
	async fn set() -> Self {
		let metadata = Metadata::decode_from(METADATA).unwrap();
		let decoder = Decoder::new(SPEC_VERSION, METADATA).unwrap();
		let id = RecordId::parse(Kind::Exchange, &hex::encode(ID)).unwrap();
		let key = id.key(Kind::Exchange);
		let value = exchange().encode();
		let event_bytes = events(&metadata);
		let extrinsics = vec![extrinsic(&metadata); 2];
		let now = storage_key("Timestamp", "Now").to_vec();
		let state = [
			(key.clone(), value.clone()),
			(events_key().to_vec(), event_bytes.clone()),
			(now, MOMENT.encode()),
		];
		let chain = Chain::holding(state, extrinsics.clone());
		let mut blocks = Vec::new();
		for number in 0..=BLOCK as u32 {
			let mut block = Block {
				number: number.into(),
				hash: chain.hash(number).0,
				parent: number.checked_sub(1).map_or([0; 32], |before| chain.hash(before).0),
				time: (number > 0).then_some(MOMENT),
				author: None,
				spec_version: SPEC_VERSION,
				extrinsics: Vec::new(),
				failures: BTreeMap::new(),
				events: Vec::new(),
				records: Vec::new(),
			};
			if u64::from(number) == BLOCK {
				block.extrinsics = decoder.extrinsics(extrinsics.clone()).await.unwrap();
				block.events = decoder.events(event_bytes.clone()).unwrap();
				let value = decoder.value("Exchange", "Exchanges", &value).unwrap();
				block.records =
					vec![Record { kind: Kind::Exchange, id: id.clone(), value: Some(value) }];
			}
			blocks.push(block);
		}
		Self { chain, decoder, blocks, key }
	}

	/// An honest index of it.
	fn index(&self) -> Index {
		let folder = tempfile::tempdir().unwrap();
		Store::open(&place(&folder)).unwrap().ingest_all(&self.blocks).unwrap();
		Index(folder)
	}

	/// Asks for the proof of a claim, as the server does with what a node gives it.
	async fn check(&self, claim: Result<Claim, Error>) -> Result<Report, Error> {
		let claim = claim?;
		let (mut keys, _) = claim.needs();
		keys.push(events_key().to_vec());
		keys.push(curex_verify::bundle::runtime_version_key().to_vec());
		keys.sort();
		keys.dedup();
		claim.check(&self.chain.bundle_of(&keys), &self.chain.trust_root(), &self.decoder).await
	}

	async fn record(&self, index: &Index) -> Result<Report, Error> {
		let (reader, scope) = (index.reader(), Scope::everything());
		let id = format!("0x{}", hex::encode(ID));
		self.check(claim_of_record(&reader, &scope, Kind::Exchange, &id, At::Change)).await
	}

	async fn transaction(&self, index: &Index) -> Result<Report, Error> {
		let reader = index.reader();
		self.check(claim_of_extrinsic(&reader, &Scope::everything(), BLOCK, POSITION)).await
	}

	/// Tampers with one row of an honest index, asks, and fills it anew.
	async fn must_be_found(&self, index: &Index, sql: &str, values: &[Value], transaction: bool) {
		let connection = index.connection();
		let changed = connection.execute(sql, values).unwrap();
		assert_eq!(changed, 1, "{sql}");
		let report = match transaction {
			true => self.transaction(index).await,
			false => self.record(index).await,
		};
		for table in crate::index::TABLES {
			connection.execute(&format!("DELETE FROM {table}"), &[]).unwrap();
		}
		Store::open(&place(&index.0)).unwrap().ingest_all(&self.blocks).unwrap();
		match report {
			Ok(report) => assert!(!report.agrees, "{sql} {values:?}"),
			Err(error) => assert!(matches!(error, Error::NotProven(_)), "{sql}: {error}"),
		}
	}
}

/// Other bytes than any that are proven.
fn other() -> Value {
	Value::Bytes(vec![0x11; 32])
}

#[tokio::test]
async fn an_honest_index_is_proven_in_every_field() {
	let scene = Scene::set().await;
	let index = scene.index();
	let record = scene.record(&index).await.unwrap();
	let transaction = scene.transaction(&index).await.unwrap();
	for report in [&record, &transaction] {
		let differing: Vec<_> = report.findings.iter().filter(|found| !found.agrees).collect();
		assert!(report.agrees, "{differing:?}");
		assert_eq!((report.block, report.justified_by, report.authority_set), (6, 8, 2));
	}
	// Number, hash, time, 24 fields, and three that the index searches by.
	assert_eq!(record.findings.len(), 3 + 24 + 3);
	assert_eq!(transaction.findings.len(), 3 + 6 + 2);
}

#[tokio::test]
async fn a_tampered_record_is_detected_wherever_it_was_touched() {
	let scene = Scene::set().await;
	let index = scene.index();
	let honest = scene.blocks[BLOCK as usize].records[0].value.clone().unwrap();
	let contents: [fn(&mut Json); 5] = [
		|content| content["state"] = json!("Terminated"),
		|content| content["recipient"] = json!(3),
		|content| content["begun"] = json!(1),
		|content| content["note"] = json!("all is well"),
		|content| drop(content.as_object_mut().unwrap().remove("payload")),
	];
	for tamper in contents {
		let mut content = honest.clone();
		tamper(&mut content);
		assert_ne!(content, honest);
		let content = Value::Text(content.to_string());
		scene.must_be_found(&index, "UPDATE record SET value = ?", &[content], false).await;
	}
	for (sql, values) in [
		("UPDATE record SET state = 'not-served'", vec![]),
		("UPDATE record SET purpose = 'research'", vec![]),
		("UPDATE record SET consent = NULL", vec![]),
		("UPDATE record SET consent = ?", vec![other()]),
		("UPDATE record SET changed = 5", vec![]),
		("UPDATE block SET time = time + 86400000 WHERE number = 6", vec![]),
		("UPDATE block SET hash = ? WHERE number = 6", vec![other()]),
	] {
		scene.must_be_found(&index, sql, &values, false).await;
	}
	assert!(scene.record(&index).await.unwrap().agrees);
}

#[tokio::test]
async fn a_tampered_past_is_detected() {
	let mut scene = Scene::set().await;
	let mut later = Block {
		number: BLOCK + 1,
		hash: scene.chain.hash(BLOCK as u32 + 1).0,
		parent: scene.blocks[BLOCK as usize].hash,
		extrinsics: Vec::new(),
		events: Vec::new(),
		..scene.blocks[BLOCK as usize].clone()
	};
	later.records[0].value.as_mut().unwrap()["state"] = json!("Disputed");
	scene.blocks.push(later);
	let index = scene.index();
	let (reader, scope) = (index.reader(), Scope::everything());
	let id = format!("0x{}", hex::encode(ID));
	let claim =
		|| claim_of_record(&reader, &scope, Kind::Exchange, &id, At::Then(Point::Block(BLOCK)));
	assert!(scene.check(claim()).await.unwrap().agrees);
	let tamper = "UPDATE version SET patch = '{\"fields\":{\"state\":\"Terminated\"}}'";
	assert_eq!(index.connection().execute(tamper, &[]).unwrap(), 1);
	assert!(!scene.check(claim()).await.unwrap().agrees);
}

#[tokio::test]
async fn a_tampered_transaction_is_detected_wherever_it_was_touched() {
	let scene = Scene::set().await;
	let index = scene.index();
	for (what, values) in [
		("arguments = '{\"version\":8}'", vec![]),
		("call = 'rotate_account'", vec![]),
		("pallet = 'Exchange'", vec![]),
		("signer = ?", vec![other()]),
		("signer = NULL", vec![]),
		("hash = ?", vec![other()]),
		("failure = 'Consortium: NotAuthorized'", vec![]),
	] {
		let sql = format!("UPDATE extrinsic SET {what} WHERE block = 6 AND position = 1");
		scene.must_be_found(&index, &sql, &values, true).await;
	}
	for sql in [
		"UPDATE event SET fields = '{\"organisation\":4,\"version\":8}' WHERE name = 'AgreementAccepted'",
		"UPDATE event SET name = 'ExtrinsicFailed' WHERE name = 'ExtrinsicSuccess'",
		"DELETE FROM event WHERE name = 'AgreementAccepted'",
		"INSERT INTO event VALUES (6, 99, 1, 'Consent', 'Withdrawn', '{}')",
		"UPDATE event SET extrinsic = NULL WHERE name = 'AgreementAccepted'",
		"UPDATE block SET time = time + 1000 WHERE number = 6",
	] {
		scene.must_be_found(&index, sql, &[], true).await;
	}
	assert!(scene.transaction(&index).await.unwrap().agrees);
}

#[tokio::test]
async fn a_record_that_never_was_has_no_proof() {
	let scene = Scene::set().await;
	let index = scene.index();
	let forged = "11".repeat(32);
	let sql = format!(
		"INSERT INTO record (serial, kind, id, begun, changed, state, purpose, consent, value) \
		 SELECT serial + 1, kind, '0x{forged}', begun, changed, state, purpose, consent, value FROM record"
	);
	index.connection().execute(&sql, &[]).unwrap();
	let reader = index.reader();
	let claim = claim_of_record(
		&reader,
		&Scope::everything(),
		Kind::Exchange,
		&format!("0x{forged}"),
		At::Change,
	);
	// Whatever bundle is offered for it, even an honest one of another record.
	let keys = [scene.key.clone(), curex_verify::bundle::runtime_version_key().to_vec()];
	let keys = [keys.as_slice(), &[events_key().to_vec()]].concat();
	let bundle = scene.chain.bundle_of(&keys);
	let root = scene.chain.trust_root();
	let error = claim.unwrap().check(&bundle, &root, &scene.decoder).await.unwrap_err();
	assert!(matches!(error, Error::NotProven(_)), "{error}");
}

#[tokio::test]
async fn metadata_of_another_runtime_prove_nothing() {
	let scene = Scene::set().await;
	let index = scene.index();
	let reader = index.reader();
	let claim = claim_of_extrinsic(&reader, &Scope::everything(), BLOCK, POSITION).unwrap();
	let keys = [events_key(), curex_verify::bundle::runtime_version_key()].map(|key| key.to_vec());
	let bundle = scene.chain.bundle_of(&keys);
	let other = Decoder::new(SPEC_VERSION + 1, METADATA).unwrap();
	let error = claim.check(&bundle, &scene.chain.trust_root(), &other).await.unwrap_err();
	assert!(matches!(error, Error::NotProven(_)), "{error}");
}
