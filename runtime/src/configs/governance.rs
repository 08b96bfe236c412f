//! The council of hospitals: two thirds decide on members, validators and runtime upgrades.

use crate::{
	admission::AdmissionTable,
	configs::{consensus::MaxValidators, DatabaseWeight},
	AccountId, BlockNumber, Council, Runtime, RuntimeCall, RuntimeEvent, RuntimeOrigin,
};
use frame_support::{
	parameter_types,
	traits::{ConstU32, EitherOfDiverse},
	weights::Weight,
};
use frame_system::EnsureRoot;
use sp_runtime::Perbill;

/// The council among the collectives of the runtime.
pub type CouncilInstance = pallet_collective::Instance1;

/// Two thirds of the council.
pub type TwoThirdsOfCouncil =
	pallet_collective::EnsureProportionAtLeast<AccountId, CouncilInstance, 2, 3>;

/// Two thirds of the council, or the runtime itself.
pub type CouncilOrRoot = EitherOfDiverse<EnsureRoot<AccountId>, TwoThirdsOfCouncil>;

/// Most hospitals with a seat in the council.
pub type MaxCouncilMembers = ConstU32<64>;

parameter_types! {
	/// A motion lives for about a week at slots of three seconds.
	pub const MotionDuration: BlockNumber = 200_000;
	/// A motion may use at most half of a block.
	pub MaxProposalWeight: Weight =
		Perbill::from_percent(50) * crate::configs::BlockWeights::get().max_block;
}

impl pallet_collective::Config<CouncilInstance> for Runtime {
	type RuntimeOrigin = RuntimeOrigin;
	type Proposal = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type MotionDuration = MotionDuration;
	type MaxProposals = ConstU32<32>;
	type MaxMembers = MaxCouncilMembers;
	type DefaultVote = pallet_collective::PrimeDefaultVote;
	type WeightInfo = pallet_collective::weights::SubstrateWeight<Runtime>;
	type SetMembersOrigin = EnsureRoot<AccountId>;
	type MaxProposalWeight = MaxProposalWeight;
	type DisapproveOrigin = CouncilOrRoot;
	type KillOrigin = CouncilOrRoot;
	type Consideration = ();
}

impl pallet_consortium::Config for Runtime {
	type CouncilOrigin = CouncilOrRoot;
	type CouncilMembers = Council;
	type InitializeCouncil = Council;
	type Sessions = pallet_consortium::SessionPallet<Runtime>;
	type Calls = AdmissionTable;
	type MaxDelegates = ConstU32<16>;
	type MaxPeers = ConstU32<16>;
	type MaxCouncilMembers = MaxCouncilMembers;
	type MaxReviewers = ConstU32<128>;
	type MaxValidators = MaxValidators;
	type MinValidators = ConstU32<4>;
	type QuotaWindow = ConstU32<600>;
	type DefaultQuota = ConstU32<20_000>;
	type QuotaReserve = ConstU32<200>;
	type MaxUrgentBeyondQuota = ConstU32<32>;
	type MaxPending = ConstU32<64>;
	type WeightInfo = pallet_consortium::weights::Measured<DatabaseWeight>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = ();
}
