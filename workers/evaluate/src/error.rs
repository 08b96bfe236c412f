//! What can go wrong.

use std::{fmt::Display, path::Path};

/// Every variant says what was wrong and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
	/// A file or folder could not be read, or the output not written.
	#[error("{file}: {reason}; check the path and the permissions")]
	File {
		/// Which.
		file: String,
		/// What the system said.
		reason: String,
	},
	/// A file is not what it should be.
	#[error("{file}: {reason}; give a file of the documented format")]
	Format {
		/// Which.
		file: String,
		/// What was found.
		reason: String,
	},
	/// An argument makes no sense.
	#[error("{0}; see --help")]
	Argument(String),
	/// The detectors refused.
	#[error(transparent)]
	Threats(#[from] curex_threats::ThreatsError),
	/// The choice of safeguards failed.
	#[error(transparent)]
	Safeguards(#[from] curex_safeguards::SafeguardsError),
	/// Advisories or inventory were refused.
	#[error(transparent)]
	Vulnerabilities(#[from] curex_vulnerabilities::Error),
	/// The model was refused.
	#[error(transparent)]
	Risk(#[from] curex_risk::RiskError),
}

impl Error {
	/// [`Error::File`].
	pub fn file(file: impl AsRef<Path>, reason: &impl Display) -> Self {
		Self::File { file: file.as_ref().display().to_string(), reason: reason.to_string() }
	}

	/// [`Error::Format`].
	pub fn format(file: impl AsRef<Path>, reason: impl Display) -> Self {
		Self::Format { file: file.as_ref().display().to_string(), reason: reason.to_string() }
	}
}

/// The text of a file.
///
/// # Errors
/// [`Error::File`].
pub fn read_text(path: &Path) -> Result<String, Error> {
	std::fs::read_to_string(path).map_err(|error| Error::file(path, &error))
}
