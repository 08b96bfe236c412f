//! A working day of a member of staff, against the member's own past and against peers.
//!
//! Staff are pseudonymous codes. The model scores days, never people, and nothing follows from a
//! score by itself (docs/staff-information.md).

use std::collections::{HashMap, HashSet, VecDeque};

use curex_primitives::Moment;

use crate::{
	alert::{leading, Driver, PeerValue, Peers},
	behaviour::Windows,
	ensemble::{
		scaling::{Column, Value},
		Baseline, Ensemble, EnsembleConfig,
	},
	event::{CareRelationship, RecordAccess},
};

/// Days of a member or unit from which a history counts in full; a shorter one is drawn towards the
/// mean of all.
const SETTLED: f64 = 5.0;

/// Patients remembered of a unit; when there are more, memory starts anew.
const PATIENTS: usize = 50_000;

/// Members and units remembered; of more, those unseen for longest are forgotten.
const MEMBERS: usize = 50_000;
const UNITS: usize = 2_000;

/// Learned days that are kept to fit the detector; of more, the oldest goes.
const DAYS: usize = 8_192;

/// Of them, those that are compared with a day of a stream.
const STREAMED: usize = 2_048;

/// Milliseconds of a week: what is remembered is forgotten week by week.
const WEEK: Moment = 7 * 86_400_000;

/// What is compared, in the order of the point.
pub const FEATURES: [&str; 9] = [
	"accesses",
	"patients",
	"patients_without_relationship",
	"accesses_without_relationship",
	"most_accesses_to_one_without_relationship",
	"patients_unknown_to_the_unit",
	"emergency_accesses_without_relationship",
	"unusual_hours",
	"most_patients_in_an_hour",
];

/// A number for each feature.
type Counts = [f64; FEATURES.len()];

/// Scores working days. What it remembers of a member are sums by week, of a unit also which patients
/// it cared for; [`Self::forget`] deletes what is older than it may be.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct StaffModel {
	config: EnsembleConfig,
	baseline: Baseline,
	members: Windows<String, History>,
	units: Windows<String, Unit>,
	/// Days that were learned, with their moments.
	points: VecDeque<(Moment, Vec<f64>)>,
	learned: u64,
	/// The points to which the detector is fitted: all there is to restore it.
	fitted_to: Vec<Vec<f64>>,
	#[serde(skip)]
	fitted: Option<Ensemble>,
}

/// What a member, or a unit together, did in each week that is remembered, oldest first.
#[derive(Default, serde::Serialize, serde::Deserialize)]
struct History {
	weeks: VecDeque<Week>,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Week {
	/// Weeks since 1970.
	number: Moment,
	/// Accesses by hour of the day.
	hours: [f64; 24],
	days: f64,
	/// Sums of `ln(1 + x)` of every feature.
	sums: Counts,
}

/// What is known of the peers.
#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Unit {
	history: History,
	/// Whom it cared for, and when last.
	patients: HashMap<String, Moment>,
	/// Who belongs to it, and when they were seen last.
	members: HashMap<String, Moment>,
}

/// Why a day is unusual.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
	/// What made it so, greatest share first, against what is usual of the member.
	pub drivers: Vec<Driver>,
	/// What is usual in the unit; nothing if nobody else of it is known.
	pub peers: Option<Peers>,
}

impl StaffModel {
	/// A model that knows nobody, and will learn days that were looked through.
	pub fn new(seed: u64) -> Self {
		Self::of(Baseline::Vetted, EnsembleConfig { seed, ..EnsembleConfig::default() })
	}

	/// A model that knows nobody, and will learn days as they come: misuse that nobody noticed may be among them.
	pub fn unvetted(seed: u64) -> Self {
		let config = EnsembleConfig { seed, reservoir: STREAMED, ..EnsembleConfig::default() };
		Self::of(Baseline::Unvetted, config)
	}

	fn of(baseline: Baseline, config: EnsembleConfig) -> Self {
		Self {
			config,
			baseline,
			members: Windows::new(MEMBERS),
			units: Windows::new(UNITS),
			points: VecDeque::new(),
			learned: 0,
			fitted_to: Vec::new(),
			fitted: None,
		}
	}

	/// Learns a day of one member of a unit that is taken to be normal. Days should come in order.
	pub fn learn(&mut self, unit: &str, accesses: &[RecordAccess]) {
		if let Some((point, last)) = self.point(unit, accesses).zip(accesses.last()) {
			self.learn_point(last.at, point);
		}
		self.remember(unit, accesses);
	}

	/// Learns a point that [`Self::point`] gave, and nothing of whose it is.
	pub(crate) fn learn_point(&mut self, at: Moment, point: Vec<f64>) {
		self.points.push_back((at, point));
		self.learned += 1;
		if self.points.len() > DAYS {
			self.points.pop_front();
		}
	}

