//! OSV entries of Linux distributions (OSV schema 1.7): which package versions are affected.

use serde::Deserialize;
use serde_json::Value;

use super::{is_cve, Entry};
use crate::feed::{AffectedPackage, Event};

#[derive(Deserialize)]
struct OsvEntry {
	id: String,
	#[serde(default)]
	withdrawn: Option<String>,
	#[serde(default)]
	aliases: Vec<String>,
	#[serde(default)]
	upstream: Vec<String>,
	#[serde(default)]
	related: Vec<String>,
	affected: Vec<Affected>,
}

#[derive(Deserialize)]
struct Affected {
	package: Option<Package>,
	#[serde(default)]
	ranges: Vec<Range>,
	#[serde(default)]
	versions: Vec<String>,
}

#[derive(Deserialize)]
struct Package {
	ecosystem: String,
	name: String,
}

#[derive(Deserialize)]
struct Range {
	#[serde(rename = "type")]
	kind: String,
	#[serde(default)]
	events: Vec<RawEvent>,
}

#[derive(Deserialize)]
struct RawEvent {
	introduced: Option<String>,
	fixed: Option<String>,
	last_affected: Option<String>,
}

/// Reads one entry; nothing of a withdrawn one.
pub(super) fn record(json: Value) -> Result<Vec<Entry>, String> {
	let entry: OsvEntry = serde_json::from_value(json).map_err(|error| error.to_string())?;
	if entry.withdrawn.is_some() {
		return Ok(Vec::new());
	}
	let cves = cves(&entry);
	if cves.is_empty() {
		return Err(format!("entry {} names no CVE in id, aliases, upstream or related", entry.id));
	}
	let mut out = Vec::new();
	for affected in entry.affected {
		let Some(package) = affected.package else { continue };
		let events: Vec<Event> = affected
			.ranges
			.into_iter()
			.filter(|range| matches!(range.kind.as_str(), "ECOSYSTEM" | "SEMVER"))
			.flat_map(|range| range.events)
			.flat_map(|event| {
				[
					event.introduced.map(Event::Introduced),
					event.fixed.map(Event::Fixed),
					event.last_affected.map(Event::LastAffected),
				]
			})
			.flatten()
			.collect();
		for cve in &cves {
			out.push(Entry::Package(AffectedPackage {
				cve: cve.clone(),
				source: entry.id.clone(),
				ecosystem: package.ecosystem.clone(),
				name: package.name.clone(),
				events: events.clone(),
				versions: affected.versions.clone(),
			}));
		}
	}
	Ok(out)
}

/// The CVEs an entry is about: `DEBIAN-CVE-2024-6387` by its id, `DSA-5724-1` by what it names upstream.
fn cves(entry: &OsvEntry) -> Vec<String> {
	let own = entry.id.find("CVE-").map(|at| entry.id[at..].to_owned());
	let mut out: Vec<String> = own
		.into_iter()
		.chain(entry.aliases.iter().cloned())
		.chain(entry.upstream.iter().cloned())
		.chain(entry.related.iter().cloned())
		.filter(|id| is_cve(id))
		.collect();
	out.sort();
	out.dedup();
	out
}
