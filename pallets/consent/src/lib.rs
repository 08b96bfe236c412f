//! # Consent
//!
//! Who agreed to which exchanges of one patient's data, and the withdrawal that nobody can block.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for calls, events, errors and storage.
//!
//! ## Overview
//!
//! - A holder files a consent: an unreadable handle, terms in coarse vocabulary, and hiding commitments to what the
//!   patient signed. One consent is one relation of one patient, holder, grantee and set of purposes; two consents
//!   of one patient share nothing.
//! - It ends by supersession, by the holder's withdrawal, or by the withdrawal code on the patient's receipt. The
//!   code needs no account and no nonce: any member's node relays it, and showing it can do nothing but withdraw.
//!   The first ending wins and is never overwritten.
//! - Expiry and use-up are evaluated by [`curex_primitives::gate::decide`] wherever a consent is used; they are no
//!   withdrawal. An expired consent can still be withdrawn, which stops what is under way.
//! - A dead consent leaves the state when its retention is over, and with it its commitments.
//!
//! | module | what it holds |
//! |---|---|
//! | `ending` | filing, ending, pruning |
//! | `try_state` | the invariants |
#![cfg_attr(not(feature = "std"), no_std)]
#![warn(missing_docs)]

pub use pallet::*;
pub use weights::WeightInfo;

#[cfg(any(feature = "runtime-benchmarks", test))]
mod benchmarking;
mod ending;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
pub mod weights;

#[frame::pallet]
pub mod pallet {
	use super::*;
	use curex_primitives::{
		consent::TermsDefect, Commitment, Consent, ConsentId, ConsentTerms, Duty, Moment,
		OrganisationId, Organisations, WithdrawLock,
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
		/// How long a dead consent stays, in milliseconds. Longer than every window of an exchange.
		#[pallet::constant]
		type Retention: Get<Moment>;
		/// Priority of a withdrawal by code in the transaction pool.
		#[pallet::constant]
		type WithdrawalPriority: Get<TransactionPriority>;
		/// What the calls weigh.
		type WeightInfo: WeightInfo;
		/// Delegates for benchmarks.
		#[cfg(any(feature = "runtime-benchmarks", test))]
		type BenchmarkHelper: curex_primitives::BenchmarkDelegates<Self::RuntimeOrigin>;
	}

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// The consents.
	// Hasher: the id comes from outside.
	#[pallet::storage]
	pub type Consents<T> = StorageMap<_, Blake2_128Concat, ConsentId, Consent>;

	/// The commitments that a consent carries, for as long as it stays. None serves twice.
	// Hasher: the commitment comes from outside.
	#[pallet::storage]
	pub type Commitments<T> = StorageMap<_, Blake2_128Concat, Commitment, ConsentId>;

	/// The withdrawal locks of the consents. None serves twice.
	// Hasher: the lock comes from outside.
	#[pallet::storage]
	pub type Locks<T> = StorageMap<_, Blake2_128Concat, WithdrawLock, ConsentId>;

	/// How many consents of a holder the ledger keeps, dead ones included.
	// Hasher: the number is given by the ledger.
	#[pallet::storage]
	pub type Counts<T> = StorageMap<_, Twox64Concat, OrganisationId, u32, ValueQuery>;

	/// On which day since the Unix epoch (UTC) the retention of a consent ends.
	// Hasher: the day is given by the ledger, the id comes from outside.
	#[pallet::storage]
	pub type Retained<T> =
		StorageDoubleMap<_, Twox64Concat, u32, Blake2_128Concat, ConsentId, (), OptionQuery>;

	/// The first day whose consents have not been pruned yet.
	#[pallet::storage]
	pub type NextPruning<T> = StorageValue<_, u32>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A holder filed a consent.
		Filed {
			/// The consent.
			consent: ConsentId,
			/// Whose records it opens.
			holder: OrganisationId,
		},
		/// A holder replaced a consent by a new one.
		Superseded {
			/// The old consent.
			consent: ConsentId,
			/// The new consent.
			by: ConsentId,
			/// Whose records they open.
			holder: OrganisationId,
		},
		/// A consent was withdrawn.
		Withdrawn {
			/// The consent.
			consent: ConsentId,
			/// Whose records it opened.
			holder: OrganisationId,
		},
		/// The retention of a dead consent was over.
		Pruned {
			/// The consent.
			consent: ConsentId,
			/// Whose records it opened.
			holder: OrganisationId,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The ledger has no such consent; check the id.
		NotFound,
		/// The consent belongs to another holder.
		NotAuthorized,
		/// A consent with this id exists; take a fresh random id, or regard the first submission as done.
		AlreadyExists,
		/// The consent is withdrawn or superseded.
		NotActive,
		/// The code does not open the consent's lock.
		WrongCode,
		/// A commitment or lock serves another consent; draw a new salt or code.
		CommitmentReused,
		/// The grantee is no member.
		GranteeNotFound,
		/// The period ends before or when it begins, or has ended already.
		EmptyPeriod,
		/// The period is longer, or begins later, than ten years.
		TooLong,
		/// No purpose, category or access mode is named.
		NothingCovered,
		/// The consent could never be used.
		NoUses,
		/// The holder names itself as grantee.
		GranteeIsHolder,
		/// Erasure would be due before the consent ends.
		ErasedBeforeEnd,
		/// The id, a commitment or the lock is all zero, or the two commitments are equal.
		MissingCommitment,
		/// The lawful basis is not the patient's agreement: care that rests on another basis needs no consent.
		NotConsent,
	}

