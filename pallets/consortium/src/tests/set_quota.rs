use super::*;

#[test]
fn the_council_sets_a_quota() {
	network(|| {
		assert_ok!(Consortium::set_quota(council(), CARE_CENTRE, 3));
		assert_eq!(last_event(), Event::QuotaSet { organisation: CARE_CENTRE, limit: 3 });
		assert_eq!(Consortium::quota(CARE_CENTRE).limit, Some(3));
	});
}

#[test]
fn nobody_else_sets_a_quota_and_nobody_gets_one_who_is_not_there() {
	network(|| {
		assert_noop!(Consortium::set_quota(signed(admin(0)), OrganisationId(0), 9), BadOrigin);
		assert_noop!(
			Consortium::set_quota(council(), OrganisationId(99), 9),
			Error::<Test>::NotFound
		);
	});
}
