//! What a transaction costs and when it is too much.

use super::{
	admission::{batch, include, remark, validate},
	*,
};
use crate::priority;
use frame::deps::sp_runtime::transaction_validity::{InvalidTransaction, TransactionValidityError};

const HOSPITAL: OrganisationId = OrganisationId(0);
const EXHAUSTED: TransactionValidityError =
	TransactionValidityError::Invalid(InvalidTransaction::ExhaustsResources);

/// Sends as much as the quota of 20 takes.
fn use_up() {
	for _ in 0..20 {
		assert_ok!(include(signed(clerk(0)), &remark("ordinary")));
	}
	assert_eq!(Consortium::quota(HOSPITAL).used, 20);
}

#[test]
fn every_call_of_a_batch_counts() {
	network(|| {
		let nested = batch(vec![remark("ordinary"), batch(vec![remark("member"); 4])]);
		assert_ok!(include(signed(clerk(0)), &nested));
		assert_eq!(Consortium::quota(HOSPITAL).used, 5);
		assert_eq!(include(signed(clerk(0)), &batch(vec![remark("member"); 16])), Err(EXHAUSTED));
		assert_ok!(include(signed(clerk(0)), &batch(vec![remark("member"); 15])));
	});
}

#[test]
fn a_call_that_carries_many_counts_as_many() {
	network(|| {
		assert_ok!(include(signed(clerk(0)), &remark("seven")));
		assert_eq!(Consortium::quota(HOSPITAL).used, 7);
		assert_ok!(include(signed(clerk(0)), &batch(vec![remark("seven"), remark("member")])));
		assert_eq!(Consortium::quota(HOSPITAL).used, 15);
		assert_eq!(include(signed(clerk(0)), &remark("seven")), Err(EXHAUSTED));
		for rule in ["nothing", "too many"] {
			assert!(validate(signed(clerk(0)), &remark(rule)).is_err());
		}
	});
}

#[test]
fn validation_alone_costs_nothing() {
	network(|| {
		for _ in 0..50 {
			assert_ok!(validate(signed(clerk(0)), &remark("ordinary")));
		}
		assert_eq!(Consortium::quota(HOSPITAL).used, 0);
	});
}

#[test]
fn beyond_the_quota_ordinary_calls_wait_for_the_next_window() {
	network(|| {
		use_up();
		for rule in ["ordinary", "member"] {
			assert_eq!(validate(signed(clerk(0)), &remark(rule)).err(), Some(EXHAUSTED));
		}
		assert_ok!(validate(signed(clerk(1)), &remark("ordinary")));
		System::set_block_number(9);
		assert_eq!(validate(signed(clerk(0)), &remark("ordinary")).err(), Some(EXHAUSTED));
		System::set_block_number(10);
		assert_ok!(include(signed(clerk(0)), &remark("ordinary")));
		assert_eq!(Consortium::quota(HOSPITAL).used, 1);
	});
}

#[test]
fn beyond_the_quota_urgent_calls_lose_their_priority_and_are_capped_per_block() {
	network(|| {
		use_up();
		let urgent = remark("urgent");
		for _ in 0..3 {
			let validity = validate(signed(clerk(0)), &urgent).unwrap();
			assert_eq!(validity.priority, priority::BEYOND_QUOTA);
			assert_ok!(include(signed(clerk(0)), &urgent));
		}
		// The pool keeps it, the block does not take it.
		assert_ok!(validate(signed(clerk(0)), &urgent));
		assert_eq!(include(signed(clerk(0)), &urgent), Err(EXHAUSTED));
		assert_eq!(Consortium::quota(HOSPITAL).beyond, 3);

		System::set_block_number(2);
		assert_ok!(include(signed(clerk(0)), &urgent));
	});
}

#[test]
fn an_ordinary_call_does_not_ride_on_an_urgent_one_beyond_the_quota() {
	network(|| {
		use_up();
		let mixed = batch(vec![remark("urgent"), remark("ordinary")]);
		assert_eq!(validate(signed(clerk(0)), &mixed).err(), Some(EXHAUSTED));
		let too_many = batch(vec![remark("urgent"); 4]);
		assert_eq!(validate(signed(clerk(0)), &too_many).err(), Some(EXHAUSTED));
		assert_ok!(include(signed(clerk(0)), &batch(vec![remark("urgent"); 3])));
	});
}

#[test]
fn a_runaway_delegate_cannot_keep_the_administrator_from_dismissing_it() {
	network(|| {
		use_up();
		let dismiss = RuntimeCall::Consortium(crate::Call::dismiss_delegate { account: clerk(0) });
		assert_ok!(include(signed(admin(0)), &dismiss));
		for _ in 0..4 {
			assert_ok!(include(signed(admin(0)), &remark("governance")));
		}
		assert_eq!(validate(signed(admin(0)), &remark("governance")).err(), Some(EXHAUSTED));
	});
}

#[test]
fn the_council_decides_how_much_an_organisation_may_send() {
	network(|| {
		assert_ok!(Consortium::set_quota(council(), HOSPITAL, 2));
		assert_ok!(include(signed(clerk(0)), &batch(vec![remark("ordinary"); 2])));
		assert_eq!(include(signed(clerk(0)), &remark("ordinary")), Err(EXHAUSTED));
		assert_ok!(Consortium::set_quota(council(), HOSPITAL, 3));
		assert_ok!(include(signed(clerk(0)), &remark("ordinary")));
		assert_ok!(Consortium::set_quota(council(), HOSPITAL, 0));
		assert_eq!(include(signed(clerk(0)), &remark("ordinary")), Err(EXHAUSTED));
		assert_ok!(include(signed(clerk(0)), &remark("urgent")));
	});
}
