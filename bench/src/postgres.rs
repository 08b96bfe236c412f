//! PostgreSQL beside the ledger: the same life-cycle with an audit log (pgaudit), hash-chained rows and a synchronous
//! standby on the same machine, driven by its own load generator, `pgbench`.
//!
//! Its callers are trusted: nothing is signed, and one administrator can rewrite all of it. It says what a database
//! costs, not what a ledger without a trusted operator could save.

use crate::{
	paths::Path as LedgerPath,
	report,
	statistics::{ratio, Spread},
	Error,
};
use curex_localnet::process::{self, Process};
use serde::Serialize;
use std::{
	fs,
	os::unix::fs::MetadataExt,
	path::{Path, PathBuf},
	time::{Duration, Instant},
};

/// The user that Debian's packages make; servers do not run as root.
const USER: &str = "postgres";

/// Connections of the load generator.
const CLIENTS: u32 = 24;

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// The tables and functions.
const SCHEMA: &str = include_str!("../sql/schema.sql");

/// What is run for each path. Nobody signs here, so that there is one path for batches.
const SCRIPTS: [(LedgerPath, &str); 5] = [
	(LedgerPath::Floor, include_str!("../sql/floor.sql")),
	(LedgerPath::Countersigned, include_str!("../sql/serve.sql")),
	(LedgerPath::Completed, include_str!("../sql/completed.sql")),
	(LedgerPath::Full, include_str!("../sql/full.sql")),
	(LedgerPath::Batch, include_str!("../sql/batch.sql")),
];

/// What PostgreSQL came to.
#[derive(Clone, Debug, Serialize)]
pub struct Results {
	/// Its version.
	pub version: String,
	/// Connections.
	pub clients: u32,
	/// The paths.
	pub paths: Vec<Measured>,
}

/// What a path came to.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
	/// Name of the path.
	pub path: &'static str,
	/// Exchanges (of the floor: calls) per second.
	pub per_second: f64,
	/// How many that were.
	pub exchanges: u64,
	/// From the first statement to the last commit, seconds.
	pub latency: Spread,
}

impl Results {
	/// The rate of a path.
	pub fn rate(&self, path: &str) -> Option<f64> {
		self.paths.iter().find(|found| found.path == path).map(|found| found.per_second)
	}
}

/// A primary with its standby.
struct Cluster {
	programs: PathBuf,
	home: PathBuf,
	// The standby first, so that it ends before the server it follows.
	_standby: Process,
	_primary: Process,
}

/// Measures every path for so many seconds.
pub async fn measure(
	programs: &Path,
	home: &Path,
	pairs: u32,
	seconds: u64,
	batch: usize,
) -> Result<Results, Error> {
	let (programs, home) = (programs.to_owned(), home.to_owned());
	tokio::task::spawn_blocking(move || blocking(&programs, &home, pairs, seconds, batch))
		.await
		.map_err(|reason| Error::Postgres(reason.to_string()))?
}

fn blocking(
	programs: &Path,
	home: &Path,
	pairs: u32,
	seconds: u64,
	batch: usize,
) -> Result<Results, Error> {
	report::say("starting PostgreSQL with a synchronous standby");
	let cluster = Cluster::start(programs, home)?;
	let version = cluster.query("SHOW server_version")?;
	let schema = home.join("schema.sql");
	fs::write(&schema, SCHEMA).map_err(Error::at(&schema))?;
	cluster.psql(&["-v", &format!("pairs={pairs}"), "-f", &schema.display().to_string()])?;
	let mut paths = Vec::new();
	for (path, script) in SCRIPTS {
		let at_once = path.at_once(batch);
		report::say(&format!("measuring PostgreSQL on the path {}", path.name()));
		let file = home.join("script.sql");
		fs::write(&file, script).map_err(Error::at(&file))?;
		let log = home.join(format!("path-{}", paths.len()));
		let bench = [
			programs.join("pgbench").display().to_string(),
			"--no-vacuum".into(),
			"--host".into(),
			home.display().to_string(),
			"--username".into(),
			USER.into(),
			"--protocol=prepared".into(),
			"--file".into(),
			file.display().to_string(),
			"--client".into(),
			CLIENTS.to_string(),
			"--time".into(),
			seconds.to_string(),
			"--define".into(),
			format!("pairs={pairs}"),
			"--define".into(),
			format!("batch={batch}"),
			"--log".into(),
			"--log-prefix".into(),
			log.display().to_string(),
			"postgres".into(),
		];
		process::output(&bench)?;
		let durations = durations(home, &log)?;
		let exchanges = durations.len() * at_once;
		// All exchanges of a batch take as long as the batch.
		let durations =
			durations.iter().flat_map(|duration| std::iter::repeat_n(*duration, at_once));
		paths.push(Measured {
			path: path.name(),
			per_second: ratio(exchanges as f64, seconds as f64),
			exchanges: exchanges as u64,
			latency: Spread::of(durations.collect()),
		});
	}
	Ok(Results { version, clients: CLIENTS, paths })
}

