use crate::{mock::*, Call, Error, Event, Exchanges};
use curex_primitives::{
	exchange::{batch_message, exchange_id},
	AcknowledgementCode, BatchRequest, BatchService, Categories, Commitment, Countersignature,
	Duty, ExchangeProposal, ExchangeState, OrganisationStatus,
};
use frame::{
	deps::sp_core::{Pair, H256},
	testing_prelude::*,
};

fn serve(proposal: ExchangeProposal, request: Countersignature) -> DispatchResult {
	Exchange::serve_countersigned(side(HOLDER), key(1), proposal, fresh(), request)
}

#[test]
fn request_approval_and_dispatch_are_one_transaction() {
	let record = |at_once: bool| {
		let mut seen = None;
		run(|| {
			Drawn::set(500);
			let (proposal, payload) = (pull(), fresh());
			let id = exchange_id(RECIPIENT, &key(1));
			if at_once {
				let request = countersigned(key(1), &proposal);
				let holder = side(HOLDER);
				assert_ok!(Exchange::serve_countersigned(
					holder,
					key(1),
					proposal,
					payload,
					request
				));
			} else {
				assert_ok!(Exchange::request(side(RECIPIENT), key(1), proposal));
				assert_ok!(Exchange::approve(side(HOLDER), id));
				assert_ok!(Exchange::dispatch(side(HOLDER), id, payload));
			}
			let events: Vec<_> = System::read_events_for_pallet::<Event<Test>>();
			let used = Exchange::consent(CONSENT).unwrap().used;
			seen = Some((Exchanges::<Test>::get(id), events, used));
		});
		seen.unwrap()
	};
	assert_eq!(record(true), record(false));
	assert_eq!(record(true).0.unwrap().state, ExchangeState::Dispatched);
}

#[test]
fn receipt_and_acknowledgement_are_the_second() {
	run(|| {
		let proposal = pull();
		let request = countersigned(key(1), &proposal);
		assert_ok!(serve(proposal, request));
		let id = exchange_id(RECIPIENT, &key(1));
		let complete = |by, receipt| {
			Exchange::complete(side(by), id, receipt, AcknowledgementCode::Accepted, None)
		};
		refuse(|| complete(HOLDER, fresh()), Error::NotAuthorized);
		refuse(|| complete(RECIPIENT, Commitment([0; 32])), Error::MissingCommitment);
		assert_ok!(complete(RECIPIENT, fresh()));
		assert_eq!(state_of(id), ExchangeState::Acknowledged);
	});
}

#[test]
fn a_countersigned_request_is_never_recorded_twice() {
	run(|| {
		let proposal = pull();
		let request = countersigned(key(1), &proposal);
		assert_ok!(serve(proposal.clone(), request.clone()));
		refuse(|| serve(proposal.clone(), request.clone()), Error::AlreadyExists);
		skip(10);
		refuse(|| serve(proposal.clone(), request.clone()), Error::AlreadyExists);
		skip(1);
		refuse(|| serve(proposal, request), Error::SignatureExpired);
	});
}

#[test]
fn a_signature_lives_until_its_block_and_not_for_long() {
	run(|| {
		let pair = signer(RECIPIENT, Duty::Exchange);
		let proposal = pull();
		let until = |expires_at| countersigned_by(&pair, key(1), &proposal, expires_at);
		skip(5);
		refuse(|| serve(proposal.clone(), until(5)), Error::SignatureExpired);
		let longest = 6 + DeliveryWindow::get();
		refuse(|| serve(proposal.clone(), until(longest + 1)), Error::SignatureExpired);
		refuse(|| serve(proposal.clone(), until(u32::MAX)), Error::SignatureExpired);
		assert_ok!(serve(proposal.clone(), until(longest)));
	});
}

#[test]
fn nobody_but_a_delegate_of_the_recipient_with_the_duty_signs() {
	run(|| {
		let proposal = pull();
		let signed = |organisation, duty| {
			countersigned_by(&signer(organisation, duty), key(1), &proposal, 5)
		};
		// Another member's signature names that member as recipient; the message says otherwise.
		refuse(|| serve(proposal.clone(), signed(OUTSIDER, Duty::Exchange)), Error::WrongSignature);
		refuse(|| serve(proposal.clone(), signed(RECIPIENT, Duty::Consent)), Error::WrongSigner);
		let mut stranger = signed(RECIPIENT, Duty::Exchange);
		stranger.signer = [9; 32];
		refuse(|| serve(proposal.clone(), stranger), Error::WrongSigner);
		let good = signed(RECIPIENT, Duty::Exchange);
		Signers::set(Default::default());
		refuse(|| serve(proposal.clone(), good), Error::WrongSigner);
		let good = signed(RECIPIENT, Duty::Exchange);
		set_status(RECIPIENT, OrganisationStatus::Suspended);
		refuse(|| serve(proposal.clone(), good), Error::WrongSigner);
	});
}

