//! `curex batch`: many exchanges in one transaction.

use crate::{
	context::{file_error, parse, pretty, read, write_private, Context, Output},
	exchange::{fhir_source, forget, gateway, keep, note_subject, pending_path},
};
use clap::{Args, Subcommand};
use curex_client::{
	exchange::{Countersigned, MAX_ITEMS},
	gateway::Service,
	Client, EncryptionKey, Error, Pending, Rejection, Spec,
};
use curex_primitives::ExchangeId;
use serde_json::{json, Value};
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum Batch {
	/// Ask holders for data, up to 256 requests at once.
	Request(Request),
	/// Answer the requests that wait for this organisation, up to 256 at once.
	Answer(Answer),
	/// Sign requests to one holder, up to 256 at once, into a file to hand over: the holder puts them on the ledger together
	/// with its answers. `complete` takes what was dispatched.
	Countersign(Countersign),
	/// Serve requests that were signed and handed over, as their holder.
	Serve(Serve),
	/// Take, open and acknowledge what was dispatched for requests, up to 256 at once.
	Complete(Complete),
}

#[derive(Args)]
pub struct Request {
	/// What is asked for: a JSON array of specs (see examples/request.json).
	#[arg(long)]
	specs: PathBuf,
}

#[derive(Args)]
pub struct Countersign {
	/// What is asked for: a JSON array of specs with one partner (see examples/request.json).
	#[arg(long)]
	specs: PathBuf,
	/// Within how many blocks from now the holder may record them.
	#[arg(long, default_value_t = 600)]
	blocks: u32,
	/// Where to write the signed requests; hand the file to the holder.
	#[arg(long)]
	out: PathBuf,
}

#[derive(Args)]
pub struct Serve {
	/// The signed requests, as the recipient handed them over.
	#[arg(long)]
	requests: PathBuf,
	/// Where the records are: a folder of FHIR bundles, or the base address of a FHIR server.
	#[arg(long)]
	fhir: String,
}

#[derive(Args)]
pub struct Answer {
	/// Where the records are: a folder of FHIR bundles, or the base address of a FHIR server.
	#[arg(long)]
	fhir: String,
	/// Most requests to answer.
	#[arg(long, default_value_t = MAX_ITEMS)]
	most: usize,
}

#[derive(Args)]
pub struct Complete {
	/// The exchanges; every pending one if none is named.
	exchanges: Vec<ExchangeId>,
	/// Folder for the documents.
	#[arg(long)]
	out: PathBuf,
}

pub async fn run(context: &Context, command: Batch) -> Result<Output, Error> {
	match command {
		Batch::Request(command) => request(context, &command).await,
		Batch::Countersign(command) => countersign(context, &command).await,
		Batch::Serve(command) => serve(context, &command).await,
		Batch::Answer(command) => answer(context, &command).await,
		Batch::Complete(command) => complete(context, &command).await,
	}
}

/// Reads specs from a file.
fn read_specs(path: &Path) -> Result<Vec<Spec>, Error> {
	let specs: Vec<Spec> = parse(path, "the specs")?;
	if specs.is_empty() || specs.len() > MAX_ITEMS {
		return Err(Error::Input(format!("give 1 to {MAX_ITEMS} specs, not {}", specs.len())));
	}
	Ok(specs)
}

/// Keeps a request before anything of it leaves: a crash loses nothing.
fn keep_pending(
	context: &Context,
	client: &Client,
	own_key: &EncryptionKey,
	pending: &Pending,
) -> Result<(), Error> {
	let sealed = pending.seal(&own_key.public(), client.genesis())?;
	write_private(&pending_path(context, pending.id())?, &sealed)?;
	note_subject(context, client, own_key, pending)
}

