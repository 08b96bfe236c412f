//! # Consortium
//!
//! Who belongs to the network, what their accounts may do, who validates, and which transactions
//! are let in.
//!
//! ## Overview
//!
//! An [`Organisation`] is admitted by the council of hospitals. It acts through [`Delegate`]s:
//! accounts with duties, appointed by those of its delegates that hold `Duty::Administration`.
//! Every active hospital has at most one voice in the council and at most one [`Seat`] among the
//! validators. There is no currency: what an organisation may send is a matter of duties and of a
//! quota, checked by one transaction extension, [`Admission`].
//!
//! | module | what it holds |
//! |---|---|
//! | [`types`] | organisations, delegates, peers, seats |
//! | [`timing`] | slot and epoch length |
//! | `organisations`, `delegates`, `council`, `peers` | what the calls do |
//! | `validators` | the validator set: session manager, offences |
//! | [`sessions`] | what is needed of `pallet-session` |
//! | [`origin`] | [`EnsureDelegate`], for the other pallets' calls |
//! | [`admission`], [`extension`], [`quota`], [`priority`] | which transactions are let in |
//! | [`nonce`] | [`CheckBoundedNonce`], the cap on pending transactions |
//! | [`genesis`], [`api`] | the first members; what nodes ask |
//!
//! ## Decisions
//!
//! - *A suspended organisation keeps its own house.* It may change its delegates, keys and peers
//!   (`Family::Administration`), because that is how a compromise is repaired; nothing else.
//! - *An account serves once.* Without deposits an account is reaped on dismissal and its nonce
//!   with it; were it appointed again, its old transactions could be replayed. So it is retired.
//! - *Never fewer than `MinValidators`.* A seat that is disabled, suspended or without keys is
//!   removed only while enough remain; otherwise [`Event::ReplacementNeeded`] says so every
//!   session. One change a session keeps the finality quorum.
//! - *An offence costs the seat, nothing else.* The organisation's consents and exchanges go on.
//!
//! In the runtime this pallet comes before the session pallet and the collective: both take their
//! members from it at genesis.
#![cfg_attr(not(feature = "std"), no_std)]
#![warn(missing_docs)]

extern crate alloc;

pub mod admission;
pub mod api;
#[cfg(any(feature = "runtime-benchmarks", test))]
mod benchmarking;
mod council;
mod delegates;
pub mod extension;
pub mod genesis;
pub mod nonce;
mod organisations;
pub mod origin;
mod peers;
pub mod priority;
pub mod quota;
pub mod sessions;
pub mod timing;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
pub mod types;
mod validators;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use admission::{AdmissionRules, Family, Refusal, Rule, MAX_BATCH, MAX_DEPTH};
#[cfg(any(feature = "runtime-benchmarks", test))]
pub use benchmarking::BenchmarkHelper;
pub use extension::Admission;
pub use genesis::{GenesisDelegate, GenesisOrganisation, GenesisPeer};
pub use nonce::CheckBoundedNonce;
pub use origin::EnsureDelegate;
pub use pallet::*;
pub use quota::Quota;
pub use sessions::{SessionPallet, Sessions};
pub use timing::{EpochDuration, HalfSlot, SlotDuration, Timing};
pub use types::{Delegate, Name, Organisation, Peer, PeerId, Seat, SeatChange};
pub use validators::{UnitIdentification, ValidatorIdOf};
pub use weights::WeightInfo;

/// The log target of this pallet.
pub const LOG_TARGET: &str = "runtime::consortium";

