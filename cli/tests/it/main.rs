//! The command line as a program.

#[path = "../../../client-sdk/tests/client/softhsm.rs"]
mod softhsm;

mod refused;
mod token;
