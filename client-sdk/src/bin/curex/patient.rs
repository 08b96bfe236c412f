//! `curex patient`: what a patient may ask this organisation for.

use crate::{
	context::{file_error, parse, pretty, write_private, Context, Output},
	exchange::store,
};
use clap::Subcommand;
use curex_client::{
	fhir::PatientIdentification,
	proofs::Prover,
	report::{Report, Sources},
	Error,
};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum Patient {
	/// Report every exchange, denial and breaking of the glass of a patient, as FHIR and as a page to read, each with its
	/// proof. That the report was made is written down and told in the next.
	Report {
		/// The patient (JSON, as in examples/request.json under `patient`), whose identity was checked.
		#[arg(long)]
		patient: PathBuf,
		/// Who makes the report at this organisation.
		#[arg(long)]
		by: String,
		/// The folder to write it to; it must not exist.
		#[arg(long)]
		out: PathBuf,
	},
}

pub async fn run(context: &Context, command: Patient) -> Result<Output, Error> {
	let Patient::Report { patient, by, out } = command;
	let patient: PatientIdentification = parse(&patient, "the patient")?;
	let key = context.encryption_key()?;
	let client = context.client().await?;
	let organisation = client.own_delegate().await?.organisation;
	if out.exists() {
		return Err(Error::Input(format!("{} exists; name a new folder", out.display())));
	}
	let store = store(context, client.genesis())?;
	let mut prover = match client.trust_root() {
		Some(root) => Prover::with_root(client.clone(), root.clone()),
		None => Prover::new(client.clone()).await.map_err(without_first_state)?,
	};
	let sources = Sources { client: &client, organisation, key: &key, store: &store };
	context.progress("reading and proving …");
	let report = Report::make(&sources, &patient, &by, &mut prover).await?;
	write(&report, &out)?;
	let proven = report.items.iter().filter(|item| item.proof.is_some()).count();
	let denied = report.items.iter().filter(|item| item.is_denial()).count();
	let exchanges = report.items.len();
	Ok(Output::new(
		format!("{exchanges} exchanges, {proven} proven, {denied} denied, in {}", out.display()),
		json!({
			"report": format!("0x{}", hex::encode(report.made.report)),
			"exchanges": exchanges,
			"proven": proven,
			"denied": denied,
			"doubtful": report.doubtful,
			"unreadable": report.unreadable,
			"folder": out,
		}),
	))
}

/// A node that discards old states cannot tell who the first authorities were.
fn without_first_state(error: Error) -> Error {
	match error {
		Error::Protocol(_) => Error::Input(
			"the node does not keep the first block's state: give the trust root with --trust"
				.into(),
		),
		other => other,
	}
}

fn write(report: &Report, out: &Path) -> Result<(), Error> {
	let proofs = out.join("proofs");
	std::fs::create_dir_all(&proofs).map_err(|error| file_error(&proofs, error))?;
	write_private(&out.join("report.html"), report.html().as_bytes())?;
	write_private(&out.join("report.json"), &pretty(&report.fhir())?)?;
	for item in &report.items {
		if let Some(proof) = &item.proof {
			write_private(&proofs.join(item.proof_file()), &proof.bundle)?;
		}
	}
	Ok(())
}
