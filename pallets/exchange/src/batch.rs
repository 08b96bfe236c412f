//! Many exchanges in one transaction, many documents under one root.

use crate::{Batch, Config, Documents, Error, Event, Pallet, WeightInfo};
use curex_primitives::{
	AcknowledgementCode, BatchCompletion, Commitment, DocumentRoot, ExchangeId, Gate,
	OrganisationId, RecordHandle, Step,
};
use frame::{deps::frame_support::storage::with_storage_layer, prelude::*};

/// Whether an acknowledgement neither brings evidence nor reverses the exchange.
pub(crate) fn is_plain(code: AcknowledgementCode, evidence: &Option<Commitment>) -> bool {
	code != AcknowledgementCode::WrongPatient && evidence.is_none()
}

impl<T: Config> Pallet<T> {
	/// What a batch of completions weighs: each item that is not plain as much as a single one, on top.
	pub(crate) fn completion_weight(items: &[BatchCompletion]) -> Weight {
		let plain = |item: &&BatchCompletion| is_plain(item.code, &item.evidence);
		let others = items.len().saturating_sub(items.iter().filter(plain).count());
		T::WeightInfo::complete_batch(items.len() as u32)
			.saturating_add(T::WeightInfo::complete().saturating_mul(others as u64))
	}

	/// Does `act` with each item. What an item that fails has written is undone; the others stay.
	pub(crate) fn each<Item>(
		items: Batch<Item>,
		act: impl Fn(Item) -> Result<(), Error<T>>,
	) -> Result<(), Error<T>> {
		ensure!(!items.is_empty(), Error::<T>::EmptyBatch);
		let (mut taken, mut failed) = (0, 0);
		for (index, item) in (0..).zip(items) {
			let done = with_storage_layer::<(), DispatchError, _>(|| act(item).map_err(Into::into));
			match done {
				Ok(()) => taken += 1,
				Err(error) => {
					failed += 1;
					Self::deposit_event(Event::ItemFailed { index, error });
				},
			}
		}
		Self::deposit_event(Event::BatchDone { taken, failed });
		Ok(())
	}

	pub(crate) fn do_dispatch_documents(
		holder: OrganisationId,
		id: ExchangeId,
		payload: Commitment,
		documents: DocumentRoot,
	) -> Result<(), Error<T>> {
		let (exchange, _) = Self::before(id, holder, Step::Dispatch)?;
		ensure!(
			matches!(exchange.gate, Gate::Consent(_) | Gate::Permit { .. }),
			Error::<T>::WrongGate
		);
		documents.check().map_err(|_| Error::<T>::MissingCommitment)?;
		let root = Commitment(documents.root.0);
		ensure!(root != payload, Error::<T>::MissingCommitment);
		Self::ensure_fresh(root)?;
		Self::do_dispatch(holder, id, payload)?;
		Self::remember(root, RecordHandle(id.0));
		Documents::<T>::insert(id, documents.clone());
		Self::deposit_event(Event::DocumentsDispatched { exchange: id, documents });
		Ok(())
	}
}
