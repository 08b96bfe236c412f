//! The node of a member of the CUREX consortium.

fn main() -> sc_cli::Result<()> {
	curex_node::command::run()
}
