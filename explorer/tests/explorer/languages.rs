//! The pages in other languages.

use crate::{
	pages::addresses,
	support::{escape, Explorer, HOSTILE},
};
use std::collections::BTreeSet;

/// Elements whose text is no language's: handles, moments, names, programs.
const NEUTRAL: [&str; 5] = ["code", "time", "script", "style", "pre"];

/// Attributes that people read.
const READ: [&str; 2] = ["aria-label=\"", "placeholder=\""];

/// What stands on a page outside the brackets of the marked language, and is no name, handle, moment or number.
fn untranslated(html: &str) -> BTreeSet<String> {
	let mut found = BTreeSet::new();
	let (mut depth, mut neutral, mut text) = (0_i32, Vec::<String>::new(), String::new());
	for piece in html.split_inclusive(['<', '>']) {
		let Some(tag) = piece.strip_suffix('>') else {
			// Text up to the next tag.
			for letter in piece.trim_end_matches('<').chars() {
				match letter {
					'⟦' => depth += 1,
					'⟧' => depth -= 1,
					letter if depth == 0 && neutral.is_empty() => text.push(letter),
					_ => {},
				}
			}
			continue;
		};
		let name = tag.split([' ', '/']).find(|part| !part.is_empty()).unwrap_or_default();
		if depth == 0 && text.chars().any(char::is_alphabetic) {
			found.insert(text.trim().to_owned());
		}
		text.clear();
		for attribute in READ {
			if let Some(value) = tag.split(attribute).nth(1).and_then(|rest| rest.split('"').next())
			{
				if value.chars().any(char::is_alphabetic) && !value.contains('⟦') {
					// Fields that take no words show an example of what they take.
					if !tag.contains("spellcheck=\"false\"") {
						found.insert(format!("{attribute}{value}"));
					}
				}
			}
		}
		let is_void = ["input", "meta", "link", "br", "!DOCTYPE"].contains(&name);
		if tag.starts_with('/') {
			if neutral.last().is_some_and(|open| open == name) {
				neutral.pop();
			}
		} else if !is_void {
			let opens = NEUTRAL.contains(&name) || tag.contains("translate=\"no\"");
			let nested = neutral.last().is_some_and(|open| open == name);
			if opens || nested {
				neutral.push(name.to_owned());
			}
		}
	}
	found
}

#[tokio::test]
async fn no_page_shows_a_text_that_is_not_in_the_catalogue() {
	let explorer = Explorer::start().await;
	let closed = Explorer::start_closed().await;
	let wrong = [
		"/nowhere",
		"/exchanges?limit=x",
		"/exchanges?limit=0",
		"/exchanges?colour=red",
		"/exchanges?state=held&state=held",
		"/exchanges?at=9999",
		"/exchanges?since=yesterday",
		"/exchanges?from=9&to=3",
		"/exchanges?partner=2",
		"/exchanges?category=none",
		"/exchanges?consent=0x00",
		"/exchanges/0x00",
		"/exchanges/0x00/dossier",
		"/transactions/1",
		"/transactions/9999-0",
		"/blocks/9999",
		"/organisations/3?at=x",
		"/export/exchanges.exe",
		"/trends?since=2020-01-01T00:00:00Z",
		"/query-log",
		"/verifier.wasm",
	];
	let own = addresses().into_iter().chain(wrong.map(String::from));
	let mut read = 0;
	for address in own {
		let html = explorer.get_in("en-XA", &address).await.body;
		assert!(html.contains("<html lang=\"en-XA\">"), "{address}");
		read += html.matches('⟦').count();
		let found = untranslated(&html);
		assert!(found.is_empty(), "{address}: {found:#?}");
	}
	for address in ["/", "/sign-in", "/exchanges", "/patient"] {
		let html = closed.get_in("en-XA", address).await.body;
		let found = untranslated(&html);
		assert!(found.is_empty(), "{address}: {found:#?}");
	}
	assert!(read > 1_000, "only {read}");
}

#[tokio::test]
async fn a_page_is_german_for_who_wants_german() {
	let explorer = Explorer::start().await;
	let page = explorer.get_in("de-DE,de;q=0.9,en;q=0.5", "/exchanges?state=not-served").await;
	for part in ["<html lang=\"de\">", "nicht bedient", "24 Einträge", "Datenhalter", "Behandlung"]
	{
		assert!(page.body.contains(part), "{part} in {}", page.body);
	}
	assert!(page.head.contains("content-language: de"));
	let block = explorer.get_in("de", "/blocks/3").await.body;
	assert!(
		block.contains("<time datetime=\"2025-12-01T00:00:06Z\">01.12.2025, 00:00:06 UTC</time>")
	);
	let name = explorer.get_in("de", "/organisations/3").await.body;
	assert!(name.contains("&lt;script&gt;") && !HOSTILE.is_empty());
}

#[tokio::test]
async fn the_chosen_language_is_kept_and_leads_back_to_the_page_alone() {
	let explorer = Explorer::start().await;
	let choose = async |to: &str, back: &str| {
		let body = format!("to={to}&back={}", escape(back));
		explorer.post("/language", "", &body).await
	};
	let chosen = choose("de", "/exchanges?state=not-served").await;
	assert_eq!(chosen.status, 303);
	assert!(chosen.head.contains("location: /exchanges?state=not-served\r\n"));
	assert!(chosen.head.contains("set-cookie: curex-language=de;"));
	for (to, back) in [
		("de", "https://evil.example/"),
		("de", "//evil.example"),
		("de", "/\\evil.example"),
		("de\r\nX: y", "/x\r\nSet-Cookie: a=b"),
	] {
		let answer = choose(&escape(to), back).await;
		assert!(answer.head.contains("location: /\r\n"), "{back}: {}", answer.head);
		assert!(!answer.head.contains("x: y") && !answer.head.contains("a=b"));
	}
	let foreign = explorer.post("/language", "Origin: http://evil.example\r\n", "to=de").await;
	assert_eq!(foreign.status, 401);
	let page = explorer
		.send("GET /about HTTP/1.1\r\nHost: localhost\r\nCookie: curex-language=de\r\nAccept-Language: en\r\nConnection: close\r\n\r\n")
		.await;
	assert!(page.body.contains("Was ein Beweis zeigt"));
	assert!(page.body.contains("name=\"back\" value=\"/about\""));
}
