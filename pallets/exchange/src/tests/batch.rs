use crate::{mock::*, Batch, Call, Documents, Error, Event, Exchanges, Sequences};
use curex_primitives::{
	batch::document_tree, exchange::exchange_id, AcknowledgementCode, BatchAnswer, BatchCompletion,
	BatchRequest, Commitment, ConsentTerms, DocumentRoot, ExchangeId, ExchangeProposal,
	ExchangeState, Gate, LegalBasis, MerkleRoot, OrganisationId, Purpose, SizeBucket,
};
use frame::testing_prelude::*;

fn batch<Item>(items: Vec<Item>) -> Batch<Item> {
	items.try_into().ok().expect("at most 256")
}

fn asking(number: u8) -> BatchRequest {
	BatchRequest { key: key(number), proposal: pull() }
}

fn ids(numbers: core::ops::RangeInclusive<u8>) -> Vec<ExchangeId> {
	numbers.map(|number| exchange_id(RECIPIENT, &key(number))).collect()
}

fn answers(ids: &[ExchangeId]) -> Batch<BatchAnswer> {
	batch(ids.iter().map(|id| BatchAnswer { exchange: *id, payload: fresh() }).collect())
}

fn completions(ids: &[ExchangeId]) -> Batch<BatchCompletion> {
	let complete = |id: &ExchangeId| BatchCompletion {
		exchange: *id,
		receipt: fresh(),
		code: AcknowledgementCode::Accepted,
		evidence: None,
	};
	batch(ids.iter().map(complete).collect())
}

fn failures() -> Vec<(u32, DispatchError)> {
	let failed = |event| match event {
		Event::ItemFailed { index, error } => Some((index, error)),
		_ => None,
	};
	System::read_events_for_pallet::<Event<Test>>().into_iter().filter_map(failed).collect()
}

#[test]
fn three_batches_take_256_exchanges_from_request_to_acknowledgement() {
	new_test_ext().execute_with(|| {
		file(CONSENT, ConsentTerms { max_uses: 256, ..terms() });
		let keys: Vec<[u8; 32]> = (0..256u32)
			.map(|number| {
				let mut key = [3; 32];
				key[..4].copy_from_slice(&number.to_le_bytes());
				key
			})
			.collect();
		let asked = keys.iter().map(|key| BatchRequest { key: *key, proposal: pull() }).collect();
		assert_ok!(Exchange::request_batch(side(RECIPIENT), batch(asked)));
		let ids: Vec<_> = keys.iter().map(|key| exchange_id(RECIPIENT, key)).collect();
		assert_ok!(Exchange::answer_batch(side(HOLDER), answers(&ids)));
		assert_ok!(Exchange::complete_batch(side(RECIPIENT), completions(&ids)));
		assert!(ids.iter().all(|id| state_of(*id) == ExchangeState::Acknowledged));
		assert_eq!(Sequences::<Test>::get(HOLDER), 256);
		assert!(failures().is_empty());
		check_invariants();
	});
}

#[test]
fn a_batch_records_exactly_what_single_calls_record() {
	let recorded = |at_once: bool| {
		let mut seen = None;
		run(|| {
			Drawn::set(500);
			let asked = vec![asking(1), asking(2)];
			if at_once {
				assert_ok!(Exchange::request_batch(side(RECIPIENT), batch(asked)));
			} else {
				for item in asked {
					assert_ok!(Exchange::request(side(RECIPIENT), item.key, item.proposal));
				}
			}
			let ids = ids(1..=2);
			let answered = answers(&ids);
			if at_once {
				assert_ok!(Exchange::answer_batch(side(HOLDER), answered));
			} else {
				for item in answered {
					assert_ok!(Exchange::approve(side(HOLDER), item.exchange));
					assert_ok!(Exchange::dispatch(side(HOLDER), item.exchange, item.payload));
				}
			}
			let events: Vec<_> = System::read_events_for_pallet::<Event<Test>>()
				.into_iter()
				.filter(|event| !matches!(event, Event::BatchDone { .. }))
				.collect();
			let records: Vec<_> = ids.iter().map(Exchanges::<Test>::get).collect();
			seen = Some((events, records));
		});
		seen.unwrap()
	};
	assert_eq!(recorded(true), recorded(false));
}

