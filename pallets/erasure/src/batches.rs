//! Filing, release and attestation of orders.

use crate::{
	Attestations, Batches, Collecting, Commitments, Config, Days, Error, Event, Filed, NextOverdue,
	NextPruning, Orders, Overdue, Pallet, WeightInfo,
};
use alloc::vec::Vec;
use curex_primitives::{
	erasure::{day_of, due, is_filing_time},
	merkle, Commitment, DutyDue, DutyKind, ErasureAttestation, ErasureBatch, ErasureId,
	ErasureMethod, OrganisationId, Organisations, SLOTS,
};
use frame::{deps::frame_support::weights::WeightMeter, prelude::*};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_file(
		organisation: OrganisationId,
		orders: [ErasureId; SLOTS],
	) -> Result<(), Error<T>> {
		ensure!(Self::is_bound(organisation), Error::<T>::NotAuthorized);
		let now = Self::now();
		let day = day_of(now);
		ensure!(is_filing_time(now), Error::<T>::NotFilingTime);
		ensure!(Filed::<T>::get(organisation) != Some(day), Error::<T>::AlreadyFiled);
		Self::release();
		let filed = Collecting::<T>::get().map_or(0, |(_, filed)| filed);
		let total = filed.checked_add(SLOTS as u32).ok_or(Error::<T>::NumbersExhausted)?;
		for order in orders {
			ensure!(!order.is_zero(), Error::<T>::MissingHandle);
			ensure!(!Days::<T>::contains_key(order), Error::<T>::HandleReused);
			Days::<T>::insert(order, day);
			Orders::<T>::insert(day, order, ());
		}
		Filed::<T>::insert(organisation, day);
		Collecting::<T>::put((day, total));
		Self::deposit_event(Event::OrdersFiled { day });
		Ok(())
	}

	/// Releases the orders of a day that is over. Runs at the beginning of every block and before every access, so
	/// that it makes no difference which of the two comes first.
	pub(crate) fn release() {
		let Some((day, orders)) = Collecting::<T>::get() else { return };
		if day_of(Self::now()) <= day {
			return;
		}
		Collecting::<T>::kill();
		let (members, due) = (Self::members(), due(day));
		Batches::<T>::insert(
			day,
			ErasureBatch { orders, members, due, released_at: Self::block() },
		);
		if NextOverdue::<T>::get().is_none() {
			NextOverdue::<T>::put((day, OrganisationId(0)));
			NextPruning::<T>::put(day);
		}
		Self::deposit_event(Event::BatchReleased { day, orders, due });
	}

	/// How many organisations there are: their numbers have no gap, so a search by halves finds the end.
	fn members() -> u32 {
		let known = |number| T::Organisations::facts(OrganisationId(number)).is_some();
		let mut beyond: u32 = 1;
		while known(beyond) {
			beyond = beyond.saturating_mul(2);
			if beyond == u32::MAX {
				return beyond;
			}
		}
		let (mut below, mut above) = (0, beyond);
		while below < above {
			let middle = below + (above - below) / 2;
			if known(middle) {
				below = middle + 1;
			} else {
				above = middle;
			}
		}
		below
	}

	/// Whether the organisation may hold records that an order is about.
	fn is_bound(organisation: OrganisationId) -> bool {
		T::Organisations::facts(organisation).is_some_and(|facts| facts.treats())
	}

	pub(crate) fn do_attest(
		organisation: OrganisationId,
		day: u32,
		top: [u8; 32],
		method: ErasureMethod,
		evidence: Commitment,
	) -> Result<bool, Error<T>> {
		ensure!(Self::is_bound(organisation), Error::<T>::NotAuthorized);
		Self::release();
		let batch = Batches::<T>::get(day).ok_or(Error::<T>::NotFound)?;
		let owed =
			organisation.0 < batch.members && !Attestations::<T>::contains_key(day, organisation);
		ensure!(owed, Error::<T>::NothingToAttest);
		ensure!(top != [0; 32], Error::<T>::MissingCommitment);
		Self::ensure_fresh(evidence)?;

		Commitments::<T>::insert(evidence, ());
		let at = Self::now();
		let late = at > batch.due;
		let answers = merkle::root_of(batch.orders.into(), top);
		let attestation = ErasureAttestation { answers, method, evidence, at, late };
		Attestations::<T>::insert(day, organisation, attestation);
		Overdue::<T>::remove(day, organisation);
		Ok(late)
	}

	/// Flags who has not attested in time, as far as the weight allows, and goes on in the next block.
	pub(crate) fn flag_overdue(meter: &mut WeightMeter) {
		if meter.try_consume(T::WeightInfo::overdue_day()).is_err() {
			return;
		}
		let Some(first) = NextOverdue::<T>::get() else { return };
		let now = Self::now();
		let (mut day, mut next) = first;
		'days: while due(day) < now {
			let members = Batches::<T>::get(day).map_or(0, |batch| batch.members);
			while next.0 < members {
				if meter.try_consume(T::WeightInfo::flag()).is_err() {
					break 'days;
				}
				Self::flag(day, next);
				next = OrganisationId(next.0 + 1);
			}
			(day, next) = (day.saturating_add(1), OrganisationId(0));
			if meter.try_consume(T::WeightInfo::overdue_day()).is_err() {
				break;
			}
		}
		if (day, next) != first {
			NextOverdue::<T>::put((day, next));
		}
	}

	pub(crate) fn flag(day: u32, organisation: OrganisationId) {
		let owed =
			Self::is_bound(organisation) && !Attestations::<T>::contains_key(day, organisation);
		if owed {
			Overdue::<T>::insert(day, organisation, ());
			Self::deposit_event(Event::AttestationOverdue { day, organisation });
		}
	}

	/// The batches that an organisation has to answer and has not.
	pub fn duties_of(organisation: OrganisationId, limit: u32) -> Vec<DutyDue> {
		if !Self::is_bound(organisation) {
			return Vec::new();
		}
		let now = Self::now();
		let mut open: Vec<DutyDue> = Batches::<T>::iter()
			.filter(|(day, batch)| {
				organisation.0 < batch.members
					&& !Attestations::<T>::contains_key(day, organisation)
			})
			.map(|(day, batch)| DutyDue {
				duty: DutyKind::AttestErasure(day),
				due: batch.due,
				overdue: now > batch.due,
			})
			.collect();
		open.sort_by_key(|duty| duty.due);
		open.truncate(limit as usize);
		open
	}

	/// The orders of a batch in the order of their handles, once it is released.
	pub fn orders_of(day: u32) -> Vec<ErasureId> {
		if !Batches::<T>::contains_key(day) {
			return Vec::new();
		}
		let mut orders: Vec<_> = Orders::<T>::iter_key_prefix(day).collect();
		orders.sort_unstable();
		orders
	}
}
