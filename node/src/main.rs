//! The node of a member of the CUREX consortium.

// As in the library.
#![allow(clippy::result_large_err)]

/// Blocks are made of many small allocations; this allocator spends less time on them than the system's.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> sc_cli::Result<()> {
	curex_node::command::run()
}
