//! The score of the Numenta Anomaly Benchmark, from its published definition (Lavin and Ahmad,
//! ICMLA 2015, section III; the benchmark's white paper for probation and normalisation).
//!
//! A detection in a labelled window counts by how early it is, once a window; a detection outside
//! counts against the detector, the more the farther it is behind the last window; a window without
//! detection counts as missed. One threshold is chosen for all series. The sum is put on a scale on
//! which a detector that finds nothing has 0 and one that finds everything at once has 100.

use std::collections::HashMap;

/// Weights of the standard profile: a detection, a false detection, a missed window.
const DETECTED: f64 = 1.0;
const FALSE_ALARM: f64 = 0.11;
const MISSED: f64 = 1.0;

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

/// The best score that one threshold over all series yields.
pub fn best(series: &[Scored]) -> Outcome {
	let mut detections = detections(series);
	detections.sort_by(|one, other| other.score.total_cmp(&one.score));
	let windows: usize = series.iter().map(|one| one.windows.len()).sum();
	let nothing = -MISSED * windows as f64;
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
						raw += MISSED + DETECTED * detection.weight;
						earliest.insert(window, detection.weight);
					},
				},
				None => {
					false_alarms += 1;
					raw += FALSE_ALARM * detection.weight;
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

/// What a given threshold yields on one series, before normalisation, and its windows.
pub fn at_threshold(series: &Scored, threshold: f64) -> (f64, usize) {
	let mut raw = -MISSED * series.windows.len() as f64;
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
			None => raw += FALSE_ALARM * one.weight,
		}
	}
	raw += earliest.values().map(|weight| MISSED + DETECTED * weight).sum::<f64>();
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
		let outcome = best(&[series(&[400, 800])]);
		assert!((outcome.score - 100.0).abs() < 1e-9, "{outcome:?}");
		assert_eq!((outcome.found, outcome.false_alarms), (2, 0));
	}

	#[test]
	fn a_late_detection_counts_less_and_a_false_one_against() {
		let early = best(&[series(&[410, 800])]).score;
		let late = best(&[series(&[490, 800])]).score;
		let with_false = best(&[series(&[410, 800, 300])]).score;
		assert!(late < early && with_false < early, "{late} {early} {with_false}");
		// One false detection before any window costs 0.11 of two windows with a range of 2 each.
		assert!((early - with_false - 100.0 * 0.11 / 4.0).abs() < 1e-9);
	}

	#[test]
	fn detections_during_probation_do_not_count_and_nothing_found_is_zero() {
		assert_eq!(best(&[series(&[100])]).score, 0.0);
		assert_eq!(probation(1_000), 150);
		assert_eq!(probation(20_000), 750);
		let (raw, found) = at_threshold(&series(&[400]), 0.5);
		assert_eq!(found, 1);
		assert!(raw.abs() < 1e-9, "{raw}");
	}
}
