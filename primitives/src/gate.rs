//! The gate: may this exchange be served? One pure function, evaluated by the ledger at request, approval and
//! dispatch, and by the SDK beforehand.

use crate::{
	consent::record, vocabulary, Attestation, Bases, Border, Categories, Consent, Gate, Level,
	Moment, OrganisationFacts, OrganisationId, Permit, Purpose,
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
	/// The permit that [`Gate::Permit`] names, if the ledger has it.
	pub permit: Option<&'a Permit>,
	/// Whether that permit names the holder.
	pub permit_names_holder: bool,
	/// The bases that the law has for the country of treatment, the purpose and the recipient's kind.
	pub bases: Bases,
	/// The border that the data would cross, as the proposal names it.
	pub border: Option<Border>,
	/// Whether the exchange has already been counted as a use of that consent.
	pub use_counted: bool,
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
	/// The holder's tolerance.
	pub tolerance: &'a Tolerance,
	/// The recipient's fitness.
	pub fitness: Option<&'a Fitness>,
	/// The present moment.
	pub now: Moment,
}

vocabulary! {
	/// Why the gate stays shut. Never published: every refusal ends in one public outcome.
	pub enum Refusal {
		/// One of the two is no active member.
		OrganisationInactive = 0,
		/// The ledger knows no such consent, or another holder's or grantee's.
		ConsentUnknown = 1,
		/// The consent is withdrawn, superseded, expired, or not valid yet.
		ConsentNotLive = 2,
		/// The consent does not cover purpose, categories or organisation.
		NotCovered = 3,
		/// No use is left, or the last is too recent.
		NoUseLeft = 4,
		/// The basis does not carry the purpose for such an organisation.
		NoBasis = 5,
		/// The ledger knows no such permit.
		PermitUnknown = 6,
		/// The recipient's risk is not acceptable, and the purpose is not care.
		Risk = 7,
		/// Break-glass serves urgent care by a treating organisation only.
		NotAnEmergency = 8,
		/// The data would cross a border that is not named, another than is named, or with a tool that does not carry
		/// it.
		Border = 9,
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

/// Answers the question.
///
/// Order: members, basis, risk. A risk level never refuses care: it asks for a person's release. Break-glass asks
/// neither consent nor risk.
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
	let crosses = holder.country != recipient.country;
	let fits = question
		.border
		.as_ref()
		.map_or(!crosses, |border| crosses && border.fits(holder.country, recipient.country));
	if !fits {
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
		Gate::Consent(_) => {
			let consent = question
				.consent
				.filter(|consent| consent.holder == question.holder)
				.ok_or(Refusal::ConsentUnknown)?;
			if !consent.is_live(question.now) {
				return Err(Refusal::ConsentNotLive);
			}
			if !consent.covers(
				question.holder,
				question.recipient,
				recipient.kind,
				question.purpose,
				question.categories,
			) {
				return Err(Refusal::NotCovered);
			}
			if !question.use_counted && !consent.has_use_left(question.now) {
				return Err(Refusal::NoUseLeft);
			}
			Ok(())
		},
		Gate::Statutory(basis) => {
			if basis.is_consent() || !question.bases.contains(basis) {
				return Err(Refusal::NoBasis);
			}
			Ok(())
		},
		Gate::Permit(_) => {
			let covered = question.permit.is_some_and(|permit| {
				permit.is_live(question.now)
					&& permit.covers(question.recipient, question.purpose, question.categories)
			});
			if covered && question.permit_names_holder {
				Ok(())
			} else {
				Err(Refusal::PermitUnknown)
			}
		},
		Gate::BreakGlass(_) => Ok(()),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		consent::tests::consent, Category, Competences, ConsentId, ConsentStatus, Country, Ground,
		LegalBasis, OrganisationKind, OrganisationStatus,
	};

	const FIT: Fitness = Fitness {
		cyber: Level::Low,
		privacy: Level::Low,
		attestation: Attestation::SelfAssessed,
		assessed_at: 0,
		expires_at: 10_000,
	};

	fn member(kind: OrganisationKind) -> OrganisationFacts {
		OrganisationFacts {
			kind,
			country: Country::new(*b"GR").unwrap(),
			status: OrganisationStatus::Active,
			competences: Competences::EMPTY,
		}
	}

	fn ask(change: impl FnOnce(&mut Question, &mut Consent)) -> Verdict {
		let mut consent = consent();
		let stand_in = consent.clone();
		let mut question = Question {
			gate: Gate::Consent(ConsentId([1; 32])),
			consent: Some(&stand_in),
			permit: None,
			permit_names_holder: false,
			bases: Bases::built_in(Purpose::Treatment, OrganisationKind::CareCentre),
			border: None,
			use_counted: false,
			holder: OrganisationId(1),
			holder_facts: Some(member(OrganisationKind::Hospital)),
			recipient: OrganisationId(2),
			recipient_facts: Some(member(OrganisationKind::CareCentre)),
			purpose: Purpose::Treatment,
			categories: Category::PatientSummary.into(),
			tolerance: &Tolerance::DEFAULT,
			fitness: Some(&FIT),
			now: 1_500,
		};
		change(&mut question, &mut consent);
		let named = question.consent.is_some();
		decide(&Question { consent: named.then_some(&consent), ..question })
	}

	#[test]
	fn a_covering_live_consent_allows() {
		assert_eq!(ask(|_, _| ()), Verdict::Allow);
	}

	#[test]
	fn each_fact_closes_the_gate_for_its_own_reason() {
		use Refusal::*;
		let refused = |change: fn(&mut Question, &mut Consent)| match ask(change) {
			Verdict::Refuse(refusal) => refusal,
			other => panic!("expected a refusal, got {other:?}"),
		};
		assert_eq!(refused(|question, _| question.consent = None), ConsentUnknown);
		assert_eq!(refused(|question, _| question.holder = OrganisationId(7)), ConsentUnknown);
		assert_eq!(
			refused(|_, consent| consent.status = ConsentStatus::Withdrawn { at: 3 }),
			ConsentNotLive
		);
		assert_eq!(refused(|question, _| question.now = 2_000), ConsentNotLive);
		assert_eq!(refused(|question, _| question.recipient = OrganisationId(7)), NotCovered);
		assert_eq!(refused(|question, _| question.purpose = Purpose::Research), NotCovered);
		assert_eq!(refused(|question, _| question.categories = Categories::all()), NotCovered);
		assert_eq!(refused(|_, consent| consent.used = 2), NoUseLeft);
		assert_eq!(refused(|question, _| question.recipient_facts = None), OrganisationInactive);
		assert_eq!(
			refused(|question, _| {
				question.gate = Gate::Statutory(LegalBasis::EXPLICIT_CONSENT)
			}),
			NoBasis
		);
		assert_eq!(
			refused(|question, _| question.gate = Gate::BreakGlass(Ground::LifeThreat)),
			NotAnEmergency
		);
	}

	#[test]
	fn a_risk_level_holds_care_and_refuses_the_rest() {
		const UNFIT: Fitness = Fitness { cyber: Level::VeryHigh, ..FIT };
		for fitness in [None, Some(&UNFIT)] {
			assert_eq!(ask(|question, _| question.fitness = fitness), Verdict::Hold);
			assert_eq!(
				ask(|question, _| {
					question.fitness = fitness;
					question.gate = Gate::Statutory(LegalBasis::CARE);
					question.purpose = Purpose::Operations;
					question.bases =
						Bases::built_in(Purpose::Operations, OrganisationKind::CareCentre);
				}),
				Verdict::Refuse(Refusal::Risk)
			);
		}
	}

	#[test]
	fn a_release_is_asked_for_whatever_the_basis_says() {
		let mut question = Question {
			gate: Gate::Consent(ConsentId([1; 32])),
			consent: None,
			permit: None,
			permit_names_holder: false,
			bases: Bases::built_in(Purpose::Treatment, OrganisationKind::CareCentre),
			border: None,
			use_counted: false,
			holder: OrganisationId(1),
			holder_facts: Some(member(OrganisationKind::Hospital)),
			recipient: OrganisationId(2),
			recipient_facts: Some(member(OrganisationKind::CareCentre)),
			purpose: Purpose::Treatment,
			categories: Category::PatientSummary.into(),
			tolerance: &Tolerance::DEFAULT,
			fitness: None,
			now: 1_500,
		};
		assert!(asks_for_release(&question), "an unknown consent does not show");
		question.gate = Gate::BreakGlass(Ground::LifeThreat);
		assert!(!asks_for_release(&question), "urgent care waits for nobody");
		question.gate = Gate::Statutory(LegalBasis::CARE);
		question.purpose = Purpose::Payment;
		assert!(!asks_for_release(&question), "no person releases what is not care");
		question.purpose = Purpose::Treatment;
		question.fitness = Some(&FIT);
		assert!(!asks_for_release(&question), "nothing to release");
	}

	#[test]
	fn break_glass_asks_neither_consent_nor_risk() {
		assert_eq!(
			ask(|question, _| {
				question.gate = Gate::BreakGlass(Ground::Unconscious);
				question.purpose = Purpose::EmergencyTreatment;
				question.consent = None;
				question.fitness = None;
			}),
			Verdict::Allow
		);
	}

	#[test]
	fn a_suspended_organisation_neither_gives_nor_receives() {
		for holder in [true, false] {
			let verdict = ask(|question, _| {
				let facts =
					if holder { &mut question.holder_facts } else { &mut question.recipient_facts };
				facts.as_mut().unwrap().status = OrganisationStatus::Suspended;
			});
			assert_eq!(verdict, Verdict::Refuse(Refusal::OrganisationInactive));
		}
	}

	#[test]
	fn tolerance_looks_at_level_age_expiry_and_attestation() {
		let accepts = |fitness: Fitness, now| {
			Tolerance { max_age: 100, attestation: Attestation::Recomputed, ..Tolerance::DEFAULT }
				.accepts(Some(&fitness), now)
		};
		let fit = Fitness { attestation: Attestation::Audited, ..FIT };
		assert!(accepts(fit.clone(), 100));
		assert!(!accepts(fit.clone(), 101), "older than the tolerance allows");
		assert!(!accepts(Fitness { expires_at: 50, ..fit.clone() }, 50), "expired");
		assert!(!accepts(Fitness { privacy: Level::VeryHigh, ..fit.clone() }, 0));
		assert!(!accepts(Fitness { attestation: Attestation::SelfAssessed, ..fit }, 0));
	}
}
