//! The gateway of an organisation: answers unattended (`curex serve`).
//!
//! It reads the finalised ledger block by block, the best blocks for break-glass, and takes each exchange one step
//! further than it stands: several at once ([`Limits`]), broken glasses first, the steps of one exchange one after the
//! other. What it decided and what it sealed is in its [`Store`] before the ledger hears of it, so that a crash at any
//! point resumes, and nothing is served twice. A refusal is doing nothing: the answer window passes, and every refusal
//! looks like every other.

pub mod assessment;
mod assessor;
mod countersigned;
mod holder;
mod recipient;
mod schedule;
pub mod store;
mod subscription;
pub mod worklist;

pub use assessor::{Assessor, Package};
pub use countersigned::Service;
pub use schedule::{Due, Limits};
pub use store::{Advice, Decision, Store, Waiting, Withdrawal};

use crate::{
	client::{backend_error, Client, View},
	envelope::{Envelope, Opened},
	fhir::FhirSource,
	keys::EncryptionKey,
	ledger::events::Event,
	subject::Subject,
	time, Error,
};
use curex_primitives::{
	transfer::{record_of, Part},
	Consent, ConsentId, ConsentStatus, Direction, Duty, Exchange, ExchangeId, Gate, Grantee,
	OrganisationId, SubscriptionId,
};
use schedule::{Finished, Schedule};
use std::{
	collections::BTreeMap, future::Future, path::PathBuf, str::FromStr, sync::Arc, time::Duration,
};
use store::Case;
use tokio::sync::Notify;

/// How long to wait between two looks at the ledger.
const PAUSE: Duration = Duration::from_secs(1);

/// What a gateway works with.
pub struct Setup {
	/// The organisation's encryption key.
	pub key: EncryptionKey,
	/// Where its records are; without one it answers no request.
	pub source: Option<Arc<dyn FhirSource>>,
	/// The folder for received documents; without one it accepts no offer.
	pub inbox: Option<PathBuf>,
	/// Its store.
	pub store: Store,
}

/// The gateway of one organisation. Cheap to clone.
#[derive(Clone)]
pub struct Gateway {
	client: Client,
	organisation: OrganisationId,
	setup: Arc<Setup>,
	limits: Limits,
	describes: bool,
	holds_keys: bool,
	assessing: Option<Arc<assessor::Assessing>>,
}

impl Gateway {
	/// A gateway for the organisation of the client's account.
	///
	/// # Errors
	/// [`Error::Key`] when the encryption key is not the one on the ledger, [`Error::Input`] when the account lacks the
	/// duty for exchanges or the inbox is no folder, [`Error::Connection`].
	pub async fn open(client: Client, setup: Setup) -> Result<Self, Error> {
		let delegate = client.own_delegate().await?;
		if !delegate.duties.contains(Duty::Exchange) {
			return Err(Error::input("the account lacks the duty `exchange`"));
		}
		let member = client.member(delegate.organisation, View::Best).await?;
		if member.encryption_key != setup.key.public() {
			return Err(Error::Key(
				"the encryption key is not the one that the ledger holds for the organisation"
					.into(),
			));
		}
		if setup.inbox.as_ref().is_some_and(|inbox| !inbox.is_dir()) {
			return Err(Error::input("the inbox is no folder"));
		}
		let setup = Arc::new(setup);
		let limits = Limits::default();
		let organisation = delegate.organisation;
		let (describes, holds_keys, assessing) = (false, false, None);
		Ok(Self { client, organisation, setup, limits, describes, holds_keys, assessing })
	}

	/// The same gateway, working on so many cases at once.
	#[must_use]
	pub fn with_limits(self, limits: Limits) -> Self {
		Self { limits, ..self }
	}

	/// The same gateway, which puts a DocumentReference and a Provenance beside every document that it receives
	/// ([`crate::fhir::exchanged`]).
	#[must_use]
	pub fn with_descriptions(self) -> Self {
		Self { describes: true, ..self }
	}

