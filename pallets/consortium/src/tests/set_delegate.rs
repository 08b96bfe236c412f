use super::*;
use crate::Delegate;

#[test]
fn an_administrator_appoints_and_changes_a_delegate() {
	network(|| {
		let organisation = CARE_CENTRE;
		for duties in
			[Duties::from(Duty::Consent), Duties::from(Duty::Exchange).with(Duty::Consent)]
		{
			assert_ok!(Consortium::set_delegate(signed(admin(organisation.0)), 900, duties));
			assert_eq!(last_event(), Event::DelegateSet { organisation, account: 900, duties });
			assert_eq!(Consortium::delegate(&900), Some(Delegate { organisation, duties }));
		}
		assert_eq!(System::providers(&900), 1);
	});
}

#[test]
fn nobody_without_administration_appoints() {
	network(|| {
		for account in [STRANGER, clerk(0)] {
			assert_noop!(
				Consortium::set_delegate(signed(account), 900, clerk_duties()),
				Error::<Test>::NotAuthorized
			);
		}
		assert_noop!(Consortium::set_delegate(council(), 900, clerk_duties()), BadOrigin);
	});
}

#[test]
fn a_delegate_of_another_organisation_cannot_be_taken() {
	network(|| {
		for account in [admin(1), clerk(1)] {
			assert_noop!(
				Consortium::set_delegate(signed(admin(0)), account, clerk_duties()),
				Error::<Test>::AlreadyExists
			);
		}
	});
}

#[test]
fn the_last_administrator_keeps_its_duty() {
	network(|| {
		let administrator = admin(CARE_CENTRE.0);
		assert_noop!(
			Consortium::set_delegate(signed(administrator), administrator, clerk_duties()),
			Error::<Test>::LastAdministrator
		);
		assert_ok!(Consortium::set_delegate(signed(administrator), 900, administration()));
		assert_ok!(Consortium::set_delegate(signed(900), administrator, clerk_duties()));
		assert_noop!(
			Consortium::set_delegate(signed(administrator), 900, clerk_duties()),
			Error::<Test>::NotAuthorized
		);
	});
}

#[test]
fn the_holder_of_the_seat_keeps_administration() {
	network(|| {
		assert_ok!(Consortium::set_delegate(signed(admin(0)), 900, administration()));
		assert_noop!(
			Consortium::set_delegate(signed(900), admin(0), clerk_duties()),
			Error::<Test>::HoldsSeat
		);
	});
}

#[test]
fn a_hospital_has_one_voice_in_the_council() {
	network(|| {
		let voter = clerk_duties().with(Duty::Council);
		assert_noop!(
			Consortium::set_delegate(signed(admin(0)), clerk(0), voter),
			Error::<Test>::CouncilSeatTaken
		);
		assert_ok!(Consortium::set_delegate(signed(admin(0)), admin(0), administration()));
		assert!(!FakeCollective::members().contains(&admin(0)));
		assert_ok!(Consortium::set_delegate(signed(admin(0)), clerk(0), voter));
		assert!(FakeCollective::members().contains(&clerk(0)));
	});
}

#[test]
fn only_hospitals_have_a_voice() {
	network(|| {
		for organisation in [CARE_CENTRE, AUTHORITY] {
			assert_noop!(
				Consortium::set_delegate(signed(admin(organisation.0)), 900, Duty::Council.into()),
				Error::<Test>::NotAllowedForKind
			);
		}
	});
}

#[test]
fn the_council_is_never_left_empty() {
	network(|| {
		for number in 0..HOSPITALS - 1 {
			assert_ok!(Consortium::set_delegate(
				signed(admin(number)),
				admin(number),
				administration()
			));
		}
		let last = admin(HOSPITALS - 1);
		assert_noop!(
			Consortium::set_delegate(signed(last), last, administration()),
			Error::<Test>::LastCouncilMember
		);
	});
}

#[test]
fn a_delegate_without_duties_is_refused() {
	network(|| {
		assert_noop!(
			Consortium::set_delegate(signed(admin(0)), 900, Duties::EMPTY),
			Error::<Test>::NoDuties
		);
	});
}

#[test]
fn an_organisation_has_a_bounded_number_of_delegates() {
	network(|| {
		for account in [900, 901] {
			assert_ok!(Consortium::set_delegate(signed(admin(0)), account, clerk_duties()));
		}
		assert_noop!(
			Consortium::set_delegate(signed(admin(0)), 902, clerk_duties()),
			Error::<Test>::MaxDelegatesExceeded
		);
		assert_ok!(Consortium::dismiss_delegate(signed(admin(0)), 900));
		assert_ok!(Consortium::set_delegate(signed(admin(0)), 902, clerk_duties()));
	});
}

#[test]
fn an_account_that_served_is_never_appointed_again() {
	network(|| {
		assert_ok!(Consortium::dismiss_delegate(signed(admin(0)), clerk(0)));
		for number in [0, 1] {
			assert_noop!(
				Consortium::set_delegate(signed(admin(number)), clerk(0), clerk_duties()),
				Error::<Test>::AccountRetired
			);
		}
	});
}
