//! One value over time, with its daily rhythm.

use std::collections::VecDeque;

/// Slots of a day: five minutes each.
const SLOTS: usize = 288;

/// What is looked at: how many of the latest values are averaged, and how many slots each way of the time of day their mean is
/// compared with. Of a value each five minutes: the value and a quarter of an hour with half an hour each way, forty minutes with
/// two hours.
const SCALES: [(usize, usize); 3] = [(1, 6), (3, 6), (8, 24)];

/// The most values averaged: the scales are in the order of their widths.
const WIDEST: usize = SCALES[SCALES.len() - 1].0;

/// Values remembered in a slot; of more, the oldest goes.
const SLOT_MEMORY: usize = 64;

/// Values remembered in order of size, for the spread and the calibration.
const MEMORY: usize = 20_000;

/// Points within which a repetition of an alarm counts little.
const REFRACTORY: usize = 150;

/// What is left of a score that is hardly greater than one within the refractory time.
const REPETITION: f64 = 0.2;

/// By how much a score must exceed those within the refractory time to count in full.
const MARGIN: f64 = 0.1;

/// From this score on, one in ten if all were as usual, a first alarm is remembered.
const ALARM: f64 = 1.0;

/// Orders of magnitude that ten remembered alarms of at least its size take from the next one. One would make of the score a rank
/// among the alarms of this series; more keeps what surges often below the first alarm of what never did.
const HABIT: f64 = 1.5;

/// Alarms remembered.
const ALARMS: usize = 1_000;

/// Detector of unusual values of one series. The value, and the means of the last three and eight, are
/// each compared with the nearest seen at about the same time of day (a nearest-neighbour distance in
/// time of day and value); each distance is calibrated against those before (conformal p-values, as
/// everywhere here); the mean of their `−log10` is the score. A score that repeats one of a short while
/// ago counts little: one change is one alarm; and an alarm says the less, the more often the series
/// gave one as great, so that a threshold means much the same for a quiet series as for one with surges.
/// The rhythm is learned, nothing is known beforehand.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct SeriesDetector {
	/// One for each of `SCALES`.
	scales: [Rhythm; SCALES.len()],
	latest: VecDeque<f64>,
	recent: VecDeque<f64>,
	alarms: VecDeque<f64>,
}

/// A judged value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeriesScore {
	/// How unusual: about the number of zeros of the probability of such a value.
	pub score: f64,
	/// What is typical: the nearest seen at about this time of day, if there is one, of the value or of that mean of the latest
	/// values which is more unusual.
	pub typical: Option<f64>,
}

impl SeriesDetector {
	/// Judges the next value, at so many seconds since 1970, and learns it.
	pub fn observe(&mut self, seconds: i64, value: f64) -> SeriesScore {
		let slot = (seconds.rem_euclid(86_400) as usize) * SLOTS / 86_400;
		self.latest.push_front(value);
		self.latest.truncate(WIDEST);
		let mut sum = 0.0;
		let mut most = SeriesScore { score: 0.0, typical: None };
		for (rhythm, (width, reach)) in self.scales.iter_mut().zip(SCALES) {
			let width = width.min(self.latest.len());
			let mean = self.latest.iter().take(width).sum::<f64>() / width as f64;
			let judged = rhythm.observe(slot, reach, mean);
			sum += judged.score;
			if most.typical.is_none() || judged.score > most.score {
				most = judged;
			}
		}
		SeriesScore { score: self.damp(sum / SCALES.len() as f64), typical: most.typical }
	}

	fn damp(&mut self, score: f64) -> f64 {
		let before = self.recent.iter().copied().fold(f64::NEG_INFINITY, f64::max);
		self.recent.push_back(score);
		if self.recent.len() > REFRACTORY {
			self.recent.pop_front();
		}
		if score <= before + MARGIN {
			return REPETITION * score;
		}
		let alike = self.alarms.iter().filter(|alarm| **alarm >= score).count();
		if score > ALARM {
			self.alarms.push_back(score);
			if self.alarms.len() > ALARMS {
				self.alarms.pop_front();
			}
		}
		score - HABIT * (1.0 + alike as f64).log10()
	}
}

impl SeriesDetector {
	/// Forgets all but the newest so many values, and so many of each slot of the day: for many series at once.
	pub fn keep(&mut self, values: usize, of_slot: usize) {
		for rhythm in &mut self.scales {
			rhythm.slots.iter_mut().for_each(|slot| {
				slot.drain(..slot.len().saturating_sub(of_slot));
			});
			rhythm.values.keep(values);
			rhythm.distances.keep(values);
		}
		self.alarms.drain(..self.alarms.len().saturating_sub(values));
	}
}

