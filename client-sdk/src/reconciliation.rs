//! Both sides of a pair of organisations count what they exchanged on a day, and the ledger says whether they agree.

use crate::{
	client::{Client, View},
	ledger::curex,
	submission::Recorded,
	time, Error,
};
use curex_primitives::{
	batch::{tally, KEPT_PERIODS, RECONCILIATION_PERIOD},
	Commitment, Exchange, ExchangeId, Moment, OrganisationId, Tally,
};
use std::collections::BTreeMap;

/// The day of a moment as the ledger numbers it: days since the epoch, UTC.
pub fn day_of(moment: Moment) -> u32 {
	u32::try_from(moment / RECONCILIATION_PERIOD).unwrap_or(u32::MAX)
}

/// Reads a day written as `YYYY-MM-DD`.
///
/// # Errors
/// [`Error::Input`].
pub fn read_day(text: &str) -> Result<u32, Error> {
	time::read(&format!("{text}T00:00:00Z"))
		.map(day_of)
		.ok_or_else(|| Error::input("that is no day: write it as YYYY-MM-DD"))
}

/// A day as [`read_day`] reads it.
pub fn day_text(day: u32) -> String {
	let text = time::text(Moment::from(day) * RECONCILIATION_PERIOD).unwrap_or_default();
	text.split_once('T').map_or(format!("day {day}"), |(date, _)| date.to_owned())
}

/// Whether the exchange belongs to the tally of this pair and day: the two are its sides, and it began on that day.
fn counts(exchange: &Exchange, pair: [OrganisationId; 2], day: u32) -> bool {
	let sides = [exchange.holder, exchange.recipient];
	day_of(exchange.begun) == day && (sides == pair || sides == [pair[1], pair[0]])
}

impl Client {
	/// Counts the exchanges between the client's organisation and a partner that began on a day, as the finalised ledger
	/// shows them. Calls `progress` with each block.
	///
	/// # Errors
	/// [`Error::Input`] when the day is not over, or longer ago than tallies are kept; [`Error::Connection`].
	pub async fn count(
		&self,
		partner: OrganisationId,
		day: u32,
		mut progress: impl FnMut(u64),
	) -> Result<Tally, Error> {
		let own = self.own_delegate().await?.organisation;
		let head = self.at(self.block_of(View::Finalised).await?).await?.block_number();
		let today = day_of(self.moment_of(head).await?);
		if day >= today || today - day >= KEPT_PERIODS {
			return Err(Error::input(format!(
				"count a day that is over and less than {KEPT_PERIODS} days ago"
			)));
		}
		let first = self.first_block_of(day, head).await?;
		let beyond = self.first_block_of(day + 1, head).await?;
		let mut counted: BTreeMap<ExchangeId, Option<Commitment>> = BTreeMap::new();
		for block in first..beyond {
			progress(block);
			for event in self.events(self.block_hash(block).await?).await? {
				let named = (event.pallet == "Exchange")
					.then(|| event.fields["exchange"].as_str()?.parse().ok())
					.flatten();
				let Some(id) = named.filter(|id| !counted.contains_key(id)) else { continue };
				let exchange = self.exchange(id, View::Finalised).await?;
				if let Some(exchange) = exchange.filter(|it| counts(it, [own, partner], day)) {
					counted.insert(id, exchange.payload);
				}
			}
		}
		Ok(tally(counted))
	}

	/// Puts a count on the ledger.
	///
	/// # Errors
	/// As [`Client::record`].
	pub async fn reconcile(
		&self,
		partner: OrganisationId,
		day: u32,
		tally: Tally,
	) -> Result<Recorded, Error> {
		self.record(&curex::tx().exchange().reconcile(partner.into(), day, tally.into())).await
	}

	/// The moment of a block, by the ledger's clock.
	async fn moment_of(&self, block: u64) -> Result<Moment, Error> {
		let key = curex_verify::bundle::storage_key("Timestamp", "Now");
		let at = View::At(self.block_hash(block).await?);
		let bytes = self.storage(&key, at).await?.unwrap_or_default();
		// The first block has no clock yet.
		Ok(codec::Decode::decode(&mut &bytes[..]).unwrap_or(0))
	}

	/// The first block of a day or of a later one, or the one after the head.
	async fn first_block_of(&self, day: u32, head: u64) -> Result<u64, Error> {
		let (mut below, mut above) = (1, head + 1);
		while below < above {
			let middle = below + (above - below) / 2;
			if day_of(self.moment_of(middle).await?) < day {
				below = middle + 1;
			} else {
				above = middle;
			}
		}
		Ok(below)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_day_is_read_and_numbered_as_the_ledger_does() {
		assert_eq!(read_day("1970-01-02").unwrap(), 1);
		assert_eq!(day_text(1), "1970-01-02");
		assert_eq!(read_day(&day_text(20_785)).unwrap(), 20_785);
		assert_eq!(day_of(RECONCILIATION_PERIOD * 3 - 1), 2);
		for wrong in ["", "2026-02-30", "20260101", "2026-01-01T00:00:00Z"] {
			assert!(matches!(read_day(wrong), Err(Error::Input(_))), "{wrong}");
		}
	}
}
