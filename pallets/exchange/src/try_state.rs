//! What holds between any two calls.

use crate::{
	Closing, Commitments, Config, Exchanges, NextClosing, Pallet, Reviews, ReviewsDue, Sequences,
};
use curex_primitives::{Direction, Exchange, ExchangeId, ExchangeState, Gate};
use frame::prelude::*;

impl<T: Config> Pallet<T> {
	/// ### Invariants of the exchanges
	///
	/// 1. The numbers of the exchanges that an organisation began are exactly 1 to the last of its sequence.
	/// 2. Every exchange that is not over is listed once, with its deadline and no block that is done; nothing else
	///    is listed.
	/// 3. Every commitment that an exchange or its review carries leads back to it, and leads nowhere else.
	/// 4. An exchange has a payload from its dispatch on, a receipt from its delivery on, an acknowledgement exactly
	///    when it is acknowledged, and two different sides.
	/// 5. Exactly the break-glasses have a review; no side reviews; verdict and reasons come together; an open
	///    review is listed with its due block until that is done.
	pub fn do_try_state() -> Result<(), DispatchError> {
		Self::check_sequences()?;
		Self::check_closing()?;
		Self::check_commitments()?;
		Self::check_shapes()?;
		Self::check_reviews()
	}

	fn check_sequences() -> Result<(), DispatchError> {
		let mut total = 0;
		for (organisation, last) in Sequences::<T>::iter() {
			let mut numbers: alloc::vec::Vec<u64> = Exchanges::<T>::iter_values()
				.filter(|exchange| exchange.initiator() == organisation)
				.map(|exchange| exchange.sequence)
				.collect();
			numbers.sort_unstable();
			ensure!(numbers.into_iter().eq(1..=last), "1: a sequence has a gap");
			total.saturating_accrue(last);
		}
		ensure!(Exchanges::<T>::iter_keys().count() as u64 == total, "1: a number is missing");
		Ok(())
	}

	fn check_closing() -> Result<(), DispatchError> {
		let next = NextClosing::<T>::get();
		let mut listed = 0;
		for (block, id, ()) in Closing::<T>::iter() {
			listed += 1;
			let exchange = Exchanges::<T>::get(id).ok_or("2: a listed exchange does not exist")?;
			ensure!(block >= next, "2: a listed exchange was passed over");
			ensure!(exchange.deadline == block, "2: listed with another deadline");
			ensure!(!exchange.state.is_final(), "2: listed though it is over");
		}
		let running = Exchanges::<T>::iter_values().filter(|exchange| !exchange.state.is_final());
		ensure!(running.count() == listed, "2: not listed");
		Ok(())
	}

	fn check_commitments() -> Result<(), DispatchError> {
		let leads_to = |commitment, id: ExchangeId| Commitments::<T>::get(commitment) == Some(id);
		for (id, exchange) in Exchanges::<T>::iter() {
			let key = (!exchange.recipient_key.is_zero()).then_some(exchange.recipient_key);
			let carried = [Some(exchange.envelope), key, exchange.payload, exchange.receipt];
			let all = carried.into_iter().flatten().all(|commitment| leads_to(commitment, id));
			ensure!(all, "3: a commitment of an exchange does not lead to it");
		}
		for (id, review) in Reviews::<T>::iter() {
			let all = leads_to(review.evidence, id)
				&& review.reasons.is_none_or(|reasons| leads_to(reasons, id));
			ensure!(all, "3: a commitment of a review does not lead to it");
		}
		let found = Commitments::<T>::iter_values().all(Exchanges::<T>::contains_key);
		ensure!(found, "3: a commitment leads nowhere");
		Ok(())
	}

	fn check_shapes() -> Result<(), DispatchError> {
		for exchange in Exchanges::<T>::iter_values() {
			ensure!(Self::is_well_shaped(&exchange), "4: the parts do not fit the state");
		}
		Ok(())
	}

	fn is_well_shaped(exchange: &Exchange) -> bool {
		use ExchangeState::{
			Acknowledged, Approved, Delivered, Dispatched, Expired, Held, NotServed, Offered,
			Requested, Terminated,
		};
		let parts = (
			exchange.payload.is_some(),
			exchange.receipt.is_some(),
			exchange.acknowledgement.is_some(),
		);
		let fits = match exchange.state {
			Requested | Held | Offered | NotServed | Approved => parts == (false, false, false),
			Dispatched => parts == (true, false, false),
			Delivered => parts == (true, true, false),
			Acknowledged => parts == (true, true, true),
			Terminated => matches!(parts, (_, false, false)),
			Expired => matches!(parts, (true, _, false) | (false, false, false)),
		};
		let keyless =
			exchange.direction == Direction::Push && matches!(exchange.state, Offered | NotServed);
		fits && exchange.holder != exchange.recipient && exchange.recipient_key.is_zero() == keyless
	}

	fn check_reviews() -> Result<(), DispatchError> {
		for (id, exchange) in Exchanges::<T>::iter() {
			let broken = matches!(exchange.gate, Gate::BreakGlass(_));
			ensure!(Reviews::<T>::contains_key(id) == broken, "5: a review too few or too many");
		}
		let next = NextClosing::<T>::get();
		for (id, review) in Reviews::<T>::iter() {
			let exchange = Exchanges::<T>::get(id).ok_or("5: a review without its exchange")?;
			let sides = [Some(exchange.holder), Some(exchange.recipient)];
			ensure!(!sides.contains(&review.reviewer), "5: a side reviews");
			ensure!(review.verdict.is_some() == review.reasons.is_some(), "5: half a review");
			let listed = ReviewsDue::<T>::contains_key(review.due, id);
			ensure!(!listed || review.verdict.is_none(), "5: reviewed and still due");
			ensure!(
				listed || review.verdict.is_some() || review.due <= next,
				"5: an open review is not listed"
			);
		}
		let resolved = ReviewsDue::<T>::iter_keys()
			.all(|(due, id)| Reviews::<T>::get(id).is_some_and(|review| review.due == due));
		ensure!(resolved, "5: a due review does not exist");
		Ok(())
	}
}
