//! Keeps the pools full with transactions that were signed beforehand.
//!
//! A path is a number of steps. Exchanges go along lanes; within a lane each step has an account of its own, so that
//! the pool and the ledger keep the order of the exchanges. A step is submitted once the step before it is in a block.
//! New exchanges are begun while less waits than a few blocks take: the pools are never empty and never overflow.

use crate::{
	chain::{self, Block, Chain, Hash},
	ledger::Ledger,
	network::Network,
	Error,
};
use futures::StreamExt;
use std::{
	collections::{HashMap, VecDeque},
	time::{Duration, Instant},
};
use tokio::sync::mpsc;

/// How many blocks' worth of transactions wait.
const BLOCKS_WAITING: usize = 3;

/// How many of the last blocks tell how much a block takes.
const BLOCKS_REMEMBERED: usize = 8;

/// How far an account may be ahead; the ledger's own limit is 64.
const AHEAD: usize = 60;

/// How many accounts submit at a node at once.
const AT_ONCE: usize = 8;

/// How long the first exchange may take to end, and the last transactions to become final.
const PATIENCE: Duration = Duration::from_secs(180);

/// Transactions that were signed beforehand.
pub struct Plan {
	/// The lanes.
	pub lanes: Vec<Lane>,
	/// How many transactions wait when nothing is known yet, and at least.
	pub least_waiting: usize,
}

/// The exchanges of one pair of organisations, one after the other.
#[derive(Default)]
pub struct Lane {
	/// The transactions of each step, in the order of the exchanges.
	pub steps: Vec<Vec<Vec<u8>>>,
}

/// When a load ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
	/// So long after the first exchange ended.
	Elapsed(Duration),
	/// When everything was submitted.
	Exhausted,
}

/// A transaction of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
	/// Which lane.
	pub lane: usize,
	/// Which step.
	pub step: usize,
	/// Which exchange of the lane.
	pub exchange: usize,
}

/// What became of a transaction.
#[derive(Clone, Copy, Debug)]
pub struct Trace {
	/// Which it is.
	pub place: Place,
	/// When it was handed to a pool.
	pub submitted: Instant,
	/// When a best block held it.
	pub included: Instant,
	/// When that was final.
	pub finalised: Instant,
}

/// What came of a load.
pub struct Outcome {
	/// The transactions that are final.
	pub traces: Vec<Trace>,
	/// The final blocks, from the first to the last that holds one of them.
	pub blocks: Vec<Block>,
	/// When the load was at its height: from the block after the first completions to the last before the end.
	pub window: (Instant, Instant),
	/// How many transactions a pool refused, with the first reason.
	pub refused: (u64, Option<String>),
	/// Whether the signed transactions ran out before the time was over.
	pub exhausted: bool,
}

struct Order {
	place: Place,
	bytes: Vec<u8>,
}

struct Report {
	place: Place,
	at: Instant,
	refusal: Option<String>,
}

/// How far a lane is in one step.
#[derive(Clone, Copy, Default)]
struct Progress {
	submitted: usize,
	included: usize,
}

/// How far everything is.
struct State {
	progress: Vec<Vec<Progress>>,
	lengths: Vec<usize>,
	/// The lane that begins the next exchange.
	turn: usize,
	dead: Vec<bool>,
}

impl State {
	fn new(plan: &Plan) -> Self {
		Self {
			progress: plan
				.lanes
				.iter()
				.map(|lane| vec![Progress::default(); lane.steps.len()])
				.collect(),
			lengths: plan.lanes.iter().map(|lane| lane.steps.first().map_or(0, Vec::len)).collect(),
			turn: 0,
			dead: vec![false; plan.lanes.len()],
		}
	}

	/// How many transactions wait for a block.
	fn waiting(&self) -> usize {
		self.progress
			.iter()
			.zip(&self.dead)
			.filter(|(_, dead)| !**dead)
			.flat_map(|(lane, _)| lane)
			.map(|step| step.submitted.saturating_sub(step.included))
			.sum()
	}

	fn advance(&mut self, place: Place) {
		let step = &mut self.progress[place.lane][place.step];
		step.included = step.included.max(place.exchange + 1);
	}

	/// Whether every exchange was begun.
	fn is_exhausted(&self) -> bool {
		self.progress.iter().zip(&self.lengths).zip(&self.dead).all(|((lane, length), dead)| {
			*dead || lane.first().is_none_or(|step| step.submitted >= *length)
		})
	}

