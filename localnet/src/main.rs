//! A consortium on one machine, and its main job from the first block to the audit.
//!
//! | module | what it does |
//! |---|---|
//! | [`layout`] | folders, ports, members |
//! | [`network`] | keys, homes, specification and nodes, with the commands a hospital would use |
//! | [`laboratory`] | real services for hospital A |
//! | [`agent`] | hospital A's agent |
//! | [`story`] | the eight steps |
//! | [`measure`] | how long exchanges take |
//! | [`memory`] | what all of it needs |
//! | [`account`] | what happened |

mod account;
mod agent;
mod laboratory;
mod layout;
mod measure;
mod memory;
mod network;
mod story;

use account::Account;
use clap::Parser;
use curex_localnet::{
	error,
	process::{self, Process},
	Error,
};
use layout::{Layout, HOSPITALS, MEMBERS};
use std::{
	fs::{self, File},
	path::PathBuf,
	process::ExitCode,
	time::{Duration, Instant},
};
use tokio::signal::unix::{signal, SignalKind};

/// Starts a consortium on this machine and does its main job.
#[derive(Parser)]
struct Arguments {
	/// Folder with the programs.
	#[arg(long)]
	binaries: PathBuf,
	/// Folder of the project.
	#[arg(long)]
	root: PathBuf,
	/// End after the account.
	#[arg(long)]
	once: bool,
	/// Also write the account as JSON.
	#[arg(long, value_name = "FILE")]
	json: Option<PathBuf>,
	/// Discard the data of earlier runs.
	#[arg(long)]
	fresh: bool,
	/// Another laboratory.
	#[arg(long, value_name = "DIR")]
	lab: Option<PathBuf>,
	/// Another advisory feed.
	#[arg(long, value_name = "DIR")]
	feed: Option<PathBuf>,
	/// Where keys, chains and logs lie.
	#[arg(long, value_name = "DIR")]
	home: Option<PathBuf>,
	/// First of the ports of the nodes.
	#[arg(long, value_name = "PORT", default_value_t = 9950)]
	port_base: u16,
	/// After the main job, time so many exchanges from request to finalised acknowledgement.
	#[arg(long, value_name = "EXCHANGES", default_value_t = 0)]
	measure: u32,
	/// After the main job, run this command in a folder with the files that the examples of the documentation read, with
	/// the address of a node in CUREX_NODE; may be given several times.
	#[arg(long = "example", value_name = "COMMAND")]
	examples: Vec<String>,
	/// Option for every node, for example --node-option=--network-backend=libp2p.
	#[arg(long = "node-option", value_name = "OPTION", allow_hyphen_values = true)]
	node_options: Vec<String>,
}

/// How long the programs of an earlier run that was killed may take to end.
const FAREWELL: Duration = Duration::from_secs(30);

/// How the run ended.
enum End {
	Done,
	Stopped,
}

#[tokio::main]
async fn main() -> ExitCode {
	match run(Arguments::parse()).await {
		Ok(End::Done) => ExitCode::SUCCESS,
		Ok(End::Stopped) => {
			eprintln!("stopped");
			ExitCode::from(130)
		},
		Err(error) => {
			eprintln!("\n\x1b[1;31mstopped:\x1b[0m {error}");
			ExitCode::FAILURE
		},
	}
}

