use crate::{mock::*, Commitments, Error, Event, Evidence, Exchanges, PackageAssessments};
use curex_primitives::{
	Commitment, Duty, ExchangeId, ExchangeState, OrganisationId, OrganisationStatus, RecordHandle,
};
use frame::testing_prelude::*;

fn attest(by: OrganisationId, id: ExchangeId) -> DispatchResult {
	Exchange::attest_package(side(by), id, fresh())
}

fn attested(id: ExchangeId) -> (bool, bool) {
	let attested = PackageAssessments::<Test>::get(id);
	(attested.holder.is_some(), attested.recipient.is_some())
}

#[test]
fn each_side_attests_one_assessment_and_both_see_it() {
	run(|| {
		let id = delivered(1);
		let (ours, theirs) = (fresh(), fresh());
		assert_ok!(Exchange::attest_package(side(HOLDER), id, ours));
		let told = Event::PackageAssessed { exchange: id, organisation: HOLDER, assessment: ours };
		System::assert_last_event(told.into());
		assert_eq!(attested(id), (true, false));
		assert_ok!(Exchange::attest_package(side(RECIPIENT), id, theirs));
		let attested = PackageAssessments::<Test>::get(id);
		assert_eq!((attested.holder, attested.recipient), (Some(ours), Some(theirs)));
		assert_eq!(Commitments::<Test>::get(ours), Some(RecordHandle(id.0)));
		for by in [HOLDER, RECIPIENT] {
			refuse(|| attest(by, id), Error::AlreadyDone);
		}
	});
}

#[test]
fn a_stranger_attests_nothing_and_learns_no_more_than_by_any_other_call() {
	for &state in ExchangeState::ALL {
		run(|| {
			let id = in_state(state, 1);
			refuse(|| attest(OUTSIDER, id), Error::NotAuthorized);
			refuse(|| Exchange::rectify(side(OUTSIDER), id, fresh()), Error::NotAuthorized);
		});
	}
	run(|| {
		let unknown = ExchangeId([9; 32]);
		refuse(|| attest(HOLDER, unknown), Error::NotFound);
		let id = delivered(1);
		for duty in [Duty::Review, Duty::Oversight, Duty::Emergency] {
			let by = delegate(HOLDER, duty);
			assert_noop!(Exchange::attest_package(by, id, fresh()), DispatchError::BadOrigin);
		}
		set_status(HOLDER, OrganisationStatus::Suspended);
		assert_noop!(attest(HOLDER, id), DispatchError::BadOrigin);
	});
}

#[test]
fn whoever_has_no_package_attests_nothing_in_any_state() {
	use ExchangeState::{AgreementSuspended, Approved, Offered};
	for &state in ExchangeState::ALL {
		run(|| {
			let id = in_state(state, 1);
			let record = Exchanges::<Test>::get(id).unwrap();
			let before = matches!(state, Offered | Approved | AgreementSuspended);
			let holds = before || record.payload.is_some();
			let received = record.receipt.is_some();
			for (by, has) in [(HOLDER, holds), (RECIPIENT, received)] {
				if has {
					assert_ok!(attest(by, id));
				} else {
					refuse(|| attest(by, id), Error::WrongState);
				}
			}
			assert_eq!(attested(id), (holds, received), "{state:?}");
		});
	}
}

#[test]
fn an_agreement_that_lapsed_before_its_dispatch_has_no_package_and_a_delivery_that_lapsed_has() {
	run(|| {
		let (agreed, received) = (approved(1), delivered(2));
		skip(DeliveryWindow::get() + 1);
		refuse(|| attest(HOLDER, agreed), Error::WrongState);
		assert_ok!(attest(HOLDER, received));
		assert_ok!(attest(RECIPIENT, received));
	});
}

#[test]
fn a_broken_glass_is_assessed_like_any_exchange_and_served_without() {
	run(|| {
		let (id, other) = (emergency(1), emergency(2));
		for id in [id, other] {
			assert_ok!(Exchange::dispatch(side(HOLDER), id, fresh()));
			assert_ok!(Exchange::receive(side(RECIPIENT), id, fresh()));
		}
		assert_ok!(attest(HOLDER, id));
		assert_ok!(attest(RECIPIENT, id));
		assert_eq!((attested(id), attested(other)), ((true, true), (false, false)));
	});
}

#[test]
fn an_assessment_changes_nothing_of_its_exchange() {
	run(|| {
		let id = approved(1);
		let before = Exchanges::<Test>::get(id);
		assert_ok!(attest(HOLDER, id));
		assert_eq!(Exchanges::<Test>::get(id), before);
		assert_ok!(Exchange::dispatch(side(HOLDER), id, fresh()));
		assert_ok!(Exchange::receive(side(RECIPIENT), id, fresh()));
		let before = Exchanges::<Test>::get(id);
		assert_ok!(attest(RECIPIENT, id));
		assert_eq!(Exchanges::<Test>::get(id), before);
	});
}

#[test]
fn a_commitment_to_an_assessment_is_neither_zero_nor_used_before() {
	run(|| {
		let id = delivered(1);
		let zero = Commitment([0; 32]);
		let used = Exchanges::<Test>::get(id).unwrap().envelope;
		let attest = |assessment| Exchange::attest_package(side(HOLDER), id, assessment);
		refuse(|| attest(zero), Error::MissingCommitment);
		refuse(|| attest(used), Error::CommitmentReused);
		let own = fresh();
		assert_ok!(attest(own));
		// The recipient cannot pass the holder's assessment off as its own.
		refuse(|| Exchange::attest_package(side(RECIPIENT), id, own), Error::CommitmentReused);
	});
}

#[test]
fn an_assessment_goes_with_its_exchange() {
	run(|| {
		let id = acknowledged(1);
		assert_ok!(attest(HOLDER, id));
		assert_ok!(attest(RECIPIENT, id));
		forward(ExchangeRetention::get() + 2);
		assert!(!Exchanges::<Test>::contains_key(id));
		assert_eq!(PackageAssessments::<Test>::iter().count(), 0);
		assert_eq!(Evidence::<Test>::iter().count() + Commitments::<Test>::iter().count(), 0);
		refuse(|| attest(HOLDER, id), Error::NotFound);
	});
}
