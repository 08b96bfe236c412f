//! `curex-agent`: see `curex-agent --help`.

use std::{
	fs::{File, OpenOptions},
	io::{self, IsTerminal, Read, Write},
	os::{
		fd::AsFd,
		unix::fs::{FileTypeExt, OpenOptionsExt},
	},
	path::{Path, PathBuf},
	process::ExitCode,
	sync::mpsc,
	time::{Duration, Instant},
};

use clap::{Parser, Subcommand, ValueEnum};
use curex_agent::{
	advisories::Advisories,
	agent::now,
	evidence::report_context,
	feedback::{self, Word},
	listen::Listeners,
	mailbox::Socket,
	packages,
	report::{evidence_of, inputs_of},
	staff,
	tasks::{
		discover::{prove_asset, recorded_services, vex, why},
		planning, watch,
	},
	Access, Agent, Config, Engines, Error, Store, Workshop,
};
use curex_primitives::{commitment, Commitment, ReportKind, Task};
use serde_json::{json, Value};
use tokio::{
	runtime::Runtime,
	signal::unix::{signal, SignalKind},
};

/// How long a turn may take to end once the agent is told to stop. The store is safe at any point.
const FAREWELL: Duration = Duration::from_secs(5);

/// How often the progress of a long fetch is told.
const TELL: Duration = Duration::from_secs(2);

/// Carries out the ledger's work orders with the engines and keeps the evidence.
///
/// Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 evidence missing or not opening.
#[derive(Parser)]
#[command(name = "curex-agent", version)]
struct Cli {
	/// The configuration.
	#[arg(long, global = true, env = "CUREX_AGENT_CONFIG", default_value = "agent.toml")]
	config: PathBuf,
	/// The node's socket; overrides the configuration.
	#[arg(long, global = true, alias = "socket")]
	mailbox: Option<PathBuf>,
	#[command(subcommand)]
	command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
	/// Carries out work orders until it is stopped (the default).
	Run,
	/// Carries out one task without an order, records it and prints the reports as JSON. They are sent by the next `run`.
	Once {
		/// Which.
		#[arg(long)]
		task: TaskName,
	},
	/// Looks into the sealed evidence.
	#[command(subcommand)]
	Evidence(EvidenceCommand),
	/// Fetches the advisories of the configured sources, imports what changed and prints as JSON which assets of the last
	/// inventory that concerns. May run beside `run`, for example every hour. Stopped, it goes on where it was.
	Feeds,
	/// Tells as JSON what the newest inventory knows of one vulnerability, and why.
	Why {
		/// CVE id.
		cve: String,
		/// Id of an asset, as the inventory has it; every asset unless given.
		#[arg(long)]
		asset: Option<String>,
	},
	/// Prints the matches of the newest inventory as an OpenVEX document.
	Vex {
		/// Who answers for it.
		#[arg(long)]
		author: String,
	},
	/// Says what came of an alert, so that thresholds follow. The next watch takes it.
	#[command(subcommand)]
	Alert(AlertCommand),
	/// What the watch has learned.
	#[command(subcommand)]
	Model(ModelCommand),
	/// Who stands behind a code of staff: for two people together.
	#[command(subcommand)]
	Staff(StaffCommand),
	/// Prints the digest under which an address, domain, hash or URL may be shared with the other members.
	Indicator {
		/// It.
		value: String,
	},
	/// Tells as JSON how easily people are found again in a data package (CSV), and which rows are unusual. Advice only.
	Package {
		/// The package.
		file: PathBuf,
		/// The own policy (TOML).
		#[arg(long)]
		ours: PathBuf,
		/// The policy of the other side, to be compared.
		#[arg(long)]
		theirs: Option<PathBuf>,
	},
	/// Prints the state of outbox and orders as JSON.
	Status,
	/// Looks at plans.
	#[command(subcommand)]
	Plan(PlanCommand),
}

#[derive(Subcommand)]
enum EvidenceCommand {
	/// Lists every report, one JSON object a line.
	List,
	/// Opens the evidence of a report and prints it with all that verifies its commitment.
	Open {
		/// Kind of report.
		#[arg(long)]
		kind: KindName,
		/// Its number.
		#[arg(long)]
		number: u64,
		/// Writes the exact committed bytes here instead of printing the document.
		#[arg(long)]
		out: Option<PathBuf>,
	},
	/// Checks that a commitment from the ledger is opened by what is sealed here.
	Verify {
		/// As the ledger shows it, `0x…`.
		#[arg(long)]
		commitment: Commitment,
	},
	/// Proves one asset against the root of an inventory.
	Prove {
		/// Id of the asset, as the inventory has it.
		#[arg(long)]
		asset: String,
		/// Number of the inventory; the newest unless given.
		#[arg(long)]
		number: Option<u64>,
	},
}

