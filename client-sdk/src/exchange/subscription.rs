//! Standing subscriptions: one agreement, many deliveries.
//!
//! The envelope of a subscription travels between nodes like that of a request, or is handed over as a file; either way
//! it is bound to the ledger by its commitment. Deliveries are exchanges, and travel like any other.

use super::{
	border_between, random, subscription_id, EncryptionKey, IdempotencyKey, Pending, Secret, Spec,
};
use crate::{
	client::{Client, View},
	content::{check_body, Body},
	envelope::{Envelope, RecipientKey},
	exchange::Kind,
	ledger::curex,
	seal,
	subject::Subject,
	submission::{Recorded, Submission},
	time, Error,
};
use curex_primitives::{
	exchange::exchange_id,
	transfer::{record_of, Manifest, Part},
	Commitment, ExchangeId, ExchangeProposal, ExchangeState, Gate, OrganisationId, Subscription,
	SubscriptionId, SubscriptionTerms,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// What is subscribed to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SubscriptionSpec {
	/// What each delivery is: its partner is the holder.
	pub delivery: Spec,
	/// Nothing is delivered from this moment on (RFC 3339); at most a year away.
	pub until: String,
	/// Least time between two deliveries, in seconds.
	#[serde(default)]
	pub min_interval_s: u32,
}

impl SubscriptionSpec {
	/// Reads a spec from JSON.
	///
	/// # Errors
	/// [`Error::Input`] with what is wrong.
	pub fn from_json(json: &[u8]) -> Result<Self, Error> {
		serde_json::from_slice(json).map_err(|error| Error::json("the spec", &error))
	}
}

/// A subscription that this side opened, with what opens its deliveries. At rest it is sealed.
#[derive(Serialize, Deserialize)]
pub struct PendingSubscription {
	id: SubscriptionId,
	#[serde(with = "crate::hexadecimal")]
	key: [u8; 32],
	secret: Secret,
	terms: SubscriptionTerms,
	envelope: SubscriptionEnvelope,
	subject: Subject,
}

impl std::fmt::Debug for PendingSubscription {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		write!(formatter, "PendingSubscription({})", self.id)
	}
}

/// The sealed envelope of a subscription, for the holder.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionEnvelope {
	/// The subscription.
	pub subscription: SubscriptionId,
	/// Salt of the commitment on the ledger.
	#[serde(with = "crate::hexadecimal")]
	pub salt: [u8; 32],
	/// The envelope, sealed to the holder, in hexadecimal.
	pub sealed: String,
}

impl SubscriptionEnvelope {
	/// Reads an envelope from JSON.
	///
	/// # Errors
	/// [`Error::Input`].
	pub fn from_json(json: &[u8]) -> Result<Self, Error> {
		serde_json::from_slice(json).map_err(|error| Error::json("the envelope", &error))
	}

	/// The envelope as JSON, as [`Self::from_json`] reads it.
	///
	/// # Errors
	/// [`Error::Input`].
	pub fn to_json(&self) -> Result<Vec<u8>, Error> {
		serde_json::to_vec_pretty(self).map_err(|error| Error::json("the envelope", &error))
	}

	fn of(subscription: SubscriptionId, (manifest, sealed): (Manifest, Vec<u8>)) -> Self {
		Self { subscription, salt: manifest.salt, sealed: hex::encode(sealed) }
	}

	fn bytes(&self) -> Result<Vec<u8>, Error> {
		hex::decode(&self.sealed)
			.map_err(|_| Error::input("the envelope: `sealed` is not hexadecimal"))
	}

	/// Opens the envelope of a subscription as the ledger has it, with the holder's key.
	///
	/// # Errors
	/// [`Error::Sealed`] when it is not the one that the ledger is committed to, or does not open.
	fn open(
		&self,
		key: &EncryptionKey,
		genesis: [u8; 32],
		terms: &SubscriptionTerms,
	) -> Result<(Envelope, RecipientKey, [u8; 32]), Error> {
		let record = record_of(self.subscription);
		let sealed = self.bytes()?;
		let commitment = Manifest::of(self.salt, &sealed).commitment(Part::Envelope, &record);
		if commitment != terms.envelope {
			return Err(Error::Sealed("it is not the envelope that the ledger is committed to"));
		}
		let opened = Envelope::open(&sealed, key, genesis, record)?;
		let recipient_key = opened
			.envelope
			.recipient_key
			.filter(|recipient_key| recipient_key.commitment(&record) == terms.recipient_key)
			.ok_or(Error::Sealed("its key is not the one that the ledger is committed to"))?;
		Ok((opened.envelope, recipient_key, opened.account))
	}
}

