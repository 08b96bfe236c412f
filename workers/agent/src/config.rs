//! The agent's configuration: one TOML file, no key that is not known.
//!
//! Relative paths are relative to the folder of the file.

use std::{
	collections::BTreeSet,
	fs,
	net::IpAddr,
	path::{Path, PathBuf},
};

use curex_primitives::OrganisationId;
use serde::{de, Deserialize, Deserializer};

use crate::{
	clinical::Clinical,
	knowledge::{Hardware, IndicatorFiles},
	listen::Listener,
	observe::Observe,
	staff::Staff,
	Error,
};

/// Milliseconds of an hour.
const HOUR: u64 = 3_600_000;

/// The whole configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
	/// The organisation's number on the ledger.
	pub organisation: OrganisationId,
	/// Folder of the database and the log of probes.
	pub data: PathBuf,
	/// File of the evidence key; `evidence.key` in the data folder unless given.
	#[serde(default)]
	pub evidence_key: Option<PathBuf>,
	/// The node's socket; the command line may name another.
	#[serde(default)]
	pub mailbox: Option<PathBuf>,
	/// Public worker keys whose orders are carried out.
	pub accept_orders_from: Vec<WorkerKey>,
	/// What may be probed, how fast; off unless switched on.
	#[serde(default)]
	pub discovery: curex_discovery::Policy,
	/// What is looked at without asking; nothing unless given.
	#[serde(default)]
	pub observe: Option<Observe>,
	/// What hosts say of themselves from inside.
	#[serde(default)]
	pub hosts: Vec<HostFiles>,
	/// Manufacturers' disclosure statements (MDS2) about devices.
	#[serde(default)]
	pub disclosures: Vec<DisclosureFile>,
	/// Advisories.
	#[serde(default)]
	pub feeds: Option<Feeds>,
	/// Logs to watch.
	#[serde(default)]
	pub events: Vec<EventSource>,
	/// Where syslog is received over the network, to be watched.
	#[serde(default)]
	pub listen: Vec<Listener>,
	/// How to watch them.
	#[serde(default)]
	pub watch: curex_threats::Config,
	/// Watches logs as they grow, not only when the ledger orders it: alerts come within a second or two. What was read
	/// is kept by the next ordered watch.
	#[serde(default)]
	pub watch_at_once: bool,
	/// A folder of Sigma rules that are applied to them.
	#[serde(default)]
	pub sigma_rules: Option<PathBuf>,
	/// Indicators of threats that are looked for in them.
	#[serde(default)]
	pub indicators: Option<IndicatorFiles>,
	/// Hardware that is known behind addresses.
	#[serde(default)]
	pub hardware: Hardware,
	/// How staff are protected whose accesses are watched.
	#[serde(default)]
	pub staff: Staff,
	/// The staff survey.
	#[serde(default)]
	pub survey: Option<SurveyFiles>,
	/// What safeguards may cost; without it none are planned.
	#[serde(default)]
	pub budget: Option<Budget>,
	/// How long an assessment counts, and what it takes into account.
	#[serde(default)]
	pub assessment: AssessmentPolicy,
	/// Assets, workflows and processing of the hospital.
	#[serde(default)]
	pub clinical: Clinical,
}

/// A public sr25519 key, `0x…` with 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerKey(pub [u8; 32]);

impl<'de> Deserialize<'de> for WorkerKey {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		let text = String::deserialize(deserializer)?;
		let wrong = || de::Error::custom("a worker key has 64 hexadecimal digits after 0x");
		key_from(&text).map(Self).ok_or_else(wrong)
	}
}

/// A public key from 64 hexadecimal digits, with or without `0x`.
pub(crate) fn key_from(text: &str) -> Option<[u8; 32]> {
	let mut key = [0; 32];
	hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut key).ok()?;
	Some(key)
}

/// Where advisories come from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feeds {
	/// A folder of CSAF, NVD, CVE 5, OSV, KEV, EPSS and VEX files.
	pub folder: PathBuf,
	/// Publishers from which `curex-agent feeds` fetches into the folder; nothing is fetched unless some are named.
	#[serde(default)]
	pub sources: Vec<curex_vulnerabilities::Source>,
	/// Addresses of mirrors in the house. Others have to be public and to speak TLS.
	#[serde(default)]
	pub mirrors: Vec<IpAddr>,
}

/// What a host says of itself: lists that were written on it by the commands in `docs/discovery.md`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostFiles {
	/// Its address.
	pub address: IpAddr,
	/// The lists; their kinds are told by their contents.
	#[serde(default)]
	pub files: Vec<PathBuf>,
	/// Bills of materials of the device (CycloneDX in JSON: SBOM or HBOM).
	#[serde(default)]
	pub bills: Vec<PathBuf>,
	/// What kind of device it is, if nobody sees it from outside.
	#[serde(default)]
	pub device_class: curex_discovery::DeviceClass,
}

