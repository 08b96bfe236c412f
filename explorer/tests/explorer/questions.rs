//! Questions whose answers are worked out, each over a ledger in which something is wrong and one in which nothing is.

use crate::support::{append_with, generator, place, record};
use curex_client::ledger::Event;
use curex_explorer::{
	access::Scope,
	store::questions::{answers, Answers},
	Kind, Reader, Record, Store,
};
use serde_json::{json, Value as Json};

const DAY: u64 = 86_400_000;

/// A moment far after the generated exchanges.
const NOW: u64 = 1_800_000_000_000;

fn handle(number: u64) -> String {
	format!("0x{number:064x}")
}

fn exchange(number: u64, sequence: u64, state: &str) -> Record {
	record(
		Kind::Exchange,
		&handle(number),
		Some(json!({
			"holder": 1, "recipient": 2, "state": state, "purpose": "Treatment",
			"gate": {"Consent": handle(7_000)}, "holder_sequence": sequence,
			"recipient_sequence": sequence,
		})),
	)
}

fn event(pallet: &str, name: &str, fields: Json) -> Event {
	Event { extrinsic: None, pallet: pallet.into(), name: name.into(), fields }
}

/// An index with the first block of the generated consortium alone, and what a test adds.
struct Scene {
	_folder: tempfile::TempDir,
	store: Store,
	reader: Reader,
}

impl Scene {
	fn set() -> Self {
		let folder = tempfile::tempdir().unwrap();
		let place = place(&folder);
		let mut store = Store::open(&place).unwrap();
		store.ingest(&generator().next().unwrap()).unwrap();
		Self { reader: Reader::new(place), store, _folder: folder }
	}

	fn add(&mut self, moment: u64, records: Vec<Record>, events: Vec<Event>) {
		append_with(&mut self.store, moment, records, events);
	}

	fn answers(&self, scope: &Scope) -> Answers {
		self.reader.ask(|connection| answers(connection, scope)).unwrap()
	}

	fn everything(&self) -> Answers {
		self.answers(&Scope::everything())
	}
}

#[test]
fn an_exchange_that_began_after_the_withdrawal_of_its_consent_is_told() {
	let mut scene = Scene::set();
	let consent = |status: &str| {
		let value =
			json!({"holder": 1, "terms": {"grantee": {"Organisation": 2}}, "status": status});
		record(Kind::Consent, &handle(7_000), Some(value))
	};
	scene.add(NOW, vec![consent("Active"), exchange(1, 1, "Acknowledged")], Vec::new());
	let withdrawn = event("Consent", "Withdrawn", json!({"consent": handle(7_000), "holder": 1}));
	scene.add(NOW + 1, vec![consent("Withdrawn"), exchange(2, 2, "Acknowledged")], vec![withdrawn]);
	assert_eq!(scene.everything().used_after_withdrawal, []);
	let later = vec![exchange(3, 3, "Delivered"), exchange(4, 4, "NotServed")];
	scene.add(NOW + 2, later, Vec::new());
	let ids = |scope: &Scope| -> Vec<String> {
		let found = scene.answers(scope).used_after_withdrawal;
		found.iter().map(|row| row.id.to_string()).collect()
	};
	assert_eq!(ids(&Scope::everything()), [handle(3)]);
	assert_eq!(ids(&Scope::of(&[Kind::Exchange], vec![2], None)), [handle(3)]);
	assert!(ids(&Scope::of(&[Kind::Exchange], vec![5], None)).is_empty());
	assert!(ids(&Scope::of(&[Kind::Consent], vec![2], None)).is_empty());
}

#[test]
fn an_exchange_that_was_received_and_never_acknowledged_is_told() {
	let mut scene = Scene::set();
	let expired = |number: u64, receipt: Option<String>| {
		let mut record = exchange(number, number, "Expired");
		record.value.as_mut().unwrap()["receipt"] = json!(receipt);
		record
	};
	let records =
		vec![expired(1, None), expired(2, Some(handle(9))), exchange(3, 3, "Acknowledged")];
	scene.add(NOW, records, Vec::new());
	let ids = |scope: &Scope| -> Vec<String> {
		let found = scene.answers(scope).never_acknowledged;
		found.iter().map(|row| row.id.to_string()).collect()
	};
	assert_eq!(ids(&Scope::everything()), [handle(2)]);
	assert!(ids(&Scope::of(&[Kind::Exchange], vec![5], None)).is_empty());
}

