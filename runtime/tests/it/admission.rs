//! Who is let in, through the whole pipeline of a transaction.

use crate::{
	fixed_size::{calls_of, metadata},
	network::{apply, general, network, signed, Ended},
};
use codec::{Decode, Encode};
use curex_primitives::{
	commitment, AccessMode, Category, Commitment, ConsentId, ConsentTerms, Grantee, LegalBasis,
	OrganisationId, Purpose, Representation,
};
use curex_runtime::{
	admission::{AdmissionTable, CallFilter},
	Runtime, RuntimeCall, UncheckedExtrinsic,
};
use frame_support::{dispatch::DispatchClass, traits::Contains};
use pallet_consortium::{AdmissionRules, Rule};
use sp_keyring::Sr25519Keyring;
use sp_runtime::transaction_validity::InvalidTransaction;

fn remark() -> RuntimeCall {
	RuntimeCall::System(frame_system::Call::remark { remark: b"free text".to_vec() })
}

fn terms(code: &[u8; 32]) -> ConsentTerms {
	let now = pallet_timestamp::Now::<Runtime>::get();
	ConsentTerms {
		grantee: Grantee::Organisation(OrganisationId(4)),
		basis: LegalBasis::EXPLICIT_CONSENT,
		purposes: Purpose::Treatment.into(),
		categories: Category::PatientSummary.into(),
		access_modes: AccessMode::View.into(),
		valid_from: now,
		valid_until: now + 1_000_000,
		erase_at: now + 1_000_000,
		max_uses: 1,
		min_interval_s: 0,
		terms: Commitment([1; 32]),
		evidence: Commitment([2; 32]),
		withdraw_lock: commitment::withdraw_lock(code),
		policy_version: 1,
		representation: Representation::Own,
	}
}

fn file(code: &[u8; 32]) -> RuntimeCall {
	RuntimeCall::Consent(pallet_consent::Call::file { id: ConsentId([9; 32]), terms: terms(code) })
}

fn withdraw(code: [u8; 32]) -> RuntimeCall {
	RuntimeCall::Consent(pallet_consent::Call::withdraw_by_code { id: ConsentId([9; 32]), code })
}

#[test]
fn free_text_is_refused_alone_and_in_a_batch() {
	network(|| {
		let batch = |calls| RuntimeCall::Utility(pallet_utility::Call::batch { calls });
		for call in [remark(), batch(vec![remark()]), batch(vec![batch(vec![remark()])])] {
			assert_eq!(
				apply(signed(Sr25519Keyring::Alice, call)),
				Ended::Refused(InvalidTransaction::Call.into())
			);
		}
	});
}

#[test]
fn a_stranger_is_refused() {
	network(|| {
		let ended = apply(signed(Sr25519Keyring::One, file(&[7; 32])));
		assert!(matches!(ended, Ended::Refused(_)), "{ended:?}");
	});
}

#[test]
fn a_consent_is_withdrawn_by_its_code_without_account_and_by_nothing_else() {
	network(|| {
		let code = [7; 32];
		assert_eq!(apply(signed(Sr25519Keyring::Alice, file(&code))), Ended::Done);
		let wrong = apply(general(withdraw([8; 32])));
		assert!(matches!(wrong, Ended::Refused(_)), "{wrong:?}");
		let sent_signed = apply(signed(Sr25519Keyring::Eve, withdraw(code)));
		assert!(!matches!(sent_signed, Ended::Done), "{sent_signed:?}");
		assert_eq!(apply(general(withdraw(code))), Ended::Done);
		let again = apply(general(withdraw(code)));
		assert!(matches!(again, Ended::Refused(_)), "{again:?}");
	});
}

#[test]
fn a_general_transaction_carries_nothing_but_what_authorises_itself() {
	network(|| {
		for call in [remark(), file(&[7; 32])] {
			let ended = apply(general(call));
			assert!(matches!(ended, Ended::Refused(_)), "{ended:?}");
		}
	});
}

#[test]
fn a_bare_transaction_is_refused() {
	network(|| {
		for call in [remark(), file(&[7; 32]), withdraw([7; 32])] {
			let ended = apply(UncheckedExtrinsic::new_bare(call));
			assert!(matches!(ended, Ended::Refused(_)), "{ended:?}");
		}
	});
}