async fn request(context: &Context, command: &Request) -> Result<Output, Error> {
	let specs = read_specs(&command.specs)?;
	let own_key = context.encryption_key()?;
	let client = context.client().await?;
	let mut requests: Vec<Pending> = Vec::with_capacity(specs.len());
	for spec in &specs {
		let pending = client.prepare_request(spec, None).await?;
		keep_pending(context, &client, &own_key, &pending)?;
		requests.push(pending);
	}
	context.progress(format_args!("{} requests: submitting …", requests.len()));
	let outcome = match client.request_batch(&requests).await {
		Ok(outcome) => outcome,
		Err(error) => {
			if !error.is_retryable() {
				requests.iter().try_for_each(|pending| forget(context, pending.id()))?;
			}
			return Err(error);
		},
	};
	let mut items = Vec::with_capacity(requests.len());
	for (pending, item) in requests.iter().zip(outcome.items) {
		let told = match item {
			Ok(()) => client.deposit_envelope(pending).await,
			Err(rejection) => {
				forget(context, pending.id())?;
				Err(Error::Rejected(rejection))
			},
		};
		items.push((pending.id(), told));
	}
	Ok(told("requested", items, json!({ "block": outcome.recorded })))
}

async fn countersign(context: &Context, command: &Countersign) -> Result<Output, Error> {
	let specs = read_specs(&command.specs)?;
	if command.out.exists() {
		return Err(Error::Input(format!("{} exists; name a new file", command.out.display())));
	}
	let own_key = context.encryption_key()?;
	let client = context.client().await?;
	let mut requests: Vec<Pending> = Vec::with_capacity(specs.len());
	for spec in &specs {
		requests.push(client.prepare_request(spec, None).await?);
	}
	let signed = client.countersign(&requests, command.blocks).await?;
	for pending in &requests {
		keep_pending(context, &client, &own_key, pending)?;
	}
	write_private(&command.out, &pretty(&signed)?)?;
	let (count, last) = (requests.len(), signed.expires_at());
	Ok(Output::new(
		format!(
			"{count} requests signed up to block {last}; hand {} to the holder",
			command.out.display()
		),
		json!({
			"exchanges": signed.exchanges(), "expires_at": last, "requests": command.out,
		}),
	))
}

async fn serve(context: &Context, command: &Serve) -> Result<Output, Error> {
	let requests = Countersigned::from_json(&read(&command.requests)?)?;
	let gateway = gateway(context, Some(fhir_source(&command.fhir)?), None).await?;
	let outcomes = gateway.serve_countersigned(&requests).await?;
	let count = |wanted: fn(&Service) -> bool| {
		outcomes.iter().filter(|(_, service)| wanted(service)).count()
	};
	let served = count(|service| matches!(service, Service::Served | Service::Known));
	let rejected = count(|service| matches!(service, Service::Rejected(_)));
	let withheld = outcomes.len() - served - rejected;
	let mut text = vec![format!("{served} served, {withheld} withheld, {rejected} rejected")];
	let mut items = Vec::with_capacity(outcomes.len());
	for (id, service) in outcomes {
		match &service {
			Service::Withheld(reason) => text.push(format!("{id}: withheld, {reason}")),
			Service::Rejected(rejection) => text.push(format!("{id}: {rejection}")),
			Service::Served | Service::Known => (),
		}
		items.push(json!({ "exchange": id, "outcome": service }));
	}
	let json = json!({
		"items": items, "served": served, "withheld": withheld, "rejected": rejected,
	});
	let code = if rejected == 0 { 0 } else { 6 };
	Ok(Output::new(text.join("\n"), json).ending_with(code))
}

async fn answer(context: &Context, command: &Answer) -> Result<Output, Error> {
	let gateway = gateway(context, Some(fhir_source(&command.fhir)?), None).await?;
	let answered = gateway.answer_batch(command.most).await?;
	let rejected = |item: Result<(), Rejection>| item.map_err(Error::Rejected);
	let items = answered.into_iter().map(|(id, item)| (id, rejected(item))).collect();
	Ok(told("answered", items, Value::Null))
}

