//! Assessments of packages beside their exchanges: in the own store, and attested on the ledger.

use crate::{
	calls::{assert_last, client},
	gateway::{exchange, id, HOLDER, RECIPIENT},
	node::Node,
};
use codec::Encode;
use curex_client::{
	exchange::Opening,
	gateway::{
		assessment::{attach, attest, compare, handed_over, Comparison},
		Store,
	},
	Client, EncryptionKey, Error, View,
};
use curex_primitives::{
	Commitment, Exchange, ExchangeState, Gate, LegalBasis, OrganisationId, PackageAssessments,
};
use serde_json::json;

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
