//! The folder of a member: its keys, its public description, and the consortium it joined.
//!
//! ```text
//! HOME/organisation.json   public: what the other members must know
//! HOME/node-key            secret: identity of the node on the network (ed25519 seed, hexadecimal)
//! HOME/keystore/           secret: session keys and worker key
//! HOME/chain.json          the consortium's specification, once joined
//! HOME/peers               addresses of fellow members' nodes, one a line
//! HOME/data/               the chain; can be synchronised again
//! ```

use crate::{
	chain_spec::{self, ChainSpec},
	cli::{DescribeCmd, GenesisCmd, InitCmd, JoinCmd, KeysCmd, MemberParams, RunHomeCmd},
};
use codec::Encode;
use curex_primitives::{
	Competence, Competences, Country, Duties, Duty, OrganisationKind, PeerRole,
};
use curex_runtime::{AccountId, SessionKeys};
use sc_keystore::LocalKeystore;
use sc_service::ChainType;
use serde::{de::DeserializeOwned, Deserialize, Serialize};
use sp_core::crypto::{key_types, KeyTypeId, Ss58Codec};
use sp_keystore::Keystore;
use std::{
	fs,
	io::Write,
	path::{Path, PathBuf},
	str::FromStr,
};

/// Key type of the key with which the off-chain worker signs.
pub const WORKER_KEY: KeyTypeId = KeyTypeId(*b"cxwk");

/// What went wrong, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
	#[error("{0} exists already; choose another folder, or --replace to destroy its keys")]
	HomeExists(PathBuf),
	#[error("{0} is no home of a member: {1} is missing; create it with `curex-node init`")]
	NotAHome(PathBuf, &'static str),
	#[error("{0} has not joined a consortium; do so with `curex-node join`")]
	NotJoined(PathBuf),
	#[error("{path}: {reason}")]
	File { path: PathBuf, reason: String },
	#[error("{value} is no {what}; expected {expected}")]
	Value { what: &'static str, value: String, expected: String },
	#[error("the keystore refused: {0}")]
	Keystore(String),
	#[error("the specification is of another consortium: its first block is {found}, expected {expected}. Nothing was changed; compare the hash with the council's")]
	WrongGenesis { expected: String, found: String },
	#[error("{0}")]
	Specification(String),
}

/// The public description of a member.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Description {
	/// Name of the organisation.
	pub name: String,
	/// What it is.
	pub kind: OrganisationKind,
	/// Where it is established.
	pub country: Country,
	/// What it supervises.
	#[serde(default)]
	pub competences: Vec<Competence>,
	/// Public X25519 key, hexadecimal.
	pub encryption_key: String,
	/// Accounts and their duties.
	pub delegates: Vec<Delegate>,
	/// The node, if there is one.
	pub node: Option<NodeDescription>,
}

/// An account of a member.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delegate {
	/// The account, in SS58.
	pub account: String,
	/// What it may do.
	pub duties: Duties,
}

/// The node of a member.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NodeDescription {
	/// Identity on the network.
	pub peer_id: String,
	/// Public session keys, SCALE in hexadecimal.
	pub session_keys: String,
	/// Account of the off-chain worker, in SS58.
	pub worker: String,
	/// Public key of the off-chain worker, hexadecimal: the agent carries out orders signed with it.
	pub worker_key: String,
}

/// `curex-node init`
pub fn init(command: &InitCmd) -> Result<(), Error> {
	let mut description = describe_member(&command.member)?;
	let home = &command.home;
	if home.join("organisation.json").exists() && !command.replace {
		return Err(Error::HomeExists(home.clone()));
	}
	if command.replace && home.exists() {
		fs::remove_dir_all(home).map_err(at(home))?;
	}
	create_private_folder(home)?;
	create_private_folder(&home.join("keystore"))?;

	let node_key = sc_network::config::ed25519::SecretKey::generate();
	let keypair = sc_network::config::ed25519::Keypair::from(node_key.clone());
	let peer_id = sc_network::PeerId::from_ed25519(&keypair.public().to_bytes())
		.ok_or_else(|| Error::Keystore("the new node key has no identity".into()))?;
	write_private(&home.join("node-key"), hex::encode(node_key.as_ref()).as_bytes())?;

	let keystore = open_keystore(home)?;
	let session_keys = generate_session_keys(&keystore)?;
	let worker = keystore
		.sr25519_generate_new(WORKER_KEY, None)
		.map_err(|error| Error::Keystore(error.to_string()))?;
	let worker_key = format!("0x{}", hex::encode(worker.0));
	let worker = AccountId::from(worker).to_ss58check();
	description
		.delegates
		.push(Delegate { account: worker.clone(), duties: Duty::SecurityReport.into() });
	description.node = Some(NodeDescription {
		peer_id: peer_id.to_string(),
		session_keys: format!("0x{}", hex::encode(session_keys.encode())),
		worker,
		worker_key,
	});
	write_public(&home.join("organisation.json"), to_json(&description).as_bytes())?;
	println!("{}", to_json(&description));
	Ok(())
}

