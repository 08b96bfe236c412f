//! The node of a member of the CUREX consortium.

// As in the library.
#![allow(clippy::result_large_err)]

fn main() -> sc_cli::Result<()> {
	curex_node::command::run()
}
