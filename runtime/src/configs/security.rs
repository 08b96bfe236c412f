//! The security loop: reports of the off-chain workers, and who leads them.

use crate::{
	configs::DatabaseWeight, AccountId, Consortium, Nonce, Orders, Runtime, RuntimeCall, Signature,
	SignedPayload, System, Timestamp, TxExtension, UncheckedExtrinsic,
};
use alloc::vec::Vec;
use codec::Encode;
use curex_primitives::{Duty, OrganisationId, Organisations, Report, Submission};
use frame_support::traits::ConstU32;
use frame_system::offchain::{
	AppCrypto, CreateAuthorizedTransaction, CreateBare, CreateSignedTransaction, CreateTransaction,
	CreateTransactionBase, SigningTypes,
};
use pallet_consortium::EnsureDelegate;
use sp_runtime::{
	generic::Era,
	traits::{SaturatedConversion, StaticLookup, Verify},
};

/// How many of an organisation's latest records stay in the state.
type History = ConstU32<32>;

impl pallet_inventory::Config for Runtime {
	type DelegateOrigin = EnsureDelegate<Runtime>;
	type Clock = Timestamp;
	type Outbox = Orders;
	type History = History;
	type WeightInfo = pallet_inventory::weights::Measured<DatabaseWeight>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Helper;
}

impl pallet_threats::Config for Runtime {
	type DelegateOrigin = EnsureDelegate<Runtime>;
	type Clock = Timestamp;
	type Outbox = Orders;
	type History = History;
	type MaxIndicators = ConstU32<64>;
	type WeightInfo = pallet_threats::weights::Measured<DatabaseWeight>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Helper;
}

impl pallet_risk::Config for Runtime {
	type DelegateOrigin = EnsureDelegate<Runtime>;
	type Organisations = Consortium;
	type Clock = Timestamp;
	type Outbox = Orders;
	type History = History;
	type WeightInfo = pallet_risk::weights::Measured<DatabaseWeight>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Helper;
}

impl pallet_safeguards::Config for Runtime {
	type DelegateOrigin = EnsureDelegate<Runtime>;
	type Clock = Timestamp;
	type Outbox = Orders;
	type History = History;
	type WeightInfo = pallet_safeguards::weights::Measured<DatabaseWeight>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Helper;
}

impl pallet_hygiene::Config for Runtime {
	type DelegateOrigin = EnsureDelegate<Runtime>;
	type Clock = Timestamp;
	type Outbox = Orders;
	type WeightInfo = pallet_hygiene::weights::Measured<DatabaseWeight>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Helper;
}

impl pallet_orders::Config for Runtime {
	type DelegateOrigin = EnsureDelegate<Runtime>;
	type Delegates = Delegates;
	type Calls = ReportCalls;
	type AuthorityId = pallet_orders::crypto::WorkerId;
	type Clock = Timestamp;
	type WeightInfo = pallet_orders::weights::Measured<DatabaseWeight>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Helper;
}

/// Tells the off-chain worker for whom a key works.
pub struct Delegates;

impl pallet_orders::DelegateLookup<AccountId> for Delegates {
	fn organisation_with(account: &AccountId, duty: Duty) -> Option<OrganisationId> {
		let delegate = Consortium::delegate(account)?;
		let active = Consortium::facts(delegate.organisation)?.is_active();
		(active && delegate.duties.contains(duty)).then_some(delegate.organisation)
	}
}

/// Tells the off-chain worker which call records a report.
pub struct ReportCalls;

impl pallet_orders::SubmissionCalls<RuntimeCall> for ReportCalls {
	fn call(Submission { number, report }: Submission) -> RuntimeCall {
		match report {
			Report::Inventory(snapshot) => {
				RuntimeCall::Inventory(pallet_inventory::Call::record { number, snapshot })
			},
			Report::Alert(alert) => {
				RuntimeCall::Threats(pallet_threats::Call::record { number, alert })
			},
			Report::Assessment(assessment) => {
				RuntimeCall::Risk(pallet_risk::Call::record { number, assessment })
			},
			Report::GroupResult(result) => {
				RuntimeCall::Hygiene(pallet_hygiene::Call::record { number, result })
			},
			Report::Plan(plan) => {
				RuntimeCall::Safeguards(pallet_safeguards::Call::record { number, plan })
			},
		}
	}

	fn batch(calls: Vec<RuntimeCall>) -> RuntimeCall {
		RuntimeCall::Utility(pallet_utility::Call::batch { calls })
	}
}

impl SigningTypes for Runtime {
	type Public = <Signature as Verify>::Signer;
	type Signature = Signature;
}

impl<Call> CreateTransactionBase<Call> for Runtime
where
	RuntimeCall: From<Call>,
{
	type Extrinsic = UncheckedExtrinsic;
	type RuntimeCall = RuntimeCall;
}

impl<Call> CreateBare<Call> for Runtime
where
	RuntimeCall: From<Call>,
{
	fn create_bare(call: RuntimeCall) -> UncheckedExtrinsic {
		UncheckedExtrinsic::new_bare(call)
	}
}

impl<Call> CreateTransaction<Call> for Runtime
where
	RuntimeCall: From<Call>,
{
	type Extension = TxExtension;

	fn create_transaction(call: RuntimeCall, extension: TxExtension) -> UncheckedExtrinsic {
		UncheckedExtrinsic::new_transaction(call, extension)
	}
}

impl<Call> CreateAuthorizedTransaction<Call> for Runtime
where
	RuntimeCall: From<Call>,
{
	fn create_extension() -> TxExtension {
		extension(Era::Immortal, 0)
	}
}

/// How many blocks a transaction of the off-chain worker may wait.
const MORTALITY: u64 = 64;

impl<Call> CreateSignedTransaction<Call> for Runtime
where
	RuntimeCall: From<Call>,
{
	fn create_signed_transaction<C: AppCrypto<Self::Public, Self::Signature>>(
		call: RuntimeCall,
		public: Self::Public,
		account: AccountId,
		nonce: Nonce,
	) -> Option<UncheckedExtrinsic> {
		// The hash of the present block is not in the storage while its off-chain worker runs.
		let anchor = System::block_number().saturated_into::<u64>().saturating_sub(1);
		let payload =
			SignedPayload::new(call, extension(Era::mortal(MORTALITY, anchor), nonce)).ok()?;
		let signature = payload.using_encoded(|bytes| C::sign(bytes, public))?;
		let (call, extension, _) = payload.deconstruct();
		let address = <Runtime as frame_system::Config>::Lookup::unlookup(account);
		Some(UncheckedExtrinsic::new_signed(call, address, signature, extension))
	}
}

fn extension(era: Era, nonce: Nonce) -> TxExtension {
	(
		frame_system::AuthorizeCall::new(),
		frame_system::CheckNonZeroSender::new(),
		frame_system::CheckSpecVersion::new(),
		frame_system::CheckTxVersion::new(),
		frame_system::CheckGenesis::new(),
		frame_system::CheckMortality::from(era),
		pallet_consortium::CheckBoundedNonce::from(nonce),
		pallet_consortium::Admission::new(),
		frame_system::CheckWeight::new(),
		frame_metadata_hash_extension::CheckMetadataHash::new(false),
		frame_system::WeightReclaim::new(),
	)
}
