//! Numbering of an account's transactions: reserve, then commit or roll back.
//!
//! The pool knows of transactions that no block holds yet, and this process of transactions that the pool does not
//! know yet; the next number is the greatest of both views. A number that was reserved and not used is given to the
//! next transaction: a gap would keep every later one waiting.

use std::{
	collections::BTreeSet,
	sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The numbers of one account.
#[derive(Clone, Debug, Default)]
pub struct Nonces(Arc<Mutex<Numbers>>);

#[derive(Debug, Default)]
struct Numbers {
	/// The first number that this process never gave out.
	next: u64,
	/// Numbers given out and not settled.
	reserved: BTreeSet<u64>,
	/// Numbers below `next` that came back unused.
	returned: BTreeSet<u64>,
}

impl Nonces {
	/// Reserves the next number, given what the pool would expect next (`system_accountNextIndex`).
	pub fn reserve(&self, pool: u64) -> Reservation {
		let mut numbers = self.lock();
		// What the pool has moved past was used, here or elsewhere.
		numbers.returned = numbers.returned.split_off(&pool);
		let number = match numbers.returned.pop_first() {
			Some(number) => number,
			None => {
				let number = numbers.next.max(pool);
				numbers.next = number + 1;
				number
			},
		};
		numbers.reserved.insert(number);
		Reservation { number, nonces: self.clone(), settled: false }
	}

	/// Forgets what this process believes: after the pool called a number stale or taken, or lost transactions. The
	/// next reservation follows the pool; numbers still reserved are not given out again.
	pub fn resynchronise(&self) {
		let mut numbers = self.lock();
		numbers.next = numbers.reserved.last().map_or(0, |last| last + 1);
		numbers.returned.clear();
	}

	/// How many numbers are given out and not settled.
	pub(crate) fn open(&self) -> usize {
		self.lock().reserved.len()
	}

	fn lock(&self) -> MutexGuard<'_, Numbers> {
		self.0.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

/// A number that is this transaction's until it is committed or rolled back; dropping rolls back.
#[derive(Debug)]
pub struct Reservation {
	number: u64,
	nonces: Nonces,
	settled: bool,
}

impl Reservation {
	/// The number.
	pub fn number(&self) -> u64 {
		self.number
	}

	/// The pool took the transaction.
	pub fn commit(mut self) {
		self.settled = true;
		self.nonces.lock().reserved.remove(&self.number);
	}

	/// The pool did not take the transaction.
	pub fn roll_back(self) {
		drop(self);
	}
}

impl Drop for Reservation {
	fn drop(&mut self) {
		if self.settled {
			return;
		}
		let mut numbers = self.nonces.lock();
		numbers.reserved.remove(&self.number);
		if self.number + 1 == numbers.next {
			numbers.next = self.number;
		} else if self.number < numbers.next {
			numbers.returned.insert(self.number);
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_burst_gets_consecutive_numbers_though_the_pool_has_not_seen_it() {
		let nonces = Nonces::default();
		let burst: Vec<Reservation> = (0..5).map(|_| nonces.reserve(7)).collect();
		assert_eq!(burst.iter().map(Reservation::number).collect::<Vec<_>>(), [7, 8, 9, 10, 11]);
	}

	#[test]
	fn the_pool_leads_when_another_process_used_the_account() {
		let nonces = Nonces::default();
		nonces.reserve(3).commit();
		assert_eq!(nonces.reserve(9).number(), 9);
	}

	#[test]
	fn a_rolled_back_number_is_given_out_again_first() {
		let nonces = Nonces::default();
		let [first, second, third] = [0; 3].map(|pool| nonces.reserve(pool));
		second.roll_back();
		first.commit();
		third.commit();
		let again = nonces.reserve(1);
		assert_eq!(again.number(), 1);
		again.commit();
		assert_eq!(nonces.reserve(1).number(), 3);
	}

	#[test]
	fn the_last_number_rolled_back_leaves_no_gap() {
		let nonces = Nonces::default();
		drop(nonces.reserve(4));
		assert_eq!(nonces.reserve(4).number(), 4);
	}

	#[test]
	fn a_returned_number_that_the_pool_moved_past_is_not_given_out() {
		let nonces = Nonces::default();
		let [first, second] = [0; 2].map(|pool| nonces.reserve(pool));
		first.roll_back();
		second.commit();
		assert_eq!(nonces.reserve(2).number(), 2);
	}

	#[test]
	fn after_a_resynchronisation_the_pool_leads_but_nothing_is_given_out_twice() {
		let nonces = Nonces::default();
		nonces.reserve(10).commit();
		nonces.resynchronise();
		assert_eq!(nonces.reserve(5).number(), 5, "the pool lost what it had");
		let held = nonces.reserve(20);
		nonces.resynchronise();
		assert_eq!(nonces.reserve(5).number(), 21);
		drop(held);
	}
}
