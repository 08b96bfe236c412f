//! What is known of the hospital now: the newest inventory, alerts and survey on the clinical model.

use std::collections::{BTreeMap, BTreeSet};

use curex_discovery::Snapshot;
use curex_primitives::{Confidence, Level, Moment, Report, ReportKind, SizeBucket};
use curex_risk::{
	Asset, Exposure, GroupAwareness, Model, ObservedAlert, ObservedKind, Vulnerability,
};
use curex_threats::{Alert, Kind};
use curex_vulnerabilities::{Match, Status};
use serde_json::{json, Value};

use super::survey;
use crate::{
	clinical::{Clinical, Endpoint},
	store::StateName,
	Config, Error, Store,
};

/// Milliseconds of an hour.
const HOUR: u64 = 3_600_000;

/// The inputs of an assessment.
#[derive(Clone, Debug)]
pub struct Situation {
	/// What the risk engine assesses.
	pub model: Model,
	/// Inputs that are missing. They leave the confidence low.
	pub missing: Vec<String>,
	/// Inputs that are out of date or uncertain. They leave the confidence medium at most.
	pub doubtful: Vec<String>,
	/// Where the inputs come from: outbox numbers and times.
	pub sources: Value,
}

impl Situation {
	/// The confidence that is left of the engine's own.
	pub fn confidence(&self, own: Confidence) -> Confidence {
		match (self.missing.is_empty(), self.doubtful.is_empty()) {
			(false, _) => Confidence::Low,
			(true, false) => own.min(Confidence::Medium),
			(true, true) => own,
		}
	}

	/// Gathers what was recorded.
	///
	/// # Errors
	/// What the store refuses.
	pub fn gather(config: &Config, store: &Store, now: Moment) -> Result<Self, Error> {
		let clinical = &config.clinical;
		let mut situation = Self {
			model: Model {
				parameters: clinical.parameters.clone(),
				dependencies: clinical.dependencies.clone(),
				workflows: clinical.workflows.clone(),
				processing: clinical.processing.clone(),
				controls: clinical.controls.clone(),
				..Model::default()
			},
			missing: Vec::new(),
			doubtful: Vec::new(),
			sources: json!({}),
		};
		let stale_before =
			now.saturating_sub(config.assessment.stale_after_hours.saturating_mul(HOUR));
		situation.add_inventory(clinical, store, stale_before)?;
		situation.add_watch(store, stale_before)?;
		let alerts_since =
			now.saturating_sub(config.assessment.alerts_for_hours.saturating_mul(HOUR));
		situation.add_alerts(store, alerts_since, now)?;
		situation.add_survey(clinical, store)?;
		Ok(situation)
	}

	fn add_inventory(
		&mut self,
		clinical: &Clinical,
		store: &Store,
		stale_before: Moment,
	) -> Result<(), Error> {
		let Some((number, _, mut document)) = store.newest_document(ReportKind::Inventory)? else {
			self.missing.push("No inventory: which software runs is not known.".into());
			self.model.assets = assets(clinical, &Snapshot::default(), false);
			return Ok(());
		};
		let snapshot: Snapshot = serde_json::from_value(document["snapshot"].take())?;
		let matches: Vec<Match> = serde_json::from_value(document["matches"].take())?;
		let version = document["feed"]["version"].as_str().unwrap_or_default();
		if version.is_empty() {
			self.missing.push("No advisory feed: no vulnerability can be known.".into());
		}
		if snapshot.taken_at_ms < stale_before {
			self.doubtful.push("The inventory is out of date.".into());
		}
		let held = snapshot.held_back.len();
		if held > 0 {
			self.doubtful.push(format!("{held} devices were held back from active discovery."));
		}
		let unclear = document["not_understood"].as_array().map_or(0, Vec::len);
		if unclear > 0 {
			self.doubtful.push(format!("{unclear} advisories could not be compared."));
		}
		self.model.assets = assets(clinical, &snapshot, !version.is_empty());
		self.add_vulnerabilities(clinical, &matches);
		self.sources["inventory"] = json!({ "number": number, "at": snapshot.taken_at_ms });
		Ok(())
	}

