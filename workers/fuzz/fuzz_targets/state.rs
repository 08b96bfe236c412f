//! The state of a watcher: refused or taken, never a panic. A state that was written is changed at some places; bytes of
//! their own make a whole one.
#![no_main]

use std::sync::LazyLock;

use curex_threats::{ingest, Config, Format, Malformed, Source, StreamConfig, Watcher};
use libfuzzer_sys::fuzz_target;

static CONFIG: LazyLock<Config> = LazyLock::new(|| {
	let small = |stream: &StreamConfig| StreamConfig {
		warm_up: 32,
		calibration: 128,
		entities: 64,
		..stream.clone()
	};
	let usual = Config::default();
	let (flows, accesses, logs) = (small(&usual.flows), small(&usual.accesses), small(&usual.logs));
	Config { flows, accesses, logs, ..usual }
});

/// The state of a watcher that saw some connections.
static WRITTEN: LazyLock<Vec<u8>> = LazyLock::new(|| {
	let mut lines = String::new();
	for at in 0..400 {
		lines.push_str(&format!(
			"{{\"ts\":{at}.5,\"uid\":\"C{at}\",\"id.orig_h\":\"192.0.2.{}\",\"id.orig_p\":40000,\
			 \"id.resp_h\":\"192.0.2.99\",\"id.resp_p\":443,\"proto\":\"tcp\",\"duration\":{}.25,\
			 \"orig_bytes\":{},\"resp_bytes\":20,\"conn_state\":\"SF\"}}\n",
			at % 7,
			at % 5,
			at * 37 % 1_000,
		));
	}
	let mut watcher = Watcher::new(&CONFIG).expect("the configuration is sound");
	let mut malformed = Malformed::default();
	let source = Source::new("seed", Format::Zeek, lines.as_bytes());
	ingest::read(source, &mut malformed, |event| watcher.observe(&event)).expect("it is a slice");
	assert_eq!(malformed.count, 0, "the lines are sound");
	watcher.state().expect("a watcher can be written")
});

fuzz_target!(|bytes: &[u8]| {
	let Some((first, rest)) = bytes.split_first() else { return };
	let state = if first & 1 == 0 {
		rest.to_vec()
	} else {
		let mut state = WRITTEN.clone();
		for change in rest.chunks_exact(3) {
			let at = usize::from(u16::from_be_bytes([change[0], change[1]])) * 7 % state.len();
			state[at] = change[2];
		}
		if first & 2 != 0 {
			state.truncate(usize::from(*first) * state.len() / 255);
		}
		state
	};
	if let Ok(watcher) = Watcher::restore(&CONFIG, &state) {
		watcher.state().expect("what was read can be written");
		watcher.alerts();
	}
});
