//! The vocabulary that every room of CUREX speaks.
//!
//! Pallets, node, client SDK, explorer and workers share these types and rules, so that a rule the ledger
//! enforces exists once. Every record encodes to a fixed number of SCALE bytes; nothing here can hold a name, a
//! text or a clinical value.
//!
//! | module | what it holds |
//! |---|---|
//! | [`organisation`] | members, their delegates' duties, their peers |
//! | [`law`] | purposes, categories, lawful bases, the matrix of what they carry, borders |
//! | [`consent`], [`ticket`] | the consent and its checks; consents for one exchange each |
//! | [`conflict`] | what holds where a patient said several things |
//! | [`exchange`] | the exchange and the table of its states |
//! | [`subscription`] | the standing order behind repeated deliveries |
//! | [`batch`] | many exchanges in one transaction, many documents under one root |
//! | [`gate`] | may this exchange be served? |
//! | [`security`] | what the off-chain workers report |
//! | [`orders`] | what they are told to do |
//! | [`oversight`] | access-log anchors, inquiries, the breach register, duties and their deadlines |
//! | [`permit`] | permits for secondary use and what is extracted under them |
//! | [`opt_out`] | who opted out, so that it is proven of everybody else that they did not |
//! | [`erasure`] | orders to erase, which tell nobody what they are about |
//! | [`transfer`] | how ciphertexts travel |
//! | [`commitment`], [`merkle`] | how content that stays at home is bound to the ledger |
//! | [`benchmarks`] | what benchmarks ask of the runtime |
#![cfg_attr(not(feature = "std"), no_std)]
#![warn(missing_docs)]

extern crate alloc;

pub mod batch;
pub mod benchmarks;
pub mod commitment;
pub mod conflict;
pub mod consent;
pub mod erasure;
pub mod exchange;
pub mod gate;
pub mod identifier;
pub mod law;
pub mod level;
mod macros;
pub mod merkle;
pub mod opt_out;
pub mod orders;
pub mod organisation;
pub mod oversight;
pub mod permit;
pub mod security;
pub mod subscription;
pub mod ticket;
pub mod transfer;

pub use batch::{BatchAnswer, BatchCompletion, BatchRequest, BatchService, DocumentRoot, Tally};
pub use benchmarks::{BenchmarkClock, BenchmarkDelegates, BenchmarkGate};
pub use conflict::{OverarchingPolicy, Position};
pub use consent::{
	Confirmation, Consent, ConsentStatus, ConsentTerms, Grantee, GroupId, Quarter, Representation,
	Standing,
};
pub use erasure::{
	ErasureAttestation, ErasureBatch, ErasureMethod, ErasureOutcome, RefusalGround, SLOTS,
};
pub use exchange::{
	AcknowledgementCode, Countersignature, DeferralReason, Direction, Dispute, DisputeGrounds,
	DueDuty, EmergencySignature, Exchange, ExchangeProposal, ExchangeState, Gate, Ground,
	Obligation, PackageAssessments, ProposalDefect, Rectification, ReleaseReason, Review,
	ReviewVerdict, Settlement, Side, Step, Suspender,
};
pub use gate::{Fitness, RiskProfile, Tolerance};
pub use identifier::{
	Commitment, ConsentId, ErasureId, ExchangeId, MerkleRoot, PermitId, RecordHandle,
	SubscriptionId, WithdrawLock,
};
pub use law::{
	AccessMode, AccessModes, Article6, Article9, Bases, Border, Categories, Category, Law,
	LegalBasis, Purpose, Purposes, TransferTool,
};
pub use level::{Attestation, Confidence, Level, SizeBucket};
pub use orders::{
	Due, Policy, Rejection, RejectionReason, SignedWorkOrder, Submission, Task, WorkOrder,
};
pub use organisation::{
	Competence, Competences, Country, DelegateKeys, Duties, Duty, OrganisationFacts,
	OrganisationId, OrganisationKind, OrganisationStatus, Organisations, PeerRole,
};
pub use oversight::{
	AnchorAlarm, AnchorAlarms, AnchorDefect, BreachCase, BreachDefect, BreachNotice, DutyDue,
	DutyKind, Inquiry, InquiryDefect, InquiryOutcome, InquiryRefusal, LogAnchor, NoticeKind,
	Regime, Regimes,
};
pub use permit::{
	Cohort, CohortDefect, DataFormat, DataUseCondition, DataUseConditions, Extraction, Finding,
	NamedHolder, Permit, PermitDefect, PermitStanding, PermitTerms, Permits, Reidentification,
	SecondaryPurpose,
};
pub use security::{
	AlertDigest, Assessment, GroupResult, NotRecorded, Outbox, Plan, PlanDecision, PlanVerdict,
	Report, ReportDefect, ReportKind, Snapshot, StaffGroup, TrafficLight,
};
pub use subscription::{Subscription, SubscriptionState, SubscriptionTerms};

pub use ticket::{TicketProof, TicketRoot};

/// Milliseconds since the Unix epoch, UTC.
pub type Moment = u64;

/// The number of a block.
pub type BlockNumber = u32;
