//! The gateway works on several cases at once.

use crate::node::{event, text, Node, Reply};
use base64::{engine::general_purpose::STANDARD as BASE64, Engine};
use codec::{Decode, Encode};
use curex_client::{
	gateway::{Decision, Limits, Setup, Store},
	receipt::ConsentSpec,
	EncryptionKey, Gateway, Signer,
};
use curex_primitives::{
	merkle,
	transfer::{Authorisation, Manifest, Part, CHUNK_SIZE},
	Categories, Commitment, Consent, ConsentId, ConsentStatus, Direction, Exchange, ExchangeId,
	ExchangeState, Gate, Ground, LegalBasis, OrganisationId, Purpose,
};
use serde_json::{json, Value};
use std::time::Duration;

pub const HOLDER: OrganisationId = OrganisationId(1);
pub const RECIPIENT: OrganisationId = OrganisationId(2);
/// Nothing that opens: the gateway refuses the case, which is a decision like any other.
const ENVELOPE: [u8; 5] = [7; 5];
const SALT: [u8; 32] = [9; 32];

pub fn id(number: u8) -> ExchangeId {
	ExchangeId([number; 32])
}

pub fn exchange(id: ExchangeId, gate: Gate) -> Exchange {
	Exchange {
		direction: Direction::Pull,
		holder: HOLDER,
		recipient: RECIPIENT,
		gate,
		purpose: Purpose::Treatment,
		categories: Categories::all(),
		state: ExchangeState::Requested,
		envelope: Manifest::of(SALT, &ENVELOPE).commitment(Part::Envelope, &id),
		recipient_key: Commitment([3; 32]),
		payload: None,
		receipt: None,
		acknowledgement: None,
		released: None,
		deadline: 1_000,
		begun_at: 1,
		begun: 0,
		holder_sequence: 1,
		recipient_sequence: 1,
		border: None,
		law_version: 1,
		subscription: None,
		suspended_by: None,
		recorded_late: false,
		ended_at: None,
	}
}

pub fn requested(id: ExchangeId) -> Vec<u8> {
	event("Exchange", "Requested", &(id, RECIPIENT, HOLDER).encode())
}

/// The exchange for which a method of the transfer is called.
pub fn asked_for(params: &[Value]) -> ExchangeId {
	let bytes = hex::decode(&params[0].as_str().unwrap()[2..]).unwrap();
	Authorisation::decode(&mut &bytes[..]).unwrap().exchange
}

/// A gateway of the holder at a node that knows `urgent` as broken glasses and gives no envelope of the `silent`.
async fn gateway(
	folder: &tempfile::TempDir,
	urgent: &'static [ExchangeId],
	silent: &'static [ExchangeId],
) -> (Node, Gateway) {
	let node = Node::new();
	let key = EncryptionKey::generate();
	node.everybody_is_delegate_of(HOLDER);
	node.every_member_is_a_hospital(&key);
	node.method("state_getKeysPaged", |_| Reply::Value(json!([])));
	node.function("ExchangeApi_exchange", |asked| {
		let id = ExchangeId::decode(&mut &asked[..]).unwrap();
		let gate = match urgent.contains(&id) {
			true => Gate::BreakGlass(Ground::LifeThreat),
			false => Gate::Statutory(LegalBasis::CARE),
		};
		Some(exchange(id, gate)).encode()
	});
	node.method("curex_fetch", |params| match silent.contains(&asked_for(params)) {
		true => Reply::Never,
		false => Reply::Value(json!({"complete": true, "missing": [], "failure": null})),
	});
	let manifest = Manifest::of(SALT, &ENVELOPE);
	let root = manifest.root;
	node.method("curex_manifest", move |_| {
		let salt = format!("0x{}", hex::encode(SALT));
		Reply::Value(json!({ "salt": salt, "length": ENVELOPE.len(), "root": root }))
	});
	node.method("curex_chunk", |_| {
		let proof = merkle::prove(ENVELOPE.chunks(CHUNK_SIZE), 0).unwrap();
		Reply::Value(json!({
			"bytes": BASE64.encode(ENVELOPE),
			"proof": { "index": proof.index, "count": proof.count, "siblings": [] },
		}))
	});
	let client = node.client(Some(Signer::development("//Alice").unwrap())).await;
	let store = Store::open(&folder.path().join("gateway.sqlite"), client.genesis()).unwrap();
	let source = curex_client::fhir::Directory::new(folder.path());
	let setup = Setup { key, source: Some(std::sync::Arc::new(source)), inbox: None, store };
	let gateway = Gateway::open(client, setup).await.unwrap();
	(node, gateway.with_limits(Limits { ordinary: 2, urgent: 1 }))
}

