//! Precision and recall over labelled pairs of an asset and a vulnerability.
//!
//! The labels in `tests/facts` were written from facts (release notes, trackers of distributions, notices of
//! manufacturers) before the matching was run on them: which versions have a vulnerability and which do not,
//! near-misses first. Every file is read through the importers of its format.

use std::{collections::BTreeMap, fs, path::Path};

use curex_vulnerabilities::{
	match_assets, AssetService, Feed, InstalledPackage, Match, Part, Status,
};
use serde_json::{json, Value};

/// One labelled pair.
struct Pair {
	cve: String,
	services: Vec<AssetService>,
	feed: Value,
	more: Option<Value>,
	affected: bool,
	why: String,
}

fn rows(name: &str) -> Vec<Vec<String>> {
	let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/facts").join(name);
	let text = fs::read_to_string(path).expect("the facts are part of the repository");
	text.lines()
		.filter(|line| !line.starts_with('#') && !line.trim().is_empty())
		.map(|line| line.split(" | ").map(|column| column.trim().to_owned()).collect())
		.collect()
}

fn versions(column: &str) -> Vec<String> {
	column
		.split_whitespace()
		.filter(|version| *version != "-")
		.map(|version| version.replace('_', " "))
		.collect()
}

/// Labelled versions of a row: those affected and those not.
fn labelled(affected: &str, not: &str) -> Vec<(String, bool)> {
	let with =
		|column: &str, label| versions(column).into_iter().map(move |version| (version, label));
	with(affected, true).chain(with(not, false)).collect()
}

fn asset(vendor: &str, product: &str, version: &str) -> AssetService {
	AssetService {
		asset: "asset".into(),
		service: "service".into(),
		vendor: Some(vendor.into()),
		product: Some(product.into()),
		version: Some(version.into()),
		confidence: 95,
		..AssetService::default()
	}
}

/// `>=8.5p1 <9.8p1; <4.4p1` as the NVD writes it.
fn cpe_matches(part: &str, vendor: &str, product: &str, ranges: &str) -> Vec<Value> {
	ranges
		.split(';')
		.map(|range| {
			let mut entry = json!({"vulnerable": true,
				"criteria": format!("cpe:2.3:{part}:{vendor}:{product}:*:*:*:*:*:*:*:*")});
			for bound in range.split_whitespace() {
				let sign = bound.chars().take_while(|c| "<>=*".contains(*c)).count();
				let (sign, version) = bound.split_at(sign);
				let key = match sign {
					"<" => "versionEndExcluding",
					"<=" => "versionEndIncluding",
					">" => "versionStartExcluding",
					">=" => "versionStartIncluding",
					"=" => {
						entry["criteria"] = json!(format!(
							"cpe:2.3:{part}:{vendor}:{product}:{version}:*:*:*:*:*:*:*"
						));
						continue;
					},
					_ => continue,
				};
				entry[key] = json!(version);
			}
			entry
		})
		.collect()
}

fn nvd(cve: &str, nodes: Value) -> Value {
	json!({"format": "NVD_CVE", "vulnerabilities": [{"cve": {"id": cve, "configurations": nodes}}]})
}

fn or_node(matches: Vec<Value>) -> Value {
	json!({"operator": "OR", "negate": false, "cpeMatch": matches})
}

fn upstream() -> Vec<Pair> {
	let mut out = Vec::new();
	for row in rows("upstream.txt") {
		let [cve, name, ranges, affected, not, why] = row.as_slice() else { panic!("{row:?}") };
		let [part, vendor, product] = name.split(' ').collect::<Vec<_>>()[..] else {
			panic!("{row:?}")
		};
		for (version, label) in labelled(affected, not) {
			out.push(Pair {
				cve: cve.clone(),
				services: vec![asset(vendor, product, &version)],
				feed: nvd(
					cve,
					json!([{"nodes": [or_node(cpe_matches(part, vendor, product, ranges))]}]),
				),
				more: None,
				affected: label,
				why: format!("{product} {version}: {why}"),
			});
		}
	}
	out
}

fn csaf(cve: &str, vendor: &str, product: &str, range: &str) -> Value {
	let category = if range.contains(['<', '>']) || range.starts_with("vers:") {
		"product_version_range"
	} else {
		"product_version"
	};
	json!({
		"document": {"csaf_version": "2.0", "title": format!("{vendor} {product}"),
			"tracking": {"id": format!("NOTICE-{cve}"), "initial_release_date": "2021-06-01T00:00:00Z"}},
		"product_tree": {"branches": [{"category": "vendor", "name": vendor, "branches": [
			{"category": "product_name", "name": product, "branches": [
				{"category": category, "name": range,
					"product": {"name": "product", "product_id": "P"}}]}]}]},
		"vulnerabilities": [{"cve": cve, "product_status": {"known_affected": ["P"]}}]})
}

