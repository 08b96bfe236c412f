//! Inquiries of authorities and their answers.

use crate::{Commitments, Config, Error, Event, Inquiries, NextInquiry, Pallet};
use curex_primitives::{
	oversight::{check_inquiry, DutyRegister},
	Commitment, Competence, DutyKind, Inquiry, InquiryOutcome, InquiryRefusal, Moment,
	OrganisationId, OrganisationKind, Organisations, RecordHandle,
};
use frame::prelude::*;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_open_inquiry(
		authority: OrganisationId,
		organisation: OrganisationId,
		field: Competence,
		about: RecordHandle,
		case: Commitment,
		term: Moment,
	) -> Result<(), Error<T>> {
		let asking = T::Organisations::facts(authority)
			.filter(|facts| facts.kind == OrganisationKind::Authority)
			.ok_or(Error::<T>::NotAuthorized)?;
		ensure!(organisation != authority, Error::<T>::OrganisationIsSelf);
		let asked =
			T::Organisations::facts(organisation).ok_or(Error::<T>::OrganisationNotFound)?;
		check_inquiry(&asking, field, &asked, term)?;
		ensure!(!about.is_zero(), Error::<T>::MissingCommitment);
		Self::ensure_fresh(case)?;
		let inquiry = NextInquiry::<T>::get();
		let next = inquiry.checked_add(1).ok_or(Error::<T>::NumbersExhausted)?;

		Commitments::<T>::insert(case, ());
		NextInquiry::<T>::put(next);
		let due = Self::now().saturating_add(term);
		let record = Inquiry {
			authority,
			field,
			organisation,
			about,
			case,
			opened_at: Self::block(),
			due,
			outcome: InquiryOutcome::Open,
			closed: None,
		};
		Inquiries::<T>::insert(inquiry, record);
		<Self as DutyRegister>::open(organisation, DutyKind::AnswerInquiry(inquiry), due);
		Self::deposit_event(Event::InquiryOpened { inquiry, authority, organisation, due });
		Ok(())
	}

	pub(crate) fn do_disclose(
		organisation: OrganisationId,
		inquiry: u32,
		evidence: Commitment,
	) -> Result<bool, Error<T>> {
		let record = Self::asked(organisation, inquiry)?;
		Self::ensure_fresh(evidence)?;
		Commitments::<T>::insert(evidence, ());
		Ok(Self::close_inquiry(inquiry, record, InquiryOutcome::Disclosed(evidence)))
	}

	pub(crate) fn do_refuse_inquiry(
		organisation: OrganisationId,
		inquiry: u32,
		ground: InquiryRefusal,
		reasons: Commitment,
	) -> Result<bool, Error<T>> {
		let record = Self::asked(organisation, inquiry)?;
		Self::ensure_fresh(reasons)?;
		Commitments::<T>::insert(reasons, ());
		Ok(Self::close_inquiry(inquiry, record, InquiryOutcome::Refused(ground, reasons)))
	}

	pub(crate) fn do_withdraw_inquiry(
		authority: OrganisationId,
		inquiry: u32,
	) -> Result<(), Error<T>> {
		let record = Inquiries::<T>::get(inquiry).ok_or(Error::<T>::NotFound)?;
		ensure!(record.authority == authority, Error::<T>::NotAuthorized);
		ensure!(record.outcome == InquiryOutcome::Open, Error::<T>::AlreadyClosed);
		Self::close_inquiry(inquiry, record, InquiryOutcome::Withdrawn);
		Ok(())
	}

	/// An open inquiry that the organisation is to answer.
	fn asked(organisation: OrganisationId, inquiry: u32) -> Result<Inquiry, Error<T>> {
		let record = Inquiries::<T>::get(inquiry).ok_or(Error::<T>::NotFound)?;
		ensure!(record.organisation == organisation, Error::<T>::NotAuthorized);
		ensure!(record.outcome == InquiryOutcome::Open, Error::<T>::AlreadyClosed);
		Ok(record)
	}

	/// Tells whether the answer is late.
	fn close_inquiry(inquiry: u32, mut record: Inquiry, outcome: InquiryOutcome) -> bool {
		let now = Self::now();
		record.outcome = outcome;
		record.closed = Some(now);
		<Self as DutyRegister>::close(record.organisation, DutyKind::AnswerInquiry(inquiry));
		let late = record.is_late(now);
		Inquiries::<T>::insert(inquiry, record);
		late
	}
}
