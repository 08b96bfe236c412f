//! Correlated features made independent.

use super::table::Table;

/// Share of the identity in the covariance: without it, directions that never varied would count
/// without limit.
const RIDGE: f64 = 0.03;

/// Distances after this map are Mahalanobis distances under the ridged covariance.
#[derive(Clone, Debug)]
pub struct Whitening {
	mean: Vec<f64>,
	/// Lower triangle of the Cholesky factor, row by row.
	factor: Vec<f64>,
}

impl Whitening {
	/// Learns mean and covariance.
	pub fn fit(points: &Table) -> Self {
		let width = points.width();
		let count = points.len().max(1) as f64;
		let mut mean = vec![0.0; width];
		for row in points.rows() {
			for (mean, value) in mean.iter_mut().zip(row) {
				*mean += f64::from(*value) / count;
			}
		}
		let mut factor = vec![0.0; width * width];
		let mut centred = vec![0.0; width];
		for row in points.rows() {
			for (centred, (value, mean)) in centred.iter_mut().zip(row.iter().zip(&mean)) {
				*centred = f64::from(*value) - mean;
			}
			for line in 0..width {
				let scale = centred[line] / count;
				let target = &mut factor[line * width..line * width + line + 1];
				for (target, value) in target.iter_mut().zip(&centred) {
					*target += scale * value;
				}
			}
		}
		for line in 0..width {
			factor[line * width + line] += RIDGE;
		}
		cholesky(&mut factor, width);
		Self { mean, factor }
	}

	/// The mean that was learned.
	pub fn mean(&self) -> &[f64] {
		&self.mean
	}

	/// Maps a point.
	pub fn apply(&self, point: &[f32]) -> Vec<f32> {
		let width = self.mean.len();
		let mut mapped: Vec<f64> = Vec::with_capacity(width);
		for line in 0..width {
			let row = &self.factor[line * width..line * width + line + 1];
			let known: f64 = row.iter().zip(&mapped).map(|(factor, value)| factor * value).sum();
			let centred = f64::from(point[line]) - self.mean[line];
			mapped.push((centred - known) / row[line]);
		}
		mapped.into_iter().map(|value| value as f32).collect()
	}
}

/// Replaces the lower triangle of a positive definite matrix by its Cholesky factor.
fn cholesky(matrix: &mut [f64], width: usize) {
	for line in 0..width {
		for column in 0..=line {
			let dot: f64 = (0..column)
				.map(|inner| matrix[line * width + inner] * matrix[column * width + inner])
				.sum();
			let left = matrix[line * width + column] - dot;
			matrix[line * width + column] = if line == column {
				left.max(1e-12).sqrt()
			} else {
				left / matrix[column * width + column]
			};
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::ensemble::random::Random;

	#[test]
	fn a_break_of_a_correlation_is_far_only_after_whitening() {
		let mut random = Random::new(4);
		let points: Table = (0..2_000)
			.map(|_| {
				let value = random.normal();
				[value as f32, (value + 0.1 * random.normal()) as f32]
			})
			.collect();
		let whitening = Whitening::fit(&points);
		let length = |point: &[f32]| {
			whitening.apply(point).iter().map(|value| value * value).sum::<f32>().sqrt()
		};
		assert!(length(&[1.0, -1.0]) > 4.0 * length(&[1.0, 1.0]));
	}
}
