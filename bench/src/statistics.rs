//! Percentiles and rates.

use serde::Serialize;

/// How a measured quantity is spread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Spread {
	/// How many values.
	pub count: usize,
	/// Half of them are no greater.
	pub p50: f64,
	/// 95 of 100 are no greater.
	pub p95: f64,
	/// 99 of 100 are no greater.
	pub p99: f64,
	/// The greatest.
	pub greatest: f64,
}

impl Spread {
	/// The spread of these values; zeros if there are none.
	pub fn of(mut values: Vec<f64>) -> Self {
		values.sort_unstable_by(f64::total_cmp);
		// The nearest rank: a value that was seen, no interpolation.
		let rank = |percent: usize| {
			let position = (values.len() * percent).div_ceil(100).saturating_sub(1);
			values.get(position).copied().unwrap_or_default()
		};
		Self {
			count: values.len(),
			p50: rank(50),
			p95: rank(95),
			p99: rank(99),
			greatest: rank(100),
		}
	}
}

/// The mean of some values; zero if there are none.
pub fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
	let (mut sum, mut count) = (0.0, 0u32);
	for value in values {
		sum += value;
		count += 1;
	}
	if count == 0 {
		return 0.0;
	}
	sum / f64::from(count)
}

/// `part / whole`; zero if there is no whole.
pub fn ratio(part: f64, whole: f64) -> f64 {
	if whole == 0.0 {
		return 0.0;
	}
	part / whole
}

/// How many of `trials` must pass so that 99 of 100 do.
pub fn p99_of(trials: usize) -> usize {
	(trials * 99).div_ceil(100)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn percentiles_are_values_that_were_seen() {
		let spread = Spread::of((1..=200).rev().map(f64::from).collect());
		assert_eq!(spread.count, 200);
		assert_eq!(
			(spread.p50, spread.p95, spread.p99, spread.greatest),
			(100.0, 190.0, 198.0, 200.0)
		);
		assert_eq!(Spread::of(vec![7.0]).p50, 7.0);
	}

	#[test]
	fn nothing_measured_is_zero_and_no_panic() {
		assert_eq!(Spread::of(Vec::new()), Spread::default());
		assert_eq!(mean([]), 0.0);
		assert_eq!(ratio(1.0, 0.0), 0.0);
	}

	#[test]
	fn a_mean_and_a_ratio_are_what_they_say() {
		assert_eq!(mean([1.0, 2.0, 6.0]), 3.0);
		assert_eq!(ratio(3.0, 4.0), 0.75);
	}

	#[test]
	fn two_of_two_hundred_trials_may_miss() {
		assert_eq!(p99_of(200), 198);
		assert_eq!(p99_of(1), 1);
		assert_eq!(p99_of(101), 100);
	}
}
