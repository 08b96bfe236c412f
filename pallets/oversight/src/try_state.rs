//! What holds between any two calls.

use crate::{
	duties::hour_of, Agenda, Alarms, Anchors, Breaches, Commitments, Config, Duties, Inquiries,
	LastAnchors, NextBreach, NextHour, NextInquiry, Notices, Pallet, Watches,
};
use curex_primitives::{AnchorAlarm, DutyKind, InquiryOutcome, NoticeKind};
use frame::prelude::*;

impl<T: Config> Pallet<T> {
	/// ### Invariants of oversight
	///
	/// 1. The anchors of an organisation are numbered from 1 to its last without a gap; each ends after the one before,
	///    and where it does not begin there it is marked; the last ends where the ledger says, and the organisation is
	///    watched from there on.
	/// 2. Inquiries and breaches are numbered from zero to below the next number.
	/// 3. The commitments of inquiries, breaches and notices are all remembered, each once, and no others.
	/// 4. No authority asks itself.
	/// 5. An inquiry is a duty as long as it is open; a notice that a law asks for is a duty until it is given.
	/// 6. Every duty whose hour is to come stands in the agenda of its hour, and nothing else does.
	/// 7. Every notice belongs to a breach, one of whose laws asks for it.
	pub fn do_try_state() -> Result<(), DispatchError> {
		Self::check_anchors()?;
		Self::check_numbers()?;
		Self::check_commitments()?;
		Self::check_duties()?;
		Self::check_agenda()
	}

	fn check_anchors() -> Result<(), DispatchError> {
		let mut total = 0;
		for (organisation, (last, end)) in LastAnchors::<T>::iter() {
			let mut previous = None;
			for sequence in 1..=last {
				let anchor = Anchors::<T>::get(organisation, sequence).ok_or("1: a gap")?;
				let alarms = Alarms::<T>::get(organisation, sequence).unwrap_or_default();
				ensure!(previous.is_none_or(|to| to < anchor.to), "1: nothing new");
				let (gap, overlap) =
					previous.map_or((false, false), |to| (to < anchor.from, to > anchor.from));
				ensure!(alarms.contains(AnchorAlarm::Gap) == gap, "1: a gap without its mark");
				let marked = alarms.contains(AnchorAlarm::Overlap) == overlap;
				ensure!(marked, "1: an overlap without its mark");
				previous = Some(anchor.to);
				total += 1;
			}
			ensure!(previous == Some(end), "1: another end");
			let watched = Watches::<T>::get(organisation).is_some_and(|watch| watch.since == end);
			ensure!(watched, "1: not watched from its end");
		}
		ensure!(Anchors::<T>::iter_keys().count() == total, "1: an anchor too many");
		for (organisation, sequence, alarms) in Alarms::<T>::iter() {
			let known = Anchors::<T>::contains_key(organisation, sequence) && !alarms.is_empty();
			ensure!(known, "1: an alarm without its anchor");
		}
		Ok(())
	}

	fn check_numbers() -> Result<(), DispatchError> {
		let inquiries = (0..NextInquiry::<T>::get()).all(Inquiries::<T>::contains_key)
			&& Inquiries::<T>::iter_keys().count() == NextInquiry::<T>::get() as usize;
		ensure!(inquiries, "2: the numbers of the inquiries");
		let breaches = (0..NextBreach::<T>::get()).all(Breaches::<T>::contains_key)
			&& Breaches::<T>::iter_keys().count() == NextBreach::<T>::get() as usize;
		ensure!(breaches, "2: the numbers of the breaches");
		Ok(())
	}

	fn check_commitments() -> Result<(), DispatchError> {
		let mut carried = 0;
		let mut check = |commitment| {
			carried += 1;
			ensure!(Commitments::<T>::contains_key(commitment), "3: not remembered");
			Ok::<(), DispatchError>(())
		};
		for inquiry in Inquiries::<T>::iter_values() {
			ensure!(inquiry.authority != inquiry.organisation, "4: an authority asks itself");
			check(inquiry.case)?;
			match inquiry.outcome {
				InquiryOutcome::Disclosed(commitment) | InquiryOutcome::Refused(_, commitment) => {
					check(commitment)?;
				},
				InquiryOutcome::Open | InquiryOutcome::Withdrawn => {},
			}
		}
		for breach in Breaches::<T>::iter_values() {
			check(breach.case)?;
		}
		for (breach, kind, notice) in Notices::<T>::iter() {
			let asked =
				Breaches::<T>::get(breach).is_some_and(|case| case.regimes.contains(kind.regime()));
			ensure!(asked, "7: a notice that no law asks for");
			check(notice.notice)?;
		}
		ensure!(Commitments::<T>::iter_keys().count() == carried, "3: a commitment too many");
		Ok(())
	}

	fn check_duties() -> Result<(), DispatchError> {
		for (number, inquiry) in Inquiries::<T>::iter() {
			let open = inquiry.outcome == InquiryOutcome::Open;
			let duty = Duties::<T>::get(inquiry.organisation, DutyKind::AnswerInquiry(number));
			ensure!(duty.map(|duty| duty.due) == open.then_some(inquiry.due), "5: an inquiry");
			ensure!(inquiry.closed.is_some() != open, "5: open and closed");
		}
		for (number, breach) in Breaches::<T>::iter() {
			let notified = Notices::<T>::get(number, NoticeKind::IncidentNotification);
			for kind in NoticeKind::ALL.iter().copied() {
				let duty =
					Duties::<T>::get(breach.organisation, DutyKind::NotifyBreach(number, kind));
				let open = !Notices::<T>::contains_key(number, kind);
				let due =
					breach.due(kind, notified.as_ref().map(|notice| notice.at)).filter(|_| open);
				ensure!(duty.map(|duty| duty.due) == due, "5: a notice");
			}
		}
		Ok(())
	}

	fn check_agenda() -> Result<(), DispatchError> {
		let next = NextHour::<T>::get().unwrap_or(0);
		for (hour, (organisation, duty), ()) in Agenda::<T>::iter() {
			let open = Duties::<T>::get(organisation, duty);
			ensure!(open.is_some_and(|open| open.hour == hour), "6: a duty that is not open");
			ensure!(hour >= next, "6: an hour was missed");
		}
		for (organisation, duty, open) in Duties::<T>::iter() {
			ensure!(open.hour >= hour_of(open.due), "6: found overdue before its deadline");
			let planned = Agenda::<T>::contains_key(open.hour, (organisation, duty));
			ensure!(planned || open.hour <= next, "6: a duty without its hour");
		}
		Ok(())
	}
}
