//! Break-glass that was recorded after the fact.

use crate::{mock::*, Call, Error, Event, Exchanges, Reviews};
use curex_primitives::{
	exchange::{exchange_id, EMERGENCY_RECORDING_PERIOD},
	Categories, Commitment, Duty, EmergencySignature, ExchangeProposal, ExchangeState,
	OrganisationId,
};
use frame::testing_prelude::*;

struct Emergency {
	proposal: ExchangeProposal,
	evidence: Commitment,
	request: EmergencySignature,
}

/// An emergency that began so long ago.
fn signed(ago: u64) -> Emergency {
	let (proposal, evidence) = (urgent(), fresh());
	let moment = Now::get() - ago;
	let request = signed_emergency(key(1), &proposal, evidence, moment);
	Emergency { proposal, evidence, request }
}

fn record(by: OrganisationId, emergency: &Emergency) -> DispatchResult {
	Exchange::record_emergency(
		delegate(by, Duty::Emergency),
		key(1),
		RECIPIENT,
		emergency.proposal.clone(),
		emergency.evidence,
		emergency.request.clone(),
	)
}

#[test]
fn either_side_records_what_the_requester_signed() {
	for by in [HOLDER, RECIPIENT] {
		run(|| {
			let emergency = signed(3_600_000);
			assert_ok!(record(by, &emergency));
			let id = exchange_id(RECIPIENT, &key(1));
			let exchange = Exchanges::<Test>::get(id).unwrap();
			assert!(exchange.recorded_late);
			assert_eq!(exchange.begun, START - 3_600_000);
			assert_eq!(exchange.state, ExchangeState::Approved);
			assert!(Reviews::<Test>::contains_key(id));
			System::assert_last_event(Event::RecordedLate { exchange: id, by }.into());
			assert_ok!(Exchange::dispatch(side(HOLDER), id, fresh()));
			assert_ok!(Exchange::receive(side(RECIPIENT), id, fresh()));
		});
	}
}

#[test]
fn it_is_recorded_within_24_hours_and_never_ahead() {
	run(|| {
		let last = signed(EMERGENCY_RECORDING_PERIOD);
		Now::mutate(|now| *now += 1);
		refuse(|| record(HOLDER, &last), Error::WrongMoment);
		Now::mutate(|now| *now -= 1);
		assert_ok!(record(HOLDER, &last));
		Now::mutate(|now| *now += 10);
		let ahead = signed(0);
		Now::mutate(|now| *now -= 10);
		refuse(|| record(HOLDER, &ahead), Error::WrongMoment);
	});
}

#[test]
fn it_is_recorded_once() {
	run(|| {
		let emergency = signed(1_000);
		assert_ok!(record(HOLDER, &emergency));
		refuse(|| record(RECIPIENT, &emergency), Error::AlreadyExists);
	});
}

#[test]
fn the_moment_and_everything_else_is_what_was_signed() {
	run(|| {
		let changed = |change: fn(&mut Emergency)| {
			let mut emergency = signed(1_000);
			change(&mut emergency);
			refuse(|| record(HOLDER, &emergency), Error::WrongSignature);
		};
		changed(|emergency| emergency.request.moment += 1);
		changed(|emergency| emergency.evidence = fresh());
		changed(|emergency| emergency.proposal.categories = Categories::all());
		changed(|emergency| emergency.request.signature[5] ^= 1);
	});
}

#[test]
fn only_the_requesters_emergency_delegate_signs_and_only_a_side_records() {
	run(|| {
		let mut emergency = signed(1_000);
		refuse(|| record(HOSPITAL, &emergency), Error::NotAuthorized);
		let exchange = delegate(HOLDER, Duty::Exchange);
		assert_noop!(
			Exchange::record_emergency(
				exchange,
				key(1),
				RECIPIENT,
				emergency.proposal.clone(),
				emergency.evidence,
				emergency.request.clone(),
			),
			BadOrigin
		);
		use frame::deps::sp_core::Pair;
		emergency.request.signer = signer(RECIPIENT, Duty::Exchange).public().0;
		refuse(|| record(HOLDER, &emergency), Error::WrongSigner);
		emergency.request.signer = signer(HOLDER, Duty::Emergency).public().0;
		refuse(|| record(HOLDER, &emergency), Error::WrongSigner);
	});
}

#[test]
fn it_has_a_place_in_full_blocks() {
	run(|| {
		let emergency = signed(1_000);
		let call = Call::<Test>::record_emergency {
			key: key(1),
			recipient: RECIPIENT,
			proposal: emergency.proposal,
			ground_evidence: emergency.evidence,
			request: emergency.request,
		};
		assert_eq!(call.get_dispatch_info().class, DispatchClass::Operational);
	});
}
