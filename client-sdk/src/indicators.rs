//! Indicators of threats that members share as keyed digests: one hospital's finding is another's detection.
//!
//! The ledger holds digests alone; whoever lacks the members' common key learns nothing of what they stand for
//! (`curex-agent indicator` makes them). An agent reads those of the others from a file ([`feed`]).

use crate::{
	client::{Client, View},
	ledger::curex,
	submission::Recorded,
	time, Error,
};
use codec::Decode;
use curex_primitives::{security::MAX_VALIDITY, Moment, OrganisationId, TrafficLight};
use curex_verify::bundle::storage_key;
use serde::Serialize;
use std::fmt::Write;

/// An indicator that an organisation shares.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct SharedIndicator {
	/// Who shares it.
	pub organisation: OrganisationId,
	/// Digest of the address, file or domain.
	#[serde(with = "crate::hexadecimal")]
	pub digest: [u8; 32],
	/// How far its readers may pass it on.
	pub traffic_light: TrafficLight,
	/// When it was shared.
	pub shared_at: Moment,
	/// From when it no longer counts.
	pub expires_at: Moment,
}

/// What an agent reads (`[indicators] shared`): a line for each digest that still counts, with its expiry in milliseconds
/// since 1970. Who shares a digest stands in no line.
pub fn feed(indicators: &[SharedIndicator], now: Moment) -> String {
	let mut lines: Vec<([u8; 32], Moment)> = indicators
		.iter()
		.filter(|indicator| indicator.expires_at > now)
		.map(|indicator| (indicator.digest, indicator.expires_at))
		.collect();
	// Of a digest that several share, the latest expiry counts.
	lines.sort_unstable_by(|one, other| (one.0, other.1).cmp(&(other.0, one.1)));
	lines.dedup_by_key(|line| line.0);
	let mut text = String::new();
	for (digest, expires_at) in lines {
		// Writing to a string cannot fail.
		let _ = writeln!(text, "{} {expires_at}", hex::encode(digest));
	}
	text
}

impl Client {
	/// Shares a digest, as a delegate who reports.
	///
	/// # Errors
	/// [`Error::Input`] when it expires too late or has expired; otherwise as [`Client::record`].
	pub async fn share_indicator(
		&self,
		digest: [u8; 32],
		traffic_light: TrafficLight,
		expires_at: Moment,
	) -> Result<Recorded, Error> {
		let now = time::now();
		if expires_at <= now || expires_at - now > MAX_VALIDITY {
			return Err(Error::input("an indicator counts from now on, and for a year at most"));
		}
		let call = curex::tx().threats().share_indicator(digest, traffic_light.into(), expires_at);
		self.record(&call).await
	}

	/// Every indicator that members share.
	///
	/// # Errors
	/// [`Error::Connection`] or [`Error::Protocol`].
	pub async fn shared_indicators(&self, view: View) -> Result<Vec<SharedIndicator>, Error> {
		/// As the pallet keeps one.
		#[derive(Decode)]
		struct Kept {
			digest: [u8; 32],
			traffic_light: TrafficLight,
			shared_at: Moment,
			expires_at: Moment,
		}
		let unreadable = || Error::Protocol("the shared indicators are not readable".into());
		let block = self.block_of(view).await?;
		let prefix = storage_key("Threats", "Indicators");
		let mut found = Vec::new();
		for key in self.keys(&prefix, block.0).await? {
			// Behind the prefix a hash of eight bytes, then the number.
			let number = key.get(prefix.len() + 8..).ok_or_else(unreadable)?;
			let number = u32::decode(&mut &number[..]).map_err(|_| unreadable())?;
			let bytes = self.storage(&key, View::At(block)).await?.unwrap_or_default();
			let kept = Vec::<Kept>::decode(&mut &bytes[..]).map_err(|_| unreadable())?;
			found.extend(kept.into_iter().map(|kept| SharedIndicator {
				organisation: OrganisationId(number),
				digest: kept.digest,
				traffic_light: kept.traffic_light,
				shared_at: kept.shared_at,
				expires_at: kept.expires_at,
			}));
		}
		Ok(found)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_feed_names_each_digest_once_and_nobody() {
		let shared = |organisation, digest, expires_at| SharedIndicator {
			organisation: OrganisationId(organisation),
			digest: [digest; 32],
			traffic_light: TrafficLight::Green,
			shared_at: 1,
			expires_at,
		};
		let all = [shared(1, 7, 500), shared(2, 7, 900), shared(2, 3, 800), shared(3, 9, 100)];
		let lines = [("03", 800), ("07", 900)];
		let expected: String = lines
			.iter()
			.map(|(digest, expiry)| format!("{} {expiry}\n", digest.repeat(32)))
			.collect();
		assert_eq!(feed(&all, 100), expected);
		assert_eq!(feed(&[], 100), "");
	}
}
