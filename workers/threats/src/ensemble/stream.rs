//! The ensemble over a stream.

use super::{
	random::Random,
	scaling::{Column, Value},
	Baseline, Ensemble, EnsembleConfig,
};
use crate::{
	detector::{Detector, Feature, Scale},
	ThreatsError,
};

/// Points remembered of a stream. Fewer than of a file: every event is compared with them at once.
const REMEMBERED: usize = 2_048;

/// Learned points after which the ensemble is fitted again, once the reservoir is full.
const REFIT: usize = 8_192;

/// Points among which the typical values are sought.
const RECENT: usize = 256;

/// An [`Ensemble`] that learns: a reservoir of what was learned, fitted again as it grows (each time
/// it has doubled) and then from time to time, so that it follows slow change.
pub struct EnsembleDetector {
	features: &'static [Feature],
	config: EnsembleConfig,
	warm_up: usize,
	memory: Memory,
	fitted: Option<Ensemble>,
	/// Learned points at which to fit next.
	next: u64,
}

/// What a detector remembers: all there is to restore it.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
	/// Points, as they were learned.
	pub reservoir: Vec<Vec<f64>>,
	/// The latest, for the typical values.
	pub recent: std::collections::VecDeque<Vec<f64>>,
	/// Points learned so far.
	pub learned: u64,
}

impl EnsembleDetector {
	/// A detector that scores after `warm_up` points.
	pub fn new(features: &'static [Feature], warm_up: usize, seed: u64) -> Self {
		let config = EnsembleConfig { seed, reservoir: REMEMBERED, ..EnsembleConfig::default() };
		let memory = Memory { reservoir: Vec::new(), recent: Default::default(), learned: 0 };
		Self { features, config, warm_up, memory, fitted: None, next: warm_up.max(2) as u64 }
	}

	/// What it remembers.
	pub fn memory(&self) -> &Memory {
		&self.memory
	}

	/// Goes back to what was remembered, or on from it.
	///
	/// # Errors
	/// [`ThreatsError::Snapshot`] if the points do not have the features of this detector.
	pub fn restore(&mut self, memory: Memory) -> Result<(), ThreatsError> {
		let width = self.features.len();
		if memory.reservoir.iter().chain(&memory.recent).any(|point| point.len() != width) {
			return Err(ThreatsError::Snapshot { reason: format!("points are not {width} wide") });
		}
		self.memory = memory;
		self.fitted = None;
		if self.memory.learned >= self.warm_up.max(2) as u64 {
			self.fit();
		}
		Ok(())
	}

	fn row(&self, point: &[f64]) -> Vec<Value> {
		let scaled = self.features.iter().zip(point).map(|(feature, value)| match feature.scale {
			Scale::Count => value.max(0.0).ln_1p(),
			Scale::Share => *value,
		});
		scaled.map(Value::Number).collect()
	}

	fn fit(&mut self) {
		let rows: Vec<Vec<Value>> =
			self.memory.reservoir.iter().map(|point| self.row(point)).collect();
		let columns = vec![Column::Number; self.features.len()];
		// A stream may hold attacks that nobody noticed.
		self.fitted = Some(Ensemble::fit(&columns, &rows, Baseline::Unvetted, &self.config));
		let learned = self.memory.learned;
		self.next = if learned < REMEMBERED as u64 { 2 * learned } else { learned + REFIT as u64 };
	}
}

impl Detector for EnsembleDetector {
	fn score(&self, point: &[f64]) -> Result<Option<f64>, ThreatsError> {
		Ok(self.fitted.as_ref().map(|ensemble| ensemble.score(&self.row(point))))
	}

	fn screen(&self, point: &[f64]) -> Option<f64> {
		self.fitted.as_ref().map(|ensemble| ensemble.screen(&self.row(point)))
	}

	fn explain(&self, point: &[f64]) -> Result<Vec<f64>, ThreatsError> {
		let Some(ensemble) = &self.fitted else {
			return Ok(vec![1.0 / self.features.len().max(1) as f64; self.features.len()]);
		};
		Ok(ensemble.attribution(&self.row(point)).shares)
	}

	fn typical(&self) -> Vec<f64> {
		(0..self.features.len())
			.map(|index| {
				let recent = self.memory.recent.iter();
				let mut values: Vec<f64> = recent.map(|point| point[index]).collect();
				values.sort_by(f64::total_cmp);
				values.get(values.len() / 2).copied().unwrap_or(0.0)
			})
			.collect()
	}

	fn learn(&mut self, point: &[f64]) -> Result<(), ThreatsError> {
		let memory = &mut self.memory;
		memory.recent.push_back(point.to_vec());
		if memory.recent.len() > RECENT {
			memory.recent.pop_front();
		}
		memory.learned += 1;
		if memory.reservoir.len() < REMEMBERED {
			memory.reservoir.push(point.to_vec());
		} else {
			// Every eighth point takes a random place: half of the reservoir is younger than about
			// 11,000 points, so that a slow change is followed and a burst does not fill it.
			let mut random = Random::new(self.config.seed ^ memory.learned.rotate_left(17));
			if random.below(8) == 0 {
				let place = random.below(REMEMBERED);
				memory.reservoir[place] = point.to_vec();
			}
		}
		if self.memory.learned >= self.next {
			self.fit();
		}
		Ok(())
	}
}
