//! `curex subscription`: standing subscriptions and their deliveries.

use crate::{
	context::{present, read, write_private, Context, Output},
	exchange::{self, forget_file, gateway, note_subject, take, KeyRelease, Taking},
};
use clap::{Args, Subcommand};
use curex_client::{
	exchange::{IdempotencyKey, PendingSubscription, SubscriptionEnvelope, SubscriptionSpec},
	Client, EncryptionKey, Error, Gateway, View,
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
		/// A name of your choice that stands for this subscription: the same command with the same name takes up what was
		/// begun and opens nothing twice.
		#[arg(long, value_name = "NAME")]
		idempotency_key: Option<String>,
		/// Also write the sealed envelope to this file, to be handed to the holder by other means.
		#[arg(long)]
		envelope: Option<PathBuf>,
	},
	/// Leave the envelope at the node again, as the recipient: should the node have lost it.
	Send {
		/// The subscription.
		subscription: SubscriptionId,
	},
	/// Show a subscription; with its envelope also, as the holder, what is asked for and for whom.
	Show {
		#[command(flatten)]
		which: Which,
		/// Also read the envelope, fetched from the recipient's node if need be.
		#[arg(long)]
		read: bool,
	},
	/// Accept a subscription, as the holder.
	Accept {
		#[command(flatten)]
		which: Which,
	},
	/// End a subscription that runs, as either side.
	End {
		/// The subscription.
		subscription: SubscriptionId,
	},
	/// Deliver a document, as the holder.
	Deliver {
		#[command(flatten)]
		which: Which,
		/// The document: a FHIR document bundle, an HL7 v2 message or a DICOM file.
		#[arg(long)]
		document: PathBuf,
		#[command(flatten)]
		key_release: KeyRelease,
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
		#[command(flatten)]
		taking: Taking,
	},
}

/// A subscription, or its envelope.
#[derive(Args)]
pub struct Which {
	/// The subscription.
	#[arg(required_unless_present = "envelope", conflicts_with = "envelope")]
	subscription: Option<SubscriptionId>,
	/// Its envelope, if the recipient handed it over as a file.
	#[arg(long)]
	envelope: Option<PathBuf>,
}

impl Which {
	/// The envelope: that in the file, or the one that is kept or fetched.
	async fn envelope(&self, gateway: &Gateway) -> Result<SubscriptionEnvelope, Error> {
		match &self.envelope {
			Some(path) => read_envelope(path),
			None => gateway.subscription_envelope(self.id()?).await,
		}
	}

	fn id(&self) -> Result<SubscriptionId, Error> {
		self.subscription.ok_or_else(|| Error::Input("name a subscription".into()))
	}
}

