//! Deletes parts that no longer travel. The ciphertext is a transport copy: what the recipient must keep it keeps
//! elsewhere, decrypted into its own records.

use super::{blocking, Error, Key, Ledger, Store, View};
use std::{sync::Arc, time::Duration};

const LOG_TARGET: &str = "curex::transfer";

/// How long parts stay that the end of their exchange or subscription does not send away earlier.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
	/// A part whose exchange or subscription is not in a finalised block.
	pub unknown: Duration,
	/// Any part.
	pub longest: Duration,
	/// Pause between two looks.
	pub interval: Duration,
}

impl Default for Retention {
	fn default() -> Self {
		const DAY: Duration = Duration::from_secs(24 * 3_600);
		Self { unknown: DAY, longest: 90 * DAY, interval: Duration::from_secs(60) }
	}
}

/// Looks at every part again and again, until the node stops.
pub async fn run(ledger: Arc<dyn Ledger>, store: Arc<Store>, retention: Retention) {
	loop {
		tokio::time::sleep(retention.interval).await;
		let (ledger, store) = (ledger.clone(), store.clone());
		if let Err(error) = blocking(move || sweep(&*ledger, &store, &retention)).await {
			log::warn!(target: LOG_TARGET, "Could not delete parts that travel no more: {error}");
		}
	}
}

/// Removes what is due, and says how many parts that were.
///
/// # Errors
/// [`Error::Ledger`], [`Error::Storage`]
pub fn sweep(ledger: &dyn Ledger, store: &Store, retention: &Retention) -> Result<usize, Error> {
	let mut removed = 0;
	for (key, age) in store.ages() {
		if age >= retention.longest || is_over(ledger, &key, age, retention)? {
			store.remove(key)?;
			removed += 1;
		}
	}
	Ok(removed)
}

fn is_over(
	ledger: &dyn Ledger,
	key: &Key,
	age: Duration,
	retention: &Retention,
) -> Result<bool, Error> {
	let exchange = ledger.exchange(&key.exchange, View::Finalised)?;
	if let Some(exchange) = exchange {
		return Ok(exchange.state.is_final());
	}
	Ok(match ledger.subscription(&key.subscription(), View::Finalised)? {
		Some(subscription) => subscription.state.is_final(),
		None => age >= retention.unknown,
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::transfer::testing::{self, FakeLedger};
	use curex_primitives::{
		transfer::{Manifest, Part},
		ExchangeState, SubscriptionState,
	};

	#[test]
	fn a_part_goes_when_its_exchange_is_final_and_not_before() {
		let folder = tempfile::tempdir().unwrap();
		let store = Store::open(folder.path().join("transfer"), Default::default()).unwrap();
		let bytes = testing::bytes(10);
		let manifest = Manifest::of([1; 32], &bytes);
		let key = Key { exchange: testing::EXCHANGE, part: Part::Payload };
		let ledger = FakeLedger::dispatched(&manifest);
		let sweep = || sweep(&ledger, &store, &Retention::default()).unwrap();
		for &state in ExchangeState::ALL {
			testing::deposit(&store, key, &manifest, &bytes);
			ledger.change(|exchange| exchange.state = state);
			assert_eq!(sweep() == 1, state.is_final(), "{state:?}");
			assert_eq!(store.manifest(key).is_err(), state.is_final(), "{state:?}");
		}
	}

	#[test]
	fn the_envelope_of_a_subscription_goes_when_that_is_over_and_not_before() {
		let folder = tempfile::tempdir().unwrap();
		let store = Store::open(folder.path().join("transfer"), Default::default()).unwrap();
		let bytes = testing::bytes(10);
		let manifest = Manifest::of([1; 32], &bytes);
		let key = Key { exchange: testing::EXCHANGE, part: Part::Envelope };
		let ledger = FakeLedger::dispatched(&manifest);
		ledger.become_subscription();
		let hasty = Retention { unknown: Duration::ZERO, ..Retention::default() };
		for &state in SubscriptionState::ALL {
			testing::deposit(&store, key, &manifest, &bytes);
			ledger.change_subscription(|subscription| subscription.state = state);
			let removed = sweep(&ledger, &store, &hasty).unwrap();
			assert_eq!(removed == 1, state.is_final(), "{state:?}");
		}
	}

	#[test]
	fn a_part_of_an_unknown_exchange_waits_for_a_day() {
		let folder = tempfile::tempdir().unwrap();
		let store = Store::open(folder.path().join("transfer"), Default::default()).unwrap();
		let bytes = testing::bytes(10);
		let manifest = Manifest::of([1; 32], &bytes);
		let key = Key { exchange: testing::EXCHANGE, part: Part::Payload };
		let ledger = FakeLedger::dispatched(&manifest);
		ledger.forget_finalised();
		testing::deposit(&store, key, &manifest, &bytes);
		let patient = Retention::default();
		assert_eq!(sweep(&ledger, &store, &patient).unwrap(), 0);
		let hasty = Retention { unknown: Duration::ZERO, ..patient };
		assert_eq!(sweep(&ledger, &store, &hasty).unwrap(), 1);
	}
}
