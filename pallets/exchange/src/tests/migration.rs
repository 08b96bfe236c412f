//! Versions 1 to 2 to 3, over exchanges of every state of version 1.

use crate::{
	migrations::{
		BothSides, Closing, NextClosing, NextPruning, OldExchange, OldGate, OldReview, Pruning,
		ToVersion2, ToVersion3,
	},
	mock::*,
	Commitments, Duties, Error, Evidence, Exchanges, NextAgenda, Pallet, Reviews, Sequences,
};
use curex_primitives::{
	exchange::exchange_id, AcknowledgementCode, Commitment, Direction, ExchangeId, ExchangeState,
	Gate, Ground, LegalBasis, Obligation, Purpose, RecordHandle, ReviewVerdict,
};
use frame::{
	deps::frame_support::{
		storage::storage_prefix,
		traits::{GetStorageVersion, OnRuntimeUpgrade, StorageVersion, UncheckedOnRuntimeUpgrade},
	},
	testing_prelude::*,
};

const STATES: [ExchangeState; 10] = [
	ExchangeState::Requested,
	ExchangeState::Held,
	ExchangeState::Offered,
	ExchangeState::Approved,
	ExchangeState::Dispatched,
	ExchangeState::Delivered,
	ExchangeState::Acknowledged,
	ExchangeState::NotServed,
	ExchangeState::Terminated,
	ExchangeState::Expired,
];

fn raw_put(storage: &[u8], hashed_key: Vec<u8>, value: Vec<u8>) {
	let key = [&storage_prefix(b"Exchange", storage)[..], &hashed_key].concat();
	frame::deps::sp_io::storage::set(&key, &value);
}

/// Writes an exchange as version 1 did.
fn old(state: ExchangeState, number: u8, gate: OldGate) -> ExchangeId {
	use ExchangeState::*;
	let direction = if state == Offered { Direction::Push } else { Direction::Pull };
	let initiator = if state == Offered { HOLDER } else { RECIPIENT };
	let id = exchange_id(initiator, &key(number));
	let sequence = Sequences::<Test>::mutate(initiator, |last| {
		*last += 1;
		*last
	});
	let sent = matches!(state, Dispatched | Delivered | Acknowledged);
	let received = matches!(state, Delivered | Acknowledged);
	let exchange = OldExchange {
		direction,
		holder: HOLDER,
		recipient: RECIPIENT,
		gate,
		purpose: Purpose::Treatment,
		categories: curex_primitives::Category::PatientSummary.into(),
		state,
		envelope: fresh(),
		recipient_key: if state == Offered { Commitment([0; 32]) } else { fresh() },
		payload: sent.then(fresh),
		receipt: received.then(fresh),
		acknowledgement: (state == Acknowledged).then_some(AcknowledgementCode::Accepted),
		released: None,
		deadline: 50,
		begun_at: u32::from(number),
		begun: START,
		sequence,
	};
	let key = (exchange.recipient_key != Commitment([0; 32])).then_some(exchange.recipient_key);
	let parts = [Some(exchange.envelope), key, exchange.payload, exchange.receipt];
	for commitment in parts.into_iter().flatten() {
		Commitments::<Test>::insert(commitment, RecordHandle(id.0));
	}
	if !state.is_final() {
		Closing::<Test>::insert(50, id, ());
	}
	raw_put(b"Exchanges", id.0.to_vec(), exchange.encode());
	id
}

fn old_review(id: ExchangeId, due: u32, verdict: Option<ReviewVerdict>) {
	let (evidence, reasons) = (fresh(), verdict.map(|_| fresh()));
	for commitment in core::iter::once(evidence).chain(reasons) {
		Commitments::<Test>::insert(commitment, RecordHandle(id.0));
	}
	let reviewer = Some(HOSPITAL);
	let review = OldReview { reviewer, evidence, due, verdict, reasons };
	raw_put(b"Reviews", id.0.to_vec(), review.encode());
	if verdict.is_none() && due >= NextClosing::<Test>::get() {
		let block = frame::deps::sp_io::hashing::twox_64(&due.encode());
		let key = [&block[..], &due.encode(), &id.0].concat();
		raw_put(b"ReviewsDue", key, ().encode());
	}
}

