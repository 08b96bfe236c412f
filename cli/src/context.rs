//! What every command needs: the node, the keys, the state folder, the output.

use crate::{assessor::Policies, progress};
use clap::Args;
use curex_client::{
	directory::MemberDirectory,
	exchange::Opening,
	fhir::check::Outcome,
	keys::pkcs11::{TokenKey, TokenUri},
	time, Client, EncryptionKey, Error, KeyFile, Options, Password, Recorded, Signer,
};
use serde::{de::DeserializeOwned, Serialize};
use serde_json::{json, Value};
use std::{
	path::{Path, PathBuf},
	time::Duration,
};

/// Options of every command.
#[derive(Args)]
pub struct Global {
	/// Address of the node; of several, separated by commas, the first that answers and is not behind the others.
	#[arg(long, global = true, env = "CUREX_NODE", default_value = "ws://127.0.0.1:9944")]
	pub node: String,
	/// Refuse a node of another chain than the one with this genesis hash.
	#[arg(long, global = true, env = "CUREX_GENESIS", value_parser = bytes::<32>)]
	pub genesis: Option<Bytes<32>>,
	/// Trust root (`curex trust-root`) against which partners' keys are verified before anything is sealed to them; needed
	/// at another organisation's node.
	#[arg(long, global = true, env = "CUREX_TRUST_ROOT")]
	pub trust: Option<PathBuf>,
	/// Key file of the account that signs; of several (given again, or separated by commas), which have one password and act for
	/// one organisation, each signs what it has the least to do with.
	#[arg(long, global = true, env = "CUREX_KEY", value_delimiter = ',')]
	pub key: Vec<PathBuf>,
	/// Key file of the organisation's encryption key.
	#[arg(long, global = true, env = "CUREX_ENCRYPTION_KEY")]
	pub encryption_key: Option<PathBuf>,
	/// File whose first line is the password of the key files.
	#[arg(long, global = true, env = "CUREX_PASSWORD_FILE")]
	pub password_file: Option<PathBuf>,
	/// Account whose key is in a token, as a PKCS#11 URI (RFC 7512):
	/// pkcs11:token=…;object=…?module-path=….so. Its PIN is read from --pin-file, from the URI's pin-source, or from the
	/// environment variable CUREX_PIN.
	#[arg(long, global = true, env = "CUREX_SIGNER", value_name = "URI", conflicts_with = "key")]
	pub signer: Option<String>,
	/// File whose first line is the PIN of the token.
	#[arg(long, global = true, env = "CUREX_PIN_FILE")]
	pub pin_file: Option<PathBuf>,
	/// Development account such as //Alice; on development and local chains only.
	#[arg(long, global = true, conflicts_with_all = ["key", "signer"])]
	pub dev: Option<String>,
	/// Folder for pending exchanges, the outbox of the account, and the gateway's store.
	#[arg(long, global = true, env = "CUREX_STATE", default_value = "curex-state")]
	pub state: PathBuf,
	/// Seconds to wait for a block or for the other side.
	#[arg(long, global = true, default_value_t = 120)]
	pub wait: u64,
	#[command(flatten)]
	pub policies: Policies,
	/// Accept a node with another version of the runtime; every call is still checked.
	#[arg(long, global = true)]
	pub other_runtime: bool,
	/// Print one JSON object.
	#[arg(long, global = true)]
	pub json: bool,
}

/// The folder, below that of the state, for what opens commitments of which the ledger may not have heard yet.
const OPENINGS: &str = "openings";

/// `N` bytes given in hexadecimal.
#[derive(Clone, Copy, Debug)]
pub struct Bytes<const N: usize>(pub [u8; N]);

/// Reads `N` bytes in hexadecimal, with or without `0x`.
pub fn bytes<const N: usize>(text: &str) -> Result<Bytes<N>, String> {
	let mut bytes = [0; N];
	hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut bytes)
		.map_err(|_| format!("expected {N} bytes in hexadecimal"))?;
	Ok(Bytes(bytes))
}

/// Reads a word of the ledger's vocabulary, such as `very-low` or `wrong-patient`.
pub fn word<T: DeserializeOwned>(text: &str) -> Result<T, String> {
	serde_json::from_value(Value::String(text.into())).map_err(|error| error.to_string())
}

/// Reads an account: an SS58 address or a public key in hexadecimal.
pub fn account(text: &str) -> Result<Bytes<32>, String> {
	bytes(text).or_else(|_| {
		text.parse::<subxt::utils::AccountId32>()
			.map(|account| Bytes(account.0))
			.map_err(|_| "expected an SS58 address or 32 bytes in hexadecimal".into())
	})
}

/// The result of a command.
pub struct Output {
	text: String,
	json: Value,
	/// The exit code: other than 0 if what is told is in part a failure.
	pub code: u8,
}

impl Output {
	/// A result that is told in words and as JSON.
	pub fn new(text: impl Into<String>, json: impl Serialize) -> Self {
		Self { text: text.into(), json: serde_json::to_value(json).unwrap_or_default(), code: 0 }
	}

