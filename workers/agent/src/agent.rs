//! The agent at work: orders in, reports out, nothing lost and nothing twice.
//!
//! One turn asks for orders, takes note of what the ledger has for good, carries out what is due and hands over what
//! waits. Each step leaves the store in a state from which the next turn, or the next process, goes on:
//!
//! | interrupted | then |
//! |---|---|
//! | while engines run | nothing was recorded; the order is carried out again, a watch from where it was |
//! | after recording | the order is done, the report is queued and will be sent |
//! | between marking and sending | the report is sent again |
//! | after sending | the report is sent again; the ledger takes its number once |

use std::{
	collections::{HashMap, HashSet},
	sync::mpsc::{Receiver, RecvTimeoutError},
	time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use curex_primitives::{
	orders::Rejection, BlockNumber, Moment, OrganisationId, ReportKind, SignedWorkOrder,
};

use crate::{
	mailbox::{may_be_sent_again, Mailbox, Orders},
	notices::Retention,
	orders::OrderGate,
	report::{kind_name, task_name},
	store::OrderRecord,
	tasks::Engines,
	Config, Error, Store,
};

/// Time between two turns.
const PAUSE: Duration = Duration::from_secs(1);
/// Time between two looks at the logs.
const GLANCE: Duration = Duration::from_millis(250);
/// Longest time between two turns while the node does not answer.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Longest time between two attempts at an order, in milliseconds.
const LONGEST_RETRY: Moment = 600_000;
/// Time between two looks for what is to be deleted, in milliseconds.
const FORGET_EVERY: Moment = 3_600_000;
/// Most reports that are handed over at once; the node's mailbox holds as many.
const BATCH: usize = curex_primitives::orders::mailbox::CAPACITY;

/// What one turn did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turn {
	/// Orders that were carried out.
	pub executed: usize,
	/// Orders that could not be.
	pub failed: usize,
	/// Reports that were handed to the node.
	pub delivered: usize,
	/// Reports that the ledger turned out to have for good.
	pub confirmed: usize,
}

/// Carries out work orders.
pub struct Agent<M, E> {
	organisation: OrganisationId,
	store: Store,
	mailbox: M,
	engines: E,
	gate: OrderGate,
	/// Finalised block for which the confirmed numbers were asked.
	settled_at: Option<BlockNumber>,
	/// When an order that failed is due again.
	retry_at: HashMap<[u8; 32], Moment>,
	/// Orders whose refusal was said already: signer and number.
	refused: HashSet<([u8; 32], u64)>,
	/// After what time alerts about staff are deleted, and when that is due.
	retention: Retention,
	forget_at: Moment,
}

impl<M: Mailbox, E: Engines> Agent<M, E> {
	/// An agent that works for the configured organisation.
	pub fn new(config: &Config, store: Store, mailbox: M, engines: E) -> Self {
		Self {
			organisation: config.organisation,
			store,
			mailbox,
			engines,
			gate: OrderGate::new(config.organisation, config.accept_orders_from.clone()),
			settled_at: None,
			retry_at: HashMap::new(),
			refused: HashSet::new(),
			retention: config.staff.retention(),
			forget_at: 0,
		}
	}

	/// Takes turns until `stop` says so or is dropped.
	pub fn run(&mut self, stop: &Receiver<()>) {
		let mut pause = PAUSE;
		loop {
			match self.turn(now()) {
				Ok(_) => pause = PAUSE,
				Err(error) => {
					tracing::warn!(%error, seconds = pause.as_secs(), "the turn failed; trying again");
					pause = (pause * 2).min(LONGEST_PAUSE);
				},
			}
			let next = Instant::now() + pause;
			while Instant::now() < next {
				match stop.recv_timeout(GLANCE) {
					Err(RecvTimeoutError::Timeout) => {},
					Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
				}
				match self.glance(now()) {
					Ok(0) => {},
					// To be handed over at once.
					Ok(_) => break,
					Err(error) => {
						tracing::warn!(%error, "the logs could not be looked at; trying again");
						break;
					},
				}
			}
		}
	}

	/// Records what nobody ordered, and returns how many reports.
	///
	/// # Errors
	/// What engines or database refuse.
	pub fn glance(&mut self, now: Moment) -> Result<usize, Error> {
		let Some(outcome) = self.engines.glance(&self.store, now)? else { return Ok(0) };
		let recorded = self.store.record(None, &outcome, now)?.len();
		tracing::info!(reports = recorded, notes = outcome.notes.join(" "), "found");
		Ok(recorded)
	}

	/// Takes one turn.
	///
	/// # Errors
	/// What node or database refuse. An order that cannot be carried out is no error: it is noted and tried again.
	pub fn turn(&mut self, now: Moment) -> Result<Turn, Error> {
		if now >= self.forget_at {
			// Whether the node answers or not.
			let forgotten = self.store.forget_notices(&self.retention, now)?;
			if forgotten > 0 {
				tracing::info!(alerts = forgotten, "deleted the evidence of alerts about staff");
			}
			self.forget_at = now.saturating_add(FORGET_EVERY);
		}
		let orders = self.mailbox.orders()?;
		if let Some(found) = orders.organisation.filter(|found| *found != self.organisation) {
			return Err(Error::OtherNode { expected: self.organisation, found });
		}
		let mut turn = Turn::default();
		// First of all, so that no number is given that the ledger has already.
		let news = self.settle(&orders, &mut turn)?;
		self.carry_out(orders.orders, now, &mut turn)?;
		self.deliver(news, &mut turn)?;
		Ok(turn)
	}

