//! Manufacturers' disclosure statements, as workbooks and as CSV.
#![no_main]

use curex_discovery::import_mds2;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
	let _ = import_mds2(bytes);
});
