//! From a score to a verdict with a stated false alarm rate.

use std::collections::VecDeque;

/// Scores kept; older ones make room, so that the threshold follows slow change.
pub(crate) const KEPT: usize = 2_048;

/// Share of the false alarm rate that scores of alerts may make up. Whatever happens during alerts, a quarter of
/// the scores that lie above the threshold are those of events without one.
const OF_ALERTS: f64 = 0.75;

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
/// threshold without end. Whether what led to an alert was normal nobody knows before a person says so. Those scores
/// are recorded too, but never more than three quarters of `false_alarm_rate` of all: as many attacks as there may be,
/// the threshold stays below the score that a quarter of `false_alarm_rate` of the other events reach.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Calibration {
	false_alarm_rate: f64,
	needed: usize,
	scores: VecDeque<f64>,
	/// Scores that led to alerts, each with what was recorded before it.
	of_alerts: VecDeque<(u64, f64)>,
	recorded: u64,
}

impl Calibration {
	/// A calibration that gives its first verdict after `needed` scores.
	pub fn new(false_alarm_rate: f64, needed: usize) -> Self {
		Self {
			false_alarm_rate,
			needed: needed.min(KEPT),
			scores: VecDeque::new(),
			of_alerts: VecDeque::new(),
			recorded: 0,
		}
	}

	/// How many scores there are.
	pub fn len(&self) -> usize {
		self.scores.len() + self.of_alerts.len()
	}

	/// Whether there is no score yet.
	pub fn is_empty(&self) -> bool {
		self.len() == 0
	}

	/// Judges a score without recording it.
	pub fn judge(&self, score: f64) -> Verdict {
		if self.len() < self.needed {
			return Verdict::Calibrating;
		}
		// The p-value is (1 + reaching) / (scores + 1). It need not be known beyond the rate, so that
		// counting ends early for most events.
		let most = self.false_alarm_rate * (self.len() + 1) as f64;
		let enough = most as usize;
		let all = self.of_alerts.iter().map(|(_, other)| other).chain(&self.scores);
		let reaching = all.filter(|other| **other >= score).take(enough).count();
		if (1 + reaching) as f64 <= most {
			Verdict::Flagged
		} else {
			Verdict::Normal
		}
	}

	/// Forgets the scores that reach a confirmed one: they were alike, and were not noticed.
	pub fn forget_from(&mut self, score: f64) {
		self.scores.retain(|other| *other < score);
		self.of_alerts.retain(|(_, other)| *other < score);
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
		self.recorded += 1;
		let oldest = self.recorded.saturating_sub(KEPT as u64);
		while self.of_alerts.front().is_some_and(|(at, _)| *at < oldest) {
			self.of_alerts.pop_front();
		}
	}

	/// Records a score that led to an alert of which no person has spoken. Of too many the newest stay.
	pub fn record_of_alert(&mut self, score: f64) {
		self.of_alerts.push_back((self.recorded, score));
		let most = OF_ALERTS * self.false_alarm_rate * self.scores.len() as f64;
		while self.of_alerts.len() as f64 > most {
			self.of_alerts.pop_front();
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
	fn scores_of_alerts_raise_the_threshold_and_never_beyond_a_quarter_of_the_rate() {
		let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(7);
		let mut calibration = Calibration::new(0.04, 200);
		(0..KEPT).for_each(|_| calibration.record(random.random::<f64>()));
		let threshold = |calibration: &Calibration| {
			let steps = (0..10_000).map(|step| f64::from(step) / 10_000.0);
			steps.into_iter().find(|score| calibration.judge(*score) == Verdict::Flagged).unwrap()
		};
		assert!((0.95..0.97).contains(&threshold(&calibration)));
		(0..100_000).for_each(|_| calibration.record_of_alert(9.0));
		assert!((0.98..0.997).contains(&threshold(&calibration)), "{}", threshold(&calibration));
		calibration.forget_from(9.0);
		assert!((0.95..0.97).contains(&threshold(&calibration)), "a person confirmed the alert");
		calibration.record_of_alert(9.0);
		(0..=KEPT).for_each(|_| calibration.record(0.0));
		assert_eq!(calibration.len(), KEPT, "they leave with the others of their time");
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