	/// The store, to look at.
	pub fn store(&self) -> &Store {
		&self.store
	}

	/// Takes note of what is confirmed, once per finalised block. Returns whether there was a new one.
	fn settle(&mut self, orders: &Orders, turn: &mut Turn) -> Result<bool, Error> {
		if self.settled_at == Some(orders.finalised) {
			return Ok(false);
		}
		let settled = self.mailbox.confirmed()?;
		turn.confirmed = self.store.confirm(&settled.confirmed)?;
		self.clear(&settled.rejected)?;
		self.settled_at = Some(orders.finalised);
		if turn.confirmed > 0 {
			tracing::info!(reports = turn.confirmed, "recorded on the ledger for good");
		}
		Ok(true)
	}

	/// Sets aside what the ledger will never take, then takes it out of the node's mailbox, in this order: interrupted in
	/// between, the node says it again.
	fn clear(&mut self, rejected: &[Rejection]) -> Result<(), Error> {
		if rejected.is_empty() {
			return Ok(());
		}
		for Rejection { kind, number, reason } in
			rejected.iter().filter(|rejection| !may_be_sent_again(rejection))
		{
			let reason = serde_json::to_string(reason)?;
			tracing::warn!(kind = kind_name(*kind), number, reason, "the ledger refuses a report");
			self.store.refuse(*kind, *number, &reason)?;
		}
		let named: Vec<(ReportKind, u64)> =
			rejected.iter().map(|rejection| (rejection.kind, rejection.number)).collect();
		self.mailbox.discard(&named)
	}

	fn carry_out(
		&mut self,
		mut orders: Vec<SignedWorkOrder>,
		now: Moment,
		turn: &mut Turn,
	) -> Result<(), Error> {
		// In the order of the tasks: an assessment wants the inventory that is due with it.
		orders.sort_by_key(|signed| signed.order.task);
		for signed in orders {
			let record = match self.gate.admit(&signed) {
				Ok(record) => record,
				Err(defect) => {
					if self.refused.insert((signed.signer, signed.order.number)) {
						tracing::warn!(%defect, number = signed.order.number, "a work order is refused");
					}
					continue;
				},
			};
			let waits = self.retry_at.get(&record.id).is_some_and(|due| *due > now);
			if waits || self.store.is_done(&record.id)? {
				continue;
			}
			if self.execute(&record, now)? {
				turn.executed += 1;
			} else {
				turn.failed += 1;
			}
		}
		Ok(())
	}

	/// Whether it could be carried out.
	fn execute(&mut self, record: &OrderRecord, now: Moment) -> Result<bool, Error> {
		let task = task_name(record.order.task);
		tracing::info!(task, number = record.order.number, "carrying out a work order");
		let outcome =
			self.engines.execute(record.order.task, &self.store, now).and_then(|outcome| {
				Ok((self.store.record(Some(record), &outcome, now)?, outcome.notes))
			});
		match outcome {
			Ok((recorded, notes)) => {
				self.retry_at.remove(&record.id);
				tracing::info!(task, reports = recorded.len(), notes = notes.join(" "), "done");
				Ok(true)
			},
			Err(error) => {
				let attempts = self.store.note_failure(record, &error.to_string(), now)?;
				let wait = 1_000u64.saturating_mul(1 << attempts.min(10)).min(LONGEST_RETRY);
				self.retry_at.insert(record.id, now.saturating_add(wait));
				tracing::warn!(task, %error, attempts, "a work order could not be carried out");
				Ok(false)
			},
		}
	}

	/// Hands over what waits, if something new waits or a new block is final. What was handed over before goes again:
	/// the node's copy may be lost, and taking it twice records it once.
	fn deliver(&mut self, news: bool, turn: &mut Turn) -> Result<(), Error> {
		if !news && !self.store.has_queued()? {
			return Ok(());
		}
		let pending = self.store.pending(BATCH)?;
		if pending.is_empty() {
			return Ok(());
		}
		self.store.hand_over(&pending)?;
		let receipt = self.mailbox.submit(&pending)?;
		turn.delivered = receipt.accepted;
		for refusal in receipt.refused.iter().filter(|refusal| refusal.is_final()) {
			let kind = kind_name(refusal.kind);
			tracing::warn!(kind, number = refusal.number, reason = %refusal.reason, "report refused");
			self.store.refuse(refusal.kind, refusal.number, &refusal.reason)?;
		}
		Ok(())
	}
}

/// Milliseconds since 1970 (UTC).
pub fn now() -> Moment {
	SystemTime::now()
		.duration_since(UNIX_EPOCH)
		.map_or(0, |since| Moment::try_from(since.as_millis()).unwrap_or(Moment::MAX))
}
