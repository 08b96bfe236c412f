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
//! - Each organisation anchors its access log period after period. A gap, an overlap and a delay are taken, marked and
//!   raise an alarm: a log with a hole is better anchored than not. An organisation that does not anchor at all raises
//!   an alarm by its silence. A wrong count is proven without showing an entry.
//! - An authority opens an inquiry about a record, within its field and country and with a deadline; the organisation
//!   discloses off the ledger, encrypted to the authority, and commits here to what it disclosed, or refuses with a
//!   code. The authority may withdraw.
//! - A breach is registered with the time at which the organisation became aware of it and the laws under which it is
//!   notified. Each notice has its own clock; a late one is taken and marked.
//! - Whatever has a deadline, here and in other pallets, is a duty in one register. `on_idle` tells once of each that is
//!   overdue; it stays open until it is done. Nothing depends on when `on_idle` runs.
//!
//! | module | what it holds |
//! |---|---|
//! | `anchors` | access-log anchors and who is late |
//! | `duties` | the register of duties |
//! | `inquiries`, `breaches` | what they say |
//! | [`migrations`] | from older layouts |
//! | [`runtime_api`] | how nodes and clients read |
//! | `try_state` | the invariants |
#![cfg_attr(not(feature = "std"), no_std)]
#![warn(missing_docs)]

extern crate alloc;

pub use pallet::*;
pub use weights::WeightInfo;

mod anchors;
#[cfg(any(feature = "runtime-benchmarks", test))]
mod benchmarking;
mod breaches;
mod duties;
mod inquiries;
pub mod migrations;
#[cfg(test)]
mod mock;
pub mod runtime_api;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
pub mod weights;

#[frame::pallet]
pub mod pallet {
	use super::*;
	use alloc::vec::Vec;
	use curex_primitives::{
		AnchorAlarms, AnchorDefect, BlockNumber, BreachCase, BreachDefect, BreachNotice,
		Commitment, Competence, Duty, DutyDue, DutyKind, Inquiry, InquiryDefect, InquiryRefusal,
		LogAnchor, MerkleRoot, Moment, NoticeKind, OrganisationId, Organisations, RecordHandle,
		Regimes, SizeBucket,
	};
	use frame::{
		deps::frame_support::weights::WeightMeter,
		prelude::*,
		traits::{EnsureOriginWithArg, UnixTime},
	};

	pub(crate) const STORAGE_VERSION: StorageVersion = StorageVersion::new(2);

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
		/// The exchanges that a breach may affect.
		type Exchanges: curex_primitives::oversight::ExchangeRegister;
		/// The time of the block.
		type Clock: UnixTime;
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

	/// The anchors of each organisation, by their number in its sequence, which begins with one.
	// Hasher: both numbers are given by the ledger.
	#[pallet::storage]
	pub type Anchors<T> =
		StorageDoubleMap<_, Twox64Concat, OrganisationId, Twox64Concat, u64, LogAnchor>;

	/// The alarms of the anchors that have any.
	// Hasher: both numbers are given by the ledger.
	#[pallet::storage]
	pub type Alarms<T> =
		StorageDoubleMap<_, Twox64Concat, OrganisationId, Twox64Concat, u64, AnchorAlarms>;

	/// The last number in the sequence of an organisation, and where that anchor ends.
	// Hasher: the number is given by the ledger.
	#[pallet::storage]
	pub type LastAnchors<T> = StorageMap<_, Twox64Concat, OrganisationId, (u64, Moment)>;

	/// How each organisation is watched for anchors.
	// Hasher: the number is given by the ledger.
	#[pallet::storage]
	pub type Watches<T> = StorageMap<_, Twox64Concat, OrganisationId, Watch>;

	/// The hour in which organisations are looked at for missing anchors, and the next to look at.
	#[pallet::storage]
	pub type Round<T> = StorageValue<_, (u32, OrganisationId)>;

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

