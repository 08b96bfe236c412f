//! # Exchange
//!
//! The life of an exchange of health data between two organisations, from the request to the acknowledgement.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for calls, events, errors and storage, [`runtime_api`] for reading.
//!
//! ## Overview
//!
//! - What is allowed from which state is the table [`ExchangeState::after`](curex_primitives::ExchangeState::after);
//!   whether an exchange may be served is [`curex_primitives::gate::decide`]. This pallet only calls them.
//! - *Refusals look alike.* Every well-formed request is recorded in the same way. Whatever stands against it, be it
//!   known to the ledger or to the holder alone, it is just not approved, and ends as
//!   [`NotServed`](curex_primitives::ExchangeState::NotServed) with its answer window.
//! - *Deadlines and withdrawals need no transaction.* Every access asks where the exchange stands now
//!   ([`Exchange::state_at`](curex_primitives::Exchange::state_at)); `on_idle` only writes down what has lapsed. A
//!   withdrawal ends whatever is agreed or dispatched and not yet received, in any order within a block.
//! - *Break-glass is served at once.* Another organisation, chosen by the ledger, reviews it. Frequent use raises an
//!   alarm and is never refused.
//! - What an organisation begins it numbers without a gap. No commitment serves twice.
//!
//! | module | what it holds |
//! |---|---|
//! | `life_cycle` | beginning, steps, the gate |
//! | `emergency` | break-glass and its review |
//! | `closing` | deadlines |
//! | `try_state` | the invariants |
#![cfg_attr(not(feature = "std"), no_std)]
#![warn(missing_docs)]

extern crate alloc;

pub use curex_primitives::gate::RiskProfile;
pub use pallet::*;
pub use weights::WeightInfo;

