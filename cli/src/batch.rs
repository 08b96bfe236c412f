//! `curex batch`: many exchanges in one transaction.

use crate::{
	context::{failure, file_error, parse, pretty, read, write_private, Context, Output},
	exchange::{
		describe, descriptions, fhir_source, forget, forget_file, gateway, idempotency_key, keep,
		kept, note_subject, pending_path,
	},
};
use clap::{Args, Subcommand};
use curex_client::{
	exchange::{Countersigned, IdempotencyKey, MAX_ITEMS},
	gateway::Service,
	Client, EncryptionKey, Error, Pending, Rejection, Spec, View,
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
	/// A name of your choice that stands for this batch: the same command with the same name takes up what was begun and
	/// begins nothing twice.
	#[arg(long, value_name = "NAME")]
	idempotency_key: Option<String>,
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
	/// Also write, beside each document, a FHIR DocumentReference and a Provenance of it.
	#[arg(long)]
	describe: bool,
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
	let key = idempotency_key(context, command.idempotency_key.as_deref())?;
	let mut items = Vec::with_capacity(specs.len());
	let mut fresh: Vec<Pending> = Vec::with_capacity(specs.len());
	let mut known = Vec::new();
	for (place, spec) in specs.iter().enumerate() {
		let key = key.as_ref().map(|key| key.item(place));
		match item(context, &client, &own_key, spec, key.as_ref()).await? {
			Item::New(pending) => {
				keep_pending(context, &client, &own_key, &pending)?;
				fresh.push(pending);
			},
			Item::Kept(pending) => fresh.push(pending),
			Item::Recorded(pending) => known.push(pending),
			Item::Over(id) => items.push((id, Ok(()))),
		}
	}
	for pending in &known {
		items.push((pending.id(), deposit(&client, pending).await));
	}
	if fresh.is_empty() {
		return Ok(told("requested before", items, json!({ "already_recorded": true })));
	}
	context.progress(format_args!("{} requests: submitting …", fresh.len()));
	let outcome = match client.request_batch(&fresh).await {
		Ok(outcome) => outcome,
		Err(error) => {
			if !error.is_retryable() {
				fresh.iter().try_for_each(|pending| forget(context, pending.id()))?;
			}
			return Err(error);
		},
	};
	for (pending, item) in fresh.iter().zip(outcome.items) {
		let told = match item {
			Ok(()) => deposit(&client, pending).await,
			Err(rejection) => {
				forget(context, pending.id())?;
				Err(Error::Rejected(rejection))
			},
		};
		items.push((pending.id(), told));
	}
	Ok(told("requested", items, json!({ "block": outcome.recorded })))
}

/// What is known of an item of a batch.
enum Item {
	/// Nothing: it was prepared just now.
	New(Pending),
	/// It was prepared before, and the ledger does not have it.
	Kept(Pending),
	/// The ledger has it.
	Recorded(Pending),
	/// The ledger has it, and nothing of it is kept any more.
	Over(ExchangeId),
}

async fn item(
	context: &Context,
	client: &Client,
	own_key: &EncryptionKey,
	spec: &Spec,
	key: Option<&IdempotencyKey>,
) -> Result<Item, Error> {
	if let Some(key) = key {
		let id = client.exchange_under(key).await?;
		let path = pending_path(context, id)?;
		let is_recorded = client.exchange(id, View::Best).await?.is_some();
		if path.exists() {
			let pending = Pending::open(&read(&path)?, own_key, client.genesis(), id)?;
			if !pending.asks_for(spec, None) {
				return Err(Error::Input("the idempotency key stands for another batch".into()));
			}
			return Ok(if is_recorded { Item::Recorded(pending) } else { Item::Kept(pending) });
		}
		if is_recorded {
			return Ok(Item::Over(id));
		}
	}
	client.prepare_request_under(spec, None, key).await.map(Item::New)
}

/// Leaves the envelope of a request at the node, unless it may no longer travel because the holder has it.
async fn deposit(client: &Client, pending: &Pending) -> Result<(), Error> {
	match client.deposit_envelope(pending).await {
		Ok(()) | Err(Error::Transfer { code: 12004, .. }) => Ok(()),
		Err(error) => Err(error),
	}
}

async fn countersign(context: &Context, command: &Countersign) -> Result<Output, Error> {
	let specs = read_specs(&command.specs)?;
	if command.out.exists() {
		return Err(file_error(&command.out, "exists; name a new file"));
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
		let pending = kept(context, &client, &own_key, id)?;
		let incoming = command.out.join(format!("{}.incoming", hex::encode(id.0)));
		// Of an attempt that did not come to its end.
		forget_file(&incoming)?;
		match client.open_dispatched(&pending, &incoming).await {
			Ok(Some(opened)) => {
				keep(context, "receipts", id, &opened.receipt)?;
				if let Ok(document) = &opened.document {
					let path = incoming.with_extension(document.content().extension());
					if command.describe && !path.exists() {
						// Likewise.
						descriptions(&path).iter().try_for_each(|path| forget_file(path))?;
						describe(&client, &pending, document, &path).await?;
					}
					std::fs::rename(&incoming, &path).map_err(|error| file_error(&path, error))?;
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
			let document = found.document.map(drop).map_err(Error::Fhir);
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
				let mut item = failure(&error);
				item["exchange"] = json!(id);
				item["done"] = false.into();
				list.push(item);
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