	/// Days learned so far.
	pub fn learned(&self) -> u64 {
		self.learned
	}

	/// Fits the detector to the days learned.
	pub fn fit(&mut self) {
		// First days know no history and would make every first day usual.
		let gone = self.learned - self.points.len() as u64;
		let skipped = (self.learned / 4).saturating_sub(gone) as usize;
		self.fitted_to = self.points.range(skipped..).map(|(_, point)| point.clone()).collect();
		self.fitted = Some(self.ensemble());
	}

	/// Whether it scores.
	pub fn is_fitted(&self) -> bool {
		self.fitted.is_some()
	}

	/// Fits the detector again as it was when the model was written.
	pub(crate) fn restore(&mut self) {
		if !self.fitted_to.is_empty() {
			self.fitted = Some(self.ensemble());
		}
	}

	fn ensemble(&self) -> Ensemble {
		let rows: Vec<Vec<Value>> = self.fitted_to.iter().map(|point| row(point)).collect();
		let columns = vec![Column::Number; 2 * FEATURES.len()];
		Ensemble::fit(&columns, &rows, self.baseline, &self.config)
	}

	/// How unusual a day is; 0 before [`Self::fit`], or of no access.
	pub fn score(&self, unit: &str, accesses: &[RecordAccess]) -> f64 {
		let Some((ensemble, point)) = self.fitted.as_ref().zip(self.point(unit, accesses)) else {
			return 0.0;
		};
		ensemble.score(&row(&point))
	}

	/// What makes a day unusual; nothing before [`Self::fit`], or of no access.
	pub fn explain(&self, unit: &str, accesses: &[RecordAccess]) -> Option<Explanation> {
		let user = &accesses.first()?.user;
		let (ensemble, point) = self.fitted.as_ref().zip(self.point(unit, accesses))?;
		let shares = ensemble.attribution(&row(&point)).shares;
		let counts = self.counts(unit, accesses);
		let peers = self.units.get(&unit.to_owned());
		let usual = self.usual(user, peers, &counts.map(f64::ln_1p));
		let drivers = (0..FEATURES.len()).map(|place| Driver {
			feature: FEATURES[place].into(),
			typical: usual[place].exp_m1(),
			actual: counts[place],
			share: shares[place] + shares[place + FEATURES.len()],
		});
		let drivers = leading(drivers.collect());
		let peers = peers.filter(|unit| unit.members.keys().any(|member| member != user));
		let peers = peers.map(|known| {
			let mean = known.history.mean();
			let value = |driver: &Driver| {
				let place = FEATURES.iter().position(|feature| *feature == driver.feature)?;
				Some(PeerValue { feature: driver.feature.clone(), typical: mean[place].exp_m1() })
			};
			Peers {
				group: if unit.is_empty() { "all staff".into() } else { unit.into() },
				members: known.members.len() as u64,
				typical: drivers.iter().filter_map(value).collect(),
			}
		});
		Some(Explanation { drivers, peers })
	}

	/// Takes a day into the histories, without learning that it is usual.
	pub fn remember(&mut self, unit: &str, accesses: &[RecordAccess]) {
		let Some((first, last)) = accesses.first().zip(accesses.last()) else { return };
		let counts = self.counts(unit, accesses).map(f64::ln_1p);
		let hours = accesses.iter().map(|access| access.local_hour);
		let member = self.members.of(&first.user, last.at);
		member.add(last.at, &counts, hours.clone());
		let known = self.units.of(&unit.to_owned(), last.at);
		known.history.add(last.at, &counts, hours);
		note(&mut known.members, &first.user, last.at, MEMBERS);
		for access in accesses {
			// Only care makes a patient one of the unit: else the first misuse would excuse the next.
			let cared = access.relationship == CareRelationship::Present;
			if let Some(patient) = access.patient.as_ref().filter(|_| cared) {
				note(&mut known.patients, patient, access.at, PATIENTS);
			}
		}
	}

	/// Deletes what it remembers of days, members, units and patients of before a moment. The detector stays fitted to the
	/// days that it was fitted to, which name nobody, until it is fitted again.
	pub fn forget(&mut self, before: Moment) {
		while self.points.front().is_some_and(|(at, _)| *at < before) {
			self.points.pop_front();
		}
		self.members.forget(before);
		self.units.forget(before);
		self.members.values_mut().for_each(|member| member.forget(before));
		self.units.values_mut().for_each(|unit| {
			unit.history.forget(before);
			unit.patients.retain(|_, seen| *seen >= before);
			unit.members.retain(|_, seen| *seen >= before);
		});
	}

