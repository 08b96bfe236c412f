//! STIX bundles, MISP events and plain lists.
#![no_main]

use curex_threats::indicators::{feeds::Feed, Indicators};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
	let mut indicators = Indicators::default();
	let feed = Feed { name: "fuzz", fetched: 0 };
	let _ = indicators.read_stix(&feed, text, 0);
	let _ = indicators.read_misp(&feed, text, 0);
	indicators.read_list(&feed, text, 0);
	indicators.expire(u64::MAX);
});