/// `curex-node describe`
pub fn describe(command: &DescribeCmd) -> Result<(), Error> {
	println!("{}", to_json(&describe_member(&command.member)?));
	Ok(())
}

/// `curex-node genesis`
pub fn genesis(command: &GenesisCmd) -> Result<(), Error> {
	let members = command
		.members
		.iter()
		.map(|path| read_json::<Description>(path))
		.collect::<Result<Vec<_>, _>>()?;
	let spec = ChainSpec::builder(chain_spec::runtime_code().map_err(Error::Specification)?, None)
		.with_name(&command.name)
		.with_id(&command.id)
		.with_protocol_id(&command.id)
		.with_chain_type(if command.local { ChainType::Local } else { ChainType::Live })
		.with_genesis_config_patch(genesis_patch(&members, command.slot_ms, command.epoch_slots)?)
		.build();
	println!("{}", spec.as_json(!command.plain).map_err(Error::Specification)?);
	Ok(())
}

/// The genesis of a consortium with these members, as a patch of the runtime's genesis configuration.
///
/// # Errors
/// If a description is incomplete or holds a value that means nothing.
pub fn genesis_patch(
	members: &[Description],
	slot_ms: u64,
	epoch_slots: u32,
) -> Result<serde_json::Value, Error> {
	let mut organisations = Vec::new();
	let mut session_keys = Vec::new();
	for member in members {
		let administrator = member
			.delegates
			.iter()
			.find(|delegate| delegate.duties.contains(Duty::Administration))
			.ok_or_else(|| Error::Value {
				what: "complete description",
				value: member.name.clone(),
				expected: "a delegate with the duty administration".into(),
			})?;
		let mut peers = Vec::new();
		let mut validator = None;
		if let Some(node) = &member.node {
			let peer = sc_network::PeerId::from_str(&node.peer_id)
				.map_err(|error| value("peer id", &node.peer_id, error))?;
			peers.push(serde_json::json!({
				"peer": format!("0x{}", hex::encode(peer.to_bytes())),
				"role": PeerRole::Validator,
			}));
			if member.kind == OrganisationKind::Hospital {
				let bytes = parse_hex(&node.session_keys, "session keys")?;
				let keys = <SessionKeys as codec::DecodeAll>::decode_all(&mut &bytes[..])
					.map_err(|error| value("session keys", &node.session_keys, error))?;
				session_keys.push((
					administrator.account.clone(),
					administrator.account.clone(),
					serde_json::to_value(keys)
						.map_err(|error| value("session keys", &node.session_keys, error))?,
				));
				validator = Some(administrator.account.clone());
			}
		}
		let key: [u8; 32] = parse_hex(&member.encryption_key, "X25519 key")?
			.try_into()
			.map_err(|_| value("X25519 key", &member.encryption_key, "32 bytes"))?;
		organisations.push(serde_json::json!({
			"kind": member.kind,
			"country": member.country,
			"competences": member.competences,
			"encryptionKey": format!("0x{}", hex::encode(key)),
			"name": member.name,
			"delegates": member.delegates,
			"peers": peers,
			"validator": validator,
		}));
	}
	Ok(serde_json::json!({
		"consortium": {
			"timing": { "slotMs": slot_ms, "epochSlots": epoch_slots },
			"organisations": organisations,
		},
		"babe": { "epochConfig": curex_runtime::BABE_GENESIS_EPOCH_CONFIG },
		"session": { "keys": session_keys },
	}))
}

/// `curex-node join`
pub fn join(command: &JoinCmd) -> Result<(), Error> {
	let home = existing_home(&command.home)?;
	let spec = ChainSpec::from_json_file(command.spec.clone())
		.map_err(|reason| Error::File { path: command.spec.clone(), reason })?;
	let found = genesis_hash(&spec)?;
	if let Some(expected) = &command.genesis_hash {
		if parse_hex(expected, "hash")? != parse_hex(&found, "hash")? {
			return Err(Error::WrongGenesis { expected: expected.clone(), found });
		}
	}
	for peer in &command.peers {
		sc_network::config::MultiaddrWithPeerId::from_str(peer)
			.map_err(|error| value("address of a node", peer, error))?;
	}
	fs::copy(&command.spec, home.join("chain.json")).map_err(at(&command.spec))?;
	write_public(&home.join("peers"), command.peers.join("\n").as_bytes())?;
	println!("{}", serde_json::json!({ "chain": spec.id(), "genesis-hash": found }));
	Ok(())
}