	/// What is to be submitted now, so that `target` transactions wait.
	fn next(&mut self, target: usize, begin: bool) -> Vec<Place> {
		let mut places = Vec::new();
		for (lane, steps) in self.progress.iter_mut().enumerate() {
			if self.dead[lane] {
				continue;
			}
			for step in 1..steps.len() {
				let ready = steps[step - 1].included;
				let progress = &mut steps[step];
				while progress.submitted < ready && progress.submitted - progress.included < AHEAD {
					places.push(Place { lane, step, exchange: progress.submitted });
					progress.submitted += 1;
				}
			}
		}
		let mut waiting = self.waiting();
		let mut idle = 0;
		while begin && waiting < target && idle < self.progress.len() {
			let lane = self.turn;
			self.turn = (self.turn + 1) % self.progress.len();
			let length = self.lengths[lane];
			let Some(first) = self.progress[lane].first_mut().filter(|_| !self.dead[lane]) else {
				idle += 1;
				continue;
			};
			if first.submitted >= length || first.submitted - first.included >= AHEAD {
				idle += 1;
				continue;
			}
			places.push(Place { lane, step: 0, exchange: first.submitted });
			first.submitted += 1;
			waiting += 1;
			idle = 0;
		}
		places
	}
}

/// Runs a plan.
pub async fn run(
	ledger: &Ledger,
	network: &mut Network,
	plan: &Plan,
	until: Until,
) -> Result<Outcome, Error> {
	let mut places = HashMap::new();
	for (lane, steps) in plan.lanes.iter().enumerate() {
		for (step, transactions) in steps.steps.iter().enumerate() {
			for (exchange, bytes) in transactions.iter().enumerate() {
				let hash = sp_crypto_hashing::blake2_256(bytes);
				places.insert(hash, Place { lane, step, exchange });
			}
		}
	}
	let (reports, mut reported) = mpsc::unbounded_channel();
	let workers: Vec<mpsc::UnboundedSender<Vec<Order>>> =
		(0..ledger.len()).map(|node| submit_at(ledger.clone(), node, reports.clone())).collect();
	let mut news = chain::listen(ledger).await?;
	let mut chain = Chain::new(ledger.clone());
	let mut state = State::new(plan);
	let mut recent: VecDeque<usize> = VecDeque::new();
	let mut submitted: HashMap<(usize, usize, usize), Instant> = HashMap::new();
	let mut refused = (0, None);
	let begun = Instant::now();
	let (mut first, mut end): (Option<Instant>, Option<Instant>) = (None, None);
	let mut exhausted = false;
	let mut last_block = None;

	loop {
		let target =
			recent.iter().max().map_or(0, |most| most * BLOCKS_WAITING).max(plan.least_waiting);
		let orders = state.next(target, end.is_none());
		hand_over(plan, &workers, orders);

		if end.is_none() && state.is_exhausted() {
			exhausted = until != Until::Exhausted;
			end = Some(Instant::now());
		}
		if let (Until::Elapsed(time), None) = (until, end) {
			let over = first.map_or(begun.elapsed() > PATIENCE, |first| first.elapsed() >= time);
			if over {
				end = Some(Instant::now());
			}
		}
		if let Some(ended) = end {
			let last = last_block.unwrap_or(0);
			let settled = state.waiting() == 0
				&& !places_open(&state)
				&& chain.finalised().is_some_and(|block| block.number >= last);
			if settled {
				break;
			}
			if ended.elapsed() > PATIENCE {
				break;
			}
		}

		tokio::select! {
			Some((told, at)) = news.recv() => {
				for block in chain.learn(told, at).await? {
					let mut ours = 0;
					for hash in &block.extrinsics {
						if let Some(place) = places.get(hash) {
							state.advance(*place);
							ours += 1;
							if place.step + 1 == plan.lanes[place.lane].steps.len() && first.is_none() {
								first = Some(at);
							}
							last_block = last_block.max(Some(block.number));
						}
					}
					recent.push_back(ours);
					if recent.len() > BLOCKS_REMEMBERED {
						recent.pop_front();
					}
				}
			},
			Some(Report { place, at, refusal }) = reported.recv() => {
				submitted.insert((place.lane, place.step, place.exchange), at);
				if let Some(reason) = refusal {
					refused.0 += 1;
					refused.1.get_or_insert(reason);
					// The numbers after it can never be used: the lane is lost.
					state.dead[place.lane] = true;
				}
			},
			() = tokio::time::sleep(Duration::from_millis(500)) => network.check()?,
		}
	}

	Ok(outcome(&chain, &places, &submitted, (first, end), refused, exhausted))
}

/// Whether a step of a lane still has to follow.
fn places_open(state: &State) -> bool {
	state.progress.iter().zip(&state.dead).any(|(lane, dead)| {
		!dead && lane.windows(2).any(|pair| pair[1].submitted < pair[0].included)
	})
}

