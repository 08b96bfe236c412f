//! From events to alerts.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io::BufRead;
use std::sync::Arc;

use curex_primitives::Moment;

use crate::{
	alert::{
		confidence_of, forget_first, leading, severity_of, Alert, Driver, Kind, Peers, EVIDENCE,
	},
	behaviour::{
		access::AccessBehaviour, flow::FlowBehaviour, log::LogBehaviour, Behaviour, Map,
		Observation,
	},
	calibration::{Calibration, Verdict, KEPT},
	config::{Config, StreamConfig},
	detector::Detector,
	ensemble::{
		random::mix,
		stream::{EnsembleDetector, Memory},
	},
	event::{Event, Measurement},
	ingest::{self, Malformed, Source},
	known::KnownThreats,
	measurements::Measurements,
	peers::PeerGroups,
	working_days::{JudgedDay, WorkingDays},
	ThreatsError,
};

/// What a watch found.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Report {
	/// Events read.
	pub events: u64,
	/// Lines that could not be understood.
	pub malformed: Malformed,
	/// How much of the flows could be judged.
	pub flows: Coverage,
	/// How much of the record accesses could be judged.
	pub accesses: Coverage,
	/// How much of the log messages could be judged.
	#[serde(default)]
	pub logs: Coverage,
	/// How many working days of staff could be judged.
	#[serde(default)]
	pub working_days: Coverage,
	/// How many measured values could be judged.
	#[serde(default)]
	pub measurements: Coverage,
	/// Kinds of events of which the scores have drifted lately: what is usual changes.
	#[serde(default)]
	pub drifted: Vec<Kind>,
	/// Alerts by start, then id.
	pub alerts: Vec<Alert>,
}

/// How much could be judged. No alert among unjudged events means unknown, not safe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Coverage {
	/// Events that warmed up the detector or its calibration and were not judged.
	pub unjudged: u64,
	/// Events judged.
	pub judged: u64,
	/// Events flagged among the judged.
	pub flagged: u64,
	/// Events judged by the screening alone.
	#[serde(default)]
	pub screened: u64,
}

/// Reads every source to its end and watches the events in the order of their time, whatever the
/// order of the sources. Holds the parsed events in memory; for a stream without end, feed a
/// [`Watcher`].
///
/// # Errors
/// [`ThreatsError::Configuration`], or [`ThreatsError::Read`] if a source cannot be read on.
pub fn watch<R: BufRead>(
	config: &Config,
	sources: impl IntoIterator<Item = Source<R>>,
) -> Result<Report, ThreatsError> {
	let mut watcher = Watcher::new(config)?;
	let (mut events, mut malformed) = (Vec::new(), Malformed::default());
	for source in sources {
		ingest::read(source, &mut malformed, |event| events.push(event))?;
	}
	events.sort_by_key(Event::at);
	for event in &events {
		watcher.observe(event);
	}
	Ok(watcher.report(events.len() as u64, malformed))
}

/// What a person says of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Feedback {
	/// It was what it said: scores as high as its own no longer count as normal.
	Confirm,
	/// It was nothing: its scores count as normal from now on, and the alert is withdrawn.
	Dismiss,
}

/// Version of the state that a watcher writes; one of another version is refused.
const STATE: u16 = 3;

/// Watches a stream of events.
pub struct Watcher {
	config: Config,
	flows: Pipeline<FlowBehaviour, EnsembleDetector>,
	accesses: Pipeline<AccessBehaviour, EnsembleDetector>,
	logs: Pipeline<LogBehaviour, EnsembleDetector>,
	working_days: WorkingDays,
	measurements: Measurements,
	known: KnownThreats,
}

impl Watcher {
	/// A watcher that has seen nothing.
	///
	/// # Errors
	/// [`ThreatsError::Configuration`].
	pub fn new(config: &Config) -> Result<Self, ThreatsError> {
		config.check()?;
		let flows = FlowBehaviour::new(&config.flows);
		let accesses = AccessBehaviour::new(&config.accesses, config.working_hours);
		Ok(Self {
			config: config.clone(),
			flows: Pipeline::new(flows, config, &config.flows),
			accesses: Pipeline::new(accesses, config, &config.accesses),
			logs: Pipeline::new(LogBehaviour::new(&config.logs), config, &config.logs),
			working_days: WorkingDays::new(config),
			measurements: Measurements::new(config),
			known: KnownThreats::new(config.flows.window_seconds.saturating_mul(1_000)),
		})
	}

	/// Takes the peers of addresses, hosts and users from here, where events do not say them: groups by entity.
	pub fn use_groups(&mut self, groups: Arc<HashMap<String, String>>) {
		self.flows.groups = groups.clone();
		self.logs.groups = groups.clone();
		self.accesses.groups = groups;
	}

