//! The way to the node: its Unix socket, one JSON object per line each way.
//!
//! Every operation may be repeated without harm, so a call on a connection that the node has closed in the meantime is
//! made once more on a fresh one.

use std::{
	io::{self, BufRead, BufReader, Read, Write},
	os::unix::net::UnixStream,
	path::{Path, PathBuf},
	time::Duration,
};

use curex_primitives::{
	orders::{Rejection, RejectionReason},
	BlockNumber, OrganisationId, ReportDefect, ReportKind, SignedWorkOrder, Submission, WorkOrder,
};
use serde::{de::DeserializeOwned, Deserialize};
use serde_json::{json, Value};

use crate::{outbox::Confirmed, report::kind_name, Error};

/// Longest line either side accepts: 1 MiB.
const LONGEST_LINE: u64 = 1 << 20;
/// How long the node may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the node has for the agent.
#[derive(Clone, Debug, Default)]
pub struct Orders {
	/// The newest order of every task.
	pub orders: Vec<SignedWorkOrder>,
	/// Number of the best block.
	pub best: BlockNumber,
	/// Number of the last finalised block.
	pub finalised: BlockNumber,
	/// The organisation for which the node is registered, if it is.
	pub organisation: Option<OrganisationId>,
}

/// What became of submissions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Receipt {
	/// How many of them are in the mailbox now.
	pub accepted: usize,
	/// How many wait in the mailbox in all.
	#[serde(default)]
	pub waiting: usize,
	/// Which are not, and why.
	#[serde(default)]
	pub refused: Vec<Refusal>,
}

/// A submission that the node did not take.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Refusal {
	/// Its kind.
	pub kind: ReportKind,
	/// Its number.
	pub number: u64,
	/// Why, in one word.
	pub reason: String,
}

impl Refusal {
	/// Whether sending it again can never help: the report itself has a defect. Unknown reasons count as temporary.
	pub fn is_final(&self) -> bool {
		matches!(
			self.reason.as_str(),
			"missing-commitment"
				| "expired" | "valid-too-long"
				| "too-few-answers"
				| "bound-above-objective"
		)
	}
}

/// What the finalised ledger has, and what will never get there.
#[derive(Clone, Debug, Default)]
pub struct Settled {
	/// The last numbers that the ledger has taken.
	pub confirmed: Confirmed,
	/// What lies in the node's mailbox and will not be sent.
	pub rejected: Vec<Rejection>,
}

/// Whether a rejected report may be sent again: only one that was ahead of the node's clock.
pub fn may_be_sent_again(rejection: &Rejection) -> bool {
	rejection.reason == RejectionReason::Defective(ReportDefect::FromTheFuture)
}

/// The node, as the agent needs it.
pub trait Mailbox {
	/// Asks for work orders.
	///
	/// # Errors
	/// [`Error::Mailbox`], [`Error::Refused`], [`Error::Answer`]; likewise below.
	fn orders(&mut self) -> Result<Orders, Error>;

	/// Hands reports over.
	///
	/// # Errors
	/// As [`Self::orders`].
	fn submit(&mut self, submissions: &[Submission]) -> Result<Receipt, Error>;

	/// Asks which numbers the finalised ledger has taken, and what is stuck.
	///
	/// # Errors
	/// As [`Self::orders`].
	fn confirmed(&mut self) -> Result<Settled, Error>;

	/// Takes reports out of the node's mailbox.
	///
	/// # Errors
	/// As [`Self::orders`].
	fn discard(&mut self, reports: &[(ReportKind, u64)]) -> Result<(), Error>;
}

/// The node's socket.
pub struct Socket {
	path: PathBuf,
	connection: Option<BufReader<UnixStream>>,
}

impl Socket {
	/// The mailbox at `path`. Connects when it is used.
	pub fn new(path: &Path) -> Self {
		Self { path: path.into(), connection: None }
	}

	fn call<A: DeserializeOwned>(
		&mut self,
		operation: &'static str,
		question: &Value,
	) -> Result<A, Error> {
		let mut line = serde_json::to_vec(question)?;
		line.push(b'\n');
		let reused = self.connection.is_some();
		let answer = match self.exchange(&line) {
			Err(_) if reused => self.exchange(&line),
			first => first,
		};
		let answer = answer.map_err(|source| Error::Mailbox { path: self.path.clone(), source })?;
		let read =
			|reason: serde_json::Error| Error::Answer { operation, reason: reason.to_string() };
		let value: Value = serde_json::from_slice(&answer).map_err(read)?;
		if let Some(error) = value.get("error") {
			let text =
				|name| error.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
			return Err(Error::Refused { operation, code: text("code"), message: text("message") });
		}
		serde_json::from_value(value).map_err(read)
	}

