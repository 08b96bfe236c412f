//! # Hygiene
//!
//! The cyber hygiene of the members' staff, by group and campaign.
//!
//! ## Overview
//!
//! The off-chain worker of an organisation evaluates a survey among a group of its staff and records a
//! [`GroupResult`]: the risk from the group's gaps, how sure, how many answered, a commitment. No result is about a
//! person. Campaigns are counted by the organisation and never go back.
//!
//! The newest result of each group can be proven from the state; older ones from the blocks that recorded them.
//!
//! See the [`pallet`] module for calls, events and errors.
#![cfg_attr(not(feature = "std"), no_std)]
#![warn(missing_docs)]

#[cfg(any(feature = "runtime-benchmarks", test))]
mod benchmarking;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
pub mod weights;

pub use pallet::*;
pub use weights::WeightInfo;

use curex_primitives::{
	report_refusals, Duty, GroupResult, OrganisationId, Outbox, Report, StaffGroup,
};
use frame::{
	prelude::*,
	traits::{EnsureOriginWithArg, UnixTime},
};

report_refusals!();

#[frame::pallet]
pub mod pallet {
	use super::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(0);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What the pallet needs of the runtime.
	#[pallet::config]
	pub trait Config: frame_system::Config {
		/// Signed by a delegate of an active organisation that holds the duty.
		type DelegateOrigin: EnsureOriginWithArg<
			Self::RuntimeOrigin,
			Duty,
			Success = OrganisationId,
		>;
		/// The time of the block.
		type Clock: UnixTime;
		/// Refuses an outbox number that was taken before.
		type Outbox: Outbox;
		/// What the calls weigh.
		type WeightInfo: WeightInfo;
		/// Makes delegates for benchmarks.
		#[cfg(any(feature = "runtime-benchmarks", test))]
		type BenchmarkHelper: curex_primitives::BenchmarkDelegates<Self::RuntimeOrigin>;
	}

	/// The newest campaign of an organisation.
	// Hasher: Twox is safe because the ledger gives the numbers of organisations.
	#[pallet::storage]
	pub type Campaigns<T: Config> = StorageMap<_, Twox64Concat, OrganisationId, u32, ValueQuery>;

	/// The newest result of each group, with its outbox number.
	// Hasher: as `Campaigns`; there are four groups.
	#[pallet::storage]
	pub type Results<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		OrganisationId,
		Twox64Concat,
		StaffGroup,
		(u64, GroupResult),
	>;

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// The result of a group was recorded.
		GroupResultRecorded {
			/// Whose.
			organisation: OrganisationId,
			/// Its outbox number.
			number: u64,
			/// The result.
			result: GroupResult,
		},
	}

	/// Why a call failed.
	#[pallet::error]
	pub enum Error<T> {
		/// The report cannot be true; the defect says why. Repair it and submit it under a new number.
		Defective(Defect),
		/// The outbox number, or a greater one, was taken before. Nothing is left to do for this report.
		AlreadyRecorded,
		/// The organisation has recorded results of a later campaign. Record those of that campaign or a newer one.
		CampaignOver,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), frame::try_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Record the result of a group of the organisation's staff.
		///
		/// ## Dispatch Origin
		///
		/// A delegate with [`Duty::SecurityReport`].
		///
		/// ## Details
		///
		/// `number` is the report's outbox number, rising. A second result of the same campaign and group corrects the
		/// first: late answers count.
		///
		/// ## Errors
		///
		/// - [`Error::Defective`]: the report cannot be true.
		/// - [`Error::AlreadyRecorded`]: the number was taken before.
		/// - [`Error::CampaignOver`]: results of a later campaign are recorded.
		///
		/// ## Events
		///
		/// - [`Event::GroupResultRecorded`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::record())]
		pub fn record(origin: OriginFor<T>, number: u64, result: GroupResult) -> DispatchResult {
			let organisation = T::DelegateOrigin::ensure_origin(origin, &Duty::SecurityReport)?;
			let now = T::Clock::now().as_millis().saturated_into();
			T::Outbox::admit(organisation, number, &Report::GroupResult(result.clone()), now)
				.map_err(Error::<T>::from)?;
			ensure!(result.campaign >= Campaigns::<T>::get(organisation), Error::<T>::CampaignOver);
			Campaigns::<T>::insert(organisation, result.campaign);
			Results::<T>::insert(organisation, result.group, (number, result.clone()));
			Self::deposit_event(Event::GroupResultRecorded { organisation, number, result });
			Ok(())
		}
	}
}
