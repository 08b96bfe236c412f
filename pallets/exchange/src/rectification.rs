//! Notices that delivered data were superseded, and the reconciliation of both sides' counts.

use crate::{Config, Error, Event, Pallet, Rectifications, Tallies};
use curex_primitives::{
	batch::{pair, KEPT_PERIODS, RECONCILIATION_PERIOD},
	exchange::MAX_RECTIFICATIONS,
	Commitment, ExchangeId, Obligation, OrganisationId, Organisations, Rectification, Tally,
};
use frame::prelude::*;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_rectify(
		holder: OrganisationId,
		id: ExchangeId,
		notice: Commitment,
	) -> Result<(), Error<T>> {
		let (exchange, state) = Self::effective(id).ok_or(Error::<T>::NotFound)?;
		ensure!(exchange.holder == holder, Error::<T>::NotAuthorized);
		// A delivery that nobody acknowledged in time was received all the same.
		ensure!(state.is_received() || exchange.receipt.is_some(), Error::<T>::NothingToRectify);
		let count = match Rectifications::<T>::get(id) {
			Some(last) => {
				ensure!(last.acknowledged_at.is_some(), Error::<T>::NothingToRectify);
				last.count
			},
			None => 0,
		};
		ensure!(count < MAX_RECTIFICATIONS, Error::<T>::TooManyNotices);
		Self::add_evidence(id, notice)?;
		let at = Self::block();
		let rectification =
			Rectification { notice, at, acknowledged_at: None, count: count.saturating_add(1) };
		Rectifications::<T>::insert(id, rectification);
		Self::deposit_event(Event::Rectified { exchange: id, notice });
		let window = T::RectificationWindow::get();
		Self::owe(id, Obligation::Rectification, Some(exchange.recipient), window);
		Ok(())
	}

	pub(crate) fn do_acknowledge_rectification(
		recipient: OrganisationId,
		id: ExchangeId,
	) -> Result<(), Error<T>> {
		let (exchange, _) = Self::effective(id).ok_or(Error::<T>::NotFound)?;
		ensure!(exchange.recipient == recipient, Error::<T>::NotAuthorized);
		let mut rectification = Rectifications::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		ensure!(rectification.acknowledged_at.is_none(), Error::<T>::AlreadyDone);
		rectification.acknowledged_at = Some(Self::block());
		Rectifications::<T>::insert(id, rectification);
		Self::fulfil(id, Obligation::Rectification, recipient);
		Ok(())
	}

	pub(crate) fn do_reconcile(
		organisation: OrganisationId,
		partner: OrganisationId,
		period: u32,
		tally: Tally,
	) -> Result<(), Error<T>> {
		ensure!(partner != organisation, Error::<T>::PartnerIsSelf);
		ensure!(T::Organisations::facts(partner).is_some(), Error::<T>::PartnerNotFound);
		let running: u32 = (Self::now() / RECONCILIATION_PERIOD).saturated_into();
		ensure!(period < running && running - period < KEPT_PERIODS, Error::<T>::WrongPeriod);
		ensure!(tally.is_sound(), Error::<T>::WrongTally);
		let slot = period % KEPT_PERIODS;
		let of_period = |by: OrganisationId, with: OrganisationId| {
			Tallies::<T>::get(by, (with, slot))
				.filter(|(counted, _)| *counted == period)
				.map(|(_, tally)| tally)
		};
		ensure!(of_period(organisation, partner).is_none(), Error::<T>::AlreadyDone);
		let theirs = of_period(partner, organisation);
		Tallies::<T>::insert(organisation, (partner, slot), (period, tally.clone()));
		Self::deposit_event(Event::TallyAnchored {
			organisation,
			partner,
			period,
			tally: tally.clone(),
		});
		let (one, other) = pair(organisation, partner);
		match theirs {
			Some(theirs) if theirs == tally => {
				Self::deposit_event(Event::Reconciled { one, other, period });
			},
			Some(_) => {
				Self::deposit_event(Event::ReconciliationMismatched { one, other, period });
			},
			None => {},
		}
		Ok(())
	}
}
