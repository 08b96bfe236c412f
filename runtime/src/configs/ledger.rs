//! Consent, exchange, oversight, secondary use and erasure.

use crate::{
	configs::DatabaseWeight, Consent, Consortium, Oversight, Risk, Runtime, SecondaryUse, Timestamp,
};
use alloc::vec::Vec;
use curex_primitives::{oversight::ExchangeRegister, ExchangeId, Moment, OrganisationId};
use frame_support::traits::{ConstU32, ConstU64};
use pallet_consortium::EnsureDelegate;

/// How long a dead consent stays in the state: five years, in milliseconds. Access logs are kept for three at
/// least (EHDS art. 9).
pub type ConsentRetention = ConstU64<{ 5 * 366 * 24 * 3_600 * 1_000 }>;

/// Blocks in a day at the longest slots that a consortium may have, four seconds. Shorter slots make every window that is
/// counted in blocks shorter, so that no legal deadline is ever missed by waiting for one.
pub const BLOCKS_A_DAY: u32 = 21_600;

impl pallet_consent::Config for Runtime {
	type DelegateOrigin = EnsureDelegate<Runtime>;
	type CouncilOrigin = super::governance::CouncilOrRoot;
	type Organisations = Consortium;
	type Permits = SecondaryUse;
	type Risk = Risk;
	type Clock = Timestamp;
	type Retention = ConsentRetention;
	// The admission extension adds the priority of urgent calls.
	type WithdrawalPriority = ConstU64<0>;
	type WeightInfo = pallet_consent::weights::Measured<DatabaseWeight>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Helper;
}

impl pallet_exchange::Config for Runtime {
	type DelegateOrigin = EnsureDelegate<Runtime>;
	type Organisations = Consortium;
	type Clock = Timestamp;
	type Consents = Consent;
	type Permits = SecondaryUse;
	type Law = Consent;
	type Keys = Consortium;
	type Risk = Risk;
	type AnswerWindow = ConstU32<20>;
	type DeliveryWindow = ConstU32<1_200>;
	// Four hours.
	type EmergencyWindow = ConstU32<{ BLOCKS_A_DAY / 6 }>;
	type ReviewWindow = ConstU32<{ 3 * BLOCKS_A_DAY }>;
	// A week, and 30 days more.
	type NoticeWindow = ConstU32<{ 7 * BLOCKS_A_DAY }>;
	type NoticeDeferral = ConstU32<{ 30 * BLOCKS_A_DAY }>;
	// The 72 hours of GDPR art. 33(1).
	type BreachWindow = ConstU32<{ 3 * BLOCKS_A_DAY }>;
	type DisputeWindow = ConstU32<{ 90 * BLOCKS_A_DAY }>;
	type RectificationWindow = ConstU32<{ 7 * BLOCKS_A_DAY }>;
	// An hour.
	type SubscriptionCheck = ConstU32<{ BLOCKS_A_DAY / 24 }>;
	// Three years and a day, even at slots of half the length: access logs are kept for three at least (EHDS art. 9).
	type Retention = ConstU32<{ (3 * 366 + 1) * 2 * BLOCKS_A_DAY }>;
	type EmergencyAlarm = ConstU32<50>;
	type WeightInfo = pallet_exchange::weights::Measured<DatabaseWeight>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Helper;
}

/// Tells which exchanges a breach may affect.
pub struct Exchanges;

impl ExchangeRegister for Exchanges {
	fn begun_between(
		organisation: OrganisationId,
		from: Moment,
		until: Moment,
		after: Option<ExchangeId>,
		scan: u32,
	) -> (Vec<ExchangeId>, Option<ExchangeId>) {
		use pallet_exchange::Exchanges;
		let mut exchanges = match after {
			Some(id) => Exchanges::<Runtime>::iter_from(Exchanges::<Runtime>::hashed_key_for(id)),
			None => Exchanges::<Runtime>::iter(),
		};
		let (mut found, mut last) = (Vec::new(), None);
		for _ in 0..scan {
			let Some((id, exchange)) = exchanges.next() else { return (found, None) };
			let concerned = exchange.holder == organisation || exchange.recipient == organisation;
			if concerned && (from..until).contains(&exchange.begun) {
				found.push(id);
			}
			last = Some(id);
		}
		(found, last)
	}
}

impl pallet_oversight::Config for Runtime {
	type DelegateOrigin = EnsureDelegate<Runtime>;
	type Organisations = Consortium;
	type Exchanges = Exchanges;
	type Clock = Timestamp;
	type WeightInfo = pallet_oversight::weights::Measured<DatabaseWeight>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Helper;
}

/// How old the roots of a cohort may be when data are extracted: a week, in milliseconds.
pub type MaxCohortAge = ConstU64<{ 7 * 24 * 3_600 * 1_000 }>;

impl pallet_secondary_use::Config for Runtime {
	type DelegateOrigin = EnsureDelegate<Runtime>;
	type Organisations = Consortium;
	type Duties = Oversight;
	type Clock = Timestamp;
	type MaxCohortAge = MaxCohortAge;
	type MaxHolders = ConstU32<256>;
	type WeightInfo = pallet_secondary_use::weights::Measured<DatabaseWeight>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Helper;
}

/// How long the orders of a day and what was attested of them stay in the state, in days: three years and a leap day.
pub type ErasureRetention = ConstU32<{ 3 * 365 + 1 }>;

impl pallet_erasure::Config for Runtime {
	type DelegateOrigin = EnsureDelegate<Runtime>;
	type Organisations = Consortium;
	type Clock = Timestamp;
	type Retention = ErasureRetention;
	type WeightInfo = pallet_erasure::weights::Measured<DatabaseWeight>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Helper;
}
