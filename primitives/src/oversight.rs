//! Anchors of access logs, inquiries of authorities, the breach register, and the duties that have a deadline.

use crate::{
	consent::record, merkle, vocabulary, vocabulary_set, BlockNumber, Commitment, Competence,
	ExchangeId, MerkleRoot, Moment, OrganisationFacts, OrganisationId, OrganisationKind, PermitId,
	RecordHandle, SizeBucket,
};
use alloc::vec::Vec;

const HOUR: Moment = 3_600 * 1_000;
const DAY: Moment = 24 * HOUR;

record! {
	/// Binds an organisation to its access log of one period.
	pub struct LogAnchor {
		/// Merkle root over the entries.
		pub root: MerkleRoot,
		/// How many entries.
		pub count: SizeBucket,
		/// Entries from this moment on.
		pub from: Moment,
		/// Entries before this moment.
		pub to: Moment,
	}
}

vocabulary! {
	/// What is wrong with an anchor, so that it is not taken.
	pub enum AnchorDefect {
		/// Ends before or when it begins.
		EmptyPeriod = 0,
		/// Ends in the future.
		InFuture = 1,
		/// Ends no later than the anchor before: nothing is anchored that was not.
		NothingNew = 2,
		/// The root is all zero, or says "no entries" where the count does not, or the other way round.
		WrongCount = 3,
	}
}

vocabulary! {
	/// What is wrong with an anchor that is taken and marked: a log with a hole is better anchored than not.
	pub enum AnchorAlarm {
		/// Begins after the anchor before ended: nobody answers for the time between.
		Gap = 0,
		/// Begins before the anchor before ended: that time has two logs.
		Overlap = 1,
		/// Came after the organisation's period.
		Late = 2,
		/// The count was proven to be another.
		CountMismatch = 3,
	}
}

vocabulary_set! {
	/// The alarms of an anchor.
	pub struct AnchorAlarms(u8) of AnchorAlarm;
}

impl LogAnchor {
	/// Checks the anchor at `now`, given until when the organisation's log was anchored, if it was, and how often the
	/// organisation anchors. Tells the alarms of an anchor that is taken.
	///
	/// # Errors
	/// The first [`AnchorDefect`] found.
	pub fn check(
		&self,
		previous_to: Option<Moment>,
		now: Moment,
		period: Moment,
	) -> Result<AnchorAlarms, AnchorDefect> {
		if self.from >= self.to {
			return Err(AnchorDefect::EmptyPeriod);
		}
		if self.to > now {
			return Err(AnchorDefect::InFuture);
		}
		if previous_to.is_some_and(|previous_to| self.to <= previous_to) {
			return Err(AnchorDefect::NothingNew);
		}
		let empty = self.root == merkle::empty_root();
		if self.root.is_zero() || empty != (self.count == SizeBucket::None) {
			return Err(AnchorDefect::WrongCount);
		}
		let mut alarms = AnchorAlarms::EMPTY;
		if let Some(previous_to) = previous_to {
			if self.from > previous_to {
				alarms = alarms.with(AnchorAlarm::Gap);
			}
			if self.from < previous_to {
				alarms = alarms.with(AnchorAlarm::Overlap);
			}
			if is_anchor_overdue(previous_to, now, period) {
				alarms = alarms.with(AnchorAlarm::Late);
			}
		}
		Ok(alarms)
	}

	/// Whether the log has exactly `count` entries under this topmost hash, and the anchor says otherwise.
	pub fn miscounts(&self, count: u64, top: [u8; 32]) -> bool {
		merkle::root_of(count, top) == self.root && SizeBucket::of(count) != self.count
	}

	/// Whether the entry stands in the log.
	pub fn holds(&self, entry: &[u8], proof: &merkle::Proof) -> bool {
		merkle::verify(&self.root, entry, proof)
	}
}

/// Whether an organisation whose log is anchored until `to`, and that anchors every `period`, is late at `now`. The
/// anchor of a period may come until the next one ends.
pub const fn is_anchor_overdue(to: Moment, now: Moment, period: Moment) -> bool {
	now > anchor_due(to, period)
}

/// Until when an organisation whose log is anchored until `to` is to anchor again.
pub const fn anchor_due(to: Moment, period: Moment) -> Moment {
	to.saturating_add(period.saturating_mul(2))
}

/// How often an organisation anchors until an authority says otherwise: every day, in milliseconds.
pub const ANCHOR_PERIOD: Moment = DAY;

