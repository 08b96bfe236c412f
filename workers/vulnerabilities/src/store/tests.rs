use std::{fs, path::PathBuf};

use serde_json::{json, Value};
use tempfile::TempDir;

use super::*;
use crate::{match_assets, Feed, Match, Outcome};

fn nvd(records: &[(&str, &str, &str)]) -> Value {
	let records: Vec<Value> = records
		.iter()
		.map(|(cve, product, end)| {
			json!({"cve": {"id": cve, "configurations": [{"nodes": [{"operator": "OR", "cpeMatch": [
				{"vulnerable": true, "criteria": format!("cpe:2.3:a:acme:{product}:*:*:*:*:*:*:*:*"),
					"versionEndExcluding": end}]}]}],
				"metrics": {"cvssMetricV31": [{"cvssData": {
					"vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}}]}}})
		})
		.collect();
	json!({"format": "NVD_CVE", "vulnerabilities": records})
}

fn write(folder: &TempDir, name: &str, json: &Value) -> PathBuf {
	let path = folder.path().join(name);
	fs::write(&path, json.to_string()).expect("the folder can be written");
	path
}

fn service(asset: &str, product: &str, version: &str) -> AssetService {
	AssetService {
		asset: asset.into(),
		service: product.into(),
		vendor: Some("acme".into()),
		product: Some(product.into()),
		version: Some(version.into()),
		confidence: 95,
		..AssetService::default()
	}
}

fn all(store: &mut Store) -> Vec<Match> {
	let mut out = Vec::new();
	store
		.match_all(&mut |outcome| {
			if let Outcome::Match(found) = outcome {
				out.push(found.to_match());
			}
		})
		.expect("the store is usable");
	out
}

fn changed(store: &mut Store) -> (Vec<(String, String)>, Matched) {
	let mut out = Vec::new();
	let matched = store
		.match_changed(&mut |outcome| {
			if let Outcome::Match(found) = outcome {
				out.push((found.asset().to_owned(), found.cve().to_owned()));
			}
		})
		.expect("the store is usable");
	out.sort();
	(out, matched)
}

fn pair(asset: &str, cve: &str) -> (String, String) {
	(asset.into(), cve.into())
}

#[test]
fn the_store_matches_as_the_feed_in_memory_does() {
	let folder = tempfile::tempdir().expect("a temporary folder");
	write(
		&folder,
		"a.json",
		&nvd(&[("CVE-2024-0001", "pump", "2.0"), ("CVE-2024-0002", "viewer", "3.1")]),
	);
	write(
		&folder,
		"kev.json",
		&json!({"catalogVersion": "1", "vulnerabilities": [
		{"cveID": "CVE-2024-0002", "dateAdded": "2024-02-02"}]}),
	);
	fs::write(folder.path().join("epss.csv"), "cve,epss,percentile\nCVE-2024-0001,0.5,0.9\n")
		.expect("writable");
	let services =
		[service("a", "pump", "1.0"), service("b", "viewer", "3.0"), service("b", "pump", "2.0")];
	let (feed, failures) = Feed::load(folder.path()).expect("the folder can be read");
	assert_eq!(failures, []);
	let mut store = Store::in_memory().expect("a store");
	let imported = store.import(folder.path(), &mut |_| true).expect("an import");
	assert_eq!((imported.files, imported.records, imported.failures.len()), (3, 4, 0));
	store.set_inventory(&services).expect("an inventory");
	let mut found = all(&mut store);
	found.sort_by_key(|found| std::cmp::Reverse(found.priority.score));
	let expected = match_assets(&services, &feed).matches;
	assert_eq!(expected.len(), 2);
	assert_eq!(found, expected);
	assert!(found[0].kev && found[1].epss == Some(0.5));
}

#[test]
fn only_what_changed_is_matched_again() {
	let folder = tempfile::tempdir().expect("a temporary folder");
	let records = [("CVE-2024-0001", "pump", "2.0"), ("CVE-2024-0002", "viewer", "3.1")];
	let path = write(&folder, "a.json", &nvd(&records));
	let mut store = Store::open(&folder.path().join("store.db")).expect("a store");
	let import = |store: &mut Store| store.import(&path, &mut |_| true).expect("an import");
	import(&mut store);
	store
		.set_inventory(&[service("a", "pump", "1.0"), service("b", "viewer", "3.0")])
		.expect("an inventory");
	assert_eq!(changed(&mut store).0, [pair("a", "CVE-2024-0001"), pair("b", "CVE-2024-0002")]);
	assert_eq!(changed(&mut store), (vec![], Matched::default()), "nothing is left to do");
	assert_eq!(import(&mut store).unchanged_files, 1);

	// One record of the feed changes.
	write(&folder, "a.json", &nvd(&[("CVE-2024-0001", "pump", "1.5"), records[1]]));
	assert_eq!(import(&mut store).changed, 1);
	let (found, matched) = changed(&mut store);
	assert_eq!(
		(found, matched.cves),
		(vec![pair("a", "CVE-2024-0001")], vec!["CVE-2024-0001".into()])
	);

	// One is now known to be exploited.
	write(
		&folder,
		"kev.json",
		&json!({"catalogVersion": "1", "vulnerabilities": [
		{"cveID": "CVE-2024-0002", "dateAdded": "2024-02-02"}]}),
	);
	store.import(folder.path(), &mut |_| true).expect("an import");
	assert_eq!(changed(&mut store).0, [pair("b", "CVE-2024-0002")]);

	// One asset is updated, one appears, the others stay.
	let inventory =
		[service("a", "pump", "1.5"), service("b", "viewer", "3.0"), service("c", "viewer", "1")];
	assert_eq!(store.set_inventory(&inventory).expect("an inventory"), 2);
	let (found, matched) = changed(&mut store);
	assert_eq!(found, [pair("c", "CVE-2024-0002")], "version 1.5 is fixed");
	assert_eq!(matched.assets, ["a", "c"]);
	assert_eq!(all(&mut store).len(), 2);
}

#[test]
fn an_inventory_that_is_not_kept_is_matched_alike() {
	let folder = tempfile::tempdir().expect("a temporary folder");
	let records = [("CVE-2024-0001", "pump", "2.0"), ("CVE-2024-0002", "viewer", "3.1")];
	write(&folder, "a.json", &nvd(&records));
	let mut store = Store::in_memory().expect("a store");
	store.import(folder.path(), &mut |_| true).expect("an import");
	let services = [service("a", "pump", "1.0"), service("b", "viewer", "3.0")];
	let mut report = crate::MatchReport::default();
	store.match_given(&services, &mut |outcome| report.take(outcome)).expect("a match");
	report.order();
	assert_eq!(report.matches.len(), 2);
	let catalogue = json!({"catalogVersion": "1", "vulnerabilities": [
		{"cveID": "CVE-2024-0002", "dateAdded": "2024-02-02"}]});
	write(&folder, "kev.json", &catalogue);
	store.import(folder.path(), &mut |_| true).expect("an import");
	let mut report = crate::MatchReport::default();
	let matched =
		store.match_given_changed(&services, &mut |outcome| report.take(outcome)).expect("a match");
	assert_eq!((matched.full, matched.cves), (false, vec!["CVE-2024-0002".to_owned()]));
	let [found] = &report.matches[..] else { panic!("{report:?}") };
	assert!(found.kev && found.asset == "b");
	assert_eq!(store.contents().expect("contents").assets, 0, "nothing of the inventory is kept");
}

#[test]
fn the_same_knowledge_has_the_same_version_whatever_files_it_came_in() {
	let records = [("CVE-2024-0001", "pump", "2.0"), ("CVE-2024-0002", "viewer", "3.1")];
	let (one, two) =
		(tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
	write(&one, "all.json", &nvd(&records));
	write(&two, "b.json", &nvd(&records[..1]));
	write(&two, "a.json", &nvd(&records[1..]));
	let mut stores = [&one, &two].map(|folder| {
		let mut store = Store::in_memory().expect("a store");
		assert_eq!(store.version().expect("readable"), "");
		store.import(folder.path(), &mut |_| true).expect("an import");
		store
	});
	let version = stores[0].version().expect("readable");
	assert_eq!((version.len(), &version), (64, &stores[1].version().expect("readable")));
	fs::write(two.path().join("epss.csv"), "cve,epss,percentile\nCVE-2024-0001,0.5,0.9\n")
		.expect("writable");
	stores[1].import(two.path(), &mut |_| true).expect("an import");
	assert_ne!(stores[1].version().expect("readable"), version);
}

#[test]
fn an_import_that_was_stopped_goes_on_where_it_was() {
	let folder = tempfile::tempdir().expect("a temporary folder");
	let ids: Vec<String> = (0..5_000).map(|n| format!("CVE-2024-{n:05}")).collect();
	let records: Vec<_> = ids.iter().map(|id| (id.as_str(), "pump", "2.0")).collect();
	write(&folder, "a.json", &nvd(&records));
	let mut store = Store::open(&folder.path().join("store.db")).expect("a store");
	let first = store.import(folder.path(), &mut |_| false).expect("an import");
	assert_eq!(first.records, 2_000);
	drop(store);
	let mut store = Store::open(&folder.path().join("store.db")).expect("the same store");
	let mut steps = Vec::new();
	let rest = store
		.import(folder.path(), &mut |progress| {
			steps.push(progress.records);
			true
		})
		.expect("an import");
	assert_eq!((rest.records, rest.changed, steps), (3_000, 3_000, vec![4_000, 5_000]));
	assert_eq!(store.contents().expect("contents").advisories, 5_000);
}

#[test]
fn a_file_that_breaks_off_leaves_what_came_before() {
	let folder = tempfile::tempdir().expect("a temporary folder");
	let text =
		nvd(&[("CVE-2024-0001", "pump", "2.0"), ("CVE-2024-0002", "viewer", "3.1")]).to_string();
	let path = folder.path().join("a.json");
	fs::write(&path, &text[..text.len() - 40]).expect("writable");
	let mut store = Store::in_memory().expect("a store");
	let imported = store.import(folder.path(), &mut |_| true).expect("an import");
	assert_eq!((imported.records, imported.failures.len()), (1, 1));
	assert!(imported.failures[0].reason.contains("JSON"), "{imported:?}");
	fs::write(&path, &text).expect("writable");
	let imported = store.import(folder.path(), &mut |_| true).expect("an import");
	assert_eq!((imported.changed, imported.failures.len()), (1, 0), "the first was known");
}

#[test]
fn a_file_that_is_no_store_is_refused() {
	let folder = tempfile::tempdir().expect("a temporary folder");
	let path = folder.path().join("store.db");
	fs::write(&path, "nonsense that is long enough to be read as a header of some file")
		.expect("writable");
	assert!(matches!(Store::open(&path), Err(Error::Store(_))));
}
