//! Permits, their holders, revocation and results.

use crate::{Config, Error, Event, Extractions, Holders, Pallet, Permits, Standings};
use alloc::vec::Vec;
use curex_primitives::{
	oversight::DutyRegister,
	permit::{permit_id, PUBLICATION_PERIOD},
	Commitment, Competence, DutyKind, Extraction, NamedHolder, OrganisationFacts, OrganisationId,
	Organisations, Permit, PermitId, PermitStanding, PermitTerms,
};
use frame::prelude::*;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_issue(
		issuer: OrganisationId,
		key: &[u8; 32],
		terms: PermitTerms,
	) -> Result<(), Error<T>> {
		ensure!(Self::is_access_body(issuer), Error::<T>::NotAuthorized);
		let id = permit_id(issuer, key);
		ensure!(!Permits::<T>::contains_key(id), Error::<T>::AlreadyExists);
		let user = terms.user;
		let facts = Self::active(user)?;
		terms.check(issuer, facts.kind, Self::now())?;
		Self::remember([terms.document, terms.environment], id)?;
		if !terms.justification.is_zero() {
			Self::remember([terms.justification], id)?;
		}

		Permits::<T>::insert(id, terms.issue(issuer, Self::block()));
		Standings::<T>::insert(id, PermitStanding::NEW);
		Self::deposit_event(Event::Issued { permit: id, issuer, user });
		Ok(())
	}

	pub(crate) fn do_name_holder(
		body: OrganisationId,
		id: PermitId,
		holder: OrganisationId,
		dataset: Commitment,
	) -> Result<(), Error<T>> {
		let (permit, mut standing) = Self::governed(body, id)?;
		// Holders are named before the permit begins as well.
		let ended = permit.revoked_at.is_some() || permit.valid_until <= Self::now();
		ensure!(!ended, Error::<T>::NotLive);
		ensure!(!Holders::<T>::contains_key(id, holder), Error::<T>::AlreadyExists);
		ensure!(Self::active(holder)?.treats(), Error::<T>::OrganisationNotFound);
		ensure!(standing.holders < T::MaxHolders::get(), Error::<T>::MaxHoldersExceeded);
		Self::remember([dataset], id)?;

		standing.holders.saturating_inc();
		Holders::<T>::insert(id, holder, NamedHolder { dataset });
		Standings::<T>::insert(id, standing);
		Ok(())
	}

	pub(crate) fn do_revoke(
		body: OrganisationId,
		id: PermitId,
		reasons: Commitment,
	) -> Result<(), Error<T>> {
		let (permit, standing) = Self::governed(body, id)?;
		ensure!(permit.revoked_at.is_none(), Error::<T>::NotLive);
		Self::remember([reasons], id)?;
		Self::end(id, permit, standing, reasons);
		Ok(())
	}

	/// Revokes a permit that is not revoked.
	pub(crate) fn end(
		id: PermitId,
		mut permit: Permit,
		mut standing: PermitStanding,
		reasons: Commitment,
	) {
		permit.revoked_at = Some(Self::block());
		// The work ends now, if it had not ended before.
		if let Some(due) = standing.results_due {
			let earlier = due.min(Self::now().saturating_add(PUBLICATION_PERIOD));
			standing.results_due = Some(earlier);
			if standing.results.is_none() {
				T::Duties::open(permit.user, DutyKind::PublishResults(id), earlier);
			}
		}
		Permits::<T>::insert(id, permit);
		Standings::<T>::insert(id, standing);
		Self::deposit_event(Event::Revoked { permit: id, reasons });
	}

	pub(crate) fn do_publish(
		user: OrganisationId,
		id: PermitId,
		results: Commitment,
	) -> Result<bool, Error<T>> {
		let (permit, mut standing) = Self::permit(id).ok_or(Error::<T>::NotFound)?;
		ensure!(permit.user == user, Error::<T>::NotAuthorized);
		let due = standing.results_due.ok_or(Error::<T>::NothingExtracted)?;
		ensure!(standing.results.is_none(), Error::<T>::AlreadyExists);
		Self::remember([results], id)?;

		standing.results = Some(results);
		Standings::<T>::insert(id, standing);
		T::Duties::close(user, DutyKind::PublishResults(id));
		Ok(Self::now() > due)
	}

	/// A permit that the body governs: its own, or one of its country whose issuer is not active any more.
	pub(crate) fn governed(
		body: OrganisationId,
		id: PermitId,
	) -> Result<(Permit, PermitStanding), Error<T>> {
		let (permit, standing) = Self::permit(id).ok_or(Error::<T>::NotFound)?;
		ensure!(Self::is_access_body(body), Error::<T>::NotAuthorized);
		let governs = permit.issuer == body || {
			let issuer = T::Organisations::facts(permit.issuer);
			let country = T::Organisations::facts(body).map(|facts| facts.country);
			issuer.is_some_and(|issuer| !issuer.is_active() && Some(issuer.country) == country)
		};
		ensure!(governs, Error::<T>::NotAuthorized);
		Ok((permit, standing))
	}

	/// Whether the organisation is an authority with this competence.
	pub(crate) fn has_competence(organisation: OrganisationId, competence: Competence) -> bool {
		T::Organisations::facts(organisation)
			.is_some_and(|facts| facts.is_active() && facts.competences.contains(competence))
	}

	pub(crate) fn is_access_body(organisation: OrganisationId) -> bool {
		Self::has_competence(organisation, Competence::HealthDataAccess)
	}

	fn active(organisation: OrganisationId) -> Result<OrganisationFacts, Error<T>> {
		T::Organisations::facts(organisation)
			.filter(OrganisationFacts::is_active)
			.ok_or(Error::<T>::OrganisationNotFound)
	}

	/// The permits after `after`, at most `limit`.
	pub fn permits_after(after: Option<PermitId>, limit: u32) -> Vec<(PermitId, Permit)> {
		let permits = match after {
			Some(after) => Permits::<T>::iter_from(Permits::<T>::hashed_key_for(after)),
			None => Permits::<T>::iter(),
		};
		permits.take(limit as usize).collect()
	}
}

impl<T: Config> curex_primitives::Permits for Pallet<T> {
	fn get(id: PermitId) -> Option<Permit> {
		Permits::<T>::get(id)
	}

	fn extraction(id: PermitId, number: u32) -> Option<Extraction> {
		Extractions::<T>::get(id, number)
	}
}
