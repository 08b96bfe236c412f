//! The score of the Numenta Anomaly Benchmark, from its published definition (Lavin and Ahmad,
//! ICMLA 2015, section III; the benchmark's white paper for probation and normalisation).
//!
//! A detection in a labelled window counts by how early it is, once a window; a detection outside
//! counts against the detector, the more the farther it is behind the last window; a window without
//! detection counts as missed. One threshold is chosen for all series. The sum is put on a scale on
//! which a detector that finds nothing has 0 and one that finds everything at once has 100.

use std::collections::HashMap;

/// What a detection in a window counts, in every profile.
const DETECTED: f64 = 1.0;

/// What a detection outside windows and a window without detection cost.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
	pub false_alarm: f64,
	pub missed: f64,
}

pub const STANDARD: Profile = Profile { false_alarm: 0.11, missed: 1.0 };
pub const REWARD_LOW_FALSE_POSITIVES: Profile = Profile { false_alarm: 0.22, missed: 1.0 };
pub const REWARD_LOW_FALSE_NEGATIVES: Profile = Profile { false_alarm: 0.11, missed: 2.0 };

/// Share of a series in which nothing counts, of its first so many points.
const PROBATION: f64 = 0.15;
const PROBATION_OF: usize = 5_000;

/// A scored series.
pub struct Scored {
	/// One score a point.
	pub scores: Vec<f64>,
	/// Windows: first and last point, in order.
	pub windows: Vec<(usize, usize)>,
}

/// The best threshold and what it yields.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
	/// Normalised score, at most 100.
	pub score: f64,
	/// The threshold that yields it: scores at it or above are detections.
	pub threshold: f64,
	/// Windows with a detection.
	pub found: usize,
	/// Windows.
	pub windows: usize,
	/// Detections outside windows.
	pub false_alarms: u64,
}

impl Scored {
	/// Windows in which a detection can count: those that end after probation.
	fn counted(&self) -> usize {
		let begin = probation(self.scores.len());
		self.windows.iter().filter(|window| window.1 >= begin).count()
	}
}

/// `2 / (1 + e^(5y)) − 1`: 1 far before, 0 at the end of the window, −1 far behind.
fn scaled_sigmoid(position: f64) -> f64 {
	2.0 / (1.0 + (5.0 * position).exp()) - 1.0
}

/// Points of a series of this length that do not count.
pub fn probation(length: usize) -> usize {
	(PROBATION * length.min(PROBATION_OF) as f64) as usize
}

struct Detection {
	score: f64,
	/// Series and window, if in one.
	window: Option<(usize, usize)>,
	weight: f64,
}

/// Every point that counts, with what a detection there would be worth.
fn detections(series: &[Scored]) -> Vec<Detection> {
	let mut all = Vec::new();
	for (number, one) in series.iter().enumerate() {
		let mut next = 0;
		for place in probation(one.scores.len())..one.scores.len() {
			while next < one.windows.len() && one.windows[next].1 < place {
				next += 1;
			}
			let inside = one.windows.get(next).filter(|window| window.0 <= place);
			let (window, weight) = match inside {
				Some((first, last)) => {
					let length = (last - first + 1) as f64;
					let position = -((last - place + 1) as f64) / length;
					(Some((number, next)), scaled_sigmoid(position) / scaled_sigmoid(-1.0))
				},
				None => (
					None,
					next.checked_sub(1).map_or(-1.0, |last| behind(one.windows[last], place)),
				),
			};
			all.push(Detection { score: one.scores[place], window, weight });
		}
	}
	all
}

fn behind((first, last): (usize, usize), place: usize) -> f64 {
	let position = (place - last) as f64 / (last - first).max(1) as f64;
	if position > 3.0 {
		-1.0
	} else {
		scaled_sigmoid(position)
	}
}

