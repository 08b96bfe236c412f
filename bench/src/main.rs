//! Measures the ledger on four validators of this machine. See `docs/bench.md`.
//!
//! | module | what it does |
//! |---|---|
//! | [`network`] | the validators |
//! | [`members`] | the organisations and their accounts |
//! | [`ledger`], [`chain`] | the connection; which block holds what, since when, and since when it is final |
//! | [`paths`] | what is signed for each path |
//! | [`load`] | keeps the pools full |
//! | [`exchange`], [`withdrawal`] | the measurements of the ledger |
//! | [`explorer`] | what an explorer makes of many exchanges, of new session keys and another runtime |
//! | [`transfer`], [`client`] | the measurements of large parts on their way, and of the client |
//! | [`postgres`] | the same life-cycle in a database |
//! | [`processor`] | where processor time goes |
//! | [`statistics`], [`report`] | what is told of it |

mod chain;
mod client;
mod error;
mod exchange;
mod explorer;
mod ledger;
mod load;
mod members;
mod network;
mod paths;
mod postgres;
mod processor;
mod report;
mod statistics;
mod transfer;
mod withdrawal;

pub use error::Error;

use clap::{Args, Parser, Subcommand};
use paths::Path as ExchangePath;
use std::{
	fs,
	os::unix::fs::PermissionsExt,
	path::{Path, PathBuf},
	process::ExitCode,
};
use tokio::signal::unix::{signal, SignalKind};

/// Measures the ledger on four validators of this machine.
#[derive(Parser)]
struct Arguments {
	#[command(subcommand)]
	command: Command,
}

#[derive(Subcommand)]
enum Command {
	/// Exchanges per second on each path, beside a floor and PostgreSQL.
	Exchange(ExchangeArguments),
	/// How soon a withdrawal is in a block, and final, while every block is full.
	Withdrawal(WithdrawalArguments),
	/// How fast large parts go from node to node, beside a plain encrypted copy.
	Transfer(TransferArguments),
	/// What the client needs for a request, and how many it submits.
	Client(ClientArguments),
	/// What an explorer makes of many exchanges, of new session keys and of another runtime.
	Explorer(ExplorerArguments),
}

#[derive(Args)]
struct Shared {
	/// The program curex-node.
	#[arg(long)]
	node: PathBuf,
	/// Also write what was measured as JSON.
	#[arg(long, value_name = "FILE")]
	json: Option<PathBuf>,
	/// Where chains and logs lie; a folder that is discarded if not given.
	#[arg(long, value_name = "DIR")]
	home: Option<PathBuf>,
	/// First of the ports.
	#[arg(long, value_name = "PORT", default_value_t = 9850)]
	port_base: u16,
	/// Length of a slot in milliseconds, 500 to 4000.
	#[arg(long, default_value_t = 3000)]
	slot_ms: u64,
	/// Pairs of a holder and a recipient.
	#[arg(long, default_value_t = 24)]
	pairs: u32,
	/// Exchanges of a pair that go beside each other, 1 to 5.
	#[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=5))]
	lanes: u32,
	/// Transactions in a second that are signed ahead for.
	#[arg(long, default_value_t = 500)]
	most: usize,
	/// Option for every node, for example --node-option=--pool-type=single-state.
	#[arg(long = "node-option", value_name = "OPTION", allow_hyphen_values = true)]
	node_options: Vec<String>,
	/// Another runtime than the node's (WebAssembly), to see what a change would bring.
	#[arg(long, value_name = "FILE")]
	runtime: Option<PathBuf>,
}

#[derive(Args)]
struct ExchangeArguments {
	#[command(flatten)]
	shared: Shared,
	/// How long each path is measured in a round.
	#[arg(long, default_value_t = 30)]
	seconds: u64,
	/// How many rounds; each measures every path.
	#[arg(long, default_value_t = 2)]
	rounds: u32,
	/// Only these paths, by their numbers: 0 floor, 1 one transaction, 2 with acknowledgement, 3 full, 4 batch, 5 batch
	/// step by step.
	#[arg(long, value_delimiter = ',', default_values_t = 0..ExchangePath::ALL.len())]
	paths: Vec<usize>,
	/// Exchanges in a batch, 1 to 256.
	#[arg(long, default_value_t = paths::MOST_AT_ONCE)]
	batch: usize,
	/// Record the nodes with perf meanwhile; that costs a little speed.
	#[arg(long)]
	profile: bool,
	/// Folder with the programs of PostgreSQL; left out if not given.
	#[arg(long, value_name = "DIR")]
	postgres: Option<PathBuf>,
}

