//! Several nodes as one.

use crate::node::{Node, Reply};
use curex_client::{pool::MAX_BEHIND, Client, Error, Options, Pool, View};
use serde_json::json;
use subxt_rpcs::{client::RpcClientT, RpcClient};

/// Where the chain of every node begins.
const GENESIS: [u8; 32] = {
	let mut hash = [0; 32];
	hash[31] = 1;
	hash
};

async fn pool(nodes: &[&Node], genesis: Option<[u8; 32]>) -> Result<Pool, Error> {
	let clients = nodes.iter().map(|node| RpcClient::new((*node).clone())).collect();
	Pool::of(clients, genesis).await
}

/// A node whose finalised height is this.
fn node(height: usize) -> Node {
	let node = Node::new();
	node.grow_to(height);
	node
}

#[tokio::test]
async fn a_node_that_falls_behind_is_left_and_one_that_is_not_is_kept() {
	let behind = usize::try_from(MAX_BEHIND).unwrap();
	let [first, second] = [node(10), node(10 + behind)];
	let pool = pool(&[&first, &second], None).await.unwrap();
	assert_eq!(pool.current(), 0, "a few blocks are nothing");
	second.grow_to(11 + behind);
	pool.compare().await;
	assert_eq!(pool.current(), 1, "it is behind");
	first.grow_to(11 + behind);
	pool.compare().await;
	assert_eq!(pool.current(), 1, "nobody moves without need");
	let client =
		Client::over(RpcClient::new(pool.clone()), None, Options::default()).await.unwrap();
	assert_eq!(client.height(View::Finalised).await.unwrap(), 11 + MAX_BEHIND);
	assert_eq!(client.genesis(), GENESIS);
	first.grow_to(12 + 2 * behind);
	pool.compare().await;
	assert_eq!(pool.current(), 0);
	assert_eq!(client.height(View::Finalised).await.unwrap(), 12 + 2 * MAX_BEHIND);
	// From the beginning on, the first that is not behind is used.
	second.grow_to(40);
	assert_eq!(self::pool(&[&first, &second], None).await.unwrap().current(), 1);
}

/// A node of another chain.
fn foreign() -> Node {
	let node = node(100);
	node.method("chain_getBlockHash", |_| Reply::Value(json!(format!("0x{:064x}", 9))));
	node
}

#[tokio::test]
async fn a_node_of_another_chain_is_left_or_told() {
	let (own, other) = (node(1), foreign());
	let told = pool(&[&own, &other], None).await;
	assert!(matches!(told, Err(Error::WrongChain { .. })), "nobody said which is right");
	let told = pool(&[&other], Some(GENESIS)).await;
	assert!(matches!(told, Err(Error::WrongChain { .. })), "none is right");
	let pool = pool(&[&other, &own], Some(GENESIS)).await.unwrap();
	assert_eq!(pool.current(), 1, "however high the other is");
	pool.compare().await;
	assert_eq!(pool.current(), 1);

	// A node is set up anew, of another chain, while it is in use.
	let [first, second] = [node(5), node(5)];
	let pool = self::pool(&[&first, &second], None).await.unwrap();
	assert_eq!(pool.current(), 0);
	first.method("chain_getBlockHash", |_| Reply::Value(json!(format!("0x{:064x}", 9))));
	pool.compare().await;
	assert_eq!(pool.current(), 1);
}

#[tokio::test]
async fn a_request_goes_on_at_the_next_node_when_one_is_lost() {
	let [first, second] = [node(3), node(4)];
	let pool = pool(&[&first, &second], None).await.unwrap();
	let client =
		Client::over(RpcClient::new(pool.clone()), None, Options::default()).await.unwrap();
	assert_eq!(client.height(View::Finalised).await.unwrap(), 3);
	first.method("chain_getFinalizedHead", |_| Reply::Lost);
	assert_eq!(client.height(View::Finalised).await.unwrap(), 4);
	assert_eq!(pool.current(), 1);
	// An error that a node answers is an answer.
	second.method("chain_getFinalizedHead", |_| Reply::Error(-32_000, "no"));
	let answered = client.height(View::Finalised).await.unwrap_err();
	assert!(matches!(answered, Error::Protocol(_)), "{answered}");
	assert_eq!(pool.current(), 1);
	second.method("chain_getFinalizedHead", |_| Reply::Lost);
	let lost = client.height(View::Finalised).await.unwrap_err();
	assert!(matches!(lost, Error::Connection(_)), "{lost}");
}

#[tokio::test(start_paused = true)]
async fn what_a_silent_node_was_asked_is_asked_of_the_next() {
	let [first, second] = [node(3), node(4)];
	let pool = pool(&[&first, &second], None).await.unwrap();
	first.method("chain_getFinalizedHead", |_| Reply::Never);
	let asked = pool.request_raw("chain_getFinalizedHead", None);
	let (answer, ()) = tokio::join!(asked, pool.compare());
	assert_eq!(answer.unwrap().get(), format!("\"0x{:064x}\"", 5));
	assert_eq!(pool.current(), 1);
}
