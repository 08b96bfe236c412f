//! The clock, and moments as people and FHIR write them.

use curex_primitives::Moment;
use std::time::{SystemTime, UNIX_EPOCH};

/// An hour, in milliseconds.
pub const HOUR: Moment = 3_600 * 1_000;

/// A day, in milliseconds.
pub const DAY: Moment = 24 * HOUR;

/// The present moment of this machine.
pub fn now() -> Moment {
	SystemTime::now()
		.duration_since(UNIX_EPOCH)
		.map_or(0, |since| Moment::try_from(since.as_millis()).unwrap_or(Moment::MAX))
}

/// A moment as RFC 3339 text in UTC with seconds, or nothing if it lies beyond the calendar.
pub fn text(moment: Moment) -> Option<String> {
	let moment = i64::try_from(moment).ok()?;
	let date = chrono::DateTime::from_timestamp_millis(moment)?;
	Some(date.format("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// Reads a moment from RFC 3339 text; an offset is required, local time means nothing on a ledger.
pub fn read(text: &str) -> Option<Moment> {
	let date = chrono::DateTime::parse_from_rfc3339(text).ok()?;
	Moment::try_from(date.timestamp_millis()).ok()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_moment_survives_its_text() {
		assert_eq!(text(1_700_000_000_000).unwrap(), "2023-11-14T22:13:20Z");
		assert_eq!(read("2023-11-14T22:13:20Z"), Some(1_700_000_000_000));
		assert_eq!(read("2023-11-14T23:13:20+01:00"), Some(1_700_000_000_000));
	}

	#[test]
	fn a_time_without_an_offset_is_no_moment() {
		for wrong in ["2023-11-14T22:13:20", "2023-11-14", "", "1960-01-01T00:00:00Z"] {
			assert_eq!(read(wrong), None, "{wrong}");
		}
		assert_eq!(text(Moment::MAX), None);
	}
}
