//! Benchmarks of the calls. Unfinished: the feature `runtime-benchmarks` does not build yet, weights are counted by hand.

use crate::{AccountId, Consortium, Runtime, RuntimeOrigin};
use alloc::{string::String, vec::Vec};
use curex_primitives::{Duty, OrganisationId, OrganisationKind};
use frame_benchmarking::{
	add_benchmark, define_benchmarks, list_benchmark, BenchmarkBatch, BenchmarkConfig,
	BenchmarkList,
};
use frame_support::traits::{StorageInfo, WhitelistedStorageKeys};

define_benchmarks!(
	[frame_system, frame_system_benchmarking::Pallet::<Runtime>]
	[pallet_consortium, crate::Consortium]
	[pallet_consent, crate::Consent]
	[pallet_exchange, crate::Exchange]
	[pallet_oversight, crate::Oversight]
	[pallet_secondary_use, crate::SecondaryUse]
	[pallet_erasure, crate::Erasure]
	[pallet_inventory, crate::Inventory]
	[pallet_threats, crate::Threats]
	[pallet_risk, crate::Risk]
	[pallet_safeguards, crate::Safeguards]
	[pallet_hygiene, crate::Hygiene]
	[pallet_orders, crate::Orders]
);

impl frame_system_benchmarking::Config for Runtime {}

/// Admits members for benchmarks.
pub struct Helper;