/// A delivery that is prepared, but for its payload.
pub(crate) struct PreparedDelivery {
	pub(crate) id: ExchangeId,
	pub(crate) subject: Subject,
	subscription: SubscriptionId,
	key: [u8; 32],
	/// The salt of its commitment, and the ciphertext.
	pub(crate) envelope: ([u8; 32], Vec<u8>),
	/// On what it rests.
	pub(crate) gate: Gate,
	/// To whom it goes.
	pub(crate) recipient: OrganisationId,
	/// To which the payload is to be sealed.
	pub(crate) recipient_key: [u8; 32],
}

impl PendingSubscription {
	/// The subscription's handle.
	pub fn id(&self) -> SubscriptionId {
		self.id
	}

	/// What the holder has to get.
	pub fn envelope(&self) -> &SubscriptionEnvelope {
		&self.envelope
	}

	/// Seals it to the organisation's own encryption key, for keeping.
	///
	/// # Errors
	/// [`Error::Key`] when the key cannot be used.
	pub fn seal(&self, own_key: &[u8; 32], genesis: [u8; 32]) -> Result<Vec<u8>, Error> {
		let json = Zeroizing::new(
			serde_json::to_vec(self).map_err(|error| Error::input(error.to_string()))?,
		);
		seal::seal(own_key, seal::Purpose::Keepsake(genesis, record_of(self.id)), &json)
	}

	/// Opens what [`Self::seal`] made.
	///
	/// # Errors
	/// [`Error::Sealed`].
	pub fn open(
		sealed: &[u8],
		own_key: &EncryptionKey,
		genesis: [u8; 32],
		id: SubscriptionId,
	) -> Result<Self, Error> {
		let json = seal::open(own_key, seal::Purpose::Keepsake(genesis, record_of(id)), sealed)?;
		serde_json::from_slice(&json)
			.map_err(|_| Error::Sealed("the pending subscription is not readable"))
	}

	/// A delivery under the subscription as an exchange that this side awaits ([`Client::receive`]).
	///
	/// # Errors
	/// [`Error::Input`] when the exchange is not delivered under this subscription.
	pub async fn delivery(&self, client: &Client, exchange: ExchangeId) -> Result<Pending, Error> {
		let found = client.exchange(exchange, View::Finalised).await?;
		if found.and_then(|found| found.subscription) != Some(self.id) {
			return Err(Error::input("the exchange is no delivery under this subscription"));
		}
		let terms = &self.terms;
		Ok(Pending {
			id: exchange,
			key: self.key,
			kind: Kind::Request { secret: Secret(self.secret.0) },
			proposal: ExchangeProposal {
				partner: terms.holder,
				gate: terms.gate,
				purpose: terms.purpose,
				categories: terms.categories,
				envelope: terms.envelope,
				recipient_key: terms.recipient_key,
				border: terms.border,
			},
			envelope_salt: self.envelope.salt,
			envelope: self.envelope.sealed.clone(),
			subject: Some(self.subject.clone()),
		})
	}
}

impl PendingSubscription {
	/// Whether it subscribes to what a spec says.
	pub fn asks_for(&self, spec: &SubscriptionSpec) -> bool {
		let Spec { partner, gate, purpose, categories, border, .. } = spec.delivery;
		let terms = &self.terms;
		let subject = Subject {
			patient: spec.delivery.patient.clone(),
			professional: spec.delivery.professional.clone(),
			care_relationship: spec.delivery.care_relationship,
		};
		(terms.holder, terms.gate, terms.purpose, terms.categories)
			== (partner, gate, purpose, categories)
			&& (border.is_none() || terms.border == border)
			&& time::read(&spec.until) == Some(terms.until)
			&& terms.min_interval_s == spec.min_interval_s
			&& self.subject == subject
	}
}

impl Client {
	/// A subscription in the state in which it stands, if the ledger has it.
	///
	/// # Errors
	/// [`Error::Connection`] or [`Error::Protocol`].
	pub async fn subscription(
		&self,
		id: SubscriptionId,
		view: View,
	) -> Result<Option<Subscription>, Error> {
		self.read("ExchangeApi_subscription", id, view).await
	}

	async fn known_subscription(&self, id: SubscriptionId) -> Result<Subscription, Error> {
		self.subscription(id, View::Finalised)
			.await?
			.ok_or_else(|| Error::NotFound(format!("subscription {id}")))
	}

