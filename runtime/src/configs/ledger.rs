//! Consent, exchange and oversight.

use crate::{Consent, Consortium, Risk, Runtime, Timestamp};
use frame_support::traits::{ConstU32, ConstU64};
use pallet_consortium::EnsureDelegate;

/// How long a dead consent stays in the state: five years, in milliseconds. Access logs are kept for three at
/// least (EHDS art. 9).
pub type ConsentRetention = ConstU64<{ 5 * 366 * 24 * 3_600 * 1_000 }>;

impl pallet_consent::Config for Runtime {
	type DelegateOrigin = EnsureDelegate<Runtime>;
	type CouncilOrigin = super::governance::CouncilOrRoot;
	type Organisations = Consortium;
	type Permits = ();
	type Risk = Risk;
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
	type Law = Consent;
	type Risk = Risk;
	type AnswerWindow = ConstU32<20>;
	type DeliveryWindow = ConstU32<1_200>;
	type ReviewWindow = ConstU32<86_400>;
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
