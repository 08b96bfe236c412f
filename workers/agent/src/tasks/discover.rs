//! Finds assets, matches them with advisories, reports the inventory.

use std::{
	fs::{File, OpenOptions},
	io::{self, Write},
	os::unix::fs::OpenOptionsExt,
	path::Path,
	sync::{Mutex, PoisonError},
};

use curex_discovery::{
	differences, import_mds2, Asset, AuditSink, HostInventory, Observations, ProbeRecord, Service,
	Snapshot,
};
use curex_primitives::{merkle, Moment, Report, ReportKind, SizeBucket};
use curex_vulnerabilities::{
	openvex, AssetService, Criticality, Exposure, InstalledPackage, Match, MatchReport,
	NotUnderstood, Part, Status,
};
use serde_json::{json, Value};
use tokio::runtime::Handle;

use super::TO_BE_SEALED;
use crate::{
	advisories::{unread, Advisories},
	clinical::{Clinical, ClinicalAsset, Endpoint},
	imports,
	store::{Draft, Outcome},
	Config, Error, Store,
};

/// Name of the log of probes within the data folder.
const PROBE_LOG: &str = "probes.ndjson";

/// Observes, discovers, matches and drafts the inventory report.
///
/// What is observed comes first, for it tells which hosts may be asked. Without active discovery the inventory is what
/// was observed.
///
/// # Errors
/// [`Error::Discovery`], [`Error::Vulnerabilities`], and what the store refuses.
pub fn execute(
	config: &Config,
	runtime: &Handle,
	store: &Store,
	now: Moment,
) -> Result<Outcome, Error> {
	let (observations, mut notes) = match &config.observe {
		Some(observe) => observe.look(),
		None => (Observations::default(), Vec::new()),
	};
	let mut snapshot = if config.discovery.active || config.observe.is_none() {
		let mut policy = config.discovery.clone();
		observations.classify(&mut policy);
		let audit = ProbeLog::open(&config.data.join(PROBE_LOG))?;
		runtime.block_on(curex_discovery::discover(&policy, &audit))?
	} else {
		Snapshot { taken_at_ms: now, ..Snapshot::default() }
	};
	if let Some(observe) = &config.observe {
		observations.complete(&mut snapshot, |address| observe.is_ours(address));
		imports::add_reports(observe, &mut snapshot, &mut notes);
	}
	from_inside(config, &mut snapshot, &mut notes);
	let previous = Previous::of(store)?;
	if let Some(before) = &previous.snapshot {
		snapshot.bind_identities(before);
	}
	let bills = imports::bills(&config.hosts, &config.clinical, &mut snapshot, &mut notes);
	let mut advisories = Advisories::open(config)?;
	let imported = advisories.import()?;
	let matched =
		advisories.match_all(&[services(&snapshot, &config.clinical), bills.clone()].concat())?;
	let (feed_version, known) = advisories.state()?;
	let vulnerabilities = open_matches(&matched);
	notes.push(format!(
		"{} assets, {vulnerabilities} matches that are not fixed.",
		snapshot.assets.len()
	));
	if config.feeds.is_none() {
		notes.push("No advisory feed is configured, so no vulnerability can be known.".into());
	}
	notes.extend(unread(&imported.failures));
	let disclosures = disclosures(config, &mut notes);
	let changes = previous.snapshot.as_ref().map(|before| differences(before, &snapshot));
	let report = Report::Inventory(curex_primitives::Snapshot {
		root: merkle::root(snapshot.canonical_leaves()),
		previous: previous.root,
		assets: SizeBucket::of(snapshot.assets.len() as u64),
		vulnerabilities: SizeBucket::of(vulnerabilities),
		feed_version: feed_number(&feed_version),
		evidence: TO_BE_SEALED,
		taken_at: snapshot.taken_at_ms.min(now),
	});
	let document = json!({
		"snapshot": snapshot,
		"differences": changes,
		"matches": matched.matches,
		"not_affected": matched.not_affected,
		"not_understood": matched.not_understood,
		"context": config.clinical.context(&snapshot),
		"disclosures": disclosures,
		"bills": bills,
		"feed": {
			"version": feed_version,
			"advisories": known.advisories,
			"packages": known.packages,
			"failures": imported.failures,
		},
		"previous": { "number": previous.number, "root": previous.root },
	});
	let draft = Draft { report, document, inputs: None, alert: None };
	Ok(Outcome { drafts: vec![draft], notes, ..Outcome::default() })
}

