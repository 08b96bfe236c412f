//! Conditions beside a range: platforms, components and models.

use serde::{Deserialize, Serialize};

use super::VersionSet;

/// What must hold besides the version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
	/// In the publisher's words.
	pub text: String,
	/// What of it can be checked, all of it; empty if nothing can.
	pub requires: Vec<Requirement>,
}

/// One thing that must be so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Requirement {
	/// The asset is of this model.
	Model(String),
	/// The asset has this component, system or software.
	Component {
		/// Its name, for example `Windows` or `Wireless Battery Modules`.
		name: String,
		/// In these versions.
		versions: Box<VersionSet>,
	},
}

/// Words that begin a condition behind a range.
const MARKS: [&str; 14] = [
	" on ",
	" with ",
	" when ",
	" where ",
	" if ",
	" using ",
	" running ",
	" that ",
	" which ",
	" model ",
	" part ",
	" only ",
	" installed ",
	" for ",
];

/// The ways to take a text apart into versions and condition, likeliest first.
pub(super) fn split(text: &str) -> Vec<(String, Option<String>)> {
	let mut out = Vec::new();
	let (outside, inside) = parentheses(text);
	if outside.is_empty() || !outside.chars().any(|c| c.is_ascii_alphanumeric()) {
		// All of it stands in parentheses: `(Release 1.3.2 1.4.0)`.
		out.push((inside.clone(), None));
	}
	let lower = format!("{} ", outside.to_ascii_lowercase());
	let mark = MARKS.iter().filter_map(|mark| lower.find(mark)).filter(|at| *at > 0).min();
	let bracketed = (!inside.is_empty() && !describes_nothing(&inside)).then_some(inside);
	if let Some(at) = mark.filter(|at| outside.is_char_boundary(*at)) {
		let behind = outside[at..].trim();
		let condition = match &bracketed {
			Some(inside) => format!("{behind} ({inside})"),
			None => behind.to_owned(),
		};
		out.push((outside[..at].trim().to_owned(), Some(condition)));
	}
	out.push((outside, bracketed.clone()));
	// `Version A, Firmware A.03.09`: the firmware is what runs, the rest says on what.
	if let Some(at) = text.to_ascii_lowercase().find("firmware ") {
		let behind = &text[at + "firmware ".len()..];
		let firmware = behind.split([',', '|', ';', '(']).next().unwrap_or_default().trim();
		let rest = text.replacen(&text[at..at + "firmware ".len() + firmware.len()], "", 1);
		let rest = rest.replace(", ,", ",");
		let rest = rest.trim_matches([' ', ',', ';']).to_owned();
		out.push((firmware.to_owned(), (!rest.is_empty()).then_some(rest)));
	}
	out
}

/// `all versions` in parentheses adds nothing.
fn describes_nothing(inside: &str) -> bool {
	matches!(
		inside.to_ascii_lowercase().as_str(),
		"all versions" | "all" | "inclusive" | "including" | "excluding" | "exclusive"
	)
}

/// The text outside of parentheses and what stands within them, without the signs. An unclosed parenthesis
/// ends with the text.
fn parentheses(text: &str) -> (String, String) {
	let mut outside = String::new();
	let mut inside = String::new();
	let mut depth = 0_usize;
	for c in text.chars() {
		match c {
			'(' => {
				depth += 1;
				if depth > 1 {
					inside.push(' ');
				} else if !inside.is_empty() {
					inside.push_str("; ");
				}
			},
			')' => depth = depth.saturating_sub(1),
			c if depth > 0 => inside.push(c),
			c => outside.push(c),
		}
	}
	let tidy =
		|text: String| text.trim().trim_end_matches(['|', ',', ';']).trim().replace("  ", " ");
	(tidy(outside), tidy(inside))
}

impl Condition {
	/// Reads what can be checked out of a condition's words.
	pub(super) fn parse(text: &str) -> Self {
		let mut requires = Vec::new();
		let marked = format!(" {} ", text.trim());
		let mut rest = marked.as_str();
		let mut pieces = Vec::new();
		// Cut before every mark.
		while let Some((at, mark)) = MARKS
			.iter()
			.filter_map(|mark| rest.to_ascii_lowercase().find(mark).map(|at| (at, *mark)))
			.min()
		{
			if !rest[..at].trim().is_empty() {
				pieces.push(("", rest[..at].trim()));
			}
			let behind = &rest[at + mark.len() - 1..];
			let end = MARKS
				.iter()
				.filter_map(|mark| behind.to_ascii_lowercase().find(mark))
				.min()
				.unwrap_or(behind.len());
			pieces.push((mark.trim(), behind[..end].trim()));
			rest = &behind[end..];
		}
		if !rest.trim().is_empty() {
			pieces.push(("", rest.trim()));
		}
		for (mark, piece) in pieces {
			match mark {
				"model" | "part" => requires.push(Requirement::Model(piece.to_owned())),
				"" | "on" | "with" | "using" | "running" => requires.extend(component(piece)),
				// Circumstances (`when …`, `if …`) cannot be looked up in an inventory.
				_ => {},
			}
		}
		Self { text: text.trim().to_owned(), requires }
	}
}

/// `Windows 8.1` or `Wireless Battery Modules >= 22D19 | <= v22D28`: words, then versions.
fn component(text: &str) -> Option<Requirement> {
	let words: Vec<&str> = text.split_whitespace().collect();
	let begins_versions = |word: &&str| {
		let word = word.trim_start_matches('(');
		word.starts_with(['<', '>', '=', '≤', '≥'])
			|| word
				.strip_prefix(['v', 'V'])
				.unwrap_or(word)
				.starts_with(|c: char| c.is_ascii_digit())
	};
	let at = words.iter().position(begins_versions).unwrap_or(words.len());
	let article = |word: &&&str| matches!(word.to_ascii_lowercase().as_str(), "a" | "an" | "the");
	let name: Vec<&str> = words[..at].iter().filter(|word| !article(word)).copied().collect();
	if name.is_empty() || name.len() > 6 {
		return None;
	}
	let versions = if at == words.len() {
		VersionSet::all("no version given")
	} else {
		super::text::parse(&words[at..].join(" "), None, false)
	};
	Some(Requirement::Component { name: name.join(" "), versions: Box::new(versions) })
}
