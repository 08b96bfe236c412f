//! `curex erasure`: orders to erase, and the answers to them.

use crate::{
	context::{keep_unless_refused, parse, pretty, word, write_private, Context, Output},
	duties::{day, Day},
	follow_up::text,
};
use clap::Subcommand;
use curex_client::{
	erasure::{draw, fill, AnswerProof, Answers},
	reconciliation::day_text,
	Error,
};
use curex_primitives::{
	erasure::{ErasureMethod, ErasureOutcome},
	ErasureId, OrganisationId,
};
use serde_json::json;
use std::{collections::BTreeMap, path::PathBuf};

#[derive(Subcommand)]
pub enum Erasure {
	/// Draw a handle for an order; tell it to whoever is bound by it, outside the ledger.
	Draw,
	/// File the orders of this day, between 00:00 and 02:00 UTC. Every day, also without any.
	File {
		/// Orders to file, at most 16; handles without meaning are added.
		orders: Vec<ErasureId>,
	},
	/// List the orders of a day.
	List {
		/// The day (UTC) on which they were filed, such as 2026-11-27.
		#[arg(long, value_parser = day)]
		day: Day,
	},
	/// Answer the orders of a day.
	Attest {
		/// The day (UTC) on which they were filed.
		#[arg(long, value_parser = day)]
		day: Day,
		/// Answers other than that nothing is held: JSON {"0x…": {"erased": "overwrite"} | {"refused": "legal-claims"}}.
		#[arg(long)]
		answers: Option<PathBuf>,
		/// How the organisation erases: cryptographic-erase, overwrite or destruction.
		#[arg(long, value_parser = word::<ErasureMethod>)]
		method: ErasureMethod,
		/// File with the evidence in words; stays with the organisation.
		#[arg(long)]
		evidence_file: PathBuf,
		/// Where to write what opens the answers; for the organisation's file.
		#[arg(long)]
		out: PathBuf,
	},
	/// Write the proof of the answer to one order, for whoever filed it.
	Prove {
		/// The order.
		order: ErasureId,
		/// What `attest` wrote.
		#[arg(long)]
		answers: PathBuf,
		/// Where to write the proof.
		#[arg(long)]
		out: PathBuf,
	},
	/// Check the proof of an answer against the ledger.
	Check {
		/// The proof.
		proof: PathBuf,
		/// Whose answer it is, by its number.
		#[arg(long)]
		organisation: u32,
	},
}

pub async fn run(context: &Context, command: Erasure) -> Result<Output, Error> {
	match command {
		Erasure::Draw => {
			let order = draw();
			Ok(Output::new(order.to_string(), json!({ "order": order })))
		},
		Erasure::File { orders } => {
			let slots = fill(&orders)?;
			let recorded = context.client().await?.file_orders(slots).await?;
			Ok(Output::recorded(&format!("{} orders filed", orders.len()), &recorded))
		},
		Erasure::List { day } => {
			let (batch, orders) = context.reader().await?.erasure_orders(day.0).await?;
			let date = day_text(day.0);
			let json = json!({ "day": day.0, "date": date, "batch": batch, "orders": orders });
			Ok(Output::data(json))
		},
		Erasure::Attest { day, answers, method, evidence_file, out } => {
			let outcomes: BTreeMap<ErasureId, ErasureOutcome> = match answers {
				Some(path) => parse(&path, "the answers")?,
				None => BTreeMap::new(),
			};
			let evidence = text(&evidence_file)?;
			let client = context.client().await?;
			let (_, orders) = client.erasure_orders(day.0).await?;
			let answers = Answers::new(day.0, &orders, &outcomes, &evidence)?;
			// Kept before the ledger hears of it: nothing else opens what it will hold.
			write_private(&out, &pretty(&answers)?)?;
			let attested = client.attest_erasure(&answers, method);
			let recorded = keep_unless_refused(&[&out], attested).await?;
			Ok(Output::recorded(&format!("{} orders answered", orders.len()), &recorded)
				.with("answers", out))
		},
		Erasure::Prove { order, answers, out } => {
			let answers: Answers = parse(&answers, "the answers")?;
			let proof = answers.prove(order)?;
			write_private(&out, &pretty(&proof)?)?;
			let text = format!("proof of the answer to {order} in {}", out.display());
			Ok(Output::new(text, json!({ "order": order, "proof": out })))
		},
		Erasure::Check { proof, organisation } => {
			let proof: AnswerProof = parse(&proof, "the proof")?;
			let organisation = OrganisationId(organisation);
			let client = context.reader().await?;
			let attestation = client
				.erasure_attestation(proof.day, organisation)
				.await?
				.ok_or_else(|| Error::NotFound("answer of that organisation".into()))?;
			let holds = proof.holds(&attestation);
			let json = json!({ "holds": holds, "answer": proof.answer, "late": attestation.late });
			Ok(Output::data(json).ending_with(if holds { 0 } else { 8 }))
		},
	}
}
