//! How a consent begins and ends.

use crate::{
	Commitments, Config, Consents, Counts, CourtOrder, CourtOrders, Error, Event, GroupMembers,
	Locks, NextPruning, OldestPolicy, Pallet, Retained,
};
use curex_primitives::{
	commitment, BlockNumber, Commitment, Competence, Consent, ConsentId, ConsentStatus,
	ConsentTerms, Grantee, Moment, OrganisationId, Organisations,
};
use frame::{prelude::*, traits::UnixTime};

/// Blocks for which a node keeps a withdrawal by code that it could not include.
const WITHDRAWAL_LONGEVITY: TransactionLongevity = 4_096;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_file(
		holder: OrganisationId,
		id: ConsentId,
		terms: ConsentTerms,
	) -> Result<(), Error<T>> {
		Self::ensure_informed(&terms)?;
		let consent = Consent::filed(holder, terms, Self::block());
		Self::write_new(id, consent)
	}

	/// Writes a new consent down, whatever it came from.
	pub(crate) fn write_new(id: ConsentId, consent: Consent) -> Result<(), Error<T>> {
		let (now, terms) = (Self::now(), &consent.terms);
		ensure!(!id.is_zero(), Error::<T>::MissingCommitment);
		ensure!(!Consents::<T>::contains_key(id), Error::<T>::AlreadyExists);
		terms.check(consent.holder, now)?;
		Self::ensure_grantee(terms.grantee)?;
		Self::ensure_fresh(terms.terms)?;
		Self::ensure_fresh(terms.evidence)?;
		ensure!(!Locks::<T>::contains_key(terms.withdraw_lock), Error::<T>::CommitmentReused);

		Commitments::<T>::insert(terms.terms, id);
		Commitments::<T>::insert(terms.evidence, id);
		Locks::<T>::insert(terms.withdraw_lock, id);
		Counts::<T>::mutate(consent.holder, |count| count.saturating_inc());
		Retained::<T>::insert(Self::retained_until(terms.valid_until), id, ());
		Self::begin_pruning(now);
		Consents::<T>::insert(id, consent);
		Ok(())
	}

	pub(crate) fn do_supersede(
		holder: OrganisationId,
		old: ConsentId,
		id: ConsentId,
		terms: ConsentTerms,
	) -> Result<(), Error<T>> {
		let consent = Self::held(holder, old)?;
		ensure!(consent.status == ConsentStatus::Active, Error::<T>::NotActive);
		Self::do_file(holder, id, terms)?;
		Self::end(old, consent, ConsentStatus::Superseded { by: id, at: Self::block() });
		Ok(())
	}

	/// The first ending wins: what has ended stays as it is.
	pub(crate) fn do_withdraw(id: ConsentId, consent: Consent) {
		if consent.status.has_ended() {
			return;
		}
		let holder = consent.holder;
		Self::end(id, consent, ConsentStatus::Withdrawn { at: Self::block() });
		Self::deposit_event(Event::Withdrawn { consent: id, holder });
	}

	pub(crate) fn do_withdraw_by_court(
		authority: OrganisationId,
		id: ConsentId,
		case: Commitment,
	) -> Result<(), Error<T>> {
		let competent = T::Organisations::facts(authority)
			.is_some_and(|facts| facts.is_competent(Competence::DataProtection));
		ensure!(competent, Error::<T>::NotAuthorized);
		let consent = Self::consent(id).ok_or(Error::<T>::NotFound)?;
		if consent.status.has_ended() {
			return Ok(());
		}
		Self::ensure_fresh(case)?;
		let holder = consent.holder;
		Commitments::<T>::insert(case, id);
		CourtOrders::<T>::insert(id, CourtOrder { authority, case });
		Self::do_withdraw(id, consent);
		Self::deposit_event(Event::WithdrawnByCourt { consent: id, holder, authority, case });
		Ok(())
	}

	fn end(id: ConsentId, consent: Consent, status: ConsentStatus) {
		Self::retain(id, consent.terms.valid_until, Self::now());
		Consents::<T>::insert(id, Consent { status, ..consent });
	}

	pub(crate) fn opens(consent: &Consent, code: &[u8; 32]) -> bool {
		commitment::withdraw_lock(code) == consent.terms.withdraw_lock
	}

	/// Whether the pool takes a withdrawal by code: any source, one a consent, gossiped.
	pub(crate) fn authorize_withdrawal(
		_source: TransactionSource,
		id: &ConsentId,
		code: &[u8; 32],
	) -> TransactionValidityWithRefund {
		let consent = Self::consent(*id).ok_or(InvalidTransaction::Stale)?;
		ensure!(!consent.status.has_ended(), InvalidTransaction::Stale);
		ensure!(Self::opens(&consent, code), InvalidTransaction::BadProof);
		Self::urgent(id)
	}

	/// What the pool is told of a withdrawal by code.
	pub(crate) fn urgent(provides: impl Encode) -> TransactionValidityWithRefund {
		let validity = ValidTransaction::with_tag_prefix("CurexConsentWithdrawal")
			.priority(T::WithdrawalPriority::get())
			.longevity(WITHDRAWAL_LONGEVITY)
			.and_provides(provides)
			.propagate(true)
			.build()?;
		Ok((validity, Weight::zero()))
	}

	/// The consent of this holder.
	pub(crate) fn held(holder: OrganisationId, id: ConsentId) -> Result<Consent, Error<T>> {
		let consent = Self::consent(id).ok_or(Error::<T>::NotFound)?;
		ensure!(consent.holder == holder, Error::<T>::NotAuthorized);
		Ok(consent)
	}

	pub(crate) fn ensure_fresh(commitment: Commitment) -> Result<(), Error<T>> {
		ensure!(!commitment.is_zero(), Error::<T>::MissingCommitment);
		ensure!(!Commitments::<T>::contains_key(commitment), Error::<T>::CommitmentReused);
		Ok(())
	}

	/// Whether the patient was informed by a policy that is new enough.
	pub(crate) fn ensure_informed(terms: &ConsentTerms) -> Result<(), Error<T>> {
		ensure!(terms.policy_version >= OldestPolicy::<T>::get(), Error::<T>::PolicyOutdated);
		Ok(())
	}

	pub(crate) fn ensure_grantee(grantee: Grantee) -> Result<(), Error<T>> {
		let known = match grantee {
			Grantee::Organisation(named) => T::Organisations::facts(named).is_some(),
			Grantee::Group(group) => GroupMembers::<T>::iter_prefix(group).next().is_some(),
			Grantee::Kind(_) | Grantee::KindIn(..) => true,
		};
		ensure!(known, Error::<T>::GranteeNotFound);
		Ok(())
	}

	/// The day until which a consent stays moves, because it dies at `to` instead of `from`.
	pub(crate) fn retain(id: ConsentId, from: Moment, to: Moment) {
		Retained::<T>::remove(Self::retained_until(from), id);
		Retained::<T>::insert(Self::retained_until(to), id, ());
	}

	pub(crate) fn begin_pruning(now: Moment) {
		if NextPruning::<T>::get().is_none() {
			NextPruning::<T>::put(Self::day(now));
		}
	}

	pub(crate) fn now() -> Moment {
		T::Clock::now().as_millis().saturated_into()
	}

	pub(crate) fn block() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}
}
