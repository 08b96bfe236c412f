use crate::{mock::*, Duties, Error, Event};
use curex_primitives::{Commitment, DeferralReason, Duty, ExchangeId, Obligation};
use frame::testing_prelude::*;

const REASON: DeferralReason = DeferralReason::PatientSafety;

fn attest(id: ExchangeId, obligation: Obligation) -> DispatchResult {
	Exchange::attest_duty(delegate(HOLDER, Duty::Oversight), id, obligation, fresh())
}

fn defer(id: ExchangeId) -> DispatchResult {
	Exchange::defer_notice(delegate(HOLDER, Duty::Oversight), id, REASON)
}

#[test]
fn the_holder_tells_the_patient_of_every_break_glass() {
	run(|| {
		let id = emergency(1);
		let duty = Duties::<Test>::get(id, Obligation::PatientNotice).unwrap();
		assert_eq!((duty.organisation, duty.due), (Some(HOLDER), 1 + NoticeWindow::get()));
		let arose = Event::DutyArose {
			exchange: id,
			obligation: Obligation::PatientNotice,
			organisation: HOLDER,
			due: duty.due,
		};
		System::assert_has_event(arose.into());
		assert_ok!(attest(id, Obligation::PatientNotice));
		let done = Event::DutyFulfilled {
			exchange: id,
			obligation: Obligation::PatientNotice,
			organisation: HOLDER,
			late: false,
		};
		System::assert_last_event(done.into());
		refuse(|| attest(id, Obligation::PatientNotice), Error::NotFound);
	});
}

#[test]
fn a_notice_is_deferred_once_and_in_time() {
	run(|| {
		let (id, late) = (emergency(1), emergency(2));
		let due = 1 + NoticeWindow::get();
		skip(NoticeWindow::get());
		assert_ok!(defer(id));
		let later = due + NoticeDeferral::get();
		let deferred = Event::NoticeDeferred { exchange: id, reason: REASON, due: later };
		System::assert_last_event(deferred.into());
		refuse(|| defer(id), Error::AlreadyDeferred);
		skip(1);
		refuse(|| defer(late), Error::WindowClosed);
		forward(2);
		assert!(Duties::<Test>::get(late, Obligation::PatientNotice).unwrap().overdue);
		assert!(!Duties::<Test>::get(id, Obligation::PatientNotice).unwrap().overdue);
		forward(NoticeDeferral::get());
		assert!(Duties::<Test>::get(id, Obligation::PatientNotice).unwrap().overdue);
	});
}

#[test]
fn an_overdue_notice_is_announced_once_and_taken_late() {
	run(|| {
		let id = emergency(1);
		forward(NoticeWindow::get() + 5);
		let overdue = RuntimeEvent::from(Event::DutyOverdue {
			exchange: id,
			obligation: Obligation::PatientNotice,
			organisation: HOLDER,
		});
		let announced = System::events().iter().filter(|record| record.event == overdue).count();
		assert_eq!(announced, 1);
		assert_ok!(attest(id, Obligation::PatientNotice));
		assert!(matches!(
			System::events().last().unwrap().event,
			RuntimeEvent::Exchange(Event::DutyFulfilled { late: true, .. })
		));
	});
}

#[test]
fn nobody_attests_for_another_or_what_has_a_call_of_its_own() {
	run(|| {
		let id = emergency(1);
		let by = |organisation, duty, obligation| {
			Exchange::attest_duty(delegate(organisation, duty), id, obligation, fresh())
		};
		let notice = Obligation::PatientNotice;
		refuse(|| by(RECIPIENT, Duty::Oversight, notice), Error::NotAuthorized);
		assert_noop!(by(HOLDER, Duty::Exchange, notice), BadOrigin);
		for obligation in [Obligation::Review, Obligation::Dispute, Obligation::Rectification] {
			refuse(|| by(HOLDER, Duty::Oversight, obligation), Error::WrongObligation);
		}
		refuse(|| by(HOLDER, Duty::Oversight, Obligation::Misuse), Error::NotFound);
		let holder = delegate(HOLDER, Duty::Oversight);
		let nothing = Commitment([0; 32]);
		refuse(|| Exchange::attest_duty(holder, id, notice, nothing), Error::MissingCommitment);
	});
}
