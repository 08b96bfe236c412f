//! What can go wrong, and what to do.

/// An error of the explorer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
	/// The database cannot be used.
	#[error("the database: {0}")]
	Database(#[from] rusqlite::Error),
	/// The database server cannot be used.
	#[error("the database: {0}")]
	Server(String),
	/// What the database holds cannot be read.
	#[error("the database is damaged: {0}; delete it and let the explorer index anew")]
	Damaged(String),
	/// The database belongs to another chain or version.
	#[error("{0}")]
	OtherDatabase(String),
	/// A block does not follow the last one.
	#[error("block {found} does not follow block {last}: a gap")]
	Gap {
		/// The last block in the index.
		last: u64,
		/// The block that came.
		found: u64,
	},
	/// A block names another parent than the last one.
	#[error(
		"block {number} does not continue the indexed chain; what is indexed was final, therefore this node \
		 is on another chain"
	)]
	Fork {
		/// The block.
		number: u64,
	},
	/// A node fails.
	#[error(transparent)]
	Node(#[from] curex_client::Error),
	/// A node stopped finalising.
	#[error("{0}")]
	Stalled(String),
	/// What was asked for is not there.
	#[error("{0}")]
	NotFound(String),
	/// What was asked cannot be understood.
	#[error("{0}")]
	Input(String),
	/// What a proof shows is not what is claimed.
	#[error("not proven: {0}")]
	NotProven(String),
	/// Who asks may not.
	#[error("{0}")]
	Refused(String),
	/// Who asks, asks too often.
	#[error("too many questions; wait a minute")]
	TooMany,
	/// The log of queries was changed.
	#[error("the log of queries was changed at entry {0}: keep the file, tell the data protection officer")]
	Tampered(u64),
	/// A file or socket.
	#[error("{what}: {reason}")]
	System {
		/// Which.
		what: String,
		/// What the system said.
		reason: std::io::Error,
	},
}

impl Error {
	/// Says what an input/output error is about.
	pub fn at(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
		let what = what.into();
		move |reason| Self::System { what, reason }
	}

	/// What was wrong with a question.
	pub fn input(text: impl Into<String>) -> Self {
		Self::Input(text.into())
	}
}
