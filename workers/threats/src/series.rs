//! One value over time, with its daily rhythm.

use std::collections::VecDeque;

/// Slots of a day: five minutes each.
const SLOTS: usize = 288;

/// Slots around the time of day that are compared, each way: ten minutes, half an hour, two hours.
const REACHES: [usize; 3] = [2, 6, 24];

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

/// Values whose mean is the level: of a value each five minutes, an hour.
const LEVEL: usize = 12;

/// What a surprising level counts beside a surprising value: it comes later.
const LEVEL_WEIGHT: f64 = 0.9;

/// From this score on an alarm is remembered; each alarm of at least about its size makes the next less
/// surprising.
const ALARM: f64 = 1.2;
const ALIKE: f64 = 0.1;

/// What ten alarms alike take from the next.
const HABIT: f64 = 0.4;

/// Alarms remembered.
const ALARMS: usize = 1_000;

/// Detector of unusual values of one series. The value, and the mean of the last twelve, are each
/// compared with the nearest seen at about the same time of day (a nearest-neighbour distance in time of
/// day and value), at three widths; each distance is calibrated against those before (conformal
/// p-values, as everywhere here); the mean of their `−log10` is its surprise, the greater of the two the
/// score. A score that repeats one of a short while ago counts little: one change is one alarm; and
/// where alarms are a habit, the next says less. The rhythm is learned, nothing is known beforehand.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct SeriesDetector {
	value: Rhythm,
	level: Rhythm,
	latest: VecDeque<f64>,
	recent: VecDeque<f64>,
	alarms: VecDeque<f64>,
}

/// A judged value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeriesScore {
	/// How unusual: about the number of zeros of the probability of such a value.
	pub score: f64,
	/// The nearest value seen at about this time of day, if there is one: what is typical.
	pub typical: Option<f64>,
}

impl SeriesDetector {
	/// Judges the next value, at so many seconds since 1970, and learns it.
	pub fn observe(&mut self, seconds: i64, value: f64) -> SeriesScore {
		let slot = (seconds.rem_euclid(86_400) as usize) * SLOTS / 86_400;
		self.latest.push_back(value);
		if self.latest.len() > LEVEL {
			self.latest.pop_front();
		}
		let level = self.latest.iter().sum::<f64>() / self.latest.len() as f64;
		let judged = self.value.observe(slot, value);
		let score = judged.score.max(LEVEL_WEIGHT * self.level.observe(slot, level).score);
		SeriesScore { score: self.damp(score), typical: judged.typical }
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
		let alike = self.alarms.iter().filter(|alarm| **alarm >= score - ALIKE).count();
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
		for rhythm in [&mut self.value, &mut self.level] {
			rhythm.slots.iter_mut().for_each(|slot| {
				slot.drain(..slot.len().saturating_sub(of_slot));
			});
			rhythm.values.keep(values);
			rhythm.distances.iter_mut().for_each(|distances| distances.keep(values));
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

/// What is usual at a time of day.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
struct Rhythm {
	slots: Vec<VecDeque<f64>>,
	values: Sorted,
	distances: [Sorted; REACHES.len()],
}

impl Default for Rhythm {
	fn default() -> Self {
		Self {
			slots: vec![VecDeque::new(); SLOTS],
			values: Sorted::default(),
			distances: Default::default(),
		}
	}
}

impl Rhythm {
	/// Judges a value in a slot of the day, and learns it.
	fn observe(&mut self, slot: usize, value: f64) -> SeriesScore {
		let mut sum = 0.0;
		let mut typical = None;
		if self.values.len() > 10 {
			let spread = self.values.quantile(0.95) - self.values.quantile(0.05);
			let spread = spread.max(1e-3 * self.values.range()).max(1e-9);
			for (reach, distances) in REACHES.iter().zip(&mut self.distances) {
				let Some(nearest) = nearest(&self.slots, slot, *reach, value) else { continue };
				typical = typical.or(Some(nearest));
				let distance = (value - nearest).abs() / spread;
				sum += distances.surprise(distance);
				distances.insert(distance);
			}
		}
		self.values.insert(value);
		let memory = &mut self.slots[slot];
		memory.push_back(value);
		if memory.len() > SLOT_MEMORY {
			memory.pop_front();
		}
		SeriesScore { score: sum / REACHES.len() as f64, typical }
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

	#[test]
	fn a_level_that_drifts_away_is_unusual_though_no_single_value_is() {
		let day = SLOTS as i64;
		// A value of a wide range at any time; then an hour of its upper half alone.
		let noise = |step: i64| ((step * 7_919) % 101) as f64;
		let (mut detector, mut usual) = (SeriesDetector::default(), 0.0f64);
		for step in 0..12 * day {
			let judged = detector.observe(step * 300, noise(step));
			if step > 6 * day {
				usual = usual.max(judged.score);
			}
		}
		let raised = (12 * day..12 * day + 12)
			.map(|step| detector.observe(step * 300, 90.0 + noise(step) / 20.0).score)
			.fold(0.0, f64::max);
		assert!(raised > usual + 0.5, "{raised} {usual}");
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
	fn memory_is_bounded() {
		let mut sorted = Sorted::default();
		for step in 0..MEMORY + 500 {
			sorted.insert(step as f64);
		}
		assert_eq!((sorted.len(), sorted.ascending[0]), (MEMORY, 500.0));
	}
}
