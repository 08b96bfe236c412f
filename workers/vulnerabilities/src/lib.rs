//! Matches the services of a hospital's assets with advisories, and says which to treat first.
//!
//! The engine is plain data in, plain data out and knows nothing of the ledger:
//!
//! - [`Feed::load`] reads a folder of advisories in their standard formats: CSAF 2.0, NVD CVE API 2.0, CVE
//!   record format 5, OSV, the KEV catalogue, EPSS scores and VEX. A file that cannot be read becomes a
//!   [`Failure`] that names it; the others go on.
//! - [`Store`] holds feeds of any size in an embedded database: imports are incremental and resumable, and what
//!   changed is matched again, not everything.
//! - [`Mirror`] fetches feeds from their publishers into a folder, if sources are named; without them nothing leaves
//!   the house.
//! - [`match_assets`] compares [`AssetService`]s with the feed. Every [`Match`] carries its reasons, a
//!   confidence (quality of detection) and a [`Priority`]. What cannot be compared is reported as
//!   [`NotUnderstood`], never dropped. [`read_inventory`] reads inventories that others wrote.
//! - A distribution's own statement about a package outweighs the version in a banner, so that a backported
//!   fix counts as a fix ([`Status::FixedByPackage`]); VEX statements outweigh both.

#![warn(missing_docs)]

mod assessment;
mod cpe;
mod cvss;
mod error;
mod feed;
mod fetch;
mod import;
mod inventory;
mod matching;
mod names;
mod priority;
mod range;
mod store;
mod version;
mod vex;

pub use assessment::{assess_csaf, CsafAssessment, LeftOut, Understanding};
pub use cvss::Cvss;
pub use error::Error;
pub use feed::{
	Advisory, AffectedPackage, AffectedProduct, Epss, Event, Failure, Feed, Format, Kev, Part,
	Platform, VexStatement, VexStatus,
};
pub use fetch::{FetchProgress, Fetched, Mirror, OnProgress, Source, SourceKind, Unsigned};
pub use inventory::read_inventory;
pub use matching::{
	match_assets, match_each, AssetService, Found, InstalledPackage, Match, MatchReport,
	NotUnderstood, Outcome, Status,
};
pub use priority::{Criticality, Decision, Exposure, Priority};
pub use range::{Condition, Interval, Limit, Requirement, VersionSet, Versions};
pub use store::{Contents, Imported, Matched, Progress, Store};
pub use version::{compare_debian, compare_rpm, compare_versions, Scheme};
pub use vex::openvex;
