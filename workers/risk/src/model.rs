//! What is known of an organisation.

use curex_primitives::{Confidence, Level, SizeBucket, StaffGroup};

use crate::parameters::Parameters;

/// What is known of an organisation. Shares and probabilities lie in [0, 1].
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
	/// Policy values.
	#[serde(default)]
	pub parameters: Parameters,
	/// Assets; at least one.
	pub assets: Vec<Asset>,
	/// Vulnerabilities matched with assets.
	#[serde(default)]
	pub vulnerabilities: Vec<Vulnerability>,
	/// Where an attacker can go from where.
	#[serde(default)]
	pub dependencies: Vec<Dependency>,
	/// What care depends on.
	#[serde(default)]
	pub workflows: Vec<Workflow>,
	/// Processing of personal data.
	#[serde(default)]
	pub processing: Vec<ProcessingActivity>,
	/// Controls in place.
	#[serde(default)]
	pub controls: Vec<Control>,
	/// Alerts of the last days.
	#[serde(default)]
	pub alerts: Vec<ObservedAlert>,
	/// Awareness of staff groups.
	#[serde(default)]
	pub hygiene: Vec<GroupAwareness>,
}

/// A thing that can be compromised.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asset {
	/// Stable name.
	pub id: String,
	/// Addresses and other names under which alerts may speak of it.
	#[serde(default)]
	pub aliases: Vec<String>,
	/// How bad its loss is for the organisation.
	pub criticality: Level,
	/// From where it can be reached.
	#[serde(default)]
	pub exposure: Exposure,
	/// Services it provides. A service that several assets provide runs while one of them does.
	#[serde(default)]
	pub services: Vec<String>,
	/// Classes of personal data it holds.
	#[serde(default)]
	pub data: Vec<DataClass>,
	/// Whether its software is known and was matched with advisories.
	#[serde(default)]
	pub assessed: bool,
}

/// From where an asset can be reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exposure {
	/// From the internet.
	Internet,
	/// By partners or through a VPN.
	Partner,
	/// From the internal network.
	Internal,
	/// From its own segment only.
	Isolated,
	/// By touching it.
	Physical,
	/// Not known.
	#[default]
	Unknown,
}

/// Class of personal data (ENISA, methodology for the severity of breaches, 2013, annex 1).
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum DataClass {
	/// Name, contact.
	Simple,
	/// Location, preferences.
	Behavioural,
	/// Income, invoices.
	Financial,
	/// Health and other special categories.
	Sensitive,
}

/// A vulnerability on an asset.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vulnerability {
	/// Asset.
	pub asset: String,
	/// CVE or advisory id.
	pub cve: String,
	/// CVSS base score, 0 to 10.
	pub cvss: Option<f64>,
	/// EPSS: probability that it is exploited anywhere in the next 30 days. No evidence of
	/// exploitation here.
	pub epss: Option<f64>,
	/// Whether CISA lists it as exploited.
	#[serde(default)]
	pub known_exploited: bool,
	/// Whether CISA lists it as used by ransomware.
	#[serde(default)]
	pub ransomware: bool,
}

/// An attacker on `from` can go on to `to`.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dependency {
	/// Asset the attacker holds.
	pub from: String,
	/// Asset the attacker gets.
	pub to: String,
	/// How likely, within the window.
	pub probability: Option<f64>,
}

/// What care does, and what it needs.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workflow {
	/// Stable name.
	pub id: String,
	/// Whom it serves, in plain words.
	pub patient_group: String,
	/// What it needs to go on.
	pub needs: Need,
	/// Harm to a patient if it cannot go on: very low is negligible, very high is catastrophic (ISO
	/// 14971).
	pub harm: Level,
	/// Damage to operation.
	#[serde(default = "least")]
	pub operation: Level,
	/// Financial damage.
	#[serde(default = "least")]
	pub financial: Level,
	/// Hours it can go on without what it needs, fallback included.
	#[serde(default)]
	pub tolerable_hours: u32,
}

fn least() -> Level {
	Level::VeryLow
}

/// A tree of needs.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Need {
	/// The asset.
	Asset(String),
	/// The service.
	Service(String),
	/// Everything.
	All(Vec<Need>),
	/// One of these.
	Any(Vec<Need>),
	/// So many of these.
	AtLeast {
		/// How many.
		count: usize,
		/// Of these.
		of: Vec<Need>,
	},
}

/// A processing activity in the sense of GDPR Art. 30.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessingActivity {
	/// Stable name.
	pub id: String,
	/// Assets it runs on.
	pub assets: Vec<String>,
	/// Class of the data.
	pub data: DataClass,
	/// Correction of the class by context, −3 to 3.
	#[serde(default)]
	pub context: i8,
	/// How easily a person is identified.
	#[serde(default = "directly")]
	pub identification: Identification,
	/// Whether the subjects are vulnerable; patients are (WP248 rev.01).
	#[serde(default)]
	pub vulnerable_subjects: bool,
	/// Whether the data cannot be read by who steals them.
	#[serde(default)]
	pub unintelligible: bool,
}

fn directly() -> Identification {
	Identification::Maximum
}

/// How easily a person is identified (ENISA 2013, annex 2).
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Identification {
	/// Hardly.
	Negligible,
	/// With much effort.
	Limited,
	/// With some effort.
	Significant,
	/// At once.
	Maximum,
}

/// A control in place.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Control {
	/// Stable name.
	pub id: String,
	/// What it stops.
	pub against: Against,
	/// On which assets; none means on all.
	#[serde(default)]
	pub assets: Vec<String>,
	/// Share of attempts it stops where it works.
	pub efficacy: f64,
	/// Share of where it should work that it does.
	#[serde(default = "everywhere")]
	pub coverage: f64,
}

fn everywhere() -> f64 {
	1.0
}

/// What a control stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Against {
	/// Exploitation of a vulnerability.
	Exploitation,
	/// Forged mail and its consequences.
	Phishing,
	/// Spreading from asset to asset, at the asset that is reached.
	Spread,
	/// Misuse of access by insiders.
	Misuse,
}

/// An alert of the threat engine, or of another system.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObservedAlert {
	/// Asset id, one of its aliases, or a user code.
	pub entity: String,
	/// What it is about.
	pub kind: ObservedKind,
	/// How bad.
	pub severity: Level,
	/// How sure.
	pub confidence: Confidence,
	/// Hours since it was raised.
	#[serde(default)]
	pub age_hours: u32,
}

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObservedKind {
	/// A device behaves strangely.
	Device,
	/// A user reads records strangely.
	RecordAccess,
}

/// Awareness of a staff group.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupAwareness {
	/// The group.
	pub group: StaffGroup,
	/// Risk from its gaps.
	pub level: Level,
	/// How sure.
	pub confidence: Confidence,
	/// How many people.
	pub size_bucket: SizeBucket,
	/// Assets on which the group reads mail.
	pub workplaces: Vec<String>,
}
