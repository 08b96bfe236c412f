//! Runs what a fuzzer makes up as transactions on the composed runtime, the way they arrive at a node: decoded, judged
//! by the pool, and applied in a block if the pool let them in.
//!
//! ## Input
//! Steps, one after the other until the input ends or a call does not decode. A step is one byte and what it asks for:
//!
//! | bits | meaning |
//! |---|---|
//! | 0 to 2 | 0 to 5: a call, signed by that member of the local preset; 6: a call that nobody signs; 7: the rest of the input is one transaction as it would arrive |
//! | 3 to 7 | 0: in the same block as the step before; 1 to 28: as many blocks later; 29, 30, 31: an hour, a day, a year later |
//!
//! A call is in SCALE, as in the metadata.
//!
//! ## What is checked
//! Nothing panics; what was decoded encodes to something that decodes to the same bytes; a call weighs no more than it
//! said; the numbers of exchanges have no gap.

pub mod seeds;

use codec::{Decode, DecodeLimit, Encode};
use curex_primitives::{BlockNumber, OrganisationId};
use curex_runtime::{
	genesis_config_presets, Executive, Hash, Runtime, RuntimeCall, RuntimeGenesisConfig, Signature,
	SignedPayload, TxExtension, UncheckedExtrinsic,
};
use frame_support::{
	dispatch::GetDispatchInfo,
	genesis_builder_helper::build_state,
	storage::with_transaction,
	traits::{Get, Hooks},
	weights::Weight,
};
use sp_core::{storage::Storage, Pair};
use sp_keyring::Sr25519Keyring;
use sp_runtime::{
	generic::Era, transaction_validity::TransactionSource, DispatchError, MultiAddress,
	TransactionOutcome,
};
use sp_state_machine::BasicExternalities;
use std::sync::LazyLock;

/// The members of the local preset, by the number of their organisation: four hospitals, a care centre, an authority.
pub const MEMBERS: [Sr25519Keyring; 6] = [
	Sr25519Keyring::Alice,
	Sr25519Keyring::Bob,
	Sr25519Keyring::Charlie,
	Sr25519Keyring::Dave,
	Sr25519Keyring::Eve,
	Sr25519Keyring::Ferdie,
];

/// Calls may hold calls, so deep and no deeper; as the runtime itself decodes.
const DEPTH: u32 = 256;

/// The weight that a block leaves to what becomes due: fifty milliseconds.
const IDLE: Weight = Weight::from_parts(50_000_000_000, 10 << 20);

/// Milliseconds since the epoch at which the first block stands.
pub const START: u64 = 20_000 * 24 * 3_600 * 1_000;

/// The bits that let this much time pass before a step.
#[derive(Clone, Copy)]
#[repr(u8)]
pub enum Pass {
	/// None.
	Nothing = 0,
	/// One block.
	Block = 1,
	/// An hour.
	Hour = 29,
	/// A day.
	Day = 30,
	/// A year.
	Year = 31,
}

/// A step of this member of the preset, as input.
pub fn step(member: u8, pass: Pass, call: &RuntimeCall) -> Vec<u8> {
	let mut bytes = vec![member | (pass as u8) << 3];
	call.encode_to(&mut bytes);
	bytes
}

/// The rest of an input that is one transaction as it would arrive.
pub fn arriving(transaction: &UncheckedExtrinsic) -> Vec<u8> {
	let mut bytes = vec![7];
	transaction.encode_to(&mut bytes);
	bytes
}

static GENESIS: LazyLock<Storage> = LazyLock::new(|| {
	let preset = genesis_config_presets::get_preset(&"local_testnet".into()).expect("it is there");
	let patch: serde_json::Value = serde_json::from_slice(&preset).expect("the preset is JSON");
	let whole = RuntimeGenesisConfig::default();
	let mut whole = serde_json::to_value(whole).expect("the defaults are JSON");
	for (pallet, fields) in patch.as_object().expect("pallets by name") {
		for (field, value) in fields.as_object().expect("fields by name") {
			whole[pallet][field] = value.clone();
		}
	}
	let mut storage = Storage::default();
	BasicExternalities::execute_with_storage(&mut storage, || {
		let whole = serde_json::to_vec(&whole).expect("it was JSON before");
		build_state::<RuntimeGenesisConfig>(whole).expect("the preset builds");
		frame_system::Pallet::<Runtime>::set_block_number(1);
		pallet_timestamp::Now::<Runtime>::put(START);
	});
	storage
});

/// Runs in the first block of the local preset.
pub fn on_chain<R>(act: impl FnOnce() -> R) -> R {
	BasicExternalities::new(GENESIS.clone()).execute_with(act)
}

/// Runs an input, and checks what the module says.
pub fn run(mut input: &[u8]) {
	on_chain(|| {
		while let Some((&first, rest)) = input.split_first() {
			pass(first >> 3);
			let member = usize::from(first & 7);
			if member == 7 {
				arrive(rest);
				break;
			}
			input = rest;
			let Ok(call) = RuntimeCall::decode_with_depth_limit(DEPTH, &mut input) else { break };
			match MEMBERS.get(member) {
				Some(key) => offer(signed(*key, call)),
				None => offer(UncheckedExtrinsic::new_transaction(call, extension(0))),
			};
		}
		check_numbers();
	});
}

