//! The client against a fake node.

mod calls;
mod fhir_examples;
mod gateway;
mod node;
