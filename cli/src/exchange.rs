//! `curex request`, `receive`, `acknowledge`, `break-glass`, `offer`, `answer`, `serve`, `worklist`, `release`, `review`.

use crate::context::{
	file_error, keep_opening, keep_unless_refused, present, read, read_text, word, write_private,
	Context, Output,
};
use clap::Args;
use curex_client::{
	exchange::{IdempotencyKey, Opening},
	fhir::{Directory, Document, FhirSource, Server},
	gateway::{Decision, Gateway, Limits, Setup, Store},
	Client, Delivery, EncryptionKey, Error, Pending, Spec, View,
};
use curex_primitives::{
	AcknowledgementCode, ConsentId, ExchangeId, ExchangeState, Gate, Ground, ReleaseReason,
	ReviewVerdict,
};
use serde_json::json;
use std::{
	path::{Path, PathBuf},
	sync::Arc,
	time::{Duration, Instant},
};

/// Longest pause between two attempts to reach a lost node.
const MAX_PAUSE: Duration = Duration::from_secs(30);

#[derive(Args)]
pub struct Request {
	/// What is asked for (JSON; see examples/request.json).
	#[arg(long)]
	spec: PathBuf,
	#[command(flatten)]
	handling: Handling,
}

#[derive(Args)]
pub struct BreakGlass {
	#[command(flatten)]
	request: Request,
	/// Why: life-threat, unconscious, public-emergency or other.
	#[arg(long, value_parser = word::<Ground>)]
	ground: Ground,
	/// File with the reason in words, for the review; stays with the organisation.
	#[arg(long)]
	evidence_file: PathBuf,
}

#[derive(Args)]
pub struct Receive {
	/// The exchange.
	exchange: ExchangeId,
	#[command(flatten)]
	taking: Taking,
}

/// When the key of a payload is given out.
#[derive(Args)]
pub struct KeyRelease {
	/// Keep the key back until the recipient's receipt is on the finalised ledger: nobody reads the document without having
	/// signed for it, and each delivery takes a second round of finality. Keep `curex serve` running, or wait here, for the key
	/// to go out. Never in an emergency.
	#[arg(long)]
	receipt_before_key: bool,
}

impl KeyRelease {
	/// The gateway that gives keys out so.
	pub fn of(&self, gateway: Gateway) -> Gateway {
		match self.receipt_before_key {
			true => gateway.with_receipt_before_key(),
			false => gateway,
		}
	}
}

/// What is done with what is received.
#[derive(Args)]
pub struct Taking {
	/// Where to write the document.
	#[arg(long)]
	pub out: PathBuf,
	/// Also write, beside the document, a FHIR DocumentReference and a Provenance of it (OUT.document-reference.json,
	/// OUT.provenance.json).
	#[arg(long)]
	pub describe: bool,
	/// Do not acknowledge: a person looks at the document first (`curex acknowledge`).
	#[arg(long)]
	pub no_acknowledge: bool,
}

#[derive(Args)]
pub struct Answer {
	/// The exchange.
	exchange: ExchangeId,
	/// The document: a FHIR document bundle, an HL7 v2 message or a DICOM file.
	#[arg(long)]
	document: PathBuf,
	#[command(flatten)]
	key_release: KeyRelease,
}

#[derive(Args)]
pub struct Acknowledge {
	/// The exchange.
	exchange: ExchangeId,
	/// How it was: accepted, wrong-patient, unreadable, incomplete or duplicate.
	#[arg(long, value_parser = word::<AcknowledgementCode>)]
	finding: AcknowledgementCode,
}

#[derive(Args)]
pub struct Offer {
	/// What is offered, and to whom (JSON; as a request).
	#[arg(long)]
	spec: PathBuf,
	/// The document: a FHIR document bundle, an HL7 v2 message or a DICOM file.
	#[arg(long)]
	document: PathBuf,
	/// A name of your choice that stands for this offer: the same command with the same name takes up what was begun and
	/// offers nothing twice.
	#[arg(long, value_name = "NAME")]
	idempotency_key: Option<String>,
	/// Leave at once; `curex serve` delivers once the offer is accepted.
	#[arg(long)]
	no_wait: bool,
	#[command(flatten)]
	key_release: KeyRelease,
}