fn medical() -> Vec<Pair> {
	let mut out = Vec::new();
	for row in rows("medical.txt") {
		let [cve, vendor, product, range, own_vendor, own_product, affected, not, why] =
			row.as_slice()
		else {
			panic!("{row:?}")
		};
		for (version, label) in labelled(affected, not) {
			out.push(Pair {
				cve: cve.clone(),
				services: vec![asset(own_vendor, own_product, &version)],
				feed: csaf(cve, vendor, product, &range.replace('\\', "|")),
				more: None,
				affected: label,
				why: format!("{own_product} {version}: {why}"),
			});
		}
	}
	out
}

fn packages() -> Vec<Pair> {
	let mut out = Vec::new();
	for row in rows("packages.txt") {
		let [cve, ecosystem, package, introduced, fixed, upstream, affected, not, why] =
			row.as_slice()
		else {
			panic!("{row:?}")
		};
		let osv = json!({"id": format!("TRACKER-{cve}"), "aliases": [cve], "affected": [{
			"package": {"ecosystem": ecosystem, "name": package},
			"ranges": [{"type": "ECOSYSTEM", "events": [
				{"introduced": introduced}, {"fixed": fixed}]}]}]});
		let upstream = upstream.split_once(' ').map(|(name, range)| {
			let (vendor, product) = name.split_once(':').expect("vendor and product");
			(vendor, product, range)
		});
		for (version, label) in labelled(affected, not) {
			let mut service = AssetService {
				asset: "asset".into(),
				service: "service".into(),
				package: Some(InstalledPackage {
					source: package.clone(),
					version: version.clone(),
					distribution: ecosystem.trim_end_matches(":LTS").into(),
				}),
				confidence: 95,
				..AssetService::default()
			};
			if let Some((vendor, product, _)) = upstream {
				service.vendor = Some(vendor.into());
				service.product = Some(product.into());
			}
			out.push(Pair {
				cve: cve.clone(),
				services: vec![service],
				feed: osv.clone(),
				more: upstream.map(|(vendor, product, range)| {
					nvd(
						cve,
						json!([{"nodes": [or_node(cpe_matches("a", vendor, product, range))]}]),
					)
				}),
				affected: label,
				why: format!("{package} {version} of {ecosystem}: {why}"),
			});
		}
	}
	out
}

fn system(vendor: &str, product: &str, version: &str) -> AssetService {
	AssetService {
		part: Some(Part::OperatingSystem),
		service: "operating system".into(),
		..asset(vendor, product, version)
	}
}