	fn add_vulnerabilities(&mut self, clinical: &Clinical, matches: &[Match]) {
		let mut found: BTreeMap<(String, String), Vulnerability> = BTreeMap::new();
		let mut unsure = BTreeSet::new();
		for one in matches.iter().filter(|one| !matches!(one.status, Status::FixedByPackage { .. }))
		{
			// Behind the address of software that serves no port stands its name.
			let endpoint = one.service.split(' ').next().and_then(|place| place.parse().ok());
			let asset = owner_id(clinical, endpoint, &one.asset);
			if one.status == Status::Unknown {
				unsure.insert((asset.clone(), one.cve.clone()));
			}
			found.entry((asset.clone(), one.cve.clone())).or_insert(Vulnerability {
				asset,
				cve: one.cve.clone(),
				cvss: one.cvss.as_ref().map(|cvss| cvss.score),
				epss: one.epss,
				known_exploited: one.kev,
				ransomware: one.ransomware,
			});
		}
		if !unsure.is_empty() {
			self.doubtful.push(format!(
				"{} vulnerabilities of products whose version is not known are taken as present.",
				unsure.len()
			));
		}
		self.model.vulnerabilities = found.into_values().collect();
	}

	fn add_watch(&mut self, store: &Store, stale_before: Moment) -> Result<(), Error> {
		let Some(state) = store.state(StateName::Watch)? else {
			self.missing.push("No log was watched: abnormal behaviour would not be known.".into());
			return Ok(());
		};
		let at = state["at"].as_u64().unwrap_or(0);
		if at < stale_before {
			self.doubtful.push("The logs were watched too long ago.".into());
		}
		for (stream, what) in [("flows", "flows"), ("accesses", "record accesses")] {
			if state[stream]["judged"].as_u64() == Some(0) {
				self.doubtful.push(format!("No {what} could be judged yet."));
			}
		}
		let unreadable = state["missing"].as_array().map_or(0, Vec::len);
		if unreadable > 0 {
			self.missing.push(format!("{unreadable} logs could not be read."));
		}
		self.sources["watch"] = json!({ "at": at });
		Ok(())
	}

	fn add_alerts(&mut self, store: &Store, since: Moment, now: Moment) -> Result<(), Error> {
		// An alert that got worse was recorded again: the newest record of each counts.
		let mut newest = BTreeMap::new();
		for (report, mut document) in store.documents_since(ReportKind::Alert, since)? {
			let (Report::Alert(digest), Ok(alert)) =
				(report, serde_json::from_value::<Alert>(document["alert"].take()))
			else {
				continue;
			};
			newest.insert(alert.id.clone(), (digest.raised_at, alert));
		}
		self.sources["alerts"] = json!(newest.len());
		let accesses: Vec<Alert> = newest
			.values()
			.filter(|(_, alert)| alert.kind == Kind::RecordAccess)
			.map(|(_, alert)| alert.clone())
			.collect();
		// What was noticed as it happened is the reason of the day's alert too, and counts once.
		newest.retain(|_, (_, day)| {
			let within = |one: &Alert| {
				one.entity == day.entity && one.started <= day.last && day.started <= one.last
			};
			day.kind != Kind::WorkingDay || !accesses.iter().any(within)
		});
		let observed = newest.into_values().map(|(raised_at, alert)| ObservedAlert {
			kind: match alert.kind {
				Kind::Flow | Kind::Log | Kind::Known | Kind::Measurement => ObservedKind::Device,
				Kind::RecordAccess | Kind::WorkingDay => ObservedKind::RecordAccess,
			},
			// Who it was changes no risk, and an assessment is kept for longer.
			entity: match alert.kind.is_about_staff() {
				true => "staff".into(),
				false => alert.entity,
			},
			severity: alert.severity,
			confidence: alert.confidence,
			age_hours: u32::try_from(now.saturating_sub(raised_at) / HOUR).unwrap_or(u32::MAX),
		});
		self.model.alerts = observed.collect();
		Ok(())
	}