	/// Watches one event. Events of an entity should come roughly in order of time.
	pub fn observe(&mut self, event: &Event) {
		match event {
			Event::Flow(flow) => self.flows.observe(flow),
			Event::Access(access) => {
				self.accesses.observe(access);
				let accesses = &self.accesses;
				let suspected = |user: &str, since| accesses.has_alert_since(user, since);
				if let Some(before) = self.working_days.observe(access, &suspected) {
					self.accesses.held.behaviour.forget(before);
					self.accesses.held.peers.forget(before);
				}
			},
			Event::Log(line) => self.logs.observe(line),
			Event::Notice(notice) => self.known.observe(notice),
			// What is known of it comes as a notice.
			Event::Contact(_) => {},
			Event::Measured(values) => self.measure(values),
			Event::Results(line, values) => {
				self.logs.observe(line);
				self.measure(values);
			},
		}
	}

	fn measure(&mut self, values: &[Measurement]) {
		values.iter().for_each(|value| self.measurements.observe(value));
	}

	/// The working days that were judged since this was called last; they are noted from the first call on.
	pub fn judged_working_days(&mut self) -> Vec<JudgedDay> {
		self.working_days.take_judged()
	}

	/// What was found in so many events beside so many malformed lines.
	pub fn report(&self, events: u64, malformed: Malformed) -> Report {
		let [flows, accesses, logs, working_days, measurements] = self.coverage();
		let (drifted, alerts) = (self.drifted(), self.alerts());
		Report {
			events,
			malformed,
			flows,
			accesses,
			logs,
			working_days,
			measurements,
			drifted,
			alerts,
		}
	}

	/// All that it knows, in a form of its own: a watcher that [restores](Self::restore) it goes on as if
	/// it had never stopped. It holds names of devices, pseudonymous staff codes, and references to
	/// patients that were seen within a window: keep it as confidential as the logs.
	///
	/// # Errors
	/// [`ThreatsError::Snapshot`], which would be a defect.
	pub fn state(&self) -> Result<Vec<u8>, ThreatsError> {
		let streams = (self.flows.state(), self.accesses.state(), self.logs.state());
		let others = (&self.working_days, &self.measurements, &self.known);
		Ok(postcard::to_stdvec(&(STATE, &self.config, streams, others))?)
	}

	/// The watcher that wrote the state.
	///
	/// # Errors
	/// [`ThreatsError::Snapshot`] if it is of another version or configuration, or damaged.
	pub fn restore(config: &Config, state: &[u8]) -> Result<Self, ThreatsError> {
		let watcher = Self::written(state)?;
		if watcher.config != *config {
			let reason = "it was written under another configuration".into();
			return Err(ThreatsError::Snapshot { reason });
		}
		Ok(watcher)
	}

	/// The watcher that wrote the state, or one that keeps its alerts and learns everything else anew if
	/// the configuration is another now; true in that case.
	///
	/// # Errors
	/// [`ThreatsError::Snapshot`] if it is of another version, or damaged; [`ThreatsError::Configuration`].
	pub fn resume(config: &Config, state: &[u8]) -> Result<(Self, bool), ThreatsError> {
		let earlier = Self::written(state)?;
		if earlier.config == *config {
			return Ok((earlier, false));
		}
		let mut watcher = Self::new(config)?;
		watcher.flows.held.alerts = earlier.flows.held.alerts;
		watcher.accesses.held.alerts = earlier.accesses.held.alerts;
		watcher.logs.held.alerts = earlier.logs.held.alerts;
		watcher.working_days.keep_alerts_of(earlier.working_days);
		watcher.measurements.keep_alerts_of(earlier.measurements);
		watcher.known = earlier.known;
		Ok((watcher, true))
	}

	/// The watcher as it wrote the state, under the configuration of that time.
	fn written(state: &[u8]) -> Result<Self, ThreatsError> {
		let (version, rest): (u16, _) = postcard::take_from_bytes(state)?;
		if version != STATE {
			let reason = format!("it is of version {version}, this program knows {STATE}");
			return Err(ThreatsError::Snapshot { reason });
		}
		let (config, rest): (Config, _) = postcard::take_from_bytes(rest)?;
		let mut watcher = Self::new(&config)?;
		let ((flows, accesses, logs), others) = postcard::from_bytes(rest)?;
		watcher.flows.restore(flows)?;
		watcher.accesses.restore(accesses)?;
		watcher.logs.restore(logs)?;
		(watcher.working_days, watcher.measurements, watcher.known) = others;
		watcher.working_days.restore();
		Ok(watcher)
	}

