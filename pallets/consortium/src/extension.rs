//! [`Admission`]: the one place where a transaction is let in or refused.
//!
//! | kind of transaction | let in |
//! |---|---|
//! | signed | [`Rule::Duty`], [`Rule::Duties`], [`Rule::Member`], and batches of them, for a delegate of an active organisation; of a suspended one, [`Family::Administration`] only |
//! | general, authorised by the call's own pallet | [`Rule::Authorised`], not batched |
//! | general, not authorised | nothing |
//! | bare, from the pool | [`Rule::Consensus`] |
//! | bare, in a block | [`Rule::Consensus`], [`Rule::Inherent`] |
//! | any other origin | nothing |
//!
//! Admission never replaces the origin check inside a call. It comes after every extension that
//! makes an origin.

use crate::{
	priority::{longevity_of, priority_of, BEYOND_QUOTA},
	quota::Charge,
	AdmissionRules, Config, Family, Pallet, Refusal, Rule, WeightInfo, MAX_BATCH, MAX_DEPTH,
};
use codec::{Decode, DecodeWithMemTracking, Encode};
use core::marker::PhantomData;
use curex_primitives::{Duties, OrganisationStatus};
use frame::{
	deps::{
		frame_support::traits::OriginTrait,
		sp_runtime::transaction_validity::{TransactionValidity, TransactionValidityError},
	},
	prelude::*,
	traits::Implication,
};

type CallOf<T> = <T as frame_system::Config>::RuntimeCall;

/// Lets in only what the sender's organisation and duties allow, charges the organisation's quota,
/// and sets the priority.
#[derive(
	Encode,
	Decode,
	DecodeWithMemTracking,
	CloneNoBound,
	EqNoBound,
	PartialEqNoBound,
	DebugNoBound,
	DefaultNoBound,
	TypeInfo,
)]
#[scale_info(skip_type_params(T))]
pub struct Admission<T>(PhantomData<T>);

impl<T> Admission<T> {
	/// The extension; it carries no data.
	pub fn new() -> Self {
		Self(PhantomData)
	}
}

/// What a signed transaction asks for, all nested calls taken together.
struct Demand {
	/// Every duty that one of the calls needs.
	duties: Duties,
	/// The lowest family of the calls: nothing rides on an urgent call.
	family: Family,
	/// Whether every call is [`Family::Administration`].
	is_administration: bool,
	/// How many calls, not counting the batches around them.
	calls: u32,
}

impl Demand {
	fn of<T: Config>(call: &CallOf<T>) -> Result<Self, TransactionValidityError> {
		let mut demand = Self {
			duties: Duties::EMPTY,
			family: Family::Urgent,
			is_administration: true,
			calls: 0,
		};
		demand.survey::<T>(call, 0)?;
		Ok(demand)
	}

	fn survey<T: Config>(
		&mut self,
		call: &CallOf<T>,
		depth: u32,
	) -> Result<(), TransactionValidityError> {
		match T::Calls::rule(call) {
			Rule::Duty(duty, family) => self.add(duty.into(), family, 1),
			Rule::Duties(duty, family, calls) => self.add(duty.into(), family, calls),
			Rule::Member(family) => self.add(Duties::EMPTY, family, 1),
			Rule::Batch(_) if depth >= MAX_DEPTH => Err(Refusal::BatchTooDeep.into()),
			Rule::Batch([]) => Err(Refusal::EmptyBatch.into()),
			Rule::Batch(calls) => {
				calls.iter().try_for_each(|nested| self.survey::<T>(nested, depth + 1))
			},
			Rule::Authorised(_) | Rule::Inherent | Rule::Consensus | Rule::Never => {
				Err(InvalidTransaction::Call.into())
			},
		}
	}

	fn add(
		&mut self,
		duties: Duties,
		family: Family,
		calls: u32,
	) -> Result<(), TransactionValidityError> {
		if calls == 0 {
			return Err(Refusal::EmptyBatch.into());
		}
		self.calls = self.calls.saturating_add(calls);
		if self.calls > MAX_BATCH {
			return Err(Refusal::BatchTooLong.into());
		}
		self.duties = self.duties.iter().chain(duties.iter()).collect::<Duties>();
		self.family = self.family.min(family);
		self.is_administration &= family == Family::Administration;
		Ok(())
	}
}

/// What the pool is told of an admitted transaction.
fn validity(family: Family, priority: u64) -> ValidTransaction {
	ValidTransaction { priority, longevity: longevity_of(family), ..Default::default() }
}

