//! Alerts that belong together.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use curex_primitives::{Level, Moment};

use crate::alert::Alert;

/// Alerts that follow each other and touch each other: of one entity, or one names the other's entity in its
/// evidence. A scan, what it found and what was then done there are one incident.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Incident {
	/// Id of its first alert.
	pub id: String,
	/// When it began.
	pub started: Moment,
	/// When it was last seen.
	pub last: Moment,
	/// Severity of its worst alert.
	pub severity: Level,
	/// Whom it concerns, in the order of appearance.
	pub entities: Vec<String>,
	/// ATT&CK techniques, in the order of appearance: the steps of the attack as far as they were seen.
	pub techniques: Vec<String>,
	/// Ids of its alerts, by start.
	pub alerts: Vec<String>,
}

/// Puts alerts together, of which at most so many milliseconds lie between the end of one and the beginning of the
/// other. Every alert is in one incident; an incident of one alert is none the less one.
pub fn correlate(alerts: &[Alert], within: Moment) -> Vec<Incident> {
	let mut order: Vec<&Alert> = alerts.iter().collect();
	order.sort_by(|one, other| (one.started, &one.id).cmp(&(other.started, &other.id)));
	let mut by_entity: HashMap<&str, Vec<usize>> = HashMap::new();
	for (place, alert) in order.iter().enumerate() {
		by_entity.entry(&alert.entity).or_default().push(place);
	}
	let mut groups = Groups((0..order.len()).collect());
	for (place, alert) in order.iter().enumerate() {
		let named = alert.evidence.iter().flat_map(|line| line.split(is_between));
		let entities: BTreeSet<&str> = named.chain([alert.entity.as_str()]).collect();
		for other in entities.iter().filter_map(|entity| by_entity.get(entity)).flatten() {
			let other_alert = order[*other];
			let gap = alert
				.started
				.saturating_sub(other_alert.last)
				.max(other_alert.started.saturating_sub(alert.last));
			if gap <= within {
				groups.join(place, *other);
			}
		}
	}
	let mut members: BTreeMap<usize, Vec<&Alert>> = BTreeMap::new();
	for (place, alert) in order.iter().enumerate() {
		members.entry(groups.first_of(place)).or_default().push(alert);
	}
	members.into_values().filter_map(|alerts| incident(&alerts)).collect()
}

fn is_between(character: char) -> bool {
	character.is_whitespace() || matches!(character, ',' | ';' | '"' | '\'' | '(' | ')')
}

fn incident(alerts: &[&Alert]) -> Option<Incident> {
	let first = alerts.first()?;
	let distinct = |values: Vec<&String>| {
		let mut seen = BTreeSet::new();
		values.into_iter().filter(|value| seen.insert(*value)).cloned().collect::<Vec<_>>()
	};
	Some(Incident {
		id: first.id.clone(),
		started: first.started,
		last: alerts.iter().map(|alert| alert.last).max()?,
		severity: alerts.iter().map(|alert| alert.severity).max()?,
		entities: distinct(alerts.iter().map(|alert| &alert.entity).collect()),
		techniques: distinct(alerts.iter().filter_map(|alert| alert.technique.as_ref()).collect()),
		alerts: alerts.iter().map(|alert| alert.id.clone()).collect(),
	})
}

/// Which places belong together; the first of them stands for all (Tarjan 1975, disjoint sets).
struct Groups(Vec<usize>);

impl Groups {
	fn first_of(&mut self, mut place: usize) -> usize {
		while self.0[place] != place {
			self.0[place] = self.0[self.0[place]];
			place = self.0[place];
		}
		place
	}

	fn join(&mut self, one: usize, other: usize) {
		let (one, other) = (self.first_of(one), self.first_of(other));
		self.0[one.max(other)] = one.min(other);
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::alert::Kind;
	use curex_primitives::Confidence;

	fn alert(entity: &str, from: Moment, last: Moment, technique: &str, evidence: &str) -> Alert {
		Alert {
			id: format!("flow-{entity}-{from}"),
			kind: Kind::Flow,
			started: from,
			last,
			severity: if technique == "T1021" { Level::High } else { Level::Moderate },
			confidence: Confidence::Low,
			entity: entity.into(),
			what: String::new(),
			drivers: Vec::new(),
			peers: None,
			technique: Some(technique.into()),
			safeguard: String::new(),
			flagged: 5,
			evidence: vec![evidence.into()],
		}
	}

	#[test]
	fn a_scan_what_it_found_and_what_was_done_there_are_one_incident() {
		let alerts = [
			alert("10.0.0.1", 100, 200, "T1046", "100 ms tcp 10.0.0.1 -> 10.0.0.7 port 22 S0"),
			alert(
				"10.0.0.7",
				1_000,
				1_100,
				"T1021",
				"1000 ms tcp 10.0.0.7 -> 10.0.0.9 port 445 SF",
			),
			alert("10.0.0.1", 900, 950, "T1046", ""),
			// Elsewhere at the same time; the same address much later; an address that begins alike.
			alert("10.0.0.70", 150, 160, "T1071", "150 ms tcp 10.0.0.70 -> 192.0.2.1 port 443 SF"),
			alert("10.0.0.7", 90_000, 90_100, "T1021", ""),
		];
		let incidents = correlate(&alerts, 1_000);
		let ids: Vec<Vec<&str>> = incidents
			.iter()
			.map(|incident| incident.alerts.iter().map(String::as_str).collect())
			.collect();
		assert_eq!(
			ids,
			[
				vec!["flow-10.0.0.1-100", "flow-10.0.0.1-900", "flow-10.0.0.7-1000"],
				vec!["flow-10.0.0.70-150"],
				vec!["flow-10.0.0.7-90000"],
			]
		);
		let first = &incidents[0];
		assert_eq!((first.started, first.last, first.severity), (100, 1_100, Level::High));
		assert_eq!(first.techniques, ["T1046", "T1021"]);
		assert_eq!(first.entities, ["10.0.0.1", "10.0.0.7"]);
		let mut reversed = alerts.to_vec();
		reversed.reverse();
		assert_eq!(correlate(&reversed, 1_000), incidents, "the order does not matter");
	}
}
