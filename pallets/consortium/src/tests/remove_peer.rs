use super::*;

#[test]
fn an_administrator_removes_a_peer() {
	network(|| {
		let organisation = OrganisationId(0);
		assert_ok!(Consortium::remove_peer(signed(admin(0)), peer(1)));
		assert_eq!(last_event(), Event::PeerRemoved { organisation, peer: peer(1) });
		assert_eq!(Consortium::peer(peer(1).to_bytes()), None);
		assert_ok!(Consortium::register_peer(signed(admin(1)), peer(1), PeerRole::Archive));
	});
}

#[test]
fn nobody_removes_a_peer_of_another_organisation() {
	network(|| {
		for seed in [2, 99] {
			assert_noop!(
				Consortium::remove_peer(signed(admin(0)), peer(seed)),
				Error::<Test>::NotFound
			);
		}
		assert_noop!(
			Consortium::remove_peer(signed(clerk(0)), peer(1)),
			Error::<Test>::NotAuthorized
		);
	});
}
