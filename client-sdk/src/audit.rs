//! The trail: what happened on the ledger, each entry with its proof if asked for.

use crate::{
	client::{backend_error, Client, View},
	ledger::events::{self, Event},
	proofs::Prover,
	Error,
};
use curex_verify::bundle;
use serde::Serialize;
use std::collections::BTreeSet;
use subxt::utils::H256;

/// Pallets whose events are records of the consortium.
pub const RECORDS: [&str; 13] = [
	"Consortium",
	"Council",
	"Consent",
	"Exchange",
	"SecondaryUse",
	"Erasure",
	"Oversight",
	"Inventory",
	"Threats",
	"Risk",
	"Safeguards",
	"Hygiene",
	"Orders",
];

/// Which part of the trail.
#[derive(Clone, Debug, Default)]
pub struct Filter {
	/// From this block on; the first if not given.
	pub from: Option<u64>,
	/// To this block; the last finalised if not given.
	pub to: Option<u64>,
	/// Events of these pallets; of [`RECORDS`] if empty.
	pub pallets: Vec<String>,
	/// Only events that mention this text in a field, for example a handle (`0x…`).
	pub about: Option<String>,
	/// Verify each block's events against a finalised header, from the first block's authorities on.
	pub verify: bool,
}

/// One entry of the trail.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Entry {
	/// Number of the block.
	pub block: u64,
	/// Its hash.
	pub block_hash: H256,
	/// What happened.
	#[serde(flatten)]
	pub event: Event,
	/// The later or same block whose justification makes it final, if the entry was verified.
	pub verified_by: Option<u32>,
}

/// Reads the trail. With [`Filter::verify`] every entry comes from bytes proven against a justified header; without,
/// from what the node says. Calls `progress` with each block.
///
/// # Errors
/// [`Error::NotProven`] when the node says something that does not hold; [`Error::Input`] when the range is beyond the
/// last finalised block; [`Error::Connection`].
pub async fn trail(
	client: &Client,
	filter: &Filter,
	mut progress: impl FnMut(u64),
) -> Result<Vec<Entry>, Error> {
	let head = client.at(client.block_of(View::Finalised).await?).await?.block_number();
	let to = filter.to.unwrap_or(head);
	if to > head {
		return Err(Error::input(format!("block {to} is not final; the last is {head}")));
	}
	let from = filter.from.unwrap_or(1).max(1);
	let mut prover = if filter.verify { Some(Prover::new(client.clone()).await?) } else { None };
	let mut entries = Vec::new();
	for block in from..=to {
		progress(block);
		let at = client.online().at_block(block).await.map_err(backend_error)?;
		let claimed = at.events().fetch().await.map_err(backend_error)?;
		let mut chosen = choose(events::read(&claimed, &at.metadata())?, filter);
		let mut verified_by = None;
		// A block whose events are not chosen is proven as well: a node could hide them.
		if let Some(prover) = &mut prover {
			let keys = [bundle::events_key().to_vec()];
			let (_, verified) = prover.prove(block, &keys, None).await?;
			let proven = verified.events.unwrap_or_default();
			verified_by = Some(verified.justified_by);
			chosen = choose(events::read(&at.events().from_bytes(proven), &at.metadata())?, filter);
		}
		entries.extend(chosen.into_iter().map(|event| Entry {
			block,
			block_hash: at.block_hash(),
			event,
			verified_by,
		}));
	}
	Ok(entries)
}

fn choose(events: Vec<Event>, filter: &Filter) -> Vec<Event> {
	let pallets: BTreeSet<&str> = if filter.pallets.is_empty() {
		RECORDS.into()
	} else {
		filter.pallets.iter().map(String::as_str).collect()
	};
	events
		.into_iter()
		.filter(|event| {
			pallets.contains(event.pallet.as_str())
				&& filter.about.as_ref().is_none_or(|text| event.fields.to_string().contains(text))
		})
		.collect()
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::json;

	fn event(pallet: &str, fields: serde_json::Value) -> Event {
		Event { extrinsic: Some(1), pallet: pallet.into(), name: "Happened".into(), fields }
	}

	#[test]
	fn a_filter_chooses_by_pallet_and_handle() {
		let events = vec![
			event("Consent", json!({"consent": "0xaa"})),
			event("Exchange", json!({"exchange": "0xbb"})),
			event("System", json!({})),
		];
		let count = |filter: Filter| choose(events.clone(), &filter).len();
		assert_eq!(count(Filter::default()), 2);
		assert_eq!(count(Filter { pallets: vec!["Consent".into()], ..Filter::default() }), 1);
		assert_eq!(count(Filter { about: Some("0xbb".into()), ..Filter::default() }), 1);
		assert_eq!(count(Filter { about: Some("0xcc".into()), ..Filter::default() }), 0);
	}
}
