//! Client library of the CUREX consortium.
#![warn(missing_docs)]

pub mod envelope;
mod error;
pub mod fhir;
mod files;
mod hexadecimal;
pub mod keys;
pub mod nonces;
pub mod receipt;
pub mod seal;
pub mod time;

pub use error::{Error, Rejection};
