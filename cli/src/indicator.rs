//! `curex indicator`: indicators of threats that members share as digests.

use crate::context::{bytes, file_error, word, Bytes, Context, Output};
use clap::Subcommand;
use curex_client::{indicators::feed, time, Client, Error, View};
use curex_primitives::TrafficLight;
use serde_json::json;
use std::{
	path::{Path, PathBuf},
	time::Duration,
};

/// How often a feed that follows the ledger looks for a new block.
const PAUSE: Duration = Duration::from_millis(500);

#[derive(Subcommand)]
pub enum IndicatorCommand {
	/// Share a digest, as `curex-agent indicator` prints it.
	Share {
		/// The digest.
		#[arg(value_parser = bytes::<32>)]
		digest: Bytes<32>,
		/// How far readers may pass it on: clear, green, amber or amber-strict.
		#[arg(long, default_value = "amber", value_parser = word::<TrafficLight>)]
		traffic_light: TrafficLight,
		/// For how many days it counts, 1 to 365.
		#[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=365))]
		days: u64,
	},
	/// List what members share.
	List,
	/// Write what members share for the agent (`[indicators] shared`).
	Feed {
		/// The file.
		#[arg(long)]
		out: PathBuf,
		/// Go on with every best block, until stopped.
		#[arg(long)]
		follow: bool,
	},
}

pub async fn run(context: &Context, command: IndicatorCommand) -> Result<Output, Error> {
	match command {
		IndicatorCommand::Share { digest, traffic_light, days } => {
			let expires_at = time::now() + days * time::DAY;
			let client = context.client().await?;
			let recorded = client.share_indicator(digest.0, traffic_light, expires_at).await?;
			Ok(Output::recorded("indicator shared", &recorded))
		},
		IndicatorCommand::List => {
			let found = context.reader().await?.shared_indicators(View::Best).await?;
			Ok(Output::data(json!({ "indicators": found })))
		},
		IndicatorCommand::Feed { out, follow } => {
			let client = context.reader().await?;
			let written = write(&client, &out).await?;
			let told = format!("{written} digests in {}", out.display());
			if follow {
				context.progress(told);
				return follow_with(&client, &out).await;
			}
			Ok(Output::new(told, json!({ "digests": written, "out": out })))
		},
	}
}

/// Writes the feed anew with every best block. Ends with a failure alone.
async fn follow_with(client: &Client, out: &Path) -> Result<Output, Error> {
	let mut best = None;
	loop {
		let newer = client.block_of(View::Best).await?;
		if best.replace(newer) != Some(newer) {
			write(client, out).await?;
		}
		tokio::time::sleep(PAUSE).await;
	}
}

/// Writes the feed whole, beside the old one and then in its place: the agent never reads half of it.
async fn write(client: &Client, out: &Path) -> Result<usize, Error> {
	let text = feed(&client.shared_indicators(View::Best).await?, time::now());
	let beside = out.with_extension("new");
	std::fs::write(&beside, &text).map_err(|error| file_error(&beside, error))?;
	std::fs::rename(&beside, out).map_err(|error| file_error(out, error))?;
	Ok(text.lines().count())
}
