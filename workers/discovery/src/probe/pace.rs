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

	/// Returns when the next probe may leave. The interval is counted from then on, so that a machine that was held up
	/// does not make up for it with a burst; whoever waits gets turns in order.
	pub(super) async fn turn(&self) {
		let mut next = self.next.lock().await;
		sleep_until(*next).await;
		*next = Instant::now() + self.interval;
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

	#[tokio::test(start_paused = true)]
	async fn a_machine_that_was_held_up_makes_up_for_nothing() {
		let pace = Pace::new(4);
		let (mut first, mut second, mut third) =
			(Box::pin(pace.turn()), Box::pin(pace.turn()), Box::pin(pace.turn()));
		// All three wait; then time passes in which nothing runs.
		assert!(futures::poll!(&mut first).is_ready());
		assert!(futures::poll!(&mut second).is_pending());
		assert!(futures::poll!(&mut third).is_pending());
		tokio::time::advance(Duration::from_secs(10)).await;
		assert!(futures::poll!(&mut second).is_ready());
		assert!(futures::poll!(&mut third).is_pending(), "its turn is an interval later");
		tokio::time::advance(Duration::from_millis(250)).await;
		third.await;
	}
}