/// The hash of the first block of a specification.
fn genesis_hash(spec: &ChainSpec) -> Result<String, Error> {
	use sp_runtime::{
		traits::{BlakeTwo256, Hash},
		BuildStorage,
	};
	let storage = spec.build_storage().map_err(Error::Specification)?;
	let executor = sc_executor::WasmExecutor::<sp_io::SubstrateHostFunctions>::builder().build();
	let version =
		sc_chain_spec::resolve_state_version_from_wasm::<_, BlakeTwo256>(&storage, &executor)
			.map_err(|error| Error::Specification(error.to_string()))?;
	let root = BlakeTwo256::trie_root(storage.top.into_iter().collect(), version);
	let block =
		sc_chain_spec::construct_genesis_block::<curex_runtime::opaque::Block>(root, version);
	Ok(format!("{:?}", block.header.hash()))
}

/// Arguments with which the node of a home runs.
pub fn run_arguments(command: &RunHomeCmd) -> Result<Vec<String>, Error> {
	let home = existing_home(&command.home)?;
	let chain = home.join("chain.json");
	if !chain.exists() {
		return Err(Error::NotJoined(home));
	}
	let description: Description = read_json(&home.join("organisation.json"))?;
	let text = |path: PathBuf| path.display().to_string();
	let mut arguments = vec![
		"curex-node".to_owned(),
		"--base-path".into(),
		text(home.join("data")),
		"--chain".into(),
		text(chain),
		"--keystore-path".into(),
		text(home.join("keystore")),
		"--node-key-file".into(),
		text(home.join("node-key")),
		"--name".into(),
		description.name,
		"--no-mdns".into(),
		"--no-telemetry".into(),
		"--rpc-methods".into(),
		"safe".into(),
		"--rpc-max-batch-request-len".into(),
		"50".into(),
		"--rpc-max-request-size".into(),
		"2".into(),
		"--offchain-worker".into(),
		"always".into(),
	];
	if description.kind == OrganisationKind::Hospital {
		arguments.push("--validator".into());
	}
	let peers = fs::read_to_string(home.join("peers")).unwrap_or_default();
	for peer in peers.lines().filter(|line| !line.trim().is_empty()) {
		arguments.extend(["--reserved-nodes".into(), peer.trim().to_owned()]);
	}
	arguments.extend(command.options.iter().cloned());
	Ok(arguments)
}

/// `curex-node keys`
pub fn keys(command: &KeysCmd) -> Result<(), Error> {
	match command {
		KeysCmd::Show { home } => {
			let home = existing_home(home)?;
			let description: Description = read_json(&home.join("organisation.json"))?;
			println!("{}", to_json(&description.node));
			Ok(())
		},
		KeysCmd::Rotate { home, owner } => {
			let home = existing_home(home)?;
			let owner =
				AccountId::from_ss58check(owner).map_err(|error| value("account", owner, error))?;
			let keystore = open_keystore(&home)?;
			let keys = generate_session_keys(&keystore)?;
			let proof = ownership_proof(&keystore, &keys, &owner)?;
			println!(
				"{}",
				serde_json::json!({
					"session-keys": format!("0x{}", hex::encode(keys.encode())),
					"proof": format!("0x{}", hex::encode(proof)),
				})
			);
			Ok(())
		},
	}
}

/// Proves to pallet-session that the account owns the keys: each key signs the statement over the account.
fn ownership_proof(
	keystore: &LocalKeystore,
	keys: &SessionKeys,
	owner: &AccountId,
) -> Result<Vec<u8>, Error> {
	let statement = sp_core::proof_of_possession::statement_of_ownership(&owner.encode());
	let refused = || Error::Keystore("a key that was just generated is missing".into());
	let failed = |error: sp_keystore::Error| Error::Keystore(error.to_string());
	let babe = keystore
		.sr25519_sign(key_types::BABE, keys.babe.as_ref(), &statement)
		.map_err(failed)?
		.ok_or_else(refused)?;
	let grandpa = keystore
		.ed25519_sign(key_types::GRANDPA, keys.grandpa.as_ref(), &statement)
		.map_err(failed)?
		.ok_or_else(refused)?;
	Ok((babe, grandpa).encode())
}

