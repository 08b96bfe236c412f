//! # Erasure
//!
//! Orders to erase, released day by day, and what organisations attest of them.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for calls, events, errors and storage, [`runtime_api`] for reading.
//!
//! ## Overview
//!
//! - An order is a random handle: it names no consent, no exchange and nobody. An organisation files
//!   [`SLOTS`](curex_primitives::SLOTS) of them at once, once a day, in the first hours of the day; most mean nothing.
//!   The ledger does not keep who filed them. What they are about, and whom they bind, is said outside the ledger.
//! - The orders of a day are released together with the first block that finds the day over, and are due together.
//! - Every organisation that treats patients answers every order of a batch: one Merkle root over all its answers, the
//!   method by which it erases, and a commitment to the evidence. A refusal under GDPR art. 17(3) is one of the
//!   answers: it does not show on the ledger either, and is proven to whoever may know.
//! - An organisation that has not attested in time is flagged. It may still attest.
//! - When the retention of a batch is over, nothing of it stays, unless an authority holds it.
//!
//! | module | what it holds |
//! |---|---|
//! | `batches` | filing, release, attestation, flags |
//! | `retention` | holds and pruning |
//! | [`runtime_api`] | how nodes and clients read |
//! | `try_state` | the invariants |
#![cfg_attr(not(feature = "std"), no_std)]
#![warn(missing_docs)]

extern crate alloc;

pub use pallet::*;
pub use weights::WeightInfo;

mod batches;
#[cfg(any(feature = "runtime-benchmarks", test))]
mod benchmarking;
#[cfg(test)]
mod mock;
mod retention;
pub mod runtime_api;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
pub mod weights;

