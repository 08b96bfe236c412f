//! The mailbox: where the runtime's off-chain worker and the agent process meet.
//!
//! The off-chain worker sees only the node's local off-chain storage, the agent only a Unix socket; this module joins
//! the two. Nothing in the mailbox is the only copy: orders are issued anew, and reports stay in the agent's outbox until a
//! finalised block carries them.
//!
//! | module | what it does |
//! |---|---|
//! | [`server`] | the socket: one JSON object per line, each way |
//! | [`message`] | what is said on it |
//! | [`record`] | what the finalised ledger has recorded |

pub mod message;
pub mod record;
pub mod server;

use codec::{Decode, DecodeAll, Encode};
use curex_primitives::{
	orders::{mailbox as keys, Rejection},
	ReportKind, SignedWorkOrder, Submission, Task,
};
use message::{Answer, Outbox, Question, Refused, SignedOrder};
pub use record::{ClientRecord, Record};
pub use server::Server;
use sp_core::offchain::{OffchainStorage, STORAGE_PREFIX};
use std::{collections::BTreeMap, sync::Arc};

/// How often a change is tried that another one overtakes.
const MAX_TRIES: usize = 32;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
	/// The line is no question.
	#[error("the request cannot be understood: {0}")]
	BadRequest(String),
	/// The line is too long.
	#[error("a line has at most {limit} bytes", limit = server::MAX_LINE)]
	LineTooLong,
	/// Too many connections.
	#[error("at most {limit} connections are served; close one", limit = server::MAX_CONNECTIONS)]
	Busy,
	/// The off-chain storage did not take a change.
	#[error("the node's off-chain storage did not take the change; is the disk full?")]
	Storage,
	/// The chain cannot be read.
	#[error("the ledger cannot be read: {0}")]
	Ledger(String),
	/// The socket.
	#[error("the socket {path} cannot be used: {reason}")]
	Socket {
		/// Where it lies.
		path: String,
		/// What the system says.
		reason: std::io::Error,
	},
}

impl Error {
	/// The code that stands in the answer.
	pub fn code(&self) -> &'static str {
		match self {
			Self::BadRequest(_) => "bad-request",
			Self::LineTooLong => "line-too-long",
			Self::Busy => "busy",
			Self::Storage => "storage",
			Self::Ledger(_) => "ledger",
			Self::Socket { .. } => "socket",
		}
	}
}

/// The mailbox of one node.
#[derive(Clone)]
pub struct Mailbox<S> {
	storage: S,
	record: Arc<dyn Record>,
}

impl<S: OffchainStorage> Mailbox<S> {
	/// The mailbox in this off-chain storage.
	pub fn new(storage: S, record: Arc<dyn Record>) -> Self {
		Self { storage, record }
	}

	/// Answers a question. May block.
	///
	/// # Errors
	/// [`Error::Storage`], [`Error::Ledger`]
	pub fn answer(&self, question: Question) -> Result<Answer, Error> {
		match question {
			Question::Orders => self.orders(),
			Question::Submit { submissions } => self.submit(submissions),
			Question::Confirmed => self.confirm(),
			Question::Discard { submissions } => self.discard(&submissions),
		}
	}

	fn orders(&self) -> Result<Answer, Error> {
		let orders = Task::ALL
			.iter()
			.filter_map(|task| self.read::<SignedWorkOrder>(&keys::order_key(*task)))
			.map(SignedOrder::from)
			.collect();
		let (best, finalised) = self.record.heads();
		Ok(Answer::Orders { orders, best, finalised, organisation: self.record.organisation()? })
	}