#[frame::pallet]
pub mod pallet {
	use super::*;
	use alloc::vec::Vec;
	use curex_primitives::{
		Competences, Country, Duties, OrganisationId, OrganisationKind, PeerRole,
	};
	use frame::prelude::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config {
		/// The council of hospitals, with the majority that membership demands.
		type CouncilOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Follows the council's membership.
		type CouncilMembers: ChangeMembers<Self::AccountId>;

		/// Takes the council's membership at genesis.
		type InitializeCouncil: InitializeMembers<Self::AccountId>;

		/// Session keys and the running session; [`SessionPallet`] in a runtime.
		type Sessions: Sessions<Self::AccountId>;

		/// Who may send which call of the runtime.
		type Calls: AdmissionRules<<Self as frame_system::Config>::RuntimeCall>;

		/// The most delegates of an organisation.
		#[pallet::constant]
		type MaxDelegates: Get<u32>;

		/// The most peers of an organisation.
		#[pallet::constant]
		type MaxPeers: Get<u32>;

		/// The most members of the council; at most what the collective takes.
		#[pallet::constant]
		type MaxCouncilMembers: Get<u32>;

		/// The most organisations that may review emergency access at a time.
		#[pallet::constant]
		type MaxReviewers: Get<u32>;

		/// The most validators; at most what BABE and GRANDPA take.
		#[pallet::constant]
		type MaxValidators: Get<u32>;

		/// The fewest validators to which the set may shrink: 3f + 1 with f = 1.
		#[pallet::constant]
		type MinValidators: Get<u32>;

		/// The length of a quota window, blocks.
		#[pallet::constant]
		type QuotaWindow: Get<BlockNumberFor<Self>>;

		/// The calls of an organisation per quota window, unless the council set another limit.
		#[pallet::constant]
		type DefaultQuota: Get<u32>;

		/// Further calls per window for administration and governance only, so that a runaway
		/// delegate cannot keep the administrator from dismissing it.
		#[pallet::constant]
		type QuotaReserve: Get<u32>;

		/// The most urgent calls of an organisation in a block beyond its quota.
		#[pallet::constant]
		type MaxUrgentBeyondQuota: Get<u32>;

		/// How far a nonce may be ahead of its account's; see [`CheckBoundedNonce`].
		#[pallet::constant]
		type MaxPending: Get<u32>;

		/// The weights of this pallet.
		type WeightInfo: WeightInfo;

		/// What the benchmarks need of the runtime.
		#[cfg(any(feature = "runtime-benchmarks", test))]
		type BenchmarkHelper: BenchmarkHelper<Self::RuntimeOrigin>;
	}

	/// Every organisation ever admitted.
	// Hasher: Twox safe, `OrganisationId` is a count.
	#[pallet::storage]
	pub type Organisations<T: Config> = StorageMap<_, Twox64Concat, OrganisationId, Organisation>;

	/// The number of the next organisation.
	#[pallet::storage]
	pub type NextOrganisation<T: Config> = StorageValue<_, u32, ValueQuery>;

	/// For whom an account acts.
	#[pallet::storage]
	pub type Delegates<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Delegate>;

	/// The delegates of an organisation, in the order of their appointment.
	// Hasher: Twox safe, `OrganisationId` is a count.
	#[pallet::storage]
	pub type Staff<T: Config> = StorageMap<
		_,
		Twox64Concat,
		OrganisationId,
		BoundedVec<T::AccountId, T::MaxDelegates>,
		ValueQuery,
	>;

	/// Accounts that served and never will again: their nonces are gone, so that old transactions
	/// could be replayed.
	#[pallet::storage]
	pub type Retired<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, ()>;

	/// The delegate that votes for a hospital, whether or not the hospital is active.
	// Hasher: Twox safe, `OrganisationId` is a count.
	#[pallet::storage]
	pub type CouncilAccounts<T: Config> = StorageMap<_, Twox64Concat, OrganisationId, T::AccountId>;

	/// The council: the voting delegates of the active hospitals, ascending.
	#[pallet::storage]
	pub type Council<T: Config> =
		StorageValue<_, BoundedVec<T::AccountId, T::MaxCouncilMembers>, ValueQuery>;

	/// Active organisations that may review emergency access, ascending.
	#[pallet::storage]
	pub type Reviewers<T: Config> =
		StorageValue<_, BoundedVec<OrganisationId, T::MaxReviewers>, ValueQuery>;

