//! `curex subscription`: standing subscriptions and their deliveries.

use crate::{
	context::{file_error, read, write_private, Context, Output},
	exchange::{forget_file, gateway, note_subject, take},
};
use clap::Subcommand;
use curex_client::{
	exchange::{PendingSubscription, SubscriptionEnvelope, SubscriptionSpec},
	Error, View,
};
use curex_primitives::{ExchangeId, SubscriptionId};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum Subscription {
	/// Open a subscription, as the recipient.
	Open {
		/// What is subscribed to (JSON; see examples/subscription.json).
		#[arg(long)]
		spec: PathBuf,
		/// Where to write the sealed envelope; hand it to the holder.
		#[arg(long)]
		envelope: PathBuf,
	},
	/// Show a subscription; with its envelope also, as the holder, what is asked for and for whom.
	Show {
		/// The subscription.
		#[arg(required_unless_present = "envelope")]
		subscription: Option<SubscriptionId>,
		/// The envelope that the recipient handed over.
		#[arg(long)]
		envelope: Option<PathBuf>,
	},
	/// Accept a subscription, as the holder.
	Accept {
		/// The envelope that the recipient handed over.
		#[arg(long)]
		envelope: PathBuf,
	},
	/// End a subscription that runs, as either side.
	End {
		/// The subscription.
		subscription: SubscriptionId,
	},
	/// Deliver a document, as the holder.
	Deliver {
		/// The envelope that the recipient handed over.
		#[arg(long)]
		envelope: PathBuf,
		/// The FHIR document bundle.
		#[arg(long)]
		document: PathBuf,
	},
	/// List the deliveries that wait to be taken, as the recipient.
	Deliveries {
		/// The subscription.
		subscription: SubscriptionId,
	},
	/// Take a delivery, as the recipient.
	Take {
		/// The subscription.
		subscription: SubscriptionId,
		/// The exchange, as `deliveries` lists it.
		exchange: ExchangeId,
		/// Where to write the document.
		#[arg(long)]
		out: PathBuf,
		/// Do not acknowledge: a person looks at the document first (`curex acknowledge`).
		#[arg(long)]
		no_acknowledge: bool,
	},
}

pub async fn run(context: &Context, command: Subscription) -> Result<Output, Error> {
	match command {
		Subscription::Open { spec, envelope } => open(context, &spec, &envelope).await,
		Subscription::Show { subscription, envelope } => {
			show(context, subscription, envelope.as_deref()).await
		},
		Subscription::Accept { envelope } => {
			let envelope = read_envelope(&envelope)?;
			let key = context.encryption_key()?;
			let client = context.client().await?;
			// What cannot be read, or is not the recipient's, is not accepted.
			client.read_subscription(&envelope, &key).await?;
			let id = envelope.subscription;
			let recorded = client.accept_subscription(id).await?;
			Ok(Output::recorded(&format!("subscription {id} accepted"), &recorded))
		},
		Subscription::End { subscription } => {
			let recorded = context.client().await?.end_subscription(subscription).await?;
			Ok(Output::recorded(&format!("subscription {subscription} ended"), &recorded))
		},
		Subscription::Deliver { envelope, document } => {
			let envelope = read_envelope(&envelope)?;
			let document = read(&document)?;
			let gateway = gateway(context, None, None).await?;
			let id = gateway.deliver(&envelope, &document).await?;
			let json = json!({ "subscription": envelope.subscription, "exchange": id });
			Ok(Output::new(format!("delivered as exchange {id}"), json))
		},
		Subscription::Deliveries { subscription } => {
			let waiting = context.reader().await?.deliveries(subscription).await?;
			let text = match waiting.len() {
				0 => "nothing waits".to_string(),
				_ => waiting.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
			};
			Ok(Output::new(text, json!({ "waiting": waiting })))
		},
		Subscription::Take { subscription, exchange, out, no_acknowledge } => {
			let own_key = context.encryption_key()?;
			let client = context.client().await?;
			let sealed = read(&path_of(context, subscription)?)?;
			let kept =
				PendingSubscription::open(&sealed, &own_key, client.genesis(), subscription)?;
			let pending = kept.delivery(&client, exchange).await?;
			note_subject(context, &client, &own_key, &pending)?;
			take(context, &client, &pending, &out, !no_acknowledge).await
		},
	}
}

async fn open(context: &Context, spec: &Path, envelope: &Path) -> Result<Output, Error> {
	let spec = SubscriptionSpec::from_json(&read(spec)?)?;
	let own_key = context.encryption_key()?;
	let client = context.client().await?;
	let pending = client.prepare_subscription(&spec).await?;
	let path = path_of(context, pending.id())?;
	// Kept before anything is sent: a crash loses nothing.
	write_private(&path, &pending.seal(&own_key.public(), client.genesis())?)?;
	let json = serde_json::to_vec_pretty(pending.envelope())
		.map_err(|error| file_error(envelope, error))?;
	write_private(envelope, &json)?;
	let begun = async { client.subscribe(&pending).await?.finalized().await }.await;
	let recorded = match begun {
		Ok(recorded) => recorded,
		Err(error) => {
			if !error.is_retryable() {
				forget_file(&path)?;
				forget_file(envelope)?;
			}
			return Err(error);
		},
	};
	let text =
		format!("subscription {} opened; hand {} to the holder", pending.id(), envelope.display());
	Ok(Output::recorded(&text, &recorded)
		.with("subscription", pending.id())
		.with("envelope", envelope))
}

async fn show(
	context: &Context,
	subscription: Option<SubscriptionId>,
	envelope: Option<&Path>,
) -> Result<Output, Error> {
	if let Some(path) = envelope {
		let envelope = read_envelope(path)?;
		let key = context.encryption_key()?;
		let client = context.reader().await?;
		let (found, opened, _) = client.read_subscription(&envelope, &key).await?;
		return Ok(Output::data(json!({
			"id": envelope.subscription,
			"subscription": found,
			"patient": opened.patient,
			"professional": opened.professional,
			"care_relationship": opened.care_relationship,
		})));
	}
	let id = subscription.ok_or_else(|| Error::Input("name a subscription".into()))?;
	let found = context.reader().await?.subscription(id, View::Finalised).await?;
	let found = found.ok_or_else(|| Error::NotFound(format!("subscription {id}")))?;
	Ok(Output::data(json!({ "id": id, "subscription": found })))
}

fn read_envelope(path: &Path) -> Result<SubscriptionEnvelope, Error> {
	SubscriptionEnvelope::from_json(&read(path)?)
}

fn path_of(context: &Context, id: SubscriptionId) -> Result<PathBuf, Error> {
	Ok(context.folder("subscriptions")?.join(format!("{}.sealed", hex::encode(id.0))))
}