#[derive(Args)]
pub struct Serve {
	/// Where the records are: a folder of FHIR bundles, or the base address of a FHIR server.
	#[arg(long)]
	fhir: Option<String>,
	/// Folder for received documents; offers are accepted only with one.
	#[arg(long)]
	inbox: Option<PathBuf>,
	/// Also write, beside each received document, a FHIR DocumentReference and a Provenance of it.
	#[arg(long, requires = "inbox")]
	describe: bool,
	/// Look once and leave.
	#[arg(long)]
	once: bool,
	/// Work on so many cases at once; broken glasses have places beyond these.
	#[arg(long, default_value_t = Limits::default().ordinary, value_parser = at_once)]
	at_once: usize,
	#[command(flatten)]
	key_release: KeyRelease,
}

fn at_once(text: &str) -> Result<usize, String> {
	match text.parse() {
		Ok(number @ 1..=1_000) => Ok(number),
		_ => Err("expected a number from 1 to 1000".into()),
	}
}

#[derive(Args)]
pub struct Worklist {
	/// Have the gateway look again at this exchange, after its record was repaired.
	#[arg(long)]
	retry: Option<ExchangeId>,
	/// Take note of a consent that was withdrawn: it is not listed again.
	#[arg(long, value_name = "CONSENT")]
	noted: Option<ConsentId>,
	/// Take note of the advice about an exchange (`curex package show`): it is not listed again.
	#[arg(long, value_name = "EXCHANGE")]
	advice_noted: Option<ExchangeId>,
	/// Also write the list as a page (HTML) that says what to do about each case.
	#[arg(long, value_name = "FILE")]
	page: Option<PathBuf>,
}

#[derive(Args)]
pub struct Release {
	/// The exchange.
	exchange: ExchangeId,
	/// Why: clinical-need, risk-accepted or compensated.
	#[arg(long, value_parser = word::<ReleaseReason>)]
	reason: ReleaseReason,
}

#[derive(Args)]
pub struct Review {
	/// The exchange.
	exchange: ExchangeId,
	/// What was found: justified, unjustified or inconclusive.
	#[arg(long, value_parser = word::<ReviewVerdict>)]
	verdict: ReviewVerdict,
	/// File with the reasons in words; they stay with the organisation.
	#[arg(long)]
	reasons_file: PathBuf,
}

pub async fn request(context: &Context, command: Request) -> Result<Output, Error> {
	let spec = Spec::from_json(&read(&command.spec)?)?;
	if matches!(spec.gate, Gate::BreakGlass(_)) {
		return Err(Error::Input("use `curex break-glass`".into()));
	}
	begin(context, &spec, None, &command.handling).await
}

pub async fn break_glass(context: &Context, command: BreakGlass) -> Result<Output, Error> {
	let mut spec = Spec::from_json(&read(&command.request.spec)?)?;
	spec.gate = Gate::BreakGlass(command.ground);
	spec.purpose = curex_primitives::Purpose::EmergencyTreatment;
	let evidence = read_text(&command.evidence_file)?;
	begin(context, &spec, Some(&evidence), &command.request.handling).await
}

async fn begin(
	context: &Context,
	spec: &Spec,
	evidence: Option<&str>,
	handling: &Handling,
) -> Result<Output, Error> {
	let client = context.client().await?;
	let begun =
		begun_before(context, &client, handling, |pending| pending.asks_for(spec, evidence));
	match begun.await? {
		Begun::Not(key) => {
			let pending = client.prepare_request_under(spec, evidence, key.as_ref()).await?;
			see_through(context, &client, &pending, handling).await
		},
		Begun::Before(output) => Ok(output),
	}
}

/// What is known of an exchange that an idempotency key stands for.
pub enum Begun<T> {
	/// Nothing is to be told yet: this is what to go on with.
	Not(T),
	/// It was begun before, and this came of taking it up again.
	Before(Output),
}

