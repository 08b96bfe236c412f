//! Hospital A's agent: its configuration, and its sealed evidence.

use crate::{
	layout::{Layout, MEMBERS},
	process, Error,
};
use serde_json::Value;
use std::{
	fs,
	path::{Path, PathBuf},
};

/// Writes the configuration of hospital A's agent from the laboratory's template.
pub fn configure(layout: &Layout) -> Result<PathBuf, Error> {
	let hospital = &MEMBERS[0];
	let home = layout.member(hospital);
	let description = home.join("organisation.json");
	let text = fs::read_to_string(&description).map_err(Error::at(&description))?;
	let worker = serde_json::from_str::<Value>(&text)
		.ok()
		.and_then(|value| value["node"]["worker-key"].as_str().map(str::to_owned))
		.ok_or_else(|| Error::File {
			path: description.clone(),
			reason: "names no worker key".into(),
		})?;
	let template = layout.laboratory.join("agent.toml");
	let text = fs::read_to_string(&template).map_err(Error::at(&template))?;
	let text = text
		.replace("{organisation}", &hospital.number.to_string())
		.replace("{home}", &home.display().to_string())
		.replace("{worker}", &worker)
		.replace("{lab}", &layout.laboratory.display().to_string())
		.replace("{feed}", &layout.feed.display().to_string());
	let path = home.join("agent.toml");
	fs::write(&path, text).map_err(Error::at(&path))?;
	Ok(path)
}

/// Opens the evidence behind a report of hospital A.
pub fn open_evidence(
	layout: &Layout,
	config: &Path,
	kind: &str,
	number: u64,
) -> Result<Value, Error> {
	let number = number.to_string();
	ask(layout, config, &["evidence", "open", "--kind", kind, "--number", &number])
}

/// Whether the evidence at hospital A opens a commitment of the ledger.
pub fn opens(layout: &Layout, config: &Path, commitment: &str) -> Result<bool, Error> {
	let answer = ask(layout, config, &["evidence", "verify", "--commitment", commitment])?;
	Ok(answer["opens"] == true && answer["commitment"] == commitment)
}

fn ask(layout: &Layout, config: &Path, arguments: &[&str]) -> Result<Value, Error> {
	let mut command =
		vec![layout.binary("curex-agent"), "--config".into(), config.display().to_string()];
	command.extend(arguments.iter().map(|&argument| argument.to_owned()));
	let text = process::output(&command)?;
	serde_json::from_str(&text)
		.map_err(|reason| Error::Failed { command: command.join(" "), output: reason.to_string() })
}
