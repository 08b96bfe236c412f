//! Several nodes as one: every request goes to the first of them whose finalised chain is not behind the others'.
//!
//! A node that is lost, keeps silent, falls behind or serves another chain is left for the next; one that comes back is used
//! again when the one in use is left. What was under way at a node that is left is asked of the next: every request of this
//! library may be made twice. A single node is a pool, too: its connection is made anew when it is lost.

use crate::{client::rpc_error, Error};
use futures::{future::join_all, stream::FuturesUnordered, StreamExt};
use serde_json::value::RawValue;
use std::{
	sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
	time::Duration,
};
use subxt::utils::H256;
use subxt_rpcs::{
	client::{RawRpcFuture, RawRpcSubscription, RpcClient, RpcClientT},
	rpc_params, Error as RpcError,
};
use tokio::sync::watch;

/// So many finalised blocks a node may be behind the best of the others before it is left.
pub const MAX_BEHIND: u64 = 5;
/// How often the nodes are compared.
const PAUSE: Duration = Duration::from_secs(6);
/// How long a node may take to answer when it is looked at.
const LONGEST_LOOK: Duration = Duration::from_secs(5);
/// How long a node may take to answer at the beginning.
const LONGEST_CONNECT: Duration = Duration::from_secs(20);
/// How long to wait for the others once one has answered.
const GRACE: Duration = Duration::from_secs(2);

/// Nodes of one chain. Cheap to clone.
#[derive(Clone)]
pub struct Pool(Arc<Inner>);

struct Inner {
	nodes: Vec<Node>,
	genesis: [u8; 32],
	/// Which of the nodes is in use.
	current: watch::Sender<usize>,
}

/// How a node is reached.
enum Way {
	Address(String),
	Given(RpcClient),
}

impl Way {
	/// The address, without what may stand before an `@` in it.
	fn told(&self) -> &str {
		match self {
			Self::Address(address) => address.rsplit('@').next().unwrap_or_default(),
			Self::Given(_) => "the node at hand",
		}
	}
}

struct Node {
	way: Way,
	state: Mutex<State>,
}

#[derive(Default)]
struct State {
	connection: Option<RpcClient>,
	/// Its finalised height when it was looked at last; nothing if it did not answer as it should.
	height: Option<u64>,
}

/// What a node says of itself.
struct Look {
	connection: RpcClient,
	genesis: [u8; 32],
	height: u64,
}

impl std::fmt::Debug for Pool {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		write!(formatter, "Pool({} nodes, at {})", self.0.nodes.len(), self.current())
	}
}

impl Node {
	fn new(way: Way) -> Self {
		Self { way, state: Mutex::default() }
	}

	fn state(&self) -> MutexGuard<'_, State> {
		self.state.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// The connection, made if there is none.
	async fn connection(&self) -> Result<RpcClient, RpcError> {
		if let Some(connection) = self.state().connection.clone() {
			return Ok(connection);
		}
		match &self.way {
			Way::Address(address) => RpcClient::from_url(address).await,
			Way::Given(client) => Ok(client.clone()),
		}
	}

	async fn look(&self) -> Result<Look, Error> {
		let connection = self.connection().await.map_err(rpc_error)?;
		let genesis: H256 =
			connection.request("chain_getBlockHash", rpc_params![0]).await.map_err(rpc_error)?;
		let head: H256 =
			connection.request("chain_getFinalizedHead", rpc_params![]).await.map_err(rpc_error)?;
		let header: serde_json::Value =
			connection.request("chain_getHeader", rpc_params![head]).await.map_err(rpc_error)?;
		let number = header["number"].as_str().and_then(|text| text.strip_prefix("0x"));
		let height = number
			.and_then(|digits| u64::from_str_radix(digits, 16).ok())
			.ok_or_else(|| Error::Protocol("a header has no number".into()))?;
		Ok(Look { connection, genesis: genesis.0, height })
	}

	/// Notes what was seen of the node, if it is of this chain.
	fn note(&self, seen: Option<Look>, genesis: [u8; 32]) {
		let seen = seen.filter(|look| look.genesis == genesis);
		let mut state = self.state();
		state.height = seen.as_ref().map(|look| look.height);
		state.connection = seen.map(|look| look.connection);
	}
}

