//! From a score to a verdict with a stated false alarm rate.

use std::collections::VecDeque;

/// Scores kept; older ones make room, so that the threshold follows slow change.
const KEPT: usize = 2_048;

/// Scores of which one is looked at for a drift, and how many of those are enough on each side.
const APART: usize = 8;
const ENOUGH: usize = 30;

/// Critical value of the Kolmogorov distribution: `sqrt(-ln(1e-4 / 2) / 2)`.
const ONE_IN_TEN_THOUSAND: f64 = 2.225;

/// What a score means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
	/// Too few scores to tell.
	Calibrating,
	/// Within what is usual.
	Normal,
	/// Higher than is usual: its conformal p-value is at most the false alarm rate.
	Flagged,
}

/// Conformal calibration over a sliding set of scores.
///
/// The p-value of a score `s` against `n` calibration scores is `(1 + #{score >= s}) / (n + 1)`
/// (Laxhammar and Falkman 2010; Vovk et al. 2005, section 2). If normal scores are exchangeable,
/// the share `false_alarm_rate` of normal events is flagged, provided that every normal score is
/// recorded, flagged ones included: leaving those out would cut the tail off and lower the
/// threshold without end.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Calibration {
	false_alarm_rate: f64,
	needed: usize,
	scores: VecDeque<f64>,
}

impl Calibration {
	/// A calibration that gives its first verdict after `needed` scores.
	pub fn new(false_alarm_rate: f64, needed: usize) -> Self {
		Self { false_alarm_rate, needed: needed.min(KEPT), scores: VecDeque::new() }
	}

	/// How many scores there are.
	pub fn len(&self) -> usize {
		self.scores.len()
	}

	/// Whether there is no score yet.
	pub fn is_empty(&self) -> bool {
		self.scores.is_empty()
	}

	/// Judges a score without recording it.
	pub fn judge(&self, score: f64) -> Verdict {
		if self.scores.len() < self.needed {
			return Verdict::Calibrating;
		}
		// The p-value is (1 + reaching) / (scores + 1). It need not be known beyond the rate, so that
		// counting ends early for most events.
		let most = self.false_alarm_rate * (self.scores.len() + 1) as f64;
		let enough = most as usize;
		let reaching = self.scores.iter().filter(|other| **other >= score).take(enough).count();
		if (1 + reaching) as f64 <= most {
			Verdict::Flagged
		} else {
			Verdict::Normal
		}
	}

	/// Forgets the scores that reach a confirmed one: they were alike, and were not noticed.
	pub fn forget_from(&mut self, score: f64) {
		self.scores.retain(|other| *other < score);
	}

	/// Whether the newer half of the scores is distributed otherwise than the older one: what is usual has drifted
	/// (two-sample test of Kolmogorov and Smirnov at one in ten thousand; Smirnov 1939). Scores that follow each other
	/// depend on each other, so that only every eighth counts. Nothing while there are too few.
	pub fn has_drifted(&self) -> Option<bool> {
		let half = self.scores.len() / 2;
		let sorted = |scores: std::collections::vec_deque::Iter<f64>| {
			let mut sorted: Vec<f64> = scores.step_by(APART).copied().collect();
			sorted.sort_by(f64::total_cmp);
			sorted
		};
		let (older, newer) = (sorted(self.scores.range(..half)), sorted(self.scores.range(half..)));
		if older.len() < ENOUGH || newer.len() < ENOUGH {
			return None;
		}
		let share = |sorted: &[f64], value: f64| {
			sorted.partition_point(|other| *other <= value) as f64 / sorted.len() as f64
		};
		let gap = |value: &f64| (share(&older, *value) - share(&newer, *value)).abs();
		let greatest = older.iter().chain(&newer).map(gap).fold(0.0, f64::max);
		let (one, other) = (older.len() as f64, newer.len() as f64);
		Some(greatest > ONE_IN_TEN_THOUSAND * ((one + other) / (one * other)).sqrt())
	}

	/// Records the score of an event that is taken to be normal.
	pub fn record(&mut self, score: f64) {
		self.scores.push_back(score);
		if self.scores.len() > KEPT {
			self.scores.pop_front();
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use rand::{Rng, SeedableRng};

	#[test]
	fn exchangeable_scores_are_flagged_at_the_stated_rate() {
		let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(3);
		let mut calibration = Calibration::new(0.02, 200);
		let (mut flagged, mut judged) = (0, 0);
		for _ in 0..50_000 {
			let score = random.random::<f64>();
			let verdict = calibration.judge(score);
			judged += usize::from(verdict != Verdict::Calibrating);
			flagged += usize::from(verdict == Verdict::Flagged);
			calibration.record(score);
		}
		let rate = flagged as f64 / judged as f64;
		assert!((0.015..0.025).contains(&rate), "rate {rate}");
	}

	#[test]
	fn a_drift_is_told_while_it_is_new_and_mere_chance_is_none() {
		let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(5);
		let mut calibration = Calibration::new(0.02, 200);
		assert_eq!(calibration.has_drifted(), None);
		for step in 0..50_000 {
			calibration.record(random.random::<f64>());
			assert!(step % 500 != 0 || calibration.has_drifted() != Some(true), "{step}");
		}
		for _ in 0..KEPT / 2 {
			calibration.record(0.4 + random.random::<f64>());
		}
		assert_eq!(calibration.has_drifted(), Some(true));
		for _ in 0..KEPT {
			calibration.record(0.4 + random.random::<f64>());
		}
		assert_eq!(calibration.has_drifted(), Some(false), "it has become usual");
	}

	#[test]
	fn nothing_is_flagged_before_there_are_enough_scores() {
		let mut calibration = Calibration::new(0.1, 20);
		for _ in 0..19 {
			calibration.record(1.0);
		}
		assert_eq!(calibration.judge(9.0), Verdict::Calibrating);
		calibration.record(1.0);
		assert_eq!(calibration.judge(9.0), Verdict::Flagged);
		assert_eq!(calibration.judge(0.5), Verdict::Normal);
	}
}