	fn exchange(&mut self, line: &[u8]) -> io::Result<Vec<u8>> {
		let outcome = self.attempt(line);
		if outcome.is_err() {
			self.connection = None;
		}
		outcome
	}

	fn attempt(&mut self, line: &[u8]) -> io::Result<Vec<u8>> {
		let connection = match &mut self.connection {
			Some(connection) => connection,
			none => {
				let stream = UnixStream::connect(&self.path)?;
				stream.set_read_timeout(Some(PATIENCE))?;
				stream.set_write_timeout(Some(PATIENCE))?;
				none.insert(BufReader::new(stream))
			},
		};
		connection.get_mut().write_all(line)?;
		let mut answer = Vec::new();
		connection.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut answer)?;
		if !answer.ends_with(b"\n") {
			let kind = io::ErrorKind::UnexpectedEof;
			return Err(io::Error::new(kind, "the answer ended within a line or exceeds 1 MiB"));
		}
		Ok(answer)
	}
}

impl Mailbox for Socket {
	fn orders(&mut self) -> Result<Orders, Error> {
		#[derive(Deserialize)]
		struct Answer {
			orders: Vec<Value>,
			best: BlockNumber,
			finalised: BlockNumber,
			#[serde(default)]
			organisation: Option<OrganisationId>,
		}
		let answer: Answer = self.call("orders", &json!({"op": "orders"}))?;
		let orders = answer.orders.into_iter().filter_map(|order| match read_order(order) {
			Ok(order) => Some(order),
			Err(reason) => {
				tracing::warn!(reason, "a work order cannot be read and is left out");
				None
			},
		});
		Ok(Orders {
			orders: orders.collect(),
			best: answer.best,
			finalised: answer.finalised,
			organisation: answer.organisation,
		})
	}

	fn submit(&mut self, submissions: &[Submission]) -> Result<Receipt, Error> {
		self.call("submit", &json!({"op": "submit", "submissions": submissions}))
	}

	fn confirmed(&mut self) -> Result<Settled, Error> {
		#[derive(Deserialize)]
		struct Answer {
			confirmed: serde_json::Map<String, Value>,
			#[serde(default)]
			rejected: Vec<Rejection>,
		}
		let answer: Answer = self.call("confirmed", &json!({"op": "confirmed"}))?;
		let numbers =
			ReportKind::ALL.iter().map(|&kind| match answer.confirmed.get(kind_name(kind)) {
				None => Ok((kind, 0)),
				Some(value) => {
					value.as_u64().map(|number| (kind, number)).ok_or_else(|| Error::Answer {
						operation: "confirmed",
						reason: format!("`{}` is no number", kind_name(kind)),
					})
				},
			});
		let confirmed = Confirmed(numbers.collect::<Result<_, _>>()?);
		Ok(Settled { confirmed, rejected: answer.rejected })
	}

	fn discard(&mut self, reports: &[(ReportKind, u64)]) -> Result<(), Error> {
		let named: Vec<Value> =
			reports.iter().map(|(kind, number)| json!({"kind": kind, "number": number})).collect();
		self.call::<Value>("discard", &json!({"op": "discard", "submissions": named})).map(drop)
	}
}

fn read_order(order: Value) -> Result<SignedWorkOrder, String> {
	#[derive(Deserialize)]
	struct Wire {
		order: WorkOrder,
		signer: String,
		signature: String,
	}
	let wire: Wire = serde_json::from_value(order).map_err(|error| error.to_string())?;
	let mut signed = SignedWorkOrder { order: wire.order, signer: [0; 32], signature: [0; 64] };
	bytes(&wire.signer, &mut signed.signer).map_err(|error| format!("signer: {error}"))?;
	bytes(&wire.signature, &mut signed.signature).map_err(|error| format!("signature: {error}"))?;
	Ok(signed)
}

fn bytes(text: &str, into: &mut [u8]) -> Result<(), hex::FromHexError> {
	hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), into)
}
