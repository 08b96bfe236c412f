//! `curex permit`: secondary use.

use crate::{
	context::{
		keep_opening, keep_unless_refused, parse, present, pretty, read, read_text, word,
		write_private, Context, Output,
	},
	exchange::{begun_before, deliver, gateway, see_through, Begun, Handling},
	follow_up::text,
};
use clap::Subcommand;
use curex_client::{
	exchange::{DataRequestSpec, Opening},
	permits::{OptOutProof, PermitSpec, PreparedCohort, PreparedPermit},
	Error, View,
};
use curex_primitives::{ExchangeId, Finding, OrganisationId, PermitId};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum Permit {
	/// Issue a permit, as a health data access body.
	Grant {
		/// What is permitted (JSON; see examples/permit.json).
		#[arg(long)]
		spec: PathBuf,
		/// Where to write what opens its commitments; for the body's file. Given again, the same permit is issued again,
		/// which records nothing twice.
		#[arg(long)]
		out: PathBuf,
	},
	/// Show a permit, its holders and what has happened under it; every permit if none is named.
	Show {
		/// The permit.
		permit: Option<PermitId>,
	},
	/// Name a holder whose data set may be used, as the body.
	NameHolder {
		/// The permit.
		permit: PermitId,
		/// The holder, by its number.
		#[arg(long)]
		holder: u32,
		/// File with the description of the data set; for the body and the holder.
		#[arg(long)]
		dataset_file: PathBuf,
	},
	/// Revoke a permit for good, as the body.
	Revoke {
		/// The permit.
		permit: PermitId,
		/// File with the reasons in words; stays with the body.
		#[arg(long)]
		reasons_file: PathBuf,
	},
	/// Commit to a cohort and to those who opted out, as a holder, before anything is extracted.
	Cohort {
		/// The permit.
		permit: PermitId,
		/// File with an identifier of each person of the cohort on a line.
		#[arg(long)]
		persons: PathBuf,
		/// File with an identifier of each person who opted out on a line.
		#[arg(long)]
		opted_out: PathBuf,
		/// Where to write what proves who was left out; for the holder's file. It has pseudonyms only.
		#[arg(long)]
		out: PathBuf,
	},
	/// Write the proof whether a person had opted out; for the person, or an auditor.
	ProveOptOut {
		/// What `cohort` wrote.
		#[arg(long)]
		cohort: PathBuf,
		/// File with the person's identifier.
		#[arg(long)]
		person_file: PathBuf,
		/// Where to write the proof.
		#[arg(long)]
		out: PathBuf,
	},
	/// Check the proof whether a person had opted out against an extraction on the ledger.
	CheckOptOut {
		/// The proof.
		proof: PathBuf,
		/// Number of the extraction under the permit.
		#[arg(long)]
		extraction: u32,
	},
	/// Record an extraction from the cohort, as a holder.
	Extract {
		/// The permit.
		permit: PermitId,
		/// The data that go to the environment; the ledger gets a commitment to their hash.
		#[arg(long)]
		data: PathBuf,
	},
	/// Ask a holder for what it extracted, as the permit's user, and wait for it.
	Request {
		/// What is asked for (JSON; see examples/data-request.json).
		#[arg(long)]
		spec: PathBuf,
		#[command(flatten)]
		handling: Handling,
	},
	/// Answer a request under a permit with the extracted data, as the holder.
	Answer {
		/// The exchange.
		exchange: ExchangeId,
		/// The data: a FHIR collection that names nobody.
		#[arg(long)]
		data: PathBuf,
	},
	/// Let outputs out of the environment, as the body.
	Export {
		/// The permit.
		permit: PermitId,
		/// File that says what leaves.
		#[arg(long)]
		outputs_file: PathBuf,
		/// File with the check that found it anonymous.
		#[arg(long)]
		check_file: PathBuf,
	},
	/// Report that a person was, or might have been, identified.
	Report {
		/// The permit.
		permit: PermitId,
		/// File with the evidence in words; stays with the organisation.
		#[arg(long)]
		evidence_file: PathBuf,
	},
	/// Say what was found after a report of re-identification, as the body.
	AnswerReport {
		/// Number of the report.
		report: u32,
		/// What was found: confirmed or not-confirmed.
		#[arg(long, value_parser = word::<Finding>)]
		finding: Finding,
		/// File with the reasons in words; stays with the body.
		#[arg(long)]
		reasons_file: PathBuf,
	},
	/// Commit to the results that were made public, as the permit's user.
	Publish {
		/// The permit.
		permit: PermitId,
		/// File that says what was published and where.
		#[arg(long)]
		results_file: PathBuf,
	},
}