/// How a transaction ended.
#[derive(Debug, PartialEq)]
pub enum Ended {
	/// The pool did not let it in, or no block took it.
	Refused,
	/// It failed in the block.
	Failed(DispatchError),
	/// It did what it says.
	Done,
}

/// Gives a transaction to the pool, and what the pool lets in to the block.
pub fn offer(transaction: UncheckedExtrinsic) -> Ended {
	let valid = with_transaction(|| {
		let source = TransactionSource::External;
		let valid = Executive::validate_transaction(source, transaction.clone(), Hash::default());
		TransactionOutcome::Rollback(Ok::<_, DispatchError>(valid.is_ok()))
	});
	if valid != Ok(true) {
		return Ended::Refused;
	}
	let said = transaction.get_dispatch_info().total_weight();
	let before = frame_system::Pallet::<Runtime>::block_weight().total();
	let applied = Executive::apply_extrinsic(transaction);
	let used = frame_system::Pallet::<Runtime>::block_weight().total().saturating_sub(before);
	// The weight of the transaction's bytes is the block's, not the call's.
	assert!(used.ref_time() <= said.ref_time() + 1_000_000_000, "{used:?} of {said:?}");
	match applied {
		Err(_) => Ended::Refused,
		Ok(Err(error)) => Ended::Failed(error),
		Ok(Ok(())) => Ended::Done,
	}
}

fn arrive(bytes: &[u8]) {
	let Ok(transaction) = UncheckedExtrinsic::decode_all_with_depth_limit(DEPTH, &mut &bytes[..])
	else {
		return;
	};
	let encoded = transaction.encode();
	let again = UncheckedExtrinsic::decode(&mut &encoded[..]).expect("what was encoded decodes");
	assert_eq!(again.encode(), encoded);
	offer(transaction);
}

/// A transaction that this key signs with its next nonce.
pub fn signed(key: Sr25519Keyring, call: RuntimeCall) -> UncheckedExtrinsic {
	let nonce = frame_system::Pallet::<Runtime>::account_nonce(key.to_account_id());
	let payload = SignedPayload::new(call, extension(nonce)).expect("the payload is complete");
	let signature = payload.using_encoded(|bytes| Signature::Sr25519(key.pair().sign(bytes)));
	let (call, extension, _) = payload.deconstruct();
	let account = MultiAddress::Id(key.to_account_id());
	UncheckedExtrinsic::new_signed(call, account, signature, extension)
}

fn extension(nonce: u32) -> TxExtension {
	(
		frame_system::AuthorizeCall::new(),
		frame_system::CheckNonZeroSender::new(),
		frame_system::CheckSpecVersion::new(),
		frame_system::CheckTxVersion::new(),
		frame_system::CheckGenesis::new(),
		frame_system::CheckMortality::from(Era::Immortal),
		pallet_consortium::CheckBoundedNonce::from(nonce),
		pallet_consortium::Admission::new(),
		frame_system::CheckWeight::new(),
		frame_metadata_hash_extension::CheckMetadataHash::new(false),
		frame_system::WeightReclaim::new(),
	)
}

/// Lets the time of a step's upper five bits pass.
pub fn pass(code: u8) {
	const HOUR: u64 = 3_600 * 1_000;
	let slot: u64 = pallet_consortium::SlotDuration::<Runtime>::get();
	let blocks = match code {
		0 => return,
		29 => HOUR / slot,
		30 => 24 * HOUR / slot,
		31 => 366 * 24 * HOUR / slot,
		blocks => u64::from(blocks),
	};
	let now = frame_system::Pallet::<Runtime>::block_number();
	idle(now);
	let next = now.saturating_add(BlockNumber::try_from(blocks).unwrap_or(BlockNumber::MAX));
	frame_system::Pallet::<Runtime>::set_block_number(next);
	frame_system::Pallet::<Runtime>::reset_events();
	frame_system::Pallet::<Runtime>::set_block_consumed_resources(Weight::zero(), 0);
	pallet_timestamp::Now::<Runtime>::mutate(|now| *now += blocks * slot);
	curex_runtime::Erasure::on_initialize(next);
	idle(next);
}

fn idle(block: BlockNumber) {
	curex_runtime::Consent::on_idle(block, IDLE);
	curex_runtime::Exchange::on_idle(block, IDLE);
	curex_runtime::Oversight::on_idle(block, IDLE);
	curex_runtime::SecondaryUse::on_idle(block, IDLE);
	curex_runtime::Erasure::on_idle(block, IDLE);
}

/// Every number that an organisation gave and did not prune stands in one exchange, on the organisation's side.
fn check_numbers() {
	for (organisation, last) in pallet_exchange::Sequences::<Runtime>::iter() {
		let kept = pallet_exchange::Exchanges::<Runtime>::iter_values()
			.filter(|exchange| [exchange.holder, exchange.recipient].contains(&organisation))
			.count() as u64;
		let pruned = pallet_exchange::PrunedUpTo::<Runtime>::get(organisation)
			+ pallet_exchange::PrunedAhead::<Runtime>::iter_key_prefix(organisation).count() as u64;
		let OrganisationId(number) = organisation;
		assert_eq!(kept + pruned, last, "the numbers of organisation {number}");
	}
}