	/// The same gateway, which keeps the key of every payload that it seals from now on until the recipient's receipt is on the
	/// finalised ledger: nobody reads it without having signed for it. Broken glasses are served as ever: urgent care is not
	/// delayed. Recipients with a program of an earlier version find such a payload unreadable.
	#[must_use]
	pub fn with_receipt_before_key(self) -> Self {
		Self { holds_keys: true, ..self }
	}

	/// The client through which it asks and submits.
	pub fn client(&self) -> &Client {
		&self.client
	}

	/// The gateway's store.
	pub fn store(&self) -> &Store {
		&self.setup.store
	}

	/// Answers until `stop` completes. A case that fails is logged and tried again later; it holds up no other.
	///
	/// # Errors
	/// [`Error::Connection`] when the node is lost, [`Error::Store`] when the store fails.
	pub async fn run(&self, stop: impl Future<Output = ()>) -> Result<(), Error> {
		let news = Notify::new();
		tokio::select! {
			// What was begun and not ended is resumed by the next start, as after a crash.
			() = stop => Ok(()),
			outcome = self.watch(&news) => outcome,
			outcome = self.send() => outcome,
			outcome = self.attend(&news) => outcome,
			outcome = self.attest_again() => outcome,
		}
	}

	/// Looks at the ledger again and again.
	async fn watch(&self, news: &Notify) -> Result<(), Error> {
		loop {
			self.look().await?;
			news.notify_one();
			tokio::time::sleep(PAUSE).await;
		}
	}

	/// Sends again and again what the client's outboxes hold, also of earlier processes.
	async fn send(&self) -> Result<(), Error> {
		let outboxes = self.client.outboxes();
		loop {
			for outbox in &outboxes {
				match outbox.attempt().await {
					Err(error @ Error::Store(_)) => return Err(error),
					Err(error) => {
						tracing::warn!(code = error.code(), %error, "the outbox tries again")
					},
					Ok(()) => (),
				}
			}
			tokio::time::sleep(PAUSE).await;
		}
	}

	/// Works on the cases that are due, whenever somebody looked at the ledger.
	async fn attend(&self, news: &Notify) -> Result<(), Error> {
		let mut schedule = Schedule::new(self.limits);
		loop {
			tokio::select! {
				() = news.notified() => schedule.enter(self.store().due(time::now())?),
				Some(finished) = schedule.finished() => {
					// Whether the node is lost, the next look at the ledger tells.
					self.conclude(finished)?;
				},
			}
			schedule.start(|exchange| self.clone().work(exchange));
		}
	}

	/// Takes every case one step further, as far as it stands.
	///
	/// # Errors
	/// As [`Self::run`]; a lost node is told after every case had its turn.
	pub async fn tick(&self) -> Result<(), Error> {
		self.look().await?;
		let mut schedule = Schedule::new(self.limits);
		schedule.enter(self.store().due(time::now())?);
		let mut lost = None;
		loop {
			schedule.start(|exchange| self.clone().work(exchange));
			let Some(finished) = schedule.finished().await else { break };
			if let Some(error @ Error::Connection(_)) = self.conclude(finished)? {
				lost.get_or_insert(error);
			}
		}
		self.finish_assessments().await;
		lost.map_or(Ok(()), Err)
	}

	/// Works on a case, in a task of its own.
	async fn work(self, exchange: ExchangeId) -> Result<(), Error> {
		self.advance(exchange).await
	}

	/// Notes what came of working on a case. A failure is the case's own, unless it is the store's.
	fn conclude(&self, finished: Finished) -> Result<Option<Error>, Error> {
		let Finished { exchange, outcome } = finished;
		let failure = match outcome {
			Some(Ok(())) => return Ok(None),
			Some(Err(error @ Error::Store(_))) => return Err(error),
			Some(Err(error)) => {
				tracing::warn!(%exchange, code = error.code(), %error, "will be tried again");
				Some(error)
			},
			None => {
				tracing::error!(%exchange, "the work on a case panicked; it will be tried again");
				None
			},
		};
		self.store().failed(exchange)?;
		Ok(failure)
	}

