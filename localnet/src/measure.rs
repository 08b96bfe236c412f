//! How long an exchange takes from its request to its finalised acknowledgement.

use crate::{error::Context, network::SLOT_MS, Error};
use curex_client::{Client, Spec};
use serde::Serialize;
use std::time::{Duration, Instant};

/// What was measured, in slots of the network.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Measured {
	/// How many exchanges, one after the other.
	pub exchanges: usize,
	/// Length of a slot, in milliseconds.
	pub slot_ms: u64,
	/// Half of them took no longer.
	pub median_slots: f64,
	/// 95 of 100 took no longer.
	pub p95_slots: f64,
	/// The longest.
	pub longest_slots: f64,
}

/// Requests, receives and acknowledges `count` times; the holder's gateway answers.
pub async fn exchanges(
	client: &Client,
	spec: &Spec,
	count: u32,
	patience: Duration,
) -> Result<Measured, Error> {
	let mut durations = Vec::new();
	for _ in 0..count {
		let begun = Instant::now();
		let pending = client.request(spec).await.during("requesting")?;
		let delivery = client.receive(&pending, patience).await.during("receiving")?;
		let code = delivery.acknowledgement();
		client.acknowledge(pending.id(), code).await.during("acknowledging")?;
		durations.push(begun.elapsed());
	}
	Ok(Measured::of(durations))
}

impl Measured {
	fn of(mut durations: Vec<Duration>) -> Self {
		durations.sort_unstable();
		// The nearest rank: a duration that was seen, no interpolation.
		let rank = |percent: usize| {
			let position = (durations.len() * percent).div_ceil(100).saturating_sub(1);
			let duration = durations.get(position).copied().unwrap_or_default();
			(duration.as_secs_f64() * 1e4 / SLOT_MS as f64).round() / 10.0
		};
		Self {
			exchanges: durations.len(),
			slot_ms: SLOT_MS,
			median_slots: rank(50),
			p95_slots: rank(95),
			longest_slots: rank(100),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn percentiles_are_durations_that_were_seen() {
		let slots = |count: u64| Duration::from_millis(count * SLOT_MS);
		let measured = Measured::of((1..=20).rev().map(slots).collect());
		assert_eq!(measured.exchanges, 20);
		assert_eq!(measured.median_slots, 10.0);
		assert_eq!(measured.p95_slots, 19.0);
		assert_eq!(measured.longest_slots, 20.0);
		assert_eq!(Measured::of(vec![slots(3)]).p95_slots, 3.0);
	}
}
