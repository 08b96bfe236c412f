//! Beginning the same thing twice under one name.

use crate::{
	calls::client,
	node::{Node, Reply},
};
use curex_client::{
	exchange::{IdempotencyKey, Once},
	receipt::{ConsentSpec, Receipt},
	Client, EncryptionKey, Error, Spec,
};
use serde_json::json;
use std::path::Path;

/// A client of a node at which every member is a hospital, and what the ledger says of exchanges and consents.
async fn at_a_node() -> (Node, Client, EncryptionKey) {
	let (node, client) = client().await;
	let key = EncryptionKey::generate();
	node.every_member_is_a_hospital(&key);
	node.answer("ExchangeApi_exchange", None::<()>);
	node.answer("ExchangeApi_consent", None::<()>);
	(node, client, key)
}

fn request(number: &str) -> Spec {
	let spec = json!({
		"partner": 2,
		"gate": {"statutory": {"article6": "public-task", "article9": "health-care"}},
		"purpose": "treatment",
		"categories": ["patient-summary"],
		"patient": {
			"identifiers": [{"system": "urn:oid:1.2.3", "value": number}],
			"family": "Papadopoulou",
			"birth-date": "1956-05-27",
		},
		"professional": {"identifier": "17", "name": "Dr. Georgiou", "role": "physician"},
		"care-relationship": "treating",
	});
	serde_json::from_value(spec).unwrap()
}

fn once<'a>(key: &'a EncryptionKey, folder: &'a Path) -> Once<'a> {
	Once { name: "visit-4711", own_key: key, folder }
}

#[tokio::test]
async fn a_request_that_was_interrupted_is_taken_up_under_its_name() {
	let (node, client, key) = at_a_node().await;
	let folder = tempfile::tempdir().unwrap();
	// The node takes no envelope: the first attempt ends after the request is in a block.
	node.method("curex_depositBegin", |_| Reply::Error(12_003, "no"));
	let begin = |spec: Spec| {
		let (client, once) = (client.clone(), once(&key, folder.path()));
		async move { client.begin_once(&spec, None, once).await }
	};
	let _ = begin(request("4711")).await;
	assert_eq!(node.submitted().len(), 1);
	let other = begin(request("4712")).await.unwrap_err();
	assert!(matches!(&other, Error::Input(reason) if reason.contains("another request")));
	assert_eq!(node.submitted().len(), 1, "nothing was sent for it");
	let _ = begin(request("4711")).await;
	let submitted = node.submitted();
	assert_eq!(submitted[0], submitted[1], "the same exchange with the same envelope and key");
	let (elsewhere, once) = (tempfile::tempdir().unwrap(), once(&key, folder.path()));
	let once = Once { folder: elsewhere.path(), ..once };
	let recorded = crate::gateway::exchange(crate::gateway::id(1), request("4711").gate);
	node.answer("ExchangeApi_exchange", Some(recorded));
	let lost = client.begin_once(&request("4711"), None, once).await.unwrap_err();
	assert!(matches!(&lost, Error::Input(reason) if reason.contains("nothing of it is kept")));
}

#[tokio::test]
async fn a_consent_is_filed_once_with_the_receipt_that_was_written_first() {
	let (node, client, own_key) = at_a_node().await;
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("receipt.json");
	let valid_until = curex_client::time::text(curex_client::time::now() + 86_400_000).unwrap();
	let spec = |uses: u32| -> ConsentSpec {
		serde_json::from_value(json!({
			"grantee": {"organisation": 2}, "purposes": ["treatment"],
			"categories": ["patient-summary"], "access-modes": ["view"],
			"valid-until": valid_until, "max-uses": uses,
			"notice": {"language": "en", "text": "I agree"}, "collection-method": "signed",
			"policy-version": 1,
		}))
		.unwrap()
	};
	let key = IdempotencyKey::new("consent-4711", &own_key).unwrap();
	let (first, is_filed) = client.prepare_consent_once(&spec(3), &key, &path).await.unwrap();
	assert!(!is_filed);
	assert_eq!(Receipt::read(&path).unwrap(), first.receipt, "it is there before anything is sent");
	let (again, _) = client.prepare_consent_once(&spec(3), &key, &path).await.unwrap();
	assert_eq!((again.id, &again.receipt), (first.id, &first.receipt), "with the same codes");
	assert_eq!(again.terms, first.terms);

	let refused = |spec: ConsentSpec, key: IdempotencyKey, path: std::path::PathBuf| {
		let client = client.clone();
		async move {
			match client.prepare_consent_once(&spec, &key, &path).await {
				Err(Error::Input(reason)) => reason,
				other => panic!("{other:?}"),
			}
		}
	};
	assert!(refused(spec(4), key.clone(), path.clone()).await.contains("another consent"));
	let other = IdempotencyKey::new("consent-4712", &own_key).unwrap();
	assert!(refused(spec(3), other, path.clone()).await.contains("another consent's receipt"));

	let filed = curex_primitives::Consent {
		holder: curex_primitives::OrganisationId(1),
		terms: first.terms.clone(),
		status: curex_primitives::ConsentStatus::Active,
		used: 0,
		last_used: 0,
		filed_at: 1,
		narrowed: 0,
		confirmed: None,
		tickets: None,
	};
	node.answer("ExchangeApi_consent", Some(filed));
	let (_, is_filed) = client.prepare_consent_once(&spec(3), &key, &path).await.unwrap();
	assert!(is_filed, "there is nothing more to file");
	let elsewhere = folder.path().join("elsewhere.json");
	assert!(refused(spec(3), key, elsewhere.clone()).await.contains("its receipt is elsewhere"));
	assert!(!elsewhere.exists(), "no receipt is made whose codes open nothing");
}
