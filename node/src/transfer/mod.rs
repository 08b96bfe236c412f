//! The ciphertexts of an exchange, on their way from node to node.
//!
//! | module | what it does |
//! |---|---|
//! | [`store`] | keeps parts on disk, in chunks, resumable |
//! | [`access`] | who may leave or take a part, and when |
//! | [`protocol`] | answers other nodes |
//! | [`fetch`] | asks other nodes |
//! | [`retention`] | deletes what is no longer needed |
//! | [`ledger`] | what all of them ask the chain |
//!
//! No node ever holds a key for what it carries: encryption and decryption happen in the client SDK.

pub mod access;
pub mod error;
pub mod fetch;
pub mod ledger;
pub mod protocol;
pub mod retention;
pub mod store;

#[cfg(test)]
pub(crate) mod testing;

pub use access::{Ledger, View};
pub use error::Error;
pub use fetch::{Fetcher, NetworkPeers, Peers};
pub use ledger::ClientLedger;
pub use protocol::{request_response_config, TransferHandler};
pub use retention::Retention;
pub use store::{Key, Limits, Status, Store};

/// Runs a closure that touches disk or runtime where it may block.
pub(crate) async fn blocking<T: Send + 'static>(
	work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
	match tokio::task::spawn_blocking(work).await {
		Ok(result) => result,
		Err(reason) => Err(Error::Storage(std::io::Error::other(reason))),
	}
}
