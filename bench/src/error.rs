//! What can go wrong, and what to do.

use std::path::{Path, PathBuf};

/// An error of the bench.
#[derive(Debug, thiserror::Error)]
pub enum Error {
	#[error(transparent)]
	Process(#[from] curex_localnet::Error),
	#[error(transparent)]
	Client(#[from] curex_client::Error),
	#[error("{path}: {reason}")]
	File { path: PathBuf, reason: String },
	#[error("the key {path} cannot be used: {reason}")]
	Key { path: String, reason: String },
	#[error("the node at {endpoint} cannot be used: {reason}")]
	Node { endpoint: String, reason: String },
	#[error("{method} failed: {reason}")]
	Call { method: String, reason: String },
	#[error(
		"{call} cannot be signed: {reason}; build the bench and the node from the same source"
	)]
	Form { call: &'static str, reason: String },
	#[error("the node answered in another form than expected: {0}")]
	Protocol(String),
	#[error("{failed} of {all} transactions of the preparation failed")]
	Preparation { failed: u64, all: u64 },
	#[error("waited {seconds} s for {what}; see the logs in {logs}")]
	TimedOut { what: &'static str, seconds: u64, logs: PathBuf },
	#[error("PostgreSQL cannot be used: {0}")]
	Postgres(String),
}

impl Error {
	/// Adds the path to an input/output error.
	pub fn at(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
		move |reason| Self::File { path: path.into(), reason: reason.to_string() }
	}
}
