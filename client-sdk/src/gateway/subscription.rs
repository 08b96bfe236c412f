//! The holder's side of standing subscriptions. The envelope of one is fetched like that of a request, a person accepts it,
//! and it is kept until the subscription is over. In the store it is the case of the record under which it travels.

use super::{
	store::{Case, Decision},
	Due, Gateway,
};
use crate::{client::View, exchange::SubscriptionEnvelope, submission::Recorded, Error};
use curex_primitives::{transfer::record_of, SubscriptionId, SubscriptionState};

impl Gateway {
	/// Takes the subscription of a case one step further, if it is that of one.
	pub(super) async fn tend(&self, case: &Case) -> Result<(), Error> {
		let id = SubscriptionId(case.id.0);
		let Some(subscription) = self.client.subscription(id, View::Finalised).await? else {
			return Ok(());
		};
		if subscription.terms.holder != self.organisation || subscription.state.is_final() {
			return self.store().done(case.id);
		}
		// What another process of this organisation answers is left to it.
		if self.setup.source.is_none() {
			return Ok(());
		}
		match (subscription.state, case.decision) {
			(state, Decision::Open) => {
				let envelope = match self.kept_envelope(case)? {
					Some(envelope) => envelope,
					None => {
						let fetched = self.client.fetch_subscription_now(id, &subscription).await?;
						self.keep_subscription(&fetched)?;
						fetched
					},
				};
				match self.client.read_subscription(&envelope, &self.setup.key).await {
					Ok(_) if state == SubscriptionState::Opened => {
						self.store().decide(case.id, Decision::Person, "subscription")
					},
					Ok(_) => self.store().decide(case.id, Decision::Serve, ""),
					Err(Error::Sealed(_) | Error::Input(_)) => {
						self.store().decide(case.id, Decision::Refuse, "unreadable-envelope")
					},
					Err(error) => Err(error),
				}
			},
			// Somebody accepted it from elsewhere.
			(SubscriptionState::Active | SubscriptionState::Suspended, Decision::Person) => {
				self.store().decide(case.id, Decision::Serve, "")
			},
			_ => Ok(()),
		}
	}

	/// The envelope of a subscription of which this organisation is the holder: kept before, or fetched and kept.
	///
	/// # Errors
	/// [`Error::Store`]; otherwise as [`crate::Client::fetch_subscription`].
	pub async fn subscription_envelope(
		&self,
		id: SubscriptionId,
	) -> Result<SubscriptionEnvelope, Error> {
		if let Some(case) = self.store().case(record_of(id))? {
			if let Some(envelope) = self.kept_envelope(&case)? {
				return Ok(envelope);
			}
		}
		let envelope = self.client.fetch_subscription(id).await?;
		self.keep_subscription(&envelope)?;
		Ok(envelope)
	}

	/// Accepts a subscription, and keeps its envelope for the deliveries.
	///
	/// # Errors
	/// [`Error::Store`]; otherwise as [`crate::Client::read_subscription`] and [`crate::Client::accept_subscription`].
	pub async fn accept_subscription(
		&self,
		envelope: &SubscriptionEnvelope,
	) -> Result<Recorded, Error> {
		// What cannot be read, or is not the recipient's, is not accepted.
		self.client.read_subscription(envelope, &self.setup.key).await?;
		self.keep_subscription(envelope)?;
		let recorded = self.client.accept_subscription(envelope.subscription).await?;
		self.store().decide(record_of(envelope.subscription), Decision::Serve, "")?;
		Ok(recorded)
	}

	fn kept_envelope(&self, case: &Case) -> Result<Option<SubscriptionEnvelope>, Error> {
		case.envelope.as_deref().map(SubscriptionEnvelope::from_json).transpose()
	}

	fn keep_subscription(&self, envelope: &SubscriptionEnvelope) -> Result<(), Error> {
		let record = record_of(envelope.subscription);
		self.store().see([Due { exchange: record, urgent: false }], None)?;
		self.store().keep_envelope(record, &envelope.to_json()?)
	}
}
