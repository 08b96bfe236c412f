//! Record accesses by user: how many, of whom, when, and on what ground.

use std::collections::HashMap;

use curex_primitives::Moment;

use super::{share, Behaviour, Observation, Recent, Tally, Windows};
use crate::{
	alert::{written, Kind},
	config::{StreamConfig, WorkingHours},
	detector::{Feature, Scale},
	event::{CareRelationship, RecordAccess},
};

/// Patients remembered as known to a user; when there are more, memory starts anew.
const KNOWN_PATIENTS: usize = 10_000;

const fn count(name: &'static str) -> Feature {
	Feature { name, scale: Scale::Count }
}

const fn part(name: &'static str) -> Feature {
	Feature { name, scale: Scale::Share }
}

#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct AccessBehaviour {
	windows: Windows<String, Window>,
	length: Moment,
	working_hours: WorkingHours,
}

impl AccessBehaviour {
	pub(crate) fn new(config: &StreamConfig, working_hours: WorkingHours) -> Self {
		Self {
			windows: Windows::new(config.entities),
			length: config.window_seconds.saturating_mul(1_000),
			working_hours,
		}
	}

	/// Forgets whom nobody has seen since, users and patients.
	pub(crate) fn forget(&mut self, before: Moment) {
		self.windows.forget(before);
		for window in self.windows.values_mut() {
			window.known.retain(|_, seen| *seen >= before);
		}
	}

	fn is_off_hours(&self, access: &RecordAccess) -> bool {
		let hours = self.working_hours.from..self.working_hours.until;
		access.weekend || !hours.contains(&access.local_hour)
	}
}

/// What one user did lately.
#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Window {
	accesses: Recent<Access>,
	patients: Tally<String>,
	/// Patients that were seen before, and when last.
	known: HashMap<String, Moment>,
	first_time: usize,
	off_hours: usize,
	break_glass: usize,
	no_relationship: usize,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Access {
	patient: Option<String>,
	first_time: bool,
	off_hours: bool,
	break_glass: bool,
	no_relationship: bool,
}

impl Window {
	fn push(&mut self, access: &RecordAccess, off_hours: bool, length: Moment) {
		let first_time =
			access.patient.clone().is_some_and(|patient| self.is_first_time(patient, access.at));
		let entry = Access {
			patient: access.patient.clone(),
			first_time,
			off_hours,
			break_glass: access.break_glass,
			no_relationship: access.relationship == CareRelationship::Absent,
		};
		if let Some(patient) = &entry.patient {
			self.patients.add(patient.clone());
		}
		self.first_time += usize::from(entry.first_time);
		self.off_hours += usize::from(entry.off_hours);
		self.break_glass += usize::from(entry.break_glass);
		self.no_relationship += usize::from(entry.no_relationship);
		let mut left = Vec::new();
		self.accesses.push(access.at, entry, length, |entry| left.push(entry));
		for entry in left {
			if let Some(patient) = &entry.patient {
				self.patients.remove(patient);
			}
			self.first_time -= usize::from(entry.first_time);
			self.off_hours -= usize::from(entry.off_hours);
			self.break_glass -= usize::from(entry.break_glass);
			self.no_relationship -= usize::from(entry.no_relationship);
		}
	}

	fn is_first_time(&mut self, patient: String, at: Moment) -> bool {
		if self.known.len() >= KNOWN_PATIENTS {
			self.known.clear();
		}
		self.known.insert(patient, at).is_none()
	}
}

