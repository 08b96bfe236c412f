//! What opens a commitment is on the disk before the ledger hears of it.

use crate::{
	calls::client,
	node::{caused, Node, Reply},
};
use codec::Encode;
use curex_client::{exchange::Opening, oversight::Question, time, Error};
use curex_primitives::{
	exchange::DisputeGrounds, Competence, ConsentId, ExchangeId, OrganisationId, RecordHandle,
	ReviewVerdict,
};
use serde_json::Value;
use std::{
	path::Path,
	sync::{Arc, Mutex},
};

const EXCHANGE: ExchangeId = ExchangeId([1; 32]);

/// The commitments whose openings lie in a folder.
fn kept(folder: &Path) -> Vec<Opening> {
	let entries = std::fs::read_dir(folder).unwrap();
	let files = entries.map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
	files.map(|bytes| serde_json::from_slice(&bytes).unwrap()).collect()
}

/// Notes how many openings there are whenever something is submitted, and answers so.
fn notes(node: &Node, folder: &Path, answer: fn() -> Reply) -> Arc<Mutex<Vec<usize>>> {
	let seen = Arc::new(Mutex::new(Vec::new()));
	let (noted, folder) = (seen.clone(), folder.to_owned());
	node.method("author_submitAndWatchExtrinsic", move |_| {
		noted.lock().unwrap().push(kept(&folder).len());
		answer()
	});
	seen
}

#[tokio::test]
async fn what_opens_a_commitment_is_kept_before_anything_is_sent() {
	let (node, client) = client().await;
	let folder = tempfile::tempdir().unwrap();
	let client = client.keeping_openings(folder.path());
	let seen = notes(&node, folder.path(), || Reply::Value(Value::Null));
	let question = Question {
		organisation: OrganisationId(2),
		field: Competence::DataProtection,
		about: RecordHandle([0x33; 32]),
		term: 10 * time::DAY,
	};
	let opened = (7u32, OrganisationId(1), OrganisationId(2), 1_000u64).encode();
	node.next_transaction_causes(&[caused("Oversight", "InquiryOpened", &opened)]);
	let (_, _, opening) = client.open_inquiry(&question, "complaint 12").await.unwrap();
	let path = client.opening_kept(&opening.commitment).unwrap();
	let read: Opening = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
	assert_eq!((read.commitment, read.salt), (opening.commitment, opening.salt));
	assert_eq!(read.content, "complaint 12");

	client.review(EXCHANGE, ReviewVerdict::Justified, "so it was").await.unwrap();
	client.dispute(EXCHANGE, DisputeGrounds::Content, "not what was said").await.unwrap();
	client.withdraw_by_court(ConsentId([2; 32]), "case 4").await.unwrap();
	client
		.refuse_inquiry(7, curex_primitives::oversight::InquiryRefusal::Erased, "gone")
		.await
		.unwrap();
	assert_eq!(*seen.lock().unwrap(), [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn what_is_refused_for_good_leaves_nothing_and_what_cannot_be_kept_is_not_sent() {
	let (node, client) = client().await;
	let folder = tempfile::tempdir().unwrap();
	let keeping = client.clone().keeping_openings(folder.path());
	let seen = notes(&node, folder.path(), || Reply::Error(1010, "bad proof"));
	let refused = keeping.dispute(EXCHANGE, DisputeGrounds::Content, "x").await.unwrap_err();
	assert!(!refused.is_retryable(), "{refused}");
	assert_eq!((seen.lock().unwrap().as_slice(), kept(folder.path()).len()), (&[1][..], 0));

	// What may have happened is kept.
	let seen = notes(&node, folder.path(), || Reply::Error(1016, "Immediately dropped"));
	let full = keeping.dispute(EXCHANGE, DisputeGrounds::Content, "x").await.unwrap_err();
	assert!(full.is_retryable(), "{full}");
	assert_eq!((seen.lock().unwrap().as_slice(), kept(folder.path()).len()), (&[1][..], 1));

	let nowhere = client.keeping_openings(&folder.path().join("none"));
	let lost = nowhere.dispute(EXCHANGE, DisputeGrounds::Content, "x").await.unwrap_err();
	assert!(matches!(lost, Error::File { .. }), "{lost}");
	assert_eq!(seen.lock().unwrap().len(), 1, "nothing was sent");
}
