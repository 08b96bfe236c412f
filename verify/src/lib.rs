//! Verifies what a node says about the ledger, trusting nothing but the hash of its first block.
//!
//! A [`Bundle`] is a file that anyone can check alone, offline and years later:
//!
//! 1. **Authorities.** From the authorities of the first block ([`TrustRoot`]), each change of the set is shown by
//!    the header that announces it together with the GRANDPA justification of the outgoing set.
//! 2. **Finality.** The last header of the bundle carries a justification of the set then in office.
//! 3. **Headers.** Each header names its parent, from the justified one back to the block of the record.
//! 4. **State.** Merkle proofs lead from that block's state root to the values.
//! 5. **Extrinsic.** A Merkle proof leads from the extrinsics root to the extrinsic. Inclusion does not show
//!    success, therefore a bundle with an extrinsic also proves the block's `System.Events`; [`Verified`] hands
//!    the proven bytes to the caller, who decodes them with the metadata of the proven `spec_version`.
//!
//! Every byte of a bundle counts: a bundle with one byte changed is refused. Nothing here reads a clock, a file or
//! a network, and no input makes it panic.
//!
//! | module | what it holds |
//! |---|---|
//! | [`finality`] | authority sets, their hand-over, justifications |
//! | [`trie`] | proofs of values under a root, and their making |
//! | [`hash`] | the ledger's hash and signatures, computed without a host |
//! | [`bundle`] | the file and the whole check |
//! | [`error`] | what can be wrong with it |
#![cfg_attr(not(feature = "std"), no_std)]
#![warn(missing_docs)]

extern crate alloc;

pub mod bundle;
pub mod error;
pub mod finality;
pub mod hash;
pub mod trie;

pub use bundle::{verify, Bundle, Bytes, Entry, ExtrinsicEntry, HandOver, TrustRoot, Verified};
pub use error::Error;
pub use finality::{AuthoritySet, Header};