	/// Goes back to what another watcher had learned, and keeps its own alerts, windows and counts.
	///
	/// # Errors
	/// [`ThreatsError::Snapshot`] if the other has other features.
	pub fn take_model(&mut self, other: Self) -> Result<(), ThreatsError> {
		self.flows.take_model(other.flows)?;
		self.accesses.take_model(other.accesses)?;
		self.logs.take_model(other.logs)?;
		self.working_days.take_model(other.working_days);
		self.measurements.take_model(other.measurements);
		Ok(())
	}

	/// Flows, record accesses, log messages, working days and measured values that were learned so far.
	pub fn learned(&self) -> [u64; 5] {
		let (flows, accesses) = (self.flows.detector.memory(), self.accesses.detector.memory());
		let logs = self.logs.detector.memory();
		let [flows, accesses, logs] = [flows, accesses, logs].map(|memory| memory.learned);
		[flows, accesses, logs, self.working_days.learned(), self.measurements.learned()]
	}

	/// How much of the flows, the record accesses, the log messages, the working days and the measured values could be
	/// judged so far.
	pub fn coverage(&self) -> [Coverage; 5] {
		let [flows, accesses, logs] =
			[self.flows.held.coverage, self.accesses.held.coverage, self.logs.held.coverage];
		[flows, accesses, logs, self.working_days.coverage(), self.measurements.coverage()]
	}

	/// Kinds of events of which the scores have drifted lately, see [`Calibration::has_drifted`].
	pub fn drifted(&self) -> Vec<Kind> {
		let calibrations = [
			(Kind::Flow, &self.flows.held.calibration),
			(Kind::RecordAccess, &self.accesses.held.calibration),
			(Kind::Log, &self.logs.held.calibration),
			(Kind::WorkingDay, self.working_days.calibration()),
			(Kind::Measurement, self.measurements.calibration()),
		];
		let drifted = calibrations.into_iter().filter(|(_, one)| one.has_drifted() == Some(true));
		drifted.map(|(kind, _)| kind).collect()
	}

	/// Takes what a person says of an alert; false if there is none of this id. Of a rule or indicator there is no threshold to
	/// change: one that is dismissed is not told of the same address again.
	pub fn feedback(&mut self, id: &str, feedback: Feedback) -> bool {
		self.flows.feedback(id, feedback)
			|| self.accesses.feedback(id, feedback)
			|| self.logs.feedback(id, feedback)
			|| self.working_days.feedback(id, feedback)
			|| self.measurements.feedback(id, feedback)
			|| self.known.feedback(id, feedback)
	}

	/// Deletes the alerts about staff that ended before a moment, but for those to be kept; returns how many.
	pub(crate) fn forget_staff_alerts(
		&mut self,
		before: Moment,
		keeps: &dyn Fn(&Alert) -> bool,
	) -> usize {
		let stays = |alert: &Alert| alert.last >= before || keeps(alert);
		self.accesses.forget_alerts(&stays) + self.working_days.forget_alerts(&stays)
	}

	/// Every alert raised so far, by start, then id.
	pub fn alerts(&self) -> Vec<Alert> {
		let alerts = self.flows.held.alerts.values().chain(self.accesses.held.alerts.values());
		let alerts = alerts.chain(self.logs.held.alerts.values()).chain(self.working_days.alerts());
		let alerts = alerts.chain(self.measurements.alerts()).chain(self.known.alerts());
		let mut alerts: Vec<Alert> = alerts.cloned().collect();
		alerts.sort_by(|one, other| (one.started, &one.id).cmp(&(other.started, &other.id)));
		alerts
	}
}

struct Pipeline<B: Behaviour, D> {
	detector: D,
	confirmations: u64,
	/// Share of the baseline that an event must exceed to be scored; 0 scores all.
	screening: f64,
	/// Silence that ends a suspicion, in milliseconds.
	silence: Moment,
	/// Whose peers an entity is among, where its events do not say.
	groups: Arc<HashMap<String, String>>,
	held: Held<B>,
}

/// What a pipeline has come to know beside what its detector remembers.
#[derive(serde::Serialize, serde::Deserialize)]
struct Held<B> {
	behaviour: B,
	calibration: Calibration,
	/// What each entity is suspected of.
	suspicions: Map<String, Suspicion>,
	/// When to look whether an entity's suspicion is over, in the order of these moments.
	reviews: VecDeque<(Moment, String)>,
	/// Events that were judged, to calibrate when a window has passed, and to be learned if they looked normal
	/// and their entity is beyond suspicion then. Learned at once, an attack that grows step by step would teach
	/// the detector each step before the next. In the order of their ends: an event with a clock that is ahead holds
	/// up no other.
	probation: VecDeque<Probation>,
	/// Events whose probation has ended.
	released: u64,
	alerts: BTreeMap<String, Alert>,
	/// The highest scores of each alert, for what a person says of it later.
	flags: Map<String, Vec<f64>>,
	peers: PeerGroups,
	coverage: Coverage,
}

