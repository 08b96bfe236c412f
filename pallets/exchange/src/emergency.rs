//! Break-glass and its review.

use crate::{
	Config, Emergencies, Error, Event, Exchanges, Pallet, Reviews, ReviewsDue, EMERGENCY_PERIOD,
};
use curex_primitives::{
	Commitment, Direction, Exchange, ExchangeId, ExchangeProposal, ExchangeState, Gate,
	OrganisationId, Organisations, Review, ReviewVerdict,
};
use frame::prelude::*;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_break_glass(
		recipient: OrganisationId,
		key: [u8; 32],
		proposal: ExchangeProposal,
		evidence: Commitment,
	) -> Result<(), Error<T>> {
		proposal.check_break_glass(recipient)?;
		let Gate::BreakGlass(ground) = proposal.gate else { return Err(Error::WrongGate) };
		let (id, mut exchange) = Self::draft(recipient, Direction::Pull, &key, proposal)?;
		Self::ensure_fresh(evidence)?;
		ensure!(
			evidence != exchange.envelope && evidence != exchange.recipient_key,
			Error::<T>::MissingCommitment
		);
		Self::ensure_open(&exchange, false)?;
		exchange.state = ExchangeState::Approved;

		let holder = exchange.holder;
		let reviewer = Self::choose_reviewer(id, &exchange);
		Self::begin(id, exchange, T::DeliveryWindow::get())?;
		Self::remember(evidence, id);
		let due = Self::block().saturating_add(T::ReviewWindow::get());
		ReviewsDue::<T>::insert(due, id, ());
		Reviews::<T>::insert(id, Review { reviewer, evidence, due, verdict: None, reasons: None });
		let broken = Event::GlassBroken { exchange: id, recipient, holder, ground, reviewer };
		Self::deposit_event(broken);
		Self::count_emergency(recipient);
		Ok(())
	}

	/// Chooses by hash of the exchange's id and the parent block among the organisations that may review. Whoever
	/// submits does not know which parent its transaction will meet; who authors the block could at most leave the
	/// transaction to another.
	fn choose_reviewer(id: ExchangeId, exchange: &Exchange) -> Option<OrganisationId> {
		let candidates: alloc::vec::Vec<_> = T::Organisations::reviewers()
			.into_iter()
			.filter(|candidate| Self::may_review(*candidate, exchange))
			.collect();
		let parent = frame_system::Pallet::<T>::parent_hash();
		let digest = (b"curex/reviewer..", id, parent).using_encoded(blake2_256);
		let number =
			digest.iter().take(8).fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
		let index = number.checked_rem(candidates.len() as u64)?;
		candidates.get(index as usize).copied()
	}

	fn may_review(candidate: OrganisationId, exchange: &Exchange) -> bool {
		candidate != exchange.holder && candidate != exchange.recipient
	}

	fn count_emergency(organisation: OrganisationId) {
		let period: u32 = (Self::now() / EMERGENCY_PERIOD).saturated_into();
		let count = Emergencies::<T>::mutate(organisation, |(counted, count)| {
			*count = if *counted == period { count.saturating_add(1) } else { 1 };
			*counted = period;
			*count
		});
		if count > T::EmergencyAlarm::get() {
			Self::deposit_event(Event::EmergencyAlarmRaised { organisation, count });
		}
	}

	/// Records a review; says whether it is late.
	pub(crate) fn do_review(
		reviewer: OrganisationId,
		id: ExchangeId,
		verdict: ReviewVerdict,
		reasons: Commitment,
	) -> Result<bool, Error<T>> {
		let mut review = Reviews::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		let exchange = Exchanges::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		let entitled = match review.reviewer {
			Some(chosen) => chosen == reviewer,
			None => {
				Self::may_review(reviewer, &exchange)
					&& T::Organisations::reviewers().contains(&reviewer)
			},
		};
		ensure!(entitled, Error::<T>::NotAuthorized);
		ensure!(review.verdict.is_none(), Error::<T>::AlreadyReviewed);
		Self::ensure_fresh(reasons)?;

		Self::remember(reasons, id);
		ReviewsDue::<T>::remove(review.due, id);
		let late = Self::block() > review.due;
		review.reviewer = Some(reviewer);
		review.verdict = Some(verdict);
		review.reasons = Some(reasons);
		Reviews::<T>::insert(id, review);
		Ok(late)
	}
}