	/// A result that people read as indented JSON, too.
	pub fn data(json: impl Serialize) -> Self {
		let json = serde_json::to_value(json).unwrap_or_default();
		Self { text: serde_json::to_string_pretty(&json).unwrap_or_default(), json, code: 0 }
	}

	/// A recorded transaction.
	pub fn recorded(what: &str, recorded: &Recorded) -> Self {
		let again = if recorded.already_recorded { " (it was there already)" } else { "" };
		let Recorded { block_number, extrinsic_index, .. } = recorded;
		Self::new(
			format!("{what}{again}: block {block_number}, extrinsic {extrinsic_index}"),
			recorded,
		)
	}

	/// The exit code with which the program ends.
	#[must_use]
	pub fn ending_with(self, code: u8) -> Self {
		Self { code, ..self }
	}

	/// Adds a field to the JSON.
	#[must_use]
	pub fn with(mut self, key: &str, value: impl Serialize) -> Self {
		self.json[key] = serde_json::to_value(value).unwrap_or_default();
		self
	}

	/// Prints the result.
	pub fn print(&self, json: bool) {
		use std::io::Write;
		let mut out = std::io::stdout().lock();
		// Who stopped reading does not miss the rest.
		let _ = if json { writeln!(out, "{}", self.json) } else { writeln!(out, "{}", self.text) };
	}
}

/// The options, and what they lead to.
pub struct Context {
	/// Options of every command.
	pub global: Global,
}

impl Context {
	/// A context.
	pub fn new(global: Global) -> Self {
		Self { global }
	}

	/// How long to wait.
	pub fn patience(&self) -> Duration {
		Duration::from_secs(self.global.wait)
	}

	/// Tells a person what is going on.
	pub fn progress(&self, text: impl std::fmt::Display) {
		if !self.global.json {
			eprintln!("{text}");
		}
	}

	/// The password of the key files.
	pub fn password(&self) -> Result<Password, Error> {
		let path = self
			.global
			.password_file
			.as_ref()
			.ok_or_else(|| Error::Key("give the password with --password-file".into()))?;
		Password::from_file(path)
	}

	/// The account, which a command without node needs.
	pub fn account(&self) -> Result<Signer, Error> {
		let first = self.signers()?.into_iter().next();
		first.ok_or_else(|| Error::Key("give an account with --key, --signer or --dev".into()))
	}

	/// The accounts that sign, if any is given.
	fn signers(&self) -> Result<Vec<Signer>, Error> {
		if let Some(path) = &self.global.dev {
			return Ok(vec![Signer::development(path)?]);
		}
		if let Some((uri, pin)) = self.token()? {
			return Ok(vec![Signer::remote(TokenKey::open(uri, pin)?)]);
		}
		let unlock = |path: &PathBuf| KeyFile::read(path)?.unlock_account(&self.password()?);
		self.global.key.iter().map(unlock).collect()
	}

	/// The token's key that `--signer` names, and its PIN unless the URI says where that is.
	pub fn token(&self) -> Result<Option<(TokenUri, Option<Password>)>, Error> {
		let Some(uri) = &self.global.signer else { return Ok(None) };
		let uri = TokenUri::parse(uri)?;
		let pin = match (&self.global.pin_file, std::env::var("CUREX_PIN")) {
			(Some(path), _) => Some(Password::from_file(path)?),
			(None, Ok(pin)) => Some(Password::new(&pin)?),
			(None, Err(_)) => None,
		};
		Ok(Some((uri, pin)))
	}

	/// The organisation's encryption key.
	pub fn encryption_key(&self) -> Result<EncryptionKey, Error> {
		let path = self.global.encryption_key.as_ref().ok_or_else(|| {
			Error::Key("give the organisation's encryption key with --encryption-key".into())
		})?;
		KeyFile::read(path)?.unlock_encryption_key(&self.password()?)
	}

	/// A client without account, for reading.
	pub async fn reader(&self) -> Result<Client, Error> {
		self.connect(Vec::new()).await
	}

	/// A client with the accounts, if any is given.
	pub async fn client(&self) -> Result<Client, Error> {
		let signers = self.signers()?;
		self.connect(signers).await
	}

	/// A client with the accounts for urgent care: where no node answers, one that knows the members as the directory in the
	/// state folder has them.
	pub async fn urgent_client(&self) -> Result<Client, Error> {
		let signers = self.signers()?;
		let lost = match self.connect(signers.clone()).await {
			Err(Error::Connection(reason)) => reason,
			outcome => return outcome,
		};
		let path = self.members_path();
		if !path.exists() {
			return Err(Error::Connection(format!(
				"{lost}; and there is no directory of members ({})",
				path.display()
			)));
		}
		let members = MemberDirectory::read(&path)?;
		let age = time::now().saturating_sub(members.taken) / time::HOUR;
		// Also beside JSON: who decides on it has to know.
		eprintln!(
			"no node answers ({lost}); going by the members of block {}, taken {age} h ago",
			members.height
		);
		let (signer, options) = self.options(signers)?;
		self.equipped(members.client(signer, options).await?)
	}

	/// Where the directory of members lies.
	pub fn members_path(&self) -> PathBuf {
		self.global.state.join("members.json")
	}

