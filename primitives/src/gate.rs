//! The gate: may this exchange be served? One pure function, evaluated by the ledger at request, approval and
//! dispatch, and by the SDK beforehand.

use crate::{
	consent::{record, Candidate, Consents, Use},
	permit::{Extraction, Permit, Permits},
	vocabulary, AccessMode, Assessment, Attestation, Bases, BlockNumber, Border, Categories,
	Confidence, Consent, Gate, Law, Level, Moment, OrganisationFacts, OrganisationId,
	Organisations, Purpose,
};

record! {
	/// What a holder accepts of a recipient before its data go there unattended.
	pub struct Tolerance {
		/// The worst cybersecurity level.
		pub worst_cyber: Level,
		/// The worst privacy level.
		pub worst_privacy: Level,
		/// The oldest assessment, in milliseconds.
		pub max_age: Moment,
		/// The least that must stand behind the assessment.
		pub attestation: Attestation,
	}
}

impl Tolerance {
	/// What holds until an organisation sets its own: at worst high, at most 90 days old, self-assessed.
	pub const DEFAULT: Self = Self {
		worst_cyber: Level::High,
		worst_privacy: Level::High,
		max_age: 90 * 24 * 3_600 * 1_000,
		attestation: Attestation::SelfAssessed,
	};
}

record! {
	/// What an organisation's newest assessment tells others.
	pub struct Fitness {
		/// Cybersecurity level.
		pub cyber: Level,
		/// Privacy level.
		pub privacy: Level,
		/// Who stands behind it.
		pub attestation: Attestation,
		/// When it was made.
		pub assessed_at: Moment,
		/// When it ceases to count.
		pub expires_at: Moment,
	}
}

impl Tolerance {
	/// Whether an organisation with this fitness, if any, is acceptable at `now`.
	pub fn accepts(&self, fitness: Option<&Fitness>, now: Moment) -> bool {
		fitness.is_some_and(|fitness| {
			fitness.cyber <= self.worst_cyber
				&& fitness.privacy <= self.worst_privacy
				&& fitness.attestation >= self.attestation
				&& now < fitness.expires_at
				&& now.saturating_sub(fitness.assessed_at) <= self.max_age
		})
	}
}

/// Tells the gate what a holder accepts and how fit a recipient is.
pub trait RiskProfile {
	/// What the holder accepts; [`Tolerance::DEFAULT`] until it says otherwise.
	fn tolerance(holder: OrganisationId) -> Tolerance;

	/// What the organisation's newest assessment tells others, if it has one.
	fn fitness(organisation: OrganisationId) -> Option<Fitness>;
}

/// What the gate looks at.
#[derive(Clone, Debug)]
pub struct Question<'a> {
	/// On what the exchange rests.
	pub gate: Gate,
	/// The consent that [`Gate::Consent`] names, if the ledger has it.
	pub consent: Option<&'a Consent>,
	/// Since when the recipient belongs to the group that the consent names, if it does.
	pub member_since: Option<BlockNumber>,
	/// Whether the exchange has already been counted as a use of that consent.
	pub use_counted: bool,
	/// The permit that [`Gate::Permit`] names, if the ledger has it.
	pub permit: Option<&'a Permit>,
	/// The extraction under that permit that [`Gate::Permit`] names, if the ledger has it.
	pub extraction: Option<&'a Extraction>,
	/// The facts of whoever issued that permit, if it is a member.
	pub permit_issuer: Option<OrganisationFacts>,
	/// Whose records.
	pub holder: OrganisationId,
	/// The holder's facts, if it is a member.
	pub holder_facts: Option<OrganisationFacts>,
	/// Who would receive.
	pub recipient: OrganisationId,
	/// The recipient's facts, if it is a member.
	pub recipient_facts: Option<OrganisationFacts>,
	/// Why.
	pub purpose: Purpose,
	/// Which categories.
	pub categories: Categories,
	/// How the recipient would use them.
	pub mode: AccessMode,
	/// What the law of the country of treatment allows for this purpose and kind of recipient.
	pub bases: Bases,
	/// The border that the exchange crosses, as stated.
	pub border: Option<Border>,
	/// The holder's tolerance.
	pub tolerance: &'a Tolerance,
	/// The recipient's fitness.
	pub fitness: Option<&'a Fitness>,
	/// The present moment.
	pub now: Moment,
}

record! {
	/// A question as a member asks it: what the ledger must know of an exchange to look the rest up.
	pub struct Asked {
		/// On what the exchange would rest.
		pub gate: Gate,
		/// Whose records.
		pub holder: OrganisationId,
		/// Who would receive.
		pub recipient: OrganisationId,
		/// Why.
		pub purpose: Purpose,
		/// Which categories.
		pub categories: Categories,
		/// How the recipient would use them.
		pub mode: AccessMode,
		/// The border that the exchange would cross.
		pub border: Option<Border>,
	}
}

