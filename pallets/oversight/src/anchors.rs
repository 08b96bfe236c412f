//! Access-log anchors, and who has not anchored.

use crate::{
	Alarms, Anchors, Config, Error, Event, LastAnchors, Pallet, Round, Watch, Watches, WeightInfo,
};
use curex_primitives::{
	oversight::{anchor_due, is_anchor_overdue, is_competent, ANCHOR_PERIOD},
	AnchorAlarm, AnchorAlarms, Competence, LogAnchor, Moment, OrganisationId, Organisations,
};
use frame::{deps::frame_support::weights::WeightMeter, prelude::*};

const HOUR: Moment = 3_600 * 1_000;
/// The shortest and the longest period that an authority may set.
const PERIODS: core::ops::RangeInclusive<Moment> = HOUR..=7 * 24 * HOUR;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_anchor(
		organisation: OrganisationId,
		sequence: u64,
		anchor: LogAnchor,
	) -> Result<(), Error<T>> {
		let last = LastAnchors::<T>::get(organisation);
		let last_sequence = last.map_or(0, |(sequence, _)| sequence);
		ensure!(sequence > last_sequence, Error::<T>::AlreadyExists);
		ensure!(last_sequence.checked_add(1) == Some(sequence), Error::<T>::SequenceGap);
		let period = Watches::<T>::get(organisation).map_or(ANCHOR_PERIOD, |watch| watch.period);
		let alarms = anchor.check(last.map(|(_, to)| to), Self::now(), period)?;

		let to = anchor.to;
		Anchors::<T>::insert(organisation, sequence, anchor);
		LastAnchors::<T>::insert(organisation, (sequence, to));
		Watches::<T>::insert(organisation, Watch { since: to, period, alarmed: false });
		Self::deposit_event(Event::LogAnchored { organisation, sequence });
		Self::alarm(organisation, sequence, alarms);
		Ok(())
	}

	pub(crate) fn do_prove_miscount(
		organisation: OrganisationId,
		sequence: u64,
		count: u64,
		top: [u8; 32],
	) -> Result<(), Error<T>> {
		let anchor = Anchors::<T>::get(organisation, sequence).ok_or(Error::<T>::NotFound)?;
		ensure!(anchor.miscounts(count, top), Error::<T>::CountNotDisproved);
		let alarms = Alarms::<T>::get(organisation, sequence).unwrap_or_default();
		Self::alarm(organisation, sequence, alarms.with(AnchorAlarm::CountMismatch));
		Ok(())
	}

	fn alarm(organisation: OrganisationId, sequence: u64, alarms: AnchorAlarms) {
		if alarms.is_empty() {
			return;
		}
		Alarms::<T>::insert(organisation, sequence, alarms);
		Self::deposit_event(Event::AnchorAlarmed { organisation, sequence, alarms });
	}

	pub(crate) fn do_set_anchor_period(
		authority: OrganisationId,
		organisation: OrganisationId,
		period: Moment,
	) -> Result<(), Error<T>> {
		let facts =
			T::Organisations::facts(organisation).ok_or(Error::<T>::OrganisationNotFound)?;
		let competent = T::Organisations::facts(authority)
			.is_some_and(|authority| is_competent(&authority, Competence::DataProtection, &facts));
		ensure!(competent, Error::<T>::NotCompetent);
		ensure!(PERIODS.contains(&period), Error::<T>::WrongDeadline);
		let watch = Self::watch(organisation);
		Watches::<T>::insert(organisation, Watch { period, alarmed: false, ..watch });
		Ok(())
	}

	fn watch(organisation: OrganisationId) -> Watch {
		Watches::<T>::get(organisation).unwrap_or_else(|| Watch {
			since: LastAnchors::<T>::get(organisation).map_or_else(Self::now, |(_, to)| to),
			period: ANCHOR_PERIOD,
			alarmed: false,
		})
	}

	/// Looks at every organisation once an hour, as far as the weight allows, and goes on in the next block.
	pub(crate) fn watch_anchors(meter: &mut WeightMeter) {
		if meter.try_consume(T::WeightInfo::watch_round()).is_err() {
			return;
		}
		let hour = (Self::now() / HOUR).saturated_into();
		let (round, first) = Round::<T>::get().unwrap_or((hour, OrganisationId(0)));
		if round > hour {
			return;
		}
		let mut next = first;
		loop {
			if !meter.can_consume(T::WeightInfo::watch_organisation()) {
				Round::<T>::put((round, next));
				return;
			}
			meter.consume(T::WeightInfo::watch_organisation());
			if !Self::watch_organisation(next) {
				break;
			}
			next = OrganisationId(next.0.saturating_add(1));
		}
		Round::<T>::put((hour.saturating_add(1), OrganisationId(0)));
	}

	/// Raises one alarm for an organisation that does not anchor. Tells whether there is such an organisation.
	pub(crate) fn watch_organisation(organisation: OrganisationId) -> bool {
		let Some(facts) = T::Organisations::facts(organisation) else { return false };
		if !facts.is_active() || !facts.treats() {
			return true;
		}
		let known = Watches::<T>::contains_key(organisation);
		let mut watch = Self::watch(organisation);
		let late = !watch.alarmed && is_anchor_overdue(watch.since, Self::now(), watch.period);
		if late {
			watch.alarmed = true;
			let since = watch.since;
			Self::deposit_event(Event::AnchorMissing { organisation, since });
		}
		if late || !known {
			Watches::<T>::insert(organisation, watch);
		}
		true
	}

	/// Until when an organisation is to anchor.
	pub(crate) fn next_anchor(organisation: OrganisationId) -> Option<Moment> {
		Watches::<T>::get(organisation).map(|watch| anchor_due(watch.since, watch.period))
	}
}
