//! Alerts from what a sensor knows already.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use curex_primitives::{Confidence, Level, Moment};

use crate::{
	alert::{forget_first, written, Alert, Kind, EVIDENCE},
	event::Notice,
	watcher::Feedback,
};

/// Alerts kept; beyond it the one that ended first is forgotten.
const ALERTS: usize = 10_000;

/// Signatures of one address by one rule that follow each other are one alert.
#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct KnownThreats {
	silence: Moment,
	/// Id of the open alert by address and rule.
	open: HashMap<(String, String), String>,
	alerts: BTreeMap<String, Alert>,
	/// Addresses and rules of which a person said that they mean nothing together.
	dismissed: BTreeSet<(String, String)>,
}

impl KnownThreats {
	pub(crate) fn new(silence: Moment) -> Self {
		Self { silence, open: HashMap::new(), alerts: BTreeMap::new(), dismissed: BTreeSet::new() }
	}

	pub(crate) fn alerts(&self) -> impl Iterator<Item = &Alert> {
		self.alerts.values()
	}

	/// Takes what a person says of an alert: one that is dismissed is withdrawn, and its address is not told of by its rule
	/// again. False if there is none of this id.
	pub(crate) fn feedback(&mut self, id: &str, feedback: Feedback) -> bool {
		let Some(alert) = self.alerts.get(id) else { return false };
		if feedback == Feedback::Dismiss {
			let key = self.open.keys().find(|key| id_of(key, alert.started) == id).cloned();
			self.dismissed.extend(key);
			self.alerts.remove(id);
		}
		true
	}

	pub(crate) fn observe(&mut self, notice: &Notice) {
		let entity = notice.source.clone();
		let key = (entity.clone(), notice.rule.clone());
		if self.dismissed.contains(&key) {
			return;
		}
		let line = match &notice.destination {
			Some(destination) => {
				format!("{} {} -> {destination}", written(notice.at), notice.source)
			},
			None => format!("{} {}", written(notice.at), notice.source),
		};
		let open = self.open.get(&key).and_then(|id| self.alerts.get_mut(id));
		if let Some(alert) =
			open.filter(|alert| notice.at <= alert.last.saturating_add(self.silence))
		{
			alert.last = alert.last.max(notice.at);
			alert.flagged += 1;
			if alert.evidence.len() < EVIDENCE {
				alert.evidence.push(line);
			}
			return;
		}
		let id = id_of(&key, notice.at);
		self.open.insert(key, id.clone());
		let alert = Alert {
			id: id.clone(),
			kind: Kind::Known,
			started: notice.at,
			last: notice.at,
			severity: match notice.severity {
				1 => Level::High,
				2 => Level::Moderate,
				_ => Level::Low,
			},
			confidence: Confidence::Medium,
			entity,
			what: format!("Rule {} fired: {}.", notice.rule, notice.title),
			drivers: Vec::new(),
			peers: None,
			technique: notice.technique.clone(),
			safeguard: "follow the rule's own advice; block the address if it is outside".into(),
			flagged: 1,
			evidence: vec![line],
		};
		self.alerts.insert(id, alert);
		if let Some(id) = forget_first(&mut self.alerts, ALERTS) {
			self.open.retain(|_, open| *open != id);
		}
	}
}

fn id_of((entity, rule): &(String, String), started: Moment) -> String {
	format!("known-{entity}-{rule}-{started}")
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn repeats_of_a_rule_by_one_address_are_one_alert_until_it_falls_silent() {
		let mut known = KnownThreats::new(1_000);
		let mut notice = Notice {
			at: 0,
			source: "10.0.0.1".into(),
			destination: Some("10.0.0.2".into()),
			rule: "7".into(),
			title: "scan".into(),
			severity: 2,
			technique: None,
		};
		for at in [0, 900, 1_800] {
			notice.at = at;
			known.observe(&notice);
		}
		assert_eq!(known.alerts().map(|alert| alert.flagged).collect::<Vec<_>>(), [3]);
		notice.at = 9_000;
		known.observe(&notice);
		assert_eq!(known.alerts().count(), 2);
	}

	#[test]
	fn a_rule_that_was_dismissed_is_not_told_of_its_address_again() {
		let mut known = KnownThreats::new(1_000);
		let notice = |at: Moment, source: &str, rule: &str| Notice {
			at,
			source: source.into(),
			destination: None,
			rule: rule.into(),
			title: "scan".into(),
			severity: 2,
			technique: None,
		};
		for at in [0, 9_000] {
			known.observe(&notice(at, "10.0.0.1", "7"));
		}
		assert!(known.feedback("known-10.0.0.1-7-9000", Feedback::Confirm));
		assert_eq!(known.alerts().count(), 2);
		// Not the newest of them.
		assert!(known.feedback("known-10.0.0.1-7-0", Feedback::Dismiss));
		assert!(!known.feedback("known-10.0.0.1-7-0", Feedback::Dismiss));
		known.observe(&notice(20_000, "10.0.0.1", "7"));
		let left: Vec<&str> = known.alerts().map(|alert| alert.id.as_str()).collect();
		assert_eq!(left, ["known-10.0.0.1-7-9000"]);
		known.observe(&notice(20_000, "10.0.0.2", "7"));
		known.observe(&notice(20_000, "10.0.0.1", "8"));
		assert_eq!(known.alerts().count(), 3);
		assert!(known.alerts().all(|alert| alert.evidence[0].starts_with("1970-01-01T00:00:")));
	}

	#[test]
	fn when_there_are_too_many_the_newest_stay() {
		let mut known = KnownThreats::new(1_000);
		for number in 0..ALERTS as u64 + 5 {
			known.observe(&Notice {
				at: number,
				source: "10.0.0.1".into(),
				destination: Some("10.0.0.2".into()),
				rule: number.to_string(),
				title: "scan".into(),
				severity: 2,
				technique: None,
			});
		}
		assert_eq!((known.alerts().count(), known.open.len()), (ALERTS, ALERTS));
		assert!(known.alerts().all(|alert| alert.started >= 5));
	}
}
