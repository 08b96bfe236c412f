//! Runs the benchmarks of the runtime that is built into this program, and writes the weights of a pallet.
//!
//! `scripts/weights.sh` calls it for every pallet. The SDK's own program for this is not used, since it brings in a second
//! database.

use clap::Parser;
use frame_benchmarking_cli::PalletCmd;
use sp_runtime::traits::BlakeTwo256;
use std::{ffi::OsString, process::ExitCode};

fn main() -> ExitCode {
	match run() {
		Ok(()) => ExitCode::SUCCESS,
		Err(reason) => {
			eprintln!("curex-weights: {reason}");
			ExitCode::FAILURE
		},
	}
}

/// The options are those of the SDK's `benchmark pallet`; the runtime need not be named.
fn run() -> Result<(), String> {
	let code = curex_runtime::WASM_BINARY
		.ok_or("this program was built without the runtime: unset SKIP_WASM_BUILD and build again")?;
	let folder = tempfile::tempdir().map_err(|reason| reason.to_string())?;
	let path = folder.path().join("runtime.wasm");
	std::fs::write(&path, code).map_err(|reason| format!("{}: {reason}", path.display()))?;
	let own = [OsString::from("--runtime"), path.into()];
	let mut arguments = std::env::args_os();
	let program = arguments.next().into_iter();
	let command = PalletCmd::parse_from(program.chain(own).chain(arguments));
	command.run_with_spec::<BlakeTwo256, ()>(None).map_err(|reason| reason.to_string())
}
