//! `threats staff`: misuse of access to records by simulated staff.
//!
//! The simulator is openly declared, and so are its assumptions: it is the project's own, it has not
//! been fitted to the logs of any hospital, and a figure obtained on it says how well the model tells
//! *these* misuses from *this* normal work, nothing else. See `docs/staff-simulator.md`.

use std::collections::HashSet;

use clap::Args;
use curex_threats::{
	ensemble::random::Random,
	event::{CareRelationship, RecordAccess},
	staff::StaffModel,
};
use serde_json::{json, Value};

use crate::{
	metrics::{mean, recall_at_fpr, roc_auc},
	Error,
};

/// Milliseconds of a day, and of an hour.
const DAY: u64 = 86_400_000;
const HOUR: u64 = 3_600_000;

/// Monday, 5 January 2026, midnight UTC.
const START: u64 = 1_767_571_200_000;

#[derive(Args)]
pub struct Arguments {
	/// Members of staff.
	#[arg(long, default_value_t = 200)]
	staff: usize,
	/// Days: the first two thirds are learned, without misuse, the rest is judged.
	#[arg(long, default_value_t = 45)]
	days: u64,
	/// How many seeds, from 0.
	#[arg(long, default_value_t = 5)]
	seeds: u64,
	/// Share of the judged staff days with a misuse.
	#[arg(long, default_value_t = 0.02)]
	misuse: f64,
}

/// # Errors
/// [`Error::Argument`].
pub fn run(arguments: &Arguments) -> Result<Value, Error> {
	if arguments.staff < 20 || arguments.days < 9 || !(0.0..=0.5).contains(&arguments.misuse) {
		return Err(Error::Argument(
			"give at least 20 staff, 9 days and a misuse of 0 to 0.5".into(),
		));
	}
	let (mut areas, mut ones, mut fives) = (Vec::new(), Vec::new(), Vec::new());
	let mut by_kind: Vec<Vec<f64>> = vec![Vec::new(); Misuse::ALL.len()];
	let mut staff_days = 0;
	for seed in 0..arguments.seeds {
		let days = simulate(arguments, seed);
		let learned_days = arguments.days * 2 / 3;
		let learned: Vec<&StaffDay> = days.iter().filter(|day| day.day < learned_days).collect();
		let mut model = StaffModel::new(seed);
		for day in &learned {
			model.learn(&day.unit, &day.accesses);
		}
		model.fit();
		let judged: Vec<&StaffDay> = days.iter().filter(|day| day.day >= learned_days).collect();
		let scores: Vec<f64> = judged
			.iter()
			.map(|day| {
				let score = model.score(&day.unit, &day.accesses);
				// What was judged usual is history for the next day; misuse that was not noticed too.
				model.remember(&day.unit, &day.accesses);
				score
			})
			.collect();
		let anomalous: Vec<bool> = judged.iter().map(|day| day.misuse.is_some()).collect();
		areas.extend(roc_auc(&scores, &anomalous));
		ones.extend(recall_at_fpr(&scores, &anomalous, 0.01));
		fives.extend(recall_at_fpr(&scores, &anomalous, 0.05));
		for (areas, kind) in by_kind.iter_mut().zip(Misuse::ALL) {
			let (scores, labels): (Vec<f64>, Vec<bool>) = judged
				.iter()
				.zip(&scores)
				.filter(|(day, _)| day.misuse.is_none_or(|misuse| misuse == kind))
				.map(|(day, score)| (*score, day.misuse.is_some()))
				.unzip();
			areas.extend(roc_auc(&scores, &labels));
		}
		staff_days += judged.len();
	}
	let per_kind: serde_json::Map<String, Value> = Misuse::ALL
		.iter()
		.zip(by_kind)
		.map(|(kind, areas)| (kind.name().into(), json!(mean(areas))))
		.collect();
	Ok(json!({
		"roc_auc": mean(areas),
		"recall_at_fpr_1": mean(ones),
		"recall_at_fpr_5": mean(fives),
		"roc_auc_per_kind": per_kind,
		"judged_staff_days": staff_days,
		"seeds": arguments.seeds,
		"simulated": true,
		"assumptions": "docs/staff-simulator.md",
	}))
}

