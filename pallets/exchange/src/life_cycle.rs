//! How an exchange begins, and its steps.

use crate::{
	Commitments, Config, Error, Event, Evidence, Exchanges, OfConsent, Pallet, Reviews, Sequences,
};
use curex_primitives::{
	consent::Consents,
	exchange::exchange_id,
	gate::{asks_for_release, decide, Asked, Question, Verdict},
	AccessMode, AcknowledgementCode, BlockNumber, Commitment, Direction, Exchange, ExchangeId,
	ExchangeProposal, ExchangeState, Gate, Law, OrganisationId, Organisations, RecordHandle,
	ReleaseReason, Step,
};
use frame::prelude::*;

// The gate.
impl<T: Config> Pallet<T> {
	pub(crate) fn ask<A>(
		exchange: &Exchange,
		use_counted: bool,
		answer: impl FnOnce(&Question) -> A,
	) -> A {
		let asked = Asked {
			gate: exchange.gate,
			holder: exchange.holder,
			recipient: exchange.recipient,
			purpose: exchange.purpose,
			categories: exchange.categories,
			mode: AccessMode::View,
			border: exchange.border,
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
	pub(crate) fn ensure_not_refused(exchange: &Exchange) -> Result<(), Error<T>> {
		match Self::ask(exchange, false, decide) {
			Verdict::Allow | Verdict::Hold => Ok(()),
			Verdict::Refuse(_) => Err(Error::GateClosed),
		}
	}

	pub(crate) fn count_use(exchange: &Exchange) {
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
		ensure!(T::Organisations::facts(proposal.partner).is_some(), Error::<T>::PartnerNotFound);
		let exchange = Self::record(initiator, direction, proposal);
		Self::ensure_usable(&exchange, initiator, exchange.envelope)?;
		if direction == Direction::Pull {
			Self::ensure_usable(&exchange, initiator, exchange.recipient_key)?;
		}
		Ok((id, exchange))
	}

	/// The record of a proposal as it begins.
	pub(crate) fn record(
		initiator: OrganisationId,
		direction: Direction,
		proposal: ExchangeProposal,
	) -> Exchange {
		let block = Self::block();
		Exchange {
			deadline: block,
			begun_at: block,
			begun: Self::now(),
			law_version: T::Law::version(),
			..Exchange::proposed(initiator, direction, &proposal)
		}
	}

	/// Numbers a draft for both sides and writes it down.
	pub(crate) fn begin(
		id: ExchangeId,
		mut exchange: Exchange,
		window: BlockNumber,
	) -> Result<(), Error<T>> {
		let following = |side: OrganisationId| {
			Sequences::<T>::get(side).checked_add(1).ok_or(Error::<T>::SequenceExhausted)
		};
		exchange.holder_sequence = following(exchange.holder)?;
		exchange.recipient_sequence = following(exchange.recipient)?;
		Sequences::<T>::insert(exchange.holder, exchange.holder_sequence);
		Sequences::<T>::insert(exchange.recipient, exchange.recipient_sequence);
		Self::carry(&exchange, exchange.envelope, id);
		if !exchange.recipient_key.is_zero() {
			Self::carry(&exchange, exchange.recipient_key, id);
		}
		if let Gate::Consent(consent) = exchange.gate {
			OfConsent::<T>::insert(consent, id, ());
		}
		exchange.deadline = Self::block().saturating_add(window);
		Self::list(exchange.deadline, id);
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
		Self::deposit_event(Event::Approved { exchange: id });
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
		Self::remember(recipient_key, RecordHandle(id.0));
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
		Self::ensure_payload(&exchange, payload)?;
		Self::ensure_open(&exchange, true)?;
		Self::carry(&exchange, payload, id);
		exchange.payload = Some(payload);
		Self::write(id, exchange, next, Self::delivery_deadline());
		Self::deposit_event(Event::Dispatched { exchange: id });
		Ok(())
	}

	pub(crate) fn do_receive(
		recipient: OrganisationId,
		id: ExchangeId,
		receipt: Commitment,
	) -> Result<(), Error<T>> {
		let (mut exchange, next) = Self::before(id, recipient, Step::Receive)?;
		Self::ensure_fresh(receipt)?;
		Self::remember(receipt, RecordHandle(id.0));
		exchange.receipt = Some(receipt);
		Self::write(id, exchange, next, Self::delivery_deadline());
		Self::deposit_event(Event::Delivered { exchange: id });
		Ok(())
	}

	pub(crate) fn do_acknowledge(
		recipient: OrganisationId,
		id: ExchangeId,
		code: AcknowledgementCode,
		evidence: Option<Commitment>,
	) -> Result<(), Error<T>> {
		if code == AcknowledgementCode::WrongPatient {
			return Self::do_reverse(recipient, id, evidence);
		}
		let (mut exchange, next) = Self::before(id, recipient, Step::Acknowledge)?;
		if let Some(evidence) = evidence {
			Self::add_evidence(id, evidence)?;
		}
		exchange.acknowledgement = Some(code);
		let deadline = exchange.deadline;
		Self::write(id, exchange, next, deadline);
		Self::deposit_event(Event::Acknowledged { exchange: id, code, evidence });
		Ok(())
	}

	pub(crate) fn do_complete(
		recipient: OrganisationId,
		id: ExchangeId,
		receipt: Commitment,
		code: AcknowledgementCode,
		evidence: Option<Commitment>,
	) -> Result<(), Error<T>> {
		Self::do_receive(recipient, id, receipt)?;
		Self::do_acknowledge(recipient, id, code, evidence)
	}

	/// The exchange and the state to which the step leads, if it is `by`'s to make and allowed where the exchange
	/// stands now. A lapse or termination that shows here needs no writing down.
	pub(crate) fn before(
		id: ExchangeId,
		by: OrganisationId,
		step: Step,
	) -> Result<(Exchange, ExchangeState), Error<T>> {
		let (exchange, state) = Self::effective(id).ok_or(Error::<T>::NotFound)?;
		let actor = step.side().map(|side| exchange.organisation(side));
		ensure!(actor == Some(by), Error::<T>::NotAuthorized);
		Self::step_from(exchange, state, step)
	}

	/// As [`Self::before`], for an authority in the place of the side.
	pub(crate) fn before_authority(
		id: ExchangeId,
		step: Step,
	) -> Result<(Exchange, ExchangeState), Error<T>> {
		let (exchange, state) = Self::effective(id).ok_or(Error::<T>::NotFound)?;
		Self::step_from(exchange, state, step)
	}

	fn step_from(
		exchange: Exchange,
		state: ExchangeState,
		step: Step,
	) -> Result<(Exchange, ExchangeState), Error<T>> {
		use ExchangeState::{
			Acknowledged, AgreementSuspended, DeliverySuspended, Expired, Held, NotServed,
			Terminated,
		};
		let too_late = Self::is_beyond_dispute(&exchange);
		match (state, step) {
			(NotServed | Expired, _) => Err(Error::WindowClosed),
			(Terminated, _) => Err(Error::Terminated),
			(Held, Step::Approve) => Err(Error::ReleaseNeeded),
			(
				AgreementSuspended | DeliverySuspended,
				Step::Release | Step::Dispatch | Step::Receive,
			) => Err(Error::Suspended),
			(Acknowledged, Step::Dispute | Step::Reverse) if too_late => Err(Error::WindowClosed),
			_ => state.after(step).ok_or(Error::WrongState),
		}
		.map(|next| (exchange, next))
	}

	/// Writes an exchange down in its new state, with the deadline of its next window. It is listed anew only if the
	/// ledger has to look at it earlier than it would.
	pub(crate) fn write(
		id: ExchangeId,
		mut exchange: Exchange,
		state: ExchangeState,
		deadline: BlockNumber,
	) {
		let listed_by = Self::listed_by(&exchange);
		exchange.state = state;
		exchange.deadline = deadline;
		exchange.ended_at = state.is_final().then(Self::block);
		let due = Self::listed_by(&exchange);
		if due < listed_by {
			Self::list(due, id);
		}
		Exchanges::<T>::insert(id, exchange);
	}

	pub(crate) fn pruned_after(ended_at: BlockNumber) -> BlockNumber {
		ended_at.saturating_add(T::Retention::get())
	}

	pub(crate) fn delivery_deadline() -> BlockNumber {
		Self::block().saturating_add(T::DeliveryWindow::get())
	}

	pub(crate) fn ensure_fresh(commitment: Commitment) -> Result<(), Error<T>> {
		ensure!(!commitment.is_zero(), Error::<T>::MissingCommitment);
		ensure!(!Commitments::<T>::contains_key(commitment), Error::<T>::CommitmentReused);
		Ok(())
	}

	pub(crate) fn remember(commitment: Commitment, of: RecordHandle) {
		Commitments::<T>::insert(commitment, of);
	}

	/// Whether `by` may bring this commitment into the exchange. Outside emergencies it must be fresh. Into a
	/// break-glass it may have come up elsewhere, unless `by` brought it there itself: who sees an emergency on its
	/// way into a block could stop it otherwise, by sending its commitments first.
	pub(crate) fn ensure_usable(
		exchange: &Exchange,
		by: OrganisationId,
		commitment: Commitment,
	) -> Result<(), Error<T>> {
		if !matches!(exchange.gate, Gate::BreakGlass(_)) {
			return Self::ensure_fresh(commitment);
		}
		ensure!(!commitment.is_zero(), Error::<T>::MissingCommitment);
		ensure!(!Self::brought(by, commitment), Error::<T>::CommitmentReused);
		Ok(())
	}

	/// Whether the holder may dispatch this.
	pub(crate) fn ensure_payload(exchange: &Exchange, payload: Commitment) -> Result<(), Error<T>> {
		Self::ensure_usable(exchange, exchange.holder, payload)?;
		ensure!(
			payload != exchange.envelope && payload != exchange.recipient_key,
			Error::<T>::MissingCommitment
		);
		Ok(())
	}

	/// Whether the record that is known to carry this commitment has it from `by`.
	fn brought(by: OrganisationId, commitment: Commitment) -> bool {
		let Some(handle) = Commitments::<T>::get(commitment) else { return false };
		let id = ExchangeId(handle.0);
		let Some(known) = Exchanges::<T>::get(id) else { return false };
		let ground = Reviews::<T>::get(id).map(|review| review.evidence);
		let recipients = [Some(known.recipient_key), known.receipt, ground];
		known.initiator() == by && known.envelope == commitment
			|| known.recipient == by && recipients.contains(&Some(commitment))
			|| known.holder == by && known.payload == Some(commitment)
	}

	/// Remembers a usable commitment as the exchange's, unless an emergency shares it with an earlier record.
	pub(crate) fn carry(exchange: &Exchange, commitment: Commitment, id: ExchangeId) {
		let shared = matches!(exchange.gate, Gate::BreakGlass(_))
			&& Commitments::<T>::contains_key(commitment);
		if !shared {
			Self::remember(commitment, RecordHandle(id.0));
		}
	}

	/// Takes a fresh commitment that belongs to an exchange without standing in its record.
	pub(crate) fn add_evidence(id: ExchangeId, evidence: Commitment) -> Result<(), Error<T>> {
		Self::ensure_fresh(evidence)?;
		Self::list_evidence(id, evidence)?;
		Self::remember(evidence, RecordHandle(id.0));
		Ok(())
	}

	pub(crate) fn list_evidence(id: ExchangeId, evidence: Commitment) -> Result<(), Error<T>> {
		Evidence::<T>::try_mutate(id, |list| list.try_push(evidence))
			.map_err(|_| Error::<T>::TooMuchEvidence)
	}
}
