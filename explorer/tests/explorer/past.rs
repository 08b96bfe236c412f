//! How things stood at a point in the past, and what leaves the index.

use crate::support::{append_with, delegates, fill, generator, place, record, Explorer, EXCHANGES};
use curex_client::ledger::Event;
use curex_explorer::{
	access::Scope,
	generate::Generator,
	prove::{claim_of_extrinsic, claim_of_record, At, Claim},
	store::{
		past::{self, Point},
		query::{self, Filter},
		questions, search, RecordRow,
	},
	Error, Kind, Reader, RecordId, Store,
};
use serde_json::{json, Value as Json};
use std::collections::BTreeMap;

const DAY: u64 = 86_400_000;

/// A moment long after the generated exchanges.
const LATER: u64 = 1_800_000_000_000;

/// Every exchange that passes a filter, page by page.
fn exchanges(reader: &Reader, filter: &Filter) -> Vec<RecordRow> {
	let mut filter = Filter { limit: 50, ..filter.clone() };
	let mut rows = Vec::new();
	loop {
		let page = reader.ask(|connection| {
			query::records(connection, &Scope::everything(), Kind::Exchange, &filter)
		});
		let page = page.unwrap();
		rows.extend(page.items);
		filter.after = page.next;
		if page.next.is_none() {
			return rows;
		}
	}
}

fn contents(rows: Vec<RecordRow>) -> BTreeMap<String, (u64, Json)> {
	rows.into_iter().map(|row| (row.id.to_string(), (row.changed, row.value))).collect()
}

#[test]
fn every_record_is_told_as_it_stood_after_any_block() {
	let folder = tempfile::tempdir().unwrap();
	fill(&folder);
	let reader = Reader::new(place(&folder));
	let mut stood: BTreeMap<String, (u64, Json)> = BTreeMap::new();
	for block in generator() {
		for record in block.records.iter().filter(|record| record.kind == Kind::Exchange) {
			stood.insert(record.id.to_string(), (block.number, record.value.clone().unwrap()));
		}
		if block.number % 5 != 3 {
			continue;
		}
		let at = Some(Point::Block(block.number));
		let told = contents(exchanges(&reader, &Filter { at, ..Filter::default() }));
		assert_eq!(told, stood, "block {}", block.number);
		let state = Some("approved".to_string());
		let approved = exchanges(&reader, &Filter { at, state, ..Filter::default() });
		let wanted = stood.iter().filter(|(_, (_, value))| value["state"] == "Approved");
		assert_eq!(approved.len(), wanted.count());
		assert!(approved.iter().all(|row| row.state.as_deref() == Some("approved")));
	}
	let last = stood.keys().next().unwrap().clone();
	let id = RecordId::parse(Kind::Exchange, &last).unwrap();
	let first = reader
		.ask(|connection| past::record(connection, &Scope::everything(), Kind::Exchange, &id, 0));
	assert_eq!(first.unwrap(), None);
}

#[test]
fn a_record_that_was_gone_for_a_while_is_not_told_of_that_while() {
	let folder = tempfile::tempdir().unwrap();
	let mut store = fill(&folder);
	let (head, _) = store.head().unwrap();
	let exchange = Generator::exchange(0);
	let gone = || vec![record(Kind::Exchange, &exchange, None)];
	let back = json!({"holder": 0, "recipient": 1, "state": "Disputed"});
	append_with(&mut store, LATER, gone(), Vec::new());
	append_with(&mut store, LATER + DAY, Vec::new(), Vec::new());
	let returns = vec![record(Kind::Exchange, &exchange, Some(back.clone()))];
	append_with(&mut store, LATER + 2 * DAY, returns, Vec::new());
	append_with(&mut store, LATER + 3 * DAY, gone(), Vec::new());
	let reader = Reader::new(place(&folder));
	let state = |block: u64| {
		let id = RecordId::parse(Kind::Exchange, &exchange).unwrap();
		let scope = Scope::everything();
		let row = reader
			.ask(|connection| past::record(connection, &scope, Kind::Exchange, &id, block))
			.unwrap();
		row.and_then(|row| row.state)
	};
	let states: Vec<_> = (head..head + 5).map(state).collect();
	let said = |text: &str| Some(text.to_string());
	assert_eq!(states, [said("acknowledged"), None, None, said("disputed"), None]);
	// By moment: the last block by then.
	let block = |moment| reader.ask(|connection| Point::Moment(moment).block(connection));
	assert_eq!(block(LATER + 2 * DAY).unwrap().number, head + 3);
	assert_eq!(block(LATER + 2 * DAY - 2_000).unwrap().number, head + 2);
	assert_eq!(block(LATER + 90 * DAY).unwrap().number, head + 4);
	assert!(matches!(block(1_000), Err(Error::NotFound(_))));
	let later = reader.ask(|connection| Point::Block(head + 5).block(connection));
	assert!(matches!(later, Err(Error::Input(_))));
}

