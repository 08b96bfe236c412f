//! `curex-explorer`: indexes the finalised ledger, serves its pages, and measures itself.

mod bench;

use clap::{Args, Parser, Subcommand};
use curex_client::{KeyFile, Password};
use curex_explorer::{
	access::{
		anchor::{Anchorer, SharedAnchoring, PERIOD},
		Access, Desk, QueryLog,
	},
	follow::{Indexer, SharedStatus, KEEP_PRUNED},
	prove::Witness,
	web::{self, App},
	Error, Place, Reader, Store,
};
use curex_verify::TrustRoot;
use std::{
	net::SocketAddr,
	path::{Path, PathBuf},
	process::ExitCode,
	sync::Arc,
};
use tokio::net::TcpListener;

/// A minute, in milliseconds.
const MINUTE: u64 = 60_000;

/// A day, in milliseconds.
const DAY: u64 = 24 * 60 * MINUTE;

/// The regulator's window: an explorer of the CUREX ledger that proves what it shows.
#[derive(Parser)]
#[command(name = "curex-explorer", version)]
struct Arguments {
	#[command(subcommand)]
	command: Command,
}

#[derive(Subcommand)]
enum Command {
	/// Index the ledger and serve its pages until stopped.
	Run(Run),
	/// Check the chain of a log of queries, and print its end, which an anchor says.
	QueryLog {
		/// The log.
		file: PathBuf,
	},
	/// Fill an index with generated exchanges and time its searches.
	Bench(bench::Bench),
}

#[derive(Args)]
struct Run {
	/// Nodes to follow, the first one first: `wss://…`, or `ws://…` on this machine. Proofs of old records need one
	/// that keeps old states (`--state-pruning archive`).
	#[arg(long = "node", required = true)]
	nodes: Vec<String>,
	/// The index: a file, made if it is not there, or a database of a PostgreSQL server on this machine
	/// (`postgresql:///curex?host=/run/postgresql`).
	#[arg(
		long,
		env = "CUREX_EXPLORER_DATABASE",
		hide_env_values = true,
		default_value = "explorer.sqlite"
	)]
	database: Place,
	/// So many days after the ledger pruned a record it leaves the index, unless an open inquiry is about it.
	#[arg(long, value_name = "DAYS", default_value_t = KEEP_PRUNED / DAY)]
	keep_pruned: u64,
	/// Where to serve. Over a network put a proxy with TLS in front of it.
	#[arg(long, default_value = "127.0.0.1:10010")]
	listen: SocketAddr,
	/// Let whoever reaches the address read everything, without signing in; on this machine alone.
	#[arg(long)]
	open: bool,
	/// Where every question of those who sign in is written down; beside the index if not said.
	#[arg(long, conflicts_with = "open")]
	query_log: Option<PathBuf>,
	/// The key file of a delegate with the duty of oversight: the log of queries is anchored on the ledger with it, in the
	/// name of the delegate's organisation. Its outbox is beside the log.
	#[arg(long, conflicts_with = "open", requires = "anchor_password_file")]
	anchor_key: Option<PathBuf>,
	/// The file with the password of that key file.
	#[arg(long, requires = "anchor_key")]
	anchor_password_file: Option<PathBuf>,
	/// The log is anchored so often.
	#[arg(long, value_name = "MINUTES", requires = "anchor_key", default_value_t = PERIOD / MINUTE,
		value_parser = clap::value_parser!(u64).range(1..=525_600))]
	anchor_every: u64,
	/// The verifier for browsers (`scripts/browser-verifier.sh`); `curex-verify.wasm` beside this program if not said.
	#[arg(long)]
	verifier: Option<PathBuf>,
	/// The name under which browsers reach the explorer, if not by address.
	#[arg(long)]
	name: Option<String>,
	/// The authorities of the first block (`curex trust-root`), from a source you trust. Without, they are derived from
	/// the first block of the first node.
	#[arg(long)]
	trust_root: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
	tracing_subscriber::fmt()
		.with_writer(std::io::stderr)
		.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
		.with_env_filter(
			tracing_subscriber::EnvFilter::try_from_default_env()
				.unwrap_or_else(|_| "error,curex_explorer=info".into()),
		)
		.init();
	let outcome = match Arguments::parse().command {
		Command::Run(command) => run(command).await,
		Command::QueryLog { file } => query_log(&file),
		Command::Bench(command) => bench::run(&command),
	};
	match outcome {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			eprintln!("error: {error}");
			ExitCode::FAILURE
		},
	}
}

