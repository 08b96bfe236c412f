//! Pages and the JSON interface, as people and programs use them.

use crate::support::{append_with, record, Explorer, EXCHANGES, LIVE, SEARCH};
use curex_client::ledger::Event;
use curex_explorer::{generate::Generator, Kind};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Every page that the generated ledger has.
pub fn addresses() -> Vec<String> {
	let exchange = Generator::exchange(20);
	let consent = Generator::consent(20);
	let mut pages: Vec<String> = [
		"/",
		"/about",
		"/blocks",
		"/blocks?after=10",
		"/blocks/0",
		"/blocks/3",
		"/transactions/3-6",
		"/questions",
		"/trends",
		"/network",
		"/patient",
		"/search",
		"/search?q=hospital",
		"/organisations/3",
		"/exchanges?organisation=3&state=acknowledged&limit=3",
	]
	.map(str::to_owned)
	.into();
	pages.extend(curex_explorer::Kind::ALL.map(|kind| format!("/{}", kind.slug())));
	pages.push("/print/exchanges?state=not-served".into());
	pages.push(format!("/exchanges/{exchange}"));
	pages.push(format!("/exchanges/{exchange}/dossier"));
	pages.push(format!("/consents/{consent}"));
	pages
}

#[tokio::test]
async fn every_page_has_its_landmarks_and_needs_nothing_from_elsewhere() {
	let explorer = Explorer::start().await;
	for address in addresses() {
		let answer = explorer.get(&address).await;
		assert_eq!(answer.status, 200, "{address}: {}", answer.body);
		let html = &answer.body;
		for (part, times) in [
			("<html lang=\"en\">", 1),
			("<main id=\"content\"", 1),
			("<h1>", 1),
			("<a class=\"skip\" href=\"#content\">", 1),
			("<header class=\"top\">", 1),
			("<footer>", 1),
			("role=\"search\"", 1),
		] {
			assert_eq!(html.matches(part).count(), times, "{part} in {address}");
		}
		let own = html.matches(LIVE).count();
		assert_eq!(own, 1, "{address}");
		let html = html.replace(LIVE, "").replace(SEARCH, "");
		for foreign in ["<script", " style=", "javascript:", "http://", "https://"] {
			assert!(!html.contains(foreign), "{foreign} in {address}");
		}
		// No attribute runs a script.
		let attribute = |text: &str| {
			let name = text.split("=\"").next().unwrap_or_default();
			name.len() > 1 && name.len() < 20 && name.bytes().all(|byte| byte.is_ascii_lowercase())
		};
		assert!(!html.split(" on").skip(1).any(attribute), "{address}");
		// Every field of a form has its label.
		for field in html.split("<input ").chain(html.split("<select ")).skip(1) {
			if let Some(id) = field.strip_prefix("id=\"").and_then(|rest| rest.split('"').next()) {
				assert!(html.contains(&format!("<label for=\"{id}\">")), "{id} in {address}");
			}
		}
		let ids: Vec<&str> =
			html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
		assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "{ids:?} in {address}");
	}
}

#[tokio::test]
async fn no_link_of_a_page_leads_nowhere() {
	let explorer = Explorer::start().await;
	let mut waiting: Vec<String> = vec!["/".into()];
	let mut seen: BTreeSet<String> = waiting.iter().cloned().collect();
	let mut followed = 0;
	while let Some(address) = waiting.pop() {
		let answer = explorer.get(&address).await;
		assert_eq!(answer.status, 200, "{address}: {}", answer.body);
		followed += 1;
		if followed > 150 {
			break;
		}
		if !answer.head.contains("text/html") {
			continue;
		}
		for link in answer.body.split("href=\"").skip(1) {
			let link = link.split('"').next().unwrap().replace("&amp;", "&");
			// Proofs need a node, which this explorer does not have.
			let proof = link.ends_with("/verify")
				|| link.ends_with("bundle.json")
				|| link.ends_with("dossier.zip")
				|| link == "/trust-root.json";
			if link.starts_with('/') && !proof && seen.insert(link.clone()) {
				waiting.push(link);
			}
		}
	}
	assert!(followed > 150, "only {followed}");
}

