//! Starts `curex-agent` and keeps it running.
//!
//! The agent is a process of its own, so that a fault in a parser or a solver never stops a validator. It runs at a low
//! priority and with bounded memory, and it must go when the node goes: its standard input is a pipe to which nothing is
//! written, and whose end tells it that the node is gone, however that happened.

use rustix::process::{self, Pid, Resource, Rlimit, Signal};
use std::{
	io,
	path::{Path, PathBuf},
	process::Stdio,
	time::{Duration, Instant},
};
use tokio::process::{Child, Command};

const LOG_TARGET: &str = "curex::agent";
const PROGRAM: &str = "curex-agent";

/// How the agent is run.
#[derive(Clone, Debug)]
pub struct Options {
	/// The program.
	pub program: PathBuf,
	/// Its configuration (TOML).
	pub config: PathBuf,
	/// The socket of the mailbox.
	pub socket: PathBuf,
	/// By how much its priority is lowered, 0 to 19.
	pub nice: i32,
	/// Bytes of address space; none for no limit.
	pub address_space: Option<u64>,
	/// Pause before the first restart; doubles with every further one.
	pub first_pause: Duration,
	/// Longest pause before a restart. The pauses begin anew once the agent has run for as long.
	pub longest_pause: Duration,
	/// How long the agent may take to stop before it is killed.
	pub grace: Duration,
}

impl Options {
	/// The agent that lies beside this program, or else the one in the search path.
	pub fn new(config: PathBuf, socket: PathBuf) -> Self {
		let beside = std::env::current_exe().ok().map(|path| path.with_file_name(PROGRAM));
		Self {
			program: beside.filter(|path| path.is_file()).unwrap_or_else(|| PROGRAM.into()),
			config,
			socket,
			nice: 10,
			address_space: Some(4 << 30),
			first_pause: Duration::from_secs(1),
			longest_pause: Duration::from_secs(60),
			grace: Duration::from_secs(10),
		}
	}

	fn command(&self) -> Command {
		let mut command = Command::new(&self.program);
		command
			.arg("--config")
			.arg(&self.config)
			.arg("--socket")
			.arg(&self.socket)
			.stdin(Stdio::piped());
		let (nice, address_space) = (self.nice, self.address_space);
		// SAFETY: runs between fork and exec, where only async-signal-safe calls are allowed: these are bare system
		// calls on plain numbers, without allocation or locks.
		unsafe {
			command.pre_exec(move || restrain(nice, address_space));
		}
		command
	}
}

fn restrain(nice: i32, address_space: Option<u64>) -> io::Result<()> {
	process::nice(nice)?;
	if address_space.is_some() {
		let limit = Rlimit { current: address_space, maximum: address_space };
		process::setrlimit(Resource::As, limit)?;
	}
	Ok(())
}

/// Runs the agent until the node stops; starts it again whenever it ends.
pub async fn supervise(options: Options) {
	let mut pause = options.first_pause;
	loop {
		let started = Instant::now();
		match run_once(&options).await {
			Ok(ended) => log::warn!(target: LOG_TARGET, "The agent ended: {ended}"),
			Err(reason) => log::error!(
				target: LOG_TARGET,
				"The agent {} cannot be started: {reason}",
				show(&options.program),
			),
		}
		if started.elapsed() >= options.longest_pause {
			pause = options.first_pause;
		}
		log::info!(target: LOG_TARGET, "Starting the agent again in {pause:?}");
		tokio::time::sleep(pause).await;
		pause = (pause * 2).min(options.longest_pause);
	}
}

async fn run_once(options: &Options) -> io::Result<std::process::ExitStatus> {
	let mut agent = Agent { child: Some(options.command().spawn()?), grace: options.grace };
	let child = agent.child.as_mut().ok_or(io::ErrorKind::NotFound)?;
	log::info!(target: LOG_TARGET, "Started {}", show(&options.program));
	// Taken out, for waiting would close it, and its end means that the node is gone.
	let lifeline = child.stdin.take();
	let ended = child.wait().await;
	drop(lifeline);
	agent.child = None;
	ended
}

fn show(program: &Path) -> String {
	program.display().to_string()
}

/// The running agent. Dropped with the supervision, when the node stops: asks the agent to stop, and kills it if it does
/// not.
struct Agent {
	child: Option<Child>,
	grace: Duration,
}

