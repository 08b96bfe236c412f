//! How a consent begins, ends and leaves.

use crate::{
	Commitments, Config, Consents, Counts, Error, Event, Locks, NextPruning, Pallet, Retained,
	WeightInfo,
};
use curex_primitives::{
	commitment, BlockNumber, Consent, ConsentId, ConsentStatus, ConsentTerms, Grantee, Moment,
	OrganisationId, Organisations,
};
use frame::{deps::frame_support::weights::WeightMeter, prelude::*, traits::UnixTime};

/// Milliseconds of a day.
const DAY: Moment = 24 * 3_600 * 1_000;

/// Blocks for which a node keeps a withdrawal by code that it could not include.
const WITHDRAWAL_LONGEVITY: TransactionLongevity = 4_096;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_file(
		holder: OrganisationId,
		id: ConsentId,
		terms: ConsentTerms,
	) -> Result<(), Error<T>> {
		let now = Self::now();
		ensure!(!id.is_zero(), Error::<T>::MissingCommitment);
		ensure!(!Consents::<T>::contains_key(id), Error::<T>::AlreadyExists);
		terms.check(holder, now)?;
		if let Grantee::Organisation(grantee) = terms.grantee {
			ensure!(T::Organisations::facts(grantee).is_some(), Error::<T>::GranteeNotFound);
		}
		ensure!(
			!Commitments::<T>::contains_key(terms.terms)
				&& !Commitments::<T>::contains_key(terms.evidence)
				&& !Locks::<T>::contains_key(terms.withdraw_lock),
			Error::<T>::CommitmentReused
		);

		Commitments::<T>::insert(terms.terms, id);
		Commitments::<T>::insert(terms.evidence, id);
		Locks::<T>::insert(terms.withdraw_lock, id);
		Counts::<T>::mutate(holder, |count| count.saturating_inc());
		Retained::<T>::insert(Self::retained_until(terms.valid_until), id, ());
		if NextPruning::<T>::get().is_none() {
			NextPruning::<T>::put(Self::day(now));
		}
		let consent = Consent {
			holder,
			terms,
			status: ConsentStatus::Active,
			used: 0,
			last_used: 0,
			filed_at: Self::block(),
		};
		Consents::<T>::insert(id, consent);
		Ok(())
	}

	pub(crate) fn do_supersede(
		holder: OrganisationId,
		old: ConsentId,
		id: ConsentId,
		terms: ConsentTerms,
	) -> Result<(), Error<T>> {
		let consent = Consents::<T>::get(old).ok_or(Error::<T>::NotFound)?;
		ensure!(consent.holder == holder, Error::<T>::NotAuthorized);
		ensure!(consent.status == ConsentStatus::Active, Error::<T>::NotActive);
		Self::do_file(holder, id, terms)?;
		Self::end(old, consent, ConsentStatus::Superseded { by: id, at: Self::block() });
		Ok(())
	}

	/// The first ending wins: what has ended stays as it is.
	pub(crate) fn do_withdraw(id: ConsentId, consent: Consent) {
		if consent.status != ConsentStatus::Active {
			return;
		}
		let holder = consent.holder;
		Self::end(id, consent, ConsentStatus::Withdrawn { at: Self::block() });
		Self::deposit_event(Event::Withdrawn { consent: id, holder });
	}

	fn end(id: ConsentId, consent: Consent, status: ConsentStatus) {
		Retained::<T>::remove(Self::retained_until(consent.terms.valid_until), id);
		Retained::<T>::insert(Self::retained_until(Self::now()), id, ());
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
		let consent = Consents::<T>::get(id).ok_or(InvalidTransaction::Stale)?;
		ensure!(consent.status == ConsentStatus::Active, InvalidTransaction::Stale);
		ensure!(Self::opens(&consent, code), InvalidTransaction::BadProof);
		let validity = ValidTransaction::with_tag_prefix("CurexConsentWithdrawal")
			.priority(T::WithdrawalPriority::get())
			.longevity(WITHDRAWAL_LONGEVITY)
			.and_provides(id)
			.propagate(true)
			.build()?;
		Ok((validity, Weight::zero()))
	}

	/// Removes consents whose retention is over, as far as `remaining` allows, and continues in the next block.
	pub(crate) fn prune(remaining: Weight) -> Weight {
		let mut meter = WeightMeter::with_limit(remaining);
		if meter.try_consume(T::WeightInfo::prune_day()).is_err() {
			return meter.consumed();
		}
		let Some(first) = NextPruning::<T>::get() else { return meter.consumed() };
		let today = Self::day(Self::now());
		let mut day = first;
		'days: while day < today {
			let mut retained = Retained::<T>::drain_prefix(day);
			loop {
				if !meter.can_consume(T::WeightInfo::prune()) {
					break 'days;
				}
				let Some((id, ())) = retained.next() else { break };
				meter.consume(T::WeightInfo::prune());
				Self::forget(id);
			}
			day.saturating_inc();
			if meter.try_consume(T::WeightInfo::prune_day()).is_err() {
				break;
			}
		}
		if day != first {
			NextPruning::<T>::put(day);
		}
		meter.consumed()
	}

	pub(crate) fn forget(id: ConsentId) {
		let Some(consent) = Consents::<T>::take(id) else { return };
		Commitments::<T>::remove(consent.terms.terms);
		Commitments::<T>::remove(consent.terms.evidence);
		Locks::<T>::remove(consent.terms.withdraw_lock);
		Counts::<T>::mutate_exists(consent.holder, |count| {
			*count = count.map(|count| count.saturating_sub(1)).filter(|count| *count > 0);
		});
		Self::deposit_event(Event::Pruned { consent: id, holder: consent.holder });
	}

	/// The last day of the retention of a consent that died at `moment`.
	pub(crate) fn retained_until(moment: Moment) -> u32 {
		Self::day(moment.saturating_add(T::Retention::get()))
	}

	fn day(moment: Moment) -> u32 {
		(moment / DAY).saturated_into()
	}

	fn now() -> Moment {
		T::Clock::now().as_millis().saturated_into()
	}

	fn block() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}
}

impl<T: Config> curex_primitives::consent::Consents for Pallet<T> {
	fn get(id: ConsentId) -> Option<Consent> {
		Consents::<T>::get(id)
	}

	fn count_use(id: ConsentId, now: Moment) {
		Consents::<T>::mutate_extant(id, |consent| {
			consent.used.saturating_inc();
			consent.last_used = now;
		});
	}
}
