use crate::{
	mock::*, Commitments, Consents, Counts, CourtOrders, Event, Locks, Narrowings, NextPruning,
	Retained, RetainedTickets, Tickets, VoidTickets, WeightInfo,
};
use curex_primitives::{Commitment, Duty};
use frame::testing_prelude::*;

fn idle() -> Weight {
	Consent::on_idle(System::block_number(), Weight::MAX)
}

/// The first moment at which what died at `moment` may go.
fn after_retention(moment: u64) -> u64 {
	(moment + Retention::get()) / DAY * DAY + DAY
}

#[test]
fn a_dead_consent_stays_for_its_retention_and_leaves_nothing_behind() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		assert_ok!(Consent::withdraw(holder(), id(1)));
		Now::set(after_retention(START) - 1);
		idle();
		assert!(Consents::<Test>::contains_key(id(1)));
		Now::set(after_retention(START));
		idle();
		assert_eq!(Consents::<Test>::iter().count(), 0);
		assert_eq!(Commitments::<Test>::iter().count(), 0);
		assert_eq!(Locks::<Test>::iter().count(), 0);
		assert_eq!(Counts::<Test>::iter().count(), 0);
		assert_eq!(Retained::<Test>::iter().count(), 0);
		System::assert_last_event(Event::Pruned { consent: id(1), holder: HOLDER }.into());
		assert_ok!(Consent::file(holder(), id(1), {
			let mut terms = terms(1);
			terms.valid_until = Now::get() + DAY;
			terms.erase_at = terms.valid_until;
			terms
		}));
	});
}

#[test]
fn an_expired_consent_leaves_without_anybody_ending_it() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		let until = terms(1).valid_until;
		Now::set(after_retention(until) - 1);
		idle();
		assert!(Consents::<Test>::contains_key(id(1)));
		Now::set(after_retention(until));
		idle();
		assert!(!Consents::<Test>::contains_key(id(1)));
	});
}

#[test]
fn a_late_withdrawal_renews_the_retention() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		let until = terms(1).valid_until;
		Now::set(until + 5 * DAY);
		assert_ok!(Consent::withdraw(holder(), id(1)));
		Now::set(after_retention(until));
		idle();
		assert!(Consents::<Test>::contains_key(id(1)));
		Now::set(after_retention(until + 5 * DAY));
		idle();
		assert!(!Consents::<Test>::contains_key(id(1)));
	});
}

#[test]
fn pruning_stays_within_its_weight_and_starves_nobody() {
	run(|| {
		for number in 1..=20 {
			assert_ok!(Consent::file(holder(), id(number), terms(number)));
			assert_ok!(Consent::withdraw(holder(), id(number)));
		}
		Now::set(after_retention(START));
		assert_eq!(Consent::on_idle(2, Weight::zero()), Weight::zero());
		// The days before it are empty: one block goes through them.
		let days = NextPruning::<Test>::get().unwrap()..(START / DAY) as u32 + 31;
		let budget = <() as WeightInfo>::prune_day() * u64::from(days.len() as u32)
			+ <() as WeightInfo>::prune() * 3;
		let mut blocks = 0;
		while Consents::<Test>::iter().count() > 0 {
			let before = Consents::<Test>::iter().count();
			let used = Consent::on_idle(2, budget);
			assert!(used.all_lte(budget));
			assert!(Consents::<Test>::iter().count() < before);
			assert_ok!(Consent::do_try_state());
			blocks += 1;
		}
		assert!(blocks > 1, "bounded");
	});
}

#[test]
fn narrowings_confirmations_court_orders_and_tickets_leave_nothing_behind() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		assert_ok!(Consent::narrow(holder(), id(1), narrower(1)));
		let court = delegate(AUTHORITY, Duty::Court);
		assert_ok!(Consent::withdraw_by_court(court, id(1), Commitment([99; 32])));
		let (root, tickets) = recorded_tickets();
		let (ticket, proof) = tickets[1].clone();
		assert_ok!(Consent::redeem(recipient(), root, ticket, proof));
		let (void, proof) = tickets[2].clone();
		let authorized = RuntimeOrigin::from(frame_system::RawOrigin::Authorized);
		assert_ok!(Consent::withdraw_ticket_by_code(authorized, root, void, proof, [9; 32]));
		assert_eq!(VoidTickets::<Test>::iter().count(), 1);

		Now::set(after_retention(START + 30 * DAY));
		// Narrowings and withdrawn tickets go one by one; every step keeps the invariants.
		let step = <() as WeightInfo>::prune_day() * 100 + <() as WeightInfo>::prune();
		for _ in 0..10 {
			Consent::on_idle(System::block_number(), step);
			assert_ok!(Consent::do_try_state());
		}
		assert_eq!(Consents::<Test>::iter().count(), 0);
		assert_eq!(Commitments::<Test>::iter().count(), 0);
		assert_eq!(Locks::<Test>::iter().count(), 0);
		assert_eq!(Narrowings::<Test>::iter().count(), 0);
		assert_eq!(CourtOrders::<Test>::iter().count(), 0);
		assert_eq!(Tickets::<Test>::iter().count(), 0);
		assert_eq!(VoidTickets::<Test>::iter().count(), 0);
		assert_eq!(RetainedTickets::<Test>::iter().count(), 0);
		System::assert_last_event(Event::TicketsPruned { root, holder: HOLDER }.into());
	});
}
