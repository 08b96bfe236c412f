//! What clients may ask the node, beyond what every Substrate node answers.

mod curex;

pub use curex::{Curex, CurexApiServer, HealthSource, NodeHealth};

use crate::{
	service::{FullBackend, FullClient},
	transfer::{Fetcher, Ledger, Store},
};
use curex_runtime::{opaque::Block, AccountId, Hash, Nonce};
use jsonrpsee::RpcModule;
use sc_consensus_grandpa::{
	FinalityProofProvider, GrandpaJustificationStream, SharedAuthoritySet, SharedVoterState,
};
use sc_consensus_grandpa_rpc::{Grandpa, GrandpaApiServer};
use sc_rpc::SubscriptionTaskExecutor;
use sc_transaction_pool_api::TransactionPool;
use std::sync::Arc;
use substrate_frame_rpc_system::{System, SystemApiServer};

/// What GRANDPA's methods need.
pub struct GrandpaDeps {
	/// Rounds in progress.
	pub shared_voter_state: SharedVoterState,
	/// Authorities.
	pub shared_authority_set: SharedAuthoritySet<Hash, curex_runtime::BlockNumber>,
	/// Justifications as they come.
	pub justification_stream: GrandpaJustificationStream<Block>,
	/// Proofs of finality.
	pub finality_proofs: Arc<FinalityProofProvider<FullBackend, Block>>,
	/// Runs subscriptions.
	pub executor: SubscriptionTaskExecutor,
}

/// What the methods need.
pub struct FullDeps<P> {
	/// The client.
	pub client: Arc<FullClient>,
	/// The transaction pool.
	pub pool: Arc<P>,
	/// How the node is.
	pub health: Arc<dyn HealthSource>,
	/// What the transfer of ciphertexts asks the chain.
	pub ledger: Arc<dyn Ledger>,
	/// Ciphertexts on this node.
	pub store: Arc<Store>,
	/// Ciphertexts of other nodes.
	pub fetcher: Arc<Fetcher>,
	/// For GRANDPA.
	pub grandpa: GrandpaDeps,
}

/// All methods.
///
/// # Errors
/// If two methods have the same name.
pub fn create_full<P>(
	deps: FullDeps<P>,
) -> Result<RpcModule<()>, jsonrpsee::core::RegisterMethodError>
where
	P: TransactionPool<Block = Block, Hash = Hash> + 'static,
{
	let mut module = RpcModule::new(());
	module.merge(SystemApiServer::<Hash, AccountId, Nonce>::into_rpc(System::new(
		deps.client,
		deps.pool,
	)))?;
	module.merge(Curex::new(deps.health, deps.ledger, deps.store, deps.fetcher).into_rpc())?;
	let grandpa = deps.grandpa;
	module.merge(
		Grandpa::new(
			grandpa.executor,
			grandpa.shared_authority_set,
			grandpa.shared_voter_state,
			grandpa.justification_stream,
			grandpa.finality_proofs,
		)
		.into_rpc(),
	)?;
	Ok(module)
}