/// Takes up what was begun under the same idempotency key, if one is given and anything was.
pub async fn begun_before(
	context: &Context,
	client: &Client,
	handling: &Handling,
	is_the_same: impl FnOnce(&Pending) -> bool,
) -> Result<Begun<Option<IdempotencyKey>>, Error> {
	let key = idempotency_key(context, handling.idempotency_key.as_deref())?;
	let Some(key) = key else { return Ok(Begun::Not(None)) };
	let own_key = context.encryption_key()?;
	let id = client.exchange_under(&key).await?;
	let path = pending_path(context, id)?;
	if path.exists() {
		let pending = Pending::open(&read(&path)?, &own_key, client.genesis(), id)?;
		if !is_the_same(&pending) {
			return Err(Error::Input("the idempotency key stands for another request".into()));
		}
		context.progress(format_args!("exchange {id} was begun before: going on …"));
		return resume(context, client, &pending, handling).await.map(Begun::Before);
	}
	let Some(found) = client.exchange(id, View::Best).await? else {
		return Ok(Begun::Not(Some(key)));
	};
	Ok(Begun::Before(stands(id, found.state)))
}

/// What is done with a request that was prepared.
#[derive(Args)]
pub struct Handling {
	#[command(flatten)]
	pub taking: Taking,
	/// A name of your choice that stands for this request: the same command with the same name takes up what was begun
	/// and begins nothing twice.
	#[arg(long, value_name = "NAME")]
	pub idempotency_key: Option<String>,
	/// Leave at once; `curex receive` waits for the data later.
	#[arg(long)]
	pub no_wait: bool,
}

/// Submits a request that was prepared, and waits for the data unless told otherwise.
pub async fn see_through(
	context: &Context,
	client: &Client,
	pending: &Pending,
	handling: &Handling,
) -> Result<Output, Error> {
	let own_key = context.encryption_key()?;
	let path = pending_path(context, pending.id())?;
	// Kept before anything is sent: a crash loses nothing.
	write_private(&path, &pending.seal(&own_key.public(), client.genesis())?)?;
	note_subject(context, client, &own_key, pending)?;
	context.progress(format_args!("exchange {}: submitting …", pending.id()));
	let begun = async { client.begin(pending).await?.in_block().await }.await;
	let recorded = match begun {
		Ok(recorded) => recorded,
		Err(error) => {
			if !error.is_retryable() {
				std::fs::remove_file(&path).map_err(|error| file_error(&path, error))?;
			}
			return Err(error);
		},
	};
	client.deposit_envelope(pending).await?;
	if handling.no_wait {
		return Ok(Output::recorded(&format!("exchange {} begun", pending.id()), &recorded)
			.with("exchange", pending.id()));
	}
	context.progress("waiting for the holder …");
	take(context, client, pending, &handling.taking).await
}

/// Keeps whom an exchange is about, sealed, for the report that the patient may ask for.
pub fn note_subject(
	context: &Context,
	client: &Client,
	own_key: &EncryptionKey,
	pending: &Pending,
) -> Result<(), Error> {
	let Some(subject) = pending.subject() else { return Ok(()) };
	let sealed = subject.seal(&own_key.public(), client.genesis(), pending.id())?;
	store(context, client.genesis())?.note_subject(pending.id(), &sealed)
}

pub async fn receive(context: &Context, command: Receive) -> Result<Output, Error> {
	let own_key = context.encryption_key()?;
	let client = context.client().await?;
	let pending = kept(context, &client, &own_key, command.exchange)?;
	catch_up(&client, &pending).await?;
	take(context, &client, &pending, &command.taking).await
}

/// Does what an interrupted request left undone.
async fn catch_up(client: &Client, pending: &Pending) -> Result<(), Error> {
	if client.exchange(pending.id(), View::Best).await?.is_none() {
		client.begin(pending).await?.in_block().await?;
	}
	match client.deposit_envelope(pending).await {
		// It may no longer travel: the holder has it.
		Ok(()) | Err(Error::Transfer { code: 12004, .. }) => Ok(()),
		Err(error) => Err(error),
	}
}

