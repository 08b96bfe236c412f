//! Standing orders and their deliveries.

use crate::{Commitments, Config, Error, Event, Pallet, Subscriptions, SubscriptionsDue};
use curex_primitives::{
	subscription::{subscription_id, Standing},
	BlockNumber, Commitment, ConsentStatus, Direction, ExchangeProposal, ExchangeState, Gate,
	OrganisationId, OrganisationStatus, Organisations, RecordHandle, Subscription, SubscriptionId,
	SubscriptionState, SubscriptionTerms,
};
use frame::prelude::*;

// Reading.
impl<T: Config> Pallet<T> {
	/// The subscription with the state in which it stands now.
	pub fn subscription(id: SubscriptionId) -> Option<Subscription> {
		let subscription = Subscriptions::<T>::get(id)?;
		let state = Self::subscription_state(&subscription);
		Some(Subscription { state, ..subscription })
	}

	fn subscription_state(subscription: &Subscription) -> SubscriptionState {
		subscription.state_at(Self::block(), Self::now(), Self::standing(subscription))
	}

	/// How the gate behind a subscription stands. Whether it allows a delivery is asked at each.
	fn standing(subscription: &Subscription) -> Standing {
		let mut standing = Standing::Open;
		for side in [subscription.terms.holder, subscription.recipient] {
			match T::Organisations::facts(side).map(|facts| facts.status) {
				Some(OrganisationStatus::Active) => {},
				Some(OrganisationStatus::Suspended) => standing = Standing::Paused,
				Some(OrganisationStatus::Exited) | None => return Standing::Over,
			}
		}
		let now = Self::now();
		match subscription.terms.gate {
			Gate::Consent(_) => match Self::consent_of(subscription.terms.gate) {
				None => Standing::Over,
				Some(consent) if consent.status.ended_at().is_some() => Standing::Over,
				Some(consent) if now >= consent.terms.valid_until => Standing::Over,
				Some(consent) if consent.status != ConsentStatus::Active => Standing::Paused,
				Some(consent) if now < consent.terms.valid_from => Standing::Paused,
				Some(_) => standing,
			},
			Gate::Statutory(_) => standing,
			Gate::Permit { .. } | Gate::BreakGlass(_) => Standing::Over,
		}
	}
}

// Calls.
impl<T: Config> Pallet<T> {
	pub(crate) fn do_subscribe(
		recipient: OrganisationId,
		key: [u8; 32],
		terms: SubscriptionTerms,
	) -> Result<(), Error<T>> {
		terms.check(recipient, Self::now())?;
		let id = subscription_id(recipient, &key);
		ensure!(!Subscriptions::<T>::contains_key(id), Error::<T>::AlreadyExists);
		let holder = terms.holder;
		ensure!(T::Organisations::facts(holder).is_some(), Error::<T>::PartnerNotFound);
		Self::ensure_fresh(terms.envelope)?;
		Self::ensure_fresh(terms.recipient_key)?;
		Self::remember(terms.envelope, RecordHandle(id.0));
		Self::remember(terms.recipient_key, RecordHandle(id.0));
		let subscription = Subscription {
			recipient,
			terms,
			state: SubscriptionState::Opened,
			deadline: 0,
			deliveries: 0,
			last_delivery: 0,
			ended_at: None,
		};
		Self::list_subscription(id, subscription, T::AnswerWindow::get());
		let opened = Event::SubscriptionOpened { subscription: id, recipient, holder };
		Self::deposit_event(opened);
		Ok(())
	}

	pub(crate) fn do_accept_subscription(
		holder: OrganisationId,
		id: SubscriptionId,
	) -> Result<(), Error<T>> {
		let mut subscription = Subscriptions::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		ensure!(subscription.terms.holder == holder, Error::<T>::NotAuthorized);
		match Self::subscription_state(&subscription) {
			SubscriptionState::Opened => {},
			SubscriptionState::NotServed => return Err(Error::WindowClosed),
			_ => return Err(Error::WrongState),
		}
		let proposal = Self::delivery(&subscription, Commitment([0; 32]));
		Self::ensure_not_refused(&Self::record(holder, Direction::Push, proposal))?;
		subscription.state = SubscriptionState::Active;
		Self::list_subscription(id, subscription, T::SubscriptionCheck::get());
		Self::deposit_event(Event::SubscriptionAccepted { subscription: id });
		Ok(())
	}

