use std::{io, path::PathBuf};

use curex_primitives::{OrganisationId, ReportDefect, ReportKind};

/// What can go wrong in the agent. Every message says what was wrong and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
	/// The configuration cannot be read or does not make sense.
	#[error("configuration {}: {key}: {problem}", path.display())]
	Configuration {
		/// The file.
		path: PathBuf,
		/// The key, with its table.
		key: String,
		/// What is wrong and what would be right.
		problem: String,
	},
	/// A file or folder cannot be used.
	#[error("{}: {problem}", path.display())]
	File {
		/// The file or folder.
		path: PathBuf,
		/// What is wrong and what to do.
		problem: String,
	},
	/// The system refused an operation on a file.
	#[error("{what} {}: {source}; check the path, its permissions and the free space", path.display())]
	Io {
		/// What was attempted.
		what: &'static str,
		/// The file or folder.
		path: PathBuf,
		/// What the system said.
		source: io::Error,
	},
	/// Another agent holds the data folder.
	#[error("{} is in use by another curex-agent; stop that one first", path.display())]
	InUse {
		/// The data folder.
		path: PathBuf,
	},
	/// The database belongs to another organisation.
	#[error(
		"the database belongs to organisation {found}, the configuration says {expected}; use \
		 another data folder for another organisation"
	)]
	OtherOrganisation {
		/// Whom the configuration names.
		expected: OrganisationId,
		/// Whom the database names.
		found: u32,
	},
	/// The database refused an operation.
	#[error(
		"the database refused: {0}; check the free space and the permissions of the data folder"
	)]
	Database(#[from] rusqlite::Error),
	/// The database was written by a later version.
	#[error(
		"the database has layout {found}, this agent knows {known}; install the later agent again"
	)]
	LaterLayout {
		/// Layout of the database.
		found: i64,
		/// Layout of this program.
		known: i64,
	},
	/// The database was written by an earlier version.
	#[error("the database has layout {found}, this agent knows {known}; `curex-agent run` brings it up to date")]
	EarlierLayout {
		/// Layout of the database.
		found: i64,
		/// Layout of this program.
		known: i64,
	},
	/// A row of the database makes no sense.
	#[error("the database is damaged: {0}; restore the data folder from its backup")]
	Damaged(String),
	/// The system's source of randomness failed; no salt, no key.
	#[error("the system gave no random bytes: {0}; nothing was recorded")]
	Randomness(getrandom::Error),
	/// Sealed evidence does not open.
	#[error(
		"the evidence of {what} does not open: it was changed, or the key is not the one it was \
		 sealed with; restore database and key file from the same backup"
	)]
	DoesNotOpen {
		/// Which evidence.
		what: String,
	},
	/// Opened evidence is not what the report commits to.
	#[error("the evidence of {what} opens, but not to the commitment {commitment} of its report")]
	OtherCommitment {
		/// Which evidence.
		what: String,
		/// The recorded commitment.
		commitment: String,
	},
	/// There is no such evidence, asset or plan.
	#[error("{what} is not here; `curex-agent evidence list` shows what is")]
	NotFound {
		/// What was looked for.
		what: String,
	},
	/// Evidence that was deleted because its time was over.
	#[error("the evidence of {what} was deleted: it is about staff, and its time was over ([staff] in the configuration)")]
	Deleted {
		/// Which evidence.
		what: String,
	},
	/// A name could not be opened by two people.
	#[error("the name stays sealed: {0}")]
	Opener(curex_client::Error),
	/// A report that the ledger would refuse.
	#[error(
		"the {kind:?} report is not fit for the ledger: {defect:?}; this is a defect of the agent"
	)]
	Report {
		/// Its kind.
		kind: ReportKind,
		/// What is wrong with it.
		defect: ReportDefect,
	},
	/// The node's mailbox cannot be reached.
	#[error("the mailbox {} cannot be reached: {source}; is the node running?", path.display())]
	Mailbox {
		/// The socket.
		path: PathBuf,
		/// What the system said.
		source: io::Error,
	},
	/// The node answered with an error.
	#[error("the node refused `{operation}`: {code}: {message}")]
	Refused {
		/// What was asked.
		operation: &'static str,
		/// The node's code.
		code: String,
		/// The node's words.
		message: String,
	},
	/// The node answered something that is no answer.
	#[error(
		"the node's answer to `{operation}` cannot be read: {reason}; do node and agent match?"
	)]
	Answer {
		/// What was asked.
		operation: &'static str,
		/// Why it cannot be read.
		reason: String,
	},
	/// The node serves another organisation.
	#[error(
		"the node is registered for organisation {found}, the configuration says {expected}; correct \
		 `organisation` or the mailbox path"
	)]
	OtherNode {
		/// Whom the configuration names.
		expected: OrganisationId,
		/// Whom the node serves.
		found: OrganisationId,
	},
	/// An input of a task is missing.
	#[error("{task}: {what} is missing; {remedy}")]
	MissingInput {
		/// The task.
		task: &'static str,
		/// What is missing.
		what: String,
		/// What to do.
		remedy: &'static str,
	},
	/// Finding assets failed.
	#[error("discovery: {0}")]
	Discovery(#[from] curex_discovery::Error),
	/// A source of advisories could not be fetched to its end.
	#[error("the source `{source_name}` was not fetched to its end: {problem}; what came is used, the rest comes next time")]
	NotFetched {
		/// Its name.
		source_name: String,
		/// Why.
		problem: String,
	},
	/// Reading the advisory feed failed.
	#[error("vulnerabilities: {0}")]
	Vulnerabilities(#[from] curex_vulnerabilities::Error),
	/// An indicator may not be shared.
	#[error("it is not to be shared: {reason}")]
	NotShared {
		/// Why.
		reason: &'static str,
	},
	/// Watching failed.
	#[error("threats: {0}")]
	Threats(#[from] curex_threats::ThreatsError),
	/// Evaluating the survey failed.
	#[error("hygiene: {0}")]
	Hygiene(#[from] curex_hygiene::HygieneError),
	/// Assessing the risk failed.
	#[error("risk: {0}")]
	Risk(#[from] curex_risk::RiskError),
	/// Choosing safeguards failed.
	#[error("safeguards: {0}")]
	Safeguards(#[from] curex_safeguards::SafeguardsError),
	/// A plan did not stand up to its own re-check.
	#[error(
		"the plan does not stand up to its re-check in integer arithmetic, so it is not recorded; this \
		 is a defect of the safeguard engine, please report it with the catalogue"
	)]
	PlanNotConfirmed,
	/// Something cannot be written as JSON, or read back.
	#[error(
		"sealed data and this agent do not agree on their form: {0}; use the agent that wrote them"
	)]
	Json(#[from] serde_json::Error),
}

impl Error {
	/// The exit code: 2 for a configuration to correct, 3 for evidence that is missing or does not open, 1 otherwise.
	pub fn exit_code(&self) -> u8 {
		match self {
			Self::Configuration { .. }
			| Self::OtherOrganisation { .. }
			| Self::OtherNode { .. } => 2,
			Self::DoesNotOpen { .. }
			| Self::OtherCommitment { .. }
			| Self::NotFound { .. }
			| Self::Deleted { .. } => 3,
			_ => 1,
		}
	}

	/// Makes [`Error::Io`] from what the system said, for `map_err`.
	pub fn io(what: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
		let path = path.into();
		move |source| Self::Io { what, path, source }
	}
}
