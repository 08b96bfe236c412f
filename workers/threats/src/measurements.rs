//! Whether measured values are plausible: each quantity of each device against its own rhythm of the day.
//!
//! A value that is flagged is not learned, nor is any while its series has an open alert. A value far beyond everything seen
//! is an alert at once; others need as many confirmations as everywhere. Nothing of patients is looked at or kept.

use std::collections::{BTreeMap, HashMap, VecDeque};

use curex_primitives::Moment;

use crate::{
	alert::{
		confidence_of, forget_first, severity_of, written, Alert, Driver, Kind, PeerValue, Peers,
		EVIDENCE,
	},
	calibration::{Calibration, Verdict},
	config::Config,
	event::Measurement,
	series::{SeriesDetector, SeriesScore},
	watcher::{id_of, Coverage, Feedback},
};

/// Values of one series that are remembered in order of size, and in a slot of the day.
const REMEMBERED: usize = 1_024;
const REMEMBERED_IN_SLOT: usize = 16;

/// Latest values of a series, whose median is what is usual of it.
const RECENT: usize = 65;

/// Orders of magnitude by which a score exceeds the greatest that its rank alone can give: some eleven times as far out as
/// everything that was learned, where the means of the latest values are that much less so.
const FAR: f64 = 2.0;

/// Alerts kept; beyond it the one that ended first is forgotten.
const ALERTS: usize = 10_000;

/// Flagged values kept of an alert.
const FLAGS: usize = 64;

/// Watches measured values.
#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct Measurements {
	/// Silence that ends a suspicion, in milliseconds.
	silence: Moment,
	confirmations: u64,
	/// Values of a series that are learned before the first is judged.
	warm_up: u64,
	/// Series remembered; of more, the one unseen for longest is forgotten.
	limit: usize,
	series: HashMap<String, Series>,
	calibration: Calibration,
	alerts: BTreeMap<String, Alert>,
	/// The flagged values of each alert, for what a person says of it later.
	flags: HashMap<String, Vec<Flag>>,
	coverage: Coverage,
	learned: u64,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Series {
	quantity: String,
	detector: SeriesDetector,
	learned: u64,
	seen: Moment,
	recent: VecDeque<f64>,
	suspicion: Option<Suspicion>,
}

/// Flags of a series that follow each other.
#[derive(serde::Serialize, serde::Deserialize)]
struct Suspicion {
	started: Moment,
	last: Moment,
	flagged: u64,
	/// Whether one alone was enough.
	far: bool,
	/// Those that are kept, and the one with the highest score.
	flags: Vec<Flag>,
	highest: Flag,
	typical: f64,
	evidence: Vec<String>,
}

#[derive(Clone, Copy, serde::Serialize, serde::Deserialize)]
struct Flag {
	at: Moment,
	value: f64,
	score: f64,
}

impl Series {
	fn new(quantity: &str) -> Self {
		Self {
			quantity: quantity.into(),
			detector: SeriesDetector::default(),
			learned: 0,
			seen: 0,
			recent: VecDeque::new(),
			suspicion: None,
		}
	}

	/// Judges a value; the detector that has learned it too.
	fn judge(&self, at: Moment, value: f64) -> (SeriesScore, SeriesDetector) {
		let mut after = self.detector.clone();
		let judged = after.observe((at / 1_000) as i64, value);
		(judged, after)
	}

	fn learn(&mut self, value: f64, after: SeriesDetector) {
		self.detector = after;
		self.detector.keep(REMEMBERED, REMEMBERED_IN_SLOT);
		self.learned += 1;
		self.recent.push_back(value);
		if self.recent.len() > RECENT {
			self.recent.pop_front();
		}
	}

	fn usual(&self) -> Option<f64> {
		median(self.recent.iter().copied())
	}
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
	let mut values: Vec<f64> = values.collect();
	values.sort_by(f64::total_cmp);
	values.get(values.len() / 2).copied()
}

