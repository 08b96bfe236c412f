//! Who sees what.

use crate::{
	pages::addresses,
	support::{
		append, escape, is_greek, record, signer, Explorer, ACCESS_BODY, AUTHORITY, EXCHANGES,
	},
};
use curex_client::sign_in;
use curex_explorer::{access::QueryLog, generate::Generator, Kind};
use serde_json::{json, Value as Json};
use std::collections::BTreeSet;

/// Ids of all exchanges that a session lists.
async fn exchanges(explorer: &Explorer, token: &str, query: &str) -> BTreeSet<String> {
	let mut found = BTreeSet::new();
	let mut after = String::new();
	loop {
		let target = format!("/api/v1/exchanges?limit=100{query}{after}");
		let answer = explorer.get_as(token, &target).await;
		assert_eq!(answer.status, 200, "{target}: {}", answer.body);
		let page: Json = serde_json::from_str(&answer.body).unwrap();
		let items = page["items"].as_array().unwrap();
		found.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
		match page["next"].as_i64() {
			Some(next) => after = format!("&after={next}"),
			None => return found,
		}
	}
}

fn expected(keep: impl Fn(u64) -> bool) -> BTreeSet<String> {
	(0..EXCHANGES).filter(|number| keep(*number)).map(Generator::exchange).collect()
}

fn concerns(number: u64, is_seen: impl Fn(u32) -> bool) -> bool {
	let (holder, recipient) = Generator::parties(number);
	is_seen(holder) || is_seen(recipient)
}

#[tokio::test]
async fn who_does_not_sign_in_reads_no_record_and_no_pseudonym() {
	let explorer = Explorer::start_closed().await;
	let exchange = Generator::exchange(20);
	let mut refused: Vec<String> = addresses();
	refused.retain(|address| !["/", "/about", "/patient"].contains(&address.as_str()));
	refused.extend([
		format!("/exchanges/{exchange}/verify"),
		format!("/exchanges/{exchange}/bundle.json"),
		"/export/exchanges.csv".into(),
		"/export/exchanges.ndjson".into(),
		"/api/v1/status".into(),
		"/api/v1/exchanges".into(),
		format!("/api/v1/exchanges/{exchange}"),
		format!("/api/v1/search?q={exchange}"),
		"/api/v1/blocks".into(),
		"/api/v1/blocks/3".into(),
		"/api/v1/query-log/head".into(),
		"/query-log".into(),
		"/no/such/page".into(),
		"//exchanges".into(),
		"/EXCHANGES".into(),
		"/about/../exchanges".into(),
	]);
	for address in refused {
		for token in ["", "Authorization: Bearer 00\r\n", "Cookie: curex-session=00\r\n"] {
			let answer = explorer
				.send(&format!(
					"GET {address} HTTP/1.1\r\nHost: localhost\r\n{token}Connection: close\r\n\r\n"
				))
				.await;
			assert!(matches!(answer.status, 401 | 429), "{address}: {}", answer.status);
			// The form of languages leads back to where somebody was: what was asked, not what was found.
			let back = format!("name=\"back\" value=\"{address}\"");
			assert!(!answer.body.replace(&back, "").contains(&exchange[4..]), "{address}");
			assert!(!answer.body.contains("Member 1"), "{address}");
		}
	}
}

#[tokio::test]
async fn everybody_reads_figures_behind_which_at_least_five_stand() {
	let explorer = Explorer::start_closed().await;
	let sector = explorer.json("/api/v1/sector").await;
	// Nine of ten exchanges were acknowledged, between ten hospitals.
	assert_eq!(sector["counts"]["exchanges"]["acknowledged"], EXCHANGES * 9 / 10 / 5 * 5);
	assert_eq!(sector["counts"]["exchanges"]["not-served"], EXCHANGES / 10 / 5 * 5);
	// One organisation reviews; three were assessed.
	assert_eq!(sector["counts"]["reviews"], Json::Null);
	assert_eq!(sector["levels"], Json::Null);
	let page = explorer.get("/").await;
	assert_eq!(page.status, 200);
	assert!(page.body.contains("not served") && page.body.contains("/sign-in"));
	for secret in ["0x", "Member", "/exchanges/", "/organisations/"] {
		let body = page.body.split("State of this explorer").next().unwrap();
		assert!(!body.contains(secret), "{secret}");
	}
	for address in ["/about", "/sign-in", "/style.css", "/api/v1/openapi.json"] {
		assert_eq!(explorer.get(address).await.status, 200, "{address}");
	}
}