/// What a manufacturer says about a device.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisclosureFile {
	/// Clinical asset that it is about.
	pub asset: String,
	/// The form as a workbook (`.xlsx`) or CSV.
	pub path: PathBuf,
}

/// A log.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventSource {
	/// How reports call it.
	pub name: String,
	/// Its format, for example `zeek`, `eve` or `fhir-audit`.
	pub format: curex_threats::Format,
	/// The file, read together with those to which it was rotated (`NAME.1.gz`, `NAME-20260301`), or a folder of
	/// files.
	pub path: PathBuf,
}

/// The survey's files.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SurveyFiles {
	/// Answers by staff group, `.json` or `.csv`.
	pub answers: PathBuf,
	/// Least number of the next campaign: for a database that is younger than the ledger's last campaign.
	#[serde(default = "first_campaign")]
	pub campaign_from: u32,
	/// A questionnaire of the hospital's own; the standard one unless given.
	#[serde(default)]
	pub questionnaire: Option<PathBuf>,
}

fn first_campaign() -> u32 {
	1
}

/// What safeguards may cost in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
	/// Money for a first year, in cents.
	pub cents: u64,
	/// Working time of the hospital's own staff in a year, in hours; without limit unless given.
	#[serde(default)]
	pub indirect_hours: Option<u64>,
}

/// How long an assessment counts, and what it takes into account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AssessmentPolicy {
	/// Hours until it ceases to count, 1 to 8,784 (366 days).
	pub valid_for_hours: u64,
	/// Hours for which an alert is taken into account.
	pub alerts_for_hours: u64,
	/// Hours after which an inventory or a watch counts as out of date and lowers the confidence.
	pub stale_after_hours: u64,
}

impl Default for AssessmentPolicy {
	fn default() -> Self {
		Self { valid_for_hours: 720, alerts_for_hours: 336, stale_after_hours: 168 }
	}
}

impl AssessmentPolicy {
	/// How long an assessment counts, in milliseconds.
	pub fn validity(&self) -> u64 {
		self.valid_for_hours.saturating_mul(HOUR)
	}
}

impl Config {
	/// Reads and checks a configuration.
	///
	/// # Errors
	/// [`Error::Configuration`] names the first key that is not usable; [`Error::Io`] if the file cannot be read.
	pub fn load(path: &Path) -> Result<Self, Error> {
		let text = fs::read_to_string(path).map_err(Error::io("reading", path))?;
		Self::parse(&text, path)
	}

	/// Reads and checks a configuration from its text; `path` is where it is, or would be.
	///
	/// # Errors
	/// [`Error::Configuration`].
	pub fn parse(text: &str, path: &Path) -> Result<Self, Error> {
		let mut config: Self = toml::from_str(text).map_err(|error| Error::Configuration {
			path: path.into(),
			key: key_at(text, error.span()),
			problem: error.message().to_owned(),
		})?;
		config.check(path)?;
		config.resolve(path.parent().unwrap_or(Path::new("")));
		Ok(config)
	}

	/// The file of the evidence key.
	pub fn key_file(&self) -> PathBuf {
		self.evidence_key.clone().unwrap_or_else(|| self.data.join("evidence.key"))
	}

