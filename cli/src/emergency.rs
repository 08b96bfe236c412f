//! `curex emergency`: broken glasses while the ledger takes nothing, or no node answers.

use crate::{
	context::{file_error, pretty, read, word, write_private, Context, Output},
	exchange::{fhir_source, gateway_of, kept, note_subject, pending_path},
	follow_up::text,
};
use clap::Subcommand;
use curex_client::{
	exchange::{EmergencyAnswer, EmergencyRequest},
	Error, Spec,
};
use curex_primitives::{Gate, Ground, Purpose};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum Emergency {
	/// Take the directory of members, by which the other commands go when no node answers. `curex serve` does so every hour.
	Directory,
	/// Sign a request into a file to hand over. No block has to come, and with the directory of members no node answer.
	Ask {
		/// What is asked for (JSON; see examples/request.json).
		#[arg(long)]
		spec: PathBuf,
		/// Why: life-threat, unconscious, public-emergency or other.
		#[arg(long, value_parser = word::<Ground>)]
		ground: Ground,
		/// File with the reason in words, for the review; stays with the organisation.
		#[arg(long)]
		evidence_file: PathBuf,
		/// Where to write the request; hand the file to the holder.
		#[arg(long)]
		out: PathBuf,
	},
	/// Answer a request that was handed over, as its holder.
	Answer {
		/// The request.
		#[arg(long)]
		request: PathBuf,
		/// Where the records are: a folder of FHIR bundles, or the base address of a FHIR server.
		#[arg(long)]
		fhir: String,
		/// Where to write the answer; hand the file back. The document in it is sealed to the requester.
		#[arg(long)]
		out: PathBuf,
	},
	/// Open the holder's answer.
	Open {
		/// The answer.
		#[arg(long)]
		answer: PathBuf,
		/// Where to write the document.
		#[arg(long)]
		out: PathBuf,
	},
	/// Put a request on the ledger, as either side, within a day. The requester then concludes it with `curex receive`.
	Record {
		/// The request.
		#[arg(long)]
		request: PathBuf,
	},
}

pub async fn run(context: &Context, command: Emergency) -> Result<Output, Error> {
	match command {
		Emergency::Directory => {
			let members = context.keep_members(&context.reader().await?).await?;
			let (count, height) = (members.members(), members.height);
			let file = context.members_path();
			Ok(Output::new(
				format!("{count} members of block {height} in {}", file.display()),
				json!({ "members": count, "block": height, "proven": members.proven, "file": file }),
			))
		},
		Emergency::Ask { spec, ground, evidence_file, out } => {
			ask(context, &spec, ground, &evidence_file, &out).await
		},
		Emergency::Answer { request, fhir, out } => {
			let request = EmergencyRequest::from_json(&read(&request)?)?;
			let source = Some(fhir_source(&fhir)?);
			let gateway = gateway_of(context, context.urgent_client().await?, source, None).await?;
			let answer = gateway.answer_emergency(&request).await?;
			write_private(&out, &pretty(&answer)?)?;
			let told = format!("answer to exchange {} in {}", answer.exchange, out.display());
			Ok(Output::new(told, json!({ "exchange": answer.exchange, "answer": out })))
		},
		Emergency::Open { answer, out } => {
			let answer = EmergencyAnswer::from_json(&read(&answer)?)?;
			let own_key = context.encryption_key()?;
			let client = context.urgent_client().await?;
			let id = answer.exchange;
			let pending = kept(context, &client, &own_key, id)?;
			let document = client.open_emergency(&pending, &answer)??;
			write_private(&out, &document.bytes()?)?;
			let resources = document.resources().len();
			Ok(Output::new(
				format!("{} in {}", document.told(), out.display()),
				json!({ "exchange": id, "document": out, "resources": resources }),
			))
		},
		Emergency::Record { request } => {
			let request = EmergencyRequest::from_json(&read(&request)?)?;
			let client = context.client().await?;
			let recorded = client.record_emergency(&request).await?.finalized().await?;
			let told = format!("exchange {} recorded", request.exchange());
			Ok(Output::recorded(&told, &recorded).with("exchange", request.exchange()))
		},
	}
}

async fn ask(
	context: &Context,
	spec: &Path,
	ground: Ground,
	evidence_file: &Path,
	out: &Path,
) -> Result<Output, Error> {
	let mut spec = Spec::from_json(&read(spec)?)?;
	spec.gate = Gate::BreakGlass(ground);
	spec.purpose = Purpose::EmergencyTreatment;
	let evidence = text(evidence_file)?;
	if out.exists() {
		return Err(file_error(out, "exists; name a new file"));
	}
	let own_key = context.encryption_key()?;
	let client = context.urgent_client().await?;
	let pending = client.prepare_request(&spec, Some(&evidence)).await?;
	let request = client.sign_emergency(&pending).await?;
	let id = pending.id();
	write_private(
		&pending_path(context, id)?,
		&pending.seal(&own_key.public(), client.genesis())?,
	)?;
	note_subject(context, &client, &own_key, &pending)?;
	write_private(out, &pretty(&request)?)?;
	Ok(Output::new(
		format!(
			"exchange {id} signed; hand {} to the holder, and record it within a day",
			out.display()
		),
		json!({ "exchange": id, "request": out }),
	))
}