/// Adds what hosts say of themselves. A list that cannot be read is noted; the others of its host count.
fn from_inside(config: &Config, snapshot: &mut Snapshot, notes: &mut Vec<String>) {
	for host in &config.hosts {
		let mut inventory = HostInventory::default();
		for path in &host.files {
			let read = std::fs::read(path)
				.map_err(Error::io("reading", path))
				.and_then(|bytes| Ok(inventory.add(&bytes)?));
			notes.extend(read.err().map(|error| format!("{}: {error}", path.display())));
		}
		if inventory != HostInventory::default() {
			inventory.complete(snapshot, host.address, host.device_class);
		}
	}
}

/// What manufacturers say about the hospital's devices, by clinical asset. A statement that cannot be read is noted.
fn disclosures(config: &Config, notes: &mut Vec<String>) -> Vec<Value> {
	let mut out = Vec::new();
	for file in &config.disclosures {
		let read = std::fs::read(&file.path)
			.map_err(Error::io("reading", &file.path))
			.and_then(|bytes| Ok(import_mds2(&bytes)?));
		match read {
			Ok(disclosure) => out.push(json!({ "asset": file.asset, "disclosure": disclosure })),
			Err(error) => notes.push(format!("{}: {error}", file.path.display())),
		}
	}
	out
}

/// The inventory before this one.
struct Previous {
	number: Option<u64>,
	root: curex_primitives::MerkleRoot,
	snapshot: Option<Snapshot>,
	bills: Vec<AssetService>,
}

impl Previous {
	fn of(store: &Store) -> Result<Self, Error> {
		match store.newest_document(ReportKind::Inventory)? {
			Some((number, Report::Inventory(report), mut document)) => Ok(Self {
				number: Some(number),
				root: report.root,
				snapshot: serde_json::from_value(document["snapshot"].take()).ok(),
				// Inventories of earlier versions have none.
				bills: serde_json::from_value(document["bills"].take()).unwrap_or_default(),
			}),
			_ => Ok(Self {
				number: None,
				root: merkle::empty_root(),
				snapshot: None,
				bills: Vec::new(),
			}),
		}
	}
}

/// The services of the newest recorded inventory; none if there is no inventory.
///
/// # Errors
/// What opening the evidence gives.
pub fn recorded_services(store: &Store, clinical: &Clinical) -> Result<Vec<AssetService>, Error> {
	let Previous { snapshot, bills, .. } = Previous::of(store)?;
	let seen = snapshot.map(|snapshot| services(&snapshot, clinical)).unwrap_or_default();
	Ok([seen, bills].concat())
}

/// The feed's version as the ledger has it: the first four bytes of its SHA-256, big endian; 0 without a feed.
pub fn feed_number(version: &str) -> u32 {
	version.get(..8).and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(0)
}

/// Matches for which no fix is known to be installed. A match of unknown version counts: unknown is not "no".
fn open_matches(matched: &MatchReport) -> u64 {
	let open = |status: &Status| !matches!(status, Status::FixedByPackage { .. });
	matched.matches.iter().filter(|found| open(&found.status)).count() as u64
}

/// The services of a snapshot as the matching wants them.
fn services(snapshot: &Snapshot, clinical: &Clinical) -> Vec<AssetService> {
	let all = snapshot.assets.iter().flat_map(|asset| {
		asset.services.iter().map(move |service| asset_service(asset, service, clinical))
	});
	all.collect()
}

fn asset_service(asset: &Asset, service: &Service, clinical: &Clinical) -> AssetService {
	let endpoint = Endpoint::of(service);
	let owner = clinical.owner(endpoint);
	AssetService {
		asset: asset.id.clone(),
		service: match service.port {
			// What serves no port is told apart by its name, behind the address.
			0 => format!("{} {}", service.address, service.product.as_deref().unwrap_or("unknown")),
			_ => endpoint.to_string(),
		},
		vendor: service.vendor.clone(),
		// Of a package the distribution's word counts, not what upstream calls the same name.
		product: service.product.clone().filter(|_| service.protocol != "package"),
		part: (service.protocol == "operating-system").then_some(Part::OperatingSystem),
		updates: asset.updates.clone(),
		version: service.version.clone(),
		cpe23: service.cpe23.clone(),
		package: service.package.as_ref().map(|package| InstalledPackage {
			source: package.source.clone(),
			version: package.source_version.clone(),
			distribution: package.distribution.clone(),
		}),
		confidence: service.confidence,
		exposure: owner.map_or(Exposure::default(), ClinicalAsset::reach),
		criticality: owner.map_or(Criticality::default(), ClinicalAsset::weight),
		..AssetService::default()
	}
}

/// Every probe, one JSON object a line, on disk before it is sent.
struct ProbeLog(Mutex<File>);

impl ProbeLog {
	fn open(path: &Path) -> Result<Self, Error> {
		let file = OpenOptions::new()
			.append(true)
			.create(true)
			.mode(0o600)
			.open(path)
			.map_err(Error::io("opening", path))?;
		Ok(Self(Mutex::new(file)))
	}
}