#[tokio::test]
async fn pages_of_a_list_hold_every_record_once_and_filters_agree_with_counting() {
	let explorer = Explorer::start().await;
	let expected = |keep: &dyn Fn(u64) -> bool| -> BTreeSet<String> {
		(0..EXCHANGES).filter(|number| keep(*number)).map(Generator::exchange).collect()
	};
	let concerns = |number: u64, organisation: u32| {
		let (holder, recipient) = Generator::parties(number);
		holder == organisation || recipient == organisation
	};
	let partner = Generator::parties(45).1;
	let consent = Generator::consent(45);
	let with = format!("organisation={}&partner={partner}", Generator::parties(45).0);
	let cases: Vec<(String, BTreeSet<String>)> = vec![
		(String::new(), expected(&|_| true)),
		("organisation=3".into(), expected(&|number| concerns(number, 3))),
		(
			with,
			expected(&|number| {
				let (holder, recipient) = Generator::parties(45);
				concerns(number, holder) && concerns(number, recipient)
			}),
		),
		("state=not-served".into(), expected(&|number| number % 10 == 9)),
		(
			"state=NOT-SERVED&organisation=3".into(),
			expected(&|number| number % 10 == 9 && concerns(number, 3)),
		),
		("purpose=research".into(), expected(&|number| number / 3 % 4 == 2)),
		(format!("consent={consent}"), expected(&|number| number / 10 == 4)),
		(format!("consent={consent}&organisation={partner}"), expected(&|number| number / 10 == 4)),
		(format!("consent={consent}&organisation=11"), expected(&|_| false)),
		// Seven exchanges begin in a block, the first ones in block 1.
		("from=5&to=6".into(), expected(&|number| (28..42).contains(&number))),
		("from=999".into(), expected(&|_| false)),
		("to=2".into(), expected(&|number| number < 14)),
		(
			"from=5&organisation=3&state=acknowledged".into(),
			expected(&|number| number >= 28 && number % 10 != 9 && concerns(number, 3)),
		),
		("state=no-such-state".into(), expected(&|_| false)),
		// Blocks come every two seconds; block 5 was made ten seconds after the beginning.
		(
			"since=2025-12-01T00:00:10Z&until=2025-12-01T00:00:13Z".into(),
			expected(&|number| (28..42).contains(&number)),
		),
		("since=2030-01-01T00:00:00Z".into(), expected(&|_| false)),
		("until=2020-01-01T00:00:00Z".into(), expected(&|_| false)),
		(
			"since=2020-01-01T00:00:00%2B02:00&until=2030-01-01T00:00:00Z".into(),
			expected(&|_| true),
		),
	];
	for (query, expected) in cases {
		let mut found = Vec::new();
		let mut after = String::new();
		loop {
			let page = explorer.json(&format!("/api/v1/exchanges?{query}&limit=17{after}")).await;
			let items = page["items"].as_array().unwrap();
			assert!(items.len() <= 17);
			found.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
			match page["next"].as_i64() {
				Some(next) => after = format!("&after={next}"),
				None => break,
			}
		}
		let once: BTreeSet<String> = found.iter().cloned().collect();
		assert_eq!(once.len(), found.len(), "{query}");
		assert_eq!(once, expected, "{query}");
	}
}

#[tokio::test]
async fn an_export_tells_its_query_its_head_and_its_digest() {
	let explorer = Explorer::start().await;
	let head = explorer.json("/api/v1/status").await["head"]["hash"].clone();
	for form in ["csv", "ndjson"] {
		let answer = explorer.get(&format!("/export/exchanges.{form}?state=not-served")).await;
		assert_eq!(answer.status, 200);
		assert!(answer.head.contains("content-disposition: attachment"));
		let (first, rest) = answer.body.split_once('\n').unwrap();
		let manifest: serde_json::Value =
			serde_json::from_str(first.trim_start_matches("# ")).unwrap();
		let manifest = manifest.get("manifest").unwrap_or(&manifest);
		assert_eq!(manifest["query"], "/exchanges?state=not-served");
		assert_eq!(manifest["head"]["hash"], head);
		assert_eq!(manifest["records"], EXCHANGES / 10);
		assert_eq!(manifest["sha256"], hex::encode(Sha256::digest(rest)));
		let heading = usize::from(form == "csv");
		assert_eq!(rest.lines().count() as u64, EXCHANGES / 10 + heading as u64);
	}
}