	/// Whose a network peer is.
	#[pallet::storage]
	pub type Peers<T: Config> = StorageMap<_, Blake2_128Concat, PeerId, Peer>;

	/// The peers of an organisation.
	// Hasher: Twox safe, `OrganisationId` is a count.
	#[pallet::storage]
	pub type PeersOf<T: Config> =
		StorageMap<_, Twox64Concat, OrganisationId, BoundedVec<PeerId, T::MaxPeers>, ValueQuery>;

	/// The validators from the session after next on, as planned so far.
	#[pallet::storage]
	pub type Validators<T: Config> =
		StorageValue<_, BoundedVec<Seat<T::AccountId>, T::MaxValidators>, ValueQuery>;

	/// The change of the validator set that the next planned session takes up.
	#[pallet::storage]
	pub type PendingChange<T: Config> = StorageValue<_, SeatChange<T::AccountId>>;

	/// What an organisation has sent, and may.
	// Hasher: Twox safe, `OrganisationId` is a count.
	#[pallet::storage]
	pub type Quotas<T: Config> = StorageMap<_, Twox64Concat, OrganisationId, Quota, ValueQuery>;

	/// Slot and epoch length, written at genesis and never again.
	#[pallet::storage]
	pub type GenesisTiming<T: Config> = StorageValue<_, Timing, ValueQuery>;