impl Sorted {
	fn keep(&mut self, newest: usize) {
		while self.arrivals.len() > newest {
			let Some(oldest) = self.arrivals.pop_front() else { break };
			let place = self.ascending.partition_point(|other| *other < oldest);
			self.ascending.remove(place);
		}
	}
}

/// What is usual of a value, or of the mean of the latest, at a time of day.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
struct Rhythm {
	slots: Vec<VecDeque<f64>>,
	values: Sorted,
	distances: Sorted,
}

impl Default for Rhythm {
	fn default() -> Self {
		Self {
			slots: vec![VecDeque::new(); SLOTS],
			values: Sorted::default(),
			distances: Sorted::default(),
		}
	}
}

impl Rhythm {
	/// Judges a mean in a slot of the day by so many slots each way, and learns it.
	fn observe(&mut self, slot: usize, reach: usize, value: f64) -> SeriesScore {
		let mut judged = SeriesScore { score: 0.0, typical: None };
		if self.values.len() > 10 {
			let spread = self.values.quantile(0.95) - self.values.quantile(0.05);
			let spread = spread.max(1e-3 * self.values.range()).max(1e-9);
			if let Some(nearest) = nearest(&self.slots, slot, reach, value) {
				let distance = (value - nearest).abs() / spread;
				judged.score = self.distances.surprise(distance);
				judged.typical = Some(nearest);
				self.distances.insert(distance);
			}
		}
		self.values.insert(value);
		let memory = &mut self.slots[slot];
		memory.push_back(value);
		if memory.len() > SLOT_MEMORY {
			memory.pop_front();
		}
		judged
	}
}

/// The nearest value in the slots around one.
fn nearest(slots: &[VecDeque<f64>], slot: usize, reach: usize, value: f64) -> Option<f64> {
	(0..=2 * reach)
		.flat_map(|step| &slots[(slot + SLOTS + step - reach) % SLOTS])
		.copied()
		.min_by(|one, other| (one - value).abs().total_cmp(&(other - value).abs()))
}

/// Numbers in order.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
struct Sorted {
	ascending: Vec<f64>,
	arrivals: VecDeque<f64>,
}

impl Sorted {
	fn len(&self) -> usize {
		self.ascending.len()
	}

	fn insert(&mut self, value: f64) {
		let place = self.ascending.partition_point(|other| *other < value);
		self.ascending.insert(place, value);
		self.arrivals.push_back(value);
		if self.arrivals.len() > MEMORY {
			if let Some(oldest) = self.arrivals.pop_front() {
				let place = self.ascending.partition_point(|other| *other < oldest);
				self.ascending.remove(place);
			}
		}
	}

	fn quantile(&self, share: f64) -> f64 {
		let place = (share * self.len() as f64) as usize;
		self.ascending.get(place.min(self.len().saturating_sub(1))).copied().unwrap_or(0.0)
	}

	fn range(&self) -> f64 {
		match (self.ascending.first(), self.ascending.last()) {
			(Some(least), Some(greatest)) => greatest - least,
			_ => 0.0,
		}
	}

