use crate::{mock::*, Error, Event, Tickets};
use curex_primitives::{ticket, Duty, MerkleRoot, TicketRoot, WithdrawLock};
use frame::testing_prelude::*;

const ROOT: MerkleRoot = MerkleRoot([5; 32]);

#[test]
fn a_root_is_recorded_with_its_lock_and_end() {
	run(|| {
		let until = START + 30 * DAY;
		assert_ok!(Consent::record_tickets(holder(), ROOT, root_lock(), until));
		let recorded = TicketRoot {
			holder: HOLDER,
			valid_until: until,
			withdraw_lock: root_lock(),
			withdrawn_at: None,
			recorded_at: 1,
		};
		assert_eq!(Tickets::<Test>::get(ROOT), Some(recorded));
		System::assert_last_event(Event::TicketsRecorded { root: ROOT, holder: HOLDER }.into());
	});
}

#[test]
fn a_root_is_new_short_lived_and_has_a_lock_of_its_own() {
	run(|| {
		let record = |root, lock, until| Consent::record_tickets(holder(), root, lock, until);
		let zero = WithdrawLock([0; 32]);
		assert_noop!(record(ROOT, zero, START + DAY), Error::<Test>::MissingCommitment);
		assert_noop!(
			record(MerkleRoot([0; 32]), root_lock(), START + DAY),
			Error::<Test>::MissingCommitment
		);
		assert_noop!(record(ROOT, root_lock(), START), Error::<Test>::EmptyPeriod);
		assert_noop!(
			record(ROOT, root_lock(), START + ticket::MAX_VALIDITY + 1),
			Error::<Test>::TooLong
		);
		assert_noop!(record(ROOT, root_lock(), u64::MAX), Error::<Test>::TooLong);
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		assert_noop!(
			record(ROOT, terms(1).withdraw_lock, START + DAY),
			Error::<Test>::CommitmentReused
		);
		assert_ok!(record(ROOT, root_lock(), START + ticket::MAX_VALIDITY));
		assert_noop!(
			record(ROOT, terms(2).withdraw_lock, START + DAY),
			Error::<Test>::AlreadyExists
		);
		assert_noop!(
			record(MerkleRoot([6; 32]), root_lock(), START + DAY),
			Error::<Test>::CommitmentReused
		);
	});
}

#[test]
fn only_a_delegate_with_the_duty_records_tickets() {
	run(|| {
		for origin in [recipient(), RuntimeOrigin::root(), delegate(HOLDER, Duty::Exchange)] {
			assert_noop!(
				Consent::record_tickets(origin, ROOT, root_lock(), START + DAY),
				BadOrigin
			);
		}
	});
}