/// The best score of a profile that one threshold over all series yields.
pub fn best(series: &[Scored], profile: Profile) -> Outcome {
	let mut detections = detections(series);
	detections.sort_by(|one, other| other.score.total_cmp(&one.score));
	let windows: usize = series.iter().map(|one| one.windows.len()).sum();
	let counted: usize = series.iter().map(Scored::counted).sum();
	let nothing = -profile.missed * counted as f64;
	let mut raw = nothing;
	let mut earliest: HashMap<(usize, usize), f64> = HashMap::new();
	let mut false_alarms = 0;
	let mut best =
		Outcome { score: 0.0, threshold: f64::INFINITY, found: 0, windows, false_alarms };
	let perfect = DETECTED * windows as f64;
	let mut rest = detections.as_slice();
	while let Some(first) = rest.first() {
		let equal = rest.iter().take_while(|one| one.score == first.score).count();
		let (now, later) = rest.split_at(equal);
		for detection in now {
			match detection.window {
				Some(window) => match earliest.get_mut(&window) {
					Some(weight) if *weight < detection.weight => {
						raw += DETECTED * (detection.weight - *weight);
						*weight = detection.weight;
					},
					Some(_) => {},
					None => {
						raw += profile.missed + DETECTED * detection.weight;
						earliest.insert(window, detection.weight);
					},
				},
				None => {
					false_alarms += 1;
					raw += profile.false_alarm * detection.weight;
				},
			}
		}
		let score = 100.0 * (raw - nothing) / (perfect - nothing).max(f64::MIN_POSITIVE);
		if score > best.score {
			best = Outcome {
				score,
				threshold: first.score,
				found: earliest.len(),
				windows,
				false_alarms,
			};
		}
		rest = later;
	}
	best
}

/// What a given threshold yields on one series, before normalisation, and the windows found.
pub fn at_threshold(series: &Scored, threshold: f64, profile: Profile) -> (f64, usize) {
	let mut raw = -profile.missed * series.counted() as f64;
	let mut earliest: HashMap<(usize, usize), f64> = HashMap::new();
	for one in detections(std::slice::from_ref(series)) {
		if one.score < threshold {
			continue;
		}
		match one.window {
			Some(window) => {
				let weight = earliest.entry(window).or_insert(f64::NEG_INFINITY);
				*weight = weight.max(one.weight);
			},
			None => raw += profile.false_alarm * one.weight,
		}
	}
	raw += earliest.values().map(|weight| profile.missed + DETECTED * weight).sum::<f64>();
	(raw, earliest.len())
}

#[cfg(test)]
mod tests {
	use super::*;

	fn series(marks: &[usize]) -> Scored {
		let mut scores = vec![0.0; 1_000];
		for mark in marks {
			scores[*mark] = 1.0;
		}
		Scored { scores, windows: vec![(400, 499), (800, 899)] }
	}

	#[test]
	fn a_detection_at_the_first_point_of_every_window_is_perfect() {
		let outcome = best(&[series(&[400, 800])], STANDARD);
		assert!((outcome.score - 100.0).abs() < 1e-9, "{outcome:?}");
		assert_eq!((outcome.found, outcome.false_alarms), (2, 0));
	}

	#[test]
	fn a_late_detection_counts_less_and_a_false_one_against() {
		let early = best(&[series(&[410, 800])], STANDARD).score;
		let late = best(&[series(&[490, 800])], STANDARD).score;
		let with_false = best(&[series(&[410, 800, 300])], STANDARD).score;
		assert!(late < early && with_false < early, "{late} {early} {with_false}");
		// One false detection before any window costs 0.11 of two windows with a range of 2 each.
		assert!((early - with_false - 100.0 * 0.11 / 4.0).abs() < 1e-9);
	}

	#[test]
	fn detections_during_probation_do_not_count_and_nothing_found_is_zero() {
		assert_eq!(best(&[series(&[100])], STANDARD).score, 0.0);
		assert_eq!(probation(1_000), 150);
		assert_eq!(probation(20_000), 750);
		let (raw, found) = at_threshold(&series(&[400]), 0.5, STANDARD);
		assert_eq!(found, 1);
		assert!(raw.abs() < 1e-9, "{raw}");
	}

