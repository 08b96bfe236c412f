//! The members of the ensemble, behind one trait.

use std::sync::Arc;

use super::{
	density::{mean_distance, Neighbours},
	isolation::IsolationForest,
	random::Random,
	table::Table,
	tails::Tails,
	whitening::Whitening,
	EnsembleConfig,
};

/// A detector of the ensemble.
pub(super) trait Member: Send + Sync {
	/// Its name.
	fn name(&self) -> &'static str;

	/// How unusual a point is, on a scale of its own.
	fn score(&self, point: &Mapped) -> f64;

	/// The least and the greatest score that count, in spreads of the baseline.
	fn range(&self) -> [f64; 2] {
		[f64::NEG_INFINITY, 1e3]
	}

	/// Adds what each column contributes.
	fn attribute(&self, point: &Mapped, shares: &mut [f64]);
}

/// A point in every space.
pub(super) struct Mapped {
	pub(super) standard: Vec<f32>,
	pub(super) joint: Vec<f32>,
	pub(super) whitened: Vec<f32>,
	/// Sum over the columns of `−ln` of the tail probability.
	pub(super) tail_sum: f64,
	tails: Vec<f64>,
	bins: Vec<f64>,
}

/// Where neighbours are sought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
	/// Standardised columns.
	Standard,
	/// Logarithms of standardised columns and normal scores, side by side.
	Joint,
	/// Whitened columns.
	Whitened,
}

impl Space {
	pub(super) const ALL: [Self; 3] = [Self::Standard, Self::Joint, Self::Whitened];

	fn of(self, point: &Mapped) -> &[f32] {
		match self {
			Self::Standard => &point.standard,
			Self::Joint => &point.joint,
			Self::Whitened => &point.whitened,
		}
	}
}

/// The maps into the spaces.
pub(super) struct Spaces {
	tails: Tails,
	whitening: Whitening,
}

impl Spaces {
	pub(super) fn fit(standard: &Table) -> Self {
		Self { tails: Tails::fit(standard), whitening: Whitening::fit(standard) }
	}

	pub(super) fn map(&self, standard: Vec<f32>) -> Mapped {
		let columns = || standard.iter().copied().enumerate();
		let scores = columns().map(|(column, value)| self.tails.normal_score(column, value));
		let logarithms = standard.iter().map(|value| value.signum() * value.abs().ln_1p());
		let tails: Vec<f64> =
			columns().map(|(column, value)| self.tails.tail(column, value)).collect();
		let joint = scores.chain(logarithms).collect();
		let bins = columns().map(|(column, value)| self.tails.histogram(column, value)).collect();
		Mapped {
			joint,
			whitened: self.whitening.apply(&standard),
			tail_sum: tails.iter().sum(),
			tails,
			bins,
			standard,
		}
	}

	pub(super) fn tail_sum(&self, standard: &[f32]) -> f64 {
		self.tails.tail_sum(standard)
	}
}

/// See [`IsolationForest`].
#[derive(Clone)]
pub(super) struct Isolation(IsolationForest);

impl Isolation {
	pub(super) fn fit(standard: &Table, trees: usize, random: &mut Random) -> Self {
		Self(IsolationForest::fit(standard, trees, random))
	}
}

impl Member for Isolation {
	fn name(&self) -> &'static str {
		"isolation"
	}

	fn score(&self, point: &Mapped) -> f64 {
		self.0.score(&point.standard)
	}

	/// A forest isolates what lies far out: the tails say in which column.
	fn attribute(&self, point: &Mapped, shares: &mut [f64]) {
		for (share, tail) in shares.iter_mut().zip(&point.tails) {
			*share += tail;
		}
	}
}

/// The sum of the tails.
pub(super) struct TailSum;

impl Member for TailSum {
	fn name(&self) -> &'static str {
		"tails"
	}

	fn score(&self, point: &Mapped) -> f64 {
		point.tail_sum
	}

	fn attribute(&self, point: &Mapped, shares: &mut [f64]) {
		for (share, tail) in shares.iter_mut().zip(&point.tails) {
			*share += tail;
		}
	}
}

/// The sum over the columns of `−ln` of the share of the bin.
pub(super) struct HistogramSum;

