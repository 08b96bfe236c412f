//! CVE records in CVE record format 5.x, as the CVE programme publishes them.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
	configuration::{self, Configuration},
	Entry,
};
use crate::{
	cpe::Cpe,
	cvss::Cvss,
	feed::{Advisory, AffectedProduct, Part, Platform},
	range::{Interval, Limit, VersionSet, Versions},
	version::Scheme,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CveRecord {
	cve_metadata: Metadata,
	#[serde(default)]
	containers: Containers,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
	cve_id: String,
	#[serde(default)]
	state: String,
	#[serde(default)]
	assigner_short_name: Option<String>,
}

#[derive(Deserialize, Default)]
struct Containers {
	#[serde(default)]
	cna: Container,
	#[serde(default)]
	adp: Vec<Container>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Container {
	#[serde(default)]
	title: Option<String>,
	#[serde(default)]
	descriptions: Vec<Description>,
	#[serde(default)]
	affected: Vec<Affected>,
	#[serde(default)]
	cpe_applicability: Vec<Configuration>,
	#[serde(default)]
	metrics: Vec<Map<String, Value>>,
}

#[derive(Deserialize)]
struct Description {
	#[serde(default)]
	lang: String,
	#[serde(default)]
	value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Affected {
	#[serde(default)]
	vendor: String,
	product: Option<String>,
	package_name: Option<String>,
	#[serde(default)]
	default_status: Option<String>,
	#[serde(default)]
	versions: Vec<Version>,
	#[serde(default)]
	platforms: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
	#[serde(default)]
	version: String,
	#[serde(default)]
	status: String,
	less_than: Option<String>,
	less_than_or_equal: Option<String>,
	version_type: Option<String>,
	#[serde(default)]
	changes: Vec<Change>,
}

#[derive(Deserialize)]
struct Change {
	at: String,
	status: String,
}

/// Reads one record; nothing of a rejected or reserved one.
pub(super) fn record(json: Value) -> Result<Vec<Entry>, String> {
	let record: CveRecord = serde_json::from_value(json).map_err(|error| error.to_string())?;
	if record.cve_metadata.state != "PUBLISHED" {
		return Ok(Vec::new());
	}
	let containers = || std::iter::once(&record.containers.cna).chain(&record.containers.adp);
	let mut affected = Vec::new();
	for container in containers() {
		affected.extend(container.affected.iter().filter_map(product));
		affected.extend(container.cpe_applicability.iter().flat_map(configuration::affected));
	}
	let cna = &record.containers.cna;
	let english = cna.descriptions.iter().find(|text| text.lang.starts_with("en"));
	let summary = english.map(|text| text.value.clone()).or_else(|| cna.title.clone());
	Ok(vec![Entry::Advisory(Box::new(Advisory {
		cve: record.cve_metadata.cve_id,
		source: record.cve_metadata.assigner_short_name.unwrap_or_else(|| "CVE".into()),
		summary: summary.unwrap_or_default(),
		cvss: containers()
			.flat_map(|container| &container.metrics)
			.flat_map(|metric| metric.values())
			.filter_map(|data| {
				let vector = data.get("vectorString")?.as_str()?;
				Cvss::from_vector(vector, data.get("baseScore").and_then(Value::as_f64))
			})
			.max_by_key(Cvss::rank),
		affected,
		not_affected: Vec::new(),
	}))])
}

/// A placeholder that CNAs write for "nothing".
fn is_nothing(text: &str) -> bool {
	matches!(
		text.trim().to_ascii_lowercase().as_str(),
		"" | "n/a" | "-" | "unspecified" | "unknown" | "*"
	)
}

fn product(affected: &Affected) -> Option<AffectedProduct> {
	let name = affected.product.as_deref().filter(|name| !is_nothing(name));
	let name = name.or(affected.package_name.as_deref()).filter(|name| !is_nothing(name))?;
	let vendor = if is_nothing(&affected.vendor) { "" } else { affected.vendor.as_str() };
	let platforms: Vec<Platform> = affected
		.platforms
		.iter()
		.filter(|platform| !is_nothing(platform) && !is_architecture(platform))
		.map(|platform| match Cpe::parse(platform) {
			Some(cpe) => Platform {
				part: cpe.part,
				vendor: cpe.vendor,
				product: cpe.product,
				versions: VersionSet::all("any version"),
			},
			None => Platform {
				part: Some(Part::OperatingSystem),
				vendor: String::new(),
				product: platform.clone(),
				versions: VersionSet::all("any version"),
			},
		})
		.collect();
	Some(AffectedProduct {
		vendor: vendor.to_owned(),
		product: name.to_owned(),
		versions: versions(affected)?,
		from_cpe: false,
		part: None,
		target: None,
		requires: if platforms.is_empty() { Vec::new() } else { vec![platforms] },
		fixed_by: Vec::new(),
	})
}

/// Word sizes and processors are no condition that an inventory could check.
fn is_architecture(platform: &str) -> bool {
	let lower = platform.to_ascii_lowercase();
	["32 bit", "64 bit", "32-bit", "64-bit", "x86", "x64", "arm", "amd64", "all"]
		.iter()
		.any(|word| lower == *word || lower.starts_with(word) && lower.len() < 12)
}

/// The affected versions; `None` if the record says that none is.
fn versions(affected: &Affected) -> Option<VersionSet> {
	let usable: Vec<&Version> =
		affected.versions.iter().filter(|v| v.version_type.as_deref() != Some("git")).collect();
	let everything_else = match affected.default_status.as_deref() {
		Some("affected") => true,
		Some("unaffected") => false,
		// Not said: everything if no version is listed.
		_ => affected.versions.is_empty(),
	};
	let scheme = scheme(&usable);
	let text: Vec<String> = usable.iter().map(|v| words(v)).collect();
	let text = if text.is_empty() { "all versions".to_owned() } else { text.join(", ") };
	let mut include = Vec::new();
	let mut except = Vec::new();
	let mut free = Vec::new();
	for version in &usable {
		let (bad, good) = match intervals(version) {
			Some(read) => read,
			None => {
				free.push(*version);
				continue;
			},
		};
		include.extend(bad);
		except.extend(good);
	}
	if usable.is_empty() && !affected.versions.is_empty() && !everything_else {
		return Some(VersionSet::not_understood("it only names commits", text));
	}
	if let Some(version) = free.first() {
		// One free text is read like one of CSAF.
		if usable.len() == 1 && version.status != "unaffected" {
			return Some(VersionSet::parse_version(&version.version));
		}
		if include.is_empty() && !everything_else {
			return Some(VersionSet::not_understood("its versions are free text", text));
		}
	}
	let versions = if everything_else {
		Versions::All
	} else if include.is_empty() {
		return if free.is_empty() {
			None
		} else {
			Some(VersionSet::not_understood("free text", text))
		};
	} else {
		Versions::Intervals(include)
	};
	// Where versions are listed one by one, the unaffected ones are outside already.
	let except = if everything_else { except } else { Vec::new() };
	Some(VersionSet { versions, scheme, except, condition: None, text })
}

fn words(version: &Version) -> String {
	match (&version.less_than, &version.less_than_or_equal) {
		(Some(end), _) => format!("{} < {end}", version.version),
		(_, Some(end)) => format!("{} <= {end}", version.version),
		_ => version.version.clone(),
	}
}

fn scheme(versions: &[&Version]) -> Scheme {
	let kinds: Vec<&str> = versions.iter().filter_map(|v| v.version_type.as_deref()).collect();
	match kinds.first() {
		Some(&"semver") if kinds.iter().all(|kind| *kind == "semver") => Scheme::Semver,
		Some(&"rpm") => Scheme::Rpm,
		Some(&"deb" | &"dpkg") => Scheme::Debian,
		_ => Scheme::Generic,
	}
}

/// Affected and unaffected intervals of an entry; `None` if it is free text.
fn intervals(version: &Version) -> Option<(Vec<Interval>, Vec<Interval>)> {
	let from = match version.version.trim() {
		"" | "0" | "*" | "n/a" | "unspecified" | "unknown" | "-" => None,
		text => Some(text),
	};
	let open = |end: &str| matches!(end.trim(), "*" | "");
	let ends = [&version.less_than, &version.less_than_or_equal];
	let is_version = |text: &str| {
		text.chars().any(|c| c.is_ascii_digit()) && !text.contains([' ', '<', '>', '='])
	};
	let all = from.into_iter().chain(ends.iter().filter_map(|end| end.as_deref()));
	if !all.filter(|text| !open(text)).all(is_version) {
		return None;
	}
	let to = match (&version.less_than, &version.less_than_or_equal) {
		(Some(end), _) if !open(end) => Some(Limit::excluding(end.trim())),
		(_, Some(end)) if !open(end) => Some(Limit::including(end.trim())),
		(None, None) => match from {
			// A single version, which may hold a wildcard.
			Some(text) => {
				let Versions::Intervals(read) = VersionSet::parse_range(text).versions else {
					return None;
				};
				return Some(sorted(&version.status, read));
			},
			None => None,
		},
		_ => None,
	};
	let mut at = from.map(Limit::including);
	let mut state = version.status.clone();
	let mut bad = Vec::new();
	let mut good = Vec::new();
	let mut push = |state: &str, interval| {
		if state == "affected" {
			bad.push(interval);
		} else if state == "unaffected" {
			good.push(interval);
		}
	};
	// A change splits the interval where the state becomes another.
	for change in &version.changes {
		push(&state, Interval { from: at, to: Some(Limit::excluding(&change.at)) });
		at = Some(Limit::including(&change.at));
		state.clone_from(&change.status);
	}
	push(&state, Interval { from: at, to });
	Some((bad, good))
}

fn sorted(status: &str, intervals: Vec<Interval>) -> (Vec<Interval>, Vec<Interval>) {
	match status {
		"affected" => (intervals, Vec::new()),
		"unaffected" => (Vec::new(), intervals),
		_ => (Vec::new(), Vec::new()),
	}
}

#[cfg(test)]
mod tests {
	use serde_json::json;

	use super::*;

	fn only(affected: Value) -> Option<VersionSet> {
		let json = json!({"dataType": "CVE_RECORD", "dataVersion": "5.1",
			"cveMetadata": {"cveId": "CVE-2024-0001", "state": "PUBLISHED"},
			"containers": {"cna": {"affected": [affected], "metrics": [
				{"cvssV3_1": {"vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}}]}}});
		let Entry::Advisory(advisory) = record(json).expect("a record").remove(0) else { panic!() };
		assert_eq!(advisory.cvss.map(|c| c.score), Some(7.5));
		advisory.affected.into_iter().next().map(|product| product.versions)
	}

	#[test]
	fn states_of_versions_are_evaluated() {
		let listed = only(json!({"vendor": "v", "product": "p", "defaultStatus": "unaffected",
			"versions": [{"version": "1.0", "lessThan": "1.4", "status": "affected", "versionType": "semver"},
				{"version": "2.0.1", "status": "affected"}]}))
		.expect("affected");
		for (version, expected) in
			[("1.3.9", true), ("1.4", false), ("2.0.1", true), ("0.9", false)]
		{
			assert_eq!(listed.contains(version), Some(expected), "{version}");
		}
		let rest = only(json!({"vendor": "v", "product": "p", "defaultStatus": "affected",
			"versions": [{"version": "1.4", "lessThan": "2.0", "status": "unaffected"}]}))
		.expect("affected");
		assert_eq!((rest.contains("1.3"), rest.contains("1.5")), (Some(true), Some(false)));
		let changed = only(json!({"vendor": "v", "product": "p", "versions": [
			{"version": "1.0", "lessThan": "*", "status": "affected", "versionType": "custom",
				"changes": [{"at": "1.2", "status": "unaffected"}]}]}))
		.expect("affected");
		assert_eq!((changed.contains("1.1"), changed.contains("1.2")), (Some(true), Some(false)));
		let free = only(json!({"vendor": "v", "product": "p", "versions": [
			{"version": "versions prior to 3.2", "status": "affected"}]}))
		.expect("affected");
		assert_eq!((free.contains("3.1"), free.contains("3.2")), (Some(true), Some(false)));
		let zero = only(json!({"vendor": "v", "product": "p", "versions": [
			{"version": "0", "lessThanOrEqual": "4.1.x", "status": "affected"}]}));
		assert!(zero.is_some());
		let none = only(json!({"vendor": "v", "product": "p", "defaultStatus": "unaffected"}));
		assert_eq!(none, None);
		let commits = only(json!({"vendor": "v", "product": "p", "defaultStatus": "unaffected",
			"versions": [{"version": "1da177e4", "lessThan": "abcdef", "status": "affected",
				"versionType": "git"}]}))
		.expect("a statement");
		assert!(!commits.is_understood());
	}

	#[test]
	fn a_rejected_record_says_nothing() {
		let json = json!({"cveMetadata": {"cveId": "CVE-2024-0001", "state": "REJECTED"}});
		assert_eq!(record(json).map(|entries| entries.len()), Ok(0));
		assert!(record(json!({"cveMetadata": 7})).is_err());
	}
}
