//! The account of the main job: every step with its block, for a person and for programs.

use crate::measure::Measured;
use curex_client::Recorded;
use serde::Serialize;
use std::{fs, io::Write, path::Path, time::Instant};

/// What happened, in order.
#[derive(Serialize)]
pub struct Account {
	/// Whether every step was verified.
	pub verified: bool,
	/// The steps.
	pub steps: Vec<Step>,
	/// Most memory that all programs together held, in MiB.
	pub peak_memory_mib: u64,
	/// How long exchanges took, if that was measured.
	#[serde(skip_serializing_if = "Option::is_none")]
	pub measured: Option<Measured>,
	#[serde(skip)]
	begun: Instant,
}

/// One of the eight steps.
#[derive(Serialize)]
pub struct Step {
	/// Its number.
	pub step: u8,
	/// What it is about.
	pub title: String,
	/// What happened.
	pub entries: Vec<Entry>,
}

/// Something that happened and was checked.
#[derive(Serialize)]
pub struct Entry {
	/// What, in a sentence.
	pub text: String,
	/// The block that records it, if it is on the ledger.
	#[serde(skip_serializing_if = "Option::is_none")]
	pub block: Option<u64>,
	/// Hash of the block.
	#[serde(skip_serializing_if = "Option::is_none")]
	pub block_hash: Option<String>,
	/// Position of the transaction in the block.
	#[serde(skip_serializing_if = "Option::is_none")]
	pub extrinsic: Option<u32>,
	/// Seconds since the beginning.
	pub seconds: u64,
}

/// Where something is on the ledger.
#[derive(Clone, Debug)]
pub struct Place {
	/// Number of the block.
	pub block: u64,
	/// Hash of the block.
	pub hash: String,
	/// Position of the transaction in the block; nothing for what the block itself does.
	pub extrinsic: Option<u32>,
}

impl From<&Recorded> for Place {
	fn from(recorded: &Recorded) -> Self {
		Self {
			block: recorded.block_number,
			hash: format!("{:?}", recorded.block_hash),
			extrinsic: Some(recorded.extrinsic_index),
		}
	}
}

impl Default for Account {
	fn default() -> Self {
		Self {
			verified: false,
			steps: Vec::new(),
			peak_memory_mib: 0,
			measured: None,
			begun: Instant::now(),
		}
	}
}

impl Account {
	/// Begins a step.
	pub fn step(&mut self, step: u8, title: &str) {
		println!("\n\x1b[1m{step}. {title}\x1b[0m");
		self.steps.push(Step { step, title: title.into(), entries: Vec::new() });
	}

	/// Notes something that was checked.
	pub fn note(&mut self, text: impl Into<String>) {
		self.add(text.into(), None);
	}

	/// Notes something that is on the ledger.
	pub fn record(&mut self, text: impl Into<String>, place: impl Into<Place>) {
		self.add(text.into(), Some(place.into()));
	}

	fn add(&mut self, text: String, place: Option<Place>) {
		let at = place.as_ref().map_or(String::new(), |place| {
			let extrinsic =
				place.extrinsic.map_or_else(|| "block".into(), |index| index.to_string());
			format!("  \x1b[2m[#{}-{extrinsic} {}]\x1b[0m", place.block, short(&place.hash))
		});
		println!("   {text}{at}");
		let _ = std::io::stdout().flush();
		let seconds = self.begun.elapsed().as_secs();
		if let Some(step) = self.steps.last_mut() {
			step.entries.push(Entry {
				text,
				block: place.as_ref().map(|place| place.block),
				extrinsic: place.as_ref().and_then(|place| place.extrinsic),
				block_hash: place.map(|place| place.hash),
				seconds,
			});
		}
	}

	/// Writes the account for programs.
	pub fn write(&self, path: &Path) -> Result<(), crate::Error> {
		let text = serde_json::to_vec_pretty(self).map_err(|reason| crate::Error::File {
			path: path.into(),
			reason: reason.to_string(),
		})?;
		fs::write(path, text).map_err(crate::Error::at(path))
	}
}

fn short(hash: &str) -> String {
	hash.chars().take(10).collect()
}
