//! Secondary use, erasure and oversight, composed.

use crate::network::{apply, network, signed, Ended};
use codec::{Decode, Encode};
use curex_primitives::{
	exchange::exchange_id, permit::permit_id, Assessment, Attestation, Border, Category,
	Commitment, Confidence, Country, DataFormat, DataUseConditions, DutyKind, ErasureId,
	ExchangeProposal, Gate, Level, MerkleRoot, OrganisationId, PermitTerms, Purpose,
	SecondaryPurpose, SizeBucket, TransferTool, SLOTS,
};
use curex_runtime::{Erasure, Exchange, Oversight, Runtime, RuntimeCall, SecondaryUse, System};
use frame_metadata::{RuntimeMetadata, RuntimeMetadataPrefixed};
use sp_keyring::Sr25519Keyring;

/// The authority of the preset, which has every competence.
const AUTHORITY: OrganisationId = OrganisationId(5);
const HOSPITAL: OrganisationId = OrganisationId(0);
const USER: OrganisationId = OrganisationId(1);
const KEY: [u8; 32] = [7; 32];
const DATASET: Commitment = Commitment([4; 32]);

fn secondary_use(call: pallet_secondary_use::Call<Runtime>) -> RuntimeCall {
	RuntimeCall::SecondaryUse(call)
}

fn issue() -> RuntimeCall {
	let now = pallet_timestamp::Now::<Runtime>::get();
	let terms = PermitTerms {
		user: USER,
		purpose: SecondaryPurpose::Research,
		categories: Category::Imaging.into(),
		environment: Commitment([1; 32]),
		format: DataFormat::Pseudonymised,
		justification: Commitment([2; 32]),
		valid_from: now,
		valid_until: now + 1_000_000,
		conditions: DataUseConditions::EMPTY,
		document: Commitment([3; 32]),
	};
	secondary_use(pallet_secondary_use::Call::issue { key: KEY, terms })
}

#[test]
fn a_permit_leads_to_an_extraction_and_a_duty_of_its_user() {
	network(|| {
		use pallet_secondary_use::Call;
		let id = permit_id(AUTHORITY, &KEY);
		// Abuse case 11: a hospital is no health data access body.
		assert!(matches!(apply(signed(Sr25519Keyring::Alice, issue())), Ended::Failed(_)));
		assert_eq!(apply(signed(Sr25519Keyring::Ferdie, issue())), Ended::Done);
		let name = Call::name_holder { id, holder: HOSPITAL, dataset: DATASET };
		assert_eq!(apply(signed(Sr25519Keyring::Ferdie, secondary_use(name))), Ended::Done);
		let commit = Call::commit_cohort {
			id,
			dataset: DATASET,
			cohort: MerkleRoot([5; 32]),
			size: SizeBucket::Hundreds,
			opt_out: MerkleRoot([6; 32]),
			excluded: SizeBucket::None,
		};
		assert_eq!(apply(signed(Sr25519Keyring::Alice, secondary_use(commit))), Ended::Done);
		let extract = || {
			let payload = Commitment([8; 32]);
			secondary_use(Call::extract { id, dataset: DATASET, payload })
		};
		let early = apply(signed(Sr25519Keyring::Alice, extract()));
		assert!(matches!(early, Ended::Failed(_)), "not in the block of the cohort");
		System::set_block_number(2);
		assert_eq!(apply(signed(Sr25519Keyring::Bob, assess())), Ended::Done);
		let early = apply(signed(Sr25519Keyring::Alice, offer_extraction(1)));
		assert!(matches!(early, Ended::Failed(_)), "nothing was extracted yet");
		assert_eq!(apply(signed(Sr25519Keyring::Alice, extract())), Ended::Done);
		assert_eq!(apply(signed(Sr25519Keyring::Alice, offer_extraction(1))), Ended::Done);
		assert!(Exchange::exchange(exchange_id(HOSPITAL, &[1; 32])).is_some());
		let duties = Oversight::duties_of(USER, 9);
		assert!(duties.iter().any(|duty| duty.duty == DutyKind::PublishResults(id)));
	});
}

/// The holder's offer of what was extracted first, to the user abroad.
fn offer_extraction(number: u8) -> RuntimeCall {
	let [affiliation, treatment] =
		[*b"GR", *b"ES"].map(|code| Country::new(code).expect("letters"));
	let proposal = ExchangeProposal {
		partner: USER,
		gate: Gate::Permit { permit: permit_id(AUTHORITY, &KEY), extraction: 0 },
		purpose: Purpose::Research,
		categories: Category::Imaging.into(),
		envelope: Commitment([20 + number; 32]),
		recipient_key: Commitment([0; 32]),
		border: Some(Border { affiliation, treatment, tool: TransferTool::Eea }),
	};
	RuntimeCall::Exchange(pallet_exchange::Call::offer { key: [number; 32], proposal })
}

