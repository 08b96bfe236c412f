//! What a person is told.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat};
use curex_primitives::{Confidence, Level, Moment};

/// What kind of behaviour an alert is about.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
	/// Network flows; the entity is an address.
	Flow,
	/// Accesses to patient records; the entity is a user code.
	RecordAccess,
	/// Messages of logs; the entity is an address or a program on its host.
	Log,
	/// A whole working day of accesses to patient records; the entity is a user code.
	WorkingDay,
	/// Measured values; the entity is what was measured by which device.
	Measurement,
	/// Rules that fired; the entity is an address or a host.
	Known,
}

impl Kind {
	/// Whether its alerts are about people at work.
	pub fn is_about_staff(self) -> bool {
		match self {
			Self::RecordAccess | Self::WorkingDay => true,
			Self::Flow | Self::Log | Self::Known | Self::Measurement => false,
		}
	}
}

/// Abnormal behaviour of one entity. Stays inside the hospital.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Alert {
	/// `kind-entity-started`; the same behaviour in the same logs has the same id.
	pub id: String,
	/// What kind of behaviour.
	pub kind: Kind,
	/// First flagged event.
	pub started: Moment,
	/// Last flagged event.
	pub last: Moment,
	/// How bad.
	pub severity: Level,
	/// How sure.
	pub confidence: Confidence,
	/// Source address or user code.
	pub entity: String,
	/// One sentence.
	pub what: String,
	/// What made it unusual, greatest share first.
	pub drivers: Vec<Driver>,
	/// The others of its kind, and what is usual of them; nothing if it has no peers.
	#[serde(default)]
	pub peers: Option<Peers>,
	/// ATT&CK Enterprise technique, if the drivers point to one.
	pub technique: Option<String>,
	/// What to do about it.
	#[serde(default)]
	pub safeguard: String,
	/// Flagged events in this alert.
	pub flagged: u64,
	/// The first flagged events, one line each, without patients.
	pub evidence: Vec<String>,
}

/// A feature that made a behaviour unusual.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Driver {
	/// Name of the feature.
	pub feature: String,
	/// Median among what was learned lately.
	pub typical: f64,
	/// What was seen.
	pub actual: f64,
	/// Share in the score, 0 to 1.
	pub share: f64,
}

/// Those with whom an entity is compared.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Peers {
	/// What they have in common: a unit, a kind of device, what is measured.
	pub group: String,
	/// How many are known, the entity among them.
	pub members: u64,
	/// What is usual of them, in the order of the drivers.
	pub typical: Vec<PeerValue>,
}

/// What is usual of peers in one feature.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct PeerValue {
	/// Name of the feature.
	pub feature: String,
	/// Its typical value, in the unit of the driver.
	pub typical: f64,
}

/// Drivers listed in an alert.
const DRIVERS: usize = 4;

/// The drivers that an alert lists: those with the greatest shares, greatest first.
pub(crate) fn leading(mut drivers: Vec<Driver>) -> Vec<Driver> {
	drivers.sort_by(|one, other| other.share.total_cmp(&one.share));
	drivers.truncate(DRIVERS);
	drivers
}

/// A moment as a person reads it (RFC 3339, UTC), for evidence.
pub(crate) fn written(at: Moment) -> String {
	let time = i64::try_from(at).ok().and_then(DateTime::from_timestamp_millis);
	time.map_or_else(
		|| format!("{at} ms"),
		|time| time.to_rfc3339_opts(SecondsFormat::Millis, true),
	)
}

/// Lines of evidence kept in an alert.
pub(crate) const EVIDENCE: usize = 8;

/// If there are more than `most` alerts, forgets the one that ended first and returns its id.
pub(crate) fn forget_first(alerts: &mut BTreeMap<String, Alert>, most: usize) -> Option<String> {
	if alerts.len() <= most {
		return None;
	}
	let first = alerts.values().min_by_key(|alert| (alert.last, &alert.id))?.id.clone();
	alerts.remove(&first);
	Some(first)
}

/// Severity from how many targets (hosts, ports or patients) the behaviour reached within one
/// window: an abnormality alone is moderate, a reach of 20 high, of 200 very high.
pub(crate) fn severity_of(reach: u64) -> Level {
	match reach {
		0..=19 => Level::Moderate,
		20..=199 => Level::High,
		_ => Level::VeryHigh,
	}
}

/// Confidence from how much is behind the verdict: calibration scores, and flags in the alert.
pub(crate) fn confidence_of(calibration: usize, flagged: u64) -> Confidence {
	match (calibration, flagged) {
		(1_000.., 20..) => Confidence::High,
		(200.., 10..) => Confidence::Medium,
		_ => Confidence::Low,
	}
}
