//! Fingerprint databases, and texts that are compared with them.
#![no_main]

use curex_discovery::Fingerprints;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &str)| {
	let (xml, text) = input;
	let mut fingerprints = Fingerprints::default();
	if fingerprints.add(xml).is_ok() {
		fingerprints.identify("ssh.banner", text);
	}
});
