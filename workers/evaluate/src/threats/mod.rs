//! `threats …`: the analytics over logs, and what they withstand.

use clap::Subcommand;
use serde_json::Value;

use crate::Error;

mod faults;
mod replay;
mod staff;
mod throughput;

#[derive(Subcommand)]
pub enum Command {
	/// Reads a log and prints its alerts, one a line, then what was read.
	Replay(replay::Arguments),
	/// Misuse of access to records by simulated staff.
	Staff(staff::Arguments),
	/// Attribution of injected faults, false alarms across a drift, a poisoned baseline.
	Faults(faults::Arguments),
	/// Events a second on one core, through the screening and through the whole ensemble.
	Throughput(throughput::Arguments),
}

/// # Errors
/// [`Error`] of the subcommand.
pub fn run(command: Command) -> Result<Value, Error> {
	match command {
		Command::Replay(arguments) => replay::run(&arguments),
		Command::Staff(arguments) => staff::run(&arguments),
		Command::Faults(arguments) => faults::run(&arguments),
		Command::Throughput(arguments) => throughput::run(&arguments),
	}
}

/// Greatest resident memory of this process so far in bytes, where the system tells.
fn peak_memory() -> Option<u64> {
	let status = std::fs::read_to_string("/proc/self/status").ok()?;
	let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
	Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1_024)
}