#[test]
fn a_defect_or_refusal_fails_its_item_and_no_other() {
	run(|| {
		let mut asked: Vec<_> = (1..=5).map(asking).collect();
		asked[1].proposal.partner = RECIPIENT;
		asked[3].proposal.envelope = asked[2].proposal.envelope;
		assert_ok!(Exchange::request_batch(side(RECIPIENT), batch(asked)));
		assert_eq!(
			failures(),
			[(1, Error::<Test>::PartnerIsSelf.into()), (3, Error::<Test>::CommitmentReused.into())]
		);
		System::assert_last_event(Event::BatchDone { taken: 3, failed: 2 }.into());
		assert_eq!(Sequences::<Test>::get(RECIPIENT), 3, "what fails takes no number");

		System::reset_events();
		// The consent allows two uses.
		let ids = [1, 3, 5].map(|number| exchange_id(RECIPIENT, &key(number)));
		assert_ok!(Exchange::answer_batch(side(HOLDER), answers(&ids)));
		assert_eq!(failures(), [(2, Error::<Test>::GateClosed.into())]);
		assert_eq!(state_of(ids[2]), ExchangeState::Requested);
	});
}

#[test]
fn an_item_is_approved_and_dispatched_or_neither() {
	run(|| {
		let ids = [requested(1), requested(2)];
		let used = Exchanges::<Test>::get(ids[0]).unwrap().envelope;
		let mut answered = answers(&ids).into_inner();
		answered[0].payload = used;
		assert_ok!(Exchange::answer_batch(side(HOLDER), batch(answered)));
		assert_eq!(failures(), [(0, Error::<Test>::CommitmentReused.into())]);
		assert_eq!(state_of(ids[0]), ExchangeState::Requested, "the approval is undone");
		assert_eq!(Exchange::consent(CONSENT).unwrap().used, 1, "and so is the use");
		assert_eq!(state_of(ids[1]), ExchangeState::Dispatched);
	});
}

#[test]
fn the_same_item_twice_in_a_batch_is_taken_once() {
	run(|| {
		let item = asking(1);
		let twice = batch(vec![item.clone(), item]);
		assert_ok!(Exchange::request_batch(side(RECIPIENT), twice));
		assert_eq!(failures(), [(1, Error::<Test>::AlreadyExists.into())]);
		let id = exchange_id(RECIPIENT, &key(1));
		assert_ok!(Exchange::answer_batch(side(HOLDER), answers(&[id, id])));
		assert_eq!(Exchange::consent(CONSENT).unwrap().used, 1);
		assert_ok!(Exchange::complete_batch(side(RECIPIENT), completions(&[id, id])));
		assert_eq!(state_of(id), ExchangeState::Acknowledged);
	});
}

#[test]
fn an_empty_batch_is_refused_and_a_longer_one_cannot_be_written() {
	run(|| {
		refuse(|| Exchange::request_batch(side(RECIPIENT), batch(vec![])), Error::EmptyBatch);
		refuse(|| Exchange::answer_batch(side(HOLDER), batch(vec![])), Error::EmptyBatch);
		refuse(|| Exchange::complete_batch(side(RECIPIENT), batch(vec![])), Error::EmptyBatch);
		let many = vec![asking(1); 257];
		assert!(Batch::<BatchRequest>::decode(&mut &many.encode()[..]).is_err());
	});
}

#[test]
fn the_weight_grows_with_the_items_not_with_their_fate() {
	let weight = |count: usize| {
		let items = batch(vec![asking(1); count]);
		Call::<Test>::request_batch { items }.get_dispatch_info().call_weight
	};
	assert!(weight(2).all_gt(weight(1)));
	let step = weight(2) - weight(1);
	assert_eq!(weight(256) - weight(1), step * 255);
}

#[test]
fn only_the_delegate_of_the_right_side_sends_a_batch() {
	run(|| {
		let items = batch(vec![asking(1)]);
		assert_noop!(Exchange::request_batch(RuntimeOrigin::root(), items), BadOrigin);
		let id = requested(1);
		System::reset_events();
		assert_ok!(Exchange::answer_batch(side(OUTSIDER), answers(&[id])));
		assert_eq!(failures(), [(0, Error::<Test>::NotAuthorized.into())]);
	});
}

fn documents(count: u8) -> Vec<Commitment> {
	(1..=count).map(|number| Commitment([number; 32])).collect()
}

#[test]
fn many_documents_under_one_consent_are_proven_against_one_root() {
	run(|| {
		let id = approved(1);
		let documents = documents(7);
		let tree = document_tree(&id, &documents).unwrap();
		let root = DocumentRoot::of(&tree);
		assert_ok!(Exchange::dispatch_documents(side(HOLDER), id, fresh(), root.clone()));
		assert_eq!(state_of(id), ExchangeState::Dispatched);
		assert_eq!(Exchange::consent(CONSENT).unwrap().used, 1, "one use for all");
		let kept = Documents::<Test>::get(id).unwrap();
		assert_eq!(kept, root);
		for (index, document) in (0..).zip(&documents) {
			assert!(kept.contains(&id, document, &tree.prove(index).unwrap()));
		}
		assert!(!kept.contains(&id, &Commitment([99; 32]), &tree.prove(0).unwrap()));
	});
}