#[test]
fn a_claim_about_the_past_names_that_block() {
	let folder = tempfile::tempdir().unwrap();
	fill(&folder);
	let reader = Reader::new(place(&folder));
	let exchange = Generator::exchange(20);
	let claim = |at| {
		claim_of_record(&reader, &Scope::everything(), Kind::Exchange, &exchange, at).map(|claim| {
			let Claim::Record { row, block } = claim else { panic!("of a record") };
			(row.value["state"].clone(), row.changed, block.number)
		})
	};
	// Exchange 20 begins in block 3.
	assert_eq!(claim(At::parse("4").unwrap()).unwrap(), (json!("Approved"), 4, 4));
	assert_eq!(claim(At::Change).unwrap(), (json!("Acknowledged"), 7, 7));
	assert_eq!(claim(At::parse("9").unwrap()).unwrap(), (json!("Acknowledged"), 7, 9));
	assert!(matches!(claim(At::parse("2").unwrap()), Err(Error::NotFound(_))));
	assert!(matches!(At::parse("soon"), Err(Error::Input(_))));
}

#[tokio::test]
async fn pages_lists_and_exports_are_asked_as_of_a_point() {
	let explorer = Explorer::start().await;
	let exchange = Generator::exchange(20);
	let told = explorer.json(&format!("/api/v1/exchanges/{exchange}?at=4")).await;
	assert_eq!(told["record"]["state"], "approved");
	assert_eq!(told["timeline"].as_array().unwrap().len(), 2);
	assert_eq!(told["as_of"]["block"]["number"], 4);
	let page = explorer.get(&format!("/exchanges/{exchange}?at=4")).await;
	assert_eq!(page.status, 200);
	assert!(page.body.contains("As it stood after block"), "{}", page.body);
	assert!(page.body.contains(&format!("/exchanges/{exchange}/verify?at=4")));
	assert_eq!(explorer.get(&format!("/exchanges/{exchange}?at=2")).await.status, 404);
	assert_eq!(explorer.get(&format!("/exchanges/{exchange}?at=soon")).await.status, 400);
	let list = explorer.json("/api/v1/exchanges?at=3&state=requested").await;
	assert_eq!(list["as_of"]["block"]["number"], 3);
	// Those of block 3 alone were not answered by then.
	assert_eq!(list["items"].as_array().unwrap().len(), 7);
	let page = explorer.get("/exchanges?at=3&state=requested").await;
	assert!(page.body.contains("As it stood after block"));
	let file = explorer.get("/export/exchanges.ndjson?at=3&state=requested").await;
	let manifest: Json = serde_json::from_str(file.body.lines().next().unwrap()).unwrap();
	let manifest = &manifest["manifest"];
	assert_eq!((&manifest["as_of_block"], &manifest["records"]), (&json!(3), &json!(7)));
}

#[test]
fn exchanges_are_found_by_category_action_and_case() {
	let folder = tempfile::tempdir().unwrap();
	let mut store = fill(&folder);
	let about = Generator::exchange(29);
	let file = format!("0x{}", "ca".repeat(32));
	let inquiry = json!({
		"authority": 11, "organisation": 1, "about": about, "case": file, "outcome": "Open",
	});
	append_with(&mut store, LATER, vec![record(Kind::Inquiry, "1", Some(inquiry))], Vec::new());
	let reader = Reader::new(place(&folder));
	let ask = |kind: Kind, text: &str| {
		let pairs: Vec<_> = text
			.split('&')
			.map(|pair| pair.split_once('=').map(|(name, value)| (name.into(), value.into())))
			.collect::<Option<_>>()
			.unwrap();
		let filter = Filter::parse(&pairs).unwrap();
		let page = reader
			.ask(|connection| query::records(connection, &Scope::everything(), kind, &filter))
			.unwrap();
		page.items.into_iter().map(|row| row.id.to_string()).collect::<Vec<_>>()
	};
	let of = |text: &str| ask(Kind::Exchange, text);
	assert_eq!(of("category=patient-summary&limit=200").len(), 200);
	assert_eq!(of("category=imaging").len(), 0);
	assert_eq!(of("action=closed&limit=200").len() as u64, EXCHANGES / 10);
	assert_eq!(of("action=closed&state=acknowledged").len(), 0);
	assert_eq!(of("action=withdrawn").len(), 0);
	let (holder, recipient) = Generator::parties(29);
	let between = format!("action=closed&organisation={holder}&partner={recipient}");
	assert!(of(&between).contains(&about));
	assert_eq!(of(&format!("action=closed&organisation={holder}&at=3&limit=200")).len(), 0);
	for case in [&about, &file] {
		assert_eq!(of(&format!("case={case}")), [about.as_str()]);
		assert_eq!(ask(Kind::Consent, &format!("case={case}")), [Generator::consent(29)]);
		assert_eq!(ask(Kind::Inquiry, &format!("case={case}")), ["1"]);
	}
	assert_eq!(of(&format!("case={}", Generator::exchange(28))).len(), 1);
}

