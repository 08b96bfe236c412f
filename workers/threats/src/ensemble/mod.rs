//! The learned part: one ensemble, one configuration, for every kind of event.
//!
//! | module | member |
//! |---|---|
//! | [`density`] | how far its nearest neighbours are, also against how far theirs are |
//! | [`subsamples`] | how far the nearest in small random selections are; of unvetted baselines |
//! | [`isolation`] | how few random cuts separate a point from the others; which part of an unvetted baseline is trusted |
//! | [`tails`] | how far out each feature lies; normal scores; what screens events |
//! | [`whitening`] | the space in which correlated features are independent |
//! | [`stream`] | the ensemble as a [`crate::Detector`] that learns |
//! | [`scaling`] | columns of any kind made comparable |
//!
//! Of a vetted baseline neighbours are sought in three spaces: standardised; standardised and normal scores together;
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
pub mod subsamples;
pub mod table;
pub mod tails;
pub mod whitening;

use std::sync::Arc;

use isolation::IsolationForest;
use member::{Mapped, Member, Spaces};
use random::Random;
use scaling::{Column, Scaling, Value};
use table::Table;
use tails::Tails;

/// What is known about what was learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Baseline {
	/// Nothing in it is an attack: a lab, a commissioning, a reviewed period. Neighbours alone are asked,
	/// and how far they are from their own; the space in which a row is most unusual counts, and the nearest neighbour of all
	/// in the plainest of them.
	Vetted,
	/// Attacks may be among it, up to a third and more, and alike. Members therefore learn the three fifths of the baseline
	/// that small trees isolate least easily: how far a row is from the middle of them, from its nearest neighbours there, and
	/// from the nearest in small selections of it. How easily a row is isolated is asked of the whole. No distance is compared
	/// with the neighbours' own, which a clump of remembered attacks would mislead.
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
	/// Trees of the isolation forest of an unvetted baseline.
	pub trees: usize,
	/// Neighbours asked.
	pub neighbours: usize,
	/// Neighbours asked where a distance is compared with the neighbours' own.
	pub relative_neighbours: usize,
	/// Neighbours asked of an unvetted baseline.
	pub unvetted_neighbours: usize,
}