#[test]
fn a_permits_extraction_is_gated_once_and_rooted() {
	run(|| {
		grant();
		let research = |number| {
			let proposal =
				ExchangeProposal { gate: UNDER_PERMIT, purpose: Purpose::Research, ..pull() };
			assert_ok!(Exchange::request(side(RECIPIENT), key(number), proposal));
			exchange_id(RECIPIENT, &key(number))
		};
		let id = research(1);
		assert_ok!(Exchange::approve(side(HOLDER), id));
		let root = DocumentRoot { root: MerkleRoot([4; 32]), count: SizeBucket::More };
		assert_ok!(Exchange::dispatch_documents(side(HOLDER), id, fresh(), root));
		let other = research(2);
		Granted::mutate(|permit| permit.as_mut().unwrap().revoked_at = Some(1));
		refuse(|| Exchange::approve(side(HOLDER), other), Error::GateClosed);
		// What was extracted from another, or never, does not go out.
		Granted::mutate(|permit| permit.as_mut().unwrap().revoked_at = None);
		for extracted in [None, Some(OUTSIDER)] {
			Extracted::set(extracted);
			refuse(|| Exchange::approve(side(HOLDER), other), Error::GateClosed);
		}
		Extracted::set(Some(HOLDER));
		// Nor does anything go to whom the permit does not name.
		Granted::mutate(|permit| permit.as_mut().unwrap().user = OrganisationId(77));
		refuse(|| Exchange::approve(side(HOLDER), other), Error::GateClosed);
		Granted::mutate(|permit| permit.as_mut().unwrap().user = RECIPIENT);
		assert_ok!(Exchange::approve(side(HOLDER), other));
	});
}

#[test]
fn documents_need_one_consent_or_permit_and_a_root_of_something() {
	run(|| {
		let root = |byte| DocumentRoot { root: MerkleRoot([byte; 32]), count: SizeBucket::Tens };
		let send = |id, root| Exchange::dispatch_documents(side(HOLDER), id, fresh(), root);
		let care = ExchangeProposal { gate: Gate::Statutory(LegalBasis::CARE), ..pull() };
		assert_ok!(Exchange::request(side(RECIPIENT), key(9), care));
		let statutory = exchange_id(RECIPIENT, &key(9));
		assert_ok!(Exchange::approve(side(HOLDER), statutory));
		refuse(|| send(statutory, root(4)), Error::WrongGate);
		let urgent = emergency(8);
		refuse(|| send(urgent, root(4)), Error::WrongGate);
		let id = approved(1);
		refuse(|| send(id, root(0)), Error::MissingCommitment);
		refuse(
			|| send(id, DocumentRoot { count: SizeBucket::None, ..root(4) }),
			Error::MissingCommitment,
		);
		assert_ok!(send(id, root(4)));
		let other = approved(2);
		refuse(|| send(other, root(4)), Error::CommitmentReused);
	});
}

#[test]
fn an_item_that_is_not_plain_weighs_what_a_single_one_weighs() {
	let item = |code, evidence| BatchCompletion {
		exchange: ExchangeId([1; 32]),
		receipt: Commitment([2; 32]),
		code,
		evidence,
	};
	let (accepted, reversed) = (AcknowledgementCode::Accepted, AcknowledgementCode::WrongPatient);
	let weight = |items: Vec<BatchCompletion>| {
		Call::<Test>::complete_batch { items: batch(items) }.get_dispatch_info().call_weight
	};
	let plain = weight(vec![item(accepted, None), item(accepted, None)]);
	let single = <() as crate::WeightInfo>::complete();
	for other in [item(accepted, Some(Commitment([3; 32]))), item(reversed, None)] {
		assert_eq!(weight(vec![item(accepted, None), other]), plain + single);
	}
	let alone = |item: BatchCompletion| {
		let BatchCompletion { exchange: id, receipt, code, evidence } = item;
		Call::<Test>::complete { id, receipt, code, evidence }.get_dispatch_info().call_weight
	};
	assert_eq!(alone(item(reversed, None)), single);
	assert!(alone(item(accepted, None)).ref_time() < single.ref_time());
}