impl Behaviour for AccessBehaviour {
	type Event = RecordAccess;
	const KIND: Kind = Kind::RecordAccess;
	const FEATURES: &'static [Feature] = &[
		count("accesses"),
		count("patients"),
		count("patients_for_the_first_time"),
		part("off_hours_share"),
		part("break_glass_share"),
		part("no_care_relationship_share"),
	];

	fn observe(&mut self, access: &RecordAccess) -> Observation {
		let off_hours = self.is_off_hours(access);
		let window = self.windows.of(&access.user, access.at);
		window.push(access, off_hours, self.length);
		let accesses = window.accesses.len();
		Observation {
			entity: access.user.clone(),
			at: access.at,
			point: vec![
				accesses as f64,
				window.patients.distinct() as f64,
				window.first_time as f64,
				share(window.off_hours, accesses),
				share(window.break_glass, accesses),
				share(window.no_relationship, accesses),
			],
			reach: window.patients.distinct() as u64,
			group: access.unit.clone(),
		}
	}

	fn describe(&self, entity: &str, point: &[f64]) -> String {
		format!(
			"{entity} opened {} records of {} patients within {} min, {} of them for the first time; {:.0} % out \
			 of hours, {:.0} % by emergency access, {:.0} % known to be without a care relationship.",
			point[0],
			point[1],
			self.length / 60_000,
			point[2],
			100.0 * point[3],
			100.0 * point[4],
			100.0 * point[5],
		)
	}

	fn technique(_leading: &str) -> Option<&'static str> {
		// Data from Information Repositories
		Some("T1213")
	}

	fn safeguard(_leading: &str) -> &'static str {
		// Never a sanction: people decide (docs/staff-information.md).
		"have the data protection officer ask for the reason of the accesses"
	}

	fn evidence(access: &RecordAccess) -> String {
		let emergency = if access.break_glass { ", emergency access" } else { "" };
		let relationship = match access.relationship {
			CareRelationship::Present => "",
			CareRelationship::Absent => ", no care relationship",
			CareRelationship::Unknown => ", care relationship unknown",
		};
		format!(
			"{} {} action {} at {:02} h{emergency}{relationship}",
			written(access.at),
			access.user,
			access.action,
			access.local_hour
		)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn access(at: Moment, patient: &str, local_hour: u32) -> RecordAccess {
		RecordAccess {
			at,
			local_hour,
			weekend: false,
			user: "staff-1".into(),
			patient: Some(patient.into()),
			action: 'R',
			break_glass: false,
			relationship: CareRelationship::Absent,
			unit: None,
		}
	}

	#[test]
	fn a_patient_opened_again_is_neither_another_patient_nor_a_first_time() {
		let config = StreamConfig { window_seconds: 3_600, ..StreamConfig::default() };
		let mut behaviour = AccessBehaviour::new(&config, WorkingHours { from: 7, until: 19 });
		behaviour.observe(&access(0, "a", 6));
		behaviour.observe(&access(1_000, "b", 7));
		let observation = behaviour.observe(&access(2_000, "a", 18));
		assert_eq!(observation.point, [3.0, 2.0, 2.0, 1.0 / 3.0, 0.0, 1.0]);
		let later = behaviour.observe(&access(3_601_500, "a", 19));
		assert_eq!(later.point, [2.0, 1.0, 0.0, 0.5, 0.0, 1.0]);
	}

	#[test]
	fn who_was_not_seen_for_too_long_is_forgotten() {
		let config = StreamConfig { window_seconds: 1, ..StreamConfig::default() };
		let mut behaviour = AccessBehaviour::new(&config, WorkingHours { from: 7, until: 19 });
		behaviour.observe(&access(0, "a", 9));
		behaviour.observe(&access(10_000, "b", 9));
		behaviour.forget(10_000);
		assert_eq!(behaviour.observe(&access(20_000, "b", 9)).point[2], 0.0, "b is known");
		assert_eq!(behaviour.observe(&access(30_000, "a", 9)).point[2], 1.0, "a was forgotten");
		behaviour.forget(40_000);
		assert!(behaviour.windows.get(&"staff-1".into()).is_none());
	}

	#[test]
	fn evidence_names_no_patient() {
		let line = AccessBehaviour::evidence(&access(0, "patient-77", 6));
		assert!(!line.contains("patient-77"), "{line}");
	}
}
