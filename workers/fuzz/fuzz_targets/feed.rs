//! Advisories and catalogues in every format that is told by its content, then the matching with them.
#![no_main]

use curex_vulnerabilities::{match_assets, AssetService, Feed};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
	let mut feed = Feed::default();
	if feed.add("fuzz", bytes).is_err() {
		return;
	}
	// Every product of the feed is there once, with a version and without.
	let mut services = Vec::new();
	for affected in feed.advisories.iter().flat_map(|advisory| &advisory.affected).take(20) {
		for version in [Some("1.0".to_owned()), None] {
			services.push(AssetService {
				asset: "asset".into(),
				vendor: Some(affected.vendor.clone()),
				product: Some(affected.product.clone()),
				version,
				confidence: 90,
				..AssetService::default()
			});
		}
	}
	match_assets(&services, &feed);
});
