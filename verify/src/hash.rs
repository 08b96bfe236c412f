//! BLAKE2b-256 as the ledger hashes headers and tries, and ed25519 as its validators sign: computed here, so that the
//! verifier runs where nobody lends it these functions, in a browser for example. (`sp_runtime`'s own call the host of
//! a runtime when they are built without `std`.)

use alloc::vec::Vec;
use ed25519_zebra::{Signature, VerificationKey};
use serde::{Deserialize, Serialize};
use sp_core::{Hasher, H256};
use sp_runtime::{
	traits::{BlakeTwo256, Hash},
	StateVersion,
};
use sp_trie::{LayoutV0, LayoutV1, TrieConfiguration};

/// The hash of the ledger: BLAKE2b with 32 bytes of output.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LedgerHash;

impl Hasher for LedgerHash {
	type Out = H256;
	type StdHasher = <BlakeTwo256 as Hasher>::StdHasher;
	const LENGTH: usize = 32;

	fn hash(bytes: &[u8]) -> H256 {
		sp_crypto_hashing::blake2_256(bytes).into()
	}
}

impl Hash for LedgerHash {
	type Output = H256;

	fn ordered_trie_root(input: Vec<Vec<u8>>, version: StateVersion) -> H256 {
		match version {
			StateVersion::V0 => LayoutV0::<Self>::ordered_trie_root(input),
			StateVersion::V1 => LayoutV1::<Self>::ordered_trie_root(input),
		}
	}

	fn trie_root(input: Vec<(Vec<u8>, Vec<u8>)>, version: StateVersion) -> H256 {
		match version {
			StateVersion::V0 => LayoutV0::<Self>::trie_root(input),
			StateVersion::V1 => LayoutV1::<Self>::trie_root(input),
		}
	}
}

/// Whether `signature` over `message` is that of `key`, by the rules of ZIP 215, which the ledger's nodes follow.
pub fn is_signed(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
	VerificationKey::try_from(*key)
		.and_then(|key| key.verify(&Signature::from_bytes(signature), message))
		.is_ok()
}

#[cfg(test)]
mod tests {
	use super::*;
	use sp_core::{ed25519, Pair};

	#[test]
	fn hashes_and_roots_are_those_of_the_ledger() {
		for length in [0, 1, 31, 32, 33, 127, 128, 129, 1_000] {
			let bytes = alloc::vec![7; length];
			assert_eq!(<LedgerHash as Hasher>::hash(&bytes), <BlakeTwo256 as Hasher>::hash(&bytes));
		}
		let list: Vec<Vec<u8>> = (0..40).map(|number| alloc::vec![number; 40]).collect();
		let map: Vec<_> = list.iter().map(|value| (value[..2].to_vec(), value.clone())).collect();
		for version in [StateVersion::V0, StateVersion::V1] {
			assert_eq!(
				LedgerHash::ordered_trie_root(list.clone(), version),
				BlakeTwo256::ordered_trie_root(list.clone(), version)
			);
			assert_eq!(
				LedgerHash::trie_root(map.clone(), version),
				BlakeTwo256::trie_root(map.clone(), version)
			);
		}
	}

	#[test]
	fn a_signature_is_judged_as_the_ledger_judges_it() {
		let pair = ed25519::Pair::from_seed(&[3; 32]);
		let signature = pair.sign(b"message");
		let key = pair.public();
		assert!(is_signed(&key.0, b"message", &signature.0));
		for bit in 0..512 {
			let mut wrong = signature.0;
			wrong[bit / 8] ^= 1 << (bit % 8);
			let judged =
				ed25519::Pair::verify(&ed25519::Signature::from_raw(wrong), b"message", &key);
			assert_eq!(is_signed(&key.0, b"message", &wrong), judged);
			assert!(!judged);
		}
		assert!(!is_signed(&key.0, b"Message", &signature.0));
		assert!(!is_signed(&[0xff; 32], b"message", &signature.0));
	}
}
