#![no_main]

use std::{path::Path, process::exit};

/// With `CUREX_SEEDS=FOLDER` the inputs to begin with are written there, and nothing is fuzzed. They come from this program
/// since no other one has what the counters in the runtime call.
fn write_seeds_if_asked() {
	let Some(folder) = std::env::var_os("CUREX_SEEDS") else { return };
	match curex_fuzz::seeds::write(Path::new(&folder)) {
		Ok(inputs) => {
			eprintln!("{inputs} inputs to begin with");
			exit(0)
		},
		Err(reason) => {
			eprintln!("{}: {reason}", folder.display());
			exit(1)
		},
	}
}

libfuzzer_sys::fuzz_target!(init: write_seeds_if_asked(), |input: &[u8]| curex_fuzz::run(input));
