use crate::{mock::*, Disputes, Duties, Error, Event, Exchanges};
use curex_primitives::{
	AcknowledgementCode, Commitment, DisputeGrounds, Duty, ExchangeId, ExchangeState, Obligation,
	OrganisationStatus, Settlement, Suspender,
};
use frame::testing_prelude::*;

fn dispute(id: ExchangeId) -> DispatchResult {
	Exchange::dispute(side(RECIPIENT), id, DisputeGrounds::Content, fresh())
}

fn wrong_patient(id: ExchangeId) -> DispatchResult {
	Exchange::acknowledge(side(RECIPIENT), id, AcknowledgementCode::WrongPatient, None)
}

#[test]
fn what_is_suspended_goes_nowhere_until_it_is_resumed() {
	run(|| {
		let (agreed, sent) = (approved(1), dispatched(2));
		for id in [agreed, sent] {
			assert_ok!(Exchange::suspend(side(HOLDER), id));
			System::assert_last_event(
				Event::Suspended { exchange: id, by: Suspender::Holder }.into(),
			);
		}
		refuse(|| Exchange::dispatch(side(HOLDER), agreed, fresh()), Error::Suspended);
		refuse(|| Exchange::receive(side(RECIPIENT), sent, fresh()), Error::Suspended);
		refuse(|| Exchange::suspend(side(HOLDER), sent), Error::WrongState);
		for id in [agreed, sent] {
			assert_ok!(Exchange::resume(side(HOLDER), id));
		}
		assert_ok!(Exchange::dispatch(side(HOLDER), agreed, fresh()));
		assert_ok!(Exchange::receive(side(RECIPIENT), sent, fresh()));
		refuse(|| Exchange::suspend(side(HOLDER), sent), Error::WrongState);
	});
}

#[test]
fn whoever_suspended_resumes_and_nobody_else() {
	run(|| {
		let id = approved(1);
		for by in [RECIPIENT, HOSPITAL] {
			refuse(|| Exchange::suspend(side(by), id), Error::NotAuthorized);
		}
		assert_ok!(Exchange::suspend_by_policy(supervisor(), id));
		refuse(|| Exchange::resume(side(HOLDER), id), Error::NotAuthorized);
		assert_ok!(Exchange::resume_by_policy(supervisor(), id));
		assert_ok!(Exchange::suspend(side(HOLDER), id));
		refuse(|| Exchange::resume_by_policy(supervisor(), id), Error::NotAuthorized);
		let hospital = delegate(HOSPITAL, Duty::Oversight);
		refuse(|| Exchange::suspend_by_policy(hospital, id), Error::NotAuthorized);
		assert_noop!(Exchange::suspend_by_policy(side(AUTHORITY), id), BadOrigin);
	});
}

#[test]
fn a_suspension_stops_no_window_and_no_withdrawal() {
	run(|| {
		let (lapsing, withdrawn) = (approved(1), dispatched(2));
		assert_ok!(Exchange::suspend(side(HOLDER), lapsing));
		assert_ok!(Exchange::suspend(side(HOLDER), withdrawn));
		skip(DeliveryWindow::get());
		withdraw();
		assert_eq!(state_of(withdrawn), ExchangeState::Terminated);
		refuse(|| Exchange::resume(side(HOLDER), withdrawn), Error::Terminated);
		forward(3);
		assert_eq!(state_of(lapsing), ExchangeState::Terminated);
	});
}

#[test]
fn urgent_care_is_never_suspended() {
	run(|| {
		let id = emergency(1);
		refuse(|| Exchange::suspend(side(HOLDER), id), Error::WrongGate);
		refuse(|| Exchange::suspend_by_policy(supervisor(), id), Error::WrongGate);
	});
}

#[test]
fn a_recipient_disputes_what_it_received_once() {
	run(|| {
		let (received, closed) = (delivered(1), acknowledged(2));
		for id in [received, closed] {
			let evidence = fresh();
			let grounds = DisputeGrounds::Scope;
			assert_ok!(Exchange::dispute(side(RECIPIENT), id, grounds, evidence));
			System::assert_has_event(Event::Disputed { exchange: id, grounds }.into());
			assert_eq!(Disputes::<Test>::get(id).unwrap().evidence, evidence);
			let duty = Duties::<Test>::get(id, Obligation::Dispute).unwrap();
			assert_eq!(duty.organisation, Some(HOLDER));
			refuse(|| dispute(id), Error::WrongState);
		}
		let settle = |id, how| Exchange::settle_dispute(side(RECIPIENT), id, how);
		assert_ok!(settle(received, Settlement::TakenBack));
		assert_ok!(settle(closed, Settlement::Remedied));
		refuse(|| dispute(received), Error::WrongState);
		refuse(|| settle(closed, Settlement::Remedied), Error::WrongState);
		assert_eq!(Duties::<Test>::iter().count(), 0);
	});
}

