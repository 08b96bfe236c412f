//! Working days of staff, judged as they end.
//!
//! A working day of a member begins with an access and ends when no other has come for some hours, so that a night shift is
//! one. It is compared with the member's own past and with the unit ([`StaffModel`]). A day that is flagged is an alert, and
//! nothing of it is learned.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use curex_primitives::Moment;

use crate::{
	alert::{confidence_of, forget_first, severity_of, Alert, Kind, EVIDENCE},
	behaviour::{access::AccessBehaviour, Behaviour},
	calibration::{Calibration, Verdict},
	config::{Config, WorkingDayConfig},
	event::{CareRelationship, RecordAccess},
	staff::{Explanation, StaffModel},
	watcher::{id_of, Coverage, Feedback},
};

const HOUR: Moment = 3_600_000;
const DAY: Moment = 24 * HOUR;

/// A day ends after so long, whatever comes.
const LONGEST_DAY: Moment = DAY;

/// Accesses kept of a day, and of all days that have not ended: the day that began first is then judged early.
const ACCESSES_OF_ONE: usize = 4_096;
const ACCESSES: usize = 1 << 17;

/// Learned days after which the model is fitted again, at most.
const REFIT: u64 = 2_048;

/// Alerts kept; beyond it the one that ended first is forgotten.
const ALERTS: usize = 10_000;

/// Milliseconds after which the score of a flagged day, and nothing else of it, counts among the others if no person has
/// spoken: left out for good, the highest scores of ordinary days would lower the threshold without end.
const UNDECIDED: Moment = 14 * DAY;

/// Flagged days of one member that begin within so many milliseconds of the last are one alert.
const TOGETHER: Moment = 7 * DAY;

/// Flagged days kept of an alert.
const FLAGS: usize = 64;

/// Watches working days.
#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct WorkingDays {
	silence: Moment,
	memory: Moment,
	model: StaffModel,
	/// Learned days at which to fit next.
	next_fit: u64,
	calibration: Calibration,
	open: HashMap<String, Day>,
	/// When to look whether a member's day is over.
	reviews: BTreeSet<(Moment, String)>,
	/// Accesses in open days.
	held: usize,
	/// What is behind each alert, for what a person says of it later.
	flagged: BTreeMap<String, Vec<Flagged>>,
	alerts: BTreeMap<String, Alert>,
	coverage: Coverage,
	/// Days since 1970 when old memories were last deleted.
	cleared: Moment,
	/// What was judged, if somebody asked for it.
	#[serde(skip)]
	judged: Option<Vec<JudgedDay>>,
}

/// A working day that was judged, for measuring how well days are told apart.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedDay {
	/// Whose day it was.
	pub user: String,
	/// Its first access.
	pub started: Moment,
	/// Its last access.
	pub last: Moment,
	/// How unusual it is.
	pub score: f64,
	/// What that means.
	pub verdict: Verdict,
}

/// A working day that has not ended.
#[derive(serde::Serialize, serde::Deserialize)]
struct Day {
	unit: String,
	started: Moment,
	last: Moment,
	accesses: Vec<RecordAccess>,
	/// Accesses beyond those that are kept.
	beyond: u64,
}

impl Day {
	/// When it is over if nothing else comes.
	fn ends(&self, silence: Moment) -> Moment {
		(self.last.saturating_add(silence)).min(self.started.saturating_add(LONGEST_DAY))
	}
}

/// What is needed of a flagged day once a person has spoken.
#[derive(serde::Serialize, serde::Deserialize)]
struct Flagged {
	at: Moment,
	score: f64,
	point: Vec<f64>,
	/// Whether its score counts among the others.
	counted: bool,
}

impl WorkingDays {
	pub(crate) fn new(config: &Config) -> Self {
		let WorkingDayConfig { silence_hours, warm_up, calibration, memory_days } =
			config.working_days;
		Self {
			silence: silence_hours.saturating_mul(HOUR),
			memory: memory_days.saturating_mul(DAY),
			model: StaffModel::unvetted(config.seed),
			next_fit: warm_up as u64,
			calibration: Calibration::new(config.false_alarm_rate, config.scores_for(calibration)),
			open: HashMap::new(),
			reviews: BTreeSet::new(),
			held: 0,
			flagged: BTreeMap::new(),
			alerts: BTreeMap::new(),
			coverage: Coverage::default(),
			cleared: 0,
			judged: None,
		}
	}