#[tokio::test]
async fn everybody_who_signs_in_sees_exactly_what_concerns_them() {
	let explorer = Explorer::start_closed().await;
	let alice = explorer.sign_in("Alice").await.unwrap();
	assert_eq!(alice.organisation, AUTHORITY);
	let bob = explorer.sign_in("Bob").await.unwrap();
	let charlie = explorer.sign_in("Charlie").await.unwrap();
	let eve = explorer.sign_in("Eve").await.unwrap();
	let greek = |number: u64| concerns(number, is_greek);
	let own = |number: u64| concerns(number, |organisation| organisation == 1);
	let research = |number: u64| number / 3 % 4 == 2 && concerns(number, |of| !is_greek(of));
	for (session, sees) in [
		(&alice, expected(greek)),
		(&bob, expected(own)),
		(&charlie, expected(|_| false)),
		(&eve, expected(research)),
	] {
		assert_eq!(exchanges(&explorer, &session.token, "").await, sees);
	}
	assert!(expected(greek).len() < EXCHANGES as usize && !expected(research).is_empty());
	// Asked for another organisation, what both have in common is shown.
	let of_seven = |number| own(number) && concerns(number, |organisation| organisation == 7);
	let asked = exchanges(&explorer, &bob.token, "&organisation=7").await;
	assert_eq!(asked, expected(of_seven));
	// One by one, wherever it could show.
	let foreign = (0..EXCHANGES).find(|number| !greek(*number)).unwrap();
	let (id, envelope) = (Generator::exchange(foreign), Generator::envelope(foreign));
	let consent = Generator::consent(foreign);
	let token = &alice.token;
	for address in [
		format!("/exchanges/{id}"),
		format!("/exchanges/{id}/verify"),
		format!("/exchanges/{id}/bundle.json"),
		format!("/api/v1/exchanges/{id}"),
		format!("/consents/{consent}"),
	] {
		let status = explorer.get_as(token, &address).await.status;
		assert_eq!(status, 404, "{address}");
	}
	for text in [&id, &envelope, &consent] {
		let found = explorer.get_as(token, &format!("/api/v1/search?q={text}")).await.body;
		assert_eq!(found, "{\"items\":[]}", "{text}");
	}
	let block = foreign / 7 + 1;
	let body = explorer.get_as(token, &format!("/api/v1/blocks/{block}")).await.body;
	assert!(!body.contains(&id) && !body.contains(&envelope));
	let page = explorer.get_as(token, &format!("/blocks/{block}")).await.body;
	assert!(!page.contains(&id) && page.contains("are not shown to you"));
	let csv = explorer.get_as(token, "/export/exchanges.csv").await.body;
	assert_eq!(csv.lines().count(), expected(greek).len() + 2);
	assert!(!csv.contains(&id));
	// What is seen can be opened.
	let domestic = (0..EXCHANGES).find(|number| greek(*number)).unwrap();
	let seen = format!("/exchanges/{}", Generator::exchange(domestic));
	assert_eq!(explorer.get_as(token, &seen).await.status, 200);
}

#[tokio::test]
async fn fields_of_supervision_open_their_kinds_of_records() {
	let explorer = Explorer::start_closed().await;
	let count = async |token: &str, kind: &str| {
		let answer = explorer.get_as(token, &format!("/api/v1/{kind}")).await;
		let page: Json = serde_json::from_str(&answer.body).unwrap();
		page["items"].as_array().unwrap().len()
	};
	for (name, kind, sees) in [
		("Alice", "organisations", 12),
		("Alice", "assessments", 2),
		("Alice", "reviews", 1),
		("Bob", "organisations", 12),
		("Bob", "assessments", 1),
		// Of an exchange of its own; it reviews none.
		("Bob", "reviews", 1),
		("Charlie", "assessments", 1),
		("Charlie", "consents", 0),
		("Eve", "assessments", 0),
		("Eve", "consents", 0),
		("Eve", "reviews", 0),
		("Eve", "organisations", 12),
	] {
		let session = explorer.sign_in(name).await.unwrap();
		assert_eq!(count(&session.token, kind).await, sees, "{name}: {kind}");
	}
	let eve = explorer.sign_in("Eve").await.unwrap();
	assert_eq!(eve.organisation, ACCESS_BODY);
	let page = explorer.get_as(&eve.token, "/consents").await.body;
	assert!(page.contains("outside your field"));
}

#[tokio::test]
async fn counts_are_of_what_is_seen() {
	let explorer = Explorer::start_closed().await;
	for (name, is_seen) in
		[("Alice", is_greek as fn(u32) -> bool), ("Bob", |organisation| organisation == 1)]
	{
		let session = explorer.sign_in(name).await.unwrap();
		let status = explorer.get_as(&session.token, "/api/v1/status").await.body;
		let status: Json = serde_json::from_str(&status).unwrap();
		let sees = expected(|number| concerns(number, is_seen)).len();
		assert_eq!(status["records"]["exchanges"], sees, "{name}");
	}
}

