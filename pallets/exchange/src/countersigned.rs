//! What the other side signed off the ledger.

use crate::{Batch, Config, Error, Event, Pallet};
use curex_primitives::{
	exchange::{
		batch_message, check_emergency_moment, check_expiry, emergency_message, request_message,
		SignedMoment,
	},
	BatchService, Commitment, Countersignature, DelegateKeys, Direction, Duty, EmergencySignature,
	ExchangeProposal, ExchangeState, OrganisationId, RecordHandle,
};
use frame::{
	deps::{
		sp_core::sr25519::{Public, Signature},
		sp_runtime::traits::Verify,
	},
	prelude::*,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_serve_countersigned(
		holder: OrganisationId,
		key: [u8; 32],
		proposal: ExchangeProposal,
		payload: Commitment,
		request: &Countersignature,
	) -> Result<(), Error<T>> {
		let recipient = Self::countersigner(request)?;
		let message =
			request_message(&Self::genesis(), recipient, &key, &proposal, request.expires_at);
		Self::ensure_signed_by(&request.signer, &request.signature, &message)?;
		Self::serve(holder, recipient, key, proposal, payload)
	}

	pub(crate) fn do_serve_countersigned_batch(
		holder: OrganisationId,
		items: Batch<BatchService>,
		requests: &Countersignature,
	) -> Result<(), Error<T>> {
		let recipient = Self::countersigner(requests)?;
		let message = batch_message(
			&Self::genesis(),
			recipient,
			items.iter().map(|item| &item.request),
			requests.expires_at,
		);
		Self::ensure_signed_by(&requests.signer, &requests.signature, &message)?;
		Self::each(items, |BatchService { request, payload }| {
			Self::serve(holder, recipient, request.key, request.proposal, payload)
		})
	}

	/// For whom a countersignature that has not expired would be made.
	fn countersigner(signature: &Countersignature) -> Result<OrganisationId, Error<T>> {
		ensure!(
			check_expiry(signature.expires_at, Self::block(), T::DeliveryWindow::get()),
			Error::<T>::SignatureExpired
		);
		Self::signing_for(&signature.signer, Duty::Exchange)
	}

	/// Request, approval and dispatch of what the recipient is known to have asked for.
	fn serve(
		holder: OrganisationId,
		recipient: OrganisationId,
		key: [u8; 32],
		proposal: ExchangeProposal,
		payload: Commitment,
	) -> Result<(), Error<T>> {
		ensure!(proposal.partner == holder, Error::<T>::NotAuthorized);
		proposal.check(recipient, Direction::Pull)?;
		let (id, mut exchange) = Self::draft(recipient, Direction::Pull, &key, proposal)?;
		Self::ensure_payload(&exchange, payload)?;
		Self::ensure_open(&exchange, false)?;
		Self::count_use(&exchange);
		exchange.state = ExchangeState::Dispatched;
		exchange.payload = Some(payload);
		Self::begin(id, exchange, T::DeliveryWindow::get())?;
		Self::remember(payload, RecordHandle(id.0));
		Self::deposit_event(Event::Requested { exchange: id, recipient, holder });
		Self::deposit_event(Event::Approved { exchange: id });
		Self::deposit_event(Event::Dispatched { exchange: id });
		Ok(())
	}

	pub(crate) fn do_record_emergency(
		by: OrganisationId,
		key: [u8; 32],
		recipient: OrganisationId,
		proposal: ExchangeProposal,
		evidence: Commitment,
		request: &EmergencySignature,
	) -> Result<(), Error<T>> {
		ensure!(by == recipient || by == proposal.partner, Error::<T>::NotAuthorized);
		ensure!(
			check_emergency_moment(request.moment, Self::now()) == SignedMoment::Recent,
			Error::<T>::WrongMoment
		);
		let signed_for = Self::signing_for(&request.signer, Duty::Emergency)?;
		ensure!(signed_for == recipient, Error::<T>::WrongSigner);
		let message = emergency_message(
			&Self::genesis(),
			recipient,
			&key,
			&proposal,
			evidence,
			request.moment,
		);
		Self::ensure_signed_by(&request.signer, &request.signature, &message)?;
		let id = Self::do_break_glass(recipient, key, proposal, evidence, Some(request.moment))?;
		Self::deposit_event(Event::RecordedLate { exchange: id, by });
		Ok(())
	}

	fn signing_for(signer: &[u8; 32], duty: Duty) -> Result<OrganisationId, Error<T>> {
		T::Keys::delegate(signer)
			.filter(|(_, duties)| duties.contains(duty))
			.map(|(organisation, _)| organisation)
			.ok_or(Error::WrongSigner)
	}

	fn ensure_signed_by(
		signer: &[u8; 32],
		signature: &[u8; 64],
		message: &[u8; 48],
	) -> Result<(), Error<T>> {
		let holds =
			Signature::from_raw(*signature).verify(&message[..], &Public::from_raw(*signer));
		ensure!(holds, Error::<T>::WrongSignature);
		Ok(())
	}

	/// The hash of the first block, so that no signature serves on another chain.
	pub(crate) fn genesis() -> [u8; 32] {
		let hash = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
		let mut genesis = [0; 32];
		for (to, from) in genesis.iter_mut().zip(hash.as_ref()) {
			*to = *from;
		}
		genesis
	}
}
