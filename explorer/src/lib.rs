//! The regulator's window on a CUREX consortium: an index of the finalised ledger, pages, a JSON interface and
//! exports, and for every record a proof that trusts neither this program nor the node it asks.
//!
//! | module | what it holds |
//! |---|---|
//! | [`kind`], [`facts`] | the kinds of records: where the ledger keeps them, what they are searched by |
//! | [`access`] | who may see what; sessions; the log of queries |
//! | [`block`] | a decoded block, as the index takes it up |
//! | [`store`] | the index: one SQLite file, or a PostgreSQL database |
//! | [`follow`] | the indexer: follows the finalised blocks of nodes |
//! | [`ledger`] | what is asked of, and handed to, the ledger itself |
//! | [`prove`] | evidence bundles, and the comparison of what is shown with what is proven |
//! | [`web`] | pages, JSON interface, exports |
//! | [`generate`] | blocks out of nothing, for tests and measurements |
#![warn(missing_docs)]

pub mod access;
pub mod block;
mod error;
pub mod facts;
pub mod follow;
pub mod generate;
pub mod kind;
pub mod ledger;
pub mod prove;
pub mod store;
pub mod web;

pub use block::{Block, Record};
pub use error::Error;
pub use kind::{Kind, RecordId};
pub use store::{Place, Reader, Store};
