//! Charts and their figures, and what pages are told while they stand open.

use crate::support::{append_with, fill, place, record, Explorer, EXCHANGES};
use curex_explorer::{
	access::Scope,
	generate::Generator,
	store::trends::{trends, Period, Trends, MOST_PAIRS, WEEKS},
	Error, Kind, Reader,
};
use serde_json::json;
use std::time::Duration;
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::TcpStream,
};

const WEEK: u64 = 7 * 86_400_000;

/// A moment far after the generated exchanges.
const NOW: u64 = 1_800_000_000_000;

fn ask(reader: &Reader, scope: &Scope) -> Trends {
	within(reader, scope, Period::default()).unwrap()
}

fn within(reader: &Reader, scope: &Scope, period: Period) -> Result<Trends, Error> {
	reader.ask(|connection| trends(connection, scope, &["cyber"], period))
}

#[test]
fn exchanges_are_counted_by_how_far_they_came_and_between_whom() {
	let folder = tempfile::tempdir().unwrap();
	fill(&folder);
	let reader = Reader::new(place(&folder));
	let all = ask(&reader, &Scope::everything());
	let stages: Vec<(&str, u64)> =
		all.stages.iter().map(|stage| (stage.name, stage.exchanges)).collect();
	let served = EXCHANGES - EXCHANGES / 10;
	assert_eq!(
		stages,
		[("asked", EXCHANGES), ("sent", served), ("received", served), ("acknowledged", served)]
	);
	assert_eq!(all.pairs.len(), MOST_PAIRS);
	assert!(all.pairs.windows(2).all(|two| two[0].exchanges >= two[1].exchanges));
	let first = &all.pairs[0];
	let between = |number: &u64| {
		let (holder, recipient) = Generator::parties(*number);
		(holder.min(recipient), holder.max(recipient)) == (first.one, first.other)
	};
	assert_eq!(first.exchanges, (0..EXCHANGES).filter(between).count() as u64);
	// Who sees one organisation sees its flows alone; who sees some purposes, none.
	let own = ask(&reader, &Scope::of(&[Kind::Exchange], vec![2], None));
	assert!(!own.pairs.is_empty() && own.pairs.iter().all(|pair| pair.one == 2 || pair.other == 2));
	let purposes = Some(["research".to_string()].into());
	let some = ask(&reader, &Scope::of(&[Kind::Exchange], vec![2], purposes));
	let research = some.stages[0].exchanges;
	assert!(research > 0 && research < own.stages[0].exchanges);
	assert_eq!(some.pairs.iter().map(|pair| pair.exchanges).sum::<u64>(), research);
	assert_eq!(ask(&reader, &Scope::nothing()).stages[0].exchanges, 0);
}

#[test]
fn a_period_counts_the_days_that_lie_in_it() {
	let folder = tempfile::tempdir().unwrap();
	let mut store = fill(&folder);
	let day = 86_400_000;
	let begun = |number: u8, moment: u64| {
		let value = json!({
			"holder": 1, "recipient": 2, "state": "Requested", "purpose": "Treatment", "begun": moment,
			"payload": null, "receipt": null, "acknowledgement": null,
		});
		record(Kind::Exchange, &hex::encode([number; 32]), Some(value))
	};
	let records = vec![begun(1, NOW - 10 * day), begun(2, NOW - 9 * day), begun(3, NOW)];
	append_with(&mut store, NOW, records, Vec::new());
	let reader = Reader::new(place(&folder));
	let count = |since, until| {
		let period = Period { since, until };
		within(&reader, &Scope::everything(), period).map(|trends| trends.stages[0].exchanges)
	};
	assert_eq!(count(Some(NOW - 20 * day), None).unwrap(), 3);
	assert_eq!(count(Some(NOW - 9 * day), None).unwrap(), 2);
	assert_eq!(count(Some(NOW - 10 * day), Some(NOW - 9 * day)).unwrap(), 2);
	assert_eq!(count(Some(NOW - 8 * day), Some(NOW - day)).unwrap(), 0);
	assert!(matches!(count(Some(NOW), Some(NOW - 1)), Err(Error::Input(_))));
	assert!(matches!(count(Some(0), None), Err(Error::Input(_))));
}