	/// Notes exchanges that are new on the ledger.
	async fn look(&self) -> Result<(), Error> {
		let head = self.client.block_of(View::Finalised).await?;
		let number = self.client.at(head).await?.block_number();
		match self.store().progress()? {
			None => self.store().see(self.every_exchange(head).await?, Some(number))?,
			Some(seen) => {
				for block in seen + 1..=number {
					match self.events_of(block).await {
						Ok(events) => {
							self.note_withdrawals(&events).await?;
							self.store().see(named_by(&events), Some(block))?;
						},
						Err(Error::StateDiscarded) => {
							// The gateway was away for longer than the node keeps states: what it missed is on the ledger.
							tracing::info!(
								block,
								"the node no longer keeps this block: reading the whole ledger"
							);
							self.note_withdrawals_since(seen, head).await?;
							self.store().see(self.every_exchange(head).await?, Some(number))?;
							break;
						},
						Err(error) => return Err(error),
					}
				}
			},
		}
		// Urgent care does not wait for finality.
		let best = self.client.at(self.client.block_of(View::Best).await?).await?.block_number();
		for block in number + 1..=best {
			let mut exchanges = named_by(&self.events_of(block).await?);
			exchanges.retain(|due| due.urgent);
			self.store().see(exchanges, None)?;
		}
		Ok(())
	}

	/// The events of a block.
	async fn events_of(&self, block: u64) -> Result<Vec<Event>, Error> {
		let at = self.client.online().at_block(block).await.map_err(backend_error)?;
		self.client.events(at.block_hash()).await
	}

	/// Notes the consents that events say were withdrawn, if they opened records of this organisation or to it.
	async fn note_withdrawals(&self, events: &[Event]) -> Result<(), Error> {
		for consent in withdrawn_by(events) {
			if let Some(found) = self.client.consent(consent, View::Finalised).await? {
				self.note_withdrawal(consent, &found)?;
			}
		}
		Ok(())
	}

	/// As [`Self::note_withdrawals`], of the consents that were withdrawn after a block, out of the state of a later one.
	async fn note_withdrawals_since(
		&self,
		seen: u64,
		head: subxt::utils::H256,
	) -> Result<(), Error> {
		for (consent, found) in self.client.stored_consents(head).await? {
			match found.status {
				ConsentStatus::Withdrawn { at } if u64::from(at) > seen => {
					self.note_withdrawal(consent, &found)?;
				},
				_ => (),
			}
		}
		Ok(())
	}

	fn note_withdrawal(&self, id: ConsentId, consent: &Consent) -> Result<(), Error> {
		let own = self.organisation;
		if consent.holder == own || consent.terms.grantee == Grantee::Organisation(own) {
			tracing::info!(consent = %id, "withdrawn: nothing more is served under it");
			self.store().note_withdrawal(id)?;
		}
		Ok(())
	}

	/// Every exchange and subscription on the ledger: when the store is new, or was away for too long.
	async fn every_exchange(&self, head: subxt::utils::H256) -> Result<Vec<Due>, Error> {
		let exchanges = self.client.every_exchange(head).await?;
		let subscriptions = self.client.every_subscription(head).await?;
		let records = subscriptions.into_iter().map(record_of);
		// Whether it is urgent, the first step on it shows.
		let due = |exchange| Due { exchange, urgent: false };
		Ok(exchanges.into_iter().chain(records).map(due).collect())
	}

	/// Takes one exchange one step further, whatever else waits.
	///
	/// # Errors
	/// What went wrong with this step; it may be taken again.
	pub async fn advance(&self, id: ExchangeId) -> Result<(), Error> {
		match self.store().case(id)? {
			Some(case) => self.step(&case).await,
			None => Ok(()),
		}
	}

