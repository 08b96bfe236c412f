//! The running node.

use super::{
	partial::{new_partial, proposal_portion, Other},
	JUSTIFICATION_PERIOD,
};
use crate::{agent, cli::CurexParams, mailbox, rpc, transfer};
use curex_runtime::opaque::Block;
use futures::FutureExt;
use sc_client_api::Backend;
use sc_consensus_babe::BabeParams;
use sc_consensus_grandpa::{FinalityProofProvider, SharedVoterState, VotingRulesBuilder};
use sc_network::NetworkBackend;
use sc_offchain::{OffchainWorkerOptions, OffchainWorkers};
use sc_service::{
	config::Configuration, BuildNetworkParams, Error, PartialComponents, SpawnTasksParams,
	TaskManager, WarpSyncConfig,
};
use sc_storage_monitor::{StorageMonitorParams, StorageMonitorService};
use sc_telemetry::Telemetry;
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_runtime::traits::Block as BlockT;
use std::{sync::Arc, time::Duration};

/// How long a GRANDPA message may take to reach every validator.
const GOSSIP_DURATION: Duration = Duration::from_millis(333);

/// Starts the node.
///
/// # Errors
/// If one of its parts cannot be set up: database, network, keystore, RPC port, mailbox, agent.
pub fn new_full<N: NetworkBackend<Block, <Block as BlockT>::Hash>>(
	config: Configuration,
	curex: CurexParams,
	storage_monitor: StorageMonitorParams,
) -> Result<TaskManager, Error> {
	let PartialComponents {
		client,
		backend,
		mut task_manager,
		import_queue,
		keystore_container,
		select_chain,
		transaction_pool,
		other: Other { block_import, grandpa_link, babe_link, babe_worker, mut telemetry },
	} = new_partial(&config)?;
	let babe_config = babe_link.config().clone();

	let genesis = client.chain_info().genesis_hash;
	let metrics = N::register_notification_metrics(config.prometheus_registry());
	let mut net_config = sc_network::config::FullNetworkConfiguration::<
		Block,
		<Block as BlockT>::Hash,
		N,
	>::new(&config.network, config.prometheus_registry().cloned());

	let grandpa_protocol =
		sc_consensus_grandpa::protocol_standard_name(&genesis, &config.chain_spec);
	let (grandpa_peers, grandpa_notifications) =
		sc_consensus_grandpa::grandpa_peers_set_config::<_, N>(
			grandpa_protocol.clone(),
			metrics.clone(),
			net_config.peer_store_handle(),
		);
	net_config.add_notification_protocol(grandpa_peers);
	let (transfer_config, transfer_requests) =
		transfer::request_response_config::<Block, N>(genesis.as_ref());
	net_config.add_request_response_protocol(transfer_config);

	let warp_sync = Arc::new(sc_consensus_grandpa::warp_proof::NetworkProvider::new(
		backend.clone(),
		grandpa_link.shared_authority_set().clone(),
		Vec::new(),
	));

	let (network, system_rpc_tx, tx_handler_controller, sync_service, _bitswap) =
		sc_service::build_network(BuildNetworkParams {
			config: &config,
			net_config,
			client: client.clone(),
			transaction_pool: transaction_pool.clone(),
			spawn_handle: task_manager.spawn_handle(),
			spawn_essential_handle: task_manager.spawn_essential_handle(),
			import_queue,
			block_announce_validator_builder: None,
			warp_sync_config: Some(WarpSyncConfig::WithProvider(warp_sync)),
			block_relay: None,
			metrics,
			gap_sync_body_policy: None,
		})?;

	if config.offchain_worker.enabled {
		let workers = OffchainWorkers::new(OffchainWorkerOptions {
			runtime_api_provider: client.clone(),
			is_validator: config.role.is_authority(),
			keystore: Some(keystore_container.keystore()),
			offchain_db: backend.offchain_storage(),
			transaction_pool: Some(OffchainTransactionPoolFactory::new(transaction_pool.clone())),
			network_provider: Arc::new(network.clone()),
			enable_http_requests: false,
			custom_extensions: |_| Vec::new(),
		})?;
		task_manager.spawn_handle().spawn(
			"offchain-workers",
			"offchain-worker",
			workers.run(client.clone(), task_manager.spawn_handle()).boxed(),
		);
	}

	let ledger: Arc<dyn transfer::Ledger> = Arc::new(transfer::ClientLedger::new(client.clone()));
	let store = Arc::new(
		transfer::Store::open(
			config.base_path.path().join("transfer"),
			transfer::Limits::default(),
		)
		.map_err(|error| Error::Application(error.into()))?,
	);
	let peers = transfer::NetworkPeers::<Block>::new(
		network.clone(),
		sync_service.clone(),
		genesis.as_ref(),
	);
	let fetcher = Arc::new(transfer::Fetcher::new(
		ledger.clone(),
		store.clone(),
		Arc::new(peers),
		Arc::new(task_manager.spawn_handle()),
	));
	task_manager.spawn_handle().spawn(
		"transfer",
		Some("networking"),
		transfer::TransferHandler::new(ledger.clone(), store.clone(), transfer_requests).run(),
	);
	task_manager.spawn_handle().spawn(
		"transfer-retention",
		None,
		transfer::retention::run(ledger.clone(), store.clone(), transfer::Retention::default()),
	);

	let mailbox_path = curex
		.mailbox
		.clone()
		.or_else(|| curex.agent.is_some().then(|| config.base_path.path().join("mailbox")));
	if let Some(path) = &mailbox_path {
		let storage = backend
			.offchain_storage()
			.ok_or_else(|| Error::Other("the database has no off-chain storage".into()))?;
		let record = mailbox::ClientRecord::new(client.clone(), network.local_peer_id());
		let server = mailbox::Server::bind(path, mailbox::Mailbox::new(storage, Arc::new(record)))
			.map_err(|error| Error::Application(error.into()))?;
		task_manager.spawn_handle().spawn("mailbox", None, server.run());
		if let Some(agent_config) = &curex.agent {
			task_manager.spawn_handle().spawn(
				"agent",
				None,
				agent::supervise(agent::Options::new(agent_config.clone(), path.clone())),
			);
		}
	}

	let health: Arc<dyn rpc::HealthSource> = Arc::new(rpc::NodeHealth::new(
		client.clone(),
		network.clone(),
		sync_service.clone(),
		config.chain_spec.name().to_owned(),
	));
	let role = config.role;
	let name = config.network.node_name.clone();
	let enable_grandpa = !config.disable_grandpa;
	let force_authoring = config.force_authoring;
	let prometheus_registry = config.prometheus_registry().cloned();
	let database_path = config.database.path().map(std::path::Path::to_path_buf);
	let shared_voter_state = SharedVoterState::empty();

	let rpc_builder = {
		let client = client.clone();
		let pool = transaction_pool.clone();
		let justification_stream = grandpa_link.justification_stream();
		let shared_authority_set = grandpa_link.shared_authority_set().clone();
		let shared_voter_state = shared_voter_state.clone();
		let finality_proofs = FinalityProofProvider::new_for_service(
			backend.clone(),
			Some(shared_authority_set.clone()),
		);
		Box::new(move |executor| {
			rpc::create_full(rpc::FullDeps {
				client: client.clone(),
				pool: pool.clone(),
				health: health.clone(),
				ledger: ledger.clone(),
				store: store.clone(),
				fetcher: fetcher.clone(),
				grandpa: rpc::GrandpaDeps {
					shared_voter_state: shared_voter_state.clone(),
					shared_authority_set: shared_authority_set.clone(),
					justification_stream: justification_stream.clone(),
					finality_proofs: finality_proofs.clone(),
					executor,
				},
			})
			.map_err(|error| Error::Application(error.into()))
		})
	};

	sc_service::spawn_tasks(SpawnTasksParams {
		config,
		client: client.clone(),
		backend,
		task_manager: &mut task_manager,
		keystore: keystore_container.keystore(),
		transaction_pool: transaction_pool.clone(),
		rpc_builder,
		network: network.clone(),
		system_rpc_tx,
		tx_handler_controller,
		sync_service: sync_service.clone(),
		telemetry: telemetry.as_mut(),
		tracing_execute_block: None,
	})?;

	if let Some(path) = database_path {
		StorageMonitorService::try_spawn(
			storage_monitor,
			path,
			&task_manager.spawn_essential_handle(),
		)
		.map_err(|error| Error::Application(error.into()))?;
	}

	if role.is_authority() {
		let proposer = sc_basic_authorship::ProposerFactory::new(
			task_manager.spawn_handle(),
			client.clone(),
			transaction_pool.clone(),
			prometheus_registry.as_ref(),
			telemetry.as_ref().map(Telemetry::handle),
		);
		let slot_duration = babe_config.slot_duration();
		let babe = sc_consensus_babe::start_babe(BabeParams {
			keystore: keystore_container.keystore(),
			client,
			select_chain,
			block_import,
			env: proposer,
			sync_oracle: sync_service.clone(),
			justification_sync_link: sync_service.clone(),
			create_inherent_data_providers: move |_, ()| async move {
				let timestamp = sp_timestamp::InherentDataProvider::from_system_time();
				let slot = sp_consensus_babe::inherents::InherentDataProvider::from_timestamp_and_slot_duration(
					*timestamp,
					slot_duration,
				);
				Ok((slot, timestamp))
			},
			force_authoring,
			backoff_authoring_blocks: Some(
				sc_consensus_slots::BackoffAuthoringOnFinalizedHeadLagging::default(),
			),
			babe_link,
			block_proposal_slot_portion: proposal_portion(),
			max_block_proposal_slot_portion: None,
			telemetry: telemetry.as_ref().map(Telemetry::handle),
		})?;
		task_manager.spawn_essential_handle().spawn_blocking(
			"babe-proposer",
			Some("block-authoring"),
			babe,
		);
	}
	// Answers requests about epochs; the import queue ends with it.
	task_manager.spawn_handle().spawn("babe-worker-handle", None, async move {
		let _babe_worker = babe_worker;
		futures::future::pending::<()>().await
	});

	if enable_grandpa {
		let grandpa =
			sc_consensus_grandpa::run_grandpa_voter(sc_consensus_grandpa::GrandpaParams {
				config: sc_consensus_grandpa::Config {
					gossip_duration: GOSSIP_DURATION,
					justification_generation_period: JUSTIFICATION_PERIOD,
					name: Some(name),
					observer_enabled: false,
					keystore: role.is_authority().then(|| keystore_container.keystore()),
					local_role: role,
					telemetry: telemetry.as_ref().map(Telemetry::handle),
					protocol_name: grandpa_protocol,
				},
				link: grandpa_link,
				network,
				sync: sync_service,
				notification_service: grandpa_notifications,
				voting_rule: VotingRulesBuilder::default().build(),
				prometheus_registry,
				shared_voter_state,
				telemetry: telemetry.as_ref().map(Telemetry::handle),
				offchain_tx_pool_factory: OffchainTransactionPoolFactory::new(transaction_pool),
			})?;
		task_manager.spawn_essential_handle().spawn_blocking("grandpa-voter", None, grandpa);
	}

	Ok(task_manager)
}