#[test]
fn levels_of_risk_are_those_of_the_newest_assessment_in_each_week() {
	let folder = tempfile::tempdir().unwrap();
	let mut store = fill(&folder);
	let assess = |organisation: u32, number: u32, level: &str| {
		let value = json!({"cyber": level, "privacy": "Low", "patient_safety": "Low"});
		record(Kind::Assessment, &format!("{organisation}-{number}"), Some(value))
	};
	for (weeks, records) in [
		(3, vec![assess(1, 1, "High"), assess(2, 1, "VeryLow")]),
		(1, vec![assess(1, 2, "Low")]),
		(0, vec![]),
	] {
		append_with(&mut store, NOW - weeks * WEEK, records, Vec::new());
	}
	let trends = ask(&Reader::new(place(&folder)), &Scope::everything());
	assert_eq!((trends.moment, trends.weeks.len() as u64), (NOW, WEEKS));
	let levels = |back: usize| {
		let week = &trends.weeks[trends.weeks.len() - 1 - back];
		assert_eq!(week.end, NOW - back as u64 * WEEK);
		let counts = week.levels.get("cyber").cloned().unwrap_or_default();
		counts.into_iter().map(|(level, count)| format!("{level} {count}")).collect::<Vec<_>>()
	};
	assert_eq!(levels(4), [""; 0]);
	assert_eq!(levels(3), ["high 1", "very-low 1"]);
	assert_eq!(levels(2), levels(3));
	assert_eq!(levels(1), ["low 1", "very-low 1"]);
	assert_eq!(levels(0), levels(1));
}

#[tokio::test]
async fn every_chart_has_its_figures_beside_it() {
	let explorer = Explorer::start().await;
	let page = explorer.get("/trends").await;
	assert_eq!(page.status, 200);
	assert_eq!(page.body.matches("No organisation was assessed yet").count(), 3);
	let figures = explorer.json("/api/v1/trends").await;
	assert_eq!(figures["stages"][0]["exchanges"], EXCHANGES);
	let drawn = ["stages", "pairs"].map(|chart| figures[chart].as_array().unwrap().len());
	assert_eq!(page.body.matches("<svg class=\"chart\"").count(), drawn.iter().sum::<usize>());
	assert!(drawn.iter().all(|rows| *rows > 3), "{drawn:?}");
}

#[tokio::test]
async fn a_page_that_stands_open_is_told_of_blocks() {
	let explorer = Explorer::start().await;
	let mut stream = TcpStream::connect(explorer.address).await.unwrap();
	stream.write_all(b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
	let mut text = String::new();
	for number in [7, 8] {
		explorer.status.write().unwrap().indexed = Some(number);
		let wanted = format!("event: block\ndata: {number}\n");
		while !text.contains(&wanted) {
			let mut bytes = [0; 1_024];
			let read = tokio::time::timeout(Duration::from_secs(60), stream.read(&mut bytes)).await;
			let length = read.unwrap().unwrap();
			assert!(length > 0, "{text}");
			text.push_str(std::str::from_utf8(&bytes[..length]).unwrap());
		}
	}
	assert!(text.to_lowercase().contains("content-type: text/event-stream"));
	// The others may look; they are not told.
	let mut others = Vec::new();
	for _ in 0..63 {
		let mut stream = TcpStream::connect(explorer.address).await.unwrap();
		stream.write_all(b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
		let mut bytes = [0; 64];
		assert!(stream.read(&mut bytes).await.unwrap() > 0);
		others.push(stream);
	}
	assert_eq!(explorer.get("/live").await.status, 429);
	assert_eq!(explorer.get("/").await.status, 200);
}
