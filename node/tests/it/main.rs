//! Tests of the node's parts together.

mod transfer;