impl Cluster {
	fn start(programs: &Path, home: &Path) -> Result<Self, Error> {
		make_folder(home)?;
		let (primary, standby) = (home.join("primary"), home.join("standby"));
		let program = |name: &str| programs.join(name).display().to_string();
		let text = |path: &Path| path.display().to_string();
		process::output(&as_user([
			program("initdb"),
			"-D".into(),
			text(&primary),
			"-U".into(),
			USER.into(),
			"--auth=trust".into(),
			"--encoding=UTF8".into(),
			"--no-locale".into(),
			"--data-checksums".into(),
		]))?;
		let options = |port: u16| {
			vec![
				"-c".into(),
				"listen_addresses=".into(),
				"-c".into(),
				format!("unix_socket_directories={}", home.display()),
				"-c".into(),
				format!("port={port}"),
				"-c".into(),
				"shared_buffers=512MB".into(),
				"-c".into(),
				"max_wal_size=4GB".into(),
				"-c".into(),
				"shared_preload_libraries=pgaudit".into(),
				"-c".into(),
				"pgaudit.log=write,function".into(),
			]
		};
		let start = |name: &str, folder: &Path, port: u16, more: &[&str]| {
			let mut command = vec![program("postgres"), "-D".into(), text(folder)];
			command.extend(options(port));
			command.extend(more.iter().map(|&option| option.to_owned()));
			Process::start(name, &as_user(command), &home.join(format!("{name}.log")))
		};
		let synchronous = ["-c", "synchronous_standby_names=*", "-c", "synchronous_commit=on"];
		let running = start("primary", &primary, 5432, &synchronous)?;
		await_server(&program("pg_isready"), home, 5432)?;
		process::output(&as_user([
			program("pg_basebackup"),
			"--host".into(),
			text(home),
			"--username".into(),
			USER.into(),
			"--pgdata".into(),
			text(&standby),
			"--write-recovery-conf".into(),
			"--checkpoint=fast".into(),
		]))?;
		let following = start("standby", &standby, 5433, &[])?;
		await_server(&program("pg_isready"), home, 5433)?;
		let cluster = Self {
			programs: programs.into(),
			home: home.into(),
			_standby: following,
			_primary: running,
		};
		cluster.await_standby()?;
		cluster.query("CREATE EXTENSION pgaudit")?;
		Ok(cluster)
	}

	fn psql(&self, arguments: &[&str]) -> Result<String, Error> {
		let mut command = vec![
			self.programs.join("psql").display().to_string(),
			"--no-psqlrc".into(),
			"--quiet".into(),
			"--tuples-only".into(),
			"--no-align".into(),
			"-v".into(),
			"ON_ERROR_STOP=1".into(),
			"--host".into(),
			self.home.display().to_string(),
			"--username".into(),
			USER.into(),
		];
		command.extend(arguments.iter().map(|&argument| argument.to_owned()));
		Ok(process::output(&command)?.trim().to_owned())
	}

	fn query(&self, statement: &str) -> Result<String, Error> {
		self.psql(&["-c", statement])
	}

