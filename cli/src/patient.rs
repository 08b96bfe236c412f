//! `curex patient`: what a patient may ask this organisation for.

use crate::{
	context::{file_error, parse, pretty, read_text, write_private, Context, Output},
	exchange::store,
};
use clap::{ArgGroup, Args, Subcommand};
use curex_client::{
	fhir::PatientIdentification,
	paper::PaperCode,
	proofs::Prover,
	receipt::Receipt,
	report::{History, Report, Sources},
	Client, Error,
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
	/// Tell what happened under a consent, from the ledger alone, to whoever holds its receipt or viewing code: every exchange
	/// that rests on it, in plain words, each with its proof. Needs no account.
	History(HistoryOf),
}

#[derive(Args)]
#[command(group(ArgGroup::new("of").required(true).args(["receipt", "code_file"])))]
pub struct HistoryOf {
	/// The receipt, or an organisation's copy of it.
	#[arg(long)]
	receipt: Option<PathBuf>,
	/// File with the viewing code, as it was scanned or typed from the first sheet of the receipt.
	#[arg(long)]
	code_file: Option<PathBuf>,
	/// The folder to write it to; it must not exist.
	#[arg(long)]
	out: PathBuf,
}

pub async fn run(context: &Context, command: Patient) -> Result<Output, Error> {
	match command {
		Patient::Report { patient, by, out } => report(context, &patient, &by, &out).await,
		Patient::History(command) => history(context, &command).await,
	}
}

async fn report(context: &Context, patient: &Path, by: &str, out: &Path) -> Result<Output, Error> {
	let patient: PatientIdentification = parse(patient, "the patient")?;
	let key = context.encryption_key()?;
	let client = context.client().await?;
	let organisation = client.own_delegate().await?.organisation;
	must_be_new(out)?;
	let store = store(context, client.genesis())?;
	let mut prover = prover(&client).await?;
	let sources = Sources { client: &client, organisation, key: &key, store: &store };
	context.progress("reading and proving …");
	let report = Report::make(&sources, &patient, by, &mut prover).await?;
	write(&report, out)?;
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

async fn history(context: &Context, command: &HistoryOf) -> Result<Output, Error> {
	let receipt = command.receipt.as_deref().map(Receipt::read).transpose()?;
	let (ledger, consent) = match (&receipt, &command.code_file) {
		(Some(receipt), _) => (receipt.ledger, receipt.consent()),
		(None, Some(path)) => match zeroize::Zeroizing::new(read_text(path)?).parse()? {
			PaperCode::View { ledger, consent, .. } => (ledger, consent),
			PaperCode::Withdraw { .. } => {
				return Err(Error::Input(
					"this is the code that withdraws: keep it to yourself, and give the one that views".into(),
				));
			},
		},
		(None, None) => return Err(Error::Input("give a receipt or a viewing code".into())),
	};
	must_be_new(&command.out)?;
	let client = context.reader().await?;
	if ledger != client.genesis() {
		let [expected, found] = [ledger, client.genesis()].map(hex::encode);
		return Err(Error::WrongChain { expected, found });
	}
	let mut prover = prover(&client).await?;
	context.progress("reading and proving …");
	let history = History::read(&client, consent, receipt.as_ref(), &mut prover).await?;
	let (out, proofs) = (&command.out, command.out.join("proofs"));
	std::fs::create_dir_all(&proofs).map_err(|error| file_error(&proofs, error))?;
	write_private(&out.join("history.html"), history.html().as_bytes())?;
	write_private(&out.join("history.json"), &pretty(&history.json())?)?;
	write_private(&proofs.join(history.proof_file()), &history.proof.bundle)?;
	for event in &history.events {
		write_private(&proofs.join(event.proof_file()), &event.proof.bundle)?;
	}
	Ok(Output::new(
		format!("{} exchanges, each proven, in {}", history.events.len(), out.display()),
		json!({
			"consent": consent,
			"exchanges": history.events.len(),
			"missing": history.missing(),
			"receipt_agrees": history.receipt_agrees,
			"folder": out,
		}),
	))
}

fn must_be_new(out: &Path) -> Result<(), Error> {
	match out.exists() {
		true => Err(file_error(out, "exists; name a new folder")),
		false => Ok(()),
	}
}

/// What proves records at this node: from the trust root that was given, or from the ledger's first state.
pub async fn prover(client: &Client) -> Result<Prover, Error> {
	Prover::new(client.clone()).await.map_err(without_first_state)
}

/// A node that discards old states cannot tell who the first authorities were.
fn without_first_state(error: Error) -> Error {
	match error {
		Error::StateDiscarded => Error::Input(
			"this node does not keep the state of the first block: give the trust root with --trust, or ask a node that \
			 keeps every state (--state-pruning archive) with --node"
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