	pub(crate) fn do_end_subscription(
		by: OrganisationId,
		id: SubscriptionId,
	) -> Result<(), Error<T>> {
		let subscription = Subscriptions::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		ensure!(
			by == subscription.recipient || by == subscription.terms.holder,
			Error::<T>::NotAuthorized
		);
		let running = matches!(
			Self::subscription_state(&subscription),
			SubscriptionState::Active | SubscriptionState::Suspended
		);
		// An opening that its recipient takes back would tell that nobody had answered; it lapses.
		ensure!(running, Error::<T>::WrongState);
		Self::end_subscription_as(id, subscription, SubscriptionState::Ended);
		Ok(())
	}

	pub(crate) fn do_deliver(
		holder: OrganisationId,
		id: SubscriptionId,
		key: [u8; 32],
		envelope: Commitment,
		payload: Commitment,
	) -> Result<(), Error<T>> {
		let mut subscription = Subscriptions::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		ensure!(subscription.terms.holder == holder, Error::<T>::NotAuthorized);
		match Self::subscription_state(&subscription) {
			SubscriptionState::Active => {},
			SubscriptionState::Suspended => return Err(Error::Suspended),
			_ => return Err(Error::WrongState),
		}
		let now = Self::now();
		ensure!(subscription.is_due(now), Error::<T>::TooSoon);
		let proposal = Self::delivery(&subscription, envelope);
		ensure!(envelope != payload, Error::<T>::MissingCommitment);
		Self::ensure_fresh(payload)?;
		proposal.check(holder, Direction::Push)?;
		let (exchange_id, mut exchange) = Self::draft(holder, Direction::Push, &key, proposal)?;
		Self::ensure_open(&exchange, false)?;
		Self::count_use(&exchange);
		exchange.subscription = Some(id);
		exchange.state = ExchangeState::Dispatched;
		exchange.payload = Some(payload);
		Self::begin(exchange_id, exchange, T::DeliveryWindow::get())?;
		Self::remember(payload, RecordHandle(exchange_id.0));
		subscription.deliveries = subscription.deliveries.saturating_add(1);
		subscription.last_delivery = now;
		Subscriptions::<T>::insert(id, subscription);
		Self::deposit_event(Event::SubscriptionServed { subscription: id, exchange: exchange_id });
		Self::deposit_event(Event::Dispatched { exchange: exchange_id });
		Ok(())
	}

	/// What a delivery under the subscription proposes.
	fn delivery(subscription: &Subscription, envelope: Commitment) -> ExchangeProposal {
		let terms = &subscription.terms;
		ExchangeProposal {
			partner: subscription.recipient,
			gate: terms.gate,
			purpose: terms.purpose,
			categories: terms.categories,
			envelope,
			recipient_key: Commitment([0; 32]),
			border: terms.border,
		}
	}
}

// What becomes due.
impl<T: Config> Pallet<T> {
	/// Looks at a subscription whose block has passed: writes down where it stands, prunes it once it has been over
	/// for long enough.
	pub(crate) fn look_at(id: SubscriptionId) {
		let Some(mut subscription) = Subscriptions::<T>::get(id) else { return };
		if subscription.ended_at.is_some() {
			Commitments::<T>::remove(subscription.terms.envelope);
			Commitments::<T>::remove(subscription.terms.recipient_key);
			Subscriptions::<T>::remove(id);
			Self::deposit_event(Event::SubscriptionPruned { subscription: id });
			return;
		}
		let state = Self::subscription_state(&subscription);
		if state.is_final() {
			return Self::end_subscription_as(id, subscription, state);
		}
		if state != subscription.state {
			subscription.state = state;
			Self::deposit_event(Event::SubscriptionChanged { subscription: id, state });
		}
		Self::list_subscription(id, subscription, T::SubscriptionCheck::get());
	}

	fn end_subscription_as(
		id: SubscriptionId,
		mut subscription: Subscription,
		state: SubscriptionState,
	) {
		subscription.state = state;
		subscription.ended_at = Some(Self::block());
		Self::list_subscription(id, subscription, T::Retention::get());
		Self::deposit_event(Event::SubscriptionChanged { subscription: id, state });
	}

	/// Writes a subscription down, to be looked at after `window`.
	fn list_subscription(id: SubscriptionId, mut subscription: Subscription, window: BlockNumber) {
		SubscriptionsDue::<T>::remove(subscription.deadline, id);
		subscription.deadline = Self::block().saturating_add(window);
		SubscriptionsDue::<T>::insert(subscription.deadline, id, ());
		Subscriptions::<T>::insert(id, subscription);
	}
}
