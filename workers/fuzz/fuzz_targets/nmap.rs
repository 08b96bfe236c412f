//! nmap's reports.
#![no_main]

use curex_discovery::import_nmap;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
	let _ = import_nmap(bytes);
});