#[derive(Subcommand)]
enum AlertCommand {
	/// It was what it said: scores like its own no longer count as usual.
	Confirm {
		/// Number of its report.
		#[arg(long)]
		number: u64,
	},
	/// It was nothing: scores like its own count as usual from now on.
	Dismiss {
		/// Number of its report.
		#[arg(long)]
		number: u64,
	},
}

#[derive(Subcommand)]
enum ModelCommand {
	/// Lists the states that are kept, with their hashes, as JSON.
	List,
	/// Has the next watch go back to what was learned at one of them; nothing is read twice.
	Revert {
		/// Number of the state.
		#[arg(long)]
		number: u64,
	},
}

#[derive(Subcommand)]
enum StaffCommand {
	/// Opens the name behind a code with the keys of both openers, and writes down that it was done, and why.
	Open {
		/// The code, as an alert has it.
		#[arg(long)]
		code: String,
		/// Key file of an opener; once for each of the two.
		#[arg(long, required = true)]
		key: Vec<PathBuf>,
		/// File with its password, in the same order.
		#[arg(long, required = true)]
		password_file: Vec<PathBuf>,
		/// Why, for the list of look-ups.
		#[arg(long, value_parser = clap::builder::NonEmptyStringValueParser::new())]
		reason: String,
	},
}

#[derive(Subcommand)]
enum PlanCommand {
	/// Shows the newest plan.
	Show,
}

#[derive(Clone, Copy, ValueEnum)]
enum TaskName {
	Discover,
	Watch,
	Survey,
	Assess,
}

impl From<TaskName> for Task {
	fn from(name: TaskName) -> Self {
		match name {
			TaskName::Discover => Self::Discover,
			TaskName::Watch => Self::Watch,
			TaskName::Survey => Self::Survey,
			TaskName::Assess => Self::Assess,
		}
	}
}

#[derive(Clone, Copy, ValueEnum)]
enum KindName {
	Inventory,
	Alert,
	Assessment,
	GroupResult,
	Plan,
}

impl From<KindName> for ReportKind {
	fn from(name: KindName) -> Self {
		match name {
			KindName::Inventory => Self::Inventory,
			KindName::Alert => Self::Alert,
			KindName::Assessment => Self::Assessment,
			KindName::GroupResult => Self::GroupResult,
			KindName::Plan => Self::Plan,
		}
	}
}

fn main() -> ExitCode {
	let cli = Cli::parse();
	tracing_subscriber::fmt()
		.with_env_filter(
			tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into()),
		)
		.with_writer(io::stderr)
		.with_ansi(io::stderr().is_terminal())
		.init();
	match execute(&cli) {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			eprintln!("curex-agent: {error}");
			ExitCode::from(error.exit_code())
		},
	}
}

fn execute(cli: &Cli) -> Result<(), Error> {
	// Whoever assesses a package needs none.
	let config = || Config::load(&cli.config);
	match cli.command.as_ref().unwrap_or(&Command::Run) {
		Command::Run => run(cli, config()?),
		Command::Once { task } => once(config()?, (*task).into()),
		Command::Evidence(command) => evidence(&open(&config()?, Access::Look)?, command),
		Command::Feeds => feeds(&config()?),
		Command::Why { cve, asset } => {
			print_json(&why(&open(&config()?, Access::Look)?, cve, asset.as_deref())?)
		},
		Command::Vex { author } => {
			let config = config()?;
			print_json(&vex(&open(&config, Access::Look)?, config.organisation.0, author)?)
		},
		Command::Alert(command) => {
			let config = config()?;
			let store = open(&config, Access::Look)?;
			let word = match command {
				AlertCommand::Confirm { number } => Word::Confirm(alert_id(&store, *number)?),
				AlertCommand::Dismiss { number } => Word::Dismiss(alert_id(&store, *number)?),
			};
			feedback::leave(&config.data, &word)
		},
		Command::Model(ModelCommand::List) => print_json(&json!(watch::states(&config()?)?)),
		Command::Model(ModelCommand::Revert { number }) => {
			feedback::leave(&config()?.data, &Word::Revert(*number))
		},
		Command::Staff(StaffCommand::Open { code, key, password_file, reason }) => {
			let config = config()?;
			let ([key, other_key], [password, other_password]) = (&key[..], &password_file[..])
			else {
				return Err(Error::MissingInput {
					task: "staff",
					what: "a key of each of the two openers".into(),
					remedy: "give --key and --password-file twice, in the same order",
				});
			};
			let keys = [staff::unlock(key, password)?, staff::unlock(other_key, other_password)?];
			let store = open(&config, Access::Look)?;
			let watch = watch::folder(&config);
			let keys = [&keys[0], &keys[1]];
			let name = staff::open_name(&config.data, &watch, &store, keys, code, reason, now())?;
			print_line(&name)
		},
		Command::Indicator { value } => indicator(&config()?, value),
		Command::Package { file, ours, theirs } => {
			print_json(&packages::examine(file, ours, theirs.as_deref())?)
		},
		Command::Status => status(&config()?),
		Command::Plan(PlanCommand::Show) => {
			print_line(&planning::show(&open(&config()?, Access::Look)?)?)
		},
	}
}

