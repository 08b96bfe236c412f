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
//! - *Three ways to the same record.* Step by step; in batches, whose items fare each by itself; or with the other
//!   side's signature, so that request, approval and dispatch are one transaction. The receipt is always a transaction
//!   of its own: ciphertext leaves the holder for a finalised dispatch only, and nobody confirms what it cannot have.
//! - Every organisation numbers the exchanges it takes part in, on either side, without a gap. No commitment serves
//!   twice while its record lives.
//! - The state is bounded: an exchange that is over is pruned after [`Config::Retention`], commitments and all, unless
//!   an authority holds it.
//!
//! | module | what it holds |
//! |---|---|
//! | `reading` | where exchanges stand, what they say to readers |
//! | `life_cycle` | beginning, steps, the gate |
//! | `batch` | many exchanges in one transaction, many documents under one root |
//! | `countersigned` | what the other side signed off the ledger |
//! | `subscriptions` | standing orders and their deliveries |
//! | `dispute` | suspension, dispute, reversal |
//! | `rectification` | notices that data were superseded; reconciliation of both sides' counts |
//! | `emergency` | break-glass and its review |
//! | `assessment` | what both sides attest of the package: advice |
//! | `duties` | what organisations owe on account of exchanges |
//! | `agenda` | what becomes due with a block |
//! | `retention` | pruning and legal holds |
//! | `migrations` | from earlier layouts |
//! | `try_state` | the invariants |
#![cfg_attr(not(feature = "std"), no_std)]
#![warn(missing_docs)]

extern crate alloc;

pub use curex_primitives::gate::RiskProfile;
pub use pallet::*;
pub use weights::WeightInfo;

mod agenda;
mod assessment;
mod batch;
#[cfg(any(feature = "runtime-benchmarks", test))]
mod benchmarking;
mod countersigned;
mod dispute;
mod duties;
mod emergency;
mod life_cycle;
pub mod migrations;
#[cfg(test)]
mod mock;
mod reading;
mod rectification;
mod retention;
pub mod runtime_api;
mod subscriptions;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
pub mod weights;

#[frame::pallet]
pub mod pallet {
	use super::{batch::is_plain, *};
	use alloc::vec::Vec;
	use curex_primitives::{
		batch::MAX_BATCH, consent::Consents, subscription::SubscriptionDefect, AcknowledgementCode,
		BatchAnswer, BatchCompletion, BatchRequest, BatchService, BlockNumber, Border, Categories,
		Commitment, ConsentId, Countersignature, DeferralReason, DelegateKeys, Dispute,
		DisputeGrounds, DocumentRoot, DueDuty, Duty, EmergencySignature, Exchange, ExchangeId,
		ExchangeProposal, ExchangeState, Gate, Ground, Law, Obligation, OrganisationId,
		Organisations, Permits, ProposalDefect, Purpose, RecordHandle, Rectification,
		ReleaseReason, Review, ReviewVerdict, Settlement, Subscription, SubscriptionId,
		SubscriptionState, SubscriptionTerms, Suspender, Tally,
	};
	use frame::{
		prelude::*,
		traits::{ConstU32, EnsureOriginWithArg, UnixTime},
	};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(3);

