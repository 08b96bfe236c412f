use super::*;
use crate::{
	benchmarks::extraction,
	consent::{tests::consent, Confirmation, Quarter, Representation},
	permit::{DataFormat, DataUseConditions},
	Article6, Article9, Category, Commitment, Competence, Competences, ConsentId, ConsentStatus,
	Country, Grantee, Ground, GroupId, LegalBasis, OrganisationKind, OrganisationStatus, PermitId,
	TransferTool,
};
use proptest::prelude::*;

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

fn question() -> Question<'static> {
	Question {
		gate: Gate::Consent(ConsentId([1; 32])),
		consent: None,
		member_since: None,
		use_counted: false,
		permit: None,
		extraction: None,
		permit_issuer: None,
		holder: OrganisationId(1),
		holder_facts: Some(member(OrganisationKind::Hospital)),
		recipient: OrganisationId(2),
		recipient_facts: Some(member(OrganisationKind::CareCentre)),
		purpose: Purpose::Treatment,
		categories: Category::PatientSummary.into(),
		mode: AccessMode::View,
		bases: Bases::EMPTY,
		border: None,
		tolerance: &Tolerance::DEFAULT,
		fitness: Some(&FIT),
		now: 1_500,
	}
}

/// Asks under a covering live consent, with the built-in law unless the change sets another.
fn ask(change: impl FnOnce(&mut Question, &mut Consent)) -> Verdict {
	let mut consent = consent();
	let stand_in = consent.clone();
	let mut question = Question { consent: Some(&stand_in), ..question() };
	change(&mut question, &mut consent);
	let named = question.consent.is_some();
	let kind = question.recipient_facts.map_or(OrganisationKind::Hospital, |facts| facts.kind);
	let built_in = Bases::built_in(question.purpose, kind);
	let bases = if question.bases.is_empty() { built_in } else { question.bases };
	decide(&Question { consent: named.then_some(&consent), bases, ..question })
}

fn access_body() -> OrganisationFacts {
	OrganisationFacts {
		competences: Competence::HealthDataAccess.into(),
		..member(OrganisationKind::Authority)
	}
}

fn permit() -> Permit {
	Permit {
		issuer: OrganisationId(9),
		user: OrganisationId(2),
		purpose: Purpose::Research,
		categories: Categories::all(),
		environment: Commitment([1; 32]),
		format: DataFormat::Anonymised,
		justification: Commitment([2; 32]),
		valid_from: 1_000,
		valid_until: 2_000,
		conditions: DataUseConditions::EMPTY,
		document: Commitment([3; 32]),
		revoked_at: None,
		issued_at: 1,
	}
}

const UNDER_PERMIT: Gate = Gate::Permit { permit: PERMIT, extraction: 0 };

const PERMIT: PermitId = PermitId([1; 32]);

/// Asks under a covering live permit, after an extraction.
fn ask_permit(change: impl FnOnce(&mut Question, &mut Permit)) -> Verdict {
	let mut permit = permit();
	let extraction = extraction(PERMIT, question().holder);
	let mut question = Question {
		gate: UNDER_PERMIT,
		extraction: Some(&extraction),
		permit_issuer: Some(access_body()),
		purpose: Purpose::Research,
		bases: Bases::built_in(Purpose::Research, OrganisationKind::CareCentre),
		..question()
	};
	change(&mut question, &mut permit);
	decide(&Question { permit: Some(&permit), ..question })
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
		refused(|question, _| { question.gate = Gate::Statutory(LegalBasis::EXPLICIT_CONSENT) }),
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
			}),
			Verdict::Refuse(Refusal::Risk)
		);
	}
}

