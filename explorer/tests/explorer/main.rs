//! The explorer as its users and its enemies meet it.

mod access;
mod anchors;
mod attacks;
mod breach;
#[path = "../../../verify/tests/chain/mod.rs"]
mod chain;
mod index;
mod inquiry;
mod languages;
mod lying;
mod network;
mod pages;
mod past;
mod patient;
mod postgresql;
mod questions;
mod support;
mod trends;
