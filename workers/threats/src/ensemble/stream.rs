//! The ensemble over a stream.

use super::{
	random::Random,
	scaling::{Column, Value},
	Baseline, Ensemble, EnsembleConfig,
};
use crate::{
	detector::{Detector, Feature},
	ThreatsError,
};

/// Points remembered of a stream. Fewer than of a file: every event is compared with them at once.
const REMEMBERED: usize = 2_048;

/// Points that were scored, or would have been but for the screening, after which the ensemble is fitted
/// again: a fit costs as much as scoring about as many.
const REFIT: f64 = 8_192.0;

/// Points among which the typical values are sought.
const RECENT: usize = 256;

/// An [`Ensemble`] that learns: a reservoir of what was learned, fitted again each time as much has been
/// learned as before, and later from time to time, so that it follows slow change.
pub struct EnsembleDetector {
	features: &'static [Feature],
	config: EnsembleConfig,
	/// Learned points after which to fit again, at most.
	refit: u64,
	memory: Memory,
	fitted: Option<Ensemble>,
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
	/// The reservoir as it was when the ensemble was fitted last; empty before.
	pub fitted: Vec<Vec<f64>>,
	/// Learned points at which to fit next.
	pub next: u64,
}

impl EnsembleDetector {
	/// A detector that scores after `warm_up` points. Of the points `screening` is the share that is not
	/// expected to be scored; the fewer are, the more rarely the ensemble is fitted again.
	pub fn new(features: &'static [Feature], warm_up: usize, screening: f64, seed: u64) -> Self {
		let refit = (REFIT / (1.0 - screening.clamp(0.0, 0.99))) as u64;
		let config = EnsembleConfig { seed, reservoir: REMEMBERED, ..EnsembleConfig::default() };
		let memory = Memory {
			reservoir: Vec::new(),
			recent: Default::default(),
			learned: 0,
			fitted: Vec::new(),
			next: warm_up.max(2) as u64,
		};
		Self { features, config, refit, memory, fitted: None }
	}

	/// What it remembers.
	pub fn memory(&self) -> &Memory {
		&self.memory
	}

	/// Goes back to what was remembered, or on from it: scores are then those of the detector that
	/// remembered it.
	///
	/// # Errors
	/// [`ThreatsError::Snapshot`] if the points do not have the features of this detector.
	pub fn restore(&mut self, memory: Memory) -> Result<(), ThreatsError> {
		let width = self.features.len();
		let points = memory.reservoir.iter().chain(&memory.recent).chain(&memory.fitted);
		if points.into_iter().any(|point| point.len() != width) {
			return Err(ThreatsError::Snapshot { reason: format!("points are not {width} wide") });
		}
		self.memory = memory;
		self.fitted = None;
		if !self.memory.fitted.is_empty() {
			self.fitted = Some(self.ensemble());
		}
		Ok(())
	}

	fn row(&self, point: &[f64]) -> Vec<Value> {
		let scaled = self.features.iter().zip(point).map(|(feature, value)| feature.scaled(*value));
		scaled.map(Value::Number).collect()
	}

	fn fit(&mut self) {
		self.memory.fitted.clone_from(&self.memory.reservoir);
		self.fitted = Some(self.ensemble());
		let learned = self.memory.learned;
		self.memory.next = learned + learned.min(self.refit);
	}

	/// The ensemble of the points that are to be fitted.
	fn ensemble(&self) -> Ensemble {
		let rows: Vec<Vec<Value>> =
			self.memory.fitted.iter().map(|point| self.row(point)).collect();
		let columns = vec![Column::Number; self.features.len()];
		// A stream may hold attacks that nobody noticed.
		Ensemble::fit(&columns, &rows, Baseline::Unvetted, &self.config)
	}
}

impl Detector for EnsembleDetector {
	fn score(&self, point: &[f64]) -> Option<f64> {
		self.fitted.as_ref().map(|ensemble| ensemble.score(&self.row(point)))
	}

	fn screen(&self, point: &[f64]) -> Option<f64> {
		self.fitted.as_ref().map(|ensemble| ensemble.screen(&self.row(point)))
	}

	fn explain(&self, point: &[f64]) -> Vec<f64> {
		let Some(ensemble) = &self.fitted else {
			return vec![1.0 / self.features.len().max(1) as f64; self.features.len()];
		};
		ensemble.attribution(&self.row(point)).shares
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

	fn learn(&mut self, point: &[f64]) {
		let memory = &mut self.memory;
		let mut latest = match memory.recent.len() < RECENT {
			true => Vec::with_capacity(point.len()),
			false => memory.recent.pop_front().unwrap_or_default(),
		};
		latest.clear();
		latest.extend_from_slice(point);
		memory.recent.push_back(latest);
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
		if self.memory.learned >= self.memory.next {
			self.fit();
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const FEATURES: &[Feature] = &[
		Feature { name: "size", scale: crate::detector::Scale::Count },
		Feature { name: "share", scale: crate::detector::Scale::Share },
	];

	fn point(random: &mut Random) -> [f64; 2] {
		[100.0 * random.unit(), random.unit()]
	}

	#[test]
	fn a_restored_detector_goes_on_as_if_it_had_never_stopped() {
		let mut random = Random::new(3);
		let mut one = EnsembleDetector::new(FEATURES, 50, 0.0, 7);
		for _ in 0..130 {
			one.learn(&point(&mut random));
		}
		let mut other = EnsembleDetector::new(FEATURES, 50, 0.0, 7);
		other.restore(one.memory().clone()).unwrap();
		for _ in 0..150 {
			let at = point(&mut random);
			assert_eq!(one.score(&at).unwrap(), other.score(&at).unwrap());
			one.learn(&at);
			other.learn(&at);
		}
		let mut narrow = EnsembleDetector::new(&FEATURES[..1], 50, 0.0, 7);
		assert!(narrow.restore(one.memory().clone()).is_err());
	}

	#[test]
	fn there_is_no_score_before_the_warm_up_ends() {
		let mut detector = EnsembleDetector::new(FEATURES, 3, 0.0, 0);
		for step in 0..3 {
			assert_eq!(detector.score(&[1.0, 0.5]), None);
			detector.learn(&[f64::from(step), 0.5]);
		}
		assert!(detector.score(&[1.0, 0.5]).is_some());
		assert_eq!(detector.typical(), [1.0, 0.5]);
	}
}