	/// The first members and the timing.
	#[pallet::genesis_config]
	#[derive(DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Slot and epoch length.
		pub timing: Timing,
		/// The first organisations, numbered from 0 in this order.
		pub organisations: Vec<GenesisOrganisation<T::AccountId>>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			Pallet::<T>::build_genesis(&self.timing, &self.organisations);
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An organisation became a member.
		OrganisationAdmitted {
			/// Its number.
			organisation: OrganisationId,
			/// What it is.
			kind: OrganisationKind,
			/// Where it is established.
			country: Country,
		},
		/// An organisation may not act for the time being.
		OrganisationSuspended {
			/// Which.
			organisation: OrganisationId,
		},
		/// A suspended organisation may act again.
		OrganisationReinstated {
			/// Which.
			organisation: OrganisationId,
		},
		/// An organisation left for good.
		OrganisationExpelled {
			/// Which.
			organisation: OrganisationId,
		},
		/// An account got these duties.
		DelegateSet {
			/// For whom it acts.
			organisation: OrganisationId,
			/// The account.
			account: T::AccountId,
			/// All its duties from now on.
			duties: Duties,
		},
		/// An account acts for nobody any more.
		DelegateDismissed {
			/// For whom it acted.
			organisation: OrganisationId,
			/// The account.
			account: T::AccountId,
		},
		/// A delegate took another account.
		AccountRotated {
			/// For whom it acts.
			organisation: OrganisationId,
			/// The account that is retired.
			old: T::AccountId,
			/// The account that took its place.
			new: T::AccountId,
		},
		/// Envelopes for an organisation are to be encrypted to another key.
		EncryptionKeyRotated {
			/// Which.
			organisation: OrganisationId,
			/// The new X25519 key.
			encryption_key: [u8; 32],
		},
		/// A network peer was registered.
		PeerRegistered {
			/// Whose it is.
			organisation: OrganisationId,
			/// The peer.
			peer: PeerId,
			/// What it does.
			role: PeerRole,
		},
		/// A network peer was removed.
		PeerRemoved {
			/// Whose it was.
			organisation: OrganisationId,
			/// The peer.
			peer: PeerId,
		},
		/// An organisation accepted a version of the consortium agreement.
		AgreementAccepted {
			/// Which.
			organisation: OrganisationId,
			/// The version.
			version: u16,
		},
		/// The council set an organisation's quota.
		QuotaSet {
			/// Whose.
			organisation: OrganisationId,
			/// Calls per window.
			limit: u32,
		},
		/// The next planned session takes up a change of the validator set.
		ValidatorChangeQueued {
			/// The change.
			change: SeatChange<T::AccountId>,
		},
		/// A queued change was dropped: what it needs no longer holds.
		ValidatorChangeDropped {
			/// Whose seat would have changed.
			organisation: OrganisationId,
		},
		/// An organisation got a seat.
		ValidatorAdded {
			/// Which.
			organisation: OrganisationId,
			/// The account with the session keys.
			account: T::AccountId,
		},
		/// An organisation's seat went to another account.
		ValidatorMoved {
			/// Which.
			organisation: OrganisationId,
			/// The account with the session keys.
			account: T::AccountId,
		},
		/// An organisation lost its seat, or gave it up.
		ValidatorRemoved {
			/// Which.
			organisation: OrganisationId,
			/// The account that held it.
			account: T::AccountId,
		},
		/// A validator equivocated and may not author any more.
		ValidatorDisabled {
			/// Which.
			organisation: OrganisationId,
			/// The account that holds the seat.
			account: T::AccountId,
			/// The session in which it equivocated.
			session: u32,
		},
		/// A seat should be removed, but too few would remain: the council must add another first.
		ReplacementNeeded {
			/// Whose seat.
			organisation: OrganisationId,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// There is no such organisation, delegate, peer or seat; check the number or key.
		NotFound,
		/// The signer does not hold the duty for this organisation.
		NotAuthorized,
		/// The account, peer or seat is already taken.
		AlreadyExists,
		/// The account has served before; appoint a fresh one.
		AccountRetired,
		/// An organisation of this kind may not have this duty, competence, role or seat.
		NotAllowedForKind,
		/// A delegate without duties is none; dismiss it instead.
		NoDuties,
		/// A name is 1 to 64 bytes of UTF-8 without control characters.
		InvalidName,
		/// The key is all zero, or the one already in use.
		InvalidKey,
		/// The organisation is not active.
		NotActive,
		/// The organisation is not suspended.
		NotSuspended,
		/// The organisation has left for good.
		Exited,
		/// The organisation has as many delegates as it may; dismiss one first.
		MaxDelegatesExceeded,
		/// The organisation has as many peers as it may; remove one first.
		MaxPeersExceeded,
		/// The council is full.
		MaxCouncilMembersExceeded,
		/// There are as many reviewers as there may be.
		MaxReviewersExceeded,
		/// The validator set is full.
		MaxValidatorsExceeded,
		/// Too few validators would remain; add another first.
		TooFewValidators,
		/// The organisation would be without administrator; appoint another first.
		LastAdministrator,
		/// The council would be empty.
		LastCouncilMember,
		/// Another delegate votes for this hospital; take the duty from it first.
		CouncilSeatTaken,
		/// The account holds the validator seat; have the council move or remove the seat first.
		HoldsSeat,
		/// The account has no session keys; set them first.
		NoSessionKeys,
		/// A change of the validator set is queued already; wait for the next session.
		ChangePending,
		/// The organisation has accepted this version or a newer one.
		AgreementNotNewer,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(T::MaxDelegates::get() > 0, "an organisation acts through delegates");
			assert!(T::MinValidators::get() <= T::MaxValidators::get());
			assert!(!T::QuotaWindow::get().is_zero(), "a window is at least one block");
			assert!(T::MaxPending::get() > 0, "an account must be able to send");
			assert!(T::MaxUrgentBeyondQuota::get() > 0, "urgent calls are never refused for good");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), frame::deps::sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Admits an organisation, with its first delegate.
		///
		/// ## Dispatch Origin
		///
		/// The council.
		///
		/// ## Details
		///
		/// `administrator` gets `Duty::Administration`, that of a hospital `Duty::Council` too.
		/// Competences are for authorities, which must have one.
		///
		/// ## Errors
		///
		/// [`Error::NotAllowedForKind`], [`Error::InvalidName`], [`Error::InvalidKey`],
		/// [`Error::AlreadyExists`], [`Error::AccountRetired`],
		/// [`Error::MaxCouncilMembersExceeded`], [`Error::MaxReviewersExceeded`].
		///
		/// ## Events
		///
		/// [`Event::OrganisationAdmitted`], [`Event::DelegateSet`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::admit())]
		pub fn admit(
			origin: OriginFor<T>,
			kind: OrganisationKind,
			country: Country,
			competences: Competences,
			encryption_key: [u8; 32],
			name: Name,
			administrator: T::AccountId,
		) -> DispatchResult {
			T::CouncilOrigin::ensure_origin(origin)?;
			Self::do_admit(kind, country, competences, encryption_key, name, &administrator)
		}