#[test]
fn a_missing_number_in_a_sequence_is_told_for_the_organisation_that_lacks_it() {
	let mut scene = Scene::set();
	scene.add(NOW, (1..=3).map(|number| exchange(number, number, "Delivered")).collect(), vec![]);
	assert_eq!(scene.everything().sequence_gaps, []);
	scene.add(NOW, vec![exchange(9, 7, "Delivered")], vec![]);
	let gaps = scene.everything().sequence_gaps;
	let told: Vec<_> = gaps.iter().map(|gap| (gap.organisation, gap.from, gap.to)).collect();
	assert_eq!(told, [(1, 4, 6), (2, 4, 6)]);
	let own = Scope::of(&[Kind::Exchange], vec![2], None);
	assert_eq!(scene.answers(&own).sequence_gaps.len(), 1);
}

#[test]
fn an_assessment_counts_until_it_expires() {
	let mut scene = Scene::set();
	assert_eq!(scene.everything().without_assessment.len(), 11);
	let assessment = |expires: u64| {
		let value = json!({"cyber": "Low", "privacy": "Low", "patient_safety": "Low", "expires_at": expires});
		record(Kind::Assessment, "4-1", Some(value))
	};
	scene.add(NOW, vec![assessment(NOW + DAY)], vec![]);
	let without = scene.everything().without_assessment;
	assert!(without.iter().all(|row| row.organisation != 4) && without.len() == 10);
	scene.add(NOW + DAY, vec![], vec![]);
	let without = scene.everything().without_assessment;
	let expired = without.iter().find(|row| row.organisation == 4).unwrap();
	assert_eq!(expired.expired, Some(NOW + DAY));
}

#[test]
fn break_glass_is_counted_for_who_received_within_the_window() {
	let mut scene = Scene::set();
	let review = |number: u64| {
		let value = json!({"reviewer": 5, "second": null, "verdict": null, "overdue": false});
		record(Kind::Review, &handle(number), Some(value))
	};
	scene.add(NOW - 40 * DAY, vec![exchange(1, 1, "Delivered"), review(1)], vec![]);
	scene.add(NOW - DAY, vec![exchange(2, 2, "Delivered"), exchange(3, 3, "Delivered")], vec![]);
	scene.add(NOW, vec![], vec![]);
	assert_eq!(scene.everything().break_glass, []);
	scene.add(NOW, vec![exchange(4, 4, "Delivered"), review(4)], vec![]);
	let told = scene.everything().break_glass;
	assert_eq!(told.len(), 1);
	let row = &told[0];
	assert_eq!((row.organisation, row.received, row.by_break_glass), (2, 3, 1));
}

#[test]
fn a_day_far_above_its_baseline_is_unusual_and_a_busy_one_is_not() {
	let mut scene = Scene::set();
	let mut number = 0;
	let mut day = |back: u64, exchanges: u64| {
		let records = (0..exchanges).map(|_| {
			number += 1;
			exchange(number, number, "Delivered")
		});
		(NOW - back * DAY - DAY / 2, records.collect::<Vec<_>>())
	};
	for back in (1..36).rev() {
		let (moment, records) = day(back, 4);
		scene.add(moment, records, vec![]);
	}
	let (moment, records) = day(0, 12);
	scene.add(moment, records, vec![]);
	scene.add(NOW, vec![], vec![]);
	assert_eq!(scene.everything().unusual_days, []);
	let (moment, records) = (NOW, day(0, 1).1);
	scene.add(moment, records, vec![]);
	let told = scene.everything().unusual_days;
	assert_eq!(told.len(), 2, "{told:?}");
	let row = &told[0];
	assert_eq!((row.organisation, row.exchanges, row.baseline), (1, 13, 4));
	assert_eq!(row.day, NOW - DAY);
}

#[test]
fn a_marked_anchor_is_told() {
	let mut scene = Scene::set();
	let anchor = |number: u64| {
		record(Kind::Anchor, &format!("3-{number}"), Some(json!({"root": handle(1)})))
	};
	let anchored = |name: &str, number: u64| {
		event("Oversight", name, json!({"organisation": 3, "sequence": number}))
	};
	scene.add(NOW, vec![anchor(1)], vec![anchored("LogAnchored", 1)]);
	assert_eq!(scene.everything().marked_anchors, []);
	scene.add(NOW, vec![anchor(2)], vec![anchored("LogAnchored", 2), anchored("AnchorAlarmed", 2)]);
	let told = scene.everything().marked_anchors;
	assert_eq!(told.len(), 1);
	assert_eq!(told[0].id.as_str(), "3-2");
}
