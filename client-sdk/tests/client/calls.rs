//! What the methods of a client put on the ledger, and what they read from its answers.

use crate::node::{caused, error, Node};
use codec::{Decode, Encode};
use curex_client::{
	erasure::Answers, exchange::By, reconciliation::read_day, Client, Error, Options, Signer,
};
use curex_primitives::{
	batch::tally,
	erasure::ErasureMethod,
	exchange::{DeferralReason, DisputeGrounds, Settlement},
	BatchAnswer, BlockNumber, Commitment, DutyDue, DutyKind, ErasureId, ExchangeId, Obligation,
	OrganisationId, SubscriptionId,
};
use std::collections::BTreeMap;

const EXCHANGE: ExchangeId = ExchangeId([0x11; 32]);
const OWN: OrganisationId = OrganisationId(1);
const PARTNER: OrganisationId = OrganisationId(2);

pub async fn client() -> (Node, curex_client::Client) {
	let node = Node::new();
	node.everybody_is_delegate_of(OWN);
	let client = node.client(Some(Signer::development("//Alice").unwrap())).await;
	(node, client)
}

#[tokio::test]
async fn a_runtime_whose_calls_have_another_form_is_told_when_an_account_connects() {
	let altered = |name: &str, other: &str| {
		let metadata = curex_client::ledger::METADATA.to_vec();
		let places: Vec<usize> = metadata
			.windows(name.len())
			.enumerate()
			.filter_map(|(place, bytes)| (bytes == name.as_bytes()).then_some(place))
			.collect();
		assert!(!places.is_empty() && name.len() == other.len());
		places.into_iter().fold(metadata, |mut metadata, place| {
			metadata[place..place + name.len()].copy_from_slice(other.as_bytes());
			metadata
		})
	};
	let node = Node::new();
	node.answer("Metadata_metadata_at_version", Some(altered("recipient_key", "recipient_kex")));
	let connect = |signer: Option<Signer>, other_runtime| {
		let rpc = subxt_rpcs::RpcClient::new(node.clone());
		let options = Options { other_runtime, ..Options::default() };
		Client::over(rpc, signer, options)
	};
	let alice = || Some(Signer::development("//Alice").unwrap());
	let told = connect(alice(), false).await.unwrap_err();
	let text = told.to_string();
	assert!(matches!(told, Error::Protocol(_)) && text.contains("Exchange.request"), "{text}");
	assert!(!text.contains("Exchange.approve"), "{text}");
	assert!(connect(None, false).await.is_ok(), "whoever only reads signs nothing");
	assert!(connect(alice(), true).await.is_ok(), "each call is compared when it is signed");
}

/// Whether the last call submitted has this name and these words in it.
pub fn assert_last(node: &Node, pallet: &str, call: &str, words: &[&str]) {
	let submitted = node.submitted();
	let last = submitted.last().unwrap();
	let name = format!("{pallet} ({call} ");
	assert!(last.starts_with(&name), "{last} is not {name}");
	for word in words {
		assert!(last.contains(word), "{last} lacks {word}");
	}
}

#[tokio::test]
async fn what_follows_an_exchange_is_put_on_the_ledger_as_it_is_said() {
	let (node, client) = client().await;
	let check = |call: &str, words: &[&str]| assert_last(&node, "Exchange", call, words);

	client.suspend(EXCHANGE, By::Holder).await.unwrap();
	check("suspend", &["17, 17"]);
	client.suspend(EXCHANGE, By::Authority).await.unwrap();
	check("suspend_by_policy", &[]);
	client.resume(EXCHANGE, By::Holder).await.unwrap();
	check("resume", &[]);
	client.resume(EXCHANGE, By::Authority).await.unwrap();
	check("resume_by_policy", &[]);

	let (_, opening) =
		client.dispute(EXCHANGE, DisputeGrounds::Scope, "more than agreed").await.unwrap();
	check("dispute", &["Scope"]);
	assert_eq!(opening.content, "more than agreed");
	client.answer_dispute(EXCHANGE, "a second letter follows").await.unwrap();
	check("answer_dispute", &[]);
	client.settle_dispute(EXCHANGE, Settlement::Remedied).await.unwrap();
	check("settle_dispute", &["Remedied"]);
	client.settle_dispute(EXCHANGE, Settlement::Upheld).await.unwrap();
	check("decide_dispute", &["Upheld"]);
	let lapsed = client.settle_dispute(EXCHANGE, Settlement::Lapsed).await;
	assert!(matches!(lapsed, Err(Error::Input(_))), "nobody declares a lapse");

	client.rectify(EXCHANGE, "the dose was wrong").await.unwrap();
	check("rectify", &[]);
	client.acknowledge_rectification(EXCHANGE).await.unwrap();
	check("acknowledge_rectification", &[]);
	client.attest_package(EXCHANGE, &Commitment([0x21; 32])).await.unwrap();
	check("attest_package", &["17, 17", "33, 33"]);
	client.attest_duty(EXCHANGE, Obligation::PatientNotice, "letter sent").await.unwrap();
	check("attest_duty", &["PatientNotice"]);
	client.defer_notice(EXCHANGE, DeferralReason::OthersSafety).await.unwrap();
	check("defer_notice", &["OthersSafety"]);

	client.accept_subscription(SubscriptionId([2; 32])).await.unwrap();
	check("accept_subscription", &["2, 2"]);
	client.end_subscription(SubscriptionId([2; 32])).await.unwrap();
	check("end_subscription", &[]);
	client.reconcile(PARTNER, read_day("2026-11-27").unwrap(), tally([])).await.unwrap();
	check("reconcile", &["20784", "count: 0"]);
}

