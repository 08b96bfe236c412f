//! The words of the pages in every language that they are offered in.
//!
//! A page says `say!("Older blocks")`: the English text is the key, so that a template reads as the page does. A text that
//! has no row in [`texts`] does not compile. What comes from the ledger's vocabulary (states, purposes, names of fields) is
//! looked up by [`known`] while the page is made. Handles, names of members, calls and events are never translated.
//!
//! The language is that of the request ([`speaking`]): its texts are chosen where they are written, with nothing to pass on.

mod errors;
mod texts;

use axum::http::{header, HeaderMap};
use errors::ERRORS;
use maud::{Markup, PreEscaped, Render};
use std::{
	collections::HashMap,
	fmt::{Display, Write},
	future::Future,
	sync::LazyLock,
};
use texts::TEXTS;

/// The cookie with the language that somebody chose.
pub(super) const COOKIE: &str = "curex-language";

/// A language of the pages.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Language {
	#[default]
	English,
	German,
	/// English between brackets, for tests: whatever stands outside brackets has no row.
	Marked,
}

impl Language {
	/// The languages that are offered, each with its own name.
	pub(super) const OFFERED: [(Self, &'static str); 2] =
		[(Self::English, "English"), (Self::German, "Deutsch")];

	/// Its tag (BCP 47).
	pub(super) fn tag(self) -> &'static str {
		match self {
			Self::English => "en",
			Self::German => "de",
			Self::Marked => "en-XA",
		}
	}

	/// The language with this tag, whatever the region.
	pub(super) fn of_tag(tag: &str) -> Option<Self> {
		if tag.eq_ignore_ascii_case("en-XA") {
			return Some(Self::Marked);
		}
		match tag.split('-').next().unwrap_or_default().to_ascii_lowercase().as_str() {
			"en" => Some(Self::English),
			"de" => Some(Self::German),
			_ => None,
		}
	}

	/// The language of a request: the one that was chosen, or the first that the browser prefers and the pages have.
	pub(super) fn of(headers: &HeaderMap) -> Self {
		let chosen = super::guard::cookie(headers, COOKIE).and_then(|tag| Self::of_tag(&tag));
		let wanted = || {
			let accepted = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
			let mut ranked: Vec<(u32, &str)> = accepted.split(',').filter_map(ranked).collect();
			ranked.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
			ranked.into_iter().find_map(|(_, tag)| Self::of_tag(tag))
		};
		chosen.or_else(wanted).unwrap_or_default()
	}
}

/// A language of `Accept-Language` with its weight in thousandths; nothing if it is not wanted.
fn ranked(item: &str) -> Option<(u32, &str)> {
	let (tag, weight) = match item.split_once(';') {
		Some((tag, weight)) => (tag, weight.trim().strip_prefix("q=")?.parse::<f32>().ok()?),
		None => (item, 1.0),
	};
	let weight = (weight.clamp(0.0, 1.0) * 1_000.0) as u32;
	(weight > 0).then_some((weight, tag.trim()))
}

/// What a request is answered in, and where the answer leads back to.
#[derive(Clone, Default)]
struct Speaking {
	language: Language,
	address: String,
}

tokio::task_local! {
	static SPEAKING: Speaking;
}

/// Answers a request for `address` in a language.
pub(super) async fn speaking<F: Future>(
	language: Language,
	address: String,
	answer: F,
) -> F::Output {
	SPEAKING.scope(Speaking { language, address }, answer).await
}

/// The language of the request at hand; English where there is none.
pub(super) fn language() -> Language {
	SPEAKING.try_with(|speaking| speaking.language).unwrap_or_default()
}

/// The address of the request at hand.
pub(super) fn address() -> String {
	SPEAKING.try_with(|speaking| speaking.address.clone()).unwrap_or_default()
}

/// The row of a text. Evaluated while the program is compiled, which fails without one.
pub(super) const fn row(text: &str) -> usize {
	let mut row = 0;
	while row < TEXTS.len() {
		if is_equal(TEXTS[row].0.as_bytes(), text.as_bytes()) {
			return row;
		}
		row += 1;
	}
	panic!("this text has no row in `web/words/texts.rs`");
}

const fn is_equal(one: &[u8], other: &[u8]) -> bool {
	if one.len() != other.len() {
		return false;
	}
	let mut at = 0;
	while at < one.len() {
		if one[at] != other[at] {
			return false;
		}
		at += 1;
	}
	true
}

/// Every text between brackets.
static MARKED: LazyLock<Vec<String>> =
	LazyLock::new(|| TEXTS.iter().map(|(english, _)| format!("⟦{english}⟧")).collect());

/// The text of a row in the language of the request.
pub(super) fn at(row: usize) -> &'static str {
	match language() {
		Language::English => TEXTS[row].0,
		Language::German => TEXTS[row].1,
		Language::Marked => &MARKED[row],
	}
}