impl Asked {
	/// Looks up what the question needs, and lets `answer` answer it.
	pub fn ask<C: Consents, P: Permits, L: Law, O: Organisations, R: RiskProfile, A>(
		&self,
		use_counted: bool,
		now: Moment,
		answer: impl FnOnce(&Question) -> A,
	) -> A {
		let consent = match self.gate {
			Gate::Consent(id) => C::get(id),
			Gate::Statutory(_) | Gate::Permit { .. } | Gate::BreakGlass(_) => None,
		};
		let group = consent.as_ref().and_then(|consent| consent.terms.grantee.group());
		let (permit, extraction) = match self.gate {
			Gate::Permit { permit, extraction } => {
				(P::get(permit), P::extraction(permit, extraction))
			},
			Gate::Consent(_) | Gate::Statutory(_) | Gate::BreakGlass(_) => (None, None),
		};
		let recipient_facts = O::facts(self.recipient);
		let bases = recipient_facts.map_or(Bases::EMPTY, |facts| {
			let country = self.border.map_or(facts.country, |border| border.treatment);
			L::bases(country, self.purpose, facts.kind)
		});
		let tolerance = R::tolerance(self.holder);
		let fitness = R::fitness(self.recipient);
		answer(&Question {
			gate: self.gate,
			consent: consent.as_ref(),
			member_since: group.and_then(|group| C::member_since(group, self.recipient)),
			use_counted,
			permit: permit.as_ref(),
			extraction: extraction.as_ref(),
			permit_issuer: permit.as_ref().and_then(|permit| O::facts(permit.issuer)),
			holder: self.holder,
			holder_facts: O::facts(self.holder),
			recipient: self.recipient,
			recipient_facts,
			purpose: self.purpose,
			categories: self.categories,
			mode: self.mode,
			bases,
			border: self.border,
			tolerance: &tolerance,
			fitness: fitness.as_ref(),
			now,
		})
	}
}

vocabulary! {
	/// Why the gate stays shut. Never published: every refusal ends in one public outcome.
	pub enum Refusal {
		/// One of the two is no active member.
		OrganisationInactive = 0,
		/// The ledger knows no such consent, or another holder's or grantee's.
		ConsentUnknown = 1,
		/// The consent is withdrawn, superseded, suspended, expired, not valid yet, or not confirmed by a minor who
		/// came of age.
		ConsentNotLive = 2,
		/// The consent or permit does not cover purpose, categories, access mode or organisation.
		NotCovered = 3,
		/// No use is left, or the last is too recent.
		NoUseLeft = 4,
		/// The law does not let the basis carry the purpose for such an organisation.
		NoBasis = 5,
		/// The ledger knows no such permit, or one whose issuer is no health data access body.
		PermitUnknown = 6,
		/// The recipient's risk is not acceptable, and the purpose is not care.
		Risk = 7,
		/// Break-glass serves urgent care by a treating organisation only.
		NotAnEmergency = 8,
		/// The permit is revoked, expired, or not valid yet.
		PermitNotLive = 9,
		/// The border between the two is not stated, or wrongly.
		Border = 10,
		/// Nothing of the holder's was extracted under that number.
		NotExtracted = 11,
	}
}

/// The gate's answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
	/// May be served.
	Allow,
	/// May be served once a person at the holder releases it.
	Hold,
	/// May not be served.
	Refuse(Refusal),
}

vocabulary! {
	/// The gate's answer as others see it: no reason ever shows.
	pub enum Answer {
		/// May be served.
		Served = 0,
		/// May be served once a person at the holder releases it.
		ServedOnRelease = 1,
		/// Is not served.
		NotServed = 2,
	}
}

impl Verdict {
	/// What others see of it.
	pub const fn answer(self) -> Answer {
		match self {
			Self::Allow => Answer::Served,
			Self::Hold => Answer::ServedOnRelease,
			Self::Refuse(_) => Answer::NotServed,
		}
	}
}

/// Answers the question.
///
/// Order: members, border, basis, risk. A risk level never refuses care: it asks for a person's release. Break-glass
/// asks for neither consent, permit, border (GDPR art. 49(1)(f) allows transfers in vital interests) nor risk.
pub fn decide(question: &Question) -> Verdict {
	let (Some(holder), Some(recipient)) = (question.holder_facts, question.recipient_facts) else {
		return Verdict::Refuse(Refusal::OrganisationInactive);
	};
	if !holder.is_active() || !recipient.is_active() {
		return Verdict::Refuse(Refusal::OrganisationInactive);
	}
	if let Gate::BreakGlass(_) = question.gate {
		return if recipient.treats() && question.purpose == Purpose::EmergencyTreatment {
			Verdict::Allow
		} else {
			Verdict::Refuse(Refusal::NotAnEmergency)
		};
	}
	if Border::check(question.border, holder.country, recipient.country).is_err() {
		return Verdict::Refuse(Refusal::Border);
	}
	if let Err(refusal) = basis(question, recipient) {
		return Verdict::Refuse(refusal);
	}
	if asks_for_release(question) {
		Verdict::Hold
	} else if question.tolerance.accepts(question.fitness, question.now) {
		Verdict::Allow
	} else {
		Verdict::Refuse(Refusal::Risk)
	}
}