impl Member for HistogramSum {
	fn name(&self) -> &'static str {
		"histogram"
	}

	fn score(&self, point: &Mapped) -> f64 {
		point.bins.iter().sum()
	}

	fn attribute(&self, point: &Mapped, shares: &mut [f64]) {
		for (share, surprise) in shares.iter_mut().zip(&point.bins) {
			*share += surprise;
		}
	}
}

/// Distance from the middle of most of the baseline, in its own spread (the minimum covariance determinant of Rousseeuw
/// and Van Driessen, Technometrics 1999, by their concentration steps from the whole baseline).
pub(super) struct FromMost {
	whitening: Whitening,
}

/// Share of the baseline that is most of it.
const MOST: f64 = 0.7;

/// Concentration steps at most; a few suffice.
const STEPS: usize = 10;

impl FromMost {
	pub(super) fn fit(standard: &Table) -> Self {
		let count = (MOST * standard.len() as f64) as usize;
		let mut whitening = Whitening::fit(standard);
		let mut kept: Vec<usize> = Vec::new();
		for _ in 0..STEPS {
			let mut order: Vec<(f64, usize)> = standard
				.rows()
				.enumerate()
				.map(|(place, row)| (length(&whitening.apply(row)), place))
				.collect();
			order.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
			let mut nearest: Vec<usize> = order[..count].iter().map(|(_, place)| *place).collect();
			nearest.sort_unstable();
			if nearest == kept || nearest.is_empty() {
				break;
			}
			whitening = Whitening::fit(&standard.select(nearest.iter().copied()));
			kept = nearest;
		}
		Self { whitening }
	}
}

fn length(point: &[f32]) -> f64 {
	point.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt()
}

impl Member for FromMost {
	fn name(&self) -> &'static str {
		"distance-from-most"
	}

	fn score(&self, point: &Mapped) -> f64 {
		length(&self.whitening.apply(&point.standard))
	}

	/// Where hardly anything varied, the distance has no bound that means something.
	fn range(&self) -> [f64; 2] {
		[-3.0, 10.0]
	}

	fn attribute(&self, point: &Mapped, shares: &mut [f64]) {
		let mean = self.whitening.mean();
		for (share, (value, mean)) in shares.iter_mut().zip(point.standard.iter().zip(mean)) {
			*share += (f64::from(*value) - mean).powi(2);
		}
	}
}

/// Neighbours in one space, and how far their own neighbours are.
#[derive(Clone)]
pub(super) struct Neighbourhood {
	space: Space,
	neighbours: Arc<Neighbours>,
	/// Median of the mean distances of remembered points to their own neighbours.
	median: f64,
}

/// Mean distance of each remembered point to its own neighbours.
pub(super) struct Own(Vec<f64>);

/// Remembered points from which the median of the distances is taken where no more is asked of them.
const SAMPLED: usize = 256;

/// Smallest mean distance that is believed, in medians of the baseline: below it lie equal points.
const LEAST: f64 = 0.01;

/// The same where distances are compared: within a dense mass every step would be a large multiple
/// of the steps around it.
const LEAST_RELATIVE: f64 = 0.3;

/// Greatest relative distance that counts, in spreads of the baseline: local oddity is a reason to
/// look, not proof by itself.
const GREATEST_RELATIVE: f64 = 1.0;

impl Neighbourhood {
	/// Remembers points.
	pub(super) fn fit(space: Space, points: &[&Mapped], config: &EnsembleConfig) -> Self {
		let mut around = Self::remember(space, points);
		let step = around.neighbours.len().div_ceil(SAMPLED).max(1);
		around.median = median(around.own_distances(step, config));
		around
	}

	/// Remembers points, and how far the neighbours of each are.
	pub(super) fn fit_with_own(
		space: Space,
		points: &[&Mapped],
		config: &EnsembleConfig,
	) -> (Self, Own) {
		let mut around = Self::remember(space, points);
		let own = around.own_distances(1, config);
		around.median = median(own.clone());
		(around, Own(own))
	}

	fn remember(space: Space, points: &[&Mapped]) -> Self {
		let table: Table = points.iter().map(|point| space.of(point)).collect();
		Self { space, neighbours: Neighbours::fit(&table).into(), median: 0.0 }
	}

	/// Mean distances to their own neighbours, of every so many remembered points.
	fn own_distances(&self, step: usize, config: &EnsembleConfig) -> Vec<f64> {
		let mut found = Vec::new();
		(0..self.neighbours.len() as u32)
			.step_by(step)
			.map(|position| {
				let point = self.neighbours.point(position);
				self.neighbours.nearest(point, config.relative_neighbours, &mut found);
				mean_distance(&found)
			})
			.collect()
	}