/// What a member of staff may do wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Misuse {
	/// Opens one to three records of people without a care relationship (a neighbour, a colleague).
	Curiosity,
	/// Opens the record of a well-known person in another unit.
	Celebrity,
	/// Opens dozens of records one after the other.
	Harvest,
	/// Somebody else uses the account at night.
	StolenAccount,
	/// Invokes emergency access where there is no emergency.
	FalseEmergency,
}

impl Misuse {
	const ALL: [Self; 5] = [
		Self::Curiosity,
		Self::Celebrity,
		Self::Harvest,
		Self::StolenAccount,
		Self::FalseEmergency,
	];

	fn name(self) -> &'static str {
		match self {
			Self::Curiosity => "curiosity",
			Self::Celebrity => "celebrity",
			Self::Harvest => "harvest",
			Self::StolenAccount => "stolen-account",
			Self::FalseEmergency => "false-emergency",
		}
	}
}

/// What one member did on one day.
struct StaffDay {
	day: u64,
	unit: String,
	accesses: Vec<RecordAccess>,
	misuse: Option<Misuse>,
}

struct Member {
	code: String,
	unit: usize,
	night: bool,
	/// Mean records opened a day.
	pace: f64,
	/// Share of accesses that the record system cannot explain by a care relationship.
	unexplained: f64,
}

fn simulate(arguments: &Arguments, seed: u64) -> Vec<StaffDay> {
	let mut random = Random::new(seed.wrapping_add(0x5747_4146_4600));
	let units = (arguments.staff / 20).max(2);
	let members: Vec<Member> = (0..arguments.staff)
		.map(|number| Member {
			code: format!("staff-{number:04}"),
			unit: number % units,
			night: random.unit() < 0.15,
			pace: (3.0 + 0.35 * random.normal()).exp().clamp(4.0, 80.0),
			unexplained: 0.02 + 0.04 * random.unit(),
		})
		.collect();
	let mut days = Vec::new();
	// Patients lie in a unit for about six days; numbers grow with admissions.
	let mut beds: Vec<Vec<u64>> = vec![Vec::new(); units];
	let mut admitted = 0u64;
	for day in 0..arguments.days {
		for bed in &mut beds {
			bed.retain(|_| random.unit() > 1.0 / 6.0);
			while bed.len() < 28 {
				admitted += 1;
				bed.push(admitted);
			}
		}
		let weekend = day % 7 >= 5;
		for member in &members {
			if random.unit() > if weekend { 0.3 } else { 0.75 } {
				continue;
			}
			let mut accesses = ordinary(member, day, weekend, &beds, admitted, &mut random);
			let judged = day >= arguments.days * 2 / 3;
			let misuse = (judged && random.unit() < arguments.misuse)
				.then(|| Misuse::ALL[random.below(Misuse::ALL.len())]);
			if let Some(misuse) = misuse {
				accesses.extend(wrong(misuse, member, day, &beds, admitted, &mut random));
				accesses.sort_by_key(|access| access.at);
			}
			days.push(StaffDay { day, unit: format!("unit-{}", member.unit), accesses, misuse });
		}
	}
	days
}

fn access(
	member: &Member,
	at: u64,
	patient: u64,
	relationship: CareRelationship,
	break_glass: bool,
) -> RecordAccess {
	let hour = (at / HOUR % 24) as u32;
	// 1 January 1970 was a Thursday.
	let weekend = (at / DAY + 3) % 7 >= 5;
	RecordAccess {
		at,
		local_hour: hour,
		weekend,
		user: member.code.clone(),
		patient: Some(format!("patient-{patient}")),
		action: 'R',
		break_glass,
		relationship,
		unit: None,
	}
}

