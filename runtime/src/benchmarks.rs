//! Measures what the calls weigh; `scripts/weights.sh` runs it.

use crate::{AccountId, Consortium, Runtime, RuntimeOrigin};
use alloc::{string::String, vec::Vec};
use curex_primitives::{
	BenchmarkDelegates, Competence, Competences, Country, Duty, OrganisationId, OrganisationKind,
};
use frame_benchmarking::{
	account, add_benchmark, define_benchmarks, BenchmarkBatch, BenchmarkConfig, BenchmarkError,
	BenchmarkList, Benchmarking,
};
use frame_support::traits::{StorageInfo, StorageInfoTrait, WhitelistedStorageKeys};

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

/// Admits members for benchmarks, with the calls by which members are admitted.
pub struct Helper;

impl BenchmarkDelegates<RuntimeOrigin> for Helper {
	fn origin(duty: Duty, kind: OrganisationKind) -> (RuntimeOrigin, OrganisationId) {
		let organisation = OrganisationId(pallet_consortium::NextOrganisation::<Runtime>::get());
		let administrator: AccountId = account("administrator", organisation.0, 0);
		let delegate: AccountId = account("delegate", organisation.0, 0);
		let competences = match kind {
			OrganisationKind::Authority => Competence::ALL.iter().copied().collect(),
			OrganisationKind::Hospital | OrganisationKind::CareCentre => Competences::EMPTY,
		};
		Consortium::admit(
			RuntimeOrigin::root(),
			kind,
			Country::new(*b"GR").expect("two upper-case letters; qed"),
			competences,
			[1; 32],
			b"benchmark".to_vec().try_into().expect("9 bytes are at most 64; qed"),
			administrator.clone(),
		)
		.expect("the organisation is well-formed and new; qed");
		Consortium::set_delegate(
			RuntimeOrigin::signed(administrator),
			delegate.clone(),
			duty.into(),
		)
		.expect("the benchmark asks for a duty that the kind may give; qed");
		(RuntimeOrigin::signed(delegate), organisation)
	}
}

impl pallet_oversight::BenchmarkClock for Helper {
	fn set(now: curex_primitives::Moment) {
		pallet_timestamp::Now::<Runtime>::put(now);
	}
}

/// What can be measured, and where it is stored.
pub fn metadata(extra: bool) -> (Vec<BenchmarkList>, Vec<StorageInfo>) {
	use frame_benchmarking::list_benchmark;

	let mut list = Vec::new();
	list_benchmarks!(list, extra);
	(list, crate::AllPalletsWithSystem::storage_info())
}

/// Measures.
pub fn dispatch(config: BenchmarkConfig) -> Result<Vec<BenchmarkBatch>, String> {
	let whitelist = crate::AllPalletsWithSystem::whitelisted_storage_keys();
	let mut batches = Vec::new();
	let params = (&config, &whitelist);
	add_benchmarks!(params, batches);
	Ok(batches)
}
