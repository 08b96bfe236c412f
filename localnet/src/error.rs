//! What can go wrong, and what to do.

use std::path::{Path, PathBuf};

/// An error of the local consortium.
#[derive(Debug, thiserror::Error)]
pub enum Error {
	#[error("{path}: {reason}")]
	File { path: PathBuf, reason: String },
	#[error("{name} could not be started: {program}: {reason}")]
	Start { name: String, program: String, reason: String },
	#[error("{name} ended ({status}); its log is {log}\n{tail}")]
	Ended { name: String, status: String, log: PathBuf, tail: String },
	#[error("`{command}` failed: {output}")]
	Failed { command: String, output: String },
	#[error("{transport} port {port} is taken, {of} needs it; stop the program that holds it, or choose others with --port-base")]
	PortTaken { port: u16, transport: &'static str, of: String },
	#[error("the laboratory cannot be used: {0}")]
	Laboratory(String),
	#[error(
		"another local consortium runs in {0}; stop it first, or choose another folder with --home"
	)]
	Busy(PathBuf),
	#[error("waited {seconds} s for {what}; {hint}")]
	TimedOut { what: String, seconds: u64, hint: String },
	#[error("step {step}: {reason}")]
	NotVerified { step: u8, reason: String },
	#[error("{context}: {source}")]
	Client {
		context: String,
		#[source]
		source: curex_client::Error,
	},
}

impl Error {
	/// Adds the path to an input/output error.
	pub fn at(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
		move |reason| Self::File { path: path.into(), reason: reason.to_string() }
	}
}

/// Says during what a client error occurred.
pub trait Context<T> {
	/// Adds the context.
	fn during(self, what: &str) -> Result<T, Error>;
}

impl<T> Context<T> for Result<T, curex_client::Error> {
	fn during(self, what: &str) -> Result<T, Error> {
		self.map_err(|source| Error::Client { context: what.into(), source })
	}
}
