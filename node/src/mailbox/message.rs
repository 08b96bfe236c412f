//! What the agent says and hears.

use super::{Error, LastNumbers};
use curex_primitives::{
	orders::Rejection, BlockNumber, OrganisationId, ReportDefect, ReportKind, SignedWorkOrder,
	Submission, WorkOrder,
};
use serde::{Deserialize, Serialize};

/// A line of the agent.
#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Question {
	/// What is to be done?
	Orders,
	/// Record these.
	Submit {
		/// Reports from the outbox, rising per kind.
		submissions: Vec<Submission>,
	},
	/// What has been recorded for good?
	Confirmed,
	/// Forget these.
	Discard {
		/// Which ones.
		submissions: Vec<Outbox>,
	},
}

/// Names a submission.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outbox {
	/// Kind of the report.
	pub kind: ReportKind,
	/// Outbox number.
	pub number: u64,
}

/// A line of the node.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
	/// What is to be done.
	Orders {
		/// The newest order of each task.
		orders: Vec<SignedOrder>,
		/// Number of the best block.
		best: BlockNumber,
		/// Number of the newest finalised block.
		finalised: BlockNumber,
		/// To which organisation this node is registered, at the finalised block.
		organisation: Option<OrganisationId>,
	},
	/// What became of submissions.
	Submitted {
		/// Of these, how many are now in the mailbox.
		accepted: usize,
		/// How many are in the mailbox in all.
		waiting: usize,
		/// The others, and why.
		refused: Vec<Refused>,
	},
	/// What was recorded.
	Confirmed {
		/// The last outbox number of each kind at the finalised block; 0 for none.
		confirmed: LastNumbers,
		/// What waits in the mailbox and will not be sent.
		rejected: Vec<Rejection>,
	},
	/// What is left.
	Discarded {
		/// How many are in the mailbox.
		waiting: usize,
	},
	/// What went wrong.
	Error {
		/// The error.
		error: Failure,
	},
}

/// An error on the wire.
#[derive(Debug, Serialize)]
pub struct Failure {
	/// For programs.
	pub code: &'static str,
	/// For people.
	pub message: String,
}

impl From<Error> for Answer {
	fn from(error: Error) -> Self {
		Self::Error { error: Failure { code: error.code(), message: error.to_string() } }
	}
}

/// An order as JSON.
#[derive(Debug, Serialize)]
pub struct SignedOrder {
	/// The order.
	pub order: WorkOrder,
	/// Public worker key, hexadecimal.
	pub signer: String,
	/// sr25519 signature over the order's SCALE encoding, hexadecimal.
	pub signature: String,
}

impl From<SignedWorkOrder> for SignedOrder {
	fn from(SignedWorkOrder { order, signer, signature }: SignedWorkOrder) -> Self {
		let text = |bytes: &[u8]| format!("0x{}", hex::encode(bytes));
		Self { order, signer: text(&signer), signature: text(&signature) }
	}
}

/// A submission that was not taken.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Refused {
	/// Kind of the report.
	pub kind: ReportKind,
	/// Outbox number.
	pub number: u64,
	/// Why.
	pub reason: Reason,
}

/// Why a submission was not taken.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
	/// The mailbox is full: submit again later, from this number on.
	Full,
	/// The finalised ledger has this number or a greater one of the kind.
	Recorded,
	/// The report cannot be true.
	#[serde(untagged)]
	Defective(ReportDefect),
}

impl Refused {
	pub(super) fn full(kind: ReportKind, number: u64) -> Self {
		Self { kind, number, reason: Reason::Full }
	}

	pub(super) fn recorded(kind: ReportKind, number: u64) -> Self {
		Self { kind, number, reason: Reason::Recorded }
	}

	pub(super) fn defective(kind: ReportKind, number: u64, defect: ReportDefect) -> Self {
		Self { kind, number, reason: Reason::Defective(defect) }
	}
}