	/// Takes the directory of members from the client's node.
	pub async fn keep_members(&self, client: &Client) -> Result<MemberDirectory, Error> {
		let members = MemberDirectory::of(client).await?;
		self.folder("")?;
		members.write(&self.members_path())?;
		Ok(members)
	}

	async fn connect(&self, signers: Vec<Signer>) -> Result<Client, Error> {
		let (signer, options) = self.options(signers)?;
		self.equipped(Client::connect_with(&self.global.node, signer, options).await?)
	}

	/// The client, keeping openings and telling how far it is.
	fn equipped(&self, client: Client) -> Result<Client, Error> {
		let client = match client.signer() {
			Ok(_) => client.keeping_openings(&self.folder(OPENINGS)?),
			Err(_) => client,
		};
		// A program that reads JSON does not look at how far it is.
		Ok(if self.global.json { client } else { client.watched(progress::teller()) })
	}

	fn options(&self, signers: Vec<Signer>) -> Result<(Option<Signer>, Options), Error> {
		let trust_root = match &self.global.trust {
			Some(path) => Some(
				serde_json::from_slice(&read(path)?)
					.map_err(|error| Error::json("the trust root", &error))?,
			),
			None => None,
		};
		let outbox = signers.first().map(|_| self.folder("")).transpose()?;
		let mut signers = signers.into_iter();
		let signer = signers.next();
		let options = Options {
			genesis: self.global.genesis.map(|genesis| genesis.0),
			other_runtime: self.global.other_runtime,
			trust_root,
			patience: self.patience(),
			outbox,
			more_signers: signers.collect(),
		};
		Ok((signer, options))
	}

	/// A folder below the state folder, created if need be.
	pub fn folder(&self, name: &str) -> Result<PathBuf, Error> {
		let path = self.global.state.join(name);
		std::fs::create_dir_all(&path).map_err(|error| file_error(&path, error))?;
		Ok(path)
	}
}

/// Reads a file the user gave.
pub fn read(path: &Path) -> Result<Vec<u8>, Error> {
	std::fs::read(path).map_err(|error| file_error(path, error))
}

/// A file the user gave whose content is read as it is needed: told at once if it is none.
pub fn present(path: &Path) -> Result<&Path, Error> {
	let metadata = std::fs::metadata(path).map_err(|error| file_error(path, error))?;
	match metadata.is_file() {
		true => Ok(path),
		false => Err(file_error(path, "is not a regular file")),
	}
}

/// Reads a text the user gave.
pub fn read_text(path: &Path) -> Result<String, Error> {
	std::fs::read_to_string(path).map_err(|error| file_error(path, error))
}

/// Reads JSON the user gave; `what` names it.
pub fn parse<T: DeserializeOwned>(path: &Path, what: &str) -> Result<T, Error> {
	serde_json::from_slice(&read(path)?).map_err(|error| Error::json(what, &error))
}

/// JSON that people read, too.
pub fn pretty(content: &impl Serialize) -> Result<Vec<u8>, Error> {
	serde_json::to_vec_pretty(content).map_err(|error| Error::Input(error.to_string()))
}

/// Writes a new file that only its owner may read.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), Error> {
	use std::io::Write;
	let mut options = std::fs::OpenOptions::new();
	options.write(true).create_new(true);
	#[cfg(unix)]
	std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
	options
		.open(path)
		.and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
		.map_err(|error| file_error(path, error))
}

/// Gives what opens a commitment on the ledger its place below the state folder, and tells where it is. What has that place
/// already stays.
pub fn keep_opening(
	context: &Context,
	folder: &str,
	name: &str,
	opening: &Opening,
) -> Result<PathBuf, Error> {
	let path = context.folder(folder)?.join(format!("{name}.json"));
	// The client put it there before the ledger heard of it.
	let kept = context.folder(OPENINGS)?;
	let kept = kept.join(format!("{}.json", hex::encode(opening.commitment.0)));
	match (path.exists(), kept.exists()) {
		(true, true) => return Ok(kept),
		(true, false) => (),
		(false, true) => {
			std::fs::rename(&kept, &path).map_err(|error| file_error(&path, error))?;
		},
		(false, false) => write_private(&path, &pretty(opening)?)?,
	}
	Ok(path)
}

/// Does what files were written for, and removes them if it is refused for good: they are of nothing then.
pub async fn keep_unless_refused<T>(
	files: &[&Path],
	work: impl std::future::Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
	let outcome = work.await;
	if outcome.as_ref().is_err_and(|error| !error.is_retryable()) {
		for path in files {
			std::fs::remove_file(path).map_err(|error| file_error(path, error))?;
		}
	}
	outcome
}

/// A failure as programs read it: as this library tells it, and as a FHIR OperationOutcome.
pub fn failure(error: &Error) -> Value {
	json!({ "error": error.to_json(), "outcome": Outcome::of_failure(error).to_json() })
}

/// A file that cannot be read or written.
pub fn file_error(path: &Path, error: impl std::fmt::Display) -> Error {
	Error::File { path: path.display().to_string(), reason: error.to_string() }
}