#[tokio::test]
async fn each_item_of_a_batch_is_told_apart() {
	let (node, client) = client().await;
	let answers: Vec<BatchAnswer> = (1..=3)
		.map(|number| BatchAnswer {
			exchange: ExchangeId([number; 32]),
			payload: Commitment([number + 100; 32]),
		})
		.collect();
	let failed = (1u32, ()).encode().into_iter().chain(error("Exchange", "GateClosed"));
	node.next_transaction_causes(&[
		caused("Exchange", "ItemFailed", &failed.collect::<Vec<u8>>()),
		caused("Exchange", "BatchDone", &(2u32, 1u32).encode()),
	]);
	let outcome = client.answer_batch(answers.clone()).await.unwrap();
	assert_last(&node, "Exchange", "answer_batch", &["103, 103"]);
	assert_eq!(outcome.failed(), 1);
	let rejection = outcome.items[1].as_ref().unwrap_err();
	assert_eq!((rejection.pallet.as_str(), rejection.name.as_str()), ("Exchange", "GateClosed"));
	assert!(!rejection.docs.is_empty());

	let silent = client.answer_batch(answers).await;
	assert!(matches!(silent, Err(Error::Protocol(_))), "no event tells what came of it");
	let none = client.answer_batch(vec![]).await;
	assert!(matches!(none, Err(Error::Input(_))));
	assert_eq!(node.submitted().len(), 2, "nothing is submitted for an empty batch");
}

#[tokio::test]
async fn a_completion_carries_the_acknowledgement_of_each_delivery() {
	let (node, client) = client().await;
	let found = curex_client::exchange::Found {
		exchange: EXCHANGE,
		document: Err(curex_client::fhir::Defect::WrongPatient),
		receipt: curex_client::exchange::Opening::new(
			curex_primitives::commitment::Domain::Receipt,
			&EXCHANGE.0,
			"receipt",
		),
	};
	node.next_transaction_causes(&[caused("Exchange", "BatchDone", &(1u32, 0u32).encode())]);
	let outcome = client.complete_batch(&[found]).await.unwrap();
	assert_eq!(outcome.failed(), 0);
	assert_last(&node, "Exchange", "complete_batch", &["WrongPatient"]);
}

#[tokio::test]
async fn what_is_owed_is_read_page_by_page_from_both_registers() {
	type Page = Vec<(ExchangeId, Obligation, BlockNumber)>;
	let (node, client) = client().await;
	node.function("ExchangeApi_duties_due", |asked| {
		type Asked = (OrganisationId, Option<(ExchangeId, Obligation)>);
		let (organisation, after) = Asked::decode(&mut &asked[..]).unwrap();
		assert_eq!(organisation, PARTNER);
		let page: Page = match after.map(|(exchange, _)| exchange.0[0]) {
			None => vec![(ExchangeId([1; 32]), Obligation::Review, 9)],
			Some(1) => vec![(ExchangeId([2; 32]), Obligation::Dispute, 0)],
			Some(_) => vec![],
		};
		page.encode()
	});
	let anchor = DutyDue { duty: DutyKind::AnchorLog, due: 5, overdue: true };
	node.answer("OversightApi_duties_due", vec![anchor.clone()]);
	node.block(&[]);
	let duties = client.duties_due(PARTNER).await.unwrap();
	let owed: Vec<(Obligation, bool)> =
		duties.exchanges.iter().map(|duty| (duty.obligation, duty.overdue)).collect();
	assert_eq!(owed, [(Obligation::Dispute, true), (Obligation::Review, false)]);
	assert_eq!(duties.oversight, [anchor]);

	node.answer("ExchangeApi_duties_due", vec![(EXCHANGE, Obligation::Review, 9u32)]);
	let endless = client.duties_due(PARTNER).await;
	assert!(matches!(endless, Err(Error::Protocol(_))), "the same page again and again");
}

