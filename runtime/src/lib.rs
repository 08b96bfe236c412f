//! The state transition function of the CUREX consortium.
//!
//! A permissioned chain without currency and fees: [`configs`] composes the pallets, [`admission`] says which calls
//! are let in and from whom, [`apis`] is what the node and clients may ask.
#![cfg_attr(not(feature = "std"), no_std)]
#![recursion_limit = "512"]

#[cfg(feature = "std")]
include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));

extern crate alloc;

pub mod admission;
mod apis;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarks;
pub mod configs;
pub mod genesis_config_presets;
pub mod migrations;

use alloc::{borrow::Cow, vec::Vec};
use sp_runtime::{
	generic, impl_opaque_keys,
	traits::{BlakeTwo256, IdentifyAccount, Verify},
	MultiAddress, MultiSignature,
};
use sp_version::RuntimeVersion;

#[cfg(feature = "std")]
pub use apis::RuntimeApi;
pub use apis::RUNTIME_API_VERSIONS;

/// The number of a block.
pub type BlockNumber = curex_primitives::BlockNumber;
/// A signature of a transaction.
pub type Signature = MultiSignature;
/// An account: the public key of a delegate.
pub type AccountId = <<Signature as Verify>::Signer as IdentifyAccount>::AccountId;
/// How many transactions an account has sent.
pub type Nonce = u32;
/// A hash of the chain.
pub type Hash = sp_core::H256;
/// How a call names an account.
pub type Address = MultiAddress<AccountId, ()>;
/// The header of a block.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
/// A block.
pub type Block = generic::Block<Header, UncheckedExtrinsic>;

/// The checks that every transaction passes, in order.
pub type TxExtension = (
	frame_system::AuthorizeCall<Runtime>,
	frame_system::CheckNonZeroSender<Runtime>,
	frame_system::CheckSpecVersion<Runtime>,
	frame_system::CheckTxVersion<Runtime>,
	frame_system::CheckGenesis<Runtime>,
	frame_system::CheckMortality<Runtime>,
	pallet_consortium::CheckBoundedNonce<Runtime>,
	pallet_consortium::Admission<Runtime>,
	frame_system::CheckWeight<Runtime>,
	frame_metadata_hash_extension::CheckMetadataHash<Runtime>,
	frame_system::WeightReclaim<Runtime>,
);

/// A transaction as it arrives.
pub type UncheckedExtrinsic =
	generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, TxExtension>;
/// What a signature covers.
pub type SignedPayload = generic::SignedPayload<RuntimeCall, TxExtension>;

/// Executes blocks.
pub type Executive = frame_executive::Executive<
	Runtime,
	Block,
	frame_system::ChainContext<Runtime>,
	Runtime,
	AllPalletsWithSystem,
>;

/// Types for a node that need not know the calls.
pub mod opaque {
	use super::{generic, BlakeTwo256, BlockNumber};
	pub use sp_runtime::OpaqueExtrinsic as UncheckedExtrinsic;

	/// The header of a block.
	pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
	/// A block whose extrinsics are bytes.
	pub type Block = generic::Block<Header, UncheckedExtrinsic>;
}

impl_opaque_keys! {
	/// The keys with which a validator takes part in consensus.
	pub struct SessionKeys {
		pub babe: Babe,
		pub grandpa: Grandpa,
	}
}

/// The version of the runtime, with this number; `sp_version` reads it from the source, where it has to stand as such.
macro_rules! version {
	($spec_version:tt) => {
		/// The version of the runtime.
		#[sp_version::runtime_version]
		pub const VERSION: RuntimeVersion = RuntimeVersion {
			spec_name: Cow::Borrowed("curex"),
			impl_name: Cow::Borrowed("curex"),
			authoring_version: 1,
			spec_version: $spec_version,
			impl_version: 1,
			apis: RUNTIME_API_VERSIONS,
			transaction_version: 1,
			system_version: 1,
		};
	};
}

#[cfg(not(feature = "rehearsal"))]
version!(1);

// The runtime to which a rehearsal of an upgrade changes (`scripts/next-runtime.sh`): the same under the next number.
#[cfg(feature = "rehearsal")]
version!(2);

/// What a validator can learn about BABE at genesis. A primary author beside the slot's secondary one, or two primaries,
/// make a fork, and urgent care acts on the best block: primaries are rare here, and almost every slot has the one author
/// that the randomness of the epoch gives it. Secondary authors prove a VRF too, so that randomness does not depend on
/// primaries.
pub const BABE_GENESIS_EPOCH_CONFIG: sp_consensus_babe::BabeEpochConfiguration =
	sp_consensus_babe::BabeEpochConfiguration {
		c: (1, 100),
		allowed_slots: sp_consensus_babe::AllowedSlots::PrimaryAndSecondaryVRFSlots,
	};

/// The metadata of the runtime, version 15, SCALE-encoded as clients read it.
#[cfg(feature = "std")]
pub fn metadata() -> Vec<u8> {
	// Some constants are read from the storage; without a chain they show their defaults.
	sp_io::TestExternalities::new(Default::default()).execute_with(|| {
		Runtime::metadata_at_version(15).map(|metadata| (*metadata).clone()).unwrap_or_default()
	})
}

#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeFreezeReason,
		RuntimeHoldReason,
		RuntimeSlashReason,
		RuntimeLockId,
		RuntimeTask,
		RuntimeViewFunction
	)]
	pub struct Runtime;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(1)]
	pub type Timestamp = pallet_timestamp;
	// Before whatever asks at genesis who validates and how long a slot is.
	#[runtime::pallet_index(2)]
	pub type Consortium = pallet_consortium;
	#[runtime::pallet_index(3)]
	pub type Babe = pallet_babe;
	#[runtime::pallet_index(4)]
	pub type Authorship = pallet_authorship;
	#[runtime::pallet_index(5)]
	pub type Offences = pallet_offences;
	#[runtime::pallet_index(6)]
	pub type Historical = pallet_session::historical;
	#[runtime::pallet_index(7)]
	pub type Session = pallet_session;
	#[runtime::pallet_index(8)]
	pub type Grandpa = pallet_grandpa;
	#[runtime::pallet_index(9)]
	pub type Council = pallet_collective<Instance1>;
	#[runtime::pallet_index(10)]
	pub type Utility = pallet_utility;

	#[runtime::pallet_index(20)]
	pub type Consent = pallet_consent;
	#[runtime::pallet_index(21)]
	pub type Exchange = pallet_exchange;
	#[runtime::pallet_index(22)]
	pub type Oversight = pallet_oversight;
	#[runtime::pallet_index(23)]
	pub type SecondaryUse = pallet_secondary_use;
	#[runtime::pallet_index(24)]
	pub type Erasure = pallet_erasure;

	#[runtime::pallet_index(30)]
	pub type Inventory = pallet_inventory;
	#[runtime::pallet_index(31)]
	pub type Threats = pallet_threats;
	#[runtime::pallet_index(32)]
	pub type Risk = pallet_risk;
	#[runtime::pallet_index(33)]
	pub type Safeguards = pallet_safeguards;
	#[runtime::pallet_index(34)]
	pub type Hygiene = pallet_hygiene;
	#[runtime::pallet_index(35)]
	pub type Orders = pallet_orders;
}