pub async fn run(context: &Context, command: Permit) -> Result<Output, Error> {
	match command {
		Permit::Grant { spec, out } => grant(context, &spec, &out).await,
		Permit::Show { permit } => show(context, permit).await,
		Permit::NameHolder { permit, holder, dataset_file } => {
			let dataset = text(&dataset_file)?;
			let client = context.client().await?;
			let holder = OrganisationId(holder);
			let (recorded, opening) = client.name_permit_holder(permit, holder, &dataset).await?;
			let told = format!("permit {permit} names organisation {holder}");
			opened(context, Output::recorded(&told, &recorded), permit, &opening)
		},
		Permit::Revoke { permit, reasons_file } => {
			let reasons = text(&reasons_file)?;
			let (recorded, opening) =
				context.client().await?.revoke_permit(permit, &reasons).await?;
			let told = format!("permit {permit} revoked");
			opened(context, Output::recorded(&told, &recorded), permit, &opening)
		},
		Permit::Cohort { permit, persons, opted_out, out } => {
			let cohort = PreparedCohort::new(permit, &lines(&persons)?, &lines(&opted_out)?)?;
			let client = context.client().await?;
			// Kept before the ledger hears of it: nothing else proves who was left out.
			write_private(&out, &pretty(&cohort)?)?;
			let recorded = keep_unless_refused(&[&out], client.commit_cohort(&cohort)).await?;
			let told = format!("cohort under permit {permit} committed");
			Ok(Output::recorded(&told, &recorded)
				.with("size", cohort.size())
				.with("excluded", cohort.excluded())
				.with("cohort", out))
		},
		Permit::ProveOptOut { cohort, person_file, out } => {
			let cohort: PreparedCohort = parse(&cohort, "the cohort")?;
			let proof = cohort.prove(text(&person_file)?.trim());
			write_private(&out, &pretty(&proof)?)?;
			let told = format!("proof in {}", out.display());
			Ok(Output::new(told, json!({ "permit": proof.permit, "proof": out })))
		},
		Permit::CheckOptOut { proof, extraction } => {
			let proof: OptOutProof = parse(&proof, "the proof")?;
			let client = context.reader().await?;
			let found = client.extraction(proof.permit, extraction, View::Finalised).await?;
			let found = found.ok_or_else(|| Error::NotFound(format!("extraction {extraction}")))?;
			let holds = proof.holds(&found.cohort.opt_out);
			let json = json!({ "holds": holds, "opted_out": proof.opted_out });
			Ok(Output::data(json).ending_with(if holds { 0 } else { 8 }))
		},
		Permit::Extract { permit, data } => extract(context, permit, &data).await,
		Permit::Request { spec, handling } => {
			let spec = DataRequestSpec::from_json(&read(&spec)?)?;
			let client = context.client().await?;
			let begun =
				begun_before(context, &client, &handling, |pending| pending.asks_for_data(&spec));
			match begun.await? {
				Begun::Not(key) => {
					let pending = client.prepare_data_request_under(&spec, key.as_ref()).await?;
					see_through(context, &client, &pending, &handling).await
				},
				Begun::Before(output) => Ok(output),
			}
		},
		Permit::Answer { exchange, data } => {
			let data = present(&data)?;
			let gateway = gateway(context, None, None).await?;
			gateway.answer_with_data(exchange, data).await?;
			deliver(context, &gateway, exchange).await
		},
		Permit::Export { permit, outputs_file, check_file } => {
			let (outputs, check) = (text(&outputs_file)?, text(&check_file)?);
			let client = context.client().await?;
			let (recorded, number, openings) =
				client.export_outputs(permit, &outputs, &check).await?;
			let told = Output::recorded(&format!("export {number} recorded"), &recorded);
			openings
				.iter()
				.try_fold(told, |told, opening| opened(context, told, permit, opening))
				.map(|told| told.with("export", number))
		},
		Permit::Report { permit, evidence_file } => {
			let evidence = text(&evidence_file)?;
			let client = context.client().await?;
			let (recorded, number, opening) =
				client.report_reidentification(permit, &evidence).await?;
			let told = Output::recorded(&format!("report {number} recorded"), &recorded);
			opened(context, told.with("report", number), permit, &opening)
		},
		Permit::AnswerReport { report, finding, reasons_file } => {
			let reasons = text(&reasons_file)?;
			let client = context.client().await?;
			let (recorded, opening) =
				client.answer_reidentification(report, finding, &reasons).await?;
			let told = Output::recorded(&format!("report {report} answered"), &recorded);
			kept(context, &format!("reports/{report}"), &opening, told)
		},
		Permit::Publish { permit, results_file } => {
			let results = text(&results_file)?;
			let client = context.client().await?;
			let (recorded, opening) = client.publish_results(permit, &results).await?;
			let told = Output::recorded(&format!("results of permit {permit} recorded"), &recorded);
			opened(context, told, permit, &opening)
		},
	}
}

