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
//! - Between, it can be narrowed under the same id and lock, suspended and resumed, and a minor who comes of age can
//!   confirm what a representative agreed to. A court's order withdraws it like the patient's code does.
//! - A patient's objection or restriction never appears here: it lives in the holder's own store. A suspension is the
//!   holder's, visible, and no withdrawal.
//! - Tickets are consents for one exchange each, recorded as a Merkle root over many ([`curex_primitives::ticket`]).
//! - The matrix of lawful bases (basis × purpose × role × country) is kept here, as cells that override the built-in
//!   ones, with a version that counts the changes.
//! - A dead consent leaves the state when its retention is over, and with it its commitments.
//!
//! | module | what it holds |
//! |---|---|
//! | `ending` | filing and ending |
//! | `changing` | narrowing, suspension, confirmation |
//! | `tickets` | roots of tickets, their redemption and withdrawal |
//! | `governing` | the law, groups of organisations, the oldest consent policy |
//! | `pruning` | what leaves the state |
//! | `reading` | what others ask |
//! | [`runtime_api`] | what nodes and clients ask |
//! | [`migrations`] | from one storage version to the next |
//! | `try_state` | the invariants |
#![cfg_attr(not(feature = "std"), no_std)]
#![warn(missing_docs)]

extern crate alloc;

pub use pallet::*;
pub use weights::WeightInfo;

#[cfg(any(feature = "runtime-benchmarks", test))]
mod benchmarking;
mod changing;
mod ending;
mod governing;
pub mod migrations;
#[cfg(test)]
mod mock;
mod pruning;
mod reading;
pub mod runtime_api;
#[cfg(test)]
mod tests;
mod tickets;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
pub mod weights;

/// The terms that a consent had before it was narrowed.
#[derive(
	Clone,
	PartialEq,
	Eq,
	Debug,
	codec::Encode,
	codec::Decode,
	codec::MaxEncodedLen,
	scale_info::TypeInfo,
)]
pub struct Narrowing {
	/// The terms.
	pub terms: curex_primitives::ConsentTerms,
	/// The block in which they ceased to hold.
	pub until: curex_primitives::BlockNumber,
}

/// How often a consent can be narrowed.
pub const MAX_NARROWINGS: u8 = 16;

/// The order of a court by which a consent was withdrawn.
#[derive(
	Clone,
	PartialEq,
	Eq,
	Debug,
	codec::Encode,
	codec::Decode,
	codec::MaxEncodedLen,
	scale_info::TypeInfo,
)]
pub struct CourtOrder {
	/// The authority that carried it out.
	pub authority: curex_primitives::OrganisationId,
	/// Commitment to the case.
	pub case: curex_primitives::Commitment,
}

#[frame::pallet]
pub mod pallet {
	use super::*;
	use curex_primitives::{
		consent::TermsDefect,
		gate::{Answer, Asked, RiskProfile},
		law::LawDefect,
		Bases, BlockNumber, Commitment, Consent, ConsentId, ConsentTerms, Country, Duty, GroupId,
		MerkleRoot, Moment, OrganisationId, OrganisationKind, Organisations, Permits, Purpose,
		Standing, TicketProof, TicketRoot, WithdrawLock,
	};
	use frame::{
		prelude::*,
		traits::{EnsureOriginWithArg, UnixTime},
	};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(2);

	#[pallet::config]
	pub trait Config: frame_system::Config {
		/// A delegate of an active organisation who holds the duty.
		type DelegateOrigin: EnsureOriginWithArg<
			Self::RuntimeOrigin,
			Duty,
			Success = OrganisationId,
		>;
		/// The council, which keeps the law, the groups and the oldest consent policy.
		type CouncilOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// The members.
		type Organisations: Organisations;
		/// The permits for secondary use, for the closed question.
		type Permits: Permits;
		/// What holders accept and how fit recipients are, for the closed question.
		type Risk: RiskProfile;
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
		type BenchmarkHelper: curex_primitives::BenchmarkDelegates<Self::RuntimeOrigin>
			+ curex_primitives::BenchmarkClock;
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

	/// The terms that a consent had before each narrowing, numbered from 0.
	// Hasher: the id comes from outside, the number is given by the ledger.
	#[pallet::storage]
	pub type Narrowings<T> =
		StorageDoubleMap<_, Blake2_128Concat, ConsentId, Twox64Concat, u8, Narrowing>;

