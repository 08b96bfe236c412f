//! `risk assess`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{json, Value};

use crate::{error::read_text, Error};

#[derive(Subcommand)]
pub enum Command {
	/// Levels, intervals and paths of a model.
	Assess(Assess),
}

#[derive(Args)]
pub struct Assess {
	/// The model: JSON, or TOML if the name ends in .toml.
	#[arg(long)]
	model: PathBuf,
}

/// # Errors
/// [`Error::File`], [`Error::Format`], [`Error::Risk`].
pub fn run(command: Command) -> Result<Value, Error> {
	let Command::Assess(Assess { model: path }) = command;
	let text = read_text(&path)?;
	let model: curex_risk::Model = if path.extension().is_some_and(|end| end == "toml") {
		toml::from_str(&text).map_err(|error| Error::format(&path, error))?
	} else {
		serde_json::from_str(&text).map_err(|error| Error::format(&path, error))?
	};
	let assessment = curex_risk::assess(&model)?;
	let levels = json!({
		"cyber": assessment.cyber,
		"privacy": assessment.privacy,
		"patient_safety": assessment.patient_safety,
	});
	let workflows = assessment.figures.workflows.iter();
	let intervals = json!({
		"some_high_impact_ppm": assessment.figures.some_high_impact_ppm,
		"workflows": workflows
			.map(|workflow| json!({ "id": workflow.id, "failure_ppm": workflow.failure_ppm }))
			.collect::<Vec<_>>(),
	});
	Ok(json!({
		"levels": levels,
		"confidence": assessment.confidence,
		"intervals": intervals,
		"paths": assessment.explanation,
		"unknown": assessment.unknown,
		"figures": assessment.figures,
		"drivers": assessment.drivers,
	}))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_model_gets_levels_and_a_malformed_one_a_reason() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("model.json");
		let mut model = curex_risk::Model::default();
		let empty = serde_json::to_string(&model).unwrap();
		model.assets.push(curex_risk::Asset {
			id: "pacs".into(),
			aliases: vec![],
			criticality: curex_primitives::Level::High,
			exposure: curex_risk::Exposure::Internet,
			services: vec![],
			data: vec![],
			assessed: false,
		});
		let text = serde_json::to_string(&model).unwrap();
		let assess = |text: &str| {
			std::fs::write(&path, text).unwrap();
			run(Command::Assess(Assess { model: path.clone() }))
		};
		assert!(assess("{").unwrap_err().to_string().contains("documented format"));
		assert!(assess(&empty).unwrap_err().to_string().contains("no asset"));
		match assess(&text) {
			Ok(value) => assert!(value["levels"]["cyber"].is_string(), "{value}"),
			Err(error) => panic!("{error}"),
		}
	}
}
