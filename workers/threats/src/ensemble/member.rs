//! The members of the ensemble, behind one trait.

use std::sync::Arc;

use super::{
	density::{mean_distance, Neighbours},
	isolation::IsolationForest,
	random::Random,
	subsamples::Subsamples,
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
	/// Empty where nobody asks for it.
	joint: Vec<f32>,
	pub(super) whitened: Vec<f32>,
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
	/// Of the joint space, if it is asked for.
	tails: Option<Arc<Tails>>,
	whitening: Whitening,
}

impl Spaces {
	/// `most` are the rows whose features are made independent.
	pub(super) fn fit(tails: Option<Arc<Tails>>, most: &Table) -> Self {
		Self { tails, whitening: Whitening::fit(most) }
	}

	pub(super) fn map(&self, standard: Vec<f32>) -> Mapped {
		let joint = self.tails.as_ref().map(|tails| {
			let columns = standard.iter().copied().enumerate();
			let scores = columns.map(|(column, value)| tails.normal_score(column, value));
			let logarithms = standard.iter().map(|value| value.signum() * value.abs().ln_1p());
			scores.chain(logarithms).collect()
		});
		Mapped {
			joint: joint.unwrap_or_default(),
			whitened: self.whitening.apply(&standard),
			standard,
		}
	}

	/// The middle of the rows whose features were made independent.
	pub(super) fn middle(&self) -> &[f64] {
		self.whitening.mean()
	}
}

/// Least and greatest score that count of members of an unvetted baseline, in its spreads: where hardly anything varied, a
/// distance has no bound that means something.
const UNVETTED_RANGE: [f64; 2] = [-3.0, 10.0];

impl Member for IsolationForest {
	fn name(&self) -> &'static str {
		"isolation"
	}

	fn score(&self, point: &Mapped) -> f64 {
		self.score(&point.standard)
	}

	fn range(&self) -> [f64; 2] {
		UNVETTED_RANGE
	}

	/// A cut mixes two columns.
	fn attribute(&self, _: &Mapped, _: &mut [f64]) {}
}

/// Distance from the middle of the trusted rows, in its own spread: a minimum covariance determinant (Rousseeuw and Van
/// Driessen, Technometrics 1999) whose rows are not sought, but given.
pub(super) struct FromTrusted {
	middle: Vec<f64>,
}

impl FromTrusted {
	pub(super) fn new(spaces: &Spaces) -> Self {
		Self { middle: spaces.middle().to_vec() }
	}
}

impl Member for FromTrusted {
	fn name(&self) -> &'static str {
		"distance-from-trusted"
	}

	fn score(&self, point: &Mapped) -> f64 {
		point.whitened.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt()
	}

	fn range(&self) -> [f64; 2] {
		UNVETTED_RANGE
	}

	fn attribute(&self, point: &Mapped, shares: &mut [f64]) {
		for (share, (value, middle)) in
			shares.iter_mut().zip(point.standard.iter().zip(&self.middle))
		{
			*share += (f64::from(*value) - middle).powi(2);
		}
	}
}

/// Logarithm of the mean distance to the nearest of each subsample.
pub(super) struct Sampled {
	subsamples: Subsamples,
	/// Median of these distances among the baseline.
	median: f64,
}

impl Sampled {
	pub(super) fn fit(trusted: &Table, random: &mut Random) -> Self {
		let subsamples = Subsamples::fit(trusted, random);
		let step = trusted.len().div_ceil(SAMPLED).max(1);
		let distances = trusted.rows().step_by(step).map(|row| subsamples.distance(row));
		let median = median(distances.collect());
		Self { subsamples, median }
	}
}

impl Member for Sampled {
	fn name(&self) -> &'static str {
		"distance-sampled"
	}

	fn score(&self, point: &Mapped) -> f64 {
		(self.subsamples.distance(&point.standard) + LEAST * self.median + 1e-6).ln()
	}

	fn range(&self) -> [f64; 2] {
		UNVETTED_RANGE
	}

	fn attribute(&self, point: &Mapped, shares: &mut [f64]) {
		self.subsamples.attribute(&point.standard, shares);
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
			_ if self.count == 1 => "nearest",
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
