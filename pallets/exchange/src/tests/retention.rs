use crate::{
	mock::*, Agenda, Commitments, Duties, DutiesOf, Error, Event, Evidence, Exchanges, Holds,
	OfConsent, PrunedAhead, PrunedUpTo, Reviews, WeightInfo,
};
use curex_primitives::{
	exchange::exchange_id, Duty, Exchange as Record, ExchangeId, ExchangeProposal, ExchangeState,
	Gate, LegalBasis, Obligation,
};
use frame::testing_prelude::*;

fn exists(id: ExchangeId) -> bool {
	Exchanges::<Test>::contains_key(id)
}

/// Lets retention pass without looking at the blocks between.
fn retain() {
	skip(ExchangeRetention::get() + 1);
	forward(3);
}

fn care(number: u16) -> ExchangeId {
	let mut key = [4; 32];
	key[..2].copy_from_slice(&number.to_le_bytes());
	let proposal = ExchangeProposal { gate: Gate::Statutory(LegalBasis::CARE), ..pull() };
	assert_ok!(Exchange::request(side(RECIPIENT), key, proposal));
	exchange_id(RECIPIENT, &key)
}

#[test]
fn what_is_over_is_pruned_after_its_retention_with_all_that_belongs_to_it() {
	run(|| {
		let id = acknowledged(1);
		assert_ok!(Exchange::rectify(side(HOLDER), id, fresh()));
		forward(ExchangeRetention::get() + 1);
		assert!(exists(id), "its last block");
		forward(1);
		assert!(!exists(id));
		System::assert_has_event(Event::Pruned { exchange: id }.into());
		assert_eq!(Commitments::<Test>::iter().count(), 0);
		assert_eq!(Evidence::<Test>::iter().count(), 0);
		assert_eq!(OfConsent::<Test>::iter().count(), 0);
		assert_eq!(Duties::<Test>::iter().count(), 0);
		assert_eq!(DutiesOf::<Test>::iter().count(), 0);
		assert_eq!(Agenda::<Test>::iter().count(), 0);
	});
}

#[test]
fn a_pruned_break_glass_leaves_no_review_and_no_duty() {
	run(|| {
		let id = emergency(1);
		forward(EmergencyWindow::get() + 2);
		retain();
		assert!(!exists(id));
		assert_eq!(Reviews::<Test>::iter().count(), 0);
		assert_eq!(DutiesOf::<Test>::iter().count(), 0);
	});
}

#[test]
fn sequences_stay_gapless_over_pruning_whatever_is_held() {
	run(|| {
		let ids: Vec<_> = (1..=6).map(care).collect();
		for held in [ids[1], ids[3]] {
			assert_ok!(Exchange::set_hold(supervisor(), held));
		}
		forward(AnswerWindow::get() + 2);
		retain();
		assert_eq!(Exchanges::<Test>::count_kept(), 2);
		assert_eq!(PrunedUpTo::<Test>::get(RECIPIENT), 1);
		assert_eq!(PrunedAhead::<Test>::iter_prefix(RECIPIENT).count(), 3);
		assert_eq!(Exchange::sequence_of(RECIPIENT), (2, 6));
		check_invariants();
		for held in [ids[3], ids[1]] {
			assert_ok!(Exchange::lift_hold(supervisor(), held));
		}
		forward(3);
		assert_eq!(Exchanges::<Test>::count_kept(), 0);
		let next = care(7);
		assert_eq!(Exchanges::<Test>::get(next).unwrap().recipient_sequence, 7);
		forward(AnswerWindow::get() + 2);
		retain();
		assert_eq!(PrunedUpTo::<Test>::get(RECIPIENT), 7, "the rest was caught up");
		assert_eq!(PrunedAhead::<Test>::iter().count(), 0);
	});
}

trait Counted {
	fn count_kept() -> usize;
}

impl Counted for Exchanges<Test> {
	fn count_kept() -> usize {
		Self::iter_keys().count()
	}
}

#[test]
fn a_legal_hold_keeps_an_exchange_until_every_authority_lifts_its_own() {
	run(|| {
		let id = acknowledged(1);
		let hospital = delegate(HOSPITAL, Duty::Oversight);
		refuse(|| Exchange::set_hold(hospital, id), Error::NotAuthorized);
		refuse(|| Exchange::set_hold(supervisor(), ExchangeId([1; 32])), Error::NotFound);
		assert_ok!(Exchange::set_hold(supervisor(), id));
		refuse(|| Exchange::set_hold(supervisor(), id), Error::AlreadyDone);
		let second = curex_primitives::OrganisationId(6);
		admit(second, curex_primitives::OrganisationKind::Authority);
		let other = || delegate(second, Duty::Oversight);
		assert_ok!(Exchange::set_hold(other(), id));
		retain();
		assert!(exists(id));
		assert_ok!(Exchange::lift_hold(supervisor(), id));
		refuse(|| Exchange::lift_hold(supervisor(), id), Error::NotFound);
		forward(3);
		assert!(exists(id), "another authority still holds it");
		assert_ok!(Exchange::lift_hold(other(), id));
		forward(3);
		assert!(!exists(id));
		assert_eq!(Holds::<Test>::iter().count(), 0);
	});
}

