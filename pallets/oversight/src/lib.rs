//! # Oversight
//!
//! What lets supervisors hold members to account: anchors of access logs, inquiries and disclosures, the breach
//! register.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for calls, events, errors and storage.
//!
//! ## Overview
//!
//! - Each organisation anchors its access log period after period. Sequence and times have no gap, so that a log
//!   that was changed, shortened or left out shows.
//! - An authority opens an inquiry about a record; the organisation discloses off the ledger, encrypted to the
//!   authority, and commits here to what it disclosed.
//! - A breach is registered with the time at which the organisation became aware of it. The authority is to be
//!   notified within 72 hours; a late notice is taken and marked.
#![cfg_attr(not(feature = "std"), no_std)]
#![warn(missing_docs)]

pub use pallet::*;
pub use weights::WeightInfo;

#[cfg(any(feature = "runtime-benchmarks", test))]
mod benchmarking;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
pub mod weights;

/// Sets the clock for a benchmark: an anchor ends in the past.
#[cfg(any(feature = "runtime-benchmarks", test))]
pub trait BenchmarkClock {
	/// Makes it `now`.
	fn set(now: curex_primitives::Moment);
}

#[frame::pallet]
pub mod pallet {
	use super::*;
	use curex_primitives::{
		AnchorDefect, BlockNumber, BreachCase, BreachNotice, Commitment, Duty, Inquiry, LogAnchor,
		MerkleRoot, Moment, OrganisationId, OrganisationKind, Organisations, RecordHandle,
		SizeBucket,
	};
	use frame::{
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
		/// The members.
		type Organisations: Organisations;
		/// The time of the block.
		type Clock: UnixTime;
		/// What the calls weigh.
		type WeightInfo: WeightInfo;
		/// Delegates for benchmarks.
		#[cfg(any(feature = "runtime-benchmarks", test))]
		type BenchmarkHelper: curex_primitives::BenchmarkDelegates<Self::RuntimeOrigin>
			+ BenchmarkClock;
	}

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// The anchors of each organisation, by their number in its sequence, which begins with one.
	// Hasher: both numbers are given by the ledger.
	#[pallet::storage]
	pub type Anchors<T> =
		StorageDoubleMap<_, Twox64Concat, OrganisationId, Twox64Concat, u64, LogAnchor>;

	/// The last number in the sequence of an organisation, and where that anchor ends.
	// Hasher: the number is given by the ledger.
	#[pallet::storage]
	pub type LastAnchors<T> = StorageMap<_, Twox64Concat, OrganisationId, (u64, Moment)>;

	/// The inquiries, by their number.
	// Hasher: the number is given by the ledger.
	#[pallet::storage]
	pub type Inquiries<T> = StorageMap<_, Twox64Concat, u32, Inquiry>;

	/// The number of the next inquiry.
	#[pallet::storage]
	pub type NextInquiry<T> = StorageValue<_, u32, ValueQuery>;

	/// The breach register, by number.
	// Hasher: the number is given by the ledger.
	#[pallet::storage]
	pub type Breaches<T> = StorageMap<_, Twox64Concat, u32, BreachCase>;

	/// The number of the next breach.
	#[pallet::storage]
	pub type NextBreach<T> = StorageValue<_, u32, ValueQuery>;

	/// The commitments that inquiries and breaches carry. None serves twice.
	// Hasher: the commitment comes from outside.
	#[pallet::storage]
	pub type Commitments<T> = StorageMap<_, Blake2_128Concat, Commitment, ()>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An organisation anchored its access log.
		LogAnchored {
			/// The organisation.
			organisation: OrganisationId,
			/// Number of the anchor in its sequence.
			sequence: u64,
		},
		/// An authority opened an inquiry.
		InquiryOpened {
			/// Number of the inquiry.
			inquiry: u32,
			/// Who asks.
			authority: OrganisationId,
			/// Who is asked.
			organisation: OrganisationId,
		},
		/// An organisation disclosed what an inquiry asked for.
		Disclosed {
			/// Number of the inquiry.
			inquiry: u32,
			/// Who disclosed.
			organisation: OrganisationId,
		},
		/// An organisation registered a breach.
		BreachOpened {
			/// Number of the breach.
			breach: u32,
			/// The organisation.
			organisation: OrganisationId,
			/// Until when the authority is to be notified.
			due: Moment,
		},
		/// An organisation notified the authority of a breach.
		BreachNotified {
			/// Number of the breach.
			breach: u32,
			/// The organisation.
			organisation: OrganisationId,
			/// Whether the notice came after its due time.
			late: bool,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The ledger has no such inquiry or breach; check the number.
		NotFound,
		/// The call is for another organisation, or for an authority.
		NotAuthorized,
		/// The anchor with this number exists: regard the first submission as done.
		AlreadyExists,
		/// The number is not the next in the organisation's sequence; anchor what is missing first.
		SequenceGap,
		/// The period ends before or when it begins.
		EmptyPeriod,
		/// The moment lies in the future.
		InFuture,
		/// The period does not begin where the last one ended.
		NotContiguous,
		/// The root is all zero, or root and count do not both say "no entries".
		WrongCount,
		/// The organisation is no member.
		OrganisationNotFound,
		/// The authority asks itself.
		OrganisationIsSelf,
		/// A commitment or handle is all zero.
		MissingCommitment,
		/// A commitment serves another record; draw a new salt.
		CommitmentReused,
		/// The inquiry has been answered; a further question is a further inquiry.
		AlreadyDisclosed,
		/// The authority has been notified of the breach.
		AlreadyNotified,
		/// There are as many inquiries or breaches as the ledger can number.
		NumbersExhausted,
	}

