//! The consortium has no currency. Pallets that ask for one get a zero that cannot change.

use frame_support::traits::{
	fungible::{Dust, Inspect, InspectHold, Mutate, MutateHold, Unbalanced, UnbalancedHold},
	tokens::{DepositConsequence, Fortitude, Preservation, Provenance, WithdrawConsequence},
};
use sp_runtime::{DispatchError, DispatchResult, TokenError};

/// A currency of which nobody has, or can get, anything.
pub struct NoCurrency;

impl<AccountId> Inspect<AccountId> for NoCurrency {
	type Balance = u32;

	fn total_issuance() -> u32 {
		0
	}

	fn minimum_balance() -> u32 {
		0
	}

	fn total_balance(_: &AccountId) -> u32 {
		0
	}

	fn balance(_: &AccountId) -> u32 {
		0
	}

	fn reducible_balance(_: &AccountId, _: Preservation, _: Fortitude) -> u32 {
		0
	}

	fn can_deposit(_: &AccountId, amount: u32, _: Provenance) -> DepositConsequence {
		if amount == 0 {
			DepositConsequence::Success
		} else {
			DepositConsequence::UnknownAsset
		}
	}

	fn can_withdraw(_: &AccountId, amount: u32) -> WithdrawConsequence<u32> {
		if amount == 0 {
			WithdrawConsequence::Success
		} else {
			WithdrawConsequence::UnknownAsset
		}
	}
}

fn nothing_or_fail(amount: u32) -> DispatchResult {
	if amount == 0 {
		Ok(())
	} else {
		Err(TokenError::UnknownAsset.into())
	}
}

impl<AccountId> Unbalanced<AccountId> for NoCurrency {
	fn handle_dust(_: Dust<AccountId, Self>) {}

	fn write_balance(_: &AccountId, amount: u32) -> Result<Option<u32>, DispatchError> {
		nothing_or_fail(amount).map(|()| None)
	}

	fn set_total_issuance(_: u32) {}
}

impl<AccountId: Eq> Mutate<AccountId> for NoCurrency {}

impl<AccountId> InspectHold<AccountId> for NoCurrency {
	type Reason = crate::RuntimeHoldReason;

	fn total_balance_on_hold(_: &AccountId) -> u32 {
		0
	}

	fn balance_on_hold(_: &Self::Reason, _: &AccountId) -> u32 {
		0
	}
}

impl<AccountId> UnbalancedHold<AccountId> for NoCurrency {
	fn set_balance_on_hold(_: &Self::Reason, _: &AccountId, amount: u32) -> DispatchResult {
		nothing_or_fail(amount)
	}
}

impl<AccountId> MutateHold<AccountId> for NoCurrency {}
