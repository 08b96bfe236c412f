//! What happens to a consent between its beginning and its end.

use crate::{
	Commitments, Config, Consents, Error, GroupMembers, Narrowing, Narrowings, Pallet,
	MAX_NARROWINGS,
};
use curex_primitives::{
	consent::{Candidate, TermsDefect},
	Commitment, Confirmation, Consent, ConsentId, ConsentStatus, ConsentTerms, Grantee, GroupId,
	OrganisationId, Organisations,
};
use frame::prelude::*;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_narrow(
		holder: OrganisationId,
		id: ConsentId,
		terms: ConsentTerms,
	) -> Result<u8, Error<T>> {
		let consent = Self::held(holder, id)?;
		ensure!(!consent.status.has_ended(), Error::<T>::NotActive);
		Self::ensure_informed(&terms)?;
		match terms.check(holder, Self::now()) {
			// Who has come of age and confirmed the consent may narrow it like anybody else.
			Err(TermsDefect::OfAge) if consent.confirmed.is_some() => (),
			checked => checked?,
		}
		let named = match terms.grantee {
			Grantee::Organisation(named) => Self::candidate(named, consent.terms.grantee.group()),
			Grantee::Kind(_) | Grantee::KindIn(..) | Grantee::Group(_) => None,
		};
		let narrower = terms.narrow(&consent.terms, named.as_ref(), consent.filed_at);
		ensure!(narrower, Error::<T>::NotNarrower);
		ensure!(terms.max_uses >= consent.used, Error::<T>::NoUses);
		ensure!(consent.narrowed < MAX_NARROWINGS, Error::<T>::NarrowedTooOften);
		Self::ensure_fresh(terms.terms)?;
		Self::ensure_fresh(terms.evidence)?;

		Commitments::<T>::insert(terms.terms, id);
		Commitments::<T>::insert(terms.evidence, id);
		Self::retain(id, consent.terms.valid_until, terms.valid_until);
		let before = Narrowing { terms: consent.terms, until: Self::block() };
		Narrowings::<T>::insert(id, consent.narrowed, before);
		let narrowed = consent.narrowed.saturating_add(1);
		Consents::<T>::insert(id, Consent { terms, narrowed, ..consent });
		Ok(narrowed)
	}

	pub(crate) fn do_suspend(holder: OrganisationId, id: ConsentId) -> Result<(), Error<T>> {
		let consent = Self::held(holder, id)?;
		ensure!(consent.status == ConsentStatus::Active, Error::<T>::NotActive);
		let status = ConsentStatus::Suspended { at: Self::block() };
		Consents::<T>::insert(id, Consent { status, ..consent });
		Ok(())
	}

	pub(crate) fn do_resume(holder: OrganisationId, id: ConsentId) -> Result<(), Error<T>> {
		let consent = Self::held(holder, id)?;
		let suspended = matches!(consent.status, ConsentStatus::Suspended { .. });
		ensure!(suspended, Error::<T>::NotSuspended);
		Consents::<T>::insert(id, Consent { status: ConsentStatus::Active, ..consent });
		Ok(())
	}

	pub(crate) fn do_confirm(
		holder: OrganisationId,
		id: ConsentId,
		evidence: Commitment,
	) -> Result<(), Error<T>> {
		let (consent, now) = (Self::held(holder, id)?, Self::now());
		ensure!(!consent.status.has_ended(), Error::<T>::NotActive);
		ensure!(
			consent.is_unconfirmed(now) && now < consent.terms.valid_until,
			Error::<T>::NothingToConfirm
		);
		Self::ensure_fresh(evidence)?;
		Commitments::<T>::insert(evidence, id);
		let confirmed = Some(Confirmation { evidence, at: Self::block() });
		Consents::<T>::insert(id, Consent { confirmed, ..consent });
		Ok(())
	}

	/// An organisation as a grantee looks at it, if it is a member.
	pub(crate) fn candidate(
		organisation: OrganisationId,
		group: Option<GroupId>,
	) -> Option<Candidate> {
		let facts = T::Organisations::facts(organisation)?;
		Some(Candidate {
			organisation,
			kind: facts.kind,
			country: facts.country,
			member_since: group.and_then(|group| GroupMembers::<T>::get(group, organisation)),
		})
	}
}
