//! Captures: frames, and in them greetings, HTTP, DICOM, HL7, DHCP, mDNS and LLDP.
#![no_main]

use curex_discovery::Observations;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
	let mut observations = Observations::default();
	if observations.read_capture(bytes).is_ok() {
		observations.snapshot(0);
	}
});