	/// Makes it ready after it was read.
	pub(crate) fn restore(&mut self) {
		self.model.restore();
	}

	/// Takes over what another has learned, and nothing else of it.
	pub(crate) fn take_model(&mut self, other: Self) {
		self.model = other.model;
		self.next_fit = other.next_fit;
		self.calibration = other.calibration;
	}

	pub(crate) fn keep_alerts_of(&mut self, earlier: Self) {
		self.alerts = earlier.alerts;
	}

	/// Days learned so far.
	pub(crate) fn learned(&self) -> u64 {
		self.model.learned()
	}

	pub(crate) fn coverage(&self) -> Coverage {
		self.coverage
	}

	/// The days that were judged since this was called last; they are noted from the first call on.
	pub(crate) fn take_judged(&mut self) -> Vec<JudgedDay> {
		self.judged.replace(Vec::new()).unwrap_or_default()
	}

	pub(crate) fn calibration(&self) -> &Calibration {
		&self.calibration
	}

	pub(crate) fn alerts(&self) -> impl Iterator<Item = &Alert> {
		self.alerts.values()
	}

	/// Adds an access to its member's day and judges the days that are over. Whom `suspected` speaks of, from a moment on,
	/// is judged and not learned. Once a day it deletes what is older than it may be, and returns the moment before which that is.
	pub(crate) fn observe(
		&mut self,
		access: &RecordAccess,
		suspected: &dyn Fn(&str, Moment) -> bool,
	) -> Option<Moment> {
		let cleared = self.cleared;
		while self.reviews.first().is_some_and(|(due, _)| *due < access.at) {
			let Some((_, user)) = self.reviews.pop_first() else { break };
			let Some(day) = self.open.get(&user) else { continue };
			let ends = day.ends(self.silence);
			match ends < access.at {
				true => self.end(&user, suspected),
				false => {
					self.reviews.insert((ends, user));
				},
			}
		}
		if self.open.get(&access.user).is_some_and(|day| day.ends(self.silence) < access.at) {
			self.end(&access.user, suspected);
		}
		let silence = self.silence;
		let day = self.open.entry(access.user.clone()).or_insert_with(|| {
			self.reviews.insert((access.at.saturating_add(silence), access.user.clone()));
			Day {
				unit: access.unit.clone().unwrap_or_default(),
				started: access.at,
				last: access.at,
				accesses: Vec::new(),
				beyond: 0,
			}
		});
		day.last = day.last.max(access.at);
		if day.accesses.len() < ACCESSES_OF_ONE {
			day.accesses.push(access.clone());
			self.held += 1;
		} else {
			day.beyond += 1;
		}
		while self.held > ACCESSES {
			let first = self.open.iter().min_by_key(|(user, day)| (day.started, *user));
			let Some(user) = first.map(|(user, _)| user.clone()) else { break };
			self.end(&user, suspected);
		}
		(self.cleared > cleared).then(|| (self.cleared * DAY).saturating_sub(self.memory))
	}

	/// Judges a member's day, and learns it unless it is flagged.
	fn end(&mut self, user: &str, suspected: &dyn Fn(&str, Moment) -> bool) {
		let Some(day) = self.open.remove(user) else { return };
		self.held -= day.accesses.len();
		self.clear(day.last);
		let flagged = match self.model.is_fitted() {
			false => {
				self.coverage.unjudged += 1;
				false
			},
			true => self.judge(user, &day),
		};
		if flagged || suspected(user, day.started) {
			return;
		}
		self.model.learn(&day.unit, &day.accesses);
		if self.model.learned() >= self.next_fit {
			self.model.fit();
			self.next_fit = self.model.learned() + self.model.learned().min(REFIT);
		}
	}

