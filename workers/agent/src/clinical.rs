//! What the hospital knows of itself and no scanner can find: which endpoints make an asset, what it holds, what care
//! depends on it.

use std::{collections::BTreeSet, fmt, net::IpAddr, str::FromStr};

use curex_discovery::{Service, Snapshot, Transport};
use curex_primitives::{Level, StaffGroup};
use curex_risk::{
	Control, DataClass, Dependency, Exposure, Need, Parameters, ProcessingActivity, Workflow,
};
use curex_vulnerabilities::Criticality;
use serde::{de, Deserialize, Deserializer};
use serde_json::{json, Value};

/// The clinical model of the configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Clinical {
	/// Version of the parameters, given on the ledger with each assessment.
	pub parameters_version: u32,
	/// Policy values of the risk method; its defaults unless given.
	pub parameters: Parameters,
	/// Assets.
	pub assets: Vec<ClinicalAsset>,
	/// Where an attacker can go from where.
	pub dependencies: Vec<Dependency>,
	/// What care depends on.
	pub workflows: Vec<Workflow>,
	/// Processing of personal data.
	pub processing: Vec<ProcessingActivity>,
	/// Controls in place.
	pub controls: Vec<Control>,
	/// Where staff groups read mail.
	pub workplaces: Vec<Workplace>,
}

/// An asset as the hospital sees it: one or several endpoints, on one host or on several.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClinicalAsset {
	/// Stable name.
	pub id: String,
	/// Where it answers. An address alone stands for the ports of that host that no other asset claims.
	#[serde(default)]
	pub at: Vec<Endpoint>,
	/// Other names under which alerts may speak of it.
	#[serde(default)]
	pub aliases: Vec<String>,
	/// Who answers for it, a unit or an office.
	#[serde(default)]
	pub owner: Option<String>,
	/// The part of the network it is in.
	#[serde(default)]
	pub zone: Option<String>,
	/// How bad its loss is for the organisation.
	pub criticality: Level,
	/// From where it can be reached.
	#[serde(default)]
	pub exposure: Exposure,
	/// Services it provides.
	#[serde(default)]
	pub services: Vec<String>,
	/// Classes of personal data it holds.
	#[serde(default)]
	pub data: Vec<DataClass>,
}

/// Where a staff group reads mail.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workplace {
	/// The group.
	pub group: StaffGroup,
	/// Assets.
	pub assets: Vec<String>,
}

/// An address, or one port of it: `192.0.2.7`, `192.0.2.7:104/tcp`, `[2001:db8::7]:161/udp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
	/// The address.
	pub address: IpAddr,
	/// The port; every port of the address that no other asset claims, if none is given.
	pub port: Option<(u16, Transport)>,
}

impl Endpoint {
	/// The endpoint of a service.
	pub fn of(service: &Service) -> Self {
		Self { address: service.address, port: Some((service.port, service.transport)) }
	}
}

impl fmt::Display for Endpoint {
	fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
		match (self.address, self.port) {
			(address, None) => write!(out, "{address}"),
			(IpAddr::V6(v6), Some((port, transport))) => write!(out, "[{v6}]:{port}/{transport}"),
			(address, Some((port, transport))) => write!(out, "{address}:{port}/{transport}"),
		}
	}
}

impl FromStr for Endpoint {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, Self::Err> {
		let wrong = || format!("`{text}` is no endpoint; write `192.0.2.7` or `192.0.2.7:104/tcp`");
		if let Ok(address) = text.parse() {
			return Ok(Self { address, port: None });
		}
		let (socket, transport) = text.split_once('/').ok_or_else(wrong)?;
		let transport = match transport {
			"tcp" => Transport::Tcp,
			"udp" => Transport::Udp,
			_ => return Err(wrong()),
		};
		let socket: std::net::SocketAddr = socket.parse().map_err(|_| wrong())?;
		Ok(Self { address: socket.ip(), port: Some((socket.port(), transport)) })
	}
}

impl<'de> Deserialize<'de> for Endpoint {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
	}
}

impl ClinicalAsset {
	/// Its exposure in the coarser terms of prioritisation. A partner's reach counts as everybody's.
	pub(crate) fn reach(&self) -> curex_vulnerabilities::Exposure {
		match self.exposure {
			Exposure::Internet | Exposure::Partner => curex_vulnerabilities::Exposure::Internet,
			Exposure::Internal | Exposure::Unknown => curex_vulnerabilities::Exposure::Internal,
			Exposure::Isolated | Exposure::Physical => curex_vulnerabilities::Exposure::Isolated,
		}
	}

	/// Its criticality, of five levels, in the four of prioritisation.
	pub(crate) fn weight(&self) -> Criticality {
		match self.criticality {
			Level::VeryLow | Level::Low => Criticality::Low,
			Level::Moderate => Criticality::Medium,
			Level::High => Criticality::High,
			Level::VeryHigh => Criticality::Vital,
		}
	}
}

/// Whether a need names the asset, or a service that it provides.
fn names(need: &Need, asset: &ClinicalAsset) -> bool {
	match need {
		Need::Asset(id) => *id == asset.id,
		Need::Service(service) => asset.services.contains(service),
		Need::All(needs) | Need::Any(needs) | Need::AtLeast { of: needs, .. } => {
			needs.iter().any(|need| names(need, asset))
		},
	}
}

