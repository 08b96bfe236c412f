//! Many exchanges in one transaction. Each item is gated and recorded like a single one; one that is refused fails alone.

use super::{acknowledgement_of, receiving::discards_held, Incoming, Kind, Opening, Pending, Wait};
use crate::{
	client::{Client, View},
	error::Rejection,
	fhir::{Defect, Document},
	ledger::curex::{self, runtime_types::bounded_collections::bounded_vec::BoundedVec},
	submission::Recorded,
	Error,
};
use curex_primitives::{BatchAnswer, BatchCompletion, BatchRequest, ExchangeId, ExchangeState};
use std::path::Path;

/// Most items of a batch.
pub const MAX_ITEMS: usize = curex_primitives::batch::MAX_BATCH as usize;

/// What came of a batch.
#[derive(Clone, PartialEq, Debug)]
pub struct BatchOutcome {
	/// Where it was recorded.
	pub recorded: Recorded,
	/// For each item, in the order of the batch, why the ledger did not take it, if it did not.
	pub items: Vec<Result<(), Rejection>>,
}

impl BatchOutcome {
	/// Reads the outcome of `count` items from the events of their transaction.
	///
	/// # Errors
	/// [`Error::Protocol`] when the events do not tell of as many items.
	pub(super) fn read(recorded: Recorded, count: usize) -> Result<Self, Error> {
		#[derive(serde::Deserialize)]
		struct ItemFailed {
			index: usize,
			error: Rejection,
		}
		#[derive(serde::Deserialize)]
		struct BatchDone {
			taken: usize,
			failed: usize,
		}
		let unclear = || Error::Protocol("the ledger does not tell what came of the batch".into());
		let mut items = vec![Ok(()); count];
		let mut done = None;
		for event in recorded.events.iter().filter(|event| event.pallet == "Exchange") {
			match event.name.as_str() {
				"ItemFailed" => {
					let ItemFailed { index, error } =
						serde_json::from_value(event.fields.clone()).map_err(|_| unclear())?;
					*items.get_mut(index).ok_or_else(unclear)? = Err(error);
				},
				"BatchDone" => {
					let counts: BatchDone =
						serde_json::from_value(event.fields.clone()).map_err(|_| unclear())?;
					done = Some((counts.taken, counts.failed));
				},
				_ => (),
			}
		}
		let failed = items.iter().filter(|item| item.is_err()).count();
		if done != Some((count - failed, failed)) {
			return Err(unclear());
		}
		Ok(Self { recorded, items })
	}

	/// The outcome when "exists already" is success: every item has a handle of our own choice.
	fn idempotent(mut self) -> Self {
		for item in &mut self.items {
			if item.as_ref().is_err_and(Rejection::is_already_recorded) {
				*item = Ok(());
			}
		}
		self
	}

	/// How many items were not taken.
	pub fn failed(&self) -> usize {
		self.items.iter().filter(|item| item.is_err()).count()
	}
}

/// What a recipient found of one exchange of a batch.
#[derive(Debug)]
pub struct Found {
	/// The exchange.
	pub exchange: ExchangeId,
	/// The document, or what is wrong with what came.
	pub document: Result<Document, Defect>,
	/// What opens the receipt that goes on the ledger.
	pub receipt: Opening,
}

impl Client {
	/// Submits requests that were prepared singly, up to [`MAX_ITEMS`], and waits until they are final. Submitting again
	/// is safe. What the ledger took still needs its envelope at the node ([`Client::deposit_envelope`]).
	///
	/// # Errors
	/// [`Error::Input`] when there is nothing, too much, or something that is no request; otherwise as
	/// [`Client::submit`] and [`crate::Submission::finalized`].
	pub async fn request_batch(&self, requests: &[Pending]) -> Result<BatchOutcome, Error> {
		let items = requests
			.iter()
			.map(|pending| match pending.kind {
				Kind::Request { .. } => {
					Ok(BatchRequest { key: pending.key, proposal: pending.proposal.clone() })
				},
				Kind::BreakGlass { .. } | Kind::Offer { .. } => {
					Err(Error::input("a batch takes ordinary requests only"))
				},
			})
			.collect::<Result<Vec<_>, _>>()?;
		let count = size(items.len())?;
		let items = BoundedVec(items.into_iter().map(Into::into).collect());
		let recorded = self.record(&curex::tx().exchange().request_batch(items)).await?;
		Ok(BatchOutcome::read(recorded, count)?.idempotent())
	}

	/// Approves and dispatches exchanges at once, as their holder.
	///
	/// # Errors
	/// As [`Self::request_batch`].
	pub async fn answer_batch(&self, answers: Vec<BatchAnswer>) -> Result<BatchOutcome, Error> {
		let count = size(answers.len())?;
		let items = BoundedVec(answers.into_iter().map(Into::into).collect());
		let recorded = self.record(&curex::tx().exchange().answer_batch(items)).await?;
		BatchOutcome::read(recorded, count)
	}