	fn check(&self, path: &Path) -> Result<(), Error> {
		let wrong = |key: &str, problem: String| {
			Err(Error::Configuration { path: path.into(), key: key.into(), problem })
		};
		if self.data.as_os_str().is_empty() {
			return wrong("data", "it is empty; name a folder that only the agent may read".into());
		}
		if self.accept_orders_from.is_empty() {
			return wrong(
				"accept_orders_from",
				"no key is named; give the node's worker key, or no order is ever carried out"
					.into(),
			);
		}
		if let Err(error) = self.discovery.validate() {
			return wrong("discovery", error.to_string());
		}
		if let Some(Err((key, problem))) = self.observe.as_ref().map(Observe::check) {
			return wrong(key, problem);
		}
		let sources = self.feeds.iter().flat_map(|feeds| &feeds.sources);
		let mut names = BTreeSet::new();
		for source in sources {
			if let Err(error) = source.check() {
				return wrong("feeds.sources", error.to_string());
			}
			if !names.insert(&source.name) {
				let problem =
					format!("{} appears twice; give each source its own name", source.name);
				return wrong("feeds.sources", problem);
			}
		}
		if let Err(error) = self.watch.check() {
			return wrong("watch", error.to_string());
		}
		let mut names = BTreeSet::new();
		if let Some(twice) = self.events.iter().find(|source| !names.insert(&source.name)) {
			return wrong(
				"events.name",
				format!("{} appears twice; give each log its own", twice.name),
			);
		}
		for listener in &self.listen {
			if let Err((key, problem)) = listener.check() {
				return wrong(key, problem);
			}
			if !names.insert(&listener.name) {
				let problem = format!("{} appears twice; give each its own", listener.name);
				return wrong("listen.name", problem);
			}
		}
		if let Some(Err((key, problem))) = self.indicators.as_ref().map(IndicatorFiles::check) {
			return wrong(key, problem);
		}
		if let Err((key, problem)) = self.staff.check() {
			return wrong(key, problem);
		}
		let mut addresses = BTreeSet::new();
		if let Some(twice) = self.hosts.iter().find(|host| !addresses.insert(host.address)) {
			return wrong(
				"hosts.address",
				format!("{} appears twice; list all files once", twice.address),
			);
		}
		let known = |id: &str| self.clinical.assets.iter().any(|asset| asset.id == id);
		if let Some(file) = self.disclosures.iter().find(|file| !known(&file.asset)) {
			let problem = format!("{} is none of `clinical.assets`", file.asset);
			return wrong("disclosures.asset", problem);
		}
		let AssessmentPolicy { valid_for_hours, .. } = self.assessment;
		if !(1..=8_784).contains(&valid_for_hours) {
			return wrong(
				"assessment.valid_for_hours",
				format!("{valid_for_hours} is not between 1 and 8,784"),
			);
		}
		match self.clinical.check() {
			Ok(()) => Ok(()),
			Err((key, problem)) => wrong(&key, problem),
		}
	}

	fn resolve(&mut self, folder: &Path) {
		let here = |path: &mut PathBuf| *path = folder.join(&*path);
		here(&mut self.data);
		self.evidence_key.iter_mut().for_each(here);
		self.mailbox.iter_mut().for_each(here);
		self.observe.iter_mut().flat_map(Observe::files).for_each(here);
		self.hosts
			.iter_mut()
			.flat_map(|host| host.files.iter_mut().chain(&mut host.bills))
			.for_each(here);
		self.disclosures.iter_mut().for_each(|file| here(&mut file.path));
		if let Some(feeds) = &mut self.feeds {
			here(&mut feeds.folder);
			let keys = |source: &mut curex_vulnerabilities::Source| {
				source.key_file.iter_mut().chain(&mut source.openpgp_keys).for_each(here);
			};
			feeds.sources.iter_mut().for_each(keys);
		}
		self.events.iter_mut().for_each(|source| here(&mut source.path));
		self.listen.iter_mut().flat_map(Listener::files).for_each(here);
		self.sigma_rules.iter_mut().for_each(here);
		self.staff.units.iter_mut().for_each(here);
		self.indicators.iter_mut().flat_map(IndicatorFiles::files).for_each(here);
		if let Some(survey) = &mut self.survey {
			here(&mut survey.answers);
			survey.questionnaire.iter_mut().for_each(here);
		}
		self.discovery.host_packages.iter_mut().for_each(here);
		self.discovery.stop_file.iter_mut().for_each(here);
		self.discovery.fingerprints.iter_mut().for_each(here);
		here(&mut self.discovery.host_release);
	}
}

/// The line of a fault and the key on it, for a message.
fn key_at(text: &str, span: Option<std::ops::Range<usize>>) -> String {
	let Some(before) = span.and_then(|span| text.get(..span.start)) else {
		return "a required key".into();
	};
	let number = before.matches('\n').count() + 1;
	let line = text.lines().nth(number - 1).unwrap_or_default();
	let key = line.split('=').next().unwrap_or_default().trim();
	format!("line {number}, `{key}`")
}

#[cfg(test)]
mod tests {
	use super::*;

