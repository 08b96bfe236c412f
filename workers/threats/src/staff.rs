//! A working day of a member of staff, against the member's own past and against peers.
//!
//! Staff are pseudonymous codes. The model scores days, never people, and nothing follows from a
//! score by itself (docs/staff-information.md).

use std::collections::{HashMap, HashSet};

use crate::{
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

/// What is compared, in the order of the point.
pub const FEATURES: [&str; 9] = [
	"accesses",
	"patients",
	"patients_without_relationship",
	"accesses_without_relationship",
	"most_accesses_to_one_without_relationship",
	"patients_unknown_to_the_unit",
	"emergency_accesses",
	"unusual_hours",
	"most_patients_in_an_hour",
];

/// Scores working days.
pub struct StaffModel {
	config: EnsembleConfig,
	members: HashMap<String, History>,
	units: HashMap<String, Unit>,
	points: Vec<Vec<f64>>,
	fitted: Option<Ensemble>,
}

/// What is known of one member: how often each hour of the day was worked.
#[derive(Default)]
struct History {
	hours: [f64; 24],
	days: f64,
	/// Sums of `ln(1 + x)` of every feature.
	sums: [f64; FEATURES.len()],
}

/// What is known of the peers.
#[derive(Default)]
struct Unit {
	patients: HashSet<String>,
	days: f64,
	sums: [f64; FEATURES.len()],
}

impl StaffModel {
	/// A model that knows nobody.
	pub fn new(seed: u64) -> Self {
		Self {
			config: EnsembleConfig { seed, ..EnsembleConfig::default() },
			members: HashMap::new(),
			units: HashMap::new(),
			points: Vec::new(),
			fitted: None,
		}
	}

	/// Learns a day of one member of a unit that is taken to be normal. Days should come in order.
	pub fn learn(&mut self, unit: &str, accesses: &[RecordAccess]) {
		if let Some(point) = self.point(unit, accesses) {
			self.points.push(point);
		}
		self.remember(unit, accesses);
	}

	/// Fits the detector to the days learned.
	pub fn fit(&mut self) {
		// First days know no history and would make every first day usual.
		let skipped = self.points.len() / 4;
		let rows: Vec<Vec<Value>> = self.points[skipped..]
			.iter()
			.map(|point| point.iter().copied().map(Value::Number).collect())
			.collect();
		let columns = vec![Column::Number; 2 * FEATURES.len()];
		self.fitted = Some(Ensemble::fit(&columns, &rows, Baseline::Vetted, &self.config));
	}

	/// How unusual a day is; 0 before [`Self::fit`], or of no access.
	pub fn score(&self, unit: &str, accesses: &[RecordAccess]) -> f64 {
		let Some((ensemble, point)) = self.fitted.as_ref().zip(self.point(unit, accesses)) else {
			return 0.0;
		};
		ensemble.score(&point.into_iter().map(Value::Number).collect::<Vec<_>>())
	}

	/// Takes a day into the histories, without learning that it is usual.
	pub fn remember(&mut self, unit: &str, accesses: &[RecordAccess]) {
		let Some(first) = accesses.first() else { return };
		let counts = self.counts(unit, accesses);
		let member = self.members.entry(first.user.clone()).or_default();
		let known = self.units.entry(unit.into()).or_default();
		member.days += 1.0;
		known.days += 1.0;
		for (place, count) in counts.iter().enumerate() {
			member.sums[place] += count.ln_1p();
			known.sums[place] += count.ln_1p();
		}
		for access in accesses {
			member.hours[access.local_hour as usize % 24] += 1.0;
			// Only care makes a patient one of the unit: else the first misuse would excuse the next.
			let cared = access.relationship == CareRelationship::Present;
			if let Some(patient) = access.patient.as_ref().filter(|_| cared) {
				if known.patients.len() >= PATIENTS {
					known.patients.clear();
				}
				known.patients.insert(patient.clone());
			}
		}
	}

	fn counts(&self, unit: &str, accesses: &[RecordAccess]) -> [f64; FEATURES.len()] {
		let mut patients: HashSet<&str> = HashSet::new();
		let mut strangers: HashMap<&str, f64> = HashMap::new();
		let mut unknown: HashSet<&str> = HashSet::new();
		let mut by_hour: HashMap<u64, HashSet<&str>> = HashMap::new();
		let (mut emergencies, mut unusual, mut without) = (0.0, 0.0, 0.0);
		let peers = self.units.get(unit);
		let history = accesses.first().and_then(|access| self.members.get(&access.user));
		for access in accesses {
			emergencies += f64::from(u8::from(access.break_glass));
			unusual += history.map_or(0.0, |history| history.surprise(access.local_hour));
			let absent = access.relationship == CareRelationship::Absent;
			without += f64::from(u8::from(absent));
			let Some(patient) = access.patient.as_deref() else { continue };
			patients.insert(patient);
			by_hour.entry(access.at / 3_600_000).or_default().insert(patient);
			if absent {
				*strangers.entry(patient).or_default() += 1.0;
			}
			if peers.is_some_and(|peers| !peers.patients.contains(patient)) {
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
	fn point(&self, unit: &str, accesses: &[RecordAccess]) -> Option<Vec<f64>> {
		let user = &accesses.first()?.user;
		let counts = self.counts(unit, accesses).map(f64::ln_1p);
		let member = self.members.get(user);
		let peers = self.units.get(unit);
		let above = (0..FEATURES.len()).map(|place| {
			let peer = peers.map_or(counts[place], |peers| peers.sums[place] / peers.days.max(1.0));
			let usual = match member {
				Some(member) => (member.sums[place] + SETTLED * peer) / (member.days + SETTLED),
				None => peer,
			};
			counts[place] - usual
		});
		Some(counts.iter().copied().chain(above).collect())
	}
}

impl History {
	/// How unusual it is for the member to work at this hour: `−ln` of the share of accesses within
	/// an hour of it, above that of an evenly spread day.
	fn surprise(&self, hour: u32) -> f64 {
		let all: f64 = self.hours.iter().sum();
		let hour = hour as usize % 24;
		let around = self.hours[hour] + self.hours[(hour + 1) % 24] + self.hours[(hour + 23) % 24];
		(-((around + 0.5) / (all + 4.0)).ln() - 8f64.ln()).max(0.0)
	}
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
}