/// The rows by their English text.
static ROWS: LazyLock<HashMap<&str, usize>> =
	LazyLock::new(|| TEXTS.iter().enumerate().map(|(row, (english, _))| (*english, row)).collect());

/// A word of the ledger's vocabulary in the language of the request, if there is a row for it.
pub(super) fn known(english: &str) -> Option<&'static str> {
	ROWS.get(english).map(|row| at(*row))
}

/// A word of the ledger's vocabulary: translated, or marked as English.
pub(super) fn word(english: &str) -> Markup {
	match known(english) {
		Some(text) => maud::html! { (text) },
		None if language() == Language::English => maud::html! { (english) },
		None => maud::html! { span lang="en" { (english) } },
	}
}

/// The same as plain text.
pub(super) fn plain(english: &str) -> &str {
	known(english).unwrap_or(english)
}

/// What an error says, in the language of the request; what has no row is marked as English.
pub(super) fn told(english: &str) -> Markup {
	let find =
		|&(text, german): &(&'static str, &'static str)| Some((german, matched(text, english)?));
	let row = if known(english).is_none() { ERRORS.iter().find_map(find) } else { None };
	match (language(), row) {
		(Language::German, Some((german, values))) => {
			let values: Vec<(&str, Markup)> =
				values.into_iter().map(|(name, value)| (name, value_of_error(value))).collect();
			let places: Vec<(&str, &dyn Render)> =
				values.iter().map(|(name, value)| (*name, value as &dyn Render)).collect();
			markup(german, &places)
		},
		(Language::Marked, Some(_)) => maud::html! { "⟦" (english) "⟧" },
		_ => word(english),
	}
}

/// A value in an error: a word of the vocabulary, a number, a name, or words that nobody translated.
fn value_of_error(value: &str) -> Markup {
	if value.contains(' ') {
		word(value)
	} else {
		maud::html! { (plain(value)) }
	}
}

/// The values that stand in a text's places, if this is the text.
fn matched<'a>(text: &'static str, said: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
	let mut pieces = text.split(['{', '}']);
	let mut rest = said.strip_prefix(pieces.next()?)?;
	let mut values = Vec::new();
	while let (Some(name), Some(literal)) = (pieces.next(), pieces.next()) {
		let end = if literal.is_empty() { rest.len() } else { rest.find(literal)? };
		values.push((name, &rest[..end]));
		rest = &rest[end + literal.len()..];
	}
	rest.is_empty().then_some(values)
}

/// Puts values into the places of a text that bear their names.
fn place(text: &str, mut put: impl FnMut(Result<&str, &str>)) {
	let mut rest = text;
	while let Some((before, after)) = rest.split_once('{') {
		put(Ok(before));
		let (name, after) = after.split_once('}').unwrap_or((after, ""));
		put(Err(name));
		rest = after;
	}
	put(Ok(rest));
}

/// A text with values, as markup.
pub(super) fn markup(text: &str, values: &[(&str, &dyn Render)]) -> Markup {
	let mut html = String::with_capacity(text.len());
	place(text, |part| match part {
		Ok(text) => text.render_to(&mut html),
		Err(name) => {
			if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
				value.render_to(&mut html);
			}
		},
	});
	PreEscaped(html)
}

/// A text with values, as plain text.
pub(super) fn filled(text: &str, values: &[(&str, &dyn Display)]) -> String {
	let mut plain = String::with_capacity(text.len());
	place(text, |part| match part {
		Ok(text) => plain.push_str(text),
		Err(name) => {
			if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
				// Writing to a string does not fail.
				let _ = write!(plain, "{value}");
			}
		},
	});
	plain
}

/// A number as the language groups its digits.
pub(super) fn number(value: impl TryInto<u64>) -> String {
	let digits = value.try_into().unwrap_or(u64::MAX).to_string();
	let separator = if language() == Language::German { '.' } else { ',' };
	let mut text = String::with_capacity(digits.len() * 4 / 3);
	for (position, digit) in digits.chars().enumerate() {
		if position > 0 && (digits.len() - position) % 3 == 0 {
			text.push(separator);
		}
		text.push(digit);
	}
	text
}

/// The day of a moment (`2026-11-01T08:00:00Z`) as the language writes it.
pub(super) fn day(text: &str) -> String {
	let date = text.split('T').next().unwrap_or_default();
	match (language(), date.split('-').collect::<Vec<_>>().as_slice()) {
		(Language::German, [year, month, day]) => format!("{day}.{month}.{year}"),
		_ => date.into(),
	}
}