/// Scores kept of an alert.
const FLAGS: usize = 64;

/// Alerts kept of one kind of event; beyond it the one that ended first is forgotten.
const ALERTS: usize = 10_000;

/// An event that waits to calibrate and to be learned.
#[derive(serde::Serialize, serde::Deserialize)]
struct Probation {
	until: Moment,
	entity: String,
	point: Vec<f64>,
	group: Option<String>,
	flag: Option<Flag>,
}

/// What is known of an event that was flagged, and will not be learned.
#[derive(Clone, Copy, serde::Serialize, serde::Deserialize)]
struct Flag {
	/// Whether its entity had enough others within a window.
	beyond: bool,
}

/// Flagged events of one entity within a window that calibrate if they led to an alert: else a single attacker
/// would raise the threshold for every other.
const CALIBRATING: u64 = 16;

/// The score of an event that the screening found usual.
const SCREENED: f64 = f64::NEG_INFINITY;

/// Events on probation at once. The fuller it is, the smaller is the share of events that are put on it, whatever their
/// scores, so that a whole window fits however fast they come: all of them up to a half, every second from there to three
/// quarters, and so on.
const PROBATION: usize = 1 << 16;

/// Events on probation whose clocks are ahead of others, beyond which the one that is furthest ahead is dropped unlearned.
const AHEAD: usize = 1 << 10;

/// Flags of one entity that follow each other.
#[derive(serde::Serialize, serde::Deserialize)]
struct Suspicion {
	started: Moment,
	last: Moment,
	flagged: u64,
	/// Begin of the latest window, and events flagged in it.
	window: (Moment, u64),
	/// Scores flagged while it is no alert.
	unconfirmed: Vec<f64>,
	highest: f64,
	/// The sentence and the drivers at the highest score.
	what: String,
	drivers: Vec<Driver>,
	reach: u64,
	evidence: Vec<String>,
	/// What was usual of the peers then.
	peers: Option<Peers>,
}

impl Suspicion {
	fn new(at: Moment) -> Self {
		Self {
			started: at,
			last: at,
			flagged: 0,
			window: (at, 0),
			unconfirmed: Vec::new(),
			highest: f64::NEG_INFINITY,
			what: String::new(),
			drivers: Vec::new(),
			reach: 0,
			evidence: Vec::new(),
			peers: None,
		}
	}
}

impl<B: Behaviour> Pipeline<B, EnsembleDetector> {
	fn new(behaviour: B, config: &Config, stream: &StreamConfig) -> Self {
		let calibration = Calibration::new(config.false_alarm_rate, stream.calibration);
		Self {
			detector: EnsembleDetector::new(
				B::FEATURES,
				stream.warm_up,
				config.screening,
				config.seed,
			),
			confirmations: config.confirmations as u64,
			screening: config.screening,
			silence: stream.window_seconds.saturating_mul(1_000),
			groups: Arc::default(),
			held: Held::new(behaviour, calibration),
		}
	}

	fn state(&self) -> (&Held<B>, &Memory) {
		(&self.held, self.detector.memory())
	}

	fn restore(&mut self, (held, memory): (Held<B>, Memory)) -> Result<(), ThreatsError> {
		self.held = held;
		self.detector.restore(memory)
	}

	/// Takes over what another pipeline has learned, and nothing else of it.
	fn take_model(&mut self, other: Self) -> Result<(), ThreatsError> {
		self.held.calibration = other.held.calibration;
		self.held.peers = other.held.peers;
		self.held.probation.clear();
		self.detector.restore(other.detector.memory().clone())
	}
}

impl<B> Held<B> {
	fn new(behaviour: B, calibration: Calibration) -> Self {
		Self {
			behaviour,
			calibration,
			suspicions: Map::default(),
			reviews: VecDeque::new(),
			probation: VecDeque::new(),
			released: 0,
			alerts: BTreeMap::new(),
			flags: Map::default(),
			peers: PeerGroups::default(),
			coverage: Coverage::default(),
		}
	}
}