#[tokio::test]
async fn a_sheet_for_print_tells_the_same_as_the_export() {
	let explorer = Explorer::start().await;
	let export = explorer.get("/export/exchanges.ndjson?state=not-served").await.body;
	let sheet = explorer.get("/print/exchanges?state=not-served").await;
	assert_eq!(sheet.status, 200);
	let head = explorer.json("/api/v1/status").await["head"]["hash"].clone();
	let digest = hex::encode(Sha256::digest(export.split_once('\n').unwrap().1));
	for part in ["/exchanges?state=not-served", head.as_str().unwrap(), &digest] {
		assert!(sheet.body.contains(part), "{part}");
	}
	let rows = sheet.body.matches("<th scope=\"row\">").count() as u64;
	assert_eq!(rows, EXCHANGES / 10);
}

#[tokio::test]
async fn a_document_is_made_of_the_same_records_in_either_language() {
	let explorer = Explorer::start().await;
	for language in ["en", "de"] {
		let answer = explorer.bytes_in(language, "/export/exchanges.pdf?state=not-served").await;
		let text = String::from_utf8_lossy(&answer);
		assert!(text.contains("content-type: application/pdf\r\n"), "{language}");
		assert!(text.contains("%PDF-1.7") && text.contains("/StructTreeRoot"));
		assert!(text.contains(&format!("/Lang({language})")), "{language}");
	}
	// A name that no typeface has makes no difference.
	let hostile = explorer.bytes_in("en", "/export/organisations.pdf").await;
	assert!(String::from_utf8_lossy(&hostile).contains("%PDF-1.7"));
	assert_eq!(explorer.get("/export/exchanges.pdf?limit=x").await.status, 400);
}

#[tokio::test]
async fn every_step_of_an_exchange_is_an_audit_event_of_fhir() {
	let explorer = Explorer::start().await;
	let answer = explorer.get("/export/exchanges.fhir.ndjson?organisation=2").await;
	assert_eq!(answer.status, 200);
	let (first, rest) = answer.body.split_once('\n').unwrap();
	let first: serde_json::Value = serde_json::from_str(first).unwrap();
	assert_eq!(first["resourceType"], "Parameters");
	let manifest = first["parameter"][0]["valueString"].as_str().unwrap();
	let manifest: serde_json::Value = serde_json::from_str(manifest).unwrap();
	assert_eq!(manifest["sha256"], hex::encode(Sha256::digest(rest)));
	let events: Vec<serde_json::Value> =
		rest.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
	let own = |number: &u64| {
		let (holder, recipient) = Generator::parties(*number);
		holder == 2 || recipient == 2
	};
	// Five steps of those that were served, two of the others.
	let steps = (0..EXCHANGES).filter(own).map(|number| if number % 10 == 9 { 2 } else { 5 });
	assert_eq!(events.len(), steps.sum::<usize>());
	for event in &events {
		// What FHIR R4 wants of an AuditEvent.
		assert_eq!(event["resourceType"], "AuditEvent");
		assert!(event["type"]["code"].is_string() && event["source"]["observer"].is_object());
		assert!(curex_client::time::read(event["recorded"].as_str().unwrap()).is_some());
		for agent in event["agent"].as_array().unwrap() {
			assert!(agent["requestor"].is_boolean() && agent["who"]["display"].is_string());
		}
		let sides = event["agent"].to_string();
		assert!(sides.contains("\"value\":\"2\""), "{sides}");
	}
	let codes = |code: &str| events.iter().filter(|event| event["type"]["code"] == code).count();
	assert_eq!(codes("110106"), codes("110107"));
	assert_eq!(codes("110112"), (0..EXCHANGES).filter(own).count());
	let refused = events.iter().filter(|event| event["outcome"] == "4").count();
	assert_eq!(refused, (0..EXCHANGES).filter(own).filter(|number| number % 10 == 9).count());
	assert_eq!(explorer.get("/export/consents.fhir.ndjson").await.status, 404);
}

