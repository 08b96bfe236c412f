//! Measures matching at the size of a hospital group, on one core.
//!
//! ```text
//! cargo run --release -p curex-vulnerabilities --example match_bench -- \
//!     [--assets 10000] [--cves 250000] [--advisories FOLDER] [--store FILE] [--write FILE]
//! ```
//!
//! Generates a feed in the shape of the NVD's API and an inventory (both from a fixed seed), imports the feed
//! and the advisories of the folder into a store, and times: the import, the full match, a new entry in the
//! catalogue of known exploited vulnerabilities, and a new advisory. Prints one JSON object, with the peak of
//! resident memory before and after the match. `--write` puts every match with its reasons into a file.

use std::{
	collections::BTreeMap,
	env, fs,
	io::Write,
	path::{Path, PathBuf},
	time::Instant,
};

use curex_vulnerabilities::{AssetService, Outcome, Store};
use serde_json::json;

/// Products of the generated feed.
const PRODUCTS: u64 = 30_000;
/// Records in one generated file.
const RECORDS: u64 = 25_000;

/// Xorshift64*: a fixed seed gives the same numbers everywhere.
struct Numbers(u64);

impl Numbers {
	fn next(&mut self) -> u64 {
		self.0 ^= self.0 >> 12;
		self.0 ^= self.0 << 25;
		self.0 ^= self.0 >> 27;
		self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
	}

	fn below(&mut self, end: u64) -> u64 {
		self.next() % end.max(1)
	}

	/// Few products have many vulnerabilities, many have few: density falls with the rank (log-uniform).
	fn product(&mut self) -> u64 {
		let share = self.below(1 << 20) as f64 / f64::from(1 << 20);
		((PRODUCTS as f64).powf(share) - 1.0) as u64
	}
}

fn version(numbers: &mut Numbers) -> String {
	format!("{}.{}.{}", 1 + numbers.below(9), numbers.below(20), numbers.below(30))
}

