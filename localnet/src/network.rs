//! The consortium's nodes, set up with the commands a hospital would use.

use crate::{
	layout::{Layout, Member, HOSPITALS, MEMBERS},
	process::{self, Process},
	Error,
};
use curex_client::keys::{EncryptionKey, KeyFile, Password, Scheme};
use std::{
	fs,
	path::{Path, PathBuf},
};

/// Length of a slot of the local consortium, in milliseconds.
pub const SLOT_MS: u64 = 2_000;

/// Length of an epoch, in slots.
const EPOCH_SLOTS: u32 = 60;

/// The persons and services of a member that sign, with their duties.
fn accounts(member: &Member) -> &'static [(&'static str, &'static str)] {
	match member.kind {
		"hospital" => &[
			("administrator", "administration,council"),
			("officer", "security-decision"),
			("gateway", "consent,exchange"),
			("reviewer", "review,oversight,emergency"),
		],
		"care-centre" => &[
			("administrator", "administration"),
			("officer", "security-report,security-decision"),
			("gateway", "consent,exchange,emergency"),
			("desk", "exchange,emergency"),
			("reviewer", "review,oversight"),
		],
		_ => &[("administrator", "administration"), ("reviewer", "review,oversight")],
	}
}

/// The account of an authority that signs in at the explorer: the one with the duty of oversight.
pub const AUDITOR: &str = "reviewer";

/// File of an account's key.
pub fn account_file(layout: &Layout, member: &Member, account: &str) -> PathBuf {
	layout.member(member).join("accounts").join(format!("{account}.json"))
}

/// File of the password of a member's keys. The local consortium keeps it beside them; a member would not.
pub fn password_file(layout: &Layout, member: &Member) -> PathBuf {
	layout.member(member).join("accounts").join("password")
}

/// File of a member's decryption key.
pub fn encryption_file(layout: &Layout, member: &Member) -> PathBuf {
	account_file(layout, member, "encryption")
}

/// Creates keys and homes of all members and the consortium's specification, unless they exist.
pub fn found(layout: &Layout) -> Result<(), Error> {
	if layout.specification().exists() {
		return Ok(());
	}
	let members = layout.home.join("members");
	if members.exists() {
		// An earlier founding was interrupted: without a specification its keys belong to nothing.
		fs::remove_dir_all(&members).map_err(Error::at(&members))?;
	}
	for member in &MEMBERS {
		found_member(layout, member)?;
	}
	let mut command = vec![
		layout.binary("curex-node"),
		"genesis".into(),
		"--name".into(),
		"CUREX Local Consortium".into(),
		"--id".into(),
		"curex_localnet".into(),
		"--local".into(),
		"--slot-ms".into(),
		SLOT_MS.to_string(),
		"--epoch-slots".into(),
		EPOCH_SLOTS.to_string(),
	];
	for member in &MEMBERS {
		command.push("--member".into());
		command.push(layout.member(member).join("organisation.json").display().to_string());
	}
	let specification = process::output(&command)?;
	let path = layout.specification();
	let unfinished = path.with_extension("new");
	fs::write(&unfinished, specification).map_err(Error::at(&unfinished))?;
	join_all(layout, &unfinished)?;
	// Last of all: only a consortium that is complete counts as founded.
	fs::rename(&unfinished, &path).map_err(Error::at(&path))
}

fn found_member(layout: &Layout, member: &Member) -> Result<(), Error> {
	use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
	let folder = layout.member(member).join("accounts");
	fs::DirBuilder::new()
		.recursive(true)
		.mode(0o700)
		.create(&folder)
		.map_err(Error::at(&folder))?;
	let password_path = password_file(layout, member);
	let password = hex::encode(*EncryptionKey::generate().to_bytes());
	{
		use std::io::Write;
		let mut file = fs::OpenOptions::new()
			.write(true)
			.create_new(true)
			.mode(0o600)
			.open(&password_path)
			.map_err(Error::at(&password_path))?;
		file.write_all(password.as_bytes()).map_err(Error::at(&password_path))?;
	}
	let client =
		|source| Error::Client { context: format!("making keys of {}", member.name), source };
	let password = Password::new(&password).map_err(client)?;

	let key = EncryptionKey::generate();
	KeyFile::of_encryption_key(&key, member.name, &password)
		.and_then(|file| file.write_new(&encryption_file(layout, member)))
		.map_err(client)?;
	let mut description = vec![
		"--name".to_owned(),
		member.name.into(),
		"--kind".into(),
		member.kind.into(),
		"--country".into(),
		member.country.into(),
		"--encryption-key".into(),
		hex::encode(key.public()),
	];
	if member.kind == "authority" {
		description.extend(["--competence".into(), "data-protection".into()]);
	}
	for (account, duties) in accounts(member) {
		let scheme = match (member.kind, *account) {
			// What is signed off the ledger (`curex batch countersign`, `curex emergency ask`) takes sr25519.
			("care-centre", "desk") => Scheme::Sr25519,
			// A centre's other accounts as hardware would hold them; see keys::pkcs11 of the client.
			("care-centre", _) => Scheme::Ed25519,
			_ => Scheme::Sr25519,
		};
		// The recovery phrase goes nowhere: the local consortium can be founded anew.
		let (file, _) = KeyFile::generate_account(scheme, account, &password).map_err(client)?;
		file.write_new(&account_file(layout, member, account)).map_err(client)?;
		description.extend(["--delegate".into(), format!("{}={duties}", file.address())]);
	}

	let home = layout.member(member);
	if member.kind == "hospital" {
		let command = [
			vec![
				layout.binary("curex-node"),
				"init".into(),
				"--home".into(),
				home.display().to_string(),
			],
			description,
		]
		.concat();
		process::output(&command)?;
	} else {
		let command = [vec![layout.binary("curex-node"), "describe".into()], description].concat();
		let path = home.join("organisation.json");
		fs::write(&path, process::output(&command)?).map_err(Error::at(&path))?;
	}
	Ok(())
}

