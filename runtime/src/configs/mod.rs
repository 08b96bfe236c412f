//! How each pallet is configured.

mod consensus;
mod governance;
mod ledger;
mod no_currency;
mod security;
mod system;

pub use governance::CouncilInstance;
pub use no_currency::NoCurrency;
pub use system::{BlockLength, BlockWeights};

/// What reading and writing the database costs.
type DatabaseWeight = <crate::Runtime as frame_system::Config>::DbWeight;