impl<B: Behaviour, D: Detector> Pipeline<B, D> {
	fn observe(&mut self, event: &B::Event) {
		let mut observation = self.held.behaviour.observe(event);
		if observation.group.is_none() {
			observation.group = self.groups.get(&observation.entity).cloned();
		}
		// Whether flags led to an alert is known until their suspicion ends.
		self.end_probation(observation.at);
		self.review_suspicions(observation.at);
		let Some(score) = self.score(&observation.point) else {
			self.held.coverage.unjudged += 1;
			let Observation { entity, at, point, group, .. } = observation;
			return self.learn(&entity, at, &point, group.as_ref());
		};
		self.held.coverage.screened += u64::from(score == SCREENED);
		let verdict = self.held.calibration.judge(score);
		match verdict {
			Verdict::Calibrating => self.held.coverage.unjudged += 1,
			_ => self.held.coverage.judged += 1,
		}
		let Observation { entity, at, point, group, .. } = &observation;
		let until = at.saturating_add(self.silence);
		let (entity, point, group) = (entity.clone(), point.clone(), group.clone());
		let flag = (verdict == Verdict::Flagged).then(|| {
			self.held.coverage.flagged += 1;
			self.suspect(observation, score, event)
		});
		self.put_on_probation(Probation { until, entity, point, group, flag });
	}

	fn put_on_probation(&mut self, event: Probation) {
		let probation = &mut self.held.probation;
		let before = probation.partition_point(|other| other.until <= event.until);
		let free = PROBATION.saturating_sub(before).max(1);
		let one_of = (PROBATION / (2 * free)).max(1) as u64;
		let coverage = self.held.coverage;
		// At random, since what comes regularly could come in step with every second event.
		if !mix(coverage.judged + coverage.unjudged).is_multiple_of(one_of) {
			return;
		}
		let behind = probation.len() - before;
		probation.insert(before, event);
		if before.min(behind) > AHEAD || probation.len() > PROBATION {
			probation.pop_back();
		}
	}

	/// How unusual a point is; [`SCREENED`] if the screening says that it is usual, nothing while the detector
	/// warms up.
	fn score(&self, point: &[f64]) -> Option<f64> {
		let usual = self.screening > 0.0
			&& self.detector.screen(point).is_some_and(|share| share < self.screening);
		match usual {
			true => Some(SCREENED),
			false => self.detector.score(point),
		}
	}

	/// Calibrates with events whose window has passed, and learns those that have proved themselves.
	fn end_probation(&mut self, now: Moment) {
		while self.held.probation.front().is_some_and(|event| event.until < now) {
			// Of many events in a window only so many calibrate, whatever their scores, that the scores kept are
			// those of a whole window: events that follow each other closely are alike.
			let waiting = self.held.probation.len() as u64;
			let calibrates = self.held.released.is_multiple_of(1 + waiting / KEPT as u64);
			let Some(event) = self.held.probation.pop_front() else { break };
			let Probation { until, entity, point, group, flag } = event;
			self.held.released += 1;
			let alert = self.has_open_alert(&entity);
			let of_alert = flag.filter(|_| alert);
			if calibrates && !of_alert.is_some_and(|flag| flag.beyond) {
				// Its score of now: that of the time when it came was of a detector that knew less.
				match self.score(&point) {
					Some(score) if of_alert.is_some() => {
						self.held.calibration.record_of_alert(score)
					},
					Some(score) => self.held.calibration.record(score),
					None => {},
				}
			}
			if flag.is_none() && !alert {
				self.learn(&entity, until, &point, group.as_ref());
			}
		}
	}

	fn learn(&mut self, entity: &str, at: Moment, point: &[f64], group: Option<&String>) {
		self.detector.learn(point);
		if let Some(group) = group {
			self.held.peers.learn(group, entity, at, point);
		}
	}

	fn has_open_alert(&self, entity: &str) -> bool {
		let suspicion = self.held.suspicions.get(entity);
		suspicion.is_some_and(|suspicion| suspicion.flagged >= self.confirmations)
	}

	/// Deletes the alerts that do not stay; returns how many.
	fn forget_alerts(&mut self, stays: &dyn Fn(&Alert) -> bool) -> usize {
		let all = self.held.alerts.len();
		self.held.alerts.retain(|_, alert| stays(alert));
		let Held { alerts, flags, .. } = &mut self.held;
		flags.retain(|id, _| alerts.contains_key(id));
		all - alerts.len()
	}

	/// Whether an entity had an alert that ended at this moment or later.
	fn has_alert_since(&self, entity: &str, since: Moment) -> bool {
		let prefix = id_of(B::KIND, entity, "");
		let alerts = self.held.alerts.range(prefix.clone()..);
		alerts
			.take_while(|(id, _)| id.starts_with(&prefix))
			.any(|(_, alert)| alert.entity == entity && alert.last >= since)
	}