/// Conditions beside the version: platforms, models, dates, other products of the same vendor.
fn conditions() -> Vec<Pair> {
	let mut out = Vec::new();
	let mut add =
		|cve: &str, services: Vec<AssetService>, feed: &Value, affected: bool, why: &str| {
			out.push(Pair {
				cve: cve.into(),
				services,
				feed: feed.clone(),
				more: None,
				affected,
				why: why.into(),
			});
		};
	let only = |mut service: AssetService, change: &dyn Fn(&mut AssetService)| {
		change(&mut service);
		vec![service]
	};

	// MS17-010 in an ultrasound system: firmware on its own hardware.
	let firmware = json!([{"operator": "AND", "nodes": [
		or_node(cpe_matches("o", "siemens", "acuson_p300_firmware", "=13.02;=13.03;=13.20;=13.21")),
		{"operator": "OR", "negate": false, "cpeMatch": [{"vulnerable": false,
			"criteria": "cpe:2.3:h:siemens:acuson_p300:-:*:*:*:*:*:*:*"}]}]}]);
	let acuson = nvd("CVE-2017-0144", firmware);
	for (product, version, label) in [
		("ACUSON P300", "13.02", true),
		("ACUSON P300", "13.20", true),
		("acuson_p300_firmware", "13.21", true),
		("ACUSON P300", "13.22", false),
		("ACUSON P500", "13.02", false),
		("ACUSON SC2000", "13.20", false),
	] {
		add("CVE-2017-0144", vec![asset("Siemens", product, version)], &acuson, label, product);
	}

	// A viewer that is vulnerable on one system only.
	let on_windows = json!([{"operator": "AND", "nodes": [
		or_node(cpe_matches("a", "acme", "viewer", "<3.0")),
		{"operator": "OR", "negate": false, "cpeMatch": [{"vulnerable": false,
			"criteria": "cpe:2.3:o:microsoft:windows:-:*:*:*:*:*:*:*"}]}]}]);
	let viewer = nvd("CVE-2020-0601", on_windows);
	for (os, version, own, label) in [
		(("microsoft", "windows_10", "10.0.19045"), "2.9", "on Windows", true),
		(("microsoft", "windows_server_2019", "10.0.17763"), "2.0", "on a Windows server", true),
		(("debian", "debian_linux", "12"), "2.9", "on Linux", false),
		(("apple", "macos", "14.2"), "2.9", "on macOS", false),
		(("microsoft", "windows_10", "10.0.19045"), "3.0", "fixed", false),
	] {
		let services = vec![asset("acme", "viewer", version), system(os.0, os.1, os.2)];
		add("CVE-2020-0601", services, &viewer, label, own);
	}

	// Limited to one software environment.
	let app = nvd(
		"CVE-2018-19001",
		json!([{"nodes": [{"operator": "OR", "cpeMatch": [{"vulnerable": true,
		"criteria": "cpe:2.3:a:philips:healthsuite_health:*:*:*:*:*:android:*:*"}]}]}]),
	);
	for (os, label) in [("android", true), ("ios", false)] {
		let services =
			vec![asset("Philips", "HealthSuite Health", "1.0"), system("vendor", os, "12")];
		add("CVE-2018-19001", services, &app, label, os);
	}

	// A condition in an advisory's words.
	let text =
		csaf("CVE-2018-17891", "Carestream", "Vue RIS", "<=11.2 on Windows 8.1 with IIS 7.5");
	let iis = |version: &str| asset("Microsoft", "IIS", version);
	for (version, os, web, label) in [
		("11.2", "windows 8.1", "7.5", true),
		("11.0", "windows 8.1", "7.5", true),
		("11.3", "windows 8.1", "7.5", false),
		("11.2", "windows 10", "7.5", false),
		("11.2", "windows 8.1", "10.0", false),
	] {
		let (name, release) = os.split_once(' ').expect("a release");
		let services = vec![
			asset("Carestream", "Vue RIS", version),
			system("Microsoft", name, release),
			iis(web),
		];
		add(
			"CVE-2018-17891",
			services,
			&text,
			label,
			&format!("RIS {version} on {os} with IIS {web}"),
		);
	}

	// Models of one pump, and batteries in it.
	let pump = csaf("CVE-2022-26392", "Baxter", "Sigma Spectrum", "6.x model 35700BAX");
	for (model, version, label) in
		[("35700BAX", "6.02", true), ("35700BAX2", "6.02", false), ("35700BAX", "8.0", false)]
	{
		let service =
			only(asset("Baxter", "Sigma Spectrum", version), &|s| s.model = Some(model.into()));
		add("CVE-2022-26392", service, &pump, label, model);
	}
	let battery = csaf(
		"CVE-2022-26390",
		"Baxter",
		"Baxter Spectrum IQ LVP",
		"9.x (with Wireless Battery Modules >= 22D19 | <= v22D28)",
	);
	for (version, module, label) in [
		("9.02", "22D20", true),
		("9.0", "22D28", true),
		("9.02", "22D29", false),
		("9.02", "20D32", false),
		("8.0", "22D20", false),
	] {
		let services = vec![
			asset("Baxter", "Spectrum IQ LVP", version),
			asset("Baxter", "Wireless Battery Module", module),
		];
		add("CVE-2022-26390", services, &battery, label, &format!("battery {module}"));
	}

	// Devices by the day on which they were made.
	let dated = csaf("CVE-2017-12712", "Abbott Laboratories", "Accent MRI", "< august 28");
	let delivered = csaf(
		"CVE-2017-12714",
		"Abbott Laboratories",
		"Fortify Assura",
		"distributed  < april 1, 2018",
	);
	for (cve, product, feed, day, label) in [
		("CVE-2017-12712", "Accent MRI", &dated, "2020-08-27", true),
		("CVE-2017-12712", "Accent MRI", &dated, "2020-09-01", false),
		("CVE-2017-12714", "Fortify Assura", &delivered, "2018-03-31", true),
		("CVE-2017-12714", "Fortify Assura", &delivered, "2016-01-01", true),
		("CVE-2017-12714", "Fortify Assura", &delivered, "2018-04-01", false),
		("CVE-2017-12714", "Fortify", &delivered, "2016-01-01", false),
	] {
		let service = only(asset("Abbott", product, ""), &|s| s.manufactured = Some(day.into()));
		add(cve, service, feed, label, &format!("made on {day}"));
	}
	let portal = csaf("CVE-2024-6795", "Baxter", "Baxter Connex Health Portal", "<8/30/2024");
	for (version, label) in
		[("2024-08-29", true), ("8/1/2024", true), ("2024-08-30", false), ("9/2/2024", false)]
	{
		add(
			"CVE-2024-6795",
			vec![asset("Baxter", "Connex Health Portal", version)],
			&portal,
			label,
			version,
		);
	}

	// Every version of one product, and none of its neighbours.
	let station = csaf(
		"CVE-2022-22767",
		"Becton, Dickinson and Company (BD)",
		"BD Pyxis MedStation ES",
		"vers:all/*",
	);
	for (vendor, product, label) in [
		("BD", "Pyxis MedStation ES", true),
		("Becton Dickinson", "BD Pyxis MedStation ES", true),
		("BD", "Pyxis MedStation ES Server", false),
		("BD", "Pyxis MedStation 4000", false),
		("BD", "Pyxis Anesthesia Station ES", false),
		("Omnicell", "MedStation ES", false),
	] {
		add("CVE-2022-22767", vec![asset(vendor, product, "1.7")], &station, label, product);
	}
	let editions = csaf(
		"CVE-2022-43557",
		"Becton, Dickinson and Company (BD)",
		"CME BodyGuard 323",
		"2nd Edition",
	);
	for (edition, label) in [("2nd Edition", true), ("3rd Edition", false)] {
		let service =
			only(asset("BD", "CME BodyGuard 323", "1.0"), &|s| s.model = Some(edition.into()));
		add("CVE-2022-43557", service, &editions, label, edition);
	}

	// A name that two vendors use, and a part of a name.
	let ssh = nvd(
		"CVE-2024-6387",
		json!([{"nodes": [or_node(cpe_matches("a", "openbsd", "openssh", ">=8.5p1 <9.8p1"))]}]),
	);
	for (vendor, product, label) in [
		("openbsd", "openssh", true),
		("OpenBSD", "OpenSSH", true),
		("acme", "openssh", false),
		("openbsd", "openbsd", false),
		("dropbear_ssh_project", "dropbear_ssh", false),
	] {
		add("CVE-2024-6387", vec![asset(vendor, product, "9.2p1")], &ssh, label, vendor);
	}
	out
}

