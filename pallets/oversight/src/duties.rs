//! The register of duties that have a deadline.

use crate::{Agenda, Config, Duties, Event, NextHour, OpenDuty, Pallet, WeightInfo};
use alloc::vec::Vec;
use curex_primitives::{oversight::DutyRegister, DutyDue, DutyKind, Moment, OrganisationId};
use frame::{deps::frame_support::weights::WeightMeter, prelude::*};

const HOUR: Moment = 3_600 * 1_000;

impl<T: Config> DutyRegister for Pallet<T> {
	fn open(organisation: OrganisationId, duty: DutyKind, due: Moment) {
		Self::close(organisation, duty);
		let next = NextHour::<T>::get().unwrap_or_else(|| {
			let hour = hour_of(Self::now());
			NextHour::<T>::put(hour);
			hour
		});
		// A deadline that has passed already is found overdue with the next hour.
		let hour = hour_of(due).max(next);
		Agenda::<T>::insert(hour, (organisation, duty), ());
		Duties::<T>::insert(organisation, duty, OpenDuty { due, hour });
	}

	fn close(organisation: OrganisationId, duty: DutyKind) {
		if let Some(open) = Duties::<T>::take(organisation, duty) {
			Agenda::<T>::remove(open.hour, (organisation, duty));
		}
	}
}

impl<T: Config> Pallet<T> {
	/// Tells of duties whose hour is over, as far as the weight allows, and goes on in the next block.
	pub(crate) fn find_overdue(meter: &mut WeightMeter) {
		if meter.try_consume(T::WeightInfo::agenda_hour()).is_err() {
			return;
		}
		let Some(first) = NextHour::<T>::get() else { return };
		let present = hour_of(Self::now());
		let mut hour = first;
		'hours: while hour < present {
			let mut passed = Agenda::<T>::drain_prefix(hour);
			loop {
				if !meter.can_consume(T::WeightInfo::mark_overdue()) {
					break 'hours;
				}
				let Some(((organisation, duty), ())) = passed.next() else { break };
				meter.consume(T::WeightInfo::mark_overdue());
				Self::mark_overdue(organisation, duty);
			}
			hour.saturating_inc();
			if meter.try_consume(T::WeightInfo::agenda_hour()).is_err() {
				break;
			}
		}
		if hour != first {
			NextHour::<T>::put(hour);
		}
	}

	pub(crate) fn mark_overdue(organisation: OrganisationId, duty: DutyKind) {
		let Some(OpenDuty { due, .. }) = Duties::<T>::get(organisation, duty) else { return };
		Self::deposit_event(Event::DutyOverdue { organisation, duty, due });
	}

	/// The duties of an organisation in the order of their deadlines, at most `limit`.
	pub fn duties_of(organisation: OrganisationId, limit: u32) -> Vec<DutyDue> {
		let now = Self::now();
		let anchor = Self::next_anchor(organisation).map(|due| (DutyKind::AnchorLog, due));
		let others =
			Duties::<T>::iter_prefix(organisation).map(|(duty, OpenDuty { due, .. })| (duty, due));
		let mut duties: Vec<DutyDue> = anchor
			.into_iter()
			.chain(others)
			.take(limit as usize)
			.map(|(duty, due)| DutyDue { duty, due, overdue: now > due })
			.collect();
		duties.sort_by_key(|duty| (duty.due, duty.duty));
		duties
	}
}

pub(crate) fn hour_of(moment: Moment) -> u32 {
	(moment / HOUR).saturated_into()
}