#[tokio::test]
async fn the_answers_to_erasure_orders_are_attested_as_one_root() {
	let (node, client) = client().await;
	let orders: Vec<ErasureId> = (1..=3).map(|number| ErasureId([number; 32])).collect();
	let answers = Answers::new(20_784, &orders, &BTreeMap::new(), "nothing held").unwrap();
	client.attest_erasure(&answers, ErasureMethod::Overwrite).await.unwrap();
	assert_last(&node, "Erasure", "attest", &["20784", "Overwrite"]);
}

#[tokio::test]
async fn an_access_log_is_anchored_after_the_last_and_a_consent_replaced_as_it_is_said() {
	use curex_client::{access_log::AccessLog, receipt::ConsentSpec};
	use curex_primitives::{
		oversight::{AnchorAlarms, LogAnchor},
		MerkleRoot, SizeBucket,
	};
	let (node, client) = client().await;
	for last in [0, 1, 2, 3, 7, 8, 1_000] {
		node.function("OversightApi_log_anchor", move |asked| {
			let (_, sequence) = <(OrganisationId, u64)>::decode(&mut &asked[..]).unwrap();
			let anchor = LogAnchor {
				root: MerkleRoot([1; 32]),
				count: SizeBucket::Units,
				from: sequence,
				to: sequence + 1,
			};
			(sequence <= last).then_some((anchor, AnchorAlarms::EMPTY)).encode()
		});
		let found = client.last_log_anchor(OWN).await.unwrap();
		assert_eq!(found.map(|(sequence, anchor)| (sequence, anchor.from)), {
			(last > 0).then_some((last, last))
		});
	}
	let log = AccessLog::new(OWN, 9, (10, 20), Vec::<Vec<u8>>::new()).unwrap();
	client.anchor_log(&log).await.unwrap();
	assert_last(&node, "Oversight", "anchor", &["sequence: 9", "from: 10", "to: 20"]);

	let spec = serde_json::json!({
		"grantee": {"organisation": 2}, "purposes": ["treatment"],
		"categories": ["patient-summary"], "access-modes": ["view"],
		"valid-until": "2100-01-01T00:00:00Z", "max-uses": 3,
		"notice": {"language": "en", "text": "I agree"}, "collection-method": "signed",
		"policy-version": 1,
	});
	let mut spec: ConsentSpec = serde_json::from_value(spec).unwrap();
	spec.valid_until = curex_client::time::text(curex_client::time::now() + 86_400_000).unwrap();
	let prepared = client.prepare_consent(&spec).await.unwrap();
	client.supersede(curex_primitives::ConsentId([0x44; 32]), &prepared).await.unwrap();
	assert_last(&node, "Consent", "supersede", &["68, 68"]);
}

#[tokio::test]
async fn deliveries_under_a_subscription_are_found_without_older_states() {
	use crate::gateway::exchange;
	use curex_primitives::{Exchange, ExchangeState, Gate, LegalBasis};
	use serde_json::json;
	let (node, client) = client().await;
	let subscription = SubscriptionId([0x55; 32]);
	let record = |number: u8, state, subscription| {
		let id = ExchangeId([number; 32]);
		let gate = Gate::Statutory(LegalBasis::CARE);
		(id, Exchange { state, subscription, ..exchange(id, gate) })
	};
	let dispatched = ExchangeState::Dispatched;
	let records = [
		record(1, dispatched, Some(subscription)),
		record(2, dispatched, Some(SubscriptionId([0x66; 32]))),
		record(3, dispatched, None),
		record(4, ExchangeState::Acknowledged, Some(subscription)),
		// The time to take it has passed since.
		record(5, dispatched, Some(subscription)),
	];
	let prefix = curex_verify::bundle::storage_key("Exchange", "Exchanges");
	let key = move |id: ExchangeId| format!("0x{}{}", hex::encode(prefix), hex::encode(id.0));
	let keys: Vec<String> = records.iter().map(|(id, _)| key(*id)).collect();
	node.method("state_getKeysPaged", move |params| {
		crate::node::Reply::Value(if params[2].is_null() { json!(keys) } else { json!([]) })
	});
	let stored = records.clone();
	node.method("state_queryStorageAt", move |params| {
		let value = |wanted: &serde_json::Value| {
			let (_, record) = stored.iter().find(|(id, _)| *wanted == json!(key(*id))).unwrap();
			json!([wanted, format!("0x{}", hex::encode(record.encode()))])
		};
		let changes: Vec<_> = params[0].as_array().unwrap().iter().map(value).collect();
		crate::node::Reply::Value(json!([{ "block": params[1], "changes": changes }]))
	});
	node.function("ExchangeApi_exchange", move |asked| {
		let id = ExchangeId::decode(&mut &asked[..]).unwrap();
		let (_, mut record) = records.iter().find(|(known, _)| *known == id).cloned().unwrap();
		if id.0[0] == 5 {
			record.state = ExchangeState::Expired;
		}
		Some(record).encode()
	});
	assert_eq!(client.deliveries(subscription).await.unwrap(), [ExchangeId([1; 32])]);
}
