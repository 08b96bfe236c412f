//! What the council of hospitals decides by two thirds.

use crate::network::{apply, network, signed, Ended, COUNCIL};
use codec::Encode;
use curex_primitives::{
	Bases, Competences, Country, Law, LegalBasis, OrganisationId, OrganisationKind,
	OrganisationStatus, Organisations, Purpose,
};
use curex_runtime::{configs::CouncilInstance, Consent, Consortium, Runtime, RuntimeCall};
use sp_core::H256;
use sp_keyring::Sr25519Keyring;
use sp_runtime::traits::{BlakeTwo256, Hash};

/// Proposes, lets so many members agree, and closes.
fn decide(call: impl Into<RuntimeCall>, ayes: usize) -> Ended {
	let call = call.into();
	let length_bound = call.encoded_size() as u32;
	let proposal = BlakeTwo256::hash_of(&call);
	let propose = RuntimeCall::Council(pallet_collective::Call::propose {
		threshold: 3,
		proposal: Box::new(call),
		length_bound,
	});
	let proposed = apply(signed(COUNCIL[0], propose));
	if proposed != Ended::Done {
		return proposed;
	}
	let index = pallet_collective::ProposalCount::<Runtime, CouncilInstance>::get() - 1;
	for member in &COUNCIL[..ayes] {
		let vote =
			RuntimeCall::Council(pallet_collective::Call::vote { proposal, index, approve: true });
		assert_eq!(apply(signed(*member, vote)), Ended::Done);
	}
	apply(signed(
		COUNCIL[0],
		RuntimeCall::Council(pallet_collective::Call::close {
			proposal_hash: proposal,
			index,
			proposal_weight_bound: frame_support::weights::Weight::from_parts(
				200_000_000_000,
				1_000_000,
			),
			length_bound,
		}),
	))
}

fn status(organisation: u32) -> OrganisationStatus {
	Consortium::facts(OrganisationId(organisation)).expect("a member").status
}

#[test]
fn the_council_is_one_account_of_each_hospital() {
	network(|| {
		let mut members = pallet_collective::Members::<Runtime, CouncilInstance>::get();
		let mut expected: Vec<_> = COUNCIL.iter().map(|key| key.to_account_id()).collect();
		members.sort();
		expected.sort();
		assert_eq!(members, expected);
	});
}

#[test]
fn three_of_four_suspend_and_reinstate_and_two_do_not() {
	network(|| {
		let suspend = || pallet_consortium::Call::suspend { organisation: OrganisationId(4) };
		assert_ne!(decide(suspend(), 2), Ended::Done);
		assert_eq!(status(4), OrganisationStatus::Active);
	});
	network(|| {
		let suspend = pallet_consortium::Call::suspend { organisation: OrganisationId(4) };
		assert_eq!(decide(suspend, 3), Ended::Done);
		assert_eq!(status(4), OrganisationStatus::Suspended);
		let reinstate = pallet_consortium::Call::reinstate { organisation: OrganisationId(4) };
		assert_eq!(decide(reinstate, 3), Ended::Done);
		assert_eq!(status(4), OrganisationStatus::Active);
	});
}

#[test]
fn the_council_admits_and_expels() {
	network(|| {
		let admit = pallet_consortium::Call::admit {
			kind: OrganisationKind::CareCentre,
			country: Country::new(*b"GR").expect("a country"),
			competences: Competences::EMPTY,
			encryption_key: [5; 32],
			name: b"New Centre".to_vec().try_into().expect("short"),
			administrator: Sr25519Keyring::One.to_account_id(),
		};
		assert_eq!(decide(admit, 3), Ended::Done);
		assert_eq!(status(6), OrganisationStatus::Active);
		let expel = pallet_consortium::Call::expel { organisation: OrganisationId(6) };
		assert_eq!(decide(expel, 3), Ended::Done);
		assert_eq!(status(6), OrganisationStatus::Exited);
	});
}

#[test]
fn the_validator_set_never_falls_below_four() {
	network(|| {
		let remove = pallet_consortium::Call::remove_validator { organisation: OrganisationId(3) };
		decide(remove, 3);
		// The motion carried, its call failed: the seat is still there.
		assert_eq!(pallet_consortium::Validators::<Runtime>::get().len(), 4);
		assert!(pallet_consortium::PendingChange::<Runtime>::get().is_none());
	});
}

#[test]
fn the_council_authorises_an_upgrade_and_a_member_may_not_bring_another() {
	network(|| {
		let code_hash = H256::repeat_byte(3);
		let authorise = pallet_consortium::Call::authorize_upgrade { code_hash };
		assert_eq!(decide(authorise, 3), Ended::Done);
		let authorised = frame_system::Pallet::<Runtime>::authorized_upgrade().expect("authorised");
		assert_eq!(*authorised.code_hash(), code_hash);
		let apply_other = RuntimeCall::System(frame_system::Call::apply_authorized_upgrade {
			code: b"another runtime".to_vec(),
		});
		let ended = apply(signed(Sr25519Keyring::Eve, apply_other));
		assert!(!matches!(ended, Ended::Done), "{ended:?}");
	});
}

#[test]
fn no_member_decides_alone() {
	network(|| {
		let suspend = RuntimeCall::Consortium(pallet_consortium::Call::suspend {
			organisation: OrganisationId(4),
		});
		let ended = apply(signed(COUNCIL[0], suspend));
		assert!(matches!(ended, Ended::Refused(_)), "{ended:?}");
		assert_eq!(status(4), OrganisationStatus::Active);
	});
}

#[test]
fn the_council_changes_the_law_and_nobody_else_does() {
	network(|| {
		let change = || pallet_consent::Call::<Runtime>::set_law {
			country: Country::new(*b"GR"),
			purpose: Purpose::Treatment,
			kind: OrganisationKind::CareCentre,
			bases: Some(LegalBasis::CARE.into()),
		};
		let alone = apply(signed(COUNCIL[0], change().into()));
		assert!(matches!(alone, Ended::Refused(_)), "{alone:?}");
		assert_ne!(decide(change(), 2), Ended::Done);
		assert_eq!(<Consent as Law>::version(), 0);
	});
	network(|| {
		let change = pallet_consent::Call::<Runtime>::set_law {
			country: Country::new(*b"GR"),
			purpose: Purpose::Treatment,
			kind: OrganisationKind::CareCentre,
			bases: Some(LegalBasis::CARE.into()),
		};
		assert_eq!(decide(change, 3), Ended::Done);
		let bases = |code| {
			let country = Country::new(code).expect("two letters");
			<Consent as Law>::bases(country, Purpose::Treatment, OrganisationKind::CareCentre)
		};
		assert_eq!(<Consent as Law>::version(), 1);
		assert_eq!(bases(*b"GR"), Bases::from(LegalBasis::CARE));
		assert_ne!(bases(*b"FR"), bases(*b"GR"));
	});
}
