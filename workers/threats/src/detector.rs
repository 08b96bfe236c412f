//! The learned part: how unusual is a point, and because of which features?

use std::collections::VecDeque;

use rcf3::Forest;

use crate::ThreatsError;

/// How a feature is scaled before it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
	/// A count or size: compared by its logarithm, `ln(1 + x)`.
	Count,
	/// A share in [0, 1]: compared as it is.
	Share,
}

/// A feature of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feature {
	/// How alerts call it.
	pub name: &'static str,
	/// How it is scaled.
	pub scale: Scale,
}

impl Feature {
	fn transform(&self, value: f64) -> f64 {
		match self.scale {
			Scale::Count => value.max(0.0).ln_1p(),
			Scale::Share => value,
		}
	}

	/// Smallest spread that is believed, in transformed units: a feature that never moved while the
	/// detector warmed up must not make every first movement infinitely unusual. A factor of about
	/// 1.3 for counts, 5 points for shares.
	fn least_spread(&self) -> f64 {
		match self.scale {
			Scale::Count => 0.25,
			Scale::Share => 0.05,
		}
	}
}

/// A streaming detector over points of fixed width. The caller decides what is learned.
pub trait Detector {
	/// How unusual the point is, higher being more unusual; nothing while the detector warms up.
	///
	/// # Errors
	/// [`ThreatsError::Forest`] if the point does not fit.
	fn score(&self, point: &[f64]) -> Result<Option<f64>, ThreatsError>;

	/// Share of what was learned that lies no further out, found cheaply: what screens events ahead of
	/// the score. Nothing if the detector cannot tell.
	fn screen(&self, _point: &[f64]) -> Option<f64> {
		None
	}

	/// Share of each feature in the score, in the order of the features; sums to 1.
	///
	/// # Errors
	/// [`ThreatsError::Forest`] if the point does not fit.
	fn explain(&self, point: &[f64]) -> Result<Vec<f64>, ThreatsError>;

	/// Typical value of each feature among what was learned lately, in its own unit.
	fn typical(&self) -> Vec<f64>;

	/// Learns a point that is taken to be normal.
	///
	/// # Errors
	/// [`ThreatsError::Forest`] if the point does not fit.
	fn learn(&mut self, point: &[f64]) -> Result<(), ThreatsError>;
}

/// Points whose medians are the typical values.
const RECENT: usize = 256;

/// Random Cut Forest (Guha, Mishra, Roy and Schrijvers, ICML 2016) over standardised features.
/// Centre and spread of the features are taken from the warm-up and then stay, so that points in
/// the forest remain comparable.
pub struct ForestDetector {
	features: &'static [Feature],
	forest: Forest,
	warm_up: usize,
	scaling: Option<Vec<(f64, f64)>>,
	recent: VecDeque<Vec<f64>>,
	warming: Vec<Vec<f64>>,
}

impl ForestDetector {
	/// A detector that scores after `warm_up` points.
	///
	/// # Errors
	/// [`ThreatsError::Forest`] if there is no feature.
	pub fn new(
		features: &'static [Feature],
		warm_up: usize,
		seed: u64,
	) -> Result<Self, ThreatsError> {
		let forest =
			Forest::builder(features.len()).num_trees(50).capacity(256).output_after(1).seed(seed);
		Ok(Self {
			features,
			forest: forest.build()?,
			warm_up,
			scaling: None,
			recent: VecDeque::new(),
			warming: Vec::new(),
		})
	}

	fn standardise(&self, scaling: &[(f64, f64)], point: &[f64]) -> Vec<f32> {
		let features = self.features.iter().zip(scaling).zip(point);
		features
			.map(|((feature, (centre, spread)), value)| {
				((feature.transform(*value) - centre) / spread) as f32
			})
			.collect()
	}

	fn end_warm_up(&mut self) -> Result<(), ThreatsError> {
		let points = std::mem::take(&mut self.warming);
		let count = points.len() as f64;
		let scaling: Vec<(f64, f64)> = self
			.features
			.iter()
			.enumerate()
			.map(|(index, feature)| {
				let values = || points.iter().map(|point| feature.transform(point[index]));
				let centre = values().sum::<f64>() / count;
				let variance = values().map(|value| (value - centre).powi(2)).sum::<f64>() / count;
				(centre, variance.sqrt().max(feature.least_spread()))
			})
			.collect();
		for point in &points {
			self.forest.update(&self.standardise(&scaling, point))?;
		}
		self.scaling = Some(scaling);
		Ok(())
	}
}