		/// Suspends an organisation: it may only keep its own house until it is reinstated.
		///
		/// ## Dispatch Origin
		///
		/// The council.
		///
		/// ## Details
		///
		/// It leaves council and reviewers at once. Its validator seat is removed when the next
		/// session is planned, if enough validators remain.
		///
		/// ## Errors
		///
		/// [`Error::NotFound`], [`Error::NotActive`], [`Error::LastCouncilMember`].
		///
		/// ## Events
		///
		/// [`Event::OrganisationSuspended`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::suspend())]
		pub fn suspend(origin: OriginFor<T>, organisation: OrganisationId) -> DispatchResult {
			T::CouncilOrigin::ensure_origin(origin)?;
			Self::do_suspend(organisation)
		}

		/// Lets a suspended organisation act again.
		///
		/// ## Dispatch Origin
		///
		/// The council.
		///
		/// ## Details
		///
		/// A seat that was removed in the meantime must be added again.
		///
		/// ## Errors
		///
		/// [`Error::NotFound`], [`Error::NotSuspended`], [`Error::MaxCouncilMembersExceeded`],
		/// [`Error::MaxReviewersExceeded`].
		///
		/// ## Events
		///
		/// [`Event::OrganisationReinstated`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::reinstate())]
		pub fn reinstate(origin: OriginFor<T>, organisation: OrganisationId) -> DispatchResult {
			T::CouncilOrigin::ensure_origin(origin)?;
			Self::do_reinstate(organisation)
		}

		/// Expels an organisation for good.
		///
		/// ## Dispatch Origin
		///
		/// The council.
		///
		/// ## Details
		///
		/// Its delegates are dismissed with their session keys, its peers removed; its seat is
		/// given up when the next session is planned.
		///
		/// ## Errors
		///
		/// [`Error::NotFound`], [`Error::Exited`], [`Error::LastCouncilMember`]; if it has a seat,
		/// [`Error::TooFewValidators`] and [`Error::ChangePending`].
		///
		/// ## Events
		///
		/// [`Event::OrganisationExpelled`], [`Event::ValidatorChangeQueued`] if it has a seat.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::expel(T::MaxDelegates::get(), T::MaxPeers::get()))]
		pub fn expel(origin: OriginFor<T>, organisation: OrganisationId) -> DispatchResult {
			T::CouncilOrigin::ensure_origin(origin)?;
			Self::do_expel(organisation)
		}

		/// Gives an active hospital a seat among the validators, or moves the seat it has.
		///
		/// ## Dispatch Origin
		///
		/// The council.
		///
		/// ## Details
		///
		/// `account` is a delegate of the hospital with `Duty::Administration` and registered
		/// session keys. Moving a disabled seat, be it to the same account, clears it. Taken up
		/// when the next session is planned, in force one session later.
		///
		/// ## Errors
		///
		/// [`Error::NotFound`], [`Error::NotAllowedForKind`], [`Error::NotActive`],
		/// [`Error::NotAuthorized`], [`Error::NoSessionKeys`], [`Error::AlreadyExists`],
		/// [`Error::ChangePending`], [`Error::MaxValidatorsExceeded`].
		///
		/// ## Events
		///
		/// [`Event::ValidatorChangeQueued`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::add_validator())]
		pub fn add_validator(
			origin: OriginFor<T>,
			organisation: OrganisationId,
			account: T::AccountId,
		) -> DispatchResult {
			T::CouncilOrigin::ensure_origin(origin)?;
			Self::do_add_validator(organisation, account)
		}