	/// Takes a case one step further.
	async fn step(&self, case: &Case) -> Result<(), Error> {
		let id = case.id;
		let Some(best) = self.client.exchange(id, View::Best).await? else {
			return self.tend(case).await;
		};
		let holder = best.holder == self.organisation;
		let ours = match best.direction {
			Direction::Pull => holder,
			Direction::Push => holder || best.recipient == self.organisation,
		};
		if !ours {
			return self.store().done(id);
		}
		let urgent = matches!(best.gate, Gate::BreakGlass(_));
		if urgent && !case.urgent {
			self.store().see([Due { exchange: id, urgent }], None)?;
		}
		// What another process of this organisation answers is left to it.
		let equipped = match (best.direction, holder) {
			(Direction::Pull, _) => self.setup.source.is_some() || case.payload.is_some(),
			(Direction::Push, true) => case.payload.is_some(),
			(Direction::Push, false) => self.setup.inbox.is_some(),
		};
		if !equipped {
			return Ok(());
		}
		let exchange = if urgent {
			// Urgent care does not wait for finality.
			best
		} else {
			match self.client.exchange(id, View::Finalised).await? {
				// A step is on its way to finality: nothing to do but wait for it.
				Some(finalised) if finalised.state == best.state => finalised,
				_ => return Ok(()),
			}
		};
		if exchange.state.is_final() {
			self.store().done(id)
		} else if holder {
			self.serve(case, &exchange).await
		} else {
			self.accept(case, &exchange).await
		}
	}

	/// The envelope of an exchange, opened, and signed by a delegate of whoever began it; or in a word why it does
	/// not count.
	async fn envelope(
		&self,
		case: &Case,
		exchange: &Exchange,
	) -> Result<Result<Envelope, &'static str>, Error> {
		let sealed = match &case.envelope {
			Some(sealed) => sealed.clone(),
			None => {
				// Waiting for one envelope must not hold up the other cases: it is asked for again later.
				let sealed =
					self.client.fetch_now(case.id, Part::Envelope, exchange.envelope).await?;
				self.store().keep_envelope(case.id, &sealed)?;
				sealed
			},
		};
		let opened = Envelope::open(&sealed, &self.setup.key, self.client.genesis(), case.id);
		let Ok(Opened { envelope, account }) = opened else {
			return Ok(Err("unreadable-envelope"));
		};
		let delegate = self.client.delegate(account, View::Best).await?;
		let speaks = delegate.is_some_and(|delegate| {
			delegate.organisation == exchange.initiator()
				&& (delegate.duties.contains(Duty::Exchange)
					|| delegate.duties.contains(Duty::Emergency))
		});
		if !speaks {
			return Ok(Err("unauthorised-sender"));
		}
		if envelope.purpose != exchange.purpose {
			return Ok(Err("another-purpose"));
		}
		// Also if it is not served: the patient may ask.
		self.note_subject(case.id, Subject::of(&envelope).as_ref())?;
		Ok(Ok(envelope))
	}

	/// Keeps whom an exchange is about, sealed.
	fn note_subject(&self, id: ExchangeId, subject: Option<&Subject>) -> Result<(), Error> {
		let Some(subject) = subject else { return Ok(()) };
		let sealed = subject.seal(&self.setup.key.public(), self.client.genesis(), id)?;
		self.store().note_subject(id, &sealed)
	}
}

/// The consents that events say were withdrawn.
fn withdrawn_by(events: &[Event]) -> impl Iterator<Item = ConsentId> + '_ {
	let withdrawn = |event: &&Event| event.pallet == "Consent" && event.name == "Withdrawn";
	events
		.iter()
		.filter(withdrawn)
		.filter_map(|event| event.fields["consent"].as_str()?.parse().ok())
}

/// The exchanges that events name, and the subscriptions that are opened, each once, in the order of their handles.
fn named_by(events: &[Event]) -> Vec<Due> {
	let mut exchanges = BTreeMap::new();
	for event in events.iter().filter(|event| event.pallet == "Exchange") {
		let named = match event.name.as_str() {
			"SubscriptionOpened" => handle::<SubscriptionId>(event, "subscription").map(record_of),
			_ => handle(event, "exchange"),
		};
		if let Some(exchange) = named {
			*exchanges.entry(exchange).or_default() |= event.name == "GlassBroken";
		}
	}
	exchanges.into_iter().map(|(exchange, urgent)| Due { exchange, urgent }).collect()
}

fn handle<Id: FromStr>(event: &Event, field: &str) -> Option<Id> {
	event.fields[field].as_str()?.parse().ok()
}
