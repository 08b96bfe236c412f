//! Weights of the consortium.
//!
//! Conservative values from counted reads and writes, each with the largest value that the bounds
//! of this pallet allow, until a runtime replaces them with measured ones.

use frame::weights_prelude::*;

/// The weights of this pallet's calls and transaction extensions.
pub trait WeightInfo {
	/// `admit`.
	fn admit() -> Weight;
	/// `suspend`.
	fn suspend() -> Weight;
	/// `reinstate`.
	fn reinstate() -> Weight;
	/// `d` delegates, `p` peers.
	fn expel(d: u32, p: u32) -> Weight;
	/// `add_validator`.
	fn add_validator() -> Weight;
	/// `remove_validator`.
	fn remove_validator() -> Weight;
	/// `set_quota`.
	fn set_quota() -> Weight;
	/// `set_delegate`.
	fn set_delegate() -> Weight;
	/// `dismiss_delegate`.
	fn dismiss_delegate() -> Weight;
	/// `rotate_encryption_key`.
	fn rotate_encryption_key() -> Weight;
	/// `register_peer`.
	fn register_peer() -> Weight;
	/// `remove_peer`.
	fn remove_peer() -> Weight;
	/// `accept_agreement`.
	fn accept_agreement() -> Weight;
	/// `rotate_account`.
	fn rotate_account() -> Weight;
	/// `authorize_upgrade`.
	fn authorize_upgrade() -> Weight;
	/// The transaction extension `Admission`, a batch of the greatest length included.
	fn admission() -> Weight;
	/// The transaction extension `CheckBoundedNonce`.
	fn check_bounded_nonce() -> Weight;
}

/// The execution time of `microseconds`, and of proof what `reads` items of a kilobyte take.
fn counted(microseconds: u64, reads: u64, writes: u64) -> Weight {
	Weight::from_parts(microseconds.saturating_mul(1_000_000), reads.saturating_mul(1_024))
		.saturating_add(RocksDbWeight::get().reads_writes(reads, writes))
}

impl WeightInfo for () {
	fn admit() -> Weight {
		counted(45, 9, 10)
	}

	fn suspend() -> Weight {
		counted(35, 6, 6)
	}

	fn reinstate() -> Weight {
		counted(35, 6, 6)
	}

	fn expel(d: u32, p: u32) -> Weight {
		counted(60, 12, 10)
			.saturating_add(counted(20, 7, 8).saturating_mul(d.into()))
			.saturating_add(counted(4, 0, 1).saturating_mul(p.into()))
	}

	fn add_validator() -> Weight {
		counted(25, 6, 1)
	}

	fn remove_validator() -> Weight {
		counted(15, 2, 1)
	}

	fn set_quota() -> Weight {
		counted(12, 2, 1)
	}

	fn authorize_upgrade() -> Weight {
		counted(10, 1, 1)
	}

	fn set_delegate() -> Weight {
		counted(45, 24, 9)
	}

	fn dismiss_delegate() -> Weight {
		counted(60, 28, 12)
	}

	fn rotate_encryption_key() -> Weight {
		counted(14, 2, 1)
	}

	fn register_peer() -> Weight {
		counted(18, 4, 2)
	}

	fn remove_peer() -> Weight {
		counted(18, 3, 2)
	}

	fn accept_agreement() -> Weight {
		counted(14, 2, 1)
	}

	fn rotate_account() -> Weight {
		counted(60, 12, 13)
	}

	fn admission() -> Weight {
		counted(30, 3, 1)
	}

	fn check_bounded_nonce() -> Weight {
		counted(8, 1, 1)
	}
}
