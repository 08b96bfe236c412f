//! What the node and clients may ask the runtime.

use crate::{
	genesis_config_presets, AccountId, Babe, Block, Consent, Consortium, Erasure, Exchange,
	Executive, Grandpa, Historical, InherentDataExt, Nonce, Orders, Oversight, Runtime,
	RuntimeGenesisConfig, SecondaryUse, SessionKeys, System, BABE_GENESIS_EPOCH_CONFIG, VERSION,
};
use alloc::vec::Vec;
use curex_primitives::{
	gate::{Answer, Asked},
	AnchorAlarms, Bases, Border, BreachCase, BreachNotice, Categories, ConsentId, Country, Duties,
	DutyDue, ErasureAttestation, ErasureBatch, ErasureId, ExchangeId, Extraction, Gate, Inquiry,
	Law, LogAnchor, MerkleRoot, NamedHolder, NoticeKind, Obligation, OrganisationId,
	OrganisationKind, PeerRole, Permit, PermitId, PermitStanding, Policy, Purpose,
	Reidentification, ReportKind, Standing, Subscription, SubscriptionId, TicketRoot,
};
use frame_support::{
	genesis_builder_helper::{build_state, get_preset},
	traits::{Get, KeyOwnerProofSystem},
};
use pallet_grandpa::AuthorityId as GrandpaId;
use sp_api::impl_runtime_apis;
use sp_core::OpaqueMetadata;
use sp_runtime::{
	traits::{Block as BlockT, NumberFor},
	transaction_validity::{TransactionSource, TransactionValidity},
	ApplyExtrinsicResult,
};
use sp_session::OpaqueGeneratedSessionKeys;
use sp_version::RuntimeVersion;

