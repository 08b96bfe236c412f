//! Which transactions are let in, for every kind of origin.

use super::*;
use crate::{priority, Admission, Family, Refusal, MAX_BATCH, MAX_DEPTH};
use frame::{
	deps::{
		frame_support::dispatch::GetDispatchInfo,
		sp_runtime::transaction_validity::{
			InvalidTransaction, TransactionSource, TransactionValidityError,
		},
	},
	traits::{DispatchTransaction, TransactionExtension},
};

type Outcome<R> = Result<R, TransactionValidityError>;

pub(super) fn remark(rule: &str) -> RuntimeCall {
	RuntimeCall::System(frame_system::Call::remark { remark: rule.as_bytes().to_vec() })
}

pub(super) fn batch(calls: Vec<RuntimeCall>) -> RuntimeCall {
	RuntimeCall::Utility(pallet_utility::Call::batch_all { calls })
}

/// The priority that the pool gives the transaction.
pub(super) fn validate(origin: RuntimeOrigin, call: &RuntimeCall) -> Outcome<ValidTransaction> {
	Admission::<Test>::new()
		.validate_only(origin, call, &call.get_dispatch_info(), 0, TransactionSource::External, 0)
		.map(|(validity, _, _)| validity)
}

/// Includes the transaction in the block.
pub(super) fn include(origin: RuntimeOrigin, call: &RuntimeCall) -> Outcome<()> {
	Admission::<Test>::new()
		.validate_and_prepare(origin, call, &call.get_dispatch_info(), 0, 0)
		.map(|_| ())
}

fn priority_of(account: AccountId, call: &RuntimeCall) -> Outcome<u64> {
	validate(signed(account), call).map(|validity| validity.priority)
}

fn standard<R>(reason: InvalidTransaction) -> Outcome<R> {
	Err(reason.into())
}

fn named<R>(refusal: Refusal) -> Outcome<R> {
	Err(refusal.into())
}

#[test]
fn a_delegate_with_the_duty_is_let_in_with_the_priority_of_the_family() {
	network(|| {
		let all = duties_without_council();
		assert_ok!(Consortium::set_delegate(signed(admin(0)), 900, all));
		for (account, rule, priority) in [
			(900, "urgent", priority::URGENT),
			(admin(0), "governance", priority::GOVERNANCE),
			(900, "administration", priority::ADMINISTRATION),
			(900, "report", priority::SECURITY_REPORT),
			(900, "ordinary", priority::ORDINARY),
			(clerk(0), "member", priority::ORDINARY),
		] {
			assert_eq!(priority_of(account, &remark(rule)), Ok(priority), "{rule}");
		}
	});
}

fn duties_without_council() -> Duties {
	crate::types::duties_of(OrganisationKind::CareCentre)
}

#[test]
fn an_account_that_is_no_delegate_is_refused() {
	network(|| {
		for rule in ["ordinary", "member", "urgent", "no such rule"] {
			assert_eq!(
				validate(signed(STRANGER), &remark(rule)),
				standard(InvalidTransaction::BadSigner)
			);
		}
		assert_ok!(Consortium::dismiss_delegate(signed(admin(0)), clerk(0)));
		assert_eq!(
			validate(signed(clerk(0)), &remark("member")),
			standard(InvalidTransaction::BadSigner)
		);
	});
}

#[test]
fn a_delegate_without_the_duty_is_refused() {
	network(|| {
		for rule in ["report", "governance", "administration"] {
			assert_eq!(
				validate(signed(clerk(0)), &remark(rule)),
				named(Refusal::MissingDuty),
				"{rule}"
			);
		}
	});
}

#[test]
fn a_call_that_is_not_listed_is_refused() {
	network(|| {
		for call in [
			remark("no such rule"),
			RuntimeCall::System(frame_system::Call::set_code { code: vec![] }),
		] {
			assert_eq!(validate(signed(admin(0)), &call), standard(InvalidTransaction::Call));
		}
	});
}

#[test]
fn a_suspended_organisation_may_only_keep_its_own_house() {
	network(|| {
		assert_ok!(Consortium::suspend(council(), OrganisationId(0)));
		for (account, rule) in [
			(clerk(0), "urgent"),
			(clerk(0), "ordinary"),
			(clerk(0), "member"),
			(admin(0), "governance"),
		] {
			assert_eq!(
				validate(signed(account), &remark(rule)),
				named(Refusal::Suspended),
				"{rule}"
			);
		}
		assert_eq!(priority_of(admin(0), &remark("administration")), Ok(priority::ADMINISTRATION));
		assert_eq!(
			validate(signed(admin(0)), &batch(vec![remark("administration"), remark("member")])),
			named(Refusal::Suspended)
		);
		assert_ok!(Consortium::reinstate(council(), OrganisationId(0)));
		assert_eq!(priority_of(clerk(0), &remark("urgent")), Ok(priority::URGENT));
	});
}

#[test]
fn a_batch_carries_nothing_that_would_be_refused_alone() {
	network(|| {
		for (rule, refusal) in [
			("report", Refusal::MissingDuty.into()),
			("no such rule", InvalidTransaction::Call.into()),
			("authorised", InvalidTransaction::Call.into()),
			("inherent", InvalidTransaction::Call.into()),
			("consensus", InvalidTransaction::Call.into()),
		] {
			let smuggled = batch(vec![remark("ordinary"), batch(vec![remark(rule)])]);
			assert_eq!(validate(signed(clerk(0)), &smuggled), Err(refusal), "{rule}");
		}
		assert_ok!(validate(signed(clerk(0)), &batch(vec![remark("ordinary"), remark("member")])));
	});
}