	/// Prepares a subscription; nothing is sent. With an idempotency key, preparing it again is preparing the same one; what
	/// was prepared is to be kept.
	///
	/// # Errors
	/// [`Error::Input`] when the ledger would refuse its form, [`Error::NotFound`] when the holder is no member,
	/// [`Error::Connection`].
	pub async fn prepare_subscription(
		&self,
		spec: &SubscriptionSpec,
		key: Option<&IdempotencyKey>,
	) -> Result<PendingSubscription, Error> {
		let until = time::read(&spec.until)
			.ok_or_else(|| Error::input("`until` is no RFC 3339 time with an offset"))?;
		let Spec { partner, gate, purpose, categories, border, .. } = spec.delivery;
		let own = self.own_delegate().await?.organisation;
		let holder = self.partner(partner).await?;
		let border = match border {
			Some(border) => Some(border),
			None => {
				let here = self.member(own, View::Best).await?.country;
				border_between(gate, holder.country, here)?
			},
		};
		let secret = EncryptionKey::generate();
		let recipient_key = RecipientKey { key: secret.public(), salt: random() };
		let key = key.map_or_else(random, IdempotencyKey::handle_key);
		let id = subscription_id(own, &key);
		let record = record_of(id);
		let envelope = Envelope {
			patient: Some(spec.delivery.patient.clone()),
			professional: spec.delivery.professional.clone(),
			care_relationship: spec.delivery.care_relationship,
			purpose,
			recipient_key: Some(recipient_key),
		};
		let sealed =
			envelope.seal(self.signer()?, &holder.encryption_key, self.genesis(), record)?;
		let salt = random();
		let terms = SubscriptionTerms {
			holder: partner,
			gate,
			purpose,
			categories,
			border,
			until,
			min_interval_s: spec.min_interval_s,
			envelope: Manifest::of(salt, &sealed).commitment(Part::Envelope, &record),
			recipient_key: recipient_key.commitment(&record),
		};
		terms
			.check(own, time::now())
			.map_err(|defect| Error::input(format!("the ledger would refuse it: {defect:?}")))?;
		Ok(PendingSubscription {
			id,
			key,
			secret: Secret(*secret.to_bytes()),
			terms,
			envelope: SubscriptionEnvelope { subscription: id, salt, sealed: hex::encode(sealed) },
			subject: Subject {
				patient: spec.delivery.patient.clone(),
				professional: spec.delivery.professional.clone(),
				care_relationship: spec.delivery.care_relationship,
			},
		})
	}

	/// Submits a pending subscription. Submitting again is safe.
	///
	/// # Errors
	/// As [`Client::submit`].
	pub async fn subscribe(&self, pending: &PendingSubscription) -> Result<Submission, Error> {
		let call = curex::tx().exchange().subscribe(pending.key, pending.terms.clone().into());
		self.submit_own(&call).await
	}

	/// Leaves the envelope of a subscription at the node, for the holder's to fetch, until the subscription is over. Leaving
	/// it again is safe.
	///
	/// # Errors
	/// As [`Client::deposit`].
	pub async fn deposit_subscription(&self, pending: &PendingSubscription) -> Result<(), Error> {
		let SubscriptionEnvelope { subscription, salt, .. } = &pending.envelope;
		let sealed = pending.envelope.bytes()?;
		self.deposit(record_of(*subscription), Part::Envelope, *salt, &sealed).await
	}

	/// Takes the envelope of a subscription from the node, as its holder.
	///
	/// # Errors
	/// [`Error::NotFound`], [`Error::Input`] when the subscription is over; otherwise as [`Client::fetch`].
	pub async fn fetch_subscription(
		&self,
		id: SubscriptionId,
	) -> Result<SubscriptionEnvelope, Error> {
		let subscription = self.known_subscription(id).await?;
		if subscription.state.is_final() {
			return Err(Error::input("the subscription is over: nothing of it travels any more"));
		}
		let commitment = subscription.terms.envelope;
		let fetching = self.fetch_with_manifest(record_of(id), Part::Envelope, commitment);
		fetching.await.map(|fetched| SubscriptionEnvelope::of(id, fetched))
	}

	/// As [`Self::fetch_subscription`], but what no node has yet is not waited for.
	pub(crate) async fn fetch_subscription_now(
		&self,
		id: SubscriptionId,
		subscription: &Subscription,
	) -> Result<SubscriptionEnvelope, Error> {
		let (record, commitment) = (record_of(id), subscription.terms.envelope);
		let fetching = self.fetch_with_manifest_now(record, Part::Envelope, commitment);
		fetching.await.map(|fetched| SubscriptionEnvelope::of(id, fetched))
	}

