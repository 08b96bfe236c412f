//! Where exchanges stand, and what they say to readers.

use crate::{Config, DutiesOf, Exchanges, OfConsent, Pallet, PrunedUpTo, Reviews, Sequences, PAGE};
use alloc::vec::Vec;
use curex_primitives::{
	consent::Consents,
	gate::{decide, Verdict},
	BlockNumber, Border, Categories, Commitment, Consent, ConsentId, Direction, Exchange,
	ExchangeId, ExchangeProposal, ExchangeState, Gate, Moment, Obligation, OrganisationId,
	Organisations, Purpose, Review,
};
use frame::{prelude::*, traits::UnixTime};

impl<T: Config> Pallet<T> {
	/// The record of an exchange, and where it stands now: deadlines and withdrawals applied.
	pub fn effective(id: ExchangeId) -> Option<(Exchange, ExchangeState)> {
		let exchange = Exchanges::<T>::get(id)?;
		let state = Self::state_now(&exchange);
		Some((exchange, state))
	}

	/// The exchange with the state in which it stands now.
	pub fn exchange(id: ExchangeId) -> Option<Exchange> {
		Self::effective(id).map(|(exchange, state)| Exchange { state, ..exchange })
	}

	/// The consent, if the ledger has it.
	pub fn consent(id: ConsentId) -> Option<Consent> {
		T::Consents::get(id)
	}

	/// The review of a break-glass.
	pub fn review_of(id: ExchangeId) -> Option<Review> {
		Reviews::<T>::get(id)
	}

	pub(crate) fn state_now(exchange: &Exchange) -> ExchangeState {
		let now = Self::block();
		let consent = Self::consent_of(exchange.gate);
		let both_active = [exchange.holder, exchange.recipient]
			.into_iter()
			.all(|side| T::Organisations::facts(side).is_some_and(|facts| facts.is_active()));
		exchange.state_at(now, exchange.gate_open(now, consent.as_ref(), both_active))
	}

	pub(crate) fn consent_of(gate: Gate) -> Option<Consent> {
		match gate {
			Gate::Consent(id) => T::Consents::get(id),
			Gate::Statutory(_) | Gate::Permit { .. } | Gate::BreakGlass(_) => None,
		}
	}

	pub(crate) fn block() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	pub(crate) fn now() -> Moment {
		T::Clock::now().as_millis().saturated_into()
	}

	pub(crate) fn is_served(
		holder: OrganisationId,
		recipient: OrganisationId,
		gate: Gate,
		purpose: Purpose,
		categories: Categories,
		border: Option<Border>,
	) -> bool {
		let nothing = Commitment([0; 32]);
		let proposal = ExchangeProposal {
			partner: holder,
			gate,
			purpose,
			categories,
			envelope: nothing,
			recipient_key: nothing,
			border,
		};
		let question = Exchange::proposed(recipient, Direction::Pull, &proposal);
		holder != recipient
			&& !categories.is_empty()
			&& Self::ask(&question, false, decide) == Verdict::Allow
	}

	pub(crate) fn exchanges_of(consent: ConsentId, after: Option<ExchangeId>) -> Vec<ExchangeId> {
		match after {
			Some(after) => {
				let place = OfConsent::<T>::hashed_key_for(consent, after);
				OfConsent::<T>::iter_key_prefix_from(consent, place).take(PAGE).collect()
			},
			None => OfConsent::<T>::iter_key_prefix(consent).take(PAGE).collect(),
		}
	}

	pub(crate) fn duties_of(
		organisation: OrganisationId,
		after: Option<(ExchangeId, Obligation)>,
	) -> Vec<(ExchangeId, Obligation, BlockNumber)> {
		let flat = |((id, obligation), due)| (id, obligation, due);
		match after {
			Some(after) => {
				let place = DutiesOf::<T>::hashed_key_for(organisation, after);
				DutiesOf::<T>::iter_prefix_from(organisation, place).take(PAGE).map(flat).collect()
			},
			None => DutiesOf::<T>::iter_prefix(organisation).take(PAGE).map(flat).collect(),
		}
	}

	pub(crate) fn sequence(organisation: OrganisationId) -> (u64, u64) {
		let first = PrunedUpTo::<T>::get(organisation).saturating_add(1);
		(first, Sequences::<T>::get(organisation))
	}
}