fn hand_over(plan: &Plan, workers: &[mpsc::UnboundedSender<Vec<Order>>], places: Vec<Place>) {
	let mut orders: Vec<Vec<Order>> = workers.iter().map(|_| Vec::new()).collect();
	for place in places {
		let bytes = plan.lanes[place.lane].steps[place.step][place.exchange].clone();
		orders[place.lane % workers.len()].push(Order { place, bytes });
	}
	for (worker, orders) in workers.iter().zip(orders) {
		if !orders.is_empty() {
			// A worker lives as long as its sender.
			let _ = worker.send(orders);
		}
	}
}

/// Submits at one node: accounts beside each other, the transactions of an account one after the other.
fn submit_at(
	ledger: Ledger,
	node: usize,
	reports: mpsc::UnboundedSender<Report>,
) -> mpsc::UnboundedSender<Vec<Order>> {
	let (sender, mut receiver) = mpsc::unbounded_channel::<Vec<Order>>();
	tokio::spawn(async move {
		while let Some(orders) = receiver.recv().await {
			let mut accounts: HashMap<(usize, usize), Vec<Order>> = HashMap::new();
			for order in orders {
				accounts.entry((order.place.lane, order.place.step)).or_default().push(order);
			}
			let (ledger, reports) = (&ledger, &reports);
			futures::stream::iter(accounts.into_values())
				.for_each_concurrent(AT_ONCE, |orders| async move {
					for Order { place, bytes } in orders {
						let at = Instant::now();
						let refusal =
							ledger.submit(node, &bytes).await.err().map(|error| error.to_string());
						let stop = refusal.is_some();
						let _ = reports.send(Report { place, at, refusal });
						if stop {
							break;
						}
					}
				})
				.await;
		}
	});
	sender
}

fn outcome(
	chain: &Chain,
	places: &HashMap<Hash, Place>,
	submitted: &HashMap<(usize, usize, usize), Instant>,
	(first, end): (Option<Instant>, Option<Instant>),
	refused: (u64, Option<String>),
	exhausted: bool,
) -> Outcome {
	let mut traces = Vec::new();
	for block in chain.canonical() {
		let Some((finalised, _)) = block.finalised else { continue };
		for hash in &block.extrinsics {
			let Some(&place) = places.get(hash) else { continue };
			let key = (place.lane, place.step, place.exchange);
			if let Some(&submitted) = submitted.get(&key) {
				traces.push(Trace { place, submitted, included: block.seen, finalised });
			}
		}
	}
	let now = Instant::now();
	Outcome {
		traces,
		blocks: chain.canonical().cloned().collect(),
		window: (first.unwrap_or(now), end.unwrap_or(now)),
		refused,
		exhausted,
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn plan(lanes: usize, steps: usize, exchanges: usize) -> Plan {
		let lane = || Lane { steps: vec![vec![Vec::new(); exchanges]; steps] };
		Plan { lanes: (0..lanes).map(|_| lane()).collect(), least_waiting: 1 }
	}

	fn place(lane: usize, step: usize, exchange: usize) -> Place {
		Place { lane, step, exchange }
	}

	#[test]
	fn exchanges_begin_in_turns_until_enough_waits() {
		let mut state = State::new(&plan(2, 1, 5));
		assert_eq!(state.next(3, true), [place(0, 0, 0), place(1, 0, 0), place(0, 0, 1)]);
		assert_eq!(state.next(3, true), []);
		state.advance(place(0, 0, 0));
		assert_eq!(state.next(3, true), [place(1, 0, 1)]);
	}

	#[test]
	fn a_step_waits_for_the_step_before_it() {
		let mut state = State::new(&plan(1, 2, 5));
		state.next(2, true);
		assert_eq!(state.next(2, false), []);
		state.advance(place(0, 0, 1));
		assert_eq!(state.next(2, false), [place(0, 1, 0), place(0, 1, 1)]);
		assert!(!places_open(&state));
	}

	#[test]
	fn no_account_is_further_ahead_than_the_ledger_allows() {
		let mut state = State::new(&plan(1, 1, 200));
		assert_eq!(state.next(500, true).len(), AHEAD);
		assert!(!state.is_exhausted());
	}

	#[test]
	fn a_lost_lane_keeps_nothing_waiting() {
		let mut state = State::new(&plan(2, 1, 1));
		state.next(2, true);
		state.dead[0] = true;
		assert_eq!(state.waiting(), 1);
		state.advance(place(1, 0, 0));
		assert_eq!(state.waiting(), 0);
		assert!(state.is_exhausted());
	}
}