#[tokio::test]
async fn nobody_signs_in_without_the_duty_the_key_and_a_fresh_challenge() {
	let explorer = Explorer::start_closed().await;
	for (name, said) in [
		("Dave", "duty of oversight"),
		("Ferdie", "an authority's account needs"),
		("Alice//stash", "acts for no member"),
	] {
		let error = explorer.sign_in(name).await.unwrap_err();
		assert!(error.to_string().contains(said), "{name}: {error}");
	}
	let given = explorer.json("/api/v1/challenge").await;
	let challenge = given["challenge"].as_str().unwrap();
	let sign = |host: &str, genesis: [u8; 32], challenge: &str, name: &str| {
		let message = sign_in::message(host, &genesis, challenge);
		json!({
			"account": format!("0x{}", hex::encode(signer("Alice").account())),
			"challenge": challenge,
			"signature": format!("0x{}", hex::encode(signer(name).sign(message.as_bytes()).unwrap())),
		})
		.to_string()
	};
	let target = "/api/v1/sign-in";
	for (wrong, status) in [
		(sign("evil.example", [1; 32], challenge, "Alice"), 401),
		(sign("localhost", [2; 32], challenge, "Alice"), 401),
		(sign("localhost", [1; 32], challenge, "Bob"), 401),
		(sign("localhost", [1; 32], "00.1.00", "Alice"), 401),
		("{}".into(), 400),
		("rubbish".into(), 400),
		("x".repeat(100_000), 413),
	] {
		assert_eq!(explorer.post(target, "", &wrong).await.status, status, "{:.80}", wrong);
	}
	let right = sign("localhost", [1; 32], challenge, "Alice");
	assert_eq!(explorer.post(target, "", &right).await.status, 200);
	assert_eq!(explorer.post(target, "", &right).await.status, 401, "a second time");
}

#[tokio::test]
async fn whoever_is_dismissed_or_suspended_is_out_at_once() {
	let explorer = Explorer::start_closed().await;
	let alice = explorer.sign_in("Alice").await.unwrap();
	let bob = explorer.sign_in("Bob").await.unwrap();
	assert_eq!(explorer.get_as(&bob.token, "/exchanges").await.status, 200);
	let account = format!("0x{}", hex::encode(signer("Bob").account()));
	append(&mut explorer.store(), vec![record(Kind::Account, &account, None)]);
	assert_eq!(explorer.get_as(&bob.token, "/exchanges").await.status, 401);
	assert!(explorer.sign_in("Bob").await.is_err());
	let suspended = json!({
		"kind": "Authority", "country": [71, 82], "competences": 1, "status": "Suspended", "name": "0x41",
	});
	let authority = record(Kind::Organisation, &AUTHORITY.to_string(), Some(suspended));
	append(&mut explorer.store(), vec![authority]);
	assert_eq!(explorer.get_as(&alice.token, "/exchanges").await.status, 401);
}

#[tokio::test]
async fn a_link_opens_one_session_in_a_browser_and_no_other_site_can_use_it() {
	let explorer = Explorer::start_closed().await;
	let session = explorer.sign_in("Alice").await.unwrap();
	let page = explorer.get(&session.link).await;
	assert!(
		page.body.contains("Continue as <span translate=\"no\">Member 11</span>?"),
		"{}",
		page.body
	);
	for foreign in
		["Origin: http://evil.example\r\n", "Sec-Fetch-Site: cross-site\r\n", "Origin: null\r\n"]
	{
		assert_eq!(explorer.post(&session.link, foreign, "").await.status, 401, "{foreign}");
	}
	let own = "Origin: http://localhost\r\nSec-Fetch-Site: same-origin\r\n";
	let entered = explorer.post(&session.link, own, "").await;
	assert_eq!(entered.status, 303);
	for part in ["set-cookie: curex-session=", "httponly", "samesite=strict", "path=/"] {
		assert!(entered.head.contains(part), "{part} in {}", entered.head);
	}
	assert_eq!(explorer.post(&session.link, own, "").await.status, 401, "a second time");
	let cookie = entered.head.split("set-cookie: ").nth(1).unwrap();
	let cookie = cookie.split(';').next().unwrap().to_owned();
	let with_cookie = |method: &str, target: &str, more: &str| {
		format!(
			"{method} {target} HTTP/1.1\r\nHost: localhost\r\nCookie: a=b; {cookie}\r\n{more}Connection: close\r\n\r\n"
		)
	};
	let page = explorer.send(&with_cookie("GET", "/exchanges", "")).await;
	assert!(page.body.contains("Sign out") && page.body.contains("Member 11"));
	let foreign = "Origin: http://evil.example\r\nContent-Length: 0\r\n";
	assert_eq!(explorer.send(&with_cookie("POST", "/sign-out", foreign)).await.status, 401);
	assert_eq!(explorer.send(&with_cookie("GET", "/exchanges", "")).await.status, 200);
	let out = explorer.send(&with_cookie("POST", "/sign-out", "Content-Length: 0\r\n")).await;
	assert_eq!(out.status, 303);
	assert_eq!(explorer.send(&with_cookie("GET", "/exchanges", "")).await.status, 401);
}

