//! A consortium on one machine.

fn main() {}
