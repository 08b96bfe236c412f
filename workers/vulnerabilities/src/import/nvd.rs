//! CVE records of the NVD's CVE API 2.0.

use serde::Deserialize;
use serde_json::Value;

use super::typed;
use crate::{
	cpe::{Cpe, CpeVersion},
	cvss::Cvss,
	error::Error,
	feed::{Advisory, AffectedProduct, Failure, Feed},
	range::{Interval, Limit, VersionSet, Versions},
};

#[derive(Deserialize)]
struct Response {
	vulnerabilities: Vec<Value>,
}

#[derive(Deserialize)]
struct Item {
	cve: Record,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
	id: String,
	#[serde(default)]
	vuln_status: String,
	#[serde(default)]
	descriptions: Vec<Description>,
	#[serde(default)]
	metrics: Metrics,
	#[serde(default)]
	configurations: Vec<Configuration>,
}

#[derive(Deserialize)]
struct Description {
	lang: String,
	value: String,
}

#[derive(Deserialize, Default)]
struct Metrics {
	#[serde(default, rename = "cvssMetricV40")]
	v40: Vec<Metric>,
	#[serde(default, rename = "cvssMetricV31")]
	v31: Vec<Metric>,
	#[serde(default, rename = "cvssMetricV30")]
	v30: Vec<Metric>,
	#[serde(default, rename = "cvssMetricV2")]
	v2: Vec<Metric>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metric {
	cvss_data: CvssData,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CvssData {
	vector_string: String,
	base_score: Option<f64>,
}

#[derive(Deserialize)]
struct Configuration {
	#[serde(default)]
	operator: Operator,
	#[serde(default)]
	negate: bool,
	nodes: Vec<Node>,
}

#[derive(Deserialize, Default, PartialEq, Eq, Clone, Copy)]
#[serde(rename_all = "UPPERCASE")]
enum Operator {
	#[default]
	Or,
	And,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
	#[serde(default)]
	negate: bool,
	#[serde(default)]
	cpe_match: Vec<CpeMatch>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CpeMatch {
	vulnerable: bool,
	criteria: String,
	version_start_including: Option<String>,
	version_start_excluding: Option<String>,
	version_end_including: Option<String>,
	version_end_excluding: Option<String>,
}

/// Adds the records; a malformed one is left out and returned, the others are added.
pub(super) fn add(feed: &mut Feed, file: &str, json: Value) -> Result<Vec<Failure>, Error> {
	let response: Response = typed(file, "NVD CVE API 2.0", json)?;
	let mut failures = Vec::new();
	for (at, item) in response.vulnerabilities.into_iter().enumerate() {
		match serde_json::from_value::<Item>(item) {
			Ok(Item { cve }) if cve.vuln_status == "Rejected" => {
				tracing::debug!(cve = %cve.id, "rejected record left out");
			},
			Ok(Item { cve }) => feed.advisories.push(advisory(cve)),
			Err(error) => failures.push(Failure {
				file: file.into(),
				reason: format!("record {at} is not a valid NVD record: {error}"),
			}),
		}
	}
	Ok(failures)
}

fn advisory(record: Record) -> Advisory {
	let summary = record
		.descriptions
		.iter()
		.find(|text| text.lang.starts_with("en"))
		.map(|text| text.value.clone())
		.unwrap_or_default();
	let cvss = record
		.metrics
		.v40
		.iter()
		.chain(&record.metrics.v31)
		.chain(&record.metrics.v30)
		.chain(&record.metrics.v2)
		.filter_map(|metric| {
			Cvss::from_vector(&metric.cvss_data.vector_string, metric.cvss_data.base_score)
		})
		.max_by(|a, b| {
			a.generation().cmp(&b.generation()).then_with(|| a.score.total_cmp(&b.score))
		});
	Advisory {
		cve: record.id,
		source: "NVD".into(),
		summary,
		cvss,
		affected: record.configurations.iter().flat_map(affected).collect(),
	}
}

/// The vulnerable products of a configuration. In an AND, nodes without a vulnerable product are platforms
/// that must be there as well.
fn affected(configuration: &Configuration) -> Vec<AffectedProduct> {
	let platforms: Vec<String> = configuration
		.nodes
		.iter()
		.filter(|node| {
			configuration.operator == Operator::And && node.cpe_match.iter().all(|m| !m.vulnerable)
		})
		.flat_map(|node| &node.cpe_match)
		.filter_map(|wanted| Cpe::parse(&wanted.criteria))
		.map(|cpe| format!("{} {}", cpe.vendor, cpe.product))
		.collect();
	let mut out = Vec::new();
	for node in &configuration.nodes {
		for wanted in node.cpe_match.iter().filter(|wanted| wanted.vulnerable) {
			let negated = configuration.negate || node.negate;
			if let Some(mut product) = product(wanted, negated) {
				product.requires.clone_from(&platforms);
				out.push(product);
			}
		}
	}
	out
}

fn product(wanted: &CpeMatch, negated: bool) -> Option<AffectedProduct> {
	let cpe = Cpe::parse(&wanted.criteria)?;
	let including = |version: &Option<String>| version.clone().map(Limit::including);
	let excluding = |version: &Option<String>| version.clone().map(Limit::excluding);
	let from = including(&wanted.version_start_including)
		.or_else(|| excluding(&wanted.version_start_excluding));
	let to = including(&wanted.version_end_including)
		.or_else(|| excluding(&wanted.version_end_excluding));
	let not_understood = |reason: &str| Versions::NotUnderstood { reason: reason.into() };
	let versions = match &cpe.version {
		_ if negated => not_understood("the configuration is negated"),
		_ if from.is_some() || to.is_some() => {
			Versions::Intervals(vec![Interval { from: from.clone(), to: to.clone() }])
		},
		CpeVersion::Any => Versions::All,
		CpeVersion::NotApplicable => not_understood("the record gives no version (CPE `-`)"),
		CpeVersion::Exactly(version) => {
			let limit = Some(Limit::including(version.clone()));
			Versions::Intervals(vec![Interval { from: limit.clone(), to: limit }])
		},
	};
	let text = words(&cpe, from.as_ref(), to.as_ref());
	Some(AffectedProduct {
		vendor: cpe.vendor,
		product: cpe.product,
		versions: VersionSet { versions, condition: None, text },
		from_cpe: true,
		requires: Vec::new(),
	})
}

/// The range in words, for reasons.
fn words(cpe: &Cpe, from: Option<&Limit>, to: Option<&Limit>) -> String {
	let lower = from.map(|l| format!("{} {}", if l.inclusive { ">=" } else { ">" }, l.version));
	let upper = to.map(|l| format!("{} {}", if l.inclusive { "<=" } else { "<" }, l.version));
	let ends: Vec<String> = lower.into_iter().chain(upper).collect();
	match (&cpe.version, ends.is_empty()) {
		(_, false) => ends.join(", "),
		(CpeVersion::Exactly(version), true) => format!("= {version}"),
		(CpeVersion::NotApplicable, true) => "no version".into(),
		(CpeVersion::Any, true) => "all versions".into(),
	}
}

#[cfg(test)]
mod tests {
	use serde_json::json;

	use super::*;

	#[test]
	fn platforms_that_must_be_present_are_kept_and_not_taken_for_affected() {
		let record = json!({"format": "NVD_CVE", "vulnerabilities": [{"cve": {
			"id": "CVE-2017-0144",
			"configurations": [{"operator": "AND", "nodes": [
				{"operator": "OR", "negate": false, "cpeMatch": [{"vulnerable": true,
					"criteria": "cpe:2.3:o:siemens:acuson_p300_firmware:13.02:*:*:*:*:*:*:*"}]},
				{"operator": "OR", "negate": false, "cpeMatch": [{"vulnerable": false,
					"criteria": "cpe:2.3:h:siemens:acuson_p300:-:*:*:*:*:*:*:*"}]}]}]}}]});
		let mut feed = Feed::default();
		assert!(add(&mut feed, "f", record).expect("a valid file").is_empty());
		let affected = &feed.advisories[0].affected;
		assert_eq!(affected.len(), 1);
		assert_eq!(affected[0].requires, ["siemens acuson_p300"]);
		assert_eq!(affected[0].versions.contains("13.02"), Some(true));
	}

	#[test]
	fn a_malformed_record_leaves_the_others_in() {
		let file = json!({"format": "NVD_CVE", "vulnerabilities": [
			{"cve": {"id": 7}},
			{"cve": {"id": "CVE-2024-0001", "vulnStatus": "Rejected"}},
			{"cve": {"id": "CVE-2024-0002", "configurations": [{"nodes": [{"cpeMatch": [
				{"vulnerable": true, "criteria": "cpe:2.3:a:a:b:-:*:*:*:*:*:*:*"},
				{"vulnerable": true, "criteria": "cpe:2.3:a:a:c:*:*:*:*:*:*:*:*",
					"versionStartExcluding": "1", "versionEndIncluding": "2"}]}]}]}}]});
		let mut feed = Feed::default();
		let failures = add(&mut feed, "f", file).expect("the file is valid");
		assert_eq!(failures.len(), 1);
		assert_eq!(feed.advisories.len(), 1);
		let affected = &feed.advisories[0].affected;
		assert!(!affected[0].versions.is_understood(), "CPE `-` is not `*`");
		assert_eq!(affected[1].versions.text, "> 1, <= 2");
		let within = |version| affected[1].versions.contains(version);
		assert_eq!(
			(within("1"), within("2"), within("2.1")),
			(Some(false), Some(true), Some(false))
		);
	}
}
