//! What the client needs to build, commit, seal and sign a request, and how many it submits.

use crate::{
	ledger::Ledger,
	members::{self, Account, Organisation},
	network::{self, Network},
	processor::Spent,
	report::say,
	statistics::{ratio, Spread},
	transfer, Error,
};
use curex_client::{
	envelope::{Envelope, RecipientKey},
	ledger::curex,
	Client, EncryptionKey, Spec,
};
use curex_primitives::{
	exchange::exchange_id,
	transfer::{Manifest, Part},
	ExchangeProposal,
};
use serde::Serialize;
use std::time::{Duration, Instant};

/// What is measured.
pub struct Options {
	/// The validators.
	pub network: network::Options,
	/// Pairs of a holder and a recipient.
	pub pairs: u32,
	/// Lanes of each; a lane has three accounts of a side.
	pub lanes: usize,
	/// How many requests are built.
	pub built: usize,
	/// For how many seconds requests are submitted.
	pub seconds: u64,
}

/// What was measured.
#[derive(Debug, Serialize)]
pub struct Results {
	/// Version of this form.
	pub version: u32,
	/// Processors of the machine.
	pub processors: usize,
	/// Building, committing, sealing and signing one request, in microseconds.
	pub build_us: Spread,
	/// Of which the envelope, sealed to the holder and signed, with its commitment.
	pub envelope_us: Spread,
	/// Accounts that submitted, each its next request when the pool had taken the one before.
	pub accounts: usize,
	/// Seconds of submitting.
	pub seconds: f64,
	/// Requests that the pools took.
	pub submitted: u64,
	/// Requests that were to be tried again later: an account had as much in the pool as it may.
	pub postponed: u64,
	/// Requests that the pools took in a second.
	pub per_second: f64,
	/// Processor time of the client for one of them, in microseconds.
	pub client_us: f64,
}

/// Measures.
pub async fn run(options: &Options) -> Result<Results, Error> {
	let pairs = members::pairs(options.pairs, options.lanes)?;
	say("starting four validators");
	let mut network = Network::start(&options.network, &pairs)?;
	let endpoints = network.endpoints();
	let first = pairs.first().ok_or_else(|| Error::Protocol("no pair".into()))?;
	// Connects once a node answers.
	drop(transfer::connect(&endpoints[0], account(&first.recipient, 0, 0).signer.clone()).await?);

	say(&format!("building {} requests", options.built));
	let (build_us, envelope_us) = build(&endpoints, first, options.built).await?;

	let mut clients = Vec::new();
	for pair in &pairs {
		for lane in 0..options.lanes {
			for step in 0..members::STEPS_OF_A_SIDE {
				let endpoint = &endpoints[clients.len() % endpoints.len()];
				let signer = account(&pair.recipient, lane, step).signer.clone();
				clients.push((transfer::connect(endpoint, signer).await?, transfer::spec(pair)));
			}
		}
	}
	say(&format!("submitting for {} s", options.seconds));
	let accounts = clients.len();
	let own = [std::process::id()];
	let (begun, spent) = (Instant::now(), Spent::of(&own));
	let end = begun + Duration::from_secs(options.seconds);
	let submitting: Vec<_> = clients
		.into_iter()
		.map(|(client, spec)| tokio::spawn(async move { submit(&client, &spec, end).await }))
		.collect();
	let (mut submitted, mut postponed) = (0, 0);
	for task in submitting {
		let done = task.await.map_err(|reason| Error::Protocol(reason.to_string()))??;
		submitted += done.0;
		postponed += done.1;
	}
	let seconds = begun.elapsed().as_secs_f64();
	let client_s = Spent::of(&own).since(&spent);
	network.check()?;
	let processors = std::thread::available_parallelism().map_or(1, usize::from);
	Ok(Results {
		version: 1,
		processors,
		build_us,
		envelope_us,
		accounts,
		seconds,
		submitted,
		postponed,
		per_second: ratio(submitted as f64, seconds),
		client_us: ratio(client_s * 1e6, submitted as f64),
	})
}

fn account(organisation: &Organisation, lane: usize, step: usize) -> &Account {
	&organisation.lanes[lane][step]
}

/// Builds requests without asking anybody, one after the other.
async fn build(
	endpoints: &[String],
	pair: &members::Pair,
	count: usize,
) -> Result<(Spread, Spread), Error> {
	let ledger = Ledger::connect(endpoints).await?;
	let pen = ledger.pen().await?;
	let spec = transfer::spec(pair);
	let holder = EncryptionKey::generate().public();
	let Account { signer, .. } = account(&pair.recipient, 0, 0);
	let microseconds = |begun: Instant| begun.elapsed().as_secs_f64() * 1e6;
	let (mut whole, mut sealing) = (Vec::new(), Vec::new());
	for number in 0..count as u64 {
		let begun = Instant::now();
		let key = rand::random();
		let id = exchange_id(pair.recipient.id, &key);
		let recipient_key =
			RecipientKey { key: EncryptionKey::generate().public(), salt: rand::random() };
		let envelope = Envelope {
			patient: Some(spec.patient.clone()),
			professional: spec.professional.clone(),
			care_relationship: spec.care_relationship,
			purpose: spec.purpose,
			recipient_key: Some(recipient_key),
		};
		let sealed = envelope.seal(signer, &holder, ledger.genesis, id)?;
		let envelope = Manifest::of(rand::random(), &sealed).commitment(Part::Envelope, &id);
		sealing.push(microseconds(begun));
		let proposal = ExchangeProposal {
			partner: spec.partner,
			gate: spec.gate,
			purpose: spec.purpose,
			categories: spec.categories,
			border: None,
			envelope,
			recipient_key: recipient_key.commitment(&id),
		};
		let call = curex::tx().exchange().request(key, proposal.into());
		std::hint::black_box(pen.sign("exchange.request", &call, signer, number)?);
		whole.push(microseconds(begun));
	}
	Ok((Spread::of(whole), Spread::of(sealing)))
}

/// Submits requests until a moment: how many the pool took, and how many had to wait.
async fn submit(client: &Client, spec: &Spec, end: Instant) -> Result<(u64, u64), Error> {
	let (mut submitted, mut postponed) = (0, 0);
	while Instant::now() < end {
		let pending = client.prepare_request(spec, None).await?;
		match client.begin(&pending).await {
			Ok(_) => submitted += 1,
			Err(error) if error.is_retryable() => {
				postponed += 1;
				tokio::time::sleep(Duration::from_millis(100)).await;
			},
			Err(error) => return Err(error.into()),
		}
	}
	Ok((submitted, postponed))
}

/// The results for a person.
pub fn table(results: &Results) -> String {
	let Results { build_us, envelope_us, .. } = results;
	format!(
		"One client, four validators on one machine, {} processors\n\n\
		 build, commit, seal and sign a request: {:.0} µs (p95 {:.0}, p99 {:.0}), of which the envelope {:.0} µs\n\
		 submitted: {:.1} per second for {:.0} s, {} accounts, {} postponed, {:.0} µs of the client's processor time each",
		results.processors,
		build_us.p50,
		build_us.p95,
		build_us.p99,
		envelope_us.p50,
		results.per_second,
		results.seconds,
		results.accounts,
		results.postponed,
		results.client_us,
	)
}