impl Detector for ForestDetector {
	fn score(&self, point: &[f64]) -> Result<Option<f64>, ThreatsError> {
		let Some(scaling) = &self.scaling else { return Ok(None) };
		Ok(Some(self.forest.score(&self.standardise(scaling, point))?))
	}

	/// Each feature's share is the mean of two differences: what the score loses when the feature
	/// alone is set to its typical value, and what a typical point gains when the feature alone is
	/// set to what was seen (the first and the last term of a Shapley value). The forest's own
	/// attribution is not used: rcf3 0.5.2 credits the dimension a tree happens to cut, not the one
	/// in which the point lies outside, and so never names a feature that was constant.
	fn explain(&self, point: &[f64]) -> Result<Vec<f64>, ThreatsError> {
		let typical = self.typical();
		let score = |point: &[f64]| self.score(point).map(Option::unwrap_or_default);
		let (whole, nothing) = (score(point)?, score(&typical)?);
		let mut parts = Vec::with_capacity(point.len());
		for index in 0..point.len() {
			let (mut without, mut alone) = (point.to_vec(), typical.clone());
			without[index] = typical[index];
			alone[index] = point[index];
			let difference = (whole - score(&without)?) + (score(&alone)? - nothing);
			parts.push(difference.max(0.0));
		}
		let total: f64 = parts.iter().sum();
		if total > 0.0 {
			Ok(parts.into_iter().map(|part| part / total).collect())
		} else {
			Ok(vec![1.0 / self.features.len() as f64; self.features.len()])
		}
	}

	fn typical(&self) -> Vec<f64> {
		(0..self.features.len())
			.map(|index| {
				let mut values: Vec<f64> = self.recent.iter().map(|point| point[index]).collect();
				values.sort_by(f64::total_cmp);
				values.get(values.len() / 2).copied().unwrap_or(0.0)
			})
			.collect()
	}

	fn learn(&mut self, point: &[f64]) -> Result<(), ThreatsError> {
		self.recent.push_back(point.to_vec());
		if self.recent.len() > RECENT {
			self.recent.pop_front();
		}
		match &self.scaling {
			Some(scaling) => self.forest.update(&self.standardise(scaling, point))?,
			None => {
				self.warming.push(point.to_vec());
				if self.warming.len() >= self.warm_up {
					self.end_warm_up()?;
				}
			},
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use rand::{Rng, SeedableRng};

	const FEATURES: &[Feature] = &[
		Feature { name: "size", scale: Scale::Count },
		Feature { name: "share", scale: Scale::Share },
		Feature { name: "still", scale: Scale::Count },
	];

	fn trained(seed: u64) -> ForestDetector {
		let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(1);
		let mut detector = ForestDetector::new(FEATURES, 100, seed).unwrap();
		for _ in 0..300 {
			let point = [random.random_range(50.0..150.0), random.random_range(0.1..0.3), 2.0];
			detector.learn(&point).unwrap();
		}
		detector
	}

	#[test]
	fn a_point_far_out_scores_higher_and_is_explained_by_its_feature() {
		let detector = trained(7);
		let normal = detector.score(&[100.0, 0.2, 2.0]).unwrap().unwrap();
		let strange = [100.0, 0.95, 2.0];
		assert!(detector.score(&strange).unwrap().unwrap() > 2.0 * normal);
		let shares = detector.explain(&strange).unwrap();
		assert!(shares[1] > 0.7, "{shares:?}");
		assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
		let moved = detector.explain(&[100.0, 0.2, 90.0]).unwrap();
		assert!(moved[2] > 0.7, "{moved:?}");
	}

	#[test]
	fn there_is_no_score_before_the_warm_up_ends() {
		let mut detector = ForestDetector::new(FEATURES, 3, 0).unwrap();
		for _ in 0..2 {
			detector.learn(&[1.0, 0.5, 1.0]).unwrap();
			assert_eq!(detector.score(&[1.0, 0.5, 1.0]).unwrap(), None);
		}
		detector.learn(&[1.0, 0.5, 1.0]).unwrap();
		assert!(detector.score(&[1.0, 0.5, 1.0]).unwrap().is_some());
	}

	#[test]
	fn the_seed_alone_decides_the_score() {
		let point = [500.0, 0.2, 2.0];
		assert_eq!(trained(7).score(&point).unwrap(), trained(7).score(&point).unwrap());
		assert_ne!(trained(7).score(&point).unwrap(), trained(8).score(&point).unwrap());
	}

	#[test]
	fn the_typical_value_is_the_median_in_the_features_own_unit() {
		let typical = trained(7).typical();
		assert!((80.0..120.0).contains(&typical[0]), "{typical:?}");
		assert_eq!(typical[2], 2.0);
	}
}