/// Whether the recipient's risk asks for a person's release before care data go there. Looks at nothing else, so
/// that a new request shows the same whether or not the gate would refuse it.
pub fn asks_for_release(question: &Question) -> bool {
	!matches!(question.gate, Gate::BreakGlass(_))
		&& question.purpose.is_care()
		&& !question.tolerance.accepts(question.fitness, question.now)
}

fn basis(question: &Question, recipient: OrganisationFacts) -> Result<(), Refusal> {
	match question.gate {
		Gate::Consent(_) => consented(question, recipient),
		Gate::Statutory(basis) => {
			if basis.is_consent() || !basis.is_whole() || !question.bases.contains(basis) {
				return Err(Refusal::NoBasis);
			}
			Ok(())
		},
		Gate::Permit { .. } => permitted(question),
		Gate::BreakGlass(_) => Ok(()),
	}
}

fn consented(question: &Question, recipient: OrganisationFacts) -> Result<(), Refusal> {
	let consent = question
		.consent
		.filter(|consent| consent.holder == question.holder)
		.ok_or(Refusal::ConsentUnknown)?;
	if !consent.is_live(question.now) {
		return Err(Refusal::ConsentNotLive);
	}
	let candidate = Candidate {
		organisation: question.recipient,
		kind: recipient.kind,
		country: recipient.country,
		member_since: question.member_since,
	};
	let asked = Use {
		holder: question.holder,
		recipient: &candidate,
		purpose: question.purpose,
		categories: question.categories,
		mode: question.mode,
	};
	if !consent.covers(&asked) {
		return Err(Refusal::NotCovered);
	}
	if !question.bases.contains(consent.terms.basis) {
		return Err(Refusal::NoBasis);
	}
	if !question.use_counted && !consent.has_use_left(question.now) {
		return Err(Refusal::NoUseLeft);
	}
	Ok(())
}

/// A permit is a basis of its own (EHDS art. 68) for secondary use, unless the law of the country leaves none. What goes
/// out under it was extracted before: the holder has proven that it left out who opted out.
fn permitted(question: &Question) -> Result<(), Refusal> {
	let permit = question
		.permit
		.filter(|_| question.permit_issuer.is_some_and(|issuer| issuer.permits_secondary_use()))
		.ok_or(Refusal::PermitUnknown)?;
	if !permit.is_live(question.now) {
		return Err(Refusal::PermitNotLive);
	}
	if !permit.covers(question.recipient, question.purpose, question.categories) {
		return Err(Refusal::NotCovered);
	}
	// An extraction is recorded for holders alone that the permit names.
	if !question.extraction.is_some_and(|extraction| extraction.holder == question.holder) {
		return Err(Refusal::NotExtracted);
	}
	if !question.purpose.is_secondary_use() || question.bases.is_empty() {
		return Err(Refusal::NoBasis);
	}
	Ok(())
}

/// The level that gates exchanges after a new assessment (hysteresis).
///
/// `gating` is the level that gated before, `previous` and `newest` are those of the last two assessments. A level
/// moves when two assessments in a row say so, and then only as far as both agree; or at once when the newest is
/// `confirmed`. A single unconfirmed alert thus moves no gating level, and a level that jumps to and fro none either.
pub fn settle(gating: Level, previous: Level, newest: Level, confirmed: bool) -> Level {
	if confirmed {
		newest
	} else if newest > gating && previous > gating {
		newest.min(previous)
	} else if newest < gating && previous < gating {
		newest.max(previous)
	} else {
		gating
	}
}

/// Whether an assessment is confirmed: others stand behind it; or it is its author's own, says that things are worse
/// than `gating`, and is sure of it. Who says of itself that things got better waits for a second assessment.
pub fn is_confirmed(
	gating: Level,
	newest: Level,
	attestation: Attestation,
	confidence: Confidence,
) -> bool {
	attestation > Attestation::SelfAssessed || (newest > gating && confidence == Confidence::High)
}

record! {
	/// The levels that gate an organisation's exchanges; see [`settle`].
	pub struct Gating {
		/// Cybersecurity level.
		pub cyber: Level,
		/// Privacy level.
		pub privacy: Level,
	}
}

impl Gating {
	/// What gates after an assessment. `before` are the levels that gated before and those of the assessment before;
	/// nothing for the first assessment, which gates as it is.
	pub fn after(before: Option<(&Self, &Self)>, newest: &Assessment) -> Self {
		let Some((gating, previous)) = before else {
			return Self { cyber: newest.cyber, privacy: newest.privacy };
		};
		let next = |gating, previous, level| {
			let confirmed = is_confirmed(gating, level, newest.attestation, newest.confidence);
			settle(gating, previous, level, confirmed)
		};
		Self {
			cyber: next(gating.cyber, previous.cyber, newest.cyber),
			privacy: next(gating.privacy, previous.privacy, newest.privacy),
		}
	}
}

#[cfg(test)]
mod tests;
