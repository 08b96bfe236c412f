//! The client against fake nodes.

mod accounts;
mod assessment;
mod calls;
mod carriage;
mod countersigned;
mod fhir_examples;
mod gateway;
mod held;
mod large;
mod node;
mod once;
mod openings;
mod outbox;
mod oversight;
mod permits;
mod pool;
mod scanner;
mod softhsm;
mod subscription;
mod token;
mod worlds;
