//! Runs the benchmarks of the runtime that is built into this program, and writes the weights of a pallet. With `storage` as
//! the first word it measures the database instead.
//!
//! `scripts/weights.sh` calls it for every pallet. The SDK's own program for this is not used, since it brings in a second
//! database.

mod storage;

use clap::Parser;
use frame_benchmarking_cli::PalletCmd;
use sp_runtime::traits::BlakeTwo256;
use std::{ffi::OsString, process::ExitCode};

/// That of the node.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
	match run() {
		Ok(()) => ExitCode::SUCCESS,
		Err(reason) => {
			eprintln!("curex-weights: {reason}");
			ExitCode::FAILURE
		},
	}
}

/// The options are those of [`storage::Storage`], or of the SDK's `benchmark pallet`, where the runtime need not be named.
fn run() -> Result<(), String> {
	let mut words = std::env::args_os();
	let program = words.next();
	if std::env::args_os().nth(1).is_some_and(|word| word == "storage") {
		let command = storage::Storage::parse_from(program.into_iter().chain(words.skip(1)));
		return command.run().map_err(|reason| reason.to_string());
	}
	let code = curex_runtime::WASM_BINARY.ok_or(
		"this program was built without the runtime: unset SKIP_WASM_BUILD and build again",
	)?;
	let folder = tempfile::tempdir().map_err(|reason| reason.to_string())?;
	let path = folder.path().join("runtime.wasm");
	std::fs::write(&path, code).map_err(|reason| format!("{}: {reason}", path.display()))?;
	let own = [OsString::from("--runtime"), path.into()];
	let command = PalletCmd::parse_from(program.into_iter().chain(own).chain(words));
	command.run_with_spec::<BlakeTwo256, ()>(None).map_err(|reason| reason.to_string())
}