impl Pool {
	/// Connects to the nodes at these addresses (`wss://…`, or `ws://…` on this machine), which are all of the chain with
	/// this genesis hash. Without one given, they have to be of one chain.
	///
	/// # Errors
	/// [`Error::Connection`] when none answers; [`Error::WrongChain`] when none of those that do is of the chain, or, without
	/// one given, when they are of different chains; [`Error::Input`] for an address that cannot be used.
	pub async fn connect(addresses: &[&str], genesis: Option<[u8; 32]>) -> Result<Self, Error> {
		let way = |address: &&str| Way::Address((*address).to_owned());
		let pool = Self::over(addresses.iter().map(way).collect(), genesis).await?;
		if addresses.len() > 1 {
			tokio::spawn(keep_comparing(Arc::downgrade(&pool.0)));
		}
		Ok(pool)
	}

	/// A pool of clients at hand. Nothing compares them but [`Self::compare`].
	///
	/// # Errors
	/// As [`Self::connect`].
	pub async fn of(clients: Vec<RpcClient>, genesis: Option<[u8; 32]>) -> Result<Self, Error> {
		Self::over(clients.into_iter().map(Way::Given).collect(), genesis).await
	}

	async fn over(ways: Vec<Way>, genesis: Option<[u8; 32]>) -> Result<Self, Error> {
		if ways.is_empty() {
			return Err(Error::input("name a node"));
		}
		let is_address = |way: &Way| match way {
			Way::Address(address) => {
				["ws://", "wss://"].iter().any(|scheme| address.starts_with(scheme))
			},
			Way::Given(_) => true,
		};
		if !ways.iter().all(is_address) {
			return Err(Error::input(
				"the address of a node begins with wss://, or ws:// on this machine",
			));
		}
		let nodes: Vec<Node> = ways.into_iter().map(Node::new).collect();
		let seen = first_look(&nodes).await?;
		let found: Vec<[u8; 32]> = seen.iter().flatten().map(|look| look.genesis).collect();
		let expected = genesis.or_else(|| found.first().copied()).unwrap_or_default();
		let foreign = found.iter().find(|found| **found != expected);
		// Without a chain that is asked for, a node of another is a mistake to be told and not to be passed over.
		if let Some(foreign) = foreign.filter(|_| genesis.is_none() || !found.contains(&expected)) {
			let [expected, found] = [&expected, foreign].map(hex::encode);
			return Err(Error::WrongChain { expected, found });
		}
		for (node, look) in nodes.iter().zip(seen) {
			node.note(look, expected);
		}
		let (current, _) = watch::channel(0);
		let pool = Self(Arc::new(Inner { nodes, genesis: expected, current }));
		pool.choose();
		Ok(pool)
	}

	/// Which node is in use, as its place among those given.
	pub fn current(&self) -> usize {
		*self.0.current.borrow()
	}

	/// Looks at every node, and leaves the one in use if it does not answer, is behind, or serves another chain.
	pub async fn compare(&self) {
		let looks = self.0.nodes.iter().map(|node| async {
			match tokio::time::timeout(LONGEST_LOOK, node.look()).await {
				Ok(Ok(look)) => Some(look),
				Ok(Err(_)) | Err(_) => None,
			}
		});
		for (node, look) in self.0.nodes.iter().zip(join_all(looks).await) {
			node.note(look, self.0.genesis);
		}
		self.choose();
	}

	/// Stays at the node in use if it is not behind, and else goes to the first that is not.
	fn choose(&self) {
		let heights: Vec<Option<u64>> =
			self.0.nodes.iter().map(|node| node.state().height).collect();
		let Some(best) = heights.iter().flatten().max() else { return };
		let is_good =
			|index: &usize| heights[*index].is_some_and(|height| height + MAX_BEHIND >= *best);
		let current = self.current();
		let order = std::iter::once(current).chain(0..heights.len());
		if let Some(next) = order.into_iter().find(is_good).filter(|next| *next != current) {
			tracing::info!(from = current, to = next, "going on at another node");
			self.0.current.send_replace(next);
		}
	}

	/// The node in use was lost: its connection is made anew when it is needed.
	fn lose(&self, index: usize) {
		*self.0.nodes[index].state() = State::default();
		if self.current() != index {
			return;
		}
		self.choose();
		if self.current() == index {
			self.0.current.send_replace((index + 1) % self.0.nodes.len());
		}
	}

	/// A connection to the node in use, and its place. One that is made anew has to be of the chain.
	async fn connected(&self) -> (usize, Result<RpcClient, RpcError>) {
		let index = self.current();
		let node = &self.0.nodes[index];
		if let Some(connection) = node.state().connection.clone() {
			return (index, Ok(connection));
		}
		let look = tokio::time::timeout(LONGEST_LOOK, node.look()).await;
		let connected = match look {
			Ok(Ok(look)) if look.genesis == self.0.genesis => {
				let connection = look.connection.clone();
				node.note(Some(look), self.0.genesis);
				Ok(connection)
			},
			Ok(Ok(_)) => Err(lost("the node serves another chain now")),
			Ok(Err(error)) => Err(lost(&error.to_string())),
			Err(_) => Err(lost("the node does not answer")),
		};
		(index, connected)
	}