vocabulary! {
	/// Why an organisation does not answer an inquiry with a disclosure.
	pub enum InquiryRefusal {
		/// The authority is not competent for it.
		NotCompetent = 0,
		/// The organisation has no such record.
		NoSuchRecord = 1,
		/// The content was erased lawfully.
		Erased = 2,
		/// Privileged by law.
		Privileged = 3,
		/// Disclosed under another inquiry.
		AlreadyDisclosed = 4,
		/// Asks for more than the case needs.
		Disproportionate = 5,
	}
}

/// What became of an inquiry.
#[derive(
	Clone,
	PartialEq,
	Eq,
	Debug,
	codec::Encode,
	codec::Decode,
	codec::DecodeWithMemTracking,
	codec::MaxEncodedLen,
	scale_info::TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "std", serde(rename_all = "kebab-case"))]
pub enum InquiryOutcome {
	/// It waits for an answer.
	#[codec(index = 0)]
	Open,
	/// Commitment to what was disclosed.
	#[codec(index = 1)]
	Disclosed(Commitment),
	/// Why nothing was disclosed, and a commitment to the reasons.
	#[codec(index = 2)]
	Refused(InquiryRefusal, Commitment),
	/// The authority needs no answer any more.
	#[codec(index = 3)]
	Withdrawn,
}

record! {
	/// An authority asks an organisation to disclose what stands behind a record.
	pub struct Inquiry {
		/// Who asks.
		pub authority: OrganisationId,
		/// In which field of supervision.
		pub field: Competence,
		/// Who is asked.
		pub organisation: OrganisationId,
		/// The record it is about.
		pub about: RecordHandle,
		/// Commitment to the authority's case file.
		pub case: Commitment,
		/// The block in which it was opened.
		pub opened_at: BlockNumber,
		/// Until when it is to be answered.
		pub due: Moment,
		/// What became of it.
		pub outcome: InquiryOutcome,
		/// When it was answered or withdrawn.
		pub closed: Option<Moment>,
	}
}

impl Inquiry {
	/// Whether the answer came, or is still missing, after the deadline. What was withdrawn is never late.
	pub fn is_late(&self, now: Moment) -> bool {
		self.outcome != InquiryOutcome::Withdrawn && self.closed.unwrap_or(now) > self.due
	}
}

/// The shortest time that an authority may give for an answer: one day, in milliseconds.
pub const SHORTEST_INQUIRY: Moment = DAY;
/// The longest time that an authority may give for an answer: 90 days, in milliseconds.
pub const LONGEST_INQUIRY: Moment = 90 * DAY;

vocabulary! {
	/// Why an inquiry cannot be opened.
	pub enum InquiryDefect {
		/// Who asks is no authority, or supervises another field or another country.
		NotCompetent = 0,
		/// The deadline is shorter than [`SHORTEST_INQUIRY`] or longer than [`LONGEST_INQUIRY`].
		WrongDeadline = 1,
	}
}

/// Whether an authority may ask an organisation in a field: it supervises the field, and organisations of its own
/// country. One abroad is asked through its own authority (GDPR art. 61).
pub fn is_competent(
	authority: &OrganisationFacts,
	field: Competence,
	organisation: &OrganisationFacts,
) -> bool {
	authority.kind == OrganisationKind::Authority
		&& authority.competences.contains(field)
		&& authority.country == organisation.country
}

/// Checks an inquiry before it is opened.
///
/// # Errors
/// The first [`InquiryDefect`] found.
pub fn check_inquiry(
	authority: &OrganisationFacts,
	field: Competence,
	organisation: &OrganisationFacts,
	term: Moment,
) -> Result<(), InquiryDefect> {
	if !is_competent(authority, field, organisation) {
		return Err(InquiryDefect::NotCompetent);
	}
	if !(SHORTEST_INQUIRY..=LONGEST_INQUIRY).contains(&term) {
		return Err(InquiryDefect::WrongDeadline);
	}
	Ok(())
}

vocabulary! {
	/// A law that obliges to notify.
	pub enum Regime {
		/// Personal data were breached (GDPR art. 33).
		DataProtection = 0,
		/// A significant incident of network and information security (NIS2 art. 23).
		NetworkSecurity = 1,
	}
}

vocabulary_set! {
	/// The laws under which a breach is notified.
	pub struct Regimes(u8) of Regime;
}

