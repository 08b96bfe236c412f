//! Writes down what has become due. Nothing depends on when: every access applies deadlines by itself.
//!
//! Four lists are worked off: windows, duties, subscriptions, pruning. Each goes block by block from where it stopped.
//! Another list begins in each block, so that none waits for good while another is full.

use crate::{
	Closing, Config, DutiesDue, Event, Exchanges, NextClosing, NextDuty, NextPruning,
	NextSubscription, Pallet, Pruning, SubscriptionsDue, WeightInfo,
};
use curex_primitives::{BlockNumber, ExchangeId, ExchangeState, Settlement};
use frame::{deps::frame_support::weights::WeightMeter, prelude::*};

/// How many lists there are.
const LISTS: BlockNumber = 4;

impl<T: Config> Pallet<T> {
	/// Works off what became due before block `now`, as far as `remaining` allows, and continues in the next block.
	pub(crate) fn close_lapsed(now: BlockNumber, remaining: Weight) -> Weight {
		let mut meter = WeightMeter::with_limit(remaining);
		for turn in 0..LISTS {
			match (now.wrapping_add(turn)) % LISTS {
				0 => Self::advance::<NextClosing<T>>(now, &mut meter, |block, meter| {
					let due = Closing::<T>::drain_prefix(block);
					drain(due, meter, T::WeightInfo::close(), |(id, ())| Self::close(id))
				}),
				1 => Self::advance::<NextDuty<T>>(now, &mut meter, |block, meter| {
					let due = DutiesDue::<T>::drain_prefix(block);
					drain(due, meter, T::WeightInfo::mark_overdue(), |((id, obligation), ())| {
						Self::mark_overdue(id, obligation)
					})
				}),
				2 => Self::advance::<NextSubscription<T>>(now, &mut meter, |block, meter| {
					let due = SubscriptionsDue::<T>::drain_prefix(block);
					drain(due, meter, T::WeightInfo::look_at(), |(id, ())| Self::look_at(id))
				}),
				_ => Self::advance::<NextPruning<T>>(now, &mut meter, |block, meter| {
					let due = Pruning::<T>::drain_prefix(block);
					drain(due, meter, T::WeightInfo::prune(), |(id, ())| Self::prune(id))
				}),
			}
		}
		meter.consumed()
	}

	/// Works one list off, from the block in `Next` on. `work` says whether everything of a block is done.
	pub(crate) fn advance<Next>(
		now: BlockNumber,
		meter: &mut WeightMeter,
		work: impl Fn(BlockNumber, &mut WeightMeter) -> bool,
	) where
		Next: frame::deps::frame_support::StorageValue<BlockNumber, Query = BlockNumber>,
	{
		if meter.try_consume(T::WeightInfo::closing_block()).is_err() {
			return;
		}
		let first = Next::get();
		let mut block = first;
		while block < now && work(block, meter) {
			block.saturating_inc();
			if meter.try_consume(T::WeightInfo::closing_block()).is_err() {
				break;
			}
		}
		if block != first {
			Next::put(block);
		}
	}

	pub(crate) fn close(id: ExchangeId) {
		let Some((mut exchange, state)) = Self::effective(id) else { return };
		if state == exchange.state {
			return;
		}
		let was_disputed = exchange.state == ExchangeState::Disputed;
		let block = Self::block();
		exchange.state = state;
		exchange.ended_at = Some(block);
		Exchanges::<T>::insert(id, exchange);
		Pruning::<T>::insert(Self::pruned_after(block), id, ());
		if was_disputed {
			Self::settle(id, Settlement::Lapsed);
		} else {
			Self::deposit_event(Event::Closed { exchange: id, outcome: state });
		}
	}
}

/// Acts on entries as long as the weight of one more is left. Whether none is left.
fn drain<Entry>(
	mut entries: impl Iterator<Item = Entry>,
	meter: &mut WeightMeter,
	each: Weight,
	act: impl Fn(Entry),
) -> bool {
	loop {
		if !meter.can_consume(each) {
			return false;
		}
		let Some(entry) = entries.next() else { return true };
		meter.consume(each);
		act(entry);
	}
}
