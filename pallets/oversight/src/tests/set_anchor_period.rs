use crate::{mock::*, Error, Event, Watches};
use curex_primitives::{MerkleRoot, OrganisationId, SizeBucket};
use frame::testing_prelude::*;

#[test]
fn an_authority_asks_for_anchors_more_often() {
	run(|| {
		assert_ok!(Oversight::set_anchor_period(officer(AUTHORITY), HOSPITAL, HOUR));
		let event = Event::AnchorPeriodSet { organisation: HOSPITAL, period: HOUR };
		System::assert_last_event(event.into());
		idle(START + 2 * HOUR + 1);
		let missing = Event::AnchorMissing { organisation: HOSPITAL, since: START };
		assert_eq!(times(missing), 1);
		let (root, count) = (MerkleRoot([1; 32]), SizeBucket::Tens);
		let now = Now::get();
		assert_ok!(Oversight::anchor(officer(HOSPITAL), 1, root, count, START, now));
		assert_eq!(Watches::<Test>::get(HOSPITAL).unwrap().period, HOUR, "it stays");
	});
}

#[test]
fn nobody_sets_its_own_period_nor_one_abroad_or_out_of_bounds() {
	run(|| {
		let set = |by, organisation, period| {
			Oversight::set_anchor_period(officer(by), organisation, period)
		};
		refuse(|| set(HOSPITAL, HOSPITAL, HOUR), Error::NotCompetent);
		refuse(|| set(ABROAD, HOSPITAL, HOUR), Error::NotCompetent);
		refuse(|| set(ACCESS_BODY, HOSPITAL, HOUR), Error::NotCompetent);
		refuse(|| set(AUTHORITY, OrganisationId(99), HOUR), Error::OrganisationNotFound);
		refuse(|| set(AUTHORITY, HOSPITAL, HOUR - 1), Error::WrongDeadline);
		refuse(|| set(AUTHORITY, HOSPITAL, 7 * DAY + 1), Error::WrongDeadline);
	});
}
