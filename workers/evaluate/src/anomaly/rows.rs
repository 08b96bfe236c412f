//! Rows of a data set, and scoring of many of them.

use curex_threats::ensemble::{random::mix, scaling::Value, Ensemble};

use crate::metrics::{mean, recall_at_fpr, roc_auc};

/// The golden ratio in 64 bits, the increment of SplitMix64.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The `place`th random number of a seed. Written so that a comparison in another language draws
/// the same: the finaliser of SplitMix64 of `(place + 1) * golden + seed * 0xd1342543de82ef95`.
fn drawn(seed: u64, place: usize) -> u64 {
	let place = (place as u64).wrapping_add(1).wrapping_mul(GOLDEN);
	mix(place.wrapping_add(seed.wrapping_mul(0xd134_2543_de82_ef95)))
}

/// Numbers below `count` in an order of the seed: by their random number.
pub fn shuffled(seed: u64, count: usize) -> Vec<usize> {
	let mut order: Vec<usize> = (0..count).collect();
	order.sort_by_key(|place| (drawn(seed, *place), *place));
	order
}

/// `count` numbers below `count` with repetition.
pub fn bootstrap(seed: u64, count: usize) -> Vec<usize> {
	// Apart from the numbers that ordered the rows.
	let seed = seed.wrapping_add(1_000);
	(0..count).map(|place| (drawn(seed, place) % count as u64) as usize).collect()
}

/// A row of numbers.
pub fn numbers(row: &[f64]) -> Vec<Value> {
	row.iter().copied().map(Value::Number).collect()
}

/// Scores rows on every core, in order.
pub fn score_all(ensemble: &Ensemble, rows: &[Vec<Value>]) -> Vec<f64> {
	let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
	let size = rows.len().div_ceil(threads).max(1);
	std::thread::scope(|scope| {
		let parts: Vec<_> = rows
			.chunks(size)
			.map(|part| {
				scope.spawn(move || part.iter().map(|row| ensemble.score(row)).collect::<Vec<_>>())
			})
			.collect();
		parts
			.into_iter()
			.flat_map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
			.collect()
	})
}

/// Means over seeds of the figures of one detector.
#[derive(Default)]
pub struct Figures {
	auc: Vec<f64>,
	recall_1: Vec<f64>,
	recall_5: Vec<f64>,
}

impl Figures {
	pub fn add(&mut self, scores: &[f64], anomalous: &[bool]) {
		self.auc.extend(roc_auc(scores, anomalous));
		self.recall_1.extend(recall_at_fpr(scores, anomalous, 0.01));
		self.recall_5.extend(recall_at_fpr(scores, anomalous, 0.05));
	}

	pub fn auc(&self) -> f64 {
		mean(self.auc.iter().copied())
	}

	pub fn recall_1(&self) -> f64 {
		mean(self.recall_1.iter().copied())
	}

	pub fn recall_5(&self) -> f64 {
		mean(self.recall_5.iter().copied())
	}

	/// Standard deviation of the area over the seeds.
	pub fn auc_deviation(&self) -> f64 {
		let centre = self.auc();
		mean(self.auc.iter().map(|auc| (auc - centre).powi(2))).sqrt()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn an_order_is_a_permutation_and_depends_on_the_seed() {
		let mut order = shuffled(1, 1_000);
		assert_ne!(order, shuffled(2, 1_000));
		order.sort_unstable();
		assert_eq!(order, (0..1_000).collect::<Vec<_>>());
	}
}