	/// Whether a day is flagged; then it is an alert.
	fn judge(&mut self, user: &str, day: &Day) -> bool {
		let score = self.model.score(&day.unit, &day.accesses);
		let verdict = self.calibration.judge(score);
		if let Some(judged) = &mut self.judged {
			let (user, started, last) = (user.into(), day.started, day.last);
			judged.push(JudgedDay { user, started, last, score, verdict });
		}
		if verdict != Verdict::Flagged {
			match verdict {
				Verdict::Calibrating => self.coverage.unjudged += 1,
				_ => self.coverage.judged += 1,
			}
			self.calibration.record(score);
			return false;
		}
		self.coverage.judged += 1;
		self.coverage.flagged += 1;
		let Some((why, point)) = self
			.model
			.explain(&day.unit, &day.accesses)
			.zip(self.model.point(&day.unit, &day.accesses))
		else {
			return true;
		};
		let mut alert = alert(user, day, why, self.calibration.len());
		if let Some(open) = self.open_alert(user, day.started) {
			alert = repeated(self.alerts[&open].clone(), alert, self.flagged.get(&open), score);
		}
		let flagged = self.flagged.entry(alert.id.clone()).or_default();
		flagged.push(Flagged { at: day.last, score, point, counted: false });
		flagged.truncate(FLAGS);
		self.alerts.insert(alert.id.clone(), alert);
		if let Some(id) = forget_first(&mut self.alerts, ALERTS) {
			self.flagged.remove(&id);
		}
		true
	}

	/// The alert about a member that a day goes on with.
	fn open_alert(&self, user: &str, started: Moment) -> Option<String> {
		let prefix = id_of(Kind::WorkingDay, user, "");
		let alerts = self.alerts.range(prefix.clone()..);
		alerts
			.take_while(|(id, _)| id.starts_with(&prefix))
			.filter(|(_, alert)| alert.entity == user && alert.last + TOGETHER >= started)
			.max_by_key(|(_, alert)| alert.last)
			.map(|(id, _)| id.clone())
	}

	/// Once a day: deletes what is older than it may be, and decides what nobody has decided.
	fn clear(&mut self, now: Moment) {
		if now / DAY <= self.cleared {
			return;
		}
		self.cleared = now / DAY;
		self.model.forget(now.saturating_sub(self.memory));
		for flagged in self.flagged.values_mut().flatten() {
			if !flagged.counted && flagged.at.saturating_add(UNDECIDED) < now {
				self.calibration.record(flagged.score);
				flagged.counted = true;
			}
		}
	}

	/// Deletes the alerts that do not stay; returns how many.
	pub(crate) fn forget_alerts(&mut self, stays: &dyn Fn(&Alert) -> bool) -> usize {
		let all = self.alerts.len();
		self.alerts.retain(|_, alert| stays(alert));
		let Self { alerts, flagged, .. } = self;
		flagged.retain(|id, _| alerts.contains_key(id));
		all - alerts.len()
	}

	/// Takes what a person says of an alert; false if there is none of this id.
	pub(crate) fn feedback(&mut self, id: &str, feedback: Feedback) -> bool {
		if !self.alerts.contains_key(id) {
			return false;
		}
		let flagged = self.flagged.remove(id).unwrap_or_default();
		match feedback {
			Feedback::Confirm => {
				let least = flagged.iter().map(|day| day.score).fold(f64::INFINITY, f64::min);
				self.calibration.forget_from(least);
			},
			Feedback::Dismiss => {
				for Flagged { at, score, point, counted } in flagged {
					if !counted {
						self.calibration.record(score);
					}
					self.model.learn_point(at, point);
				}
				self.alerts.remove(id);
			},
		}
		true
	}
}

/// An alert that goes on with another day; what is told is that of the day with the highest score.
fn repeated(before: Alert, day: Alert, flagged: Option<&Vec<Flagged>>, score: f64) -> Alert {
	let highest = flagged.into_iter().flatten().map(|one| one.score).fold(f64::MIN, f64::max);
	let mut evidence = before.evidence.clone();
	evidence.extend(day.evidence.iter().cloned());
	evidence.truncate(EVIDENCE);
	let told = if score > highest { day.clone() } else { before.clone() };
	Alert {
		id: before.id,
		started: before.started,
		last: day.last,
		severity: before.severity.max(day.severity),
		confidence: before.confidence.max(day.confidence),
		flagged: before.flagged + day.flagged,
		evidence,
		..told
	}
}