impl Measurements {
	pub(crate) fn new(config: &Config) -> Self {
		let stream = &config.measurements;
		Self {
			silence: stream.window_seconds.saturating_mul(1_000),
			confirmations: config.confirmations as u64,
			warm_up: stream.warm_up as u64,
			limit: stream.entities,
			series: HashMap::new(),
			calibration: Calibration::new(
				config.false_alarm_rate,
				config.scores_for(stream.calibration),
			),
			alerts: BTreeMap::new(),
			flags: HashMap::new(),
			coverage: Coverage::default(),
			learned: 0,
		}
	}

	/// Takes over what another has learned, and nothing else of it.
	pub(crate) fn take_model(&mut self, other: Self) {
		self.series = other.series;
		self.series.values_mut().for_each(|series| series.suspicion = None);
		self.calibration = other.calibration;
		self.learned = other.learned;
	}

	pub(crate) fn keep_alerts_of(&mut self, earlier: Self) {
		self.alerts = earlier.alerts;
	}

	/// Values learned so far.
	pub(crate) fn learned(&self) -> u64 {
		self.learned
	}

	pub(crate) fn coverage(&self) -> Coverage {
		self.coverage
	}

	pub(crate) fn calibration(&self) -> &Calibration {
		&self.calibration
	}

	pub(crate) fn alerts(&self) -> impl Iterator<Item = &Alert> {
		self.alerts.values()
	}

	pub(crate) fn observe(&mut self, measured: &Measurement) {
		let Measurement { at, device, quantity, value } = measured;
		let (at, value) = (*at, *value);
		let name = match device {
			Some(device) => format!("{device} {quantity}"),
			None => quantity.clone(),
		};
		self.make_room(&name);
		let series = self.series.entry(name.clone()).or_insert_with(|| Series::new(quantity));
		series.seen = at.max(series.seen);
		let over = |one: &Suspicion| one.last.saturating_add(self.silence) < at;
		if let Some(past) = series.suspicion.take_if(|one| over(one)) {
			if !past.is_alert(self.confirmations) {
				past.flags.iter().for_each(|flag| self.calibration.record(flag.score));
			}
		}
		let (judged, after) = series.judge(at, value);
		if series.learned < self.warm_up {
			self.coverage.unjudged += 1;
			self.learned += 1;
			return series.learn(value, after);
		}
		let open = series.suspicion.as_ref().is_some_and(|one| one.is_alert(self.confirmations));
		match self.calibration.judge(judged.score) {
			Verdict::Flagged => {
				self.coverage.judged += 1;
				self.coverage.flagged += 1;
				self.suspect(&name, Flag { at, value, score: judged.score }, judged.typical);
			},
			verdict => {
				match verdict {
					Verdict::Calibrating => self.coverage.unjudged += 1,
					_ => self.coverage.judged += 1,
				}
				if !open {
					self.calibration.record(judged.score);
					self.learned += 1;
					series.learn(value, after);
				}
			},
		}
	}

	fn make_room(&mut self, name: &str) {
		if self.series.len() < self.limit || self.series.contains_key(name) {
			return;
		}
		let oldest = self.series.iter().min_by_key(|(name, series)| (series.seen, *name));
		if let Some(name) = oldest.map(|(name, _)| name.clone()) {
			self.series.remove(&name);
		}
	}

