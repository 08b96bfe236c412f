//! The client against fake nodes.

mod calls;
mod countersigned;
mod fhir_examples;
mod gateway;
mod node;
mod outbox;
mod permits;
mod scanner;
mod token;
mod worlds;