#[derive(Args)]
struct WithdrawalArguments {
	#[command(flatten)]
	shared: Shared,
	/// How many withdrawals.
	#[arg(long, default_value_t = 200)]
	trials: usize,
	/// Transactions of the load that wait; the pool takes 8192.
	#[arg(long, default_value_t = 6000)]
	waiting: usize,
}

#[derive(Args)]
struct TransferArguments {
	#[command(flatten)]
	shared: Shared,
	/// Sizes of the files in MiB, one after the other.
	#[arg(long, value_delimiter = ',', default_values_t = [64, 512, 2048], value_parser = clap::value_parser!(u64).range(1..=4000))]
	sizes: Vec<u64>,
	/// How often each file is copied and transferred, in turns; the medians are told.
	#[arg(long, default_value_t = 3)]
	rounds: u32,
}

#[derive(Args)]
struct ClientArguments {
	#[command(flatten)]
	shared: Shared,
	/// How many requests are built to time that.
	#[arg(long, default_value_t = 2000)]
	built: usize,
	/// How long requests are submitted.
	#[arg(long, default_value_t = 60)]
	seconds: u64,
}

#[derive(Args)]
struct ExplorerArguments {
	#[command(flatten)]
	shared: Shared,
	/// The program curex-explorer.
	#[arg(long)]
	explorer: PathBuf,
	/// How many exchanges.
	#[arg(long, default_value_t = 100_000)]
	exchanges: usize,
	/// Exchanges in a batch, 1 to 256.
	#[arg(long, default_value_t = paths::MOST_AT_ONCE)]
	batch: usize,
	/// Where the explorer puts its index, such as postgresql://…; a file that is discarded if not given.
	#[arg(long)]
	database: Option<String>,
	/// A newer runtime (WebAssembly) to which the network changes after the exchanges.
	#[arg(long, value_name = "FILE")]
	next_runtime: Option<PathBuf>,
	/// Exchanges whose bundles are verified, and how often each search is asked.
	#[arg(long, default_value_t = 200)]
	samples: usize,
}

#[tokio::main]
async fn main() -> ExitCode {
	let arguments = Arguments::parse();
	let stopped = async {
		let interrupt = signal(SignalKind::interrupt());
		let terminate = signal(SignalKind::terminate());
		if let (Ok(mut interrupt), Ok(mut terminate)) = (interrupt, terminate) {
			tokio::select! {
				_ = interrupt.recv() => (),
				_ = terminate.recv() => (),
			}
		} else {
			std::future::pending::<()>().await;
		}
	};
	let done = tokio::select! {
		done = run(&arguments.command) => done,
		() = stopped => {
			eprintln!("stopped");
			return ExitCode::from(130);
		},
	};
	match done {
		Ok(true) => ExitCode::SUCCESS,
		Ok(false) => ExitCode::from(2),
		Err(error) => {
			eprintln!("\n\x1b[1;31mstopped:\x1b[0m {error}");
			ExitCode::FAILURE
		},
	}
}