#[test]
fn a_release_is_asked_for_whatever_the_basis_says() {
	let mut question = Question { fitness: None, ..question() };
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

#[test]
fn treatment_under_article_9_2_h_needs_no_consent_record() {
	for &purpose in [Purpose::Treatment, Purpose::EmergencyTreatment].iter() {
		assert_eq!(
			ask(|question, _| {
				question.gate = Gate::Statutory(LegalBasis::CARE);
				question.purpose = purpose;
				question.consent = None;
			}),
			Verdict::Allow
		);
	}
}

#[test]
fn the_law_of_the_country_of_treatment_decides_on_the_basis() {
	let refused = Verdict::Refuse(Refusal::NoBasis);
	let statutory = |basis, bases: Bases| {
		ask(move |question, _| {
			question.gate = Gate::Statutory(basis);
			question.bases = bases;
		})
	};
	let contract = LegalBasis { article6: Article6::Contract, article9: Article9::HealthCare };
	assert_eq!(statutory(LegalBasis::CARE, LegalBasis::CARE.into()), Verdict::Allow);
	assert_eq!(statutory(contract, LegalBasis::CARE.into()), refused);
	assert_eq!(
		ask(|question, _| question.bases = LegalBasis::CARE.into()),
		refused,
		"a country may accept no consent for a purpose"
	);
	let half = LegalBasis { article6: Article6::PublicTask, article9: Article9::ExplicitConsent };
	assert_eq!(statutory(half, Bases::all()), refused, "half a consent is no basis");
	assert_eq!(statutory(LegalBasis::EXPLICIT_CONSENT, Bases::all()), refused, "needs a record");
}

#[test]
fn a_permit_serves_secondary_use_of_whom_and_what_it_names() {
	use Refusal::*;
	assert_eq!(ask_permit(|_, _| ()), Verdict::Allow);
	let refused = |change: fn(&mut Question, &mut Permit)| match ask_permit(change) {
		Verdict::Refuse(refusal) => refusal,
		other => panic!("expected a refusal, got {other:?}"),
	};
	assert_eq!(refused(|_, permit| permit.revoked_at = Some(1)), PermitNotLive);
	assert_eq!(refused(|question, _| question.now = 2_000), PermitNotLive);
	assert_eq!(refused(|question, _| question.now = 999), PermitNotLive);
	assert_eq!(refused(|question, _| question.recipient = OrganisationId(7)), NotCovered);
	assert_eq!(refused(|question, _| question.purpose = Purpose::Statistics), NotCovered);
	assert_eq!(refused(|_, permit| permit.categories = Category::Imaging.into()), NotCovered);
	assert_eq!(
		refused(|question, permit| {
			question.purpose = Purpose::Treatment;
			permit.purpose = Purpose::Treatment;
		}),
		NoBasis,
		"care never rests on a permit"
	);
	assert_eq!(refused(|question, _| question.bases = Bases::EMPTY), NoBasis);
	assert_eq!(refused(|question, _| question.fitness = None), Risk);
	let unknown = Question { gate: UNDER_PERMIT, ..question() };
	assert_eq!(decide(&unknown), Verdict::Refuse(PermitUnknown));
}

#[test]
fn nothing_goes_out_under_a_permit_that_was_not_extracted_from_the_holder_before() {
	let none = ask_permit(|question, _| question.extraction = None);
	assert_eq!(none, Verdict::Refuse(Refusal::NotExtracted));
	let of_another = extraction(PERMIT, OrganisationId(77));
	let permit = permit();
	let question = Question {
		gate: UNDER_PERMIT,
		permit: Some(&permit),
		extraction: Some(&of_another),
		permit_issuer: Some(access_body()),
		purpose: Purpose::Research,
		bases: Bases::built_in(Purpose::Research, OrganisationKind::CareCentre),
		..question()
	};
	assert_eq!(decide(&question), Verdict::Refuse(Refusal::NotExtracted));
}

#[test]
fn a_border_must_be_stated_rightly_by_all_but_break_glass() {
	let abroad = |border: Option<Border>, gate: Gate| {
		ask(move |question, _| {
			question.recipient_facts.as_mut().unwrap().country = Country::new(*b"CH").unwrap();
			question.border = border;
			question.gate = gate;
			if matches!(gate, Gate::BreakGlass(_)) {
				question.purpose = Purpose::EmergencyTreatment;
			}
		})
	};
	let border = |tool| Border {
		affiliation: Country::new(*b"GR").unwrap(),
		treatment: Country::new(*b"CH").unwrap(),
		tool,
	};
	let statutory = Gate::Statutory(LegalBasis::CARE);
	let refused = Verdict::Refuse(Refusal::Border);
	for gate in [Gate::Consent(ConsentId([1; 32])), statutory] {
		assert_eq!(abroad(None, gate), refused);
		assert_eq!(abroad(Some(border(TransferTool::Eea)), gate), refused);
		assert_eq!(abroad(Some(border(TransferTool::Adequacy)), gate), Verdict::Allow);
	}
	assert_eq!(abroad(None, Gate::BreakGlass(Ground::LifeThreat)), Verdict::Allow);
}

#[test]
fn the_access_mode_must_be_one_that_the_consent_names() {
	for &mode in AccessMode::ALL {
		let verdict = ask(|question, _| question.mode = mode);
		let expected = match mode {
			AccessMode::View => Verdict::Allow,
			_ => Verdict::Refuse(Refusal::NotCovered),
		};
		assert_eq!(verdict, expected, "{mode:?}");
	}
}

#[test]
fn a_group_covers_those_who_belonged_to_it_when_the_patient_agreed() {
	let member = |since| {
		ask(move |question, consent| {
			consent.terms.grantee = Grantee::Group(GroupId(4));
			question.member_since = since;
		})
	};
	assert_eq!(member(Some(1)), Verdict::Allow);
	assert_eq!(member(Some(2)), Verdict::Refuse(Refusal::NotCovered));
	assert_eq!(member(None), Verdict::Refuse(Refusal::NotCovered));
}

#[test]
fn a_suspended_or_unconfirmed_consent_serves_nothing_and_is_not_withdrawn() {
	let refused = Verdict::Refuse(Refusal::ConsentNotLive);
	assert_eq!(ask(|_, consent| consent.status = ConsentStatus::Suspended { at: 1 }), refused);
	let minor = |confirmed| {
		ask(move |question, consent| {
			consent.terms.representation = Representation::Minor { of_age: Quarter(1) };
			consent.terms.valid_until = 3 * Quarter::LENGTH;
			consent.confirmed = confirmed;
			question.now = Quarter(1).start();
			question.tolerance = &EVER;
			question.fitness = Some(&LASTING);
		})
	};
	assert_eq!(minor(None), refused);
	let confirmation = Confirmation { evidence: Commitment([8; 32]), at: 3 };
	assert_eq!(minor(Some(confirmation)), Verdict::Allow);
}

const EVER: Tolerance = Tolerance { max_age: Moment::MAX, ..Tolerance::DEFAULT };
const LASTING: Fitness = Fitness { expires_at: Moment::MAX, ..FIT };

#[test]
fn one_unconfirmed_alert_moves_no_gating_level_and_two_in_a_row_do() {
	use Level::{High, Low, Moderate, VeryHigh};
	assert_eq!(settle(Low, Low, VeryHigh, false), Low, "one");
	assert_eq!(settle(Low, VeryHigh, High, false), High, "two, as far as both agree");
	assert_eq!(settle(Low, VeryHigh, Low, false), Low, "to and fro");
	assert_eq!(settle(High, High, Low, false), High, "one, the other way");
	assert_eq!(settle(High, Low, Moderate, false), Moderate);
	assert_eq!(settle(Low, Low, VeryHigh, true), VeryHigh, "confirmed");
	assert_eq!(settle(High, High, Low, true), Low, "confirmed");
}

#[test]
fn an_improvement_is_confirmed_by_others_only() {
	use Attestation::{Recomputed, SelfAssessed};
	assert!(is_confirmed(Level::Low, Level::High, SelfAssessed, Confidence::High));
	assert!(!is_confirmed(Level::Low, Level::High, SelfAssessed, Confidence::Medium));
	assert!(!is_confirmed(Level::High, Level::Low, SelfAssessed, Confidence::High));
	assert!(is_confirmed(Level::High, Level::Low, Recomputed, Confidence::Low));
}

fn level() -> impl Strategy<Value = Level> {
	prop::sample::select(Level::ALL)
}

fn fitness() -> impl Strategy<Value = Option<Fitness>> {
	let some = (level(), level(), prop::sample::select(Attestation::ALL), 0..3_000u64, 0..3_000u64);
	prop::option::of(some.prop_map(|(cyber, privacy, attestation, assessed_at, expires_at)| {
		Fitness { cyber, privacy, attestation, assessed_at, expires_at }
	}))
}

fn tolerance() -> impl Strategy<Value = Tolerance> {
	(level(), level(), 0..3_000u64, prop::sample::select(Attestation::ALL)).prop_map(
		|(worst_cyber, worst_privacy, max_age, attestation)| Tolerance {
			worst_cyber,
			worst_privacy,
			max_age,
			attestation,
		},
	)
}

fn some_consent() -> impl Strategy<Value = Option<Consent>> {
	let statuses = prop::sample::select(vec![
		ConsentStatus::Active,
		ConsentStatus::Active,
		ConsentStatus::Suspended { at: 1 },
		ConsentStatus::Withdrawn { at: 1 },
		ConsentStatus::Superseded { by: ConsentId([5; 32]), at: 1 },
	]);
	prop::option::of((statuses, 0..4u32, 0..3u32).prop_map(|(status, used, holder)| Consent {
		status,
		used,
		holder: OrganisationId(holder),
		..consent()
	}))
}

fn gate() -> impl Strategy<Value = Gate> {
	let bases: Vec<_> = Bases::all().iter().collect();
	prop_oneof![
		Just(Gate::Consent(ConsentId([1; 32]))),
		Just(Gate::Statutory(LegalBasis::CARE)),
		prop::sample::select(bases).prop_map(Gate::Statutory),
		Just(UNDER_PERMIT),
		prop::sample::select(Ground::ALL).prop_map(Gate::BreakGlass),
	]
}

/// Mostly active and in one country, so that many questions reach what is asked last.
fn facts() -> impl Strategy<Value = Option<OrganisationFacts>> {
	let countries = prop_oneof![4 => Just(*b"GR"), 1 => Just(*b"FR"), 1 => Just(*b"CH")];
	let kinds = prop::sample::select(OrganisationKind::ALL);
	let any_status = prop::sample::select(OrganisationStatus::ALL);
	let statuses = prop_oneof![3 => Just(OrganisationStatus::Active), 1 => any_status];
	prop::option::weighted(
		0.9,
		(countries, kinds, statuses).prop_map(|(country, kind, status)| OrganisationFacts {
			kind,
			country: Country::new(country).unwrap(),
			status,
			competences: Competences::EMPTY,
		}),
	)
}

fn purpose() -> impl Strategy<Value = Purpose> {
	prop_oneof![Just(Purpose::Treatment), prop::sample::select(Purpose::ALL)]
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(2_000))]

	#[test]
	fn a_risk_level_never_refuses_care_nor_opens_anything(
		gate in gate(),
		consent in some_consent(),
		parties in (facts(), facts()),
		purpose in purpose(),
		risk in (tolerance(), fitness()),
		other in (tolerance(), fitness()),
		now in 0..3_000u64,
	) {
		let kind = parties.1.map_or(OrganisationKind::Hospital, |facts| facts.kind);
		let verdict = |risk: &(Tolerance, Option<Fitness>)| {
			decide(&Question {
				gate,
				consent: consent.as_ref(),
				holder_facts: parties.0,
				recipient_facts: parties.1,
				purpose,
				bases: Bases::built_in(purpose, kind),
				tolerance: &risk.0,
				fitness: risk.1.as_ref(),
				now,
				..question()
			})
		};
		let (one, other) = (verdict(&risk), verdict(&other));
		if purpose.is_care() {
			prop_assert_ne!(one, Verdict::Refuse(Refusal::Risk));
			// Whatever the risk, the same care is refused or not, for the same reason.
			let refused = |verdict| match verdict {
				Verdict::Refuse(refusal) => Some(refusal),
				Verdict::Allow | Verdict::Hold => None,
			};
			prop_assert_eq!(refused(one), refused(other));
		} else {
			prop_assert_ne!(one, Verdict::Hold, "a hold is for care");
		}
	}

	#[test]
	fn break_glass_asks_neither_consent_nor_risk_nor_permit_nor_border(
		ground in prop::sample::select(Ground::ALL),
		consent in some_consent(),
		parties in (facts(), facts()),
		purpose in prop::sample::select(Purpose::ALL),
		risk in (tolerance(), fitness()),
		now in 0..3_000u64,
	) {
		let verdict = decide(&Question {
			gate: Gate::BreakGlass(ground),
			consent: consent.as_ref(),
			holder_facts: parties.0,
			recipient_facts: parties.1,
			purpose,
			bases: Bases::EMPTY,
			tolerance: &risk.0,
			fitness: risk.1.as_ref(),
			now,
			..question()
		});
		let active = |facts: Option<OrganisationFacts>| facts.is_some_and(|facts| facts.is_active());
		let treats = parties.1.is_some_and(|facts| facts.treats());
		let expected = active(parties.0)
			&& active(parties.1)
			&& treats
			&& purpose == Purpose::EmergencyTreatment;
		prop_assert_eq!(verdict == Verdict::Allow, expected);
		prop_assert_ne!(verdict, Verdict::Hold);
	}

	#[test]
	fn what_is_allowed_shows_one_answer_and_what_is_refused_another(
		gate in gate(),
		consent in some_consent(),
		parties in (facts(), facts()),
		purpose in prop::sample::select(Purpose::ALL),
		risk in (tolerance(), fitness()),
		now in 0..3_000u64,
	) {
		let verdict = decide(&Question {
			gate,
			consent: consent.as_ref(),
			holder_facts: parties.0,
			recipient_facts: parties.1,
			purpose,
			bases: Bases::built_in(purpose, OrganisationKind::Hospital),
			tolerance: &risk.0,
			fitness: risk.1.as_ref(),
			now,
			..question()
		});
		prop_assert_eq!(
			matches!(verdict, Verdict::Refuse(_)),
			verdict.answer() == Answer::NotServed
		);
		if let (Gate::Consent(_), Verdict::Allow | Verdict::Hold) = (gate, verdict) {
			let consent = consent.expect("no consent, no service");
			prop_assert!(consent.is_live(now) && consent.has_use_left(now));
		}
	}

	#[test]
	fn a_gating_level_moves_only_towards_what_was_assessed(
		gating in level(),
		previous in level(),
		newest in level(),
		confirmed in any::<bool>(),
	) {
		let next = settle(gating, previous, newest, confirmed);
		prop_assert!(next == gating || (next > gating) == (newest > gating));
		prop_assert!(next <= gating.max(newest) && next >= gating.min(newest));
		prop_assert!(confirmed || previous != gating || next == gating, "one is not enough");
	}
}

