//! `threats staff`: misuse of access to records by simulated staff.
//!
//! The simulator is openly declared, and so are its assumptions: it is the project's own, it has not
//! been fitted to the logs of any hospital, and a figure obtained on it says how well the model tells
//! *these* misuses from *this* normal work, nothing else. See `docs/staff-simulator.md`.

use std::collections::{HashMap, HashSet};

use clap::Args;
use curex_threats::{
	calibration::Verdict,
	ensemble::random::Random,
	event::{CareRelationship, Event, RecordAccess},
	staff::StaffModel,
	Config, Kind, ThreatsError, Watcher,
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
	/// Share of the staff days with a misuse.
	#[arg(long, default_value_t = 0.02)]
	misuse: f64,
	/// Share of the ordinary emergency accesses for which no care relationship is recorded.
	#[arg(long, default_value_t = 0.0)]
	unexplained_emergencies: f64,
}

/// Times as much misuse as that in a second run of the watch.
const MORE: f64 = 5.0;

/// # Errors
/// [`Error::Argument`], [`Error::Threats`].
pub fn run(arguments: &Arguments) -> Result<Value, Error> {
	let is_share = (0.0..=1.0).contains(&arguments.unexplained_emergencies);
	if arguments.staff < 20
		|| arguments.days < 9
		|| !(0.0..=0.1).contains(&arguments.misuse)
		|| !is_share
	{
		let range = "give at least 20 staff, 9 days, a misuse of 0 to 0.1 and a share of 0 to 1";
		return Err(Error::Argument(range.into()));
	}
	let mut value = vetted(arguments);
	value["watch"] = json!({
		"natural": watched(arguments, arguments.misuse)?,
		"five_times": watched(arguments, MORE * arguments.misuse)?,
	});
	Ok(value)
}