	/// The court's order behind a withdrawal.
	// Hasher: the id comes from outside.
	#[pallet::storage]
	pub type CourtOrders<T> = StorageMap<_, Blake2_128Concat, ConsentId, CourtOrder>;

	/// The roots of tickets.
	// Hasher: the root comes from outside.
	#[pallet::storage]
	pub type Tickets<T> = StorageMap<_, Blake2_128Concat, MerkleRoot, TicketRoot>;

	/// Tickets that were withdrawn before anybody redeemed them, by root and handle, and the block.
	// Hasher: both come from outside.
	#[pallet::storage]
	pub type VoidTickets<T> =
		StorageDoubleMap<_, Blake2_128Concat, MerkleRoot, Blake2_128Concat, ConsentId, BlockNumber>;

	/// On which day since the Unix epoch (UTC) the retention of a root of tickets ends.
	// Hasher: the day is given by the ledger, the root comes from outside.
	#[pallet::storage]
	pub type RetainedTickets<T> =
		StorageDoubleMap<_, Twox64Concat, u32, Blake2_128Concat, MerkleRoot, (), OptionQuery>;

	/// Cells of the law that differ from the built-in ones; without a country, for every country that has no cell of
	/// its own. Bounded by the number of countries, purposes and kinds.
	// Hasher: only the council writes.
	#[pallet::storage]
	pub type LawCells<T> =
		StorageMap<_, Twox64Concat, (Option<Country>, Purpose, OrganisationKind), Bases>;

	/// How often the law was changed.
	#[pallet::storage]
	pub type LawVersion<T> = StorageValue<_, u32, ValueQuery>;

	/// The oldest consent policy that a patient may have been informed by.
	#[pallet::storage]
	pub type OldestPolicy<T> = StorageValue<_, u16, ValueQuery>;

	/// The members of the groups, and the block since which they belong to them.
	// Hasher: only the council writes.
	#[pallet::storage]
	pub type GroupMembers<T> =
		StorageDoubleMap<_, Twox64Concat, GroupId, Twox64Concat, OrganisationId, BlockNumber>;

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
		/// A court had a consent withdrawn. Follows [`Event::Withdrawn`].
		WithdrawnByCourt {
			/// The consent.
			consent: ConsentId,
			/// Whose records it opened.
			holder: OrganisationId,
			/// The authority that carried the order out.
			authority: OrganisationId,
			/// Commitment to the case.
			case: Commitment,
		},
		/// A holder narrowed a consent.
		Narrowed {
			/// The consent.
			consent: ConsentId,
			/// Whose records it opens.
			holder: OrganisationId,
			/// How often it was narrowed by now.
			times: u8,
		},
		/// A holder suspended a consent. No withdrawal.
		Suspended {
			/// The consent.
			consent: ConsentId,
			/// Whose records it opens.
			holder: OrganisationId,
		},
		/// A holder resumed a suspended consent.
		Resumed {
			/// The consent.
			consent: ConsentId,
			/// Whose records it opens.
			holder: OrganisationId,
		},
		/// A minor who came of age confirmed what a representative agreed to.
		Confirmed {
			/// The consent.
			consent: ConsentId,
			/// Whose records it opens.
			holder: OrganisationId,
		},
		/// A holder recorded tickets.
		TicketsRecorded {
			/// Their root.
			root: MerkleRoot,
			/// Whose records they open.
			holder: OrganisationId,
		},
		/// A ticket became a consent for one exchange.
		TicketRedeemed {
			/// The consent: the handle of the ticket.
			consent: ConsentId,
			/// The root.
			root: MerkleRoot,
			/// Whose records it opens.
			holder: OrganisationId,
			/// Who redeemed it.
			recipient: OrganisationId,
		},
		/// A ticket was withdrawn before anybody redeemed it.
		TicketWithdrawn {
			/// The handle of the ticket.
			ticket: ConsentId,
			/// The root.
			root: MerkleRoot,
			/// Whose records it would have opened.
			holder: OrganisationId,
		},
		/// Every ticket of a root was withdrawn, redeemed or not.
		TicketsWithdrawn {
			/// The root.
			root: MerkleRoot,
			/// Whose records they opened.
			holder: OrganisationId,
		},
		/// The retention of a root of tickets was over.
		TicketsPruned {
			/// The root.
			root: MerkleRoot,
			/// Whose records they opened.
			holder: OrganisationId,
		},
		/// The council changed a cell of the law.
		LawChanged {
			/// The country; nothing for every country without a cell of its own.
			country: Option<Country>,
			/// The purpose.
			purpose: Purpose,
			/// The kind of recipient.
			kind: OrganisationKind,
			/// The bases that carry the purpose now; nothing where the wider cell holds again.
			bases: Option<Bases>,
			/// How often the law was changed by now.
			version: u32,
		},
		/// The council raised the oldest consent policy.
		OldestPolicyRaised {
			/// The policy.
			version: u16,
		},
		/// The council put an organisation into a group, or took it out.
		GroupChanged {
			/// The group.
			group: GroupId,
			/// The organisation.
			organisation: OrganisationId,
			/// Whether it belongs to the group now.
			belongs: bool,
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
		/// The consent is withdrawn, superseded or suspended.
		NotActive,
		/// The code does not open the consent's lock.
		WrongCode,
		/// A commitment or lock serves another consent; draw a new salt or code.
		CommitmentReused,
		/// The grantee is no member.
		GranteeNotFound,
		/// The period ends before or when it begins, or has ended already.
		EmptyPeriod,
		/// The period is longer, or begins later, than ten years; or the tickets outlast 92 days or their root.
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
		/// Care and secondary use are bundled; file a consent for each.
		Bundled,
		/// A representative consents for a minor who is of age; let the patient consent.
		OfAge,
		/// The patient was informed by a policy that is too old; inform by a newer one.
		PolicyOutdated,
		/// The new terms allow something that the old do not, or nothing less; supersede the consent instead.
		NotNarrower,
		/// The consent was narrowed as often as the ledger records; supersede it instead.
		NarrowedTooOften,
		/// The consent is not suspended.
		NotSuspended,
		/// The consent was not given for a minor who has come of age since, or is confirmed, or has expired.
		NothingToConfirm,
		/// The tickets are withdrawn or expired.
		TicketsNotLive,
		/// The proof does not lead from the ticket to the root.
		WrongProof,
		/// A ticket allows exactly one use.
		NotATicket,
		/// The ticket was withdrawn.
		TicketWithdrawn,
		/// The cell would hold consent without explicit consent, or the reverse.
		HalfConsent,
		/// The cell would force care on consent; leave a basis under art. 9(2)(h) or (c).
		CareForcedOnConsent,
		/// It is so already.
		NothingChanged,
	}

