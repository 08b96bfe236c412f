//! What organisations owe on account of exchanges.

use crate::{Config, Duties, DutiesDue, DutiesOf, Error, Event, Pallet, Reviews};
use curex_primitives::{
	BlockNumber, Commitment, DeferralReason, DueDuty, ExchangeId, Obligation, OrganisationId,
};
use frame::prelude::*;

impl<T: Config> Pallet<T> {
	/// Something is owed within `window`.
	pub(crate) fn owe(
		id: ExchangeId,
		obligation: Obligation,
		organisation: Option<OrganisationId>,
		window: BlockNumber,
	) {
		let due = Self::block().saturating_add(window);
		let duty = DueDuty { organisation, due, overdue: false, deferred: None };
		Duties::<T>::insert(id, obligation, duty);
		DutiesDue::<T>::insert(due, (id, obligation), ());
		if let Some(organisation) = organisation {
			DutiesOf::<T>::insert(organisation, (id, obligation), due);
			Self::deposit_event(Event::DutyArose { exchange: id, obligation, organisation, due });
		}
	}

	/// Takes a duty off all lists, however it ended.
	pub(crate) fn forget_duty(id: ExchangeId, obligation: Obligation) -> Option<DueDuty> {
		let duty = Duties::<T>::take(id, obligation)?;
		DutiesDue::<T>::remove(duty.due, (id, obligation));
		if let Some(organisation) = duty.organisation {
			DutiesOf::<T>::remove(organisation, (id, obligation));
		}
		if obligation == Obligation::Review {
			let second = Reviews::<T>::get(id).and_then(|review| review.second);
			if let Some(second) = second {
				DutiesOf::<T>::remove(second, (id, obligation));
			}
		}
		Some(duty)
	}

	/// A duty is fulfilled by `organisation`.
	pub(crate) fn fulfil(id: ExchangeId, obligation: Obligation, organisation: OrganisationId) {
		let Some(duty) = Self::forget_duty(id, obligation) else { return };
		let late = duty.overdue || Self::block() > duty.due;
		Self::deposit_event(Event::DutyFulfilled { exchange: id, obligation, organisation, late });
	}

	/// The duty, if `organisation` owes it.
	fn owed(
		id: ExchangeId,
		obligation: Obligation,
		organisation: OrganisationId,
	) -> Result<DueDuty, Error<T>> {
		let duty = Duties::<T>::get(id, obligation).ok_or(Error::<T>::NotFound)?;
		ensure!(duty.organisation == Some(organisation), Error::<T>::NotAuthorized);
		Ok(duty)
	}

	pub(crate) fn do_attest_duty(
		organisation: OrganisationId,
		id: ExchangeId,
		obligation: Obligation,
		evidence: Commitment,
	) -> Result<(), Error<T>> {
		match obligation {
			Obligation::PatientNotice | Obligation::Breach | Obligation::Misuse => {},
			Obligation::Review | Obligation::Dispute | Obligation::Rectification => {
				return Err(Error::WrongObligation);
			},
		}
		Self::owed(id, obligation, organisation)?;
		Self::add_evidence(id, evidence)?;
		Self::fulfil(id, obligation, organisation);
		Ok(())
	}

	pub(crate) fn do_defer_notice(
		organisation: OrganisationId,
		id: ExchangeId,
		reason: DeferralReason,
	) -> Result<(), Error<T>> {
		let obligation = Obligation::PatientNotice;
		let mut duty = Self::owed(id, obligation, organisation)?;
		ensure!(duty.deferred.is_none(), Error::<T>::AlreadyDeferred);
		ensure!(Self::block() <= duty.due, Error::<T>::WindowClosed);
		DutiesDue::<T>::remove(duty.due, (id, obligation));
		duty.due = duty.due.saturating_add(T::NoticeDeferral::get());
		duty.deferred = Some(reason);
		let due = duty.due;
		DutiesDue::<T>::insert(due, (id, obligation), ());
		DutiesOf::<T>::insert(organisation, (id, obligation), due);
		Duties::<T>::insert(id, obligation, duty);
		Self::deposit_event(Event::NoticeDeferred { exchange: id, reason, due });
		Ok(())
	}

	/// The due block of a duty has passed. It stays owed.
	pub(crate) fn mark_overdue(id: ExchangeId, obligation: Obligation) {
		let Some(mut duty) = Duties::<T>::get(id, obligation) else { return };
		let first_time = !duty.overdue;
		duty.overdue = true;
		let mut owing = duty.organisation;
		Duties::<T>::insert(id, obligation, duty);
		if obligation == Obligation::Review {
			owing = Self::review_overdue(id, first_time);
		}
		if let Some(organisation) = owing {
			let overdue = Event::DutyOverdue { exchange: id, obligation, organisation };
			Self::deposit_event(overdue);
		}
	}
}