/// The user says of itself that its risk is low.
fn assess() -> RuntimeCall {
	let now = pallet_timestamp::Now::<Runtime>::get();
	let assessment = Assessment {
		cyber: Level::Low,
		privacy: Level::Low,
		patient_safety: Level::Low,
		confidence: Confidence::High,
		attestation: Attestation::SelfAssessed,
		inputs: Commitment([1; 32]),
		parameters: 1,
		evidence: Commitment([2; 32]),
		assessed_at: now,
		expires_at: now + 1_000_000,
	};
	RuntimeCall::Risk(pallet_risk::Call::record { number: 1, assessment })
}

#[test]
fn erasure_orders_are_filed_early_in_the_day_and_answered_with_the_next() {
	network(|| {
		let day = 24 * 3_600 * 1_000;
		let today = pallet_timestamp::Now::<Runtime>::get() / day + 1;
		pallet_timestamp::Now::<Runtime>::put(today * day);
		let orders: [ErasureId; SLOTS] =
			core::array::from_fn(|slot| ErasureId([slot as u8 + 1; 32]));
		let file = || RuntimeCall::Erasure(pallet_erasure::Call::file { orders });
		assert_eq!(apply(signed(Sr25519Keyring::Alice, file())), Ended::Done);
		let again = apply(signed(Sr25519Keyring::Alice, file()));
		assert!(matches!(again, Ended::Failed(_)), "{again:?}");
		pallet_timestamp::Now::<Runtime>::put((today + 1) * day);
		let attest = RuntimeCall::Erasure(pallet_erasure::Call::attest {
			day: today as u32,
			top: [9; 32],
			method: curex_primitives::ErasureMethod::CryptographicErase,
			evidence: Commitment([1; 32]),
		});
		assert_eq!(apply(signed(Sr25519Keyring::Eve, attest)), Ended::Done);
		assert!(Erasure::duties_of(OrganisationId(4), 9).is_empty());
		assert_eq!(Erasure::duties_of(HOSPITAL, 9).len(), 1);
		assert!(Erasure::duties_of(AUTHORITY, 9).is_empty());
	});
}

/// Clients find the view functions by name in the metadata, version 16, and call them by the id given there.
#[test]
fn view_functions_are_found_in_the_metadata_and_answer() {
	network(|| {
		let bytes = Runtime::metadata_at_version(16).expect("version 16");
		let metadata = RuntimeMetadataPrefixed::decode(&mut &bytes[..]).expect("metadata decode");
		let RuntimeMetadata::V16(metadata) = metadata.1 else { panic!("metadata of version 16") };
		let functions = |pallet: &str| {
			let pallet = metadata.pallets.iter().find(|entry| entry.name == pallet);
			let functions = &pallet.expect("the runtime has it").view_functions;
			functions.iter().map(|entry| (entry.name.clone(), entry.id)).collect::<Vec<_>>()
		};
		for (pallet, expected) in [
			("Oversight", vec!["duties_due", "inquiry", "breach", "log_anchor"]),
			("SecondaryUse", vec!["permit", "permits", "holders", "extraction", "report"]),
			("Erasure", vec!["batches_open", "orders", "batch", "attestation"]),
		] {
			let names: Vec<_> = functions(pallet).into_iter().map(|(name, _)| name).collect();
			assert_eq!(names, expected, "{pallet}");
		}
		assert_eq!(apply(signed(Sr25519Keyring::Ferdie, issue())), Ended::Done);
		let (_, id) = functions("SecondaryUse").swap_remove(0);
		let id = Decode::decode(&mut &id[..]).expect("an id");
		let permit = permit_id(AUTHORITY, &KEY);
		let answer = Runtime::execute_view_function(id, permit.encode()).expect("an answer");
		assert_eq!(answer, SecondaryUse::permit(permit).encode());
		assert!(SecondaryUse::permit(permit).is_some());
	});
}

/// Abuse case 12.
#[test]
fn nobody_takes_a_validators_seat_without_the_council() {
	network(|| {
		let before = pallet_consortium::Validators::<Runtime>::get();
		for (number, key) in [(0, Sr25519Keyring::Alice), (4, Sr25519Keyring::Eve)] {
			let take = RuntimeCall::Consortium(pallet_consortium::Call::add_validator {
				organisation: OrganisationId(number),
				account: key.to_account_id(),
			});
			let alone = apply(signed(key, take.clone()));
			assert!(matches!(alone, Ended::Refused(_)), "{alone:?}");
			let calls = vec![take];
			let batch = RuntimeCall::Utility(pallet_utility::Call::batch_all { calls });
			let wrapped = apply(signed(key, batch));
			assert!(matches!(wrapped, Ended::Refused(_)), "{wrapped:?}");
		}
		assert_eq!(pallet_consortium::Validators::<Runtime>::get(), before);
		assert!(pallet_consortium::PendingChange::<Runtime>::get().is_none());
	});
}
