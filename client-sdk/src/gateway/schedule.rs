//! Which cases are worked on at once.
//!
//! A slow case must not hold up the others, and a broken glass must not wait behind any of them. So each case is worked
//! on in a task of its own, at most so many at once, with places that only urgent cases may take; but never two tasks
//! on one exchange, whose steps follow each other. Cases wait in line: who had a turn goes to its end.

use crate::Error;
use curex_primitives::ExchangeId;
use std::{
	collections::{BTreeSet, HashMap, VecDeque},
	future::Future,
};
use tokio::task::{Id, JoinSet};

/// How many cases a gateway works on at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
	/// Places that any case may take; at least one.
	pub ordinary: usize,
	/// Places beyond these that only a broken glass may take; at least one.
	pub urgent: usize,
}

impl Default for Limits {
	fn default() -> Self {
		Self { ordinary: 16, urgent: 4 }
	}
}

/// A case that is to be worked on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Due {
	/// The exchange.
	pub exchange: ExchangeId,
	/// Whether it is a broken glass.
	pub urgent: bool,
}

/// What came of working on a case.
#[derive(Debug)]
pub(super) struct Finished {
	pub exchange: ExchangeId,
	/// `None` when the work panicked.
	pub outcome: Option<Result<(), Error>>,
}

/// The line of waiting cases, and the tasks at work.
#[derive(Debug)]
pub(super) struct Schedule {
	limits: Limits,
	urgent: VecDeque<ExchangeId>,
	ordinary: VecDeque<ExchangeId>,
	/// Exchanges that wait or are worked on.
	known: BTreeSet<ExchangeId>,
	tasks: JoinSet<Result<(), Error>>,
	running: HashMap<Id, Due>,
}

impl Schedule {
	pub(super) fn new(limits: Limits) -> Self {
		Self {
			limits: Limits { ordinary: limits.ordinary.max(1), urgent: limits.urgent.max(1) },
			urgent: VecDeque::new(),
			ordinary: VecDeque::new(),
			known: BTreeSet::new(),
			tasks: JoinSet::new(),
			running: HashMap::new(),
		}
	}

	/// Puts cases in line, unless they wait or are worked on already. One that turned out to be urgent moves on.
	pub(super) fn enter(&mut self, cases: impl IntoIterator<Item = Due>) {
		for Due { exchange, urgent } in cases {
			let new = self.known.insert(exchange);
			if urgent {
				let waits = self.ordinary.iter().position(|waiting| *waiting == exchange);
				if let Some(place) = waits {
					self.ordinary.remove(place);
				}
				if new || waits.is_some() {
					self.urgent.push_back(exchange);
				}
			} else if new {
				self.ordinary.push_back(exchange);
			}
		}
	}

	/// Begins work on the cases for which there is a place, urgent ones first.
	pub(super) fn start<F>(&mut self, mut work: impl FnMut(ExchangeId) -> F)
	where
		F: Future<Output = Result<(), Error>> + Send + 'static,
	{
		while let Some(due) = self.next() {
			let task = self.tasks.spawn(work(due.exchange));
			self.running.insert(task.id(), due);
		}
	}

	/// The next case for which there is a place.
	fn next(&mut self) -> Option<Due> {
		let Limits { ordinary, urgent } = self.limits;
		if self.running.len() >= ordinary + urgent {
			return None;
		}
		if let Some(exchange) = self.urgent.pop_front() {
			return Some(Due { exchange, urgent: true });
		}
		if self.running.values().filter(|due| !due.urgent).count() < ordinary {
			return self.ordinary.pop_front().map(|exchange| Due { exchange, urgent: false });
		}
		None
	}