/// Goes on with a request that was kept, as `handling` says.
async fn resume(
	context: &Context,
	client: &Client,
	pending: &Pending,
	handling: &Handling,
) -> Result<Output, Error> {
	catch_up(client, pending).await?;
	if handling.no_wait {
		let id = pending.id();
		let json = json!({ "exchange": id, "already_recorded": true });
		return Ok(Output::new(format!("exchange {id} was begun before"), json));
	}
	take(context, client, pending, &handling.taking).await
}

pub async fn take(
	context: &Context,
	client: &Client,
	pending: &Pending,
	taking: &Taking,
) -> Result<Output, Error> {
	let out = &taking.out;
	let received = client.receive_file(pending, out, context.patience());
	let delivery: Delivery = match received.await {
		Ok(delivery) => delivery,
		Err(error) => {
			if matches!(error, Error::NothingAvailable { .. }) {
				// It is over: its key opens nothing any more.
				forget(context, pending.id())?;
			}
			return Err(error);
		},
	};
	if let Some(receipt) = &delivery.receipt {
		keep(context, "receipts", pending.id(), receipt)?;
	}
	let code = delivery.acknowledgement();
	if let Ok(document) = &delivery.document {
		if taking.describe {
			describe(client, pending, document, out).await?;
		}
	}
	let acknowledge = !taking.no_acknowledge;
	if acknowledge {
		client.acknowledge(pending.id(), code).await?;
		forget(context, pending.id())?;
	}
	let document = delivery.document?;
	if let Err(error) = assess_received(context, client, pending.id(), out).await {
		// It is here all the same.
		tracing::warn!(%error, "what was received was not assessed");
	}
	Ok(Output::new(
		format!("{} in {}", document.told(), out.display()),
		json!({
			"exchange": pending.id(),
			"document": out,
			"content": document.content(),
			"media_type": document.content().media_type(),
			"resources": document.resources().len(),
			"acknowledged": acknowledge.then_some(code),
		}),
	))
}

/// Assesses what was received, if there is a policy.
async fn assess_received(
	context: &Context,
	client: &Client,
	id: ExchangeId,
	document: &Path,
) -> Result<(), Error> {
	if !context.global.policies.are_given() {
		return Ok(());
	}
	let gateway = gateway_of(context, client.clone(), None, None).await?;
	gateway.assess_received(id, document).await
}

/// Writes DocumentReference and Provenance beside a document that was received.
pub async fn describe(
	client: &Client,
	pending: &Pending,
	document: &Document,
	out: &Path,
) -> Result<(), Error> {
	let patient = pending.subject().and_then(|subject| subject.patient.identifiers.first());
	// The folder may be named after somebody.
	let name = out.file_name().map(|name| name.to_string_lossy());
	let (reference, provenance) =
		client.describe_received(pending.id(), document, patient, name.as_deref()).await?;
	for (path, bytes) in descriptions(out).iter().zip([reference, provenance]) {
		write_private(path, &bytes)?;
	}
	Ok(())
}

/// Where the DocumentReference and the Provenance of a document are.
pub fn descriptions(document: &Path) -> [PathBuf; 2] {
	["document-reference", "provenance"].map(|ending| {
		let mut path = document.as_os_str().to_owned();
		path.push(format!(".{ending}.json"));
		path.into()
	})
}

pub async fn answer(context: &Context, command: Answer) -> Result<Output, Error> {
	let document = present(&command.document)?;
	let gateway = command.key_release.of(gateway(context, None, None).await?);
	gateway.answer_with_document(command.exchange, document).await?;
	deliver(context, &gateway, command.exchange).await
}

pub async fn acknowledge(context: &Context, command: Acknowledge) -> Result<Output, Error> {
	let client = context.client().await?;
	let recorded = client.acknowledge(command.exchange, command.finding).await?;
	forget(context, command.exchange)?;
	Ok(Output::recorded(&format!("exchange {} acknowledged", command.exchange), &recorded))
}