	fn await_standby(&self) -> Result<(), Error> {
		let begun = Instant::now();
		let question = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
		while self.query(question)? != "1" {
			if begun.elapsed() > PATIENCE {
				return Err(Error::Postgres("the standby does not follow".into()));
			}
			std::thread::sleep(Duration::from_millis(200));
		}
		Ok(())
	}
}

/// Makes a folder of the servers' user.
fn make_folder(path: &Path) -> Result<(), Error> {
	let mut command = vec!["install".to_owned(), "-d".into(), "-m".into(), "755".into()];
	if is_root() {
		command.extend(["-o".into(), USER.into()]);
	}
	command.push(path.display().to_string());
	process::output(&command)?;
	Ok(())
}

/// The command as the servers' user, where we are root.
fn as_user(command: impl IntoIterator<Item = String>) -> Vec<String> {
	let mut whole = Vec::new();
	if is_root() {
		let user = format!("--reuid={USER}");
		whole.extend(["setpriv".into(), user, format!("--regid={USER}"), "--init-groups".into()]);
	}
	whole.extend(command);
	whole
}

fn is_root() -> bool {
	fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}

fn await_server(program: &str, home: &Path, port: u16) -> Result<(), Error> {
	let begun = Instant::now();
	let question = [
		program.to_owned(),
		"--host".into(),
		home.display().to_string(),
		"--port".into(),
		port.to_string(),
	];
	while process::output(&question).is_err() {
		if begun.elapsed() > PATIENCE {
			return Err(Error::Postgres(format!(
				"the server on port {port} does not start; see the logs in {}",
				home.display()
			)));
		}
		std::thread::sleep(Duration::from_millis(200));
	}
	Ok(())
}

/// The durations in the logs of `pgbench` with this prefix, in seconds.
fn durations(folder: &Path, prefix: &Path) -> Result<Vec<f64>, Error> {
	let prefix = prefix.file_name().and_then(|name| name.to_str()).unwrap_or_default();
	let mut durations = Vec::new();
	for entry in fs::read_dir(folder).map_err(Error::at(folder))?.flatten() {
		if !entry.file_name().to_str().is_some_and(|name| name.starts_with(prefix)) {
			continue;
		}
		let path = entry.path();
		let text = fs::read_to_string(&path).map_err(Error::at(&path))?;
		durations.extend(text.lines().filter_map(duration));
	}
	Ok(durations)
}

/// The duration in a line: client, transaction, microseconds, script, and when it ended. A failed transaction has a word
/// in the place of the microseconds.
fn duration(line: &str) -> Option<f64> {
	let microseconds: f64 = line.split(' ').nth(2)?.parse().ok()?;
	Some(microseconds / 1e6)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn durations_are_read_from_the_log_and_failures_are_not_durations() {
		assert_eq!(duration("3 17 12500 0 1700000000 123456"), Some(0.0125));
		assert_eq!(duration("3 17 failed 0 1700000000 123456"), None);
		let folder = tempfile::tempdir().unwrap();
		fs::write(folder.path().join("path-1.99"), "0 1 1000000 0 1 1\n0 2 failed 0 1 1\n")
			.unwrap();
		fs::write(folder.path().join("path-1.99.1"), "1 1 3000000 0 1 1\n").unwrap();
		fs::write(folder.path().join("path-2.99"), "1 1 9000000 0 1 1\n").unwrap();
		let mut found = durations(folder.path(), Path::new("/somewhere/path-1")).unwrap();
		found.sort_by(f64::total_cmp);
		assert_eq!(found, [1.0, 3.0]);
	}

	#[test]
	fn every_path_of_the_ledger_has_its_script() {
		let compared = LedgerPath::ALL.into_iter().filter(|path| *path != LedgerPath::Stepwise);
		for path in compared {
			let (_, script) = SCRIPTS.iter().find(|(of, _)| *of == path).unwrap();
			for called in script.split("SELECT ").skip(1) {
				let name = called.split('(').next().unwrap();
				assert!(SCHEMA.contains(&format!("FUNCTION {name}(")), "{name} is no function");
			}
		}
	}
}
