use crate::{mock::*, Call, Emergencies, Error, Event, Exchanges, Reviews, EMERGENCY_PERIOD};
use curex_primitives::{
	exchange::exchange_id, Commitment, Duty, ExchangeProposal, ExchangeState, Gate, Ground,
	LegalBasis, OrganisationId, OrganisationStatus, Purpose,
};
use frame::testing_prelude::*;
use std::collections::BTreeSet;

fn invoke(number: u8, proposal: ExchangeProposal) -> DispatchResult {
	Exchange::break_glass(delegate(RECIPIENT, Duty::Emergency), key(number), proposal, fresh())
}

#[test]
fn broken_glass_is_approved_at_once_and_to_be_reviewed() {
	run(|| {
		let id = emergency(1);
		let exchange = Exchanges::<Test>::get(id).unwrap();
		assert_eq!(exchange.state, ExchangeState::Approved);
		assert_eq!(exchange.deadline, 1 + EmergencyWindow::get());
		let review = Reviews::<Test>::get(id).unwrap();
		assert!([HOSPITAL, AUTHORITY].contains(&review.reviewer.unwrap()));
		assert_eq!(review.due, 1 + ReviewWindow::get());
		assert_eq!((review.verdict, review.reasons), (None, None));
		let broken = Event::GlassBroken {
			exchange: id,
			recipient: RECIPIENT,
			holder: HOLDER,
			ground: Ground::LifeThreat,
			reviewer: review.reviewer,
		};
		System::assert_has_event(broken.into());
		assert_ok!(Exchange::dispatch(side(HOLDER), id, fresh()));
		assert_ok!(Exchange::receive(side(RECIPIENT), id, fresh()));
	});
}

#[test]
fn neither_consent_nor_risk_stands_in_the_way() {
	run(|| {
		withdraw();
		set_fit(RECIPIENT, false);
		let id = emergency(1);
		assert_ok!(Exchange::dispatch(side(HOLDER), id, fresh()));
	});
}

#[test]
fn a_suspension_after_it_does_not_end_it() {
	run(|| {
		let id = emergency(1);
		assert_ok!(Exchange::dispatch(side(HOLDER), id, fresh()));
		set_status(HOLDER, OrganisationStatus::Suspended);
		assert_ok!(Exchange::receive(side(RECIPIENT), id, fresh()));
	});
}

#[test]
fn frequent_use_raises_an_alarm_and_is_never_refused() {
	run(|| {
		let alarms = || {
			let alarm = |event: &RuntimeEvent| {
				matches!(event, RuntimeEvent::Exchange(Event::EmergencyAlarmRaised { .. }))
			};
			System::events().iter().filter(|record| alarm(&record.event)).count()
		};
		for number in 1..=10 {
			emergency(number);
			assert_eq!(alarms(), usize::from(number.saturating_sub(2)));
		}
		assert_eq!(Emergencies::<Test>::get(RECIPIENT).1, 10);
		Now::mutate(|now| *now += EMERGENCY_PERIOD);
		emergency(11);
		assert_eq!(Emergencies::<Test>::get(RECIPIENT).1, 1, "another period");
		assert_eq!(alarms(), 8);
	});
}

#[test]
fn no_side_is_ever_chosen_to_review_and_others_all_are() {
	run(|| {
		let mut chosen = BTreeSet::new();
		for number in 1..=40 {
			let id = emergency(number);
			chosen.insert(Reviews::<Test>::get(id).unwrap().reviewer.unwrap());
		}
		assert_eq!(chosen, BTreeSet::from([HOSPITAL, AUTHORITY]));
	});
}

#[test]
fn without_anybody_to_review_it_is_served_all_the_same() {
	run(|| {
		for organisation in [HOSPITAL, AUTHORITY] {
			set_status(organisation, OrganisationStatus::Suspended);
		}
		let id = emergency(1);
		assert_eq!(Reviews::<Test>::get(id).unwrap().reviewer, None);
		assert_ok!(Exchange::dispatch(side(HOLDER), id, fresh()));
	});
}

#[test]
fn only_emergency_treatment_by_whoever_treats_breaks_the_glass() {
	run(|| {
		let refused = |proposal, error| refuse(|| invoke(1, proposal), error);
		refused(
			ExchangeProposal { purpose: Purpose::Treatment, ..urgent() },
			Error::NotAnEmergency,
		);
		refused(
			ExchangeProposal { gate: Gate::Statutory(LegalBasis::VITAL_INTERESTS), ..urgent() },
			Error::WrongGate,
		);
		refused(ExchangeProposal { partner: RECIPIENT, ..urgent() }, Error::PartnerIsSelf);
		refused(
			ExchangeProposal { partner: OrganisationId(99), ..urgent() },
			Error::PartnerNotFound,
		);
		let authority = delegate(AUTHORITY, Duty::Emergency);
		refuse(|| Exchange::break_glass(authority, key(1), urgent(), fresh()), Error::GateClosed);
		set_status(HOLDER, OrganisationStatus::Suspended);
		refused(urgent(), Error::GateClosed);
	});
}

#[test]
fn only_a_delegate_with_the_duty_breaks_the_glass() {
	run(|| {
		for origin in [side(RECIPIENT), RuntimeOrigin::root(), RuntimeOrigin::none()] {
			assert_noop!(Exchange::break_glass(origin, key(1), urgent(), fresh()), BadOrigin);
		}
	});
}

#[test]
fn the_evidence_of_the_ground_is_whole_and_its_own() {
	run(|| {
		let origin = || delegate(RECIPIENT, Duty::Emergency);
		let proposal = urgent();
		for evidence in [Commitment([0; 32]), proposal.envelope, proposal.recipient_key] {
			refuse(
				|| Exchange::break_glass(origin(), key(1), proposal.clone(), evidence),
				Error::MissingCommitment,
			);
		}
		let id = emergency(1);
		refuse(|| invoke(1, urgent()), Error::AlreadyExists);
		let used = Reviews::<Test>::get(id).unwrap().evidence;
		refuse(|| Exchange::break_glass(origin(), key(2), urgent(), used), Error::CommitmentReused);
		assert_eq!(id, exchange_id(RECIPIENT, &key(1)));
	});
}

#[test]
fn it_has_a_place_in_full_blocks() {
	run(|| {
		let call =
			Call::<Test>::break_glass { key: key(1), proposal: urgent(), ground_evidence: fresh() };
		assert_eq!(call.get_dispatch_info().class, DispatchClass::Operational);
	});
}