	impl<T> From<AnchorDefect> for Error<T> {
		fn from(defect: AnchorDefect) -> Self {
			match defect {
				AnchorDefect::EmptyPeriod => Self::EmptyPeriod,
				AnchorDefect::InFuture => Self::InFuture,
				AnchorDefect::NotContiguous => Self::NotContiguous,
				AnchorDefect::WrongCount => Self::WrongCount,
			}
		}
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
		/// Anchors the access log of one period.
		///
		/// ## Dispatch Origin
		/// A delegate of the organisation with [`Duty::Oversight`].
		///
		/// ## Details
		/// `sequence` is one for the first anchor and then counts up; `from` is where the last anchor ended. A
		/// repeated submission is recognised by its number.
		///
		/// ## Errors
		/// [`Error::AlreadyExists`], [`Error::SequenceGap`], and one for each [`AnchorDefect`].
		///
		/// ## Events
		/// [`Event::LogAnchored`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::anchor())]
		pub fn anchor(
			origin: OriginFor<T>,
			sequence: u64,
			root: MerkleRoot,
			count: SizeBucket,
			from: Moment,
			to: Moment,
		) -> DispatchResult {
			let organisation = T::DelegateOrigin::ensure_origin(origin, &Duty::Oversight)?;
			let last = LastAnchors::<T>::get(organisation);
			let last_sequence = last.map_or(0, |(sequence, _)| sequence);
			ensure!(sequence > last_sequence, Error::<T>::AlreadyExists);
			ensure!(last_sequence.checked_add(1) == Some(sequence), Error::<T>::SequenceGap);
			let anchor = LogAnchor { root, count, from, to };
			anchor.check(last.map(|(_, to)| to), Self::now()).map_err(Error::<T>::from)?;

			Anchors::<T>::insert(organisation, sequence, anchor);
			LastAnchors::<T>::insert(organisation, (sequence, to));
			Self::deposit_event(Event::LogAnchored { organisation, sequence });
			Ok(())
		}

		/// Asks an organisation to disclose what stands behind a record.
		///
		/// ## Dispatch Origin
		/// A delegate of an authority with [`Duty::Oversight`].
		///
		/// ## Details
		/// `about` is the handle or commitment of the record, `case` commits to the authority's own file. Members
		/// that are suspended or have left are asked as well.
		///
		/// ## Errors
		/// [`Error::NotAuthorized`], [`Error::OrganisationNotFound`], [`Error::OrganisationIsSelf`],
		/// [`Error::MissingCommitment`], [`Error::CommitmentReused`], [`Error::NumbersExhausted`].
		///
		/// ## Events
		/// [`Event::InquiryOpened`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::open_inquiry())]
		pub fn open_inquiry(
			origin: OriginFor<T>,
			organisation: OrganisationId,
			about: RecordHandle,
			case: Commitment,
		) -> DispatchResult {
			let authority = T::DelegateOrigin::ensure_origin(origin, &Duty::Oversight)?;
			let is_authority = T::Organisations::facts(authority)
				.is_some_and(|facts| facts.kind == OrganisationKind::Authority);
			ensure!(is_authority, Error::<T>::NotAuthorized);
			ensure!(organisation != authority, Error::<T>::OrganisationIsSelf);
			let asked = T::Organisations::facts(organisation);
			ensure!(asked.is_some(), Error::<T>::OrganisationNotFound);
			ensure!(!about.is_zero(), Error::<T>::MissingCommitment);
			Self::ensure_fresh(case)?;
			let inquiry = NextInquiry::<T>::get();
			let next = inquiry.checked_add(1).ok_or(Error::<T>::NumbersExhausted)?;

			Commitments::<T>::insert(case, ());
			NextInquiry::<T>::put(next);
			let opened_at = Self::block();
			let record =
				Inquiry { authority, organisation, about, case, opened_at, disclosure: None };
			Inquiries::<T>::insert(inquiry, record);
			Self::deposit_event(Event::InquiryOpened { inquiry, authority, organisation });
			Ok(())
		}

