//! The same tests with the index on a PostgreSQL server, which is started for them and ends with them.

use crate::support::POSTGRES;
use std::{
	os::unix::{fs::chown, process::CommandExt},
	path::{Path, PathBuf},
	process::{Child, Command, Stdio},
	time::{Duration, Instant},
};

/// Who runs the server where the tests run as root, which PostgreSQL refuses: nobody.
const NOBODY: u32 = 65_534;

const MISSING: &str =
	"PostgreSQL is missing: scripts/test.sh installs it (apt-get install postgresql)";

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(120);

/// The folder with PostgreSQL's programs, the newest of what Debian installs.
fn programs() -> Option<PathBuf> {
	let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
	let mut folders: Vec<PathBuf> = versions
		.filter_map(|version| Some(version.ok()?.path().join("bin")))
		.filter(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
		.collect();
	folders.sort();
	folders.pop()
}

fn is_root() -> bool {
	std::fs::read_to_string("/proc/self/status")
		.is_ok_and(|status| status.lines().any(|line| line.starts_with("Uid:\t0\t")))
}

fn command(program: &Path) -> Command {
	let mut command = Command::new(program);
	if is_root() {
		command.uid(NOBODY).gid(NOBODY);
	}
	command.current_dir("/").env("LC_ALL", "C").stdin(Stdio::null());
	command
}

/// A server that listens on a socket in its folder alone.
struct Server {
	process: Child,
	home: tempfile::TempDir,
}

impl Server {
	fn start(programs: &Path) -> Self {
		let home = tempfile::tempdir().unwrap();
		if is_root() {
			chown(home.path(), Some(NOBODY), Some(NOBODY)).unwrap();
		}
		let data = home.path().join("data");
		let made = command(&programs.join("initdb"))
			.args(["--auth=trust", "--username=curex", "--encoding=UTF8", "--no-sync", "--pgdata"])
			.arg(&data)
			.output()
			.unwrap();
		assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
		let log = std::fs::File::create(home.path().join("log")).unwrap();
		let process = command(&programs.join("postgres"))
			.args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=400", "-k"])
			.arg(home.path())
			.arg("-D")
			.arg(&data)
			.stdout(Stdio::null())
			.stderr(log)
			.spawn()
			.unwrap();
		let server = Self { process, home };
		let begun = Instant::now();
		while !server.answers(programs) {
			let log = std::fs::read_to_string(server.home.path().join("log")).unwrap_or_default();
			assert!(begun.elapsed() < PATIENCE, "the server does not answer: {log}");
			std::thread::sleep(Duration::from_millis(100));
		}
		server
	}

	fn answers(&self, programs: &Path) -> bool {
		let asked = command(&programs.join("pg_isready")).arg("-h").arg(self.home.path()).output();
		asked.is_ok_and(|output| output.status.success())
	}
}

impl Drop for Server {
	fn drop(&mut self) {
		let _ = self.process.kill();
		let _ = self.process.wait();
	}
}

#[test]
fn the_same_tests_pass_with_the_index_on_postgresql() {
	let programs = programs().expect(MISSING);
	let server = Server::start(&programs);
	let address =
		format!("postgresql:///postgres?user=curex&host={}", server.home.path().display());
	// This one does not begin again.
	let tests = Command::new(std::env::current_exe().unwrap())
		.args(["--skip", "postgresql", "--test-threads", "4"])
		.env(POSTGRES, address)
		.output()
		.unwrap();
	let told = String::from_utf8_lossy(&tests.stdout);
	assert!(tests.status.success(), "{told}\n{}", String::from_utf8_lossy(&tests.stderr));
	for ran in ["an_index_belongs_to_one_chain_and_one_version", "a_tampered_record_is_detected"] {
		assert!(told.contains(ran), "{ran} is missing: {told}");
	}
}
