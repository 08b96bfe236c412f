//! CVE records of the NVD's CVE API 2.0.

use serde::Deserialize;
use serde_json::Value;

use super::{
	configuration::{affected, Configuration},
	Entry,
};
use crate::{cvss::Cvss, feed::Advisory};

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

/// Adds one record; nothing of a rejected one.
pub(super) fn record(json: Value) -> Result<Vec<Entry>, String> {
	let item: Item = serde_json::from_value(json).map_err(|error| error.to_string())?;
	if item.cve.vuln_status == "Rejected" {
		return Ok(Vec::new());
	}
	Ok(vec![Entry::Advisory(Box::new(advisory(item.cve)))])
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
		not_affected: Vec::new(),
	}
}

#[cfg(test)]
mod tests {
	use serde_json::json;

	use crate::{
		feed::{Feed, Part},
		import::add_json as add,
		range::Versions,
	};

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
		let platforms = &affected[0].requires;
		assert_eq!(platforms.len(), 1);
		assert_eq!(platforms[0][0].to_string(), "siemens acuson_p300");
		assert_eq!(platforms[0][0].part, Some(Part::Hardware));
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
		assert_eq!(affected[0].versions.versions, Versions::NoVersion, "CPE `-` is not `*`");
		assert_eq!(affected[1].versions.text, "> 1, <= 2");
		let within = |version| affected[1].versions.contains(version);
		assert_eq!(
			(within("1"), within("2"), within("2.1")),
			(Some(false), Some(true), Some(false))
		);
	}
}
