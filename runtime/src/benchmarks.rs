//! Measures what the calls weigh; `scripts/weights.sh` runs it.

use crate::{AccountId, Consent, Consortium, Risk, Runtime, RuntimeOrigin};
use alloc::{string::String, vec::Vec};
use codec::Encode;
use curex_primitives::{
	benchmarks::broad_terms, Assessment, Attestation, BenchmarkClock, BenchmarkDelegates,
	BenchmarkGate, Commitment, Competence, Competences, Confidence, ConsentId, Country, Duty,
	GroupId, Level, Moment, OrganisationId, OrganisationKind,
};
use frame_benchmarking::{
	account, define_benchmarks, BenchmarkBatch, BenchmarkConfig, BenchmarkList,
};
use frame_support::traits::{StorageInfo, StorageInfoTrait, WhitelistedStorageKeys};
use sp_core::crypto::KeyTypeId;
use sp_io::{
	crypto::{sr25519_generate, sr25519_sign},
	hashing::blake2_256,
};

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

/// Prepares the ledger for benchmarks, with the calls by which members prepare it.
pub struct Helper;

/// The moment at which benchmarks begin.
const START: Moment = 20_000 * 24 * 3_600 * 1_000;

/// The keys with which benchmarks sign.
const KEYS: KeyTypeId = KeyTypeId(*b"bnch");

fn administrator(organisation: OrganisationId) -> RuntimeOrigin {
	RuntimeOrigin::signed(account("administrator", organisation.0, 0))
}

/// Gives an account the duty.
fn appoint(organisation: OrganisationId, account: AccountId, duty: Duty) -> RuntimeOrigin {
	Consortium::set_delegate(administrator(organisation), account.clone(), duty.into())
		.expect("the benchmark asks for a duty that the kind may give; qed");
	RuntimeOrigin::signed(account)
}

/// The organisation's delegate for the duty.
fn delegate(organisation: OrganisationId, duty: Duty) -> RuntimeOrigin {
	appoint(organisation, account("delegate", organisation.0, duty as u32), duty)
}

fn now() -> Moment {
	pallet_timestamp::Now::<Runtime>::get()
}

impl BenchmarkDelegates<RuntimeOrigin> for Helper {
	fn origin(duty: Duty, kind: OrganisationKind) -> (RuntimeOrigin, OrganisationId) {
		if now() == 0 {
			Self::set(START);
		}
		let organisation = OrganisationId(pallet_consortium::NextOrganisation::<Runtime>::get());
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
			account("administrator", organisation.0, 0),
		)
		.expect("the organisation is well-formed and new; qed");
		(delegate(organisation, duty), organisation)
	}
}

impl BenchmarkClock for Helper {
	fn set(now: Moment) {
		pallet_timestamp::Now::<Runtime>::put(now);
	}
}

impl BenchmarkGate for Helper {
	fn consent(holder: OrganisationId, recipient: OrganisationId, number: u32) -> ConsentId {
		let (id, group) = (ConsentId(number.using_encoded(blake2_256)), GroupId(number));
		Consent::set_group_member(RuntimeOrigin::root(), group, recipient, true)
			.expect("the group is new; qed");
		let terms = broad_terms(group, number, now());
		Consent::file(delegate(holder, Duty::Consent), id, terms)
			.expect("the terms have no defect; qed");
		id
	}

	fn assess(organisation: OrganisationId) {
		let assessed_at = now();
		let assessment = Assessment {
			cyber: Level::Low,
			privacy: Level::Low,
			patient_safety: Level::Low,
			confidence: Confidence::High,
			attestation: Attestation::SelfAssessed,
			inputs: Commitment([1; 32]),
			parameters: 1,
			evidence: Commitment([2; 32]),
			assessed_at,
			expires_at: assessed_at + 1_000_000,
		};
		Risk::record(delegate(organisation, Duty::SecurityReport), 1, assessment)
			.expect("it is the first assessment, and has no defect; qed");
	}

	fn sign(organisation: OrganisationId, duty: Duty, message: &[u8]) -> ([u8; 32], [u8; 64]) {
		let public = sr25519_generate(KEYS, None);
		appoint(organisation, AccountId::new(public.0), duty);
		let signature = sr25519_sign(KEYS, &public, message).expect("the key was just made; qed");
		(public.0, signature.0)
	}
}

/// What can be measured, and where it is stored.
pub fn metadata(extra: bool) -> (Vec<BenchmarkList>, Vec<StorageInfo>) {
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