	impl<T> From<LawDefect> for Error<T> {
		fn from(defect: LawDefect) -> Self {
			match defect {
				LawDefect::HalfConsent => Self::HalfConsent,
				LawDefect::CareForcedOnConsent => Self::CareForcedOnConsent,
			}
		}
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
				TermsDefect::Bundled => Self::Bundled,
				TermsDefect::OfAge => Self::OfAge,
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
		/// [`Error::AlreadyExists`], [`Error::CommitmentReused`], [`Error::GranteeNotFound`],
		/// [`Error::PolicyOutdated`], and one for each [`TermsDefect`].
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
			let consent = Self::held(holder, id)?;
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
			let consent = Self::consent(id).ok_or(Error::<T>::NotFound)?;
			ensure!(Self::opens(&consent, &code), Error::<T>::WrongCode);
			Self::do_withdraw(id, consent);
			Ok(())
		}

		/// Narrows a consent: the patient agrees to less than before.
		///
		/// ## Dispatch Origin
		/// A delegate of the holder with [`Duty::Consent`].
		///
		/// ## Details
		/// Id, basis, representation and lock stay, so that the code on the patient's receipt goes on to withdraw; the
		/// two commitments are new. The terms before are recorded with the block in which they ceased to hold.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::NotActive`], [`Error::NotNarrower`],
		/// [`Error::NoUses`] if fewer uses would be allowed than were made, [`Error::NarrowedTooOften`], and those of
		/// [`Pallet::file`].
		///
		/// ## Events
		/// [`Event::Narrowed`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::narrow())]
		pub fn narrow(origin: OriginFor<T>, id: ConsentId, terms: ConsentTerms) -> DispatchResult {
			let holder = T::DelegateOrigin::ensure_origin(origin, &Duty::Consent)?;
			let times = Self::do_narrow(holder, id, terms)?;
			Self::deposit_event(Event::Narrowed { consent: id, holder, times });
			Ok(())
		}

