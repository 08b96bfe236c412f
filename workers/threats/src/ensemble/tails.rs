//! How far out every single feature lies.

use super::table::Table;

/// Sorted values of every feature.
#[derive(Clone, Debug)]
pub struct Tails {
	sorted: Vec<Vec<f32>>,
	histograms: Vec<Histogram>,
}

/// Equal bins between the least and the greatest value.
#[derive(Clone, Debug)]
struct Histogram {
	least: f32,
	bins_per_unit: f32,
	/// `−ln` of the share in each bin.
	surprise: Vec<f32>,
	/// `−ln` of the share of a bin with nothing.
	empty: f32,
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
		Self { histograms: sorted.iter().map(|values| Histogram::new(values)).collect(), sorted }
	}

	/// For one feature, `−ln` of the two-sided tail probability of a value (Li et al., ECOD, IEEE
	/// TKDE 2022, the empirical tails). 0 in the middle.
	pub fn tail(&self, column: usize, value: f32) -> f64 {
		-self.tail_share(column, value).ln()
	}

	/// Sum over the features of their tails: cheap, for one logarithm serves many.
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

	/// `−ln` of the share of the bin in which the value lies (Goldstein and Dengel, HBOS, KI 2012).
	pub fn histogram(&self, column: usize, value: f32) -> f64 {
		f64::from(self.histograms[column].surprise_of(value))
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

	/// Features.
	pub fn width(&self) -> usize {
		self.sorted.len()
	}
}

impl Histogram {
	fn new(sorted: &[f32]) -> Self {
		let count = sorted.len() as f32;
		let (least, greatest) = match (sorted.first(), sorted.last()) {
			(Some(least), Some(greatest)) => (*least, *greatest),
			_ => (0.0, 0.0),
		};
		let bins = if greatest > least { (count.sqrt() as usize).clamp(10, 100) } else { 1 };
		let bins_per_unit = if bins > 1 { bins as f32 / (greatest - least) } else { 0.0 };
		let mut counts = vec![0usize; bins];
		for value in sorted {
			counts[(((value - least) * bins_per_unit) as usize).min(bins - 1)] += 1;
		}
		let surprise = |members: usize| -((members as f32 + 0.5) / (count + 1.0)).ln();
		let empty = surprise(0);
		let mut histogram = Self {
			least,
			bins_per_unit,
			surprise: counts.into_iter().map(surprise).collect(),
			empty,
		};
		if bins == 1 {
			// A constant: anything else was never seen.
			histogram.bins_per_unit = f32::INFINITY;
		}
		histogram
	}

	fn surprise_of(&self, value: f32) -> f32 {
		let offset = value - self.least;
		if offset == 0.0 {
			return self.surprise[0];
		}
		let bin = offset * self.bins_per_unit;
		let last = self.surprise.len() as f32;
		if bin < 0.0 || bin > last * 1.000_001 {
			return self.empty;
		}
		self.surprise[(bin as usize).min(self.surprise.len() - 1)]
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
	fn tails_and_histograms_rise_away_from_the_middle_and_a_constant_knows_its_value() {
		let points: Table = (0..1_000).map(|row| [row as f32, 7.0]).collect();
		let tails = Tails::fit(&points);
		assert!(tails.tail(0, 500.0) < 0.1 && tails.tail(0, 990.0) > 3.0);
		assert!(tails.tail(0, 2_000.0) > tails.tail(0, 990.0));
		let sum = tails.tail(0, 990.0) + tails.tail(1, 8.0);
		assert!((tails.tail_sum(&[990.0, 8.0]) - sum).abs() < 1e-9);
		assert!(tails.histogram(0, -50.0) > tails.histogram(0, 10.0) + 3.0);
		assert!(tails.histogram(1, 7.0) < 0.1 && tails.histogram(1, 7.1) > 6.0);
		assert!((tails.normal_score(0, 499.5)).abs() < 0.01);
	}
}
