use crate::{mock::*, Agenda, Error, Event, Exchanges, NextAgenda, WeightInfo, MAX_AGENDA};
use curex_primitives::ExchangeState;
use frame::testing_prelude::*;

fn recorded(id: curex_primitives::ExchangeId) -> ExchangeState {
	Exchanges::<Test>::get(id).unwrap().state
}

#[test]
fn a_deadline_passes_after_its_block() {
	run(|| {
		let (id, late) = (requested(1), requested(2));
		skip(AnswerWindow::get());
		assert_ok!(Exchange::approve(side(HOLDER), id));
		skip(1);
		refuse(|| Exchange::approve(side(HOLDER), late), Error::WindowClosed);
		assert_eq!(state_of(late), ExchangeState::NotServed);
		assert_eq!(recorded(late), ExchangeState::Requested, "not written down yet");
	});
}

#[test]
fn every_window_has_its_boundary() {
	run(|| {
		let (agreed, sent, received) = (approved(1), dispatched(2), {
			withdraw();
			emergency(3)
		});
		// The consent is withdrawn: what follows are the break-glass's windows.
		assert_eq!(
			(state_of(agreed), state_of(sent)),
			(ExchangeState::Terminated, ExchangeState::Terminated)
		);
		let window = DeliveryWindow::get();
		skip(window);
		assert_ok!(Exchange::dispatch(side(HOLDER), received, fresh()));
		skip(window);
		assert_ok!(Exchange::receive(side(RECIPIENT), received, fresh()));
		skip(window + 1);
		let code = curex_primitives::AcknowledgementCode::Accepted;
		refuse(
			|| Exchange::acknowledge(side(RECIPIENT), received, code, None),
			Error::WindowClosed,
		);
		assert_eq!(state_of(received), ExchangeState::Expired);
	});
}

#[test]
fn idle_time_writes_down_what_lapsed_in_the_block_before() {
	run(|| {
		let (asked, agreed) = (requested(1), approved(2));
		let closed = |exchange, outcome| {
			let event = RuntimeEvent::from(Event::Closed { exchange, outcome });
			System::events().iter().filter(|record| record.event == event).count()
		};
		// The block of the deadline ends without closing.
		forward(AnswerWindow::get() + 1);
		assert_eq!(recorded(asked), ExchangeState::Requested);
		forward(1);
		assert_eq!(recorded(asked), ExchangeState::NotServed);
		assert_eq!(closed(asked, ExchangeState::NotServed), 1);
		forward(DeliveryWindow::get());
		assert_eq!(recorded(agreed), ExchangeState::Expired);
		assert_eq!(closed(agreed, ExchangeState::Expired), 1);
		assert!(Exchanges::<Test>::iter_values().all(|exchange| exchange.ended_at.is_some()));
		forward(5);
		assert_eq!(closed(asked, ExchangeState::NotServed), 1, "once");
	});
}

#[test]
fn a_termination_is_written_down_with_the_window() {
	run(|| {
		let id = approved(1);
		withdraw();
		forward(DeliveryWindow::get() + 2);
		assert_eq!(recorded(id), ExchangeState::Terminated);
	});
}

#[test]
fn what_lapsed_before_a_withdrawal_stays_lapsed() {
	run(|| {
		let (lapsed, last) = (approved(1), DeliveryWindow::get());
		skip(last + 1);
		assert_eq!(state_of(lapsed), ExchangeState::Expired);
		withdraw();
		assert_eq!(state_of(lapsed), ExchangeState::Expired);
		forward(1);
		assert_eq!(recorded(lapsed), ExchangeState::Expired);
	});
}

#[test]
fn many_deadlines_in_one_block_are_worked_off_within_the_weight() {
	run(|| {
		let ids: Vec<_> = (1..=50).map(requested).collect();
		skip(AnswerWindow::get() + 1);
		let now = System::block_number();
		assert_eq!(Exchange::on_idle(now, Weight::zero()), Weight::zero());
		// Each of the three lists goes through every block once.
		let steps = 3 * (u64::from(AnswerWindow::get()) + 3);
		let most = <() as WeightInfo>::close().max(<() as WeightInfo>::prune());
		let budget = <() as WeightInfo>::advance() * steps + most * 4;
		let open = || ids.iter().filter(|id| recorded(**id) == ExchangeState::Requested).count();
		let mut blocks = 0;
		while open() > 0 {
			let before = open();
			assert!(Exchange::on_idle(now, budget).all_lte(budget));
			assert!(open() < before, "every block makes progress");
			assert!(ids.iter().all(|id| state_of(*id) == ExchangeState::NotServed));
			check_invariants();
			blocks += 1;
		}
		assert!(blocks > 1, "bounded");
		Exchange::on_idle(now, Weight::MAX);
		assert_eq!(u64::from(NextAgenda::<Test>::get()), now);
	});
}

#[test]
fn a_full_list_passes_what_comes_next_to_the_block_after() {
	run(|| {
		let last = Exchange::block() + AnswerWindow::get();
		let others = vec![curex_primitives::ExchangeId([9; 32]); MAX_AGENDA as usize];
		Agenda::<Test>::insert(last, BoundedVec::truncate_from(others));
		let id = requested(1);
		assert_eq!(Agenda::<Test>::get(last + 1).into_inner(), [id]);
		forward(AnswerWindow::get() + 2);
		assert_eq!(recorded(id), ExchangeState::Requested, "its turn is a block later");
		assert_eq!(state_of(id), ExchangeState::NotServed, "which changes nothing for anybody");
		forward(1);
		assert_eq!(recorded(id), ExchangeState::NotServed);
	});
}

#[test]
fn a_suspended_organisation_terminates_nothing_for_good_before_the_window_closes() {
	run(|| {
		let id = requested(1);
		skip(AnswerWindow::get());
		assert_ok!(Exchange::approve(side(HOLDER), id));
		set_status(RECIPIENT, curex_primitives::OrganisationStatus::Suspended);
		// The list of the first deadline is worked off meanwhile.
		forward(3);
		assert_eq!(state_of(id), ExchangeState::Terminated, "while it is suspended");
		assert_eq!(recorded(id), ExchangeState::Approved);
		set_status(RECIPIENT, curex_primitives::OrganisationStatus::Active);
		assert_ok!(Exchange::dispatch(side(HOLDER), id, fresh()));
	});
}

#[test]
fn steps_that_put_the_deadline_off_write_no_list() {
	run(|| {
		let id = requested(1);
		let lists = || Agenda::<Test>::iter_values().map(|listed| listed.len()).sum::<usize>();
		assert_eq!(lists(), 1);
		skip(AnswerWindow::get() - 1);
		assert_ok!(Exchange::approve(side(HOLDER), id));
		assert_ok!(Exchange::dispatch(side(HOLDER), id, fresh()));
		assert_ok!(Exchange::receive(side(RECIPIENT), id, fresh()));
		assert_eq!(lists(), 1);
		forward(DeliveryWindow::get() + 4);
		assert_eq!(recorded(id), ExchangeState::Expired);
		assert_eq!(lists(), 1, "listed for pruning now");
	});
}
