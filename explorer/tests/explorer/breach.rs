//! The page of a breach: its deadlines, and how they were met.

use crate::support::{append_with, record, Explorer};
use curex_client::ledger::Event;
use curex_explorer::Kind;
use serde_json::json;

/// When the organisation became aware of it.
const DETECTED: u64 = 1_764_547_200_000;

const HOUR: u64 = 3_600_000;

fn notified(notice: &str) -> Event {
	Event {
		extrinsic: Some(0),
		pallet: "Oversight".into(),
		name: "BreachNotified".into(),
		fields: json!({"breach": 0, "organisation": 1, "kind": notice, "late": false}),
	}
}

#[tokio::test]
async fn a_breach_shows_each_deadline_and_how_it_was_met_then_and_now() {
	let explorer = Explorer::start().await;
	let mut store = explorer.store();
	let value = |regimes: u8| {
		json!({
			"organisation": 1, "case": format!("0x{}", "0c".repeat(32)), "detected_at": DETECTED,
			"opened_at": 40, "regimes": regimes, "affected_from": 1, "affected_until": 2,
		})
	};
	let breaches =
		vec![record(Kind::Breach, "0", Some(value(3))), record(Kind::Breach, "1", Some(value(1)))];
	append_with(&mut store, DETECTED + HOUR, breaches, Vec::new());
	let opened = store.head().unwrap().0;
	for (hours, events) in [
		(25, vec![notified("EarlyWarning")]),
		(30, vec![notified("IncidentNotification")]),
		(80, Vec::new()),
	] {
		// A notice changes nothing of the breach itself.
		let breach = vec![record(Kind::Breach, "0", Some(value(3)))];
		append_with(&mut store, DETECTED + hours * HOUR, breach, events);
	}
	let row = |page: &str, notice: &str| {
		let heading = format!("<th scope=\"row\">{notice}</th>");
		page.split("<tr>").find(|row| row.contains(&heading)).map(str::to_owned)
	};
	let page = explorer.get("/breaches/0").await.body;
	for (notice, until, state) in [
		("data protection", "2025-12-04 00:00:00 UTC", "overdue"),
		("early warning", "2025-12-02 00:00:00 UTC", "late"),
		("incident notification", "2025-12-04 00:00:00 UTC", "in time"),
		// A month after the notification, which came after 30 hours.
		("final report", "2026-01-01 06:00:00 UTC", "running"),
	] {
		let row = row(&page, notice).unwrap_or_else(|| panic!("{notice} in {page}"));
		assert!(row.contains(until) && row.contains(&format!(">{state}</span>")), "{row}");
	}
	let then = explorer.get(&format!("/breaches/0?at={opened}")).await.body;
	for notice in ["data protection", "early warning", "incident notification", "final report"] {
		let row = row(&then, notice).unwrap_or_else(|| panic!("{notice} in {then}"));
		assert!(row.contains(">running</span>") && row.contains("not yet"), "{row}");
	}
	// Under the GDPR alone there is one deadline.
	let page = explorer.get("/breaches/1").await.body;
	assert!(row(&page, "data protection").is_some() && row(&page, "early warning").is_none());
}
