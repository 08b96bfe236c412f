//! `curex package`: what an assessment of a data package said, beside the exchange.

use crate::{
	context::{read, Context, Output},
	exchange::store,
};
use clap::Subcommand;
use curex_client::{gateway::assessment, Error};
use curex_primitives::ExchangeId;
use serde_json::json;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum Package {
	/// Attach what `curex-agent package` said to the exchange in which the package is sent or was received. Prints the AuditEvent that
	/// commits the organisation to it, for the access log. Advice only: the exchange goes on as it would.
	Attach {
		/// The exchange.
		exchange: ExchangeId,
		/// What `curex-agent package` printed.
		#[arg(long)]
		result: PathBuf,
		/// The package, to see that the result is about it.
		#[arg(long)]
		package: Option<PathBuf>,
	},
	/// Show what is attached to an exchange.
	Show {
		/// The exchange.
		exchange: ExchangeId,
	},
}

pub async fn run(context: &Context, command: Package) -> Result<Output, Error> {
	let key = context.encryption_key()?;
	match command {
		Package::Attach { exchange, result, package } => {
			let result = read(&result)?;
			let package = package.map(|path| read(&path)).transpose()?;
			let client = context.client().await?;
			let store = store(context, client.genesis())?;
			let package = package.as_deref();
			let attached =
				assessment::attach(&client, &store, &key, exchange, &result, package).await?;
			Ok(Output::data(attached))
		},
		Package::Show { exchange } => {
			let genesis = match context.global.genesis {
				Some(genesis) => genesis.0,
				None => context.reader().await?.genesis(),
			};
			let store = store(context, genesis)?;
			let results = assessment::attached(&store, &key, genesis, exchange)?;
			Ok(Output::data(json!({ "exchange": exchange, "assessments": results })))
		},
	}
}