	const LEAST: &str = "
organisation = 1
data = \"agent\"
accept_orders_from = [\"0x0101010101010101010101010101010101010101010101010101010101010101\"]
";

	fn parse(text: &str) -> Result<Config, Error> {
		Config::parse(text, Path::new("/etc/curex/agent.toml"))
	}

	fn refusal(text: &str) -> String {
		parse(text).map(|_| ()).unwrap_err().to_string()
	}

	#[test]
	fn the_least_configuration_probes_nothing() {
		let config = parse(LEAST).unwrap();
		assert!(!config.discovery.active);
		assert_eq!(config.key_file(), Path::new("/etc/curex/agent/evidence.key"));
		assert_eq!(config.accept_orders_from, [WorkerKey([1; 32])]);
	}

	#[test]
	fn relative_paths_are_relative_to_the_folder_of_the_file() {
		let config = parse(&format!(
			"{LEAST}\n[discovery]\nstop_file = \"stop\"\nfingerprints = \"recog\"\n\
			 [[hosts]]\naddress = \"10.0.0.7\"\nfiles = [\"ws-7.json\"]\n\
			 [feeds]\nfolder = \"feeds\"\nsources = [{{ name = \"a\", kind = \"csaf\", \
			 url = \"https://a.example/\", openpgp_keys = [\"a.asc\"] }}]\n"
		))
		.unwrap();
		let here = |name: &str| Path::new("/etc/curex").join(name);
		assert_eq!(config.discovery.stop_file, Some(here("stop")));
		assert_eq!(config.discovery.fingerprints, Some(here("recog")));
		assert_eq!(config.hosts[0].files, [here("ws-7.json")]);
		assert_eq!(config.feeds.unwrap().sources[0].openpgp_keys, [here("a.asc")]);
	}

	#[test]
	fn an_unknown_key_is_named_with_its_line() {
		let message = refusal(&format!("{LEAST}\n[discovery]\nactiv = true\n"));
		assert!(message.contains("line 7") && message.contains("activ"), "{message}");
		assert!(refusal(&format!("budgets = 1\n{LEAST}")).contains("budgets"));
	}

	#[test]
	fn a_missing_key_is_named() {
		let message = refusal("organisation = 1\ndata = \"agent\"\n");
		assert!(message.contains("accept_orders_from"), "{message}");
	}

	#[test]
	fn values_out_of_range_are_refused_with_their_key() {
		for (addition, key) in [
			("[assessment]\nvalid_for_hours = 0", "assessment.valid_for_hours"),
			("[watch]\nfalse_alarm_rate = 0.9", "watch"),
			("[discovery]\nprobes_per_second = 0", "discovery"),
			("[observe]\nnetworks = []", "observe.networks"),
			(
				"[observe]\nnetworks = [\"10.0.0.0/8\"]\ntap = { interface = \"eth0\", seconds = 0 }",
				"observe.tap.seconds",
			),
			(
				"[feeds]\nfolder = \"a\"\nsources = [{ name = \"a\", kind = \"osv\" }]",
				"feeds.sources",
			),
			(
				"[feeds]\nfolder = \"a\"\nsources = [{ name = \"a\", kind = \"kev\" }, \
				 { name = \"a\", kind = \"epss\" }]",
				"appears twice",
			),
			("[[disclosures]]\nasset = \"pump\"\npath = \"mds2.xlsx\"", "disclosures.asset"),
			(
				"[[hosts]]\naddress = \"10.0.0.7\"\nfiles = []\n\
				 [[hosts]]\naddress = \"10.0.0.7\"\nfiles = []",
				"hosts.address",
			),
			(
				"[[events]]\nname = \"a\"\nformat = \"zeek\"\npath = \"b\"\n\
				 [[events]]\nname = \"a\"\nformat = \"zeek\"\npath = \"b\"",
				"events.name",
			),
			("[indicators]\nshared = \"a\"", "indicators.key_file"),
			(
				"[staff]\nopeners = [\"0x0101010101010101010101010101010101010101010101010101010101010101\"]",
				"staff.openers",
			),
			("[staff]\nopeners = [\"0x01\"]", "opener's key"),
			("[staff]\nundecided_days = 0", "staff.undecided_days"),
			(
				"[[listen]]\nname = \"a/b\"\naddress = \"127.0.0.1:0\"\ntransport = \"tcp\"",
				"listen.name",
			),
			(
				"[[listen]]\nname = \"a\"\naddress = \"127.0.0.1:0\"\ntransport = \"tls\"",
				"listen.certificate",
			),
			(
				"[[listen]]\nname = \"a\"\naddress = \"127.0.0.1:0\"\ntransport = \"udp\"\nkey = \"b\"",
				"listen.transport",
			),
			(
				"[[events]]\nname = \"a\"\nformat = \"zeek\"\npath = \"b\"\n\
				 [[listen]]\nname = \"a\"\naddress = \"127.0.0.1:0\"\ntransport = \"udp\"",
				"listen.name",
			),
			("[[clinical.assets]]\nid = \"a\"\nat = [\"nowhere\"]\ncriticality = \"high\"", "at"),
		] {
			let message = refusal(&format!("{LEAST}\n{addition}\n"));
			assert!(message.contains(key), "{key}: {message}");
		}
		let nobody = "organisation = 1\ndata = \"agent\"\naccept_orders_from = []\n";
		assert!(refusal(nobody).contains("accept_orders_from"));
		assert!(refusal(&LEAST.replace("0x01", "0x")).contains("64 hexadecimal"));
	}
}
