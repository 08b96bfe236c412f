use crate::{mock::*, Error, Event, Notices};
use curex_primitives::{BreachNotice, DutyKind, NoticeKind, Regime, Regimes};
use frame::testing_prelude::*;

fn opened(regimes: impl Into<Regimes>) {
	let officer = officer(HOSPITAL);
	assert_ok!(Oversight::open_breach(officer, commitment(1), START, regimes.into(), 0, 1));
}

#[test]
fn a_notice_at_its_deadline_is_in_time_and_a_later_one_is_marked() {
	for (kind, after) in [
		(NoticeKind::DataProtection, 72 * HOUR),
		(NoticeKind::EarlyWarning, 24 * HOUR),
		(NoticeKind::IncidentNotification, 72 * HOUR),
		(NoticeKind::FinalReport, 72 * HOUR + 30 * DAY),
	] {
		for late in [false, true] {
			run(|| {
				opened(Regimes::all());
				let at = START + after + u64::from(late);
				Now::set(at);
				assert_ok!(Oversight::notify_breach(officer(HOSPITAL), 0, kind, commitment(2)));
				let notice = BreachNotice { notice: commitment(2), at, late };
				assert_eq!(Notices::<Test>::get(0, kind), Some(notice));
				let event = Event::BreachNotified { breach: 0, organisation: HOSPITAL, kind, late };
				System::assert_last_event(event.into());
			});
		}
	}
}

#[test]
fn the_final_report_is_due_a_month_after_the_notification() {
	run(|| {
		opened(Regime::NetworkSecurity);
		let at = START + HOUR;
		Now::set(at);
		let notify =
			|kind, number| Oversight::notify_breach(officer(HOSPITAL), 0, kind, commitment(number));
		assert_ok!(notify(NoticeKind::IncidentNotification, 2));
		let duty = DutyKind::NotifyBreach(0, NoticeKind::FinalReport);
		let due = |duties: Vec<curex_primitives::DutyDue>| {
			duties.into_iter().find(|open| open.duty == duty).map(|open| open.due)
		};
		assert_eq!(due(Oversight::duties_of(HOSPITAL, 9)), Some(at + 30 * DAY));
		Now::set(at + 30 * DAY + 1);
		assert_ok!(notify(NoticeKind::FinalReport, 3));
		assert!(Notices::<Test>::get(0, NoticeKind::FinalReport).unwrap().late);
	});
}

#[test]
fn a_notification_after_the_final_report_opens_no_second_report() {
	run(|| {
		opened(Regime::NetworkSecurity);
		let notify =
			|kind, number| Oversight::notify_breach(officer(HOSPITAL), 0, kind, commitment(number));
		assert_ok!(notify(NoticeKind::FinalReport, 2));
		assert_ok!(notify(NoticeKind::IncidentNotification, 3));
		assert_ok!(notify(NoticeKind::EarlyWarning, 4));
		assert!(Oversight::duties_of(HOSPITAL, 9)
			.iter()
			.all(|open| open.duty == DutyKind::AnchorLog));
	});
}

#[test]
fn only_the_organisation_itself_notifies_and_only_once_and_only_what_a_law_asks_for() {
	run(|| {
		opened(Regime::DataProtection);
		let kind = NoticeKind::DataProtection;
		let notify = |by, breach, kind, number| {
			Oversight::notify_breach(officer(by), breach, kind, commitment(number))
		};
		refuse(|| notify(HOSPITAL, 1, kind, 2), Error::NotFound);
		refuse(|| notify(OTHER, 0, kind, 2), Error::NotAuthorized);
		refuse(|| notify(HOSPITAL, 0, kind, 0), Error::MissingCommitment);
		refuse(|| notify(HOSPITAL, 0, kind, 1), Error::CommitmentReused);
		refuse(|| notify(HOSPITAL, 0, NoticeKind::EarlyWarning, 2), Error::NoticeNotAsked);
		assert_ok!(notify(HOSPITAL, 0, kind, 2));
		refuse(|| notify(HOSPITAL, 0, kind, 3), Error::AlreadyNotified);
	});
}