pub async fn offer(context: &Context, command: Offer) -> Result<Output, Error> {
	let spec = Spec::from_json(&read(&command.spec)?)?;
	let document = present(&command.document)?;
	let gateway = command.key_release.of(gateway(context, None, None).await?);
	let key = idempotency_key(context, command.idempotency_key.as_deref())?;
	let id = match key {
		None => gateway.offer(&spec, document).await?,
		Some(key) => match offer_once(context, &gateway, &spec, document, &key).await? {
			Begun::Not(id) => id,
			Begun::Before(output) => return Ok(output),
		},
	};
	if command.no_wait {
		return Ok(Output::new(format!("exchange {id} offered"), json!({ "exchange": id })));
	}
	context.progress(format_args!("exchange {id} offered; waiting for the recipient …"));
	deliver(context, &gateway, id).await
}

/// Begins the offer that an idempotency key stands for, or goes on with it; or tells where it stands, if there is nothing to
/// go on with.
async fn offer_once(
	context: &Context,
	gateway: &Gateway,
	spec: &Spec,
	document: &Path,
	key: &IdempotencyKey,
) -> Result<Begun<ExchangeId>, Error> {
	let (client, own_key) = (context.client().await?, context.encryption_key()?);
	let id = client.exchange_under(key).await?;
	let path = pending_path(context, id)?;
	let found = client.exchange(id, View::Best).await?.map(|exchange| exchange.state);
	let pending = if path.exists() {
		let pending = Pending::open(&read(&path)?, &own_key, client.genesis(), id)?;
		if !pending.offers(spec, document)? {
			return Err(Error::Input("the idempotency key stands for another offer".into()));
		}
		context.progress(format_args!("exchange {id} was begun before: going on …"));
		Some(pending)
	} else {
		None
	};
	match (found, pending) {
		(Some(state), pending) if pending.is_none() || state.is_final() => {
			forget(context, id)?;
			Ok(Begun::Before(stands(id, state)))
		},
		(_, Some(pending)) => {
			gateway.begin_offer(&pending, document).await?;
			Ok(Begun::Not(id))
		},
		(_, None) => {
			let pending = gateway.prepare_offer(spec, document, Some(key)).await?;
			// Kept before anything is sent: a crash loses nothing.
			write_private(&path, &pending.seal(&own_key.public(), client.genesis())?)?;
			let begun = gateway.begin_offer(&pending, document);
			keep_unless_refused(&[&path], begun).await?;
			Ok(Begun::Not(id))
		},
	}
}

/// Where an exchange stands that was begun under the same idempotency key.
pub fn stands(id: ExchangeId, state: ExchangeState) -> Output {
	Output::new(
		format!("exchange {id} was begun before: it is {state:?}"),
		json!({ "exchange": id, "already_recorded": true, "state": state }),
	)
}

/// The idempotency key that a name stands for, if one is given.
pub fn idempotency_key(
	context: &Context,
	name: Option<&str>,
) -> Result<Option<IdempotencyKey>, Error> {
	name.map(|name| IdempotencyKey::new(name, &context.encryption_key()?)).transpose()
}

/// Takes an exchange that this organisation is to deliver as far as its delivery, and as far as its key if that is held back.
pub async fn deliver(
	context: &Context,
	gateway: &Gateway,
	id: ExchangeId,
) -> Result<Output, Error> {
	let begun = Instant::now();
	let (delivered, key) = loop {
		// However long a large file takes: patience is for what does not go on.
		gateway.advance(id).await?;
		let Some(case) = gateway.store().case(id)? else { break (false, None) };
		let waits_for = match (case.deposited, case.withholds_key()) {
			_ if case.decision != Decision::Serve => break (case.deposited, None),
			(false, _) => "the ledger",
			(true, true) => "the recipient's receipt: until then its key stays here",
			(true, false) => break (true, case.released.then_some("given-out")),
		};
		if begun.elapsed() > context.patience() {
			return Err(Error::Timeout { what: waits_for, seconds: context.global.wait });
		}
		tokio::time::sleep(Duration::from_secs(1)).await;
	};
	gateway.finish_assessments().await;
	let text = if delivered { "delivered" } else { "not delivered" };
	let output = Output::new(
		format!("exchange {id} {text}"),
		json!({ "exchange": id, "delivered": delivered }),
	);
	Ok(match key {
		Some(key) => output.with("key", key),
		None => output,
	})
}