impl Clinical {
	/// The asset to which an endpoint belongs: the one that names its port, else the one that names its address.
	pub fn owner(&self, endpoint: Endpoint) -> Option<&ClinicalAsset> {
		let whole = Endpoint { port: None, ..endpoint };
		let claims = |endpoint| self.assets.iter().find(move |asset| asset.at.contains(&endpoint));
		claims(endpoint).or_else(|| claims(whole))
	}

	/// What the hospital knows of the hosts of an inventory: for each host its clinical assets, with the workflows that need
	/// them by name.
	pub fn context(&self, snapshot: &Snapshot) -> Vec<Value> {
		let mut out = Vec::new();
		for host in &snapshot.assets {
			let here =
				|asset: &&ClinicalAsset| asset.at.iter().any(|at| at.address == host.address);
			for asset in self.assets.iter().filter(here) {
				let needs = |workflow: &&Workflow| names(&workflow.needs, asset);
				let workflows: Vec<&str> = self
					.workflows
					.iter()
					.filter(needs)
					.map(|workflow| workflow.id.as_str())
					.collect();
				out.push(json!({
					"host": host.id,
					"asset": asset.id,
					"owner": asset.owner,
					"zone": asset.zone,
					"criticality": asset.criticality,
					"exposure": asset.exposure,
					"data": asset.data,
					"workflows": workflows,
				}));
			}
		}
		out
	}

	/// Checks what the types cannot. What assets, workflows and processing refer to is checked by the risk engine.
	pub(crate) fn check(&self) -> Result<(), (String, String)> {
		let (mut ids, mut endpoints) = (BTreeSet::new(), BTreeSet::new());
		for asset in &self.assets {
			if asset.id.trim().is_empty() || asset.id.starts_with("ip:") {
				let problem =
					format!("`{}` is empty or begins with `ip:`; choose another", asset.id);
				return Err(("clinical.assets.id".into(), problem));
			}
			if !ids.insert(&asset.id) {
				let problem = format!("{} appears twice; give each its own", asset.id);
				return Err(("clinical.assets.id".into(), problem));
			}
			if let Some(twice) = asset.at.iter().find(|endpoint| !endpoints.insert(**endpoint)) {
				let problem = format!("{twice} is claimed by {} and another asset", asset.id);
				return Err(("clinical.assets.at".into(), problem));
			}
		}
		for workplace in &self.workplaces {
			if let Some(missing) = workplace.assets.iter().find(|id| !ids.contains(id)) {
				let problem = format!("there is no asset {missing}; add it or correct the name");
				return Err(("clinical.workplaces.assets".into(), problem));
			}
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn an_endpoint_reads_back_as_it_is_written() {
		for text in ["192.0.2.7", "192.0.2.7:104/tcp", "[2001:db8::7]:161/udp", "2001:db8::7"] {
			assert_eq!(text.parse::<Endpoint>().unwrap().to_string(), text);
		}
		for text in
			["", "host", "192.0.2.7:104", "192.0.2.7/tcp", "192.0.2.7:104/sctp", "1.2.3:1/tcp"]
		{
			assert!(text.parse::<Endpoint>().unwrap_err().contains("no endpoint"), "{text}");
		}
	}

	#[test]
	fn an_asset_that_names_the_port_comes_before_one_that_names_the_host() {
		let clinical: Clinical = toml::from_str(
			r#"
			[[assets]]
			id = "host"
			at = ["192.0.2.7"]
			criticality = "low"
			[[assets]]
			id = "archive"
			at = ["192.0.2.7:104/tcp"]
			criticality = "high"
			"#,
		)
		.unwrap();
		let owner = |port, transport| {
			let endpoint =
				Endpoint { address: [192, 0, 2, 7].into(), port: Some((port, transport)) };
			clinical.owner(endpoint).unwrap().id.clone()
		};
		assert_eq!(owner(104, Transport::Tcp), "archive");
		assert_eq!(owner(104, Transport::Udp), "host");
		assert_eq!(owner(22, Transport::Tcp), "host");
	}

	#[test]
	fn a_partner_counts_as_the_internet_and_the_unknown_as_internal() {
		use curex_vulnerabilities::Exposure as Reach;
		let asset = |exposure: &str, criticality: &str| -> ClinicalAsset {
			let text =
				format!("id = \"a\"\nexposure = \"{exposure}\"\ncriticality = \"{criticality}\"\n");
			toml::from_str(&text).unwrap()
		};
		assert_eq!(asset("partner", "high").reach(), Reach::Internet);
		assert_eq!(asset("unknown", "high").reach(), Reach::Internal);
		assert_eq!(asset("physical", "high").reach(), Reach::Isolated);
		assert_eq!(asset("internal", "very-high").weight(), Criticality::Vital);
		assert_eq!(asset("internal", "moderate").weight(), Criticality::Medium);
	}

	#[test]
	fn an_endpoint_belongs_to_one_asset() {
		let clinical: Clinical = toml::from_str(
			r#"
			[[assets]]
			id = "one"
			at = ["192.0.2.7"]
			criticality = "low"
			[[assets]]
			id = "two"
			at = ["192.0.2.7"]
			criticality = "high"
			"#,
		)
		.unwrap();
		assert_eq!(clinical.check().unwrap_err().0, "clinical.assets.at");
	}
}
