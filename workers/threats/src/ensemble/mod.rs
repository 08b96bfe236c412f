//! The learned part: one ensemble, one configuration, for every kind of event.
//!
//! | module | member |
//! |---|---|
//! | [`isolation`] | how few random cuts separate a point from the others; of unvetted baselines |
//! | [`density`] | how far its nearest neighbours are, also against how far theirs are |
//! | [`tails`] | how far out each feature lies; normal scores; what screens events |
//! | [`whitening`] | the space in which correlated features are independent |
//! | [`stream`] | the ensemble as a [`crate::Detector`] that learns |
//! | [`scaling`] | columns of any kind made comparable |
//!
//! Neighbours are sought in three spaces: standardised; standardised and normal scores together;
//! whitened. Every member's score is put on the scale of the scores that the baseline itself gets.
//! Of members that ask the same in several spaces the greatest counts, over the rest the mean is
//! taken. Everything is computed from a bounded reservoir and a seed, so that a
//! reservoir is a complete snapshot of an ensemble.

pub mod density;
pub mod isolation;
mod member;
pub mod random;
pub mod scaling;
pub mod stream;
pub mod table;
pub mod tails;
pub mod whitening;

use random::Random;
use scaling::{Column, Scaling, Value};
use table::Table;

use member::{Mapped, Member, Spaces};

/// What is known about what was learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Baseline {
	/// Nothing in it is an attack: a lab, a commissioning, a reviewed period. Neighbours alone are asked,
	/// and how far they are from their own; the space in which a row is most unusual counts.
	Vetted,
	/// Attacks may be among it, and not only a few. The two fifths of the baseline that are isolated most easily are not
	/// taken as neighbours, more neighbours are asked, and no distance is compared with the neighbours'
	/// own, which a clump of remembered attacks would mislead; histograms and the distance from most of the baseline
	/// are asked instead.
	Unvetted,
}

/// The one configuration. `Default` is what is evaluated and what is used.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EnsembleConfig {
	/// Seed of every random choice.
	pub seed: u64,
	/// Points remembered at most; of more, a random selection (Vitter 1985, algorithm R).
	pub reservoir: usize,
	/// Trees of the isolation forest.
	pub trees: usize,
	/// Neighbours asked.
	pub neighbours: usize,
	/// Neighbours asked where a distance is compared with the neighbours' own.
	pub relative_neighbours: usize,
	/// Neighbours asked of an unvetted baseline.
	pub unvetted_neighbours: usize,
	/// Share of an unvetted baseline that is not taken as neighbours.
	pub guarded_share: f64,
}

impl Default for EnsembleConfig {
	fn default() -> Self {
		Self {
			seed: 0,
			reservoir: 8_192,
			trees: 100,
			neighbours: 5,
			relative_neighbours: 20,
			unvetted_neighbours: 10,
			guarded_share: 0.4,
		}
	}
}

/// The share of the members' scores that a column accounts for, and its typical value.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribution {
	/// By column; sums to 1.
	pub shares: Vec<f64>,
}

/// A fitted ensemble.
pub struct Ensemble {
	scaling: Scaling,
	spaces: Spaces,
	/// Members that ask the same in other ways stand together.
	members: Vec<Vec<Calibrated>>,
	/// Sums of tails that screen: scores of the baseline, ascending.
	screened: Vec<f64>,
}

struct Calibrated {
	member: Box<dyn Member>,
	centre: f64,
	spread: f64,
}

impl Calibrated {
	/// Puts a member on the scale of its scores of the baseline: their median is 0, their ninth
	/// decile 1.
	fn new(member: Box<dyn Member>, baseline: &[Mapped]) -> Self {
		let mut scores: Vec<f64> =
			baseline.iter().map(|point| member.score(point)).filter(|s| s.is_finite()).collect();
		scores.sort_by(f64::total_cmp);
		let quantile = |share: f64| {
			let place = (share * scores.len() as f64) as usize;
			scores.get(place.min(scores.len().saturating_sub(1))).copied().unwrap_or(0.0)
		};
		let centre = quantile(0.5);
		let mut spread = quantile(0.9) - centre;
		if spread <= 1e-6 {
			let squares = scores.iter().map(|score| (score - centre).powi(2)).sum::<f64>();
			spread = (squares / scores.len().max(1) as f64).sqrt().max(1e-6);
		}
		Self { member, centre, spread }
	}

	fn score(&self, point: &Mapped) -> f64 {
		let score = (self.member.score(point) - self.centre) / self.spread;
		let [least, greatest] = self.member.range();
		if score.is_finite() {
			score.clamp(least, greatest)
		} else {
			greatest
		}
	}
}

