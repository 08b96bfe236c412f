//! The hospital's advisories: fetched where sources are named, imported, compared with the inventory.
//!
//! They lie in a database of their own in the data folder. It holds nothing of the hospital, and can be made anew from the
//! feeds, so that it needs neither sealing nor a backup.

use curex_vulnerabilities::{
	AssetService, Contents, Failure, FetchProgress, Fetched, Imported, MatchReport, Matched, Mirror,
};
use serde::Serialize;

use crate::{config::Feeds, Config, Error};

/// Name of the database within the data folder.
const DATABASE: &str = "advisories.db";

/// The advisories of a hospital.
pub struct Advisories {
	store: curex_vulnerabilities::Store,
	feeds: Option<Feeds>,
}

/// What came of fetching one source.
#[derive(Debug, Serialize)]
pub struct Visit {
	/// Its name.
	pub source: String,
	/// What was fetched.
	#[serde(flatten)]
	pub fetched: Option<Fetched>,
	/// Why it could not be fetched, or not to the end.
	pub failure: Option<String>,
}

impl Advisories {
	/// Opens the database, or makes it.
	///
	/// # Errors
	/// [`Error::Vulnerabilities`], if there is no data folder as well.
	pub fn open(config: &Config) -> Result<Self, Error> {
		let store = curex_vulnerabilities::Store::open(&config.data.join(DATABASE))?;
		Ok(Self { store, feeds: config.feeds.clone() })
	}

	/// Fetches every source; one that fails does not hold up the others.
	///
	/// # Errors
	/// [`Error::Vulnerabilities`] if the folder of the feeds cannot be written.
	pub fn fetch(
		&self,
		progress: &mut dyn FnMut(&FetchProgress) -> bool,
	) -> Result<Vec<Visit>, Error> {
		let Some(feeds) = self.feeds.as_ref().filter(|feeds| !feeds.sources.is_empty()) else {
			return Ok(Vec::new());
		};
		let mut mirror = Mirror::open(&feeds.folder, &feeds.mirrors)?;
		let visits = feeds.sources.iter().map(|source| {
			let (fetched, failure) = match mirror.fetch(source, progress) {
				Ok(fetched) => (Some(fetched), None),
				Err(error) => (None, Some(error.to_string())),
			};
			Visit { source: source.name.clone(), fetched, failure }
		});
		Ok(visits.collect())
	}

	/// Brings what changed in the folder of the feeds into the database.
	///
	/// # Errors
	/// [`Error::Vulnerabilities`] if the folder cannot be read.
	pub fn import(&mut self) -> Result<Imported, Error> {
		match &self.feeds {
			Some(feeds) => Ok(self.store.import(&feeds.folder, &mut |progress| {
				tracing::debug!(file = %progress.file, records = progress.records, "importing");
				true
			})?),
			None => Ok(Imported::default()),
		}
	}

	/// Compares an inventory with everything.
	///
	/// # Errors
	/// [`Error::Vulnerabilities`].
	pub fn match_all(&mut self, services: &[AssetService]) -> Result<MatchReport, Error> {
		let mut report = MatchReport::default();
		self.store.match_given(services, &mut |outcome| report.take(outcome))?;
		report.order();
		Ok(report)
	}

	/// Compares an inventory with what changed since the last comparison.
	///
	/// # Errors
	/// [`Error::Vulnerabilities`].
	pub fn match_changed(
		&mut self,
		services: &[AssetService],
	) -> Result<(Matched, MatchReport), Error> {
		let mut report = MatchReport::default();
		let matched =
			self.store.match_given_changed(services, &mut |outcome| report.take(outcome))?;
		report.order();
		Ok((matched, report))
	}

	/// SHA-256 of what is known, and how much that is.
	///
	/// # Errors
	/// [`Error::Vulnerabilities`].
	pub fn state(&self) -> Result<(String, Contents), Error> {
		Ok((self.store.version()?, self.store.contents()?))
	}
}

/// A sentence about what could not be read, if anything.
pub fn unread(failures: &[Failure]) -> Option<String> {
	let first = failures.first()?;
	Some(format!(
		"{} feed files or entries could not be read, the first of them {}: {}",
		failures.len(),
		first.file,
		first.reason
	))
}
