//! The worker key: an sr25519 key in the node's keystore, the account of a delegate with
//! [`Duty::SecurityReport`](curex_primitives::Duty::SecurityReport).

use frame::{
	deps::sp_runtime::{MultiSignature, MultiSigner},
	prelude::AppCrypto,
};
use sp_application_crypto::{sr25519, KeyTypeId};

/// Under what the keystore keeps worker keys.
pub const KEY_TYPE: KeyTypeId = KeyTypeId(*b"cxwk");

mod app {
	use super::{sr25519, KEY_TYPE};

	sp_application_crypto::app_crypto!(sr25519, KEY_TYPE);
}

/// A public worker key.
pub type Public = app::Public;

/// A signature of a worker key.
pub type Signature = app::Signature;

/// The worker key as an account of the ledger.
pub struct WorkerId;

impl AppCrypto<MultiSigner, MultiSignature> for WorkerId {
	type RuntimeAppPublic = Public;
	type GenericPublic = sr25519::Public;
	type GenericSignature = sr25519::Signature;
}