		/// Suspends a consent until the holder resumes it.
		///
		/// ## Dispatch Origin
		/// A delegate of the holder with [`Duty::Consent`].
		///
		/// ## Details
		/// For what the holder must clear up, such as a doubt about the evidence. Reversible, visible to every member,
		/// and no withdrawal: what was dispatched may still be received. A patient's restriction is never recorded this
		/// way.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::NotActive`].
		///
		/// ## Events
		/// [`Event::Suspended`].
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::suspend())]
		pub fn suspend(origin: OriginFor<T>, id: ConsentId) -> DispatchResult {
			let holder = T::DelegateOrigin::ensure_origin(origin, &Duty::Consent)?;
			Self::do_suspend(holder, id)?;
			Self::deposit_event(Event::Suspended { consent: id, holder });
			Ok(())
		}

		/// Resumes a suspended consent.
		///
		/// ## Dispatch Origin
		/// A delegate of the holder with [`Duty::Consent`].
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::NotSuspended`].
		///
		/// ## Events
		/// [`Event::Resumed`].
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::resume())]
		pub fn resume(origin: OriginFor<T>, id: ConsentId) -> DispatchResult {
			let holder = T::DelegateOrigin::ensure_origin(origin, &Duty::Consent)?;
			Self::do_resume(holder, id)?;
			Self::deposit_event(Event::Resumed { consent: id, holder });
			Ok(())
		}

		/// Records that a minor who came of age confirmed what a representative agreed to.
		///
		/// ## Dispatch Origin
		/// A delegate of the holder with [`Duty::Consent`].
		///
		/// ## Details
		/// Until then, and from the quarter on in which the minor comes of age, the consent serves nothing.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::NotActive`], [`Error::NothingToConfirm`],
		/// [`Error::MissingCommitment`], [`Error::CommitmentReused`].
		///
		/// ## Events
		/// [`Event::Confirmed`].
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::confirm())]
		pub fn confirm(
			origin: OriginFor<T>,
			id: ConsentId,
			evidence: Commitment,
		) -> DispatchResult {
			let holder = T::DelegateOrigin::ensure_origin(origin, &Duty::Consent)?;
			Self::do_confirm(holder, id, evidence)?;
			Self::deposit_event(Event::Confirmed { consent: id, holder });
			Ok(())
		}

		/// Withdraws a consent for good by order of a court.
		///
		/// ## Dispatch Origin
		/// A delegate with [`Duty::Court`] of an authority competent for data protection.
		///
		/// ## Details
		/// As [`Pallet::withdraw`]. The commitment to the case stays with the consent.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::MissingCommitment`], [`Error::CommitmentReused`].
		///
		/// ## Events
		/// [`Event::Withdrawn`] and [`Event::WithdrawnByCourt`] the first time.
		#[pallet::call_index(8)]
		#[pallet::weight((T::WeightInfo::withdraw_by_court(), DispatchClass::Operational))]
		pub fn withdraw_by_court(
			origin: OriginFor<T>,
			id: ConsentId,
			case: Commitment,
		) -> DispatchResult {
			let authority = T::DelegateOrigin::ensure_origin(origin, &Duty::Court)?;
			Self::do_withdraw_by_court(authority, id, case)?;
			Ok(())
		}

		/// Changes a cell of the law: on which bases may an organisation of this kind receive data for this purpose?
		///
		/// ## Dispatch Origin
		/// The council.
		///
		/// ## Details
		/// Without a country the cell holds for every country that has no cell of its own. Without bases the cell goes,
		/// and the wider one holds again. Holds from now on for every request, approval and dispatch.
		///
		/// ## Errors
		/// [`Error::NothingChanged`], and one for each [`LawDefect`].
		///
		/// ## Events
		/// [`Event::LawChanged`].
		#[pallet::call_index(9)]
		#[pallet::weight(T::WeightInfo::set_law())]
		pub fn set_law(
			origin: OriginFor<T>,
			country: Option<Country>,
			purpose: Purpose,
			kind: OrganisationKind,
			bases: Option<Bases>,
		) -> DispatchResult {
			T::CouncilOrigin::ensure_origin(origin)?;
			let version = Self::do_set_law(country, purpose, kind, bases)?;
			Self::deposit_event(Event::LawChanged { country, purpose, kind, bases, version });
			Ok(())
		}

		/// Raises the oldest consent policy that a patient may have been informed by.
		///
		/// ## Dispatch Origin
		/// The council.
		///
		/// ## Details
		/// Holds for what is filed, superseded or narrowed from now on; what was filed before stays valid.
		///
		/// ## Errors
		/// [`Error::PolicyOutdated`] if the policy is not newer than the one that holds.
		///
		/// ## Events
		/// [`Event::OldestPolicyRaised`].
		#[pallet::call_index(10)]
		#[pallet::weight(T::WeightInfo::raise_oldest_policy())]
		pub fn raise_oldest_policy(origin: OriginFor<T>, version: u16) -> DispatchResult {
			T::CouncilOrigin::ensure_origin(origin)?;
			ensure!(version > OldestPolicy::<T>::get(), Error::<T>::PolicyOutdated);
			OldestPolicy::<T>::put(version);
			Self::deposit_event(Event::OldestPolicyRaised { version });
			Ok(())
		}

		/// Puts an organisation into a group that consents can name, or takes it out.
		///
		/// ## Dispatch Origin
		/// The council.
		///
		/// ## Details
		/// A consent covers the members that its group had when it was filed; who joins later, or comes back, is covered
		/// by later consents only.
		///
		/// ## Errors
		/// [`Error::GranteeNotFound`] if the organisation is no member of the consortium, [`Error::NothingChanged`].
		///
		/// ## Events
		/// [`Event::GroupChanged`].
		#[pallet::call_index(11)]
		#[pallet::weight(T::WeightInfo::set_group_member())]
		pub fn set_group_member(
			origin: OriginFor<T>,
			group: GroupId,
			organisation: OrganisationId,
			belongs: bool,
		) -> DispatchResult {
			T::CouncilOrigin::ensure_origin(origin)?;
			Self::do_set_group_member(group, organisation, belongs)?;
			Self::deposit_event(Event::GroupChanged { group, organisation, belongs });
			Ok(())
		}

		/// Records a root over tickets.
		///
		/// ## Dispatch Origin
		/// A delegate of the holder with [`Duty::Consent`].
		///
		/// ## Details
		/// The root stands for exactly [`curex_primitives::ticket::TICKETS`] leaves, best of many patients. Its lock
		/// withdraws all of them; each ticket has a lock of its own besides.
		///
		/// ## Errors
		/// [`Error::AlreadyExists`], [`Error::MissingCommitment`], [`Error::CommitmentReused`],
		/// [`Error::EmptyPeriod`], [`Error::TooLong`].
		///
		/// ## Events
		/// [`Event::TicketsRecorded`].
		#[pallet::call_index(12)]
		#[pallet::weight(T::WeightInfo::record_tickets())]
		pub fn record_tickets(
			origin: OriginFor<T>,
			root: MerkleRoot,
			withdraw_lock: WithdrawLock,
			valid_until: Moment,
		) -> DispatchResult {
			let holder = T::DelegateOrigin::ensure_origin(origin, &Duty::Consent)?;
			Self::do_record_tickets(holder, root, withdraw_lock, valid_until)?;
			Self::deposit_event(Event::TicketsRecorded { root, holder });
			Ok(())
		}

		/// Redeems a ticket: makes it a consent for one exchange, with the ticket's handle as its id.
		///
		/// ## Dispatch Origin
		/// A delegate with [`Duty::Exchange`] of an organisation that the ticket names as grantee.
		///
		/// ## Details
		/// Each ticket once. The exchange names the new consent as its gate, and every rule for consents holds.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::TicketsNotLive`], [`Error::WrongProof`], [`Error::NotATicket`],
		/// [`Error::TicketWithdrawn`], [`Error::NotAuthorized`], and those of [`Pallet::file`].
		///
		/// ## Events
		/// [`Event::TicketRedeemed`].
		#[pallet::call_index(13)]
		#[pallet::weight(T::WeightInfo::redeem())]
		pub fn redeem(
			origin: OriginFor<T>,
			root: MerkleRoot,
			terms: ConsentTerms,
			proof: TicketProof,
		) -> DispatchResult {
			let recipient = T::DelegateOrigin::ensure_origin(origin, &Duty::Exchange)?;
			let (consent, holder) = Self::do_redeem(recipient, root, terms, &proof)?;
			Self::deposit_event(Event::TicketRedeemed { consent, root, holder, recipient });
			Ok(())
		}

		/// Withdraws a ticket that nobody redeemed, with the code from the patient's receipt.
		///
		/// ## Dispatch Origin
		/// Authorised: a general transaction without account or nonce. A signed one is refused.
		///
		/// ## Details
		/// A redeemed ticket is withdrawn by [`Pallet::withdraw_by_code`] with the same code.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::WrongProof`], [`Error::WrongCode`], [`Error::AlreadyExists`] if it was
		/// redeemed; the pool refuses all beforehand.
		///
		/// ## Events
		/// [`Event::TicketWithdrawn`].
		#[pallet::call_index(14)]
		#[pallet::weight((T::WeightInfo::withdraw_ticket_by_code(), DispatchClass::Operational))]
		#[pallet::authorize(Self::authorize_ticket_withdrawal)]
		#[pallet::weight_of_authorize(T::WeightInfo::authorize_withdraw_ticket_by_code())]
		pub fn withdraw_ticket_by_code(
			origin: OriginFor<T>,
			root: MerkleRoot,
			terms: ConsentTerms,
			proof: TicketProof,
			code: [u8; 32],
		) -> DispatchResult {
			ensure_authorized(origin)?;
			Self::do_withdraw_ticket(root, &terms, &proof, &code)?;
			Ok(())
		}

		/// Withdraws every ticket of a root, redeemed or not.
		///
		/// ## Dispatch Origin
		/// A delegate of the holder with [`Duty::Consent`].
		///
		/// ## Details
		/// Whatever was agreed or dispatched under one of them and not yet received ends in the same block. Withdrawing
		/// twice changes nothing and succeeds.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`].
		///
		/// ## Events
		/// [`Event::TicketsWithdrawn`] the first time.
		#[pallet::call_index(15)]
		#[pallet::weight((T::WeightInfo::withdraw_tickets(), DispatchClass::Operational))]
		pub fn withdraw_tickets(origin: OriginFor<T>, root: MerkleRoot) -> DispatchResult {
			let holder = T::DelegateOrigin::ensure_origin(origin, &Duty::Consent)?;
			let tickets = Tickets::<T>::get(root).ok_or(Error::<T>::NotFound)?;
			ensure!(tickets.holder == holder, Error::<T>::NotAuthorized);
			Self::do_withdraw_tickets(root, tickets);
			Ok(())
		}

		/// Withdraws every ticket of a root with the code that opens the root's lock.
		///
		/// ## Dispatch Origin
		/// Authorised: a general transaction without account or nonce. A signed one is refused.
		///
		/// ## Details
		/// As [`Pallet::withdraw_tickets`].
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::WrongCode`]; the pool refuses both beforehand.
		///
		/// ## Events
		/// [`Event::TicketsWithdrawn`].
		#[pallet::call_index(16)]
		#[pallet::weight((T::WeightInfo::withdraw_tickets_by_code(), DispatchClass::Operational))]
		#[pallet::authorize(Self::authorize_tickets_withdrawal)]
		#[pallet::weight_of_authorize(T::WeightInfo::authorize_withdraw_tickets_by_code())]
		pub fn withdraw_tickets_by_code(
			origin: OriginFor<T>,
			root: MerkleRoot,
			code: [u8; 32],
		) -> DispatchResult {
			ensure_authorized(origin)?;
			let tickets = Tickets::<T>::get(root).ok_or(Error::<T>::NotFound)?;
			ensure!(
				curex_primitives::commitment::withdraw_lock(&code) == tickets.withdraw_lock,
				Error::<T>::WrongCode
			);
			Self::do_withdraw_tickets(root, tickets);
			Ok(())
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// The closed question: may this exchange be served at present? No reason shows.
		pub fn may_be_served(asked: Asked) -> Answer {
			Self::answer(&asked)
		}

		/// How a consent stands at present, if the ledger has it.
		pub fn consent_standing(id: ConsentId) -> Option<Standing> {
			Self::standing(id)
		}

		/// The bases on which an organisation of this kind may receive data for this purpose in this country.
		pub fn lawful_bases(country: Country, purpose: Purpose, kind: OrganisationKind) -> Bases {
			<Self as curex_primitives::Law>::bases(country, purpose, kind)
		}

		/// How often the law was changed.
		pub fn law_version() -> u32 {
			LawVersion::<T>::get()
		}
	}
}
