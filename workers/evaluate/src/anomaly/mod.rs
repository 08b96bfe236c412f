//! `anomaly …`: labelled data sets, one ensemble, one configuration.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::Value;

use crate::Error;

mod adbench;
mod ehms;
mod nab;
mod nab_score;
mod nsl_kdd;
mod rows;

#[derive(Subcommand)]
pub enum Command {
	/// The tabular sets of ADBench (.npz).
	Adbench(adbench::Arguments),
	/// NSL-KDD, trained on normal connections only.
	NslKdd(nsl_kdd::Arguments),
	/// WUSTL-EHMS-2020: a model of flows, and identity binding apart.
	Ehms(ehms::Arguments),
	/// The series of the Numenta Anomaly Benchmark, scored by its formula.
	Nab(nab::Arguments),
}

/// # Errors
/// [`Error`] of the subcommand.
pub fn run(command: Command) -> Result<Value, Error> {
	match command {
		Command::Adbench(arguments) => adbench::run(&arguments),
		Command::NslKdd(arguments) => nsl_kdd::run(&arguments),
		Command::Ehms(arguments) => ehms::run(&arguments),
		Command::Nab(arguments) => nab::run(&arguments),
	}
}

/// The files of a folder and its folders with this ending, by path.
fn files_below(folder: &Path, ending: &str) -> Result<Vec<PathBuf>, Error> {
	let mut found = Vec::new();
	let mut folders = vec![folder.to_path_buf()];
	while let Some(folder) = folders.pop() {
		let entries = std::fs::read_dir(&folder).map_err(|error| Error::file(&folder, &error))?;
		for entry in entries {
			let path = entry.map_err(|error| Error::file(&folder, &error))?.path();
			if path.is_dir() {
				folders.push(path);
			} else if path.extension().is_some_and(|end| end == ending) {
				found.push(path);
			}
		}
	}
	found.sort();
	if found.is_empty() {
		return Err(Error::format(folder, format!("there is no .{ending} file")));
	}
	Ok(found)
}
