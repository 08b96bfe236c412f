use super::*;
use crate::{types::first_duties, Delegate, Name};

fn admit(kind: OrganisationKind, administrator: AccountId) -> DispatchResult {
	let competences = match kind {
		OrganisationKind::Authority => Competence::NetworkSecurity.into(),
		_ => Competences::EMPTY,
	};
	Consortium::admit(council(), kind, country(), competences, [9; 32], name("New"), administrator)
}

fn name(text: &str) -> Name {
	text.as_bytes().to_vec().try_into().unwrap()
}

#[test]
fn an_organisation_of_each_kind_is_admitted_with_its_first_delegate() {
	network(|| {
		for (number, kind) in (7..).zip(OrganisationKind::ALL.iter().copied()) {
			assert_ok!(admit(kind, admin(number)));
			let organisation = OrganisationId(number);
			let admitted = Consortium::organisation(organisation).unwrap();
			assert!(admitted.is_active());
			assert_eq!((admitted.kind, admitted.agreement, admitted.admitted_at), (kind, 0, 1));
			let duties = first_duties(kind);
			assert_eq!(
				Consortium::delegate(&admin(number)),
				Some(Delegate { organisation, duties })
			);
			assert!(events().contains(&Event::OrganisationAdmitted {
				organisation,
				kind,
				country: country()
			}));
			assert_eq!(System::providers(&admin(number)), 1);
			check_invariants();
		}
	});
}

#[test]
fn a_new_hospital_votes_and_others_do_not() {
	network(|| {
		assert_ok!(admit(OrganisationKind::Hospital, 900));
		assert_ok!(admit(OrganisationKind::CareCentre, 901));
		assert_ok!(admit(OrganisationKind::Authority, 902));
		let members = FakeCollective::members();
		assert!(members.contains(&900));
		assert!(!members.contains(&901) && !members.contains(&902));
	});
}

#[test]
fn only_the_council_admits() {
	network(|| {
		for origin in [signed(admin(0)), RuntimeOrigin::none()] {
			assert_noop!(
				Consortium::admit(
					origin,
					OrganisationKind::CareCentre,
					country(),
					Competences::EMPTY,
					[9; 32],
					name("New"),
					900
				),
				BadOrigin
			);
		}
	});
}

#[test]
fn competences_are_for_authorities_and_an_authority_needs_one() {
	network(|| {
		let supervision = Competences::from(Competence::DataProtection);
		for (kind, competences) in [
			(OrganisationKind::Hospital, supervision),
			(OrganisationKind::CareCentre, supervision),
			(OrganisationKind::Authority, Competences::EMPTY),
		] {
			assert_noop!(
				Consortium::admit(
					council(),
					kind,
					country(),
					competences,
					[9; 32],
					name("New"),
					900
				),
				Error::<Test>::NotAllowedForKind
			);
		}
	});
}

#[test]
fn an_encryption_key_of_zeros_is_refused() {
	network(|| {
		assert_noop!(
			Consortium::admit(
				council(),
				OrganisationKind::CareCentre,
				country(),
				Competences::EMPTY,
				[0; 32],
				name("New"),
				900
			),
			Error::<Test>::InvalidKey
		);
	});
}

#[test]
fn a_name_that_cannot_be_shown_is_refused() {
	network(|| {
		for bytes in [&b""[..], b"   ", b"a\nb", &[0xff, 0xfe]] {
			assert_noop!(
				Consortium::admit(
					council(),
					OrganisationKind::CareCentre,
					country(),
					Competences::EMPTY,
					[9; 32],
					bytes.to_vec().try_into().unwrap(),
					900
				),
				Error::<Test>::InvalidName
			);
		}
	});
}

#[test]
fn a_delegate_of_another_organisation_cannot_administer_a_new_one() {
	network(|| {
		assert_noop!(admit(OrganisationKind::CareCentre, clerk(0)), Error::<Test>::AlreadyExists);
	});
}

#[test]
fn a_hospital_beyond_the_council_is_refused() {
	network(|| {
		for account in 900..903 {
			assert_ok!(admit(OrganisationKind::Hospital, account));
		}
		assert_noop!(
			admit(OrganisationKind::Hospital, 903),
			Error::<Test>::MaxCouncilMembersExceeded
		);
	});
}

#[test]
fn numbers_are_never_used_again() {
	network(|| {
		assert_ok!(admit(OrganisationKind::CareCentre, 900));
		assert_ok!(Consortium::expel(council(), OrganisationId(7)));
		assert_ok!(admit(OrganisationKind::CareCentre, 901));
		assert_eq!(Consortium::delegate(&901).unwrap().organisation, OrganisationId(8));
	});
}