async fn complete(context: &Context, command: &Complete) -> Result<Output, Error> {
	let own_key = context.encryption_key()?;
	std::fs::create_dir_all(&command.out).map_err(|error| file_error(&command.out, error))?;
	let client = context.client().await?;
	let exchanges = match command.exchanges.is_empty() {
		true => pending(context)?,
		false => command.exchanges.clone(),
	};
	let mut items = Vec::new();
	let mut found = Vec::new();
	for id in exchanges.into_iter().take(MAX_ITEMS) {
		let sealed = read(&pending_path(context, id)?)?;
		let pending = Pending::open(&sealed, &own_key, client.genesis(), id)?;
		match client.open_dispatched(&pending).await {
			Ok(Some(opened)) => {
				keep(context, "receipts", id, &opened.delivery.receipt)?;
				if let Ok(document) = &opened.delivery.document {
					let path = command.out.join(format!("{}.json", hex::encode(id.0)));
					if !path.exists() {
						write_private(&path, document.bytes())?;
					}
				}
				found.push(opened);
			},
			// Not yet: another time.
			Ok(None) => context.progress(format_args!("{id} is not dispatched yet")),
			Err(error) => {
				if matches!(error, Error::NothingAvailable { .. }) {
					forget(context, id)?;
				}
				items.push((id, Err(error)));
			},
		}
	}
	if !found.is_empty() {
		let outcome = client.complete_batch(&found).await?;
		for (found, item) in found.into_iter().zip(outcome.items) {
			if item.is_ok() {
				forget(context, found.exchange)?;
			}
			let document = found.delivery.document.map(drop).map_err(Error::Fhir);
			items.push((found.exchange, item.map_err(Error::Rejected).and(document)));
		}
	}
	Ok(told("completed", items, json!({ "folder": command.out })))
}

/// The exchanges that this side began and did not conclude.
fn pending(context: &Context) -> Result<Vec<ExchangeId>, Error> {
	let folder = context.folder("pending")?;
	let entries = std::fs::read_dir(&folder).map_err(|error| file_error(&folder, error))?;
	let mut exchanges: Vec<ExchangeId> = entries
		.filter_map(|entry| {
			let name = entry.ok()?.file_name();
			name.to_str()?.strip_suffix(".sealed")?.parse().ok()
		})
		.collect();
	exchanges.sort_unstable();
	Ok(exchanges)
}

/// What came of each item. Ends with the code of a rejection if one was not taken.
fn told(what: &str, items: Vec<(ExchangeId, Result<(), Error>)>, more: Value) -> Output {
	let failed = items.iter().filter(|(_, item)| item.is_err()).count();
	let mut text = vec![format!("{} {what}, {failed} not", items.len() - failed)];
	let mut list = Vec::with_capacity(items.len());
	for (id, item) in items {
		match item {
			Ok(()) => list.push(json!({ "exchange": id, "done": true })),
			Err(error) => {
				text.push(format!("{id}: {error}"));
				list.push(json!({ "exchange": id, "done": false, "error": error.to_json() }));
			},
		}
	}
	let output = Output::new(text.join("\n"), json!({ "items": list, "failed": failed }));
	let output = match more {
		Value::Object(fields) => {
			fields.into_iter().fold(output, |output, (key, value)| output.with(&key, value))
		},
		_ => output,
	};
	output.ending_with(if failed == 0 { 0 } else { 6 })
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_batch_that_failed_in_part_tells_every_item_and_ends_as_rejected() {
		let id = ExchangeId([1; 32]);
		let all = told("answered", vec![(id, Ok(()))], Value::Null);
		assert_eq!(all.code, 0);
		let failed = (ExchangeId([2; 32]), Err(Error::Input("no".into())));
		let part = told("answered", vec![(id, Ok(())), failed], Value::Null);
		assert_eq!(part.code, 6);
	}
}
