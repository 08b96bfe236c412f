//! The breach register and its notices.

use crate::{Breaches, Commitments, Config, Error, Event, NextBreach, Notices, Pallet};
use alloc::vec::Vec;
use curex_primitives::{
	oversight::{DutyRegister, ExchangeRegister},
	BreachCase, BreachNotice, Commitment, DutyKind, ExchangeId, NoticeKind, OrganisationId,
};
use frame::prelude::*;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_open_breach(record: BreachCase) -> Result<(), Error<T>> {
		record.check(Self::now())?;
		Self::ensure_fresh(record.case)?;
		let breach = NextBreach::<T>::get();
		let next = breach.checked_add(1).ok_or(Error::<T>::NumbersExhausted)?;

		Commitments::<T>::insert(record.case, ());
		NextBreach::<T>::put(next);
		Self::start_clocks(breach, &record);
		let BreachCase { organisation, regimes, .. } = record;
		Breaches::<T>::insert(breach, record);
		Self::deposit_event(Event::BreachOpened { breach, organisation, regimes });
		Ok(())
	}

	pub(crate) fn start_clocks(breach: u32, record: &BreachCase) {
		for kind in NoticeKind::ALL.iter().copied() {
			if Notices::<T>::contains_key(breach, kind) {
				continue;
			}
			if let Some(due) = record.due(kind, None) {
				let duty = DutyKind::NotifyBreach(breach, kind);
				<Self as DutyRegister>::open(record.organisation, duty, due);
			}
		}
	}

	pub(crate) fn do_notify_breach(
		organisation: OrganisationId,
		breach: u32,
		kind: NoticeKind,
		notice: Commitment,
	) -> Result<bool, Error<T>> {
		let record = Breaches::<T>::get(breach).ok_or(Error::<T>::NotFound)?;
		ensure!(record.organisation == organisation, Error::<T>::NotAuthorized);
		let given = |kind| Notices::<T>::get(breach, kind);
		let notified = given(NoticeKind::IncidentNotification).map(|notice| notice.at);
		let due = record.due(kind, notified).ok_or(Error::<T>::NoticeNotAsked)?;
		ensure!(given(kind).is_none(), Error::<T>::AlreadyNotified);
		Self::ensure_fresh(notice)?;

		Commitments::<T>::insert(notice, ());
		let at = Self::now();
		let late = at > due;
		Notices::<T>::insert(breach, kind, BreachNotice { notice, at, late });
		<Self as DutyRegister>::close(organisation, DutyKind::NotifyBreach(breach, kind));
		if kind == NoticeKind::IncidentNotification && given(NoticeKind::FinalReport).is_none() {
			// The month of the final report runs from the notification.
			if let Some(due) = record.due(NoticeKind::FinalReport, Some(at)) {
				let duty = DutyKind::NotifyBreach(breach, NoticeKind::FinalReport);
				<Self as DutyRegister>::open(organisation, duty, due);
			}
		}
		Ok(late)
	}

	/// Exchanges that a breach may affect: looks at `scan` exchanges after `after`, and tells where to go on.
	pub fn affected_exchanges(
		breach: u32,
		after: Option<ExchangeId>,
		scan: u32,
	) -> (Vec<ExchangeId>, Option<ExchangeId>) {
		let Some(record) = Breaches::<T>::get(breach) else { return (Vec::new(), None) };
		T::Exchanges::begun_between(
			record.organisation,
			record.affected_from,
			record.affected_until,
			after,
			scan,
		)
	}
}
