//! Child processes that end with us, however we end.

use crate::Error;
use rustix::process::{set_parent_process_death_signal, Signal};
use std::{
	fs::{self, File},
	io::{Read, Seek, SeekFrom},
	net::{TcpListener, UdpSocket},
	os::unix::process::CommandExt,
	path::{Path, PathBuf},
	process::{Child, Command, Stdio},
	time::{Duration, Instant},
};

/// How long a process may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(10);

/// How long a port may stay taken by a program of an earlier run that is ending.
const RELEASE: Duration = Duration::from_secs(5);

/// A running program with its log.
pub struct Process {
	name: String,
	log: PathBuf,
	child: Child,
}

impl Process {
	/// Starts a program. Its output goes to `log`; it is ended when the value is dropped.
	pub fn start(name: &str, command: &[String], log: &Path) -> Result<Self, Error> {
		let (program, arguments) = command
			.split_first()
			.ok_or_else(|| Error::Laboratory(format!("{name} has an empty command")))?;
		let file = File::create(log).map_err(Error::at(log))?;
		let errors = file.try_clone().map_err(Error::at(log))?;
		let mut command = Command::new(program);
		command
			.args(arguments)
			.stdin(Stdio::null())
			.stdout(file)
			.stderr(errors)
			// A group of its own, so that Ctrl-C reaches us alone and we end the others in order.
			.process_group(0);
		// SAFETY: runs between fork and exec, where only async-signal-safe calls are allowed: this is one bare system
		// call on a plain number, without allocation or locks.
		unsafe {
			// We may be killed ourselves; what we started must not outlive us.
			command.pre_exec(|| Ok(set_parent_process_death_signal(Some(Signal::TERM))?));
		}
		let child = command.spawn().map_err(|reason| Error::Start {
			name: name.into(),
			program: program.clone(),
			reason: reason.to_string(),
		})?;
		Ok(Self { name: name.into(), log: log.into(), child })
	}

	/// Its number in the operating system.
	pub fn id(&self) -> u32 {
		self.child.id()
	}

	/// Fails if the program has ended.
	pub fn check(&mut self) -> Result<(), Error> {
		match self.child.try_wait() {
			Ok(None) => Ok(()),
			Ok(Some(status)) => Err(Error::Ended {
				name: self.name.clone(),
				status: status.to_string(),
				log: self.log.clone(),
				tail: tail(&self.log),
			}),
			Err(reason) => Err(Error::Ended {
				name: self.name.clone(),
				status: reason.to_string(),
				log: self.log.clone(),
				tail: String::new(),
			}),
		}
	}

	/// Asks the program to end, and ends it if it does not.
	pub fn stop(&mut self) {
		if matches!(self.child.try_wait(), Ok(Some(_))) {
			return;
		}
		signal(self.child.id(), "TERM");
		let asked = Instant::now();
		while asked.elapsed() < GRACE {
			if matches!(self.child.try_wait(), Ok(Some(_))) {
				return;
			}
			std::thread::sleep(Duration::from_millis(50));
		}
		signal(self.child.id(), "KILL");
		let _ = self.child.wait();
	}
}

impl Drop for Process {
	fn drop(&mut self) {
		self.stop();
	}
}

/// Sends a signal to the group of a process we started.
fn signal(id: u32, name: &str) {
	let _ = Command::new("kill")
		.args(["-s", name, "--", &format!("-{id}")])
		.stderr(Stdio::null())
		.status();
}

/// The last lines of a log.
fn tail(log: &Path) -> String {
	const LENGTH: i64 = 2_000;
	let mut text = Vec::new();
	if let Ok(mut file) = File::open(log) {
		let _ = file.seek(SeekFrom::End(-LENGTH)).or_else(|_| file.seek(SeekFrom::Start(0)));
		let _ = file.read_to_end(&mut text);
	}
	let text = String::from_utf8_lossy(&text);
	let lines: Vec<&str> = text.lines().collect();
	lines[lines.len().saturating_sub(8)..].join("\n")
}

/// Runs a program to its end and returns what it printed.
pub fn output(command: &[String]) -> Result<String, Error> {
	let (program, arguments) =
		command.split_first().ok_or_else(|| Error::Laboratory("an empty command".into()))?;
	let result =
		Command::new(program).args(arguments).stdin(Stdio::null()).output().map_err(|reason| {
			Error::Start {
				name: program.clone(),
				program: program.clone(),
				reason: reason.to_string(),
			}
		})?;
	if result.status.success() {
		Ok(String::from_utf8_lossy(&result.stdout).into_owned())
	} else {
		Err(Error::Failed {
			command: command.join(" "),
			output: String::from_utf8_lossy(&result.stderr).trim().to_owned(),
		})
	}
}

/// Fails if a port of the loopback interface stays taken.
pub fn ensure_free_tcp(port: u16, of: &str) -> Result<(), Error> {
	ensure_free(port, "TCP", of, || TcpListener::bind(("127.0.0.1", port)).is_ok())
}

/// Fails if a port of the loopback interface stays taken.
pub fn ensure_free_udp(port: u16, of: &str) -> Result<(), Error> {
	ensure_free(port, "UDP", of, || UdpSocket::bind(("127.0.0.1", port)).is_ok())
}

fn ensure_free(
	port: u16,
	transport: &'static str,
	of: &str,
	is_free: impl Fn() -> bool,
) -> Result<(), Error> {
	let begun = Instant::now();
	while !is_free() {
		if begun.elapsed() > RELEASE {
			return Err(Error::PortTaken { port, transport, of: of.into() });
		}
		std::thread::sleep(Duration::from_millis(200));
	}
	Ok(())
}

/// Creates a folder and those above it.
pub fn create_folder(path: &Path) -> Result<(), Error> {
	fs::create_dir_all(path).map_err(Error::at(path))
}