#[tokio::test]
async fn a_wallet_signs_in_by_the_form() {
	let explorer = Explorer::start_closed().await;
	let page = explorer.get("/sign-in").await.body;
	let message = page.split("<code>CUREX explorer").nth(1).unwrap();
	let message = format!("CUREX explorer{}", message.split("</code>").next().unwrap());
	let challenge = message.rsplit(": ").next().unwrap().to_owned();
	let signature = signer("Alice").sign(format!("<Bytes>{message}</Bytes>").as_bytes()).unwrap();
	let body = format!(
		"account={}&challenge={}&signature=0x{}",
		hex::encode(signer("Alice").account()),
		escape(&challenge),
		hex::encode(signature)
	);
	let entered = explorer.post("/sign-in", "", &body).await;
	assert_eq!(entered.status, 303, "{}", entered.body);
	assert_eq!(explorer.post("/sign-in", "", "account=%zz&&&").await.status, 400);
}

#[tokio::test]
async fn every_question_of_an_auditor_is_written_down_in_order() {
	let explorer = Explorer::start_closed().await;
	let session = explorer.sign_in("Alice").await.unwrap();
	let asked =
		["/exchanges?state=disputed", "/api/v1/search?q=0xabcd", "/exchanges/none", "/nowhere"];
	for question in asked {
		explorer.get_as(&session.token, question).await;
	}
	explorer.get("/exchanges").await;
	let log = QueryLog::open(&explorer.log()).unwrap();
	let entries = log.entries(AUTHORITY, None, 50).unwrap();
	let mut questions: Vec<&str> = entries.iter().map(|entry| entry.question.as_str()).collect();
	questions.reverse();
	assert_eq!(questions[0], "/sign-in");
	assert_eq!(questions[1..], asked);
	let head = explorer.get_as(&session.token, "/api/v1/query-log/head").await.body;
	let head: Json = serde_json::from_str(&head).unwrap();
	assert_eq!(head["entries"], 6);
	assert_eq!(head["hash"], QueryLog::check(&explorer.log()).unwrap().hash);
	let page = explorer.get_as(&session.token, "/query-log").await.body;
	assert!(page.contains("/exchanges?state=disputed"));
	let bob = explorer.sign_in("Bob").await.unwrap();
	let page = explorer.get_as(&bob.token, "/query-log").await.body;
	assert!(!page.contains("disputed"));
}

#[tokio::test]
async fn a_session_that_asks_without_end_is_slowed_and_others_are_not() {
	let explorer = Explorer::start_closed().await;
	let alice = explorer.sign_in("Alice").await.unwrap();
	let bob = explorer.sign_in("Bob").await.unwrap();
	let mut refused = 0;
	// More than can come back in the time that this takes.
	for number in 0..2_000 {
		let target = format!("/api/v1/exchanges/{}", Generator::exchange(number));
		if explorer.get_as(&alice.token, &target).await.status == 429 {
			refused += 1;
			break;
		}
	}
	assert_eq!(refused, 1);
	assert_eq!(explorer.get_as(&bob.token, "/exchanges").await.status, 200);
}

#[tokio::test]
async fn a_bundle_with_events_of_others_is_not_given_out() {
	let explorer = Explorer::start_closed().await;
	let bob = explorer.sign_in("Bob").await.unwrap();
	// Late enough for others to do something in the same block.
	let own = (120..EXCHANGES).find(|number| concerns(*number, |of| of == 1)).unwrap();
	let (block, position) = (own / 7 + 1, own % 7);
	let target = format!("/transactions/{block}-{position}");
	assert_eq!(explorer.get_as(&bob.token, &target).await.status, 200, "{target}");
	let refused = explorer.get_as(&bob.token, &format!("{target}/bundle.json")).await;
	assert_eq!(refused.status, 401);
	assert!(refused.body.contains("not for you"), "{}", refused.body);
}
