//! OSV entries of Linux distributions (OSV schema 1.7): which package versions are affected.

use serde::Deserialize;
use serde_json::Value;

use super::{is_cve, typed};
use crate::{
	error::Error,
	feed::{AffectedPackage, Event, Feed},
};

#[derive(Deserialize)]
struct Entry {
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

pub(super) fn add(feed: &mut Feed, file: &str, json: Value) -> Result<(), Error> {
	let entry: Entry = typed(file, "OSV", json)?;
	if entry.withdrawn.is_some() {
		return Ok(());
	}
	let cves = cves(&entry);
	if cves.is_empty() {
		return Err(Error::Malformed {
			file: file.into(),
			format: "OSV",
			reason: format!("entry {} names no CVE in id, aliases, upstream or related", entry.id),
		});
	}
	for affected in entry.affected {
		let Some(package) = affected.package else { continue };
		let events: Vec<Event> = affected
			.ranges
			.into_iter()
			.filter(|range| range.kind == "ECOSYSTEM")
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
			feed.packages.push(AffectedPackage {
				cve: cve.clone(),
				source: entry.id.clone(),
				ecosystem: package.ecosystem.clone(),
				name: package.name.clone(),
				events: events.clone(),
				versions: affected.versions.clone(),
			});
		}
	}
	Ok(())
}

/// The CVEs an entry is about: `DEBIAN-CVE-2024-6387` by its id, `DSA-5724-1` by what it names upstream.
fn cves(entry: &Entry) -> Vec<String> {
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
