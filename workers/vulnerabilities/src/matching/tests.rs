use super::{
	compare::{BACKPORT_UNKNOWN, BY_CPE, BY_NAME, BY_PACKAGE, WITHOUT_VERSION},
	*,
};
use crate::{
	feed::{Advisory, AffectedPackage, AffectedProduct, Epss, Event, Feed, Kev},
	matching::package::{package_state, PackageState},
	range::VersionSet,
};

fn service(product: &str, version: Option<&str>) -> AssetService {
	AssetService {
		asset: "ip:192.0.2.7".into(),
		service: "192.0.2.7 22/tcp".into(),
		vendor: Some("openbsd".into()),
		product: Some(product.into()),
		version: version.map(str::to_owned),
		confidence: 95,
		..AssetService::default()
	}
}

fn packaged(version: &str) -> AssetService {
	AssetService {
		package: Some(InstalledPackage {
			source: "openssh".into(),
			version: version.into(),
			distribution: "Debian:12".into(),
		}),
		..service("openssh", Some("9.2p1"))
	}
}

fn affected(vendor: &str, product: &str, range: &str) -> AffectedProduct {
	AffectedProduct {
		vendor: vendor.into(),
		product: product.into(),
		versions: VersionSet::parse_range(range),
		from_cpe: true,
		part: None,
		target: None,
		requires: Vec::new(),
		fixed_by: Vec::new(),
	}
}

fn advisory(cve: &str, affected: Vec<AffectedProduct>) -> Advisory {
	Advisory {
		cve: cve.into(),
		source: "NVD".into(),
		summary: String::new(),
		cvss: Cvss::from_vector("CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H", None),
		affected,
		not_affected: Vec::new(),
	}
}

fn regresshion() -> Feed {
	let range = ">= 8.5p1 | <= 9.7p1";
	Feed {
		advisories: vec![advisory("CVE-2024-6387", vec![affected("openbsd", "openssh", range)])],
		..Feed::default()
	}
}

fn debian(events: Vec<Event>) -> AffectedPackage {
	AffectedPackage {
		cve: "CVE-2024-6387".into(),
		source: "DSA-5724-1".into(),
		ecosystem: "Debian:12".into(),
		name: "openssh".into(),
		events,
		versions: Vec::new(),
	}
}

fn fixed_in(version: &str) -> Vec<Event> {
	vec![Event::Introduced("0".into()), Event::Fixed(version.into())]
}

#[test]
fn a_version_in_the_range_matches_and_one_outside_does_not() {
	let feed = regresshion();
	let matches = |version| match_assets(&[service("openssh", Some(version))], &feed).matches;
	assert_eq!(matches("9.2p1").len(), 1);
	assert!(matches("9.8p1").is_empty());
	assert!(matches("8.4p1").is_empty());
	let found = &matches("9.2p1")[0];
	assert_eq!((found.status.clone(), found.confidence), (Status::Affected, BY_CPE));
	assert_eq!(found.cvss.as_ref().map(|c| c.score), Some(8.1));
	assert!(found.reason[0].contains("9.2p1") && found.reason[0].contains(">= 8.5p1"));
}

#[test]
fn another_vendors_product_of_the_same_name_does_not_match() {
	let mut other = service("openssh", Some("9.2p1"));
	other.vendor = Some("acme".into());
	assert!(match_assets(&[other.clone()], &regresshion()).matches.is_empty());
	other.vendor = None;
	let report = match_assets(&[other], &regresshion());
	assert_eq!(report.matches[0].confidence, BY_NAME, "an unknown vendor is less sure");
}

#[test]
fn the_cpe_of_a_service_is_enough() {
	let cpe = "cpe:2.3:a:openbsd:openssh:9.2:p1:*:*:*:*:*:*";
	let only_cpe =
		AssetService { cpe23: Some(cpe.into()), confidence: 95, ..AssetService::default() };
	assert_eq!(match_assets(&[only_cpe], &regresshion()).matches.len(), 1);
}