	pub(super) fn distance(&self, count: usize) -> Distance {
		Distance { around: self.clone(), count }
	}

	pub(super) fn relative(&self, count: usize, own: Own) -> Relative {
		Relative { around: self.clone(), own, count }
	}

	/// The squared differences to the neighbours, by column.
	fn attribute(&self, point: &Mapped, count: usize, shares: &mut [f64]) {
		let at = self.space.of(point);
		let mut found = Vec::new();
		self.neighbours.nearest(at, count, &mut found);
		let width = shares.len();
		for (_, position) in found {
			let neighbour = self.neighbours.point(position);
			for (place, (value, other)) in at.iter().zip(neighbour).enumerate() {
				shares[place % width] += f64::from((value - other).powi(2));
			}
		}
	}
}

/// 0 if nothing is remembered.
fn median(mut distances: Vec<f64>) -> f64 {
	distances.sort_by(f64::total_cmp);
	distances.get(distances.len() / 2).copied().filter(|own| own.is_finite()).unwrap_or(0.0)
}

/// Logarithm of the mean distance to the nearest neighbours.
pub(super) struct Distance {
	around: Neighbourhood,
	count: usize,
}

impl Member for Distance {
	fn name(&self) -> &'static str {
		match self.around.space {
			Space::Standard => "distance",
			Space::Joint => "distance-of-ranks",
			Space::Whitened => "distance-whitened",
		}
	}

	fn score(&self, point: &Mapped) -> f64 {
		let mut found = Vec::with_capacity(self.count + 1);
		let at = self.around.space.of(point);
		self.around.neighbours.nearest(at, self.count, &mut found);
		(mean_distance(&found) + LEAST * self.around.median + 1e-6).ln()
	}

	fn attribute(&self, point: &Mapped, shares: &mut [f64]) {
		// A whitened column mixes several.
		if self.around.space != Space::Whitened {
			self.around.attribute(point, self.count, shares);
		}
	}
}

/// Logarithm of the mean distance to the nearest neighbours over the mean of theirs (after Breunig et
/// al., LOF, SIGMOD 2000, in the simplified form of Schubert et al. 2014).
pub(super) struct Relative {
	around: Neighbourhood,
	own: Own,
	count: usize,
}

impl Member for Relative {
	fn name(&self) -> &'static str {
		match self.around.space {
			Space::Standard => "relative-distance",
			Space::Joint => "relative-distance-of-ranks",
			Space::Whitened => "relative-distance-whitened",
		}
	}

	fn score(&self, point: &Mapped) -> f64 {
		let mut found = Vec::with_capacity(self.count + 1);
		let Neighbourhood { space, neighbours, median } = &self.around;
		neighbours.nearest(space.of(point), self.count, &mut found);
		let theirs: f64 = found.iter().map(|(_, position)| self.own.0[*position as usize]).sum();
		let theirs = theirs / found.len().max(1) as f64;
		let least = LEAST_RELATIVE * median + 1e-6;
		((mean_distance(&found) + least) / (theirs + least)).ln()
	}

	/// A row that lies closer than its neighbours do is no more usual for it.
	fn range(&self) -> [f64; 2] {
		[0.0, GREATEST_RELATIVE]
	}

	fn attribute(&self, point: &Mapped, shares: &mut [f64]) {
		if self.around.space != Space::Whitened {
			self.around.attribute(point, self.count, shares);
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_clump_of_a_quarter_of_the_baseline_is_far_from_most_of_it() {
		let mut random = Random::new(3);
		let rows: Table = (0..400)
			.map(|row| {
				let value = random.normal();
				let beside = if row % 4 == 0 { 3.0 } else { 0.0 };
				[value as f32, (value + beside + 0.1 * random.normal()) as f32]
			})
			.collect();
		let spaces = Spaces::fit(&rows);
		let score = |row: [f32; 2]| FromMost::fit(&rows).score(&spaces.map(row.to_vec()));
		assert!(score([0.0, 3.0]) > 4.0 * score([1.0, 1.0]));
		assert_eq!(FromMost::fit(&Table::new(2)).score(&spaces.map(vec![0.0, 0.0])), 0.0);
	}
}