#[test]
fn refusal_reasons_never_differ_in_the_public_outcome() {
	use codec::Encode;
	let public: std::collections::BTreeSet<_> =
		Refusal::ALL.iter().map(|&refusal| Verdict::Refuse(refusal).answer().encode()).collect();
	assert_eq!(public.len(), 1);
	assert!(!public.contains(&Verdict::Allow.answer().encode()));
	assert!(!public.contains(&Verdict::Hold.answer().encode()));
}

#[test]
fn abuse_11_a_permit_of_anybody_but_a_health_data_access_body_opens_nothing() {
	let unknown = Verdict::Refuse(Refusal::PermitUnknown);
	let issued_by = |issuer| ask_permit(move |question, _| question.permit_issuer = issuer);
	assert_eq!(issued_by(Some(access_body())), Verdict::Allow);
	assert_eq!(issued_by(None), unknown);
	for &competence in Competence::ALL {
		let authority = OrganisationFacts { competences: competence.into(), ..access_body() };
		let expected =
			if competence == Competence::HealthDataAccess { Verdict::Allow } else { unknown };
		assert_eq!(issued_by(Some(authority)), expected);
	}
	let hospital = OrganisationFacts { kind: OrganisationKind::Hospital, ..access_body() };
	assert_eq!(issued_by(Some(hospital)), unknown);
}
