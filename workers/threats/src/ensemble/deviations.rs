//! How far single features lie from their medians.

use super::table::Table;

/// Median absolute deviations of a normal distribution in its standard deviation.
const NORMAL: f32 = 1.4826;

/// Deviations that count at most: of how much further out one feature lies nothing follows for the others.
const GREATEST: f32 = 10.0;

/// Median and median absolute deviation of every feature. Neither moves while less than half of the points are
/// others than the rest (Hampel 1974), however close together those lie.
#[derive(Clone, Debug)]
pub struct Deviations {
	features: Vec<(f32, f32)>,
}

impl Deviations {
	/// Learns standardised features. One of which more than half of the values are equal is taken by its standard deviation.
	pub fn fit(points: &Table) -> Self {
		let feature = |column: usize| {
			let mut values: Vec<f32> = points.rows().map(|row| row[column]).collect();
			let middle = median(&mut values);
			let count = values.len().max(1) as f32;
			let mean = values.iter().sum::<f32>() / count;
			let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / count;
			let mut apart: Vec<f32> = values.iter().map(|value| (value - middle).abs()).collect();
			let spread = NORMAL * median(&mut apart);
			(middle, if spread < 1e-6 { variance.sqrt() + 1e-6 } else { spread })
		};
		Self { features: (0..points.width()).map(feature).collect() }
	}

	/// The deviation of each feature of a point, at most ten.
	pub fn of<'a>(&'a self, point: &'a [f32]) -> impl Iterator<Item = f32> + 'a {
		let features = point.iter().zip(&self.features);
		features.map(|(value, (middle, spread))| ((value - middle).abs() / spread).min(GREATEST))
	}

	/// Their mean.
	pub fn mean(&self, point: &[f32]) -> f64 {
		f64::from(self.of(point).sum::<f32>()) / self.features.len().max(1) as f64
	}
}

/// 0 of nothing.
fn median(values: &mut [f32]) -> f32 {
	let middle = values.len() / 2;
	if values.is_empty() {
		return 0.0;
	}
	*values.select_nth_unstable_by(middle, f32::total_cmp).1
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn two_fifths_in_one_place_move_nothing_and_a_constant_knows_its_value() {
		let points: Table = (0..1_000)
			.map(|row| [if row % 5 < 2 { 40.0 } else { (row % 7) as f32 - 3.0 }, 7.0])
			.collect();
		let deviations = Deviations::fit(&points);
		let of = |point: [f32; 2]| deviations.of(&point).collect::<Vec<_>>();
		assert!(of([3.0, 7.0])[0] < 1.0 && of([40.0, 7.0])[0] > 5.0);
		assert_eq!(of([f32::MAX, 7.0]), [GREATEST, 0.0]);
		assert_eq!(of([0.0, 7.1])[1], GREATEST);
		assert_eq!(Deviations::fit(&Table::new(1)).mean(&[0.0]), 0.0);
	}
}
