//! CycloneDX, snapshots and lists of assets, then package URLs and CPE names in them.
#![no_main]

use curex_vulnerabilities::{match_assets, read_inventory, Feed};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
	if let Ok(services) = read_inventory("fuzz", bytes) {
		match_assets(&services, &Feed::default());
	}
});
