//! Assembles the node from its parts.

mod full;
mod partial;

pub use full::new_full;
pub use partial::{new_partial, FullBackend, FullClient, Partial};

/// GRANDPA keeps a justification at least every so many blocks, so that a record's proof stays short.
pub const JUSTIFICATION_PERIOD: u32 = 32;
