//! Brings the agent's reports from the mailbox to the ledger.

use super::Worker;
use crate::{Config, Pallet, RuntimeCallOf, SubmissionCalls, LOG_TARGET};
use alloc::vec::Vec;
use codec::{Decode, DecodeAll, Encode};
use curex_primitives::{
	orders::mailbox, BlockNumber, Moment, OrganisationId, Rejection, RejectionReason, ReportDefect,
	ReportKind, Submission,
};
use frame::{
	deps::{
		frame_support::storage::{with_transaction, TransactionOutcome},
		sp_core::offchain::StorageKind,
		sp_io,
		sp_runtime::{offchain::storage::StorageValueRef, DispatchError},
	},
	log,
	prelude::*,
	traits::UnixTime,
};

/// A batch that is not recorded after so many blocks is made anew.
pub const RESEND_AFTER: BlockNumber = 10;

/// Most reports in one transaction.
pub const MAX_BATCH: usize = 16;

/// What was sent last, as kept in [`mailbox::IN_FLIGHT`].
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub(crate) struct InFlight {
	pub organisation: OrganisationId,
	pub sent_at: BlockNumber,
	/// The greatest number of each kind in the batch.
	pub highest: Vec<(ReportKind, u64)>,
}

/// What can be done with the submissions in the mailbox.
struct Sorted<T: Config> {
	calls: Vec<RuntimeCallOf<T>>,
	highest: Vec<(ReportKind, u64)>,
	rejected: Vec<Rejection>,
}

/// What can be done with one submission.
enum Fate {
	Send,
	/// Not now; nothing later of its kind may overtake it.
	Wait,
	Reject(RejectionReason),
}

impl<T: Config> Worker<T> {
	/// Sends the next batch, unless the last is still on its way.
	pub(super) fn deliver(&self, block: BlockNumber) {
		if self.is_batch_on_its_way(block) {
			return;
		}
		let Some(submissions) = read_submissions() else {
			log::error!(target: LOG_TARGET, "the mailbox holds submissions that cannot be read");
			return;
		};
		let noted = read_rejected();
		let sorted = self.sort(submissions, &noted);
		note_rejected(&sorted.rejected, &noted);
		if !sorted.calls.is_empty() {
			self.send(sorted, block);
		}
	}

	fn is_batch_on_its_way(&self, block: BlockNumber) -> bool {
		let mut note = StorageValueRef::persistent(mailbox::IN_FLIGHT);
		let sent = match note.get::<InFlight>() {
			Ok(Some(sent)) if sent.organisation == self.organisation => sent,
			_ => return false,
		};
		let recorded = sent
			.highest
			.iter()
			.all(|&(kind, number)| Pallet::<T>::last_number(self.organisation, kind) >= number);
		if recorded {
			note.clear();
			return false;
		}
		// A batch sent at a block that a fork took away may lie ahead.
		let on_its_way = block.abs_diff(sent.sent_at) < RESEND_AFTER;
		if !on_its_way {
			log::warn!(
				target: LOG_TARGET,
				"block {block}: the batch of block {} is not recorded; it is made anew", sent.sent_at
			);
		}
		on_its_way
	}

	/// Tries each submission on the present state, after those before it, and leaves the state as it was.
	///
	/// A submission that was rejected stays so when later numbers of its kind have passed it on the ledger.
	fn sort(&self, submissions: Vec<Submission>, noted: &[Rejection]) -> Sorted<T> {
		let now = T::Clock::now().as_millis().saturated_into();
		let mut sorted = Sorted { calls: Vec::new(), highest: Vec::new(), rejected: Vec::new() };
		let mut waiting = Vec::new();
		let tried = with_transaction(|| {
			for submission in submissions {
				let (kind, number) = (submission.report.kind(), submission.number);
				if sorted.calls.len() == MAX_BATCH
					|| waiting.contains(&kind)
					|| number <= Pallet::<T>::last_number(self.organisation, kind)
				{
					let earlier =
						noted.iter().find(|noted| (noted.kind, noted.number) == (kind, number));
					sorted.rejected.extend(earlier.cloned());
					continue;
				}
				let (fate, call) = self.fate(submission, now);
				match fate {
					Fate::Send => {
						sorted.highest.retain(|(other, _)| *other != kind);
						sorted.highest.push((kind, number));
						sorted.calls.push(call);
					},
					Fate::Wait => waiting.push(kind),
					Fate::Reject(reason) => {
						sorted.rejected.push(Rejection { kind, number, reason })
					},
				}
			}
			TransactionOutcome::Rollback(Ok::<_, DispatchError>(()))
		});
		if let Err(error) = tried {
			log::error!(target: LOG_TARGET, "submissions cannot be tried: {error:?}");
		}
		sorted
	}