	/// The notices of each breach.
	// Hasher: the number is given by the ledger, the kinds are few.
	#[pallet::storage]
	pub type Notices<T> =
		StorageDoubleMap<_, Twox64Concat, u32, Twox64Concat, NoticeKind, BreachNotice>;

	/// The number of the next breach.
	#[pallet::storage]
	pub type NextBreach<T> = StorageValue<_, u32, ValueQuery>;

	/// The commitments that inquiries and breaches carry. None serves twice.
	// Hasher: the commitment comes from outside.
	#[pallet::storage]
	pub type Commitments<T> = StorageMap<_, Blake2_128Concat, Commitment, ()>;

	/// What each organisation has to do by a deadline.
	// Hasher: the organisation's number is given by the ledger; duties hold handles.
	#[pallet::storage]
	pub type Duties<T> =
		StorageDoubleMap<_, Twox64Concat, OrganisationId, Blake2_128Concat, DutyKind, OpenDuty>;

	/// The duties whose deadline passes in an hour.
	// Hasher: the hour is given by the ledger; duties hold handles.
	#[pallet::storage]
	pub type Agenda<T> = StorageDoubleMap<
		_,
		Twox64Concat,
		u32,
		Blake2_128Concat,
		(OrganisationId, DutyKind),
		(),
		OptionQuery,
	>;

	/// The first hour whose deadlines have not been looked at yet.
	#[pallet::storage]
	pub type NextHour<T> = StorageValue<_, u32>;

	/// How an organisation is watched for anchors.
	#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
	pub struct Watch {
		/// Its log is anchored until this moment; before the first anchor, since when it is watched.
		pub since: Moment,
		/// How often it anchors, in milliseconds.
		pub period: Moment,
		/// Whether its silence has raised an alarm.
		pub alarmed: bool,
	}

	/// A duty that is not done.
	#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
	pub struct OpenDuty {
		/// Until when it is to be done.
		pub due: Moment,
		/// The hour after which it is found overdue.
		pub hour: u32,
	}

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
		/// Something is wrong with an anchor.
		AnchorAlarmed {
			/// The organisation.
			organisation: OrganisationId,
			/// Number of the anchor in its sequence.
			sequence: u64,
			/// What is wrong.
			alarms: AnchorAlarms,
		},
		/// An organisation has not anchored its access log within its period.
		AnchorMissing {
			/// The organisation.
			organisation: OrganisationId,
			/// Since when nothing is anchored.
			since: Moment,
		},
		/// An authority said how often an organisation anchors.
		AnchorPeriodSet {
			/// The organisation.
			organisation: OrganisationId,
			/// How often, in milliseconds.
			period: Moment,
		},
		/// An authority opened an inquiry.
		InquiryOpened {
			/// Number of the inquiry.
			inquiry: u32,
			/// Who asks.
			authority: OrganisationId,
			/// Who is asked.
			organisation: OrganisationId,
			/// Until when it is to be answered.
			due: Moment,
		},
		/// An organisation disclosed what an inquiry asked for.
		Disclosed {
			/// Number of the inquiry.
			inquiry: u32,
			/// Who disclosed.
			organisation: OrganisationId,
			/// Whether the answer came after its deadline.
			late: bool,
		},
		/// An organisation refused to disclose.
		InquiryRefused {
			/// Number of the inquiry.
			inquiry: u32,
			/// Who refused.
			organisation: OrganisationId,
			/// Why.
			ground: InquiryRefusal,
			/// Whether the answer came after its deadline.
			late: bool,
		},
		/// An authority withdrew its inquiry.
		InquiryWithdrawn {
			/// Number of the inquiry.
			inquiry: u32,
			/// Who asked.
			authority: OrganisationId,
		},
		/// An organisation registered a breach.
		BreachOpened {
			/// Number of the breach.
			breach: u32,
			/// The organisation.
			organisation: OrganisationId,
			/// The laws under which it is notified.
			regimes: Regimes,
		},
		/// An organisation notified an authority of a breach.
		BreachNotified {
			/// Number of the breach.
			breach: u32,
			/// The organisation.
			organisation: OrganisationId,
			/// Which notice.
			kind: NoticeKind,
			/// Whether the notice came after its deadline.
			late: bool,
		},
		/// The deadline of a duty passed and it is not done.
		DutyOverdue {
			/// Whose duty.
			organisation: OrganisationId,
			/// What was to be done.
			duty: DutyKind,
			/// Until when.
			due: Moment,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The ledger has no such inquiry, breach or anchor; check the number.
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
		/// The anchor ends no later than the last one; nothing in it is new.
		NothingNew,
		/// The root is all zero, or root and count do not both say "no entries".
		WrongCount,
		/// Root and count agree, or the count shown is not the root's.
		CountNotDisproved,
		/// The organisation is no member.
		OrganisationNotFound,
		/// The authority asks itself.
		OrganisationIsSelf,
		/// The authority supervises another field or another country.
		NotCompetent,
		/// The deadline or period is too short or too long.
		WrongDeadline,
		/// A commitment or handle is all zero.
		MissingCommitment,
		/// A commitment serves another record; draw a new salt.
		CommitmentReused,
		/// The inquiry has been answered or withdrawn; a further question is a further inquiry.
		AlreadyClosed,
		/// This notice of the breach has been given.
		AlreadyNotified,
		/// No law under which the breach is notified asks for this notice.
		NoticeNotAsked,
		/// The breach is notified under no law.
		NoRegime,
		/// There are as many inquiries or breaches as the ledger can number.
		NumbersExhausted,
	}

