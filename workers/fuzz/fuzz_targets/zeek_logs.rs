//! Zeek's logs of software, hosts and services.
#![no_main]

use curex_discovery::Observations;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
	let mut observations = Observations::default();
	if observations.read_zeek(bytes).is_ok() {
		observations.snapshot(0);
	}
});
