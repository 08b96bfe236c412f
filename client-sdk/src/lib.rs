//! Client library of the CUREX consortium: what a care centre or hospital needs to request, deliver, receive and
//! acknowledge exchanges of health data, to file and withdraw consents, and to audit the ledger without trusting a
//! node.
//!
//! | module | what it holds |
//! |---|---|
//! | [`client`], [`submission`] | connection, typed reads, transactions from the pool to finality |
//! | [`pool`] | several nodes, of which one that fails or falls behind is left |
//! | [`exchange`], [`consent`], [`administration`] | what a [`Client`] can do |
//! | [`access_log`] | anchors of access logs, and proofs of single events |
//! | [`permits`] | secondary use: permits, cohorts, extractions, reports |
//! | [`directory`] | the members in a file: emergencies without any node |
//! | [`duties`], [`erasure`], [`reconciliation`] | what follows from it: deadlines, orders to erase, counts that agree |
//! | [`gateway`] | answers requests and accepts offers unattended |
//! | [`envelope`], [`seal`] | end-to-end encryption (HPKE): no node ever holds plaintext or a key |
//! | [`fhir`] | reading records, building and checking documents (FHIR R4) |
//! | [`content`] | what a payload is: FHIR, or an HL7 v2 message or DICOM file that travels as it is |
//! | [`subject`], [`report`] | whom exchanges were about; the report that a patient may ask for |
//! | [`identity`] | who stands behind a code, for two people together |
//! | [`receipt`], [`paper`] | what the patient receives, as JSON and on paper |
//! | [`outbox`] | submissions that survive a crash and are recorded exactly once |
//! | [`keys`], [`nonces`], [`accounts`] | keys, numbering of transactions, several accounts in one client |
//! | [`proofs`], [`audit`] | proof bundles and the verified trail |
//! | [`blocking`] | the client for programs without an async runtime |
//! | [`blocks`] | whole blocks, for readers that keep a copy of the ledger |
//! | [`transfer`] | ciphertexts to and from a node |
//! | [`prepared`] | calls that are prepared in one place and signed in another |
//! | [`sign_in`] | signing in at an explorer with an account |
//! | [`ledger`] | calls generated from the committed metadata |
#![warn(missing_docs)]

pub mod access_log;
pub mod accounts;
pub mod administration;
pub mod audit;
pub mod blocking;
pub mod blocks;
pub mod client;
pub mod consent;
pub mod content;
pub mod directory;
pub mod duties;
pub mod envelope;
pub mod erasure;
mod error;
pub mod exchange;
pub mod fhir;
mod files;
pub mod gateway;
mod hexadecimal;
pub mod identity;
pub mod indicators;
pub mod keys;
pub mod ledger;
pub mod nonces;
pub mod outbox;
pub mod oversight;
pub mod paper;
pub mod permits;
pub mod pool;
pub mod prepared;
pub mod proofs;
pub mod receipt;
pub mod reconciliation;
pub mod report;
pub mod seal;
pub mod sign_in;
pub mod subject;
pub mod submission;
pub mod tickets;
pub mod time;
pub mod transfer;
mod web_address;

pub use client::{Client, Options, View};
pub use error::{Error, Rejection};
pub use exchange::{Delivery, Pending, Spec};
pub use gateway::Gateway;
pub use keys::{EncryptionKey, KeyFile, Password, Signer};
pub use outbox::Outbox;
pub use pool::Pool;
pub use submission::{Recorded, Submission};

/// Keeps the examples of both READMEs compiling.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[doc = include_str!("../../README.md")]
struct Readme;
