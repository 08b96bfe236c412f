//! What follows from an exchange: reviews, notices, disputes, rectifications.

use crate::{consent::record, vocabulary, BlockNumber, Commitment, OrganisationId};

vocabulary! {
	/// What an organisation owes on account of an exchange.
	#[derive(PartialOrd, Ord)]
	pub enum Obligation {
		/// The reviewer reviews a break-glass.
		Review = 0,
		/// The holder tells the patient of a break-glass.
		PatientNotice = 1,
		/// The holder of another patient's data follows that up as a breach.
		Breach = 2,
		/// The holder answers a dispute.
		Dispute = 3,
		/// The recipient acknowledges that data it received were superseded.
		Rectification = 4,
		/// Whoever broke the glass without ground follows that up as a breach.
		Misuse = 5,
	}
}

vocabulary! {
	/// Why the patient is told of a break-glass later.
	pub enum DeferralReason {
		/// The notice would harm the patient.
		PatientSafety = 0,
		/// The notice would harm another person.
		OthersSafety = 1,
		/// The patient cannot be reached, or cannot understand it yet.
		NotReachable = 2,
	}
}

record! {
	/// An obligation that is not fulfilled yet.
	pub struct DueDuty {
		/// Who owes it; nothing while the ledger could choose nobody.
		pub organisation: Option<OrganisationId>,
		/// The last block in which it is in time.
		pub due: BlockNumber,
		/// Whether that block has passed.
		pub overdue: bool,
		/// Why it was deferred, if it was. Once.
		pub deferred: Option<DeferralReason>,
	}
}

vocabulary! {
	/// What a review of a break-glass found.
	pub enum ReviewVerdict {
		/// The ground held.
		Justified = 0,
		/// The ground did not hold.
		Unjustified = 1,
		/// It could not be settled.
		Inconclusive = 2,
	}
}

record! {
	/// The review that follows a break-glass.
	pub struct Review {
		/// The organisation that reviews; nothing while the ledger could choose none.
		pub reviewer: Option<OrganisationId>,
		/// Commitment to the evidence of the ground.
		pub evidence: Commitment,
		/// The last block in which the review is in time.
		pub due: BlockNumber,
		/// What it found, once reviewed.
		pub verdict: Option<ReviewVerdict>,
		/// Commitment to the reasons, once reviewed.
		pub reasons: Option<Commitment>,
		/// Who may review as well, since the first let it become overdue.
		pub second: Option<OrganisationId>,
		/// Whether it became overdue. Stays.
		pub overdue: bool,
	}
}

vocabulary! {
	/// What a recipient disputes.
	pub enum DisputeGrounds {
		/// The content is not what was agreed.
		Content = 0,
		/// More, less or other categories than were agreed.
		Scope = 1,
		/// What arrived is not what was committed to.
		Delivery = 2,
	}
}

vocabulary! {
	/// How a dispute ended.
	pub enum Settlement {
		/// The recipient takes it back.
		TakenBack = 0,
		/// The recipient accepts the holder's remedy.
		Remedied = 1,
		/// An authority decided for the recipient.
		Upheld = 2,
		/// An authority decided for the holder.
		Dismissed = 3,
		/// Nobody settled it in time.
		Lapsed = 4,
	}
}

impl Settlement {
	/// Whether it is an authority's decision.
	pub const fn is_decision(self) -> bool {
		matches!(self, Self::Upheld | Self::Dismissed)
	}

	/// Whether it is the recipient's to declare.
	pub const fn is_recipients(self) -> bool {
		matches!(self, Self::TakenBack | Self::Remedied)
	}
}

record! {
	/// A dispute. An exchange has at most one, ever.
	pub struct Dispute {
		/// What is disputed.
		pub grounds: DisputeGrounds,
		/// Commitment to the evidence.
		pub evidence: Commitment,
		/// The block in which it was raised.
		pub raised_at: BlockNumber,
		/// Commitment to the holder's answer, once it answered.
		pub answer: Option<Commitment>,
		/// How it ended, once it did. A dispute that lapsed shows it when the ledger writes it down.
		pub settlement: Option<Settlement>,
	}
}

record! {
	/// What the two sides attested of the package that an exchange is about: commitments to their assessments. Advice, which
	/// nothing asks for.
	#[derive(Default)]
	pub struct PackageAssessments {
		/// Commitment to the holder's assessment, if it attested one.
		pub holder: Option<Commitment>,
		/// Commitment to the recipient's assessment, if it attested one.
		pub recipient: Option<Commitment>,
	}
}

/// How often the holder of one exchange may tell its recipient of a rectification.
pub const MAX_RECTIFICATIONS: u8 = 8;

record! {
	/// The newest notice that delivered data were superseded.
	pub struct Rectification {
		/// Commitment to the notice.
		pub notice: Commitment,
		/// The block of the notice.
		pub at: BlockNumber,
		/// The block in which the recipient acknowledged it, once it did.
		pub acknowledged_at: Option<BlockNumber>,
		/// How many notices there were.
		pub count: u8,
	}
}
