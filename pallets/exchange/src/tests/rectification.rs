use crate::{mock::*, Duties, Error, Event, Rectifications, Tallies};
use curex_primitives::{
	batch::{tally, KEPT_PERIODS, RECONCILIATION_PERIOD},
	exchange::MAX_RECTIFICATIONS,
	Commitment, Duty, ExchangeId, MerkleRoot, Obligation, OrganisationId, Tally,
};
use frame::testing_prelude::*;

fn rectify(id: ExchangeId) -> DispatchResult {
	Exchange::rectify(side(HOLDER), id, fresh())
}

fn acknowledge(by: OrganisationId, id: ExchangeId) -> DispatchResult {
	Exchange::acknowledge_rectification(side(by), id)
}

#[test]
fn the_recipient_acknowledges_that_data_were_superseded() {
	run(|| {
		let id = acknowledged(1);
		let notice = fresh();
		assert_ok!(Exchange::rectify(side(HOLDER), id, notice));
		System::assert_has_event(Event::Rectified { exchange: id, notice }.into());
		let duty = Duties::<Test>::get(id, Obligation::Rectification).unwrap();
		assert_eq!(duty.organisation, Some(RECIPIENT));
		refuse(|| acknowledge(HOLDER, id), Error::NotAuthorized);
		assert_ok!(acknowledge(RECIPIENT, id));
		refuse(|| acknowledge(RECIPIENT, id), Error::AlreadyDone);
		assert!(Rectifications::<Test>::get(id).unwrap().acknowledged_at.is_some());
		assert!(!Duties::<Test>::contains_key(id, Obligation::Rectification));
	});
}

#[test]
fn what_was_not_received_is_not_rectified() {
	run(|| {
		let id = dispatched(1);
		refuse(|| rectify(id), Error::NothingToRectify);
		let received = delivered(2);
		refuse(|| Exchange::rectify(side(RECIPIENT), received, fresh()), Error::NotAuthorized);
		refuse(
			|| Exchange::rectify(side(HOLDER), received, Commitment([0; 32])),
			Error::MissingCommitment,
		);
		assert_ok!(rectify(received));
	});
}

#[test]
fn a_delivery_that_lapsed_unacknowledged_is_rectified_all_the_same() {
	run(|| {
		let id = delivered(1);
		forward(DeliveryWindow::get() + 3);
		assert_ok!(rectify(id));
	});
}

#[test]
fn notices_follow_one_another_and_are_bounded() {
	run(|| {
		let id = acknowledged(1);
		for _ in 0..MAX_RECTIFICATIONS {
			assert_ok!(rectify(id));
			refuse(|| rectify(id), Error::NothingToRectify);
			assert_ok!(acknowledge(RECIPIENT, id));
		}
		refuse(|| rectify(id), Error::TooManyNotices);
	});
}

#[test]
fn an_unacknowledged_notice_becomes_overdue() {
	run(|| {
		let id = acknowledged(1);
		assert_ok!(rectify(id));
		forward(RectificationWindow::get() + 2);
		let overdue = Event::DutyOverdue {
			exchange: id,
			obligation: Obligation::Rectification,
			organisation: RECIPIENT,
		};
		System::assert_has_event(overdue.into());
		assert_ok!(acknowledge(RECIPIENT, id));
	});
}

const YESTERDAY: u32 = (START / RECONCILIATION_PERIOD) as u32 - 1;

fn reconcile(
	by: OrganisationId,
	with: OrganisationId,
	period: u32,
	tally: Tally,
) -> DispatchResult {
	Exchange::reconcile(delegate(by, Duty::Oversight), with, period, tally)
}

#[test]
fn equal_counts_are_reconciled_and_others_raise_an_event() {
	run(|| {
		let ours = tally([(ExchangeId([1; 32]), None)]);
		assert_ok!(reconcile(HOLDER, RECIPIENT, YESTERDAY, ours.clone()));
		assert_ok!(reconcile(RECIPIENT, HOLDER, YESTERDAY, ours.clone()));
		let (one, other) = (HOLDER, RECIPIENT);
		System::assert_last_event(Event::Reconciled { one, other, period: YESTERDAY }.into());
		assert_ok!(reconcile(RECIPIENT, HOLDER, YESTERDAY - 1, ours));
		assert_ok!(reconcile(HOLDER, RECIPIENT, YESTERDAY - 1, tally([])));
		let period = YESTERDAY - 1;
		System::assert_last_event(Event::ReconciliationMismatched { one, other, period }.into());
	});
}

#[test]
fn a_period_is_counted_once_and_after_it_is_over() {
	run(|| {
		let none = || tally([]);
		assert_ok!(reconcile(HOLDER, RECIPIENT, YESTERDAY, none()));
		refuse(|| reconcile(HOLDER, RECIPIENT, YESTERDAY, none()), Error::AlreadyDone);
		refuse(|| reconcile(HOLDER, RECIPIENT, YESTERDAY + 1, none()), Error::WrongPeriod);
		refuse(|| reconcile(HOLDER, RECIPIENT, u32::MAX, none()), Error::WrongPeriod);
		let oldest = YESTERDAY + 2 - KEPT_PERIODS;
		refuse(|| reconcile(HOLDER, RECIPIENT, oldest - 1, none()), Error::WrongPeriod);
		assert_ok!(reconcile(HOLDER, RECIPIENT, oldest, none()));
		refuse(|| reconcile(HOLDER, HOLDER, YESTERDAY, none()), Error::PartnerIsSelf);
		let nobody = OrganisationId(99);
		refuse(|| reconcile(HOLDER, nobody, YESTERDAY, none()), Error::PartnerNotFound);
		let wrong = Tally { count: 0, root: MerkleRoot([1; 32]) };
		refuse(|| reconcile(HOLDER, HOSPITAL, YESTERDAY, wrong), Error::WrongTally);
	});
}

#[test]
fn old_tallies_make_place_for_new_ones() {
	run(|| {
		for day in 0..3 * KEPT_PERIODS {
			Now::set(START + u64::from(day) * RECONCILIATION_PERIOD);
			assert_ok!(reconcile(HOLDER, RECIPIENT, YESTERDAY + day, tally([])));
		}
		assert_eq!(Tallies::<Test>::iter().count(), KEPT_PERIODS as usize);
		// What stands in the slot of an old period is not taken for the partner's count.
		Now::set(START);
		System::reset_events();
		assert_ok!(reconcile(RECIPIENT, HOLDER, YESTERDAY, tally([])));
		assert_eq!(System::events().len(), 1);
	});
}
