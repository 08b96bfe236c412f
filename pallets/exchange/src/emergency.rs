//! Break-glass and its review.

use crate::{
	Config, Duties, DutiesDue, DutiesOf, Emergencies, Error, Event, Exchanges, LastReviewers,
	OverdueReviews, Pallet, Reviews, Unjustified, EMERGENCY_PERIOD,
};
use curex_primitives::{
	Commitment, Direction, Exchange, ExchangeId, ExchangeProposal, ExchangeState, Gate, Moment,
	Obligation, OrganisationId, Organisations, Review, ReviewVerdict,
};
use frame::prelude::*;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_break_glass(
		recipient: OrganisationId,
		key: [u8; 32],
		proposal: ExchangeProposal,
		evidence: Commitment,
		recorded_late: Option<Moment>,
	) -> Result<ExchangeId, Error<T>> {
		proposal.check_break_glass(recipient)?;
		let Gate::BreakGlass(ground) = proposal.gate else { return Err(Error::WrongGate) };
		let (id, mut exchange) = Self::draft(recipient, Direction::Pull, &key, proposal)?;
		Self::ensure_usable(&exchange, recipient, evidence)?;
		ensure!(
			evidence != exchange.envelope && evidence != exchange.recipient_key,
			Error::<T>::MissingCommitment
		);
		Self::ensure_open(&exchange, false)?;
		exchange.state = ExchangeState::Approved;

		let holder = exchange.holder;
		if let Some(moment) = recorded_late {
			exchange.begun = moment;
			exchange.recorded_late = true;
		}
		let reviewer = Self::choose_reviewer(id, &exchange, None);
		Self::list_evidence(id, evidence)?;
		Self::carry(&exchange, evidence, id);
		Self::begin(id, exchange, T::EmergencyWindow::get())?;
		let window = T::ReviewWindow::get();
		let due = Self::block().saturating_add(window);
		Reviews::<T>::insert(
			id,
			Review {
				reviewer,
				evidence,
				due,
				verdict: None,
				reasons: None,
				second: None,
				overdue: false,
			},
		);
		if let Some(reviewer) = reviewer {
			LastReviewers::<T>::insert(recipient, reviewer);
		}
		let broken = Event::GlassBroken { exchange: id, recipient, holder, ground, reviewer };
		Self::deposit_event(broken);
		Self::owe(id, Obligation::Review, reviewer, window);
		Self::owe(id, Obligation::PatientNotice, Some(holder), T::NoticeWindow::get());
		Self::count_emergency(recipient);
		Ok(id)
	}

	/// Chooses by hash of the exchange's id and the parent block among the organisations that may review. Whoever
	/// submits does not know which parent its transaction will meet; who authors the block could at most leave the
	/// transaction to another. Passes over who reviewed the requester last, while there is another; never chooses
	/// `besides`.
	fn choose_reviewer(
		id: ExchangeId,
		exchange: &Exchange,
		besides: Option<OrganisationId>,
	) -> Option<OrganisationId> {
		let mut candidates: alloc::vec::Vec<_> = T::Organisations::reviewers()
			.into_iter()
			.filter(|candidate| {
				Self::may_review(*candidate, exchange) && Some(*candidate) != besides
			})
			.collect();
		let last = LastReviewers::<T>::get(exchange.recipient);
		if candidates.len() > 1 {
			candidates.retain(|candidate| Some(*candidate) != last);
		}
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
			Some(chosen) => chosen == reviewer || review.second == Some(reviewer),
			None => {
				Self::may_review(reviewer, &exchange)
					&& T::Organisations::reviewers().contains(&reviewer)
			},
		};
		ensure!(entitled, Error::<T>::NotAuthorized);
		ensure!(review.verdict.is_none(), Error::<T>::AlreadyReviewed);
		Self::add_evidence(id, reasons)?;

		let late = Self::block() > review.due;
		Self::forget_duty(id, Obligation::Review);
		review.reviewer = Some(reviewer);
		review.verdict = Some(verdict);
		review.reasons = Some(reasons);
		Reviews::<T>::insert(id, review);
		if verdict == ReviewVerdict::Unjustified {
			let requester = exchange.recipient;
			Unjustified::<T>::mutate(requester, |count| count.saturating_inc());
			Self::owe(id, Obligation::Misuse, Some(requester), T::BreachWindow::get());
		}
		Ok(late)
	}

	/// The due block of a review has passed. The first time, a second reviewer is chosen, to whom the duty passes;
	/// the first may still review. Gives who let it become overdue.
	pub(crate) fn review_overdue(id: ExchangeId, first_time: bool) -> Option<OrganisationId> {
		let mut review = Reviews::<T>::get(id)?;
		let exchange = Exchanges::<T>::get(id)?;
		let owing = review.second.or(review.reviewer);
		if let Some(owing) = owing {
			OverdueReviews::<T>::mutate(owing, |count| count.saturating_inc());
		}
		Self::deposit_event(Event::ReviewOverdue { exchange: id, reviewer: owing });
		review.overdue = true;
		let second = Self::choose_reviewer(id, &exchange, review.reviewer)
			.filter(|_| first_time && review.reviewer.is_some());
		if let Some(second) = second {
			review.second = Some(second);
			let due = Self::block().saturating_add(T::ReviewWindow::get());
			Duties::<T>::mutate(id, Obligation::Review, |duty| {
				if let Some(duty) = duty {
					duty.due = due;
				}
			});
			DutiesDue::<T>::insert(due, (id, Obligation::Review), ());
			DutiesOf::<T>::insert(second, (id, Obligation::Review), due);
			LastReviewers::<T>::insert(exchange.recipient, second);
			Self::deposit_event(Event::ReviewEscalated { exchange: id, reviewer: second });
		}
		Reviews::<T>::insert(id, review);
		owing
	}
}