impl Default for EnsembleConfig {
	fn default() -> Self {
		Self {
			seed: 0,
			reservoir: 8_192,
			trees: 100,
			neighbours: 5,
			relative_neighbours: 20,
			unvetted_neighbours: 20,
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
	tails: Arc<Tails>,
	members: Members,
	/// Sums of tails that screen: scores of the baseline, ascending.
	screened: Vec<f64>,
}

struct Calibrated {
	member: Box<dyn Member>,
	scale: Scale,
}

/// Puts the median of scores at 0, their ninth decile at 1.
struct Scale {
	centre: f64,
	spread: f64,
}

impl Scale {
	fn of(scores: impl Iterator<Item = f64>) -> Self {
		let mut scores: Vec<f64> = scores.filter(|score| score.is_finite()).collect();
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
		Self { centre, spread }
	}

	fn apply(&self, score: f64) -> f64 {
		(score - self.centre) / self.spread
	}
}

impl Calibrated {
	fn new(member: Box<dyn Member>, baseline: &[Mapped]) -> Self {
		let scale = Scale::of(baseline.iter().map(|point| member.score(point)));
		Self { member, scale }
	}

	fn score(&self, point: &Mapped) -> f64 {
		let score = self.scale.apply(self.member.score(point));
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
		let tails = Arc::new(Tails::fit(&standard));
		let mut screened: Vec<f64> = standard.rows().map(|row| tails.tail_sum(row)).collect();
		screened.sort_by(f64::total_cmp);
		let (spaces, members) = match baseline {
			Baseline::Vetted => vetted(&standard, tails.clone(), config),
			Baseline::Unvetted => unvetted(&standard, config, &mut random),
		};
		Self { scaling, spaces, tails, members, screened }
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
		let sum = self.tails.tail_sum(&self.scaling.apply(row));
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

/// Members that ask the same in other ways stand together.
type Members = Vec<Vec<Calibrated>>;

fn vetted(standard: &Table, tails: Arc<Tails>, config: &EnsembleConfig) -> (Spaces, Members) {
	let spaces = Spaces::fit(Some(tails), standard);
	let mapped: Vec<Mapped> = standard.rows().map(|row| spaces.map(row.to_vec())).collect();
	let all: Vec<&Mapped> = mapped.iter().collect();
	let (mut distances, mut nearest, mut relative) = (Vec::new(), Vec::new(), Vec::new());
	for space in member::Space::ALL {
		let (around, own) = member::Neighbourhood::fit_with_own(space, &all, config);
		let add = |to: &mut Vec<_>, member| to.push(Calibrated::new(member, &mapped));
		add(&mut distances, Box::new(around.distance(config.neighbours)));
		if space == member::Space::Standard {
			add(&mut nearest, Box::new(around.distance(1)));
		}
		add(&mut relative, Box::new(around.relative(config.relative_neighbours, own)));
	}
	(spaces, vec![distances, nearest, relative])
}

/// Trees that tell what to trust, and points of each: of so few a clump has no more than its share, however dense it is, so
/// that each of its points is cut off as early as others far out.
const OF_TRUST: (usize, usize) = (400, 8);

/// Points of a tree of the member.
const OF_MEMBER: usize = 128;

fn unvetted(standard: &Table, config: &EnsembleConfig, random: &mut Random) -> (Spaces, Members) {
	let trusted = least_suspicious(standard, random);
	let most = standard.select(trusted.iter().copied());
	let spaces = Spaces::fit(None, &most);
	let mapped: Vec<Mapped> = standard.rows().map(|row| spaces.map(row.to_vec())).collect();
	let kept: Vec<&Mapped> = trusted.into_iter().map(|place| &mapped[place]).collect();
	let around = member::Neighbourhood::fit(member::Space::Whitened, &kept, config);
	let members: [Box<dyn Member>; 4] = [
		Box::new(IsolationForest::fit(standard, config.trees, OF_MEMBER, random)),
		Box::new(member::FromTrusted::new(&spaces)),
		Box::new(around.distance(config.unvetted_neighbours)),
		Box::new(member::Sampled::fit(&most, random)),
	];
	let members = members.into_iter().map(|member| vec![Calibrated::new(member, &mapped)]);
	(spaces, members.collect())
}

/// Positions of the three fifths of the rows that are isolated least easily, ascending.
fn least_suspicious(standard: &Table, random: &mut Random) -> Vec<usize> {
	let (trees, points) = OF_TRUST;
	let forest = IsolationForest::fit(standard, trees, points, random);
	let suspicion: Vec<f64> = standard.rows().map(|row| forest.score(row)).collect();
	let mut order: Vec<usize> = (0..suspicion.len()).collect();
	order.sort_by(|one, other| suspicion[*one].total_cmp(&suspicion[*other]));
	order.truncate((3 * standard.len()).div_ceil(5));
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
			let mean = (greatest("distance") + greatest("nearest") + greatest("relative")) / 3.0;
			assert!((ensemble.score(&at) - mean).abs() < 1e-9);
		}
		// Both values are usual, together they are not.
		assert!(ensemble.score(&row(0.5, -0.5)) > 3.0 * ensemble.score(&row(0.5, 0.5)).max(0.1));
	}

	#[test]
	fn a_third_of_the_baseline_that_is_one_dense_attack_stays_unusual() {
		let mut random = Random::new(9);
		let rows: Vec<Vec<Value>> = (0..900)
			.map(|row| {
				let (at, around) = if row % 3 == 0 { (4.0, 0.05) } else { (0.0, 1.0) };
				(0..4).map(|_| Value::Number(at + around * random.normal())).collect()
			})
			.collect();
		let config = EnsembleConfig::default();
		let attack = vec![Value::Number(4.0); 4];
		let normal: Vec<Value> = [1.5, -1.0, 0.5, -1.5].map(Value::Number).into();
		let lead = |baseline| {
			let ensemble = Ensemble::fit(&[Column::Number; 4], &rows, baseline, &config);
			ensemble.score(&attack) - ensemble.score(&normal)
		};
		assert!(lead(Baseline::Unvetted) > 0.0, "{}", lead(Baseline::Unvetted));
		assert!(lead(Baseline::Vetted) < 0.0);
	}
}
