use crate::{mock::*, Closing, Error, Event, Exchanges, NextClosing, WeightInfo};
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
		assert_eq!(Closing::<Test>::iter().count(), 0);
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
		// Each of the four lists goes through every block once.
		let steps = 4 * (u64::from(AnswerWindow::get()) + 3);
		let budget = <() as WeightInfo>::closing_block() * steps + <() as WeightInfo>::close() * 4;
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
		assert_eq!(u64::from(NextClosing::<Test>::get()), now);
	});
}
