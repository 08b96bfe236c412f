//! What each command does.

use crate::{
	chain_spec,
	cli::{Cli, Subcommand},
	home, service,
};
use clap::{CommandFactory, FromArgMatches};
use sc_cli::SubstrateCli;
use sc_service::PartialComponents;
use std::ffi::OsString;

impl SubstrateCli for Cli {
	fn impl_name() -> String {
		"CUREX Node".into()
	}

	fn impl_version() -> String {
		env!("CARGO_PKG_VERSION").into()
	}

	fn description() -> String {
		env!("CARGO_PKG_DESCRIPTION").into()
	}

	fn author() -> String {
		"the CUREX developers".into()
	}

	fn support_url() -> String {
		"see docs/operator.md".into()
	}

	fn copyright_start_year() -> i32 {
		2026
	}

	fn load_spec(&self, id: &str) -> Result<Box<dyn sc_service::ChainSpec>, String> {
		chain_spec::load(id)
	}
}

/// Parses the arguments and runs the command.
///
/// # Errors
/// What the command reports.
pub fn run() -> sc_cli::Result<()> {
	execute(parse(std::env::args_os()))
}

/// Parses a command line, and ends the program with the reason if it cannot.
fn parse<Argument: Into<OsString> + Clone>(arguments: impl IntoIterator<Item = Argument>) -> Cli {
	let parsed = command().try_get_matches_from(arguments);
	let parsed = parsed.and_then(|matches| Cli::from_arg_matches(&matches));
	parsed.unwrap_or_else(|error| error.exit())
}

/// The command line, with our own defaults for what the SDK offers.
fn command() -> clap::Command {
	// The best block is rarely given up here, since almost every slot has one author; and the simpler pool takes a
	// withdrawal sooner when thousands wait (`docs/bench.md`).
	let pool = |argument: clap::Arg| argument.default_value("single-state");
	Cli::setup_command(Cli::command()).mut_arg("pool_type", pool)
}

fn execute(cli: Cli) -> sc_cli::Result<()> {
	match &cli.subcommand {
		None => start(&cli),
		Some(Subcommand::Run(command)) => {
			let arguments = home::run_arguments(command).map_err(input)?;
			start(&parse(arguments))
		},
		Some(Subcommand::Init(command)) => home::init(command).map_err(input),
		Some(Subcommand::Describe(command)) => home::describe(command).map_err(input),
		Some(Subcommand::Genesis(command)) => home::genesis(command).map_err(input),
		Some(Subcommand::Join(command)) => home::join(command).map_err(input),
		Some(Subcommand::Keys(command)) => home::keys(command).map_err(input),
		Some(Subcommand::StripCode(command)) => {
			println!("{}", chain_spec::without_code(&command.spec).map_err(sc_cli::Error::Input)?);
			Ok(())
		},
		Some(Subcommand::Metadata) => {
			use std::io::Write;
			std::io::stdout().write_all(&curex_runtime::metadata()).map_err(sc_cli::Error::Io)
		},
		Some(Subcommand::ExportChainSpec(command)) => {
			let spec = cli.load_spec(&command.chain)?;
			command.run(spec)
		},
		Some(Subcommand::CheckBlock(command)) => cli.create_runner(command)?.async_run(|config| {
			let PartialComponents { client, task_manager, import_queue, .. } =
				service::new_partial(&config)?;
			Ok((command.run(client, import_queue), task_manager))
		}),
		Some(Subcommand::ExportBlocks(command)) => {
			cli.create_runner(command)?.async_run(|config| {
				let PartialComponents { client, task_manager, .. } = service::new_partial(&config)?;
				Ok((command.run(client, config.database), task_manager))
			})
		},
		Some(Subcommand::ImportBlocks(command)) => {
			cli.create_runner(command)?.async_run(|config| {
				let PartialComponents { client, task_manager, import_queue, .. } =
					service::new_partial(&config)?;
				Ok((command.run(client, import_queue), task_manager))
			})
		},
		Some(Subcommand::PurgeChain(command)) => {
			cli.create_runner(command)?.sync_run(|config| command.run(config.database))
		},
		Some(Subcommand::Revert(command)) => cli.create_runner(command)?.async_run(|config| {
			let PartialComponents { client, task_manager, backend, .. } =
				service::new_partial(&config)?;
			let revert = Box::new(|client, backend, blocks| {
				sc_consensus_babe::revert(Clone::clone(&client), backend, blocks)?;
				sc_consensus_grandpa::revert(client, blocks)?;
				Ok(())
			});
			Ok((command.run(client, backend, Some(revert)), task_manager))
		}),
		Some(Subcommand::ChainInfo(command)) => cli
			.create_runner(command)?
			.sync_run(|config| command.run::<curex_runtime::opaque::Block>(&config)),
	}
}

fn start(cli: &Cli) -> sc_cli::Result<()> {
	let runner = cli.create_runner(&cli.run)?;
	let storage_monitor = cli.storage_monitor.clone();
	let curex = cli.curex.clone();
	runner.run_node_until_exit(|mut config| async move {
		// A taken port is an error to be told, not a reason to answer somewhere else.
		for endpoint in config.rpc.addr.iter_mut().flatten() {
			endpoint.retry_random_port = false;
		}
		let start = match config.network.network_backend {
			sc_network::config::NetworkBackendType::Litep2p => {
				service::new_full::<sc_network::Litep2pNetworkBackend>
			},
			sc_network::config::NetworkBackendType::Libp2p => {
				service::new_full::<
					sc_network::NetworkWorker<
						curex_runtime::opaque::Block,
						<curex_runtime::opaque::Block as sp_runtime::traits::Block>::Hash,
					>,
				>
			},
		};
		start(config, curex, storage_monitor).map_err(sc_cli::Error::Service)
	})
}

fn input(error: home::Error) -> sc_cli::Error {
	sc_cli::Error::Input(error.to_string())
}

#[cfg(test)]
mod tests {
	use super::*;
	use sc_cli::TransactionPoolType;

	fn pool(arguments: &[&str]) -> TransactionPoolType {
		let matches = command().try_get_matches_from(arguments).unwrap();
		Cli::from_arg_matches(&matches).unwrap().run.pool_config.pool_type
	}

	#[test]
	fn the_simpler_pool_is_the_default_and_can_be_changed() {
		assert!(matches!(pool(&["curex-node"]), TransactionPoolType::SingleState));
		let chosen = pool(&["curex-node", "--pool-type", "fork-aware"]);
		assert!(matches!(chosen, TransactionPoolType::ForkAware));
	}
}
