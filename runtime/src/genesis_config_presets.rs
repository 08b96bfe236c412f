//! Genesis of networks whose keys everybody knows: never for patients' data.

use crate::{
	AccountId, BabeConfig, ConsortiumConfig, RuntimeGenesisConfig, SessionConfig, SessionKeys,
	BABE_GENESIS_EPOCH_CONFIG,
};
use alloc::{string::ToString, vec, vec::Vec};
use curex_primitives::{Competence, Competences, Country, Duties, Duty, OrganisationKind};
use frame_support::build_struct_json_patch;
use pallet_consortium::{GenesisDelegate, GenesisOrganisation, Timing};
use serde_json::Value;
use sp_genesis_builder::PresetId;
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};

/// A slot of three seconds.
const SLOT_MS: u64 = 3_000;
/// An epoch of two minutes, so that a session change can be watched.
const EPOCH_SLOTS: u32 = 40;

fn hospital(name: &str, country: [u8; 2], key: Sr25519Keyring) -> GenesisOrganisation<AccountId> {
	let mut organisation = member(OrganisationKind::Hospital, name, country, key);
	organisation.validator = Some(key.to_account_id());
	organisation
}

fn member(
	kind: OrganisationKind,
	name: &str,
	country: [u8; 2],
	key: Sr25519Keyring,
) -> GenesisOrganisation<AccountId> {
	let duties: Duties = Duty::ALL
		.iter()
		.copied()
		.filter(|duty| kind == OrganisationKind::Hospital || *duty != Duty::Council)
		.collect();
	GenesisOrganisation {
		kind,
		country: Country::new(country)
			.expect("country codes of this file are upper-case letters; qed"),
		competences: if kind == OrganisationKind::Authority {
			Competence::ALL.iter().copied().collect()
		} else {
			Competences::EMPTY
		},
		encryption_key: key.to_raw_public(),
		name: name.to_string(),
		delegates: vec![GenesisDelegate { account: key.to_account_id(), duties }],
		peers: Vec::new(),
		validator: None,
	}
}

fn session_keys(
	sr25519: Sr25519Keyring,
	ed25519: Ed25519Keyring,
) -> (AccountId, AccountId, SessionKeys) {
	let account = sr25519.to_account_id();
	let keys = SessionKeys { babe: sr25519.public().into(), grandpa: ed25519.public().into() };
	(account.clone(), account, keys)
}

fn genesis(
	organisations: Vec<GenesisOrganisation<AccountId>>,
	keys: Vec<(AccountId, AccountId, SessionKeys)>,
) -> Value {
	build_struct_json_patch!(RuntimeGenesisConfig {
		consortium: ConsortiumConfig {
			timing: Timing { slot_ms: SLOT_MS, epoch_slots: EPOCH_SLOTS },
			organisations,
		},
		babe: BabeConfig { epoch_config: BABE_GENESIS_EPOCH_CONFIG },
		session: SessionConfig { keys },
	})
}

/// One hospital that authors alone.
fn development() -> Value {
	genesis(
		vec![hospital("Alice Hospital", *b"GR", Sr25519Keyring::Alice)],
		vec![session_keys(Sr25519Keyring::Alice, Ed25519Keyring::Alice)],
	)
}

/// Four hospitals, a care centre and an authority.
fn local() -> Value {
	genesis(
		vec![
			hospital("Alice Hospital", *b"GR", Sr25519Keyring::Alice),
			hospital("Bob Hospital", *b"ES", Sr25519Keyring::Bob),
			hospital("Charlie Hospital", *b"SE", Sr25519Keyring::Charlie),
			hospital("Dave Hospital", *b"CY", Sr25519Keyring::Dave),
			member(OrganisationKind::CareCentre, "Eve Care Centre", *b"GR", Sr25519Keyring::Eve),
			member(OrganisationKind::Authority, "Ferdie Authority", *b"GR", Sr25519Keyring::Ferdie),
		],
		vec![
			session_keys(Sr25519Keyring::Alice, Ed25519Keyring::Alice),
			session_keys(Sr25519Keyring::Bob, Ed25519Keyring::Bob),
			session_keys(Sr25519Keyring::Charlie, Ed25519Keyring::Charlie),
			session_keys(Sr25519Keyring::Dave, Ed25519Keyring::Dave),
		],
	)
}

/// The preset with this name, as JSON.
pub fn get_preset(id: &PresetId) -> Option<Vec<u8>> {
	let patch = match id.as_ref() {
		sp_genesis_builder::DEV_RUNTIME_PRESET => development(),
		sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET => local(),
		_ => return None,
	};
	Some(serde_json::to_string(&patch).expect("a JSON value is serialisable; qed").into_bytes())
}

/// The names of the presets.
pub fn preset_names() -> Vec<PresetId> {
	vec![
		PresetId::from(sp_genesis_builder::DEV_RUNTIME_PRESET),
		PresetId::from(sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET),
	]
}