	fn suspect(&mut self, name: &str, flag: Flag, typical: Option<f64>) {
		let Some(series) = self.series.get_mut(name) else { return };
		let usual = typical.or_else(|| series.usual()).unwrap_or(flag.value);
		let rank = series.learned.min(REMEMBERED as u64) + 1;
		let suspicion = series.suspicion.get_or_insert_with(|| Suspicion {
			started: flag.at,
			last: flag.at,
			flagged: 0,
			far: false,
			flags: Vec::new(),
			highest: flag,
			typical: usual,
			evidence: Vec::new(),
		});
		suspicion.last = suspicion.last.max(flag.at);
		suspicion.flagged += 1;
		suspicion.far |= flag.score >= (rank as f64).log10() + FAR;
		if suspicion.flags.len() < FLAGS {
			suspicion.flags.push(flag);
		}
		if flag.score > suspicion.highest.score {
			(suspicion.highest, suspicion.typical) = (flag, usual);
		}
		if suspicion.evidence.len() < EVIDENCE {
			suspicion.evidence.push(format!("{} {name}: {}", written(flag.at), flag.value));
		}
		if !suspicion.is_alert(self.confirmations) {
			return;
		}
		let flags = suspicion.flags.clone();
		let quantity = series.quantity.clone();
		let peers = self.peers(&quantity);
		let Some(suspicion) = self.series[name].suspicion.as_ref() else { return };
		let alert = suspicion.alert(name, peers, self.calibration.len());
		self.flags.insert(alert.id.clone(), flags);
		self.alerts.insert(alert.id.clone(), alert);
		if let Some(id) = forget_first(&mut self.alerts, ALERTS) {
			self.flags.remove(&id);
		}
	}

	/// The series of one quantity, if there are several, and what is usual of them.
	fn peers(&self, quantity: &str) -> Option<Peers> {
		let alike = || self.series.values().filter(|series| series.quantity == quantity);
		let members = alike().count() as u64;
		let typical = median(alike().filter_map(Series::usual))?;
		(members > 1).then(|| Peers {
			group: quantity.into(),
			members,
			typical: vec![PeerValue { feature: VALUE.into(), typical }],
		})
	}

	/// Takes what a person says of an alert; false if there is none of this id.
	pub(crate) fn feedback(&mut self, id: &str, feedback: Feedback) -> bool {
		let Some(alert) = self.alerts.get(id) else { return false };
		let flags = self.flags.remove(id).unwrap_or_default();
		match feedback {
			Feedback::Confirm => {
				let least = flags.iter().map(|flag| flag.score).fold(f64::INFINITY, f64::min);
				self.calibration.forget_from(least);
			},
			Feedback::Dismiss => {
				if let Some(series) = self.series.get_mut(&alert.entity) {
					for flag in &flags {
						let (_, after) = series.judge(flag.at, flag.value);
						series.learn(flag.value, after);
						self.learned += 1;
					}
					series.suspicion = None;
				}
				flags.iter().for_each(|flag| self.calibration.record(flag.score));
				self.alerts.remove(id);
			},
		}
		true
	}
}

/// The one feature of a series.
const VALUE: &str = "value";

impl Suspicion {
	fn is_alert(&self, confirmations: u64) -> bool {
		self.far || self.flagged >= confirmations
	}