#[test]
fn a_backported_fix_outweighs_the_banner() {
	let mut feed = regresshion();
	feed.packages = vec![debian(fixed_in("1:9.2p1-2+deb12u3"))];
	let found = |version| match_assets(&[packaged(version)], &feed).matches.remove(0);
	let fixed = found("1:9.2p1-2+deb12u10");
	assert!(matches!(&fixed.status, Status::FixedByPackage { by }
		if by.contains("1:9.2p1-2+deb12u3") && by.contains("DSA-5724-1")));
	assert_eq!((fixed.priority, fixed.confidence), (Priority::done(), BY_PACKAGE));
	let open = found("1:9.2p1-2+deb12u2");
	assert_eq!((open.status, open.confidence), (Status::Affected, BY_PACKAGE));
	assert!(open.reason.last().is_some_and(|r| r.contains("update to 1:9.2p1-2+deb12u3")));
}

#[test]
fn a_package_of_a_silent_distribution_may_have_a_backport() {
	let found = match_assets(&[packaged("1:9.2p1-2+deb12u10")], &regresshion()).matches.remove(0);
	assert_eq!((found.status, found.confidence), (Status::Affected, BACKPORT_UNKNOWN));
	assert!(found.reason.last().is_some_and(|reason| reason.contains("backported")));
}

#[test]
fn a_package_statement_counts_without_any_upstream_advisory() {
	let feed = Feed { packages: vec![debian(fixed_in("1:9.9-1"))], ..Feed::default() };
	let report = match_assets(&[packaged("1:9.2p1-2")], &feed);
	assert_eq!(report.matches[0].status, Status::Affected);
	let other = AssetService {
		package: Some(InstalledPackage {
			distribution: "Debian:11".into(),
			..packaged("1:9.2p1-2").package.expect("it has one")
		}),
		..packaged("1:9.2p1-2")
	};
	assert!(match_assets(&[other], &feed).matches.is_empty(), "another release says nothing");
}

#[test]
fn events_are_evaluated_in_order_of_versions() {
	let state = |events: Vec<Event>, version: &str| match package_state(&debian(events), version) {
		PackageState::Affected { fixed_by } => format!("affected until {fixed_by:?}"),
		PackageState::Fixed { by } => format!("fixed {by}"),
		PackageState::NotAffected => "not affected".into(),
	};
	let twice = || {
		vec![
			Event::Fixed("4".into()),
			Event::Introduced("3".into()),
			Event::Fixed("2".into()),
			Event::Introduced("1".into()),
		]
	};
	for (version, expected) in [
		("0.5", "not affected"),
		("1", "affected until Some(\"2\")"),
		("2", "fixed 2"),
		("3.1", "affected until Some(\"4\")"),
		("4", "fixed 4"),
	] {
		assert_eq!(state(twice(), version), expected, "{version}");
	}
	let last = || vec![Event::Introduced("0".into()), Event::LastAffected("2".into())];
	assert_eq!(state(last(), "2"), "affected until None");
	assert_eq!(state(last(), "2.1"), "fixed a version after 2");
}

#[test]
fn an_unknown_version_is_reported_as_unknown_and_not_as_safe() {
	let report = match_assets(&[service("openssh", None)], &regresshion());
	assert_eq!(report.matches[0].status, Status::Unknown);
	assert_eq!(report.matches[0].confidence, WITHOUT_VERSION);
}

#[test]
fn the_packages_version_stands_in_for_a_missing_banner() {
	let service = AssetService { version: None, ..packaged("1:9.2p1-2+deb12u10") };
	let found = match_assets(&[service], &regresshion()).matches.remove(0);
	assert_eq!(found.status, Status::Affected);
	assert!(found.reason[0].contains("version of the installed package"));
}

#[test]
fn what_cannot_be_compared_is_reported_and_not_dropped() {
	let mut feed = regresshion();
	feed.advisories.push(advisory("CVE-1", vec![affected("openbsd", "openssh", "< august 28")]));
	feed.advisories.push(advisory("CVE-2", vec![affected("openbsd", "openssh", "<= K")]));
	let report = match_assets(&[service("openssh", Some("9.2p1"))], &feed);
	assert_eq!(report.matches.len(), 1);
	let left: Vec<_> =
		report.not_understood.iter().map(|n| (n.cve.as_str(), n.range.as_str())).collect();
	assert_eq!(left, [("CVE-1", "< august 28"), ("CVE-2", "<= K")]);
}