#[test]
fn the_holder_does_not_sign_for_its_own_request() {
	run(|| {
		let proposal = pull();
		let own = countersigned_by(&signer(HOLDER, Duty::Exchange), key(1), &proposal, 5);
		assert!(serve(proposal, own).is_err());
	});
}

#[test]
fn a_signature_over_anything_else_does_not_hold() {
	run(|| {
		let proposal = pull();
		let request = countersigned(key(1), &proposal);
		let refused =
			|proposal, request| refuse(|| serve(proposal, request), Error::WrongSignature);
		refused(
			ExchangeProposal { categories: Categories::all(), ..proposal.clone() },
			request.clone(),
		);
		refused(ExchangeProposal { envelope: fresh(), ..proposal.clone() }, request.clone());
		refused(ExchangeProposal { recipient_key: fresh(), ..proposal.clone() }, request.clone());
		refused(proposal.clone(), Countersignature { expires_at: 12, ..request.clone() });
		let mut broken = request.clone();
		broken.signature[0] ^= 1;
		refused(proposal.clone(), broken);
		refuse(
			|| {
				let holder = side(HOLDER);
				Exchange::serve_countersigned(
					holder,
					key(2),
					proposal.clone(),
					fresh(),
					request.clone(),
				)
			},
			Error::WrongSignature,
		);
		// The emergency key signs emergencies, the raw message of another domain signs nothing.
		let pair = signer(RECIPIENT, Duty::Exchange);
		let raw = Countersignature { signature: pair.sign(&proposal.encode()).0, ..request };
		refused(proposal, raw);
	});
}

#[test]
fn a_signature_for_another_chain_does_not_hold() {
	run(|| {
		let proposal = pull();
		let request = countersigned(key(1), &proposal);
		frame_system::BlockHash::<Test>::insert(0, H256([1; 32]));
		refuse(|| serve(proposal, request), Error::WrongSignature);
	});
}

#[test]
fn only_the_holder_that_was_asked_serves() {
	run(|| {
		let proposal = pull();
		let request = countersigned(key(1), &proposal);
		let by = side(HOSPITAL);
		refuse(
			|| Exchange::serve_countersigned(by, key(1), proposal, fresh(), request),
			Error::NotAuthorized,
		);
	});
}

#[test]
fn every_check_of_the_long_way_is_made() {
	run(|| {
		let with = |proposal: ExchangeProposal, payload| {
			let request = countersigned(key(1), &proposal);
			Exchange::serve_countersigned(side(HOLDER), key(1), proposal, payload, request)
		};
		let proposal = pull();
		refuse(|| with(proposal.clone(), proposal.envelope), Error::MissingCommitment);
		refuse(|| with(proposal.clone(), proposal.recipient_key), Error::MissingCommitment);
		refuse(|| with(proposal.clone(), Commitment([0; 32])), Error::MissingCommitment);
		refuse(|| with(urgent(), fresh()), Error::WrongGate);
		let wider = ExchangeProposal { categories: Categories::all(), ..pull() };
		refuse(|| with(wider, fresh()), Error::GateClosed);
		set_fit(RECIPIENT, false);
		refuse(|| with(pull(), fresh()), Error::ReleaseNeeded);
		set_fit(RECIPIENT, true);
		withdraw();
		refuse(|| with(pull(), fresh()), Error::GateClosed);
	});
}

#[test]
fn the_check_of_the_signature_is_weighed() {
	run(|| {
		let proposal = pull();
		let request = countersigned(key(1), &proposal);
		let call =
			Call::<Test>::serve_countersigned { key: key(1), proposal, payload: fresh(), request };
		let single = <() as crate::WeightInfo>::request();
		assert!(call.get_dispatch_info().call_weight.ref_time() > single.ref_time());
	});
}