impl<T: Config> Admission<T> {
	fn admit_signed(
		who: &T::AccountId,
		call: &CallOf<T>,
	) -> Result<(ValidTransaction, Charge), TransactionValidityError> {
		let delegate = Pallet::<T>::delegate(who).ok_or(InvalidTransaction::BadSigner)?;
		let organisation = Pallet::<T>::organisation(delegate.organisation)
			.ok_or(InvalidTransaction::BadSigner)?;
		let demand = Demand::of::<T>(call)?;
		match organisation.status {
			OrganisationStatus::Active => {},
			OrganisationStatus::Suspended if demand.is_administration => {},
			OrganisationStatus::Suspended => return Err(Refusal::Suspended.into()),
			OrganisationStatus::Exited => return Err(InvalidTransaction::BadSigner.into()),
		}
		if !delegate.duties.contains_all(demand.duties) {
			return Err(Refusal::MissingDuty.into());
		}
		let charge = Pallet::<T>::price(delegate.organisation, demand.family, demand.calls)
			.ok_or(InvalidTransaction::ExhaustsResources)?;
		let priority = if charge.is_beyond { BEYOND_QUOTA } else { priority_of(demand.family) };
		Ok((validity(demand.family, priority), charge))
	}

	fn admit_authorised(call: &CallOf<T>) -> Result<ValidTransaction, TransactionValidityError> {
		match T::Calls::rule(call) {
			Rule::Authorised(family) => Ok(validity(family, priority_of(family))),
			Rule::Duty(..)
			| Rule::Duties(..)
			| Rule::Member(_)
			| Rule::Batch(_)
			| Rule::Inherent
			| Rule::Consensus
			| Rule::Never => Err(InvalidTransaction::Call.into()),
		}
	}
}

impl<T: Config + Send + Sync> TransactionExtension<CallOf<T>> for Admission<T> {
	const IDENTIFIER: &'static str = "Admission";
	type Implicit = ();
	type Val = Option<Charge>;
	type Pre = ();

	fn weight(&self, _: &CallOf<T>) -> Weight {
		T::WeightInfo::admission()
	}

	fn validate(
		&self,
		origin: T::RuntimeOrigin,
		call: &CallOf<T>,
		_: &DispatchInfoOf<CallOf<T>>,
		_: usize,
		_: (),
		_: &impl Implication,
		_: TransactionSource,
	) -> ValidateResult<Self::Val, CallOf<T>> {
		match origin.as_system_ref() {
			Some(frame_system::RawOrigin::Signed(who)) => {
				let (validity, charge) = Self::admit_signed(who, call)?;
				Ok((validity, Some(charge), origin))
			},
			Some(frame_system::RawOrigin::Authorized) => {
				Ok((Self::admit_authorised(call)?, None, origin))
			},
			Some(frame_system::RawOrigin::Root) | Some(frame_system::RawOrigin::None) | None => {
				Err(InvalidTransaction::UnknownOrigin.into())
			},
		}
	}

	fn prepare(
		self,
		charge: Self::Val,
		_: &T::RuntimeOrigin,
		_: &CallOf<T>,
		_: &DispatchInfoOf<CallOf<T>>,
		_: usize,
	) -> Result<(), TransactionValidityError> {
		match charge {
			// The block author leaves the transaction in the pool for another block.
			Some(charge) => {
				Pallet::<T>::pay(charge).ok_or(InvalidTransaction::ExhaustsResources.into())
			},
			None => Ok(()),
		}
	}

	fn bare_validate(
		call: &CallOf<T>,
		_: &DispatchInfoOf<CallOf<T>>,
		_: usize,
	) -> TransactionValidity {
		match T::Calls::rule(call) {
			Rule::Consensus => Ok(ValidTransaction::default()),
			Rule::Inherent => Err(InvalidTransaction::MandatoryValidation.into()),
			Rule::Duty(..)
			| Rule::Duties(..)
			| Rule::Member(_)
			| Rule::Batch(_)
			| Rule::Authorised(_)
			| Rule::Never => Err(InvalidTransaction::Call.into()),
		}
	}

	fn bare_validate_and_prepare(
		call: &CallOf<T>,
		_: &DispatchInfoOf<CallOf<T>>,
		_: usize,
	) -> Result<(), TransactionValidityError> {
		match T::Calls::rule(call) {
			Rule::Consensus | Rule::Inherent => Ok(()),
			Rule::Duty(..)
			| Rule::Duties(..)
			| Rule::Member(_)
			| Rule::Batch(_)
			| Rule::Authorised(_)
			| Rule::Never => Err(InvalidTransaction::Call.into()),
		}
	}
}
