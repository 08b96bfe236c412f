//! An explorer whose database was tampered with: proofs tell, row by row. The tampering is written in SQLite's words.

use crate::chain::{Chain, SPEC_VERSION};
use codec::Encode;
use curex_client::ledger::{Decoder, METADATA};
use curex_explorer::{
	access::Scope,
	prove::{claim_of_extrinsic, claim_of_record, At, Claim, Report},
	Block, Error, Kind, Place, Reader, Record, RecordId, Store,
};
use curex_primitives::{
	exchange::Direction, Category, Commitment, ConsentId, Exchange, ExchangeState, Gate,
	OrganisationId, Purpose,
};
use curex_verify::bundle::{events_key, storage_key};
use rusqlite::Connection;
use std::{collections::BTreeMap, path::PathBuf};
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
	folder: TempDir,
	key: Vec<u8>,
}

impl Scene {
	/// A chain whose block 6 holds an exchange and a transaction, and an honest index of it.
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
		let folder = tempfile::tempdir().unwrap();
		let mut store = Store::open(&Place::File(folder.path().join("index.sqlite"))).unwrap();
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
			store.ingest(&block).unwrap();
		}
		Self { chain, decoder, folder, key }
	}

	fn path(&self) -> PathBuf {
		self.folder.path().join("index.sqlite")
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

	async fn record(&self) -> Result<Report, Error> {
		let reader = Reader::new(Place::File(self.path()));
		let id = format!("0x{}", hex::encode(ID));
		self.check(claim_of_record(&reader, &Scope::everything(), Kind::Exchange, &id, At::Change))
			.await
	}

	async fn transaction(&self) -> Result<Report, Error> {
		let reader = Reader::new(Place::File(self.path()));
		self.check(claim_of_extrinsic(&reader, &Scope::everything(), BLOCK, POSITION)).await
	}

	/// Tampers, asks, and puts everything back.
	async fn tampered(&self, sql: &str, transaction: bool) -> Result<Report, Error> {
		let copy = self.folder.path().join("honest.sqlite");
		let connection = Connection::open(self.path()).unwrap();
		connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
		std::fs::copy(self.path(), &copy).unwrap();
		let changed = connection.execute(sql, []).unwrap();
		assert_eq!(changed, 1, "{sql}");
		let report = if transaction { self.transaction().await } else { self.record().await };
		connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
		drop(connection);
		std::fs::copy(&copy, self.path()).unwrap();
		report
	}
}

#[tokio::test]
async fn an_honest_index_is_proven_in_every_field() {
	let scene = Scene::set().await;
	for report in [scene.record().await.unwrap(), scene.transaction().await.unwrap()] {
		let differing: Vec<_> = report.findings.iter().filter(|found| !found.agrees).collect();
		assert!(report.agrees, "{differing:?}");
		assert_eq!((report.block, report.justified_by, report.authority_set), (6, 8, 2));
	}
	let record = scene.record().await.unwrap();
	// Number, hash, time, 24 fields, and three that the index searches by.
	assert_eq!(record.findings.len(), 3 + 24 + 3);
	let transaction = scene.transaction().await.unwrap();
	assert_eq!(transaction.findings.len(), 3 + 6 + 2);
}

#[tokio::test]
async fn a_tampered_record_is_detected_wherever_it_was_touched() {
	let scene = Scene::set().await;
	let other = format!("x'{}'", "11".repeat(32));
	for sql in [
		"UPDATE record SET value = json_set(value, '$.state', 'Terminated')".into(),
		"UPDATE record SET value = json_set(value, '$.recipient', 3)".into(),
		"UPDATE record SET value = json_set(value, '$.begun', 1)".into(),
		"UPDATE record SET value = json_set(value, '$.note', 'all is well')".into(),
		"UPDATE record SET value = json_remove(value, '$.payload')".into(),
		"UPDATE record SET state = 'not-served'".into(),
		"UPDATE record SET purpose = 'research'".into(),
		"UPDATE record SET consent = NULL".into(),
		format!("UPDATE record SET consent = {other}"),
		"UPDATE record SET changed = 5".into(),
		"UPDATE block SET time = time + 86400000 WHERE number = 6".into(),
		format!("UPDATE block SET hash = {other} WHERE number = 6"),
	] {
		match scene.tampered(&sql, false).await {
			Ok(report) => assert!(!report.agrees, "{sql}"),
			Err(error) => assert!(matches!(error, Error::NotProven(_)), "{sql}: {error}"),
		}
	}
	assert!(scene.record().await.unwrap().agrees);
}

#[tokio::test]
async fn a_tampered_transaction_is_detected_wherever_it_was_touched() {
	let scene = Scene::set().await;
	let here = "WHERE block = 6 AND position = 1";
	let other = format!("x'{}'", "11".repeat(32));
	for sql in [
		format!("UPDATE extrinsic SET arguments = '{{\"version\":8}}' {here}"),
		format!("UPDATE extrinsic SET call = 'rotate_account' {here}"),
		format!("UPDATE extrinsic SET pallet = 'Exchange' {here}"),
		format!("UPDATE extrinsic SET signer = {other} {here}"),
		format!("UPDATE extrinsic SET signer = NULL {here}"),
		format!("UPDATE extrinsic SET hash = {other} {here}"),
		format!("UPDATE extrinsic SET failure = 'Consortium: NotAuthorized' {here}"),
		"UPDATE event SET fields = json_set(fields, '$.version', 8) WHERE name = 'AgreementAccepted'".into(),
		"UPDATE event SET name = 'ExtrinsicFailed' WHERE name = 'ExtrinsicSuccess'".into(),
		"DELETE FROM event WHERE name = 'AgreementAccepted'".into(),
		"INSERT INTO event VALUES (6, 99, 1, 'Consent', 'Withdrawn', '{}')".into(),
		"UPDATE event SET extrinsic = NULL WHERE name = 'AgreementAccepted'".into(),
		"UPDATE block SET time = time + 1000 WHERE number = 6".into(),
	] {
		match scene.tampered(&sql, true).await {
			Ok(report) => assert!(!report.agrees, "{sql}"),
			Err(error) => assert!(matches!(error, Error::NotProven(_)), "{sql}: {error}"),
		}
	}
	assert!(scene.transaction().await.unwrap().agrees);
}

#[tokio::test]
async fn a_record_that_never_was_has_no_proof() {
	let scene = Scene::set().await;
	let forged = "11".repeat(32);
	let sql = format!(
		"INSERT INTO record (kind, id, begun, changed, state, purpose, consent, value) \
		 SELECT kind, '0x{forged}', begun, changed, state, purpose, consent, value FROM record"
	);
	Connection::open(scene.path()).unwrap().execute(&sql, []).unwrap();
	let reader = Reader::new(Place::File(scene.path()));
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
	let reader = Reader::new(Place::File(scene.path()));
	let claim = claim_of_extrinsic(&reader, &Scope::everything(), BLOCK, POSITION).unwrap();
	let keys = [events_key(), curex_verify::bundle::runtime_version_key()].map(|key| key.to_vec());
	let bundle = scene.chain.bundle_of(&keys);
	let other = Decoder::new(SPEC_VERSION + 1, METADATA).unwrap();
	let error = claim.check(&bundle, &scene.chain.trust_root(), &other).await.unwrap_err();
	assert!(matches!(error, Error::NotProven(_)), "{error}");
}