		/// Commits to what was disclosed to the authority.
		///
		/// ## Dispatch Origin
		/// A delegate of the organisation that is asked with [`Duty::Oversight`].
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::AlreadyDisclosed`],
		/// [`Error::MissingCommitment`], [`Error::CommitmentReused`].
		///
		/// ## Events
		/// [`Event::Disclosed`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::disclose())]
		pub fn disclose(
			origin: OriginFor<T>,
			inquiry: u32,
			evidence: Commitment,
		) -> DispatchResult {
			let organisation = T::DelegateOrigin::ensure_origin(origin, &Duty::Oversight)?;
			let record = Inquiries::<T>::get(inquiry).ok_or(Error::<T>::NotFound)?;
			ensure!(record.organisation == organisation, Error::<T>::NotAuthorized);
			ensure!(record.disclosure.is_none(), Error::<T>::AlreadyDisclosed);
			Self::ensure_fresh(evidence)?;

			Commitments::<T>::insert(evidence, ());
			let disclosure = Some(evidence);
			Inquiries::<T>::insert(inquiry, Inquiry { disclosure, ..record });
			Self::deposit_event(Event::Disclosed { inquiry, organisation });
			Ok(())
		}

		/// Registers a breach.
		///
		/// ## Dispatch Origin
		/// A delegate of the organisation with [`Duty::Oversight`].
		///
		/// ## Details
		/// `detected_at` is when the organisation became aware of the breach, `case` commits to its file. The
		/// notice to the authority is due 72 hours later.
		///
		/// ## Errors
		/// [`Error::InFuture`], [`Error::MissingCommitment`], [`Error::CommitmentReused`],
		/// [`Error::NumbersExhausted`].
		///
		/// ## Events
		/// [`Event::BreachOpened`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::open_breach())]
		pub fn open_breach(
			origin: OriginFor<T>,
			case: Commitment,
			detected_at: Moment,
		) -> DispatchResult {
			let organisation = T::DelegateOrigin::ensure_origin(origin, &Duty::Oversight)?;
			ensure!(detected_at <= Self::now(), Error::<T>::InFuture);
			Self::ensure_fresh(case)?;
			let breach = NextBreach::<T>::get();
			let next = breach.checked_add(1).ok_or(Error::<T>::NumbersExhausted)?;

			Commitments::<T>::insert(case, ());
			NextBreach::<T>::put(next);
			let opened_at = Self::block();
			let record = BreachCase { organisation, case, detected_at, opened_at, notice: None };
			let due = record.due();
			Breaches::<T>::insert(breach, record);
			Self::deposit_event(Event::BreachOpened { breach, organisation, due });
			Ok(())
		}

		/// Commits to the notice of a breach that the authority was given.
		///
		/// ## Dispatch Origin
		/// A delegate of the organisation with [`Duty::Oversight`].
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::AlreadyNotified`],
		/// [`Error::MissingCommitment`], [`Error::CommitmentReused`].
		///
		/// ## Events
		/// [`Event::BreachNotified`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::notify_breach())]
		pub fn notify_breach(
			origin: OriginFor<T>,
			breach: u32,
			notice: Commitment,
		) -> DispatchResult {
			let organisation = T::DelegateOrigin::ensure_origin(origin, &Duty::Oversight)?;
			let mut record = Breaches::<T>::get(breach).ok_or(Error::<T>::NotFound)?;
			ensure!(record.organisation == organisation, Error::<T>::NotAuthorized);
			ensure!(record.notice.is_none(), Error::<T>::AlreadyNotified);
			Self::ensure_fresh(notice)?;

			Commitments::<T>::insert(notice, ());
			let now = Self::now();
			record.notice = Some(BreachNotice { notice, at: now });
			let late = record.is_late(now);
			Breaches::<T>::insert(breach, record);
			Self::deposit_event(Event::BreachNotified { breach, organisation, late });
			Ok(())
		}
	}

	impl<T: Config> Pallet<T> {
		fn ensure_fresh(commitment: Commitment) -> Result<(), Error<T>> {
			ensure!(!commitment.is_zero(), Error::<T>::MissingCommitment);
			ensure!(!Commitments::<T>::contains_key(commitment), Error::<T>::CommitmentReused);
			Ok(())
		}

		fn now() -> Moment {
			T::Clock::now().as_millis().saturated_into()
		}

		fn block() -> BlockNumber {
			frame_system::Pallet::<T>::block_number().saturated_into()
		}
	}
}