fn join_all(layout: &Layout, specification: &Path) -> Result<(), Error> {
	let mut addresses = Vec::new();
	for (index, member) in MEMBERS.iter().take(HOSPITALS).enumerate() {
		let path = layout.member(member).join("organisation.json");
		let text = fs::read_to_string(&path).map_err(Error::at(&path))?;
		let peer = serde_json::from_str::<serde_json::Value>(&text)
			.ok()
			.and_then(|description| description["node"]["peer-id"].as_str().map(str::to_owned))
			.ok_or_else(|| Error::File { path: path.clone(), reason: "names no node".into() })?;
		addresses.push(format!("/ip4/127.0.0.1/tcp/{}/p2p/{peer}", layout.peer_port(index)));
	}
	let mut genesis: Option<String> = None;
	for (index, member) in MEMBERS.iter().take(HOSPITALS).enumerate() {
		let mut command = vec![
			layout.binary("curex-node"),
			"join".into(),
			"--home".into(),
			layout.member(member).display().to_string(),
			"--spec".into(),
			specification.display().to_string(),
		];
		// The first member tells the others what the first block must be.
		if let Some(hash) = &genesis {
			command.extend(["--genesis-hash".into(), hash.clone()]);
		}
		for (other, address) in addresses.iter().enumerate() {
			if other != index {
				command.extend(["--peer".into(), address.clone()]);
			}
		}
		let answer: serde_json::Value =
			serde_json::from_str(&process::output(&command)?).map_err(|reason| Error::Failed {
				command: "curex-node join".into(),
				output: reason.to_string(),
			})?;
		genesis = genesis.or_else(|| answer["genesis-hash"].as_str().map(str::to_owned));
	}
	Ok(())
}

/// Starts the four nodes. Hospital A's supervises its agent.
pub fn start(
	layout: &Layout,
	agent_config: &Path,
	options: &[String],
) -> Result<Vec<Process>, Error> {
	for (hospital, member) in MEMBERS.iter().enumerate().take(HOSPITALS) {
		process::ensure_free_tcp(layout.rpc_port(hospital), member.name)?;
		process::ensure_free_tcp(layout.peer_port(hospital), member.name)?;
		process::ensure_free_tcp(layout.metrics_port(hospital), member.name)?;
	}
	(0..HOSPITALS)
		.map(|hospital| {
			let member = &MEMBERS[hospital];
			let mut command = vec![
				layout.binary("curex-node"),
				"run".into(),
				"--home".into(),
				layout.member(member).display().to_string(),
				"--".into(),
				"--rpc-port".into(),
				layout.rpc_port(hospital).to_string(),
				"--prometheus-port".into(),
				layout.metrics_port(hospital).to_string(),
				"--listen-addr".into(),
				format!("/ip4/127.0.0.1/tcp/{}", layout.peer_port(hospital)),
				"--allow-private-ip".into(),
				"--db-cache".into(),
				"64".into(),
				"--trie-cache-size".into(),
				"33554432".into(),
				"--max-runtime-instances".into(),
				"4".into(),
			];
			command.extend(options.iter().cloned());
			if hospital >= HOSPITALS - 2 {
				// Audits reach back to the first block: two members keep every state.
				command.extend(["--state-pruning".into(), "archive".into()]);
			}
			if hospital == 0 {
				command.extend(["--agent".into(), agent_config.display().to_string()]);
			}
			Process::start(member.name, &command, &layout.logs().join(format!("{}.log", member.id)))
		})
		.collect()
}