/// The model alone, which learns the first two thirds of the days, without misuse, and judges the rest.
fn vetted(arguments: &Arguments) -> Value {
	let (mut areas, mut ones, mut fives) = (Vec::new(), Vec::new(), Vec::new());
	let mut by_kind: Vec<Vec<f64>> = vec![Vec::new(); Misuse::ALL.len()];
	let mut staff_days = 0;
	for seed in 0..arguments.seeds {
		let learned_days = arguments.days * 2 / 3;
		let days = simulate(arguments, arguments.misuse, learned_days, seed);
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
	json!({
		"roc_auc": mean(areas),
		"recall_at_fpr_1": mean(ones),
		"recall_at_fpr_5": mean(fives),
		"roc_auc_per_kind": per_kind,
		"judged_staff_days": staff_days,
		"seeds": arguments.seeds,
		"simulated": true,
		"assumptions": "docs/staff-simulator.md",
	})
}

/// The watch as it is used: it learns days that nobody looked through, with misuse on this share of them from the first
/// day on, and flags by its own threshold. The last third of the days is counted.
fn watched(arguments: &Arguments, misuse: f64) -> Result<Value, ThreatsError> {
	let counted_from = START + arguments.days * 2 / 3 * DAY;
	let (mut areas, mut ones, mut fives) = (Vec::new(), Vec::new(), Vec::new());
	let mut rates: [Vec<f64>; 3] = Default::default();
	let mut by_kind: Vec<Vec<f64>> = vec![Vec::new(); Misuse::ALL.len()];
	let mut false_alerts = Vec::new();
	for seed in 0..arguments.seeds {
		let days = simulate(arguments, misuse, 0, seed);
		let misused = misused(&days);
		let kind_of = |user: &str, from: u64, until: u64| {
			let times = misused.get(user)?;
			times.iter().find(|(at, _)| (from..=until).contains(at)).map(|(_, kind)| *kind)
		};
		let mut watcher = Watcher::new(&Config { seed, ..Config::default() })?;
		watcher.judged_working_days();
		let mut accesses: Vec<RecordAccess> =
			days.into_iter().flat_map(|day| day.accesses).collect();
		accesses.sort_by_key(|access| access.at);
		for access in accesses {
			watcher.observe(&Event::Access(access));
		}
		let mut judged = watcher.judged_working_days();
		judged.retain(|day| day.started >= counted_from);
		let scores: Vec<f64> = judged.iter().map(|day| day.score).collect();
		let kinds: Vec<Option<Misuse>> =
			judged.iter().map(|day| kind_of(&day.user, day.started, day.last)).collect();
		let labels: Vec<bool> = kinds.iter().map(Option::is_some).collect();
		areas.extend(roc_auc(&scores, &labels));
		ones.extend(recall_at_fpr(&scores, &labels, 0.01));
		fives.extend(recall_at_fpr(&scores, &labels, 0.05));
		let flagged = |wrong: bool| {
			let of_them = judged.iter().zip(&labels).filter(|(_, label)| **label == wrong);
			let (all, flagged) = of_them.fold((0, 0), |(all, flagged), (day, _)| {
				(all + 1, flagged + u32::from(day.verdict == Verdict::Flagged))
			});
			f64::from(flagged) / f64::from(all.max(1))
		};
		rates[0].push(flagged(true));
		rates[1].push(flagged(false));
		let known = judged.iter().filter(|day| day.verdict != Verdict::Calibrating).count();
		rates[2].push(known as f64 / judged.len().max(1) as f64);
		for (areas, kind) in by_kind.iter_mut().zip(Misuse::ALL) {
			let of_kind =
				scores.iter().zip(&kinds).filter(|(_, one)| one.is_none_or(|one| one == kind));
			let (scores, labels): (Vec<f64>, Vec<bool>) =
				of_kind.map(|(score, one)| (*score, one.is_some())).unzip();
			areas.extend(roc_auc(&scores, &labels));
		}
		let weeks = (arguments.days - arguments.days * 2 / 3) as f64 / 7.0;
		let alerts = watcher.alerts();
		let wrong = alerts.iter().filter(|alert| {
			alert.kind == Kind::WorkingDay
				&& alert.last >= counted_from
				&& kind_of(&alert.entity, alert.started, alert.last).is_none()
		});
		false_alerts.push(wrong.count() as f64 / weeks * 1_000.0 / arguments.staff as f64);
	}
	let [recall, false_alarm_rate, judged] = rates.map(mean);
	let per_kind: serde_json::Map<String, Value> = Misuse::ALL
		.iter()
		.zip(by_kind)
		.map(|(kind, areas)| (kind.name().into(), json!(mean(areas))))
		.collect();
	Ok(json!({
		"misuse": misuse,
		"roc_auc": mean(areas),
		"recall_at_fpr_1": mean(ones),
		"recall_at_fpr_5": mean(fives),
		"roc_auc_per_kind": per_kind,
		"recall": recall,
		"false_alarm_rate": false_alarm_rate,
		"judged": judged,
		"false_alerts_per_1000_staff_and_week": mean(false_alerts),
	}))
}

/// When somebody misused an account, and how, by its owner.
fn misused(days: &[StaffDay]) -> HashMap<String, Vec<(u64, Misuse)>> {
	let mut misused: HashMap<String, Vec<(u64, Misuse)>> = HashMap::new();
	for day in days {
		for at in &day.misused_at {
			let (Some(access), Some(misuse)) = (day.accesses.first(), day.misuse) else { continue };
			misused.entry(access.user.clone()).or_default().push((*at, misuse));
		}
	}
	misused
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
	/// Moments of the accesses that were misuse.
	misused_at: Vec<u64>,
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

/// Every day's work, with misuse on a share of the days from one on.
fn simulate(arguments: &Arguments, rate: f64, from: u64, seed: u64) -> Vec<StaffDay> {
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
			let unexplained = arguments.unexplained_emergencies;
			let mut accesses =
				ordinary(member, day, weekend, &beds, admitted, unexplained, &mut random);
			let misuse = (day >= from && random.unit() < rate)
				.then(|| Misuse::ALL[random.below(Misuse::ALL.len())]);
			let mut misused_at = Vec::new();
			if let Some(misuse) = misuse {
				let wrong = wrong(misuse, member, day, &beds, admitted, &mut random);
				misused_at.extend(wrong.iter().map(|access| access.at));
				accesses.extend(wrong);
				accesses.sort_by_key(|access| access.at);
			}
			let unit = unit_of(member);
			days.push(StaffDay { day, unit, accesses, misuse, misused_at });
		}
	}
	days
}

fn unit_of(member: &Member) -> String {
	format!("unit-{}", member.unit)
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
		unit: Some(unit_of(member)),
	}
}

fn ordinary(
	member: &Member,
	day: u64,
	weekend: bool,
	beds: &[Vec<u64>],
	admitted: u64,
	unexplained_emergencies: f64,
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
				let unexplained = emergency
					&& unexplained_emergencies > 0.0
					&& random.unit() < unexplained_emergencies;
				let relationship = match unexplained {
					true => CareRelationship::Absent,
					false => CareRelationship::Present,
				};
				access(member, at, patient, relationship, emergency)
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
		let arguments =
			Arguments { staff: 60, days: 21, seeds: 1, misuse: 0.05, unexplained_emergencies: 0.0 };
		let value = run(&arguments).unwrap();
		assert!(value["roc_auc"].as_f64().unwrap() > 0.9, "{value}");
		let watch = &value["watch"]["natural"];
		assert!(watch["roc_auc"].as_f64().unwrap() > 0.9, "{value}");
		assert!(watch["judged"].as_f64().unwrap() > 0.9, "{value}");
	}
}
