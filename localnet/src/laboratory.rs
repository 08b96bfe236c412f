//! Hospital A's laboratory: real services on loopback, described by `lab.toml`.

use crate::{
	process::{self, Process},
	Error,
};
use serde::Deserialize;
use std::{
	collections::BTreeMap,
	fs,
	net::TcpStream,
	path::{Path, PathBuf},
	time::{Duration, Instant},
};

/// How long a service may take until its port answers.
const STARTUP: Duration = Duration::from_secs(30);

/// The services of a laboratory.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Laboratory {
	/// The services, in the order of their start.
	pub service: Vec<Service>,
}

/// A service. In every text `{dir}` stands for its own folder and `{lab}` for the laboratory's.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
	/// Its name; also of its folder and log.
	pub name: String,
	/// TCP ports on 127.0.0.1.
	#[serde(default)]
	pub tcp: Vec<u16>,
	/// UDP ports on 127.0.0.1.
	#[serde(default)]
	pub udp: Vec<u16>,
	/// Products that discovery is expected to name.
	pub expect: Vec<String>,
	/// Files to write into its folder before the start.
	#[serde(default)]
	pub files: BTreeMap<String, String>,
	/// Commands to run once before the first start, as argument lists.
	#[serde(default)]
	pub prepare: Vec<Vec<String>>,
	/// The command, as an argument list. It stays in the foreground.
	pub command: Vec<String>,
}

impl Laboratory {
	/// Reads `lab.toml` of a folder.
	pub fn read(folder: &Path) -> Result<Self, Error> {
		let path = folder.join("lab.toml");
		let text = fs::read_to_string(&path).map_err(Error::at(&path))?;
		let laboratory: Self = toml::from_str(&text)
			.map_err(|reason| Error::Laboratory(format!("{}: {reason}", path.display())))?;
		for service in &laboratory.service {
			if service.tcp.is_empty() && service.udp.is_empty() {
				return Err(Error::Laboratory(format!("{} has no port", service.name)));
			}
			if service.name.is_empty()
				|| !service.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
			{
				return Err(Error::Laboratory(format!(
					"{:?} is no name for a folder: use letters, digits and hyphens",
					service.name
				)));
			}
		}
		Ok(laboratory)
	}

	/// Starts every service and waits until its TCP ports answer.
	pub fn start(&self, source: &Path, folder: &Path, logs: &Path) -> Result<Vec<Process>, Error> {
		for service in &self.service {
			for &port in &service.tcp {
				process::ensure_free_tcp(port, &service.name)?;
			}
			for &port in &service.udp {
				process::ensure_free_udp(port, &service.name)?;
			}
		}
		self.service.iter().map(|service| service.start(source, folder, logs)).collect()
	}
}

impl Service {
	fn start(&self, source: &Path, folder: &Path, logs: &Path) -> Result<Process, Error> {
		let dir = folder.join(&self.name);
		process::create_folder(&dir)?;
		let fill = |text: &String| {
			text.replace("{dir}", &dir.display().to_string())
				.replace("{lab}", &source.display().to_string())
		};
		for (name, text) in &self.files {
			let path = dir.join(name);
			if let Some(parent) = path.parent() {
				process::create_folder(parent)?;
			}
			fs::write(&path, fill(text)).map_err(Error::at(&path))?;
		}
		let prepared = dir.join(".prepared");
		if !prepared.exists() {
			for command in &self.prepare {
				process::output(&command.iter().map(fill).collect::<Vec<_>>())?;
			}
			fs::write(&prepared, b"").map_err(Error::at(&prepared))?;
		}
		let command: Vec<String> = self.command.iter().map(fill).collect();
		let mut running =
			Process::start(&self.name, &command, &logs.join(format!("{}.log", self.name)))?;
		let started = Instant::now();
		for &port in &self.tcp {
			while TcpStream::connect(("127.0.0.1", port)).is_err() {
				running.check()?;
				if started.elapsed() > STARTUP {
					return Err(Error::TimedOut {
						what: format!("{} to answer on port {port}", self.name),
						seconds: STARTUP.as_secs(),
						hint: format!("see {}", log_path(logs, &self.name).display()),
					});
				}
				std::thread::sleep(Duration::from_millis(100));
			}
		}
		running.check()?;
		Ok(running)
	}
}

fn log_path(logs: &Path, name: &str) -> PathBuf {
	logs.join(format!("{name}.log"))
}

#[cfg(test)]
mod tests {
	use super::*;

	fn read(text: &str) -> Result<Laboratory, Error> {
		let folder = tempfile::tempdir().unwrap();
		fs::write(folder.path().join("lab.toml"), text).unwrap();
		Laboratory::read(folder.path())
	}

	#[test]
	fn the_shipped_laboratory_reads() {
		let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../lab");
		let laboratory = Laboratory::read(&folder).unwrap();
		assert!(laboratory.service.len() >= 5);
	}

	#[test]
	fn rubbish_is_refused_with_the_place() {
		for (text, said) in [
			("", "service"),
			("[[service]]\nname = \"a\"\nexpect = []\ncommand = [\"true\"]\n", "has no port"),
			(
				"[[service]]\nname = \"../a\"\ntcp = [1]\nexpect = []\ncommand = [\"true\"]\n",
				"no name",
			),
			("[[service]]\nnme = \"a\"\n", "nme"),
		] {
			let error = read(text).unwrap_err().to_string();
			assert!(error.contains(said), "{error}");
		}
	}

	#[test]
	fn a_service_that_ends_at_once_is_told_with_its_log() {
		let folder = tempfile::tempdir().unwrap();
		let laboratory: Laboratory = toml::from_str(
			"[[service]]\nname = \"broken\"\ntcp = [17999]\nexpect = []\ncommand = [\"sh\", \"-c\", \"echo no licence; exit 3\"]\n",
		)
		.unwrap();
		let error = laboratory
			.start(folder.path(), folder.path(), folder.path())
			.err()
			.expect("the service ended")
			.to_string();
		assert!(error.contains("broken ended") && error.contains("no licence"), "{error}");
	}
}
