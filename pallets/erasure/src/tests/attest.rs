use crate::{mock::*, Attestations, Error, Event};
use curex_primitives::{
	erasure::{answer_leaf, ATTESTATION_PERIOD},
	merkle, ErasureMethod, ErasureOutcome, RefusalGround, SLOTS,
};
use frame::testing_prelude::*;

#[test]
fn an_organisation_attests_every_order_of_a_batch_at_once() {
	run(|| {
		released();
		let duties = Erasure::duties_of(HOSPITAL, 9);
		assert_eq!(duties.len(), 1);
		assert_ok!(attest(HOSPITAL, TODAY, 1));
		let method = ErasureMethod::CryptographicErase;
		let event = Event::Attested { day: TODAY, organisation: HOSPITAL, method, late: false };
		System::assert_last_event(event.into());
		assert!(Erasure::duties_of(HOSPITAL, 9).is_empty());
		refuse(|| attest(HOSPITAL, TODAY, 2), Error::NothingToAttest);
	});
}

#[test]
fn a_refusal_under_article_17_3_is_an_answer_that_is_proven_off_the_ledger() {
	run(|| {
		released();
		let orders = Erasure::orders_of(TODAY);
		let outcome = |index: usize| match index {
			3 => ErasureOutcome::Refused(RefusalGround::OwnTreatmentRecord),
			_ => ErasureOutcome::NothingHeld,
		};
		let leaf = |index: usize| answer_leaf(&orders[index], outcome(index), &[index as u8; 32]);
		let leaves = (0..SLOTS).map(|index| merkle::leaf(leaf(index).as_ref())).collect();
		let tree = merkle::Tree::new(leaves);
		let method = ErasureMethod::CryptographicErase;
		let attested = Erasure::attest(officer(HOSPITAL), TODAY, tree.top(), method, commitment(1));
		assert_ok!(attested);
		let attestation = Attestations::<Test>::get(TODAY, HOSPITAL).unwrap();
		assert_eq!(attestation.answers, tree.root());
		let proof = tree.prove(3).unwrap();
		assert!(attestation.shows(&orders[3], outcome(3), &[3; 32], &proof));
		assert!(!attestation.shows(&orders[3], outcome(0), &[3; 32], &proof));
	});
}

#[test]
fn an_answer_that_leaves_an_order_out_proves_nothing() {
	run(|| {
		released();
		let orders = Erasure::orders_of(TODAY);
		let leaf = |index: usize| {
			answer_leaf(&orders[index], ErasureOutcome::NothingHeld, &[index as u8; 32])
		};
		let leaves = (0..SLOTS - 1).map(|index| merkle::leaf(leaf(index).as_ref())).collect();
		let short = merkle::Tree::new(leaves);
		let method = ErasureMethod::CryptographicErase;
		let attested =
			Erasure::attest(officer(HOSPITAL), TODAY, short.top(), method, commitment(1));
		assert_ok!(attested);
		let attestation = Attestations::<Test>::get(TODAY, HOSPITAL).unwrap();
		assert_ne!(attestation.answers, short.root(), "the ledger counts the orders itself");
		let proof = short.prove(3).unwrap();
		let shown = attestation.shows(&orders[3], ErasureOutcome::NothingHeld, &[3; 32], &proof);
		assert!(!shown);
	});
}

#[test]
fn a_late_attestation_is_taken_and_marked() {
	for (at, late) in [(0, false), (1, true)] {
		run(|| {
			released();
			Now::set(START + DAY + ATTESTATION_PERIOD + at);
			assert_ok!(attest(HOSPITAL, TODAY, 1));
			assert_eq!(Attestations::<Test>::get(TODAY, HOSPITAL).unwrap().late, late);
		});
	}
}

#[test]
fn a_malformed_attestation_is_refused() {
	run(|| {
		assert_ok!(file(HOSPITAL, 1));
		refuse(|| attest(HOSPITAL, TODAY, 1), Error::NotFound);
		begin(START + DAY);
		refuse(|| attest(HOSPITAL, TODAY + 1, 1), Error::NotFound);
		refuse(|| attest(AUTHORITY, TODAY, 1), Error::NotAuthorized);
		refuse(|| attest(HOSPITAL, TODAY, 0), Error::MissingCommitment);
		let method = ErasureMethod::Overwrite;
		let empty = || Erasure::attest(officer(HOSPITAL), TODAY, [0; 32], method, commitment(1));
		refuse(empty, Error::MissingCommitment);
		assert_ok!(attest(HOSPITAL, TODAY, 1));
		refuse(|| attest(OTHER, TODAY, 1), Error::CommitmentReused);
	});
}
