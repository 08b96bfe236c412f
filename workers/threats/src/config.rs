//! Configuration of a watch.

use crate::ThreatsError;

/// How to watch. `Default` is meant to be used as it is.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
	/// Seed of every random choice.
	pub seed: u64,
	/// Share of normal events that may be flagged, in (0, 0.5]. A flag alone is not an alert.
	pub false_alarm_rate: f64,
	/// Flags of one entity within one window that make an alert; at least 1.
	pub confirmations: usize,
	/// Screening: an event is scored by the ensemble only if its features lie further out than those
	/// of this share of the baseline; the others count as usual. In [0, 1); 0 scores every event.
	/// Screening is blind to unusual combinations of usual values.
	pub screening: f64,
	/// Watching of flows per source address.
	pub flows: StreamConfig,
	/// Watching of record accesses per user.
	pub accesses: StreamConfig,
	/// Watching of log messages per address, or program and host.
	pub logs: StreamConfig,
	/// Watching of measured values per device and quantity. Of these and of working days as many scores are seen before the
	/// first flag as the rate asks for, if their `calibration` is fewer.
	pub measurements: StreamConfig,
	/// Watching of the working days of staff.
	pub working_days: WorkingDayConfig,
	/// When accesses are usual.
	pub working_hours: WorkingHours,
}

/// How to watch one kind of event.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StreamConfig {
	/// Length of an entity's sliding window in seconds; also the silence that closes an alert.
	pub window_seconds: u64,
	/// Events to learn before the first score, at least 2.
	pub warm_up: usize,
	/// Normal scores to see before the first flag; at least `1 / false_alarm_rate`.
	pub calibration: usize,
	/// Entities remembered at once; the one unseen for longest is forgotten first.
	pub entities: usize,
}

/// How to watch the working days of staff.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WorkingDayConfig {
	/// Hours without an access that end a day, 1 to 23.
	pub silence_hours: u64,
	/// Days to learn before the first score, at least 2.
	pub warm_up: usize,
	/// Scores of days to see before the first flag; `1 / false_alarm_rate` if that is more.
	pub calibration: usize,
	/// Days for which anything is remembered of a member or a unit, 7 to 366.
	pub memory_days: u64,
}

impl Default for WorkingDayConfig {
	fn default() -> Self {
		Self { silence_hours: 6, warm_up: 128, calibration: 128, memory_days: 90 }
	}
}

/// Hours of the day (local time of the event) in which accesses are usual, Monday to Friday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkingHours {
	/// First hour, 0 to 23.
	pub from: u32,
	/// Hour after the last, 1 to 24.
	pub until: u32,
}

impl Default for Config {
	fn default() -> Self {
		Self {
			seed: 0,
			false_alarm_rate: 0.01,
			confirmations: 5,
			screening: 0.0,
			flows: StreamConfig { window_seconds: 60, ..StreamConfig::default() },
			accesses: StreamConfig { window_seconds: 3_600, ..StreamConfig::default() },
			logs: StreamConfig { window_seconds: 300, ..StreamConfig::default() },
			measurements: StreamConfig {
				window_seconds: 3_600,
				entities: 256,
				..StreamConfig::default()
			},
			working_days: WorkingDayConfig::default(),
			working_hours: WorkingHours { from: 7, until: 19 },
		}
	}
}

impl Default for StreamConfig {
	fn default() -> Self {
		Self { window_seconds: 60, warm_up: 128, calibration: 128, entities: 100_000 }
	}
}

impl Config {
	/// Scores that are needed before the first flag, at least so many.
	pub(crate) fn scores_for(&self, calibration: usize) -> usize {
		calibration.max((1.0 / self.false_alarm_rate).ceil() as usize)
	}

	/// Checks what the types cannot.
	///
	/// # Errors
	/// [`ThreatsError::Configuration`] for the first value that makes no sense.
	pub fn check(&self) -> Result<(), ThreatsError> {
		let refuse = |what: String, remedy| Err(ThreatsError::Configuration { what, remedy });
		if !(self.false_alarm_rate > 0.0 && self.false_alarm_rate <= 0.5) {
			return refuse(
				format!("false_alarm_rate is {}", self.false_alarm_rate),
				"give a share greater than 0 and at most 0.5",
			);
		}
		if self.confirmations == 0 {
			return refuse("confirmations is 0".into(), "give at least 1");
		}
		if !(0.0..1.0).contains(&self.screening) {
			return refuse(
				format!("screening is {}", self.screening),
				"give a share of at least 0 and less than 1",
			);
		}
		for (name, stream) in [
			("flows", &self.flows),
			("accesses", &self.accesses),
			("logs", &self.logs),
			("measurements", &self.measurements),
		] {
			if stream.window_seconds == 0 || stream.warm_up < 2 || stream.entities == 0 {
				return refuse(
					format!("{name}: window_seconds, warm_up or entities is too small"),
					"give a window and entities of at least 1 and a warm_up of at least 2",
				);
			}
		}
		for (name, stream) in
			[("flows", &self.flows), ("accesses", &self.accesses), ("logs", &self.logs)]
		{
			if ((stream.calibration + 1) as f64) * self.false_alarm_rate < 1.0 {
				return refuse(
					format!(
						"{name}: {} calibration scores cannot resolve a rate of {}",
						stream.calibration, self.false_alarm_rate
					),
					"raise calibration to at least 1 / false_alarm_rate",
				);
			}
		}
		let WorkingDayConfig { silence_hours, warm_up, memory_days, .. } = self.working_days;
		if !(1..24).contains(&silence_hours) || warm_up < 2 || !(7..=366).contains(&memory_days) {
			return refuse(
				"working_days: silence_hours, warm_up or memory_days is out of range".into(),
				"give 1 to 23 hours, a warm_up of at least 2, and a memory of 7 to 366 days",
			);
		}
		if self.working_hours.from >= self.working_hours.until || self.working_hours.until > 24 {
			return refuse(
				format!("working_hours {:?} are empty", self.working_hours),
				"give from < until <= 24",
			);
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_default_configuration_is_accepted() {
		assert!(Config::default().check().is_ok());
	}

	#[test]
	fn a_rate_finer_than_the_calibration_can_resolve_is_refused() {
		let config = Config { false_alarm_rate: 0.001, ..Config::default() };
		let error = config.check().unwrap_err().to_string();
		assert!(error.contains("raise calibration"), "{error}");
	}

	#[test]
	fn working_days_and_measured_values_wait_for_as_many_scores_as_the_rate_asks_for() {
		let config = Config { false_alarm_rate: 0.001, ..Config::default() };
		assert_eq!((config.scores_for(128), config.scores_for(5_000)), (1_000, 5_000));
		let mut config = Config::default();
		config.working_days.memory_days = 6;
		assert!(config.check().unwrap_err().to_string().contains("memory of 7"));
	}

	#[test]
	fn an_unknown_field_is_refused() {
		assert!(serde_json::from_str::<Config>(r#"{"false_alarms": 0.1}"#).is_err());
		assert!(serde_json::from_str::<Config>(r#"{"false_alarm_rate": 0.1}"#).is_ok());
	}
}
