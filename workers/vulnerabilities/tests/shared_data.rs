//! Real advisories and catalogues, which are not part of the repository. They are looked for beside it
//! (`../shared/data`) or where `CUREX_DATA` points; without them these tests say so and end.

use std::{env, fs, path::PathBuf};

use curex_vulnerabilities::{assess_csaf, match_assets, AssetService, Feed, Status};

fn data() -> Option<PathBuf> {
	let folder = env::var_os("CUREX_DATA").map_or_else(
		|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
		PathBuf::from,
	);
	let found = folder.join("vulnerability");
	if found.is_dir() {
		return Some(found);
	}
	eprintln!("skipped: there is no {}; set CUREX_DATA to the data folder", found.display());
	None
}

#[test]
fn every_medical_advisory_is_read() {
	let Some(data) = data() else { return };
	let (feed, failures) = Feed::load(&data.join("icsma")).expect("the folder can be listed");
	assert_eq!(failures, []);
	assert_eq!(feed.advisories.len(), 271);
	let mut sources: Vec<_> = feed.advisories.iter().map(|a| a.source.as_str()).collect();
	sources.dedup();
	sources.sort_unstable();
	sources.dedup();
	assert_eq!(sources.len(), 88);
	assert!(feed.advisories.iter().all(|a| a.cvss.is_some() && !a.affected.is_empty()));
}

#[test]
fn the_version_ranges_of_the_medical_advisories_are_understood() {
	let Some(data) = data() else { return };
	let found = assess_csaf(&data.join("icsma")).expect("the folder can be listed");
	eprintln!("{found:#?}");
	assert_eq!((found.parsed, found.failed.len()), (88, 0));
	assert_eq!((found.ranges.total, found.versions.total), (105, 199));
	assert!(found.ranges.understood * 100 >= found.ranges.total * 95);
	let left = found.ranges.not_understood.len() as u64;
	assert_eq!(found.ranges.understood + left, found.ranges.total, "the rest is listed");
	assert!(found.ranges.not_understood.iter().all(|left| !left.reason.is_empty()));
}

#[test]
fn catalogue_and_scores_are_read() {
	let Some(data) = data() else { return };
	let mut feed = Feed::default();
	for name in ["known_exploited_vulnerabilities.json", "epss_kev_nvd.csv"] {
		let bytes = fs::read(data.join(name)).expect("the file is there");
		let (_, failures) = feed.add(name, &bytes).expect("it is valid");
		assert!(failures.is_empty());
	}
	assert_eq!(feed.kev.len(), 1_404);
	assert_eq!(feed.kev.values().filter(|kev| kev.ransomware).count(), 293);
	assert_eq!(feed.epss.len(), 1_556);
	assert_eq!(feed.epss["CVE-2017-0144"].probability, 0.9923);
}

#[test]
fn a_medical_device_matches_its_advisory_by_name_and_version() {
	let Some(data) = data() else { return };
	let (feed, _) = Feed::load(&data.join("icsma")).expect("the folder can be listed");
	let viewer = |version: &str| AssetService {
		asset: "ip:192.0.2.9".into(),
		service: "workstation".into(),
		vendor: Some("MicroDicom".into()),
		product: Some("DICOM Viewer".into()),
		version: Some(version.into()),
		confidence: 90,
		..AssetService::default()
	};
	let old = match_assets(&[viewer("2024.1")], &feed);
	assert!(
		old.matches.iter().any(|m| m.cve == "CVE-2024-28877" && m.status == Status::Affected),
		"{old:?}"
	);
	assert!(match_assets(&[viewer("2024.2")], &feed).matches.is_empty());
}
