//! `curex-evaluate`: measures the engines on data of anybody's own.
//!
//! Every subcommand prints one JSON object on standard output (`threats replay`: one alert a line,
//! then the object). Errors go to standard error with what to do about them, and exit code 1.

mod anomaly;
mod error;
mod metrics;
mod risk;
mod safeguards;
mod threats;
mod vulnerabilities;

use std::{io::Write, process::ExitCode};

use clap::{Parser, Subcommand};

pub use error::Error;

/// Measures the engines on data of your own and prints JSON.
#[derive(Parser)]
#[command(name = "curex-evaluate", version)]
struct Arguments {
	#[command(subcommand)]
	command: Command,
}

#[derive(Subcommand)]
enum Command {
	/// Detection of what nobody has seen before, on labelled data sets.
	Anomaly {
		#[command(subcommand)]
		what: anomaly::Command,
	},
	/// Threat analytics on logs, and on simulated staff.
	Threats {
		#[command(subcommand)]
		what: threats::Command,
	},
	/// Optimal choice of safeguards.
	Safeguards {
		#[command(subcommand)]
		what: safeguards::Command,
	},
	/// Risk of an organisation.
	Risk {
		#[command(subcommand)]
		what: risk::Command,
	},
	/// Advisories and the matching of assets with them.
	Vulnerabilities {
		#[command(subcommand)]
		what: vulnerabilities::Command,
	},
}

fn main() -> ExitCode {
	let outcome = match Arguments::parse().command {
		Command::Anomaly { what } => anomaly::run(what),
		Command::Threats { what } => threats::run(what),
		Command::Safeguards { what } => safeguards::run(what),
		Command::Risk { what } => risk::run(what),
		Command::Vulnerabilities { what } => vulnerabilities::run(what),
	};
	let written = outcome.and_then(|value| {
		writeln!(std::io::stdout(), "{value}")
			.map_err(|error| Error::file("standard output", &error))
	});
	match written {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			eprintln!("curex-evaluate: {error}");
			ExitCode::FAILURE
		},
	}
}
