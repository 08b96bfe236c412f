//! The state of a watcher: refused or taken, never a panic.
#![no_main]

use curex_threats::{Config, Watcher};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
	let config = Config::default();
	if let Ok(watcher) = Watcher::restore(&config, bytes) {
		watcher.state().expect("what was read can be written");
	}
});
