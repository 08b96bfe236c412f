//! How the network is governed and how it goes.

use crate::support::{append_with, fill, place, Explorer};
use curex_client::ledger::Event;
use curex_explorer::{
	store::governance::{governance, Runtime, MOST_EVENTS},
	Reader,
};
use serde_json::json;

const NOW: u64 = 1_800_000_000_000;

fn event(pallet: &str, name: &str, extrinsic: Option<u32>) -> Event {
	Event { extrinsic, pallet: pallet.into(), name: name.into(), fields: json!({"index": 7}) }
}

#[test]
fn decisions_runtimes_and_pauses_are_told_and_nothing_else() {
	let folder = tempfile::tempdir().unwrap();
	let mut store = fill(&folder);
	store.keep_metadata(101, 3, b"metadata").unwrap();
	append_with(
		&mut store,
		NOW,
		Vec::new(),
		vec![
			event("Council", "Proposed", Some(1)),
			event("Exchange", "Approved", Some(2)),
			event("Exchange", "Closed", None),
			event("Council", "Closed", Some(3)),
			event("System", "ExtrinsicSuccess", Some(1)),
		],
	);
	append_with(
		&mut store,
		NOW + 90_000,
		Vec::new(),
		vec![event("Grandpa", "NewAuthorities", None)],
	);
	let last = store.head().unwrap().0;
	let found = Reader::new(place(&folder)).ask(governance).unwrap();
	let told: Vec<(String, u64)> = (found.events.iter())
		.map(|event| (format!("{}.{}", event.pallet, event.name), event.block))
		.collect();
	let wanted = [
		("Grandpa.NewAuthorities", last),
		("Council.Closed", last - 1),
		("Council.Proposed", last - 1),
	];
	assert_eq!(told, wanted.map(|(name, block)| (name.to_owned(), block)));
	assert_eq!(found.runtimes[0], Runtime { spec_version: 101, first_block: 3 });
	// From the generated blocks to the first of these lie years.
	assert_eq!(found.blocks.longest_pause.map(|(_, block)| block), Some(last - 1));
	assert_eq!(found.blocks.count, (last + 1).min(1_000));
}

#[test]
fn the_newest_decisions_are_told_and_no_more_than_a_page_holds() {
	let folder = tempfile::tempdir().unwrap();
	let mut store = fill(&folder);
	let votes = (0..MOST_EVENTS + 5).map(|_| event("Council", "Voted", Some(1))).collect();
	append_with(&mut store, NOW, Vec::new(), votes);
	let found = Reader::new(place(&folder)).ask(governance).unwrap();
	assert_eq!(found.events.len() as u32, MOST_EVENTS);
	assert!(found.events.iter().all(|event| event.name == "Voted"));
	assert_eq!(found.events[0].position, MOST_EVENTS + 4);
}

#[tokio::test]
async fn the_page_leads_to_transactions_and_blocks() {
	let explorer = Explorer::start().await;
	let mut store = explorer.store();
	let events = vec![event("Council", "Voted", Some(4)), event("Offences", "Offence", None)];
	append_with(&mut store, NOW, Vec::new(), events);
	let last = store.head().unwrap().0;
	let page = explorer.get("/network").await;
	assert_eq!(page.status, 200);
	assert!(page.body.contains(&format!("href=\"/transactions/{last}-4\"")), "{}", page.body);
	assert!(page.body.contains(&format!("href=\"/blocks/{last}\"")));
	let json = explorer.get("/api/v1/network").await;
	let json: serde_json::Value = serde_json::from_str(&json.body).unwrap();
	assert_eq!(json["events"][1]["name"], "Voted");
	let closed = Explorer::start_closed().await;
	assert_ne!(closed.get("/network").await.status, 200, "who signed in sees it");
}
