//! `curex outbox`: what was submitted and is not settled.

use crate::context::{Context, Output};
use clap::Subcommand;
use curex_client::{
	outbox::{Entry, Standing},
	Error, Outbox as Kept,
};
use serde_json::json;

#[derive(Subcommand)]
pub enum Outbox {
	/// List what the accounts submitted and the finalised ledger has not decided.
	List {
		/// Also what was settled lately.
		#[arg(long)]
		all: bool,
	},
	/// Send what an earlier command left undecided, and wait until the ledger has decided.
	Send,
}

pub async fn run(context: &Context, command: Outbox) -> Result<Output, Error> {
	let client = context.client().await?;
	// The reason why there is none.
	client.signer()?;
	let outboxes = client.outboxes();
	match command {
		Outbox::List { all } => {
			let mut listed = Vec::new();
			for outbox in &outboxes {
				outbox.step().await?;
				let entries = outbox.entries()?.into_iter();
				listed.extend(entries.filter(|entry| all || !entry.standing.is_settled()));
			}
			Ok(told(listed))
		},
		Outbox::Send => send(context, &outboxes).await,
	}
}

async fn send(context: &Context, outboxes: &[Kept]) -> Result<Output, Error> {
	let mut settled = Vec::new();
	for outbox in outboxes {
		let open = outbox.entries()?.into_iter().filter(|entry| !entry.standing.is_settled());
		for entry in open {
			context.progress(format_args!("{}.{} …", entry.pallet, entry.call));
			settled.push(outbox.settle(&entry.key).await?);
		}
	}
	let rejected = settled.iter().any(|entry| matches!(entry.standing, Standing::Rejected { .. }));
	Ok(told(settled).ending_with(if rejected { 6 } else { 0 }))
}

fn told(entries: Vec<Entry>) -> Output {
	let line = |entry: &Entry| {
		let standing = match &entry.standing {
			Standing::Waiting => "waits to be sent".into(),
			Standing::Sent => "sent, not final yet".into(),
			Standing::Refused { rejection } => format!("not admitted: {rejection}"),
			Standing::Recorded(recorded) => format!("recorded in block {}", recorded.block_number),
			Standing::Rejected { block, rejection } => {
				format!("rejected in block {block}: {rejection}")
			},
		};
		format!("{}.{}  {standing}  ({})", entry.pallet, entry.call, entry.key)
	};
	let text = match entries.len() {
		0 => "nothing is undecided".to_string(),
		_ => entries.iter().map(line).collect::<Vec<_>>().join("\n"),
	};
	Output::new(text, json!({ "entries": entries }))
}
