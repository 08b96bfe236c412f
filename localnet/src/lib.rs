//! What other programs of the project use of the local consortium: programs that end with their parent.

pub mod error;
pub mod process;

pub use error::Error;
