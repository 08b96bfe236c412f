//! How an exchange begins, and its steps.

use crate::{Closing, Commitments, Config, Error, Event, Exchanges, Pallet, Sequences};
use curex_primitives::{
	consent::Consents,
	exchange::exchange_id,
	gate::{asks_for_release, decide, Asked, Question, Verdict},
	AccessMode, AcknowledgementCode, BlockNumber, Commitment, Consent, ConsentId, Direction,
	Exchange, ExchangeId, ExchangeProposal, ExchangeState, Gate, Moment, OrganisationId,
	Organisations, ReleaseReason, Review, Step,
};
use frame::{prelude::*, traits::UnixTime};

// Reading.
impl<T: Config> Pallet<T> {
	/// The record of an exchange, and where it stands now: deadlines and withdrawals applied.
	pub fn effective(id: ExchangeId) -> Option<(Exchange, ExchangeState)> {
		let exchange = Exchanges::<T>::get(id)?;
		let state = Self::state_now(&exchange);
		Some((exchange, state))
	}

	/// The exchange with the state in which it stands now.
	pub fn exchange(id: ExchangeId) -> Option<Exchange> {
		Self::effective(id).map(|(exchange, state)| Exchange { state, ..exchange })
	}

	/// The consent, if the ledger has it.
	pub fn consent(id: ConsentId) -> Option<Consent> {
		T::Consents::get(id)
	}

	/// The review of a break-glass.
	pub fn review_of(id: ExchangeId) -> Option<Review> {
		crate::Reviews::<T>::get(id)
	}

	pub(crate) fn state_now(exchange: &Exchange) -> ExchangeState {
		let now = Self::block();
		let consent = Self::consent_of(exchange.gate);
		let both_active = [exchange.holder, exchange.recipient]
			.into_iter()
			.all(|side| T::Organisations::facts(side).is_some_and(|facts| facts.is_active()));
		exchange.state_at(now, exchange.gate_open(now, consent.as_ref(), both_active))
	}

	fn consent_of(gate: Gate) -> Option<Consent> {
		match gate {
			Gate::Consent(id) => T::Consents::get(id),
			Gate::Statutory(_) | Gate::Permit(_) | Gate::BreakGlass(_) => None,
		}
	}

	pub(crate) fn block() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	pub(crate) fn now() -> Moment {
		T::Clock::now().as_millis().saturated_into()
	}
}

// The gate.
impl<T: Config> Pallet<T> {
	fn ask<A>(exchange: &Exchange, use_counted: bool, answer: impl FnOnce(&Question) -> A) -> A {
		let asked = Asked {
			gate: exchange.gate,
			holder: exchange.holder,
			recipient: exchange.recipient,
			purpose: exchange.purpose,
			categories: exchange.categories,
			mode: AccessMode::View,
			border: None,
		};
		asked.ask::<T::Consents, T::Permits, T::Law, T::Organisations, T::Risk, A>(
			use_counted,
			Self::now(),
			answer,
		)
	}

	/// For what serves data: the gate must allow, or hold and a person have released.
	pub(crate) fn ensure_open(exchange: &Exchange, use_counted: bool) -> Result<(), Error<T>> {
		match Self::ask(exchange, use_counted, decide) {
			Verdict::Allow => Ok(()),
			Verdict::Hold if exchange.released.is_some() => Ok(()),
			Verdict::Hold => Err(Error::ReleaseNeeded),
			Verdict::Refuse(_) => Err(Error::GateClosed),
		}
	}

	/// For what leads to a dispatch later: a hold can still be released.
	fn ensure_not_refused(exchange: &Exchange) -> Result<(), Error<T>> {
		match Self::ask(exchange, false, decide) {
			Verdict::Allow | Verdict::Hold => Ok(()),
			Verdict::Refuse(_) => Err(Error::GateClosed),
		}
	}

	fn count_use(exchange: &Exchange) {
		if let Gate::Consent(id) = exchange.gate {
			T::Consents::count_use(id, Self::now());
		}
	}
}