/// A ledger that prunes two exchanges, about one of which an authority asks.
fn prune(store: &mut Store) {
	let inquiry = |outcome: &str| {
		let value = json!({
			"authority": 11, "organisation": 1, "about": Generator::exchange(20),
			"case": format!("0x{}", "ca".repeat(32)), "outcome": outcome,
		});
		vec![record(Kind::Inquiry, "1", Some(value))]
	};
	append_with(store, LATER, inquiry("Open"), Vec::new());
	let numbers = [9, 20];
	let gone =
		numbers.map(|number| record(Kind::Exchange, &Generator::exchange(number), None)).into();
	let events = numbers.map(|number| Event {
		extrinsic: None,
		pallet: "Exchange".into(),
		name: "Pruned".into(),
		fields: json!({"exchange": Generator::exchange(number)}),
	});
	append_with(store, LATER + DAY, gone, events.into());
	append_with(store, LATER + 32 * DAY, Vec::new(), Vec::new());
	append_with(store, LATER + 33 * DAY, inquiry("Withdrawn"), Vec::new());
}

/// Whether an index holds a handle anywhere.
fn is_anywhere(folder: &tempfile::TempDir, handle: &str) -> bool {
	let bytes = format!("{:?}", hex::decode(&handle[2..]).unwrap());
	let rows = crate::index::dump(&place(folder));
	rows.iter().any(|row| row.contains(&handle[2..]) || row.contains(&bytes))
}

#[test]
fn what_the_ledger_pruned_leaves_after_a_while_unless_an_inquiry_is_about_it() {
	let folder = tempfile::tempdir().unwrap();
	let mut store = fill(&folder);
	let [pruned, held, other] = [9, 20, 19].map(Generator::exchange);
	let envelope = Generator::envelope(9);
	prune(&mut store);
	assert_eq!(store.let_go(40 * DAY).unwrap(), 0);
	assert!(is_anywhere(&folder, &pruned) && is_anywhere(&folder, &envelope));
	let reader = Reader::new(place(&folder));
	let daily = |reader: &Reader| {
		let sql = "SELECT CAST(sum(count) AS BIGINT) FROM daily";
		reader.ask(|connection| connection.one(sql, &[], |row| row.get::<u64>(0))).unwrap()
	};
	assert_eq!(daily(&reader), Some(EXCHANGES));
	// The inquiry about the other one ends with the last block; as long as it is open, that one stays.
	let reopen = "UPDATE record SET state = 'open' WHERE kind = 7";
	let connection =
		curex_explorer::store::Connection::open(&place(&folder), curex_explorer::store::Use::Write);
	connection.unwrap().execute(reopen, &[]).unwrap();
	assert_eq!(store.let_go(30 * DAY).unwrap(), 1);
	assert!(!is_anywhere(&folder, &pruned), "an exchange left, its handle did not");
	assert!(!is_anywhere(&folder, &envelope));
	assert!(is_anywhere(&folder, &held) && is_anywhere(&folder, &other));
	let found = reader.ask(|connection| search(connection, &Scope::everything(), &envelope));
	assert_eq!(found.unwrap(), []);
	assert_eq!(exchanges(&reader, &Filter::default()).len() as u64, EXCHANGES - 1);
	let at = Some(Point::Block(3));
	let then = exchanges(&reader, &Filter { at, ..Filter::default() });
	assert!(then.iter().all(|row| row.id.as_str() != pruned) && !then.is_empty());
	assert_eq!(daily(&reader), Some(EXCHANGES), "numbers of a day stay");
	let gaps = reader.ask(|connection| questions::answers(connection, &Scope::everything()));
	let gaps = gaps.unwrap().sequence_gaps;
	let missing = |number| gaps.iter().any(|gap| (gap.from..=gap.to).contains(&number));
	assert!(!missing(10), "what left is no gap in the sequence");
	// Its request was in block 2, the third of those that began there.
	let transaction = claim_of_extrinsic(&reader, &Scope::everything(), 2, 2);
	assert!(matches!(transaction, Err(Error::NotFound(_))));
	assert!(claim_of_extrinsic(&reader, &Scope::everything(), 2, 1).is_ok());
	let close = reopen.replace("open", "withdrawn");
	let connection =
		curex_explorer::store::Connection::open(&place(&folder), curex_explorer::store::Use::Write);
	connection.unwrap().execute(&close, &[]).unwrap();
	assert_eq!(store.let_go(30 * DAY).unwrap(), 1);
	// The closed inquiry says which record it was about; nothing else does.
	assert_eq!(exchanges(&reader, &Filter::default()).len() as u64, EXCHANGES - 2);
	assert_eq!(store.let_go(0).unwrap(), 0);
}

#[test]
fn an_index_that_is_made_anew_lets_go_of_the_same() {
	let [once, anew] = [(); 2].map(|()| tempfile::tempdir().unwrap());
	let mut store = fill(&once);
	store.let_go(0).unwrap();
	prune(&mut store);
	store.let_go(32 * DAY).unwrap();
	store.let_go(30 * DAY).unwrap();
	append_with(&mut store, LATER + 40 * DAY, delegates(), Vec::new());
	let mut store = fill(&anew);
	prune(&mut store);
	append_with(&mut store, LATER + 40 * DAY, delegates(), Vec::new());
	assert_eq!(store.let_go(30 * DAY).unwrap(), 2);
	assert!(crate::index::dump(&place(&once)) == crate::index::dump(&place(&anew)));
}
