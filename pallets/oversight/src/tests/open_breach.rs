use crate::{mock::*, Breaches, Error, Event};
use curex_primitives::{
	BreachCase, Commitment, Duty, DutyKind, ExchangeId, Moment, NoticeKind, Regime, Regimes,
};
use frame::testing_prelude::*;

fn open(case: Commitment, detected_at: Moment, regimes: Regimes) -> DispatchResult {
	let (from, until) = (START - DAY, START);
	Oversight::open_breach(officer(HOSPITAL), case, detected_at, regimes, from, until)
}

#[test]
fn each_law_starts_its_clocks() {
	run(|| {
		let detected_at = START - 5 * HOUR;
		let regimes = Regimes::all();
		assert_ok!(open(commitment(1), detected_at, regimes));
		let expected = BreachCase {
			organisation: HOSPITAL,
			case: commitment(1),
			detected_at,
			opened_at: 1,
			regimes,
			affected_from: START - DAY,
			affected_until: START,
		};
		assert_eq!(Breaches::<Test>::get(0), Some(expected));
		let event = Event::BreachOpened { breach: 0, organisation: HOSPITAL, regimes };
		System::assert_last_event(event.into());
		let due: Vec<_> =
			Oversight::duties_of(HOSPITAL, 9).iter().map(|duty| (duty.duty, duty.due)).collect();
		let notice = |kind, after| (DutyKind::NotifyBreach(0, kind), detected_at + after);
		assert_eq!(
			due,
			[
				notice(NoticeKind::EarlyWarning, 24 * HOUR),
				notice(NoticeKind::DataProtection, 72 * HOUR),
				notice(NoticeKind::IncidentNotification, 72 * HOUR),
				notice(NoticeKind::FinalReport, 72 * HOUR + 30 * DAY),
			]
		);
	});
}

#[test]
fn each_clock_that_runs_out_raises_an_alarm_of_its_own() {
	run(|| {
		assert_ok!(open(commitment(1), START, Regimes::all()));
		let overdue = |kind, due| {
			let duty = DutyKind::NotifyBreach(0, kind);
			times(Event::DutyOverdue { organisation: HOSPITAL, duty, due })
		};
		for (kinds, after) in [
			(&[NoticeKind::EarlyWarning][..], 24 * HOUR),
			(&[NoticeKind::DataProtection, NoticeKind::IncidentNotification], 72 * HOUR),
			(&[NoticeKind::FinalReport], 72 * HOUR + 30 * DAY),
		] {
			let due = START + after;
			idle(due);
			assert!(kinds.iter().all(|kind| overdue(*kind, due) == 0), "{kinds:?}");
			idle(due + HOUR);
			idle(due + 2 * HOUR);
			assert!(kinds.iter().all(|kind| overdue(*kind, due) == 1), "{kinds:?}");
		}
	});
}

#[test]
fn a_breach_that_is_registered_too_late_is_overdue_at_once() {
	run(|| {
		idle(START);
		let regimes = Regime::DataProtection.into();
		assert_ok!(open(commitment(1), START - 10 * DAY, regimes));
		idle(START + HOUR);
		let duty = DutyKind::NotifyBreach(0, NoticeKind::DataProtection);
		let due = START - 7 * DAY;
		assert_eq!(times(Event::DutyOverdue { organisation: HOSPITAL, duty, due }), 1);
	});
}

#[test]
fn the_exchanges_that_a_breach_affects_are_listed_page_by_page() {
	run(|| {
		let exchanges = [
			([1; 32], (HOSPITAL.0, START - DAY)),
			([2; 32], (HOSPITAL.0, START - DAY - 1)),
			([3; 32], (OTHER.0, START - 1)),
			([4; 32], (HOSPITAL.0, START - 1)),
			([5; 32], (HOSPITAL.0, START)),
		];
		Exchanges::set(exchanges.into_iter().collect());
		assert_ok!(open(commitment(1), START, Regimes::all()));
		let (mut found, mut after) = (Vec::new(), None);
		loop {
			let (page, next) = Oversight::affected_exchanges(0, after, 2);
			found.extend(page);
			after = next;
			if after.is_none() {
				break;
			}
		}
		assert_eq!(found, [ExchangeId([1; 32]), ExchangeId([4; 32])]);
		assert_eq!(Oversight::affected_exchanges(1, None, 2), (Vec::new(), None));
	});
}

#[test]
fn a_malformed_breach_is_refused() {
	run(|| {
		let regimes = Regimes::all();
		refuse(|| open(commitment(1), START + 1, regimes), Error::InFuture);
		refuse(|| open(commitment(1), START, Regimes::EMPTY), Error::NoRegime);
		refuse(|| open(commitment(0), START, regimes), Error::MissingCommitment);
		let empty =
			|| Oversight::open_breach(officer(HOSPITAL), commitment(1), START, regimes, 5, 5);
		refuse(empty, Error::EmptyPeriod);
		assert_ok!(open(commitment(1), START, regimes));
		refuse(|| open(commitment(1), START, regimes), Error::CommitmentReused);
		let clerk = delegate(HOSPITAL, Duty::Review);
		let opened = Oversight::open_breach(clerk, commitment(2), START, regimes, 0, 1);
		assert_noop!(opened, BadOrigin);
	});
}