	/// `−log10` of the conformal p-value; beyond everything seen, more by how far beyond, at most
	/// three.
	fn surprise(&self, value: f64) -> f64 {
		let reaching = self.len() - self.ascending.partition_point(|other| *other < value);
		let p_value = (reaching + 1) as f64 / (self.len() + 1) as f64;
		let beyond = match self.ascending.last() {
			Some(greatest) if reaching == 0 && self.len() > 50 => {
				let scale = (greatest - self.quantile(0.5)).max(1e-9);
				((value - greatest) / scale).ln_1p().min(3.0)
			},
			_ => 0.0,
		};
		beyond - p_value.log10()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	/// A daily wave with a value each five minutes.
	fn wave(step: i64) -> f64 {
		let day = (step % SLOTS as i64) as f64 / SLOTS as f64;
		10.0 + 5.0 * (std::f64::consts::TAU * day).sin() + 0.01 * ((step * 7_919) % 100) as f64
	}

	#[test]
	fn a_usual_value_at_an_unusual_time_is_unusual() {
		let mut detector = SeriesDetector::default();
		let mut usual = 0.0f64;
		for step in 0..20 * SLOTS as i64 {
			let judged = detector.observe(step * 300, wave(step));
			if step > 10 * SLOTS as i64 {
				usual = usual.max(judged.score);
			}
		}
		let step = 20 * SLOTS as i64 + 72;
		// The greatest value of the day is due, the least one comes.
		let judged = detector.observe(step * 300, 5.0);
		assert!(judged.score > usual + 1.0, "{judged:?} {usual}");
		assert!((judged.typical.unwrap() - wave(step)).abs() < 5.0);
	}

	#[test]
	fn one_change_is_one_alarm() {
		let mut detector = SeriesDetector::default();
		for step in 0..10 * SLOTS as i64 {
			detector.observe(step * 300, wave(step));
		}
		let first = detector.observe(10 * SLOTS as i64 * 300, 90.0).score;
		let second = detector.observe((10 * SLOTS as i64 + 1) * 300, 90.0).score;
		assert!(second < 0.5 * first, "{second} {first}");
	}

	/// The greatest score of the second half of these values, one each five minutes, and of the last so many.
	fn greatest(values: &[f64], last: usize) -> (f64, f64) {
		let mut detector = SeriesDetector::default();
		let (mut usual, mut end) = (0.0f64, 0.0f64);
		for (step, value) in values.iter().enumerate() {
			let score = detector.observe(step as i64 * 300, *value).score;
			if step + last >= values.len() {
				end = end.max(score);
			} else if 2 * step > values.len() {
				usual = usual.max(score);
			}
		}
		(usual, end)
	}

	#[test]
	fn a_level_that_drifts_away_is_unusual_though_no_single_value_is() {
		// A value of a wide range at any time; then an hour of its upper half alone.
		let noise = |step: usize| ((step * 7_919) % 101) as f64;
		let mut values: Vec<f64> = (0..12 * SLOTS).map(noise).collect();
		values.extend((0..12).map(|step| 90.0 + noise(step) / 20.0));
		let (usual, raised) = greatest(&values, 12);
		assert!(raised > usual + 0.5, "{raised} {usual}");
	}

	#[test]
	fn usual_values_in_an_unusual_order_are_unusual() {
		// High and low by turns; then three high ones.
		let noise = |step: usize| ((step * 7_919) % 101) as f64 / 20.0;
		let turns = |step: usize| noise(step) + if step.is_multiple_of(2) { 100.0 } else { 0.0 };
		let mut values: Vec<f64> = (0..12 * SLOTS).map(turns).collect();
		values.extend([101.0, 102.0, 103.0]);
		let (usual, three) = greatest(&values, 3);
		assert!(three > usual + 0.5, "{three} {usual}");
	}

	#[test]
	fn what_never_changed_is_not_unusual_until_it_does() {
		let mut values = vec![45.0; 5 * SLOTS];
		assert_eq!(greatest(&values, 1), (0.0, 0.0));
		values.push(46.0);
		let (usual, change) = greatest(&values, 1);
		assert!(change > usual + 3.0, "{change} {usual}");
	}

	#[test]
	fn what_is_typical_is_told_on_the_scale_that_stands_out() {
		let mut detector = SeriesDetector::default();
		let noise = |step: i64| ((step * 7_919) % 101) as f64;
		let day = SLOTS as i64;
		(0..12 * day).for_each(|step| {
			detector.observe(step * 300, noise(step));
		});
		let last = (12 * day..12 * day + 8).map(|step| detector.observe(step * 300, 90.0)).last();
		let typical = last.and_then(|judged| judged.typical).unwrap();
		// Single values of 90 are usual, a mean of 90 is not: the nearest is the one on the way there.
		assert!(typical < 88.0, "{typical}");
	}

	#[test]
	fn where_alarms_are_a_habit_the_next_says_less() {
		let mut detector = SeriesDetector::default();
		let mut scores = Vec::new();
		for _ in 0..5 {
			scores.push(detector.damp(3.0));
			(0..REFRACTORY).for_each(|_| {
				detector.damp(0.0);
			});
		}
		assert_eq!(scores[0], 3.0);
		assert!(scores.windows(2).all(|pair| pair[1] < pair[0]), "{scores:?}");
	}

	#[test]
	fn a_stored_detector_goes_on_as_if_it_had_not_been() {
		let mut detector = SeriesDetector::default();
		for step in 0..3 * SLOTS as i64 {
			detector.observe(step * 300, wave(step));
		}
		let bytes = postcard::to_stdvec(&detector).unwrap();
		let mut restored: SeriesDetector = postcard::from_bytes(&bytes).unwrap();
		for step in 3 * SLOTS as i64..4 * SLOTS as i64 {
			let value = wave(step) + if step % 100 == 0 { 3.0 } else { 0.0 };
			assert_eq!(detector.observe(step * 300, value), restored.observe(step * 300, value));
		}
	}

	#[test]
	fn memory_is_bounded() {
		let mut sorted = Sorted::default();
		for step in 0..MEMORY + 500 {
			sorted.insert(step as f64);
		}
		assert_eq!((sorted.len(), sorted.ascending[0]), (MEMORY, 500.0));
	}
}