impl Ensemble {
	/// Learns a baseline. Of more rows than the reservoir holds a random selection is learned.
	pub fn fit(
		columns: &[Column],
		rows: &[Vec<Value>],
		baseline: Baseline,
		config: &EnsembleConfig,
	) -> Self {
		let mut random = Random::new(config.seed);
		let chosen: Vec<&Vec<Value>> = if rows.len() > config.reservoir {
			random.sample(rows.len(), config.reservoir).into_iter().map(|row| &rows[row]).collect()
		} else {
			rows.iter().collect()
		};
		let scaling = Scaling::fit(columns, &chosen);
		let standard: Table = chosen.iter().map(|row| scaling.apply(row)).collect();
		let spaces = Spaces::fit(&standard);
		let mapped: Vec<Mapped> = standard.rows().map(|row| spaces.map(row.to_vec())).collect();
		let calibrated = |member: Box<dyn Member>| Calibrated::new(member, &mapped);
		let members = match baseline {
			Baseline::Vetted => {
				let all: Vec<&Mapped> = mapped.iter().collect();
				let (mut distances, mut relative): (Vec<_>, Vec<_>) = Default::default();
				for space in member::Space::ALL {
					let (around, own) = member::Neighbourhood::fit_with_own(space, &all, config);
					distances.push(calibrated(Box::new(around.distance(config.neighbours))));
					let count = config.relative_neighbours;
					relative.push(calibrated(Box::new(around.relative(count, own))));
				}
				vec![distances, relative]
			},
			Baseline::Unvetted => {
				let forest = member::Isolation::fit(&standard, config.trees, &mut random);
				let guards =
					[calibrated(Box::new(forest.clone())), calibrated(Box::new(member::TailSum))];
				let suspicion =
					|point: &Mapped| guards.iter().map(|guard| guard.score(point)).sum();
				let scores: Vec<f64> = mapped.iter().map(suspicion).collect();
				let easiest = greatest(&scores, config.guarded_share);
				let kept: Vec<&Mapped> = mapped
					.iter()
					.enumerate()
					.filter(|(index, _)| easiest.binary_search(index).is_err())
					.map(|(_, point)| point)
					.collect();
				let distance = |space| -> Box<dyn Member> {
					let around = member::Neighbourhood::fit(space, &kept, config);
					Box::new(around.distance(config.unvetted_neighbours))
				};
				let members = member::Space::ALL.map(distance).into_iter();
				let more: [Box<dyn Member>; 3] = [
					Box::new(forest),
					Box::new(member::HistogramSum),
					Box::new(member::FromMost::fit(&standard)),
				];
				members.chain(more).map(|member| vec![calibrated(member)]).collect()
			},
		};
		let mut screened: Vec<f64> = mapped.iter().map(|point| point.tail_sum).collect();
		screened.sort_by(f64::total_cmp);
		Self { scaling, spaces, members, screened }
	}

	fn map(&self, row: &[Value]) -> Mapped {
		self.spaces.map(self.scaling.apply(row))
	}

	/// How unusual a row is: each member has the median of its baseline at 0, the ninth decile at 1.
	pub fn score(&self, row: &[Value]) -> f64 {
		let point = self.map(row);
		let greatest = |members: &Vec<Calibrated>| {
			members.iter().map(|member| member.score(&point)).fold(f64::NEG_INFINITY, f64::max)
		};
		self.members.iter().map(greatest).sum::<f64>() / self.members.len().max(1) as f64
	}

	/// Score of each member by name, on the common scale.
	pub fn member_scores(&self, row: &[Value]) -> Vec<(&'static str, f64)> {
		let point = self.map(row);
		let members = self.members.iter().flatten();
		members.map(|member| (member.member.name(), member.score(&point))).collect()
	}

	/// Share of the baseline whose features lie no further out than those of the row: cheap, and
	/// blind to unusual combinations of usual values.
	pub fn screen(&self, row: &[Value]) -> f64 {
		let sum = self.spaces.tail_sum(&self.scaling.apply(row));
		let below = self.screened.partition_point(|other| *other <= sum);
		below as f64 / self.screened.len().max(1) as f64
	}

	/// Share of every column in what makes the row unusual: the mean over the neighbourhoods of its
	/// share in the squared distance to the neighbours, in standardised units.
	pub fn attribution(&self, row: &[Value]) -> Attribution {
		let point = self.map(row);
		let width = point.standard.len();
		let mut shares = vec![0.0; width];
		for member in self.members.iter().flatten() {
			let mut own = vec![0.0; width];
			member.member.attribute(&point, &mut own);
			let sum: f64 = own.iter().sum();
			if sum > 0.0 && sum.is_finite() {
				let weight = member.score(&point).max(0.0);
				for (share, own) in shares.iter_mut().zip(own) {
					*share += weight * own / sum;
				}
			}
		}
		let sum: f64 = shares.iter().sum();
		if sum > 0.0 {
			shares.iter_mut().for_each(|share| *share /= sum);
		} else {
			shares.fill(1.0 / width.max(1) as f64);
		}
		Attribution { shares }
	}
}

/// Positions of the greatest so large a share of the scores, ascending.
fn greatest(scores: &[f64], share: f64) -> Vec<usize> {
	let mut order: Vec<usize> = (0..scores.len()).collect();
	order.sort_by(|one, other| scores[*other].total_cmp(&scores[*one]));
	order.truncate((scores.len() as f64 * share) as usize);
	order.sort_unstable();
	order
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_space_in_which_a_row_is_most_unusual_counts_and_a_dense_place_excuses_nothing() {
		let mut random = Random::new(6);
		let row = |one: f64, other: f64| vec![Value::Number(one), Value::Number(other)];
		let rows: Vec<Vec<Value>> = (0..600)
			.map(|_| {
				let value = random.normal();
				row(value, value + 0.05 * random.normal())
			})
			.collect();
		let config = EnsembleConfig::default();
		let ensemble = Ensemble::fit(&[Column::Number; 2], &rows, Baseline::Vetted, &config);
		for at in [row(0.0, 0.0), row(0.5, -0.5), row(9.0, 9.0)] {
			let scores = ensemble.member_scores(&at);
			let greatest = |prefix: &str| {
				let of = scores.iter().filter(|(name, _)| name.starts_with(prefix));
				of.map(|(_, score)| *score).fold(f64::NEG_INFINITY, f64::max)
			};
			assert!(greatest("relative") >= 0.0);
			let mean = (greatest("distance") + greatest("relative")) / 2.0;
			assert!((ensemble.score(&at) - mean).abs() < 1e-9);
		}
		// Both values are usual, together they are not.
		assert!(ensemble.score(&row(0.5, -0.5)) > 3.0 * ensemble.score(&row(0.5, 0.5)).max(0.1));
	}
}
