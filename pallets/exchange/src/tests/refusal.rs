//! Refusals look alike: whatever stands against a request, its trace on the ledger is the same.

use crate::{mock::*, Call};
use curex_primitives::{
	commitment, exchange::exchange_id, ConsentTerms, Duty, Exchange as Record, ExchangeState,
	Grantee, OrganisationStatus,
};
use frame::{deps::sp_io, testing_prelude::*};

/// What a reader of the ledger sees of this pallet.
#[derive(PartialEq, Debug)]
struct Trace {
	/// Declared and used weight of the request.
	weights: (Weight, Option<Weight>),
	/// The events, each with its block.
	events: Vec<(u64, RuntimeEvent)>,
	/// The pallet's whole state, block by block.
	states: Vec<Vec<(Vec<u8>, Vec<u8>)>>,
	/// The record in the end.
	record: Record,
}

fn pallet_state() -> Vec<(Vec<u8>, Vec<u8>)> {
	let prefix = sp_io::hashing::twox_128(b"Exchange").to_vec();
	let mut entries = Vec::new();
	let mut key = prefix.clone();
	while let Some(next) = sp_io::storage::next_key(&key).filter(|key| key.starts_with(&prefix)) {
		entries.push((next.clone(), sp_io::storage::get(&next).unwrap().to_vec()));
		key = next;
	}
	entries
}

/// The trace of a request in a world that `before` prepares and whose holder does `answer` after three blocks.
fn trace(before: impl Fn(), answer: impl Fn(curex_primitives::ExchangeId)) -> Trace {
	let mut trace = None;
	new_test_ext().execute_with(|| {
		Drawn::set(1_000);
		before();
		Drawn::set(2_000);
		System::reset_events();

		let call = RuntimeCall::from(Call::request { key: key(1), proposal: pull() });
		let declared = call.get_dispatch_info().call_weight;
		let used = call.dispatch(side(RECIPIENT)).expect("a well-formed request").actual_weight;
		let id = exchange_id(RECIPIENT, &key(1));
		let (mut events, mut states) = (Vec::new(), Vec::new());
		for passed in 0..AnswerWindow::get() + 5 {
			if passed == 3 {
				answer(id);
			}
			forward(1);
			let block = System::block_number();
			events.extend(
				System::read_events_for_pallet::<RuntimeEvent>()
					.into_iter()
					.map(|event| (block, event)),
			);
			System::reset_events();
			states.push(pallet_state());
		}
		let record = Exchange::exchange(id).unwrap();
		check_invariants();
		trace = Some(Trace { weights: (declared, used), events, states, record });
	});
	trace.unwrap()
}

/// The holder's gateway tries to approve and is told that the gate is closed.
fn try_to_approve(id: curex_primitives::ExchangeId) {
	let call = RuntimeCall::from(Call::approve { id });
	assert!(call.dispatch(side(HOLDER)).is_err());
}

#[test]
fn every_refusal_leaves_the_same_trace() {
	let foreign = || ConsentTerms { grantee: Grantee::Organisation(OUTSIDER), ..terms() };
	// The patient is unknown, the data restricted, the request declined: only the holder knows, and stays silent.
	let silent = trace(|| file(CONSENT, terms()), |_| ());
	assert_eq!(silent.record.state, ExchangeState::NotServed);
	assert_eq!(silent.events.len(), 2, "requested and closed");

	let worlds: [(&str, Trace); 8] = [
		(
			"withdrawn",
			trace(
				|| {
					file(CONSENT, terms());
					withdraw()
				},
				|_| (),
			),
		),
		(
			"withdrawn, tried",
			trace(
				|| {
					file(CONSENT, terms());
					withdraw()
				},
				try_to_approve,
			),
		),
		("withdrawn later", trace(|| file(CONSENT, terms()), |_| withdraw())),
		("unknown", trace(|| (), try_to_approve)),
		("other grantee", trace(|| file(CONSENT, foreign()), try_to_approve)),
		(
			"other purpose",
			trace(
				|| {
					file(
						CONSENT,
						ConsentTerms {
							purposes: curex_primitives::Purpose::Research.into(),
							..terms()
						},
					)
				},
				try_to_approve,
			),
		),
		(
			"not yet valid",
			trace(
				|| file(CONSENT, ConsentTerms { valid_from: START + DAY / 2, ..terms() }),
				try_to_approve,
			),
		),
		(
			"holder suspended",
			trace(
				|| {
					file(CONSENT, terms());
					set_status(HOLDER, OrganisationStatus::Suspended)
				},
				|_| (),
			),
		),
	];
	for (world, seen) in worlds {
		// The withdrawal itself is an event of another pallet, and no secret.
		let events: Vec<_> = seen
			.events
			.iter()
			.filter(|(_, event)| matches!(event, RuntimeEvent::Exchange(_)))
			.cloned()
			.collect();
		assert_eq!(Trace { events, ..seen }, silent, "{world}");
	}
}

#[test]
fn a_hold_looks_alike_whether_or_not_the_gate_would_refuse() {
	let held = |consented: bool| {
		trace(
			|| {
				file(CONSENT, terms());
				set_fit(RECIPIENT, false);
				if !consented {
					withdraw();
				}
			},
			|_| (),
		)
	};
	assert_eq!(held(true), held(false));
}

#[test]
fn the_code_of_another_consent_changes_no_trace() {
	let with_other = || {
		file(CONSENT, terms());
		let lock = commitment::withdraw_lock(&[9; 32]);
		let other = curex_primitives::ConsentId([0xC2; 32]);
		file(other, ConsentTerms { withdraw_lock: lock, ..terms() });
		assert_ok!(Consent::withdraw(delegate(HOLDER, Duty::Consent), other));
	};
	assert_eq!(trace(with_other, |_| ()), trace(|| file(CONSENT, terms()), |_| ()));
}