	fn counts(&self, unit: &str, accesses: &[RecordAccess]) -> Counts {
		let mut patients: HashSet<&str> = HashSet::new();
		let mut strangers: HashMap<&str, f64> = HashMap::new();
		let mut unknown: HashSet<&str> = HashSet::new();
		let mut by_hour: HashMap<u64, HashSet<&str>> = HashMap::new();
		let (mut emergencies, mut unusual, mut without) = (0.0, 0.0, 0.0);
		let peers = self.units.get(&unit.to_owned());
		let history = accesses.first().and_then(|access| self.members.get(&access.user));
		let hours = history.map(History::hours);
		for access in accesses {
			// Who is known to treat a patient needs no emergency to explain an access.
			let explained = access.relationship == CareRelationship::Present;
			emergencies += f64::from(u8::from(access.break_glass && !explained));
			unusual += hours.map_or(0.0, |hours| surprise(&hours, access.local_hour));
			let absent = access.relationship == CareRelationship::Absent;
			without += f64::from(u8::from(absent));
			let Some(patient) = access.patient.as_deref() else { continue };
			patients.insert(patient);
			by_hour.entry(access.at / 3_600_000).or_default().insert(patient);
			if absent {
				*strangers.entry(patient).or_default() += 1.0;
			}
			if peers.is_some_and(|peers| !peers.patients.contains_key(patient)) {
				unknown.insert(patient);
			}
		}
		[
			accesses.len() as f64,
			patients.len() as f64,
			strangers.len() as f64,
			without,
			strangers.values().copied().fold(0.0, f64::max),
			unknown.len() as f64,
			emergencies,
			unusual,
			by_hour.values().map(|patients| patients.len() as f64).fold(0.0, f64::max),
		]
	}

	/// Logarithms of the counts, and what they are above the member's usual.
	pub(crate) fn point(&self, unit: &str, accesses: &[RecordAccess]) -> Option<Vec<f64>> {
		let user = &accesses.first()?.user;
		let counts = self.counts(unit, accesses).map(f64::ln_1p);
		let usual = self.usual(user, self.units.get(&unit.to_owned()), &counts);
		let above = counts.iter().zip(usual).map(|(count, usual)| count - usual);
		Some(counts.iter().copied().chain(above).collect())
	}

	/// What is usual of a member, drawn towards the peers while little is known; the counts themselves if nothing is.
	fn usual(&self, user: &String, peers: Option<&Unit>, counts: &Counts) -> Counts {
		let peer = peers.map_or(*counts, |peers| peers.history.mean());
		match self.members.get(user) {
			Some(member) => {
				let (days, sums) = member.totals();
				std::array::from_fn(|place| {
					(sums[place] + SETTLED * peer[place]) / (days + SETTLED)
				})
			},
			None => peer,
		}
	}
}

fn row(point: &[f64]) -> Vec<Value> {
	point.iter().copied().map(Value::Number).collect()
}

/// Notes when somebody was seen last; of too many, memory starts anew.
fn note(seen: &mut HashMap<String, Moment>, who: &str, at: Moment, most: usize) {
	if let Some(last) = seen.get_mut(who) {
		*last = at.max(*last);
		return;
	}
	if seen.len() >= most {
		seen.clear();
	}
	seen.insert(who.into(), at);
}

impl History {
	/// Adds a day with the logarithms of its counts and the hours of its accesses.
	fn add(&mut self, at: Moment, counts: &Counts, hours: impl Iterator<Item = u32>) {
		let number = at / WEEK;
		if self.weeks.back().is_none_or(|week| week.number < number) {
			self.weeks.push_back(Week {
				number,
				hours: [0.0; 24],
				days: 0.0,
				sums: Counts::default(),
			});
		}
		let Some(week) = self.weeks.back_mut() else { return };
		week.days += 1.0;
		for (sum, count) in week.sums.iter_mut().zip(counts) {
			*sum += count;
		}
		for hour in hours {
			week.hours[hour as usize % 24] += 1.0;
		}
	}

	/// Deletes the weeks that began before a moment.
	fn forget(&mut self, before: Moment) {
		self.weeks.retain(|week| week.number * WEEK >= before);
	}

	fn totals(&self) -> (f64, Counts) {
		let mut sums = Counts::default();
		for week in &self.weeks {
			sums.iter_mut().zip(&week.sums).for_each(|(sum, own)| *sum += own);
		}
		(self.weeks.iter().map(|week| week.days).sum(), sums)
	}

	fn mean(&self) -> Counts {
		let (days, sums) = self.totals();
		sums.map(|sum| sum / days.max(1.0))
	}

	fn hours(&self) -> [f64; 24] {
		std::array::from_fn(|hour| self.weeks.iter().map(|week| week.hours[hour]).sum())
	}
}