vocabulary! {
	/// A notice that an authority is given of a breach.
	#[derive(PartialOrd, Ord)]
	pub enum NoticeKind {
		/// To the data protection authority, within 72 hours (GDPR art. 33(1)).
		DataProtection = 0,
		/// Early warning, within 24 hours (NIS2 art. 23(4)(a)).
		EarlyWarning = 1,
		/// Incident notification, within 72 hours (NIS2 art. 23(4)(b)).
		IncidentNotification = 2,
		/// Final report, one month after the incident notification (NIS2 art. 23(4)(d)).
		FinalReport = 3,
	}
}

impl NoticeKind {
	/// The law that asks for it.
	pub const fn regime(self) -> Regime {
		match self {
			Self::DataProtection => Regime::DataProtection,
			Self::EarlyWarning | Self::IncidentNotification | Self::FinalReport => {
				Regime::NetworkSecurity
			},
		}
	}
}

/// The data protection authority learns of a breach within 72 hours (GDPR art. 33(1)), in milliseconds.
pub const BREACH_NOTICE_PERIOD: Moment = 72 * HOUR;
/// The early warning comes within 24 hours (NIS2 art. 23(4)(a)), in milliseconds.
pub const EARLY_WARNING_PERIOD: Moment = 24 * HOUR;
/// The incident notification comes within 72 hours (NIS2 art. 23(4)(b)), in milliseconds.
pub const INCIDENT_NOTIFICATION_PERIOD: Moment = 72 * HOUR;
/// The final report comes one month, taken as 30 days, after the incident notification (NIS2 art. 23(4)(d)).
pub const FINAL_REPORT_PERIOD: Moment = 30 * DAY;

record! {
	/// A breach in the register.
	pub struct BreachCase {
		/// Whose.
		pub organisation: OrganisationId,
		/// Commitment to the case file.
		pub case: Commitment,
		/// When the organisation became aware of it.
		pub detected_at: Moment,
		/// The block in which it was opened.
		pub opened_at: BlockNumber,
		/// The laws under which it is notified; at least one.
		pub regimes: Regimes,
		/// Exchanges begun from this moment on may be affected.
		pub affected_from: Moment,
		/// Exchanges begun before this moment may be affected.
		pub affected_until: Moment,
	}
}

record! {
	/// A notice of a breach to an authority.
	pub struct BreachNotice {
		/// Commitment to the notice.
		pub notice: Commitment,
		/// When it was given.
		pub at: Moment,
		/// Whether it was given after its deadline.
		pub late: bool,
	}
}

vocabulary! {
	/// What is wrong with a breach that is to be registered.
	pub enum BreachDefect {
		/// The organisation will become aware of it.
		InFuture = 0,
		/// No law under which it is notified.
		NoRegime = 1,
		/// The period of affected exchanges ends before or when it begins.
		EmptyPeriod = 2,
	}
}

impl BreachCase {
	/// Checks a breach that is to be registered at `now`.
	///
	/// # Errors
	/// The first [`BreachDefect`] found.
	pub fn check(&self, now: Moment) -> Result<(), BreachDefect> {
		if self.detected_at > now {
			return Err(BreachDefect::InFuture);
		}
		if self.regimes.is_empty() {
			return Err(BreachDefect::NoRegime);
		}
		if self.affected_from >= self.affected_until {
			return Err(BreachDefect::EmptyPeriod);
		}
		Ok(())
	}

	/// Until when a notice is to be given, given when the incident notification was; nothing if no law asks for it.
	pub fn due(&self, kind: NoticeKind, notified: Option<Moment>) -> Option<Moment> {
		if !self.regimes.contains(kind.regime()) {
			return None;
		}
		let after = |period| self.detected_at.saturating_add(period);
		Some(match kind {
			NoticeKind::DataProtection => after(BREACH_NOTICE_PERIOD),
			NoticeKind::EarlyWarning => after(EARLY_WARNING_PERIOD),
			NoticeKind::IncidentNotification => after(INCIDENT_NOTIFICATION_PERIOD),
			// A notification that is late does not put the report off.
			NoticeKind::FinalReport => notified
				.unwrap_or(u64::MAX)
				.min(after(INCIDENT_NOTIFICATION_PERIOD))
				.saturating_add(FINAL_REPORT_PERIOD),
		})
	}
}

/// Looks up which exchanges an organisation had.
pub trait ExchangeRegister {
	/// Looks at `scan` exchanges after `after`, in an order of the ledger's own, and tells those of the organisation
	/// that were begun in [from, until), and where to go on, if there are more.
	fn begun_between(
		organisation: OrganisationId,
		from: Moment,
		until: Moment,
		after: Option<ExchangeId>,
		scan: u32,
	) -> (Vec<ExchangeId>, Option<ExchangeId>);
}

