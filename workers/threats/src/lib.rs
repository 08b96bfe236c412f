//! Finds abnormal behaviour in network flows, logs, accesses to patient records and measured values.
//!
//! Logs go in, alerts come out; nothing here knows of a ledger. An event passes through
//!
//! 1. [`ingest`]: Zeek logs (JSON lines or TSV), Suricata EVE, syslog, FHIR R4 AuditEvents,
//!    Windows events, Wazuh alerts, headers of HL7 v2 messages, DICOM associations, FHIR R4 Observations;
//!    compressed with gzip or not. A malformed line is counted and named, never fatal;
//! 2. a behaviour (one module per kind of event): the features of the entity's sliding window, a
//!    source address for flows, a user for accesses, an address or program for log messages;
//! 3. a [`Detector`]: the [`ensemble`] over all entities of the kind, if asked for behind a cheap
//!    screening;
//! 4. a [`calibration::Calibration`]: conformal p-values against recent normal scores, so that the
//!    share of normal events that are flagged stays at the configured rate;
//! 5. correlation: flags of one entity that follow each other are one [`Alert`], raised once there
//!    are enough; alerts that touch each other are one [`incident`].
//!
//! [`replay`] reads logs so that a crash at any point loses no event and counts none twice:
//! positions and the state of the watcher are committed together, as [`snapshots`].
//!
//! What is known beforehand ([`knowledge`]) comes from a sensor's rules, from [`sigma`] rules, from [`indicators`] and
//! from [`identity`], which tells changed hardware behind a known address. Two models have other units than an event: [`staff`]
//! judges whole working days, once they are over, and [`series`] measured values against the rhythm of their own series.
//! [`mod@package`] tells how easily people are found again in a data package.
//!
//! Where people stand in a log of accesses, codes take their place before anything else sees them ([`pseudonym`]).
//!
//! An event is learned one window late, and only if it was not flagged and its entity has no open
//! alert by then. The same input, configuration and seed give the same report. An alert names
//! devices and pseudonymous staff codes; a patient is never named.
#![warn(missing_docs)]

pub mod alert;
mod behaviour;
pub mod calibration;
pub mod config;
pub mod detector;
pub mod ensemble;
pub mod event;
pub mod identity;
pub mod incident;
pub mod indicators;
pub mod ingest;
pub mod knowledge;
mod known;
mod measurements;
pub mod package;
mod peers;
pub mod persistence;
pub mod pseudonym;
pub mod replay;
pub mod series;
pub mod sigma;
pub mod snapshots;
pub mod staff;
pub mod template;
mod watcher;
mod working_days;

pub use alert::{Alert, Driver, Kind, PeerValue, Peers};
pub use config::{Config, StreamConfig, WorkingDayConfig, WorkingHours};
pub use detector::Detector;
pub use event::{
	CareRelationship, Contact, Event, Flow, LogLine, Measurement, Notice, RecordAccess,
};
pub use incident::Incident;
pub use ingest::{Format, Malformed, Source};
pub use knowledge::Knowledge;
pub use replay::Replay;
pub use snapshots::Snapshots;
pub use watcher::{watch, Coverage, Feedback, Report, Watcher};
pub use working_days::JudgedDay;

/// What can go wrong. A malformed line is not among it: see [`Malformed`].
#[derive(Debug, thiserror::Error)]
pub enum ThreatsError {
	/// A value of the configuration makes no sense.
	#[error("configuration: {what}; {remedy}")]
	Configuration {
		/// What was wrong.
		what: String,
		/// What to do about it.
		remedy: &'static str,
	},
	/// A log could not be read on.
	#[error("reading {source_name}: {error}; check the file or the connection and run again")]
	Read {
		/// Name of the source.
		source_name: String,
		/// What the system said.
		error: std::io::Error,
	},
	/// A snapshot does not fit.
	#[error("the snapshot does not fit: {reason}; restore one of this version, or start anew")]
	Snapshot {
		/// Why.
		reason: String,
	},
	/// A name could not be sealed beside its code.
	#[error(
		"a name could not be sealed: {reason}; correct the public keys of those who open names"
	)]
	Identity {
		/// Why.
		reason: String,
	},
	/// The folder of the snapshots could not be used.
	#[error("{path}: {error}; check the folder, its permissions and the free space")]
	Folder {
		/// File or folder.
		path: std::path::PathBuf,
		/// What the system said.
		error: std::io::Error,
	},
}

impl From<postcard::Error> for ThreatsError {
	fn from(error: postcard::Error) -> Self {
		Self::Snapshot { reason: error.to_string() }
	}
}