	impl<T> From<AnchorDefect> for Error<T> {
		fn from(defect: AnchorDefect) -> Self {
			match defect {
				AnchorDefect::EmptyPeriod => Self::EmptyPeriod,
				AnchorDefect::InFuture => Self::InFuture,
				AnchorDefect::NothingNew => Self::NothingNew,
				AnchorDefect::WrongCount => Self::WrongCount,
			}
		}
	}

	impl<T> From<InquiryDefect> for Error<T> {
		fn from(defect: InquiryDefect) -> Self {
			match defect {
				InquiryDefect::NotCompetent => Self::NotCompetent,
				InquiryDefect::WrongDeadline => Self::WrongDeadline,
			}
		}
	}

	impl<T> From<BreachDefect> for Error<T> {
		fn from(defect: BreachDefect) -> Self {
			match defect {
				BreachDefect::InFuture => Self::InFuture,
				BreachDefect::NoRegime => Self::NoRegime,
				BreachDefect::EmptyPeriod => Self::EmptyPeriod,
			}
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_idle(_: BlockNumberFor<T>, remaining: Weight) -> Weight {
			let mut meter = WeightMeter::with_limit(remaining);
			Self::find_overdue(&mut meter);
			Self::watch_anchors(&mut meter);
			meter.consumed()
		}

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
		/// `sequence` is one for the first anchor and then counts up; a repeated submission is recognised by it. `from`
		/// should be where the last anchor ended: a gap and an overlap are taken and raise an alarm, and so does an
		/// anchor that comes after two of the organisation's periods.
		///
		/// ## Errors
		/// [`Error::AlreadyExists`], [`Error::SequenceGap`], and one for each [`AnchorDefect`].
		///
		/// ## Events
		/// [`Event::LogAnchored`], and [`Event::AnchorAlarmed`] if something is wrong.
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
			Self::do_anchor(organisation, sequence, LogAnchor { root, count, from, to })?;
			Ok(())
		}