fn alert(user: &str, day: &Day, why: Explanation, calibration: usize) -> Alert {
	let leading = why.drivers.first().map_or("", |driver| driver.feature.as_str());
	let unexplained = |access: &&RecordAccess| {
		access.relationship == CareRelationship::Absent || access.break_glass
	};
	let strangers: std::collections::HashSet<&str> = day
		.accesses
		.iter()
		.filter(unexplained)
		.filter_map(|access| access.patient.as_deref())
		.collect();
	let (odd, others): (Vec<_>, Vec<_>) = day.accesses.iter().partition(unexplained);
	let evidence = odd.into_iter().chain(others).take(EVIDENCE).map(AccessBehaviour::evidence);
	let accesses = day.accesses.len() as u64 + day.beyond;
	Alert {
		id: id_of(Kind::WorkingDay, user, &day.started.to_string()),
		kind: Kind::WorkingDay,
		started: day.started,
		last: day.last,
		severity: severity_of(strangers.len() as u64),
		confidence: confidence_of(calibration, accesses),
		entity: user.into(),
		what: describe(user, accesses, &why),
		technique: AccessBehaviour::technique(leading).map(Into::into),
		safeguard: AccessBehaviour::safeguard(leading).into(),
		drivers: why.drivers,
		peers: why.peers,
		flagged: accesses,
		evidence: evidence.collect(),
	}
}

