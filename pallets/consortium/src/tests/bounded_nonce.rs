//! Replay protection, and the cap on what waits in the pool.

use super::{admission::remark, *};
use crate::{CheckBoundedNonce, Refusal};
use codec::{Decode, Encode};
use frame::{
	deps::{
		frame_support::dispatch::GetDispatchInfo,
		frame_system::CheckNonce,
		sp_runtime::transaction_validity::{
			InvalidTransaction, TransactionSource, TransactionValidityError,
		},
	},
	traits::{DispatchTransaction, TransactionExtension},
};

fn validate(account: AccountId, nonce: u32) -> Result<ValidTransaction, TransactionValidityError> {
	let call = remark("member");
	CheckBoundedNonce::<Test>::from(nonce)
		.validate_only(
			signed(account),
			&call,
			&call.get_dispatch_info(),
			0,
			TransactionSource::External,
			0,
		)
		.map(|(validity, _, _)| validity)
}

fn include(account: AccountId, nonce: u32) -> Result<(), TransactionValidityError> {
	let call = remark("member");
	CheckBoundedNonce::<Test>::from(nonce)
		.validate_and_prepare(signed(account), &call, &call.get_dispatch_info(), 0, 0)
		.map(|_| ())
}

#[test]
fn a_nonce_is_accepted_up_to_the_bound_and_not_beyond() {
	network(|| {
		for nonce in 0..8 {
			assert_ok!(validate(clerk(0), nonce));
		}
		for nonce in [8, 9, u32::MAX] {
			assert_eq!(validate(clerk(0), nonce), Err(Refusal::TooManyPending.into()));
		}
		assert_ok!(include(clerk(0), 0));
		assert_ok!(validate(clerk(0), 8));
		assert_eq!(validate(clerk(0), 9), Err(Refusal::TooManyPending.into()));
	});
}

#[test]
fn a_nonce_is_used_once_and_in_order() {
	network(|| {
		assert_eq!(include(clerk(0), 1), Err(InvalidTransaction::Future.into()));
		assert_ok!(include(clerk(0), 0));
		assert_eq!(include(clerk(0), 0), Err(InvalidTransaction::Stale.into()));
		assert_ok!(include(clerk(0), 1));
		assert_eq!(System::account_nonce(clerk(0)), 2);
	});
}

#[test]
fn an_account_that_nobody_provides_for_is_refused() {
	network(|| {
		assert_eq!(validate(STRANGER, 0), Err(InvalidTransaction::Payment.into()));
		assert_ok!(Consortium::dismiss_delegate(signed(admin(0)), clerk(0)));
		assert_eq!(validate(clerk(0), 0), Err(InvalidTransaction::Payment.into()));
	});
}

#[test]
fn the_pool_orders_transactions_as_with_check_nonce() {
	network(|| {
		let validity = validate(clerk(0), 3).unwrap();
		assert_eq!(validity.provides, vec![(clerk(0), 3u32).encode()]);
		assert_eq!(validity.requires, vec![(clerk(0), 2u32).encode()]);
		assert_eq!(validate(clerk(0), 0).unwrap().requires, Vec::<Vec<u8>>::new());
	});
}

#[test]
fn it_is_check_nonce_to_every_client() {
	for nonce in [0, 63, 64, 1 << 20] {
		let encoded = CheckBoundedNonce::<Test>::from(nonce).encode();
		assert_eq!(encoded, CheckNonce::<Test>::from(nonce).encode());
		assert_eq!(
			CheckBoundedNonce::<Test>::decode(&mut &encoded[..]),
			Ok(CheckBoundedNonce::from(nonce))
		);
	}
	assert_eq!(
		<CheckBoundedNonce<Test> as TransactionExtension<RuntimeCall>>::IDENTIFIER,
		<CheckNonce<Test> as TransactionExtension<RuntimeCall>>::IDENTIFIER
	);
}
