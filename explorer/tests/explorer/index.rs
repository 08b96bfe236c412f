//! Taking up blocks: whole, in order, once.

use crate::support::{fill, generator, place, EXCHANGES};
use curex_explorer::{
	access::Scope,
	generate::Generator,
	store::{query, search, Connection, Use},
	Error, Kind, Place, Reader, Record, RecordId, Store,
};

/// The tables that blocks fill.
pub const TABLES: [&str; 12] = [
	"block",
	"extrinsic",
	"event",
	"record",
	"version",
	"party",
	"touch",
	"mention",
	"tally",
	"flow",
	"daily",
	"given",
];

/// Every row of every table, as text.
pub fn dump(place: &Place) -> Vec<String> {
	let connection = Connection::open(place, Use::Read).unwrap();
	let of = |table: &str| {
		let read = |row: &_| Ok(format!("{table} {row:?}"));
		connection.all(&format!("SELECT * FROM {table}"), &[], read).unwrap()
	};
	let mut rows: Vec<String> = TABLES.into_iter().flat_map(of).collect();
	rows.sort();
	rows
}

#[test]
fn an_index_that_was_interrupted_everywhere_equals_one_that_never_was() {
	let [once, often, together] = [(); 3].map(|()| tempfile::tempdir().unwrap());
	fill(&once);
	let often = place(&often);
	for block in generator() {
		let mut store = Store::open(&often).unwrap();
		store.ingest(&block).unwrap();
	}
	let mut store = Store::open(&place(&together)).unwrap();
	let blocks: Vec<_> = generator().collect();
	let lengths = [1, 7, 2, 30, usize::MAX];
	let mut rest = blocks.as_slice();
	for length in lengths {
		let (some, after) = rest.split_at(length.min(rest.len()));
		store.ingest_all(some).unwrap();
		rest = after;
	}
	let dumps = [dump(&place(&once)), dump(&often), dump(&place(&together))];
	assert!(dumps[0].len() as u64 > EXCHANGES * 10);
	assert!(dumps[0] == dumps[1]);
	assert!(dumps[0] == dumps[2]);
}

#[test]
fn a_block_that_does_not_follow_changes_nothing() {
	let folder = tempfile::tempdir().unwrap();
	let place = place(&folder);
	let mut store = Store::open(&place).unwrap();
	let blocks: Vec<_> = generator().take(4).collect();
	assert!(matches!(store.ingest(&blocks[1]), Err(Error::Gap { .. })));
	store.ingest(&blocks[0]).unwrap();
	store.ingest(&blocks[1]).unwrap();
	let before = dump(&place);
	assert!(matches!(store.ingest(&blocks[3]), Err(Error::Gap { last: 1, found: 3 })));
	assert!(matches!(store.ingest(&blocks[1]), Err(Error::Gap { .. })));
	let mut fork = blocks[2].clone();
	fork.parent = [9; 32];
	assert!(matches!(store.ingest(&fork), Err(Error::Fork { number: 2 })));
	let together = [blocks[2].clone(), fork];
	assert!(matches!(store.ingest_all(&together), Err(Error::Gap { last: 2, found: 2 })));
	// One that fails half way: the same transaction twice.
	let mut twice = blocks[2].clone();
	twice.extrinsics.push(twice.extrinsics[0].clone());
	assert!(matches!(store.ingest(&twice), Err(Error::Database(_) | Error::Server(_))));
	assert_eq!(dump(&place), before);
	store.ingest(&blocks[2]).unwrap();
	assert_eq!(store.head(), Some((2, blocks[2].hash)));
}

#[test]
fn a_gap_in_the_file_is_found_when_it_is_opened() {
	let folder = tempfile::tempdir().unwrap();
	drop(fill(&folder));
	let place = place(&folder);
	let connection = Connection::open(&place, Use::Write).unwrap();
	connection.execute("DELETE FROM block WHERE number = 5", &[]).unwrap();
	assert!(matches!(Store::open(&place), Err(Error::Damaged(_))));
}

#[test]
fn an_index_belongs_to_one_chain_and_one_version() {
	let folder = tempfile::tempdir().unwrap();
	let store = fill(&folder);
	store.bind([1; 32]).unwrap();
	assert!(matches!(store.bind([2; 32]), Err(Error::OtherDatabase(_))));
	let place = place(&folder);
	let another = match &place {
		Place::File(_) => "PRAGMA user_version = 99",
		Place::Server(_) => "UPDATE curex_version SET version = 99",
	};
	Connection::open(&place, Use::Write).unwrap().batch(another).unwrap();
	assert!(matches!(Store::open(&place), Err(Error::OtherDatabase(_))));
}