	fn fate(&self, submission: Submission, now: Moment) -> (Fate, RuntimeCallOf<T>) {
		let checked = submission.report.check(now).map_err(|defect| {
			// The clock of a chain that stood still lies behind the node's: the report is not wrong, only early.
			let early = defect == ReportDefect::FromTheFuture
				&& submission.report.check(sp_io::offchain::timestamp().unix_millis())
					!= Err(defect);
			(!early).then_some(defect)
		});
		let call = T::Calls::call(submission);
		let fate = match checked {
			Err(None) => Fate::Wait,
			Err(Some(defect)) => Fate::Reject(RejectionReason::Defective(defect)),
			Ok(()) => {
				let origin = frame_system::RawOrigin::Signed(self.account.id.clone()).into();
				match call.clone().dispatch(origin).map_err(|failed| failed.error) {
					Ok(_) => Fate::Send,
					Err(DispatchError::Module(refusal)) => Fate::Reject(RejectionReason::Refused {
						pallet: refusal.index,
						error: refusal.error,
					}),
					// The organisation or its delegate may not act now.
					Err(_) => Fate::Wait,
				}
			},
		};
		(fate, call)
	}

	fn send(&self, sorted: Sorted<T>, block: BlockNumber) {
		let Sorted { mut calls, highest, .. } = sorted;
		let count = calls.len();
		let call = match calls.pop() {
			Some(only) if calls.is_empty() => only,
			Some(last) => {
				calls.push(last);
				T::Calls::batch(calls)
			},
			None => return,
		};
		// Noted first, and whatever the pool says: what it refuses now is not offered again at each block.
		StorageValueRef::persistent(mailbox::IN_FLIGHT).set(&InFlight {
			organisation: self.organisation,
			sent_at: block,
			highest,
		});
		let signer = Signer::<T, T::AuthorityId>::any_account();
		match signer.send_single_signed_transaction(&self.account, call) {
			Some(Ok(())) => log::info!(target: LOG_TARGET, "block {block}: sent {count} reports"),
			Some(Err(())) => {
				log::warn!(target: LOG_TARGET, "block {block}: the pool refused {count} reports")
			},
			None => log::error!(target: LOG_TARGET, "the runtime made no signed transaction"),
		}
	}
}

/// The submissions in the mailbox, oldest first; nothing if they cannot be read.
fn read_submissions() -> Option<Vec<Submission>> {
	// Decoding a bounded vector refuses a length above the bound before it allocates.
	type Waiting = BoundedVec<Submission, ConstU32<{ mailbox::CAPACITY as u32 }>>;
	match sp_io::offchain::local_storage_get(StorageKind::PERSISTENT, mailbox::SUBMISSIONS) {
		Some(bytes) => Waiting::decode_all(&mut &bytes[..]).ok().map(BoundedVec::into_inner),
		None => Some(Vec::new()),
	}
}

/// The submissions that were rejected so far.
fn read_rejected() -> Vec<Rejection> {
	let note = StorageValueRef::persistent(mailbox::REJECTED);
	note.get::<Vec<Rejection>>().ok().flatten().unwrap_or_default()
}

/// Tells the agent which of the submissions in the mailbox are not sent. Writes only what is new.
fn note_rejected(rejected: &Vec<Rejection>, noted: &[Rejection]) {
	for rejection in rejected.iter().filter(|rejection| !noted.contains(rejection)) {
		log::warn!(
			target: LOG_TARGET,
			"{:?} {} is rejected: {:?}", rejection.kind, rejection.number, rejection.reason
		);
	}
	let mut note = StorageValueRef::persistent(mailbox::REJECTED);
	if rejected.is_empty() && !noted.is_empty() {
		note.clear();
	} else if rejected != noted {
		note.set(rejected);
	}
}