impl Drop for Agent {
	fn drop(&mut self) {
		let Some(mut child) = self.child.take() else { return };
		let Some(pid) = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?)) else {
			return;
		};
		if let Err(reason) = process::kill_process(pid, Signal::TERM) {
			log::debug!(target: LOG_TARGET, "The agent could not be asked to stop: {reason}");
		}
		let deadline = Instant::now() + self.grace;
		// A thread, for dropping must not block. If the node is faster than the agent, the thread ends with it; the agent
		// has been asked to stop, and its lifeline is cut.
		std::thread::spawn(move || {
			while Instant::now() < deadline {
				match child.try_wait() {
					Ok(None) => std::thread::sleep(Duration::from_millis(50)),
					_ => return,
				}
			}
			log::warn!(target: LOG_TARGET, "The agent did not stop in time and is killed");
			if let Err(reason) = child.start_kill() {
				log::warn!(target: LOG_TARGET, "The agent could not be killed: {reason}");
			}
		});
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::{fs, os::unix::fs::PermissionsExt};

	struct Scene {
		folder: tempfile::TempDir,
		options: Options,
	}

	/// An agent that is this shell script.
	fn scene(script: &str) -> Scene {
		let folder = tempfile::tempdir().unwrap();
		let program = folder.path().join("agent");
		fs::write(&program, format!("#!/bin/sh\ncd {}\n{script}\n", folder.path().display()))
			.unwrap();
		fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
		let options = Options {
			program,
			nice: 7,
			address_space: Some(1 << 30),
			first_pause: Duration::from_millis(10),
			longest_pause: Duration::from_millis(40),
			grace: Duration::from_millis(300),
			..Options::new("agent.toml".into(), "mailbox.sock".into())
		};
		Scene { folder, options }
	}

	impl Scene {
		fn read(&self, name: &str) -> String {
			fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
		}

		async fn wait_for(&self, name: &str, holds: impl Fn(&str) -> bool) -> String {
			for _ in 0..500 {
				let text = self.read(name);
				if holds(&text) {
					return text;
				}
				tokio::time::sleep(Duration::from_millis(10)).await;
			}
			panic!("{name} holds {:?}", self.read(name));
		}
	}

	fn is_running(pid: &str) -> bool {
		// A zombie has ended.
		fs::read_to_string(format!("/proc/{}/stat", pid.trim()))
			.is_ok_and(|stat| !stat.contains(") Z "))
	}

	#[tokio::test]
	async fn the_agent_is_told_its_files_and_runs_restrained() {
		let scene = scene("echo \"$@\" > arguments; nice > nice; ulimit -v > memory; sleep 60");
		let supervision = tokio::spawn(supervise(scene.options.clone()));
		let memory = scene.wait_for("memory", |text| text.ends_with('\n')).await;
		assert_eq!(scene.read("arguments"), "--config agent.toml --socket mailbox.sock\n");
		assert_eq!(memory.trim(), (1 << 20).to_string());
		let own: i32 =
			String::from_utf8(std::process::Command::new("nice").output().unwrap().stdout)
				.unwrap()
				.trim()
				.parse()
				.unwrap();
		assert_eq!(scene.read("nice").trim(), (own + 7).min(19).to_string());
		supervision.abort();
	}

	#[tokio::test]
	async fn an_agent_that_ends_is_started_again() {
		let scene = scene("echo started >> starts; exit 3");
		let supervision = tokio::spawn(supervise(scene.options.clone()));
		scene.wait_for("starts", |text| text.lines().count() >= 3).await;
		supervision.abort();
	}

	#[tokio::test]
	async fn the_agent_stops_with_the_supervision() {
		let scene = scene(
			"trap 'echo asked > asked; exit 0' TERM\necho $$ > pid\nwhile :; do sleep 0.05; done",
		);
		let supervision = tokio::spawn(supervise(scene.options.clone()));
		let pid = scene.wait_for("pid", |text| text.ends_with('\n')).await;
		assert!(is_running(&pid));
		supervision.abort();
		scene.wait_for("asked", |text| text == "asked\n").await;
	}

	#[tokio::test]
	async fn an_agent_that_does_not_listen_is_killed() {
		let scene = scene("trap '' TERM\necho $$ > pid\nwhile :; do sleep 0.05; done");
		let supervision = tokio::spawn(supervise(scene.options.clone()));
		let pid = scene.wait_for("pid", |text| text.ends_with('\n')).await;
		supervision.abort();
		for _ in 0..200 {
			if !is_running(&pid) {
				return;
			}
			tokio::time::sleep(Duration::from_millis(10)).await;
		}
		panic!("the agent still runs");
	}

	#[tokio::test]
	async fn the_lifeline_ends_with_the_supervision() {
		let scene = scene("trap '' TERM\necho $$ > pid\ncat\necho cut > cut");
		let supervision = tokio::spawn(supervise(scene.options.clone()));
		scene.wait_for("pid", |text| text.ends_with('\n')).await;
		assert_eq!(scene.read("cut"), "");
		supervision.abort();
		scene.wait_for("cut", |text| text == "cut\n").await;
	}

	#[tokio::test]
	async fn a_missing_agent_does_not_end_the_supervision() {
		let scene = scene("");
		let options = Options { program: "/nowhere/agent".into(), ..scene.options.clone() };
		let supervision = supervise(options);
		assert!(tokio::time::timeout(Duration::from_millis(100), supervision).await.is_err());
	}
}
