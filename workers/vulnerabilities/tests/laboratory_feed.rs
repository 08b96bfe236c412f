//! The shipped feed against the services of the laboratory on Debian 12.

use std::{collections::BTreeMap, path::Path};

use curex_vulnerabilities::{
	match_assets, AssetService, Decision, Exposure, Feed, InstalledPackage, Match, Status,
};

fn feed() -> Feed {
	let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../feeds");
	let (feed, failures) = Feed::load(&folder).expect("the feed is shipped with the repository");
	assert!(failures.is_empty(), "{failures:?}");
	feed
}

fn service(cpe: &str, source: &str, package: &str) -> AssetService {
	AssetService {
		asset: "ip:127.0.0.1".into(),
		service: source.into(),
		cpe23: Some(format!("cpe:2.3:a:{cpe}:*:*:*:*:*:*")),
		package: Some(InstalledPackage {
			source: source.into(),
			version: package.into(),
			distribution: "Debian:12".into(),
		}),
		confidence: 95,
		exposure: Exposure::Internal,
		..AssetService::default()
	}
}

/// The five services with the packages of a fully updated Debian 12.
fn updated() -> Vec<AssetService> {
	vec![
		service("openbsd:openssh:9.2:p1", "openssh", "1:9.2p1-2+deb12u10"),
		service("f5:nginx:1.22.1:*", "nginx", "1.22.1-9+deb12u11"),
		service("orthanc-server:orthanc:1.10.1:*", "orthanc", "1.10.1+dfsg-2+deb12u1"),
		service("offis:dcmtk:3.6.7:*", "dcmtk", "3.6.7-9~deb12u4"),
		service("net-snmp:net-snmp:*:*", "net-snmp", "5.9.3+dfsg-2+deb12u1"),
	]
}

/// The same with the packages that Debian 12 was first released with.
fn outdated() -> Vec<AssetService> {
	let versions = ["1:9.2p1-2", "1.22.1-9", "1.10.1+dfsg-2", "3.6.7-8", "5.9.3+dfsg-2"];
	let mut services = updated();
	for (service, version) in services.iter_mut().zip(versions) {
		service.package.as_mut().expect("every service has a package").version = version.into();
	}
	services
}

fn by_cve(matches: Vec<Match>) -> BTreeMap<String, Match> {
	matches.into_iter().map(|found| (found.cve.clone(), found)).collect()
}

fn is_fixed(found: &Match) -> bool {
	matches!(found.status, Status::FixedByPackage { .. })
}

const FIXED_BY_DEBIAN: [&str; 11] = [
	"CVE-2022-44792",
	"CVE-2022-44793",
	"CVE-2023-33466",
	"CVE-2023-38408",
	"CVE-2023-44487",
	"CVE-2023-48795",
	"CVE-2024-28130",
	"CVE-2024-34509",
	"CVE-2024-6387",
	"CVE-2024-7347",
	"CVE-2025-68615",
];

#[test]
fn an_updated_debian_has_only_the_vulnerabilities_that_debian_did_not_fix() {
	let report = match_assets(&updated(), &feed());
	assert!(report.not_understood.is_empty(), "{:?}", report.not_understood);
	let found = by_cve(report.matches);
	let fixed: Vec<_> = found.values().filter(|m| is_fixed(m)).map(|m| m.cve.as_str()).collect();
	let open: Vec<_> = found.values().filter(|m| !is_fixed(m)).map(|m| m.cve.as_str()).collect();
	assert_eq!(fixed, FIXED_BY_DEBIAN);
	assert_eq!(open, ["CVE-2026-5440", "CVE-2026-5442"]);
	assert!(found["CVE-2026-5442"].reason.iter().any(|reason| reason.contains("backported")));
}

#[test]
fn an_outdated_debian_is_affected_by_name_and_number() {
	let found = by_cve(match_assets(&outdated(), &feed()).matches);
	let already_fixed = ["CVE-2022-44792", "CVE-2022-44793"];
	for cve in FIXED_BY_DEBIAN {
		let found = &found[cve];
		assert_eq!(is_fixed(found), already_fixed.contains(&cve), "{found:?}");
		assert_eq!(found.confidence, 97, "{found:?}");
	}
}

#[test]
fn the_controls_do_not_match() {
	for services in [updated(), outdated()] {
		let found = by_cve(match_assets(&services, &feed()).matches);
		assert!(!found.contains_key("CVE-2025-0896"), "Orthanc 1.10.1 is later than 1.5.8");
		// Debian's package state is only reported where upstream's range would suspect the version.
		assert!(!found.contains_key("CVE-2022-2119"), "DCMTK 3.6.7 contains the fix");
	}
}

#[test]
fn the_exploited_vulnerability_comes_first() {
	let report = match_assets(&outdated(), &feed());
	assert_eq!(report.matches[0].cve, "CVE-2023-44487");
	assert_eq!(report.matches[0].priority.decision, Decision::Act);
	assert_eq!(report.matches[0].epss, Some(0.99999));
}

#[test]
fn every_stated_score_is_what_its_vector_gives() {
	let feed = feed();
	assert_eq!(feed.advisories.len(), 15);
	assert_eq!((feed.packages.len(), feed.kev.len(), feed.epss.len()), (12, 1, 3));
	for advisory in &feed.advisories {
		let cvss =
			advisory.cvss.as_ref().unwrap_or_else(|| panic!("{} has a vector", advisory.cve));
		assert_eq!(cvss.stated, None, "{}", advisory.cve);
	}
}

#[test]
fn the_version_of_a_feed_depends_on_its_content_only() {
	let folder = tempfile::tempdir().expect("a temporary folder");
	let write = |name: &str, text: &str| {
		std::fs::write(folder.path().join(name), text).expect("the folder can be written");
	};
	let load = || Feed::load(folder.path()).expect("the folder can be listed");
	write("a.csv", "cve,epss,percentile\nCVE-2024-6387,0.5,0.9\n");
	let first = load().0.version;
	assert_eq!(load().0.version, first);
	write("notes.txt", "not part of the feed");
	assert_eq!(load().0.version, first);
	write("b.json", "{rubbish");
	let (feed, failures) = load();
	assert_ne!(feed.version, first);
	assert_eq!(feed.epss.len(), 1, "the good file goes on");
	assert_eq!(failures.len(), 1);
	assert!(failures[0].file == "b.json" && failures[0].reason.contains("JSON"), "{failures:?}");
	assert!(Feed::load(&folder.path().join("nowhere")).is_err());
}