		/// Asks an organisation to disclose what stands behind a record.
		///
		/// ## Dispatch Origin
		/// A delegate of an authority with [`Duty::Oversight`] that supervises the field, in the organisation's country.
		///
		/// ## Details
		/// `about` is the handle or commitment of the record, `case` commits to the authority's own file, `term` is how
		/// long the organisation has, in milliseconds. Members that are suspended or have left are asked as well.
		///
		/// ## Errors
		/// [`Error::NotAuthorized`], [`Error::OrganisationNotFound`], [`Error::OrganisationIsSelf`],
		/// [`Error::MissingCommitment`], [`Error::CommitmentReused`], [`Error::NumbersExhausted`], and one for each
		/// [`InquiryDefect`].
		///
		/// ## Events
		/// [`Event::InquiryOpened`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::open_inquiry())]
		pub fn open_inquiry(
			origin: OriginFor<T>,
			organisation: OrganisationId,
			field: Competence,
			about: RecordHandle,
			case: Commitment,
			term: Moment,
		) -> DispatchResult {
			let authority = T::DelegateOrigin::ensure_origin(origin, &Duty::Oversight)?;
			Self::do_open_inquiry(authority, organisation, field, about, case, term)?;
			Ok(())
		}

		/// Commits to what was disclosed to the authority.
		///
		/// ## Dispatch Origin
		/// A delegate of the organisation that is asked with [`Duty::Oversight`].
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::AlreadyClosed`], [`Error::MissingCommitment`],
		/// [`Error::CommitmentReused`].
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
			let late = Self::do_disclose(organisation, inquiry, evidence)?;
			Self::deposit_event(Event::Disclosed { inquiry, organisation, late });
			Ok(())
		}

		/// Registers a breach.
		///
		/// ## Dispatch Origin
		/// A delegate of the organisation with [`Duty::Oversight`].
		///
		/// ## Details
		/// `detected_at` is when the organisation became aware of the breach, `case` commits to its file. Each law that
		/// is named starts its clocks then. Exchanges that the organisation began or took part in, begun in
		/// [`affected_from`, `affected_until`), may be affected and can be listed.
		///
		/// ## Errors
		/// [`Error::MissingCommitment`], [`Error::CommitmentReused`], [`Error::NumbersExhausted`], and one for each
		/// [`BreachDefect`].
		///
		/// ## Events
		/// [`Event::BreachOpened`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::open_breach())]
		pub fn open_breach(
			origin: OriginFor<T>,
			case: Commitment,
			detected_at: Moment,
			regimes: Regimes,
			affected_from: Moment,
			affected_until: Moment,
		) -> DispatchResult {
			let organisation = T::DelegateOrigin::ensure_origin(origin, &Duty::Oversight)?;
			let opened_at = Self::block();
			Self::do_open_breach(BreachCase {
				organisation,
				case,
				detected_at,
				opened_at,
				regimes,
				affected_from,
				affected_until,
			})?;
			Ok(())
		}

		/// Commits to a notice of a breach that an authority was given.
		///
		/// ## Dispatch Origin
		/// A delegate of the organisation with [`Duty::Oversight`].
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::NoticeNotAsked`], [`Error::AlreadyNotified`],
		/// [`Error::MissingCommitment`], [`Error::CommitmentReused`].
		///
		/// ## Events
		/// [`Event::BreachNotified`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::notify_breach())]
		pub fn notify_breach(
			origin: OriginFor<T>,
			breach: u32,
			kind: NoticeKind,
			notice: Commitment,
		) -> DispatchResult {
			let organisation = T::DelegateOrigin::ensure_origin(origin, &Duty::Oversight)?;
			let late = Self::do_notify_breach(organisation, breach, kind, notice)?;
			Self::deposit_event(Event::BreachNotified { breach, organisation, kind, late });
			Ok(())
		}