	fn suspect(&mut self, observation: Observation, score: f64, event: &B::Event) -> Flag {
		let Observation { entity, at, point, reach, group } = observation;
		let explained = match self.held.suspicions.get(&entity) {
			Some(suspicion) if suspicion.highest >= score => None,
			_ => {
				let drivers = self.drivers(&point);
				let place = |name: &str| B::FEATURES.iter().position(|one| one.name == name);
				let peers =
					group.and_then(|group| self.held.peers.of(&group, &entity, &drivers, place));
				Some((self.held.behaviour.describe(&entity, &point), drivers, peers))
			},
		};
		let suspicion = self.held.suspicions.entry(entity.clone()).or_insert_with(|| {
			review(&mut self.held.reviews, at.saturating_add(self.silence), entity.clone());
			Suspicion::new(at)
		});
		suspicion.last = suspicion.last.max(at);
		suspicion.flagged += 1;
		if at > suspicion.window.0.saturating_add(self.silence) {
			suspicion.window = (at, 0);
		}
		suspicion.window.1 += 1;
		let flag = Flag { beyond: suspicion.window.1 > CALIBRATING };
		suspicion.reach = suspicion.reach.max(reach);
		if let Some((what, drivers, peers)) = explained {
			suspicion.highest = score;
			suspicion.what = what;
			suspicion.drivers = drivers;
			suspicion.peers = peers;
		}
		if suspicion.evidence.len() < EVIDENCE {
			suspicion.evidence.push(B::evidence(event));
		}
		if suspicion.flagged >= self.confirmations {
			let alert = alert::<B>(&entity, suspicion, self.held.calibration.len());
			let flags = self.held.flags.entry(alert.id.clone()).or_default();
			flags.append(&mut suspicion.unconfirmed);
			flags.push(score);
			flags.truncate(FLAGS);
			self.held.alerts.insert(alert.id.clone(), alert);
			if let Some(id) = forget_first(&mut self.held.alerts, ALERTS) {
				self.held.flags.remove(&id);
			}
		} else {
			suspicion.unconfirmed.push(score);
		}
		flag
	}

	fn feedback(&mut self, id: &str, feedback: Feedback) -> bool {
		if !self.held.alerts.contains_key(id) {
			return false;
		}
		let flags = self.held.flags.remove(id).unwrap_or_default();
		match feedback {
			Feedback::Confirm => {
				let least = flags.iter().copied().fold(f64::INFINITY, f64::min);
				self.held.calibration.forget_from(least);
			},
			Feedback::Dismiss => {
				for score in flags {
					self.held.calibration.record(score);
				}
				self.held.alerts.remove(id);
			},
		}
		true
	}

	/// Ends the suspicions of entities that have been silent for long enough.
	fn review_suspicions(&mut self, now: Moment) {
		while self.held.reviews.front().is_some_and(|(due, _)| *due < now) {
			let Some((_, entity)) = self.held.reviews.pop_front() else { return };
			let Some(suspicion) = self.held.suspicions.get(&entity) else { continue };
			let due = suspicion.last.saturating_add(self.silence);
			if due >= now {
				review(&mut self.held.reviews, due, entity);
				continue;
			}
			self.held.suspicions.remove(&entity);
		}
	}

	fn drivers(&self, point: &[f64]) -> Vec<Driver> {
		let shares = self.detector.explain(point);
		let typical = self.detector.typical();
		let drivers = B::FEATURES.iter().zip(shares).zip(typical.iter().zip(point)).map(
			|((feature, share), (typical, actual))| Driver {
				feature: feature.name.into(),
				typical: *typical,
				actual: *actual,
				share,
			},
		);
		leading(drivers.collect())
	}
}

/// Puts an entity where it is due.
fn review(reviews: &mut VecDeque<(Moment, String)>, due: Moment, entity: String) {
	let place = reviews.partition_point(|(other, _)| *other <= due);
	reviews.insert(place, (due, entity));
}

/// By what an alert is known.
pub(crate) fn id_of(kind: Kind, entity: &str, started: &str) -> String {
	let kind = match kind {
		Kind::Flow => "flow",
		Kind::RecordAccess => "access",
		Kind::Log => "log",
		Kind::WorkingDay => "working-day",
		Kind::Measurement => "measurement",
		Kind::Known => "known",
	};
	format!("{kind}-{entity}-{started}")
}

