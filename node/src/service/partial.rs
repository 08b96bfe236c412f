//! What every command that touches the database needs.

use super::JUSTIFICATION_PERIOD;
use curex_runtime::{opaque::Block, RuntimeApi};
use sc_consensus_babe::{BabeBlockImport, BabeLink, BabeWorkerHandle, SlotProportion};
use sc_consensus_grandpa::{GrandpaBlockImport, GrandpaPruningFilter, LinkHalf};
use sc_executor::WasmExecutor;
use sc_service::{Configuration, Error, PartialComponents};
use sc_telemetry::{Telemetry, TelemetryWorker};
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_consensus_babe::inherents::BabeCreateInherentDataProviders;
use std::sync::Arc;

/// The client.
pub type FullClient =
	sc_service::TFullClient<Block, RuntimeApi, WasmExecutor<sp_io::SubstrateHostFunctions>>;
/// The database.
pub type FullBackend = sc_service::TFullBackend<Block>;
pub(super) type SelectChain = sc_consensus::LongestChain<FullBackend, Block>;
pub(super) type GrandpaImport = GrandpaBlockImport<FullBackend, Block, FullClient, SelectChain>;
pub(super) type Inherents = BabeCreateInherentDataProviders<Block>;
pub(super) type BabeImport =
	BabeBlockImport<Block, FullClient, GrandpaImport, Inherents, SelectChain>;
pub(super) type Pool = sc_transaction_pool::TransactionPoolHandle<Block, FullClient>;

/// Share of a slot that may be spent on proposing; the rest is for the block to travel and be checked.
pub(super) const PROPOSAL_PORTION: f32 = 0.5;

/// Parts that only a running node uses.
pub struct Other {
	pub(super) block_import: BabeImport,
	pub(super) grandpa_link: LinkHalf<Block, FullClient, SelectChain>,
	pub(super) babe_link: BabeLink<Block>,
	pub(super) babe_worker: BabeWorkerHandle<Block>,
	pub(super) telemetry: Option<Telemetry>,
}

/// The parts.
pub type Partial = PartialComponents<
	FullClient,
	FullBackend,
	SelectChain,
	sc_consensus::DefaultImportQueue<Block>,
	Pool,
	Other,
>;

/// Opens the database and sets up import, without network.
///
/// # Errors
/// If the database, keystore or specification cannot be used.
pub fn new_partial(config: &Configuration) -> Result<Partial, Error> {
	let telemetry = config
		.telemetry_endpoints
		.clone()
		.filter(|endpoints| !endpoints.is_empty())
		.map(|endpoints| -> Result<_, sc_telemetry::Error> {
			let worker = TelemetryWorker::new(16)?;
			let telemetry = worker.handle().new_telemetry(endpoints);
			Ok((worker, telemetry))
		})
		.transpose()?;

	let executor = sc_service::new_wasm_executor(&config.executor);
	let (client, backend, keystore_container, task_manager) =
		sc_service::new_full_parts::<Block, RuntimeApi, _>(
			config,
			telemetry.as_ref().map(|(_, telemetry)| telemetry.handle()),
			executor,
			vec![Arc::new(GrandpaPruningFilter)],
		)?;
	let client = Arc::new(client);

	let telemetry = telemetry.map(|(worker, telemetry)| {
		task_manager.spawn_handle().spawn("telemetry", None, worker.run());
		telemetry
	});

	let select_chain = sc_consensus::LongestChain::new(backend.clone());
	let transaction_pool = Arc::from(
		sc_transaction_pool::Builder::new(
			task_manager.spawn_essential_handle(),
			client.clone(),
			config.role.is_authority().into(),
		)
		.with_options(config.transaction_pool.clone())
		.with_prometheus(config.prometheus_registry())
		.build(),
	);

	let (grandpa_import, grandpa_link) = sc_consensus_grandpa::block_import(
		client.clone(),
		JUSTIFICATION_PERIOD,
		&client,
		select_chain.clone(),
		telemetry.as_ref().map(Telemetry::handle),
	)?;

	let babe_config = sc_consensus_babe::configuration(&*client)?;
	let slot_duration = babe_config.slot_duration();
	let inherents: Inherents = Arc::new(move |_, ()| async move {
		let timestamp = sp_timestamp::InherentDataProvider::from_system_time();
		let slot =
			sp_consensus_babe::inherents::InherentDataProvider::from_timestamp_and_slot_duration(
				*timestamp,
				slot_duration,
			);
		Ok((slot, timestamp))
	});
	let (block_import, babe_link) = sc_consensus_babe::block_import(
		babe_config,
		grandpa_import.clone(),
		client.clone(),
		inherents,
		select_chain.clone(),
		OffchainTransactionPoolFactory::new(Arc::clone(&transaction_pool)),
	)?;

	let (import_queue, babe_worker) =
		sc_consensus_babe::import_queue(sc_consensus_babe::ImportQueueParams {
			link: babe_link.clone(),
			block_import: block_import.clone(),
			justification_import: Some(Box::new(grandpa_import)),
			client: client.clone(),
			slot_duration,
			spawner: &task_manager.spawn_essential_handle(),
			registry: config.prometheus_registry(),
			telemetry: telemetry.as_ref().map(Telemetry::handle),
		})?;

	Ok(PartialComponents {
		client,
		backend,
		task_manager,
		import_queue,
		keystore_container,
		select_chain,
		transaction_pool,
		other: Other { block_import, grandpa_link, babe_link, babe_worker, telemetry },
	})
}

/// The proposer's share of a slot.
pub(super) fn proposal_portion() -> SlotProportion {
	SlotProportion::new(PROPOSAL_PORTION)
}
