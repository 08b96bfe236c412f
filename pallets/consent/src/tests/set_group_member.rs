use crate::{mock::*, Error, Event, GroupMembers};
use curex_primitives::{gate::Answer, ConsentTerms, Duty, Grantee, GroupId, OrganisationId};
use frame::testing_prelude::*;

const GROUP: GroupId = GroupId(7);

fn set(organisation: OrganisationId, belongs: bool) -> DispatchResult {
	Consent::set_group_member(RuntimeOrigin::root(), GROUP, organisation, belongs)
}

fn to_group(number: u8) -> ConsentTerms {
	ConsentTerms { grantee: Grantee::Group(GROUP), ..terms(number) }
}

#[test]
fn a_consent_covers_the_members_its_group_had_when_it_was_filed() {
	run(|| {
		assert_noop!(Consent::file(holder(), id(1), to_group(1)), Error::<Test>::GranteeNotFound);
		assert_ok!(set(OTHER, true));
		System::set_block_number(2);
		assert_ok!(Consent::file(holder(), id(1), to_group(1)));
		System::set_block_number(3);
		assert_ok!(set(GRANTEE, true));
		assert_ok!(Consent::file(holder(), id(2), to_group(2)));
		let answer = |consent, recipient| {
			Consent::may_be_served(curex_primitives::gate::Asked { recipient, ..asked(consent) })
		};
		assert_eq!(answer(id(1), OTHER), Answer::Served);
		assert_eq!(answer(id(1), GRANTEE), Answer::NotServed, "joined later");
		assert_eq!(answer(id(2), GRANTEE), Answer::Served);
		assert_ok!(set(OTHER, false));
		assert_eq!(answer(id(1), OTHER), Answer::NotServed, "left");
		System::set_block_number(4);
		assert_ok!(set(OTHER, true));
		assert_eq!(answer(id(1), OTHER), Answer::NotServed, "came back later");
	});
}

#[test]
fn only_the_council_keeps_groups_of_members() {
	run(|| {
		for origin in [holder(), delegate(AUTHORITY, Duty::Oversight), RuntimeOrigin::none()] {
			assert_noop!(Consent::set_group_member(origin, GROUP, GRANTEE, true), BadOrigin);
		}
		assert_noop!(set(OrganisationId(99), true), Error::<Test>::GranteeNotFound);
		assert_noop!(set(GRANTEE, false), Error::<Test>::NothingChanged);
		assert_ok!(set(GRANTEE, true));
		let event = Event::GroupChanged { group: GROUP, organisation: GRANTEE, belongs: true };
		System::assert_last_event(event.into());
		assert_noop!(set(GRANTEE, true), Error::<Test>::NothingChanged);
		assert_eq!(GroupMembers::<Test>::get(GROUP, GRANTEE), Some(1));
	});
}