fn is_matched(pair: &Pair) -> Option<Match> {
	let mut feed = Feed::default();
	for file in std::iter::once(&pair.feed).chain(&pair.more) {
		let (_, failures) = feed.add("facts", file.to_string().as_bytes()).expect("a valid file");
		assert_eq!(failures, [], "{}", pair.why);
	}
	let report = match_assets(&pair.services, &feed);
	report
		.matches
		.into_iter()
		.find(|found| found.cve == pair.cve && found.status == Status::Affected)
}

#[test]
fn precision_and_recall_over_labelled_facts() {
	let groups: [(&str, Vec<Pair>); 4] = [
		("upstream", upstream()),
		("medical", medical()),
		("packages", packages()),
		("conditions", conditions()),
	];
	let mut counts: BTreeMap<(bool, bool), u32> = BTreeMap::new();
	let mut wrong = Vec::new();
	for (group, pairs) in &groups {
		eprintln!("{group}: {} pairs", pairs.len());
		for pair in pairs {
			let found = is_matched(pair);
			*counts.entry((pair.affected, found.is_some())).or_default() += 1;
			if found.is_some() != pair.affected {
				wrong.push(format!("{} {} (affected: {})", pair.cve, pair.why, pair.affected));
			}
			if let Some(found) = found {
				assert!(!found.reason.is_empty(), "{} has no reason", pair.why);
			}
		}
	}
	let count = |label, found| f64::from(counts.get(&(label, found)).copied().unwrap_or(0));
	let total: u32 = counts.values().sum();
	let precision = count(true, true) / (count(true, true) + count(false, true));
	let recall = count(true, true) / (count(true, true) + count(true, false));
	eprintln!(
		"{total} pairs ({} affected), precision {precision:.4}, recall {recall:.4}, wrong: {wrong:#?}",
		count(true, true) + count(true, false)
	);
	assert!(total >= 300, "{total} pairs");
	assert!(
		precision >= 0.99 && recall >= 0.99,
		"precision {precision}, recall {recall}: {wrong:#?}"
	);
}
