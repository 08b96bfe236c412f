//! Consent, exchange and oversight.

use crate::{Consent, Consortium, Risk, Runtime, Timestamp};
use frame_support::traits::{ConstU32, ConstU64};
use pallet_consortium::EnsureDelegate;

/// How long a dead consent stays in the state: five years, in milliseconds. Access logs are kept for three at
/// least (EHDS art. 9).
pub type ConsentRetention = ConstU64<{ 5 * 366 * 24 * 3_600 * 1_000 }>;

/// Blocks in a day, at slots of three seconds.
pub const BLOCKS_A_DAY: u32 = 28_800;

impl pallet_consent::Config for Runtime {
	type DelegateOrigin = EnsureDelegate<Runtime>;
	type Organisations = Consortium;
	type Clock = Timestamp;
	type Retention = ConsentRetention;
	// The admission extension adds the priority of urgent calls.
	type WithdrawalPriority = ConstU64<0>;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Helper;
}

impl pallet_exchange::Config for Runtime {
	type DelegateOrigin = EnsureDelegate<Runtime>;
	type Organisations = Consortium;
	type Clock = Timestamp;
	type Consents = Consent;
	type Permits = ();
	type Law = ();
	type Keys = Consortium;
	type Risk = Risk;
	type AnswerWindow = ConstU32<20>;
	type DeliveryWindow = ConstU32<1_200>;
	// Four hours.
	type EmergencyWindow = ConstU32<4_800>;
	// Three days.
	type ReviewWindow = ConstU32<86_400>;
	// A week, and 30 days more.
	type NoticeWindow = ConstU32<{ 7 * BLOCKS_A_DAY }>;
	type NoticeDeferral = ConstU32<{ 30 * BLOCKS_A_DAY }>;
	// The 72 hours of GDPR art. 33(1).
	type BreachWindow = ConstU32<{ 3 * BLOCKS_A_DAY }>;
	type DisputeWindow = ConstU32<{ 90 * BLOCKS_A_DAY }>;
	type RectificationWindow = ConstU32<{ 7 * BLOCKS_A_DAY }>;
	// An hour.
	type SubscriptionCheck = ConstU32<1_200>;
	// Three years and a day: access logs are kept for three at least (EHDS art. 9).
	type Retention = ConstU32<{ (3 * 366 + 1) * BLOCKS_A_DAY }>;
	type EmergencyAlarm = ConstU32<50>;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Helper;
}

impl pallet_oversight::Config for Runtime {
	type DelegateOrigin = EnsureDelegate<Runtime>;
	type Organisations = Consortium;
	type Clock = Timestamp;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Helper;
}