	impl<T> From<TermsDefect> for Error<T> {
		fn from(defect: TermsDefect) -> Self {
			match defect {
				TermsDefect::EmptyPeriod => Self::EmptyPeriod,
				TermsDefect::TooLong => Self::TooLong,
				TermsDefect::Nothing => Self::NothingCovered,
				TermsDefect::NoUses => Self::NoUses,
				TermsDefect::GranteeIsHolder => Self::GranteeIsHolder,
				TermsDefect::ErasedBeforeEnd => Self::ErasedBeforeEnd,
				TermsDefect::MissingCommitment => Self::MissingCommitment,
				TermsDefect::NotConsent => Self::NotConsent,
			}
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_idle(_: BlockNumberFor<T>, remaining: Weight) -> Weight {
			Self::prune(remaining)
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), frame::try_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Files a consent that a patient gave.
		///
		/// ## Dispatch Origin
		/// A delegate of the holder with [`Duty::Consent`].
		///
		/// ## Details
		/// `id` is 32 random bytes. Filing the same id twice is refused, so a repeated submission does no harm.
		///
		/// ## Errors
		/// [`Error::AlreadyExists`], [`Error::CommitmentReused`], [`Error::GranteeNotFound`], and one for each
		/// [`TermsDefect`].
		///
		/// ## Events
		/// [`Event::Filed`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::file())]
		pub fn file(origin: OriginFor<T>, id: ConsentId, terms: ConsentTerms) -> DispatchResult {
			let holder = T::DelegateOrigin::ensure_origin(origin, &Duty::Consent)?;
			Self::do_file(holder, id, terms)?;
			Self::deposit_event(Event::Filed { consent: id, holder });
			Ok(())
		}

		/// Replaces a consent by a new one with other terms, id, commitments and lock.
		///
		/// ## Dispatch Origin
		/// A delegate of the holder with [`Duty::Consent`].
		///
		/// ## Details
		/// The old consent serves nothing from now on; what was agreed or dispatched under it and not yet received
		/// ends as with a withdrawal.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::NotActive`], and those of [`Pallet::file`].
		///
		/// ## Events
		/// [`Event::Superseded`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::supersede())]
		pub fn supersede(
			origin: OriginFor<T>,
			old: ConsentId,
			id: ConsentId,
			terms: ConsentTerms,
		) -> DispatchResult {
			let holder = T::DelegateOrigin::ensure_origin(origin, &Duty::Consent)?;
			Self::do_supersede(holder, old, id, terms)?;
			Self::deposit_event(Event::Superseded { consent: old, by: id, holder });
			Ok(())
		}

		/// Withdraws a consent for good.
		///
		/// ## Dispatch Origin
		/// A delegate of the holder with [`Duty::Consent`].
		///
		/// ## Details
		/// Whatever was agreed or dispatched under the consent and not yet received ends in the same block, whichever
		/// came first. Withdrawing what has ended already changes nothing and succeeds.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`].
		///
		/// ## Events
		/// [`Event::Withdrawn`] the first time.
		#[pallet::call_index(2)]
		#[pallet::weight((T::WeightInfo::withdraw(), DispatchClass::Operational))]
		pub fn withdraw(origin: OriginFor<T>, id: ConsentId) -> DispatchResult {
			let holder = T::DelegateOrigin::ensure_origin(origin, &Duty::Consent)?;
			let consent = Consents::<T>::get(id).ok_or(Error::<T>::NotFound)?;
			ensure!(consent.holder == holder, Error::<T>::NotAuthorized);
			Self::do_withdraw(id, consent);
			Ok(())
		}

		/// Withdraws a consent with the code from the patient's receipt.
		///
		/// ## Dispatch Origin
		/// Authorised: a general transaction without account or nonce. A signed one is refused.
		///
		/// ## Details
		/// Valid while the consent is neither withdrawn nor superseded and the code opens its lock; suspension of
		/// the holder, expiry and use-up do not matter. The code can do nothing else, so a copy of the transaction is
		/// harmless.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::WrongCode`]; the pool refuses both beforehand.
		///
		/// ## Events
		/// [`Event::Withdrawn`].
		#[pallet::call_index(3)]
		#[pallet::weight((T::WeightInfo::withdraw_by_code(), DispatchClass::Operational))]
		#[pallet::authorize(Self::authorize_withdrawal)]
		#[pallet::weight_of_authorize(T::WeightInfo::authorize_withdraw_by_code())]
		pub fn withdraw_by_code(
			origin: OriginFor<T>,
			id: ConsentId,
			code: [u8; 32],
		) -> DispatchResult {
			ensure_authorized(origin)?;
			let consent = Consents::<T>::get(id).ok_or(Error::<T>::NotFound)?;
			ensure!(Self::opens(&consent, &code), Error::<T>::WrongCode);
			Self::do_withdraw(id, consent);
			Ok(())
		}
	}
}
