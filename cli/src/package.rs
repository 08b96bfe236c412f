//! `curex package`: what an assessment of a data package said, beside the exchange.

use crate::{
	context::{parse, pretty, read, write_private, Context, Output},
	exchange::store,
};
use clap::Subcommand;
use curex_client::{exchange::Opening, gateway::assessment, Error, View};
use curex_primitives::ExchangeId;
use serde::Serialize;
use serde_json::{json, Value};
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum Package {
	/// Attach what `curex-agent package` said to the exchange in which the package is sent or was received, and attest it on
	/// the ledger: a salted commitment, one of each side. Prints the AuditEvent for the access log. Advice only: the exchange
	/// goes on as it would.
	Attach {
		/// The exchange.
		exchange: ExchangeId,
		/// What `curex-agent package` printed.
		#[arg(long)]
		result: PathBuf,
		/// The package, to see that the result is about it.
		#[arg(long)]
		package: Option<PathBuf>,
		/// Keep it in this side's own store, and attest nothing.
		#[arg(long)]
		unattested: bool,
	},
	/// Show what is attached to an exchange, and what the two sides attested of its package.
	Show {
		/// The exchange.
		exchange: ExchangeId,
		/// Write what this side attested, with its salt, into a new file: handed to the other side, it shows that the result
		/// is the one on the ledger.
		#[arg(long, value_name = "FILE")]
		hand_over: Option<PathBuf>,
		/// What the other side handed over: is it what it attested?
		#[arg(long, value_name = "FILE")]
		theirs: Option<PathBuf>,
	},
}

pub async fn run(context: &Context, command: Package) -> Result<Output, Error> {
	let key = context.encryption_key()?;
	match command {
		Package::Attach { exchange, result, package, unattested } => {
			let result = read(&result)?;
			let package = package.map(|path| read(&path)).transpose()?;
			let client = context.client().await?;
			let store = store(context, client.genesis())?;
			let package = package.as_deref();
			let attached =
				assessment::attach(&client, &store, &key, exchange, &result, package).await?;
			let mut told = value(&attached);
			if !unattested {
				let attested = assessment::attest(&client, &key, exchange, &result).await?;
				told["assessment"] = value(attested.opening.commitment);
				told["recorded"] = value(attested.recorded);
			}
			Ok(Output::data(told))
		},
		Package::Show { exchange, hand_over, theirs } => {
			let theirs: Option<Opening> =
				theirs.map(|path| parse(&path, "what was handed over")).transpose()?;
			let asks_the_ledger = hand_over.is_some() || theirs.is_some();
			// What is in the own store is shown where no node answers, too.
			let (genesis, reader) = match context.global.genesis {
				Some(genesis) if !asks_the_ledger => (genesis.0, None),
				_ => {
					let reader = context.reader().await?;
					(reader.genesis(), Some(reader))
				},
			};
			let store = store(context, genesis)?;
			let results = assessment::attached(&store, &key, genesis, exchange)?;
			let mut shown = json!({ "exchange": exchange, "assessments": results });
			let Some(reader) = reader else { return Ok(Output::data(shown)) };
			let attested = reader.package_assessments(exchange, View::Best).await?;
			if let Some(path) = hand_over {
				let own = assessment::handed_over(&store, &key, genesis, exchange, &attested)?;
				write_private(&path, &pretty(&own)?)?;
			}
			if let Some(theirs) = theirs {
				shown["theirs"] = value(assessment::compare(exchange, &attested, &theirs));
			}
			shown["attested"] = value(&attested);
			Ok(Output::data(shown))
		},
	}
}

fn value(told: impl Serialize) -> Value {
	serde_json::to_value(told).unwrap_or_default()
}
