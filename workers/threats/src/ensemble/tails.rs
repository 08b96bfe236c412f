//! How far out every single feature lies.

use super::table::Table;

/// Sorted values of every feature.
#[derive(Clone, Debug)]
pub struct Tails {
	sorted: Vec<Vec<f32>>,
}

impl Tails {
	/// Learns the distribution of every feature.
	pub fn fit(points: &Table) -> Self {
		let sorted: Vec<Vec<f32>> = (0..points.width())
			.map(|column| {
				let mut values: Vec<f32> = points.rows().map(|row| row[column]).collect();
				values.sort_by(f32::total_cmp);
				values
			})
			.collect();
		Self { sorted }
	}

	/// Sum over the features of `−ln` of the two-sided tail probability of their values (Li et al., ECOD, IEEE TKDE
	/// 2022, the empirical tails), each 0 in the middle: cheap, for one logarithm serves many.
	pub fn tail_sum(&self, point: &[f32]) -> f64 {
		let (mut sum, mut product) = (0.0, 1.0);
		for (column, value) in point.iter().enumerate() {
			product *= self.tail_share(column, *value);
			if product < 1e-200 {
				sum -= f64::ln(product);
				product = 1.0;
			}
		}
		sum - f64::ln(product)
	}

	/// Two-sided tail probability of a value.
	fn tail_share(&self, column: usize, value: f32) -> f64 {
		let (low, high) = self.ranks(column, value);
		let count = self.sorted[column].len();
		let least = high.min(count - low) as f64 + 0.5;
		(2.0 * least / (count as f64 + 1.0)).min(1.0)
	}

	/// Normal score of a value: the standard normal quantile of its rank, ties in the middle.
	pub fn normal_score(&self, column: usize, value: f32) -> f32 {
		let (low, high) = self.ranks(column, value);
		let count = self.sorted[column].len() as f64 + 1.0;
		let share = ((low + high) as f64 / 2.0 + 0.5) / count;
		normal_quantile(share.clamp(1.0 / count, 1.0 - 1.0 / count)) as f32
	}

	/// How many values lie below, and how many not above.
	fn ranks(&self, column: usize, value: f32) -> (usize, usize) {
		let values = &self.sorted[column];
		let low = values.partition_point(|other| *other < value);
		let equal = match values.get(low) {
			Some(next) if *next == value => values[low..].partition_point(|other| *other <= value),
			_ => 0,
		};
		(low, low + equal)
	}
}

/// Inverse of the standard normal distribution function (Acklam 2003, relative error below 1.2e-9).
pub fn normal_quantile(share: f64) -> f64 {
	const A: [f64; 6] = [
		-3.969683028665376e1,
		2.209460984245205e2,
		-2.759285104469687e2,
		1.383_577_518_672_69e2,
		-3.066479806614716e1,
		2.506628277459239,
	];
	const B: [f64; 5] = [
		-5.447609879822406e1,
		1.615858368580409e2,
		-1.556989798598866e2,
		6.680131188771972e1,
		-1.328068155288572e1,
	];
	const C: [f64; 6] = [
		-7.784894002430293e-3,
		-3.223964580411365e-1,
		-2.400758277161838,
		-2.549732539343734,
		4.374664141464968,
		2.938163982698783,
	];
	const D: [f64; 4] =
		[7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416];
	let polynomial =
		|coefficients: &[f64], x: f64| coefficients.iter().fold(0.0, |sum, next| sum * x + next);
	let tail = |share: f64| {
		let q = (-2.0 * share.ln()).sqrt();
		polynomial(&C, q) / (polynomial(&D, q) * q + 1.0)
	};
	if share < 0.02425 {
		tail(share)
	} else if share > 1.0 - 0.02425 {
		-tail(1.0 - share)
	} else {
		let q = share - 0.5;
		let r = q * q;
		q * polynomial(&A, r) / (polynomial(&B, r) * r + 1.0)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn quantiles_of_the_normal_distribution_are_right() {
		for (share, expected) in [(0.5, 0.0), (0.975, 1.959_964), (0.001, -3.090_232)] {
			assert!((normal_quantile(share) - expected).abs() < 1e-5);
		}
	}

	#[test]
	fn tails_rise_away_from_the_middle_and_the_sum_of_many_does_not_vanish() {
		let points: Table = (0..1_000).map(|row| [row as f32, 7.0]).collect();
		let tails = Tails::fit(&points);
		let tail = |value: f32| tails.tail_sum(&[value, 7.0]);
		assert!(tail(500.0) < 0.1 && tail(990.0) > 3.0);
		assert!(tail(2_000.0) > tail(990.0));
		assert!((tails.normal_score(0, 499.5)).abs() < 0.01);
		let wide: Table = (0..1_000).map(|row| [row as f32; 200]).collect();
		let of_all = Tails::fit(&wide).tail_sum(&[2_000.0; 200]);
		let of_one = tail(2_000.0);
		assert!((of_all - 200.0 * of_one).abs() < 1e-6 * of_all, "{of_all} {of_one}");
	}
}
