//! [`CheckBoundedNonce`]: replay protection with a cap on what waits in the pool.

use crate::{Config, Refusal, WeightInfo};
use codec::{Decode, DecodeWithMemTracking, Encode};
use frame::{
	deps::{
		frame_support::traits::OriginTrait,
		frame_system::{CheckNonce, ValidNonceInfo},
		sp_runtime::transaction_validity::TransactionValidityError,
	},
	prelude::*,
	traits::Implication,
};

/// `frame_system::CheckNonce` under its own name and encoding, so that every client signs for it,
/// which also refuses a nonce `MaxPending` or more ahead of the account's.
///
/// The pool keeps one transaction per account and nonce. Only delegates are admitted, and an
/// organisation has at most `MaxDelegates`, so that at most `MaxDelegates * MaxPending` signed
/// transactions of an organisation wait in the pool, whatever it sends.
#[derive(
	Encode, Decode, DecodeWithMemTracking, CloneNoBound, EqNoBound, PartialEqNoBound, TypeInfo,
)]
#[scale_info(skip_type_params(T))]
pub struct CheckBoundedNonce<T: Config>(#[codec(compact)] pub T::Nonce);

impl<T: Config> CheckBoundedNonce<T> {
	/// The extension for the account's transaction with this number.
	pub fn from(nonce: T::Nonce) -> Self {
		Self(nonce)
	}
}

impl<T: Config> core::fmt::Debug for CheckBoundedNonce<T> {
	fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
		write!(formatter, "CheckBoundedNonce({:?})", self.0)
	}
}

impl<T: Config + Send + Sync> TransactionExtension<T::RuntimeCall> for CheckBoundedNonce<T> {
	const IDENTIFIER: &'static str = "CheckNonce";
	type Implicit = ();
	/// The signer, if there is one.
	type Val = Option<T::AccountId>;
	/// The weight to give back: all of it for a transaction without signer.
	type Pre = Weight;

	fn weight(&self, _: &T::RuntimeCall) -> Weight {
		T::WeightInfo::check_bounded_nonce()
	}

	fn validate(
		&self,
		origin: T::RuntimeOrigin,
		_: &T::RuntimeCall,
		_: &DispatchInfoOf<T::RuntimeCall>,
		_: usize,
		_: (),
		_: &impl Implication,
		_: TransactionSource,
	) -> ValidateResult<Self::Val, T::RuntimeCall> {
		let Some(who) = origin.as_signer().cloned() else {
			return Ok((ValidTransaction::default(), None, origin));
		};
		let ValidNonceInfo { provides, requires } =
			CheckNonce::<T>::validate_nonce_for_account(&who, self.0)?;
		let next = frame_system::Pallet::<T>::account_nonce(&who);
		if self.0.saturating_sub(next) >= T::MaxPending::get().into() {
			return Err(Refusal::TooManyPending.into());
		}
		let validity = ValidTransaction { provides, requires, ..Default::default() };
		Ok((validity, Some(who), origin))
	}

	fn prepare(
		self,
		who: Self::Val,
		_: &T::RuntimeOrigin,
		call: &T::RuntimeCall,
		_: &DispatchInfoOf<T::RuntimeCall>,
		_: usize,
	) -> Result<Weight, TransactionValidityError> {
		match who {
			Some(who) => {
				CheckNonce::<T>::prepare_nonce_for_account(&who, self.0)?;
				Ok(Weight::zero())
			},
			None => Ok(self.weight(call)),
		}
	}

	fn post_dispatch_details(
		unspent: Weight,
		_: &DispatchInfoOf<T::RuntimeCall>,
		_: &frame::traits::PostDispatchInfoOf<T::RuntimeCall>,
		_: usize,
		_: &DispatchResult,
	) -> Result<Weight, TransactionValidityError> {
		Ok(unspent)
	}
}