#[test]
fn a_condition_or_a_missing_platform_lowers_the_confidence() {
	let mut on_platform = affected("openbsd", "openssh", "<= 9.8");
	on_platform.requires = vec![vec![crate::feed::Platform {
		part: None,
		vendor: "acme".into(),
		product: "pump".into(),
		versions: VersionSet::all("any"),
	}]];
	let feed = Feed {
		advisories: vec![
			advisory("CVE-1", vec![affected("openbsd", "openssh", "<= 9.8 on Windows 8.1")]),
			advisory("CVE-2", vec![on_platform]),
		],
		..Feed::default()
	};
	let pump = AssetService {
		vendor: Some("Acme".into()),
		..AssetService { service: "device".into(), ..service("Pump", None) }
	};
	let confidence = |services: &[AssetService]| -> Vec<u8> {
		let mut matches = match_assets(services, &feed).matches;
		matches.sort_by(|a, b| a.cve.cmp(&b.cve));
		matches.iter().map(|m| m.confidence).collect()
	};
	let ssh = service("openssh", Some("9.2p1"));
	assert_eq!(confidence(std::slice::from_ref(&ssh)), [BACKPORT_UNKNOWN, BACKPORT_UNKNOWN]);
	assert_eq!(confidence(&[ssh, pump]), [BACKPORT_UNKNOWN, BY_CPE]);
}

#[test]
fn known_exploited_vulnerabilities_come_first() {
	let mut feed = regresshion();
	feed.advisories.push(advisory("CVE-1", vec![affected("openbsd", "openssh", "vers:all/*")]));
	feed.epss.insert("CVE-2024-6387".into(), Epss { probability: 0.9, percentile: 0.99 });
	feed.kev.insert("CVE-1".into(), Kev { added: "2024-01-01".into(), ransomware: true });
	let report = match_assets(&[service("openssh", Some("9.2p1"))], &feed);
	assert_eq!(report.matches[0].cve, "CVE-1");
	assert!(report.matches[0].kev && report.matches[0].ransomware);
	assert_eq!(report.matches[1].epss, Some(0.9));
}

#[test]
fn the_order_of_the_inventory_does_not_change_the_report() {
	let mut feed = regresshion();
	feed.packages = vec![debian(fixed_in("1:9.2p1-2+deb12u3"))];
	let other = AssetService { asset: "ip:192.0.2.8".into(), ..packaged("1:9.2p1-2+deb12u1") };
	let services = [service("openssh", Some("9.2p1")), other];
	let mut reversed = services.clone();
	reversed.reverse();
	assert_eq!(match_assets(&services, &feed).matches, match_assets(&reversed, &feed).matches);
}

#[test]
fn a_vex_statement_about_the_asset_outweighs_the_version() {
	let mut feed = regresshion();
	let ssh = service("openssh", Some("9.2p1"));
	let document = |status: &str, product: &str| {
		serde_json::json!({"@context": "https://openvex.dev/ns/v0.2.0", "author": "Biomedical engineering",
			"statements": [{"vulnerability": {"name": "CVE-2024-6387"}, "status": status,
				"products": [{"@id": product}], "justification": "vulnerable_code_not_present"}]})
		.to_string()
	};
	feed.add("vex", document("not_affected", "ip:192.0.2.8").as_bytes()).expect("a document");
	assert_eq!(
		match_assets(std::slice::from_ref(&ssh), &feed).matches.len(),
		1,
		"about another asset"
	);
	feed.add("vex", document("not_affected", &ssh.asset).as_bytes()).expect("a document");
	let report = match_assets(std::slice::from_ref(&ssh), &feed);
	assert!(report.matches.is_empty());
	let found = &report.not_affected[0];
	assert!(
		matches!(&found.status, Status::NotAffected { by } if by.contains("vulnerable_code_not_present"))
	);
	assert_eq!(found.priority, Priority::done());
	feed.add("vex", document("under_investigation", &ssh.service).as_bytes()).expect("a document");
	assert_eq!(match_assets(&[ssh], &feed).matches.len(), 1, "the last word counts");
}