		/// Refuses to disclose, with a code and a commitment to the reasons.
		///
		/// ## Dispatch Origin
		/// A delegate of the organisation that is asked with [`Duty::Oversight`].
		///
		/// ## Errors
		/// Those of [`Pallet::disclose`].
		///
		/// ## Events
		/// [`Event::InquiryRefused`].
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::refuse_inquiry())]
		pub fn refuse_inquiry(
			origin: OriginFor<T>,
			inquiry: u32,
			ground: InquiryRefusal,
			reasons: Commitment,
		) -> DispatchResult {
			let organisation = T::DelegateOrigin::ensure_origin(origin, &Duty::Oversight)?;
			let late = Self::do_refuse_inquiry(organisation, inquiry, ground, reasons)?;
			Self::deposit_event(Event::InquiryRefused { inquiry, organisation, ground, late });
			Ok(())
		}

		/// Withdraws an inquiry that has no answer yet.
		///
		/// ## Dispatch Origin
		/// A delegate of the authority that opened it with [`Duty::Oversight`].
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::AlreadyClosed`].
		///
		/// ## Events
		/// [`Event::InquiryWithdrawn`].
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::withdraw_inquiry())]
		pub fn withdraw_inquiry(origin: OriginFor<T>, inquiry: u32) -> DispatchResult {
			let authority = T::DelegateOrigin::ensure_origin(origin, &Duty::Oversight)?;
			Self::do_withdraw_inquiry(authority, inquiry)?;
			Self::deposit_event(Event::InquiryWithdrawn { inquiry, authority });
			Ok(())
		}

		/// Proves that an anchor gives a wrong count, without showing an entry.
		///
		/// ## Dispatch Origin
		/// A delegate of any organisation with [`Duty::Oversight`].
		///
		/// ## Details
		/// The root binds the number of entries: whoever shows `count` and the topmost hash `top` under which the root
		/// results has proven the number. The anchor is marked for good.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::CountNotDisproved`].
		///
		/// ## Events
		/// [`Event::AnchorAlarmed`].
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::prove_miscount())]
		pub fn prove_miscount(
			origin: OriginFor<T>,
			organisation: OrganisationId,
			sequence: u64,
			count: u64,
			top: [u8; 32],
		) -> DispatchResult {
			T::DelegateOrigin::ensure_origin(origin, &Duty::Oversight)?;
			Self::do_prove_miscount(organisation, sequence, count, top)?;
			Ok(())
		}

		/// Says how often an organisation anchors its access log.
		///
		/// ## Dispatch Origin
		/// A delegate with [`Duty::Oversight`] of an authority competent for data protection in the organisation's
		/// country.
		///
		/// ## Details
		/// From an hour to seven days; a day until an authority says otherwise.
		///
		/// ## Errors
		/// [`Error::OrganisationNotFound`], [`Error::NotCompetent`], [`Error::WrongDeadline`].
		///
		/// ## Events
		/// [`Event::AnchorPeriodSet`].
		#[pallet::call_index(8)]
		#[pallet::weight(T::WeightInfo::set_anchor_period())]
		pub fn set_anchor_period(
			origin: OriginFor<T>,
			organisation: OrganisationId,
			period: Moment,
		) -> DispatchResult {
			let authority = T::DelegateOrigin::ensure_origin(origin, &Duty::Oversight)?;
			Self::do_set_anchor_period(authority, organisation, period)?;
			Self::deposit_event(Event::AnchorPeriodSet { organisation, period });
			Ok(())
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// The duties of an organisation that have a deadline and are not done, at most `limit`.
		pub fn duties_due(organisation: OrganisationId, limit: u32) -> Vec<DutyDue> {
			Self::duties_of(organisation, limit)
		}

		/// The inquiry with this number.
		pub fn inquiry(number: u32) -> Option<Inquiry> {
			Inquiries::<T>::get(number)
		}

		/// The breach with this number, and its notices.
		pub fn breach(number: u32) -> Option<(BreachCase, Vec<(NoticeKind, BreachNotice)>)> {
			let case = Breaches::<T>::get(number)?;
			Some((case, Notices::<T>::iter_prefix(number).collect()))
		}

		/// The anchor with this number of an organisation, and what is wrong with it.
		pub fn log_anchor(
			organisation: OrganisationId,
			sequence: u64,
		) -> Option<(LogAnchor, AnchorAlarms)> {
			let anchor = Anchors::<T>::get(organisation, sequence)?;
			Some((anchor, Alarms::<T>::get(organisation, sequence).unwrap_or_default()))
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