// The orders of a day are one array of fixed size in the call that files them.
#[allow(clippy::large_enum_variant)]
#[frame::pallet]
pub mod pallet {
	use super::*;
	use alloc::vec::Vec;
	use curex_primitives::{
		BlockNumber, Commitment, Duty, DutyDue, ErasureAttestation, ErasureBatch, ErasureId,
		ErasureMethod, Moment, OrganisationId, Organisations, SLOTS,
	};
	use frame::{
		deps::frame_support::weights::WeightMeter,
		prelude::*,
		traits::{EnsureOriginWithArg, UnixTime},
	};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::config]
	pub trait Config: frame_system::Config {
		/// A delegate of an active organisation who holds the duty.
		type DelegateOrigin: EnsureOriginWithArg<
			Self::RuntimeOrigin,
			Duty,
			Success = OrganisationId,
		>;
		/// The members. Their numbers have no gap.
		type Organisations: Organisations;
		/// The time of the block.
		type Clock: UnixTime;
		/// Days for which a batch stays after its release; longer than its answers take.
		#[pallet::constant]
		type Retention: Get<u32>;
		/// What the calls weigh.
		type WeightInfo: WeightInfo;
		/// Delegates for benchmarks.
		#[cfg(any(feature = "runtime-benchmarks", test))]
		type BenchmarkHelper: curex_primitives::BenchmarkDelegates<Self::RuntimeOrigin>
			+ curex_primitives::BenchmarkClock;
	}

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// The orders of each day. Who filed them is not kept.
	// Hasher: the day is the ledger's, the handle comes from outside.
	#[pallet::storage]
	pub type Orders<T> =
		StorageDoubleMap<_, Twox64Concat, u32, Blake2_128Concat, ErasureId, (), OptionQuery>;

	/// The day of every order that has not been pruned. No handle serves twice.
	// Hasher: the handle comes from outside.
	#[pallet::storage]
	pub type Days<T> = StorageMap<_, Blake2_128Concat, ErasureId, u32>;

	/// The last day on which an organisation filed orders.
	// Hasher: the number is given by the ledger.
	#[pallet::storage]
	pub type Filed<T> = StorageMap<_, Twox64Concat, OrganisationId, u32>;

	/// The day whose orders are being filed, and how many there are.
	#[pallet::storage]
	pub type Collecting<T> = StorageValue<_, (u32, u32)>;

	/// The batches that have been released, by day.
	// Hasher: the day is the ledger's.
	#[pallet::storage]
	pub type Batches<T> = StorageMap<_, Twox64Concat, u32, ErasureBatch>;

	/// What organisations attest of a batch.
	// Hasher: day and number are the ledger's.
	#[pallet::storage]
	pub type Attestations<T> =
		StorageDoubleMap<_, Twox64Concat, u32, Twox64Concat, OrganisationId, ErasureAttestation>;

	/// Organisations that have not attested a batch although it was due.
	// Hasher: day and number are the ledger's.
	#[pallet::storage]
	pub type Overdue<T> =
		StorageDoubleMap<_, Twox64Concat, u32, Twox64Concat, OrganisationId, (), OptionQuery>;

	/// The first day whose batch has not been looked at for missing attestations, and the organisation to look at next.
	#[pallet::storage]
	pub type NextOverdue<T> = StorageValue<_, (u32, OrganisationId)>;

	/// The commitments that attestations and holds carry. None serves twice.
	// Hasher: the commitment comes from outside.
	#[pallet::storage]
	pub type Commitments<T> = StorageMap<_, Blake2_128Concat, Commitment, ()>;

	/// The authorities that hold a batch, each with a commitment to its case.
	// Hasher: day and number are the ledger's.
	#[pallet::storage]
	pub type Holds<T> =
		StorageDoubleMap<_, Twox64Concat, u32, Twox64Concat, OrganisationId, Commitment>;

	/// The first day whose batch has not been looked at for the end of its retention.
	#[pallet::storage]
	pub type NextPruning<T> = StorageValue<_, u32>;

	/// Batches whose retention is over and that are being pruned, or were held when it ended and are not any more.
	// Hasher: the day is the ledger's.
	#[pallet::storage]
	pub type Pruning<T> = StorageMap<_, Twox64Concat, u32, (), OptionQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An organisation filed its orders of a day.
		OrdersFiled {
			/// The day.
			day: u32,
		},
		/// The orders of a day were released.
		BatchReleased {
			/// The day.
			day: u32,
			/// How many orders.
			orders: u32,
			/// Until when they are to be answered.
			due: Moment,
		},
		/// An organisation attested that it answered a batch.
		Attested {
			/// The day of the batch.
			day: u32,
			/// The organisation.
			organisation: OrganisationId,
			/// How it erases.
			method: ErasureMethod,
			/// Whether it came after the deadline.
			late: bool,
		},
		/// An organisation has not attested in time.
		AttestationOverdue {
			/// The day of the batch.
			day: u32,
			/// The organisation.
			organisation: OrganisationId,
		},
		/// An authority holds a batch: it is not pruned.
		Held {
			/// The day of the batch.
			day: u32,
			/// The authority.
			authority: OrganisationId,
		},
		/// An authority does not hold a batch any more.
		HoldLifted {
			/// The day of the batch.
			day: u32,
			/// The authority.
			authority: OrganisationId,
		},
		/// Nothing of a batch is left.
		Pruned {
			/// The day of the batch.
			day: u32,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The ledger has no such batch, or it is not released yet; look at its day.
		NotFound,
		/// The organisation treats no patients, or is not competent for data protection.
		NotAuthorized,
		/// Orders are filed in the first two hours of a day, UTC; try then.
		NotFilingTime,
		/// The organisation filed its orders of the day; keep what is left for another day.
		AlreadyFiled,
		/// A handle is all zero.
		MissingHandle,
		/// A handle serves another order; draw 32 random bytes.
		HandleReused,
		/// The organisation attested this batch, or became a member after it was released.
		NothingToAttest,
		/// A commitment is all zero.
		MissingCommitment,
		/// A commitment serves another record; draw a new salt.
		CommitmentReused,
		/// The authority holds the batch.
		AlreadyExists,
		/// There are as many orders on this day as the ledger can count.
		NumbersExhausted,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			Self::release();
			T::WeightInfo::release()
		}

		fn on_idle(_: BlockNumberFor<T>, remaining: Weight) -> Weight {
			let mut meter = WeightMeter::with_limit(remaining);
			Self::flag_overdue(&mut meter);
			Self::prune(&mut meter);
			meter.consumed()
		}

		fn integrity_test() {
			let answers = (curex_primitives::erasure::ATTESTATION_PERIOD
				/ curex_primitives::erasure::DAY) as u32;
			assert!(T::Retention::get() > answers, "a batch outlives the time for its answers");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), frame::try_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Files the orders of an organisation for a day.
		///
		/// ## Dispatch Origin
		/// A delegate with [`Duty::Oversight`] of an organisation that treats patients.
		///
		/// ## Details
		/// Each order is 32 random bytes. There are always as many as there are slots: fill the rest with random bytes
		/// that mean nothing, and file every day. What was requested on a day belongs on a random later one:
		/// [`curex_primitives::erasure::filing_day`]. The order binds the organisation that files it as well.
		///
		/// ## Errors
		/// [`Error::NotAuthorized`], [`Error::NotFilingTime`], [`Error::AlreadyFiled`], [`Error::MissingHandle`],
		/// [`Error::HandleReused`], [`Error::NumbersExhausted`].
		///
		/// ## Events
		/// [`Event::OrdersFiled`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::file())]
		pub fn file(origin: OriginFor<T>, orders: [ErasureId; SLOTS]) -> DispatchResult {
			let organisation = T::DelegateOrigin::ensure_origin(origin, &Duty::Oversight)?;
			Self::do_file(organisation, orders)?;
			Ok(())
		}

		/// Attests that the organisation answered every order of a batch.
		///
		/// ## Dispatch Origin
		/// A delegate with [`Duty::Oversight`] of an organisation that treats patients and was a member when the batch
		/// was released.
		///
		/// ## Details
		/// `top` is the topmost hash of the Merkle tree over the answers
		/// ([`curex_primitives::erasure::answer_leaf`]) in the order of the handles; the ledger makes the root from it
		/// and the number of orders, so that none can be left out. `method` is how the organisation erases what it
		/// held, whether or not it held anything. `evidence` commits to its evidence. What was received for treatment
		/// is its own record ([`curex_primitives::erasure::excluded`]) and is refused with a code.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::NothingToAttest`], [`Error::MissingCommitment`],
		/// [`Error::CommitmentReused`].
		///
		/// ## Events
		/// [`Event::Attested`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::attest())]
		pub fn attest(
			origin: OriginFor<T>,
			day: u32,
			top: [u8; 32],
			method: ErasureMethod,
			evidence: Commitment,
		) -> DispatchResult {
			let organisation = T::DelegateOrigin::ensure_origin(origin, &Duty::Oversight)?;
			let late = Self::do_attest(organisation, day, top, method, evidence)?;
			Self::deposit_event(Event::Attested { day, organisation, method, late });
			Ok(())
		}

		/// Keeps a batch from being pruned: its evidence is needed for legal claims (GDPR art. 17(3)(e)).
		///
		/// ## Dispatch Origin
		/// A delegate with [`Duty::Oversight`] of an authority competent for data protection.
		///
		/// ## Errors
		/// [`Error::NotAuthorized`], [`Error::NotFound`], [`Error::AlreadyExists`], [`Error::MissingCommitment`],
		/// [`Error::CommitmentReused`].
		///
		/// ## Events
		/// [`Event::Held`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::hold())]
		pub fn hold(origin: OriginFor<T>, day: u32, case: Commitment) -> DispatchResult {
			let authority = T::DelegateOrigin::ensure_origin(origin, &Duty::Oversight)?;
			Self::do_hold(authority, day, case)?;
			Self::deposit_event(Event::Held { day, authority });
			Ok(())
		}

		/// Lifts the authority's own hold of a batch.
		///
		/// ## Dispatch Origin
		/// A delegate with [`Duty::Oversight`] of the authority that holds the batch.
		///
		/// ## Errors
		/// [`Error::NotFound`].
		///
		/// ## Events
		/// [`Event::HoldLifted`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::lift())]
		pub fn lift(origin: OriginFor<T>, day: u32) -> DispatchResult {
			let authority = T::DelegateOrigin::ensure_origin(origin, &Duty::Oversight)?;
			Self::do_lift(authority, day)?;
			Self::deposit_event(Event::HoldLifted { day, authority });
			Ok(())
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// The batches that an organisation has to answer and has not, with their deadlines, at most `limit`.
		pub fn batches_open(organisation: OrganisationId, limit: u32) -> Vec<DutyDue> {
			Self::duties_of(organisation, limit)
		}

		/// The orders of a batch in the order of their handles, once it is released.
		pub fn orders(day: u32) -> Vec<ErasureId> {
			Self::orders_of(day)
		}

		/// The batch of a day.
		pub fn batch(day: u32) -> Option<ErasureBatch> {
			Batches::<T>::get(day)
		}

		/// What an organisation attests of a batch.
		pub fn attestation(day: u32, organisation: OrganisationId) -> Option<ErasureAttestation> {
			Attestations::<T>::get(day, organisation)
		}
	}

	impl<T: Config> Pallet<T> {
		pub(crate) fn ensure_fresh(commitment: Commitment) -> Result<(), Error<T>> {
			ensure!(!commitment.is_zero(), Error::<T>::MissingCommitment);
			ensure!(!Commitments::<T>::contains_key(commitment), Error::<T>::CommitmentReused);
			Ok(())
		}

		pub(crate) fn now() -> Moment {
			T::Clock::now().as_millis().saturated_into()
		}

		pub(crate) fn block() -> BlockNumber {
			frame_system::Pallet::<T>::block_number().saturated_into()
		}
	}
}