pub async fn serve(context: &Context, command: Serve) -> Result<Output, Error> {
	let source = command.fhir.as_deref().map(fhir_source).transpose()?;
	if let Some(inbox) = &command.inbox {
		std::fs::create_dir_all(inbox).map_err(|error| file_error(inbox, error))?;
	}
	let stop = async {
		// Where signals cannot be heard there is nothing to stop for.
		if tokio::signal::ctrl_c().await.is_err() {
			std::future::pending::<()>().await;
		}
	};
	tokio::pin!(stop);
	let mut pause = Duration::from_secs(1);
	loop {
		let outcome = async {
			let limits = Limits { ordinary: command.at_once, ..Limits::default() };
			let gateway = gateway(context, source.clone(), command.inbox.clone()).await?;
			let gateway = command.key_release.of(gateway.with_limits(limits));
			let gateway = if command.describe { gateway.with_descriptions() } else { gateway };
			pause = Duration::from_secs(1);
			tracing::info!("serving");
			if command.once {
				return gateway.tick().await;
			}
			tokio::select! {
				outcome = gateway.run(&mut stop) => outcome,
				outcome = keep_members(context, gateway.client()) => outcome,
			}
		}
		.await;
		match outcome {
			Ok(()) => return Ok(Output::new("stopped", json!({ "stopped": true }))),
			Err(Error::Connection(reason)) if !command.once => {
				tracing::warn!(%reason, "the node is lost; trying again in {} s", pause.as_secs());
			},
			Err(error) => return Err(error),
		}
		tokio::select! {
			() = &mut stop => return Ok(Output::new("stopped", json!({ "stopped": true }))),
			() = tokio::time::sleep(pause) => pause = (pause * 2).min(MAX_PAUSE),
		}
	}
}

/// Where the records are, as `--fhir` says.
pub fn fhir_source(place: &str) -> Result<Arc<dyn FhirSource>, Error> {
	if place.contains("://") {
		Ok(Arc::new(Server::new(place)?))
	} else if Path::new(place).is_dir() {
		Ok(Arc::new(Directory::new(place)))
	} else {
		Err(Error::Input("--fhir is neither a folder nor an address".into()))
	}
}

pub async fn gateway(
	context: &Context,
	source: Option<Arc<dyn FhirSource>>,
	inbox: Option<PathBuf>,
) -> Result<Gateway, Error> {
	gateway_of(context, context.client().await?, source, inbox).await
}

pub async fn gateway_of(
	context: &Context,
	client: Client,
	source: Option<Arc<dyn FhirSource>>,
	inbox: Option<PathBuf>,
) -> Result<Gateway, Error> {
	let key = context.encryption_key()?;
	let store = store(context, client.genesis())?;
	let assessor = context.global.policies.assessor()?;
	let gateway = Gateway::open(client, Setup { key, source, inbox, store }).await?;
	Ok(match assessor {
		Some(assessor) => gateway.with_assessor(Arc::new(assessor)),
		None => gateway,
	})
}

/// Takes the directory of members again and again, for the day on which no node answers.
async fn keep_members(context: &Context, client: &Client) -> Result<(), Error> {
	loop {
		if let Err(error) = context.keep_members(client).await {
			tracing::warn!(%error, "the directory of members was not taken");
		}
		tokio::time::sleep(Duration::from_secs(3600)).await;
	}
}

pub fn store(context: &Context, genesis: [u8; 32]) -> Result<Store, Error> {
	Store::open(&context.folder("")?.join("gateway.sqlite"), genesis)
}