	/// The next case whose work ends; nothing if none is worked on.
	pub(super) async fn finished(&mut self) -> Option<Finished> {
		let (id, outcome) = match self.tasks.join_next_with_id().await? {
			Ok((id, outcome)) => (id, Some(outcome)),
			Err(error) => (error.id(), None),
		};
		let exchange = self.running.remove(&id)?.exchange;
		self.known.remove(&exchange);
		Some(Finished { exchange, outcome })
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::{
		sync::{
			atomic::{AtomicUsize, Ordering},
			Arc, Mutex,
		},
		time::Duration,
	};
	use tokio::time::Instant;

	const LIMITS: Limits = Limits { ordinary: 3, urgent: 1 };

	fn id(number: u8) -> ExchangeId {
		ExchangeId([number; 32])
	}

	fn ordinary(number: u8) -> Due {
		Due { exchange: id(number), urgent: false }
	}

	fn urgent(number: u8) -> Due {
		Due { exchange: id(number), urgent: true }
	}

	async fn rest(seconds: u64) -> Result<(), Error> {
		tokio::time::sleep(Duration::from_secs(seconds)).await;
		Ok(())
	}

	/// Works through whatever is in line; tells the exchanges in the order in which their work began.
	async fn work_through(
		schedule: &mut Schedule,
		seconds: impl Fn(ExchangeId) -> u64,
	) -> Vec<ExchangeId> {
		let begun = Arc::new(Mutex::new(Vec::new()));
		loop {
			schedule.start(|exchange| {
				begun.lock().unwrap().push(exchange);
				rest(seconds(exchange))
			});
			if schedule.finished().await.is_none() {
				return begun.lock().unwrap().clone();
			}
		}
	}

	#[tokio::test(start_paused = true)]
	async fn one_slow_case_does_not_hold_up_the_others() {
		const HOUR: u64 = 3_600;
		let begin = Instant::now();
		let mut schedule = Schedule::new(LIMITS);
		schedule.enter((1..=41).map(ordinary));
		let seconds = |exchange| if exchange == id(1) { HOUR } else { 1 };
		let mut others = 0;
		while others < 40 {
			schedule.start(|exchange| rest(seconds(exchange)));
			let finished = schedule.finished().await.unwrap();
			assert_ne!(finished.exchange, id(1));
			others += 1;
		}
		assert_eq!(begin.elapsed().as_secs(), 20, "two places remain beside the slow case");
	}

	#[tokio::test(start_paused = true)]
	async fn no_more_cases_are_worked_on_than_there_are_places() {
		let at_work = Arc::new(AtomicUsize::new(0));
		let most = Arc::new(AtomicUsize::new(0));
		let mut schedule = Schedule::new(LIMITS);
		schedule.enter((1..=20).map(ordinary).chain((21..=40).map(urgent)));
		loop {
			schedule.start(|exchange| {
				let (at_work, most) = (at_work.clone(), most.clone());
				async move {
					most.fetch_max(at_work.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
					rest(u64::from(exchange.0[0])).await?;
					at_work.fetch_sub(1, Ordering::SeqCst);
					Ok(())
				}
			});
			if schedule.finished().await.is_none() {
				break;
			}
		}
		assert_eq!(most.load(Ordering::SeqCst), 4);
	}

	#[tokio::test(start_paused = true)]
	async fn an_exchange_is_never_worked_on_twice_at_once() {
		let mut schedule = Schedule::new(LIMITS);
		schedule.enter([ordinary(1), ordinary(1)]);
		schedule.start(|_| rest(5));
		schedule.enter([ordinary(1), urgent(1)]);
		let mut again = 0;
		schedule.start(|_| {
			again += 1;
			rest(5)
		});
		assert_eq!(again, 0, "it is being worked on");
		assert_eq!(schedule.finished().await.unwrap().exchange, id(1));
		schedule.enter([ordinary(1)]);
		assert_eq!(work_through(&mut schedule, |_| 1).await, [id(1)], "its next step follows");
	}

	#[tokio::test(start_paused = true)]
	async fn a_broken_glass_finds_a_place_though_every_other_case_hangs() {
		let begin = Instant::now();
		let mut schedule = Schedule::new(LIMITS);
		schedule.enter((1..=10).map(ordinary));
		schedule.start(|_| rest(1_000_000));
		schedule.enter([urgent(99)]);
		schedule.start(|_| rest(2));
		assert_eq!(schedule.finished().await.unwrap().exchange, id(99));
		assert_eq!(begin.elapsed().as_secs(), 2);
	}

	#[tokio::test(start_paused = true)]
	async fn urgent_cases_go_first_also_when_they_turn_out_to_be_urgent_in_line() {
		let mut schedule = Schedule::new(Limits { ordinary: 1, urgent: 1 });
		schedule.enter([ordinary(1), ordinary(2), ordinary(3), urgent(4), urgent(3)]);
		let begun = work_through(&mut schedule, |exchange| u64::from(exchange.0[0])).await;
		assert_eq!(begun, [id(4), id(3), id(1), id(2)]);
	}

	#[tokio::test(start_paused = true)]
	async fn who_had_a_turn_goes_to_the_end_of_the_line() {
		let mut schedule = Schedule::new(Limits { ordinary: 1, urgent: 1 });
		let mut begun = Vec::new();
		// Every case stays due, as one does that waits for the other side.
		for _ in 0..6 {
			schedule.enter([ordinary(1), ordinary(2), ordinary(3)]);
			schedule.start(|exchange| {
				begun.push(exchange);
				rest(1)
			});
			schedule.finished().await.unwrap();
		}
		assert_eq!(begun, [id(1), id(2), id(3), id(1), id(2), id(3)]);
	}

	#[tokio::test(start_paused = true)]
	async fn a_failure_and_a_panic_end_the_work_on_their_own_case_only() {
		let mut schedule = Schedule::new(LIMITS);
		schedule.enter((1..=3).map(ordinary));
		schedule.start(|exchange| async move {
			match exchange.0[0] {
				1 => Err(Error::input("nothing works")),
				2 => panic!("nothing works at all"),
				_ => rest(1).await,
			}
		});
		let mut outcomes = Vec::new();
		while let Some(finished) = schedule.finished().await {
			outcomes.push((finished.exchange, finished.outcome));
		}
		outcomes.sort_by_key(|(exchange, _)| *exchange);
		assert!(matches!(outcomes[0].1, Some(Err(Error::Input(_)))));
		assert!(outcomes[1].1.is_none());
		assert!(matches!(outcomes[2].1, Some(Ok(()))));
		schedule.enter([ordinary(2)]);
		assert_eq!(work_through(&mut schedule, |_| 1).await, [id(2)], "it is tried again");
	}
}
