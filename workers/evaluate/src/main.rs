//! Measures the engines on data in standard formats; prints one JSON object.

#![warn(missing_docs)]

mod vulnerabilities;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "curex-evaluate", version, about)]
struct Program {
	#[command(subcommand)]
	command: Command,
}

#[derive(Subcommand)]
enum Command {
	/// Advisories and the matching of assets with them.
	Vulnerabilities(vulnerabilities::Arguments),
}

fn main() -> ExitCode {
	let result = match Program::parse().command {
		Command::Vulnerabilities(arguments) => vulnerabilities::run(arguments),
	};
	match result {
		Ok(json) => {
			println!("{json}");
			ExitCode::SUCCESS
		},
		Err(error) => {
			eprintln!("curex-evaluate: {error}");
			ExitCode::FAILURE
		},
	}
}
