use super::*;
use crate::Category;

pub(crate) fn terms() -> ConsentTerms {
	ConsentTerms {
		grantee: Grantee::Organisation(OrganisationId(2)),
		basis: LegalBasis::EXPLICIT_CONSENT,
		purposes: Purpose::Treatment.into(),
		categories: Category::PatientSummary.into(),
		access_modes: AccessMode::View.into(),
		valid_from: 1_000,
		valid_until: 2_000,
		erase_at: 2_000,
		max_uses: 2,
		min_interval_s: 0,
		terms: Commitment([1; 32]),
		evidence: Commitment([2; 32]),
		withdraw_lock: WithdrawLock([3; 32]),
		policy_version: 1,
		representation: Representation::Own,
	}
}

pub(crate) fn consent() -> Consent {
	Consent::filed(OrganisationId(1), terms(), 1)
}

pub(crate) fn candidate() -> Candidate {
	Candidate {
		organisation: OrganisationId(2),
		kind: OrganisationKind::CareCentre,
		country: Country::new(*b"GR").unwrap(),
		member_since: None,
	}
}

#[test]
fn a_consent_lives_from_its_first_moment_until_before_its_last() {
	let consent = consent();
	assert!(!consent.is_live(999));
	assert!(consent.is_live(1_000));
	assert!(consent.is_live(1_999));
	assert!(!consent.is_live(2_000));
}

#[test]
fn every_defect_of_terms_is_named() {
	let holder = OrganisationId(1);
	let check = |change: fn(&mut ConsentTerms)| {
		let mut terms = terms();
		change(&mut terms);
		terms.check(holder, 1_000)
	};
	assert_eq!(check(|_| ()), Ok(()));
	assert_eq!(check(|terms| terms.valid_until = 1_000), Err(TermsDefect::EmptyPeriod));
	assert_eq!(check(|terms| terms.valid_from = 0), Ok(()));
	assert_eq!(check(|terms| terms.valid_until = u64::MAX), Err(TermsDefect::TooLong));
	assert_eq!(check(|terms| terms.purposes = Purposes::EMPTY), Err(TermsDefect::Nothing));
	assert_eq!(check(|terms| terms.categories = Categories::EMPTY), Err(TermsDefect::Nothing));
	assert_eq!(check(|terms| terms.access_modes = AccessModes::EMPTY), Err(TermsDefect::Nothing));
	assert_eq!(check(|terms| terms.max_uses = 0), Err(TermsDefect::NoUses));
	assert_eq!(
		check(|terms| terms.grantee = Grantee::Organisation(OrganisationId(1))),
		Err(TermsDefect::GranteeIsHolder)
	);
	assert_eq!(check(|terms| terms.erase_at = 1_999), Err(TermsDefect::ErasedBeforeEnd));
	assert_eq!(
		check(|terms| terms.evidence = Commitment([0; 32])),
		Err(TermsDefect::MissingCommitment)
	);
	assert_eq!(check(|terms| terms.evidence = terms.terms), Err(TermsDefect::MissingCommitment));
	assert_eq!(check(|terms| terms.basis = LegalBasis::CARE), Err(TermsDefect::NotConsent));
	assert_eq!(check(|terms| terms.erase_at = u64::MAX), Err(TermsDefect::TooLong));
	assert_eq!(check(|terms| terms.erase_at = 0), Err(TermsDefect::ErasedBeforeEnd));
	assert_eq!(check(|terms| terms.purposes = Purposes::all()), Err(TermsDefect::Bundled));
	assert_eq!(
		check(|terms| terms.representation = Representation::Minor { of_age: Quarter(0) }),
		Err(TermsDefect::OfAge)
	);
	assert_eq!(
		check(|terms| terms.representation = Representation::Minor { of_age: Quarter(1) }),
		Ok(())
	);
}