impl AuditSink for ProbeLog {
	fn record(&self, probe: &ProbeRecord) -> io::Result<()> {
		let mut line = serde_json::to_vec(probe)?;
		line.push(b'\n');
		let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
		file.write_all(&line)?;
		file.sync_data()
	}
}

/// The newest inventory with what was matched in it.
fn newest_matches(store: &Store) -> Result<(u64, u64, MatchReport), Error> {
	let missing = || Error::NotFound { what: "an inventory".into() };
	let (number, _, mut document) =
		store.newest_document(ReportKind::Inventory)?.ok_or_else(missing)?;
	let mut list = |key: &str| match document[key].take() {
		// Inventories of earlier versions do not have every list.
		Value::Null => json!([]),
		list => list,
	};
	let report = MatchReport {
		matches: serde_json::from_value(list("matches"))?,
		not_affected: serde_json::from_value(list("not_affected"))?,
		not_understood: serde_json::from_value(list("not_understood"))?,
	};
	let taken_at = document["snapshot"]["taken_at_ms"].as_u64().unwrap_or(0);
	Ok((number, taken_at, report))
}

/// All that the newest inventory says of one vulnerability, with its reasons; of one asset alone, if one is named.
///
/// # Errors
/// [`Error::NotFound`] without an inventory, and whatever opening the evidence gives.
pub fn why(store: &Store, cve: &str, asset: Option<&str>) -> Result<Value, Error> {
	let (number, _, mut report) = newest_matches(store)?;
	let asked =
		|of: &str, at: &str| of.eq_ignore_ascii_case(cve) && asset.is_none_or(|id| id == at);
	let about = |found: &Match| asked(&found.cve, &found.asset);
	report.matches.retain(about);
	report.not_affected.retain(about);
	report.not_understood.retain(|left: &NotUnderstood| asked(&left.cve, &left.asset));
	Ok(json!({
		"inventory": number,
		"cve": cve,
		"matches": report.matches,
		"not_affected": report.not_affected,
		"not_understood": report.not_understood,
	}))
}

/// The newest inventory's matches as an OpenVEX document.
///
/// # Errors
/// As [`why`].
pub fn vex(store: &Store, organisation: u32, author: &str) -> Result<Value, Error> {
	let (number, taken_at, report) = newest_matches(store)?;
	let id = format!("urn:curex:organisation:{organisation}:inventory:{number}");
	Ok(openvex(&report, &id, author, taken_at))
}

/// One asset of a recorded inventory with the proof that it stands under the inventory's root.
///
/// # Errors
/// [`Error::NotFound`] if there is no inventory or no such asset, [`Error::OtherCommitment`] if the proof does not lead to
/// the recorded root, and whatever opening the evidence gives.
pub fn prove_asset(store: &Store, asset: &str, number: Option<u64>) -> Result<Value, Error> {
	let number = match number {
		Some(number) => number,
		None => store
			.newest(ReportKind::Inventory)?
			.ok_or_else(|| Error::NotFound { what: "an inventory".into() })?,
	};
	let (report, opened) = store.open_evidence(ReportKind::Inventory, number)?;
	let mut document: Value = serde_json::from_slice(&opened.document)?;
	let snapshot: Snapshot = serde_json::from_value(document["snapshot"].take())?;
	let missing = || Error::NotFound { what: format!("the asset {asset} in inventory {number}") };
	let mut ids: Vec<&str> = snapshot.assets.iter().map(|asset| asset.id.as_str()).collect();
	ids.sort_unstable();
	let index = ids.iter().position(|id| *id == asset).ok_or_else(missing)?;
	let leaves = snapshot.canonical_leaves();
	let proof = merkle::prove(&leaves, index).ok_or_else(missing)?;
	let Report::Inventory(recorded) = report else { return Err(missing()) };
	if !merkle::verify(&recorded.root, &leaves[index], &proof) {
		return Err(Error::OtherCommitment {
			what: format!("the asset {asset}"),
			commitment: recorded.root.to_string(),
		});
	}
	let siblings: Vec<String> =
		proof.siblings.iter().map(|hash| format!("0x{}", hex::encode(hash))).collect();
	Ok(json!({
		"inventory": number,
		"root": recorded.root,
		"asset": asset,
		"leaf": format!("0x{}", hex::encode(&leaves[index])),
		"proof": { "index": proof.index, "count": proof.count, "siblings": siblings },
	}))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_feed_number_is_the_head_of_its_hash() {
		assert_eq!(feed_number("deadbeef00"), 0xdead_beef);
		assert_eq!(feed_number(""), 0);
		assert_eq!(feed_number("not hexadecimal"), 0);
	}
}
