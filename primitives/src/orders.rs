//! Work orders: the runtime's off-chain worker leads, the agent executes.
//!
//! Both sides meet in the node's local off-chain storage, the mailbox. It can be rebuilt from the agent's outbox
//! and is never the only copy of anything.

use crate::{
	consent::record, vocabulary, BlockNumber, OrganisationId, Report, ReportDefect, ReportKind,
};

vocabulary! {
	/// What the agent is to do.
	#[derive(PartialOrd, Ord)]
	pub enum Task {
		/// Find assets and match them with advisories.
		Discover = 0,
		/// Look at new flows and access records.
		Watch = 1,
		/// Evaluate the staff survey.
		Survey = 2,
		/// Assess the risk from all of the above, then plan safeguards.
		Assess = 3,
	}
}

vocabulary! {
	/// Why a task is due.
	pub enum Due {
		/// Never done before.
		First = 0,
		/// The interval of the policy has passed.
		Interval = 1,
		/// Something it depends on has changed on the ledger.
		Changed = 2,
	}
}

record! {
	/// How often an organisation's off-chain worker does what, in blocks. Zero means never.
	pub struct Policy {
		/// [`Task::Discover`].
		pub discover_every: BlockNumber,
		/// [`Task::Watch`].
		pub watch_every: BlockNumber,
		/// [`Task::Survey`].
		pub survey_every: BlockNumber,
		/// [`Task::Assess`]; also due whenever an inventory, alert or group result is newer than the assessment.
		pub assess_every: BlockNumber,
	}
}

impl Policy {
	/// The interval of a task; nothing if it is switched off.
	pub fn interval(&self, task: Task) -> Option<BlockNumber> {
		let blocks = match task {
			Task::Discover => self.discover_every,
			Task::Watch => self.watch_every,
			Task::Survey => self.survey_every,
			Task::Assess => self.assess_every,
		};
		(blocks > 0).then_some(blocks)
	}
}

record! {
	/// A work order.
	pub struct WorkOrder {
		/// Counted by the off-chain worker of one node, from 1.
		pub number: u64,
		/// For whom.
		pub organisation: OrganisationId,
		/// What to do.
		pub task: Task,
		/// Why.
		pub due: Due,
		/// The block whose off-chain worker issued it.
		pub issued_at: BlockNumber,
		/// Hash of that block's parent, so that an order of another chain is not mistaken for one of this.
		pub parent: [u8; 32],
	}
}

/// A work order with the worker key's sr25519 signature over its SCALE encoding.
#[derive(Clone, PartialEq, Eq, Debug, codec::Encode, codec::Decode)]
pub struct SignedWorkOrder {
	/// The order.
	pub order: WorkOrder,
	/// Public worker key.
	pub signer: [u8; 32],
	/// Signature of [`WorkOrder`]'s encoding.
	pub signature: [u8; 64],
}

/// A report on its way from the agent's outbox to the ledger.
#[derive(Clone, PartialEq, Eq, Debug, codec::Encode, codec::Decode)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct Submission {
	/// Outbox number, rising per kind of report.
	pub number: u64,
	/// The report.
	pub report: Report,
}

/// A submission in the mailbox that the off-chain worker will not send, so that the agent learns of it.
#[derive(Clone, PartialEq, Eq, Debug, codec::Encode, codec::Decode)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct Rejection {
	/// The kind of the report.
	pub kind: ReportKind,
	/// Its outbox number.
	pub number: u64,
	/// What is wrong.
	pub reason: RejectionReason,
}

/// Why a submission is rejected.
#[derive(Clone, PartialEq, Eq, Debug, codec::Encode, codec::Decode)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "std", serde(rename_all = "kebab-case"))]
pub enum RejectionReason {
	/// The report cannot be true.
	#[codec(index = 0)]
	Defective(ReportDefect),
	/// The ledger would refuse it, with this error.
	#[codec(index = 1)]
	Refused {
		/// Index of the pallet in the runtime.
		pallet: u8,
		/// The pallet's error, as in the metadata.
		error: [u8; 4],
	},
}

/// Keys of the mailbox in the node's persistent off-chain storage.
pub mod mailbox {
	use alloc::vec::Vec;

	/// Where the newest [`super::SignedWorkOrder`] of a task lies.
	pub fn order_key(task: super::Task) -> Vec<u8> {
		[&b"curex/order/"[..], &[task as u8]].concat()
	}

	/// Where the count of orders lies (`u64`).
	pub const ORDER_COUNT: &[u8] = b"curex/order-count";

	/// Where the [`super::Submission`]s that the agent handed over lie, oldest first: a SCALE vector of at most
	/// [`CAPACITY`].
	pub const SUBMISSIONS: &[u8] = b"curex/submissions";

	/// Where the off-chain worker notes what it sent and when, so that it sends one batch at a time.
	pub const IN_FLIGHT: &[u8] = b"curex/in-flight";

	/// Where the off-chain worker notes which of the [`super::Submission`]s it will not send: a SCALE vector of
	/// [`super::Rejection`]s, at most one per submission. Missing while there is none.
	pub const REJECTED: &[u8] = b"curex/rejected";

	/// Most submissions that wait in the mailbox; more stay in the agent's outbox.
	pub const CAPACITY: usize = 64;
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn every_task_has_a_slot_of_its_own() {
		let keys: std::collections::BTreeSet<_> =
			Task::ALL.iter().map(|&task| mailbox::order_key(task)).collect();
		assert_eq!(keys.len(), Task::ALL.len());
	}

	#[test]
	fn an_interval_of_zero_switches_a_task_off() {
		let policy = Policy { discover_every: 1, watch_every: 2, survey_every: 0, assess_every: 4 };
		assert_eq!(policy.interval(Task::Discover), Some(1));
		assert_eq!(policy.interval(Task::Watch), Some(2));
		assert_eq!(policy.interval(Task::Survey), None);
		assert_eq!(policy.interval(Task::Assess), Some(4));
	}
}
