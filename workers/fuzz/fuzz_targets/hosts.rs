//! What hosts say of themselves: lists of Debian, RPM and Windows, and what becomes of them in a snapshot.
#![no_main]

use curex_discovery::{DeviceClass, HostInventory, Snapshot};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
	let mut host = HostInventory::default();
	if host.add(bytes).is_err() {
		assert_eq!(host, HostInventory::default(), "a refused list changes nothing");
		return;
	}
	let mut snapshot = Snapshot::default();
	host.complete(&mut snapshot, [192, 0, 2, 7].into(), DeviceClass::Unknown);
	assert_eq!(snapshot.assets.len(), 1);
});