fn generate_session_keys(keystore: &LocalKeystore) -> Result<SessionKeys, Error> {
	let failed = |error: sp_keystore::Error| Error::Keystore(error.to_string());
	Ok(SessionKeys {
		babe: keystore.sr25519_generate_new(key_types::BABE, None).map_err(failed)?.into(),
		grandpa: keystore.ed25519_generate_new(key_types::GRANDPA, None).map_err(failed)?.into(),
	})
}

fn open_keystore(home: &Path) -> Result<LocalKeystore, Error> {
	LocalKeystore::open(home.join("keystore"), None)
		.map_err(|error| Error::Keystore(error.to_string()))
}

fn describe_member(member: &MemberParams) -> Result<Description, Error> {
	if member.name.is_empty() || member.name.len() > 64 {
		return Err(value("name", &member.name, "1 to 64 bytes"));
	}
	let kind: OrganisationKind =
		word(&member.kind, "kind of organisation", "hospital, care-centre or authority")?;
	let country: Country =
		word(&member.country, "country", "two upper-case letters (ISO 3166-1 alpha-2)")?;
	let competences = member
		.competence
		.iter()
		.map(|text| {
			word(
				text,
				"competence",
				"data-protection, network-security, health-data-access or market-surveillance",
			)
		})
		.collect::<Result<Competences, Error>>()?;
	let key = parse_hex(&member.encryption_key, "X25519 key")?;
	if key.len() != 32 || key.iter().all(|byte| *byte == 0) {
		return Err(value(
			"X25519 key",
			&member.encryption_key,
			"32 bytes in hexadecimal, not all zero",
		));
	}
	Ok(Description {
		name: member.name.clone(),
		kind,
		country,
		competences: competences.iter().collect(),
		encryption_key: format!("0x{}", hex::encode(key)),
		delegates: member.delegates.iter().map(|text| delegate(text)).collect::<Result<_, _>>()?,
		node: None,
	})
}

fn delegate(text: &str) -> Result<Delegate, Error> {
	let expected = "ACCOUNT=DUTY,DUTY… with an SS58 account and duties among administration, council, \
	                security-report, security-decision, consent, exchange, emergency, review, oversight";
	let (account, duties) =
		text.split_once('=').ok_or_else(|| value("delegate", text, expected))?;
	let account =
		AccountId::from_ss58check(account).map_err(|_| value("delegate", text, expected))?;
	let duties = duties
		.split(',')
		.map(|duty| word::<Duty>(duty, "duty", expected))
		.collect::<Result<Duties, _>>()?;
	Ok(Delegate { account: account.to_ss58check(), duties })
}

/// Reads a word of the vocabulary.
fn word<T: DeserializeOwned>(text: &str, what: &'static str, expected: &str) -> Result<T, Error> {
	serde_json::from_value(serde_json::Value::String(text.trim().into()))
		.map_err(|_| value(what, text, expected))
}

fn value(what: &'static str, value: &str, expected: impl ToString) -> Error {
	Error::Value { what, value: value.into(), expected: expected.to_string() }
}

fn parse_hex(text: &str, what: &'static str) -> Result<Vec<u8>, Error> {
	hex::decode(text.strip_prefix("0x").unwrap_or(text))
		.map_err(|error| value(what, text, format!("hexadecimal ({error})")))
}

fn existing_home(home: &Path) -> Result<PathBuf, Error> {
	for part in ["organisation.json", "node-key", "keystore"] {
		if !home.join(part).exists() {
			return Err(Error::NotAHome(home.into(), part));
		}
	}
	Ok(home.into())
}

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> Error + '_ {
	move |error| Error::File { path: path.into(), reason: error.to_string() }
}

fn create_private_folder(path: &Path) -> Result<(), Error> {
	use std::os::unix::fs::DirBuilderExt;
	fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(at(path))
}

fn write_private(path: &Path, bytes: &[u8]) -> Result<(), Error> {
	use std::os::unix::fs::OpenOptionsExt;
	let mut file = fs::OpenOptions::new()
		.write(true)
		.create_new(true)
		.mode(0o600)
		.open(path)
		.map_err(at(path))?;
	file.write_all(bytes).and_then(|()| file.sync_all()).map_err(at(path))
}

fn write_public(path: &Path, bytes: &[u8]) -> Result<(), Error> {
	fs::write(path, bytes).map_err(at(path))
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
	let text = fs::read(path).map_err(at(path))?;
	serde_json::from_slice(&text)
		.map_err(|error| Error::File { path: path.into(), reason: error.to_string() })
}

fn to_json<T: Serialize>(value: &T) -> String {
	serde_json::to_string_pretty(value).unwrap_or_default()
}
