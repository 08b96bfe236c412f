//! Many exchanges in one transaction, many documents under one root.

use crate::{Batch, Config, Documents, Error, Event, Pallet};
use curex_primitives::{
	Commitment, DocumentRoot, ExchangeId, Gate, OrganisationId, RecordHandle, Step,
};
use frame::{deps::frame_support::storage::with_storage_layer, prelude::*};

impl<T: Config> Pallet<T> {
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