	#[test]
	fn the_sigmoid_has_the_values_of_the_definition() {
		for (position, value) in [(-1.0, 0.98661), (-0.5, 0.84828), (0.0, 0.0), (1.0, -0.98661)] {
			assert!((scaled_sigmoid(position) - value).abs() < 1e-5, "{position}");
		}
	}

	#[test]
	fn a_false_detection_is_weighed_by_how_far_it_is_behind_the_window_before() {
		let cost = |mark: usize| {
			let (found, _) = at_threshold(&series(&[400, 800]), 0.5, STANDARD);
			found - at_threshold(&series(&[400, 800, mark]), 0.5, STANDARD).0
		};
		// Widths of 99 steps; before the first window and beyond three widths the whole cost.
		assert!((cost(399) - 0.11).abs() < 1e-12);
		assert!((cost(500) - 0.11 * (1.0 - 2.0 / (1.0 + (5.0f64 / 99.0).exp()))).abs() < 1e-12);
		assert!((cost(598) - 0.11 * 0.98661).abs() < 1e-6);
		assert!((cost(499 + 3 * 99 + 1) - 0.11).abs() < 1e-12);
	}

	#[test]
	fn several_detections_in_a_window_count_once_as_the_earliest() {
		let (early, _) = at_threshold(&series(&[420, 800]), 0.5, STANDARD);
		let (several, found) = at_threshold(&series(&[420, 421, 480, 800, 899]), 0.5, STANDARD);
		assert_eq!((several, found), (early, 2));
		let weight = scaled_sigmoid(-0.8) / scaled_sigmoid(-1.0);
		assert!((early - weight - 1.0).abs() < 1e-12, "{early}");
	}

	#[test]
	fn profiles_weigh_false_alarms_and_missed_windows() {
		let marks = series(&[300, 400]);
		// One of two windows at once, one false alarm; per hundred of what there is to gain.
		for (profile, score) in [
			(STANDARD, (2.0 - 0.11) / 4.0),
			(REWARD_LOW_FALSE_POSITIVES, (2.0 - 0.22) / 4.0),
			(REWARD_LOW_FALSE_NEGATIVES, (3.0 - 0.11) / 6.0),
		] {
			let marks = Scored { scores: marks.scores.clone(), windows: marks.windows.clone() };
			let outcome = best(&[marks], profile);
			assert!((outcome.score - 100.0 * score).abs() < 1e-9, "{profile:?} {outcome:?}");
		}
	}

	#[test]
	fn one_threshold_serves_all_series() {
		let loud = series(&[400, 800]);
		let mut quiet = series(&[400, 800]);
		quiet.scores.iter_mut().for_each(|score| *score *= 0.5);
		// Twenty points of a third series are as loud as the quiet one's detections.
		let mut noisy = series(&[]);
		noisy.windows.clear();
		noisy.scores[200..220].fill(0.5);
		let outcome = best(&[loud, quiet, noisy], STANDARD);
		assert_eq!((outcome.found, outcome.false_alarms, outcome.threshold), (4, 20, 0.5));
		assert!((outcome.score - 100.0 * (8.0 - 2.2) / 8.0).abs() < 1e-9, "{outcome:?}");
	}

	#[test]
	fn a_window_within_probation_can_be_neither_found_nor_missed() {
		let mut early = series(&[60, 400, 800]);
		early.windows.insert(0, (50, 100));
		let outcome = best(&[early], STANDARD);
		// As in the benchmark's own normalisation the perfect detector has all three windows.
		assert!((outcome.score - 100.0 * 4.0 / 5.0).abs() < 1e-9, "{outcome:?}");
		assert_eq!((outcome.found, outcome.windows, outcome.false_alarms), (2, 3, 0));
	}
}
