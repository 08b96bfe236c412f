use super::*;

#[test]
fn an_administrator_registers_a_peer() {
	network(|| {
		let (organisation, role) = (OrganisationId(0), PeerRole::Validator);
		assert_ok!(Consortium::register_peer(signed(admin(0)), peer(90), role));
		assert_eq!(last_event(), Event::PeerRegistered { organisation, peer: peer(90), role });
		assert_eq!(Consortium::peer(peer(90).to_bytes()), Some((organisation, role)));
		assert!(Consortium::peers().contains(&(peer(90).to_bytes(), organisation, role)));
		assert_eq!(Consortium::peer([0; 38]), None);
	});
}

#[test]
fn a_peer_belongs_to_one_organisation() {
	network(|| {
		for number in [0, 1] {
			assert_noop!(
				Consortium::register_peer(signed(admin(number)), peer(1), PeerRole::Archive),
				Error::<Test>::AlreadyExists
			);
		}
	});
}

#[test]
fn only_hospitals_have_validator_peers() {
	network(|| {
		for organisation in [CARE_CENTRE, AUTHORITY] {
			let administrator = signed(admin(organisation.0));
			assert_noop!(
				Consortium::register_peer(administrator.clone(), peer(90), PeerRole::Validator),
				Error::<Test>::NotAllowedForKind
			);
		}
	});
}

#[test]
fn an_organisation_has_a_bounded_number_of_peers() {
	network(|| {
		for seed in [90, 91] {
			assert_ok!(Consortium::register_peer(signed(admin(0)), peer(seed), PeerRole::Gateway));
		}
		assert_noop!(
			Consortium::register_peer(signed(admin(0)), peer(92), PeerRole::Gateway),
			Error::<Test>::MaxPeersExceeded
		);
	});
}

#[test]
fn nobody_else_registers_a_peer() {
	network(|| {
		for account in [STRANGER, clerk(0)] {
			assert_noop!(
				Consortium::register_peer(signed(account), peer(90), PeerRole::Gateway),
				Error::<Test>::NotAuthorized
			);
		}
	});
}
