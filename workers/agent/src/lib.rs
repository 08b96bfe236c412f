//! Carries out the ledger's work orders with the engines and keeps the evidence.
//!
//! The node leads: its off-chain worker signs a work order, the agent takes it from the node's mailbox, runs the engines,
//! seals the full report into the hospital's own database and hands over the public record, until the ledger's finalised
//! state has it. The agent is the only worker that knows what a ledger record looks like.
//!
//! | module | what it does |
//! |---|---|
//! | [`config`], [`clinical`] | the configuration, and what the hospital knows of itself |
//! | [`advisories`] | feeds: fetched, imported, compared with the inventory |
//! | [`observe`] | what is known of the network without asking |
//! | [`knowledge`], [`feedback`] | what the watch knows beforehand, and what people say to it |
//! | [`staff`], [`notices`] | codes instead of names, two people to open one, deletion in time |
//! | [`packages`] | how easily people are found again in a data package |
//! | [`listen`] | syslog over the network, into a spool that is watched |
//! | [`orders`] | which work orders are carried out |
//! | [`tasks`] | runs the engines, drafts reports with their evidence |
//! | [`store`] | the database: one transaction from engine results to numbered, sealed reports |
//! | [`evidence`], [`canonical`] | sealing, and what commitments are made over |
//! | [`report`] | names and commitments of reports |
//! | [`outbox`] | every report until it is final |
//! | [`mailbox`] | the way to the node |
//! | [`agent`] | all of it together, turn by turn |
#![warn(missing_docs)]

pub mod advisories;
pub mod agent;
pub mod canonical;
pub mod clinical;
pub mod config;
mod error;
pub mod evidence;
pub mod feedback;
mod imports;
pub mod knowledge;
pub mod listen;
pub mod mailbox;
pub mod notices;
pub mod observe;
pub mod orders;
pub mod outbox;
pub mod packages;
pub mod report;
mod scribe;
pub mod staff;
pub mod store;
pub mod tasks;

pub use agent::{Agent, Turn};
pub use config::Config;
pub use error::Error;
pub use store::{Access, Store};
pub use tasks::{Engines, Workshop};