	/// Up to [`MAX_BATCH`] items, each of fixed size.
	pub type Batch<Item> = BoundedVec<Item, ConstU32<MAX_BATCH>>;

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
		type Permits: Permits;
		/// Which bases carry what.
		type Law: Law;
		/// For whom keys sign off the ledger.
		type Keys: DelegateKeys;
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
		/// Blocks in which a break-glass may be dispatched.
		#[pallet::constant]
		type EmergencyWindow: Get<BlockNumber>;
		/// Blocks in which the patient is to be told of a break-glass.
		#[pallet::constant]
		type NoticeWindow: Get<BlockNumber>;
		/// Blocks by which such a notice may be deferred.
		#[pallet::constant]
		type NoticeDeferral: Get<BlockNumber>;
		/// Blocks in which a breach that an exchange showed is to be followed up.
		#[pallet::constant]
		type BreachWindow: Get<BlockNumber>;
		/// Blocks after the acknowledgement in which a dispute or reversal may come, and in which a dispute is to be
		/// settled.
		#[pallet::constant]
		type DisputeWindow: Get<BlockNumber>;
		/// Blocks in which a rectification is to be acknowledged.
		#[pallet::constant]
		type RectificationWindow: Get<BlockNumber>;
		/// Blocks after which the ledger looks again at an active subscription.
		#[pallet::constant]
		type SubscriptionCheck: Get<BlockNumber>;
		/// Blocks for which what is over is kept.
		#[pallet::constant]
		type Retention: Get<BlockNumber>;
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
		type BenchmarkHelper: curex_primitives::BenchmarkDelegates<Self::RuntimeOrigin>
			+ curex_primitives::BenchmarkGate;
	}

	/// Thirty days in milliseconds: the period over which break-glass is counted.
	pub const EMERGENCY_PERIOD: curex_primitives::Moment = 30 * 24 * 3_600 * 1_000;

	/// Most commitments that belong to one exchange without standing in its record: acknowledgement, review, dispute,
	/// breaches, notices, rectifications and assessments together stay below.
	pub const MAX_EVIDENCE: u32 = 32;

	/// Most exchanges in one list of the [`Agenda`].
	pub const MAX_AGENDA: u32 = 4_096;

	/// Most entries that a view gives at once.
	pub const PAGE: usize = 256;

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// The exchanges, with deadlines and withdrawals not yet applied; see [`Pallet::effective`].
	// Hasher: Identity, since the id is a hash that the ledger computes.
	#[pallet::storage]
	pub type Exchanges<T> = StorageMap<_, Identity, ExchangeId, Exchange>;

	/// The last number in the sequence of an organisation; the first exchange in which it takes part has number one.
	// Hasher: the number is given by the ledger.
	#[pallet::storage]
	pub type Sequences<T> = StorageMap<_, Twox64Concat, OrganisationId, u64, ValueQuery>;

	/// Every number of an organisation up to this one is pruned; the next is the first that may be kept.
	// Hasher: the number is given by the ledger.
	#[pallet::storage]
	pub type PrunedUpTo<T> = StorageMap<_, Twox64Concat, OrganisationId, u64, ValueQuery>;

	/// Numbers above [`PrunedUpTo`] that are pruned while an earlier one is still kept.
	// Hasher: both numbers are given by the ledger.
	#[pallet::storage]
	pub type PrunedAhead<T> =
		StorageDoubleMap<_, Twox64Concat, OrganisationId, Twox64Concat, u64, (), OptionQuery>;

	/// The commitments that an exchange, what followed from it, or a subscription carries. None serves twice.
	// Hasher: the commitment comes from outside.
	#[pallet::storage]
	pub type Commitments<T> = StorageMap<_, Blake2_128Concat, Commitment, RecordHandle>;

	/// The commitments that belong to an exchange but are not in its record.
	// Hasher: Identity, since the id is a hash that the ledger computes.
	#[pallet::storage]
	pub type Evidence<T> = StorageMap<
		_,
		Identity,
		ExchangeId,
		BoundedVec<Commitment, ConstU32<MAX_EVIDENCE>>,
		ValueQuery,
	>;

	/// The documents that were dispatched under one root.
	// Hasher: Identity, since the id is a hash that the ledger computes.
	#[pallet::storage]
	pub type Documents<T> = StorageMap<_, Identity, ExchangeId, DocumentRoot>;

	/// The exchanges of a consent.
	// Hasher: the consent's id comes from outside, the exchange's is a hash that the ledger computes.
	#[pallet::storage]
	pub type OfConsent<T> =
		StorageDoubleMap<_, Blake2_128Concat, ConsentId, Identity, ExchangeId, (), OptionQuery>;

	/// The exchanges at which the ledger looks after a block. Each stands in the list of the block in which its window
	/// closes or its retention ends, or in that of an earlier block; there it is listed anew. So a step that puts the
	/// deadline off writes nothing here. What does not fit into a list stands in the next that has room.
	// Hasher: the number is given by the ledger.
	#[pallet::storage]
	pub type Agenda<T> = StorageMap<
		_,
		Twox64Concat,
		BlockNumber,
		BoundedVec<ExchangeId, ConstU32<MAX_AGENDA>>,
		ValueQuery,
	>;

	/// The first block whose agenda has not been worked off yet.
	#[pallet::storage]
	pub type NextAgenda<T> = StorageValue<_, BlockNumber, ValueQuery>;

	/// What is owed on account of an exchange and not fulfilled yet.
	// Hasher: Identity, since the id is a hash that the ledger computes; the obligation is a code.
	#[pallet::storage]
	pub type Duties<T> =
		StorageDoubleMap<_, Identity, ExchangeId, Twox64Concat, Obligation, DueDuty, OptionQuery>;

	/// What an organisation owes, with the block in which it is due.
	// Hasher: the number is given by the ledger, the id is a hash that it computes.
	#[pallet::storage]
	pub type DutiesOf<T> = StorageDoubleMap<
		_,
		Twox64Concat,
		OrganisationId,
		Identity,
		(ExchangeId, Obligation),
		BlockNumber,
		OptionQuery,
	>;

	/// The duties that become overdue after a block.
	// Hasher: the number is given by the ledger, the id is a hash that it computes.
	#[pallet::storage]
	pub type DutiesDue<T> = StorageDoubleMap<
		_,
		Twox64Concat,
		BlockNumber,
		Identity,
		(ExchangeId, Obligation),
		(),
		OptionQuery,
	>;

	/// The first block whose duties have not been looked at yet.
	#[pallet::storage]
	pub type NextDuty<T> = StorageValue<_, BlockNumber, ValueQuery>;

	/// Authorities that hold an exchange back from pruning.
	// Hasher: Identity, since the id is a hash that the ledger computes, which also gives the number.
	#[pallet::storage]
	pub type Holds<T> =
		StorageDoubleMap<_, Identity, ExchangeId, Twox64Concat, OrganisationId, (), OptionQuery>;

	/// The dispute of an exchange.
	// Hasher: Identity, since the id is a hash that the ledger computes.
	#[pallet::storage]
	pub type Disputes<T> = StorageMap<_, Identity, ExchangeId, Dispute>;

	/// The newest rectification of an exchange.
	// Hasher: Identity, since the id is a hash that the ledger computes.
	#[pallet::storage]
	pub type Rectifications<T> = StorageMap<_, Identity, ExchangeId, Rectification>;

	/// What the two sides of an exchange attested of its package.
	// Hasher: Identity, since the id is a hash that the ledger computes.
	#[pallet::storage]
	pub type PackageAssessments<T> =
		StorageMap<_, Identity, ExchangeId, curex_primitives::PackageAssessments, ValueQuery>;

	/// What an organisation counted of its exchanges with another, with the number of the period. The slot is that
	/// number modulo [`KEPT_PERIODS`](curex_primitives::batch::KEPT_PERIODS), so that old tallies make place for new.
	// Hasher: all numbers are given or checked by the ledger.
	#[pallet::storage]
	pub type Tallies<T> = StorageDoubleMap<
		_,
		Twox64Concat,
		OrganisationId,
		Twox64Concat,
		(OrganisationId, u32),
		(u32, Tally),
		OptionQuery,
	>;

	/// The subscriptions, with time and gate not yet applied; see [`Pallet::subscription`].
	// Hasher: Identity, since the id is a hash that the ledger computes.
	#[pallet::storage]
	pub type Subscriptions<T> = StorageMap<_, Identity, SubscriptionId, Subscription>;

	/// The subscriptions at which the ledger looks after a block.
	// Hasher: the number is given by the ledger, the id is a hash that it computes.
	#[pallet::storage]
	pub type SubscriptionsDue<T> =
		StorageDoubleMap<_, Twox64Concat, BlockNumber, Identity, SubscriptionId, (), OptionQuery>;

	/// The first block whose subscriptions have not been looked at yet.
	#[pallet::storage]
	pub type NextSubscription<T> = StorageValue<_, BlockNumber, ValueQuery>;

	/// Who reviewed an organisation's last break-glass. Passed over while another may review.
	// Hasher: the number is given by the ledger.
	#[pallet::storage]
	pub type LastReviewers<T> = StorageMap<_, Twox64Concat, OrganisationId, OrganisationId>;

	/// How many reviews an organisation let become overdue.
	// Hasher: the number is given by the ledger.
	#[pallet::storage]
	pub type OverdueReviews<T> = StorageMap<_, Twox64Concat, OrganisationId, u64, ValueQuery>;

	/// How many of an organisation's break-glasses were found without ground.
	// Hasher: the number is given by the ledger.
	#[pallet::storage]
	pub type Unjustified<T> = StorageMap<_, Twox64Concat, OrganisationId, u64, ValueQuery>;

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
		/// The review went on to a second reviewer, since the first let it become overdue.
		ReviewEscalated {
			/// The exchange.
			exchange: ExchangeId,
			/// Who may review as well.
			reviewer: OrganisationId,
		},
		/// A break-glass was recorded after the fact, because the ledger could not be reached. [`Event::GlassBroken`]
		/// says the rest.
		RecordedLate {
			/// The exchange.
			exchange: ExchangeId,
			/// Who recorded it.
			by: OrganisationId,
		},
		/// An exchange was suspended.
		Suspended {
			/// The exchange.
			exchange: ExchangeId,
			/// By whom.
			by: Suspender,
		},
		/// A suspended exchange goes on.
		Resumed {
			/// The exchange.
			exchange: ExchangeId,
		},
		/// The recipient disputes what it received.
		Disputed {
			/// The exchange.
			exchange: ExchangeId,
			/// What it disputes.
			grounds: DisputeGrounds,
		},
		/// The holder answered a dispute.
		DisputeAnswered {
			/// The exchange.
			exchange: ExchangeId,
			/// Commitment to the answer.
			answer: Commitment,
		},
		/// A dispute is over.
		Settled {
			/// The exchange.
			exchange: ExchangeId,
			/// How it ended.
			settlement: Settlement,
		},
		/// What was delivered belongs to another patient. The holder follows it up as a breach.
		Reversed {
			/// The exchange.
			exchange: ExchangeId,
			/// Commitment to the evidence, if there is any.
			evidence: Option<Commitment>,
		},
		/// Something is owed on account of an exchange.
		DutyArose {
			/// The exchange.
			exchange: ExchangeId,
			/// What.
			obligation: Obligation,
			/// By whom.
			organisation: OrganisationId,
			/// The last block in which it is in time.
			due: BlockNumber,
		},
		/// A duty was fulfilled.
		DutyFulfilled {
			/// The exchange.
			exchange: ExchangeId,
			/// What.
			obligation: Obligation,
			/// By whom.
			organisation: OrganisationId,
			/// Whether it came after its due block.
			late: bool,
		},
		/// A duty is overdue.
		DutyOverdue {
			/// The exchange.
			exchange: ExchangeId,
			/// What.
			obligation: Obligation,
			/// By whom.
			organisation: OrganisationId,
		},
		/// The patient is told later.
		NoticeDeferred {
			/// The exchange.
			exchange: ExchangeId,
			/// Why.
			reason: DeferralReason,
			/// The last block in which it is in time now.
			due: BlockNumber,
		},
		/// Many documents were dispatched under one root.
		DocumentsDispatched {
			/// The exchange.
			exchange: ExchangeId,
			/// The documents.
			documents: DocumentRoot,
		},
		/// An item of a batch was not taken; the others were not touched.
		ItemFailed {
			/// Its place in the batch, from 0.
			index: u32,
			/// Why.
			error: DispatchError,
		},
		/// A batch is done.
		BatchDone {
			/// How many items were taken.
			taken: u32,
			/// How many were not.
			failed: u32,
		},
		/// A recipient opened a subscription.
		SubscriptionOpened {
			/// The subscription.
			subscription: SubscriptionId,
			/// Who would receive.
			recipient: OrganisationId,
			/// Who would deliver.
			holder: OrganisationId,
		},
		/// The holder accepted a subscription.
		SubscriptionAccepted {
			/// The subscription.
			subscription: SubscriptionId,
		},
		/// A subscription stands otherwise than before.
		SubscriptionChanged {
			/// The subscription.
			subscription: SubscriptionId,
			/// Where it stands.
			state: SubscriptionState,
		},
		/// Something is on its way under a subscription. [`Event::Dispatched`] follows.
		SubscriptionServed {
			/// The subscription.
			subscription: SubscriptionId,
			/// The exchange.
			exchange: ExchangeId,
		},
		/// A subscription was pruned.
		SubscriptionPruned {
			/// The subscription.
			subscription: SubscriptionId,
		},
		/// The holder says that delivered data were superseded.
		Rectified {
			/// The exchange.
			exchange: ExchangeId,
			/// Commitment to the notice.
			notice: Commitment,
		},
		/// A side attested its assessment of the package. Advice: nothing asks for it.
		PackageAssessed {
			/// The exchange.
			exchange: ExchangeId,
			/// Who assessed.
			organisation: OrganisationId,
			/// Commitment to the assessment.
			assessment: Commitment,
		},
		/// An organisation anchored its count of a period.
		TallyAnchored {
			/// Who counted.
			organisation: OrganisationId,
			/// Exchanges with whom.
			partner: OrganisationId,
			/// The number of the period.
			period: u32,
			/// What it counted.
			tally: Tally,
		},
		/// Two organisations counted the same in a period.
		Reconciled {
			/// The organisation with the lower number.
			one: OrganisationId,
			/// The other.
			other: OrganisationId,
			/// The number of the period.
			period: u32,
		},
		/// Two organisations counted differently in a period.
		ReconciliationMismatched {
			/// The organisation with the lower number.
			one: OrganisationId,
			/// The other.
			other: OrganisationId,
			/// The number of the period.
			period: u32,
		},
		/// An authority holds an exchange back from pruning.
		HoldSet {
			/// The exchange.
			exchange: ExchangeId,
			/// The authority.
			authority: OrganisationId,
		},
		/// An authority holds an exchange back no longer.
		HoldLifted {
			/// The exchange.
			exchange: ExchangeId,
			/// The authority.
			authority: OrganisationId,
		},
		/// An exchange was pruned: retention is over, and nobody holds it.
		Pruned {
			/// The exchange.
			exchange: ExchangeId,
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
		/// The exchange or subscription is suspended; ask who suspended it.
		Suspended,
		/// The settlement is not the caller's to declare.
		WrongSettlement,
		/// The duty is fulfilled by another call, or was never owed.
		WrongObligation,
		/// The notice was deferred before.
		AlreadyDeferred,
		/// The organisation or authority did so before.
		AlreadyDone,
		/// The signer is no delegate of the other side with the duty.
		WrongSigner,
		/// The signature does not hold over this message.
		WrongSignature,
		/// The signature has expired, or would live too long.
		SignatureExpired,
		/// The emergency is longer than 24 hours ago, or lies ahead.
		WrongMoment,
		/// The batch has no item.
		EmptyBatch,
		/// The subscription has ended already, or would last longer than a year.
		WrongPeriod,
		/// The subscription's least time between deliveries has not passed.
		TooSoon,
		/// The recipient has not received anything, or has not acknowledged the last notice.
		NothingToRectify,
		/// No further notice fits this exchange; begin another.
		TooManyNotices,
		/// Count and root contradict each other.
		WrongTally,
		/// The exchange belongs to as many commitments as it may.
		TooMuchEvidence,
	}

	impl<T> From<SubscriptionDefect> for Error<T> {
		fn from(defect: SubscriptionDefect) -> Self {
			match defect {
				SubscriptionDefect::HolderIsSelf => Self::PartnerIsSelf,
				SubscriptionDefect::NoCategory => Self::NoCategory,
				SubscriptionDefect::MissingCommitment => Self::MissingCommitment,
				SubscriptionDefect::WrongGate => Self::WrongGate,
				SubscriptionDefect::WrongPeriod => Self::WrongPeriod,
			}
		}
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
			Self::work_off(now.saturated_into(), remaining)
		}

		fn integrity_test() {
			let windows = [
				T::AnswerWindow::get(),
				T::DeliveryWindow::get(),
				T::ReviewWindow::get(),
				T::EmergencyWindow::get(),
				T::NoticeWindow::get(),
				T::NoticeDeferral::get(),
				T::BreachWindow::get(),
				T::DisputeWindow::get(),
				T::RectificationWindow::get(),
				T::SubscriptionCheck::get(),
			];
			assert!(windows.iter().all(|window| *window > 0), "every window has a block at least");
			let longest = windows.iter().copied().max().unwrap_or_default();
			assert!(T::Retention::get() > longest, "nothing is pruned while a window runs");
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
			Ok(())
		}

		/// Says how the recipient found what it opened, and closes the exchange.
		///
		/// ## Dispatch Origin
		/// A delegate of the recipient with [`Duty::Exchange`].
		///
		/// ## Details
		/// [`AcknowledgementCode::WrongPatient`] reverses the exchange: the recipient uses nothing of it, and the holder
		/// owes [`Obligation::Breach`]. That code is also taken after another acknowledgement, within
		/// [`Config::DisputeWindow`], and ends a dispute.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::WrongState`], [`Error::WindowClosed`],
		/// [`Error::MissingCommitment`], [`Error::CommitmentReused`].
		///
		/// ## Events
		/// [`Event::Acknowledged`], or [`Event::Reversed`] and [`Event::DutyArose`].
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
			Ok(())
		}

		/// Asks for data in an emergency; approved at once, reviewed afterwards.
		///
		/// ## Dispatch Origin
		/// A delegate of the recipient with [`Duty::Emergency`].
		///
		/// ## Details
		/// Asks neither consent nor risk. The holder may dispatch for [`Config::EmergencyWindow`]. The ledger chooses a
		/// reviewer by hash among organisations that are neither side, and not the one that reviewed the requester
		/// last while there is another. The holder owes [`Obligation::PatientNotice`]. Frequent use raises an alarm
		/// and is never refused.
		///
		/// ## Errors
		/// Those of [`Pallet::request`], and [`Error::GateClosed`] if the recipient treats no patients or the holder
		/// may not act: then the ledger cannot help, call the holder.
		///
		/// ## Events
		/// [`Event::GlassBroken`], [`Event::DutyArose`], and [`Event::EmergencyAlarmRaised`] if frequent.
		#[pallet::call_index(8)]
		#[pallet::weight((T::WeightInfo::break_glass(), DispatchClass::Operational))]
		pub fn break_glass(
			origin: OriginFor<T>,
			key: [u8; 32],
			proposal: ExchangeProposal,
			ground_evidence: Commitment,
		) -> DispatchResult {
			let recipient = T::DelegateOrigin::ensure_origin(origin, &Duty::Emergency)?;
			Self::do_break_glass(recipient, key, proposal, ground_evidence, None)?;
			Ok(())
		}

		/// Reviews a break-glass.
		///
		/// ## Dispatch Origin
		/// A delegate of the reviewer with [`Duty::Review`]. If the ledger had nobody to choose, of any organisation
		/// that may review and is neither side.
		///
		/// ## Details
		/// A late review is taken and marked; from the second reviewer as well, once there is one. A break-glass that
		/// is found [`ReviewVerdict::Unjustified`] is counted, and the requester owes [`Obligation::Misuse`].
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

		/// Stops an exchange that is agreed or dispatched, for now.
		///
		/// ## Dispatch Origin
		/// A delegate of the holder with [`Duty::Exchange`].
		///
		/// ## Details
		/// The window runs on. A break-glass is never suspended: urgent care waits for nobody.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::WrongState`], [`Error::WindowClosed`],
		/// [`Error::Terminated`], [`Error::WrongGate`].
		///
		/// ## Events
		/// [`Event::Suspended`].
		#[pallet::call_index(10)]
		#[pallet::weight(T::WeightInfo::suspend())]
		pub fn suspend(origin: OriginFor<T>, id: ExchangeId) -> DispatchResult {
			let holder = T::DelegateOrigin::ensure_origin(origin, &Duty::Exchange)?;
			Self::do_suspend(Some(holder), id)?;
			Ok(())
		}

		/// Lets an exchange go on that the holder suspended.
		///
		/// ## Dispatch Origin
		/// A delegate of the holder with [`Duty::Exchange`].
		///
		/// ## Details
		/// The gate is not asked here: the next step asks it.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::WrongState`], [`Error::WindowClosed`],
		/// [`Error::Terminated`].
		///
		/// ## Events
		/// [`Event::Resumed`].
		#[pallet::call_index(11)]
		#[pallet::weight(T::WeightInfo::resume())]
		pub fn resume(origin: OriginFor<T>, id: ExchangeId) -> DispatchResult {
			let holder = T::DelegateOrigin::ensure_origin(origin, &Duty::Exchange)?;
			Self::do_resume(Some(holder), id)?;
			Ok(())
		}

		/// Stops an exchange by order of an authority.
		///
		/// ## Dispatch Origin
		/// A delegate of an authority competent for data protection with [`Duty::Oversight`].
		///
		/// ## Details
		/// As [`Pallet::suspend`]. The holder cannot resume it.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::WrongState`], [`Error::WindowClosed`],
		/// [`Error::Terminated`], [`Error::WrongGate`].
		///
		/// ## Events
		/// [`Event::Suspended`].
		#[pallet::call_index(12)]
		#[pallet::weight(T::WeightInfo::suspend_by_policy())]
		pub fn suspend_by_policy(origin: OriginFor<T>, id: ExchangeId) -> DispatchResult {
			let _ = Self::ensure_supervisor(origin)?;
			Self::do_suspend(None, id)?;
			Ok(())
		}

		/// Lets an exchange go on that an authority suspended.
		///
		/// ## Dispatch Origin
		/// A delegate of an authority competent for data protection with [`Duty::Oversight`].
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::WrongState`], [`Error::WindowClosed`],
		/// [`Error::Terminated`].
		///
		/// ## Events
		/// [`Event::Resumed`].
		#[pallet::call_index(13)]
		#[pallet::weight(T::WeightInfo::resume_by_policy())]
		pub fn resume_by_policy(origin: OriginFor<T>, id: ExchangeId) -> DispatchResult {
			let _ = Self::ensure_supervisor(origin)?;
			Self::do_resume(None, id)?;
			Ok(())
		}

		/// Disputes what was received.
		///
		/// ## Dispatch Origin
		/// A delegate of the recipient with [`Duty::Exchange`].
		///
		/// ## Details
		/// Once for each exchange, from the receipt until [`Config::DisputeWindow`] after the acknowledgement. The
		/// holder owes an answer. No other exchange is touched: however many disputes there are, care goes on.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::WrongState`], [`Error::WindowClosed`],
		/// [`Error::MissingCommitment`], [`Error::CommitmentReused`].
		///
		/// ## Events
		/// [`Event::Disputed`], [`Event::DutyArose`].
		#[pallet::call_index(14)]
		#[pallet::weight(T::WeightInfo::dispute())]
		pub fn dispute(
			origin: OriginFor<T>,
			id: ExchangeId,
			grounds: DisputeGrounds,
			evidence: Commitment,
		) -> DispatchResult {
			let recipient = T::DelegateOrigin::ensure_origin(origin, &Duty::Exchange)?;
			Self::do_dispute(recipient, id, grounds, evidence)?;
			Ok(())
		}

		/// Answers a dispute.
		///
		/// ## Dispatch Origin
		/// A delegate of the holder with [`Duty::Exchange`].
		///
		/// ## Details
		/// A late answer is taken while the dispute lasts.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::WrongState`], [`Error::AlreadyDone`],
		/// [`Error::MissingCommitment`], [`Error::CommitmentReused`].
		///
		/// ## Events
		/// [`Event::DisputeAnswered`], [`Event::DutyFulfilled`].
		#[pallet::call_index(15)]
		#[pallet::weight(T::WeightInfo::answer_dispute())]
		pub fn answer_dispute(
			origin: OriginFor<T>,
			id: ExchangeId,
			answer: Commitment,
		) -> DispatchResult {
			let holder = T::DelegateOrigin::ensure_origin(origin, &Duty::Exchange)?;
			Self::do_answer_dispute(holder, id, answer)?;
			Ok(())
		}

		/// Ends a dispute.
		///
		/// ## Dispatch Origin
		/// A delegate of the recipient with [`Duty::Exchange`].
		///
		/// ## Details
		/// [`Settlement::TakenBack`] or [`Settlement::Remedied`]. A dispute that nobody settles lapses after
		/// [`Config::DisputeWindow`].
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::WrongState`], [`Error::WrongSettlement`].
		///
		/// ## Events
		/// [`Event::Settled`].
		#[pallet::call_index(16)]
		#[pallet::weight(T::WeightInfo::settle_dispute())]
		pub fn settle_dispute(
			origin: OriginFor<T>,
			id: ExchangeId,
			settlement: Settlement,
		) -> DispatchResult {
			let recipient = T::DelegateOrigin::ensure_origin(origin, &Duty::Exchange)?;
			ensure!(settlement.is_recipients(), Error::<T>::WrongSettlement);
			Self::do_settle(Some(recipient), id, settlement)?;
			Ok(())
		}

		/// Decides a dispute.
		///
		/// ## Dispatch Origin
		/// A delegate of an authority competent for data protection with [`Duty::Oversight`].
		///
		/// ## Details
		/// [`Settlement::Upheld`] or [`Settlement::Dismissed`].
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::WrongState`], [`Error::WrongSettlement`].
		///
		/// ## Events
		/// [`Event::Settled`].
		#[pallet::call_index(17)]
		#[pallet::weight(T::WeightInfo::decide_dispute())]
		pub fn decide_dispute(
			origin: OriginFor<T>,
			id: ExchangeId,
			settlement: Settlement,
		) -> DispatchResult {
			let _ = Self::ensure_supervisor(origin)?;
			ensure!(settlement.is_decision(), Error::<T>::WrongSettlement);
			Self::do_settle(None, id, settlement)?;
			Ok(())
		}

		/// Attests that a duty is fulfilled.
		///
		/// ## Dispatch Origin
		/// A delegate of the organisation that owes it with [`Duty::Oversight`].
		///
		/// ## Details
		/// For [`Obligation::PatientNotice`], [`Obligation::Breach`] and [`Obligation::Misuse`]; the others have calls
		/// of their own. Late is taken and marked.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::WrongObligation`], [`Error::MissingCommitment`],
		/// [`Error::CommitmentReused`].
		///
		/// ## Events
		/// [`Event::DutyFulfilled`].
		#[pallet::call_index(18)]
		#[pallet::weight(T::WeightInfo::attest_duty())]
		pub fn attest_duty(
			origin: OriginFor<T>,
			id: ExchangeId,
			obligation: Obligation,
			evidence: Commitment,
		) -> DispatchResult {
			let organisation = T::DelegateOrigin::ensure_origin(origin, &Duty::Oversight)?;
			Self::do_attest_duty(organisation, id, obligation, evidence)?;
			Ok(())
		}

		/// Defers telling the patient of a break-glass.
		///
		/// ## Dispatch Origin
		/// A delegate of the organisation that owes it with [`Duty::Oversight`].
		///
		/// ## Details
		/// Once, for [`Config::NoticeDeferral`], and before it is overdue.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::AlreadyDeferred`], [`Error::WindowClosed`].
		///
		/// ## Events
		/// [`Event::NoticeDeferred`].
		#[pallet::call_index(19)]
		#[pallet::weight(T::WeightInfo::defer_notice())]
		pub fn defer_notice(
			origin: OriginFor<T>,
			id: ExchangeId,
			reason: DeferralReason,
		) -> DispatchResult {
			let organisation = T::DelegateOrigin::ensure_origin(origin, &Duty::Oversight)?;
			Self::do_defer_notice(organisation, id, reason)?;
			Ok(())
		}

		/// Asks for data in up to 256 exchanges at once.
		///
		/// ## Dispatch Origin
		/// A delegate of the recipient with [`Duty::Exchange`].
		///
		/// ## Details
		/// Each item is gated and recorded as by [`Pallet::request`], and fares by itself.
		///
		/// ## Errors
		/// [`Error::EmptyBatch`]. Those of [`Pallet::request`] are told by item.
		///
		/// ## Events
		/// [`Event::Requested`], [`Event::ItemFailed`], [`Event::BatchDone`].
		#[pallet::call_index(20)]
		#[pallet::weight(T::WeightInfo::request_batch(items.len() as u32))]
		pub fn request_batch(origin: OriginFor<T>, items: Batch<BatchRequest>) -> DispatchResult {
			let recipient = T::DelegateOrigin::ensure_origin(origin, &Duty::Exchange)?;
			Self::each(items, |item: BatchRequest| {
				Self::do_request(recipient, item.key, item.proposal)
			})?;
			Ok(())
		}

		/// Approves and dispatches up to 256 exchanges at once.
		///
		/// ## Dispatch Origin
		/// A delegate of the holder with [`Duty::Exchange`].
		///
		/// ## Details
		/// Each item is gated and recorded as by [`Pallet::approve`] and [`Pallet::dispatch`], and fares by itself: it
		/// is approved and dispatched, or neither.
		///
		/// ## Errors
		/// [`Error::EmptyBatch`]. Those of the two calls are told by item.
		///
		/// ## Events
		/// [`Event::Approved`], [`Event::Dispatched`], [`Event::ItemFailed`], [`Event::BatchDone`].
		#[pallet::call_index(21)]
		#[pallet::weight(T::WeightInfo::answer_batch(items.len() as u32))]
		pub fn answer_batch(origin: OriginFor<T>, items: Batch<BatchAnswer>) -> DispatchResult {
			let holder = T::DelegateOrigin::ensure_origin(origin, &Duty::Exchange)?;
			Self::each(items, |item: BatchAnswer| {
				Self::do_approve(holder, item.exchange)?;
				Self::do_dispatch(holder, item.exchange, item.payload)
			})?;
			Ok(())
		}

		/// Confirms and acknowledges up to 256 exchanges at once.
		///
		/// ## Dispatch Origin
		/// A delegate of the recipient with [`Duty::Exchange`].
		///
		/// ## Details
		/// Each item is recorded as by [`Pallet::complete`], and fares by itself.
		///
		/// ## Errors
		/// [`Error::EmptyBatch`]. Those of [`Pallet::complete`] are told by item.
		///
		/// ## Events
		/// [`Event::Delivered`], [`Event::Acknowledged`], [`Event::ItemFailed`], [`Event::BatchDone`].
		#[pallet::call_index(22)]
		#[pallet::weight(Pallet::<T>::completion_weight(items))]
		pub fn complete_batch(
			origin: OriginFor<T>,
			items: Batch<BatchCompletion>,
		) -> DispatchResult {
			let recipient = T::DelegateOrigin::ensure_origin(origin, &Duty::Exchange)?;
			Self::each(items, |item: BatchCompletion| {
				Self::do_complete(recipient, item.exchange, item.receipt, item.code, item.evidence)
			})?;
			Ok(())
		}

		/// Dispatches many documents under one root.
		///
		/// ## Dispatch Origin
		/// A delegate of the holder with [`Duty::Exchange`].
		///
		/// ## Details
		/// As [`Pallet::dispatch`], for an exchange that rests on one consent or one permit: the gate is asked once for
		/// all. Each document can be proven to be among them; see [`curex_primitives::batch`].
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::WrongState`], [`Error::WindowClosed`],
		/// [`Error::Terminated`], [`Error::GateClosed`], [`Error::ReleaseNeeded`], [`Error::WrongGate`],
		/// [`Error::MissingCommitment`], [`Error::CommitmentReused`].
		///
		/// ## Events
		/// [`Event::Dispatched`], [`Event::DocumentsDispatched`].
		#[pallet::call_index(23)]
		#[pallet::weight(T::WeightInfo::dispatch_documents())]
		pub fn dispatch_documents(
			origin: OriginFor<T>,
			id: ExchangeId,
			payload: Commitment,
			documents: DocumentRoot,
		) -> DispatchResult {
			let holder = T::DelegateOrigin::ensure_origin(origin, &Duty::Exchange)?;
			Self::do_dispatch_documents(holder, id, payload, documents)?;
			Ok(())
		}

		/// Records a request that the recipient signed, its approval and its dispatch in one transaction.
		///
		/// ## Dispatch Origin
		/// A delegate of the holder with [`Duty::Exchange`].
		///
		/// ## Details
		/// The recipient signs [`curex_primitives::exchange::request_message`]. All that [`Pallet::request`],
		/// [`Pallet::approve`] and [`Pallet::dispatch`] check is checked. A holder that refuses records nothing; the
		/// recipient then sends its request itself, and that ends like every refusal.
		///
		/// ## Errors
		/// [`Error::NotAuthorized`], [`Error::SignatureExpired`], [`Error::WrongSigner`], [`Error::WrongSignature`],
		/// [`Error::GateClosed`], [`Error::ReleaseNeeded`]. Those of [`Pallet::request`] and [`Pallet::dispatch`].
		///
		/// ## Events
		/// [`Event::Requested`], [`Event::Approved`], [`Event::Dispatched`].
		#[pallet::call_index(24)]
		#[pallet::weight(T::WeightInfo::serve_countersigned())]
		pub fn serve_countersigned(
			origin: OriginFor<T>,
			key: [u8; 32],
			proposal: ExchangeProposal,
			payload: Commitment,
			request: Countersignature,
		) -> DispatchResult {
			let holder = T::DelegateOrigin::ensure_origin(origin, &Duty::Exchange)?;
			Self::do_serve_countersigned(holder, key, proposal, payload, &request)?;
			Ok(())
		}

		/// Confirms that the ciphertext has arrived, and says how it was.
		///
		/// ## Dispatch Origin
		/// A delegate of the recipient with [`Duty::Exchange`].
		///
		/// ## Details
		/// As [`Pallet::receive`] and [`Pallet::acknowledge`].
		///
		/// ## Errors
		/// Those of the two calls.
		///
		/// ## Events
		/// [`Event::Delivered`], [`Event::Acknowledged`].
		#[pallet::call_index(25)]
		#[pallet::weight(if is_plain(*code, evidence) {
			T::WeightInfo::complete_plainly()
		} else {
			T::WeightInfo::complete()
		})]
		pub fn complete(
			origin: OriginFor<T>,
			id: ExchangeId,
			receipt: Commitment,
			code: AcknowledgementCode,
			evidence: Option<Commitment>,
		) -> DispatchResult {
			let recipient = T::DelegateOrigin::ensure_origin(origin, &Duty::Exchange)?;
			Self::do_complete(recipient, id, receipt, code, evidence)?;
			Ok(())
		}

		/// Records a break-glass that was invoked while the ledger could not be reached.
		///
		/// ## Dispatch Origin
		/// A delegate of one of the two sides with [`Duty::Emergency`].
		///
		/// ## Details
		/// The requester signed [`curex_primitives::exchange::emergency_message`] at the moment that it names; it is
		/// recorded within 24 hours. As [`Pallet::break_glass`] from there on, marked as recorded late.
		///
		/// ## Errors
		/// [`Error::NotAuthorized`], [`Error::WrongMoment`], [`Error::WrongSigner`], [`Error::WrongSignature`]. Those
		/// of [`Pallet::break_glass`].
		///
		/// ## Events
		/// [`Event::GlassBroken`], [`Event::RecordedLate`], [`Event::DutyArose`].
		#[pallet::call_index(26)]
		#[pallet::weight((T::WeightInfo::record_emergency(), DispatchClass::Operational))]
		pub fn record_emergency(
			origin: OriginFor<T>,
			key: [u8; 32],
			recipient: OrganisationId,
			proposal: ExchangeProposal,
			ground_evidence: Commitment,
			request: EmergencySignature,
		) -> DispatchResult {
			let by = T::DelegateOrigin::ensure_origin(origin, &Duty::Emergency)?;
			Self::do_record_emergency(by, key, recipient, proposal, ground_evidence, &request)?;
			Ok(())
		}

		/// Opens a standing subscription.
		///
		/// ## Dispatch Origin
		/// A delegate of the recipient with [`Duty::Exchange`].
		///
		/// ## Details
		/// Well-formed terms are recorded whatever the gate says, as a request is.
		///
		/// ## Errors
		/// [`Error::AlreadyExists`], [`Error::PartnerNotFound`], [`Error::PartnerIsSelf`], [`Error::NoCategory`],
		/// [`Error::MissingCommitment`], [`Error::CommitmentReused`], [`Error::WrongGate`], [`Error::WrongPeriod`].
		///
		/// ## Events
		/// [`Event::SubscriptionOpened`].
		#[pallet::call_index(27)]
		#[pallet::weight(T::WeightInfo::subscribe())]
		pub fn subscribe(
			origin: OriginFor<T>,
			key: [u8; 32],
			terms: SubscriptionTerms,
		) -> DispatchResult {
			let recipient = T::DelegateOrigin::ensure_origin(origin, &Duty::Exchange)?;
			Self::do_subscribe(recipient, key, terms)?;
			Ok(())
		}

		/// Accepts a subscription.
		///
		/// ## Dispatch Origin
		/// A delegate of the holder with [`Duty::Exchange`].
		///
		/// ## Details
		/// The gate is asked and must not refuse.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::WrongState`], [`Error::WindowClosed`],
		/// [`Error::GateClosed`].
		///
		/// ## Events
		/// [`Event::SubscriptionAccepted`].
		#[pallet::call_index(28)]
		#[pallet::weight(T::WeightInfo::accept_subscription())]
		pub fn accept_subscription(origin: OriginFor<T>, id: SubscriptionId) -> DispatchResult {
			let holder = T::DelegateOrigin::ensure_origin(origin, &Duty::Exchange)?;
			Self::do_accept_subscription(holder, id)?;
			Ok(())
		}

		/// Ends a subscription for good.
		///
		/// ## Dispatch Origin
		/// A delegate of one of the two sides with [`Duty::Exchange`].
		///
		/// ## Details
		/// What was dispatched under it goes on.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::WrongState`].
		///
		/// ## Events
		/// [`Event::SubscriptionChanged`].
		#[pallet::call_index(29)]
		#[pallet::weight(T::WeightInfo::end_subscription())]
		pub fn end_subscription(origin: OriginFor<T>, id: SubscriptionId) -> DispatchResult {
			let by = T::DelegateOrigin::ensure_origin(origin, &Duty::Exchange)?;
			Self::do_end_subscription(by, id)?;
			Ok(())
		}

		/// Dispatches under a subscription.
		///
		/// ## Dispatch Origin
		/// A delegate of the holder with [`Duty::Exchange`].
		///
		/// ## Details
		/// The gate is asked and must allow; a use of the consent is counted. If the recipient's risk asks for a
		/// person's release, make an ordinary offer instead.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::WrongState`], [`Error::Suspended`],
		/// [`Error::TooSoon`], [`Error::GateClosed`], [`Error::ReleaseNeeded`], [`Error::AlreadyExists`],
		/// [`Error::MissingCommitment`], [`Error::CommitmentReused`].
		///
		/// ## Events
		/// [`Event::SubscriptionServed`], [`Event::Dispatched`].
		#[pallet::call_index(30)]
		#[pallet::weight(T::WeightInfo::deliver())]
		pub fn deliver(
			origin: OriginFor<T>,
			subscription: SubscriptionId,
			key: [u8; 32],
			envelope: Commitment,
			payload: Commitment,
		) -> DispatchResult {
			let holder = T::DelegateOrigin::ensure_origin(origin, &Duty::Exchange)?;
			Self::do_deliver(holder, subscription, key, envelope, payload)?;
			Ok(())
		}

		/// Tells the recipient that delivered data were superseded.
		///
		/// ## Dispatch Origin
		/// A delegate of the holder with [`Duty::Exchange`].
		///
		/// ## Details
		/// The recipient owes an acknowledgement. The next notice may follow once the last is acknowledged.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::NothingToRectify`], [`Error::TooManyNotices`],
		/// [`Error::MissingCommitment`], [`Error::CommitmentReused`].
		///
		/// ## Events
		/// [`Event::Rectified`], [`Event::DutyArose`].
		#[pallet::call_index(31)]
		#[pallet::weight(T::WeightInfo::rectify())]
		pub fn rectify(origin: OriginFor<T>, id: ExchangeId, notice: Commitment) -> DispatchResult {
			let holder = T::DelegateOrigin::ensure_origin(origin, &Duty::Exchange)?;
			Self::do_rectify(holder, id, notice)?;
			Ok(())
		}

		/// Acknowledges a rectification.
		///
		/// ## Dispatch Origin
		/// A delegate of the recipient with [`Duty::Exchange`].
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::AlreadyDone`].
		///
		/// ## Events
		/// [`Event::DutyFulfilled`].
		#[pallet::call_index(32)]
		#[pallet::weight(T::WeightInfo::acknowledge_rectification())]
		pub fn acknowledge_rectification(origin: OriginFor<T>, id: ExchangeId) -> DispatchResult {
			let recipient = T::DelegateOrigin::ensure_origin(origin, &Duty::Exchange)?;
			Self::do_acknowledge_rectification(recipient, id)?;
			Ok(())
		}

		/// Anchors what the organisation counted of its exchanges with a partner in a period.
		///
		/// ## Dispatch Origin
		/// A delegate of either organisation with [`Duty::Oversight`].
		///
		/// ## Details
		/// `period` is the number of days since the epoch, over and not older than
		/// [`KEPT_PERIODS`](curex_primitives::batch::KEPT_PERIODS); see [`curex_primitives::batch::tally`]. Once for
		/// each period. When both have counted, the ledger says whether they agree.
		///
		/// ## Errors
		/// [`Error::PartnerNotFound`], [`Error::PartnerIsSelf`], [`Error::WrongPeriod`], [`Error::WrongTally`],
		/// [`Error::AlreadyDone`].
		///
		/// ## Events
		/// [`Event::TallyAnchored`], [`Event::Reconciled`], [`Event::ReconciliationMismatched`].
		#[pallet::call_index(33)]
		#[pallet::weight(T::WeightInfo::reconcile())]
		pub fn reconcile(
			origin: OriginFor<T>,
			partner: OrganisationId,
			period: u32,
			tally: Tally,
		) -> DispatchResult {
			let organisation = T::DelegateOrigin::ensure_origin(origin, &Duty::Oversight)?;
			Self::do_reconcile(organisation, partner, period, tally)?;
			Ok(())
		}

		/// Holds an exchange back from pruning.
		///
		/// ## Dispatch Origin
		/// A delegate of an authority competent for data protection with [`Duty::Oversight`].
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::AlreadyDone`].
		///
		/// ## Events
		/// [`Event::HoldSet`].
		#[pallet::call_index(34)]
		#[pallet::weight(T::WeightInfo::set_hold())]
		pub fn set_hold(origin: OriginFor<T>, id: ExchangeId) -> DispatchResult {
			let authority = Self::ensure_supervisor(origin)?;
			Self::do_set_hold(authority, id)?;
			Ok(())
		}

		/// Lifts the authority's own hold.
		///
		/// ## Dispatch Origin
		/// A delegate of an authority competent for data protection with [`Duty::Oversight`].
		///
		/// ## Errors
		/// [`Error::NotFound`].
		///
		/// ## Events
		/// [`Event::HoldLifted`].
		#[pallet::call_index(35)]
		#[pallet::weight(T::WeightInfo::lift_hold())]
		pub fn lift_hold(origin: OriginFor<T>, id: ExchangeId) -> DispatchResult {
			let authority = Self::ensure_supervisor(origin)?;
			Self::do_lift_hold(authority, id)?;
			Ok(())
		}

		/// Records up to 256 requests that the recipient signed together, their approval and their dispatch.
		///
		/// ## Dispatch Origin
		/// A delegate of the holder with [`Duty::Exchange`].
		///
		/// ## Details
		/// The recipient signs [`curex_primitives::exchange::batch_message`] over all requests, in their order. Each
		/// item is gated and recorded as by [`Pallet::serve_countersigned`], and fares by itself.
		///
		/// ## Errors
		/// [`Error::EmptyBatch`], [`Error::SignatureExpired`], [`Error::WrongSigner`], [`Error::WrongSignature`]. The
		/// others of [`Pallet::serve_countersigned`] are told by item.
		///
		/// ## Events
		/// [`Event::Requested`], [`Event::Approved`], [`Event::Dispatched`], [`Event::ItemFailed`],
		/// [`Event::BatchDone`].
		#[pallet::call_index(36)]
		#[pallet::weight(T::WeightInfo::serve_countersigned_batch(items.len() as u32))]
		pub fn serve_countersigned_batch(
			origin: OriginFor<T>,
			items: Batch<BatchService>,
			requests: Countersignature,
		) -> DispatchResult {
			let holder = T::DelegateOrigin::ensure_origin(origin, &Duty::Exchange)?;
			Self::do_serve_countersigned_batch(holder, items, &requests)?;
			Ok(())
		}

		/// Attests an assessment of the package that is exchanged: whether it is anomalous, how easily people are found
		/// again in it.
		///
		/// ## Dispatch Origin
		/// A delegate of one of the two sides with [`Duty::Exchange`].
		///
		/// ## Details
		/// Once for each side, from when it has the package until the exchange is pruned: the holder once it offered or
		/// approved, the recipient once it received. The commitment is salted, so that nobody guesses what was found.
		/// Advice: no step, gate or duty asks whether there is one.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::WrongState`], [`Error::AlreadyDone`],
		/// [`Error::MissingCommitment`], [`Error::CommitmentReused`].
		///
		/// ## Events
		/// [`Event::PackageAssessed`].
		#[pallet::call_index(37)]
		#[pallet::weight(T::WeightInfo::attest_package())]
		pub fn attest_package(
			origin: OriginFor<T>,
			id: ExchangeId,
			assessment: Commitment,
		) -> DispatchResult {
			let organisation = T::DelegateOrigin::ensure_origin(origin, &Duty::Exchange)?;
			Self::do_attest_package(organisation, id, assessment)?;
			Ok(())
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// The exchange with the state in which it stands in this block.
		pub fn exchange_now(id: ExchangeId) -> Option<Exchange> {
			Self::exchange(id)
		}

		/// The subscription with the state in which it stands in this block.
		pub fn subscription_now(id: SubscriptionId) -> Option<Subscription> {
			Self::subscription(id)
		}

		/// Whether the ledger would let this be served now: a closed question about what members can read anyway. Says
		/// nothing of what the holder alone knows.
		pub fn may_be_served(
			holder: OrganisationId,
			recipient: OrganisationId,
			gate: Gate,
			purpose: Purpose,
			categories: Categories,
			border: Option<Border>,
		) -> bool {
			Self::is_served(holder, recipient, gate, purpose, categories, border)
		}

		/// The exchanges of a consent, in the order of their ids, after `after`; at most [`PAGE`].
		pub fn exchanges_of_consent(
			consent: ConsentId,
			after: Option<ExchangeId>,
		) -> Vec<ExchangeId> {
			Self::exchanges_of(consent, after)
		}

		/// What an organisation owes, with the block in which it is due, after `after`; at most [`PAGE`].
		pub fn duties_due(
			organisation: OrganisationId,
			after: Option<(ExchangeId, Obligation)>,
		) -> Vec<(ExchangeId, Obligation, BlockNumber)> {
			Self::duties_of(organisation, after)
		}

		/// The first number of an organisation that may still be kept, and the last that was given. Without
		/// exchanges, (1, 0).
		pub fn sequence_of(organisation: OrganisationId) -> (u64, u64) {
			Self::sequence(organisation)
		}
	}
}
