//! The client against a fake node.

mod gateway;
mod node;
mod readme;
mod token;