/// A batch of requests that the recipient signed together, with fresh payloads.
fn signed_together(
	requests: Vec<BatchRequest>,
	expires_at: u32,
) -> (Vec<BatchService>, Countersignature) {
	let pair = signer(RECIPIENT, Duty::Exchange);
	let message = batch_message(&Exchange::genesis(), RECIPIENT, requests.iter(), expires_at);
	let signature = pair.sign(&message).0;
	let serve = |request| BatchService { request, payload: fresh() };
	let items = requests.into_iter().map(serve).collect();
	(items, Countersignature { signer: pair.public().0, signature, expires_at })
}

fn serve_all(items: Vec<BatchService>, requests: Countersignature) -> DispatchResult {
	let items = BoundedVec::try_from(items).expect("at most 256");
	Exchange::serve_countersigned_batch(side(HOLDER), items, requests)
}

fn asked(numbers: core::ops::RangeInclusive<u8>) -> Vec<BatchRequest> {
	numbers.map(|number| BatchRequest { key: key(number), proposal: pull() }).collect()
}

fn failed() -> Vec<(u32, DispatchError)> {
	let failed = |event| match event {
		Event::ItemFailed { index, error } => Some((index, error)),
		_ => None,
	};
	System::read_events_for_pallet::<Event<Test>>().into_iter().filter_map(failed).collect()
}

#[test]
fn a_countersigned_batch_records_exactly_what_single_ones_record() {
	let record = |at_once: bool| {
		let mut seen = None;
		run(|| {
			Drawn::set(500);
			let (items, request) = signed_together(asked(1..=2), 5);
			if at_once {
				assert_ok!(serve_all(items, request));
			} else {
				for BatchService { request: BatchRequest { key, proposal }, payload } in items {
					let request = countersigned(key, &proposal);
					assert_ok!(Exchange::serve_countersigned(
						side(HOLDER),
						key,
						proposal,
						payload,
						request
					));
				}
			}
			let mut events: Vec<_> = System::read_events_for_pallet::<Event<Test>>();
			if at_once {
				assert_eq!(events.pop(), Some(Event::BatchDone { taken: 2, failed: 0 }));
			}
			let records: Vec<_> = [1, 2]
				.map(|number| Exchanges::<Test>::get(exchange_id(RECIPIENT, &key(number))).unwrap())
				.into();
			let used = Exchange::consent(CONSENT).unwrap().used;
			seen = Some((records, events, used));
		});
		seen.unwrap()
	};
	assert_eq!(record(true), record(false));
}

#[test]
fn one_refusal_does_not_fail_the_others_of_a_countersigned_batch() {
	run(|| {
		let mut requests = asked(1..=5);
		requests[1].proposal.categories = Categories::all();
		requests[2].key = key(1);
		requests[3].proposal.partner = HOSPITAL;
		let (items, request) = signed_together(requests, 5);
		assert_ok!(serve_all(items.clone(), request.clone()));
		let errors = [
			(1, Error::<Test>::GateClosed.into()),
			(2, Error::<Test>::AlreadyExists.into()),
			(3, Error::<Test>::NotAuthorized.into()),
		];
		assert_eq!(failed(), errors);
		for number in [1, 5] {
			let id = exchange_id(RECIPIENT, &key(number));
			assert_eq!(state_of(id), ExchangeState::Dispatched);
		}
		System::reset_events();
		assert_ok!(serve_all(items, request));
		assert_eq!(failed().len(), 5, "nothing of it is recorded twice");
	});
}

#[test]
fn a_batch_under_another_signature_is_refused_as_a_whole() {
	run(|| {
		let (items, request) = signed_together(asked(1..=3), 5);
		let refused = |items: Vec<BatchService>, request: Countersignature, error| {
			refuse(|| serve_all(items, request), error)
		};
		let mut fewer = items.clone();
		fewer.pop();
		refused(fewer, request.clone(), Error::WrongSignature);
		let mut swapped = items.clone();
		swapped.swap(0, 1);
		refused(swapped, request.clone(), Error::WrongSignature);
		let mut other = items.clone();
		other[2].request.proposal.recipient_key = fresh();
		refused(other, request.clone(), Error::WrongSignature);
		let later = Countersignature { expires_at: 6, ..request.clone() };
		refused(items.clone(), later, Error::WrongSignature);
		let stranger = Countersignature { signer: [9; 32], ..request.clone() };
		refused(items.clone(), stranger, Error::WrongSigner);
		let (none, empty) = signed_together(Vec::new(), 5);
		refused(none, empty, Error::EmptyBatch);
		skip(5);
		refused(items, request, Error::SignatureExpired);
	});
}
