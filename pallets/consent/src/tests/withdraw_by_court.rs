use crate::{mock::*, Call, Consents, CourtOrder, CourtOrders, Error, Event};
use curex_primitives::{
	Commitment, Competence, Competences, ConsentStatus, Duty, OrganisationKind,
};
use frame::testing_prelude::*;

const CASE: Commitment = Commitment([91; 32]);

fn court() -> RuntimeOrigin {
	delegate(AUTHORITY, Duty::Court)
}

#[test]
fn a_court_withdraws_with_a_commitment_to_its_case() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		System::set_block_number(4);
		assert_ok!(Consent::withdraw_by_court(court(), id(1), CASE));
		let status = Consents::<Test>::get(id(1)).unwrap().status;
		assert_eq!(status, ConsentStatus::Withdrawn { at: 4 });
		let order = CourtOrder { authority: AUTHORITY, case: CASE };
		assert_eq!(CourtOrders::<Test>::get(id(1)), Some(order));
		System::assert_has_event(Event::Withdrawn { consent: id(1), holder: HOLDER }.into());
		System::assert_last_event(
			Event::WithdrawnByCourt {
				consent: id(1),
				holder: HOLDER,
				authority: AUTHORITY,
				case: CASE,
			}
			.into(),
		);
	});
}

#[test]
fn an_order_after_the_end_changes_nothing_and_succeeds() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		assert_ok!(Consent::withdraw(holder(), id(1)));
		System::set_block_number(4);
		let before = Consents::<Test>::get(id(1));
		assert_ok!(Consent::withdraw_by_court(court(), id(1), CASE));
		assert_eq!(Consents::<Test>::get(id(1)), before);
		assert_eq!(CourtOrders::<Test>::get(id(1)), None);
	});
}

#[test]
fn only_an_authority_for_data_protection_with_the_duty_carries_an_order_out() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		let by = |origin| Consent::withdraw_by_court(origin, id(1), CASE);
		for stranger in [HOLDER, GRANTEE] {
			let origin = delegate(stranger, Duty::Court);
			assert_noop!(by(origin), Error::<Test>::NotAuthorized);
		}
		assert_noop!(by(delegate(AUTHORITY, Duty::Oversight)), BadOrigin);
		assert_noop!(by(RuntimeOrigin::root()), BadOrigin);
		for &competence in Competence::ALL {
			change(AUTHORITY, |facts| facts.competences = competence.into());
			if competence != Competence::DataProtection {
				assert_noop!(by(court()), Error::<Test>::NotAuthorized);
			}
		}
		change(AUTHORITY, |facts| facts.competences = Competences::EMPTY);
		assert_noop!(by(court()), Error::<Test>::NotAuthorized);
		admit(AUTHORITY, OrganisationKind::Authority);
		assert_noop!(Consent::withdraw_by_court(court(), id(9), CASE), Error::<Test>::NotFound);
		let with = |case| Consent::withdraw_by_court(court(), id(1), case);
		assert_noop!(with(Commitment([0; 32])), Error::<Test>::MissingCommitment);
		assert_noop!(with(terms(1).terms), Error::<Test>::CommitmentReused);
		assert_ok!(by(court()));
	});
}

#[test]
fn an_order_has_its_place_in_full_blocks() {
	let call = Call::<Test>::withdraw_by_court { id: id(1), case: CASE };
	assert_eq!(call.get_dispatch_info().class, DispatchClass::Operational);
}