	fn alert(&self, name: &str, peers: Option<Peers>, calibration: usize) -> Alert {
		Alert {
			id: id_of(Kind::Measurement, name, &self.started.to_string()),
			kind: Kind::Measurement,
			started: self.started,
			last: self.last,
			severity: severity_of(0),
			confidence: confidence_of(calibration, self.flagged),
			entity: name.into(),
			what: format!(
				"{name} was measured as {}, where {} is usual at about this time of day; {} values stand out.",
				self.highest.value, self.typical, self.flagged
			),
			drivers: vec![Driver {
				feature: VALUE.into(),
				typical: self.typical,
				actual: self.highest.value,
				share: 1.0,
			}],
			peers,
			// Data Manipulation
			technique: Some("T1565".into()),
			safeguard:
				"have the device checked, and what it measured since looked at by those who treat"
					.into(),
			flagged: self.flagged,
			evidence: self.evidence.clone(),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::ensemble::random::Random;

	const MINUTE: Moment = 60_000;

	fn measured(device: &str, at: Moment, value: f64) -> Measurement {
		let quantity = "8310-5 [Cel]".into();
		Measurement { at, device: Some(device.into()), quantity, value }
	}

	/// Two devices that measure temperatures every five minutes for so many days.
	fn watched(days: u64) -> (Measurements, Random) {
		let mut watch = Measurements::new(&Config::default());
		let mut random = Random::new(4);
		for step in 0..days * 288 {
			for device in ["one", "two"] {
				let value = 36.8 + 0.3 * random.normal();
				watch.observe(&measured(device, step * 5 * MINUTE, value));
			}
		}
		(watch, random)
	}

	#[test]
	fn an_impossible_value_is_an_alert_at_once_and_is_not_learned() {
		let (mut watch, _) = watched(5);
		let coverage = watch.coverage();
		assert!(coverage.judged > 2_000 && coverage.flagged * 40 < coverage.judged, "{coverage:?}");
		assert_eq!(watch.alerts().count(), 0);
		let learned = watch.learned();
		// Two hours later, when what stood out before is over.
		watch.observe(&measured("one", (5 * 288 * 5 + 120) * MINUTE, 366.0));
		let alert = watch.alerts().next().unwrap();
		assert_eq!(alert.entity, "one 8310-5 [Cel]");
		assert_eq!((alert.drivers[0].actual, alert.flagged), (366.0, 1));
		assert!((alert.drivers[0].typical - 36.8).abs() < 2.0, "{alert:?}");
		let peers = alert.peers.as_ref().unwrap();
		assert_eq!((peers.group.as_str(), peers.members), ("8310-5 [Cel]", 2));
		assert!((peers.typical[0].typical - 36.8).abs() < 0.5, "{peers:?}");
		assert_eq!(watch.learned(), learned);
	}

	#[test]
	fn values_that_stand_out_a_little_need_to_be_several_and_nothing_is_learned_meanwhile() {
		let (mut watch, mut random) = watched(5);
		let begin = 5 * 288 * 5 * MINUTE;
		let mut counts = Vec::new();
		for step in 0..12 {
			let value = 38.6 + 0.05 * random.normal();
			watch.observe(&measured("one", begin + step * 5 * MINUTE, value));
			counts.push(watch.alerts().count());
		}
		assert_eq!(counts[0], 0, "one alone is no alert");
		assert_eq!(counts[11], 1, "{counts:?}");
		let learned = watch.learned();
		watch.observe(&measured("one", begin + 61 * MINUTE, 36.8));
		assert_eq!(watch.learned(), learned, "the alert is open");
		watch.observe(&measured("two", begin + 61 * MINUTE, 36.8));
		watch.observe(&measured("one", begin + 200 * MINUTE, 36.8));
		assert_eq!(watch.learned(), learned + 2, "another device, and one that fell silent");
	}

	#[test]
	fn a_dismissed_alert_makes_its_values_usual() {
		let (mut watch, _) = watched(5);
		let begin = (5 * 288 * 5 + 120) * MINUTE;
		watch.observe(&measured("one", begin, 366.0));
		let (id, learned) = (watch.alerts().next().unwrap().id.clone(), watch.learned());
		assert!(watch.feedback(&id, Feedback::Dismiss));
		assert_eq!((watch.learned(), watch.alerts().count()), (learned + 1, 0));
		watch.observe(&measured("one", begin + MINUTE, 366.0));
		assert_eq!(watch.alerts().count(), 0);
		assert!(!watch.feedback(&id, Feedback::Dismiss));
	}

	#[test]
	fn the_number_of_series_and_what_is_kept_of_each_are_bounded() {
		let mut config = Config::default();
		config.measurements.entities = 3;
		let mut watch = Measurements::new(&config);
		for number in 0..50u64 {
			watch.observe(&measured(&number.to_string(), number, 1.0));
		}
		assert_eq!(watch.series.len(), 3);
		assert!(watch.series.contains_key("49 8310-5 [Cel]"));
		let (watch, _) = watched(12);
		let bytes = postcard::to_stdvec(&watch.series["one 8310-5 [Cel]"]).unwrap().len();
		assert!(bytes < 256 * 1_024, "{bytes}");
	}
}