impl ExchangeRegister for () {
	fn begun_between(
		_: OrganisationId,
		_: Moment,
		_: Moment,
		_: Option<ExchangeId>,
		_: u32,
	) -> (Vec<ExchangeId>, Option<ExchangeId>) {
		(Vec::new(), None)
	}
}

/// Something that an organisation is to do by a deadline.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Debug,
	codec::Encode,
	codec::Decode,
	codec::DecodeWithMemTracking,
	codec::MaxEncodedLen,
	scale_info::TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "std", serde(rename_all = "kebab-case"))]
pub enum DutyKind {
	/// Anchor its access log.
	#[codec(index = 0)]
	AnchorLog,
	/// Answer the inquiry with this number.
	#[codec(index = 1)]
	AnswerInquiry(u32),
	/// Give this notice of the breach with this number.
	#[codec(index = 2)]
	NotifyBreach(u32, NoticeKind),
	/// Answer the erasure orders of this day.
	#[codec(index = 3)]
	AttestErasure(u32),
	/// Publish the results of the work under this permit.
	#[codec(index = 4)]
	PublishResults(PermitId),
	/// Answer the report of re-identification with this number.
	#[codec(index = 5)]
	AnswerReidentification(u32),
}

record! {
	/// A duty and its deadline.
	pub struct DutyDue {
		/// What is to be done.
		pub duty: DutyKind,
		/// Until when.
		pub due: Moment,
		/// Whether that has passed.
		pub overdue: bool,
	}
}

/// Keeps the duties that have a deadline, and tells when one passes.
pub trait DutyRegister {
	/// The organisation is to do this until `due`. A duty that is open already gets the new deadline.
	fn open(organisation: OrganisationId, duty: DutyKind, due: Moment);

	/// The organisation did it, or need not do it any more.
	fn close(organisation: OrganisationId, duty: DutyKind);
}

impl DutyRegister for () {
	fn open(_: OrganisationId, _: DutyKind, _: Moment) {}

	fn close(_: OrganisationId, _: DutyKind) {}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{Competences, Country, OrganisationStatus};

	#[test]
	fn every_defect_and_every_alarm_of_an_anchor_is_named() {
		use AnchorDefect::*;
		let anchor =
			LogAnchor { root: merkle::root([[1]]), count: SizeBucket::Units, from: 100, to: 200 };
		let check = |change: fn(&mut LogAnchor)| {
			let mut anchor = anchor.clone();
			change(&mut anchor);
			anchor.check(Some(100), 200, 100)
		};
		assert_eq!(check(|_| ()), Ok(AnchorAlarms::EMPTY));
		assert_eq!(anchor.check(None, 10_000, 100), Ok(AnchorAlarms::EMPTY));
		assert_eq!(check(|anchor| anchor.to = 100), Err(EmptyPeriod));
		assert_eq!(check(|anchor| anchor.to = 201), Err(InFuture));
		assert_eq!(check(|anchor| (anchor.from, anchor.to) = (50, 100)), Err(NothingNew));
		assert_eq!(check(|anchor| anchor.from = 101), Ok(AnchorAlarm::Gap.into()));
		assert_eq!(check(|anchor| anchor.from = 99), Ok(AnchorAlarm::Overlap.into()));
		assert_eq!(anchor.check(Some(100), 300, 100), Ok(AnchorAlarms::EMPTY));
		assert_eq!(anchor.check(Some(100), 301, 100), Ok(AnchorAlarm::Late.into()));
		assert_eq!(check(|anchor| anchor.root = MerkleRoot([0; 32])), Err(WrongCount));
		assert_eq!(check(|anchor| anchor.count = SizeBucket::None), Err(WrongCount));
		assert_eq!(check(|anchor| anchor.root = merkle::empty_root()), Err(WrongCount));
	}

	/// Part of abuse case 41: a large tree, and second pre-images.
	#[test]
	fn an_entry_of_a_large_log_is_proven_against_its_anchor() {
		const ENTRIES: u64 = 10_007;
		let entry = |number: u64| number.to_le_bytes();
		let tree =
			merkle::Tree::new((0..ENTRIES).map(|number| merkle::leaf(&entry(number))).collect());
		let mut anchor =
			LogAnchor { root: tree.root(), count: SizeBucket::of(ENTRIES), from: 0, to: 1 };
		for number in [0, 1, 7_777, ENTRIES - 1] {
			let proof = tree.prove(number).unwrap();
			assert!(anchor.holds(&entry(number), &proof));
			assert!(!anchor.holds(&entry(number + 1), &proof));
			assert!(proof.siblings.len() <= 14);
		}
		assert!(!anchor.miscounts(ENTRIES, tree.top()), "the count is right");
		anchor.count = SizeBucket::Tens;
		assert!(anchor.miscounts(ENTRIES, tree.top()));
		assert!(
			!anchor.miscounts(50, tree.top()),
			"a count that the root does not hold shows nothing"
		);
	}