	/// Opens the envelope of a subscription, as its holder, so that a person can decide about it.
	///
	/// # Errors
	/// [`Error::Sealed`] when it is not the ledger's, does not open, or was not signed by a delegate of the recipient;
	/// [`Error::NotFound`]; [`Error::Connection`].
	pub async fn read_subscription(
		&self,
		envelope: &SubscriptionEnvelope,
		key: &EncryptionKey,
	) -> Result<(Subscription, Envelope, RecipientKey), Error> {
		let subscription = self.known_subscription(envelope.subscription).await?;
		let (opened, recipient_key, account) =
			envelope.open(key, self.genesis(), &subscription.terms)?;
		let delegate = self.delegate(account, View::Finalised).await?;
		if delegate.is_none_or(|delegate| delegate.organisation != subscription.recipient) {
			return Err(Error::Sealed("it was not signed by a delegate of the recipient"));
		}
		if opened.purpose != subscription.terms.purpose {
			return Err(Error::Sealed("it names another purpose than the ledger"));
		}
		Ok((subscription, opened, recipient_key))
	}

	/// Accepts a subscription, as its holder.
	///
	/// # Errors
	/// As [`Client::record`].
	pub async fn accept_subscription(&self, id: SubscriptionId) -> Result<Recorded, Error> {
		self.record(&curex::tx().exchange().accept_subscription(id.into())).await
	}

	/// Ends a subscription that runs, as either side.
	///
	/// # Errors
	/// As [`Client::record`].
	pub async fn end_subscription(&self, id: SubscriptionId) -> Result<Recorded, Error> {
		self.record(&curex::tx().exchange().end_subscription(id.into())).await
	}

	/// Prepares the delivery of a document under a subscription; nothing is sealed or sent.
	pub(crate) async fn prepare_delivery(
		&self,
		envelope: &SubscriptionEnvelope,
		key: &EncryptionKey,
		document: Body<'_>,
	) -> Result<PreparedDelivery, Error> {
		let (subscription, opened, recipient_key) = self.read_subscription(envelope, key).await?;
		let subject = Subject::of(&opened).ok_or(Error::Sealed("it names no patient"))?;
		check_body(document, &subject.patient)?;
		let own = self.own_delegate().await?.organisation;
		let recipient = self.partner(subscription.recipient).await?;
		let exchange_key = random();
		let id = exchange_id(own, &exchange_key);
		// What the recipient asked for, under the handle of this delivery.
		let delivered = Envelope { recipient_key: None, ..opened }.seal(
			self.signer()?,
			&recipient.encryption_key,
			self.genesis(),
			id,
		)?;
		Ok(PreparedDelivery {
			id,
			subject,
			subscription: envelope.subscription,
			key: exchange_key,
			envelope: (random(), delivered),
			gate: subscription.terms.gate,
			recipient: subscription.recipient,
			recipient_key: recipient_key.key,
		})
	}

	/// Puts a delivery on the ledger, with the commitment to what was sealed. Submitting again is safe.
	pub(crate) async fn begin_delivery(
		&self,
		delivery: &PreparedDelivery,
		payload: Commitment,
	) -> Result<Submission, Error> {
		let (salt, envelope) = &delivery.envelope;
		let envelope = Manifest::of(*salt, envelope).commitment(Part::Envelope, &delivery.id);
		let call = curex::tx().exchange().deliver(
			delivery.subscription.into(),
			delivery.key,
			envelope.into(),
			payload.into(),
		);
		self.submit_own(&call).await
	}