#[test]
fn what_is_written_as_vex_can_be_read_again() {
	let feed = regresshion();
	let ssh = service("openssh", Some("9.2p1"));
	let mut report = match_assets(std::slice::from_ref(&ssh), &feed);
	let mut done = report.matches.remove(0);
	done.status = Status::NotAffected { by: "the port is closed".into() };
	report.not_affected.push(done);
	let document =
		crate::openvex(&report, "https://hospital.example/vex/1", "Hospital", 1_767_225_600_000);
	assert_eq!(document["timestamp"], "2026-01-01T00:00:00Z");
	let mut feed = regresshion();
	feed.add("own.json", document.to_string().as_bytes()).expect("our own document");
	let again = match_assets(&[ssh], &feed);
	assert!(again.matches.is_empty());
	assert!(matches!(&again.not_affected[0].status, Status::NotAffected { by }
		if by.contains("Hospital") && by.contains("the port is closed")));
}

#[test]
fn a_publisher_that_calls_a_version_fixed_is_believed() {
	let mut feed = regresshion();
	feed.advisories[0].not_affected = vec![affected("openbsd", "openssh", "= 9.2p1")];
	let report = match_assets(&[service("openssh", Some("9.2p1"))], &feed);
	assert!(report.matches.is_empty());
	assert_eq!(report.not_affected.len(), 1);
}

/// A host with Windows 7, whose advisories in the dictionary have no versions, and what the publisher says of updates.
#[test]
fn an_installed_update_fixes_what_the_publisher_says_it_does() {
	let mut feed = Feed {
		advisories: vec![Advisory {
			affected: vec![AffectedProduct {
				versions: VersionSet::of(crate::range::Versions::NoVersion, "-"),
				part: Some(Part::OperatingSystem),
				..affected("microsoft", "windows_7", "-")
			}],
			..advisory("CVE-2017-0144", vec![])
		}],
		..Feed::default()
	};
	let csaf = serde_json::json!({
		"document": {"csaf_version": "2.0", "title": "t", "tracking": {"id": "msrc_CVE-2017-0144"}},
		"product_tree": {"branches": [{"category": "vendor", "name": "Microsoft", "branches": [
			{"category": "product_name", "name": "Windows 7 for x64-based Systems Service Pack 1", "branches": [
				{"category": "product_version_range", "name": "<6.1.7601.23677",
					"product": {"name": "n", "product_id": "1"}}]}]}]},
		"vulnerabilities": [{"cve": "CVE-2017-0144", "product_status": {"known_affected": ["1"]},
			"remediations": [{"category": "vendor_fix", "details": "Security Only",
				"url": "https://support.microsoft.com/help/4012212", "product_ids": ["1"]}]}]});
	feed.add("msrc.json", csaf.to_string().as_bytes()).expect("CSAF");
	let host = |updates: &[&str]| AssetService {
		vendor: Some("microsoft".into()),
		cpe23: Some("cpe:2.3:o:microsoft:windows_7:-:sp1:*:*:*:*:*:*".into()),
		updates: updates.iter().map(|update| (*update).to_owned()).collect(),
		..service("Windows 7 Service Pack 1", None)
	};
	let status = |updates: &[&str]| {
		let report = match_assets(&[host(updates)], &feed);
		let [found] = &report.matches[..] else { panic!("{report:?}") };
		(found.status.clone(), found.reason.join(" "))
	};
	assert_eq!(status(&["KB5011048"]).0, Status::Affected);
	let (fixed, why) = status(&["KB4012212", "KB5011048"]);
	assert!(
		matches!(&fixed, Status::FixedByPackage { by } if by.contains("KB4012212")),
		"{fixed:?}"
	);
	assert!(why.contains("KB4012212") && why.contains("msrc_CVE-2017-0144"), "{why}");
	// A system whose whole version is known needs no list of updates.
	let full = |version: &str| {
		let service = AssetService {
			cpe23: Some(format!("cpe:2.3:o:microsoft:windows_7:{version}:sp1:*:*:*:*:*:*")),
			version: Some(version.into()),
			..host(&[])
		};
		match_assets(&[service], &feed).matches
	};
	assert_eq!(full("6.1.7601.23677"), []);
	assert_eq!(full("6.1.7601.23676").len(), 1);
}
