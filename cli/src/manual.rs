//! `curex completion`, `curex man`: what a shell and a manual want to know of the command line.

use crate::{
	context::{file_error, Output},
	Arguments,
};
use clap::{Args, CommandFactory};
use clap_complete::Shell;
use curex_client::Error;
use serde_json::json;
use std::path::PathBuf;

#[derive(Args)]
pub struct Completion {
	/// The shell.
	#[arg(value_enum)]
	shell: Shell,
}

#[derive(Args)]
pub struct Man {
	/// The folder to write them to.
	#[arg(long)]
	out: PathBuf,
}

/// The script that has a shell complete the commands.
pub fn completion(command: &Completion) -> Output {
	let mut script = Vec::new();
	clap_complete::generate(command.shell, &mut Arguments::command(), "curex", &mut script);
	let script = String::from_utf8_lossy(&script);
	Output::new(script.trim_end(), json!({ "shell": command.shell.to_string(), "script": script }))
}

/// Writes one manual page for each command.
pub fn man(command: &Man) -> Result<Output, Error> {
	let failed = |error| file_error(&command.out, error);
	std::fs::create_dir_all(&command.out).map_err(failed)?;
	clap_mangen::generate_to(Arguments::command(), &command.out).map_err(failed)?;
	let pages = std::fs::read_dir(&command.out).map_err(failed)?.count();
	let text = format!("{pages} manual pages in {}", command.out.display());
	Ok(Output::new(text, json!({ "pages": pages, "folder": command.out })))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn every_shell_learns_the_commands() {
		for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell, Shell::Elvish] {
			let mut script = Vec::new();
			clap_complete::generate(shell, &mut Arguments::command(), "curex", &mut script);
			let script = String::from_utf8(script).unwrap();
			for command in ["break-glass", "subscription", "erasure"] {
				assert!(script.contains(command), "{shell}: {command}");
			}
		}
	}

	#[test]
	fn every_command_has_its_page() {
		let folder = tempfile::tempdir().unwrap();
		man(&Man { out: folder.path().join("man") }).unwrap();
		for page in ["curex.1", "curex-serve.1", "curex-batch-request.1", "curex-fhir-check.1"] {
			let text = std::fs::read_to_string(folder.path().join("man").join(page)).unwrap();
			assert!(text.contains(".SH NAME"), "{page}");
		}
	}
}