#[test]
fn what_was_not_received_is_not_disputed() {
	run(|| {
		let sent = dispatched(1);
		refuse(|| dispute(sent), Error::WrongState);
		let received = delivered(2);
		let by = |side| Exchange::dispute(side, received, DisputeGrounds::Content, fresh());
		refuse(|| by(side(HOLDER)), Error::NotAuthorized);
		refuse(|| by(side(OUTSIDER)), Error::NotAuthorized);
		let grounds = DisputeGrounds::Content;
		let nothing = Commitment([0; 32]);
		refuse(
			|| Exchange::dispute(side(RECIPIENT), received, grounds, nothing),
			Error::MissingCommitment,
		);
	});
}

#[test]
fn a_dispute_comes_within_its_window() {
	run(|| {
		let (early, late) = (acknowledged(1), acknowledged(2));
		skip(DisputeWindow::get());
		assert_ok!(dispute(early));
		skip(1);
		refuse(|| dispute(late), Error::WindowClosed);
		refuse(|| wrong_patient(late), Error::WindowClosed);
	});
}

#[test]
fn the_holder_answers_once_while_the_dispute_lasts() {
	run(|| {
		let id = disputed(1);
		let answer = |by, answer| Exchange::answer_dispute(side(by), id, answer);
		refuse(|| answer(RECIPIENT, fresh()), Error::NotAuthorized);
		refuse(|| answer(HOLDER, Commitment([0; 32])), Error::MissingCommitment);
		assert_ok!(answer(HOLDER, fresh()));
		refuse(|| answer(HOLDER, fresh()), Error::AlreadyDone);
		assert!(!Duties::<Test>::contains_key(id, Obligation::Dispute));
		assert_eq!(state_of(id), ExchangeState::Disputed);
		let ordinary = delivered(2);
		refuse(|| Exchange::answer_dispute(side(HOLDER), ordinary, fresh()), Error::NotFound);
	});
}

#[test]
fn recipients_settle_and_authorities_decide() {
	run(|| {
		let id = disputed(1);
		let settle = |how| Exchange::settle_dispute(side(RECIPIENT), id, how);
		for how in [Settlement::Upheld, Settlement::Dismissed, Settlement::Lapsed] {
			refuse(|| settle(how), Error::WrongSettlement);
		}
		let decide = |origin, how| Exchange::decide_dispute(origin, id, how);
		for how in [Settlement::TakenBack, Settlement::Remedied, Settlement::Lapsed] {
			refuse(|| decide(supervisor(), how), Error::WrongSettlement);
		}
		let hospital = delegate(HOSPITAL, Duty::Oversight);
		refuse(|| decide(hospital, Settlement::Upheld), Error::NotAuthorized);
		assert_ok!(decide(supervisor(), Settlement::Upheld));
		assert_eq!(state_of(id), ExchangeState::Settled);
		assert_eq!(Disputes::<Test>::get(id).unwrap().settlement, Some(Settlement::Upheld));
	});
}

#[test]
fn a_dispute_that_nobody_settles_lapses() {
	run(|| {
		let id = disputed(1);
		forward(DisputeWindow::get() + 2);
		assert_eq!(Exchanges::<Test>::get(id).unwrap().state, ExchangeState::Settled);
		assert_eq!(Disputes::<Test>::get(id).unwrap().settlement, Some(Settlement::Lapsed));
		refuse(
			|| Exchange::settle_dispute(side(RECIPIENT), id, Settlement::Remedied),
			Error::WrongState,
		);
	});
}

#[test]
fn another_patients_data_are_reversed_and_followed_up_by_the_holder() {
	run(|| {
		let (fresh_find, late_find) = (delivered(1), disputed(2));
		for id in [fresh_find, late_find] {
			assert_ok!(wrong_patient(id));
			assert_eq!(state_of(id), ExchangeState::Reversed);
			System::assert_has_event(Event::Reversed { exchange: id, evidence: None }.into());
			let duty = Duties::<Test>::get(id, Obligation::Breach).unwrap();
			assert_eq!(duty.organisation, Some(HOLDER));
			assert!(!Duties::<Test>::contains_key(id, Obligation::Dispute));
			refuse(|| wrong_patient(id), Error::WrongState);
			refuse(|| dispute(id), Error::WrongState);
		}
		let attest = |by, id| {
			let by = delegate(by, Duty::Oversight);
			Exchange::attest_duty(by, id, Obligation::Breach, fresh())
		};
		refuse(|| attest(RECIPIENT, fresh_find), Error::NotAuthorized);
		assert_ok!(attest(HOLDER, fresh_find));
		refuse(|| attest(HOLDER, fresh_find), Error::NotFound);
		forward(BreachWindow::get() + 2);
		let overdue = Event::DutyOverdue {
			exchange: late_find,
			obligation: Obligation::Breach,
			organisation: HOLDER,
		};
		System::assert_has_event(overdue.into());
		assert_ok!(attest(HOLDER, late_find));
	});
}

#[test]
fn a_suspended_member_neither_disputes_nor_answers() {
	run(|| {
		let id = delivered(1);
		set_status(RECIPIENT, OrganisationStatus::Suspended);
		assert_noop!(dispute(id), BadOrigin);
	});
}