	/// Adds submissions that are not there yet, so that the numbers of each kind rise: the ledger takes no number below
	/// one it has taken.
	fn submit(&self, submissions: Vec<Submission>) -> Result<Answer, Error> {
		let recorded = self.record.last_numbers()?;
		let now = self.record.now();
		let mut refused = Vec::new();
		let sound: Vec<Submission> = submissions
			.into_iter()
			.filter(|submission| {
				let kind = submission.report.kind();
				let number = submission.number;
				let reason = if recorded.get(&kind).is_some_and(|last| number <= *last) {
					Some(Refused::recorded(kind, number))
				} else {
					let defect = submission.report.check(now).err();
					defect.map(|defect| Refused::defective(kind, number, defect))
				};
				let is_sound = reason.is_none();
				refused.extend(reason);
				is_sound
			})
			.collect();
		let (accepted, waiting, full) = self.change(|waiting| {
			let (mut accepted, mut full) = (0, Vec::new());
			for submission in &sound {
				match place(waiting, submission) {
					Place::Taken => accepted += 1,
					Place::Free(_) if waiting.len() >= keys::CAPACITY => {
						full.push(Refused::full(submission.report.kind(), submission.number));
					},
					Place::Free(index) => {
						waiting.insert(index, submission.clone());
						accepted += 1;
					},
				}
			}
			(accepted, waiting.len(), full)
		})?;
		refused.extend(full);
		Ok(Answer::Submitted { accepted, waiting, refused })
	}

	/// Removes what the finalised ledger has recorded.
	fn confirm(&self) -> Result<Answer, Error> {
		let confirmed = self.record.last_numbers()?;
		self.change(|waiting| {
			waiting.retain(|submission| {
				let last = confirmed.get(&submission.report.kind()).copied().unwrap_or(0);
				submission.number > last
			});
		})?;
		let rejected = self.read::<Vec<Rejection>>(keys::REJECTED).unwrap_or_default();
		Ok(Answer::Confirmed { confirmed, rejected })
	}

	/// Removes submissions that the agent gave up.
	fn discard(&self, given_up: &[Outbox]) -> Result<Answer, Error> {
		let waiting = self.change(|waiting| {
			waiting.retain(|submission| {
				let Submission { number, ref report } = *submission;
				!given_up.contains(&Outbox { kind: report.kind(), number })
			});
			waiting.len()
		})?;
		Ok(Answer::Discarded { waiting })
	}

	fn read<T: Decode>(&self, key: &[u8]) -> Option<T> {
		let encoded = self.storage.get(STORAGE_PREFIX, key)?;
		T::decode_all(&mut &encoded[..]).ok()
	}

	/// Changes the list of submissions, unless another change comes first; then tries again. The storage swallows
	/// write errors, therefore the list is read back.
	fn change<T>(&self, change: impl Fn(&mut Vec<Submission>) -> T) -> Result<T, Error> {
		let mut storage = self.storage.clone();
		for _ in 0..MAX_TRIES {
			let before = storage.get(STORAGE_PREFIX, keys::SUBMISSIONS);
			// A list that cannot be read was written by another version: the agent still has every report.
			let mut waiting = before
				.as_deref()
				.and_then(|mut encoded| Vec::<Submission>::decode_all(&mut encoded).ok())
				.unwrap_or_default();
			let result = change(&mut waiting);
			let after = waiting.encode();
			if before.as_ref() == Some(&after) {
				return Ok(result);
			}
			if storage.compare_and_set(STORAGE_PREFIX, keys::SUBMISSIONS, before.as_deref(), &after)
			{
				let written = storage.get(STORAGE_PREFIX, keys::SUBMISSIONS);
				return if written == before { Err(Error::Storage) } else { Ok(result) };
			}
		}
		Err(Error::Storage)
	}
}

/// Where a submission belongs.
enum Place {
	/// It is there.
	Taken,
	/// It belongs at this index: before the first of its kind with a greater number.
	Free(usize),
}

fn place(waiting: &[Submission], submission: &Submission) -> Place {
	let kind = submission.report.kind();
	let next = waiting
		.iter()
		.position(|present| present.report.kind() == kind && present.number >= submission.number);
	match next {
		Some(index) if waiting[index].number == submission.number => Place::Taken,
		Some(index) => Place::Free(index),
		None => Place::Free(waiting.len()),
	}
}

/// The last number of each kind.
pub type LastNumbers = BTreeMap<ReportKind, u64>;

#[cfg(test)]
mod tests;
