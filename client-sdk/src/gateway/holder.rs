//! The holder's side: matching the patient, building the document, serving it.

use super::{
	assessor::Passing,
	schedule::Finished,
	store::{Case, Decision, Payload},
	Due, Gateway,
};
use crate::{
	client::View,
	content::{check_body, covered, Body},
	envelope::{Envelope, RecipientKey},
	error::Rejection,
	exchange::{
		HeldKey, IdempotencyKey, Pending, PreparedDelivery, Spec, SubscriptionEnvelope, MAX_ITEMS,
	},
	fhir::{self, build_summary, Author, Defect, Sensitivity},
	ledger::curex,
	receipt::random,
	seal, time,
	transfer::{self, Sealing, Stage},
	Error,
};
use curex_primitives::{
	transfer::Part, BatchAnswer, Category, Direction, Exchange, ExchangeId, ExchangeState, Gate,
};
use std::path::Path;

/// What the holder's own view of a request comes to.
pub(super) enum Answer {
	/// To be served with this document, sealed to this key.
	Serve(Vec<u8>, [u8; 32]),
	/// Not to be served.
	Refuse(&'static str),
	/// A person has to look at it.
	Person(&'static str),
}

impl Gateway {
	/// Takes an exchange in which this organisation is the holder one step further.
	pub(super) async fn serve(&self, case: &Case, exchange: &Exchange) -> Result<(), Error> {
		match (exchange.state, case.decision) {
			(ExchangeState::Held, Decision::Open) => {
				self.store().decide(case.id, Decision::Person, "risk")
			},
			(ExchangeState::Requested, Decision::Open) => self.decide(case, exchange).await,
			(ExchangeState::Requested, Decision::Serve) => self.approve(case).await,
			// A person released the hold from elsewhere: look again.
			(ExchangeState::Requested | ExchangeState::Approved, Decision::Person)
				if case.reason == "risk" && exchange.released.is_some() =>
			{
				let next = match exchange.direction {
					Direction::Pull => Decision::Open,
					Direction::Push => Decision::Serve,
				};
				self.store().decide(case.id, next, "")
			},
			(ExchangeState::Approved, Decision::Open) if exchange.direction == Direction::Pull => {
				self.decide(case, exchange).await
			},
			(ExchangeState::Approved, Decision::Serve) => self.dispatch(case, exchange).await,
			(ExchangeState::Dispatched, _) if !case.deposited => self.deposit_payload(case).await,
			(ExchangeState::Delivered, Decision::Serve) if case.withholds_key() => {
				self.release_key(case, exchange).await
			},
			_ => Ok(()),
		}
	}

	async fn decide(&self, case: &Case, exchange: &Exchange) -> Result<(), Error> {
		match self.consider(case, exchange).await? {
			Answer::Serve(..) => self.store().decide(case.id, Decision::Serve, ""),
			Answer::Refuse(reason) => self.store().decide(case.id, Decision::Refuse, reason),
			Answer::Person(reason) => self.store().decide(case.id, Decision::Person, reason),
		}
	}

	/// Opens the envelope, matches the patient and builds the document.
	pub(super) async fn consider(&self, case: &Case, exchange: &Exchange) -> Result<Answer, Error> {
		let envelope = match self.envelope(case, exchange).await? {
			Ok(envelope) => envelope,
			Err(reason) => return Ok(Answer::Refuse(reason)),
		};
		let Some(recipient_key) = recipient_key(&envelope, case.id, exchange) else {
			return Ok(Answer::Refuse("another-recipient-key"));
		};
		let patient = match (exchange.gate, envelope.patient) {
			(Gate::Permit { .. }, None) => return Ok(Answer::Person("data-under-a-permit")),
			// A permit opens nobody's record by name.
			(Gate::Permit { .. }, Some(_)) => return Ok(Answer::Refuse("a-person-under-a-permit")),
			(_, None) => return Ok(Answer::Refuse("no-patient")),
			(_, Some(patient)) => patient,
		};
		if !exchange.categories.contains(Category::PatientSummary) {
			return Ok(Answer::Person("beyond-a-summary"));
		}
		let Some(source) = self.setup.source.clone() else {
			return Ok(Answer::Refuse("no-source"));
		};
		let found = tokio::task::spawn_blocking(move || fhir::find(source.as_ref(), &patient))
			.await
			.map_err(|_| Error::Fhir(Defect::Source))?;
		let record = match found {
			Ok(Some(record)) => record,
			Ok(None) => return Ok(Answer::Refuse("unknown-or-ambiguous-patient")),
			// The source may be back soon.
			Err(Defect::Source) => return Err(Error::Fhir(Defect::Source)),
			Err(_) => return Ok(Answer::Person("unusable-record")),
		};
		let urgent = matches!(exchange.gate, Gate::BreakGlass(_));
		if record.is_restricted(urgent) {
			return Ok(Answer::Refuse("restricted"));
		}
		let own = self.client.member(self.organisation, View::Best).await?;
		let author = Author { organisation: self.organisation, name: own.name() };
		let sensitivity = if urgent { Sensitivity::Everything } else { Sensitivity::Unrestricted };
		match build_summary(&record, &author, sensitivity, time::now()) {
			Ok(document) => Ok(Answer::Serve(document, recipient_key)),
			Err(_) => Ok(Answer::Person("unusable-record")),
		}
	}

	async fn approve(&self, case: &Case) -> Result<(), Error> {
		let call = curex::tx().exchange().approve(case.id.into());
		let submitted = async { self.client.submit(&call).await?.in_block().await }.await;
		self.settle(case, submitted.map(drop))
	}

	/// Seals the document unless that was done before, puts its commitment on the ledger, leaves it at the node.
	async fn dispatch(&self, case: &Case, exchange: &Exchange) -> Result<(), Error> {
		let payload = match &case.payload {
			Some(payload) => payload.clone(),
			// Looked at again: a restriction may have come meanwhile.
			None => match self.consider(case, exchange).await? {
				Answer::Serve(document, key) => {
					self.seal_payload(sent(case.id, exchange), Body::Bytes(&document), &key).await?
				},
				Answer::Refuse(reason) => {
					return self.store().decide(case.id, Decision::Refuse, reason);
				},
				Answer::Person(reason) => {
					return self.store().decide(case.id, Decision::Person, reason);
				},
			},
		};
		if exchange.direction == Direction::Push && !self.was_sealed_for(case.id, exchange).await? {
			return self.store().decide(case.id, Decision::Person, "recipient-rotated-its-key");
		}
		let commitment = payload.manifest.commitment(Part::Payload, &case.id);
		let call = curex::tx().exchange().dispatch(case.id.into(), commitment.into());
		let submitted = async { self.client.submit(&call).await?.in_block().await }.await;
		match submitted {
			Ok(_) => self.deposit_payload(&Case { payload: Some(payload), ..case.clone() }).await,
			Err(error) => self.settle(case, Err(error)),
		}
	}

	/// Whether the recipient accepted with the key its offer was sealed to: its organisation's.
	async fn was_sealed_for(&self, id: ExchangeId, exchange: &Exchange) -> Result<bool, Error> {
		let recipient = self.client.member(exchange.recipient, View::Finalised).await?;
		let key = RecipientKey::of_organisation(recipient.encryption_key, &id);
		Ok(key.commitment(&id) == exchange.recipient_key)
	}

	pub(super) async fn deposit_payload(&self, case: &Case) -> Result<(), Error> {
		let Some(payload) = &case.payload else {
			return self.store().decide(case.id, Decision::Person, "payload-lost");
		};
		let Payload { manifest, file, .. } = payload;
		self.client.deposit_file_once(case.id, Part::Payload, manifest, file).await?;
		self.store().deposited(case.id)
	}

	/// Gives out the key of a payload that was held back, if it was, now that the receipt is on the finalised ledger.
	async fn release_key(&self, case: &Case, exchange: &Exchange) -> Result<(), Error> {
		let Some(held) = case.payload.as_ref().and_then(|payload| payload.held.as_ref()) else {
			return Ok(());
		};
		if exchange.receipt != Some(held.heading().receipt(case.id)) {
			return self.store().decide(case.id, Decision::Person, "receipt-without-key");
		}
		self.client.deposit_now(case.id, Part::Key, held.salt, &held.sealed).await?;
		tracing::info!(exchange = %case.id, "the receipt is final: the key was given out");
		self.store().released(case.id)
	}

	/// Settles what the ledger said to a step.
	fn settle(&self, case: &Case, outcome: Result<(), Error>) -> Result<(), Error> {
		let Err(error) = outcome else { return Ok(()) };
		let Error::Rejected(Rejection { name, .. }) = &error else { return Err(error) };
		match name.as_str() {
			"ReleaseNeeded" => self.store().decide(case.id, Decision::Person, "risk"),
			"GateClosed" | "Terminated" | "WindowClosed" => {
				self.store().decide(case.id, Decision::Refuse, "gate-closed")
			},
			// An earlier attempt succeeded, or the exchange moved on: the next look shows where it stands.
			"WrongState" => Ok(()),
			_ => Err(error),
		}
	}

	/// Offers a document to another organisation. The gateway delivers it once the offer is accepted.
	///
	/// # Errors
	/// As [`Self::prepare_offer`] and [`Self::begin_offer`].
	pub async fn offer(
		&self,
		spec: &Spec,
		document: impl Into<Body<'_>>,
	) -> Result<ExchangeId, Error> {
		let document = document.into();
		let pending = self.prepare_offer(spec, document, None).await?;
		self.begin_offer(&pending, document).await?;
		Ok(pending.id())
	}

	/// Prepares an offer of a document; nothing is sent. Under an idempotency key it is to be kept, and begun again after an
	/// interruption.
	///
	/// # Errors
	/// [`Error::Fhir`] when the document is none, or of another patient; [`Error::Input`] when it is of a category that is not
	/// offered; otherwise as [`crate::Client::prepare_offer`].
	pub async fn prepare_offer(
		&self,
		spec: &Spec,
		document: impl Into<Body<'_>>,
		key: Option<&IdempotencyKey>,
	) -> Result<Pending, Error> {
		let document = document.into();
		covered(&check_body(document, &spec.patient)?, spec.categories)?;
		self.client.prepare_offer(spec, document, key).await
	}

	/// Begins an offer that was prepared, with the document that it was prepared for. Beginning it again is safe.
	///
	/// # Errors
	/// As [`crate::Submission::in_block`] and [`crate::Client::deposit`].
	pub async fn begin_offer(
		&self,
		pending: &Pending,
		document: impl Into<Body<'_>>,
	) -> Result<(), Error> {
		let (id, document) = (pending.id(), document.into());
		let recipient = self.client.partner(pending.partner()).await?;
		let before = self.store().case(id)?;
		self.store().see([Due { exchange: id, urgent: false }], None)?;
		self.note_subject(id, pending.subject())?;
		if before.as_ref().is_none_or(|case| case.payload.is_none()) {
			let sent = Passing { id, gate: pending.gate(), partner: pending.partner() };
			self.seal_payload(sent, document, &recipient.encryption_key).await?;
		}
		if before.is_none_or(|case| case.decision == Decision::Open) {
			self.store().decide(id, Decision::Serve, "")?;
		}
		let begun = async { self.client.begin(pending).await?.in_block().await }.await;
		if let Err(error) = begun {
			if !error.is_retryable() {
				self.store().done(id)?;
			}
			return Err(error);
		}
		match self.client.deposit_envelope(pending).await {
			// It may no longer travel: the recipient has it.
			Ok(()) | Err(Error::Transfer { code: 12004, .. }) => Ok(()),
			Err(error) => Err(error),
		}
	}

	/// Answers a request with a document of a person's choice: whatever [`check_body`] takes. The gateway delivers it: this
	/// one does its part at once, and one that serves goes on should this be interrupted.
	///
	/// # Errors
	/// [`Error::Fhir`] when the document is none, or of another patient; [`Error::Input`] when it is of a category that was
	/// not asked for, or the exchange is not asked of this organisation or does not wait for an answer;
	/// [`Error::Rejected`] when the gate is shut; otherwise as [`crate::Client::deposit`].
	pub async fn answer_with_document(
		&self,
		id: ExchangeId,
		document: impl Into<Body<'_>>,
	) -> Result<(), Error> {
		let document = document.into();
		self.answer(id, document, |exchange, envelope| match (exchange.gate, &envelope.patient) {
			(Gate::Permit { .. }, _) | (_, None) => {
				Err(Error::input("nobody is named under a permit: use `curex permit answer`"))
			},
			(_, Some(patient)) => covered(&check_body(document, patient)?, exchange.categories),
		})
		.await
	}

	/// Answers a request under a permit with data that were extracted before ([`crate::permits`]), as
	/// [`Self::answer_with_document`].
	///
	/// # Errors
	/// [`Error::Fhir`] when the data are no collection, or name a person; [`Error::Input`] when the exchange is not asked of
	/// this organisation under a permit, or does not wait for an answer; [`Error::Rejected`] when the gate is shut;
	/// otherwise as [`crate::Client::deposit`].
	pub async fn answer_with_data(
		&self,
		id: ExchangeId,
		data: impl Into<Body<'_>>,
	) -> Result<(), Error> {
		let data = data.into().in_memory()??;
		fhir::check_data_set(&data)?;
		self.answer(id, Body::Bytes(&data), |exchange, _| match exchange.gate {
			Gate::Permit { .. } => Ok(()),
			_ => Err(Error::input("it is not asked of this organisation under a permit")),
		})
		.await
	}

	async fn answer(
		&self,
		id: ExchangeId,
		document: Body<'_>,
		check: impl FnOnce(&Exchange, &Envelope) -> Result<(), Error>,
	) -> Result<(), Error> {
		let exchange = self.client.exchange(id, View::Finalised).await?;
		let exchange = exchange.ok_or_else(|| Error::NotFound(format!("exchange {id}")))?;
		if exchange.holder != self.organisation || exchange.direction != Direction::Pull {
			return Err(Error::input("it is not asked of this organisation"));
		}
		if !matches!(exchange.state, ExchangeState::Requested | ExchangeState::Approved) {
			return Err(Error::input("the exchange does not wait for an answer"));
		}
		if self.holds_keys && matches!(exchange.gate, Gate::BreakGlass(_)) {
			return Err(Error::input(
				"the key of a broken glass is not held back: urgent care waits for nobody",
			));
		}
		self.store().see([Due { exchange: id, urgent: false }], None)?;
		let case = self.store().case(id)?.ok_or_else(|| Error::Store("a case is gone".into()))?;
		let envelope = self.envelope(&case, &exchange).await?;
		let envelope = envelope.map_err(|reason| Error::input(format!("the request: {reason}")))?;
		check(&exchange, &envelope)?;
		if case.payload.is_none() {
			let key = recipient_key(&envelope, id, &exchange)
				.ok_or(Error::Sealed("its key is not the one that the ledger is committed to"))?;
			self.seal_payload(sent(id, &exchange), document, &key).await?;
		}
		self.store().decide(id, Decision::Serve, "")
	}

	/// Delivers a document under a subscription. What was sealed is in the store before the ledger hears of it: a gateway
	/// that serves leaves it at the node, should this be interrupted.
	///
	/// # Errors
	/// [`Error::Fhir`] when the document is none, or of another patient; [`Error::Rejected`] when it is too soon or the
	/// gate is shut; otherwise as [`crate::Client::read_subscription`] and [`crate::Client::deposit`].
	pub async fn deliver(
		&self,
		envelope: &SubscriptionEnvelope,
		document: impl Into<Body<'_>>,
	) -> Result<ExchangeId, Error> {
		let document = document.into();
		let delivery = self.client.prepare_delivery(envelope, &self.setup.key, document).await?;
		let PreparedDelivery { id, subject, envelope: (envelope_salt, envelope), .. } = &delivery;
		self.store().see([Due { exchange: *id, urgent: false }], None)?;
		self.note_subject(*id, Some(subject))?;
		let sent = Passing { id: *id, gate: delivery.gate, partner: delivery.recipient };
		let payload = self.seal_payload(sent, document, &delivery.recipient_key).await?;
		let payload = payload.manifest.commitment(Part::Payload, id);
		self.store().decide(*id, Decision::Serve, "")?;
		let begun =
			async { self.client.begin_delivery(&delivery, payload).await?.finalized().await }.await;
		if let Err(error) = begun {
			if !error.is_retryable() {
				self.store().done(*id)?;
			}
			return Err(error);
		}
		self.client.deposit(*id, Part::Envelope, *envelope_salt, envelope).await?;
		self.advance(*id).await?;
		Ok(*id)
	}

	/// Approves and dispatches requests that wait for this organisation in one transaction, up to `most`. Whatever is not
	/// plainly to be served is decided as [`Self::tick`] would.
	///
	/// # Errors
	/// As [`Self::run`], and [`crate::Client::answer_batch`].
	pub async fn answer_batch(
		&self,
		most: usize,
	) -> Result<Vec<(ExchangeId, Result<(), Rejection>)>, Error> {
		self.look().await?;
		let mut batch = Vec::new();
		for due in self.store().due(time::now())? {
			if batch.len() >= most.min(MAX_ITEMS) {
				break;
			}
			let Some(case) = self.store().case(due.exchange)? else { continue };
			match self.ready_for_batch(&case).await {
				Ok(Some(payload)) => batch.push((case, payload)),
				Ok(None) => (),
				Err(error) => {
					let outcome = Some(Err(error));
					self.conclude(Finished { exchange: due.exchange, outcome })?;
				},
			}
		}
		if batch.is_empty() {
			return Ok(Vec::new());
		}
		let answers = batch.iter().map(|(case, payload)| BatchAnswer {
			exchange: case.id,
			payload: payload.manifest.commitment(Part::Payload, &case.id),
		});
		let outcome = self.client.answer_batch(answers.collect()).await?;
		let mut answered = Vec::new();
		for ((case, payload), item) in batch.into_iter().zip(outcome.items) {
			let id = case.id;
			match &item {
				Ok(()) => self.deposit_payload(&Case { payload: Some(payload), ..case }).await?,
				Err(rejection) => self.settle(&case, Err(Error::Rejected(rejection.clone())))?,
			}
			answered.push((id, item));
		}
		Ok(answered)
	}

	/// The sealed answer to a request, if it is one that waits for this organisation and is to be served.
	async fn ready_for_batch(&self, case: &Case) -> Result<Option<Payload>, Error> {
		if !matches!(case.decision, Decision::Open | Decision::Serve) {
			return Ok(None);
		}
		let Some(exchange) = self.client.exchange(case.id, View::Finalised).await? else {
			return Ok(None);
		};
		let waits = exchange.holder == self.organisation
			&& exchange.direction == Direction::Pull
			&& exchange.state == ExchangeState::Requested;
		if !waits {
			return Ok(None);
		}
		if let Some(payload) = &case.payload {
			return Ok(Some(payload.clone()));
		}
		match self.consider(case, &exchange).await? {
			Answer::Serve(document, key) => {
				self.store().decide(case.id, Decision::Serve, "")?;
				let document = Body::Bytes(&document);
				self.seal_payload(sent(case.id, &exchange), document, &key).await.map(Some)
			},
			Answer::Refuse(reason) => {
				self.store().decide(case.id, Decision::Refuse, reason)?;
				Ok(None)
			},
			Answer::Person(reason) => {
				self.store().decide(case.id, Decision::Person, reason)?;
				Ok(None)
			},
		}
	}

	/// Seals a document for the recipient's key and keeps it, unless one is kept. Gives the one that is kept. If this gateway
	/// holds keys back, it is sealed to a key of its own, except in an emergency. Then it is assessed, beside what follows.
	pub(super) async fn seal_payload(
		&self,
		passing: Passing,
		document: Body<'_>,
		key: &[u8; 32],
	) -> Result<Payload, Error> {
		let Passing { id, gate, .. } = passing;
		let purpose = seal::Purpose::Part(self.client.genesis(), id, Part::Payload);
		let (_, length) = document.open()?;
		let meter = self.client.meter(id, Part::Payload, Stage::Sealing, length);
		let file = self.store().new_payload(id);
		let (recipient, held) = match gate {
			Gate::Consent(_) | Gate::Statutory(_) | Gate::Permit { .. } if self.holds_keys => {
				let (key, held) = HeldKey::new(key, self.client.genesis(), id)?;
				(key, Some(held))
			},
			// Urgent care waits for nobody.
			_ => (*key, None),
		};
		let heading = held.as_ref().map(|held| held.heading().bytes());
		let seal = move |document: Body<'_>, file: &Path| {
			let heading = heading.as_ref().map_or(&[][..], |heading| &heading[..]);
			let sealing = Sealing { recipient: &recipient, purpose, heading };
			transfer::seal_body(&sealing, document, file, random(), &meter)
		};
		let manifest = match document {
			// A summary or a message: done at once.
			Body::Bytes(_) => seal(document, &file)?,
			Body::File(path) => {
				let (path, sealed) = (path.to_owned(), file.clone());
				let sealing = tokio::task::spawn_blocking(move || seal(Body::File(&path), &sealed));
				sealing.await.map_err(|error| Error::Store(error.to_string()))??
			},
		};
		let payload = self.store().keep_payload(id, Payload { manifest, file, held })?;
		self.assess(passing, document);
		Ok(payload)
	}
}

/// What is sent in an exchange.
pub(super) const fn sent(id: ExchangeId, exchange: &Exchange) -> Passing {
	Passing { id, gate: exchange.gate, partner: exchange.recipient }
}

/// The recipient's key, if it is the one the ledger is committed to.
fn recipient_key(envelope: &Envelope, id: ExchangeId, exchange: &Exchange) -> Option<[u8; 32]> {
	let recipient_key = envelope.recipient_key?;
	(recipient_key.commitment(&id) == exchange.recipient_key).then_some(recipient_key.key)
}
