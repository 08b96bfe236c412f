//! Several accounts of one organisation in one client.

use crate::node::{signed_by, Node, Reply};
use codec::{Decode, Encode};
use curex_client::{ledger::curex, outbox::Standing, Client, Error, Options, Signer};
use curex_primitives::{Duties, ExchangeId, OrganisationId};
use serde_json::{json, Value};
use std::{
	collections::BTreeMap,
	path::Path,
	sync::{
		atomic::{AtomicUsize, Ordering},
		Arc,
	},
};
use subxt_rpcs::RpcClient;

const OWN: OrganisationId = OrganisationId(1);
const NAMES: [&str; 3] = ["//Alice", "//Bob", "//Charlie"];

fn signer(name: &str) -> Signer {
	Signer::development(name).unwrap()
}

fn approve(number: u8) -> impl subxt::tx::Payload {
	curex::tx().exchange().approve(ExchangeId([number; 32]).into())
}

/// A node at which each account has numbers of its own.
fn node() -> Node {
	let node = Node::new();
	node.everybody_is_delegate_of(OWN);
	let known = node.clone();
	node.method("system_accountNextIndex", move |params| {
		let account: subxt::utils::AccountId32 = params[0].as_str().unwrap().parse().unwrap();
		let transactions = known.transactions();
		let used = transactions.iter().filter(|bytes| signed_by(bytes).0 == account.0);
		Reply::Value(json!(used.count()))
	});
	node
}

async fn connect(node: &Node, outbox: Option<&Path>) -> Result<Client, Error> {
	let [first, rest @ ..] = NAMES.map(signer);
	let options = Options {
		outbox: outbox.map(Into::into),
		more_signers: rest.to_vec(),
		..Options::default()
	};
	Client::over(RpcClient::new(node.clone()), Some(first), options).await
}

/// The numbers under which each account's transactions stand in blocks.
fn numbers(node: &Node) -> BTreeMap<&'static str, Vec<u64>> {
	let mut numbers = BTreeMap::new();
	for bytes in node.transactions() {
		let (account, number) = signed_by(&bytes);
		let name = NAMES.into_iter().find(|name| signer(name).account() == account).unwrap();
		numbers.entry(name).or_insert_with(Vec::new).push(number);
	}
	numbers
}

#[tokio::test]
async fn submissions_are_spread_over_the_accounts_and_each_has_its_own_numbers() {
	let node = node();
	let client = connect(&node, None).await.unwrap();
	for number in 0..6 {
		client.submit(&approve(number)).await.unwrap().finalized().await.unwrap();
	}
	assert_eq!(numbers(&node), NAMES.map(|name| (name, vec![0, 1])).into());
	assert_eq!(client.signer().unwrap().account(), signer("//Alice").account());
}

#[tokio::test(start_paused = true)]
async fn an_account_that_the_node_refuses_is_passed_over_for_a_while() {
	let node = node();
	let client = connect(&node, None).await.unwrap();
	let asked = Arc::new(AtomicUsize::new(0));
	let counted = asked.clone();
	let bob = hex::encode(signer("//Bob").account());
	node.method("author_submitAndWatchExtrinsic", move |params| {
		if params[0].as_str().unwrap().contains(&bob) {
			counted.fetch_add(1, Ordering::SeqCst);
			return Reply::Error(1010, "Invalid Transaction: Custom error: 2");
		}
		Reply::Value(Value::Null)
	});
	for number in 0..6 {
		client.submit(&approve(number)).await.unwrap();
	}
	assert_eq!(numbers(&node).keys().collect::<Vec<_>>(), [&"//Alice", &"//Charlie"]);
	assert_eq!(node.submitted().len(), 6, "nothing is lost and nothing doubled");
	assert_eq!(asked.load(Ordering::SeqCst), 1, "it was tried once");
	tokio::time::advance(std::time::Duration::from_secs(61)).await;
	for number in 6..9 {
		client.submit(&approve(number)).await.unwrap();
	}
	assert_eq!(asked.load(Ordering::SeqCst), 2, "and once more after a while");

	// What is wrong with the call is not the account's.
	let node = self::node();
	let client = connect(&node, None).await.unwrap();
	node.method("author_submitAndWatchExtrinsic", |_| {
		Reply::Error(1010, "Invalid Transaction: Custom error: 9")
	});
	let refused = client.submit(&approve(1)).await.unwrap_err();
	assert!(matches!(refused, Error::NotAdmitted { .. }), "{refused}");
	// When no account is left, the last refusal is told.
	node.method("author_submitAndWatchExtrinsic", |_| {
		Reply::Error(1010, "Invalid Transaction: Custom error: 2")
	});
	let refused = client.submit(&approve(1)).await.unwrap_err();
	assert!(refused.to_string().contains("Custom error: 2"), "{refused}");
}

#[tokio::test]
async fn each_account_has_an_outbox_and_the_same_call_stays_with_the_account_that_has_it() {
	let node = node();
	// Taken, and in no block yet.
	node.method("author_submitExtrinsic", |_| Reply::Value(json!(format!("0x{:064x}", 7))));
	node.answer("AccountNonceApi_account_nonce", 0u32);
	let folder = tempfile::tempdir().unwrap();
	let client = connect(&node, Some(folder.path())).await.unwrap();
	let mut keys = Vec::new();
	for number in 0..6 {
		let submission = client.submit(&approve(number)).await.unwrap();
		keys.push(submission.key().unwrap().to_owned());
	}
	let open = |client: &Client| -> Vec<usize> {
		let outboxes = client.outboxes();
		outboxes.iter().map(|outbox| outbox.entries().unwrap().len()).collect()
	};
	assert_eq!(open(&client), [2, 2, 2], "the account with least to do comes next");
	// The program ends here, and is started again with the same commands in another order.
	drop(client);
	let client = connect(&node, Some(folder.path())).await.unwrap();
	for number in (0..6).rev() {
		let again = client.submit(&approve(number)).await.unwrap();
		assert_eq!(again.key(), Some(keys[usize::from(number)].as_str()));
	}
	assert_eq!(open(&client), [2, 2, 2], "nothing is submitted twice");
	for outbox in client.outboxes() {
		let entries = outbox.entries().unwrap();
		assert!(entries.iter().all(|entry| matches!(entry.standing, Standing::Sent)));
	}
}

#[tokio::test]
async fn accounts_of_different_organisations_or_the_same_one_twice_are_refused() {
	let node = node();
	let bob = signer("//Bob").account();
	node.function("ConsortiumApi_delegate", move |asked| {
		let account = <[u8; 32]>::decode(&mut &asked[..]).unwrap();
		let organisation = if account == bob { OrganisationId(2) } else { OWN };
		Some((organisation, Duties::all())).encode()
	});
	let refused = connect(&node, None).await.unwrap_err();
	assert!(matches!(&refused, Error::Input(reason) if reason.contains("different")), "{refused}");
	let options = Options { more_signers: vec![signer("//Alice")], ..Options::default() };
	let twice = Client::over(RpcClient::new(node.clone()), Some(signer("//Alice")), options).await;
	assert!(matches!(twice, Err(Error::Input(reason)) if reason.contains("twice")));
	// One that acts for nobody yet is no mistake: it is passed over.
	node.function("ConsortiumApi_delegate", move |asked| {
		let account = <[u8; 32]>::decode(&mut &asked[..]).unwrap();
		(account != bob).then_some((OWN, Duties::all())).encode()
	});
	let client = connect(&node, None).await.unwrap();
	for number in 0..4 {
		client.submit(&approve(number)).await.unwrap();
	}
	assert!(!numbers(&node).contains_key("//Bob"));
}
