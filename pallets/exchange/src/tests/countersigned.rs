use crate::{mock::*, Call, Error, Event, Exchanges};
use curex_primitives::{
	exchange::exchange_id, AcknowledgementCode, Categories, Commitment, Countersignature, Duty,
	ExchangeProposal, ExchangeState, OrganisationStatus,
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
