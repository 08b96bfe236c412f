use std::path::PathBuf;

/// Why a feed or one of its files could not be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
	/// The folder of the feed cannot be listed.
	#[error("the feed folder {} cannot be read: {source}; check the path and its permissions", path.display())]
	Folder {
		/// The folder.
		path: PathBuf,
		/// The system's reason.
		source: std::io::Error,
	},
	/// A file cannot be read.
	#[error("{file} cannot be read: {source}")]
	Unreadable {
		/// Name of the file.
		file: String,
		/// The system's reason.
		source: std::io::Error,
	},
	/// A file is larger than the importer accepts.
	#[error("{file} has {bytes} bytes, more than the {limit} that are read; split the file")]
	TooLarge {
		/// Name of the file.
		file: String,
		/// Its size.
		bytes: u64,
		/// The largest size accepted.
		limit: u64,
	},
	/// A file is in no format that the importer knows.
	#[error(
		"{file} is in no known format; expected CSAF 2.0, NVD CVE API 2.0, OSV or KEV in JSON, or \
		 EPSS in CSV"
	)]
	UnknownFormat {
		/// Name of the file.
		file: String,
	},
	/// A file is in a known format, but violates it.
	#[error("{file} is not valid {format}: {reason}; fetch it again from its publisher")]
	Malformed {
		/// Name of the file.
		file: String,
		/// The format it claims to be.
		format: &'static str,
		/// What is wrong, with the position if known.
		reason: String,
	},
	/// The store cannot be used.
	#[error(
		"the store of advisories cannot be used: {0}; check the file, its disk and its permissions"
	)]
	Store(#[from] rusqlite::Error),
	/// The store was written by another version of this program.
	#[error("the store of advisories has version {found}, this program knows {known}; delete it and import again")]
	StoreVersion {
		/// Its version.
		found: i64,
		/// The version that is known.
		known: i64,
	},
	/// An entry of the store cannot be written or read.
	#[error("an entry of the store cannot be encoded or decoded: {0}; delete the store and import again")]
	Encoding(#[source] serde_json::Error),
	/// The inventory cannot be read.
	#[error("{file} is not an inventory: {reason}; give CycloneDX, a snapshot, or a list of assets in JSON")]
	Inventory {
		/// Name of the file.
		file: String,
		/// What is wrong.
		reason: String,
	},
	/// The caller asked an import or a fetch to stop.
	#[error("it was stopped on request; start it again to go on")]
	Stopped,
	/// A source of feeds is not usable as it is configured.
	#[error("the source `{name}` is not usable: {reason}")]
	Source {
		/// Its name.
		name: String,
		/// What is wrong and what to do.
		reason: String,
	},
	/// A publisher cannot be reached, or answers something else than is expected.
	#[error("{url} cannot be fetched: {reason}")]
	Fetch {
		/// What was asked for.
		url: String,
		/// What is wrong.
		reason: String,
	},
	/// An address is not spoken to.
	#[error("{url} is not fetched: {reason}")]
	Refused {
		/// What was asked for, or redirected to.
		url: String,
		/// Why.
		reason: String,
	},
	/// What is fetched is larger than accepted.
	#[error("{url} has more than the {limit} bytes that are fetched; is it the right address?")]
	FetchTooLarge {
		/// What was asked for.
		url: String,
		/// The largest size accepted.
		limit: u64,
	},
	/// The folder of fetched feeds cannot be used.
	#[error("{} cannot be used: {source}; check the disk and the permissions", path.display())]
	Mirror {
		/// The file or folder.
		path: PathBuf,
		/// The system's reason.
		source: std::io::Error,
	},
}

impl Error {
	pub(crate) fn encoding(source: serde_json::Error) -> Self {
		Self::Encoding(source)
	}
}
