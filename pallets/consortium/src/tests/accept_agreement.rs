use super::*;

#[test]
fn a_newer_agreement_is_accepted() {
	network(|| {
		let organisation = OrganisationId(0);
		for version in [1, 3] {
			assert_ok!(Consortium::accept_agreement(signed(admin(0)), version));
			assert_eq!(last_event(), Event::AgreementAccepted { organisation, version });
			assert_eq!(Consortium::organisation(organisation).unwrap().agreement, version);
		}
	});
}

#[test]
fn the_same_or_an_older_agreement_is_refused() {
	network(|| {
		assert_ok!(Consortium::accept_agreement(signed(admin(0)), 2));
		for version in [0, 1, 2] {
			assert_noop!(
				Consortium::accept_agreement(signed(admin(0)), version),
				Error::<Test>::AgreementNotNewer
			);
		}
	});
}

#[test]
fn only_an_administrator_accepts() {
	network(|| {
		assert_noop!(
			Consortium::accept_agreement(signed(clerk(0)), 1),
			Error::<Test>::NotAuthorized
		);
	});
}