// Beginning.
impl<T: Config> Pallet<T> {
	pub(crate) fn do_request(
		recipient: OrganisationId,
		key: [u8; 32],
		proposal: ExchangeProposal,
	) -> Result<(), Error<T>> {
		proposal.check(recipient, Direction::Pull)?;
		let (id, mut exchange) = Self::draft(recipient, Direction::Pull, &key, proposal)?;
		if Self::ask(&exchange, false, asks_for_release) {
			exchange.state = ExchangeState::Held;
		}
		let holder = exchange.holder;
		Self::begin(id, exchange, T::AnswerWindow::get())?;
		Self::deposit_event(Event::Requested { exchange: id, recipient, holder });
		Ok(())
	}

	pub(crate) fn do_offer(
		holder: OrganisationId,
		key: [u8; 32],
		proposal: ExchangeProposal,
	) -> Result<(), Error<T>> {
		proposal.check(holder, Direction::Push)?;
		let (id, mut exchange) = Self::draft(holder, Direction::Push, &key, proposal)?;
		Self::ensure_not_refused(&exchange)?;
		exchange.state = ExchangeState::Offered;
		let recipient = exchange.recipient;
		Self::begin(id, exchange, T::AnswerWindow::get())?;
		Self::deposit_event(Event::Offered { exchange: id, holder, recipient });
		Ok(())
	}

	/// The record that a well-formed proposal gives, not yet numbered or written.
	pub(crate) fn draft(
		initiator: OrganisationId,
		direction: Direction,
		key: &[u8; 32],
		proposal: ExchangeProposal,
	) -> Result<(ExchangeId, Exchange), Error<T>> {
		let id = exchange_id(initiator, key);
		ensure!(!Exchanges::<T>::contains_key(id), Error::<T>::AlreadyExists);
		let partner = proposal.partner;
		ensure!(T::Organisations::facts(partner).is_some(), Error::<T>::PartnerNotFound);
		Self::ensure_fresh(proposal.envelope)?;
		if direction == Direction::Pull {
			Self::ensure_fresh(proposal.recipient_key)?;
		}
		let (holder, recipient) = match direction {
			Direction::Pull => (partner, initiator),
			Direction::Push => (initiator, partner),
		};
		let block = Self::block();
		let exchange = Exchange {
			direction,
			holder,
			recipient,
			gate: proposal.gate,
			purpose: proposal.purpose,
			categories: proposal.categories,
			state: ExchangeState::Requested,
			envelope: proposal.envelope,
			recipient_key: proposal.recipient_key,
			payload: None,
			receipt: None,
			acknowledgement: None,
			released: None,
			deadline: block,
			begun_at: block,
			begun: Self::now(),
			sequence: 0,
		};
		Ok((id, exchange))
	}

	/// Numbers a draft and writes it down.
	pub(crate) fn begin(
		id: ExchangeId,
		mut exchange: Exchange,
		window: BlockNumber,
	) -> Result<(), Error<T>> {
		let initiator = exchange.initiator();
		let last = Sequences::<T>::get(initiator);
		exchange.sequence = last.checked_add(1).ok_or(Error::<T>::SequenceExhausted)?;
		Sequences::<T>::insert(initiator, exchange.sequence);
		Self::remember(exchange.envelope, id);
		if exchange.direction == Direction::Pull {
			Self::remember(exchange.recipient_key, id);
		}
		exchange.deadline = Self::block().saturating_add(window);
		Closing::<T>::insert(exchange.deadline, id, ());
		Exchanges::<T>::insert(id, exchange);
		Ok(())
	}
}

// Steps.
impl<T: Config> Pallet<T> {
	pub(crate) fn do_release(
		holder: OrganisationId,
		id: ExchangeId,
		reason: ReleaseReason,
	) -> Result<(), Error<T>> {
		let (mut exchange, next) = Self::before(id, holder, Step::Release)?;
		let held =
			exchange.state == ExchangeState::Held || Self::ask(&exchange, false, asks_for_release);
		ensure!(held && exchange.released.is_none(), Error::<T>::NothingToRelease);
		exchange.released = Some(reason);
		let deadline = exchange.deadline;
		Self::write(id, exchange, next, deadline);
		Ok(())
	}

	pub(crate) fn do_approve(holder: OrganisationId, id: ExchangeId) -> Result<(), Error<T>> {
		let (exchange, next) = Self::before(id, holder, Step::Approve)?;
		Self::ensure_open(&exchange, false)?;
		Self::count_use(&exchange);
		Self::write(id, exchange, next, Self::delivery_deadline());
		Ok(())
	}