pub async fn worklist(context: &Context, command: Worklist) -> Result<Output, Error> {
	let genesis = match context.global.genesis {
		Some(genesis) => genesis.0,
		None => context.reader().await?.genesis(),
	};
	let store = store(context, genesis)?;
	if let Some(id) = command.retry {
		store.decide(id, Decision::Open, "")?;
	}
	if let Some(consent) = command.noted {
		store.withdrawal_seen(consent)?;
	}
	if let Some(id) = command.advice_noted {
		store.advice_seen(id)?;
	}
	let (list, withdrawn, advice) = (store.worklist()?, store.withdrawals()?, store.advice()?);
	if let Some(path) = &command.page {
		let page = curex_client::gateway::worklist::page(
			&list,
			&withdrawn,
			&advice,
			curex_client::time::now(),
		);
		std::fs::write(path, page).map_err(|error| file_error(path, error))?;
	}
	let unknown = || "?".to_owned();
	let waiting = list.iter().map(|entry| {
		let since = entry.since.clone().unwrap_or_else(unknown);
		format!("{}  {since}  {}", entry.exchange, entry.reason)
	});
	let ended = withdrawn.iter().map(|entry| {
		let noted = entry.noted.clone().unwrap_or_else(unknown);
		format!("{}  {noted}  consent withdrawn", entry.consent)
	});
	let advised = advice.iter().map(|entry| {
		let noted = entry.noted.clone().unwrap_or_else(unknown);
		let what = match entry.failed {
			true => "its package could not be assessed",
			false => "advice about its package",
		};
		format!("{}  {noted}  {what}; nothing waits for it", entry.exchange)
	});
	let lines: Vec<String> = waiting.chain(ended).chain(advised).collect();
	let text = if lines.is_empty() { "nothing waits".into() } else { lines.join("\n") };
	Ok(Output::new(text, json!({ "waiting": list, "withdrawn": withdrawn, "advice": advice })))
}

pub async fn release(context: &Context, command: Release) -> Result<Output, Error> {
	let client = context.client().await?;
	let recorded = client.release(command.exchange, command.reason).await?;
	let store = store(context, client.genesis())?;
	if store.case(command.exchange)?.is_some() {
		store.decide(command.exchange, Decision::Open, "")?;
	}
	Ok(Output::recorded(&format!("exchange {} released", command.exchange), &recorded))
}

pub async fn review(context: &Context, command: Review) -> Result<Output, Error> {
	let reasons = read_text(&command.reasons_file)?;
	let client = context.client().await?;
	let (recorded, opening) = client.review(command.exchange, command.verdict, &reasons).await?;
	let path = keep(context, "reviews", command.exchange, &opening)?;
	Ok(Output::recorded(&format!("exchange {} reviewed", command.exchange), &recorded)
		.with("opening", path))
}

/// Keeps what opens a commitment on the ledger.
pub fn keep(
	context: &Context,
	folder: &str,
	id: ExchangeId,
	opening: &Opening,
) -> Result<PathBuf, Error> {
	keep_opening(context, folder, &hex::encode(id.0), opening)
}

pub fn pending_path(context: &Context, id: ExchangeId) -> Result<PathBuf, Error> {
	Ok(context.folder("pending")?.join(format!("{}.sealed", hex::encode(id.0))))
}

/// What is kept of an exchange that this side began.
pub fn kept(
	context: &Context,
	client: &Client,
	own_key: &EncryptionKey,
	id: ExchangeId,
) -> Result<Pending, Error> {
	let path = pending_path(context, id)?;
	if !path.exists() {
		return Err(Error::Input(format!(
			"nothing is kept of exchange {id} in this state folder (--state): it was begun with another, or is closed"
		)));
	}
	Pending::open(&read(&path)?, own_key, client.genesis(), id)
}

/// Deletes the key of an exchange that is closed.
pub fn forget(context: &Context, id: ExchangeId) -> Result<(), Error> {
	forget_file(&pending_path(context, id)?)
}

/// Deletes a file that is needed no more.
pub fn forget_file(path: &Path) -> Result<(), Error> {
	if path.exists() {
		std::fs::remove_file(path).map_err(|error| file_error(path, error))?;
	}
	Ok(())
}