#[test]
fn exchanges_of_every_state_survive_with_all_that_belongs_to_them() {
	new_test_ext().execute_with(|| {
		System::set_block_number(30);
		NextClosing::<Test>::put(29);
		let consent = OldGate::Consent(CONSENT);
		let ids: Vec<_> =
			(1..).zip(STATES).map(|(number, state)| old(state, number, consent)).collect();
		let urgent = OldGate::BreakGlass(Ground::LifeThreat);
		let glass = [20, 21, 22].map(|number| old(ExchangeState::Approved, number, urgent));
		old_review(glass[0], 40, None);
		old_review(glass[1], 10, None);
		old_review(glass[2], 40, Some(ReviewVerdict::Justified));
		// Evidence of an acknowledgement, which version 1 kept in no record.
		let evidence = fresh();
		Commitments::<Test>::insert(evidence, RecordHandle(ids[6].0));

		StorageVersion::new(1).put::<Pallet<Test>>();
		ToVersion2::<Test>::on_runtime_upgrade();
		assert_eq!(Pallet::<Test>::on_chain_storage_version(), 2);
		assert_eq!(Closing::<Test>::iter().count(), 9);
		assert_eq!(Pruning::<Test>::iter().count(), 4);
		ToVersion3::<Test>::on_runtime_upgrade();
		assert_eq!(Pallet::<Test>::on_chain_storage_version(), 3);
		assert_eq!(Closing::<Test>::iter().count() + Pruning::<Test>::iter().count(), 0);
		assert!(!NextClosing::<Test>::exists() && !NextPruning::<Test>::exists());
		assert_eq!(NextAgenda::<Test>::get(), 29);
		check_invariants();

		for (id, state) in ids.iter().zip(STATES) {
			let exchange = Exchanges::<Test>::get(id).unwrap();
			assert_eq!(exchange.state, state);
			assert_eq!(exchange.ended_at, state.is_final().then_some(30));
		}
		assert_eq!(Evidence::<Test>::get(ids[6]).into_inner(), [evidence]);
		let review = |index: usize| Reviews::<Test>::get(glass[index]).unwrap();
		assert!(!review(0).overdue && review(1).overdue && !review(2).overdue);
		assert!(Duties::<Test>::get(glass[1], Obligation::Review).unwrap().overdue);
		assert!(!Duties::<Test>::contains_key(glass[2], Obligation::Review));

		// The numbers given before stay, those of the other side follow.
		let first = Exchanges::<Test>::get(ids[0]).unwrap();
		assert_eq!((first.recipient_sequence, first.holder_sequence), (1, 2));
		let offer = Exchanges::<Test>::get(ids[2]).unwrap();
		assert_eq!((offer.holder_sequence, offer.recipient_sequence), (1, 13));

		// And life goes on.
		file(CONSENT, terms());
		assert_ok!(Exchange::approve(side(HOLDER), ids[0]));
		assert_ok!(Exchange::receive(side(RECIPIENT), ids[4], fresh()));
		let grounds = curex_primitives::DisputeGrounds::Content;
		assert_ok!(Exchange::dispute(side(RECIPIENT), ids[6], grounds, fresh()));
		let hospital = delegate(HOSPITAL, curex_primitives::Duty::Review);
		let verdict = ReviewVerdict::Inconclusive;
		assert_ok!(Exchange::review(hospital, glass[1], verdict, fresh()));
		forward(ExchangeRetention::get() + 120);
		check_invariants();
		assert_eq!(Exchanges::<Test>::iter().count(), 0);
	});
}

#[test]
fn an_exchange_under_a_permit_of_version_1_names_no_extraction() {
	new_test_ext().execute_with(|| {
		grant();
		let id = old(ExchangeState::Requested, 1, OldGate::Permit(PERMIT));
		let care = old(ExchangeState::Requested, 2, OldGate::Statutory(LegalBasis::CARE));
		BothSides::<Test>::on_runtime_upgrade();
		let gate = |id| Exchanges::<Test>::get(id).unwrap().gate;
		assert_eq!(gate(id), Gate::Permit { permit: PERMIT, extraction: u32::MAX });
		assert_eq!(gate(care), Gate::Statutory(LegalBasis::CARE));
		refuse(|| Exchange::approve(side(HOLDER), id), Error::GateClosed);
	});
}

#[test]
fn nothing_is_migrated_twice() {
	run(|| {
		let id = requested(1);
		let before = Exchanges::<Test>::get(id);
		ToVersion2::<Test>::on_runtime_upgrade();
		ToVersion3::<Test>::on_runtime_upgrade();
		assert_eq!(Exchanges::<Test>::get(id), before);
		assert_eq!(Pallet::<Test>::on_chain_storage_version(), 3);
		check_invariants();
	});
}

#[test]
fn the_migration_weighs_every_record() {
	new_test_ext().execute_with(|| {
		let none = BothSides::<Test>::on_runtime_upgrade();
		old(ExchangeState::Requested, 1, OldGate::Consent(CONSENT));
		let one = BothSides::<Test>::on_runtime_upgrade();
		// The mock's database weighs nothing; the count must not go down.
		assert!(one.all_gte(none));
	});
}