		/// Takes an organisation's seat among the validators.
		///
		/// ## Dispatch Origin
		///
		/// The council.
		///
		/// ## Errors
		///
		/// [`Error::NotFound`], [`Error::TooFewValidators`], [`Error::ChangePending`].
		///
		/// ## Events
		///
		/// [`Event::ValidatorChangeQueued`].
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::remove_validator())]
		pub fn remove_validator(
			origin: OriginFor<T>,
			organisation: OrganisationId,
		) -> DispatchResult {
			T::CouncilOrigin::ensure_origin(origin)?;
			Self::do_remove_validator(organisation)
		}

		/// Sets how many calls an organisation may send per quota window.
		///
		/// ## Dispatch Origin
		///
		/// The council.
		///
		/// ## Errors
		///
		/// [`Error::NotFound`], [`Error::Exited`].
		///
		/// ## Events
		///
		/// [`Event::QuotaSet`].
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::set_quota())]
		pub fn set_quota(
			origin: OriginFor<T>,
			organisation: OrganisationId,
			limit: u32,
		) -> DispatchResult {
			T::CouncilOrigin::ensure_origin(origin)?;
			Self::do_set_quota(organisation, limit)
		}

		/// Appoints an account, or gives a delegate other duties.
		///
		/// ## Dispatch Origin
		///
		/// Signed by an administrator of the organisation.
		///
		/// ## Details
		///
		/// `duties` replace those the account had. At most one delegate of a hospital holds
		/// `Duty::Council`.
		///
		/// ## Errors
		///
		/// [`Error::NotAuthorized`], [`Error::NoDuties`], [`Error::NotAllowedForKind`],
		/// [`Error::AlreadyExists`] if the account acts for another organisation,
		/// [`Error::AccountRetired`], [`Error::MaxDelegatesExceeded`],
		/// [`Error::LastAdministrator`], [`Error::HoldsSeat`], [`Error::CouncilSeatTaken`],
		/// [`Error::LastCouncilMember`], [`Error::MaxCouncilMembersExceeded`].
		///
		/// ## Events
		///
		/// [`Event::DelegateSet`].
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::set_delegate())]
		pub fn set_delegate(
			origin: OriginFor<T>,
			account: T::AccountId,
			duties: Duties,
		) -> DispatchResult {
			let organisation = Self::ensure_administrator(origin)?;
			Self::do_set_delegate(organisation, &account, duties)
		}

		/// Dismisses a delegate; its account is retired.
		///
		/// ## Dispatch Origin
		///
		/// Signed by an administrator of the organisation.
		///
		/// ## Errors
		///
		/// [`Error::NotAuthorized`], [`Error::NotFound`], [`Error::LastAdministrator`],
		/// [`Error::HoldsSeat`], [`Error::LastCouncilMember`].
		///
		/// ## Events
		///
		/// [`Event::DelegateDismissed`].
		#[pallet::call_index(8)]
		#[pallet::weight(T::WeightInfo::dismiss_delegate())]
		pub fn dismiss_delegate(origin: OriginFor<T>, account: T::AccountId) -> DispatchResult {
			let organisation = Self::ensure_administrator(origin)?;
			Self::do_dismiss_delegate(organisation, &account)
		}

		/// Replaces the key to which envelopes for the organisation are encrypted.
		///
		/// ## Dispatch Origin
		///
		/// Signed by an administrator of the organisation.
		///
		/// ## Errors
		///
		/// [`Error::NotAuthorized`], [`Error::InvalidKey`].
		///
		/// ## Events
		///
		/// [`Event::EncryptionKeyRotated`].
		#[pallet::call_index(9)]
		#[pallet::weight(T::WeightInfo::rotate_encryption_key())]
		pub fn rotate_encryption_key(
			origin: OriginFor<T>,
			encryption_key: [u8; 32],
		) -> DispatchResult {
			let organisation = Self::ensure_administrator(origin)?;
			Self::do_rotate_encryption_key(organisation, encryption_key)
		}

		/// Registers a network peer of the organisation.
		///
		/// ## Dispatch Origin
		///
		/// Signed by an administrator of the organisation.
		///
		/// ## Details
		///
		/// Only hospitals have validator peers. To change the role, remove the peer first.
		///
		/// ## Errors
		///
		/// [`Error::NotAuthorized`], [`Error::AlreadyExists`], [`Error::NotAllowedForKind`],
		/// [`Error::MaxPeersExceeded`].
		///
		/// ## Events
		///
		/// [`Event::PeerRegistered`].
		#[pallet::call_index(10)]
		#[pallet::weight(T::WeightInfo::register_peer())]
		pub fn register_peer(origin: OriginFor<T>, peer: PeerId, role: PeerRole) -> DispatchResult {
			let organisation = Self::ensure_administrator(origin)?;
			Self::do_register_peer(organisation, peer, role)
		}

		/// Removes a network peer of the organisation.
		///
		/// ## Dispatch Origin
		///
		/// Signed by an administrator of the organisation.
		///
		/// ## Errors
		///
		/// [`Error::NotAuthorized`], [`Error::NotFound`].
		///
		/// ## Events
		///
		/// [`Event::PeerRemoved`].
		#[pallet::call_index(11)]
		#[pallet::weight(T::WeightInfo::remove_peer())]
		pub fn remove_peer(origin: OriginFor<T>, peer: PeerId) -> DispatchResult {
			let organisation = Self::ensure_administrator(origin)?;
			Self::do_remove_peer(organisation, peer)
		}

		/// Records that the organisation accepted a version of the consortium agreement.
		///
		/// ## Dispatch Origin
		///
		/// Signed by an administrator of the organisation.
		///
		/// ## Errors
		///
		/// [`Error::NotAuthorized`], [`Error::AgreementNotNewer`].
		///
		/// ## Events
		///
		/// [`Event::AgreementAccepted`].
		#[pallet::call_index(12)]
		#[pallet::weight(T::WeightInfo::accept_agreement())]
		pub fn accept_agreement(origin: OriginFor<T>, version: u16) -> DispatchResult {
			let organisation = Self::ensure_administrator(origin)?;
			Self::do_accept_agreement(organisation, version)
		}

		/// Hands the signer's duties over to another account; the signer is retired.
		///
		/// ## Dispatch Origin
		///
		/// Signed by any delegate.
		///
		/// ## Errors
		///
		/// [`Error::NotAuthorized`], [`Error::AlreadyExists`], [`Error::AccountRetired`],
		/// [`Error::HoldsSeat`].
		///
		/// ## Events
		///
		/// [`Event::AccountRotated`].
		#[pallet::call_index(13)]
		#[pallet::weight(T::WeightInfo::rotate_account())]
		pub fn rotate_account(origin: OriginFor<T>, new_account: T::AccountId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			let delegate = Self::delegate(&who).ok_or(Error::<T>::NotAuthorized)?;
			Self::do_rotate_account(delegate, who, new_account)
		}

		/// Authorises the runtime with this hash; any member may then bring its code
		/// (`System::apply_authorized_upgrade`), which is taken only if it is a newer version of this chain's.
		///
		/// ## Dispatch Origin
		///
		/// [`Config::CouncilOrigin`].
		///
		/// ## Errors
		///
		/// None but `BadOrigin`.
		///
		/// ## Events
		///
		/// `System::UpgradeAuthorized`.
		#[pallet::call_index(14)]
		#[pallet::weight((T::WeightInfo::authorize_upgrade(), DispatchClass::Operational))]
		pub fn authorize_upgrade(origin: OriginFor<T>, code_hash: T::Hash) -> DispatchResult {
			T::CouncilOrigin::ensure_origin(origin)?;
			frame_system::Pallet::<T>::do_authorize_upgrade(code_hash, true);
			Ok(())
		}
	}
}