	/// The deliveries under a subscription that wait to be taken, oldest first.
	///
	/// # Errors
	/// [`Error::Connection`] or [`Error::Protocol`].
	pub async fn deliveries(&self, id: SubscriptionId) -> Result<Vec<ExchangeId>, Error> {
		let head = self.block_of(View::Finalised).await?;
		let mut delivered = self.stored_exchanges(head).await?;
		delivered.retain(|(_, exchange)| exchange.subscription == Some(id));
		delivered.sort_by_key(|(id, exchange)| (exchange.begun, *id));
		let mut waiting = Vec::new();
		for (exchange, _) in delivered {
			// What was stored may have run out since.
			let state = self.exchange(exchange, View::At(head)).await?.map(|found| found.state);
			if matches!(state, Some(ExchangeState::Dispatched | ExchangeState::Delivered)) {
				waiting.push(exchange);
			}
		}
		Ok(waiting)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use curex_primitives::{Categories, Commitment, Gate, LegalBasis, OrganisationId, Purpose};

	const GENESIS: [u8; 32] = [1; 32];
	const ID: SubscriptionId = SubscriptionId([2; 32]);

	/// An envelope as a recipient hands it over, and the terms it is bound to.
	fn handed_over(holder: &EncryptionKey) -> (SubscriptionEnvelope, SubscriptionTerms) {
		let recipient_key = RecipientKey { key: [3; 32], salt: [4; 32] };
		let envelope =
			Envelope { recipient_key: Some(recipient_key), ..crate::envelope::tests::envelope() };
		let signer = crate::Signer::development("//Alice").unwrap();
		let sealed = envelope.seal(&signer, &holder.public(), GENESIS, record_of(ID)).unwrap();
		let salt = [5; 32];
		let terms = SubscriptionTerms {
			holder: OrganisationId(1),
			gate: Gate::Statutory(LegalBasis::CARE),
			purpose: Purpose::Treatment,
			categories: Categories::all(),
			border: None,
			until: 1,
			min_interval_s: 0,
			envelope: Manifest::of(salt, &sealed).commitment(Part::Envelope, &record_of(ID)),
			recipient_key: recipient_key.commitment(&record_of(ID)),
		};
		(SubscriptionEnvelope { subscription: ID, salt, sealed: hex::encode(sealed) }, terms)
	}

	#[test]
	fn an_envelope_opens_only_as_the_ledger_is_committed_to_it() {
		let key = EncryptionKey::generate();
		let (envelope, terms) = handed_over(&key);
		let (opened, recipient_key, _) = envelope.open(&key, GENESIS, &terms).unwrap();
		assert_eq!(opened.patient, crate::envelope::tests::envelope().patient);
		assert_eq!(recipient_key.key, [3; 32]);

		let refused = |envelope: &SubscriptionEnvelope, terms: &SubscriptionTerms| {
			matches!(envelope.open(&key, GENESIS, terms), Err(Error::Sealed(_)))
		};
		let (other, _) = handed_over(&key);
		assert!(refused(&other, &terms), "another envelope for the same subscription");
		let moved =
			SubscriptionEnvelope { subscription: SubscriptionId([9; 32]), ..envelope.clone() };
		assert!(refused(&moved, &terms));
		let another_key = SubscriptionTerms { recipient_key: Commitment([9; 32]), ..terms.clone() };
		assert!(refused(&envelope, &another_key));
		assert!(envelope.open(&EncryptionKey::generate(), GENESIS, &terms).is_err());
	}

	#[test]
	fn a_pending_subscription_is_kept_sealed_and_comes_back_whole() {
		let key = EncryptionKey::generate();
		let (envelope, terms) = handed_over(&key);
		let pending = PendingSubscription {
			id: ID,
			key: [6; 32],
			secret: Secret([7; 32]),
			terms: terms.clone(),
			envelope,
			subject: Subject::of(&crate::envelope::tests::envelope()).unwrap(),
		};
		assert_eq!(format!("{pending:?}"), format!("PendingSubscription({ID})"));
		let of = crate::envelope::tests::envelope();
		let spec = SubscriptionSpec {
			delivery: Spec {
				partner: terms.holder,
				gate: terms.gate,
				purpose: terms.purpose,
				categories: terms.categories,
				border: None,
				patient: of.patient.unwrap(),
				professional: of.professional,
				care_relationship: of.care_relationship,
			},
			until: "1970-01-01T00:00:00.001Z".into(),
			min_interval_s: 0,
		};
		assert!(pending.asks_for(&spec));
		assert!(!pending.asks_for(&SubscriptionSpec { min_interval_s: 1, ..spec.clone() }));
		let mut another = spec.clone();
		another.delivery.patient.birth_date = "1900-01-01".into();
		assert!(!pending.asks_for(&another), "of another patient");
		let sealed = pending.seal(&key.public(), GENESIS).unwrap();
		let opened = PendingSubscription::open(&sealed, &key, GENESIS, ID).unwrap();
		assert_eq!((opened.terms, opened.secret.0), (terms, [7; 32]));
		assert!(PendingSubscription::open(&sealed, &key, [9; 32], ID).is_err());
		assert!(PendingSubscription::open(&sealed, &key, GENESIS, SubscriptionId([9; 32])).is_err());
	}
}