async fn grant(context: &Context, spec: &Path, out: &Path) -> Result<Output, Error> {
	let client = context.client().await?;
	let prepared: PreparedPermit = if out.exists() {
		parse(out, "the permit that was prepared")?
	} else {
		let prepared = client.prepare_permit(&PermitSpec::from_json(&read(spec)?)?).await?;
		// Kept before the ledger hears of it: nothing else opens what it will hold.
		write_private(out, &pretty(&prepared)?)?;
		prepared
	};
	let recorded = client.issue_permit(&prepared).await?.finalized().await?;
	Ok(Output::recorded(&format!("permit {} issued", prepared.id), &recorded)
		.with("permit", prepared.id)
		.with("openings", out))
}

async fn show(context: &Context, permit: Option<PermitId>) -> Result<Output, Error> {
	let client = context.reader().await?;
	let Some(id) = permit else {
		let list = client.permits().await?.into_iter();
		let list: Vec<_> = list.map(|(id, permit)| json!({ "id": id, "permit": permit })).collect();
		return Ok(Output::data(json!({ "permits": list })));
	};
	let found = client.permit(id, View::Finalised).await?;
	let (permit, standing) = found.ok_or_else(|| Error::NotFound(format!("permit {id}")))?;
	let live = permit.is_live(curex_client::time::now());
	let holders = client.permit_holders(id, View::Finalised).await?;
	let holders: Vec<_> = holders
		.into_iter()
		.map(|(holder, named)| json!({ "holder": holder, "dataset": named.dataset }))
		.collect();
	let mut extractions = Vec::new();
	for number in 0..standing.extractions {
		extractions.push(client.extraction(id, number, View::Finalised).await?);
	}
	Ok(Output::data(json!({
		"id": id,
		"live": live,
		"permit": permit,
		"standing": standing,
		"holders": holders,
		"extractions": extractions,
	})))
}

async fn extract(context: &Context, permit: PermitId, data: &Path) -> Result<Output, Error> {
	let bytes = read(data)?;
	let hash = format!("0x{}", hex::encode(sp_crypto_hashing::blake2_256(&bytes)));
	let content = json!({ "blake2-256": hash, "bytes": bytes.len() }).to_string();
	let client = context.client().await?;
	let (recorded, number, opening) = client.record_extraction(permit, &content).await?;
	let told = format!("extraction {number} under permit {permit} recorded");
	let told = Output::recorded(&told, &recorded).with("extraction", number);
	opened(context, told, permit, &opening)
}

/// Keeps what opens a commitment under a permit, and tells where.
fn opened(
	context: &Context,
	told: Output,
	permit: PermitId,
	opening: &Opening,
) -> Result<Output, Error> {
	kept(context, &format!("permits/{}", hex::encode(permit.0)), opening, told)
}

/// Keeps what opens a commitment under its name.
fn kept(context: &Context, folder: &str, opening: &Opening, told: Output) -> Result<Output, Error> {
	let path = keep_opening(context, folder, &hex::encode(opening.commitment.0), opening)?;
	Ok(told.with("opening", path))
}

/// The lines of a file that are not blank.
fn lines(path: &Path) -> Result<Vec<String>, Error> {
	let text = read_text(path)?;
	let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
	Ok(lines.map(String::from).collect())
}
