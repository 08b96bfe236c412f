//! A chain in memory, from the local preset: four hospitals, a care centre, an authority.

use codec::Encode;
use curex_runtime::{
	genesis_config_presets, AccountId, Executive, Runtime, RuntimeCall, RuntimeGenesisConfig,
	Signature, SignedPayload, TxExtension, UncheckedExtrinsic,
};
use frame_support::{genesis_builder_helper::build_state, traits::Get};
use sp_core::Pair;
use sp_keyring::Sr25519Keyring;
use sp_runtime::{
	generic::Era, transaction_validity::TransactionValidityError, DispatchError, MultiAddress,
};

/// The administrators of the four hospitals of the preset: its council.
pub const COUNCIL: [Sr25519Keyring; 4] =
	[Sr25519Keyring::Alice, Sr25519Keyring::Bob, Sr25519Keyring::Charlie, Sr25519Keyring::Dave];

/// Runs on the first block of the local preset, and checks every pallet's invariants afterwards.
pub fn network(test: impl FnOnce()) {
	sp_io::TestExternalities::new(Default::default()).execute_with(|| {
		let preset = genesis_config_presets::get_preset(&"local_testnet".into())
			.expect("the runtime has the preset");
		build_state::<RuntimeGenesisConfig>(merge(&preset)).expect("the preset builds");
		frame_system::Pallet::<Runtime>::set_block_number(1);
		let slot = pallet_consortium::SlotDuration::<Runtime>::get();
		pallet_timestamp::Now::<Runtime>::put(slot * 1_000_000_000);
		test();
	});
}

/// The preset over the default of every pallet.
fn merge(preset: &[u8]) -> Vec<u8> {
	let mut config = serde_json::to_value(RuntimeGenesisConfig::default()).expect("serialisable");
	let patch = serde_json::from_slice(preset).expect("the preset is JSON");
	lay_over(&mut config, patch);
	serde_json::to_vec(&config).expect("serialisable")
}

fn lay_over(below: &mut serde_json::Value, above: serde_json::Value) {
	match (below, above) {
		(serde_json::Value::Object(below), serde_json::Value::Object(above)) => {
			for (key, value) in above {
				lay_over(below.entry(key).or_insert(serde_json::Value::Null), value);
			}
		},
		(below, above) => *below = above,
	}
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

/// A transaction that this key signs with its next nonce.
pub fn signed(key: Sr25519Keyring, call: RuntimeCall) -> UncheckedExtrinsic {
	let nonce = frame_system::Pallet::<Runtime>::account_nonce(key.to_account_id());
	let payload = SignedPayload::new(call, extension(nonce)).expect("the payload is complete");
	let signature = payload.using_encoded(|bytes| Signature::Sr25519(key.pair().sign(bytes)));
	let (call, extension, _) = payload.deconstruct();
	let account: AccountId = key.to_account_id();
	UncheckedExtrinsic::new_signed(call, MultiAddress::Id(account), signature, extension)
}

/// A general transaction: nobody signs it.
pub fn general(call: RuntimeCall) -> UncheckedExtrinsic {
	UncheckedExtrinsic::new_transaction(call, extension(0))
}

/// How a transaction ended.
#[derive(Debug, PartialEq)]
pub enum Ended {
	/// It never reached a block.
	Refused(TransactionValidityError),
	/// It failed in the block.
	Failed(DispatchError),
	/// It did what it says.
	Done,
}

/// Applies a transaction within a block.
pub fn apply(extrinsic: UncheckedExtrinsic) -> Ended {
	match Executive::apply_extrinsic(extrinsic) {
		Err(refusal) => Ended::Refused(refusal),
		Ok(Err(error)) => Ended::Failed(error),
		Ok(Ok(())) => Ended::Done,
	}
}
