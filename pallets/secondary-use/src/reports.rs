//! Reports of re-identification and their answers.

use crate::{Config, Error, Event, Holders, NextReport, Pallet, Reports, Standings};
use curex_primitives::{
	oversight::DutyRegister, permit::REIDENTIFICATION_PERIOD, Commitment, Competence, DutyKind,
	Finding, OrganisationId, PermitId, Reidentification,
};
use frame::prelude::*;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_report(
		reporter: OrganisationId,
		id: PermitId,
		evidence: Commitment,
	) -> Result<(), Error<T>> {
		let (permit, mut standing) = Self::permit(id).ok_or(Error::<T>::NotFound)?;
		let concerned = permit.user == reporter
			|| Holders::<T>::contains_key(id, reporter)
			|| Self::is_access_body(reporter)
			|| Self::has_competence(reporter, Competence::DataProtection);
		ensure!(concerned, Error::<T>::NotAuthorized);
		let report = NextReport::<T>::get();
		let next = report.checked_add(1).ok_or(Error::<T>::NumbersExhausted)?;
		Self::remember([evidence], id)?;

		NextReport::<T>::put(next);
		let due = Self::now().saturating_add(REIDENTIFICATION_PERIOD);
		let record =
			Reidentification { permit: id, reporter, evidence, due, finding: None, reasons: None };
		Reports::<T>::insert(report, record);
		standing.open_reports.saturating_inc();
		Standings::<T>::insert(id, standing);
		T::Duties::open(permit.issuer, DutyKind::AnswerReidentification(report), due);
		Self::deposit_event(Event::ReidentificationReported { report, permit: id, reporter, due });
		Ok(())
	}

	pub(crate) fn do_answer(
		body: OrganisationId,
		report: u32,
		finding: Finding,
		reasons: Commitment,
	) -> Result<(), Error<T>> {
		let mut record = Reports::<T>::get(report).ok_or(Error::<T>::NotFound)?;
		let id = record.permit;
		let (permit, mut standing) = Self::governed(body, id)?;
		ensure!(record.finding.is_none(), Error::<T>::AlreadyAnswered);
		Self::remember([reasons], id)?;

		let late = Self::now() > record.due;
		record.finding = Some(finding);
		record.reasons = Some(reasons);
		Reports::<T>::insert(report, record);
		T::Duties::close(permit.issuer, DutyKind::AnswerReidentification(report));
		standing.open_reports.saturating_dec();
		let answered = Event::ReidentificationAnswered { report, permit: id, finding, late };
		Self::deposit_event(answered);
		if finding == Finding::Confirmed && permit.revoked_at.is_none() {
			Self::end(id, permit, standing, reasons);
		} else {
			Standings::<T>::insert(id, standing);
		}
		Ok(())
	}
}