	/// Asks the node in use, and the next if that is lost or left meanwhile.
	async fn ask<T>(
		&self,
		call: impl for<'a> Fn(&'a RpcClient) -> RawRpcFuture<'a, T>,
	) -> Result<T, RpcError> {
		let mut failure = lost("there is no node");
		// The last turn is for a node that was lost first and can be reached anew.
		for _ in 0..=self.0.nodes.len() {
			let mut in_use = self.0.current.subscribe();
			let (index, client) = self.connected().await;
			let outcome = match client {
				Ok(client) => tokio::select! {
					outcome = call(&client) => outcome,
					_ = in_use.wait_for(|current| *current != index) => {
						failure = lost("the node was left");
						continue;
					},
				},
				Err(error) => Err(error),
			};
			match outcome {
				Err(error @ (RpcError::Client(_) | RpcError::DisconnectedWillReconnect(_))) => {
					self.lose(index);
					failure = error;
				},
				outcome => return outcome,
			}
		}
		Err(failure)
	}
}

impl RpcClientT for Pool {
	fn request_raw<'a>(
		&'a self,
		method: &'a str,
		params: Option<Box<RawValue>>,
	) -> RawRpcFuture<'a, Box<RawValue>> {
		let pool = self.clone();
		let method = method.to_owned();
		Box::pin(async move {
			pool.ask(|client| {
				let (client, method, params) = (client.clone(), method.clone(), params.clone());
				Box::pin(async move { client.request_raw(&method, params).await })
			})
			.await
		})
	}

	fn subscribe_raw<'a>(
		&'a self,
		sub: &'a str,
		params: Option<Box<RawValue>>,
		unsub: &'a str,
	) -> RawRpcFuture<'a, RawRpcSubscription> {
		let pool = self.clone();
		let (sub, unsub) = (sub.to_owned(), unsub.to_owned());
		Box::pin(async move {
			pool.ask(|client| {
				let (client, params) = (client.clone(), params.clone());
				let (sub, unsub) = (sub.clone(), unsub.clone());
				Box::pin(async move { client.subscribe_raw(&sub, params, &unsub).await })
			})
			.await
		})
	}
}

fn lost(reason: &str) -> RpcError {
	RpcError::Client(reason.into())
}

/// Looks at every node at once. Once one has answered, the others have [`GRACE`].
async fn first_look(nodes: &[Node]) -> Result<Vec<Option<Look>>, Error> {
	let mut looks: FuturesUnordered<_> = nodes
		.iter()
		.enumerate()
		.map(|(index, node)| async move { (index, node.look().await) })
		.collect();
	let mut seen: Vec<Option<Look>> = nodes.iter().map(|_| None).collect();
	let mut silent = Vec::new();
	let mut end = tokio::time::Instant::now() + LONGEST_CONNECT;
	loop {
		match tokio::time::timeout_at(end, looks.next()).await {
			Ok(Some((index, Ok(look)))) => {
				seen[index] = Some(look);
				end = end.min(tokio::time::Instant::now() + GRACE);
			},
			Ok(Some((index, Err(Error::Connection(reason))))) => {
				silent.push(format!("{}: {reason}", nodes[index].way.told()));
			},
			// What is no node, or an address that cannot be used, is a mistake to be told and not to be passed over.
			Ok(Some((_, Err(error)))) => return Err(error),
			Ok(None) => break,
			Err(_) => {
				silent.push(format!("no answer within {} s", LONGEST_CONNECT.as_secs()));
				break;
			},
		}
	}
	match seen.iter().any(Option::is_some) {
		true => Ok(seen),
		false => Err(Error::Connection(silent.join("; "))),
	}
}

/// Compares the nodes of a pool as long as somebody uses it.
async fn keep_comparing(pool: Weak<Inner>) {
	loop {
		tokio::time::sleep(PAUSE).await;
		let Some(pool) = pool.upgrade().map(Pool) else { return };
		pool.compare().await;
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn an_address_is_told_without_what_opens_it() {
		let told = |address: &str| Way::Address(address.into()).told().to_owned();
		assert_eq!(told("wss://desk:secret@node.example:443"), "node.example:443");
		assert_eq!(told("ws://127.0.0.1:9944"), "ws://127.0.0.1:9944");
	}
}
