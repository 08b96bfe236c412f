//! Throws damaged files at every parser of the crate, for as long as wanted.
//!
//! ```text
//! cargo run --release -p curex-vulnerabilities --example fuzz_vulnerabilities -- [--seconds 300] [--corpus FOLDER] [--state FILE]
//! ```
//!
//! Files of the corpus (built-in samples if none is given) are cut, flipped, spliced and repeated. The state file
//! keeps the place in the row of random numbers, so that a later run goes on where this one ended; one JSON line
//! a run is printed, and it holds the totals of all runs. A panic ends the run with the input written to
//! `fuzz-crash.bin`; the peak of memory is reported.

#[path = "../../discovery/examples/mutation/mod.rs"]
mod mutation;

use curex_vulnerabilities::{read_inventory, Feed, Scheme, VersionSet};

const SAMPLES: [&str; 8] = [
	r#"{"document": {"csaf_version": "2.0", "title": "t", "tracking": {"id": "A"}}, "product_tree": {"branches": [{"category": "vendor", "name": "V", "branches": [{"category": "product_name", "name": "P", "branches": [{"category": "product_version_range", "name": "<= 1.0 on Windows 8", "product": {"name": "n", "product_id": "1"}}]}]}]}, "vulnerabilities": [{"cve": "CVE-2024-0001", "product_status": {"known_affected": ["1"]}}]}"#,
	r#"{"format": "NVD_CVE", "vulnerabilities": [{"cve": {"id": "CVE-2024-0001", "configurations": [{"operator": "AND", "nodes": [{"operator": "OR", "cpeMatch": [{"vulnerable": true, "criteria": "cpe:2.3:a:a:b:*:*:*:*:*:*:*:*", "versionEndExcluding": "2"}]}]}]}}]}"#,
	r#"{"cveMetadata": {"cveId": "CVE-2024-0001", "state": "PUBLISHED"}, "containers": {"cna": {"affected": [{"vendor": "v", "product": "p", "versions": [{"version": "1.0", "lessThan": "2.0", "status": "affected"}]}]}}}"#,
	r#"{"id": "DEBIAN-CVE-2024-0001", "affected": [{"package": {"ecosystem": "Debian:12", "name": "a"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1"}]}]}]}"#,
	r#"{"catalogVersion": "1", "vulnerabilities": [{"cveID": "CVE-2024-0001", "dateAdded": "2024-01-01"}]}"#,
	r#"{"@context": "https://openvex.dev/ns/v0.2.0", "author": "a", "statements": [{"vulnerability": {"name": "CVE-2024-0001"}, "status": "not_affected", "products": [{"@id": "pkg:a/b"}]}]}"#,
	"cve,epss,percentile\nCVE-2024-0001,0.5,0.9\n",
	r#"{"bomFormat": "CycloneDX", "components": [{"type": "device", "name": "a", "version": "1", "purl": "pkg:deb/debian/a@1?distro=debian-12"}]}"#,
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
	let samples = SAMPLES.iter().map(|text| text.as_bytes().to_vec()).collect();
	mutation::run("curex-vulnerabilities", samples, |bytes| {
		let mut feed = Feed::default();
		let _ = feed.add("fuzz", bytes);
		let services = read_inventory("fuzz", bytes).unwrap_or_default();
		curex_vulnerabilities::match_assets(&services, &feed);
		let text = String::from_utf8_lossy(bytes);
		let text: String = text.chars().take(200).collect();
		for set in [VersionSet::parse_range(&text), VersionSet::parse_version(&text)] {
			set.contains("1.0");
			set.contains(&text);
		}
		for scheme in [Scheme::Generic, Scheme::Semver, Scheme::Debian, Scheme::Rpm, Scheme::Date] {
			scheme.compare(&text, "1.0");
		}
	})
}