	pub(crate) fn do_accept(
		recipient: OrganisationId,
		id: ExchangeId,
		recipient_key: Commitment,
	) -> Result<(), Error<T>> {
		let (mut exchange, next) = Self::before(id, recipient, Step::Accept)?;
		Self::ensure_fresh(recipient_key)?;
		Self::ensure_not_refused(&exchange)?;
		Self::count_use(&exchange);
		Self::remember(recipient_key, id);
		exchange.recipient_key = recipient_key;
		Self::write(id, exchange, next, Self::delivery_deadline());
		Ok(())
	}

	pub(crate) fn do_dispatch(
		holder: OrganisationId,
		id: ExchangeId,
		payload: Commitment,
	) -> Result<(), Error<T>> {
		let (mut exchange, next) = Self::before(id, holder, Step::Dispatch)?;
		Self::ensure_fresh(payload)?;
		Self::ensure_open(&exchange, true)?;
		Self::remember(payload, id);
		exchange.payload = Some(payload);
		Self::write(id, exchange, next, Self::delivery_deadline());
		Ok(())
	}

	pub(crate) fn do_receive(
		recipient: OrganisationId,
		id: ExchangeId,
		receipt: Commitment,
	) -> Result<(), Error<T>> {
		let (mut exchange, next) = Self::before(id, recipient, Step::Receive)?;
		Self::ensure_fresh(receipt)?;
		Self::remember(receipt, id);
		exchange.receipt = Some(receipt);
		Self::write(id, exchange, next, Self::delivery_deadline());
		Ok(())
	}

	pub(crate) fn do_acknowledge(
		recipient: OrganisationId,
		id: ExchangeId,
		code: AcknowledgementCode,
		evidence: Option<Commitment>,
	) -> Result<(), Error<T>> {
		let (mut exchange, next) = Self::before(id, recipient, Step::Acknowledge)?;
		if let Some(evidence) = evidence {
			Self::ensure_fresh(evidence)?;
			Self::remember(evidence, id);
		}
		exchange.acknowledgement = Some(code);
		let deadline = exchange.deadline;
		Self::write(id, exchange, next, deadline);
		Ok(())
	}

	/// The exchange and the state to which the step leads, if it is `by`'s to make and allowed where the exchange
	/// stands now. A lapse or termination that shows here needs no writing down.
	fn before(
		id: ExchangeId,
		by: OrganisationId,
		step: Step,
	) -> Result<(Exchange, ExchangeState), Error<T>> {
		let (exchange, state) = Self::effective(id).ok_or(Error::<T>::NotFound)?;
		let actor = step.side().map(|side| exchange.organisation(side));
		ensure!(actor == Some(by), Error::<T>::NotAuthorized);
		match (state, step) {
			(ExchangeState::NotServed | ExchangeState::Expired, _) => Err(Error::WindowClosed),
			(ExchangeState::Terminated, _) => Err(Error::Terminated),
			(ExchangeState::Held, Step::Approve) => Err(Error::ReleaseNeeded),
			_ => state.after(step).ok_or(Error::WrongState),
		}
		.map(|next| (exchange, next))
	}

	/// Writes an exchange down in its new state, with the deadline of its next window.
	pub(crate) fn write(
		id: ExchangeId,
		mut exchange: Exchange,
		state: ExchangeState,
		deadline: BlockNumber,
	) {
		Closing::<T>::remove(exchange.deadline, id);
		exchange.state = state;
		exchange.deadline = deadline;
		if !state.is_final() {
			Closing::<T>::insert(deadline, id, ());
		}
		Exchanges::<T>::insert(id, exchange);
	}

	fn delivery_deadline() -> BlockNumber {
		Self::block().saturating_add(T::DeliveryWindow::get())
	}

	pub(crate) fn ensure_fresh(commitment: Commitment) -> Result<(), Error<T>> {
		ensure!(!commitment.is_zero(), Error::<T>::MissingCommitment);
		ensure!(!Commitments::<T>::contains_key(commitment), Error::<T>::CommitmentReused);
		Ok(())
	}

	pub(crate) fn remember(commitment: Commitment, id: ExchangeId) {
		Commitments::<T>::insert(commitment, id);
	}
}