#[tokio::test]
async fn what_a_side_attested_of_a_package_stands_with_its_exchange() {
	let explorer = Explorer::start().await;
	let (id, assessment) = (format!("0x{}", "7a".repeat(32)), format!("0x{}", "5c".repeat(32)));
	let fields = json!({ "exchange": id, "organisation": 2, "assessment": assessment });
	let event = Event {
		extrinsic: None,
		pallet: "Exchange".into(),
		name: "PackageAssessed".into(),
		fields,
	};
	let value = json!({ "holder": 1, "recipient": 2, "state": "Delivered", "purpose": "Research" });
	let changed = vec![record(Kind::Exchange, &id, Some(value))];
	append_with(&mut explorer.store(), 1_800_000_000_000, changed, vec![event]);
	for (language, title) in [("en", "Package assessed"), ("de", "Paket bewertet")] {
		let page = explorer.get_in(language, &format!("/exchanges/{id}")).await.body;
		assert!(page.contains(title) && page.contains(&assessment), "{language}: {page}");
	}
	let told = explorer.get(&format!("/api/v1/exchanges/{id}")).await.body;
	assert!(told.contains("PackageAssessed") && told.contains(&assessment), "{told}");
	let exported = explorer.get("/export/exchanges.fhir.ndjson?organisation=2").await.body;
	let told = exported.lines().find(|line| line.contains("Exchange.PackageAssessed")).unwrap();
	assert!(told.contains("\"110100\""), "{told}");
}

#[tokio::test]
async fn a_dossier_holds_the_case_and_no_other() {
	let explorer = Explorer::start_closed().await;
	let alice = explorer.sign_in("Alice").await.unwrap();
	let reviewed = {
		let page = explorer.get_as(&alice.token, "/api/v1/reviews").await.body;
		let page: serde_json::Value = serde_json::from_str(&page).unwrap();
		page["items"][0]["id"].as_str().unwrap().to_owned()
	};
	let target = format!("/exchanges/{reviewed}/dossier");
	let page = explorer.get_as(&alice.token, &target).await;
	assert_eq!(page.status, 200);
	let number = (0..EXCHANGES).find(|number| Generator::exchange(*number) == reviewed).unwrap();
	assert!(page.body.contains(&Generator::consent(number)));
	assert!(page.body.contains("Review of a break-glass") && page.body.contains("3 records"));
	// A security officer sees no exchange, and hence no dossier.
	let charlie = explorer.sign_in("Charlie").await.unwrap();
	for target in [target.clone(), format!("{target}.zip")] {
		assert_eq!(explorer.get_as(&charlie.token, &target).await.status, 404);
	}
	// Without a node there is no evidence, and without evidence no file.
	assert_eq!(explorer.get_as(&alice.token, &format!("{target}.zip")).await.status, 502);
}

#[tokio::test]
async fn the_description_names_paths_that_answer() {
	let explorer = Explorer::start().await;
	let description = explorer.json("/api/v1/openapi.json").await;
	assert_eq!(description["openapi"], "3.1.0");
	for path in description["paths"].as_object().unwrap().keys() {
		// Those need a node, or a desk to sign in at.
		if ["/verify", "/challenge", "/sign-in", "/head"].iter().any(|end| path.ends_with(end)) {
			continue;
		}
		let id = if path.contains("transactions") { "3-6".into() } else { Generator::exchange(1) };
		let path = path.replace("{block}", "3").replace("{kind}", "exchanges").replace("{id}", &id);
		explorer.json(&format!("/api/v1{path}")).await;
	}
	let status = explorer.json("/api/v1/status").await;
	assert_eq!(status["records"]["exchanges"], EXCHANGES);
	let call = explorer.json("/api/v1/transactions/3-6").await;
	assert_eq!(call["transaction"]["arguments"]["proposal"]["envelope"], Generator::envelope(20));
	assert_eq!(call["events"][0]["name"], "Requested");
}

#[tokio::test]
async fn without_a_node_a_proof_fails_in_plain_words() {
	let explorer = Explorer::start().await;
	let link = format!("/exchanges/{}", Generator::exchange(1));
	let page = explorer.get(&format!("{link}/verify")).await;
	assert_eq!(page.status, 502);
	assert!(page.body.contains("archive node"), "{}", page.body);
	let answer = explorer.get(&format!("/api/v1{link}/verify?at=now")).await;
	assert_eq!(answer.status, 502);
	assert!(answer.body.contains("error"), "{}", answer.body);
	assert_eq!(explorer.get(&format!("{link}/bundle.json?at=never")).await.status, 400);
}