	fn add_survey(&mut self, clinical: &Clinical, store: &Store) -> Result<(), Error> {
		let Some(last) = survey::last(store)? else {
			self.missing.push("No staff survey: awareness is not known.".into());
			return Ok(());
		};
		let workplaces = |group| {
			let found =
				clinical.workplaces.iter().filter(move |workplace| workplace.group == group);
			found.flat_map(|workplace| workplace.assets.clone()).collect()
		};
		let awareness = last.groups.iter().filter_map(|group| {
			let result = group.assessment.result.as_ref()?;
			Some(GroupAwareness {
				group: result.group,
				level: result.level,
				confidence: result.confidence,
				size_bucket: SizeBucket::of(u64::from(group.size)),
				workplaces: workplaces(result.group),
			})
		});
		self.model.hygiene = awareness.collect();
		let silent = last.groups.len() - self.model.hygiene.len();
		if silent > 0 {
			self.doubtful.push(format!("{silent} staff groups have too few answers."));
		}
		self.sources["survey"] = json!({ "campaign": last.campaign, "at": last.at });
		Ok(())
	}
}

/// The clinical model's assets, then hosts with services that belong to none of them.
fn assets(clinical: &Clinical, snapshot: &Snapshot, feed: bool) -> Vec<Asset> {
	let mut seen: BTreeMap<String, Vec<bool>> = BTreeMap::new();
	let mut strangers: BTreeMap<String, String> = BTreeMap::new();
	for asset in &snapshot.assets {
		for service in &asset.services {
			let id = owner_id(clinical, Some(Endpoint::of(service)), &asset.id);
			if id == asset.id {
				strangers.insert(asset.id.clone(), asset.address.to_string());
			}
			seen.entry(id).or_default().push(service.product.is_some());
		}
		let spoken_of = clinical
			.assets
			.iter()
			.any(|one| one.at.iter().any(|endpoint| endpoint.address == asset.address));
		if !spoken_of {
			strangers.insert(asset.id.clone(), asset.address.to_string());
		}
	}
	// Assessed: it was seen, every service says what it is, and there are advisories to compare with.
	let assessed =
		|id: &str| feed && seen.get(id).is_some_and(|known| known.iter().all(|known| *known));
	let modelled = clinical.assets.iter().map(|asset| Asset {
		id: asset.id.clone(),
		aliases: aliases(clinical, asset),
		criticality: asset.criticality,
		exposure: asset.exposure,
		services: asset.services.clone(),
		data: asset.data.clone(),
		assessed: assessed(&asset.id),
	});
	let unmodelled = strangers.iter().map(|(id, address)| Asset {
		id: id.clone(),
		aliases: vec![address.clone()],
		criticality: Level::Moderate,
		exposure: Exposure::Unknown,
		services: Vec::new(),
		data: Vec::new(),
		assessed: assessed(id),
	});
	modelled.chain(unmodelled).collect()
}

/// Its stated aliases, and its addresses where no other asset shares them.
fn aliases(clinical: &Clinical, asset: &crate::clinical::ClinicalAsset) -> Vec<String> {
	let shared = |address| {
		let others = clinical.assets.iter().filter(|other| other.id != asset.id);
		others.flat_map(|other| &other.at).any(|endpoint| endpoint.address == address)
	};
	let own: BTreeSet<String> = asset
		.at
		.iter()
		.filter(|endpoint| !shared(endpoint.address))
		.map(|endpoint| endpoint.address.to_string())
		.collect();
	asset.aliases.iter().cloned().chain(own).collect()
}

/// The id under which the risk model knows the asset behind an endpoint.
fn owner_id(clinical: &Clinical, endpoint: Option<Endpoint>, host: &str) -> String {
	let owner = endpoint.and_then(|endpoint| clinical.owner(endpoint));
	owner.map_or(host, |owner| owner.id.as_str()).to_owned()
}