	/// Takes what was dispatched for a request into a new file, opens and checks it; puts nothing on the ledger. For a batch,
	/// whose receipts and acknowledgements go there together ([`Self::complete_batch`]). Nothing if it is not dispatched yet.
	///
	/// # Errors
	/// [`Error::NothingAvailable`] when the exchange ended without data; otherwise as [`Client::receive_file`].
	pub async fn open_dispatched(
		&self,
		pending: &Pending,
		file: &Path,
	) -> Result<Option<Found>, Error> {
		let id = pending.id();
		let Some(exchange) = self.exchange(id, View::Finalised).await? else { return Ok(None) };
		match exchange.state {
			ExchangeState::Dispatched => (),
			state if state.is_final() => {
				return Err(Error::NothingAvailable { exchange: id, state });
			},
			_ => return Ok(None),
		}
		let incoming = Incoming {
			id,
			exchange: &exchange,
			key: &pending.secret()?,
			patient: pending.patient(),
		};
		let length = self.take_sealed(&incoming, file, Wait::Patiently).await?;
		if discards_held(file)? {
			return Err(Error::input(
				"its holder keeps the key back until the receipt: take it singly (`curex receive`)",
			));
		}
		let receipt = super::receipt_of(id, &exchange, length)?;
		let document = self.open_sealed(&incoming, file, length).await?;
		Ok(Some(Found { exchange: id, document, receipt }))
	}

	/// Puts receipts and acknowledgements of exchanges on the ledger at once, as their recipient. This closes them.
	///
	/// # Errors
	/// As [`Self::request_batch`].
	pub async fn complete_batch(&self, found: &[Found]) -> Result<BatchOutcome, Error> {
		let count = size(found.len())?;
		let items = found
			.iter()
			.map(|found| BatchCompletion {
				exchange: found.exchange,
				receipt: found.receipt.commitment,
				code: acknowledgement_of(&found.document),
				evidence: None,
			})
			.map(Into::into);
		let items = BoundedVec(items.collect());
		let recorded = self.record(&curex::tx().exchange().complete_batch(items)).await?;
		BatchOutcome::read(recorded, count)
	}
}

pub(super) fn size(items: usize) -> Result<usize, Error> {
	if (1..=MAX_ITEMS).contains(&items) {
		Ok(items)
	} else {
		Err(Error::input(format!("a batch has 1 to {MAX_ITEMS} items, not {items}")))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::ledger::events::Event;
	use serde_json::{json, Value};

	fn recorded(events: &[(&str, Value)]) -> Recorded {
		let event = |(name, fields): &(&str, Value)| Event {
			extrinsic: Some(1),
			pallet: "Exchange".into(),
			name: (*name).into(),
			fields: fields.clone(),
		};
		Recorded {
			block_hash: Default::default(),
			block_number: 1,
			extrinsic_index: 1,
			already_recorded: false,
			events: events.iter().map(event).collect(),
		}
	}

	fn failed(index: u32, name: &str) -> (&'static str, Value) {
		let error = json!({ "pallet": "Exchange", "name": name, "docs": "" });
		("ItemFailed", json!({ "index": index, "error": error }))
	}

	#[test]
	fn every_item_of_a_batch_has_an_outcome_of_its_own() {
		let recorded = recorded(&[
			("Requested", json!({"exchange": "0xaa"})),
			failed(1, "GateClosed"),
			failed(2, "AlreadyExists"),
			("BatchDone", json!({"taken": 1, "failed": 2})),
		]);
		let outcome = BatchOutcome::read(recorded, 3).unwrap();
		assert_eq!(outcome.failed(), 2);
		assert_eq!(outcome.items[0], Ok(()));
		assert_eq!(outcome.items[1].as_ref().unwrap_err().name, "GateClosed");
		let again = outcome.idempotent();
		assert_eq!(again.failed(), 1, "what exists already is ours");
	}

	#[test]
	fn a_batch_whose_events_do_not_add_up_is_not_taken_for_done() {
		for events in [
			vec![],
			vec![("BatchDone", json!({"taken": 3, "failed": 0}))],
			vec![failed(0, "NotFound"), ("BatchDone", json!({"taken": 2, "failed": 0}))],
			vec![failed(9, "NotFound"), ("BatchDone", json!({"taken": 1, "failed": 1}))],
		] {
			assert!(BatchOutcome::read(recorded(&events), 2).is_err(), "{events:?}");
		}
	}

	#[test]
	fn a_batch_has_at_least_one_item_and_at_most_256() {
		assert!(size(0).is_err());
		assert_eq!(size(256).unwrap(), 256);
		assert!(size(257).unwrap_err().to_string().contains("256"));
	}
}
