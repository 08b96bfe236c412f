//! `curex duties`, `curex reconcile`.

use crate::{
	context::{word, Context, Output},
	follow_up::{text, told},
};
use clap::{Args, Subcommand};
use curex_client::{reconciliation::read_day, time, Error};
use curex_primitives::{exchange::DeferralReason, ExchangeId, Obligation, OrganisationId};
use serde_json::json;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum Duties {
	/// List what is owed, nearest deadline first.
	List {
		/// The member, by its number; the own organisation if not said.
		#[arg(long)]
		organisation: Option<u32>,
	},
	/// Say that a duty on account of an exchange was fulfilled.
	Attest {
		/// The exchange.
		exchange: ExchangeId,
		/// Which: patient-notice, breach or misuse. The others are fulfilled by what they ask for.
		#[arg(long, value_parser = word::<Obligation>)]
		obligation: Obligation,
		/// File with the evidence in words; stays with the organisation.
		#[arg(long)]
		evidence_file: PathBuf,
	},
	/// Defer the notice that the patient of a break-glass is owed. Once.
	Defer {
		/// The exchange.
		exchange: ExchangeId,
		/// Why: patient-safety, others-safety or not-reachable.
		#[arg(long, value_parser = word::<DeferralReason>)]
		reason: DeferralReason,
	},
}

#[derive(Args)]
pub struct Reconcile {
	/// The partner, by its number.
	#[arg(long)]
	partner: u32,
	/// The day (UTC), such as 2026-11-27; it has to be over.
	#[arg(long, value_parser = day)]
	day: Day,
	/// Count only; put nothing on the ledger.
	#[arg(long)]
	dry_run: bool,
}

/// A day as the ledger numbers it.
#[derive(Clone, Copy)]
pub struct Day(pub u32);

/// Reads a day written as `YYYY-MM-DD`.
pub fn day(text: &str) -> Result<Day, String> {
	read_day(text).map(Day).map_err(|error| error.to_string())
}

pub async fn run(context: &Context, command: Duties) -> Result<Output, Error> {
	match command {
		Duties::List { organisation } => list(context, organisation).await,
		Duties::Attest { exchange, obligation, evidence_file } => {
			let evidence = text(&evidence_file)?;
			let client = context.client().await?;
			let recorded = client.attest_duty(exchange, obligation, &evidence).await?;
			let folder = format!("duties/{}", word_of(obligation));
			told(context, &folder, exchange, "attested", recorded)
		},
		Duties::Defer { exchange, reason } => {
			let recorded = context.client().await?.defer_notice(exchange, reason).await?;
			Ok(Output::recorded(&format!("notice of {exchange} deferred"), &recorded))
		},
	}
}

async fn list(context: &Context, organisation: Option<u32>) -> Result<Output, Error> {
	let client = context.client().await?;
	let organisation = match organisation {
		Some(number) => OrganisationId(number),
		None => client.own_delegate().await?.organisation,
	};
	let duties = client.duties_due(organisation).await?;
	let flag = |overdue| if overdue { "  OVERDUE" } else { "" };
	let mut text = Vec::new();
	for duty in &duties.exchanges {
		let what = word_of(duty.obligation);
		let late = flag(duty.overdue);
		text.push(format!("{}  {what}  by block {}{late}", duty.exchange, duty.due_block));
	}
	for duty in &duties.oversight {
		let what = serde_json::to_value(duty.duty).unwrap_or_default();
		let due = time::text(duty.due).unwrap_or_else(|| duty.due.to_string());
		text.push(format!("{what}  by {due}{}", flag(duty.overdue)));
	}
	if text.is_empty() {
		text.push("nothing is owed".into());
	}
	let json = json!({ "organisation": organisation, "duties": duties });
	Ok(Output::new(text.join("\n"), json))
}

/// The word of the vocabulary.
fn word_of(obligation: Obligation) -> String {
	let word = serde_json::to_value(obligation).unwrap_or_default();
	word.as_str().unwrap_or_default().into()
}

pub async fn reconcile(context: &Context, command: Reconcile) -> Result<Output, Error> {
	let partner = OrganisationId(command.partner);
	let client = context.client().await?;
	let tally = client
		.count(partner, command.day.0, |block| {
			if block % 1_000 == 0 {
				context.progress(format_args!("block {block} …"));
			}
		})
		.await?;
	let text = format!("{} exchanges with organisation {partner}", tally.count);
	if command.dry_run {
		return Ok(Output::new(text, json!({ "partner": partner, "tally": tally })));
	}
	let recorded = client.reconcile(partner, command.day.0, tally.clone()).await?;
	let seen = |name| recorded.events.iter().any(|event| event.is("Exchange", name));
	let agrees = match (seen("Reconciled"), seen("ReconciliationMismatched")) {
		(true, _) => Some(true),
		(_, true) => Some(false),
		_ => None,
	};
	let told = match agrees {
		Some(true) => "the partner counted the same",
		Some(false) => "THE PARTNER COUNTED DIFFERENTLY",
		None => "the partner has not counted yet",
	};
	Ok(Output::recorded(&format!("{text}; {told}"), &recorded)
		.with("tally", tally)
		.with("agrees", agrees)
		.ending_with(if agrees == Some(false) { 8 } else { 0 }))
}