#[test]
fn the_tallies_count_what_is_there() {
	let folder = tempfile::tempdir().unwrap();
	let mut store = fill(&folder);
	let exchange = RecordId::parse(Kind::Exchange, &Generator::exchange(9)).unwrap();
	let gone = [Record { kind: Kind::Exchange, id: exchange, value: None }];
	store.correct(99, &gone).unwrap();
	store.correct(99, &gone).unwrap();
	let reader = Reader::new(place(&folder));
	let (tallies, counted) = reader
		.ask(|connection| {
			let sql =
				"SELECT kind, coalesce(state, ''), count(*) FROM record WHERE removed IS NULL GROUP BY 1, 2";
			let counted: Vec<(u8, String, u64)> =
				connection.all(sql, &[], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
			Ok((query::tallies(connection, &Scope::everything())?, counted))
		})
		.unwrap();
	for (kind, state, count) in &counted {
		assert_eq!(tallies[&Kind::from_number(*kind).unwrap()][state], *count);
	}
	assert_eq!(tallies.values().map(|states| states.len()).sum::<usize>(), counted.len());
	// The same by whom they are between: all organisations together see what all see.
	let members: Vec<u32> = (0..12).collect();
	let by_all = Scope::of(&[Kind::Exchange, Kind::Consent], members, None);
	let by_all = reader.ask(|connection| query::tallies(connection, &by_all)).unwrap();
	for kind in [Kind::Exchange, Kind::Consent] {
		assert_eq!(by_all[&kind], tallies[&kind]);
	}
	let exchanges = &tallies[&Kind::Exchange];
	assert_eq!(exchanges["not-served"], EXCHANGES / 10 - 1);
	assert_eq!(exchanges["acknowledged"], EXCHANGES - EXCHANGES / 10);
	assert_eq!(store.count(Kind::Exchange).unwrap(), EXCHANGES - 1);
}

#[test]
fn a_record_that_comes_back_counts_once() {
	let folder = tempfile::tempdir().unwrap();
	let mut store = fill(&folder);
	let (head, hash) = store.head().unwrap();
	let id = RecordId::parse(Kind::Exchange, &Generator::exchange(0)).unwrap();
	let gone = Record { kind: Kind::Exchange, id: id.clone(), value: None };
	store.correct(head, &[gone]).unwrap();
	let mut block = generator().next().unwrap();
	(block.number, block.parent, block.hash) = (head + 1, hash, [7; 32]);
	let value = Some(serde_json::json!({"holder": 0, "recipient": 1, "state": "Disputed"}));
	block.records = vec![Record { kind: Kind::Exchange, id, value }];
	store.ingest(&block).unwrap();
	let reader = Reader::new(place(&folder));
	let tallies =
		reader.ask(|connection| query::tallies(connection, &Scope::everything())).unwrap();
	assert_eq!(tallies[&Kind::Exchange].values().sum::<u64>(), EXCHANGES);
	assert_eq!(tallies[&Kind::Exchange]["disputed"], 1);
}

#[test]
fn one_box_finds_whatever_there_is() {
	let folder = tempfile::tempdir().unwrap();
	fill(&folder);
	let reader = Reader::new(place(&folder));
	let find = |text: &str| -> Vec<String> {
		let found =
			reader.ask(|connection| search(connection, &Scope::everything(), text)).unwrap();
		found.into_iter().map(|found| found.link).collect()
	};
	let block = generator().nth(3).unwrap();
	let hex = |bytes: [u8; 32]| format!("0x{}", hex::encode(bytes));
	let exchange = Generator::exchange(20);
	// Exchange 20 begins in block 3, as its seventh; it is the only one that names its envelope.
	let begun = "/transactions/3-6";
	assert!(find("3").contains(&"/blocks/3".into()));
	assert!(find("3").contains(&"/organisations/3".into()));
	assert_eq!(find(&hex(block.hash)), ["/blocks/3"]);
	assert!(find(&hex(block.extrinsics[6].hash)).contains(&begun.into()));
	assert_eq!(find("3-6"), [begun]);
	let account = block.extrinsics[6].signer.clone().unwrap();
	let found = find(&account);
	assert_eq!(found[0], format!("/accounts/{account}"));
	assert!(found[1..].iter().all(|link| link.starts_with("/transactions/")) && found.len() > 1);
	assert_eq!(find("hOsPiTaL 10"), ["/organisations/10"]);
	assert!(find(&exchange).contains(&format!("/exchanges/{exchange}")));
	let bare = exchange.trim_start_matches("0x").to_uppercase();
	assert_eq!(find(&bare), find(&exchange));
	let consent = Generator::consent(20);
	assert!(find(&consent).contains(&format!("/consents/{consent}")));
	assert_eq!(find(&Generator::envelope(20)), [begun]);
	assert_eq!(find(&hex([0xee; 32])), [""; 0]);
	assert_eq!(find(""), [""; 0]);
}

#[test]
fn a_timeline_tells_a_life_in_order() {
	let folder = tempfile::tempdir().unwrap();
	fill(&folder);
	let reader = Reader::new(place(&folder));
	let names = |number: u64| -> Vec<String> {
		let id = RecordId::parse(Kind::Exchange, &Generator::exchange(number)).unwrap();
		let events = reader
			.ask(|connection| {
				let row =
					query::record(connection, &Scope::everything(), Kind::Exchange, &id)?.unwrap();
				query::timeline(connection, &row)
			})
			.unwrap();
		events.0.into_iter().map(|event| event.name).collect()
	};
	assert_eq!(names(20), ["Requested", "Approved", "Dispatched", "Delivered", "Acknowledged"]);
	assert_eq!(names(29), ["Requested", "Closed"]);
}
