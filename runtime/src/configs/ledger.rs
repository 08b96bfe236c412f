//! Consent, exchange, oversight, secondary use and erasure.

use crate::{Consent, Consortium, Oversight, Risk, Runtime, Timestamp};
use alloc::vec::Vec;
use curex_primitives::{oversight::ExchangeRegister, ExchangeId, Moment, OrganisationId};
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
	type WeightInfo = ();
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
	type WeightInfo = ();
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
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Helper;
}