async fn run(command: Run) -> Result<(), Error> {
	if command.open && !command.listen.ip().is_loopback() {
		return Err(Error::Input(
			"--open serves on this machine alone: --listen 127.0.0.1:…".into(),
		));
	}
	let root = command.trust_root.as_deref().map(read_root).transpose()?;
	let store = Store::open(&command.database)?;
	let status = SharedStatus::default();
	if let (Ok(mut status), Some((number, _))) = (status.write(), store.head()) {
		status.indexed = Some(number);
	}
	let listener =
		TcpListener::bind(command.listen).await.map_err(Error::at(command.listen.to_string()))?;
	let address = listener.local_addr().map_err(Error::at(command.listen.to_string()))?;
	let reader = Reader::new(command.database.clone());
	let witness = Witness::new(command.nodes.clone(), root.clone());
	let genesis = root.map(|root| root.genesis.0);
	let log = command.query_log.clone().unwrap_or_else(|| query_log_beside(&command.database));
	let access = if command.open {
		Access::Open
	} else {
		Access::SignIn(Box::new(Desk::new(QueryLog::open(&log)?)))
	};
	let anchoring = anchor(&command, genesis, &log)?;
	let mut app = App::new(reader, witness, status.clone(), command.name, access);
	if let Some(module) = read_verifier(command.verifier)? {
		app = app.with_verifier(module);
	}
	if let Some(anchoring) = anchoring {
		app = app.with_anchoring(anchoring);
	}
	let app = Arc::new(app);
	let indexer = Indexer::new(command.nodes, genesis, store, status)
		.keeping_pruned(command.keep_pruned.saturating_mul(DAY));
	tokio::spawn(indexer.run());
	println!("explorer at http://{address}");
	tokio::select! {
		never = web::serve(listener, app) => match never {},
		stopped = stop() => stopped,
	}
}

/// Begins to anchor the log of queries, if a key is named for it.
fn anchor(
	command: &Run,
	genesis: Option<[u8; 32]>,
	log: &Path,
) -> Result<Option<SharedAnchoring>, Error> {
	let (Some(key), Some(password)) = (&command.anchor_key, &command.anchor_password_file) else {
		return Ok(None);
	};
	let signer = KeyFile::read(key)?.unlock_account(&Password::from_file(password)?)?;
	let period = command.anchor_every * MINUTE;
	let shared = SharedAnchoring::default();
	if let Ok(mut anchoring) = shared.write() {
		anchoring.period = period;
	}
	let beside = log.parent().unwrap_or(Path::new("")).to_path_buf();
	let anchorer = Anchorer::new(command.nodes.clone(), genesis, signer, beside, period);
	tokio::spawn(anchorer.run(QueryLog::open(log)?, shared.clone()));
	Ok(Some(shared))
}

/// Where the log of queries is if nothing is said: beside the index, in this folder if that is on a server.
fn query_log_beside(database: &Place) -> PathBuf {
	database.file().unwrap_or(Path::new("explorer.sqlite")).with_extension("queries.sqlite")
}

/// Returns when the program is asked to end. Whole blocks are on disk at any moment.
async fn stop() -> Result<(), Error> {
	use tokio::signal::unix::{signal, SignalKind};
	let mut terminate = signal(SignalKind::terminate()).map_err(Error::at("signals"))?;
	let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::at("signals"))?;
	tokio::select! {
		_ = terminate.recv() => (),
		_ = interrupt.recv() => (),
	}
	Ok(())
}

/// The verifier for browsers: the one that was named, which has to be there, or the one beside this program.
fn read_verifier(named: Option<PathBuf>) -> Result<Option<Vec<u8>>, Error> {
	if let Some(path) = named {
		return std::fs::read(&path).map(Some).map_err(Error::at(path.display().to_string()));
	}
	let beside = std::env::current_exe().ok().map(|path| path.with_file_name("curex-verify.wasm"));
	Ok(beside.and_then(|path| std::fs::read(path).ok()))
}

fn query_log(file: &Path) -> Result<(), Error> {
	let head = QueryLog::check(file)?;
	println!("{}", serde_json::json!(head));
	Ok(())
}

fn read_root(path: &Path) -> Result<TrustRoot, Error> {
	let bytes = std::fs::read(path).map_err(Error::at(path.display().to_string()))?;
	serde_json::from_slice(&bytes)
		.map_err(|error| Error::Input(format!("{}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::CommandFactory;

	#[test]
	fn the_arguments_are_consistent() {
		Arguments::command().debug_assert();
	}
}