/// A moment (`2026-11-01T08:00:00Z`) as the language writes it.
pub(super) fn moment(text: &str) -> String {
	let time = text.trim_end_matches('Z').split_once('T').map_or("", |(_, time)| time);
	let comma = if language() == Language::German { "," } else { "" };
	format!("{}{comma} {time} UTC", day(text))
}

/// A text in the language of the request; with values, as markup.
macro_rules! say {
	($text:literal) => {
		$crate::web::words::at(const { $crate::web::words::row($text) })
	};
	($text:literal, $($name:ident = $value:expr),+ $(,)?) => {
		$crate::web::words::markup(say!($text), &[$((stringify!($name), &$value as &dyn maud::Render)),+])
	};
}
pub(super) use say;

/// A text with values in the language of the request, as plain text.
macro_rules! said {
	($text:literal, $($name:ident = $value:expr),+ $(,)?) => {
		$crate::web::words::filled(
			$crate::web::words::say!($text),
			&[$((stringify!($name), &$value as &dyn std::fmt::Display)),+],
		)
	};
}
pub(super) use said;

#[cfg(test)]
mod tests {
	use super::*;
	use std::collections::BTreeSet;

	fn places(text: &str) -> BTreeSet<String> {
		let mut names = BTreeSet::new();
		place(text, |part| {
			if let Err(name) = part {
				names.insert(name.to_owned());
			}
		});
		names
	}

	#[test]
	fn every_text_stands_once_and_has_its_places_in_every_language() {
		let mut seen = BTreeSet::new();
		for (english, german) in TEXTS.iter().chain(ERRORS) {
			assert!(seen.insert(english), "{english} stands twice");
			assert!(!german.trim().is_empty(), "{english}");
			assert_eq!(places(english), places(german), "{english}");
			assert_eq!(english.ends_with('.'), german.ends_with('.'), "{english}");
		}
	}

	#[tokio::test]
	async fn an_error_is_told_in_german_whatever_it_holds() {
		let german = |english: &'static str| {
			speaking(Language::German, "/".into(), async move { told(english).into_string() })
		};
		for (english, said) in [
			("there is no parameter <b>", "Einen Parameter &lt;b&gt; gibt es nicht"),
			("limit: expected a number", "limit: Hier steht eine Zahl"),
			("there is no such Exchange", "Dies gibt es hier nicht: Austausch"),
			("from: lies after to", "from: liegt nach to"),
			(
				"not proven: a justification is forged",
				"Nicht bewiesen: <span lang=\"en\">a justification is forged</span>",
			),
			("something new", "<span lang=\"en\">something new</span>"),
		] {
			assert_eq!(german(english).await, said);
			assert_eq!(told("limit: expected a number").into_string(), "limit: expected a number");
		}
	}

	#[tokio::test]
	async fn a_text_is_said_in_the_language_of_the_request() {
		assert_eq!(say!("Sign in"), "Sign in");
		let name = "<b>";
		let answer = async { say!("Continue as {name}?", name = name).into_string() };
		let german = speaking(Language::German, "/".into(), answer).await;
		assert_eq!(german, "Als &lt;b&gt; fortfahren?");
		let answer =
			async { (number(1_234_567_u64), moment("2026-11-01T08:00:00Z"), number(12_u8)) };
		let (count, day, few) = speaking(Language::German, "/".into(), answer).await;
		assert_eq!((count.as_str(), few.as_str()), ("1.234.567", "12"));
		assert_eq!(day, "01.11.2026, 08:00:00 UTC");
		assert_eq!(number(1_234_u64), "1,234");
	}

	#[test]
	fn the_language_is_the_one_that_was_chosen_or_the_first_that_is_wanted() {
		let of = |accepted: &str, cookie: &str| {
			let mut headers = HeaderMap::new();
			headers.insert(header::ACCEPT_LANGUAGE, accepted.parse().unwrap());
			headers.insert(header::COOKIE, cookie.parse().unwrap());
			Language::of(&headers)
		};
		for (accepted, cookie, language) in [
			("", "", Language::English),
			("fr", "", Language::English),
			("de-AT,de;q=0.9,en;q=0.8", "", Language::German),
			("en;q=0.3, de;q=0.7", "", Language::German),
			("de;q=0, en;q=0.1", "", Language::English),
			("de;q=x", "", Language::English),
			("de", "curex-language=en", Language::English),
			("en", "a=b; curex-language=de", Language::German),
			("de", "curex-language=../../etc", Language::German),
		] {
			assert_eq!(of(accepted, cookie), language, "{accepted} {cookie}");
		}
	}
}