#[test]
fn a_grantee_covers_whom_it_names_and_nobody_else() {
	let kind = OrganisationKind::CareCentre;
	let [greece, france] = [*b"GR", *b"FR"].map(|code| Country::new(code).unwrap());
	let covers = |grantee: Grantee, member_since| {
		grantee.covers(&Candidate { member_since, ..candidate() }, 5)
	};
	assert!(covers(Grantee::Organisation(OrganisationId(2)), None));
	assert!(!covers(Grantee::Organisation(OrganisationId(3)), None));
	assert!(covers(Grantee::Kind(kind), None));
	assert!(!covers(Grantee::Kind(OrganisationKind::Hospital), None));
	assert!(covers(Grantee::KindIn(kind, greece), None));
	assert!(!covers(Grantee::KindIn(kind, france), None));
	assert!(!covers(Grantee::KindIn(OrganisationKind::Hospital, greece), None));
	let group = Grantee::Group(GroupId(1));
	assert!(covers(group, Some(5)));
	assert!(!covers(group, Some(6)), "joined after the patient agreed");
	assert!(!covers(group, None));
}

#[test]
fn a_grantee_lies_within_what_covers_it() {
	let kind = OrganisationKind::CareCentre;
	let greece = Country::new(*b"GR").unwrap();
	let one = Grantee::Organisation(OrganisationId(2));
	let member = Candidate { member_since: Some(5), ..candidate() };
	let within = |narrow: Grantee, wide| narrow.lies_within(wide, Some(&member), 5);
	let order = [one, Grantee::KindIn(kind, greece), Grantee::Kind(kind)];
	for (narrower, &narrow) in order.iter().enumerate() {
		for (wider, &wide) in order.iter().enumerate() {
			assert_eq!(within(narrow, wide), narrower <= wider, "{narrow:?} {wide:?}");
		}
	}
	let group = Grantee::Group(GroupId(1));
	assert!(within(one, group) && within(group, group));
	assert!(!within(group, Grantee::Kind(kind)) && !within(Grantee::Kind(kind), group));
	assert!(!within(group, Grantee::Group(GroupId(2))));
	assert!(!one.lies_within(group, Some(&candidate()), 5), "no member");
	assert!(!one.lies_within(Grantee::Kind(kind), None, 5), "nobody knows it");
}

#[test]
fn only_less_of_something_and_more_of_nothing_is_narrower() {
	let wide = ConsentTerms {
		purposes: [Purpose::Treatment, Purpose::Payment].into_iter().collect(),
		categories: Categories::all(),
		access_modes: AccessModes::all(),
		..terms()
	};
	let narrow = |change: fn(&mut ConsentTerms)| {
		let mut terms = wide.clone();
		change(&mut terms);
		terms.narrow(&wide, Some(&candidate()), 1)
	};
	assert!(!narrow(|_| ()), "nothing less");
	assert!(!narrow(|terms| terms.evidence = Commitment([9; 32])), "nothing less");
	for less in [
		(|terms| terms.purposes = Purpose::Payment.into()) as fn(&mut ConsentTerms),
		|terms| terms.categories = Category::Other.into(),
		|terms| terms.access_modes = AccessMode::Query.into(),
		|terms| terms.valid_from += 1,
		|terms| terms.valid_until -= 1,
		|terms| terms.erase_at -= 1,
		|terms| terms.max_uses -= 1,
		|terms| terms.min_interval_s += 1,
	] {
		assert!(narrow(less));
	}
	for more in [
		(|terms| terms.purposes = Purpose::Operations.into()) as fn(&mut ConsentTerms),
		|terms| terms.valid_from -= 1,
		|terms| terms.valid_until += 1,
		|terms| terms.erase_at += 1,
		|terms| terms.max_uses += 1,
		|terms| terms.grantee = Grantee::Organisation(OrganisationId(3)),
		|terms| terms.grantee = Grantee::Kind(OrganisationKind::CareCentre),
		|terms| terms.basis = LegalBasis::CARE,
		|terms| terms.withdraw_lock = WithdrawLock([9; 32]),
		|terms| terms.policy_version = 0,
		|terms| terms.representation = Representation::Guardian,
	] {
		let mut changed = wide.clone();
		more(&mut changed);
		changed.min_interval_s += 1;
		assert!(!changed.narrow(&wide, Some(&candidate()), 1), "less here, more there");
	}
}