async fn run(arguments: Arguments) -> Result<End, Error> {
	let layout = layout_of(&arguments)?;
	process::create_folder(&layout.home)?;
	let _lock = lock(&layout)?;
	if arguments.fresh {
		discard(&layout)?;
	}
	process::create_folder(&layout.logs())?;

	let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::at(&layout.home))?;
	let mut terminate = signal(SignalKind::terminate()).map_err(Error::at(&layout.home))?;
	let stop = async move {
		tokio::select! {
			_ = interrupt.recv() => (),
			_ = terminate.recv() => (),
		}
	};
	tokio::pin!(stop);

	// Everything that was started ends when this is dropped, whatever happens.
	let mut running = start(&layout, &arguments).await?;
	let memory = memory::Peak::observe();
	let mut account = Account::default();
	let agent_config = layout.member(&MEMBERS[0]).join("agent.toml");
	let told = tokio::select! {
		told = story::Story::tell(
			&layout,
			agent_config,
			arguments.measure,
			&arguments.examples,
			&mut account,
		) => told,
		ended = watch(&mut running) => Err(ended),
		() = &mut stop => return Ok(End::Stopped),
	};
	account.verified = told.is_ok();
	account.peak_memory_mib = memory.mib();
	if let Some(path) = &arguments.json {
		account.write(path)?;
	}
	running.extend(told?);
	println!(
		"\nEvery step was verified. All programs together needed {} MiB of memory at most.",
		account.peak_memory_mib
	);
	if arguments.once {
		return Ok(End::Done);
	}
	println!("\nThe consortium runs until Ctrl-C:");
	for (hospital, member) in MEMBERS.iter().enumerate().take(HOSPITALS) {
		println!("   {:<12} JSON-RPC {}", member.name, layout.rpc(hospital));
	}
	if layout.has_explorer() {
		let regulator = &MEMBERS[MEMBERS.len() - 1];
		println!("   {:<12} explorer {}; to sign in:", "Regulator", layout.explorer());
		println!(
			"   {:<12} {} --key {} --password-file {} sign-in {}",
			"",
			layout.binary("curex"),
			network::account_file(&layout, regulator, network::AUDITOR).display(),
			network::password_file(&layout, regulator).display(),
			layout.explorer()
		);
	}
	println!("   keys, chains, logs: {}", layout.home.display());
	tokio::select! {
		ended = watch(&mut running) => Err(ended),
		() = &mut stop => {
			println!("stopping …");
			Ok(End::Done)
		},
	}
}

fn layout_of(arguments: &Arguments) -> Result<Layout, Error> {
	let absolute = |path: &PathBuf| std::path::absolute(path).map_err(Error::at(path));
	let home = match (&arguments.home, std::env::var_os("HOME")) {
		(Some(home), _) => home.clone(),
		(None, Some(home)) => PathBuf::from(home).join(".cache/curex/localnet"),
		(None, None) => PathBuf::from("curex-localnet"),
	};
	Ok(Layout {
		home: absolute(&home)?,
		binaries: absolute(&arguments.binaries)?,
		laboratory: absolute(arguments.lab.as_ref().unwrap_or(&arguments.root.join("lab")))?,
		feed: absolute(arguments.feed.as_ref().unwrap_or(&arguments.root.join("feeds")))?,
		port_base: arguments.port_base,
	})
}

/// One consortium per folder. What we start inherits the lock, so that it is held until the last program has ended.
fn lock(layout: &Layout) -> Result<File, Error> {
	let path = layout.home.join("lock");
	let file = File::create(&path).map_err(Error::at(&path))?;
	let begun = Instant::now();
	while file.try_lock().is_err() {
		if begun.elapsed() > FAREWELL {
			return Err(Error::Busy(layout.home.clone()));
		}
		if begun.elapsed() < Duration::from_millis(250) {
			println!("waiting for the programs of an earlier run to end …");
		}
		std::thread::sleep(Duration::from_millis(250));
	}
	rustix::io::fcntl_setfd(&file, rustix::io::FdFlags::empty())
		.map_err(|reason| Error::at(&path)(reason.into()))?;
	Ok(file)
}

/// Removes what earlier runs left, and nothing else.
fn discard(layout: &Layout) -> Result<(), Error> {
	for name in ["members", "logs", "laboratory", "explorer"] {
		let path = layout.home.join(name);
		if path.exists() {
			fs::remove_dir_all(&path).map_err(Error::at(&path))?;
		}
	}
	for name in ["chain.json", "chain.new"] {
		let path = layout.home.join(name);
		if path.exists() {
			fs::remove_file(&path).map_err(Error::at(&path))?;
		}
	}
	Ok(())
}

async fn start(layout: &Layout, arguments: &Arguments) -> Result<Vec<Process>, Error> {
	println!("keys, specification and homes of {} members …", MEMBERS.len());
	network::found(layout)?;
	let agent_config = agent::configure(layout)?;
	println!("the services of the laboratory {} …", layout.laboratory.display());
	let laboratory = laboratory::Laboratory::read(&layout.laboratory)?;
	let mut running =
		laboratory.start(&layout.laboratory, &layout.home.join("laboratory"), &layout.logs())?;
	println!("four nodes …");
	running.extend(network::start(layout, &agent_config, &arguments.node_options)?);
	Ok(running)
}

/// Returns when one of the programs has ended.
async fn watch(running: &mut [Process]) -> Error {
	loop {
		for process in running.iter_mut() {
			if let Err(error) = process.check() {
				return error;
			}
		}
		tokio::time::sleep(Duration::from_millis(500)).await;
	}
}