/// Runs the gateway until every one of these exchanges is refused.
async fn run_until_refused(gateway: &Gateway, exchanges: &[ExchangeId]) {
	let decided = || {
		exchanges.iter().all(|id| {
			let case = gateway.store().case(*id).unwrap();
			case.is_some_and(|case| case.decision == Decision::Refuse)
		})
	};
	let stop = async {
		while !decided() {
			tokio::time::sleep(Duration::from_millis(10)).await;
		}
	};
	let run = gateway.run(stop);
	tokio::time::timeout(Duration::from_secs(3_600), run).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_case_whose_partner_is_silent_holds_up_no_other() {
	let folder = tempfile::tempdir().unwrap();
	let (node, gateway) = gateway(&folder, &[], &[ExchangeId([1; 32])]).await;
	let exchanges: Vec<ExchangeId> = (2..=9).map(id).collect();
	gateway.tick().await.unwrap();
	node.block(&(1..=9).map(|number| requested(id(number))).collect::<Vec<_>>());
	run_until_refused(&gateway, &exchanges).await;
	let silent = gateway.store().case(id(1)).unwrap().unwrap();
	assert_eq!(silent.decision, Decision::Open);
	assert_eq!(node.calls("curex_chunk"), 8);
}

#[tokio::test(start_paused = true)]
async fn a_broken_glass_is_attended_to_though_every_ordinary_place_hangs() {
	let folder = tempfile::tempdir().unwrap();
	const SILENT: &[ExchangeId] = &[ExchangeId([1; 32]), ExchangeId([2; 32]), ExchangeId([3; 32])];
	let (node, gateway) = gateway(&folder, &[ExchangeId([4; 32])], SILENT).await;
	gateway.tick().await.unwrap();
	let broken = (id(4), RECIPIENT, HOLDER, Ground::LifeThreat, None::<OrganisationId>).encode();
	let mut events: Vec<Vec<u8>> = (1..=3).map(|number| requested(id(number))).collect();
	events.push(event("Exchange", "GlassBroken", &broken));
	node.block(&events);
	run_until_refused(&gateway, &[id(4)]).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_node_ends_the_gateway_and_a_single_failure_does_not() {
	let folder = tempfile::tempdir().unwrap();
	let (node, gateway) = gateway(&folder, &[], &[]).await;
	gateway.tick().await.unwrap();
	node.method("curex_chunk", |params| match asked_for(params) == id(1) {
		true => Reply::Error(-32_000, "this chunk is damaged"),
		false => {
			let proof = merkle::prove(ENVELOPE.chunks(CHUNK_SIZE), 0).unwrap();
			Reply::Value(json!({
				"bytes": BASE64.encode(ENVELOPE),
				"proof": { "index": proof.index, "count": proof.count, "siblings": [] },
			}))
		},
	});
	node.block(&[requested(id(1)), requested(id(2))]);
	run_until_refused(&gateway, &[id(2)]).await;
	assert!(gateway.store().case(id(1)).unwrap().unwrap().due > 0, "it is tried again later");
	node.method("chain_getFinalizedHead", |_| Reply::Error(-32_000, "shutting down"));
	let ended = gateway.run(std::future::pending()).await;
	assert!(ended.is_err(), "{ended:?}");
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_was_away_for_longer_than_states_are_kept_reads_the_whole_ledger() {
	let folder = tempfile::tempdir().unwrap();
	let (node, gateway) = gateway(&folder, &[], &[]).await;
	gateway.tick().await.unwrap();
	(0..3).for_each(|_| node.block(&[]));
	node.method("state_getStorage", |_| {
		Reply::Error(4003, "Client error: UnknownBlock: State already discarded for 0x00")
	});
	let exchanges = curex_verify::bundle::storage_key("Exchange", "Exchanges");
	let key = text(&[&exchanges[..], &[5; 32]].concat());
	let exchanges = text(&exchanges);
	node.method("state_getKeysPaged", move |params| {
		let asked = params[0] == exchanges.as_str() && params[2].is_null();
		Reply::Value(if asked { json!([key]) } else { json!([]) })
	});
	gateway.tick().await.unwrap();
	assert_eq!(gateway.store().progress().unwrap(), Some(3));
	let case = gateway.store().case(id(5)).unwrap().unwrap();
	assert_eq!(case.decision, Decision::Refuse, "it is worked on like any other");
}

#[tokio::test(start_paused = true)]
async fn what_was_withdrawn_while_a_gateway_was_away_for_long_is_told_all_the_same() {
	let folder = tempfile::tempdir().unwrap();
	let (node, gateway) = gateway(&folder, &[], &[]).await;
	gateway.tick().await.unwrap();
	(0..9).for_each(|_| node.block(&[]));
	gateway.tick().await.unwrap();
	assert_eq!(gateway.store().progress().unwrap(), Some(9));
	(0..9).for_each(|_| node.block(&[]));
	node.method("state_getStorage", |_| {
		Reply::Error(4003, "Client error: UnknownBlock: State already discarded for 0x00")
	});
	let prefix = curex_verify::bundle::storage_key("Consent", "Consents");
	let key = move |number: u8| {
		// The hash before the handle is of no consequence.
		text(&[&prefix[..], &[0xee; 16], &[number; 32]].concat())
	};
	let prefix = text(&curex_verify::bundle::storage_key("Consent", "Consents"));
	let keys: Vec<String> = (1..=4).map(key).collect();
	let listed = keys.clone();
	node.method("state_getKeysPaged", move |params| {
		let is_first = params[0] == prefix.as_str() && params[2].is_null();
		Reply::Value(if is_first { json!(listed) } else { json!([]) })
	});
	let withdrawn = |at| ConsentStatus::Withdrawn { at };
	let elsewhere = [7, 8].map(OrganisationId);
	let stored = [
		(HOLDER, RECIPIENT, withdrawn(12)),
		(HOLDER, RECIPIENT, withdrawn(9)),
		(HOLDER, RECIPIENT, ConsentStatus::Active),
		(elsewhere[0], elsewhere[1], withdrawn(12)),
	];
	let stored = stored.map(|(holder, grantee, status)| {
		text(&Consent { status, ..consent(holder, grantee) }.encode())
	});
	node.method("state_queryStorageAt", move |_| {
		let changes: Vec<_> = keys.iter().zip(&stored).collect();
		Reply::Value(json!([{ "block": format!("0x{:064x}", 1), "changes": changes }]))
	});
	gateway.tick().await.unwrap();
	let told = gateway.store().withdrawals().unwrap();
	let told: Vec<ConsentId> = told.iter().map(|withdrawal| withdrawal.consent).collect();
	assert_eq!(told, [ConsentId([1; 32])], "what was seen before, lives or is others' is not told");
	assert_eq!(gateway.store().progress().unwrap(), Some(18));
}

/// A consent of `holder` to `grantee`.
fn consent(holder: OrganisationId, grantee: OrganisationId) -> Consent {
	let now = curex_client::time::now();
	let spec: ConsentSpec = serde_json::from_value(json!({
		"grantee": {"organisation": grantee}, "purposes": ["treatment"],
		"categories": ["patient-summary"], "access-modes": ["view"],
		"valid-until": curex_client::time::text(now + 86_400_000), "max-uses": 1,
		"notice": {"language": "en", "text": "I agree"}, "collection-method": "signed",
		"policy-version": 1,
	}))
	.unwrap();
	Consent {
		holder,
		terms: spec.prepare([1; 32], holder, now).unwrap().terms,
		status: ConsentStatus::Withdrawn { at: 1 },
		used: 0,
		last_used: 0,
		filed_at: 1,
		narrowed: 0,
		confirmed: None,
		tickets: None,
	}
}

#[tokio::test]
async fn a_withdrawal_is_told_to_the_people_of_either_side_and_of_nobody_else() {
	let folder = tempfile::tempdir().unwrap();
	let (node, gateway) = gateway(&folder, &[], &[]).await;
	let elsewhere = [3, 4].map(OrganisationId);
	node.function("ExchangeApi_consent", move |asked| {
		let sides = match asked[0] {
			1 => (HOLDER, RECIPIENT),
			2 => (elsewhere[0], HOLDER),
			_ => (elsewhere[0], elsewhere[1]),
		};
		Some(consent(sides.0, sides.1)).encode()
	});
	gateway.tick().await.unwrap();
	let withdrawn =
		|number: u8| event("Consent", "Withdrawn", &(ConsentId([number; 32]), HOLDER).encode());
	node.block(&[withdrawn(1), withdrawn(2), withdrawn(3)]);
	gateway.tick().await.unwrap();
	let told = gateway.store().withdrawals().unwrap();
	let told: Vec<ConsentId> = told.iter().map(|withdrawal| withdrawal.consent).collect();
	assert_eq!(told, [1, 2].map(|number| ConsentId([number; 32])));
}