#[test]
fn a_member_acts_only_within_its_duties() {
	network(|| {
		// The care centre has every duty but a seat in the council.
		let vote = RuntimeCall::Council(pallet_collective::Call::vote {
			proposal: Default::default(),
			index: 0,
			approve: true,
		});
		let ended = apply(signed(Sr25519Keyring::Eve, vote));
		assert!(matches!(ended, Ended::Refused(_)), "{ended:?}");
	});
}

#[test]
fn a_motion_carries_no_free_text() {
	network(|| {
		let propose = RuntimeCall::Council(pallet_collective::Call::propose {
			threshold: 3,
			length_bound: remark().encoded_size() as u32,
			proposal: Box::new(remark()),
		});
		assert_eq!(
			apply(signed(Sr25519Keyring::Alice, propose)),
			Ended::Refused(InvalidTransaction::Call.into())
		);
	});
}

#[test]
fn abuse_23_a_withdrawal_by_code_finds_its_place_when_spam_fills_the_block() {
	network(|| {
		let code = [7; 32];
		assert_eq!(apply(signed(Sr25519Keyring::Alice, file(&code))), Ended::Done);
		let limits = <Runtime as frame_system::Config>::BlockWeights::get();
		let normal = limits
			.get(DispatchClass::Normal)
			.max_total
			.expect("ordinary calls have a share of the block");
		frame_system::Pallet::<Runtime>::register_extra_weight_unchecked(
			normal,
			DispatchClass::Normal,
		);
		let mut spam = terms(&[8; 32]);
		spam.terms = Commitment([3; 32]);
		spam.evidence = Commitment([4; 32]);
		let spam = pallet_consent::Call::file { id: ConsentId([8; 32]), terms: spam };
		let refused = apply(signed(Sr25519Keyring::Alice, RuntimeCall::Consent(spam)));
		assert!(matches!(refused, Ended::Refused(_)), "{refused:?}");
		assert_eq!(apply(general(withdraw(code))), Ended::Done);
	});
}

/// Calls of the project's own pallets that are no transaction of anybody: they are sent within a motion of the council.
const MOTIONS: [(&str, &str); 10] = [
	("Consortium", "suspend"),
	("Consortium", "reinstate"),
	("Consortium", "expel"),
	("Consortium", "add_validator"),
	("Consortium", "remove_validator"),
	("Consortium", "set_quota"),
	("Consortium", "authorize_upgrade"),
	("Consent", "set_law"),
	("Consent", "raise_oldest_policy"),
	("Consent", "set_group_member"),
];

/// Calls of this kind, each with arguments of which every byte is the same.
fn samples(pallet: u8, call: u8) -> Vec<RuntimeCall> {
	let of_bytes = |fill| [&[pallet, call][..], &[fill; 4096]].concat();
	(0..=2).filter_map(|fill| RuntimeCall::decode(&mut &of_bytes(fill)[..]).ok()).collect()
}

#[test]
fn every_call_of_the_projects_pallets_is_admitted_from_somebody_or_is_a_motion() {
	let foreign = ["System", "Timestamp", "Babe", "Grandpa", "Session", "Council", "Utility"];
	let metadata = metadata();
	let (mut motions, mut without) = (0, Vec::new());
	for (pallet, pallet_index, calls) in calls_of(&metadata) {
		if foreign.contains(&pallet) {
			continue;
		}
		for call in calls {
			let samples = samples(pallet_index, call.index);
			if samples.is_empty() {
				without.push(format!("{pallet}.{}", call.name));
				continue;
			}
			let is_never = |call: &RuntimeCall| matches!(AdmissionTable::rule(call), Rule::Never);
			let motion = MOTIONS.contains(&(pallet, call.name.as_str()));
			assert_eq!(samples.iter().all(is_never), motion, "{pallet}.{}", call.name);
			assert!(samples.iter().any(CallFilter::contains), "{pallet}.{}", call.name);
			motions += usize::from(motion);
		}
	}
	assert_eq!(motions, MOTIONS.len());
	// No country and no peer is named by bytes that are all the same.
	let named = ["Consortium.admit", "Consortium.register_peer", "Consortium.remove_peer"];
	assert_eq!(without, named);
}
