//! `curex fhir`: what a FHIR file means to the ledger.

use crate::context::{file_error, parse, Context, Output};
use clap::Subcommand;
use curex_client::{
	content::check_body,
	fhir::{
		audit::Telling,
		check::{self, Mapped, Outcome, Severity},
		consent::resource,
		exchanged::Exchanged,
		json::MAX_BYTES,
		Identifier, PatientIdentification,
	},
	time, Error, View,
};
use curex_primitives::{ConsentId, ExchangeId, Side};
use serde_json::json;
use std::{
	io::Read,
	path::{Path, PathBuf},
};

#[derive(Subcommand)]
pub enum Fhir {
	/// Map a FHIR R4 Consent, AuditEvent, DocumentReference, Provenance, document or collection, or refuse it with an OperationOutcome.
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
		/// Tell instead that this person of the recipient opened what was received, for the access log: a JSON file with `system`
		/// and `value`, as an identifier in examples/request.json.
		#[arg(long, value_name = "FILE")]
		opened_by: Option<PathBuf>,
	},
	/// Describe what was handed over in an exchange as a DocumentReference and a Provenance, out of the document and the
	/// exchange's record on the ledger.
	Describe {
		/// The exchange.
		exchange: ExchangeId,
		/// The document, as it was offered or received.
		#[arg(long)]
		document: PathBuf,
		/// The patient (JSON, as in examples/request.json under `patient`): the ledger does not know whom it is about.
		#[arg(long)]
		patient: PathBuf,
	},
}

pub async fn run(context: &Context, command: Fhir) -> Result<Output, Error> {
	match command {
		Fhir::Check { file } => self::check(context, &file),
		Fhir::Consent { consent, patient } => self::consent(context, consent, &patient).await,
		Fhir::Audit { exchange, opened_by } => audit(context, exchange, opened_by.as_deref()).await,
		Fhir::Describe { exchange, document, patient } => {
			describe(context, exchange, &document, &patient).await
		},
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

async fn audit(
	context: &Context,
	id: ExchangeId,
	opened_by: Option<&Path>,
) -> Result<Output, Error> {
	let person: Option<Identifier> = opened_by.map(|path| parse(path, "the person")).transpose()?;
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
	let events = match person {
		Some(person) => vec![telling.opening(&person)],
		None => telling.events(),
	};
	Ok(Output::data(json!({ "exchange": id, "events": events })))
}

async fn describe(
	context: &Context,
	id: ExchangeId,
	document: &Path,
	patient: &Path,
) -> Result<Output, Error> {
	let patient: PatientIdentification = parse(patient, "the patient")?;
	let document = check_body(document, &patient)?;
	let client = context.client().await?;
	let exchange = client.exchange(id, View::Finalised).await?;
	let exchange = exchange.ok_or_else(|| Error::NotFound(format!("exchange {id}")))?;
	let own = match client.signer() {
		Ok(_) => client.own_delegate().await?.organisation,
		Err(_) => exchange.holder,
	};
	let exchanged = Exchanged {
		id,
		exchange: &exchange,
		ledger: client.genesis(),
		side: if own == exchange.recipient { Side::Recipient } else { Side::Holder },
		document: &document,
		patient: patient.identifiers.first(),
		url: None,
		now: time::now(),
	};
	Ok(Output::data(json!({
		"exchange": id,
		"documentReference": exchanged.document_reference()?,
		"provenance": exchanged.provenance()?,
	})))
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
