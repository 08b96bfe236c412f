use std::time::Duration;

use tokio::{
	sync::Mutex,
	time::{sleep_until, Instant},
};

/// Spaces probes evenly, so that no more than the policy's number leave in any second.
pub(super) struct Pace {
	interval: Duration,
	next: Mutex<Instant>,
}

impl Pace {
	pub(super) fn new(per_second: u32) -> Self {
		Self {
			interval: Duration::from_secs(1) / per_second.max(1),
			next: Mutex::new(Instant::now()),
		}
	}

	/// Returns when the next probe may leave.
	pub(super) async fn turn(&self) {
		let slot = {
			let mut next = self.next.lock().await;
			let slot = (*next).max(Instant::now());
			*next = slot + self.interval;
			slot
		};
		sleep_until(slot).await;
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[tokio::test(start_paused = true)]
	async fn probes_are_spaced_by_the_rate_cap() {
		let pace = Pace::new(4);
		let start = Instant::now();
		for _ in 0..9 {
			pace.turn().await;
		}
		assert_eq!(start.elapsed().as_millis(), 2_000);
	}
}