fn generate(folder: &Path, cves: u64) -> std::io::Result<u64> {
	let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
	let mut bytes = 0;
	let mut at = 0;
	while at < cves {
		let end = (at + RECORDS).min(cves);
		let path = folder.join(format!("nvd-{at:07}.json"));
		let mut file = std::io::BufWriter::new(fs::File::create(&path)?);
		file.write_all(br#"{"format": "NVD_CVE", "vulnerabilities": ["#)?;
		for number in at..end {
			let product = numbers.product();
			let mut matches = Vec::new();
			for _ in 0..1 + numbers.below(3) {
				// A vulnerability concerns one branch of versions, like those of real records.
				let major = 1 + numbers.below(9);
				let (from, to) = (numbers.below(20), numbers.below(20));
				let (from, to) = (from.min(to), from.max(to));
				matches.push(json!({"vulnerable": true,
					"criteria": format!("cpe:2.3:a:vendor{}:product{product}:*:*:*:*:*:*:*:*", product % 4_000),
					"versionStartIncluding": format!("{major}.{from}"),
					"versionEndExcluding": format!("{major}.{to}.{}", numbers.below(30))}));
			}
			let record = json!({"cve": {"id": format!("CVE-{}-{:06}", 2000 + number % 26, number),
				"lastModified": "2026-01-01T00:00:00.000",
				"descriptions": [{"lang": "en", "value": format!("A flaw in product{product} lets a remote \
					attacker read memory that belongs to somebody else by sending a request that is longer \
					than the buffer for it, number {number}.")}],
				"metrics": {"cvssMetricV31": [{"cvssData": {"baseScore": 7.5,
					"vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}}]},
				"configurations": [{"nodes": [{"operator": "OR", "negate": false, "cpeMatch": matches}]}]}});
			if number > at {
				file.write_all(b",")?;
			}
			file.write_all(record.to_string().as_bytes())?;
		}
		file.write_all(b"]}")?;
		file.flush()?;
		bytes += fs::metadata(&path)?.len();
		at = end;
	}
	Ok(bytes)
}

fn inventory(assets: u64) -> Vec<AssetService> {
	let mut numbers = Numbers(0xd1b5_4a32_d192_ed03);
	let mut out = Vec::new();
	for asset in 0..assets {
		for service in 0..3 + numbers.below(4) {
			let product = numbers.product();
			let version = version(&mut numbers);
			out.push(AssetService {
				asset: format!("asset-{asset}"),
				service: format!("service-{service}"),
				cpe23: Some(format!(
					"cpe:2.3:a:vendor{}:product{product}:{version}:*:*:*:*:*:*:*",
					product % 4_000
				)),
				confidence: 95,
				..AssetService::default()
			});
		}
		// Every tenth is a medical device that only the advisories know, by name.
		if asset % 10 == 0 {
			out.push(AssetService {
				asset: format!("asset-{asset}"),
				service: "device".into(),
				vendor: Some("Philips".into()),
				product: Some("IntelliVue MX40".into()),
				version: Some(format!("B.0{}.{:02}", numbers.below(8), numbers.below(30))),
				confidence: 90,
				..AssetService::default()
			});
		}
	}
	out
}

/// Peak of resident memory so far, KiB.
fn peak() -> u64 {
	fs::read_to_string("/proc/self/status")
		.ok()
		.and_then(|status| {
			let line = status.lines().find(|line| line.starts_with("VmHWM"))?.to_owned();
			line.split_whitespace().nth(1)?.parse().ok()
		})
		.unwrap_or(0)
}

/// Time on the processor so far, seconds: what one core needs, whatever else runs on it.
fn processor_seconds() -> f64 {
	let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
	// Behind the name in parentheses: user and system time are the 12th and 13th fields, in hundredths.
	let ticks: u64 = stat
		.rsplit(')')
		.next()
		.map(|rest| {
			rest.split_whitespace()
				.skip(11)
				.take(2)
				.filter_map(|text| text.parse::<u64>().ok())
				.sum()
		})
		.unwrap_or(0);
	ticks as f64 / 100.0
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
	let arguments: Vec<String> = env::args().skip(1).collect();
	let options: BTreeMap<&str, &str> = arguments
		.chunks(2)
		.filter_map(|pair| Some((pair.first()?.as_str(), pair.get(1)?.as_str())))
		.collect();
	let number =
		|key: &str, default: u64| options.get(key).map_or(Ok(default), |text| text.parse());
	let (assets, cves) = (number("--assets", 10_000)?, number("--cves", 250_000)?);

	let folder = tempfile::tempdir()?;
	let feed = folder.path().join("feed");
	fs::create_dir(&feed)?;
	let bytes = generate(&feed, cves)?;
	let path = options.get("--store").map_or_else(|| folder.path().join("store.db"), PathBuf::from);
	let mut store = Store::open(&path)?;

	let clock = Instant::now();
	let imported = store.import(&feed, &mut |progress| {
		eprintln!("{}: {} records", progress.file, progress.records);
		true
	})?;
	let import_seconds = clock.elapsed().as_secs_f64();
	if let Some(advisories) = options.get("--advisories") {
		store.import(Path::new(advisories), &mut |_| true)?;
	}
	let clock = Instant::now();
	let again = store.import(&feed, &mut |_| true)?;
	let import_again_seconds = clock.elapsed().as_secs_f64();

	let services = inventory(assets);
	store.set_inventory(&services)?;
	let before = peak();
	let mut urgent = 0_u64;
	let mut some_match = None;
	let mut written = match options.get("--write") {
		Some(path) => Some(std::io::BufWriter::new(fs::File::create(path)?)),
		None => None,
	};
	let processor = processor_seconds();
	let clock = Instant::now();
	let full = store.match_all(&mut |outcome| {
		if let Outcome::Match(found) = outcome {
			urgent += u64::from(found.priority().score >= 150);
			some_match.get_or_insert_with(|| found.cve().to_owned());
			if let Some(out) = &mut written {
				if serde_json::to_writer(&mut *out, &found.to_match()).is_ok() {
					let _ = out.write_all(b"\n");
				}
			}
		}
	})?;
	let match_seconds = clock.elapsed().as_secs_f64();
	let match_processor = processor_seconds() - processor;
	let after = peak();

	// One of the vulnerabilities that was found is now known to be exploited.
	let cve = some_match.ok_or("nothing matched")?;
	let news = folder.path().join("kev.json");
	fs::write(
		&news,
		json!({"catalogVersion": "2026.01.02", "vulnerabilities": [
			{"cveID": cve, "dateAdded": "2026-01-02", "knownRansomwareCampaignUse": "Known"}]})
		.to_string(),
	)?;
	let clock = Instant::now();
	store.import(&news, &mut |_| true)?;
	let kev = store.match_changed(&mut |_| {})?;
	let kev_seconds = clock.elapsed().as_secs_f64();

	// A new advisory about the product that most assets have.
	let advisory = folder.path().join("new.json");
	fs::write(
		&advisory,
		json!({"format": "NVD_CVE", "vulnerabilities": [{"cve": {"id": "CVE-2026-999999",
			"configurations": [{"nodes": [{"operator": "OR", "cpeMatch": [{"vulnerable": true,
				"criteria": "cpe:2.3:a:vendor0:product0:*:*:*:*:*:*:*:*", "versionEndExcluding": "6.0"}]}]}]}}]})
		.to_string(),
	)?;
	let clock = Instant::now();
	store.import(&advisory, &mut |_| true)?;
	let new = store.match_changed(&mut |_| {})?;
	let advisory_seconds = clock.elapsed().as_secs_f64();

	println!(
		"{}",
		json!({
			"contents": store.contents()?, "services": services.len(), "feed_bytes": bytes,
			"import": {"seconds": import_seconds, "records": imported.records},
			"import_unchanged": {"seconds": import_again_seconds, "records": again.records},
			"full_match": {"seconds": match_seconds, "processor_seconds": match_processor, "matches": full.outcomes, "urgent": urgent,
				"statements": full.statements},
			"new_kev": {"seconds": kev_seconds, "cve": cve, "matches": kev.outcomes},
			"new_advisory": {"seconds": advisory_seconds, "matches": new.outcomes},
			"peak_kib": {"before_match": before, "after_match": after},
		})
	);
	Ok(())
}
