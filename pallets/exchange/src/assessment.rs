//! What the sides attest of the package that they exchange: advice, which no step asks for.

use crate::{Config, Error, Event, PackageAssessments, Pallet};
use curex_primitives::{Commitment, ExchangeId, OrganisationId, Side};
use frame::prelude::*;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_attest_package(
		organisation: OrganisationId,
		id: ExchangeId,
		assessment: Commitment,
	) -> Result<(), Error<T>> {
		let (exchange, state) = Self::effective(id).ok_or(Error::<T>::NotFound)?;
		let side = exchange.side_of(organisation).ok_or(Error::<T>::NotAuthorized)?;
		ensure!(exchange.has_package(side, state), Error::<T>::WrongState);
		let mut assessments = PackageAssessments::<T>::get(id);
		let own = match side {
			Side::Holder => &mut assessments.holder,
			Side::Recipient => &mut assessments.recipient,
		};
		ensure!(own.is_none(), Error::<T>::AlreadyDone);
		Self::add_evidence(id, assessment)?;
		*own = Some(assessment);
		PackageAssessments::<T>::insert(id, assessments);
		Self::deposit_event(Event::PackageAssessed { exchange: id, organisation, assessment });
		Ok(())
	}
}