#[cfg(any(feature = "runtime-benchmarks", test))]
mod benchmarking;
mod closing;
mod emergency;
mod life_cycle;
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
	use curex_primitives::{
		consent::Consents, AcknowledgementCode, BlockNumber, Commitment, Duty, Exchange,
		ExchangeId, ExchangeProposal, ExchangeState, Ground, OrganisationId, Organisations,
		ProposalDefect, ReleaseReason, Review, ReviewVerdict,
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
		/// The consents.
		type Consents: Consents;
		/// The permits for secondary use.
		type Permits: curex_primitives::Permits;
		/// The matrix of lawful bases.
		type Law: curex_primitives::Law;
		/// What holders accept and how fit recipients are.
		type Risk: RiskProfile;
		/// The time of the block.
		type Clock: UnixTime;
		/// Blocks that a request or an offer waits for its answer.
		#[pallet::constant]
		type AnswerWindow: Get<BlockNumber>;
		/// Blocks that each step after the agreement waits for the next.
		#[pallet::constant]
		type DeliveryWindow: Get<BlockNumber>;
		/// Blocks in which a break-glass is to be reviewed.
		#[pallet::constant]
		type ReviewWindow: Get<BlockNumber>;
		/// Invocations of break-glass by one organisation within [`EMERGENCY_PERIOD`] above which each raises an
		/// alarm.
		#[pallet::constant]
		type EmergencyAlarm: Get<u32>;
		/// What the calls weigh.
		type WeightInfo: WeightInfo;
		/// Delegates for benchmarks.
		#[cfg(any(feature = "runtime-benchmarks", test))]
		type BenchmarkHelper: curex_primitives::BenchmarkDelegates<Self::RuntimeOrigin>;
	}

	/// Thirty days in milliseconds: the period over which break-glass is counted.
	pub const EMERGENCY_PERIOD: curex_primitives::Moment = 30 * 24 * 3_600 * 1_000;

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// The exchanges, with deadlines and withdrawals not yet applied; see [`Pallet::effective`].
	// Hasher: Identity, since the id is a hash that the ledger computes.
	#[pallet::storage]
	pub type Exchanges<T> = StorageMap<_, Identity, ExchangeId, Exchange>;

	/// The last number in the sequence of an organisation; its first exchange has number one.
	// Hasher: the number is given by the ledger.
	#[pallet::storage]
	pub type Sequences<T> = StorageMap<_, Twox64Concat, OrganisationId, u64, ValueQuery>;

	/// The commitments that an exchange or its review carries. None serves twice.
	// Hasher: the commitment comes from outside.
	#[pallet::storage]
	pub type Commitments<T> = StorageMap<_, Blake2_128Concat, Commitment, ExchangeId>;

	/// The exchanges whose running window closes with a block.
	// Hasher: the number is given by the ledger, the id is a hash that it computes.
	#[pallet::storage]
	pub type Closing<T> =
		StorageDoubleMap<_, Twox64Concat, BlockNumber, Identity, ExchangeId, (), OptionQuery>;

	/// The break-glasses whose review is due with a block and still open.
	// Hasher: the number is given by the ledger, the id is a hash that it computes.
	#[pallet::storage]
	pub type ReviewsDue<T> =
		StorageDoubleMap<_, Twox64Concat, BlockNumber, Identity, ExchangeId, (), OptionQuery>;

	/// The first block whose deadlines have not been written down yet.
	#[pallet::storage]
	pub type NextClosing<T> = StorageValue<_, BlockNumber, ValueQuery>;

	/// The review of each break-glass.
	// Hasher: Identity, since the id is a hash that the ledger computes.
	#[pallet::storage]
	pub type Reviews<T> = StorageMap<_, Identity, ExchangeId, Review>;

	/// How often an organisation broke the glass, as (number of the [`EMERGENCY_PERIOD`], count).
	// Hasher: the number is given by the ledger.
	#[pallet::storage]
	pub type Emergencies<T> = StorageMap<_, Twox64Concat, OrganisationId, (u32, u32), ValueQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A recipient asked for data.
		Requested {
			/// The exchange.
			exchange: ExchangeId,
			/// Who asks.
			recipient: OrganisationId,
			/// Who is asked.
			holder: OrganisationId,
		},
		/// A holder offered data.
		Offered {
			/// The exchange.
			exchange: ExchangeId,
			/// Who offers.
			holder: OrganisationId,
			/// To whom.
			recipient: OrganisationId,
		},
		/// A person at the holder accepted the recipient's risk for this exchange.
		Released {
			/// The exchange.
			exchange: ExchangeId,
			/// Why.
			reason: ReleaseReason,
		},
		/// The holder approved a request.
		Approved {
			/// The exchange.
			exchange: ExchangeId,
		},
		/// The recipient accepted an offer.
		Accepted {
			/// The exchange.
			exchange: ExchangeId,
		},
		/// The ciphertext is ready for the recipient.
		Dispatched {
			/// The exchange.
			exchange: ExchangeId,
		},
		/// The recipient has the ciphertext.
		Delivered {
			/// The exchange.
			exchange: ExchangeId,
		},
		/// The recipient said how it found what it opened; the exchange is closed.
		Acknowledged {
			/// The exchange.
			exchange: ExchangeId,
			/// How it was.
			code: AcknowledgementCode,
			/// Commitment to the evidence, if there is any.
			evidence: Option<Commitment>,
		},
		/// An exchange ended without acknowledgement.
		Closed {
			/// The exchange.
			exchange: ExchangeId,
			/// How it ended.
			outcome: ExchangeState,
		},
		/// A recipient broke the glass.
		GlassBroken {
			/// The exchange.
			exchange: ExchangeId,
			/// Who treats the patient.
			recipient: OrganisationId,
			/// Whose records.
			holder: OrganisationId,
			/// On which ground.
			ground: Ground,
			/// Who reviews it; nothing if the ledger has nobody to choose.
			reviewer: Option<OrganisationId>,
		},
		/// An organisation breaks the glass often.
		EmergencyAlarmRaised {
			/// The organisation.
			organisation: OrganisationId,
			/// How often within the period.
			count: u32,
		},
		/// A break-glass was reviewed.
		Reviewed {
			/// The exchange.
			exchange: ExchangeId,
			/// Who reviewed it.
			reviewer: OrganisationId,
			/// What it found.
			verdict: ReviewVerdict,
			/// Whether it came after its due block.
			late: bool,
		},
		/// The review of a break-glass is overdue.
		ReviewOverdue {
			/// The exchange.
			exchange: ExchangeId,
			/// Who was to review it.
			reviewer: Option<OrganisationId>,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The ledger has no such exchange or review; check the id.
		NotFound,
		/// The step belongs to the other side, or the review to another organisation.
		NotAuthorized,
		/// An exchange with this key exists: regard the first submission as done.
		AlreadyExists,
		/// The partner is no member.
		PartnerNotFound,
		/// The partner is the organisation itself.
		PartnerIsSelf,
		/// No category is named.
		NoCategory,
		/// A commitment is all zero, or two are equal.
		MissingCommitment,
		/// A commitment serves another record; draw a new salt.
		CommitmentReused,
		/// An offer brings a key for the recipient, who alone can.
		KeyNotRecipients,
		/// Break-glass has a call of its own, and that call takes nothing else.
		WrongGate,
		/// Break-glass serves emergency treatment only.
		NotAnEmergency,
		/// The step is not allowed in the exchange's state.
		WrongState,
		/// The running window has closed.
		WindowClosed,
		/// The consent was withdrawn, or an organisation may not act.
		Terminated,
		/// The gate does not allow it: look at consent, basis, members and risk.
		GateClosed,
		/// The recipient's risk asks for a person's release first.
		ReleaseNeeded,
		/// There is nothing to release, or it was released before.
		NothingToRelease,
		/// The break-glass has been reviewed.
		AlreadyReviewed,
		/// The sequence of the organisation is at its end.
		SequenceExhausted,
	}

	impl<T> From<ProposalDefect> for Error<T> {
		fn from(defect: ProposalDefect) -> Self {
			match defect {
				ProposalDefect::PartnerIsSelf => Self::PartnerIsSelf,
				ProposalDefect::NoCategory => Self::NoCategory,
				ProposalDefect::MissingCommitment => Self::MissingCommitment,
				ProposalDefect::KeyNotRecipients => Self::KeyNotRecipients,
				ProposalDefect::WrongGate => Self::WrongGate,
				ProposalDefect::NotAnEmergency => Self::NotAnEmergency,
			}
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_idle(now: BlockNumberFor<T>, remaining: Weight) -> Weight {
			Self::close_lapsed(now.saturated_into(), remaining)
		}

		fn integrity_test() {
			let windows =
				[T::AnswerWindow::get(), T::DeliveryWindow::get(), T::ReviewWindow::get()];
			assert!(windows.iter().all(|window| *window > 0), "every window has a block at least");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), frame::try_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Asks a holder for data.
		///
		/// ## Dispatch Origin
		/// A delegate of the recipient with [`Duty::Exchange`].
		///
		/// ## Details
		/// `key` is 32 random bytes, which make a repeated submission recognisable. A well-formed request is recorded
		/// whatever the gate says: one that is refused gets no approval and ends as
		/// [`ExchangeState::NotServed`] when its answer window closes. If the recipient's risk asks for it, the
		/// request waits for a person's release.
		///
		/// ## Errors
		/// [`Error::AlreadyExists`], [`Error::PartnerNotFound`], [`Error::CommitmentReused`], and one for each
		/// [`ProposalDefect`].
		///
		/// ## Events
		/// [`Event::Requested`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::request())]
		pub fn request(
			origin: OriginFor<T>,
			key: [u8; 32],
			proposal: ExchangeProposal,
		) -> DispatchResult {
			let recipient = T::DelegateOrigin::ensure_origin(origin, &Duty::Exchange)?;
			Self::do_request(recipient, key, proposal)?;
			Ok(())
		}

		/// Offers data to a recipient: a discharge letter, a referral, a result.
		///
		/// ## Dispatch Origin
		/// A delegate of the holder with [`Duty::Exchange`].
		///
		/// ## Details
		/// As [`Pallet::request`], but the holder's own gate must not refuse. A release that the recipient's risk asks
		/// for may come until the dispatch.
		///
		/// ## Errors
		/// Those of [`Pallet::request`], and [`Error::GateClosed`].
		///
		/// ## Events
		/// [`Event::Offered`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::offer())]
		pub fn offer(
			origin: OriginFor<T>,
			key: [u8; 32],
			proposal: ExchangeProposal,
		) -> DispatchResult {
			let holder = T::DelegateOrigin::ensure_origin(origin, &Duty::Exchange)?;
			Self::do_offer(holder, key, proposal)?;
			Ok(())
		}

		/// Accepts the recipient's risk for this exchange.
		///
		/// ## Dispatch Origin
		/// A delegate of the holder with [`Duty::Review`]: a person.
		///
		/// ## Details
		/// Releases a held request. Before the dispatch it also releases an exchange whose recipient became a risk
		/// later.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::WrongState`], [`Error::WindowClosed`],
		/// [`Error::Terminated`], [`Error::NothingToRelease`].
		///
		/// ## Events
		/// [`Event::Released`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::release())]
		pub fn release(
			origin: OriginFor<T>,
			id: ExchangeId,
			reason: ReleaseReason,
		) -> DispatchResult {
			let holder = T::DelegateOrigin::ensure_origin(origin, &Duty::Review)?;
			Self::do_release(holder, id, reason)?;
			Self::deposit_event(Event::Released { exchange: id, reason });
			Ok(())
		}

		/// Approves a request.
		///
		/// ## Dispatch Origin
		/// A delegate of the holder with [`Duty::Exchange`].
		///
		/// ## Details
		/// The gate is asked again and must allow. Counts a use of the consent, if there is one.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::WrongState`], [`Error::WindowClosed`],
		/// [`Error::GateClosed`], [`Error::ReleaseNeeded`]. The request stays as it is.
		///
		/// ## Events
		/// [`Event::Approved`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::approve())]
		pub fn approve(origin: OriginFor<T>, id: ExchangeId) -> DispatchResult {
			let holder = T::DelegateOrigin::ensure_origin(origin, &Duty::Exchange)?;
			Self::do_approve(holder, id)?;
			Self::deposit_event(Event::Approved { exchange: id });
			Ok(())
		}

		/// Accepts an offer and names the key to encrypt for.
		///
		/// ## Dispatch Origin
		/// A delegate of the recipient with [`Duty::Exchange`].
		///
		/// ## Details
		/// The gate is asked again and must not refuse. Counts a use of the consent, if there is one.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::WrongState`], [`Error::WindowClosed`],
		/// [`Error::GateClosed`], [`Error::MissingCommitment`], [`Error::CommitmentReused`].
		///
		/// ## Events
		/// [`Event::Accepted`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::accept())]
		pub fn accept(
			origin: OriginFor<T>,
			id: ExchangeId,
			recipient_key: Commitment,
		) -> DispatchResult {
			let recipient = T::DelegateOrigin::ensure_origin(origin, &Duty::Exchange)?;
			Self::do_accept(recipient, id, recipient_key)?;
			Self::deposit_event(Event::Accepted { exchange: id });
			Ok(())
		}

		/// Makes the ciphertext available to the recipient.
		///
		/// ## Dispatch Origin
		/// A delegate of the holder with [`Duty::Exchange`].
		///
		/// ## Details
		/// The gate is asked once more and must allow.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::WrongState`], [`Error::WindowClosed`],
		/// [`Error::Terminated`], [`Error::GateClosed`], [`Error::ReleaseNeeded`], [`Error::MissingCommitment`],
		/// [`Error::CommitmentReused`].
		///
		/// ## Events
		/// [`Event::Dispatched`].
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::dispatch())]
		pub fn dispatch(
			origin: OriginFor<T>,
			id: ExchangeId,
			payload: Commitment,
		) -> DispatchResult {
			let holder = T::DelegateOrigin::ensure_origin(origin, &Duty::Exchange)?;
			Self::do_dispatch(holder, id, payload)?;
			Self::deposit_event(Event::Dispatched { exchange: id });
			Ok(())
		}

		/// Confirms that the ciphertext has arrived, before it is opened.
		///
		/// ## Dispatch Origin
		/// A delegate of the recipient with [`Duty::Exchange`].
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::WrongState`], [`Error::WindowClosed`],
		/// [`Error::Terminated`], [`Error::MissingCommitment`], [`Error::CommitmentReused`].
		///
		/// ## Events
		/// [`Event::Delivered`].
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::receive())]
		pub fn receive(
			origin: OriginFor<T>,
			id: ExchangeId,
			receipt: Commitment,
		) -> DispatchResult {
			let recipient = T::DelegateOrigin::ensure_origin(origin, &Duty::Exchange)?;
			Self::do_receive(recipient, id, receipt)?;
			Self::deposit_event(Event::Delivered { exchange: id });
			Ok(())
		}

		/// Says how the recipient found what it opened, and closes the exchange.
		///
		/// ## Dispatch Origin
		/// A delegate of the recipient with [`Duty::Exchange`].
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::WrongState`], [`Error::WindowClosed`],
		/// [`Error::MissingCommitment`], [`Error::CommitmentReused`].
		///
		/// ## Events
		/// [`Event::Acknowledged`].
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::acknowledge())]
		pub fn acknowledge(
			origin: OriginFor<T>,
			id: ExchangeId,
			code: AcknowledgementCode,
			evidence: Option<Commitment>,
		) -> DispatchResult {
			let recipient = T::DelegateOrigin::ensure_origin(origin, &Duty::Exchange)?;
			Self::do_acknowledge(recipient, id, code, evidence)?;
			Self::deposit_event(Event::Acknowledged { exchange: id, code, evidence });
			Ok(())
		}

		/// Asks for data in an emergency; approved at once, reviewed afterwards.
		///
		/// ## Dispatch Origin
		/// A delegate of the recipient with [`Duty::Emergency`].
		///
		/// ## Details
		/// Asks neither consent nor risk. The ledger chooses a reviewer by hash among organisations that are neither
		/// side. Frequent use raises an alarm and is never refused.
		///
		/// ## Errors
		/// Those of [`Pallet::request`], and [`Error::GateClosed`] if the recipient treats no patients or the holder
		/// may not act: then the ledger cannot help, call the holder.
		///
		/// ## Events
		/// [`Event::GlassBroken`], and [`Event::EmergencyAlarmRaised`] if frequent.
		#[pallet::call_index(8)]
		#[pallet::weight((T::WeightInfo::break_glass(), DispatchClass::Operational))]
		pub fn break_glass(
			origin: OriginFor<T>,
			key: [u8; 32],
			proposal: ExchangeProposal,
			ground_evidence: Commitment,
		) -> DispatchResult {
			let recipient = T::DelegateOrigin::ensure_origin(origin, &Duty::Emergency)?;
			Self::do_break_glass(recipient, key, proposal, ground_evidence)?;
			Ok(())
		}

		/// Reviews a break-glass.
		///
		/// ## Dispatch Origin
		/// A delegate of the reviewer with [`Duty::Review`]. If the ledger had nobody to choose, of any organisation
		/// that may review and is neither side.
		///
		/// ## Details
		/// A late review is taken and marked.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::AlreadyReviewed`], [`Error::MissingCommitment`],
		/// [`Error::CommitmentReused`].
		///
		/// ## Events
		/// [`Event::Reviewed`].
		#[pallet::call_index(9)]
		#[pallet::weight(T::WeightInfo::review())]
		pub fn review(
			origin: OriginFor<T>,
			id: ExchangeId,
			verdict: ReviewVerdict,
			reasons: Commitment,
		) -> DispatchResult {
			let reviewer = T::DelegateOrigin::ensure_origin(origin, &Duty::Review)?;
			let late = Self::do_review(reviewer, id, verdict, reasons)?;
			Self::deposit_event(Event::Reviewed { exchange: id, reviewer, verdict, late });
			Ok(())
		}
	}
}
