use crate::{mock::*, Error, Event, LawCells, LawVersion};
use curex_primitives::{
	gate::Answer, Article6, Article9, Bases, Country, Duty, Gate, Law, LegalBasis,
	OrganisationKind, Purpose,
};
use frame::testing_prelude::*;

fn country(code: &[u8; 2]) -> Country {
	Country::new(*code).unwrap()
}

fn set(country: Option<Country>, purpose: Purpose, bases: Bases) -> DispatchResult {
	let kind = OrganisationKind::Hospital;
	Consent::set_law(RuntimeOrigin::root(), country, purpose, kind, Some(bases))
}

fn unset(country: Option<Country>, purpose: Purpose) -> DispatchResult {
	let kind = OrganisationKind::Hospital;
	Consent::set_law(RuntimeOrigin::root(), country, purpose, kind, None)
}

fn bases(code: &[u8; 2], purpose: Purpose) -> Bases {
	<Consent as Law>::bases(country(code), purpose, OrganisationKind::Hospital)
}

#[test]
fn the_narrowest_cell_holds_and_the_version_counts_the_changes() {
	run(|| {
		let purpose = Purpose::Treatment;
		let built_in = Bases::built_in(purpose, OrganisationKind::Hospital);
		let [care, both] = [
			Bases::from(LegalBasis::CARE),
			Bases::from(LegalBasis::CARE).with(LegalBasis::EXPLICIT_CONSENT),
		];
		assert_eq!(bases(b"GR", purpose), built_in);
		assert_eq!(<Consent as Law>::version(), 0);
		assert_ok!(set(None, purpose, both));
		assert_ok!(set(Some(country(b"GR")), purpose, care));
		assert_eq!(bases(b"GR", purpose), care);
		assert_eq!(bases(b"FR", purpose), both);
		assert_eq!(bases(b"GR", Purpose::EmergencyTreatment).bits() & both.bits(), both.bits());
		System::assert_last_event(
			Event::LawChanged {
				country: Some(country(b"GR")),
				purpose,
				kind: OrganisationKind::Hospital,
				bases: Some(care),
				version: 2,
			}
			.into(),
		);
		assert_ok!(unset(Some(country(b"GR")), purpose));
		assert_eq!(bases(b"GR", purpose), both);
		assert_ok!(unset(None, purpose));
		assert_eq!(bases(b"GR", purpose), built_in);
		assert_eq!(LawVersion::<Test>::get(), 4);
		assert_eq!(LawCells::<Test>::iter().count(), 0);
	});
}

#[test]
fn a_change_holds_for_the_gate_from_then_on() {
	run(|| {
		let asked = |gate| curex_primitives::gate::Asked { gate, ..asked(id(1)) };
		let statutory = asked(Gate::Statutory(LegalBasis::CARE));
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		let consented = asked(Gate::Consent(id(1)));
		assert_eq!(Consent::may_be_served(statutory.clone()), Answer::Served);
		assert_eq!(Consent::may_be_served(consented.clone()), Answer::Served);
		let contract = LegalBasis { article6: Article6::Contract, article9: Article9::HealthCare };
		assert_ok!(set(Some(country(b"GR")), Purpose::Treatment, Bases::from(contract)));
		assert_eq!(Consent::may_be_served(statutory), Answer::NotServed);
		assert_eq!(Consent::may_be_served(consented), Answer::NotServed);
		assert_eq!(Consent::may_be_served(asked(Gate::Statutory(contract))), Answer::Served);
	});
}

#[test]
fn no_law_forces_care_on_consent_or_knows_half_a_consent() {
	run(|| {
		let consent = Bases::from(LegalBasis::EXPLICIT_CONSENT);
		for purpose in [Purpose::Treatment, Purpose::EmergencyTreatment] {
			assert_noop!(set(None, purpose, consent), Error::<Test>::CareForcedOnConsent);
			assert_noop!(set(None, purpose, Bases::EMPTY), Error::<Test>::CareForcedOnConsent);
		}
		let half = LegalBasis { article6: Article6::Consent, article9: Article9::HealthCare };
		assert_noop!(set(None, Purpose::Payment, Bases::from(half)), Error::<Test>::HalfConsent);
		assert_ok!(set(None, Purpose::Research, Bases::EMPTY));
	});
}

#[test]
fn only_the_council_changes_the_law_and_only_by_a_change() {
	run(|| {
		let cell = Some(Bases::from(LegalBasis::CARE));
		let by = |origin| {
			Consent::set_law(origin, None, Purpose::Treatment, OrganisationKind::Hospital, cell)
		};
		for origin in [holder(), delegate(AUTHORITY, Duty::Oversight), RuntimeOrigin::none()] {
			assert_noop!(by(origin), BadOrigin);
		}
		assert_ok!(by(RuntimeOrigin::root()));
		assert_noop!(by(RuntimeOrigin::root()), Error::<Test>::NothingChanged);
		assert_noop!(unset(Some(country(b"FR")), Purpose::Payment), Error::<Test>::NothingChanged);
	});
}
