//! Cohorts, extractions from them, and exports of outputs.

use crate::{Cohorts, Config, Error, Exports, Extractions, Holders, Pallet, Standings};
use curex_primitives::{
	oversight::DutyRegister, permit::PUBLICATION_PERIOD, Cohort, Commitment, DutyKind, Extraction,
	OrganisationId, Permit, PermitId, PermitStanding,
};
use frame::prelude::*;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_commit_cohort(
		holder: OrganisationId,
		id: PermitId,
		dataset: Commitment,
		cohort: Cohort,
	) -> Result<(), Error<T>> {
		Self::usable(holder, id, dataset)?;
		cohort.check()?;
		// A root may come again: often nobody opted out since.
		Cohorts::<T>::insert(id, holder, cohort);
		Ok(())
	}

	pub(crate) fn do_extract(
		holder: OrganisationId,
		id: PermitId,
		dataset: Commitment,
		payload: Commitment,
	) -> Result<u32, Error<T>> {
		let (permit, mut standing) = Self::usable(holder, id, dataset)?;
		ensure!(standing.open_reports == 0, Error::<T>::ReportOpen);
		let cohort = Cohorts::<T>::get(id, holder).ok_or(Error::<T>::CohortNotBefore)?;
		let extracted_at = Self::block();
		cohort.serves(extracted_at, Self::now(), T::MaxCohortAge::get())?;
		let number = standing.extractions;
		standing.extractions = number.checked_add(1).ok_or(Error::<T>::NumbersExhausted)?;
		Self::remember([payload], id)?;

		Cohorts::<T>::remove(id, holder);
		let extraction = Extraction { permit: id, holder, cohort, payload, extracted_at };
		Extractions::<T>::insert(id, number, extraction);
		if standing.results_due.is_none() {
			let due = permit.valid_until.saturating_add(PUBLICATION_PERIOD);
			standing.results_due = Some(due);
			T::Duties::open(permit.user, DutyKind::PublishResults(id), due);
		}
		Standings::<T>::insert(id, standing);
		Ok(number)
	}

	pub(crate) fn do_export(
		body: OrganisationId,
		id: PermitId,
		outputs: Commitment,
		check: Commitment,
	) -> Result<u32, Error<T>> {
		let (permit, mut standing) = Self::governed(body, id)?;
		ensure!(permit.is_live(Self::now()), Error::<T>::NotLive);
		ensure!(standing.extractions > 0, Error::<T>::NothingExtracted);
		ensure!(standing.open_reports == 0, Error::<T>::ReportOpen);
		let number = standing.exports;
		standing.exports = number.checked_add(1).ok_or(Error::<T>::NumbersExhausted)?;
		Self::remember([outputs, check], id)?;

		Exports::<T>::insert(id, number, (outputs, check));
		Standings::<T>::insert(id, standing);
		Ok(number)
	}

	/// A live permit that lets this data set of the holder be used.
	fn usable(
		holder: OrganisationId,
		id: PermitId,
		dataset: Commitment,
	) -> Result<(Permit, PermitStanding), Error<T>> {
		let (permit, standing) = Self::permit(id).ok_or(Error::<T>::NotFound)?;
		let named = Holders::<T>::get(id, holder).ok_or(Error::<T>::HolderNotNamed)?;
		ensure!(named.dataset == dataset, Error::<T>::OtherDataset);
		ensure!(permit.is_live(Self::now()), Error::<T>::NotLive);
		Ok((permit, standing))
	}
}