#[test]
fn a_representatives_consent_ends_when_the_minor_comes_of_age() {
	let of_age = Quarter(1);
	let mut consent = consent();
	consent.terms.valid_until = 2 * Quarter::LENGTH;
	for representation in
		[Representation::Own, Representation::Guardian, Representation::Incapacity]
	{
		consent.terms.representation = representation;
		assert!(consent.is_live(of_age.start()));
	}
	consent.terms.representation = Representation::Minor { of_age };
	assert!(consent.is_live(of_age.start() - 1));
	assert!(!consent.is_live(of_age.start()));
	assert_eq!(consent.standing(of_age.start(), true), Standing::Unconfirmed);
	consent.confirmed = Some(Confirmation { evidence: Commitment([5; 32]), at: 9 });
	assert!(consent.is_live(of_age.start()));
}

#[test]
fn a_quarter_rounds_down_and_never_beyond_the_calendar() {
	assert_eq!(Quarter::of(Quarter::LENGTH - 1), Quarter(0));
	assert_eq!(Quarter::of(Quarter::LENGTH), Quarter(1));
	assert_eq!(Quarter::of(u64::MAX), Quarter(u16::MAX));
	assert_eq!(Quarter::of(Quarter(4).start()), Quarter(4));
}

#[test]
fn a_consent_is_live_exactly_when_it_stands_active_or_used_up() {
	let standing = |change: fn(&mut Consent), now, active| {
		let mut consent = consent();
		change(&mut consent);
		(consent.standing(now, active), consent.is_live(now))
	};
	assert_eq!(standing(|_| (), 1_500, true), (Standing::Active, true));
	assert_eq!(standing(|_| (), 1_500, false), (Standing::Dormant, true));
	assert_eq!(standing(|_| (), 999, true), (Standing::NotYetValid, false));
	assert_eq!(standing(|_| (), 2_000, true), (Standing::Expired, false));
	assert_eq!(standing(|consent| consent.used = 2, 1_500, true), (Standing::UsedUp, true));
	let suspended = |consent: &mut Consent| consent.status = ConsentStatus::Suspended { at: 1 };
	assert_eq!(standing(suspended, 1_500, true), (Standing::Suspended, false));
	let withdrawn = |consent: &mut Consent| consent.status = ConsentStatus::Withdrawn { at: 1 };
	assert_eq!(standing(withdrawn, 2_500, true), (Standing::Withdrawn, false));
	let by = |consent: &mut Consent| {
		consent.status = ConsentStatus::Superseded { by: ConsentId([1; 32]), at: 1 };
	};
	assert_eq!(standing(by, 1_500, true), (Standing::Superseded, false));
}

#[test]
fn a_use_is_covered_only_in_every_respect() {
	let candidate = candidate();
	let asked = Use {
		holder: OrganisationId(1),
		recipient: &candidate,
		purpose: Purpose::Treatment,
		categories: Category::PatientSummary.into(),
		mode: AccessMode::View,
	};
	assert!(consent().covers(&asked));
	for refused in [
		Use { holder: OrganisationId(3), ..asked },
		Use { purpose: Purpose::Payment, ..asked },
		Use { categories: Categories::all(), ..asked },
		Use { mode: AccessMode::Stream, ..asked },
	] {
		assert!(!consent().covers(&refused), "{refused:?}");
	}
	let mut open = consent();
	open.terms.grantee = Grantee::Kind(OrganisationKind::CareCentre);
	let holder = Candidate { organisation: OrganisationId(1), ..candidate };
	assert!(open.covers(&asked));
	assert!(!open.covers(&Use { recipient: &holder, ..asked }), "the holder itself");
}

#[test]
fn uses_run_out_and_respect_the_interval() {
	let mut consent = consent();
	consent.terms.min_interval_s = 1;
	assert!(consent.has_use_left(1_000));
	consent.used = 1;
	consent.last_used = 1_000;
	assert!(!consent.has_use_left(1_999));
	assert!(consent.has_use_left(2_000));
	consent.used = 2;
	assert!(!consent.has_use_left(5_000));
}