fn open(config: &Config, access: Access) -> Result<Store, Error> {
	Store::open(&config.data, &config.key_file(), config.organisation, access)
}

fn runtime() -> Result<Runtime, Error> {
	tokio::runtime::Builder::new_multi_thread()
		.worker_threads(2)
		.enable_all()
		.build()
		.map_err(Error::io("starting the runtime for", "the engines"))
}

fn run(cli: &Cli, config: Config) -> Result<(), Error> {
	let socket =
		cli.mailbox.as_ref().or(config.mailbox.as_ref()).ok_or_else(|| Error::Configuration {
			path: cli.config.clone(),
			key: "mailbox".into(),
			problem: "the node's socket is not named; name it here or with --mailbox".into(),
		})?;
	let store = open(&config, Access::Work)?;
	let runtime = runtime()?;
	let mailbox = Socket::new(socket);
	let engines = Workshop::new(config.clone(), runtime.handle().clone());
	let listeners = runtime.block_on(Listeners::start(&config.listen, &config.data))?;
	let mut agent = Agent::new(&config, store, mailbox, engines);
	let (stop, stopped) = mpsc::channel();
	let outcome = runtime.block_on(async {
		let unavailable = Error::io("listening for signals to", "the agent");
		let mut terminate = signal(SignalKind::terminate()).map_err(unavailable)?;
		let worker = tokio::task::spawn_blocking(move || agent.run(&stopped));
		let told = tokio::select! {
			_ = terminate.recv() => "SIGTERM",
			_ = tokio::signal::ctrl_c() => "interrupt",
			() = node_gone() => "the node is gone",
		};
		tracing::info!(told, "stopping");
		drop(stop);
		if tokio::time::timeout(FAREWELL, listeners.stop()).await.is_err() {
			tracing::warn!("what was just received may not be in the spool");
		}
		if tokio::time::timeout(FAREWELL, worker).await.is_err() {
			tracing::info!(
				"a task was interrupted; it has recorded nothing and will be carried out again"
			);
		}
		Ok(())
	});
	runtime.shutdown_background();
	outcome
}

/// Ends when standard input does, if that is a pipe: the node holds the other end and never writes.
async fn node_gone() {
	let is_pipe = || -> io::Result<bool> {
		let input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
		Ok(input.metadata()?.file_type().is_fifo())
	};
	if !is_pipe().unwrap_or(false) {
		return std::future::pending().await;
	}
	let (gone, end) = tokio::sync::oneshot::channel();
	std::thread::spawn(move || {
		let mut buffer = [0; 64];
		while matches!(io::stdin().read(&mut buffer), Ok(1..)) {}
		let _ = gone.send(());
	});
	let _ = end.await;
}

fn once(config: Config, task: Task) -> Result<(), Error> {
	let mut store = open(&config, Access::Work)?;
	let runtime = runtime()?;
	let moment = now();
	store.forget_notices(&config.staff.retention(), moment)?;
	let engines = Workshop::new(config, runtime.handle().clone());
	let outcome = engines.execute(task, &store, moment)?;
	let reports = store.record(None, &outcome, moment)?;
	print_json(&json!({ "task": task, "reports": reports, "notes": outcome.notes }))
}

fn feeds(config: &Config) -> Result<(), Error> {
	let services = match open(config, Access::Look) {
		Ok(store) => recorded_services(&store, &config.clinical)?,
		// Feeds may be there before the first inventory.
		Err(Error::NotFound { .. }) => Vec::new(),
		Err(error) => return Err(error),
	};
	let mut advisories = Advisories::open(config)?;
	let mut told = Instant::now();
	let visits = advisories.fetch(&mut |progress| {
		if told.elapsed() >= TELL {
			told = Instant::now();
			let (bytes, size) = (progress.bytes, progress.size);
			tracing::info!(source = %progress.source, url = %progress.url, bytes, size, "fetching");
		}
		true
	})?;
	let imported = advisories.import()?;
	let (matched, report) = advisories.match_changed(&services)?;
	let (version, contents) = advisories.state()?;
	print_json(&json!({
		"sources": visits,
		"imported": imported,
		"feed": { "version": version, "contents": contents },
		"compared": matched,
		"matches": report.matches,
		"not_affected": report.not_affected,
		"not_understood": report.not_understood,
	}))?;
	match visits.into_iter().find_map(|visit| Some((visit.source, visit.failure?))) {
		Some((source, problem)) => Err(Error::NotFetched { source_name: source, problem }),
		None => Ok(()),
	}
}