pub async fn run(context: &Context, command: Subscription) -> Result<Output, Error> {
	match command {
		Subscription::Open { spec, envelope, idempotency_key } => {
			let key = exchange::idempotency_key(context, idempotency_key.as_deref())?;
			open(context, &spec, envelope.as_deref(), key.as_ref()).await
		},
		Subscription::Send { subscription } => {
			let own_key = context.encryption_key()?;
			let client = context.client().await?;
			let pending = kept(context, subscription, &own_key, client.genesis())?;
			client.deposit_subscription(&pending).await?;
			let text = format!("the envelope of subscription {subscription} is at the node");
			Ok(Output::new(text, json!({ "subscription": subscription })))
		},
		Subscription::Show { which, read } => show(context, &which, read).await,
		Subscription::Accept { which } => {
			let gateway = gateway(context, None, None).await?;
			let envelope = which.envelope(&gateway).await?;
			let recorded = gateway.accept_subscription(&envelope).await?;
			let text = format!("subscription {} accepted", envelope.subscription);
			Ok(Output::recorded(&text, &recorded))
		},
		Subscription::End { subscription } => {
			let recorded = context.client().await?.end_subscription(subscription).await?;
			Ok(Output::recorded(&format!("subscription {subscription} ended"), &recorded))
		},
		Subscription::Deliver { which, document, key_release } => {
			let document = present(&document)?;
			let gateway = key_release.of(gateway(context, None, None).await?);
			let envelope = which.envelope(&gateway).await?;
			let id = gateway.deliver(&envelope, document).await?;
			gateway.finish_assessments().await;
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
		Subscription::Take { subscription, exchange, taking } => {
			let own_key = context.encryption_key()?;
			let client = context.client().await?;
			let kept = kept(context, subscription, &own_key, client.genesis())?;
			let pending = kept.delivery(&client, exchange).await?;
			note_subject(context, &client, &own_key, &pending)?;
			take(context, &client, &pending, &taking).await
		},
	}
}

async fn open(
	context: &Context,
	spec: &Path,
	envelope: Option<&Path>,
	key: Option<&IdempotencyKey>,
) -> Result<Output, Error> {
	let spec = SubscriptionSpec::from_json(&read(spec)?)?;
	let own_key = context.encryption_key()?;
	let client = context.client().await?;
	let pending = match key {
		Some(key) => opened_before(context, &client, &spec, key, &own_key).await?,
		None => None,
	};
	let is_new = pending.is_none();
	let pending = match pending {
		Some(pending) => pending,
		None => client.prepare_subscription(&spec, key).await?,
	};
	let path = path_of(context, pending.id())?;
	if is_new {
		// Kept before anything is sent: a crash loses nothing.
		write_private(&path, &pending.seal(&own_key.public(), client.genesis())?)?;
	}
	if let Some(envelope) = envelope.filter(|envelope| is_new || !envelope.exists()) {
		write_private(envelope, &pending.envelope().to_json()?)?;
	}
	let begun = async { client.subscribe(&pending).await?.finalized().await }.await;
	let recorded = match begun {
		Ok(recorded) => recorded,
		Err(error) => {
			if !error.is_retryable() {
				forget_file(&path)?;
				envelope.map_or(Ok(()), forget_file)?;
			}
			return Err(error);
		},
	};
	let id = pending.id();
	let text = match (client.deposit_subscription(&pending).await, envelope) {
		(Ok(()), _) => format!("subscription {id} opened; its envelope waits for the holder"),
		(Err(error), Some(envelope)) => {
			let file = envelope.display();
			format!("subscription {id} opened; hand {file} to the holder, the node did not take it: {error}")
		},
		(Err(error), None) => {
			tracing::warn!("opened; leave its envelope with `curex subscription send {id}`");
			return Err(error);
		},
	};
	let output = Output::recorded(&text, &recorded).with("subscription", id);
	Ok(match envelope {
		Some(envelope) => output.with("envelope", envelope),
		None => output,
	})
}

/// The subscription that an idempotency key stands for, if it was begun.
async fn opened_before(
	context: &Context,
	client: &Client,
	spec: &SubscriptionSpec,
	key: &IdempotencyKey,
	own_key: &EncryptionKey,
) -> Result<Option<PendingSubscription>, Error> {
	let id = client.subscription_under(key).await?;
	let path = path_of(context, id)?;
	if !path.exists() {
		return match client.subscription(id, View::Best).await? {
			None => Ok(None),
			Some(_) => Err(Error::Input(format!(
				"subscription {id} was opened before, and nothing of it is kept in this folder"
			))),
		};
	}
	let pending = PendingSubscription::open(&read(&path)?, own_key, client.genesis(), id)?;
	if !pending.asks_for(spec) {
		return Err(Error::Input("the idempotency key stands for another subscription".into()));
	}
	context.progress(format_args!("subscription {id} was begun before: going on …"));
	Ok(Some(pending))
}

async fn show(context: &Context, which: &Which, read: bool) -> Result<Output, Error> {
	let envelope = match &which.envelope {
		Some(path) => Some(read_envelope(path)?),
		None if read => Some(which.envelope(&gateway(context, None, None).await?).await?),
		None => None,
	};
	if let Some(envelope) = envelope {
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
	let id = which.id()?;
	let found = context.reader().await?.subscription(id, View::Finalised).await?;
	let found = found.ok_or_else(|| Error::NotFound(format!("subscription {id}")))?;
	Ok(Output::data(json!({ "id": id, "subscription": found })))
}

fn read_envelope(path: &Path) -> Result<SubscriptionEnvelope, Error> {
	SubscriptionEnvelope::from_json(&read(path)?)
}

/// The subscription that this side opened.
fn kept(
	context: &Context,
	id: SubscriptionId,
	own_key: &EncryptionKey,
	genesis: [u8; 32],
) -> Result<PendingSubscription, Error> {
	PendingSubscription::open(&read(&path_of(context, id)?)?, own_key, genesis, id)
}

fn path_of(context: &Context, id: SubscriptionId) -> Result<PathBuf, Error> {
	Ok(context.folder("subscriptions")?.join(format!("{}.sealed", hex::encode(id.0))))
}
