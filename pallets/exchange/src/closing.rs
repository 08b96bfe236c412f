//! Writes down what has lapsed. Nothing depends on when: every access applies deadlines by itself.

use crate::{
	Closing, Config, Event, Exchanges, NextClosing, Pallet, Reviews, ReviewsDue, WeightInfo,
};
use curex_primitives::{BlockNumber, ExchangeId};
use frame::{deps::frame_support::weights::WeightMeter, prelude::*};

impl<T: Config> Pallet<T> {
	/// Closes what lapsed before block `now`, as far as `remaining` allows, and continues in the next block.
	pub(crate) fn close_lapsed(now: BlockNumber, remaining: Weight) -> Weight {
		let mut meter = WeightMeter::with_limit(remaining);
		if meter.try_consume(T::WeightInfo::closing_block()).is_err() {
			return meter.consumed();
		}
		let first = NextClosing::<T>::get();
		let mut block = first;
		while block < now && Self::close_block(block, &mut meter) {
			block.saturating_inc();
			if meter.try_consume(T::WeightInfo::closing_block()).is_err() {
				break;
			}
		}
		if block != first {
			NextClosing::<T>::put(block);
		}
		meter.consumed()
	}

	/// Whether everything that lapsed with this block is written down.
	fn close_block(block: BlockNumber, meter: &mut WeightMeter) -> bool {
		let mut closing = Closing::<T>::drain_prefix(block);
		loop {
			if !meter.can_consume(T::WeightInfo::close()) {
				return false;
			}
			let Some((id, ())) = closing.next() else { break };
			meter.consume(T::WeightInfo::close());
			Self::close(id);
		}
		let mut due = ReviewsDue::<T>::drain_prefix(block);
		loop {
			if !meter.can_consume(T::WeightInfo::mark_overdue()) {
				return false;
			}
			let Some((id, ())) = due.next() else { break };
			meter.consume(T::WeightInfo::mark_overdue());
			Self::mark_overdue(id);
		}
		true
	}

	pub(crate) fn close(id: ExchangeId) {
		let Some((mut exchange, state)) = Self::effective(id) else { return };
		if state == exchange.state {
			return;
		}
		exchange.state = state;
		Exchanges::<T>::insert(id, exchange);
		Self::deposit_event(Event::Closed { exchange: id, outcome: state });
	}

	pub(crate) fn mark_overdue(id: ExchangeId) {
		let Some(review) = Reviews::<T>::get(id) else { return };
		Self::deposit_event(Event::ReviewOverdue { exchange: id, reviewer: review.reviewer });
	}
}
