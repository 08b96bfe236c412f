//! The client against fake nodes.

mod calls;
mod countersigned;
mod fhir_examples;
mod gateway;
mod node;
mod outbox;
mod oversight;
mod permits;
mod scanner;
mod subscription;
mod token;
mod worlds;
