//! # Inventory
//!
//! Commitments to the members' inventories of assets and vulnerabilities.
//!
//! ## Overview
//!
//! The off-chain worker of an organisation finds its assets, matches them with advisories, seals the result at home
//! and records a [`Snapshot`] here: roots, size buckets, versions, a commitment. Snapshots of an organisation form a
//! chain: each names the root of the one before, so that none can be slipped in or left out later.
//!
//! The newest [`Config::History`] snapshots of an organisation can be proven from the state; older ones from the
//! blocks that recorded them.
//!
//! See the [`pallet`] module for calls, events and errors.
#![cfg_attr(not(feature = "std"), no_std)]
#![warn(missing_docs)]

extern crate alloc;

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
	merkle::empty_root, report_refusals, Duty, OrganisationId, Outbox, Report, Snapshot,
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
		/// How many snapshots of an organisation stay in the state; at least one.
		#[pallet::constant]
		type History: Get<u32>;
		/// What the calls weigh.
		type WeightInfo: WeightInfo;
		/// Makes delegates for benchmarks.
		#[cfg(any(feature = "runtime-benchmarks", test))]
		type BenchmarkHelper: curex_primitives::BenchmarkDelegates<Self::RuntimeOrigin>;
	}

	/// Outbox numbers of the snapshots that are kept, rising.
	// Hasher: Twox is safe because the ledger gives the numbers of organisations.
	#[pallet::storage]
	pub type Numbers<T: Config> =
		StorageMap<_, Twox64Concat, OrganisationId, BoundedVec<u64, T::History>, ValueQuery>;

	/// The snapshots that are kept, by organisation and outbox number.
	// Hasher: Twox is safe because only the organisation's own delegate chooses its outbox numbers.
	#[pallet::storage]
	pub type Snapshots<T: Config> =
		StorageDoubleMap<_, Twox64Concat, OrganisationId, Twox64Concat, u64, Snapshot>;

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A snapshot was recorded.
		SnapshotRecorded {
			/// Whose.
			organisation: OrganisationId,
			/// Its outbox number.
			number: u64,
			/// The snapshot.
			snapshot: Snapshot,
		},
	}

	/// Why a call failed.
	#[pallet::error]
	pub enum Error<T> {
		/// The report cannot be true; the defect says why. Repair it and submit it under a new number.
		Defective(Defect),
		/// The outbox number, or a greater one, was taken before. Nothing is left to do for this report.
		AlreadyRecorded,
		/// `previous` is not the root of the organisation's newest snapshot. Rebuild the snapshot on that root.
		WrongPrevious,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(T::History::get() > 0, "the newest snapshot must be kept");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), frame::try_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Record a snapshot of the organisation's inventory.
		///
		/// ## Dispatch Origin
		///
		/// A delegate with [`Duty::SecurityReport`].
		///
		/// ## Details
		///
		/// `number` is the report's outbox number, rising. `previous` must be the root of the newest snapshot, or the
		/// empty root if there is none. The oldest snapshot beyond [`Config::History`] leaves the state.
		///
		/// ## Errors
		///
		/// - [`Error::Defective`]: the report cannot be true.
		/// - [`Error::AlreadyRecorded`]: the number was taken before.
		/// - [`Error::WrongPrevious`]: the snapshot does not follow the newest one.
		///
		/// ## Events
		///
		/// - [`Event::SnapshotRecorded`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::record())]
		pub fn record(origin: OriginFor<T>, number: u64, snapshot: Snapshot) -> DispatchResult {
			let organisation = T::DelegateOrigin::ensure_origin(origin, &Duty::SecurityReport)?;
			let now = T::Clock::now().as_millis().saturated_into();
			T::Outbox::admit(organisation, number, &Report::Inventory(snapshot.clone()), now)
				.map_err(Error::<T>::from)?;
			let newest = Self::newest(organisation).map_or_else(empty_root, |newest| newest.root);
			ensure!(snapshot.previous == newest, Error::<T>::WrongPrevious);
			Self::keep(organisation, number, &snapshot);
			Self::deposit_event(Event::SnapshotRecorded { organisation, number, snapshot });
			Ok(())
		}
	}
}

impl<T: Config> Pallet<T> {
	/// The newest snapshot of an organisation, if it has one.
	pub fn newest(organisation: OrganisationId) -> Option<Snapshot> {
		let number = Numbers::<T>::get(organisation).last().copied()?;
		Snapshots::<T>::get(organisation, number)
	}

	fn keep(organisation: OrganisationId, number: u64, snapshot: &Snapshot) {
		let oldest = Numbers::<T>::mutate(organisation, |numbers| {
			numbers.force_insert_keep_right(numbers.len(), number)
		});
		// An error would need a history of zero, which `integrity_test` excludes.
		if let Ok(Some(oldest)) = oldest {
			Snapshots::<T>::remove(organisation, oldest);
		}
		Snapshots::<T>::insert(organisation, number, snapshot);
	}
}