/// The alert as it stands. Repeats of the same entity get the same id and replace it.
fn alert<B: Behaviour>(entity: &str, suspicion: &Suspicion, calibration: usize) -> Alert {
	let leading = suspicion.drivers.first();
	Alert {
		id: id_of(B::KIND, entity, &suspicion.started.to_string()),
		kind: B::KIND,
		started: suspicion.started,
		last: suspicion.last,
		severity: severity_of(suspicion.reach),
		confidence: confidence_of(calibration, suspicion.flagged),
		entity: entity.into(),
		what: suspicion.what.clone(),
		drivers: suspicion.drivers.clone(),
		peers: suspicion.peers.clone(),
		technique: leading.and_then(|driver| B::technique(&driver.feature)).map(Into::into),
		safeguard: leading.map_or("", |driver| B::safeguard(&driver.feature)).into(),
		flagged: suspicion.flagged,
		evidence: suspicion.evidence.clone(),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::detector::{Feature, Scale};

	/// Events are (entity, moment, value); the value is the only feature and the score.
	struct Plain;

	impl Behaviour for Plain {
		type Event = (&'static str, Moment, f64);
		const KIND: Kind = Kind::Flow;
		const FEATURES: &'static [Feature] = &[Feature { name: "value", scale: Scale::Share }];

		fn observe(&mut self, (entity, at, value): &Self::Event) -> Observation {
			let group = Some("group".into());
			Observation {
				entity: entity.to_string(),
				at: *at,
				point: vec![*value],
				reach: 0,
				group,
			}
		}

		fn describe(&self, entity: &str, point: &[f64]) -> String {
			format!("{entity} {}", point[0])
		}

		fn technique(_leading: &str) -> Option<&'static str> {
			None
		}

		fn safeguard(_leading: &str) -> &'static str {
			"look"
		}

		fn evidence(event: &Self::Event) -> String {
			format!("{event:?}")
		}
	}

	#[derive(Default)]
	struct Learned(Vec<f64>);

	impl Detector for Learned {
		fn score(&self, point: &[f64]) -> Option<f64> {
			Some(point[0])
		}

		fn explain(&self, _point: &[f64]) -> Vec<f64> {
			vec![1.0]
		}

		fn typical(&self) -> Vec<f64> {
			vec![0.0]
		}

		fn learn(&mut self, point: &[f64]) {
			self.0.push(point[0]);
		}
	}

	/// Calibrated with 20 values below 1 at moment 0; a window is 100 ms long, three flags are an alert.
	fn calibrated() -> Pipeline<Plain, Learned> {
		let mut calibration = Calibration::new(0.1, 20);
		for step in 0..20 {
			calibration.record(f64::from(step) / 20.0);
		}
		Pipeline {
			detector: Learned::default(),
			confirmations: 3,
			screening: 0.0,
			silence: 100,
			groups: Arc::default(),
			held: Held::new(Plain, calibration),
		}
	}

	fn run(pipeline: &mut Pipeline<Plain, Learned>, events: &[(&'static str, Moment, f64)]) {
		for event in events {
			pipeline.observe(event);
		}
	}

	#[test]
	fn what_an_entity_did_just_before_its_alert_is_not_learned() {
		let mut pipeline = calibrated();
		run(&mut pipeline, &[("calm", 1, 0.25), ("bad", 2, 0.75)]);
		run(&mut pipeline, &[("bad", 50, 9.0), ("bad", 51, 9.0), ("bad", 52, 9.0)]);
		run(&mut pipeline, &[("calm", 110, 0.5)]);
		assert_eq!(pipeline.detector.0, [0.25]);
		assert_eq!(pipeline.held.alerts.len(), 1);
	}

	#[test]
	fn every_event_calibrates_and_those_of_an_alert_within_bounds() {
		let mut pipeline = calibrated();
		run(&mut pipeline, &[("odd", 1, 9.0), ("odd", 2, 9.0), ("calm", 500, 0.5)]);
		assert_eq!((pipeline.held.calibration.len(), pipeline.held.alerts.len()), (22, 0));
		let burst = (600..690).map(|at| ("bad", at, 99.0));
		run(&mut pipeline, &burst.collect::<Vec<_>>());
		run(&mut pipeline, &[("calm", 900, 0.5)]);
		// Three quarters of a tenth of 23 are one.
		assert_eq!((pipeline.held.calibration.len(), pipeline.held.alerts.len()), (24, 1));
		assert!(pipeline.held.suspicions.is_empty());
		assert_eq!(pipeline.detector.0, [0.5], "of what was flagged nothing is learned");
	}

	#[test]
	fn of_an_alert_no_more_than_a_few_calibrate_within_a_window() {
		let mut pipeline = calibrated();
		(0..1_000).for_each(|_| pipeline.held.calibration.record(0.5));
		let before = pipeline.held.calibration.len();
		let burst: Vec<_> = (0..60).map(|step| ("bad", 1 + step, 9.0)).collect();
		run(&mut pipeline, &burst);
		run(&mut pipeline, &[("calm", 300, 0.5)]);
		assert_eq!(pipeline.held.calibration.len() - before, CALIBRATING as usize);
	}

	#[test]
	fn what_looks_normal_during_an_alert_calibrates_and_is_not_learned() {
		let mut pipeline = calibrated();
		run(&mut pipeline, &[("bad", 1, 9.0), ("bad", 2, 9.0), ("bad", 3, 9.0), ("bad", 4, 0.75)]);
		run(&mut pipeline, &[("bad", 90, 9.0), ("calm", 110, 0.5)]);
		assert_eq!(
			pipeline.held.calibration.len(),
			20 + 1 + 1,
			"one of the three, and the calm one"
		);
		assert!(pipeline.detector.0.is_empty());
	}

	#[test]
	fn events_are_learned_however_many_come_within_a_window() {
		let mut pipeline = calibrated();
		for number in 0..PROBATION as u64 * 8 {
			// Fifty times as many in a window of 100 ms as fit on probation.
			pipeline.observe(&("calm", number / (PROBATION as u64 / 2), 0.5));
		}
		let learned = pipeline.detector.0.len();
		assert_eq!(learned, 0, "no window is over");
		assert!(pipeline.held.probation.len() <= PROBATION);
		pipeline.observe(&("calm", 500, 0.5));
		let learned = pipeline.detector.0.len();
		assert!((PROBATION / 2..=PROBATION).contains(&learned), "{learned}");
	}

	#[test]
	fn a_clock_that_is_ahead_holds_up_nothing_of_others() {
		let mut pipeline = calibrated();
		run(&mut pipeline, &[("odd", 9_000_000, 0.25), ("calm", 1, 0.5), ("calm", 200, 0.5)]);
		assert_eq!(pipeline.detector.0, [0.5]);
		// A suspicion of an entity with such a clock, and one of another.
		run(&mut pipeline, &[("odd", 9_000_001, 9.0), ("even", 300, 9.0), ("calm", 500, 0.5)]);
		assert_eq!(pipeline.held.suspicions.keys().collect::<Vec<_>>(), ["odd"]);
		assert_eq!(pipeline.held.probation.back().map(|last| last.until), Some(9_000_101));
	}

	#[test]
	fn events_with_clocks_that_are_ahead_make_room() {
		let mut pipeline = calibrated();
		for _ in 0..4 * AHEAD {
			pipeline.observe(&("odd", 9_000_000, 0.25));
		}
		for _ in 0..8 * AHEAD {
			pipeline.observe(&("calm", 1, 0.5));
		}
		let (own, ahead): (Vec<_>, Vec<_>) =
			pipeline.held.probation.iter().partition(|one| one.until < 1_000);
		assert_eq!((own.len(), ahead.len()), (8 * AHEAD, AHEAD));
	}

	#[test]
	fn a_dismissed_alert_raises_the_threshold_and_a_confirmed_one_does_not() {
		let burst = [("bad", 10, 2.0), ("bad", 11, 2.0), ("bad", 12, 2.0)];
		let again = [("bad", 910, 2.0), ("bad", 911, 2.0), ("bad", 912, 2.0)];
		for (feedback, alerts) in [(Feedback::Dismiss, 0), (Feedback::Confirm, 2)] {
			let mut pipeline = calibrated();
			run(&mut pipeline, &burst);
			assert!(pipeline.feedback("flow-bad-10", feedback));
			assert!(!pipeline.feedback("flow-other-10", feedback));
			run(&mut pipeline, &again);
			assert_eq!(pipeline.held.alerts.len(), alerts, "{feedback:?}");
		}
	}

	#[test]
	fn an_alert_names_the_peers_and_what_is_usual_of_them() {
		let mut pipeline = calibrated();
		run(&mut pipeline, &[("calm", 1, 0.25), ("still", 2, 0.75), ("bad", 3, 0.5)]);
		run(&mut pipeline, &[("bad", 150, 9.0), ("bad", 151, 9.0), ("bad", 152, 9.0)]);
		let peers = pipeline.held.alerts["flow-bad-150"].peers.clone().unwrap();
		assert_eq!((peers.group.as_str(), peers.members), ("group", 3));
		assert_eq!(peers.typical[0].typical, 0.75);
	}

	#[test]
	fn repeats_are_one_alert_until_the_entity_has_been_silent_for_a_window() {
		let mut pipeline = calibrated();
		let burst = |at: Moment| [0, 1, 2, 3].map(|step| ("bad", at + step, 9.0));
		run(&mut pipeline, &burst(10));
		run(&mut pipeline, &burst(100));
		assert_eq!(pipeline.held.alerts.len(), 1);
		assert_eq!(pipeline.held.alerts["flow-bad-10"].flagged, 8);
		run(&mut pipeline, &burst(1_000));
		assert_eq!(pipeline.held.alerts.len(), 2);
	}
}
