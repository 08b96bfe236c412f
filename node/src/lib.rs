//! The node of a member of the CUREX consortium: consensus, RPC, transfer of ciphertexts, the agent's mailbox.
//!
//! | module | what it does |
//! |---|---|
//! | [`cli`], [`command`] | the command line |
//! | [`home`] | a member's keys and what it tells the others |
//! | [`chain_spec`] | which consortium |
//! | [`service`] | assembles the node |
//! | [`rpc`] | what clients may ask |
//! | [`transfer`] | carries ciphertexts from node to node |
//! | [`mailbox`], [`agent`] | the hospital's own off-chain worker |

// The error types of the SDK's service and command line are as large as they are.
#![allow(clippy::result_large_err)]

pub mod agent;
pub mod chain_spec;
pub mod cli;
pub mod command;
pub mod home;
pub mod mailbox;
pub mod rpc;
pub mod service;
pub mod transfer;
