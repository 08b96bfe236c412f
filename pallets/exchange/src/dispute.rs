//! Suspension, dispute, reversal.

use crate::{Config, Disputes, Error, Event, Pallet};
use curex_primitives::{
	AcknowledgementCode, Commitment, Competence, Dispute, DisputeGrounds, Duty, Exchange,
	ExchangeId, Gate, Obligation, OrganisationId, OrganisationKind, Organisations, Settlement,
	Step, Suspender,
};
use frame::{prelude::*, traits::EnsureOriginWithArg};

impl<T: Config> Pallet<T> {
	/// An authority competent for data protection.
	pub(crate) fn ensure_supervisor(origin: OriginFor<T>) -> Result<OrganisationId, DispatchError> {
		let authority = T::DelegateOrigin::ensure_origin(origin, &Duty::Oversight)?;
		let supervises = T::Organisations::facts(authority).is_some_and(|facts| {
			facts.kind == OrganisationKind::Authority
				&& facts.competences.contains(Competence::DataProtection)
		});
		ensure!(supervises, Error::<T>::NotAuthorized);
		Ok(authority)
	}

	/// Suspends for the holder, or for an authority if there is none.
	pub(crate) fn do_suspend(
		holder: Option<OrganisationId>,
		id: ExchangeId,
	) -> Result<(), Error<T>> {
		let (mut exchange, next) = match holder {
			Some(holder) => Self::before(id, holder, Step::Suspend)?,
			None => Self::before_authority(id, Step::Suspend)?,
		};
		ensure!(!matches!(exchange.gate, Gate::BreakGlass(_)), Error::<T>::WrongGate);
		let by = Self::suspender(holder);
		exchange.suspended_by = Some(by);
		let deadline = exchange.deadline;
		Self::write(id, exchange, next, deadline);
		Self::deposit_event(Event::Suspended { exchange: id, by });
		Ok(())
	}

	/// Resumes for the holder, or for an authority if there is none.
	pub(crate) fn do_resume(
		holder: Option<OrganisationId>,
		id: ExchangeId,
	) -> Result<(), Error<T>> {
		let (mut exchange, next) = match holder {
			Some(holder) => Self::before(id, holder, Step::Resume)?,
			None => Self::before_authority(id, Step::Resume)?,
		};
		ensure!(exchange.suspended_by == Some(Self::suspender(holder)), Error::<T>::NotAuthorized);
		exchange.suspended_by = None;
		let deadline = exchange.deadline;
		Self::write(id, exchange, next, deadline);
		Self::deposit_event(Event::Resumed { exchange: id });
		Ok(())
	}

	fn suspender(holder: Option<OrganisationId>) -> Suspender {
		match holder {
			Some(_) => Suspender::Holder,
			None => Suspender::Policy,
		}
	}

	/// Whether what is over can no longer be disputed or reversed.
	pub(crate) fn is_beyond_dispute(exchange: &Exchange) -> bool {
		exchange
			.ended_at
			.is_some_and(|ended| Self::block() > ended.saturating_add(T::DisputeWindow::get()))
	}

	pub(crate) fn do_dispute(
		recipient: OrganisationId,
		id: ExchangeId,
		grounds: DisputeGrounds,
		evidence: Commitment,
	) -> Result<(), Error<T>> {
		let (exchange, next) = Self::before(id, recipient, Step::Dispute)?;
		Self::add_evidence(id, evidence)?;
		let raised_at = Self::block();
		let dispute = Dispute { grounds, evidence, raised_at, answer: None, settlement: None };
		Disputes::<T>::insert(id, dispute);
		let holder = exchange.holder;
		let window = T::DisputeWindow::get();
		Self::write(id, exchange, next, raised_at.saturating_add(window));
		Self::deposit_event(Event::Disputed { exchange: id, grounds });
		Self::owe(id, Obligation::Dispute, Some(holder), window);
		Ok(())
	}

	pub(crate) fn do_answer_dispute(
		holder: OrganisationId,
		id: ExchangeId,
		answer: Commitment,
	) -> Result<(), Error<T>> {
		let (exchange, state) = Self::effective(id).ok_or(Error::<T>::NotFound)?;
		ensure!(exchange.holder == holder, Error::<T>::NotAuthorized);
		let mut dispute = Disputes::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		ensure!(!state.is_final(), Error::<T>::WrongState);
		ensure!(dispute.answer.is_none(), Error::<T>::AlreadyDone);
		Self::add_evidence(id, answer)?;
		dispute.answer = Some(answer);
		Disputes::<T>::insert(id, dispute);
		Self::deposit_event(Event::DisputeAnswered { exchange: id, answer });
		Self::fulfil(id, Obligation::Dispute, holder);
		Ok(())
	}

	/// Settles for the recipient, or for an authority if there is none.
	pub(crate) fn do_settle(
		recipient: Option<OrganisationId>,
		id: ExchangeId,
		settlement: Settlement,
	) -> Result<(), Error<T>> {
		let (exchange, next) = match recipient {
			Some(recipient) => Self::before(id, recipient, Step::Settle)?,
			None => Self::before_authority(id, Step::Settle)?,
		};
		let deadline = exchange.deadline;
		Self::write(id, exchange, next, deadline);
		Self::settle(id, settlement);
		Ok(())
	}

	/// Writes down how a dispute ended, if there is one; its answer is owed no longer.
	pub(crate) fn settle(id: ExchangeId, settlement: Settlement) {
		let Some(mut dispute) = Disputes::<T>::get(id) else { return };
		if dispute.settlement.is_some() {
			return;
		}
		dispute.settlement = Some(settlement);
		Disputes::<T>::insert(id, dispute);
		Self::forget_duty(id, Obligation::Dispute);
		Self::deposit_event(Event::Settled { exchange: id, settlement });
	}

	pub(crate) fn do_reverse(
		recipient: OrganisationId,
		id: ExchangeId,
		evidence: Option<Commitment>,
	) -> Result<(), Error<T>> {
		let (mut exchange, next) = Self::before(id, recipient, Step::Reverse)?;
		if let Some(evidence) = evidence {
			Self::add_evidence(id, evidence)?;
		}
		exchange.acknowledgement = Some(AcknowledgementCode::WrongPatient);
		let holder = exchange.holder;
		let deadline = exchange.deadline;
		Self::write(id, exchange, next, deadline);
		Self::settle(id, Settlement::TakenBack);
		Self::deposit_event(Event::Reversed { exchange: id, evidence });
		Self::owe(id, Obligation::Breach, Some(holder), T::BreachWindow::get());
		Ok(())
	}
}