fn ordinary(
	member: &Member,
	day: u64,
	weekend: bool,
	beds: &[Vec<u64>],
	admitted: u64,
	random: &mut Random,
) -> Vec<RecordAccess> {
	let busy = if weekend { 0.7 } else { 1.0 };
	let count = (member.pace * busy * (0.3 * random.normal()).exp()).round().max(1.0) as usize;
	// The member's own patients of the day: a third of the unit.
	let unit = &beds[member.unit];
	let own: Vec<u64> =
		(0..unit.len().div_ceil(3)).map(|_| unit[random.below(unit.len())]).collect();
	let (begin, length) = if member.night { (21.0, 9.0) } else { (7.0, 9.0) };
	let mut accesses: Vec<RecordAccess> = (0..count)
		.map(|_| {
			let hour = begin + length * random.unit() + 0.5 * random.normal();
			let at = START + day * DAY + (hour.max(0.0) * HOUR as f64) as u64;
			let kind = random.unit();
			if kind < member.unexplained {
				// Consultations, calls and transfers that the system does not know of.
				let other = &beds[random.below(beds.len())];
				let patient = other[random.below(other.len())];
				access(member, at, patient, CareRelationship::Absent, false)
			} else if kind < member.unexplained + 0.03 {
				// A follow-up of somebody who was here before.
				let patient = 1 + random.below(admitted as usize) as u64;
				access(member, at, patient, CareRelationship::Present, false)
			} else {
				let patient = own[random.below(own.len())];
				let emergency = random.unit() < 0.002;
				access(member, at, patient, CareRelationship::Present, emergency)
			}
		})
		.collect();
	accesses.sort_by_key(|access| access.at);
	accesses
}

fn wrong(
	misuse: Misuse,
	member: &Member,
	day: u64,
	beds: &[Vec<u64>],
	admitted: u64,
	random: &mut Random,
) -> Vec<RecordAccess> {
	let shift = if member.night { 22.0 } else { 8.0 };
	let moment = |hour: f64| START + day * DAY + (hour * HOUR as f64) as u64;
	let stranger = |random: &mut Random| 1 + random.below(admitted as usize) as u64;
	match misuse {
		Misuse::Curiosity => {
			let victims: HashSet<u64> =
				(0..1 + random.below(3)).map(|_| stranger(random)).collect();
			let mut victims: Vec<u64> = victims.into_iter().collect();
			victims.sort_unstable();
			victims
				.into_iter()
				.flat_map(|patient| {
					// Reads on: several documents of one person.
					let at = moment(shift + 6.0 * random.unit());
					let pages = 2 + random.below(5) as u64;
					(0..pages)
						.map(|page| {
							let at = at + page * 40_000;
							access(member, at, patient, CareRelationship::Absent, false)
						})
						.collect::<Vec<_>>()
				})
				.collect()
		},
		Misuse::Celebrity => {
			let other = &beds[(member.unit + 1) % beds.len()];
			let at = moment(shift + 6.0 * random.unit());
			let pages = 4 + random.below(8) as u64;
			(0..pages)
				.map(|page| {
					access(member, at + page * 30_000, other[0], CareRelationship::Absent, false)
				})
				.collect()
		},
		Misuse::Harvest => {
			let at = moment(shift + 6.0 * random.unit());
			(0..30 + random.below(60) as u64)
				.map(|step| {
					let patient = stranger(random);
					access(member, at + step * 8_000, patient, CareRelationship::Absent, false)
				})
				.collect()
		},
		Misuse::StolenAccount => {
			let at = moment(if member.night { 11.0 } else { 2.0 } + 2.0 * random.unit());
			(0..8 + random.below(15) as u64)
				.map(|step| {
					let patient = stranger(random);
					let known = random.unit() < 0.3;
					let relationship =
						if known { CareRelationship::Present } else { CareRelationship::Absent };
					access(member, at + step * 60_000, patient, relationship, false)
				})
				.collect()
		},
		Misuse::FalseEmergency => {
			let at = moment(shift + 6.0 * random.unit());
			(0..1 + random.below(3) as u64)
				.map(|step| {
					let patient = stranger(random);
					access(member, at + step * 60_000, patient, CareRelationship::Absent, true)
				})
				.collect()
		},
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn misuse_is_told_from_work_on_a_small_simulation() {
		let arguments = Arguments { staff: 60, days: 21, seeds: 1, misuse: 0.05 };
		let value = run(&arguments).unwrap();
		assert!(value["roc_auc"].as_f64().unwrap() > 0.9, "{value}");
	}
}