/// Measures and tells. Says whether a goal that the measurement itself judges was reached.
async fn run(command: &Command) -> Result<bool, Error> {
	match command {
		Command::Exchange(arguments) => {
			let shared = &arguments.shared;
			let home = Home::of(shared)?;
			let results = exchange::run(&exchange::Options {
				network: network_of(shared, home.path()),
				pairs: shared.pairs,
				lanes: shared.lanes as usize,
				seconds: arguments.seconds,
				rounds: arguments.rounds.max(1),
				paths: arguments
					.paths
					.iter()
					.filter_map(|&number| ExchangePath::ALL.get(number).copied())
					.collect(),
				most: shared.most,
				batch: arguments.batch.clamp(1, paths::MOST_AT_ONCE),
				profile: arguments.profile,
				postgres: arguments.postgres.clone(),
			})
			.await?;
			println!("{}", report::exchange(&results));
			if let Some(path) = &shared.json {
				report::write(&results, path)?;
			}
			Ok(true)
		},
		Command::Withdrawal(arguments) => {
			let shared = &arguments.shared;
			let home = Home::of(shared)?;
			let results = withdrawal::run(&withdrawal::Options {
				network: network_of(shared, home.path()),
				pairs: shared.pairs,
				lanes: shared.lanes as usize,
				trials: arguments.trials,
				waiting: arguments.waiting,
				most: shared.most,
			})
			.await?;
			println!("{}", report::withdrawal(&results));
			if let Some(path) = &shared.json {
				report::write(&results, path)?;
			}
			Ok(results.reached)
		},
		Command::Explorer(arguments) => {
			let shared = &arguments.shared;
			let home = Home::of(shared)?;
			let mut network = network_of(shared, home.path());
			// Old records are proven from their own blocks' state.
			network.first_node_options.extend(["--state-pruning=archive".into()]);
			let results = explorer::run(&explorer::Options {
				network,
				pairs: shared.pairs,
				lanes: shared.lanes as usize,
				exchanges: arguments.exchanges,
				batch: arguments.batch.clamp(1, paths::MOST_AT_ONCE),
				explorer: arguments.explorer.clone(),
				database: arguments.database.clone(),
				next_runtime: arguments.next_runtime.clone(),
				samples: arguments.samples,
			})
			.await?;
			println!("{}", explorer::table(&results));
			if let Some(path) = &shared.json {
				report::write(&results, path)?;
			}
			Ok(results.reached)
		},
		Command::Client(arguments) => {
			let shared = &arguments.shared;
			let home = Home::of(shared)?;
			let results = client::run(&client::Options {
				network: network_of(shared, home.path()),
				pairs: shared.pairs,
				lanes: shared.lanes as usize,
				built: arguments.built,
				seconds: arguments.seconds,
			})
			.await?;
			println!("{}", client::table(&results));
			if let Some(path) = &shared.json {
				report::write(&results, path)?;
			}
			Ok(true)
		},
		Command::Transfer(arguments) => {
			let shared = &arguments.shared;
			let home = Home::of(shared)?;
			let results = transfer::run(&transfer::Options {
				network: network_of(shared, home.path()),
				sizes_mib: arguments.sizes.clone(),
				rounds: arguments.rounds.max(1),
			})
			.await?;
			println!("{}", transfer::table(&results));
			if let Some(path) = &shared.json {
				report::write(&results, path)?;
			}
			Ok(results.reached)
		},
	}
}

fn network_of(shared: &Shared, home: &Path) -> network::Options {
	network::Options {
		node: shared.node.clone(),
		home: home.into(),
		port_base: shared.port_base,
		slot_ms: shared.slot_ms,
		node_options: shared.node_options.clone(),
		first_node_options: Vec::new(),
		runtime: shared.runtime.clone(),
	}
}

/// Where chains and logs lie.
enum Home {
	Kept(PathBuf),
	Discarded(tempfile::TempDir),
}

impl Home {
	fn of(shared: &Shared) -> Result<Self, Error> {
		let home = match &shared.home {
			Some(path) => {
				fs::create_dir_all(path).map_err(Error::at(path))?;
				Self::Kept(std::path::absolute(path).map_err(Error::at(path))?)
			},
			None => Self::Discarded(tempfile::tempdir().map_err(Error::at(Path::new("/tmp")))?),
		};
		// PostgreSQL's user has to pass through.
		fs::set_permissions(home.path(), fs::Permissions::from_mode(0o711))
			.map_err(Error::at(home.path()))?;
		Ok(home)
	}

	fn path(&self) -> &Path {
		match self {
			Self::Kept(path) => path,
			Self::Discarded(folder) => folder.path(),
		}
	}
}
