//! STIX bundles, MISP events and plain lists.
#![no_main]

use curex_threats::indicators::Indicators;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
	let mut indicators = Indicators::default();
	let _ = indicators.read_stix("fuzz", text, 0);
	let _ = indicators.read_misp("fuzz", text, 0);
	indicators.read_list("fuzz", text, 0);
	indicators.expire(u64::MAX);
});