#[test]
fn a_pruned_exchanges_commitments_may_serve_again() {
	run(|| {
		let first = ExchangeProposal { gate: Gate::Statutory(LegalBasis::CARE), ..pull() };
		assert_ok!(Exchange::request(side(RECIPIENT), key(1), first.clone()));
		forward(AnswerWindow::get() + 2);
		refuse(
			|| Exchange::request(side(RECIPIENT), key(2), first.clone()),
			Error::CommitmentReused,
		);
		retain();
		assert_ok!(Exchange::request(side(RECIPIENT), key(2), first));
	});
}

/// Ten thousand exchanges that lapse with one block, and as many duties and prunings.
fn crowd() -> Vec<ExchangeId> {
	let block = Exchange::block();
	let mut template: Record = Exchanges::<Test>::get(care(0)).unwrap();
	let mut ids = vec![exchange_id(RECIPIENT, &{
		let mut key = [4; 32];
		key[..2].copy_from_slice(&[0, 0]);
		key
	})];
	for number in 1..10_000u64 {
		let mut key = [6; 32];
		key[..8].copy_from_slice(&number.to_le_bytes());
		let id = exchange_id(RECIPIENT, &key);
		template.envelope = fresh();
		template.recipient_key = fresh();
		Exchange::begin(id, template.clone(), AnswerWindow::get()).ok().unwrap();
		ids.push(id);
	}
	for id in &ids {
		Exchange::owe(*id, Obligation::Breach, Some(HOLDER), AnswerWindow::get());
	}
	assert_eq!(block, Exchange::block());
	ids
}

#[test]
fn ten_thousand_deadlines_in_one_block_starve_nothing() {
	run(|| {
		let ids = crowd();
		skip(AnswerWindow::get() + 1);
		let limit = <() as WeightInfo>::close() * 1_500;
		let recorded = |state: ExchangeState| {
			ids.iter().filter(|id| Exchanges::<Test>::get(**id).unwrap().state == state).count()
		};
		let overdue = || Duties::<Test>::iter_values().filter(|duty| duty.overdue).count();
		// While they are worked off, another deadline and another duty come due.
		let (mut blocks, late) = (0, emergency(1));
		let (mut closed_before_end, mut overdue_before_end) = (false, false);
		let mut before = (recorded(ExchangeState::Requested), overdue());
		while before.0 > 0 || before.1 < ids.len() {
			for _ in 0..4 {
				let used = Exchange::on_idle(System::block_number(), limit);
				assert!(used.all_lte(limit), "bounded in every block");
				skip(1);
			}
			let after = (recorded(ExchangeState::Requested), overdue());
			// Not by what another list leaves of the weight, but by a turn of their own.
			assert!(after.0 + 100 <= before.0 || after.0 == 0, "windows go on");
			assert!(after.1 >= before.1 + 100 || after.1 >= ids.len(), "duties go on");
			closed_before_end |= after.0 == 0 && after.1 < ids.len();
			overdue_before_end |= after.1 > 0 && after.0 > 0;
			(before, blocks) = (after, blocks + 4);
			System::reset_events();
			assert!(blocks < 1_000);
		}
		assert!(closed_before_end || overdue_before_end, "side by side, not one after the other");
		forward(ReviewWindow::get() + 4);
		assert!(Reviews::<Test>::get(late).unwrap().overdue, "what came later had its turn");
		assert!(ids.iter().all(|id| state_of(*id) == ExchangeState::NotServed));
	});
}

#[test]
fn nothing_is_pruned_while_disputed_held_or_within_its_retention() {
	run(|| {
		let (open, held) = (delivered(1), acknowledged(2));
		assert_ok!(Exchange::set_hold(supervisor(), held));
		forward(ExchangeRetention::get() / 2);
		assert!(exists(open) && exists(held));
		for id in [open, held] {
			Exchange::prune(id);
			assert!(exists(id), "retention runs");
		}
		retain();
		Exchange::prune(held);
		assert!(exists(held));
		let disputed = {
			assert_ok!(Exchange::lift_hold(supervisor(), held));
			let offer = ExchangeProposal { gate: Gate::Statutory(LegalBasis::CARE), ..pull() };
			assert_ok!(Exchange::request(side(RECIPIENT), key(9), offer));
			let id = exchange_id(RECIPIENT, &key(9));
			assert_ok!(Exchange::approve(side(HOLDER), id));
			assert_ok!(Exchange::dispatch(side(HOLDER), id, fresh()));
			assert_ok!(Exchange::receive(side(RECIPIENT), id, fresh()));
			let grounds = curex_primitives::DisputeGrounds::Content;
			assert_ok!(Exchange::dispute(side(RECIPIENT), id, grounds, fresh()));
			id
		};
		System::set_block_number(System::block_number() + 10_000);
		Exchange::prune(disputed);
		assert!(exists(disputed), "whatever time has passed");
	});
}
