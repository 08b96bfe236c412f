//! Matches the services of a hospital's assets with advisories, and says which to treat first.
//!
//! The engine is plain data in, plain data out and knows nothing of the ledger:
//!
//! - [`Feed::load`] reads a folder of advisories in their standard formats: CSAF 2.0, NVD CVE API 2.0, OSV,
//!   the KEV catalogue and EPSS scores. A file that cannot be read becomes a [`Failure`] that names it; the
//!   others go on.
//! - [`match_assets`] compares [`AssetService`]s with the feed. Every [`Match`] carries its reasons, a
//!   confidence (quality of detection) and a [`Priority`]. What cannot be compared is reported as
//!   [`NotUnderstood`], never dropped.
//! - A distribution's own statement about a package outweighs the version in a banner, so that a backported
//!   fix counts as a fix ([`Status::FixedByPackage`]).

#![warn(missing_docs)]

mod cpe;
mod cvss;
mod debian;
mod error;
mod feed;
mod import;
mod matching;
mod priority;
mod range;
mod version;

pub use cvss::Cvss;
pub use debian::compare_debian;
pub use error::Error;
pub use feed::{
	Advisory, AffectedPackage, AffectedProduct, Epss, Event, Failure, Feed, Format, Kev,
};
pub use matching::{
	match_assets, AssetService, InstalledPackage, Match, MatchReport, NotUnderstood, Status,
};
pub use priority::{Decision, Exposure, Priority};
pub use range::{Interval, Limit, VersionSet, Versions};
pub use version::compare_versions;
