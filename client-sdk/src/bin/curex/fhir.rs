//! `curex fhir`: what a FHIR file means to the ledger.

use crate::context::{file_error, parse, Context, Output};
use clap::Subcommand;
use curex_client::{
	fhir::{
		audit::Telling,
		check::{self, Mapped, Outcome, Severity},
		consent::resource,
		json::MAX_BYTES,
		PatientIdentification,
	},
	time, Error, View,
};
use curex_primitives::{ConsentId, ExchangeId};
use serde_json::json;
use std::{
	io::Read,
	path::{Path, PathBuf},
};

#[derive(Subcommand)]
pub enum Fhir {
	/// Map a FHIR R4 Consent, AuditEvent, document or collection, or refuse it with an OperationOutcome.
	Check {
		/// The file; - for standard input.
		file: PathBuf,
	},
	/// Tell of a consent as a Consent, out of its record on the ledger.
	Consent {
		/// The consent.
		consent: ConsentId,
		/// The patient (JSON, as in examples/request.json under `patient`): the ledger does not know whom it is about.
		#[arg(long)]
		patient: PathBuf,
	},
	/// Tell of an exchange as AuditEvents (IHE BALP), out of its record on the ledger.
	Audit {
		/// The exchange.
		exchange: ExchangeId,
	},
}

pub async fn run(context: &Context, command: Fhir) -> Result<Output, Error> {
	match command {
		Fhir::Check { file } => self::check(context, &file),
		Fhir::Consent { consent, patient } => self::consent(context, consent, &patient).await,
		Fhir::Audit { exchange } => audit(context, exchange).await,
	}
}

async fn consent(context: &Context, id: ConsentId, patient: &Path) -> Result<Output, Error> {
	let patient: PatientIdentification = parse(patient, "the patient")?;
	let identifier = patient
		.identifiers
		.first()
		.ok_or_else(|| Error::Input("the patient has no identifier".into()))?;
	let found = context.reader().await?.consent(id, View::Finalised).await?;
	let found = found.ok_or_else(|| Error::NotFound(format!("consent {id}")))?;
	Ok(Output::data(resource(id, &found, identifier)?))
}

async fn audit(context: &Context, id: ExchangeId) -> Result<Output, Error> {
	let client = context.client().await?;
	let exchange = client.exchange(id, View::Finalised).await?;
	let exchange = exchange.ok_or_else(|| Error::NotFound(format!("exchange {id}")))?;
	let observer = match client.signer() {
		Ok(_) => client.own_delegate().await?.organisation,
		Err(_) => exchange.holder,
	};
	let telling = Telling {
		id,
		exchange: &exchange,
		ledger: client.genesis(),
		observer,
		now: time::now(),
		patient: None,
	};
	Ok(Output::data(json!({ "exchange": id, "events": telling.events() })))
}

fn check(context: &Context, file: &Path) -> Result<Output, Error> {
	context.progress(format_args!("reading {} …", file.display()));
	let mut bytes = Vec::new();
	let limit = MAX_BYTES as u64 + 1;
	let read = match file.to_str() {
		Some("-") => std::io::stdin().take(limit).read_to_end(&mut bytes),
		_ => {
			std::fs::File::open(file).and_then(|opened| opened.take(limit).read_to_end(&mut bytes))
		},
	};
	read.map_err(|error| file_error(file, error))?;
	Ok(match check::check(&bytes) {
		Ok(Mapped { resource_type, mapping, outcome }) => {
			let pretty = serde_json::to_string_pretty(&mapping).unwrap_or_default();
			let told = lines(&outcome);
			Output::new(
				format!("{resource_type}: mapped\n{pretty}{told}"),
				json!({
					"mapped": true,
					"resourceType": resource_type,
					"mapping": mapping,
					"outcome": outcome.to_json(),
				}),
			)
		},
		Err(outcome) => {
			Output::new(format!("refused{}", lines(&outcome)), outcome.to_json()).ending_with(9)
		},
	})
}

fn lines(outcome: &Outcome) -> String {
	let issues = outcome.issues.iter().map(|issue| {
		let severity = match issue.severity {
			Severity::Error => "error",
			Severity::Warning => "warning",
			Severity::Information => "note",
		};
		format!("\n{severity}  {}  {}: {}", issue.code.code(), issue.expression, issue.diagnostics)
	});
	issues.collect()
}
