//! Writes down what has become due. Nothing depends on when: every access applies deadlines by itself.
//!
//! Three lists are worked off: the agenda of the exchanges, duties, subscriptions. Each goes block by block from where
//! it stopped. Another list begins in each block, so that none waits for good while another is full.

use crate::{
	Agenda, Config, DutiesDue, Event, Exchanges, NextAgenda, NextDuty, NextSubscription, Pallet,
	SubscriptionsDue, WeightInfo,
};
use curex_primitives::{BlockNumber, Exchange, ExchangeId, ExchangeState, Settlement};
use frame::{deps::frame_support::weights::WeightMeter, prelude::*};

/// How many lists there are.
const LISTS: BlockNumber = 3;

// The agenda.
impl<T: Config> Pallet<T> {
	/// Has the ledger look at an exchange after `block`, or after the first block from there on whose list has room.
	pub(crate) fn list(block: BlockNumber, id: ExchangeId) {
		let listed = (block..=BlockNumber::MAX).any(|at| Agenda::<T>::try_append(at, id).is_ok());
		debug_assert!(listed, "there are more blocks than exchanges");
	}

	/// By when an exchange is listed.
	pub(crate) fn listed_by(exchange: &Exchange) -> BlockNumber {
		exchange.ended_at.map_or(exchange.deadline, Self::pruned_after)
	}

	/// Looks at the exchanges listed with `block`, as far as the weight allows. Whether at all of them.
	pub(crate) fn work_off_agenda(block: BlockNumber, meter: &mut WeightMeter) -> bool {
		let most = T::WeightInfo::close().max(T::WeightInfo::prune()).max(T::WeightInfo::list());
		let listed = Agenda::<T>::take(block).into_inner();
		for (done, id) in listed.iter().enumerate() {
			if !meter.can_consume(most) {
				let left = listed.get(done..).unwrap_or_default().to_vec();
				Agenda::<T>::insert(block, BoundedVec::truncate_from(left));
				return false;
			}
			meter.consume(Self::revisit(*id));
		}
		true
	}

	/// Looks at an exchange whose listed block has passed: writes down where it stands if its window has closed,
	/// prunes it if its retention is over, and otherwise lists it anew. What that weighs.
	pub(crate) fn revisit(id: ExchangeId) -> Weight {
		let Some((exchange, state)) = Self::effective(id) else { return T::WeightInfo::list() };
		let due = Self::listed_by(&exchange);
		if Self::block() <= due {
			Self::list(due, id);
			T::WeightInfo::list()
		} else if exchange.ended_at.is_some() {
			Self::prune(id);
			T::WeightInfo::prune()
		} else {
			Self::close(id, exchange, state);
			T::WeightInfo::close()
		}
	}

	/// Writes down the state in which an exchange stands whose window has closed.
	fn close(id: ExchangeId, mut exchange: Exchange, state: ExchangeState) {
		let was_disputed = exchange.state == ExchangeState::Disputed;
		let block = Self::block();
		exchange.state = state;
		exchange.ended_at = Some(block);
		Exchanges::<T>::insert(id, exchange);
		Self::list(Self::pruned_after(block), id);
		if was_disputed {
			Self::settle(id, Settlement::Lapsed);
		} else {
			Self::deposit_event(Event::Closed { exchange: id, outcome: state });
		}
	}
}

// All lists.
impl<T: Config> Pallet<T> {
	/// Works off what became due before block `now`, as far as `remaining` allows, and continues in the next block.
	pub(crate) fn work_off(now: BlockNumber, remaining: Weight) -> Weight {
		let mut meter = WeightMeter::with_limit(remaining);
		for turn in 0..LISTS {
			match (now.wrapping_add(turn)) % LISTS {
				0 => Self::advance::<NextAgenda<T>>(now, &mut meter, Self::work_off_agenda),
				1 => Self::advance::<NextDuty<T>>(now, &mut meter, |block, meter| {
					let due = DutiesDue::<T>::drain_prefix(block);
					drain(due, meter, T::WeightInfo::mark_overdue(), |((id, obligation), ())| {
						Self::mark_overdue(id, obligation)
					})
				}),
				_ => Self::advance::<NextSubscription<T>>(now, &mut meter, |block, meter| {
					let due = SubscriptionsDue::<T>::drain_prefix(block);
					drain(due, meter, T::WeightInfo::look_at(), |(id, ())| Self::look_at(id))
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
		if meter.try_consume(T::WeightInfo::advance()).is_err() {
			return;
		}
		let first = Next::get();
		let mut block = first;
		while block < now && work(block, meter) {
			block.saturating_inc();
			if meter.try_consume(T::WeightInfo::advance()).is_err() {
				break;
			}
		}
		if block != first {
			Next::put(block);
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