fn describe(user: &str, accesses: u64, why: &Explanation) -> String {
	let told = why.drivers.iter().take(2).map(|driver| {
		let name = driver.feature.replace('_', " ");
		format!("{name} {:.0}, usually {:.1}", driver.actual, driver.typical)
	});
	let told: Vec<String> = told.collect();
	format!(
		"A working day of {user} with {accesses} accesses differs from the usual: {}.",
		told.join("; ")
	)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::ensemble::random::Random;

	/// A member of staff at work on one day: some 12 accesses to the unit's patients from 8 to 16 h.
	fn ordinary(user: u64, day: u64, random: &mut Random) -> Vec<RecordAccess> {
		let mut hours: Vec<Moment> = (0..10 + random.below(6))
			.map(|_| 8 * HOUR + random.below(8 * 3_600_000) as u64)
			.collect();
		hours.sort_unstable();
		let unexplained = random.below(40);
		let steps = hours.into_iter().enumerate();
		let accesses = steps.map(|(step, hour)| {
			let relationship = match step == unexplained {
				true => CareRelationship::Absent,
				false => CareRelationship::Present,
			};
			access(user, day * DAY + hour, 100 * (user % 2) + random.below(30) as u64, relationship)
		});
		accesses.collect()
	}

	fn access(user: u64, at: Moment, patient: u64, relationship: CareRelationship) -> RecordAccess {
		RecordAccess {
			at,
			local_hour: (at / HOUR % 24) as u32,
			weekend: false,
			user: format!("staff-{user}"),
			patient: Some(format!("patient-{patient}")),
			action: 'R',
			break_glass: false,
			relationship,
			unit: Some(format!("ward {}", user % 2)),
		}
	}

	const CALM: &dyn Fn(&str, Moment) -> bool = &|_, _| false;

	/// Twelve members of two wards for so many days.
	fn watched(days: u64) -> WorkingDays {
		let mut watch = WorkingDays::new(&Config::default());
		let mut random = Random::new(1);
		for day in 0..days {
			for access in hospital(day, &mut random) {
				watch.observe(&access, CALM);
			}
		}
		watch
	}

	fn hospital(day: u64, random: &mut Random) -> Vec<RecordAccess> {
		let mut accesses: Vec<_> = (0..12).flat_map(|user| ordinary(user, day, random)).collect();
		accesses.sort_by_key(|access| access.at);
		accesses
	}

	/// `staff-3` works as usual, and opens the records of forty strangers in the evening.
	fn misuse(watch: &mut WorkingDays, day: u64) {
		let mut random = Random::new(day);
		let curious = (0..40).map(|step| {
			let at = day * DAY + 17 * HOUR + step * 60_000;
			access(3, at, 5_000 + step, CareRelationship::Absent)
		});
		for access in hospital(day, &mut random).into_iter().chain(curious) {
			watch.observe(&access, CALM);
		}
		// The next day comes, and the days before are over.
		watch.observe(&access(0, (day + 1) * DAY + 8 * HOUR, 1, CareRelationship::Present), CALM);
	}

	#[test]
	fn a_day_among_strangers_is_an_alert_with_its_peers_and_is_not_learned() {
		let mut watch = watched(60);
		let before = watch.alerts().count();
		assert!(watch.coverage.judged > 200, "{:?}", watch.coverage);
		assert!(watch.coverage.flagged <= 3 * watch.coverage.judged / 100, "{:?}", watch.coverage);
		let learned = watch.learned();
		misuse(&mut watch, 60);
		let alert = watch.alerts().find(|alert| alert.started / DAY == 60).cloned().unwrap();
		assert_eq!((watch.alerts().count(), alert.entity.as_str()), (before + 1, "staff-3"));
		assert_eq!(watch.learned(), learned + 11 + 12, "the last days of the others, and this");
		let peers = alert.peers.unwrap();
		assert_eq!((peers.group.as_str(), peers.members), ("ward 1", 6));
		assert!(
			alert.drivers[0].actual > 5.0 * (alert.drivers[0].typical + 1.0),
			"{:?}",
			alert.drivers
		);
		let text = serde_json::to_string(&alert.evidence).unwrap();
		assert!(text.contains("no care relationship") && !text.contains("patient-"), "{text}");
	}

	#[test]
	fn of_a_suspected_member_nothing_is_learned() {
		let mut watch = watched(3);
		let (learned, mut random) = (watch.learned(), Random::new(9));
		for access in hospital(3, &mut random) {
			watch.observe(&access, &|user, _| user == "staff-3");
		}
		assert_eq!(watch.learned(), learned + 11);
	}

	#[test]
	fn a_night_shift_is_one_day_and_silence_ends_it() {
		let mut watch = WorkingDays::new(&Config::default());
		for hour in [22, 24, 27, 30] {
			watch.observe(&access(1, hour * HOUR, 1, CareRelationship::Present), CALM);
		}
		assert_eq!((watch.open.len(), watch.learned()), (1, 0));
		watch.observe(&access(2, 37 * HOUR, 1, CareRelationship::Present), CALM);
		assert_eq!((watch.open.len(), watch.learned(), watch.held), (1, 1, 1));
	}

	#[test]
	fn a_dismissed_day_teaches_and_a_confirmed_one_does_not() {
		let id = |watch: &WorkingDays| {
			let alert = watch.alerts().find(|alert| alert.started / DAY == 60);
			alert.unwrap().id.clone()
		};
		for (feedback, taught, alerts) in [(Feedback::Dismiss, 1, 0), (Feedback::Confirm, 0, 1)] {
			let mut watch = watched(60);
			misuse(&mut watch, 60);
			let (learned, id) = (watch.learned(), id(&watch));
			assert!(watch.feedback(&id, feedback));
			assert_eq!(watch.learned(), learned + taught);
			assert_eq!(watch.alerts().filter(|alert| alert.id == id).count(), alerts);
			assert!(!watch.feedback("working-day-nobody-1", feedback));
		}
	}

	#[test]
	fn flagged_days_of_one_member_that_follow_each_other_are_one_alert() {
		let mut watch = watched(60);
		misuse(&mut watch, 60);
		misuse(&mut watch, 62);
		misuse(&mut watch, 75);
		let of_one = watch.alerts().filter(|alert| alert.entity == "staff-3");
		let days: Vec<_> = of_one.map(|alert| (alert.started / DAY, alert.last / DAY)).collect();
		assert_eq!(days[days.len() - 2..], [(60, 62), (75, 75)], "{days:?}");
	}

	#[test]
	fn memory_of_open_days_is_bounded() {
		let mut watch = WorkingDays::new(&Config::default());
		for step in 0..(ACCESSES_OF_ONE as u64 + 10) {
			watch.observe(&access(1, step, 1, CareRelationship::Present), CALM);
		}
		assert_eq!((watch.held, watch.open["staff-1"].beyond), (ACCESSES_OF_ONE, 10));
		for step in 0..ACCESSES as u64 {
			watch.observe(&access(10 + step % 1_000, 9_000, 1, CareRelationship::Present), CALM);
		}
		assert!(watch.held <= ACCESSES);
		assert!(!watch.open.contains_key("staff-1"), "the first day was judged early");
	}
}