#[test]
fn a_batch_has_the_lowest_priority_of_what_it_carries() {
	network(|| {
		let mixed = batch(vec![remark("urgent"), batch(vec![remark("ordinary")])]);
		assert_eq!(priority_of(clerk(0), &mixed), Ok(priority::ORDINARY));
		let urgent = batch(vec![remark("urgent"), remark("urgent")]);
		assert_eq!(priority_of(clerk(0), &urgent), Ok(priority::URGENT));
	});
}

#[test]
fn batches_nest_up_to_their_depth() {
	network(|| {
		let nested = |depth| (0..depth).fold(remark("member"), |call, _| batch(vec![call]));
		assert_ok!(validate(signed(clerk(0)), &nested(MAX_DEPTH)));
		assert_eq!(
			validate(signed(clerk(0)), &nested(MAX_DEPTH + 1)),
			named(Refusal::BatchTooDeep)
		);
	});
}

#[test]
fn batches_carry_up_to_their_length_all_nested_ones_together() {
	network(|| {
		assert_ok!(Consortium::set_quota(council(), OrganisationId(0), 1_000));
		let half = MAX_BATCH as usize / 2;
		let halves = |extra| {
			batch(vec![
				batch(vec![remark("member"); half]),
				batch(vec![remark("member"); half + extra]),
			])
		};
		assert_ok!(validate(signed(clerk(0)), &halves(0)));
		assert_eq!(validate(signed(clerk(0)), &halves(1)), named(Refusal::BatchTooLong));
	});
}

#[test]
fn an_empty_batch_is_refused_wherever_it_is() {
	network(|| {
		for call in [batch(vec![]), batch(vec![remark("member"), batch(vec![])])] {
			assert_eq!(validate(signed(clerk(0)), &call), named(Refusal::EmptyBatch));
		}
	});
}

#[test]
fn an_authorised_call_comes_without_account_and_nothing_else_does() {
	network(|| {
		let authorised: RuntimeOrigin = frame_system::RawOrigin::Authorized.into();
		let validity = validate(authorised.clone(), &remark("authorised")).unwrap();
		assert_eq!(validity.priority, priority::URGENT);
		assert_eq!(validity.longevity, priority::URGENT_LONGEVITY);
		assert_ok!(include(authorised.clone(), &remark("authorised")));

		for call in [
			remark("ordinary"),
			remark("member"),
			remark("urgent"),
			remark("inherent"),
			remark("consensus"),
			remark("no such rule"),
			batch(vec![remark("authorised")]),
		] {
			assert_eq!(
				validate(authorised.clone(), &call),
				standard(InvalidTransaction::Call),
				"{call:?}"
			);
		}
		assert_eq!(
			validate(signed(clerk(0)), &remark("authorised")),
			standard(InvalidTransaction::Call)
		);
	});
}

#[test]
fn a_general_transaction_that_nobody_authorised_is_refused() {
	network(|| {
		for origin in [RuntimeOrigin::none(), RuntimeOrigin::root()] {
			for rule in ["authorised", "member", "inherent", "consensus"] {
				assert_eq!(
					validate(origin.clone(), &remark(rule)),
					standard(InvalidTransaction::UnknownOrigin),
					"{rule}"
				);
			}
		}
	});
}

#[test]
fn a_bare_transaction_is_a_consensus_report_and_in_a_block_an_inherent() {
	network(|| {
		let pool = |call: &RuntimeCall| {
			Admission::<Test>::bare_validate(call, &call.get_dispatch_info(), 0).map(|_| ())
		};
		let block = |call: &RuntimeCall| {
			Admission::<Test>::bare_validate_and_prepare(call, &call.get_dispatch_info(), 0)
		};
		assert_ok!(pool(&remark("consensus")));
		assert_ok!(block(&remark("consensus")));
		assert_eq!(pool(&remark("inherent")), standard(InvalidTransaction::MandatoryValidation));
		assert_ok!(block(&remark("inherent")));
		for call in [
			remark("ordinary"),
			remark("member"),
			remark("urgent"),
			remark("authorised"),
			remark("no such rule"),
			batch(vec![remark("consensus")]),
		] {
			assert_eq!(pool(&call), standard(InvalidTransaction::Call), "{call:?}");
			assert_eq!(block(&call), standard(InvalidTransaction::Call), "{call:?}");
		}
	});
}

#[test]
fn the_codes_of_the_refusals_are_permanent() {
	let codes: Vec<u8> = Refusal::ALL.iter().map(|refusal| *refusal as u8).collect();
	assert_eq!(codes, [1, 2, 3, 4, 5, 6]);
	for refusal in Refusal::ALL {
		assert_eq!(Refusal::from_code(*refusal as u8), Some(*refusal));
	}
	assert_eq!(Refusal::from_code(0), None);
}

#[test]
fn every_family_has_a_longevity_of_its_own_right() {
	network(|| {
		let urgent = validate(signed(clerk(0)), &remark("urgent")).unwrap();
		let ordinary = validate(signed(clerk(0)), &remark("ordinary")).unwrap();
		assert_eq!(urgent.longevity, priority::longevity_of(Family::Urgent));
		assert_eq!(ordinary.longevity, priority::longevity_of(Family::Ordinary));
		assert!(urgent.longevity > ordinary.longevity);
	});
}