	#[test]
	fn an_authority_asks_in_its_own_field_and_country() {
		let facts = |kind, country: &[u8; 2], competences| OrganisationFacts {
			kind,
			country: Country::new(*country).unwrap(),
			status: OrganisationStatus::Active,
			competences,
		};
		let hospital = facts(OrganisationKind::Hospital, b"GR", Competences::EMPTY);
		let body = facts(OrganisationKind::Authority, b"GR", Competence::HealthDataAccess.into());
		let term = SHORTEST_INQUIRY;
		let ask = |by, field, term| check_inquiry(by, field, &hospital, term);
		assert_eq!(ask(&body, Competence::HealthDataAccess, term), Ok(()));
		let refused = Err(InquiryDefect::NotCompetent);
		assert_eq!(ask(&body, Competence::DataProtection, term), refused);
		let abroad = facts(OrganisationKind::Authority, b"ES", Competence::HealthDataAccess.into());
		assert_eq!(ask(&abroad, Competence::HealthDataAccess, term), refused);
		assert_eq!(ask(&hospital, Competence::HealthDataAccess, term), refused);
		for term in [SHORTEST_INQUIRY - 1, LONGEST_INQUIRY + 1] {
			let asked = ask(&body, Competence::HealthDataAccess, term);
			assert_eq!(asked, Err(InquiryDefect::WrongDeadline));
		}
	}

	#[test]
	fn an_inquiry_is_late_unless_it_was_withdrawn() {
		let mut inquiry = Inquiry {
			authority: OrganisationId(1),
			field: Competence::DataProtection,
			organisation: OrganisationId(2),
			about: RecordHandle([1; 32]),
			case: Commitment([2; 32]),
			opened_at: 1,
			due: 100,
			outcome: InquiryOutcome::Open,
			closed: None,
		};
		assert!(!inquiry.is_late(100));
		assert!(inquiry.is_late(101));
		inquiry.outcome = InquiryOutcome::Disclosed(Commitment([3; 32]));
		inquiry.closed = Some(100);
		assert!(!inquiry.is_late(101), "it was answered in time");
		inquiry.outcome = InquiryOutcome::Withdrawn;
		inquiry.closed = Some(200);
		assert!(!inquiry.is_late(300));
	}

	fn breach(regimes: Regimes) -> BreachCase {
		BreachCase {
			organisation: OrganisationId(1),
			case: Commitment([1; 32]),
			detected_at: 1_000,
			opened_at: 1,
			regimes,
			affected_from: 0,
			affected_until: 1_000,
		}
	}

	#[test]
	fn each_law_has_its_own_clocks() {
		use NoticeKind::*;
		let hours = |hours: u64| Some(1_000 + hours * 3_600_000);
		let gdpr = breach(Regime::DataProtection.into());
		assert_eq!(gdpr.due(DataProtection, None), hours(72));
		for kind in [EarlyWarning, IncidentNotification, FinalReport] {
			assert_eq!(gdpr.due(kind, None), None);
		}
		let nis2 = breach(Regime::NetworkSecurity.into());
		assert_eq!(nis2.due(DataProtection, None), None);
		assert_eq!(nis2.due(EarlyWarning, None), hours(24));
		assert_eq!(nis2.due(IncidentNotification, None), hours(72));
		assert_eq!(nis2.due(FinalReport, None), hours(72 + 30 * 24));
		assert_eq!(nis2.due(FinalReport, hours(10)), hours(10 + 30 * 24));
		assert_eq!(nis2.due(FinalReport, hours(100)), hours(72 + 30 * 24), "no reward for delay");
	}

	#[test]
	fn every_defect_of_a_breach_is_named() {
		let good = || breach(Regimes::all());
		assert_eq!(good().check(1_000), Ok(()));
		assert_eq!(good().check(999), Err(BreachDefect::InFuture));
		assert_eq!(breach(Regimes::EMPTY).check(1_000), Err(BreachDefect::NoRegime));
		let empty = BreachCase { affected_until: 0, ..good() };
		assert_eq!(empty.check(1_000), Err(BreachDefect::EmptyPeriod));
	}
}