/// How unusual it is to work at this hour: `−ln` of the share of accesses within an hour of it, above
/// that of an evenly spread day.
fn surprise(hours: &[f64; 24], hour: u32) -> f64 {
	let all: f64 = hours.iter().sum();
	let hour = hour as usize % 24;
	let around = hours[hour] + hours[(hour + 1) % 24] + hours[(hour + 23) % 24];
	(-((around + 0.5) / (all + 4.0)).ln() - 8f64.ln()).max(0.0)
}

#[cfg(test)]
mod tests {
	use super::*;

	fn access(day: u64, hour: u32, patient: u32, relationship: CareRelationship) -> RecordAccess {
		RecordAccess {
			at: day * 86_400_000 + u64::from(hour) * 3_600_000,
			local_hour: hour,
			weekend: false,
			user: "staff-1".into(),
			patient: Some(format!("p-{patient}")),
			action: 'R',
			break_glass: false,
			relationship,
			unit: None,
		}
	}

	#[test]
	fn a_night_among_strangers_scores_above_every_ordinary_day() {
		let mut model = StaffModel::new(0);
		let ordinary = |day: u64| -> Vec<RecordAccess> {
			(0..10 + day as u32 % 5)
				.map(|step| access(day, 8 + step % 8, step % 7, CareRelationship::Present))
				.collect()
		};
		for day in 0..80 {
			model.learn("ward", &ordinary(day));
		}
		model.fit();
		let usual = (80..100).map(|day| model.score("ward", &ordinary(day))).fold(0.0, f64::max);
		let night: Vec<RecordAccess> =
			(0..12).map(|step| access(101, 2, 100 + step, CareRelationship::Absent)).collect();
		assert!(model.score("ward", &night) > usual + 1.0);
	}

	fn ordinary(day: u64) -> Vec<RecordAccess> {
		(0..10 + day as u32 % 5)
			.map(|step| access(day, 8 + step % 8, step % 7, CareRelationship::Present))
			.collect()
	}

	#[test]
	fn what_a_day_had_more_of_is_named_with_what_is_usual_of_the_member_and_of_the_unit() {
		let mut model = StaffModel::new(0);
		let of = |user: &str, mut accesses: Vec<RecordAccess>| {
			accesses.iter_mut().for_each(|access| access.user = user.into());
			accesses
		};
		for day in 0..60 {
			model.learn("ward", &ordinary(day));
			model.learn("ward", &of("staff-2", ordinary(day)[..6].to_vec()));
		}
		model.fit();
		let mut busy = ordinary(61);
		busy.extend((0..9).map(|step| access(61, 9, 200 + step, CareRelationship::Absent)));
		let found = model.explain("ward", &busy).unwrap();
		let driver = |name: &str| found.drivers.iter().find(|driver| driver.feature == name);
		let strangers = driver("patients_without_relationship").unwrap();
		assert_eq!((strangers.typical, strangers.actual.round()), (0.0, 9.0), "{found:?}");
		let first = &found.drivers[0];
		assert!(first.actual > 2.0 * first.typical && first.share > 0.3, "{found:?}");
		let peers = found.peers.unwrap();
		assert_eq!((peers.group.as_str(), peers.members), ("ward", 2));
		assert_eq!(peers.typical.len(), found.drivers.len());
		assert!(model.explain("ward", &[]).is_none());
		let alone = StaffModel::new(0);
		assert!(alone.explain("ward", &busy).is_none(), "not fitted");
	}

	#[test]
	fn what_is_older_than_it_may_be_is_deleted() {
		let mut model = StaffModel::new(0);
		for day in 0..100 {
			model.learn("ward", &ordinary(day));
		}
		let before = 90 * 86_400_000;
		model.forget(before);
		assert!(model.points.iter().all(|(at, _)| *at >= before));
		let weeks = |history: &History| history.weeks.iter().map(|week| week.number).collect();
		let kept: Vec<Moment> = weeks(model.members.get(&"staff-1".into()).unwrap());
		assert!(!kept.is_empty() && kept.iter().all(|week| week * WEEK >= before), "{kept:?}");
		assert_eq!(kept, weeks(&model.units.get(&"ward".into()).unwrap().history) as Vec<Moment>);
		model.forget(200 * 86_400_000);
		assert!(model.members.get(&"staff-1".into()).is_none());
		assert!(model.units.get(&"ward".into()).is_none());
	}

	#[test]
	fn a_model_that_is_written_and_read_scores_as_before() {
		let mut model = StaffModel::new(0);
		for day in 0..60 {
			model.learn("ward", &ordinary(day));
		}
		model.fit();
		let written = postcard::to_stdvec(&model).unwrap();
		let mut read: StaffModel = postcard::from_bytes(&written).unwrap();
		assert!(!read.is_fitted());
		read.restore();
		let night: Vec<RecordAccess> =
			(0..12).map(|step| access(101, 2, 100 + step, CareRelationship::Absent)).collect();
		assert_eq!(read.score("ward", &night), model.score("ward", &night));
	}
}