fn status(config: &Config) -> Result<(), Error> {
	let store = open(config, Access::Look)?;
	print_json(&json!({
		"organisation": config.organisation,
		"data": config.data,
		"outbox": store.outbox_status()?,
		"tasks": store.last_orders()?,
	}))
}

/// By what the watch knows the alert of a report.
fn alert_id(store: &Store, number: u64) -> Result<String, Error> {
	let (_, opened) = store.open_evidence(ReportKind::Alert, number)?;
	let document: Value = serde_json::from_slice(&opened.document)?;
	let id = document["alert"]["id"].as_str();
	id.map(String::from)
		.ok_or_else(|| Error::NotFound { what: format!("the alert of report {number}") })
}

fn indicator(config: &Config, value: &str) -> Result<(), Error> {
	let files = config.indicators.as_ref().ok_or(Error::MissingInput {
		task: "indicators",
		what: "[indicators]".into(),
		remedy: "name the members' key there as `key_file`",
	})?;
	let (known, _) = files.load(now())?;
	match known.to_share(&files.key()?, value) {
		Ok(digest) => print_line(&hexadecimal(&digest)),
		Err(reason) => Err(Error::NotShared { reason }),
	}
}

fn evidence(store: &Store, command: &EvidenceCommand) -> Result<(), Error> {
	match command {
		EvidenceCommand::List => {
			store.entries()?.iter().try_for_each(|entry| print_line(&serde_json::to_string(entry)?))
		},
		EvidenceCommand::Open { kind, number, out } => {
			let kind = (*kind).into();
			print_json(&opened(store, kind, *number, out.as_deref())?)
		},
		EvidenceCommand::Verify { commitment } => print_json(&verified(store, *commitment)?),
		EvidenceCommand::Prove { asset, number } => {
			print_json(&prove_asset(store, asset, *number)?)
		},
	}
}

fn opened(
	store: &Store,
	kind: ReportKind,
	number: u64,
	out: Option<&Path>,
) -> Result<Value, Error> {
	let (report, opened) = store.open_evidence(kind, number)?;
	let mut shown = json!({
		"organisation": store.organisation(),
		"kind": kind,
		"number": number,
		"commitment": evidence_of(&report),
		"domain": "evidence",
		"context": hexadecimal(&report_context(store.organisation(), kind, number)),
		"salt": hexadecimal(&*opened.salt),
		"report": report,
	});
	match out {
		None => shown["document"] = serde_json::from_slice(&opened.document)?,
		Some(path) => {
			OpenOptions::new()
				.write(true)
				.create(true)
				.truncate(true)
				.mode(0o600)
				.open(path)
				.and_then(|mut file| file.write_all(&opened.document))
				.map_err(|source| Error::Io { what: "writing", path: path.into(), source })?;
			shown["written"] = json!(path);
		},
	}
	Ok(shown)
}

fn verified(store: &Store, commitment: Commitment) -> Result<Value, Error> {
	let (number, report) = store
		.find_commitment(commitment)?
		.ok_or_else(|| Error::NotFound { what: format!("evidence for {commitment}") })?;
	let kind = report.kind();
	let (_, opened) = store.open_evidence(kind, number)?;
	let is_inputs = inputs_of(&report) == Some(commitment);
	if is_inputs {
		store.check_inputs(&report, number, &opened)?;
	}
	Ok(json!({
		"opens": true,
		"commitment": commitment,
		"to": if is_inputs { "inputs" } else { "evidence" },
		"kind": kind,
		"number": number,
		"construction": format!("version {}", commitment::VERSION),
	}))
}

fn hexadecimal(bytes: &[u8]) -> String {
	format!("0x{}", hex::encode(bytes))
}

fn print_json(value: &Value) -> Result<(), Error> {
	print_line(&serde_json::to_string_pretty(value)?)
}

fn print_line(text: &str) -> Result<(), Error> {
	writeln!(io::stdout(), "{text}").map_err(Error::io("writing to", "standard output"))
}
