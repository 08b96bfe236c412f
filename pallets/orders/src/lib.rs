//! # Orders
//!
//! Leads the off-chain workers: the policy on the ledger says what is due, the node's off-chain worker orders it and
//! brings the reports to the ledger.
//!
//! ## Overview
//!
//! An organisation's [`Policy`] says how often its off-chain worker does what. At each block, on a node that holds the
//! organisation's worker key, the pallet
//!
//! 1. decides which [`Task`](curex_primitives::Task) is due and why ([`schedule::due`]), and leaves a signed work
//!    order for the agent in the mailbox;
//! 2. takes the reports that the agent left in the mailbox, checks them, and sends those the ledger would record as
//!    one signed transaction.
//!
//! It is also the [`Outbox`] of the pallets that record reports: it refuses an outbox number that was taken before.
//!
//! | module | what it holds |
//! |---|---|
//! | [`schedule`] | when is a task due? |
//! | [`crypto`] | the worker key |
//! | `worker` | the off-chain worker: whom it works for, the lock |
//! | `worker::lead`, `worker::deliver` | its two halves |
//! | [`traits`] | what the runtime tells it |
//! | [`runtime_api`] | what the node asks |
//!
//! ## Decisions
//!
//! - *The mailbox is never the only copy.* The off-chain worker sees best blocks only and its writes can be lost. It
//!   never removes a submission: whoever sees finality does. What is on the ledger is skipped by its number, and
//!   comes back by itself if a fork takes it away.
//! - *One batch in flight per account.* The nonce of an off-chain transaction comes from the state, which knows no
//!   pending ones. A batch that is not recorded within [`RESEND_AFTER`] blocks is made anew.
//! - *A dry run decides.* A report is sent only if the call succeeds on the present state, after those before it. One
//!   that the ledger would refuse for what it says is noted as rejected; one that cannot go now waits.
//!
//! See the [`pallet`] module for calls, events and errors.
#![cfg_attr(not(feature = "std"), no_std)]
#![warn(missing_docs)]

extern crate alloc;

#[cfg(any(feature = "runtime-benchmarks", test))]
mod benchmarking;
pub mod crypto;
#[cfg(test)]
mod mock;
pub mod runtime_api;
pub mod schedule;
#[cfg(test)]
mod tests;
pub mod traits;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
pub mod weights;
mod worker;

pub use crypto::KEY_TYPE;
pub use pallet::*;
pub use traits::{DelegateLookup, SubmissionCalls};
pub use weights::WeightInfo;
pub use worker::{MAX_BATCH, RESEND_AFTER};

use curex_primitives::{BlockNumber, Duty, OrganisationId, Outbox, Policy, ReportKind};
use frame::{
	prelude::*,
	traits::{EnsureOriginWithArg, UnixTime},
};

const LOG_TARGET: &str = "runtime::orders";

/// The newest report of a kind that an organisation recorded.
#[derive(
	Clone,
	PartialEq,
	Eq,
	Debug,
	codec::Encode,
	codec::Decode,
	codec::DecodeWithMemTracking,
	codec::MaxEncodedLen,
	TypeInfo,
)]
pub struct LastReport {
	/// Its outbox number.
	pub number: u64,
	/// The block that recorded it.
	pub recorded_at: BlockNumber,
}

/// The calls of the whole runtime: reports go to several pallets.
pub type RuntimeCallOf<T> = <T as frame_system::Config>::RuntimeCall;

#[frame::pallet]
pub mod pallet {
	use super::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(0);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What the pallet needs of the runtime.
	#[pallet::config]
	pub trait Config:
		frame_system::Config + CreateSignedTransaction<<Self as frame_system::Config>::RuntimeCall>
	{
		/// Signed by a delegate of an active organisation that holds the duty.
		type DelegateOrigin: EnsureOriginWithArg<
			Self::RuntimeOrigin,
			Duty,
			Success = OrganisationId,
		>;
		/// Says for whom a worker key works.
		type Delegates: DelegateLookup<Self::AccountId>;
		/// Says which call records a report.
		type Calls: SubmissionCalls<RuntimeCallOf<Self>>;
		/// The worker key; [`crypto::WorkerId`].
		type AuthorityId: AppCrypto<
			Self::Public,
			Self::Signature,
			RuntimeAppPublic = crypto::Public,
		>;
		/// The time of the block.
		type Clock: UnixTime;
		/// What the calls weigh.
		type WeightInfo: WeightInfo;
		/// Makes delegates for benchmarks.
		#[cfg(any(feature = "runtime-benchmarks", test))]
		type BenchmarkHelper: curex_primitives::BenchmarkDelegates<Self::RuntimeOrigin>;
	}

	/// How often an organisation's off-chain worker does what. Without a policy it does nothing.
	// Hasher: Twox is safe because the ledger gives the numbers of organisations.
	#[pallet::storage]
	pub type Policies<T: Config> = StorageMap<_, Twox64Concat, OrganisationId, Policy>;

	/// The newest report of each kind.
	// Hasher: as `Policies`; there are five kinds.
	#[pallet::storage]
	pub type LastReports<T: Config> =
		StorageDoubleMap<_, Twox64Concat, OrganisationId, Twox64Concat, ReportKind, LastReport>;

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An organisation said how often its off-chain worker does what.
		PolicySet {
			/// Which.
			organisation: OrganisationId,
			/// Its policy.
			policy: Policy,
		},
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn offchain_worker(block: BlockNumberFor<T>) {
			worker::run::<T>(block.saturated_into());
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), frame::try_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Say how often the organisation's off-chain worker does what.
		///
		/// ## Dispatch Origin
		///
		/// A delegate with [`Duty::Administration`].
		///
		/// ## Details
		///
		/// Intervals are in blocks; zero switches a task off.
		///
		/// ## Events
		///
		/// - [`Event::PolicySet`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::set_policy())]
		pub fn set_policy(origin: OriginFor<T>, policy: Policy) -> DispatchResult {
			let organisation = T::DelegateOrigin::ensure_origin(origin, &Duty::Administration)?;
			Policies::<T>::insert(organisation, policy.clone());
			Self::deposit_event(Event::PolicySet { organisation, policy });
			Ok(())
		}
	}
}

impl<T: Config> Pallet<T> {
	/// The greatest outbox number that was taken from the organisation for this kind of report; 0 if none was.
	pub fn last_number(organisation: OrganisationId, kind: ReportKind) -> u64 {
		LastReports::<T>::get(organisation, kind).map_or(0, |last| last.number)
	}

	/// The organisation's policy, if it set one.
	pub fn policy(organisation: OrganisationId) -> Option<Policy> {
		Policies::<T>::get(organisation)
	}
}

impl<T: Config> Outbox for Pallet<T> {
	fn take(organisation: OrganisationId, kind: ReportKind, number: u64) -> bool {
		let fresh = number > Self::last_number(organisation, kind);
		if fresh {
			let recorded_at = frame_system::Pallet::<T>::block_number().saturated_into();
			LastReports::<T>::insert(organisation, kind, LastReport { number, recorded_at });
		}
		fresh
	}
}
