//! Alerts from what a sensor knows already.

use std::collections::{BTreeMap, HashMap};

use curex_primitives::{Confidence, Level, Moment};

use crate::{
	alert::{Alert, Kind, EVIDENCE},
	event::Notice,
};

/// Alerts kept; beyond it the rule is still counted for those there are.
const ALERTS: usize = 10_000;

/// Signatures of one address by one rule that follow each other are one alert.
#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct KnownThreats {
	silence: Moment,
	/// Id of the open alert by address and rule.
	open: HashMap<(String, String), String>,
	alerts: BTreeMap<String, Alert>,
}

impl KnownThreats {
	pub(crate) fn new(silence: Moment) -> Self {
		Self { silence, open: HashMap::new(), alerts: BTreeMap::new() }
	}

	pub(crate) fn alerts(&self) -> impl Iterator<Item = &Alert> {
		self.alerts.values()
	}

	pub(crate) fn observe(&mut self, notice: &Notice) {
		let entity = notice.source.to_string();
		let key = (entity.clone(), notice.rule.clone());
		let line = format!("{} ms {} -> {}", notice.at, notice.source, notice.destination);
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
		if self.alerts.len() >= ALERTS {
			return;
		}
		let id = format!("known-{entity}-{}-{}", notice.rule, notice.at);
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
			what: format!("Rule {} of the sensor fired: {}.", notice.rule, notice.title),
			drivers: Vec::new(),
			technique: notice.technique.clone(),
			safeguard: "follow the rule's own advice; block the address if it is outside".into(),
			flagged: 1,
			evidence: vec![line],
		};
		self.alerts.insert(id, alert);
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn repeats_of_a_rule_by_one_address_are_one_alert_until_it_falls_silent() {
		let mut known = KnownThreats::new(1_000);
		let mut notice = Notice {
			at: 0,
			source: [10, 0, 0, 1].into(),
			destination: [10, 0, 0, 2].into(),
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
}