impl_runtime_apis! {
	impl sp_api::Core<Block> for Runtime {
		fn version() -> RuntimeVersion {
			VERSION
		}

		fn execute_block(block: <Block as BlockT>::LazyBlock) {
			Executive::execute_block(block);
		}

		fn initialize_block(header: &<Block as BlockT>::Header) -> sp_runtime::ExtrinsicInclusionMode {
			Executive::initialize_block(header)
		}
	}

	impl sp_api::Metadata<Block> for Runtime {
		fn metadata() -> OpaqueMetadata {
			OpaqueMetadata::new(Runtime::metadata().into())
		}

		fn metadata_at_version(version: u32) -> Option<OpaqueMetadata> {
			Runtime::metadata_at_version(version)
		}

		fn metadata_versions() -> Vec<u32> {
			Runtime::metadata_versions()
		}
	}

	impl frame_support::view_functions::runtime_api::RuntimeViewFunction<Block> for Runtime {
		fn execute_view_function(
			id: frame_support::view_functions::ViewFunctionId,
			input: Vec<u8>,
		) -> Result<Vec<u8>, frame_support::view_functions::ViewFunctionDispatchError> {
			Runtime::execute_view_function(id, input)
		}
	}

	impl sp_block_builder::BlockBuilder<Block> for Runtime {
		fn apply_extrinsic(extrinsic: <Block as BlockT>::Extrinsic) -> ApplyExtrinsicResult {
			Executive::apply_extrinsic(extrinsic)
		}

		fn finalize_block() -> <Block as BlockT>::Header {
			Executive::finalize_block()
		}

		fn inherent_extrinsics(data: sp_inherents::InherentData) -> Vec<<Block as BlockT>::Extrinsic> {
			data.create_extrinsics()
		}

		fn check_inherents(
			block: <Block as BlockT>::LazyBlock,
			data: sp_inherents::InherentData,
		) -> sp_inherents::CheckInherentsResult {
			data.check_extrinsics(&block)
		}
	}

	impl sp_transaction_pool::runtime_api::TaggedTransactionQueue<Block> for Runtime {
		fn validate_transaction(
			source: TransactionSource,
			transaction: <Block as BlockT>::Extrinsic,
			block_hash: <Block as BlockT>::Hash,
		) -> TransactionValidity {
			Executive::validate_transaction(source, transaction, block_hash)
		}
	}

	impl sp_offchain::OffchainWorkerApi<Block> for Runtime {
		fn offchain_worker(header: &<Block as BlockT>::Header) {
			Executive::offchain_worker(header)
		}
	}

	impl sp_consensus_babe::BabeApi<Block> for Runtime {
		fn configuration() -> sp_consensus_babe::BabeConfiguration {
			let epoch_config = Babe::epoch_config().unwrap_or(BABE_GENESIS_EPOCH_CONFIG);
			sp_consensus_babe::BabeConfiguration {
				slot_duration: Babe::slot_duration(),
				epoch_length: pallet_consortium::EpochDuration::<Runtime>::get(),
				c: epoch_config.c,
				authorities: Babe::authorities().to_vec(),
				randomness: Babe::randomness(),
				allowed_slots: epoch_config.allowed_slots,
			}
		}

		fn current_epoch_start() -> sp_consensus_babe::Slot {
			Babe::current_epoch_start()
		}

		fn current_epoch() -> sp_consensus_babe::Epoch {
			Babe::current_epoch()
		}

		fn next_epoch() -> sp_consensus_babe::Epoch {
			Babe::next_epoch()
		}

		fn generate_key_ownership_proof(
			_slot: sp_consensus_babe::Slot,
			authority_id: sp_consensus_babe::AuthorityId,
		) -> Option<sp_consensus_babe::OpaqueKeyOwnershipProof> {
			use codec::Encode;

			Historical::prove((sp_consensus_babe::KEY_TYPE, authority_id))
				.map(|proof| proof.encode())
				.map(sp_consensus_babe::OpaqueKeyOwnershipProof::new)
		}

		fn submit_report_equivocation_unsigned_extrinsic(
			equivocation_proof: sp_consensus_babe::EquivocationProof<<Block as BlockT>::Header>,
			key_owner_proof: sp_consensus_babe::OpaqueKeyOwnershipProof,
		) -> Option<()> {
			Babe::submit_unsigned_equivocation_report(equivocation_proof, key_owner_proof.decode()?)
		}
	}

	impl sp_consensus_grandpa::GrandpaApi<Block> for Runtime {
		fn grandpa_authorities() -> sp_consensus_grandpa::AuthorityList {
			Grandpa::grandpa_authorities()
		}

		fn current_set_id() -> sp_consensus_grandpa::SetId {
			pallet_grandpa::CurrentSetId::<Runtime>::get()
		}

		fn submit_report_equivocation_unsigned_extrinsic(
			equivocation_proof: sp_consensus_grandpa::EquivocationProof<
				<Block as BlockT>::Hash,
				NumberFor<Block>,
			>,
			key_owner_proof: sp_consensus_grandpa::OpaqueKeyOwnershipProof,
		) -> Option<()> {
			Grandpa::submit_unsigned_equivocation_report(
				equivocation_proof,
				key_owner_proof.decode()?,
			)
		}

		fn generate_key_ownership_proof(
			_set_id: sp_consensus_grandpa::SetId,
			authority_id: GrandpaId,
		) -> Option<sp_consensus_grandpa::OpaqueKeyOwnershipProof> {
			use codec::Encode;

			Historical::prove((sp_consensus_grandpa::KEY_TYPE, authority_id))
				.map(|proof| proof.encode())
				.map(sp_consensus_grandpa::OpaqueKeyOwnershipProof::new)
		}
	}

	impl sp_session::SessionKeys<Block> for Runtime {
		fn generate_session_keys(owner: Vec<u8>, seed: Option<Vec<u8>>) -> OpaqueGeneratedSessionKeys {
			SessionKeys::generate(&owner, seed).into()
		}

		fn decode_session_keys(encoded: Vec<u8>) -> Option<Vec<(Vec<u8>, sp_core::crypto::KeyTypeId)>> {
			SessionKeys::decode_into_raw_public_keys(&encoded)
		}
	}

	impl frame_system_rpc_runtime_api::AccountNonceApi<Block, AccountId, Nonce> for Runtime {
		fn account_nonce(account: AccountId) -> Nonce {
			System::account_nonce(account)
		}
	}

	impl sp_genesis_builder::GenesisBuilder<Block> for Runtime {
		fn build_state(config: Vec<u8>) -> sp_genesis_builder::Result {
			build_state::<RuntimeGenesisConfig>(config)
		}

		fn get_preset(id: &Option<sp_genesis_builder::PresetId>) -> Option<Vec<u8>> {
			get_preset::<RuntimeGenesisConfig>(id, genesis_config_presets::get_preset)
		}

		fn preset_names() -> Vec<sp_genesis_builder::PresetId> {
			genesis_config_presets::preset_names()
		}
	}

	impl pallet_consortium::api::ConsortiumApi<Block, AccountId> for Runtime {
		fn organisation(id: OrganisationId) -> Option<pallet_consortium::Organisation> {
			Consortium::organisation(id)
		}

		fn delegate(account: AccountId) -> Option<(OrganisationId, Duties)> {
			Consortium::delegate(&account).map(|delegate| (delegate.organisation, delegate.duties))
		}

		fn peer(peer: [u8; 38]) -> Option<(OrganisationId, PeerRole)> {
			Consortium::peer(peer)
		}

		fn peers() -> Vec<([u8; 38], OrganisationId, PeerRole)> {
			Consortium::peers()
		}

		fn timing() -> pallet_consortium::Timing {
			pallet_consortium::GenesisTiming::<Runtime>::get()
		}
	}

	impl pallet_exchange::runtime_api::ExchangeApi<Block> for Runtime {
		fn exchange(id: ExchangeId) -> Option<curex_primitives::Exchange> {
			Exchange::exchange(id)
		}

		fn consent(id: ConsentId) -> Option<curex_primitives::Consent> {
			Exchange::consent(id)
		}

		fn review(id: ExchangeId) -> Option<curex_primitives::exchange::Review> {
			Exchange::review_of(id)
		}

		fn subscription(id: SubscriptionId) -> Option<Subscription> {
			Exchange::subscription(id)
		}

		fn may_be_served(
			holder: OrganisationId,
			recipient: OrganisationId,
			gate: Gate,
			purpose: Purpose,
			categories: Categories,
			border: Option<Border>,
		) -> bool {
			Exchange::may_be_served(holder, recipient, gate, purpose, categories, border)
		}

		fn exchanges_of_consent(consent: ConsentId, after: Option<ExchangeId>) -> Vec<ExchangeId> {
			Exchange::exchanges_of_consent(consent, after)
		}

		fn duties_due(
			organisation: OrganisationId,
			after: Option<(ExchangeId, Obligation)>,
		) -> Vec<(ExchangeId, Obligation, curex_primitives::BlockNumber)> {
			Exchange::duties_due(organisation, after)
		}

		fn sequence_of(organisation: OrganisationId) -> (u64, u64) {
			Exchange::sequence_of(organisation)
		}
	}

	impl pallet_oversight::runtime_api::OversightApi<Block> for Runtime {
		fn duties_due(organisation: OrganisationId, limit: u32) -> Vec<DutyDue> {
			let mut duties = Oversight::duties_of(organisation, limit);
			duties.extend(Erasure::duties_of(organisation, limit));
			duties.sort_by_key(|duty| (duty.due, duty.duty));
			duties.truncate(limit as usize);
			duties
		}

		fn inquiry(number: u32) -> Option<Inquiry> {
			Oversight::inquiry(number)
		}

		fn breach(number: u32) -> Option<(BreachCase, Vec<(NoticeKind, BreachNotice)>)> {
			Oversight::breach(number)
		}

		fn log_anchor(
			organisation: OrganisationId,
			sequence: u64,
		) -> Option<(LogAnchor, AnchorAlarms)> {
			Oversight::log_anchor(organisation, sequence)
		}

		fn affected_exchanges(
			breach: u32,
			after: Option<ExchangeId>,
			scan: u32,
		) -> (Vec<ExchangeId>, Option<ExchangeId>) {
			Oversight::affected_exchanges(breach, after, scan)
		}
	}

	impl pallet_secondary_use::runtime_api::SecondaryUseApi<Block> for Runtime {
		fn permit(id: PermitId) -> Option<(Permit, PermitStanding)> {
			SecondaryUse::permit(id)
		}

		fn permits(after: Option<PermitId>, limit: u32) -> Vec<(PermitId, Permit)> {
			SecondaryUse::permits(after, limit)
		}

		fn holders(id: PermitId) -> Vec<(OrganisationId, NamedHolder)> {
			SecondaryUse::holders(id)
		}

		fn extraction(id: PermitId, number: u32) -> Option<Extraction> {
			SecondaryUse::extraction(id, number)
		}

		fn report(number: u32) -> Option<Reidentification> {
			SecondaryUse::report(number)
		}
	}

	impl pallet_erasure::runtime_api::ErasureApi<Block> for Runtime {
		fn batches_open(organisation: OrganisationId, limit: u32) -> Vec<DutyDue> {
			Erasure::batches_open(organisation, limit)
		}

		fn orders(day: u32) -> Vec<ErasureId> {
			Erasure::orders(day)
		}

		fn batch(day: u32) -> Option<ErasureBatch> {
			Erasure::batch(day)
		}

		fn attestation(day: u32, organisation: OrganisationId) -> Option<ErasureAttestation> {
			Erasure::attestation(day, organisation)
		}
	}

	impl pallet_consent::runtime_api::ConsentApi<Block> for Runtime {
		fn may_be_served(asked: Asked) -> Answer {
			Consent::answer(&asked)
		}

		fn consent_standing(id: ConsentId) -> Option<Standing> {
			Consent::standing(id)
		}

		fn tickets(root: MerkleRoot) -> Option<TicketRoot> {
			pallet_consent::Tickets::<Runtime>::get(root)
		}

		fn lawful_bases(country: Country, purpose: Purpose, kind: OrganisationKind) -> Bases {
			<Consent as Law>::bases(country, purpose, kind)
		}

		fn law_version() -> u32 {
			<Consent as Law>::version()
		}
	}

	impl pallet_orders::runtime_api::OrdersApi<Block> for Runtime {
		fn last_number(organisation: OrganisationId, kind: ReportKind) -> u64 {
			Orders::last_number(organisation, kind)
		}

		fn policy(organisation: OrganisationId) -> Option<Policy> {
			Orders::policy(organisation)
		}
	}

	#[cfg(feature = "runtime-benchmarks")]
	impl frame_benchmarking::Benchmark<Block> for Runtime {
		fn benchmark_metadata(
			extra: bool,
		) -> (Vec<frame_benchmarking::BenchmarkList>, Vec<frame_support::traits::StorageInfo>) {
			crate::benchmarks::metadata(extra)
		}

		fn dispatch_benchmark(
			config: frame_benchmarking::BenchmarkConfig,
		) -> Result<Vec<frame_benchmarking::BenchmarkBatch>, alloc::string::String> {
			crate::benchmarks::dispatch(config)
		}
	}

	#[cfg(feature = "try-runtime")]
	impl frame_try_runtime::TryRuntime<Block> for Runtime {
		fn on_runtime_upgrade(
			checks: frame_try_runtime::UpgradeCheckSelect,
		) -> (frame_support::weights::Weight, frame_support::weights::Weight) {
			use sp_core::Get as _;
			let weight = Executive::try_runtime_upgrade(checks).expect("a failed upgrade is reported by a panic; qed");
			(weight, crate::configs::BlockWeights::get().max_block)
		}

		fn execute_block(
			block: <Block as BlockT>::LazyBlock,
			state_root_check: bool,
			signature_check: bool,
			select: frame_try_runtime::TryStateSelect,
		) -> frame_support::weights::Weight {
			Executive::try_execute_block(block, state_root_check, signature_check, select)
				.expect("a failed block is reported by a panic; qed")
		}
	}
}
